#!/usr/bin/env python3
"""Cut the data set `brain` out of one head: slices of a T1 image with a lobe for each pixel.

    ./make-brain.py            write the files beside this script
    ./make-brain.py --check    write nothing; exit 1 unless the files hold exactly what would be written
    ./make-brain.py FOLDER     read ch2.nii.gz, aal.nii.gz and aal.nii.txt from FOLDER, not from
                               Debian's mricron-data

The rule: axial slices at heights z = 12..155 (all that meet a region), half a head each. Training slices
are those of the left hemisphere, columns x = 0..89; validation and test slices those of the right one,
columns x = 180..91, so mirrored: test at z = 12, 18, 24, ..., validation at z = 15, 21, 27, ... . What lies
between them is left out, since neighbours a millimetre apart are nearly one slice. Rows run from
the front, y = 203..16. Two pixels by two become one: the mean of the four, rounded half up; the class that most of the
four have, the lowest of equals: 94 rows of 45. Nothing is padded, so every pixel has a class.
"""
import gzip
import hashlib
import math
import pathlib
import struct
import sys
import zlib

SOURCE = "/usr/share/mricron/templates"
HERE = pathlib.Path(__file__).resolve().parent
SIZE = (181, 217, 181)  # x from left, y from the back, z from below, millimetres each
LOW, HIGH = 12, 156  # heights of all slices
BACK, FRONT = 16, 204
HALF = 90  # columns of a hemisphere; x = 90 is the middle and in neither
WIDTH, HEIGHT = HALF // 2, (FRONT - BACK) // 2
NO_CLASS = 255  # regions that there are not

# A region's number in aal.nii.txt, divided by a thousand: its class. 0: in no region.
CLASS_OF_THOUSAND = {
    2: 1,  # frontal lobe, with the precentral gyrus
    3: 2,  # insula
    4: 3,  # limbic: cingulum, hippocampus, amygdala
    5: 4,  # occipital lobe, with the fusiform gyrus
    6: 5,  # parietal lobe, with the postcentral gyrus
    7: 6,  # deep nuclei: caudate, putamen, pallidum, thalamus
    8: 7,  # temporal lobe
    9: 8,  # cerebellum, with the vermis
}

# part: (hemisphere, heights)
PARTS = {"train": ("left", range(LOW, HIGH)),
         "val": ("right", range(LOW + 3, HIGH, 6)),
         "test": ("right", range(LOW, HIGH, 6))}


def read_nifti(path):
    """The bytes [z][y][x] of a NIfTI-1 file of bytes, of the one size that is expected, flattened."""
    data = gzip.decompress(path.read_bytes())
    rank, *size = struct.unpack_from("<4h", data, 40)
    kind, = struct.unpack_from("<h", data, 70)
    start = int(struct.unpack_from("<f", data, 108)[0])
    body = data[start:]
    if data[344:348] != b"n+1\0" or rank != 3 or tuple(size) != SIZE or kind != 2:
        sys.exit(f"{path}: not a NIfTI-1 file of {SIZE} bytes")
    if len(body) != math.prod(SIZE):
        sys.exit(f"{path}: {len(body)} bytes where {math.prod(SIZE)} were promised")
    return body


def read_classes(path):
    """The class of each value of aal.nii.gz: 256 of them, those without a region None."""
    classes = [0] + [None] * 255
    for line in path.read_text().split("\n"):
        if line:
            region, _, number = line.split()
            classes[int(region)] = CLASS_OF_THOUSAND[int(number) // 1000]
    return classes


def mean_of(four):
    return (sum(four) + 2) // 4


def most_of(four):
    return max(sorted(four), key=four.count)


def half_slice(volume, side, z, fold):
    """[94 x 45] of one hemisphere at height z: from the front, from outside to the middle."""
    xs = [x if side == "left" else SIZE[0] - 1 - x for x in range(HALF)]

    def at(y, i):
        return volume[(z * SIZE[1] + y) * SIZE[0] + xs[i]]

    return bytes(fold([at(y, i), at(y, i + 1), at(y - 1, i), at(y - 1, i + 1)])
                 for y in range(FRONT - 1, BACK, -2) for i in range(0, HALF, 2))


def pack(data):
    """gzip without name or time, and in one fixed setting, so that the bytes depend on zlib alone."""
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15, 8, zlib.Z_DEFAULT_STRATEGY)
    head = bytes([0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 2, 255])  # mtime 0; best compression; unknown system
    body = deflate.compress(data) + deflate.flush()
    return head + body + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def extract(folder):
    """{file name: decoded bytes} of all parts, IDX each."""
    image = read_nifti(folder / "ch2.nii.gz")
    region = read_nifti(folder / "aal.nii.gz")
    label = region.translate(bytes(NO_CLASS if c is None else c for c in read_classes(folder / "aal.nii.txt")))
    files = {}
    for part, (side, heights) in PARTS.items():
        head = struct.pack(">4I", 0x803, len(heights), HEIGHT, WIDTH)
        files[f"brain-{part}-images-idx3-ubyte.gz"] = head + b"".join(
            half_slice(image, side, z, mean_of) for z in heights)
        files[f"brain-{part}-masks-idx3-ubyte.gz"] = head + b"".join(
            half_slice(label, side, z, most_of) for z in heights)
        files[f"brain-{part}-heights-idx1-ubyte.gz"] = struct.pack(">2I", 0x801, len(heights)) + bytes(heights)
    return files


def main(arguments):
    check = "--check" in arguments
    folders = [a for a in arguments if a != "--check"]
    if len(folders) > 1 or any(a.startswith("-") for a in folders):
        sys.exit(__doc__)
    wrong = 0
    for name, data in extract(pathlib.Path(folders[0] if folders else SOURCE)).items():
        path = HERE / name
        if not check:
            path.write_bytes(pack(data))
        elif not path.exists() or gzip.decompress(path.read_bytes()) != data:
            print(f"{name}: not what the rule cuts out", file=sys.stderr)
            wrong = 1
        print(hashlib.sha256(data).hexdigest(), name.removesuffix(".gz"))
    return wrong


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
