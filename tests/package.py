#!/usr/bin/python3 -B
"""The build as others meet it: options that would reorder arithmetic, what another project gets of it."""

import os
import shlex
import subprocess

from program import HOME, PATIENCE, case, check, main

REFUSAL = "refusing to build with reordered arithmetic"
REORDERING = """-Ofast -ffast-math -funsafe-math-optimizations -ffinite-math-only -fassociative-math -freciprocal-math
    -fno-signed-zeros -fcx-limited-range -fcx-fortran-rules -ffp-contract=fast -ffp-contract=on -ffp-model=fast
    -fapprox-func -fno-honor-nans -fdenormal-fp-math=preserve-sign,preserve-sign -fsingle-precision-constant
    -mrecip -mrecip=all -mfpmath=387 -mfpmath=sse,387 -mpc64 -mdaz-ftz -fexcess-precision=fast""".split()
HARMLESS = """-O3 -fno-fast-math -fno-associative-math -fsigned-zeros -ffp-contract=off -mfpmath=sse -mpclmul
    -fno-unsafe-math-optimizations -DX=-Ofastest -I/opt/-Ofast-tools -march=native -frounding-math -msse2""".split()


def write(text, *path):
    os.makedirs(os.path.dirname(os.path.join(*path)), exist_ok=True)
    with open(os.path.join(*path), "w", encoding="utf-8") as file:
        file.write(text)
    return os.path.join(*path)


def runs(place, *words, code=0, **variables):
    """All that a command says, which must end so (None: not with 0)."""
    environment = {k: v for k, v in os.environ.items() if not k.startswith(("NORMLAB_", "CFLAGS", "LDFLAGS"))}
    environment.update(variables)
    done = subprocess.run(words, cwd=place.folder, env=environment, stdin=subprocess.DEVNULL, timeout=PATIENCE,
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    good = done.returncode != 0 if code is None else done.returncode == code
    check(good, f"{shlex.join(words)}: exit code {done.returncode}: {done.stdout[-3000:]}")
    return done.stdout


@case("fault")
def reordering(place):
    """Each option that lets a compiler change the arithmetic is found, and no other."""
    lines = [f'look("{option}" "{text}")' for option in REORDERING
             for text in (option, f"-O3 {option} -g", f"-Wall;{option}", f"$<$<CONFIG:Release>:{option}>")]
    lines += [f'look("" "{option}")' for option in HARMLESS]
    script = write(f"""include({HOME}/cmake/arithmetic.cmake)
function(look expected text)
  find_reordering("${{text}}" found)
  if(NOT found STREQUAL expected)
    message("'${{text}}': found '${{found}}', expected '${{expected}}'")
  endif()
endfunction()
""" + "\n".join(lines), place.path("look.cmake"))
    said = runs(place, "cmake", "-P", script)
    check(said == "", said)


@case("fault")
def flags(place):
    """From wherever they come: the command line, a configuration, the environment, the linker's options, a project
    around this one."""
    around = write(f"""cmake_minimum_required(VERSION 3.22)
project(around LANGUAGES C)
add_compile_options($<$<COMPILE_LANGUAGE:C>:-freciprocal-math>)
add_subdirectory({HOME} normlab)
""", place.path("around", "CMakeLists.txt"))
    ways = [("-ffast-math", "CMAKE_C_FLAGS", [HOME, "-DCMAKE_C_FLAGS=-O2 -ffast-math"], {}),
            ("-fassociative-math", "CMAKE_C_FLAGS_RELEASE", [HOME, "-DCMAKE_C_FLAGS_RELEASE=-O2 -fassociative-math"], {}),
            ("-fno-signed-zeros", "CMAKE_C_FLAGS_MINSIZEREL",
             [HOME, "-DCMAKE_BUILD_TYPE=MinSizeRel", "-DCMAKE_C_FLAGS_MINSIZEREL=-Os -fno-signed-zeros"], {}),
            ("-Ofast", "CMAKE_C_FLAGS", [HOME], {"CFLAGS": "-Ofast"}),
            ("-ffast-math", "CMAKE_EXE_LINKER_FLAGS", [HOME], {"LDFLAGS": "-ffast-math"}),
            ("-freciprocal-math", "COMPILE_OPTIONS", [os.path.dirname(around)], {})]
    for number, (option, where, words, variables) in enumerate(ways):
        said = " ".join(runs(place, "cmake", "-G", "Ninja", "-B", f"b{number}", "-S", *words, code=None, **variables).split())
        check(f"{REFUSAL}: {option} in {where}" in said, f"{option} in {where}: {said[-600:]}")


if __name__ == "__main__":
    main()
