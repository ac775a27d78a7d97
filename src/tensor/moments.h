/* moments: means and variances of a partition's cells. */
#ifndef NORMLAB_MOMENTS_H
#define NORMLAB_MOMENTS_H

#include "partition.h"

#include <math.h>

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

#endif
