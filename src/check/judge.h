/* judge: what an oracle says of one derivative. */
#ifndef NORMLAB_JUDGE_H
#define NORMLAB_JUDGE_H

#include "probe.h"

typedef struct Estimate {
    double value, estimate, allowed;
    const Kink *crossed;  /* one of the kinks between the points, or NULL */
    bool finite, changed; /* the points were; the program changed between them */
} Estimate;

/* ---- differences.c --------------------------------------------------------------- */

/* The derivative at t = 0 of the probe's f by GSL's rule with this first step; `noise` is the
 * standard deviation of f's own errors. */
Estimate differences_estimate(const Probe *probe, double step, double noise);
double differences_noise(const Probe *probe);

#endif
