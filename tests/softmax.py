#!/usr/bin/python3 -B
"""What softmax regression on raw pixels knows: the error that a study of trained networks is to be read beside.

Without arguments: prints the errors. `--write` puts them into data/input/softmax.csv, which tables of studies say them from. The case: that
file has these numbers, and the notes and README say the file's.

Full-batch gradient descent with momentum on cross entropy with weight decay, from zero weights, on pixels standardized by the mean and
the standard deviation of all; images drawn from the 60,000 of Fashion-MNIST by numpy's generator, judged on the first 5,000 of
its test images. Nothing of normlab is in it.
"""

import csv
import gzip
import os
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # tests run side by side
import numpy as np

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
TABLE = os.path.join(HOME, "data", "input", "softmax.csv")
FOLDER = "/usr/share/datasets/fashion-mnist"
IMAGES, JUDGED = (4000, 1200), 5000
STEPS, RATE, MOMENTUM, DECAY = 300, 0.02, 0.9, 1e-3
PAGES = ("README.md", "notes/60-batch-size.md", "notes/70-hybrids.md", "notes/80-adaptive-groups.md")


def part(name):
    def idx(kind, header):
        with gzip.open(f"{FOLDER}/{name}-{kind}-ubyte.gz") as file:
            return np.frombuffer(file.read(), np.uint8, offset=header)
    labels = idx("labels-idx1", 8)
    return idx("images-idx3", 16).reshape(len(labels), -1).astype(float), labels


def probabilities(x, w):
    z = x @ w
    e = np.exp(z - z.max(axis=1, keepdims=True))
    return e / e.sum(axis=1, keepdims=True)


def trained(x, labels):
    w = np.zeros((x.shape[1], 10))
    speed, wanted = np.zeros_like(w), np.eye(10)[labels]
    for _ in range(STEPS):
        speed = MOMENTUM * speed + x.T @ (probabilities(x, w) - wanted) / len(x) + DECAY * w
        w = w - RATE * speed
    return w


def errors(draws):
    """{images: mean over the draws of the error in percent}"""
    (x, labels), (seen, truth) = part("train"), part("t10k")
    mean, std = x.mean(), x.std()
    with_one = lambda a: np.hstack([(a - mean) / std, np.ones((len(a), 1))])
    x, seen, truth = with_one(x), with_one(seen[:JUDGED]), truth[:JUDGED]
    found = {}
    for count in IMAGES:
        each = []
        for draw in range(draws):
            chosen = np.random.default_rng(draw).permutation(len(x))[:count]
            guess = (seen @ trained(x[chosen], labels[chosen])).argmax(axis=1)
            each.append(100 * (guess != truth).mean())
        found[count] = np.mean(each)
        print(f"{count:,} images: {found[count]:.1f} %, draws " + ", ".join(f"{e:.1f}" for e in each))
    return found


def kept():
    """{images: percent, as the file writes it}"""
    with open(TABLE, encoding="utf-8") as file:
        return {int(row["images"]): row["percent"] + " %" for row in csv.DictReader(file)}


def write():
    found = errors(6)
    with open(TABLE, "w", encoding="utf-8") as file:
        file.write("dataset,images,percent\n")
        file.writelines(f"fashion-mnist,{count},{found[count]:.1f}\n" for count in IMAGES)


def case_notes():
    found, said = errors(3), kept()
    if sorted(said) != sorted(IMAGES):
        yield f"{TABLE} has {sorted(said)} images"
    for count, text in said.items():
        if abs(found[count] - float(text.split()[0])) > 0.5:  # single draws lie 0.4 from their mean
            yield f"softmax regression on {count:,} images makes {found[count]:.2f} % errors, and the file says {text}"
    for page in PAGES:
        with open(os.path.join(HOME, page), encoding="utf-8") as file:
            prose = " ".join(file.read().split())
        if not any(f"{text} with {count:,} images" in prose for count, text in said.items()):
            yield f"{page} does not say what softmax regression knows"


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("notes example")
        sys.exit(0)
    if sys.argv[1:] in ([], ["--write"]):
        write() if sys.argv[1:] else errors(6)
        sys.exit(0)
    faults = list(case_notes())
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
