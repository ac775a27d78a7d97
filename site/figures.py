"""Figures: a drawing, what is seen in it, and where it comes from; some can be touched."""

import glob
import json
import os
import re

import h5py

from filters import escape, raw, relative

# Which drawings have a figure beside them that can be touched: by the drawing's name.
TOUCH = {"cube": r"partitions|cube.*|cells.*", "noise": r"noise.*|batch-noise.*|batch-size", "steps": r"checking-steps.*|v-?curve.*",
         "ledger": r"claims"}
TALL = 1.7   # times as high as wide: such a drawing scrolls in a box


class Figures:
    """Copies drawings into the site, and says of each where it is from."""

    def __init__(self, links, data):
        self.links, self.home, self.data = links, links.book.home, data
        self.first = {}

    def made(self, weaver, path, said):
        width, height = self.size(path)
        href = relative(path, weaver.page.out)
        if weaver.printed:
            return [raw(self.printed(path, said, width, height))]
        tall = ' class="scroll tall"' if height > TALL * width else ""
        lazy = ' loading="lazy"' if weaver.page.out in self.first else ""
        self.first[weaver.page.out] = True
        picture = " photo" if self.has_pictures(path) else ""
        image = f'<img src="{href}" alt="{escape(said)}" width="{width}" height="{height}"{lazy}>'
        text = (f'<figure class="drawing{picture}"><div{tall}>{image}</div>'
                f"<figcaption>{self.caption(weaver, path, said)}</figcaption></figure>")
        return [raw(text)] + self.touch(weaver, path)

    @staticmethod
    def printed(path, said, width, height):
        """On paper; what is higher than a page there (the ledger, of which a table is printed) is left to the site."""
        if height > 3 * width:
            return ""
        return f'<figure class="drawing"><img src="{path}" alt="{escape(said)}"><figcaption>{escape(said)}</figcaption></figure>'

    def caption(self, weaver, path, said):
        stem = os.path.basename(path).rsplit(".", 1)[0]
        parts = [f'<span class="said">{escape(said)}.</span>' if said and said[-1] not in ".?!" else f'<span class="said">{escape(said)}</span>']
        from_where = []
        study = self.study(stem)
        if study:
            target, _ = self.links.place(weaver.page, study, "")
            here = relative(target, weaver.page.out)
            from_where.append(f'<a href="{here}">data</a>')
            if self.has_runs(study):
                from_where.append(f'<a href="{here}#runs">runs</a>')
        elif stem == "claims":
            from_where.append(f'<a href="{relative("ledger.html", weaver.page.out)}">every verdict</a>')
        for script in self.scripts(stem, study):
            target, _ = self.links.place(weaver.page, script, "")
            from_where.append(f'<a href="{relative(target, weaver.page.out)}">{os.path.basename(script)}</a>')
        from_where.append(f'<a href="{relative(path, weaver.page.out)}">drawing</a>')
        parts.append(f'<span class="from">{" · ".join(from_where)}</span>')
        return " ".join(parts)

    def size(self, path):
        with open(os.path.join(self.home, path), encoding="utf-8") as file:
            head = file.read(2000)
        box = re.search(r'viewBox="0 0 ([\d.]+) ([\d.]+)"', head)
        return (round(float(box[1])), round(float(box[2]))) if box else (643, 400)

    def has_pictures(self, path):
        with open(os.path.join(self.home, path), encoding="utf-8") as file:
            return "<image" in file.read() or "pictures" in path or "maps" in path

    def study(self, stem):
        """The published file of which a drawing is: the longest name that its own begins with."""
        names = [os.path.basename(name)[:-3] for name in glob.glob(os.path.join(self.home, "data", "*.h5"))]
        fit = [name for name in names if stem == name or stem.startswith(name + "-")]
        return f"data/{max(fit, key=len)}.h5" if fit else None

    def experiment(self, stem, study):
        names = [os.path.basename(os.path.dirname(each)) for each in glob.glob(os.path.join(self.home, "experiments/*/run.c"))]
        name = os.path.basename(study)[:-3] if study else stem
        fit = [each for each in names if name == each or name.startswith(each + "-")]
        return max(fit, key=len) if fit else None

    def scripts(self, stem, study):
        """What asked the question, and what drew the figure: a run.c names its drawings and their scripts."""
        experiment = self.experiment(stem, study)
        if stem == "claims":
            return ["experiments/forest.gp", "experiments/claims.txt"]
        if not experiment:
            return ["tests/pictures.py"] if self.is_picture(stem) else []
        drawn, folder = {"": "plot.gp", "curves": "curves.gp", "curves-along": "curves.gp"}, f"experiments/{experiment}"
        with open(os.path.join(self.home, folder, "run.c"), encoding="utf-8") as file:
            text = file.read()
        drawn.update(re.findall(r'\{"([\w-]+)", "([\w-]+\.gp)"', text))
        drawn.update({"": name for name in re.findall(r'\.script = "([\w-]+\.gp)"', text)})
        known = [name for name in drawn if stem.endswith("-" + name)] if stem != experiment else []
        script = drawn[max(known, key=len, default="")]
        own = [each for each in (f"{folder}/{script}", f"experiments/{script}") if os.path.exists(os.path.join(self.home, each))]
        return [f"{folder}/run.c"] + own[:1]

    def is_picture(self, stem):
        """Whether it is drawn of worked examples."""
        path = os.path.join(self.home, "tests", "pictures.py")
        if not os.path.exists(path):
            return False
        with open(path, encoding="utf-8") as file:
            return f'"{stem}"' in file.read()

    def has_runs(self, study):
        with h5py.File(os.path.join(self.home, study)) as file:
            return "results/run" in file

    # ---- figures that can be touched ---------------------------------------------------------------------------------

    def touch(self, weaver, path):
        stem = os.path.basename(path).rsplit(".", 1)[0]
        kind = next((kind for kind, names in TOUCH.items() if re.fullmatch(names, stem)), None)
        data = self.data(kind) if kind else None
        if not kind or kind in weaver.touches or data is None or weaver.page.path == "README.md":
            return []
        weaver.touches.append(kind)
        tail = f'<script type="application/json">{json.dumps(data, separators=(",", ":"))}</script>' if data else ""
        return [raw(f'<div class="touch" data-touch="{kind}" hidden>{tail}</div>')]
