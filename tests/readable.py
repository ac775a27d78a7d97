#!/usr/bin/python3 -B
"""Prose that can be read: GNU style's Flesch reading ease above 55 for every page of the book, half of the sentences with at
most 18 words, none with more than 40. Mathematics, code, tables, woven blocks and targets of links are taken out first.

    readable.py            one line a page, and what is wrong
    readable.py PAGE...    of these pages, with their longest sentences
"""

import os
import re
import statistics
import subprocess
import sys

from notes import LINK, PAGES, read

EASE, MEDIAN, MOST = 55, 18, 40
# Not prose: a list of changes, two lists of references, and the page that is woven as a whole.
OTHERS = ("CHANGELOG.md", "notes/99-glossary.md")


def prose(text):
    """The sentences of a page, as paragraphs of words. A formula or a piece of code counts as one word of two syllables."""
    text = re.sub(r"<!-- (?!end).*? -->\n.*?<!-- end -->", "\n\n", text, flags=re.S)
    text = re.sub(r"<!--.*?-->", "", text, flags=re.S)
    text = re.sub(r"^```.*?^```", "\n\n", text, flags=re.S | re.M)
    text = re.sub(r"\$\$.*?\$\$", "\n\n", text, flags=re.S)
    text = re.sub(r"^\|.*$|^#.*$", "\n", text, flags=re.M)
    text = re.sub(r"!\[[^\]]*\]\([^\n]*?\)(?=\s|$)", "", text)
    text = re.sub(LINK, r"\1", text)
    text = re.sub(r"\$[^$]+\$|`[^`]+`", "value", text)
    text = re.sub(r"[*_]{1,2}(\S(?:.*?\S)?)[*_]{1,2}", r"\1", text, flags=re.S)
    text = re.sub(r"^\s*(?:[-*]|\d+\.)\s+", "\n", text, flags=re.M)  # an item is a paragraph
    text = re.sub(r"(\d)\.(\d)", r"\1\2", text)
    text = re.sub(r"\b(et al|e\.g|i\.e|vs|Fig|Eq)\.", r"\1", text)
    return [" ".join(paragraph.split()) for paragraph in re.split(r"\n\s*\n", text) if re.search(r"[A-Za-z]{2}", paragraph)]


def sentences(paragraphs):
    for paragraph in paragraphs:
        for sentence in re.split(r"(?<=[.!?])[\"')\]]*\s+", paragraph):
            words = re.findall(r"[A-Za-z0-9][\w'’-]*", sentence)
            if words:
                yield len(words), sentence


def ease(paragraphs):
    """GNU style's Flesch index (Debian's package diction)."""
    ended = [p if p[-1] in ".!?" else p.rstrip(":;,") + "." for p in paragraphs]
    out = subprocess.run(["style"], input="\n\n".join(ended), capture_output=True, text=True, check=True,
                         env={**os.environ, "LC_ALL": "C.UTF-8"}).stdout
    return float(re.search(r"Flesch Index: (-?[\d.]+)", out)[1])


def judged(page):
    paragraphs = prose(read(page))
    found = sorted(sentences(paragraphs), reverse=True)
    return ease(paragraphs), statistics.median(count for count, _ in found), found, sum(count for count, _ in found)


def faults(page):
    flesch, median, found, _ = judged(page)
    if flesch <= EASE:
        yield f"{page}: reading ease {flesch:.1f}, above {EASE} is expected"
    if median > MEDIAN:
        yield f"{page}: half of the sentences have more than {median:.0f} words, {MEDIAN} are expected"
    for count, sentence in found:
        if count > MOST:
            yield f"{page}: {count} words, at most {MOST} are expected: {sentence[:90]}..."


CHOSEN = [page for page in PAGES if page not in OTHERS]

if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("pages example")
        sys.exit(0)
    pages = [os.path.normpath(a) for a in sys.argv[1:] if a != "pages"] or CHOSEN
    wrong = [fault for page in pages for fault in faults(page)]
    if sys.argv[1:] != ["pages"]:
        for page in pages:
            flesch, median, found, words = judged(page)
            print(f"{page:36s} ease {flesch:5.1f}, median {median:4.1f}, longest {found[0][0]:3d}, {words:5d} words")
            for count, sentence in found[:6] if len(pages) < 4 else []:
                print(f"    {count}: {sentence[:150]}")
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)
