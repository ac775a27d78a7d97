/* One call of a normalizer, by what trains and what proves. */
#include "step.h"
#include "house.h"

#include <math.h>
#include <string.h>

typedef struct Leaves {
    TapeNode *x, *dy, *param[NORM_MAX_PARAMS];
} Leaves;

static NormContext context_of(const Step *step, Tape *tape, TapeNode *const *param) {
    return (NormContext){.tape = tape,
                         .norm = step->norm,
                         .mode = step->mode,
                         .epoch = step->epoch,
                         .param = param,
                         .state = step->state,
                         .mask = step->mask,
                         .given = step->given};
}

/* ---- operands ---------------------------------------------------------------------- */

const double *step_param(Arena *arena, const NormParam *param) {
    double *value = TAKE(arena, double, param->count);
    norm_begin_param(value, param, (Draw){.purpose = DRAW_INIT});
    return value;
}

const double *step_state(Arena *arena, const NormState *state) {
    double *value = TAKE(arena, double, state->count);
    norm_begin_state(value, state);
    return value;
}

bool step_evaluates(const NormState *state) {
    return !state->of_backward && !state->adapts;
}

bool step_needs(const Norm *norm, const NormState *state, NormMode mode) {
    if (state->adapted || state->adapts) return false;
    return mode == NORM_EVAL ? step_evaluates(state) : norm_recalls(norm);
}

double step_least(const NormState *state) {
    const NormStateRole role = state->role;
    const bool positive = role == NORM_STATE_VARIANCE || role == NORM_STATE_SQUARE ||
                          role == NORM_STATE_SIZE;
    return positive ? 0.0 : -(double)INFINITY;
}

/* ---- first order ------------------------------------------------------------------- */

static double *copy_of(Arena *arena, const double *value, size_t count) {
    double *copy = TAKE(arena, double, count);
    if (count > 0) memcpy(copy, value, count * sizeof *copy);
    return copy;
}

/* The state before the step becomes that after it; `seen` is NaN where nothing was. */
static void move_state(const Step *step, StepResults *r, double *const *seen) {
    for (size_t i = 0; i < step->norm->states; i++) {
        const NormState *s = &step->norm->state[i];
        for (size_t k = 0; !s->adapted && k < s->count; k++)
            r->next[i][k] = norm_moved(s, r->next[i][k], seen[i][k]);
    }
}

static void run_first(Arena *arena, const Step *step, StepResults *r) {
    const Norm *norm = step->norm;
    Tape *tape = tape_new(arena);
    Leaves leaf = {.x = tape_parameter(tape, step->shape, step->x, r->dx)};
    double *seen[NORM_MAX_STATES];
    for (size_t i = 0; i < norm->params; i++)
        leaf.param[i] = tape_parameter(tape, SHAPE_OF(norm->param[i].count),
                                       step->param[i], r->dparam[i]);
    for (size_t i = 0; i < norm->states; i++) {
        seen[i] = TAKE(arena, double, norm->state[i].count);
        for (size_t k = 0; k < norm->state[i].count; k++) seen[i][k] = (double)NAN;
    }
    NormContext context = context_of(step, tape, leaf.param);
    if (step->mode == NORM_TRAIN) context.observed = seen;
    TapeNode *y = norm_apply(&context, leaf.x);
    r->tape = tape;
    r->y = y->value;
    if (r->mean) norm_standardized(&context, leaf.x, y, r->mean, r->rstd);
    if (step->dy) tape_backward(tape, y, step->dy);
    if (step->mode == NORM_TRAIN) move_state(step, r, seen);
}

void step_first(Arena *arena, const Step *step, StepResults *r) {
    const Norm *norm = step->norm;
    const size_t count = shape_count(step->shape);
    r->y = TAKE(arena, double, 0);
    for (size_t i = 0; i < norm->states; i++)
        r->next[i] = copy_of(arena, step->state[i], norm->state[i].count);
    if (step->dy) r->dx = TAKE(arena, double, count);
    for (size_t i = 0; step->dy && i < norm->params; i++)
        r->dparam[i] = ZERO(arena, double, norm->param[i].count);
    if (count > 0) run_first(arena, step, r);
}

TapeNode *step_define(const Step *step, Tape *tape, TapeNode *x, TapeNode *const *param) {
    const NormContext context = context_of(step, tape, param);
    return norm_define(&context, x);
}

/* ---- second order ------------------------------------------------------------------ */

/* s += <a, v>; what is not there is 0. */
static TapeNode *add_product(Tape *tape, TapeNode *s, TapeNode *a, const double *v) {
    if (v == NULL) return s;
    TapeNode *term = tape_sum_all(tape, tape_mul(tape, a, tape_leaf(tape, a->shape, v)));
    return s ? tape_add(tape, s, term) : term;
}

/* The gradients of s = <dx, v> + sum over the parameters of <dparam, v_param>, all of them
 * functions of x, dy and the parameters. */
static void run_second(Arena *arena, const Step *step, StepResults *r) {
    const size_t params = step->norm->params;
    Tape *tape = tape_new(arena);
    TapeNode *by[2 + NORM_MAX_PARAMS], *first[1 + NORM_MAX_PARAMS],
        *second[2 + NORM_MAX_PARAMS];
    Leaves leaf = {.x = tape_parameter(tape, step->shape, step->x, NULL),
                   .dy = tape_parameter(tape, step->shape, step->dy, NULL)};
    for (size_t i = 0; i < params; i++)
        leaf.param[i] = tape_parameter(tape, SHAPE_OF(step->norm->param[i].count),
                                       step->param[i], NULL);
    by[0] = leaf.dy, by[1] = leaf.x;
    memcpy(by + 2, leaf.param, params * sizeof *by);
    NormContext context = context_of(step, tape, leaf.param);
    tape_gradient(tape, norm_apply(&context, leaf.x), leaf.dy, by + 1, 1 + params, first);
    TapeNode *s = add_product(tape, NULL, first[0], step->v);
    for (size_t i = 0; i < params; i++)
        s = add_product(tape, s, first[1 + i], step->v_param[i]);
    tape_gradient(tape, s, NULL, by, 2 + params, second);
    r->ds_ddy = second[0]->value, r->ds_dx = second[1]->value;
    for (size_t i = 0; i < params; i++) r->ds_dparam[i] = second[2 + i]->value;
}

void step_second(Arena *arena, const Step *step, StepResults *r) {
    r->ds_dx = r->ds_ddy = TAKE(arena, double, 0);
    for (size_t i = 0; i < step->norm->params; i++)
        r->ds_dparam[i] = ZERO(arena, double, step->norm->param[i].count);
    if (shape_count(step->shape) > 0) run_second(arena, step, r);
}
