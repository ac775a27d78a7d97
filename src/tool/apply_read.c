/* What IN gives: x, what flows along with it, parameters, and the state before the step. */
#include "apply.h"

#include <math.h>
#include <string.h>

/* ---- arrays ------------------------------------------------------------------------ */

static const double *read_array(const Job *job, const char *path, Shape *shape) {
    BaseError error = {.set = false};
    size_t size[STORE_MAX_RANK];
    const double *data = store_get_unpacked(job->in, job->arena, path, STORE_MAX_RANK,
                                            &shape->rank, size, &error);
    die_if(&error);
    for (size_t i = 0; i < SHAPE_MAX_RANK; i++)
        shape->size[i] = i < shape->rank ? size[i] : 0;
    if (shape->rank <= SHAPE_MAX_RANK) return data;
    if (strcmp(path, "/x") == 0)
        die(EX_DATAERR, "%s: /x has rank %zu; [N, C, ...] of rank 2 to %d is expected",
            job->path, shape->rank, SHAPE_MAX_RANK);
    die(EX_DATAERR, "%s: %s has rank %zu, at most %d is expected", job->path, path,
        shape->rank, SHAPE_MAX_RANK);
}

/* Where there is no /x, but an array of another name. */
static const char *x_hint(const Job *job) {
    size_t count;
    const char **names = store_members(job->in, job->arena, "/", &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], "X") == 0) return ", did you mean /X?";
    return "";
}

void apply_read_x(Job *job) {
    if (store_kind(job->in, "/x") == STORE_ABSENT)
        die(EX_DATAERR, "%s: /x is missing%s", job->path, x_hint(job));
    job->x = read_array(job, "/x", &job->given);
    if (job->given.rank < 2)
        die(EX_DATAERR, "%s: /x has rank %zu%s; %s of rank 2 to %d is expected",
            job->path, job->given.rank, job->given.rank == 0 ? ", a single number" : "",
            job->axes.last ? "[N, ..., C]" : "[N, C, ...]", SHAPE_MAX_RANK);
    apply_place_axes(job);
    job->lattice = shape_lattice(job->shape);
    if (job->lattice.C == 0)
        die(EX_DATAERR, "%s: /x has no channels: its shape is %s", job->path,
            shape_text(job->arena, job->given));
    job->x = apply_seen(job, job->x);
}

/* An array that must have x's shape; NULL if it is not there. */
static const double *read_like_x(const Job *job, const char *path) {
    if (!store_has(job->in, path)) return NULL;
    Shape shape = SHAPE_SCALAR;
    const double *data = read_array(job, path, &shape);
    if (!shape_equal(shape, job->given))
        die(EX_DATAERR, "%s: %s has shape %s; that of /x is expected, %s", job->path,
            path, shape_text(job->arena, shape), shape_text(job->arena, job->given));
    return apply_seen(job, data);
}

/* Which axis the channels are, where the numbers would fit the other. */
static const char *axis_hint(const Job *job, size_t length) {
    const Shape x = job->given;
    const bool last = job->axes.last;
    const size_t other = last ? x.size[1] : x.size[x.rank - 1];
    if (job->axes.list[1].text) return "";
    if (x.rank < 3 || length != other || other == job->lattice.C) return "";
    return text_print(
        job->arena, "; axis %zu of /x is the channels, %s", last ? x.rank - 1 : 1,
        last ? "by --layout channels-last" : "or the last one by --layout channels-last");
}

/* What of no number of channels has no numbers has them by channel. */
Shape apply_vector(const Job *job, size_t bound, size_t unbound) {
    const Shape channels = apply_shape_of(job, AXIS_CHANNELS);
    const bool each = unbound == 0 && bound == job->lattice.C && channels.rank > 0;
    return each ? channels : SHAPE_OF(bound);
}

static const double *read_vector(const Job *job, const char *path, size_t count,
                                 size_t unbound) {
    Shape shape = SHAPE_SCALAR;
    const Shape wanted = apply_vector(job, count, unbound), list = SHAPE_OF(count);
    const double *data = read_array(job, path, &shape);
    if (shape_equal(shape, wanted) || shape_equal(shape, list)) return data;
    const char *has = shape.rank == 0 ? "is a single number"
                                      : text_print(job->arena, "has shape %s",
                                                   shape_text(job->arena, shape)),
               *or_list =
                   wanted.rank > 1 ? text_print(job->arena, " or [%zu]", count) : "";
    die(EX_DATAERR, "%s: %s %s; %s expected, %s%s%s", job->path, path, has,
        count == job->lattice.C ? "one number for each channel is"
                                : "a list of numbers is",
        shape_text(job->arena, wanted), or_list,
        axis_hint(job, shape.rank == 1 ? shape.size[0] : 0));
}

/* ---- the mask --------------------------------------------------------------------------- */

#define MASK "/mask"

static void read_mask(Job *job) {
    const char *why = norm_unmasked(job->norm);
    Shape shape = SHAPE_SCALAR, wanted = apply_shape_of(job, AXIS_SAMPLES);
    const Shape at = apply_shape_of(job, AXIS_POSITIONS);
    if (!store_has(job->in, MASK)) return;
    if (why)
        die(EX_DATAERR, "%s: there is a /mask, and %s takes none: %s", job->path,
            job->norm->spec, why);
    const double *given = read_array(job, MASK, &shape);
    for (size_t i = 0; i < at.rank; i++) wanted.size[wanted.rank++] = at.size[i];
    if (!shape_equal(shape, wanted))
        die(EX_DATAERR, "%s: /mask has shape %s; samples and positions are expected, %s",
            job->path, shape_text(job->arena, shape), shape_text(job->arena, wanted));
    const size_t count = shape_count(shape);
    unsigned char *mask = TAKE(job->arena, unsigned char, count);
    for (size_t i = 0; i < count; i++) {
        if (given[i] != 0.0 && given[i] != 1.0)
            die(EX_DATAERR, "%s: /mask[%zu] is %g; 1 of what belongs and 0 are expected",
                job->path, i, given[i]);
        mask[i] = given[i] == 1.0;
    }
    job->mask = mask;
}

/* 0 where nothing belongs: what stands there is nobody's, and nothing is said of it. */
static const double *members(const Job *job, const double *given) {
    if (job->mask == NULL || given == NULL) return given;
    const size_t L = job->lattice.L, row = job->lattice.C * L;
    double *value = TAKE(job->arena, double, shape_count(job->shape));
    for (size_t i = 0; i < shape_count(job->shape); i++)
        value[i] = job->mask[i / row * L + i % L] ? given[i] : 0.0;
    return value;
}

/* ---- operands ---------------------------------------------------------------------- */

static void add_operand(Job *job, const char *path) {
    job->operand[job->operands++] = (Operand){path, store_has(job->in, path)};
}

static bool is_read(const Job *job, const NormState *s) {
    return job->mode == NORM_TRAIN || step_evaluates(s);
}

/* torch counts the steps of whatever has running moments. */
static bool is_counted(const Job *job) {
    return strcmp(job->names->option, "torch") == 0 && job->norm->states > 0 &&
           job->mode == NORM_TRAIN;
}

static const char BATCHES[] = "/num_batches_tracked";

static const char *mean_path(const Job *job) {
    return text_print(job->arena, "/%s", job->names->cell_mean);
}

static const char *variance_path(const Job *job) {
    return text_print(job->arena, "/%s", job->names->cell_variance);
}

void apply_list_operands(Job *job) {
    static const char *const flows[] = {"/x", "/dy", "/v", MASK}, *const prefixes[] = {
                                                                      "", "v_"};
    const Norm *norm = job->norm;
    for (size_t i = 0; i < COUNT_OF(flows); i++) add_operand(job, flows[i]);
    for (size_t k = 0; k < COUNT_OF(prefixes); k++)
        for (size_t i = 0; i < norm->params; i++)
            add_operand(job, apply_param_path(job, prefixes[k], i));
    for (size_t i = 0; i < norm->states; i++)
        if (is_read(job, &norm->state[i])) add_operand(job, apply_state_path(job, i));
    if (is_counted(job)) add_operand(job, BATCHES);
    if (job->moments && !norm->uncentred) add_operand(job, mean_path(job));
    if (job->moments) add_operand(job, variance_path(job));
}

static void read_params(Job *job) {
    for (size_t i = 0; i < job->norm->params; i++) {
        const NormParam *p = &job->norm->param[i];
        const char *path = apply_param_path(job, "", i);
        const char *v_path = apply_param_path(job, "v_", i);
        const size_t unbound = job->unbound->param[i].count;
        job->param[i] = store_has(job->in, path)
                            ? read_vector(job, path, p->count, unbound)
                            : step_param(job->arena, p);
        if (store_has(job->in, v_path))
            job->v_param[i] = read_vector(job, v_path, p->count, unbound);
        job->second = job->second || job->v_param[i];
    }
}

static void check_variance(const Job *job, const char *path, const double *value,
                           size_t count) {
    for (size_t k = 0; k < count; k++)
        if (!(value[k] >= 0))
            die(EX_DATAERR, "%s: %s[%zu] = %g: a variance of 0 or more is expected",
                job->path, path, k, value[k]);
}

static void read_state(Job *job) {
    BaseError error = {.set = false};
    for (size_t i = 0; i < job->norm->states; i++) {
        const NormState *s = &job->norm->state[i];
        const char *path = apply_state_path(job, i);
        const bool has = store_has(job->in, path) && is_read(job, s);
        if (!has && step_needs(job->norm, s, job->mode))
            die(EX_DATAERR, "%s: %s needs %s%s%s%s", job->path, job->norm->spec, path,
                norm_recalls(job->norm) ? "" : " for --mode eval",
                *job->unused ? "; not used: " : "", job->unused);
        job->state[i] =
            has ? read_vector(job, path, s->count, job->unbound->state[i].count)
                : step_state(job->arena, s);
        if (step_least(s) == 0.0) check_variance(job, path, job->state[i], s->count);
    }
    if (!norm_accepts(job->norm, job->state, &error))
        die(error.code, "%s: /map of %s: %s", job->path, job->norm->spec, error.message);
}

static const double *read_cells(const Job *job, const char *path) {
    const Shape wanted = apply_cells(job);
    const char *cells = shape_text(job->arena, wanted);
    Shape shape = SHAPE_SCALAR;
    if (!store_has(job->in, path))
        die(EX_DATAERR, "%s: --moments given needs %s of the cells, %s", job->path, path,
            cells);
    const double *data = read_array(job, path, &shape);
    if (!shape_equal(shape, wanted))
        die(EX_DATAERR, "%s: %s has shape %s; that of the cells is expected, %s",
            job->path, path, shape_text(job->arena, shape), cells);
    return data;
}

static void read_moments(Job *job) {
    NormGiven *given = &job->given_moments;
    if (!job->moments) return;
    if (!job->norm->uncentred) given->mean = read_cells(job, mean_path(job));
    given->variance = read_cells(job, variance_path(job));
    check_variance(job, variance_path(job), given->variance,
                   shape_count(apply_cells(job)));
}

static void read_batches(Job *job) {
    Shape shape = SHAPE_SCALAR;
    if (!is_counted(job)) return;
    job->counts = true;
    if (!store_has(job->in, BATCHES)) return;
    const double *value = read_array(job, BATCHES, &shape);
    if (shape.rank > 1 || (shape.rank == 1 && shape.size[0] != 1))
        die(EX_DATAERR, "%s: %s has shape %s; a single number is expected", job->path,
            BATCHES, shape_text(job->arena, shape));
    if (!(*value >= 0 && *value == floor(*value)))
        die(EX_DATAERR, "%s: %s is %g; a count of steps is expected", job->path, BATCHES,
            *value);
    job->batches = *value;
}

void apply_read(Job *job) {
    read_params(job);
    read_state(job);
    read_batches(job);
    read_mask(job);
    read_moments(job);
    job->x = members(job, job->x);
    job->dy = members(job, read_like_x(job, "/dy"));
    job->v = members(job, read_like_x(job, "/v"));
    job->second = job->second || job->v;
    if (!job->second || job->dy) return;
    for (size_t i = 0; i < job->operands; i++) {
        const Operand *operand = &job->operand[i];
        const bool of_v = strncmp(operand->path, "/v_", 3) == 0;
        if (operand->found && (of_v || strcmp(operand->path, "/v") == 0))
            die(EX_DATAERR, "%s: %s is given without /dy", job->path, operand->path);
    }
}
