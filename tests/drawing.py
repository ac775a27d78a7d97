#!/usr/bin/python3 -B
"""What may happen while gnuplot draws: a signal, a gnuplot that hangs, eats memory or writes without end, a full disk. One
line, an exit code, and nothing left."""

import os
import resource
import signal
import subprocess
import time

from program import HOME, PROGRAM, NotRun, check, case, listing, main, same

SOURCE = os.path.join(HOME, "data", "hybrids.h5")  # some figures
PLOT = ["plot", "hybrids", "--from", SOURCE, "--to", "out/a.svg"]


def fake_gnuplot(place, text):
    os.makedirs(place.path("bin"), exist_ok=True)
    os.makedirs(place.out, exist_ok=True)
    with open(place.path("bin", "gnuplot"), "w", encoding="utf-8") as file:
        file.write(text)
    os.chmod(place.path("bin", "gnuplot"), 0o755)
    return {"PATH": place.path("bin") + ":/usr/bin:/bin"}


def one_line(place, before, code, err, expected, *words):
    same(f"exit code, {err!r}", code, expected)
    check(err.count(b"\n") == 1 and all(word in err for word in words), f"not one line with {words}: {err!r}")
    same("files", listing(place.folder), before)


@case("fault")
def stopped(place):
    """By Ctrl-C in a terminal, which tells the group, or a scheduler: gnuplot and what it started end, no figure is begun."""
    changes = fake_gnuplot(place, f'#!/bin/sh\necho $$ >{place.path("out", "began")}\nsleep 60 &\ntrap "" INT TERM\nwait\nsleep 60\n')
    for number, group in ((signal.SIGINT, True), (signal.SIGTERM, False)):
        process = place.start(*PLOT, environment=changes, start_new_session=True)
        deadline = time.monotonic() + 60
        while not os.path.exists(place.path("out", "began")) or not open(place.path("out", "began"), encoding="utf-8").read():
            check(time.monotonic() < deadline and process.poll() is None, "gnuplot did not begin")
            time.sleep(0.01)
        time.sleep(0.2)  # its sleep, too
        drawing = int(open(place.path("out", "began"), encoding="utf-8").read())
        os.unlink(place.path("out", "began"))
        (os.killpg if group else os.kill)(process.pid, number)
        _, err = process.communicate(timeout=30)
        same(f"exit code after {number.name}, {err!r}", process.returncode, 128 + number)
        check(err.count(b"\n") == 1 and b"stopped by a signal" in err, err)
        left = subprocess.run(["ps", "-o", "stat=", "-g", str(drawing)], capture_output=True, text=True, check=False).stdout.split()
        same("gnuplot's processes", [state for state in left if not state.startswith("Z")], [])
        same("files", [name for name in listing(place.folder) if name.startswith(("tmp/", "out/"))], [])


@case("fault")
def without_end(place):
    """A gnuplot that hangs, takes memory, or writes: each is ended, and the line says why."""
    output = """import os, sys
given = open(sys.argv[-1]).read()
path = [line.split("'")[1] for line in given.splitlines() if line.startswith("output")][0]
"""
    for text, code, words in (
            ("#!/bin/sh\nsleep 60\n", 69, (b"was not done with ", b" after 1 s")),
            ("#!/usr/bin/python3\nx = b'x' * (5 << 30)\n", 69, (b"gnuplot failed", b"MemoryError")),
            ("#!/usr/bin/python3\n" + output + "f = open(path, 'wb')\nos.posix_fallocate(f.fileno(), 0, 1 << 28)\nf.seek(1 << 28)\nf.write(b'x')\nf.flush()\n",
             69, (b"more than 256 MiB",))):
        seconds = {"NORMLAB_GNUPLOT_SECONDS": "1" if "sleep" in text else "100"}
        changes = {**fake_gnuplot(place, text), **seconds}
        before = listing(place.folder)
        got, _, err = place.run(*PLOT, environment=changes)
        one_line(place, before, got, err, code, *words)


@case("fault")
def without_room(place):
    """A disk that is full where gnuplot draws, or where the figure goes; a folder that is none: the line names the file and why."""
    os.mkdir(place.out)

    def small(size):
        return lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))

    before = listing(place.folder)
    for size, code, words in ((100, 74, (b"/tmp/normlab.", b"File too large")), (9000, 74, (b"/figure.svg: File too large",))):
        got, _, err = place.run(*PLOT, preexec_fn=small(size))
        one_line(place, before, got, err, code, *words)
    got, _, err = place.run(*PLOT, environment={"TMPDIR": "/dev/null"})
    one_line(place, before, got, err, 73, b"/dev/null/normlab.", b"Not a directory")
    got, _, err = place.run(*PLOT[:-1], "/dev/null/a.svg")
    one_line(place, before, got, err, 73, b"/dev/null/a.svg", b"Not a directory")
    got, _, err = place.run(*PLOT[:-1], "/proc/self/a.svg")
    one_line(place, before, got, err, 73, b"/proc/self/a.svg: ")


@case("fault")
def full_disk(place):
    """A real one, where this user may mount one."""
    os.mkdir(place.out)
    before = listing(place.folder)
    mount = 'mount -t tmpfs -o size=48k none tmp && echo mounted && exec "$@"'
    done = subprocess.run(["unshare", "-rm", "sh", "-c", mount, "sh", PROGRAM, *PLOT], cwd=place.folder, env=place.environment(),
                          capture_output=True, check=False)
    if b"mounted" not in done.stdout:
        raise NotRun("the right to mount")
    one_line(place, before, done.returncode, done.stderr, 74, b"No space left on device", b"/tmp/normlab.")


if __name__ == "__main__":
    main()
