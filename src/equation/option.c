/* Names and numbers that a text gives, and the options of a normalizer. */
#include "reader.h"

#include <string.h>

/* Words that no option, line or normalizer may be called. */
static const char *const RESERVED[] = {
    "x",    "gamma", "beta",  "eps",       "epoch",   "samples", "mean",
    "sum",  "count", "over",  "parameter", "running", "use",     "train",
    "else", "in",    "check", "channel",   "when",    "is",      "affine"};

bool reader_free(Reader *r, const Token *name, const char *what) {
    size_t functions;
    const EquationFunction *function = equation_functions(&functions);
    bool taken = false;
    for (size_t i = 0; i < COUNT_OF(RESERVED); i++)
        taken |= strcmp(RESERVED[i], name->word) == 0;
    for (size_t i = 0; i < functions; i++)
        taken |= strcmp(function[i].name, name->word) == 0;
    if (taken)
        return base_fail(r->error, EX_DATAERR, name->at,
                         "'%s' has its meaning already: %s needs another name",
                         text_clip(r->arena, name->word), what);
    const Equation *equation = r->equation;
    for (size_t i = 0; i < equation->lines; i++)
        taken |= strcmp(equation->line[i].name, name->word) == 0;
    for (size_t i = 0; i < equation->options; i++)
        taken |= strcmp(equation->option[i].name, name->word) == 0;
    return !taken || base_fail(r->error, EX_DATAERR, name->at, "'%s' is there already",
                               text_clip(r->arena, name->word));
}

bool reader_name(Reader *r, Token *name, const char *what) {
    *name = r->token;
    return r->token.kind == TOKEN_NAME ? reader_next(r) : reader_unexpected(r, what);
}

/* ---- numbers ----------------------------------------------------------------------- */

bool reader_signed(Reader *r, double *number) {
    const bool negative = reader_is(r, '-');
    if (negative && !reader_next(r)) return false;
    if (r->token.kind != TOKEN_NUMBER) return reader_unexpected(r, "a number");
    *number = negative ? -r->token.number : r->token.number;
    return reader_next(r);
}

/* ---- options ------------------------------------------------------------------------ */

static const double LARGEST = 1e300;

static bool read_words(Reader *r, EquationOption *option) {
    for (;;) {
        if (option->words == EQUATION_MOST_WORDS)
            return base_fail(r->error, EX_DATAERR, r->token.at, "more than %d words",
                             EQUATION_MOST_WORDS);
        Token word;
        if (!reader_name(r, &word, "a word")) return false;
        for (size_t i = 0; i < option->words; i++)
            if (strcmp(option->word[i], word.word) == 0)
                return base_fail(r->error, EX_DATAERR, word.at, "'%s' twice", word.word);
        option->word[option->words++] = word.word;
        if (!reader_is(r, '|')) break;
        if (!reader_next(r)) return false;
    }
    if (option->words == 1)
        return reader_unexpected(r, "'|' and another word, with=instance|layer,");
    const char *a = option->word[0], *b = option->word[1];
    option->is_switch =
        option->words == 2 && ((strcmp(a, "no") == 0 && strcmp(b, "yes") == 0) ||
                               (strcmp(a, "yes") == 0 && strcmp(b, "no") == 0));
    return true;
}

/* eps=1e-6 says what is usual of it. */
static bool read_eps(Reader *r) {
    Equation *equation = r->equation;
    const size_t at = r->token.at;
    if (equation->says_eps)
        return base_fail(r->error, EX_DATAERR, at, "'eps' is there already");
    equation->says_eps = true, equation->eps_at = at;
    if (!reader_next(r) || !reader_want(r, '=', " and a number")) return false;
    const size_t number = r->token.at;
    if (!reader_signed(r, &equation->usual_eps)) return false;
    return (equation->usual_eps >= 1e-300 && equation->usual_eps <= LARGEST) ||
           base_fail(r->error, EX_DATAERR, number, "eps is from 1e-300 to %g", LARGEST);
}

/* In a range, or in that of all options. */
static bool want_between(Reader *r, const EquationOption *option, size_t at) {
    const bool ordered = option->least <= option->most && option->least >= -LARGEST &&
                         option->most <= LARGEST;
    if (!ordered)
        return base_fail(r->error, EX_DATAERR, at,
                         "a range goes from the lesser number to the larger, none beyond "
                         "%g",
                         LARGEST);
    return option->required ||
           (option->usual >= option->least && option->usual <= option->most) ||
           base_fail(r->error, EX_DATAERR, option->at,
                     "'%s' is usually %g, which is not from %g to %g",
                     text_clip(r->arena, option->name), option->usual, option->least,
                     option->most);
}

static bool read_option(Reader *r) {
    Equation *equation = r->equation;
    if (reader_says(r, "eps")) return read_eps(r);
    Token name;
    if (!reader_name(r, &name, "a name of an option") ||
        !reader_free(r, &name, "an option"))
        return false;
    if (equation->options == EQUATION_MOST_OPTIONS)
        return base_fail(r->error, EX_DATAERR, name.at, "more than %d options",
                         EQUATION_MOST_OPTIONS);
    EquationOption *option = &equation->option[equation->options++];
    *option = (EquationOption){.name = name.word,
                               .at = name.at,
                               .required = true,
                               .least = -LARGEST,
                               .most = LARGEST};
    if (reader_is(r, '=')) {
        option->required = false;
        if (!reader_next(r)) return false;
        if (r->token.kind == TOKEN_NAME) return read_words(r, option);
        if (!reader_signed(r, &option->usual)) return false;
    }
    if (!reader_says(r, "in")) return want_between(r, option, option->at);
    if (!reader_next(r)) return false;
    const size_t at = r->token.at;
    return reader_want(r, '[', " of a range, in [0, 1],") &&
           reader_signed(r, &option->least) && reader_want(r, ',', " of a range") &&
           reader_signed(r, &option->most) && reader_want(r, ']', " of a range") &&
           want_between(r, option, at);
}

bool read_options(Reader *r) {
    do {
        r->parentheses = 1;
        if (!reader_next(r) || !read_option(r)) return false;
    } while (reader_is(r, ','));
    r->parentheses = 0;
    return reader_want(r, ')', " or ','");
}
