#!/usr/bin/python3 -B
"""The checker is checked: hand-written derivatives are broken on purpose, and every time the checker must say so.

Eight cases. `named`: bugs that libraries really had (bugs.py). Then by rule (mutants.py): `kernels`, the fused normalizers
and their definition, judged by `normlab check`; `moments`, the means and variances below them, by the same; `combinations`
of normalizers, by the same; `tape`, adjoints and backward kernels of the primitives, judged by the test programs that put
every primitive before the same checker; `texts`, the terms of each kind's equation, detached or forgotten one at a time,
judged by the restatements in plain loops alone, which share nothing with the text. Where `normlab check` sees nothing, tests
of the layer are asked.

All mutants of a file are compiled at once (switched.py), so that a mutant costs one run of a judge and no build; the
sources are only read. `mutation.txt` lists the mutants that may survive, each under its reason; a mutant that survives and is not listed is
a fault of the checker, and so is a listed one that is caught or gone.

    mutation.py CASE [--all] [FUNCTION ...]

breaks those functions alone. Only what takes milliseconds is asked, and of a listed survivor one judge; --all asks
everyone, and all of `normlab check`, and takes ten minutes. With NORMLAB_MUTATION=survivors the run ends
with the list of survivors as mutation.txt wants it.
"""

import collections
import concurrent.futures
import glob
import hashlib
import json
import math
import os
import re
import subprocess
import sys
import threading
import time

import mutants
from bugs import BUGS
from program import HOME, Failure, case, check, main
from switched import SOURCE, Switched, link, read

STOPPED = threading.Event()
ONLY, ALL = [], False  # functions' names (none: all); every judge for every mutant
OTHERS = set()  # "FILE FUNCTION:" that are there and not broken by this case
FIRST, SECOND, TESTS, COSTLY = range(4)  # stages of judges
LIMIT = [2, 4, 10, 300]  # seconds of processor time; they take a tenth of it
WORKERS = len(os.sched_getaffinity(0))
LISTED = os.path.join(HOME, "tests", "mutation.txt")

# file -> functions left out; all others are broken, new ones too.
KERNELS = {  # units of 2^k, of which any near one will do: norm_range.c, which takes seconds
           "norm/cells.c": ("exponent_of", "larger", "standard_scaled", "is_ordinary", "standard_cells", "standard_put",
                            "has_units", "in_units", "out_of_units"),
           # what large tensors alone do, in the order of memory: norm_past.c
           "norm/kernel.c": ("write_slab_beside", "slab_beside_slab"),
           "norm/kernel_backward.c": ("row_sums_next", "slab_dx_beside", "slab_beside_slab"),
           # no derivatives: norm_use.c, norm_combine.c, norm_adapt.c, norm_forms.c; what `apply` stores: apply.py
           "norm/partitioned.c": ("observe", "observe_now", "observe_rows", "observe_channels", "observe_whole",
                                  "over_blocks", "square_of", "norm_moments", "norm_moments_over", "norm_standardized", "defined_moments")}
MOMENTS = {"tensor/moments.c": ("is_ordinary", "largest_exponent", "extreme_scale", "in_doubles",  # the same
                                "moments_plain", "moments_scaled", "moments_unbiased", "moments_merge",
                                "slab_sums_begin", "slab_sums_moved", "slab_sums_take", "slab_sums_rest", "slab_sums_end", "jump_of"),
           # columns at a time: any number of them has the bits (tests passes, norm_past)
           "tensor/partition.c": ("partition_columns", "partition_map", "partition_blocks", "partition_smallest", "partition_cell",
                                  "partition_cells", "partition_slabs", "partition_count")}  # shared with the oracle
# Texts of combinations: what returns a node or a field.
COMBINATIONS = ["norm/mix.c", "norm/blend.c", "norm/split.c", "norm/chain.c"]
# Positions together, apart, and moments that are given: who is asked about kernels and moments. The others are other
# partitions of the same.
SHARP = ["batch", "group(2)", "position", "none", "batch(center=no)", "position(center=no)",
         "position(variance=unbiased)", "layer(variance=unbiased)", "layer(eps_outside=yes)"]
WITHOUT_AFFINE = ["group(2, gamma=no)", "position(gamma=no)", "batch(gamma=no, beta=no)", "none(gamma=no)",
                  "none(beta=no)", "batch(center=no, affine=no)"]
COMBINED = ["mix(instance, layer, batch)", "mix(instance, layer, batch, pooled=yes)", "blend(batch, group(2))",
            "split(instance, batch)", "batch | group(2)"]
# The rest of the registry: file -> who is asked of it. What reads and declares is left out (tests of specs).
CATALOGUE = {
    "norm/rows.c": ["mix(instance, layer, batch)", "batch | group(2)", "ghost(2) | none",
                    "split(batch(center=no), none) | batch", "ghost(2, center=no) | none", "blend(batch, layer, beta=no)"],
    "norm/view.c": ["mix(instance, layer, batch)", "batch | group(2)", "ghost(2) | none", "blend(none, batch)",
                    "mix(batch, ghost(2))", "mix(batch, instance)", "blend(regroup(2), batch)", "blend(batch, none) | batch",
                    "split(batch(center=no), none) | batch", "ghost(2, center=no) | none", "blend(batch, layer, beta=no)",
                    "layer(variance=unbiased, eps_outside=yes)"],
    "norm/frn.c": ["frn", "frn(tlu=no)"],
    "norm/weights.c": ["mix(instance, layer, weights=sparsest, to=2)", "anneal(batch, group(2), from=0, to=2)",
                       "mix(instance, layer, batch, weights=sparsest, from=0, to=3)"],
    "norm/renorm.c": ["renorm", "renorm(rmax=1.25, dmax=0.25)", "instance | renorm", "renorm(warm=1.5)"],
    "norm/task.c": ["task", "task(with=layer)", "task(even=yes)"],
    "norm/lattice.c": ["lattice(batch=2, size=2, own=0.25) | none", "lattice(batch=all, size=2, own=0.25)",
                       "lattice(batch=2, size=2)"],
    "norm/soft.c": ["soft(2)", "soft(3, tau=0.5)"],
    "norm/evonorm.c": ["evonorm(S0, groups=2)", "evonorm(B0)"],
    "norm/mode.c": ["mode(2)", "mode(3)", "instance | mode(2)"],
    "norm/mabn.c": ["mabn", "mabn(warm=2)", "mabn(gamma=no)"],
    "norm/nested.c": ["nested"],
    "norm/response.c": ["response(5)", "response(3, alpha=0.5, divide=yes)", "response(4, side=left, k=1, alpha=0.5)",
                        "response(4, side=right, k=1, alpha=0.5)"],
    "norm/chunks.c": ["chunks(2)"],
}
# Who is asked of a text beside them, by what: restatements in plain loops alone, on small shapes.
TEXTS = {
    "norm/mix.c": [*COMBINED[:2], "mix(batch(center=no), layer)"],
    "norm/blend.c": ["blend(batch, group(2))", "blend(none, group(2), gate=free, per=layer)"],
    "norm/split.c": ["split(instance, batch)"],
    "norm/chain.c": ["batch | group(2)", "group(2) | batch"],
    "norm/anneal.c": ["anneal(batch, group(2), from=0, to=2)"],
    "norm/phase.c": ["phase(group(2), batch)"],
    "norm/frozen.c": ["frozen(batch, from=1)"],
    "norm/partitioned.c": [*SHARP, "frn", "split(batch(center=no), none)", "batch(eps_outside=yes)",
                           "group(2, variance=unbiased)"],
    "norm/view.c": ["soft(2)", "mode(2)", "instance | mode(2)", "renorm", "task", "lattice(batch=2, size=2, own=0.25) | none",
                    "mix(group(2, variance=unbiased), batch)"],
    "norm/weights.c": ["mix(instance, layer, batch, from=0, to=4)", "mix(instance, layer, batch, from=0, to=1)",
                       *COMBINED[:1], "mix(instance, layer, batch, weights=sparsest, from=0, to=1.25)",
                       "mix(instance, layer, batch, ghost(2), weights=sparsest, from=0, to=1.5)"],
}
SEEDS = {"norm/weights.c": (1, 2, 3)}  # whose weights lie inside, on an edge, in a corner
LOOPS = "*.[!2]*.loops-value,*.[!2]*.loops-gradient,*.[!2]*.by-design"
NO_TEXT = re.compile(r'fused_\w+$|\w+_adjoint$|defined_moments$')  # kernels, second orders, what `apply` stores
SAMPLE_OF_TEXTS = 64
# HELD_(tape, TERM), for mutants: a node, or all of a field, without its derivative; NORMLAB_HELD tells whether it has any.
HELD = """\
#include "kind.h"
#include <string.h>
static int moves_(TapeNode *a) {
    TapeNode *seen[4096] = {a};
    size_t count = 1, known;
    for (size_t k = 0; k < count; k++) {
        if (!seen[k]->wanted || (seen[k]->op && strcmp(seen[k]->op->name, "detach") == 0)) continue;
        if (seen[k]->op == NULL) return 1;
        for (size_t i = 0; i < seen[k]->arity && count < 4096; i++) {
            for (known = 0; known < count && seen[known] != seen[k]->in[i]; known++) continue;
            if (known == count && seen[k]->in[i]) seen[count++] = seen[k]->in[i];
        }
    }
    return count == 4096;
}
static void tell_held_(void) {
    FILE *file = getenv("NORMLAB_HELD") ? fopen(getenv("NORMLAB_HELD"), "a") : NULL;
    if (file) fclose(file);
}
static TapeNode *held_node_(Tape *tape, TapeNode *a) {
    if (a == NULL || !moves_(a)) return a;
    tell_held_();
    return tape_detach(tape, a);
}
static NormField held_field_(Tape *tape, NormField a) {
    return (NormField){held_node_(tape, a.value), held_node_(tape, a.scale), held_node_(tape, a.raw)};
}
#define HELD_(tape, ...) _Generic((__VA_ARGS__), TapeNode *: held_node_, NormField: held_field_)(tape, __VA_ARGS__)
"""
READS = re.compile(r'(\w+_)?(configure|declare|smallest|fits|accepts|read|read_\w+)$|usual_groups$|start_of$')
BESIDE = ["norm_seen", "norm_equations", "norm_relu"]  # what survives those
RESTATED = ["norm_loops", "norm_catalogue", "norm_corners", "norm_combine", "norm_schedule", "norm_forms", "norm_mabn",
            "norm_adapt", "norm_range"]
SLOW = ["norm_loops.options_are_restated", "norm_range.kernels_at_a_glance", "norm_range.rows_at_a_glance"]  # asked late
TOO_SLOW = ["norm_adapt.resumed_runs_have_the_same_maps", "norm_range.kernels_over_the_whole_range",
            "norm_range.rows_over_the_whole_range"]
SAMPLE = 16
ONE_IN = int(os.environ.get("NORMLAB_MUTATION_ONE_IN", "1"))  # of kernels and moments
# Checks that see most, and all others that take milliseconds: on shapes of up to 400 elements, and on larger ones. What
# --case takes; of the shapes the larger ones alone begin with a 2.
KEEN = ("value loops-value gradient by-design definition-value two-texts affine evaluation slots", "value gradient slots")
QUICK = ("loops-gradient complex-step jacobian adjoint sum-of-dx dx-along-xhat dw-along-w powers-of-two exact-shift "
         "permutation padding masked-value masked-gradient given twins constant-cells single-elements inputs-untouched upstreams frozen poison ranks",
         "powers-of-two constant-cells definition-value")
TAPE = ["tape/elementwise.c", "tape/reduce.c", "tape/arrange.c", "tape/contract.c", "tape/softmax.c"]
TAPE_TESTS = ["tape_oracle", "tape", "tape_drivers", "replay"]
TAPE_FUNCTIONS = re.compile(r'.*_(adjoint|backward|turn)$|zeros_like$|cell_counts$')


def parallel(function, items):
    """The results in order. When the run is stopped, what has not begun is left."""
    pool = concurrent.futures.ThreadPoolExecutor(WORKERS)
    try:
        return list(pool.map(function, items))
    except BaseException:
        STOPPED.set()
        raise
    finally:
        pool.shutdown(cancel_futures=True)


# ---- judges ----------------------------------------------------------------------------------------------------------


class Judge:
    """A command that must fail on a mutant; `what` reads from its output who found the fault. Judges of a later stage
    are asked where all of the earlier pass."""

    def __init__(self, words, name, what, stage=FIRST, files=None):
        self.words, self.name, self.what, self.stage, self.files = words, name, what, stage, files
        self.entered, self.measuring = None, threading.Lock()

    def run(self, place, **environment):
        own = place.environment({"OPENBLAS_NUM_THREADS": "1", **environment})
        words = ["sh", "-c", 'ulimit -t "$0" && ulimit -c 0 && exec "$@"', str(LIMIT[self.stage]), *self.words]
        return subprocess.run(words, cwd=place.folder, stdin=subprocess.DEVNULL, capture_output=True, text=True,
                              errors="replace", env=own)

    def enters(self, place, functions):
        """Whether it enters any of them, and is asked about their files. For the first time it must pass without a
        mutant."""
        if self.files is not None and not {function.split()[0] for function in functions} & self.files:
            return False
        with self.measuring:
            if self.entered is None:
                path = place.path("entered-" + re.sub(r'\W', "_", self.name))
                done = self.run(place, NORMLAB_ENTERED=path)
                check(done.returncode == 0, f"{self.name} fails without a mutant: {done.stdout[-2000:]}{done.stderr}")
                self.entered = set(read(path).splitlines()) if os.path.exists(path) else set()
        return bool(self.entered & functions)

    def verdict(self, place, mutant):
        """None where it passes, else (how, by whom)."""
        done = self.run(place, NORMLAB_MUTANT=str(mutant.number), NORMLAB_HELD=place.path(f"held-{mutant.number}"))
        if done.returncode == 0:
            return None
        text = done.stdout + done.stderr
        if done.returncode != 1 or "failed with exception" in text:
            out = done.returncode in (-9, -24, 128 + 9, 128 + 24)
            return "died", "out of time" if out else "stopped itself" if "normlab: " in text else "crashed"
        return self.what(self, text)


def of_check(judge, text):
    """The check that says FAIL; --stop leaves it alone. What is inconclusive is no failure."""
    for finding in json.loads(text)["cases"]:
        if finding["verdict"] == "FAIL":
            return "caught", "check: " + finding["check"]
    raise Failure(f"{judge.name} fails and says of nothing that it failed")


def of_test(judge, text):
    return "caught", judge.name


def cases_of(checks):
    return ",".join([f"*.[!2]*.{name}" for name in checks[0].split()] + [f"*.2*.{name}" for name in checks[1].split()])


def check_judges(place, objects, specs, files=None):
    """Those of the specs by the keen checks, by the quick ones, by all."""
    program = link("normlab", objects, place.path("normlab"))
    listing = subprocess.run([program, "check", "--list"], capture_output=True, text=True).stdout
    for shape in re.findall(r'^[^.]+\.(\d+(?:x\d+)+)\.', listing, re.M):
        large = math.prod(map(int, shape.split("x"))) > 400
        check(large == shape.startswith("2"), f"QUICK and KEEN tell large shapes by a 2 in front, and there is {shape}")
    words = ["--threads", "1", "--stop", "--json"]
    return [Judge([program, "check", spec, *words, "--case", cases], f"check {spec} ({stage})", of_check, stage,
                  files)
            for cases, stage in ((cases_of(KEEN), FIRST), (cases_of(QUICK), SECOND), ("*", COSTLY)) for spec in specs
            if stage != COSTLY or spec not in WITHOUT_AFFINE]


def test_judges(place, objects, name, stage=FIRST):
    program = link(f"test-{name}", objects, place.path(f"test-{name}"))
    listing = subprocess.run([program, "--list"], capture_output=True, text=True).stdout
    cases = [line.split()[0] for line in listing.splitlines()]
    return [Judge([program, case], f"{name}.{case}", of_test, stage) for case in cases if f"{name}.{case}" not in TOO_SLOW]


# ---- the run -------------------------------------------------------------------------------------------------------------


def generate(files, wanted, rules=None, room=""):
    """Numbered mutants of the wanted functions of each file. The others are some other case's, or nobody's."""
    OTHERS.clear()
    headers = [read(path) for folder in ("norm", "tape", "tensor") for path in glob.glob(f"{SOURCE}/{folder}/*.h")]
    number, found = 0, {}
    for file in files:
        text, found[file] = read(os.path.join(SOURCE, file)), []
        known, writers = mutants.members([*headers, text]), mutants.writers([*headers, text])
        for function in mutants.functions(text):
            chosen = wanted(file, function) and (not ONLY or function.name in ONLY)
            function.writers = writers
            if not wanted(file, function):
                OTHERS.add(f"{file} {function.name}:")
            for mutant in function.mutants(file, known, rules) if chosen else ():
                number += 1
                mutant.number, mutant.room = number, room
                found[file].append(mutant)
    return found


def build(place, found, head=""):
    """Objects of all files, and the numbers that do not compile."""
    built = parallel(lambda file: Switched(file, found[file], head).compile(place.folder), found)
    return [made for made, _ in built], set().union(*(refused for _, refused in built))


def verdicts(place, judges, functions, members, known):
    """Verdicts of mutants that are alike; the judge who caught the last one is asked first."""
    order = [judge for judge in judges if judge.stage == FIRST and judge.enters(place, functions)]
    results = []
    for mutant in members:
        result = ("survived", f"{len(order)} judges" if order else "entered by no judge")
        later = [judge for judge in judges if FIRST < judge.stage <= (COSTLY if ALL else TESTS)]
        for judge in order[:1] if mutant.key in known and not ALL else order + later:
            check(not STOPPED.is_set(), "stopped")
            if judge.stage != FIRST and not judge.enters(place, functions):
                continue
            verdict = judge.verdict(place, mutant)
            if verdict:
                if judge.stage == FIRST:
                    order.remove(judge)
                    order.insert(0, judge)
                result = verdict
                break
        held = os.path.exists(place.path(f"held-{mutant.number}"))
        if result[0] == "survived" and "HELD_(" in mutant.text and not held and mutant.key not in known:
            result = ("idle", "holds what no input moves")
        results.append((mutant, *result))
    return results


def judge_all(place, judges, groups):
    """Verdicts of all members of all groups, in order of their numbers. A group: (names of functions, members)."""
    known = listed()
    work = sorted(groups, key=lambda group: len(group[1]), reverse=True)
    results = parallel(lambda group: verdicts(place, judges, *group, known), work)
    return sorted(sum(results, []), key=lambda result: result[0].number)


def listed():
    """key -> reason."""
    reasons, reason = {}, None
    for line in read(LISTED).splitlines() if os.path.exists(LISTED) else ():
        if line.startswith("= "):
            reason = line[2:]
        elif line.strip() and not line.startswith("#"):
            reasons[line] = reason
    return reasons


def report(results, refused, files, known=()):
    """Prints the numbers; what is wrong with them, as lines. `known`: keys of mutants that are there, and not asked."""
    by = collections.Counter((how, who) for _, how, who in results)
    total = collections.Counter(how for _, how, _ in results)
    functions = len({(mutant.file, mutant.function) for mutant, _, _ in results})
    print(f"{len(results)} mutants of {functions} functions ({len(refused)} more did not compile)")
    for how in ("caught", "died", "idle", "survived"):
        print(f"  {how} {total[how]}")
        for (other, who), count in by.most_common():
            if other == how:
                print(f"    {count:5} {who}")
    reasons = {key: reason for key, reason in listed().items()
               if key.split()[0] in files and (not ONLY or key.split()[1][:-1] in ONLY)
               and " ".join(key.split()[:2]) not in OTHERS}
    wrong, excused = [], collections.Counter()
    for mutant, how, who in results:
        reason = reasons.pop(mutant.key, None)
        if how == "survived" and reason is None:
            wrong.append(f"survives: {mutant}  ({who})")
        elif how == "survived":
            excused[reason] += 1
        elif reason is not None:
            wrong.append(f"listed as a survivor, but {how} ({who}): {mutant.key}")
    for reason, count in excused.most_common():
        print(f"    {count:5} excused: {reason}")
    wrong += [f"listed as a survivor, but there is no such mutant: {key}" for key in reasons if key not in known]
    if os.environ.get("NORMLAB_MUTATION") == "survivors":
        print("\n".join(m.key for m, how, _ in results if how == "survived"))
    return wrong


def judged(place, found, make_judges, one_in=1, room="", head=""):
    start = time.monotonic()
    everyone = {mutant.key for mutant in sum(found.values(), [])}
    found = {file: [mutant for mutant in those if in_sample(mutant.key, one_in)] for file, those in found.items()}
    found = {file: those for file, those in found.items() if those}
    objects, refused = build(place, found, head)
    judges = make_judges(objects)
    built = time.monotonic()
    groups = collections.defaultdict(list)
    for mutant in sum(found.values(), []):
        if mutant.number not in refused:
            groups[f"{mutant.file} {mutant.function}"].append(mutant)
    pieces = [({name}, members[i:i + 40]) for name, members in groups.items() for i in range(0, len(members), 40)]
    results = judge_all(place, judges, pieces)
    wrong = report(results, refused, {room + file for file in found}, everyone if one_in > 1 else ())
    print(f"  {built - start:.0f} s of building, {time.monotonic() - built:.0f} s of judging with {WORKERS} workers")
    check(not wrong, "\n".join(["", *wrong]))


def as_named():
    """The bugs of bugs.py as mutants; a bug in several functions is one number in each."""
    found = collections.defaultdict(list)
    for number, (name, edits) in enumerate(BUGS, 1):
        texts = {}
        for file, word, old, new in edits:
            function = next((f for f in mutants.functions(read(os.path.join(SOURCE, file))) if f.name == word), None)
            text = function and texts.get((file, word), function.text)
            check(text and old in text, f"{name}: nothing reads '{old}' in {word} of {file} any more")
            texts[file, word] = text.replace(old, new)
        for (file, word), text in texts.items():
            found[file].append(mutants.Named(name, number, file, word, text))
    return found


@case("oracle")
def named(place):
    found = as_named()
    objects, refused = build(place, found)
    check(not refused, f"does not compile: {[name for i, (name, _) in enumerate(BUGS, 1) if i in refused]}")
    judges = check_judges(place, objects, SHARP)
    functions = collections.defaultdict(set)
    bugs = {bug.number: bug for bug in sum(found.values(), [])}
    for bug in sum(found.values(), []):
        functions[bug.number].add(f"{bug.file} {bug.function}")
    results = judge_all(place, judges, [(functions[number], [bug]) for number, bug in bugs.items()])
    for bug, how, who in results:
        print(f"  {how:8} {who:24} {bug.name}")
    wrong = [f"survives: {bug.name}" for bug, how, _ in results if how == "survived"]
    print(f"{len(results)} bugs of libraries, {len(results) - len(wrong)} seen")
    check(not wrong, "\n".join(["", *wrong]))


def but(left_out):
    return lambda file, function: function.name not in left_out[file]


@case("oracle")
def kernels(place):
    judged(place, generate(KERNELS, but(KERNELS)), lambda objects: check_judges(place, objects, SHARP + WITHOUT_AFFINE)
           + test_judges(place, objects, "norm_use", TESTS) + test_judges(place, objects, "norm_relu", TESTS)
           + test_judges(place, objects, "norm_past", TESTS)
           + test_judges(place, objects, "norm_range"), ONE_IN)


@case("oracle")
def moments(place):
    judged(place, generate(MOMENTS, but(MOMENTS)), lambda objects: check_judges(place, objects, SHARP)
           + test_judges(place, objects, "partition", TESTS) + test_judges(place, objects, "norm_past", TESTS)
           + test_judges(place, objects, "norm_range"), ONE_IN)


@case("oracle")
def combinations(place):
    def wanted(file, function):
        return re.search(r"TapeNode \*|NormField", function.signature.split("(")[0])

    found = generate(COMBINATIONS, wanted)
    judged(place, found, lambda objects: check_judges(place, objects, COMBINED)
           + test_judges(place, objects, "norm_combine", TESTS) + test_judges(place, objects, "norm_loops", TESTS))


@case("oracle")
def tape(place):
    found = generate(TAPE, lambda file, function: TAPE_FUNCTIONS.match(function.name))
    judged(place, found, lambda objects: sum((test_judges(place, objects, name) for name in TAPE_TESTS), []))


def in_sample(key, one_in):
    return int(hashlib.sha256(key.encode()).hexdigest(), 16) % one_in == 0


def of_catalogue(place, sampled):
    def wanted(file, function):
        return not READS.match(function.name)

    def judges(objects):
        checks = sum((check_judges(place, objects, specs, {file}) for file, specs in CATALOGUE.items()), [])
        tests = sum((test_judges(place, objects, name, FIRST) for name in RESTATED), [])
        tests += sum((test_judges(place, objects, name, TESTS) for name in BESIDE), [])
        for judge in tests:
            if judge.name in SLOW:
                judge.stage = TESTS
        return tests + checks

    judged(place, generate(CATALOGUE, wanted), judges, SAMPLE if sampled else 1)


def kinds():
    """Files of the registry."""
    listed_kinds = re.findall(r'^NORM\((\w+)\)', read(os.path.join(SOURCE, "norm/norm.def")), re.M)
    return [f"norm/{kind}.c" for kind in listed_kinds]


def loops_judges(place, objects, files):
    program = link("normlab", objects, place.path("normlab"))
    asked = collections.defaultdict(set)
    for file in files:
        for spec in TEXTS.get(file, []) + CATALOGUE.get(file, []):
            for seed in SEEDS.get(file, (1,)):
                asked[spec, str(seed)].add(file)
    words = ["--threads", "1", "--stop", "--json", "--case", LOOPS, "--seed"]
    checks = [Judge([program, "check", spec, *words, seed], f"check {spec} ({seed})", of_check, FIRST, of)
              for (spec, seed), of in asked.items()]
    return checks + test_judges(place, objects, "norm_seen", TESTS) + [
        judge for judge in test_judges(place, objects, "norm_loops", SECOND)
        if judge.name.endswith("observations_are_restated")]


def loops_share_nothing():
    """Of what they judge the restatements call a kind's name."""
    calls = re.compile(r'\b(?:norm|tape|view|field|rows|partition|moments|standard|weighing|program|check)_[a-z]\w*\(')
    for path in glob.glob(os.path.join(SOURCE, "trial/loops*.[ch]")):
        foreign = set(calls.findall(read(path))) - {"norm_name("}
        check(not foreign, f"{path} calls {', '.join(sorted(foreign))}")


def of_texts(place, one_in):
    loops_share_nothing()
    files = [*kinds(), "norm/weights.c", "norm/view.c", "norm/partitioned.c"]

    def wanted(file, function):
        return not READS.match(function.name) and not NO_TEXT.match(function.name)

    found = generate(files, wanted, mutants.Function.TERMS, "texts:")
    for file, those in found.items():
        check(not those or file in TEXTS or file in CATALOGUE, f"who is asked about {file}? (TEXTS)")
    judged(place, found, lambda objects: loops_judges(place, objects, files), one_in, "texts:", HELD)


@case("oracle")
def few_texts(place):
    of_texts(place, SAMPLE_OF_TEXTS)


@case("oracle")
def texts(place):
    of_texts(place, 1)


@case("oracle")
def sample(place):
    of_catalogue(place, True)


@case("oracle")
def catalogue(place):
    of_catalogue(place, False)


if __name__ == "__main__":
    ALL = "--all" in sys.argv
    ONLY = [word for word in sys.argv[2:] if word != "--all"]
    sys.argv[2:] = []
    main()
