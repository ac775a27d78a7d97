/* Means and moments of a partition's cells, in sums of a fixed order. */
#include "moments.h"
#include "masked.h"
#include "slabs.h"

#include <math.h>
#include <string.h>

/* ---- sums over a slab whose positions belong together: runs of consecutive elements --- */

static double slab_mean_about(const double *x, double about, const Partition *p,
                              size_t slab, double count) {
    TreeSum tree;
    tree_clear(&tree);
    for (Stretch run = slab_runs(p, slab); run.left > 0; stretch_next(&run, p))
        TREE_SUM(&tree, run.length, i, x[run.offset + i] - about)
    return tree_total(&tree) / count;
}

//> moments
/* Of sums about a shift. */
static Moments moments_of(double first, double second, int scale, double shift,
                          double count) {
    const double offset = first / count, m2 = second - first * offset;
    return (Moments){count, shift, offset, m2 > 0.0 || isnan(m2) ? m2 : 0.0, scale};
}
//< moments

/* Moments of x 2^-scale about `shift` in one pass over the slab. */
static Moments slab_moments_about(const double *x, int scale, double shift,
                                  const Partition *p, size_t slab, double count) {
    TreeSum first, second;
    tree_clear(&first);
    tree_clear(&second);
    for (Stretch run = slab_runs(p, slab); run.left > 0; stretch_next(&run, p)) {
        const double *in = x + run.offset;
        if (scale == 0) {
            passes_best()->moments(&first, &second, in, run.length, shift);
        } else {
            TREE_SUM2(&first, &second, run.length, i, ldexp(in[i], -scale) - shift,
                      (ldexp(in[i], -scale) - shift) * (ldexp(in[i], -scale) - shift))
        }
    }
    return moments_of(tree_total(&first), tree_total(&second), scale, shift, count);
}

/* The mean of the first leaf. */
static double first_shift(const double *x, int scale, const Partition *p, size_t slab) {
    const Stretch run = slab_runs(p, slab);
    const double *in = x + run.offset, x0 = ldexp(in[0], -scale);
    const size_t leaf = run.length < SUM_LEAF ? run.length : SUM_LEAF;
    TreeSum tree;
    tree_clear(&tree);
    if (scale == 0) {
        TREE_SUM(&tree, leaf, i, in[i] - x0)
    } else {
        TREE_SUM(&tree, leaf, i, ldexp(in[i], -scale) - x0)
    }
    return x0 + tree_total(&tree) / (double)leaf;
}

//> settled
/* That is a good shift unless the cell drifts; then its own mean is. One pass over the slab
 * as a rule, and the variance never loses more than a bit to cancellation. */
static Moments settled(Moments m, const double *x, const Partition *p, size_t slab) {
    if (m.offset * m.offset * m.count > m.m2 / 4.0)
        m = slab_moments_about(x, m.scale, m.shift + m.offset, p, slab, m.count);
    return m;
}
//< settled

static Moments slab_moments_in(const double *x, int scale, const Partition *p,
                               size_t slab, double count) {
    const double shift = first_shift(x, scale, p, slab);
    return settled(slab_moments_about(x, scale, shift, p, slab, count), x, p, slab);
}

/* ---- the ends of the doubles' range: x 2^-scale has squares, x has not --------------- */

/* Sums of squares that are doubles to the last digit, and no infinity on the way. */
static bool is_ordinary(Moments m) {
    return m.m2 >= 0x1p-1000 * m.count && m.m2 <= 0x1p1000;
}

static bool is_constant(const double *x, const Partition *p, size_t slab, size_t l0,
                        size_t width) {
    const double *first = x + slab_rows(p, slab).offset + l0;
    for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p))
        for (size_t l = 0; l < width; l++)
            if (x[row.offset + l0 + l] != *first) return false;
    return true;
}

/* Exponent of the largest |x 2^-scale - about| of positions l0 to l0 + width of a slab; 0
 * where one is not finite, or all are zero: then there is nothing to be scaled. */
static int largest_exponent(const double *x, int scale, double about, const Partition *p,
                            size_t slab, size_t l0, size_t width) {
    double largest = 0.0;
    for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p))
        for (size_t l = 0; l < width; l++) {
            const double size = fabs(ldexp(x[row.offset + l0 + l], -scale) - about);
            if (!isfinite(size)) return 0;
            largest = fmax(largest, size);
        }
    return largest > 0.0 ? ilogb(largest) : 0;
}

/* That of the spread: 0 where the cell is as it is in every unit. */
static int extreme_scale(const double *x, const Partition *p, size_t slab, size_t l0,
                         size_t width) {
    if (is_constant(x, p, slab, l0, width)) return 0;
    const int size = largest_exponent(x, 0, 0.0, p, slab, l0, width);
    const double first = ldexp(x[slab_rows(p, slab).offset + l0], -size);
    return isfinite(first) ? size + largest_exponent(x, size, first, p, slab, l0, width)
                           : 0;
}

/* The same where that has no moments in doubles. */
static Moments in_doubles(Moments m, const double *x, const Partition *p, size_t slab) {
    const int scale = is_ordinary(m) ? 0 : extreme_scale(x, p, slab, 0, p->L);
    return scale == 0 ? m : slab_moments_in(x, scale, p, slab, m.count);
}

static Moments slab_moments(const double *x, const Partition *p, size_t slab,
                            double count) {
    return in_doubles(slab_moments_in(x, 0, p, slab, count), x, p, slab);
}

/* ---- the same sums, some at a time ------------------------------------------------------ */

enum {
    AHEAD = 1024
}; /* elements: what has arrived then, and is still in the first cache */

void slab_sums_begin(SlabSums *s, const double *x, const Partition *p, size_t slab) {
    s->x = x, s->p = p, s->slab = slab;
    s->run.left = s->from = 0;
    tree_clear(&s->first);
    tree_clear(&s->second);
    if (slab >= partition_slabs(p)) return;
    s->run = slab_runs(p, slab);
    s->shift = first_shift(x, 0, p, slab);
}

static void slab_sums_moved(SlabSums *s, size_t n) {
    s->from += n;
    if (s->from < s->run.length) return;
    stretch_next(&s->run, s->p);
    s->from = 0;
}

/* Elements from the end of this run to the begin of the next, of the next slab's after the last
 * one; behind the last of all, back to where it is. */
static ptrdiff_t jump_of(const SlabSums *s) {
    Stretch next = s->run;
    const size_t end = next.offset + next.length;
    stretch_next(&next, s->p);
    if (next.left == 0 && s->slab + 1 == partition_slabs(s->p)) return -AHEAD;
    if (next.left == 0) next = slab_runs(s->p, s->slab + 1);
    return (ptrdiff_t)next.offset - (ptrdiff_t)end;
}

/* What is left of the run. */
static void slab_sums_rest(SlabSums *s) {
    const size_t left = s->run.length - s->from;
    passes_best()->moments(&s->first, &s->second, s->x + s->run.offset + s->from, left,
                           s->shift);
    slab_sums_moved(s, left);
}

size_t slab_sums_take(SlabSums *s, size_t most, Beside *beside) {
    while (s->run.left > 0 && s->run.length - s->from < SUM_LEAF) slab_sums_rest(s);
    if (s->run.left == 0) return 0;
    const size_t left = s->run.length - s->from;
    const size_t n = (left < most ? left : most) / SUM_LEAF * SUM_LEAF;
    *beside = (Beside){.first = &s->first,
                       .second = &s->second,
                       .x = s->x + s->run.offset + s->from,
                       .of = {.shift = s->shift},
                       .ahead = AHEAD,
                       .until = left > AHEAD ? left - AHEAD : 0,
                       .jump = jump_of(s)};
    slab_sums_moved(s, n);
    return n;
}

Moments slab_sums_end(SlabSums *s) {
    while (s->run.left > 0) slab_sums_rest(s);
    const double count = (double)partition_count(s->p, s->slab);
    const Moments m =
        moments_of(tree_total(&s->first), tree_total(&s->second), 0, s->shift, count);
    return in_doubles(settled(m, s->x, s->p, s->slab), s->x, s->p, s->slab);
}

/* ---- sums over a slab whose positions are apart: columns of rows ------------------- */

/* A leaf of up to PASS_ROWS rows: first[j] = sum over rows of x 2^-scale - about[j], second[j]
 * the same of squares (NULL: not wanted). The row is moved on. */
static void column_leaf(double *first, double *second, const double *x, int scale,
                        const double *about, const Partition *p, Stretch *row, size_t l0,
                        size_t width) {
    const double *in[PASS_ROWS];
    size_t rows = 0;
    for (; rows < PASS_ROWS && row->left > 0; stretch_next(row, p))
        in[rows++] = x + row->offset + l0;
    if (scale == 0) {
        passes_best()->column_moments(first, second, in, rows, about, width);
        return;
    }
    for (size_t j = 0; j < width; j++) {
        double a = 0.0, b = 0.0;
        for (size_t r = 0; r < rows; r++) {
            const double d = ldexp(in[r][j], -scale) - about[j];
            a += d;
            b += d * d;
        }
        first[j] = a;
        if (second) second[j] = b;
    }
}

/* Sums of these over the slab (second NULL: not wanted). */
static void column_sums(double *first, double *second, const double *x, int scale,
                        const double *about, const Partition *p, size_t slab, size_t l0,
                        size_t width) {
    TreeRows tree[2];
    for (int t = 0; t < 2; t++) tree_rows_clear(&tree[t], width);
    for (Stretch row = slab_rows(p, slab); row.left > 0;) {
        double leaf[2][PASS_COLUMNS];
        column_leaf(leaf[0], second ? leaf[1] : NULL, x, scale, about, p, &row, l0,
                    width);
        tree_rows_push(&tree[0], leaf[0]);
        if (second) tree_rows_push(&tree[1], leaf[1]);
    }
    tree_rows_total(&tree[0], first);
    if (second) tree_rows_total(&tree[1], second);
}

static void column_moments_in(Moments *m, const double *x, int scale, const Partition *p,
                              size_t slab, size_t l0, size_t width, double count) {
    double shift[PASS_COLUMNS], first[PASS_COLUMNS], second[PASS_COLUMNS];
    memcpy(shift, x + slab_rows(p, slab).offset + l0, width * sizeof *shift);
    for (size_t j = 0; scale && j < width; j++) shift[j] = ldexp(shift[j], -scale);
    column_sums(first, NULL, x, scale, shift, p, slab, l0, width);
    for (size_t j = 0; j < width; j++) shift[j] += first[j] / count;
    column_sums(first, second, x, scale, shift, p, slab, l0, width);
    for (size_t j = 0; j < width; j++)
        m[j] = moments_of(first[j], second[j], scale, shift[j], count);
}

static void column_moments(Moments *m, const double *x, const Partition *p, size_t slab,
                           size_t l0, size_t width, double count) {
    column_moments_in(m, x, 0, p, slab, l0, width, count);
    for (size_t j = 0; j < width; j++) {
        const int scale = is_ordinary(m[j]) ? 0 : extreme_scale(x, p, slab, l0 + j, 1);
        if (scale) column_moments_in(m + j, x, scale, p, slab, l0 + j, 1, count);
    }
}

/* ---- the cells of a partition ---------------------------------------------------- */

void partition_mean(double *mean, const double *x, const Partition *p) {
    if (p->mask) {
        masked_mean(mean, x, p);
        return;
    }
    for (size_t slab = 0; slab < partition_slabs(p); slab++) {
        const double *first = x + slab_rows(p, slab).offset;
        if (!p->apart) {
            double count = (double)partition_count(p, slab);
            double about = *first + slab_mean_about(x, *first, p, slab, count);
            mean[slab] = about + slab_mean_about(x, about, p, slab, count);
            continue;
        }
        double count = (double)slab_rows(p, slab).left;
        for (size_t l0 = 0, width; (width = partition_columns(p, 1, l0)) > 0;
             l0 += width) {
            double sum[PASS_COLUMNS], *about = mean + slab * p->L + l0;
            column_sums(sum, NULL, x, 0, first + l0, p, slab, l0, width);
            for (size_t j = 0; j < width; j++) about[j] = first[l0 + j] + sum[j] / count;
            column_sums(sum, NULL, x, 0, about, p, slab, l0, width);
            for (size_t j = 0; j < width; j++) about[j] += sum[j] / count;
        }
    }
}

void partition_slab_moments(Moments *m, const double *x, const Partition *p, size_t slab,
                            size_t l0, size_t width) {
    const double count = (double)partition_count(p, p->apart ? slab * p->L : slab);
    if (p->apart)
        column_moments(m, x, p, slab, l0, width, count);
    else
        *m = slab_moments(x, p, slab, count);
}

void partition_moments(Moments *m, const double *x, const Partition *p) {
    if (p->mask) {
        masked_moments(m, x, p);
        return;
    }
    for (size_t slab = 0; slab < partition_slabs(p); slab++)
        for (size_t l0 = 0, width; (width = partition_columns(p, 1, l0)) > 0;
             l0 += width) {
            partition_slab_moments(m, x, p, slab, l0, width);
            m += p->apart ? width : 1;
        }
}

Moments moments_plain(Moments m) {
    if (m.scale == 0) return m;
    return (Moments){m.count, ldexp(m.shift, m.scale), ldexp(m.offset, m.scale),
                     ldexp(m.m2, 2 * m.scale), 0};
}

double moments_unbiased(Moments m) { /* 0/0 for one element: NaN, "not there" */
    return moments_in_x(m.m2 / (m.count - 1.0), 2 * m.scale);
}

/* In units of 2^scale, which are not below its own. */
static Moments moments_scaled(Moments m, int scale) {
    const int by = m.scale - scale;
    return (Moments){m.count, ldexp(m.shift, by), ldexp(m.offset, by),
                     ldexp(m.m2, 2 * by), scale};
}

Moments moments_merge(Moments a, Moments b) {
    if (a.scale != b.scale) {
        const int scale = a.scale > b.scale ? a.scale : b.scale;
        a = moments_scaled(a, scale), b = moments_scaled(b, scale);
    }
    double count = a.count + b.count;
    double apart =
        (b.shift - a.shift) + (b.offset - a.offset); /* difference of the means */
    return (Moments){count, a.shift, a.offset + apart * (b.count / count),
                     a.m2 + b.m2 + apart * apart * (a.count * (b.count / count)),
                     a.scale};
}
