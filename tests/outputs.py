#!/usr/bin/python3 -B
"""What the commands write to: every kind of output, a full disk, folders and files of others, a kill at any moment."""

import contextlib
import glob
import hashlib
import os
import pwd
import random
import shutil
import stat
import struct
import subprocess
import time

import h5py
import numpy as np

from program import PROGRAM, NotRun, check, case, main, same

CANTCREAT, IOERR = 73, 74
NETWORK = "network=resnet(depth=8, width=4, stem_stride=2)"
RUN = ["run", "batch-size", "--quick", "--as", "few", "norm=batch", "batch=8", "samples=8", "seed=1", "images=16",
       "epochs=1", NETWORK]


def make_input(path):
    with h5py.File(path, "w") as file:
        file["x"] = np.random.default_rng(1).standard_normal((4, 6, 3, 3))


def writers(place):
    """What a user can name an output of: words before it, the first bytes of what is written."""
    make_input(place.path("in.h5"))
    place.good(*RUN)
    study = os.path.join(place.out, "batch-size-few.h5")
    return [(["apply", "batch", place.path("in.h5")], b"\211HDF"),
            (["plot", "batch-size", "svg", "--from", study, "--to"], b"<?xml"),
            (["plot", "batch-size", "png", "--from", study, "--to"], b"\211PNG")]


def no_siblings(place):
    """The figures beside the first that a study has, NAME-curves, go."""
    for path in glob.glob(place.path("*-curves")):
        os.remove(path)


def read(path):
    with open(path, "rb") as file:
        return file.read()


def state(path):
    status = os.lstat(path)
    return status.st_ino, status.st_mode, status.st_uid, status.st_gid, status.st_nlink


def refused(place, words, path, says, code=CANTCREAT):
    before = state(path)
    got, _, err = place.run(*words, path)
    same(f"{words} {path}: exit code, {err!r}", got, code)
    check(err.startswith(b"normlab: ") and err.count(b"\n") == 1 and says.encode() in err, f"{words}: {err!r}")
    same(f"{words}: what was there", state(path), before)


@case("theorem")
def kinds(place):
    """Links and devices stay, files keep mode and owner, the rest is refused."""
    root = os.geteuid() == 0
    for words, head in writers(place):
        target, link = place.path("target"), place.path("link")
        with open(target, "w") as file:
            file.write("old")
        os.chmod(target, 0o640)
        if root:
            os.chown(target, 12345, 12346)
        os.symlink("target", link)
        before = state(target)
        place.good(*words, link)
        check(os.path.islink(link), f"{words}: the link is gone")
        same(f"{words}: mode and owner behind the link", state(target)[1:], before[1:])
        check(read(target).startswith(head), f"{words}: {read(target)[:20]}")
        os.remove(link)
        os.symlink("none", link)
        place.good(*words, link)
        check(os.path.islink(link) and read(place.path("none")).startswith(head), f"{words}: a dangling link")
        os.link(target, place.path("other"))
        refused(place, words, target, "hard link")
        os.remove(place.path("other"))
        os.chmod(target, 0o444)
        refused(place, words, target, "read-only")
        os.mkdir(place.path("folder"))
        refused(place, words, place.path("folder"), "is a folder")
        if root:
            for name, kind, numbers in (("null", stat.S_IFCHR, (1, 3)), ("disk", stat.S_IFBLK, (7, 200))):
                with contextlib.suppress(PermissionError):  # a container's root may not
                    os.mknod(place.path(name), kind | 0o600, os.makedev(*numbers))
        if os.path.exists(place.path("null")):
            before = state(place.path("null"))
            place.good(*words, place.path("null"))
            same(f"{words}: the device", state(place.path("null")), before)
            refused(place, words, place.path("disk"), "is a disk")
        no_siblings(place)
        left = set(os.listdir(place.folder))
        check(left <= {"tmp", "nodata", "out", "in.h5", "target", "link", "none", "folder", "null", "disk"}, f"left behind: {left}")
        for name in left - {"tmp", "nodata", "out", "in.h5"}:
            path = place.path(name)
            os.rmdir(path) if name == "folder" else os.remove(path)


def attributes(path):
    return {name: os.getxattr(path, name) for name in os.listxattr(path) if not name.startswith("security.")}


def access_list(*entries):
    """Of (tag, permissions, user or group), as the kernel has it."""
    return struct.pack("<I", 2) + b"".join(struct.pack("<HHI", *entry) for entry in entries)


@case("theorem")
def extended_attributes(place):
    """A user's attributes and access lists stay with the file; a folder's default gives none to a file that had none."""
    nobody = 0xffffffff
    access = access_list((1, 6, nobody), (2, 4, 12345), (4, 4, nobody), (16, 4, nobody), (32, 0, nobody))
    words, head = writers(place)[0]
    target, folder = place.path("target"), place.path("folder")
    os.mkdir(folder)
    bare = os.path.join(folder, "bare")
    for path in (target, bare):
        with open(path, "w") as file:
            file.write("old")
        os.chmod(path, 0o640)
    try:
        for name, value in (("note", b"mine"), ("empty", b""), ("long", bytes(range(256)) * 4)):
            os.setxattr(target, f"user.{name}", value)
        os.setxattr(target, "system.posix_acl_access", access)
        os.setxattr(folder, "system.posix_acl_default", access)
    except OSError as error:
        raise NotRun(f"no extended attributes in {place.folder}: {error}") from None
    before = attributes(target), state(target)[1:]
    same("attributes before", (len(before[0]), attributes(bare)), (4, {}))
    for path in (target, bare):
        place.good(*words, path)
        check(read(path).startswith(head), f"{path} is not written")
    same("attributes", (attributes(target), state(target)[1:]), before)
    same("attributes of a file without", attributes(bare), {})
    same("its mode", stat.S_IMODE(os.stat(bare).st_mode), 0o640)


@case("theorem")
def long_names(place):
    """As long as the file system has them; a killed writer's file beside one is removed."""
    words, head = writers(place)[0]
    for length in (140, 152, 153, 240, 253, 255):
        for name in ("x" * (length - 3) + ".h5", "\u00e4" * (length // 2 - 1) + "xyz"[: length - 2 * (length // 2 - 1)]):
            data = name.encode()
            cut = data[:136].decode(errors="ignore") + hashlib.sha256(data).hexdigest()[:16] if len(data) > 152 else name
            left = place.path(f"{cut}.normlab.tmp.999999")
            with open(left, "w") as file:
                file.write("half")
            os.utime(left, (0, 0))
            for _ in range(2):
                place.good(*words, place.path(name))
            check(read(place.path(name)).startswith(head), f"{name} is not written")
            same("left behind", [n for n in os.listdir(place.folder) if ".tmp." in n], [])
            os.remove(place.path(name))
    code, _, err = place.run(*words, place.path("x" * 256))
    check(code == CANTCREAT and b"File name too long" in err, f"256: exit code {code}, {err!r}")


@case("example")
def pipes(place):
    """As in `normlab apply batch in.h5 /dev/stdout | reader`. (By links of the folder's own: a program that is wrong would
    replace the machine's.)"""
    os.symlink("/proc/self/fd/1", place.path("stdout"))
    for words, head in writers(place):
        fifo = place.path("fifo")
        os.mkfifo(fifo)
        reader = subprocess.Popen(["timeout", "20", "cat", fifo], stdout=subprocess.PIPE)
        place.good(*words, fifo)
        data = reader.communicate(timeout=60)[0]
        check(data.startswith(head) and stat.S_ISFIFO(os.lstat(fifo).st_mode), f"{words}: {data[:20]}")
        code, out, err = place.run(*words, place.path("stdout"))
        same(f"{words} stdout, {err!r}", (code, out[:20], len(out)), (0, data[:20], len(data)))
        check(os.path.islink(place.path("stdout")), "the link is gone")
        os.remove(fifo)
    with contextlib.suppress(PermissionError):
        os.mknod(place.path("full"), stat.S_IFCHR | 0o600, os.makedev(1, 7))
        code, _, err = place.run(*words, place.path("full"))
        check(code == IOERR and b"No space left" in err, f"full: exit code {code}, {err!r}")


@case("fault")
def two_files(place):
    """A TeX figure is two files, so it cannot go into a pipe."""
    words = writers(place)[1][0]
    words[2] = "tex"
    os.symlink("/proc/self/fd/1", place.path("stdout"))
    code, out, err = place.run(*words, place.path("stdout"))
    check(code == CANTCREAT and not out and b"two files" in err, f"exit code {code}, {err!r}")


@case("fault")
def a_study(place):
    """Runs, checkpoints, locks and collected files are where they are, whatever somebody put there."""
    place.good(*RUN)
    run = glob.glob(os.path.join(place.out, "runs", "*.h5"))[0]
    study, figure = os.path.join(place.out, "batch-size-few.h5"), os.path.join(place.out, "batch-size-few.svg")
    checkpoint, lock = run.replace(".h5", ".checkpoint.h5"), f"{run}.lock"
    for path in (study, figure):
        moved = path + ".moved"
        os.rename(path, moved)
        os.symlink(moved, path)
        place.good(*RUN)
        check(os.path.islink(path), f"{path}: the link is gone")
        os.rename(moved, path)
    os.remove(run)
    os.mkfifo(lock)
    code, _, err = place.run(*RUN)
    check(code == CANTCREAT and b"no lock of normlab" in err, f"exit code {code}, {err!r}")
    check(stat.S_ISFIFO(os.lstat(lock).st_mode), "the pipe is gone")
    os.remove(lock)
    os.mkfifo(checkpoint)
    code, _, err = place.run(*RUN)
    check(code != 0 and b"not a regular file" in err, f"exit code {code}, {err!r}")
    check(stat.S_ISFIFO(os.lstat(checkpoint).st_mode), "the pipe is gone")
    os.remove(checkpoint)
    place.good(*RUN)
    os.mkfifo(checkpoint)
    place.run(*RUN)
    check(stat.S_ISFIFO(os.lstat(checkpoint).st_mode), "the pipe is gone after a finished run")


@case("fault")
def closed_handles(place):
    """Without the standard handles, a file that is opened must not become one of them."""
    words, _ = writers(place)[0]
    place.good(*words, place.path("good"))
    for closed in ((0,), (1,), (2,), (0, 1), (0, 2), (0, 1, 2)):
        process = place.start(*words, place.path("result"), preexec_fn=lambda: [os.close(handle) for handle in closed])
        process.communicate(timeout=60)
        same(f"without {closed}: exit code", process.returncode, 0)
        check(read(place.path("result")) == read(place.path("good")), f"without {closed}: another file")
        os.remove(place.path("result"))
    process = place.start("show", place.path("good"), preexec_fn=lambda: os.close(1))
    same("show without stdout", (process.communicate(timeout=60)[1], process.returncode),
         (b"normlab: the output could not be written: Bad file descriptor\n", IOERR))


@case("fault")
def names_alike(place):
    """A user's own file that looks like a leftover of ours."""
    words, _ = writers(place)[0]
    mine = place.path("result.h5.tmp.2026")
    with open(mine, "w") as file:
        file.write("mine")
    place.good(*words, place.path("result.h5"))
    same("it", read(mine), b"mine")


# ---- disks and rights ---------------------------------------------------------------------------------------------


def limited(size):
    """Files no larger than this: what a full disk does, where no disk can be made for it."""
    import resource
    return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))


@case("fault")
def full_disk(place):
    """The old file stays, whole, or none is made, and nothing is left behind."""
    for words, head in writers(place):
        out = place.path("result")
        for old in (False, True):
            if old:
                place.good(*words, out)
            before = read(out) if old else None
            code, _, err = place.run(*words, out, preexec_fn=limited(1000 if head != b"<?xml" else 3000))
            check(code in (IOERR, 70), f"{words}: exit code {code}, {err!r}")
            check(err.startswith(b"normlab: ") and err.count(b"\n") == 1, f"{words}: {err!r}")
            same(f"{words}: what was there", read(out) if os.path.exists(out) else None, before)
        os.remove(out)
        no_siblings(place)
        names = sorted(os.listdir(place.folder))
        same(f"{words}: names", names, ["in.h5", "nodata", "out", "tmp"])
        same(f"{words}: names in TMPDIR", os.listdir(place.path("tmp")), [])


def run_as_nobody(place, words):
    """(exit code, stderr) of a copy of the program, in the place, as a user without rights."""
    nobody = pwd.getpwnam("nobody")
    process = subprocess.run([place.path("normlab"), *words], cwd=place.folder, stdin=subprocess.DEVNULL, capture_output=True,
                             env=place.environment(), user=nobody.pw_uid, group=nobody.pw_gid, extra_groups=[], timeout=60)
    return process.returncode, process.stderr.decode()


@case("fault")
def as_nobody(place):
    """Files and folders of others: refused with a word, and as they were."""
    if os.geteuid() != 0:
        print("not run: only root can become nobody")
        return
    shutil.copy(PROGRAM, place.path("normlab"))
    os.chmod(place.folder, 0o755)
    make_input(place.path("in.h5"))
    os.mkdir(place.path("shared"))
    os.chmod(place.path("shared"), 0o1777)
    for name, mode in (("theirs", 0o666), ("private", 0o600)):
        with open(place.path("shared", name), "w") as file:
            file.write("old")
        os.chmod(place.path("shared", name), mode)
    os.symlink("theirs", place.path("shared", "link"))
    os.lchown(place.path("shared", "link"), 12345, 12345)
    for name, says in (("shared/theirs", "would not afterwards"), ("shared/private", "Permission denied"),
                       ("shared/link", "another user's"), ("new", "nothing can be written in its folder")):
        code, err = run_as_nobody(place, ["apply", "batch", "in.h5", name])
        check(code == CANTCREAT and says in err and err.count("\n") == 1, f"{name}: exit code {code}, {err!r}")
    same("what was there", read(place.path("shared", "theirs")), b"old")
    code, err = run_as_nobody(place, ["apply", "batch", "in.h5", "shared/mine"])
    same(f"exit code, {err!r}", code, 0)
    same("left behind", sorted(os.listdir(place.path("shared"))), ["link", "mine", "private", "theirs"])


@case("fault")
def killed(place):
    """At any moment: the link stays, and behind it the old file or the new one."""
    words, head = writers(place)[0]
    target, link = place.path("target"), place.path("link")
    place.good(*words, target)
    good, rng = read(target), random.Random(int(os.environ.get("NORMLAB_SEED", "1")))
    os.chmod(target, 0o600)
    os.symlink("target", link)
    for _ in range(12):
        process = place.start(*words, link)
        time.sleep(rng.uniform(0, 0.08))
        process.kill()
        process.communicate(timeout=60)
        check(os.path.islink(link) and read(target) == good, "another file than before")
        same("mode", stat.S_IMODE(os.stat(target).st_mode), 0o600)
    place.good(*words, link)
    same("left behind", [name for name in os.listdir(place.folder) if ".tmp." in name], [])


if __name__ == "__main__":
    main()
