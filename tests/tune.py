#!/usr/bin/python3 -B
"""Tuning from outside: equal budgets, the choice by validation, seeds that decide nothing, and decay by its horizon."""

import math
import os

import h5py
import numpy as np

from program import case, check, main, same

BASE = ["batch-size", "--quick", "samples=16", "images=64", "epochs=2", "network=plain(depth=5, width=4, stem_stride=2)"]
TUNE = ["tune", *BASE, "norm=batch,group(2),group(4)", "batch=16", "rate=0.05,0.2,3", "seed=900-902"]


def arm_of(name):
    return name.split("(")[0].split(",")[0]


@case("theorem")
def budgets_are_equal(place):
    """Whatever an arm has to choose from, it has as many trials; which is drawn once for all, and the best by score is chosen."""
    told = place.good(*TUNE)
    check("3 trials of each of 2 arms on 3 seeds: 18 runs" in place.talk, place.talk)
    with h5py.File(os.path.join(place.out, "batch-size-tuning.h5"), "r") as file:
        names, arms = [list(file["results"][of].asstr()[()]) for of in ("series", "arm")]
        score = file["results/score"][()][:, 0, :]
        same("seeds", list(file["results/seed"][()]), [900, 901, 902])
    same("arms", arms, ["batch" if arm_of(name) == "batch" else "group(#)" for name in names])
    same("trials", sorted(arms), ["batch"] * 3 + ["group(#)"] * 3)
    chosen = dict(line.split("@16: ") for line in told.split("Chosen of 3 trials each")[1].split("\n") if "@16: " in line)
    same("lines", sorted(chosen), ["batch", "group(#)"])
    for arm, line in chosen.items():
        mean = {names[i]: score[i].mean() for i in range(len(names)) if arms[i] == arm}
        best = min(mean, key=mean.get)
        check(line.startswith(f"{best}, {100 * mean[best]:.2f}"), f"{line}: {mean}")
        second = sorted(mean.values())[1]
        check("; then " in line and line.endswith(f"{100 * second:.2f}"), f"{line}: {mean}")
    place.good(*TUNE)
    check("18 of 18 runs were finished before" in place.talk, place.talk)
    place.good(*TUNE, "--trials", "2", "--dry-run")
    check("2 trials of each of 2 arms on 3 seeds: 12 runs" in place.talk, place.talk)


@case("fault")
def what_is_refused(place):
    for words, said in ((["rate=0.1,0.2", "seed=201"], "choices are made on seeds 900 to 999"),
                        (["rate=0.1,0.2", "seed=899-901"], "seed=899"),
                        (["rate=0.1"], "key=A,B,... is expected"),
                        (["rate=0.1", "seed=900-905"], "key=A,B,... is expected"),
                        (["rate=0.1,0.2", "norm=batch", "--trials", "3"], "batch has 2"),
                        (["rate=0", "horizon=0.1,1"], "horizon=0.1: the rates add up to 0")):
        code, out, error = place.run("tune", *BASE, "batch=16", *words)
        same(f"{words}: exit code", code, 64)
        check(said in error.decode() and not out, error)
    check(not os.path.exists(os.path.join(place.out, "runs")), "something was run")


@case("oracle")
def decay_of_a_horizon(place):
    """horizon=H is the run of decay = H / (sum of the rates of all steps)."""
    words = ["run", *BASE, "norm=group(2)", "batch=16", "rate=0.2", "reference=16", "schedule=cosine", "warmup=0.5", "seed=901"]
    epochs, steps = 2, 4
    rates = [0.2 * min(1, (step + 1) / (0.5 * steps + 1) if step < 0.5 * steps else 1) *
             (1 + math.cos(math.pi * step / (epochs * steps))) / 2 for step in range(epochs * steps)]
    losses, horizons = [], []
    for setting in ("horizon=0.3", f"decay={0.3 / math.fsum(rates)!r}", "decay=0.0001"):
        place.good(*words, setting, "--as", "one")
        with h5py.File(os.path.join(place.out, "batch-size-one.h5"), "r") as file:
            run = file["results/run"].asstr()[()].ravel()[0]
        with h5py.File(os.path.join(place.out, "runs", f"{run}.h5"), "r") as file:
            horizons.append(float(np.asarray(file["summary/horizon"][()]).ravel()[0]))
            losses.append(file["metrics/train_loss"][()])
    check(abs(horizons[0] - 0.3) < 1e-14, horizons)
    check(abs(horizons[2] - 1e-4 * math.fsum(rates)) < 1e-15, horizons)
    check(np.allclose(losses[0], losses[1], rtol=1e-13, atol=0), losses)
    check(not np.allclose(losses[0], losses[2], rtol=1e-5, atol=0), losses)


if __name__ == "__main__":
    main()
