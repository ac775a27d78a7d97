#!/usr/bin/python3 -B
"""The same kernels and trainings in PyTorch, in turns with `normlab bench`; puts /peer into its file.

    peer.py [FILE.h5] [--quick]      default: out/speed.h5, which `normlab bench --save` wrote

A turn is ours on all processors, each thread with a tensor or workers of its own, then theirs on one thread and on all, which share
the tensor. A ratio belongs to a turn: how many times as fast we do an element or a sample as the faster of their two numbers of
threads. Where there is no torch: one line, exit 69.
"""

import json
import os
import shutil
import subprocess
import sys
import time


def leave(code, text):
    print(text, file=sys.stderr)
    sys.exit(code)


try:
    import h5py
    import numpy as np
    import torch
    from torch.nn import functional as F
except ImportError as lack:
    leave(69, f"{lack}: Debian's python3-torch and python3-h5py are expected, for /usr/bin/python3")

HOME = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
WORDS = [word for word in sys.argv[1:] if word != "--quick"]
QUICK = "--quick" in sys.argv
FILE = WORDS[0] if WORDS else os.path.join(HOME, "out", "speed.h5")
TURNS = 3 if QUICK else 5
THREADS = sorted({1, os.cpu_count()})
PROGRAM = os.environ.get("NORMLAB_PROGRAM", os.path.join(HOME, "normlab"))
QUARTILES = [0.25, 0.5, 0.75]
TYPE = {"f64": torch.float64, "f32": torch.float32}


def say(text):
    print(text, file=sys.stderr)


def bench(*words):
    """What one turn of ours says."""
    return json.loads(subprocess.run([PROGRAM, "bench", *words, "--turns", "1" if QUICK else "3", "--json"], check=True,
                                     stdout=subprocess.PIPE, text=True).stdout)


def seconds(work, calls):
    """Median of some calls; one before them warms up."""
    spent = []
    for _ in range(calls + 1):
        begin = time.perf_counter()
        work()
        spent.append(time.perf_counter() - begin)
    return float(np.median(spent[1:]))


def turns(ours, theirs):
    """Quartiles over the turns of theirs / ours (arrays of seconds), [..., quartile]; medians of theirs, [threads, ...]."""
    own, their = [], []
    for _ in range(TURNS):
        own.append(ours())
        their.append([])
        for threads in THREADS:
            torch.set_num_threads(threads)
            their[-1].append(theirs())
    own, their = np.array(own)[:, None], np.array(their)
    ratio = np.quantile(their / own, QUARTILES, axis=0)  # [quartile, threads, ...]
    faster = ratio[1].argmin(axis=0)
    return np.moveaxis(np.take_along_axis(ratio, faster[None, None], 1)[:, 0], 0, -1), np.median(their, axis=0)


# ---- kernels --------------------------------------------------------------------------------------------------------


def kernel(spec, x, dy):
    """Seconds of forward and of backward alone."""
    channels = x.shape[1]
    gamma, beta = (torch.ones(channels, dtype=x.dtype, requires_grad=True) for _ in range(2))
    mean, var = torch.zeros(channels, dtype=x.dtype), torch.ones(channels, dtype=x.dtype)
    groups = 1 if spec == "layer" else int(spec[6:-1]) if spec.startswith("group") else None

    def norm():
        if groups:
            return F.group_norm(x, groups, gamma, beta)
        if spec == "instance":
            return F.instance_norm(x, weight=gamma, bias=beta)
        return F.batch_norm(x, mean, var, gamma, beta, training=True)

    def back():
        x.grad = gamma.grad = beta.grad = None
        y.backward(dy, retain_graph=True)

    forward = seconds(norm, 3)
    y = norm()
    return [forward, seconds(back, 3)]


def kernels(shape, specs):
    """Of one tensor, [norm, pass]."""
    x = torch.rand(shape, dtype=torch.float64).add_(1).requires_grad_()
    dy = torch.rand(shape, dtype=torch.float64)

    def ours():
        told = bench("kernels", "--shape", ",".join(map(str, shape)), "--norm", ",".join(specs))
        return [[entry["forward_seconds"] / told["threads"], entry["backward_seconds"] / told["threads"]]
                for entry in told["kernels"]]

    return turns(ours, lambda: [kernel(spec, x, dy) for spec in specs])


# ---- training -------------------------------------------------------------------------------------------------------


def normalizer(word, channels):
    return torch.nn.BatchNorm2d(channels) if word == "batch" else torch.nn.GroupNorm(int(word[6:-1]), channels)


class Block(torch.nn.Module):
    def __init__(self, word, before, channels, stride):
        super().__init__()
        conv = lambda i, o, k, s: torch.nn.Conv2d(i, o, k, s, k // 2, bias=False)
        self.main = torch.nn.Sequential(conv(before, channels, 3, stride), normalizer(word, channels), torch.nn.ReLU(),
                                        conv(channels, channels, 3, 1), normalizer(word, channels))
        self.past = torch.nn.Sequential() if stride == 1 and before == channels else torch.nn.Sequential(
            conv(before, channels, 1, stride), normalizer(word, channels))

    def forward(self, x):
        return F.relu(self.main(x) + self.past(x))


def resnet(word, depth, width, stem_stride):
    """As src/net/resnet.c: three stages of (depth - 2)/6 blocks, widths 1, 2 and 4 times the first."""
    blocks, channels = [], width
    for stage in range(3):
        for block in range((depth - 2) // 6):
            blocks.append(Block(word, channels, width << stage, 2 if stage and block == 0 else 1))
            channels = width << stage
    return torch.nn.Sequential(torch.nn.Conv2d(1, width, 3, stem_stride, 1, bias=False), normalizer(word, width),
                               torch.nn.ReLU(), *blocks, torch.nn.AdaptiveAvgPool2d(1), torch.nn.Flatten(),
                               torch.nn.Linear(channels, 10))


def options(network):
    """The arguments of resnet(depth=20, width=16)."""
    return {"stem_stride": 1, **{key: int(value) for key, value in
                                 (part.split("=") for part in network[7:-1].replace(" ", "").split(","))}}


def learner(network, batch, word, dtype):
    """A step of training."""
    model = resnet(word, **options(network)).to(dtype)
    recipe = torch.optim.SGD(model.parameters(), lr=0.1, momentum=0.9, weight_decay=1e-4)
    x, label = torch.rand(batch, 1, 28, 28, dtype=dtype), torch.arange(batch) % 10

    def step():
        recipe.zero_grad()
        F.cross_entropy(model(x), label).backward()
        recipe.step()

    return step


def training(network, batch, words):
    """Of one sample, [arithmetic, norm]; f32 at batch 32 alone."""
    steps = [[learner(network, batch, word, dtype) if batch == 32 or kind == "f64" else None for word in words]
             for kind, dtype in TYPE.items()]
    calls = 3 if batch > 8 else 15

    def ours():
        told = bench("training", "--network", network, "--norm", ",".join(words), "--batch", str(batch))
        return [[1 / entry["samples_per_second"] for entry in told["training"]]]

    return turns(ours, lambda: [[seconds(step, calls) / batch if step else np.nan for step in row] for row in steps])


# ---- the file -------------------------------------------------------------------------------------------------------


def texts(file, path):
    return [text.decode() if isinstance(text, bytes) else text for text in file[path][()].ravel()]


def put(group, name, values, axes, says):
    """A field over scales of the group, as src/store writes them."""
    data = group.create_dataset(name, data=values)
    data.attrs["long_name"] = says
    for i, axis in enumerate(axes):
        data.dims[i].attach_scale(group[axis])


def scale(group, name, values, says):
    values = np.array(values, dtype=h5py.string_dtype() if isinstance(values[0], str) else float)
    data = group.create_dataset(name, data=values)
    data.attrs["long_name"] = says
    data.make_scale(name)


def put_kernels(file):
    shapes, words = texts(file, "kernels/shape"), [w for w in texts(file, "kernels/norm") if w != "position"]
    specs = np.array(texts(file, "kernels/spec")).reshape(len(shapes), -1)[:, :len(words)]
    found = []
    for shape, spec in zip(shapes, specs):
        found.append(kernels(json.loads(shape), list(spec)))
        say(f"{shape}: times as fast, forward and backward, of {', '.join(spec)}: {found[-1][0][..., 1].round(2).tolist()}")
    bar = np.full((len(shapes), len(words)), np.nan)
    bar[:, words.index("group")] = np.where(np.isnan(file["kernels/bar"][:, 0, 0]), 1.5, 4.0)
    group = file.create_group("peer/kernels", track_order=True)
    scale(group, "shape", shapes, "N, C, H, W")
    scale(group, "norm", words, "normalizer")
    scale(group, "pass", ["forward", "backward"], "of which the backward alone")
    scale(group, "threads", THREADS, "of PyTorch")
    scale(group, "quartile", QUARTILES, "of the turns")
    put(group, "of_torch", np.array([ratio for ratio, _ in found]), ["shape", "norm", "pass", "quartile"],
        "times as fast as PyTorch, f64, on the faster number of its threads")
    put(group, "torch_seconds", np.array([spent for _, spent in found]), ["shape", "threads", "norm", "pass"], "of one tensor, s")
    put(group, "bar", bar, ["shape", "norm"], "the least that is asked for, both passes; NaN: none")


def put_training(file):
    cases, words = texts(file, "training/case"), texts(file, "training/norm")
    networks, batches = texts(file, "training/network"), file["training/batch"][()].astype(int).tolist()
    found = []
    for case, network, batch in zip(cases, networks, batches):
        found.append(training(network, batch, words))
        say(f"{case}: times as fast, {' and '.join(TYPE)}, of {', '.join(words)}: {found[-1][0][..., 1].round(2).tolist()}")
    bar = np.full((len(TYPE), len(cases)), np.nan)
    for i, (network, batch) in enumerate(zip(networks, batches)):
        if "depth=20" in network:
            bar[:, i] = 6.0, 1.2 if batch == 32 else np.nan
    group = file.create_group("peer/training", track_order=True)
    scale(group, "arithmetic", list(TYPE), "of PyTorch; ours is f64")
    scale(group, "case", cases, "a network and its batch")
    scale(group, "norm", words, "normalizer")
    scale(group, "threads", THREADS, "of PyTorch")
    scale(group, "quartile", QUARTILES, "of the turns")
    put(group, "of_torch", np.stack([ratio for ratio, _ in found], 1), ["arithmetic", "case", "norm", "quartile"],
        "times as fast as PyTorch on the faster number of its threads")
    put(group, "torch_samples_per_second", np.stack([1 / spent for _, spent in found]),
        ["case", "threads", "arithmetic", "norm"], "trained")
    put(group, "bar", bar, ["arithmetic", "case"], "the least that is asked for; NaN: none")


def main():
    if not os.path.exists(FILE):
        leave(66, f"{FILE}: no such file; `normlab bench --save` writes one")
    new = FILE + ".new"
    shutil.copyfile(FILE, new)
    with h5py.File(new, "r+") as file:
        if "peer" in file:
            del file["peer"]
        peer = file.create_group("peer", track_order=True)
        facts = {"description": "PyTorch in turns with normlab (experiments/speed/peer.py)", "torch": str(torch.__version__),
                 "turns": TURNS, "load_average": os.getloadavg()[0]}
        for name, value in facts.items():
            peer.attrs[name] = value
        put_kernels(file)
        put_training(file)
    os.replace(new, FILE)


if __name__ == "__main__":
    main()
