/* Values: what stands behind '=' in a line, by recursive descent. */
#include "reader.h"

#include <string.h>

static const EquationFunction FUNCTIONS[] = {
    {"sqrt", 1, "\\sqrt{%s}"},
    {"exp", 1, NULL},
    {"log", 1, NULL},
    {"tanh", 1, NULL},
    {"erf", 1, "\\operatorname{erf}"},
    {"sigmoid", 1, "\\sigma"},
    {"gelu", 1, "\\operatorname{gelu}"},
    {"relu", 1, "\\operatorname{relu}"},
    {"abs", 1, "\\left|%s\\right|"},
    {"step", 1, "\\operatorname{step}"},
    {"detach", 1, "\\operatorname{const}"},
    {"min", 2, NULL},
    {"max", 2, NULL},
    {"clip", 3, "\\operatorname{clip}"},
    {"select", 3, "\\operatorname{select}"},
};

const EquationFunction *equation_functions(size_t *count) {
    *count = COUNT_OF(FUNCTIONS);
    return FUNCTIONS;
}

static const EquationFunction *find_function(const char *word) {
    for (size_t i = 0; i < COUNT_OF(FUNCTIONS); i++)
        if (strcmp(FUNCTIONS[i].name, word) == 0) return &FUNCTIONS[i];
    return NULL;
}

bool equation_is_function(const char *word) {
    return find_function(word) || strcmp(word, "mean") == 0 || strcmp(word, "sum") == 0 ||
           strcmp(word, "count") == 0 || strcmp(word, "use") == 0;
}

/* ---- terms -------------------------------------------------------------------------- */

static Term *new_term(Reader *r, TermKind kind, const Token *token) {
    Equation *equation = r->equation;
    if (equation->terms == EQUATION_MOST_TERMS) {
        base_fail(r->error, EX_DATAERR, token->at, "more than %d terms in one normalizer",
                  EQUATION_MOST_TERMS);
        return NULL;
    }
    Term *term = ZERO(r->arena, Term, 1);
    *term = (Term){.kind = kind,
                   .at = token->at,
                   .number_of = equation->terms++,
                   .word = token->word,
                   .number = token->number};
    return term;
}

static Term *with(Reader *r, TermKind kind, const Token *token, Term *a, Term *b) {
    Term *term = a && b ? new_term(r, kind, token) : NULL;
    if (term == NULL) return NULL;
    term->arity = 2;
    term->in[0] = a, term->in[1] = b;
    return term;
}

static bool enter(Reader *r) {
    return ++r->depth <= EQUATION_MOST_DEPTH ||
           base_fail(r->error, EX_DATAERR, r->token.at, "nested deeper than %d",
                     EQUATION_MOST_DEPTH);
}

/* ---- parentheses -------------------------------------------------------------------- */

/* '(' stands; goes on behind it, where lines do not end. */
static bool open(Reader *r) {
    r->parentheses++;
    return reader_next(r);
}

/* Behind a value that is no mean and no sum: max(x over layer), var(x over layer). */
static bool want_no_cells(Reader *r) {
    return !reader_says(r, "over") ||
           base_fail(r->error, EX_DATAERR, r->token.at,
                     "'over': mean and sum alone are over cells; a variance is "
                     "mean((x - mean(x over layer))^2 over layer), and a maximum over "
                     "cells takes a file of C");
}

/* ')' should; behind it lines end again. */
static bool closes(Reader *r, const char *where) {
    if (!want_no_cells(r)) return false;
    if (!reader_is(r, ')'))
        return reader_unexpected(r, text_print(r->arena, "')'%s", where));
    r->parentheses--;
    return reader_next(r);
}

static Term *read_closed(Reader *r) {
    Term *value = open(r) ? read_value(r) : NULL;
    return value && closes(r, " or an operator") ? value : NULL;
}

/* f(a, b). */
static Term *read_call(Reader *r, const EquationFunction *function, const Token *name) {
    Term *term = new_term(r, TERM_CALL, name);
    if (term == NULL || !open(r)) return NULL;
    for (size_t i = 0; i < function->arity; i++) {
        if (!want_no_cells(r)) return NULL;
        if (i > 0 && !reader_want(r, ',',
                                  text_print(r->arena, " (%s takes %zu values)",
                                             name->word, function->arity)))
            return NULL;
        if ((term->in[term->arity++] = read_value(r)) == NULL) return NULL;
    }
    if (reader_is(r, ',')) {
        base_fail(r->error, EX_DATAERR, r->token.at, "%s takes %zu value%s", name->word,
                  function->arity, function->arity > 1 ? "s" : "");
        return NULL;
    }
    return closes(r, " or an operator") ? term : NULL;
}

/* mean(a over cells), sum(a over cells), count(cells). */
static Term *read_over(Reader *r, TermKind kind, const Token *name) {
    Term *term = new_term(r, kind, name);
    if (term == NULL || !open(r)) return NULL;
    if (kind != TERM_COUNT) {
        if ((term->in[term->arity++] = read_value(r)) == NULL) return NULL;
        if (!reader_says(r, "over")) {
            reader_unexpected(r, text_print(r->arena,
                                            "'over' and cells, as in %s(x over layer),",
                                            name->word));
            return NULL;
        }
        if (!reader_next(r)) return NULL;
    }
    term->spec_at = r->token.at;
    term->spec = reader_raw(r, ")=", "cells (batch, layer, group(G)...)");
    return term->spec && closes(r, "") ? term : NULL;
}

/* use("spec")(a) */
static Term *read_use(Reader *r, const Token *name) {
    Term *term = new_term(r, TERM_APPLY, name);
    if (term == NULL || !open(r)) return NULL;
    if (r->token.kind != TOKEN_STRING) {
        reader_unexpected(r, "a spec in double quotes, use(\"batch-channel(2)\")(x),");
        return NULL;
    }
    term->spec = r->token.word;
    term->spec_at = r->token.at + 1;
    if (!reader_next(r) || !closes(r, "")) return NULL;
    if (!reader_is(r, '(')) {
        reader_unexpected(r, "what it is applied to, use(\"...\")(x),");
        return NULL;
    }
    term->in[term->arity++] = read_closed(r);
    return term->in[0] ? term : NULL;
}

/* group(4)(a), batch(a). */
static Term *read_apply(Reader *r, const Token *name) {
    Term *term = new_term(r, TERM_APPLY, name);
    if (term == NULL) return NULL;
    term->spec = name->word;
    term->spec_at = name->at;
    if (reader_peek_closed(r) == '(') {
        if (!open(r)) return NULL;
        const char *arguments = reader_raw(r, ")", "a number or an option");
        if (arguments == NULL || !closes(r, "")) return NULL;
        term->spec = text_print(r->arena, "%s(%s)", name->word, arguments);
    }
    term->in[term->arity++] = read_closed(r);
    return term->in[0] ? term : NULL;
}

/* ---- conditions --------------------------------------------------------------------- */

/* -1 where it is training, else the option's place; below that: it is none. */
static int condition_of(const Reader *r) {
    const Equation *equation = r->equation;
    if (reader_says(r, "train")) return WHEN_TRAINING;
    for (size_t i = 0; i < equation->options; i++)
        if (equation->option[i].is_switch && reader_says(r, equation->option[i].name))
            return (int)i;
    return WHEN_TRAINING - 1;
}

static Term *read_when(Reader *r, int condition) {
    Term *term = new_term(r, TERM_WHEN, &r->token);
    if (term == NULL || !enter(r) || !reader_next(r)) return NULL;
    term->place = condition;
    term->arity = 2;
    term->in[0] = read_closed(r);
    if (term->in[0] == NULL) return NULL;
    if (!reader_says(r, "else")) {
        reader_unexpected(
            r, text_print(r->arena, "'else', as in %s(a) else b,", term->word));
        return NULL;
    }
    if (!reader_next(r)) return NULL;
    term->in[1] = read_value(r);
    r->depth--;
    return term->in[1] ? term : NULL;
}

/* ---- atoms to sums ------------------------------------------------------------------- */

static Term *read_named(Reader *r) {
    const Token name = r->token;
    if (reader_peek(r) == '(' && condition_of(r) >= WHEN_TRAINING) {
        base_fail(r->error, EX_DATAERR, name.at,
                  "a condition beside other terms stands in parentheses, "
                  "(%s(a) else b)",
                  name.word);
        return NULL;
    }
    if (reader_says(r, "train")) {
        base_fail(r->error, EX_DATAERR, name.at,
                  "'train' is a condition: train(a) else b");
        return NULL;
    }
    if (reader_says(r, "over") || reader_says(r, "else")) {
        reader_unexpected(r, "a number, a name or '('");
        return NULL;
    }
    if (!reader_next(r)) return NULL;
    if (!reader_is(r, '(')) return new_term(r, TERM_NAME, &name);
    const EquationFunction *function = find_function(name.word);
    if (function) return read_call(r, function, &name);
    if (strcmp(name.word, "mean") == 0) return read_over(r, TERM_MEAN, &name);
    if (strcmp(name.word, "sum") == 0) return read_over(r, TERM_SUM, &name);
    if (strcmp(name.word, "count") == 0) return read_over(r, TERM_COUNT, &name);
    if (strcmp(name.word, "use") == 0) return read_use(r, &name);
    if (strcmp(name.word, "parameter") && strcmp(name.word, "running"))
        return read_apply(r, &name);
    base_fail(
        r->error, EX_DATAERR, name.at,
        "%s(...) is a line of its own, NAME = %s(...), and stands elsewhere by that "
        "name",
        name.word, name.word);
    return NULL;
}

static Term *read_atom(Reader *r) {
    const Token first = r->token;
    if (first.kind == TOKEN_NAME) return read_named(r);
    if (reader_is(r, '(')) return read_closed(r);
    if (first.kind != TOKEN_NUMBER) {
        reader_unexpected(r, reader_is(r, '*') ? "a number, a name or '(' (a power is "
                                                 "written with ^)"
                                               : "a number, a name or '('");
        return NULL;
    }
    Term *term = new_term(r, TERM_NUMBER, &first);
    return term && reader_next(r) ? term : NULL;
}

static Term *read_power(Reader *r) {
    const Token first = r->token;
    if (!enter(r)) return NULL;
    Term *term;
    if (reader_is(r, '-')) {
        Term *negative = new_term(r, TERM_NEG, &first);
        if (negative == NULL || !reader_next(r)) return NULL;
        negative->arity = 1;
        negative->in[0] = read_power(r);
        term = negative->in[0] ? negative : NULL;
    } else {
        term = read_atom(r);
        const Token sign = r->token;
        if (term && reader_is(r, '^'))
            term =
                reader_next(r) ? with(r, TERM_POWER, &sign, term, read_power(r)) : NULL;
    }
    r->depth--;
    return term;
}

static Term *read_product(Reader *r) {
    Term *term = read_power(r);
    while (term && (reader_is(r, '*') || reader_is(r, '/'))) {
        const Token sign = r->token;
        if (!reader_next(r)) return NULL;
        term =
            with(r, sign.symbol == '*' ? TERM_MUL : TERM_DIV, &sign, term, read_power(r));
    }
    return term;
}

Term *read_sum(Reader *r) {
    Term *term = read_product(r);
    while (term && (reader_is(r, '+') || reader_is(r, '-'))) {
        const Token sign = r->token;
        if (!reader_next(r)) return NULL;
        term = with(r, sign.symbol == '+' ? TERM_ADD : TERM_SUB, &sign, term,
                    read_product(r));
    }
    return term;
}

Term *read_value(Reader *r) {
    if (r->token.kind == TOKEN_NAME && reader_peek(r) == '(') {
        const int condition = condition_of(r);
        if (condition >= WHEN_TRAINING) return read_when(r, condition);
    }
    if (!enter(r)) return NULL;
    Term *term = read_sum(r);
    r->depth--;
    return term;
}
