#!/usr/bin/python3 -B
"""Another task than classes, from the user's file to the table: the metric's name and unit are the task's wherever a number stands."""

import csv
import glob
import io
import json
import os

import h5py
import numpy as np

import brain
from program import case, check, main, same

RECIPE = ("--quick", "norm=batch,group(2)", "network=resnet(depth=8,width=4,stem_stride=2)", "batch=8", "samples=16", "seed=1-3",
          "epochs=2", "images=0")


def blobs(place):
    """A bright spot, and where it is, in millimetres."""
    path, draw = place.path("blobs.h5"), np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        for part, count in (("train", 160), ("val", 40), ("test", 40)):
            at = draw.uniform(2, 13, (count, 2))
            y, x = np.mgrid[0:16, 0:16]
            file[f"{part}/x"] = np.exp(-((y - at[:, :1, None])**2 + (x - at[:, 1:, None])**2) / 6)[:, None]
            file[f"{part}/number"] = at[:, 1]
            file[f"{part}/number"].attrs["units"] = "mm"
    return path


@case("example")
def regression(place):
    words = ("run", "batch-size", *RECIPE, f"dataset={blobs(place)}", "task=regress")
    out = place.good(*words, "--as", "spots")
    check("Validation rmse, last epoch, mm: mean over 3 seeds" in out, f"the table does not say what it shows: {out}")
    check("error in %" not in out and "regression on the raw pixels" not in out, f"of classes: {out}")
    rows = list(csv.DictReader(io.StringIO(place.good("table", "batch-size@spots", "--form", "csv"))))
    same("CSV", [(row["metric"], row["unit"]) for row in rows], [("rmse", "mm")] * 2)
    table = json.loads(place.good("table", "batch-size@spots", "--json"))
    same("JSON", table["metric"], {"name": "rmse", "title": "root of the mean squared error", "unit": "mm", "rises": False})
    check("Validation rmse, last epoch, mm" in place.good("table", "batch-size@spots", "--form", "latex"), "LaTeX says no unit")
    check("rmse, mm" in place.good("plot", "batch-size@spots", "dumb"), "the figure says no unit")
    for row, norm in zip(rows, ("batch", "group(2)")):
        runs = [path for path in glob.glob(os.path.join(place.out, "runs", "*.h5")) if fits(path, norm)]
        scores = [h5py.File(path, "r")["summary/score"][()] for path in runs]
        same("runs", len(runs), 3)
        check(abs(float(row["mean"]) - np.mean(scores)) < 1e-12, f"{norm}: {row['mean']} of {scores}")
    with h5py.File(runs[0], "r") as file:
        score = file["summary/score"]
        same("score", score[()], file["metrics/val_rmse"][-1])
        same("its unit", score.attrs["units"], b"mm" if isinstance(score.attrs["units"], bytes) else "mm")
        check("test_rmse" in file["summary"] and "test_error" not in file["summary"], "not this task's metrics")
        check("images" in text(file["summary/images"].attrs["long_name"]), "samples that are images are called so")
    place.good(*words, "--as", "spots")
    check("done after" not in place.talk, f"finished runs were made again: {place.talk}")


def least_squares(image, number, more):
    """Of the numbers of `more` images by their pixels, of all such fits to `image` the smallest."""
    x, mean = image.reshape(len(image), -1), number.mean()
    weights = np.linalg.lstsq(x - x.mean(0), number - mean, rcond=None)[0]
    return (more.reshape(len(more), -1) - x.mean(0)) @ weights + mean


@case("example")
def built_in_number(place):
    """brain-height, which is there on a bare machine: its network is better than linear regression on the pixels, which is better
    than the mean, where it validates and where it tests."""
    place.good("run", "batch-size", "--quick", "--as", "height", "dataset=brain-height", "task=regress", "norm=batch", "batch=8",
               "samples=16", "seed=1", "epochs=40", "images=0", "shift=2", "score=last")
    part = {name: (brain.idx(name, "images", 3).astype(float), brain.idx(name, "heights", 1).astype(float))
            for name in ("train", "val", "test")}
    path, = glob.glob(os.path.join(place.out, "runs", "*.h5"))
    with h5py.File(path, "r") as file:
        reached = {"val": file["summary/score"][()], "test": file["summary/test_rmse"][()]}
        same("unit", text(file["summary/score"].attrs["units"]), "mm")
    for name, rmse in reached.items():
        image, number = part[name]
        mean = np.sqrt(np.mean((number - part["train"][1].mean())**2))
        linear = np.sqrt(np.mean((number - least_squares(*part["train"], image))**2))
        check(rmse < linear < mean / 4, f"{name}: {rmse:.2f} mm, linear {linear:.2f}, mean {mean:.2f}")


@case("oracle")
def gates_of_pixels(place):
    """A study of `segmentation` says what is known without a network, as numpy finds it, beside what was reached."""
    place.good("run", "segmentation", "--quick", "--as", "tiny", "network=unet(depth=1,width=2)", "norm=batch,group(2)",
               "batch=8,1", "epochs=1")
    table = place.good("table", "segmentation@tiny")
    path, = glob.glob(os.path.join(place.out, "segmentation-tiny.h5"))
    with h5py.File(path, "r") as file:
        (batch, group), score = (100 * file["results"][name][..., 0] for name in ("test_iou", "score"))
        gate, blocks = dict(zip(map(text, file["gate/baseline"]), file["gate/iou"])), file["gate/test_block"][()]
        same("blocks", blocks.shape, (3, *file["results/test_block"].shape[3:]))
    found = brain.gates()
    same("gates", list(gate), list(found))
    for name, share in found.items():  # regression is fitted on another way to the same minimum
        check(abs(gate[name] - share) < (2e-3 if name == "pixels" else 1e-12), f"{name}: {gate[name]}, numpy: {share}")
    check(f"{100 * gate['mirror']:.1f} % of the training slice's mask at the same height" in table, f"the mirror is missing in {table}")
    said = f"trained: batch {batch[0]:.1f} at 8, {batch[1]:.1f} at 1; group(2) {group[0]:.1f} %"
    check(said in table, f"{said} is missing in {table}")
    rows = {line.split("  ")[0]: line.split()[1:] for line in table.splitlines()}
    same("validation", [float(v) for v in rows["batch"]], [round(v, 1) for v in score[0]])


def text(value):
    return value.decode() if isinstance(value, bytes) else value


def fits(path, norm):
    with h5py.File(path, "r") as file:
        return text(file["config"].attrs["norm"]) == norm


@case("fault")
def what_does_not_fit(place):
    words = ("run", "batch-size", "--quick", f"dataset={blobs(place)}", "images=0")
    for more, says in ((("task=classify",), "has no field 'label', but image, number; that fits: task=regress"),
                       (("task=classify,regress",), "task=classify,regress: one task for all runs of a study is expected"),
                       (("task=regres",), "is expected, did you mean 'regress'?")):
        code, _, err = place.run(*words, *more)
        same("exit code", code, 64)
        check(says.encode() in err, f"{more}: {err}")


if __name__ == "__main__":
    main()
