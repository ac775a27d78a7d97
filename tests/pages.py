#!/usr/bin/python3 -B
"""The book as pages: what a small book becomes, what is said where a link leads nowhere, and all of the book."""

import os
import re
import subprocess
import sys

from program import HOME, PATIENCE, PROGRAM, case, check, main, same

sys.path.insert(0, os.path.join(HOME, "site"))

FIRST = r"""# One

You will be able to say what a mean is, and to find the second page.

$$ \mu = \frac{1}{m} \sum_i x_i \tag{P-1} $$

See [the other](12-two.md#a-part), [14.2](../data/batch-size.h5#test_error/batch/2 "%.1f") and
[0.5](../data/batch-size.h5#test_error/batch/2.half "%.1f"); (P-2) is next, [a sum](worked.txt#mean "%.1f"), claim L05 is
[contradicted](../experiments/claims.txt#L05.verdict).

![Error over the batch](../figures/batch-size.svg)

[marked.c, the middle](../src/marked.c#middle)

```c
int middle;
```
"""
SECOND = r"""# Two

## A part

$$ \sqrt{v} = \Big( a \Big) \tag{P-2} $$

| a | b |
|---|---|
| 1 | (P-1) |

Back to [one](11-one.md), with $(-1,\ -2)$ and $3 - 1$.
"""


def small(place, first=FIRST, second=SECOND):
    """A checkout with two pages, and the data and figures of this one."""
    home = place.path("home")
    os.makedirs(os.path.join(home, "notes"))
    os.makedirs(os.path.join(home, "src"))
    os.makedirs(os.path.join(home, "data"))
    for name in ("data/batch-size.h5", "figures", "experiments"):
        os.symlink(os.path.join(HOME, name), os.path.join(home, name))
    for name, text in (("README.md", "# normlab\n\nBegin with [one](notes/11-one.md).\n"), ("notes/11-one.md", first), ("notes/12-two.md", second),
                       ("notes/worked.txt", "# numbers\nmean 0.5\n"), ("src/marked.c", "/* (P-1) */\n//> middle\nint middle;\n//< middle\n")):
        with open(os.path.join(home, name), "w", encoding="utf-8") as file:
            file.write(text)
    return home


def built(place, *words):
    """(exit code, stdout, stderr, where the pages are)."""
    out = place.path("pages")
    done = subprocess.run([os.path.join(HOME, "site", "build.py"), "--out", out, *words], capture_output=True, text=True, check=False,
                          timeout=PATIENCE, env=place.environment({"NORMLAB_PROGRAM": PROGRAM}))
    return done.returncode, done.stdout, done.stderr, out


def page(out, name):
    with open(os.path.join(out, name), encoding="utf-8") as file:
        return file.read()


@case("example")
def two_pages(place):
    """Equations have numbers, numbers and excerpts have sources, and these are pages."""
    code, said, wrong, out = built(place, "--home", small(place))
    same("faults", wrong, "")
    same("exit code", code, 0)
    check("pages; begin with" in said, said)
    one, two = page(out, "notes/11-one.html"), page(out, "notes/12-two.html")
    check(re.search(r'<span class="equation" id="eq-P-1">.*<math.*</math></span><a class="tag" href="#eq-P-1">\(P-1\)</a>', one), "no numbered equation")
    for part in ('href="12-two.html#eq-P-2"', 'href="12-two.html#a-part"', 'href="../data/batch-size.html#test_error/batch/2"', 'href="../data/batch-size.html#test_error/batch/2.half"',
                 'href="../src/marked.c.html#middle"', 'href="worked.txt.html#mean"', 'href="../ledger.html#L05"', 'href="../experiments/batch-size/run.c.html"', 'data-touch="noise"',
                 'class="promise"', 'rel="next" href="12-two.html"'):
        check(part in one, f"the first page has no {part}")
    same("links to the claim", one.count('href="../ledger.html#L05"'), 2)
    check('<div class="scroll table"><table>' in re.sub(r"\s*\n", "", two) and 'href="11-one.html#eq-P-1"' in two, "a table has no box, or no links")
    signs = re.findall(r"<mo[^>]*>−</mo>", two)
    check(signs == ['<mo form="prefix">−</mo>'] * 2 + ["<mo>−</mo>"], f"minus as a sign, as a sign, and between numbers: {signs}")
    check("<msqrt>" in two and 'minsize="1.8em"' in two and "annotation" not in two, "not the mathematics of browsers")
    study = page(out, "data/batch-size.html")
    cell = re.search(r'<td id="test_error/batch/2">([^<]*)</td>', study)
    check(cell and re.fullmatch(r"\d+\.\d\xa0±\xa0\d+\.\d", cell[1]), f"the quoted cell is {cell and cell[0]}")
    check('<td id="test_error/batch/2.half">' in study and "5a24809b76c9" in study and "Student" in study, "a study without its numbers or identity")
    source = page(out, "src/marked.c.html")
    check('<span class="region" id="middle"><span class="line" id="L2">' in source and 'href="../notes/11-one.html#eq-P-1"' in source, "a source without its marks")
    check("<p>Say what a mean is" in page(out, "contents.html"), "contents without the promise")
    check('"A part"' in page(out, "search.js"), "no index of sections")
    for face in ("text", "italic", "bold", "math"):
        check(1000 < os.path.getsize(os.path.join(out, "fonts", f"{face}.woff2")) < 60000, f"the letters {face}")


@case("fault")
def nowhere(place):
    """What leads nowhere is named, and the exit code says so."""
    first = FIRST.replace("12-two.md#a-part", "12-two.md#no-part").replace("marked.c#middle", "marked.c#end").replace("worked.txt#mean", "13-none.md")
    code, _, wrong, _ = built(place, "--home", small(place, first))
    same("exit code", code, 1)
    for part in ("src/marked.c: no mark end", "notes/11-one.md: nothing at notes/13-none.md", "notes/11-one.html: no place 12-two.html#no-part",
                 "notes/11-one.html: no place ../src/marked.c.html#end"):
        check(f"normlab: {part}\n" in wrong, f"not said: {part}: {wrong}")
    same("faults", wrong.count("\n"), 4)


@case("fault")
def no_mathematics(place):
    """TeX that cannot be set, or does not end, is an error with the page's name, and no page of dollars."""
    home = small(place, second=SECOND.replace(r"\sqrt{v}", r"\root{v}"))
    code, _, wrong, _ = built(place, "--home", home)
    check(code == 1 and wrong.startswith("normlab: notes/12-two.md: pandoc: "), f"{code}: {wrong}")
    with open(os.path.join(home, "notes/12-two.md"), "w", encoding="utf-8") as file:
        file.write(SECOND.replace(r"\sqrt{v}", r"\sqrt{v"))
    code, _, wrong, _ = built(place, "--home", home)
    check(code == 1 and "normlab: notes/12-two.md: mathematics that does not end: $$" in wrong, f"{code}: {wrong}")


@case("example")
def whole_book(place):
    """All pages, and no link that leads nowhere."""
    code, said, wrong, _ = built(place)
    same("faults", wrong, "")
    same("exit code", code, 0)
    check(int(said.split()[0]) > 300, said)


if __name__ == "__main__":
    main()
