#!/usr/bin/python3 -B
"""Data of one's own: HDF5 files made by h5py, folders in MNIST's format, and what is said where they are not right."""

import glob
import os
import re
import struct
import subprocess
import sys

import h5py
import numpy as np

from program import HOME, Failure, case, check, main, same

USAGE, BAD, NO_INPUT = 64, 65, 66
NETWORK = "network=resnet(depth=8, width=4, stem_stride=2)"
RUN = ["run", "batch-size", "--quick", "--as", "own", "norm=group(2)", "batch=8", "samples=16", "seed=1", "images=0", "epochs=3",
       "rate=0.1", NETWORK]


def samples(count, shape=(3, 40, 24), classes=3, seed=1):
    """Images of a class each: its channel is brighter. (x, label)."""
    rng = np.random.default_rng(seed)
    label = rng.integers(0, classes, count)
    x = rng.integers(0, 100, (count, *shape))
    x[np.arange(count), label % shape[0]] += 40 + 60 * (label[:, None, None] // shape[0])
    return x.astype(np.uint8), label


def write(place, parts, name="own.h5", **others):
    """parts: {"train": {"x": ..., "label": ...}, ...}; an array, or (array, attributes)."""
    with h5py.File(place.path(name), "w") as file:
        for part, arrays in parts.items():
            for key, value in arrays.items():
                values, attributes = value if isinstance(value, tuple) else (value, {})
                file[f"{part}/{key}"] = values
                file[f"{part}/{key}"].attrs.update(attributes)
        for key, value in others.items():
            file[key] = value


def part(count, **more):
    x, label = samples(count, **more)
    return {"x": x, "label": label}


def summary(place):
    """What the one run has to say."""
    runs = glob.glob(place.path("out", "runs", "*.h5"))
    same("runs", len(runs), 1)
    with h5py.File(runs[0]) as file:
        return {"name": runs[0], **{k: v[()] for k, v in file["summary"].items()}, **dict(file["summary"].attrs),
                **{k: v[()] for k, v in file["metrics"].items()}, "data": file["config"].attrs["data_sha256"]}


def trained(place, name, *words):
    """The same of a run that is made, and removed. (What a study's table makes of it is not asked here.)"""
    code, _, err = place.run(*RUN, f"dataset={name}", *words)
    place.talk = err.decode()
    check(code == 0 or any(word.startswith("task=") for word in words), f"exit code {code}: {place.talk}")
    found = summary(place)
    for path in glob.glob(place.path("out", "runs", "*")):
        os.remove(path)
    return found


def write_idx(place, folder, parts):
    """MNIST's four files."""
    os.mkdir(place.path(folder))
    for stem, (x, label) in parts.items():
        for name, values in ((f"{stem}-images-idx3-ubyte", x), (f"{stem}-labels-idx1-ubyte", label)):
            with open(place.path(folder, name), "wb") as file:
                file.write(struct.pack(f">BBBB{values.ndim}I", 0, 0, 8, values.ndim, *values.shape))
                file.write(values.astype(np.uint8).tobytes())


# ---- what trains ------------------------------------------------------------------------------------------------------


@case("example")
def ten_lines(place):
    """The script of the chapter: what it writes trains, and is learned."""
    with open(os.path.join(HOME, "notes", "91-your-own-study.md")) as file:
        script = re.search(r"^```python\n(.*?)^```", file.read(), re.M | re.S)[1]
    check(len(script.splitlines()) <= 10, "more than ten lines")
    os.makedirs(place.path("out", "mine"))
    subprocess.run([sys.executable, "-c", script], cwd=place.folder, check=True)
    found = trained(place, "out/mine/blobs.h5")
    check("1260 samples to train, 140 drawn to validate, 200 to test" in place.talk, place.talk)
    same("images", found["images"], 1260)
    check(found["test_error"] < 0.1, f"a test error of {found['test_error']}")


@case("oracle")
def as_idx(place):
    """The same samples in another format are another data set, of the same weights to the bit."""
    x, label = samples(100, (1, 12, 10), 2)
    t, t_label = samples(30, (1, 12, 10), 2, seed=2)
    write_idx(place, "folder", {"train": (x[:, 0], label), "t10k": (t[:, 0], t_label)})
    write(place, {"train": {"x": x, "label": label}, "test": {"x": t, "label": t_label}})
    a, b = trained(place, "idx:folder"), trained(place, "own.h5")
    for key in ("weights_sha256", "test_error", "score"):
        same(key, a[key], b[key])
    check(a["name"] != b["name"], "two formats are one run")


@case("theorem")
def kinds_of_numbers(place):
    """Levels of any integer type are the same samples; reals are others, and nearly so where they are v / 255."""
    x, label = samples(100)
    found = []
    for values, labels in ((x, label), (x.astype(np.int64), label.astype(np.uint8)), (x.astype(">i2"), label.astype(np.int8)),
                           (x / 255.0, label), ((x, {"scale_factor": 1 / 255}), label), ((x / 255 + 9, {"add_offset": -9.0}), label)):
        write(place, {"train": {"x": values, "label": labels}})
        found.append(trained(place, "own.h5"))
    for other in found[1:3]:
        same("name", other["name"], found[0]["name"])
        same("weights", other["weights_sha256"], found[0]["weights_sha256"])
    for other in found[3:]:
        check(other["data"] != found[0]["data"], "reals are the same data")
        check(np.allclose(other["val_loss"], found[0]["val_loss"], rtol=1e-6), f"{other['val_loss']}, {found[0]['val_loss']}")


@case("theorem")
def parts_of_its_own(place):
    """/val is what validates, /test what tests; without /test there is no such number, and the run is finished."""
    train, val = part(100), part(40, seed=3)
    write(place, {"train": train, "val": val, "test": val})
    found = trained(place, "own.h5")
    same("images", found["images"], 100)
    same("test error", found["test_error"], found["val_error"][-1])
    write(place, {"train": train, "val": val})
    other = trained(place, "own.h5")
    same("weights", other["weights_sha256"], found["weights_sha256"])
    same("diverged", other["diverged"], 0)
    check(np.isnan(other["test_error"]) and np.isnan(other["test_loss"]), f"a test error of {other['test_error']}")
    check(other["name"] != found["name"], "a run with test samples is one without")
    write(place, {"train": train, "val": cut(val, 39)})
    check(trained(place, "own.h5")["name"] != other["name"], "other validation samples are the same")
    write(place, {"train": train, "val": val}, classes=["a", "b", "c", "d"])
    check(trained(place, "own.h5")["name"] != other["name"], "a class more is the same")
    place.good(*RUN, "dataset=own.h5")
    place.good(*RUN, "dataset=own.h5")
    check("finished before" in place.talk, place.talk)


@case("theorem")
def wherever_it_lies(place):
    """A run is named by the samples, not by the path."""
    write(place, {"train": part(60)})
    place.good(*RUN, "dataset=own.h5")
    os.mkdir(place.path("below"))
    os.rename(place.path("own.h5"), place.path("below", "other name.h5"))
    place.good(*RUN, "dataset=below/other name.h5")
    check("finished before" in place.talk, place.talk)
    code, _, err = place.run(*RUN, "dataset=own.h5")
    same("exit code", code, NO_INPUT)
    check("own.h5" in err.decode(), err)


@case("example")
def described(place):
    train = part(50)
    del train["label"]
    mask = np.zeros((50, 40, 24), np.uint8)
    mask[:, :20] = 4
    mask[:, -1] = 255
    number = (np.arange(50.0), {"units": "kg"})
    write(place, {"train": {**train, "mask": mask, "number": number}}, classes=["sky", "b", "c", "d", "a, or e"])
    text = place.good("list", "datasets", "own.h5")
    for words in ("45 images to train, 5 to validate, 0 to test", "3 x 40 x 24", "40 x 24", "sky, b, c, d, a, or e", "kg"):
        check(words in text, f"no '{words}' in {text}")
    os.rename(place.path("own.h5"), place.path("it's own.h5"))
    text = place.good("list", "datasets", "it's own.h5")
    check(text.startswith("it's own.h5\n  is           45 samples to train, 5 drawn to validate, 0 to test, of "), text)
    check(r"EXPERIMENT 'dataset=it'\''s own.h5'`" in text, text)


@case("example")
def other_tasks(place):
    """Masks and numbers, rows of numbers instead of images: what fits them learns them."""
    rng = np.random.default_rng(4)
    row = rng.integers(2, 11, 200)  # the first that is dark
    bright = (np.arange(12)[None, :] < row[:, None])[:, None, :, None].repeat(10, 3)
    x = (rng.integers(0, 100, (200, 2, 12, 10)) + 120 * bright).astype(np.uint8)
    mask = bright[:, 0].astype(np.uint8)
    mask[:, -1] = 255
    number, label = 1e4 + 300.0 * row, (row > 5).astype(int)
    rows = rng.standard_normal((200, 7)) * 10.0 ** np.arange(7)
    write(place, {"train": {"x": x, "mask": mask, "number": (number, {"units": "kg"}), "label": label}}, "images.h5")
    write(place, {"train": {"x": rows, "label": (rows[:, 6] > 0).astype(int), "number": rows[:, 2]}}, "rows.h5")
    write(place, {"train": {"x": rows[:, :, None].repeat(3, 2), "label": (rows[:, 6] > 0).astype(int)}}, "tracks.h5")
    for name, task, network, metric, most in (
            ("images.h5", "classify", NETWORK[8:], "error", 0.2),
            ("images.h5", "segment", "unet(depth=1, width=4)", "loss", 0.3),
            ("images.h5", "regress", NETWORK[8:], "rmse", 0.4 * number.std()),
            ("rows.h5", "classify", "linear", "error", 0.2), ("rows.h5", "regress", "linear", "rmse", 60.0),
            ("tracks.h5", "classify", "mlp(width=8)", "error", 0.3)):
        words = [f"task={task}", f"network={network}", "epochs=5"]
        found = trained(place, name, *words, *(["norm=none"] if network == "linear" else []))
        check(found[f"val_{metric}"][-1] < most, f"{name}, {task}: {found[f'val_{metric}']}, at most {most}")


# ---- what does not ----------------------------------------------------------------------------------------------------


def with_value(values, at, value):
    changed = values.astype(float) if isinstance(value, float) else values.copy()
    changed[at] = value
    return changed


def cut(arrays, count):
    return {key: values[:count] for key, values in arrays.items()}


def faults():
    """(parts, what else is in the file, words of the one line)."""
    train, other = part(40), part(10, seed=2)
    x, label = train["x"], train["label"]
    yield {}, {}, ["/train/x is missing", "[N, C, H, W]"]
    yield {"train": {"label": label}}, {}, ["/train/x is missing"]
    yield {"train": {"x": x}}, {}, ["/train has x; label, mask or number is expected beside x"]
    yield {"train": {"x": x, "labels": label}}, {}, ["/train has labels, x; label, mask or number"]
    yield {"train": train, "validation": other}, {}, ["/validation is none of /train, /val and /test"]
    yield {"train": train, "val": {"x": other["x"]}}, {}, ["/val/label is missing"]
    yield {"train": train, "test": {"label": other["label"]}}, {}, ["/test/x is missing"]
    yield {"train": {"x": x, "label": label[:39]}}, {}, ["/train/label has 39 samples; 40 are expected"]
    yield {"train": {"x": x, "label": label[:, None]}}, {}, ["/train/label is [1] a sample; [N] is expected"]
    yield {"train": {"x": x, "label": label / 1.0}}, {}, ["/train/label is not integers; classes from 0"]
    yield {"train": {"x": x, "label": with_value(label, 7, 255)}}, {}, ["/train/label[7] is 255; a class from 0 to 254"]
    yield {"train": {"x": x, "label": with_value(label, 7, -1)}}, {}, ["/train/label[7] is -1; a class from 0 to 254"]
    yield {"train": {"x": x, "label": 0 * label}}, {}, ["/train/label has one class alone"]
    yield {"train": {"x": x, "label": np.array(["a"] * 40, dtype=object)}}, {}, ["/train/label is not numbers"]
    yield {"train": {"x": with_value(x, (12, 0, 3, 4), np.nan), "label": label}}, {}, ["/train/x[12, 0, 3, 4] is nan; finite"]
    yield {"train": {"x": with_value(x, (39, 2, 39, 23), np.inf), "label": label}}, {}, ["/train/x[39, 2, 39, 23] is inf; finite"]
    yield {"train": {"x": with_value(x, (1, 1, 1, 1), 1e300), "label": label}}, {}, ["squares of image, channel 1"]
    yield {"train": {"x": with_value(x.astype(int), (1, 2, 3, 4), 256), "label": label}}, {}, ["/train/x[1, 2, 3, 4] is 256; a level from 0 to 255"]
    yield {"train": {"x": x[:0], "label": label[:0]}}, {}, ["/train/x has 0 along axis 0; 1 or more"]
    yield {"train": {"x": x[:, :, :0], "label": label}}, {}, ["/train/x has 0 along axis 2"]
    yield {"train": cut(train, 1)}, {}, ["1 sample to train on, expected 2 or more"]
    yield {"train": {"x": np.float64(1), "label": label}}, {}, ["/train/x is a single number"]
    yield {"train": {"x": label, "label": label}}, {}, ["/train/x has 1 axes; [N, C, H, W], [N, C, L] or [N, C]"]
    yield {"train": {"x": x[:, :, None], "label": label}}, {}, ["/train/x has 5 axes"]
    yield {"train": {"x": x[:, :, None, None], "label": label}}, {}, ["/train/x has rank 6, at most 5"]
    yield {"train": train, "val": {"x": other["x"][:, :, 1:], "label": other["label"]}}, {}, [
        "/val/x is [3, 39, 24] a sample; [3, 40, 24] is expected, as /train/x"]
    yield {"train": train, "test": {"x": other["x"] / 255, "label": other["label"]}}, {}, ["/test/x is reals; integers are expected"]
    yield {"train": {"x": x, "mask": x[:, 0, 1:]}}, {}, ["/train/mask is [39, 24] a sample; rows and columns of /train/x, [40, 24]"]
    yield {"train": {"x": x[:, :, 0, 0], "mask": label}}, {}, ["/train/mask is for images"]
    yield {"train": {"x": x, "number": with_value(label, 3, np.nan)}}, {}, ["/train/number[3] is nan"]
    yield {"train": train}, {"classes": ["a", "b"]}, ["/classes is 2 names; the label counts up to class 2"]
    yield {"train": train}, {"classes": ["a"]}, ["/classes is 1 names; 2 to 255"]
    yield {"train": train}, {"classes": np.arange(3)}, ["/classes is not text"]


@case("fault")
def named_with_their_place(place):
    for parts, others, words in faults():
        write(place, parts, **others)
        code, out, err = place.run(*RUN, "--dry-run", "dataset=own.h5")
        same(f"{words}: exit code, {err}", code, BAD)
        lines = err.decode().splitlines()
        same(f"{words}: lines of {lines}", len(lines), 1)
        for word in [place.path("own.h5"), *words]:
            check(word in lines[0], f"no '{word}' in '{lines[0]}'")


@case("fault")
def no_such_file(place):
    write(place, {"train": part(40)}, "good.h5")
    with open(place.path("text.h5"), "w") as file:
        file.write("x,label\n1,2\n")
    with open(place.path("good.h5"), "rb") as file:
        data = file.read()
    with open(place.path("cut.h5"), "wb") as file:
        file.write(data[:-1000])
    for name, code, words in (("none.h5", NO_INPUT, "none.h5"), ("text.h5", BAD, "text.h5"), ("cut.h5", BAD, "cut.h5"),
                              ("tmp/", USAGE, "FILE.h5 is expected"), ("h5:tmp", BAD, "tmp"), ("h5", USAGE, "FILE.h5"),
                              ("good.h6", USAGE, "FILE.h5 is expected")):
        got, _, err = place.run(*RUN, "--dry-run", f"dataset={name}")
        check(got in (code, NO_INPUT) and words in err.decode() and err.count(b"\n") == 1, f"{name}: exit code {got}: {err.decode()}")
    for words, says in ((["flip=yes", "shift=16"], None), (["shift=5"], "shift=5 leaves nothing of images of 12 x 5")):
        x, label = samples(40, (3, 12, 5)) if says else samples(40)
        write(place, {"train": {"x": x, "label": label}})
        code, _, err = place.run(*RUN, "--dry-run", "dataset=own.h5", *words)
        same(f"exit code: {err.decode()}", code, USAGE if says else 0)
        check(says is None or says in err.decode(), err.decode())


@case("fault")
def no_task_for_it(place):
    """Samples without a label, or without rows and columns, where the network wants them."""
    x, label = samples(40)
    write(place, {"train": {"x": x[:, :, 0, 0], "label": label}})
    code, _, err = place.run(*RUN, "--dry-run", "dataset=own.h5")
    check(code in (USAGE, BAD) and b"[N, C, H, W]" in err, f"exit code {code}: {err.decode()}")
    code, _, err = place.run(*RUN, "--dry-run", "dataset=own.h5", "flip=yes")
    check(code == USAGE and b"flip and shift move images; the x of" in err, f"exit code {code}: {err.decode()}")


@case("fault")
def damaged(place):
    """Any bytes: one line or samples, and never a crash."""
    write(place, {"train": part(20, shape=(1, 6, 5), classes=2)})
    with open(place.path("own.h5"), "rb") as file:
        data = bytearray(file.read())
    rng = np.random.default_rng(1)
    for _ in range(30):
        changed = bytearray(data)
        for at in rng.integers(0, len(data), 20):
            changed[at] = rng.integers(0, 256)
        with open(place.path("own.h5"), "wb") as file:
            file.write(changed)
        code, _, err = place.run(*RUN, "batch=2", "samples=4", "--dry-run", "dataset=own.h5")
        if code not in (0, USAGE, BAD, NO_INPUT):
            raise Failure(f"exit code {code}: {err.decode()}")


if __name__ == "__main__":
    main()
