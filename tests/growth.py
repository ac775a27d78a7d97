#!/usr/bin/python3 -B
"""How gradients grow through networks before the first step, by NumPy alone and by the program: the means of some networks agree.

`tests/growth.py NETWORKS` prints what NumPy finds with so many networks, mean and standard error: what the records of
experiments/claims.txt expect where theory has no number.
"""

import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # tests run side by side
import h5py
import numpy as np

from program import case, check, main

CHANNELS, POSITIONS, SAMPLES, CLASSES, LAYERS = 192, 256, 4, 10, 13
CELLS = {"instance": 1, "group(size=8)": 8, "layer": CHANNELS}
FIRST, LAST = 5, 10  # layers of the fit


def norms(size, rng):
    """Of dloss/dz at each layer of one network: 1 x 1 convolutions, each by the moments of `size` channels and relu; then the mean over
    positions, a linear layer and cross-entropy with labels that are drawn."""
    shape = (SAMPLES, CHANNELS // size, size * POSITIONS)
    weight = [rng.standard_normal((CHANNELS, CHANNELS)) * np.sqrt(2 / CHANNELS) for _ in range(LAYERS)]
    x, kept = rng.standard_normal((SAMPLES, CHANNELS, POSITIONS)), []
    for w in weight:
        z = (w @ x).reshape(shape)
        z -= z.mean(2, keepdims=True)
        rstd = 1 / np.sqrt((z * z).mean(2, keepdims=True) + 1e-5)
        xhat = z * rstd
        x = np.maximum(xhat, 0).reshape(SAMPLES, CHANNELS, POSITIONS)
        kept.append((xhat, rstd))
    head = rng.standard_normal((CLASSES, CHANNELS)) / np.sqrt(CHANNELS)
    logits = x.mean(2) @ head.T
    p = np.exp(logits - logits.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    p[np.arange(SAMPLES), rng.integers(0, CLASSES, SAMPLES)] -= 1
    dy = np.repeat((p @ head / SAMPLES / POSITIONS)[:, :, None], POSITIONS, 2)
    found = []
    for w, (xhat, rstd) in zip(reversed(weight), reversed(kept)):
        h = dy.reshape(shape) * (xhat > 0)
        dz = rstd * (h - h.mean(2, keepdims=True) - xhat * (h * xhat).mean(2, keepdims=True))
        found.append(np.sqrt((dz * dz).sum()))
        dy = w.T @ dz.reshape(x.shape)
    return found[::-1]


def growth(dz):
    """Of the squared norm, a layer toward the input, by least squares of its logarithm."""
    layers = np.arange(FIRST, LAST + 1)
    return np.exp(-np.polyfit(layers, 2 * np.log(dz[FIRST - 1:LAST]), 1)[0])


def monte_carlo(size, networks, seed=1):
    rng = np.random.default_rng(seed)
    return np.array([growth(np.array(norms(size, rng))) for _ in range(networks)])


def standard_error(values):
    return values.std(ddof=1) / np.sqrt(len(values))


@case("oracle")
def without_the_program(place):
    networks = 12
    place.good("run", "initialization", "norm=" + ",".join(CELLS), f"seed=1-{networks}", "--as", "growth")
    with h5py.File(place.path("out/initialization-growth.h5"), "r") as file:
        found, rows = file["results/gradients_growth"][()], [name.decode() for name in file["results/series"]]
    for spec, size in CELLS.items():
        ours = found[rows.index(spec), 0]
        theirs = monte_carlo(size, networks)
        apart, error = ours.mean() - theirs.mean(), np.hypot(standard_error(ours), standard_error(theirs))
        check(abs(apart) < 4 * error and error < 0.03,
              f"{spec}: {ours.mean():.4f}, in NumPy {theirs.mean():.4f}: {apart:+.4f} by an error of {error:.4f}")


if __name__ == "__main__":
    if len(sys.argv) == 2 and sys.argv[1].isdigit():
        for spec, size in CELLS.items():
            found = monte_carlo(size, int(sys.argv[1]))
            print(f"{spec:14s} {found.mean():.4f} +- {standard_error(found):.4f}")
    else:
        main()
