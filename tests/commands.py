#!/usr/bin/python3 -B
"""Every command of the book as printed, in a fresh copy of the checkout with a build of its own: a case for each page
that has some, in the order of the page, by `bash -e`. Half an hour or more: `ctest -L commands`. What is not run as
printed stands in CHANGED with the reason. tests/printed.py runs in a minute what neither trains nor builds.
"""

import collections
import glob
import os
import re
import shutil
import subprocess

from program import CASES, HOME, PROGRAM, Failure, NotRun, check, main

Command = collections.namedtuple("Command", "place text")
LONG = 7000  # seconds of a page; CTest's own limit is in tests/CMakeLists.txt
FENCE = re.compile(r"^```(\w*)[^\n]*\n(.*?)^```", re.M | re.S)
EXCERPT = re.compile(r"^\[[^\]]*\]\([^)\s]*#[^)\s]*\)\n\n\Z", re.M)


def pages():
    """{name of a case: path}, in the book's order."""
    paths = ["README.md", "CONTRIBUTING.md", *sorted(glob.glob("notes/*.md", root_dir=HOME)),
             *sorted(glob.glob("notes/reference/*.md", root_dir=HOME))]
    return {re.sub("^notes/", "", path)[:-3].replace("/", "."): path for path in paths}


def is_whole(text):
    """Whether no quote, bracket or line is left open."""
    if not re.search(r"[^\w \t./:=,@+-]", text):
        return True
    return not text.endswith("\\\n") and not subprocess.run(
        ["bash", "-n"], input=text, text=True, capture_output=True).stderr


def split(text, first):
    """(line, command) of shell text: a command goes on while it is not whole."""
    found, begun = "", first
    for number, line in enumerate(text.splitlines(keepends=True), first):
        begun = begun if found else number
        found += line
        if found.strip() and is_whole(found):
            yield begun, found
            found = ""
    if found.strip():
        raise Failure(f"line {begun}: a command without an end: {found}")


def commands_of(text, path):
    """Of a page: those of its fences of sh, and programs in Python that are no excerpt of a file."""
    commands = []
    for fence in FENCE.finditer(text):
        line = text.count("\n", 0, fence.start(2)) + 1
        check(fence[1] not in ("bash", "shell", "console", "zsh"), f"{path}:{line}: a fence of {fence[1]}, expected sh")
        if fence[1] == "sh":
            commands += [Command(f"{path}:{at}", command) for at, command in split(fence[2], line)]
        elif fence[1] == "python" and not EXCERPT.search(text[:fence.start()]):
            commands.append(Command(f"{path}:{line}", f"python3 - <<'END'\n{fence[2]}END\n"))
    return commands


def page_commands(path):
    with open(os.path.join(HOME, path), encoding="utf-8") as file:
        return commands_of(file.read(), path)


def appended(command, words):
    """Before the remark at its end."""
    text, remark = re.fullmatch(r"(.*?)(\s+#[^'\"\n]*)?\n", command, re.S).groups()
    return f"{text} {words}{remark or ''}\n"


def script_of(commands):
    """They end with the first that fails, which is named."""
    return ("trap 'code=$?; [ $code = 0 ] || echo \"$AT: exit code $code\" >&2' EXIT\n"
            + "".join(f"AT={command.place}\n{command.text}test $? = 0\n" for command in commands))


def execute(commands, folder, environment, patience):
    """stdout and stderr; the first fault ends it."""
    script = script_of(commands)
    talk = os.path.join(environment["TMPDIR"], "talk")
    with open(talk, "w+", encoding="utf-8", errors="replace") as file:
        try:
            code = subprocess.run(["bash", "-e", "-c", script], cwd=folder, env=environment, timeout=patience,
                                  stdin=subprocess.DEVNULL, stdout=file, stderr=subprocess.STDOUT).returncode
        except subprocess.TimeoutExpired:
            code = f"none after {patience} s"
        file.seek(0)
        said = file.read()
    check(code == 0, f"exit code {code}: {said[-3000:]}")
    return said


# ---- what is not run as printed ---------------------------------------------------------------------------------

DRY, LIST = "--dry-run", "-N"
LACKING = " || { test $? = 69 && echo 'not run: its data are not installed'; }"
# (pattern, what is done, why). The first that is found in a command counts; done is words to append, None (not run), or a
# function of the command.
CHANGED = [
    (r"normlab bench --save", None, "measures for six minutes, on a machine that does nothing else"),
    (r"normlab publish", None, "needs the result of hours, and writes what is published"),
    (r"normlab run detection --claim", None,
     "begins with the classifiers of `run backbone`, a full study, which was not run"),
    (r"normlab run (text-norms|warmup|scarce) --claim", lambda text: appended(text, DRY + LACKING),
     "a full study, and of a text whose package is installed for the runs, not for --dry-run"),
    (r"normlab run (?!.*--quick)(?!.*--dry-run)", DRY, "a full study takes from ten minutes to hours"),
    (r"normlab tune (?!.*--quick)", DRY, "trials of full runs take half an hour"),
    (r"normlab test", LIST, "builds all tests and lists them: each is run by itself, this one among them"),
    (r"normlab diff data/\S+ out/", lambda text: re.sub(
        r"^.*diff (data/\S+) (out/\S+)", r"mkdir -p out && cp \1 \2\n\g<0>", text),
     "compares with the result of a full study, which was not run: the published one is copied there"),
    (r"normlab verify RUN", lambda text: "./normlab run batch-size --quick norm=batch batch=32 seed=1 epochs=1\n"
     + text.replace("RUN", "$(basename out/runs/*.h5 .h5)"), "RUN is any run: a small one, made here"),
]


def changed(command):
    for number, (pattern, done, _) in enumerate(CHANGED):
        if re.search(pattern, command.text):
            text = None if done is None else done(command.text) if callable(done) else appended(command.text, done)
            return number, text
    return None, command.text


# ---- the copy ---------------------------------------------------------------------------------------------------


def git(folder, *words):
    done = subprocess.run(["git", "-c", "user.name=tests", "-c", "user.email=tests@localhost", *words], cwd=folder,
                          capture_output=True, text=True)
    check(done.returncode == 0, f"git {' '.join(words)}: {done.stderr}")
    return done.stdout


def fresh_copy():
    """A checkout of what stands in this one now; its build is kept from page to page, nothing else is."""
    copy = os.path.join(os.path.dirname(os.path.abspath(PROGRAM)), "commands")
    os.makedirs(copy, exist_ok=True)
    if not os.path.exists(os.path.join(copy, ".git")):
        git(copy, "init", "-q")
    if git(copy, "ls-files", "-c"):
        git(copy, "reset", "-q", "--hard")
    git(copy, "clean", "-qfdx", "-e", "/build")
    names = {name for name in git(HOME, "ls-files", "-z", "-co", "--exclude-standard").split("\0")
             if name and os.path.exists(os.path.join(HOME, name))}
    for name in set(git(copy, "ls-files", "-z").split("\0")) - names - {""}:
        os.remove(os.path.join(copy, name))
    for name in names:
        of, to = os.path.join(HOME, name), os.path.join(copy, name)
        if not os.path.exists(to) or open(of, "rb").read() != open(to, "rb").read():
            os.makedirs(os.path.dirname(to), exist_ok=True)
            shutil.copy(of, to)
    git(copy, "add", "-A")
    git(copy, "commit", "-q", "--allow-empty", "-m", "what is tested")
    return copy


def made(commands):
    """Names that `new` was asked for."""
    return [name for command in commands for name in re.findall(r"normlab new \w+ (?:--c )?([\w-]+)", command.text)]


def left(copy, commands):
    """What commands leave in the checkout and do not say."""
    text, names = "".join(command.text for command in commands), made(commands)
    for line in git(copy, "status", "--porcelain", "--untracked-files=all").splitlines():
        path = line[3:]
        if path in text or any(name.replace("-", "_") in path.replace("-", "_") for name in names):
            continue
        if not (names and path.endswith(".def")):
            yield path


def whole(place, path):
    commands = page_commands(path)
    copy = fresh_copy()
    environment = {k: v for k, v in place.environment().items() if not k.startswith("NORMLAB_")}
    environment["PATH"] = "/usr/bin:" + environment["PATH"]
    if shutil.which("ccache"):
        environment.update(CMAKE_C_COMPILER_LAUNCHER="ccache", CCACHE_BASEDIR=copy, CCACHE_NOHASHDIR="1")
    run = [Command(command.place, text) for command in commands for text in [changed(command)[1]] if text is not None]
    said = execute(run, copy, environment, LONG)
    strays = list(left(copy, commands))
    check(not strays, f"{path} leaves in the checkout: {' '.join(strays)}")
    if "\nnot run: " in said:
        raise NotRun("what data are missing for")


if __name__ == "__main__":
    for case_name, case_path in pages().items():
        if page_commands(case_path):
            CASES.append((case_name, "example", lambda place, path=case_path: whole(place, path)))
    main()
