/* Internal covariate shift as Santurkar et al. 2018 (definition 2.1) measure it: how the gradient of a
 * layer's weight changes when all that stands before the layer takes its step and the layer does not.
 * G is the gradient of the step that comes; G' that of the same loss after parameters declared before
 * the weight have gone by rate x their gradient: the step of plain descent, without momentum. */
#include "probe.h"
#include "real.h"
#include "sum.h"

#include <math.h>
#include <string.h>

enum { COSINE, DISTANCE, RELATIVE };

static const ProbeField FIELDS[] = {
    [COSINE] = {.name = "cosine",
                .says = "between G and G' of a layer's weight",
                .over = PROBE_WEIGHTS},
    [DISTANCE] = {.name = "distance", .says = "|G - G'|", .over = PROBE_WEIGHTS},
    [RELATIVE] = {.name = "relative", .says = "|G - G'| / |G|", .over = PROBE_WEIGHTS},
    {.name = NULL}};

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    const size_t n = seen->net->weights;
    const double rate = probe_rate(seen);
    double *w = TAKE(arena, double, n + 1), *after = TAKE(arena, double, n + 1);
    memcpy(w, seen->weights, n * sizeof *w);
    for (size_t i = 0, gone = 0; i < seen->layers; i++) {
        const size_t from = seen->weight[i]->offset, count = seen->weight[i]->count;
        for (; gone < from; gone++) w[gone] -= rate * seen->gradient[gone];
        trainer_gradient(seen->trainer, w, after);
        const double *g = seen->gradient + from, *moved = after + from;
        const double of_g = vector_length(g, count),
                     of_moved = vector_length(moved, count);
        to[COSINE][i] = sum_product(g, moved, count) / (of_g * of_moved);
        to[DISTANCE][i] = vector_distance(g, moved, count);
        to[RELATIVE][i] = to[DISTANCE][i] / of_g;
    }
}

/* ---- what the rows come to ---------------------------------------------------------- */

enum { MEAN_COSINE, LOG_DISTANCE, LOG_RELATIVE };

static const ProbeNumber NUMBERS[] = {
    [MEAN_COSINE] = {.name = "cosine",
                     .says = "mean over the rows and all layers but the first"},
    [LOG_DISTANCE] = {.name = "log_distance",
                      .says = "mean of the logarithm of |G - G'|, likewise"},
    [LOG_RELATIVE] = {.name = "log_relative",
                      .says = "mean of the logarithm of |G - G'| / |G|, likewise"},
    {.name = NULL}};

/* Where it is a number: of a weight whose gradient is 0, or that nothing stands before, it is none. */
static double mean_of(const ProbeRows *rows, Arena *arena, const char *field,
                      bool logarithm) {
    size_t layers, there = 0;
    const double *x = probe_values(rows, arena, field, &layers);
    double sum = 0.0;
    for (size_t i = 0; i < rows->rows * layers; i++) {
        const double term = logarithm ? real_log(x[i]) : x[i];
        if (i % layers == 0 || !isfinite(term)) continue;
        sum += term, there++;
    }
    return there ? sum / (double)there : (double)NAN;
}

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    number[MEAN_COSINE] = mean_of(rows, arena, "cosine", false);
    number[LOG_DISTANCE] = mean_of(rows, arena, "distance", true);
    number[LOG_RELATIVE] = mean_of(rows, arena, "relative", true);
}

const ProbeKind probe_covariates = {
    .name = "covariates",
    .title = "how a layer's gradient changes as the layers before it take their step",
    .source = "Santurkar et al. 2018, definition 2.1",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .see = see,
    .sum_up = sum_up,
};
