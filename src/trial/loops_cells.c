/* Partitions: which elements share moments, and y = gamma (x - mean) / sqrt(variance + eps)
 * + beta; of M2 / (m - 1), and with eps outside of the root, where the spec says so. */
#include "house.h"
#include "loops.h"

#include <stdlib.h>

/* ---- cells ----------------------------------------------------------------------- */

size_t cell_batch(const Loops *k, size_t n, size_t c, size_t l) {
    (void)k, (void)n, (void)l;
    return c;
}

size_t cell_layer(const Loops *k, size_t n, size_t c, size_t l) {
    (void)k, (void)c, (void)l;
    return n;
}

size_t cell_instance(const Loops *k, size_t n, size_t c, size_t l) {
    (void)l;
    return n * k->C + c;
}

size_t cell_position(const Loops *k, size_t n, size_t c, size_t l) {
    const size_t groups = loops_count(k, 0, 1);
    return (n * groups + c * groups / k->C) * k->L + l;
}

size_t cell_ghost(const Loops *k, size_t n, size_t c, size_t l) {
    (void)l;
    return n / loops_count(k, 0, 0) * k->C + c;
}

/* The most groups up to 32, of at least 8 channels each; else of 4, of 2, of 1. */
static size_t auto_groups(size_t channels) {
    size_t best = 1;
    for (size_t least = 8; least > 0 && best == 1; least /= 2)
        for (size_t groups = 2; groups <= 32 && groups * least <= channels; groups++)
            if (channels % groups == 0) best = groups;
    return best;
}

static size_t group_size(const Loops *k) {
    if (loops_says(k, "size", "all")) return k->C;
    const size_t size = (size_t)loops_number(k, "size", 0);
    if (size > 0) return size;
    const size_t groups = loops_count(k, 0, 0); /* 0: of "auto" */
    return k->C / (groups > 0 ? groups : auto_groups(k->C));
}

/* One sample, channels of a group. */
size_t cell_group(const Loops *k, size_t n, size_t c, size_t l) {
    (void)l;
    return n * k->C + c / group_size(k);
}

/* A block of samples, channels of a group. */
size_t cell_lattice(const Loops *k, size_t n, size_t c, size_t l) {
    const size_t samples = (size_t)loops_number(k, "batch", 0);
    return cell_group(k, samples > 0 ? n / samples : 0, c, l);
}

/* The group that the spec, or the state, has for the channel. */
size_t cell_channels(const Loops *k, size_t n, size_t c, size_t l) {
    (void)l;
    return n * k->C + loops_count(k, c, 0);
}

size_t cell_regroup(const Loops *k, size_t n, size_t c, size_t l) {
    (void)l;
    return n * k->C + (size_t)loops_state(k, "map")[c];
}

/* A sample is a row of D = C L numbers, cut into G chunks. */
size_t cell_chunks(const Loops *k, size_t n, size_t c, size_t l) {
    (void)n;
    return (c * k->L + l) / (k->C * k->L / loops_count(k, 0, 1));
}

/* ---- moments --------------------------------------------------------------------- */

static size_t *cells_of(const Loops *k, LoopsCell *cell) {
    size_t *of = TAKE(k->arena, size_t, k->n), i = 0;
    for (size_t n = 0; n < k->N; n++)
        for (size_t c = 0; c < k->C; c++)
            for (size_t l = 0; l < k->L; l++) of[i++] = cell(k, n, c, l);
    return of;
}

static LoopsMoments new_moments(const Loops *k) {
    return (LoopsMoments){loops_room(k, k->n), loops_room(k, k->n)};
}

LoopsMoments loops_moments(const Loops *k, const Number *x, LoopsCell *cell) {
    const size_t *of = cells_of(k, cell);
    const bool centred = !loops_says(k, "center", "no"),
               unbiased = loops_says(k, "variance", "unbiased");
    LoopsMoments m = new_moments(k);
    Number *sum = loops_room(k, k->n), *squares = loops_room(k, k->n);
    size_t *count = ZERO(k->arena, size_t, k->n);
    for (size_t i = 0; i < k->n; i++)
        if (loops_belongs(k, i)) sum[of[i]] += x[i], count[of[i]]++;
    for (size_t j = 0; j < k->n; j++)
        sum[j] = centred && count[j] > 0 ? sum[j] / (Quad)count[j] : 0;
    for (size_t i = 0; i < k->n; i++) {
        const Number apart = x[i] - sum[of[i]];
        if (loops_belongs(k, i)) squares[of[i]] += apart * apart;
    }
    for (size_t i = 0; i < k->n; i++) {
        m.mean[i] = sum[of[i]];
        const size_t all = count[of[i]], free = unbiased && all > 1 ? all - 1 : all;
        if (all > 0) m.variance[i] = squares[of[i]] / (Quad)free;
    }
    return m;
}

LoopsMoments loops_running(const Loops *k, LoopsCell *cell) {
    const double *mean = loops_state(k, "running_mean"),
                 *variance = loops_state(k, "running_var"),
                 *square = loops_state(k, "running_square");
    const size_t *of = cells_of(k, cell);
    LoopsMoments m = new_moments(k);
    for (size_t i = 0; i < k->n; i++) {
        m.mean[i] = mean ? mean[of[i]] : 0;
        m.variance[i] = square ? square[of[i]] : variance[of[i]];
    }
    return m;
}

LoopsMoments loops_own(const Loops *k, const Number *x, LoopsCell *cell) {
    const bool keeps = loops_state(k, "running_var") || loops_state(k, "running_square");
    return k->evaluates && keeps ? loops_running(k, cell_batch)
                                 : loops_moments(k, x, cell);
}

/* Neighbours mostly share a variance, and its root is taken once. */
void loops_standardize(const Loops *k, Number *y, const Number *x, LoopsMoments m) {
    Number rstd = 0;
    for (size_t i = 0; i < k->n; i++) {
        if (i == 0 || m.variance[i] != m.variance[i - 1])
            rstd = 1 / loops_root(k, m.variance[i]);
        y[i] = (x[i] - m.mean[i]) * rstd;
    }
}

/* ---- the equations ---------------------------------------------------------------- */

void loops_none(const Loops *k, Number *y, const Number *x) {
    for (size_t i = 0; i < k->n; i++) y[i] = x[i];
    loops_affine(k, y);
}

void loops_partition(const Loops *k, Number *y, const Number *x) {
    loops_standardize(k, y, x, loops_own(k, x, loops_cell(k)));
    loops_affine(k, y);
}

/* Zhou et al. 2020. */
void loops_chunks(const Loops *k, Number *y, const Number *x) {
    loops_standardize(k, y, x,
                      k->evaluates ? loops_running(k, cell_chunks)
                                   : loops_moments(k, x, cell_chunks));
    loops_affine(k, y);
}
