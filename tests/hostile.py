#!/usr/bin/python3 -B
"""Files of ours with bytes changed and a right seal put behind them, before every command that reads files.

Anyone can compute a seal, so it must not be what keeps a reader alive. None may crash, hang or take the machine's memory:
each ends by itself, with an exit code that says so and one line. NORMLAB_MUTANTS files of each sort (8), from NORMLAB_SEED
on (1); thousands are for the hand.
"""

import contextlib
import glob
import hashlib
import os
import random
import resource
import signal
import struct
import subprocess
import zlib

import h5py
import numpy as np

from program import check, case, main

MUTANTS = int(os.environ.get("NORMLAB_MUTANTS", "8"))
SEED = int(os.environ.get("NORMLAB_SEED", "1"))
PATIENCE = 60  # seconds; the program's own limit is of processor time, 3 s for small files
NETWORK = "network=resnet(depth=8, width=4, stem_stride=2)"
RUN = ["run", "batch-size", "--quick", "--as", "few", "norm=mix(instance, batch)", "batch=8", "samples=8", "seed=1", "images=16",
       "epochs=1", NETWORK]
LONG = [*RUN, "epochs=40", "images=128"]
SOUND = {0, 64, 65, 66, 69, 73, 74, 75, 143}


def sealed(data):
    return data + b"\nnormlab sha256 " + hashlib.sha256(data).hexdigest().encode() + b"\n"


def read(path):
    with open(path, "rb") as file:
        return file.read()


def write(path, data):
    with open(path, "wb") as file:
        file.write(data)


def unsealed(path):
    data = read(path)
    return data[:-81] if data[-81:].startswith(b"\nnormlab sha256 ") else data


def metadata(data):
    """Places of the signatures of HDF5's structures, where lengths and addresses stand."""
    found = [0]
    for name in (b"OHDR", b"OCHK", b"TREE", b"SNOD", b"HEAP", b"GCOL", b"BTHD", b"BTLF", b"BTIN", b"FRHP", b"FHDB", b"FHIB"):
        at = data.find(name)
        while at >= 0:
            found.append(at)
            at = data.find(name, at + 1)
    return found


def lookup3(data):
    """The checksum of HDF5's newer structures (Jenkins's hash)."""
    word = 0xffffffff

    def turn(x, k):
        return ((x << k) | (x >> (32 - k))) & word

    s = [(0xdeadbeef + len(data)) & word] * 3
    at = 0
    while len(data) - at > 12:
        s = [(x + y) & word for x, y in zip(s, struct.unpack_from("<3I", data, at))]
        for i, k in enumerate((4, 6, 8, 16, 19, 4)):
            a, b, c = i % 3, (i + 1) % 3, (i + 2) % 3
            s[a] = ((s[a] - s[c]) & word) ^ turn(s[c], k)
            s[c] = (s[c] + s[b]) & word
        at += 12
    s = [(x + y) & word for x, y in zip(s, struct.unpack("<3I", data[at:].ljust(12, b"\0")))]
    for i, k in enumerate((14, 11, 25, 16, 4, 14, 24)):
        to, of = (2 + i) % 3, (1 + i) % 3
        s[to] = ((s[to] ^ s[of]) - turn(s[of], k)) & word
    return s[2]


def header_length(data, at):
    """Bytes of an object header before its checksum; 0: none that this knows."""
    if data[at:at + 4] != b"OHDR" or at + 6 > len(data):
        return 0
    flags, place = data[at + 5], at + 6
    place += (16 if flags & 0x20 else 0) + (4 if flags & 0x10 else 0)
    width = 1 << (flags & 3)
    size = int.from_bytes(data[place:place + width], "little")
    length = place + width + size - at
    return length if at + length + 4 <= len(data) else 0


def mend(data, places):
    """The checksums of object headers are right again."""
    for at in places:
        length = header_length(data, at)
        if length:
            struct.pack_into("<I", data, at + length, lookup3(bytes(data[at:at + length])))


def mutant(data, rng):
    """Some bytes changed; in half of the files the checksums of object headers are made right again."""
    data = bytearray(data)
    places = metadata(data)
    for _ in range(rng.choice((1, 1, 2, 4, 16))):
        at = min(len(data) - 9, max(0, rng.choice(places) + rng.randrange(-8, 200)))
        if rng.random() < 0.3:
            at = rng.randrange(len(data) - 8)
        how = rng.randrange(5)
        if how == 0:
            data[at] ^= 1 << rng.randrange(8)
        elif how == 1:
            data[at] = rng.choice((0, 1, 0x7f, 0x80, 0xff))
        elif how == 2:
            struct.pack_into("<q", data, at, rng.choice((-1, 0, 1 << 62, 1 << 31, len(data), 1 << 20)))
        elif how == 3:
            struct.pack_into("<i", data, at, rng.choice((-1, 0, 1 << 30, 255, 65536)))
        else:
            source = rng.randrange(len(data) - 8)
            data[at:at + 8] = data[source:source + 8]
    if rng.random() < 0.5:
        mend(data, places)
    return bytes(data)


# ---- readers ------------------------------------------------------------------------------------------------------


def judge(place, words, tally, name, stop):
    process = place.start(*words, stdout=subprocess.DEVNULL, start_new_session=True)
    try:
        if stop:  # what goes on for long once it has read the file
            with contextlib.suppress(subprocess.TimeoutExpired):
                process.wait(timeout=stop)
            process.terminate()
        _, err = process.communicate(timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        tally.setdefault("hangs", []).append(name)
        return
    code, lines = process.returncode, err.decode(errors="replace").splitlines()
    sound = code in SOUND | ({-signal.SIGTERM} if stop else set()) and all(line.startswith("normlab: ") for line in lines) and (code <= 0 or lines)
    if not sound:
        tally.setdefault("crashes", []).append(f"{name}: exit code {code}: {lines[-3:]}")
    tally[code] = tally.get(code, 0) + 1


def try_all(place, path, readers, prepare=lambda: None, stop=None):
    """Mutants of a file before readers (lists of words); prepare() puts the place in order before each."""
    rng, tally, good = random.Random(f"{SEED} {os.path.basename(path)}"), {}, unsealed(path)
    check(len(good) > 1000, f"{path}: {len(good)} bytes")
    for i in range(MUTANTS):
        data = mutant(good, rng)
        for words in readers:
            prepare()
            write(path, sealed(data))
            judge(place, words, tally, f"mutant {i} before {' '.join(words)}", stop)
        for bad in ("hangs", "crashes"):
            if bad in tally and os.environ.get("NORMLAB_KEEP"):
                write(os.path.join(os.environ["NORMLAB_KEEP"], f"{os.path.basename(path)}.{bad}.{i}"), sealed(data))
    write(path, sealed(good))
    codes = {code: count for code, count in tally.items() if isinstance(code, int)}
    print(f"{os.path.basename(path)}: {MUTANTS} mutants, exit codes {codes}")
    bad = [line for kind in ("hangs", "crashes") for line in [f"{kind}: {x}" for x in tally.get(kind, [])]]
    check(not bad, "; ".join([f"{len(bad)} bad ends", *bad[:8]]))


def small_study(place):
    place.good(*RUN)
    return os.path.join(place.out, "batch-size-few.h5")


@case("fault")
def collected(place):
    """A collected study before what shows, tables and draws it."""
    path = small_study(place)
    try_all(place, path, [["show", path], ["show", path, "--json"], ["table", "batch-size", "--from", path],
                          ["plot", "batch-size", "dumb", "--from", path, "--to", place.path("figure.txt")]])


@case("fault")
def finished_run(place):
    """A run's file before what collects it: where it is not believed, the run is made again."""
    place.good(*RUN, "weights=yes")
    path = glob.glob(os.path.join(place.out, "runs", "*.h5"))[0]
    good = read(path)

    def prepare():
        for left in glob.glob(path + "*"):
            os.remove(left)

    try_all(place, path, [[*RUN, "weights=yes"], ["show", path], ["evaluate", path, "mode=precise,batch(4)"],
                          [*RUN, "seed=2", f"init={path}"]], prepare)
    write(path, good)
    place.good(*RUN)


@case("fault")
def odd_names(place):
    """A run's file whose names could not be written again is set aside, and the run made again."""
    small_study(place)
    path = glob.glob(os.path.join(place.out, "runs", "*.h5"))[0]
    good = unsealed(path)
    for name, other in ((b"compiler\0", b"compi\xffer\0"), (b"compiler\0", b"\0ompiler\0"),
                        (b"libc\0", b"bits\0")):
        data = bytearray(good.replace(name, other))
        check(bytes(data) != good, f"no {name} in the file")
        mend(data, metadata(data))
        write(path, sealed(bytes(data)))
        place.good(*RUN)
        check("made again" in place.talk, f"{name} for {other}: {place.talk}")


@case("fault")
def longer_rows(place):
    """A run that says to have learned more numbers than the runs beside it is named, and nothing is collected."""
    words = [*RUN, "seed=1,2"]
    place.good(*words)
    path = sorted(glob.glob(os.path.join(place.out, "runs", "*.h5")))[0]
    os.remove(os.path.join(place.out, "batch-size-few.h5"))
    with h5py.File(path, "r+") as file:
        layer = file["norms/stem_norm"]
        values = layer["mean_logit"][()]
        del layer["mean_logit"]
        layer["mean_logit"] = np.zeros((len(values), 100000))
    write(path, sealed(read(path)))
    code, _, err = place.run(*words)
    check(code == 65 and os.path.basename(path).encode() in err and b"/norms/stem_norm/mean_logit" in err, f"{code}, {err!r}")
    check(not os.path.exists(os.path.join(place.out, "batch-size-few.h5")), "collected")


@case("fault")
def checkpoint(place):
    """A checkpoint before the run that goes on from it."""
    process = place.start(*LONG)
    pattern = os.path.join(place.out, "runs", "*.checkpoint.h5")
    while process.poll() is None and not glob.glob(pattern):
        pass
    process.terminate()
    process.communicate(timeout=PATIENCE)
    check(process.returncode == 143, f"exit code {process.returncode}")
    path = glob.glob(pattern)[0]
    finished = path.replace(".checkpoint", "")

    def prepare():
        for left in glob.glob(finished + "*") + glob.glob(finished[:-3] + ".checkpoint.1.h5"):
            os.remove(left)

    try_all(place, path, [[*LONG, "--jobs", "1"]], prepare, stop=0.3)


@case("fault")
def input_of_apply(place):
    """A file of h5py's before `apply`."""
    path, rng = place.path("in.h5"), np.random.default_rng(1)
    with h5py.File(path, "w") as file:
        file["x"] = rng.standard_normal((4, 6, 3, 3))
        file["dy"] = rng.standard_normal((4, 6, 3, 3))
        file["gamma"], file["beta"] = rng.standard_normal(6), rng.standard_normal(6)
        file["label"] = ["a", "b"]
        file.create_dataset("packed", data=np.arange(20000.0), chunks=(1000,), compression="gzip", shuffle=True, fletcher32=True)
    try_all(place, path, [["apply", "group(2)", path, place.path("out.h5")], ["show", path]])


# ---- what a reader may cost ---------------------------------------------------------------------------------------


def study_input(path, more):
    with h5py.File(path, "w") as file:
        file["x"] = np.arange(48.0).reshape(4, 6, 2)
        more(file)


@case("fault")
def one_long_text(place):
    """131,072 texts that all point to one of a megabyte: 128 GB, from 3 MB."""
    path, count = place.path("in.h5"), 1 << 17

    def add(file):
        texts = file.create_dataset("label", (count,), h5py.string_dtype())
        texts[0] = "a" * (1 << 20)
        file.flush()
        add.at = texts.id.get_offset()

    study_input(path, add)
    data = bytearray(read(path))
    data[add.at:add.at + 16 * count] = data[add.at:add.at + 16] * count
    write(path, data)
    place.good("apply", "batch", path, place.path("out.h5"))  # it asks for no label
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    code, _, err = place.run("show", path)
    most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    check(code == 65 and b"/label cannot be read" in err, f"exit code {code}, {err!r}")
    check(max(before, most) < 1 << 20, f"{most} KiB were used")


@case("fault")
def long_lines(place):
    """Texts and names of any length are shown on lines of a sensible one, and whole as JSON."""
    path, text = place.path("in.h5"), "\u00e4" * 5000

    def add(file):
        file.attrs["title"], file["label"], file["n" * 3000] = text, [text] * 9, 1.0
        file.create_group("g" * 3000).attrs["a" * 3000] = text

    study_input(path, add)
    shown = place.good("show", path)
    check(max(map(len, shown.splitlines())) < 8 * 450 and "..." in shown, max(map(len, shown.splitlines())))
    check("  title              " + "\u00e4" * 200 + "... (10000 bytes)\n" in shown, "the title")
    check(text in place.good("show", path, "--json"), "JSON")


@case("fault")
def large_neighbours(place):
    """Data sets that nobody asks for, two gigabytes packed and two that are not, are not read; nor is more of them shown
    than is read."""
    path = place.path("in.h5")

    def add(file):
        label = file.create_dataset("label", (1 << 28,), "i8", chunks=(1 << 20,), compression="gzip", fillvalue=0)
        chunk = zlib.compress(bytes(8 << 20), 1)
        for i in range(1 << 8):
            label.id.write_direct_chunk((i << 20,), chunk)
        plain = file.create_dataset("plain", (1 << 28,), "i8")
        plain[-1] = 1  # a hole before it: the disk need not have room

    study_input(path, add)
    place.good("apply", "batch", path, place.path("out.h5"))
    shown = place.good("show", path)
    check("label              [268435456] 0 0 0 0 0 0 0 0 ...\n" in shown, shown)
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    check(usage.ru_maxrss < 1 << 19, f"{usage.ru_maxrss} KiB were used")
    check(usage.ru_utime + usage.ru_stime < 2, f"{usage.ru_utime + usage.ru_stime} s of processor time were used")


@case("example")
def many_chunks(place):
    """Sound files of an odd make: a hundred thousand chunks of one number, and one of all."""
    path, values = place.path("in.h5"), np.random.default_rng(1).standard_normal((100, 100, 10))
    for chunk in ((1, 1, 1), (100, 100, 10)):
        with h5py.File(path, "w") as file:
            file.create_dataset("x", data=values, chunks=chunk)
        place.good("apply", "none", path, place.path("out.h5"))
        with h5py.File(place.path("out.h5")) as file:
            check((file["y"][()] == values).all(), f"chunks {chunk}: other numbers")


@case("fault")
def names_of_the_folder(place):
    """Whatever lies about in the folder has nothing to do with it."""
    path = place.path("in.h5")
    study_input(path, lambda file: None)
    for name in ("normlab-probe", "normlab", "file_image_0"):
        write(place.path(name), b"not for you")
    place.good("show", path)
    place.good("apply", "batch", path, place.path("out.h5"))


if __name__ == "__main__":
    main()
