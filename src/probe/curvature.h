/* curvature: what products with a symmetric operator tell of its spectrum, and the operator that
 * they are asked for: the Hessian of a run's loss at its weights.
 *
 * Nothing here stores or prints. Every draw is the house's (DRAW_CURVATURE: epoch = probe, sample =
 * draw of it), so that the same question has the same answer on any number of threads.
 * notes/42-curvature.md
 */
#ifndef NORMLAB_CURVATURE_H
#define NORMLAB_CURVATURE_H

#include "house.h"

/* y = A x for vectors of `size` doubles; A is symmetric. */
typedef struct Operator {
    size_t size;
    void (*apply)(double *y, const double *x, void *context);
    void *context;
} Operator;

/* ---- lanczos.c ------------------------------------------------------------------- */

/* A restricted to the space of A^k x, k < steps, by Lanczos with full re-orthogonalization, done
 * twice in each step ("twice is enough": Parlett 1998, 6.9). */
typedef struct Lanczos {
    size_t size, steps;
    size_t spaces; /* invariant spaces that were exhausted */
    bool finite;   /* what the operator gave was finite; else there are no values */
    double *value; /* [steps] Ritz values, rising */
    double
        *residual; /* [steps] |A y - value y| of each unit Ritz vector y: an eigenvalue of
                       A is as near as that. By the recurrence, and no less than rounding. */
    double *weight; /* [steps] <first vector, y>^2; they add up to 1 */
    double *basis;  /* [steps, size] orthonormal rows */
    double *turn;   /* [steps, steps] y = basis' times a column of it */
} Lanczos;

/* At most `steps` of them, and no more than the size. The first vector is drawn: normal, of unit
 * length. Where the space is exhausted (a step leaves no more than its rounding) its Ritz values are
 * eigenvalues; then it stops, or `goes_on` with a vector drawn anew in what is orthogonal to it, so
 * that repeated eigenvalues are found as often as they are there. All of it lives in `arena`. */
Lanczos lanczos_run(Arena *arena, const Operator *a, size_t steps, Draw draw,
                    bool goes_on);

/* y[size] of the i-th value, of unit length. */
void lanczos_vector(double *y, const Lanczos *lanczos, size_t i);

/* Doubles that such a run takes. */
size_t lanczos_doubles(size_t size, size_t steps);

/* ---- density.c ------------------------------------------------------------------- */

/* The density of eigenvalues by stochastic Lanczos quadrature (Lin, Saad, Yang 2016; Ghorbani,
 * Krishnan, Xiao 2019, algorithm 1): the mean over probes of sum_i weight_i g(t - value_i), g a
 * normal density of deviation sigma (CU-3). It integrates to 1. */
typedef struct Density {
    size_t size, probes, steps, points;
    double sigma;
    double *at, *value; /* [points] */
    double *node,
        *weight; /* [probes, steps] of the quadratures; NaN behind an exhausted space */
    bool finite;
} Density;

typedef struct DensityWish {
    size_t probes, steps, points;
    double sigma; /* 0: DENSITY_SIGMA of the distance between the outermost nodes */
    uint64_t seed;
} DensityWish;

/* sqrt(1e-5): the variance of 1e-5 that is usual since Ghorbani et al. 2019, of a spectrum that is scaled
 * to a width of 1. */
#define DENSITY_SIGMA 3.1622776601683794e-3

Density density_estimate(Arena *arena, const Operator *a, const DensityWish *wish);

/* The mean of z'Az over probes z of random signs (Hutchinson 1990), of which each has twice the sum of
 * squares beside the diagonal as its variance, with Student's interval of 95 %. One probe has no interval:
 * NaN. */
typedef struct TraceEstimate {
    size_t probes;
    double mean, error; /* and the standard error of it */
    double low, high;
} TraceEstimate;

TraceEstimate trace_estimate(Arena *arena, const Operator *a, size_t probes,
                             uint64_t seed);

#endif
