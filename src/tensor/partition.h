/* partition: which elements of x [N, C, L] share their statistics, and the moments of the
 * cells.
 *
 * A cell is (a block of samples) x (a set of channels) x (all positions, or one). That is
 * every static normalizer of the literature: batch (N, one channel, all), layer (1, all
 * channels, all), instance (1, one, all), group (1, a block, all), position (1, all
 * channels, one), ghost (a block of samples, one, all), the lattice (a block, a block,
 * all), and any channel map with unequal groups. notes/10-partitions.md, (P-1).
 *
 * An element may be in no cell (padding): positions of samples that a mask leaves out, of
 * all channels alike. They are never read, no mean has them in it, and what is spread does
 * not reach them.
 */
#ifndef NORMLAB_PARTITION_H
#define NORMLAB_PARTITION_H

#include "tensor.h"

#include <math.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct Partition {
    size_t N, C, L;
    size_t block;          /* samples of a cell; divides N */
    size_t channel_cells;  /* sets of channels */
    const size_t *cell_of; /* [C] channel -> its set */
    const size_t *member;  /* [C] channels, set after set, ascending inside a set */
    const size_t *start;   /* [channel_cells + 1] first member of each set */
    bool apart;            /* every position is a cell of its own */
    const unsigned char
        *mask; /* [N, L] 1: belongs to its cell, 0: to none; NULL: all do */
} Partition;

/* Sets of `width` consecutive channels (divides C). */
const Partition *partition_blocks(Arena *arena, ShapeLattice x, size_t block,
                                  size_t width, bool apart);

/* Any map of channels onto sets 0..sets-1, none empty. */
const Partition *partition_map(Arena *arena, ShapeLattice x, size_t block,
                               const size_t *cell_of, size_t sets, bool apart);

/* The same cells without what `mask` (kept; NULL: all) leaves out, which may be all of one:
 * such has mean 0 and no variance. */
const Partition *partition_masked(Arena *arena, const Partition *partition,
                                  const unsigned char *mask);

/* Cells are numbered ((n / block) * channel_cells + set) [* L + position]. */
size_t partition_cells(const Partition *partition);
/* (block, set) pairs: cells, positions aside. */
size_t partition_slabs(const Partition *partition);
/* SIZE_MAX: in none. */
size_t partition_cell(const Partition *partition, size_t n, size_t c, size_t l);
size_t partition_count(const Partition *partition, size_t cell); /* elements of a cell */
size_t partition_smallest(const Partition *partition); /* of the smallest cell */

/* A slab is a list of rows of L consecutive elements, by sample and, inside a sample, by
 * member of its set. A stretch is a row, or as many rows as lie together:
 *     for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) ...
 * No step takes a division: where tensors are small, rows are short. */
typedef struct Stretch {
    size_t offset, length;  /* elements of x */
    size_t number, channel; /* n * C + channel and channel of its first row */
    size_t left;            /* stretches from here on, this one included */
    size_t rows;            /* of L in each */
    size_t n, at;           /* its sample, its place in `member` */
    size_t first, end;      /* of the set, there */
} Stretch;

static inline Stretch slab_rows(const Partition *p, size_t slab) {
    size_t set = slab % p->channel_cells, first = p->start[set], end = p->start[set + 1];
    size_t n = slab / p->channel_cells * p->block, channel = p->member[first];
    return (Stretch){.offset = (n * p->C + channel) * p->L,
                     .length = p->L,
                     .number = n * p->C + channel,
                     .channel = channel,
                     .left = p->block * (end - first),
                     .rows = 1,
                     .n = n,
                     .at = first,
                     .first = first,
                     .end = end};
}

Stretch slab_runs(const Partition *partition, size_t slab); /* the longest stretches */

static inline void stretch_next(Stretch *s, const Partition *p) {
    s->left--;
    s->at += s->rows;
    if (s->at >= s->end) s->at = s->first, s->n++;
    s->channel = p->member[s->at];
    s->number = s->n * p->C + s->channel;
    s->offset = s->number * p->L;
}

/* One element of a cell after the other, of those that belong:
 *     for (Member m = cell_members(p, cell); member_next(&m, p);) ... x[m.element] ... */
typedef struct Member {
    size_t element; /* of x */
    Stretch row;
    size_t l, first, end; /* positions of a row: the next, and the cell's */
} Member;

static inline Member cell_members(const Partition *p, size_t cell) {
    const size_t first = p->apart ? cell % p->L : 0, end = p->apart ? first + 1 : p->L;
    return (Member){.element = 0,
                    .row = slab_rows(p, p->apart ? cell / p->L : cell),
                    .l = first,
                    .first = first,
                    .end = end};
}

static inline bool member_next(Member *m, const Partition *p) {
    while (m->row.left > 0) {
        const size_t l = m->l++;
        m->element = m->row.offset + l;
        const bool belongs = p->mask == NULL || p->mask[m->row.n * p->L + l];
        if (m->l == m->end) stretch_next(&m->row, p), m->l = m->first;
        if (belongs) return true;
    }
    return false;
}

/* mean[cells] = a + mean(x - a) with a = x0 + mean(x - x0), x0 the cell's first element:
 * linear, exact on constants, and no outlying x0 costs a digit. (P-2) */
void partition_mean(double *mean, const double *x, const Partition *partition);
/* x[N, C, L] = beta*x + cell[cell of the element]. (P-3) */
void partition_spread(double *x, const double *cell, const Partition *partition,
                      double beta);

/* ---- moments --------------------------------------------------------------------- */

/* Mean and variance of a cell as {count, shift, mean - shift, M2}: the mean in one double
 * would cost 1e7 eps at |mean|/std = 1e8. M2 is the sum of squares about the mean. Where
 * x has no such sums in doubles (beyond 1e150, below 1e-150) all are those of x 2^-scale,
 * which costs no digit; elsewhere scale is 0. (P-4) */
typedef struct Moments {
    double count;
    double shift;  /* a double near the mean */
    double offset; /* mean - shift */
    double m2;
    int scale;
} Moments;

/* The moments of every cell. */
void partition_moments(Moments *moments, const double *x, const Partition *partition);

Moments moments_plain(Moments moments); /* of x itself, as far as doubles go */

/* a 2^exponent, which as a rule is a. */
static inline double moments_in_x(double a, int exponent) {
    return exponent == 0 ? a : ldexp(a, exponent);
}

static inline double moments_mean(Moments moments) { /* in one double */
    return moments_in_x(moments.shift + moments.offset, moments.scale);
}

static inline double moments_variance(Moments moments) { /* biased: m2 / count */
    return moments_in_x(moments.m2 / moments.count, 2 * moments.scale);
}

double moments_unbiased(Moments moments); /* m2 / (count - 1); NaN for one element */

/* The moments of the union of two cells (Chan, Golub, LeVeque 1979), shift of the
 * first. */
Moments moments_merge(Moments a, Moments b);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
