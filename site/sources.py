"""Pages of the sources that the book links to: plain text with its lines' numbers, comments in grey, labels of equations
that lead to the book."""

import html
import os
import re

from filters import CITED, relative

C_COMMENT = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"', re.S)
SCRIPT_COMMENT = re.compile(r"""(?m)#(?!\{)[^\n]*|"(?:\\.|[^"\\\n])*\"""")
MARK = re.compile(r"\s*(?://|#)([<>]) (\S+)\s*$")


def comments(path, text):
    """Where they stand: a list of (start, end)."""
    if path.endswith((".c", ".h", ".inc", ".def")):
        found = C_COMMENT
    elif path.endswith((".py", ".sh", ".gp", ".cmake", ".norm", "CMakeLists.txt", "/normlab")) or path == "normlab":
        found = SCRIPT_COMMENT
    else:
        return []
    return [m.span() for m in found.finditer(text) if not m[0].startswith('"')]


def named(path, text, names):
    """The line of each name that is linked to: a mark's, or the line that begins with it."""
    places = {}
    for i, line in enumerate(text.split("\n"), 1):
        mark = MARK.match(line)
        word = line.split(None, 1)[0] if line.strip() else ""
        key = re.match(r"@\w+\{(\S+),", line) if path.endswith(".bib") else re.match(r"def (\w+)\(", line)
        for name in names:
            if name not in places and (mark and mark[1] == ">" and mark[2] == name or word == name or key and key[1] == name
                                       or re.fullmatch(rf"claim\s+{re.escape(name)}", line.strip())):
                places[name] = i
    return places


class Sources:
    """Renders them, after all pages have said which they need."""

    def __init__(self, links):
        self.links, self.home = links, links.book.home

    def page(self, path, names):
        """Its HTML, and the names that it does not have."""
        with open(os.path.join(self.home, path), encoding="utf-8", errors="replace") as file:
            text = file.read().rstrip("\n")
        places = named(path, text, names)
        at = {}
        for name, line in places.items():
            at.setdefault(line, []).append(name)
        grey, lines, start = comments(path, text), [], 0
        ends = self.ends(text, places)
        for i, line in enumerate(text.split("\n"), 1):
            shown = self.line(path, line, [(max(a - start, 0), min(b - start, len(line))) for a, b in grey
                                           if a < start + len(line) and b > start])
            opened = "".join(f'<span class="region" id="{html.escape(name)}">' for name in at.get(i, []))
            closed = "</span>" * ends.count(i)
            lines.append(f'{opened}<span class="line" id="L{i}">{shown}\n</span>{closed}')
            start += len(line) + 1
        folder = os.path.dirname(path)
        self.links.folders.add(folder or ".")
        up = relative(f"{folder}/index.html" if folder else "files.html", f"{path}.html")
        head = f'<h1 class="path"><a href="{up}">{folder or "."}</a>/{os.path.basename(path)}</h1>'
        return f'{head}\n<pre class="source scroll"><code>{"".join(lines)}</code></pre>', set(names) - set(places)

    @staticmethod
    def ends(text, places):
        """The line after which each region closes: its end's mark, or its own where there is none."""
        closing = {m[2]: i for i, line in enumerate(text.split("\n"), 1) if (m := MARK.match(line)) and m[1] == "<"}
        return [max(closing.get(name, line), line) for name, line in places.items()]

    def line(self, path, line, grey):
        shown, at = [], 0
        for start, end in grey:
            shown.append(html.escape(line[at:start], quote=False))
            shown.append(f'<span class="co">{self.cited(path, html.escape(line[start:end], quote=False))}</span>')
            at = end
        return "".join(shown) + html.escape(line[at:], quote=False)

    def cited(self, path, text):
        def link(m):
            page = self.links.book.labels.get(m[1])
            if not page:
                return m[0]
            return m[0].replace(m[1], f'<a href="{relative(f"{page.out}#eq-{m[1]}", path + ".html")}">{m[1]}</a>')

        return CITED.sub(link, text)

    def folder(self, path, tracked):
        """What is in it: those that have a page are links."""
        start = "files.html" if path == "." else f"{path}/index.html"
        inside = [name for name in tracked if path == "." or name.startswith(path + "/")]
        rest = sorted({name[len(path) + 1 if path != "." else 0:] for name in inside})
        rows, seen = [], set()
        for name in sorted(rest, key=lambda each: ("/" not in each, each)):
            first, below, _ = name.partition("/")
            if first in seen:
                continue
            seen.add(first)
            whole = first if path == "." else f"{path}/{first}"
            rows.append(f"<li>{self.entry(whole, first, bool(below), start)}</li>")
        head = f'<h1 class="path">{path if path != "." else "The checkout"}</h1>'
        return f'{head}\n<ul class="files">{"".join(rows)}</ul>'

    def entry(self, whole, first, is_folder, start):
        out = None
        if is_folder and whole in self.links.folders:
            out = f"{whole}/index.html"
        elif whole in self.links.sources:
            out = f"{whole}.html"
        elif whole in self.links.book.by_path:
            out = self.links.book.by_path[whole].out
        elif whole in self.links.studies:
            out = whole[:-3] + ".html"
        name = html.escape(first) + ("/" if is_folder else "")
        return f'<a href="{relative(out, start)}">{name}</a>' if out else name
