#!/usr/bin/python3 -B
"""What `normlab bench` says: every number that was asked for, and the text and the JSON of it."""

import json
import math
import os

import h5py
import numpy as np

from drawn import Drawing
from program import case, check, main, same

SHAPE = [2, 8, 5, 7]
KERNELS = ["bench", "kernels", "--shape", "2,8,5,7", "--norm", "batch,mix(layer, instance)", "--turns", "5"]
TRAINING = ["bench", "training", "--network", "resnet(depth=8, width=4, stem_stride=2)", "--norm", "batch,none",
            "--batch", "2,4", "--turns", "3", "--threads", "1"]


def positive(entry, *names):
    for name in names:
        check(math.isfinite(entry[name]) and entry[name] > 0, f"{name}: {entry[name]}")


@case("example")
def kernels(place):
    told = json.loads(place.good(*KERNELS, "--threads", "2", "--json"))
    same("threads", told["threads"], 2)
    same("turns", told["turns"], 5)
    positive(told, "memcpy_bytes_per_second", "copy_bytes_per_second", "stream_bytes_per_second")
    same("norms", [entry["norm"] for entry in told["kernels"]], ["batch", "mix(layer, instance)"])
    for entry in told["kernels"]:
        same("shape", entry["shape"], SHAPE)
        positive(entry, "forward_seconds", "backward_seconds", "copy_seconds", "stream_seconds")
        for name in ("forward_of_copy", "backward_of_stream"):
            low, middle, high = entry[name]
            check(0 < low <= middle <= high, f"quartiles of {name}: {entry[name]}")
    # the faster of two copies of one tensor a thread
    copied = 2 * 8 * 2 * math.prod(SHAPE) / told["kernels"][0]["copy_seconds"]
    best = max(told["memcpy_bytes_per_second"], told["copy_bytes_per_second"])
    check(math.isclose(copied, best, rel_tol=1e-3), f"{copied} bytes a second copied, {best} told")
    text = place.good(*KERNELS).splitlines()
    check(text[1].startswith("[2, 8, 5, 7]: memcpy "), text[1])
    same("lines", [line.split(" forward ")[0].strip() for line in text[2:]], ["batch", "mix(layer, instance)"])


@case("example")
def training(place):
    told = json.loads(place.good(*TRAINING, "--json"))["training"]
    same("learners", [(entry["norm"], entry["batch"]) for entry in told],
         [("batch", 2), ("none", 2), ("batch", 4), ("none", 4)])
    for entry in told:
        positive(entry, "samples_per_second", "flops", "dgemm_flops", "memory_bytes")
        same("beside", entry["beside"], "batch")
        same("workers", entry["workers"], 2)
        if entry["norm"] == "batch":
            same("batch beside itself", entry["of_beside"], [1, 1, 1])
    work = [entry["flops"] / entry["samples_per_second"] for entry in told]
    check(math.isclose(min(work), max(work), rel_tol=1e-3), f"flops of a sample: {work}")
    same("lines", len(place.good(*TRAINING).splitlines()), 6)


@case("example")
def products(place):
    told = json.loads(place.good("bench", "products", "--turns", "1", "--threads", "1", "--json"))["products"]
    check(len(told) > 3, f"{len(told)} layers")
    for entry in told:
        positive(entry, "forward_flops", "input_flops", "filter_flops", "dgemm_flops")


def close(what, got, expected):
    check(np.isfinite(got).all(), f"{what}: not finite")
    off = np.abs(got / expected - 1)
    check(off.max() < 1e-9, f"{what}: {got.flat[off.argmax()]}, expected {expected.flat[off.argmax()]}")


@case("example")
def saved(place):
    """--save: kernels, costs and training, each beside its limit, in one file with figures; PyTorch's numbers if it has them."""
    place.good("bench", "--save", "--quick", "--turns", "1", "--threads", "2")
    check("speed.h5" in place.talk and "speed-cost.svg" in place.talk, place.talk)
    path = os.path.join(place.out, "speed.h5")
    with h5py.File(path, "r") as file:
        for group in ("kernels", "cost", "training"):
            same(f"turns of {group}", file[group].attrs["turns"], 1)
        axes = [dim.keys()[0] for dim in file["kernels/seconds"].dims]
        same("axes", axes, ["threads", "shape", "norm", "pass", "quartile"])
        for group in ("kernels", "cost"):  # in one turn a ratio of medians is the turn's
            limit = file[group]["limit_seconds"][()]
            limit = np.stack([limit[..., :2, :].min(-2), limit[..., 2, :]], -2)  # the faster copy; the sum
            close(f"{group}, of the limit", file[group]["of_limit"][()], limit[..., None, :, :] / file[group]["seconds"][()])
        training = file["training"]
        flops = training["samples_per_second"][()] * training["flops"][()][:, None, None]
        close("of dgemm", training["of_dgemm"][()], flops / training["dgemm_flops"][()][..., None, None])
        rate = file["combinations/samples_per_second"][()]
        close("of batch", file["combinations/of_batch"][()], rate / rate[:, :1])
        same("combined", [name.decode() for name in file["combinations/norm"][()]],
             ["batch", "mix(instance, layer, batch)", "blend(batch, group(8))"])
        check("processor" in file["provenance"].attrs, "provenance")
    figures = ["speed-kernels.svg", "speed-cost.svg", "speed-training.svg"]
    words = {name: Drawing(os.path.join(place.out, name)).words for name in figures}
    check({"group", "position", "forward, beside a copy"} <= set(words[figures[0]]), words[figures[0]])
    check({"forward over C", "backward over N"} <= set(words[figures[1]]), words[figures[1]])
    check({"dgemm", "2 threads"} <= set(words[figures[2]]) and "PyTorch" not in str(words[figures[2]]), words[figures[2]])
    peer(path)
    for width in ("6.4cm", "8.6cm", "17cm"):
        drawn = place.good("plot", "speed", "--from", path, "--to", place.path("speed.svg"), "--width", width).split()
        wrong = [f"{name}, {width}: {fault}" for name in drawn for fault in Drawing(name).faults()]
        check(len(drawn) == 3 and not wrong, f"{drawn}: {wrong}")
    check("PyTorch f32, group(8)" in Drawing(place.path("speed-training.svg")).words, "PyTorch is not in the figure")
    check("(2 of 2 panels)" in place.good("plot", "speed", "dumb", "--from", path), "no figure in the terminal")


def peer(path):
    """As experiments/speed/peer.py leaves it."""
    with h5py.File(path, "r+") as file:
        cases, norms = file["training/case"][()], file["training/norm"][()]
        group = file.create_group("peer/training")
        group["arithmetic"], group["case"], group["norm"] = ["f64", "f32"], cases, norms
        group["of_torch"] = np.full((2, len(cases), len(norms), 3), 4.0)
        for name in ("arithmetic", "case", "norm"):
            group[name].make_scale(name)
            group["of_torch"].dims[["arithmetic", "case", "norm"].index(name)].attach_scale(group[name])


if __name__ == "__main__":
    main()
