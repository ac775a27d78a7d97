#!/usr/bin/python3 -B
"""Other people's programs on our files: silx finds the plot of each, and Octave loads what it can. Outside the default set:
ctest -L readers."""

import json
import os
import shutil
import subprocess

import h5py

from program import case, check, main, same
from viewers import default_plot, written


@case("oracle")
def silx(place):
    from silx.io import nxdata

    for what, path in written(place).items():
        with h5py.File(path, "r") as file:
            plot = nxdata.get_default(file)
            check(plot is not None and plot.is_valid, f"{what}: silx finds no plot: {plot and plot.issues}")
            group = default_plot(file)
            same(f"signal of {what}", plot.signal_dataset_name, group.attrs["signal"])
            same(f"axes of {what}", [name or "." for name in plot.axes_dataset_names], list(group.attrs["axes"]))


NAMES = """
s = load('-hdf5', argv(){1});
function names(s, before)
  for name = fieldnames(s)'
    printf('%s%s\\n', before, name{1});
    if isstruct(s.(name{1})) names(s.(name{1}), [before name{1} '/']); end
  end
end
names(s, '/');
"""


@case("oracle")
def octave(place):
    """`load` ends at the first array of texts of variable length, in the order of names: what stands before it is there. By
    way of JSON all of it is."""
    check(shutil.which("octave-cli"), "octave-cli is not installed: apt-get install octave")
    program = place.path("names.m")
    with open(program, "w", encoding="utf-8") as file:
        file.write(NAMES)
    for what, path in written(place).items():
        done = subprocess.run(["octave-cli", "--norc", program, path], capture_output=True, text=True, timeout=300)
        loaded = {line.split("/")[1] for line in done.stdout.splitlines() if line.startswith("/")}
        with h5py.File(path, "r") as file:
            texts = []
            file.visititems(lambda name, item: texts.append(name) if isinstance(item, h5py.Dataset) and item.dtype.kind == "O" else None)
            first = min((name.split("/")[0] for name in texts), default="~")
            whole = {name.replace(".", "_").replace("-", "_") for name in sorted(file) if name < first}
        check(whole <= loaded, f"{what}: Octave loses {sorted(whole - loaded)}, {done.stderr[-500:]}")
        print(f"{what}: Octave's load has {len(loaded)} of {len(h5py.File(path, 'r'))} names; texts stand in {sorted({n.split('/')[0] for n in texts})}")
        shown = place.path("shown.json")
        with open(shown, "w", encoding="utf-8") as file:
            file.write(place.good("show", path, "--json"))
        words = f"s = jsondecode(fileread('{shown}')); printf('%d\\n', numel(fieldnames(s)));"
        done = subprocess.run(["octave-cli", "--norc", "--eval", words], capture_output=True, text=True, timeout=300)
        with open(shown, encoding="utf-8") as file:
            same(f"{what}: groups by way of JSON", done.stdout.strip(), str(len(json.load(file))))


if __name__ == "__main__":
    main()
