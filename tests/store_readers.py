"""Reads the sample of tests/store/store_sample.h with h5py and xarray.

--write FILE makes a file such as h5py's users make, --newer FILE turns its schema version up.
"""

import sys

import h5py
import numpy as np
import xarray


def check(condition, what):
    if not condition:
        sys.exit(f"store_readers.py: {what}")


def read_h5py(path):
    with h5py.File(path, "r") as file:
        check(file.attrs["title"] == "A sample", "title is a str")
        check(file.attrs["dim_order"] == "C", "dim_order")
        check(file.attrs["schema_version"] == 1, "schema_version")
        check(list(file) == ["metrics", "param"], "order of groups")
        group = file["metrics"]
        check(list(group) == ["norm", "epoch", "loss", "remark", "best"], "order of members")
        check(list(group["norm"].asstr()[:]) == ["batch", "group(8)"], "a scale of texts")
        check(list(group["remark"].asstr()[:]) == ["", "\u03b3 and \u03b2"], "UTF-8")
        check(group["remark"].dtype.metadata["vlen"] is str, "strings of variable length")
        loss = group["loss"]
        check([dim[0].name for dim in loss.dims] == ["/metrics/norm", "/metrics/epoch"], "scales")
        check(np.isnan(loss[0, 3]) and np.signbit(loss[0, 4]) and loss[1, 1] == 5e-324, "values")
        shown = [name for name in loss.attrs if name != "DIMENSION_LIST"]
        check(shown == ["units", "long_name", "zebra", "apple"], "order of attributes")
        check(loss.attrs["apple"] == "", "an empty text")
        check(loss.compression is None and loss.chunks is None, "small data is contiguous")
        large = file["param/conv1.weight"]
        check(large.compression == "gzip" and large.shuffle and large.fletcher32, "filters")
        check(large.compression_opts == 4 and large.shape == (40, 300), "deflate 4")


def read_xarray(path):
    with xarray.open_dataset(path, group="metrics", engine="h5netcdf") as data:
        check(dict(data.sizes) == {"norm": 2, "epoch": 5}, "dimensions")
        check(data.loss.dims == ("norm", "epoch"), "dimensions of loss")
        check(list(data.norm.values) == ["batch", "group(8)"], "coordinate of texts")
        check(data.loss.attrs["units"] == "1", "units")
        check(data.best.dims == () and float(data.best) == 0.1, "a scalar")
        check(float(data.loss.sel(norm="group(8)", epoch=1)) == 3, "selecting by name")
    with xarray.open_dataset(path, engine="h5netcdf") as data:
        check(data.attrs["title"] == "A sample", "the root")


def write(path):
    values = np.arange(3)
    with h5py.File(path + ".outside", "w") as file:
        file["x"] = values
    with h5py.File(path, "w") as file:
        for name, kind in {"f2": "f2", "f4": "f4", "f8": "f8", "i1": "i1", "u8": "u8",
                           "big_endian": ">f8"}.items():
            file[name] = values.astype(kind)
        file["bool"] = values > 0
        file["compound"] = np.zeros(3, dtype=[("r", "f8"), ("i", "f8")])
        file["fixed"] = np.array([b"one", b"three"])
        file["null"] = h5py.Empty("f8")
        file["soft"] = h5py.SoftLink("/f8")
        file["dangling"] = h5py.SoftLink("/nowhere")
        file["link"] = h5py.ExternalLink(path + ".outside", "/x")
        file.create_dataset("huge", (1 << 40,), "f8", chunks=(1 << 16,))
        file.create_dataset("external", (3,), "i1", external=[("/etc/passwd", 0, 3)])
        layout = h5py.VirtualLayout((3,), "f8")
        layout[:] = h5py.VirtualSource("elsewhere.h5", "x", (3,))
        file.create_virtual_dataset("virtual", layout)
        file["group/b"], file["group/a"] = 1, 2
        file.attrs["bytes"] = np.bytes_("abc")
        file.attrs["small"] = np.uint64(7)
        file.attrs["too_big"] = np.uint64(2**64 - 1)
        file.attrs["list"] = [1, 2, 3]


def make_newer(path):
    with h5py.File(path, "r+") as file:
        file.attrs["schema_version"] = 9


if sys.argv[1] == "--write":
    write(sys.argv[2])
elif sys.argv[1] == "--newer":
    make_newer(sys.argv[2])
else:
    read_h5py(sys.argv[1])
    read_xarray(sys.argv[1])
