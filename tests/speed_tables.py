"""The tables of notes/95-speed.md, out of data/speed.h5: medians, and quartiles where a bar is asked for."""

import numpy as np

LOW, MIDDLE, HIGH = range(3)


def names(file, path):
    return [name.decode() if isinstance(name, bytes) else name for name in file[path][()].ravel()]


def row(*cells):
    return "| " + " | ".join(str(cell) for cell in cells) + " |"


def table(head, rows):
    return "\n".join([row(*head), "|" + "---|" * len(head), *(row(*cells) for cells in rows)]) + "\n"


def number(value):
    return "" if np.isnan(value) else format(value, ".2f" if value < 10 else ".1f" if value < 100 else ".0f")


def spread(quartiles):
    return f"{number(quartiles[MIDDLE])} ({number(quartiles[LOW])} to {number(quartiles[HIGH])})"


def shown(shape):
    return shape.strip("[]").replace(", ", " x ")


def measured(file):
    """In one sentence how it was."""
    facts, peer = file["kernels"].attrs, file["peer"].attrs if "peer" in file else None
    text = (f"Measured on {file['provenance'].attrs['processor']}, {facts['most_threads']} threads, medians of {facts['turns']} turns, "
            f"at a load average of {facts['load_average']:.1f}")
    if peer is None:
        return text + ".\n"
    return text + f"; beside PyTorch {peer['torch']} in {peer['turns']} turns, at {peer['load_average']:.1f} when they began.\n"


def kernels(file):
    """Parts of the limit, all threads, forward / backward."""
    part = file["kernels/of_limit"][-1]  # shape, norm, pass, quartile
    return table(["N x C x H x W", *names(file, "kernels/norm")],
                 [[shown(shape), *(" / ".join(number(value) for value in one[:, MIDDLE]) for one in of)]
                  for shape, of in zip(names(file, "kernels/shape"), part)])


def peer_kernels(file):
    """Times as fast as PyTorch, forward / backward."""
    if "peer" not in file:
        return table(["N x C x H x W"], [])
    return table(["N x C x H x W", *names(file, "peer/kernels/norm")],
                 [[shown(shape), *(" / ".join(number(value) for value in one[:, MIDDLE]) for one in of)]
                  for shape, of in zip(names(file, "peer/kernels/shape"), file["peer/kernels/of_torch"][()])])


def training(file):
    """Samples a second, part of dgemm, and times PyTorch."""
    rate, part, threads = file["training/samples_per_second"][..., MIDDLE], file["training/of_dgemm"][..., MIDDLE], file["training/threads"][()]
    torch = file["peer/training/of_torch"][..., MIDDLE] if "peer" in file else np.full((2, *rate.shape[1:]), np.nan)
    rows = []
    for i, case in enumerate(names(file, "training/case")):
        for k, norm in enumerate(names(file, "training/norm")):
            rows.append([case, f"`{norm}`", *(format(one[i, k], ".0f") for one in rate), number(part[-1, i, k]),
                         *(number(one[i, k]) for one in torch)])
    heads = [f"samples/s, {count:.0f} thread{'s' if count > 1 else ''}" for count in threads]
    return table(["network", "normalizer", *heads, "of dgemm", "times PyTorch f64", "times PyTorch f32"], rows)


def worst(quartiles, where):
    """The smallest median of some, and where it is."""
    flat = quartiles.reshape(-1, 3)
    at = int(np.nanargmin(flat[:, MIDDLE]))
    return flat[at], where[at]


def bar(what, least, quartiles, where):
    found, place = worst(quartiles, where)
    return [what, format(least, "g"), spread(found), place, "yes" if found[MIDDLE] >= least else "no"]


def kernel_bars(file):
    part, bars = file["kernels/of_limit"][-1], file["kernels/bar"][()]
    past = ~np.isnan(bars[:, 0, 0])
    shapes = [shown(shape) for shape, is_past in zip(names(file, "kernels/shape"), past) if is_past]
    for k, norm in enumerate(names(file, "kernels/norm")):
        for p, (name, limit) in enumerate((("forward", "copy"), ("backward", "sum"))):
            if past.any():
                yield bar(f"`{norm}` {name}, of the {limit}", bars[past][0, k, p], part[past, k, p], shapes)


def peer_bars(file):
    """Of group alone, by what is asked for; training by arithmetic."""
    ratio, bars = file["peer/kernels/of_torch"][()], file["peer/kernels/bar"][()]
    group, shapes = names(file, "peer/kernels/norm").index("group"), [shown(s) for s in names(file, "peer/kernels/shape")]
    for least in np.unique(bars[:, group]):
        for p, name in enumerate(("forward", "backward")):
            chosen = np.flatnonzero(bars[:, group] == least)
            yield bar(f"`group` {name}, times PyTorch f64{', past the last cache' if least > 2 else ''}", least,
                      ratio[chosen, group, p], [shapes[i] for i in chosen])
    ratio, bars = file["peer/training/of_torch"][()], file["peer/training/bar"][()]
    where = [f"{case}, `{norm}`" for case in names(file, "peer/training/case") for norm in names(file, "peer/training/norm")]
    for a, kind in enumerate(names(file, "peer/training/arithmetic")):
        chosen = np.flatnonzero(~np.isnan(bars[a]))
        if chosen.size:
            norms = ratio.shape[2]
            yield bar(f"training, times PyTorch {kind}", bars[a][chosen[0]], ratio[a, chosen],
                      [where[i * norms + k] for i in chosen for k in range(norms)])


def dgemm_bars(file):
    part, bars = file["training/of_dgemm"][-1], file["training/bar"][()]
    chosen = np.flatnonzero(~np.isnan(bars))
    if chosen.size:
        cases, norms = names(file, "training/case"), names(file, "training/norm")
        yield bar("training, of dgemm", bars[chosen[0]], part[chosen], [f"{cases[i]}, `{norm}`" for i in chosen for norm in norms])


def combination_bars(file):
    part, least = file["combinations/of_batch"][()], file["combinations/bar"][()]
    batches = [f"ResNet-8 x 16, b = {batch:g}" for batch in file["combinations/batch"][()]]
    for k, norm in enumerate(names(file, "combinations/norm")):
        if norm != "batch":
            yield bar(f"`{norm}`, of `batch`", least, part[:, k], batches)


def bars(file):
    """The worst of each, by its median."""
    rows = [*kernel_bars(file), *dgemm_bars(file), *combination_bars(file), *(peer_bars(file) if "peer" in file else [])]
    return table(["what", "at least", "measured (quartiles)", "where it is worst", "met"], rows)


TABLES = {"measured": measured, "kernels": kernels, "peer": peer_kernels, "training": training, "bars": bars}
