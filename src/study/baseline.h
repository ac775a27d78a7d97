/* baseline: what is known of some images without a network, as the gate of verdicts asks. */
#ifndef NORMLAB_BASELINE_H
#define NORMLAB_BASELINE_H

#include "dataset.h"

enum { BASELINES = 2, BASELINE_BLOCK = 50, BASELINE_NEIGHBOURS = 5 };

/* Softmax regression and the nearest neighbours: in files, and as people say it. */
extern const char *const baseline_names[BASELINES], *const baseline_titles[BASELINES];

/* Judged on the test samples; blocks are those that a run's file has. */
typedef struct Baseline {
    double error;  /* share misclassified */
    size_t blocks; /* whole blocks of BASELINE_BLOCK test samples, in their order */
    double *block; /* [blocks] */
    double decay;  /* of softmax regression: chosen on val; else 0 */
    double slope;  /* largest element of its gradient at the end; else 0 */
} Baseline;

/* Both, on all training samples of `dataset`, whose field 0 is seen and whose field `label` is to
 * be told. On all threads; the bits do not depend on how many. */
void baselines(Arena *arena, Baseline to[BASELINES], const Dataset *dataset,
               size_t label);

/* ---- lbfgs.c: of a smooth convex function ------------------------------------------ */

/* Returns the value at x[n], and its gradient. */
typedef double Smooth(double *gradient, const double *x, void *context);

/* From x, in place, by limited-memory BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5), until
 * no element of the gradient is `enough`, or so many steps. The largest element. */
double lbfgs(Arena *arena, double *x, size_t n, Smooth *f, void *context, double enough,
             size_t most);

#endif
