#!/usr/bin/python3 -B
"""The commands of the book that read, list, check and tabulate, as printed, and those that train with --dry-run: a case
for each page, in the order of the page, by `bash -e`, where ./normlab is the program that was built. What needs more is
in LATER with the reason; tests/commands.py runs it.
"""

import os
import re
import shutil

from commands import CHANGED, changed, commands_of, execute, made, page_commands, pages
from program import CASES, HOME, PATIENCE, PROGRAM, Failure, NotRun, case, check, main, same

# (pattern, why it is left to tests/commands.py)
LATER = [
    (r"normlab (demo|test|notes)\b", "trains, tests or renders"),
    (r"normlab (bench|publish)\b", "measures a machine that does nothing else, or writes what is published"),
    (r"normlab (table|plot) (?!claims|partitions)(?!.*--from data/)", "needs the result of a run"),
    (r"(normlab (show|diff) .*out/|open_dataset\(\W*out/)batch-size", "needs the result of a run"),
    (r"normlab verify RUN", "needs a run"),
    (r"normlab run detection --claim", "begins with classifiers of a run"),
    (r"cmake --install|/installed/|out/installed|out/example|cc .*mine|import normlab", "needs the build of the checkout"),
    (r"normlab check absolute|task=absolute", "needs a task that was written above, and a build"),
]
# ./normlab: commands that may be run here at all; what a data set is missing for is told.
SHIM = """#!/bin/sh
verb=
for word; do
  case $word in
    list|check|claims|table|show|diff|apply|export|new|plot|evaluate|compare|spectrum|help|--help|--version) verb=read ;;
    run|tune) verb=run ;;
    --slurm) verb=read ;; # writes scripts, runs nothing
    --dry-run) verb=dry ;;
    *) continue ;;
  esac
  [ "$verb" != read ] || break
done
case $verb in
  run) set -- "$@" --dry-run ;;
  '') echo "normlab $*: is it to be run here? neither tests/printed.py nor its table LATER knows" >&2; exit 99 ;;
esac
"$PROGRAM" "$@" 2>"$TMPDIR/said"
code=$?
cat "$TMPDIR/said" >&2
if [ $code = 69 ] && grep -q 'apt-get install' "$TMPDIR/said"; then
  grep 'apt-get install' "$TMPDIR/said" >>"$TMPDIR/missing"
  exit 0
fi
exit $code
"""


def folder_of(place, commands):
    """The checkout, seen from a folder; what commands write into is a copy."""
    here, text = place.path("checkout"), "".join(command.text for command in commands)
    os.mkdir(here)
    for name in os.listdir(HOME):
        if name in ("src", "experiments") and re.search(rf"normlab new|\b{name}/", text):
            shutil.copytree(os.path.join(HOME, name), os.path.join(here, name))
        elif name not in ("build", "out", ".git", "normlab"):
            os.symlink(os.path.join(HOME, name), os.path.join(here, name))
    with open(os.path.join(here, "normlab"), "w", encoding="utf-8") as file:
        file.write(SHIM)
    os.chmod(os.path.join(here, "normlab"), 0o755)
    return here


def reason(command, built):
    """Why it is left, or None. `built` are names that are there after a build."""
    for pattern, why in LATER:
        if re.search(pattern, command.text):
            return why
    if any(re.search(rf"\b{name}\b", command.text) for name in built):
        return "needs what `new` wrote above, and a build"
    return None


def now(commands):
    """Those that are run here."""
    chosen, built = [], []
    for command in commands:
        if reason(command, built) is None:
            chosen.append(command)
        if not re.search(r"new norm (?!--c)", command.text):
            built += made([command])
    return chosen


def printed(place, path):
    commands = now(page_commands(path))
    here = folder_of(place, commands)
    environment = {k: v for k, v in place.environment().items() if not k.startswith("NORMLAB_")}
    environment.update(NORMLAB_HOME=here, NORMLAB_OUT=os.path.join(here, "out"), PROGRAM=os.path.abspath(PROGRAM),
                       NORMLAB_CALLED="./normlab", OPENBLAS_NUM_THREADS="1", PATH="/usr/bin:" + environment["PATH"])
    execute(commands, here, environment, PATIENCE)
    if os.path.exists(place.path("tmp", "missing")):
        with open(place.path("tmp", "missing"), encoding="utf-8") as file:
            raise NotRun(" ".join(sorted(set(file.read().splitlines()))))


@case("theorem")
def tables(place):
    """Each exception is one of a command that the book has."""
    commands = [command for path in pages().values() for command in page_commands(path)]
    check(len(commands) > 80, f"only {len(commands)} commands")
    used = {changed(command)[0] for command in commands}
    check(used >= set(range(len(CHANGED))), f"nobody needs {[CHANGED[k][0] for k in set(range(len(CHANGED))) - used]}")
    idle = [pattern for pattern, _ in LATER if not any(re.search(pattern, command.text) for command in commands)]
    check(not idle, f"nobody needs {idle}")
    check(all(len(why) > 5 for *_, why in CHANGED + LATER), "an exception without a reason")


@case("example")
def commands_are_found(place):
    """Of a page: over lines that go on, quotes and remarks, not of excerpts; and a fault has its place."""
    page = ("# A\n\n```sh\ntrue   # one\nfalse || \\\n  test $? = 1\npython3 -c 'a = 1\nprint(a)'\n```\n\n"
            "[x.py, a](x.py#a)\n\n```python\nraise ValueError\n```\n\n```python\nb = 2\n```\n")
    found = commands_of(page, "a.md")
    same("places", [command.place for command in found], ["a.md:4", "a.md:5", "a.md:7", "a.md:18"])
    environment = dict(place.environment(), PATH="/usr/bin:/bin")
    same("said", execute(found, place.folder, environment, 20), "1\n")
    for wrong in ("false", "false && true", "exit 3"):
        try:
            execute(commands_of(page.replace("true ", wrong), "a.md"), place.folder, environment, 20)
        except Failure as failure:
            check("a.md:4: exit code" in str(failure), f"{wrong}: {failure}")
        else:
            raise Failure(f"{wrong} passes")


for case_name, case_path in pages().items():
    if now(page_commands(case_path)):
        CASES.append((case_name, "example", lambda place, path=case_path: printed(place, path)))

if __name__ == "__main__":
    main()
