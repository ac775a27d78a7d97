"""What the test scripts share: the program from outside, a folder that goes away, cases with names.

A script is called with --list (prints "name label" lines) or with the name of one case. The program is
NORMLAB_PROGRAM (else build/release/normlab); it sees the checkout through NORMLAB_HOME and writes to a temporary
folder alone.
"""

import hashlib
import os
import shutil
import signal
import subprocess
import sys
import tempfile

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
PROGRAM = os.environ.get("NORMLAB_PROGRAM") or os.path.join(HOME, "build", "release", "normlab")
CASES = []
SKIPPED = 77  # as cmake/discover.cmake has it
PATIENCE = 280  # seconds; CTest's own limit is 300


class Failure(Exception):
    """What differs, in words."""


class NotRun(Exception):
    """What is missing here; nothing is said of the program. CTest shows the case as skipped."""


def check(condition, what):
    if not condition:
        raise Failure(what)


def case(label):
    """Registers a function of a Place under its own name."""

    def register(function):
        CASES.append((function.__name__, label, function))
        return function

    return register


def listing(folder):
    """Every file below a folder with its size and time of change."""
    found = {}
    for root, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(root, name)
            status = os.lstat(path)
            found[os.path.relpath(path, folder)] = (
                None if name in folders else (status.st_size, status.st_mtime_ns))
    return found


class Place:
    """A folder to work in; commands run there with NORMLAB_OUT, TMPDIR and NORMLAB_DATA inside it."""

    def __init__(self, folder):
        self.folder = folder
        self.out = self.path("out")
        for name in ("tmp", "nodata"):
            os.mkdir(self.path(name))

    def path(self, *names):
        return os.path.join(self.folder, *names)

    def environment(self, changes=None):
        hidden = ("NORMLAB_", "LC_", "LANG", "TERM", "NO_COLOR", "PYTHON")
        kept = {k: v for k, v in os.environ.items() if not k.startswith(hidden)}
        kept.update(NORMLAB_HOME=HOME, NORMLAB_OUT=self.out, NORMLAB_DATA=self.path("nodata"),
                    TMPDIR=self.path("tmp"))
        kept.update(changes or {})
        return kept

    def start(self, *words, environment=None, called="normlab", **more):
        """`called`: the word that the program is begun by, argv[0]."""
        more.setdefault("stdout", subprocess.PIPE)
        return subprocess.Popen([called, *words], executable=PROGRAM, cwd=self.folder,
                                stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
                                env=self.environment(environment), **more)

    def run(self, *words, environment=None, **more):
        """(exit code, stdout, stderr); bytes, as they are."""
        process = self.start(*words, environment=environment, **more)
        try:
            out, err = process.communicate(timeout=PATIENCE)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise Failure(f"{' '.join(words)}: not over after {PATIENCE} s") from None
        return process.returncode, out, err

    def refused(self, code, words, *parts):
        """Of one line on stderr that has these parts, no output and no file."""
        before = listing(self.folder)
        got, out, err = self.run(*words)
        text = err.decode()
        check(got == code and not out and text.count("\n") == 1, f"{' '.join(words)}: {got}, not {code}: {out!r} {text}")
        for part in parts:
            check(part in text, f"{' '.join(words)} does not say {part!r}: {text}")
        same("files", listing(self.folder), before)

    def good(self, *words, environment=None, **more):
        """stdout as text of a command that must succeed."""
        code, out, err = self.run(*words, environment=environment, **more)
        check(code == 0, f"normlab {' '.join(words)}: exit code {code}: {err.decode(errors='replace')}")
        self.talk = err.decode()
        return (out or b"").decode()


def reseal(path):
    """Ends a file that another program changed as normlab ends its own: anyone can compute a digest."""
    with open(path, "rb") as file:
        data = file.read()
    with open(path, "ab") as file:
        file.write(b"\nnormlab sha256 " + hashlib.sha256(data).hexdigest().encode() + b"\n")


def same(what, got, expected):
    check(got == expected, f"{what}: {got!r}, expected {expected!r}")


def run_case(name):
    chosen = [function for known, _, function in CASES if known == name]
    if not chosen:
        sys.exit(f"no case '{name}'; --list lists them")
    # A stopped test leaves nothing behind either.
    signal.signal(signal.SIGTERM, lambda number, frame: sys.exit(143))
    folder = tempfile.mkdtemp(prefix="normlab-test.")
    try:
        chosen[0](Place(folder))
    except Failure as failure:
        sys.exit(f"{name}: {failure}")
    except NotRun as lack:
        print(f"{name}: not run: {lack}")
        sys.exit(SKIPPED)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def main():
    if sys.argv[1:] == ["--list"]:
        for name, label, _ in CASES:
            print(name, label)
    elif len(sys.argv) == 2:
        run_case(sys.argv[1])
    else:
        sys.exit(f"usage: {sys.argv[0]} --list | CASE")
