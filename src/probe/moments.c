/* Where what is normalized lies, and what comes of it: mean, deviation and percentiles of x in front
 * of each normalizer and of y behind it (gamma and beta in it, no activation yet), over the samples
 * of the step, channels and positions; and of the first channel alone. Wu and He 2018, figure 6,
 * have percentiles 1, 20, 80 and 99 of x; Ioffe and Szegedy 2015, figure 1, 15, 50 and 85 of one
 * unit's y. */
#include "probe.h"
#include "there.h"

#include <gsl/gsl_sort_double.h>
#include <math.h>

static const double PERCENT[] = {1, 15, 20, 50, 80, 85, 99};

#define PERCENTILES .axis = "percent", .at = PERCENT, .wide = COUNT_OF(PERCENT)

enum { X_MEAN, X_DEVIATION, X_AT, Y_MEAN, Y_DEVIATION, Y_AT, X_UNIT, Y_UNIT };

static const ProbeField FIELDS[] = {
    [X_MEAN] = {.name = "x_mean",
                .says = "mean before the normalizer, over samples, channels, positions",
                .over = PROBE_PLACES},
    [X_DEVIATION] = {.name = "x_deviation",
                     .says = "deviation of the same",
                     .over = PROBE_PLACES},
    [X_AT] = {.name = "x_percentile",
              .says = "percentiles of the same",
              .over = PROBE_PLACES,
              PERCENTILES},
    [Y_MEAN] = {.name = "y_mean",
                .says = "mean behind it, with gamma and beta, before an activation",
                .over = PROBE_PLACES},
    [Y_DEVIATION] = {.name = "y_deviation",
                     .says = "deviation of the same",
                     .over = PROBE_PLACES},
    [Y_AT] = {.name = "y_percentile",
              .says = "percentiles of the same",
              .over = PROBE_PLACES,
              PERCENTILES},
    [X_UNIT] = {.name = "x_unit",
                .says = "percentiles before it of the first channel",
                .over = PROBE_PLACES,
                PERCENTILES},
    [Y_UNIT] = {.name = "y_unit",
                .says = "percentiles behind it of the first channel",
                .over = PROBE_PLACES,
                PERCENTILES},
    {.name = NULL}};

/* What is there of x, or of its first channel; how many. */
static size_t gather(double *to, const TrainPlace *p, const double *x, bool first) {
    const ShapeLattice l = shape_lattice(p->shape);
    size_t count = 0;
    for (size_t n = 0; n < l.N; n++)
        for (size_t c = 0; c < (first ? 1 : l.C); c++)
            count += there_row(to + count, p, x, n, c);
    return count;
}

/* Of x, which rises, the place p of all, 0 <= p < 1. */
static double quantile(const double *x, size_t count, double p) {
    const double at = p * (double)(count - 1);
    const size_t below = (size_t)at;
    const double part = at - (double)below;
    return below + 1 < count ? (1.0 - part) * x[below] + part * x[below + 1] : x[below];
}

/* Order statistics, linear between them; nothing of what is not finite. Sorts x. */
static void percentiles(double *to, double *x, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!isfinite(x[i])) return;
    gsl_sort(x, 1, count);
    for (size_t i = 0; i < COUNT_OF(PERCENT) && count > 0; i++)
        to[i] = quantile(x, count, PERCENT[i] / 100.0);
}

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    for (size_t i = 0; i < seen->places; i++) {
        const TrainPlace *p = &seen->place[i];
        const ArenaMark mark = arena_mark(arena);
        double *all = TAKE(arena, double, shape_count(p->shape));
        const size_t at = i * COUNT_OF(PERCENT);
        size_t count = gather(all, p, p->x, false);
        there_moments(&to[X_MEAN][i], &to[X_DEVIATION][i], all, count);
        percentiles(to[X_AT] + at, all, count);
        count = gather(all, p, p->y, false);
        there_moments(&to[Y_MEAN][i], &to[Y_DEVIATION][i], all, count);
        percentiles(to[Y_AT] + at, all, count);
        percentiles(to[X_UNIT] + at, all, gather(all, p, p->x, true));
        percentiles(to[Y_UNIT] + at, all, gather(all, p, p->y, true));
        arena_rewind(arena, mark);
    }
}

/* ---- what the rows come to ---------------------------------------------------------- */

enum { SPREAD, DRIFT };

static const ProbeNumber NUMBERS[] = {
    [SPREAD] =
        {.name = "spread",
         .says =
             "percentile 99 less percentile 1 before the last normalizer, after the last "
             "step"},
    [DRIFT] =
        {.name = "drift",
         .says =
             "root mean square over rows of how far percentile 50 of the first channel "
             "behind the last normalizer is from that of the first row"},
    {.name = NULL}};

enum { MEDIAN = 3 }; /* of PERCENT */

/* at: [rows, places, percentiles]. */
static double drift_of(const double *at, size_t rows, size_t places) {
    const size_t wide = places * COUNT_OF(PERCENT);
    const double *last = at + wide - COUNT_OF(PERCENT) + MEDIAN;
    double squares = 0.0;
    for (size_t r = 1; r < rows; r++) {
        const double away = last[r * wide] - last[0];
        squares += away * away;
    }
    return sqrt(squares / (double)(rows - 1));
}

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    size_t places;
    const double *at = probe_values(rows, arena, "x_percentile", &places);
    if (rows->rows == 0 || places == 0) return;
    const size_t last = (rows->rows * places - 1) * COUNT_OF(PERCENT);
    number[SPREAD] = at[last + COUNT_OF(PERCENT) - 1] - at[last];
    if (rows->rows > 1)
        number[DRIFT] =
            drift_of(probe_values(rows, arena, "y_unit", NULL), rows->rows, places);
}

const ProbeKind probe_moments = {
    .name = "moments",
    .title = "mean, deviation and percentiles before and behind each normalizer",
    .source = "Wu and He 2018, figure 6; Ioffe and Szegedy 2015, figure 1",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .places = true,
    .see = see,
    .sum_up = sum_up,
};
