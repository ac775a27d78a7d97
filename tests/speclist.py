"""Legal specs that nobody chose, drawn by a fixed seed.

Nothing here knows what is legal: the program says it. Kinds, aliases and their options come from `normlab list norms
--json`, what an option may be from the message that refuses a wrong value, and a spec counts where `normlab check SPEC
--list` has cases. So a new kind enters by itself. Each kind has its turn, as often as any other: alone with options at
their ends, around others, and as a part of others.
"""

import concurrent.futures
import json
import os
import random
import re
import subprocess
import sys

PROGRAM = os.path.realpath(os.environ.get("NORMLAB_PROGRAM") or os.path.join(
    os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "build", "release", "normlab"))
SEED = 20180322
WORKERS = len(os.sched_getaffinity(0))
PATIENCE = 900  # seconds of one call


def ask(*words, program=PROGRAM, nice=0, environment=None):
    """(exit code, stdout, stderr); one processor."""
    own = {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1", **(environment or {})}
    try:
        done = subprocess.run(["nice", "-n", str(nice), program, *words], stdin=subprocess.DEVNULL, env=own,
                              capture_output=True, text=True, errors="replace", timeout=PATIENCE)
    except subprocess.TimeoutExpired:
        return None, "", f"not over after {PATIENCE} s"
    return done.returncode, done.stdout, done.stderr


class Draws(random.Random):
    """Choices that stay what they are in every version of Python: made of random() alone."""

    def pick(self, items):
        return items[int(self.random() * len(items))]

    def mixed(self, items):
        left, out = list(items), []
        while left:
            out.append(left.pop(int(self.random() * len(left))))
        return out


def head(spec):
    return re.match(r'[\w-]*', spec).group()


def split_arguments(text):
    """At commas of depth 0."""
    parts, depth = [""], 0
    for c in text:
        depth += (c == "(") - (c == ")")
        if c == "," and depth == 0:
            parts.append("")
        else:
            parts[-1] += c
    return [part.strip() for part in parts if part.strip()]


def arguments_of(spec):
    """Of one term, `a | b` being chain(a, b)."""
    terms = re.split(r' \| ', spec)
    if len(terms) > 1:
        return terms
    inside = re.match(r'[\w-]*\((.*)\)$', spec)
    return split_arguments(inside.group(1)) if inside else []


class Kind:
    """A kind or alias of the registry: what it may be given."""

    def __init__(self, entry, alias=False):
        self.name, self.alias = entry["name"], alias
        examples = [entry["usage"].replace("(G)", "(2)")] if alias else [entry["example"], *entry["also"]]
        self.examples = [arguments_of(example) for example in examples]
        usage = re.search(r'\(([^)]*)\)', entry["usage"])
        given = split_arguments(usage.group(1)) if usage else []
        letters = [word for word, part in zip(given, "abcdefgh") if word == part]
        self.parts = 0 if alias else len(letters)
        self.more = bool(self.parts) and "..." in given
        self.options = entry.get("options", ["eps", "gamma", "affine"])
        self.values = {}

    def learn(self):
        """What each option may be, from the message that refuses a wrong one."""
        for option in self.options:
            for example in self.examples:
                words = [word for word in example if not word.startswith(option + "=")]
                _, _, said = ask("check", f"{self.name}({', '.join([*words, option + '=zz'])})", "--list")
                number = re.search(r'should be a number from (\S+) to ([^\s,]+)', said)
                choice = re.search(r"should be ([\w, ]+?), not", said)
                if number:
                    least, most = float(number[1]), float(number[2])
                    self.values[option] = [number[1], number[2], *inside(least, most)]
                elif re.search(r'should be a whole number|divide', said):
                    self.values[option] = ["1", "2", "4", "8"]
                elif choice:
                    self.values[option] = re.split(r', | or ', choice[1])
                if option in self.values:
                    break


def inside(least, most):
    """Values between the ends: what people write, and a number that is no sum of few powers of two."""
    usual = ["0.001", "0.1", "0.3", "1", "2", "3.7", "16"]
    return [text for text in usual if least < float(text) < most]


def registry():
    code, out, said = ask("list", "norms", "--json")
    if code != 0:
        sys.exit(f"list norms --json: {said}")
    listing = json.loads(out)
    kinds = [Kind(entry) for entry in listing["norms"]] + [Kind(entry, True) for entry in listing["aliases"]]
    with concurrent.futures.ThreadPoolExecutor(WORKERS) as pool:
        list(pool.map(Kind.learn, kinds))
    return kinds


class Grammar:
    """Draws specs of the registry's kinds. Many are illegal; the program says which."""

    def __init__(self, kinds, draws):
        self.kinds, self.draws = kinds, draws
        self.combine = [kind for kind in kinds if kind.parts]
        self.plain = [kind for kind in kinds if not kind.parts]

    def options(self, kind, most):
        words = {}
        names = [name for name in kind.options if kind.values.get(name)]
        for _ in range(int(self.draws.random() * (most + 1))):
            if names:
                name = self.draws.pick(names)
                values = kind.values[name]
                ends = values[:2]
                words[name] = self.draws.pick(ends if self.draws.random() < 0.5 else values)
        return words

    def positional(self, word):
        """Another number for a number, else the word itself."""
        return self.draws.pick(["1", "2", "3", "4", "5", "8", "16"]) if word.isdigit() else word

    def term(self, kind, depth, most=2):
        """One of the kind, its parts up to `depth` deep."""
        example = self.draws.pick(kind.examples)
        named = dict(word.split("=", 1) for word in example if "=" in word)
        given = [word for word in example if "=" not in word]
        if kind.parts:
            given = [self.part(depth - 1) for _ in range(kind.parts + (kind.more and int(3 * self.draws.random() ** 2)))]
        elif len(given) > 2:  # a map of channels: of four or eight, of any groups
            several = self.draws.pick([4, len(given)])
            groups = self.draws.pick([1, 2, 3, 4])
            given = [str(int(self.draws.random() * groups)) for _ in range(several)]
        elif self.draws.random() < 0.7:
            given = [self.positional(word) for word in given]
        for name in list(named):
            if kind.values.get(name) and self.draws.random() < 0.7:
                named[name] = self.draws.pick(kind.values[name])
        named.update(self.options(kind, most))
        if "size" in named and kind.name == "group":
            given = []
        if kind.name == "chain" and not named:
            return " | ".join(given)
        words = given + [f"{name}={value}" for name, value in named.items()]
        return kind.name + (f"({', '.join(words)})" if words else "")

    def part(self, depth):
        if depth > 0 and self.draws.random() < 0.45:
            return self.term(self.draws.pick(self.combine), depth, 1)
        return self.term(self.draws.pick(self.plain), 0, 1)

    def around(self, kind, depth):
        """A combination, one part of which is of the kind."""
        outer = self.draws.pick(self.combine)
        before = self.part
        inner = self.term(kind, depth - 1, 1)
        place = [int(self.draws.random() * outer.parts)]

        def part(left):
            place[0] -= 1
            return inner if place[0] == -1 else before(left)

        self.part = part
        try:
            return self.term(outer, depth, 1)
        finally:
            del self.part


def drawn(kinds):
    """Endless: each kind in turn, in an order that changes, with options at their ends, in parts or around others."""
    draws = Draws(SEED)
    grammar = Grammar(kinds, draws)
    while True:
        for kind in draws.mixed(kinds):
            for _ in range(40):  # until one is taken
                how = draws.random()
                if kind.parts:
                    spec = grammar.term(kind, 1 + int(3 * draws.random()))
                elif how < 0.55:
                    spec = grammar.term(kind, 0)
                else:
                    spec = grammar.around(kind, 2 + int(2 * draws.random()))
                if (yield spec):
                    break


def canonical(spec):
    """As the program prints it, where the spec is legal and some shape fits; else None."""
    code, out, _ = ask("check", spec, "--list")
    values = re.findall(r'^\S+\.value\b', out, re.M) if code == 0 else []
    if not values:
        return None
    code, out, said = ask("check", spec, "--case", values[-1], "--json")
    if code not in (0, 1):
        sys.exit(f"check '{spec}' --case {values[-1]}: exit code {code}: {said}")
    return json.loads(out)["cases"][0]["spec"]


def specs(count):
    """The first so many: as drawn, no two the same in canonical form."""
    source, seen, found = drawn(registry()), set(), []
    spec = next(source)
    while len(found) < count:
        form = canonical(spec)
        taken = form is not None and form not in seen
        if taken:
            seen.add(form)
            found.append(spec)
        spec = source.send(taken)
    return found
