/* step: derivatives of the forward program by the complex step, without any adjoint. */
#ifndef NORMLAB_STEP_H
#define NORMLAB_STEP_H

#include "check.h"

/* f = <u, y(x)>, or with v: f = <v, gradient by x of <u, y(x)>> as tape_gradient records
 * it; written once, replayed for each direction. */
typedef struct Stepper Stepper;

Stepper *stepper_new(Arena *arena, const CheckFunction *function, Shape y,
                     double *const *v);

/* Im f(x + i h d) / h: in complex doubles, or in 113-bit complexes rounded at the end. */
double stepper_slope(const Stepper *stepper, Arena *arena, const double *u,
                     double *const *along, bool quad);

#endif
