/* slabs: moments of cells some at a time, for who goes on with them while x is in the
 * cache. */
#ifndef NORMLAB_SLABS_H
#define NORMLAB_SLABS_H

#include "moments.h"
#include "passes.h"
#include "stretch.h"

/* Of a slab's one cell or, where positions are apart, of its cells l0 .. l0 + width. Positions
 * are taken some at a time, as many as there is room for with so many arrays (0: there are no
 * more):
 *     for (size_t l0 = 0, width; (width = partition_columns(p, 1, l0)) > 0; l0 += width) ... */
void partition_slab_moments(Moments *moments, const double *x, const Partition *partition,
                            size_t slab, size_t l0, size_t width);
size_t partition_columns(const Partition *partition, size_t arrays, size_t from);

/* The same of a slab whose positions belong together, begun, some at a time, and its end: for
 * who has something to write meanwhile. */
typedef struct SlabSums {
    const double *x;
    const Partition *p;
    size_t slab;
    Stretch run;
    size_t from; /* in the run */
    double shift;
    TreeSum first, second;
} SlabSums;

void slab_sums_begin(SlabSums *sums, const double *x, const Partition *partition,
                     size_t slab);
/* Whole leaves that follow, of `most` elements at most, for a pass to take: how many elements.
 * 0: they must be taken otherwise. */
size_t slab_sums_take(SlabSums *sums, size_t most, Beside *beside);
Moments slab_sums_end(SlabSums *sums);

#endif
