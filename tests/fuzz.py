#!/usr/bin/python3 -B
"""Bytes that nobody wrote, put to whatever reads bytes of others (tests/fuzz): libFuzzer under sanitizers until a target has
had as many as its goal says. What was found interesting, and how many there were, is kept in out/fuzz, so that a run that was
killed goes on; days may lie between two sittings, and machines: counts that were written down begin where others ended. Outside
the default set: ctest -L fuzz.

    fuzz.py TARGET [SECONDS]   goes on with a target, at most so long (else until its goal is reached)
    fuzz.py --reached          executions of each target so far, and what was found
    fuzz.py --note             writes the counts of this machine into tests/fuzz/reached.txt, to those of others

A finding is an input that ends the process, takes ten seconds, or 1 GiB; it stays in out/fuzz/TARGET/found. HDF5 files are
read in the fuzzer's own process, which libhdf5 may crash: then the program itself, which reads them in another (src/store),
must refuse the file; so it is counted and no finding.
"""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = os.path.dirname(HERE)
OUT = os.environ.get("NORMLAB_OUT") or os.path.join(HOME, "out")
BUILD = os.path.join(HOME, "build", "fuzz")
NOTED = os.path.join(HERE, "fuzz", "reached.txt")
PROGRAM = os.path.join(BUILD, "tests", "test-inputs")
FRAME = re.compile(r"^ +#\d+ 0x[0-9a-f]+ (?:in (\S+) )?(.*)$", re.M)
RUNTIME = re.compile(r"libc\.so|nptl/|sysdeps/|stdlib/|linux-vdso|libstdc|(^| )(__asan|__ubsan|__sanitizer|__interceptor|fuzzer::|___interceptor)")
A_ROUND = 600


def targets():
    text = open(os.path.join(HERE, "fuzz", "targets.def"), encoding="utf-8").read()
    return {name: int(goal) for name, goal in re.findall(r"^TARGET\((\w+), (\d+),", text, re.M)}


def noted():
    """{target: executions} that were written down, on whatever machine."""
    if not os.path.exists(NOTED):
        return {}
    with open(NOTED, encoding="utf-8") as file:
        return {name: int(count) for name, count in (line.split() for line in file if not line.startswith("#"))}


def note():
    """What this machine did is then counted there alone."""
    found = {name: executions(name) for name in targets()}
    with open(NOTED, "w", encoding="utf-8") as file:
        file.write("# Executions of each target so far: tests/fuzz.py --note\n")
        file.writelines(f"{name} {count}\n" for name, count in found.items())
    for name in found:
        tally(name, executions=-tally(name)["executions"])


def folder(target, *names):
    path = os.path.join(OUT, "fuzz", target, *names)
    os.makedirs(path, exist_ok=True)
    return path


def tally(target, **more):
    """What is known of a target, with what came to it."""
    path = os.path.join(folder(target), "reached.json")
    known = {"executions": 0, "hdf5": 0}
    if os.path.exists(path):
        with open(path, encoding="utf-8") as file:
            known.update(json.load(file))
    for name, count in more.items():
        known[name] += count
    with open(path + ".new", "w", encoding="utf-8") as file:
        json.dump(known, file)
    os.replace(path + ".new", path)
    return known


def executions(target):
    """Here and elsewhere."""
    return noted().get(target, 0) + tally(target)["executions"]


def build():
    for words in (["cmake", "--preset", "fuzz"], ["cmake", "--build", BUILD, "-j2", "--target", "test-inputs"]):
        done = subprocess.run(words, cwd=HOME, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
        if done.returncode != 0:
            sys.exit(f"{' '.join(words)}: exit code {done.returncode}: {done.stdout[-3000:]}")


def libfuzzer(target, place, *words, **variables):
    around = {k: v for k, v in os.environ.items() if not k.startswith("NORMLAB_")}
    around.update(NORMLAB_HOME=HOME, NORMLAB_TARGET=target, TMPDIR=place, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1",
                  ASAN_OPTIONS="detect_leaks=0", UBSAN_OPTIONS="print_stacktrace=1", **variables)
    return subprocess.run([PROGRAM, "-timeout=10", "-rss_limit_mb=3000", "-malloc_limit_mb=1024", "-close_fd_mask=3", "-print_final_stats=1",
                           f"-artifact_prefix={place}/", *words], env=around, cwd=place, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                          errors="replace")


def blames_hdf5(said):
    """Whether the innermost function that is nobody's runtime is HDF5's."""
    for frame in FRAME.finditer(said):
        if not RUNTIME.search(frame[0]):
            return "libhdf5" in frame[2]
    return False


def executed(said):
    final = re.search(r"number_of_executed_units: +(\d+)", said)
    return int(final[1]) if final else max(map(int, re.findall(r"^#(\d+)\t", said, re.M)), default=0)


def one_round(target, seconds, runs):
    """Executions, and the file of a finding or None."""
    with tempfile.TemporaryDirectory(dir="/dev/shm" if os.access("/dev/shm", os.W_OK) else None) as place:
        kept = os.path.join(HERE, "fuzz", "corpus", target)
        done = libfuzzer(target, place, f"-max_total_time={seconds}", f"-runs={runs}", folder(target, "corpus"), kept)
        tally(target, executions=executed(done.stderr))
        if done.returncode == 0:
            return None
        inputs = [name for name in os.listdir(place) if re.match(r"(crash|timeout|oom|leak|slow-unit)-", name)]
        bad = [name for name in inputs if not name.startswith("slow-unit")]
        if not bad:
            sys.exit(f"{target}: exit code {done.returncode} without an input: {done.stderr[-3000:]}")
        path = os.path.join(place, bad[0])
        if blames_hdf5(done.stderr):
            again = libfuzzer(target, place, path, NORMLAB_APART="1")
            if again.returncode == 0:
                tally(target, hdf5=1)
                return None
            done = again
        found = os.path.join(folder(target, "found"), bad[0])
        shutil.copy(path, found)
        with open(found + ".txt", "w", encoding="utf-8") as file:
            file.write(done.stderr[-20000:])
        return found


def go_on(target, seconds=None):
    goal = targets()[target]
    build()
    while (rest := goal - executions(target)) > 0 and (seconds is None or seconds > 0):
        some = min(A_ROUND, seconds or A_ROUND)
        found = one_round(target, some, rest)
        if found:
            sys.exit(f"{target}: {found} and .txt beside it: what ends, hangs or fills the process")
        if seconds is not None:
            seconds -= some
    print_reached([target])


def print_reached(names):
    for name in names:
        known = {**tally(name), "executions": executions(name)}
        found = [each for each in os.listdir(folder(name, "found")) if not each.endswith(".txt")]
        print(f"{name:12s} {known['executions']:10d} of {targets()[name]:10d} executions, {known['hdf5']} crashes of libhdf5 itself, {len(found)} found")


if __name__ == "__main__":
    if sys.argv[1:] == ["--reached"]:
        print_reached(targets())
    elif sys.argv[1:] == ["--note"]:
        note()
    elif len(sys.argv) in (2, 3) and sys.argv[1] in targets():
        go_on(sys.argv[1], int(sys.argv[2]) if len(sys.argv) == 3 else None)
    else:
        sys.exit(__doc__)
