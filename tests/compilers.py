#!/usr/bin/python3 -B
"""The program by other compilers and without optimization: no warning, and a quick set of tests that pass; and for other
instruction sets, where the golden list holds to the bit. A minute or two each, outside the default set: ctest -L compilers.
What a case needs it names: apt-get install gcc-11 clang-15 ...

clang's OpenMP is libomp-N-dev of the same N; where that is not there, another version's library and header will do.
"""

import glob
import os
import shlex
import shutil
import subprocess

from program import HOME, CASES, check, main

LEVELS = {"O0": ["None", "-O0"], "O1": ["None", "-O1"], "O2": ["None", "-O2"], "O3": ["Release", ""],
          "Os": ["MinSizeRel", ""]}
QUICK = ["test-base", "test-spec", "test-tape", "test-replay", "test-norm_use", "test-norm_oracle", "test-store"]
HOURS = 3600


def runs(place, *words, **variables):
    environment = {k: v for k, v in os.environ.items() if not k.startswith("NORMLAB_")}
    environment.update(NORMLAB_HOME=HOME, NORMLAB_OUT=place.out, **variables)
    folder = HOME if "tests" in words[0] else place.folder  # unit tests read what stands beside them
    done = subprocess.run(words, cwd=folder, env=environment, stdin=subprocess.DEVNULL, timeout=HOURS,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace")
    check(done.returncode == 0, f"{shlex.join(words)}: exit code {done.returncode}: {done.stdout[-3000:]}")
    return done.stdout


def openmp(place, compiler):
    """What CMake has to be told for a clang whose own OpenMP is not installed."""
    if not compiler.startswith("clang"):
        return []
    program = place.path("omp.c")
    with open(program, "w", encoding="utf-8") as file:
        file.write("#include <omp.h>\nint main(void) { return omp_get_max_threads() == 0; }\n")
    if subprocess.run([compiler, "-fopenmp", program, "-o", program + ".out"], capture_output=True).returncode == 0:
        return []
    headers = sorted(glob.glob("/usr/lib/llvm-*/lib/clang/*/include/omp.h"))
    libraries = sorted(glob.glob("/usr/lib/llvm-*/lib/libomp.so"))
    check(headers and libraries, f"{compiler} has no OpenMP: apt-get install libomp-dev")
    shutil.copy(headers[-1], place.folder)
    return [f"-DOpenMP_C_FLAGS=-fopenmp -isystem {place.folder}", "-DOpenMP_C_LIB_NAMES=omp",
            f"-DOpenMP_omp_LIBRARY={libraries[-1]}"]


def quick_set(place, build):
    """Unit tests of the lower layers, and the program: digits, derivatives, a run, a plugin's place."""
    for name in QUICK:
        runs(place, os.path.join(build, "tests", name))
    program = os.path.join(build, "normlab")
    runs(place, program, "list", "norms", "--long")
    said = runs(place, program, "check", "--case", "*.4x8x5.*")
    check(" 0 failed" in said, said[-2000:])
    runs(place, program, "run", "batch-size", "--quick", "images=64", "epochs=1", "batch=4", "seed=1", "norm=batch,group(4)")


def by(compiler, level):
    """Everything with -O3, else the program and what the quick set runs."""

    def case(place):
        check(shutil.which(compiler), f"{compiler} is not installed: apt-get install {compiler}")
        kind, flags = LEVELS[level]
        build = place.path("build")
        runs(place, "cmake", "-G", "Ninja", "-S", HOME, "-B", build, f"-DCMAKE_C_COMPILER={compiler}",
             f"-DCMAKE_BUILD_TYPE={kind}", f"-DCMAKE_C_FLAGS={flags}", *openmp(place, compiler))
        said = runs(place, "ninja", "-j2", "-C", build, *([] if level == "O3" else ["normlab", *QUICK]))
        check("warning:" not in said, said[max(0, said.find("warning:") - 300):][:2000])
        quick_set(place, build)

    return case


def bits_of(compiler, flags):
    """The golden list: whatever the processor and the compiler, weights and curves are the same bits."""

    def case(place):
        check(shutil.which(compiler), f"{compiler} is not installed: apt-get install {compiler}")
        build = place.path("build")
        runs(place, "cmake", "-G", "Ninja", "-S", HOME, "-B", build, f"-DCMAKE_C_COMPILER={compiler}", "-DBUILD_TESTING=OFF",
             "-DCMAKE_BUILD_TYPE=Release", "-DNORMLAB_NATIVE=OFF", f"-DCMAKE_C_FLAGS={flags}", *openmp(place, compiler))
        runs(place, "ninja", "-j2", "-C", build, "normlab")
        runs(place, os.path.join(HOME, "tests", "golden.py"), "bits", NORMLAB_PROGRAM=os.path.join(build, "normlab"))

    return case


def without_quad(place):
    """Where there are no 113-bit reals, configuration and check say so, once, and double's own checks pass."""
    build = place.path("build")
    said = runs(place, "cmake", "-G", "Ninja", "-S", HOME, "-B", build, "-DCMAKE_C_FLAGS=-DNORMLAB_WITHOUT_QUAD",
                "-DNORMLAB_HAS_QUADMATH=OFF", "-DCMAKE_BUILD_TYPE=Release")
    check(said.count("no 113-bit reals") == 1, said)
    said = runs(place, "ninja", "-j2", "-C", build, "normlab")
    check("warning:" not in said, said[-2000:])
    said = runs(place, os.path.join(build, "normlab"), "check", "batch", "layer", "--case", "*.4x8x5.gradient,*.4x8x5.slots")
    check(said.count("without 113-bit reals") == 1 and " 0 failed" in said, said[-3000:])


def processor(place):
    """Built for one processor, the program says so on another that lacks what it needs: one line, not SIGILL."""
    check(shutil.which("qemu-x86_64"), "qemu-x86_64 is not installed: apt-get install qemu-user")
    build = place.path("build")
    runs(place, "cmake", "-G", "Ninja", "-S", HOME, "-B", build, "-DBUILD_TESTING=OFF", "-DCMAKE_BUILD_TYPE=Release",
         "-DNORMLAB_NATIVE=OFF", "-DCMAKE_C_FLAGS=-march=x86-64-v3")
    runs(place, "ninja", "-j2", "-C", build, "normlab")
    program = os.path.join(build, "normlab")
    check("normlab" in runs(place, "qemu-x86_64", "-cpu", "Haswell", program, "--version"), "no version on a Haswell")
    done = subprocess.run(["qemu-x86_64", "-cpu", "Nehalem", program, "--version"], capture_output=True, text=True)
    lines = [line for line in done.stderr.splitlines() if "TCG" not in line]
    check(done.returncode == 69 and len(lines) == 1 and " avx2 " in lines[0], f"{done.returncode}: {lines}")


for name in ("gcc-11", "gcc-12", "clang-13", "clang-14", "clang-15", "clang-16"):
    for at in LEVELS:
        CASES.append((f"{name}.{at}", "compilers", by(name, at)))
CASES.append(("without-quad", "compilers", without_quad))
CASES.append(("processor", "compilers", processor))
# NORMLAB_SETS: how many of the kernels' instruction sets are looked at (src/tensor/kernels.c).
for name, compiler, flags in (("sse2", "gcc", "-march=x86-64 -DNORMLAB_SETS=1"),
                              ("avx2", "gcc", "-march=x86-64-v3 -DNORMLAB_SETS=2"), ("clang", "clang", "-march=x86-64-v3")):
    CASES.append((f"bits-{name}", "compilers", bits_of(compiler, flags)))

if __name__ == "__main__":
    main()
