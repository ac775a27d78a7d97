/* masked: what partition.c does where a mask leaves elements out. */
#ifndef NORMLAB_MASKED_H
#define NORMLAB_MASKED_H

#include "moments.h"

size_t masked_count(const Partition *partition, size_t cell);
size_t masked_smallest(const Partition *partition);
void masked_mean(double *mean, const double *x, const Partition *partition);
void masked_spread(double *x, const double *cell, const Partition *partition,
                   double beta);
/* scale is 0: beyond the doubles' squares are no moments. */
void masked_moments(Moments *moments, const double *x, const Partition *partition);

#endif
