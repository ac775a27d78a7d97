/* optimize: what happens to the weights between the gradient and the next step. */
#ifndef NORMLAB_OPTIMIZE_H
#define NORMLAB_OPTIMIZE_H

#include "train.h"

/* Learning rate of a step: the base rate scaled by samples/reference, times warm-up and
 * schedule. */
double learning_rate(const Config *config, size_t step, size_t steps_of_epoch);

/* velocity = momentum velocity + (gradient + decay weight); weight -= rate velocity; then
 * into the parameter's range. */
void descend(double *weights, double *velocity, const double *gradient, const Net *net,
             const Config *config, double rate);

#endif
