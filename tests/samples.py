#!/usr/bin/python3 -B
"""Files that earlier programs wrote, one of each sort and schema version (tests/samples/VERSION): they are kept as they are, and
this program still reads them, to the numbers that h5py finds. Who raises SCHEMA_VERSION puts files of it beside the others.
"""

import glob
import json
import os
import re

import h5py
import numpy as np

from notes import read
from program import HOME, case, check, main, same

SORTS = ["applied", "checkpoint", "run", "study"]


def samples(sort):
    return sorted(glob.glob(os.path.join(HOME, "tests", "samples", "*", f"{sort}.h5")))


@case("example")
def each_version(place):
    newest = int(re.search(r"SCHEMA_VERSION = (\d+)", read("src/store/file.c"))[1])
    for version in range(1, newest + 1):
        found = sorted(os.path.splitext(name)[0] for name in os.listdir(os.path.join(HOME, "tests", "samples", str(version))))
        same(f"sorts of version {version}", found, SORTS)
        for sort in SORTS:
            with h5py.File(os.path.join(HOME, "tests", "samples", str(version), f"{sort}.h5"), "r") as file:
                same(f"version of {sort}", int(file.attrs["schema_version"]), version)


@case("golden")
def read_still(place):
    """All numbers of all data sets, by way of JSON."""
    for path in (path for sort in SORTS for path in samples(sort)):
        shown, compared = json.loads(place.good("show", path, "--json")), 0
        check(shown["sealed"], f"{path} is not sealed any more")
        with h5py.File(path, "r") as file:
            for group, known in shown["groups"].items():
                for name, value in known.items():
                    item = file[group].get(name)
                    if not isinstance(item, h5py.Dataset) or item.dtype.kind != "f":
                        continue
                    data = value["data"] if isinstance(value, dict) else [value]
                    got = np.array([np.nan if each is None else each for each in data], float)
                    check(np.array_equal(got, item[()].ravel(), equal_nan=True), f"{path}: {group}/{name} is {got}, h5py has {item[()]}")
                    compared += 1
        check(compared >= 4, f"{path}: only {compared} data sets were compared")


@case("golden")
def table_still(place):
    for path in samples("study"):
        with h5py.File(path, "r") as file:
            score = file["results/score"][()]
        rows = json.loads(place.good("table", "batch-size", "--from", path, "--json"))
        text = json.dumps(rows)
        for value in score.ravel():
            check(any(abs(float(number) - value) < 5e-4 for number in re.findall(r"\d+\.\d+", text)), f"{path}: no {value} in {text[:500]}")


if __name__ == "__main__":
    main()
