#!/usr/bin/python3 -B
"""A study in parts, by hand and as what --slurm writes: each run once, and the file of one process. Slurm itself is asked
by tests/slurm.py."""

import glob
import os
import re
import signal
import stat
import subprocess
import time

from program import Place, check, case, main, same

STUDY = ["run", "batch-size", "--quick", "norm=batch,group:4", "batch=8,4", "samples=8", "seed=1,2,3", "images=32", "epochs=1",
         "network=resnet(depth=8, width=4, stem_stride=2)", "--as", "few"]
RUNS = 9  # batch: 2 sizes x 3 seeds; group, the same at both sizes: 3 seeds


def inside(place, name):
    os.mkdir(place.path(name))
    return Place(place.path(name))


def read(*names):
    with open(os.path.join(*names), "rb") as file:
        return file.read()


def listed(text):
    """Runs that --dry-run lists."""
    return re.findall(r"^([0-9a-f]{16})  (?:to do|finished) ", text, re.M)


@case("theorem")
def of_a_study(place):
    """N parts are all runs, each in one part, finished or not; done by them all, the study has the bytes that one process gives."""
    whole, parts = inside(place, "whole"), inside(place, "parts")
    runs = listed(whole.good(*STUDY, "--dry-run"))
    same("runs", len(set(runs)), RUNS)
    found = [listed(whole.good(*STUDY, "--dry-run", "--part", f"{i + 1}/4")) for i in range(4)]
    same("4 parts", found, [runs[i::4] for i in range(4)])
    whole.good(*STUDY, "--part", "10/10")
    check("part 10/10 is done, 0 of 9 runs" in whole.talk and not os.path.exists(os.path.join(whole.out, "runs")), whole.talk)
    table = whole.good(*STUDY)
    same("output of a part", parts.good(*STUDY, "--part", "1/2"), "")
    check("part 1/2 is done, 5 of 9 runs" in parts.talk and "5 of 9 runs are finished" in parts.talk, parts.talk)
    check(not os.path.exists(os.path.join(parts.out, "batch-size-few.h5")), "collected by a part")
    parts.good(*STUDY, "--part", "2/2")
    check("9 of 9 runs are finished" in parts.talk, parts.talk)
    same("table", parts.good(*STUDY).replace("/parts/", "/whole/"), table)
    check("9 of 9 runs were finished before" in parts.talk, parts.talk)
    same("collected bytes", read(parts.out, "batch-size-few.h5") == read(whole.out, "batch-size-few.h5"), True)


@case("fault")
def refused(place):
    """What is no part, and what --slurm cannot mean."""
    for part in ("0/3", "4/3", "2", "1/0", "a/3", "1/3/3", "-1/3", ""):
        place.refused(64, [*STUDY, "--part", part], f"--part {part}: I/N is expected")
    place.refused(64, [*STUDY, "--array-limit", "3"], "--array-limit is of --slurm")
    place.refused(64, [*STUDY, "--slurm", "--array-limit", "0"], "--array-limit 0: a whole number from 1")
    place.refused(64, [*STUDY, "--slurm", "--restart"], "--slurm and --restart", "checkpoint")
    place.refused(64, [*STUDY, "--slurm", "--dry-run"], "--slurm and --dry-run")
    place.refused(64, [*STUDY, "--slurm", "--part", "1/2"], "--slurm and --part")
    os.mkdir(place.path("a\nb"))
    code, _, err = place.run(*STUDY, "--slurm", environment={"NORMLAB_OUT": place.path("a\nb")})
    same("exit code", code, 73)
    check(b"line break" in err, err)


# ---- what is written for Slurm --------------------------------------------------------------------------------------


class Cluster:
    """The two scripts of a study, in folders of awkward names, and a cluster that notes what it is asked."""

    def __init__(self, place, *words, changes=None):
        self.place = Place(self.made(place, """a 'b' "c" $HOME `d` & 100%;"""))
        self.changes = changes or {}
        text = self.place.good(*STUDY, *words, "--slurm", environment=self.changes)
        self.array, self.last = self.submitted(text)

    @staticmethod
    def made(place, name):
        os.mkdir(place.path(name))
        return place.path(name)

    def submitted(self, commands):
        """What a shell makes of the commands: sbatch's words."""
        os.mkdir(self.place.path("bin"))
        for name in ("sbatch", "scontrol"):
            tool = self.place.path("bin", name)
            with open(tool, "w", encoding="utf-8") as file:
                file.write(f'#!/bin/sh\nprintf "%s\\n" {name} "$@" >>"$ASKED"\necho "77;here"\n')
            os.chmod(tool, 0o755)
        same("exit code", self.shell(["bash", "-c", commands], {}).wait(), 0)
        words = self.asked()
        same("sbatch, twice", [words[i] for i in (0, 1, 3, 4, 5)],
             ["sbatch", "--parsable", "sbatch", "--dependency=afterok:77", "--kill-on-invalid-dep=yes"])
        return words[2], words[6]

    def asked(self):
        path = self.place.path("asked")
        return read(path).decode().splitlines() if os.path.exists(path) else []

    def shell(self, command, changes, **more):
        """Where nothing is as it was when the scripts were written."""
        path = self.place.path("bin") + ":" + os.environ["PATH"]
        elsewhere = {"NORMLAB_OUT": "/nowhere", "NORMLAB_LATER": "x", "ASKED": self.place.path("asked"), "PATH": path, **changes}
        return subprocess.Popen(command, cwd="/", env=self.place.environment(elsewhere), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.STDOUT, start_new_session=True, **more)

    def task(self, i, *words, script=None):
        changes = {} if script else {"SLURM_ARRAY_TASK_ID": str(i), "SLURM_ARRAY_JOB_ID": "77"}
        return self.shell(["bash", script or self.array, *words], {**changes, "SLURM_JOB_ID": "78"})

    def done(self, *task, **more):
        process = self.task(*task, **more)
        text = process.communicate(timeout=200)[0].decode()
        same(f"exit code of {task}: {text}", process.returncode, 0)
        return text


@case("theorem")
def of_an_array(place):
    """The tasks of an array are all runs, each once, wherever they stand; the settings and the environment travel whole."""
    norm = """mine: y = gamma * x + beta # it's "mine" $HOME"""
    cluster = Cluster(place, "--array-limit", "4", "norm=batch,group:4,mine", "--let", norm, changes={"NORMLAB_DATA": "data 'of' mine"})
    for script in (cluster.array, cluster.last):
        same("bash -n", subprocess.run(["bash", "-n", script], capture_output=True, check=False).stderr, b"")
        check(stat.S_ISREG(os.stat(script).st_mode) and "/out/slurm/batch-size-few" in script, script)
    head = re.findall("^#SBATCH --(.*)$", read(cluster.array).decode(), re.M)
    for line in ("array=0-3", "requeue", "open-mode=append", "signal=B:USR1@120", "job-name=batch-size-few"):
        check(line in head, f"{line} is not in {head}")
    runs = listed(cluster.place.good(*STUDY, "norm=batch,group:4,mine", "--let", norm, "--dry-run"))
    found = [listed(cluster.done(i, "--dry-run")) for i in range(4)]
    same("runs of the tasks", found, [runs[i::4] for i in range(4)])
    same("runs of the last", listed(cluster.done(0, "--dry-run", script=cluster.last)), runs)
    before = read(cluster.array).decode().split("\ncd ")[0] + "\nenv | grep ^NORMLAB_"
    seen = subprocess.run(["bash", "-c", before], capture_output=True, env={"NORMLAB_LATER": "x", "PATH": os.environ["PATH"]},
                          check=False).stdout.decode()
    check("NORMLAB_DATA=data 'of' mine\n" in seen and f"NORMLAB_OUT={cluster.place.out}\n" in seen and "LATER" not in seen, seen)
    single = Cluster(inside(place, "single"))
    check("array=0-8" in read(single.array).decode(), "not a task for each run")


def told(cluster, number):
    """A task that gets a signal when its run has begun, and what came of it."""
    process = cluster.task(1)
    deadline = time.monotonic() + 60
    while not glob.glob(os.path.join(glob.escape(cluster.place.out), "runs", "*.lock")):
        check(time.monotonic() < deadline and process.poll() is None, "no run began")
        time.sleep(0.005)
    process.send_signal(number)
    text = process.communicate(timeout=100)[0].decode()
    same(f"exit code after {number.name}: {text}", process.returncode, 143)
    check("goes on from there" in text, text)


@case("theorem")
def of_a_job_that_is_stopped(place):
    """SIGUSR1 to the script is a checkpoint, a clean stop, and the same task once more; SIGTERM is the stop alone. What is done
    then has the bytes of one process."""
    longer = ["seed=1", "images=128", "epochs=4", "--jobs", "1"]
    whole, cluster = inside(place, "whole"), Cluster(place, *longer, "--array-limit", "2")
    begun = len(cluster.asked())
    told(cluster, signal.SIGTERM)
    same("asked for after SIGTERM", cluster.asked()[begun:], [])
    told(cluster, signal.SIGUSR1)
    same("asked for after SIGUSR1", cluster.asked()[begun:], ["scontrol", "requeue", "77_1"])
    cluster.done(1)
    cluster.done(0)
    text = cluster.done(0, script=cluster.last)
    check("3 of 3 runs were finished before" in text, text)
    whole.good(*STUDY, *longer)
    same("collected bytes", read(cluster.place.out, "batch-size-few.h5") == read(whole.out, "batch-size-few.h5"), True)


if __name__ == "__main__":
    main()
