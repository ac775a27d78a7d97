#!/usr/bin/python3 -B
"""`normlab run --slurm` on a cluster of one machine: Slurm's own daemons, started and stopped here. Some minutes, and
nobody else's Slurm may run on the machine: `./normlab test -L slurm`. tests/parts.py judges the scripts without it."""

import contextlib
import glob
import os
import re
import shutil
import socket
import subprocess
import time

import program
from program import NotRun, Place, check, case, main, same

CONF = """ClusterName=normlab
SlurmctldHost={host}(127.0.0.1)
SlurmUser={user}
SlurmdUser={user}
AuthType=auth/munge
AuthInfo=socket={folder}/munge.socket
CryptoType=crypto/munge
SlurmctldPort={port}
SlurmdPort={other}
StateSaveLocation={folder}/state
SlurmdSpoolDir={folder}/spool
SlurmctldPidFile={folder}/slurmctld.pid
SlurmdPidFile={folder}/slurmd.pid
SlurmctldLogFile={folder}/slurmctld.log
SlurmdLogFile={folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ReturnToService=2
SchedulerParameters=sched_interval=5,bf_interval=5
KillWait=20
NodeName={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes={host} Default=YES MaxTime=INFINITE State=UP
"""
FOLDER = """a 'b' "c" $HOME & 100% `d`"""  # where the study is: Slurm and two shells read its name
# A run takes most of a minute: Slurm looks every 30 seconds for jobs whose time is almost up.
STUDY = ["run", "batch-size", "--quick", "norm=batch", "batch=4", "samples=8", "seed=1,2,3", "images=400", "epochs=1000",
         "network=resnet(depth=8, width=4, stem_stride=2)", "--jobs", "1", "--as", "few"]
PATIENCE = program.PATIENCE = 3000  # seconds


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def wait_for(what, ready, seconds=PATIENCE):
    deadline = time.monotonic() + seconds
    while not (found := ready()):
        check(time.monotonic() < deadline, f"{what}: not in {seconds} s")
        time.sleep(0.2)
    return found


class Slurm:
    """A cluster of two processors in a folder of its own; its daemons end with the `with`."""

    def __init__(self, place):
        for tool in ("sbatch", "slurmctld", "slurmd", "munged"):
            if not shutil.which(tool):
                raise NotRun(f"{tool} is missing: ./normlab test -L slurm installs it")
        self.folder, self.daemons = place.path("slurm"), []
        os.chmod(place.folder, 0o755)  # munge wants its socket to be reached by all
        for name in ("", "state", "spool"):
            os.mkdir(os.path.join(self.folder, name))
        self.conf = os.path.join(self.folder, "slurm.conf")
        host, user = socket.gethostname().split(".")[0], subprocess.check_output(["id", "-un"], text=True).strip()
        with open(self.conf, "w", encoding="utf-8") as file:
            file.write(CONF.format(host=host, user=user, folder=self.folder, port=free_port(), other=free_port()))
        self.environment = {**os.environ, "SLURM_CONF": self.conf}

    def __enter__(self):
        try:
            self.begin()
        except BaseException:
            self.__exit__()
            raise
        return self

    def begin(self):
        key, at = os.path.join(self.folder, "key"), self.folder
        with open(key, "wb") as file:
            file.write(os.urandom(1024))
        os.chmod(key, 0o600)
        self.start("munged", "--foreground", "--key-file", key, "--socket", f"{at}/munge.socket", "--pid-file", f"{at}/munged.pid",
                   "--log-file", f"{at}/munged.log", "--seed-file", f"{at}/munged.seed")
        wait_for("munge's socket", lambda: os.path.exists(f"{at}/munge.socket"), 60)
        self.start("slurmctld", "-D", "-c", "-f", self.conf)
        self.start("slurmd", "-D", "-c", "-f", self.conf)
        wait_for(f"an idle node, {self.talk()}", lambda: "idle" in self.ask("sinfo", "-h", "-o", "%t"), 120)

    def start(self, *words):
        log = open(os.path.join(self.folder, words[0] + ".out"), "wb")
        self.daemons.append(subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                             start_new_session=True))

    def talk(self):
        return " ".join(open(path, encoding="utf-8", errors="replace").read()[-300:] for path in glob.glob(f"{self.folder}/*.out"))

    def __exit__(self, *_):
        """The jobs end first: a step whose daemons are gone tries to end its processes by their numbers for ever."""
        with contextlib.suppress(OSError, subprocess.TimeoutExpired):
            self.ask("scancel", "--user", str(os.getuid()))
            deadline = time.monotonic() + 60
            while self.ask("squeue", "-h").strip() and time.monotonic() < deadline:
                time.sleep(0.5)
        for daemon in reversed(self.daemons):
            daemon.terminate()
        for daemon in self.daemons:
            try:
                daemon.wait(30)
            except subprocess.TimeoutExpired:
                daemon.kill()

    def ask(self, *words):
        """stdout; "" of what cannot be answered yet."""
        done = subprocess.run(words, env=self.environment, capture_output=True, text=True, timeout=60, check=False)
        return done.stdout

    def job(self, name):
        """What Slurm says of a job: {"JobState": "RUNNING", ...}."""
        return dict(word.split("=", 1) for word in self.ask("scontrol", "show", "job", name, "-o").split() if "=" in word)

    def restarts(self, array):
        return [int(self.job(f"{array}_{i}").get("Restarts", 0)) for i in range(3)]

    def submit(self, place, time_limit):
        """The numbers of array and last job, by the commands that --slurm prints."""
        commands = place.good(*STUDY, "--slurm")
        done = subprocess.run(["sh", "-c", commands + "\necho $array"], cwd="/", text=True, capture_output=True, timeout=60, check=False,
                              env={**self.environment, "SBATCH_TIMELIMIT": str(time_limit)})
        found = re.fullmatch(r"Submitted batch job (\d+)\n(\d+)\n", done.stdout)
        check(found, f"sbatch: {done.stdout} {done.stderr}")
        return found[2], found[1]


def inside(place, name):
    os.mkdir(place.path(name))
    return Place(place.path(name))


def read(*names):
    with open(os.path.join(*names), "rb") as file:
        return file.read()


def log_of(place, what):
    path = os.path.join(place.out, "slurm", f"batch-size-few{what}.log")
    return read(path).decode() if os.path.exists(path) else ""


@case("theorem")
def study(place):
    """An array of which one task is preempted, one meets its time, and the last to start is told by hand: each is queued again by
    itself and goes on, and the collected file and the table are those of one process, byte by byte."""
    whole, spread = inside(place, "whole"), inside(place, FOLDER)
    table = whole.good(*STUDY)
    with Slurm(place) as slurm:
        array, last = slurm.submit(spread, time_limit=2)

        hurried = set()

        def hurry(to_the_end=False):
            """What was queued again waits for two minutes otherwise; at once slurmd would refuse it."""
            over = slurm.job(last).get("JobState") == "COMPLETED"
            check(to_the_end or not over, "the runs are over before anything happened to them")
            for i in range(3):
                job = slurm.job(f"{array}_{i}")
                if job.get("JobState") == "PENDING" and job.get("Restarts") != "0" and (i, job["Restarts"]) not in hurried:
                    hurried.add((i, job["Restarts"]))
                    slurm.ask("scontrol", "update", f"JobId={array}_{i}", "StartTime=now+10")

        locks = os.path.join(glob.escape(spread.out), "runs", "*.lock")
        wait_for("two runs", lambda: len(glob.glob(locks)) == 2)
        slurm.ask("scontrol", "requeue", f"{array}_0")
        wait_for("the first task again", lambda: hurry() or slurm.restarts(array)[0] > 0)
        wait_for("its stop", lambda: "goes on from there" in log_of(spread, "-0"))
        wait_for("SIGUSR1 before the second's time is up", lambda: hurry() or slurm.restarts(array)[1] > 0)
        check("goes on from there" in log_of(spread, "-1"), log_of(spread, "-1"))
        for i in range(3):
            slurm.ask("scontrol", "update", f"JobId={array}_{i}", "TimeLimit=UNLIMITED")
        before = slurm.restarts(array)
        wait_for("the third task", lambda: hurry() or slurm.job(f"{array}_2").get("JobState") == "RUNNING")
        time.sleep(2)  # its script listens by then
        slurm.ask("scancel", "--batch", "--signal=USR1", f"{array}_2")
        wait_for("it again", lambda: slurm.restarts(array)[2] > before[2])
        same("restarts of the others", slurm.restarts(array)[:2], before[:2])
        wait_for("the end", lambda: hurry(to_the_end=True) or "COMPLETED" == slurm.job(last).get("JobState"))
        print(f"restarts of the tasks: {slurm.restarts(array)}")
    text = log_of(spread, ".collect")
    check("3 of 3 runs were finished before" in text, text)
    rows = table[:table.index("\n" + whole.out)]
    check(rows in text, f"the table is another: {text}")
    same("collected bytes", read(spread.out, "batch-size-few.h5") == read(whole.out, "batch-size-few.h5"), True)


@case("example")
def cancelled(place):
    """Who cancels the array cancels the study: no task comes back, and the job that collects does not begin to do the runs."""
    spread = inside(place, FOLDER)
    with Slurm(place) as slurm:
        array, last = slurm.submit(spread, time_limit=60)
        wait_for("two runs", lambda: len(glob.glob(os.path.join(glob.escape(spread.out), "runs", "*.lock"))) == 2)
        slurm.ask("scancel", array)
        wait_for("the end of the last job", lambda: slurm.job(last).get("JobState") == "CANCELLED", 300)
        wait_for("the end of the tasks", lambda: not slurm.ask("squeue", "-h"), 300)
        same("restarts", slurm.restarts(array), [0, 0, 0])
    same("what the last job said", log_of(spread, ".collect"), "")
    check("goes on from there" in log_of(spread, "-0"), "not a clean stop")


if __name__ == "__main__":
    main()
