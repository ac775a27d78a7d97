#!/usr/bin/python3 -B
"""Renders the book as pages into out/site/, or as one PDF.

    ./normlab notes [--out FOLDER] [--only FILE.md ...]
    ./normlab notes --pdf [--out FILE.pdf]

Pages are README.md, notes/*.md in the order of their numbers, CONTRIBUTING.md and CHANGELOG.md; what they link to
(sources, published results, the ledger of claims) becomes pages, too. Nothing is fetched, and nothing that is written
fetches anything. Exit code 1: a link leads nowhere.
"""

import argparse
import glob
import json
import os
import re
import shutil
import string
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import h5py
import numpy as np

import check
import fonts
from book import PARTS, Book, html, paragraphs, words
from figures import Figures
from filters import Links, Weaver, escape, relative
from ledger import Ledger
from sources import Sources
from studies import Studies

HERE = os.path.dirname(os.path.abspath(__file__))
HOME = os.path.dirname(HERE)
STYLE = ("style.css", "site.js", "touch.js", "icon.svg")


class Site:
    """Everything that is written, and what of it belongs to the reader's way through it."""

    def __init__(self, home, out, program, only=None):
        self.home, self.out = home, out
        self.book = Book(home, only)
        self.ledger = Ledger(home, program)
        self.links = Links(self.book, self.ledger.claims)
        self.figures = Figures(self.links, self.touched)
        self.sources, self.studies = Sources(self.links), Studies(self.links, program)
        self.seen = set()
        self.index = []
        with open(os.path.join(HERE, "page.html"), encoding="utf-8") as file:
            self.template = string.Template(file.read())

    # ---- what figures are made of that can be touched ----------------------------------------------------------------

    def touched(self, kind):
        """Its data; None where there are none."""
        if kind == "ledger":
            return self.ledger.data()
        if kind != "steps":
            return {}
        path = os.path.join(self.home, "data", "checking.h5")
        if not os.path.exists(path):
            return None
        with h5py.File(path, "r") as file:
            if "steps/rule_error" not in file:
                return None
            steps = file["steps"]
            numbers = {key: steps[key][()] for key in ("step", "mean", "rule_error", "oracle_error")}
            said = {key: [each.decode() for each in steps[key][()]] for key in ("rule", "oracle")}

        def rounded(value):
            if isinstance(value, list):
                return [rounded(each) for each in value]
            return float(f"{value:.3g}") if np.isfinite(value) else None

        step = numbers["step"]
        return {"step": rounded(step.tolist()), "mean": rounded(numbers["mean"].tolist()), "error": rounded(numbers["rule_error"].tolist()),
                "oracleError": rounded(numbers["oracle_error"].tolist()), "low": float(np.log10(step.min())), "high": float(np.log10(step.max())), **said}

    # ---- the frame of a page -----------------------------------------------------------------------------------------

    def write(self, out, title, body, description="", kind="", toc="", turn="", crumbs=""):
        path = os.path.join(self.out, out)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        root = "../" * out.count("/")
        scripts = f'\n<script src="{root}touch.js" defer></script>' if 'class="touch"' in body else ""
        whole = title if title == "normlab" else f"{title} · normlab"
        text = self.template.substitute(title=escape(whole), description=escape(description or whole), root=root, scripts=scripts, kind=kind,
                                        nav=self.nav(out), toc=toc, body=body, turn=turn, crumbs=crumbs)
        self.seen.update(re.sub(r"<[^>]*>", "", text))
        for math in re.findall(r"<math.*?</math>", text, re.S):  # browsers write x as an italic letter of its own
            self.seen.update(fonts.italic(letter) for letter in re.findall(r"<mi>(.)</mi>", math))
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)

    def nav(self, out):
        def entry(page):
            here = ' aria-current="page"' if page.out == out else ""
            return f'<li><a href="{relative(page.out, out) or "#main"}"{here}>{escape(page.name if page.path != "README.md" else "normlab")}</a></li>'

        order = self.book.order
        made = [f'<ul>{"".join(entry(page) for page in order if page.file is None and page.path == "README.md" or page.file is not None and not page.part)}'
                f'<li><a href="{relative("contents.html", out) or "#main"}"{self.current(out, "contents.html")}>Contents</a></li></ul>']
        for part in PARTS:
            pages = [page for page in order if page.part == part]
            if pages:
                made.append(f'<h2>{part[1]} · {part[2]}</h2><ol>{"".join(map(entry, pages))}</ol>')
        if self.book.reference:
            made.append(f'<h2>Reference</h2><ul>{"".join(map(entry, self.book.reference))}</ul>')
        more = [("ledger.html", "All claims"), ("data/index.html", "Published data"), ("files.html", "Files")]
        last = "".join(entry(page) for page in order if page.path in ("CONTRIBUTING.md", "CHANGELOG.md"))
        made.append("<h2>Beside the book</h2><ul>" + "".join(f'<li><a href="{relative(there, out) or "#main"}"{self.current(out, there)}>{name}</a></li>' for there, name in more) + last + "</ul>")
        return "\n".join(made)

    @staticmethod
    def current(out, there):
        return ' aria-current="page"' if out == there else ""

    @staticmethod
    def toc(heads):
        """A page's own contents: headings of the second and third level, where there are three at least."""
        if len(heads) < 3:
            return ""
        items, deep = [], False
        for level, name, title in heads:
            if level == 3 and not deep:
                items.append("<li><ul>")
            if level == 2 and deep:
                items.append("</ul></li>")
            deep = level == 3
            items.append(f'<li><a href="#{name}">{title}</a></li>')
        return f'<details class="toc" open><summary>On this page</summary><nav aria-label="On this page"><ul>{"".join(items)}{"</ul></li>" if deep else ""}</ul></nav></details>'

    def turn(self, page):
        order = self.book.order
        if page not in order:
            return ""
        at, made = order.index(page), []
        if at > 0:
            made.append(f'<a rel="prev" href="{relative(order[at - 1].out, page.out)}"><small>Previous</small>{escape(order[at - 1].name)}</a>')
        if at + 1 < len(order):
            made.append(f'<a rel="next" href="{relative(order[at + 1].out, page.out)}"><small>Next</small>{escape(order[at + 1].name)}</a>')
        return f'<nav class="turn" aria-label="Next and previous page">{"".join(made)}</nav>'

    # ---- pages -------------------------------------------------------------------------------------------------------

    def render(self):
        shutil.rmtree(self.out, ignore_errors=True)
        os.makedirs(self.out)
        woven = []
        for page in self.book.pages:
            weaver = Weaver(self.links, page, self.figures)
            woven.append((page, weaver.blocks(page.blocks)))
            self.note(page)
        with ThreadPoolExecutor(2) as pool:
            bodies = pool.map(lambda each: html(each[1], each[0].path), woven)
            for (page, _), body in zip(woven, bodies):
                self.chapter(page, body)
        self.write("ledger.html", "All claims", self.ledger.page(self.links), kind="wide")
        self.write("contents.html", "Contents", self.contents())
        self.all_studies()
        self.all_sources()
        self.assets()

    def chapter(self, page, body):
        heads = [(int(level), name, re.sub(r'<a class="mark".*?</a>|</?a\b[^>]*>', "", title)) for level, name, title in
                 re.findall(r'<h([23])\s+id="([^"]*)"[^>]*>(.*?)</h', body, re.S)]
        crumbs = f'<p class="crumbs">Part {page.part[1]} · {page.part[2]}{f" · Chapter {page.number}" if page.number else ""}</p>' if page.part else ""
        body = re.sub(r"<p>(You will be able to)", r'<p class="promise">\1', body, 1)
        title = "normlab" if page.path == "README.md" else page.title
        self.write(page.out, title, body, page.promise[:200], "chapter", self.toc(heads), self.turn(page), crumbs)

    def note(self, page):
        """A page's sections for the search: [page, section, where, text]."""
        title, place, held = page.title, "", []

        def close():
            text = " ".join(paragraphs(held)).replace("\n", " ")
            if text:
                self.index.append([page.title, title, page.out + place, text])

        for block in page.blocks:
            if block["t"] == "Header":
                close()
                title, place, held = words(block["c"][2]), "#" + block["c"][1][0] if block["c"][0] > 1 else "", []
            else:
                held.append(block)
        close()

    def contents(self):
        made = ['<h1>Contents</h1><p class="lead">Under each title stands what you will be able to do.</p><div class="parts">']
        front = [page for page in self.book.order if not page.part and page not in self.book.reference]
        for name, pages in [("Before", [p for p in front if p.path not in ("CONTRIBUTING.md", "CHANGELOG.md")])] + \
                [(f"{part[1]} · {part[2]}", [p for p in self.book.chapters if p.part == part]) for part in PARTS] + \
                [("Reference", self.book.reference), ("Beside the book", [p for p in front if p.path in ("CONTRIBUTING.md", "CHANGELOG.md")])]:
            if not pages:
                continue
            items = []
            for page in pages:
                promise = f"<p>{escape(page.promised)}</p>" if page.promised else ""
                items.append(f'<li><span>{page.number or ""}</span><a href="{page.out}">{escape(page.title)}</a>{promise}</li>')
            made.append(f"<section><h2>{name}</h2><ol>{''.join(items)}</ol></section>")
        return "".join(made) + "</div>"

    def all_studies(self):
        paths = sorted(os.path.relpath(each, self.home) for each in glob.glob(os.path.join(self.home, "data", "**", "*.h5"), recursive=True))
        self.links.studies.update(paths)
        rows = []
        for path in paths:
            stem, body = self.studies.page(path)
            heads = re.findall(r'<h2 id="([^"]*)">(.*?)</h2>', body)
            self.write(path[:-3] + ".html", stem, body, toc=self.toc([(2, *each) for each in heads]),
                       crumbs=f'<p class="crumbs"><a href="{relative("data/index.html", path[:-3] + ".html")}">Published data</a></p>')
            lead = re.search(r'<p class="lead">(.*?)</p>', body)[1]
            rows.append(f'<li><span></span><a href="{relative(path[:-3] + ".html", "data/index.html")}">{stem}</a><p>{lead}</p></li>')
        self.write("data/index.html", "Published data", "<h1>Published data</h1><p>Every number and every curve of the book is in one of these files, "
                   f'each by <code>normlab publish</code> from full runs.</p><div class="parts"><ol>{"".join(rows)}</ol></div>')

    def all_sources(self):
        done = {}
        while set(self.links.sources) - set(done):
            for path in sorted(set(self.links.sources) - set(done)):
                done[path] = True
                body, lost = self.sources.page(path, self.links.sources[path])
                self.links.broken += [f"{path}: no mark {name}" for name in sorted(lost)]
                self.write(f"{path}.html", os.path.basename(path), body, kind="wide")
        folders = set(self.links.folders) | {"."}
        for folder in list(folders):
            while folder not in ("", "."):
                folders.add(folder)
                folder = os.path.dirname(folder)
        self.links.folders = folders
        tracked = subprocess.run(["git", "ls-files"], cwd=self.home, capture_output=True, text=True, check=False).stdout.split("\n")
        if len(tracked) < 2:
            tracked = [os.path.relpath(os.path.join(d, f), self.home) for d, _, fs in os.walk(self.home) for f in fs if "/build/" not in d and "/out/" not in d]
        for folder in sorted(folders):
            out = "files.html" if folder == "." else f"{folder}/index.html"
            if out == "data/index.html":
                continue
            self.write(out, folder if folder != "." else "Files", self.sources.folder(folder, [each for each in tracked if each]))

    def assets(self):
        for name in STYLE:
            shutil.copyfile(os.path.join(HERE, name), os.path.join(self.out, name))
        for path in sorted(self.links.files):
            os.makedirs(os.path.dirname(os.path.join(self.out, path)), exist_ok=True)
            shutil.copyfile(os.path.join(self.home, path), os.path.join(self.out, path))
        with open(os.path.join(self.out, "search.js"), "w", encoding="utf-8") as file:
            file.write("window.normlabSearch=" + json.dumps(self.index, ensure_ascii=False, separators=(",", ":")) + ";\n")
        fonts.write(os.path.join(self.out, "fonts"), self.seen)


def main():
    parser = argparse.ArgumentParser(prog=f"{os.environ.get('NORMLAB_CALLED', './normlab')} notes", description=__doc__.split("\n\n", maxsplit=1)[0],
                                     epilog=__doc__.split("\n\n", maxsplit=2)[2], formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pdf", action="store_true", help="one PDF of the book instead of pages")
    parser.add_argument("--out", help="where to (out/site, or out/normlab.pdf)")
    parser.add_argument("--only", nargs="+", metavar="FILE.md", help="README.md and these pages alone; links to others are broken then")
    parser.add_argument("--home", default=HOME, help=argparse.SUPPRESS)
    said = parser.parse_args()
    program = os.environ.get("NORMLAB_PROGRAM") or os.path.join(HOME, "build", "release", "normlab")
    base = os.environ.get("NORMLAB_OUT") or os.path.join(said.home, "out")
    if said.pdf:
        import pdf
        return pdf.render(said.home, said.out or os.path.join(base, "normlab.pdf"), program, Site)
    out = said.out or os.path.join(base, "site")
    site = Site(said.home, out, program, said.only)
    site.render()
    wrong = site.links.broken + list(check.faults(out))
    for each in wrong:
        print(f"normlab: {each}", file=sys.stderr)
    count = sum(name.endswith(".html") for _, _, names in os.walk(out) for name in names)
    print(f"{count} pages; begin with {os.path.join(out, 'index.html')}")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
