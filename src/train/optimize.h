/* optimize: what happens to the weights between the gradient and the next step. */
#ifndef NORMLAB_OPTIMIZE_H
#define NORMLAB_OPTIMIZE_H

#include "train.h"

enum { OPTIMIZER_MOST_MOMENTS = 2 };

/* What an optimizer keeps of each weight from step to step, 0 at first. */
typedef struct OptimizerMoment {
    const char *name, *title;
} OptimizerMoment;

size_t optimizer_moments(const Optimizer *optimizer, const OptimizerMoment **moment);

/* ---- learn.c --------------------------------------------------------------------- */

/* Neighbours in the vector of weights that learn. */
typedef struct Stretch {
    const NetParam *of;
    size_t from, count;
} Stretch;

/* All that learn, in their order. */
typedef struct Learns {
    size_t count, weights;
    const Stretch *stretch; /* [count] */
} Learns;

Learns learns_all(Arena *arena, const Net *net);
/* As config->learn says; false and *error (EX_USAGE) where the network has none of those. */
bool learns_new(Arena *arena, Learns *learns, const Net *net, const Config *config,
                BaseError *error);
/* gradient[weights] = 0 of all others. */
void learns_alone(const Learns *learns, size_t weights, double *gradient);

/* ---- schedule.c ------------------------------------------------------------------ */

/* Learning rate of a step: the base rate scaled by samples/reference, times warm-up and
 * schedule. */
double learning_rate(const Config *config, size_t step, size_t steps_of_epoch);
/* Over all steps of the run. */
double learning_rates(const Config *config, size_t steps_of_epoch);

/* ---- optimize.c ------------------------------------------------------------------ */

/* Scales the gradient[count] down to the norm `most`, where it is longer (Pascanu et al. 2013); one
 * whose norm is not finite stays as it is, and shows in the loss. 0: any may be. */
void clip_gradient(double *gradient, size_t count, double most);

/* One step of the optimizer for those that learn; then each into its parameter's range. `step`
 * counts from 0 over the whole run. */
void descend(double *weights, double *const *moment, const double *gradient,
             const Learns *learns, const Config *config, double rate, size_t step);

#endif
