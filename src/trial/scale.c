/* The cells of a trial, and the scales of its derivatives. */
#include "arith_calls.h"
#include "house.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- what the numbers are worth -------------------------------------------------- */

static double per_channel(const Trial *t, NormParamRole role, size_t i,
                          double otherwise) {
    size_t k = norm_place(t->norm, role);
    return k == SIZE_MAX ? otherwise : t->param[k][i / t->at.L % t->at.C];
}

double trial_gamma(const Trial *t, size_t i) {
    return per_channel(t, NORM_PARAM_SCALE, i, 1.0);
}

double trial_beta(const Trial *t, size_t i) {
    return per_channel(t, NORM_PARAM_SHIFT, i, 0.0);
}

Quad trial_root(const Trial *t, Quad variance) {
    return t->norm->eps_outside ? quad_sqrt(variance) + t->norm->eps
                                : quad_sqrt(variance + t->norm->eps);
}

Quad trial_eps_share(const Trial *t, Quad variance) {
    return t->norm->eps /
           (t->norm->eps_outside ? trial_root(t, variance) : variance + t->norm->eps);
}

Quad trial_xhat(const Trial *t, size_t i) {
    const TrialCell *cell = &t->cell[t->where[i]];
    return (t->x[i] - cell->mean) / trial_root(t, cell->variance);
}

bool trial_own(const Trial *t) {
    return t->own;
}

bool trial_centred(const Trial *t) {
    return t->own && !t->norm->uncentred;
}

bool trial_fused(const Trial *t) {
    return t->fused;
}

bool trial_curved(const Trial *t) {
    return t->curved;
}

bool trial_derives(const Trial *t) {
    return t->derives;
}

bool trial_partitioned(const Trial *t) {
    return norm_is_partitioned(t->norm, t->mode);
}

static void own_moments(const Trial *t) {
    for (size_t i = 0; i < t->n; i++) {
        TrialCell *cell = &t->cell[t->where[i]];
        cell->count++, cell->mean += t->x[i];
    }
    for (size_t k = 0; k < t->cells; k++)
        t->cell[k].mean =
            t->norm->uncentred ? 0 : t->cell[k].mean / (Quad)t->cell[k].count;
    for (size_t i = 0; i < t->n; i++) {
        TrialCell *cell = &t->cell[t->where[i]];
        Quad d = t->x[i] - cell->mean;
        cell->variance += d * d / (Quad)cell->count;
    }
    for (size_t k = 0; k < t->cells; k++) {
        TrialCell *cell = &t->cell[k];
        const Quad m = cell->count;
        cell->pull = 1;
        if (t->norm->unbiased && m > 1) cell->pull = m / (m - 1);
        cell->variance *= cell->pull;
        if (t->norm->eps_outside && cell->variance > 0)
            cell->pull *= trial_root(t, cell->variance) / quad_sqrt(cell->variance);
    }
}

/* Mean and variance are the running state, or 0 and 1 - eps: the affine alone. */
static void given_moments(const Trial *t) {
    const bool state = t->norm->states > 0, uncentred = t->norm->uncentred;
    for (size_t i = 0; i < t->n; i++) {
        size_t c = i / t->at.L % t->at.C;
        TrialCell *cell = &t->cell[t->where[i]];
        cell->count++;
        cell->mean = state && !uncentred ? t->state[0][c] : 0;
        cell->variance =
            state ? (Quad)t->state[uncentred ? 0 : 1][c] : 1 - (Quad)t->norm->eps;
    }
}

static void measure_partition(Arena *arena, Trial *t, size_t *where) {
    const Partition *p =
        norm_partition(arena, t->norm, t->at, t->mode, (const double *const *)t->state);
    for (size_t i = 0; i < t->n; i++)
        where[i] =
            partition_cell(p, i / t->at.L / t->at.C, i / t->at.L % t->at.C, i % t->at.L);
    t->cells = partition_cells(p);
    t->cell = ZERO(arena, TrialCell, t->cells);
    t->own ? own_moments(t) : given_moments(t);
    for (size_t k = 0; k < t->cells; k++) {
        TrialCell *cell = &t->cell[k];
        cell->rstd = (double)(1 / trial_root(t, cell->variance));
        if (cell->variance > 0)
            cell->ratio = (double)(quad_abs(cell->mean) / quad_sqrt(cell->variance));
    }
    for (size_t i = 0; i < t->n; i++) {
        TrialCell *cell = &t->cell[where[i]];
        cell->xhat = fmax(cell->xhat, (double)quad_abs(trial_xhat(t, i)));
    }
}

void trial_measure(Arena *arena, Trial *t) {
    size_t *where = ZERO(arena, size_t, t->n);
    t->where = where;
    t->cells = 0;
    if (!trial_partitioned(t)) return;
    measure_partition(arena, t, where);
    for (size_t i = 0; i < t->n; i++) {
        TrialCell *cell = &t->cell[t->where[i]];
        cell->h = fmax(cell->h, fabs(trial_gamma(t, i) * t->dy[i]));
        cell->dy = fmax(cell->dy, fabs(t->dy[i]));
    }
}

/* ---- bounds ----------------------------------------------------------------------- */

/* A definition forms x - mean in doubles. */
static double growth(const Trial *t, const TrialCell *cell, bool definition) {
    return definition || !t->fused ? 1.0 + cell->ratio : 1.0;
}

CheckBound trial_value_bound(Arena *arena, const Trial *t, double digits,
                             bool definition) {
    if (!trial_partitioned(t)) {
        const CheckFunction f = trial_function(arena, t, definition);
        return (CheckBound){.digits = digits,
                            .scale = check_value_scale(arena, &f, !definition)};
    }
    const double **scale = TAKE(arena, const double *, 1);
    double *each = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        each[i] = fabs(trial_gamma(t, i)) * cell->xhat + fabs(trial_beta(t, i));
        each[i] *= growth(t, cell, definition);
    }
    scale[0] = each;
    return (CheckBound){.digits = digits, .scale = scale};
}

/* By a parameter of a channel: the sum of |dy| (largest |xhat|); of beta, |dy| alone. */
static double *param_scale(Arena *arena, const Trial *t, size_t which, bool definition) {
    const size_t count = t->norm->param[which].count;
    double *each = ZERO(arena, double, count);
    const bool beta = norm_place(t->norm, NORM_PARAM_SHIFT) == which,
               gamma = norm_place(t->norm, NORM_PARAM_SCALE) == which;
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        double share = fabs(t->dy[i]) * (beta ? 1.0 : cell->xhat);
        if (!beta && !gamma) share *= 2.0 * (1.0 + fabs(trial_gamma(t, i)));
        share *= growth(t, cell, definition) / trial_param_unit(t, which);
        for (size_t k = 0; k < count; k++)
            if (count != t->at.C || k == i / t->at.L % t->at.C) each[k] += share;
    }
    return each;
}

CheckBound trial_bound(Arena *arena, const Trial *t, double digits, bool definition) {
    if (!trial_partitioned(t)) {
        const CheckFunction f = trial_function(arena, t, definition);
        const CheckDriver driver = definition ? CHECK_GRADIENT : CHECK_BACKWARD;
        return (CheckBound){.digits = digits,
                            .scale = check_scale(arena, &f, driver, t->seed)};
    }
    const double **scale = TAKE(arena, const double *, 1 + t->norm->params);
    double *by_x = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        by_x[i] = cell->h * cell->rstd * (1.0 + cell->xhat) * growth(t, cell, definition);
    }
    scale[0] = by_x;
    for (size_t k = 0; k < t->norm->params; k++)
        scale[1 + k] = param_scale(arena, t, k, definition);
    return (CheckBound){.digits = digits, .scale = scale};
}
