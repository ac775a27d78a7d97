#!/usr/bin/python3 -B
"""Small files of each sort, which notes/reference/files.md shows: --renew makes them anew, beside this script."""

import glob
import os
import shutil
import signal
import subprocess
import sys
import time

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
WORDS = ["run", "batch-size", "--quick", "norm=blend(batch,layer)", "batch=8", "seed=1", "images=64", "weights=yes", "probes=moments", "running=precise",
         "network=mlp(depth=2, width=2)"]
NAMES = ("run", "checkpoint", "evaluation", "spectrum", "apply-in", "apply-out")


def inputs(path):
    x = np.random.default_rng(1).normal(size=(2, 4, 3))
    with h5py.File(path, "w") as file:
        for name, value, says in (("x", x, "of rank 2 to 5, [N, C, ...]"), ("gamma", np.ones(4), "1 if not given"), ("beta", np.zeros(4), "0 if not given"),
                                  ("param/gate", np.full(4, 0.5), "as they begin if not given"), ("dy", x**2, "asks for the gradients of <dy, y>"),
                                  ("v", np.cos(x), "asks for the gradients of s = <dx, v> + ..."), ("v_gamma", np.ones(4), "... + <dgamma, v_gamma>; v_beta likewise"),
                                  ("v_param/gate", np.ones(4), "... + <dparam, v_param>")):
            file[name] = value
            file[name].attrs["long_name"] = says
        file["param"].attrs["description"] = "parameters beside gamma and beta"
        file["v_param"].attrs["description"] = "asks for the gradients of s, by these parameters"


def make(folder, call, start):
    """All of them in a folder. `call(words)` runs the program there with NORMLAB_OUT=out, `start(words)` begins it."""
    at = lambda name: os.path.join(folder, name + ".h5")
    call([*WORDS, "--as", "one", "epochs=2"])
    run, = glob.glob(os.path.join(folder, "out", "runs", "*.h5"))
    shutil.move(run, at("run"))
    call(["evaluate", at("run"), "mode=average", "on=val", "--discrepancy", "--out", at("evaluation")])
    call(["spectrum", at("run"), "samples=32", "steps=6", "probes=2", "top=2", "--out", at("spectrum")])
    inputs(at("apply-in"))
    call(["apply", "blend(batch, layer)", at("apply-in"), at("apply-out")])
    process = start([*WORDS, "--as", "two", "epochs=1200", "validate=1200"])
    found, ends = [], time.monotonic() + 120
    while not found and time.monotonic() < ends:
        found = glob.glob(os.path.join(folder, "out", "runs", "*.checkpoint.h5"))
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    process.wait()
    found, = glob.glob(os.path.join(folder, "out", "runs", "*.checkpoint.h5"))
    shutil.move(found, at("checkpoint"))


if __name__ == "__main__":
    import tempfile

    if sys.argv[1:] != ["--renew"]:
        sys.exit(__doc__)
    program = os.environ.get("NORMLAB_PROGRAM") or os.path.join(HERE, "..", "..", "build", "release", "normlab")
    with tempfile.TemporaryDirectory() as place:
        around = {**os.environ, "NORMLAB_HOME": os.path.join(HERE, "..", ".."), "NORMLAB_OUT": os.path.join(place, "out")}
        begin = lambda words: subprocess.Popen([program, *words], cwd=place, env=around, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        make(place, lambda words: subprocess.run([program, *words], cwd=place, env=around, check=True, stdout=subprocess.DEVNULL), begin)
        for name in NAMES:
            shutil.copy(os.path.join(place, name + ".h5"), HERE)
