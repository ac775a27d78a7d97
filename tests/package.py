#!/usr/bin/python3 -B
"""The build as others meet it: options that would reorder arithmetic, what another project gets of it."""

import os
import re
import shlex
import shutil
import subprocess

from program import HOME, PATIENCE, PROGRAM, case, check, main

BUILD = os.path.dirname(os.path.realpath(PROGRAM))
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
            ("-Ofast", "CMAKE_C_COMPILER_ARG1", [HOME], {"CC": "cc -Ofast"}),
            ("-freciprocal-math", "COMPILE_OPTIONS", [os.path.dirname(around)], {})]
    for number, (option, where, words, variables) in enumerate(ways):
        said = " ".join(runs(place, "cmake", "-G", "Ninja", "-B", f"b{number}", "-S", *words, code=None, **variables).split())
        check(f"{REFUSAL}: {option} in {where}" in said, f"{option} in {where}: {said[-600:]}")


@case("fault")
def without_cmocka(place):
    """Who does not test needs no cmocka."""
    stub = write('#!/bin/sh\ncase "$*" in *cmocka*) exit 1 ;; esac\nexec /usr/bin/env PATH="$USUAL" pkg-config "$@"\n',
                 place.path("bin", "pkg-config"))
    os.chmod(stub, 0o755)
    variables = {"PATH": f"{place.path('bin')}:{os.environ['PATH']}", "USUAL": os.environ["PATH"]}
    said = runs(place, "cmake", "-G", "Ninja", "-S", HOME, "-B", "b", code=None, **variables)
    check("cmocka" in said, said[-1000:])
    runs(place, "cmake", "-G", "Ninja", "-S", HOME, "-B", "c", "-DBUILD_TESTING=OFF", **variables)
    check("Total Tests: 0" in runs(place, "ctest", "--test-dir", "c", "-N"), "it has tests")


@case("example")
def cplusplus(place):
    """C++ reads every public header, as the first one and with all warnings; and what links the library by its C names
    gives C's numbers."""
    include = os.path.join(BUILD, "include")
    headers = sorted(name for name in os.listdir(os.path.join(include, "normlab")) if name.endswith(".h"))
    check("kind.h" in headers and "base.h" in headers, f"headers: {headers}")
    for standard in ("c++11", "c++20"):
        for header in headers:
            source = write(f"#include <normlab/{header}>\n", place.path("reads.cc"))
            said = runs(place, "c++", f"-std={standard}", "-Wall", "-Wextra", "-fsyntax-only", "-I", include, source)
            check(said == "", f"{header} as {standard}: {said}")
    program = os.path.join(HOME, "src", "norm", "template", "program.c")
    runs(place, "cmake", "--install", BUILD, "--prefix", "p")
    flags = runs(place, "pkg-config", "--cflags", "--libs", "normlab",
                 PKG_CONFIG_PATH=place.path("p", "lib", "pkgconfig")).split()
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        sanitized = re.search(r"^NORMLAB_SANITIZE:\w+=ON$", cache.read(), re.M)
    if sanitized:
        flags.append("-fsanitize=address,undefined")  # as the library was built
    told = []
    for words in (["cc"], ["c++", "-x", "c++", "-std=c++20"]):
        runs(place, *words, program, "-x", "none", *flags, "-o", words[0])
        told.append(runs(place, place.path(words[0])))
    check(told[0] == told[1] and told[0].startswith("y "), f"C: {told[0]}; C++: {told[1]}")


PARENT = """cmake_minimum_required(VERSION 3.22)
project(parent VERSION 3.4 LANGUAGES C)
include(CTest)
set(BLAS_FOUND mine)
include_directories(${CMAKE_CURRENT_SOURCE_DIR}/own)
foreach(taken base tensor tape norm check net gsl hdf5 harness store train provenance headers plugin)
  add_custom_target(${taken})
endforeach()
get_cmake_property(before VARIABLES)
include(FetchContent)
FetchContent_Declare(normlab SOURCE_DIR @)
FetchContent_MakeAvailable(normlab)
add_executable(user main.c)
target_link_libraries(user PRIVATE normlab::normlab)
normlab_add_plugin(variant @/src/norm/template/variant.c)
install(TARGETS user)
foreach(value BLAS_FOUND CMAKE_C_FLAGS CMAKE_C_STANDARD CMAKE_C_EXTENSIONS CMAKE_C_VISIBILITY_PRESET
        CMAKE_POSITION_INDEPENDENT_CODE CMAKE_BUILD_TYPE PROJECT_VERSION BUILD_TESTING)
  message(STATUS "@@ ${value}=${${value}}")
endforeach()
foreach(property COMPILE_OPTIONS COMPILE_DEFINITIONS LINK_OPTIONS INCLUDE_DIRECTORIES)
  get_directory_property(value ${property})
  message(STATUS "@@ ${property}=${value}")
endforeach()
foreach(property COMPILE_OPTIONS INCLUDE_DIRECTORIES COMPILE_DEFINITIONS)
  get_target_property(value user ${property})
  message(STATUS "@@ user ${property}=${value}")
endforeach()
"""
@case("example")
def subproject(place):
    """Part of another project, which has targets, tests and a BLAS of its own: the library and plugins, nothing else,
    and nothing of the other project changes."""
    write(PARENT.replace("@@", "==").replace("@", HOME), place.path("parent", "CMakeLists.txt"))
    shutil.copy(os.path.join(HOME, "src", "norm", "template", "program.c"), place.path("parent", "main.c"))
    for header in os.listdir(os.path.join(HOME, "src", "base")) + ["norm.h", "tape.h", "kind.h"]:
        if header.endswith(".h"):
            write("#error somebody else's\n", place.path("parent", "own", header))
    said = runs(place, "cmake", "-G", "Ninja", "-S", "parent", "-B", "b", "-DCMAKE_BUILD_TYPE=Debug",
                "-DCMAKE_UNITY_BUILD=ON", "-DCMAKE_INTERPROCEDURAL_OPTIMIZATION=ON", "-DCMAKE_C_FLAGS=-flto")
    told = [line[6:] for line in said.splitlines() if line.startswith("-- == ")]
    own = place.path("parent", "own")
    expected = ["BLAS_FOUND=mine", "CMAKE_C_FLAGS=-flto", "CMAKE_C_STANDARD=", "CMAKE_C_EXTENSIONS=",
                "CMAKE_C_VISIBILITY_PRESET=", "CMAKE_POSITION_INDEPENDENT_CODE=", "CMAKE_BUILD_TYPE=Debug",
                "PROJECT_VERSION=3.4", "BUILD_TESTING=ON", "COMPILE_OPTIONS=", "COMPILE_DEFINITIONS=", "LINK_OPTIONS=",
                f"INCLUDE_DIRECTORIES={own}", "user COMPILE_OPTIONS=value-NOTFOUND", f"user INCLUDE_DIRECTORIES={own}",
                "user COMPILE_DEFINITIONS=value-NOTFOUND"]
    check(told == expected, f"{told}, expected {expected}")
    check("HDF5" not in said and "OpenMP" not in said and "cmocka" not in said, f"more is looked for: {said}")
    runs(place, "cmake", "--build", "b", "-j2")
    said = runs(place, "b/user")
    check(said.startswith("y    -1.00000 -0.33333  0.33333  1.00000\n"), f"the library's y: {said}")
    plugin = [name for _, _, names in os.walk(place.path("b")) for name in names if name == "variant.so"]
    check(len(plugin) == 1, "no plugin")
    check("Total Tests: 0" in runs(place, "ctest", "--test-dir", "b", "-N"), "it has tests")
    runs(place, "cmake", "--install", "b", "--prefix", "p")
    installed = [os.path.join(root, name) for root, _, names in os.walk(place.path("p")) for name in names]
    check(installed == [place.path("p", "bin", "user")], f"installed: {installed}")


@case("example")
def moved(place):
    """What is installed names no folder of the machine that built it."""
    runs(place, "cmake", "--install", BUILD, "--prefix", "p")
    found = [os.path.join(root, name) for root, _, names in os.walk(place.path("p", "lib")) for name in names
             if name.endswith((".cmake", ".pc"))]
    check(len(found) >= 6, f"found only {found}")
    for path in found:
        with open(path, encoding="utf-8") as file:
            for line in file:
                code = line.split("#")[0]
                wrong = re.search(r"(?<![\\w}.$>])/(?!\*)[a-z]+/[\w/.-]*|-L(?!\$)\S+", code)
                check(not wrong, f"{os.path.basename(path)}: {line}")


if __name__ == "__main__":
    main()
