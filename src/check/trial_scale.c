/* The cells of a trial, and the scales of its derivatives. */
#include "op.h"
#include "trial_kind.h"

#include <math.h>
#include <string.h>

/* ---- what the numbers are worth -------------------------------------------------- */

size_t trial_param(const Trial *t, const char *name) {
    for (size_t i = 0; i < t->norm->params; i++)
        if (strcmp(t->norm->param[i].name, name) == 0) return i;
    return SIZE_MAX;
}

static double per_channel(const Trial *t, const char *name, size_t i, double otherwise) {
    size_t k = trial_param(t, name);
    return k == SIZE_MAX ? otherwise : t->param[k][i / t->at.L % t->at.C];
}

double trial_gamma(const Trial *t, size_t i) {
    return per_channel(t, "gamma", i, 1.0);
}

double trial_beta(const Trial *t, size_t i) {
    return per_channel(t, "beta", i, 0.0);
}

Quad trial_xhat(const Trial *t, size_t i) {
    const TrialCell *cell = &t->cell[t->where[i]];
    return (t->x[i] - cell->mean) / quad_sqrt(cell->variance + t->norm->eps);
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
        cell->rstd = (double)(1 / quad_sqrt(cell->variance + t->norm->eps));
        if (cell->variance > 0)
            cell->ratio = (double)(quad_abs(cell->mean) / quad_sqrt(cell->variance));
    }
    for (size_t i = 0; i < t->n; i++) {
        TrialCell *cell = &t->cell[where[i]];
        cell->xhat = fmax(cell->xhat, (double)quad_abs(trial_xhat(t, i)));
    }
}

static bool is_logit(const NormParam *param) {
    return param->reading == NORM_SOFTMAX;
}

/* A softmax of what logits have been multiplied by, beside the largest logit. */
static double steepness(const Trial *t, const Node *y) {
    double logit = 0.0, param = 0.0;
    if (y->op == NULL || strcmp(y->op->name, "softmax") != 0) return 1.0;
    for (size_t i = 0; i < shape_count(y->shape); i++)
        logit = fmax(logit, fabs(y->in[0]->value[i]));
    for (size_t k = 0; k < t->norm->params; k++)
        for (size_t i = 0; is_logit(&t->norm->param[k]) && i < t->norm->param[k].count;
             i++)
            param = fmax(param, fabs(t->param[k][i]));
    return param > 0.0 ? logit / param : 1.0;
}

/* A combination: all is one cell, of the worst numbers in its definition. Each quotient is
 * a standardization; where one follows another their rstd multiply. What passes beside
 * (none) is seen in y before the affine. */
static void measure_quotients(Arena *arena, Trial *t, size_t *where) {
    TrialCell *all = t->cell = ZERO(arena, TrialCell, 1);
    memset(where, 0, t->n * sizeof *where);
    t->cells = 1;
    *all = (TrialCell){.count = (double)t->n, .rstd = 1.0, .xhat = 1.0};
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    Node *param[NORM_MAX_PARAMS];
    const Trial bare = trial_without_affine(arena, t);
    for (size_t k = 0; k < t->norm->params; k++)
        param[k] = tape_leaf(tape, SHAPE(t->norm->param[k].count), bare.param[k]);
    NormContext call = trial_context(&bare, tape, param);
    const Node *last = norm_define(&call, tape_leaf(tape, t->shape, t->x));
    for (size_t i = 0; i < t->n; i++) all->xhat = fmax(all->xhat, fabs(last->value[i]));
    for (const Node *y = tape_last(tape); y; y = y->previous) {
        t->steep = fmax(t->steep, steepness(t, y));
        if (y->op == NULL || strcmp(y->op->name, "div") != 0) continue;
        double rstd = 1.0;
        for (size_t i = 0; i < shape_count(y->shape); i++) {
            all->xhat = fmax(all->xhat, fabs(y->value[i]));
            rstd = fmax(rstd, 1.0 / fabs(y->in[1]->value[i]));
        }
        all->rstd *= rstd;
    }
    arena_rewind(arena, mark);
    for (size_t i = 0; i < t->n; i++)
        all->ratio = fmax(all->ratio, fabs(t->x[i]) * all->rstd);
}

/* What a backward remembers of other steps stands beside its own h. */
static void remember_h(const Trial *t) {
    for (size_t s = 0; s < t->norm->states; s++)
        for (size_t c = 0; c < t->norm->state[s].count; c++)
            for (size_t k = 0; k < t->cells; k++)
                t->cell[k].h = fmax(t->cell[k].h, fabs(t->state[s][c]));
}

void trial_measure(Arena *arena, Trial *t) {
    size_t *where = TAKE(arena, size_t, t->n);
    t->where = where;
    t->steep = 1.0;
    trial_partitioned(t) ? measure_partition(arena, t, where)
                         : measure_quotients(arena, t, where);
    for (size_t i = 0; i < t->n; i++) {
        TrialCell *cell = &t->cell[t->where[i]];
        cell->h = fmax(cell->h, fabs(trial_gamma(t, i) * t->dy[i]));
        cell->dy = fmax(cell->dy, fabs(t->dy[i]));
    }
    if (!t->derives) remember_h(t);
}

CheckBound trial_value_bound(Arena *arena, const Trial *t, double digits,
                             bool definition) {
    const double **scale = TAKE(arena, const double *, 1);
    double *each = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        each[i] = fabs(trial_gamma(t, i)) * cell->xhat + fabs(trial_beta(t, i));
        if (!trial_partitioned(t)) each[i] *= cell->rstd; /* of what comes before */
        if (definition || !t->fused) each[i] *= 1.0 + cell->ratio;
    }
    scale[0] = each;
    return (CheckBound){.digits = digits, .scale = scale};
}

/* Largest of v along any direction that an oracle draws. */
static const double DRAWN = 4.0;

/* One more derivative by x along v: the factor rstd |v| (1 + |xhat|)^2; where the moments
 * are given, xhat is linear. */
static double once_more(const Trial *t, const TrialCell *cell) {
    if (!t->curved) return 1.0 + DRAWN * t->unit * cell->rstd;
    return 1.0 + DRAWN * t->unit * cell->rstd * (1.0 + cell->xhat) * (1.0 + cell->xhat);
}

static double growth(const Trial *t, const TrialCell *cell, size_t order,
                     bool definition) {
    double factor = definition || !t->fused ? 1.0 + cell->ratio : 1.0;
    for (size_t k = 1; k < order; k++) factor *= once_more(t, cell);
    return factor;
}

/* By a parameter of a channel: the sum of |dy| (largest |xhat|); of beta, |dy| alone. */
static double *param_scale(Arena *arena, const Trial *t, size_t which, size_t order,
                           bool definition) {
    const size_t count = t->norm->param[which].count;
    double *each = ZERO(arena, double, count);
    bool beta = trial_param(t, "beta") == which, gamma = trial_param(t, "gamma") == which;
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        double share = fabs(t->dy[i]); /* v moves xhat beyond the first order */
        if (!beta) share *= order > 1 ? 1.0 + cell->xhat : cell->xhat;
        if (!beta && !gamma) share *= 2.0 * (1.0 + fabs(trial_gamma(t, i)));
        share *= growth(t, cell, order, definition) / trial_param_unit(t, which);
        for (size_t k = 0; k < count; k++)
            if (count != t->at.C || k == i / t->at.L % t->at.C) each[k] += share;
    }
    return each;
}

CheckBound trial_bound(Arena *arena, const Trial *t, double digits, size_t order,
                       bool definition) {
    const double **scale = TAKE(arena, const double *, 2 + t->norm->params);
    double *by_x = TAKE(arena, double, t->n), *by_u = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        double grows = growth(t, cell, order, definition);
        double h = cell->h + (order > 1 ? DRAWN * cell->dy : 0.0); /* gamma may move */
        by_x[i] = h * cell->rstd * (1.0 + cell->xhat) * grows;
        by_u[i] = (fabs(trial_gamma(t, i)) + DRAWN) * (1.0 + cell->xhat) * grows;
    }
    scale[0] = by_x;
    for (size_t k = 0; k < t->norm->params; k++)
        scale[1 + k] = param_scale(arena, t, k, order, definition);
    scale[1 + t->norm->params] = by_u;
    return (CheckBound){.digits = digits, .scale = scale};
}
