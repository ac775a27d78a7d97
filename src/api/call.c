/* Calls: all that can be wrong with one is said before anything is computed, and written after
 * all is. */
#include "opened.h"

#include <math.h>
#include <string.h>

typedef enum Order { CELLS, FORWARD, BACKWARD, SECOND } Order;

typedef struct Calling {
    const NormlabNorm *opened;
    const NormlabCall *given;
    Order order;
    NormlabCall call; /* given, as this version has it */
    Arena *arena;
    Step step;
    size_t along[3]; /* as normlab_cells has them */
    size_t cells;    /* in all; 0: not of one partition, or not asked */
} Calling;

/* ---- what is asked ------------------------------------------------------------------- */

/* Older programs know fewer fields; what newer ones know and we do not must be unused. */
static bool read_call(Calling *c, BaseError *error) {
    const size_t size = c->given->size, known = sizeof c->call;
    const size_t first = offsetof(NormlabCall, ds_dparams) + sizeof c->call.ds_dparams;
    const unsigned char *bytes = (const unsigned char *)c->given;
    if (size < first || size > 16 * known)
        return base_fail(error, EX_USAGE, 0,
                         "the call's size is %zu; sizeof(NormlabCall), %zu, is expected",
                         size, known);
    memcpy(&c->call, bytes, size < known ? size : known);
    for (size_t i = known; i < size; i++)
        if (bytes[i])
            return base_fail(
                error, EX_USAGE, 0,
                "the call has what this library (%s) does not know: byte %zu",
                normlab_version(), i);
    return true;
}

static bool read_shape(Calling *c, BaseError *error) {
    const NormlabCall *call = &c->call;
    const size_t C = c->opened->norm->channels;
    size_t count;
    if (C == 0)
        return base_fail(error, EX_USAGE, 0, "%s is open without a number of channels",
                         c->opened->norm->spec);
    if (call->mode != NORMLAB_TRAIN && call->mode != NORMLAB_EVAL)
        return base_fail(error, EX_USAGE, 0,
                         "mode %d: NORMLAB_TRAIN (0) or NORMLAB_EVAL (1) is expected",
                         call->mode);
    if (__builtin_mul_overflow(call->samples, C, &count) ||
        __builtin_mul_overflow(count, call->positions, &count))
        return base_fail(error, EX_USAGE, 0,
                         "x of [%zu, %zu, %zu] is larger than any memory", call->samples,
                         C, call->positions);
    c->step.norm = c->opened->norm;
    c->step.mode = call->mode == NORMLAB_EVAL ? NORM_EVAL : NORM_TRAIN;
    c->step.epoch = call->epoch;
    c->step.shape = SHAPE_OF(call->samples, C, call->positions);
    return norm_fits(c->arena, c->step.norm, shape_lattice(c->step.shape), c->step.mode,
                     error);
}

/* ---- operands ------------------------------------------------------------------------ */

static bool want(const void *array, const char *name, size_t count, BaseError *error) {
    return array || count == 0 ||
           base_fail(error, EX_USAGE, 0, "%s is NULL; %zu numbers are expected", name,
                     count);
}

static bool read_params(Calling *c, BaseError *error) {
    const Norm *norm = c->step.norm;
    const NormlabCall *call = &c->call;
    bool any = call->v != NULL;
    for (size_t i = 0; i < norm->params; i++) {
        const double *given = call->params ? call->params[i] : NULL;
        c->step.param[i] = given ? given : c->opened->param[i].start;
        if (c->order == SECOND && call->v_params) c->step.v_param[i] = call->v_params[i];
        any = any || c->step.v_param[i];
    }
    return any || c->order != SECOND ||
           base_fail(error, EX_USAGE, 0,
                     "v and v_params are NULL; one of them is expected");
}

static bool can_be(const NormlabArray *array, size_t i, const double *value,
                   BaseError *error) {
    for (size_t k = 0; array->least == 0.0 && k < array->count; k++)
        if (!(value[k] >= 0.0))
            return base_fail(error, EX_DATAERR, 0,
                             "state[%zu], %s: [%zu] = %g; 0 or more is expected", i,
                             array->name, k, value[k]);
    return true;
}

static bool read_state(Calling *c, BaseError *error) {
    const Norm *norm = c->step.norm;
    for (size_t i = 0; i < norm->states; i++) {
        const NormState *s = &norm->state[i];
        const double *given = c->call.state ? c->call.state[i] : NULL;
        if (given == NULL && step_needs(norm, s, c->step.mode))
            return base_fail(
                error, EX_DATAERR, 0, "%s needs %s [%zu] %s; state[%zu] is NULL",
                norm->spec, s->name, s->count,
                c->step.mode == NORM_EVAL ? "in evaluation" : "in training, too", i);
        if (given && !can_be(&c->opened->state[i], i, given, error)) return false;
        c->step.state[i] = given ? given : c->opened->state[i].start;
    }
    return norm_accepts(norm, c->step.state, error);
}

static bool read_mask(Calling *c, BaseError *error) {
    const unsigned char *mask = c->call.mask;
    const char *why = norm_unmasked(c->step.norm);
    const size_t count = c->call.samples * c->call.positions;
    if (mask && why)
        return base_fail(error, EX_DATAERR, 0, "there is a mask, and %s takes none: %s",
                         c->step.norm->spec, why);
    for (size_t i = 0; mask && i < count; i++)
        if (mask[i] > 1)
            return base_fail(error, EX_DATAERR, 0,
                             "mask[%zu] is %d; 1 of what belongs and 0 are expected", i,
                             mask[i]);
    c->step.mask = mask;
    return true;
}

/* x, and what flows along with it. */
static bool read_flows(Calling *c, BaseError *error) {
    const NormlabCall *call = &c->call;
    const size_t count = shape_count(c->step.shape);
    static const double nothing[1];
    if (!want(call->x, "x", count, error)) return false;
    if (c->order != FORWARD && !want(call->dy, "dy", count, error)) return false;
    c->step.x = call->x ? call->x : nothing;
    if (c->order != FORWARD) c->step.dy = call->dy ? call->dy : nothing;
    if (c->order == SECOND) c->step.v = call->v;
    return true;
}

/* ---- cells --------------------------------------------------------------------------- */

static bool read_cells(Calling *c, BaseError *error) {
    const Step *step = &c->step;
    if (!norm_is_partitioned(step->norm, step->mode) || !norm_has_eps(step->norm))
        return base_fail(error, EX_USAGE, 0,
                         "%s does not standardize by one partition's moments",
                         step->norm->spec);
    const ShapeLattice cells = norm_cell_lattice(
        c->arena, step->norm, shape_lattice(step->shape), step->mode, step->state);
    const size_t along[] = {cells.N, cells.C, cells.L};
    c->cells = 1;
    for (size_t i = 0; i < COUNT_OF(along); i++) {
        c->along[i] = along[i];
        if (along[i] != SIZE_MAX) c->cells *= along[i];
    }
    return true;
}

static bool read_given(Calling *c, BaseError *error) {
    const Norm *norm = c->step.norm;
    const NormGiven given = {c->call.mean, c->call.variance};
    if (c->step.mode == NORM_EVAL || !norm_takes_moments(norm))
        return base_fail(error, EX_USAGE, 0, "%s takes no mean and variance%s",
                         norm->spec, c->step.mode == NORM_EVAL ? " in evaluation" : "");
    if (!want(given.variance, "variance", c->cells, error)) return false;
    if (!norm->uncentred && !want(given.mean, "mean", c->cells, error)) return false;
    for (size_t k = 0; k < c->cells; k++)
        if (!(given.variance[k] >= 0.0))
            return base_fail(error, EX_DATAERR, 0,
                             "variance[%zu] = %g; 0 or more is expected", k,
                             given.variance[k]);
    c->step.given = given;
    return true;
}

/* Moments of cells, wherever some are asked for or given. */
static bool read_moments(Calling *c, BaseError *error) {
    const NormlabCall *call = &c->call;
    const bool given = call->mean || call->variance,
               asked = c->order != SECOND && (call->cell_mean || call->cell_rstd);
    if (!given && !asked) return true;
    return read_cells(c, error) && (!given || read_given(c, error));
}

/* ---- results ------------------------------------------------------------------------- */

static void put(double *to, const double *from, size_t count) {
    if (to && from && count > 0) memmove(to, from, count * sizeof *to);
}

static void put_results(const Calling *c, const StepResults *r) {
    const NormlabCall *call = &c->call;
    const Norm *norm = c->step.norm;
    const size_t count = shape_count(c->step.shape);
    const bool second = c->order == SECOND;
    double *const *by_params = second ? call->ds_dparams : call->dparams;
    double *const *got = second ? r->ds_dparam : r->dparam;
    for (size_t i = 0; by_params && i < norm->params; i++)
        put(by_params[i], got[i], norm->param[i].count);
    for (size_t i = 0; !second && call->next && i < norm->states; i++)
        put(call->next[i], r->next[i], norm->state[i].count);
    put(call->cell_mean, r->mean, c->cells);
    put(call->cell_rstd, r->rstd, c->cells);
    put(call->y, r->y, count);
    put(call->dx, r->dx, count);
    put(call->ds_dx, r->ds_dx, count);
    put(call->ds_ddy, r->ds_ddy, count);
}

/* ---- the call ------------------------------------------------------------------------ */

static void make_call(void *context, BaseError *error) {
    Calling *c = context;
    StepResults results = {.y = NULL};
    if (c->opened == NULL || c->given == NULL) {
        base_fail(error, EX_USAGE, 0, "the %s is NULL", c->opened ? "call" : "norm");
        return;
    }
    c->arena = spare_take(c->opened);
    if (!read_call(c, error) || !read_shape(c, error) || !read_state(c, error)) return;
    if (c->order == CELLS) {
        read_cells(c, error);
        return;
    }
    if (!read_params(c, error) || !read_mask(c, error) || !read_moments(c, error) ||
        !read_flows(c, error))
        return;
    if (c->cells > 0 && c->order != SECOND) {
        results.mean = ZERO(c->arena, double, c->cells);
        results.rstd = ZERO(c->arena, double, c->cells);
    }
    if (c->order == SECOND)
        step_second(c->arena, &c->step, &results);
    else
        step_first(c->arena, &c->step, &results);
    put_results(c, &results);
}

/* Its memory is kept for the next call, but not what the second order took. */
static int run(Calling *calling, NormlabError *error) {
    const int code = api_guard(make_call, calling, NULL, error);
    if (calling->arena == NULL) return code;
    if (calling->order == SECOND || code == EX_OSERR) {
        arena_free(calling->arena);
        return code;
    }
    arena_rewind(calling->arena, (ArenaMark){NULL, 0});
    spare_give(calling->opened, calling->arena);
    return code;
}

int normlab_forward(const NormlabNorm *norm, const NormlabCall *call,
                    NormlabError *error) {
    Calling calling = {.opened = norm, .given = call, .order = FORWARD};
    return run(&calling, error);
}

int normlab_backward(const NormlabNorm *norm, const NormlabCall *call,
                     NormlabError *error) {
    Calling calling = {.opened = norm, .given = call, .order = BACKWARD};
    return run(&calling, error);
}

int normlab_second(const NormlabNorm *norm, const NormlabCall *call,
                   NormlabError *error) {
    Calling calling = {.opened = norm, .given = call, .order = SECOND};
    return run(&calling, error);
}

int normlab_cells(const NormlabNorm *norm, const NormlabCall *call, size_t along[3],
                  NormlabError *error) {
    Calling calling = {.opened = norm, .given = call, .order = CELLS};
    const int code = run(&calling, error);
    if (code == EX_OK && along) memcpy(along, calling.along, sizeof calling.along);
    return code;
}

/* ---- between epochs ------------------------------------------------------------------ */

typedef struct Adapting {
    const NormlabNorm *opened;
    Draw draw;
    double *const *state;
} Adapting;

static void adapt(void *context, BaseError *error) {
    const Adapting *a = context;
    if (a->opened == NULL) {
        base_fail(error, EX_USAGE, 0, "the norm is NULL");
        return;
    }
    const Norm *norm = a->opened->norm;
    for (size_t i = 0; i < norm->states; i++)
        if (!want(a->state ? a->state[i] : NULL, norm->state[i].name,
                  norm->state[i].count, error))
            return;
    norm_adapt(norm, a->draw, a->state);
}

int normlab_adapt(const NormlabNorm *norm, size_t epoch, uint64_t seed,
                  double *const *state, NormlabError *error) {
    const Draw draw = {.seed = seed, .purpose = DRAW_ADAPT, .epoch = epoch};
    Adapting adapting = {norm, draw, state};
    return api_guard(adapt, &adapting, NULL, error);
}
