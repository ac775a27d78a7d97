#!/usr/bin/python3 -B
"""The reference: pages that the program prints of its own tables, man pages, and what shells complete. Each has all that
there is, and nothing else."""

import glob
import json
import os
import re
import shutil
import subprocess
import sys

import h5py

from program import HOME, NotRun, case, check, main, same

sys.path.insert(0, os.path.join(HOME, "tests", "golden"))
import files  # noqa: E402


def page(name):
    with open(os.path.join(HOME, "notes", "reference", name), encoding="utf-8") as file:
        return file.read()


def commands(place):
    return re.findall(r"^  (\w+) ", place.good("--help").split("\n\n")[1], re.M)


def options(text):
    """Options and keys of a command's help."""
    tables = re.split(r"\n(?=\S)", text)
    return [line.split()[0] for table in tables if table.startswith(("Options:", "Keys:")) for line in table.splitlines()[1:] if line.startswith("  ")]


@case("example")
def every_command(place):
    """The page has a part for each command, with each of its options and keys, and every key of runs and experiments."""
    text = place.good("help", "--markdown")
    check("<!-- normlab help --markdown -->" in page("commands.md"), "the page has no block of it")
    parts = dict(re.findall(r"^### normlab (\w+)\n(.*?)(?=^##)", text, re.M | re.S))
    same("commands", list(parts), commands(place))
    for name, part in parts.items():
        said = place.good(name, "--help")
        rows = re.findall(r"^\| `([\w-]+)[^`]*` \|", part, re.M)
        same(f"options of {name}", [row.rstrip("=") for row in rows], [o.split("=")[0] for o in options(said)])
    keys = set(re.findall(r"^  (\w+) .* \[.*\]$", place.good("run", "--help"), re.M))
    check(len(keys) > 40, f"keys {keys}")
    same("keys", set(re.findall(r"^\| `(\w+)` \| `[^`]*` \|", text, re.M)), keys)


def drawn(place, *words):
    """A man page as roff's reader shows it, without warnings."""
    text = place.good(*words)
    if not shutil.which("groff"):
        raise NotRun("no groff")
    done = subprocess.run(["groff", "-ww", "-mandoc", "-Tutf8", "-P-c", "-rLL=200n"], input=text, capture_output=True, text=True, check=False)
    same(f"what groff says of {words}", done.stderr, "")
    if shutil.which("mandoc"):
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning"], input=text, capture_output=True, text=True, check=False).stdout
        wrong = [line for line in lint.splitlines() if "missing date" not in line]
        same(f"what mandoc says of {words}", wrong, [])
    return re.sub(r".\x08", "", done.stdout).replace("‐", "-").replace("−", "-")


@case("example")
def man_of_the_program(place):
    text = drawn(place, "help", "--man")
    for name in commands(place):
        check(f"normlab {name}" in text, f"normlab(1) does not say {name}")
        for option in options(place.good(name, "--help")):
            check(option in text, f"normlab(1) does not say {option} of {name}")


def rows(text):
    """Path, axes and type of each row of tables of files, and what is said of it."""
    cells = [re.split(r" ?(?<!\\)\| ?", line)[1:-1] for line in text.splitlines() if line.startswith("| `/")]
    return [(each[0].strip("`"), each[1].strip("`"), each[2], each[4]) for each in cells]


@case("example")
def files_as_written(place):
    """The small files that the page shows have what the program writes now: those of a build alone differ by machine."""
    os.makedirs(place.path("made"))
    files.make(place.folder, lambda words: place.good(*words), lambda words: place.start(*words))
    for name in files.NAMES:
        now, kept = ([row for row in rows(place.good("show", path, "--schema", "/")) if not row[0].startswith("/provenance@")]
                     for path in (place.path(name + ".h5"), os.path.join(HOME, "tests", "golden", name + ".h5")))
        check(len(kept) > 5, f"{name}: {kept}")
        for row in kept:
            check(row in now, f"tests/golden/{name}.h5 has {row}, and what is written now does not: tests/golden/files.py --renew")
        same(f"rows of {name}", len(now), len(kept))


@case("example")
def everything_in_a_file(place):
    """Against h5py: no group, data set or attribute is left out of the table, and each is told of."""
    hidden = {"CLASS", "NAME", "DIMENSION_LIST", "REFERENCE_LIST", "_Netcdf4Dimid", "_Netcdf4Coordinates", "units", "long_name", "description"}
    paths = [os.path.join(HOME, "tests", "golden", name + ".h5") for name in files.NAMES] + sorted(glob.glob(os.path.join(HOME, "data", "*.h5")))
    check(len(paths) > 40, "few files")
    for path in paths:
        found = rows(place.good("show", path, "--schema", "/"))
        there = set()
        with h5py.File(path, "r") as file:
            there |= {"/@" + name for name in set(file.attrs) - hidden}
            file.visititems(lambda name, thing: there.update(["/" + name, *(f"/{name}@{each}" for each in set(thing.attrs) - hidden)]))
        same(f"{path}: paths", sorted(row[0] for row in found), sorted(there))
        for row in found:
            check(row[3].strip(), f"{path}: nothing is said of {row[0]}")


@case("example")
def man_of_the_language(place):
    text = drawn(place, "help", "--man-spec")
    for word in ("group_detach", "transformer(", "sigmoid(a)", "spec := term", "normalizer+", "weight_new="):
        check(word in text, f"normlab-spec(7) does not say {word}")


@case("example")
def words_of_the_language(place):
    """Every normalizer, published name, network and function is told of, and the options that are told are taken."""
    text = place.good("help", "--language")
    check("<!-- normlab help --language -->" in page("language.md"), "the page has no block of it")
    known = json.loads(place.good("list", "norms", "--json"))
    names = [entry["usage"].split(" or ")[0] for key in ("norms", "aliases") for entry in known[key]]
    check(len(names) > 45, f"names: {names}")
    for name in names:
        check("| `" + name.replace("|", "\\|").split("(")[0] in text, f"not told of: {name}")
    for network in json.loads(place.good("list", "networks", "--json"))["networks"]:
        check("| `" + network["usage"].split("(")[0] in text, f"not told of: {network}")
    functions = re.findall(r"(\w+)\(([a-c, ]+)\)", re.search(r"### Functions.*?```text\n(.*?)```", text, re.S)[1])
    check(len(functions) > 12, f"functions {functions}")
    for name, operands in functions:
        call = f"{name}({', '.join('x' for _ in operands.split(', '))})"
        place.good("list", "norms", "mine", "--let", f"mine: y = gamma * {call} + beta")
    part = re.search(r"### Options of several kinds(.*?)\n###", text, re.S)[1]
    options = re.findall(r"^\| `(\w+)=([^`]*)`", part, re.M)
    check(len(options) == 8, f"options {options}")
    for name, values in options:
        for value in values.replace("\\|", "|").split("|"):
            place.good("list", "norms", f"batch({name}={'0.5' if value.isupper() else value})")


@case("example")
def public_headers(place):
    """Each header that is installed, and each function in it, stands in the page, in the header's own words."""
    text = place.good("weave", "--headers")
    check("<!-- normlab weave --headers -->" in page("headers.md"), "the page has no block of it")
    with open(os.path.join(HOME, "cmake", "public.cmake"), encoding="utf-8") as file:
        public = re.search(r"foreach\(header ([^)]*)\)", file.read())[1].split()
    check(len(public) == 9, f"headers {public}")
    for name in ["api/normlab", *public]:
        with open(os.path.join(HOME, "src", name + ".h"), encoding="utf-8") as file:
            header = file.read()
        part = re.search(rf"^## \[{os.path.basename(name)}\.h\]\(.*?(?=^## |\Z)", text, re.M | re.S)[0]
        functions = re.findall(r"^[\w *]+?[ *](\w+)\([^;{]*\)(?:\s*__attribute__\(.*?\)\))?;", header, re.M)
        check(functions or name == "base/arith", f"{name}: no functions")
        for function in functions:
            check(re.search(rf"\b{function}\(", part), f"{name}.h: the page lacks {function}")
        for comment in re.findall(r"^/\* (?!----).*?\*/$", header, re.M | re.S):
            check(comment in part, f"{name}.h: the page lacks {comment[:60]}")
        check("#pragma" not in part and 'extern "C"' not in part, f"{name}.h: words for compilers")


FUNCTION = r"^[A-Za-z_][^;{}/#()]*?\b(\w+)\(([^;{}]*?)\)\s*(?:__attribute__\(\(.*?\)\))?\s*;[ ]*(/\*.*?\*/)?"


def commented(header):
    """(function, operands, comment): behind it, or right above it or the declarations that it stands among."""
    above = ""
    for found in re.finditer(r"/\*.*?\*/|\n\n|" + FUNCTION + r"|^(?:typedef|enum|struct|static|#define)[^\n]*", header, re.S | re.M):
        if found[0].startswith("/*"):
            above = "" if found[0].startswith("/* ----") else found[0]
        elif found[1] and not found[0].startswith("typedef"):
            yield found[1], found[2], (found[3] or "") + above
        else:
            above = ""


@case("example")
def functions_and_errors(place):
    """Every public function has a comment. Where it can fail, by an error among its operands, that says how; for the others
    the head of their header says that misuse is all there is. What computes cites its equations."""
    with open(os.path.join(HOME, "cmake", "public.cmake"), encoding="utf-8") as file:
        public = re.search(r"foreach\(header ([^)]*)\)", file.read())[1].split()
    count = 0
    for name in ["api/normlab", *public]:
        with open(os.path.join(HOME, "src", name + ".h"), encoding="utf-8") as file:
            header = file.read()
        check(re.search(r"REQUIRE|No function ends|has errors", header[:header.index("*/")]), f"{name}.h: its head does not say what misuse does")
        for function, operands, comment in commented(header):
            count += 1
            check(comment, f"{name}.h: {function} has no comment")
            if re.search(r"(Base|Normlab)Error \*", operands):
                check(re.search(r"error|False|NULL", comment), f"{name}.h: the comment of {function} does not say how it fails")
        if name in ("api/normlab", "tensor/partition", "tape/tape", "norm/norm", "norm/kind"):
            check(re.search(r"\([PATC]-\d", header), f"{name}.h cites no equation")
    check(count > 190, f"{count} functions")


# Words before the cursor, what is begun, and some of what must be offered; all of it where `only` is.
COMPLETED = [
    ([], "pl", {"plot"}, True), (["list"], "data", {"datasets"}, True), (["run"], "batch-s", {"batch-size"}, True),
    (["check"], "group_", {"group_detach"}, True), (["apply"], "--mo", {"--mode", "--moments"}, True),
    (["table", "batch-size", "--form"], "", {"text", "csv", "json", "latex", "markdown"}, True),
    (["table", "batch-size", "--form"], "la", {"latex"}, True), (["apply", "group", "x", "y", "--mode"], "", {"train", "eval"}, True),
    (["claims", "--form"], "", {"text", "json", "markdown"}, True), (["run", "batch-size"], "prot", {"protocol="}, True),
    (["run", "batch-size"], "norm=laye", {"layer", "layer_detach", "layer_simple"}, True),
    (["run", "batch-size"], "norm=group,ins", {"instance"}, True), (["run", "batch-size"], "decay_norms=", {"yes", "no"}, True),
    (["run", "batch-size"], "network=text", {"text-conv"}, True), (["bench", "--dataset"], "kjv", {"kjv", "kjv-mini"}, True),
    (["spectrum", "x"], "by=", {"program", "differences"}, True), (["list", "norms"], "switch", {"switchable"}, True),
    (["claims"], "L05", {"L05"}, True), (["claims"], "batch-s", {"batch-size"}, True), (["run", "batch-size", "--claim"], "L12", {"L12", "L12-mixed", "L12-segment"}, True),
    (["publish", "claims", "--claim"], "L3", {"L30", "L31", "L32"}, False), (["watch", "depth", "--claim"], "b", set(), True),
    (["help"], "--ma", {"--man", "--markdown"}, False), (["table", "x"], "", {"--rows", "--norms"}, False)]


def offered(name, found, words, begun, some, only):
    check(some == found if only else some <= found, f"{name}: {words} {begun!r}: offers {sorted(found)}, expected {sorted(some)}")


@case("example")
def bash(place):
    """Commands, options, keys, names and the words of an option are completed; at '=' bash takes a word apart."""
    with open(place.path("normlab.bash"), "w", encoding="utf-8") as file:
        file.write(place.good("help", "--bash"))
    for words, begun, some, only in COMPLETED:
        apart = re.findall(r"=|[^=]+", begun) if not begun.startswith("--") else [begun]
        line = " ".join(f"'{word}'" for word in ["normlab", *words, *(apart or [""])])
        at = len(words) + max(len(apart), 1)
        script = f". ./normlab.bash; COMP_WORDS=({line}); COMP_CWORD={at}; compopt() {{ :; }}; _normlab; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        done = subprocess.run(["bash", "-c", script], cwd=place.folder, capture_output=True, text=True, check=True)
        offered("bash", {word.rsplit(",", 1)[-1] for word in done.stdout.split()}, words, begun, some, only)
        if "," in begun:
            check(done.stdout.startswith("group,"), f"a list loses its beginning: {done.stdout}")


ZSH = r"""
compadd() { local -a all; [[ $1 == -S ]] && shift 2; [[ $1 == -a ]] && all=(${(P)2}); print -rl -- ${(M)all:#${PREFIX}*}; }
compset() { PREFIX=${PREFIX##${~2}}; }
_files() { }
complete_normlab() { source ./_normlab }
words=(@) CURRENT=% PREFIX=$words[%]
complete_normlab
"""


@case("example")
def zsh(place):
    """The same words by zsh, whose own parts are played."""
    if not shutil.which("zsh"):
        raise NotRun("no zsh")
    with open(place.path("_normlab"), "w", encoding="utf-8") as file:
        file.write(place.good("help", "--zsh"))
    for words, begun, some, only in COMPLETED:
        line = " ".join(f"'{word}'" for word in ["normlab", *words, begun])
        done = subprocess.run(["zsh", "-f", "-c", ZSH.replace("@", line).replace("%", str(len(words) + 2))], cwd=place.folder, capture_output=True, text=True, check=False)
        same(f"zsh on {words} {begun}", done.stderr, "")
        offered("zsh", set(done.stdout.split()), words, begun, some, only)


@case("example")
def words_of_options(place):
    """The words that help and shells show for an option are those that it takes: each of them, and no other."""
    for name in commands(place):
        for option, values in re.findall(r"^  (--[\w-]+) ([a-z][\w-]*(?:\|[\w-]+)+)", place.good(name, "--help"), re.M):
            words = {"table": ["depth"], "apply": ["layer", "x", "y"], "export": ["layer"], "list": ["norms", "group"]}.get(name, [])
            wrong = place.run(name, *words, option, "nonsense")[2].decode()
            heard = re.search(re.escape(option) + r" nonsense: ([\w, -]+?) is expected", wrong)
            if name == "apply" and option in ("--samples", "--channels"):
                continue
            check(heard, f"{name} {option}: {wrong}")
            same(f"words of {name} {option}", re.split(r", | or ", heard[1]), values.split("|"))


if __name__ == "__main__":
    main()
