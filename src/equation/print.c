/* An equation in one spelling: what an identity is computed of, and what is read again. */
#include "reader.h"

#include <math.h>
#include <string.h>

/* How tightly a term holds together; what is looser than its place wants stands in
 * parentheses. */
enum { LOOSE, SUM, PRODUCT, POWER, ATOM };

static int hold(const Term *term) {
    switch (term->kind) {
    case TERM_WHEN:
        return LOOSE;
    case TERM_ADD:
    case TERM_SUB:
        return SUM;
    case TERM_MUL:
    case TERM_DIV:
        return PRODUCT;
    case TERM_NEG:
    case TERM_POWER:
        return POWER;
    default:
        return ATOM;
    }
}

static void print(Text *out, const Term *term, int least);

static void print_two(Text *out, const Term *term, int left, const char *sign,
                      int right) {
    print(out, term->in[0], left);
    text_add(out, "%s", sign);
    print(out, term->in[1], right);
}

static void print_call(Text *out, const Term *term) {
    text_add(out, "%s(", term->word);
    for (size_t i = 0; i < term->arity; i++) {
        if (i > 0) text_add(out, ", ");
        print(out, term->in[i], LOOSE);
    }
    if (term->spec) text_add(out, "%s%s", term->arity ? " over " : "", term->spec);
    text_add(out, ")");
}

/* group(4)(a), or use("batch-channel(2)")(a) where the name is none of a line's. */
static void print_apply(Text *out, const Term *term) {
    const bool used = strcmp(term->word, "use") == 0;
    text_add(out, used ? "use(\"%s\")(" : "%s(", term->spec);
    print(out, term->in[0], LOOSE);
    text_add(out, ")");
}

static void print_bare(Text *out, const Term *term) {
    switch (term->kind) {
    case TERM_NUMBER:
        text_add(out, "%s", text_number(out->arena, term->number));
        return;
    case TERM_NAME:
        text_add(out, "%s", term->word);
        return;
    case TERM_NEG:
        text_add(out, "-");
        print(out, term->in[0], POWER);
        return;
    case TERM_ADD:
        print_two(out, term, SUM, " + ", PRODUCT);
        return;
    case TERM_SUB:
        print_two(out, term, SUM, " - ", PRODUCT);
        return;
    case TERM_MUL:
        print_two(out, term, PRODUCT, " * ", POWER);
        return;
    case TERM_DIV:
        print_two(out, term, PRODUCT, " / ", POWER);
        return;
    case TERM_POWER:
        print_two(out, term, ATOM, "^", POWER);
        return;
    case TERM_WHEN:
        text_add(out, "%s(", term->word);
        print_two(out, term, LOOSE, ") else ", LOOSE);
        return;
    case TERM_APPLY:
        print_apply(out, term);
        return;
    default:
        print_call(out, term);
    }
}

static void print(Text *out, const Term *term, int least) {
    const bool closed = hold(term) < least;
    if (closed) text_add(out, "(");
    print_bare(out, term);
    if (closed) text_add(out, ")");
}

/* ---- lines --------------------------------------------------------------------------- */

static void print_attribute(Text *out, const char *before, const Term *term) {
    if (term == NULL) return;
    text_add(out, "%s", before);
    print(out, term, SUM);
}

static void print_line(Text *out, const EquationLine *line) {
    text_add(out, " %s", line->name);
    if (line->per) text_add(out, "[%s]", line->per);
    text_add(out, " = ");
    if (line->kind == LINE_VALUE) {
        print(out, line->value, LOOSE);
    } else if (line->kind == LINE_PARAMETER) {
        print_attribute(out, "parameter(", line->start);
        print_attribute(out, ", std=", line->std);
        text_add(out, line->decayed ? ", decay=yes)" : ")");
        print_attribute(out, " in [", line->least);
        print_attribute(out, ", ", line->most);
        if (line->least) text_add(out, "]");
    } else {
        text_add(out, "running(");
        print(out, line->value, LOOSE);
        print_attribute(out, ", weight_new=", line->weight_new);
        print_attribute(out, ", start=", line->start);
        text_add(out, ")");
    }
    text_add(out, ";");
}

static void print_range(Text *out, double least, double most) {
    if (least > -1e300 || most < 1e300)
        text_add(out, " in [%s, %s]", text_number(out->arena, least),
                 text_number(out->arena, most));
}

static void print_options(Text *out, const Equation *equation) {
    const char *before = "(";
    for (size_t i = 0; i < equation->options; i++) {
        const EquationOption *option = &equation->option[i];
        text_add(out, "%s%s", before, option->name);
        before = ", ";
        for (size_t k = 0; k < option->words; k++)
            text_add(out, "%s%s", k == 0 ? "=" : "|", option->word[k]);
        if (!option->words && !option->required)
            text_add(out, "=%s", text_number(out->arena, option->usual));
        if (!option->words) print_range(out, option->least, option->most);
    }
    if (equation->usual_eps != 1e-5) {
        text_add(out, "%seps=%s", before, text_number(out->arena, equation->usual_eps));
        before = ", ";
    }
    text_add(out, strcmp(before, "(") == 0 ? ":" : "):");
}

static void print_identity(Text *out, const Equation *equation,
                           const EquationIdentity *identity) {
    text_add(out, " check: %s",
             identity->kind == IDENTITY_SCALE   ? "scale-invariant"
             : identity->kind == IDENTITY_SHIFT ? "shift-invariant"
                                                : "twin ");
    if (identity->spec) text_add(out, "%s", identity->spec);
    for (size_t i = 0; i < identity->count; i++)
        text_add(out, "%s %s = %s", i == 0 ? " when" : ",",
                 equation->line[identity->line[i]].name,
                 text_number(out->arena, identity->number[i]));
    text_add(out, ";");
}

const char *equation_print(Arena *arena, const Equation *equation) {
    Text out = text_new(arena);
    text_add(&out, "%s", equation->name);
    print_options(&out, equation);
    for (size_t i = 0; i < equation->lines; i++) print_line(&out, &equation->line[i]);
    if (equation->activates) text_add(&out, " is: activation;");
    for (size_t i = 0; i < equation->identities; i++)
        print_identity(&out, equation, &equation->identity[i]);
    out.data[out.length - 1] = '\0'; /* the last ';' */
    return out.data;
}

/* ---- errors -------------------------------------------------------------------------- */

const char *equation_error(Arena *arena, const char *name, const char *text,
                           const BaseError *error) {
    const size_t length = strlen(text), at = error->at < length ? error->at : length;
    size_t line = 1, begin = 0;
    for (size_t i = 0; i < at; i++)
        if (text[i] == '\n') line++, begin = i + 1;
    size_t end = begin + strcspn(text + begin, "\n");
    if (end > at && text[end - 1] == '\r') end--;
    size_t from = at > begin + 24 ? at - 24 : begin, to = end > at + 24 ? at + 24 : end;
    while (to > at && to < end && ((unsigned char)text[to] & 0xc0) == 0x80)
        to--; /* letters of several bytes, in comments, are whole */
    const char *around =
        reader_plain(arena, text_copy(arena, text + from, to > from ? to - from : 0));
    return text_print(arena, "%s:%zu:%zu: %s, in '%s%s%s'", name, line, at - begin + 1,
                      error->message, from > begin ? "..." : "", around,
                      to < end ? "..." : "");
}
