/* What is said of several seeds: mean and Student's interval, through GSL. */
#include "grid.h"

#include <gsl/gsl_cdf.h>
#include <gsl/gsl_statistics_double.h>
#include <math.h>

enum { MOST_SEEDS = 1000, FEWEST_FOR_INTERVAL = 3 };

Interval study_interval(const double *values, size_t count) {
    double kept[MOST_SEEDS];
    Interval interval = {.mean = (double)NAN, .half = (double)NAN};
    for (size_t i = 0; i < count && interval.count < MOST_SEEDS; i++)
        if (isfinite(values[i])) kept[interval.count++] = values[i];
    size_t n = interval.count;
    if (n > 0) interval.mean = gsl_stats_mean(kept, 1, n);
    if (n < FEWEST_FOR_INTERVAL) return interval;
    double t = gsl_cdf_tdist_Pinv(0.975, (double)(n - 1));
    interval.half = t * gsl_stats_sd(kept, 1, n) / sqrt((double)n);
    return interval;
}

Interval grid_error(const Grid *g, size_t series, size_t point) {
    return study_interval(g->score + (series * g->points + point) * g->seeds, g->seeds);
}

Interval grid_difference(Arena *arena, const Grid *g, size_t series, size_t point) {
    const double *a = g->score + (series * g->points + point) * g->seeds,
                 *b = g->score + point * g->seeds;
    double *d = TAKE(arena, double, g->seeds);
    for (size_t k = 0; k < g->seeds; k++) d[k] = a[k] - b[k];
    return study_interval(d, g->seeds);
}
