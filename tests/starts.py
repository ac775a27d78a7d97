#!/usr/bin/python3 -B
"""Runs of no epochs: what they are, what of a study copes with them, and what they cannot be."""

import glob
import os

import h5py
import numpy as np

from program import case, check, main, reseal, same

NETWORK = "network=resnet(depth=8, width=4, stem_stride=2)"
RUN = ["run", "batch-size", "--quick", "--as", "few", "batch=8", "samples=8", "images=64", NETWORK]
USAGE = 64


def runs(place):
    """Of each row's normalizer and number of epochs: the file's path."""
    found = {}
    for path in glob.glob(os.path.join(place.out, "runs", "*.h5")):
        with h5py.File(path) as file:
            config = file["config"].attrs
            found[config["norm"], int(config["epochs"])] = path
    return found


def summary(path):
    with h5py.File(path) as file:
        return {**{k: v[()] for k, v in file["summary"].items()}, **dict(file["summary"].attrs)}


@case("theorem")
def as_training_finds_it(place):
    """The weights and state of no epochs are those of an epoch at a rate of 0 without decay, averages left alone."""
    words = ["norm=group:2,blend(batch, group(2))", "seed=3", "rate=0", "decay=0", "weights=yes"]
    place.good(*RUN, *words, "epochs=0,1")
    found = runs(place)
    for norm in ("group(2)", "blend(batch, group(2))"):
        start, after = found[norm, 0], found[norm, 1]
        same("weights", summary(start)["weights_sha256"], summary(after)["weights_sha256"])
        with h5py.File(start) as file:
            same("epochs", sum(len(file["metrics"][k]) for k in file["metrics"]), 0)
            if "norms" in file:
                same("rows", [list(layer["epoch"][()]) for layer in file["norms"].values()], [[0.0]] * len(file["norms"]))
            check(all(np.all(v[()] == (0 if k.endswith("mean") else 1)) for k, v in file.get("state", {}).items()), "averages moved")


@case("theorem")
def of_another_run(place):
    """Begun with a run of one epoch, whose samples it sees in the same order, it is that run's end, and is judged as that was."""
    place.good(*RUN, "norm=batch", "seed=1", "epochs=1", "weights=yes")
    end = runs(place)["batch", 1]
    place.good(*RUN, "norm=batch", "seed=1", "epochs=0", "weights=yes", f"init={end}")
    start = runs(place)["batch", 0]
    for key in ("weights_sha256", "state_sha256"):
        same(key, summary(start)[key], summary(end)[key])
    judged = [place.good("evaluate", path, "mode=average,pooled", "on=test").split("\n", 1)[1] for path in (end, start)]
    same("judged", judged[1], judged[0])


@case("example")
def told(place):
    """Nothing waits for numbers that never come: table, plan, watch, verify, show."""
    words = [*RUN, "norm=batch,group:2", "seed=1,2", "epochs=0"]
    plan = place.good(*words, "--dry-run")
    check("4 runs, 0 finished, 4 to do" in plan and "about 0 s" in place.talk, plan + place.talk)
    table = place.good(*words)
    check("Runs of no epochs are their start, and have no score" in table, table)
    check("Without a network" not in table, f"a gate was asked: {table}")
    check(not os.path.exists(place.path("out", "gates")), "a gate was asked")
    check(all(line.split()[-1] == "-" for line in table.splitlines() if line.startswith(("batch  ", "group"))), table)
    check("4 runs, 4 finished, 0 to do" in place.good(*words, "--dry-run"), "they are not finished")
    check("4 of 4 runs done" in place.good("watch", *words[1:]), "not seen to be done")
    for path in runs(place).values():
        check("the same to the last bit" in place.good("verify", path), "not the same bits")
        shown = place.good("show", path)
        check("score              nan" in shown and "epochs             0" in shown, shown)
    both = place.good(*RUN, "norm=batch", "seed=1", "epochs=0,1", "--as", "both")
    row = {line.rsplit(None, 1)[0].strip(): line.split()[-1] for line in both.splitlines() if line.startswith("batch, ")}
    check(row["batch, epochs=0"] == "-" and float(row["batch, epochs=1"]) > 0 and "Without a network" in both, both)


@case("example")
def pictures(place):
    """What an untrained network tells of each pixel is there to be seen; a normalizer that follows a schedule stands at its beginning."""
    place.good("run", "batch-size", "--quick", "--as", "few", "dataset=brain", "task=segment", "network=unet(depth=1, width=2)", "epochs=0",
               "norm=batch,anneal(batch, layer, from=0, to=2)", "batch=4", "samples=4", "images=0", "seed=1")
    found = []
    for path in runs(place).values():
        with h5py.File(path) as file:
            found.append({k: v[()] for k, v in file["pictures"].items() if v.ndim == 3 and v.dtype == float})
    same("maps", sorted(found[0]), sorted(found[1]))
    check(found[0] and all(np.isfinite(v).all() and np.array_equal(v, found[1][k]) for k, v in found[0].items()), "not as at the start")


@case("fault")
def refused(place):
    """What asks for a number of the end, or brings one."""
    for words, says in ((["score=median:3"], "score=median(3): the run has 0 epochs"), (["horizon=1"], "horizon=1: the rates add up to 0"),
                        (["epochs=-1"], "a whole number from 0 to 100000")):
        code, _, err = place.run(*RUN, "norm=batch", "seed=1", "epochs=0", *words)
        same(f"exit code of {words}", code, USAGE)
        check(says in err.decode(), err.decode())
    code, _, err = place.run("tune", "batch-size", "--quick", "rate=0.1,0.2", "epochs=0")
    same("exit code of tune", code, USAGE)
    check("no score to choose by" in err.decode(), err.decode())
    place.good(*RUN, "norm=batch", "seed=1", "epochs=0")
    path = runs(place)["batch", 0]
    with h5py.File(path, "r+") as file:
        file["summary/score"][...] = 0.25
    reseal(path)
    place.good(*RUN, "norm=batch", "seed=1", "epochs=0")
    check("of no epochs, and has a score" in place.talk, f"a forged score is believed: {place.talk}")


@case("fault")
def checkpoints(place):
    """None is ever kept; one that lies there is no run's."""
    place.good(*RUN, "norm=batch", "seed=1", "epochs=0")
    path = runs(place)["batch", 0]
    checkpoint = path[:-3] + ".checkpoint.h5"
    check(not os.path.exists(checkpoint), "a checkpoint is left")
    os.rename(path, checkpoint)
    code, _, err = place.run(*RUN, "norm=batch", "seed=1", "epochs=0")
    check(code != 0 and "start over with --restart" in err.decode(), f"exit code {code}: {err.decode()}")
    place.good(*RUN, "norm=batch", "seed=1", "epochs=0", "--restart")
    same("files", len(glob.glob(os.path.join(place.out, "runs", "*.h5"))), 1)


if __name__ == "__main__":
    main()
