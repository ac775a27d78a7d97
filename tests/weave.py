#!/usr/bin/python3 -B
"""normlab weave: whatever goes stale in a page is named with its line and both values, and renewed from its source; what
nobody can renew stays as it is. Pages of a small checkout, whose sources are then changed one by one."""

import json
import os
import shutil

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
[0](../experiments/claims.txt#L05/1.estimate "%+.2f").

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
    "block_edited": ("notes/10-page.md", "<!-- end -->", "edited\n<!-- end -->", "edited", "not what `normlab list tasks classify` prints: 'edited' here, '' there", True),
    "block_without_end": ("notes/10-page.md", "<!-- end -->", "", "<!-- normlab list", "a block without its end", False),
    "block_wrong": ("notes/10-page.md", "list tasks classify", "list tasks clasify", "<!-- normlab list", "ends with code 64, 0 is expected", False),
    "unnamed_code": ("notes/10-page.md", "[add.c, the sum](../src/add.c#sum)", "Code:", "```c", "code of which no link", False),
    "not_mentioned": ("notes/10-page.md", "[add.c](../src/add.c) is", "It is", None, None, None),
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
            same("not mentioned", small.weave("--check"), (1, ["src/add.c: no page of the book mentions it"]))
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


if __name__ == "__main__":
    main()
