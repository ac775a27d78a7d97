/* vcurve: what a derivative loses to its step. The derivatives of one
 * group-normalization cell by every oracle, against the adjoint program replayed in 113
 * bits: finite differences fall with the step while truncation rules and rise again
 * where rounding does. notes/15-checking.md
 */
#ifndef NORMLAB_VCURVE_H
#define NORMLAB_VCURVE_H

#include "base.h"

/* Errors are the largest over the cell's elements of |got - truth|, over the largest
 * |truth|: no element that happens to be near zero counts for more than the others.
 * Steps are in units of the cell's standard deviation. */
typedef struct VCurves {
    const char *spec; /* of the normalizer */
    size_t elements;  /* of the cell */
    size_t means, rules, steps, oracles;
    const double *mean;         /* [means] |mean| / std of the cell's data */
    const double *step;         /* [steps] 1e-12 to 1e1, four a decade */
    const char **rule;          /* [rules] differences of a given step */
    const double *rule_error;   /* [means, rules, steps] */
    const char **oracle;        /* [oracles] those that need no step, or choose it */
    const double *oracle_error; /* [means, oracles] */
    const double *oracle_step;  /* [means, oracles] mean step; NaN: none, or not told */
    const double *estimate;     /* [means] the largest of GSL's own error estimates */
    const double *routes; /* [means] 113-bit complex step and adjoint, before rounding */
} VCurves;

VCurves vcurve_measure(Arena *arena, uint64_t seed);

#endif
