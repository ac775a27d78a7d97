#!/usr/bin/python3 -B
"""Wrong input: whatever is wrong, one line on stderr names the culprit, what was expected, and the nearest right
word; the exit code is that of sysexits.h; stdout is empty and no file is touched.

A row is (words, exit code, what the line must contain) and, where it needs them, a function that prepares the folder
and changes of the environment.
"""

import contextlib
import fcntl
import itertools
import json
import os
import re
import resource
import subprocess
import time

from program import HOME, Place, case, check, listing, main, reseal, same

USAGE, DATA, INPUT, MISSING, CREATE, IO, BUSY = 64, 65, 66, 69, 73, 74, 75


def fault(place, words, code, parts, prepare=None, environment=None, **more):
    """One row; returns what is wrong with it."""
    if prepare:
        prepare(place)
    shown = " ".join(w if len(w) < 60 else w[:57] + "..." for w in words)
    before = listing(place.folder)
    got, out, err = place.run(*words, environment=environment, **more)
    text = err.decode(errors="replace")
    wrong = []
    if got != code:
        wrong.append(f"exit code {got}, expected {code}")
    if out:
        wrong.append(f"stdout has {len(out)} bytes: {out[:60]!r}")
    if not (text.startswith("normlab: ") and text.endswith("\n") and text.count("\n") == 1):
        wrong.append("not one line")
    if any(ord(c) < 32 or ord(c) == 127 for c in text.replace("\n", "")):
        wrong.append("control characters")
    wrong += [f"does not say {part!r}" for part in parts if part not in text]
    after = listing(place.folder)
    changed = sorted(n for n in before.keys() | after.keys() if before.get(n) != after.get(n))
    if changed:
        wrong.append(f"files changed: {', '.join(changed)}")
    return f"`normlab {shown}`: {'; '.join(wrong)}\n    stderr: {text!r}" if wrong else None


def report(found):
    """All that is wrong with some rows at once."""
    wrong = [text for text in found if text]
    check(not wrong, f"{len(wrong)} of {len(found)} rows\n  " + "\n  ".join(wrong))


def rows(place, table):
    """Every row in a folder of its own, so that one leaves nothing to the next."""
    found = []
    for number, row in enumerate(table):
        folder = place.path(f"row{number}")
        os.mkdir(folder)
        found.append(fault(Place(folder), *row))
    report(found)


# ---- words ----------------------------------------------------------------------------------------------------


@case("fault")
def words(place):
    rows(place, [
        (["tran"], USAGE, ["'tran'", "'run'", "--help"]),
        (["tabel", "batch-size"], USAGE, ["'tabel'", "'table'"]),
        (["Run", "batch-size"], USAGE, ["'Run'", "'run'"]),
        (["xyzzy"], USAGE, ["'xyzzy'", "--help"]),
        ([""], USAGE, ["''", "--help"]),
        (["--verison"], USAGE, ["option '--verison'", "'--version'"]),
        (["--quick", "run", "batch-size"], USAGE, ["option '--quick'"]),
        (["list"], USAGE, ["norms|experiments|datasets|networks"]),
        (["list", "norm"], USAGE, ["'norm'", "'norms'"]),
        (["list", "xyzzy"], USAGE, ["'xyzzy'", "norms, experiments, datasets, networks"]),
        (["list", "norms", "extra"], USAGE, ["'extra'", "no normalizer"]),
        (["list", "norms", "batch", "grop"], USAGE, ["'grop'", "byte 0", "'group'"]),
        (["list", "norms", "group(3)"], USAGE, ["'group(3)' at byte 6", "8 channels"]),
        (["list", "norms", "swichable"], USAGE, ["'swichable'", "'switchable'"]),
        (["list", "datasets", "fashion-mnst"], USAGE, ["no data set 'fashion-mnst'", "'fashion-mnist'"]),
        (["list", "experiments", "batch-size", "hybrid"], USAGE, ["no experiment 'hybrid'", "'hybrids'"]),
        (["list", "checks", "gradent"], USAGE, ["no check 'gradent'", "'gradient'"]),
        (["list", "networks", "resnt(depth=8)"], USAGE, ["no network 'resnt'", "'resnet'"]),
        (["list", "networks", "resnet(depth=9)"], USAGE, ["'resnet(depth=9)' at byte 13", "6n+2"]),
        (["list", "networks", "resnet(deep=8)"], USAGE, ["no option 'deep'", "depth="]),
        (["list", "norms", "LayerNorm"], USAGE, ["'LayerNorm'", "did you mean 'layer'"]),
        (["list", "norms", "RMSNorm"], USAGE, ["'RMSNorm'", "did you mean 'rms'"]),
        (["list", "norms", "weights=standardised"], USAGE, ["weights=standardised", "'weights=standardized'"]),
        (["list", "networks", "extra"], USAGE, ["no network 'extra'", "list networks"]),
        (["help", "--mann"], USAGE, ["'--mann'", "'--man'"]),
        (["list", "networks", "--long"], USAGE, ["--long", "list norms"]),
        (["list", "networks", "--tex"], USAGE, ["--tex", "list norms"]),
        (["list", "norms", "--tex", "--json"], USAGE, ["--tex", "--json"]),
        (["list", "norms", "group", "--tex", "--form", "markdown"], USAGE, ["'group' is a kind in C"]),
        (["list", "norms", "--json", "--form", "markdown"], USAGE, ["--json", "--form markdown"]),
        (["list", "norms", "--form", "markdwn"], USAGE, ["--form markdwn", "'markdown'"]),
        (["list", "networks", "--form", "markdown"], USAGE, ["--form", "list norms"]),
        (["list", "norms", "--jsn"], USAGE, ["'--jsn'", "'--json'"]),
        (["list", "norms", "--json=1"], USAGE, ["--json", "no value"]),
        (["run"], USAGE, ["EXPERIMENT"]),
        (["run", "batchsize"], USAGE, ["'batchsize'", "'batch-size'"]),
        (["run", "hybrid"], USAGE, ["'hybrid'", "'hybrids'"]),
        (["run", "batch-size", "epochs"], USAGE, ["'epochs'", "key=value"]),
        (["run", "batch-size", "--quik"], USAGE, ["'--quik'", "'--quick'"]),
        (["run", "batch-size", "--help=1"], USAGE, ["--help", "no value"]),
        (["run", "batch-size", "-q"], USAGE, ["'-q'"]),
        (["run", "batch-size", "--jobs"], USAGE, ["--jobs", "value"]),
        (["run", "batch-size", "--jobs", "0"], USAGE, ["--jobs 0", "from 1 to"]),
        (["run", "batch-size", "--ranks", "2"], MISSING, ["--ranks 2", "without MPI", "--mpi"]),
        (["run", "batch-size", "--threads", "2"], USAGE, ["--threads", "--ranks K"]),
        (["run", "batch-size", "--jobs=-1"], USAGE, ["--jobs -1", "from 1 to"]),
        (["run", "batch-size", "--jobs", "two"], USAGE, ["--jobs two", "whole number"]),
        # what is wrong is said although it would not be used
        (["run", "batch-size", "--quick", "--dry-run", "--jobs", "x"], USAGE, ["--jobs x", "whole number"]),
        (["run", "batch-size", "--quick", "--dry-run", "--jobs=0"], USAGE, ["--jobs 0", "from 1 to"]),
        (["run", "batch-size", "--quick", "--dry-run", "--jobs", "-1"], USAGE, ["--jobs -1", "from 1 to"]),
        (["check", "batch", "--list", "--threads", "x"], USAGE, ["--threads x", "whole number"]),
        (["check", "batch", "--list", "--json"], USAGE, ["--list", "--json", "one of both"]),
        (["check", "batch", "--list", "--save"], USAGE, ["--list", "--save", "one of both"]),
        (["bench", "check", "--norm", "batch"], USAGE, ["--norm batch", "kernels"]),
        (["table", "batch-size", "--json", "--form", "csv"], USAGE, ["--json", "--form csv", "one of both"]),
        (["table", "batch-size", "--form", "tex"], USAGE, ["--form tex", "did you mean 'latex'"]),
        (["plot", "batch-size", "--form", "png"], USAGE, ["'--form'", "`normlab plot EXPERIMENT png`"]),
        (["run", "batch-size", "--quick", "--as", "a b"], USAGE, ["--as 'a b': a name"]),
        (["show"], USAGE, ["FILE"]),
        (["show", "a.h5", "b.h5"], USAGE, ["'b.h5'", "too many"]),
        (["apply", "batch", "in.h5"], USAGE, ["OUT.h5"]),
        (["table", "batchsize"], USAGE, ["'batchsize'", "'batch-size'"]),
        (["table", "batch-size", "--form", "jsn"], USAGE, ["jsn", "'json'"]),
        (["table", "batch-size@"], USAGE, ["'batch-size@'", "name"]),
        (["table", "batchsize@mine"], USAGE, ["'batchsize'", "'batch-size'"]),
        (["table", "batch-size@mine", "--from", "a.h5"], USAGE, ["--from a.h5", "@mine"]),
        (["plot", "batch-size@mine"], INPUT, ["batch-size@mine"]),
        (["run", "hybrids", "--as", "my-weights"], USAGE, ["my-weights", "figure"]),
        (["table", "batch-size", "csv"], USAGE, ["'csv'", "--form"]),
        (["plot", "batch-size", "sgv"], USAGE, ["'sgv'", "'svg'"]),
        (["publish", "batch-size", "epochs=1"], USAGE, ["'epochs=1'"]),
        (["demo", "now"], USAGE, ["'now'", "too many"]),
        (["bench", "--threads", "0"], USAGE, ["--threads 0", "from 1 to"]),
        (["bench", "kernels", "--norm", "batch,grop(2)"], USAGE, ["'grop(2)'", "'group'"]),
        (["bench", "kernels", "--norm", "group(3)"], USAGE, ["group", "divide 64 channels"]),
        (["bench", "kernels", "--norm", "ghost(5)"], USAGE, ["ghost(5)", "batch of 32"]),
        (["bench", "check", "--batch", "8"], USAGE, ["--batch 8", "`training`"]),
        (["bench", "training", "--shape", "2,8,4,4"], USAGE, ["--shape 2,8,4,4", "`kernels`"]),
        (["bench", "kernels", "--shape", "2,8,4"], USAGE, ["--shape 2,8,4", "N,C,H,W"]),
        (["bench", "kernels", "--shape", "2,8,4,4,4"], USAGE, ["--shape 2,8,4,4,4", "N,C,H,W"]),
        (["bench", "kernels", "--shape", "2,8,0,4"], USAGE, ["--shape 2,8,0,4", "from 1"]),
        (["bench", "kernels", "--shape", "1048576,1048576,1,1"], USAGE, ["--shape", "2^30"]),
        (["bench", "kernels", "--turns", "0"], USAGE, ["--turns 0", "from 1 to"]),
        (["bench", "training", "--batch", "8,none"], USAGE, ["--batch 8,none", "'none'"]),
        (["bench", "training", "--batch", "0"], USAGE, ["--batch 0", "from 1"]),
        (["bench", "training", "--network", "resnt(depth=8)"], USAGE, ["'resnt'", "'resnet'"]),
        (["bench", "training", "--dataset", "fashion-mnst"], USAGE, ["fashion-mnst", "'fashion-mnist'"]),
        (["bench", "training", "--save"], USAGE, ["--save", "'training'"]),
        (["bench", "--save", "--norm", "batch"], USAGE, ["--save", "--norm"]),
        (["bench", "--quick"], USAGE, ["--quick", "--save"]),
        (["bench", "chekc"], USAGE, ["chekc", "did you mean 'check'", "training"]),
    ])


@case("fault")
def checks(place):
    """What `check` is asked: normalizers, networks, what stands in them, and cases by name."""
    net = "resnet(depth=8, width=4)"
    rows(place, [
        (["check", "grop(2)"], USAGE, ["'grop(2)'", "byte 0", "'group'"]),
        (["check", "group(2"], USAGE, ["'group(2'", "byte 7"]),
        (["check", "xyzzy"], USAGE, ["'xyzzy'", "batch, layer, "]),
        (["check", "resnt(depth=8)"], USAGE, ["'resnt'", "'resnet'", "plain, mlp"]),
        (["check", "resnet(depth=9)"], USAGE, ["'resnet(depth=9)' at byte 13", "6n+2", "not 9"]),
        (["check", "resnet(deep=8)"], USAGE, ["'resnet(deep=8)' at byte 7", "deep"]),
        (["check", "batch", "resnet(width=0)"], USAGE, ["'resnet(width=0)'", "width"]),
        (["check", net, "--norm"], USAGE, ["--norm", "value"]),
        (["check", net, "--norm", ""], USAGE, ["in ''"]),
        (["check", net, "--norm", "batch,grop(2)"], USAGE, ["'grop(2)' at byte 0", "'group'"]),
        (["check", net, "--norm", "batch, group(3)"], USAGE, [net, "layer stem_norm", "group(3)", "4 channels"]),
        (["check", net, "--norm", "ghost(3)"], USAGE, [net, "layer stem_norm", "ghost(3)", "8"]),
        (["check", "resnet(depth=8, stem_stride=4)", "--norm", "instance"], USAGE, ["layer stage", "instance"]),
        (["check", "--norm", "batch"], USAGE, ["--norm batch", "network", net]),
        (["check", "batch", "--norm", "batch"], USAGE, ["--norm batch", "network", net]),
        (["check", "--case", "xyzzy"], USAGE, ["'xyzzy'", "--list"]),
        (["check", net, "--case", "group-2.4x8x5.gradient"], USAGE, ["'group-2.4x8x5.gradient'", "--list"]),
        (["check", net, "--norm", "batch", "--case", "resnet-depth-8-width-4.group-2.gradient"], USAGE,
         ["resnet-depth-8-width-4.group-2.gradient'", "--list"]),
        (["check", net, "--seed", "one"], USAGE, ["--seed one", "whole number"]),
        (["check", net, "--threads", "0"], USAGE, ["--threads 0", "from 1 to"]),
        (["publish", "checking", "--jobs", "2"], USAGE, ["checking", "--jobs"]),
        (["publish", "speed", "--restart"], USAGE, ["speed", "--restart"]),
        (["run", "speed"], USAGE, ["speed has no runs", "bench --save"]),
        (["run", "checking"], USAGE, ["checking has no runs", "check --save"]),
        (["table", "checking"], USAGE, ["checking has no runs", "check --save"]),
        (["plot", "checking", "--to", "/dev/stdout"], CREATE, ["/dev/stdout", "several figures"]),
    ])


@case("example")
def called(place):
    """Commands that somebody may paste begin as this one did, by the wrapper or not."""
    for called, word, variables in (("normlab", "normlab", {}), ("/opt/p/bin/normlab", "/opt/p/bin/normlab", {}),
                                    ("nl", "nl", {}), ("'../my house/nl'", "../my house/nl", {}), ("normlab", "", {}),
                                    ("../house/normlab", "normlab", {"NORMLAB_CALLED": "../house/normlab"})):
        for words, says in ((["lst"], "`@ --help`"), (["list", "datasets", "x"], "`@ list datasets`"),
                            (["--help"], "`@ demo`"), (["run", "--help"], "`@ list norms`"),
                            (["check", "--help"], "@ check [SPEC"), (["new", "--help"], "`@ check NAME`"),
                            (["list", "norms", "group(2)"], "apply: @ check 'group(2)'"), (["apply"], "`@ apply SPEC"),
                            (["table", "batch-size"], "`@ run batch-size --quick`")):
            home = {"NORMLAB_HOME": place.folder} if words[0] == "table" else {}
            _, out, err = place.run(*words, environment={**variables, **home}, called=word)
            said = (out + err).decode()
            check(says.replace("@", called) in said, f"{words}: no {says.replace('@', called)} in {said}")


@case("example")
def entries(place):
    """The whole entry of one experiment, data set, network, check, as text and for programs."""
    for kind, name, parts in (("experiments", "batch-size", ["protocol=statistics", "batch-size.svg", "Table 2"]),
                              ("datasets", "fashion-mini", ["2500 images to train", "28", "ankle boot", "MIT"]),
                              ("datasets", "cifar10", ["no: ", "NORMLAB_DATA"]), ("networks", "resnet", ["depth="]),
                              ("checks", "gradient", ["applies to", "group(2)", "allowed"])):
        text, whole = place.good("list", kind, name), json.loads(place.good("list", kind, name, "--json"))[kind]
        check(len(whole) == 1 and whole[0]["name"] == name, f"{name}: {whole}")
        for part in parts:
            check(part in text, f"{name}: no {part!r} in {text}")
        for value in whole[0].values():
            check(value in text or value in " ".join(text.split()) or "`" in value, f"{name}: no {value!r} in {text}")
    two = json.loads(place.good("list", "checks", "value", "twins", "--json"))["checks"]
    check([entry["name"] for entry in two] == ["value", "twins"], f"two of them: {two}")
    # of blocks that divide no usual batch, or no usual image
    for spec in ("ghost(99)", "chunks(99)", "blend(ghost(7), chunks(5))"):
        check("operations of" in place.good("list", "norms", spec), f"{spec}: what it runs")


@case("example")
def typeset(place):
    """Which upstream reaches a dx is asked over a schedule's epochs, not of the first alone."""
    for text, reached in (("k = min(epoch / 10, 1); y = (1 - k) * x + k * mean(x over layer)",
                           "one sample|all channels|all positions"),
                          ("k = step(epoch - 100); y = x * (1 + k * mean(x over batch))",
                           "all samples|one channel|all positions"),
                          ("y = x + mean(x over instance)", "one sample|one channel|all positions"),
                          ("y = x * epoch", "its own element alone")):
        said = place.good("list", "norms", "late", "--let", "late: " + text, "--tex")
        last = said.split("}\\mathrm{d}y\\text{ of ")[1].split("}\n")[0].replace("}\\times\\text{", "x")
        same(text, last.replace(" x ", "|"), reached)


@case("example")
def skeletons(place):
    """An entry of the book says what --json says, typesets an equation as --tex does, and its link leads to the file of the kind."""
    listed = json.loads(place.good("list", "norms", "--json"))
    for entry in listed["norms"]:
        name, text = entry["name"], place.good("list", "norms", entry["name"], "--form", "markdown")
        link, = re.findall(r"\]\(\.\./(src/norm/(\w+)\.(c|norm))\)", text)
        check(link[1] == name and os.path.exists(os.path.join(HOME, link[0])), f"{name}: {link}")
        lines = text.splitlines()
        check(lines[0].startswith(f"### `{name}"), f"{name}: {lines[0]}")
        rows = [line for line in lines if line.startswith("|")]
        check(all(len(re.findall(r"(?<!\\)\|", row)) == 3 for row in rows), f"{name}: cells of {rows}")
        told = text.replace("\\|", "|")
        said = [entry["usage"], entry["title"], entry["source"], entry["cells"], entry["differs"], f"normlab check '{entry['example']}'",
                f"| checks | {len(entry['checks'])} of "] + [f"`{one}`" for one in entry["invariances"]]
        said += [f"`{p['name']}[" for p in entry["params"] + entry["state"]] + [f"`{option}=`" for option in entry["options"]]
        check(not [part for part in said if part not in told], f"{name}: {[part for part in said if part not in told]} not in {text}")
        tex = place.good("list", "norms", name, "--tex")
        block = re.findall(r"^\$\$\n(.*?)^\$\$$", text, re.M | re.S)
        same(f"{name}: equations", block, [tex[tex.index("\\begin{"):]] if link[2] == "norm" else [])
    for alias in listed["aliases"]:
        text = place.good("list", "norms", alias["name"], "--form", "markdown")
        check(text.startswith(f"### `{alias['usage']}`\n") and alias["title"] in text and alias["source"] in text, text)
    check("convolutions" in place.good("list", "norms", "weights=standardized", "--form", "markdown"), "on weights")
    check("](" not in place.good("list", "norms", "twice", "--let", "twice: y = 2 * x", "--form", "markdown"), "a file of the house")


@case("example")
def pasted(place):
    """A recipe as `list experiments` prints it can be pasted: a shell reads the words that `run` then takes."""
    text = place.good("list", "experiments")
    for name in (line.split()[0] for line in text.splitlines()):
        entry = place.good("list", "experiments", name).splitlines()
        for form in ("quick", "full"):
            recipe = [line.split(None, 1)[1] for line in entry if line.startswith(f"  {form} ")]
            if not recipe:
                continue  # it has no runs
            words = subprocess.run(["sh", "-c", f'for word in {recipe[0]}; do printf "%s\\n" "$word"; done'],
                                   capture_output=True, text=True, check=False)
            check(words.returncode == 0 and not words.stderr, f"{name}, {form}: {recipe[0]}: {words.stderr}")
            if form == "quick":  # whose data are here
                plain = place.good("run", name, "--quick", "--dry-run")
                same(name, place.good("run", name, "--quick", "--dry-run", *words.stdout.splitlines()), plain)


@case("fault")
def bare(place):
    """No command at all: the help, and an exit code that a script notices."""
    code, out, err = place.run()
    text = (out + err).decode()
    check(code == USAGE and "list" in text and "demo" in text, f"exit code {code}: {text!r}")


# ---- settings ---------------------------------------------------------------------------------------------------


def settings(place, table):
    rows(place, [(["run", "batch-size", "--quick", "--dry-run", *row[0]], row[1], row[2], *row[3:])
                 for row in table])


@case("fault")
def values(place):
    settings(place, [
        (["epoch=3"], USAGE, ["'epoch'", "'epochs'"]),
        (["protocl=paper"], USAGE, ["'protocl'", "'protocol'"]),
        (["xyzzy=3"], USAGE, ["'xyzzy'", "run --help"]),
        (["=3"], USAGE, ["'=3'", "key=value"]),
        (["epochs=0", "score=median(2)"], USAGE, ["score=median(2)", "0 epochs"]),
        (["epochs=1e3"], USAGE, ["epochs=1e3", "whole number"]),
        (["epochs=-1"], USAGE, ["epochs=-1", "from 0"]),
        (["epochs="], USAGE, ["epochs=", "whole number"]),
        (["epochs=3,,4"], USAGE, ["epochs=", "whole number"]),
        (["rate=fast"], USAGE, ["rate=fast", "number"]),
        (["rate=nan"], USAGE, ["rate=nan", "number"]),
        (["rate=1e400"], USAGE, ["rate=1e400", "number"]),
        (["momentum=2"], USAGE, ["momentum=2", "from 0 to 1"]),
        (["normalizer=batch"], USAGE, ["'normalizer'", "did you mean 'norm'"]),
        (["SEED=1"], USAGE, ["'SEED'", "did you mean 'seed'"]),
        (["dataset=mnist"], USAGE, ["dataset=mnist", "did you mean 'fashion-mnist'"]),
        (["flip=true"], USAGE, ["flip=true", "did you mean 'yes'"]),
        (["decay_norms=False"], USAGE, ["decay_norms=False", "did you mean 'no'"]),
        (["seed=1:5"], USAGE, ["seed=1:5", "1-5"]),
        (["seed=1..3"], USAGE, ["seed=1..3", "1-3"]),
        (["epochs=2~4"], USAGE, ["epochs=2~4", "2-4"]),
        (["seed=1.5"], USAGE, ["seed=1.5", "whole number"]),
        (["seed=99999999999999999999"], USAGE, ["seed=99999999999999999999"]),
        (["score=lst"], USAGE, ["score=lst", "'last'"]),
        (["score=median(9)"], USAGE, ["score=median(9)", "8 epochs"]),
        (["flip=ys"], USAGE, ["flip=ys", "'yes'"]),
        (["running=precice"], USAGE, ["running=precice", "'precise'"]),
        (["schedule=cosin"], USAGE, ["'cosin'", "'cosine'"]),
        (["schedule=step(0.5, 0.3)"], USAGE, ["ascend"]),
        (["dataset=fashion-mnst"], USAGE, ["fashion-mnst", "'fashion-mnist'"]),
        (["dataset=cifar10"], MISSING, ["cifar10", "NORMLAB_DATA", "data_batch_1.bin"]),
        (["protocol=papr"], USAGE, ["protocol=papr", "'paper'"]),
        (["protocol=paper", "equal=step"], USAGE, ["equal=step", "'steps'"]),
        (["protocol=paper", "equal=steps", "images=100"], USAGE, ["images=100", "multiple of 32", "images=96"]),
        (["protocol=paper", "equal=steps", "images=64", "batch=32,2"], USAGE, ["epochs=8", "multiple of 16", "epochs=16"]),
        (["samples=33"], USAGE, ["samples=33", "32"]),
        (["samples=some"], USAGE, ["samples=some"]),
        (["images=999999"], USAGE, ["999999", "2500"]),
        (["batch=64"], USAGE, ["samples=32", "add samples=64", "protocol=paper"]),
        (["batch=3,5"], USAGE, ["add samples=96"]),
        (["lr=0.1"], USAGE, ["'lr'", "'rate'"]),
        (["batch_size=8"], USAGE, ["'batch_size'", "'batch'"]),
        (["weight_decay=0"], USAGE, ["'weight_decay'", "'decay'"]),
        (["seed=5-1"], USAGE, ["seed=5-1", "1-5"]),
        (["seed=1-"], USAGE, ["seed=1-", "whole number"]),
        (["seed=1-100"], USAGE, ["seed=1-100", "64 values"]),
        (["rate=1-2"], USAGE, ["rate=1-2", "number"]),
        (["--as", "quick"], USAGE, ["--as quick"]),
        (["--as", "full-size"], USAGE, ["--as full-size"]),
        (["--as", "../mine"], USAGE, ["--as ../mine", "letters"]),
        (["--as", "-x"], USAGE, ["--as -x", "letters"]),
        (["--as", ""], USAGE, ["--as", "letters"]),
        (["--as", "x" * 65], USAGE, ["--as", "letters"]),
        (["images=16"], USAGE, ["32 samples", "16"]),  # a batch larger than the images
        (["protocol=paper", "workers=64", "images=100"], USAGE, ["2048", "100"]),
    ])


@case("fault")
def specs(place):
    settings(place, [
        (["norm=grup:8"], USAGE, ["'grup'", "'group'", "byte 0"]),
        (["norm=batchnorm"], USAGE, ["'batchnorm'", "'batch'"]),
        (["norm="], USAGE, ["norm=", "name"]),
        (["norm=group"], USAGE, ["group(8)", "size"]),
        (["norm=group:0"], USAGE, ["'0'", "byte 6"]),
        (["norm=group:-8"], USAGE, ["'-8'"]),
        (["norm=group:3"], USAGE, ["stem_norm", "3 groups", "8 channels", "1, 2, 4, 8"]),
        (["norm=group:size=3"], USAGE, ["stem_norm", "8 channels", "1, 2, 4, 8"]),
        (["norm=group:64"], USAGE, ["stem_norm", "64 groups", "1, 2, 4, 8"]),
        (["norm=group:8:size=2"], USAGE, ["not both"]),
        # a wrong name beside what is missing, and names of others
        (["norm=ghost(N=2)"], USAGE, ["'ghost' has no option 'N'", "byte 6", "'B'", "B=, center="]),
        (["norm=group(groups=8)"], USAGE, ["'group' has no option 'groups'", "'G'", "size="]),
        (["norm=group(channels=8)"], USAGE, ["no option 'channels'", "'size'"]),
        (["norm=lattice(B=2, K=2)"], USAGE, ["no option 'B'", "'batch'"]),
        (["norm=lattice(batch=2, K=2)"], USAGE, ["no option 'K'", "'size'"]),
        (["norm=mode(modes=2)"], USAGE, ["no option 'modes'", "K="]),
        (["norm=split(first=batch, second=layer)"], USAGE, ["no option 'first'", "ratio="]),
        (["norm=evonorm(form=S0)"], USAGE, ["no option 'form'", "it has groups="]),
        (["norm=gn(groups=8)"], USAGE, ["gn(8)", "groups= is neither"]),
        (["norm=ghost(B=4, N=2)"], USAGE, ["no option 'N'"]),
        (["norm=batch(momentum=0.1)"], USAGE, ["'momentum'", "did you mean 'weight_new'"]),
        (["norm=layer(epsilon=1e-6)"], USAGE, ["'epsilon'", "did you mean 'eps'"]),
        (["norm=batch(affine=false)"], USAGE, ["'false'", "did you mean 'no'"]),
        (["norm=mix(batch, layer, pooled=True)"], USAGE, ["'True'", "did you mean 'yes'"]),
        (["norm=LayerNorm"], USAGE, ["'LayerNorm'", "did you mean 'layer'"]),
        (["norm=RMSNorm"], USAGE, ["'RMSNorm'", "did you mean 'rms'"]),
        (["norm=BatchNorm2d"], USAGE, ["did you mean 'batch'"]),
        (["norm=instance_norm"], USAGE, ["did you mean 'instance'"]),
        (["norm=group(8, 4)"], USAGE, ["'4'", "byte 9"]),
        (["norm=layer(8)"], USAGE, ["'8'", "layer"]),
        (["norm=batch(esp=1)"], USAGE, ["'esp'", "'eps'", "byte 6"]),
        (["norm=batch(eps=0)"], USAGE, ["eps", "'0'"]),
        (["norm=batch(eps=1, eps=2)"], USAGE, ["eps", "twice"]),
        (["norm=batch(gamma=maybe)"], USAGE, ["gamma", "'maybe'"]),
        (["norm=group(8"], USAGE, ["group(8", "byte 7", "')'"]),
        (["norm=group(8))"], USAGE, ["byte 8"]),
        (["norm=batch()"], USAGE, ["empty parentheses"]),
        (["norm=ghost:5"], USAGE, ["stem_norm", "32", "1, 2, 4, 8, 16, 32"]),
        (["norm=" + "group(" * 60 + "8" + ")" * 60], USAGE, ["nested deeper"]),
        (["norm=" + "(" * 300], USAGE, ["'(' where a name"]),
        (["norm=" + "x" * 100000], USAGE, ["longer than"]),
        (["norm=gro\x1b[31mup:8"], USAGE, ["0x1b", "byte 3"]),
        (["norm=batch\nlayer"], USAGE, ["0x0a", "byte 5"]),
        (["norm=batch\udcff"], USAGE, ["0xff", "byte 5"]),
        # one-element cells: a network refuses them and does not advise what cannot help
        (["norm=position", "network=resnet(depth=8, width=1)"], USAGE, ["stem_norm", "one element", "more channels"]),
    ])


@case("fault")
def networks(place):
    settings(place, [
        (["network=resnt"], USAGE, ["'resnt'", "'resnet'"]),
        (["network=resnet(depth=9)"], USAGE, ["depth", "6n+2", "not 9", "byte 13"]),
        (["network=resnet(dpeth=8)"], USAGE, ["'dpeth'", "'depth'"]),
        (["network=resnet(depth=deep)"], USAGE, ["depth", "'deep'"]),
        (["network=resnet(8)"], USAGE, ["'8'", "depth="]),
        (["network=resnet(width=0)"], USAGE, ["width", "'0'"]),
        (["network=resnet(depth=99998)"], USAGE, ["depth", "99998", "1202"]),
        (["network="], USAGE, ["network=", "name"]),
        # a normalizer for each place
        (["norm.stage3=btach"], USAGE, ["norm.stage3=btach", "'batch'", "byte 0"]),
        (["norm.stagee=layer"], USAGE, ["norm.stagee", "'stage1'", "list networks"]),
        (["norm.stage2=layer", "norm.norm1=none"], USAGE, ["layer stage2.block1.norm1", "norm.norm1", "norm.stage2"]),
        (["norm.a..b=layer"], USAGE, ["'a..b'", "joined by dots"]),
        (["norm=batch; stage3"], USAGE, ["'stage3'", "PATTERN=NORM", "byte 7"]),
    ])


@case("example")
def deviations(place):
    """`list norms NAME` says where published code deviates, in lines of a terminal; --json says it whole."""
    words = {"position": "unbiased", "rms": "outside of the root (eps_outside=yes, eps=1e-8)", "mix": "circle", "switchable": "unbiased",
             "bcn": "m / (m - 1)", "ghost": "interleaves", "ibn": "rounds", "batch": "biased", "bn": "ONNX"}
    for name, word in words.items():
        lines = place.good("list", "norms", name).splitlines()
        first = next(i for i, line in enumerate(lines) if line.startswith("  differs      "))
        said = [lines[first][15:]]
        said += [line.strip() for line in itertools.takewhile(lambda line: line.startswith(15 * " "), lines[first + 1:])]
        check(word in " ".join(said), f"{name}: {said} does not say '{word}'")
        check(all(len(line) <= 100 for line in lines[first:first + len(said)]), f"{name}: lines too long")
    listed = json.loads(place.good("list", "norms", "--json"))
    known = {entry["name"]: entry["differs"] for entry in listed["norms"] + listed["aliases"]}
    check(all(word in known[name] for name, word in words.items() if name in known), str(known))
    check(known["none"] == "", "none differs from what?")


# ---- export -------------------------------------------------------------------------------------------------------


@case("fault")
def export(place):
    rows(place, [
        (["export"], USAGE, ["SPEC"]),
        (["export", "bacth"], USAGE, ["'batch'"]),
        (["export", "batch", "--to", "torhc"], USAGE, ["torch, numpy or jax", "'torch'"]),
        (["export", "batch", "--channels", "0"], USAGE, ["--channels 0", "from 1"]),
        (["export", "batch", "--epoch", "-1"], USAGE, ["--epoch -1", "from 0"]),
        (["export", "group(3)"], USAGE, ["byte 6", "1, 2, 4, 8", "--channels"]),
        (["export", "group(3)", "--channels", "16"], USAGE, ["1, 2, 4, 8, 16"]),
        (["export", "group(", "--to", "numpy"], USAGE, ["byte 6"]),
        (["export", "batch", "--out", "no/where.py"], CREATE, ["no/where.py"]),
        (["export", "mabn", "--out", "mabn.py"], MISSING, ["mabn", "no derivative"]),
        (["export", "layer | batch(sync=yes)"], MISSING, ["batch(sync=yes)", "all workers"]),
    ])


# ---- apply --------------------------------------------------------------------------------------------------------


def tensors(**arrays):
    """Prepares in.h5; a double underscore is a slash."""

    def prepare(place):
        import h5py

        with h5py.File(place.path("in.h5"), "w") as file:
            for name, values in arrays.items():
                file[name.replace("__", "/")] = values

    return prepare


def broken(place):
    tensors(x=[[1.0, 2.0]] * 500)(place)
    with open(place.path("in.h5"), "r+b") as file:
        file.truncate(3000)


def text_file(place):
    with open(place.path("in.h5"), "w") as file:
        file.write("not HDF5\n" * 100)


def folder_for_out(place):
    tensors(x=[[1.0], [2.0]])(place)
    os.mkdir(place.path("out.h5"))


def link_for_out(place):
    tensors(x=[[1.0], [2.0]])(place)
    os.symlink("in.h5", place.path("out.h5"))


@case("fault")
def apply(place):
    import numpy as np

    x, c = np.arange(72.0).reshape(2, 4, 9), np.ones(4)

    def row(spec, code, parts, *options, **arrays):
        return ["apply", spec, "in.h5", "out.h5", *options], code, parts, tensors(**arrays)

    rows(place, [
        row("grup:2", USAGE, ["'grup'", "'group'"], x=x),
        row("group:3", USAGE, ["3 groups", "4 channels", "1, 2, 4"], x=x),
        row("ghost:3", USAGE, ["blocks of 3", "1, 2"], x=x),
        row("batch", USAGE, ["--mode evla", "'eval'"], "--mode", "evla", x=x),
        row("batch", USAGE, ["--mode", "value"], "--mode", x=x),
        row("batch", USAGE, ["--eps -1"], "--eps", "-1", x=x),
        row("batch", USAGE, ["--eps abc"], "--eps", "abc", x=x),
        row("batch", USAGE, ["--eps inf"], "--eps", "inf", x=x),
        row("batch:eps=0.1", USAGE, ["--eps", "eps=0.1"], "--eps", "0.01", x=x),
        (["apply", "batch", "none.h5", "out.h5"], INPUT, ["none.h5"]),
        (["apply", "batch", ".", "out.h5"], INPUT, [".", "regular"]),
        (["apply", "batch", "in.h5", "out.h5"], DATA, ["in.h5", "not an HDF5 file"], text_file),
        (["apply", "batch", "in.h5", "out.h5"], DATA, ["in.h5", "damaged"], broken),
        (["apply", "batch", "in.h5", "in.h5"], USAGE, ["in.h5", "input"], tensors(x=x)),
        (["apply", "batch", "in.h5", "out.h5"], USAGE, ["out.h5", "input"], link_for_out),
        (["apply", "batch", "in.h5", "no/out.h5"], CREATE, ["no/out.h5"], tensors(x=x)),
        (["apply", "batch", "in.h5", "in.h5/out.h5"], CREATE, ["in.h5/out.h5"], tensors(x=x)),
        (["apply", "batch", "in.h5", "out.h5"], CREATE, ["out.h5"], folder_for_out),
        row("batch", DATA, ["/x", "missing"], y=x),
        row("batch", DATA, ["/x"], x__data=x),
        row("batch", DATA, ["/x", "rank 0"], x=3.0),
        row("batch", DATA, ["/x", "rank 1"], x=c),
        row("batch", DATA, ["/x", "rank 6"], x=x.reshape(2, 4, 3, 3, 1, 1)),
        row("batch", DATA, ["/x", "numbers"], x="text"),
        row("batch", DATA, ["/x", "numbers"], x=x.astype(complex)),
        row("batch", DATA, ["/x", "[2, 0, 9]"], x=x[:, :0]),
        row("batch", DATA, ["/gamma", "3", "4"], x=x, gamma=c[:3]),
        row("batch", DATA, ["/gamma", "4"], x=x, gamma=1.0),
        row("batch", DATA, ["/beta", "[1, 4]", "[4]"], x=x, beta=[c]),
        row("batch", DATA, ["/gamma", "[2, 4, 9]", "[4]"], x=x, gamma=x),
        row("batch", DATA, ["/gamma", "[9]", "[4]", "axis 1", "--layout channels-last"], x=x, gamma=np.ones(9)),
        row("batch", DATA, ["/gamma", "[4]", "[9]", "axis 2"], "--layout", "channels-last", x=x, gamma=c),
        row("mix(layer, batch)", DATA, ["/param/mean_logit", "[4]", "[2]"], x=x, param__mean_logit=c),
        row("batch(gamma=no)", DATA, ["/gamma", "batch(gamma=no)"], x=x, gamma=c),
        row("batch", DATA, ["/gama", "gamma"], x=x, gama=c),
        row("batch", DATA, ["/dY", "dy"], x=x, dY=x),
        row("batch", DATA, ["/x", "/X"], X=x),
        row("batch", DATA, ["/Gamma", "/gamma"], x=x, Gamma=c),
        row("batch", DATA, ["/V_gamma", "/v_gamma"], x=x, dy=x, V_gamma=c),
        row("batch", DATA, ["/vgamma", "mean /v_gamma?"], x=x, vgamma=c),
        row("batch", DATA, ["/VGamma", "mean /v_gamma?"], x=x, dy=x, gamma=c, VGamma=c),
        row("batch", DATA, ["/runningmean", "mean /running_mean?"], x=x, runningmean=c),
        row("regroup(2)", DATA, ["/map", "channel 1 is in group nan"], x=x, map=[0, np.nan, 1, 1]),
        row("regroup(2)", DATA, ["/map", "channel 2 is in group 0.5"], x=x, map=[1, 1, 0.5, 1]),
        row("regroup(2)", DATA, ["/map", "no channel is in group 0"], x=x, map=[1, 1, 1, 1]),
        row("blend(batch, instance)", USAGE, ["--eps 0", "from 1e-300", "of one normalizer alone"], "--eps", "0", x=x),
        row("batch", DATA, ["/runing_vra", "/running_var"], x=x, runing_vra=c),
        row("batch", DATA, ["/param/weights"], x=x, param__weights=c),
        row("batch", DATA, ["/param/gamma", "belongs at /gamma"], x=x, param__gamma=c),
        row("batch", DATA, ["/param/gamma", "belongs at /gamma"], x=x, gamma=c, param__gamma=c),
        row("batch", DATA, ["/param/running_mean", "belongs at /running_mean"], x=x, param__running_mean=c),
        row("blend(batch, layer)", DATA, ["/gate", "belongs at /param/gate"], x=x, gate=c),
        row("blend(batch, layer)", DATA, ["/Gate", "/param/gate"], x=x, Gate=c),
        row("blend(batch, layer)", DATA, ["/param/gat", "'gate'"], x=x, param__gat=c),
        row("blend(batch, layer)", DATA, ["/v_gate", "belongs at /v_param/gate"], x=x, dy=x, v_gate=c),
        row("blend(batch, layer)", DATA, ["/v_param/gamma", "belongs at /v_gamma"], x=x, dy=x, v_param__gamma=c),
        row("batch", DATA, ["/weight", "[3]", "[4]"], "--names", "torch", x=x, weight=c[:3]),
        row("batch", DATA, ["/num_batches_tracked", "2.5"], "--names", "torch", x=x, num_batches_tracked=2.5),
        row("batch", DATA, ["/num_batches_tracked", "nan"], "--names", "torch", x=x, num_batches_tracked=[np.nan]),
        row("batch", DATA, ["/moving_variance", "-1"], "--names", "keras", "--mode", "eval", x=x, moving_mean=c,
            moving_variance=-c),
        row("batch", DATA, ["/input_mean", "eval"], "--names", "onnx", "--mode", "eval", x=x, running_mean=c),
        row("batch", USAGE, ["--names tensorflow", "torch, onnx, keras or flax"], "--names", "tensorflow", x=x),
        row("batch", USAGE, ["--names pytorch", "'torch'"], "--names", "pytorch", x=x),
        row("batch", USAGE, ["--layout NHWC", "channels-last"], "--layout", "NHWC", x=x),
        row("batch", USAGE, ["--channels 1,1", "axis 1 is there twice"], "--channels", "1,1", x=x),
        row("batch", USAGE, ["--samples 0,1", "axis 1 is the channels unless --channels"], "--samples", "0,1", x=x),
        row("batch", USAGE, ["--channels -3", "axis 0 is the samples unless --samples"], "--channels", "-3", x=x),
        row("batch", USAGE, ["--samples 1 and --channels 2,1", "axis 1 is in both"], "--samples", "1", "--channels", "2,1", x=x),
        row("batch", USAGE, ["--channels 3", "axes 0 to 2", "[2, 4, 9]"], "--channels", "3", x=x),
        row("batch", USAGE, ["--samples -4", "axes 0 to 2", "[2, 4, 9]"], "--samples", "-4", x=x),
        row("batch", USAGE, ["--samples 0,,1", "axes of /x"], "--samples", "0,,1", x=x),
        row("batch", USAGE, ["--samples ", "axes of /x"], "--samples=", x=x),
        row("batch", USAGE, ["--channels -0", "axes of /x"], "--channels=-0", x=x),
        row("batch", USAGE, ["--channels 1,2,3,4,5,6", "more than 5"], "--channels", "1,2,3,4,5,6", x=x),
        row("batch", USAGE, ["channels-last", "--channels 1"], "--channels", "1", "--layout", "channels-last", x=x),
        row("batch", DATA, ["/gamma", "[9, 4]", "[4, 9] or [36]"], "--channels", "1,2", x=x, gamma=np.ones((9, 4))),
        row("batch", DATA, ["/dy", "[4, 2, 9]", "[2, 4, 9]"], "--channels", "2", x=x, dy=x.swapaxes(0, 1)),
        row("batch", DATA, ["/mask", "[2, 4, 9]", "[2, 9]"], x=x, mask=np.ones(x.shape)),
        row("batch", DATA, ["/mask[3]", "0.5"], x=x, mask=np.where(np.arange(18) == 3, 0.5, 1).reshape(2, 9)),
        row("batch", DATA, ["/mask[0]", "nan"], x=x, mask=np.full((2, 9), np.nan)),
        row("chunks(2)", DATA, ["/mask", "chunks(2) takes none: a chunk ends"], x=x, mask=np.ones((2, 9))),
        row("batch", DATA, ["/Mask", "did you mean /mask?"], x=x, Mask=np.ones((2, 9))),
        row("batch", DATA, ["needs /mean", "[4]"], "--moments", "given", x=x, variance=c),
        row("layer", DATA, ["/variance", "[4]", "[2]"], "--moments", "given", x=x, mean=c[:2], variance=c),
        row("batch", DATA, ["/variance[1]", "-1"], "--moments", "given", x=x, mean=c, variance=np.array([1.0, -1, 1, 1])),
        row("batch", USAGE, ["--moments given", "--mode train"], "--moments", "given", "--mode", "eval", x=x),
        row("mix(layer, batch)", USAGE, ["--moments given", "one partition"], "--moments", "given", x=x),
        row("none", USAGE, ["--moments given", "one partition"], "--moments", "given", x=x),
        row("batch", USAGE, ["--moments gven", "'given'"], "--moments", "gven", x=x),
        row("batch | group(2)", USAGE, ["'batch(eps=0.1) | group(2, eps=0.1)'"], "--eps", "0.1", x=x),
        row("split(mix(layer, batch), blend(frn(eps=1), none), ratio=0.5)", USAGE,
            ["'split(mix(layer, batch, eps=2), blend(frn(eps=1), none))'"], "--eps", "2", x=x),
        row("none", USAGE, ["none has no eps"], "--eps", "0.1", x=x),
        row("batch", DATA, ["/dy", "[1, 4, 9]", "[2, 4, 9]"], x=x, dy=x[:1]),
        row("batch", DATA, ["/v", "[2, 4]", "[2, 4, 9]"], x=x, dy=x, v=x[:, :, 0]),
        row("batch", DATA, ["/v", "/dy"], x=x, v=x),
        row("batch", DATA, ["/v_beta", "/dy"], x=x, v_beta=c),
        row("batch", DATA, ["/running_mean", "eval"], "--mode", "eval", x=x),
        row("batch", DATA, ["/running_var", "eval"], "--mode", "eval", x=x, running_mean=c),
        row("ghost:2", DATA, ["/running_mean", "eval"], "--mode", "eval", x=x, running_var=c),
        row("batch", DATA, ["/running_mean", "3", "4"], "--mode", "eval", x=x, running_mean=c[:3], running_var=c),
        row("batch", DATA, ["/running_var", "-1"], "--mode", "eval", x=x, running_mean=c, running_var=-c),
        row("batch", DATA, ["/running_var", "nan"], "--mode", "eval", x=x, running_mean=c,
            running_var=c * np.nan),
    ])


# ---- files ----------------------------------------------------------------------------------------------------------


def garbage(place):
    with open(place.path("bad.h5"), "wb") as file:
        file.write(b"\x89HDF\r\n\x1a\n" + bytes(range(256)) * 20)


def other_file(place):
    tensors(x=[[1.0, 2.0]])(place)
    os.rename(place.path("in.h5"), place.path("bad.h5"))


def newer_file(place):
    import h5py

    other_file(place)
    with h5py.File(place.path("bad.h5"), "r+") as file:
        file.attrs["normlab_version"] = "9.0"
        file.attrs["schema_version"] = 999


def out_is_file(place):
    with open(place.out, "w") as file:
        file.write("in the way\n")


@case("fault")
def files(place):
    run = ["run", "batch-size", "--quick", "norm=none,layer", "batch=32", "images=32", "epochs=1"]
    rows(place, [
        (["show", "none.h5"], INPUT, ["none.h5", "No such file"]),
        (["show", "."], INPUT, [".", "regular"]),
        (["show", "bad.h5"], DATA, ["bad.h5", "damaged"], garbage),
        (["show", "in.h5"], DATA, ["in.h5", "not an HDF5 file"], text_file),
        (["show", "bad.h5"], DATA, ["bad.h5", "schema version 999"], newer_file),
        (["table", "batch-size"], INPUT, ["batch-size", "normlab run batch-size --quick"], None,
         {"NORMLAB_HOME": "/nonexistent"}),
        (["plot", "batch-size"], INPUT, ["batch-size", "normlab run batch-size --quick"], None,
         {"NORMLAB_HOME": "/nonexistent"}),
        (["table", "batch-size", "--from", "none.h5"], INPUT, ["none.h5"]),
        (["table", "batch-size", "--from", "bad.h5"], DATA, ["bad.h5", "damaged"], garbage),
        (["table", "batch-size", "--from", "bad.h5"], DATA, ["bad.h5", "experiment"], other_file),
        (["plot", "batch-size", "--from", "bad.h5"], DATA, ["bad.h5", "experiment"], other_file),
        (run, CREATE, ["out", "not a folder"], out_is_file),
        (run, MISSING, ["fashion-mini", "NORMLAB_HOME"], None, {"NORMLAB_HOME": "/nonexistent"}),
    ])


# ---- a study's own files --------------------------------------------------------------------------------------------

ONE = ["run", "batch-size", "--quick", "--as", "one", "norm=group:4", "batch=4", "samples=4", "seed=1", "images=32",
       "network=resnet(depth=8, width=4, stem_stride=2)", "--jobs", "1"]


def collected(place):
    """A finished study of one run: its collected file."""
    place.good(*ONE, "epochs=1")
    return os.path.join(place.out, "batch-size-one.h5")


def interrupted(place):
    """A run stopped on its way: its checkpoint."""
    process = place.start(*ONE, "epochs=5000")
    runs, found = os.path.join(place.out, "runs"), None
    deadline = time.monotonic() + 60
    while not found and time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
        names = os.listdir(runs) if os.path.isdir(runs) else []
        found = next((name for name in names if name.endswith(".checkpoint.h5")), None)
    process.terminate()
    _, err = process.communicate()
    check(found and process.returncode == 143, f"no checkpoint, exit code {process.returncode}: {err!r}")
    return os.path.join(runs, found)


@case("fault")
def other_experiment(place):
    """A collected file of another experiment is not believed: its name is the path of a script."""
    import h5py

    path, found = collected(place), []
    os.mkdir(place.path("evil"))
    with open(place.path("evil", "plot.gp"), "w") as script:
        script.write(f"system('touch {place.path('pwned')}')\n")
    with open(path, "rb") as file:
        good = file.read()
    for name in (os.path.relpath(place.path("evil"), os.path.join(HOME, "experiments")), "rate"):
        with open(path, "wb") as file:
            file.write(good)
        with h5py.File(path, "r+") as file:
            file.attrs["experiment"] = name
        for command in ("plot", "table"):
            found.append(fault(place, [command, "batch-size", "--from", path], DATA,
                               ["batch-size-one.h5", "experiment", name]))
    report(found)


@case("fault")
def damaged_results(place):
    path = collected(place)
    with open(path, "r+b") as file:
        file.seek(2000)
        byte = file.read(1)
        file.seek(2000)
        file.write(bytes([byte[0] ^ 1]))
    report([fault(place, words, DATA, ["batch-size-one.h5", "damaged", "SHA-256"])
            for words in (["show", path], ["table", "batch-size", "--from", path],
                          ["plot", "batch-size", "--from", path])])


@case("fault")
def drawing(place):
    path = collected(place)
    plot = ["plot", "batch-size", "--from", path]
    report([fault(place, [*plot, "--to", "no/a.svg"], CREATE, ["no/a.svg"]),
            fault(place, plot, CREATE, ["/nonexistent"], environment={"TMPDIR": "/nonexistent"}),
            fault(place, plot, MISSING, ["gnuplot"], environment={"PATH": "/nonexistent"})])


@case("fault")
def busy(place):
    """A run that another process has: nothing waits, nothing is written."""
    words = [*ONE, "epochs=1"]
    run = place.good(*words, "--dry-run").split()[0]
    os.makedirs(os.path.join(place.out, "runs"))
    with open(os.path.join(place.out, "runs", run + ".h5.lock"), "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        lock.write(f"{os.getpid()}\n")
        lock.flush()
        report([fault(place, words, BUSY, [run, f"process {os.getpid()}"])])
    place.good(*words)


@case("fault")
def checkpoints(place):
    """A checkpoint that is damaged, another run's, another build's or of other bits is refused by its name, and
    --restart goes on without it."""
    import h5py

    path = interrupted(place)
    with open(path, "rb") as file:
        good = file.read()
    with contextlib.suppress(FileNotFoundError):
        os.remove(path.replace(".checkpoint.h5", ".checkpoint.1.h5"))  # or it is gone on from the other
    name, words, found = os.path.basename(path), [*ONE, "epochs=5000"], []

    def refused(data, parts, edit=None, sealed=True):
        with open(path, "wb") as file:
            file.write(data)
        if edit:
            with h5py.File(path, "r+") as file:
                edit(file)
            if sealed:
                reseal(path)
        found.append(fault(place, words, DATA, [name, *parts]))

    flipped = good[:4000] + bytes([good[4000] ^ 1]) + good[4001:]
    refused(good[:5000], ["damaged", "--restart"])
    refused(flipped, ["damaged", "--restart"])
    refused(good, ["another build", "--restart"], lambda file: file.attrs.modify("binary", "another"))
    refused(good, ["bits", "012345678901", "--restart"], lambda file: file.attrs.modify("bits", "012345678901"))
    refused(good, ["changed by another program", "--restart"],
            lambda file: file["parts/weights"].write_direct(file["parts/weights"][()] * 2), sealed=False)
    refused(good, ["another run", "--restart"], lambda file: file.attrs.modify("run", "another run"))
    refused(good, ["/parts/weights", "--restart"], lambda file: file.pop("parts/weights"))
    refused(good, ["seconds", "--restart"], lambda file: file.attrs.modify("seconds", float("nan")))

    def put(name, i, value):
        return lambda file: file["parts"][name].__setitem__(i, value)

    step, epochs, loss_sum, diverged = range(4)
    for i, value in ((step, -1.5), (step, float("nan")), (step, 1e300), (step, 0.5), (epochs, 1e300), (epochs, -1),
                     (loss_sum, float("inf")), (diverged, 1)):
        refused(good, ["/parts/counters", "--restart"], put("counters", i, value))
    for value in (-1, 0.5, 1e9):
        refused(good, ["/parts/tally", "--restart"], put("tally", 0, value))
    refused(good, ["/parts/val_error", "--restart"], put("val_error", 0, 7.5))
    refused(good, ["/parts/test_loss", "--restart"], put("test_loss", 0, 0))
    with open(path, "wb") as file:
        file.write(flipped)
    process, deadline = place.start(*words, "--restart"), time.monotonic() + 60
    while time.monotonic() < deadline and process.poll() is None:
        time.sleep(0.02)
        with open(path, "rb") if os.path.exists(path) else open(os.devnull, "rb") as file:
            if file.read() not in (flipped, b""):
                break
    process.terminate()
    _, err = process.communicate()
    check(process.returncode == 143, f"--restart: exit code {process.returncode}: {err!r}")
    report(found)


# ---- disks that are full ------------------------------------------------------------------------------------------


def small_files():
    resource.setrlimit(resource.RLIMIT_FSIZE, (4096, 4096))


def fault_when_full(place, words, parts):
    return fault(place, words, IO, [*parts, "kept"], preexec_fn=small_files)


@case("fault")
def full_disk(place):
    """Beyond a limit on the size of files: one line, the old file is kept, nothing half-written stays."""
    import numpy as np

    tensors(x=np.ones((100, 100)))(place)
    with open(place.path("out.h5"), "w") as file:
        file.write("old\n")
    report([fault_when_full(place, ["apply", "batch", "in.h5", "out.h5"], ["out.h5"])])


@case("fault")
def full_disk_of_figure(place):
    """gnuplot's own file does not fit: no figure, and no temporary folder is left."""
    report([fault(place, ["plot", "batch-size", "--from", collected(place)], IO, ["gnuplot could not write", "too large"],
                  preexec_fn=small_files)])


@case("fault")
def full_disk_of_study(place):
    """The run's file does not fit; then the run is done and the collected file does not."""
    path, words = collected(place), [*ONE, "epochs=1"]
    report([fault_when_full(place, [*words, "seed=2"], [".h5"])])
    place.good(*words, "seed=2")
    old = listing(place.folder)
    code, out, err = place.run(*words, "seed=1,2", preexec_fn=small_files)
    last = err.decode().splitlines()[-1:]
    check(code == IO and not out and last and path in last[0] and "kept" in last[0],
          f"collected file: exit code {code}, {err!r}")
    check(listing(place.folder) == old, "collected file: files changed")


@case("fault")
def full_output(place):
    for words in (["list", "norms"], ["export", "batch", "--channels", "8"], ["run", "--help"], ["--version"], ["--help"]):
        with open("/dev/full", "w") as full:
            code, _, err = place.run(*words, stdout=full)
        check(code == IO and err.count(b"\n") == 1, f"{words} > /dev/full: exit code {code}, {err!r}")


if __name__ == "__main__":
    main()
