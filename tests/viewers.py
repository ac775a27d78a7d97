#!/usr/bin/python3 -B
"""Files as viewers open them: each says by NeXus' attributes what it shows first (root's `default` names a group of NX_class
NXdata, whose `signal` is an array over `axes`), and every axis of what `apply` writes has a name, for xarray.

The rules: manual.nexusformat.org, NXdata; h5web and silx follow them. Those programs themselves: tests/readers.py.
"""

import glob
import os

import h5py
import numpy as np
import xarray

from program import case, check, main, same

RUN = ["run", "batch-size", "--quick", "--as", "seen", "norm=batch,group(2)", "batch=8,16", "seed=1", "images=64", "epochs=2", "weights=yes", "network=mlp(depth=2, width=4)"]


def written(place):
    """One of each sort of file: {what: path}."""
    x, found = place.path("x.h5"), {}
    with h5py.File(x, "w") as file:
        file["x"], file["dy"] = np.random.default_rng(1).normal(size=(2, 4, 3)), np.ones((2, 4, 3))
    place.good(*RUN)
    runs = sorted(glob.glob(os.path.join(place.out, "runs", "*.h5")))
    found["run"] = runs[0]
    found["study"], = glob.glob(os.path.join(place.out, "**", "batch-size*seen*.h5"), recursive=True)
    for name, words in (("evaluation", ["evaluate", runs[0], "mode=average", "on=val"]), ("spectrum", ["spectrum", runs[0], "samples=32", "steps=6", "probes=2", "top=2"])):
        found[name] = place.path(f"{name}.h5")
        place.good(*words, "--out", found[name])
    found["applied"] = place.path("y.h5")
    place.good("apply", "blend(batch, layer)", x, found["applied"])
    return found


def text(value):
    check(isinstance(value, str), f"{value!r} is no text of variable length")
    return value


def default_plot(file):
    """The group that a viewer goes to from the root, by the rules."""
    at = file
    for _ in range(8):
        kind = at.attrs.get("NX_class")
        if kind == "NXdata":
            return at
        check(kind in ("NXroot", "NXentry"), f"{at.name} is of NX_class {kind}")
        check("default" in at.attrs, f"{at.name} names no default")
        name = text(at.attrs["default"])
        check(name in at and isinstance(at[name], h5py.Group), f"default {name} is no group")
        at = at[name]
    check(False, "no end of defaults")


def check_plot(what, group):
    signal = text(group.attrs["signal"])
    data = group[signal]
    check(data.dtype.kind == "f" and data.size > 0, f"{what}: {signal} is {data.dtype}, of {data.size} numbers")
    axes = list(np.atleast_1d(group.attrs["axes"]))
    same(f"{what}: axes of {signal}", len(axes), data.ndim)
    for place, axis in enumerate(axes):
        if axis == ".":
            continue
        scale = group[axis]
        check(scale.dtype.kind in "fiu" and scale.shape == (data.shape[place],), f"{what}: {axis} is {scale.dtype}{scale.shape}")
    return signal, axes


SHOWN = {"run": ("val_error", ["epoch"]), "study": ("score", [".", "along", "seed"]), "applied": ("y", ["sample", "channel", "position"])}


@case("example")
def plots(place):
    for what, path in written(place).items():
        with h5py.File(path, "r") as file:
            shown = check_plot(what, default_plot(file))
            same(f"what {what} shows", shown, SHOWN.get(what, shown))


@case("oracle")
def named_axes(place):
    """Without phony_dims; arrays of one axis share its name, and its place."""
    x, y = place.path("x.h5"), place.path("y.h5")
    rng = np.random.default_rng(2)
    for words, shape, dims in ((["group(2)"], (2, 4, 3, 3), ("sample", "channel", "position_0", "position_1")),
                               (["batch", "--layout", "channels-last"], (2, 3, 4), ("sample", "position", "channel")),
                               (["mix(instance, layer, batch)"], (3, 4, 3), ("sample", "channel", "position")),
                               (["blend(batch, layer)"], (3, 3, 3), ("sample", "channel", "position")),
                               (["layer", "--samples", "0,1", "--channels", "2,3"], (2, 2, 3, 3), ("sample_0", "sample_1", "channel_0", "channel_1"))):
        with h5py.File(x, "w") as file:
            for name in ("x", "dy", "v"):
                file[name] = rng.normal(size=shape)
        place.good("apply", *words, x, y)
        with xarray.open_dataset(y, engine="h5netcdf") as data, h5py.File(y, "r") as file:
            same(f"axes of {words}", data.y.dims, dims)
            same("y", data.y.values.tolist(), file["y"][()].tolist())
            same("axes of dx", data.dx.dims, dims)
            same("axes of dgamma", data.dgamma.dims, tuple(name for name in dims if name.startswith("channel")))
            groups = [name for name in file if isinstance(file[name], h5py.Group)]
        for group in groups:
            with xarray.open_dataset(y, engine="h5netcdf", group=group) as data:
                check(len(data.variables) > 0, f"{group} is empty")


if __name__ == "__main__":
    main()
