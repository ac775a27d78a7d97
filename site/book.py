"""The book: which pages there are, in which order, and their text as pandoc's tree."""

import glob
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor

PARTS = ((10, "I", "From five numbers to a gradient"), (20, "II", "The catalogue"),
         (40, "III", "Experiments"), (90, "IV", "The workshop"))
READ = "gfm+tex_math_dollars+footnotes+smart-emoji-yaml_metadata_block"
REFERENCE = os.path.join("notes", "reference")
LONG = 18  # letters of a formula in a line that a small window may be too narrow for
TAG = re.compile(r"\\tag\{([A-Z]+-\d+)\}")


class Page:
    """One Markdown file: `path` from the checkout's root, `out` from the site's."""

    def __init__(self, path):
        self.path = path
        self.out = "index.html" if path == "README.md" else path[:-len(".md")] + ".html"
        self.file = int(m[1]) if (m := re.match(r"notes/(\d\d)-", path)) else None
        self.slug = os.path.basename(path)[:-len(".md")].lower()
        self.number = self.part = None
        self.blocks, self.title, self.promise = [], "", ""

    @property
    def promised(self):
        """What its reader will be able to do, as a list has it."""
        begin = "You will be able to "
        rest = self.promise[len(begin):] if self.promise.startswith(begin) else ""
        return rest[:1].upper() + rest[1:]

    @property
    def name(self):
        """What it is called in lists."""
        return f"{self.number}. {self.title}" if self.number else self.title


class Book:
    """All pages, and what they say of each other: labels of equations, headings."""

    def __init__(self, home, only=None):
        self.home = home
        notes = sorted(os.path.relpath(name, home) for folder in ("notes", REFERENCE) for name in glob.glob(os.path.join(home, folder, "*.md")))
        paths = ["README.md", *notes, "CONTRIBUTING.md", "CHANGELOG.md", "data/input/README.md"]
        self.pages = [Page(path) for path in paths if os.path.exists(os.path.join(home, path))
                      and (only is None or path == "README.md" or path in only)]
        self.number()
        with ThreadPoolExecutor(2) as pool:
            for page, blocks in zip(self.pages, pool.map(self.read, self.pages)):
                page.blocks = blocks
        self.labels = {}
        for page in self.pages:
            self.look(page)
        self.by_path = {page.path: page for page in self.pages}

    def number(self):
        """Chapters count on through the parts, whatever numbers their files have."""
        count = 0
        for page in self.pages:
            if page.file is None or page.file < PARTS[0][0]:
                continue
            page.part = [part for part in PARTS if part[0] <= page.file][-1]
            if page.file != 99:  # the glossary closes the book without a number
                count += 1
                page.number = count

    def read(self, page):
        with open(os.path.join(self.home, page.path), encoding="utf-8") as file:
            text = file.read()
        return json.loads(pandoc(["-f", READ, "-t", "json"], text, page.path))["blocks"]

    def look(self, page):
        for block in page.blocks:
            if block["t"] == "Header" and block["c"][0] == 1 and not page.title:
                page.title = words(block["c"][2])
            elif block["t"] == "Para" and not page.promise:
                page.promise = words(block["c"])
        for math in find(page.blocks, "Math"):
            for label in TAG.findall(math["c"][1]):
                self.labels[label] = page

    @property
    def chapters(self):
        return [page for page in self.pages if page.part]

    @property
    def order(self):
        """In which they are turned over."""
        front = [page for page in self.pages if page.path == "README.md" or (page.file is not None and not page.part)]
        last = [page for page in self.pages if page.path in ("CONTRIBUTING.md", "CHANGELOG.md")]
        return front + self.chapters + self.reference + last

    @property
    def reference(self):
        return [page for page in self.pages if os.path.dirname(page.path) == REFERENCE]


def pandoc(options, text, name):
    """Its output; whatever it complains of is an error, with the page's name."""
    done = subprocess.run(["pandoc", *options], input=text, capture_output=True, text=True, encoding="utf-8", check=False)
    if done.returncode or done.stderr.strip():
        raise SystemExit(f"normlab: {name}: pandoc: {done.stderr.strip()}")
    return done.stdout


def html(blocks, name):
    """A tree's HTML, with its mathematics as browsers' MathML has it."""
    tree = {"pandoc-api-version": [1, 22, 2, 1], "meta": {}, "blocks": blocks}
    text = pandoc(["-f", "json", "-t", "html5", "--mathml", "--wrap=preserve"], json.dumps(tree), name)
    text = re.sub(r"<colgroup>.*?</colgroup>\s*", "", text, flags=re.S)  # pandoc's widths are those of Markdown's lines
    text = re.sub(r"(\d|</a>) ± (?=\d|<a)", "\\1\u00a0±\u00a0", text)  # a number and its interval stay in one line
    return mathml(text)


def mathml(text):
    """All of its mathematics as today's browsers take it."""
    return re.sub(r"<math\b.*?</math>", lambda m: formula(m[0]), text, flags=re.S)


# A minus behind what cannot be subtracted from: it stands close to its number.
SIGN = re.compile(r"((?:<mo[^>]*>(?:[(\[,=≈≤≥→⋅×±]|&[lg]t;)</mo>|<m(?:row|td|ath)[^>]*>)(?:<mspace[^>]*></mspace>)*)<mo>−</mo>")


def formula(text):
    """MathML of pandoc's as browsers have it now: upright words are one identifier, sizes have units, parentheses grow only
    where TeX's would, and TeX is not said twice."""
    def word(m):
        letters = "".join(re.findall(r"<mi>([^<]*)</mi>", m[1]))
        return f'<mi mathvariant="normal">{letters}</mi>' if len(letters) == 1 else f"<mi>{letters}</mi>"

    tex = re.search(r'<annotation encoding="application/x-tex">(.*?)</annotation>', text, re.S)
    grows = tex and re.search(r"\\(left|begin)\b", tex[1])
    text = re.sub(r"</?semantics>|<annotation.*?</annotation>", "", text, flags=re.S)
    text = re.sub(r'<mstyle mathvariant="normal">((?:<mi>[^<]*</mi>)+)</mstyle>', word, text)
    if not grows:
        text = text.replace('stretchy="true" form=', 'stretchy="false" form=')
    text = re.sub(r'minsize="([\d.]+)" maxsize="[\d.]+" stretchy="false"', r'minsize="\1em" maxsize="\1em" stretchy="true" symmetric="true"', text)
    text = text.replace('columnalign="right"', 'class="right"').replace('columnalign="left"', 'class="left"')
    text = text.replace("\u203e", "\u00af")  # a bar that the letters have
    text = SIGN.sub(r'\1<mo form="prefix">−</mo>', text)
    long = ' display="inline"' in text and len(re.sub(r"<[^>]*>|&\w+;", "", text)) > LONG
    text = text.replace(' xmlns="http://www.w3.org/1998/Math/MathML"', "").replace(' display="inline"', "")
    return f'<span class="long">{text}</span>' if long else text


def find(tree, kind):
    """All elements of a kind, in their order."""
    if isinstance(tree, list):
        for each in tree:
            yield from find(each, kind)
    elif isinstance(tree, dict):
        if tree.get("t") == kind:
            yield tree
        yield from find(tree.get("c", []), kind)


def words(inlines):
    """Their text alone."""
    said = []
    for each in inlines:
        kind, content = each["t"], each.get("c")
        if kind == "Str":
            said.append(content)
        elif kind in ("Space", "SoftBreak", "LineBreak"):
            said.append(" ")
        elif kind in ("Code", "Math"):
            said.append(content[1])
        elif kind == "Quoted":
            said.append("“" + words(content[1]) + "”" if content[0]["t"] == "DoubleQuote" else "‘" + words(content[1]) + "’")
        elif kind in ("Emph", "Strong", "Strikeout", "Superscript", "Subscript", "Underline", "SmallCaps"):
            said.append(words(content))
        elif kind in ("Link", "Image", "Span"):
            said.append(words(content[1]))
    return "".join(said)


def paragraphs(blocks):
    """The text of blocks, tables and lists too, without code."""
    said = []
    for block in blocks:
        kind, content = block["t"], block.get("c")
        if kind in ("Para", "Plain"):
            said.append(words(content))
        elif kind == "Header":
            said.append(words(content[2]))
        elif kind in ("BlockQuote",):
            said.extend(paragraphs(content))
        elif kind == "BulletList":
            for item in content:
                said.extend(paragraphs(item))
        elif kind == "OrderedList":
            for item in content[1]:
                said.extend(paragraphs(item))
        elif kind == "Table":
            said.append(" ".join(words(plain["c"]) for plain in find(content, "Plain")))
        elif kind == "Div":
            said.extend(paragraphs(content[1]))
    return said
