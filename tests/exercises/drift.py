#!/usr/bin/python3 -B
"""Solutions of the exercises of notes/10-why.md. Each computes an answer and asks the program, or numpy, for it."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from applied import applied
from program import case, check, main


def close(what, got, expected, within=1e-14):
    check(np.allclose(got, expected, rtol=within, atol=within), f"{what}: {got}, expected {expected}")


@case("example")
def by_hand(place):
    """The sum is 40, so the mean is 5; the squares of -3, -1, -1, -1, 0, 0, 2, 4 sum to 32, so the variance is 4."""
    x = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
    answer = 3 * np.array([-3, -1, -1, -1, 0, 0, 2, 4]) / 2 + 1
    found = applied(place, "layer", x.reshape(1, 1, 8), "--eps", "0", gamma=[3], beta=[1])
    close("y", found["y"].ravel(), answer)
    close("mean and 1/std", [found["mean"][0], found["rstd"][0]], [5, 1 / 2])


@case("theorem")
def another_scale(place):
    """Mean and deviations become 10 mean - 7 and ten times as large, the standard deviation too: nothing changes. A factor
    of -1 turns the deviations round and leaves the standard deviation: xhat changes its sign."""
    x = np.array([[[1.0, 3, 4, 5, 7]]])
    plain, moved, turned = (applied(place, "layer", each, "--eps", "0")["y"] for each in (x, 10 * x - 7, -x))
    close("10 x - 7", moved, plain)
    close("-x", turned, -plain)


@case("example")
def without_relu(place):
    """The factor of the mean square is s^2 alone, so s^2 = 1 keeps it. With s = 1.1 the root mean square grows by 1.1 a
    layer, by 1.1^50 = 117 through fifty: on average, for a network is one draw."""
    close("1.1^50", 1.1**50, 117.39, 1e-4)
    draw = np.random.RandomState(1)
    for s, expected in ((1.0, 1.0), (1.1, 1.1**50)):
        squares = []
        for _ in range(40):  # networks
            x = np.ones(100)
            for _ in range(50):
                x = draw.standard_normal((100, 100)) @ x * (s / 10)
            squares.append(np.mean(x**2))
        found = np.sqrt(np.mean(squares))
        check(0.6 < found / expected < 1.6, f"s = {s}: {found}, expected about {expected}")


@case("theorem")
def two_samples(place):
    """The mean lies in the middle and the standard deviation is half of the distance d: y = -1 and 1, or with eps
    +-1 / sqrt(1 + 4 eps / d^2). The next layer learns which of the two is larger, and nothing else."""
    for a, b in ((3.0, 5.0), (-70.0, 12.5), (0.25, 0.0)):
        y = applied(place, "batch", [[a], [b]])["y"].ravel()
        sign = np.sign(b - a)
        close(f"{a}, {b}", y, np.array([-sign, sign]) / np.sqrt(1 + 4e-5 / (b - a)**2), 1e-12)


@case("example")
def company(place):
    """In training batch normalization's output depends on the neighbours; group normalization's does not. In evaluation
    neither does: batch normalization then has running moments, which are the same for both mini-batches."""
    draw = np.random.RandomState(2)
    one, others = draw.standard_normal((1, 4, 3)), draw.standard_normal((2, 3, 4, 3))
    first, second = (np.concatenate([one, each]) for each in others)
    state = {"running_mean": [0.1, 0, -0.2, 0.3], "running_var": [1.0, 2, 0.5, 1.5]}

    def differs(spec, *options, **more):
        outputs = [applied(place, spec, x, *options, **more)["y"][0] for x in (first, second)]
        return not np.array_equal(*outputs)

    check(differs("batch"), "batch, in training: the same")
    check(not differs("batch", "--mode", "eval", **state), "batch, in evaluation: not the same")
    for mode in ("train", "eval"):
        check(not differs("group:2", "--mode", mode), f"group(2), {mode}: not the same")


if __name__ == "__main__":
    main()
