"""What is known of the slices of `brain` without a network, in numpy, where nothing of normlab is: what its gates must have found.

Three guesses, each judged by the mean over classes of intersection over union, on the slices that test: the class that most training
pixels have; softmax regression of a pixel on the 3 x 3 intensities around it, its row and column, and their products; and the mask of
the training slice at the same height, which is the other half of the same head.
"""

import gzip
import math
import os
import struct

os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # tests run side by side
import numpy as np

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
FOLDER = os.path.join(HOME, "data", "input")
CLASSES, PIXELS, DECAY = 9, 20000, 1e-5  # DECAY and how many PIXELS are learned from: src/gate/pixels.c
STEPS, MOMENTUM = 800, 0.97


def idx(part, kind, rank):
    with gzip.open(f"{FOLDER}/brain-{part}-{kind}-idx{rank}-ubyte.gz") as file:
        data = file.read()
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(struct.unpack_from(f">{rank}I", data, 4))


class Part:
    def __init__(self, name):
        self.image, self.mask = idx(name, "images", 3).astype(float), idx(name, "masks", 3)
        self.height = idx(name, "heights", 1)
        self.truth = self.mask.ravel()

    def seen(self, mean, std):
        """[pixels, 18]: one, and what is seen of each pixel"""
        image = (self.image - mean) / std
        N, H, W = image.shape
        wide = np.pad(image, ((0, 0), (1, 1), (1, 1)))
        around = [wide[:, i:i + H, j:j + W] for i in range(3) for j in range(3)]
        row, column = (np.broadcast_to(a, image.shape) for a in np.meshgrid(np.linspace(-1, 1, H), np.linspace(-1, 1, W), indexing="ij"))
        place = [row, column, row * row, row * column, column * column]
        each = [np.ones_like(image), *around, image * image, image * row, image * column, *place]
        return np.stack([a.ravel() for a in each], 1)


def overlap(truth, guess):
    """Mean over the classes that occur."""
    confusion = np.zeros((CLASSES, CLASSES))
    np.add.at(confusion, (truth, guess), 1)
    both = np.diag(confusion)
    either = confusion.sum(0) + confusion.sum(1) - both
    return (both[either > 0] / either[either > 0]).mean()


def regression(train):
    """A guess for a part. Each step is one down a quadratic that lies above the loss everywhere (Boehning 1992), with momentum."""
    mean, std = train.image.mean(), train.image.std()
    every = math.ceil(len(train.truth) / PIXELS)
    while math.gcd(every, train.mask.shape[2]) > 1:
        every += 1
    x, wanted = train.seen(mean, std)[::every], np.eye(CLASSES)[train.truth[::every]]
    decay = np.full(x.shape[1], DECAY)
    decay[0] = 0
    down = np.linalg.inv(x.T @ x / (2 * len(x)) + np.diag(decay))
    w = np.zeros((x.shape[1], CLASSES))
    speed = np.zeros_like(w)
    for _ in range(STEPS):
        ahead = w + MOMENTUM * speed
        z = x @ ahead
        p = np.exp(z - z.max(1, keepdims=True))
        slope = x.T @ (p / p.sum(1, keepdims=True) - wanted) / len(x) + decay[:, None] * ahead
        speed = MOMENTUM * speed - down @ slope
        w += speed
    return lambda part: (part.seen(mean, std) @ w).argmax(1)


def gates():
    """{name: share on the test part}, in the order of src/gate/gate.def"""
    train, test = Part("train"), Part("test")
    most = np.bincount(train.truth).argmax()
    place = {h: i for i, h in enumerate(train.height)}
    guesses = {
        "majority": np.full_like(test.truth, most),
        "pixels": regression(train)(test),
        "mirror": train.mask[[place[h] for h in test.height]].ravel(),
    }
    return {name: overlap(test.truth, guess) for name, guess in guesses.items()}
