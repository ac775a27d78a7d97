/* What only normalizers obey, each exactly as it holds (notes/12-gradients.md, P-5, P-6).
 * Sums are taken in 113 bits, so that the error is the kernel's own. */
#include "text.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define EPS DBL_EPSILON

/* Size of the terms of dx in the cell of i: |h| rstd (1 + |xhat|), as often as a definition
 * that trains loses digits of a mean. */
static double size_of(const Trial *t, size_t i) {
    const TrialCell *cell = &t->cell[t->where[i]];
    return cell->h * cell->rstd * (1.0 + cell->xhat) *
           (t->fused ? 1.0 : 1.0 + cell->ratio);
}

/* The trial with another x; its cells are measured again. */
static Trial moved_to(Arena *arena, const Trial *t, double *x) {
    Trial other = *t;
    other.x = x;
    trial_measure(arena, &other);
    return other;
}

/* ---- sums over cells ------------------------------------------------------------- */

static CheckReport judge_sum_of_dx(Arena *arena, const Trial *t,
                                   const TrialCheck *check) {
    Outcome o = trial_run(arena, t, 0);
    Tally sum = tally_new(t);
    Quad *total = ZERO(arena, Quad, t->cells);
    double *size = ZERO(arena, double, t->cells);
    for (size_t i = 0; i < t->n; i++) {
        total[t->where[i]] += o.dx[i];
        size[t->where[i]] += size_of(t, i);
    }
    for (size_t k = 0; k < t->cells; k++)
        tally(&sum, "sum of dx over cell", k, (double)total[k], 0.0,
              check->digits * EPS * size[k]);
    trial_diagnose(arena, t, o.dx, &sum.report);
    return sum.report;
}
const TrialCheck trial_sum_of_dx = {.name = "sum-of-dx",
                                    .says = "the sum of dx over a cell is 0",
                                    .digits = 8,
                                    .data = ON_ALL,
                                    .applies = trial_centred,
                                    .judge = judge_sum_of_dx};

/* <dx, xhat> = eps / (variance + eps) rstd <h, xhat>; the textbook's 0 is the limit of
 * eps. */
static CheckReport judge_dx_along_xhat(Arena *arena, const Trial *t,
                                       const TrialCheck *check) {
    Outcome o = trial_run(arena, t, 0);
    Tally sum = tally_new(t);
    Quad *got = ZERO(arena, Quad, t->cells), *h = ZERO(arena, Quad, t->cells);
    double *size = ZERO(arena, double, t->cells);
    for (size_t i = 0; i < t->n; i++) {
        size_t k = t->where[i];
        Quad xhat = trial_xhat(t, i);
        got[k] += o.dx[i] * xhat;
        h[k] += (Quad)trial_gamma(t, i) * t->dy[i] * xhat;
        size[k] += size_of(t, i) * t->cell[k].xhat;
    }
    for (size_t k = 0; k < t->cells; k++) {
        const Quad v = t->cell[k].variance;
        tally_quad(&sum, "sum of dx xhat over cell", k, (double)got[k],
                   trial_eps_share(t, v) / trial_root(t, v) * h[k],
                   check->digits * EPS * size[k]);
    }
    trial_diagnose(arena, t, o.dx, &sum.report);
    return sum.report;
}
const TrialCheck trial_dx_along_xhat = {
    .name = "dx-along-xhat",
    .says = "<dx, xhat> over a cell is eps/(v + eps) rstd <h, xhat>",
    .digits = 8,
    .data = ON_ALL,
    .applies = trial_own,
    .judge = judge_dx_along_xhat};

/* ---- filters in front of a normalizer --------------------------------------------- */

enum { FILTER_IN = 2, FILTER_SIZE = 3, FILTERS_DRAWN = 40 };

typedef struct Filtered {
    size_t weights, each; /* all, and of one filter */
    double *w, *dw, *z;
    double *size; /* [n] of the terms of z */
} Filtered;

static double *magnitudes(Arena *arena, const double *value, size_t count) {
    double *size = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) size[i] = fabs(value[i]);
    return size;
}

/* y = norm(z), z = conv(image, w); dw by the kernels. */
static Filtered filter(Arena *arena, const Trial *t) {
    Filtered f = {.each = FILTER_IN * FILTER_SIZE * FILTER_SIZE};
    const Shape image = {4, {t->at.N, FILTER_IN, t->shape.size[2], t->shape.size[3]}};
    const Shape w = {4, {t->at.C, FILTER_IN, FILTER_SIZE, FILTER_SIZE}};
    f.weights = shape_count(w);
    f.w = trial_normals(arena, t, FILTERS_DRAWN, f.weights);
    double *in = trial_normals(arena, t, FILTERS_DRAWN + 1, shape_count(image));
    f.dw = TAKE(arena, double, f.weights);
    f.z = TAKE(arena, double, t->n);
    f.size = TAKE(arena, double, t->n);
    Tape *tape = tape_new(arena);
    TapeNode *param[NORM_MAX_PARAMS];
    for (size_t k = 0; k < t->norm->params; k++)
        param[k] = tape_leaf(tape, SHAPE_OF(t->norm->param[k].count), t->param[k]);
    TapeNode *z = tape_conv2d(tape, tape_leaf(tape, image, in),
                              tape_parameter(tape, w, f.w, f.dw), 1, 1);
    TapeNode *size = tape_conv2d(
        tape, tape_leaf(tape, image, magnitudes(arena, in, shape_count(image))),
        tape_leaf(tape, w, magnitudes(arena, f.w, f.weights)), 1, 1);
    NormContext call = trial_context(t, tape, param);
    tape_backward(tape, norm_apply(&call, z), t->dy);
    memcpy(f.z, z->value, t->n * sizeof *f.z);
    memcpy(f.size, size->value, t->n * sizeof *f.size);
    return f;
}

/* <w, dw> over the filters of a set of channels is the sum over its cells of <z, dz>, and
 * there z = mean + xhat sqrt(v + eps). */
static CheckReport judge_dw_along_w(Arena *arena, const Trial *t,
                                    const TrialCheck *check) {
    Filtered f = filter(arena, t);
    Trial at = moved_to(arena, t, f.z);
    const Partition *p =
        norm_partition(arena, t->norm, t->at, t->mode, (const double *const *)t->state);
    Quad *got = ZERO(arena, Quad, p->channel_cells),
         *expected = ZERO(arena, Quad, p->channel_cells);
    double *size = ZERO(arena, double, p->channel_cells);
    for (size_t k = 0; k < f.weights; k++)
        got[p->cell_of[k / f.each]] += (Quad)f.w[k] * f.dw[k];
    for (size_t i = 0; i < t->n; i++) {
        size_t set = p->cell_of[i / t->at.L % t->at.C];
        Quad h = (Quad)trial_gamma(t, i) * t->dy[i];
        const Quad v = at.cell[at.where[i]].variance;
        expected[set] += trial_eps_share(t, v) * h * trial_xhat(&at, i);
        size[set] += f.size[i] * size_of(&at, i);
    }
    Tally sum = tally_new(t);
    for (size_t s = 0; s < p->channel_cells; s++)
        tally_quad(&sum, "<w, dw> over the filters of set", s, (double)got[s],
                   expected[s], check->digits * EPS * size[s]);
    return sum.report;
}

static bool has_filters(const Trial *t) {
    return t->own && t->shape.rank == 4;
}
const TrialCheck trial_dw_along_w = {
    .name = "dw-along-w",
    .says = "<w, dw> of filters before a cell is the sum of eps/(v + eps) <h, xhat>",
    .digits = 8,
    .data = ON_PLAIN,
    .applies = has_filters,
    .judge = judge_dw_along_w};

/* ---- what x may go through ------------------------------------------------------- */

/* Squares of the others would leave the range of doubles. */
enum { ON_ORDINARY = ON_MODERATE | 1u << DATA_FAR | 1u << DATA_REPEATED };

static bool has_moments(const Trial *t) {
    return t->own || (trial_partitioned(t) && t->norm->states > 0);
}

static double *times(Arena *arena, const double *x, size_t n, int power) {
    double *y = TAKE(arena, double, n);
    for (size_t i = 0; i < n; i++) y[i] = ldexp(x[i], power);
    return y;
}

static CheckReport judge_powers_of_two(Arena *arena, const Trial *t,
                                       const TrialCheck *check) {
    (void)check;
    static const int powers[] = {-20, -7, 1, 19};
    Outcome one = trial_run(arena, t, 0);
    Tally sum = tally_new(t);
    for (size_t k = 0; k < COUNT_OF(powers); k++) {
        Trial big = *t;
        Norm norm = *t->norm;
        norm.eps = ldexp(norm.eps, (norm.eps_outside ? 1 : 2) * powers[k]);
        if (isnormal(t->norm->eps) && !isnormal(norm.eps)) continue;
        big.norm = &norm;
        big.x = times(arena, t->x, t->n, powers[k]);
        for (size_t s = 0; s < norm.states; s++)
            big.state[s] = times(arena, t->state[s], norm.state[s].count,
                                 state_power(norm.state[s].role) * powers[k]);
        Outcome two = trial_run(arena, &big, 0);
        two.dx = times(arena, two.dx, t->n, powers[k]);
        memset(two.observed, 0, sizeof two.observed); /* those of another scale */
        tally_outcome(&sum, t, text_print(arena, "times 2^%d", powers[k]), &two, &one);
    }
    return sum.report;
}
const TrialCheck trial_powers_of_two = {
    .name = "powers-of-two",
    .says = "x times 2^k with eps times 4^k: y, and dx times 2^k, the same bits",
    .digits = 0,
    .data = ON_ORDINARY,
    .applies = has_moments,
    .judge = judge_powers_of_two};

/* x in multiples of 2^-20 below 2^4; x + 2^30 is exact, its mean in one double is not. */
static CheckReport judge_exact_shift(Arena *arena, const Trial *t,
                                     const TrialCheck *check) {
    double *x = TAKE(arena, double, t->n), *far = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++)
        x[i] = ldexp(round(ldexp(t->x[i], 20)), -20), far[i] = x[i] + 0x1p30;
    Trial here = moved_to(arena, t, x), there = moved_to(arena, t, far);
    Outcome one = trial_run(arena, &here, 0), two = trial_run(arena, &there, 0);
    Tally sum = tally_new(t);
    tally_close(&sum, &here, &two, &one, check->digits, false);
    return sum.report;
}
static bool keeps_far_digits(const Trial *t) {
    return trial_centred(t) && t->fused;
}
const TrialCheck trial_exact_shift = {
    .name = "exact-shift",
    .says = "x + c, where that is exact, gives what x gives",
    .digits = 16,
    .data = ON_PLAIN,
    .applies = keeps_far_digits,
    .judge = judge_exact_shift};

/* A random order of every cell's elements: to[i] is in i's cell. */
static const size_t *shuffle(Arena *arena, const Trial *t) {
    size_t *to = TAKE(arena, size_t, t->n), *order = TAKE(arena, size_t, t->n),
           *last = TAKE(arena, size_t, t->cells);
    draw_permutation((Draw){.seed = t->seed, .purpose = DRAW_CHECK, .epoch = t->n}, order,
                     t->n);
    for (size_t i = 0; i < t->n; i++) to[i] = i;
    for (size_t k = 0; k < t->cells; k++) last[k] = t->n;
    for (size_t k = 0; k < t->n; k++) {
        size_t i = order[k], before = last[t->where[i]];
        if (before < t->n) {
            size_t held = to[i];
            to[i] = to[before];
            to[before] = held;
        }
        last[t->where[i]] = i;
    }
    return to;
}

static CheckReport judge_permutation(Arena *arena, const Trial *t,
                                     const TrialCheck *check) {
    Trial bare = trial_without_affine(arena, t), other;
    trial_measure(arena, &bare);
    other = bare;
    const size_t *to = shuffle(arena, t);
    other.x = TAKE(arena, double, t->n), other.dy = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++)
        other.x[i] = bare.x[to[i]], other.dy[i] = bare.dy[to[i]];
    Outcome one = trial_run(arena, &bare, 0), two = trial_run(arena, &other, 0);
    CheckBound y = trial_value_bound(arena, &bare, check->digits, false),
               d = trial_bound(arena, &bare, check->digits, false);
    Tally sum = tally_new(t);
    for (size_t i = 0; i < t->n; i++) {
        tally(&sum, "xhat", i, two.y[i], one.y[to[i]],
              check->digits * EPS * y.scale[0][i]);
        tally(&sum, "dx", i, two.dx[i], one.dx[to[i]],
              check->digits * EPS * d.scale[0][i]);
    }
    return sum.report;
}
const TrialCheck trial_permutation = {
    .name = "permutation",
    .says = "a cell's elements in another order: xhat and dx in that order",
    .digits = 16,
    .data = ON_MODERATE,
    .applies = trial_own,
    .judge = judge_permutation};

/* ---- cells without variance ------------------------------------------------------ */

static void tally_no_dgamma(Tally *sum, const Trial *t, const Outcome *o) {
    size_t gamma = norm_place(t->norm, NORM_PARAM_SCALE);
    for (size_t c = 0; gamma != SIZE_MAX && c < t->at.C; c++)
        tally(sum, "dgamma", c, o->dparam[gamma][c], 0.0, 0.0);
}

/* xhat is 0: y is beta, dgamma 0, dx = (h - mean(h)) / sqrt(eps). */
static CheckReport judge_constant_cells(Arena *arena, const Trial *t,
                                        const TrialCheck *check) {
    static const double values[] = {0.1, -1e10 / 3.0, 1e-300, 1e300, 0.0};
    Tally sum = tally_new(t);
    for (size_t v = 0; v < COUNT_OF(values); v++) {
        double *x = TAKE(arena, double, t->n);
        Quad *mean = ZERO(arena, Quad, t->cells);
        for (size_t i = 0; i < t->n; i++) x[i] = values[v] * (1.0 + (double)t->where[i]);
        Trial flat = moved_to(arena, t, x);
        Outcome o = trial_run(arena, &flat, 0);
        for (size_t i = 0; i < t->n; i++)
            mean[t->where[i]] +=
                (Quad)trial_gamma(t, i) * t->dy[i] / (Quad)t->cell[t->where[i]].count;
        const Quad root = trial_root(t, 0);
        for (size_t i = 0; i < t->n; i++) {
            const TrialCell *cell = &t->cell[t->where[i]];
            Quad h = (Quad)trial_gamma(t, i) * t->dy[i];
            tally(&sum, "y", i, o.y[i], trial_beta(t, i), 0.0);
            tally_quad(&sum, "dx", i, o.dx[i], (h - mean[t->where[i]]) / root,
                       check->digits * EPS * cell->h / (double)root);
        }
        tally_no_dgamma(&sum, t, &o);
    }
    return sum.report;
}
const TrialCheck trial_constant_cells = {
    .name = "constant-cells",
    .says = "no variance: y is beta and dgamma 0 exactly, dx (h - mean h)/sqrt(eps)",
    .digits = 32,
    .data = ON_PLAIN,
    .applies = trial_centred,
    .judge = judge_constant_cells};

static CheckReport judge_single_elements(Arena *arena, const Trial *t,
                                         const TrialCheck *check) {
    (void)check;
    Tally sum = tally_new(t);
    Outcome o = trial_run(arena, t, 0);
    bool all = true;
    for (size_t i = 0; i < t->n; i++) {
        const bool alone = t->cell[t->where[i]].count == 1.0;
        all = all && alone;
        if (!alone) continue; /* unequal groups */
        tally(&sum, "y", i, o.y[i], trial_beta(t, i), 0.0);
        tally(&sum, "dx", i, o.dx[i], 0.0, 0.0);
    }
    if (all) tally_no_dgamma(&sum, t, &o);
    return sum.report;
}
const TrialCheck trial_single_elements = {
    .name = "single-elements",
    .says = "cells of one element: y is beta, dx and dgamma 0, exactly",
    .digits = 0,
    .data = ON_ALL,
    .single = true,
    .applies = trial_centred,
    .judge = judge_single_elements};
