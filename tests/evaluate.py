#!/usr/bin/python3 -B
"""Finished weights from outside: a run's own end is found again to the last bit, other moments are said, others begin with them, and
what cannot be judged or begun with is refused in one line."""

import contextlib
import glob
import hashlib
import json
import os
import shutil
import signal
import time

import h5py
import numpy as np

from program import case, check, listing, main, reseal, same

RUN = ["run", "batch-size", "--quick", "norm=batch", "batch=8", "samples=16", "seed=1", "images=0", "epochs=2",
       "network=plain(depth=5, width=3, stem_stride=2)", "dataset=own.h5", "weights=yes"]
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
    """{(mode, on): row} of evaluate --json, of one size."""
    rows = json.loads(place.good("evaluate", run, "--json", *words))["results"]
    return {(row["mode"], row["on"]): row for row in rows}


@case("theorem")
def the_end_again(place):
    """By what a run was judged at its end, val, test and train have its own numbers; that is the default."""
    paths = trained(place, "norm=batch", "running=average,precise,pooled", "flip=yes", "--as", "few")
    same("runs", len(paths), 3)
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
    modes_agree(place, paths)


def modes_agree(place, paths):
    """Runs that were trained alike have one end, whichever of them is asked: modes of one give the numbers of the others."""
    all_modes = [judged(place, path, "mode=average,precise,pooled,batch:4,batch(8)") for path in paths]
    same("precise", all_modes[1], all_modes[0])
    same("pooled", all_modes[2], all_modes[0])
    losses = {row["loss"] for (mode, part), row in all_modes[0].items() if part == "val"}
    same("modes that differ", len(losses), 5)
    same("samples of a ragged part", all_modes[0]["batch(8)", "val"]["samples"], 16)
    group, = set(trained(place, "norm=group:3", "--as", "group")) - set(paths)
    errors = {row["error"] for row in judged(place, group, "mode=average,precise,pooled,batch:20,batch:4", "on=val").values()}
    same("errors of group(3)", len(errors), 1)


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
    same("head", lines[2].split(), ["mode", "input", "on", "samples", "loss", "error,", "%"])
    check("mean cross-entropy" in table and "share of images misclassified" in table, table)
    rows = judged(place, path, *words[2:])
    for line, ((mode, part), row) in zip(lines[3:], rows.items()):
        same("line", line.split()[:4], [mode, "12x12", part, str(row["samples"])])
        check(abs(float(line.split()[5]) - 100 * row["error"]) < 1e-3, line)
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


def one_batch(x, weights):
    """Mean and unbiased deviation of each channel of what stands before the first normalizer: a 3x3 convolution of stride 2."""
    padded = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    y = np.zeros((len(x), len(weights), 6, 6))
    for r in range(3):
        for s in range(3):
            y += np.einsum("nchw,kc->nkhw", padded[:, :, r:r + 12:2, s:s + 12:2], weights[:, :, r, s])
    return y.mean((0, 2, 3)), y.transpose(1, 0, 2, 3).reshape(len(weights), -1).std(1, ddof=1)


@case("oracle")
def discrepancy(place):
    """How far averages are from what batches have, at the first normalizer: computed again from the file's weights by numpy. By
    layer in all forms; without layers that keep averages it says so."""
    path, = trained(place, "norm=batch", "--as", "few")
    table = place.good("evaluate", path, "on=val", "--discrepancy", "--out", "d.h5")
    row, = json.loads(place.good("evaluate", path, "on=val", "--discrepancy", "--json"))["results"]
    with h5py.File(path, "r") as file, h5py.File(place.path("own.h5"), "r") as data:
        weights = file["weights/stem.weight"][()]
        mean, variance = (file[f"state/stem_norm.running_{of}"][()] for of in ("mean", "var"))
        train, x = data["train/x"][()] / 255, data["val/x"][()] / 255
    x = (x - train.mean()) / train.std()
    seen = [one_batch(x[i:i + 8], weights) for i in range(0, 16, 8)]
    expected = [np.mean([np.abs(mean - m) / d for m, d in seen]), np.mean([np.abs(np.sqrt(variance) / d - 1) for m, d in seen])]
    first = row["discrepancy"][0]
    same("layer", first["layer"], "stem_norm")
    check(np.allclose([first["mean"], first["deviation"]], expected, rtol=1e-9, atol=0), f"{first}, expected {expected}")
    check("2 of them" in table and f"{first['mean']:.5g}"[:6] in table, table)
    with h5py.File(place.path("d.h5"), "r") as file:
        same("layers", list(file["evaluation/layer"].asstr()[()]), [one["layer"] for one in row["discrepancy"]])
        same("means", file["evaluation/mean_discrepancy"][0, 0, 0].tolist(), [one["mean"] for one in row["discrepancy"]])
    group, = set(trained(place, "norm=group:3", "--as", "group")) - {path}
    check("no normalizer" in place.good("evaluate", group, "on=val", "--discrepancy"), "group")


# ---- rows of a study ------------------------------------------------------------------------------------------------

WAYS = ["run", "batch-size", "--quick", "norm=batch,group(2)", "batch=8", "samples=16", "seed=901", "images=64", "epochs=1",
        "network=plain(depth=5, width=4, stem_stride=2)", "split=seed", "input=14x14,28x28", "mode=average,pooled", "--as", "ways"]


@case("theorem")
def rows_of_a_study(place):
    """A row of a study that judges finished weights has what `evaluate` says of the run, to the last bit; the runs are one for
    all rows, and nothing is judged twice."""
    place.good(*WAYS)
    study = os.path.join(place.out, "batch-size-ways.h5")
    with h5py.File(study, "r") as file:
        result = file["results"]
        names, runs = [list(result[of].asstr()[()].ravel()) for of in ("series", "run")]
        numbers = {of: result[of][()].ravel().tolist() for of in ("score", "test_error", "test_loss", "train_error_evaluated")}
        blocks = result["test_block"][()].reshape(len(names), -1)
        check("input=14x14,28x28" in file.attrs["recipe"] and "mode=average,pooled" in file.attrs["recipe"], file.attrs["recipe"])
    same("rows", sorted(names), sorted(f"{norm}, input={size}, mode={mode}" for norm in ("batch", "group(2)")
                                       for size in ("14x14", "28x28") for mode in ("average", "pooled")
                                       if (norm, mode) != ("group(2)", "pooled")))  # it keeps no moments: one row for all modes
    same("runs", len(run_files(place)), 2)
    losses = set()
    for i, (name, run) in enumerate(zip(names, runs)):
        size, mode = [word.split("=")[1] for word in name.split(", ")[1:]]
        rows = judged(place, run, f"mode={mode}", f"input={size}", "on=train,val,test")
        expected = {"score": rows[mode, "val"]["error"], "test_error": rows[mode, "test"]["error"],
                    "test_loss": rows[mode, "test"]["loss"], "train_error_evaluated": rows[mode, "train"]["error"]}
        same(name, {of: values[i] for of, values in numbers.items()}, expected)
        check(abs(blocks[i].mean() - expected["test_error"]) < 1e-12, f"{name}: blocks {blocks[i]}")
        losses.add(expected["test_loss"])
    same("different rows", len(losses), 6)
    before = listing(os.path.join(place.out, "judged"))
    same("files", len(before), 2)
    place.good(*WAYS)
    same("judged again", listing(os.path.join(place.out, "judged")), before)
    code, _, error = place.run(*[word.replace("14x14", "14y14") for word in WAYS])
    check(code == 64 and b"input=14y14: HEIGHTxWIDTH is expected" in error, error)


# ---- another size ---------------------------------------------------------------------------------------------------


def weigh(start, end):
    """[end, start]: a line of pixels in another size, larger between centres, smaller by areas."""
    lines = np.eye(start)
    if end < start:
        return np.repeat(lines, end, axis=0).reshape(end, start, start).mean(axis=1)
    at = np.clip((np.arange(end) + 0.5) * start / end - 0.5, 0, start - 1)
    return np.stack([np.interp(at, np.arange(start), line) for line in lines], axis=1)


def convolve(x, w, stride):
    x = np.pad(x, ((0, 0), (0, 0), (1, 1), (1, 1)))
    windows = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (2, 3))[:, :, ::stride, ::stride]
    return np.einsum("nchwij,kcij->nkhw", windows, w)


def forward(file, x):
    """plain(depth=5), norm=none."""
    weight = {name: item[()] for name, item in file["weights"].items()}
    for conv, norm, stride in (("stem", "stem_norm", 1), ("stage1.layer1.conv", "stage1.layer1.norm", 1),
                               ("stage2.layer1.conv", "stage2.layer1.norm", 2), ("stage3.layer1.conv", "stage3.layer1.norm", 2)):
        conv = next(value for name, value in weight.items() if name.startswith(conv) and value.ndim == 4)
        gamma, beta = weight[f"{norm}.gamma"][:, None, None], weight[f"{norm}.beta"][:, None, None]
        x = np.maximum(gamma * convolve(x, conv, stride) + beta, 0)
    return x.mean(axis=(2, 3)) @ weight["linear.weight"].T + weight["linear.bias"]


@case("oracle")
def sizes(place):
    """Loss and error of resized images in numpy, from the file's weights and the user's images."""
    path, = trained(place, "norm=none", "network=plain(depth=5, width=3)", "sizes=mix(8x9, 12x12, 17x15)", "--as", "few")
    rows = json.loads(place.good("evaluate", path, "--json", "on=val", "input=12x12,8x8,19x19,7x17"))["results"]
    same("inputs", [row["input"] for row in rows], ["12x12", "8x8", "19x19", "7x17"])
    same("as they are", {**rows[0]}, json.loads(place.good("evaluate", path, "--json", "on=val"))["results"][0])
    with h5py.File(place.path("own.h5"), "r") as file:
        train, x, label = file["train/x"][()] / 255, file["val/x"][()] / 255, file["val/label"][()]
    x = (x - train.mean()) / train.std()
    for row in rows:
        height, width = map(int, row["input"].split("x"))
        seen = np.einsum("ih,jw,nchw->ncij", weigh(12, height), weigh(12, width), x)
        with h5py.File(path, "r") as file:
            z = forward(file, seen)
        loss = np.mean(np.log(np.exp(z).sum(axis=1)) - z[np.arange(20), label])
        check(abs(row["loss"] - loss) < 1e-12 * loss, f"{row['input']}: loss {row['loss']}, numpy {loss}")
        same("error", row["error"], float(np.mean(z.argmax(axis=1) != label)))
    same("losses", len({row["loss"] for row in rows}), 4)


@case("example")
def masks(place):
    """Where every pixel has a class, masks are made as large as the images."""
    draw = np.random.default_rng(1)
    with h5py.File(place.path("own.h5"), "w") as file:
        for part, count in SAMPLES.items():
            mask = np.kron(draw.integers(0, 2, (count, 3, 3)), np.ones((4, 4))).astype(np.uint8)
            file[f"{part}/x"], file[f"{part}/mask"] = (200 * mask + draw.integers(0, 50, mask.shape).astype(np.uint8))[:, None], mask
    path, = trained(place, "norm=batch", "task=segment", "network=unet(depth=1, width=3)", "epochs=6", "rate=1", "--as", "few")
    rows = json.loads(place.good("evaluate", path, "--json", "on=val", "mode=pooled", "input=12x12,24x24,9x15"))["results"]
    same("inputs", [row["input"] for row in rows], ["12x12", "24x24", "9x15"])
    for row in rows:
        check(row["accuracy"] > 0.7, f"a mask that is its image is not found: {row}")


@case("theorem")
def sizes_have_their_moments(place):
    """At another size averages stay, recomputed moments are of that size, and what has none differs in no mode."""
    path, = trained(place, "norm=batch", "--as", "few")
    words = ("mode=average,precise,pooled", "on=train")
    rows = json.loads(place.good("evaluate", path, "--json", "input=12x12,24x18", *words))["results"]
    same("order", [(row["mode"], row["input"]) for row in rows],
         [(mode, size) for mode in ("average", "precise", "pooled") for size in ("12x12", "24x18")])
    same("alone", [row for row in rows if row["input"] == "24x18"],
         json.loads(place.good("evaluate", path, "--json", "input=24x18", *words))["results"])
    same("losses", len({row["loss"] for row in rows}), 6)
    group, = set(trained(place, "norm=group(3)", "--as", "group")) - {path}
    losses = {row["loss"] for row in json.loads(place.good("evaluate", group, "--json", "input=24x18", *words))["results"]}
    same("losses of group(3)", len(losses), 1)
    place.good("evaluate", path, "input=8x8,10x10", "--out", "e.h5")
    with h5py.File(place.path("e.h5"), "r") as file:
        same("shape", file["evaluation/error"].shape, (1, 2, 2))
        same("input", list(file["evaluation/input"].asstr()[()]), ["8x8", "10x10"])


# ---- what is refused ------------------------------------------------------------------------------------------------


def refused(place, words, code, *parts):
    place.refused(code, ("evaluate", *words), *parts)


@case("fault")
def words(place):
    path, = trained(place, "norm=batch", "--as", "few")
    for setting, parts in (("mode=precice", ["mode=precice", "did you mean 'precise'"]), ("mode=batch", ["batch(32)"]),
                           ("mode=batch(0)", ["mode=batch(0)"]), ("mode=batch(2, 3)", ["mode=batch(2, 3)"]), ("mode=", ["mode="]),
                           ("mode=pooled(3)", ["mode=pooled(3)"]), ("mode=batch(31)", ["batch(31)", "20 samples"]),
                           ("mode=batch(18446744073709551615)", ["20 samples"]),
                           ("on=vall", ["on=vall", "did you mean 'val'"]), ("moed=precise", ["no key 'moed'", "'mode'"]),
                           ("input=20", ["input=20", "HEIGHTxWIDTH"]), ("input=0x4", ["input=0x4"]), ("input=4x", ["input=4x"]),
                           ("input=8x2000", ["input=8x2000", "1024"]), ("input=x8", ["input=x8"]),
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
    refused(place, [path, "on=val", "input=9x9"], 64, "input=9x9", "images of one size", "[4, 64]", "[4, 81]")
    with h5py.File(place.path("own.h5"), "r+") as file:
        file["train/x"][0, 0, 0, 0] += 1
    refused(place, [path, "on=val"], 65, path, "other data")
    os.remove(place.path("own.h5"))
    refused(place, [path, "on=val"], 66, "own.h5")


# ---- others begin with them -----------------------------------------------------------------------------------------

STILL = ("rate=0", "epochs=1")


def another(place, path, *words):
    """The one run that is made beside those that there are, begun with the weights of `path`."""
    before = set(run_files(place))
    new, = set(trained(place, f"init={path}", "--as", f"as{len(before)}", *words)) - before
    return new


def numbers(path):
    """All that a run says of its end, and its tensors."""
    with h5py.File(path, "r") as file:
        ends = {name: file["summary"][name][()] for name in ("score", "test_error", "test_loss", "train_error_evaluated",
                                                             "train_loss_evaluated")}
        tensors = {f"{group}/{name}": item[()].tobytes() for group in ("weights", "state") if group in file
                   for name, item in file[group].items()}
        return {**ends, "val_loss": file["metrics/val_loss"][-1], **tensors}


@case("theorem")
def begun_and_left_alone(place):
    """At rate 0 a run that begins with another's weights ends with its numbers, to the last bit."""
    batch, = trained(place, "norm=batch", "--as", "batch")
    same("batch", numbers(another(place, batch, "norm=batch(weight_new=0)", *STILL)), numbers(batch))
    check("begin by the seed" not in place.talk, place.talk)
    moved = numbers(another(place, batch, "norm=batch", *STILL))
    check({k: v for k, v in moved.items() if k.startswith("weights")} == {k: v for k, v in numbers(batch).items() if k.startswith("weights")}
          and moved["val_loss"] != numbers(batch)["val_loss"], "averages that move are those of the start")
    group = another(place, batch, "norm=group(3)", "rate=0.3")  # no state to lack: its gamma and beta are batch's
    check("begin by the seed" not in place.talk, place.talk)
    same("group", numbers(another(place, group, "norm=group(3)", "optimizer=adamw", "seed=2", *STILL)), numbers(group))


@case("theorem")
def begun_by_what_it_holds(place):
    """A run is named by what was taken, never by the path; other weights, or other names, make another run."""
    first, = trained(place, "norm=batch", "--as", "one")
    child = another(place, first, "seed=2")
    with h5py.File(child, "r") as file:
        check(first not in file["config"].attrs["canonical"], "a path in what is hashed")
        same("what was taken", len(file["config"].attrs["init_sha256"]), 64)
    shutil.move(first, place.path("moved.h5"))
    trained(place, "init=moved.h5", "seed=2", "--as", "again")
    check("1 of 1 runs were finished before" in place.talk, place.talk)
    second = another(place, child, "seed=2")
    check(second != child, "other weights")
    table = place.good(*RUN, f"init=none,moved.h5,{second}", "seed=3", "--as", "sweep")
    check("init=none" in table and "moved.h5" in table, table)
    same("judged", judged(place, child)["average", "val"]["loss"], float(numbers(child)["val_loss"]))


@case("theorem")
def begun_in_part(place):
    """Names that are not there begin by the seed, and are said."""
    shallow, = trained(place, "norm=batch", "--as", "one")
    deep = "network=plain(depth=8, width=3, stem_stride=2)"
    mixed = another(place, shallow, deep, *STILL)
    lacking, said = "stage1.layer2.conv", [line for line in place.talk.split("\n") if "begin by the seed" in line]
    check(len(said) == 1 and shallow in said[0] and lacking in said[0] and "stem" not in said[0].split(":")[-1], place.talk)
    plain, = set(trained(place, deep, "--as", "plain", *STILL)) - {shallow, mixed}
    with h5py.File(mixed, "r") as file:
        check(lacking in file["config"].attrs["init_lacks"], "not in the file")
    a, b, c = numbers(shallow), numbers(plain), numbers(mixed)
    names = [name for name in c if name.startswith("weights/")]
    for name in names:
        same(name, c[name], a.get(name, b[name]))
    check(any(a[name] != b[name] for name in names if name in a) and any(name not in a for name in names), "nothing to tell")


@case("theorem")
def begun_and_killed(place):
    """Killed in the middle, a run that began with others' weights goes on to the same bits, and does not begin again."""
    source, = trained(place, "norm=batch", "--as", "one")
    words = (f"init={source}", "epochs=8", "seed=2")
    whole = another(place, source, *words)
    expected, checkpoint = numbers(whole), whole.replace(".h5", ".checkpoint.h5")
    for _ in range(10):  # on a busy machine the signal may come too late
        os.remove(whole)
        process, deadline = place.start(*RUN, *words, "--as", "torn", start_new_session=True), time.monotonic() + 60
        while not os.path.exists(checkpoint) and process.poll() is None and time.monotonic() < deadline:
            time.sleep(0.001)
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        if os.path.exists(checkpoint) and not os.path.exists(whole):
            break
    check(os.path.exists(checkpoint) and not os.path.exists(whole), "over too early to say anything")
    place.good(*RUN, *words, "--as", "torn")
    same("the run", numbers(whole), expected)


@case("fault")
def not_begun(place):
    source, = trained(place, "norm=batch", "--as", "one")
    study = os.path.join(place.out, "batch-size-one.h5")
    shutil.copy(source, place.path("edited.h5"))
    with h5py.File(place.path("edited.h5"), "r+") as file:
        file["weights/linear.bias"][0] += 1
    for words, code, parts in (([f"init={source}", "network=plain(depth=5, width=2, stem_stride=2)"], 65, [source, "[3, 1, 3, 3]", "[2, 1, 3, 3]"]),
                               (["init=nowhere.h5"], 66, ["nowhere.h5"]), ([f"init={study}"], 65, [study, "not the file of a run"]),
                               (["init=edited.h5"], 65, ["edited.h5", "changed"]), (["init="], 64, ["init="]),
                               ([f"pretrained={source}"], 64, ["did you mean 'init'"])):
        before = listing(place.folder)
        got, _, err = place.run(*RUN, "--as", "no", *words)
        text = err.decode().split("\n")
        text = "\n".join(line for line in text if "samples to train" not in line)
        check(got == code and text.count("\n") == 1, f"{words}: {got}, not {code}: {text}")
        for part in parts:
            check(part in text, f"{words} does not say {part!r}: {text}")
        same("files", listing(place.folder), before)
    bare, = set(trained(place, "weights=no", "norm=layer", "--as", "bare")) - {source}
    got, _, err = place.run(*RUN, f"init={bare}", "--as", "no")
    check(got == 66 and b"keeps no weights" in err, f"{got}: {err}")


if __name__ == "__main__":
    main()
