/* How long gradients are, from the loss back: |dx| in front of each normalizer, |dy| behind it, and
 * that of each layer's weight. What a normalizer does to them from place to place is the growth of
 * |dx|^2 toward the input: with batch normalization and relu pi / (pi - 1) a layer at the start
 * (Yang et al. 2019). */
#include "probe.h"
#include "real.h"
#include "sum.h"

#include <math.h>

enum { DX, DY, WEIGHT, ALL };

static const ProbeField FIELDS[] = {
    [DX] = {.name = "dx",
            .says = "norm of the loss's gradient before the normalizer",
            .over = PROBE_PLACES},
    [DY] = {.name = "dy",
            .says = "norm of the loss's gradient behind it",
            .over = PROBE_PLACES},
    [WEIGHT] = {.name = "weight_gradient",
                .says = "norm of the gradient of a layer's weight",
                .over = PROBE_WEIGHTS},
    [ALL] = {.name = "gradient", .says = "norm of the gradient of all weights"},
    {.name = NULL}};

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept, (void)arena;
    for (size_t i = 0; i < seen->places; i++) {
        const TrainPlace *p = &seen->place[i];
        to[DX][i] = vector_length(p->dx, shape_count(p->shape));
        to[DY][i] = vector_length(p->dy, shape_count(p->shape));
    }
    for (size_t i = 0; i < seen->layers; i++)
        to[WEIGHT][i] = vector_length(seen->gradient + seen->weight[i]->offset,
                                      seen->weight[i]->count);
    to[ALL][0] = vector_length(seen->gradient, seen->net->weights);
}

/* ---- what the rows come to ---------------------------------------------------------- */

enum { GROWTH, GROWTH_END };

static const ProbeNumber NUMBERS[] = {
    [GROWTH] =
        {.name = "growth",
         .says = "of |dx|^2 from a place to the one before, at the first row: exp of the "
                 "least squares' slope of its logarithm over places 5 to 10"},
    [GROWTH_END] = {.name = "growth_end", .says = "the same at the last row"},
    {.name = NULL}};

enum {
    FROM = 4,
    UNTIL = 10
}; /* places 5 to 10: the first ones see the data, the last the loss */

static double growth(const double *dx, size_t places) {
    const size_t end = places < UNTIL ? places : UNTIL;
    if (end < FROM + 2) return (double)NAN;
    const double middle = 0.5 * (double)(FROM + end - 1);
    double across = 0.0, along = 0.0;
    for (size_t i = FROM; i < end; i++) {
        const double at = (double)i - middle;
        along += at * at;
        across += at * 2.0 * real_log(dx[i]);
    }
    const double ratio = real_exp(-across / along);
    return isfinite(ratio) ? ratio : (double)NAN;
}

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    size_t places;
    const double *dx = probe_values(rows, arena, "dx", &places);
    if (rows->rows == 0) return;
    number[GROWTH] = growth(dx, places);
    number[GROWTH_END] = growth(dx + (rows->rows - 1) * places, places);
}

const ProbeKind probe_gradients = {
    .name = "gradients",
    .title = "norms of gradients at each normalizer and of each weight, and their growth",
    .source = "Yang et al. 2019",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .places = true,
    .see = see,
    .sum_up = sum_up,
};
