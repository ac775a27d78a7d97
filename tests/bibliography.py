#!/usr/bin/python3 -B
"""The papers that the book names stand in notes/references.bib, and notes/99-glossary.md prints that.

    bibliography.py            what is wrong
    bibliography.py --renew    writes the list in notes/99-glossary.md anew
"""

import os
import re
import sys

from notes import PAGES, read, said
from program import HOME

SOURCES, LIST = os.path.join("notes", "references.bib"), os.path.join("notes", "99-glossary.md")
ACCENTS = {"\\'a": "á", "\\'e": "é", "\\'i": "í", "\\'o": "ó", "\\k{a}": "ą"}
MONTHS = "January February March April May June July August September October November December".split()


def plain(text):
    for tex, letter in ACCENTS.items():
        text = text.replace("{" + tex + "}", letter)
    return re.sub(r"[{}]", "", text).replace("R^n", "$R^n$").replace("(1 + 2x) exp(x^2) erfc x in 0 <= x < infinity",
                                                                     r"$(1 + 2x) e^{x^2} \mathrm{erfc}\, x$")


def entries():
    """Of each its fields, and the last names of its authors."""
    for key, body in re.findall(r"^@\w+\{([^,\s]+),\n(.*?)^\}$", read(SOURCES), re.M | re.S):
        entry = {name: plain(value) for name, value in re.findall(r"^  (\w+) = \{(.*)\},?$", body, re.M)}
        entry["key"] = key
        entry["names"] = [author.split(",")[0] for author in entry["author"].split(" and ")]
        yield entry


def cited_as(entry):
    *names, last = entry["names"]
    if last == "others":
        return f"{names[0]} et al."
    return f"{', '.join(names)} and {last}" if names else last


def printed():
    """The list of the glossary, in the order of the file."""
    lines = []
    for entry in entries():
        where = next((entry[name] for name in ("booktitle", "journal", "institution", "publisher", "howpublished") if name in entry), "")
        line = f"- {cited_as(entry)} {entry.get('year', '')}".rstrip() + f": *{entry['title']}*" + ("" if entry["title"][-1] == "?" else ".")
        line += f" {where}." if where else ""
        if "eprint" in entry:
            line += f" `arXiv:{entry['eprint']}`"
        lines.append(line)
    return "\n".join(lines) + "\n"


def split(page):
    head, rest = page.split("<!-- bibliography -->\n")
    now, tail = rest.split("<!-- end -->", 1)
    return head + "<!-- bibliography -->\n", now, "<!-- end -->" + tail


def listed():
    """The glossary prints the bibliography as it is, sorted by its keys."""
    keys = [entry["key"] for entry in entries()]
    if keys != sorted(keys):
        yield f"{SOURCES}: {next(b for a, b in zip(keys, keys[1:]) if b < a)} is not in the order of keys"
    if split(read(LIST))[1] != printed():
        yield f"{LIST}: not what {SOURCES} has; `tests/bibliography.py --renew` mends it"


def cited():
    """A name and a year in the book are those of an entry's first author and year."""
    known = {(entry["names"][0], entry.get("year")) for entry in entries()}
    name = r"[A-Z][\w’'-]*[a-zéáíó]"
    for page in PAGES:
        if page.startswith(os.path.join("notes", "reference")):
            continue  # made of the comments of sources, which name papers of their own
        text = said(page)
        if page == LIST:
            text = split(read(LIST))[0]
        for found in re.finditer(rf"\b(?:({name})(?:, {name})* and {name}|({name}) et al\.?|({name}))(?: \(|,? )((?:18|19|20)\d\d)\b", text):
            first = found[1] or found[2] or found[3]
            if first not in MONTHS and (first, found[4]) not in known:
                yield f"{page}: not in {SOURCES}: {found[0]}"


CASES = {"listed": listed, "cited": cited}

if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{name} example" for name in CASES))
        sys.exit(0)
    if sys.argv[1:] == ["--renew"]:
        head, _, tail = split(read(LIST))
        with open(os.path.join(HOME, LIST), "w", encoding="utf-8") as file:
            file.write(head + printed() + tail)
        sys.exit(0)
    faults = [fault for name in (sys.argv[1:] or CASES) for fault in CASES[name]()]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
