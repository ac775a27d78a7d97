#!/usr/bin/python3 -B
"""How the glyphs-mini files were made: letters A to J of fonts, as how much of each of 32 x 32 pixels they cover.

    make-glyphs.py FONTS      the folder usr/share/fonts of five packages of Debian 12, unpacked

fonts-aenigma 0.0.20080511+dfsg-4, fonts-dustin 20030517-14, fonts-lato 2.0-2.1, fonts-roboto-unhinted 2:0~20170802-3,
fonts-urw-base35 20200910-7, and libfreetype.so.6 of the machine (2.12.1), which is called as src/dataset/fonts.c does:
outlines as they are designed, the longer side 20 to 28 pixels, turned by up to 8 degrees, anywhere inside. Families
are the first words of their names; a quarter tests, an eighth validates.
"""

import ctypes
import gzip
import math
import pathlib
import random
import struct
import sys
from ctypes import POINTER, byref, c_char_p, c_int, c_long, c_short, c_ubyte, c_uint, c_ulong, c_ushort, c_void_p

HERE = pathlib.Path(__file__).parent
FOLDERS = ["opentype/urw-base35", "truetype/aenigma", "truetype/dustin", "truetype/lato", "truetype/roboto/unhinted"]
SIGNS = {"binary", "d050000l", "faux", "loopy", "standard", "symmetry"}
COUNT = {"train": 4000, "val": 500, "test": 1000}
SIDE, PIXEL = 32, 64
NO_SCALE, NO_BITMAP, UNICODE = 1, 8, 0x756E6963

FT = ctypes.CDLL("libfreetype.so.6")
LIBRARY = c_void_p()


class Outline(ctypes.Structure):
    _fields_ = [("n_contours", c_short), ("n_points", c_short), ("points", c_void_p), ("tags", c_void_p), ("contours", c_void_p),
                ("flags", c_int)]


class Bitmap(ctypes.Structure):
    _fields_ = [("rows", c_uint), ("width", c_uint), ("pitch", c_int), ("buffer", c_void_p), ("num_grays", c_ushort),
                ("pixel_mode", c_ubyte), ("palette_mode", c_ubyte), ("palette", c_void_p)]


class Slot(ctypes.Structure):
    _fields_ = [("library", c_void_p), ("face", c_void_p), ("next", c_void_p), ("index", c_uint), ("generic", c_void_p * 2),
                ("metrics", c_long * 8), ("linear", c_long * 2), ("advance", c_long * 2), ("format", c_int), ("bitmap", Bitmap),
                ("left", c_int), ("top", c_int), ("outline", Outline)]


class Face(ctypes.Structure):
    _fields_ = [("numbers", c_long * 5), ("family", c_char_p), ("style", c_char_p), ("fixed", c_int), ("sizes", c_void_p),
                ("charmaps", c_int), ("charmap", c_void_p), ("generic", c_void_p * 2), ("box", c_long * 4), ("em", c_ushort),
                ("heights", c_short * 7), ("glyph", POINTER(Slot))]


def face_of(path):
    """A face with the ten letters, and its family; None."""
    face = POINTER(Face)()
    if FT.FT_New_Face(LIBRARY, str(path).encode(), c_long(0), byref(face)):
        sys.exit(f"{path}: no font")
    if FT.FT_Select_Charmap(face, c_int(UNICODE)) or not all(FT.FT_Get_Char_Index(face, c_ulong(ord(c))) for c in "ABCDEFGHIJ"):
        return None
    family = face.contents.family.decode("latin-1").split(" ")[0].lower()
    return None if family in SIGNS else (family, face)


def coverage(face, letter, longer, degrees, draw):
    FT.FT_Load_Char(face, c_ulong(ord(letter)), c_int(NO_SCALE | NO_BITMAP))
    outline, box = face.contents.glyph.contents.outline, (c_long * 4)()
    FT.FT_Outline_Get_CBox(byref(outline), box)
    scale = 65536 * longer * PIXEL / max(box[2] - box[0], box[3] - box[1])
    along, across = (round(scale * f(math.radians(degrees))) for f in (math.cos, math.sin))
    FT.FT_Outline_Transform(byref(outline), (c_long * 4)(along, -across, across, along))
    FT.FT_Outline_Get_CBox(byref(outline), box)
    x, y = (draw.randint(0, max(0, SIDE * PIXEL - (box[2 + a] - box[a]))) - box[a] for a in (0, 1))
    FT.FT_Outline_Translate(byref(outline), c_long(x), c_long(y))
    pixels = (c_ubyte * (SIDE * SIDE))()
    bitmap = Bitmap(SIDE, SIDE, SIDE, ctypes.cast(pixels, c_void_p), 256, 2, 0, None)
    if FT.FT_Outline_Get_Bitmap(LIBRARY, byref(outline), byref(bitmap)):
        sys.exit(f"no bitmap of {letter}")
    return bytes(pixels)


def write(name, sizes, data):
    head = struct.pack(f">HBB{len(sizes)}I", 0, 8, len(sizes), *sizes)
    with open(HERE / f"glyphs-mini-{name}-idx{len(sizes)}-ubyte.gz", "wb") as file:
        file.write(gzip.compress(head + data, 9, mtime=0))


def main(fonts):
    FT.FT_Init_FreeType(byref(LIBRARY))
    families = {}
    for folder in FOLDERS:
        for path in sorted((fonts / folder).rglob("*.[to]tf")):
            found = face_of(path)
            if found:
                families.setdefault(found[0], []).append(found[1])
    draw = random.Random(1)
    names = draw.sample(sorted(families), len(families))
    test, val = len(names) // 4, (len(names) + 4) // 8
    parts = {"test": names[:test], "val": names[test:test + val], "train": names[test + val:]}
    print(f"{len(names)} families: " + ", ".join(f"{part} {len(own)}" for part, own in parts.items()))
    for part, count in COUNT.items():
        letters = [draw.randrange(10) for _ in range(count)]
        pixels = [coverage(draw.choice(families[draw.choice(parts[part])]), "ABCDEFGHIJ"[k], draw.randint(20, 28),
                           draw.randint(-8, 8), draw) for k in letters]
        write(f"{part}-coverage", (count, SIDE, SIDE), b"".join(pixels))
        write(f"{part}-labels", (count,), bytes(letters))


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]))
