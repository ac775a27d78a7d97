/* The fused kernels of every partition normalizer (notes/10-partitions.md, P-5 and P-6).
 * Slab by slab, so that a slab is read again while it is still in the cache. */
#include "kind.h"

#include <limits.h>
#include <math.h>
#include <string.h>

/* ---- cells ----------------------------------------------------------------------- */

/* The exponent of a, or less than that of any double. */
static int exponent_of(double a) {
    return a == 0.0 ? INT_MIN / 4 : ilogb(a);
}

static int larger(int a, int b) {
    return a > b ? a : b;
}

/* In units of 2^scale in which the standard deviation is near 1. */
static Standard standard_scaled(Moments m, bool uncentred, double weight, double rest,
                                int *unit) {
    const double variance = m.m2 / m.count, mean = m.shift + m.offset;
    int scale = larger(exponent_of(sqrt(variance)) + m.scale, exponent_of(rest) / 2);
    if (uncentred) scale = larger(scale, exponent_of(mean) + m.scale);
    const int by = m.scale - scale;
    const double about = uncentred ? ldexp(mean, by) : 0.0;
    const double square = ldexp(variance, 2 * by) + about * about;
    const double rstd = 1.0 / sqrt(weight * square + ldexp(rest, -2 * scale));
    *unit = scale;
    if (uncentred) return (Standard){0.0, 0.0, rstd};
    return (Standard){ldexp(m.shift, by), ldexp(m.offset, by), rstd};
}

/* A variance of which all is a double. */
static bool is_ordinary(double variance) {
    return variance >= 0x1p-1000 && variance <= 0x1p1000;
}

static inline Standard standard_of(Moments m, bool uncentred, double weight, double rest,
                                   int *unit) {
    const double mean = uncentred ? moments_mean(m) : 0.0;
    const double square = moments_variance(m) + mean * mean;
    const double all = weight * square + rest;
    const bool flat = m.m2 == 0.0 && mean == 0.0,
               ordinary = m.scale == 0 && is_ordinary(all);
    *unit = 0;
    if (!flat && !ordinary && isfinite(m.m2) && isfinite(m.offset) && isfinite(rest))
        return standard_scaled(m, uncentred, weight, rest, unit);
    const double rstd = all == 0.0 ? 0.0 : 1.0 / sqrt(all);
    return uncentred ? (Standard){0.0, 0.0, rstd} : (Standard){m.shift, m.offset, rstd};
}

StandardCells *standard_cells(Arena *arena, size_t count) {
    StandardCells *cells = TAKE(arena, StandardCells, 1);
    *cells = (StandardCells){count, TAKE(arena, Standard, count), NULL,
                             TAKE(arena, int, count)};
    return cells;
}

void standard_put(StandardCells *cells, size_t i, Standard cell, int scale) {
    cells->cell[i] = cell;
    if (scale != 0 && cells->scale == NULL) {
        cells->scale = cells->room;
        memset(cells->scale, 0, cells->count * sizeof *cells->scale);
    }
    if (cells->scale) cells->scale[i] = scale;
}

void standard_set(StandardCells *cells, size_t i, Moments m, bool uncentred,
                  double weight, double rest) {
    int scale;
    const Standard cell = standard_of(m, uncentred, weight, rest, &scale);
    standard_put(cells, i, cell, scale);
}

void standard_set_all(StandardCells *cells, const Moments *moments, bool uncentred,
                      double eps) {
    for (size_t i = 0; i < cells->count; i++) {
        int scale;
        cells->cell[i] = standard_of(moments[i], uncentred, 1.0, eps, &scale);
        if (scale != 0 || cells->scale) standard_put(cells, i, cells->cell[i], scale);
    }
}

/* ---- forward: y = gamma xhat + beta ---------------------------------------------- */

static void forward(double *restrict y, const double *restrict x, const double *gamma,
                    const double *beta, const Standard *cells, const Partition *p) {
    const size_t L = p->L;
    for (size_t slab = 0; slab < partition_slabs(p); slab++)
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) {
            const double scale = gamma ? gamma[row.channel] : 1.0,
                         bias = beta ? beta[row.channel] : 0.0;
            const double *in = x + row.offset;
            double *out = y + row.offset;
            if (p->apart) {
                const Standard *s = cells + slab * L;
                for (size_t l = 0; l < L; l++)
                    out[l] =
                        ((in[l] - s[l].shift) - s[l].offset) * s[l].rstd * scale + bias;
            } else {
                const Standard s = cells[slab];
                for (size_t l = 0; l < L; l++)
                    out[l] = ((in[l] - s.shift) - s.offset) * s.rstd * scale + bias;
            }
        }
}

/* ---- backward: h = gamma dy, dx = rstd (h - mean(h) - xhat mean(h xhat)), without the
 * mean(h) where the cell is not centred ---------------------------------------------- */

/* Sums over one row of dy and dy xhat: the row's share of dbeta and dgamma. */
static void row_sums(double *sum_dy, double *sum_dyx, const double *dy, const double *x,
                     const Standard *cell, const Partition *p) {
    TreeSum first, second;
    tree_clear(&first);
    tree_clear(&second);
    if (p->apart) {
        TREE_SUM2(&first, &second, p->L, l, dy[l],
                  dy[l] * (((x[l] - cell[l].shift) - cell[l].offset) * cell[l].rstd))
    } else {
        const Standard s = *cell;
        TREE_SUM2(&first, &second, p->L, l, dy[l],
                  dy[l] * (((x[l] - s.shift) - s.offset) * s.rstd))
    }
    *sum_dy = tree_total(&first);
    *sum_dyx = tree_total(&second);
}

/* dx of one row whose cell has the means a = mean(h), b = mean(h xhat). */
static void row_dx(double *restrict dx, const double *restrict dy,
                   const double *restrict x, double scale, Standard s, double a, double b,
                   size_t L, double keep) {
    if (keep == 0.0)
        for (size_t l = 0; l < L; l++) {
            double xhat = ((x[l] - s.shift) - s.offset) * s.rstd;
            dx[l] = s.rstd * ((scale * dy[l] - a) - xhat * b);
        }
    else
        for (size_t l = 0; l < L; l++) {
            double xhat = ((x[l] - s.shift) - s.offset) * s.rstd;
            dx[l] += s.rstd * ((scale * dy[l] - a) - xhat * b);
        }
}

/* The same where the cell's moments are given: x has no part in it, were it infinite. */
static void row_dx_fixed(double *restrict dx, const double *restrict dy, double factor,
                         size_t L, double keep) {
    for (size_t l = 0; l < L; l++)
        dx[l] = keep == 0.0 ? factor * dy[l] : dx[l] + factor * dy[l];
}

static void slab_dx_fixed(StandardGradient out, const double *dy, const double *gamma,
                          const Standard *cells, const Partition *p, size_t slab) {
    for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) {
        double scale = gamma ? gamma[row.channel] : 1.0;
        for (size_t l = 0; p->apart && l < p->L; l++)
            row_dx_fixed(out.dx + row.offset + l, dy + row.offset + l,
                         cells[slab * p->L + l].rstd * scale, 1, out.keep_dx);
        if (p->apart) continue;
        row_dx_fixed(out.dx + row.offset, dy + row.offset, cells[slab].rstd * scale, p->L,
                     out.keep_dx);
    }
}

/* Positions together: the cell's means are sums of what its rows already know. */
static void slab_dx(StandardGradient out, const double *dy, const double *x,
                    const double *gamma, const Standard *cells, const Partition *p,
                    size_t slab, const double *sum_dy, const double *sum_dyx,
                    StandardForm form) {
    const double count = (double)partition_count(p, slab);
    TreeSum h, hx;
    tree_clear(&h);
    tree_clear(&hx);
    for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) {
        double scale = gamma ? gamma[row.channel] : 1.0;
        tree_push(&h, scale * sum_dy[row.number]);
        tree_push(&hx, scale * sum_dyx[row.number]);
    }
    double a = form == STANDARD_CENTRED ? tree_total(&h) / count : 0.0,
           b = tree_total(&hx) / count;
    for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p))
        row_dx(out.dx + row.offset, dy + row.offset, x + row.offset,
               gamma ? gamma[row.channel] : 1.0, cells[slab], a, b, p->L, out.keep_dx);
}

/* Positions apart: the means run down columns, so h and h xhat are written out first. */
static void apart_products(double *restrict h, double *restrict hx, const double *dy,
                           const double *x, const double *gamma, const Standard *cells,
                           const Partition *p, size_t slab) {
    const Standard *s = cells + slab * p->L;
    for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) {
        const size_t offset = row.offset;
        const double scale = gamma ? gamma[row.channel] : 1.0;
        for (size_t l = 0; l < p->L; l++) {
            h[offset + l] = scale * dy[offset + l];
            double xhat = ((x[offset + l] - s[l].shift) - s[l].offset) * s[l].rstd;
            hx[offset + l] = h[offset + l] * xhat;
        }
    }
}

static void apart_dx(StandardGradient out, const double *dy, const double *x,
                     const double *gamma, const Standard *cells, const Partition *p,
                     StandardForm form, Arena *scratch) {
    const size_t n = p->N * p->C * p->L, m = partition_cells(p);
    double *h = TAKE(scratch, double, n), *hx = TAKE(scratch, double, n);
    double *a = TAKE(scratch, double, m), *b = TAKE(scratch, double, m);
    for (size_t slab = 0; slab < partition_slabs(p); slab++)
        apart_products(h, hx, dy, x, gamma, cells, p, slab);
    partition_mean(a, h, p);
    for (size_t i = 0; form == STANDARD_UNCENTRED && i < m; i++) a[i] = 0.0;
    partition_mean(b, hx, p);
    for (size_t slab = 0; slab < partition_slabs(p); slab++)
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) {
            const size_t offset = row.offset, first = slab * p->L;
            for (size_t l = 0; l < p->L; l++) {
                const Standard s = cells[first + l];
                double xhat = ((x[offset + l] - s.shift) - s.offset) * s.rstd;
                double d =
                    s.rstd * ((h[offset + l] - a[first + l]) - xhat * b[first + l]);
                double *dx = out.dx + offset + l;
                *dx = out.keep_dx == 0.0 ? d : *dx + d;
            }
        }
}

/* dgamma or dbeta from the rows' shares: a tree over the samples for each channel. */
static void reduce_rows(double *out, double keep, const double *sums,
                        const Partition *p) {
    for (size_t c = 0; out && c < p->C; c++) {
        double sum = sum_strided(sums + c, p->N, p->C);
        out[c] = keep == 0.0 ? sum : out[c] + sum;
    }
}

static void backward(StandardGradient out, const double *dy, const double *x,
                     const double *gamma, const Standard *cells, const Partition *p,
                     StandardForm form, Arena *scratch) {
    ArenaMark mark = arena_mark(scratch);
    double *sum_dy = TAKE(scratch, double, p->N * p->C),
           *sum_dyx = TAKE(scratch, double, p->N * p->C);
    const bool given = form == STANDARD_GIVEN;
    for (size_t slab = 0; slab < partition_slabs(p); slab++) {
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p))
            row_sums(&sum_dy[row.number], &sum_dyx[row.number], dy + row.offset,
                     x + row.offset, cells + slab * (p->apart ? p->L : 1), p);
        if (out.dx && given)
            slab_dx_fixed(out, dy, gamma, cells, p, slab);
        else if (out.dx && !p->apart)
            slab_dx(out, dy, x, gamma, cells, p, slab, sum_dy, sum_dyx, form);
    }
    if (out.dx && p->apart && !given)
        apart_dx(out, dy, x, gamma, cells, p, form, scratch);
    reduce_rows(out.dgamma, out.keep_dgamma, sum_dyx, p);
    reduce_rows(out.dbeta, out.keep_dbeta, sum_dy, p);
    arena_rewind(scratch, mark);
}

/* ---- cells in units of their own ------------------------------------------------- */

/* x 2^-scale of each element's cell. */
static const double *in_units(Arena *scratch, const double *x, const int *scale,
                              const Partition *p) {
    double *scaled = TAKE(scratch, double, p->N * p->C * p->L);
    for (size_t slab = 0; slab < partition_slabs(p); slab++)
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p))
            for (size_t l = 0; l < p->L; l++)
                scaled[row.offset + l] =
                    ldexp(x[row.offset + l], -scale[p->apart ? slab * p->L + l : slab]);
    return scaled;
}

/* dx = keep dx + scaled 2^-scale: rounded once where it is no normal number. */
static void out_of_units(double *dx, double keep, const double *scaled, const int *scale,
                         const Partition *p) {
    for (size_t slab = 0; slab < partition_slabs(p); slab++)
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p))
            for (size_t l = 0; l < p->L; l++) {
                const double d = ldexp(scaled[row.offset + l],
                                       -scale[p->apart ? slab * p->L + l : slab]);
                dx[row.offset + l] = keep == 0.0 ? d : dx[row.offset + l] + d;
            }
}

void standard_forward(double *y, const double *x, const double *gamma, const double *beta,
                      const StandardCells *cells, const Partition *p, Arena *scratch) {
    ArenaMark mark = arena_mark(scratch);
    if (cells->scale) x = in_units(scratch, x, cells->scale, p);
    forward(y, x, gamma, beta, cells->cell, p);
    arena_rewind(scratch, mark);
}

void standard_backward(StandardGradient out, const double *dy, const double *x,
                       const double *gamma, const StandardCells *cells,
                       const Partition *p, StandardForm form, Arena *scratch) {
    if (cells->scale == NULL) {
        backward(out, dy, x, gamma, cells->cell, p, form, scratch);
        return;
    }
    ArenaMark mark = arena_mark(scratch);
    StandardGradient own = out;
    own.keep_dx = 0.0;
    if (out.dx) own.dx = TAKE(scratch, double, p->N * p->C * p->L);
    backward(own, dy, in_units(scratch, x, cells->scale, p), gamma, cells->cell, p, form,
             scratch);
    if (out.dx) out_of_units(out.dx, out.keep_dx, own.dx, cells->scale, p);
    arena_rewind(scratch, mark);
}
