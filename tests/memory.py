#!/usr/bin/python3 -B
"""Memory is refused to every command, call by call: it says so in one line and ends with 71 (EX_OSERR), or nothing shows.

    memory.py few            every so many-th call of three commands: seconds
    memory.py COMMAND        each call of one command, once and from there on, in the program and in its children
    memory.py limits         the kernel's own limit of memory, from what nothing can start with to what is enough
    memory.py --list

What a command does where nothing is refused is known first. Where something is, one of two things must come: exit code
71, and on stderr one line more than the beginning of what it said then; or the same code, output and files as then. A file that is
there afterwards is whole: it has the bytes of before or of then. fault_malloc.c refuses.

What has been found is kept in files under build/, named by program, as specs.py does it: killed, a command goes on where
it was. NORMLAB_MEMORY_MOST is the most calls of a command that are refused (of more, so many spread over all of them).
"""

import concurrent.futures
import functools
import glob
import hashlib
import json
import os
import resource
import shutil
import signal
import struct
import subprocess
import sys
import tempfile

import h5py
import numpy as np

from program import CASES, HOME, PROGRAM, Place, check, main, same

MOST = int(os.environ.get("NORMLAB_MEMORY_MOST", "1500"))
WORKERS = 2
PATIENCE = 60
NO_MEMORY = 71
SOURCE = os.path.join(HOME, "tests", "fault_malloc.c")
KEPT = os.path.join(os.path.dirname(PROGRAM), "memory")
RUN = ["run", "batch-size", "--quick", "--as", "few", "norm=group(2)", "batch=4", "samples=8", "seed=1", "images=8", "epochs=1",
       "network=mlp(depth=1, width=4)", "--jobs", "1"]
LIST = "src/norm/norm.def"
# Words of a command; FRESH: it begins without the results of RUN. A file that it writes: out.EXTENSION.
FRESH = {"run", "jobs"}
COMMANDS = {
    "help": ["--help"],
    "help_check": ["help", "check"],
    "manual": ["help", "--man"],
    "complete": ["help", "--bash"],
    "list": ["list", "norms"],
    "list_json": ["list", "norms", "--json"],
    "list_experiments": ["list", "experiments"],
    "show": ["show", "{few}"],
    "show_json": ["show", "{few}", "--json"],
    "schema": ["show", "{few}", "--schema", "/"],
    "show_other": ["show", "in.h5"],
    "table": ["table", "batch-size", "--from", "{few}"],
    "table_csv": ["table", "batch-size", "--from", "{few}", "--form", "csv"],
    "table_json": ["table", "batch-size", "--from", "{few}", "--form", "json"],
    "table_latex": ["table", "batch-size", "--from", "{few}", "--form", "latex"],
    "table_markdown": ["table", "batch-size", "--from", "{few}", "--form", "markdown"],
    "claims": ["claims", "L05"],
    "diff": ["diff", "{few}", "{few}"],
    "verify": ["verify", "{run}"],
    "check": ["check", "none", "--case", "*.4x2.*"],
    "apply": ["apply", "group(2)", "in.h5", "out.h5"],
    "run": RUN,
    "dry_run": [*RUN, "--dry-run"],
    "plot": ["plot", "batch-size", "svg", "--from", "{few}", "--to", "out.svg"],
    "export": ["export", "group(2)", "--to", "numpy", "--out", "out.py"],
    "evaluate": ["evaluate", "{weights}", "mode=precise"],
    "new": ["new", "norm", "mine"],
    "weave": ["weave", "--check", "README.md"],
}


# ---- a place, and what a command does in it ------------------------------------------------------------------------------


@functools.cache
def library():
    """The library, compiled once."""
    folder = tempfile.mkdtemp(prefix="normlab-test.")
    made = os.path.join(folder, "fault_malloc.so")
    subprocess.run(["cc", "-std=gnu11", "-O1", "-shared", "-fPIC", "-o", made, SOURCE, "-ldl"], check=True)
    return made


def small_checkout(place):
    """A page to weave and a place for new sources."""
    home = place.path("home")
    for folder in ("data", "experiments", "src/norm/template"):
        os.makedirs(os.path.join(home, folder))
    for name in ("CMakeLists.txt", "src/norm/norm.def", "experiments/claims.txt"):
        shutil.copy(os.path.join(HOME, name), os.path.join(home, name))
    for path in glob.glob(os.path.join(HOME, "src/norm/template/*")):
        shutil.copy(path, os.path.join(home, "src/norm/template"))
    for path in glob.glob(os.path.join(HOME, "data/batch-size-L05*")):
        shutil.copy(path, os.path.join(home, "data"))
    with h5py.File(os.path.join(home, "data/own.h5"), "w") as file:
        file["width"] = 3.5
    with open(os.path.join(home, "README.md"), "w", encoding="utf-8") as file:
        file.write("# A page\n\nYou will be able to see.\n\nThere are [3.50](data/own.h5#/width \"%.2f\") of them.\n\n"
                   "<!-- normlab list tasks classify -->\n<!-- end -->\n")


class World:
    """Folders alike but for the place: what a command begins with."""

    def __init__(self, place, name):
        self.place, self.words, self.fresh = place, COMMANDS[name], name in FRESH
        self.small = name in ("new", "weave")
        with h5py.File(place.path("in.h5"), "w") as file:
            rng = np.random.default_rng(1)
            file["x"], file["dy"] = rng.standard_normal((2, 4, 3)), rng.standard_normal((2, 4, 3))
            file["gamma"] = rng.standard_normal(4)
        if self.small:
            small_checkout(place)
            if name == "weave":
                self.settle()
        if not self.fresh and any("{" in word for word in self.words):
            place.good(*RUN, *(["weights=yes"] if "{weights}" in self.words else []))
        run = next(iter(glob.glob(os.path.join(place.out, "runs", "*.h5"))), "")
        few = os.path.join(place.out, "batch-size-few.h5")
        known = {"few": few, "run": run, "weights": run}
        self.words = [word.format(**known) if word.startswith("{") else word for word in self.words]
        self.before = self.files()
        self.usual = self.ask()

    def settle(self):
        """The page as it should be."""
        self.place.good("weave", "README.md", environment={"NORMLAB_HOME": self.place.path("home")})

    def files(self):
        """Digests by path; of results, in which times stand, that their own seal is right."""
        found = {}
        for root, _, names in os.walk(self.place.folder):
            for name in names:
                path = os.path.join(root, name)
                with open(path, "rb") as file:
                    data = file.read()
                sealed = data[-81:].startswith(b"\nnormlab sha256 ")
                whole = sealed and hashlib.sha256(data[:-81]).hexdigest().encode() == data[-65:-1]
                known = path.startswith(self.place.out) and whole
                found[os.path.relpath(path, self.place.folder)] = "whole" if known else hashlib.sha256(data).hexdigest()
        return found

    def restore(self):
        """As it was before the command; what it made goes."""
        for name in set(self.files()) - set(self.before):
            os.remove(self.place.path(name))
        if self.words[0] == "new":
            shutil.copy(os.path.join(HOME, LIST), self.place.path("home", LIST))

    def ask(self, where="nobody", first=1, last=0, limit=None):
        """(code, output, talk, files, calls of program and child, refusals)."""
        with tempfile.NamedTemporaryFile() as shared:
            shared.write(bytes(24))
            shared.flush()
            given = {"LD_PRELOAD": library(), "FAULT_IN": where, "FAULT_FROM": str(first), "FAULT_TO": str(last),
                     "FAULT_FILE": shared.name, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}
            if limit:
                given = {}
            if self.small:
                given["NORMLAB_HOME"] = self.place.path("home")
            process = self.place.start(*self.words, environment=given, start_new_session=True, **(
                {"preexec_fn": lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))} if limit else {}))
            try:
                out, err = process.communicate(timeout=PATIENCE)
            except subprocess.TimeoutExpired:
                os.killpg(process.pid, signal.SIGKILL)
                out, err = process.communicate()
                process.returncode = "no end"
            with open(shared.name, "rb") as file:
                counts = struct.unpack("<3Q", file.read())
        found = self.files()
        return process.returncode, out, err.decode(errors="replace"), found, counts

    def fault_of(self, got):
        """What is wrong with an answer, in words; "": nothing."""
        code, out, err, files, _ = got
        usual_code, usual_out, usual_err, usual_files, _ = self.usual
        lines, usual_lines = err.splitlines(), usual_err.splitlines()
        for name, data in files.items():
            if data not in ("whole", self.before.get(name), usual_files.get(name)) and not name.endswith(".lock"):
                return f"{name} is another file"
        if code == usual_code and code != NO_MEMORY:
            if out != usual_out:
                return f"exit code {code} and another output of {len(out)} bytes, not {len(usual_out)}"
            return "" if set(files) == set(usual_files) else f"exit code {code}, without {set(usual_files) - set(files)}"
        if code != NO_MEMORY:
            return f"exit code {code}: {err[-300:]!r}"
        said = [line for line in lines if "memory" in line]
        if len(said) != 1 or not said[0].startswith("normlab: "):
            return f"{code} with {len(said)} lines of memory: {err[-300:]!r}"
        return "" if len(lines) <= len(usual_lines) + 2 else f"{code} and much talk: {err[-600:]!r}"


# ---- all of it -----------------------------------------------------------------------------------------------------------


class Kept:
    """Findings in a file: appended to, whole lines only."""

    def __init__(self, name):
        with open(PROGRAM, "rb") as file:
            key = hashlib.sha256(file.read())
        with open(SOURCE, "rb") as file:
            key.update(file.read())
        key.update(json.dumps([name, COMMANDS[name], MOST]).encode())
        os.makedirs(KEPT, exist_ok=True)
        self.path, self.known = os.path.join(KEPT, f"{name}-{key.hexdigest()[:12]}.jsonl"), {}
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as file:
                lines = [line for line in file if line.endswith("\n")]  # the last may be a killed run's
            self.known = {tuple(question): answer for question, answer in map(json.loads, lines)}

    def add(self, question, answer):
        self.known[question] = answer
        with open(self.path, "a", encoding="utf-8") as file:
            file.write(json.dumps([question, answer]) + "\n")


def spread(count, most):
    """Numbers from 1 to count; of more than `most`, so many that lie far apart."""
    return sorted({1 + i * (count - 1) // max(1, min(count, most) - 1) for i in range(min(count, most))})


def questions(usual, most):
    """(where, first call refused, last one)"""
    for where, count in zip(("program", "child"), usual[4][:2]):
        for call in spread(count, most):
            yield where, call, call
            yield where, call, 1 << 62


def answer(world, question):
    got = world.ask(*question)
    world.restore()
    return [got[0], got[4][2], world.fault_of(got)]


def refuse(folder, name, most, kept=None):
    """Asks all questions, by workers that have a world each, and prints how often what came."""
    worlds = []
    for i in range(WORKERS):
        os.makedirs(os.path.join(folder, f"{name}{i}"))
        worlds.append(World(Place(os.path.join(folder, f"{name}{i}")), name))
    usual = worlds[0].usual
    check(usual[0] == 0 and not worlds[0].fault_of(usual), f"{name} does not work anyway: {usual[:3]}")
    worlds[1].fault_of(worlds[1].usual)
    for world in worlds:
        world.restore()
    todo = list(questions(usual, most))
    found = kept.known if kept else {}

    def work(i):
        for question in todo[i::WORKERS]:
            if question not in found:
                result = answer(worlds[i], question)
                kept.add(question, result) if kept else found.update({question: result})

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(work, range(WORKERS)))
    asked = [found[question] for question in todo]
    ends = {code: sum(1 for got, _, _ in asked if got == code) for code in sorted({str(a[0]) for a in asked}) for code in
            [int(code) if code.lstrip("-").isdigit() else code]}
    print(f"{name}: {usual[4][0]} calls in the program, {usual[4][1]} in a child; {len(asked)} refusals, exit codes {ends}")
    faults = [f"{question}: {fault}" for question in todo for _, _, fault in [found[question]] if fault]
    check(not faults, "; ".join([f"{name}: {len(faults)} of {len(asked)} are wrong", *faults[:8]]))
    check(sum(1 for _, refused, _ in asked if refused) > len(asked) // 2, f"{name}: most were never refused anything")
    check(ends.get(NO_MEMORY), f"{name}: nothing ended for lack of memory")


def few(place):
    """Twelve calls of each of three commands."""
    for name in ("list", "show", "apply"):
        refuse(place.folder, name, 12)


def limits(place):
    """`list` and `show` below a limit on addresses: the loader's own end (127), one line and 71, or success."""
    for name in ("check", "show", "run", "list"):
        os.makedirs(place.path(name))
        world = World(Place(place.path(name)), name)
        world.restore()
        ends = {}
        for size in [*range(8, 200, 4), *range(200, 420, 10)]:
            code, out, err, files, _ = got = world.ask(limit=size << 20)
            world.restore()
            ends.setdefault(code, []).append(size)
            loader = code == 127 and not out and "error while loading shared libraries" in err
            fault = "" if loader else world.fault_of(got)
            check(not fault, f"{name} in {size} MiB: {fault}")
        print(f"{name}:", ", ".join(f"{code} from {min(all)} to {max(all)} MiB" for code, all in ends.items()))
        check(0 in ends, f"{name} never works")


def all_of(name):
    def ask(place):
        refuse(place.folder, name, MOST, Kept(name))

    ask.__name__ = name
    return ask


CASES += [("few", "fault", few), ("limits", "memory", limits)]
CASES += [(name, "memory", all_of(name)) for name in COMMANDS]

if __name__ == "__main__":
    main()
