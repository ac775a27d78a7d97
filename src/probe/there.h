/* What is there at a normalizer's place: all but padding, whose numbers mean nothing. */
#ifndef NORMLAB_THERE_H
#define NORMLAB_THERE_H

#include "train.h"

/* The positions of one channel of a sample, in their order; how many are there. */
size_t there_row(double *to, const TrainPlace *p, const double *x, size_t sample,
                 size_t channel);

/* Mean and deviation, the root of the mean square about it; NaN of nothing. */
void there_moments(double *mean, double *deviation, const double *x, size_t count);

#endif
