#!/usr/bin/python3 -B
"""Several processes at the files of one study."""

import glob
import os
import re
import shutil
import signal
import subprocess
import time

from program import PROGRAM, NotRun, check, case, main, same
from small_study import NETWORK, check_no_litter, check_same_runs, collected, read, run_files, second_place, taken

STUDY = ["run", "batch-size", "--quick", "norm=batch,group:4", "batch=8,4", "samples=8", "seed=1,2", "images=16", "epochs=2",
         NETWORK, "--as", "few"]
RUNS = 6
BUSY = 75


def done(err):
    """The runs that a study says it has done."""
    return re.findall(r"^normlab: \d+/\d+ (.*): done after", err, re.M)


def ended(process):
    _, err = process.communicate(timeout=120)
    return process.returncode, err.decode()


def wait_for(process, pattern, count):
    deadline = time.monotonic() + 60
    while process.poll() is None and len(glob.glob(pattern)) < count and time.monotonic() < deadline:
        time.sleep(0.01)


@case("theorem")
def elsewhere(place):
    """A run of another process keeps nobody from the others. It is named at the end, with its holder; finished meanwhile
    it counts, and left unfinished it is taken up."""
    whole, left = second_place(place, "whole"), second_place(place, "left")
    whole.good(*STUDY)
    path = run_files(whole)[1]
    there = os.path.join(left.out, "runs", os.path.basename(path))
    lock = taken(there)
    code, _, err = left.run(*STUDY)
    err = err.decode()
    same(f"exit code, {err!r}", code, BUSY)
    same("runs done", len(set(done(err))), RUNS - 1)
    check(len(re.findall(f"^normlab: .*: process {os.getpid()} is at [0-9a-f]+$", err, re.M)) == 1, f"who is at it: {err!r}")
    check(f"{RUNS - 1} of {RUNS} runs are finished" in err and not os.path.exists(collected(left)), err)
    check(f"{RUNS - 1} of {RUNS} runs" in left.good("table", "batch-size@few"), "what is finished")
    for finished in (True, False):
        torn = second_place(place, f"torn{finished}")
        held = taken(os.path.join(torn.out, "runs", os.path.basename(path)))
        process = torn.start(*STUDY, "--jobs", "1")
        wait_for(process, os.path.join(torn.out, "runs", "*[0-9a-f].h5"), 3)  # the second run was met by then
        if finished:
            shutil.copy(path, os.path.join(torn.out, "runs"))
        held.close()
        code, err = ended(process)
        same(f"finished elsewhere: {finished}: exit code, {err!r}", code, 0)
        same("runs done here", len(done(err)), RUNS - finished)
        check_same_runs(whole, torn)
        same("collected bytes", read(collected(torn)) == read(collected(whole)), True)
        check_no_litter(torn)
    lock.close()
    left.good(*STUDY)
    check_same_runs(whole, left)
    check_no_litter(left)


@case("theorem")
def together(place):
    """Three processes begin one study at once, and one is killed: the last to end has all."""
    whole, shared = second_place(place, "whole"), second_place(place, "shared")
    whole.good(*STUDY)
    words = [*STUDY, "--jobs", "1"]
    first = shared.start(*words, start_new_session=True)
    wait_for(first, os.path.join(shared.out, "runs", "*.lock"), 1)
    others = [shared.start(*words) for _ in range(2)]
    wait_for(first, os.path.join(shared.out, "runs", "*[0-9a-f].h5"), 2)
    os.killpg(first.pid, signal.SIGKILL)
    ended(first)
    told = [ended(process) for process in others]
    codes = sorted(code for code, _ in told)
    check(codes in ([0, 0], [0, BUSY]), f"exit codes {codes}: {told}")
    check_same_runs(whole, shared)
    same("collected bytes", read(collected(shared)) == read(collected(whole)), True)
    check_no_litter(shared)


def container(*more):
    """The words that begin a program in a space of processes of its own, as its number 1; NotRun: nobody here may."""
    for words in (["unshare", "--pid", "--fork", *more], ["unshare", "--user", "--map-root-user", "--pid", "--fork", *more]):
        if subprocess.run([*words, "true"], capture_output=True, check=False).returncode == 0:
            return words
    raise NotRun("no spaces of processes")


def contained(place, words, *more, before=""):
    return subprocess.Popen([*container("--kill-child", *more), "sh", "-c", f'{before} exec "$0" "$@"', PROGRAM, *words], cwd=place.folder,
                            env=place.environment(), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


@case("theorem")
def containers(place):
    """Two containers with one folder, whose processes have the same numbers, are two processes."""
    whole, shared = second_place(place, "whole"), second_place(place, "shared")
    whole.good(*STUDY)
    processes = [contained(shared, [*STUDY, "--jobs", "1"]) for _ in range(2)]
    told = [ended(process) for process in processes]
    codes = sorted(code for code, _ in told)
    check(codes in ([0, 0], [0, BUSY]), f"exit codes {codes}: {told}")
    for _, err in told:
        check(not re.search("No such file|damaged|rejected", err), err)
    check_same_runs(whole, shared)
    same("collected bytes", read(collected(shared)) == read(collected(whole)), True)
    check_no_litter(shared)


ONE = ["run", "batch-size", "--quick", "norm=batch", "batch=8", "samples=8", "seed=1", "images=64", "epochs=5000", NETWORK, "--as", "one"]


@case("fault")
def other_container(place):
    """A run that a container has is named as such from outside; without /proc nobody goes on from its checkpoint."""
    checkpoints = os.path.join(place.out, "runs", "*.checkpoint.h5")
    holder = contained(place, ONE)
    wait_for(holder, checkpoints, 1)
    code, _, err = place.run(*ONE)
    check(code == BUSY and re.search(rb": process \d+ of another container on \S+ is at [0-9a-f]+$", err, re.M), f"{code}, {err!r}")
    holder.kill()
    holder.communicate()
    blind = contained(place, ONE, "--mount", before="umount -l /proc || exit 1;")
    code, err = ended(blind)
    check(code == 69 and "cannot be told whether this is the program that wrote" in err, f"without /proc: {code}, {err!r}")
    check(glob.glob(checkpoints), "the checkpoint is gone")


if __name__ == "__main__":
    main()
