/* A program as lines of Python: what is used once stands where it is used, as long as the line can be
 * read. */
#include "internal.h"

#include <math.h>
#include <string.h>

enum { MOST_INSIDE = 48 }; /* characters of what is written into another's line */

/* What a step is called by who uses it. */
typedef struct Said {
    const char *text;
    Binding binding;
} Said;

typedef struct Writing {
    Arena *arena;
    const Norm *norm;
    const Form *form;
    ExportTo to;
    Text *out;
    const char *indent;
    Said *said;
    size_t *root;     /* [steps] whom a step is only another name of; itself */
    size_t *uses;     /* [steps] of roots */
    bool *number;     /* [steps] one number for all elements */
    size_t named[32]; /* how many of each stem */
} Writing;

const char *write_name(Arena *arena, const char *name, ExportTo to) {
    char *copy = text_copy(arena, name, strlen(name));
    for (char *c = copy; *c && !language_of(to)->names_dotted; c++)
        if (*c == '.') *c = '_';
    return copy;
}

/* ---- pieces -------------------------------------------------------------------------- */

static const char *bound(const Writing *w, Said a, Binding most) {
    return a.binding > most ? text_print(w->arena, "(%s)", a.text) : a.text;
}

static const char *whole(const Writing *w, const Measure *m) {
    Binding binding;
    return measure_text(w->arena, m, true, &binding);
}

static const char *shape(const Writing *w, const FormStep *step) {
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
                      sets(w, step), spreads ? ", " : "", spreads ? shape(w, step) : "",
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
        text = text_print(w->arena, "%s.reshape(%s)", text, shape(w, step));
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
    text_add(&text, "], math.prod(%s) // %zu).reshape(%s)", shape(w, step), leaf->period,
             shape(w, step));
    return (Said){text.data, BINDS_CALL};
}

static Said leaf(const Writing *w, const FormStep *step) {
    const Leaf *l = &step->leaf;
    if (l->kind == LEAF_X) return (Said){"x", BINDS_CALL};
    if (l->kind == LEAF_PARAM) return given(w, step, &w->norm->param[l->place], NULL);
    if (l->kind == LEAF_STATE) return given(w, step, NULL, &w->norm->state[l->place]);
    return numbers(w, step);
}

/* ---- operations ------------------------------------------------------------------------- */

static const char *const BINARY[] = {"add", "sub", "mul", "div", NULL},
                         *const MOVES[] = {"broadcast", "reshape", "slice",
                                           "permute",   "detach",  NULL},
                         *const OF_MATH[] = {"exp", "log", "sqrt", "tanh", NULL};

static bool is_of(const char *op, const char *const *list) {
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
        return shape(w, step);
    case 'a':
        return axes(w, step);
    case 'w':
        return window(w, step);
    case 'p':
        return partition(w, step, w->said[step->in[0]]);
    case 'n':
        return python_number(w->arena, step->exponent);
    case 'd':
        return text_print(w->arena, "%.0f, %s, %s", step->axis.constant,
                          whole(w, &step->from), whole(w, &step->width));
    default:
        break;
    }
    const size_t k = (size_t)(c - '1');
    const bool turned = strcmp(step->op, "matmul") == 0 && step->transposed[k];
    const char *text =
        bound(w, w->said[step->in[k]],
              turned ? BINDS_CALL : limit_of(binding, k, next ? next : ' '));
    return turned ? text_print(w->arena, "%s.T", text) : text;
}

static Said spelt(const Writing *w, const FormStep *step) {
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
static Said of_numbers(const Writing *w, const FormStep *step) {
    if (is_of(step->op, MOVES)) return w->said[step->in[0]];
    if (is_of(step->op, OF_MATH))
        return (Said){
            text_print(w->arena, "math.%s(%s)", step->op, w->said[step->in[0]].text),
            BINDS_CALL};
    return spelt(w, step);
}

/* ---- who is what -------------------------------------------------------------------------- */

static bool is_number(const Writing *w, const FormStep *step) {
    if (step->op == NULL)
        return step->leaf.kind == LEAF_NUMBERS && step->leaf.period == 1;
    if (!is_of(step->op, MOVES) && !is_of(step->op, BINARY) &&
        !is_of(step->op, OF_MATH) && strcmp(step->op, "neg") != 0)
        return false;
    for (size_t k = 0; k < step->arity; k++)
        if (!w->number[step->in[k]]) return false;
    return true;
}

/* Elementwise operations repeat by themselves what stands beside a whole array. */
static bool repeats_by_itself(const Writing *w, const FormStep *user, size_t i) {
    if (!is_of(user->op, BINARY)) return false;
    const size_t a = w->root[user->in[0]], b = w->root[user->in[1]];
    const size_t other = a == i ? b : a;
    const char *op = w->form->step[other].op;
    return a != b && !w->number[other] && !(op && strcmp(op, "broadcast") == 0);
}

static bool is_thin(const Writing *w, size_t i) {
    const Form *f = w->form;
    const FormStep *step = &f->step[i];
    if (!step->op || strcmp(step->op, "broadcast") != 0 || w->number[i] ||
        f->step[step->in[0]].rank != step->rank)
        return false;
    for (size_t o = 0; o < f->outputs; o++)
        if (w->root[f->output[o]] == i) return false;
    for (size_t u = i + 1; u < f->steps; u++)
        for (size_t k = 0; w->root[u] == u && k < f->step[u].arity; k++)
            if (w->root[f->step[u].in[k]] == i && !repeats_by_itself(w, &f->step[u], i))
                return false;
    return true;
}

/* The first that computes the same of the same. */
static size_t first_like(const Writing *w, size_t i) {
    const FormStep *step = w->form->step;
    for (size_t e = 0; e < i && step[i].op; e++) {
        if (!form_does(&step[e], &step[i])) continue;
        size_t k = 0;
        while (k < step[i].arity && w->root[step[e].in[k]] == w->root[step[i].in[k]]) k++;
        if (k == step[i].arity) return w->root[e];
    }
    return i;
}

static void look(Writing *w) {
    const Form *f = w->form;
    for (size_t i = 0; i < f->steps; i++) {
        const FormStep *step = &f->step[i];
        const bool renames = step->op && strcmp(step->op, "reshape") == 0 &&
                             form_shape_is(step, &f->step[step->in[0]]);
        w->root[i] = renames ? w->root[step->in[0]] : first_like(w, i);
        w->number[i] = is_number(w, step);
    }
    for (size_t i = 0; i < f->steps; i++)
        for (size_t k = 0; w->root[i] == i && k < f->step[i].arity; k++)
            w->uses[w->root[f->step[i].in[k]]]++;
    for (size_t o = 0; o < f->outputs; o++) w->uses[w->root[f->output[o]]] += 2;
    for (size_t i = f->steps; i-- > 0;) /* who is not written hands his users on */
        if (w->root[i] == i && w->uses[i] > 0 && is_thin(w, i))
            w->uses[w->root[f->step[i].in[0]]] += w->uses[i] - 1;
}

/* ---- lines ---------------------------------------------------------------------------------- */

typedef struct Stem {
    const char *op, *name;
} Stem;

static const Stem STEMS[] = {
    {"mean", "mean"},     {"spread", "spread"},   {"sub", "apart"},
    {"sqrt", "root"},     {"add", "sum"},         {"mul", "product"},
    {"div", "ratio"},     {"sigmoid", "gate"},    {"softmax", "weights"},
    {"select", "chosen"}, {"max", "larger"},      {"slice", "part"},
    {"pad", "padded"},    {"matmul", "mixed"},    {"log", "log"},
    {"exp", "exp"},       {"sum", "total"},       {"permute", "turned"},
    {"detach", "held"},   {"reshape", "seen_as"}, {"broadcast", "repeated"}};

static const char *new_name(Writing *w, const char *op) {
    size_t i = 0;
    while (i < COUNT_OF(STEMS) && strcmp(STEMS[i].op, op) != 0) i++;
    const size_t count = ++w->named[i];
    return text_print(w->arena, "%s%zu", i < COUNT_OF(STEMS) ? STEMS[i].name : op, count);
}

/* Arrays where the operation takes no numbers. */
static void want_arrays(const Writing *w, const FormStep *step) {
    const bool takes = is_of(step->op, BINARY) || strcmp(step->op, "max") == 0;
    for (size_t k = 0; k < step->arity; k++) {
        const size_t i = step->in[k];
        const bool kept = takes || (strcmp(step->op, "select") == 0 && k > 0);
        if (!w->number[i] || (kept && !(k == 1 && w->number[step->in[0]]))) continue;
        w->said[i] = (Said){text_print(w->arena, "_full(x, %s, %s)",
                                       shape(w, &w->form->step[i]), w->said[i].text),
                            BINDS_CALL};
        w->number[i] = false;
    }
}

static void write_step(Writing *w, size_t i) {
    const FormStep *step = &w->form->step[i];
    if (w->root[i] != i) {
        w->said[i] = w->said[w->root[i]];
    } else if (step->op == NULL) {
        w->said[i] = leaf(w, step);
    } else if (w->number[i]) {
        w->said[i] = of_numbers(w, step);
    } else {
        want_arrays(w, step);
        Said said = is_thin(w, i) ? w->said[step->in[0]] : spelt(w, step);
        if (!is_thin(w, i) && (w->uses[i] != 1 || strlen(said.text) > MOST_INSIDE)) {
            const char *name = new_name(w, step->op);
            text_add(w->out, "%s%s = %s\n", w->indent, name, said.text);
            said = (Said){name, BINDS_CALL};
        }
        w->said[i] = said;
    }
}

void write_body(Text *out, const Norm *norm, const Form *form, ExportTo to,
                const char *indent, const char **result) {
    Writing *w = ZERO(out->arena, Writing, 1);
    *w = (Writing){.arena = out->arena,
                   .norm = norm,
                   .form = form,
                   .to = to,
                   .out = out,
                   .indent = indent,
                   .said = ZERO(out->arena, Said, form->steps),
                   .root = TAKE(out->arena, size_t, form->steps),
                   .uses = ZERO(out->arena, size_t, form->steps),
                   .number = ZERO(out->arena, bool, form->steps)};
    look(w);
    for (size_t i = 0; i < form->steps; i++) write_step(w, i);
    for (size_t o = 0; o < form->outputs; o++) result[o] = w->said[form->output[o]].text;
}
