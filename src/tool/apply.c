/* A normalizer on the user's own tensors: y, and where asked its gradients and their
 * gradients. */
#include "tool.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>

typedef struct Job {
    Arena *arena;
    const Store *in;
    const char *path; /* of the input, for messages */
    const Norm *norm;
    NormMode mode;
    size_t epoch;
    Shape shape; /* of x */
    Lattice lattice;
    const double *x, *dy, *v; /* dy, v: NULL where not given */
    const double *param[NORM_MAX_PARAMS], *state[NORM_MAX_STATES];
} Job;

/* ---- input ----------------------------------------------------------------------- */

static const char *param_path(Arena *arena, const char *prefix, const char *name) {
    bool affine = strcmp(name, "gamma") == 0 || strcmp(name, "beta") == 0;
    return affine ? text_print(arena, "/%s%s", prefix, name)
                  : text_print(arena, "/%sparam/%s", prefix, name);
}

static void read_x(Job *job) {
    Error error = {.set = false};
    job->x = store_get_array(job->in, job->arena, "/x", SHAPE_MAX_RANK, &job->shape.rank,
                             job->shape.size, &error);
    die_if(&error);
    if (job->shape.rank < 2)
        die(EX_DATAERR, "%s: /x has rank %zu; [N, C, ...] of rank 2 to 5 is expected",
            job->path, job->shape.rank);
    for (size_t i = job->shape.rank; i < SHAPE_MAX_RANK; i++) job->shape.size[i] = 0;
    if (shape_count(job->shape) == 0)
        die(EX_DATAERR, "%s: /x is empty: its shape is %s", job->path,
            shape_text(job->arena, job->shape));
    job->lattice = shape_lattice(job->shape);
}

/* A name that is nearly one of ours, ours being absent, is a slip that would go unnoticed.
 * Other data sets are the user's business. */
static void check_names(const Job *job) {
    const char *known[8 + NORM_MAX_STATES] = {
        "x", "gamma", "beta", "dy", "v", "running_mean", "running_var", "param"};
    size_t count, names_known = 8;
    for (size_t i = 0; i < job->norm->states; i++)
        known[names_known++] = job->norm->state[i].name;
    const char **names = store_members(job->in, job->arena, "/", &count);
    for (size_t i = 0; i < count; i++) {
        const char *near = text_nearest(names[i], known, names_known);
        if (near == NULL || strcmp(near, names[i]) == 0 || near[0] != names[i][0])
            continue;
        if (!store_has(job->in, text_print(job->arena, "/%s", near)))
            die(EX_DATAERR, "%s: there is a /%s, did you mean /%s?", job->path,
                text_plain(job->arena, names[i]), near);
    }
    names = store_members(job->in, job->arena, "/param", &count);
    for (size_t i = 0; i < count; i++) {
        bool has = false;
        for (size_t k = 0; k < job->norm->params; k++)
            has |= strcmp(job->norm->param[k].name, names[i]) == 0;
        if (!has)
            die(EX_DATAERR, "%s: there is a /param/%s, but %s has no such parameter",
                job->path, text_plain(job->arena, names[i]), job->norm->spec);
    }
}

/* Cells whose variance is no number: their output cannot be had, and must not pass for one. */
static void remark_cells(const Job *job) {
    if (!norm_is_partitioned(job->norm, job->mode) ||
        norm_smallest_cell(job->arena, job->norm, job->lattice, job->mode) == SIZE_MAX)
        return;
    const Partition *p =
        norm_partition(job->arena, job->norm, job->lattice, job->mode, job->state);
    size_t cells = partition_cells(p), odd = 0;
    Moments *moments = TAKE(job->arena, Moments, cells);
    partition_moments(moments, job->x, p);
    for (size_t i = 0; i < cells; i++) odd += isfinite(moments[i].m2) ? 0 : 1;
    if (odd > 0)
        say("%s: %zu of %zu cells of /x have no finite variance: values that are none, "
            "or too "
            "far apart to be squared",
            job->path, odd, cells);
}

/* An array that must have x's shape; NULL if it is not there. */
static const double *read_like_x(Job *job, const char *path) {
    if (!store_has(job->in, path)) return NULL;
    Error error = {.set = false};
    Shape shape = SCALAR;
    const double *data = store_get_array(job->in, job->arena, path, SHAPE_MAX_RANK,
                                         &shape.rank, shape.size, &error);
    die_if(&error);
    if (!shape_equal(shape, job->shape))
        die(EX_DATAERR, "%s: %s has shape %s; that of /x is expected, %s", job->path,
            path, shape_text(job->arena, shape), shape_text(job->arena, job->shape));
    return data;
}

static const double *read_vector(Job *job, const char *path, size_t count) {
    Error error = {.set = false};
    size_t rank, size;
    const double *data =
        store_get_array(job->in, job->arena, path, 1, &rank, &size, &error);
    die_if(&error);
    if (rank != 1 || size != count)
        die(EX_DATAERR,
            "%s: %s has length %zu; one number for each channel is expected, %zu",
            job->path, path, rank == 0 ? 1 : size, count);
    return data;
}

static void read_params(Job *job) {
    static const char *const affine[] = {"gamma", "beta"};
    for (size_t i = 0; i < job->norm->params; i++) {
        const NormParam *p = &job->norm->param[i];
        const char *path = param_path(job->arena, "", p->name);
        double *initial = TAKE(job->arena, double, p->count);
        for (size_t k = 0; k < p->count; k++)
            initial[k] = p->start ? p->start[k] : p->initial;
        job->param[i] =
            store_has(job->in, path) ? read_vector(job, path, p->count) : initial;
    }
    for (size_t a = 0; a < 2; a++) {
        bool has = false;
        for (size_t i = 0; i < job->norm->params; i++)
            has |= strcmp(job->norm->param[i].name, affine[a]) == 0;
        if (!has && store_has(job->in, text_print(job->arena, "/%s", affine[a])))
            die(EX_DATAERR, "%s: there is a /%s, but %s has none", job->path, affine[a],
                job->norm->spec);
    }
}

static void check_variance(const Job *job, const char *path, const double *value,
                           size_t count) {
    for (size_t k = 0; k < count; k++)
        if (!(value[k] >= 0))
            die(EX_DATAERR, "%s: %s[%zu] = %g: a variance of 0 or more is expected",
                job->path, path, k, value[k]);
}

/* A group map where there is none: as it begins. */
static const double *start_of(Arena *arena, const NormState *s) {
    double *value = TAKE(arena, double, s->count);
    for (size_t k = 0; k < s->count; k++) value[k] = s->start ? s->start[k] : s->initial;
    return value;
}

static void read_state(Job *job) {
    const bool asked = job->mode == NORM_EVAL || norm_recalls(job->norm);
    Error error = {.set = false};
    for (size_t i = 0; i < job->norm->states; i++) {
        const NormState *s = &job->norm->state[i];
        const char *path = text_print(job->arena, "/%s", s->name);
        const bool has = store_has(job->in, path);
        const bool spare =
            s->adapted || s->adapts || (s->of_backward && job->mode == NORM_EVAL);
        if (spare && !has)
            job->state[i] = start_of(job->arena, s);
        else if (asked && !has)
            die(EX_DATAERR, "%s: %s needs %s%s", job->path, job->norm->spec, path,
                norm_recalls(job->norm) ? "" : " for --mode eval");
        else if (asked || s->adapted)
            job->state[i] = read_vector(job, path, s->count);
        if (job->state[i] && strcmp(s->name, "running_var") == 0)
            check_variance(job, path, job->state[i], s->count);
    }
    if (!norm_accepts(job->norm, job->state, &error))
        die(error.code, "%s: /map of %s: %s", job->path, job->norm->spec, error.message);
}

static NormMode read_mode(const Call *call) {
    static const char *const modes[] = {"train", "eval"};
    const char *text = call_option(call, "--mode");
    if (text == NULL || strcmp(text, "train") == 0) return NORM_TRAIN;
    if (strcmp(text, "eval") == 0) return NORM_EVAL;
    die(EX_USAGE, "--mode %s: train or eval is expected%s", text,
        text_hint(call->arena, text, modes, 2));
}

static size_t read_epoch(const Call *call) {
    const char *text = call_option(call, "--epoch");
    size_t epoch = 0;
    if (text && !text_to_count(text, &epoch))
        die(EX_USAGE, "--epoch %s: a whole number from 0 on is expected", text);
    return epoch;
}

static const Norm *read_norm(const Call *call, size_t channels) {
    const char *text = call->word[0], *eps = call_option(call, "--eps");
    Error error = {.set = false};
    const Norm *norm = norm_new(call->arena, text, channels, &error);
    if (norm == NULL) die(error.code, "%s", spec_error(call->arena, text, &error));
    if (eps == NULL) return norm;
    if (strstr(norm->spec, "eps=") != NULL)
        die(EX_USAGE, "--eps %s: %s says its eps already", eps, norm->spec);
    if (!norm_has_eps(norm))
        die(EX_USAGE, "--eps %s: %s has no eps of its own", eps, norm->spec);
    Norm *changed = TAKE(call->arena, Norm, 1);
    *changed = *norm;
    if (!text_to_double(eps, &changed->eps) ||
        !(changed->eps > 0 && changed->eps <= 1e300))
        die(EX_USAGE, "--eps %s: a positive number is expected", eps);
    return changed;
}

/* ---- output ---------------------------------------------------------------------- */

typedef struct Leaves {
    Node *x, *dy, *param[NORM_MAX_PARAMS];
    double *dx, *dparam[NORM_MAX_PARAMS];
} Leaves;

static Node *write_norm(const Job *job, Tape *tape, Leaves *leaf) {
    NormContext context = {.tape = tape,
                           .norm = job->norm,
                           .mode = job->mode,
                           .epoch = job->epoch,
                           .param = leaf->param,
                           .state = job->state};
    return norm_apply(&context, leaf->x);
}

static void put_like_x(const Job *job, Store *out, const char *path, const double *data,
                       const char *what) {
    store_tensor(out, path, data, job->shape.rank, job->shape.size, "1", what);
}

/* y and, where dy is given, the gradients of <dy, y>: by the kernels. */
/* A derivative by one parameter: /dgamma, /dparam/gate... */
static void put_param(const Job *job, Store *out, const char *prefix, size_t i,
                      const double *data, const char *what) {
    const NormParam *p = &job->norm->param[i];
    const char *group = text_print(job->arena, "/%sparam", prefix);
    const char *path = param_path(job->arena, prefix, p->name);
    bool inside = strncmp(path, group, strlen(group)) == 0 && path[strlen(group)] == '/';
    if (inside && !store_has(out, group))
        store_group(out, group, "by parameters beside gamma and beta");
    store_tensor(out, path, data, 1, &p->count, "1", what);
}

static void put_first_order(const Job *job, Store *out) {
    Tape *tape = tape_new(job->arena);
    Leaves leaf;
    leaf.dx = TAKE(job->arena, double, shape_count(job->shape));
    leaf.x = tape_parameter(tape, job->shape, job->x, leaf.dx);
    for (size_t i = 0; i < job->norm->params; i++) {
        const NormParam *p = &job->norm->param[i];
        leaf.dparam[i] = TAKE(job->arena, double, p->count);
        leaf.param[i] =
            tape_parameter(tape, SHAPE(p->count), job->param[i], leaf.dparam[i]);
    }
    Node *y = write_norm(job, tape, &leaf);
    put_like_x(job, out, "/y", y->value, "normalized output");
    if (job->dy == NULL) return;
    tape_backward(tape, y, job->dy);
    put_like_x(job, out, "/dx", leaf.dx, "gradient of <dy, y> with respect to x");
    for (size_t i = 0; i < job->norm->params; i++) {
        const char *of = job->norm->param[i].name;
        put_param(job, out, "d", i, leaf.dparam[i],
                  text_print(job->arena, "gradient of <dy, y> with respect to %s", of));
    }
}

/* The gradients of s = <dx(x, gamma, dy), v>: by the definition, recorded twice. */
static void put_second_order(const Job *job, Store *out) {
    Tape *tape = tape_new(job->arena);
    Leaves leaf;
    leaf.x = tape_parameter(tape, job->shape, job->x, NULL);
    leaf.dy = tape_parameter(tape, job->shape, job->dy, NULL);
    Node *asked[2 + NORM_MAX_PARAMS] = {leaf.x, leaf.dy}, *got[2 + NORM_MAX_PARAMS], *dx;
    for (size_t i = 0; i < job->norm->params; i++)
        asked[2 + i] = leaf.param[i] =
            tape_parameter(tape, SHAPE(job->norm->param[i].count), job->param[i], NULL);
    tape_gradient(tape, write_norm(job, tape, &leaf), leaf.dy, &leaf.x, 1, &dx);
    Node *s = tape_sum_all(tape, tape_mul(tape, dx, tape_leaf(tape, job->shape, job->v)));
    tape_gradient(tape, s, NULL, asked, 2 + job->norm->params, got);
    put_like_x(job, out, "/ds_dx", got[0]->value,
               "gradient of s = <dx, v> with respect to x");
    put_like_x(job, out, "/ds_ddy", got[1]->value,
               "gradient of s = <dx, v> with respect to dy");
    for (size_t i = 0; i < job->norm->params; i++) {
        const char *of = job->norm->param[i].name;
        if (strcmp(of, "beta") == 0) continue; /* dx does not depend on it */
        put_param(
            job, out, "ds_d", i, got[2 + i]->value,
            text_print(job->arena, "gradient of s = <dx, v> with respect to %s", of));
    }
}

static void refuse_same_file(const char *in, const char *out) {
    struct stat a, b;
    if (stat(in, &a) == 0 && stat(out, &b) == 0 && a.st_dev == b.st_dev &&
        a.st_ino == b.st_ino)
        die(EX_USAGE, "%s is the input; another file is expected for the output", out);
}

static int run_apply(const Call *call) {
    Arena *arena = call->arena;
    const char *in = call->word[1], *to = call->word[2];
    Error error = {.set = false};
    NormMode mode = read_mode(call);
    read_norm(call, 0); /* a wrong spec is said before any file is opened */
    refuse_same_file(in, to);
    Store *store = store_open(in, &error);
    die_if(&error);
    place_may_write(to, &error);
    die_if(&error);
    Job job = {
        .arena = arena, .in = store, .path = in, .mode = mode, .epoch = read_epoch(call)};
    read_x(&job);
    job.norm = read_norm(call, job.lattice.C);
    norm_fits(arena, job.norm, job.lattice, mode, &error);
    die_if(&error);
    check_names(&job);
    read_params(&job);
    read_state(&job);
    remark_cells(&job);
    job.dy = read_like_x(&job, "/dy");
    job.v = read_like_x(&job, "/v");
    if (job.v && job.dy == NULL) die(EX_DATAERR, "%s: /v is given without /dy", in);
    if (norm_smallest_cell(arena, job.norm, job.lattice, mode) == 1)
        say("%s has cells of one element on %s%s", job.norm->spec,
            shape_text(arena, job.shape),
            norm_is_partitioned(job.norm, mode) ? ": there y is beta and dx is zero"
                                                : "");
    if (job.dy && mode == NORM_TRAIN && norm_by_design(job.norm))
        say("%s in training: dx is no derivative, by design: %s", job.norm->spec,
            norm_by_design(job.norm));
    Store *out = store_new(text_print(arena, "%s of %s", job.norm->spec, "/x"));
    store_text(out, "/", "spec", job.norm->spec);
    const char *plugins = norm_plugins(arena, job.norm);
    if (*plugins) store_text(out, "/", "plugins", plugins);
    store_text(out, "/", "mode", mode == NORM_EVAL ? "eval" : "train");
    store_number(out, "/", "eps", job.norm->eps);
    put_first_order(&job, out);
    if (job.v) put_second_order(&job, out);
    store_save(out, to, &error);
    store_close(out);
    store_close(store);
    die_if(&error);
    return EX_OK;
}

const Command command_apply = {
    .name = "apply",
    .usage = "SPEC IN.h5 OUT.h5 [--mode train|eval] [--eps E] [--epoch N]",
    .summary = "Runs a normalizer on your own tensors, with first and second derivatives",
    .options = (const Option[]){{"--mode", "MODE", "train (default) or eval"},
                                {"--eps", "E", "added to the variance (default 1e-5)"},
                                {"--epoch", "N", "for schedules, from 0 (default)"},
                                {NULL, NULL, NULL}},
    .least = 3,
    .most = 3,
    .run = run_apply,
    .more =
        "IN has /x [N, C, ...] of rank 2 to 5 and may have /gamma [C] (else 1), /beta "
        "[C] (else 0), /dy and /v\n"
        "of x's shape, and for --mode eval /running_mean and /running_var [C]. OUT gets "
        "/y; with /dy also /dx,\n"
        "/dgamma, /dbeta; with /v also, for s = <dx, v>, /ds_dx, /ds_ddy, /ds_dgamma. "
        "Further parameters: /param/NAME,\n"
        "their derivatives: /dparam/NAME. A group map: /map [C].",
};
