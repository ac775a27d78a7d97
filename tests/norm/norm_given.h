/* What the tests of meaning share: a normalizer with random numbers in all its places, what
 * it gives of them, whether two give the same, and one partition restated in plain loops. */
#ifndef NORMLAB_NORM_GIVEN_H
#define NORMLAB_NORM_GIVEN_H

#include "norm_shared.h"
#include "trial_kind.h"

enum { N = 4, C = 8, L = 6, ALL = N * C * L };

static const ShapeLattice USUAL = {N, C, L};

/* A map is as it begins. */
static inline double *random_state(Arena *arena, const NormState *state) {
    double *value = normals(arena, 40, state->count, 0.0, 1.0);
    for (size_t c = 0; c < state->count; c++)
        value[c] = state_drawn(state->role, value[c], 1.0, 0.0);
    if (state->adapted) norm_begin_state(value, state);
    return value;
}

static inline Trial given_at(Arena *arena, const char *spec, ShapeLattice at) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, spec, at.C, &error);
    if (norm == NULL) fail_msg("%s: %s", spec, error.message);
    Trial g = trial_of(norm, SHAPE_OF(at.N, at.C, at.L), NORM_TRAIN);
    g.x = normals(arena, 1, g.n, 0.5, 2.0);
    g.dy = normals(arena, 2, g.n, 0.0, 1.0);
    for (size_t k = 0; k < norm->params; k++)
        g.param[k] = normals(arena, 10 + k, norm->param[k].count, 0.2, 1.0);
    for (size_t k = 0; k < norm->states; k++)
        g.state[k] = random_state(arena, &norm->state[k]);
    return g;
}

static inline Trial given(Arena *arena, const char *spec) {
    return given_at(arena, spec, USUAL);
}

static inline size_t param_place(const Norm *norm, const char *name) {
    for (size_t k = 0; k < norm->params; k++)
        if (strcmp(norm->param[k].name, name) == 0) return k;
    return NORM_MAX_PARAMS;
}

static inline double *param(const Trial *g, const char *name) {
    const size_t k = param_place(g->norm, name);
    if (k == NORM_MAX_PARAMS) fail_msg("%s has no %s", g->norm->spec, name);
    return g->param[k];
}

static inline void set(const Trial *g, const char *name, double value) {
    const size_t k = param_place(g->norm, name);
    for (size_t c = 0; k < NORM_MAX_PARAMS && c < g->norm->param[k].count; c++)
        g->param[k][c] = value;
}

static inline Outcome run_given(Arena *arena, const Trial *g, NormMode mode,
                                bool definition) {
    Trial t = *g;
    t.mode = mode;
    return definition ? trial_run_definition(arena, &t) : trial_run(arena, &t, 0);
}

/* To so many eps of the largest; 0: to the bit. */
static inline void near_all(const double *got, const double *want, size_t count,
                            double eps) {
    double scale = 0.0;
    for (size_t i = 0; i < count; i++) scale = fmax(scale, fabs(want[i]));
    for (size_t i = 0; i < count; i++)
        assert_near(got[i], want[i], eps * DBL_EPSILON * scale);
}

/* y, and the gradients of x, gamma and beta. */
static inline void same_results(const Trial *g, const Outcome *got, const Norm *other,
                                const Outcome *want, double y_eps, double gradient_eps) {
    static const char *const AFFINE[] = {"gamma", "beta"};
    near_all(got->y, want->y, g->n, y_eps);
    near_all(got->dx, want->dx, g->n, gradient_eps);
    for (size_t i = 0; i < COUNT_OF(AFFINE); i++) {
        const size_t k = param_place(g->norm, AFFINE[i]),
                     j = param_place(other, AFFINE[i]);
        if (k < NORM_MAX_PARAMS && j < NORM_MAX_PARAMS)
            near_all(got->dparam[k], want->dparam[j], g->at.C, gradient_eps);
    }
}

static inline void same_observed(const Outcome *got, size_t from, const Outcome *want,
                                 const Norm *norm, double eps) {
    for (size_t k = 0; k < norm->states; k++)
        near_all(got->observed[from + k], want->observed[k], norm->state[k].count, eps);
}

static inline void same_in(Arena *arena, const Trial *a, const Trial *b, NormMode mode,
                           bool definition, double y_eps, double gradient_eps) {
    Outcome one = run_given(arena, a, mode, definition),
            two = run_given(arena, b, mode, definition);
    same_results(a, &one, b->norm, &two, y_eps, gradient_eps);
}

/* How far sums taken in another order, or an affine that stands elsewhere, may lead. */
enum { KERNEL_EPS = 8, GRADIENT_EPS = 32 };

/* The same function: by definition y to the bit, by kernel as far as sums are taken in
 * another order; gradients as far as the affine stands elsewhere. */
static inline void same_function_in(Arena *arena, const Trial *a, const Trial *b,
                                    NormMode mode) {
    same_in(arena, a, b, mode, true, 0.0, GRADIENT_EPS);
    same_in(arena, a, b, mode, false, KERNEL_EPS, GRADIENT_EPS);
}

static inline void same_function(Arena *arena, const Trial *a, const Trial *b) {
    same_function_in(arena, a, b, NORM_TRAIN);
    same_function_in(arena, a, b, NORM_EVAL);
}

/* The same arithmetic: all of it to the bit, what is observed too. */
static inline void same_bits_in(Arena *arena, const Trial *a, const Trial *b,
                                NormMode mode) {
    for (int definition = 0; definition < 2; definition++) {
        Outcome one = run_given(arena, a, mode, definition),
                two = run_given(arena, b, mode, definition);
        same_results(a, &one, b->norm, &two, 0.0, 0.0);
        if (mode == NORM_TRAIN && a->norm->states == b->norm->states)
            same_observed(&one, 0, &two, b->norm, 0.0);
    }
}

static inline void same_bits(Arena *arena, const Trial *a, const Trial *b) {
    same_bits_in(arena, a, b, NORM_TRAIN);
    same_bits_in(arena, a, b, NORM_EVAL);
}

/* ---- in plain loops --------------------------------------------------------------- */

typedef struct Plain {
    long double mean, variance, count;
} Plain;

/* Of x over the elements of i's cell; cell [count]. */
static inline Plain plain_moments(const double *x, const size_t *cell, size_t count,
                                  size_t i) {
    Plain m = {0, 0, 0};
    for (size_t j = 0; j < count; j++)
        if (cell[j] == cell[i]) m.mean += x[j], m.count++;
    m.mean /= m.count;
    for (size_t j = 0; j < count; j++)
        if (cell[j] == cell[i]) m.variance += (x[j] - m.mean) * (x[j] - m.mean) / m.count;
    return m;
}

/* Cells of `block` samples and of the channels of a set; each position apart where asked. */
static inline size_t *plain_cells(Arena *arena, ShapeLattice at, size_t block,
                                  const size_t *set, bool apart) {
    size_t *cell = TAKE(arena, size_t, at.N * at.C * at.L);
    for (size_t i = 0; i < at.N * at.C * at.L; i++) {
        const size_t n = i / at.L / at.C, c = i / at.L % at.C, l = i % at.L;
        cell[i] = ((n / block) * at.C + set[c]) * at.L + (apart ? l : 0);
    }
    return cell;
}

/* Sets of `width` channels in a row. */
static inline size_t *plain_blocks(Arena *arena, ShapeLattice at, size_t block,
                                   size_t width) {
    size_t *of = TAKE(arena, size_t, at.C);
    for (size_t c = 0; c < at.C; c++) of[c] = c / width;
    return plain_cells(arena, at, block, of, false);
}

/* y = gamma xhat + beta and its gradients, xhat = (x - mean) / sqrt(variance + eps):
 *     g = gamma dy, dx = rstd (g - mean of g - xhat mean of g xhat);
 * uncentred without the means, and with the mean square. */
static inline Outcome plain_standardized(Arena *arena, const Trial *g, const size_t *cell,
                                         bool centred) {
    const size_t all = g->n, channels = g->at.C, length = g->at.L;
    const double *gamma = param(g, "gamma"), *beta = param(g, "beta");
    Outcome want = {TAKE(arena, double, all), TAKE(arena, double, all), {NULL}, {NULL}};
    for (size_t k = 0; k < 2; k++) want.dparam[k] = ZERO(arena, double, channels);
    long double *rstd = TAKE(arena, long double, all),
                *xhat = TAKE(arena, long double, all);
    for (size_t i = 0; i < all; i++) {
        const Plain m = plain_moments(g->x, cell, all, i);
        const long double square = centred ? 0 : m.mean * m.mean;
        rstd[i] = 1 / sqrtl(m.variance + square + g->norm->eps);
        xhat[i] = (g->x[i] - (centred ? m.mean : 0)) * rstd[i];
        const size_t c = i / length % channels;
        want.y[i] = (double)(gamma[c] * xhat[i] + beta[c]);
        want.dparam[0][c] += (double)(g->dy[i] * xhat[i]);
        want.dparam[1][c] += g->dy[i];
    }
    for (size_t i = 0; i < all; i++) {
        long double mean = 0, slope = 0, count = 0;
        for (size_t j = 0; j < all; j++) {
            if (cell[j] != cell[i]) continue;
            const long double own = (long double)gamma[j / length % channels] * g->dy[j];
            mean += own, slope += own * xhat[j], count++;
        }
        const long double own = (long double)gamma[i / length % channels] * g->dy[i];
        want.dx[i] = (double)(rstd[i] * (own - (centred ? mean / count : 0) -
                                         xhat[i] * slope / count));
    }
    return want;
}

/* Both texts of it in training. */
static inline void is_plain(Arena *arena, const Trial *g, const size_t *cell) {
    Outcome want = plain_standardized(arena, g, cell, !g->norm->uncentred);
    for (int definition = 0; definition < 2; definition++) {
        Outcome got = run_given(arena, g, NORM_TRAIN, definition);
        same_results(g, &got, g->norm, &want, KERNEL_EPS, GRADIENT_EPS);
    }
}

#endif
