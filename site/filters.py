"""What a page's tree becomes before it is HTML: numbered equations, links to generated pages, figures with their
sources, excerpts with their place, tables and mathematics in boxes of their own that scroll."""

import os
import re
from urllib.parse import quote, unquote

from book import TAG, words

CITED = re.compile(r"\(?\b([A-Z]+-\d+)\b")
CLAIM = re.compile(r"\b(L\d\d(?:-[a-z]+)?)\b")
SOURCES = (".c", ".h", ".inc", ".def", ".py", ".sh", ".gp", ".txt", ".cmake", ".norm", ".bib", ".json", ".in")


def raw(text):
    return {"t": "RawBlock", "c": ["html", text]}


def inline(text):
    return {"t": "RawInline", "c": ["html", text]}


def escape(text):
    return text.replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;").replace('"', "&quot;")


def fragment(name):
    """An id as the part of a link behind #."""
    return quote(name, safe="/(),=@:.+-_~!*;'")


def relative(target, start):
    """A link from the page `start` to the file `target`, both from the site's root."""
    path, _, name = target.partition("#")
    path = quote(os.path.relpath(path, os.path.dirname(start) or "."), safe="/") if path != start else ""
    return path + ("#" + name if name else "")


class Links:
    """Where links lead, and what has been asked for on the way: pages of sources and studies exist because they are."""

    def __init__(self, book, claims):
        self.book, self.claims = book, claims
        self.sources, self.folders, self.files = {}, set(), set()
        self.quotes = {}   # of each HDF5 file [(fragment, text, page, format)]
        self.studies = set()
        self.broken = []

    def resolve(self, page, url, text=""):
        """A link of a page as a place in the site, and its kind."""
        if re.match(r"[a-z]+:", url):
            return url, "away"
        path, _, name = url.partition("#")
        name = unquote(name)
        if not path:
            return f"{page.out}#{fragment(name)}", "here"
        path = os.path.normpath(os.path.join(os.path.dirname(page.path), unquote(path)))
        return self.place(page, path, name, text)

    def place(self, page, path, name, text=""):
        whole = os.path.join(self.book.home, path)
        tail = "#" + fragment(name) if name else ""
        if path in self.book.by_path:
            return self.book.by_path[path].out + tail, "chapter"
        if path.endswith(".md") and os.path.exists(whole):
            return self.source(path, name), "source"
        if path.endswith(".h5") and path.startswith("data/") and os.path.exists(whole):
            self.studies.add(path)
            if name:
                self.quotes.setdefault(path, []).append((name, text, page))
            return path[:-3] + ".html" + tail, "number" if name else "study"
        claim = re.split("[/.]", name)[0]
        if path == "experiments/claims.txt" and claim in self.claims:
            return "ledger.html#" + claim, "claim" if name == claim else "number"
        if os.path.isdir(whole):
            self.folders.add(path)
            return "files.html" if path == "." else f"{path}/index.html", "folder"
        if path.endswith((".svg", ".png")) and os.path.exists(whole):
            self.files.add(path)
            return path, "figure"
        if os.path.isfile(whole):
            kind = "number" if name and path.startswith("notes/") and path.endswith(".txt") else "source"
            return self.source(path, name), kind
        self.broken.append(f"{page.path}: nothing at {path}")
        return "#", "broken"

    def source(self, path, name):
        self.sources.setdefault(path, set())
        if name:
            self.sources[path].add(name)
        return f"{path}.html" + ("#" + fragment(name) if name else "")


class Weaver:
    """The tree of one page, made ready. In print there is one file: chapters are places in it, and nothing else is linked."""

    def __init__(self, links, page, figures, printed=False):
        self.links, self.page, self.figures, self.printed = links, page, figures, printed
        self.touches = []

    # ---- blocks ------------------------------------------------------------------------------------------------------

    def blocks(self, blocks):
        made, i = [], 0
        while i < len(blocks):
            after = blocks[i + 1] if i + 1 < len(blocks) else None
            if self.is_excerpt(blocks[i], after):
                made += self.excerpt(blocks[i]["c"][0], after)
                i += 2
                continue
            made += self.block(blocks[i])
            i += 1
        return made

    def block(self, block):
        kind, content = block["t"], block.get("c")
        if kind in ("Para", "Plain"):
            return self.paragraph(block)
        if kind == "Header":
            return [self.header(*content)]
        if kind == "RawBlock":
            return [] if content[1].lstrip().startswith("<!--") else [block]
        if kind == "BlockQuote":
            return [{"t": kind, "c": self.blocks(content)}]
        if kind == "BulletList":
            return [{"t": kind, "c": [self.blocks(item) for item in content]}]
        if kind == "OrderedList":
            return [{"t": kind, "c": [content[0], [self.blocks(item) for item in content[1]]]}]
        if kind == "Table":
            return [raw('<div class="scroll table">'), {"t": kind, "c": self.cells(content)}, raw("</div>")]
        if kind == "CodeBlock":
            return [self.code(block)]
        if kind == "Div":
            return [{"t": kind, "c": [content[0], self.blocks(content[1])]}]
        return [block]

    def header(self, level, attributes, inlines):
        name = attributes[0]
        if self.printed:
            name = self.page.slug if level == 1 else f"{self.page.slug}--{name}"
            if level == 1 and self.page.number:
                inlines = [inline(f'<span class="count">{self.page.number}</span> ')] + inlines
        made = self.inlines(inlines, linked=True)
        if level > 1 and not self.printed:
            made.append(inline(f'<a class="mark" href="#{fragment(name)}" aria-label="Link to this section">#</a>'))
        return {"t": "Header", "c": [level, [name, *attributes[1:]], made]}

    def cells(self, tree):
        """The same with the inlines of a table's cells."""
        if isinstance(tree, list):
            return [self.cells(each) for each in tree]
        if isinstance(tree, dict) and tree.get("t") in ("Plain", "Para"):
            return {"t": tree["t"], "c": self.inlines(tree["c"])}
        return tree

    def code(self, block):
        attributes, text = block["c"]
        if attributes[1] == ["sh"]:
            attributes = [attributes[0], ["bash"], attributes[2]]
        return {"t": "CodeBlock", "c": [attributes, text]}

    @staticmethod
    def is_excerpt(block, after):
        return (block["t"] == "Para" and len(block["c"]) == 1 and block["c"][0]["t"] == "Link" and after
                and after["t"] == "CodeBlock" and "#" in block["c"][0]["c"][2][0])

    def excerpt(self, link, code):
        url = link["c"][2][0]
        said = escape(words(link["c"][1]))
        if not self.printed:
            target, _ = self.links.resolve(self.page, url)
            said = f'<a href="{relative(target, self.page.out)}">{said}</a>'
        return [raw(f'<figure class="excerpt"><figcaption>{said}</figcaption>'), self.code(code), raw("</figure>")]

    def paragraph(self, block):
        """A paragraph's images stand on their own, before what else it says."""
        images = [each for each in block["c"] if each["t"] == "Image"]
        rest = [each for each in block["c"] if each["t"] != "Image"]
        while rest and rest[-1]["t"] in ("Space", "SoftBreak"):
            rest.pop()
        made = [figure for each in images for figure in self.figure(each)]
        before = [{"t": block["t"], "c": self.inlines(rest)}] if rest else []
        lead = bool(images) and block["c"][0]["t"] != "Image"  # a word such as **Result.** before its figure
        return before + made if lead else made + before

    def figure(self, image):
        _, said, (url, _) = image["c"]
        target, _ = self.links.resolve(self.page, url)
        return self.figures.made(self, target, words(said))

    # ---- inlines -----------------------------------------------------------------------------------------------------

    def inlines(self, inlines, linked=False):
        made = []
        for each in inlines:
            kind, content = each["t"], each.get("c")
            if kind == "Math":
                made += self.math(content)
            elif kind == "Link":
                made += self.link(content)
            elif kind == "Str" and not linked:
                made += self.cite(content)
            elif kind in ("Emph", "Strong", "Strikeout", "Superscript", "Subscript", "Underline", "SmallCaps"):
                made.append({"t": kind, "c": self.inlines(content, linked)})
            elif kind in ("Quoted", "Span"):
                made.append({"t": kind, "c": [content[0], self.inlines(content[1], linked)]})
            elif kind == "RawInline" and content[1].startswith("<!--"):
                continue
            elif kind == "Note":
                made.append({"t": kind, "c": self.blocks(content)})
            else:
                made.append(each)
        return made

    def math(self, content):
        style, tex = content
        found = TAG.findall(tex)
        math = {"t": "Math", "c": [style, TAG.sub("", tex).strip() if found else tex]}
        if style["t"] == "InlineMath":
            return [math]
        if len(found) > 1:
            raise SystemExit(f"normlab: {self.page.path}: an equation with {len(found)} tags: {tex}")
        name = f' id="eq-{found[0]}"' if found else ""
        mark = f'<a class="tag" href="#eq-{found[0]}">({found[0]})</a>' if found else ""
        return [inline(f'<span class="equation"{name}><span class="scroll">'), math, inline(f"</span>{mark}</span>")]

    def link(self, content):
        attributes, said, (url, title) = content
        text = words(said)
        target, kind = self.links.resolve(self.page, url, text)
        inner = self.inlines(said, linked=True)
        if self.printed:
            if kind in ("chapter", "here"):
                path, _, name = target.partition("#")
                page = next(page for page in self.links.book.pages if page.out == path)
                if page.part:
                    return [{"t": "Link", "c": [attributes, inner, [f"#{page.slug}" + (f"--{name}" if name else ""), ""]]}]
            return [{"t": "Link", "c": [attributes, inner, [url, ""]]}] if kind == "away" else inner
        if kind == "away":
            return [{"t": "Link", "c": [attributes, inner, [url, ""]]}]
        if kind == "broken":
            return inner
        where = {"number": f"from {url.partition('#')[0].lstrip('./')}: {unquote(url.partition('#')[2])}"}.get(kind, "")
        return [{"t": "Link", "c": [["", [kind], []], inner, [relative(target, self.page.out), where]]}]

    def cite(self, text):
        """Labels of equations and names of claims lead to them."""
        if "$$" in text:
            self.links.broken.append(f"{self.page.path}: mathematics that does not end: {text}")
        made, at = [], 0
        found = [(m.start(1), m.end(1), self.equation(m[1])) for m in CITED.finditer(text)]
        if not self.printed:
            found += [(m.start(1), m.end(1), "ledger.html#" + m[1]) for m in CLAIM.finditer(text) if m[1] in self.links.claims]
        for start, end, target in sorted(each for each in found if each[2]):
            made.append({"t": "Str", "c": text[at:start]})
            href = target if self.printed else relative(target, self.page.out)
            made.append({"t": "Link", "c": [["", ["cite"], []], [{"t": "Str", "c": text[start:end]}], [href, ""]]})
            at = end
        return made + [{"t": "Str", "c": text[at:]}] if made else [{"t": "Str", "c": text}]

    def equation(self, label):
        page = self.links.book.labels.get(label)
        if not page or (self.printed and not page.part):
            return None
        return f"#eq-{label}" if self.printed else f"{page.out}#eq-{label}"
