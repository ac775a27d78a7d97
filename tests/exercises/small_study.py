#!/usr/bin/python3 -B
"""Solutions of the exercises of notes/56-small-study.md, and what that page says in words of published numbers."""

import csv
import gzip
import io
import json
import os
import sys

import h5py
import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from program import HOME, NotRun, case, check, main

FIRST = os.path.join(HOME, "data", "first")
STUDENT = dict(zip(range(3, 13), (4.302653, 3.182446, 2.776445, 2.570582, 2.446912, 2.364624, 2.306004, 2.262157,
                                  2.228139, 2.200985)))  # 97.5 %, of so many values


def interval(values):
    """Mean and half of Student's 95 % interval, over the last axis."""
    count = values.shape[-1]
    return values.mean(-1), STUDENT[count] * values.std(-1, ddof=1) / np.sqrt(count)


def close(what, got, expected, within=1e-9):
    check(np.allclose(got, expected, rtol=within, atol=within), f"{what}: {got}, expected {expected}")


def cells(path, number="test_error"):
    """[rows, columns, seeds] in percent, and the names of both."""
    with h5py.File(path, "r") as file:
        results = file["results"]
        rows = [name if isinstance(name, str) else name.decode() for name in results["series"][()]]
        return 100 * results[number][()], rows, list(results["along"][()]), file.attrs["experiment"]


@case("example")
def by_hand(place):
    """Five differences, group minus batch normalization at two samples: -2.64 +- 0.80, as the program prints them."""
    d = np.array([-1.61, -3.10, -2.90, -3.17, -2.42])
    mean, half = interval(d)
    close("mean", mean, -2.64)
    close("half", half, 2.776445 * np.sqrt(((d + 2.64) ** 2).sum() / 4) / np.sqrt(5))
    text = place.good("table", "batch-size", "--from", os.path.join(FIRST, "batch-size.h5"), "--metric", "test_error",
                      "--form", "csv")
    row, = (row for row in csv.DictReader(io.StringIO(text)) if row["series"] == "group(8)" and row["along"] == "2")
    close("program", [100 * float(row["minus_first"]), 100 * float(row["minus_first_half_width"])], [mean, half], 1e-6)


@case("example")
def how_many(place):
    """The fewest seeds whose interval is half a point to each side, at a standard deviation of 0.65 points: nine."""
    half = {n: t * 0.65 / np.sqrt(n) for n, t in STUDENT.items()}
    check(min(n for n in half if half[n] <= 0.5) == 9, f"{half}")
    scale = {n: t / np.sqrt(n) for n, t in STUDENT.items()}  # what the page says of three, six and twelve
    close("in deviations", [scale[3], scale[6], scale[12]], [2.5, 1, 0.65], 0.06)


@case("theorem")
def looks(place):
    """Two arms alike: who looks after each seed from 3 to 12 finds a difference in 18 of 100 studies, who looks twice at
    half the error in fewer than five."""
    x = np.random.default_rng(1).standard_normal((40000, 12))
    beyond = {n: abs(x[:, :n].mean(1)) > STUDENT[n] * x[:, :n].std(1, ddof=1) / np.sqrt(n) for n in STUDENT}
    each = np.logical_or.reduce(list(beyond.values())).mean()
    check(0.17 < each < 0.19, f"after each seed: {each}")
    half = {6: 3.163382, 12: 2.593093}  # 98.75 %
    twice = np.logical_or.reduce([abs(x[:, :n].mean(1)) > t * x[:, :n].std(1, ddof=1) / np.sqrt(n) for n, t in half.items()])
    check(twice.mean() < 0.05 < beyond[6].mean() + 0.005, f"twice: {twice.mean()}")


@case("theorem")
def unequal_tries(place):
    """The best of eight settings is 1.42 standard deviations better than one, where all are alike."""
    best = np.random.default_rng(1).standard_normal((100000, 8)).min(1).mean()
    close("best of eight", best, -1.4236, 0.01)


@case("theorem")
def step_size(place):
    """TaskNorm's logit is slope N + offset; both move by the same gradient, times N for the slope. So slope N is N^2 times
    the offset, whatever was learned: in each layer, epoch and seed of the first study."""
    with h5py.File(os.path.join(FIRST, "hybrids.h5"), "r") as file:
        group, = (group for group in file["norms"].values() if "slope" in group)
        slope, offset, along = (group[name][()] for name in ("slope", "offset", "along"))
        close("batches", along, [32, 8, 2])
    for k, N in enumerate(along):
        close(f"{N:g} samples", slope[k] * N, N**2 * offset[k])
        check(abs(offset[k]).max() > 0.01, "nothing was learned")


def images(kind, count):
    folder = "/usr/share/datasets/fashion-mnist"
    if not os.path.isdir(folder):
        raise NotRun(f"{folder} is not installed")
    read = [np.frombuffer(gzip.open(os.path.join(folder, f"{kind}-{name}.gz")).read(), np.uint8, offset=skip)
            for name, skip in (("images-idx3-ubyte", 16), ("labels-idx1-ubyte", 8))]
    return read[0].reshape(-1, 784)[:count] / 255.0, read[1][:count]


def softmax_regression(x, y, steps=100, decay=0.01):
    """Accelerated descent at the rate that the largest curvature allows."""
    x, target, w = np.c_[x, np.ones(len(x))], np.eye(10)[y], np.zeros((x.shape[1] + 1, 10))
    rate, ahead, t = 1 / (0.5 * np.linalg.norm(x, 2) ** 2 / len(x) + decay), w, 1.0
    for _ in range(steps):
        p = np.exp(x @ ahead - (x @ ahead).max(1, keepdims=True))
        p /= p.sum(1, keepdims=True)
        step = ahead - rate * (x.T @ (p - target) / len(x) + decay * ahead)
        t, last = (1 + np.sqrt(1 + 4 * t * t)) / 2, t
        w, ahead = step, step + (last - 1) / t * (step - w)
    return w


@case("example")
def beat_the_study(place):
    """A linear classifier on as many raw images errs less than every network of both first studies."""
    test, truth = images("t10k", 10000)
    for name, count in (("batch-size", 4000), ("hybrids", 1200)):
        x, y = images("train", count)
        mean, std = x.mean(), x.std()
        scores = np.c_[(test - mean) / std, np.ones(len(test))] @ softmax_regression((x - mean) / std, y)
        error = 100 * (scores.argmax(1) != truth).mean()
        least = cells(os.path.join(FIRST, name + ".h5"))[0].mean(-1).min()
        check(error < least, f"{name}: softmax regression {error}, the best cell {least}")


# ---- what the page says in words ---------------------------------------------------------------------------------------


@case("example")
def comparisons(place):
    """Of 33 comparisons with batch normalization nine are beyond their intervals by the score, eight by the test error, and
    the one that was singled out is not among the eight."""
    beyond = {}
    for number in ("score", "test_error"):
        value, rows, _, _ = cells(os.path.join(FIRST, "hybrids.h5"), number)
        mean, half = interval(value[1:] - value[0])
        beyond[number] = {(rows[i + 1], k) for i, k in zip(*np.nonzero(abs(mean) > half))}
        check(mean.size == 33, f"{mean.size}")
    check([len(one) for one in beyond.values()] == [9, 8], f"{beyond}")
    check(("batch | group(8)", 1) in beyond["score"] - beyond["test_error"], f"{beyond}")
    check(0.81 < 1 - 0.95**33 < 0.82, "four in five")


@case("example")
def best_seed(place):
    """The best of six seeds of one arm is more than half a point better than their mean."""
    value, rows, _, _ = cells(os.path.join(HOME, "data", "batch-size-L04.h5"))
    one = value[rows.index("batch"), 0, :6]
    check(0.5 < one.mean() - one.min() < 0.75, f"{one}")


def two_ways(value, block):
    """(V-1): mean, standard error and degrees of freedom of seeds [n] and blocks [n, m]."""
    n, m = block.shape
    seeds, blocks = block.mean(1) - block.mean(), block.mean(0) - block.mean()
    own = n * (blocks**2).sum()
    rest = (((block - block.mean()) ** 2).sum() - own - m * (seeds**2).sum()) / ((m - 1) * (n - 1)) / (n * m)
    s, i = value.var(ddof=1) / n, own / (m - 1) / (n * m)
    check(i > rest, "no variance of blocks")
    variance = s + i - rest
    return value.mean(), np.sqrt(variance), variance**2 / (s**2 / (n - 1) + i**2 / (m - 1) + rest**2 / ((n - 1) * (m - 1)))


def student(freedom, tail):
    """The quantile, by its density's trapezoids."""
    t = np.linspace(0, 60, 600001)
    density = (1 + t * t / freedom) ** (-(freedom + 1) / 2)
    area = np.concatenate([[0], np.cumsum((density[1:] + density[:-1]) / 2)])
    return np.interp((0.5 - tail) * 2, area / area[-1], t)


@case("example")
def eleventh_seed(place):
    """L08: who looks after each seed, at 95 %, would have stopped at the eleventh; who looks twice decides nothing. The
    interval is the program's."""
    with h5py.File(os.path.join(HOME, "data", "batch-size-L08.h5"), "r") as file:
        names = [name if isinstance(name, str) else name.decode() for name in file["results/series"][()]]
        factor = {"group(4), rate=0.4": 1, "group(4), rate=0.1": -1, "batch, rate=0.4": -1, "batch, rate=0.1": 1}
        value, block = (100 * sum(factor[name] * file[f"results/test_{of}"][()][k, 0] for k, name in enumerate(names))
                        for of in ("error", "block"))

    def low(count, tail):
        mean, error, freedom = two_ways(value[:count], block[:count])
        return mean - student(freedom, tail) * error

    judged = json.loads(place.good("claims", "L08", "--json"))[0]
    check(judged["seeds"] == 12 and judged["verdict"] == "undecided", f"{judged}")
    close("the program's", low(12, 0.0125), judged["low"], 1e-4)
    stopped = [count for count in range(3, 13) if low(count, 0.025) > 0]
    check(stopped == [11, 12] and low(6, 0.0125) < 0 and low(12, 0.0125) < 0, f"{stopped}")


@case("example")
def halfway(place):
    """L06: after six seeds eight groups are better than four beyond Student's interval, after twelve they are not."""
    value, rows, _, _ = cells(os.path.join(HOME, "data", "batch-size-L06.h5"))
    d = value[rows.index("group(8)"), 0] - value[rows.index("group(4)"), 0]
    (early, half), (late, whole) = interval(d[:6]), interval(d)
    check(early + half < 0 < late + whole and late > early, f"{early} {half} {late} {whole}")


if __name__ == "__main__":
    main()
