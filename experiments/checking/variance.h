/* variance: the textbook algorithms of the variance beside the normalizers' own, and the
 * digits that each loses as the mean grows. notes/15-checking.md */
#ifndef NORMLAB_VARIANCE_H
#define NORMLAB_VARIANCE_H

#include "arith.h"
#include "base.h"

/* The biased variance of x[n], n > 0, as doubles compute it: sums from the first element
 * to the last, as the sources have them. */
typedef struct VarianceAlgorithm {
    const char *name;   /* "Welford" */
    const char *title;  /* the formula in words */
    const char *source; /* author, year, where */
    double (*variance)(const double *x, size_t n);
} VarianceAlgorithm;

/* From the oldest to ours. */
const VarianceAlgorithm *variance_algorithms(size_t *count);

/* The truth: doubles as they are, two passes in 113 bits. */
Quad variance_exact(const double *x, size_t n);

typedef struct VarianceCurves {
    size_t elements; /* of a sample */
    size_t algorithms, ratios, seeds;
    const char **name, **title, **source; /* [algorithms] */
    const double *ratio; /* [ratios] |mean| / std of what is drawn from, 1e0 to 1e10 */
    const double *seed;  /* [seeds] */
    const double *error; /* [algorithms, ratios, seeds] |got - truth| / truth */
} VarianceCurves;

/* Samples of normals, seeds seed, seed + 1, ...; one seed has the same normals at every
 * mean. */
VarianceCurves variance_measure(Arena *arena, uint64_t seed, size_t seeds);

#endif
