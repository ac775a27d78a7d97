#!/usr/bin/python3 -B
"""How long the sources are: no file over 400 lines, no function over 60; and no call of which two arguments write on a
tape: C leaves open which is the first, compilers differ, and gradients are added in the order of the tape.

    lines.py           lines of every layer, with the folders in it, and what is wrong
    lines.py lengths   what is too long alone
    lines.py order     what compilers may order as they like
"""

import collections
import re
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


WRITES = re.compile(r"\b(?!layers_outputs|norm_operand|tape_room|tape_arena)\w+\((?:t|tape|l|v|context|[\w.>-]+->tape)[,)]")


def arguments(text, begin):
    """What stands between the commas of a call's parentheses."""
    deep, found = 1, [""]
    for mark in text[begin:]:
        deep += (mark in "([{") - (mark in ")]}")
        if deep == 0:
            break
        if mark == "," and deep == 1:
            found.append("")
        else:
            found[-1] += mark
    return found


def order():
    for name, text in sources():
        if not name.startswith(("src/tape/", "src/norm/", "src/net/", "src/task/")):
            continue
        text = re.sub(r"/\*.*?\*/", lambda comment: re.sub(r"[^\n]", " ", comment[0]), text, flags=re.S)
        for call in re.finditer(r"\b(?!if|for|while|REQUIRE|VERIFY)(\w+)\(", text):
            if sum(WRITES.search(each) is not None for each in arguments(text, call.end())) > 1:
                yield f"{name}:{text.count(chr(10), 0, call.start()) + 1}: two arguments of {call[1]} write on a tape"


def table():
    count = collections.Counter()
    for name, text in sources():
        count["/".join(name.split("/")[:2]) if name.startswith("src/") else "experiments"] += text.count("\n")
    for layer, lines in sorted(count.items(), key=lambda item: -item[1]):
        print(f"{layer:16s} {lines:6d}")
    print(f"{'all':16s} {sum(count.values()):6d}")


CASES = {"lengths": ("example", lengths), "order": ("example", order)}

if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{name} {label}" for name, (label, _) in CASES.items()))
        sys.exit(0)
    if not sys.argv[1:]:
        table()
    faults = [fault for name, (_, look) in CASES.items() if name in (sys.argv[1:] or CASES) for fault in look()]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
