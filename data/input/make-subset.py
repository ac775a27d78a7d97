#!/usr/bin/env python3
"""Draw fashion-mini from Fashion-MNIST: 300 training and 100 test images of each of the ten classes.

    ./make-subset.py            write the four files beside this script
    ./make-subset.py --check    write nothing; exit 1 unless the files hold exactly what would be written
    ./make-subset.py FOLDER     read Fashion-MNIST from FOLDER, not from Debian's dataset-fashion-mnist

The rule: image i of the source's PART ("train" or "test", i counted from 0 in the file's order) has the key
SHA-256("fashion-mini PART i"); of every class the images with the smallest keys are taken, and they
stand in the file in the source's order. No random generator, so any language draws the same.
"""
import hashlib
import pathlib
import struct
import sys
import zlib

SOURCE = "/usr/share/datasets/fashion-mnist"
PARTS = {"train": ("train", 300), "test": ("t10k", 100)}  # our name: source's name, images per class
CLASSES = 10
HERE = pathlib.Path(__file__).resolve().parent


def read_idx(path, rank):
    """The dimensions and the bytes of an IDX file of unsigned bytes."""
    data = unpack(path.read_bytes())
    magic, *shape = struct.unpack_from(f">{1 + rank}I", data)
    body = data[4 * (1 + rank):]
    size = 1
    for length in shape:
        size *= length
    if magic != 0x800 + rank or size != len(body):
        sys.exit(f"{path}: not an IDX file of rank {rank}")
    return shape, body


def pack(data):
    """gzip without name or time, and in one fixed setting, so that the bytes depend on zlib alone."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY)
    head = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255])  # mtime 0; best compression; unknown system
    body = deflate.compress(data) + deflate.flush()
    return head + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def unpack(data):
    return zlib.decompress(data, 15 + 16)


def draw(labels, part, per_class):
    """The chosen images' numbers, ascending."""
    def key(i):
        return hashlib.sha256(f"fashion-mini {part} {i}".encode()).digest()

    chosen = []
    for c in range(CLASSES):
        chosen += sorted((i for i, label in enumerate(labels) if label == c), key=key)[:per_class]
    return sorted(chosen)


def subset(folder, part):
    """{file name: decoded bytes} of one part."""
    stem, per_class = PARTS[part]
    (_, height, width), pixels = read_idx(folder / f"{stem}-images-idx3-ubyte.gz", 3)
    _, labels = read_idx(folder / f"{stem}-labels-idx1-ubyte.gz", 1)
    chosen = draw(labels, part, per_class)
    size = height * width
    images = struct.pack(">4I", 0x803, len(chosen), height, width)
    images += b"".join(pixels[i * size:(i + 1) * size] for i in chosen)
    names = struct.pack(">2I", 0x801, len(chosen)) + bytes(labels[i] for i in chosen)
    return {f"fashion-mini-{part}-images-idx3-ubyte.gz": images,
            f"fashion-mini-{part}-labels-idx1-ubyte.gz": names}


def main(arguments):
    check = "--check" in arguments
    folders = [a for a in arguments if a != "--check"]
    if len(folders) > 1 or any(a.startswith("-") for a in folders):
        sys.exit(__doc__)
    wrong = 0
    for part in PARTS:
        for name, data in subset(pathlib.Path(folders[0] if folders else SOURCE), part).items():
            path = HERE / name
            if not check:
                path.write_bytes(pack(data))
            elif not path.exists() or unpack(path.read_bytes()) != data:
                print(f"{name}: not what the rule draws", file=sys.stderr)
                wrong = 1
            print(hashlib.sha256(data).hexdigest(), name.removesuffix(".gz"))
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
