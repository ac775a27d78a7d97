/* One call of a normalizer, and all that comes of it. */
#include "house.h"
#include "trial_kind.h"

#include <math.h>
#include <string.h>

double *copy_of(Arena *arena, const double *values, size_t count) {
    return memcpy(TAKE(arena, double, count), values, count * sizeof *values);
}

double *filled(Arena *arena, size_t count, double value) {
    double *values = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++) values[k] = value;
    return values;
}

int state_power(NormStateRole role) {
    switch (role) {
    case NORM_STATE_MEAN:
    case NORM_STATE_SIZE:
        return 1;
    case NORM_STATE_VARIANCE:
    case NORM_STATE_SQUARE:
        return 2;
    default:
        return 0;
    }
}

double state_drawn(NormStateRole role, double normal, double unit, double ratio) {
    double value = 0.5 + normal * normal; /* above 0 */
    if (role == NORM_STATE_MEAN) value = ratio + normal;
    if (role == NORM_STATE_PRODUCT || role == NORM_STATE_LOG_VARIANCE) value = normal;
    for (int power = state_power(role); power > 0; power--) value *= unit;
    return value;
}

Trial trial_of(const Norm *norm, Shape shape, NormMode mode) {
    return (Trial){.norm = norm,
                   .mode = mode,
                   .shape = shape,
                   .at = shape_lattice(shape),
                   .n = shape_count(shape),
                   .unit = 1.0};
}

NormContext trial_context(const Trial *t, Tape *tape, TapeNode *const *param) {
    return (NormContext){.tape = tape,
                         .norm = t->norm,
                         .mode = t->mode,
                         .epoch = t->epoch,
                         .param = param,
                         .state = (const double *const *)t->state,
                         .mask = t->mask,
                         .given = t->given};
}

TapeNode *trial_write(Tape *tape, TapeNode *const *x, void *trial) {
    const NormContext call = trial_context(trial, tape, x + 1);
    return norm_apply(&call, x[0]);
}

TapeNode *trial_write_definition(Tape *tape, TapeNode *const *x, void *trial) {
    const NormContext call = trial_context(trial, tape, x + 1);
    return norm_define(&call, x[0]);
}

/* The trial as a function's context, which is not const. */
static void *context_of(const Trial *trial) {
    union {
        const Trial *trial;
        void *context;
    } held = {trial};
    return held.context;
}

CheckFunction trial_function(Arena *arena, const Trial *t, bool definition) {
    CheckInput *input = TAKE(arena, CheckInput, 1 + t->norm->params);
    input[0] = (CheckInput){"x", t->shape, t->x, t->unit};
    for (size_t k = 0; k < t->norm->params; k++)
        input[1 + k] =
            (CheckInput){t->norm->param[k].name, SHAPE_OF(t->norm->param[k].count),
                         t->param[k], trial_param_unit(t, k)};
    return (CheckFunction){.name = t->spec,
                           .inputs = 1 + t->norm->params,
                           .input = input,
                           .write = definition ? trial_write_definition : trial_write,
                           .context = context_of(t),
                           .upstream = t->dy};
}

static TapeNode *given(Tape *tape, Shape shape, const double *value, double *slot) {
    return slot ? tape_parameter(tape, shape, value, slot)
                : tape_leaf(tape, shape, value);
}

/* What a caller may have left in `observed`: what is added to it, or not written, shows. */
static const double LEFT = 7.0;

/* NaN: what is not written shows. */
static double *slot_for(Arena *arena, size_t count, bool frozen) {
    return frozen ? NULL : filled(arena, count, NAN);
}

typedef TapeNode *Written(const NormContext *context, TapeNode *x);

static Outcome run(Arena *arena, const Trial *t, unsigned frozen, Written *text) {
    Outcome o = {.y = TAKE(arena, double, t->n)};
    const Norm *norm = t->norm;
    TapeNode *in[NORM_MAX_PARAMS];
    o.dx = slot_for(arena, t->n, frozen & 1u);
    for (size_t k = 0; k < norm->params; k++)
        o.dparam[k] = slot_for(arena, norm->param[k].count, frozen >> (k + 1) & 1u);
    for (size_t k = 0; k < norm->states; k++)
        o.observed[k] = filled(arena, norm->state[k].count, LEFT);
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    TapeNode *x = given(tape, t->shape, t->x, o.dx);
    for (size_t k = 0; k < norm->params; k++)
        in[k] = given(tape, SHAPE_OF(norm->param[k].count), t->param[k], o.dparam[k]);
    NormContext call = trial_context(t, tape, in);
    call.observed = norm->states ? o.observed : NULL;
    TapeNode *y = text(&call, x);
    tape_backward(tape, y, t->dy);
    memcpy(o.y, y->value, t->n * sizeof *o.y);
    arena_rewind(arena, mark);
    return o;
}

Outcome trial_run(Arena *arena, const Trial *t, unsigned frozen) {
    return run(arena, t, frozen, norm_apply);
}

Outcome trial_run_definition(Arena *arena, const Trial *t) {
    return run(arena, t, 0, norm_define);
}

Trial trial_without_affine(Arena *arena, const Trial *t) {
    static const NormParamRole affine[] = {NORM_PARAM_SCALE, NORM_PARAM_SHIFT};
    Trial bare = *t;
    for (size_t i = 0; i < COUNT_OF(affine); i++) {
        size_t k = norm_place(t->norm, affine[i]);
        if (k == SIZE_MAX) continue;
        bare.param[k] = TAKE(arena, double, t->norm->param[k].count);
        for (size_t c = 0; c < t->norm->param[k].count; c++)
            bare.param[k][c] = i == 0 ? 1.0 : 0.0;
    }
    return bare;
}
