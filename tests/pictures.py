#!/usr/bin/python3 -B
"""Small pictures of the book that no study draws: of the numbers that tests/worked.py computes, into figures/.

    pictures.py            what is not as drawn
    pictures.py --renew    draws them
"""

import os
import sys

import numpy as np

import worked
from notes import read
from program import HOME

INK, GREY, LIGHT = "#000000", "#666666", "#dddddd"
RED, BLUE, OCHRE, PURPLE = "#e0566b", "#4477aa", "#a68a00", "#aa3377"


class Picture:
    """Lines, dots and words; y goes down."""

    def __init__(self, wide, high, title):
        self.parts = [f'<svg xmlns="http://www.w3.org/2000/svg" width="{wide}" height="{high}" viewBox="0 0 {wide} {high}" '
                      f'font-family="sans-serif" font-size="12">', f"<title>{title}</title>",
                      f'<rect width="{wide}" height="{high}" fill="#ffffff"/>']

    def line(self, points, colour=INK, width=1.0, dash=""):
        at = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
        dash = f' stroke-dasharray="{dash}"' if dash else ""
        self.parts.append(f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="{width}"{dash}/>')

    def dot(self, x, y, colour, radius=5.0):
        self.parts.append(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="{radius}" fill="{colour}"/>')

    def word(self, x, y, text, anchor="middle", colour=INK, turned=False):
        turn = f' transform="rotate(-90 {x:.1f} {y:.1f})"' if turned else ""
        self.parts.append(f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{colour}"{turn}>{text}</text>')

    def arrow(self, begin, end, colour=INK):
        (x, y), (u, v) = begin, end
        length = np.hypot(u - x, v - y)
        a, b = 9 * (u - x) / length, 9 * (v - y) / length
        self.line([begin, (u - 0.8 * a, v - 0.8 * b)], colour, 1.6)
        head = ((u, v), (u - a - 0.45 * b, v - b + 0.45 * a), (u - a + 0.45 * b, v - b - 0.45 * a))
        self.parts.append(f'<polygon points="{" ".join(f"{p:.1f},{q:.1f}" for p, q in head)}" fill="{colour}"/>')

    def box(self, x, y, text):
        self.parts.append(f'<rect x="{x - 42:.1f}" y="{y - 19:.1f}" width="84" height="38" rx="6" fill="#ffffff" stroke="{INK}"/>')
        self.word(x, y + 5, text)

    def text(self):
        return "\n".join(self.parts + ["</svg>", ""])


def standardizing():
    """Five numbers on a line: as they are, without their mean, in standard deviations, with gain and bias."""
    x = worked.FIVE
    mean, std = x.mean(), x.std()
    steps = [("x", x), ("less the mean", x - mean), ("divided by std", (x - mean) / std),
             ("gain 3, bias 1", worked.GAIN * (x - mean) / std + worked.BIAS)]
    picture = Picture(643, 268, "Standardizing five numbers")
    low, high, left, right, gap = -4, 8, 140, 620, 56

    def across(value):
        return left + (value - low) / (high - low) * (right - left)

    for k, (name, values) in enumerate(steps):
        y = 48 + gap * k
        picture.word(left - 22, y + 4, name, "end")
        picture.line([(across(low), y), (across(high), y)], GREY)
        for tick in range(low, high + 1, 2):
            picture.line([(across(tick), y), (across(tick), y + 5)], GREY)
            picture.word(across(tick), y + 18, str(tick).replace("-", "−"), colour=GREY)
        centre, spread = values.mean(), values.std()
        picture.line([(across(centre - spread), y - 14), (across(centre + spread), y - 14)], BLUE, 2.5)
        picture.line([(across(centre), y - 19), (across(centre), y - 9)], BLUE, 2.5)
        for value, colour in zip(values, (RED, PURPLE, INK, OCHRE, GREY)):
            picture.dot(across(value), y, colour)
    picture.word(right, 262, "blue: the mean, and one standard deviation to each side", "end", GREY)
    return picture.text()


def drift():
    """The size of activations behind each of fifty random layers, of three networks each."""
    picture = Picture(643, 392, "The size of activations through fifty random layers")
    left, right, top, bottom, low, high = 80, 470, 20, 320, -9, 9

    def at(layer, power):
        return left + layer / worked.LAYERS * (right - left), bottom - (power - low) / (high - low) * (bottom - top)

    for power in range(low, high + 1, 3):
        x, y = at(0, power)
        picture.line([(x, y), (right, y)], LIGHT, 1, "4 4")
        picture.word(x - 8, y + 4, f"1e{power}".replace("-", "−"), "end")
    for layer in range(0, worked.LAYERS + 1, 10):
        x, y = at(layer, low)
        picture.line([(x, y), (x, y + 5)])
        picture.word(x, y + 20, str(layer))
    picture.line([at(0, high), at(0, low), at(worked.LAYERS, low)])
    picture.word((left + right) / 2, bottom + 42, "layers passed")
    picture.word(22, (top + bottom) / 2, "root mean square of activations", turned=True)
    for gain, groups, colour, name in ((4, None, RED, "variance 4 / n"), (2, None, OCHRE, "variance 2 / n"),
                                       (4, 8, BLUE, "4 / n, eight groups"), (1, None, PURPLE, "variance 1 / n")):
        for seed in worked.SEEDS:
            size = np.log10(worked.stack(gain, groups, seed)[0])
            picture.line([at(layer, power) for layer, power in enumerate(size)], colour, 1.3)
        x, y = at(worked.LAYERS, {4: 7.3, 2: 0.6, 1: -7.8}[gain] if groups is None else -0.9)
        picture.word(x + 8, y + 4, name, "start", colour)
    picture.word(630, 386, "64 units a layer, relu, 32 samples; three draws of the weights each", "end", GREY)
    return picture.text()


def paths():
    """How an output depends on an input of its cell, with the slope of each step."""
    picture = Picture(643, 250, "Three paths from x to its standardization")
    left, right, middle = (90, 125), (553, 125), 321
    for y, colour, name, first, second in (
            (45, RED, "mean μ", "1 / m", "− 1 / σ"), (205, BLUE, "std σ", "x̂ₖ / m", "− x̂ᵢ / σ")):
        side = 1 if y > 125 else -1
        picture.arrow((left[0] + 44, 125 + 12 * side), (middle - 44, y - 4 * side), colour)
        picture.arrow((middle + 44, y - 4 * side), (right[0] - 44, 125 + 12 * side), colour)
        picture.box(middle, y, name)
        picture.word((left[0] + middle) / 2 - 14, (125 + y) / 2 + (22 if side > 0 else -15), first, colour=colour)
        picture.word((right[0] + middle) / 2 + 22, (125 + y) / 2 + (22 if side > 0 else -12), second, colour=colour)
    picture.arrow((left[0] + 44, 125), (right[0] - 44, 125), OCHRE)
    picture.word(middle, 117, "1 / σ, where i is k", colour=OCHRE)
    picture.box(*left, "xₖ")
    picture.box(*right, "x̂ᵢ")
    return picture.text()


PICTURES = {"standardizing": standardizing, "drift": drift, "paths": paths}


def drawn():
    for name, draw in PICTURES.items():
        path = os.path.join("figures", name + ".svg")
        if not os.path.exists(os.path.join(HOME, path)) or read(path) != draw():
            yield f"{path} is not as tests/pictures.py draws it; `tests/pictures.py --renew` does"


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("drawn example")
        sys.exit(0)
    if sys.argv[1:] == ["--renew"]:
        for name, draw in PICTURES.items():
            with open(os.path.join(HOME, "figures", name + ".svg"), "w", encoding="utf-8") as file:
                file.write(draw())
        sys.exit(0)
    faults = list(drawn())
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
