#!/usr/bin/python3 -B
"""Solutions of the exercises of notes/11-partitions.md, and its table of counts."""

import os
import re
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from applied import applied
from program import HOME, case, check, main, same


def cells(spec, shape):
    """How many cells (P-1) makes, and of how many elements each."""
    n, c, l = shape[0], shape[1], int(np.prod(shape[2:]))
    block = {"batch": n, "ghost": int(spec[6:-1] or 1) if spec.startswith("ghost") else 1}.get(spec.split("(")[0], 1)
    sets = {"batch": c, "ghost": c, "instance": c, "layer": 1, "position": 1}.get(spec.split("(")[0])
    if sets is None:  # group(G)
        sets = int(spec[6:-1])
    count = n // block * sets * (l if spec == "position" else 1)
    return count, n * c * l // count


def compare(place, spec, shape, expected):
    """By the formula and by the number of means that the program has."""
    same(f"{spec} of {shape}", cells(spec, shape), expected)
    found = applied(place, spec, np.random.RandomState(1).standard_normal(shape))
    same(f"{spec} of {shape}: means", found["mean"].size, expected[0])


@case("example")
def table(place):
    """The chapter's table, of 32 samples of 64 channels with 28 by 28 positions."""
    with open(os.path.join(HOME, "notes", "11-partitions.md"), encoding="utf-8") as file:
        rows = re.findall(r"^\| `([^`]+)` \| (\d+) \| (\d+) \|$", file.read(), re.M)
    same("rows", [row[0] for row in rows], ["batch", "ghost(2)", "layer", "instance", "group(8)", "position"])
    for spec, count, each in rows:
        compare(place, spec, (32, 64, 28, 28), (int(count), int(each)))


@case("example")
def counts(place):
    """8 samples, 12 channels, 25 positions: 2400 elements in all."""
    for spec, expected in {"batch": (12, 200), "ghost(2)": (48, 50), "layer": (8, 300), "instance": (96, 25),
                           "group(4)": (32, 75), "position": (200, 12)}.items():
        compare(place, spec, (8, 12, 5, 5), expected)


@case("example")
def numbered(place):
    """Groups of 4 channels: three a sample; channel 9 is in group 9 / 4 = 2, so the cell is 3 * 3 + 2 = 11. Only its mean
    moves with the element."""
    x = np.random.RandomState(2).standard_normal((8, 12, 25))
    before = applied(place, "group:size=4", x)["mean"].ravel()
    x[3, 9, 7] += 1
    moved = np.flatnonzero(applied(place, "group:size=4", x)["mean"].ravel() != before)
    same("cells that move", list(moved), [3 * 3 + 9 // 4])


@case("theorem")
def divisors(place):
    """G must divide 12: 1, 2, 3, 4, 6, 12. group(1) is layer and group(12) is instance, to the bit."""
    x = np.random.RandomState(3).standard_normal((2, 12, 5))
    for groups in range(1, 13):
        if 12 % groups == 0:
            y = applied(place, f"group({groups})", x)["y"]
            for other, at in (("layer", 1), ("instance", 12)):
                same(f"group({groups}) and {other}", np.array_equal(y, applied(place, other, x)["y"]), groups == at)
        else:
            code, _, err = place.run("apply", f"group({groups})", "in.h5", "refused.h5")
            check(code != 0 and b"1, 2, 3, 4, 6, 12" in err, f"group({groups}) of 12 channels: exit code {code}, {err.decode()}")


@case("theorem")
def tokens(place):
    """Tokens are positions, channels the last axis: `position` for tokens, `layer` for sentences. A token's output depends on
    other tokens under `layer` alone."""
    x = np.random.RandomState(4).standard_normal((2, 3, 4))  # sentences, tokens, channels
    other = x.copy()
    other[0, 2] += [1, 2, -1, 0]
    for spec, axes, reaches in (("position", 2, False), ("layer", (1, 2), True)):
        y, moved = (applied(place, spec, each, "--layout", "channels-last")["y"] for each in (x, other))
        mean, variance = x.mean(axes, keepdims=True), x.var(axes, keepdims=True)
        check(np.allclose(y, (x - mean) / np.sqrt(variance + 1e-5), rtol=1e-13, atol=1e-14), spec)
        same(f"{spec}: the first token moves with the third", not np.array_equal(y[0, 0], moved[0, 0]), reaches)


@case("example")
def padded(place):
    """Of 1, 3, 5 the mean is 3 and the variance 8/3. With three zeros they are 9/6 and 35/6 - (9/6)^2: the padding pulls the
    mean down and spreads the values. With a mask the six are the three, and y is 0 where nothing stands."""
    x, mask = np.array([[[1.0, 3, 5, 0, 0, 0]]]), [[1, 1, 1, 0, 0, 0]]
    for more, mean, variance in (({}, 9 / 6, 35 / 6 - (9 / 6)**2), ({"mask": mask}, 3, 8 / 3)):
        found = applied(place, "layer", x, "--eps", "0", **more)
        check(np.allclose([found["mean"][0], found["rstd"][0]**-2], [mean, variance], rtol=1e-14), f"{more}: {found}")
    same("y of the padding", list(found["y"][0, 0, 3:]), [0, 0, 0])


if __name__ == "__main__":
    main()
