/* The pieces of a line: shapes, leaves, and an operation with what its operands are called. */
#include "writing.h"

#include <string.h>

/* ---- pieces -------------------------------------------------------------------------- */

static const char *bound(const Writing *w, Said a, Binding most) {
    return a.binding > most ? text_print(w->arena, "(%s)", a.text) : a.text;
}

static const char *whole(const Writing *w, const Measure *m) {
    Binding binding;
    return measure_text(w->arena, m, true, &binding);
}

const char *writing_shape(const Writing *w, const FormStep *step) {
    Text text = text_new(w->arena);
    text_add(&text, "(");
    for (size_t i = 0; i < step->rank; i++)
        text_add(&text, "%s%s", i ? ", " : "", whole(w, &step->size[i]));
    text_add(&text, step->rank == 1 ? ",)" : ")");
    return text.data;
}

static const char *axes(const Writing *w, const FormStep *step) {
    Text text = text_new(w->arena);
    for (size_t i = 0; i < step->rank; i++)
        text_add(&text, "%s%zu", i ? ", " : "", step->axes[i]);
    return text.data;
}

/* ":, 2:4" of axis 1. */
static const char *window(const Writing *w, const FormStep *step) {
    Text text = text_new(w->arena);
    for (size_t i = 0; (double)i < step->axis.constant; i++) text_add(&text, ":, ");
    Measure end = step->from;
    const bool constant =
        step->from.form == MEASURE_CONSTANT && step->width.form == MEASURE_CONSTANT;
    end.constant += step->width.constant;
    text_add(&text, "%s:", whole(w, &step->from));
    if (constant)
        text_add(&text, "%s", whole(w, &end));
    else
        text_add(&text, "%s + %s", whole(w, &step->from), whole(w, &step->width));
    return text.data;
}

/* "(x, 1, [1, 2, 0])" of axis 1; of rows the same where they are one axis. */
static const char *choice(const Writing *w, const FormStep *step, Said x) {
    Text text = text_new(w->arena);
    if (step->row)
        text_add(&text, "(%s.reshape((-1, %zu)), 1, [", bound(w, x, BINDS_CALL),
                 step->row);
    else
        text_add(&text, "(%s, %.0f, [", x.text, step->axis.constant);
    for (size_t k = 0; k < step->chosen; k++)
        text_add(&text, "%s%zu", k ? ", " : "", step->choice[k]);
    text_add(&text, "])");
    if (step->row) text_add(&text, ".reshape(%s)", writing_shape(w, step));
    return text.data;
}

/* The number of equal sets, or the members of each. */
static const char *sets(const Writing *w, const FormStep *step) {
    if (form_is_even(step)) return text_print(w->arena, "%zu", step->sets);
    Text text = text_new(w->arena);
    text_add(&text, "(");
    for (size_t k = 0; k < step->sets; k++) {
        text_add(&text, "%s(", k ? ", " : "");
        size_t members = 0;
        for (size_t c = 0; c < step->C; c++)
            if (step->set_of[c] == k) text_add(&text, "%s%zu", members++ ? ", " : "", c);
        text_add(&text, members == 1 ? ",)" : ")");
    }
    text_add(&text, step->sets == 1 ? ",)" : ")");
    return text.data;
}

static const char *partition(const Writing *w, const FormStep *step, Said x) {
    const bool spreads = strcmp(step->op, "spread") == 0;
    return text_print(w->arena, "(%s, %s, %s%s%s%s)", x.text, whole(w, &step->block),
                      sets(w, step), spreads ? ", " : "",
                      spreads ? writing_shape(w, step) : "",
                      step->apart ? ", apart=True" : "");
}

/* ---- leaves ----------------------------------------------------------------------------- */

static Said given(const Writing *w, const FormStep *step, const NormParam *param,
                  const NormState *state) {
    const Language *language = language_of(w->to);
    const char *name = write_name(w->arena, param ? param->name : state->name, w->to);
    const size_t count = param ? param->count : state->count;
    const bool kept = state == NULL || !language->names_dotted;
    const char *text = text_print(w->arena, "%s%s%s", kept ? language->param : "state[\"",
                                  name, language->state);
    const Leaf *leaf = &step->leaf;
    if (leaf->count != count)
        text = text_print(w->arena, "%s[%zu:%zu]", text, leaf->from,
                          leaf->from + leaf->count);
    if (step->rank != 1)
        text = text_print(w->arena, "%s.reshape(%s)", text, writing_shape(w, step));
    return (Said){text, BINDS_CALL};
}

static Said numbers(const Writing *w, const FormStep *step) {
    const Leaf *leaf = &step->leaf;
    Said said;
    if (leaf->period == 1) {
        said.text = measure_text(w->arena, leaf->number, false, &said.binding);
        return said;
    }
    Text text = text_new(w->arena);
    text_add(&text, "_tile(x, [");
    for (size_t k = 0; k < leaf->period; k++)
        text_add(&text, "%s%s", k ? ", " : "",
                 measure_text(w->arena, &leaf->number[k], false, &said.binding));
    if (leaf->by_axes) {
        text_add(&text, "], 1).reshape((");
        for (size_t i = 0; i < step->rank; i++)
            text_add(&text, "%s, ", leaf->along[i] ? whole(w, &step->size[i]) : "1");
        const char *few = text_print(w->arena, "%s))", text.data);
        return (Said){
            text_print(w->arena, "_repeat(%s, %s)", few, writing_shape(w, step)),
            BINDS_CALL};
    }
    text_add(&text, "], math.prod(%s) // %zu).reshape(%s)", writing_shape(w, step),
             leaf->period, writing_shape(w, step));
    return (Said){text.data, BINDS_CALL};
}

Said writing_leaf(const Writing *w, const FormStep *step) {
    const Leaf *l = &step->leaf;
    if (l->kind == LEAF_X) return (Said){"x", BINDS_CALL};
    if (l->kind == LEAF_PARAM) return given(w, step, &w->norm->param[l->place], NULL);
    if (l->kind == LEAF_STATE) return given(w, step, NULL, &w->norm->state[l->place]);
    return numbers(w, step);
}

/* ---- operations ------------------------------------------------------------------------- */

const char *const WRITING_BINARY[] = {"add", "sub", "mul", "div", NULL},
                  *const WRITING_MOVES[] = {"broadcast", "reshape", "slice",
                                            "permute",   "detach",  NULL},
                  *const WRITING_OF_MATH[] = {"exp", "log", "sqrt", "tanh", NULL};

bool writing_is_of(const char *op, const char *const *list) {
    for (; op && *list; list++)
        if (strcmp(op, *list) == 0) return true;
    return false;
}

/* How tightly operand k must bind where it stands: inside of parentheses as it likes. */
static Binding limit_of(Binding binding, size_t k, char next) {
    if (binding == BINDS_CALL) return strchr(".[", next) ? BINDS_CALL : BINDS_SIGN;
    if (binding == BINDS_SIGN) return BINDS_CALL;
    return k == 0 ? binding : (Binding)(binding - 1);
}

/* What stands for @c. */
static const char *piece(const Writing *w, const FormStep *step, char c, char next,
                         Binding binding) {
    switch (c) {
    case 's':
        return writing_shape(w, step);
    case 'a':
        return axes(w, step);
    case 'w':
        return window(w, step);
    case 'p':
        return partition(w, step, w->said[step->in[0]]);
    case 'n':
        return python_number(w->arena, step->exponent);
    case 'c':
        return choice(w, step, w->said[step->in[0]]);
    case 'd':
        return text_print(w->arena, "%.0f, %s, %s", step->axis.constant,
                          whole(w, &step->from), whole(w, &step->width));
    default:
        break;
    }
    const size_t k = (size_t)(c - '1');
    const bool turned = strcmp(step->op, "matmul") == 0 && step->transposed[k];
    const size_t operand = k == 0 ? w->source[step - w->form->step] : step->in[k];
    const char *text =
        bound(w, w->said[operand],
              turned ? BINDS_CALL : limit_of(binding, k, next ? next : ' '));
    return turned ? text_print(w->arena, "%s.T", text) : text;
}

Said writing_spelt(const Writing *w, const FormStep *step) {
    Said said;
    const char *spelling = language_op(w->to, step->op, &said.binding);
    Text text = text_new(w->arena);
    for (const char *c = spelling; *c; c++)
        if (*c == '$')
            text_add(&text, "%s", language_of(w->to)->module);
        else if (*c == '@' && c[1] != ' ')
            c++, text_add(&text, "%s", piece(w, step, *c, c[1], said.binding));
        else
            text_add(&text, "%c", *c);
    said.text = text.data;
    return said;
}

/* Of numbers: Python's own. */
Said writing_of_numbers(const Writing *w, const FormStep *step) {
    if (writing_is_of(step->op, WRITING_MOVES)) return w->said[step->in[0]];
    if (writing_is_of(step->op, WRITING_OF_MATH))
        return (Said){
            text_print(w->arena, "math.%s(%s)", step->op, w->said[step->in[0]].text),
            BINDS_CALL};
    if (strcmp(step->op, "div") == 0 && !w->form->step[step->in[1]].constant)
        return (Said){text_print(w->arena, "_over(%s, %s)", w->said[step->in[0]].text,
                                 w->said[step->in[1]].text),
                      BINDS_CALL};
    return writing_spelt(w, step);
}
