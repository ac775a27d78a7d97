#!/usr/bin/python3 -B
"""normlab.py as it is installed: the bits of `normlab apply`, whatever arrays are like, state, threads, errors, and files
in xarray. A case runs in a Python of its own, which knows the installed module and no checkout.
"""

import glob
import os
import re
import subprocess
import sys

from installed import BUILD, build_flags, does, install, read, write
from program import HOME, PATIENCE, PROGRAM, NotRun, case, check, main, same

INSIDE = {}
MORE = ["blend(batch, group(8))", "mix(instance, layer, batch)", "split(instance, batch(weight_new=0.5))", "rms"]


def preloaded():
    """What a program of another build needs to load this build's library."""
    if not any("sanitize" in flag for flag in build_flags()):
        return {}
    compiler = re.search(r"^CMAKE_C_COMPILER:\w+=(.+)$", read(BUILD, "CMakeCache.txt"), re.M)[1]
    library = subprocess.run([compiler, "-print-file-name=libasan.so"], capture_output=True, text=True, check=True).stdout
    return {"LD_PRELOAD": library.strip(), "ASAN_OPTIONS": "detect_leaks=0:allocator_may_return_null=1:max_allocation_size_mb=100"}


def inside(label):
    """Registers a function that runs in such a Python."""

    def register(function):
        def run(place):
            install(place)
            environment = {**place.environment(), **preloaded(),
                           "PYTHONPATH": place.path("prefix", "share", "normlab", "python")}
            done = subprocess.run([sys.executable, "-B", __file__, "--inside", function.__name__], cwd=place.folder,
                                  env=environment, capture_output=True, text=True, timeout=PATIENCE, check=False)
            check(done.returncode == 0, done.stderr[-2000:] or f"exit code {done.returncode}")

        run.__name__ = function.__name__
        INSIDE[function.__name__] = function
        return case(label)(run)

    return register


def drawn(seed, *shape):
    import numpy as np

    return np.random.default_rng(seed).normal(0.3, 1.5, shape)


def equal(what, got, expected):
    """To the bit, and the shape."""
    import numpy as np

    check(got.shape == expected.shape and got.dtype == np.float64 and got.tobytes() == expected.tobytes(), f"{what} differs")


# ---- numbers ------------------------------------------------------------------------------------------------------


def given_to(n, channels):
    """Parameters, directions and a state that can be, by name."""
    import numpy as np

    params = {name: drawn(50 + i, *start.shape) for i, (name, start) in enumerate(n.params(channels).items())}
    along = {f"v_{name}": drawn(70 + i, *value.shape) for i, (name, value) in enumerate(params.items())}
    state = n.state()
    for i, (name, start) in enumerate(state.items()):
        if "map" not in name:
            state[name] = start + np.abs(drawn(90 + i, *start.shape))
    return params, along, state


def path_of(prefix, name):
    return f"{prefix}{name}" if name in ("gamma", "beta") else f"{prefix}param/{name}"


@inside("oracle")
def bits():
    """Every kind in both modes, of every rank, beside `normlab apply`: y, gradients, second order, state."""
    import h5py
    import normlab

    program, specs = os.path.join("prefix", "bin", "normlab"), normlab.examples() + MORE
    check(len(specs) > 25, f"{specs}")
    partitions = set()
    for i, spec in enumerate(specs):
        for mode in ("train", "eval"):
            x = drawn(i, 4, 8, *((), (6,), (2, 3), (2, 2, 3))[i % 4])
            dy, v, n = drawn(100 + i, *x.shape), drawn(200 + i, *x.shape), normlab.norm(spec)
            params, along, state = given_to(n, 8)
            with h5py.File("in.h5", "w") as file:
                file["x"], file["dy"], file["v"] = x, dy, v
                for name, value in params.items():
                    file[path_of("", name)], file[path_of("v_", name)] = value, along[f"v_{name}"]
                for name, value in state.items():
                    file[name] = value
            done = subprocess.run([program, "apply", spec, "in.h5", "out.h5", "--mode", mode], capture_output=True, text=True,
                                  check=False)
            check(done.returncode == 0, f"{spec}: {done.stderr}")
            moved = dict(state)
            first = n.gradients(x, dy, mode=mode, state=moved, move=True, **params)
            second = n.second(x, dy, v=v, mode=mode, state=state, **params, **along)
            with h5py.File("out.h5") as file:
                equal(f"{spec}: y of apply", n.apply(x, mode=mode, state=state, move=False, **params), file["y"][()])
                for name in ("y", "dx", "ds_dx", "ds_ddy"):
                    equal(f"{spec}: {name}", (first if name in first else second)[name], file[name][()])
                for name in params:
                    equal(f"{spec}: d{name}", first[f"d{name}"], file[path_of("d", name)][()])
                    equal(f"{spec}: ds_d{name}", second[f"ds_d{name}"], file[path_of("ds_d", name)][()])
                if "rstd" in file:
                    cells = n.moments(x, mode=mode, state=state)
                    equal(f"{spec}: rstd", cells.rstd, file["rstd"][()])
                    check("mean" not in file or file["mean"][()].tobytes() == cells.mean.tobytes(), f"{spec}: mean differs")
                    partitions.add(spec)
                for name, value in moved.items():
                    equal(f"{spec}: {name}", value, file[name][()] if mode == "train" else state[name])
    check(len(partitions) >= 8, f"with cells: {partitions}")


@inside("oracle")
def moments():
    """Moments of cells in place of x's own, beside `normlab apply --moments given`."""
    import h5py
    import normlab
    import numpy as np

    x, dy = drawn(1, 4, 8, 3, 5), drawn(2, 4, 8, 3, 5)
    for spec, shape in (("batch", (8,)), ("layer", (4,)), ("group(2)", (4, 2)), ("instance", (4, 8)), ("position", (4, 3, 5)),
                        ("ghost(2)", (2, 8)), ("group(2, center=no)", (4, 2))):
        n = normlab.norm(spec)
        cells = n.moments(x)
        same(f"{spec}: cells", (cells.mean.shape, cells.rstd.shape), (shape, shape))
        mean, variance = drawn(3, *shape), drawn(4, *shape) ** 2
        centred = "center" not in spec
        with h5py.File("in.h5", "w") as file:
            file["x"], file["dy"], file["v"], file["variance"] = x, dy, dy, variance
            if centred:
                file["mean"] = mean
        done = subprocess.run(["prefix/bin/normlab", "apply", spec, "in.h5", "out.h5", "--moments", "given"], check=False,
                              capture_output=True, text=True)
        check(done.returncode == 0, done.stderr)
        state = n.state()
        given = {"moments": (mean if centred else None, variance), "state": state}
        first, second = n.gradients(x, dy, move=True, **given), n.second(x, dy, v=dy, **given)
        with h5py.File("out.h5") as file:
            equal(f"{spec}: y of apply", n.apply(x, **given), file["y"][()])
            for name in ("y", "dx", "ds_dx"):
                equal(f"{spec}: {name}", (first if name in first else second)[name], file[name][()])
        check(all((state[name] == begun).all() for name, begun in n.state().items()), "the state moved")
        own = (cells.mean if centred else None, 1 / cells.rstd**2 - 1e-5)
        check(np.allclose(n.apply(x, moments=own), n.apply(x), rtol=1e-12, atol=1e-12), f"{spec}: its own moments")


@inside("oracle")
def by_hand():
    """Layer normalization and its gradients in NumPy."""
    import normlab
    import numpy as np

    x, dy, gamma = drawn(1, 3, 4, 5), drawn(2, 3, 4, 5), drawn(3, 4)
    axes, h = (1, 2), drawn(3, 4)[None, :, None] * drawn(2, 3, 4, 5)
    rstd = 1 / np.sqrt(x.var(axes, keepdims=True) + 1e-3)
    xhat = (x - x.mean(axes, keepdims=True)) * rstd
    d = normlab.norm("layer(eps=0.001)").gradients(x, dy, gamma=gamma)
    for name, expected in (("y", xhat * gamma[None, :, None]), ("dgamma", (dy * xhat).sum((0, 2))), ("dbeta", dy.sum((0, 2))),
                           ("dx", rstd * (h - h.mean(axes, keepdims=True) - xhat * (h * xhat).mean(axes, keepdims=True)))):
        check(np.allclose(d[name], expected, rtol=1e-12, atol=1e-13), f"{name}: {d[name]}, expected {expected}")
        check(getattr(d, name) is d[name], f"no attribute {name}")


@inside("example")
def arrays():
    """Whatever an array is like in memory, its numbers count; it stays as it is."""
    import normlab
    import numpy as np

    x = drawn(1, 4, 6, 5, 3).astype(np.float32)
    n = normlab.norm("group(2)")
    expected = n.apply(x.astype(np.float64))
    last = np.ascontiguousarray(np.moveaxis(x, 1, -1))
    unaligned = np.frombuffer(b"\0" + x.astype(np.float64).tobytes(), np.uint8)[1:].view(np.float64).reshape(x.shape)
    fixed = x.copy()
    fixed.setflags(write=False)
    for name, array in (("float32", x), ("channels that were last", np.moveaxis(last, -1, 1)), ("reversed", x[::-1][::-1]),
                        ("Fortran's order", np.asfortranarray(x)), ("big-endian", x.astype(">f8")), ("lists", x.tolist()),
                        ("unaligned", unaligned), ("fixed", fixed)):
        before = np.array(array, copy=True)
        equal(name, n.apply(array), expected)
        check(np.array_equal(before, array), f"{name}: x was changed")
    whole = np.arange(24).reshape(2, 6, 2)
    equal("whole numbers", n.apply(whole), n.apply(whole * 1.0))
    for shape in ((4, 6), (4, 6, 15), (4, 6, 5, 3), (4, 6, 5, 3, 1)):
        many = drawn(2, *shape)
        equal(f"{shape}", n.apply(many), n.apply(many.reshape(4, 6, -1)).reshape(shape))
    check(n.apply(np.empty((0, 6, 3))).shape == (0, 6, 3), "an empty batch")
    x = drawn(1, 4, 6, 5)
    x[1, 2, 3] = np.nan
    check(np.isnan(n.apply(x)).sum() == 15, "NaN stays in its cell")
    mask = np.ones((4, 5), bool)
    mask[1, 3] = False
    y = n.apply(x, mask=mask)
    check(np.isfinite(y).all() and not y[1, :, 3].any() and y[1, 2, 2] != 0, "padding")


@inside("example")
def state():
    """A step moves the dict that it is given, evaluation reads it; what is not given is as it begins."""
    import normlab
    import numpy as np

    x, n = drawn(1, 4, 3, 5) * 2 + 1, normlab.norm("batch(weight_new=0.25)")
    s = n.state(3)
    same("names", list(s), ["running_mean", "running_var"])
    same("parameters", {k: v.tolist() for k, v in n.params().items()}, {"gamma": [1.0] * 3, "beta": [0.0] * 3})
    n.gradients(x, x, state=s)
    check(not s["running_mean"].any(), "gradients have moved the state")
    n.apply(x, state=s)
    check(np.allclose(s["running_mean"], x.mean((0, 2)) / 4), f"{s}")
    check(np.allclose(s["running_var"], 0.75 + x.var((0, 2), ddof=1) / 4), f"{s}")
    before = {name: value.copy() for name, value in s.items()}
    y = n.apply(x, mode="eval", state=s)
    wide = {name: value[None, :, None] for name, value in s.items()}
    check(np.allclose(y, (x - wide["running_mean"]) / np.sqrt(wide["running_var"] + 1e-5)), "evaluation")
    check(all((before[name] == s[name]).all() for name in s), "evaluation has moved the state")
    try:
        n.apply(x[:, :, :0], mode="evil", state=s)
    except normlab.Error:
        check(all((before[name] == s[name]).all() for name in s), "an error has moved the state")
    m = normlab.norm("mabn", channels=3)  # its gradients are observed, too
    by_apply, by_gradients = m.state(), m.state()
    m.apply(x, state=by_apply), m.gradients(x, x, state=by_gradients, move=True)
    check(any((by_apply[name] != by_gradients[name]).any() for name in by_apply), "gradients were not observed")
    schedule = normlab.norm("anneal(batch, layer, from=0, to=2)")
    for epoch, spec in ((0, "batch"), (2, "layer")):
        check(np.allclose(schedule.apply(x, epoch=epoch), normlab.norm(spec).apply(x), rtol=0, atol=1e-12), f"epoch {epoch}")


@inside("example")
def groups():
    """A map follows what was observed; by_design says what is no derivative; other processes have the same."""
    import pickle

    import normlab
    import numpy as np

    x, n = drawn(1, 4, 6, 50), normlab.norm("regroup(2, by=sorted, from=1)", channels=6)
    state = n.state()
    same("names", "map" in state, True)
    x *= np.array([1, 9, 2, 8, 3, 7])[None, :, None]
    n.apply(x, state=state)
    same("before its time", n.adapt(state, 0), False)
    same("then", (n.adapt(state, 1), len({*state["map"][::2]}), len({*state["map"][1::2]})), (True, 1, 1))
    check(state["map"][0] != state["map"][1], f"{state['map']}")
    same("what has none", normlab.norm("layer").adapt({}, 1), False)
    same("by design", [normlab.norm(spec).by_design is None for spec in ("batch", "mabn")], [True, False])
    other = pickle.loads(pickle.dumps(n))
    equal("y of a copy", other.apply(x, state=state), n.apply(x, state=state))
    same("a copy", repr(other), "normlab.norm('regroup(2, by=sorted)', channels=6)")


@inside("example")
def equations():
    """A text is a normalizer, here and for the program that proves it."""
    import normlab
    import numpy as np

    x, gamma = drawn(1, 3, 4, 5), drawn(2, 4)
    normlab.let("squash(start=0.5): a = parameter(start); y = gamma * tanh(a * x) + beta")
    n = normlab.norm("squash(start=0.25)")
    y = n.apply(x, gamma=gamma)
    check(np.allclose(y, gamma[None, :, None] * np.tanh(x / 4), rtol=1e-14, atol=0), "y is not its equation")
    d = n.gradients(x, x, gamma=gamma, a=[2.0])
    check(np.allclose(d.da, (gamma[None, :, None] * x * x / np.cosh(2 * x) ** 2).sum()), f"da: {d.da}")
    check("squash" in normlab.examples(), "it is no example")
    same("proved", [row["verdict"] for row in normlab.check("squash", "--case", "*.4x8x5.gradient")], ["pass"])


@inside("oracle")
def threads():
    """One object, many threads, errors among them."""
    import concurrent.futures

    import normlab

    n = normlab.norm("blend(batch, group(2))")
    xs = [drawn(i, 8, 4, 30, 30) for i in range(8)]
    with concurrent.futures.ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(n.gradients, x, x[::-1]) for x in xs * 4]  # the first of them binds it
        wrong = [pool.submit(n.apply, x[:, :3]) for x in xs]
        found = [future.result().dx for future in futures]
        check(all("bound to 4 channels" in str(future.exception()) for future in wrong if future.exception()), "other errors")
    for i, dx in enumerate(found):
        equal(f"thread {i}", dx, n.gradients(xs[i % 8], xs[i % 8][::-1]).dx)


# ---- errors -------------------------------------------------------------------------------------------------------


@inside("fault")
def errors():
    """One line each: what is wrong, what is expected, the nearest word."""
    import normlab
    import numpy as np

    n, b, x = normlab.norm("group(2)", channels=4), normlab.norm("batch"), drawn(1, 2, 4, 3)
    b.apply(x)
    for number, (call, code, at, *parts) in enumerate((
            (lambda: normlab.norm("blend(batch, grup(2))"), 64, 13, "did you mean 'group'"),
            (lambda: normlab.norm(8), 64, 0, "'group(8)', not 8"), (lambda: normlab.norm("a\0b"), 64, 0, "a spec"),
            (lambda: normlab.norm("group(3)", channels=4), 64, 6, "3"), (lambda: normlab.norm("batch", channels=0), 64, 0, "from 1 on"),
            (lambda: normlab.norm("group(3)").apply(x), 64, 6, "3"),
            (lambda: normlab.norm("batch").state(), 64, 0, "how many channels"), (lambda: n.params(5), 65, 0, "bound to 4"),
            (lambda: n.apply(x[0, 0]), 65, 0, "x has shape [3]", "rank 2 to 5"),
            (lambda: n.apply(x[None, None, None]), 65, 0, "[1, 1, 1, 2, 4, 3]"), (lambda: n.apply(x[:, :0]), 65, 0, "no channels"),
            (lambda: n.apply(x[:, :2]), 65, 0, "bound to 4 channels, and there are 2"),
            (lambda: n.apply(x * 1j), 65, 0, "complex128"), (lambda: n.apply("x"), 65, 0, "real numbers"),
            (lambda: n.apply([[1, 2], [3]]), 65, 0, "x: real numbers"), (lambda: n.apply(x, gamma=[1, 2]), 65, 0, "gamma has shape [2]; [4]"),
            (lambda: n.apply(x, gama=1), 64, 0, "no parameter 'gama', did you mean 'gamma'", "gamma[4]"),
            (lambda: n.apply(x, v_gamma=np.ones(4)), 64, 0, "no parameter 'v_gamma'"),
            (lambda: n.apply(x, mode="evl"), 64, 0, "did you mean 'eval'"), (lambda: n.apply(x, epoch=-1), 64, 0, "epoch -1"),
            (lambda: n.gradients(x, x[:1]), 65, 0, "dy has shape [1, 4, 3]; [2, 4, 3]"), (lambda: n.gradients(x, None), 64, 0, "dy is NULL"),
            (lambda: n.second(x, x), 64, 0, "one of them"), (lambda: n.apply(x, mask=np.ones((2, 4))), 65, 0, "[2, 3] is expected"),
            (lambda: n.apply(np.ma.array(x, mask=x > 0)), 65, 0, "masked array"),
            (lambda: n.apply(x, moments=x), 64, 0, "a pair"), (lambda: n.apply(x, moments=(1, 2)), 65, 0, "mean has shape []; [2, 2]"),
            (lambda: n.apply(x, moments=(None, np.ones((2, 2)))), 64, 0, "mean is NULL; 4 numbers"),
            (lambda: normlab.norm("batch | layer").moments(x), 64, 0, "batch | layer does not standardize by one partition"),
            (lambda: n.apply(x, mask=np.full((2, 3), 2)), 65, 0, "mask"), (lambda: b.apply(x, mode="eval"), 65, 0, "needs running_mean [4]"),
            (lambda: b.apply(x, state={"running_men": x}), 64, 0, "did you mean 'running_mean'"),
            (lambda: b.apply(x, state={"running_var": -np.ones(4)}), 65, 0, "running_var: [0] = -1"),
            (lambda: normlab.norm("ghost(4)").apply(x), 64, 0, "divide a batch of 2"),
            (lambda: normlab.let("own: y = tahn(x)"), 65, 9, "text:1:10: ", "'tanh'"), (lambda: normlab.let(7), 64, 0, "a text"),
            (lambda: normlab.check("grup"), 64, 0, "did you mean 'group'"), (lambda: normlab.open_run("nowhere.h5"), 66, 0, "nowhere.h5: "),
            (lambda: normlab.open_run(__file__), 65, 0, "no HDF5 file"))):
        try:
            call()
        except normlab.Error as error:
            said = str(error)
            check((error.code, error.at) == (code, at) and "\n" not in said and all(part in said for part in parts),
                  f"{number}: {error.code} at {error.at}: {said}; {code} at {at}: {parts}")
            check(isinstance(error, ValueError), "no ValueError")
        else:
            check(False, f"{number}: no error; {parts}")


@inside("fault")
def memory():
    """What cannot be had is an error, and the program goes on."""
    import resource

    import normlab

    n, x = normlab.norm("layer"), drawn(1, 8, 64, 40, 40)
    y = n.apply(x)
    with open("/proc/self/statm", encoding="ascii") as file:
        now = int(file.read().split()[0]) * resource.getpagesize()
    if "ASAN_OPTIONS" not in os.environ:  # which has a bound of its own
        resource.setrlimit(resource.RLIMIT_AS, (now + 20 * x.nbytes, resource.RLIM_INFINITY))
    try:
        n.second(x, x, v=x)
    except normlab.Error as error:
        check(error.code == 71 and "out of memory" in str(error), f"{error.code}: {error}")
    else:
        check(False, "there was memory")
    equal("y afterwards", n.apply(x), y)


@case("fault")
def layout(place):
    """The structs of normlab.py are the header's, byte by byte."""
    install(place)
    sys.path.insert(0, place.path("prefix", "share", "normlab", "python"))
    sys.dont_write_bytecode = True
    import ctypes

    import normlab

    structs = {"NormlabError": normlab._Error, "NormlabArray": normlab._Array, "NormlabCall": normlab._Call}
    lines = [f'printf("{name} %zu\\n", sizeof({name}));' for name in structs]
    lines += [f'printf("{name}.{field} %zu\\n", offsetof({name}, {field}));'
              for name, struct in structs.items() for field, _ in struct._fields_]
    write("#include <normlab.h>\n#include <stdio.h>\nint main(void) {\n" + "\n".join(lines) + "\n}\n", place.path("sizes.c"))
    does(place, ["cc", "sizes.c", "-I", place.path("prefix", "include"), "-o", "sizes"])
    own = [f"{name} {ctypes.sizeof(struct)}" for name, struct in structs.items()]
    own += [f"{name}.{field} {getattr(struct, field).offset}" for name, struct in structs.items() for field, _ in struct._fields_]
    same("layout", own, does(place, ["./sizes"])[0].splitlines())


@case("fault")
def comma(place):
    """A program whose language writes 0,5 has the same specs."""
    install(place)
    made = subprocess.run(["localedef", "-i", "de_DE", "-f", "UTF-8", place.path("de_DE.UTF-8")], capture_output=True,
                          text=True, check=False)
    if not os.path.exists(place.path("de_DE.UTF-8", "LC_NUMERIC")):
        raise NotRun(f"no German locale: {made.stderr}")
    text = """import ctypes, locale, normlab
locale.setlocale(locale.LC_ALL, "de_DE.UTF-8")
assert locale.localeconv()["decimal_point"] == ","
print(normlab.norm("batch(eps=0.125)").spec)
try:
    normlab.norm("batch(weight_new=1.5)")
except normlab.Error as error:
    print(error)
room = ctypes.create_string_buffer(9)
ctypes.CDLL(None).snprintf(room, 9, b"%.1f", ctypes.c_double(0.5))
print(room.value.decode())
"""
    environment = {**place.environment(), **preloaded(), "LOCPATH": place.folder,
                   "PYTHONPATH": place.path("prefix", "share", "normlab", "python")}
    done = subprocess.run([sys.executable, "-B", "-c", text], env=environment, capture_output=True, text=True, check=False)
    check(done.returncode == 0, done.stderr)
    lines = done.stdout.splitlines()
    same("specs", (lines[0], lines[2]), ("batch(eps=0.125)", "0,5"))
    check("from 0 to 1, not '1.5'" in lines[1], lines[1])


@case("fault")
def found(place):
    """The library where it is installed, or where NORMLAB_LIBRARY says; the program likewise."""
    install(place)
    module = place.path("prefix", "share", "normlab", "python")

    def tries(text, folder=module, **variables):
        environment = {**place.environment(), **preloaded(), "PYTHONPATH": folder, **variables}
        return subprocess.run([sys.executable, "-B", "-c", f"import normlab\ntry:\n    {text}\nexcept normlab.Error as error:\n"
                               "    print(error.code, error)"], cwd=place.folder, env=environment, capture_output=True,
                              text=True, check=False).stdout

    same("version", tries("print(normlab.version())"), does(place, [PROGRAM, "--version"])[0].split()[1] + "\n")
    alone = os.path.join(HOME, "src", "api")
    check("69 libnormlab.so.0 is not where" in tries("normlab.norm('batch')", alone), "no word of a missing library")
    library = place.path("prefix", "lib", "libnormlab.so.0")
    same("named", tries("print(normlab.norm('bn').spec)", alone, NORMLAB_LIBRARY=library), "batch\n")
    check("69 the library cannot be loaded: " in tries("normlab.version()", NORMLAB_LIBRARY="/nowhere"), "no word of it")
    check("69 /nowhere: No such file" in tries("normlab.check('batch')", NORMLAB_PROGRAM="/nowhere"), "nor of the program")
    lacks = "import sys; sys.modules['xarray'] = None; normlab.open_run('x')"
    check("69 xarray is missing" in (said := tries(lacks)) and "apt-get install python3-xarray" in said, said)


# ---- the program, and its files -------------------------------------------------------------------------------------


@inside("example")
def proves():
    """check gives the table of the installed program."""
    import normlab

    table = normlab.check("layer", "--case", "*.4x8x5.gradient,*.4x8x5.value")
    same("checks", [row["check"] for row in table], ["value", "gradient"])
    check(all(row["verdict"] == "pass" and row["spec"] == "layer" for row in table), f"{table}")


@inside("example")
def files():
    """Runs and studies are xarray's, with what they are of."""
    import h5py
    import normlab
    import numpy as np

    words = ["images=64", "epochs=2", "batch=4", "seed=1,2", "norm=batch,layer"]
    does_run = subprocess.run(["prefix/bin/normlab", "run", "batch-size", "--quick", "--as", "own", *words], capture_output=True,
                              text=True, check=False)
    check(does_run.returncode == 0, does_run.stderr)
    run, = (path for path in glob.glob("out/runs/*.h5")
            if dict(h5py.File(path)["config"].attrs)["norm"] == "layer" and h5py.File(path)["config"].attrs["seed"] == 1)
    data = normlab.open_run(run)
    same("epochs", data.epoch.values.tolist(), [1, 2])
    same("attributes", (data.attrs["norm"], data.attrs["status"], data.attrs["seed"]), ("layer", "finished", 1))
    with h5py.File(run) as file:
        equal("val_error", data.val_error.values, file["metrics/val_error"][()])
    study = normlab.open_study("out/batch-size-own.h5")
    same("sizes", (list(study.series.values), study.sizes["seed"]), (["batch", "layer"], 2))
    score = float(normlab.open_run(run, "summary").score)
    check(float(study.score.sel(series="layer", seed=1, along=4)) == score and np.isfinite(score), "another score")
    check(study.score.attrs["units"] == "1" and study.attrs["experiment"] == "batch-size", f"{study.attrs}")
    for call, part in ((lambda: normlab.open_study(run), "no study of normlab; normlab.open_run reads it"),
                       (lambda: normlab.open_run("out/batch-size-own.h5"), "no run of normlab; normlab.open_study reads it"),
                       (lambda: normlab.open_run(run, "metric"), "did you mean 'metrics'")):
        try:
            call()
        except normlab.Error as error:
            check(part in str(error), f"{error}; expected {part}")
        else:
            check(False, f"no error: {part}")


# ---- the chapter ------------------------------------------------------------------------------------------------------


@case("example")
def chapter(place):
    """Every command of the chapter, in its order, where a checkout was built."""
    os.mkdir(place.path("build"))
    os.mkdir(place.path("out"))
    os.symlink(BUILD, place.path("build", "release"))
    os.symlink(os.path.join(HOME, "data"), place.path("data"))
    before = " ".join(f"{name}={value}" for name, value in preloaded().items())
    text = read(HOME, "notes", "94-from-other-languages.md")
    commands = "".join(block if kind == "sh" else f"{before} /usr/bin/python3 -B - <<'END'\n{block}END\n"
                       for kind, block in re.findall(r"^```(sh|python)\n(.*?)^```", text, re.M | re.S))
    commands = re.sub(r"^cc ", f"cc {' '.join(build_flags())} ", commands, flags=re.M)
    for word in ("normlab.let(", ".apply(", ".moments(", ".gradients(", ".second(", ".state(", "normlab.check(", "open_study(", "normlab-api"):
        check(word in commands, f"the chapter has no {word}")
    environment = {k: v for k, v in place.environment().items() if not k.startswith("NORMLAB_")}
    done = subprocess.run(["sh", "-exc", commands], cwd=place.folder, env=environment, capture_output=True, text=True,
                          timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False)
    check(done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-3000:]}{done.stdout[-1000:]}")
    for part in ("(4, 16, 8, 8) (16,) (16,)", "did you mean 'group'", "group", "running_var"):
        check(part in done.stdout, f"{part}: {done.stdout}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--inside"]:
        INSIDE[sys.argv[2]]()
    else:
        main()
