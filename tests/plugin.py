#!/usr/bin/python3 -B
"""A normalizer of one's own, in the checkout and out of it: the template under another name, the installed program,
plugins by CMake and by pkg-config, what is refused, what a run says of a plugin, and the chapter that tells all this,
command by command.
"""

import glob
import hashlib
import os
import re
import resource
import shlex
import shutil
import subprocess
import sys

from installed import BUILD, build_flags, does, install, nm, read, write
from program import HOME, PATIENCE, PROGRAM, case, check, listing, main, same

USAGE, DATA, INPUT, MISSING, CREATE, IO = 64, 65, 66, 69, 73, 74
TEMPLATE = os.path.join(HOME, "src", "norm", "template", "variant.c")
FEW = "--case '*.4x8x5.*'"
TINY = ["images=64", "epochs=1", "batch=4", "seed=1"]


def compiled(place, name, source, *flags):
    """NAME.so from a source, by pkg-config and cc alone."""
    path = write(source, place.path(name + ".c"))
    cflags, _ = does(place, ["pkg-config", "--cflags", "normlab"])
    to = place.path(name + ".so")
    does(place, ["cc", "-shared", "-fPIC", "-Wall", "-Wextra", "-Werror", *flags, *cflags.split(), path, "-o", to])
    return to


def tensors(place):
    import h5py
    import numpy as np

    x = np.random.default_rng(3).normal(size=(4, 6, 5))
    with h5py.File(place.path("in.h5"), "w") as file:
        file["x"], file["dy"], file["param/power"] = x, np.cos(x), np.linspace(0, 1, 6)
    return x


def by_hand(x):
    """The template's equation in numpy."""
    import numpy as np

    d = x - x.mean(axis=(1, 2), keepdims=True)
    v = (d * d).mean(axis=(1, 2), keepdims=True) + 1e-5
    return d * v ** (-np.linspace(0, 1, 6)[None, :, None] / 2)


# ---- the installed program and its plugins --------------------------------------------------------------------


EXAMPLE = os.path.join(HOME, "src", "norm", "template", "program.c")
LIBRARY_USER = """#include <math.h>
#include <normlab/norm.h>
#include <stdio.h>

int main(void) {
    const double x[] = {1, 3, 5, 7}, one[] = {1}, zero[] = {0};
    Arena *arena = arena_new();
    Tape *tape = tape_new(arena);
    BaseError error = {0};
    const Norm *norm = norm_new(arena, "layer(eps=4)", 1, &error);
    TapeNode *param[] = {tape_leaf(tape, SHAPE_OF(1), one), tape_leaf(tape, SHAPE_OF(1), zero)};
    NormContext context = {.tape = tape, .norm = norm, .mode = NORM_TRAIN, .param = param};
    TapeNode *y = norm_apply(&context, tape_leaf(tape, SHAPE_OF(1, 1, 4), x));
    printf("%.3f %.3f\\n", y->value[0], y->value[3]);
    const int bad = fabs(y->value[3] - 1) > 1e-15; /* (7 - 4) / sqrt(5 + 4) */
    arena_free(arena);
    return bad;
}
"""

CMAKE_USER = """cmake_minimum_required(VERSION 3.22)
project(user LANGUAGES C)
find_package(normlab 0.1 CONFIG REQUIRED)
normlab_add_plugin(variant variant.c)
add_executable(library-user main.c)
target_link_libraries(library-user PRIVATE normlab::normlab m)
"""


@case("example")
def package(place):
    """By find_package: a plugin that the installed program knows in every command, and a program with the library."""
    import h5py
    import numpy as np

    program = install(place)
    os.mkdir(place.path("user"))
    shutil.copy(place.path("prefix", "share", "normlab", "variant.c"), place.path("user"))
    write(CMAKE_USER, place.path("user", "CMakeLists.txt"))
    write(LIBRARY_USER, place.path("user", "main.c"))
    does(place, ["cmake", "-S", "user", "-B", "user/build", "-G", "Ninja", f"-DCMAKE_PREFIX_PATH={place.path('prefix')}",
                 f"-DCMAKE_EXE_LINKER_FLAGS={' '.join(build_flags())}"])
    does(place, ["cmake", "--build", "user/build"])
    same("the library's y", does(place, ["user/build/library-user"])[0], "-1.000 1.000\n")
    plugin = ["--plugin", "user/build/variant.so"]

    listed, _ = does(place, [program, *plugin, "list", "norms", "variant"])
    check("power[C]" in listed and "variant(start=0)" in listed, listed)
    checked, _ = does(place, [program, "check", "variant", "--case", "*.4x8x5.*", *plugin])
    for row in ("value", "gradient", "two-texts", "second-order", "twins"):
        check(re.search(rf"^{row} +pass ", checked, re.M), f"{row}: {checked}")
    x = tensors(place)
    does(place, [program, "apply", "variant", "in.h5", "y.h5", *plugin])
    with h5py.File(place.path("y.h5")) as file:
        y = file["y"][()]
        check("plugin variant " in file.attrs["plugins"], "y.h5 does not name the plugin")
    check(np.allclose(y, by_hand(x), rtol=1e-13, atol=1e-15), "y is not the template's equation")
    out, _ = does(place, [program, *plugin, "run", "batch-size", "--quick", "--as", "own", "norm=variant,layer", *TINY])
    check("layer - variant" in out or "variant - layer" in out, out)
    check(os.path.getsize(place.path("out", "batch-size-own.svg")) > 1000, "no figure")
    check("--plugin" in does(place, [program, "--help"])[0], "the help does not tell of plugins")


@case("example")
def beside_it(place):
    """What comes with the program: an example that computes what it says, the texts, a man page and words for shells,
    all of which name every command."""
    import numpy as np

    program = install(place)
    flags = does(place, ["pkg-config", "--cflags", "--libs", "normlab"])[0].split()
    does(place, ["cc", "-Wall", "-Wextra", "-Werror", place.path("prefix", "share", "normlab", "program.c"), *flags,
                 *build_flags(), "-o", "example"])
    said = {line.split()[0]: [float(word) for word in line.split()[1:]]
            for line in does(place, ["./example"])[0].splitlines()}
    d, s = np.array([-3.0, -1, 1, 3]), 3.0  # x - mean, sqrt(5 + 4)
    check(np.allclose(said["y"], d / s, atol=6e-6), f"y: {said}")

    def dx_of(x):
        e = x - x.mean()
        r = 1 / np.sqrt((e * e).mean() + 4)
        h = np.array([1.0, 0, 0, 0])
        return r * (h - h.mean() - e * r * (h * e * r).mean())

    x, step = np.array([1.0, 3, 5, 7]), 1e-5
    slope = [(np.sum(dx_of(x + step * u) ** 2) - np.sum(dx_of(x - step * u) ** 2)) / (2 * step) for u in np.eye(4)]
    check(np.allclose(said["dx"], dx_of(x), atol=6e-6), f"dx: {said}, expected {dx_of(x)}")
    check(np.allclose(said["d2x"], slope, atol=1e-5), f"d2x: {said}, expected {slope}")

    share = place.path("prefix", "share")
    for name in ("README.md", "CHANGELOG.md", "CONTRIBUTING.md", "LICENSE", "notes/00-reading-order.md",
                 "figures/batch-size.svg"):
        check(os.path.exists(os.path.join(share, "doc", "normlab", name)), f"{name} is not installed")
    commands = re.findall(r"^  (\w+) ", does(place, [program, "--help"])[0].split("\n\n")[1], re.M)
    check(len(commands) > 10 and "apply" in commands, f"commands: {commands}")
    page = os.path.join(share, "man", "man1", "normlab.1")
    text, warned = does(place, ["man", "--warnings", "-l", page]) if shutil.which("man") else (read(page), "")
    check(not warned, f"the man page: {warned}")
    for word in (*commands, "NORMLAB_DATA", "warmup"):
        check(re.search(rf"\b{word}\b", text), f"the man page does not say {word}")
    for section, name, says in ((7, "normlab-spec", "scalenorm"), (3, "normlab.h", "normlab.3")):
        check(says in read(share, "man", f"man{section}", f"{name}.{section}"), f"{name}({section})")
    script = ('. prefix/share/bash-completion/completions/normlab; COMP_WORDS=(normlab @); COMP_CWORD=%; _normlab; '
              'echo "${COMPREPLY[*]}"')

    def completes(words, at):
        return does(place, ["bash", "-c", script.replace("@", words).replace("%", str(at))])[0].split()

    same("commands of bash", sorted(completes("''", 1)), sorted([*commands, "help", "--help", "--version", "--plugin", "--norms",
                                                            "--let"]))
    same("words that begin so", completes("p", 1), ["plot", "publish"])
    same("lists", completes("list d", 2), ["datasets"])
    same("experiments", completes("run bat", 2), ["batch-size", "batch="])
    check({"--mode", "--eps", "--plugin"} <= set(completes("apply --", 2)), "options")
    same("keys of experiments", [completes(f"run batch-size {key}", 3) for key in ("prot", "samp")],
         [["protocol="], ["samples="]])
    same("what has no runs", [completes(f"{word} check", 2) for word in ("plot", "publish", "run", "table")],
         [["checking"], ["checking"], [], []])
    same("names of a list", completes("list norms swit", 3), ["switchable"])
    same("more names", completes("list experiments batch-size hyb", 4), ["hybrids"])
    same("forms of help", completes("help --man", 2), ["--man", "--man-spec"])
    zsh = read(share, "zsh", "site-functions", "_normlab")
    check(zsh.startswith("#compdef normlab\n") and all(f" {word})" in zsh for word in commands), "words for zsh")
    check("'list norms') offer=(none batch " in zsh, "names of a list for zsh")
    pages = [*glob.glob(os.path.join(share, "doc", "normlab", "*.md")),
             *glob.glob(os.path.join(share, "doc", "normlab", "notes", "*.md"))]
    lost = [f"{os.path.basename(page)}: {target}" for page in pages
            for target in re.findall(r"\]\(([^)#:\s]+)", read(page))
            if not os.path.exists(os.path.join(os.path.dirname(page), target))]
    check(len(pages) > 10 and not lost, f"installed pages link to what is not installed: {lost}")


@case("example")
def pkg_config(place):
    """By pkg-config: a program with the library, and the template by another name beside it."""
    program = install(place)
    write(LIBRARY_USER, place.path("main.c"))
    flags, _ = does(place, ["pkg-config", "--cflags", "--libs", "normlab"])
    does(place, ["cc", "main.c", *flags.split(), *build_flags(), "-lm", "-o", "library-user"])
    same("the library's y", does(place, ["./library-user"])[0], "-1.000 1.000\n")
    one, two = (compiled(place, name, read(TEMPLATE).replace("variant", name)) for name in ("one", "two"))
    spec = "blend(one, two(start=0.5))"
    listed, _ = does(place, [program, f"--plugin={one}", "list", "norms", spec, "--plugin", os.path.basename(two)])
    check("part1.power" in listed and "part2.power" in listed, listed)


# ---- symbols ----------------------------------------------------------------------------------------------------


def private(place):
    """Every name that some object of the program defines, static ones too, and no public header declares."""
    objects = glob.glob(os.path.join(BUILD, "src", "**", "*.o"), recursive=True)
    names = nm(place, *objects) - nm(place, "-D", PROGRAM) - {"main"}
    names = sorted(name for name in names if re.fullmatch("[A-Za-z][A-Za-z0-9_]*", name))
    check(len(names) > 500 and {"learning_rate", "layer_conv", "norm_batch"} <= set(names), f"{len(names)} names")
    return names


def traps(place):
    """Definitions of all of them, none of which anybody may call."""
    text = "".join(f"void {name}(void);\nvoid {name}(void) {{ abort(); }}\n" for name in private(place))
    return write("#include <stdlib.h>\n" + text, place.path("traps.c"))


def own(place):
    """Definitions of all of them, which a plugin calls when it is loaded, and which should then be its own."""
    names = private(place)
    text = "".join(f"int {name}(void);\nint {name}(void) {{ return {number}; }}\n" for number, name in enumerate(names))
    calls = "".join(f"    if ({name}() != {number}) abort();\n" for number, name in enumerate(names))
    return write(f"#include <stdlib.h>\n{text}__attribute__((constructor)) static void call_each(void) {{\n{calls}}}\n",
                 place.path("own.c"))


@case("fault")
def symbols(place):
    """A plugin, a program and a shared object may have functions of any name that our own code has inside."""
    import h5py
    import numpy as np

    program, others = install(place), traps(place)
    x = tensors(place)

    def computes(plugin):
        does(place, [program, "apply", "variant", "in.h5", "y.h5", "--plugin", plugin])
        with h5py.File(place.path("y.h5")) as file:
            check(np.allclose(file["y"][()], by_hand(x), rtol=1e-13, atol=1e-15), f"{plugin}: y is not its equation")
        os.remove(place.path("y.h5"))

    plugin = compiled(place, "variant", read(TEMPLATE), own(place))
    computes(plugin)
    checked, _ = does(place, [program, "check", "variant", "--case", "*.4x8x5.*", "--plugin", plugin])
    check(" 0 failed" in checked, checked)
    does(place, [program, "run", "batch-size", "--quick", "norm=variant", *TINY, "--plugin", plugin])
    computes(compiled(place, "hidden", read(TEMPLATE), "-fvisibility=hidden"))
    if not build_flags():  # the sanitizers stand in for the loader's own
        half = read(TEMPLATE).replace("static TapeNode *scale_of", "double compress2(void);\ndouble compress2(void) "
                                      "{ return -0.5; }\nstatic TapeNode *scale_of", 1).replace("-0.5)", "compress2())")
        check(half.count("compress2") == 3, "the template has changed")
        computes(compiled(place, "zlib", half))

    write(LIBRARY_USER, place.path("main.c"))
    write(LIBRARY_USER.replace("main(void)", "work(void)"), place.path("work.c"))
    write("int work(void);\nint main(void) { return work(); }\n", place.path("caller.c"))
    flags = does(place, ["pkg-config", "--cflags", "--libs", "normlab"])[0].split() + [*build_flags(), "-lm"]
    does(place, ["cc", "-rdynamic", "main.c", others, *flags, "-o", "whole"])
    does(place, ["cc", "-shared", "-fPIC", "work.c", *flags, "-o", "libwork.so"])
    does(place, ["cc", "-rdynamic", "caller.c", others, "./libwork.so", *build_flags(), "-o", "shared"])
    for name in ("whole", "shared"):
        same(f"y of {name}", does(place, [place.path(name)])[0], "-1.000 1.000\n")


def include_all(place):
    """all.c, and the flags to compile it."""
    headers = sorted(os.listdir(place.path("prefix", "include", "normlab")))
    write("".join(f"#include <normlab/{name}>\n" for name in headers), place.path("all.c"))
    return does(place, ["pkg-config", "--cflags", "normlab"])[0].split()


@case("example")
def exports(place):
    """The program shows plugins, and the library its users, what the installed headers declare, and nothing else."""
    install(place)
    does(place, ["gcc", "-fsyntax-only", "-aux-info", "all.txt", *include_all(place), "all.c"])
    declared = set(re.findall(r"include/normlab/\S+ \*/ extern .*?[ *](\w+) \(", read(place.path("all.txt"))))
    check(len(declared) > 150, f"{len(declared)} declarations")
    of_linker = {"data_start", "edata", "end"}
    shown = {name for name in nm(place, "-D", PROGRAM) if not name.startswith("_")} - of_linker
    from_libc = {"stderr", "stdout", "stdin", "environ"}
    before_libc = {"malloc", "calloc", "realloc", "free", "aligned_alloc", "memalign", "posix_memalign", "valloc", "pvalloc",
                   "pthread_create"}  # memory ends for libraries as for the program (src/tool/memory.c)
    same("shown and not declared", sorted(shown - declared - from_libc - before_libc), [])
    same("declared and not shown", sorted(declared - shown), [])
    archive = {name for name in nm(place, "--extern-only", glob.glob(place.path("prefix", "lib*", "**", "libnormlab.a"),
                                                                       recursive=True)[0]) if not name.startswith("_")}
    same("the library's", sorted(archive ^ declared), [])


# ---- names -----------------------------------------------------------------------------------------------------

# The words of the rooms: what an installed header brings, and what its library shows, begins with one of them.
ROOMS = "arena base draw spec quad shape partition tape op norm view field rows normlab".split()
OURS = re.compile("|".join(rf"{w}(_\w+)?|{w.capitalize()}([A-Z]\w*)?|{w.upper()}_\w+" for w in ROOMS))
# What others may call what they please: all that these headers brought at some time, and what is most often somebody's.
OTHERS = """
#define REQUIRE(condition) ((condition) ? 1 : 2)
#define SHAPE 3
#define TAKE 4
#define ZERO 5
#define COUNT_OF 6
#define CHOICE 7
#define VERIFY 8
#define NORETURN 9
#define SCALAR 10
#define CHECK 11
enum { CONV_INPUT = 12, SUM_LEAF, STANDARD_GIVEN, DIGEST_LENGTH, ROUNDING_EACH, I };
typedef struct Text { char own; } Text;
typedef struct Error { char own[2]; } Error;
typedef struct Node { char own[3]; } Node;
typedef struct Rows { char own[4]; } Rows;
typedef struct Lattice { char own[5]; } Lattice;
typedef struct Complex { char own[6]; } Complex;
typedef struct Choice { char own[7]; } Choice;
typedef struct Conv { char own[8]; } Conv;
typedef struct Member { char own[9]; } Member;
typedef struct Moments { char own[10]; } Moments;
typedef struct Arguments { char own[11]; } Arguments;
typedef struct Rounding { char own[12]; } Rounding;
typedef struct Standard { char own[13]; } Standard;
"""
FUNCTIONS = """die die_if say fail print_commands program_begin program_called text_new text_add text_print text_copy place_read
    place_write place_home digest_bytes choice_find arguments_of argument_count divisors_text sum_run sum_leaf tree_push vector_add
    matmul im2col col2im conv_forward slab_runs slab_rows stretch_next cell_members member_next moments_mean moments_merge
    standard_forward standard_put weighing_read weight_largest partitioned_run quad_own""".split()
TYPES = "Text Error Node Rows Lattice Complex Choice Conv Member Moments Arguments Rounding Standard".split()


def statements(text):
    """Declarations at file scope as lists of words; what stands in braces is one word."""
    text = re.sub(r'__attribute__\s*\(\((?:[^()]|\([^()]*\))*\)\)|__extension__|extern\s+"C"\s*\{', " ", text)
    words, deep = [[]], []
    for word in re.findall(r'"[^"]*"|\w+|[^\s\w]', text):
        if word == "{":
            deep.append([])
        elif word == "}" and deep:
            inside = deep.pop()
            (deep[-1] if deep else words[-1]).append("{" + " ".join(inside) + "}")
            if not deep and "(" in words[-1] and words[-1][0] != "typedef":  # a function's body
                words.append([])
        elif word == ";" and not deep:
            words.append([])
        else:
            (deep[-1] if deep else words[-1]).append(word)
    return [those for those in words if those]


def declares(those):
    """The names that a declaration brings: its own, tags, enumerators."""
    tags = [those[i + 1] for i, word in enumerate(those[:-1]) if word in ("struct", "union", "enum") and those[i + 1][0] != "{"]
    listed = [re.match(r"\w+", piece.strip())[0] for i, word in enumerate(those) if word[0] == "{" and "enum" in those[:i]
              for piece in word[1:-1].split(",") if piece.strip()]
    plain = [word for word in those if word[0] != "{"]
    own = []
    if plain[0] == "typedef" or "(" in plain:
        i = plain.index("(") if "(" in plain else len(plain)
        own = [plain[i + 2] if plain[i:i + 2] == ["(", "*"] else plain[i - 1]]
    elif len(plain) > 2 or plain[0] not in ("struct", "union", "enum"):
        own = plain[-1:]
    return {name for name in tags + listed + own if re.fullmatch(r"[A-Za-z_]\w*", name)}


def brought(place, flags):
    """Every name that the installed headers bring: macros, and what they declare."""
    lines = does(place, ["gcc", "-E", "-dD", *flags, "all.c"])[0].splitlines()
    here, code, names = False, [], set()
    for line in lines:
        marker = re.match(r'# \d+ "([^"]*)"', line)
        if marker:
            here = "/include/normlab/" in marker[1]
        elif here and line.startswith("#define "):
            names.add(re.match(r"#define (\w+)", line)[1])
        elif here and not line.startswith("#"):
            code.append(line)
    for those in statements("\n".join(code)):
        names |= declares(those)
    return names


@case("fault")
def rooms(place):
    """What the installed headers bring begins with the word of a room, and so do the library's symbols."""
    install(place)
    flags = include_all(place)
    names = brought(place, flags)
    check({"BaseError", "SHAPE_OF", "tape_add", "TapeNode", "NORM_TRAIN", "NormKind", "norm_new", "NormText", "spec_say",
           "NORMLAB_PLUGIN", "DRAW_INIT"} <= names, f"not all are read: {sorted(names)}")
    same("called as anybody's", sorted(name for name in names if not OURS.fullmatch(name)), [])
    does(place, ["gcc", "-fsyntax-only", "-aux-info", "all.txt", *flags, "all.c"])
    functions = set(re.findall(r"include/normlab/\S+ \*/ (?:extern|static) .*?[ *](\w+) \(", read(place.path("all.txt"))))
    same("functions that the reading has missed", sorted(functions - names), [])
    archive = glob.glob(place.path("prefix", "lib*", "**", "libnormlab.a"), recursive=True)[0]
    same("symbols called as anybody's", sorted(name for name in nm(place, "--extern-only", archive)
                                               if not OURS.fullmatch(name) and not name.startswith("__")), [])


@case("fault")
def own_names(place):
    """A program in C or C++ that has such names of its own, before or after our headers, is compiled, linked, and right."""
    install(place)
    include_all(place)
    functions = "".join(f"int {name}(int a);\nint {name}(int a) {{ return a + {i}; }}\n" for i, name in enumerate(FUNCTIONS))
    asked = " + ".join([f"({name}(1) != {i + 1})" for i, name in enumerate(FUNCTIONS)]
                       + [f"(sizeof({name}) != {i + 1})" for i, name in enumerate(TYPES)]
                       + ["(REQUIRE(1) != 1)", "(SHAPE != 3)", "(CHECK != 11)", "(CONV_INPUT != 12)", "(I != 17)"])
    own = f"{OTHERS}\n{functions}int mistakes(void);\nint mistakes(void) {{ return {asked}; }}\n"
    headers = read(place.path("all.c"))
    program = read(HOME, "src", "norm", "template", "program.c")
    check(program.count("int main(void) {\n") == 1, "the template has changed")
    program = program.replace("int main(void) {\n", "int main(void) {\n    if (mistakes()) return mistakes();\n")
    flags = does(place, ["pkg-config", "--cflags", "--libs", "normlab"])[0].split() + [*build_flags(), "-lm"]
    told = set()
    for language in (["cc"], ["c++", "-x", "c++"]):
        for text in (own + headers + program, headers + own + program):
            source = write(text, place.path("own.c"))
            does(place, [*language, "-Werror", source, "-x", "none", *flags, "-o", "own"])
            told.add(does(place, [place.path("own")])[0])
    check(len(told) == 1 and min(told).startswith("y    -1.00000 -0.33333  0.33333  1.00000\n"), f"{told}")


# ---- what is refused --------------------------------------------------------------------------------------------


def refused(place, program, words, code, parts):
    """One line that says all of `parts`, and nothing else happens."""
    before = listing(place.folder)
    out, err = does(place, [program, *words], code)
    shown = shlex.join(words)
    check(not out and err.startswith("normlab: ") and err.count("\n") == 1, f"{shown}: not one line: {out}{err}")
    for part in parts:
        check(part in err, f"{shown}: does not say {part!r}: {err}")
    check(listing(place.folder) == before, f"{shown}: files changed")


@case("fault")
def files(place):
    """Whatever is no plugin, or one for another program."""
    program, source = install(place), read(TEMPLATE)
    write("hello\n", place.path("text.so"))
    write("", place.path("empty.so"))
    good = compiled(place, "good", source)
    with open(good, "rb") as file, open(place.path("half.so"), "wb") as half:
        half.write(file.read(3000))
    stale = '-DNORMLAB_ABI="0123456789abcdef"'
    calls = source.replace("const ViewMoments m =", "extern int gone(void);\n    if (gone()) return (NormField){NULL, NULL, NULL};\n"
                                                    "    const ViewMoments m =")
    check(calls != source, "the template has changed")
    ours = re.search(r'NORMLAB_ABI "([0-9a-f]{16})"', read(place.path("prefix", "include", "normlab", "abi.h")))[1]
    compiled(place, "bare", "int nothing;\n")
    compiled(place, "intree", source, "-DNORMLAB_IN_TREE")
    compiled(place, "stale", source, stale)
    compiled(place, "gone", calls)
    compiled(place, "stale-gone", calls, stale)
    table = [("none.so", INPUT, ["none.so", "No such file"]), ("tmp", INPUT, ["tmp", "not a regular file"]),
             ("text.so", DATA, ["text.so", "cannot be loaded"]), ("empty.so", DATA, ["empty.so", "too short"]),
             ("half.so", DATA, ["half.so", "cannot be loaded"]), ("bare.so", DATA, ["bare.so", "NORMLAB_PLUGIN"]),
             ("intree.so", DATA, ["intree.so", "NORMLAB_PLUGIN"]),
             ("stale.so", DATA, ["stale.so", "0123456789abcdef", ours, "build it again"]),
             ("gone.so", DATA, ["gone.so", "undefined symbol", "gone"]),
             ("stale-gone.so", DATA, ["0123456789abcdef", ours])]
    for name, code, parts in table:
        refused(place, program, ["--plugin", name, "list", "norms"], code, parts)
    for name, modes, told in (("good.so", (0o755, 0o755), None), ("good.so", (0o757, 0o755), "this file"),
                              ("good.so", (0o755, 0o777), "its folder"), ("good.so", (0o755, 0o1777), None)):
        os.makedirs(place.path("shared"), exist_ok=True)
        shutil.copy(good, place.path("shared", name))
        for path, mode in zip((place.path("shared", name), place.path("shared")), modes):
            os.chmod(path, mode)
        _, err = does(place, [program, "--plugin", place.path("shared", name), "list", "norms", "variant"])
        check(err.count("\n") == bool(told) and (told or "") in err, f"plugin of modes {modes}: {err}")
    refused(place, program, ["list", "norms", "--plugin"], USAGE, ["--plugin", "FILE.so"])
    refused(place, program, ["list", "norms", "--plugin="], USAGE, ["--plugin", "FILE.so"])
    refused(place, program, ["list", "norms", "--plugn", good], USAGE, ["'--plugn'", "'--plugin'"])
    refused(place, program, ["check", "variant"], USAGE, ["'variant'"])


@case("fault")
def ends(place):
    """A plugin that ends the program, as it is loaded or later, is said to."""
    program, source = install(place), "#include <stdlib.h>\n#include <unistd.h>\n" + read(TEMPLATE)
    tensors(place)
    words = [program, "apply", "variant", "in.h5", "y.h5", "--plugin"]
    for number, call in enumerate(("exit(0)", "_exit(0)", "exit(3)")):
        at_once = f"__attribute__((constructor)) static void at_once(void) {{ {call}; }}\n"
        _, err = does(place, [*words, compiled(place, f"ends{number}", source + at_once)], DATA)
        check("its own code ends the program" in err and call[-2] in err and err.count("\n") == 1, f"{call}: {err}")
    begin = "    Tape *t = v->tape;\n    TapeNode *eps"
    check(begin in source, "the template has changed")
    late = compiled(place, "late", source.replace(begin, "    exit(0);\n" + begin))
    before = listing(place.folder)
    _, err = does(place, [*words, late], 70)
    check("a plugin ended the program" in err and listing(place.folder) == before, err)
    out, err = does(place, [program, "--plugin", compiled(place, "good", source), "list", "norms", "variant"])
    check(out and not err, err)


@case("fault")
def names(place):
    """A plugin takes no name that something has, and has a name that can stand in a spec."""
    program, source = install(place), read(TEMPLATE)
    table = [("batch", USAGE, ["a normalizer 'batch' already"]), ("ibn", USAGE, ["a normalizer 'ibn' already"]),
             ("resnet", USAGE, ["a network 'resnet' already"]), ("My-Gate", USAGE, ["'My-Gate'", "'my_gate'"]),
             ("a b", USAGE, ["'a b'", "small letters"]), ("", USAGE, ["''"]), ("x" * 40, USAGE, ["at most 32"])]
    for number, (name, code, parts) in enumerate(table):
        path = compiled(place, f"clash{number}", source.replace('.name = "variant"', f'.name = "{name}"'))
        refused(place, program, ["--plugin", path, "list", "norms"], code, [path, *parts])
    path = compiled(place, "untitled", re.sub(r"\.title = .*\n", "", source))
    refused(place, program, ["--plugin", path, "list", "norms"], DATA, [path, "title"])
    good = compiled(place, "good", source)
    refused(place, program, ["--plugin", good, "list", "norms", "--plugin", good], USAGE, ["'variant' already"])


CHANGES = {
    # what a library may do to the arithmetic of the process: C, and what is said of it
    "flush": ("_mm_setcsr(_mm_getcsr() | 0x8000)", "taken for zero"),
    "denormals": ("_mm_setcsr(_mm_getcsr() | 0x0040)", "taken for zero"),
    "upward": ("_mm_setcsr((_mm_getcsr() & ~0x6000u) | 0x4000)", "not rounded to the nearest"),
    "downward": ("_mm_setcsr((_mm_getcsr() & ~0x6000u) | 0x2000)", "not rounded to the nearest"),
    "chopped": ("fesetround(FE_TOWARDZERO)", "not rounded to the nearest"),
    "short": ("x87((unsigned short)(word & ~0x0300))", "long double"),
    "double": ("x87((unsigned short)((word & ~0x0300) | 0x0200))", "long double"),
    "x87-up": ("x87((unsigned short)(word | 0x0800))", "long double"),
    "trap": ("_mm_setcsr(_mm_getcsr() & ~0x0200u)", "would end the program"),
    "x87-trap": ("x87((unsigned short)(word & ~0x0004))", "would end the program"),
}
CHANGE = """#include <fenv.h>
#include <xmmintrin.h>
static inline void x87(unsigned short word) { __asm__ volatile("fldcw %0" : : "m"(word)); }
static void change(void) {
    unsigned short word;
    __asm__ volatile("fnstcw %0" : "=m"(word));
    (void)word, (void)x87;
    @;
}
"""
AT_ONCE = "__attribute__((constructor)) static void at_once(void) { change(); }\n"


@case("fault")
def arithmetic(place):
    """What changes the arithmetic of the process is refused: by -Ofast, by a constructor, before the program, and where
    it computes, also in threads."""
    if os.uname().machine != "x86_64":
        sys.exit("this test knows the registers of x86-64 alone")
    program, source = install(place), read(TEMPLATE)
    fast = compiled(place, "fast", source, "-Ofast")
    subject = [program, "list", "norms", "variant", "--plugin"]
    _, err = does(place, [*subject, fast], DATA)
    check("fast.so changes the arithmetic" in err and "taken for zero" in err and err.count("\n") == 1, err)
    for name, (how, says) in CHANGES.items():
        change = CHANGE.replace("@", how)
        _, err = does(place, [*subject, compiled(place, name, source + change + AT_ONCE)], DATA)
        check(f"{name}.so changes the arithmetic" in err and says in err and err.count("\n") == 1, f"{name}: {err}")
        library = place.path(f"lib{name}.so")
        write(change + AT_ONCE, place.path("preload.c"))
        does(place, ["cc", "-shared", "-fPIC", "preload.c", "-o", library])
        if not build_flags():  # sanitizers want to be first
            _, err = does(place, ["env", f"LD_PRELOAD={library}", program, "list", "norms"], MISSING)
            check("LD_PRELOAD" in err and says in err and err.count("\n") == 1, f"{name}: {err}")
    # in a thread, at the second step: the first of the two workers that come so far
    late = CHANGE.replace("@", CHANGES["flush"][0])
    begin = "    Tape *t = v->tape;\n    TapeNode *eps"
    check(begin in source, "the template has changed")
    late += source.replace(begin, "    if (v->context.step == 1) change();\n" + begin)
    late = compiled(place, "late", late)
    out, err = does(place, [program, "run", "batch-size", "--quick", "norm=variant", "workers=2", *TINY, "--plugin", late],
                    MISSING)
    check("changed the arithmetic" in err, err)
    check(not glob.glob(place.path("out", "runs", "*.h5")), "a run was stored")
    now = compiled(place, "now", CHANGE.replace("@", CHANGES["flush"][0]) +
                   source.replace(begin, "    change();\n" + begin))
    tensors(place)
    before = listing(place.folder)
    _, err = does(place, [program, "apply", "variant", "in.h5", "y.h5", "--plugin", now], MISSING)
    check("changed the arithmetic" in err and listing(place.folder) == before, err)


# ---- runs -------------------------------------------------------------------------------------------------------


@case("example")
def provenance(place):
    """A run says which plugin made it: another file is another run, and a plugin that a run does not use changes
    nothing."""
    import h5py

    program, source = install(place), read(TEMPLATE)
    one = compiled(place, "one", source)
    two = compiled(place, "two", source.replace("-0.5", "-0.25"))

    def runs(*words):
        before = set(glob.glob(place.path("out", "runs", "*.h5")))
        does(place, [program, "run", "batch-size", "--quick", *TINY, *words])
        return set(glob.glob(place.path("out", "runs", "*.h5"))) - before

    same("runs of layer", len(runs("norm=layer")), 1)
    same("runs of layer beside a plugin", len(runs("norm=layer", "--plugin", one)), 0)
    made = [runs("norm=variant", "--plugin", plugin) for plugin in (one, one, two)]
    same("runs of two plugins", [len(new) for new in made], [1, 0, 1])
    for plugin, new in ((one, made[0]), (two, made[2])):
        with open(plugin, "rb") as file:
            line = f"plugin variant {hashlib.sha256(file.read()).hexdigest()}\n"
        with h5py.File(new.pop()) as file:
            check(file["config"].attrs["canonical"].endswith(line), f"canonical: {file['config'].attrs['canonical']}")
            same("provenance", file["provenance"].attrs["plugins"], line)
    inside = runs("norm=blend(layer, variant)", "--plugin", one).pop()
    with h5py.File(inside) as file:
        check("\nplugin variant " in file["config"].attrs["canonical"], "a part's plugin is not named")


# ---- in the checkout ----------------------------------------------------------------------------------------------


def bare_checkout(place):
    """As much of one as `new` needs."""
    home = place.path("home")
    for name in ("CMakeLists.txt", "src/norm/norm.def", "src/norm/geometry.c", "src/norm/template/variant.c",
                 "src/net/net.def", "src/net/layers.c", "src/net/template/sketch.c",
                 "src/study/template/run.c", "src/dataset/dataset.def", "src/dataset/split.c",
                 "src/dataset/template/my_data.c"):
        os.makedirs(os.path.dirname(os.path.join(home, name)), exist_ok=True)
        shutil.copy(os.path.join(HOME, name), os.path.join(home, name))
    os.makedirs(os.path.join(home, "experiments", "sketch"))
    return home


# what is called so already, and the experiments' likes
TAKEN = {"moments": "norm_moments()", "apply": "norm_apply()", "new": "norm_new()", "kinds": "norm_kinds()",
         "rows": "norm_rows()", "ramp": "norm_ramp()", "int": "word of C", "auto": "word of C", "main": "word of C",
         "static": "word of C", "isnan": "word of C", "exp": "word of specs", "sqrt": "word of specs", "printf": "function",
         "qsort": "function", "tgamma": "function", "cblas_dgemm": "function", "tape_add": "function",
         "dataset_batch": "function", "train": "specs", "eval": "specs", "all": "specs", "kmeans": "specs",
         "softmax": "specs", "size": "option", "eps": "option", "gamma": "option", "gate": "option", "affine": "norm_affine()",
         "rate": "key", "dataset": "key", "check": "a command", "list": "a command", "test": "a command"}
STUDIES = {"run": (USAGE, "a command"), "test": (USAGE, "a command"), "runs": (USAGE, "folder"),
           "find": (USAGE, "experiment_find()"), "hybrids-weights": (USAGE, "figure"), "int": (USAGE, "a word of C"),
           "old": (CREATE, "data/old.h5"), "drawn": (CREATE, "figures/drawn.svg"), "rates": (CREATE, "out/rates.h5"),
           "quickly": (CREATE, "out/quickly-quick.h5")}


@case("fault")
def new(place):
    """Names that cannot be, places that cannot be written to: one line, and no file is touched."""
    home = bare_checkout(place)
    table = [(["norm"], USAGE, ["norm|network|dataset|experiment NAME"]), (["nrom", "x"], USAGE, ["'nrom'", "'norm'"]),
             (["norm", "my-gate"], USAGE, ["'my-gate'", "'my_gate'"]), (["norm", "Fate"], USAGE, ["'fate'"]),
             (["norm", "9a"], USAGE, ["'9a'"]), (["norm", ""], USAGE, ["''"]), (["norm", "../x"], USAGE, ["'../x'"]),
             (["norm", "batch"], USAGE, ["'batch' already"]), (["norm", "gn"], USAGE, ["'gn' already"]),
             (["norm", "resnet"], USAGE, ["network 'resnet'"]), (["norm", "geometry"], CREATE, ["geometry.c is there"]),
             (["network", "resnet"], USAGE, ["network 'resnet' already"]), (["network", "batch"], USAGE, ["'batch' already"]),
             (["network", "run"], USAGE, ["name of a network: the program has a function net_run() already", "'my_run' is free"]),
             (["network", "net_x"], USAGE, ["net_ is put before it", "'my_x' is free"]),
             (["network", "layers"], CREATE, ["layers.c is there", "'my_layers' is free"]),
             (["experiment", "My"], USAGE, ["'My'"]), (["experiment", "batch-size"], USAGE, ["'batch-size' already"]),
             (["experiment", "checking"], USAGE, ["'checking' already"]),
             (["experiment", "sketch"], CREATE, ["sketch is there"]), (["experiment", "../x"], USAGE, ["'../x'"]),
             (["experiment", "x" * 60], USAGE, ["at most 48"]),
             (["dataset", "My"], USAGE, ["'My'", "a data set's name"]), (["dataset", "x" * 60], USAGE, ["at most 48"]),
             (["dataset", "a/b"], USAGE, ["'a/b'"]), (["dataset", "cifar10"], USAGE, ["'cifar10'", "there is one", "'my-cifar10' is free"]),
             (["dataset", "batch-size"], USAGE, ["or an experiment", "'my-batch-size' is free"]),
             (["dataset", "open"], USAGE, ["dataset_open() already", "'my-open' is free"]),
             (["dataset", "split"], CREATE, ["split.c is there", "'my-split' is free"]), (["datset", "x"], USAGE, ["'dataset'"]),
             (["norm", "norm_new"], USAGE, ["'norm_new'", "'my_new' is free"]),
             (["norm", "moments"], USAGE, ["normalizer: the program has a function norm_moments() already; "]),
             (["experiment", "batch-size-quick"], USAGE, ["quick results", "'my-batch-size' is free"]),
             (["experiment", "my-quick"], USAGE, ["quick results", "'my-quick-2' is free"]),
             (["experiment", "my-lr-quick"], USAGE, ["quick results", "'my-lr' is free"])]
    table += [(["norm", name], USAGE, [f"'{name}'", why, f"'my_{name}' is free"]) for name, why in TAKEN.items()]
    table += [(["experiment", name], code, [name, why, f"'my-{name}' is free"])
              for name, (code, why) in STUDIES.items()]
    for path in ("data/old.h5", "figures/drawn.svg", "out/rates.h5", "out/quickly-quick.h5"):
        os.makedirs(os.path.dirname(os.path.join(home, path)), exist_ok=True)
        write("", home, path)

    def refuse(words, code, parts, **more):
        before = listing(place.folder)
        words = [*words, "--c"] if words[0] == "norm" and "--c" not in words else words
        out, err = does(place, [PROGRAM, "new", *words], code, **more)
        check(not out and err.count("\n") == 1 and all(part in err for part in parts), f"{words}: {out}{err}")
        check(listing(place.folder) == before, f"{words}: files changed")

    for words, code, parts in table:
        refuse(words, code, parts, home=home)
    refuse(["norm", "x"], MISSING, ["checkout", "NORMLAB_HOME"], home=place.path("tmp"))
    # the list cannot be written: the file, which could, goes again
    write("/* " + 9000 * " " + "*/\n" + read(home, "src/norm/norm.def"), home, "src/norm/norm.def")
    refuse(["norm", "x"], IO, ["norm.def", "kept"], home=home,
           preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (8192, 8192)))
    out, _ = does(place, [PROGRAM, "new", "norm", "--c", "x"], home=home)
    check("src/norm/x.c" in out and "NORM(x)" in out, out)
    check(read(home, "src/norm/norm.def").endswith("\nNORM(x)\n"), "norm.def has no new last line")
    out, _ = does(place, [PROGRAM, "new", "dataset", "x-y"], home=home)
    check("src/dataset/x_y.c" in out and read(home, "src/dataset/dataset.def").endswith("\nDATASET(x_y)\n"), out)
    source = read(home, "src/dataset/x_y.c")
    check('"x-y"' in source and "dataset_x_y" in source and "my-data" not in source and "my_data" not in source, "not renamed")
    check("variant" not in read(home, "src/norm/x.c") and "norm_x" in read(home, "src/norm/x.c"), "not renamed")
    out, _ = does(place, [PROGRAM, "new", "network", "y"], home=home)
    check("src/net/y.c" in out and "NETWORK(y)" in out, out)
    check(read(home, "src/net/net.def").endswith("\nNETWORK(y)\n"), "net.def has no new last line")
    check("sketch" not in read(home, "src/net/y.c") and "net_y" in read(home, "src/net/y.c"), "not renamed")
    refuse(["norm", "x"], CREATE, ["x.c is there", "'my_x' is free"], home=home)


@case("fault")
def symbols_as_names(place):
    """Every symbol of the library, and what is left of it without its prefix, as a normalizer's name: refused before
    anything is written, unless no symbol would be there twice."""
    home = bare_checkout(place)
    objects = [path for layer in ("base", "tensor", "tape", "norm")
               for path in glob.glob(os.path.join(BUILD, "src", "CMakeFiles", f"normlab-{layer}.dir", "**", "*.o"),
                                     recursive=True)]
    lines = (line.split() for line in does(place, ["nm", "--defined-only", *objects])[0].splitlines())
    found = {words[2] for words in lines if len(words) == 3 and words[1] in "TDBRW"}
    names = {name for symbol in found for name in (symbol, symbol.removeprefix("norm_"))
             if re.fullmatch("[a-z][a-z0-9_]{,31}", name)}
    check(len(names) > 250 and {"moments", "slab_runs", "tape_add"} <= names, f"only {len(names)} names")
    environment = dict(place.environment(), NORMLAB_HOME=home)
    for name in sorted(names):
        before = listing(home)
        code = subprocess.run([PROGRAM, "new", "norm", "--c", name], env=environment, capture_output=True).returncode
        if code == 0:
            check(name not in found and f"norm_{name}" not in found, f"{name} was accepted")
            os.remove(os.path.join(home, "src", "norm", name + ".c"))
            shutil.copy(os.path.join(HOME, "src", "norm", "norm.def"), os.path.join(home, "src", "norm"))
        else:
            check(code in (USAGE, CREATE), f"{name}: exit code {code}")
            check(listing(home) == before, f"{name}: files changed")


@case("fault")
def no_checkout(place):
    """What the installed program cannot do without sources."""
    program = install(place)
    refused(place, program, ["new", "norm", "--c", "mine"], MISSING, [f"`{program} new`", "checkout", "NORMLAB_HOME"])
    refused(place, program, ["publish", "none"], MISSING, [f"`{program} publish`", "checkout"])


@case("fault")
def new_text(place):
    """An equation, where one stands: it passes as it stands, and nothing is overwritten."""
    here = place.path("here")
    os.mkdir(here)

    def new(code, *words):
        done = subprocess.run([PROGRAM, "new", *words], cwd=here, env=place.environment(), capture_output=True, text=True)
        check(done.returncode == code, f"{words}: {done.returncode} {done.stderr}")
        return done

    check(new(0, "norm", "mine").stdout == "mine.norm\n", "another file")
    text = read(here, "mine.norm")
    check("\nmine(start=1):\n" in text and "variant" not in text, text)
    done = subprocess.run([PROGRAM, "check", "mine", "--norms", "mine.norm", "--case", "mine.4x8x5.*"], cwd=here,
                          env=place.environment(), capture_output=True, text=True)
    check(done.returncode == 0 and " 0 failed, 0 inconclusive" in done.stdout, done.stdout + done.stderr)
    check("mine.norm is there already" in new(CREATE, "norm", "mine").stderr, "overwritten")
    for name, part in (("batch", "'batch' already"), ("x", "'x' has its meaning already"), ("tanh", "'tanh' has"),
                       ("my-gate", "'my_gate'"), ("resnet", "network 'resnet'"), ("../y", "'../y'")):
        check(part in new(USAGE if "has" not in part else DATA, "norm", name).stderr, name)
    check("--c is of" in new(USAGE, "network", "y", "--c").stderr, "--c of a network")
    same("files", sorted(os.listdir(here)), ["mine.norm"])

    # an equation of the house gives way, a kind in C does not; the same text twice is one
    def brings(code, *words):
        done = subprocess.run([PROGRAM, *words], cwd=here, env=place.environment(), capture_output=True, text=True)
        check(done.returncode == code, f"{words}: {done.returncode} {done.stderr}")
        return done.stderr

    own = "dyt: a = parameter(0.25); y = gamma * tanh(a * x) + beta"
    check("'dyt' is not that of the house" in brings(0, "list", "norms", "dyt", "--let", own, "--let", own), "no word")
    same("talk", brings(0, "list", "norms", "mine", "--norms", "mine.norm", "--norms", here), "")
    check("'dyt' already" in brings(DATA, "list", "norms", "--let", own, "--let", "dyt: y = x"), "two of one name")
    check("'batch' already" in brings(DATA, "list", "norms", "--let", "batch: y = x"), "a kind in C")


@case("example")
def chapter(place):
    """Every command of both chapters on what is one's own, in their order, in a copy of the checkout; runs and checks are
    small ones."""
    home = place.path("house")
    shutil.copytree(HOME, home, ignore=shutil.ignore_patterns("build", "out", ".git"))
    text = read(HOME, "notes", "90-your-own-variant.md") + read(HOME, "notes", "91-your-own-study.md")
    commands = "".join(block if kind == "sh" else f"/usr/bin/python3 - <<'END'\n{block}END\n"
                       for kind, block in re.findall(r"^```(sh|python)\n(.*?)^```", text, re.M | re.S))
    commands = re.sub(r"^(\./normlab run .*)$", lambda m: f"{m[1]} {' '.join(TINY)}", commands, flags=re.M)
    commands = re.sub(r"^(.*normlab.* check (?!absolute)\S+)$", lambda m: f"{m[1]} {FEW}", commands, flags=re.M)
    for word in ("new norm", "new experiment", "new network", "new dataset", "list datasets", "check", "apply", "run", "plot", "--plugin", "new norm --c"):
        check(f"normlab {word} " in commands, f"the chapters have no `normlab {word}`")
    # compiled quickly; the wrapper finds it configured
    environment = {k: v for k, v in place.environment().items() if not k.startswith("NORMLAB_")}
    environment["PATH"] = "/usr/bin:" + environment["PATH"]
    script = ("cmake -S . --preset release -DCMAKE_BUILD_TYPE=None -DNORMLAB_NATIVE=OFF >/dev/null\n" + commands)
    done = subprocess.run(["sh", "-exc", script], cwd=home, env=environment, capture_output=True, text=True,
                          timeout=PATIENCE, stdin=subprocess.DEVNULL)
    check(done.returncode == 0, f"exit code {done.returncode}: {done.stderr[-3000:]}{done.stdout[-1000:]}")
    same("checks that passed", len(re.findall(r"^\d+ cases, .* 0 failed, 0 inconclusive", done.stdout, re.M)), 5)
    check("normalizers  5 places, channels x positions: 16 x 196: stem_norm, layer1.norm" in done.stdout, "no network")
    check("partial - layer" in done.stdout or "layer - partial" in done.stdout, f"no comparison: {done.stdout[-3000:]}")
    check(os.path.getsize(os.path.join(home, "out", "batch-size-partial.svg")) > 1000, "no figure")
    check("rmse, last epoch, mm: mean over 1 seed" in done.stdout, "no task of one's own")
    check(os.path.exists(os.path.join(home, "out", "mine", "out", "batch-size-outside.h5")), "nothing outside of the checkout")
    # an experiment without a protocol has nothing to say of it
    check(re.search(r"over 1 seed\. Quick recipe$", done.stdout, re.M), f"the new experiment's table: {done.stdout}")


HOLDING = """#include <normlab/kind.h>

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    NormMomentNodes m = norm_moments(context, x);
    TapeNode *eps = tape_fill(t, m.variance->shape, context->norm->eps);
    TapeNode *root = tape_detach(t, tape_sqrt(t, tape_add(t, m.variance, eps)));
    return norm_affine(context, tape_div(t, m.centred, tape_spread(t, root, m.partition, x->shape)));
}

const NormKind norm_holding = {.name = "holding", .usage = "holding", .title = "its root is held", .cell = {{1, 1, .moments = {NORM_OWN, NORM_OWN}}},
                               .define = define, .holds = SAID};
NORMLAB_PLUGIN(norm_holding);
"""


SQUARES = """
#include "kind.h"
#include "op.h"

static TapeNode *define(const NormContext *context, TapeNode *x) {
    static const Op squares = {.name = "squares"%s};
    return norm_affine(context, tape_write(context->tape, &squares, x->shape, &x, 1, NULL, NULL));
}

const NormKind norm_squares = {.name = "squares", .usage = "squares", .title = "squares", .cells = "one element",
                               .define = define};
NORMLAB_PLUGIN(norm_squares);
"""
VALUES = """
static void by_%s(%s *y, const %s *const *in, const TapeNode *node) {
    for (size_t i = 0; i < shape_count(node->shape); i++) y[i] = in[0][i] * in[0][i];
}
"""


@case("fault")
def silent_operations(place):
    """An operation that does not say what oracles need is named before anything is judged."""
    program = install(place)
    values = "".join(VALUES % (word, number, number) for word, number in (
        ("real", "double"), ("complex", "double _Complex"), ("quad", "Quad"), ("quad_complex", "QuadComplex")))
    for more, part in ((", .replay = {.run_real = by_real}", "cannot be replayed in every arithmetic (Op.replay)"),
                       (", .replay = OP_REPLAYS(by)", "what rounding does to it (Op.rounding)"),
                       (", .replay = OP_REPLAYS(by), .rounding = OP_ROUNDING_EACH", "has no adjoint (Op.adjoint)")):
        source = SQUARES % more
        source = source.replace("static TapeNode *define", values + "static TapeNode *define", 1)
        plugin = compiled(place, "squares", source, "-Wno-unused-function")
        _, talk = does(place, [program, "--plugin", plugin, "check", "squares"], 65)
        check(talk.count("\n") == 1 and "its operation 'squares'" in talk and part in talk, talk)


@case("example")
def held(place):
    """apply says what a definition holds constant, and by how much it matters, unless its kind says so."""
    import h5py

    program, x = install(place), tensors(place)
    with h5py.File(place.path("in.h5"), "w") as file:
        file["x"], file["dy"] = x, x**2
    for said, talk in (("NULL", True), ('"the root, by design"', False)):
        plugin = compiled(place, "holding", HOLDING.replace("SAID", said))
        _, err = does(place, [program, "apply", "holding", "in.h5", "y.h5", "--plugin", plugin])
        check(("holding holds constant in its derivative: " in err) == talk, f"{said}: {err!r}")
        check(not talk or re.search(r"dx would differ by 0\.\d+ of its norm", err), err)


if __name__ == "__main__":
    main()
