#!/usr/bin/python3 -B
"""Solutions of the exercises of notes/14-tape.md. Each computes an answer and asks the program, the small tape or
differences for it."""

import os
import sys

import numpy as np

TESTS = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path[:0] = [TESTS, os.path.join(TESTS, "book")]
from applied import applied
from program import case, check, main, same
from small_tape import FIVE, U, nodes, small_tape

X = np.array(FIVE)


def close(what, got, expected, within=1e-14):
    check(np.allclose(got, expected, rtol=within, atol=within), f"{what}: {got}, expected {expected}")


def slopes(f, x, step=1e-5):
    """Central differences of f, a number or an array, by each element of x: [outputs, inputs]."""
    unit = np.eye(x.size) * step
    return np.array([(f(x + e) - f(x - e)) / (2 * step) for e in unit]).T


@case("example")
def one_output(place):
    """1. From the bottom up, L = y5: the adjoint of y is u, of the quotient's operands u/2 and, at the fifth place alone,
    -1.5/2 = -3/4, so of the std -3/4, of the variance -3/16, of the sum of squares -3/80, of d its 2 d (-3/80) more. The mean
    takes minus the sum of these, x a fifth of that."""
    u = np.array([0, 0, 0, 0, 1.0])
    d = np.array([-3.0, -1, 0, 1, 3])
    of_d = u / 2 - 3 / 40 * d
    answer = of_d - np.sum(of_d) / 5
    close("by hand", answer, [0.125, -0.025, -0.1, -0.175, 0.175])
    found = applied(place, "layer", X.reshape(1, 1, 5), "--eps", "0", dy=u.reshape(1, 1, 5))
    close("dx", found["dx"].ravel(), answer)


@case("example")
def softmax(place):
    """2. exp hands on g y. p = e / spread(sum(e)), e = exp(z), L = -log p2. Backwards: p2 has -1/p2, the others 0. The quotient
    gives e an adjoint g/s and the spread sum -g p/s, whose sum is 1/s: so e has (p2's -1/p2 + 1)/s, and z that times e."""
    z = np.array([0.3, -1.2, 2.0])
    e = np.exp(z)
    s = np.sum(e)
    p = e / s
    of_p = np.array([0, -1 / p[1], 0])
    of_e = of_p / s + np.sum(-of_p * p / s)
    of_z = of_e * e
    close("dz", of_z, p - [0, 1, 0])
    close("beside differences", of_z, slopes(lambda z: -np.log(np.exp(z[1]) / np.sum(np.exp(z))), z), 1e-8)


@case("theorem")
def transposes(place):
    """3. The adjoint is the transposed matrix: of sum, spread; of the slice, zeros put back on both sides (pad); of the running
    sum, the running sum from the other end."""
    total, middle, running = np.ones((1, 5)), np.eye(5)[1:4], np.tril(np.ones((5, 5)))
    g = np.array([2.0, -1, 5, 0.5, 3])
    close("running sum", running @ X, np.cumsum(X))
    close("spread", total.T @ [7.0], np.full(5, 7.0))
    close("pad", middle.T @ g[:3], np.concatenate([[0], g[:3], [0]]))
    close("from the other end", running.T @ g, np.cumsum(g[::-1])[::-1])


@case("example")
def counted(place):
    """4. One node for dL/dL. A sum's rule writes 1, spread 1, neg 1, add 0, mul 2, root 2, over 3. Each further contribution to a
    node that has one is an add: to d twice (both operands of the square), to x and m once."""
    written = {"sum": 1, "spread": 1, "neg": 1, "add": 0, "mul": 2, "root": 2, "over": 3, "leaf": 0}
    tape = nodes()
    uses = [sum(k in operands for _, operands, _, _ in tape) + sum(operands == [k, k] for _, operands, _, _ in tape)
            for k in range(len(tape))]
    same("added", sum(max(n - 1, 0) for n in uses), 4)
    same("nodes", 1 + sum(written[op] for op, *_ in tape) + 4, 26)
    same("as it counts", list(small_tape()["nodes"][:2]), [16, 16 + 26])


@case("example")
def forward_mode(place):
    """5. One pass gives the effect of one input on all outputs, a column of the Jacobian. The gradient of L takes five."""
    def standardized(x, moves):
        m = x.size
        mean, dmean = np.sum(x) / m, np.sum(moves) / m
        d, dd = x - mean, moves - dmean
        variance, dvariance = np.sum(d * d) / m, np.sum(2 * d * dd) / m
        std = np.sqrt(variance)
        dstd = dvariance / (2 * std)
        y = d / std
        return y, (dd - y * dstd) / std

    passes = [standardized(X, e)[1] for e in np.eye(5)]
    close("gradient", [np.sum(U * one) for one in passes], small_tape()["first"])
    u = np.eye(5)
    column = [applied(place, "layer", X.reshape(1, 1, 5), "--eps", "0", dy=each.reshape(1, 1, 5))["dx"].ravel()[0] for each in u]
    close("by x1", passes[0], column)


if __name__ == "__main__":
    main()
