#!/usr/bin/python3 -B
"""The book against the code: links lead somewhere, every cited label is an equation, anchors are whole."""

import glob
import json
import os
import re
import subprocess
import sys
import tempfile

from program import HOME, PROGRAM
from speed_tables import TABLES, table
from study_tables import FINDINGS, NUDGE, Study, errors, shown, text

PAGES = ["README.md", "CONTRIBUTING.md", "CHANGELOG.md"] + sorted(
    os.path.relpath(name, HOME) for name in glob.glob(os.path.join(HOME, "notes", "**", "*.md"), recursive=True))


LINK = r"\[([^\]]*)\]\((?:[^()\s]|\((?:[^()\s]|\([^()\s]*\))*\))*(?: \"[^\"]*\")?\)"  # targets may name blend(batch,group(4))


def read(path):
    with open(os.path.join(HOME, path), encoding="utf-8") as file:
        return file.read()


def said(path):
    """A page as one line, with the words of links in their place."""
    return " ".join(re.sub(LINK, r"\1", read(path)).split())


def tracked(*endings):
    names = subprocess.run(["git", "ls-files"], cwd=HOME, capture_output=True, text=True).stdout.split("\n")
    if names == [""]:  # not a repository: everything below the folders that are code
        names = [os.path.join(d, f) for top in ("src", "experiments", "tests") for d, _, fs in os.walk(top) for f in fs]
    return [name for name in names if name.endswith(endings)]


def links():
    """Every relative link of a page names a file or folder that is there."""
    for page in PAGES:
        for target in re.findall(r"\]\(([^)#:\s]+)", read(page)):
            path = os.path.normpath(os.path.join(HOME, os.path.dirname(page), target))
            if not os.path.exists(path):
                yield f"{page}: nothing at {target}"


def labels():
    """A label such as P-2 is the tag of one equation, wherever it is cited."""
    tags = [tag for page in PAGES for tag in re.findall(r"\\tag\{([A-Z]-\d+)\}", read(page))]
    for tag in set(tags):
        if tags.count(tag) != 1:
            yield f"({tag}) is the tag of {tags.count(tag)} equations"
    for name in tracked(".c", ".h", ".def", ".md"):
        for tag in re.findall(r"\(([APTWC]-\d+)\)|\b([APTWC]-\d+) (?:and|to) [APTWC]-\d+", read(name)):
            cited = tag[0] or tag[1]
            if cited not in tags:
                yield f"{name}: ({cited}) is no equation of the notes"


def anchors():
    """Excerpt marks stand in pairs."""
    for name in tracked(".c", ".h", ".inc"):
        opened = re.findall(r"^//> (\S+)$", read(name), re.M)
        closed = re.findall(r"^//< (\S+)$", read(name), re.M)
        if opened != closed or len(set(opened)) != len(opened):
            yield f"{name}: marks {opened} and {closed}"


def quotes():
    """Code in the book stands in the sources, word for word."""
    sources = [read(name) for name in tracked(".c", ".h", ".inc")]
    for page in PAGES:
        for block in re.findall(r"^```c\n(.*?)^```", read(page), re.M | re.S):
            if not any(block in source for source in sources):
                yield f"{page}: in no source: {block.splitlines()[0]}"


def weights():
    """What notes/80 says of the weights over group counts is so in the published file, in every seed."""
    import h5py
    import numpy as np

    words = said("notes/80-adaptive-groups.md")
    for part in ("in six of nine layers the mean's weight of a group for each channel grows by more than a third in every seed",
                 "in `stage3.block1.norm2` one group gains and a group for each channel falls to a quarter"):
        if part not in words:
            yield f"not said: {part}"
    with h5py.File(os.path.join(HOME, "data", "adaptive-groups.h5"), "r") as file:
        group, = (g for g in file["norms"].values() if "variance_logit" in g)
        layers = [name.decode() for name in group["layer"][()]]
        finest, coarsest = {}, {}
        for name in ("mean", "variance"):
            table = group[f"{name}_logit"][:, :, -1]  # after the last epoch: seeds, layers, choices
            each = [table[:, k][:, np.isfinite(table[0, k])] for k in range(len(layers))]
            shares = [(lambda w: w / w.mean(1, keepdims=True))(np.exp(one)) for one in each]  # 1: as it began
            finest[name], coarsest[name] = ([one[:, at] for one in shares] for at in (-1, 0))
        if sum((one > 4 / 3).all() for one in finest["mean"]) != 6 or len(layers) != 9:
            yield f"finest groups of means: {finest['mean']}"
        k = layers.index("stage3.block1.norm2")
        if not ((coarsest["variance"][k] > 1.3).all() and (abs(finest["variance"][k] - 0.25) < 0.05).all()):
            yield f"variance: {coarsest['variance'][k]}, {finest['variance'][k]}"


def judged():
    """All contrasts, as `normlab claims` judges them by what is published."""
    with tempfile.TemporaryDirectory() as nothing:
        return json.loads(subprocess.run([PROGRAM, "claims", "--json"], check=True, capture_output=True,
                                         env={**os.environ, "NORMLAB_OUT": nothing}).stdout)


def ledger():
    """The lists of notes/98-ledger.md have every contrast that was run, once, under its verdict."""
    words = {"supported": "Supported, or equivalent", "equivalent": "Supported, or equivalent", "contradicted": "Contradicted",
             "undecided": "Undecided", "not tested": "Not tested, though runs exist"}
    told, section = [], None
    for line in read("notes/98-ledger.md").splitlines():
        section = line[3:] if line.startswith("## ") else section
        for claim, first, last in re.findall(r"\*\*(L[\w-]+)/(\d)(?:-(\d))?\*\*", line):
            told += [(f"{claim}/{k}", section) for k in range(int(first), int(last or first) + 1)]
    known, count = {}, {}
    for one in judged():
        count[one["id"]] = count.get(one["id"], 0) + 1
        if one["estimate"] is not None:
            known[f"{one['id']}/{count[one['id']]}"] = words[one["verdict"]]
    told = [one for one in told if one[1] != "How to read a row"]
    for name, section in told:
        if told.count((name, section)) != 1 or known.get(name) != section:
            yield f"notes/98-ledger.md: {name} stands under '{section}', it belongs once under '{known.get(name)}'"
    for name in known:
        if name not in dict(told):
            yield f"notes/98-ledger.md: {name} is missing under '{known[name]}'"


def verdicts():
    """Every contrast with runs among what is published."""
    found, rows = judged(), []
    for f in found:
        if f["estimate"] is None:
            continue
        d = 4 if f["margin"] < 0.05 else 2  # as `normlab claims` prints it
        published = "" if f["published"] is None else f"{f['published']:+.{d}f}"
        word = f["verdict"] + (", below the margin" if f["below_margin"] else "") + (f": {f['why']}" if f["why"] else "")
        of = "" if f["metric"] == "error" else f" ({f['metric']})"
        rows.append([f["id"], f"`{f['contrast']}`".replace("|", "\\|") + of, f["expected"], published,
                     f"{f['estimate']:+.{d}f} [{f['low']:.{d}f}, {f['high']:.{d}f}] at {100 * f['confidence']:g} %", f["seeds"], word])
    return table(["claim", "contrast, points of percent", "expected", "published", "found", "seeds", "verdict"], rows)


def typeset(name):
    """The equations of a normalizer, as the program typesets them."""
    text = subprocess.run([PROGRAM, "list", "norms", name, "--tex"], check=True, capture_output=True, text=True).stdout
    return "$$\n" + text[text.index("\\begin{aligned}"):] + "$$\n"


def findings():
    """What the page of an exploratory study says of its numbers is said there, and so in the published file."""
    import h5py

    for name, rests in FINDINGS.items():
        page, = (page for page in PAGES if re.fullmatch(rf"notes/\d\d-{name}\.md", page))
        words = said(page)
        with h5py.File(os.path.join(HOME, "data", name + ".h5"), "r") as file:
            for part, holds in rests(Study(file)):
                if part not in words:
                    yield f"{page}: not said: {part}"
                if not holds:
                    yield f"{page}: not so in data/{name}.h5: {part}"


def woven(renew=False):
    """What stands between marks is made of published numbers or by the program; `notes.py --renew` writes it anew."""
    import h5py

    def made(found):
        if found[2] == "claims":
            return found[1] + verdicts() + found[5]
        if found[2] == "tex":
            return found[1] + typeset(found[3]) + found[5]
        if found[2] == "study":
            path = os.path.join(HOME, "data", found[3] + ".h5")
            if not os.path.exists(path):
                return found[1] + "Nothing is published of it yet.\n" + found[5]
            with h5py.File(path, "r") as file:
                return found[1] + errors(file) + found[5]
        with h5py.File(os.path.join(HOME, "data", "speed.h5"), "r") as file:
            return found[1] + TABLES[found[3]](file) + found[5]

    mark = re.compile(r"(<!-- (speed|claims|study|tex): ([\w-]+) -->\n)(.*?)(<!-- end -->)", re.S)
    for page in PAGES:
        text = read(page)
        new = mark.sub(made, text)
        if renew and new != text:
            with open(os.path.join(HOME, page), "w", encoding="utf-8") as file:
                file.write(new)
        elif new != text:
            wrong = [one[0].strip() for one, other in zip(mark.findall(text), mark.findall(new)) if one != other]
            yield f"{page}: not what data/ and the program have: {', '.join(wrong)}; `tests/notes.py --renew` mends it"


def markdown():
    """`table --form markdown` and `claims --form markdown` say of every published study what NumPy makes of its numbers."""
    import h5py

    for name in sorted(os.listdir(os.path.join(HOME, "data"))):
        path = os.path.join(HOME, "data", name)
        if not name.endswith(".h5") or name in ("speed.h5", "checking.h5"):
            continue
        with h5py.File(path, "r") as file:
            experiment, number, made = text(file.attrs["experiment"]), shown(file), []
            for NUDGE[0] in (1e-9, -1e-9, 0):
                made.append(errors(file))
        words = ["table", experiment, "--from", path, "--form", "markdown"] + (["--metric", number] if number else [])
        said = subprocess.run([PROGRAM, *words], check=True, capture_output=True, text=True).stdout
        kept = [re.split(r"( +)", each) for each in (said, *made)]
        if len({len(each) for each in kept}) > 1 or any(own not in others for own, *others in zip(*kept)):
            yield f"{name}: normlab {' '.join(words)} prints\n{said}instead of\n{made[-1]}"
    with tempfile.TemporaryDirectory() as nothing:
        said = subprocess.run([PROGRAM, "claims", "--form", "markdown"], check=True, capture_output=True, text=True,
                              env={**os.environ, "NORMLAB_OUT": nothing}).stdout
    if said != verdicts():
        yield "normlab claims --form markdown is not what --json has"


def catalogue():
    """Every name of `list norms` has its entry on one page of the catalogue; a name that is a kind's in other letters is in its text."""
    listed = json.loads(subprocess.run([PROGRAM, "list", "norms", "--json"], check=True, capture_output=True, text=True).stdout)
    others = [alias for alias in listed["aliases"] if re.fullmatch(r"\w+(\(G\))?", alias["spec"])]
    names = [entry["name"] for entry in listed["norms"] + listed["aliases"] if entry not in others]
    names += [f"weights={weights['name']}" for weights in listed["weights"] if weights["source"]]
    pages = [page for page in PAGES if re.match(r"notes/2\d-", page)]
    entries = [(name, page) for page in pages for name in re.findall(r"^<!-- normlab list norms (\S+) --form markdown -->$", read(page), re.M)]
    for name in names:
        found = [page for entry, page in entries if entry == name]
        if len(found) != 1:
            yield f"{name}: an entry on one page is expected, not {found}; `normlab list norms {name} --form markdown` prints it"
    for name, page in entries:
        if name not in names:
            yield f"{page}: no normalizer {name}"
    for alias in others:
        if not any(f"`{alias['usage']}`" in read(page) for page in pages):
            yield f"`{alias['usage']}` is on no page of the catalogue"


CASES = {"links": ("example", links), "labels": ("theorem", labels), "anchors": ("example", anchors),
         "quotes": ("example", quotes), "weights": ("example", weights), "findings": ("example", findings),
         "ledger": ("example", ledger), "woven": ("example", woven), "markdown": ("oracle", markdown),
         "catalogue": ("example", catalogue)}

if __name__ == "__main__":
    if sys.argv[1:] == ["--list"]:
        print("\n".join(f"{name} {label}" for name, (label, _) in CASES.items()))
        sys.exit(0)
    if sys.argv[1:] == ["--renew"]:
        sys.exit(len(list(woven(renew=True))))
    chosen = sys.argv[1:] or list(CASES)
    faults = [fault for name in chosen for fault in CASES[name][1]()]
    print("\n".join(faults))
    sys.exit(1 if faults else 0)
