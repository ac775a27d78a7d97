"""The letters of the pages: TeX Gyre Pagella and its mathematics, cut down to the characters that the pages have."""

import os

from fontTools import subset
from fontTools.ttLib import TTFont

FOLDERS = ("/usr/share/texmf/fonts/opentype/public/tex-gyre", "/usr/share/texmf/fonts/opentype/public/tex-gyre-math",
           "/usr/share/fonts/opentype/tex-gyre", "/usr/share/fonts/tex-gyre", os.path.expanduser("~/Library/Fonts"), "/Library/Fonts")
FACES = {"text": "texgyrepagella-regular.otf", "italic": "texgyrepagella-italic.otf", "bold": "texgyrepagella-bold.otf",
         "math": "texgyrepagella-math.otf"}
LATIN = "".join(map(chr, range(0x20, 0x7F))) + "√\u00a0–—‘’“”…·×±°éöüäßÉ½→←"


def italic(letter):
    """The letter that browsers put in place of a variable's name."""
    code = ord(letter)
    for first, last, begin in ((0x41, 0x5A, 0x1D434), (0x61, 0x7A, 0x1D44E), (0x391, 0x3A9, 0x1D6E2), (0x3B1, 0x3C9, 0x1D6FC)):
        if first <= code <= last:
            return "\u210e" if letter == "h" else chr(begin + code - first)
    return {"∂": "\U0001d715", "ϵ": "\U0001d716", "ϑ": "\U0001d717", "ϕ": "\U0001d719", "ϱ": "\U0001d71a"}.get(letter, letter)


def find(name):
    for folder in FOLDERS:
        path = os.path.join(folder, name)
        if os.path.exists(path):
            return path
    raise SystemExit(f"normlab: {name} is missing (Debian's fonts-texgyre and fonts-texgyre-math)")


def cut(source, target, characters):
    """A subset of `source` as WOFF2; of a font for mathematics what grows with its content stays."""
    options = subset.Options(flavor="woff2", layout_features=["kern", "liga", "onum", "lnum", "tnum", "pnum", "ssty", "mkmk", "mark"], hinting=False,
                             desubroutinize=True, notdef_outline=True, name_IDs=[0, 1, 2, 13, 14], drop_tables=["DSIG", "FFTM"])
    font = TTFont(source, lazy=True)
    cutter = subset.Subsetter(options)
    cutter.populate(text=characters)
    cutter.subset(font)
    font.flavor = "woff2"
    font.save(target, reorderTables=False)


def write(folder, seen):
    """All faces, for the characters `seen` in the pages beside Latin."""
    os.makedirs(folder, exist_ok=True)
    for face, name in FACES.items():
        cut(find(name), os.path.join(folder, f"{face}.woff2"), LATIN + ("".join(sorted(seen)) if face in ("text", "math") else ""))
