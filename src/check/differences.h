/* differences: one derivative by GSL's rule. */
#ifndef NORMLAB_DIFFERENCES_H
#define NORMLAB_DIFFERENCES_H

#include "along.h"

typedef struct Difference {
    double value, estimate, allowed;
    const Kink *crossed;  /* one of the kinks between the points, or NULL */
    bool finite, changed; /* the points were; the program changed between them */
} Difference;

/* The derivative at t = 0 of the probe's f by GSL's rule with this first step; `noise` is
 * the standard deviation of f's own errors. */
Difference differences_estimate(const Probe *probe, double step, double noise);
double differences_noise(const Probe *probe);

#endif
