/* What an activation behind a normalizer has nothing of: channels that are at most 0 wherever one
 * looks, which are dead behind a relu, and numbers beyond 3, where the derivative of tanh is below
 * one percent. Of y, gamma and beta in it, over the samples of the step and their positions. */
#include "probe.h"
#include "there.h"

#include <math.h>

enum { UNITS, BELOW, BEYOND };

static const ProbeField FIELDS[] = {
    [UNITS] = {.name = "units",
               .says =
                   "share of channels that are at most 0 at all samples and positions",
               .over = PROBE_PLACES},
    [BELOW] = {.name = "below",
               .says = "share of numbers that are at most 0",
               .over = PROBE_PLACES},
    [BEYOND] = {.name = "beyond",
                .says = "share of numbers whose size is above 3",
                .over = PROBE_PLACES},
    {.name = NULL}};

/* How many numbers of a channel there are, are at most 0, and are beyond; NaN: one is NaN. */
typedef struct Channel {
    double all, below, beyond;
} Channel;

static Channel count_channel(Arena *arena, const TrainPlace *p, size_t channel) {
    const ShapeLattice l = shape_lattice(p->shape);
    double *y = TAKE(arena, double, l.L);
    Channel c = {0};
    for (size_t n = 0; n < l.N; n++) {
        const size_t count = there_row(y, p, p->y, n, channel);
        for (size_t i = 0; i < count; i++) {
            c.all += 1.0;
            c.below += isnan(y[i]) ? y[i] : y[i] <= 0.0;
            c.beyond += isnan(y[i]) ? y[i] : fabs(y[i]) > 3.0;
        }
    }
    return c;
}

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    for (size_t i = 0; i < seen->places; i++) {
        const TrainPlace *p = &seen->place[i];
        const size_t channels = shape_lattice(p->shape).C;
        Channel sum = {0};
        double units = 0.0;
        for (size_t c = 0; c < channels; c++) {
            const ArenaMark mark = arena_mark(arena);
            const Channel own = count_channel(arena, p, c);
            sum.all += own.all, sum.below += own.below, sum.beyond += own.beyond;
            units += isnan(own.below) ? own.below : own.below == own.all;
            arena_rewind(arena, mark);
        }
        to[UNITS][i] = units / (double)channels;
        to[BELOW][i] = sum.below / sum.all;
        to[BEYOND][i] = sum.beyond / sum.all;
    }
}

/* ---- what the rows come to ---------------------------------------------------------- */

static const ProbeNumber NUMBERS[] = {
    {.name = "units",
     .says = "share of dead channels, mean over places, after the last step"},
    {.name = NULL}};

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    size_t places;
    const double *units = probe_values(rows, arena, "units", &places);
    if (rows->rows == 0 || places == 0) return;
    double sum = 0.0;
    for (size_t i = 0; i < places; i++) sum += units[(rows->rows - 1) * places + i];
    number[0] = sum / (double)places;
}

const ProbeKind probe_dead = {
    .name = "dead",
    .title = "shares of dead channels, of numbers at most 0 and of numbers beyond 3",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .places = true,
    .see = see,
    .sum_up = sum_up,
};
