#!/usr/bin/python3 -B
"""normlab weave: whatever goes stale in a page is named with its line and both values, and renewed from its source; what
nobody can renew stays as it is. Pages of a small checkout, whose sources are then changed one by one."""

import json
import os
import shutil
import time

import h5py

from program import HOME, case, check, main, same

PAGE = """# A page

You will be able to see.

[add.c, the sum](../src/add.c#sum)

```c
int add(int a, int b) {
    return a + b;
}
```

There are [3.50](../data/own.h5#/part/width "%.2f") of them, or [7](../data/own.h5#/part@count "%.0f"), and
[12.3](worked.txt#mean "%.1f") on the list. Networks err on [0](../data/depth.h5#test_error/group(4)/8 "%.1f %%"), by
[0](../data/depth.h5#test_error/group(4)-minus-batch/8 "%+.1f") more, and a claim came to
[0](../experiments/claims.txt#L05/1.estimate "%+.2f"): it is [undecided](../experiments/claims.txt#L05/1.verdict), and all of L05 is
[undecided](../experiments/claims.txt#L05.verdict).

$$ y = x \\tag{P-1} $$

By (P-1), `1.5` and $2.5$ are in code and mathematics, and section 3.1 is a part. See [the end](#the-end).

<!-- normlab list tasks classify -->
{block}<!-- end -->

![a figure](../figures/one.svg)

## The end

[add.c](../src/add.c) is a source.
"""

SOURCE = "/* Adds. (P-1) */\n//> sum\nint add(int a, int b) {\n    return a + b;\n}\n//< sum\n"


class Small:
    """A checkout of one page and its sources."""

    def __init__(self, place):
        self.place = place
        for folder in ("notes", "src", "data", "figures", "experiments"):
            os.makedirs(place.path("home", folder))
        for name in ("data/depth.h5", "experiments/claims.txt"):
            shutil.copy(os.path.join(HOME, name), self.path(name))
        for name in sorted(os.listdir(os.path.join(HOME, "data"))):
            if name.startswith("batch-size-L05"):
                shutil.copy(os.path.join(HOME, "data", name), self.path("data", name))
        with h5py.File(self.path("data/own.h5"), "w") as file:
            file["part/width"] = 3.5
            file["part"].attrs["count"] = 7
            file["part/list"] = [1.0, 2.0]
        for name, text in (("CMakeLists.txt", ""), ("README.md", "# Front\n"), ("CONTRIBUTING.md", "# How\n"), ("src/add.c", SOURCE),
                           ("notes/worked.txt", "median 11\nmean 12.345\n"), ("figures/one.svg", "<svg/>")):
            self.write(name, text)
        self.write("notes/20-marks.md", "# Marks\n\nA block ends with `<!-- end -->`.\n")
        block = place.good("list", "tasks", "classify")
        self.write("notes/10-page.md", PAGE.replace("{block}", block))

    def path(self, *names):
        return self.place.path("home", *names)

    def read(self, name="notes/10-page.md"):
        with open(self.path(name), encoding="utf-8") as file:
            return file.read()

    def write(self, name, text):
        with open(self.path(name), "w", encoding="utf-8") as file:
            file.write(text)

    def change(self, old, new, name="notes/10-page.md"):
        text = self.read(name)
        check(text.count(old) >= 1, f"{name} has no {old!r}")
        self.write(name, text.replace(old, new, 1))

    def weave(self, *words):
        code, out, _ = self.place.run("weave", *words, environment={"NORMLAB_HOME": self.path()})
        return code, out.decode().splitlines()


def renewed(place):
    """A small checkout that is as it should be, and its page."""
    small = Small(place)
    same("faults at first", small.weave("--check")[0], 1)
    same("after it was renewed", small.weave(), (0, []))
    return small


def environment_of(pid):
    try:
        with open(f"/proc/{pid}/environ", "rb") as file:
            return file.read()
    except OSError:
        return b""  # another's, or over


def line_of(text, words):
    return text[:text.index(words)].count("\n") + 1


@case("example")
def whole(place):
    """Renewed once, nothing is wrong; numbers are those of the table and of the claims."""
    small = renewed(place)
    text = small.read()
    found = json.loads(place.good("claims", "L05", "--json", environment={"NORMLAB_OUT": place.path("none")}))
    check(f"[{found[0]['estimate']:+.2f}](../experiments/claims.txt" in text, "not the estimate of L05")
    with h5py.File(os.path.join(HOME, "data", "depth.h5")) as file:
        series = [name.decode() for name in file["results/series"][()]]
        at = [format(x, "g") for x in file["results/along"][()]].index("8")
        values = 100 * file["results/test_error"][()]
        group, batch = values[series.index("group(4)"), at], values[series.index("batch"), at]
    check(f"[{group.mean():.1f} %](../data/depth.h5" in text, f"not {group.mean():.1f}: {text}")
    check(f"[{(group - batch).mean():+.1f}](../data/depth.h5" in text, f"not {(group - batch).mean():+.1f}: {text}")
    same("checked", small.weave("--check"), (0, []))
    same("of one page", small.weave("--check", "notes/10-page.md"), (0, []))


# What is changed where, what is said of which line, and whether weave mends it.
STALE = {
    "code_changed": ("src/add.c", "return a + b", "return b + a", "return a + b", "'return a + b;' here, 'return b + a;' there", True),
    "number_edited": ("notes/10-page.md", "[3.50]", "[3.60]", "[3.60]", "'3.60' here, '3.50' in data/own.h5 (/part/width)", True),
    "anchor_renamed": ("src/add.c", "//> sum", "//> total", "[add.c, the sum]", "0 lines `> sum` and 1 lines `< sum`", False),
    "anchor_doubled": ("src/add.c", "//> sum", "//> sum\n//< sum\n//> sum", "[add.c, the sum]", "2 lines `> sum` and 2 lines `< sum`", False),
    "anchor_unquoted": ("src/add.c", "//> sum", "//> more\n//< more\n//> sum", None, "src/add.c:2: no page quotes the lines of `more`", False),
    "end_lost": ("src/add.c", "//< sum\n", "", "[add.c, the sum]", "1 lines `> sum` and 0 lines `< sum`", False),
    "data_set_missing": ("notes/10-page.md", "#/part/width", "#/part/height", "[3.50]", "/part/height", False),
    "array": ("notes/10-page.md", "#/part/width", "#/part/list", "[3.50]", "it is an array, one number is expected", False),
    "format_wrong": ("notes/10-page.md", '"%.2f")', '"%s")', "[3.50]", '"%s" is no format', False),
    "format_missing": ("notes/10-page.md", ' "%.2f")', ")", "[3.50]", '"" is no format', False),
    "decimal_typed": ("notes/10-page.md", "There are ", "There are 0.5 and ", "There are 0.5", "0.5 is typed", False),
    "label_missing": ("notes/10-page.md", "By (P-1)", "By (P-2)", "By (P-2)", "(P-2) is no equation of the book", False),
    "label_doubled": ("notes/10-page.md", "## The end", "$$ x \\tag{P-1} $$\n\n## The end", "$$ x ", "(P-1) is an equation of notes/10-page.md", False),
    "label_in_code": ("src/add.c", "(P-1)", "(P-7)", None, "src/add.c:1: (P-7) is no equation of the book", False),
    "file_missing": ("notes/10-page.md", "own.h5#/part/width", "gone.h5#/part/width", "[3.50]", "there is no file ../data/gone.h5", False),
    "link_dead": ("notes/10-page.md", "figures/one.svg", "figures/two.svg", "![a figure]", "there is nothing at ../figures/two.svg", False),
    "heading_gone": ("notes/10-page.md", "## The end", "## The start", "See [the end]", "no heading #the-end", False),
    "list_changed": ("notes/worked.txt", "mean 12.345", "mean 12.4567", "[12.3]", "'12.3' here, '12.5' in notes/worked.txt (mean)", True),
    "list_without": ("notes/worked.txt", "mean 12.345\n", "", "[12.3]", "notes/worked.txt has no mean", False),
    "row_missing": ("notes/10-page.md", "#test_error/group(4)/8", "#test_error/group(5)/8", "err on [", "no row is 'group(5)', did you mean 'group(4)'?", False),
    "column_missing": ("notes/10-page.md", "#test_error/group(4)/8", "#test_error/group(4)/9", "err on [", "no column is '9'", False),
    "metric_missing": ("notes/10-page.md", "#test_error/group(4)/8", "#test_eror/group(4)/8", "err on [", "test_eror", False),
    "claim_missing": ("notes/10-page.md", "#L05/1.estimate", "#L05/4.estimate", "#L05/4.estimate", "has no L05/4.estimate", False),
    "verdict_changed": ("notes/10-page.md", "[contradicted](", "[supported](", "[supported]", "'supported' here, 'contradicted' in experiments/claims.txt (L05/1.verdict)", True),
    "verdict_of_all": ("notes/10-page.md", "[contradicted](../experiments/claims.txt#L05.", "[not tested](../experiments/claims.txt#L05.", "[not tested]", "'not tested' here, 'contradicted' in experiments/claims.txt (L05.verdict)", True),
    "verdict_typed": ("notes/10-page.md", "## The end", "Of L05 all is not\ntested.\n\n## The end", "Of L05", "is typed: a link to the claim", False),
    "verdict_missing": ("notes/10-page.md", "#L05/1.verdict", "#L05/2-3.verdict", "#L05/2-3", "has no L05/2-3.verdict", False),
    "verdict_as_number": ("notes/10-page.md", "#L05/1.verdict", '#L05/1.verdict "%.1f"', '#L05/1.verdict "', "it is no finite number", False),
    "block_edited": ("notes/10-page.md", "<!-- end -->", "edited\n<!-- end -->", "edited", "not what `normlab list tasks classify` prints: 'edited' here, '' there", True),
    "block_without_end": ("notes/10-page.md", "<!-- end -->", "", "<!-- normlab list", "a block without its end", False),
    "block_wrong": ("notes/10-page.md", "list tasks classify", "list tasks clasify", "<!-- normlab list", "ends with code 64, 0 is expected", False),
    "unnamed_code": ("notes/10-page.md", "[add.c, the sum](../src/add.c#sum)", "Code:", "```c", "code of which no link", False),
    "not_mentioned": ("notes/10-page.md", "[add.c](../src/add.c) is", "It is", None, None, None),
    "decimal_in_heading": ("notes/10-page.md", "# A page", "# A page of 0.5", "# A page", "0.5 is typed", False),
    "decimal_without_zero": ("notes/10-page.md", "There are ", "There are .5 and ", "There are .5", ": .5 is typed", False),
    "decimal_small": ("notes/10-page.md", "There are ", "There are 1e-3 and ", "There are 1e-3", "1e-3 is typed", False),
    "decimal_in_italics": ("notes/10-page.md", "There are ", "There are _0.5_ and ", "There are _0.5", "0.5 is typed", False),
    "decimal_of_money": ("notes/10-page.md", "There are ", "There are $5 and 0.5 for $6, ", "There are $5", "0.5 is typed", False),
    "decimal_of_figure": ("notes/10-page.md", "![a figure](../figures/one.svg)", "![0.5](../data/own.h5#/part/width)", "![0.5]", "0.5 is typed", False),
    "fence_unclosed": ("notes/10-page.md", "}\n```\n", "}\n", "```c", "a fence that nothing ends", False),
    "fence_indented": ("notes/10-page.md", "## The end", "- so\n\n  ```c\n  int x;\n  ```\n\n## The end", "  ```c", "code of which no link", False),
    "fence_of_waves": ("notes/10-page.md", "## The end", "~~~c\nint x;\n~~~\n\n## The end", "~~~c", "code of which no link", False),
    "fence_with_words": ("notes/10-page.md", "## The end", "```c numbered\nint x;\n```\n\n## The end", "```c numbered", "code of which no link", False),
    "fence_behind_blanks": ("notes/10-page.md", "#sum)\n\n```c\nint add", "#sum) \n \n```python\nint sub", "int sub", "'int sub(int a, int b) {' here, 'int add(int a, int b) {' there", None),
    "comment_unclosed": ("notes/10-page.md", "## The end", "<!-- open\n\n## The end", "<!-- open", "a comment that nothing ends", False),
    "link_unclosed": ("notes/10-page.md", "is a source", 'is [8](../data/own.h5#/part@count "%.0f) as a source', "is [8]", "a link that nothing ends, after ](../data/own.h5", False),
    "link_by_reference": ("notes/10-page.md", "## The end", "[it]: ../src/gone.c\n\n## The end", "[it]", "links by reference are not followed", False),
    "heading_in_code": ("notes/10-page.md", "[the end](#the-end)", "[it](#build)\n\n```sh\n# build\n```\n", "See [it]", "no heading #build", False),
    "carriage_return": ("notes/10-page.md", "is a source.\n", "is a source.\r\n", "[add.c](../src", "a carriage return", False),
    "block_mark_wrong": ("notes/10-page.md", "<!-- normlab list", "<!--normlab list", "<!--normlab", "a line `<!-- normlab ARGUMENTS -->` is expected here", False),
    "block_mark_lost": ("notes/10-page.md", "<!-- normlab list tasks classify -->\n", "", "<!-- end", "without a block in front of it", False),
    "block_of_itself": ("notes/10-page.md", "normlab list tasks classify", "normlab weave --check", "<!-- normlab", "`normlab weave --check` weaves this page itself", False),
    "block_of_many_words": ("notes/10-page.md", "tasks classify", "tasks classify" + 40 * " --json", "<!-- normlab", "has too many words", False),
    "block_of_comments": ("notes/10-page.md", "list tasks classify", "weave --contents 20-29", "<!-- normlab", "`normlab weave --contents 20-29` prints a comment", False),
    "label_of_no_family": ("notes/10-page.md", "\\tag{P-1}", "\\tag{Q-1}", "By (P-1)", "(P-1) is no equation of the book", False),
    "label_behind_another": ("notes/10-page.md", "By (P-1)", "By (P-1, P-2)", "By (P-1", "(P-2) is no equation of the book", False),
    "label_wrong": ("notes/10-page.md", "\\tag{P-1}", "\\tag{P1}", "\\tag", "\\tag{P1} is no label", False),
    "label_outside": ("notes/10-page.md", "## The end", "\\tag{P-2}\n\n## The end", "\\tag{P-2}", "\\tag{P-2} stands in no equation", False),
    "figure_without_words": ("notes/10-page.md", "![a figure]", "![]", "![](", "has no words for who cannot see it", False),
}


@case("example")
def map_of_sources(place):
    """A row a source, with its first sentence: whole where it names papers, without its file's name, without what is set apart."""
    small = Small(place)
    os.makedirs(small.path("src", "b", "in"))
    for name, text in (("src/b/z.c", "/* z: moments (Wu\n * et al. 2018, Fig. 2) of Li et\n * al. 2019. And more. */\n"), ("src/b/in/y.py", '#!/x\n"""From Python: arrays of numbers,\nand more\n\nthan that."""\n'),
                       ("src/b/a.norm", "# half | of it <all>\n# source: Li 2019\nhalf:\n"), ("src/b/c.h", "/* Two ways to vary the batch:\n *     one  is this\n */\n")):
        small.write(name, text)
    code, lines = small.weave("--map")
    same("exit code", code, 0)
    same("map", [line for line in lines if line and line[0] in "#|" and not line.startswith(("|--", "| file"))], [
        "## src", "| [add.c](../../src/add.c) | Adds. (P-1) |", "## src/b", "| [a.norm](../../src/b/a.norm) | half \\| of it &lt;all> |",
        "| [c.h](../../src/b/c.h) | Two ways to vary the batch |", "| [z.c](../../src/b/z.c) | Moments (Wu et al. 2018, Fig. 2) of Li et al. 2019 |",
        "## src/b/in", "| [y.py](../../src/b/in/y.py) | From Python: arrays of numbers, and more |"])


def stale(name):
    path, old, new, where, says, mended = STALE[name]

    def test(place):
        small = renewed(place)
        page = small.read()
        small.change(old, new, path)
        code, lines = small.weave("--check")
        if name == "not_mentioned":  # an excerpt's link is a mention, too
            same("mentioned by its excerpt", (code, lines), (0, []))
            small.change("[add.c, the sum](../src/add.c#sum)\n\n```c\nint add(int a, int b) {\n    return a + b;\n}\n```\n", "")
            same("not mentioned", small.weave("--check"), (1, ["src/add.c: no page of the book mentions it", "src/add.c:2: no page quotes the lines of `sum`"]))
            return
        same("exit code", code, 1)
        at = f"notes/10-page.md:{line_of(small.read(), where)}: " if where else ""
        check(any(line.startswith(at) and says in line for line in lines), f"'{at}...{says}' is not in: {lines}")
        before = small.read()
        code, lines = small.weave()
        if mended:
            same("renewed", (code, lines), (0, []))
            if path == "notes/10-page.md":
                same("the page", small.read(), page)
        elif mended is False:
            same("exit code", code, 1)
            same("left as it was", small.read(), before)

    test.__name__, test.__doc__ = name, f"{name}: said with its line; renewed where a source says how."
    case("fault")(test)


for each in STALE:
    stale(each)


@case("fault")
def result_changed(place):
    """Another value in the file is another word in the page."""
    small = renewed(place)
    with h5py.File(small.path("data/own.h5"), "r+") as file:
        file["part/width"][()] = 3.25
    line = line_of(small.read(), "[3.50]")
    same("said", small.weave("--check"), (1, [f"notes/10-page.md:{line}: '3.50' here, '3.25' in data/own.h5 (/part/width)"]))
    same("renewed", small.weave(), (0, []))
    check("[3.25](../data/own.h5" in small.read(), "not renewed")


@case("fault")
def lost_end_keeps_words(place):
    """Between a block that lost its end and the next block there are a person's words: they stay."""
    small = renewed(place)
    block = small.read().partition("classify -->\n")[2].partition("<!-- end -->")[0]
    small.change("<!-- end -->\n", f"\nWords.\n\n<!-- normlab list tasks classify -->\n{block}<!-- end -->\n")
    page = small.read()
    line = f"notes/10-page.md:{line_of(page, '<!-- normlab')}: a block without its end, `<!-- end -->`"
    code, lines = small.weave()
    check(code == 1 and line in lines, f"{code} {lines}")
    same("the page", small.read(), page)


@case("fault")
def bytes_that_are_no_text(place):
    """A NUL byte in a page ends the program before it is written; a source that cannot be read has its line."""
    small = renewed(place)
    page = small.read()
    small.write("notes/10-page.md", page.replace("[3.50]", "[3.60]") + "\0 and the rest\n")
    code, out, err = place.run("weave", environment={"NORMLAB_HOME": small.path()})
    same("a NUL byte", (code, out, err), (65, b"", b"normlab: notes/10-page.md holds a NUL byte\n"))
    check(small.read().endswith("\0 and the rest\n"), "the page was cut")
    small.write("notes/10-page.md", page + "\n[a](../src/pipe.c) [b](../src/long.c)\n")
    os.mkfifo(small.path("src/pipe.c"))
    small.write("src/long.c", "/* x */\n" * 600000)
    code, lines = small.weave("--check")
    check(code == 1 and len(lines) == 2 and lines[0].startswith("src/long.c: ") and lines[1].startswith("src/pipe.c: "), lines)


@case("fault")
def block_without_an_end_in_time(place):
    """A command that does not end is ended with all that it started, named with its block's line, and the rest is looked at."""
    small = renewed(place)
    page = small.read().replace("[3.50]", "[3.60]").replace("list tasks classify", "check")
    small.write("notes/10-page.md", page)
    begin, group = time.monotonic(), f"pids-{os.getpid()}"
    code, out, _ = place.run("weave", "--check", environment={"NORMLAB_HOME": small.path(), "NORMLAB_WEAVE_SECONDS": "1", "NORMLAB_TEST": group})
    check(time.monotonic() - begin < 30, "not ended")
    same("said", (code, out.decode().splitlines()), (1, [
        f"notes/10-page.md:{line_of(page, '[3.60]')}: '3.60' here, '3.50' in data/own.h5 (/part/width)",
        f"notes/10-page.md:{line_of(page, '<!-- normlab')}: `normlab check` was not over after 1 s and was ended"]))
    same("left behind", [pid for pid in filter(str.isdigit, os.listdir("/proc")) if group.encode() in environment_of(pid)], [])


@case("example")
def large_data(place):
    """A published file may be larger than a text may be."""
    small = renewed(place)
    with h5py.File(small.path("data/own.h5"), "r+") as file:
        file["part/many"] = [0.5] * 1000000
    same("checked", small.weave("--check"), (0, []))


@case("example")
def long_fences(place):
    """A fence of four marks ends with four; what looks like a fence in it is code."""
    small = renewed(place)
    small.change("```c\nint add", "````c\nint sub")
    small.change("}\n```\n", "}\n```\n[x](gone.md)\n````\n")
    same("renewed", small.weave(), (0, []))
    check("````c\nint add(int a, int b) {\n    return a + b;\n}\n````\n" in small.read(), "not renewed")
    small.change("[add.c](../src/add.c) is", "[add.c](../src/add.c) of $x$ is")
    same("checked", small.weave("--check"), (0, []))


@case("fault")
def many_brackets(place):
    """Brackets that nothing closes take no minutes."""
    small = renewed(place)
    small.write("notes/10-page.md", small.read() + "\n" + "[" * 20000 + "](" * 5000 + "\n")
    code, lines = small.weave("--check", "notes/10-page.md")
    check(code == 1 and len(lines) == 5000, f"{code} {len(lines)}")


@case("fault")
def mentioned_in_comment(place):
    """A link that nobody sees is no mention."""
    small = renewed(place)
    small.write("src/more.c", "/* More. */\n")
    small.change("## The end", "<!-- [more.c](../src/more.c) -->\n\n## The end")
    same("said", small.weave("--check"), (1, ["src/more.c: no page of the book mentions it"]))


if __name__ == "__main__":
    main()
