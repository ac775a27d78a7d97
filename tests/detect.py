#!/usr/bin/python3 -B
"""Average precision against COCO's evaluation, restated from its text (cocoapi, pycocotools/cocoeval.py: evaluateImg and accumulate) in plain
Python: pycocotools is in no package of Debian 12. Nothing of ours is in it but the boxes that `told` prints.

Sums take scores for equal whose roots lie in one step of 1/500. Where no two scores share a step all must agree to rounding; else by what such ties can do.
"""

import os
import subprocess

from program import PROGRAM, case, check, main

MATCHES = [0.5 + 0.05 * k for k in range(10)]
RECALLS = [0.01 * k for k in range(101)]


def overlap(a, b):
    wide, tall = min(a[2], b[2]) - max(a[0], b[0]), min(a[3], b[3]) - max(a[1], b[1])
    if wide <= 0 or tall <= 0:
        return 0.0
    area = [(c[2] - c[0]) * (c[3] - c[1]) for c in (a, b)]
    return wide * tall / (sum(area) - wide * tall)


def evaluate_image(told, there, enough):
    """Which of what is told, the highest score first, is right."""
    taken, right = [False] * len(there), []
    for _, box in told:
        iou, best = min(enough, 1 - 1e-10), -1
        for k, other in enumerate(there):
            if taken[k] or overlap(box, other) < iou:
                continue
            iou, best = overlap(box, other), k
        if best >= 0:
            taken[best] = True
        right.append(best >= 0)
    return right


def accumulate(images, enough):
    """Average precision of one class; None: there is none of it."""
    count = sum(len(there) for _, there in images)
    if count == 0:
        return None
    all_told = []
    for told, there in images:
        told = sorted(told, key=lambda one: -one[0])[:100]
        all_told += [(score, good) for (score, _), good in zip(told, evaluate_image(told, there, enough))]
    all_told.sort(key=lambda one: -one[0])
    good, recall, precision = 0, [], []
    for n, (_, right) in enumerate(all_told):
        good += right
        recall.append(good / count)
        precision.append(good / (n + 1))
    for i in range(len(precision) - 1, 0, -1):
        precision[i - 1] = max(precision[i - 1], precision[i])
    total, i = 0.0, 0
    for wanted in RECALLS:
        while i < len(recall) and recall[i] < wanted:
            i += 1
        total += precision[i] if i < len(recall) else 0.0
    return total / len(RECALLS)


def alone(told):
    """Of boxes in order of their scores those that overlap by more than 0.6 with none before, whatever their class."""
    kept = []
    for score, box in told:
        if all(overlap(box, other) <= 0.6 for _, other in kept):
            kept.append((score, box))
    return kept


def read(*words):
    program = os.path.join(os.path.dirname(PROGRAM), "tests", "told")
    lines = subprocess.run([program, *words], check=True, capture_output=True, text=True, timeout=500).stdout.split("\n")
    told, there, found = {}, {}, {}
    for name, *values in map(str.split, filter(None, lines)):
        numbers = [float(value) for value in values]
        if name == "told":
            told.setdefault(int(numbers[0]), []).append((int(numbers[1]), numbers[2], numbers[3:]))
        elif name == "there":
            there.setdefault(int(numbers[0]), []).append((int(numbers[1]), numbers[2:]))
        else:
            found[name] = numbers[0]
    return told, there, found


def restated(told, there, classes):
    images = sorted(set(told) | set(there))

    def mean(enough):
        each = [accumulate([([(s, b) for k, s, b in told.get(i, []) if k == c], [b for k, b in there.get(i, []) if k == c])
                            for i in images], enough) for c in range(classes)]
        each = [value for value in each if value is not None]
        return sum(each) / len(each)
    whole = [mean(enough) for enough in MATCHES]
    anything = accumulate([(alone([(s, b) for _, s, b in told.get(i, [])]), [b for _, b in there.get(i, [])]) for i in images], 0.5)
    return {"ap": sum(whole) / len(whole), "ap50": whole[0], "ap75": whole[5], "ap50_any": anything}


def compare(words, bound, least=0.02):
    told, there, found = read(*words)
    check(sum(map(len, told.values())) > 100 and sum(map(len, there.values())) > 50, f"{words}: too little is told, or there")
    for name, value in restated(told, there, int(found["classes"])).items():
        check(least < value < 0.98, f"{words}: {name} is {value}, which says nothing")
        check(abs(found[name] - value) <= bound, f"{words}: {name} is {found[name]}, COCO's rule gives {value}: more than {bound} apart")


@case("oracle")
def average_precision(place):
    """Of drawn boxes whose scores do not tie: to rounding."""
    for seed in range(1, 9):
        compare(["random", str(seed), "fine"], 1e-12)


@case("oracle")
def scores_that_tie(place):
    """Of drawn boxes with any scores, some of which share a step."""
    for seed in range(1, 9):
        compare(["random", str(seed)], 0.02)


@case("oracle")
def trained_detector(place):
    """Of a detector's own boxes, through evaluation as a run has it."""
    compare(["trained", "5", "500"], 0.005, 0.002)


if __name__ == "__main__":
    main()
