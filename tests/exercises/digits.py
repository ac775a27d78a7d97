#!/usr/bin/python3 -B
"""Solutions of the exercises of notes/13-digits.md; what is exact is computed in fractions."""

import os
import sys
from fractions import Fraction

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from applied import applied
from program import case, check, main, same


def moments(x):
    """m, mean and M2, exactly."""
    x = [Fraction(v) for v in x]
    mean = sum(x) / len(x)
    return len(x), mean, sum((v - mean)**2 for v in x)


def error(found, x):
    """Of a variance, relative to the exact one."""
    count, _, m2 = moments(x)
    return float(abs(Fraction(float(found)) / (m2 / count) - 1))


@case("example")
def single_precision(place):
    """The loss is kappa^2 eps: all is lost where kappa is the root of 2^23, some 2900."""
    draw = np.random.RandomState(6)

    def naive(kappa):
        x = (draw.standard_normal(1000) + kappa).astype(np.float32)
        squares = np.float32(0)
        for v in x:
            squares += v * v
        return error(squares / np.float32(1000) - x.mean()**2, x.tolist())

    few, many = (max(naive(kappa) for _ in range(10)) for kappa in (30, 2900))
    check(few < 0.05 and many > 0.5, f"errors {few} at 30, {many} at 2900")


@case("theorem")
def any_shift(place):
    """x - k = (x - mu) + delta. Square and sum: the mixed term 2 delta sum(x - mu) is 0, the last one is m delta^2."""
    x = [Fraction(v) for v in (1, 3, 4, 5, 7, 7)]
    m, mean, m2 = moments(x)
    for k in (Fraction(0), Fraction(-3, 7), Fraction(10**9), mean):
        same(f"k = {k}", sum((v - k)**2 for v in x) - m * (mean - k)**2, m2)


@case("theorem")
def union(place):
    """m = m_a + m_b; mu = mu_a + d m_b / m with d = mu_b - mu_a; M2 = M_a + M_b + d^2 m_a m_b / m, by the identity for each
    part with k = mu. (Chan, Golub and LeVeque)"""
    a, b = [1, 3, 4, 5, 7], [-2, 10, Fraction(1, 3)]
    (m_a, mean_a, m2_a), (m_b, mean_b, m2_b) = moments(a), moments(b)
    m, d = m_a + m_b, mean_b - mean_a
    same("moments", (m, mean_a + d * m_b / m, m2_a + m2_b + d**2 * m_a * m_b / m), moments(a + b))


@case("example")
def roundings(place):
    """One after the other: 4095. In the tree: 7 additions to a lane of 8 elements and 3 that join lanes are 10, at most 11 with
    one that adds to 0; 64 leaves are joined by 6 more: 17 = 11 + log2(4096 / 64)."""
    def additions(n):  # those that the first term of a tree passes through
        lanes, joins, leaves, pairs = 64 // 8, 3, n // 64, 0
        while leaves > 1:
            leaves, pairs = leaves // 2, pairs + 1
        return lanes + joins + pairs

    same("in the tree", (additions(4096), 11 + np.log2(4096 / 64)), (17, 17))


@case("theorem")
def bad_shift(place):
    """A share p = 64 / n of the cell with mean k, the rest with mean b: the variance is at least p (1 - p) (b - k)^2, and the
    mean lies (1 - p) (b - k) from k. So the distance is at most the root of (1 - p) / p = (n - 64) / 64 deviations, reached by
    64 equal numbers before others that are equal. With 65,600 it is 32, and a factor of 32^2 = 1024 would be lost. The program
    sees more than a half and passes once more."""
    x = np.concatenate([np.zeros(64), np.ones(64 * 1024)])
    count, mean, m2 = moments(x)
    same("distance in deviations, squared", mean**2 / (m2 / count), 1024)
    x[64:] += 1e-3 * np.random.RandomState(7).standard_normal(64 * 1024)
    found = applied(place, "layer", x.reshape(1, 1, -1), "--eps", "0")
    lost = error(float(found["rstd"][0])**-2, x)
    check(lost < 4 * 2.0**-52, f"the program's error: {lost}")


if __name__ == "__main__":
    main()
