/* What a program holds constant, in words, and what it would be worth. */
#include "derive.h"
#include "op.h"
#include "replay.h"
#include "text.h"

#include <math.h>
#include <string.h>

typedef struct Reading {
    const Program *program;
    const CheckFunction *function;
    TapeNode *const *x; /* [inputs] */
} Reading;

/* ---- where ----------------------------------------------------------------------- */

enum { DEPTH = 4, MOST_NAMED = 3 }; /* operations in a row; held values that are named */

static const char *input_name(const Reading *r, const TapeNode *node) {
    for (size_t i = 0; i < r->function->inputs; i++)
        if (r->x[i] == node) return r->function->input[i].name;
    return NULL;
}

/* "div(x, sqrt(..))": what is moved or repeated is itself, what depends on no input "const". */
static void say_step(Text *text, const Reading *r, size_t step, size_t depth) {
    const size_t *in;
    const TapeNode *node = program_step(r->program, step, &in);
    const char *name = input_name(r, node);
    if (name || !node->wanted) {
        text_add(text, "%s", name ? name : "const");
        return;
    }
    if (node->op->rounding == OP_ROUNDING_MOVES && node->arity == 1) {
        say_step(text, r, in[0], depth);
        return;
    }
    text_add(text, "%s(", node->op->name);
    for (size_t k = 0; depth < DEPTH && k < node->arity; k++) {
        text_add(text, "%s", k ? ", " : "");
        say_step(text, r, in[k], depth + 1);
    }
    text_add(text, "%s)", depth < DEPTH ? "" : "..");
}

static bool is_held(const TapeNode *node) {
    return node->op && node->op->rounding == OP_ROUNDING_HOLDS && node->wanted;
}

/* Of every step, whether it stands below this one. */
static void mark_below(const Reading *r, bool *below, size_t top) {
    below[top] = true;
    for (size_t i = top + 1; i-- > 0;) {
        const size_t *in;
        const TapeNode *node = program_step(r->program, i, &in);
        for (size_t k = 0; below[i] && k < node->arity; k++) below[in[k]] = true;
    }
}

static void say_inputs(Arena *arena, Text *text, const Reading *r, size_t top) {
    bool *below = ZERO(arena, bool, program_steps(r->program));
    const char *comma = " of ";
    mark_below(r, below, top);
    for (size_t i = 0; i <= top; i++) {
        const size_t *in;
        const char *name = input_name(r, program_step(r->program, i, &in));
        if (!below[i] || name == NULL) continue;
        text_add(text, "%s%s", comma, name);
        comma = ", ";
    }
}

/* How many are held; the first of them in words. */
static size_t say_held(Arena *arena, Text *text, const Reading *r) {
    size_t count = 0;
    for (size_t i = 0; i < program_steps(r->program); i++) {
        const size_t *in;
        if (!is_held(program_step(r->program, i, &in))) continue;
        if (++count > MOST_NAMED) continue;
        if (count > 1) text_add(text, "; ");
        say_step(text, r, in[0], 1);
        say_inputs(arena, text, r, in[0]);
    }
    if (count > MOST_NAMED) text_add(text, "; and %zu more", count - MOST_NAMED);
    return count;
}

/* ---- what it is worth ------------------------------------------------------------ */

static TapeNode **gradient(Arena *arena, const CheckFunction *function, uint64_t seed,
                           bool released) {
    Tape *tape = tape_new(arena);
    TapeNode **x = derive_inputs(arena, tape, function),
             **dx = TAKE(arena, TapeNode *, function->inputs);
    TapeNode *y = function->write(tape, x, function->context);
    const double *u = function->upstream;
    if (u == NULL)
        u = derive_vector(arena, seed, ROLE_UPSTREAM, 0, shape_count(y->shape), 1.0);
    if (released) tape_release(tape);
    tape_gradient(tape, y, tape_leaf(tape, y->shape, u), x, function->inputs, dx);
    return dx;
}

static void weigh(CheckHeld *held, Arena *arena, const CheckFunction *function,
                  uint64_t seed) {
    TapeNode **with = gradient(arena, function, seed, false),
             **without = gradient(arena, function, seed, true);
    held->input = function->input[0].name;
    for (size_t i = 0; i < function->inputs; i++) {
        const size_t count = shape_count(function->input[i].shape);
        const double *a = with[i]->value, *b = without[i]->value;
        double *apart = TAKE(arena, double, count + 1);
        for (size_t k = 0; k < count; k++) apart[k] = a[k] - b[k];
        const double whole = fmax(derive_length(a, count), derive_length(b, count)),
                     part = whole > 0.0 ? derive_length(apart, count) / whole : 0.0;
        if (part <= held->matters) continue;
        held->matters = part;
        held->input = function->input[i].name;
    }
}

CheckHeld check_held(Arena *arena, const CheckFunction *function, uint64_t seed) {
    CheckHeld held = {.count = 0};
    Text where = text_new(arena);
    Tape *tape = tape_new(arena);
    TapeNode **x = derive_inputs(arena, tape, function);
    TapeNode *y = function->write(tape, x, function->context);
    const Reading reading = {program_new(tape, &y, 1), function, x};
    held.count = say_held(arena, &where, &reading);
    held.where = where.data;
    if (held.count > 0) weigh(&held, arena, function, seed);
    return held;
}
