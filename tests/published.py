#!/usr/bin/python3 -B
"""Published runs computed again: of each study in data the run that took the fewest operations, every number that the study
has of it. Outside the default set, an hour or two on two processors: ./normlab test -L published. Which studies can be
compared at all, without computing anything: published.py --told
"""

import glob
import os
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


def published(path):

    def case(place):
        program.PATIENCE = HOURS
        run, _ = cheapest(path)
        found = os.environ.get("NORMLAB_DATA", "")
        code, out, err = place.run("verify", path, run, environment={"NORMLAB_DATA": found})
        print(out.decode(), end="")
        with h5py.File(path, "r") as file:
            old = "bits" not in file["provenance"].attrs  # from before files said what computed them
        check(code == (69 if old else 0), f"{os.path.basename(path)}: exit code {code}: {out.decode()[:2000]}{err.decode()[-500:]}")

    return case


for study, where in studies().items():
    CASES.append((study, "published", published(where)))

if __name__ == "__main__":
    if sys.argv[1:] == ["--told"]:
        told()
    else:
        main()
