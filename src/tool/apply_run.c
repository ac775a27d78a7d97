/* The computation: y and its gradients by the kernels, the gradients of those by the
 * definition, recorded twice. */
#include "apply.h"

#include <math.h>
#include <string.h>

typedef struct Leaves {
    TapeNode *x, *dy, *param[NORM_MAX_PARAMS];
} Leaves;

static NormContext context_of(const Job *job, Tape *tape, Leaves *leaf) {
    return (NormContext){.tape = tape,
                         .norm = job->norm,
                         .mode = job->mode,
                         .epoch = job->epoch,
                         .param = leaf->param,
                         .state = job->state,
                         .mask = job->mask,
                         .given = job->given_moments};
}

/* ---- first order ------------------------------------------------------------------- */

/* The state before the step becomes that after it; `seen` is NaN where nothing was. */
static void move_state(const Job *job, Results *r, double *const *seen) {
    for (size_t i = 0; i < job->norm->states; i++) {
        const NormState *s = &job->norm->state[i];
        for (size_t k = 0; !s->adapted && k < s->count; k++)
            r->state[i][k] = norm_moved(s, r->state[i][k], seen[i][k]);
    }
}

static void run_first_order(const Job *job, Results *r) {
    Tape *tape = tape_new(job->arena);
    Leaves leaf = {.x = tape_parameter(tape, job->shape, job->x, r->dx)};
    double *seen[NORM_MAX_STATES];
    for (size_t i = 0; i < job->norm->params; i++)
        leaf.param[i] = tape_parameter(tape, SHAPE_OF(job->norm->param[i].count),
                                       job->param[i], r->dparam[i]);
    for (size_t i = 0; i < job->norm->states; i++) {
        seen[i] = TAKE(job->arena, double, job->norm->state[i].count);
        for (size_t k = 0; k < job->norm->state[i].count; k++) seen[i][k] = (double)NAN;
    }
    NormContext context = context_of(job, tape, &leaf);
    if (job->mode == NORM_TRAIN) context.observed = seen;
    TapeNode *y = norm_apply(&context, leaf.x);
    r->tape = tape;
    memcpy(r->y, y->value, shape_count(job->shape) * sizeof *r->y);
    if (r->mean) norm_standardized(&context, leaf.x, y, r->mean, r->rstd);
    if (job->dy) tape_backward(tape, y, job->dy);
    if (job->mode == NORM_TRAIN) move_state(job, r, seen);
}

TapeNode *apply_define(const Job *job, Tape *tape, TapeNode *x, TapeNode *const *param) {
    Leaves leaf = {.x = x};
    for (size_t i = 0; i < job->norm->params; i++) leaf.param[i] = param[i];
    NormContext context = context_of(job, tape, &leaf);
    return norm_define(&context, x);
}

/* ---- second order ------------------------------------------------------------------ */

/* s += <a, v>; what is not there is 0. */
static TapeNode *add_product(Tape *tape, TapeNode *s, TapeNode *a, const double *v) {
    if (v == NULL) return s;
    TapeNode *term = tape_sum_all(tape, tape_mul(tape, a, tape_leaf(tape, a->shape, v)));
    return s ? tape_add(tape, s, term) : term;
}

//> second
/* The gradients of s = <dx, v> + sum over the parameters of <dparam, v_param>, all of them
 * functions of x, dy and the parameters. */
void apply_second_order(const Job *job, Tape *tape, Results *r) {
    const size_t params = job->norm->params;
    TapeNode *by[2 + NORM_MAX_PARAMS], *first[1 + NORM_MAX_PARAMS],
        *second[2 + NORM_MAX_PARAMS];
    Leaves leaf = {.x = tape_parameter(tape, job->shape, job->x, NULL),
                   .dy = tape_parameter(tape, job->shape, job->dy, NULL)};
    for (size_t i = 0; i < params; i++)
        leaf.param[i] = tape_parameter(tape, SHAPE_OF(job->norm->param[i].count),
                                       job->param[i], NULL);
    by[0] = leaf.dy, by[1] = leaf.x;
    memcpy(by + 2, leaf.param, params * sizeof *by);
    NormContext context = context_of(job, tape, &leaf);
    tape_gradient(tape, norm_apply(&context, leaf.x), leaf.dy, by + 1, 1 + params, first);
    TapeNode *s = add_product(tape, NULL, first[0], job->v);
    for (size_t i = 0; i < params; i++)
        s = add_product(tape, s, first[1 + i], job->v_param[i]);
    tape_gradient(tape, s, NULL, by, 2 + params, second);
    r->ds_ddy = second[0]->value, r->ds_dx = second[1]->value;
    for (size_t i = 0; i < params; i++) r->ds_dparam[i] = second[2 + i]->value;
}
//< second

/* ---- results ----------------------------------------------------------------------- */

/* Appends the sizes of the axes where every index is a cell of its own, one size where some
 * are together, none where all are. */
static void add_cells(Shape *shape, const Job *job, AxisRole role, size_t cells) {
    const Shape axes = apply_shape_of(job, role);
    if (cells == SIZE_MAX) return;
    const bool each = cells == shape_count(axes);
    for (size_t i = 0; each && i < axes.rank; i++)
        shape->size[shape->rank++] = axes.size[i];
    if (!each) shape->size[shape->rank++] = cells;
}

/* The cells' moments have the axes of samples, channels and positions along which cells
 * differ: [C], [N], [N, G], [N, H, W]... */
Shape apply_cells(const Job *job) {
    const ShapeLattice cells =
        norm_cell_lattice(job->arena, job->norm, job->lattice, job->mode, job->state);
    Shape shape = {0, {0}};
    add_cells(&shape, job, AXIS_SAMPLES, cells.N);
    add_cells(&shape, job, AXIS_CHANNELS, cells.C);
    add_cells(&shape, job, AXIS_POSITIONS, cells.L);
    return shape;
}

/* Room for all that is asked, zeros, and the state before the step. */
static Results *results_new(const Job *job) {
    Arena *arena = job->arena;
    const Norm *norm = job->norm;
    const size_t count = shape_count(job->shape);
    Results *r = ZERO(arena, Results, 1);
    r->y = ZERO(arena, double, count);
    if (job->dy) r->dx = ZERO(arena, double, count);
    if (job->second) r->ds_dx = ZERO(arena, double, count);
    if (job->second) r->ds_ddy = ZERO(arena, double, count);
    for (size_t i = 0; i < norm->params; i++) {
        if (job->dy) r->dparam[i] = ZERO(arena, double, norm->param[i].count);
        if (job->second) r->ds_dparam[i] = ZERO(arena, double, norm->param[i].count);
    }
    for (size_t i = 0; job->mode == NORM_TRAIN && i < norm->states; i++) {
        const size_t bytes = norm->state[i].count * sizeof(double);
        r->state[i] = memcpy(arena_take(arena, 1, bytes), job->state[i], bytes);
    }
    if (norm_is_partitioned(norm, job->mode) && norm_has_eps(norm)) {
        r->cells = apply_cells(job);
        r->mean = ZERO(arena, double, shape_count(r->cells));
        r->rstd = ZERO(arena, double, shape_count(r->cells));
    }
    return r;
}

/* An empty batch has no moments: nothing is computed, and no state moves. */
Results *apply_run(const Job *job) {
    Results *r = results_new(job);
    if (shape_count(job->shape) == 0) return r;
    run_first_order(job, r);
    if (job->second) apply_second_order(job, tape_new(job->arena), r);
    return r;
}
