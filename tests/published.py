#!/usr/bin/python3 -B
"""Published runs computed again: of each study in data the run that took the fewest operations, every number of its results
and curves. A run that several studies share is computed once, unless they judge its weights in different ways, and their numbers
of it are held against each other. Outside the default set, three quarters of an hour on two processors: ./normlab test -L
published. Which studies can be compared at all, without computing anything: published.py --told
"""

import collections
import glob
import os
import re
import shlex
import sys

import h5py
import numpy as np

import program
from program import CASES, HOME, check, main

HOURS = 36000
WITHOUT_RUNS = ("checking", "speed")  # they measure


def studies():
    """{name: path}"""
    paths = sorted(glob.glob(os.path.join(HOME, "data", "*.h5")))
    return {os.path.basename(path)[:-3]: path for path in paths if os.path.basename(path)[:-3] not in WITHOUT_RUNS}


def cheapest(path):
    """The name of that run, and the operations of an epoch; of an older file the first."""
    with h5py.File(path, "r") as file:
        results = file["results"]
        names = results["run"][()].ravel()
        if "flops" not in results or "images" not in results:
            return names[0].decode(), float("nan")
        cost = 3 * (results["flops"][()] * results["images"][()]).ravel()
        least = int(np.nanargmin(np.where(names == b"", np.nan, cost)))
        return names[least].decode(), cost[least]


def told():
    for name, path in studies().items():
        run, cost = cheapest(path)
        with h5py.File(path, "r") as file:
            bits = file["provenance"].attrs.get("bits", "none")
            probes = file["provenance"].attrs.get("probe_numerics", "1") if "probes" in file else "-"
        print(f"{name:32} {run}  {cost / 1e9:8.1f} Gflop an epoch  bits {bits}  probe_numerics {probes}")


def judging(path):
    """The lines of a recipe that say how finished weights are judged."""
    with h5py.File(path, "r") as file:
        return tuple(line for line in file.attrs["recipe"].splitlines() if line.startswith(("mode=", "input=")))


def numbers(path, run):
    """{name: bytes} of a run's first cell in a study: whatever lies over the same grid as the runs' names, in results and
    curves. These are as long as the study's longest, and end in NaN."""
    with h5py.File(path, "r") as file:
        names = file["results/run"][()]
        at = tuple(int(i[0]) for i in np.nonzero(names == run.encode()))
        found = {data.name: np.atleast_1d(data[at]) for group in ("results", "metrics") for data in file.get(group, {}).values()
                 if data.shape[:names.ndim] == names.shape and data.dtype.kind == "f"}
    return {name: value[:np.max(np.nonzero(~np.isnan(value))[0], initial=-1) + 1].tobytes() for name, value in found.items()}


def compared(paths, run):
    """Verifies each study that has a number of the run which those before it do not have; the others must have the same."""

    def case(place):
        program.PATIENCE = HOURS
        seen = {}
        for path in paths:
            name = os.path.basename(path)
            found = numbers(path, run)
            moved = sorted(what for what in found.keys() & seen.keys() if found[what] != seen[what])
            check(not moved, f"{name} has other numbers of {run} than {os.path.basename(paths[0])}: {moved}")
            if found.keys() <= seen.keys():
                print(f"{name}: {len(found)} kinds of numbers, as above")
                continue
            data = {"NORMLAB_DATA": os.environ.get("NORMLAB_DATA", "")}
            code, out, err = place.run("verify", path, run, environment=data)
            while start := re.search(rb"`normlab (run [^`]*)` makes it", err):  # a run that some of the study's begin with
                place.good(*shlex.split(start[1].decode()), environment=data)
                code, out, err = place.run("verify", path, run, environment=data)
            print(f"{name}: {out.decode()}", end="")
            with h5py.File(path, "r") as file:
                old = "bits" not in file["provenance"].attrs  # from before files said what computed them
            check(code == (69 if old else 0), f"{name}: exit code {code}: {out.decode()[:2000]}{err.decode()[-500:]}")
            seen.update(found)

    return case


def shared():
    """{(run, judging): paths of the studies whose cheapest it is}, the study with most numbers of it first."""
    found = collections.defaultdict(list)
    for path in studies().values():
        run, _ = cheapest(path)
        found[run, judging(path)].append(path)
    return {(run, how): sorted(paths, key=lambda path: (-len(numbers(path, run)), path)) for (run, how), paths in found.items()}


for (each, _), where in shared().items():
    CASES.append((os.path.basename(where[0])[:-3], "published", compared(where, each)))

if __name__ == "__main__":
    if sys.argv[1:] == ["--told"]:
        told()
    else:
        main()
