#!/usr/bin/python3 -B
"""What is known of the slices of `brain` without a network: the gates that a study of segmentation is to be read beside.

Without arguments: prints them. `--write` puts them into data/input/brain.csv, which tables of studies say them from. The case: that file
has these numbers.

Three guesses, each judged by the mean over classes of intersection over union, on the slices that validate and on those that test:
the class that most training pixels have; softmax regression of a pixel on its intensity, row, column and height, their squares and
products; and the mask of the training slice at the same height, which is the other half of the same head. Nothing of normlab is in it.
"""

import csv
import gzip
import os
import struct
import sys

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # tests run side by side
import numpy as np

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(HOME, "data", "input")
TABLE = os.path.join(FOLDER, "brain.csv")
CLASSES = 9
STEPS, RATE, MOMENTUM, EVERY = 400, 0.1, 0.9, 7  # of full-batch descent on every seventh pixel


def idx(part, kind, rank):
    with gzip.open(f"{FOLDER}/brain-{part}-{kind}-idx{rank}-ubyte.gz") as file:
        data = file.read()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(struct.unpack_from(f">{rank}I", data, 4))


class Part:
    def __init__(self, name):
        self.image, self.mask = idx(name, "images", 3).astype(float), idx(name, "masks", 3)
        self.height = idx(name, "heights", 1)
        self.truth = self.mask.ravel()

    def numbers(self):
        """[pixels, 4] intensity, row, column, height"""
        rows, columns = np.mgrid[:self.mask.shape[1], :self.mask.shape[2]]
        each = [self.image, rows[None], columns[None], self.height[:, None, None]]
        return np.stack([np.broadcast_to(a, self.mask.shape).ravel() for a in each], 1).astype(float)


def overlap(truth, guess):
    """Percent: mean over the classes that occur."""
    confusion = np.zeros((CLASSES, CLASSES))
    np.add.at(confusion, (truth, guess), 1)
    both = np.diag(confusion)
    either = confusion.sum(0) + confusion.sum(1) - both
    return 100 * (both[either > 0] / either[either > 0]).mean()


def terms(x, mean, std):
    """[pixels, 15]: one, the numbers, their squares and products"""
    x = (x - mean) / std
    products = [x[:, i] * x[:, j] for i in range(4) for j in range(i, 4)]
    return np.column_stack([np.ones(len(x)), x, *products])


def regression(train):
    """A guess for a part, by softmax regression."""
    x = train.numbers()
    mean, std = x.mean(0), x.std(0)
    seen, wanted = terms(x[::EVERY], mean, std), np.eye(CLASSES)[train.truth[::EVERY]]
    w = np.zeros((seen.shape[1], CLASSES))
    speed = np.zeros_like(w)
    for _ in range(STEPS):
        z = seen @ w
        p = np.exp(z - z.max(1, keepdims=True))
        speed = MOMENTUM * speed + seen.T @ (p / p.sum(1, keepdims=True) - wanted) / len(seen)
        w -= RATE * speed
    return lambda part: (terms(part.numbers(), mean, std) @ w).argmax(1)


def gates():
    """{who: (percent on val, percent on test)}"""
    train, judged = Part("train"), [Part("val"), Part("test")]
    most = np.bincount(train.truth).argmax()
    place = {h: i for i, h in enumerate(train.height)}
    guesses = {
        "the class of most pixels": lambda part: np.full_like(part.truth, most),
        "softmax regression of pixels on intensity and position with squares and products": regression(train),
        "the training slice's mask at the same height":
            lambda part: train.mask[[place[h] for h in part.height]].ravel(),
    }
    return {who: tuple(overlap(part.truth, guess(part)) for part in judged) for who, guess in guesses.items()}


def kept():
    with open(TABLE, encoding="utf-8") as file:
        return {row["who"]: (float(row["val"]), float(row["test"])) for row in csv.DictReader(file)}


def write(found):
    with open(TABLE, "w", encoding="utf-8", newline="") as file:
        file.write("metric,val,test,who\n")
        file.writelines(f"iou,{val:.1f},{test:.1f},{who}\n" for who, (val, test) in found.items())


def case_gates():
    found, said = gates(), kept()
    if list(said) != list(found):
        yield f"{TABLE} has {list(said)}"
        return
    for who, values in said.items():
        if any(abs(a - b) > 0.1 for a, b in zip(values, found[who])):
            yield f"{who}: {found[who]}, and the file says {values}"


if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("gates example")
        sys.exit(0)
    if sys.argv[1:] in ([], ["--write"]):
        for who, (val, test) in (result := gates()).items():
            print(f"{val:5.1f} % {test:5.1f} %  {who}")
        if sys.argv[1:]:
            write(result)
        sys.exit(0)
    faults = list(case_gates())
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
