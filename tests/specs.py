#!/usr/bin/python3 -B
"""`normlab check` on legal specs that nobody chose (speclist.py): a correct normalizer passes, a wrong one does not.

    specs.py few               20 of them and the variants at one seed, on small shapes, and planted errors: seconds
    specs.py all               300 of them at eight seeds, on all shapes: two hours of one processor
    specs.py planted           errors of 1e-9 in every derivative of the 300: they must be seen
    specs.py variants          what is no kind of ours: right but strange normalizers, as plugins (tests/variants)
    specs.py table             what `all` and `planted` have found so far
    specs.py print [COUNT]     the specs, one a line

`all` and `planted` keep what they find in files under build/, named by program and list, a line for each question:
killed, they go on where they were; another program begins anew.

The bars of `all`: nothing fails, at most 3 % of (spec, check, seed) are inconclusive, and never a value or a first
derivative. Of `planted`: of 95 % of the specs every error is a FAIL on well-conditioned inputs (plain data, on the five
shapes of 100 elements and more), and each error that is not has a bound above 1e-9: what the check allows there, divided
by the derivative. planted.c says how errors are planted.
"""

import collections
import concurrent.futures
import glob
import hashlib
import json
import os
import re
import subprocess
import sys
import tempfile
import threading
import time

from speclist import PROGRAM, WORKERS, ask, specs

FOLDER = os.path.join(os.path.dirname(PROGRAM), "specs")
TESTS = os.path.dirname(os.path.abspath(__file__))
COUNT, FEW, FEW_PLANTED, SEEDS = 300, 20, 1, range(1, 9)
MOST_INCONCLUSIVE = 0.03
# The checks of values and first derivatives: inconclusive is no answer there.
FIRST_ORDER = ("value loops-value gradient loops-gradient by-design differences complex-step complex-step-113 jacobian "
               "adjoint definition-value two-texts definition").split()
SMALL_SHAPES = ["3x1x7", "1x8", "4x2", "4x1", "4x4x3x3"]
# Where errors are planted, and who must see them.
ROOMY_SHAPES = ["4x4x3x3", "4x8x5", "16x8", "4x4x2x3x2", "2x20x70"]
SEES = [["gradient", "loops-gradient", "by-design", "complex-step"], ["complex-step-113", "definition"]]
PLANTED, MOST_UNSEEN = 1e-9, 0.05
NOT_SEEN = {"size": None, "bound": None, "by": None, "case": None, "data": None}


def cases_of(shapes, checks=("*",)):
    return ",".join(f"*.{shape}.{name}" for shape in shapes for name in checks)


# ---- what is kept ------------------------------------------------------------------------------------------------------


class Kept:
    """Findings in a file: appended to, whole lines only. Without a name, in memory alone."""

    def __init__(self, name=None, listed=()):
        self.lock, self.known, self.path = threading.Lock(), {}, None
        if name is None:
            return
        with open(PROGRAM, "rb") as file:
            key = hashlib.sha256(file.read())
        key.update("\n".join(listed).encode())
        os.makedirs(FOLDER, exist_ok=True)
        self.path = os.path.join(FOLDER, f"{name}-{key.hexdigest()[:12]}.jsonl")
        if os.path.exists(self.path):
            with open(self.path, encoding="utf-8") as file:
                lines = [line for line in file if line.endswith("\n")]  # the last may be a killed run's
            self.known = {tuple(key): found for key, found in map(json.loads, lines)}
            with open(self.path, "w", encoding="utf-8") as file:
                file.writelines(lines)

    def add(self, key, found):
        with self.lock:
            self.known[key] = found
            if self.path:
                with open(self.path, "a", encoding="utf-8") as file:
                    file.write(json.dumps([key, found]) + "\n")


def answers(kept, questions, answer):
    """What is known of each question, or its answer now; so many at a time as there are processors."""

    def one(question):
        if question not in kept.known:
            kept.add(question, answer(*question))

    pool = concurrent.futures.ThreadPoolExecutor(WORKERS)
    try:
        list(pool.map(one, questions))
    finally:
        pool.shutdown(cancel_futures=True)
    return [(question, kept.known[question]) for question in questions]


# ---- right ones pass ---------------------------------------------------------------------------------------------------

VERDICTS = ["pass", "inconclusive", "FAIL"]
SAID = ("case", "check", "verdict", "mode", "data", "got", "expected", "error", "allowed", "reason")


def judged(spec, seed, words=(), nice=15):
    """The worst verdict of each check, and all that did not pass."""
    start = time.monotonic()
    code, out, said = ask("check", spec, "--seed", str(seed), "--threads", "1", "--json", *words, nice=nice)
    found = {"seconds": round(time.monotonic() - start, 2), "checks": {}, "bad": []}
    try:
        cases = json.loads(out)["cases"] if code in (0, 1) else []
    except ValueError:
        cases = []
    if not cases:
        found["checks"]["(none)"] = "FAIL"
        reason = " ".join(said.split())[-500:] or "nothing was judged"
        found["bad"].append({"check": "(none)", "verdict": "FAIL", "reason": f"exit code {code}: {reason}"})
    for case in cases:
        before = found["checks"].get(case["check"], "pass")
        found["checks"][case["check"]] = max(before, case["verdict"], key=VERDICTS.index)
        if case["verdict"] != "pass":
            found["bad"].append({key: case[key] for key in SAID})
    return found


def print_table(findings):
    """Counts of (spec, check, seed) by check and verdict."""
    count = collections.Counter((name, verdict) for _, f in findings for name, verdict in f["checks"].items())
    print(f"{'check':20} {'pass':>7} {'FAIL':>7} {'inconclusive':>13}")
    for name in dict.fromkeys(name for name, _ in count):
        print(f"{name:20} {count[name, 'pass']:7} {count[name, 'FAIL']:7} {count[name, 'inconclusive']:13}")
    total = {verdict: sum(n for (_, other), n in count.items() if other == verdict) for verdict in VERDICTS}
    print(f"{'all':20} {total['pass']:7} {total['FAIL']:7} {total['inconclusive']:13}")
    return total


def report(findings):
    """Prints what was found; what is wrong with it, as lines."""
    wrong = []
    total = print_table(findings)
    for (spec, seed, *_), found in findings:
        for bad in found["bad"]:
            if bad["verdict"] == "FAIL" or bad["check"] in FIRST_ORDER:
                numbers = "".join(f", {key} {bad[key]}" for key in SAID[3:9] if key in bad)
                wrong.append(f"{bad['verdict']}: {spec}, seed {seed}: {bad.get('case', '')}: {bad['reason']}{numbers}")
    everyone = {question[0] for question, _ in findings}
    failed = {question[0] for question, found in findings if "FAIL" in found["checks"].values()}
    share = total["inconclusive"] / max(sum(total.values()), 1)
    print(f"{len(everyone)} specs at {len({q[1] for q, _ in findings})} seeds, {len(findings)} calls, "
          f"{sum(found['seconds'] for _, found in findings):.0f} s: {len(failed)} specs with a FAIL, "
          f"{100 * share:.2f} % of all verdicts inconclusive")
    if share > MOST_INCONCLUSIVE:
        wrong.append(f"inconclusive are more than {100 * MOST_INCONCLUSIVE:.0f} %")
    return wrong


# ---- variants ----------------------------------------------------------------------------------------------------------


def sanitized():
    """Whether the program is built so: ten times slower."""
    with open(os.path.join(os.path.dirname(PROGRAM), "CMakeCache.txt"), encoding="utf-8") as file:
        return "NORMLAB_SANITIZE:BOOL=ON" in file.read()


def plugins(folder):
    """The compiled variants: name -> file."""
    source = os.path.join(os.path.dirname(TESTS), "src")
    words = ["cc", "-std=c11", "-shared", "-fPIC", "-O2", "-ffp-contract=off", "-Wall", "-Wextra", "-Werror",
             *(f"-I{source}/{layer}" for layer in ("base", "tensor", "tape", "norm")),
             f"-I{os.path.dirname(PROGRAM)}/generated", *(["-fsanitize=address,undefined"] if sanitized() else [])]
    made = {}

    def one(path):
        name = os.path.basename(path)[:-2]
        made[name] = os.path.join(folder, name + ".so")
        done = subprocess.run([*words, path, "-o", made[name]], capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{path} does not compile:\n{done.stderr[:3000]}")

    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(one, sorted(glob.glob(os.path.join(TESTS, "variants", "*.c")))))
    return dict(sorted(made.items()))


def judge_variants(seeds, shapes):
    with tempfile.TemporaryDirectory(prefix="normlab-specs.") as folder:
        made = plugins(folder)

        def one(name, seed):
            return judged(name, seed, ("--plugin", made[name], "--case", cases_of(shapes)), nice=0)

        return report(answers(Kept(), [(name, seed) for seed in seeds for name in made], one))


# ---- wrong ones do not -------------------------------------------------------------------------------------------------


def planted_program(folder):
    """The program with planted.c in call.c's place; nothing of the build changes."""
    os.environ["NORMLAB_PROGRAM"] = PROGRAM
    from switched import Switched, link

    call = Switched("norm/call.c", [])
    words = [word for word in call.compiler() if word != "-O0"]
    made = os.path.join(folder, "planted.o")
    done = subprocess.run([*words, "-O1", "-o", made, "-c", os.path.join(TESTS, "planted.c")], capture_output=True,
                          text=True)
    if done.returncode:
        sys.exit(f"planted.c does not compile:\n{done.stderr[:3000]}")
    return link("normlab", [(call.path, made)], os.path.join(folder, "normlab-planted"))


class Planter:
    def __init__(self, folder):
        self.folder, self.program = folder, planted_program(folder)
        self.where = threading.local()

    def asked(self, spec, plant, *words):
        """What the program with this plant says of it, and the operands that it has."""
        path = os.path.join(self.folder, f"operands-{threading.get_ident()}")
        if os.path.exists(path):
            os.remove(path)
        code, out, said = ask("check", spec, "--threads", "1", "--json", *words, program=self.program, nice=15,
                              environment={"NORMLAB_PLANT": plant, "NORMLAB_OPERANDS": path})
        if code not in (0, 1):
            return {"code": code, "said": said[-300:]}, []
        with open(path, encoding="utf-8") as file:
            return json.loads(out), file.read().split()

    def operands(self, spec):
        """x and the parameters; on the first of the roomy shapes that it fits."""
        for shape in ROOMY_SHAPES:
            found, operands = self.asked(spec, "", "--case", cases_of([shape], ["value"]))
            if found.get("cases"):
                return shape, operands
        return None, []

    def seen(self, spec, who, operand, size, checks):
        """The first FAIL of these checks, or None."""
        for shape in ROOMY_SHAPES:
            found, _ = self.asked(spec, f"{who} {size:g} {operand}", "--stop", "--case", cases_of([shape], checks))
            for case in found.get("cases", ()):
                if case["verdict"] == "FAIL":
                    bound = case["allowed"] / abs(case["expected"]) if case["expected"] and case["allowed"] else None
                    return {"size": size, "bound": bound, "by": case["check"], "case": case["case"], "data": case["data"]}
        return None

    def answer(self, spec, who, operand):
        """Who sees an error of 1e-9; else the least larger one that is seen, with its bound."""
        for checks in SEES:
            found = self.seen(spec, who, operand, PLANTED, checks)
            if found:
                return found
        size, last = 1.0, self.seen(spec, who, operand, 1.0, SEES[0])
        while last and size > PLANTED and (found := self.seen(spec, who, operand, size, SEES[0])):
            size, last = size / 10, found
        # a derivative far below its bound, or none at all
        return last or self.seen(spec, who, operand, 1e150, SEES[0]) or NOT_SEEN


def plant(listed, kept):
    """Plants and prints; what is wrong, as lines."""
    with tempfile.TemporaryDirectory(prefix="normlab-specs.") as folder:
        planter = Planter(folder)
        operands = answers(kept, [(spec,) for spec in listed], planter.operands)
        work = [(spec, who, operand) for (spec,), (_, names) in operands for operand in names
                for who in ("kernel", "definition", "both")]
        findings = answers(kept, work, planter.answer)
    homeless = [spec for (spec,), (shape, _) in operands if shape is None]
    return report_planted(findings, homeless, len(listed))


def report_planted(findings, homeless, count):
    by, unseen = collections.Counter(), {}
    for (spec, who, operand), found in findings:
        sort = operand if operand in ("x", "gamma", "beta") else "gates and others"
        by[sort, "planted"] += 1
        by[sort, "seen" if found["size"] == PLANTED else "nothing to see" if found["size"] is None else "later"] += 1
        if found["size"] != PLANTED:
            unseen.setdefault(spec, []).append((who, operand, found))
    print(f"{'errors of 1e-9 in':20} {'planted':>8} {'seen':>8} {'larger only':>12} {'derivative 0':>14}")
    for sort in dict.fromkeys(sort for sort, _ in by):
        print(f"{'d' + sort if len(sort) < 6 else sort:20} {by[sort, 'planted']:8} {by[sort, 'seen']:8} "
              f"{by[sort, 'later']:12} {by[sort, 'nothing to see']:14}")
    print(f"by {dict(collections.Counter(found['by'] for _, found in findings if found['by']))}")
    wrong = []
    for spec, those in unseen.items():
        for who, operand, found in those:
            if found["size"] is None:
                continue  # the derivative is 0, and so is its error
            bound = found["bound"]
            print(f"  {spec}: {operand} in {who}: seen from {found['size']:g} on by {found['by']}, which allows "
                  f"{bound if bound is None else f'{bound:.1e}'} of it ({found['case']})")
            if bound is not None and bound <= PLANTED:
                wrong.append(f"not seen, though the bound is {bound:.1e}: {spec}: {operand} in {who}")
    exceptions = {spec for spec, those in unseen.items() if any(found["size"] for _, _, found in those)}
    print(f"{count} specs, {len(homeless)} fit none of the shapes, of {len(exceptions)} some error is not seen")
    if len(exceptions) + len(homeless) > MOST_UNSEEN * count:
        wrong.append(f"of {len(exceptions) + len(homeless)} specs of {count} some error of 1e-9 is not seen")
    return wrong


# ---- the command -------------------------------------------------------------------------------------------------------


def judged_small(spec, seed):
    """On the small shapes that it fits, where derivatives cancel most; else on one that it fits."""
    for shapes in (SMALL_SHAPES, ["16x8"], ["4x8x5"], ["*"]):
        found = judged(spec, seed, ("--case", cases_of(shapes)), nice=0)
        if "(none)" not in found["checks"]:
            break
    return found


# Of the 300, each at a seed: what `check` once said FAIL of, or of a first derivative that it cannot tell.
ONCE = {("anneal(batch(center=no, affine=no), nested(eps=1e+300), from=0.001, to=3.7, beta=no)", 3): "*",
        ("anneal(ln(affine=no), evonorm(B0, gamma=no), from=0, to=1e+09)", 8): "*",
        ("anneal(ln(affine=no), evonorm(B0, gamma=no), from=0, to=1e+09)", 3): "*.4x8x5.differences",
        ("batch-instance | bn | batch-instance | ibn", 8): "*.4x4x3x3.differences",
        ("batch-instance(gamma=yes) | batch-channel(8, gamma=no)", 3): "*.4x8x5.differences",
        ("blend(continual(4, affine=no), soft(2, tau=0.001), gamma=yes)", 5): "*",
        ("chain(response(2, side=left, k=1e+300), continual(2, gamma=no), affine=no)", 2): "*.adjoint",
        ("lattice(batch=2, size=2, gamma=no, beta=no)", 7): "*",
        ("phase(none(affine=no), batch-channel(5), gamma=no, beta=yes)", 1): "*",
        ("renorm(beta=yes, eps=1e-300)", 8): "*",
        ("soft(8, eps=1e+300) | rms(eps=1e+300)", 1): "*"}


def judged_once(spec, seed):
    return judged(spec, seed, ("--case", ONCE[spec, seed]))


def few():
    listed = specs(FEW)
    wrong = report(answers(Kept(), [(spec, 1) for spec in listed], judged_small))
    wrong += report(answers(Kept(), list(ONCE), judged_once))
    return wrong + judge_variants([1], SMALL_SHAPES) + plant(listed[:FEW_PLANTED], Kept())


def variants():
    return judge_variants(SEEDS, ["*"])


def everything():
    listed = specs(COUNT)
    return report(answers(Kept("all", listed), [(spec, seed) for seed in SEEDS for spec in listed], judged))


def planted():
    listed = specs(COUNT)
    return plant(listed, Kept("planted", listed))


def table():
    listed = specs(COUNT)
    wrong = report(list(Kept("all", listed).known.items()))
    known = Kept("planted", listed).known
    homeless = [key[0] for key, found in known.items() if len(key) == 1 and found[0] is None]
    return wrong + report_planted([item for item in known.items() if len(item[0]) == 3], homeless,
                                  len([key for key in known if len(key) == 1]))


def main():
    words = sys.argv[1:]
    if words[:1] == ["print"]:
        print("\n".join(specs(int(words[1]) if len(words) > 1 else COUNT)))
        return
    commands = {"few": few, "all": everything, "planted": planted, "variants": variants, "table": table}
    if len(words) != 1 or words[0] not in commands:
        sys.exit(f"usage: specs.py {' | '.join(commands)} | print [COUNT]")
    wrong = commands[words[0]]()
    print("\n".join(wrong))
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
