#!/usr/bin/python3 -B
"""The C interface as others meet it: the installed header, library, example and page, by pkg-config and by CMake, in C
and in C++.
"""

import os
import re
import shutil

from installed import build_flags, does, install, nm, read, write
from program import HOME, case, check, main, same

HEADER = os.path.join(HOME, "src", "api", "normlab.h")


def declared():
    """The header without comments."""
    return re.sub(r"/\*.*?\*/", "", read(HEADER), flags=re.S)


def functions():
    return set(re.findall(r"\b(normlab_\w+)\(", declared()))


# ---- names ------------------------------------------------------------------------------------------------------


@case("fault")
def names(place):
    """The library exports what the header declares and no more, and the header has names of ours alone, whatever reads
    it first."""
    install(place)
    library = place.path("prefix", "lib", "libnormlab.so")
    same("exported", sorted(nm(place, "-D", library)), sorted(functions()))
    check(len(functions()) > 10, f"functions: {functions()}")
    check("libnormlab.so.0" in does(place, ["readelf", "-d", library])[0], "no version in the library's name")
    source = write("#include <normlab.h>\n", place.path("reads.c"))
    include = ["-I", place.path("prefix", "include")]
    for words in (["cc", "-std=c99"], ["cc", "-std=c11"], ["c++", "-x", "c++", "-std=c++11"], ["c++", "-x", "c++", "-std=c++20"]):
        does(place, [*words, "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", *include, source])
    macros = [set(re.findall(r"#define (\w+)", does(place, ["cc", "-dM", "-E", *include, source])[0]))
              for source in (source, write("#include <stddef.h>\n#include <stdint.h>\n", place.path("c.c")))]
    same("macros", macros[0] - macros[1], {"NORMLAB_NORMLAB_H"})
    text = re.sub(r"^#.*$", "", declared(), flags=re.M)
    outer = re.sub(r"(enum )?\{[^{}]*\}", "", text.replace('extern "C" {', ""))  # no members
    given = set(re.findall(r"(\w+)\s*(?:;|\()", outer)) | set(re.findall(r"\b([A-Z_]+) =", text))
    odd = {name for name in given if not re.match("normlab_|Normlab|NORMLAB_", name)}
    check(len(given) > 20 and not odd, f"names: {odd} of {given}")


# ---- the example --------------------------------------------------------------------------------------------------


def expected():
    """What the example prints, in numpy."""
    import numpy as np

    x = np.array([1, 2, 4, 8, 6, 3, 5, 2, 4, 7, 9, 3], float).reshape(2, 2, 3)
    wanted = np.array([1, 0, 0, 0, 0, 1, 0, 1, 0, 1, 0, 0], float).reshape(2, 2, 3)
    gamma, beta, mean, variance = np.ones(2), np.zeros(2), np.zeros(2), np.ones(2)
    across, eps = (0, 2), 0.5

    def wide(vector):
        return vector[None, :, None]

    mu, biased = x.mean(across), x.var(across)
    rstd = 1 / np.sqrt(biased + eps)
    xhat = (x - wide(mu)) * wide(rstd)
    for _ in range(20):
        dy = wide(gamma) * xhat + wide(beta) - wanted
        h = wide(gamma) * dy
        dx = wide(rstd) * (h - wide(h.mean(across)) - xhat * wide((h * xhat).mean(across)))
        gamma, beta = gamma - 0.05 * (dy * xhat).sum(across), beta - 0.05 * dy.sum(across)
        mean = mean + 0.1 * (mu - mean)
        variance = variance + 0.1 * (biased * 6 / 5 - variance)
    y = (x - wide(mean)) / np.sqrt(wide(variance) + eps) * wide(gamma) + wide(beta)
    return {"gamma": gamma, "beta": beta, "running_mean": mean, "running_var": variance, "dx": dx, "evaluated": y}


def judge(said):
    import numpy as np

    check(said.startswith("learns gamma [2]\nlearns beta [2]\n"), said)
    rows = {line.split()[0]: np.array(line.split()[1:], float) for line in said.splitlines()[2:]}
    for name, value in expected().items():
        check(np.allclose(rows[name], value.ravel(), rtol=0, atol=6e-6), f"{name}: {rows[name]}, expected {value.ravel()}")


USER = """cmake_minimum_required(VERSION 3.22)
project(user LANGUAGES @)
find_package(normlab 0.1 CONFIG REQUIRED)
add_executable(user example.@)
target_link_libraries(user PRIVATE normlab::api)
"""


@case("example")
def example(place):
    """The installed example, in both languages and by both ways, computes what numpy computes."""
    install(place)
    source = place.path("prefix", "share", "normlab", "example.c")
    rpath = f"-Wl,-rpath,{place.path('prefix', 'lib')}"
    flags = does(place, ["pkg-config", "--cflags", "--libs", "normlab-api"])[0].split()
    for words in (["cc", "-std=c99"], ["c++", "-x", "c++", "-std=c++11"]):
        does(place, [*words, "-Wall", "-Wextra", "-Wpedantic", "-Werror", source, "-x", "none", *flags, *build_flags(), rpath, "-o", "program"])
        judge(does(place, ["./program"])[0])
    for language, ending in (("C", "c"), ("CXX", "cc")):
        folder = place.path(language)
        os.mkdir(folder)
        shutil.copy(source, os.path.join(folder, f"example.{ending}"))
        write(USER.replace("example.@", f"example.{ending}").replace("@", language), folder, "CMakeLists.txt")
        does(place, ["cmake", "-S", folder, "-B", f"{folder}/build", "-G", "Ninja",
                     f"-DCMAKE_PREFIX_PATH={place.path('prefix')}", f"-DCMAKE_EXE_LINKER_FLAGS={' '.join(build_flags())}"])
        does(place, ["cmake", "--build", f"{folder}/build"])
        judge(does(place, [f"{folder}/build/user"])[0])
    both = does(place, ["pkg-config", "--libs", "normlab"])[0]
    check("libnormlab.a" in both and "-lnormlab" not in both, f"the layers' library is {both}")


# ---- the page -----------------------------------------------------------------------------------------------------


@case("example")
def page(place):
    """man 3 normlab says what the header says."""
    install(place)
    path = place.path("prefix", "share", "man", "man3", "normlab.3")
    text, warned = does(place, ["man", "--warnings", "-l", path]) if shutil.which("man") else (read(path), "")
    check(not warned, f"the man page: {warned}")
    text = " ".join(text.split())
    for word in (*functions(), "A normalizer is named by a spec" if shutil.which("man") else "named by", "NORMLAB_MEMORY = 71",
                 'normlab_open("batch(eps=0.5)", CHANNELS, &error)', "char message[1024];"):
        check(word in text, f"the man page does not say {word}")
    check("/*" not in text.split("NORMLAB_OK")[0], "marks of comments in the text")


if __name__ == "__main__":
    main()
