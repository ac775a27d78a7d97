#!/usr/bin/python3 -B
"""`normlab export`: its modules before `normlab apply`, whose kernels and definitions other checks prove. Values, first and
second derivatives and the state after a step, by training and by evaluation, at sizes of x at which nothing was recorded.

PyTorch is Debian's python3-torch; where there is none its cases are not run, and say so. There is no jax in Debian: its
modules are run with PyTorch and with numpy in its place.
"""

import copy
import importlib.util
import json
import math
import os
import sys
import types

import h5py
import numpy as np

import speclist
import specs
from program import NotRun, case, check, main, same

NEAR = 1e-12  # of the size of each array, or of 1
UNAVAILABLE = 69
EPOCH = "1000"  # after the schedules of all examples; the default is after all there can be
SHAPES = {"train": (8, 3, 2), "eval": (4, 5)}  # N and positions
THIN = {"train": (8,), "eval": (4, 1, 1)}
COMBINED = ("group(2) | batch", "blend(batch(affine=yes) | ghost(2), task, gate=clamp)", "split(batch, ghost(2), ratio=0.25)",
            "phase(batch, mix(instance, layer, pooled=yes))", "mix(batch, ghost(4), batch(center=no), pooled=yes)",
            "split(frozen(batch, from=0), chain(renorm, evonorm(B0)))", "blend(mode(2), nested(pooled=yes), per=layer)",
            "anneal(mode(3), blend(chunks(4), lattice(batch=2, size=4, own=0.5)), from=0, to=1)",
            "chain(frn, response(3), affine=no)", "channels(0, 1, 0, 2, 2, 1, 1, 1, variance=unbiased)",
            "blend(soft(3, tau=0.5), position(center=no), gate=free)", "renorm(rmax=1.5, dmax=0.2)", "chunks(3)",
            "none(affine=no)", "frozen(lattice(batch=2, size=2, own=0.25), from=0)", "split(regroup(2), position(variance=unbiased)) | blend(layer, instance, per=layer)")
CHOICES = ("mix(batch, layer, from=0, to=2)", "mix(instance, layer, weights=sparsest, to=4)", "nested(from=1, to=3)")


def torch():
    try:
        import torch as found
    except ImportError as error:
        raise NotRun(f"PyTorch ({error}); Debian's package is python3-torch") from None
    found.set_num_threads(1)
    return found


def export(place, spec, to, *options, before=()):
    """The module, as Python's."""
    return loaded(place, *before, "export", spec, "--to", to, *options)


def loaded(place, *words):
    path = place.path(f"m{len(os.listdir(place.folder))}.py")
    place.good(*words, "--out", path)
    found = importlib.util.spec_from_file_location(os.path.basename(path)[:-3], path)
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


def call_of(module, mode, seed, shapes):
    """x, dy, directions, parameters and state, of which the ranges are those of the module's own numbers."""
    rng = np.random.default_rng(seed)
    own, shape = module.NUMBERS, (shapes[mode][0], module.CHANNELS, *shapes[mode][1:])
    if module.SPEC.startswith("chunks(3"):
        shape = (*shape[:2], 3)
    x, dy, v = rng.normal(0.3, 1.5, shape), rng.normal(size=shape), rng.normal(size=shape)

    def near(numbers):
        return {name: np.array(value) * rng.uniform(0.6, 1, len(value)) for name, value in numbers.items()}

    params, state = near(own["params"]), near(own["state"])
    for name in state:
        if name.endswith("batch_size"):
            state[name] = np.array([5.0])
    return x, dy, v, params, {name: rng.normal(size=value.size) for name, value in params.items()}, state


def path_of(prefix, name):
    return f"/{prefix}{name}" if name in ("gamma", "beta") else f"/{prefix}param/{name}"


def apply(place, module, mode, call, *options, before=()):
    x, dy, v, params, along, state = call
    source, target = place.path("in.h5"), place.path("out.h5")
    with h5py.File(source, "w") as file:
        file["x"], file["dy"], file["v"] = x, dy, v
        for name, value in params.items():
            file[path_of("", name)], file[path_of("v_", name)] = value, along[name]
        for name, value in state.items():
            file[name] = value
        if "regroup" in module.SPEC:  # as it begins
            prefix = "part1." if module.SPEC.startswith(("split", "chain")) else ""
            prefix = "part1.part1." if prefix and " | " in module.SPEC else prefix
            count = module.CHANNELS // 2 if prefix else module.CHANNELS
            file[prefix + "map"] = np.arange(count) * 2 // count
            for name, value in (("channel_mean", 0.0), ("channel_log_var", 0.0)):
                file[prefix + name] = np.full(count, value)
    place.good(*before, "apply", module.SPEC, source, target, "--mode", mode, *options)
    with h5py.File(target) as file:
        found = {}
        file.visititems(lambda name, item: found.update({"/" + name: item[()]}) if isinstance(item, h5py.Dataset) else None)
    return found


def near(what, got, want):
    got, want = np.asarray(got), np.asarray(want).reshape(np.shape(got))
    far = np.abs(got - want).max() / max(np.abs(want).max(), 1.0)
    check(far <= NEAR, f"{what}: {far:.2e} of its size from apply's, more than {NEAR}")  # NaN: not at most


def compare_torch(place, spec, *options, shapes=SHAPES, change=None, before=()):
    """Values, both derivatives and the state, against apply."""
    lib = torch()
    module = export(place, spec, "torch", *options, before=before)
    check(module.self_test() <= module.LIMIT, f"{spec}: its own test fails")
    for mode in ("train", "eval"):
        call = call_of(module, mode, len(spec), shapes)
        if change:
            change(*call)
        x, dy, v, params, along, state = call
        want = apply(place, module, mode, call, *(options if "--epoch" in options else ()), before=before)
        norm = module.Norm().double().train(mode == "train")
        with lib.no_grad():
            for name, value in {**params, **state}.items():
                getattr(norm, module.NAMES[name]).copy_(lib.tensor(value))
        x, dy = lib.tensor(x, requires_grad=True), lib.tensor(dy, requires_grad=True)
        names = list(params)
        of = [x] + [getattr(norm, module.NAMES[name]) for name in names]
        y = norm(x)
        first = lib.autograd.grad(y, of, dy, create_graph=True, allow_unused=True)
        first = [lib.zeros_like(a) if d is None else d for d, a in zip(first, of)]
        s = sum((d * lib.tensor(w)).sum() for d, w in zip(first, [v] + [along[name] for name in names]))
        second = lib.autograd.grad(s, of + [dy], allow_unused=True) if s.requires_grad else [None] * (len(of) + 1)
        paths = ["/dx"] + [path_of("d", name) for name in names]
        near(f"{spec} {mode} y", y.detach(), want["/y"])
        for d, name in zip(first, paths):
            near(f"{spec} {mode} {name}", d.detach(), want[name])
        for d, a, name in zip(second, of + [dy], ["/ds_" + name[1:] for name in paths] + ["/ds_ddy"]):
            near(f"{spec} {mode} {name}", lib.zeros_like(a) if d is None else d, want[name])
        for name in state if mode == "train" else ():
            near(f"{spec} {name} after a step", getattr(norm, module.NAMES[name]), want["/" + name])


def examples(place):
    for kind in json.loads(place.good("list", "norms", "--json"))["norms"]:
        if kind["by_design"] is None:
            yield from [spec for spec in (kind["example"], *kind["also"]) if "sync=yes" not in spec]  # below


@case("oracle")
def torch_kinds(place):
    for spec in examples(place):
        compare_torch(place, spec, "--epoch", EPOCH)


@case("oracle")
def torch_combinations(place):
    for spec in COMBINED:
        compare_torch(place, spec, "--epoch", EPOCH)


@case("oracle")
def torch_channels(place):
    """Other numbers of them, one among these."""
    for channels, several in (("12", ("group(3)", "nested", "split(batch, layer, ratio=0.3)", "soft(5)", "mode(3)",
                                      "response(4, side=right)", "lattice(batch=2, size=3, own=0.5)", "proxy(3)")),
                              ("3", ("position", "channels(0, 0, 1)", "switchable", "ghost(2) | instance")),
                              ("1", ("batch", "nested", "mode(2)", "response(3)", "task", "scalenorm"))):
        for spec in several:
            compare_torch(place, spec, "--channels", channels)


@case("oracle")
def torch_epochs(place):
    """Schedules at the epoch that is said."""
    for spec in ("renorm(warm=3)", "anneal(batch, group(2), from=0, to=4)", "frozen(batch, from=2)", CHOICES[0]):
        for epoch in ("0", "1"):
            compare_torch(place, spec, "--epoch", epoch)


@case("oracle")
def torch_thin(place):
    """One position: cells of a few elements, or of one."""
    for spec in (*examples(place), *COMBINED):
        if not spec.startswith("chunks(3"):  # which does not divide 8 channels
            compare_torch(place, spec, "--epoch", EPOCH, shapes=THIN)


@case("oracle")
def torch_ties(place):
    """What the derivative is where the two sides of a maximum are equal: zeros of x are zeros of y, as tau is."""

    def to_zeros(x, dy, v, params, along, state):
        x[np.abs(x) < 1.2] = 0
        for name in ("beta", "tau"):
            params[name][:] = 0

    compare_torch(place, "frn", change=to_zeros)


# Every function and word of the language (src/equation/equation.h).
EVERYTHING = """
everything(p=1.5 in [0.5, 3]):
  g[group(2)] = parameter(1)
  k = parameter(0.5) in [0, 1]
  lambda[channel] = parameter(0.1, std=0.2)
  mu = mean(x over group(4))
  v = mean((x - mu)^2 over group(4))
  m = count(group(4))
  q = running(mean(abs(x) over batch), start=1)
  a = (x - mu) / sqrt(v * (m / (m - 1)) + eps)
  b = train(x / q) else x / (q + 1)
  s = sum(exp(-a^2) over position) / count(position)
  y = gamma * (k * gelu(a) + g * erf(b) + clip(a, -1, 2) + max(a, b) + min(a, 0.5 * b) + relu(a)
      + sigmoid(b) + detach(a)^3 + exp(-abs(b)) + log(1 + a^2) + abs(a)^p + samples * 0.01 + epoch
      + lambda * tanh(x) + s + group(2)(x) + sqrt(samples) * log(count(batch)) + step(x) * x) + beta
"""


@case("oracle")
def torch_language(place):
    """An equation in text, and what torch has words for."""
    path = place.path("everything.norm")
    with open(path, "w", encoding="utf-8") as file:
        file.write(EVERYTHING)
    compare_torch(place, "everything", "--epoch", "2", before=("--norms", path))
    module = export(place, "everything", "torch", before=("--norms", path))
    same("names", (module.NAMES["lambda"], module.NAMES["q"]), ("lambda_", "q"))


@case("oracle")
def torch_variants(place):
    """Right but strange normalizers of plugins; one of them gathers by the order of its values."""
    torch()
    for name, path in specs.plugins(place.folder).items():
        if name == "median":
            code, _, said = place.run("--plugin", path, "export", name)
            check(code == UNAVAILABLE and b"they choose" in said, f"{name}: {said}")
            continue
        module = loaded(place, "--plugin", path, "export", name)
        check(module.self_test() <= module.LIMIT, f"{name}: its own test fails")


@case("oracle")
def torch_drawn(place):
    """Legal specs that nobody chose: each is exported, or refused with its reason."""
    torch()
    taken, tried = 0, 8 if specs.sanitized() else 60
    for spec in speclist.specs(tried):
        code, _, said = place.run("export", spec, "--epoch", EPOCH)
        if code == UNAVAILABLE:
            check(b"no module says it" in said, f"{spec}: {said}")
            continue
        if code:  # of other channels
            continue
        taken += 1
        module = export(place, spec, "torch", "--epoch", EPOCH)
        far = module.self_test()
        check(far <= module.LIMIT, f"{spec}: its own test finds {far:.1e}")
    check(taken >= tried / 2, f"{taken} of {tried} specs were exported")


@case("example")
def torch_lonely(place):
    """Of one element: y is beta, dx is 0, and the running variance stays; float32 stays float32."""
    lib = torch()
    module = export(place, "batch", "torch")
    norm, x = module.Norm(), lib.ones(1, 8, requires_grad=True)
    y = norm(x)
    y.sum().backward()
    same("y", y.tolist(), [[0.0] * 8])
    same("dx", x.grad.tolist(), [[0.0] * 8])
    same("running_var", norm.running_var.tolist(), [1.0] * 8)
    check(abs(float(norm.running_mean[0]) - 0.1) < 1e-7, "running_mean did not move")
    same("dtype", (y.dtype, norm.running_var.dtype), (lib.float32, lib.float32))
    same("an empty batch", (list(norm(lib.ones(0, 8, 3)).shape), norm.running_var.tolist()), ([0, 8, 3], [1.0] * 8))
    other = copy.deepcopy(norm)
    other.load_state_dict(module.Norm().state_dict())
    same("running_mean that was taken", other.running_mean.tolist(), [0.0] * 8)
    try:
        norm(lib.ones(2, 7))
    except ValueError as error:
        check("[N, 8, ...]" in str(error), str(error))
    else:
        check(False, "7 channels were taken")
    module = export(place, "blend(batch, layer, gate=clamp)", "torch")
    norm = module.Norm()
    with lib.no_grad():
        norm.gate.fill_(1.5)
    norm.project()
    same("gate", norm.gate.tolist(), [1.0] * 8)


def compare_values(place, spec, to):
    module = export(place, spec, to, "--epoch", EPOCH)
    for mode in ("train", "eval"):
        call = call_of(module, mode, len(spec), SHAPES)
        want = apply(place, module, mode, call, "--epoch", EPOCH)
        y, after = module.forward(call[0], call[3], call[5], mode == "train")
        near(f"{spec} {to} {mode} y", y, want["/y"])
        for name in after if mode == "train" else ():
            near(f"{spec} {to} {name} after a step", after[name], want["/" + name])
    same(f"{spec}: names", (sorted(module.parameters()), sorted(module.initial_state())),
         (sorted(module.NUMBERS["params"]), sorted(module.NUMBERS["state"])))


@case("oracle")
def numpy_values(place):
    for spec in (*examples(place), *COMBINED):
        module = export(place, spec, "numpy", "--epoch", EPOCH)
        check(module.self_test() <= module.LIMIT, f"{spec}: its own test fails")
        compare_values(place, spec, "numpy")


@case("example")
def numpy_lonely(place):
    module = export(place, "batch", "numpy")
    state = module.initial_state()
    y, after = module.forward(np.ones((1, 8)), module.parameters(), state, True)
    same("y", y.tolist(), [[0.0] * 8])
    same("running_var", after["running_var"].tolist(), [1.0] * 8)
    y, after = module.forward(np.ones((0, 8, 2)), module.parameters(), state, True)
    same("an empty batch", (y.shape, after), ((0, 8, 2), state))
    module = export(place, "blend(batch, ghost(4), gate=clamp)", "numpy")
    same("gate", module.project({"gate": np.full(8, -2.0)})["gate"].tolist(), [0.0] * 8)
    try:
        module.forward(np.ones((6, 8)), module.parameters(), module.initial_state(), True)
    except ValueError as error:
        same("what is said", str(error), "6 samples are no multiple of 4")
    else:
        check(False, "blocks of 4 in 6 samples were taken")


@case("oracle")
def jax_values(place):
    """What jax.numpy has of numpy's names, by numpy."""
    jax, nn, lax, scipy, special = (types.ModuleType(name) for name in (
        "jax", "jax.nn", "jax.lax", "jax.scipy", "jax.scipy.special"))
    jax.numpy, jax.nn, jax.lax, jax.scipy, scipy.special = np, nn, lax, scipy, special
    special.erf = np.vectorize(math.erf)
    lax.stop_gradient = lambda x: x
    nn.relu = lambda x: np.maximum(x, 0)
    nn.sigmoid = lambda x: 1 / (1 + np.exp(-x))
    nn.softmax = lambda x, axis: np.exp(x) / np.exp(x).sum(axis, keepdims=True)
    jax.random = types.SimpleNamespace(PRNGKey=lambda seed: seed, fold_in=lambda key, place: key,
                                       normal=lambda key, shape: np.zeros(shape))
    sys.modules.update({"jax": jax, "jax.numpy": np, "jax.nn": nn, "jax.lax": lax, "jax.scipy": scipy,
                        "jax.scipy.special": special})
    for spec in (*examples(place), *COMBINED):
        compare_values(place, spec, "jax")


@case("oracle")
def jax_derivatives(place):
    """The modules' own tests, by PyTorch in the place of jax."""
    torch()
    import jax_by_torch
    jax_by_torch.stand_in()
    for spec in (*examples(place), *COMBINED):
        module = export(place, spec, "jax", "--epoch", EPOCH)
        far = module.self_test()
        check(far <= module.LIMIT, f"{spec}: its own test finds {far:.1e}")


@case("example")
def refused(place):
    """One line says why."""
    for spec, says in [("mabn", "its backward is no derivative of its forward"), *((spec, "they choose") for spec in CHOICES),
                       ("blend(batch, mabn)", "mean(h xhat)"), ("mix(layer, batch(sync=yes))", "of all workers")]:
        code, out, said = place.run("export", spec)
        same(f"{spec}: exit code", code, UNAVAILABLE)
        check(not out and said.count(b"\n") == 1 and says in said.decode(), f"{spec}: {said}")


if __name__ == "__main__":
    main()
