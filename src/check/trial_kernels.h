/* trial_kernels: what the checks of hand-written backwards share. */
#ifndef NORMLAB_TRIAL_KERNELS_H
#define NORMLAB_TRIAL_KERNELS_H

#include "trial_kind.h"

/* The normalizer writes an operation that has a definition and a kernel of its gradient.
 * Asked before there are data. */
bool trial_fused(const Trial *trial);

/* As tally_same, and the signs of zeros too; NULL on either side: not asked. */
void tally_bits(Tally *tally, const char *what, const double *got, const double *expected,
                size_t count);
/* y, all gradients and what was observed; `when` says which run it was. */
void tally_outcome_bits(Tally *tally, const Trial *trial, const char *when,
                        const Outcome *got, const Outcome *expected);

double *copy_of(Arena *arena, const double *values, size_t count);
double *filled(Arena *arena, size_t count, double value);

#endif
