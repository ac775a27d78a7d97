/* Intervals: of seeds, of seeds and test samples, of ratios, of shares. */
#include "claim.h"
#include "house.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

/* ---- seeds and test samples ------------------------------------------------------- */

/* Mean squares of what the blocks add: theirs, and what neither seed nor block explains. */
typedef struct Squares {
    double blocks, rest;
} Squares;

/* Of two contrasts, products in place of squares. */
static Squares squares_of(const Sample *a, const Sample *b) {
    const size_t n = a->seeds, m = a->blocks;
    const double mean_a = gsl_stats_mean(a->block, 1, n * m),
                 mean_b = gsl_stats_mean(b->block, 1, n * m);
    double all = 0, blocks = 0, seeds = 0;
    for (size_t k = 0; k < n * m; k++)
        all += (a->block[k] - mean_a) * (b->block[k] - mean_b);
    for (size_t c = 0; c < m; c++)
        blocks += (double)n * (gsl_stats_mean(a->block + c, m, n) - mean_a) *
                  (gsl_stats_mean(b->block + c, m, n) - mean_b);
    for (size_t i = 0; i < n; i++)
        seeds += (double)m * (gsl_stats_mean(a->block + i * m, 1, m) - mean_a) *
                 (gsl_stats_mean(b->block + i * m, 1, m) - mean_b);
    const double freedom = (double)(m - 1);
    return (Squares){blocks / freedom,
                     (all - blocks - seeds) / (freedom * (double)(n - 1))};
}

static bool has_blocks(const Sample *s) {
    return s->blocks > 1;
}

static Spread crossed_spread(double mean, double seeds, double blocks, double rest,
                             double n, double m) {
    const double variance = seeds + blocks - rest,
                 squares = seeds * seeds / (n - 1) + blocks * blocks / (m - 1) +
                           rest * rest / ((n - 1) * (m - 1));
    return (Spread){mean, sqrt(variance), variance * variance / squares};
}

//> two-ways
Spread claim_spread(const Sample *s) {
    const double n = (double)s->seeds, m = (double)s->blocks;
    const double seeds = gsl_stats_variance(s->value, 1, s->seeds) / n; /* S / nm */
    Spread spread = {gsl_stats_mean(s->value, 1, s->seeds), sqrt(seeds), n - 1};
    if (!has_blocks(s)) return spread;
    const Squares q = squares_of(s, s);
    if (q.blocks <= q.rest) return spread;
    const double blocks = q.blocks / (n * m), rest = q.rest / (n * m);
    const Spread crossed = crossed_spread(spread.mean, seeds, blocks, rest, n, m);
    return crossed.freedom < fmin(n, m) - 1
               ? crossed_spread(spread.mean, seeds, blocks, 0, n, m)
               : crossed;
}
//< two-ways

Pair claim_pair(const Sample *above, const Sample *below) {
    REQUIRE(above->seeds == below->seeds, "a ratio of %zu and %zu seeds", above->seeds,
            below->seeds);
    const double n = (double)above->seeds, m = (double)above->blocks;
    Pair pair = {claim_spread(above), claim_spread(below),
                 gsl_stats_covariance(above->value, 1, below->value, 1, above->seeds) /
                     n};
    if (!has_blocks(above) || above->blocks != below->blocks) return pair;
    const Squares q = squares_of(above, below);
    pair.covariance += (q.blocks - q.rest) / (n * m);
    return pair;
}

/* ---- intervals --------------------------------------------------------------------- */

Range claim_range(const Spread *s, double error) {
    const double half = gsl_cdf_tdist_Qinv(error / 2, s->freedom) * s->error;
    return (Range){s->mean - half, s->mean + half};
}

/* All r with (above - r below)^2 <= t^2 var(above - r below): a quadratic in r. */
Range claim_ratio_range(const Pair *p, double error) {
    const double freedom = fmin(p->above.freedom, p->below.freedom),
                 t = gsl_cdf_tdist_Qinv(error / 2, freedom), t2 = t * t;
    const double a = p->below.mean * p->below.mean - t2 * p->below.error * p->below.error,
                 b = p->above.mean * p->below.mean - t2 * p->covariance,
                 c = p->above.mean * p->above.mean - t2 * p->above.error * p->above.error;
    const double root = b * b - a * c;
    if (!(a > 0) || root < 0) return (Range){-INFINITY, INFINITY};
    return (Range){(b - sqrt(root)) / a, (b + sqrt(root)) / a};
}

Range claim_share_range(size_t k, size_t n, double error) {
    const double low = (double)k, all = (double)n;
    return (Range){k == 0 ? 0 : gsl_cdf_beta_Pinv(error / 2, low, all - low + 1),
                   k == n ? 1 : gsl_cdf_beta_Qinv(error / 2, low + 1, all - low)};
}

/* ---- without a distribution -------------------------------------------------------- */

double claim_sign_flip(const double *value, size_t count) {
    enum { MOST_FLIPS = 20 };
    if (count < CLAIM_FEWEST_FLIPS || count > MOST_FLIPS) return (double)NAN;
    double sum = 0, scale = 0;
    for (size_t i = 0; i < count; i++) sum += value[i], scale += fabs(value[i]);
    const double least = fabs(sum) - 1e-12 * scale; /* sums in another order are equal */
    const uint32_t all = UINT32_C(1) << count;
    uint32_t as_large = 0, flipped = 0;
    for (uint32_t step = 1; step <= all;
         step++) { /* in Gray's order, one sign at a time */
        as_large += fabs(sum) >= least;
        size_t i = 0;
        while (i + 1 < count && !(step >> i & 1)) i++;
        flipped ^= UINT32_C(1) << i;
        sum += flipped >> i & 1 ? -2 * value[i] : 2 * value[i];
    }
    return (double)as_large / (double)all;
}
