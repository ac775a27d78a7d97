/* along: a function on a tape, seen as a scalar of one variable along a line through its
 * inputs. */
#ifndef NORMLAB_ALONG_H
#define NORMLAB_ALONG_H

#include "check.h"

/* A place where a program has no derivative: the switch of relu, step, select or max
 * changes its side at 0; a detached value may not move at all. */
typedef struct Kink {
    const char *op;
    size_t element;
    double distance; /* of the switch from 0 (or the detached value), at t = 0 */
} Kink;

typedef struct Kinks {
    Kink *kink; /* [count], in the order of the walk */
    size_t count;
} Kinks;

/* f(t) = <u, y(x + t d)>, or with v: <v, gradient by x of <u, y(x + t d)>> as
 * tape_backward gives it. */
typedef struct Probe {
    Arena *arena;
    const CheckFunction *function;
    const double *upstream; /* u */
    double *const *along;   /* d, one vector an input */
    double *const *against; /* v, one vector an input; NULL: first order */
    const Kinks *kinks;     /* those of t = 0 */
} Probe;

typedef struct Sample {
    double value;        /* f(t) */
    double size;         /* sum of the |terms| of that scalar product */
    const Kink *crossed; /* the farthest kink that lies between 0 and t, or NULL */
    bool changed;        /* the program itself is another one than at t = 0 */
} Sample;

Sample probe_sample(const Probe *probe, double t);

/* The kinks of the function at its inputs, in the arena. */
Kinks probe_kinks(Arena *arena, const CheckFunction *function);

/* sum of x[i] y[i], and the sum of its terms' sizes. */
double probe_product(double *size, const double *x, const double *y, size_t n);

#endif
