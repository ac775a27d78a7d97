#!/usr/bin/env python3
"""Draw kjv-mini from the King James Bible: 119 of its 1,189 chapters.

    ./make-kjv.py            write kjv-mini.txt.gz beside this script
    ./make-kjv.py --check    write nothing; exit 1 unless the file holds exactly what would be written
    ./make-kjv.py FOLDER     read bible.data in FOLDER, not that of Debian's bible-kjv-text in /usr/lib
    ./make-kjv.py --all      write the whole text, verses without their numbers, to the standard output

The rule: a chapter, "Ge 1" for the first, has the key SHA-256("kjv-mini Ge 1"); those with the smallest keys are
taken, and they stand in the book's order, a verse a line. No random generator, so any language draws the same.
"""
import hashlib
import pathlib
import re
import struct
import sys
import zlib

CHAPTERS = 119
HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE / "kjv-mini.txt.gz"


def window(data, size):
    """What compress(1) packed into `data`, of which `size` bytes are wanted: codes of 9 to 16 bits, low ones first."""
    stream, table = int.from_bytes(data, "little"), [bytes([i]) for i in range(256)] + [None]
    out, at, start, width, last, count = [], 0, 0, 9, None, 0
    while count < size:
        if len(table) >= 1 << width and width < 16:
            at = start + -(-(at - start) // (8 * width)) * 8 * width
            start, width = at, width + 1
        if at + width > 8 * len(data):
            break
        code = stream >> at & ((1 << width) - 1)
        at += width
        if last is not None and len(table) < 1 << 16:
            table.append(last + (table[code] if code < len(table) else last)[:1])
        last = table[code]
        out.append(last)
        count += len(last)
    return b"".join(out)


def whole(data):
    """The text of a bible.data."""
    _, size, windows = struct.unpack_from(">3I", data, 80)
    offsets = struct.unpack_from(f">{windows + 1}I", data, 92)
    return b"".join(window(data[a:b], size) for a, b in zip(offsets, offsets[1:])).decode("ascii")


def verses(text):
    """[(book, chapter, words)]; the first line is a title."""
    lines = text.splitlines()[1:]
    found = [re.fullmatch(r"([0-9]*[A-Za-z]+)([0-9]+):[0-9]+ (.*)", line) for line in lines]
    if not all(found):
        sys.exit(f"line {found.index(None) + 2} is no verse")
    return [match.groups() for match in found]


def draw(all_verses):
    chapters = list(dict.fromkeys(verse[:2] for verse in all_verses))
    chosen = set(sorted(chapters, key=lambda c: hashlib.sha256(f"kjv-mini {c[0]} {c[1]}".encode()).digest())[:CHAPTERS])
    return "".join(words + "\n" for book, chapter, words in all_verses if (book, chapter) in chosen).encode()


def pack(data):
    """gzip without name or time, and in one fixed setting, so that the bytes depend on zlib alone."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY)
    head = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255])  # mtime 0; best compression; unknown system
    body = deflate.compress(data) + deflate.flush()
    return head + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def main(arguments):
    folders = [a for a in arguments if a not in ("--check", "--all")]
    if len(folders) > 1 or any(a.startswith("-") for a in folders):
        sys.exit(__doc__)
    found = verses(whole((pathlib.Path(folders[0] if folders else "/usr/lib") / "bible.data").read_bytes()))
    if "--all" in arguments:
        sys.stdout.write("".join(words + "\n" for _, _, words in found))
        return 0
    data = draw(found)
    print(hashlib.sha256(data).hexdigest(), FILE.name.removesuffix(".gz"))
    if "--check" not in arguments:
        FILE.write_bytes(pack(data))
    elif not FILE.exists() or zlib.decompress(FILE.read_bytes(), 15 + 16) != data:
        print(f"{FILE.name}: not what the rule draws", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
