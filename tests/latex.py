#!/usr/bin/python3 -B
"""LaTeX has every published figure and table in every form: it compiles, and no two texts of a page touch.

Of Debian's packages: texlive-latex-base, texlive-latex-recommended, poppler-utils.
"""

import collections
import html
import os
import re
import shutil
import subprocess

from drawn import NAMES, STUDIES, Drawing, collected, scores
from program import HOME, NotRun, case, check, main

PAGE = r"""\documentclass{article}
\usepackage{graphicx,xcolor,booktabs}
\usepackage[a3paper,margin=1cm]{geometry}
\pagestyle{empty}\parindent0pt
\begin{document}
%s
\end{document}
"""


def want_latex():
    for tool, name in (("pdflatex", "LaTeX"), ("pdftotext", "pdftotext")):
        if shutil.which(tool) is None:
            raise NotRun(f"no {name}")


def compiled(place, pages):
    """The words of each page with their boxes."""
    with open(place.path("all.tex"), "w", encoding="utf-8") as file:
        file.write(PAGE % "\\clearpage\n".join(pages))
    done = subprocess.run(["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "all.tex"], cwd=place.folder,
                          stdin=subprocess.DEVNULL, capture_output=True, check=False)
    log = done.stdout.decode(errors="replace")
    check(done.returncode == 0, log[log.find("\n!"):][:600])
    check("Overfull" not in log and "undefined" not in log, "\n".join(l for l in log.splitlines() if "Overfull" in l or "undef" in l))
    text = subprocess.run(["pdftotext", "-bbox", "all.pdf", "-"], cwd=place.folder, capture_output=True, check=True).stdout.decode()
    box = r'<word xMin="(.*?)" yMin="(.*?)" xMax="(.*?)" yMax="(.*?)">(.*?)</word>'
    return [[(html.unescape(word), *map(float, edges)) for *edges, word in re.findall(box, page)]
            for page in text.split("<page ")[1:]]


def touching(words):
    """Pairs on one place. A word's box is its font's, a part higher than its letters."""
    for i, (word, *a) in enumerate(words):
        for other, *b in words[:i]:
            across = min(a[2], b[2]) - max(a[0], b[0])
            high = min(a[3], b[3]) - max(a[1], b[1])
            if across > 0.5 and high > 0.35 * min(a[3] - a[1], b[3] - b[1], a[2] - a[0], b[2] - b[0]):
                yield f"{word!r} on {other!r}"


def letters(words):
    """How often which ASCII letter and digit is there."""
    return collections.Counter(re.findall(r"[A-Za-z0-9]", "".join(words)))


def study(place, name, source):
    """Every form of every figure, and the table, one a page."""
    want_latex()
    figures = {form: place.good("plot", name, form, "--from", source, "--to", f"{name}.{form}").split()
               for form in ("svg", "pdf", "png", "tex")}
    pages = [f"\\input{{{path}}}" for path in figures["tex"]]
    pages += [f"\\includegraphics{{{path}}}" for form in ("pdf", "png") for path in figures[form]]
    if name not in ("checking", "speed"):
        with open(place.path("table.tex"), "w", encoding="utf-8") as file:
            file.write(place.good("table", name, "--form", "latex", "--from", source))
        pages.append(r"\input{table.tex}")
    found = compiled(place, pages)
    wrong = [f"page {i + 1}, {pages[i]}: {pair}" for i, page in enumerate(found) for pair in touching(page)]
    for i, path in enumerate(figures["svg"]):
        missing = letters(Drawing(place.path(path)).words) - letters(word for word, *_ in found[i])
        more = letters(word for word, *_ in found[i]) - letters(Drawing(place.path(path)).words)
        if missing or more:
            wrong.append(f"{pages[i]}: lacks {dict(missing)}, has besides {dict(more)}")
    check(len(found) == len(pages), f"{len(found)} pages, {len(pages)} are expected")
    check(not wrong, "\n  ".join([f"{len(wrong)} times", *wrong]))


def of(name):
    def run(place):
        study(place, name, os.path.join(HOME, "data", name + ".h5"))

    run.__name__ = name.replace("-", "_")
    return run


for NAME in STUDIES:
    case("example")(of(NAME))


@case("fault")
def special_names(place):
    """Characters that LaTeX reads as orders, or does not know."""
    want_latex()
    names = [name for name in NAMES if name.isprintable()]
    path = collected(place.path("a.h5"), names, [2, 1], scores(len(names), 2), question=NAMES[0], protocol="a_b^c%$&#{}",
                     along_label="x_1 \\ $y$ \u4e2d")
    with open(place.path("table.tex"), "w", encoding="utf-8") as file:
        file.write(place.good("table", "batch-size", "--form", "latex", "--from", path))
    place.good("plot", "batch-size", "tex", "--from", path, "--to", "my_fig.v2.tex")
    found = compiled(place, [r"\input{my_fig.v2.tex}", r"\resizebox{\textwidth}{!}{\input{table.tex}}"])
    words = [word for word, *_ in found[1]]
    for part in ("*", "[x]", "50", "{x}", "[U+4E2D][U+6587]", "<b>&amp;"):
        check(part in words, f"the table lacks {part!r}: {words}")


if __name__ == "__main__":
    main()
