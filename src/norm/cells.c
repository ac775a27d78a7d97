/* The cells of a call: what standardizes x in each, and the units in which that is done. */
#include "kernel.h"

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

/* ---- cells in units of their own ------------------------------------------------- */

bool has_units(const StandardCells *cells, const Part *part) {
    const size_t count = part->p->apart ? part->width : 1;
    for (size_t i = 0; cells->scale && i < count; i++)
        if (cells->scale[part->first + i] != 0) return true;
    return false;
}

void in_units(double *scaled, const double *x, const int *scale, const Part *part) {
    const Partition *p = part->p;
    for (Stretch row = slab_rows(p, part->slab); row.left > 0; stretch_next(&row, p))
        for (size_t l = 0; l < part->width; l++)
            scaled[row.offset + part->l0 + l] = ldexp(
                x[row.offset + part->l0 + l], -scale[part->first + (p->apart ? l : 0)]);
}

void out_of_units(double *dx, double keep, const double *scaled, const int *scale,
                  const Part *part) {
    const Partition *p = part->p;
    for (Stretch row = slab_rows(p, part->slab); row.left > 0; stretch_next(&row, p))
        for (size_t l = 0; l < part->width; l++) {
            const size_t at = row.offset + part->l0 + l;
            const double d = ldexp(scaled[at], -scale[part->first + (p->apart ? l : 0)]);
            dx[at] = keep == 0.0 ? d : dx[at] + d;
        }
}
