/* partition: which elements of x [N, C, L] share their statistics.
 *
 * A cell is (a block of samples) x (a set of channels) x (all positions, or one). That is
 * every static normalizer of the literature: batch (N, one channel, all), layer (1, all
 * channels, all), instance (1, one, all), group (1, a block, all), position (1, all
 * channels, one), ghost (a block of samples, one, all), the lattice (a block, a block,
 * all), and any channel map with unequal groups. notes/11-partitions.md, (P-1).
 *
 * An element may be in no cell (padding): positions of samples that a mask leaves out, of
 * all channels alike. They are never read, no mean has them in it, and what is spread does
 * not reach them. No function has errors: sizes that do not divide are REQUIREd to.
 */
#ifndef NORMLAB_PARTITION_H
#define NORMLAB_PARTITION_H

#include "tensor.h"

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
/* SIZE_MAX: in none. */
size_t partition_cell(const Partition *partition, size_t n, size_t c, size_t l);
size_t partition_count(const Partition *partition, size_t cell); /* elements of a cell */
size_t partition_smallest(const Partition *partition); /* of the smallest cell */

/* mean[cells] = a + mean(x - a) with a = x0 + mean(x - x0), x0 the cell's first element:
 * linear, exact on constants, and no outlying x0 costs a digit. (P-2) */
void partition_mean(double *mean, const double *x, const Partition *partition);
/* x[N, C, L] = beta*x + cell[cell of the element]. (P-3) */
void partition_spread(double *x, const double *cell, const Partition *partition,
                      double beta);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
