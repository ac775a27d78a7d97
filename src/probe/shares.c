/* What the mean square of x before a normalizer and of y behind it consists of: the power plots of
 * Labatie et al. 2021. With mu and sigma the mean and deviation of a channel over the positions of
 * one sample, and E and Var over the samples, that of a channel is
 *
 *     (E mu)^2 + Var mu + (E sigma)^2 + Var sigma
 *
 * and that of all channels the mean of it. As shares of their sum: what of a channel is constant, how
 * far samples differ in its mean, how far a channel varies over positions, how far samples differ in
 * that. Theirs are over the samples of a data set, these over those of the step; of texts each weighs
 * as many positions as it has, so that the four are all of it there, too. NaN: all is 0. */
#include "probe.h"
#include "sum.h"
#include "there.h"

enum { POWER, CHANNEL, INSTANCE, POSITION, CONTRAST, OF_ONE };
enum { X, Y = OF_ONE };

#define POWER_IS    "mean square over samples, channels, positions"
#define CHANNEL_IS  "share of it: squared mean of a channel"
#define INSTANCE_IS "share of it: variance over samples of a channel's mean"
#define POSITION_IS "share of it: squared mean over samples of a channel's deviation"
#define CONTRAST_IS "share of it: variance over samples of a channel's deviation"

static const ProbeField FIELDS[] = {
    [X + POWER] = {"x_power", POWER_IS " before the normalizer", .over = PROBE_PLACES},
    [X + CHANNEL] = {"x_channel", CHANNEL_IS, .over = PROBE_PLACES},
    [X + INSTANCE] = {"x_instance", INSTANCE_IS, .over = PROBE_PLACES},
    [X + POSITION] = {"x_position", POSITION_IS, .over = PROBE_PLACES},
    [X + CONTRAST] = {"x_contrast", CONTRAST_IS, .over = PROBE_PLACES},
    [Y + POWER] = {"y_power", POWER_IS " behind it", .over = PROBE_PLACES},
    [Y + CHANNEL] = {"y_channel", CHANNEL_IS, .over = PROBE_PLACES},
    [Y + INSTANCE] = {"y_instance", INSTANCE_IS, .over = PROBE_PLACES},
    [Y + POSITION] = {"y_position", POSITION_IS, .over = PROBE_PLACES},
    [Y + CONTRAST] = {"y_contrast", CONTRAST_IS, .over = PROBE_PLACES},
    {.name = NULL}};

/* Of a number of each sample; all that samples weigh is 1. */
static double variance(const double *weight, const double *of, size_t samples) {
    const double mean = sum_product(weight, of, samples);
    TreeSum squares;
    tree_clear(&squares);
    TREE_SUM(&squares, samples, n, weight[n] * (of[n] - mean) * (of[n] - mean));
    return tree_total(&squares);
}

/* part[OF_ONE] of a channel, whose mean square is their sum. */
static void take_apart(double *part, Arena *arena, const TrainPlace *p, const double *x,
                       size_t channel) {
    const ShapeLattice l = shape_lattice(p->shape);
    double *row = TAKE(arena, double, l.L), *weight = TAKE(arena, double, l.N),
           *mu = TAKE(arena, double, l.N), *sigma = TAKE(arena, double, l.N);
    size_t samples = 0, positions = 0;
    for (size_t n = 0; n < l.N; n++) {
        const size_t count = there_row(row, p, x, n, channel);
        if (count == 0) continue;
        there_moments(&mu[samples], &sigma[samples], row, count);
        weight[samples++] = (double)count;
        positions += count;
    }
    for (size_t n = 0; n < samples; n++) weight[n] /= (double)positions;
    const double constant = sum_product(weight, mu, samples),
                 varied = sum_product(weight, sigma, samples);
    part[CHANNEL] = constant * constant;
    part[INSTANCE] = variance(weight, mu, samples);
    part[POSITION] = varied * varied;
    part[CONTRAST] = variance(weight, sigma, samples);
    part[POWER] = part[CHANNEL] + part[INSTANCE] + part[POSITION] + part[CONTRAST];
}

/* to[OF_ONE][place] of x or y. */
static void see_one(double *const *to, Arena *arena, const TrainPlace *p, const double *x,
                    size_t place) {
    const size_t channels = shape_lattice(p->shape).C;
    double *part = TAKE(arena, double, channels *OF_ONE);
    for (size_t c = 0; c < channels; c++) {
        double *own = part + c * OF_ONE;
        const ArenaMark mark = arena_mark(arena);
        take_apart(own, arena, p, x, c);
        arena_rewind(arena, mark);
    }
    for (size_t i = 0; i < OF_ONE; i++)
        to[i][place] = sum_strided(part + i, channels, OF_ONE) / (double)channels;
    for (size_t i = CHANNEL; i < OF_ONE; i++) to[i][place] /= to[POWER][place];
}

static void see(const ProbeSeen *seen, double *kept, Arena *arena, double *const *to) {
    (void)kept;
    for (size_t i = 0; i < seen->places; i++) {
        const TrainPlace *p = &seen->place[i];
        const ArenaMark mark = arena_mark(arena);
        see_one(to + X, arena, p, p->x, i);
        see_one(to + Y, arena, p, p->y, i);
        arena_rewind(arena, mark);
    }
}

/* ---- what the rows come to ---------------------------------------------------------- */

enum { LAST_CHANNEL, LAST_INSTANCE };

static const ProbeNumber NUMBERS[] = {
    [LAST_CHANNEL] =
        {.name = "channel",
         .says = "share of the channels' squared means in the mean square behind the "
                 "last normalizer, after the last step"},
    [LAST_INSTANCE] = {.name = "instance",
                       .says = "share there of the samples' differing means"},
    {.name = NULL}};

static void sum_up(const ProbeRows *rows, Arena *arena, double *number) {
    size_t places;
    const double *channel = probe_values(rows, arena, "y_channel", &places),
                 *instance = probe_values(rows, arena, "y_instance", &places);
    if (rows->rows == 0 || places == 0) return;
    const size_t last = rows->rows * places - 1;
    number[LAST_CHANNEL] = channel[last];
    number[LAST_INSTANCE] = instance[last];
}

const ProbeKind probe_shares = {
    .name = "shares",
    .title = "what the mean square before and behind each normalizer consists of",
    .source = "Labatie et al. 2021, power plots",
    .fields = FIELDS,
    .numbers = NUMBERS,
    .places = true,
    .see = see,
    .sum_up = sum_up,
};
