#!/usr/bin/python3 -B
"""Probes from outside: rows in a run's file and a study's, and when a run is made again for them."""

import glob
import os
import signal
import time

import h5py
import numpy as np

from drawn import Drawing, affine, band_of
from program import check, case, main, same

WORDS = ("run", "batch-size", "--quick", "norm=batch", "network=plain(depth=8, width=4, stem_stride=2)", "batch=8", "samples=16",
         "epochs=2", "images=64")

KINDS = ("moments", "gradients", "shares", "shift", "branches", "dead", "gamma")


def run_files(place):
    return sorted(path for path in glob.glob(os.path.join(place.out, "runs", "*.h5")) if "checkpoint" not in path)


def content(path):
    """Everything but times and provenance."""
    found = {}
    with h5py.File(path, "r") as file:
        def keep(name, item):
            if name.split("/")[0] in ("times", "provenance"):
                return
            found.update({(name, key): str(value) for key, value in item.attrs.items() if "LIST" not in key})
            if isinstance(item, h5py.Dataset):
                found[name] = item[()].tobytes() if item.dtype.kind != "O" else [str(x) for x in item[()]]
        file.visititems(keep)
    return found


def without(found):
    """What a run without probes says, too."""
    def is_probe(key):
        name = key if isinstance(key, str) else key[0]
        return name.startswith("probes") or name.startswith("summary/moments_") or name.startswith("summary/gradients_") or \
            key in (("config", "probes"), ("config", "probe_every"))
    return {key: value for key, value in found.items() if not is_probe(key)}


@case("theorem")
def the_same_run(place):
    """A run with probes has the numbers and the name of one without; one that lacks rows is made again."""
    words = WORDS + ("seed=1",)
    place.good(*words)
    before, = run_files(place)
    plain = content(before)
    place.good(*words, "probes=gradients", "probe_every=4")
    check("keeps no rows of the probe gradients" in place.talk, f"it is not said why: {place.talk}")
    check("probes=gradients took" in place.talk, f"what it took is not said: {place.talk}")
    after, = run_files(place)
    same("its name", after, before)
    same("what it says beside them", without(content(after)), without(plain))
    with h5py.File(after, "r") as file:
        same("steps", file["probes/gradients/step"][()].tolist(), [0.0, 4.0, 8.0])
        check(0 <= file["times"].attrs["probes"] <= file["times"].attrs["seconds"], "times")
    for fewer in ("0", "4", "8"):
        place.good(*words, "probes=gradients", f"probe_every={fewer}")
        check("done after" not in place.talk, f"{fewer}: rows that are there are no fault")
    place.good(*words)
    check("done after" not in place.talk, "rows that nobody asks for are no fault")
    place.good(*words, "probes=gradients", "probe_every=2")
    check("keeps no row of /probes/gradients at step 2" in place.talk, place.talk)


@case("theorem")
def stopped_and_resumed(place):
    """A run that is stopped in its middle ends with the same rows; other probes do not go on with its checkpoint."""
    words = WORDS[:-2] + ("epochs=40", "images=640", "seed=1", "probes=moments+gradients", "probe_every=30")
    process = place.start(*words)
    while process.poll() is None and not glob.glob(os.path.join(place.out, "runs", "*.checkpoint.h5")):
        time.sleep(0.02)
    process.send_signal(signal.SIGTERM)
    process.communicate()
    check(process.returncode == 143, f"it was not stopped: {process.returncode}")
    code, _, talk = place.run(*words, "probe_every=15")
    check(code != 0 and b"probe_every=30" in talk and b"--restart" in talk, f"{code}: {talk}")
    place.good(*words)
    resumed, = run_files(place)
    found = content(resumed)
    os.remove(resumed)
    place.good(*words)
    same("all of it", content(resumed), found)


@case("theorem")
def collected(place):
    """A study has the rows of its runs, whatever their number, and their numbers beside other results."""
    place.good(*WORDS[:3], "norm=batch,none", "network=resnet(depth=8, width=4, stem_stride=2, place=pre)", "batch=8,4",
               "samples=16", "epochs=1", "images=64", "seed=1,2", "probes=" + "+".join(KINDS), "probe_every=2", "--as", "rows")
    with h5py.File(os.path.join(place.out, "batch-size-rows.h5"), "r") as study:
        runs = study["results/run"][()]
        for cell in np.ndindex(runs.shape):
            path = os.path.join(place.out, "runs", runs[cell].decode() + ".h5")
            with h5py.File(path, "r") as run:
                for kind in KINDS:
                    own, all_ = run["probes"][kind], study["probes"][kind]
                    rows = len(own["step"])
                    same("steps", all_["step"][cell][:rows].tolist(), own["step"][()].tolist())
                    check(np.isnan(all_["step"][cell][rows:]).all(), "more rows than the run has")
                    for name in own:
                        if name not in ("step", "place", "branch", "weight", "percent"):
                            same(name, all_[name][cell][:rows].tobytes(), own[name][()].tobytes())
                    over = "branch" if kind == "branches" else "place"
                    same("places", [str(x) for x in all_[over][()]], [str(x) for x in own[over][()]])
                same("a number", study["results/gradients_growth"][cell], run["summary/gradients_growth"][()])
                check(run["summary/gradients_growth"][()] > 0, "no growth")
                parts = [run["probes/shares"][f"y_{part}"][()] for part in ("channel", "instance", "position", "contrast")]
                check(np.abs(np.sum(parts, axis=0) - 1).max() < 1e-12, "shares do not add up")
                check(np.isfinite(run["probes/shift/mean"][()]).all() == (run["config"].attrs["norm"] == "batch"), "shifts")
                same("the last share", study["results/shares_channel"][cell], parts[0][-1, -1])
                x = run["probes/moments/x_percentile"]
                check((np.diff(x[()], axis=-1) >= 0).all(), "percentiles fall")
    shown = place.good("show", path)
    check("/probes/moments" in shown and "last:" in shown, shown)
    shown = place.good("show", os.path.join(place.out, "batch-size-rows.h5"))
    check("x_percentile" in shown, shown)


@case("example")
def thinned(place):
    """Of many rows a study has every k-th and the last, each with its step."""
    place.good("run", "batch-size", "--quick", "network=resnet(depth=8, width=4, stem_stride=2)", "norm=batch,none", "batch=4",
               "samples=4", "epochs=5", "images=64", "seed=1,2", "probes=moments", "probe_every=1", "--as", "many")
    with h5py.File(os.path.join(place.out, "batch-size-many.h5"), "r") as study:
        step, x = study["probes/moments/step"][()], study["probes/moments/x_percentile"][()]
        rows = step.shape[-1]
        check(20 < rows < 60, f"{rows} rows")
        for cell in np.ndindex(study["results/run"].shape):
            with h5py.File(os.path.join(place.out, "runs", study["results/run"][cell].decode() + ".h5"), "r") as run:
                own = run["probes/moments/step"][()]
                kept = [*range(0, len(own) - 1, 2), len(own) - 1]
                same("steps", step[cell].tolist(), own[kept].tolist())
                same("rows", x[cell].tobytes(), run["probes/moments/x_percentile"][()][kept].tobytes())


@case("example")
def shown(place):
    """An experiment that shows a number shows the score of who asks for it or has no such number, and curves are of the metric."""
    few = ["norm=batch", "images=64", "epochs=1", "rate=0.2"]
    place.good("run", "equilibrium", "--quick", *few, "seed=1", "--as", "few")
    table = place.good("table", "equilibrium@few")
    check("Angle / expected" in table, table)
    table = place.good("table", "equilibrium@few", "--metric", "score")
    check("Validation error, last epoch" in table, table)
    check(os.path.exists(place.path("out/equilibrium-few-curves.svg")), "no curves")
    table = place.good("run", "equilibrium", "--quick", *few, "seed=2", "--as", "none", "probes=none", "probe_every=0")
    check("Validation error, last epoch" in table, table)


@case("oracle")
def drawn_by_place(place):
    """What a probe saw last is drawn over the normalizers from the first to the last: means over seeds and their intervals, of rows that have any."""
    few = ["run", "depth-statistics", "--quick", "network=resnet(depth=8, width=4, stem_stride=2)", "images=64", "epochs=1", "batch=8"]
    place.good(*few, "norm=layer,batch,batch; norm1=group(2)", "seed=1,2,3", "--as", "few")
    with h5py.File(place.path("out/depth-statistics-few.h5"), "r") as study:
        names = [name.decode() for name in study["results/series"][()]]
        seen = {kind: study[f"probes/{kind}"][field][:, 0, :, -1] for kind, field in (("shift", "magnitude"), ("shares", "y_channel"))}
    for kind, rows in (("shift", names[1:]), ("shares", names)):
        values = seen[kind][-len(rows):]  # [row, seed, place]
        there = np.isfinite(values).all(axis=1)
        drawn = Drawing(place.path(f"out/depth-statistics-few-{kind}.svg"))
        lines = drawn.lines()
        same(f"{kind}: names", [name for name in names if name in drawn.words], rows)
        same(f"{kind}: lines", [(name, filled) for name, _, filled in lines], [(row, filled) for filled in (True, False) for row in rows])
        mean, low, high = band_of(values)
        many = np.nanmax(high) > 4 * np.nanmin(mean) > 0
        heights = np.log(mean[there]) if many else mean[there]
        affine(f"{kind}, lines", np.concatenate([line[:, 1] for _, line, _ in lines[len(rows):]]), heights / np.ptp(heights))
        if not many:  # there a band ends where the axis does
            bands = [(band[:len(band) // 2, 1], band[len(band) // 2:, 1][::-1]) for _, band, _ in lines[:len(rows)]]
            want = np.concatenate([part[row, there[row]] for row in range(len(rows)) for part in (np.maximum(low, 0), high)])
            affine(f"{kind}, bands", np.concatenate([part for band in bands for part in band]), want)
        for row, (_, line, _) in enumerate(lines[len(rows):]):
            number = np.flatnonzero(there[row])
            check(abs(np.polyval(np.polyfit(number, line[:, 0], 1), number) - line[:, 0]).max() < 0.03, f"{kind}: places of {rows[row]}")


@case("example")
def drawn_from_zero(place):
    """What normalizers take away is 0, not its rounding: shares of the start are on a linear axis, which does not go below."""
    place.good("run", "depth-statistics", "--quick", "network=plain(depth=5, width=4, stem_stride=2)", "epochs=0", "norm=batch,layer",
               "seed=1,2,3", "images=64", "--as", "start")
    with h5py.File(place.path("out/depth-statistics-start.h5"), "r") as study:
        share = study["probes/shares/y_channel"][:, 0, :, -1]
    check(0 < share[0].max() < 1e-25 and share[1, :, -1].min() > 0.01, share)
    drawn = Drawing(place.path("out/depth-statistics-start-shares.svg"))
    check("0.0" in drawn.words and not [word for word in drawn.words if word.startswith(("-", "\u2212", "1e"))], drawn.words)


@case("oracle")
def drawn_of_one_unit(place):
    """Percentiles that a figure names are drawn alone, of the first seed and the last place, a panel for each row."""
    place.good("run", "sigmoid", "--quick", "norm=none,batch", "images=120", "epochs=4,1", "seed=1,2", "probe_every=1", "--as", "few")
    with h5py.File(place.path("out/sigmoid-few.h5"), "r") as study:
        at = [study["probes/moments/percent"][()].tolist().index(percent) for percent in (15, 50, 85)]
        unit = study["probes/moments/y_unit"][:, 0, 0, :, -1][..., at]  # [row, step, percentile]
    drawn = Drawing(place.path("out/sigmoid-few-quantiles.svg"))
    lines = [line for _, line, filled in drawn.lines() if not filled]
    same("names", [word for word in ("15", "20", "50", "80", "85", "99") if word in drawn.words], ["15", "50", "85"])
    same("lines", len(lines), 6)
    affine("lines", np.concatenate([line[:, 1] for line in lines]), np.concatenate([unit[row, :, k] for row in range(2) for k in range(3)]))


@case("fault")
def refused(place):
    """What cannot be is said before anything runs."""
    for words, why in ((("probes=gradient",), b"did you mean 'gradients'"),
                       (("probes=moments,",), b"probes"),
                       (("probes=moments", "sizes=mix(20x20, 28x28)"), b"alternate"),
                       (("probes=moments+gradients", "probe_every=1", "epochs=90000"), b"probe_every=")):
        code, _, talk = place.run(*WORDS, "seed=1", *words)
        check(code == 64 and why in talk, f"{words}: {code}: {talk}")
    check(not run_files(place), "something ran")
    listed = place.good("list", "probes")
    check(all(f"\n{kind} " in "\n" + listed for kind in KINDS), listed)


if __name__ == "__main__":
    main()
