/* The computation: a step as every caller's (step.h), and the moments of the cells. */
#include "apply.h"

#include <string.h>

/* Positions are one axis, so that sums have one order however many x has. */
static Step step_of(const Job *job) {
    const ShapeLattice at = job->lattice;
    Step step = {.norm = job->norm,
                 .mode = job->mode,
                 .epoch = job->epoch,
                 .shape = SHAPE_OF(at.N, at.C, at.L),
                 .x = job->x,
                 .mask = job->mask,
                 .given = job->given_moments,
                 .dy = job->dy,
                 .v = job->v};
    memcpy(step.param, job->param, sizeof step.param);
    memcpy(step.state, job->state, sizeof step.state);
    memcpy(step.v_param, job->v_param, sizeof step.v_param);
    return step;
}

TapeNode *apply_define(const Job *job, Tape *tape, TapeNode *x, TapeNode *const *param) {
    const Step step = step_of(job);
    return step_define(&step, tape, x, param);
}

void apply_second_order(const Job *job, StepResults *results) {
    const Step step = step_of(job);
    step_second(job->arena, &step, results);
}

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

/* An empty batch has no moments: nothing is computed, and no state moves. */
StepResults *apply_run(const Job *job) {
    const Step step = step_of(job);
    StepResults *r = ZERO(job->arena, StepResults, 1);
    if (norm_is_partitioned(job->norm, job->mode) && norm_has_eps(job->norm)) {
        const size_t cells = shape_count(apply_cells(job));
        r->mean = ZERO(job->arena, double, cells);
        r->rstd = ZERO(job->arena, double, cells);
    }
    step_first(job->arena, &step, r);
    if (job->second) step_second(job->arena, &step, r);
    return r;
}
