#!/usr/bin/python3 -B
"""The small tape of notes/14-tape.md against differences, against normlab, and the picture of it.

    small_tape.py --draw    figures/tape.svg anew
"""

import os
import subprocess
import sys

import numpy as np

sys.path.insert(0, os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
from applied import applied
from program import HOME, PROGRAM, case, check, main, same

FIGURE = os.path.join(HOME, "figures", "tape.svg")
FIVE, U, V = [1.0, 3, 4, 5, 7], [1.0, -2, 3, 0, 2], [1.0, 0, -1, 2, 0]  # as the program has them


def lines(*arguments):
    program = os.path.join(os.path.dirname(PROGRAM), "tests", "small-tape")
    out = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, check=True).stdout
    return [line.split() for line in out.splitlines()]


def small_tape(x=()):
    """What it prints, by name: loss, first, differences, second, nodes."""
    return {name: np.array(values, float) for name, *values in lines(*(format(float(v), ".17g") for v in x))}


def nodes():
    """(operation, operands, value, adjoint) of every node."""
    said = lines("nodes")
    return [(one[0], [int(k) for k in one[1:]], [float(v) for v in value[1:]], [float(v) for v in adjoint[1:]])
            for one, value, adjoint in zip(said[::3], said[1::3], said[2::3])]


def inputs():
    draw = np.random.default_rng(14)
    return [FIVE] + [list(draw.normal(3.0, 2.0, 5)) for _ in range(20)]


def near(what, got, expected, within):
    error = np.max(np.abs(got - expected)) / np.max(np.abs(expected))
    check(error < within, f"{what}: {got}, expected {expected}")


@case("oracle")
def differences(place):
    """First derivatives beside differences of the loss, second ones beside differences of the first."""
    for x in map(np.array, inputs()):
        found, step = small_tape(x), 1e-5
        near(f"first at {x}", found["first"], found["differences"], 1e-6)
        along = (small_tape(x + step * np.array(V))["first"] - small_tape(x - step * np.array(V))["first"]) / (2 * step)
        near(f"second at {x}", found["second"], along, 1e-6)


@case("oracle")
def normlab(place):
    """Value, first and second derivatives of `layer`, by its kernel and by normlab's own tape."""
    for x in inputs():
        five = lambda values: np.array(values).reshape(1, 1, 5)
        found, theirs = small_tape(x), applied(place, "layer", five(x), "--eps", "0", dy=five(U), v=five(V))
        near("loss", found["loss"], np.sum(theirs["y"] * five(U)), 1e-14 * np.sum(np.abs(theirs["y"] * five(U))))
        near("first", found["first"], theirs["dx"].ravel(), 1e-13)
        near("second", found["second"], theirs["ds_dx"].ravel(), 1e-12)


# ---- the picture ------------------------------------------------------------------------------------------------------

NAMES = ["x", "m", "sum", "mean", "spread", "neg", "d", "d d", "sum", "variance", "std", "spread", "y", "u", "y u", "L"]
WIDTH, ROW, TOP, TEXT = 810, 24, 44, 150
VALUES, ADJOINTS = (300, 42), (550, 60)  # right end of the first column, from one to the next


def short(value):
    return format(value + 0.0, ".4g").replace("-", "−")


def cells(values, columns, y, colour):
    first = 0 if len(values) > 1 else 2  # one number stands in the middle
    return [f'<text x="{columns[0] + columns[1] * (first + k)}" y="{y}" fill="{colour}" text-anchor="end">{short(v)}</text>'
            for k, v in enumerate(values)]


def picture():
    tape = nodes()
    same("nodes", len(tape), len(NAMES))
    height = TOP + ROW * len(tape) + 10
    out = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{height}" viewBox="0 0 {WIDTH} {height}"'
           ' font-family="DejaVu Sans, sans-serif" font-size="13">',
           '<rect width="100%" height="100%" fill="white"/>']
    for (left, cell), colour, title in ((VALUES, "#4477aa", "↓ values, computed downwards"),
                                (ADJOINTS, "#aa3355", "↑ adjoints, computed upwards")):
        out.append(f'<text x="{left + 1.8 * cell:g}" y="24" fill="{colour}" text-anchor="middle" font-weight="bold">{title}</text>')
    for k, (op, operands, value, adjoint) in enumerate(tape):
        y = TOP + ROW * k + 14
        if k % 2 == 0:
            out.append(f'<rect x="{TEXT - 10}" y="{y - 17}" width="{WIDTH - TEXT}" height="{ROW}" fill="#f3f3f3"/>')
        for operand in dict.fromkeys(operands):
            high, reach = TOP + ROW * operand + 10, min(18 + 9 * (k - operand), 120)
            out.append(f'<path d="M {TEXT - 14} {high} C {TEXT - 14 - reach} {high} {TEXT - 14 - reach} {y - 5} {TEXT - 16} {y - 5}"'
                       ' fill="none" stroke="#777777"/>')
            out.append(f'<path d="M {TEXT - 12} {y - 5} l -7 -3 v 6 z" fill="#777777"/>')
        what = "given" if op == "leaf" else op
        out.append(f'<text x="{TEXT}" y="{y}">{NAMES[k]}</text><text x="{TEXT + 72}" y="{y}" fill="#777777">'
                   f'{"" if what == NAMES[k] else what}</text>')
        out += cells(value, VALUES, y, "#4477aa") + cells(adjoint, ADJOINTS, y, "#aa3355")
    return "\n".join(out + ["</svg>", ""])


@case("example")
def drawn(place):
    """figures/tape.svg is what the program prints."""
    with open(FIGURE, encoding="utf-8") as file:
        check(file.read() == picture(), "figures/tape.svg is another; `tests/book/small_tape.py --draw` draws it anew")


if __name__ == "__main__":
    if sys.argv[1:] == ["--draw"]:
        with open(FIGURE, "w", encoding="utf-8") as file:
            file.write(picture())
        sys.exit(0)
    main()
