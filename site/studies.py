"""A page for each published HDF5 file: what was asked, with which settings, by which runs, and what came of it."""

import html
import os
import re
import subprocess

import h5py
import numpy as np

from chart import curves, legend
from filters import relative

SHOWN = 24          # rows of a table of runs before it is folded
FEW = 40            # elements of an array that are printed
TABLES = ("", "test_error")


def text(value):
    """An attribute or an element in words."""
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, (np.floating, float)):
        return f"{value:.6g}"
    return str(value)


def table(head, rows, ids=None, name=""):
    """Rows of text as HTML; the first column is the row's name."""
    start = f'<div class="scroll table"><table{name}><thead><tr>' + "".join(f"<th>{html.escape(each)}</th>" for each in head)
    body = []
    for i, row in enumerate(rows):
        cells = [f'<th scope="row">{row[0]}</th>']
        for j, cell in enumerate(row[1:]):
            mark = f' id="{html.escape(ids[i][j])}"' if ids and ids[i][j] else ""
            cells.append(f"<td{mark}>{cell}</td>")
        body.append(f"<tr>{''.join(cells)}</tr>")
    return f"{start}</tr></thead><tbody>{''.join(body)}</tbody></table></div>"


class Studies:
    """Renders them with the program's own tables, so that a number has one meaning here, there and in the book."""

    def __init__(self, links, program):
        self.links, self.program, self.home = links, program, links.book.home

    def page(self, path):
        """Its title and HTML."""
        self.ids = set()
        with h5py.File(os.path.join(self.home, path), "r") as file:
            stem = path[len("data/"):-len(".h5")]
            parts = [self.head(path, stem, file)]
            if "results/score" in file:
                parts += [self.tables(path, stem, file), self.drawings(path, stem), self.curves(file), self.runs(file)]
            else:
                parts += [self.drawings(path, stem)]
            parts += [self.settings(file), self.provenance(file)]
            whole = self.holds(file)
            parts += [self.quoted(path), whole]
        return stem, "\n".join(part for part in parts if part)

    def head(self, path, stem, file):
        says = file.attrs
        lead = html.escape(text(says.get("question", says.get("title", stem))))
        facts = []
        for key, word in (("runs", "runs"), ("protocol", "protocol"), ("identity", "identity"), ("normlab_version", "normlab")):
            if text(says.get(key, "")):
                facts.append(f"<li><b>{word}</b> {html.escape(text(says[key]))}</li>")
        there = [f'<a href="{relative("ledger.html#" + claim, path[:-3] + ".html")}">{claim}</a>'
                 for claim in self.links.claims if stem.endswith("-" + claim)]
        facts += [f"<li><b>claim</b> {each}</li>" for each in there]
        size = os.path.getsize(os.path.join(self.home, path))
        self.links.files.add(path)
        facts.append(f'<li><a href="{os.path.basename(path)}" download>{os.path.basename(path)}</a>, {size / 1000:.0f} kB</li>')
        return (f'<h1>{html.escape(stem)}</h1><p class="lead">{lead}</p><ul class="facts">{"".join(facts)}</ul>')

    # ---- results -----------------------------------------------------------------------------------------------------

    def tables(self, path, stem, file):
        """Those of the score, of the test and of every number that the book quotes."""
        asked = dict.fromkeys(TABLES if "results/test_error" in file else TABLES[:1])
        for name, _, _ in self.links.quotes.get(path, []):
            if not name.startswith("/") and name.count("/") > 0:
                asked[name.split("/")[0]] = None
        made = []
        for metric in asked:
            command = [self.program, "table", text(file.attrs["experiment"]), "--from", os.path.join(self.home, path)]
            done = subprocess.run(command + (["--metric", metric] if metric else []), capture_output=True, text=True, check=False,
                                  env={**os.environ, "NORMLAB_HOME": self.home, "LC_ALL": "C.UTF-8"})
            if done.returncode == 0:
                made.append(self.printed(metric, done.stdout))
        if not made:
            return ""
        return '<h2 id="results">Results</h2>' + "".join(made)

    def printed(self, metric, said):
        """A table as the program prints it: remarks, an empty line, rows in columns."""
        above, _, below = said.partition("\n\n")
        remarks = above.split("\n")[1:]
        rows = [re.split(r"\s{2,}", line.strip()) for line in below.split("\n") if line.strip()]
        last = [row[0] for row in rows if len(row) == 1]
        rows = [row for row in rows if len(row) > 1]
        if not rows or all(set(row[1:]) == {"-"} for row in rows[1:]):
            return ""
        head, ids, shown = rows[0], [], []
        for row in rows[1:]:
            name = row[0].replace(" *", "").replace(" ", "")
            ids.append([self.own(f"{metric or 'score'}/{name}/{column.replace(' ', '')}") for column in head[1:]])
            shown.append([html.escape(row[0])] + [html.escape(each).replace(" ± ", "\u00a0±\u00a0").replace("-", "−") for each in row[1:]])
        notes = "".join(f"<p class=\"remark\">{html.escape(each)}</p>" for each in remarks[1:] + last if not each.startswith("Changed:"))
        return f"<p>{html.escape(remarks[0]) if remarks else ''}</p>{table(head, shown, ids)}{notes}"

    def own(self, name):
        """An id, once on a page."""
        if name in self.ids:
            return ""
        self.ids.add(name)
        return name

    def drawings(self, path, stem):
        """The published figures of this file and of no other."""
        names = {each[:-3] for each in os.listdir(os.path.join(self.home, "data")) if each.endswith(".h5")}
        found = []
        for each in sorted(os.listdir(os.path.join(self.home, "figures"))):
            name = each[:-4]
            fit = [other for other in names if name == other or name.startswith(other + "-")]
            if each.endswith(".svg") and fit and max(fit, key=len) == stem:
                self.links.files.add(f"figures/{each}")
                found.append(f'<figure class="drawing"><div class="scroll tall"><img src="../figures/{each}" alt="{html.escape(name)}, drawn from this file" loading="lazy">'
                             f'</div><figcaption><a href="../figures/{each}">{html.escape(name)}</a></figcaption></figure>')
        return '<h2 id="figures">Figures</h2>' + "".join(found) if found else ""

    def curves(self, file):
        """Training and validation over epochs, mean over seeds: a panel for each point."""
        if "metrics/epoch" not in file:
            return ""
        metrics, panels = file["metrics"], []
        series = [text(each) for each in metrics["series"][()]]
        names = [name for name in ("val_" + text(file.attrs.get("metric", "")), "train_loss") if name in metrics and metrics[name].ndim == 4]
        along = metrics["along"][()]
        for name in names:
            held = np.ma.masked_invalid(metrics[name][()])
            values = held.mean(axis=2).filled(np.nan)
            share = name.startswith("val_") and text(file.attrs.get("metric_share", "0")) == "1"
            for j, point in enumerate(along):
                title = f"{name.replace('_', ' ')}{', %' if share else ''} at {text(point)}"
                panels.append(curves(title, metrics["epoch"][()], [(s, values[i, j]) for i, s in enumerate(series)], "epoch", 100 if share else 1))
        panels = [each for each in panels if each]
        if not panels:
            return ""
        return (f'<h2 id="curves">Curves</h2><p>Means over seeds; a panel is one {html.escape(text(file.attrs.get("along_label", "point")))}.</p>'
                f'{legend(series)}<div class="panels">{"".join(panels)}</div>')

    def runs(self, file):
        results = file["results"]
        if "run" not in results:
            return ""
        names, score = results["run"][()], results["score"][()]
        series, along, seeds = ([text(each) for each in results[key][()]] for key in ("series", "along", "seed"))
        rows = []
        for i, j, k in np.ndindex(names.shape):
            if text(names[i, j, k]):
                rows.append([html.escape(series[i]), along[j], seeds[k], f"<code>{text(names[i, j, k])}</code>", f"{score[i, j, k]:.5g}"])
        label = html.escape(text(file.attrs.get("along_label", "point")))
        made = table([text(results["series"].attrs.get("long_name", "series")), label, "seed", "identity", "score"], rows)
        if len(rows) > SHOWN:
            made = f"<details><summary>All {len(rows)} runs</summary>{made}</details>"
        return f'<h2 id="runs">Runs</h2><p>The identity of a run is a digest of its configuration: `normlab show` prints it.</p>{made}'.replace("`normlab show`", "<code>normlab show</code>")

    # ---- what made it ------------------------------------------------------------------------------------------------

    @staticmethod
    def settings(file):
        recipe = text(file.attrs.get("recipe", ""))
        if not recipe:
            return ""
        rows = [[html.escape(key), html.escape(value.replace(",", ", "))] for key, _, value in (line.partition("=") for line in recipe.strip().split("\n"))]
        changed = text(file.attrs.get("changes", ""))
        more = f'<p class="remark">Other than the recipe of the experiment: <code>{html.escape(changed)}</code></p>' if changed else ""
        return f'<h2 id="configuration">Configuration</h2>{table(["setting", "value"], rows)}{more}'

    @staticmethod
    def provenance(file):
        if "provenance" not in file:
            return ""
        rows = [[html.escape(key), html.escape(text(value))] for key, value in file["provenance"].attrs.items() if key != "description"]
        return f'<h2 id="provenance">Provenance</h2>{table(["what", "which"], rows)}'

    def quoted(self, path):
        """The numbers that pages quote, each with a place to be linked to."""
        rows, ids = [], []
        for name, said, page in dict.fromkeys(self.links.quotes.get(path, [])):
            there = relative(page.out, path[:-3] + ".html")
            rows.append([f"<code>{html.escape(name)}</code>", html.escape(said), f'<a href="{there}">{html.escape(page.title)}</a>'])
            ids.append([self.own(name), ""])
        return f'<h2 id="quoted">Quoted in the book</h2>{table(["number", "as", "in"], rows, ids)}' if rows else ""

    def holds(self, file):
        """Every array of the file."""
        rows, ids = [], []

        def look(name, item):
            if isinstance(item, h5py.Group):
                rows.append([f"<b>{html.escape(name)}</b>", "", html.escape(text(item.attrs.get("description", "")))])
                ids.append([self.own("/" + name), ""])
                return
            shape = "×".join(str(each) for each in item.shape) or "scalar"
            says = html.escape(text(item.attrs.get("long_name", "")))
            if item.size <= FEW and item.ndim <= 1:
                values = np.atleast_1d(item[()])
                says += f' <span class="values">{html.escape(", ".join(text(each) for each in values))}</span>'
            rows.append([html.escape(name), shape, says])
            ids.append([self.own("/" + name), ""])

        file.visititems(look)
        made = table(["array", "shape", "meaning"], rows, ids)
        return f'<h2 id="arrays">All arrays</h2><details><summary>{len(rows)} groups and arrays</summary>{made}</details>'


