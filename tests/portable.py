#!/usr/bin/python3 -B
"""The same bits on other machines: AArch64, and x86-64 without the instructions that this processor has, both under qemu;
functions before MPFR's. Outside the default set: ./normlab test -L portable.

    portable.py aarch64    some of the golden list, and runs that are verified here, by a program for AArch64;
                           with NORMLAB_GOLDEN=all the whole list, hours
    portable.py old-x86    the same by a processor of 2003, which has neither fma nor AVX
    portable.py accuracy   exp, log, tanh, erf, sine, cosine, power

Libraries for AArch64 are Debian's packages, unpacked into build/aarch64/root by an apt of their own; this machine's
packages are not touched. Builds stay in build/aarch64 and build/old-x86.
"""

import glob
import json
import os
import shlex
import shutil
import subprocess

import golden
import program
from program import CASES, HOME, check, main, same

HOURS = 36000
ARM = os.path.join(HOME, "build", "aarch64")
OLD = os.path.join(HOME, "build", "old-x86")
PACKAGES = ["libc6-dev", "libgcc-12-dev", "libhdf5-dev", "libgsl-dev", "zlib1g-dev", "libpng-dev", "libfreetype-dev",
            "libmd-dev", "libopenblas-dev", "librandom123-dev"]

# What uses each function, product and convolution: exp, log, tanh, erf, powers, gelu, sine; one command takes the emulator
# half a minute, most of it its own beginning and end.
NORMS = ["batch", "mix(instance, layer, batch, pooled=yes)", "evonorm(S0, groups=2)", "proxy(2)", "derf", "dyt",
         "response(3, k=1, alpha=0.1, exponent=0.5, divide=yes)", "regroup(2, every=1)", "renorm", "soft(2, tau=0.5)"]
NETWORKS = ["resnet(depth=8, width=8, stem_stride=2)", "mlp(depth=3, width=32, activation=sigmoid, init=orthogonal)",
            "transformer(depth=1, width=8, heads=2, place=peri, qk=norm, positions=rotary, activation=relu)",
            "detector(depth=8, width=4, stem_stride=2)"]

RUN = ["run", "batch-size", "--quick", "batch=8", "samples=16", "images=32", "seed=7",
       "network=plain(depth=5, width=4, stem_stride=2)"]


def said(*words, timeout=HOURS, **variables):
    done = subprocess.run(words, cwd=HOME, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                          text=True, errors="replace", timeout=timeout, env={**os.environ, **variables}, check=False)
    check(done.returncode == 0, f"{shlex.join(words)}: exit code {done.returncode}: {done.stdout[-3000:]}")
    return done.stdout


# ---- programs for other machines ----------------------------------------------------------------------------------


def sysroot():
    """Debian's packages for AArch64 and what they need, unpacked."""
    root, apt = os.path.join(ARM, "root"), os.path.join(ARM, "apt")
    if os.path.exists(os.path.join(ARM, "unpacked")):
        return root
    for folder in (root, os.path.join(apt, "lists", "partial"), os.path.join(apt, "archives", "partial")):
        os.makedirs(folder, exist_ok=True)
    with open(os.path.join(apt, "status"), "w", encoding="utf-8"):
        pass
    with open(os.path.join(apt, "apt.conf"), "w", encoding="utf-8") as file:
        file.write(f'APT::Architecture "arm64"; APT::Architectures {{ "arm64"; }}; APT::Install-Recommends "false";\n'
                   f'APT::Sandbox::User "root"; Dir::State "{apt}"; Dir::State::lists "{apt}/lists";\n'
                   f'Dir::State::status "{apt}/status"; Dir::Cache "{apt}"; Dir::Cache::archives "{apt}/archives";\n')
    config = os.path.join(apt, "apt.conf")
    said("apt-get", "update", APT_CONFIG=config)
    said("apt-get", "install", "-y", "--download-only", *PACKAGES, APT_CONFIG=config)
    for package in sorted(glob.glob(os.path.join(apt, "archives", "*.deb"))):
        said("dpkg", "-x", package, root)
    for folder, folders, files in os.walk(root):
        for name in folders + files:
            path = os.path.join(folder, name)
            if os.path.islink(path) and os.readlink(path).startswith("/"):  # of the tree's own root
                target = os.path.relpath(root + os.readlink(path), folder)
                os.remove(path)
                os.symlink(target, path)
    shutil.rmtree(os.path.join(apt, "archives"))
    with open(os.path.join(ARM, "unpacked"), "w", encoding="utf-8") as file:
        file.write("\n".join(PACKAGES) + "\n")
    return root


def built(tree, *options):
    said("cmake", "-G", "Ninja", "-S", HOME, "-B", tree, "-DCMAKE_BUILD_TYPE=Release", "-DBUILD_TESTING=OFF",
         "-DNORMLAB_NATIVE=OFF", *options)
    said("ninja", "-C", tree, "normlab")
    return os.path.join(tree, "normlab")


def started_by(path, *emulator):
    """A file that starts the program below the emulator."""
    check(shutil.which(emulator[0]), f"{emulator[0]} is not installed: apt-get install qemu-user")
    with open(path, "w", encoding="utf-8") as file:
        file.write(f'#!/bin/sh\nexec {shlex.join(emulator)} "$@"\n')
    os.chmod(path, 0o755)
    return path


def for_aarch64():
    check(shutil.which("aarch64-linux-gnu-gcc"), "apt-get install gcc-aarch64-linux-gnu")
    root = sysroot()
    path = built(os.path.join(ARM, "tree"), f"-DNORMLAB_SYSROOT={root}",
                 f"-DCMAKE_TOOLCHAIN_FILE={os.path.join(HOME, 'cmake', 'aarch64.cmake')}")
    return started_by(os.path.join(ARM, "normlab"), "qemu-aarch64", "-L", root, path)


def for_old_x86():
    return started_by(os.path.join(OLD, "normlab"), "qemu-x86_64", "-cpu", "Opteron_G1-v1", built(os.path.join(OLD, "tree")))


# ---- the same bits ---------------------------------------------------------------------------------------------------


def golden_runs(place, whole):
    """What the list says of them, or what moved."""
    with open(golden.GOLDEN, encoding="utf-8") as file:
        expected = json.load(file)
    found = {"numerics": None, "bits": None, "runs": {}, "calls": {}}
    norms = golden.spec_list(golden.NORMS) if whole else NORMS
    for first in range(0, len(norms), golden.MOST):
        golden.runs_of(place, found, golden.PLAIN, [], norms[first:first + golden.MOST])
    for network, words, of in golden.BESIDE:
        if whole or network in NETWORKS:
            golden.runs_of(place, found, network, words, of if whole else of[:1])
    same("digest of what is computed", found["bits"], expected["bits"])
    missing = sorted(found["runs"].keys() - expected["runs"].keys())
    check(not missing, f"no golden runs: {missing}")
    told = golden.differences(found["runs"], {name: expected["runs"][name] for name in found["runs"]})
    check(not told, "\n  ".join([f"{len(told)} of {len(found['runs'])} moved:"] + told))
    print(f"{len(found['runs'])} golden runs: the same identities, weights, state and curves; bits {found['bits']}")


def verified_here(place, native):
    """A run with every probe, its numbers and weights, and one that diverged, by the program of this machine."""
    probes = "probes=" + "+".join(probe["name"] for probe in json.loads(place.good("list", "probes", "--json"))["probes"])
    before = set(glob.glob(os.path.join(place.out, "runs", "*.h5")))
    place.good(*RUN, "norm=batch", "epochs=2", "probe_every=2", probes, "--as", "probed")
    place.good(*RUN, "norm=none", "epochs=3", "rate=1e6", "--as", "diverged")
    made = sorted(set(glob.glob(os.path.join(place.out, "runs", "*.h5"))) - before)
    same("runs", len(made), 2)
    program.PROGRAM = native
    for path in made:
        text = place.good("verify", path)
        check("the same to the last bit" in text and "not comparable" not in text, text)
        print(text.strip())


def by(machine):

    def case(place):
        native = program.PROGRAM
        program.PROGRAM, program.PATIENCE = machine(), HOURS
        golden_runs(place, os.environ.get("NORMLAB_GOLDEN") == "all")
        verified_here(place, native)

    return case


# ---- functions ------------------------------------------------------------------------------------


def accuracy(place):
    """The bounds that real.h states hold before MPFR, and are told."""
    sources = [os.path.join(HOME, *path) for path in (("tests", "portable", "accuracy.c"), ("src", "base", "real.c"),
                                                      ("src", "base", "real_table.c"))]
    said("cc", "-O2", "-std=c11", "-D_DEFAULT_SOURCE", "-ffp-contract=off", "-march=native", "-Wall", "-Wextra", "-Werror",
         "-I" + os.path.join(HOME, "src", "base"), *sources, "-o", place.path("accuracy"), "-lmpfr", "-lgmp", "-lm")
    told = said(place.path("accuracy"))
    same("functions", len(told.splitlines()), 7)
    print(told, end="")


CASES.clear()  # of the golden list's own
CASES.append(("aarch64", "portable", by(for_aarch64)))
CASES.append(("old-x86", "portable", by(for_old_x86)))
CASES.append(("accuracy", "portable", accuracy))

if __name__ == "__main__":
    main()
