"""What notes say of exploratory studies, out of data/NAME.h5: a table of test errors, whether its cells pass the gate, and what
sentences of the page rest on. Paired by seed; Student's 95 % intervals."""

import glob
import os
import re

import numpy as np

from program import HOME
from speed_tables import names, table

STUDENT = {3: 4.3027, 4: 3.1824, 5: 2.7764, 6: 2.5706, 12: 2.2010, 48: 2.0117}  # 97.5 %, of so many seeds


def interval(values):
    """Mean and half of the interval, over the last axis."""
    count = values.shape[-1]
    return values.mean(-1), STUDENT[count] * values.std(-1, ddof=1) / np.sqrt(count)


class Metric:
    """What a study's runs are judged by, as its file says it."""

    def __init__(self, file):
        self.name, share, rises = (file.attrs.get(key, other) for key, other in (("metric", "error"), ("metric_share", 1),
                                                                                 ("metric_rises", 0)))
        self.name = self.name.decode() if isinstance(self.name, bytes) else str(self.name)
        self.scale, self.sign = (100 if share else 1), (-1 if rises else 1)
        self.unit = "%" if share else text(file.attrs["metric_unit"])
        self.digits = 1 if share else 3


def text(value):
    return value.decode() if isinstance(value, bytes) else str(value)


NUDGE = [0.0]  # a mean of three may lie between two tenths, and falls to either side by its last bit


def number(values, metric):
    lost = int(np.isnan(values).sum())
    mean, half = interval(metric.scale * values)
    mean, half = mean + NUDGE[0], half + NUDGE[0]
    return f"{lost} of {values.size} diverged" if lost else f"{mean:.{metric.digits}f} ± {half:.{metric.digits}f}"


def along(file):
    return [name if isinstance(name, str) else format(name, "g") for name in (
        names(file, "results/along") if file["results/along"].dtype.kind == "O" else file["results/along"][()])]


def gate(file, metric):
    """How many cells are better than all that is known of the same samples without a network, by their intervals. Where
    columns train on other samples, each has its own."""
    test, apart = file[f"results/test_{metric.name}"][()], "gate" not in file  # [series, point, seed]
    groups = [f"gate_{j}" for j in range(test.shape[1])] if apart else ["gate"] * test.shape[1]
    base = np.stack([np.broadcast_to(file[f"{group}/{metric.name}"][()], (test.shape[2], file[f"{group}/baseline"].size))
                     for group in groups])  # [point, seed, gate]
    highest = [np.add(*interval(metric.sign * (test - base[..., k]))) for k in range(base.shape[2])]
    better = int((np.maximum.reduce(highest) < 0).sum())
    means, count = metric.scale * base.mean(1).T, highest[0].size  # [gate, point]
    said = [", ".join(f"{mean:.{metric.digits}f}" for mean in (each if apart else each[:1])) for each in means]
    if metric.name == "error" and len(said) == 2:
        return (f"Softmax regression errs on {said[0]} % of the same test images, 5 nearest neighbours on {said[1]} %: {better} of "
                f"{count} cells are below both by their intervals.\n")
    each = ", ".join(f"{one} {metric.unit} of {title}" for title, one in zip(names(file, f"{groups[0]}/title"), said))
    return (f"Without a network {metric.name} on the same test samples is {each}{', column by column' if apart else ''}: {better} of "
            f"{count} cells are better than all by their intervals.\n")


def asked():
    """Of each study that a block of the book prints, its experiment and the number that it asks for; None: the test results."""
    found = {}
    for page in glob.glob(os.path.join(HOME, "notes", "*.md")):
        with open(page, encoding="utf-8") as file:
            found.update({stem: (experiment, number or None) for experiment, stem, number in re.findall(
                r"^<!-- normlab table (\S+) --from data/(\S+)\.h5(?: --metric (\S+))? --form markdown -->$", file.read(), re.M)})
    return found


def numbers(file, name):
    """A number of the runs' summaries: no gate judges it. It may be the task's metric, of other samples."""
    values, metric = file[f"results/{name}"][()], Metric(file)
    if metric.name in name:
        unit, cells = f" in {metric.unit}", [[number(one, metric) for one in row] for row in values]
    else:
        unit, cells = "", [[f"{mean:.3f} ± {half:.3f}" for mean, half in zip(*interval(row))] for row in values]
    return table([f"{name.replace('_', ' ')}{unit}, {values.shape[2]} seeds", *along(file)],
                 [[f"`{series}`", *row] for series, row in zip(names(file, "results/series"), cells)])


def shown(file):
    """The number of the runs' summaries that the study's block is about, or all blocks of its experiment; None: the test results."""
    blocks, experiment = asked(), text(file.attrs["experiment"])
    own = blocks.get(os.path.splitext(os.path.basename(file.filename))[0])
    others = {number for of, number in blocks.values() if of == experiment}
    number = own[1] if own else others.pop() if len(others) == 1 else None
    return number if f"results/{number}" in file else None


def errors(file):
    """Test results after the last epoch; of one point beside those of training and validation."""
    if shown(file):
        return numbers(file, shown(file))
    metric = Metric(file)
    series, results, test = names(file, "results/series"), file["results"], f"test_{metric.name}"
    if len(results["along"]) == 1:
        kinds = {"training": f"train_{metric.name}_evaluated", "validation": "score", "test": test}
        head, cells = [*kinds], [[number(results[name][i, 0], metric) for name in kinds.values()] for i in range(len(series))]
    else:
        head, cells = along(file), [[number(one, metric) for one in row] for row in results[test][()]]
    return table([f"{metric.name} in {metric.unit}, {results[test].shape[2]} seeds", *head],
                 [[f"`{name}`".replace("|", "\\|"), *row] for name, row in zip(series, cells)]) + (
                     "\n" + gate(file, metric) if f"gate/{metric.name}" in file or f"gate_0/{metric.name}" in file else "")


# ---- what sentences rest on -------------------------------------------------------------------------------------------


class Study:
    """Cells of a study, by row and column: test errors over the seeds, in points of percent."""

    def __init__(self, file):
        self.gate = 100 * file["gate/error"][()].mean(0).min()  # the better of the two
        self.row, self.column = names(file, "results/series"), along(file)
        self.of = {name: 100 * file[f"results/{name}"][()] for name in ("test_error", "score", "train_error_evaluated")}

    def cell(self, row, column=None, kind="test_error"):
        return self.of[kind][self.row.index(row), self.column.index(column) if column else 0]

    def apart(self, a, b, kind="test_error"):
        """By how much a (row and column, or row) errs more than b, and half of the interval."""
        pick = [self.cell(*(one if isinstance(one, tuple) else (one,)), kind=kind) for one in (a, b)]
        return interval(pick[0] - pick[1])

    def beyond(self, a, b, kind="test_error"):
        mean, half = self.apart(a, b, kind)
        return mean > half

    def within(self, a, b, kind="test_error"):
        mean, half = self.apart(a, b, kind)
        return abs(mean) < half


def of_normalizers(s):
    yield "the order on test images is batch, instance, none, group, layer", (
        list(np.argsort(s.of["test_error"][:, 0].mean(-1))) == [s.row.index(n) for n in ("batch", "instance", "none", "group(4)", "layer")])
    yield "Group normalization is behind batch normalization by 2.1 points", s.beyond("group(4)", "batch") and (
        f"{s.apart('group(4)', 'batch')[0]:.1f}" == "2.1")
    yield "layer normalization by 3.2", s.beyond("layer", "batch") and f"{s.apart('layer', 'batch')[0]:.1f}" == "3.2"
    yield "instance normalization is not behind by more than its interval", s.within("instance", "batch")
    yield "The order of training errors is that of test errors", (
        list(np.argsort(s.of["train_error_evaluated"][:, 0].mean(-1))) == list(np.argsort(s.of["test_error"][:, 0].mean(-1))))


def of_input_size(s):
    sizes = [size for size in s.column if size != "28x28"]
    average, pooled, group = "batch, mode=average", "batch, mode=pooled", "group(4), mode=average"
    back = {size: s.beyond((average, size), (pooled, size)) for size in sizes}
    yield "pooled moments do as well as the averages", abs(s.apart((pooled, "28x28"), (average, "28x28"))[0]) < 0.25
    yield "the error of every arm more than doubles", all(
        (s.cell(row, size).mean() > 2 * s.cell(row, "28x28").mean()) for row in s.row for size in ("24x24", "32x32"))
    yield "no size but 28 x 28 shows a difference beyond its interval", (
        all(s.within((group, size), (average, size)) for size in sizes) and s.beyond((group, "28x28"), (average, "28x28")))
    yield "at 32 x 32 and 40 x 40 beyond the interval; where they are smaller, not beyond it", (
        back["32x32"] and back["40x40"] and not any(back[size] for size in ("16x16", "20x20", "24x24")))
    yield "At every other size nothing passes the gate", all(s.cell(row, size).mean() > s.gate for row in s.row for size in sizes)


def of_group_division(s):
    means = {kind: s.of[kind].mean(-1) for kind in ("test_error", "train_error_evaluated")}
    yield "The fewer channels share statistics, the lower the mean error, in both rows and in training error too", all(
        (np.diff(mean[0]) > 0).all() and (np.diff(mean[1]) < 0).all() for mean in means.values())
    yield "layer normalization is the worst here, behind it by 3.1 points", (
        means["test_error"].max() == s.cell("fixed=groups", "1").mean() and means["test_error"].min() == s.cell("fixed=channels", "1").mean()
        and f"{s.apart(('fixed=groups', '1'), ('fixed=channels', '1'))[0]:.1f}" == "3.1")
    yield "At two the two ways of division differ beyond their interval, at eight and four they do not", (
        s.beyond(("fixed=groups", "2"), ("fixed=channels", "2"))
        and all(s.within(("fixed=groups", n), ("fixed=channels", n)) for n in ("8", "4")))
    yield "training errors have it more steeply than test errors", all(
        np.ptp(means["train_error_evaluated"][i]) > np.ptp(means["test_error"][i]) for i in (0, 1))


def of_tuning(s):
    rates = [rate for rate in s.column if rate != "0.1"]
    yield "is for each arm the best of the four or within its interval of it", all(
        not s.beyond((row, "0.1"), (row, rate)) for row in s.row for rate in rates)
    yield "it errs as little at four times the rate as at the rate itself, and at eight times not beyond its interval more", (
        s.within(("batch", "0.4"), ("batch", "0.1")) and s.within(("batch", "0.8"), ("batch", "0.1")))
    yield "Group normalization loses about two points at four times the rate, not beyond its interval, and six at eight times", (
        s.within(("group(4)", "0.4"), ("group(4)", "0.1")) and s.beyond(("group(4)", "0.8"), ("group(4)", "0.1"))
        and [round(s.apart(("group(4)", rate), ("group(4)", "0.1"))[0]) for rate in ("0.4", "0.8")] == [2, 6])
    yield "Layer normalization ends at chance under two of three seeds at eight times the rate", (s.cell("layer", "0.8") > 89).sum() == 2
    yield "without a normalizer nothing is learned at four times", all(np.isnan(e) or e > 89 for e in s.cell("none", "0.4"))


def of_adaptive_groups(s):
    def by(a, b, kind="test_error"):
        return f"{s.apart((a, '32'), (b, '32'), kind)[0]:.1f}"

    chance, once, found = ("regroup(4, by=random)", "regroup(4, until=1)", "regroup(4)")
    yield "it errs 2.5 points more than `group(4)`", by(chance, "group(4)") == "2.5" and s.beyond((chance, "32"), ("group(4)", "32"))
    yield "fits the training images less by 3.1", by(chance, "group(4)", "train_error_evaluated") == "3.1"
    yield "k-means is behind neighbours by 1.4, which is not beyond its interval", (
        by(found, "group(4)") == "1.4" and s.within((found, "32"), ("group(4)", "32")))
    yield "It is better than clustering every two epochs by 2.0 points, and as good as neighbours, within its interval", (
        by(found, once) == "2.0" and s.beyond((found, "32"), (once, "32")) and s.within((once, "32"), ("group(4)", "32")))
    yield "Its error is that of `group(4)`, within its interval", s.within(("nested", "32"), ("group(4)", "32"))


def of_depth(s):
    gaps = {n: s.apart(("group(4)", n), ("batch", n)) for n in s.column}
    trained = {n: s.apart(("group(4)", n), ("batch", n), "train_error_evaluated") for n in s.column}
    yield "by between 2.1 and 2.7 points at every depth, each time beyond the interval", (
        f"{min(g[0] for g in gaps.values()):.1f}" == "2.1" and f"{max(g[0] for g in gaps.values()):.1f}" == "2.7"
        and all(mean > half for mean, half in gaps.values()))
    yield "in training error by more than that and with depth by more still", (
        all(trained[n][0] > gaps[n][0] for n in s.column) and trained["8"][0] < trained["14"][0] < trained["20"][0])
    yield "group normalization by less than a point, which is beyond its interval, batch normalization by one, which is not", (
        s.beyond(("group(4)", "8"), ("group(4)", "20")) and s.within(("batch", "8"), ("batch", "20"))
        and s.apart(("group(4)", "8"), ("group(4)", "20"))[0] < 0.8 and abs(s.apart(("batch", "8"), ("batch", "20"))[0] - 1) < 0.05)
    lost = {n: int(np.isnan(s.cell("none", n)).sum()) for n in s.column}
    yield "one of three runs diverges at depth 20, and none at 8 and 14", lost == {"8": 0, "14": 0, "20": 1}


FINDINGS = {"normalizers": of_normalizers, "input-size": of_input_size, "group-division": of_group_division, "adaptive-groups": of_adaptive_groups,
            "depth": of_depth,
            "tuning": of_tuning}
