#!/usr/bin/python3 -B
"""Registered claims from outside: runs keep what they were made for, verdicts follow from files, records do not change."""

import glob
import json
import os
import re

import h5py
import numpy as np

from drawn import Drawing
from program import HOME, Place, check, case, main, same

LEDGER = """
# a comment
protocol tiny
  says  a net of width 4 on 64 images
  set   protocol=statistics
  set   samples=8
  set   dataset=fashion-mini
  set   images=64
  set   network=resnet(depth=8, width=4, stem_stride=2)
  set   epochs=2
  set   norm=batch,group(4),ghost(8)
  set   batch=8

claim T1
  statement   One is not the other.
  source      this test
  experiment  batch-size
  protocol    tiny
  works       none
  control     ghost(8)@8 - batch@8
  tuning      900
  looks       6, 12
  seeds       201-212
  contrast    group(4)@8 - batch@8
    type      sign
    expect    +
    margin    0.5
  contrast    group(4)@8 - 0.5 * batch@8
    type      sign
    expect    +
    margin    0.5
    published 3
"""


def home(place, ledger):
    """A checkout's data, and claims of our own."""
    folder = place.path("home")
    if not os.path.isdir(folder):
        os.makedirs(os.path.join(folder, "experiments"))
        os.symlink(os.path.join(HOME, "data", "input"), os.path.join(folder, "input"))
        os.makedirs(os.path.join(folder, "data"))
        os.symlink(os.path.join(HOME, "data", "input"), os.path.join(folder, "data", "input"))
        for name in os.listdir(os.path.join(HOME, "experiments")):
            if name.endswith(".gp"):
                os.symlink(os.path.join(HOME, "experiments", name), os.path.join(folder, "experiments", name))
    with open(os.path.join(folder, "experiments", "claims.txt"), "w", encoding="utf-8") as file:
        file.write(ledger)
    return {"NORMLAB_HOME": folder}


def claims(place, where, code=0, *words):
    got, out, err = place.run("claims", *words, "--json", environment=where)
    same("exit code of claims", (got, err), (code, err))
    return json.loads(out)


def interval(values, blocks, t):
    """Mean and half-width of seeds crossed with blocks, and Satterthwaite's degrees of freedom, by numpy alone."""
    n, m = blocks.shape
    all_, rows, columns = blocks.mean(), blocks.mean(axis=1), blocks.mean(axis=0)
    seeds = m * values.var(ddof=1)
    of_blocks = n * ((columns - all_) ** 2).sum() / (m - 1)
    rest = ((blocks - rows[:, None] - columns + all_) ** 2).sum() / ((n - 1) * (m - 1))
    if of_blocks <= rest:
        return values.mean(), t(n - 1) * np.sqrt(seeds / (n * m))
    total = seeds + of_blocks - rest
    freedom = total ** 2 / (seeds ** 2 / (n - 1) + of_blocks ** 2 / (m - 1) + rest ** 2 / ((n - 1) * (m - 1)))
    return values.mean(), t(freedom) * np.sqrt(total / (n * m))


def student(level):
    """Upper quantiles of Student's t by bisection over its integral."""
    from math import lgamma

    def quantile(freedom):
        scale = np.exp(lgamma((freedom + 1) / 2) - lgamma(freedom / 2)) / np.sqrt(freedom * np.pi)

        def below(t):
            x = np.linspace(0, t, 20001)
            y = scale * (1 + x * x / freedom) ** (-(freedom + 1) / 2)
            return 0.5 + ((y[:-1] + y[1:]) / 2 * np.diff(x)).sum()
        low, high = 0.0, 60.0
        for _ in range(60):
            middle = (low + high) / 2
            low, high = (middle, high) if below(middle) < 1 - level / 2 else (low, middle)
        return low
    return quantile


def drawn(place, where, found):
    """Every contrast is a row: its interval in margins from 0, on an axis that is bent by asinh; its numbers and its word."""
    for width in ("17cm", "3.3in"):
        place.good("plot", "claims", "--width", width, "--to", "forest.svg", environment=where)
        seen = Drawing(place.path("forest.svg"))
        check(not list(seen.faults()), str(list(seen.faults())))
        same("ids", seen.words.count("T1"), 1)
        for f in found:
            check(f["verdict"] in seen.words, f"no {f['verdict']}: {seen.words}")
            if width == "17cm":
                check(f"{f['estimate']:+.2f} [{f['low']:.2f}, {f['high']:.2f}]" in seen.words, str(seen.words))
                check(f["contrast"] in " ".join(seen.words), str(seen.words))
    ticks = {float(words): box[:, 0].mean() for words, box in seen.texts if re.fullmatch(r"-?[0-9.]+", words)}
    inches = (ticks[10] - ticks[0]) / np.arcsinh(10)
    for tick, at in ticks.items():
        check(abs(at - ticks[0] - inches * np.arcsinh(tick)) < 3, f"tick {tick} at {at} of {ticks}")
    path = place.path("forest.svg")
    marks = [use for use in Drawing(path).root.iter("{http://www.w3.org/2000/svg}use")
             if "translate" in (use.get("transform") or "")]
    places = sorted(float(re.search(r"translate\(([-.0-9]+),", use.get("transform"))[1]) for use in marks)
    wanted = sorted(ticks[0] + inches * np.arcsinh(value / 0.5)
                    for f in found for value in (f["estimate"], f["published"]) if value is not None)
    check(len(places) == len(wanted) and np.allclose(places, wanted, atol=3), f"marks at {places}, not {wanted}")


@case("oracle")
def verdicts(place):
    """Estimate, interval and word are what numpy makes of the collected file; runs keep the digests."""
    where = home(place, LEDGER)
    place.good("run", "batch-size", "--claim", "T1", environment=where)
    one, two = claims(place, where)
    path = os.path.join(place.out, "batch-size-T1.h5")
    same("study", one["study"], path)
    runs = sorted(glob.glob(os.path.join(place.out, "runs", "*.h5")))
    same("runs", len(runs), 18)
    for run in runs:
        with h5py.File(run, "r") as file:
            same("digest", str(file["provenance"].attrs["claims"]), "T1=" + one["digest"])
            same("mean of the blocks", round(float(file["blocks/test"][()].mean()), 12),
                 round(float(file["summary/test_error"][()]), 12))
    with h5py.File(path, "r") as file:
        r = file["results"]
        names = [name.decode() for name in r["series"][()]]
        test, block = 100 * r["test_error"][:, 0], 100 * r["test_block"][:, 0]
        gate = file["gate/error"][()]
        check(((gate > 0.1) & (gate < 0.6)).all(), f"gate: {gate}")
    b, g = names.index("batch"), names.index("group(4)")
    for found, factor in ((one, 1), (two, 0.5)):
        level = 1 - found["confidence"]
        mean, half = interval(test[g] - factor * test[b], block[g] - factor * block[b], student(level))
        check(abs(found["estimate"] - mean) < 1e-9, f"estimate {found['estimate']}, {mean}")
        check(abs(found["high"] - mean - half) < 1e-4 * half, f"interval {found['high'] - mean}, {half}")
        check(abs(found["low"] - mean + half) < 1e-4 * half, f"interval {found['low']}")
        word = "supported" if mean > half else "contradicted" if mean < -half else "undecided"
        same("verdict", found["verdict"], word)
        same("seeds", found["seeds"], 6)
        same("runs of it", len(found["runs"]), 12)
    same("the level of Holm's first step", sorted(round(1 - f["confidence"], 4) for f in (one, two))[0], 0.0125)
    same("published", (one["published"], two["published"]), (None, 3))
    open(os.path.join(where["NORMLAB_HOME"], "CMakeLists.txt"), "w", encoding="utf-8").close()
    drawn(place, where, (one, two))
    got, _, err = place.run("publish", "claims", environment=where)
    check(got == 65 and b"nothing was run" in err, err.decode())
    place.good("publish", "batch-size", "--claim", "T1", environment=where)
    os.remove(path)
    published = os.path.join(where["NORMLAB_HOME"], "data", "batch-size-T1.h5")
    same("by what is published", claims(place, where), [dict(f, study=published) for f in (one, two)])
    text = place.good("claims", "batch-size", environment=where)
    for part in ("T1  One is not the other.", "sign: expected +, margin 0.5", "Verdicts follow from the last epoch",
                 "1 claim tested: 0.05 false verdicts are to be expected", "An arm against itself over other seeds: "):
        check(part in text, f"no {part!r} in\n{text}")
    place.good("run", "batch-size", "--claim", "T1", "--look", "2", environment=where)
    check(all(f["seeds"] == 12 or f["verdict"] != "undecided" for f in claims(place, where)), "second look")


@case("fault")
def records(place):
    """A record that changes after its runs, or a verdict that does not follow, is exit code 1; a layout is not."""
    where = home(place, LEDGER)
    place.good("run", "batch-size", "--claim", "T1", environment=where)
    before = claims(place, where)
    home(place, LEDGER.replace("  source      this test", "  # why\n    source  this test  "))
    same("other layout", claims(place, where), before)
    home(place, LEDGER.replace("margin    0.5", "margin    0.4", 1))
    changed = claims(place, where, 1)
    check(changed[0]["changed"] and changed[0]["verdict"] == "not tested", f"changed: {changed[0]}")
    check("THE RECORD WAS CHANGED" in place.run("claims", environment=where)[1].decode(), "text")
    word = before[0]["verdict"]
    home(place, LEDGER.replace("margin    0.5", f"margin    0.5\n    verdict   {word}", 1))
    same("recorded", [f["lost"] for f in claims(place, where)], [False, False])
    other = "contradicted" if word == "supported" else "supported"
    home(place, LEDGER.replace("margin    0.5", f"margin    0.5\n    verdict   {other}", 1))
    same("recorded otherwise", [f["lost"] for f in claims(place, where, 1)], [True, False])


@case("fault")
def exploratory(place):
    """Runs that were there before their claim decide nothing."""
    settings = [line.split(None, 1)[1] for line in LEDGER.splitlines() if line.startswith("  set")]
    where = home(place, "")
    same("no claims", claims(place, where), [])
    place.good("run", "batch-size", *settings, "seed=201-206", environment=where)
    home(place, LEDGER)
    for found in claims(place, where):
        same("before", (found["verdict"], found["exploratory"], found["seeds"]), ("not tested", True, 6))
        check("not made for it" in found["why"] and found["estimate"] is not None, found["why"])
    check("dataset=fashion-mini" in LEDGER, LEDGER)
    home(place, LEDGER.replace("dataset=fashion-mini", "dataset=glyphs-mini"))
    for found in claims(place, where):
        same("of other data", (found["verdict"], found["estimate"]), ("not tested", None))


@case("fault")
def waits(place):
    """Four of six seeds: nothing is looked at. A control that is not 0, or an arm below the gate: no verdict."""
    settings = [line.split(None, 1)[1] for line in LEDGER.splitlines() if line.startswith("  set")]
    where = home(place, LEDGER)
    place.good("run", "batch-size", *settings, "seed=201-204", environment=where)
    for found in claims(place, where):
        same("four seeds", (found["verdict"], found["estimate"]), ("not tested", None))
        check("4 of 6 seeds have run" in found["why"], found["why"])
    home(place, LEDGER.replace("works       none", "works       batch@8").replace("claim T1", "claim T2") +
         LEDGER[LEDGER.index("claim T1"):].replace("control     ghost(8)@8", "control     group(4)@8"))
    os.mkdir(place.path("fresh"))
    fresh = Place(place.path("fresh"))
    for name in ("T1", "T2"):
        fresh.good("run", "batch-size", "--claim", name, environment=where)
    t2, _, t1, _ = claims(fresh, where)
    same("control", (t1["verdict"], t1["why"]), ("refused", "the control group(4)@8 - batch@8 is not 0"))
    same("gate", t2["verdict"], "not tested")
    check("below the gate: batch@8 does not beat" in t2["why"], t2["why"])
    same("arms that are marked", (t1["below_gate"], t2["below_gate"]), ("", "group(4)@8; batch@8"))


OF_PIXELS = """
protocol tiny
  says  a net of width 2 on 16 half slices
  set   protocol=statistics
  set   samples=8
  set   dataset=brain
  set   task=segment
  set   images=16
  set   network=unet(depth=1, width=2)
  set   epochs=1
  set   norm=batch,group(2)
  set   batch=8

claim T1
  statement   One overlaps more than the other.
  source      this test
  experiment  segmentation
  protocol    tiny
  works       batch@8
  tuning      900
  looks       6, 12
  seeds       201-212
  contrast    group(2)@8 - batch@8
    type      sign
    expect    +
    margin    1
"""


@case("oracle")
def of_pixels(place):
    """Of a metric that rises, in blocks of the few samples that there are. The arm that should work is below a gate: not tested."""
    where = home(place, OF_PIXELS)
    place.good("run", "segmentation", "--claim", "T1", environment=where)
    found, = claims(place, where)
    with h5py.File(os.path.join(place.out, "segmentation-T1.h5"), "r") as file:
        test, block = (100 * file[f"results/{name}"][:, 0] for name in ("test_iou", "test_block"))
        gate = dict(zip([name.decode() for name in file["gate/baseline"][()]], 100 * file["gate/iou"][()]))
    same("blocks", block.shape, (2, 6, 8))
    mean, half = interval(test[1] - test[0], block[1] - block[0], student(1 - found["confidence"]))
    check(abs(found["estimate"] - mean) < 1e-9 and abs(found["high"] - mean - half) < 1e-4 * half, f"{found}: {mean}, {half}")
    same("metric", found["metric"], "iou")
    check("in iou, points of percent: more is better" in place.good("claims", environment=where), "the metric is not said")
    worst = next(name for name, value in gate.items() if test[0].mean() < value)
    says = {"majority": "the class of most pixels", "pixels": "softmax regression of pixels", "mirror": "the training slice's mask"}[worst]
    same("verdict", found["verdict"], "not tested")
    check(f"below the gate: batch@8 does not beat {says}" in found["why"] and f"whose iou is {gate[worst]:.1f} %" in found["why"], str(found))


@case("fault")
def words(place):
    """A wrong word gets one line."""
    where = home(place, LEDGER)
    for line, code, says in (
            (["claims", "T2"], 64, "no claim or experiment 'T2', did you mean 'T1'?"),
            (["run", "batch-size", "--claim", "T3"], 64, "no claim 'T3'"),
            (["run", "hybrids", "--claim", "T1"], 64, "claim T1 is of experiment batch-size"),
            (["run", "batch-size", "--claim", "T1", "epochs=3"], 64, "its record says all settings"),
            (["run", "batch-size", "--claim", "T1", "--look", "3"], 64, "--look 3: a whole number from 1 to 2"),
            (["run", "batch-size", "--look", "1"], 64, "--look is of --claim ID")):
        got, out, err = place.run(*line, environment=where)
        text = err.decode()
        same("exit code", got, code)
        check(says in text and text.count("\n") == 1 and not out, text)
    home(place, LEDGER.replace("  margin", "  margins"))
    got, _, err = place.run("run", "batch-size", "--quick", "--dry-run", environment=where)
    check(got == 65 and b"experiments/claims.txt:" in err and b"did you mean 'margin'?" in err, err.decode())


@case("example")
def ours(place):
    """The project's own ledger is read, and every claim that can be run makes a plan."""
    found = json.loads(place.good("claims", "--json"))
    ids = list(dict.fromkeys(f["id"] for f in found))
    same("first claims", ids[:12], "L08 L01 L02 L04 L05 L03 L12 L22 L06 L15 L16 L21".split())
    for f in {f["id"]: f for f in found}.values():
        code, out, err = place.run("run", f["experiment"], "--claim", f["id"], "--look", f"{f['looks']}", "--dry-run")
        if "it needs" in f["why"]:
            same("needs", (code, b"cannot be run yet" in err), (69, True))
        elif f["id"] == "L36":  # its runs begin with others' weights, which are part of what they are
            same("what runs before", (code, b"run backbone seed=301` makes it" in err), (66, True))
        elif b"apt-get install" in err:  # of data that are fetched where they are asked for
            same("what to install", code, 69)
        else:
            check(code == 0 and f", seed {f['last_seed']}".encode() in out, f"{f['id']}: {err.decode()}")


if __name__ == "__main__":
    main()
