#!/usr/bin/python3 -B
"""Solutions of the exercises of notes/12-gradients.md, and its example."""

import os
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from applied import applied
from program import case, check, main

X, DY = np.array([1.0, 3, 4, 5, 7]), np.array([0.0, 1, 2, 0, 2])


def close(what, got, expected, within=1e-14):
    check(np.allclose(got, expected, rtol=within, atol=within), f"{what}: {got}, expected {expected}")


def asked(place, spec, x, dy, *options, shape=(1, 1, -1), **more):
    """The program's answers, as rows."""
    found = applied(place, spec, np.reshape(x, shape), *options, dy=np.reshape(dy, shape), **more)
    return {name: np.ravel(value) for name, value in found.items()}


def standard(x):
    return (x - x.mean()) / x.std()


@case("example")
def by_hand(place):
    """The chapter's example: its slopes of the first number by differences, dx, dgamma and dbeta by the program."""
    close("slopes", (standard(X + [1e-6, 0, 0, 0, 0]) - standard(X - [1e-6, 0, 0, 0, 0])) / 2e-6,
          [0.175, -0.175, -0.1, -0.025, 0.125], 1e-9)
    found = asked(place, "layer", X, DY, "--eps", "0")
    close("dx", found["dx"], [-0.125, 0.125, 0.5, -0.625, 0.125])
    close("dgamma, dbeta", [found["dgamma"][0], found["dbeta"][0]], [2.5, 5])
    close("zeros", [found["dx"].sum(), found["dx"] @ standard(X)], [0, 0])


@case("theorem")
def hidden(place):
    """Ones: h - mean(h) = 0 and mean(h xhat) = 0, so dx = 0 without the last term, too, and whatever r is: neither error shows.
    dy = x: h - mean(h) is sigma xhat and so is the last term; dx = 0. Without that term it is xhat, which shows; twice
    nothing does not. Draw the upstream at random."""
    r, xhat = 1 / X.std(), standard(X)
    for dy, without in ((np.ones(5), np.zeros(5)), (X, xhat)):
        close(f"dx of {dy}", asked(place, "layer", X, dy, "--eps", "0")["dx"], np.zeros(5))
        close(f"{dy} without the last term", r * (dy - dy.mean()), without)
        close(f"{dy} with twice r", 2 * r * (dy - dy.mean() - xhat * np.mean(dy * xhat)), np.zeros(5))


@case("theorem")
def without_mean(place):
    """The path over the mean: dx = r (h - xhat mean(h xhat)), r = 1 / sqrt(mean(x^2) + eps)."""
    gamma, eps = 1.7, 0.01
    r = 1 / np.sqrt(np.mean(X**2) + eps)
    xhat, h = X * r, gamma * DY
    found = asked(place, "layer(center=no)", X, DY, "--eps", str(eps), gamma=[gamma])
    close("dx", found["dx"], r * (h - xhat * np.mean(h * xhat)))


@case("theorem")
def two_elements(place):
    """xhat_a = (a - b) / 2 / sqrt(d^2 / 4 + eps) =: s / sqrt(s^2 + eps) with s = (a - b) / 2. Its derivative by a is half of
    eps / (s^2 + eps)^(3/2): with d = 2 about half of eps, 5e-6. Without eps it is 0: a sign does not move."""
    eps = 1e-5
    answer = 0.5 * eps / (1 + eps)**1.5
    close("derivative", answer, 5e-6, 1e-4)
    for sign in (1, -1):
        x = np.array([3.0, 3.0 - 2 * sign])
        found = asked(place, "layer", x, [1, 0])["dx"]
        close("dx", found, [answer, -answer], 1e-16)


@case("theorem")
def longer_weights(place):
    """W -> (1 + t) W makes x -> (1 + t) x, which changes nothing: the derivative of the loss along W is 0, and that is <W, dW>.
    A step W - eta dW is at right angles to W, so |W|^2 grows by eta^2 |dW|^2: weights in front of a normalizer only grow,
    unless decay shortens them."""
    draw = np.random.RandomState(5)
    W, z, dy = draw.standard_normal((6, 4)), draw.standard_normal(4), draw.standard_normal(6)
    dW = np.outer(asked(place, "layer", W @ z, dy, "--eps", "0")["dx"], z)
    check(np.abs(dW).max() > 0.01, f"dW is nothing: {dW}")
    close("<W, dW>", np.sum(W * dW), 0)
    close("length", np.sum((W - 0.1 * dW)**2), np.sum(W**2) + 0.01 * np.sum(dW**2))


@case("example")
def constant_deviation(place):
    """dx = (dy - mean(dy)) / sigma = (-1, 0, 1, -1, 1) / 2. Its sum is still 0; its product with xhat is (1.5 - 0.5 + 1.5) / 2,
    not 0. The derivative of what the program computes by differences is another."""
    dx = (DY - DY.mean()) / X.std()
    close("dx", dx, np.array([-1, 0, 1, -1, 1]) / 2)
    close("sums", [dx.sum(), dx @ standard(X)], [0, 1.25])
    true = [(DY @ standard(X + step) - DY @ standard(X - step)) / 2e-6 for step in 1e-6 * np.eye(5)]
    found = asked(place, "layer", X, DY, "--eps", "0")["dx"]
    close("the program", found, true, 1e-9)
    check(np.abs(dx - found).max() > 0.3, f"the same: {dx}, {found}")


if __name__ == "__main__":
    main()
