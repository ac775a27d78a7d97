#!/usr/bin/python3 -B
"""What analysers of other people find in our sources: cppcheck, and clang-tidy with checks that find mistakes, not style. What
they are wrong about stands in tests/lint.txt, each under its reason; whatever else is found fails, and so does an entry that
nothing needs any more. Not in the default set: `./normlab test -L lint`, some minutes.

    lint.py cppcheck [FILE ...]   src/, experiments/ and the tests in C, or these files alone
    lint.py tidy [FILE ...]       src/ and experiments/

They are told what the compiler is told (compile_commands.json of build/release, or of the folder of NORMLAB_PROGRAM). A line
of the list: file, check, and the line of the source that is meant. Its first line says of which versions it is: others may
find other things, and then no entry is too many.
"""

import concurrent.futures
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile

from notes import read, tracked
from program import CASES, HOME, PROGRAM, NotRun, Place, case, check, main

LISTED = os.path.join(HOME, "tests", "lint.txt")
FOLDERS = {"cppcheck": ("src/", "experiments/", "tests/"), "tidy": ("src/", "experiments/")}  # tests cost clang-tidy minutes
WORKERS = len(os.sched_getaffinity(0))
NOT_TOLD = re.compile(r"-W(?!l,)|-fcx-limited-range$")  # warnings are the compiler's own affair; what clang does not know

# Everything that finds mistakes, but
CHECKS = ["-*", "bugprone-*", "cert-err34-c", "clang-analyzer-*", "portability-*",
          "-bugprone-easily-swappable-parameters",  # any two sizes
          "-bugprone-implicit-widening-of-multiplication-result",  # products of small enumerators; sizes are size_t
          "-bugprone-macro-parentheses",  # types and pieces of names, which have none
          "-bugprone-narrowing-conversions",  # -Wconversion
          "-bugprone-reserved-identifier",  # _GNU_SOURCE and its like
          "-bugprone-suspicious-string-compare",  # strcmp(...) as a truth value
          "-clang-analyzer-deadcode.DeadStores",  # what a pragma of OpenMP reads; gcc warns of the others
          "-clang-analyzer-security.insecureAPI.DeprecatedOrUnsafeBufferHandling"]  # wants functions that no library has
# Whose result nobody may leave: what a full disk, a lock or another process makes of them is seen there alone. Streams are
# asked for their errors before they are closed; what is tidied up, or asked of the system as a favour, may fail.
ASKED = ("flock fread fseek fsync ftruncate link lseek mkdir mkstemp mmap open pipe read rename stat strtod strtoul symlink "
         "waitpid write H5Aread H5Awrite H5Dread H5Dwrite H5Fclose H5Fflush H5Gget_info").split()
CONFIG = {"CheckOptions": [{"key": "bugprone-unused-return-value.CheckedFunctions", "value": ";".join("::" + f for f in ASKED)}]}
NOT_FOR_US = ["readdirCalled", "usleepCalled"]  # readdir_r is no better and deprecated

# Who does not come back.
HOUSE = """<?xml version="1.0"?>
<def format="2">
  <function name="die"><noreturn>true</noreturn><arg nr="1"/><arg nr="2"/><arg nr="variadic"/></function>
  <function name="fuzz_failed"><noreturn>true</noreturn><arg nr="1"/><arg nr="2"/><arg nr="3"/><arg nr="variadic"/></function>
  <function name="base_require_failed"><noreturn>true</noreturn><arg nr="1"/><arg nr="2"/><arg nr="3"/><arg nr="4"/><arg
    nr="variadic"/></function>
</def>
"""
ONLY = []


def sources(tool):
    """Files of C that the compiler is told of, as the database has them, with what it is told."""
    database = os.path.join(os.path.dirname(os.path.abspath(PROGRAM)), "compile_commands.json")
    check(os.path.exists(database), f"{database} is not there: it is made by CMake")
    with open(database, encoding="utf-8") as file:
        entries = json.load(file)
    ours, known = set(tracked(".c")), {}
    for entry in entries:
        name = os.path.relpath(entry["file"], HOME)
        if name in ours and name.startswith(FOLDERS[tool]) and name not in known and (not ONLY or name in ONLY):
            entry["command"] = " ".join(w for w in entry["command"].split(" ") if not NOT_TOLD.match(w))
            known[name] = entry
    missing = set(ONLY) - set(known)
    check(known and not missing, f"no compiler is told of {', '.join(sorted(missing)) or 'any file'}")
    return known


def write_database(place, known):
    with open(place.path("compile_commands.json"), "w", encoding="utf-8") as file:
        json.dump(list(known.values()), file)


def version(*words):
    if shutil.which(words[0]) is None:
        raise NotRun(f"no {words[0]}")
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout
    return re.search(r"(\d+)\.(\d+)", said)


def listed(tool):
    """{(file, check, line of source): how often}, and the version that the list is of."""
    entries, of = {}, None
    with open(LISTED, encoding="utf-8") as file:
        for line in file.read().splitlines():
            if line.startswith("# of "):
                of = re.search(rf"\b{tool} ([\d.]+)", line)[1]
            elif line and line[0] not in "#=":
                by, name, what, text = re.match(r"(\S+) (\S+) (\S+): (.*)", line).groups()
                if by == tool:
                    entries[name, what, text] = 0
    return entries, of


def judge(tool, here, found):
    """Of (file, line number, check, what is said): all of them, and the list, agree."""
    entries, of = listed(tool)
    new, lines = [], {}
    for name, number, what, says in sorted(set(found)):
        if name not in lines:
            lines[name] = read(name).split("\n")
        text = lines[name][number - 1].strip() if number > 0 else ""
        if (name, what, text) in entries:
            entries[name, what, text] += 1
        else:
            new.append(f"{name}:{number}: {says} [{what}]\n    {tool} {name} {what}: {text}")
    check(not new, "\n  ".join([f"{tool} finds what tests/lint.txt has no reason for:", *new]))
    needless = [" ".join(entry) for entry, count in entries.items() if count == 0 and (not ONLY or entry[0] in ONLY)]
    check(here != of or not needless, "\n  ".join([f"{tool} does not find any more what tests/lint.txt has:", *needless]))
    print(f"{tool} {here}: {len(set(found))} findings, all in tests/lint.txt" + ("" if here == of else f", which is of {of}"))


def ours(path):
    name = os.path.relpath(os.path.join(HOME, path), HOME)
    return name if name.startswith(FOLDERS["cppcheck"]) else None


@case("lint")
def cppcheck(place):
    number = version("cppcheck", "--version")
    write_database(place, sources("cppcheck"))
    with open(place.path("house.cfg"), "w", encoding="utf-8") as file:
        file.write(HOUSE)
    done = subprocess.run(["cppcheck", "--quiet", "--enable=warning,portability", "--std=c11", "--library=posix",
                           f"--library={place.path('house.cfg')}", *(f"--suppress={each}" for each in NOT_FOR_US),
                           f"-j{WORKERS}", f"--project={place.path('compile_commands.json')}",
                           "--template={file}\t{line}\t{id}\t{message}"],
                          cwd=HOME, stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
    check(done.returncode == 0, f"cppcheck: exit code {done.returncode}: {(done.stdout + done.stderr)[-3000:]}")
    rows = [line.split("\t") for line in done.stderr.splitlines()]
    check(all(len(row) == 4 for row in rows), f"cppcheck says {done.stderr[-3000:]}")
    judge("cppcheck", f"{number[1]}.{number[2]}", [(ours(row[0]) or row[0], int(row[1]), row[2], row[3]) for row in rows])


WARNING = re.compile(r"^(/[^:\n]+):(\d+):\d+: (?:warning|error): (.*) \[([\w.,-]+)\]$", re.M)


@case("lint")
def tidy(place):
    """A process a file: in one for many, clang-tidy 14 forgets what va_start does."""
    number, known = version("clang-tidy", "--version"), sources("tidy")
    write_database(place, known)

    def look(name):
        done = subprocess.run(["clang-tidy", "--quiet", "-p", place.folder, "--checks=" + ",".join(CHECKS),
                               "--config=" + json.dumps(CONFIG), os.path.join(HOME, name)], cwd=place.folder,
                              stdin=subprocess.DEVNULL, capture_output=True, text=True, errors="replace", check=False)
        check(done.returncode == 0 and "error:" not in done.stdout,
              f"clang-tidy {name}: exit code {done.returncode}: {(done.stdout + done.stderr)[-3000:]}")
        return [(ours(path), int(line), what.split(",")[0], says) for path, line, says, what in WARNING.findall(done.stdout)]

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        found = [each for some in pool.map(look, known) for each in some if each[0]]
    judge("tidy", number[1], found)


if __name__ == "__main__":
    if len(sys.argv) > 2:
        ONLY += [os.path.relpath(os.path.abspath(name), HOME) for name in sys.argv[2:]]
        del sys.argv[2:]
    main()
