#!/usr/bin/python3 -B
"""Running text: what is embedded is what was said, Debian's packed Bible is unpacked as another program packed it, and what is
no text is refused, with the file and the place."""

import glob
import gzip
import hashlib
import importlib.util
import os
import re
import signal
import struct
import time

import h5py

from program import HOME, case, check, main, same

INPUT = os.path.join(HOME, "data", "input")
WINDOW = 65536


def embedded():
    with gzip.open(os.path.join(INPUT, "kjv-mini.txt.gz")) as file:
        return file.read()


def listed(place, name, **environment):
    """What the program says of a data set: {word: text}."""
    out = place.good("list", "datasets", name, environment=environment)
    return dict(re.findall(r"^  (\S+) +(.*)$", out, re.M))


# ---- compress(1), as far as bible.data uses it ------------------------------------------------------------------------


def codes(data):
    """Lempel, Ziv and Welch: 256 and 257 on, where 256 stands for nothing."""
    table, known = {bytes([i]): i for i in range(256)}, b""
    for i in range(len(data)):
        longer = known + data[i:i + 1]
        if longer in table:
            known = longer
            continue
        yield table[known]
        if len(table) < (1 << 16) - 1:
            table[longer] = 257 + len(table) - 256
        known = data[i:i + 1]
    yield table[known]


def packed(data):
    """Codes of 9 to 16 bits, the low ones first; before they become longer, eight of them are made whole."""
    out, at, start, width = 0, 0, 0, 9
    for i, code in enumerate(codes(data)):
        if 257 + max(0, i - 1) >= 1 << width and width < 16:
            at = start + -(-(at - start) // (8 * width)) * 8 * width
            start, width = at, width + 1
        out |= code << at
        at += width
    return out.to_bytes(-(-at // 8), "little")


def bible(text):
    """A bible.data: a title, and verses with their places before them."""
    lines = [b"A Bible"] + [b"%dBk%d:%d %s" % (i % 3, i // 40 + 1, i % 40 + 1, line) for i, line in enumerate(text.splitlines())]
    whole = b"".join(line + b"\n" for line in lines)
    windows = [packed(whole[i:i + WINDOW]) for i in range(0, len(whole), WINDOW)]
    offsets = [80 + 12 + 4 * (len(windows) + 1) + 3]
    for window in windows:
        offsets.append(offsets[-1] + len(window))
    head = b"EC02Compressed Data File".ljust(80, b"\0") + struct.pack(">3I", 0, WINDOW, len(windows))
    return head + struct.pack(f">{len(offsets)}I", *offsets) + b"\x1f\x9d\x90" + b"".join(windows), offsets


def written(place, data):
    os.makedirs(place.path("data"), exist_ok=True)
    with open(place.path("data", "bible.data"), "wb") as file:
        file.write(data)


@case("oracle")
def packed_verses(place):
    """The verses of bible.data are those that were packed: of a text that needs all widths of codes, two programs say so."""
    text = embedded()
    data, offsets = bible(text)
    check(len(offsets) > 5 and max(b - a for a, b in zip(offsets, offsets[1:])) > 1 << 14, "too short for codes of 15 bits")
    written(place, data)
    with open(place.path("plain.txt"), "wb") as file:
        file.write(text)
    want = listed(place, f"text:{place.path('plain.txt')}")["sha256"]
    said = listed(place, "kjv", NORMLAB_DATA=place.path("data"))["here"]
    check(f"well formed, but not kjv: SHA-256 {want}, expected" in said, f"not {want}: {said}")
    spec = importlib.util.spec_from_file_location("make_kjv", os.path.join(INPUT, "make-kjv.py"))
    make = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(make)
    same("make-kjv.py", "".join(words + "\n" for _, _, words in make.verses(make.whole(data))).encode(), text)


@case("fault")
def broken_bibles(place):
    """What is wrong is named with its offset, and nothing is read beyond a window."""
    good, offsets = bible(embedded())

    def changed(at, to):
        return good[:at] + to + good[at + len(to):]

    for data, says in ((changed(0, b"X"), r"offset 0: does not begin with"),
                       (good[:60], r"offset 0: does not begin with"),
                       (changed(84, struct.pack(">I", 1 << 20)), r"offset 84: windows of 1048576 bytes, expected 1 to 65536"),
                       (changed(88, struct.pack(">I", 1 << 30)), r"offset 88: 1073741824 windows, expected as many"),
                       (changed(88, struct.pack(">I", 1 << 15)), r"offset 88: 32768 windows, expected as many"),
                       (changed(96, struct.pack(">I", 1 << 30)), rf"offset 92: window 0 from {offsets[0]} to 1073741824"),
                       (good[:-1000], r"expected in the \d+ bytes of the file"),
                       (changed(offsets[1] + 2, b"\xff\xff"), rf"offset {offsets[1] + 2}: window 1 ends after 1 bytes of 65536"),
                       (bible(b"Once.\n" + embedded())[0], r"not kjv: SHA-256")):
        written(place, data)
        said = listed(place, "kjv", NORMLAB_DATA=place.path("data"))["here"]
        check(said.startswith("no: ") and re.search(says, said), f"'{says}' is not in: {said}")
    lines = b"A Bible\n" + embedded()
    window = packed(lines[:WINDOW])
    written(place, b"EC02Compressed Data File".ljust(80, b"\0") + struct.pack(">5I", 0, WINDOW, 1, 103, 103 + len(window)) +
            b"\x1f\x9d\x90" + window)
    said = listed(place, "kjv", NORMLAB_DATA=place.path("data"))["here"]
    check("line 2 of the text is no verse" in said, said)


# ---- what is embedded -------------------------------------------------------------------------------------------------


@case("golden")
def as_it_was_drawn(place):
    """The digests of data/input/README.md are those of what is there, which is the text that the program has."""
    with open(os.path.join(INPUT, "README.md"), encoding="utf-8") as file:
        told = {name: digest for digest, name in re.findall(r"^    ([0-9a-f]{64})  (\S+\.txt)$", file.read(), re.M)}
    check("kjv-mini.txt" in told, "no digests in README.md")
    for name, digest in told.items():
        with gzip.open(os.path.join(INPUT, name + ".gz")) as file:
            same(name, hashlib.sha256(file.read()).hexdigest(), digest)
    with open(place.path("own.txt"), "wb") as file:
        file.write(embedded())
    said, own = listed(place, "kjv-mini"), listed(place, f"text:{place.path('own.txt')}")
    same("its data", own["sha256"], said["sha256"])
    same("its title", own["is"].split(", of /")[0], said["is"])


@case("fault")
def broken_files(place):
    """gzip that ends too early, and bytes that are no UTF-8 inside it."""
    data = embedded()
    for name, content, says in (("cut.gz", gzip.compress(data)[:-9], " bytes are said to be in it, at most 1073741824 are read"),
                                ("wrong.gz", gzip.compress(data[:777] + b"\xc3\x28" + data[779:]),
                                 "wrong.gz (decompressed): offset 777: byte 0xc3 begins no character, UTF-8 is expected"),
                                ("short.txt", data[:5000], "a text of 5000 characters, 12291 or more are expected")):
        with open(place.path(name), "wb") as file:
            file.write(content)
        said = listed(place, f"text:{place.path(name)}")["here"]
        check(said.startswith("no: ") and says in said, f"{name}: {said}")
    code, _, err = place.run("run", "batch-size", "--quick", f"dataset=text:{place.path('wrong.gz')}")
    same("exit code", code, 65)
    check(b"offset 777" in err, err)


# ---- what trains -------------------------------------------------------------------------------------------------------

PREDICT = ["run", "text-norms", "--quick", "network=text-conv(depth=2, width=8, kernel=3)", "norm=batch", "batch=8", "samples=32",
           "images=256", "epochs=12", "validate=2"]


def ended(place, out):
    """The one run: its weights, states and numbers."""
    path, = glob.glob(place.path(out, "runs", "*.h5"))
    with h5py.File(path) as file:
        said = {name: repr(value[()].tolist()) for part in ("summary", "metrics") for name, value in file[part].items()
                if isinstance(value, h5py.Dataset)}
        return file["summary"].attrs["weights_sha256"], said


@case("theorem")
def any_threads_any_stops(place):
    """A text is predicted with the same bits by one thread and by two, and where a run was stopped and went on."""
    for out, threads in (("one", "1"), ("two", "2")):
        place.good(*PREDICT, environment={"NORMLAB_OUT": place.path(out), "OMP_NUM_THREADS": threads})
    torn = {"NORMLAB_OUT": place.path("torn")}
    process = place.start(*PREDICT, environment=torn)
    while process.poll() is None and not glob.glob(place.path("torn", "runs", "*.lock")):
        time.sleep(0.005)
    time.sleep(0.1)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    same("exit code", process.returncode, 143)
    same("its checkpoint", len(glob.glob(place.path("torn", "runs", "*.checkpoint.h5"))), 1)
    place.good(*PREDICT, environment=torn)
    same("two threads", ended(place, "two"), ended(place, "one"))
    same("gone on", ended(place, "torn"), ended(place, "one"))
    weights, said = ended(place, "one")
    check(len(weights) == 64 and 2 < float(said["test_bits"]) < 7 and 0 < float(said["test_error"]) < 1, f"{weights}: {said}")


@case("oracle")
def gates_of_columns(place):
    """Where the columns of a study train on other texts, each has the gate of those: the one that a study of it alone has."""
    words = ["run", "scarce", "--quick", "norm=position", "seed=1", "epochs=1", "network=text-conv(depth=2, width=4, kernel=3)"]
    found = {}
    for name, images in (("both", "320,640"), ("few", "320"), ("many", "640")):
        place.good(*words, "--as", name, f"images={images}", environment={"NORMLAB_OUT": place.path("out")})
        with h5py.File(place.path("out", f"scarce-{name}.h5")) as file:
            found[name] = {group: file[f"{group}/bits"][()].tolist() for group in file if group.startswith("gate")}
    same("groups", (sorted(found["both"]), sorted(found["few"])), (["gate_0", "gate_1"], ["gate"]))
    same("of 320 texts", found["both"]["gate_0"], found["few"]["gate"])
    same("of 640 texts", found["both"]["gate_1"], found["many"]["gate"])
    check(found["both"]["gate_0"] != found["both"]["gate_1"], "more text is no help")


@case("fault")
def what_does_not_fit(place):
    """Tasks, networks and normalizers that are not for texts are refused in one line."""
    for words, says in ((["task=classify"], "has no field 'label', but text, next; that fits: task=predict"),
                        (["dataset=fashion-mini"], "has no field 'next', but image, label; that fits: task=classify"),
                        (["dataset=languages"], "has no field 'next', but text, label; that fits: task=classify"),
                        (["norm=layer"], "position"), (["norm=group(2)"], "position"), (["flip=yes"], "flip and shift move images"),
                        (["network=resnet(depth=8, width=4)"], "text"), (["images=5057"], "5057 training samples wanted")):
        code, _, err = place.run(*PREDICT, *words)
        same(f"exit code of {words}: {err.decode()}", code, 64)
        check(says in err.decode() and err.count(b"\n") == 1, f"{words}: '{says}' is not in {err.decode()}")


if __name__ == "__main__":
    main()
