"""A study of a moment, what is in its files, and what may not be left beside them; for the test scripts."""

import fcntl
import glob
import os
import re

import h5py

from program import Place, check, listing, same

NETWORK = "network=resnet(depth=8, width=4, stem_stride=2)"
STUDY = ["run", "batch-size", "--quick", "norm=batch,group:4", "batch=8,4", "samples=8", "seed=1,2,3", "images=64",
         "epochs=2", NETWORK, "--as", "few"]
RUNS = 9  # batch: 2 sizes x 3 seeds; group, the same at both sizes: 3 seeds


def collected(place):
    return os.path.join(place.out, "batch-size-few.h5")


def run_files(place):
    return sorted(path for path in glob.glob(os.path.join(place.out, "runs", "*.h5")) if "checkpoint" not in path)


def content(path):
    """Everything in a file but /times, as comparable values."""
    found = {}

    def add(name, item):
        if name.split("/")[0] == "times":
            return
        for key, value in item.attrs.items():
            if key not in ("DIMENSION_LIST", "REFERENCE_LIST"):
                found[name, key] = str(value)
        if isinstance(item, h5py.Dataset):
            values = item[()]
            found[name, ""] = values.tobytes() if values.dtype != object else repr(values.tolist())

    with h5py.File(path, "r") as file:
        add("", file)
        file.visititems(add)
    return found


def check_same(a, b, but=()):
    """Two files, but for these facts of their provenance."""
    left, right = content(a), content(b)
    differ = sorted(str(k) for k in left.keys() | right.keys()
                    if left.get(k) != right.get(k) and not (k[0] == "provenance" and k[1] in but))
    check(not differ, f"{os.path.basename(a)}: {', '.join(differ)} differ")


def check_same_runs(one, other, but=()):
    same("runs", [os.path.basename(p) for p in run_files(other)], [os.path.basename(p) for p in run_files(one)])
    for a, b in zip(run_files(one), run_files(other)):
        check_same(a, b, but)


def check_no_litter(place):
    names = [n for n in listing(place.folder) if re.search(r"\.tmp\.|checkpoint|\.lock$|^tmp/", n)]
    check(not names, f"left behind: {', '.join(names)}")


def second_place(place, name):
    os.mkdir(place.path(name))
    return Place(place.path(name))


def read(path):
    with open(path, "rb") as file:
        return file.read()


def taken(path):
    """The lock of a run, as a process that writes it has it."""
    os.makedirs(os.path.dirname(path), exist_ok=True)
    lock = open(f"{path}.lock", "w")
    fcntl.flock(lock, fcntl.LOCK_EX)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock
