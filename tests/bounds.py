#!/usr/bin/python3 -B
"""Counts and numbers beyond all bounds, in every place that takes one: an answer, or one line that says what is wrong.

    bounds.py few     one question in 300
    bounds.py all     all of them, an hour and more

Normalizers have their options by `list norms --json`, and numbers where their examples have them; networks, data sets,
tasks, schedules and keys of a run have theirs by the tables below and `help run`. No question may end by a signal, take more
than SECONDS of processor time or a gigabyte, or have no line of its own where its exit code says that something is wrong.
"""

import concurrent.futures
import json
import os
import re
import resource
import subprocess

import h5py
import numpy as np

from program import CASES, PROGRAM, check, main
from speclist import split_arguments

VALUES = ["0", "-1", "1", "3", "65537", "2147483647", "2147483648", "4294967296", "9223372036854775807", "18446744073709551615",
          "18446744073709551616", "1e300", "-1e300", "1e-320", "nan", "inf", "0.5", ""]
SECONDS, MEMORY, WORKERS, ONE_IN = 6, 1 << 30, 2, 300
SOUND = {0, 1, 64, 65, 66, 69}
RUN = ["run", "batch-size", "--quick", "--dry-run", "batch=4", "samples=8", "images=16", "epochs=1", "network=mlp(depth=1, width=4)",
       "seed=1"]
# Where * stands for a value: specs of normalizers that no example shows...
SPECS = ["group:*", "group(size=*)", "ghost:*", "response:*", "response(4, side=*)", "batch | group(*)", "blend(batch, ghost(*))"]
# ...networks...
NETWORKS = ["resnet(depth=*)", "resnet(depth=8, width=*)", "resnet(depth=8, width=4, stem_stride=*)", "plain(depth=*)",
            "plain(depth=5, width=*)", "plain(depth=5, width=4, stem_stride=*)", "plain(depth=5, width=4, kernel=*)",
            "plain(depth=5, width=4, stride=*)", "plain(depth=5, width=4, growth=*)", "mlp(depth=*, width=4)",
            "mlp(depth=1, width=*)", "unet(depth=*)", "unet(depth=1, width=*)", "detector(depth=*)", "detector(depth=8, width=*)",
            "detector(depth=8, levels=*)", "detector(depth=8, head=*)", "detector(depth=8, stem_stride=*)", "text-conv(depth=*)",
            "text-conv(depth=1, width=*)", "text-conv(depth=1, width=4, kernel=*)", "transformer(depth=*)",
            "transformer(depth=1, width=*)", "transformer(depth=1, width=8, heads=*)"]
# ...and settings of a run.
SETTINGS = ["dataset=noise:*x1x1", "dataset=noise:1x*x1", "dataset=noise:1x1x*", "dataset=noise:*x*x*",
            "schedule=step(*, factor=0.1)", "schedule=step(0.5, factor=*)", "optimizer=adamw(beta1=*)", "optimizer=adamw(beta2=*)",
            "optimizer=adamw(eps=*)", "sizes=mix(*x28, 28x28)", "sizes=alternate(28x*, 28x28)", "sizes=*x*", "score=median(*)",
            "norm.stem_norm=group(*)", "--jobs=*", "--look=*"]
WORDS = [["apply", "batch", "in.h5", "out.h5", "--eps", "*"], ["check", "batch", "--case", "*.4x2.value", "--seed", "*"],
         ["export", "group(2)", "--channels", "*"], ["export", "group(2)", "--epoch", "*"], ["bench", "kernels", "--shape", "*,1,1,1"],
         ["evaluate", "none.h5", "mode=batch(*)"], [*RUN, "clients=*", "workers=2"], [*RUN, "labels=random", "relabel=*"],
         [*RUN, "probes=moments", "probe_every=*"]]


def holes(kind):
    """Its examples with a * where a number or an option's value stands."""
    for example in [kind["example"], *kind["also"]]:
        term = re.fullmatch(r"([\w-]+)(?:\((.*)\))?", example)
        if term is None:
            continue
        parts = split_arguments(term[2] or "")
        for i, part in enumerate(parts):
            key = re.match(r"\w+=", part)
            if key or re.fullmatch(r"[\d.]+", part):
                yield f"{term[1]}({', '.join([*parts[:i], (key[0] if key else '') + '*', *parts[i + 1:]])})"
        for option in kind["options"]:
            yield f"{term[1]}({', '.join([*[part for part in parts if not part.startswith(option + '=')], option + '=*'])})"


def questions(place):
    listed = json.loads(place.good("list", "norms", "--json"))["norms"]
    specs = sorted({hole for kind in listed for hole in holes(kind)} | set(SPECS))
    keys = re.findall(r"^  (\w+) +.*\[.*\]$", place.good("help", "run").split("Keys of the experiment")[0], re.M)
    check(len(specs) > 150 and len(keys) > 30, f"{len(specs)} specs and {len(keys)} keys")
    for value in VALUES:
        for spec in (hole.replace("*", value) for hole in specs):
            yield ["apply", spec, "in.h5", "out.h5"]
            yield ["check", spec, "--case", "*.4x2.value"]
            yield [*RUN, "norm=" + spec]
            yield ["export", spec, "--to", "numpy"]
            yield ["list", "norms", spec]
        for network in (hole.replace("*", value) for hole in NETWORKS):
            yield [*RUN, "network=" + network]
            yield ["list", "networks", network]
            yield ["check", network, "--list"]
        for setting in [*SETTINGS, *(key + "=*" for key in keys)]:
            yield [*RUN, setting.replace("*", value)]
        for words in WORDS:
            yield [words[0], *(word if word.startswith("*.") else word.replace("*", value) for word in words[1:])]


def limit():
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))


def fault_of(place, words):
    done = place.start(*words, environment={"OMP_NUM_THREADS": "1"}, preexec_fn=limit, stdout=subprocess.DEVNULL)
    err = done.communicate()[1].decode(errors="replace")
    lines = err.splitlines()
    if done.returncode not in SOUND:
        return f"exit code {done.returncode}: {err[-200:]}"
    if done.returncode > 1 and (len(lines) != 1 or not lines[0].startswith("normlab: ")):
        return f"{done.returncode} with {len(lines)} lines: {err[-200:]}"
    return ""


def ask(place, one_in):
    with h5py.File(place.path("in.h5"), "w") as file:
        file["x"] = np.random.default_rng(1).standard_normal((2, 4, 3))
        file["dy"] = file["x"][()]
    asked = list(questions(place))[::one_in]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        faults = list(pool.map(lambda words: fault_of(place, words), asked))
    bad = [f"{' '.join(words)}: {fault}" for words, fault in zip(asked, faults) if fault]
    print(f"{len(asked)} questions, {len(bad)} wrong")
    check(not bad, "; ".join([f"{len(bad)} of {len(asked)}", *bad[:8]]))


def few(place):
    """One question in 300, and those that once went wrong."""
    ask(place, ONE_IN)
    for words in (["apply", "response(9223372036854775807)", "in.h5", "out.h5"], ["apply", "response(65537)", "in.h5", "out.h5"]):
        fault = fault_of(place, words)
        check(not fault, f"{' '.join(words)}: {fault}")


def all_of_them(place):
    """Every question."""
    ask(place, 1)


CASES += [("few", "fault", few), ("all", "memory", all_of_them)]

if __name__ == "__main__":
    main()
