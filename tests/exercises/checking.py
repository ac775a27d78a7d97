#!/usr/bin/python3 -B
"""Solutions of the exercises of notes/15-checking.md. Each computes an answer and asks numpy, the program or the published
file for it."""

import os
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from applied import applied
from program import HOME, case, check, main, same

X, U = np.array([1.0, 3, 4, 5, 7]), np.array([1.0, -2, 3, 0, 2])


def close(what, got, expected, within=1e-14):
    check(np.allclose(got, expected, rtol=within, atol=within), f"{what}: {got}, expected {expected}")


def five(values):
    return np.reshape(values, (1, 1, 5))


@case("example")
def best_step(place):
    """1. The derivative of the error is 0 where h^3 = 3 eps |f / f'''|: for exp 9e-6, with an error of 4e-11, ten digits. In the
    figure the central difference keeps ten, nine and seven digits; at the triangle seven, six and none."""
    epsilon = 2.0**-52
    error = lambda h: h**2 / 6 + epsilon / h
    best = (3 * epsilon) ** (1 / 3)
    check(8e-6 < best < 9e-6 and 3e-11 < error(best) < 4e-11, f"{best}: {error(best)}")
    check(error(best) < min(error(0.9 * best), error(1.1 * best)), "not the least")
    steps = 10.0 ** np.arange(-12, 0)
    found = np.abs((np.exp(steps) - np.exp(-steps)) / (2 * steps) - 1)
    check(1e-6 <= steps[np.argmin(found)] <= 1e-4 and found.min() < error(best), f"exp itself: {found}")
    with h5py.File(os.path.join(HOME, "data", "checking.h5"), "r") as file:
        rules, judges = ([name.decode() for name in file["steps"][kind][()]] for kind in ("rule", "oracle"))
        central = file["steps/rule_error"][:, rules.index("central difference")]
        five_points = file["steps/rule_error"][:, rules.index("five-point rule")]
        triangle = file["steps/oracle_error"][:, judges.index("central, step cbrt(eps) |x|")]
        same("means", list(file["steps/mean"][()]), [0, 1e3, 1e6])
    digits = lambda errors: [int(-np.log10(e)) for e in errors]
    same("at the best step", digits(central.min(1)), [10, 9, 7])
    same("at the triangle", digits(triangle), [7, 6, 0])
    check(0.2 < triangle[2] < 0.3 and np.all(five_points.min(1) < central.min(1) / 50), f"{triangle}, {five_points.min(1)}")


def backward(u, *, root=1.0):
    """By the tape, upwards from the quotient y = d / std; `root`: what the rule of the root is multiplied by."""
    d = X - X.mean()
    std = np.sqrt(np.mean(d**2))
    of_std = np.sum(-u * d / std**2)
    of_variance = root * of_std / (2 * std)
    of_d = u / std + 2 * d * of_variance / 5
    return of_d - of_d.mean()


@case("example")
def ones_hide(place):
    """2. Of ones zeros, as it should be: the std's adjoint is minus the sum of u y over std, and y sums to 0, so it does not matter
    what the root makes of 0. From u the third term of (P-6) doubles, and all but the middle number are wrong."""
    ones = np.ones(5)
    true = lambda u: applied(place, "layer", five(X), "--eps", "0", dy=five(u))["dx"].ravel()
    close("right", backward(U), true(U))
    close("ones", backward(ones, root=2.0), true(ones))
    wrong = backward(U, root=2.0)
    close("u", wrong, [0.85, -1.15, 1.1, -0.65, -0.15])
    same("wrong", list(np.abs(wrong - true(U)) > 1e-3), [True, True, False, True, True])


@case("theorem")
def which_sum(place):
    """3. Without mean(h) the first sum is r times the sum of h; the second does not see it, since xhat sums to 0. Without the
    term of xhat the first is still 0; the second is r sum(h xhat), v/eps times too much. With the other r both terms are r times
    those of another xhat, and the first is still 0; the second is not what (C-3) says."""
    epsilon, h = 1e-2, U * 0.7
    d = X - X.mean()
    v = np.mean(d**2)
    r = 1 / np.sqrt(v + epsilon)
    xhat, other = d * r, 1 / (np.sqrt(v) + epsilon)
    terms = h, -np.mean(h), -xhat * np.mean(h * xhat)
    outside = other * (h - np.mean(h) - d * other * np.mean(h * d * other))
    wrong = {"right": r * sum(terms), "mean": r * (terms[0] + terms[2]), "xhat": r * (terms[0] + terms[1]), "outside": outside}
    close("dx", wrong["right"], applied(place, "layer", five(X), "--eps", "0.01", gamma=[0.7], dy=five(U))["dx"].ravel())
    notices = {name: (abs(np.sum(dx)) > 1e-12,
                      abs(np.sum(xhat * dx) - epsilon / (v + epsilon) * r * np.sum(h * xhat)) > 1e-12)
               for name, dx in wrong.items()}
    same("first, second", notices, {"right": (False, False), "mean": (True, False), "xhat": (False, True), "outside": (False, True)})


@case("example")
def complex_step(place):
    """4. The imaginary part over h is the slope to the last digits. abs() is no operation on complex numbers that has a
    derivative: it gives the length, whose imaginary part is 0, so the variance seems to be constant."""
    def slopes(square):
        found = []
        for unit in np.eye(5):
            z = X + 1e-30j * unit
            d = z - np.mean(z)
            found.append(np.imag(np.sum(U * d / np.sqrt(np.mean(square(d))))) / 1e-30)
        return np.array(found)

    true = applied(place, "layer", five(X), "--eps", "0", dy=five(U))["dx"].ravel()
    close("fifteen digits", slopes(lambda d: d * d), true, 2e-15)
    close("of a constant variance", slopes(lambda d: abs(d) ** 2), (U - U.mean()) / 2)
    check(np.max(np.abs((U - U.mean()) / 2 - true)) > 0.3, "abs changes nothing")


if __name__ == "__main__":
    main()
