#!/usr/bin/python3 -B
"""`normlab check` from outside: cases have names, each can be run alone, and what is found does not depend on how."""

import json
import os

import h5py

from program import case, check, main, same

NET = "resnet(depth=8, width=4)"
CHECKS = ["gradient", "differences", "complex-step", "complex-step-113", "adjoint", "second-order"]


def names(place, *words):
    return [line.split()[0] for line in place.good("check", *words, "--list").splitlines()]


def cases(place, *words):
    return json.loads(place.good("check", *words, "--json"))["cases"]


@case("example")
def listed(place):
    """Networks stand in the list of everything, after the normalizers; asked for alone they are the same."""
    every = names(place)
    same("all names differ", len(set(every)), len(every))
    nets = names(place, NET, "plain(depth=5, width=2)", "mlp(depth=3, width=8)", "linear", "unet(depth=1, width=2)", "detector(depth=8, width=2)",
                 "text-conv(depth=2, width=4, kernel=3)", "transformer(depth=1, width=4, heads=2)")
    same("networks come last", every[-len(nets):], nets)
    same("nothing to normalize", [name for name in nets if name.startswith("linear")],
         [f"linear.none.{name}" for name in CHECKS])
    same("one network", names(place, NET, "--norm", "group(2)"),
         [f"resnet-depth-8-width-4.group-2.{name}" for name in CHECKS])
    check("group-2.4x8x5.gradient" in every, "no normalizer in the list")


@case("example")
def convolutions(place):
    """Every form of every way on the layers that it takes; one way is what it is among both."""
    every = cases(place, "conv")
    known = {(found["conv"], found["check"]): found for found in every}
    same("ways and forms", {check for _, check in known},
         {f"{way}-{form}" for way in ("direct", "winograd") for form in ("y", "dx", "dw")})
    tiled = {layer for layer, check in known if check == "winograd-y"}
    same("layers of tiles", tiled, {layer for layer, _ in known if "x3x3" in layer and "-s" not in layer})
    check(len({layer for layer, _ in known}) >= 12 and len(tiled) >= 6, f"few layers: {known.keys()}")
    for way, bar in ("direct", 8), ("winograd", 128):
        alone = cases(place, f"conv={way}")
        same(way, alone, [found for found in every if found["check"].startswith(way)])
        for found in alone:
            same(f"{found['case']}", (found["verdict"], found["unit"], found["bar"]), ("pass", "eps", bar))
            check(0 < found["worst"] < bar, f"{found}")
    one = every[-1]
    same("one case", cases(place, "conv", "--case", one["case"]), [one])
    code, _, said = place.run("check", "conv=winogard")
    check(code == 64 and b"winograd" in said, f"{code}: {said}")


@case("example")
def tasks(place):
    """Every task's loss is judged, by its name or with everything; where there is no class nothing counts."""
    known = [task["name"] for task in json.loads(place.good("list", "tasks", "--json"))["tasks"]]
    found = cases(place, *known)
    for name in known:
        own = [one for one in found if one["task"] == name]
        check({one["check"] for one in own} >= set(CHECKS), f"{name}: {own}")
        same(name, {one["verdict"] for one in own}, {"pass"})
    same("places without class", [one["worst"] for one in found if one["case"] == "loss.segment.ignored"], [0])
    check(set(names(place, *known)) <= set(names(place)), "not among everything")


@case("example")
def skipped(place):
    """Of the registry, the normalizers that do not fit are no columns."""
    nets = names(place, "resnet(depth=8, width=4, stem_stride=4)")
    check(any(".batch." in name for name in nets), f"no batch: {nets}")
    check(not any(".instance." in name for name in nets), "instance, though its cells have one element")


@case("example")
def alone(place):
    """One case by its name is what it is among others, whatever the threads; another seed is another case."""
    words = [NET, "--norm", "batch,group(2)"]
    every = cases(place, *words)
    same("cases", len(every), 2 * len(CHECKS))
    for wanted in every[2], every[6]:
        same("alone", cases(place, *words, "--case", wanted["case"], "--threads", "1"), [wanted])
        other = cases(place, *words, "--case", wanted["case"], "--seed", "7")[0]
        check(other["got"] != wanted["got"], f"{wanted['case']}: the same with another seed")
    for found in every:
        same(f"verdict of {found['case']}", (found["verdict"], found["net"]), ("pass", NET))
        check(found["worst"] < found["bar"] and found["unit"] in ("norm", "bound"), f"{found}")
    same("modes", [(f["spec"], f["cases"]) for f in every if f["check"] == "adjoint"], [("batch", 2), ("group(2)", 1)])


@case("example")
def spoken(place):
    """One column says what its checks mean; several are a table under the network's name."""
    one = place.good("check", NET, "--norm", "group(2)", "--case", "resnet-depth-8-width-4.group-2.adjoint")
    check(one.startswith(NET) and "group(2)\nadjoint" in one and "<v, J'w>" in one, one)
    two = place.good("check", "resnet:depth=8:width=4", "--norm", "none,layer").splitlines()
    check(two[0].startswith(NET) and two[1].split() == ["check", "norm", "none", "layer"], "\n".join(two))
    check("12 cases" in two[-1] and "0 failed, 0 inconclusive" in two[-1], two[-1])


@case("example")
def held(place):
    """What a derivative holds constant is said, with what it is worth and the kind's words; of others nothing is."""
    words = ["renorm", "--case", "*.4x8x5.value"]
    found = json.loads(place.good("check", *words, "--json"))["held"]
    same("who", [(h["spec"], h["mode"], h["input"]) for h in found], [("renorm", "train", "x")])
    check(0.01 < found[0]["matters"] < 1 and " of x" in found[0]["where"] and "paper" in found[0]["by_design"], f"{found}")
    said = place.good("check", *words)
    check("remark: in training renorm holds constant" in said and "by design: r and d" in said, said)
    words[0] = "batch"
    same("of batch", json.loads(place.good("check", *words, "--json"))["held"], [])


@case("example")
def fits_nothing(place):
    """A spec that fits none of the shapes proves nothing: an error, not a pass of no cases."""
    code, _, said = place.run("check", "group(99)")
    same("exit code", code, 65)
    check(b"group(99) fits none of the shapes" in said, said)


@case("example")
def saved(place):
    """--save: every case with its verdict, both curves and the provenance in one file, and two figures."""
    found = {c["case"]: c for c in cases(place, "layer", "--case", "*.4x8x5.*", "--save")}
    with h5py.File(os.path.join(place.out, "checking.h5"), "r") as file:
        names = [name.decode() for name in file["cases/case"][()]]
        same("cases", names, list(found))
        same("verdicts", {v.decode() for v in file["cases/verdict"][()]}, {"pass"})
        for i, name in enumerate(names):
            kept = tuple(float(file[f"cases/{key}"][i]) for key in ("worst", "allowed", "compared"))
            same(name, kept, tuple(float(found[name][key]) for key in ("worst", "bar", "compared")))
        same("curves", [file[f"{group}"].attrs["elements"] for group in ("steps", "variance")], [64, 4096])
        check("compiler" in file["provenance"].attrs, f"provenance: {list(file['provenance'].attrs)}")
    for name in "checking-steps.svg", "checking-variance.svg":
        with open(os.path.join(place.out, name), encoding="utf-8") as file:
            check(file.read().rstrip().endswith("</svg>"), f"{name} is not whole")


@case("example")
def said(place):
    """`list checks` names what the table has, each with what it allows."""
    listed = json.loads(place.good("list", "checks", "--json"))["checks"]
    shown = {c["check"] for c in cases(place, "batch", "instance", "mabn", "batch_groups(2)", "--case", "*.4x4x3x3.*,*.1x8.*,*.16x8.*")}
    same("checks", {entry["name"] for entry in listed}, shown)
    check(all(entry["title"] and entry["usage"].startswith(entry["name"] + ",") for entry in listed), f"{listed}")


if __name__ == "__main__":
    main()
