/* The estimation shift of Huang et al. 2022, who found that it grows from place to place: how far the
 * running means and deviations that evaluation reads are from those of what it then has there, behind
 * normalizers that read theirs as well; over the samples that train (the first 8,192), not augmented,
 * for moments of few would be off themselves. In each channel by the deviation that is there, root
 * mean square over channels, so that places whose channels are others in number and size compare.
 * With running=precise or pooled what is read is that of the last evaluation. */
#include "probe.h"
#include "real.h"
#include "sum.h"

#include <math.h>

enum { MEAN, DEVIATION, MAGNITUDE };

static const ProbeField FIELDS[] = {
    [MEAN] = {.name = "mean",
              .says = "(running mean - mean) / deviation, root mean square over channels",
              .over = PROBE_PLACES},
    [DEVIATION] = {.name = "deviation",
                   .says = "running deviation / deviation - 1, likewise",
                   .over = PROBE_PLACES},
    [MAGNITUDE] = {.name = "magnitude",
                   .says = "of both, as a vector's norm",
                   .over = PROBE_PLACES},
    {.name = NULL}};

enum { MOST_SAMPLES = 8192 };

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    const TrainShift *shift =
        trainer_shift(seen->trainer, arena, &trainer_data(seen->trainer)->train,
                      probe_samples(seen, MOST_SAMPLES));
    for (size_t i = 0; i < seen->places; i++) {
        to[MEAN][i] = shift[i].mean;
        to[DEVIATION][i] = shift[i].deviation;
        to[MAGNITUDE][i] =
            sqrt(shift[i].mean * shift[i].mean + shift[i].deviation * shift[i].deviation);
    }
}

/* ---- what the rows come to ---------------------------------------------------------- */

enum { SLOPE, LAST };

static const ProbeNumber NUMBERS[] = {
    [SLOPE] =
        {.name = "slope",
         .says = "least squares' slope of the magnitude's logarithm over the numbers of "
                 "places that have one, after the last step"},
    [LAST] = {.name = "last",
              .says = "magnitude at the last place that has one, after the last step"},
    {.name = NULL}};

/* Least squares' line through points of x [n] and y [n], which become what is left of their
 * means; NaN of fewer than two. */
static double slope_of(double *x, double *y, size_t n) {
    const double middle = sum_run(x, n) / (double)n, level = sum_run(y, n) / (double)n;
    for (size_t i = 0; i < n; i++) x[i] -= middle, y[i] -= level;
    return sum_product(x, y, n) / sum_product(x, x, n);
}

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    size_t places, there = 0;
    const double *all = probe_values(rows, arena, "magnitude", &places);
    if (rows->rows == 0) return;
    const double *magnitude = all + (rows->rows - 1) * places;
    double *at = TAKE(arena, double, places + 1),
           *log_of = TAKE(arena, double, places + 1);
    for (size_t i = 0; i < places; i++) {
        if (!isfinite(magnitude[i])) continue;
        number[LAST] = magnitude[i];
        if (magnitude[i] == 0.0) continue;
        at[there] = (double)i, log_of[there++] = real_log(magnitude[i]);
    }
    number[SLOPE] = slope_of(at, log_of, there);
}

const ProbeKind probe_shift = {
    .name = "shift",
    .title = "how far what evaluation reads is from what it has there",
    .source = "Huang et al. 2022, estimation shift",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .see = see,
    .sum_up = sum_up,
};
