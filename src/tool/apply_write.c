/* OUT: results over named axes, so that xarray and its like know which is which. */
#include "apply.h"

#include <string.h>

enum { ROLES = AXIS_POSITIONS + 1 };

/* ---- axes ---------------------------------------------------------------------------- */

/* "/channel"; "/channel_1" of several. */
static const char *axis_name(const Job *job, AxisRole role, size_t i) {
    static const char *const word[ROLES] = {"sample", "channel", "position"};
    return apply_shape_of(job, role).rank == 1
               ? text_print(job->arena, "/%s", word[role])
               : text_print(job->arena, "/%s_%zu", word[role], i);
}

/* 0, 1, ... */
static void put_axis(const Job *job, Store *out, const char *path, size_t size,
                     const char *says) {
    double *place = TAKE(job->arena, double, size + 1);
    for (size_t i = 0; i < size; i++) place[i] = (double)i;
    store_scale(out, "/", path, place, size, "1", says);
}

static void put_axes(const Job *job, Store *out) {
    for (AxisRole role = AXIS_SAMPLES; role <= AXIS_POSITIONS; role++) {
        const Shape shape = apply_shape_of(job, role);
        for (size_t i = 0; i < shape.rank; i++)
            put_axis(job, out, axis_name(job, role, i), shape.size[i],
                     "axis of /x, from 0");
    }
}

/* ---- results -------------------------------------------------------------------------- */

static void put_like_x(const Job *job, Store *out, const char *path, const double *data,
                       const char *what) {
    const char *axis[SHAPE_MAX_RANK];
    size_t k = 0;
    for (AxisRole role = AXIS_SAMPLES; role <= AXIS_POSITIONS; role++)
        for (size_t i = 0; i < apply_shape_of(job, role).rank; i++)
            axis[job->axes.order[k++]] = axis_name(job, role, i);
    if (data)
        store_array(out, "/", path, apply_layout(job, data), job->given.rank, axis, "1",
                    what);
}

/* Numbers by channel, or a list of others. */
static void put_vector(const Job *job, Store *out, const char *path, const double *data,
                       Shape shape, const char *what) {
    const char *axis[SHAPE_MAX_RANK];
    const bool each = shape_equal(shape, apply_shape_of(job, AXIS_CHANNELS));
    for (size_t i = 0; i < shape.rank; i++)
        axis[i] = each ? axis_name(job, AXIS_CHANNELS, i)
                       : text_print(job->arena, "/element_%zu", shape.size[i]);
    if (!each && !store_has(out, axis[0]))
        put_axis(job, out, axis[0], shape.size[0], "axis of lists of so many");
    store_array(out, "/", path, data, shape.rank, axis, "1", what);
}

/* Of every parameter: /dgamma, /dparam/gate... */
static void put_params(const Job *job, Store *out, const char *prefix,
                       double *const *data, const char *what) {
    const char *group = text_print(job->arena, "/%sparam", prefix);
    for (size_t i = 0; i < job->norm->params; i++) {
        const NormParam *p = &job->norm->param[i];
        const char *path = apply_param_path(job, prefix, i);
        const Shape shape = apply_vector(job, p->count, job->unbound->param[i].count);
        if (data[i] == NULL) continue;
        if (strncmp(path, group, strlen(group)) == 0 && path[strlen(group)] == '/' &&
            !store_has(out, group))
            store_group(out, group, "by parameters beside gamma and beta");
        put_vector(
            job, out, path, data[i], shape,
            text_print(job->arena, "gradient of %s with respect to %s", what, p->name));
    }
}

static void put_moments(const Job *job, Store *out, const StepResults *r) {
    const Names *names = job->names;
    if (r->rstd == NULL) return;
    const Shape cells = apply_cells(job);
    const char *axis[SHAPE_MAX_RANK];
    for (size_t i = 0; i < cells.rank; i++) {
        axis[i] = cells.rank == 1 ? "/cell" : text_print(job->arena, "/cell_%zu", i);
        put_axis(job, out, axis[i], cells.size[i], "axis of the cells, from 0");
    }
    if (!job->norm->uncentred)
        store_array(out, "/", text_print(job->arena, "/%s", names->cell_mean), r->mean,
                    cells.rank, axis, "1", "means of the cells");
    store_array(out, "/", text_print(job->arena, "/%s", names->cell_rstd), r->rstd,
                cells.rank, axis, "1", "1 / sqrt(variance + eps) of the cells");
}

static void put_states(const Job *job, Store *out, const StepResults *r) {
    for (size_t i = 0; job->mode == NORM_TRAIN && i < job->norm->states; i++) {
        const Shape shape =
            apply_vector(job, job->norm->state[i].count, job->unbound->state[i].count);
        put_vector(job, out, apply_state_path(job, i), r->next[i], shape,
                   "state after the step");
    }
    const bool empty = shape_count(job->shape) == 0;
    const double batches = job->batches + (empty ? 0.0 : 1.0);
    if (job->counts)
        store_tensor(out, "/num_batches_tracked", &batches, 0, NULL, "1",
                     "steps until now");
}

void apply_write(const Job *job, Store *out, const StepResults *r) {
    put_axes(job, out);
    put_like_x(job, out, "/y", r->y, "normalized output");
    put_moments(job, out, r);
    put_states(job, out, r);
    put_like_x(job, out, "/dx", r->dx, "gradient of <dy, y> with respect to x");
    put_params(job, out, "d", r->dparam, "<dy, y>");
    put_like_x(job, out, "/ds_dx", r->ds_dx, "gradient of s with respect to x");
    put_like_x(job, out, "/ds_ddy", r->ds_ddy, "gradient of s with respect to dy");
    put_params(job, out, "ds_d", r->ds_dparam, "s");
    store_plot(out, "/", "y");
}
