/* A definition recorded at one size of x, with values that are all alike or drawn. */
#include "internal.h"

#include <math.h>
#include <string.h>

bool record_keeps(const NormState *state) {
    return !state->adapted && !state->adapts;
}

/* ---- values ------------------------------------------------------------------------- */

static const double GRAIN = 64.0; /* of drawn numbers, in 1 */

static double drawn(Draw draw, size_t i, double at, double spread) {
    return round(GRAIN * (at + spread * draw_normal(draw, i))) / GRAIN;
}

static Draw draw_of(Values values, uint64_t sample) {
    (void)values;
    return (Draw){.seed = 113, .purpose = DRAW_CHECK, .sample = sample};
}

static double kept(const NormParam *param, double value) {
    return fmin(fmax(value, param->least), param->most);
}

/* Logits and gates of which the first is the largest, or the last, for some draw. */
static void fill_param(double *out, const NormParam *param, Values values,
                       uint64_t sample) {
    const bool bounded = isfinite(param->least) && isfinite(param->most);
    const double at = bounded ? (param->least + param->most) / 2.0 : param->initial,
                 sign = values == VALUES_TURNED ? -1.0 : 1.0,
                 spread = bounded ? (param->most - param->least) / 8.0 : 0.5;
    for (size_t i = 0; i < param->count; i++)
        out[i] = values == VALUES_FLAT
                     ? kept(param, at)
                     : kept(param, drawn(draw_of(values, sample), i, at, sign * spread));
}

static double state_of(NormStateRole role, double normal) {
    switch (role) {
    case NORM_STATE_VARIANCE:
    case NORM_STATE_SQUARE:
    case NORM_STATE_SIZE:
        return 1.0 + fabs(normal);
    case NORM_STATE_COUNT:
        return 3.0;
    default:
        return normal;
    }
}

static void fill_state(double *out, const NormState *state, Values values,
                       uint64_t sample) {
    norm_begin_state(out, state);
    if (!record_keeps(state) || values == VALUES_FLAT) return;
    const double sign = values == VALUES_TURNED ? -1.0 : 1.0;
    for (size_t i = 0; i < state->count; i++)
        out[i] =
            state_of(state->role, sign * drawn(draw_of(values, sample), i, 0.0, 0.5));
}

static void fill_x(double *out, size_t count, Values values) {
    const double sign = values == VALUES_TURNED ? -1.5 : 1.5;
    for (size_t i = 0; i < count; i++)
        out[i] = values == VALUES_FLAT ? 0.5 : drawn(draw_of(values, 1), i, 0.25, sign);
}

/* ---- recording ------------------------------------------------------------------------ */

static void fill(Recording *r, Arena *arena, Values values) {
    const size_t count = r->at.N * r->at.C * r->at.L;
    r->x_value = TAKE(arena, double, count);
    fill_x(r->x_value, count, values);
    for (size_t i = 0; i < r->norm->params; i++) {
        const NormParam *param = &r->norm->param[i];
        r->param_value[i] = TAKE(arena, double, param->count);
        fill_param(r->param_value[i], param, values, 10 + i);
    }
    for (size_t i = 0; i < r->norm->states; i++) {
        const NormState *state = &r->norm->state[i];
        r->state_value[i] = TAKE(arena, double, state->count);
        fill_state(r->state_value[i], state, values, 40 + i);
    }
}

Recording record_new(Arena *arena, const Norm *norm, NormMode mode, size_t epoch,
                     ShapeLattice at, Values values) {
    Recording r = {.norm = norm, .mode = mode, .at = at, .tape = tape_new(arena)};
    fill(&r, arena, values);
    r.x = tape_parameter(r.tape, SHAPE_OF(at.N, at.C, at.L), r.x_value, NULL);
    for (size_t i = 0; i < norm->params; i++)
        r.param[i] = tape_parameter(r.tape, SHAPE_OF(norm->param[i].count),
                                    r.param_value[i], NULL);
    NormContext context = {.tape = r.tape,
                           .norm = norm,
                           .mode = mode,
                           .epoch = epoch,
                           .param = r.param,
                           .state = (const double *const *)r.state_value,
                           .seen = r.seen};
    r.y = norm_define(&context, r.x);
    return r;
}

const Program *record_program(const Recording *r, Arena *arena) {
    TapeNode **out = TAKE(arena, TapeNode *, 1 + NORM_MAX_STATES);
    size_t count = 0;
    out[count++] = r->y;
    for (size_t i = 0; i < r->norm->states; i++)
        if (r->seen[i] && record_keeps(&r->norm->state[i])) out[count++] = r->seen[i];
    return program_new(r->tape, out, count);
}

/* ---- again ----------------------------------------------------------------------------- */

static void run(Tape *tape, TapeNode *node) {
    const double *in[OP_MOST_OPERANDS] = {NULL};
    for (size_t k = 0; k < node->arity; k++) in[k] = node->in[k]->value;
    if (node->op->forward)
        node->op->forward(tape, node);
    else
        node->op->replay.run_real(node->value, in, node);
}

void record_again(Recording *r, const Recording *other) {
    memcpy(r->x_value, other->x_value, r->at.N * r->at.C * r->at.L * sizeof(double));
    for (size_t i = 0; i < r->norm->params; i++)
        memcpy(r->param_value[i], other->param_value[i],
               r->norm->param[i].count * sizeof(double));
    for (size_t i = 0; i < r->norm->states; i++)
        memcpy(r->state_value[i], other->state_value[i],
               r->norm->state[i].count * sizeof(double));
    size_t count = 0;
    for (TapeNode *n = tape_last(r->tape); n; n = n->previous) count++;
    TapeNode **node = TAKE(tape_arena(r->tape), TapeNode *, count);
    for (TapeNode *n = tape_last(r->tape); n; n = n->previous) node[--count] = n;
    for (size_t i = 0; node[i] != tape_last(r->tape); i++)
        if (node[i]->op) run(r->tape, node[i]);
    if (tape_last(r->tape)->op) run(r->tape, tape_last(r->tape));
}
