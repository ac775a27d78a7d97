#!/usr/bin/python3 -B
"""`normlab apply` against arithmetic that shares nothing with it: numpy (doubles; long complex doubles for the second
derivatives) and Python's decimals of sixty digits.

Everything is restated from the definition: a cell is a set of indices of x [N, C, L], with one mean and one variance.
"""

import itertools
from decimal import Decimal, getcontext

import h5py
import numpy as np

from program import check, case, main

EPS = np.finfo(np.float64).eps
SPECS = ("none", "batch", "layer", "instance", "group:2", "group:size=1", "position", "ghost:2")
SHAPES = ((4, 6), (2, 4, 5), (4, 4, 3, 2), (2, 6, 2, 3, 2))
KEEP_STATE = ("batch", "ghost:2")


def cells(spec, shape):
    """The number of each element's cell, in the order of x; None: no statistics."""
    n, c, l = np.indices((shape[0], shape[1], int(np.prod(shape[2:]))))
    channels = shape[1]
    cell = {"batch": c, "layer": n, "instance": n * channels + c, "group:2": n * channels + c // (channels // 2),
            "group:size=1": n * channels + c, "position": n * l.size + l, "ghost:2": n // 2 * channels + c}
    return None if spec == "none" else np.unique(cell[spec].ravel(), return_inverse=True)[1]


def channel_of(shape):
    return np.indices((shape[0], shape[1], int(np.prod(shape[2:]))))[1].ravel()


# ---- numpy --------------------------------------------------------------------------------------------------------


class Reference:
    """y and dx of rows of x [..., elements] in any dtype: means over cells are sums over index lists."""

    def __init__(self, spec, shape, eps, state=None):
        self.cell, self.channel, self.eps = cells(spec, shape), channel_of(shape), eps
        self.state = state if state and spec in KEEP_STATE else None
        if self.state:
            self.cell = None
        count = 0 if self.cell is None else self.cell.max() + 1
        self.lists = [np.flatnonzero(self.cell == k) for k in range(count)]

    def mean(self, rows):
        """The mean of its cell at every element; x[0] is subtracted first."""
        out = np.empty_like(rows)
        for index in self.lists:
            first = rows[..., index[:1]]
            out[..., index] = first + (rows[..., index] - first).mean(axis=-1, keepdims=True)
        return out

    def standard(self, x):
        """xhat and 1/std."""
        if self.cell is None and self.state is None:
            return x, np.ones_like(x)
        if self.state:
            mean, variance = (v[self.channel].astype(x.dtype) for v in self.state)
            rstd = 1 / np.sqrt(variance + self.eps)
            return (x - mean) * rstd, rstd * np.ones_like(x)
        centred = x - self.mean(x)
        rstd = 1 / np.sqrt(self.mean(centred * centred) + self.eps)
        return centred * rstd, rstd

    def dx(self, x, gamma, dy):
        xhat, rstd = self.standard(x)
        h = gamma[..., self.channel] * dy
        if self.cell is None:
            return rstd * h
        return rstd * (h - self.mean(h) - xhat * self.mean(h * xhat))

    def first_order(self, x, gamma, beta, dy):
        xhat, _ = self.standard(x)
        per_channel = [np.flatnonzero(self.channel == c) for c in range(gamma.size)]
        return {"y": gamma[self.channel] * xhat + beta[self.channel], "dx": self.dx(x, gamma, dy),
                "dgamma": np.array([(dy * xhat)[i].sum() for i in per_channel]),
                "dbeta": np.array([dy[i].sum() for i in per_channel])}

    def second_order(self, x, gamma, dy, v):
        """Gradients of s = <dx, v> by complex steps in long doubles: no subtraction, no truncation."""
        step = np.longdouble(1e-40)
        long = [a.astype(np.clongdouble) for a in (x, gamma, dy)]
        result = {}
        for at, name in enumerate(("ds_dx", "ds_dgamma", "ds_ddy")):
            moved = [a[None, :] for a in long]
            moved[at] = moved[at] + 1j * step * np.eye(long[at].size)
            if at != 0:
                moved[0] = np.repeat(moved[0], long[at].size, axis=0)
            dx = self.dx(*moved)
            result[name] = ((dx * v).sum(axis=-1).imag / step).astype(float)
        return result


def call(place, spec, arrays, *options, talk=""):
    """What `apply` makes of these arrays, flat."""
    with h5py.File(place.path("in.h5"), "w") as file:
        for name, values in arrays.items():
            file[name] = values
    place.good("apply", spec, "in.h5", "out.h5", *options)
    check(place.talk.count("\n") == (1 if talk else 0) and talk in place.talk, f"{spec}: stderr {place.talk!r}")
    with h5py.File(place.path("out.h5"), "r") as file:
        sets = []
        file.visititems(lambda name, found: sets.append(name) if isinstance(found, h5py.Dataset) else None)
        for name in sets:
            expected = arrays["x"].shape if name in ("y", "dx", "ds_dx", "ds_ddy") else arrays["x"].shape[1:2]
            check(file[name].shape == expected, f"{spec}: /{name} has shape {file[name].shape}")
        return {name: file[name][()].ravel() for name in sets}


def arrays_of(rng, shape, ratio=1.0):
    c = shape[1]
    return {"x": rng.normal(size=shape) + ratio, "gamma": rng.normal(size=c), "beta": rng.normal(size=c),
            "dy": rng.normal(size=shape), "v": rng.normal(size=shape)}


def compare(what, got, expected, tolerance):
    check(sorted(got) == sorted(expected), f"{what}: data sets {sorted(got)}, expected {sorted(expected)}")
    for name, values in expected.items():
        error, scale = np.abs(got[name] - values).max(), np.abs(values).max()
        check(error <= tolerance * scale, f"{what}: /{name} differs by {error:.3g} of {scale:.3g}")


def flat(arrays, *names):
    return [arrays[name].ravel() for name in names]


def one_element(spec, shape):
    cell = cells(spec, shape)
    return cell is not None and np.bincount(cell).min() == 1


def compare_first_order(place, mode, seed):
    rng = np.random.default_rng(seed)
    for spec, shape in itertools.product(SPECS, SHAPES):
        if one_element(spec, shape) and not (mode == "eval" and spec in KEEP_STATE):
            continue
        arrays = arrays_of(rng, shape)
        del arrays["v"]
        state = None
        if mode == "eval" and spec in KEEP_STATE:
            state = rng.normal(size=shape[1]), rng.uniform(0.1, 2, size=shape[1])
            arrays.update(running_mean=state[0], running_var=state[1])
        got = call(place, spec, arrays, "--mode", mode)
        reference = Reference(spec, shape, 1e-5, state)
        compare(f"{spec} on {shape}, {mode}", got,
                reference.first_order(*flat(arrays, "x", "gamma", "beta", "dy")), 1e-12)


@case("oracle")
def numpy_train(place):
    compare_first_order(place, "train", 1)


@case("oracle")
def numpy_eval(place):
    compare_first_order(place, "eval", 2)


@case("oracle")
def numpy_eps(place):
    """--eps and eps= are the same number, inside the root."""
    rng = np.random.default_rng(3)
    shape = (2, 4, 5)
    for spec, options in (("group:2", ("--eps", "0.25")), ("group(2, eps=0.25)", ())):
        arrays = arrays_of(rng, shape)
        del arrays["v"]
        expected = Reference("group:2", shape, 0.25).first_order(*flat(arrays, "x", "gamma", "beta", "dy"))
        compare(spec, call(place, spec, arrays, *options), expected, 1e-12)


@case("oracle")
def defaults(place):
    """Without gamma and beta: 1 and 0; without dy, y alone. Floats and integers are read as doubles."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, 4, 5))
    plain = call(place, "group:2", {"x": x})
    check(sorted(plain) == ["y"], f"data sets {sorted(plain)}")
    given = call(place, "group:2", {"x": x, "gamma": np.ones(4), "beta": np.zeros(4)})
    check(np.array_equal(plain["y"], given["y"]), "gamma = 1 and beta = 0 are not the defaults")
    without = call(place, "group(2, gamma=no, beta=no)", {"x": x, "dy": x})
    check(sorted(without) == ["dx", "y"], f"gamma=no, beta=no: data sets {sorted(without)}")
    for dtype in ("f4", ">f4", "i2", "u1", "i8"):
        rounded = np.abs(100 * x).astype(dtype)
        narrow, wide = (call(place, "batch", {"x": a, "dy": a}) for a in (rounded, rounded.astype("f8")))
        check(all(np.array_equal(narrow[k], wide[k]) for k in wide), f"{dtype} is not read as its values")


@case("oracle")
def second_order(place):
    """ds_dx, ds_ddy, ds_dgamma for every base spec, ranks 2 to 5, train and eval."""
    rng = np.random.default_rng(5)
    for (spec, shape), mode in itertools.product(itertools.product(SPECS, SHAPES), ("train", "eval")):
        if one_element(spec, shape) or (mode == "eval" and spec not in KEEP_STATE):
            continue
        arrays, state = arrays_of(rng, shape), None
        if mode == "eval":
            state = rng.normal(size=shape[1]), rng.uniform(0.1, 2, size=shape[1])
            arrays.update(running_mean=state[0], running_var=state[1])
        got = call(place, spec, arrays, "--mode", mode)
        reference = Reference(spec, shape, 1e-5, state)
        expected = reference.second_order(*flat(arrays, "x", "gamma", "dy", "v"))
        compare(f"{spec} on {shape}, {mode}", {name: got.get(name) for name in expected}, expected, 1e-9)
        check(len(got) == 7, f"{spec}: data sets {sorted(got)}")


# ---- sixty digits -------------------------------------------------------------------------------------------------

getcontext().prec = 60


def exact(values):
    return [Decimal(float(v)) for v in values]


def decimal_cell(x, h, eps):
    """xhat, 1/std and dx of one cell."""
    m = len(x)
    mean = sum(x) / m
    centred = [v - mean for v in x]
    rstd = 1 / (sum(c * c for c in centred) / m + eps).sqrt()
    xhat = [c * rstd for c in centred]
    first, second = sum(h) / m, sum(a * b for a, b in zip(h, xhat)) / m
    return xhat, rstd, [rstd * (a - first - b * second) for a, b in zip(h, xhat)]


def check_bars(what, spec, arrays, got, eps=1e-5):
    """Forward: 4 eps (|gamma| max|xhat| + |beta|); backward: 32 eps max|h| rstd (1 + max|xhat|); by cell."""
    shape = arrays["x"].shape
    cell, channel = cells(spec, shape), channel_of(shape)
    x, gamma, beta, dy = (exact(a) for a in flat(arrays, "x", "gamma", "beta", "dy"))
    unit, eps = Decimal(float(EPS)), Decimal(float(eps))
    for k in range(cell.max() + 1):
        index = np.flatnonzero(cell == k)
        h = [gamma[channel[i]] * dy[i] for i in index]
        xhat, rstd, dx = decimal_cell([x[i] for i in index], h, eps)
        most = max(abs(a) for a in xhat)
        backward = 32 * unit * max(abs(a) for a in h) * rstd * (1 + most)
        for i, a, d in zip(index, xhat, dx):
            c = channel[i]
            off = abs(Decimal(float(got["y"][i])) - (gamma[c] * a + beta[c]))
            forward = 4 * unit * (abs(gamma[c]) * most + abs(beta[c]))
            check(off <= forward, f"{what}: y[{i}] is off by {off / forward * 4:.3g} eps, allowed 4")
            off = abs(Decimal(float(got["dx"][i])) - d)
            check(off <= backward, f"{what}: dx[{i}] is off by {off / backward * 32:.3g} eps, allowed 32")


def hard_data(rng, shape, ratio):
    """Plain, a few values repeated, and all alike but one; with mean = ratio x std."""
    c = np.exp(rng.normal(size=shape))
    yield "plain", c + ratio
    yield "repeated", rng.integers(-1, 2, size=shape) * 1.1 + ratio
    lonely = np.full(shape, float(ratio) + 0.1)
    lonely.ravel()[0] += 1
    yield "lonely", lonely


def compare_bars(place, ratio):
    rng = np.random.default_rng(int(ratio) % 1000 + 6)
    for spec, shape in itertools.product(SPECS[1:], ((4, 6), (2, 4, 5), (2, 4, 3, 3))):
        if one_element(spec, shape):
            continue
        for name, x in hard_data(rng, shape, ratio):
            arrays = arrays_of(rng, shape)
            arrays["x"] = x
            del arrays["v"]
            got = call(place, spec, arrays)
            check_bars(f"{spec} on {shape}, {name}, |mean|/std {ratio:g}", spec, arrays, got)


@case("oracle")
def digits(place):
    compare_bars(place, 0.0)


@case("oracle")
def digits_1e4(place):
    compare_bars(place, 1e4)


@case("oracle")
def digits_1e8(place):
    compare_bars(place, 1e8)


@case("oracle")
def constants(place):
    """Cells of zero variance give beta exactly, whatever the value."""
    shape = (2, 4, 3, 3)
    beta = np.array([0.1, -3.0, 1e-17, 7e5])
    for spec in ("batch", "layer", "instance", "group:2", "position", "ghost:2"):
        for value in (0.0, 0.1, -1e8 / 3, 1e300):
            got = call(place, spec, {"x": np.full(shape, value), "gamma": np.arange(1.0, 5), "beta": beta})
            check(np.array_equal(got["y"], beta[channel_of(shape)]), f"{spec} on the constant {value!r}: y is not beta")


@case("oracle")
def gates(place):
    """Parameters beside gamma and beta: /param/NAME in, /dparam/NAME and /ds_dparam/NAME out."""
    rng = np.random.default_rng(8)
    x, dy, gate = rng.normal(size=(4, 8, 3, 3)), rng.normal(size=(4, 8, 3, 3)), rng.normal(size=8)
    by_batch = (x - x.mean((0, 2, 3), keepdims=True)) / np.sqrt(x.var((0, 2, 3), keepdims=True) + 1e-5)
    cells = x.reshape(4, 2, -1)
    by_group = (cells - cells.mean(2, keepdims=True)) / np.sqrt(cells.var(2, keepdims=True) + 1e-5)
    by_group = by_group.reshape(x.shape)
    share = (1 / (1 + np.exp(-gate)))[:, None, None]
    slope = (share * (1 - share))[:, 0, 0]
    expected = {"y": share * by_batch + (1 - share) * by_group,
                "dparam/gate": slope * (dy * (by_batch - by_group)).sum((0, 2, 3))}
    got = call(place, "blend(batch, group(2))", {"x": x, "dy": dy, "v": dy, "param/gate": gate})
    for name, value in expected.items():
        error = np.abs(got[name] - value.ravel()).max()
        check(error <= 1e-12, f"{name} differs from numpy's by {error}")
    check(got["ds_dparam/gate"].shape == (8,), f"data sets {sorted(got)}")


@case("oracle")
def moving(place):
    """Two averages are read in training, which says that dx is no derivative; one in evaluation."""
    rng = np.random.default_rng(9)
    x, dy, gamma = rng.normal(size=(2, 3, 5)), rng.normal(size=(2, 3, 5)), rng.normal(size=(3, 1))
    square, product = np.array([[0.5], [1.0], [2.0]]), np.array([[1.0], [-2.0], [0.5]])
    one = 0.9 * square + 0.1 * (x * x).mean((0, 2), keepdims=True)
    xhat = x / np.sqrt(one + 1e-5)
    both = 0.9 * product + 0.1 * (gamma * dy * xhat).mean((0, 2), keepdims=True)
    arrays = {"x": x, "dy": dy, "gamma": gamma.ravel(), "running_square": square.ravel()}
    expected = {"y": gamma * xhat, "dx": (gamma * dy - xhat * both) / np.sqrt(one + 1e-5)}
    trained = call(place, "mabn", {**arrays, "running_product": product.ravel()}, talk="no derivative, by design")
    evaluated = call(place, "mabn", arrays, "--mode", "eval")
    for name, value in expected.items():
        error = np.abs(trained[name] - value.ravel()).max()
        check(error <= 1e-14, f"{name} differs from numpy's by {error}")
    error = np.abs(evaluated["y"] - (gamma * x / np.sqrt(square + 1e-5)).ravel()).max()
    check(error <= 1e-14, f"y of evaluation differs from numpy's by {error}")


@case("oracle")
def lonely_cells(place):
    """Cells of one element: y is beta, dx is zero, both exactly, and one line says so."""
    rng = np.random.default_rng(7)
    for spec, shape in (("instance", (3, 4)), ("batch", (1, 4)), ("ghost:1", (3, 4)), ("group:4", (2, 4, 1)),
                        ("position", (2, 1, 3)), ("group:size=1", (2, 3, 1, 1))):
        arrays = arrays_of(rng, shape)
        got = call(place, spec, arrays, talk="one element")
        check(np.array_equal(got["y"], arrays["beta"][channel_of(shape)]), f"{spec} on {shape}: y is not beta")
        for name in ("dx", "dgamma"):
            check(not got[name].any(), f"{spec} on {shape}: {name} is not zero")


if __name__ == "__main__":
    main()
