#!/usr/bin/python3 -B
"""Several processes at a study, under mpirun: workers of one run on several ranks have the bits of one process, and
ranks that share the runs of a study may be killed. Not in the default set: `./normlab test -L mpi`, ten minutes.

    ranks.py CASE
    ranks.py --list
    ranks.py --kills N   of `killed`: N kills instead of 20

The program is one of its own, in build/mpi. Ranks are more than processors here, and root may start them.
"""

import glob
import os
import random
import shutil
import signal
import subprocess
import sys
import time

import program
from program import HOME, NotRun, case, check, main, same
from small_study import content, taken

TREE = os.path.join(HOME, "build", "mpi")
LAUNCHER = {"OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1",
            "OMPI_MCA_rmaps_base_oversubscribe": "1", "OMPI_MCA_hwloc_base_binding_policy": "none",
            "OMPI_MCA_mpi_yield_when_idle": "1"}
KILLS = 20
RECIPE = ["run", "batch-size", "--quick", "network=resnet(depth=8, width=4, stem_stride=4)", "seed=7", "flip=yes",
          "shift=2", "weights=yes"]

# What a step, its moments, its optimizer and its evaluation can be: W = 1 and 4, 3, 4 and 3 workers by themselves.
STUDIES = {
    "together": ["norm=batch,group:2,renorm,regroup(2, every=1)", "samples=16", "batch=16,4", "images=64", "epochs=2",
                 "running=precise", "probes=moments+gradients", "probe_every=3"],
    "three": ["protocol=paper", "workers=3", "batch=4", "norm=batch,mix(batch, group(2))", "images=48", "epochs=2",
              "optimizer=adamw", "worker_clip=0.5", "worker_noise=0.1", "running=pooled", "sizes=mix(20x20, 28x28)"],
    "synced": ["protocol=paper", "workers=3", "batch=4", "norm=batch(sync=yes),batch(sync=yes, center=no)|group(2)",
               "images=48", "epochs=2", "running=pooled", "probes=moments+gradients", "probe_every=3"],
    "apart": ["protocol=paper", "workers=3,4", "batch=4", "norm=batch,group:2", "images=64", "epochs=2", "local=3",
              "clip=1", "probes=moments", "probe_every=2"],
}


def built():
    """The program with MPI."""
    if shutil.which("mpirun") is None or shutil.which("mpicc") is None:
        raise NotRun("no mpirun: ./normlab test -L mpi installs it")
    for words in (["cmake", "-S", HOME, "--preset", "mpi", "-DBUILD_TESTING=OFF"], ["ninja", "-C", TREE, "normlab"]):
        done = subprocess.run(words, cwd=HOME, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                              stderr=subprocess.STDOUT, text=True, errors="replace", check=False)
        check(done.returncode == 0, f"{' '.join(words)}: exit code {done.returncode}: {done.stdout[-3000:]}")
    program.PROGRAM = os.path.join(TREE, "normlab")
    same("what it is built with", subprocess.check_output([program.PROGRAM, "--version"], text=True).split()[2:], ["mpi"])


def start(place, ranks, words, out, options=()):
    """mpirun, of a process group of its own."""
    return subprocess.Popen(["mpirun", *options, "-n", str(ranks), program.PROGRAM, *words], cwd=place.folder,
                            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                            errors="replace", env=place.environment({**LAUNCHER, "NORMLAB_OUT": out}),
                            start_new_session=True)


def over(process, seconds=program.PATIENCE):
    """(exit code, what it said)."""
    try:
        said, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        os.killpg(process.pid, signal.SIGKILL)
        said, _ = process.communicate()
        raise program.Failure(f"mpirun was not over after {seconds} s: {said[-2000:]}") from None
    return process.returncode, said


def shared(place, ranks, words, out, options=()):
    code, said = over(start(place, ranks, words, out, options))
    check(code == 0, f"{ranks} ranks: {' '.join(words)}: exit code {code}: {said[-3000:]}")
    return said


def run_files(out):
    return sorted(path for path in glob.glob(os.path.join(out, "runs", "*.h5")) if ".checkpoint" not in path)


def same_files(what, out, expected):
    """Runs and the collected file, bit by bit; and nothing that somebody was to take away."""
    for folder in ("runs", ""):
        names, others = (sorted(os.path.basename(path) for path in glob.glob(os.path.join(of, folder, "*.h5")))
                         for of in (out, expected))
        same(f"{what}: files", names, others)
        for name in names:
            got, want = (content(os.path.join(of, folder, name)) for of in (out, expected))
            differs = sorted({key for key in got.keys() | want.keys() if got.get(key) != want.get(key)})
            check(not differs, f"{what}: {name}: other bits in {differs[:5]}")
    same(f"{what}: locks", glob.glob(os.path.join(out, "runs", "*.lock")), [])


def alone(place, words):
    """The folder of one process."""
    out = place.path("alone")
    place.good(*words, environment={"NORMLAB_OUT": out})
    return out


def bits(place, study):
    built()
    words = RECIPE + STUDIES[study] + ["--as", "few"]
    expected = alone(place, words)
    for ranks in (2, 3, 4):
        for threads in (1, 2):
            out = place.path(f"{ranks}x{threads}")
            shared(place, ranks, [*words, "--ranks", str(ranks), "--threads", str(threads)], out)
            same_files(f"{ranks} ranks x {threads} threads", out, expected)
            shutil.rmtree(out)


@case("mpi")
def bits_together(place):
    bits(place, "together")


@case("mpi")
def bits_three(place):
    bits(place, "three")


@case("mpi")
def bits_synced(place):
    """Workers of several ranks meet in a step; a rank may have none."""
    bits(place, "synced")


@case("mpi")
def bits_apart(place):
    bits(place, "apart")


@case("mpi")
def groups(place):
    """Two groups of two ranks have the runs of a study between them."""
    built()
    words = RECIPE + STUDIES["together"] + ["--as", "few"]
    expected = alone(place, words)
    out = place.path("groups")
    said = shared(place, 4, [*words, "--ranks", "2"], out)
    same_files("2 groups of 2", out, expected)
    told = said.count("a step took")
    check(0 < told < len(run_files(out)), f"the first group had {told} of {len(run_files(out))} runs: {said[-2000:]}")


def processes(out):
    """Those of the program that write to `out`: {process: its number among the ranks}."""
    found = {}
    for folder in glob.glob("/proc/[0-9]*"):
        try:
            with open(os.path.join(folder, "environ"), "rb") as file:
                words = dict(word.split(b"=", 1) for word in file.read().split(b"\0") if b"=" in word)
            if os.readlink(os.path.join(folder, "exe")) == program.PROGRAM and words.get(b"NORMLAB_OUT") == out.encode():
                found[int(os.path.basename(folder))] = int(words[b"OMPI_COMM_WORLD_RANK"])
        except (OSError, KeyError, ValueError):
            continue
    return found


def wait_for(what, condition, seconds=200):
    end = time.monotonic() + seconds
    while not condition():
        check(time.monotonic() < end, f"{what}: not after {seconds} s")
        time.sleep(0.05)


@case("mpi")
def resumed(place):
    """Killed in the middle, gone on with fewer ranks, stopped by a signal to one of them, ended by one process."""
    built()
    for study in ("together", "apart"):
        some = [word for word in STUDIES[study] if not word.startswith(("norm=", "batch=", "workers=", "epochs="))]
        words = RECIPE + some + ["norm=batch", "batch=4", "epochs=40", "--as", study]
        words += ["workers=4"] if study == "apart" else []
        expected = alone(place, words)
        out = place.path(study)

        def checkpoints():
            """When those that are there were written."""
            return {os.stat(path).st_mtime_ns for path in glob.glob(os.path.join(out, "runs", "*.checkpoint*.h5"))}

        first = start(place, 3, [*words, "--ranks", "3"], out)
        wait_for("a checkpoint", checkpoints)
        os.kill(random.choice(list(processes(out))), signal.SIGKILL)
        code, said = over(first)
        check(code != 0 and not run_files(out), f"killed: {code}: {said[-2000:]}")
        before = checkpoints()
        second = start(place, 2, [*words, "--ranks", "2", "--threads", "2"], out)
        wait_for("the next checkpoint", lambda: checkpoints() - before)
        os.kill(next(of for of, rank in processes(out).items() if rank == 1), signal.SIGTERM)
        code, said = over(second)
        check(code == 143 and not run_files(out) and checkpoints(), f"stopped: {code}: {said[-2000:]}")
        place.good(*words, environment={"NORMLAB_OUT": out})
        same_files(f"{study}, resumed", out, expected)
        shutil.rmtree(expected)


@case("mpi")
def waiting(place):
    """Where another process has the run that is left, the first signal to any rank ends the wait."""
    built()
    words = RECIPE + ["norm=batch", "batch=4", "images=48", "epochs=1", "--as", "one"]
    name, = (os.path.basename(path) for path in run_files(alone(place, words)))
    out = place.path("waiting")
    with taken(os.path.join(out, "runs", name)):
        process = start(place, 2, [*words, "--ranks", "2"], out)
        wait_for("two ranks", lambda: len(processes(out)) == 2)
        time.sleep(5)  # they are through with what is free: nothing
        check(process.poll() is None, "it did not wait")
        os.kill(next(of for of, rank in processes(out).items() if rank == 1), signal.SIGTERM)
        code, said = over(process, 30)
        same("exit code", code, 143)


SWEEP = RECIPE + ["samples=16", "norm=batch,group:2,layer", "batch=16,4", "seed=1,2,3", "images=48", "epochs=6",
                  "--as", "few"]


def left(out):
    """What is neither a run nor the study: nothing."""
    found = os.listdir(os.path.join(out, "runs"))
    return sorted(name for name in found if not name.endswith(".h5") or "checkpoint" in name)


@case("mpi")
def killed(place):
    """Ranks share the runs of a study. Whichever of their processes is killed, whenever, the same command goes on."""
    built()
    expected = alone(place, SWEEP)
    out = place.path("killed")
    kills = begun = finished = 0
    while kills < KILLS:
        begun += 1
        job = start(place, 3, SWEEP, out)
        wait_for("a process", lambda: processes(out) or job.poll() is not None)
        time.sleep(random.uniform(0, 4))
        victims = list(processes(out))
        if victims and job.poll() is None:
            try:
                os.kill(random.choice(victims), signal.SIGKILL)
                kills += 1
            except ProcessLookupError:
                pass
        over(job)
        wait_for("the end of all", lambda: not processes(out))
        if os.path.exists(os.path.join(out, "batch-size-few.h5")):
            same_files(f"after {kills} kills", out, expected)
            shutil.rmtree(out)
            finished += 1
    shared(place, 3, SWEEP, out)
    same_files(f"after {kills} kills", out, expected)
    same("what is left", left(out), [])
    print(f"{kills} kills in {begun} jobs of 3 ranks; {finished} studies were finished on the way, and the last one")


@case("mpi")
def recovery(place):
    """A rank dies, and its launcher lets the others go on: they have its runs, too."""
    built()
    expected = alone(place, SWEEP)
    out = place.path("recovery")
    job = start(place, 3, SWEEP, out, ["--enable-recovery"])
    wait_for("a checkpoint", lambda: glob.glob(os.path.join(out, "runs", "*.checkpoint*.h5")))
    ranks = processes(out)
    dead = [of for of, rank in ranks.items() if rank == 1]
    for of in dead:
        os.kill(of, signal.SIGKILL)
    code, said = over(job)
    check(len(dead) > 1, f"rank 1 had no run: {ranks}")
    same_files(f"without rank 1 (exit code {code})", out, expected)
    same("what is left", left(out), [])
    check("validation error" in said.lower(), f"no table: {said[-2000:]}")


@case("mpi")
def refusals(place):
    built()
    words = RECIPE + STUDIES["three"]
    place.refused(64, [*words, "--ranks", "2"], "--ranks 2", "1 process was started", "mpirun -n 2")
    place.refused(64, [*words, "--ranks", "2", "--jobs", "2"], "--jobs", "--ranks 2")
    place.refused(64, [*words, "--threads", "2"], "--threads", "--ranks")
    code, said = over(start(place, 3, [*words, "--ranks", "2"], place.out))
    check(code == 64 and "3 processes were started, a multiple of 2 is expected" in said, f"3 of 2: {code}: {said}")


if __name__ == "__main__":
    if sys.argv[1:2] == ["--kills"]:
        KILLS = int(sys.argv[2])
        sys.argv[1:] = ["killed"]
    main()
