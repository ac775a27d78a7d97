"""normlab from Python: normalizers of NumPy arrays, their gradients, and the gradients of those.

    import normlab
    bn = normlab.norm("blend(batch, group(8))")         # any spec; its channels are x.shape[1]
    y = bn.apply(x, gamma=g)                            # x: [samples, channels, ...], rank 2 to 5
    d = bn.gradients(x, dy, gamma=g)                    # of <dy, y>: d.dx, d.dgamma, d["dpart1.running"]...
    s = bn.second(x, dy, v=v, gamma=g)                  # of <dx, v>: s.ds_dx, s.ds_ddy, s.ds_dgamma...

Parameters are keywords by their names, as `params()` has them; those that are not given are as they begin. State is a
dict that a step of training moves:

    state = bn.state(channels=64)
    for x in batches:
        y = bn.apply(x, state=state)
    y = bn.apply(x, mode="eval", state=state)

All is computed in doubles, and what is returned is float64. Objects never change: threads may share them. A mistake is
a normlab.Error, a ValueError, with .code (of sysexits.h) and .at, its place in the spec.

`let(text)` adds a normalizer of your own, its equation; `check(spec)` proves one by the installed program;
`open_run(path)` and `open_study(path)` read what it wrote as an xarray.Dataset. NORMLAB_LIBRARY and NORMLAB_PROGRAM name the library and the program where they do not stand where
`cmake --install` puts them.
"""

import ctypes
import difflib
import functools
import json
import os
import pathlib
import shutil
import subprocess
import threading

import numpy as np

__all__ = ["Error", "Norm", "Results", "check", "examples", "let", "norm", "open_run", "open_study", "version"]

USAGE, DATA, NO_INPUT, UNAVAILABLE = 64, 65, 66, 69  # of sysexits.h
MODES = ("train", "eval")


class Error(ValueError):
    """What is wrong, in one line; its exit code, and its place in the spec in bytes."""

    def __init__(self, message, code=USAGE, at=0):
        super().__init__(message)
        self.code, self.at = code, at


class Results(dict):
    """Arrays by name, which are attributes, too."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"no '{name}' here; there are {', '.join(self)}") from None


def _nearest(word, words):
    near = difflib.get_close_matches(word, words, 1)
    return f", did you mean '{near[0]}'?" if near else ""


# ---- normlab.h --------------------------------------------------------------------------------------------------

_doubles = ctypes.POINTER(ctypes.c_double)
_lists = ctypes.POINTER(_doubles)


class _Error(ctypes.Structure):
    _fields_ = [("code", ctypes.c_int), ("at", ctypes.c_size_t), ("message", ctypes.c_char * 1024)]


class _Array(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char_p), ("count", ctypes.c_size_t), ("start", _doubles), ("least", ctypes.c_double),
                ("most", ctypes.c_double)]


class _Call(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("samples", ctypes.c_size_t), ("positions", ctypes.c_size_t),
                ("mode", ctypes.c_int), ("epoch", ctypes.c_size_t), ("x", _doubles), ("params", _lists),
                ("state", _lists), ("mask", ctypes.POINTER(ctypes.c_ubyte)), ("mean", _doubles), ("variance", _doubles),
                ("dy", _doubles), ("v", _doubles), ("v_params", _lists), ("y", _doubles), ("next", _lists),
                ("cell_mean", _doubles), ("cell_rstd", _doubles), ("dx", _doubles), ("dparams", _lists), ("ds_dx", _doubles),
                ("ds_ddy", _doubles), ("ds_dparams", _lists)]


_WHOLE = ctypes.c_size_t(-1).value  # of normlab_cells: each cell has all of an axis


def _installed(*patterns):
    """The first file of such a name below the prefix in which this file is installed, share/normlab/python."""
    prefix = pathlib.Path(__file__).resolve().parent.joinpath("..", "..", "..").resolve()
    return next((path for pattern in patterns for path in sorted(prefix.glob(pattern))), None)


@functools.lru_cache(maxsize=None)
def _library():
    path = os.environ.get("NORMLAB_LIBRARY") or _installed("lib*/libnormlab.so.0", "lib*/*/libnormlab.so.0")
    if path is None:
        raise Error("libnormlab.so.0 is not where normlab.py is installed; NORMLAB_LIBRARY may name it", UNAVAILABLE)
    try:
        library = ctypes.CDLL(str(path))
    except OSError as error:
        raise Error(f"the library cannot be loaded: {error}", UNAVAILABLE) from None
    handle, text, size = ctypes.c_void_p, ctypes.c_char_p, ctypes.c_size_t
    array, error = ctypes.POINTER(_Array), ctypes.POINTER(_Error)
    for name, result, *arguments in (
            ("open", handle, text, size, error), ("close", None, handle), ("spec", text, handle), ("params", size, handle),
            ("param", array, handle, size), ("states", size, handle), ("state", array, handle, size), ("version", text),
            ("example", text, size), ("by_design", text, handle),
            ("let", ctypes.c_int, text, error), ("cells", ctypes.c_int, handle, ctypes.POINTER(_Call), ctypes.POINTER(size), error),
            ("adapt", ctypes.c_int, handle, size, ctypes.c_uint64, _lists, error), *((name, ctypes.c_int, handle, ctypes.POINTER(_Call), error)
                                       for name in ("forward", "backward", "second"))):
        function = getattr(library, f"normlab_{name}")
        function.restype, function.argtypes = result, arguments
    return library


_texts = []  # of let, for the program


def let(text):
    """Adds the normalizers of a text: let("squash(start=1): a = parameter(start); y = gamma * tanh(a * x) + beta")."""
    error = _Error()
    if not isinstance(text, str) or "\0" in text:
        raise Error(f"a text is expected, such as 'mine: y = x', not {text!r}")
    if _library().normlab_let(text.encode(errors="replace"), ctypes.byref(error)):
        raise Error(error.message.decode(errors="replace"), error.code, error.at)
    _texts.append(text)


def version():
    """The library's, "0.1.0"."""
    return _library().normlab_version().decode()


def examples():
    """A spec of every kind of normalizers."""
    found, number = [], 0
    while (spec := _library().normlab_example(number)) is not None:
        found.append(spec.decode())
        number += 1
    return found


# ---- arrays -----------------------------------------------------------------------------------------------------


def _array(what, given, shape=None):
    """`given` as dense doubles, of that shape."""
    if isinstance(given, np.ma.MaskedArray):
        raise Error(f"{what}: a masked array; its numbers and mask= are expected", DATA)
    try:
        array = np.asarray(given)
        if array.dtype.kind not in "fiub":
            raise TypeError(f"numbers of type {array.dtype}")
        array = np.require(array, np.float64, ["C", "A"])
    except (TypeError, ValueError, RuntimeError) as error:
        raise Error(f"{what}: real numbers are expected: {error}", DATA) from None
    if shape is not None and array.shape != tuple(shape):
        raise Error(f"{what} has shape {list(array.shape)}; {list(shape)} is expected", DATA)
    return array


def _pointer(array):
    return None if array is None else array.ctypes.data_as(_doubles)


def _pointers(arrays):
    return (_doubles * max(len(arrays), 1))(*(_pointer(array) for array in arrays))


class _Bound:
    """An open normalizer of so many channels."""

    def __init__(self, spec, channels):
        library, error = _library(), _Error()
        self._close = library.normlab_close
        self.handle = None
        if not isinstance(spec, str) or "\0" in spec:
            raise Error(f"a spec is expected, such as 'group(8)', not {spec!r}")
        self.handle = library.normlab_open(spec.encode(errors="replace"), channels, ctypes.byref(error))
        if not self.handle:
            raise Error(error.message.decode(errors="replace"), error.code, error.at)
        self.spec = library.normlab_spec(self.handle).decode()
        why = library.normlab_by_design(self.handle)
        self.by_design = None if why is None else why.decode()
        self.params = self._arrays(library.normlab_params, library.normlab_param)
        self.state = self._arrays(library.normlab_states, library.normlab_state)

    def __del__(self):
        if getattr(self, "handle", None):
            self._close(self.handle)

    def _arrays(self, count, get):
        """name: how it begins."""
        found = (get(self.handle, i).contents for i in range(count(self.handle)))
        return {a.name.decode(): np.ctypeslib.as_array(a.start, (a.count,)).copy() for a in found}

    def call(self, name, *arguments):
        error = _Error()
        if getattr(_library(), f"normlab_{name}")(self.handle, *arguments, ctypes.byref(error)):
            raise Error(error.message.decode(errors="replace"), error.code, error.at)


# ---- normalizers ------------------------------------------------------------------------------------------------


class _Step:
    """One call: what is given, as the library reads it, and room for what it writes."""

    def __init__(self, bound, x, mode, state, epoch, mask, moments, given, prefixes):
        self.bound, self.shape = bound, x.shape
        if mode not in MODES:
            raise Error(f"mode {mode!r}: 'train' or 'eval' is expected{_nearest(str(mode), MODES)}")
        self.held = [x]  # as long as the call has pointers to it
        self.raw = _Call(size=ctypes.sizeof(_Call), samples=x.shape[0], positions=int(np.prod(x.shape[2:])),
                         mode=MODES.index(mode), epoch=_whole("epoch", epoch), x=_pointer(x))
        self._refuse_unknown(given, prefixes)
        self.raw.params = self.list([self._param(name, given.get(name)) for name in bound.params])
        self.raw.state = self._state(state)
        if mask is not None:
            places = _array("mask", mask, x.shape[:1] + x.shape[2:])
            if not np.isin(places, (0, 1)).all():
                raise Error("mask: 1 of what belongs and 0 are expected", DATA)
            self.held.append(places.astype(np.uint8))
            self.raw.mask = self.held[-1].ctypes.data_as(ctypes.POINTER(ctypes.c_ubyte))
        if moments is not None:
            self._give(moments)

    def _refuse_unknown(self, given, prefixes):
        known = [prefix + name for prefix in prefixes for name in self.bound.params]
        for name in given:
            if name not in known:
                has = ", ".join(f"{key}[{value.size}]" for key, value in self.bound.params.items()) or "none"
                raise Error(f"{self.bound.spec} has no parameter '{name}'{_nearest(name, known)}; it has {has}")

    def _param(self, name, given):
        return None if given is None else _array(name, given, self.bound.params[name].shape)

    def _state(self, state):
        if state is None:
            return None
        for name in state:
            if name not in self.bound.state:
                has = ", ".join(self.bound.state) or "none"
                raise Error(f"{self.bound.spec} has no state '{name}'{_nearest(str(name), self.bound.state)}; it has {has}")
        return self.list([None if state.get(name) is None else _array(f"state {name}", state[name], start.shape)
                          for name, start in self.bound.state.items()])

    def cells(self):
        """The shape of the cells: of axes along which they differ."""
        along = (ctypes.c_size_t * 3)()
        self.bound.call("cells", ctypes.byref(self.raw), along)
        axes = (self.shape[:1], self.shape[1:2], self.shape[2:])
        return [size for number, sizes in zip(along, axes) if number != _WHOLE
                for size in (sizes if number == np.prod(sizes) else [number])]

    def _give(self, moments):
        if not isinstance(moments, (tuple, list)) or len(moments) != 2:
            raise Error("moments: a pair is expected, mean and variance of the cells")
        for name, given in zip(("mean", "variance"), moments):
            if given is not None:
                self.held.append(_array(name, given, self.cells()))
                setattr(self.raw, name, _pointer(self.held[-1]))

    def list(self, arrays):
        self.held += [arrays, _pointers(arrays)]
        return self.held[-1]

    def like_x(self, name, given):
        if given is None:
            return
        self.held.append(_array(name, given, self.shape))
        setattr(self.raw, name, _pointer(self.held[-1]))

    def room_like(self, name, shape=None):
        """An array that the call writes, of x's shape where no other is said."""
        self.held.append(np.empty(self.shape if shape is None else shape))
        setattr(self.raw, name, _pointer(self.held[-1]))
        return self.held[-1]

    def room(self, name, of):
        arrays = {key: np.empty(start.shape) for key, start in of.items()}
        setattr(self.raw, name, self.list(list(arrays.values())))
        return arrays


class Norm:
    """A normalizer, of as many channels as x has at its first call."""

    def __init__(self, spec, channels=None):
        self._bound, self._lock = _Bound(spec, 0), threading.Lock()
        self.spec, self.channels = self._bound.spec, None
        self.by_design = self._bound.by_design  # why dx in training is not the derivative; None: it is
        if channels is not None:
            self._bind(channels)

    def __repr__(self):
        return f"normlab.norm({self.spec!r}{'' if self.channels is None else f', channels={self.channels}'})"

    def __reduce__(self):  # for other processes
        return norm, (self.spec, self.channels)

    def _bind(self, channels):
        with self._lock:
            if self.channels is None:
                if not isinstance(channels, (int, np.integer)) or channels < 1:
                    raise Error(f"channels {channels!r}: a whole number from 1 on is expected")
                self._bound, self.channels = _Bound(self.spec, int(channels)), int(channels)
            if self.channels != channels:
                raise Error(f"{self.spec} is bound to {self.channels} channels, and there are {channels}; "
                            f"normlab.norm({self.spec!r}) makes another", DATA)
            return self._bound

    def _begun(self, which, channels):
        if channels is None and self.channels is None:
            raise Error(f"{self.spec}: how many channels? say channels=, here or to normlab.norm")
        bound = self._bind(self.channels if channels is None else channels)
        return {name: value.copy() for name, value in getattr(bound, which).items()}

    def params(self, channels=None):
        """Its parameters by name, as they begin."""
        return self._begun("params", channels)

    def state(self, channels=None):
        """Its state by name, as it begins: to be given to calls, which move it."""
        return self._begun("state", channels)

    def _step(self, x, mode, state, epoch, mask, moments, given, prefixes=("",)):
        x = _array("x", x)
        if not 2 <= x.ndim <= 5:
            raise Error(f"x has shape {list(x.shape)}; [samples, channels, ...] of rank 2 to 5 is expected", DATA)
        if x.shape[1] == 0:
            raise Error(f"x has no channels: its shape is {list(x.shape)}", DATA)
        return _Step(self._bind(x.shape[1]), x, mode, state, epoch, mask, moments, given, prefixes)

    @staticmethod
    def _run(step, name, state, move):
        moves = move and state is not None and step.raw.mode == 0
        after = step.room("next", step.bound.state) if moves else {}
        step.bound.call(name, ctypes.byref(step.raw))
        if after:
            state.update(after)

    def apply(self, x, gamma=None, beta=None, mode="train", state=None, epoch=0, mask=None, moments=None, move=True, **params):
        """y of x. In training the dict `state` is moved by the step; without one the step is the first. `mask`, of samples
        and positions, is 0 where padding is. `moments`, mean and variance of the cells, stand for x's own."""
        step = self._step(x, mode, state, epoch, mask, moments, _given(gamma, beta, params))
        y = step.room_like("y")
        self._run(step, "forward", state, move)
        return y

    def gradients(self, x, dy, gamma=None, beta=None, mode="train", state=None, epoch=0, mask=None, moments=None, move=False, **params):
        """Gradients of <dy, y>: dx, and dNAME of every parameter; and y. `move`: this call is the step that moves the
        state, which `apply` was not."""
        step = self._step(x, mode, state, epoch, mask, moments, _given(gamma, beta, params))
        step.like_x("dy", dy)
        results = Results(y=step.room_like("y"), dx=step.room_like("dx"))
        results.update((f"d{name}", value) for name, value in step.room("dparams", step.bound.params).items())
        self._run(step, "backward", state, move)
        return results

    def second(self, x, dy, v=None, gamma=None, beta=None, mode="train", state=None, epoch=0, mask=None, moments=None, **params):
        """Gradients of s = <dx, v> + <dgamma, v_gamma> + ..., of any of v, v_gamma and v_NAME: ds_dx, ds_ddy, and
        ds_dNAME of every parameter."""
        given = _given(gamma, beta, params)
        step = self._step(x, mode, state, epoch, mask, moments, given, ("", "v_"))
        step.like_x("dy", dy)
        step.like_x("v", v)
        along = {f"v_{name}": start.shape for name, start in step.bound.params.items()}
        step.raw.v_params = step.list([None if given.get(name) is None else _array(name, given[name], shape)
                                       for name, shape in along.items()])
        results = Results(ds_dx=step.room_like("ds_dx"), ds_ddy=step.room_like("ds_ddy"))
        results.update((f"ds_d{name}", value) for name, value in step.room("ds_dparams", step.bound.params).items())
        step.bound.call("second", ctypes.byref(step.raw))
        return results

    def moments(self, x, mode="train", state=None, epoch=0, mask=None):
        """What standardizes x, of one that has cells (no combination): their mean and rstd = 1 / sqrt(variance + eps), [C]
        of batch, [N] of layer, [N, G] of group, [N, H, W] of position."""
        step = self._step(x, mode, state, epoch, mask, None, {})
        shape = step.cells()
        results = Results((name, step.room_like(f"cell_{name}", shape)) for name in ("mean", "rstd"))
        step.bound.call("forward", ctypes.byref(step.raw))
        return results

    def adapt(self, state, epoch, seed=0):
        """Before an epoch: makes anew what follows a schedule (the map of regroup) of what was observed; whether anything
        changed. The dict `state` is moved."""
        if not state and self.channels is None:
            return False
        start = self.state()
        after = {name: _array(f"state {name}", state.get(name), value.shape).copy() for name, value in start.items()}
        self._bound.call("adapt", _whole("epoch", epoch), _whole("seed", seed), _pointers(list(after.values())))
        changed = any(after[name].tobytes() != _array(name, state[name]).tobytes() for name in after)
        state.update(after)
        return changed


def _whole(what, given):
    if not isinstance(given, (int, np.integer)) or given < 0:
        raise Error(f"{what} {given!r}: a whole number from 0 on is expected")
    return int(given)


def _given(gamma, beta, params):
    return {name: value for name, value in (("gamma", gamma), ("beta", beta), *params.items()) if value is not None}


def norm(spec, channels=None):
    """The normalizer of that spec."""
    return Norm(spec, channels)


# ---- the program, and its files ---------------------------------------------------------------------------------


def check(spec, *words):
    """What `normlab check SPEC` says of each of its cases, a list of dicts: "check", "verdict"... Further words are the
    command's: check("layer", "--case", "*.4x8x5.*")."""
    program = os.environ.get("NORMLAB_PROGRAM") or _installed("bin/normlab") or shutil.which("normlab")
    if program is None:
        raise Error("the program normlab is not where normlab.py is installed; NORMLAB_PROGRAM may name it", UNAVAILABLE)
    own = [word for text in _texts for word in ("--let", text)]
    try:
        done = subprocess.run([program, *own, "check", spec, "--json", *words], capture_output=True, text=True,
                              stdin=subprocess.DEVNULL, check=False)
    except OSError as error:
        raise Error(f"{program}: {error.strerror}", UNAVAILABLE) from None
    if done.returncode not in (0, 1):  # 1: some failed
        said = (done.stderr.strip().splitlines() or ["normlab: check was stopped"])[-1]
        raise Error(said.removeprefix("normlab: "), done.returncode)
    return json.loads(done.stdout)["cases"]


def open_run(path, group="metrics"):
    """A run's file, of out/runs: its numbers by epoch, or another group ("summary", "blocks", "norms/LAYER") as an
    xarray.Dataset. What its settings are stands in attrs."""
    return _open(path, group, "run", "open_study")


def open_study(path, group="results"):
    """A collected file, of out or data: its numbers by series, point and seed, or another group ("metrics", "gate")."""
    return _open(path, group, "study", "open_run")


def _open(path, group, kind, other):
    try:
        import h5py
        import xarray
        import h5netcdf  # noqa: F401, xarray's engine
    except ImportError as lack:
        raise Error(f"{lack.name} is missing, with which files are read: apt-get install python3-xarray python3-h5netcdf "
                    "python3-h5py", UNAVAILABLE) from None
    path = os.fspath(path)
    if not os.path.exists(path):
        raise Error(f"{path}: there is no such file", NO_INPUT)
    try:
        with h5py.File(path, "r") as file:
            root = dict(file.attrs)
            groups = [name for name, item in file.items() if isinstance(item, h5py.Group)]
            found = isinstance(file.get(group), h5py.Group)
            if kind == "run" and "config" in file:
                root.update(file["config"].attrs)
    except OSError as error:
        raise Error(f"{path} is no HDF5 file that can be read: {error}", DATA) from None
    if kind not in root:
        hint = f"; normlab.{other} reads it" if other[5:] in root else ""
        raise Error(f"{path} is no {kind} of normlab{hint}", DATA)
    if not found:
        raise Error(f"{path} has no group '{group}'{_nearest(group, groups)}; there are {', '.join(groups)}", DATA)
    with xarray.open_dataset(path, group=group, engine="h5netcdf") as data:
        data.load()
    data.attrs = {**root, **data.attrs}
    return data
