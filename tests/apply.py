#!/usr/bin/python3 -B
"""`normlab apply` against arithmetic that shares nothing with it: numpy (doubles; long complex doubles for the second
derivatives) and Python's decimals of sixty digits.

Everything is restated from the definition: a cell is a set of indices of x [N, C, L], with one mean and one variance.
"""

import itertools
import os
from decimal import Decimal, getcontext

import h5py
import numpy as np

from program import PROGRAM, check, case, main, same

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


def cells_shape(spec, shape, given):
    """The shape of /mean and /rstd."""
    n, c = shape[:2]
    return (c,) if given else {"batch": (c,), "layer": (n,), "instance": (n, c), "group:2": (n, 2), "group:size=1": (n, c),
                               "position": (n, *shape[2:]), "ghost:2": (n // 2, c)}[spec]


def channel_of(shape):
    return np.indices((shape[0], shape[1], int(np.prod(shape[2:]))))[1].ravel()


# ---- numpy --------------------------------------------------------------------------------------------------------


class Reference:
    """y and dx of rows of x [..., elements] in any dtype: means over cells are sums over index lists."""

    def __init__(self, spec, shape, eps, state=None, mask=None):
        self.cell, self.channel, self.eps = cells(spec, shape), channel_of(shape), eps
        self.spec, self.shape = spec, shape
        self.state = state if state and spec in KEEP_STATE else None
        if self.state:
            self.cell = None
        count = 0 if self.cell is None else self.cell.max() + 1
        positions = (shape[0], 1, int(np.prod(shape[2:])))
        belongs = np.ones(positions, bool) if mask is None else mask.astype(bool).reshape(positions)
        self.belongs = np.broadcast_to(belongs, (shape[0], shape[1], positions[2])).ravel()
        self.lists = [np.flatnonzero((self.cell == k) & self.belongs) for k in range(count)]

    def mean(self, rows):
        """The mean of its cell at every element; x[0] is subtracted first."""
        out = np.zeros_like(rows)
        for index in self.lists:
            if index.size == 0:
                continue
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
        h = gamma[..., self.channel] * dy * self.belongs
        if self.cell is None:
            return rstd * h
        return rstd * (h - self.mean(h) - xhat * self.mean(h * xhat))

    def moments(self, x):
        """Mean and 1/std of the cells; after training the running moments, which began at 0 and 1."""
        if self.spec == "none":
            return {}
        if self.state:
            return {"mean": self.state[0], "rstd": 1 / np.sqrt(self.state[1] + self.eps)}
        found = {"mean": np.array([x[i].mean() if i.size else 0.0 for i in self.lists]),
                 "rstd": np.array([1 / np.sqrt((x[i].var() if i.size else 0.0) + self.eps) for i in self.lists])}
        if self.spec in KEEP_STATE:  # of the blocks that have them
            block = [self.lists[c::self.shape[1]] for c in range(self.shape[1])]
            means = np.array([np.mean([x[i].mean() for i in of if i.size]) for of in block])
            unbiased = np.array([np.mean([x[i].var(ddof=1) for i in of if i.size > 1]) for of in block])
            found.update(running_mean=0.1 * means, running_var=0.9 + 0.1 * unbiased)
        return found

    def first_order(self, x, gamma, beta, dy):
        xhat, _ = self.standard(x)
        per_channel = [np.flatnonzero((self.channel == c) & self.belongs) for c in range(gamma.size)]
        return {"y": (gamma[self.channel] * xhat + beta[self.channel]) * self.belongs, "dx": self.dx(x, gamma, dy),
                "dgamma": np.array([(dy * xhat)[i].sum() for i in per_channel]),
                "dbeta": np.array([dy[i].sum() for i in per_channel]), **self.moments(x)}

    def second_order(self, x, gamma, dy, v):
        """Gradients of s = <dx, v> by complex steps in long doubles: no subtraction, no truncation. beta is not in s."""
        step = np.longdouble(1e-40)
        long = [a.astype(np.clongdouble) for a in (x, gamma, dy)]
        result = {"ds_dbeta": np.zeros(gamma.size)}
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
        file.visititems(lambda name, found: sets.append(name) if isinstance(found, h5py.Dataset) and not h5py.h5ds.is_scale(found.id) else None)
        for name in sets:
            shape, channels = arrays["x"].shape, arrays["x"].shape[1:2]
            expected = shape if name in ("y", "dx", "ds_dx", "ds_ddy") else channels
            if name in ("mean", "rstd"):
                expected = cells_shape(spec, shape, "eval" in options and spec in KEEP_STATE) if spec in SPECS else file[name].shape
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
def numpy_forms(place):
    """Unbiased variances and eps outside of the root: y, the cells' moments, and dx by a complex step."""
    rng = np.random.default_rng(8)
    shape, eps, step = (2, 4, 3), 0.25, 1e-40
    arrays = arrays_of(rng, shape)
    del arrays["v"]
    x, gamma, beta, dy = flat(arrays, "x", "gamma", "beta", "dy")
    channel = channel_of(shape)
    for spec, unbiased, outside in itertools.product(("batch", "group:2", "position", "layer"), (False, True), (False, True)):
        said = f"{spec}:eps={eps}" + ":variance=unbiased" * unbiased + ":eps_outside=yes" * outside
        cell = cells(spec, shape)

        def moments(x):
            lists = [np.flatnonzero(cell == k) for k in range(cell.max() + 1)]
            mean = np.array([x[i].mean() for i in lists])
            variance = np.array([((x[i] - x[i].mean()) ** 2).sum() / (len(i) - unbiased) for i in lists])
            return mean, 1 / (np.sqrt(variance) + eps if outside else np.sqrt(variance + eps))

        def y(x):
            mean, rstd = moments(x)
            return gamma[channel] * (x - mean[cell]) * rstd[cell] + beta[channel]

        mean, rstd = moments(x)
        dx = [(dy @ y(x + 1j * step * one)).imag / step for one in np.eye(x.size)]
        got = call(place, said, arrays)
        expected = {"y": y(x), "mean": mean, "rstd": rstd, "dx": np.array(dx)}
        compare(said, {name: got[name] for name in expected}, expected, 1e-12)


@case("oracle")
def numpy_eps(place):
    """--eps and eps= are the same number, inside the root; 0 is one, too."""
    rng = np.random.default_rng(3)
    shape = (2, 4, 5)
    for spec, options in (("group:2", ("--eps", "0.25")), ("group(2, eps=0.25)", ()), ("group:2", ("--eps", "0"))):
        arrays = arrays_of(rng, shape)
        del arrays["v"]
        eps = 0 if "0" in options else 0.25
        expected = Reference("group:2", shape, eps).first_order(*flat(arrays, "x", "gamma", "beta", "dy"))
        compare(spec, call(place, spec, arrays, *options), expected, 1e-12)


@case("oracle")
def defaults(place):
    """Without gamma and beta: 1 and 0; without dy, y alone. Floats and integers are read as doubles."""
    rng = np.random.default_rng(4)
    x = rng.normal(size=(2, 4, 5))
    plain = call(place, "group:2", {"x": x})
    check(sorted(plain) == ["mean", "rstd", "y"], f"data sets {sorted(plain)}")
    given = call(place, "group:2", {"x": x, "gamma": np.ones(4), "beta": np.zeros(4)})
    check(np.array_equal(plain["y"], given["y"]), "gamma = 1 and beta = 0 are not the defaults")
    without = call(place, "group(2, gamma=no, beta=no)", {"x": x, "dy": x})
    check(sorted(without) == ["dx", "mean", "rstd", "y"], f"gamma=no, beta=no: data sets {sorted(without)}")
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
        first = reference.first_order(*flat(arrays, "x", "gamma", "beta", "dy"))
        compare(f"{spec} on {shape}, {mode}", {name: got.get(name) for name in expected}, expected, 1e-9)
        same(f"data sets of {spec}", sorted(got), sorted([*first, *expected]))


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


def wild(rng, mask, values):
    """The same, with NaN and worse where nothing belongs."""
    belongs = np.broadcast_to(mask[:, None], values.shape) == 1
    return np.where(belongs, values, rng.choice([np.nan, np.inf, -np.inf, 1e300], size=values.shape))


@case("oracle")
def masks(place):
    """What is in no cell: y and dx of 0, no part in any mean, derivative or running moment, whatever stands there."""
    rng = np.random.default_rng(22)
    shapes = ((6, 6), (4, 4, 5), (4, 4, 3, 2), (4, 4, 3, 1, 3))
    for (spec, shape), mode in itertools.product(itertools.product(SPECS, shapes), ("train", "eval")):
        if one_element(spec, shape) or (mode == "eval" and spec not in KEEP_STATE):
            continue
        mask = (rng.random((shape[0], *shape[2:])) < 0.7).astype(rng.choice(["u1", "f8", "i4"]))
        mask[0], mask[1] = 1, 0  # a whole sample, and none
        arrays, state = arrays_of(rng, shape), None
        if mode == "eval":
            state = rng.normal(size=shape[1]), rng.uniform(0.1, 2, size=shape[1])
            arrays.update(running_mean=state[0], running_var=state[1])
        reference = Reference(spec, shape, 1e-5, state, mask)
        x, gamma, beta, dy, v = flat(arrays, "x", "gamma", "beta", "dy", "v")
        v = v * reference.belongs
        expected = reference.first_order(x, gamma, beta, dy)
        got = call(place, spec, {**arrays, **{k: wild(rng, mask, arrays[k]) for k in ("x", "dy", "v")}, "mask": mask}, "--mode", mode)
        compare(f"{spec} on {shape}, {mode}", {k: got.get(k) for k in expected}, expected, 1e-12)
        second = reference.second_order(x, gamma, dy, v)
        compare(f"{spec} on {shape}, {mode}", {k: got.get(k) for k in second}, second, 1e-9)
        padding = ~reference.belongs
        check(not any(got[k][padding].any() for k in ("y", "dx", "ds_dx", "ds_ddy")), f"{spec} on {shape}: padding moves")
    ones = np.ones((4, 5))
    for spec in (*SPECS, "layer | batch", "evonorm(S0, groups=2)"):  # a mask of ones is none
        arrays = arrays_of(rng, (4, 4, 5))
        plain, whole = call(place, spec, arrays), call(place, spec, {**arrays, "mask": ones})
        compare(f"{spec} and a mask of ones", whole, plain, 1e-12)


@case("oracle")
def masked_axes(place):
    """A mask of [samples, positions] in whatever order the axes are said."""
    rng = np.random.default_rng(23)
    x, dy = rng.normal(size=(3, 5, 4, 2)), rng.normal(size=(3, 5, 4, 2))  # [T, C, N, M]
    mask = (rng.random((2, 4, 3)) < 0.6).astype(float)  # [M, N, T]
    words = ("--samples", "3,2", "--channels", "1")
    same("layer", talk_of(place, "layer", {"x": x, "dy": dy, "mask": mask}, *words), (0, ""))
    got = output(place)
    seen = np.transpose(x, (3, 2, 1, 0)).reshape(8, 5, 3)
    expected = Reference("layer", seen.shape, 1e-5, None, mask).first_order(
        seen.ravel(), np.ones(5), np.zeros(5), np.transpose(dy, (3, 2, 1, 0)).ravel())
    for name in ("y", "dx"):
        there = np.transpose(expected[name].reshape(2, 4, 5, 3), (3, 2, 1, 0))
        check(np.abs(got[name] - there).max() <= 1e-12, f"/{name} is another")
    same("shape of /mean", got["mean"].shape, (2, 4))
    images = np.moveaxis(seen.reshape(8, 5, 3, 1), 1, -1)
    same("last", talk_of(place, "layer", {"x": images, "mask": mask.reshape(8, 3, 1)}, "--layout", "channels-last"), (0, ""))
    check(np.array_equal(np.moveaxis(output(place)["y"], -1, 1).ravel(), np.transpose(got["y"], (3, 2, 1, 0)).ravel()), "last")


@case("oracle")
def given_moments(place):
    """/mean and /variance of the cells are constants: what the cells' own give, and dx = gamma dy / root; masks and axes too."""
    rng = np.random.default_rng(24)
    for (spec, shape), masked in itertools.product(itertools.product(SPECS[1:], ((4, 6), (2, 4, 5), (4, 4, 3, 2))), (False, True)):
        arrays = arrays_of(rng, shape)
        reference = Reference(spec, shape, 1e-5)
        mask = rng.random((shape[0], *shape[2:])) < 0.7
        belongs = np.broadcast_to(mask[:, None], shape).ravel() if masked else np.ones(arrays["x"].size, bool)
        count, of = reference.cell.max() + 1, reference.cell
        mean, variance = rng.normal(size=count), rng.uniform(0.1, 2, size=count)
        cells_of = cells_shape(spec, shape, False)
        x, gamma, beta, dy, v = flat(arrays, "x", "gamma", "beta", "dy", "v")
        channel, rstd = reference.channel, 1 / np.sqrt(variance + 1e-5)
        xhat = (x - mean[of]) * rstd[of]
        by = [np.flatnonzero((channel == c) & belongs) for c in range(shape[1])]
        expected = {"y": (gamma[channel] * xhat + beta[channel]) * belongs, "dx": gamma[channel] * dy * rstd[of] * belongs,
                    "mean": mean, "rstd": rstd, "ds_dx": 0 * x, "ds_ddy": gamma[channel] * v * rstd[of] * belongs,
                    "dgamma": np.array([(dy * xhat)[i].sum() for i in by]), "dbeta": np.array([dy[i].sum() for i in by])}
        given = {"mean": mean.reshape(cells_of), "variance": variance.reshape(cells_of)}
        if masked:
            given.update({k: wild(rng, mask.astype(int), arrays[k]) for k in ("x", "dy", "v")}, mask=mask.astype("u1"))
        got = call(place, spec, {**arrays, **given}, "--moments", "given")
        compare(f"{spec} on {shape}, given", {k: got[k] for k in expected}, expected, 1e-13)
        if spec in KEEP_STATE:
            check(not got["running_mean"].any() and (got["running_var"] == 1).all(), f"{spec}: the state moved")
    x = rng.normal(size=(2, 3, 4))
    for spec, variance in (("group(1, variance=unbiased)", x.var((1, 2), ddof=1)), ("layer(center=no, eps=0.25)", (x * x).mean((1, 2))),
                           ("layer(eps_outside=yes, eps=0.25)", x.var((1, 2)))):
        own = call(place, spec, {"x": x})
        given = {"x": x, "variance": variance.reshape(own["rstd"].shape if spec[0] == "l" else (2, 1))}
        if "center" not in spec:
            given["mean"] = x.mean((1, 2)).reshape(given["variance"].shape)
        compare(f"{spec}, given", call(place, spec, given, "--moments", "given"), own, 1e-13)
    words = ("--samples", "0", "--channels", "2,1")
    same("axes", talk_of(place, "group(size=3)", {"x": x}, *words), (0, ""))
    own = output(place)
    given = {"x": x, "mean": own["mean"], "variance": 1 / own["rstd"] ** 2 - 1e-5}
    same("shape of /mean", own["mean"].shape, (2, 4))
    same("axes", talk_of(place, "group(size=3)", given, *words, "--moments", "given"), (0, ""))
    check(np.abs(output(place)["y"] - own["y"]).max() <= 1e-9, "axes: its own moments give another y")


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


# ---- what IN holds, and what is said of it --------------------------------------------------------------------------


def talk_of(place, spec, arrays, *options, attributes=None):
    """(exit code, stderr) of `apply` on these arrays; attributes are /x's."""
    with h5py.File(place.path("in.h5"), "w") as file:
        for name, values in arrays.items():
            file[name] = values
        file["x"].attrs.update(attributes or {})
    code, _, err = place.run("apply", spec, "in.h5", "out.h5", *options)
    return code, err.decode()


def talk_of_file(place, spec, fill, *options):
    """The same of a file that fill(file) makes."""
    with h5py.File(place.path("in.h5"), "w") as file:
        fill(file)
    code, _, err = place.run("apply", spec, "in.h5", "out.h5", *options)
    return code, err.decode()


def output(place):
    found = {}
    with h5py.File(place.path("out.h5"), "r") as file:
        file.visititems(lambda name, item: found.update({name: item[()]})
                        if isinstance(item, h5py.Dataset) and not h5py.h5ds.is_scale(item.id) else None)
    return found


@case("example")
def packed(place):
    """Packed as CF has it is unpacked; missing values, and integers that are no doubles, are refused."""
    rng = np.random.default_rng(10)
    shape = (2, 4, 5)
    whole = rng.integers(-99, 99, size=shape).astype("i2")
    unpacked = {"scale_factor": 0.25, "add_offset": np.float32(3.5)}
    check(talk_of(place, "group(2)", {"x": whole}, attributes=unpacked) == (0, ""), "packed integers are not read")
    got = output(place)["y"]
    plain = call(place, "group(2)", {"x": whole * 0.25 + 3.5})["y"]
    check(np.array_equal(got.ravel(), plain), "packed integers are not unpacked")
    some = whole.ravel()[[3]]
    refused = [(whole, {"_FillValue": some[0]}, "missing (its _FillValue"),
               (whole, {"missing_value": np.array([-9999, some[0]], "i2")}, "missing (its missing_value"),
               ((whole * 0.1).astype("f4"), {"_FillValue": float(some[0]) * 0.1}, "missing"),
               (whole, {"valid_range": np.array([-50, 50], "i2")}, "outside"), (whole, {"valid_min": -50}, "outside"),
               (whole, {"valid_max": 50.0}, "outside"), (whole, {"scale_factor": "2"}, "'scale_factor' of /x is not"),
               (whole, {"add_offset": [1.0, 2.0]}, "'add_offset' of /x is not"),
               (whole, {"valid_range": [-200]}, "'valid_range' of /x is not 2 numbers"),
               (whole, {"valid_range": [-200, np.nan]}, "no range"),
               *((whole.astype("i1"), {"_Unsigned": true}, "_Unsigned=true on a signed") for true in ("true", np.int8(1), True)),
               *((whole.astype("u1"), {"_Unsigned": no}, "_Unsigned=false on an uns") for no in ("false", np.int8(0), False)),
               *((whole, {"_Unsigned": what}, "neither") for what in ("maybe", 2, 1.0, [0, 0], ["true", "true"])),
               (whole + 2**53 + 100, {}, "no double"), (whole.astype("u8") + np.uint64(2**63 + 1), {}, "no double"),
               (np.full(shape, 2**63 - 1), {}, "9223372036854775807")]
    for x, attributes, words in refused:
        code, talk = talk_of(place, "group(2)", {"x": x}, attributes=attributes)
        check(code == 65 and words in talk and talk.count("\n") == 1, f"{attributes} of {x.dtype}: {code}, {talk!r}")
    accepted = [(whole * 1.0, {"_FillValue": np.nan}), (whole, {"_FillValue": np.int16(-9999)}),
                (whole, {"valid_range": [-200, 200], "units": "K", "long_name": "x"}),
                (whole, {"_Unsigned": "false"}), (whole.astype("u2"), {"_Unsigned": "true"}), (whole, {"_Unsigned": False}),
                (whole.astype("i8") * 2**54, {}), (np.full(shape, -(2**63)), {}), (np.full(shape, 2**64 - 2**11, "u8"), {})]
    for x, attributes in accepted:
        outcome = talk_of(place, "group(2)", {"x": x}, attributes=attributes)
        check(outcome == (0, ""), f"{attributes} of {x.dtype}: {outcome}")


@case("fault")
def unwritten(place):
    """What was never written is no number, whatever it reads as."""
    rng = np.random.default_rng(13)
    x, numbers = rng.normal(size=(4, 6, 5)), np.ones(6)
    chunked = {"chunks": (1, 6, 5)}

    def part(file, rows, **how):
        file.create_dataset("x", x.shape, **how)[:rows] = x[:rows]

    def extended(file):
        file.create_dataset("x", data=x, maxshape=(None, 6, 5), chunks=(3, 6, 5)).resize(7, axis=0)

    def gamma(file):
        file["x"] = x
        file.create_dataset("gamma", (6,), fillvalue=1.0)

    for fill, words in ((lambda file: file.create_dataset("x", x.shape), "/x was never written"),
                        (gamma, "/gamma was never written"), (lambda file: part(file, 0, **chunked), "4 of 4 chunks of /x"),
                        (lambda file: part(file, 3, fillvalue=-9999.0, **chunked), "1 of 4 chunks of /x"),
                        (lambda file: part(file, 3, compression="gzip", **chunked), "1 of 4 chunks of /x"),
                        (extended, "1 of 3 chunks of /x")):
        code, talk = talk_of_file(place, "batch", fill)
        check(code == 65 and words in talk and talk.count("\n") == 1, f"{words}: {code}, {talk!r}")
    for kind in ("f4", "f8"):  # what netCDF has where nobody wrote
        code, talk = talk_of_file(place, "batch", lambda file, kind=kind: part(file, 3, dtype=kind, fillvalue=9.969209968386869e36))
        check(code == 65 and "30 of 120 values of /x are missing (its fill value, 9.96921e+36" in talk, f"{kind}: {code}, {talk!r}")
    for how in (chunked, {"chunks": (3, 4, 2)}, {"chunks": (4, 6, 5), "compression": "gzip"}, {"fillvalue": 0.0}):
        outcome = talk_of_file(place, "batch", lambda file, how=how: part(file, 4, **how))
        check(outcome == (0, ""), f"{how}: {outcome}")
    outcome = talk_of_file(place, "batch", lambda file: (file.create_dataset("x", (0, 6, 5)), file.update(gamma=numbers)))
    check(outcome[0] == 0 and "written" not in outcome[1], f"an empty batch: {outcome}")


@case("fault")
def links(place):
    """A link within the file is followed; one that leads to nothing there is no absence."""
    rng = np.random.default_rng(14)
    x, c = rng.normal(size=(2, 4, 5)), np.arange(1.0, 5)
    with h5py.File(place.path("other.h5"), "w") as file:
        file["x"], file["gamma"], file["param/gate"] = x, c, c
    dangling = h5py.SoftLink("/gone")

    def away(name):
        return h5py.ExternalLink("other.h5", name)

    gone, out = "is a link to /gone, which is not in this file", "is a link out of this file"
    cases = [("layer", "gamma", away("gamma"), out), ("layer", "gamma", dangling, gone), ("layer", "beta", dangling, gone),
             ("layer", "dy", dangling, gone), ("layer", "v", away("x"), out), ("layer", "v_gamma", dangling, gone),
             ("batch", "running_mean", dangling, gone), ("frn", "param/tau", dangling, gone),
             ("blend(batch, layer)", "param", away("param"), "/param/gate is missing: /param " + out),
             ("blend(batch, layer)", "param", dangling, "/param/gate is missing: /param " + gone), ("layer", "x", away("x"), out)]
    for spec, name, link, words in cases:

        def fill(file, name=name, link=link):
            if name != "x":
                file["x"] = x
            file[name] = link

        code, talk = talk_of_file(place, spec, fill)
        check(code == 65 and words in talk and f"/{name}" in talk and talk.count("\n") == 1, f"{spec}, {name}: {code}, {talk!r}")
    plain = call(place, "layer", {"x": x, "gamma": c})["y"]
    talk_of_file(place, "layer", lambda file: file.update({"a/x": x, "a/c": c, "x": h5py.SoftLink("/a/x"), "b": h5py.SoftLink("/a"),
                                                           "gamma": h5py.SoftLink("/b/c")}))
    check(np.array_equal(output(place)["y"].ravel(), plain), "other numbers behind links")
    code, talk = talk_of_file(place, "layer", lambda file: file.update({"x": x, "notes": dangling}))
    check(code == 0 and "not used: /notes" in talk, f"a link of somebody's: {code}, {talk!r}")
    code, shown, err = place.run("show", "in.h5")
    check(code == 65 and gone in err.decode(), f"show: {code}, {err!r}")


@case("example")
def unused(place):
    """All that is not used is said in one line, with the right name where there is one."""
    rng = np.random.default_rng(11)
    x, c = rng.normal(size=(2, 4, 5)), np.ones(4)
    cases = [("batch", {"labels": [1, 2]}, ["/labels"]), ("batch", {"run/score": 1.0}, ["/run"]),
             ("batch", {"weight": c}, ["/weight (here it is /gamma, or say --names torch)"]),
             ("batch", {"weight": c, "gamma": c}, ["/weight"]), ("layer", {"running_mean": c}, ["/running_mean"]),
             ("batch", {"scale": c, "bias": c}, ["/scale", "--names onnx or say --names flax", "/bias", "here it is /beta"]),
             ("batch", {"moving_mean": c}, ["/moving_mean (here it is /running_mean, or say --names keras)"]),
             ("batch", {"bn1/gamma": c, "text": "a"}, ["/bn1 (its gamma would be read at /gamma)", "/text"]),
             ("blend(batch, layer)", {"norm/gate": c}, ["/norm (its gate would be read at /param/gate)"]),
             ("batch", {"dy": x, "dx": x, "dgamma": c, "dbeta": c, "y": x}, ["not used: /dbeta, /dgamma, /dx, /y\n"]),
             ("batch", {"ds_dbeta": c, "ds_dx": x, "mean": c}, ["not used: /ds_dbeta, /ds_dx, /mean (here it is /running"]),
             ("blend(batch, layer)", {"dparam/gate": c, "ds_dparam/gate": c}, ["not used: /dparam, /ds_dparam\n"]),
             ("blend(batch, layer)", {"vparam/gate": c}, ["/vparam (its gate would be read at /v_param/gate)"]),
             ("batch", {f"z{i}": c for i in range(20)}, ["and 8 more"])]
    for spec, more, words in cases:
        code, talk = talk_of(place, spec, {"x": x, **more})
        check(code == 0 and talk.count("\n") == 1 and "not used: " in talk, f"{list(more)}: {code}, {talk!r}")
        check(all(word in talk for word in words), f"{list(more)}: {talk!r} does not say {words}")
    with h5py.File(place.path("in.h5"), "w") as file:
        file["x"], file["channel"] = x, np.arange(4)
        file["channel"].make_scale("channel")
        file["x"].dims[1].attach_scale(file["channel"])
    place.good("apply", "batch", "in.h5", "out.h5")
    same("talk of a dimension scale", place.talk, "")


@case("oracle")
def channels_last(place):
    """The same numbers in the other order of axes, whatever they are; only what is like x has that order."""
    rng = np.random.default_rng(12)
    for spec, shape in itertools.product((*SPECS, "mix(layer, batch)"), SHAPES):
        arrays = arrays_of(rng, shape)
        if one_element(spec, shape) if spec in SPECS else False:
            continue
        talk_of(place, spec, arrays)
        first = output(place)
        like_x = ("x", "dy", "v", "y", "dx", "ds_dx", "ds_ddy")
        last = {name: np.moveaxis(a, 1, -1) if name in like_x else a for name, a in arrays.items()}
        code, talk = talk_of(place, spec, last, "--layout", "channels-last")
        check(code == 0 and talk == "", f"{spec}: {code}, {talk!r}")
        got = output(place)
        same(f"data sets of {spec}", sorted(got), sorted(first))
        for name, values in first.items():
            there = np.moveaxis(values, 1, -1) if name in like_x else values
            check(np.array_equal(got[name], there), f"{spec} on {shape}: /{name} is another in channels-last")


@case("oracle")
def layer_norm(place):
    """PyTorch's LayerNorm over the last k axes: samples are the axes before, gamma and beta have the shape of those k."""
    rng = np.random.default_rng(20)
    for shape, k in ((shape, k) for shape in ((4, 6), (2, 3, 5), (3, 2, 4, 2), (2, 3, 2, 2, 3)) for k in range(1, len(shape))):
        last, axes = shape[len(shape) - k:], tuple(range(len(shape) - k, len(shape)))
        before = tuple(range(len(shape) - k))
        x, dy, gamma, beta = rng.normal(size=shape), rng.normal(size=shape), rng.normal(size=last), rng.normal(size=last)
        mean, rstd = x.mean(axes, keepdims=True), 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-5)
        xhat, h = (x - mean) * rstd, gamma * dy
        expected = {"y": gamma * xhat + beta, "mean": mean.squeeze(axes), "rstd": rstd.squeeze(axes),
                    "dx": rstd * (h - h.mean(axes, keepdims=True) - xhat * (h * xhat).mean(axes, keepdims=True)),
                    "dgamma": (dy * xhat).sum(before), "dbeta": dy.sum(before)}
        back = ",".join(str(axis - len(shape)) for axis in axes)
        for flat_list in (False, True):
            affine = {"gamma": gamma.ravel() if flat_list else gamma, "beta": beta}
            same("layer", talk_of(place, "layer", {"x": x, "dy": dy, **affine}, "--samples", ",".join(map(str, before)),
                                  "--channels", back), (0, ""))
            got = output(place)
            same(f"data sets of layer over {k} of {shape}", sorted(got), sorted(expected))
            for name, values in expected.items():
                same(f"layer over {k} of {shape}: shape of /{name}", got[name].shape, values.shape)
                error, scale = np.abs(got[name] - values).max(), np.abs(values).max()
                check(error <= 1e-12 * scale, f"layer over {k} of {shape}: /{name} differs by {error:.3g} of {scale:.3g}")


def said(axes):
    return ",".join(map(str, axes)) or "none"


@case("oracle")
def chosen_axes(place):
    """Axes in any order and number give the same bits as the [N, C, ...] that they stand for, in the shapes of the axes."""
    rng = np.random.default_rng(21)
    like_x = ("x", "dy", "v", "y", "dx", "ds_dx", "ds_ddy")
    by_channel = ("gamma", "beta", "dgamma", "dbeta", "ds_dgamma", "ds_dbeta", "running_mean", "running_var")
    specs = ("batch", "layer", "instance", "group(2)", "group(size=1)", "position", "ghost(1)", "mix(layer, batch)")
    for trial, (spec, rank) in enumerate(itertools.product(specs, (2, 3, 4, 5, 5, 5))):
        size, order = rng.choice((2, 4), size=rank), rng.permutation(rank)
        samples = trial % 3 if rank > 2 else 1  # "none" too
        channels = 1 + trial % max(1, rank - samples - 1) if rank > 2 else 1
        n, c, l = order[:samples], order[samples:samples + channels], np.sort(order[samples + channels:])
        order = np.concatenate((n, c, l)).astype(int)
        seen_shape = (int(np.prod(size[n])), int(np.prod(size[c])), *size[l])
        if len(seen_shape) > 5:
            seen_shape = (*seen_shape[:2], int(np.prod(size[l])))
        seen = arrays_of(rng, seen_shape)
        code, talk = talk_of(place, spec, seen)
        same(f"{spec} on {seen_shape}", code, 0)
        first = output(place)

        def there(name, values):
            if name in like_x:
                return np.transpose(values.reshape(size[order]), np.argsort(order))
            if name.split(".")[-1] in by_channel:
                return values.reshape(size[c])
            if name in ("mean", "rstd"):
                shape = {"batch": size[c], "layer": size[n], "instance": (*size[n], *size[c]), "group(2)": (*size[n], 2),
                         "group(size=1)": (*size[n], *size[c]), "position": (*size[n], *size[l]),
                         "ghost(1)": (*size[n], *size[c])}[spec]
                if spec == "group(2)" and seen_shape[1] == 2:
                    shape = (*size[n], *size[c])
                return values.reshape([int(k) for k in shape])
            return values

        words = ("--samples", said(n), "--channels", said(np.where(rng.random(channels) < 0.5, c, c - rank)))
        same(f"{spec}, {words}", talk_of(place, spec, {k: there(k, v) for k, v in seen.items()}, *words)[0], 0)
        got = output(place)
        same(f"data sets of {spec}", sorted(got), sorted(first))
        for name, values in first.items():
            expected = there(name, values)
            check(got[name].shape == expected.shape and np.array_equal(got[name], expected),
                  f"{spec} on {size}, {words}: /{name} {got[name].shape} is not that of {seen_shape} {expected.shape}")


@case("example")
def axes(place):
    """Images whose last axis seems to be the channels are remarked, others are not."""
    for shape, said in (((2, 8, 8, 3), True), ((2, 4, 4, 4), False), ((2, 3, 8, 8), False), ((2, 4, 8, 8, 2), True),
                        ((2, 16, 20, 3), True), ((2, 4, 8), False), ((2, 2, 4, 8, 8), False), ((2, 8), False)):
        code, talk = talk_of(place, "layer", {"x": np.arange(float(np.prod(shape))).reshape(shape)})
        check(code == 0 and ("axis 1 is the channels" in talk) == said, f"{shape}: {code}, {talk!r}")


def zeros_but(got, names, what):
    for name, values in got.items():
        check(name in names or not values.any(), f"{what}: /{name} is not zero")


@case("oracle")
def empty(place):
    """No samples, or no positions: zeros of the right shapes, and the state stays, for every spec."""
    import json
    listed = json.loads(place.good("list", "norms", "--json"))["norms"]
    specs = [norm["example"] for norm in listed]
    plain = [norm["example"] for norm in listed if "gamma" not in (param["name"] for param in norm["params"])]
    mean, variance = np.arange(4.0), np.arange(1.0, 5)
    shapes = ((0, 4, 3), (4, 4, 0), (0, 4), (4, 4, 3, 0, 2))
    for spec, shape in (*itertools.product(SPECS, shapes), *itertools.product(specs, shapes[:2])):
        state = {"running_mean": mean, "running_var": variance} if spec in KEEP_STATE else {}
        x = np.zeros(shape)
        arrays = {"x": x, "dy": x, "v": x, "v_gamma": np.ones(4), **state}
        if any(word in spec for word in ("renorm", "mabn", "frozen")):
            continue
        if "channels" in spec or "chunks" in spec:
            arrays["x"] = arrays["dy"] = arrays["v"] = np.zeros((shape[0], 8, *shape[2:]))
            arrays["v_gamma"] = np.ones(8)
        if spec in plain:
            del arrays["v_gamma"]
        code, talk = talk_of(place, spec, arrays)
        check(code == 0 and talk == "", f"{spec} on {shape}: {code}, {talk!r}")
        got = output(place)
        for name in ("y", "dx", "ds_dx", "ds_ddy"):
            same(f"{spec}: shape of /{name}", got[name].shape, arrays["x"].shape)
        for name in () if spec in plain else ("dgamma", "dbeta", "ds_dgamma", "ds_dbeta"):
            same(f"{spec}: shape of /{name}", got[name].shape, arrays["x"].shape[1:2])
        zeros_but({k: v for k, v in got.items() if k[0] == "d" or k in ("y", "mean", "rstd")}, ("gamma",), f"{spec} on {shape}")
        for name, values in state.items():
            check(np.array_equal(got[name], values), f"{spec} on {shape}: /{name} moved")
        if spec in SPECS and spec != "none":
            same(f"{spec} on {shape}: shape of /mean", got["mean"].shape, cells_shape(spec, shape, False))


@case("oracle")
def flat_cells(place):
    """With eps = 0 a cell without variance gives beta and a dx of zero, to any order; one line says how many."""
    rng = np.random.default_rng(13)
    specs = (*SPECS[1:], "position(center=no)", "mix(layer, batch)", "nested", "task", "frn(tlu=no)",
             "channels(0, 0, 0, 1)", "lattice(batch=2, size=2)", "chunks(2)", "soft(2)", "mode(2)")
    for spec in specs:
        arrays = arrays_of(rng, (4, 4, 3, 3))
        arrays["x"] = np.zeros((4, 4, 3, 3)) if "=no" in spec else np.full((4, 4, 3, 3), 0.1)
        code, talk = talk_of(place, spec, arrays, "--eps", "0")
        check(code == 0 and talk.count("\n") == 1 and "no variance; with eps = 0" in talk, f"{spec}: {code}, {talk!r}")
        got = output(place)
        beta = arrays["beta"] if "beta" in arrays else 0
        check(np.array_equal(got["y"], np.broadcast_to(beta[:, None, None], (4, 4, 3, 3))), f"{spec}: y is not beta")
        zeros_but({k: v for k, v in got.items() if "d" in k[:4]}, ("dbeta", "rstd"), spec)
    arrays = arrays_of(rng, (4, 4, 3, 3))
    arrays["x"][1] = 5.0
    code, talk = talk_of(place, "layer", arrays, "--eps", "0")
    check(code == 0 and "1 of 4 cells" in talk, f"{code}, {talk!r}")
    arrays["x"] = rng.normal(size=(4, 4, 3, 3)) * 1e-200
    code, talk = talk_of(place, "mix(layer, batch)", arrays, "--eps", "0")
    check(code == 0 and "no variance" not in talk, f"a variance of 1e-400 is one: {code}, {talk!r}")
    arrays["x"] = rng.normal(size=(4, 4, 3, 3))
    arrays["x"][:, :2] = 0.1  # weights that differ, and sum to 1 only nearly
    talk_of(place, "mode(2)", {**arrays, "param/gate_weight": 9 * rng.normal(size=8)}, "--eps", "0")
    beta = arrays["beta"][:2, None, None] if "beta" in arrays else 0
    check(np.all(output(place)["y"][:, :2] == beta), "mode(2): y of constant channels")
    arrays["x"][2] = 0.1
    talk_of(place, "soft(2)", {**arrays, "param/assignment": 9 * rng.normal(size=8)}, "--eps", "0")
    check(np.all(output(place)["dx"][2] == 0.0), "soft(2): dx of a constant sample")
    code, talk = talk_of(place, "blend(layer, batch)", arrays, "--eps", "0")
    check(code == 64 and "its parts cannot say this one" in talk, f"{code}, {talk!r}")


FRAMEWORKS = {"torch": ("weight", "bias", "running_mean", "running_var"), "onnx": ("scale", "B", "input_mean", "input_var"),
              "keras": ("gamma", "beta", "moving_mean", "moving_variance"), "flax": ("scale", "bias", "mean", "var")}


@case("oracle")
def names(place):
    """The same numbers under the names of other frameworks, in and out; torch counts the batches."""
    rng = np.random.default_rng(14)
    shape = (4, 4, 3)
    for spec, mode in itertools.product(("batch", "batch | group(2)", "layer"), ("train", "eval")):
        part = "part1." if "|" in spec else ""
        arrays = arrays_of(rng, shape)
        arrays.update(v_gamma=rng.normal(size=4), v_beta=rng.normal(size=4))
        if spec != "layer":
            arrays[part + "running_mean"], arrays[part + "running_var"] = rng.normal(size=4), rng.uniform(1, 2, size=4)
        same("ours", talk_of(place, spec, arrays, "--mode", mode), (0, ""))
        ours = output(place)
        for framework, theirs in FRAMEWORKS.items():
            table = dict(zip(("gamma", "beta", "running_mean", "running_var"), theirs))

            def named(name):
                for prefix in ("ds_d", "v_", "d", part, ""):
                    if name.startswith(prefix) and name[len(prefix):] in table:
                        return prefix + table[name[len(prefix):]]
                return {"mean": "cell_mean", "rstd": "cell_rstd"}.get(name, name) if framework == "flax" else name

            code, talk = talk_of(place, spec, {named(k): v for k, v in arrays.items()}, "--mode", mode, "--names", framework)
            check((code, talk) == (0, ""), f"{framework}, {spec}: {code}, {talk!r}")
            got = output(place)
            if framework == "torch" and spec != "layer" and mode == "train":
                same("steps", got.pop("num_batches_tracked")[()], 1)
            same(f"{framework}, {spec}, {mode}", sorted(got), sorted(named(k) for k in ours))
            for name, values in ours.items():
                check(np.array_equal(got[named(name)], values), f"{framework}, {spec}: /{named(name)} is not /{name}")
    counted = {"x": rng.normal(size=shape), "num_batches_tracked": np.int64(41)}
    talk_of(place, "batch", counted, "--names", "torch")
    same("steps after 41", output(place)["num_batches_tracked"][()], 42)


@case("example")
def not_finite(place):
    """NaN, infinity and overflow are said of every spec, from what was computed."""
    rng = np.random.default_rng(15)
    x = rng.normal(size=(4, 4, 3, 3))
    holed = x.copy()
    holed[1, 2, 0, 0] = np.nan
    for spec in (*SPECS, "mix(instance, batch)", "blend(batch, layer)", "soft(2)", "frn", "nested", "mode(2)", "evonorm(S0)",
                 "response", "split(layer, batch)", "layer | batch", "task", "chunks(2)"):
        code, talk = talk_of(place, spec, {"x": holed, "dy": x})
        check(code == 0 and talk.count("\n") == 1 and "1 of 144 of /x" in talk and "of /y" in talk, f"{spec}: {talk!r}")
        code, talk = talk_of(place, spec, {"x": x, "dy": holed})
        check(code == 0 and talk.count("\n") == 1 and "1 of 144 of /dy" in talk and "of /dx" in talk, f"{spec}: {talk!r}")
    code, talk = talk_of(place, "batch", {"x": 1e170 * x})
    check(code == 0 and talk.count("\n") == 1 and "4 of 4 of /running_var" in talk, f"batch at 1e170: {code}, {talk!r}")
    for spec in ("evonorm(S0)", "response"):
        code, talk = talk_of(place, spec, {"x": 1e170 * x, "dy": x})
        check(code == 0 and talk.count("\n") == 1 and "outside range" in talk, f"{spec} at 1e170: {code}, {talk!r}")
    code, talk = talk_of(place, "evonorm(S0)", {"x": x, "dy": x, "gamma": np.full(4, 1e308)})
    check(code == 0 and talk.count("\n") == 1 and "overflow in" in talk, f"{code}, {talk!r}")
    for spec in ("group(2)", "mode(2)"):  # kernels have the whole range, the second order has no kernel
        code, talk = talk_of(place, spec, {"x": 1e170 * x, "dy": x})
        check(code == 0 and talk == "", f"{spec} at 1e170: {code}, {talk!r}")
        code, talk = talk_of(place, spec, {"x": 1e170 * x, "dy": x, "v": x})
        check(code == 0 and talk.count("\n") == 1 and "outside range" in talk and "second order" in talk, f"{spec}: {talk!r}")
    code, talk = talk_of(place, "evonorm(S0)", {"x": 1e-170 * x}, "--eps", "0")
    check(code == 0 and "outside range" in talk, f"evonorm(S0) at 1e-170 without eps: {code}, {talk!r}")


@case("fault")
def memory(place):
    """What the second order needs is said before it begins, and refused where it cannot be had."""
    import resource
    x = np.random.default_rng(16).normal(size=(8, 32, 64, 64))
    code, talk = talk_of(place, "group(8)", {"x": x, "dy": x, "v": x})
    check(code == 0 and "second order of group(8) on [8, 32, 64, 64] needs about" in talk, f"{code}, {talk!r}")
    os.remove(place.path("out.h5"))
    with open(os.path.join(os.path.dirname(PROGRAM), "CMakeCache.txt")) as cache:
        if "NORMLAB_SANITIZE:BOOL=ON" in cache.read():
            return  # the sanitizers map more than any limit allows

    def limit():
        resource.setrlimit(resource.RLIMIT_AS, (600 << 20, 600 << 20))

    code, _, err = place.run("apply", "group(8)", "in.h5", "out.h5", preexec_fn=limit)
    check(code == 71 and b"needs about" in err and b"can be had" in err, f"{code}, {err!r}")
    check(err.count(b"\n") == 1 and not os.path.exists(place.path("out.h5")), f"{err!r}")


if __name__ == "__main__":
    main()
