/* Remarks: what a reader of the results should know, a line each on stderr. */
#include "apply.h"
#include "op.h"

#include <math.h>
#include <string.h>

/* ---- before ------------------------------------------------------------------------ */

/* Two sizes alike are an image's; the odd one out beside them is its channels. */
static bool seems_last(Shape x) {
    if (x.rank < 4) return false;
    const size_t last = x.size[x.rank - 1], before = x.size[x.rank - 2];
    if (x.size[x.rank - 3] == before && before != last) return true;
    return x.rank == 4 && last == 3 && before >= 8 && x.size[1] >= 8;
}

static TapeNode *write_definition(Tape *tape, TapeNode *const *in, void *job) {
    return apply_define(job, tape, in[0], in + 1);
}

/* What the definition holds constant, and does not say that it does; asked of a part of x
 * where that is large. */
static void remark_held(const Job *job) {
    Arena *arena = arena_new();
    Job small;
    apply_shrink(&small, job, arena);
    CheckInput input[1 + NORM_MAX_PARAMS] = {{"x", small.shape, small.x, 1.0}};
    for (size_t i = 0; i < job->norm->params; i++)
        input[1 + i] =
            (CheckInput){job->norm->param[i].name, SHAPE_OF(job->norm->param[i].count),
                         small.param[i], 1.0};
    const CheckFunction function = {.name = job->norm->spec,
                                    .inputs = 1 + job->norm->params,
                                    .input = input,
                                    .write = write_definition,
                                    .context = &small,
                                    .upstream = small.dy};
    const CheckHeld held = check_held(arena, &function, 1);
    if (held.count > 0)
        say("%s holds constant in its derivative: %s; were it not held, d%s would differ "
            "by %.2g of its norm",
            job->norm->spec, held.where, held.input, held.matters);
    arena_free(arena);
}

void apply_remark_shape(const Job *job) {
    const char *spec = job->norm->spec, *shape = shape_text(job->arena, job->given);
    const bool said = job->axes.last || job->axes.list[0].text || job->axes.list[1].text;
    if (!said && seems_last(job->given))
        say("%s: axis 1 is the channels, %zu; if the last one is, of %zu, say --layout "
            "channels-last",
            shape, job->lattice.C, job->given.size[job->given.rank - 1]);
    if (shape_count(job->shape) == 0) return;
    if (!job->moments && norm_smallest_cell(job->norm, job->lattice, job->mode) == 1)
        say("%s has cells of one element on %s%s", spec, shape,
            norm_is_partitioned(job->norm, job->mode) ? ": there y is beta and dx is zero"
                                                      : "");
    if (job->dy && job->mode == NORM_TRAIN && norm_by_design(job->norm))
        say("%s in training: dx is no derivative, by design: %s", spec,
            norm_by_design(job->norm));
    if (job->dy && norm_by_design(job->norm) == NULL && norm_holds(job->norm) == NULL)
        remark_held(job);
}

/* ---- after: numbers that are none --------------------------------------------------- */

static size_t odd_values(const double *value, size_t count) {
    size_t odd = 0;
    for (size_t i = 0; value && i < count; i++) odd += isfinite(value[i]) ? 0 : 1;
    return odd;
}

/* "3 of /x" where some of them are no finite numbers. */
static void add_odd(Text *text, const char *path, const double *value, size_t count) {
    const size_t odd = odd_values(value, count);
    if (odd > 0)
        text_add(text, "%s%zu of %zu of %s", text->length ? ", " : "", odd, count, path);
}

static const char *odd_inputs(const Job *job) {
    Text text = text_new(job->arena);
    const size_t count = shape_count(job->shape);
    add_odd(&text, "/x", job->x, count);
    add_odd(&text, "/dy", job->dy, count);
    add_odd(&text, "/v", job->v, count);
    for (size_t i = 0; i < job->norm->params; i++) {
        const NormParam *p = &job->norm->param[i];
        add_odd(&text, apply_param_path(job, "", i), job->param[i], p->count);
        add_odd(&text, apply_param_path(job, "v_", i), job->v_param[i], p->count);
    }
    for (size_t i = 0; i < job->norm->states; i++)
        add_odd(&text, apply_state_path(job, i), job->state[i],
                job->norm->state[i].count);
    const size_t cells = job->moments ? shape_count(apply_cells(job)) : 0;
    const char *mean = job->names->cell_mean, *variance = job->names->cell_variance;
    add_odd(&text, text_print(job->arena, "/%s", mean), job->given_moments.mean, cells);
    add_odd(&text, text_print(job->arena, "/%s", variance), job->given_moments.variance,
            cells);
    return text.data;
}

static const char *odd_outputs(const Job *job, const StepResults *r) {
    Text text = text_new(job->arena);
    const size_t count = shape_count(job->shape);
    add_odd(&text, "/y", r->y, count);
    add_odd(&text, "/dx", r->dx, count);
    for (size_t i = 0; i < job->norm->params; i++)
        add_odd(&text, apply_param_path(job, "d", i), r->dparam[i],
                job->norm->param[i].count);
    for (size_t i = 0; job->mode == NORM_TRAIN && i < job->norm->states; i++)
        add_odd(&text, apply_state_path(job, i), r->next[i], job->norm->state[i].count);
    add_odd(&text, "/ds_dx", r->ds_dx, count);
    add_odd(&text, "/ds_ddy", r->ds_ddy, count);
    for (size_t i = 0; i < job->norm->params; i++)
        add_odd(&text, apply_param_path(job, "ds_d", i), r->ds_dparam[i],
                job->norm->param[i].count);
    return text.data;
}

static bool operands_are_finite(const TapeNode *y) {
    for (size_t i = 0; i < y->arity; i++)
        if (y->in[i] && odd_values(y->in[i]->value, shape_count(y->in[i]->shape)) > 0)
            return false;
    return true;
}

/* The first operation that made infinities or NaN of finite numbers. */
static const TapeNode *first_overflow(const StepResults *r) {
    const TapeNode *first = NULL;
    for (const TapeNode *y = r->tape ? tape_last(r->tape) : NULL; y; y = y->previous)
        if (y->op && odd_values(y->value, shape_count(y->shape)) > 0 &&
            operands_are_finite(y))
            first = y;
    return first;
}

/* /x in a unit in which its largest number is near 1: the definition has squares there, and
 * with eps = 0 a cell without variance has none in any unit. */
static const double *in_unit(const Job *job) {
    const size_t count = shape_count(job->shape);
    double largest = 0.0, *x = TAKE(job->arena, double, count);
    for (size_t i = 0; i < count; i++)
        if (isfinite(job->x[i])) largest = fmax(largest, fabs(job->x[i]));
    const int exponent = largest > 0.0 && job->mode == NORM_TRAIN ? ilogb(largest) : 0;
    for (size_t i = 0; i < count; i++) x[i] = ldexp(job->x[i], -exponent);
    return x;
}

/* norm_root's infinities, in the definition: whatever computed y, it divides by them. */
static void remark_roots(const Job *job) {
    size_t flat = 0, all = 0;
    Tape *tape = tape_new(job->arena);
    TapeNode *param[NORM_MAX_PARAMS];
    for (size_t i = 0; i < job->norm->params; i++)
        param[i] = tape_leaf(tape, SHAPE_OF(job->norm->param[i].count), job->param[i]);
    apply_define(job, tape, tape_leaf(tape, job->shape, in_unit(job)), param);
    for (const TapeNode *y = tape_last(tape); y; y = y->previous) {
        if (y->op == NULL || strcmp(y->op->name, "select") != 0) continue;
        const size_t count = shape_count(y->shape), odd = odd_values(y->value, count);
        flat += odd;
        all += odd > 0 ? count : 0;
    }
    if (flat > 0)
        say("%s: /x has cells of no variance; with eps = 0 (%zu of %zu deviations are 0) "
            "what is standardized there is zero, and so are its derivatives",
            job->path, flat, all);
}

static void remark_flat(const Job *job, const StepResults *r) {
    size_t flat = 0, all = r->rstd ? shape_count(apply_cells(job)) : 0;
    if (job->norm->eps > 0.0) return;
    if (r->rstd == NULL) remark_roots(job);
    for (size_t i = 0; i < all; i++) flat += r->rstd[i] == 0.0 ? 1 : 0;
    if (flat > 0)
        say("%s: %zu of %zu cells of /x have no variance; with eps = 0 their y is beta "
            "and their dx is zero",
            job->path, flat, all);
}

static void remark_overflow(const Job *job, const StepResults *r, const char *out) {
    const TapeNode *y = first_overflow(r);
    if (y)
        say("%s: overflow in %s: %zu of %zu numbers that '%s' makes of finite ones are "
            "beyond the doubles; %s%s",
            job->path, job->norm->spec, odd_values(y->value, shape_count(y->shape)),
            shape_count(y->shape), y->op->name,
            *out ? "no finite numbers are " : "what is finite of y and dx may be wrong",
            out);
    else if (*out)
        say("%s: no finite numbers are %s, though all of the input is", job->path, out);
}

/* ---- after: what definitions are judged for ----------------------------------------- */

/* Whether the numbers of y come from a kernel. */
static bool has_kernel(const StepResults *r) {
    const TapeNode *y = tape_last(r->tape);
    while (y && !(y->op && y->op->define && y->op->backward)) y = y->previous;
    return y != NULL;
}

/* Squares of definitions are doubles for 1e-150 < |x - mean| < 1e150; kernels have their
 * digits everywhere. Below, eps hides what is lost, where there is one. */
static bool remark_range(const Job *job, const StepResults *r, const char *out) {
    double largest = 0.0;
    const bool kernel = has_kernel(r);
    if (kernel && !job->second) return false;
    for (size_t i = 0, n = shape_count(job->shape); i < n; i++)
        if (isfinite(job->x[i])) largest = fmax(largest, fabs(job->x[i]));
    const bool below = job->norm->eps == 0.0 && largest > 0.0 && largest <= 1e-150;
    if (largest < 1e150 && !below) return false;
    say("%s: outside range: numbers of /x are as large as %.1e; the definition, by which "
        "%s is computed, is judged for 1e-150 < |x - mean| < 1e150; %s%s",
        job->path, largest, kernel ? "the second order" : job->norm->spec,
        *out ? "no finite numbers are " : "what is finite may be wrong", out);
    return true;
}

void apply_remark_numbers(const Job *job, const StepResults *r) {
    if (r->tape == NULL) return;
    const char *in = odd_inputs(job), *out = odd_outputs(job, r);
    if (*in)
        say("%s: no finite numbers are %s; and %s", job->path, in,
            *out ? out : "none of what was computed");
    else if (!remark_range(job, r, out))
        remark_overflow(job, r, out);
    remark_flat(job, r);
}
