#!/usr/bin/python3 -B
"""How long the sources are: no file over 400 lines, no function over 60.

    lines.py           lines of every layer, with the folders in it, and what is too long
    lines.py lengths   what is too long alone
"""

import collections
import os
import sys

import mutants
from notes import read, tracked

FILE, FUNCTION = 400, 60
ENDINGS = (".c", ".h", ".inc", ".def")


def sources():
    return [(name, read(name)) for name in tracked(*ENDINGS) if name.startswith(("src/", "experiments/"))]


def lengths():
    for name, text in sources():
        count = text.count("\n")
        if count > FILE:
            yield f"{name}: {count} lines, at most {FILE}"
        for function in mutants.DEFINITION.finditer(text):
            lines = function.group().rstrip().count("\n") + 1
            if lines > FUNCTION:
                yield f"{name}: {function.group(1)} has {lines} lines, at most {FUNCTION}"


def table():
    count = collections.Counter()
    for name, text in sources():
        count["/".join(name.split("/")[:2]) if name.startswith("src/") else "experiments"] += text.count("\n")
    for layer, lines in sorted(count.items(), key=lambda item: -item[1]):
        print(f"{layer:16s} {lines:6d}")
    print(f"{'all':16s} {sum(count.values()):6d}")


CASES = {"lengths": ("example", lengths)}

if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{name} {label}" for name, (label, _) in CASES.items()))
        sys.exit(0)
    if not sys.argv[1:]:
        table()
    faults = list(lengths())
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
