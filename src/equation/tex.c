/* An equation typeset: lines for TeX's `aligned`. */
#include "reader.h"

#include <string.h>

static const char *const GREEK[] = {"alpha", "beta", "gamma", "delta", "epsilon",
                                    "zeta",  "eta",  "theta", "kappa", "lambda",
                                    "mu",    "nu",   "xi",    "rho",   "sigma",
                                    "tau",   "phi",  "chi",   "psi",   "omega"};

/* sigma_B: a word and a subscript; mu: a letter; of more letters upright. */
static const char *letter(Arena *arena, const char *word) {
    for (size_t i = 0; i < COUNT_OF(GREEK); i++)
        if (strcmp(GREEK[i], word) == 0) return text_print(arena, "\\%s", word);
    size_t letters = strspn(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ");
    if (strlen(word) == 1) return word;
    if (letters == 1) return text_print(arena, "%c_{%s}", word[0], word + 1); /* v1 */
    return text_print(arena, "\\mathrm{%s}", word);
}

static const char *symbol(Arena *arena, const char *word) {
    if (strcmp(word, "eps") == 0) return "\\varepsilon";
    if (strcmp(word, "epoch") == 0) return "\\mathrm{epoch}";
    if (strcmp(word, "samples") == 0) return "N";
    const size_t first = strcspn(word, "_");
    if (word[first] == '\0' || first == 0) return letter(arena, word);
    Text out = text_new(arena);
    text_add(&out, "%s_{", letter(arena, text_copy(arena, word, first)));
    for (const char *part = word + first + 1; *part;) {
        const size_t length = strcspn(part, "_");
        text_add(&out, "%s", letter(arena, text_copy(arena, part, length)));
        part += length;
        if (*part && *++part) text_add(&out, "\\,");
    }
    text_add(&out, "}");
    return out.data;
}

static const char *upright(Arena *arena, const char *spec) {
    Text out = text_new(arena);
    text_add(&out, "\\text{");
    for (const char *c = spec; *c; c++)
        text_add(&out, strchr("_#$%&{}", *c) ? "\\%c" : "%c", *c);
    text_add(&out, "}");
    return out.data;
}

enum { LOOSE, SUM, PRODUCT, POWER, ATOM };

static void put(Text *out, const Term *term, int least);

static void put_closed(Text *out, const Term *term) {
    text_add(out, "\\left(");
    put(out, term, LOOSE);
    text_add(out, "\\right)");
}

static int hold(const Term *term) {
    if (term->kind == TERM_ADD || term->kind == TERM_SUB) return SUM;
    if (term->kind == TERM_MUL || term->kind == TERM_NEG) return PRODUCT;
    if (term->kind == TERM_POWER) return POWER;
    return term->kind == TERM_WHEN ? LOOSE : ATOM;
}

static void put_call(Text *out, const Term *term) {
    size_t count;
    const EquationFunction *function = equation_functions(&count);
    while (strcmp(function->name, term->word) != 0) function++;
    if (function->tex && strstr(function->tex, "%s")) {
        const size_t before = (size_t)(strstr(function->tex, "%s") - function->tex);
        text_add(out, "%.*s", (int)before, function->tex);
        put(out, term->in[0], LOOSE);
        text_add(out, "%s", function->tex + before + 2);
        return;
    }
    if (function->tex)
        text_add(out, "%s", function->tex);
    else
        text_add(out, "\\%s", strcmp(term->word, "clip") ? term->word : "mathrm{clip}");
    text_add(out, "\\left(");
    for (size_t i = 0; i < term->arity; i++) {
        if (i > 0) text_add(out, ", ");
        put(out, term->in[i], LOOSE);
    }
    text_add(out, "\\right)");
}

static void put_over(Text *out, const Term *term) {
    const char *cells = upright(out->arena, term->spec);
    if (term->kind == TERM_COUNT) {
        text_add(out, "m_{%s}", cells);
        return;
    }
    text_add(out, term->kind == TERM_MEAN ? "\\operatorname*{mean}_{%s}" : "\\sum_{%s}",
             cells);
    put_closed(out, term->in[0]);
}

static void put_product(Text *out, const Term *term) {
    const bool number = term->in[1]->kind == TERM_NUMBER;
    put(out, term->in[0], PRODUCT);
    text_add(out, number ? " \\cdot " : "\\, ");
    put(out, term->in[1], term->in[1]->kind == TERM_NEG ? ATOM : PRODUCT);
}

static void put_when(Text *out, const Term *term) {
    text_add(out, "\\begin{cases}");
    put(out, term->in[0], LOOSE);
    text_add(out, " & %s\\\\",
             term->place == WHEN_TRAINING
                 ? "\\text{in training}"
                 : text_print(out->arena, "\\text{%s=yes}", term->word));
    put(out, term->in[1], LOOSE);
    text_add(out, " & \\text{else}\\end{cases}");
}

static void put_bare(Text *out, const Term *term) {
    switch (term->kind) {
    case TERM_NUMBER:
        text_add(out, "%s", text_number(out->arena, term->number));
        return;
    case TERM_NAME:
        text_add(out, "%s", symbol(out->arena, term->word));
        return;
    case TERM_NEG:
        text_add(out, "-");
        put(out, term->in[0], PRODUCT);
        return;
    case TERM_ADD:
    case TERM_SUB:
        put(out, term->in[0], SUM);
        text_add(out, term->kind == TERM_ADD ? " + " : " - ");
        put(out, term->in[1], PRODUCT);
        return;
    case TERM_MUL:
        put_product(out, term);
        return;
    case TERM_DIV:
        text_add(out, "\\frac{");
        put(out, term->in[0], LOOSE);
        text_add(out, "}{");
        put(out, term->in[1], LOOSE);
        text_add(out, "}");
        return;
    case TERM_POWER:
        put(out, term->in[0], ATOM);
        text_add(out, "^{");
        put(out, term->in[1], LOOSE);
        text_add(out, "}");
        return;
    case TERM_CALL:
        put_call(out, term);
        return;
    case TERM_APPLY:
        text_add(out, "%s", upright(out->arena, term->spec));
        put_closed(out, term->in[0]);
        return;
    case TERM_WHEN:
        put_when(out, term);
        return;
    default:
        put_over(out, term);
    }
}

static void put(Text *out, const Term *term, int least) {
    /* a fraction's base of a power is closed, too */
    const bool closed = hold(term) < least || (least == ATOM && term->kind == TERM_DIV);
    if (closed) text_add(out, "\\left(");
    put_bare(out, term);
    if (closed) text_add(out, "\\right)");
}

static void put_line(Text *out, const EquationLine *line) {
    const char *name = symbol(out->arena, line->name);
    if (line->kind == LINE_PARAMETER) {
        text_add(out, "%s &\\text{ learned%s%s}", name,
                 line->per == NULL                   ? ""
                 : strcmp(line->per, "channel") == 0 ? ", one for each channel"
                                                     : ", one for each group of ",
                 line->per && strcmp(line->per, "channel") ? line->per : "");
        text_add(out, ",\\ %s = ", name);
        put(out, line->start, LOOSE);
        text_add(out, "\\text{ at first}");
        if (line->least) {
            text_add(out, ",\\ ");
            put(out, line->least, LOOSE);
            text_add(out, " \\le %s \\le ", name);
            put(out, line->most, LOOSE);
        }
    } else if (line->kind == LINE_STATE) {
        text_add(out, "%s &\\leftarrow %s + w\\left(", name, name);
        put(out, line->value, LOOSE);
        text_add(out, " - %s\\right),\\ w = ", name);
        if (line->weight_new) put(out, line->weight_new, LOOSE);
        if (!line->weight_new) text_add(out, "0.1");
    } else {
        text_add(out, "%s &= ", name);
        put(out, line->value, LOOSE);
    }
    text_add(out, " \\\\\n");
}

const char *equation_tex(Arena *arena, const Equation *equation) {
    Text out = text_new(arena);
    for (size_t i = 0; i < equation->lines; i++) put_line(&out, &equation->line[i]);
    return out.data;
}
