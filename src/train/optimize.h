/* optimize: what happens to the weights between the gradient and the next step. */
#ifndef NORMLAB_OPTIMIZE_H
#define NORMLAB_OPTIMIZE_H

#include "train.h"

/* Learning rate of a step: the base rate scaled by samples/reference, times warm-up and
 * schedule. */
double learning_rate(const Config *config, size_t step, size_t steps_of_epoch);

/* [net->weights] each. */
typedef struct Descent {
    double *weights;
    double *velocity; /* mean gradient */
    double *square;   /* mean square gradient, of adamw */
    const double *gradient;
} Descent;

/* By config->optimizer, then into the parameter's range. sgd:
 *
 *     velocity = momentum velocity + (gradient + decay weight); weight -= rate velocity
 *
 * adamw (Loshchilov and Hutter 2019, algorithm 2, with b1 = momentum, b2 = 0.999, eps = 1e-8), of
 * step t from 0:
 *
 *     velocity = b1 velocity + (1 - b1) gradient, square = b2 square + (1 - b2) gradient^2
 *     weight -= rate (velocity / (1 - b1^(t+1)) / (sqrt(square / (1 - b2^(t+1))) + eps)
 *                     + decay weight)
 */
void descend(const Descent *descent, const Net *net, const Config *config, double rate,
             size_t step);

#endif
