/* Partitions as (block of samples) x (set of channels) [x position], and sums over their
 * cells. */
#include "masked.h"

#include <math.h>
#include <string.h>

const Partition *partition_map(Arena *arena, Lattice x, size_t block,
                               const size_t *cell_of, size_t sets, bool apart) {
    REQUIRE(block > 0 && x.N % block == 0, "blocks of %zu samples in %zu", block, x.N);
    size_t *own = TAKE(arena, size_t, x.C), *member = TAKE(arena, size_t, x.C);
    size_t *start = ZERO(arena, size_t, sets + 1);
    for (size_t c = 0; c < x.C; c++) {
        REQUIRE(cell_of[c] < sets, "channel %zu in set %zu of %zu", c, cell_of[c], sets);
        own[c] = cell_of[c];
        start[cell_of[c] + 1]++;
    }
    for (size_t g = 0; g < sets; g++) {
        REQUIRE(start[g + 1] > 0, "set %zu has no channels", g);
        start[g + 1] += start[g];
    }
    size_t *next = TAKE(arena, size_t, sets); /* first free place of each set */
    for (size_t g = 0; g < sets; g++) next[g] = start[g];
    for (size_t c = 0; c < x.C; c++) member[next[own[c]]++] = c;
    Partition *p = TAKE(arena, Partition, 1);
    *p = (Partition){.N = x.N,
                     .C = x.C,
                     .L = x.L,
                     .block = block,
                     .channel_cells = sets,
                     .cell_of = own,
                     .member = member,
                     .start = start,
                     .apart = apart};
    return p;
}

const Partition *partition_blocks(Arena *arena, Lattice x, size_t block, size_t width,
                                  bool apart) {
    REQUIRE(width > 0 && x.C % width == 0, "sets of %zu channels in %zu", width, x.C);
    size_t *map = TAKE(arena, size_t, x.C);
    for (size_t c = 0; c < x.C; c++) map[c] = c / width;
    return partition_map(arena, x, block, map, x.C / width, apart);
}

size_t partition_slabs(const Partition *p) {
    return p->N / p->block * p->channel_cells;
}

size_t partition_cells(const Partition *p) {
    return partition_slabs(p) * (p->apart ? p->L : 1);
}

size_t partition_cell(const Partition *p, size_t n, size_t c, size_t l) {
    if (p->mask && !p->mask[n * p->L + l]) return SIZE_MAX;
    size_t slab = n / p->block * p->channel_cells + p->cell_of[c];
    return p->apart ? slab * p->L + l : slab;
}

/* Channels in the slab's set. */
static size_t slab_width(const Partition *p, size_t slab) {
    size_t set = slab % p->channel_cells;
    return p->start[set + 1] - p->start[set];
}

size_t partition_count(const Partition *p, size_t cell) {
    if (p->mask) return masked_count(p, cell);
    size_t slab = p->apart ? cell / p->L : cell;
    return p->block * slab_width(p, slab) * (p->apart ? 1 : p->L);
}

size_t partition_smallest(const Partition *p) {
    if (p->mask) return masked_smallest(p);
    size_t least = SIZE_MAX;
    for (size_t set = 0; set < p->channel_cells; set++) {
        size_t count = p->block * slab_width(p, set) * (p->apart ? 1 : p->L);
        if (count < least) least = count;
    }
    return least;
}

Stretch slab_runs(const Partition *p, size_t slab) {
    Stretch run = slab_rows(p, slab);
    size_t width = run.end - run.first;
    if (p->member[run.end - 1] - p->member[run.first] != width - 1) return run;
    run.left = width == p->C ? 1 : p->block;
    run.rows = width == p->C ? p->block * width : width;
    run.length = run.rows * p->L;
    return run;
}

/* ---- sums over a slab whose positions belong together: runs of consecutive elements --- */

static double slab_mean_about(const double *x, double about, const Partition *p,
                              size_t slab, double count) {
    TreeSum tree;
    tree_clear(&tree);
    for (Stretch run = slab_runs(p, slab); run.left > 0; stretch_next(&run, p))
        TREE_SUM(&tree, run.length, i, x[run.offset + i] - about)
    return tree_total(&tree) / count;
}

/* Moments of x 2^-scale about `shift` in one pass over the slab. */
static Moments slab_moments_about(const double *x, int scale, double shift,
                                  const Partition *p, size_t slab, double count) {
    TreeSum first, second;
    tree_clear(&first);
    tree_clear(&second);
    for (Stretch run = slab_runs(p, slab); run.left > 0; stretch_next(&run, p)) {
        const double *in = x + run.offset;
        if (scale == 0) {
            TREE_SUM2(&first, &second, run.length, i, in[i] - shift,
                      (in[i] - shift) * (in[i] - shift))
        } else {
            TREE_SUM2(&first, &second, run.length, i, ldexp(in[i], -scale) - shift,
                      (ldexp(in[i], -scale) - shift) * (ldexp(in[i], -scale) - shift))
        }
    }
    double sum = tree_total(&first), offset = sum / count;
    double m2 = tree_total(&second) - sum * offset;
    return (Moments){count, shift, offset, m2 > 0.0 || isnan(m2) ? m2 : 0.0, scale};
}

/* The mean of the first leaf is a good shift unless the cell drifts; then its own mean
 * is. One pass over the slab as a rule, and the variance never loses more than a bit to
 * cancellation. */
static Moments slab_moments_in(const double *x, int scale, const Partition *p,
                               size_t slab, double count) {
    const Stretch run = slab_runs(p, slab);
    const double *in = x + run.offset, x0 = ldexp(in[0], -scale);
    TreeSum tree;
    tree_clear(&tree);
    size_t leaf = run.length < SUM_LEAF ? run.length : SUM_LEAF;
    if (scale == 0) {
        TREE_SUM(&tree, leaf, i, in[i] - x0)
    } else {
        TREE_SUM(&tree, leaf, i, ldexp(in[i], -scale) - x0)
    }
    Moments m = slab_moments_about(x, scale, x0 + tree_total(&tree) / (double)leaf, p,
                                   slab, count);
    if (m.offset * m.offset * count > m.m2 / 4.0)
        m = slab_moments_about(x, scale, m.shift + m.offset, p, slab, count);
    return m;
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

static Moments slab_moments(const double *x, const Partition *p, size_t slab,
                            double count) {
    const Moments m = slab_moments_in(x, 0, p, slab, count);
    const int scale = is_ordinary(m) ? 0 : extreme_scale(x, p, slab, 0, p->L);
    return scale == 0 ? m : slab_moments_in(x, scale, p, slab, count);
}

/* ---- sums over a slab whose positions are apart: columns of rows, 64 positions at a time --- */

enum { WIDTH = 64, ROWS = 8 };

/* A TreeSum of vectors: leaves of 8 rows, joined pairwise. */
typedef struct TreeRows {
    double level[40][WIDTH];
    size_t count, top, width;
} TreeRows;

static void tree_rows_push(TreeRows *tree, const double *leaf) {
    double *slot = tree->level[tree->top];
    memcpy(slot, leaf, tree->width * sizeof *slot);
    for (size_t bits = tree->count++; bits & 1; bits >>= 1) {
        tree->top--;
        for (size_t j = 0; j < tree->width; j++)
            tree->level[tree->top][j] += tree->level[tree->top + 1][j];
    }
    tree->top++;
}

static void tree_rows_total(const TreeRows *tree, double *total) {
    REQUIRE(tree->top > 0, "a slab without rows");
    memcpy(total, tree->level[tree->top - 1], tree->width * sizeof *total);
    for (size_t k = tree->top - 1; k-- > 0;)
        for (size_t j = 0; j < tree->width; j++) total[j] = tree->level[k][j] + total[j];
}

/* first[j] = sum over rows of x 2^-scale - about[j]; second[j] the same of squares (NULL:
 * not wanted). */
static void column_sums(double *first, double *second, const double *x, int scale,
                        const double *about, const Partition *p, size_t slab, size_t l0,
                        size_t width) {
    TreeRows tree[2];
    for (int t = 0; t < 2; t++) tree[t].count = tree[t].top = 0, tree[t].width = width;
    for (Stretch row = slab_rows(p, slab); row.left > 0;) {
        double leaf[2][WIDTH] = {{0}};
        for (int r = 0; r < ROWS && row.left > 0; r++, stretch_next(&row, p)) {
            const double *in = x + row.offset + l0;
            if (scale == 0)
                for (size_t j = 0; j < width; j++) {
                    double d = in[j] - about[j];
                    leaf[0][j] += d;
                    leaf[1][j] += d * d;
                }
            else
                for (size_t j = 0; j < width; j++) {
                    double d = ldexp(in[j], -scale) - about[j];
                    leaf[0][j] += d;
                    leaf[1][j] += d * d;
                }
        }
        tree_rows_push(&tree[0], leaf[0]);
        if (second) tree_rows_push(&tree[1], leaf[1]);
    }
    tree_rows_total(&tree[0], first);
    if (second) tree_rows_total(&tree[1], second);
}

static void column_moments_in(Moments *m, const double *x, int scale, const Partition *p,
                              size_t slab, size_t l0, size_t width, double count) {
    double shift[WIDTH], first[WIDTH], second[WIDTH];
    memcpy(shift, x + slab_rows(p, slab).offset + l0, width * sizeof *shift);
    for (size_t j = 0; scale && j < width; j++) shift[j] = ldexp(shift[j], -scale);
    column_sums(first, NULL, x, scale, shift, p, slab, l0, width);
    for (size_t j = 0; j < width; j++) shift[j] += first[j] / count;
    column_sums(first, second, x, scale, shift, p, slab, l0, width);
    for (size_t j = 0; j < width; j++) {
        double offset = first[j] / count, m2 = second[j] - first[j] * offset;
        m[j] =
            (Moments){count, shift[j], offset, m2 > 0.0 || isnan(m2) ? m2 : 0.0, scale};
    }
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

#define FOR_COLUMNS(l0, width, L)                                                        \
    for (size_t l0 = 0, width = (L) < WIDTH ? (L) : WIDTH; l0 < (L);                     \
         l0 += WIDTH, width = (L)-l0 < WIDTH ? (L)-l0 : WIDTH)

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
        FOR_COLUMNS(l0, width, p->L) {
            double sum[WIDTH], *about = mean + slab * p->L + l0;
            column_sums(sum, NULL, x, 0, first + l0, p, slab, l0, width);
            for (size_t j = 0; j < width; j++) about[j] = first[l0 + j] + sum[j] / count;
            column_sums(sum, NULL, x, 0, about, p, slab, l0, width);
            for (size_t j = 0; j < width; j++) about[j] += sum[j] / count;
        }
    }
}

void partition_spread(double *x, const double *cell, const Partition *p, double beta) {
    if (p->mask) {
        masked_spread(x, cell, p, beta);
        return;
    }
    for (size_t slab = 0; slab < partition_slabs(p); slab++)
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) {
            double *out = x + row.offset;
            if (p->apart) {
                vector_add(out, cell + slab * p->L, p->L, beta);
                continue;
            }
            for (size_t l = 0; l < p->L; l++)
                out[l] = beta == 0.0 ? cell[slab] : out[l] + cell[slab];
        }
}

void partition_moments(Moments *m, const double *x, const Partition *p) {
    if (p->mask) {
        masked_moments(m, x, p);
        return;
    }
    for (size_t slab = 0; slab < partition_slabs(p); slab++) {
        if (!p->apart) {
            m[slab] = slab_moments(x, p, slab, (double)partition_count(p, slab));
            continue;
        }
        double count = (double)slab_rows(p, slab).left;
        FOR_COLUMNS(l0, width, p->L)
        column_moments(m + slab * p->L + l0, x, p, slab, l0, width, count);
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
