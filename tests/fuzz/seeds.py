#!/usr/bin/python3 -B
"""What libFuzzer begins with: corpus/TARGET/seed-*, made anew by the program. Other names there are inputs that once
failed, or that it found worth keeping; they stay.

    seeds.py PROGRAM TEST-INPUTS
"""

import glob
import gzip
import os
import re
import shutil
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy as np

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = os.path.join(HERE, "..", "..")
RUN = ["run", "batch-size", "--quick", "norm=batch", "batch=8", "seed=1", "images=64", "epochs=1", "network=mlp(depth=1, width=2)"]


def put(target, name, data):
    folder = os.path.join(HERE, "corpus", target)
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, f"seed-{name}"), "wb") as file:
        file.write(data if isinstance(data, bytes) else data.encode())


def read(*path):
    with open(os.path.join(HOME, *path), "rb") as file:
        return file.read()


def texts(program):
    say = lambda *words: subprocess.run([program, *words], capture_output=True, text=True, check=True).stdout
    specs = re.findall(r"^[a-z]\S*(?:\([^)]*\))?", say("list", "norms"), re.M)
    for i, spec in enumerate(["group(size=4)", "mix(instance, layer, batch)", "blend(batch, group(8))", "batch | group:2", "split(instance, batch, affine=no)",
                              "resnet(depth=8, width=8, stem_stride=2)", "mlp(depth=2, width=2)", *specs[:40]]):
        put("spec", f"{i:02d}", spec)
    for path in sorted(glob.glob(os.path.join(HOME, "src", "norm", "*.norm")))[:16]:
        put("equation", os.path.basename(path), read(path))
    keys = read("src", "train", "config.def").decode()
    usual = re.findall(r'^KEY\((\w+), .*?, "([^"]*)", ', keys, re.M)
    put("config", "usual", "\n".join(f"{key}={value}" for key, value in usual))
    put("config", "other", "norm=batch; stage*.norm1=group(2)\nschedule=step(0.5, 0.75, factor=0.1)\noptimizer=adamw(beta1=0.8)\nsizes=mix(16x16, 28x28)\n"
        "score=median(5)\nlearn=affine\nprobes=moments+gradients\ndataset=scenes\ntask=segment\nlabels=random\nrunning=pooled\nsplit=seed\n")
    claims = read("experiments", "claims.txt").decode()
    sections = re.split(r"\n(?=claim |protocol )", claims)
    rules = "\n".join(part for part in sections if part.startswith("protocol "))[:4000]
    put("claims", "rules", rules)
    for i, part in enumerate([part for part in sections if part.startswith("claim ")][::12]):
        put("claims", f"{i}", part)
    first = next(part for part in sections if part.startswith("claim "))
    named = re.search(r"^ *protocol +(\S+)", first, re.M)[1]
    rule = next(part for part in sections if part.split()[:2] == ["protocol", named])
    put("claims", "whole", rule + "\n" + first)
    for page in ("51-batch-size.md", "97-files.md", "14-tape.md"):
        found = glob.glob(os.path.join(HOME, "notes", page))
        if found:
            put("page", page, read(found[0])[:6000])
    put("page", "small", "# A\n\n[f](../src/a.c#b)\n```c\nx\n```\n$a$ `b` <!-- normlab list norms -->\n1\n<!-- end -->\n[0.5](../data/x.h5#a \"%.1f\") 0.7 \\tag{P-1}\n")
    put("letters", "latin", "In the beginning \u00e9\u4e2d\U0001f600\n")
    put("letters", "plain", b"abc\xc3\xa9\xff")


def bytes_of_others():
    put("gzip", "whole", b"\x03" + gzip.compress(b"x" * 32, mtime=0))
    put("gzip", "stored", b"\x02" + gzip.compress(bytes(range(16)), 0, mtime=0))
    put("gzip", "plain", b"\x01" + b"plain7")
    for rank, size in ((1, (7,)), (3, (2, 3, 4))):
        data = struct.pack(f">BBBB{rank}I", 0, 0, 8, rank, *size) + bytes(i % 10 for i in range(int(np.prod(size))))
        put("idx", f"{rank}", data)
        put("idx", f"{rank}.gz", gzip.compress(data, mtime=0))
    record = bytes([3]) + bytes(i * 7 % 256 for i in range(3072))
    put("cifar", "two", gzip.compress(record + bytes([1]) + record[1:], mtime=0))
    put("cifar", "short", record[:40])
    for path in sorted(glob.glob(os.path.join(HOME, "data", "input", "scenes", "*", "*.png")), key=os.path.getsize)[:4]:
        put("png", os.path.basename(path), read(path))


def hdf5(program, fuzz, place):
    path = os.path.join(place, "a.h5")
    around = {**os.environ, "NORMLAB_HOME": HOME, "NORMLAB_OUT": os.path.join(place, "out"), "TMPDIR": place}
    call = lambda *words: subprocess.run([program, *words], cwd=place, env=around, check=True, stdout=subprocess.DEVNULL)
    x = np.random.default_rng(1).normal(size=(2, 4, 3))
    with h5py.File(path, "w") as file:
        file["train/x"] = np.arange(4 * 9, dtype="u1").reshape(4, 1, 3, 3)
        file["train/label"] = np.array([0, 1, 0, 1], "u1")
        file["test/x"] = np.ones((2, 1, 3, 3), "u1")
        file["test/label"] = np.array([0, 1], "u1")
    with open(path, "rb") as file:
        put("data", "images", file.read())
    with h5py.File(path, "w") as file:
        file["train/x"], file["train/number"] = x, x[:, 0, 0]
        file["train/x"].attrs["scale_factor"] = 0.5
        file["train/x"].attrs["_FillValue"] = 7.0
    with open(path, "rb") as file:
        put("data", "numbers", file.read())
    with h5py.File(path, "w") as file:
        file["x"], file["gamma"], file["dy"], file["v"] = x, np.ones(4), x**2, np.cos(x)
        file["mask"] = np.ones((2, 3))
    with open(path, "rb") as file:
        put("apply", "plain", file.read())
    with h5py.File(path, "w") as file:
        file.create_dataset("x", data=np.round(x * 8).astype("i2"), chunks=(2, 2, 3), compression="gzip", shuffle=True, fletcher32=True)
        file["x"].attrs["scale_factor"] = 0.125
        file["param/gate"] = np.full(4, 0.5)
    with open(path, "rb") as file:
        put("apply", "packed", file.read())
    call("apply", "group(2)", os.path.join(HERE, "corpus", "apply", "seed-plain"), os.path.join(place, "y.h5"))
    put("run", "applied", read(place, "y.h5"))
    with h5py.File(os.path.join(place, "y.h5"), "r+") as file:
        file.move("y", "x")
    put("apply", "moved", read(place, "y.h5"))
    call(*RUN, "--as", "one")
    run, = glob.glob(os.path.join(place, "out", "runs", "*.h5"))
    put("run", "run", read(run))
    study, = glob.glob(os.path.join(place, "out", "*one*.h5")) or glob.glob(os.path.join(place, "out", "**", "*one*.h5"), recursive=True)
    put("run", "study", read(study))
    call("apply", "batch", os.path.join(HERE, "corpus", "apply", "seed-plain"), os.path.join(place, "sealed.h5"))
    empty = os.path.join(place, "empty")
    with open(empty, "wb"):
        pass
    subprocess.run([fuzz, "checkpoint", empty], env={**around, "NORMLAB_KEEP": os.path.join(place, "first.h5")}, check=True)
    put("checkpoint", "first", read(place, "first.h5"))


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    for old in glob.glob(os.path.join(HERE, "corpus", "*", "seed-*")):
        os.remove(old)
    texts(sys.argv[1])
    bytes_of_others()
    with tempfile.TemporaryDirectory() as folder:
        hdf5(os.path.abspath(sys.argv[1]), os.path.abspath(sys.argv[2]), folder)
