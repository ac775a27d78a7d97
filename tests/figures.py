#!/usr/bin/python3 -B
"""Figures of whatever the data are, from small collected files made by hand: nothing is trained but in one case."""

import csv
import itertools
import json
import os
import re
import shutil
import struct
import unicodedata

import h5py
import numpy as np

from drawn import NAMES, STUDIES, Drawing, affine, band_of, collected, scores
from program import HOME, Failure, check, case, listing, main, same

USAGE, DATA, MISSING, IO = 64, 65, 69, 74
TWO = ["batch", "group(8)"]


def drawing(place, path, form="svg", to="a.svg", more=(), **changes):
    place.good("plot", "batch-size", form, "--from", path, *([] if form == "dumb" else ["--to", to]), *more, **changes)
    return Drawing(place.path(to)) if form == "svg" else None


def told(err):
    """What is said, but for the remark on files that normlab did not write, as ours here."""
    return re.sub(r"normlab: \S+ was changed by another program after normlab wrote it\n", "", err)


def one_line(what, err):
    text = told(err.decode(errors="replace"))
    check(text.startswith("normlab: ") and text.count("\n") == 1, f"{what}: not one line: {text!r}")


def report(wrong):
    check(not wrong, "\n  ".join([f"{len(wrong)} times", *wrong]))


# ---- styles -------------------------------------------------------------------------------------------------------


@case("example")
def styles(place):
    """Dash and mark alone tell all series apart, also those of one kind; a kind keeps its colour."""
    path, wrong = place.path("a.h5"), []
    for series, points, kinds in ((4, 3, [19] * 4), (6, 3, [19, 19, 4, 19, 19, 4]), (24, 3, [19] * 24), (24, 12, [4] * 24),
                                  (40, 3, None), (40, 12, [1, 2] * 20), (27, 2, range(27)), (75, 2, [3] * 75)):
        names = [f"series {i}" for i in range(series)]
        looks = drawing(place, collected(path, names, 2.0 ** np.arange(points), scores(series, points), kinds)).looks()
        if sorted(looks) != sorted(names):
            wrong.append(f"{series}: drawn are {sorted(looks)}")
            continue
        pairs = {name: (tuple(sorted(dash)), tuple(sorted(mark))) for name, (_, dash, mark) in looks.items()}
        for one, other in itertools.combinations(names, 2):
            if pairs[one] == pairs[other]:
                wrong.append(f"{series} series of {points}: {one} and {other} are both {pairs[one]}")
        if kinds and len(set(kinds)) == 1 and len({str(sorted(look[0])) for look in looks.values()}) != 1:
            wrong.append(f"{series}: one kind has several colours")
        if series <= 15 and len({pair[1] for pair in pairs.values()}) != series:
            wrong.append(f"{series}: a mark comes twice though there are 15")
    report(wrong)


@case("example")
def kinds(place):
    """The first of a kind looks the same in every figure."""
    seen = {}
    for order in (range(8), range(7, -1, -1), [3, 3, 0, 5, 5, 1]):
        path = collected(place.path("a.h5"), [f"{kind} {i}" for i, kind in enumerate(order)], [2, 1],
                         scores(len(order), 2), list(order))
        for name, (colour, dash, mark) in sorted(drawing(place, path).looks().items(), key=lambda e: int(e[0].split()[1])):
            kind = name.split()[0]
            if list(order).index(int(kind)) == int(name.split()[1]):
                look = (sorted(colour), sorted(dash - {""}), sorted(mark - {"gpPt0", "gpDot"}))
                same(f"kind {kind}", look, seen.setdefault(kind, look))


# ---- axes ---------------------------------------------------------------------------------------------------------

AXES = {
    "descending": [32, 16, 8, 4, 2, 1], "ascending": [1, 2, 4, 8, 16, 32], "unsorted": [8, 32, 2],
    "rates": [0.8, 0.4, 0.2, 0.1, 0.05], "zero": [0, 0.5, 0.9], "zeros and powers": [0, 1e-4, 1e-3, 1e-2],
    "negative": [-2, -1, 0, 1], "equal": [3, 3, 3], "one": [7], "tiny": [1e-300, 1e-299], "huge": [1e300, 1e308],
    "subnormal": [5e-324, 1e-323], "wide": [-1.7e308, 1.7e308], "no number": [np.nan, 1, 2], "infinite": [np.inf, 1],
    "thirds": [1 / 3, 2 / 3, 1], "close": [1, 1 + 2e-16, 2], "many": list(range(1, 41)),
    "words": ["sgd", "adam", "lamb"], "one word": ["sgd"], "long words": [f"resnet(depth={d}, width=16)" for d in range(8)],
    "odd words": ["a_b", "50 %", "$x$", "#1", "{b}", "\\c", "'d'", '"e"', "`f`", "\u03b3", ""],
}


@case("example")
def axes(place):
    """Every axis is drawn, in the direction of the file, with the shortest words for its numbers."""
    wrong = []
    for what, along in AXES.items():
        for series in (2, 8) if what in ("descending", "one", "words", "odd words", "long words", "many") else (2,):
            path = collected(place.path("a.h5"), [f"series {i}" for i in range(series)], along, scores(series, len(along)))
            try:
                found = drawing(place, path)
                if series == 2 and along[0] in ("sgd", 0, 3):
                    drawing(place, path, "dumb")
                wrong += [f"{what}, {series}: {fault}" for fault in found.faults()]
                check(what == "close" or not any(re.search(r"\d{9}", words.replace("0123456789ab", "")) for words in found.words),
                      f"long numbers: {found.words}")
                if series == 2 and what in ("ascending", "descending", "rates", "zero"):
                    labels = [format(value, "g") for value in along]
                    shown = sorted((box[:, 0].mean(), words) for words, box in found.texts
                                   if words in labels and box[0, 1] > found.height - 80)
                    same("labels from left to right", [words for _, words in shown], labels)
            except Failure as failure:
                wrong.append(f"{what}, {series}: {failure}")
    report(wrong)


NETWORK = "resnet(depth={}, width={}, stem_stride={})"
RATES = ["rate=0.1, momentum=0.9", "rate=0.2, momentum=0.9", "rate=0.4, momentum=0.95"]

LONG = {
    "two that end alike": [NETWORK.format(20, 16, i) for i in (1, 2)], "three": [NETWORK.format(i, 16, 2) for i in (8, 14, 20)],
    "ten": [NETWORK.format(i, 16, 2) for i in range(10)], "one": [NETWORK.format(8, 16, 2)], "two rates": RATES[:2],
    "rates": RATES, "a short one": ["a much longer word than that", "b"], "differ in the middle":
    [NETWORK.format(8, w, 2) + " on fashion-mnist" for w in (8, 16)],
    "norms": ["group(8)", "blend(batch, group(8))", "mix(instance, layer, batch)"],
    "nothing tells apart in this room": [f"{c}{'x' * 80}" for c in "ab"] + [f"a{'x' * 60}{c}{'x' * 19}" for c in "bc"],
    "far numbers": [123456789012, 2, 1e-9],
}


def labels_below(found, along):
    """Labels of ticks, shortened or not."""
    return [words for words in found.words if words in along or "..." in words]


@case("example")
def long_words(place):
    """Words along the axis stay on the page, apart, and as many different ones as there are."""
    wrong = []
    for what, along in LONG.items():
        for width in ("6.4cm", "17cm"):
            for names_of in (["one"], [f"n{i}" for i in range(9)]):
                path = collected(place.path("a.h5"), names_of, along, scores(len(names_of), len(along)), along_label="x")
                found = drawing(place, path, more=["--width", width])
                texts = labels_below(found, [format(a, "g") if isinstance(a, float) else str(a) for a in along])
                wrong += [f"{what}, {width}: {fault}" for fault in found.faults()]
                if isinstance(along[0], str) and not len(texts) == len(set(texts)) == len(along):
                    wrong.append(f"{what}, {width}: labels {texts}")
    report(wrong)


@case("example")
def long_names(place):
    """Names of series that find no room are cut so that they still differ."""
    wrong = []
    for series in (2, 9):
        for end in (0, 150, 290):
            names_of = ["".join(("long " * 60)[:end]) + f"{i} " + "long " * 60 for i in range(series)]
            path = collected(place.path("a.h5"), names_of, [20, 10], scores(series, 2))
            found = drawing(place, path, more=["--width", "8cm"])
            wrong += [f"{series}, {end}: {fault}" for fault in found.faults()]
            shown = " ".join(found.words)
            wrong += [f"{series}, {end}: no {i} in {found.words}" for i in range(series) if not re.search(rf"\b{i} long", shown)]
            out = place.good("plot", "batch-size", "dumb", "--from", path)
            if len(set(re.findall(r"[*#$%@&=]{2,3}[A-Z][*#$%@&=]{2,3}(.*)", out))) < series:
                wrong.append(f"dumb, {series}, {end}: {out}")
    report(wrong)


@case("example")
def line_of_rows(place):
    """The line through the panels is spoken of where it is, and not by a name that says there is none."""
    for lost in (False, True):
        score = scores(9, 2)
        if lost:
            score[0] = np.nan
        path = collected(place.path("a.h5"), ["none", *(f"norm {i}" for i in range(8))], [2, 1], score, diverged=np.isnan(score))
        words = " ".join(drawing(place, path).words)
        same("a line", "line: the first row" in words, not lost)
        check("line: none" not in words, words)


# ---- the terminal -------------------------------------------------------------------------------------------------


@case("example")
def terminal(place):
    """Every label of a tick is whole, numbers where words find no room; one of many panels says so and has its legend."""
    def lines_of(along, *words):
        path = collected(place.path("a.h5"), TWO, along, scores(2, len(along)), along_label="the axis")
        out = place.good("plot", "batch-size", "dumb", "--from", path, *words).splitlines()
        at = next(i for i, line in enumerate(out) if line.strip() == "the axis")
        return out[at - 1].split(), [line.strip() for line in out[at + 1:] if line.strip()]

    powers = [2.0 ** i for i in range(30)]
    for width in ("60", "78", "200"):
        ticks, _ = lines_of(powers, "--width", width)
        check(len(ticks) > 6 and set(ticks) <= {format(p, ".0f") for p in powers}, f"{width}: {ticks}")
        for what in ("two that end alike", "three", "ten", "one"):
            ticks, below = lines_of(LONG[what], "--width", width)
            if ticks != [str(i + 1) for i in range(len(LONG[what]))]:
                same(what, " ".join(ticks), " ".join(LONG[what]))
            else:
                same(what, below, [f"{i + 1}: {word}" for i, word in enumerate(LONG[what])])
    same("short words", lines_of(["a much longer word than that", "b"]), (["a", "much", "longer", "word", "than", "that", "b"], []))
    for study, panels in (("hybrids", 2), ("adaptive-groups", 3), ("checking", 2), ("speed", 2)):
        out = place.good("plot", study, "dumb", "--from", os.path.join(HOME, "data", study + ".h5"))
        drawings = out.split("\f")
        check(any(re.search(r"\(\d+ of \d+ panels\)", part) for part in drawings), f"{study}: {out}")
    out = place.good("plot", "hybrids", "dumb", "--from", os.path.join(HOME, "data", "hybrids.h5"))
    with h5py.File(os.path.join(HOME, "data", "hybrids.h5"), "r") as file:
        layers = [name.decode() if isinstance(name, bytes) else name
                  for name in next(iter(file["norms"].values()))["layer"][()]]
    check(all(layer in out for layer in layers), f"no legend: {out}")
    out = place.good("plot", "adaptive-groups", "dumb", "--from", os.path.join(HOME, "data", "adaptive-groups.h5"))
    with h5py.File(os.path.join(HOME, "data", "adaptive-groups.h5"), "r") as file:
        last = int(max(group["epoch"][-1] for group in file["norms"].values()))
    ticks = [line.split() for line in out.splitlines() if re.fullmatch(r"\s*0(\s+\d+){2,}\s*", line)]
    check(ticks and all(int(line[-1]) + int(line[1]) > last for line in ticks), f"to {last}: {ticks}")


# ---- data ---------------------------------------------------------------------------------------------------------


def data_cases():
    """(what, score, diverged)"""
    none = np.full((3, 2, 3), np.nan)
    part = scores(3, 2)
    part[1] = np.nan
    holes = scores(3, 2)
    holes[0, 0, 0] = holes[2, 1, 1] = np.nan
    yield "nothing", none, np.ones((3, 2, 3))
    yield "nothing, not diverged", none, None
    yield "one series without numbers", part, np.isnan(part)
    yield "holes", holes, np.isnan(holes)
    for value in (0.0, 1.0, 0.5, -0.3, 1e-300, 1e306, 5e-324, np.inf, -np.inf):
        yield f"all {value}", np.full((3, 2, 3), value), None
    yield "far apart", np.array([1e-9, 1.0, 1e300]).reshape(3, 1, 1) * np.ones((3, 2, 3)), None
    yield "close", 0.5 + np.arange(18).reshape(3, 2, 3) * 1e-16, None
    yield "one of each", np.full((1, 1, 1), 0.25), None
    yield "two seeds", scores(2, 3, 2), None
    yield "one point, six series", scores(6, 1), None
    yield "one point, seven series", scores(7, 1), None
    yield "forty series", scores(40, 3), None
    yield "forty series, twelve points", scores(40, 12), None
    yield "a hundred and fifty series", scores(150, 2), None


@case("example")
def data(place):
    """A figure for whatever the numbers are."""
    wrong = []
    for what, score, diverged in data_cases():
        series, points = score.shape[:2]
        path = collected(place.path("a.h5"), [f"norm({i})" for i in range(series)], 2.0 ** -np.arange(points), score,
                         diverged=diverged)
        try:
            found = drawing(place, path)
            check("series: marks" in place.talk or not told(place.talk), f"{place.talk!r}")
            for form in ("pdf", "dumb") if not np.isfinite(score).all() or score.size > 400 else ():
                drawing(place, path, form, f"a.{form}")
            wrong += [f"{what}: {fault}" for fault in found.faults()]
            empty = not np.isfinite(score).any()
            same("a note where nothing is drawn", any("no number" in words for words in found.words), empty)
        except Failure as failure:
            wrong.append(f"{what}: {failure}")
    report(wrong)


@case("fault")
def too_many(place):
    """More series than fit one figure: one line, and no file."""
    path = collected(place.path("a.h5"), [str(i) for i in range(400)], [2, 1], scores(400, 2))
    code, out, err = place.run("plot", "batch-size", "--from", path, "--to", "a.svg")
    check(code == DATA and not out and b"400 series" in err, f"exit code {code}, {err!r}")
    one_line("too many", err)
    check(not os.path.exists(place.path("a.svg")), "a figure")


def set_learned(value):
    def edit(norms):
        for group in norms.values():
            for item in group.values():
                if item.ndim >= 3:
                    item[...] = value

    return edit


def set_epochs(last):
    def edit(norms):
        for group in norms.values():
            group["epoch"][...] = np.linspace(0, last, len(group["epoch"]))

    return edit


def set_layers(norms):
    for group in norms.values():
        group["layer"][:] = [f"{i}_ $x$ {{}}\\ % #" + "y" * 60 for i in range(len(group["layer"]))]


@case("example")
def learned(place):
    """The same of what normalizers learned: weights and maps."""
    wrong, path = [], place.path("a.h5")
    for study in ("hybrids", "adaptive-groups"):
        for what, edit in (("nothing", set_learned(np.nan)), ("infinite", set_learned(np.inf)), ("huge", set_learned(1e308)),
                           ("one epoch", set_epochs(0)), ("many epochs", set_epochs(1e6)), ("names", set_layers)):
            shutil.copy(os.path.join(HOME, "data", study + ".h5"), path)
            with h5py.File(path, "r+") as file:
                edit(file["norms"])
            try:
                for found in place.good("plot", study, "--from", path, "--to", "a.svg").split():
                    wrong += [f"{study}, {what}, {found}: {fault}" for fault in Drawing(place.path(found)).faults()]
                if what in ("nothing", "names"):
                    place.good("plot", study, "dumb", "--from", path)
            except Failure as failure:
                wrong.append(f"{study}, {what}: {failure}")
    report(wrong)


# ---- differences, and axes that are broken ------------------------------------------------------------------------


@case("oracle")
def differences(place):
    """Below the error of few rows stand their differences from the first, paired by seed, with their intervals, and zero."""
    score = np.random.default_rng(3).uniform(0.2, 0.3, (3, 3, 5))
    path = collected(place.path("a.h5"), ["batch", "group(8)", "layer"], [8, 4, 2], score)
    found = drawing(place, path)
    check("points, paired by seed, minus batch" in found.words, found.words)
    lines = found.lines()
    same("plots", [(name, filled) for name, _, filled in lines],
         [(name, True) for name in ("batch", "group(8)", "layer")] + [(name, False) for name in ("batch", "group(8)", "layer")] +
         [(name, filled) for filled in (True, False) for name in ("group(8)", "layer")])
    mean, low, high = band_of((score[1:] - score[0]).transpose(0, 2, 1))
    affine("differences", np.concatenate([line[:, 1] for _, line, _ in lines[-2:]]), mean.ravel())
    affine("their intervals", np.concatenate([np.concatenate([band[:3, 1], band[3:, 1][::-1]]) for _, band, _ in lines[-4:-2]]),
           np.concatenate([part for i in range(2) for part in (low[i], high[i])]))
    slope, offset = np.polyfit(mean.ravel(), np.concatenate([line[:, 1] for _, line, _ in lines[-2:]]), 1)
    below = [box[:, 1].mean() for words, box in found.texts if words == "0"]
    check(any(abs(place_of - offset) < 4 for place_of in below), f"zero is at {offset}, not at {below}")
    for rows in (1, 5):
        path = collected(place.path("a.h5"), [f"norm {i}" for i in range(rows)], [8, 4, 2], scores(rows, 3))
        check(not any(words.startswith("minus") for words in drawing(place, path).words), f"{rows} rows")


@case("oracle")
def broken_axes(place):
    """Where one of many values lies far from the others the axis is broken between them: these have their room, all labels their value."""
    for far in (0.59, 0.001):
        score = 0.13 + 0.04 * np.random.default_rng(4).uniform(0, 1, (2, 6, 1))
        near = drawing(place, collected(place.path("a.h5"), TWO, [32, 16, 8, 4, 2, 1], score)).lines()
        score[0, 5] = far
        found = drawing(place, collected(place.path("a.h5"), TWO, [32, 16, 8, 4, 2, 1], score))
        lines = [line for name, line, filled in found.lines() if not filled][:2]
        drawn, values = np.concatenate([line[:, 1] for line in lines]), score.reshape(12)
        many = np.arange(12) != 5
        affine("the many", drawn[many], values[many])
        rises = [np.ptp(drawn[many])] + [np.ptp(np.concatenate([line[:, 1] for _, line, filled in near if not filled][:2])[many])]
        check(rises[0] > 0.55 * rises[1], f"{far}: the many have {rises[0]}, alone {rises[1]}")
        slope, offset = np.polyfit(values[many], drawn[many], 1)
        labels = [(float(words), box[:, 1].mean()) for words, box in found.texts
                  if re.fullmatch(r"[\d.]+", words) and box[:, 0].max() < 80 and box[:, 1].mean() < found.height * 0.63]
        inside = [(value, at) for value, at in labels if abs(slope * value / 100 + offset - at) < 5]
        check(len(inside) >= 3 and len(inside) < len(labels), f"{far}: {labels}, on the axis of the many {inside}")
        where = lines[0][-1][1]  # of the far one, whose axis is another: beside its own labels
        beyond = [(value, at) for value, at in labels if (value, at) not in inside]
        check(min(abs(at - where) for _, at in beyond) < 60 and abs(slope * far + offset - where) > 100, f"{far} at {where}: {beyond}")
        report(list(found.faults()))
    score[:, 3:] = 0.59
    found = drawing(place, collected(place.path("a.h5"), TWO, [32, 16, 8, 4, 2, 1], score))
    lines = [line for name, line, filled in found.lines() if not filled][:2]
    affine("half of them far away: no break", np.concatenate([line[:, 1] for line in lines]), score.reshape(12))


# ---- curves -------------------------------------------------------------------------------------------------------


def with_curves(path, train, val):
    """What runs measured in every epoch, [series, points, seeds, epochs], into a collected file."""
    with h5py.File(path, "r+") as file:
        group = file.create_group("metrics")
        group["epoch"] = np.arange(1.0, val.shape[3] + 1)
        group["train_error"], group["val_error"] = train, val
    return path


def falling(shape, last=0.3, seed=1):
    """Curves that fall to `last` or so, with noise."""
    start = np.random.default_rng(seed).uniform(0.9, 1.1, shape)
    return start * (last + 0.3 / np.arange(1, shape[3] + 1) ** 2)


@case("oracle")
def curves(place):
    """Lines are means over seeds and bands their intervals, where validation was asked; on a logarithmic axis their logarithms."""
    for seeds, last, scale in ((3, 0.3, lambda x: x), (4, 0.3, lambda x: x), (5, 0.01, np.log)):
        train, val = falling((2, 3, seeds, 8), last), falling((2, 3, seeds, 8), last, 2)
        val[..., [0, 2, 5]] = np.nan
        diverged = np.zeros((2, 3, seeds))
        path = with_curves(collected(place.path("a.h5"), TWO, [8, 4, 2], scores(2, 3, seeds), same=[0, 1], diverged=diverged), train, val)
        names = place.good("plot", "batch-size", "--from", path, "--to", "a.svg").split()
        same("figures", names, ["a.svg", "a-curves.svg", "a-curves-along.svg"])
        seen = ~np.isnan(val[0, 0, 0])
        drawn = Drawing(place.path("a-curves.svg"))
        lines = drawn.lines()
        same("lines", [(name, filled) for name, _, filled in lines], [("batch", True), ("group(8) (reference)", True),
                                                                     ("batch", False), ("group(8) (reference)", False)] * 2)
        said = " ".join(drawn.words)
        check("95 % interval" in said and f"over {seeds} seeds" in said, said)
        check("batch size per worker 8" in said and "paper" in said, said)
        for panel, of, epochs in ((0, train, np.full(8, True)), (4, val, seen)):
            mean, low, high = (scale(x[:, epochs]) for x in band_of(of[:, 0]))
            affine(f"{seeds} seeds, lines", np.concatenate([lines[panel + 2 + i][1][:, 1] for i in range(2)]), mean.ravel())
            bands = [lines[panel + i][1] for i in range(2)]
            edges = [(band[:len(band) // 2, 1], band[len(band) // 2:, 1][::-1]) for band in bands]
            drawn_bands = np.concatenate([part for edge in edges for part in edge])
            if scale is not np.log:  # there a band ends where the axis does
                affine(f"{seeds} seeds, bands", drawn_bands, np.concatenate([part for i in range(2) for part in (low[i], high[i])]))
        lines = [line for line in Drawing(place.path("a-curves-along.svg")).lines() if not line[2]]
        same("lines over points", [name for name, _, _ in lines], ["batch size per worker 8", "4", "2", "batch size per worker 8"])
        mean = np.concatenate([scale(band_of(val[0])[0])[:, seen], scale(band_of(val[1])[0])[:1, seen]])
        affine(f"{seeds} seeds, points", np.concatenate([line[:, 1] for _, line, _ in lines]), mean.ravel())


@case("example")
def shapes_of_curves(place):
    """Curves of however many rows, points, seeds and epochs, wide or narrow; runs that diverged have no part in them."""
    wrong = []
    for series, points, seeds, epochs in ((1, 1, 1, 1), (2, 6, 3, 20), (4, 3, 2, 2), (9, 2, 3, 5), (30, 20, 1, 400), (2, 2, 3, 1)):
        train = falling((series, points, seeds, epochs))
        diverged = np.zeros((series, points, seeds))
        diverged[0, 0, 0] = seeds > 1
        train[0, 0, 0] = np.where(diverged[0, 0, 0] > 0, 17.0, train[0, 0, 0])
        names_of = NAMES[:series] if series < 12 else [f"row {i}" for i in range(series)]
        path = with_curves(collected(place.path("a.h5"), names_of, 2.0 ** np.arange(points), scores(series, points, seeds), diverged=diverged),
                           train, train)
        for width in ("6.4cm", "3.3in", "17cm"):
            for name in place.good("plot", "batch-size", "--from", path, "--to", "a.svg", "--width", width).split():
                found = Drawing(place.path(name))
                wrong += [f"{series} x {points} x {seeds} x {epochs}, {width}, {name}: {fault}" for fault in found.faults()]
                check(name == "a.svg" or not {"500", "1000"} & set(found.words), f"{name}: a run that diverged is drawn")
        place.good("plot", "batch-size", "dumb", "--from", path)
    report(wrong)
    same("too many rows", [f"first 12 of {n}" in " ".join(Drawing(place.path("a-curves.svg")).words) for n in (30, 2)], [False, False])


@case("example")
def curves_of_two_seeds(place):
    """Two values are no interval: lines, and no band."""
    of = falling((2, 3, 2, 8))
    place.good("plot", "batch-size", "--from", with_curves(collected(place.path("a.h5"), TWO, [8, 4, 2], scores(2, 3, 2)), of, of), "--to", "a.svg")
    with open(place.path("a-curves.svg"), encoding="utf-8") as file:
        drawn = file.read()
    check("band" not in drawn and "mean over 2 seeds" in drawn, "a band is told of two")
    for points in re.findall(r"fill-opacity = '[0-9.]+' points = '(.*?)'", drawn, re.S):
        there = points.split()
        same("there and back", there[::-1], there)


@case("fault")
def curves_of_other_sizes(place):
    """Curves that are not of the table's cells: one line that names the group, and the other figures."""
    path = with_curves(collected(place.path("a.h5"), TWO, [4, 2], scores(2, 2)), falling((2, 2, 3, 4)), falling((2, 2, 2, 4)))
    code, out, err = place.run("plot", "batch-size", "--from", path, "--to", "a.svg")
    check(code == DATA and out == b"a.svg\n" and b"/metrics" in err and b"val_error" in err, f"exit code {code}, {out!r} {err!r}")


# ---- words --------------------------------------------------------------------------------------------------------

@case("fault")
def names(place):
    """Names are drawn as they are, in every form; nothing is run, nothing overlaps."""
    wrong = []
    for names_of in (NAMES, NAMES[10:16], NAMES[-3:]):
        path = collected(place.path("a.h5"), names_of, [2, 1], scores(len(names_of), 2),
                         **dict.fromkeys(("question", "protocol", "along_label", "changes"), names_of[-1]))
        found = drawing(place, path)
        shown = "".join(found.words)
        wrong += [f"{name!r} is not shown" for name in names_of if len(name) < 80 and name.strip() and name not in shown]
        wrong += list(found.faults())
        for form in ("pdf", "png", "tex", "dumb"):
            drawing(place, path, form, f"a.{form}")
    check(not os.path.exists(place.path("pwned")), "a name was executed")
    report(wrong)


@case("fault")
def bytes_of_names(place):
    """What is no UTF-8, or moves the cursor, is shown as something else."""
    path = collected(place.path("a.h5"), TWO, [2, 1], scores(2, 2))
    for bad in (b"a\xff\xfe", b"a\xc3", b"\xe4\xb8", b"\xed\xa0\x80", b"\xf5\x80\x80\x80", b"\xc0\xaf", b"a\x1b[31m", b"\xc2\x85"):
        with h5py.File(path, "r+") as file:
            del file["results/series"]
            file["results"].create_dataset("series", (2,), h5py.string_dtype())
            file["results/series"][:] = [bad, b"group(8)"]
        drawing(place, path)
        out = place.good("plot", "batch-size", "dumb", "--from", path)
        check("\x1b" not in out and "\x85" not in out, f"{bad!r}: {out!r}")


@case("fault")
def letters_without_font(place):
    """What fonts and LaTeX may lack is written by its number, in the room of the number; an SVG keeps it."""
    strange, numbers = "\u65e5\u672c", "[U+65E5][U+672C]"
    path = collected(place.path("a.h5"), [strange, "\u00e9 \u0431 \u03b3"], [strange, "b"], scores(2, 2))
    found = drawing(place, path)
    check(strange in found.words and "U+" not in place.talk, f"svg: {found.words}, {place.talk!r}")
    for form in ("png", "pdf", "tex"):
        drawing(place, path, form, f"a.{form}")
        check(told(place.talk).count("\n") == 1 and "U+" in place.talk, f"{form}: {place.talk!r}")
    with open(place.path("a.tex"), encoding="utf-8") as file:
        check("{[}U+65E5{]}{[}U+672C{]}" in file.read(), "tex")
    pictures = []
    for name in (strange, numbers):
        drawing(place, collected(path, [name], [2, 1], scores(1, 2)), "png", "a.png")
        with open(place.path("a.png"), "rb") as file:
            pictures.append(file.read())
    check(pictures[0] == pictures[1], "png: not the number")


# ---- a script of one's own ----------------------------------------------------------------------------------------


@case("example")
def own_script(place):
    """An experiment's plot.gp draws its first figure, however many series there are."""
    home = place.path("home")
    os.mkdir(home)
    shutil.copytree(os.path.join(HOME, "experiments"), os.path.join(home, "experiments"))
    with open(os.path.join(home, "experiments", "batch-size", "plot.gp"), "w", encoding="utf-8") as file:
        file.write("load ARG1\nload style\nset label 'a script of one''s own' at graph 0.5,0.5\n"
                   "plot for [i=1:series] columns index i-1 using 1:2 with lines lt i notitle\n")
    for series in (2, 9):
        path = collected(place.path("a.h5"), [f"series {i}" for i in range(series)], [2, 1], scores(series, 2))
        found = drawing(place, path, environment={"NORMLAB_HOME": home})
        check("a script of one's own" in found.words, f"{series} series: {found.words}")
        same("series", len(found.looks()), series)


# ---- forms and widths ---------------------------------------------------------------------------------------------


def size_of(path):
    with open(path, "rb") as file:
        head = file.read()
    if path.endswith(".png"):
        return struct.unpack(">II", head[16:24])
    if path.endswith(".pdf"):
        return tuple(float(n) for n in re.search(rb"/MediaBox \[ 0 0 ([\d.]+) ([\d.]+)", head).groups())
    root = Drawing(path).root
    return tuple(float(root.get(side)) for side in ("width", "height"))


@case("example")
def widths(place):
    path = collected(place.path("a.h5"), TWO, [4, 2, 1], scores(2, 3))
    for form, width, expected in (("svg", None, 17 / 2.54 * 96), ("svg", "640px", 640), ("svg", "640", 640),
                                  ("svg", "8.6cm", 8.6 / 2.54 * 96), ("svg", "3.4in", 326.4), ("png", "1600px", 1600),
                                  ("png", "86mm", 8.6 / 2.54 * 150), ("png", None, 17 / 2.54 * 150),
                                  ("pdf", "8.6cm", 8.6 / 2.54 * 72), ("pdf", "640px", 480), ("png", "400px", 400), ("pdf", "8.6", 8.6 / 2.54 * 72), ("pdf", None, 17 / 2.54 * 72)):
        to = f"a.{form}"
        place.good("plot", "batch-size", form, "--from", path, "--to", to, *(["--width", width] if width else []))
        got = size_of(place.path(to))
        check(abs(got[0] - expected) <= 1 and 0.4 < got[1] / got[0] < 1.6, f"{form} {width}: {got}, expected {expected:.0f} wide")
    out = place.good("plot", "batch-size", "dumb", "--from", path, "--width", "60")
    same("dumb", {len(line) for line in out.splitlines() if line}, {60})
    for part in ("validation error, %", "batch size per worker", "group(8)", "0123456789ab"):
        check(part in out, f"dumb lacks {part!r}: {out}")
    for form, width in (("svg", "x"), ("svg", "0"), ("svg", "-3cm"), ("svg", "1e9"), ("svg", "nan"), ("svg", "5 cm"),
                        ("dumb", "8cm"), ("dumb", "200cm"), ("dumb", "80px"), ("svg", ""), ("png", "3cm"), ("svg", "8.6cmcm"), ("pdf", "cm")):
        code, out, err = place.run("plot", "batch-size", form, "--from", path, "--to", "b", "--width", width)
        check(code == USAGE and not out and b"--width" in err, f"{form} --width {width!r}: exit code {code}, {err!r}")
        one_line(width, err)
    check(not os.path.exists(place.path("b")), "a figure")


@case("example")
def forms(place):
    """The same words in the same places whatever the form; a text is as large in a narrow figure as in a wide one."""
    path = collected(place.path("a.h5"), TWO, [4, 2, 1], scores(2, 3))
    sizes = set()
    for width in ("8cm", "17cm", "30cm"):
        place.good("plot", "batch-size", "svg", "--from", path, "--to", "a.svg", "--width", width)
        with open(place.path("a.svg"), encoding="utf-8") as file:
            sizes.add(tuple(sorted(set(re.findall(r'font-size="([\d.]+)"', file.read())))))
        report(list(Drawing(place.path("a.svg")).faults()))
    same("sizes of texts", len(sizes), 1)
    words = set(Drawing(place.path("a.svg")).words)
    place.good("plot", "batch-size", "tex", "--from", path, "--to", "a.tex", "--width", "30cm")
    with open(place.path("a.tex"), encoding="utf-8") as file:
        tex = {re.sub(r"-\{\}", "-", t).replace("\\%", "%") for t in re.findall(r"selectfont (.*?)\}+%", file.read())}
    same("texts of the tex form", {t.strip("{}") for t in tex} - {""}, words)


@case("fault")
def endings(place):
    """The form is that of the file's name; a name that says another form than the word is refused."""
    path, plot = collected(place.path("a.h5"), TWO, [2, 1], scores(2, 2)), ("plot", "batch-size")
    for to, begin in (("q.pdf", b"%PDF"), ("q.PNG", b"\x89PNG"), ("q.tex", b"%"), ("q", b"<?xml"), (".svg", b"<?xml"),
                      ("d.pdf/q", b"<?xml"), ("q.v2", b"<?xml")):
        os.makedirs(place.path("d.pdf"), exist_ok=True)
        place.good(*plot, "--from", path, "--to", to)
        with open(place.path(to), "rb") as file:
            head = file.read(5)
        check(head.startswith(begin), f"{to}: {head!r}")
    for words, to, parts in ((["png"], "z.pdf", (b"z.pdf", b"png")), (["dumb"], "z.svg", (b"z.svg", b"dumb")), ([], "z.jpg", (b"jpg", b"svg")),
                             (["svg"], "z.PDF", (b"z.PDF", b"svg"))):
        code, out, err = place.run(*plot, *words, "--from", path, "--to", to)
        check(code == USAGE and not out and all(part in err for part in parts), f"{words} {to}: exit code {code}, {err!r}")
        one_line(to, err)
        check(not os.path.exists(place.path(to)), f"{to} was written")


@case("example")
def tex_beside_pdf(place):
    """The drawing under the tex form has a name of its own, that no other form takes."""
    path = collected(place.path("a.h5"), TWO, [2, 1], scores(2, 2))
    for form in ("tex", "pdf"):
        place.good("plot", "batch-size", form, "--from", path, "--to", f"my_fig.v2.{form}")
    with open(place.path("my_fig.v2.tex"), encoding="utf-8") as file:
        tex = file.read()
    same("drawing", re.findall(r"\\includegraphics\[.*?\]\{(.*?)\}\}", tex), ["my_fig.v2-drawing.pdf"])
    with open(place.path("my_fig.v2-drawing.pdf"), "rb") as drawn, open(place.path("my_fig.v2.pdf"), "rb") as whole:
        check(b"/Font" in whole.read() and b"/FontDescriptor" not in drawn.read(), "the drawing has texts of its own")


# ---- a gnuplot that fails -----------------------------------------------------------------------------------------


def fake_gnuplot(place, text):
    folder = place.path("bin")
    os.makedirs(folder, exist_ok=True)
    with open(os.path.join(folder, "gnuplot"), "w", encoding="utf-8") as file:
        file.write("#!/bin/sh\n" + text)
    os.chmod(os.path.join(folder, "gnuplot"), 0o755)
    return {"PATH": folder + ":/usr/bin:/bin"}


@case("fault")
def broken_gnuplot(place):
    """One line and an exit code, whatever gnuplot does; the old figure stays, nothing is left."""
    path = collected(place.path("a.h5"), TWO, [2, 1], scores(2, 2))
    drawing(place, path)
    for text, code in (("echo; echo 'set x'; echo '    ^'; echo '\"a.gp\" line 3: bad thing'; exit 2", MISSING),
                       ("exit 0", IO), ("kill -9 $$", MISSING), ("head -c 100000 /dev/zero | tr '\\0' x; exit 1", MISSING),
                       ("printf 'a\\033[31m\\n\\n'; exit 1", MISSING)):
        changes = fake_gnuplot(place, text)
        before = listing(place.folder)
        got, out, err = place.run("plot", "batch-size", "--from", path, "--to", "a.svg", environment=changes)
        check(got == code and not out and b"gnuplot" in err and b"\x1b" not in err, f"{text!r}: exit code {got}, {err!r}")
        check(len(err) < 600, f"{len(err)} bytes")
        one_line(text, err)
        same("files", listing(place.folder), before)
    check(b"bad thing" in place.run("plot", "batch-size", "--from", path, "--to", "a.svg", environment=fake_gnuplot(
        place, "echo '\"a.gp\" line 3: bad thing'; echo; exit 2"))[2], "the reason is not told")


@case("fault")
def several_figures(place):
    """Of a study with several figures the same trouble is told once."""
    source = os.path.join(HOME, "data", "hybrids.h5")
    for changes in ({"PATH": "/nonexistent"}, fake_gnuplot(place, "exit 1"), fake_gnuplot(place, "exit 0")):
        code, out, err = place.run("plot", "hybrids", "--from", source, "--to", "a.svg", environment=changes)
        check(code in (MISSING, IO) and not out, f"exit code {code}, {err!r}")
        one_line("no gnuplot", err)
    with open("/dev/full", "w", encoding="utf-8") as full:
        code, _, err = place.run("plot", "hybrids", "dumb", "--from", source, stdout=full)
    check(code == IO, f"exit code {code}, {err!r}")
    one_line("full output", err)


@case("fault")
def results_without_figure(place):
    """A study whose figure cannot be drawn has its table and its file."""
    words = ["run", "batch-size", "--quick", "--as", "few", "norm=batch,group:4", "batch=8,4", "samples=8", "seed=1",
             "images=16", "epochs=1", "network=resnet(depth=8, width=4, stem_stride=2)"]
    code, out, err = place.run(*words, environment=fake_gnuplot(place, "exit 1"))
    file = os.path.join(place.out, "batch-size-few.h5")
    check(code == MISSING and b"gnuplot failed" in err, f"exit code {code}, {err!r}")
    check(b"group(4)" in out and file.encode() in out and os.path.exists(file), f"stdout {out!r}")
    check(os.path.join(place.out, "batch-size-few.svg").encode() not in out, "a figure is named")
    code, out, err = place.run("plot", "batch-size", environment={"PATH": "/nonexistent"})
    check(code == MISSING and b"gnuplot cannot be started" in err, f"exit code {code}, {err!r}")


@case("example")
def other_numbers(place):
    """Where an experiment shows another number than the score, the axis has the number's name, and its unit."""
    place.good("run", "random-labels", "--quick", "--as", "few", "norm=batch,group:2", "images=128,256", "epochs=1", "rate=0.01")
    words = " ".join(Drawing(os.path.join(place.out, "random-labels-few.svg")).words)
    check("train error evaluated, %" in words and "validation" not in words, words)


# ---- words along the axis in tables --------------------------------------------------------------------------------


@case("example")
def gates(place):
    """Beside the errors of a study stands what is known without a network on the same images, as its file says."""
    for study in ("batch-size", "normalizers"):
        with h5py.File(os.path.join(HOME, "data", study + ".h5"), "r") as file:
            softmax, nearest = 100 * file["gate/error"][()].mean(0)
        said = (f"Without a network, on the same images: softmax regression errs on {softmax:.1f} % of the test images, "
                f"5 nearest neighbours on {nearest:.1f} %")
        check(f"\n{said}\n" in place.good("table", f"{study}@published"), f"{study}: {said}")
        check(said in json.loads(place.good("table", f"{study}@published", "--json"))["notes"], f"{study}: JSON")
        lines = re.findall(r"footnotesize (.*?)\} ", place.good("table", f"{study}@published", "--form", "latex"))
        check(said.replace("%", "\\%") in " ".join(lines).replace("-{}", "-"), f"{study}: LaTeX: {lines}")
        with open(place.path(place.good("plot", f"{study}@published", "--to", "a.svg").split()[0]), encoding="utf-8") as file:
            check(said in " ".join(file.read().split()), f"{study}: the figure's description")


@case("example")
def words_in_tables(place):
    path = collected(place.path("a.h5"), TWO, ["s,gd", "a_b"], scores(2, 2))
    place.good("table", "batch-size", "--from", path)
    import csv, io, json
    rows = list(csv.DictReader(io.StringIO(place.good("table", "batch-size", "--form", "csv", "--from", path))))
    same("csv", [row["along"] for row in rows], ["s,gd", "a_b"] * 2)
    cells = json.loads(place.good("table", "batch-size", "--json", "--from", path))["cells"]
    same("json", [cell["along"] for cell in cells], ["s,gd", "a_b"] * 2)
    check("s,gd & a\\_b" in place.good("table", "batch-size", "--form", "latex", "--from", path), "latex")


def columns_of(text):
    """How wide a terminal shows it."""
    return sum(0 if unicodedata.combining(c) else 2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def starts(line):
    """Where the cells of a row begin: after two blanks."""
    return [columns_of(line[:found.start()]) for found in re.finditer(r"(?:(?<=  )|^)\S", line)]


@case("example")
def columns_of_tables(place):
    """Cells of a table stand in columns and never touch, whatever is in them; numbers have the digits that tell them apart."""
    gone = scores(3, 4)
    gone[0, 0, 0] = gone[1, 2] = gone[2, 3, 1] = np.nan
    for along, more in (([0.1, 0.2, 0.30000000000000004, 0.7000000000000001], {}), ([4, 3, 2, 1], {"diverged": np.isnan(gone)}),
                        ([4, 3, 2, 1], {"runs": np.int64(36), "finished": np.int64(31)}), (["blend(batch, group(4), per=layer)", "anneal(group(4), batch)", "c", "d"], {}),
                        (["\u65e5\u672c\u8a9e", "e\u0301", "\u0431", "\uff21"], {})):
        path = collected(place.path("a.h5"), ["\u65e5\u672c", "\u00e9", "three of them"], along, gone, **more)
        lines = place.good("table", "batch-size", "--from", path).splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("batch size per worker"))
        rows = [line for line in lines[first:first + 6]]
        check(len({tuple(starts(row)) for row in rows}) == 1 and len(starts(rows[0])) == 5, "not in columns:\n" + "\n".join(rows))
    path = collected(place.path("a.h5"), TWO, [0.1, 0.2, 0.30000000000000004, 0.7000000000000001], scores(2, 4))
    check("0.1" in (text := place.good("table", "batch-size", "--from", path)) and "0.7 " not in text.replace("0.7\n", "") and "00000" not in text, text)
    check("0.30000000000000004" in place.good("table", "batch-size", "--form", "csv", "--from", path), "csv: not the number itself")
    path = collected(path, TWO, [1, 1 + 1e-15], scores(2, 2))
    check("1.000000000000001" in place.good("table", "batch-size", "--from", path), "two numbers that look the same")


@case("example")
def said_in_tables(place):
    """Every form says what is one computation, over how many seeds, what +- is, under which recipe; what is missing is marked."""
    score = scores(3, 2)
    score[1, 0, 0] = score[2, 1, :] = np.nan
    path = collected(place.path("a.h5"), ["batch", "group(8)", "none"], [2, 1], score, same=[0, 1, 0], diverged=np.isnan(score),
                     along_label="learning rate", changes="lr=1 [a]", runs=np.int64(18), finished=np.int64(17))
    import csv, io, json
    forms_of = {form: place.good("table", "batch-size", "--form", form, "--from", path) for form in ("text", "csv", "json", "latex")}
    text, latex = forms_of["text"], re.sub(r"(?<!\\)%.*", "", forms_of["latex"])
    for part in ("group(8) *", "one and the same computation at every learning rate", "over 3 seeds \u00b1 half of Student's 95 % interval",
                 "Protocol: paper, full recipe", "17 of 18 runs", "lr=1 [a]", "group(8) - batch", "(2 of 3)", "(1 div.)"):
        plain = re.sub(r"\\textbackslash|\\footnotesize|\\multicolumn\{\d+\}\{l\}", "", latex).replace("\\\\", "").replace("\n", " ")
        plain = plain.replace("$\\pm$", "\u00b1").replace("$-$", "-").replace("\\%", "%").replace("{*}", "*").replace("{[}", "[").replace("{]}", "]").replace("'{}", "'")
        plain = re.sub(r" +", " ", plain.replace("-{}", "-").replace("}", "").replace("{", ""))
        check(part in text, f"text lacks {part!r}:\n{text}")
        check(part in plain, f"LaTeX lacks {part!r}:\n{plain}")
    rows = list(csv.DictReader(io.StringIO(forms_of["csv"])))
    same("csv: same", [row["same"] for row in rows], ["0", "0", "1", "1", "0", "0"])
    same("csv: pairs", [row["minus_first_seeds"] for row in rows], ["3", "3", "2", "3", "3", "0"])
    check(all(row["recipe"] == "full" and row["protocol"] == "paper" and "17 of 18 runs" in row["notes"] and "lr=1 [a]" in row["notes"]
              for row in rows), f"csv: {rows[0]}")
    data = json.loads(forms_of["json"])
    same("json: same", [cell["same"] for cell in data["cells"]], [False, False, True, True, False, False])
    same("json: pairs", [cell["minus_first_seeds"] for cell in data["cells"]], [3, 3, 2, 3, 3, 0])
    same("json: changed", data["changed"], "lr=1 [a]")
    path = collected(path, TWO, [2, 1], scores(2, 2, 1))
    for form in ("text", "latex"):
        out = place.good("table", "batch-size", "--form", form, "--from", path)
        check("over 1 seed" in out and "Student" not in out and "1 seeds" not in out, f"{form}: {out}")


# ---- studies of one point, and curves of one colour -----------------------------------------------------------------


@case("example")
def one_point(place):
    """A study of one point whose file says the training error after the last epoch has a panel for each kind of samples, with marks
    where the errors are; another has its one point."""
    path, sets = place.path("a.h5"), ["training", "validation", "test"]
    error = np.array([[[0.10, 0.10, 0.10]], [[0.20, 0.20, 0.20]], [[0.40, 0.40, 0.40]]])
    for said in (False, True):
        collected(path, ["batch", "layer", "none"], [32], error)
        with h5py.File(path, "r+") as file:
            if said:
                file["results/train_error_evaluated"] = error / 2
                file["results/test_error"][...] = 1.5 * error
        for width in ("17cm", "8.6cm", "6.4cm"):
            found = drawing(place, path, more=("--width", width))
            report([f"{width}: {fault}" for fault in found.faults()])
            same(f"panels of {width}", [word for word in found.words if word in sets], sets if said else [])
    at, found = {}, drawing(place, path)
    for use in found.root.iter("{http://www.w3.org/2000/svg}use"):
        place_at = re.match(r"translate\(([-\d.]+),([-\d.]+)\)", use.get("transform") or "")
        if place_at and use.get("color") != "#FFFFFF":
            at.setdefault(float(place_at[2]), []).append(float(place_at[1]))
    rows = [sorted(row) for row in at.values() if len(row) == 3]
    same("rows", len(rows), 3)
    steps = [np.diff(sorted(row[panel] for row in rows)) for panel in range(3)]
    check(np.abs(np.outer([1, 2, 3], [1, 2]) * steps[0][0] - steps).max() < 0.1, f"errors are drawn {steps} apart")


@case("example")
def one_colour(place):
    """Bands of two curves of one colour cannot be told apart: they have bars; of two colours, bands, of errors and of differences."""
    path, found = place.path("a.h5"), {}
    for kinds in ([4, 5], [4, 4]):
        drawing(place, collected(path, TWO, [1, 2, 4], scores(2, 3), kinds))
        with open(place.path("a.svg"), encoding="utf-8") as file:
            found[kinds[1]] = file.read().count("fill-opacity")
    check(found[5] == 4 and found[4] == 0, str(found))


# ---- what is published --------------------------------------------------------------------------------------------

@case("example")
def published(place):
    """Published figures are what is drawn from published data, and no text of theirs touches another, wide or narrow."""
    wrong = []
    for study in STUDIES:
        source = os.path.join(HOME, "data", study + ".h5")
        for width in ("17cm", "8.6cm", "6.4cm"):
            paths = place.good("plot", study, "--from", source, "--to", study + ".svg", "--width", width).split()
            for path in paths:
                found = Drawing(place.path(path))
                wrong += [f"{path}, {width}: {fault}" for fault in found.faults()]
                kept = os.path.join(HOME, "figures", path)
                if width == "17cm" and (not os.path.exists(kept) or Drawing(kept).words != found.words):
                    wrong.append(f"figures/{path} is not what is drawn from data/{study}.h5")
    report(wrong)


# ---- cubes of partitions ------------------------------------------------------------------------------------------

TINTS = ["#FFFFFF #F4F4F4 #E9E9E9".split(), "#B9C9DE #ADBED5 #A2B4CC".split(), "#5B8AC2 #4F7EB6 #4371A8".split()]


def polygons(path):
    """{colour: corners of each polygon}"""
    found = {}
    for shape in Drawing(path).root.iter("{http://www.w3.org/2000/svg}polygon"):
        colour = "#" + "".join(f"{int(n):02X}" for n in re.findall(r"\d+", shape.get("fill")))
        points = np.array([point.split(",") for point in shape.get("points").split()], float)
        found.setdefault(colour, []).append(points)
    return found


def shades(path, at):
    """[N, C, L] of a figure of one cube, NaN where no face shows it: 0 white, 1 light, 2 dark."""
    seen, drawn = np.full(at, np.nan), polygons(path)
    for face, sides in enumerate(((0, 1), (1, 2), (0, 2))):
        (whole,) = drawn[TINTS[0][face]]
        axes = np.stack([(whole[1] - whole[0]) / at[sides[0]], (whole[3] - whole[0]) / at[sides[1]]], axis=1)
        place_of = [slice(None) if axis in sides else 0 for axis in range(3)]
        seen[tuple(place_of)] = 0
        for shade in (1, 2):
            for tile in drawn.get(TINTS[shade][face], []):
                i, k = np.linalg.solve(axes, tile.mean(axis=0) - whole[0])
                place_of[sides[0]], place_of[sides[1]] = int(i), int(k)
                seen[tuple(place_of)] = shade
    return seen


@case("oracle")
def cubes(place):
    """What is dark in a cube is what `apply` says: the elements on which one output depends."""
    at = (4, 6, 4)
    rng = np.random.default_rng(1)
    with h5py.File(place.path("in.h5"), "w") as file:
        file["x"] = np.abs(rng.normal(size=at))
        file["dy"] = 1.0 * (np.arange(np.prod(at)).reshape(at) == 0)
    for spec in ("batch", "layer", "instance", "group(2)", "group(size=2)", "ghost(2)", "lattice(batch=2, size=2)", "position", "frn",
                 "channels(0, 1, 0, 2, 2, 1)", "regroup(3)", "chunks(4)", "chunks(12)", "rms", "evonorm(S0, groups=3)"):
        place.good("apply", spec, "in.h5", "out.h5")
        place.good("plot", "partitions", f"norm={spec}", "--to", "a.svg")
        with h5py.File(place.path("out.h5"), "r") as file:
            depends = file["dx"][...] != 0
        seen = shades(place.path("a.svg"), at)
        visible = ~np.isnan(seen)
        check(((seen == 2) == depends)[visible].all(), f"{spec}: dark are {np.argwhere(seen == 2).tolist()}")
        same(f"{spec}: elements seen", int(visible.sum()), 4 * 6 + 4 * 6 + 4 * 4 - 4 - 6 - 4 + 1)
        same(f"{spec}: something light", (seen == 1).any(), spec.startswith("regroup"))


@case("example")
def cubes_of_parts(place):
    """A combination has a cube for each of its partitions, under its name; no text touches another, wide or narrow, in any form."""
    wrong = []
    for norm, names_of in ((None, ["batch", "layer", "instance", "group(2)", "ghost(2)", "position"]),
                           ("batch | group(2)", ["batch", "group(2)", "of batch | group(2)"]),
                           ("mix(instance,layer,batch),bn", ["instance", "layer", "batch", "batch", "of mix(instance, layer, batch)"]),
                           ("phase(batch, group:2)", ["batch", "group(2)", "of phase(batch, group(2)), in evaluation"]),
                           ("group(4), ghost:4", ["group(4)", "C = 8", "ghost(4)", "N = 8"])):
        for width in ("17cm", "3.3in", "6.4cm"):
            words = ["plot", "partitions", *([] if norm is None else [f"norm={norm}"]), "--width", width]
            place.good(*words, "--to", "a.svg")
            found = Drawing(place.path("a.svg"))
            wrong += [f"{norm}, {width}: {fault}" for fault in found.faults()]
            if width == "17cm":
                wrong += [f"{norm}: no {name!r} in {found.words}" for name in names_of if names_of.count(name) > found.words.count(name)]
                same(f"{norm}: cubes", len(polygons(place.path("a.svg"))[TINTS[0][0]]), found.words.count("H, W"))
    for form in ("pdf", "png", "tex", "svg"):
        place.good("plot", "partitions", form, "--to", f"a.{form}")
    if Drawing(os.path.join(HOME, "figures", "partitions.svg")).words != Drawing(place.path("a.svg")).words or polygons(
            os.path.join(HOME, "figures", "partitions.svg")).keys() != polygons(place.path("a.svg")).keys():
        wrong.append("figures/partitions.svg is not what is drawn")
    report(wrong)


@case("fault")
def cubes_refused(place):
    """What has no cells, fits no cube or is no setting: one line, no file."""
    for words, parts in ((["norm=none"], ["none", "no cells"]), (["norm=response(5)"], ["no cells", "neighbouring"]),
                         (["norm=weights=standardized"], ["of weights"]), (["norm=group(32)"], ["32 groups", "16"]),
                         (["norm=batch,grup(2)"], ["grup", "group"]), (["norm="], ["name"]), (["nrm=batch"], ["nrm=batch", "norm="]),
                         (["norm=batch", "norm=layer"], ["norm=batch", "norm=layer"]), (["group(2)"], ["norm=SPEC"]),
                         (["dumb"], ["terminal", "list norms"]), (["--from", "a.h5"], ["--from"]),
                         (["norm=" + ",".join(["batch"] * 49)], ["48 cubes"])):
        code, out, err = place.run("plot", "partitions", *words, "--to", "a.svg") if words != ["dumb"] else place.run("plot", "partitions", "dumb")
        check(code == USAGE and not out and all(part.encode() in err for part in parts), f"{words}: exit code {code}, {err!r}")
        one_line(words, err)
        check(not os.path.exists(place.path("a.svg")), f"{words}: a figure")
    for words in (["plot", "batch-size", "norm=batch"], ["plot", "claims", "norm=batch"], ["run", "partitions"], ["table", "partitions"],
                  ["publish", "partitions", "--jobs", "2"], ["plot", "partitions@mine"]):
        code, out, err = place.run(*words)
        check(code in (USAGE, 66) and not out, f"{words}: exit code {code}, {err!r}")
        one_line(words, err)


@case("oracle")
def claims(place):
    """The figure of all claims is what follows from published data alone."""
    wrong = []
    for width in ("17cm", "8.6cm"):
        place.good("plot", "claims", "--to", "claims.svg", "--width", width)
        found = Drawing(place.path("claims.svg"))
        wrong += [f"{width}: {fault}" for fault in found.faults()]
        if width == "17cm" and Drawing(os.path.join(HOME, "figures", "claims.svg")).words != found.words:
            wrong.append("figures/claims.svg is not what is drawn from data/")
    report(wrong)


if __name__ == "__main__":
    main()
