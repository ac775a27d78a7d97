/* The language of specs and of equations: normlab-spec(7), and its page of the book. Grammars are
 * those of the readers' headers, lists are the registries'. */
#include "equation.h"
#include "grammars.h"
#include "help.h"

#include <string.h>

static const char ABOUT[] = "A spec names a normalizer or a network. `batch` is a word; "
                            "`group(8)` has an argument; "
                            "`blend(batch, group(8))` has other specs as arguments; "
                            "`batch | group(8)` is one after "
                            "the other.";
static const char SHELL[] =
    "Shells read parentheses themselves, so `group:8` is `group(8)` and `group:size=4` "
    "is "
    "`group(size=4)`. Lists and sweeps are split at commas outside of parentheses. Every "
    "spec is printed back in one canonical spelling, which is stored with results.";
static const char WRONG[] = "A wrong spec is one line on stderr, which says the byte at "
                            "which it goes wrong, what is "
                            "expected there, and the nearest right word.";
static const char PLACES[] =
    "In a run's configuration `norm=SPEC` is every normalizer of the network, and "
    "`norm.PATTERN=SPEC` those whose places match: `norm.stage1.*=instance`.";
static const char TEXTS[] =
    "A normalizer of your own is its equation: a text that `--norms FILE` or `--let "
    "TEXT` "
    "brings to every command. `normlab new norm NAME` writes a first one.";
static const char THERE[] =
    "Names that are there: `x`, `gamma`, `beta`, `eps` (an option, 1e-5), `epoch` (from "
    "0), "
    "`samples` (of a worker). The line `y` is what the normalizer gives. What is between "
    "parentheses goes on over the ends of lines, as does what ends with an operator. The "
    "first comment before a normalizer is its title; `# source: ...`, `# differs: ...` "
    "and "
    "`# example: SPEC` say those.";

/* Options that several kinds have, and what they do; a kind's own stand in its usage. */
static const struct {
    const char *name, *value, *says;
} COMMON[] = {
    {"eps=", "E",
     "added to the variance, in the root (1e-5 where the kind says no other)"},
    {"eps_outside=", "yes|no", "eps is added to the root instead"},
    {"center=", "yes|no",
     "no: nothing is subtracted, and the mean square stands for the variance"},
    {"variance=", "biased|unbiased",
     "the sum of squares over m (if not given), or over m - 1"},
    {"weight_new=", "W", "weight of the newest moments in the running ones (0.1)"},
    {"gamma=", "yes|no", "whether a scale is learned"},
    {"beta=", "yes|no", "whether a shift is learned"},
    {"affine=", "yes|no", "both of them"},
};

static void put_common(const Manual *to, Arena *arena) {
    to->part("Options of several kinds");
    to->text("The affine, `gamma` and `beta`, is applied once, outermost, unless a part "
             "says `affine=yes`.");
    to->list("option", "what it does");
    for (size_t i = 0; i < COUNT_OF(COMMON); i++)
        to->entry(text_print(arena, "%s%s", COMMON[i].name, COMMON[i].value), NULL,
                  COMMON[i].says, NULL);
    to->end();
}

/* Its named options. */
static const char *options_of(Arena *arena, const NormKind *kind) {
    Text text = text_new(arena);
    for (const char *const *o = norm_options(arena, kind); *o; o++)
        text_add(&text, "%s`%s=`", text.length ? ", " : "", *o);
    return text.length ? text.data : "none";
}

static void put_kinds(const Manual *to, Arena *arena) {
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    to->section("Normalizers");
    to->text(
        "Every kind with what it is, and its named options. `normlab list norms NAME` "
        "says the rest.");
    to->list("spec", "what it is");
    for (size_t i = 0; i < count; i++) {
        const char *source = norm_source(kind[i]);
        to->entry(norm_usage(kind[i]), NULL,
                  text_print(arena, "%s%s%s. Options: %s", norm_title(kind[i]),
                             *source ? ", " : "", source, options_of(arena, kind[i])),
                  NULL);
    }
    to->end();
    put_common(to, arena);
    const NormAlias *alias = norm_aliases(&count);
    to->part("Published names");
    to->text("These stand for what the algebra spells, and are printed back as that.");
    to->list("name", "what it stands for");
    for (size_t i = 0; i < count; i++)
        to->entry(alias[i].usage, NULL,
                  text_print(arena, "`%s`: %s, %s", alias[i].spec, alias[i].title,
                             alias[i].source),
                  NULL);
    to->end();
}

static void put_networks(const Manual *to) {
    size_t count;
    const NetKind *const *kind = net_kinds(&count);
    to->section("Networks");
    to->text("Options are named; each has a value if it is not given.");
    to->list("spec", "what it is");
    for (size_t i = 0; i < count; i++)
        to->entry(net_usage(kind[i]), NULL, net_title(kind[i]), NULL);
    to->end();
}

static void put_equations(const Manual *to, Arena *arena) {
    size_t count;
    to->section("Equations");
    to->text(TEXTS);
    to->lines(EQUATION_GRAMMAR);
    to->text(THERE);
    to->part("Functions");
    const EquationFunction *function = equation_functions(&count);
    to->text("Of numbers, element by element. `mean`, `sum` and `count` are over cells; "
             "`detach` is a constant in the derivative.");
    Text text = text_new(arena);
    for (size_t i = 0; i < count; i++) {
        text_add(&text, "%s%s(", i ? "  " : "", function[i].name);
        for (size_t k = 0; k < function[i].arity; k++)
            text_add(&text, "%s%c", k ? ", " : "", (int)('a' + k));
        text_add(&text, ")");
    }
    to->lines(text.data);
    to->part("A first text");
    to->lines(norm_template());
}

void help_language(const Manual *to, Arena *arena) {
    to->section("Specs");
    to->text(ABOUT);
    to->lines(SPEC_GRAMMAR);
    to->text(SHELL);
    to->text(WRONG);
    to->text(PLACES);
    put_kinds(to, arena);
    put_networks(to);
    put_equations(to, arena);
}

void help_man_language(Arena *arena) {
    manual_roff_title("normlab-spec", 7, "Languages", "the language of normalizers");
    help_language(&manual_roff, arena);
    puts(".SH SEE ALSO\n.BR normlab (1),\n.BR normlab.h (3)");
}
