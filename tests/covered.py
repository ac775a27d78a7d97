#!/usr/bin/python3 -B
"""Lines and branches of src/ that tests reach, counted by gcov, beside the floors of tests/coverage.txt: of each layer and of
all. Below a floor the case fails, and names the files that lost. Not in the default set: `./normlab test -L covered`, which
builds build/coverage and runs the tests of label quick there, without optimization.

    covered.py src       the tests, then the counts
    covered.py --count   what has been reached since: by file what is missed, by layer the shares
    covered.py --renew   raises the floors to what was counted last, less what chance moves; none sinks

A line or branch that several files compile, or one file several times (kernels of several instruction sets, replays), is
reached where one of them reaches it. What was counted is kept in build/coverage/covered.json, so that the next time files can
be named.
"""

import collections
import concurrent.futures
import glob
import json
import math
import os
import subprocess
import sys

from program import HOME, case, check, main

BUILD = os.path.join(HOME, "build", "coverage")
KEPT = os.path.join(BUILD, "covered.json")
FLOORS = os.path.join(HOME, "tests", "coverage.txt")
SET = "quick"
CHANCE = 0.2  # percent: a signal in time or not, another processor
HOURS = 4 * 3600
WHAT = ("lines", "branches")


def runs(*words, **more):
    done = subprocess.run(words, cwd=HOME, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                          errors="replace", check=False, timeout=HOURS, **more)
    check(done.returncode == 0, f"{' '.join(words)}: exit code {done.returncode}: {done.stdout[-5000:]}")
    return done.stdout


def tested():
    """Counters of nothing but the set."""
    around = {k: v for k, v in os.environ.items() if not k.startswith("NORMLAB_")}
    around.update(NORMLAB_HOME=HOME, OPENBLAS_NUM_THREADS="1")
    runs("cmake", "--preset", "coverage")
    runs("ninja", "-C", BUILD)
    for path in glob.glob(os.path.join(BUILD, "**", "*.gcda"), recursive=True):
        os.remove(path)
    print(runs("ctest", "--test-dir", BUILD, "-j2", "-L", f"^{SET}$", "--no-tests=error", "--no-label-summary", env=around)
          .splitlines()[-1])


def seen_by(notes):
    """[(file, line, branches [reached])] of one object."""
    done = subprocess.run(["gcov", "--json-format", "--stdout", "--branch-probabilities", os.path.basename(notes)],
                          cwd=os.path.dirname(notes), capture_output=True, text=True, check=False)
    check(done.returncode == 0 and done.stdout, f"gcov {notes}: {done.stderr[-2000:]}")
    return [(os.path.relpath(os.path.join(BUILD, file["file"]), HOME), line["line_number"], line["count"] > 0,
             [branch["count"] > 0 for branch in line["branches"]])
            for one in done.stdout.splitlines() for file in json.loads(one)["files"] for line in file["lines"]]


def counted():
    """{file: {"lines": [reached, all], "branches": [...], "missed": [line, ...]}}."""
    objects = glob.glob(os.path.join(BUILD, "src", "CMakeFiles", "**", "*.gcno"), recursive=True)
    check(objects, f"{BUILD} has no counters: covered.py src makes them")
    lines, branches = collections.defaultdict(bool), collections.defaultdict(bool)
    with concurrent.futures.ThreadPoolExecutor(len(os.sched_getaffinity(0))) as pool:
        for rows in pool.map(seen_by, sorted(objects)):
            for name, number, reached, ways in rows:
                if not name.startswith("src/"):
                    continue
                lines[name, number] |= reached
                for i, way in enumerate(ways):
                    branches[name, number, len(ways), i] |= way
    found = {}
    for what, keys in zip(WHAT, (lines, branches)):
        for key, reached in keys.items():
            file = found.setdefault(key[0], {"lines": [0, 0], "branches": [0, 0], "missed": []})
            file[what][0] += reached
            file[what][1] += 1
            if what == "lines" and not reached:
                file["missed"].append(key[1])
    check(any(file["lines"][0] for file in found.values()), "nothing has run: covered.py src runs it")
    return found


def share(count):
    return 100.0 * count[0] / count[1] if count[1] else 100.0


def layer(name):
    return name.split("/")[1]


def shares(found):
    """{layer or all: (percent of lines, percent of branches)}."""
    sums = collections.defaultdict(lambda: {what: [0, 0] for what in WHAT})
    for name, file in found.items():
        for of in (layer(name), "all"):
            for what in WHAT:
                sums[of][what] = [a + b for a, b in zip(sums[of][what], file[what])]
    return {of: tuple(share(sums[of][what]) for what in WHAT) for of in sorted(sums, key=lambda of: (of != "all", of))}


def floors():
    with open(FLOORS, encoding="utf-8") as file:
        rows = [line.split() for line in file if line.strip() and not line.startswith("#")]
    return {of: (float(lines), float(branches)) for of, lines, branches in rows}


def before():
    if not os.path.exists(KEPT):
        return {}
    with open(KEPT, encoding="utf-8") as file:
        return json.load(file)


def keep(found):
    with open(KEPT + ".new", "w", encoding="utf-8") as file:
        json.dump(found, file)
    os.replace(KEPT + ".new", KEPT)


def missing(file, what):
    return file[what][1] - file[what][0]


def ranges(numbers):
    """3-5, 9."""
    runs_of = []
    for number in sorted(numbers):
        if runs_of and number == runs_of[-1][1] + 1:
            runs_of[-1][1] = number
        else:
            runs_of.append([number, number])
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in runs_of)


def lost(of, what, found, known):
    """The files of a layer that miss more than the last time that floors held; where nothing is known of that, that miss most."""
    names = [name for name in found if of in (layer(name), "all")]
    more = lambda name: missing(found[name], what) - (missing(known[name], what) if name in known else 0)
    for name in sorted((name for name in names if more(name) > 0), key=more, reverse=True)[:10]:
        was = f", {missing(known[name], what)} before" if name in known else ""
        yield f"    {name}: {missing(found[name], what)} of {found[name][what][1]} {what} missed{was}; lines {ranges(found[name]['missed'])}"


def judge(found):
    known, low, now, wrong = before(), floors(), shares(found), []
    for of, own in now.items():
        floor = low.get(of, (0.0, 0.0))
        print(f"{of:12s} lines {own[0]:6.2f} % (floor {floor[0]:4.1f})   branches {own[1]:6.2f} % (floor {floor[1]:4.1f})")
        if of not in low:
            wrong.append(f"{of} has no floor: covered.py --renew writes it")
        for what, is_now, least in zip(WHAT, own, floor):
            if is_now < least:
                wrong += [f"{of}: {is_now:.2f} % of {what}, the floor is {least:.1f} %", *lost(of, what, found, known)]
    wrong += [f"{of}: there is no such layer any more" for of in low if of not in now]
    check(not wrong, "\n  ".join(["less of src is reached than tests/coverage.txt has:", *wrong]))
    higher = [of for of, own in now.items() if any(a > b for a, b in zip(risen(own, low[of]), low[of]))]
    if higher:
        print(f"floors can rise: {', '.join(higher)} (covered.py --renew)")
    keep(found)


def risen(own, floor):
    return tuple(max(least, math.floor((is_now - CHANCE) * 10) / 10) for is_now, least in zip(own, floor))


@case("covered")
def src(place):
    tested()
    judge(counted())


def count():
    found = counted()
    for name in sorted(found, key=lambda name: -missing(found[name], "lines")):
        if found[name]["missed"]:
            print(f"{name}: {share(found[name]['lines']):.1f} % of lines, missed {ranges(found[name]['missed'])}")
    for of, own in shares(found).items():
        print(f"{of:12s} lines {own[0]:6.2f} %   branches {own[1]:6.2f} %")


def renew():
    found, low = counted(), floors()
    with open(FLOORS, "w", encoding="utf-8") as file:
        file.write(f"# Percent of lines and of branches of src that the tests of label {SET} reach at least: covered.py --renew\n")
        for of, own in shares(found).items():
            raised = risen(own, low.get(of, (0.0, 0.0)))
            file.write(f"{of} {raised[0]:.1f} {raised[1]:.1f}\n")
    keep(found)


if __name__ == "__main__":
    if sys.argv[1:] == ["--renew"]:
        renew()
    elif sys.argv[1:] == ["--count"]:
        count()
    else:
        main()
