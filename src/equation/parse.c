/* Texts: normalizers and their lines. */
#include "reader.h"

#include <string.h>

static bool at_end(const Reader *r) {
    return r->token.kind == TOKEN_END;
}

static bool ends_line(const Reader *r) {
    return at_end(r) || r->token.kind == TOKEN_LINE;
}

/* A number of an option's, or one that options make (settle.c says what else is none). */
static bool read_constant(Reader *r, Term **term) {
    *term = read_sum(r);
    return *term != NULL;
}

/* Behind 'in': [a, b], of terms. */
static bool read_range(Reader *r, Term **least, Term **most) {
    return reader_next(r) && reader_want(r, '[', " of a range, in [0, 1],") &&
           read_constant(r, least) && reader_want(r, ',', " of a range") &&
           read_constant(r, most) && reader_want(r, ']', " of a range");
}

/* ---- lines -------------------------------------------------------------------------- */

/* Of parameter(start, std=S, decay=yes) and running(value, weight_new=W, start=S): what
 * follows the first. */
static bool read_attributes(Reader *r, EquationLine *line) {
    static const char *const of_parameter[] = {"std", "decay"};
    static const char *const of_state[] = {"weight_new", "start"};
    static const OtherName others[] = {{"momentum", "weight_new"}, {NULL, NULL}};
    const bool state = line->kind == LINE_STATE;
    bool said[2] = {false};
    while (reader_is(r, ',')) {
        Token key;
        if (!reader_next(r) ||
            !reader_name(r, &key, state ? "weight_new= or start=" : "std= or decay="))
            return false;
        const char *const *known = state ? of_state : of_parameter;
        const size_t which = strcmp(key.word, known[0]) == 0   ? 0
                             : strcmp(key.word, known[1]) == 0 ? 1
                                                               : 2;
        if (which == 2)
            return base_fail(r->error, EX_DATAERR, key.at,
                             "'%s': %s= or %s= is expected%s",
                             text_clip(r->arena, key.word), known[0], known[1],
                             text_hint_for(r->arena, key.word, others, known, 2));
        if (said[which])
            return base_fail(r->error, EX_DATAERR, key.at, "'%s' twice", key.word);
        said[which] = true;
        if (!reader_want(r, '=', "")) return false;
        if (!state && which == 1) {
            if (!reader_says(r, "yes") && !reader_says(r, "no"))
                return reader_unexpected(r, "yes or no");
            line->decayed = reader_says(r, "yes");
            if (!reader_next(r)) return false;
        } else if (!read_constant(r, which == 1 ? &line->start
                                     : state    ? &line->weight_new
                                                : &line->std)) {
            return false;
        }
    }
    return true;
}

/* parameter(...) or running(...), of which the word stands. */
static bool read_kept(Reader *r, EquationLine *line) {
    line->kind = reader_says(r, "running") ? LINE_STATE : LINE_PARAMETER;
    if (!reader_next(r)) return false;
    r->parentheses++;
    if (!reader_want(r, '(', "")) return false;
    if (line->kind == LINE_PARAMETER && !read_constant(r, &line->start)) return false;
    if (line->kind == LINE_STATE && (line->value = read_value(r)) == NULL) return false;
    if (!read_attributes(r, line)) return false;
    r->parentheses--;
    if (!reader_want(r, ')', " or ','")) return false;
    if (line->kind == LINE_STATE || !reader_says(r, "in")) return true;
    return read_range(r, &line->least, &line->most);
}

/* p[channel], p[group(G)]: '[' stands. */
static bool read_per(Reader *r, EquationLine *line) {
    r->parentheses++;
    if (!reader_next(r)) return false;
    line->per_at = r->token.at;
    line->per = reader_raw(r, "]=", "'channel' or cells, p[channel],");
    r->parentheses--;
    return line->per && reader_want(r, ']', "");
}

static bool read_line(Reader *r, const Token *name) {
    Equation *equation = r->equation;
    if (!reader_free(r, name, "a line")) return false;
    if (equation->lines == EQUATION_MOST_LINES)
        return base_fail(r->error, EX_DATAERR, name->at, "more than %d lines",
                         EQUATION_MOST_LINES);
    EquationLine line = {.name = name->word, .at = name->at};
    if (reader_is(r, '[') && !read_per(r, &line)) return false;
    if (!reader_want(r, '=', " of a line")) return false;
    const bool kept = reader_peek(r) == '(' &&
                      (reader_says(r, "parameter") || reader_says(r, "running"));
    if (kept && !read_kept(r, &line)) return false;
    if (!kept && (line.value = read_value(r)) == NULL) return false;
    if (line.per && line.kind != LINE_PARAMETER)
        return base_fail(
            r->error, EX_DATAERR, line.per_at,
            "[%s] is of parameters; what varies in a value is seen by itself",
            text_clip(r->arena, line.per));
    equation->line[equation->lines++] = line;
    return true;
}

/* ---- identities --------------------------------------------------------------------- */

static bool find_parameter(Reader *r, const Token *said, int *line) {
    const Equation *equation = r->equation;
    const char *name[EQUATION_MOST_LINES];
    size_t count = 0;
    for (size_t i = 0; i < equation->lines; i++) {
        if (equation->line[i].kind != LINE_PARAMETER) continue;
        name[count++] = equation->line[i].name;
        *line = (int)i;
        if (strcmp(equation->line[i].name, said->word) == 0) return true;
    }
    return base_fail(
        r->error, EX_DATAERR, said->at, "'%s' is no parameter of the lines above%s",
        text_clip(r->arena, said->word), text_hint(r->arena, said->word, name, count));
}

/* check: twin SPEC when p = 1, q = 0 */
static bool read_twin(Reader *r, EquationIdentity *identity) {
    Reader spec = *r; /* to its end */
    spec.behind = identity->at = r->token.at;
    identity->kind = IDENTITY_TWIN;
    while (!ends_line(r) && !reader_says(r, "when") && r->token.kind != TOKEN_STRING) {
        spec.behind = r->behind;
        if (!reader_next(r)) return false;
    }
    if (r->token.kind == TOKEN_STRING || spec.behind == identity->at)
        return reader_unexpected(r, "the spec of a twin, as in check: twin layer,");
    identity->spec = reader_since(&spec, identity->at);
    while (reader_says(r, "when") || reader_is(r, ',')) {
        Token name;
        if (identity->count == COUNT_OF(identity->line))
            return base_fail(r->error, EX_DATAERR, r->token.at, "more than %zu numbers",
                             COUNT_OF(identity->line));
        double *number = &identity->number[identity->count];
        if (!reader_next(r) || !reader_name(r, &name, "a parameter") ||
            !reader_want(r, '=', "") || !reader_signed(r, number))
            return false;
        if (!find_parameter(r, &name, &identity->line[identity->count++])) return false;
    }
    return true;
}

static bool read_identity(Reader *r) {
    static const char *const words[] = {"scale-invariant", "shift-invariant", "twin"};
    Equation *equation = r->equation;
    Token first, last;
    if (!reader_want(r, ':', "") || !reader_name(r, &first, "an identity")) return false;
    if (equation->identities == COUNT_OF(equation->identity))
        return base_fail(r->error, EX_DATAERR, first.at, "more than %zu identities",
                         COUNT_OF(equation->identity));
    EquationIdentity *identity = &equation->identity[equation->identities++];
    *identity = (EquationIdentity){.at = first.at};
    if (strcmp(first.word, "twin") == 0) return read_twin(r, identity);
    const char *said = first.word;
    if (reader_is(r, '-')) {
        if (!reader_next(r) || !reader_name(r, &last, "'invariant'")) return false;
        said = text_print(r->arena, "%s-%s", first.word, last.word);
    }
    if (strcmp(said, words[0]) && strcmp(said, words[1]))
        return base_fail(r->error, EX_DATAERR, first.at,
                         "'%s': %s, %s or %s SPEC is expected%s",
                         text_clip(r->arena, said), words[0], words[1], words[2],
                         text_hint(r->arena, said, words, COUNT_OF(words)));
    identity->kind = strcmp(said, words[0]) == 0 ? IDENTITY_SCALE : IDENTITY_SHIFT;
    return true;
}

/* is: activation */
static bool read_nature(Reader *r) {
    if (!reader_want(r, ':', "")) return false;
    if (!reader_says(r, "activation")) return reader_unexpected(r, "'activation'");
    r->equation->activates = true;
    return reader_next(r);
}

/* ---- a normalizer -------------------------------------------------------------------- */

/* A name stands; whether what follows is a line of the normalizer that is read, not another. */
static bool begins_line(const Reader *r) {
    const char next = reader_peek(r);
    return (next != ':' && next != '(') || reader_says(r, "y");
}

static bool read_lines(Reader *r) {
    while (!at_end(r)) {
        if (r->token.kind == TOKEN_LINE) {
            if (!reader_next(r)) return false;
            continue;
        }
        Token name = r->token;
        if (name.kind != TOKEN_NAME) return reader_unexpected(r, "a line, NAME = ...,");
        const bool check = reader_says(r, "check") && reader_peek(r) == ':',
                   is = reader_says(r, "is") && reader_peek(r) == ':';
        if (!check && !is && !begins_line(r)) return true;
        r->title = r->source = r->differs = r->example = NULL;
        if (!reader_next(r)) return false;
        if (!(check ? read_identity(r) : is ? read_nature(r) : read_line(r, &name)))
            return false;
        if (!ends_line(r))
            return reader_unexpected(r,
                                     "an operator (a product is written with *) or the "
                                     "end of the line");
    }
    return true;
}

static bool read_equation(Reader *r) {
    static const char *const letters = "abcdefghijklmnopqrstuvwxyz0123456789_";
    Equation *equation = r->equation;
    Token name;
    if (!reader_name(r, &name, "the name of a normalizer, NAME: or NAME(G):,"))
        return false;
    if (strcmp(name.word, "y") == 0)
        return base_fail(
            r->error, EX_DATAERR, name.at,
            "'y' is the last line: before it stands the name of a normalizer, "
            "NAME: y = ...");
    if (!reader_free(r, &name, "a normalizer")) return false;
    if (strspn(name.word, letters) != strlen(name.word) || name.word[0] == '_')
        return base_fail(r->error, EX_DATAERR, name.at,
                         "'%s': a normalizer's name is of small letters, digits and _, a "
                         "letter first",
                         text_clip(r->arena, name.word));
    *equation = (Equation){.name = name.word,
                           .at = name.at,
                           .title = r->title,
                           .source = r->source,
                           .differs = r->differs,
                           .example = r->example,
                           .usual_eps = 1e-5};
    if (reader_is(r, '(') && !read_options(r)) return false;
    if (!reader_want(r, ':', " of a normalizer, NAME: or NAME(G):,")) return false;
    return read_lines(r) && equation_know(r->arena, equation, r->error);
}

enum { MOST_NORMALIZERS = 64 };

const Equation *const *equation_read(Arena *arena, const char *text, size_t *count,
                                     BaseError *error) {
    Reader r = reader_new(arena, text, error);
    const Equation **all = TAKE(arena, const Equation *, MOST_NORMALIZERS);
    *count = 0;
    if (strlen(text) > EQUATION_MOST_LENGTH) {
        base_fail(error, EX_DATAERR, 0, "longer than %d bytes", EQUATION_MOST_LENGTH);
        return NULL;
    }
    if (!reader_next(&r)) return NULL;
    while (!at_end(&r)) {
        if (r.token.kind == TOKEN_LINE) {
            if (!reader_next(&r)) return NULL;
            continue;
        }
        r.equation = ZERO(arena, Equation, 1);
        if (*count == MOST_NORMALIZERS) {
            base_fail(error, EX_DATAERR, r.token.at, "more than %d normalizers",
                      MOST_NORMALIZERS);
            return NULL;
        }
        if (!read_equation(&r)) return NULL;
        for (size_t i = 0; i < *count; i++)
            if (strcmp(all[i]->name, r.equation->name) == 0) {
                base_fail(error, EX_DATAERR, r.equation->at, "'%s' is there already",
                          r.equation->name);
                return NULL;
            }
        all[(*count)++] = r.equation;
    }
    if (*count > 0) return all;
    base_fail(error, EX_DATAERR, 0,
              "no normalizer: NAME: and a line y = ... are expected");
    return NULL;
}
