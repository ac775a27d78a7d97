#!/usr/bin/python3 -B
"""What signals do to studies: SIGUSR1 saves, whoever is told; one wish to stop that comes on several ways is one."""

import glob
import os
import signal
import time

from program import Place, check, case, listing, main, same

# One epoch of many steps: no checkpoint but those that are asked for.
ONE_EPOCH = ["run", "batch-size", "--quick", "norm=batch,layer", "batch=2", "samples=2", "seed=1", "images=1200", "epochs=1",
             "network=resnet(depth=8, width=4, stem_stride=2)", "--as", "few", "--jobs", "2"]


def knows(pid, number):
    """Whether a process handles or ignores a signal."""
    with open(f"/proc/{pid}/status", encoding="utf-8") as file:
        words = dict(line.split(":", 1) for line in file if ":" in line)
    return any(int(words[key], 16) >> (number - 1) & 1 for key in ("SigIgn", "SigCgt"))


def wait_for(process, ready, what):
    deadline = time.monotonic() + 60
    while not ready():
        check(process.poll() is None, f"over before {what}")
        check(time.monotonic() < deadline, f"not in a minute: {what}")
        time.sleep(0.002)


def checkpoints(place):
    """When the newer of each run's was written."""
    found = {}
    for path in glob.glob(os.path.join(place.out, "runs", "*.checkpoint*.h5")):
        run = path.split(".checkpoint")[0]
        found[run] = max(found.get(run, 0), os.stat(path).st_mtime_ns)
    return found


def inside(place, name):
    os.mkdir(place.path(name))
    return Place(place.path(name))


def read(place, name):
    with open(os.path.join(place.out, name), "rb") as file:
        return file.read()


@case("theorem")
def saves(place):
    """Each SIGUSR1 to the parent gives both of its runs a checkpoint, and moves no bit."""
    whole, told = place, inside(place, "told")
    whole.good(*ONE_EPOCH)
    process = told.start(*ONE_EPOCH)
    wait_for(process, lambda: len(glob.glob(os.path.join(told.out, "runs", "*.lock"))) == 2, "both runs began")
    same("checkpoints that nobody asked for", checkpoints(told), {})
    before = {}
    for _ in range(2):
        process.send_signal(signal.SIGUSR1)
        wait_for(process, lambda: sum(before.get(path) != at for path, at in checkpoints(told).items()) == 2, "two new checkpoints")
        before = checkpoints(told)
    _, err = process.communicate(timeout=120)
    same(f"exit code, {err!r}", process.returncode, 0)
    lines = [line for line in err.decode().splitlines() if ": checkpoint after step " in line]
    check(len(lines) == 4 and all(line.endswith(" of 600") for line in lines), f"not a line for each: {lines}")
    same("collected bytes", read(told, "batch-size-few.h5") == read(whole, "batch-size-few.h5"), True)
    left = [name for name in listing(told.folder) if "tmp." in name or ".checkpoint" in name or name.endswith(".lock")]
    same("left behind", left, [])


@case("fault")
def unharmed(place):
    """SIGUSR1 again and again, to all processes of a study from its first moment, ends none; nor one that has no use for it."""
    signal.signal(signal.SIGUSR1, signal.SIG_DFL)  # as a shell starts it; who ignores it hands that on
    short = [word.replace("images=1200", "images=32").replace("seed=1", "seed=1-3") for word in ONE_EPOCH]
    for words in (short, [*short, "--dry-run"], ["table", "batch-size@few"]):
        process = place.start(*words, start_new_session=True)
        wait_for(process, lambda: knows(process.pid, signal.SIGUSR1), "SIGUSR1 is known")
        while process.poll() is None:
            os.killpg(process.pid, signal.SIGUSR1)
            time.sleep(0.003)
        err = process.stderr.read().decode()
        same(f"{words[0]}: exit code, {err}", process.returncode, 0)
        check("ended by signal" not in err, err)


@case("theorem")
def stops_once(place):
    """As a scheduler does it: SIGTERM to the parent and its runs at once, and the parent tells them, too."""
    long_steps = [word.replace("batch=2", "batch=300").replace("samples=2", "samples=300") for word in ONE_EPOCH]
    process = place.start(*long_steps, start_new_session=True)
    wait_for(process, lambda: len(glob.glob(os.path.join(place.out, "runs", "*.lock"))) == 2, "both runs began")
    for _ in range(3):
        os.killpg(process.pid, signal.SIGTERM)
        time.sleep(0.02)
    _, err = process.communicate(timeout=60)
    same(f"exit code, {err!r}", process.returncode, 143)
    check(b"goes on from there" in err and b"ended by signal" not in err, err.decode())
    same("checkpoints", len(checkpoints(place)), 2)


def knows_end(pid):
    """Whether a process is over, and nobody asked for it yet."""
    with open(f"/proc/{pid}/stat", encoding="utf-8") as file:
        return file.read().rsplit(")", 1)[1].split()[0] in "ZX"


def children(pid):
    with open(f"/proc/{pid}/task/{pid}/children", encoding="utf-8") as file:
        return [int(word) for word in file.read().split()]


@case("fault")
def stopped_reader(place):
    """Who waits for a process that reads a file, and does nothing, says so after half a minute and goes; the file is not called damaged."""
    process = place.start("claims", "--json")
    wait_for(process, lambda: children(process.pid), "a reader")
    reader, = children(process.pid)
    os.kill(reader, signal.SIGSTOP)
    begin = time.monotonic()
    _, wrong = process.communicate(timeout=120)
    same("exit code", process.returncode, 71)
    check(b"for 30 s the process that does so has done nothing" in wrong and wrong.count(b"\n") == 1, wrong)
    check(time.monotonic() - begin > 25, "too early")
    check(not os.path.exists(f"/proc/{reader}") or knows_end(reader), "the reader is left")


if __name__ == "__main__":
    main()
