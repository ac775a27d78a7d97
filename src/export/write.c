/* A program as lines of Python: what is used once stands where it is used, as long as the line can be
 * read. */
#include "writing.h"

#include <string.h>

enum { MOST_INSIDE = 48 }; /* characters of what is written into another's line */

/* What an attribute of a module cannot be called: Python's words, and torch's own attributes. */
static const char TAKEN[] =
    " and as assert async await break class continue def del elif else except finally "
    "for from "
    "global if import in is lambda nonlocal not or pass raise return try while with "
    "yield "
    "add_module apply bfloat16 buffers call_super_init children compile cpu cuda double "
    "dump_patches eval extra_repr float forward half ipu load_state_dict modules mtia "
    "parameters project register_buffer share_memory state_dict to to_empty train "
    "training "
    "type xpu zero_grad ";

const char *write_name(Arena *arena, const char *name, ExportTo to) {
    if (language_of(to)->names_dotted) return name;
    char *copy = text_copy(arena, name, strlen(name));
    for (char *c = copy; *c; c++)
        if (*c == '.') *c = '_';
    return strstr(TAKEN, text_print(arena, " %s ", copy)) ? text_print(arena, "%s_", copy)
                                                          : copy;
}

/* ---- who is what -------------------------------------------------------------------------- */

/* Python's own mathematics ends the program where a result is none: only constants go there. */
static bool is_number(const Writing *w, const FormStep *step) {
    if (step->op == NULL)
        return step->leaf.kind == LEAF_NUMBERS && step->leaf.period == 1;
    if (!writing_is_of(step->op, WRITING_MOVES) &&
        !writing_is_of(step->op, WRITING_BINARY) && strcmp(step->op, "neg") != 0 &&
        !(writing_is_of(step->op, WRITING_OF_MATH) && step->constant &&
          w->form->step[step->in[0]].constant))
        return false;
    for (size_t k = 0; k < step->arity; k++)
        if (!w->number[step->in[k]]) return false;
    return true;
}

/* Elementwise operations repeat by themselves what stands beside a whole array. */
static bool repeats_by_itself(const Writing *w, const FormStep *user, size_t i) {
    if (!writing_is_of(user->op, WRITING_BINARY)) return false;
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

static bool is_reshape(const FormStep *step) {
    return step->op && strcmp(step->op, "reshape") == 0;
}

/* The first operand; of a reshape of reshapes, that of the first. */
static size_t source_of(const Writing *w, size_t i) {
    const FormStep *step = w->form->step;
    size_t from = w->root[step[i].in[0]];
    while (is_reshape(&step[i]) && is_reshape(&step[from]))
        from = w->root[step[from].in[0]];
    return from;
}

static void look(Writing *w) {
    const Form *f = w->form;
    for (size_t i = 0; i < f->steps; i++) {
        const FormStep *step = &f->step[i];
        const bool renames =
            is_reshape(step) && form_shape_is(step, &f->step[step->in[0]]);
        w->root[i] = renames ? w->root[step->in[0]] : first_like(w, i);
        w->number[i] = is_number(w, step);
        w->source[i] = step->op ? source_of(w, i) : i;
    }
    for (size_t o = 0; o < f->outputs; o++) w->uses[w->root[f->output[o]]] += 2;
    for (size_t i = f->steps; i-- > 0;)
        for (size_t k = 0; w->uses[i] > 0 && k < f->step[i].arity; k++)
            w->uses[w->root[k == 0 ? w->source[i] : f->step[i].in[k]]]++;
    for (size_t i = f->steps; i-- > 0;) /* who is not written hands his users on */
        if (w->root[i] == i && w->uses[i] > 0 && is_thin(w, i))
            w->uses[w->root[f->step[i].in[0]]] += w->uses[i] - 1;
}

/* ---- lines ---------------------------------------------------------------------------------- */

typedef struct Stem {
    const char *op, *name;
} Stem;

static const Stem STEMS[] = {
    {"mean", "mean"},       {"spread", "spread"},     {"sub", "apart"},
    {"sqrt", "root"},       {"add", "sum"},           {"mul", "product"},
    {"div", "ratio"},       {"sigmoid", "gate"},      {"softmax", "weights"},
    {"select", "chosen"},   {"max", "larger"},        {"slice", "part"},
    {"pad", "padded"},      {"matmul", "mixed"},      {"log", "log"},
    {"gather", "taken"},    {"neg", "negative"},      {"exp", "exp"},
    {"sum", "total"},       {"permute", "turned"},    {"detach", "held"},
    {"reshape", "seen_as"}, {"broadcast", "repeated"}};

/* An output by what it is, others by their operation and a number. */
static const char *new_name(Writing *w, size_t step) {
    const Form *f = w->form;
    const char *op = f->step[step].op;
    if (w->root[f->output[0]] == step) return "y";
    for (size_t o = 1; o < f->outputs; o++)
        if (w->root[f->output[o]] == step)
            return text_print(
                w->arena, "seen_%s",
                write_name(w->arena, w->norm->state[f->state[o]].name, EXPORT_TORCH));
    size_t i = 0;
    while (i < COUNT_OF(STEMS) && strcmp(STEMS[i].op, op) != 0) i++;
    const size_t count = ++w->named[i];
    return text_print(w->arena, "%s%zu", i < COUNT_OF(STEMS) ? STEMS[i].name : op, count);
}

/* Arrays where the operation takes no numbers. */
static void want_arrays(const Writing *w, const FormStep *step) {
    const bool takes =
        writing_is_of(step->op, WRITING_BINARY) || strcmp(step->op, "max") == 0;
    for (size_t k = 0; k < step->arity; k++) {
        const size_t i = step->in[k];
        const bool kept = takes || (strcmp(step->op, "select") == 0 && k > 0);
        if (!w->number[i] || (kept && !(k == 1 && w->number[step->in[0]]))) continue;
        w->said[i] =
            (Said){text_print(w->arena, "_full(x, %s, %s)",
                              writing_shape(w, &w->form->step[i]), w->said[i].text),
                   BINDS_CALL};
        w->number[i] = false;
    }
}

static void write_step(Writing *w, size_t i) {
    const FormStep *step = &w->form->step[i];
    if (w->root[i] != i) {
        w->said[i] = w->said[w->root[i]];
    } else if (step->op == NULL) {
        w->said[i] = writing_leaf(w, step);
    } else if (w->uses[i] == 0) {
        return;
    } else if (w->number[i]) {
        w->said[i] = writing_of_numbers(w, step);
    } else {
        want_arrays(w, step);
        Said said = is_thin(w, i) ? w->said[step->in[0]] : writing_spelt(w, step);
        if (!is_thin(w, i) && (w->uses[i] != 1 || strlen(said.text) > MOST_INSIDE)) {
            const char *name = new_name(w, i);
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
                   .source = TAKE(out->arena, size_t, form->steps),
                   .uses = ZERO(out->arena, size_t, form->steps),
                   .number = ZERO(out->arena, bool, form->steps)};
    look(w);
    for (size_t i = 0; i < form->steps; i++) write_step(w, i);
    for (size_t o = 0; o < form->outputs; o++) result[o] = w->said[form->output[o]].text;
}
