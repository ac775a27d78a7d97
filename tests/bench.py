#!/usr/bin/python3 -B
"""What `normlab bench` says: every number that was asked for, and the text and the JSON of it."""

import json
import math

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


if __name__ == "__main__":
    main()
