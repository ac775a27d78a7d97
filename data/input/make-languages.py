#!/usr/bin/env python3
"""Draw languages from Debian's installation guide: sentences in twelve languages, 16 to 96 characters of each.

    ./make-languages.py FOLDER           write languages.txt.gz beside this script; FOLDER is usr/share/doc/installation-guide-amd64
    ./make-languages.py FOLDER --check   write nothing; exit 1 unless the file holds exactly what would be written

The rule. A page belongs to a part in all languages, by the last digit of the first 8 hexadecimal ones of SHA-256("languages PAGE")
as a decimal number: 0 and 1 to test, 2 and 3 to val, else to train; so the guide's translations of one sentence are in one part. A
sentence is what a paragraph is cut into behind . ! ? : and a blank; those of letters and plain punctuation alone are taken, that stand
nowhere before and, in another language, nowhere in English. Of each sentence the first characters are kept, 16 + key mod 81 of them or
up to the last blank before, at least 16, where key is the first 8 digits of SHA-256("LANGUAGE SENTENCE"); of each part and language those with the smallest keys.
A line of the file is PART LANGUAGE TEXT.
"""
import hashlib
import html
import pathlib
import re
import struct
import sys
import zlib

LANGUAGES = "ca cs da de en es fr it nl pt ro sv".split()
COUNTS = {"train": 450, "val": 100, "test": 120}
LEAST, MOST = 16, 96
PUNCTUATION = set(" ,;:'’.()!?-«»„“”")
HERE = pathlib.Path(__file__).resolve().parent
FILE = HERE / "languages.txt.gz"


def key(text):
    return int(hashlib.sha256(text.encode()).hexdigest()[:8], 16)


def part_of(page):
    return {0: "test", 1: "test", 2: "val", 3: "val"}.get(key(f"languages {page}") % 10, "train")


def sentences(page):
    for paragraph in re.findall(r"<p>(.*?)</p>", page.read_text("utf-8"), re.S):
        text = " ".join(html.unescape(re.sub(r"<[^>]*>", "", paragraph)).split())
        yield from re.split(r"(?<=[.!?:]) +(?=\w)", text)


def piece(sentence, number):
    """The sentence's begin, or None where it is too short."""
    most = LEAST + number % (MOST - LEAST + 1)
    if len(sentence) <= most:
        return sentence if len(sentence) >= LEAST else None
    blank = sentence.rfind(" ", LEAST, most + 1)
    return sentence[:blank if blank > 0 else most]


def of_language(folder, language, english):
    """[(part, key, text)], and the sentences that they are of."""
    seen, found = set(), []
    for page in sorted((folder / language).glob("*.html")):
        for sentence in sentences(page):
            if sentence in seen or sentence in english or not all(c.isalpha() or c in PUNCTUATION for c in sentence):
                continue
            seen.add(sentence)
            number = key(f"{language} {sentence}")
            text = piece(sentence, number)
            if text and text not in seen:
                seen.add(text)
                found.append((part_of(page.name), number, text))
    return found, seen


def draw(folder):
    lines, (_, english) = [], of_language(folder, "en", set())
    for language in LANGUAGES:
        found, _ = of_language(folder, language, set() if language == "en" else english)
        for part, count in COUNTS.items():
            own = sorted({(number, text) for p, number, text in found if p == part})[:count]
            if len(own) < count:
                sys.exit(f"{language}: {len(own)} of {count} to {part}")
            lines += [f"{part} {language} {text}\n" for _, text in own]
    return "".join(lines).encode()


def pack(data):
    """gzip without name or time, and in one fixed setting, so that the bytes depend on zlib alone."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY)
    head = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255])  # mtime 0; best compression; unknown system
    body = deflate.compress(data) + deflate.flush()
    return head + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def main(arguments):
    folders = [a for a in arguments if a != "--check"]
    if len(folders) != 1 or folders[0].startswith("-"):
        sys.exit(__doc__)
    data = draw(pathlib.Path(folders[0]))
    print(hashlib.sha256(data).hexdigest(), FILE.name.removesuffix(".gz"))
    if "--check" not in arguments:
        FILE.write_bytes(pack(data))
    elif not FILE.exists() or zlib.decompress(FILE.read_bytes(), 15 + 16) != data:
        print(f"{FILE.name}: not what the rule draws", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
