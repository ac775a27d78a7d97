#!/usr/bin/python3 -B
"""`normlab watch`: a study seen while it goes on, after it was killed, and when it is over; a terminal that is given back."""

import os
import pty
import re
import select
import signal
import termios
import time
import unicodedata

from program import check, case, listing, main, same

NETWORK = "network=resnet(depth=8, width=4, stem_stride=2)"
WORDS = ["batch-size", "--quick", "norm=batch,group:4", "batch=8,4", "samples=8", "seed=1,2", "images=32", NETWORK, "--as", "few"]
RUNS = 6  # batch: 2 sizes x 2 seeds; group, the same at both sizes: 2 seeds
COUNTS = re.compile(r"batch-size@few: (\d+) of (\d+) runs done, (\d+) running, (\d+) left, (\d+) %")


def seen(place, *words, environment=None):
    """What is shown once, and its counts: done, runs, running, left, percent."""
    text = place.good("watch", *WORDS, *words, environment=environment)
    found = COUNTS.match(text)
    check(found, f"no counts: {text!r}")
    return text, [int(n) for n in found.groups()]


def wait_for(what, condition, seconds=120):
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        check(time.monotonic() < deadline, f"{what}: not in {seconds} s")
        time.sleep(0.05)
    return found


@case("example")
def once(place):
    """Elsewhere than on a terminal it is shown once; of what is not there nothing is made, what is there is not touched."""
    text, counts = seen(place, "epochs=1")
    same("before", counts, [0, RUNS, 0, RUNS, 0])
    check("nobody is at work" in text and "\033" not in text and not os.path.exists(place.out), text)
    place.good("run", *WORDS, "epochs=1")
    before = listing(place.out)
    text, counts = seen(place, "epochs=1")
    same("after", counts, [RUNS, RUNS, 0, 0, 100])
    table = place.good("table", "batch-size@few")
    check(text.split("\n", 2)[2] == table and "nobody" not in text, f"not the table: {text!r} {table!r}")
    text, counts = seen(place, "epochs=60")
    check(counts[0] == 0 and "batch size per worker" not in text, f"the table of another recipe: {text}")
    same("files", listing(place.out), before)


@case("example")
def at_work(place):
    """While a study goes on its runs and epochs are seen; after it was killed too, and what is left is said."""
    process = place.start("run", *WORDS, "epochs=60", "--jobs", "2", start_new_session=True)
    try:
        text, counts = wait_for("a run is finished, others go on", lambda: (found := seen(place, "epochs=60"))[1][0] >= 1 and found[1][2] >= 1
                                and "batch size per worker" in found[0] and "of 60 epochs" in found[0] and found)
        done, runs, running, left, percent = counts
        check(runs == RUNS and done + running + left == RUNS and running <= 2 and 100 * done // RUNS <= percent < 100, text)
        same("running", len(re.findall(r"^running (?:batch|group\(4\)), batch [48], seed [12]: ", text, re.M)), running)
        check(re.search(r"about .* left", text), text)
    finally:
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
    text, counts = seen(place, "epochs=60")
    check(counts[2] == 0 and "nobody is at work" in text and "running " not in text.replace("0 running", ""), text)
    check(counts[0] == RUNS or counts[0] + counts[3] == RUNS and f"{counts[0]} of {RUNS} runs" in text, text)
    check(re.search(r"^stopped .*: \d+ of 60 epochs, ", text, re.M), text)


@case("fault")
def narrow(place):
    """In a narrow terminal no line is wider than it, and the counts are whole; a locale changes nothing."""
    place.good("run", *WORDS, "epochs=1")
    wide, _ = seen(place, "epochs=1")
    for locale in ("de_DE.UTF-8", "C"):
        same(locale, seen(place, "epochs=1", environment={"LC_ALL": locale, "LC_NUMERIC": locale})[0], wide)
    for columns in (40, 20):
        text = place.good("watch", *WORDS, "epochs=1", environment={"COLUMNS": str(columns)})
        widths = [sum(unicodedata.east_asian_width(c) in "WF" or 1 for c in line) for line in text.splitlines()]
        check(max(widths) <= columns, f"{columns}: {max(widths)} columns in {text!r}")
        said = " ".join(text.split())
        check(COUNTS.match(said) and "Protocol: statistics" in said, f"{columns}: {said}")
    check("group(4) *" in place.good("watch", *WORDS, "epochs=1", environment={"COLUMNS": "40"}), "rows of the table")


def on_terminal(place, words, term, stop):
    """What a terminal is sent, its settings before and after, exit code; `stop`: a signal after the first screen."""
    master, slave = pty.openpty()
    settings = termios.tcgetattr(slave)
    process = place.start("watch", *words, stdout=slave, environment={"TERM": term, "COLUMNS": "60", "LINES": "12"})
    sent, deadline = b"", time.monotonic() + 120
    while process.poll() is None or select.select([master], [], [], 0.1)[0]:
        check(time.monotonic() < deadline, f"not over: {sent!r}")
        if not select.select([master], [], [], 0.1)[0]:
            continue
        sent += os.read(master, 65536)
        if stop and b"runs done" in sent and process.poll() is None:
            process.send_signal(stop)
            stop = None
    after = termios.tcgetattr(slave)
    process.communicate()
    os.close(master), os.close(slave)
    return sent.decode(), settings == after, process.returncode


@case("fault")
def terminal(place):
    """On a terminal it has a screen of its own and gives it back, at the end and after Ctrl-C; a dumb one is shown it once."""
    for number in (signal.SIGINT, signal.SIGTERM):
        sent, kept, code = on_terminal(place, [*WORDS, "epochs=1"], "xterm", number)
        check(sent.startswith("\033[?1049h\033[?25l") and sent.count("\033[?1049l") == 1, f"{sent!r}")
        shown, after = sent.split("\033[?25h\033[?1049l")
        check("0 of 6 runs done" in shown.replace("\r\n", " ") and "\033" not in after and COUNTS.match(" ".join(after.split())), f"{sent!r}")
        check(kept and code == 128 + number, f"exit code {code}")
    sent, _, code = on_terminal(place, [*WORDS, "epochs=1"], "dumb", None)
    check("\033" not in sent and code == 0, f"{code} {sent!r}")
    place.good("run", *WORDS, "epochs=1")
    sent, kept, code = on_terminal(place, [*WORDS, "epochs=1"], "xterm", None)
    shown, after = sent.split("\033[?25h\033[?1049l")
    check(code == 0 and kept and "6 of 6 runs done" in " ".join(after.split()) and "group(4) *" in after, f"{code} {sent!r}")
    check(max(frame.count("\n") for frame in shown.split("\033[H")) < 12, "more lines than the screen has")


if __name__ == "__main__":
    main()
