#!/usr/bin/python3 -B
"""`normlab apply` of every kind of `list norms` against its equation, restated for whole arrays of long complex numbers.

The equation alone is restated. First derivatives are complex steps of <dy, y>; s = <dx, v> + <dgamma, v_gamma> + ... is the
derivative of <dy, y> along all the v at once, one complex step, and its gradients are differences of sixth order of that.
"""

import itertools
import json

import h5py
import numpy as np

from program import case, check, main, same

C, STEP, APART = 8, np.longdouble(1e-40), np.longdouble(2e-5)
SHAPES = ((4, C), (4, C, 3), (4, C, 2, 2), (4, C, 1, 2, 2))


# ---- equations: x [B, N, C, L], parameters [B, count] ----------------------------------------------------------------


def channels(a):
    return a[:, None, :, None]


def mean(a, axes):
    return a.mean(axis=axes, keepdims=True)


def moments(x, axes):
    m = mean(x, axes)
    return m, mean((x - m) ** 2, axes)


def standard(x, axes, eps=1e-5):
    m, v = moments(x, axes)
    return (x - m) / np.sqrt(v + eps)


def blocks(x, samples, size, function):
    """`function` of blocks of samples and channels: x as [B, N / samples, samples, C / size, size, L]."""
    b, n, c, l = x.shape
    return function(x.reshape(b, n // samples, samples, c // size, size, l)).reshape(x.shape)


def group(x, groups):
    return blocks(x, 1, x.shape[2] // groups, lambda a: standard(a, (2, 4, 5)))


def running(x, state, part="", eps=1e-5):
    m, v = (channels(state[part + name][None]) for name in ("running_mean", "running_var"))
    return (x - m) / np.sqrt(v + eps)


def batch(x, t, part=""):
    return running(x, t.state, part) if t.eval else standard(x, (1, 3))


def softmax(a, axis=-1):
    e = np.exp(a - a.real.max(axis=axis, keepdims=True))
    return e / e.sum(axis=axis, keepdims=True)


def sigmoid(a):
    return 1 / (1 + np.exp(-a))


def larger(a, b):
    return np.where(a.real >= b.real, a, b)


def mixed(x, t, parts):
    w, u = (softmax(t.p[name])[:, :, None, None, None] for name in ("mean_logit", "variance_logit"))
    m, v = (np.stack(np.broadcast_arrays(*(np.broadcast_to(p[i], x.shape) for p in parts)), axis=1) for i in (0, 1))
    return (x - (w * m).sum(axis=1)) / np.sqrt((u * v).sum(axis=1) + 1e-5)


def mix(x, t):
    by_batch = moments(x, (1, 3))
    if t.eval:
        by_batch = [channels(t.state["part3." + name][None]) for name in ("running_mean", "running_var")]
    return mixed(x, t, [moments(x, 3), moments(x, (2, 3)), by_batch])


def grouped_moments(x, groups):
    kept = []
    for i in (0, 1):
        kept.append(blocks(x, 1, C // groups, lambda a: np.broadcast_to(moments(a, (2, 4, 5))[i], a.shape)))
    return kept


def task(x, t, even=False):
    n = t.state["batch_size"][0] if t.eval else x.shape[1]
    alpha = sigmoid((t.p["slope"] * n + t.p["offset"]) / (np.sqrt(1 + n * n) if even else 1))[:, :, None, None]
    one, other = moments(x, (1, 3)), moments(x, 3)
    if t.eval:
        one = [channels(t.state[name][None]) for name in ("running_mean", "running_var")]
    m = alpha * one[0] + (1 - alpha) * other[0]
    v = alpha * (one[1] + (one[0] - m) ** 2) + (1 - alpha) * (other[1] + (other[0] - m) ** 2)
    return (x - m) / np.sqrt(v + 1e-5)


def renorm(x, t):
    """r and d are constants: they are taken of the x that nobody moves."""
    if t.eval:
        return running(x, t.state)
    sigma = np.sqrt(channels(t.state["running_var"][None]) + 1e-5)
    m, v = moments(t.x, (1, 3))
    r = np.clip(np.sqrt(v + 1e-5) / sigma, 1 / 3, 3)
    d = np.clip((m - channels(t.state["running_mean"][None])) / sigma, -5, 5)
    return standard(x, (1, 3)) * r + d


def lattice(x, t, samples, own):
    if not t.eval:
        return blocks(x, samples or x.shape[1], 2, lambda a: standard(a, (2, 4, 5)))
    m, v = (t.state[name].reshape(C // 2, 2) for name in ("running_mean", "running_var"))
    centre = m.mean(axis=1, keepdims=True)
    whole = (v + (m - centre) ** 2).mean(axis=1, keepdims=True)
    m, v = (channels(np.repeat(a, 2, axis=1).reshape(1, C)) for a in (centre, whole))
    mine, vary = grouped_moments(x, C // 2)
    v = (1 - own) * v + own * vary + own * (1 - own) * (m - mine) ** 2
    return (x - ((1 - own) * m + own * mine)) / np.sqrt(v + 1e-5)


def by_map(x, sets):
    y = np.empty_like(x)
    for g in set(sets):
        at = np.flatnonzero(np.array(sets) == g)
        y[:, :, at] = standard(x[:, :, at], (2, 3))
    return y


def soft(x, t):
    weights = softmax(t.p["assignment"].reshape(-1, C, 2))
    y = np.zeros_like(x)
    for g in range(2):
        p = weights[:, None, :, g, None]
        whole = p.sum(axis=2, keepdims=True) * x.shape[3]
        m = (p * x).sum(axis=(2, 3), keepdims=True) / whole
        v = (p * (x - m) ** 2).sum(axis=(2, 3), keepdims=True) / whole
        y = y + p * (x - m) / np.sqrt(v + 1e-5)
    return y


def mode(x, t):
    rows, weight = x.mean(axis=3), t.p["gate_weight"].reshape(-1, 1, 2, C)
    z = (rows[:, :, None, :] * weight).sum(axis=3) + t.p["gate_bias"][:, None, :]
    gates, y = softmax(z), np.zeros_like(x)
    for k in range(2):
        g = gates[:, :, k][:, :, None, None]
        share = g / g.sum(axis=1, keepdims=True)
        m = (share * mean(x, 3)).sum(axis=1, keepdims=True)
        v = (share * mean((x - m) ** 2, 3)).sum(axis=1, keepdims=True)
        if t.eval:
            m, v = (channels(t.state[name].reshape(2, C)[k][None]) for name in ("running_mean", "running_var"))
        y = y + g * (x - m) / np.sqrt(v + 1e-5)
    return y


def evonorm_s0(x, t):
    return x * sigmoid(channels(t.p["v1"]) * x) / np.sqrt(grouped_moments(x, 2)[1] + 1e-5)


def evonorm_b0(x, t):
    v = channels(t.state["running_var"][None]) if t.eval else moments(x, (1, 3))[1]
    own = channels(t.p["v1"]) * x + np.sqrt(moments(x, 3)[1] + 1e-5)
    return x / larger(np.sqrt(v + 1e-5) + 0 * own, own)


def chunks(x, t):
    b, n, c, l = x.shape
    seen = x.reshape(b, n, 2, c * l // 2)
    return (running(seen, t.state) if t.eval else standard(seen, (1, 3))).reshape(x.shape)


def unbiased(x, axes):
    """(x - mean) / (std + eps), the variance unbiased."""
    m, v = moments(x, axes)
    count = np.prod([x.shape[axis] for axis in np.atleast_1d(axes)])
    return (x - m) / (np.sqrt(v * count / (count - 1)) + 1e-5)


def response(x, t, before=2, behind=2):
    squares = np.zeros_like(x)
    for c, other in itertools.product(range(C), range(C)):
        if -before <= other - c <= behind:
            squares[:, :, c] += x[:, :, other] ** 2
    return x / np.exp(0.75 * np.log(2 + 1e-4 * squares))


def square(x, t):
    return x / np.sqrt(channels(t.state["running_square"][None]) + 1e-5 if t.eval else mean(x * x, (1, 3)) + 1e-5)


def erf(z):
    """2 / sqrt(pi) exp(-z^2) sum of 2^n z^(2n + 1) / (1 3 5 ... (2n + 1)): all of one sign. Beyond 7 that is 1."""
    far = abs(z.real) > 7
    inside = np.where(far, 0, z)
    term = total = inside
    for n in range(1, 250):
        term = term * 2 * inside * inside / (2 * n + 1)
        total = total + term
    near = 2 / np.sqrt(np.longdouble("3.14159265358979323846264")) * np.exp(-inside * inside) * total
    return np.where(far, np.sign(z.real), near)


def per_group(a):
    """One for each of two groups, as one for each channel."""
    return channels(np.repeat(a, C // 2, axis=1))


def detached(x, t):
    """By moments of the x that nobody moves."""
    m, v = moments(t.x, (2, 3))
    return (x - m) / np.sqrt(v + 1e-5)


def by_given(x, given):
    return (x - given[0]) / np.sqrt(given[1] + 1e-5)


def detached_batch(x, t):
    return running(x, t.state) if t.eval else by_given(x, moments(t.x, (1, 3)))


def adanorm(x, t):
    return (1 - standard(t.x, (2, 3)) / 10) * standard(x, (2, 3))


def grn(x, t):
    length = np.sqrt((x * x).sum(axis=3, keepdims=True))
    return channels(t.p["g"]) * x * length / (mean(length, 2) + 1e-6) + channels(t.p["b"]) + x


def evonorm_b1(x, t):
    v = channels(t.state["running_var"][None]) if t.eval else moments(x, (1, 3))[1]
    own = (x + 1) * np.sqrt(mean(x * x, 3) + 1e-5)
    return x / larger(np.sqrt(v + 1e-5) + 0 * own, own)


def batch_l1(x, t):
    if t.eval:
        m, s = (channels(t.state[name][None]) for name in ("running_mean", "running_std"))
        return (x - m) / (s + 1e-5)
    m = mean(x, (1, 3))
    d = x - m
    return d / (np.sqrt(np.longdouble(np.pi) / 2) * mean(np.where(d.real < 0, -d, d), (1, 3)) + 1e-5)


def proxy(x, t):
    """relu of gamma xhat + beta by the moments of relu of Gaussians: E = m P + s D, E^2 = (m^2 + s^2) P + m s D."""
    gamma, beta = t.p["gamma"], t.p["beta"]
    m, s = gamma * t.p["proxy_mean"] + beta, gamma * (1 + t.p["proxy_std"])
    s = np.where(s.real < 0, -s, s)
    share = (1 + erf(m / s / np.sqrt(np.longdouble(2)))) / 2
    density = np.exp(-m * m / (2 * s * s)) / np.sqrt(2 * np.longdouble("3.14159265358979323846264"))
    first, second = m * share + s * density, (m * m + s * s) * share + m * s * density
    z = channels(gamma) * group(x, 2) + channels(beta)
    z = larger(z, 0 * z)
    return (z - channels(first)) / np.sqrt(channels(second - first * first) + 0.03)


def mapped(t):
    return [int(c) for c in t.spec[len("channels("):-1].split(",")]


XHAT = {
    "none": lambda x, t: x, "batch": batch, "batch(center=no)": square, "batch(sync=yes)": batch, "layer": lambda x, t: standard(x, (2, 3)),
    "instance": lambda x, t: standard(x, 3), "group(2)": lambda x, t: group(x, 2), "position": lambda x, t: standard(x, 2),
    "position(2)": lambda x, t: blocks(x, 1, C // 2, lambda a: standard(a, 4)),
    "position(center=no)": lambda x, t: x / np.sqrt(mean(x * x, 2) + 1e-5),
    "group(2, variance=unbiased, eps_outside=yes)":
        lambda x, t: blocks(x, 1, C // 2, lambda a: unbiased(a, (2, 4, 5))),
    "position(variance=unbiased, eps_outside=yes)": lambda x, t: unbiased(x, 2),
    "response(4, side=left)": lambda x, t: response(x, t, 2, 1),
    "ghost(4)": batch, "mix(instance, layer, batch)": mix,
    "blend(batch, group(2))": lambda x, t: (lambda r: r * batch(x, t, "part1.") + (1 - r) * group(x, 2))(
        channels(sigmoid(t.p["gate"]))),
    "split(instance, batch)": lambda x, t: np.concatenate(
        [standard(x[:, :, :C // 2], 3), batch(x[:, :, C // 2:], t, "part2.")], axis=2),
    "batch | group(2)": lambda x, t: group(batch(x, t, "part1."), 2), "task": task,
    "task(even=yes)": lambda x, t: task(x, t, even=True), "renorm": renorm,
    "frn": lambda x, t: x / np.sqrt(mean(x * x, 3) + 1e-6),
    "anneal(batch, group(2), from=0, to=2)": lambda x, t: (batch(x, t, "part1.") + group(x, 2)) / 2,
    "phase(group(2), batch)": lambda x, t: running(x, t.state, "part2.") if t.eval else group(x, 2),
    "frozen(batch, from=1)": lambda x, t: running(x, t.state, "part1."),
    "lattice(batch=2, size=2)": lambda x, t: lattice(x, t, 2, 0),
    "lattice(batch=all, size=2, own=0.25)": lambda x, t: lattice(x, t, 0, np.longdouble(0.25)),
    "channels(0, 1, 0, 2, 2, 1, 1, 1)": lambda x, t: by_map(x, mapped(t)), "regroup(2)": lambda x, t: group(x, 2),
    "soft(2)": soft, "nested": lambda x, t: mixed(x, t, [grouped_moments(x, g) for g in (1, 2, 4, 8)]), "mode(2)": mode,
    "evonorm(S0, groups=2)": evonorm_s0, "evonorm(B0)": evonorm_b0, "chunks(2)": chunks, "response(5)": response,
    "dyt": lambda x, t: np.tanh(channels(t.p["a"]) * x), "layer_simple": lambda x, t: standard(x, (2, 3)),
    "derf": lambda x, t: erf(channels(t.p["a"]) * x + channels(t.p["s"])),
    "batch_groups(2)": lambda x, t: per_group(t.p["g"]) * batch(x, t) + per_group(t.p["b"]),
    "scalenorm": lambda x, t: channels(t.p["g"]) * x / np.sqrt((x * x).sum(axis=2, keepdims=True) + 1e-5),
    "layer_detach": detached, "batch_detach": detached_batch,
    "group_detach(2)": lambda x, t: by_given(x, grouped_moments(t.x, 2)), "adanorm": adanorm, "grn": grn, "evonorm_b1": evonorm_b1, "proxy(2)": proxy,
    "evonorm_s1(2)": lambda x, t: x * sigmoid(x) / np.sqrt(grouped_moments(x, 2)[1] + 1e-5),
    "batch_l1": batch_l1, "skipinit": lambda x, t: channels(t.p["a"]) * x,
}
AFFINE_INSIDE = ("proxy(2)",)
BY_ITS_OWN = ("mabn",)  # its backward is no derivative: apply.moving restates it


class Text:
    """A spec's equation at one epoch (1), with what is given to it; names of p are sorted as they are put into rows."""

    def __init__(self, spec, x, p, state, evaluates):
        self.spec, self.state, self.eval = spec, {k: v.astype(np.longdouble) for k, v in state.items()}, evaluates
        self.x, self.base = x[None].astype(np.longdouble), {k: v[None].astype(np.longdouble) for k, v in p.items()}
        self.p = None

    def y(self, x, p):
        self.p = p
        y = XHAT[self.spec](x, self)
        if "gamma" in p and self.spec not in AFFINE_INSIDE:
            y = channels(p["gamma"]) * y + channels(p["beta"])
        return larger(y, channels(p["tau"]) + 0 * y) if "tau" in p else y

    def moved(self, name, steps):
        """x and p with rows of `steps` [B, count] added to the one called `name`."""
        at = {**self.base, "x": self.x}
        rows = len(steps)
        moved = {k: np.repeat(v, rows, axis=0) if k == "x" else v for k, v in at.items()}
        moved[name] = moved[name] + steps.reshape(rows, *at[name].shape[1:])
        return moved.pop("x"), moved

    def first(self, dy):
        """The gradient of <dy, y> with respect to each, by complex steps."""
        result = {}
        for name, at in {**self.base, "x": self.x}.items():
            y = self.y(*self.moved(name, 1j * STEP * np.eye(at.size)))
            result["d" + name] = ((dy * y).sum(axis=(1, 2, 3)).imag / STEP).astype(float)
        return result

    def along(self, v, x, p):
        """The derivative of y along all the v, as y."""
        p = {k: a + 1j * STEP * v[k] for k, a in p.items()}
        return self.y(x + 1j * STEP * v["x"], p).imag / STEP

    def second(self, dy, v):
        weights = {1: 45, 2: -9, 3: 1}
        result = {"ds_ddy": self.along(v, self.x, self.base)[0].astype(float)}
        for name, at in {**self.base, "x": self.x}.items():
            sums = np.zeros(at.size, np.longdouble)
            for k, weight in weights.items():
                for side in (1, -1):
                    y = self.along(v, *self.moved(name, side * k * APART * np.eye(at.size, dtype=np.longdouble)))
                    sums += side * weight * (dy * y).sum(axis=(1, 2, 3))
            result["ds_d" + name] = (sums / (60 * APART)).astype(float)
        return result


# ---- cases ---------------------------------------------------------------------------------------------------------


def kinds(place):
    """What the catalogue says of each example, by its spec."""
    found = []
    for norm in json.loads(place.good("list", "norms", "--json"))["norms"]:
        found += [] if norm["name"] in BY_ITS_OWN else [norm["example"], *norm["also"]]
    same("specs that are restated", sorted(found), sorted(XHAT))
    return dict(zip(found, json.loads(place.good("list", "norms", *found, "--json"))["norms"]))


def state_after(spec, x, state):
    """The state after a step on x [N, C, L], where it is of moments of channels: 0.1 of what was seen, unbiased."""
    if spec.startswith("frozen"):
        return state
    if spec.startswith("split"):
        x = x[:, C // 2:]
    if spec.startswith("chunks"):
        x = x.reshape(x.shape[0], 2, -1)
    block = 2 if spec == "lattice(batch=2, size=2)" else x.shape[0]
    cells = np.moveaxis(x, 1, 0).reshape(x.shape[1], x.shape[0] // block, -1)
    seen = {"running_mean": cells.mean(axis=2).mean(axis=1), "running_var": cells.var(axis=2, ddof=1).mean(axis=1),
            "running_square": (cells**2).mean(axis=(1, 2)), "batch_size": np.array([float(x.shape[0])]),
            "running_std": np.sqrt(np.pi / 2) * abs(cells - cells.mean(axis=2, keepdims=True)).mean(axis=(1, 2))}
    moved = {}
    for name, was in state.items():
        weight = 1 if name == "batch_size" else 0.1
        moved[name] = was + weight * (seen[name.split(".")[-1]] - was)
    return moved


PARAMS = {"gate", "mean_logit", "variance_logit", "slope", "offset", "tau", "assignment", "gate_weight", "gate_bias", "v1",
          "a", "s", "g", "b", "proxy_mean", "proxy_std"}


def place_of(name):
    """Where a parameter, or what belongs to one, stands in a file; anything else has its own name."""
    for prefix in ("ds_d", "v_", "d", ""):
        if name.startswith(prefix) and name[len(prefix):] in PARAMS:
            return f"{prefix}param/{name[len(prefix):]}"
    return name


def compare(what, got, expected, tolerance):
    for name, values in expected.items():
        where = place_of(name)
        check(where in got, f"{what}: no /{where} in {sorted(got)}")
        error, scale = np.abs(got[where].ravel() - values.ravel()).max(), np.abs(values).max()
        check(error <= tolerance * scale + 1e-300, f"{what}: /{where} differs by {error:.3g} of {scale:.3g}")


def judge(place, evaluates, last, shapes, seed):
    for (spec, norm), shape in itertools.product(kinds(place).items(), shapes):
        rng = np.random.default_rng([2, seed, *shape, *spec.encode()])  # its own, by which none is at a kink
        lattice3 = (shape[0], C, int(np.prod(shape[2:])))
        if evaluates and not norm["state"]:
            continue
        x, dy = rng.normal(size=shape) + 0.3, rng.normal(size=shape)
        p = {q["name"]: rng.normal(size=q["count"]) for q in norm["params"]}
        v = {name: rng.normal(size=a.shape) for name, a in p.items()}
        v["x"] = rng.normal(size=shape)
        state = {s["name"]: rng.uniform(0.5, 2, size=s["count"]) for s in norm["state"]
                 if not s["adapted"] and not s["name"].startswith("channel_")}
        like = (lambda a: np.moveaxis(a, 1, -1)) if last else (lambda a: a)
        with h5py.File(place.path("in.h5"), "w") as file:
            for name, a in {"x": x, "dy": dy, "v": v["x"]}.items():
                file[name] = like(a)
            for name, a in {**p, **{"v_" + k: a for k, a in v.items() if k != "x"}}.items():
                file[place_of(name)] = a
            for name, a in state.items():
                file[name] = a
        layout = ("--layout", "channels-last") if last else ()
        place.good("apply", spec, "in.h5", "out.h5", "--epoch", "1", "--mode", "eval" if evaluates else "train", *layout)
        if "one element" in place.talk:
            continue
        got = {}
        with h5py.File(place.path("out.h5"), "r") as file:
            file.visititems(lambda name, a: got.update({name: a[()]}) if isinstance(a, h5py.Dataset) else None)
        for name in ("y", "dx", "ds_dx", "ds_ddy"):
            got[name] = np.moveaxis(got[name], -1, 1) if last else got[name]
        flat = {name: a.reshape(lattice3) if name == "x" else a for name, a in v.items()}
        text = Text(spec, x.reshape(lattice3), p, state, evaluates)
        what = f"{spec} on {shape}, {'eval' if evaluates else 'train'}"
        y = text.y(text.x.astype(np.clongdouble), text.base)[0].real.astype(float)
        compare(what, got, {"y": y, **text.first(dy.reshape(lattice3))}, 1e-12)
        compare(what, got, text.second(dy.reshape(lattice3), flat), 1e-10)
        if not evaluates and "mode" not in spec:
            compare(what, got, state_after(spec, x.reshape(lattice3), state), 1e-12)


@case("oracle")
def train(place):
    judge(place, False, False, SHAPES[:2], 1)


@case("oracle")
def evaluation(place):
    judge(place, True, False, SHAPES[:2], 2)


@case("oracle")
def images_last(place):
    judge(place, False, True, SHAPES[2:], 3)


if __name__ == "__main__":
    main()
