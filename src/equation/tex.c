/* An equation typeset: lines for TeX's `aligned`. */
#include "reader.h"

#include <math.h>
#include <string.h>

static const char *const GREEK[] = {"alpha", "beta", "gamma", "delta", "epsilon",
                                    "zeta",  "eta",  "theta", "kappa", "lambda",
                                    "mu",    "nu",   "xi",    "rho",   "sigma",
                                    "tau",   "phi",  "chi",   "psi",   "omega"};

/* mu: a letter, also of those that are called so; v1, mu1: with a number; all else upright. */
static const char *letter(Arena *arena, const char *word) {
    const size_t letters = strcspn(word, "0123456789"),
                 rest = letters + strspn(word + letters, "0123456789");
    const char *name = text_copy(arena, word, letters), *base = NULL;
    for (size_t i = 0; i < COUNT_OF(GREEK); i++)
        if (strcmp(GREEK[i], name) == 0) base = text_print(arena, "\\%s", name);
    if (letters == 1) base = name;
    if (base == NULL || word[rest]) return text_print(arena, "\\mathrm{%s}", word);
    return word[letters] ? text_print(arena, "%s_{%s}", base, word + letters) : base;
}

/* sigma_B: a word and a subscript. */
static const char *symbol(Arena *arena, const char *word) {
    if (strcmp(word, "eps") == 0) return "\\varepsilon";
    if (strcmp(word, "epoch") == 0) return "\\mathrm{epoch}";
    if (strcmp(word, "samples") == 0) return "N";
    const size_t first = strcspn(word, "_");
    if (word[first] == '\0' || first == 0) return letter(arena, word);
    Text out = text_new(arena);
    const char *base = letter(arena, text_copy(arena, word, first));
    if (strchr(base, '_')) /* v_{1}: one subscript of both */
        text_add(&out, "%.*s\\,", (int)strlen(base) - 1, base);
    else
        text_add(&out, "%s_{", base);
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

/* 1e-300 as a power of ten, and pi by its name. */
static const char *number(Arena *arena, double value) {
    const char *plain = text_number(arena, value), *e = strchr(plain, 'e');
    if (value == M_PI) return "\\pi";
    if (e == NULL) return plain;
    const char *digits = text_copy(arena, plain, (size_t)(e - plain)),
               *sign = e[1] == '-' ? "-" : "";
    const char *power = e + 1 + strspn(e + 1, "+-0");
    if (strcmp(digits, "1") == 0) return text_print(arena, "10^{%s%s}", sign, power);
    return text_print(arena, "%s \\cdot 10^{%s%s}", digits, sign, power);
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
        text_add(out, "\\left|%s\\right|", cells);
        return;
    }
    text_add(out, term->kind == TERM_MEAN ? "\\operatorname*{mean}_{%s}" : "\\sum_{%s}",
             cells);
    put_closed(out, term->in[0]);
}

static void put_product(Text *out, const Term *term) {
    const Term *right = term->in[1];
    const bool dotted = right->kind == TERM_NUMBER && right->number != M_PI;
    put(out, term->in[0], PRODUCT);
    text_add(out, dotted ? " \\cdot " : "\\, ");
    put(out, right, right->kind == TERM_NEG ? ATOM : PRODUCT);
}

static void put_when(Text *out, const Term *term) {
    text_add(out, "\\begin{cases}");
    put(out, term->in[0], LOOSE);
    text_add(out, " & %s\\\\",
             term->place == WHEN_TRAINING
                 ? "\\text{in training}"
                 : upright(out->arena, text_print(out->arena, "%s=yes", term->word)));
    put(out, term->in[1], LOOSE);
    text_add(out, " & \\text{else}\\end{cases}");
}

static void put_bare(Text *out, const Term *term) {
    switch (term->kind) {
    case TERM_NUMBER:
        text_add(out, "%s", number(out->arena, term->number));
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
        put(out, term->in[1], term->in[1]->kind == TERM_NEG ? ATOM : PRODUCT);
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
    /* what a power is of ends before it */
    const bool open =
        term->kind == TERM_DIV || term->kind == TERM_MEAN || term->kind == TERM_SUM;
    const bool closed = hold(term) < least || (least == ATOM && open);
    if (closed) text_add(out, "\\left(");
    put_bare(out, term);
    if (closed) text_add(out, "\\right)");
}

static void put_range(Text *out, const char *name, const char *least, const char *most) {
    text_add(out, ",\\ %s \\le %s \\le %s", least, name, most);
}

static const char *alone(Arena *arena, const Term *term) {
    Text out = text_new(arena);
    put(&out, term, LOOSE);
    return out.data;
}

static void put_parameter(Text *out, const EquationLine *line) {
    const char *name = symbol(out->arena, line->name);
    text_add(out, "%s &\\text{ learned", name);
    if (line->per && strcmp(line->per, "channel") == 0)
        text_add(out, ", one for each channel");
    else if (line->per)
        text_add(out, ", one for each set of channels of }%s\\text{",
                 upright(out->arena, line->per));
    text_add(out, ", }%s\\text{ at first}", alone(out->arena, line->start));
    if (line->std)
        text_add(out, "\\text{ and normal about it with }\\sigma = %s",
                 alone(out->arena, line->std));
    if (line->least)
        put_range(out, name, alone(out->arena, line->least),
                  alone(out->arena, line->most));
}

static void put_state(Text *out, const EquationLine *line) {
    const char *name = symbol(out->arena, line->name);
    text_add(out, "%s &\\leftarrow %s + %s\\, \\left(", name, name,
             line->weight_new ? alone(out->arena, line->weight_new) : "0.1");
    text_add(out, "%s - %s\\right)", alone(out->arena, line->value), name);
    text_add(out, "\\text{ after a step, }%s\\text{ at first}",
             line->start ? alone(out->arena, line->start) : "0");
}

static void put_line(Text *out, const EquationLine *line) {
    if (out->length) text_add(out, " \\\\\n");
    if (line->kind == LINE_PARAMETER)
        put_parameter(out, line);
    else if (line->kind == LINE_STATE)
        put_state(out, line);
    else
        text_add(out, "%s &= %s", symbol(out->arena, line->name),
                 alone(out->arena, line->value));
}

/* What is usual of a number that a spec may say, or that it has to. */
static void put_option(Text *out, const EquationOption *option) {
    const char *name = symbol(out->arena, option->name);
    if (option->words) return; /* its words stand where they choose */
    text_add(out, " \\\\\n%s &", name);
    if (option->required)
        text_add(out, "\\text{ of the spec}");
    else
        text_add(out, "= %s\\text{ unless said}", number(out->arena, option->usual));
    if (option->least > -1e300 || option->most < 1e300)
        put_range(out, name, number(out->arena, option->least),
                  number(out->arena, option->most));
}

static void put_affine(Text *out, const Equation *equation) {
    const char *learned = "\\text{ learned, one for each channel, }";
    if (equation->has_gamma)
        text_add(out, " \\\\\n\\gamma &%s1\\text{ at first}", learned);
    if (equation->has_beta) text_add(out, " \\\\\n\\beta &%s0\\text{ at first}", learned);
}

const char *equation_tex(Arena *arena, const Equation *equation) {
    Text out = text_new(arena);
    for (size_t i = 0; i < equation->lines; i++) put_line(&out, &equation->line[i]);
    put_affine(&out, equation);
    for (size_t i = 0; i < equation->options; i++) put_option(&out, &equation->option[i]);
    if (equation->has_eps)
        text_add(&out, " \\\\\n\\varepsilon &= %s\\text{ unless said}",
                 number(arena, equation->usual_eps));
    return out.data;
}
