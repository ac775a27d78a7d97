#!/usr/bin/python3 -B
"""The golden list: a short run of every kind of normalizer, every combination and the options that decide numbers.

A kind without a run here fails the test, so that no bits can move unseen. Weights and curves are the same bits on every
processor, with every compiler and every C library: nothing of them has a part in the arithmetic.

Renewing the list, after TRAIN_NUMERICS was raised for a reason: tests/golden.py --renew
It prints how far each curve moved.
"""

import glob
import hashlib
import json
import os
import sys
import tempfile

import h5py
import numpy as np

from program import HOME, Place, check, case, main, same

GOLDEN = os.path.join(HOME, "tests", "golden", "list.json")

# Few steps of few images: a change of rounding does not grow. Schedules of epochs 0, 1, 2 have begun and ended.
RECIPE = ["run", "batch-size", "--quick", "batch=4", "samples=8", "seed=7", "images=32", "epochs=3", "rate=0.1",
          "flip=yes", "shift=2"]

MOST = 40  # normalizers of one command

PLAIN = "resnet(depth=8, width=4, stem_stride=4)"

NORMS = """
none                                    batch                                   batch(center=no)
batch(eps=0.1, weight_new=0.3)          batch(gamma=no)                         batch(beta=no)
batch(sync=yes)                         batch(sync=yes, center=no) | group(2)
layer                                   layer(center=no)                        instance
instance(center=no)                     group(2)                                group(size=2)
group(auto)                             group(2, center=no)                     position
position(2)
rms                                     ghost(2)                                ghost(2, center=no)
switchable                              mix(batch, group(2), ghost(2))
mix(instance, layer, batch, pooled=yes)
mix(instance, layer, batch, weights=sparsest, from=0, to=2)
mix(instance, layer, batch, from=0, to=2)
mix(batch(center=no), position(center=no))                                      batch-instance
blend(batch, group(2))                  blend(batch, group(2), per=layer)       bcn
blend(batch(center=no), mix(instance, layer))                                   ibn
split(layer, batch, ratio=0.25)         split(blend(batch, instance), frn)      batch-channel(2)
continual(2)                            instance | batch | layer                batch | position
batch(center=no) | group(2)             task                                    task(with=layer)
task(even=yes)                          renorm                                  frn
renorm(rmax=1.5, dmax=0.5, warm=1)      frn(tlu=no)                             anneal(batch, group(2), from=0, to=2)
anneal(mix(instance, layer), ghost(2), from=0, to=2)                            phase(batch, group(2))
phase(group(2), batch)                  frozen(batch, from=1)                   frozen(blend(batch, layer), from=2)
lattice(batch=2, size=2)                lattice(batch=all, size=2, own=0.25)    lattice(batch=2, size=all)
regroup(2)                              regroup(2, from=1, every=1)             regroup(2, by=equal, every=1)
regroup(2, by=sorted, every=1)          regroup(2, by=random, every=1)          mix(regroup(2, every=1), batch)
soft(2)                                 soft(2, tau=0.5)                        nested
nested(pooled=yes, weights=sparsest, from=1, to=3)                              blend(nested, soft(2))
mode(2)                                 mode(3)                                 evonorm(S0, groups=2)
evonorm(B0)                             chunks(2)                               response(3)
response(3, k=1, alpha=0.1, exponent=0.5, divide=yes)                           mabn
mabn(warm=1)                            dyt                                     layer_simple
batch_groups(2)                         derf                                    scalenorm
layer_detach                            layer_detach(of_mean=no)                layer_detach(of_variance=no)
adanorm                                 grn                                     evonorm_s1(2)
evonorm_b1                              skipinit                                proxy(2)
batch_l1                                group_detach(2)                         group_detach(2, of_mean=no)
batch_detach                            batch_detach(of_variance=no)
"""

TEXT = ["dataset=kjv-mini", "task=predict", "flip=no", "shift=0", "optimizer=adamw", "rate=0.01"]

# Of other networks and recipes: their words, and what runs there.
BESIDE = [
    (PLAIN.replace(")", ", weights=standardized)"), [], ["batch", "group(2)", "mabn"]),
    (PLAIN.replace(")", ", weights=normalized)"), [], ["none", "layer"]),
    (PLAIN, ["running=precise"], ["batch", "mix(instance, batch)", "renorm"]),
    ("resnet(depth=8, width=8, stem_stride=2)", [], ["batch", "group(2)"]),  # convolutions by tiles
    (PLAIN, ["decay_norms=no"], ["blend(batch, group(2), gate=clamp)"]),
    (PLAIN, ["optimizer=adamw", "rate=0.01"], ["batch"]),
    (PLAIN, ["clip=0.5"], ["group(2)"]),
    (PLAIN, ["schedule=cosine", "warmup=1"], ["group(2)"]),
    (PLAIN, ["learn=affine"], ["batch"]),
    (PLAIN, ["learn=random"], ["batch"]),
    (PLAIN, ["project=yes"], ["group(2)"]),
    (PLAIN, ["worker_clip=0.5", "worker_noise=0.1"], ["batch"]),
    (PLAIN, ["local=2"], ["batch"]),
    (PLAIN, ["sizes=mix(20x20, 24x28, 36x36)"], ["batch"]),
    ("plain(depth=5, width=8, stem_stride=2)", [], ["group(2)"]),
    ("mlp(depth=3, width=160, activation=tanh)", ["images=256", "batch=128", "samples=256"], ["layer"]),  # wide products
    ("mlp(depth=3, width=32, activation=sigmoid, init=orthogonal)", [], ["batch"]),
    ("unet(depth=1, width=8)", ["dataset=brain", "task=segment", "images=8", "flip=no", "shift=0"], ["batch", "evonorm(S0)"]),
    ("text-conv(depth=2, width=8, kernel=3)", TEXT, ["batch", "position"]),
    ("transformer(depth=1, width=8, heads=2)", TEXT, ["batch", "position"]),
    ("transformer(depth=1, width=8, heads=2, place=peri, qk=norm, positions=rotary, activation=relu)", TEXT, ["position(2)"]),
    ("detector(depth=8, width=4, stem_stride=2)", ["dataset=scenes", "task=detect", "images=16"], ["batch", "group(2)"]),
]

# No network has the same channels throughout: these are called once, forward and backward.
CALLS = ["channels(0, 1, 0, 2, 2, 1, 1, 1)", "mix(channels(0, 1, 0, 2, 2, 1, 1, 1), layer)"]


def spec_list(text):
    """Words that two spaces or line ends part."""
    return [word.strip() for line in text.splitlines() for word in line.split("  ") if word.strip()]


# ---- what is found ------------------------------------------------------------------------------------------------


def curves_of(file):
    found = {name: values[()].tolist() for name, values in file["metrics"].items()
             if name.startswith(("learning_rate", "train_", "val_"))}
    found.update((name, [float(value[()])]) for name, value in file["summary"].items()
                 if name == "score" or name.startswith("test_"))
    return found


def bits_of(file):
    """SHA-256 of the weights and of the running state at the end."""
    return [str(file["summary"].attrs[name]) for name in ("weights_sha256", "state_sha256")]


def runs_of(place, found, network, words, norms):
    out = os.path.join(place.out, "runs")
    before = set(glob.glob(os.path.join(out, "*.h5")))
    _, _, talk = place.run(*RECIPE, *words, "network=" + network, "norm=" + ",".join(norms))
    made = sorted(set(glob.glob(os.path.join(out, "*.h5"))) - before)
    check(len(made) == len(norms), f"{len(made)} of {len(norms)} runs: {talk.decode(errors='replace')}")
    for path in made:
        with h5py.File(path, "r") as file:
            name = " ".join([str(file["config"].attrs["norm"]), *words] +
                            ([] if network == PLAIN else ["network=" + network]))
            found["numerics"] = int(file["config"].attrs["numerics"])
            found["bits"] = str(file["provenance"].attrs["bits"])
            found["runs"][name] = {"identity": str(file.attrs["run"]), "bits": bits_of(file), "curves": curves_of(file)}


def call_of(place, spec):
    """The sums of what `apply` gives, and its bits."""
    draw = np.random.RandomState(7)
    x = draw.standard_normal((4, 8, 3, 5)) + 3.0
    with h5py.File(place.path("in.h5"), "w") as file:
        file["x"], file["dy"] = x, draw.standard_normal(x.shape)
        file["gamma"], file["beta"] = draw.standard_normal(8), draw.standard_normal(8)
    place.good("apply", spec, "in.h5", "out.h5")
    with h5py.File(place.path("out.h5"), "r") as file:
        values = {name: file[name][()] for name in ("y", "dx", "dgamma", "dbeta")}
    bits = hashlib.sha256(b"".join(values[name].tobytes() for name in sorted(values)))
    weigh = np.cos(np.arange(x.size)) / np.sqrt(x.size)
    return {"bits": [bits.hexdigest()],
            "curves": {name: [float(v.ravel() @ weigh[:v.size]), float(abs(v).sum())] for name, v in values.items()}}


def golden_list(place):
    found = {"numerics": None, "bits": None, "runs": {}, "calls": {}}
    norms = spec_list(NORMS)
    for first in range(0, len(norms), MOST):
        runs_of(place, found, PLAIN, [], norms[first:first + MOST])
    for network, words, norms in BESIDE:
        runs_of(place, found, network, words, norms)
    for spec in CALLS:
        found["calls"][spec] = call_of(place, spec)
    return found


# ---- what is compared -----------------------------------------------------------------------------------------------


def words_of(text):
    """The names of kinds that a run's name holds, among others."""
    text = text.replace("|", " chain ")
    for mark in "(),=":
        text = text.replace(mark, " ")
    return set(text.split())


@case("golden")
def complete(place):
    """Every kind of the registry stands in a golden run."""
    with open(GOLDEN) as file:
        expected = json.load(file)
    seen = set().union(*(words_of(name) for part in ("runs", "calls") for name in expected[part]))
    known = json.loads(place.good("list", "norms", "--json"))
    missing = [norm["name"] for norm in known["norms"] if norm["name"] not in seen]
    check(known["norms"] and not missing, f"no golden run of {', '.join(missing)}: add one to tests/golden.py")
    same("runs of the list and of its file", len(expected["runs"]) + len(expected["calls"]),
         len(spec_list(NORMS)) + sum(len(norms) for _, _, norms in BESIDE) + len(CALLS))


def differences(found, expected):
    """In words, what moved."""
    told = []
    for name, run in expected.items():
        got = found[name]
        if got.get("identity") != run.get("identity"):
            told.append(f"{name}: the run is named {got['identity']}, expected {run['identity']}")
        far = {curve: distance(got["curves"][curve], values) for curve, values in run["curves"].items()}
        measured = "identity" in run and max(far.values()) > 0.0  # of a call numpy adds up, as its BLAS does
        if got["bits"] != run["bits"] or measured:
            told.append(f"{name}: bits moved, curves by up to {max(far.values()):.1e}")
    return told


def distance(got, expected):
    """The largest difference of two curves, relative to the second."""
    if np.shape(got) != np.shape(expected):
        return np.inf
    got, expected = np.array(got), np.array(expected)
    apart = np.where(got == expected, 0.0, abs(got - expected) / np.where(expected == 0.0, 1.0, abs(expected)))
    return float(np.max(np.where(np.isnan(got) & np.isnan(expected), 0.0, np.where(np.isnan(apart), np.inf, apart))))


@case("golden")
def bits(place):
    with open(GOLDEN) as file:
        expected = json.load(file)
    found = golden_list(place)
    same("numerics (tests/golden.py --renew)", found["numerics"], expected["numerics"])
    same("digest of what is computed", found["bits"], expected["bits"])
    told = []
    for part in ("runs", "calls"):
        same(f"{part} on one side alone", sorted(found[part].keys() ^ expected[part].keys()), [])
        told += differences(found[part], expected[part])
    check(not told, "\n  ".join([f"{len(told)} moved (tests/golden.py --renew, with TRAIN_NUMERICS raised):"] + told))


def renew():
    with tempfile.TemporaryDirectory() as folder:
        found = golden_list(Place(folder))
    if os.path.exists(GOLDEN):
        with open(GOLDEN) as file:
            before = json.load(file)
        for part in ("runs", "calls"):
            for name in sorted(found[part].keys() & before[part].keys()):
                new, old = found[part][name], before[part][name]
                far = max(distance(new["curves"][c], values) for c, values in old["curves"].items())
                if new["bits"] != old["bits"] or far > 0.0:
                    print(f"{far:8.1e}  {name}")
    with open(GOLDEN, "w") as file:
        json.dump(found, file, indent=1, sort_keys=True)
        file.write("\n")
    print(GOLDEN)


if __name__ == "__main__":
    if sys.argv[1:] == ["--renew"]:
        renew()
    else:
        main()
