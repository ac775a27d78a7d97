#!/usr/bin/python3 -B
"""Finished weights from outside: a run's own end is found again to the last bit, other moments are said, and what cannot be judged
is refused in one line."""

import glob
import hashlib
import json
import os
import shutil

import h5py
import numpy as np

from program import case, check, listing, main, reseal, same

RUN = ["run", "batch-size", "--quick", "batch=8", "samples=16", "seed=1", "images=0", "epochs=2",
       "network=resnet(depth=8, width=4, stem_stride=2)", "dataset=own.h5", "weights=yes"]
SAMPLES = {"train": 48, "val": 20, "test": 30}


def trained(place, *words):
    """Runs on a few noisy images of three classes; their files."""
    draw = np.random.default_rng(1)
    if not os.path.exists(place.path("own.h5")):
        with h5py.File(place.path("own.h5"), "w") as file:
            for part, count in SAMPLES.items():
                label = draw.integers(0, 3, count)
                x = draw.integers(0, 120, (count, 1, 12, 12))
                x[np.arange(count), 0, 3 * label + 1] += 60
                file[f"{part}/x"], file[f"{part}/label"] = x.astype(np.uint8), label
    place.good(*RUN, *words)
    return run_files(place)


def run_files(place):
    return sorted(path for path in glob.glob(os.path.join(place.out, "runs", "*.h5")) if "checkpoint" not in path)


def judged(place, run, *words):
    """{(mode, on): row} of evaluate --json."""
    rows = json.loads(place.good("evaluate", run, "--json", *words))["results"]
    return {(row["mode"], row["on"]): row for row in rows}


@case("theorem")
def the_end_again(place):
    """By what a run was judged at its end, val, test and train have its own numbers; that is the default."""
    paths = trained(place, "norm=batch,renorm", "running=average,precise,pooled", "flip=yes", "--as", "few")
    same("runs", len(paths), 6)
    for path in paths:
        with h5py.File(path, "r") as file:
            mode = str(file["config"].attrs["running"])
            expected = {"val": [file[f"metrics/val_{of}"][-1] for of in ("loss", "error")],
                        "test": [file[f"summary/test_{of}"][()] for of in ("loss", "error")],
                        "train": [file[f"summary/train_{of}_evaluated"][()] for of in ("loss", "error")]}
        rows = judged(place, path, f"mode={mode}", "on=train,val,test")
        for part, numbers in expected.items():
            row = rows[mode, part]
            same(f"{path}, {part}", [row["loss"], row["error"]], [float(n) for n in numbers])
        same("samples", [rows[mode, part]["samples"] for part in expected], [20, 30, 48])
        same("default", sorted(judged(place, path)), [(mode, "test"), (mode, "val")])
    same("by its name", judged(place, os.path.basename(path)[:-3]), judged(place, path))


@case("theorem")
def modes(place):
    """Runs that were trained alike have one end, whichever of them is asked: modes of one give the numbers of the others."""
    paths = trained(place, "norm=batch", "running=average,precise,pooled", "flip=yes", "--as", "few")
    all_modes = [judged(place, path, "mode=average,precise,pooled,batch:4,batch(8)") for path in paths]
    same("runs", len(all_modes), 3)
    same("precise", all_modes[1], all_modes[0])
    same("pooled", all_modes[2], all_modes[0])
    losses = {row["loss"] for (mode, part), row in all_modes[0].items() if part == "val"}
    same("modes that differ", len(losses), 5)
    same("samples of a ragged part", all_modes[0]["batch(8)", "val"]["samples"], 16)
    group, = set(trained(place, "norm=group:4", "--as", "group")) - set(paths)
    errors = {row["error"] for row in judged(place, group, "mode=average,precise,pooled,batch:20,batch:4", "on=val").values()}
    same("errors of group(4)", len(errors), 1)


@case("example")
def forms(place):
    """The table says metrics, units and samples; the file has the same numbers, and where they come from."""
    path, = trained(place, "norm=batch", "--as", "few")
    words = ("evaluate", path, "mode=pooled,batch(4)", "on=val,test")
    before = listing(place.out)
    table = place.good(*words, "--out", "e.h5")
    same("the user's files", listing(place.out), before)
    lines = table.split("\n")
    check(os.path.basename(path)[:-3] in lines[0] and " with batch on " in lines[0], table)
    same("head", lines[2].split(), ["mode", "on", "samples", "loss", "error,", "%"])
    check("mean cross-entropy" in table and "share of images misclassified" in table, table)
    rows = judged(place, path, *words[2:])
    for line, ((mode, part), row) in zip(lines[3:], rows.items()):
        same("line", line.split()[:3], [mode, part, str(row["samples"])])
        check(abs(float(line.split()[4]) - 100 * row["error"]) < 1e-3, line)
    with h5py.File(place.path("e.h5"), "r") as file:
        same("modes", list(file["evaluation/mode"].asstr()[()]), ["pooled", "batch(4)"])
        same("parts", list(file["evaluation/on"].asstr()[()]), ["val", "test"])
        for name in ("samples", "loss", "error"):
            same(name, file["evaluation"][name][()].ravel().tolist(), [row[name] for row in rows.values()])
        same("its unit", file["evaluation/error"].attrs["units"], "1")
        same("run", file.attrs["run"], os.path.basename(path)[:-3])
        with open(path, "rb") as run:
            same("digest", file.attrs["run_sha256"], hashlib.sha256(run.read()).hexdigest())
        check("binary" in file["provenance"].attrs and "norm" in file["config"].attrs, "no provenance")


# ---- what is refused ------------------------------------------------------------------------------------------------


def refused(place, words, code, *parts):
    """Of one line on stderr that has these parts, no output and no file."""
    before = listing(place.folder)
    got, out, err = place.run("evaluate", *words)
    text = err.decode()
    check(got == code and not out and text.count("\n") == 1, f"evaluate {' '.join(words)}: {got}, not {code}: {out!r} {text}")
    for part in parts:
        check(part in text, f"evaluate {' '.join(words)} does not say {part!r}: {text}")
    same("files", listing(place.folder), before)


@case("fault")
def words(place):
    path, = trained(place, "norm=batch", "--as", "few")
    for setting, parts in (("mode=precice", ["mode=precice", "did you mean 'precise'"]), ("mode=batch", ["batch(32)"]),
                           ("mode=batch(0)", ["mode=batch(0)"]), ("mode=batch(2, 3)", ["mode=batch(2, 3)"]), ("mode=", ["mode="]),
                           ("mode=pooled(3)", ["mode=pooled(3)"]), ("mode=batch(31)", ["batch(31)", "20 samples"]),
                           ("on=vall", ["on=vall", "did you mean 'val'"]), ("moed=precise", ["no key 'moed'", "'mode'"]),
                           ("another.h5", ["another.h5", "one word too many"])):
        refused(place, [path, setting], 64, *parts)
    refused(place, [], 64, "something is missing")
    refused(place, [path, "--out", "nowhere/e.h5"], 73, "nowhere")
    refused(place, [path, "--out", "/dev/full"], 74, "/dev/full")


@case("fault")
def files(place):
    """Whatever is no finished run with weights of its own network and data."""
    def edited(name, change):
        shutil.copy(path, place.path(name))
        with h5py.File(place.path(name), "r+") as file:
            change(file)
        reseal(place.path(name))
        return name

    def replace(name, value):
        def change(file):
            file.pop(name, None)
            file[name] = value
        return change

    path, = trained(place, "norm=batch", "--as", "few")
    name = os.path.basename(path)[:-3]
    with h5py.File(path, "r") as file:
        head = next(n for n in file["weights"] if n.endswith(".bias"))
        values = file["weights"][head][()]
    open(place.path("text.h5"), "w", encoding="utf-8").write("no HDF5")
    shutil.copy(path, place.path("torn.h5"))
    with open(place.path("torn.h5"), "r+b") as file:
        file.truncate(5000)
    refused(place, ["none.h5"], 66, "none.h5")
    refused(place, ["0" * 16], 66, "0" * 16 + ".h5")
    refused(place, ["text.h5"], 65, "text.h5")
    refused(place, ["torn.h5"], 65, "torn.h5")
    refused(place, [os.path.join(place.out, "batch-size-few.h5")], 65, "not the file of a run")
    refused(place, [edited("a.h5", lambda f: f["config"].attrs.modify("data_sha256", "0" * 64))], 65, "a.h5", "other data")
    refused(place, [edited("b.h5", lambda f: f["config"].attrs.modify("norm", "layer"))], 65, "b.h5", name)
    refused(place, [edited("c.h5", replace(f"weights/{head}", values[:-1]))], 65, "c.h5", head, "[2]", "[3]")
    refused(place, [edited("d.h5", lambda f: f.move(f"weights/{head}", "weights/other.bias"))], 65, "d.h5", head)
    refused(place, [edited("e.h5", replace(f"weights/{head}", values + 1))], 65, "e.h5", "weights_sha256")
    refused(place, [edited("f.h5", replace("weights/another", values))], 65, "f.h5", "another network")
    state = next(n for n in h5py.File(path, "r")["state"])
    refused(place, [edited("g.h5", lambda f: f["state"][state].write_direct(f["state"][state][()] + 1))], 65, "state_sha256")
    os.remove(path)
    trained(place, "norm=batch", "weights=no", "--as", "few")
    refused(place, [path], 66, path, "keeps no weights", "weights=yes")
    lost, = set(trained(place, "norm=none", "rate=1e6", "--as", "lost")) - {path}
    refused(place, [lost], 65, lost, "diverged")


@case("fault")
def data(place):
    """Where the data are gone, or are others, nothing is judged."""
    draw = np.random.default_rng(1)
    with h5py.File(place.path("own.h5"), "w") as file:
        for part, count in (("train", 48), ("val", 20)):
            file[f"{part}/x"] = draw.normal(size=(count, 1, 8, 8))
            file[f"{part}/number"] = draw.normal(size=count)
            file[f"{part}/number"].attrs["units"] = "mm"
    place.good("run", "batch-size", "--quick", "norm=batch", "batch=8", "samples=16", "seed=1", "images=0", "epochs=1", "dataset=own.h5",
               "task=regress", "network=mlp(depth=2, width=4)", "weights=yes", "--as", "few")
    path, = run_files(place)
    check("rmse, mm" in place.good("evaluate", path, "on=val"), "no unit")
    refused(place, [path], 64, "on=test", "no such samples")
    refused(place, [path, "on=val", "mode=batch(1)"], 64, "mode=batch(1)", "hidden1.norm")
    with h5py.File(place.path("own.h5"), "r+") as file:
        file["train/x"][0, 0, 0, 0] += 1
    refused(place, [path, "on=val"], 65, path, "other data")
    os.remove(place.path("own.h5"))
    refused(place, [path, "on=val"], 66, "own.h5")


if __name__ == "__main__":
    main()
