"""C functions broken one place at a time.

A function is read as tokens; a rule yields edits of it: sign flips, * for /, dropped factors and addends, swapped
arguments, steps of one in indices and bounds, other constants, other comparisons, `=` for `+=`, another variable or
member of the same type, statements left out. No rule knows what a function is for, so new code is broken too. What does
not compile is told by the compiler (mutation.py) and is no mutant.

The code is clang-format's: a binary operator has space on both sides, a definition ends with a brace in column 0.
"""

import collections
import re

TOKEN = re.compile(
    r'\s+|//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|[A-Za-z_]\w*|\d[\w.]*(?:(?<=[eE])[-+]\d+)?'
    r'|->|\+\+|--|<<=|>>=|[-+*/%&|^<>=!]=|&&|\|\||<<|>>|\.\.\.|.', re.S)
DEFINITION = re.compile(r'^(?!typedef|enum|struct|union|extern)[A-Za-z_][^;{}#/"()]*?\b(\w+)\(([^;{}]*)\) \{[^\n]*\n.*?^\}\n',
                        re.M | re.S)
STRUCTURE = re.compile(r'^(?:typedef )?struct \w* ?\{\n(.*?)^\}', re.M | re.S)
NAME, NUMBER = re.compile(r'[A-Za-z_]\w*$'), re.compile(r'\d')

OPEN, CLOSE = "([{", ")]}"
TIMES, PLUS = ("*", "/", "%"), ("+", "-")
LESS, AND = ("<", ">", "<=", ">=", "==", "!="), ("&&", "||")
ASSIGN = ("=", "+=", "-=", "*=", "/=")
END = (",", ";", ":", "?", "return") + ASSIGN
FLIP = {"+": ["-"], "-": ["+"], "*": ["/"], "/": ["*"], "%": ["/"], "<": ["<="], ">": [">=", "<"], "<=": ["<"],
        ">=": [">"], "==": ["!="], "!=": ["=="], "&&": ["||"], "||": ["&&"],
        "+=": ["=", "-="], "-=": ["=", "+="], "*=": ["="], "/=": ["=", "*="], "0.0": ["1.0"], "1.0": ["0.0"],
        "true": ["false"], "false": ["true"]}
SIBLINGS = [("tape_add", "tape_sub"), ("tape_mul", "tape_div"), ("tape_sum", "tape_broadcast"),
            ("tape_mean", "tape_spread"), ("tape_gather", "tape_scatter"), ("tape_slice", "tape_pad"),
            ("moments_variance", "moments_unbiased")]
for one, other in SIBLINGS:
    FLIP[one], FLIP[other] = [other], [one]
COMMUTE = ("tape_add", "tape_mul", "sum", "product", "strcmp")  # their last two arguments
# Not arithmetic: room, invariants, marks of the arena. A fault in them is a crash or nothing.
LEFT_ALONE = ("TAKE", "ZERO", "REQUIRE", "VERIFY", "arena_mark", "arena_rewind", "arena_free", "tape_arena", "sizeof",
              "tape_room")
NO_STATEMENT = ("const", "static", "enum", "union", "for", "if", "else", "return", "(", "{", ";", ".") + tuple(CLOSE)
KEYWORDS = ("if", "for", "while", "return", "else", "do", "break", "continue", "switch", "case", "goto")
BASE_TYPE = re.compile(r'(?:size_t|double|int|bool|uint8_t|char|unsigned|[A-Z][a-z]\w*)$')


class Token:
    def __init__(self, text, start, spaced):
        self.text, self.start, self.end = text, start, start + len(text)
        self.spaced = spaced  # white space on both sides
        self.partner = None   # of a bracket: the other one's index
        self.alone = False    # LEFT_ALONE


class Mutant:
    """A function's text with one place broken."""

    room = ""  # of the case's own in the list of survivors

    def __init__(self, file, function, old, new, start):
        self.file, self.function, self.text = file, function.name, new
        first = old.rfind("\n", 0, start) + 1
        self.line = function.line + old.count("\n", 0, start)
        same = 0
        while same < min(len(old), len(new)) - 1 and old[-1 - same] == new[-1 - same]:
            same += 1
        last = old.find("\n", max(len(old) - same, start))
        self.became = " ".join(new[first:len(new) - (len(old) - last)].split())
        self.was = " ".join(old[first:last].split())
        self.again = 0

    @property
    def key(self):
        """The same wherever the function moves; `again`: how many of this function's mutants before it read so."""
        return f"{self.room}{self.file} {self.function}: {self.became}" + (f"  [{self.again + 1}]" if self.again else "")

    def __str__(self):
        return f"{self.file}:{self.function}:{self.line}: {self.was}  ->  {self.became}"


class Named:
    """A function's text as a bug of bugs.py leaves it."""

    def __init__(self, name, number, file, function, text):
        self.name, self.number, self.file, self.function, self.text = name, number, file, function, text
        self.key = name


class Function:
    def __init__(self, name, parameters, text, start, line):
        self.name, self.text, self.start, self.line = name, text, start, line
        self.parameters = [re.search(r'(\w+)(?:\)\([^()]*\))?(\[[^]]*\])*\s*$', p).group(1) for p in parameters.split(",")
                           if p.strip() != "void"]
        self.tokens = self.read()
        self.body = next(i for i, t in enumerate(self.tokens) if t.text == "{")
        self.signature = text[:self.tokens[self.body].start]
        self.declarations = set()
        self.types = self.declared()

    def read(self):
        tokens, stack, position = [], [], 0
        for match in TOKEN.finditer(self.text):
            text = match.group()
            if not text.isspace() and not text.startswith(("//", "/*")):
                around = self.text[match.start() - 1:match.start()] + self.text[match.end():match.end() + 1]
                tokens.append(Token(text, match.start(), len(around) == 2 and around.isspace()))
        for i, token in enumerate(tokens):
            if token.text in OPEN:
                stack.append(i)
            elif token.text in CLOSE:
                token.partner = stack.pop()
                tokens[token.partner].partner = i
        for i, token in enumerate(tokens):
            if token.text in LEFT_ALONE and tokens[i + 1].text == "(":
                for inside in tokens[i:tokens[i + 1].partner + 1]:
                    inside.alone = True
            if token.text in ("++", "--"):  # loops that do not end prove nothing
                for inside in tokens[max(i - 2, 0):i + 2]:
                    inside.alone = inside.alone or inside.text not in CLOSE + "<>=;"
            if token.text == "sizeof" and tokens[i + 1].text == "*":
                tokens[i + 1].alone = tokens[i + 2].alone = True
            if token.text == "void" and tokens[i + 1].text == ")":  # (void)unused
                tokens[i + 2].alone = True
        return tokens

    def is_type(self, i):
        return bool(BASE_TYPE.match(self.tokens[i].text)) and self.tokens[i + 1].text != "("

    def declared(self):
        """name -> (type with its stars, index of its declaration), parameters and locals."""
        types, t = {}, self.tokens
        for i in range(len(t) - 1):
            before = t[i - 1].text if i else ""
            if not self.is_type(i) or before not in ("(", ")", ",", "{", "}", ";", "const", "static"):
                continue
            j = i
            while True:
                j, stars = j + 1, ""
                while t[j].text in ("*", "const", "restrict"):
                    stars, j = stars + t[j].text.replace("const", "").replace("restrict", ""), j + 1
                if not NAME.match(t[j].text) or t[j + 1].text == "(":
                    break
                types.setdefault(t[j].text, (t[i].text + stars + ("[]" if t[j + 1].text == "[" else ""), j))
                self.declarations.add(j)
                while t[j].text not in (",", ";", ")", "{", "}") or t[j].text == "{" and t[j - 1].text in ("=", ")"):
                    j = t[j].partner if t[j].text in OPEN else j
                    j += 1
                if t[j].text != "," or j < self.body or self.is_type(j + 1) or t[j + 1].text == "const":
                    break
        return types

    # ---- operands -------------------------------------------------------------------------------------------------

    def left(self, i, stop):
        """Index of the first token of the operand that ends before i."""
        j = i - 1
        while True:
            j = self.tokens[j].partner if self.tokens[j].text in CLOSE else j
            before = self.tokens[j - 1]
            if before.text in OPEN or before.text in "{};" or before.text in END or before.text in stop and before.spaced:
                return j
            j -= 1

    def right(self, i, stop):
        """Index of the last token of the operand that begins after i."""
        j = i + 1
        while True:
            j = self.tokens[j].partner if self.tokens[j].text in OPEN else j
            after = self.tokens[j + 1]
            if after.text in CLOSE or after.text in END or after.text in stop and after.spaced:
                return j
            j += 1

    def parts(self, opening):
        """(first, last) of what commas separate inside brackets."""
        parts, first = [], opening + 1
        j = first
        while j <= self.tokens[opening].partner:
            if self.tokens[j].text == "," or j == self.tokens[opening].partner:
                if j > first:
                    parts.append((first, j - 1))
                first = j + 1
            j = self.tokens[j].partner + 1 if self.tokens[j].text in OPEN else j + 1
        return parts

    def source(self, first, last):
        return self.text[self.tokens[first].start:self.tokens[last].end]

    # ---- rules: each yields edits, lists of (start, end, replacement) ----------------------------------------------

    def replaced(self, first, last, new):
        return [(self.tokens[first].start, self.tokens[last].end, new)]

    def flips(self, i):
        """Another operator, constant, comparison or sibling."""
        text = self.tokens[i].text
        binary = text in TIMES + PLUS + LESS + AND
        if text in FLIP and (self.tokens[i].spaced or not binary):
            for other in FLIP[text]:
                yield self.replaced(i, i, other)

    def integers(self, i):
        text = self.tokens[i].text
        room = self.tokens[i - 1].text == "[" and i - 2 in self.declarations
        if re.match(r'\d+$', text) and not room:
            yield self.replaced(i, i, {"0": "1", "1": "0"}.get(text, str(int(text) + 1)))

    def dropped(self, i):
        """A factor or an addend less."""
        token = self.tokens[i]
        if not token.spaced or token.text not in TIMES + PLUS + AND:
            return
        stop = TIMES + PLUS + LESS + AND
        if token.text in PLUS:
            stop = PLUS + LESS + AND
        elif token.text in AND:
            stop = AND
        first, last = self.left(i, stop), self.right(i, stop)
        yield [(self.tokens[i - 1].end, self.tokens[last].end, "")]
        if token.text in ("*", "+", "&&", "||"):
            yield [(self.tokens[first].start, self.tokens[i + 1].start, "")]
        elif token.text == "-":
            yield [(self.tokens[first].start, self.tokens[i + 1].start, "-")]

    def chosen(self, i):
        """One side of a ?: or of an if, whatever its condition."""
        t = self.tokens
        if t[i].text == "?":
            first = self.left(i, ())
            j, depth = i + 1, 0
            while t[j].text != ":" or depth:
                j = t[j].partner if t[j].text in OPEN else j
                depth += (t[j].text == "?") - (t[j].text == ":")
                j += 1
            last = j + 1
            while t[last + 1].text not in CLOSE + ";,":
                last = t[last].partner if t[last].text in OPEN else last
                if t[last + 1].text in CLOSE + ";,":
                    break
                last += 1
            last = t[last].partner if t[last].text in OPEN else last
            yield self.replaced(first, last, "(" + self.source(i + 1, j - 1) + ")")
            yield self.replaced(first, last, "(" + self.source(j + 1, last) + ")")
        elif t[i].text == "if":
            yield self.replaced(i + 2, t[i + 1].partner - 1, "1")
            yield self.replaced(i + 2, t[i + 1].partner - 1, "0")
        elif t[i].text == "!" or t[i].text == "-" and not t[i].spaced:
            yield self.replaced(i, i, "")

    def steps_of_one(self, i):
        """Loops that end one too early, indices beside the element meant."""
        t = self.tokens
        if t[i].text == "<" and t[i].spaced:
            yield [(t[i].start, t[i].start, "+ 1 ")]
        if t[i].text == "[" and t[i - 1].text not in ("=", "]") and i - 1 not in self.declarations:
            yield [(t[t[i].partner].start, t[t[i].partner].start, " + 1")]

    def arguments(self, i):
        """Neighbours swapped; a call that is one of its arguments."""
        t = self.tokens
        call = t[i].text == "(" and NAME.match(t[i - 1].text) and t[i - 1].text not in KEYWORDS
        values = t[i].text == "{" and t[i - 1].text in (")", "=", "(", ",") and t[t[i].partner - 1].text not in (";", "}")
        if not call and not values:
            return
        parts = self.parts(i)
        for (a, b), (c, d) in zip(parts, parts[1:]):
            commutes = t[i - 1].text in COMMUTE and d == parts[-1][1] or t[a].text == "."  # {.a = 1, .b = 2}
            if self.source(a, b) != self.source(c, d) and not commutes:
                yield [(t[a].start, t[d].end,
                        self.source(c, d) + self.text[t[b].end:t[c].start] + self.source(a, b))]
        if call and t[i - 2].text not in "{};)":
            for a, b in parts:
                yield self.replaced(i - 1, t[i].partner, "(" + self.source(a, b) + ")")

    def assigned(self, i):
        """= for +=, outside declarations."""
        t = self.tokens
        if t[i].text != "=" or t[i - 1].text in CLOSE and t[i - 1].text != "]":
            return
        if i - 1 in self.declarations or t[i - 1].text == "]" and t[i - 1].partner - 1 in self.declarations:
            return
        if t[i - 2].text == "." and t[i - 3].text in ("{", ","):
            return
        yield self.replaced(i, i, "+=")

    def left_out(self, i):
        """A statement less."""
        t = self.tokens
        if t[i - 1].text not in ("{", "}", ";", ")", "else") or self.is_type(i) or t[i].text in NO_STATEMENT:
            return
        if t[i - 1].text == ")" and t[t[i - 1].partner - 1].text not in ("if", "for"):
            return
        j = i
        while t[j].text not in CLOSE + ";":
            j = t[j].partner + 1 if t[j].text in OPEN else j + 1
        around = j  # a statement stands in a block, not in for (...)
        while t[around].text not in CLOSE:
            around = t[around].partner + 1 if t[around].text in OPEN else around + 1
        if t[j].text == ";" and t[around].text == "}":
            yield self.replaced(i, j, ";")

    def others(self, i, members):
        """The next variable or member of the same type."""
        t = self.tokens
        text = t[i].text
        if t[i - 1].text in (".", "->"):
            for group in members.get(text, ()):
                yield self.replaced(i, i, group[(group.index(text) + 1) % len(group)])
        elif text in self.types and i not in self.declarations and t[i + 1].text != "(":
            kind, at = self.types[text]
            alike = sorted((where, name) for name, (other, where) in self.types.items()
                           if other == kind and where < i)
            names = [name for _, name in alike]
            if len(names) > 1 and at < i:
                yield self.replaced(i, i, names[(names.index(text) + 1) % len(names)])

    # ---- rules of terms: what a program of the tape forgets -----------------------------------------------------------

    def tape(self, i):
        """How the function calls the tape at i; None: it has none."""
        for kind, member in (("Tape*", ""), ("NormView*", "->tape"), ("NormContext*", "->tape")):
            for name, (other, at) in self.types.items():
                if other == kind and at < i:
                    return name + member
        return None

    def is_term(self, first, last):
        """Neither a number nor a variable known to be something else; a call is looked at by itself."""
        t = self.tokens
        known = self.types.get(t[first].text, ("TapeNode*",))[0]
        plain = all(token.text not in ("(", "{", "?", ":") and not token.alone for token in t[first:last + 1])
        return plain and bool(NAME.match(t[first].text)) and (last > first or known in ("TapeNode*", "NormField"))

    def writes(self, i):
        """Whether a call of who gives nodes begins at i, and is read for more than its value."""
        t = self.tokens
        return (t[i].text == "(" and t[i - 1].text in self.writers and t[i - 2].text not in "{};"
                and t[t[i].partner + 1].text != "->")

    def detached(self, i):
        """HELD_(tape, TERM): the term's value, and no derivative by it."""
        t, terms = self.tokens, []
        if self.writes(i):
            terms = [(i - 1, t[i].partner), *(part for part in self.parts(i) if self.is_term(*part))]
        elif t[i].text == "=" and t[i - 2].text == "." and t[i - 3].text in ("{", ","):  # {.member = TERM}
            last = self.right(i, ())
            terms = [(i + 1, last)] if self.is_term(i + 1, last) else []
        elif t[i].text == "return":
            last = self.right(i, ())
            terms = [(i + 1, last)] if self.is_term(i + 1, last) and t[last + 1].text != "?" else []
        tape = self.tape(i)
        for first, last in terms if tape else ():
            yield [(t[first].start, t[first].start, f"HELD_({tape}, "), (t[last].end, t[last].end, ")")]

    def forgotten(self, i):
        """An operation that is one of its operands, a constant without one of its terms."""
        t = self.tokens
        if not self.writes(i):
            return
        for first, last in self.parts(i):
            if self.is_term(first, last) or t[last].partner is not None:
                yield self.replaced(i - 1, t[i].partner, "(" + self.source(first, last) + ")")
        if t[i - 1].text in ("tape_fill", "tape_constant"):
            for j in range(i + 1, t[i].partner):
                yield from self.dropped(j)

    TERMS, writers = ("detached", "forgotten"), ()

    def mutants(self, file, members, rules=None):
        """All of them, in the order of the source; the same text comes once. Of all rules but those of terms, or of these
        alone."""
        seen, read = {self.text}, collections.Counter()
        for i in range(self.body + 1, len(self.tokens) - 1):
            if self.tokens[i].alone:
                continue
            for rule in [getattr(self, name) for name in rules] if rules else (
                    self.flips, self.integers, self.dropped, self.chosen, self.steps_of_one, self.arguments,
                    self.assigned, self.left_out, lambda i: self.others(i, members)):
                for edits in rule(i):
                    text = self.text
                    for start, end, new in reversed(edits):
                        text = text[:start] + new + text[end:]
                    if text not in seen:
                        seen.add(text)
                        mutant = Mutant(file, self, self.text, text, edits[0][0])
                        mutant.again = read[mutant.became]
                        read[mutant.became] += 1
                        yield mutant


def functions(text):
    """Every function of a source, in order."""
    return [Function(m.group(1), m.group(2), m.group(), m.start(), text.count("\n", 0, m.start()) + 1)
            for m in DEFINITION.finditer(text)]


def writers(texts):
    """Who returns a node, or a structure that has some."""
    found = "|".join(re.escape(name) for text in texts for name in re.findall(
        r'^typedef struct (\w+) \{(?:(?!^\}).)*?\b(?:TapeNode \*|NormField |NormRows )', text, re.M | re.S))
    return {name for text in texts for name in re.findall(
        rf'^(?:static (?:inline )?)?(?:TapeNode \*|(?:{found}) )(\w+)\(', text, re.M)}


def members(texts):
    """member -> lists of the members of one type that one structure declares together."""
    found = {}
    for text in texts:
        text = re.sub(r'/\*.*?\*/', "", text, flags=re.S)
        for structure in STRUCTURE.finditer(text):
            groups = {}
            for kind, names in re.findall(r'^    (?:const )?(\w+) ([^;()]*);', structure.group(1), re.M):
                for name in names.split(","):
                    word = re.search(r'(\w+)\s*(?:\[|$)', name)
                    if word:
                        groups.setdefault((kind, name.count("*"), "[" in name), []).append(word.group(1))
            for group in groups.values():
                if len(group) > 1:
                    for name in group:
                        found.setdefault(name, [])
                        if group not in found[name]:
                            found[name].append(group)
    return found
