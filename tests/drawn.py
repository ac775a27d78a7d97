"""What the tests of figures share: collected files made by hand, and the texts and marks of an SVG.

Widths of texts are those of DejaVu Sans, wider than most sans-serif fonts.
"""

import glob
import os
import re
import xml.etree.ElementTree

import h5py
import numpy as np

from program import HOME, check

SVG, LINK = "{http://www.w3.org/2000/svg}", "{http://www.w3.org/1999/xlink}href"

# Published studies; those of claims, EXPERIMENT-ID.h5, are drawn together.
STUDIES = sorted(stem for stem in (os.path.splitext(os.path.basename(path))[0]
                                   for path in glob.glob(os.path.join(HOME, "data", "*.h5")))
                 if os.path.isdir(os.path.join(HOME, "experiments", stem)))

# What has a meaning for gnuplot, for LaTeX, for XML, for a shell, or none for any of them.
NAMES = ["a_b^c", "{x}", "50 %", "$x$ & #1", "back\\slash", "~tilde", "a--b", "'quoted'", '"twice"', "`id`", "<b>&amp;",
         "''", "'; system 'touch pwned'; '", "@x", "\u03b3 \u2264 \u00e9 \u00d7", "\u4e2d\u6587", "\U0001f600", "%s%n%d", "[x]", " ",
         "\\n\\", "*", "x" * 90, "long " * 60]

# Thousandths of the font's size.
ADVANCE = dict(re.findall(r"(\S)(\d+) ", """!401 "460 #838 $637 %951 &780 (390 )390 *501 +838 ,318 -360 .317 /336 0637 1637
 2637 3637 4637 5637 6637 7637 8637 9637 :336 ;336 <838 =838 >838 ?531 @1002 A712 B687 C699 D771 E632 F576 G775 H752 I294
 J294 K656 L558 M863 N749 O788 P604 Q788 R695 S635 T593 U732 V685 W990 X686 Y611 Z686 [390 \\336 ]390 ^838 _501 `501 a613
 b635 c550 d635 e616 f344 g635 h634 i277 j277 k580 l277 m976 n634 o612 p635 q635 r394 s521 t393 u634 v592 w818 x592 y592
 z525 {637 |336 }637 ~838 '275 """.replace("\n", "")))


def extent(text, size):
    return size * sum(318 if c == " " else int(ADVANCE.get(c, 1000)) for c in text) / 1000


def scores(series, points, seeds=3):
    """Means that differ, seeds that differ."""
    return 0.2 + np.arange(series * points * seeds).reshape(series, points, seeds) % 37 / 100


def collected(path, names, along, score, kinds=None, same=None, diverged=None, experiment="batch-size", **attributes):
    """A file as `run` leaves it: score [series, points, seeds]; along: numbers or words."""
    score = np.asarray(score, float)
    diverged = np.zeros(score.shape) if diverged is None else np.asarray(diverged, float)
    facts = {"experiment": experiment, "question": "What is drawn?", "recipe": "", "changes": "", "protocol": "paper",
             "along_label": "batch size per worker", "identity": "0123456789ab"}
    with h5py.File(path, "w") as file:
        for name, value in {**facts, **attributes}.items():
            file.attrs[name] = value
        file.attrs["quick"] = np.int64(0)
        results = file.create_group("results")
        results["series"] = list(names)
        results["along"] = list(along) if isinstance(along[0], str) else np.asarray(along, float)
        results["seed"] = np.arange(1.0, score.shape[2] + 1)
        for name in ("score", "test_error", "train_error"):
            results[name] = score
        results["diverged"] = diverged
        results["same"] = np.zeros(len(names)) if same is None else np.asarray(same, float)
        results["kind"] = np.arange(len(names)) % 27 * 1.0 if kinds is None else np.asarray(kinds, float)
    return path


def band_of(values):
    """Of values over axis 1: mean, and Student's interval."""
    seeds, mean = values.shape[1], values.mean(axis=1)
    student = {3: 4.302652729911275, 4: 3.182446305284264, 5: 2.7764451051977987}
    half = student[seeds] * values.std(axis=1, ddof=1) / seeds ** 0.5
    return mean, mean - half, mean + half


def affine(what, drawn, values):
    """Heights on the page are a linear function of the values, within the digits of the file."""
    slope, offset = np.polyfit(values, drawn, 1)
    check(slope < -10 and abs(slope * values + offset - drawn).max() < 0.03, f"{what}: {drawn} of {values}")


def apart(one, other):
    """Two convex shapes, by their corners in turn, have no point in common (but for a hair)."""
    for shape in (one, other):
        for edge in np.roll(shape, -1, axis=0) - shape:
            normal = np.array([-edge[1], edge[0]]) / np.hypot(*edge)
            a, b = one @ normal, other @ normal
            if a.max() <= b.min() + 0.3 or b.max() <= a.min() + 0.3:
                return True
    return False


class Drawing:
    """An SVG of gnuplot's: its texts with the corners of their boxes, its plots with their looks."""

    def __init__(self, path):
        self.root = xml.etree.ElementTree.parse(path).getroot()
        self.width, self.height = (float(n) for n in self.root.get("viewBox").split()[2:])
        self.texts = [box for group in self.root.iter(SVG + "g") for box in self.boxes(group)]
        self.words = [words for words, _ in self.texts]

    @staticmethod
    def boxes(group):
        place = re.match(r"translate\(([-\d.]+),([-\d.]+)\)(?: rotate\(([-\d.]+)\))?", group.get("transform") or "")
        for text in group.findall(SVG + "text") if place else ():
            words = "".join(text.itertext())
            if not words.strip():
                continue
            x, y, turn = (float(part or 0) for part in place.groups())
            size = float(group.get("font-size"))
            wide = extent(words, size)
            left = {"start": 0, "middle": -wide / 2, "end": -wide}[group.get("text-anchor")]
            top, bottom = -0.76 * size, 0.2 * size
            corners = np.array([(left, top), (left + wide, top), (left + wide, bottom), (left, bottom)])
            c, s = np.cos(np.radians(turn)), np.sin(np.radians(turn))
            yield words, corners @ np.array([[c, s], [-s, c]]) + (x, y)

    def faults(self):
        """Texts that touch each other or leave the page."""
        for i, (words, box) in enumerate(self.texts):
            if box.min() < 0 or (box.max(axis=0) > (self.width, self.height)).any():
                yield f"{words!r} leaves the page"
            for other, second in self.texts[:i]:
                if not apart(box, second):
                    yield f"{words!r} on {other!r}"

    def looks(self):
        """{name: (colours, dashes, marks)} of what is plotted."""
        found = {}
        for group in self.root.iter(SVG + "g"):
            if not (group.get("id") or "").startswith("gnuplot_plot_"):
                continue
            look = found.setdefault(group.find(SVG + "title").text, (set(), set(), set()))
            for path in group.iter(SVG + "path"):
                if path.get("stroke"):
                    look[0].add(path.get("stroke"))
                    look[1].add(re.sub(r"[\d.]+", lambda n: str(int(float(n[0]) / self.dash_unit(path, group) + 0.25)),
                                       path.get("stroke-dasharray") or ""))
            look[2].update(use.get(LINK)[1:] for use in group.iter(SVG + "use")
                           if use.get("color") != "#FFFFFF")
        return found

    def lines(self):
        """[(name, [(x, y)...], filled)] of what is plotted, in the order of the file."""
        found = []
        for group in self.root.iter(SVG + "g"):
            if not (group.get("id") or "").startswith("gnuplot_plot_"):
                continue
            name = group.find(SVG + "title").text
            for item in group.iter():
                points = item.get("points") if item.tag == SVG + "polygon" else \
                    item.get("d") if item.tag == SVG + "path" and item.get("stroke") else None
                if points:
                    numbers = [float(n) for n in re.findall(r"-?[\d.]+", points)]
                    found.append((name, np.array(numbers).reshape(-1, 2), item.tag == SVG + "polygon"))
        return found

    @staticmethod
    def dash_unit(path, group):
        """Dashes are as long as their line is wide."""
        return next(float(inner.get("stroke-width")) for inner in group.iter(SVG + "g") if path in list(inner))
