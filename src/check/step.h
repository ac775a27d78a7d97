/* step: derivatives of a written program by the complex step, without any adjoint. */
#ifndef NORMLAB_STEP_H
#define NORMLAB_STEP_H

#include "derive.h"

/* In doubles an imaginary part that falls below them loses digits, or all it has: the smallest
 * double over a step of 2^-100, and 2^20 times that for what later operations make of it. */
static const double STEP_LOST = 0x1p-954;

/* f of one order (derive.h), written once and replayed for each direction. */
typedef struct Stepper Stepper;

Stepper *stepper_new(const Derive *derive, size_t order);

/* Whether rounding and digits of its program can be known (bound.h). */
bool stepper_is_bounded(const Stepper *stepper);

/* Im f(x + i h d) / h with this upstream: in complex doubles, or in 113-bit complexes
 * rounded at the end. */
double stepper_slope(const Stepper *stepper, Arena *arena, const double *u,
                     double *const *along, bool quad);

/* The same in 113 bits, not rounded; and f(x + t d) there. */
Quad stepper_exact_slope(const Stepper *stepper, Arena *arena, const double *u,
                         double *const *along);
Quad stepper_exact_value(const Stepper *stepper, Arena *arena, const double *u,
                         double *const *along, double t);

#endif
