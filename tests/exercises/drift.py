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
    """2, 4, 4, 4, 5, 5, 7, 9: mean 5, variance 32/8 = 4; gain 3 and bias 1."""
    x = np.array([2.0, 4, 4, 4, 5, 5, 7, 9])
    answer = 3 * np.array([-3, -1, -1, -1, 0, 0, 2, 4]) / 2 + 1
    found = applied(place, "layer", x.reshape(1, 1, 8), "--eps", "0", gamma=[3], beta=[1])
    close("y", found["y"].ravel(), answer)


if __name__ == "__main__":
    main()
