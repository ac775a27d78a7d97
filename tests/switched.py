"""One object with all mutants of a source: each is a copy of its function, and the environment says which copy runs.

NORMLAB_MUTANT=N runs mutant N, 0 or nothing the functions as they are. NORMLAB_ENTERED=FILE appends to a file, at exit,
the names of the functions of that source that were entered. What is made stands in a folder of the caller's; Ninja tells
how the build compiles and links, and is not run.
"""

import collections
import os
import re
import shlex
import subprocess

import mutants
from program import HOME, PROGRAM, check

BUILD = os.path.dirname(PROGRAM)
SOURCE = os.path.join(HOME, "src")
# What a compiler may only warn of, and no author would leave.
TYPES = ["implicit-function-declaration", "int-conversion", "incompatible-pointer-types", "discarded-qualifiers"]

HEAD = """\
#include <stdio.h>
#include <stdlib.h>
static int mutant_;
static const char *const entered_names_[%d];
static char entered_[%d];
static void tell_entered_(void) {
    FILE *file = fopen(getenv("NORMLAB_ENTERED"), "a");
    for (int i = 0; entered_names_[i]; i++)
        if (entered_[i]) fprintf(file, "%%s\\n", entered_names_[i]);
    fclose(file);
}
__attribute__((constructor)) static void choose_mutant_(void) {
    if (getenv("NORMLAB_MUTANT")) mutant_ = atoi(getenv("NORMLAB_MUTANT"));
    if (getenv("NORMLAB_ENTERED")) atexit(tell_entered_);
}
"""
SWITCH = """\
{
    entered_[%d] = 1;
    switch (mutant_) {
    default: break;
%s    }
"""


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def commands(target):
    """What Ninja would run for a target, as lists of words."""
    lines = subprocess.run(["ninja", "-C", BUILD, "-t", "commands", target], capture_output=True, text=True)
    check(lines.returncode == 0, f"ninja -t commands {target}: {lines.stdout}{lines.stderr}")
    return [shlex.split(line) for line in lines.stdout.splitlines()]


class Switched:
    """A source of src/ with some of its functions replaced by switches between copies."""

    def __init__(self, file, variants, head=""):
        """Variants are mutants with a number; `head` is what they need beside the source."""
        self.file, self.path, self.head = file, os.path.join(SOURCE, file), head
        self.text, self.variants = read(self.path), variants

    def switch(self, place, function, variants):
        """The copies, and the function that chooses."""
        lines = []
        for variant in variants:
            copy = re.sub(rf'\b{function.name}\(', f"{function.name}__{variant.number}(", variant.text, 1)
            lines += [f'#line {function.line} "mutant-{variant.number}"\n',
                      "" if copy.startswith("static") else "static ", copy]
        head, arguments = function.signature, ", ".join(function.parameters)
        cases = "".join(f"    case {v.number}: return {function.name}__{v.number}({arguments});\n" for v in variants)
        body = function.text[len(head):].replace("{", "", 1)
        return "".join([*lines, f'#line {function.line} "{self.path}"\n', head, SWITCH % (place, cases),
                        f'#line {function.line + head.count(chr(10))} "{self.path}"\n', body])

    def source(self, refused):
        functions = mutants.functions(self.text)
        of = collections.defaultdict(list)
        for variant in self.variants:
            if variant.number not in refused:
                of[variant.function].append(variant)
        parts, end = [HEAD % (len(functions) + 1, len(functions)), self.head, f'#line 1 "{self.path}"\n'], 0
        for i, function in enumerate(functions):
            parts += [self.text[end:function.start], self.switch(i, function, of[function.name])]
            end = function.start + len(function.text)
        names = ", ".join(f'"{self.file} {function.name}"' for function in functions)
        return "".join(parts) + self.text[end:] + f"static const char *const entered_names_[] = {{{names}, 0}};\n"

    def compiler(self):
        """The build's own command without outputs, warnings and optimization: copies by the hundred, each run once."""
        own = [words for words in commands("normlab") if words[-2:] == ["-c", self.path]]
        check(len(own) == 1, f"Ninja compiles {self.path} {len(own)} times")
        words, left = own[0][:-2], []
        while words:
            word = words.pop(0)
            if word in ("-o", "-MT", "-MF"):
                words.pop(0)
            elif word not in ("-MD", "-g") and not word.startswith(("-W", "-O")):
                left.append(word)
        return [*left, "-I" + os.path.dirname(self.path), "-O0", *("-Werror=" + name for name in TYPES)]

    def compile(self, folder):
        """(source, object), and the numbers of the mutants that do not compile."""
        stem = os.path.join(folder, self.file.replace("/", "-")[:-2])
        compiler, refused = self.compiler(), set()
        while True:
            with open(stem + ".c", "w", encoding="utf-8") as file:
                file.write(self.source(refused))
            done = subprocess.run([*compiler, "-o", stem + ".o", "-c", stem + ".c"], capture_output=True, text=True,
                                  env={**os.environ, "LC_ALL": "C"})
            if done.returncode == 0:
                return (self.path, stem + ".o"), refused
            bad = complained(done.stderr)
            check(bad, f"{self.file} does not compile:\n{done.stderr[:3000]}")
            refused |= bad


def complained(text):
    """Numbers of the mutants in which a compiler found errors."""
    bad, number = set(), None
    for line in text.splitlines():
        if "invalid storage class" in line:
            break  # what came before has left a brace open
        found = re.search(r"In function '\w+?__(\d+)'|^mutant-(\d+):\d+", line)
        if found:
            number = int(found.group(1) or found.group(2))
        elif "In function" in line:
            number = None
        if "error:" in line and number is not None:
            bad.add(number)
    return bad


def link(target, objects, program):
    """The target's own link, with our objects of what it is made of in front of its libraries."""
    lines = commands(target)
    words, sources = lines[-1], {line[-1] for line in lines}
    words = words[words.index("&&") + 1:] if words[0] == ":" else words
    words = words[:words.index("&&")]
    words[words.index("-o") + 1] = program
    ours = [path for source, path in objects if source in sources]
    for source, _ in objects:  # what is linked as an object, not out of a library
        end = "/".join(source.split("/")[-2:]) + ".o"
        words = [word for word in words if not word.endswith(end) or "/test-" in word]  # a test may be called as its source
    first = next(i for i, word in enumerate(words) if word.endswith(".a"))
    done = subprocess.run([*words[:first], *ours, *words[first:]], cwd=BUILD, capture_output=True, text=True)
    check(done.returncode == 0, f"linking {target}: {done.stderr[:3000]}")
    return program
