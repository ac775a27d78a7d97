/* step: one call of a normalizer on arrays: y, the state after the step, gradients by the kernels,
 * and the gradients of those by the definition, recorded twice. It checks nothing. */
#ifndef NORMLAB_STEP_H
#define NORMLAB_STEP_H

#include "norm.h"

typedef struct Step {
    const Norm *norm;
    NormMode mode;
    size_t epoch;
    Shape shape; /* of x: [N, C, positions...] */
    const double *x;
    const double *param[NORM_MAX_PARAMS], *state[NORM_MAX_STATES]; /* before the step */
    const unsigned char *mask; /* [N, L]; NULL: all belong */
    NormGiven given;
    const double *dy;                           /* NULL: no gradients */
    const double *v, *v_param[NORM_MAX_PARAMS]; /* NULL: 0 */
} Step;

/* In the arena; NULL where nothing was asked. Begin with zeros. */
typedef struct StepResults {
    double *y, *dx, *dparam[NORM_MAX_PARAMS];
    double *next[NORM_MAX_STATES];
    double *mean, *rstd; /* of a partition's cells: the caller's room; NULL: not wanted */
    double *ds_dx, *ds_ddy, *ds_dparam[NORM_MAX_PARAMS];
    Tape *tape; /* of the first order; NULL: nothing was computed */
} StepResults;

/* How they begin, where nobody says it. */
const double *step_param(Arena *arena, const NormParam *param);
const double *step_state(Arena *arena, const NormState *state);

/* Whether evaluation reads it: not what only backward or norm_adapt does. */
bool step_evaluates(const NormState *state);

/* Whether a call must be told it: of what evaluation reads, or training that recalls, all but
 * what is adapted. Other training begins as a new normalizer does. */
bool step_needs(const Norm *norm, const NormState *state, NormMode mode);

/* Least number that such state can have: 0 of a variance. */
double step_least(const NormState *state);

/* y and next, and with dy the first gradients. An empty x has zeros, and moves no state. */
void step_first(Arena *arena, const Step *step, StepResults *results);

/* The definition's y, of leaves x and param. */
TapeNode *step_define(const Step *step, Tape *tape, TapeNode *x, TapeNode *const *param);

/* The gradients of s, of dy and any of v and v_param. */
void step_second(Arena *arena, const Step *step, StepResults *results);

#endif
