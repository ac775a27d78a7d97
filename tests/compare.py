#!/usr/bin/python3 -B
"""`verify` and `diff` from outside: the same bits again, one bit that is another, and what differs between two."""

import glob
import os
import re

import h5py
import numpy as np

from program import case, check, listing, main, reseal, same

RUN = ["run", "batch-size", "--quick", "norm=batch", "batch=8", "samples=16", "images=64", "epochs=2",
       "network=plain(depth=5, width=4, stem_stride=2)"]


def made(place, *words):
    """The file of the one run that these words make."""
    runs = os.path.join(place.out, "runs", "*.h5")
    before = set(glob.glob(runs))
    place.good(*RUN, *words)
    path, = set(glob.glob(runs)) - before
    return path


def changed(place, path, change):
    """A copy in the run's place with another content, sealed again."""
    with h5py.File(path, "r+") as file:
        change(file)
    reseal(path)


def verify(place, path, code):
    got, out, err = place.run("verify", path)
    same(f"verify {os.path.basename(path)}: exit code", got, code)
    return out.decode() + err.decode()


@case("theorem")
def the_same_bits_again(place):
    """Runs with and without state, weights, learned numbers, and one that diverged; nothing else is left behind."""
    for words in (["seed=901"], ["seed=902", "norm=mix(instance, batch)", "weights=yes", "running=pooled"],
                  ["seed=903", "split=seed", "validate=2", "clients=5", "norm=group(2)"], ["seed=904", "norm=none", "rate=1e6", "epochs=3"]):
        path = made(place, *words, "--as", words[0].replace("=", ""))
        before = listing(os.path.join(place.out, "runs"))
        check("the same to the last bit" in verify(place, path, 0), words)
        same("runs", listing(os.path.join(place.out, "runs")), before)
        check("the same to the last bit" in verify(place, os.path.basename(path)[:-3], 0), "by its name")
    with h5py.File(path, "r") as file:
        same("status", file.attrs["status"], "diverged")


@case("fault")
def one_bit_is_found(place):
    path = made(place, "seed=901", "--as", "one")

    def last_bit(file):
        loss = file["metrics/train_loss"]
        loss[1] = np.nextafter(loss[1], 9)

    changed(place, path, last_bit)
    said = verify(place, path, 1)
    check("/metrics/train_loss, 1 of 2 differ, the first at 2" in said, said)


@case("fault")
def elsewhere_is_not_comparable(place):
    path = made(place, "seed=901", "--as", "one")
    changed(place, path, lambda file: file["provenance"].attrs.modify("bits", "0123"))
    said = verify(place, path, 69)
    check("not comparable" in said and "bits: 0123 |" in said, said)
    changed(place, path, lambda file: file["config"].attrs.modify("numerics", 1))
    check("numerics" in verify(place, path, 65), "other numerics")
    check("no-such" in verify(place, "no-such.h5", 66), "no file")


@case("theorem")
def a_study_again(place):
    """All of its runs, or one by its name; of another bit, origin or recipe it says so."""
    place.good(*RUN, "norm=batch,group(2)", "seed=901", "probes=dead", "--as", "two")
    path = os.path.join(place.out, "batch-size-two.h5")
    said = place.good("verify", path)
    same("runs", said.count("the same to the last bit"), 2)
    with h5py.File(path, "r") as file:
        names = [name.decode() for name in file["results/run"][:, 0, 0]]
    same("one", [line.split(":")[0] for line in place.good("verify", path, names[1]).splitlines()], names[1:])
    place.refused(66, ["verify", path, "0123456789abcdef"], "has no run '0123456789abcdef'")
    place.refused(64, ["verify", names[0], names[1]], "a study is expected")

    def last_bit(file):
        loss = file["metrics/train_loss"]
        loss[0, 0, 0, 1] = np.nextafter(loss[0, 0, 0, 1], 9)

    changed(place, path, last_bit)
    said = verify(place, path, 1)
    check("/metrics/train_loss, 1 of 2 differ, the first at 2" in said and f"{names[1]}: the same" in said, said)
    changed(place, path, lambda file: file.attrs.modify("recipe", file.attrs["recipe"].replace("epochs=2", "epochs=3")))
    said = verify(place, path, 69)
    check("not comparable: its runs have other data, numerics or defaults" in said, said)
    changed(place, path, lambda file: file["provenance"].attrs.modify("bits", "0123"))
    check("not comparable\n" in verify(place, path, 69), "other bits")


@case("theorem")
def a_study_of_weights_judged_in_other_ways(place):
    """Each row's own numbers are computed again, in every cell of the run."""
    place.good(*RUN, "norm=batch,group(2)", "seed=901", "weights=yes", "mode=average,pooled", "input=20x20,28x28", "--as", "judged")
    path = os.path.join(place.out, "batch-size-judged.h5")
    with h5py.File(path, "r") as file:
        errors, losses = file["results/test_error"].size, file["results/test_loss"][()].ravel()
        rows = [name.decode() for name in file["results/series"]]
    same("rows", len(rows), 6)  # group keeps no moments: it has one mode
    check(len(set(losses)) == errors == 6, f"losses {losses}")
    said = verify(place, path, 0)
    check(re.findall(r": the same to the last bit: (\d+) numbers", said) and " 0 numbers" not in said, said)
    for row in (1, 3, 5):

        def last_bit(file):
            loss = file["results/test_loss"]
            loss[row, 0, 0] = np.nextafter(losses[row], 9)  # pylint: disable=cell-var-from-loop

        changed(place, path, last_bit)
        check(verify(place, path, 1).count("/results/test_loss: ") == 1, rows[row])

        def as_it_was(file):
            file["results/test_loss"][()] = losses.reshape(file["results/test_loss"].shape)

        changed(place, path, as_it_was)


@case("theorem")
def probes_of_other_rules(place):
    """What probes measured by rules that are no longer here is left out, and said; the rest is compared."""
    path = made(place, "seed=901", "probes=dead+gamma", "--as", "probed")
    check("not comparable" not in verify(place, path, 0), "the same rules")

    def another(file):
        file["summary/dead_units"][()] += 1

    changed(place, path, another)
    check("/summary/dead_units: " in verify(place, path, 1), "another number")
    changed(place, path, lambda file: file["provenance"].attrs.modify("probe_numerics", "1"))
    said = verify(place, path, 0)
    check("not comparable: what its probes measured, by other rules than here: dead gamma" in said, said)

    def row(file):
        file["probes/dead/units"][0] += 1

    changed(place, path, row)
    verify(place, path, 0)
    changed(place, path, lambda file: file["provenance"].attrs.modify("probe_numerics", "2"))
    check("/probes/dead/units" in verify(place, path, 1), "another row")


@case("example")
def differences(place):
    """Settings by key, results by number; of studies by row and point; nothing of what is the same."""
    a, b = made(place, "seed=901", "--as", "a"), made(place, "seed=902", "--as", "b")
    check("the same settings and results" in place.good("diff", a, a), "itself")
    code, out, _ = place.run("diff", a, os.path.basename(b)[:-3])
    lines = out.decode().split("\n")
    same("exit code", code, 1)
    same("settings", lines[:3], ["settings", "  seed: 901 | 902", "results"])
    check(any(line.startswith("  weights_sha256: ") for line in lines), out)
    with h5py.File(a, "r") as one, h5py.File(b, "r") as two:
        losses = [f"{file['summary/test_loss'][()]:.17g}" for file in (one, two)]
    check(f"  /summary/test_loss: {losses[0]} | {losses[1]}" in lines, out)
    place.good(*RUN, "norm=batch,group(2)", "seed=901", "--as", "two")
    code, out, _ = place.run("diff", "batch-size@a", "batch-size@two")
    same("exit code", code, 1)
    lines = out.decode().split("\n")
    check("  norm: batch | batch,group(2)" in lines, out)
    check(not any(line.startswith("  seed:") for line in lines), out)
    same("cells", [line.split(":")[0] for line in lines[lines.index("results") + 1:-1]], ["  group(2)@8"])
    code, _, err = place.run("diff", a, "batch-size@a")
    check(code == 64 and b"two runs or two studies" in err, err)


if __name__ == "__main__":
    main()
