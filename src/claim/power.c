/* How many seeds a claim needs before any of them runs. */
#include "claim.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

/* Of the noncentral t: with s the estimated standard deviation over the true one, s^2 chi-squared
 * over its freedom, the mean's normal deviate lies beyond t s. The mean over s at the middles of
 * STEPS slices of equal probability. */
double claim_power(size_t n, double effect, double error) {
    enum { STEPS = 2000 };
    const double freedom = (double)n - 1, shift = effect * sqrt((double)n),
                 t = gsl_cdf_tdist_Qinv(error / 2, freedom);
    double sum = 0;
    for (size_t i = 0; i < STEPS; i++) {
        const double share = ((double)i + 0.5) / STEPS,
                     s = sqrt(gsl_cdf_chisq_Pinv(share, freedom) / freedom);
        sum += gsl_cdf_ugaussian_Q(t * s - shift) + gsl_cdf_ugaussian_P(-t * s - shift);
    }
    return sum / STEPS;
}

size_t claim_seeds(double sd, double margin, double error) {
    for (size_t n = CLAIM_FEWEST_SEEDS; n <= CLAIM_MOST_PLANNED; n++)
        if (claim_power(n, margin / sd, error) >= CLAIM_POWER) return n;
    return 0;
}
