#!/usr/bin/python3 -B
"""Numbers of the book that a few lines of arithmetic give: notes/worked.txt has lines `NAME VALUE`, and a function
here computes each anew. notes/published.txt has `NAME VALUE SOURCE`: of a paper, whose key is in notes/references.bib.

    worked.py            what is wrong
    worked.py --renew    writes notes/worked.txt anew

A function of an example yields pairs (name, value), or gives a dictionary; the example's name stands before them:
`five.mean`.
"""

import os
import re
import sys
from fractions import Fraction

import h5py
import numpy as np

from notes import read
from program import HOME

WORKED, PUBLISHED, SOURCES = (os.path.join("notes", name) for name in ("worked.txt", "published.txt", "references.bib"))
HEAD = "# Examples of the book, `NAME VALUE`: tests/worked.py computes each, and `tests/worked.py --renew` writes them.\n"
EXAMPLES = {}


def example(function):
    EXAMPLES[function.__name__] = function
    return function


FIVE, GAIN, BIAS = np.array([1.0, 3, 4, 5, 7]), 3, 1


@example
def five():
    """Five activations and their standardization (notes/10-why.md)."""
    deviations = FIVE - FIVE.mean()
    variance = np.mean(deviations**2)
    xhat = deviations / np.sqrt(variance)
    yield "mean", FIVE.mean()
    yield "variance", variance
    yield "std", np.sqrt(variance)
    for k, each in enumerate(xhat, 1):
        yield f"xhat{k}", each
    for k, each in enumerate(GAIN * xhat + BIAS, 1):
        yield f"y{k}", each
    yield "momentum", 0.9 * 0 + 0.1 * FIVE.mean()


LAYERS, WIDTH, SAMPLES, SEEDS = 50, 64, 32, (1, 2, 3)


def stack(gain, groups, seed):
    """Samples of normal numbers through layers of weights of variance gain / WIDTH, group normalization if asked for, and relu:
    behind each the root mean square of all activations, and the mean cosine between two samples."""
    draw = np.random.RandomState(seed)
    x, size, alike = draw.standard_normal((SAMPLES, WIDTH)), [], []
    for layer in range(LAYERS + 1):
        direction = x / np.sqrt((x**2).sum(1, keepdims=True))
        size.append(np.sqrt(np.mean(x**2)))
        alike.append((direction @ direction.T)[np.triu_indices(SAMPLES, 1)].mean())
        z = x @ (draw.standard_normal((WIDTH, WIDTH)) * np.sqrt(gain / WIDTH)).T
        if groups:
            cell = z.reshape(SAMPLES, groups, -1)
            z = (cell - cell.mean(2, keepdims=True)) / np.sqrt(cell.var(2, keepdims=True) + 1e-5)
        x = np.maximum(z.reshape(SAMPLES, WIDTH), 0)
    return np.array(size), np.array(alike)


@example
def drift():
    """Stacks of random layers: sizes after all of them, over the seeds (notes/10-why.md)."""
    for name, gain, groups in (("one", 1, None), ("two", 2, None), ("four", 4, None), ("groups", 4, 8)):
        stacks = [stack(gain, groups, seed) for seed in SEEDS]
        sizes = [size[-1] for size, _ in stacks]
        yield f"{name}.low", min(sizes)
        yield f"{name}.high", max(sizes)
        if name in ("one", "four"):
            unit, factor = {"one": ("billionths", 1e9), "four": ("millions", 1e-6)}[name]
            yield f"{name}.{unit}", (min if name == "one" else max)(sizes) * factor
        yield f"{name}.alike", np.mean([alike[-1] for _, alike in stacks])


@example
def tape():
    """The loss of the small tape and its derivatives by x (notes/14-tape.md)."""
    x, u = np.array([1.0, 3, 4, 5, 7]), np.array([1.0, -2, 3, 0, 2])
    r = 1 / np.sqrt(np.mean((x - x.mean())**2))
    xhat = (x - x.mean()) * r
    yield "loss", np.sum(u * xhat)
    for k, each in enumerate(r * (u - np.mean(u) - xhat * np.mean(u * xhat)), 1):
        yield f"dx{k}", each


def in_tree(terms):
    """The sum of src/tensor/sum.h: leaves of 64 in 8 lanes, joined pairwise."""
    levels = []
    for count, begin in enumerate(range(0, len(terms), 64)):
        lane = [0.0] * 8
        for k, term in enumerate(terms[begin:begin + 64]):
            lane[k % 8] += term
        leaf = ((lane[0] + lane[4]) + (lane[2] + lane[6])) + ((lane[1] + lane[5]) + (lane[3] + lane[7]))
        while count & 1:
            leaf, count = levels.pop() + leaf, count >> 1
        levels.append(leaf)
    total = levels.pop()
    while levels:
        total = levels.pop() + total
    return total


@example
def digits():
    """What is lost by the naive variance and by long sums (notes/13-digits.md); what the published measurement found."""
    for power in (8, 9, 12):
        x = [10.0**power + v for v in FIVE]
        mean = sum(x) / 5
        yield f"naive{power}", sum(v * v for v in x) / 5 - mean * mean
    eps, terms, total = 2.0**-52, [0.1] * 10**6, 0.0
    exact = Fraction(0.1) * len(terms)
    for term in terms:
        total += term
    for name, found in (("sum_in_turn", total), ("sum_in_tree", in_tree(terms))):
        yield name, abs(Fraction(found) / exact - 1) / Fraction(eps)
    with h5py.File(os.path.join(HOME, "data", "checking.h5"), "r") as file:
        of = file["variance/algorithm"].asstr()[()].tolist().index("ours")
        yield "worst", np.max(file["variance/error"][of]) / eps


def computed():
    return {f"{name}.{key}": float(value) for name, function in EXAMPLES.items() for key, value in dict(function()).items()}


def lines(path, columns):
    """The words of each line, or a fault in words."""
    for number, line in enumerate(read(path).splitlines(), 1):
        words = line.split(maxsplit=columns - 1)
        if words and not line.startswith("#"):
            yield number, words if len(words) == columns else f"{path}:{number}: {columns} words are expected: {line}"


def examples():
    """Each number to nine digits, no name twice, none missing."""
    wanted = computed()
    for number, words in lines(WORKED, 2):
        if isinstance(words, str):
            yield words
            continue
        name, text = words
        if name not in wanted:
            yield f"{WORKED}:{number}: nothing computes {name}, or it stands there twice"
        elif abs(float(text) - wanted[name]) > 1e-9 * abs(wanted[name]):
            yield f"{WORKED}:{number}: {name} is {wanted[name]:.12g}"
        wanted.pop(name, None)
    for name in wanted:
        yield f"{WORKED}: {name} is missing; `tests/worked.py --renew` writes it"


def sources():
    """What is said to be published stands under a key of the bibliography, with the place; no name, no key twice."""
    keys = re.findall(r"^@\w+\{([^,\s]+),$", read(SOURCES), re.M)
    if read(SOURCES).count("@") != len(keys) or len(set(keys)) != len(keys):
        yield f"{SOURCES}: keys {keys}"
    seen = set()
    for number, words in lines(PUBLISHED, 3):
        if isinstance(words, str):
            yield words
            continue
        name, text, source = words
        float(text)
        key, *place = source.split()
        if key not in keys or not place:
            yield f"{PUBLISHED}:{number}: '{source}' is no key of {SOURCES} and a place"
        if name in seen:
            yield f"{PUBLISHED}:{number}: {name} stands there twice"
        seen.add(name)


CASES = {"examples": examples, "sources": sources}

if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{name} example" for name in CASES))
        sys.exit(0)
    if sys.argv[1:] == ["--renew"]:
        with open(os.path.join(HOME, WORKED), "w", encoding="utf-8") as file:
            file.write(HEAD + "".join(f"{name} {value:.12g}\n" for name, value in computed().items()))
        sys.exit(0)
    faults = [fault for name in sys.argv[1:] or CASES for fault in CASES[name]()]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
