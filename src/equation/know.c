/* What a normalizer's names mean, and in which order its lines are computed. */
#include "reader.h"

#include <string.h>

typedef enum Visit { UNSEEN, OPEN, DONE } Visit;

typedef struct Knower {
    Arena *arena;
    Equation *equation;
    BaseError *error;
    Visit line[EQUATION_MOST_LINES];
    bool option[EQUATION_MOST_OPTIONS]; /* somebody reads it */
    int ordered;                        /* lines in equation->order */
} Knower;

static const struct {
    const char *name;
    TermMeaning meaning;
} GIVEN[] = {{"x", NAME_X},     {"gamma", NAME_GAMMA}, {"beta", NAME_BETA},
             {"eps", NAME_EPS}, {"epoch", NAME_EPOCH}, {"samples", NAME_SAMPLES}};

/* What other programs call them. */
static const OtherName OTHERS[] = {
    {"epsilon", "eps"}, {"weight", "gamma"}, {"scale", "gamma"},
    {"bias", "beta"},   {"shift", "beta"},   {"N", "samples"},
    {"X", "x"},         {"input", "x"},      {NULL, NULL}};

/* ---- names --------------------------------------------------------------------------- */

static bool unknown(const Knower *k, const Term *term) {
    const Equation *equation = k->equation;
    if (equation_is_function(term->word))
        return base_fail(k->error, EX_DATAERR, term->at,
                         "'%s' is a function, %s(...), and no value", term->word,
                         term->word);
    const char *name[EQUATION_MOST_LINES + EQUATION_MOST_OPTIONS + COUNT_OF(GIVEN)];
    size_t count = 0;
    for (size_t i = 0; i < COUNT_OF(GIVEN); i++) name[count++] = GIVEN[i].name;
    for (size_t i = 0; i < equation->lines; i++) name[count++] = equation->line[i].name;
    for (size_t i = 0; i < equation->options; i++)
        name[count++] = equation->option[i].name;
    return base_fail(k->error, EX_DATAERR, term->at, "nothing gives '%s'%s",
                     text_clip(k->arena, term->word),
                     text_hint_for(k->arena, term->word, OTHERS, name, count));
}

static bool find_name(Knower *k, Term *term) {
    Equation *equation = k->equation;
    for (size_t i = 0; i < equation->lines; i++)
        if (strcmp(equation->line[i].name, term->word) == 0) {
            term->meaning = NAME_LINE, term->place = (int)i;
            return true;
        }
    for (size_t i = 0; i < equation->options; i++)
        if (strcmp(equation->option[i].name, term->word) == 0) {
            term->meaning = NAME_OPTION, term->place = (int)i;
            k->option[i] = true;
            return equation->option[i].words == 0 ||
                   base_fail(k->error, EX_DATAERR, term->at,
                             "'%s' is a word and not a number: it stands in cells, or as "
                             "a condition, %s(a) else b",
                             term->word, term->word);
        }
    for (size_t i = 0; i < COUNT_OF(GIVEN); i++)
        if (strcmp(GIVEN[i].name, term->word) == 0) {
            term->meaning = GIVEN[i].meaning;
            equation->has_gamma |= term->meaning == NAME_GAMMA;
            equation->has_beta |= term->meaning == NAME_BETA;
            equation->has_eps |= term->meaning == NAME_EPS;
            return true;
        }
    return unknown(k, term);
}

/* Which options stand in a spec. */
static void read_spec(Knower *k, const char *spec) {
    static const char *const letters =
        "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
    while (spec && *spec) {
        const size_t length = strspn(spec, letters);
        for (size_t i = 0; i < k->equation->options; i++)
            k->option[i] |= strlen(k->equation->option[i].name) == length &&
                            memcmp(k->equation->option[i].name, spec, length) == 0;
        spec += length ? length : 1;
    }
}

static bool visit_line(Knower *k, int line, size_t at);

/* What is applied is a normalizer or a function, and no name of a value: gamma(x - mu). */
static bool want_applied(Knower *k, const Term *term) {
    const Equation *equation = k->equation;
    bool value = false;
    for (size_t i = 0; i < COUNT_OF(GIVEN); i++)
        value |= strcmp(GIVEN[i].name, term->word) == 0;
    for (size_t i = 0; i < equation->lines; i++)
        value |= strcmp(equation->line[i].name, term->word) == 0;
    for (size_t i = 0; i < equation->options; i++)
        value |= strcmp(equation->option[i].name, term->word) == 0;
    return !value || base_fail(k->error, EX_DATAERR, term->at,
                               "'%s' is a value here and no function: a product is "
                               "written with *",
                               term->word);
}

static bool visit(Knower *k, Term *term) {
    if (term == NULL) return true;
    if (term->kind == TERM_APPLY && !want_applied(k, term)) return false;
    if (term->kind == TERM_NAME) {
        if (!find_name(k, term)) return false;
        return term->meaning != NAME_LINE || visit_line(k, term->place, term->at);
    }
    if (term->kind == TERM_WHEN && term->place >= 0) k->option[term->place] = true;
    read_spec(k, term->spec);
    for (size_t i = 0; i < term->arity; i++)
        if (!visit(k, term->in[i])) return false;
    return true;
}

static bool visit_line(Knower *k, int place, size_t at) {
    EquationLine *line = &k->equation->line[place];
    if (k->line[place] == DONE) return true;
    if (k->line[place] == OPEN)
        return base_fail(k->error, EX_DATAERR, at, "'%s' is made of itself", line->name);
    k->line[place] = OPEN;
    read_spec(k, line->per);
    if (!visit(k, line->value) || !visit(k, line->start) || !visit(k, line->std) ||
        !visit(k, line->least) || !visit(k, line->most) || !visit(k, line->weight_new))
        return false;
    k->line[place] = DONE;
    k->equation->order[k->ordered++] = place;
    return true;
}

/* ---- numbers ------------------------------------------------------------------------- */

static bool want_numbers(const Knower *k) {
    for (size_t i = 0; i < k->equation->lines; i++) {
        const EquationLine *line = &k->equation->line[i];
        const Term *const all[] = {line->start, line->std, line->least, line->most,
                                   line->weight_new};
        for (size_t j = 0; j < COUNT_OF(all); j++) {
            const EquationSettings usual = equation_usual(k->equation);
            double number;
            if (all[j] && !equation_number(all[j], &usual, &number))
                return base_fail(k->error, EX_DATAERR, all[j]->at,
                                 "'%s': a number, or what options and count(position) "
                                 "make of numbers, is expected here",
                                 line->name);
        }
    }
    return true;
}

/* ---- a normalizer --------------------------------------------------------------------- */

static bool want_used(const Knower *k) {
    const Equation *equation = k->equation;
    for (size_t i = 0; i < equation->lines; i++) {
        const EquationLine *line = &equation->line[i];
        if (k->line[i] == UNSEEN)
            return base_fail(k->error, EX_DATAERR, line->at, "nobody reads %s'%s'",
                             line->kind == LINE_PARAMETER ? "the parameter "
                             : line->kind == LINE_STATE   ? "the state "
                                                          : "",
                             line->name);
    }
    for (size_t i = 0; i < equation->options; i++)
        if (!k->option[i])
            return base_fail(k->error, EX_DATAERR, equation->option[i].at,
                             "nobody reads the option '%s'", equation->option[i].name);
    return equation->has_eps || !equation->says_eps ||
           base_fail(k->error, EX_DATAERR, equation->eps_at,
                     "nobody reads the option 'eps'");
}

bool equation_know(Arena *arena, Equation *equation, BaseError *error) {
    Knower k = {.arena = arena, .equation = equation, .error = error};
    equation->y = -1;
    for (size_t i = 0; i < equation->lines; i++)
        if (strcmp(equation->line[i].name, "y") == 0) equation->y = (int)i;
    if (equation->y < 0)
        return base_fail(error, EX_DATAERR, equation->at,
                         "'%s' has no line y = ..., which is what it gives",
                         equation->name);
    const EquationLine *y = &equation->line[equation->y];
    if (y->kind != LINE_VALUE)
        return base_fail(error, EX_DATAERR, y->at, "y is a value, no parameter or state");
    /* the twins' specs, too, may name options */
    for (size_t i = 0; i < equation->identities; i++)
        read_spec(&k, equation->identity[i].spec);
    if (!visit_line(&k, equation->y, y->at) || !want_used(&k) || !want_numbers(&k))
        return false;
    equation_factor(arena, equation);
    return true;
}
