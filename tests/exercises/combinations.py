#!/usr/bin/python3 -B
"""Solutions of the exercises of notes/23-combinations.md. Each computes an answer and asks the program for it."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from applied import applied
from program import case, check, main

X = np.random.default_rng(1).normal(size=(6, 4, 5)) + np.arange(4)[:, None]  # means of channels differ


def close(what, got, expected, within=1e-12):
    check(np.allclose(got, expected, rtol=within, atol=within), f"{what}: {got}, expected {expected}")


@case("example")
def variance(place):
    """Two standardized outputs that correlate by r: their blend by halves has variance (1 + r) / 2."""
    batch, group = (applied(place, spec, X, "--eps", "0")["y"] for spec in ("batch", "group(2)"))
    r = np.mean(batch * group)
    check(abs(r) < 0.99, f"the parts agree: {r}")
    blend = applied(place, "blend(batch(eps=1e-300), group(2, eps=1e-300))", X)["y"]
    close("variance of the blend", np.mean(blend**2), (1 + r) / 2)


@case("example")
def slope(place):
    """The logit is slope N + offset: one step at one rate moves it 1 + N^2 times its own gradient; with even=yes, 1 time."""
    N, dy = len(X), np.cos(X)
    for spec, ratio in (("task", 1 + N**2), ("task(even=yes)", 1)):
        found = applied(place, spec, X, dy=dy)
        d_slope, d_offset = (found[f"dparam/{name}"].item() for name in ("slope", "offset"))
        each = 1 / np.sqrt(1 + N**2) if "even" in spec else 1  # logit = each (slope N + offset)
        moved = each * (N * d_slope + d_offset)  # the logit, by a step of rate 1
        close(spec, moved / (d_offset / each), ratio)


if __name__ == "__main__":
    main()
