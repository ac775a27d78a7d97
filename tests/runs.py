#!/usr/bin/python3 -B
"""Studies from outside: runs, resumption, tables, figures, files for other tools."""

import contextlib
import csv
import glob
import hashlib
import io
import json
import os
import random
import re
import shutil
import signal
import subprocess
import sys
import time
import xml.etree.ElementTree

import h5py
import numpy as np

from program import HOME, Failure, check, case, listing, main, reseal, same
from small_study import NETWORK, RUNS, STUDY, check_no_litter, check_same_runs, collected, content, read, run_files, second_place

SMALL = ["run", "batch-size", "--quick", "norm=batch,group:4", "batch=8,4", "samples=8", "seed=1,2", "images=16",
         "epochs=1", NETWORK, "--as", "few"]


# ---- normalizers by their places --------------------------------------------------------------------------------------


@case("example")
def places(place):
    """norm.PATTERN sweeps as any key does; what it comes to is one run, however it is written."""
    one = ["run", "batch-size", "--quick", "batch=8", "samples=8", "seed=1", "images=16", "epochs=1", NETWORK, "--as", "few"]
    table = place.good(*one, "norm=batch", "norm.stage3=layer,group:2")
    check("batch, norm.stage3=layer" in table and "batch, norm.stage3=group(2)" in table, table)
    norms = {}
    for path in run_files(place):
        with h5py.File(path, "r") as file:
            norms[file["config"].attrs["norm"]] = path
    same("norm", sorted(norms), ["batch; stage3=group(2)", "batch; stage3=layer"])
    place.good(*one, "norm=batch", "norm.stage3.*=layer")
    check("1 of 1 runs were finished before" in place.talk, f"not the same run: {place.talk}")
    check("batch; stage2=group(4); stage3=layer" in place.good(*one, "norm=batch; stage2=gn(4); stage3=layer"), "row's name")
    same("runs", len(run_files(place)), 3)


@case("theorem")
def equal_steps(place):
    """Under equal=steps every batch takes the steps of the reference, and a point is one run whichever others are beside it."""
    words = ["run", "batch-size", "--quick", "norm=group:4", "protocol=paper", "workers=2", "reference=16", "images=32", "seed=1", "epochs=8",
             "warmup=4", NETWORK, "--as", "few"]
    place.good(*words, "batch=8,4,2", "equal=steps")
    steps = {}
    for path in run_files(place):
        with h5py.File(path, "r") as file:
            config, epochs = file["config"].attrs, len(file["metrics/epoch"])
            steps[int(config["batch"])] = (int(file["summary/steps"][()]) * epochs, float(config["warmup"]) / epochs)
    same("steps, and the part that warms up", steps, {batch: (16, 0.5) for batch in (8, 4, 2)})
    table = place.good("table", "batch-size@few")
    check("Protocol: paper, equal steps" in table and "Wu and He" not in table, table)
    place.good(*words, "batch=4", "equal=steps")
    check("1 of 1 runs were finished before" in place.talk, place.talk)
    place.good(*words, "batch=8", "equal=epochs")
    check("1 of 1 runs were finished before" in place.talk, f"not what the reference does: {place.talk}")
    place.good(*words, "batch=4", "protocol=statistics", "samples=8", "equal=steps", "--dry-run")
    check("equal=steps has no effect" in place.talk, place.talk)


@case("theorem")
def what_workers_draw(place):
    """Without batch statistics a step is the same however many workers share it, unless each draws a size of its own."""
    words = ["run", "batch-size", "--quick", "norm=group:4", "batch=8,4,2", "samples=8", "seed=1", "images=16", "epochs=1", NETWORK, "--dry-run"]
    for sizes, runs in (("own", "1 runs,"), ("20x20", "1 runs,"), ("alternate(20x20, 28x28)", "1 runs,"), ("mix(20x20, 28x28)", "3 runs,")):
        check(runs in place.good(*words, f"sizes={sizes}"), f"sizes={sizes}: not {runs}")


@case("theorem")
def tasks(place):
    """A run of some tasks begins as that of one, to the bit, and goes on with other labels; its error is that of the last."""
    words = ["run", "plasticity", "--quick", "--as", "few", "norm=none,layer", "images=64", "epochs=8", "validate=16"]
    place.good(*words, "tasks=1,2")
    curve, score = {}, {}
    for path in run_files(place):
        with h5py.File(path, "r") as file:
            config = file["config"].attrs
            key = str(config["norm"]), str(config["project"]), int(config["relabel"])
            curve[key], score[key] = file["metrics/train_loss"][()], file["summary/train_error_evaluated"][()]
    same("runs", len(curve), 8)
    for norm, project, tasks in curve:
        one, some = curve[norm, project, 1], curve[norm, project, tasks]
        same("epochs", len(some), 8 * tasks)
        same("the first task", some[:8].tobytes(), one.tobytes())
        check(tasks == 1 or some[8] > some[7], f"{norm}, project={project}: the second task is known: {some}")
    with h5py.File(os.path.join(place.out, "plasticity-few.h5"), "r") as file:
        rows, points = [name.decode() for name in file["results/series"][()]], file["results/along"][()].tolist()
        found = file["results/train_error_evaluated"][:, :, 0]
        for (norm, project, tasks), value in score.items():
            same("shown", found[rows.index(f"{norm}, project={project}"), points.index(tasks)], value)
    for wrong in ("0", "x", "100001"):
        code, out, err = place.run(*words, f"tasks={wrong}")
        check(code == 64 and b"relabel" in err and not out, f"tasks={wrong}: {code}: {err!r}")


# ---- a study ------------------------------------------------------------------------------------------------------


@case("example")
def study(place):
    """Table, collected file and figure; the same again does nothing and changes no byte."""
    table = place.good(*STUDY)
    for part in ("batch size per worker", "batch ", "group(4) *", "group(4) - batch", "±"):
        check(part in table, f"the table lacks {part!r}:\n{table}")
    paths = table.split()[-4:]
    stem = os.path.join(place.out, "batch-size-few")
    same("places", paths, [collected(place)] + [stem + end for end in (".svg", "-curves.svg", "-curves-along.svg")])
    same("runs", len(run_files(place)), RUNS)
    check_no_litter(place)
    files = {p: read(p) for p in run_files(place) + paths}
    times = {p: os.stat(p).st_mtime_ns for p in run_files(place)}
    same("the table again", place.good(*STUDY), table)
    check(f"{RUNS} of {RUNS} runs were finished before" in place.talk, f"not skipped: {place.talk!r}")
    for path, data in files.items():
        check(read(path) == data, f"{path} changed")
    same("times of run files", {p: os.stat(p).st_mtime_ns for p in run_files(place)}, times)
    with h5py.File(collected(place), "r") as file:
        run = file["results/run"].asstr()[()]
        same("shape of results/run", run.shape, (2, 2, 3))
        check((run[1, 0] == run[1, 1]).all() and len(set(run.ravel())) == RUNS, f"shared runs: {run}")
        for index, name in np.ndenumerate(run):
            with h5py.File(os.path.join(place.out, "runs", name + ".h5"), "r") as one:
                same("run", one.attrs["run"], name)
                same("score", file["results/score"][index], one["summary/score"][()])
                same("last epoch", float(one["summary/score"][()]), float(one["metrics/val_error"][-1]))


@case("theorem")
def scores(place):
    """The rule of the score stands wherever a score does, and the score is what it says; two rules are not mixed."""
    before = os.path.join(HOME, "data", "first", "batch-size.h5")  # collected when there was one rule, and no gate
    for rule, words, window in (("last", "last epoch", 1), ("median(3)", "median of the last three epochs", 3),
                                (None, "median of the last five epochs", None)):
        one = second_place(place, str(window))
        source = before
        if rule:
            one.good(*SMALL, "epochs=4", f"score={rule}")
            source = collected(one)
            for path in run_files(one):
                with h5py.File(path, "r") as file:
                    same("score", file["summary/score"][()], np.median(file["metrics/val_error"][()][-window:]))
                    same("rule", str(file["config"].attrs["score"]), rule)
                    check(words in file["summary/score"].attrs["long_name"], "long_name")
                    check(0 <= file["summary/train_error_evaluated"][()] <= 1, "training error")
                    same("images", file["summary/images"][()], 16)
            with h5py.File(source, "r") as file:
                same("rule of the study", str(file.attrs["score"]), rule)
                check(words in file["results/score"].attrs["long_name"], "long_name")
        for form in ("text", "csv", "json", "latex"):
            text = one.good("table", "batch-size", "--form", form, "--from", source)
            check((rule or "median(5)") in text if form == "csv" else words in text, f"{rule}: {form}:\n{text}")
        one.good("plot", "batch-size", "--from", source, "--to", "a.svg")
        check(words in "".join(xml.etree.ElementTree.parse(one.path("a.svg")).getroot().itertext()), f"{rule}: figure")
    code, _, err = place.run(*SMALL, "score=last,median(3)")
    check(code == 64 and b"one rule" in err and err.count(b"\n") == 1, f"two rules: exit code {code}, {err!r}")


@case("oracle")
def parts(place):
    """Rows, columns, another number and the best column of each row are those of the whole table's file."""
    source = os.path.join(HOME, "data", "batch-size-L08.h5")
    words = ("table", "batch-size", "--from", source, "--json")

    def cells(*more):
        return [{**c, "mean": round(c["mean"], 12)} for c in json.loads(place.good(*words, *more))["cells"]]

    with h5py.File(source, "r") as file:
        names = list(file["results/series"].asstr()[()])
        mean = {name: file[f"results/{name}"][()].mean(2).round(12) for name in ("score", "test_error", "train_error_evaluated")}
    for rows, kept in (("batch", ["batch, rate=0.1", "batch, rate=0.4"]), ("group:4", names[1::2]),
                       ("group(4), rate=0.4; batch", ["group(4), rate=0.4", *names[::2]]), ("group:4,batch", [*names[1::2], *names[::2]])):
        found = cells("--rows", rows, "--metric", "test_error")
        same(rows, [c["series"] for c in found], kept)
        for c in found:
            same(c["series"], c["mean"], mean["test_error"][names.index(c["series"]), 0])
    wide = os.path.join(HOME, "data", "batch-size-L16.h5")
    words = ("table", "batch-size", "--from", wide, "--json")
    with h5py.File(wide, "r") as file:
        names, along = list(file["results/series"].asstr()[()]), list(file["results/along"][()])
        mean = {name: file[f"results/{name}"][()].mean(2).round(12) for name in ("score", "test_error", "train_error_evaluated")}
    check(len(along) > 1, f"columns: {along}")
    same("columns", [(c["along"], c["mean"]) for c in cells("--columns", "2,32", "--rows", "mabn")],
         [(b, mean["score"][names.index("mabn"), along.index(b)]) for b in (2, 32)])
    best = mean["score"].argmin(1)  # by validation, whatever is shown
    for metric in ("score", "test_error", "train_error_evaluated"):
        same(f"best, {metric}", [(c["series"], c["along"], c["mean"]) for c in cells("--best", "--columns", "2,32", "--metric", metric)],
             [(f"{name} at {along[j]:g}", "best", mean[metric][i, j]) for i, (name, j) in enumerate(zip(names, best))])
    text = place.good(*words[:-1], "--metric", "test_error", "--columns", "2")
    check(text.splitlines()[1].startswith("Test error") and "Published" not in text, text)
    for more, said in ((("--rows", "mabm"), "did you mean 'mabn'"), (("--columns", "33"), "'32'"), (("--rows", ""), "has no ''"),
                       (("--metric", "test_eror"), "'test_error'")):
        code, out, err = place.run(*words, *more)
        check(code == 64 and not out and said.encode() in err and err.count(b"\n") == 1, f"{more}: {code}, {err!r}")


@case("example")
def dry_run(place):
    before = listing(place.folder)
    text = place.good(*STUDY, "--dry-run")
    same("files", listing(place.folder), before)
    check(f"{RUNS} runs, 0 finished, {RUNS} to do" in text, text)
    same("names of runs", len(set(re.findall(r"^[0-9a-f]{16}\b", text, re.M))), RUNS)


@case("example")
def overrides(place):
    """The last word about a key counts; a run is named by its numbers alone, not by how it was asked for."""
    def names(*words):
        return re.findall(r"^[0-9a-f]{16}\b", place.good(*SMALL, "--dry-run", *words), re.M)

    same("the same, said otherwise",
         names("norm=batch,group(4)", "rate=1e-1", "momentum=0.90", "seed=1,2,1", "seed=1,2"), names())
    check(set(names("seed=2,3")) & set(names()), "seed 2 is not shared")
    check(not set(names("rate=0.2")) & set(names()), "another rate has the name of an old run")


@case("theorem")
def jobs(place):
    """One run at a time or two: the same bits."""
    one, two = second_place(place, "one"), second_place(place, "two")
    tables = [[line for line in p.good(*STUDY, "--jobs", n).split("\n") if p.folder not in line]
              for p, n in ((one, "1"), (two, "2"))]
    same("tables", tables[1], tables[0])
    check_same_runs(one, two)
    same("collected bytes", read(collected(two)) == read(collected(one)), True)


@case("theorem")
def threads(place):
    """A run alone has all processors for its threads, beside another it has fewer: the same bits."""
    alone, beside = second_place(place, "alone"), second_place(place, "beside")
    words = [*STUDY, "norm=batch", "batch=4", "samples=16"]
    alone.good(*words, "seed=1")
    beside.good(*words, "seed=1,2", "--jobs", "2")
    name = os.path.basename(run_files(alone)[0])
    same("the run", content(os.path.join(beside.out, "runs", name)), content(run_files(alone)[0]))


# ---- interruption -------------------------------------------------------------------------------------------------

LONG = [*STUDY, "epochs=12", "images=128", "batch=4", "seed=1,2"]


def spent(function):
    begin = time.monotonic()
    function()
    return time.monotonic() - begin


def signalled(place, words, number, after, group, ready=lambda: False):
    """Starts, waits until it is ready or for so many seconds, sends a signal to the program or to its group; (exit
    code, stderr)."""
    process, deadline = place.start(*words, start_new_session=True), time.monotonic() + after
    while process.poll() is None and time.monotonic() < deadline and not ready():
        time.sleep(0.002)
    with contextlib.suppress(ProcessLookupError):
        if group:
            os.killpg(process.pid, number)
        elif process.poll() is None:
            process.send_signal(number)
    _, err = process.communicate(timeout=60)
    return process.returncode, err.decode()


@case("theorem")
def killed(place):
    """Killed ten times and more at random moments, then left alone: the runs of an undisturbed study, bit by bit."""
    whole = second_place(place, "whole")
    total = spent(lambda: whole.good(*LONG))
    rng = random.Random(int(os.environ.get("NORMLAB_SEED", "1")))
    for attempt in range(4):  # a machine that is busy with other things was timed wrongly
        torn, kills = second_place(place, f"torn{attempt}"), 0
        while kills < 16:
            code, err = signalled(torn, LONG, signal.SIGKILL, rng.uniform(0.01, 0.09) * total, group=True)
            check(code in (0, -signal.SIGKILL), f"after {kills} kills: exit code {code}, {err}")
            if code == 0:
                break
            kills += 1
        if kills >= 10:
            break
        total /= 2
    check(kills >= 10, f"over after {kills} kills, too early to say anything")
    torn.good(*LONG)
    check_same_runs(whole, torn)
    same("collected bytes", read(collected(torn)) == read(collected(whole)), True)
    names = [n for n in listing(torn.folder) if re.search(r"\.tmp\.|checkpoint", n)]
    check(not names, f"left behind: {', '.join(names)}")


@case("fault")
def leftovers(place):
    """What a kill between two system calls can leave beside a finished run is gone after the next study."""
    place.good(*SMALL)
    run = run_files(place)[0]
    left = [f"{run}.normlab.tmp.999999", run.replace(".h5", ".checkpoint.h5"), run.replace(".h5", ".checkpoint.1.h5"),
            f"{run}.lock", f"{collected(place)}.normlab.tmp.999999",
            run.replace(".h5", ".checkpoint.h5.normlab.tmp.999999")]
    for path in left:
        with open(path, "wb") as file:
            file.write(read(run)[:1000])
        os.utime(path, (0, 0))
    place.good(*SMALL)
    still = [os.path.basename(p) for p in left if os.path.exists(p)]
    check(not still, f"left behind: {', '.join(still)}")


def edits():
    """What may happen to a finished run's file: name, sealed again afterwards or not, what is done to it."""
    def attribute(path, name, value):
        return lambda file: file[path].attrs.modify(name, value)

    def value(path, change):
        return lambda file: file[path].write_direct(np.asarray(change(file[path][()])))

    def without(path):
        return lambda file: file.pop(path)

    def last_error(number):
        """With the score that follows from it."""
        def change(file):
            file["metrics/val_error"][-1] = number
            file["summary/score"][()] = number
        return change

    yield "score", False, value("summary/score", lambda v: v * 0 + 0.01)
    yield "nothing but a title", False, attribute("/", "title", "x")
    yield "score, sealed", True, value("summary/score", lambda v: v * 0 + 0.01)
    yield "curve", True, value("metrics/val_error", lambda v: v / 2)
    yield "no curve", True, without("metrics/val_loss")
    yield "curve of NaN", True, value("metrics/train_loss", lambda v: v * np.nan)
    yield "no test error", True, without("summary/test_error")
    yield "test error", True, value("summary/test_error", lambda v: v * 0 - 1)
    yield "training error", True, value("summary/train_error_evaluated", lambda v: v * np.nan)
    yield "last error", True, last_error(7.5)
    yield "last error below 0", True, last_error(-7.5)
    yield "loss below 0", True, value("metrics/val_loss", lambda v: -v)
    yield "rate below 0", True, value("metrics/learning_rate", lambda v: v * 0 - 1)
    yield "infinite rate", True, value("metrics/learning_rate", lambda v: v * 0 + np.inf)
    for name, number in (("test_loss", np.nan), ("test_loss", -1), ("train_loss_evaluated", np.inf), ("flops", -5), ("images", 1.5),
                         ("steps", 1e9), ("weights", -1), ("diverged_step", 3), ("train_error", 2)):
        yield f"{name} of {number}", True, value(f"summary/{name}", lambda v, number=number: np.full_like(v, number))
    yield "seconds", True, attribute("times", "seconds", -1.0)
    yield "no digest", True, lambda file: file["summary"].attrs.pop("weights_sha256")
    yield "digest", True, attribute("summary", "state_sha256", "0")
    yield "no provenance", True, without("provenance")
    yield "no bits", True, lambda file: file["provenance"].attrs.pop("bits")
    yield "status", True, attribute("/", "status", "diverged")
    yield "diverged", True, value("summary/diverged", lambda v: v * 0 + 1)
    yield "no status", True, lambda file: file.attrs.pop("status")
    yield "rate", True, attribute("config", "rate", 0.2)
    yield "norm", True, attribute("config", "norm", "layer")
    yield "no norm", True, attribute("config", "norm", "grop(2)")
    yield "epochs", True, attribute("config", "epochs", 3)
    yield "score's rule", True, attribute("config", "score", "median(2)")
    yield "numerics", True, attribute("config", "numerics", np.int64(0))
    yield "data", True, attribute("config", "data_sha256", "0" * 64)
    yield "name", True, attribute("/", "run", "0" * 16)
    yield "no configuration", True, without("config")


@case("fault")
def believed(place):
    """A run's file that was changed, damaged or belongs to another run is named, kept beside itself, and made again."""
    cuts = [("cut", lambda data: data[:-300]), ("flipped", lambda data: data[:3000] + b"\x07" + data[3001:]),
            ("empty", lambda data: b""), ("text", lambda data: b"text\n" * 1000)]
    names = [name for name, _, _ in edits()] + [name for name, _ in cuts] + ["another's", "whole"]
    words = [*SMALL, "norm=group:4", "batch=4", "seed=" + ",".join(map(str, range(1, len(names) + 1)))]
    table, paths = place.good(*words), run_files(place)
    whole = {path: content(path) for path in paths}
    for path, (_, sealed, edit) in zip(paths, edits()):
        with h5py.File(path, "r+") as file:
            edit(file)
        if sealed:
            reseal(path)
    changed = {path: cut(read(path)) for path, (_, cut) in zip(paths[-len(cuts) - 2:], cuts)}
    changed[paths[-2]] = read(paths[-1])
    for path, data in changed.items():
        with open(path, "wb") as file:
            file.write(data)
    changed = {path: read(path) for path in paths}
    before = listing(place.folder)
    counts = place.good(*words, "--dry-run").splitlines()[-1]
    same("files after --dry-run", listing(place.folder), before)
    check(f", 1 finished, {len(names) - 1} to do" in counts, counts)
    check(place.good(*words) == table, "another table")
    check(f"1 of {len(names)} runs were finished before" in place.talk, place.talk)
    wrong = []
    for name, path in zip(names[:-1], paths):
        lines = [line for line in place.talk.splitlines() if path in line]
        if not os.path.exists(path + ".rejected") or read(path + ".rejected") != changed[path]:
            wrong.append(f"{name}: what was there is not kept")
        if len(lines) != 1 or path + ".rejected" not in lines[0]:
            wrong.append(f"{name}: {lines}")
        if content(path) != whole[path]:
            wrong.append(f"{name}: not the run that it was")
    check(not wrong, "\n  ".join([f"{len(wrong)} times", *wrong]))


@case("fault")
def edited_table(place):
    """A collected file that another program changed is shown, and that it was."""
    place.good(*SMALL)
    with h5py.File(collected(place), "r+") as file:
        file["results/score"][()] = 0.01
    for form in ("text", "json", "latex"):
        text = place.good("table", "batch-size", "--form", form, "--from", collected(place))
        check("hanged by another program" in text and "changed by another program" in place.talk, f"{form}: {text}")
    place.good("plot", "batch-size", "--from", collected(place), "--to", "a.svg")
    check(b"edited" in read(place.path("a.svg")), "figure")


@case("theorem")
def mixed(place):
    """Runs that other arithmetic computed are said to be so, wherever their numbers are."""
    words = [*SMALL, "norm=batch", "batch=4"]
    place.good(*words, "seed=1")
    check("arithmetic" not in place.talk, place.talk)
    other, = run_files(place)
    with h5py.File(other, "r+") as file:
        file["provenance"].attrs.modify("bits", "012345678901")
    reseal(other)
    text = place.good(*words, "seed=1,2")
    talk, latex = place.talk, place.good("table", "batch-size", "--form", "latex", "--from", collected(place))
    for said in (text, talk, latex, read(collected(place).replace(".h5", ".svg")).decode()):
        missing = [name for name in ("arithmetic", "bits", "012345678901") if name not in said]
        check(not missing, f"no {missing} in {said}")


@case("theorem")
def libraries(place):
    """Which code the libraries choose has no part in a run's bits: not OpenBLAS's, not the C library's without FMA."""
    words, found = [*SMALL, "norm=batch", "batch=4", "seed=1", "optimizer=adamw", "schedule=cosine"], []
    without = "glibc.cpu.hwcaps=-AVX2,-FMA,-FMA4,-AVX2_Usable,-FMA_Usable,-FMA4_Usable"
    for changes in ({}, {"OPENBLAS_CORETYPE": "Prescott"}, {"OPENBLAS_CORETYPE": "Sandybridge"}, {"GLIBC_TUNABLES": without}):
        place.good(*words, environment=changes)
        path, = run_files(place)
        with h5py.File(path, "r") as file:
            found.append([str(file[group].attrs[name]) for group, name in
                          (("summary", "weights_sha256"), ("provenance", "bits"), ("provenance", "libc"))])
        os.unlink(path)
    for other in found[1:]:
        same("weights and bits", other, found[0])


def check_stopped(place, number, group, norm):
    whole, torn = second_place(place, "whole"), second_place(place, "torn")
    words = [*LONG, "seed=1", f"norm={norm}", "epochs=12", "--jobs", "1"]
    whole.good(*words)
    begun = os.path.join(torn.out, "runs", "*.checkpoint.h5")
    code, err = signalled(torn, words, number, 60, group, lambda: glob.glob(begun))
    same(f"exit code after {number.name}, stderr {err!r}", code, 128 + number)
    check("goes on from there" in err and "Traceback" not in err, f"stderr {err!r}")
    check(not os.path.exists(collected(torn)), "collected although stopped")
    check(glob.glob(begun), "no checkpoint")
    torn.good(*words)
    check_same_runs(whole, torn)
    check_no_litter(torn)
    return run_files(torn)[0]


@case("theorem")
def generations(place):
    """Of two checkpoints either is enough: damaged or gone, the other is gone on from, to the same bits."""
    whole, torn = second_place(place, "whole"), second_place(place, "torn")
    words = [*LONG, "seed=1", "norm=batch", "epochs=8", "--jobs", "1"]
    whole.good(*words)
    pattern = os.path.join("runs", "*.checkpoint*.h5")
    code, err = signalled(torn, words, signal.SIGKILL, 60, True, lambda: len(glob.glob(os.path.join(torn.out, pattern))) == 2)
    same(f"exit code, {err!r}", code, -signal.SIGKILL)
    steps = {}
    for path in glob.glob(os.path.join(torn.out, pattern)):
        with h5py.File(path, "r") as file:
            steps[float(file["parts/counters"][0])] = os.path.basename(path)
    same("checkpoints at two steps", len(steps), 2)
    newer, older = steps[max(steps)], steps[min(steps)]

    def damage(path):
        with open(path, "r+b") as file:
            file.seek(4000)
            byte = file.read(1)
            file.seek(4000)
            file.write(bytes([byte[0] ^ 1]))

    for name, change, told in (("newer-damaged", ((newer, damage),), [newer, "damaged", f"{older} is gone on from"]),
                               ("older-damaged", ((older, damage),), [older, "damaged", f"{newer} is gone on from"]),
                               ("newer-gone", ((newer, os.remove),), []), ("both-damaged", ((newer, damage), (older, damage)), None)):
        found = second_place(place, name)
        shutil.copytree(torn.out, found.out)
        for file, function in change:
            function(os.path.join(found.out, "runs", file))
        if told is None:
            code, _, err = found.run(*words)
            check(code == 65 and b"damaged" in err and b"--restart" in err, f"{name}: {code}, {err!r}")
            found.good(*words, "--restart")
        else:
            found.good(*words)
            check(all(part in found.talk for part in told), f"{name}: {found.talk}")
        check_same_runs(whole, found)
        check_no_litter(found)


@case("example")
def interrupt(place):
    """As Ctrl-C does: the whole group is told."""
    check_stopped(place, signal.SIGINT, group=True, norm="batch")


@case("example")
def terminate(place):
    """With rows of gates that began before and end after."""
    run = check_stopped(place, signal.SIGTERM, group=False, norm="blend(batch, group(4))")
    with h5py.File(run, "r") as file:
        check(len(file["norms"]) == 9, f"layers: {list(file['norms'])}")
        for name, layer in file["norms"].items():
            gate = layer["gate"][()]
            same(f"{name}: epochs", layer["epoch"][()].tolist(), list(range(13)))
            check((gate[0] == 0).all() and (gate[1:] != gate[:-1]).any(axis=1).all(), f"{name}: gates {gate[:, 0]}")


# ---- tables and figures -------------------------------------------------------------------------------------------


@case("example")
def tables(place):
    text = place.good(*SMALL, "protocol=paper")
    same("table", place.good("table", "batch-size@few"), text[: text.index("\n" + collected(place))])
    check("from " + collected(place) in place.talk, f"the source is not named: {place.talk!r}")
    data = json.loads(place.good("table", "batch-size@few", "--json"))
    same("keys", sorted(data),
         ["cells", "changed", "experiment", "finished", "identity", "measure", "metric", "notes", "protocol", "published", "quick", "runs",
          "schema", "score", "study"])
    same("cells", [(c["series"], c["along"], c["seeds"]) for c in data["cells"]],
         [("batch", 8, 2), ("batch", 4, 2), ("group(4)", 8, 2), ("group(4)", 4, 2)])
    with h5py.File(collected(place), "r") as file:
        mean = file["results/score"][()].mean(axis=2).ravel()
    check(np.allclose([c["mean"] for c in data["cells"]], mean, rtol=1e-14), "means differ from the file's")
    check(all(c["half_width"] is None for c in data["cells"]), "an interval of two seeds")
    same("published", len(data["published"]), 10)
    lines = list(csv.DictReader(io.StringIO(place.good("table", "batch-size@few", "--form", "csv"))))
    same("CSV rows", len(lines), 4)
    check(all(None not in line and None not in line.values() for line in lines), "ragged CSV")
    check(np.allclose([float(line["mean"]) for line in lines[:4]], mean, rtol=1e-14), "CSV means")
    latex = place.good("table", "batch-size@few", "--form", "latex")
    bare = re.sub(r"(?<!\\)%.*|\\[{}%&_$#]", "", latex)
    check(bare.count("{") == bare.count("}") and bare.count("$") % 2 == 0, "unbalanced LaTeX")
    for word in ("tabular", "rule"):
        check(word in latex, f"LaTeX lacks {word}")
    body = [line for line in bare.splitlines() if "&" in line]
    same("LaTeX columns", [line.count("&") for line in body], [2] * 4 + [5] * 3)


@case("example")
def figures(place):
    place.good(*SMALL)
    magic = {"svg": b"<?xml", "pdf": b"%PDF-", "png": b"\x89PNG\r\n\x1a\n", "tex": b""}
    for form, begin in magic.items():
        paths = place.good("plot", "batch-size@few", form).split()
        same("paths", paths, [os.path.join(place.out, f"batch-size-few{part}.{form}") for part in ("", "-curves", "-curves-along")])
        for path in reversed(paths):
            data = read(path)
            check(len(data) > 500 and data.startswith(begin), f"{path}: begins with {data[:20]!r}")
    tex = read(path)
    check(rb"\begin" in tex and b"group(4)" in tex, "tex: no LaTeX")
    check(place.folder.encode() not in tex and b"normlab." not in tex, "tex: leans on a file that is gone")
    under = path.replace(".tex", "-drawing.pdf")
    check(b"{batch-size-few-drawing.pdf}" in tex and read(under).startswith(b"%PDF-"), "tex: no drawing")
    svg = os.path.join(place.out, "batch-size-few.svg")
    texts = "".join(xml.etree.ElementTree.parse(svg).getroot().itertext())
    with h5py.File(collected(place), "r") as file:
        for part in (file.attrs["identity"], file.attrs["question"], file.attrs["along_label"], "group(4)"):
            check(part in texts, f"svg: no {part!r}")
    for form in ("svg", "pdf", "png"):
        for first, second in zip(*(place.good("plot", "batch-size@few", form, "--to", name).split() for name in ("a", "b"))):
            if form != "pdf":  # cairo writes the date
                check(read(place.path(first)) == read(place.path(second)), f"{form}: {first} and {second} differ")
    drawn = place.good("plot", "batch-size@few", "dumb")
    check(drawn.count("\n") > 15 and "\x1b" not in drawn and drawn[1:].count("\x0c") == 2, f"dumb: {drawn!r}")
    check("batch" in drawn and "group(4)" in drawn, f"dumb: {drawn}")
    check_no_litter(place)


HYBRIDS = ["run", "hybrids", "--quick", "--as", "few", "batch=8,4", "samples=8", "seed=1,2", "images=32", "epochs=3", NETWORK,
           "norm=group:4,blend(batch, group:4),mix(instance, layer, batch),blend(instance, group:4, gate=clamp, per=layer)"]


@case("example")
def learned(place):
    """What the runs learned stands in the collected file, run by run, and in figures."""
    import xarray

    paths = place.good(*HYBRIDS).split()[-6:]
    stem = os.path.join(place.out, "hybrids-few")
    same("places", paths, [stem + end for end in (".h5", ".svg", "-curves.svg", "-curves-along.svg", "-weights.svg", "-layers.svg")])
    names = {"series2": ["gate"], "series3": ["mean_logit", "variance_logit"], "series4": ["gate"]}
    with h5py.File(paths[0], "r") as file:
        check_described(file, "hybrids-few.h5")
        same("groups", list(file["norms"]), list(names))
        for group, arrays in names.items():
            series = int(file["norms"][group].attrs["series"])
            layers = file["norms"][group]["layer"].asstr()[()].tolist()
            for (point, seed), run in np.ndenumerate(file["results/run"].asstr()[series]):
                with h5py.File(os.path.join(place.out, "runs", run + ".h5"), "r") as one:
                    same("layers", layers, list(one["norms"]))
                    for name, (at, layer) in ((n, l) for n in arrays for l in enumerate(layers)):
                        got, want = file["norms"][group][name][()], one["norms"][layer][name][()]
                        got = got[seed, at] if group == "series4" else got[point, seed, at]
                        check((got[:, : want.shape[1]] == want).all(), f"{group} {name} {layer} {run}")
                        check(np.isnan(got[:, want.shape[1] :]).all(), f"{group} {name} {layer}: more than the run has")
        same("choices", file["norms/series3/mean_logit"].attrs["choices"], "instance\nlayer\nbatch")
        same("readings", [file["norms"][g][a[0]].attrs["reading"] for g, a in names.items()],
             ["sigmoid", "softmax", "weight"])
    with xarray.open_dataset(paths[0], group="norms/series2", engine="h5netcdf") as data:
        same("axes", data.gate.dims, ("along", "seed", "layer", "epoch", "gate_index"))
        same("gates at the start", float(abs(data.gate.sel(epoch=0)).max()), 0.0)
    for path, parts in ((paths[4], ["blend(batch, group(4)): weight of batch (gate)", "learned weight"]),
                        (paths[5], ["mix(instance, layer, batch): weight of batch (variance_logit)", "stem_norm",
                                    "stage3.block1.shortcut_norm", "batch size per worker 8"])):
        texts = "".join(xml.etree.ElementTree.parse(path).getroot().itertext())
        for part in parts:
            check(part in texts, f"{path}: no {part!r}")
        check("instance, group(4), gate=clamp, per=layer):" not in texts,
              f"{path}: a weight of nothing that begins with batch")
    os.mkdir(place.path("a.b"))
    for form in ("pdf", "png", "tex", "svg"):
        found = place.good("plot", "hybrids@few", form, "--to", f"a.b/x.{form}").split()
        same("paths", found, [f"a.b/x{end}.{form}" for end in ("", "-curves", "-curves-along", "-weights", "-layers")])
        check(all(os.path.getsize(place.path(path)) > 500 for path in found), f"{form}: an empty figure")
    drawn = place.good("plot", "hybrids@few", "dumb")
    check("weight of batch (gate)" in drawn and "\x1b" not in drawn, f"dumb: {drawn}")
    same("without weights", len(place.good(*HYBRIDS, "norm=batch,group:4").split("\n\n")[-1].split()), 4)
    check_no_litter(place)


@case("example")
def learned_much(place):
    """More than a megabyte of rows: every second one and the last, and no change of a map is lost."""
    words = [*HYBRIDS, "norm=blend(batch, group:4)", "batch=8", "seed=1"]
    place.good(*words)
    rows, count = 304, 600
    gate = np.random.default_rng(1).normal(size=(rows, count))
    with h5py.File(run_files(place)[0], "r+") as file:
        layer = file["norms/stem_norm"]
        for name in list(file["norms"]):
            if name != "stem_norm":
                del file["norms"][name]
        for name in list(layer):
            del layer[name]
        layer["epoch"], layer["gate"], layer["map_changed"] = np.arange(rows) * 1.0, gate, np.arange(rows) % 5 * 1.0
        layer["gate"].attrs.update(reading="sigmoid", choices="batch\ngroup(4)")
    reseal(run_files(place)[0])
    place.good(*words)
    kept = [*range(0, rows, 2), rows - 1]
    with h5py.File(collected(place).replace("batch-size", "hybrids"), "r") as file:
        group = file["norms/series1"]
        same("epochs", group["epoch"][()].tolist(), kept)
        check((group["gate"][0, 0] == gate[kept]).all(), "other rows")
        changes = group["map_changed"][0, 0]
        same("changes", changes.tolist(), [sum(e % 5 for e in range(a + 1, b + 1)) for a, b in zip([-1, *kept], kept)])


HOSTILE = ("`touch pwned`", '"; system("touch pwned"); "', "'; system 'touch pwned'; '", "<touch pwned", "|touch pwned",
           "$(touch pwned)", "@touch", "a\nb\n\nc", "\\", "%s%n", "a < b & c > d", "\x1b[31mred", "", "\u03b3" * 300)


def studies(place):
    """The collected files there are, by the names of their studies."""
    found = {}
    for path in glob.glob(os.path.join(place.out, "*.h5")):
        with h5py.File(path, "r") as file:
            found[os.path.basename(path)[:-3]] = str(file.attrs["changes"])
    return found


@case("theorem")
def names(place):
    """Other settings are another study: nothing is written over, the same settings give the same name, and each is
    found by it."""
    words = [word for word in SMALL if word not in ("--as", "few")]
    place.good(*words, "seed=1")
    (first, changes), = studies(place).items()
    check(re.fullmatch(r"batch-size-quick-[0-9a-f]{8}", first), first)
    same("changes", changes, "batch=8,4 epochs=1 images=16 " + NETWORK + " samples=8 seed=1")
    before = read(os.path.join(place.out, first + ".h5"))
    again = [word for word in words if word != "--quick"] + ["seed=1", "--quick"]
    place.good(again[0], again[1], *reversed(again[2:-2]), "seed=1", "--quick")
    same("said in another order", list(studies(place)), [first])
    place.good(*words, "seed=2")
    place.good(*words, "seed=1", "--as", "mine")
    check("is replaced" not in place.talk, place.talk)
    place.good(*words, "seed=2", "--as", "mine")
    check("seed=1) and is replaced" in place.talk, f"a study is replaced without a word: {place.talk}")
    second, = [name for name in studies(place) if name not in (first, "batch-size-mine")]
    check(read(os.path.join(place.out, first + ".h5")) == before, "the first study was written over")
    for name, seed in ((first, "1"), (second, "2"), ("batch-size-mine", "2")):
        text = place.good("table", name.replace("batch-size-", "batch-size@", 1))
        check(f"seed={seed}\n" in text, f"{name}: {text}")
        svg = place.good("plot", name.replace("batch-size-", "batch-size@", 1)).split()[0]
        same("figure", svg, os.path.join(place.out, name + ".svg"))
    # without a name: the recipe's own, here the published one; the others are listed
    check("full recipe" in place.good("table", "batch-size"), "not the recipe's own")
    for name in (first, second, "batch-size-mine"):
        check(name.replace("batch-size-", "batch-size@", 1) in place.talk, f"{name} is not listed: {place.talk}")
    code, _, err = place.run("table", "batch-size@min")
    check(code == 66 and b"batch-size@mine" in err and err.count(b"\n") == 1, f"{code}, {err!r}")
    same("of another experiment", place.run("table", "hybrids@mine")[0], 66)


@case("theorem")
def effective(place):
    """What is said to be changed is what made the runs others than the recipe's."""
    rows = [(["workers=7"], [], ["workers=7", "workers=1,2"]),
            (["workers=2", "protocol=paper", "samples=8"], ["workers=2", "protocol=paper"], ["samples=8"]),
            (["schedule=cosine", "rate=1e-1", "protocol=statistics", "reference=032"], [], []),
            (["momentum=0.90", "decay=1e-4", "flip=no", "score=median:1"], [], []),
            (["rate=0.2", "flip=yes", "seed=1-2"], ["rate=0.2", "flip=yes"], [])]
    for number, (words, kept, said) in enumerate(rows):
        text = place.good(*SMALL, *words, "--as", f"n{number}")
        remarks = " ".join(line for line in place.talk.splitlines() if "no effect" in line)
        path = collected(place).replace("few", f"n{number}")
        with h5py.File(path, "r") as file:
            changes, recipe = str(file.attrs["changes"]), str(file.attrs["recipe"]).splitlines()
            runs = set(file["results/run"].asstr()[()].ravel())
        for word in words:
            canonical = {"seed=1-2": "seed=1,2", "samples=8": "samples=8"}.get(word, word)
            want = word in kept or (word == "seed=1-2")
            for where in (changes, text, read(path.replace(".h5", ".svg")).decode()):
                check((canonical in where) == want, f"{words}: {canonical} in {where[:300]}")
        for word in said:
            check(word in remarks, f"{words}: {word!r} is not in {remarks!r}")
        check(said or not remarks, f"{words}: {remarks}")
        values = {}
        for run in runs:
            with h5py.File(os.path.join(place.out, "runs", run + ".h5"), "r") as file:
                values.setdefault("workers", set()).add(int(file["config"].attrs["workers"]))
        workers, = [line for line in recipe if line.startswith("workers=")] or [None]
        if workers:
            same("workers", {int(w) for w in workers[8:].split(",")}, values["workers"])


@case("example")
def ranges(place):
    def runs(*words):
        return re.findall(r"^[0-9a-f]{16}\b.*", place.good(*SMALL, "--dry-run", *words), re.M)

    same("seeds", runs("seed=1-3,7"), runs("seed=1,2,3,7"))
    same("of one", runs("seed=2-2"), runs("seed=2"))
    same("batches", runs("batch=1-2"), runs("batch=1,2"))
    same("a number", len(runs("decay=1e-3", "seed=1")), len(runs("seed=1")))


@case("theorem")
def unfinished(place):
    """What is finished of a study that was stopped can be tabled and drawn, and says so; the whole study replaces it."""
    words = [*STUDY, "--jobs", "1"]
    stop = os.path.join(place.out, "runs", "*.h5")

    def some():
        return len([path for path in glob.glob(stop) if "checkpoint" not in path]) >= 2

    code, err = signalled(place, words, signal.SIGINT, 60, True, some)
    same(f"exit code, stderr {err!r}", code, 130)
    finished = len(run_files(place))
    said = f"{finished} of {RUNS} runs"
    check(2 <= finished < RUNS and said in err and "batch-size@few" in err, f"{finished}: {err!r}")
    check(not os.path.exists(collected(place)), "collected although stopped")
    for form in ("text", "csv", "json", "latex"):
        text = place.good("table", "batch-size@few", "--form", form)
        check(said in text and said in place.talk, f"{form}: {text} {place.talk}")
    check(said in place.good("table", "batch-size@few").splitlines()[0], "the title")
    data = json.loads(place.good("table", "batch-size@few", "--json"))
    same("counts", (data["finished"], data["runs"]), (finished, RUNS))
    check(any(cell["mean"] is None for cell in data["cells"]), "numbers of runs that are not there")
    svg = place.good("plot", "batch-size@few").split()[0]
    figure = xml.etree.ElementTree.parse(svg).getroot()
    check(sum(said in (item.text or "") for item in figure.iter()) >= 2, "title and foot of the figure")
    place.good(*words)
    same("files", sorted(n for n in os.listdir(place.out) if n.endswith(".h5")), [os.path.basename(collected(place))])
    check("runs are finished" not in place.good("table", "batch-size@few") + place.talk, place.talk)


@case("fault")
def killed_at_once(place):
    """Of a study that is killed while its first own run goes on, what was finished before can be tabled."""
    one = ["run", "batch-size", "--quick", "norm=batch", "batch=8", "samples=8", "seed=1", "images=16", NETWORK]
    place.good(*one, "epochs=1", "--as", "short")
    partial = os.path.join(place.out, "batch-size-long.partial.h5")
    code, err = signalled(place, [*one, "epochs=1,90000", "--as", "long"], signal.SIGKILL, 30, True,
                          lambda: os.path.exists(partial))
    same(f"exit code, stderr {err!r}", code, -signal.SIGKILL)
    check("1 of 2 runs" in place.good("table", "batch-size@long"), "what was finished")
    code, _, err = place.run("table", "batch-size@other")
    check(code == 66 and b"collected by the same `normlab run`" in err and err.count(b"\n") == 1, f"{code}: {err!r}")


@case("theorem")
def published(place):
    """What others found on other data stands apart from ours, and only beside the same protocol."""
    for protocol, there in (("paper", True), ("statistics", False)):
        place.good(*SMALL, "seed=1", f"protocol={protocol}")
        text, latex, data, rows = (place.good("table", "batch-size@few", "--form", form)
                                   for form in ("text", "latex", "json", "csv"))
        for shown in (text, latex):
            same(f"{protocol}: Wu and He", "Wu and He" in shown, there)
            same(f"{protocol}: other data", "other data (ImageNet)" in shown, there)
        same("JSON", [row["data"] for row in json.loads(data)["published"]], ["other data (ImageNet)"] * 10 * there)
        check("BN" not in rows, "published rows in the CSV of our cells")
        own = latex[: latex.index(r"\end{tabular}")]
        check("BN" not in own and own.count(" & ") == 8, own)
        if there:
            check(text.index("other data") < text.index("BN"), "the caption comes after its rows")


@case("fault")
def hostile_labels(place):
    """Whatever stands in a collected file is drawn as text and shown as text; nothing is executed."""
    place.good(*SMALL, "protocol=paper")
    good, path = read(collected(place)), place.path("evil.h5")
    wrong = []
    for label in HOSTILE:
        with open(path, "wb") as file:
            file.write(good)
        with h5py.File(path, "r+") as file:
            file["results/series"][0] = file["published/name"][0] = label
            file["published"].attrs.modify("source", label)
            for field in ("question", "protocol", "along_label", "identity", "recipe", "study", "changes", "score"):
                file.attrs.modify(field, label)
        for words in (["plot", "batch-size", "svg", "--to", "evil.svg"], ["table", "batch-size", "--json"],
                      ["table", "batch-size"], ["plot", "batch-size", "dumb"], ["show", "evil.h5"]):
            more = [] if words[0] == "show" else ["--from", path]
            code, out, err = place.run(*words, *more)
            try:
                check(code == 0, f"exit code {code}, {err!r}")
                if words[2:3] == ["svg"]:
                    texts = "".join(xml.etree.ElementTree.parse(place.path("evil.svg")).getroot().itertext())
                    check(label in texts or not label.isprintable() or set(label) & set('`"\\'), "not in the figure")
                elif words[2:] == ["--json"]:
                    same("series", json.loads(out)["cells"][0]["series"], label)
                check(b"\x1b" not in out + err, "escape codes reach the terminal")
            except (Failure, xml.etree.ElementTree.ParseError, ValueError) as trouble:
                wrong.append(f"{label[:30]!r}, {' '.join(words[:3])}: {trouble}")
        if os.path.exists(place.path("pwned")):
            wrong.append(f"{label!r} was executed")
            os.unlink(place.path("pwned"))
    check(not wrong, "\n  ".join([f"{len(wrong)} times", *wrong]))


NASTY = ("]]>", "<![CDATA[", "<!--", "-->", "&amp;", "&#0;", "&", "<", ">", "</title>", "<title>gnuplot_plot_1</title>", '"', "'", "\\",
         "\n", "\r", "\t", "\x01", "\x0c", "\x1f", "\x7f", "\x80", "\ufffe", "\uffff", "\u2028", "\u202e", "\ufeff", "\U0010ffff",
         "=1+1", "+", "-", "@", ",", ";", "%s", "$", "{", "a", " ", "\u03b3")


@case("theorem")
def nasty_names(place):
    """Random texts as names and titles: a CSV reader has the names again, an XML parser the figure, a JSON reader the rest."""
    place.good(*SMALL, "seed=1", "protocol=paper")
    good, path, wrong = read(collected(place)), place.path("nasty.h5"), []
    rng = random.Random(int(os.environ.get("NORMLAB_SEED", "1")))
    drawn = [["".join(rng.choice(NASTY) for _ in range(rng.randrange(9))) for _ in range(10)] for _ in range(4)]
    for texts in [["]]>", "'=1+1"] * 5, ["=1+1", "\t@"] * 5, *drawn]:
        with open(path, "wb") as file:
            file.write(good)
        with h5py.File(path, "r+") as file:
            file["results/series"][:2] = texts[:2]
            file["published/name"][0] = texts[2]
            for field, text in zip(("question", "protocol", "along_label", "recipe", "study", "changes", "score"), texts[3:]):
                file.attrs.modify(field, text)
        try:
            place.good("plot", "batch-size", "svg", "--to", "nasty.svg", "--from", path)
            xml.etree.ElementTree.parse(place.path("nasty.svg"))
            _, out, _ = place.run("table", "batch-size", "--form", "csv", "--from", path)
            cells = [row["series"] for row in csv.DictReader(io.StringIO(out.decode(), newline=""))]
            check(not any(cell[:1] in tuple("=+-@\t\r") for cell in cells if cell), f"a formula: {cells}")
            same("CSV", sorted({cell[1:] if cell[:1] == "'" else cell for cell in cells}), sorted(set(texts[:2])))
            cells = json.loads(place.good("table", "batch-size", "--json", "--from", path))["cells"]
            same("JSON", sorted({cell["series"] for cell in cells}), sorted(set(texts[:2])))
        except (Failure, xml.etree.ElementTree.ParseError, ValueError) as trouble:
            wrong.append(f"{texts}: {trouble}")
    check(not wrong, "\n  ".join([f"{len(wrong)} times", *wrong]))


@case("fault")
def hostile_layers(place):
    """The same of what normalizers learned; tables of other sizes than they should have are refused."""
    place.good(*HYBRIDS, "norm=blend(batch, group:4)", "seed=1", "epochs=1")
    path = collected(place).replace("batch-size", "hybrids")
    good, evil, wrong = read(path), place.path("evil.h5"), []

    def edited(edit):
        with open(evil, "wb") as file:
            file.write(good)
        with h5py.File(evil, "r+") as file:
            edit(file["norms/series1"])

    def rename(group, label):
        group["layer"][0] = label
        group["gate"].attrs["choices"] = f"batch{label}\nx"

    for label in HOSTILE:
        edited(lambda group, label=label: rename(group, label))
        for words in (["plot", "hybrids", "svg", "--to", "evil.svg"], ["plot", "hybrids", "dumb"], ["show", "evil.h5"]):
            code, out, err = place.run(*words, *([] if words[0] == "show" else ["--from", evil]))
            if code != 0 or b"\x1b" in out + err or os.path.exists(place.path("pwned")):
                wrong.append(f"{label[:30]!r}, {' '.join(words[:3])}: exit code {code}, {err!r}")
    for name, edit in (("gate", lambda g: g["gate_choices"].write_direct(np.full(9, 3.0))),
                       ("gate", lambda g: g["gate_choices"].write_direct(np.full(9, np.nan))),
                       ("gate", lambda g: g["gate"].attrs.modify("reading", "softmaxx")),
                       ("epoch", lambda g: g.attrs.modify("series", np.int64(1))),
                       ("epoch", lambda g: g.pop("epoch")),
                       ("layer", lambda g: g.pop("layer"))):
        edited(edit)
        code, out, err = place.run("plot", "hybrids", "svg", "--to", "evil.svg", "--from", evil)
        if code != 65 or f"/norms/series1/{name}".encode() not in err or err.count(b"\n") != 1:
            wrong.append(f"{name}: exit code {code}, {err!r}")
    check(not wrong, "\n  ".join([f"{len(wrong)} times", *wrong]))


@case("fault")
def locales(place):
    """Decimal commas are nobody's business."""
    plain, german = second_place(place, "plain"), second_place(place, "german")
    words = [*SMALL, "schedule=step(0.5, factor=0.25)", "decay=0.001"]
    comma = {"LC_ALL": "de_DE.UTF-8", "LC_NUMERIC": "de_DE.UTF-8", "LANG": "de_DE.UTF-8"}
    first, second = plain.good(*words), german.good(*words, environment=comma)
    same("tables", *([line for line in text.split("\n") if not line.startswith("/")] for text in (second, first)))
    check_same_runs(plain, german)
    for name in ("batch-size-few.h5", "batch-size-few.svg", "batch-size-few-curves.svg"):
        check(read(os.path.join(german.out, name)) == read(os.path.join(plain.out, name)), f"{name} differs")


# ---- files for other tools ------------------------------------------------------------------------------------------


def check_described(file, path):
    """Attributes are str or numbers; every data set says its unit and what it is."""

    def one(name, item):
        for key, value in item.attrs.items():
            check(not isinstance(value, bytes) or key in ("CLASS", "NAME"),  # HDF5's own, of dimension scales
                  f"{path}: attribute {key} of /{name} is bytes")
        if isinstance(item, h5py.Dataset):
            check(item.attrs.get("long_name"), f"{path}: /{name} has no long_name")
            check(item.dtype.kind == "O" or "units" in item.attrs, f"{path}: /{name} has no units")
        elif name:
            check(item.attrs.get("description"), f"{path}: group /{name} has no description")

    one("", file)
    file.visititems(one)


@case("example")
def readers(place):
    """h5py, xarray and h5dump."""
    import xarray

    place.good(*SMALL)
    run = run_files(place)[0]
    for path in (run, collected(place)):
        with h5py.File(path, "r") as file:
            check_described(file, os.path.basename(path))
            same("schema", (file.attrs["schema_version"], file.attrs["dim_order"]), (1, "C"))
    with xarray.open_dataset(run, group="metrics", engine="h5netcdf") as data:
        same("dimensions of metrics", dict(data.sizes), {"epoch": 1})
        same("axes", data.val_error.dims, ("epoch",))
        same("epoch 1", float(data.val_error.sel(epoch=1)), float(data.val_error[0]))
    for path in run_files(place):
        with h5py.File(path, "r") as file:
            check("norms" not in file, "norms of a normalizer that learns gamma and beta alone")
    gated = second_place(place, "gated")
    gated.good(*SMALL, "norm=blend(batch, group:4)")
    with h5py.File(run_files(gated)[0], "r") as file:
        check_described(file, "run with gates")
    with xarray.open_dataset(run_files(gated)[0], group="norms/stem_norm", engine="h5netcdf") as data:
        same("axes of gate", (data.gate.dims, data.sizes["epoch"]), (("epoch", "gate_index"), 2))
        same("gate at the start", float(abs(data.gate.sel(epoch=0)).max()), 0.0)
    with xarray.open_dataset(run, group="summary", engine="h5netcdf") as data:
        check(0 <= float(data.score) <= 1 and data.score.dims == (), "summary.score")
    with xarray.open_dataset(collected(place), group="results", engine="h5netcdf") as data:
        same("dimensions of results", dict(data.sizes), {"series": 2, "along": 2, "seed": 2, "block": 20})
        check(np.isfinite(data.score.sel(series="group(4)", along=8).values).all(), "selecting by name")
    place.good(*SMALL, "protocol=paper")
    with xarray.open_dataset(collected(place), group="published", engine="h5netcdf") as data:
        same("published", float(data.error.sel(name="GN", at=2)), 24.1)
    dump = subprocess.run(["h5dump", "-A", run], capture_output=True, text=True, check=False)
    for part in ("long_name", "description", "validation error, last epoch", "units"):
        check(part in dump.stdout, f"h5dump -A lacks {part!r}: {dump.stderr}")


@case("example")
def provenance(place):
    """A run says what computed it; a user who looks finds no path of this machine."""
    place.good(*SMALL)
    with h5py.File(run_files(place)[0], "r") as file:
        facts = dict(file["provenance"].attrs)
        for name in ("binary", "bits", "compiler", "flags", "hdf5", "libc", "processor", "tree_src"):
            check(facts.get(name), f"/provenance has no {name}")
        same("digest", len(facts["binary"]), 64)
        settings = dict(file["config"].attrs)
    for path in run_files(place) + [collected(place)]:
        data = read(path)
        for text in (place.folder, HOME):
            check(text.encode() not in data, f"{os.path.basename(path)} holds the path {text}")
    text = place.good("run", "--help") + place.good("run", "batch-size", "--help")
    keys = sorted(set(settings) - {"canonical", "numerics", "data_sha256", "description"})
    missing = [key for key in keys if not re.search(rf"^\s*{key}\b", text, re.M)]
    check(not missing, f"`run --help` does not explain the keys {', '.join(missing)}")


@case("example")
def show(place):
    place.good(*SMALL)
    with h5py.File(place.path("own.h5"), "w") as file:
        file["x"] = np.random.default_rng(1).normal(size=(2, 4, 3))
        file["flag"] = True
        file["group/y"] = np.arange(3)
        file["texts"] = ["a\"b", "c\nd"]
        file.attrs["list"] = [1, 2]
        file.attrs["note"] = "two\nlines \u03b3"
        file["nothing"] = np.array([np.nan, np.inf])
    with h5py.File(place.path("in.h5"), "w") as file:
        file["x"] = np.random.default_rng(1).normal(size=(2, 4, 3))
    place.good("apply", "group:2", "in.h5", "y.h5")
    gated = second_place(place, "gated")
    gated.good(*SMALL, "norm=blend(batch, group:4)", "seed=1")
    for path, parts in ((run_files(place)[0], ["/metrics", "val_error", "/provenance", "norm"]),
                        (run_files(gated)[0], ["/norms/stage1.block1.norm2", "[2, 4] last:"]),
                        (collected(place), ["/results", "score", "identity"]), ("y.h5", ["group(2)", "[2, 4, 3]"]),
                        ("own.h5", ["x", "[2, 4, 3]", "/group"])):
        text, data = place.good("show", path), json.loads(place.good("show", path, "--json"))
        for part in parts:
            check(part in text, f"show {path}: no {part!r}:\n{text}")
        check("\x1b" not in text, "escape codes")
        groups = data["groups"]
        with h5py.File(place.path(path), "r") as file:
            for group, members in groups.items():
                for name, value in members.items():
                    if isinstance(value, dict):
                        same(f"{group}/{name}", value["shape"], list(file[group][name].shape))
                        same(f"{group}/{name}", len(value["data"]), file[group][name].size)
            inside = []
            file.visititems(lambda name, item: inside.append("/" + name) if isinstance(item, h5py.Group) else None)
            missing = [name for name in inside if name not in groups]
            check(not missing, f"show --json {path}: no group {missing}")


@case("example")
def rows_of_equal_runs(place):
    """What norm= does not reach has one row whatever norm= says: linear has no place for a normalizer. Once for all rows
    that it has in common, and only there."""
    words = ["run", "batch-size", "--quick", "batch=8", "samples=8", "seed=1,2", "images=16", "epochs=1", "--as", "one"]
    text = place.good(*words, "network=linear", "norm=batch,layer,none", "--dry-run")
    check("2 runs, 0 finished" in text, text)
    same("lines", [line for line in place.talk.splitlines() if "one row" in line],
         [f"normlab: 'batch' and '{name}' are the same runs under these settings: they are one row, 'batch'"
          for name in ("layer", "none")])
    text = place.good(*words, "network=linear,mlp(width=4)", "norm=layer,none", "--dry-run")
    check("6 runs, 0 finished" in text and place.talk.count("one row") == 1, text + place.talk)
    place.good(*words, "network=linear,mlp(width=4)", "norm=layer,none")
    with h5py.File(os.path.join(place.out, "batch-size-one.h5"), "r") as file:
        same("rows", list(file["results/series"].asstr()[:]),
             ["layer, network=linear", "layer, network=mlp(depth=3, width=4)", "none, network=mlp(depth=3, width=4)"])
        same("scores", file["results/score"].shape[0], 3)


# ---- lists, help, talk ----------------------------------------------------------------------------------------------


@case("example")
def lists(place):
    expected = {"norms": ["none", "batch", "layer", "instance", "group", "position", "ghost"],
                "experiments": ["batch-size"], "datasets": ["fashion-mini", "fashion-mnist", "cifar10", "idx", "cifar", "h5"],
                "networks": ["resnet", "plain", "mlp", "linear"]}
    for name, least in expected.items():
        text, data = place.good("list", name), json.loads(place.good("list", name, "--json"))
        found = [row["name"] for row in data[name]]
        same("missing in list " + name, [n for n in least if n not in found], [])
        if name != "norms":
            same("lines of list " + name, text.count("\n"), len(found))
        check(all(row["title"] and row["usage"] for row in data[name]), f"list {name}: empty fields")


@case("example")
def whole_names(place):
    """What stands in front of a line of a list is a name that the list takes; networks with their arguments."""
    for line in place.good("list", "norms").splitlines()[1:]:
        name = re.match(r"weights=\w+|[-\w]*", line)[0]
        if line and line != "other names" and not line.startswith("on weights"):
            check(place.good("list", "norms", name), line)
    text = place.good("list", "norms", "weights=standardized")
    check("Qiao et al. 2019" in text and "normlab check 'resnet(weights=standardized)'" in text, text)
    for said in ("resnet(depth=20)", "resnet:depth=20"):
        text = place.good("list", "networks", said)
        check("resnet(depth=20, width=16)" in text, text)
    check("`normlab check 'resnet(depth=20)'`" in place.good("list", "networks", "resnet(depth=20)"), "how to check it")
    data, = json.loads(place.good("list", "networks", "resnet(depth=20)", "--json"))["networks"]
    same("learned", data["learned"], "272186 numbers in 65 parameters, 1568 of normalizers")
    same("flops", data["flops"], "62.04 million a sample forward, 2 a multiply-add")
    check(data["normalizers"].startswith("21 places, channels x positions: 16 x 784: stem_norm, stage1.block1.norm1"),
          data["normalizers"])
    check("; 64 x 49: stage3.block1.norm1, stage3.block1.norm2, stage3.block1.shortcut_norm" in data["normalizers"], "last stage")
    same("none in linear", json.loads(place.good("list", "networks", "linear", "--json"))["networks"][0]["normalizers"], "none")
    same("in full", data["in full"], "resnet(depth=20, width=16)")


@case("example")
def catalogue(place):
    """`list norms`: a line for each kind and each other name; entries whose numbers are those of the code."""
    data, lines = json.loads(place.good("list", "norms", "--json")), place.good("list", "norms").splitlines()
    check(max(map(len, lines)) <= 100 and not any(line != line.rstrip() for line in lines), "width of list norms")
    rows, aliases, weights = (part.splitlines()[1:] for part in "\n".join(lines).split("\n\n"))
    same("kinds", [re.match(r"\w+", line)[0] for line in rows], [entry["name"] for entry in data["norms"]])
    same("other names", [re.match(r"[-\w]+", line)[0] for line in aliases], [a["name"] for a in data["aliases"]])
    same("on weights", [re.match(r"weights=(\w+)", line)[1] for line in weights],
         [w["name"] for w in data["weights"] if w["name"] != "plain"])
    for line, entry in zip(rows, data["norms"]):
        same(line, "running" in line or "adapted" in line, bool(entry["state"]))
        check(entry["source"] in line and entry["cells"] and entry["definition_operations"] >= entry["operations"] > 0,
              f"{line}: {entry}")
        cases = place.good("check", entry["example"], "--list").split()[::2]
        same("checks of " + entry["name"], sorted(entry["checks"]), sorted({name.rpartition(".")[2] for name in cases}))
        check(set(entry["invariances"]) <= set(entry["checks"]) and
              ("twins" in entry["checks"]) == bool(entry["twins"]), f"{entry}")
    found = {entry["name"]: entry for entry in data["norms"]}
    same("params of blend", [(p["name"], p["count"]) for p in found["blend"]["params"]],
         [("gamma", 8), ("beta", 8), ("gate", 8)])
    same("state of batch", [s["name"] for s in found["batch"]["state"]], ["running_mean", "running_var"])
    same("invariances of group", found["group"]["invariances"],
         ["powers-of-two", "exact-shift", "permutation", "evaluation"])
    same("cells", [found[name]["cells"] for name in ("batch", "group", "position", "ghost")],
         ["all samples x one channel x all positions", "one sample x a block of channels x all positions",
          "one sample x all channels x one position", "a block of samples x one channel x all positions"])
    for spec, said in (("regroup", "by map[C] (adapted between epochs); not by channel_mean[C] (of adapting), "),
                       ("mabn", "by running_square[C]; not by running_product[C] (of training)"),
                       ("batch", "by running_mean[C], running_var[C]\n")):
        check(f"  evaluation   {said}" in place.good("list", "norms", spec), f"what evaluation reads of {spec}")
    for spec, reach in (("group(2)", "one sample x 4 of 8 channels x all positions"),
                        ("mix(layer, batch)", "all samples x all channels x all positions, not all of these"),
                        ("blend(position, instance)", "one sample x all channels x all positions, not all of these"),
                        ("dyt", "its own element alone"), ("layer_detach", "its own element alone"),
                        ("layer_detach(of_mean=no)", r"one sample }\times\text{ all channels }\times\text{ all positions}"),
                        ("scalenorm", r"one sample }\times\text{ all channels }\times\text{ one position}")):
        check(f" of {reach}" in place.good("list", "norms", spec, "--tex"), f"whose dy reach a dx of {spec}")
    long = place.good("list", "norms", "--long")
    same("entries", [part.splitlines()[0] for part in long.split("\n\n")], [entry["usage"] for entry in data["norms"]])
    one = place.good("list", "norms", "ibn")
    check("split(instance, batch)" in one and "[C/2]" in one and "Pan et al. 2018" in one, one)
    check("gate[1]" in place.good("list", "norms", "blend(batch, layer, per=layer)"), "entry of a spec")


@case("example")
def helps(place):
    text = place.good("--help")
    check(place.talk == "", "help on stderr")
    commands = re.findall(r"^  (\w+) ", text.split("\n\n")[1], re.M)
    check({"demo", "list", "run", "table", "plot", "publish", "show", "apply", "bench"} <= set(commands), str(commands))
    before = listing(place.folder)
    for command in commands:
        for words in ([command, "--help"], [command, "-h"], [command, "x", "--help", "--wrong"]):
            out = place.good(*words)
            check(out.startswith(f"normlab {command}") and not place.talk, f"{words}: {out!r} {place.talk!r}")
            check(max(map(len, out.splitlines())) <= 120, f"{command} --help: a line of more than 120 characters")
    same("files", listing(place.folder), before)
    check(re.fullmatch(r"normlab \d+\.\d+\.\d+\n", place.good("--version")), "--version")


@case("example")
def talk(place):
    """No terminal, or NO_COLOR: no escape codes, no carriage returns; every line says who speaks."""
    for number, changes in enumerate(({}, {"NO_COLOR": "1", "TERM": "xterm"}, {"TERM": "xterm"})):
        one = second_place(place, f"talk{number}")
        out = one.good(*SMALL, environment=changes)
        for text in (out, one.talk):
            check("\x1b" not in text and "\r" not in text, f"{changes}: escape codes in {text!r}")
        check(all(line.startswith("normlab: ") for line in one.talk.splitlines()), f"stderr {one.talk!r}")


@case("theorem")
def kept_weights(place):
    """weights=yes: the same run, and every parameter by name; one without them is made again."""
    words = ("run", "batch-size", "--quick", "norm=batch", "network=resnet(depth=8,width=4,stem_stride=2)", "batch=8", "samples=16", "seed=1",
             "epochs=1", "images=32")
    place.good(*words)
    before, = run_files(place)
    plain = content(before)
    check("weights" not in h5py.File(before, "r"), "weights that nobody asked for")
    place.good(*words, "weights=yes")
    check("keeps no weights" in place.talk, f"it is not said why: {place.talk}")
    after, = run_files(place)
    same("identity", os.path.basename(after), os.path.basename(before))
    with h5py.File(after, "r") as file:
        weights = np.concatenate([file["weights"][name][()].ravel() for name in file["weights"]])
        in_order = sorted(file["weights"], key=lambda name: h5py.h5o.get_info(file["weights"][name].id).addr)
        ordered = np.concatenate([file["weights"][name][()].ravel() for name in in_order])
        same("weights", len(weights), int(file["summary/weights"][()]))
        same("that learn", len(weights), int(file["summary/learning"][()]))
        same("their SHA-256", hashlib.sha256(ordered.tobytes()).hexdigest(), str_of(file["summary"].attrs["weights_sha256"]))
        same("a shape", file["weights/stem.weight"].shape if "stem.weight" in file["weights"] else sorted(file["weights"]), (4, 1, 3, 3))
        check(all(name.split(".")[-1] in ("running_mean", "running_var", "mean", "var") for name in file["state"]), list(file["state"]))
        now = content(after)
    kept = {k: v for k, v in now.items() if not k[0].startswith(("weights", "state")) and k != ("config", "weights")}
    differ = [k for k in kept if kept[k] != plain.get(k)]
    check(not differ, f"other numbers: {differ}")
    place.good(*words, "weights=yes")
    check("done after" not in place.talk, "it is made a third time")
    place.good(*words)
    check("done after" not in place.talk, "weights that are there are no fault")


def str_of(value):
    return value.decode() if isinstance(value, bytes) else value


if __name__ == "__main__":
    main()
