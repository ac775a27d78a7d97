/* The loss along its gradient (Santurkar et al. 2018, figure 4): at w - t rate g, for steps t from a
 * quarter of the run's own to four times it, the loss, how far the gradient there is from g, and that
 * over the way, the effective smoothness of that stretch. The same samples all along. */
#include "probe.h"
#include "real.h"
#include "sum.h"

#include <math.h>

static const double STEPS[] = {0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4};

#define ALONG .axis = "steps", .at = STEPS, .wide = COUNT_OF(STEPS)

enum { LOSS, DISTANCE, SMOOTHNESS, START };

static const ProbeField FIELDS[] = {
    [LOSS] = {.name = "loss", .says = "at w - steps x rate x g", ALONG},
    [DISTANCE] = {.name = "distance", .says = "of the gradient there from g", ALONG},
    [SMOOTHNESS] = {.name = "smoothness",
                    .says = "that distance / |steps x rate x g|",
                    ALONG},
    [START] = {.name = "start", .says = "loss at w"},
    {.name = NULL}};

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    const size_t n = seen->net->weights;
    const double *g = seen->gradient, rate = probe_rate(seen),
                 length = vector_length(g, n);
    double *w = TAKE(arena, double, n + 1), *there = TAKE(arena, double, n + 1);
    to[START][0] = seen->loss;
    for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
        for (size_t k = 0; k < n; k++) w[k] = seen->weights[k] - STEPS[i] * rate * g[k];
        to[LOSS][i] = trainer_gradient(seen->trainer, w, there);
        to[DISTANCE][i] = vector_distance(there, g, n);
        to[SMOOTHNESS][i] = to[DISTANCE][i] / (STEPS[i] * rate * length);
    }
}

/* ---- what the rows come to ---------------------------------------------------------- */

enum { LOG_BAND, LOG_DISTANCE, LOG_SMOOTHNESS };

static const ProbeNumber NUMBERS[] = {
    [LOG_BAND] =
        {.name = "log_band",
         .says = "mean over the rows of the logarithm of largest less smallest loss"},
    [LOG_DISTANCE] = {.name = "log_distance",
                      .says =
                          "mean of the logarithm of the largest distance of gradients"},
    [LOG_SMOOTHNESS] = {.name = "log_smoothness",
                        .says = "mean of the logarithm of the largest smoothness"},
    {.name = NULL}};

/* Mean over the rows of log(largest - smallest), or of log(largest). A row in which something is not
 * finite makes it NaN: leaving it out would praise who diverges. */
static double mean_log(const ProbeRows *rows, Arena *arena, const char *field,
                       bool less) {
    const double *x = probe_values(rows, arena, field, NULL);
    double sum = 0.0;
    for (size_t r = 0; r < rows->rows; r++) {
        double most = x[r * COUNT_OF(STEPS)], least = most, all = 0.0;
        for (size_t i = 0; i < COUNT_OF(STEPS); i++) {
            const double at = x[r * COUNT_OF(STEPS) + i];
            most = fmax(most, at), least = fmin(least, at), all += at;
        }
        sum += isfinite(all) ? real_log(less ? most - least : most) : (double)NAN;
    }
    return isfinite(sum) && rows->rows > 0 ? sum / (double)rows->rows : (double)NAN;
}

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    number[LOG_BAND] = mean_log(rows, arena, "loss", true);
    number[LOG_DISTANCE] = mean_log(rows, arena, "distance", false);
    number[LOG_SMOOTHNESS] = mean_log(rows, arena, "smoothness", false);
}

const ProbeKind probe_lines = {
    .name = "lines",
    .title = "loss, gradient and smoothness along the gradient of the step that comes",
    .source = "Santurkar et al. 2018, figure 4",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .see = see,
    .sum_up = sum_up,
};
