/* The data of a trial, what they are worth, and one call of its normalizer. */
#include "op.h"
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

/* ---- data ------------------------------------------------------------------------ */

static const struct {
    const char *text;
    double mean;  /* in standard deviations */
    int exponent; /* std = 2^exponent */
} DATA[] = {{"plain", 0, 0},         {"mean 1e2 std", 1e2, 0}, {"mean 1e8 std", 1e8, 0},
            {"std 1e-150", 0, -498}, {"std 1e150", 0, 498},    {"repeated values", 0, 0}};

const char *trial_data_text(TrialData data) {
    return DATA[data].text;
}

/* The oracles number their own draws from 0 on: an upstream equal to the data would hide
 * what the gradient is made of. */
enum { OWN_DRAWS = 1 << 30, DRAW_X = 0, DRAW_DY = 1, DRAW_PARAM = 2, DRAW_STATE = 20 };

double *trial_normals(Arena *arena, const Trial *t, uint64_t sample, size_t count) {
    Draw draw = {
        .seed = t->seed, .purpose = DRAW_CHECK, .epoch = OWN_DRAWS, .sample = sample};
    double *values = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) values[i] = draw_normal(draw, i);
    return values;
}

/* State that is adapted, from what is there; of its kind there may be nothing to draw. */
static void adapt_state(Trial *t) {
    const Norm *norm = t->norm;
    for (size_t i = 0; i < norm->states; i++)
        for (size_t k = 0; norm->state[i].adapted && k < norm->state[i].count; k++)
            t->state[i][k] =
                norm->state[i].start ? norm->state[i].start[k] : norm->state[i].initial;
    norm_adapt(norm, (Draw){t->seed, DRAW_ADAPT, TRIAL_EPOCH, 0}, t->state);
}

static double datum(const Trial *t, double normal) {
    static const double few[] = {-1.0, 0.5, 2.0};
    if (t->data == DATA_REPEATED) return few[normal < -0.43 ? 0 : normal > 0.43];
    return t->unit * (DATA[t->data].mean + normal);
}

double trial_param_unit(const Trial *t, size_t k) {
    const double size = t->unit * (1.0 + DATA[t->data].mean);
    return t->norm->param[k].by_x ? 1.0 / size : 1.0;
}

static void draw_all(Arena *arena, Trial *t) {
    const Norm *norm = t->norm;
    t->unit = ldexp(1.0, DATA[t->data].exponent);
    t->x = trial_normals(arena, t, DRAW_X, t->n);
    for (size_t i = 0; i < t->n; i++) t->x[i] = datum(t, t->x[i]);
    t->dy = trial_normals(arena, t, DRAW_DY, t->n);
    for (size_t i = 0; i < norm->params; i++) {
        t->param[i] = trial_normals(arena, t, DRAW_PARAM + i, norm->param[i].count);
        for (size_t k = 0; k < norm->param[i].count; k++)
            t->param[i][k] *= trial_param_unit(t, i);
    }
    for (size_t i = 0; i < norm->states; i++) { /* any mean, a positive variance */
        t->state[i] = trial_normals(arena, t, DRAW_STATE + i, norm->state[i].count);
        for (size_t k = 0; k < norm->state[i].count; k++)
            t->state[i][k] =
                strstr(norm->state[i].name, "mean")
                    ? t->unit * (DATA[t->data].mean + t->state[i][k])
                    : t->unit * t->unit * (0.5 + t->state[i][k] * t->state[i][k]);
    }
    adapt_state(t);
}

/* ---- one call -------------------------------------------------------------------- */

NormContext trial_context(const Trial *t, Tape *tape, Node *const *param) {
    return (NormContext){.tape = tape,
                         .norm = t->norm,
                         .mode = t->mode,
                         .epoch = TRIAL_EPOCH,
                         .param = param,
                         .state = (const double *const *)t->state};
}

static Node *write_norm(Tape *tape, Node *const *x, void *context) {
    NormContext call = trial_context(context, tape, x + 1);
    return norm_apply(&call, x[0]);
}

static Node *write_definition(Tape *tape, Node *const *x, void *context) {
    NormContext call = trial_context(context, tape, x + 1);
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
            (CheckInput){t->norm->param[k].name, SHAPE(t->norm->param[k].count),
                         t->param[k], trial_param_unit(t, k)};
    return (CheckFunction){.name = t->spec,
                           .inputs = 1 + t->norm->params,
                           .input = input,
                           .write = definition ? write_definition : write_norm,
                           .context = context_of(t),
                           .upstream = t->dy};
}

static Node *given(Tape *tape, Shape shape, const double *value, double *slot) {
    return slot ? tape_parameter(tape, shape, value, slot)
                : tape_leaf(tape, shape, value);
}

static double *slot_for(Arena *arena, size_t count, bool frozen) {
    if (frozen) return NULL;
    double *slot = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++) slot[k] = NAN; /* what is not written shows */
    return slot;
}

typedef Node *Written(const NormContext *context, Node *x);

static Outcome run(Arena *arena, const Trial *t, unsigned frozen, Written *text) {
    Outcome o = {.y = TAKE(arena, double, t->n)};
    const Norm *norm = t->norm;
    Node *in[NORM_MAX_PARAMS];
    o.dx = slot_for(arena, t->n, frozen & 1u);
    for (size_t k = 0; k < norm->params; k++)
        o.dparam[k] = slot_for(arena, norm->param[k].count, frozen >> (k + 1) & 1u);
    for (size_t k = 0; k < norm->states; k++)
        o.observed[k] = ZERO(arena, double, norm->state[k].count);
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    Node *x = given(tape, t->shape, t->x, o.dx);
    for (size_t k = 0; k < norm->params; k++)
        in[k] = given(tape, SHAPE(norm->param[k].count), t->param[k], o.dparam[k]);
    NormContext call = trial_context(t, tape, in);
    call.observed = norm->states ? o.observed : NULL;
    Node *y = text(&call, x);
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
    static const char *const name[] = {"gamma", "beta"};
    Trial bare = *t;
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        size_t k = trial_param(t, name[i]);
        if (k == SIZE_MAX) continue;
        bare.param[k] = TAKE(arena, double, t->norm->param[k].count);
        for (size_t c = 0; c < t->norm->param[k].count; c++)
            bare.param[k][c] = i == 0 ? 1.0 : 0.0;
    }
    return bare;
}

/* ---- kernels --------------------------------------------------------------------- */

Node *trial_fused_from(Node *node) {
    while (node && !(node->op && node->op->define && node->op->backward))
        node = node->previous;
    return node;
}

static bool detaches(const Node *node) {
    while (node && !(node->op && strcmp(node->op->name, "detach") == 0))
        node = node->previous;
    return node != NULL;
}

/* What the program is made of, asked before there are data. */
static void read_program(Arena *arena, Trial *t) {
    ArenaMark mark = arena_mark(arena);
    const Norm *norm = t->norm;
    Trial blank = *t;
    Node *param[NORM_MAX_PARAMS];
    Tape *tape = tape_new(arena);
    for (size_t k = 0; k < norm->params; k++)
        param[k] = tape_fill(tape, SHAPE(norm->param[k].count), 1.0);
    for (size_t k = 0; k < norm->states; k++)
        blank.state[k] = filled(arena, norm->state[k].count, 1.0);
    adapt_state(&blank);
    NormContext call = trial_context(&blank, tape, param);
    norm_apply(&call, tape_fill(tape, t->shape, 0.0));
    t->fused = trial_fused_from(tape_last(tape)) != NULL;
    t->held = detaches(tape_last(tape));
    arena_rewind(arena, mark);
}

/* Cells of repeated values may have no variance: derivatives of a root of eps are powers of
 * it, up to -5/2 at the third order, which a definition forms one by one. */
static bool is_within_range(const Norm *norm) {
    static const double least = 1e-100;
    bool within = !norm_has_eps(norm) || norm->eps >= least;
    for (size_t i = 0; i < norm->parts; i++)
        within = within && is_within_range(norm->part[i]);
    return within;
}

/* ---- preparing ------------------------------------------------------------------- */

bool trial_fits(Arena *arena, Trial *t, const char *spec, Shape shape, NormMode mode,
                TrialData data, uint64_t seed, const TrialCheck *check) {
    Error error = {.set = false};
    *t = (Trial){.spec = spec, .mode = mode, .shape = shape, .data = data, .seed = seed};
    t->at = shape_lattice(shape);
    t->n = shape_count(shape);
    if (!(check->data >> data & 1u)) return false;
    const Norm *norm = norm_new(arena, spec, t->at.C, &error);
    if (norm == NULL || !norm_fits(arena, norm, t->at, mode, &error)) return false;
    if (mode == NORM_EVAL && !norm_keeps_state(norm)) return false;
    size_t smallest = norm_smallest_cell(arena, norm, t->at, mode);
    if ((smallest == 1) != check->single) return false;
    if (DATA[data].mean != 0 && norm_saturates(norm)) return false; /* all is 0 there */
    t->derives = (mode == NORM_EVAL || norm_by_design(norm) == NULL) &&
                 smallest >= norm_sensible_cell(norm);
    t->curved = smallest != SIZE_MAX;
    t->own = t->curved && norm_is_partitioned(norm, mode);
    /* parts of a combination do not all see the scale of x */
    if (!norm_is_partitioned(norm, mode) && DATA[data].exponent != 0) return false;
    if (!norm_is_partitioned(norm, mode) && data == DATA_REPEATED &&
        !is_within_range(norm))
        return false;
    Norm *scaled = TAKE(arena, Norm, 1);
    *scaled = *norm;
    if (norm_has_eps(norm)) scaled->eps = ldexp(norm->eps, 2 * DATA[data].exponent);
    if (isnormal(norm->eps) && !isnormal(scaled->eps)) return false;
    t->norm = scaled;
    read_program(arena, t);
    /* the digits of a definition are gone there, and those of an oracle of 64 bits */
    if (data == DATA_FAR && (!t->fused || !NORMLAB_HAS_QUAD)) return false;
    return check->applies == NULL || check->applies(t);
}

bool trial_prepare(Arena *arena, Trial *t, const char *spec, Shape shape, NormMode mode,
                   TrialData data, uint64_t seed, const TrialCheck *check) {
    if (!trial_fits(arena, t, spec, shape, mode, data, seed, check)) return false;
    draw_all(arena, t);
    trial_measure(arena, t);
    return true;
}
