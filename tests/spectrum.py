#!/usr/bin/python3 -B
"""The curvature of finished runs from outside: of softmax regression as NumPy computes the whole Hessian from the file's weights, in all
forms alike, and what cannot be asked is refused in one line."""

import glob
import hashlib
import json
import os

import h5py
import numpy as np

from program import case, check, main, same

RUN = ["run", "batch-size", "--quick", "norm=none", "batch=8", "samples=16", "seed=1", "images=0", "epochs=2", "network=linear",
       "dataset=own.h5", "weights=yes"]
SAMPLES = {"train": 52, "val": 20, "test": 30}


def trained(place, *words):
    """Runs on a few noisy images of three classes; their files."""
    draw = np.random.default_rng(1)
    if not os.path.exists(place.path("own.h5")):
        with h5py.File(place.path("own.h5"), "w") as file:
            for part, count in SAMPLES.items():
                label = draw.integers(0, 3, count)
                x = draw.integers(0, 120, (count, 1, 6, 6))
                x[np.arange(count), 0, 2 * label] += 60
                file[f"{part}/x"], file[f"{part}/label"] = x.astype(np.uint8), label
    place.good(*RUN, *words)
    return sorted(path for path in glob.glob(os.path.join(place.out, "runs", "*.h5")) if "checkpoint" not in path)


def told(place, run, *words):
    return json.loads(place.good("spectrum", run, "--json", *words))


def numpy_hessian(place, path, count):
    """Of the mean cross-entropy of the first `count` samples that train, by W [K, C] and c [K]; the loss; the gradient's norm."""
    with h5py.File(path, "r") as file, h5py.File(place.path("own.h5"), "r") as data:
        weight, bias = file["weights/linear.weight"][()], file["weights/linear.bias"][()]
        x, label = data["train/x"][()] / 255, data["train/label"][()]
    x = ((x - x.mean()) / x.std())[:count].reshape(count, -1)
    x1 = np.concatenate([x, np.ones((count, 1))], 1)
    z = x @ weight.T + bias
    p = np.exp(z - z.max(1, keepdims=True))
    p /= p.sum(1, keepdims=True)
    label = label[:count]
    inner = np.einsum("nk,kj->nkj", p, np.eye(3)) - np.einsum("nk,nj->nkj", p, p)
    hessian = np.einsum("nkj,na,nb->kajb", inner, x1, x1) / count
    size = 3 * x1.shape[1]
    gradient = np.einsum("nk,na->ka", p - np.eye(3)[label], x1) / count
    return hessian.reshape(size, size), -np.log(p[np.arange(count), label]).mean(), np.linalg.norm(gradient)


@case("oracle")
def softmax_regression(place):
    """Outermost eigenvalues, trace, loss and gradient, by both ways and in both modes."""
    path, = trained(place)
    fours, = set(trained(place, "samples=4", "batch=4", "--as", "fours")) - {path}
    same("some", told(place, path, "samples=30", "steps=3", "top=1")["samples"], 16)
    for path, words, count, digits in ((path, ["mode=eval", "by=program"], 52, 1e-12), (path, ["mode=eval", "by=differences"], 52, 1e-8),
                                       (fours, ["mode=train"], 52, 1e-12)):
        hessian, loss, gradient = numpy_hessian(place, path, count)
        value = np.linalg.eigvalsh(hessian)
        got = told(place, path, "steps=111", "top=6", "probes=3", *words)
        same("samples", [got["samples"], got["weights"], got["mode"]], [count, 111, words[0][5:]])
        check(abs(got["loss"] - loss) < 1e-12 and abs(got["gradient"] - gradient) < 1e-12, f"{words}: loss {loss}, gradient {gradient}, {got}")
        error = max(np.abs(np.array(got["largest"]) - value[::-1][:6]).max(), np.abs(np.array(got["smallest"]) - value[:6]).max())
        check(error < digits * value[-1], f"{words}: eigenvalues {error} from NumPy's")
        check(got["trace_low"] <= np.trace(hessian) <= got["trace_high"], f"{words}: trace {np.trace(hessian)}, {got}")
        check(abs(got["sharpness_rate"] - value[-1] * got["rate"]) < 1e-8 and got["sharpness"] == got["largest"][0], f"{got}")
        check(got["asymmetry"] < 10 * digits and got["limit"] == 3.8, f"{got}")
        same("way", got["by"], "differences" if "by=differences" in words else "program")


@case("theorem")
def densities(place):
    """Of a file: integrates to 1 and has the mean of the eigenvalues, whatever threads and whoever asks."""
    path, = trained(place)
    words = ["mode=eval", "steps=40", "probes=8", "top=3"]
    got = told(place, path, *words, "--out", "s.h5")
    same("again", told(place, path, *words), got)
    table = place.good("spectrum", path, *words)
    for part in (os.path.basename(path)[:-3], "52 training samples in 4 batches of 16", "mode=eval", "by=program", "111 weights",
                 f"{got['largest'][0]:.6g}", f"{got['smallest'][2]:.6g}", "8 probes of 40 steps", "diverges beyond 3.8"):
        check(part in table, f"{part} is not in {table}")
    hessian = numpy_hessian(place, path, 52)[0]
    with h5py.File(place.path("s.h5"), "r") as file:
        group = file["spectrum"]
        at, density = group["eigenvalue"][()], group["density"][()]
        check(abs(np.trapezoid(density, at) - 1 if hasattr(np, "trapezoid") else np.trapz(density, at) - 1) < 1e-6, "integral")
        mean = np.sum(at * density) * (at[1] - at[0])
        check(abs(mean - np.nansum(group["weight"][()] * group["quadrature"][()]) / 8) < 1e-6, "mean of the density")
        check(abs(mean * 111 / np.trace(hessian) - 1) < 0.3, f"mean {mean}")
        for name in ("largest", "largest_residual", "smallest", "smallest_residual"):
            same(name, group[name][()].tolist(), got[name])
        for name in ("loss", "gradient", "trace", "trace_low", "trace_high", "sigma", "sharpness", "rate", "highest_rate"):
            same(name, float(group[name][()]), got[name])
        same("words", [group.attrs["mode"], group.attrs["by"]], ["eval", "program"])
        with open(path, "rb") as run:
            same("digest", file.attrs["run_sha256"], hashlib.sha256(run.read()).hexdigest())
        check("binary" in file["provenance"].attrs and "norm" in file["config"].attrs, "no provenance")
    check("spectrum" in place.good("show", "s.h5"), "show")
    check("one probe has no interval" in place.good("spectrum", path, "probes=1", "steps=2", "top=1"), "one probe")
    place.good("spectrum", path, *words, "--figure", "f.svg")
    with open(place.path("f.svg"), encoding="utf-8") as drawn:
        text = drawn.read()
    check("eigenvalue of the Hessian" in text and "sigma" in text and text.count("<path") > 3, "the figure")


@case("theorem")
def both_ways(place):
    """Where relus are."""
    path, = trained(place, "norm=batch", "network=plain(depth=5, width=2)", "--as", "conv")
    one, two = (told(place, path, f"by={way}", "steps=30", "top=2", "probes=2") for way in ("program", "differences"))
    check(np.allclose(one["largest"], two["largest"], rtol=1e-6, atol=0), f"{one['largest']} and {two['largest']}")
    check(abs(one["trace"] - two["trace"]) < 1e-6 * abs(one["largest"][0]) * one["weights"], f"{one['trace']}, {two['trace']}")
    same("across", two["across"], 0)


# ---- what is refused ------------------------------------------------------------------------------------------------


def refused(place, words, code, *parts):
    place.refused(code, ("spectrum", *words), *parts)


@case("fault")
def words(place):
    path, = trained(place)
    for setting, parts in (("mode=trian", ["mode=trian", "did you mean 'train'"]), ("by=program,differences", ["by="]),
                           ("by=", ["by="]), ("samples=0", ["samples=0", "whole number"]), ("samples=x", ["samples=x"]),
                           ("samples=53", ["samples=53", "52 train"]), ("samples=7", ["samples=7", "batches of 16"]),
                           ("top=0", ["top=0"]), ("top=61", ["top=61", "60 steps"]), ("probes=-1", ["probes=-1"]),
                           ("steps=1e3", ["steps=1e3"]), ("steps=99999", ["2000"]), ("step=3", ["no key 'step'", "'steps'"]),
                           ("another.h5", ["another.h5", "one word too many"])):
        refused(place, [path, setting], 64, *parts)
    refused(place, [], 64, "something is missing")
    refused(place, [path, "--out", "nowhere/e.h5"], 73, "nowhere")
    refused(place, [path, "--figure", "f.gif"], 64, "f.gif", ".svg")
    refused(place, ["nothing.h5"], 66, "nothing.h5")
    held, = set(trained(place, "norm=layer_detach", "network=mlp(depth=2, width=4)", "--as", "held")) - {path}
    refused(place, [held, "by=differences"], 64, "holds values constant")
    check("are held" in place.good("spectrum", held, "steps=5", "top=2"), "what is held is not said")
    without = trained(place, "weights=no", "seed=2", "--as", "without")
    other, = set(without) - {path, held}
    refused(place, [other], 66, "weights")


main()
