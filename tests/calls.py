#!/usr/bin/python3 -B
"""Calls that C has and this house does not: each with what is used in its place. Where one stands all the same, its file has a
line with the reason, or the test fails; so does a reason that nothing needs any more.

    calls.py [forbidden]
"""

import re
import sys

from notes import read, tracked

# Words before a parenthesis, and what is done in their place.
FORBIDDEN = (
    ("system popen", "fork and exec: no shell reads a path"),
    ("strcpy stpcpy strcat strncpy strncat", "text_print, snprintf: what does not fit is cut, not written"),
    ("sprintf vsprintf gets", "snprintf, text_print"),
    ("strtok", "strcspn and strspn: no state"),
    ("rand srand random srandom drand48 rand_r", "draw.c: a function of seed and purpose"),
    ("alloca malloc calloc realloc aligned_alloc posix_memalign free strdup strndup asprintf vasprintf", "arenas (base.h)"),
    ("mktemp tmpnam tempnam", "mkstemp, mkdtemp"),
    ("atoi atol atoll atof", "text_to_count, text_to_double: all of the word is a number"),
    ("setlocale", "text_in_c, of a thread"),
    ("exit abort", "die, REQUIRE: a line, and a guard may hold them"),
    ("longjmp setjmp", "values of BaseError"),
    ("gmtime localtime ctime asctime", "gmtime_r: no state"),
    ("vfork sleep usleep", "what is waited for is looked at"),
    ("putenv setenv unsetenv", "arguments: other threads may read the environment"),
    ("access", "place_read and its like, which open and say: what was looked at may be another thing when it is opened"),
)
# What is right only in one form: the call, its form, and why.
FORMS = (
    (r"fopen|freopen", r'"[rwa]\+?b?e"', 'a mode with e: children inherit no file'),
    (r"signal", r"SIG_(DFL|IGN)\)", "SIG_DFL or SIG_IGN: handlers are set by sigaction"),
    (r"(?<![\w>.])open", r"O_CLOEXEC|flags", "O_CLOEXEC: children inherit no file"),
)
SEEN = "looks whether a file is there, to say so: what opens it later says by itself what it finds"
MADE = "of a block, freed at once, so that a sanitizer sees a byte too many"
REASONS = {
    ("src/base/arena.c", "aligned_alloc malloc calloc free"): "the one door to memory",
    ("src/base/error.c", "exit abort"): "die and REQUIRE are made here",
    ("src/base/error.c", "longjmp setjmp"): "base_guard is made here",
    ("src/base/error.c", "setenv"): "program_begin, before any thread: children call themselves alike",
    ("src/dataset/png.c", "setjmp"): "libpng leaves by longjmp where a file is broken",
    ("src/study/pool.c", "exit"): "the end of a child that ran one run, with its own exit code",
    ("src/weave/block.c", "exit"): "what it ran has said why",
    ("src/weave/block.c", "setenv"): "in a child, before it becomes the program",
    ("src/store/wire.c", "stpcpy"): "the room was counted before",
    ("src/*", "access"): SEEN,
    ("experiments/detection/run.c", "access"): SEEN,
    ("tests/*", "access"): "looks whether something was made",
    ("tests/*", "setenv putenv unsetenv"): "a test's own environment, in its own process",
    ("tests/*", "strdup"): "arguments of a child, which ends soon",
    ("tests/dataset/*", "system"): "removes a folder that it made: rm -r",
    ("tests/equation/equation_texts.c", "system setlocale"): "makes a locale by localedef, to be read under it, and removes it",
    ("tests/store/store.c", "popen"): "sha256sum is another's digest",
    ("tests/harness.c", "calloc free"): "cmocka's own tests are an array",
    ("tests/base/spec.c", "malloc free"): MADE,
    ("tests/equation/equation_fuzz.c", "malloc free"): MADE,
    ("tests/train/spec_fuzz.c", "malloc free"): MADE,
    ("tests/probe/probes.c", "malloc free"): "a comparison of what was there before",
    ("tests/dataset/dataset.c", "free"): "what zlib's caller took",
    ("tests/fuzz/inputs.c", "malloc free"): MADE,
    ("tests/fuzz/inputs.c", "exit abort"): "libFuzzer keeps an input that ends the process",
    ("src/study/pool.c", "sleep"): "runs of other processes, maybe of other machines: only their files tell",
    ("src/study/together.c", "sleep"): "as in pool.c",
    ("tests/base/output.c", "usleep"): "another writer is to be in the middle",
    ("tests/book/small_tape.c", "atof exit"): "stands alone: the book's page has all of it",
}
STANDARD = {"src/tool/command.c", "src/store/serve.c"}  # /dev/null in the place of a standard handle, which children do inherit
COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:[^"\\\n]|\\.)*"', re.S)


def code(text):
    """Without comments and what strings say, line by line; a string that is a mode or a number of letters stays."""
    blank = lambda found: found[0] if len(found[0]) < 8 and found[0][0] == '"' else re.sub(r"[^\n]", " ", found[0])
    return COMMENT.sub(blank, text)


def reason(name, word, needed):
    for (files, words), says in REASONS.items():
        fits = name.startswith(files[:-1]) if files.endswith("*") else name == files
        if fits and word in words.split():
            needed.add((files, word))
            return says
    return None


def forbidden():
    needed = set()
    for name in tracked(".c", ".h", ".inc", ".def"):
        if not name.startswith(("src/", "experiments/", "tests/")):
            continue
        text = code(read(name))
        line = lambda found: text.count("\n", 0, found.start()) + 1
        for words, instead in FORBIDDEN:
            for found in re.finditer(rf"(?<![\w>.])({'|'.join(words.split())})\(", text):
                declared = re.search(r"(\w[\w ]*[ *])$", text[: found.start()].rsplit("\n", 1)[-1])
                if declared and declared[1].split()[-1] not in ("return", "else"):
                    continue  # a declaration, or a function of that name
                if not reason(name, found[1], needed):
                    yield f"{name}:{line(found)}: {found[1]}: use {instead}"
        for call, form, instead in FORMS:
            for found in re.finditer(rf"\b({call})\(([^;{{]*)", text):
                if found[1] == "open" and name in STANDARD:
                    continue
                if not re.search(form, found[2]) and "Reader" not in found[2] and found[2][:2] not in ("r)", "r "):
                    yield f"{name}:{line(found)}: {found[1]} wants {instead}"
    for (files, words) in REASONS:
        for word in words.split():
            if (files, word) not in needed:
                yield f"tests/calls.py: nothing in {files} calls {word} any more"


CASES = {"forbidden": ("example", forbidden)}

if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{name} {label}" for name, (label, _) in CASES.items()))
        sys.exit(0)
    faults = [fault for name, (_, look) in CASES.items() if name in (sys.argv[1:] or CASES) for fault in look()]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
