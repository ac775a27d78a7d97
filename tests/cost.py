#!/usr/bin/python3 -B
"""Instructions of kernels, counted by callgrind, beside those of tests/cost.txt: a rise of 5 % fails. Not in the default
set: `./normlab test -L cost`, a minute or two. Counts do not know how busy the machine is, and say nothing of memory.

    cost.py instructions   beside the reference of this compiler and instruction set; without one it says so (skipped)
    cost.py --renew        writes that reference anew; others stay
    cost.py --list

CC chooses the compiler. The build is one of its own, in build/cost/: valgrind knows no AVX-512, which -march=native may
choose. A line of the reference: compiler and version, instruction set, kernel, instructions.
"""

import glob
import os
import re
import shutil
import subprocess
import sys
import tempfile

from program import CASES, HOME, NotRun, case, check, main

REFERENCE = os.path.join(HOME, "tests", "cost.txt")
RISE = 1.05


def runs(*words, **more):
    done = subprocess.run(words, cwd=HOME, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", check=False, **more)
    check(done.returncode == 0, f"{' '.join(words)}: exit code {done.returncode}: {done.stdout[-3000:]}")
    return done.stdout


def built():
    """The program that runs every kernel."""
    compiler = os.environ.get("CC", "cc")
    tree = os.path.join(HOME, "build", "cost", os.path.basename(compiler))
    runs("cmake", "-S", HOME, "--preset", "cost", "-B", tree, f"-DCMAKE_C_COMPILER={compiler}")
    runs("ninja", "-C", tree, "kernels-once")
    return os.path.join(tree, "tests", "kernels-once")


def counted():
    """What the numbers are of, and {kernel: instructions}."""
    if shutil.which("valgrind") is None:
        raise NotRun("no valgrind")
    program = built()
    with tempfile.TemporaryDirectory(prefix="normlab-cost.") as folder:
        said = runs("valgrind", "--tool=callgrind", "--toggle-collect=measured", "--dump-after=measured",
                    f"--callgrind-out-file={folder}/out", "--log-file=/dev/null", program,
                    env={**os.environ, "LD_BIND_NOW": "1", "OMP_NUM_THREADS": "1"}).splitlines()
        of, kernels = said[0], said[1:]
        totals = []
        for k in range(len(kernels)):
            with open(f"{folder}/out.{k + 1}", encoding="utf-8") as file:
                totals.append(int(re.search(r"^(?:totals|summary): (\d+)", file.read(), re.M).group(1)))
        check(len(glob.glob(f"{folder}/out.*")) == len(kernels), f"other than {len(kernels)} kernels were counted")
    return of, dict(zip(kernels, totals))


def references():
    """[(of, kernel, instructions)], in the file's order."""
    with open(REFERENCE, encoding="utf-8") as file:
        rows = [line.rsplit(" ", 2) for line in file if line.strip() and not line.startswith("#")]
    return [(of, kernel, int(number)) for of, kernel, number in rows]


@case("cost")
def instructions(place):
    of, now = counted()
    known = {kernel: number for by, kernel, number in references() if by == of}
    if not known:
        raise NotRun(f"tests/cost.txt has nothing of {of}: cost.py --renew writes it (CC=... for another compiler)")
    risen = []
    for kernel, number in now.items():
        before = known.pop(kernel, None)
        beside = "no reference" if before is None else f"{100 * (number / before - 1):+.2f} %"
        print(f"{kernel:24} {number:9}  {beside}")
        if before is None or number > RISE * before:
            risen.append(f"{kernel}: {number} instructions, {before} before")
    risen += [f"{kernel}: no such kernel any more" for kernel in known]
    check(not risen, "\n  ".join([f"{of}: more than {100 * (RISE - 1):.0f} % above tests/cost.txt", *risen]))


def renew():
    of, now = counted()
    rows = [row for row in references() if row[0] != of] + [(of, kernel, number) for kernel, number in now.items()]
    order = sorted({row[0] for row in rows})
    with open(REFERENCE, "w", encoding="utf-8") as file:
        file.write("# compiler, instruction set, kernel, instructions: cost.py --renew\n")
        for by in order:
            file.writelines(f"{row[0]} {row[1]} {row[2]}\n" for row in rows if row[0] == by)
    print(f"{of}: {len(now)} kernels")


if __name__ == "__main__":
    if sys.argv[1:] == ["--renew"]:
        renew()
    else:
        main()
