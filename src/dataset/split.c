/* Which samples train, which validate, and the training samples' mean and standard
 * deviation. */
#include "source.h"

#include <math.h>

enum { LEVELS = 256 }; /* values of a byte */

#define SPLIT_SEED UINT64_C(0x6e6f726d6c6162) /* "normlab": no run's seed */

/* The samples order[0..count-1] of a pile. */
static Samples choose(Arena *arena, const Dataset *dataset, const Pile *pile,
                      const size_t *order, size_t count) {
    uint32_t *id = TAKE(arena, uint32_t, count);
    Samples samples = {.count = count, .id = id};
    for (size_t i = 0; i < count; i++) id[i] = (uint32_t)order[i];
    for (size_t k = 0; k < dataset->fields; k++) {
        const size_t bytes = field_bytes(&dataset->field[k]);
        samples.value[k] = TAKE(arena, const void *, count);
        for (size_t i = 0; i < count; i++)
            samples.value[k][i] = (const char *)pile->value[k] + order[i] * bytes;
    }
    return samples;
}

static Samples all_of(Arena *arena, Arena *scratch, const Dataset *dataset,
                      const Pile *pile) {
    size_t *all = TAKE(scratch, size_t, pile->count);
    for (size_t i = 0; i < pile->count; i++) all[i] = i;
    return choose(arena, dataset, pile, all, pile->count);
}

//> split
void split_samples(Dataset *dataset, const Reading *from, size_t drawn) {
    Arena *arena = from->arena, *scratch = from->scratch;
    const Pile *train = &from->train;
    const size_t count = train->count;
    size_t *order = TAKE(scratch, size_t, count);
    draw_permutation((Draw){SPLIT_SEED, DRAW_SPLIT, 0, 0}, order, count);
    dataset->val = drawn > 0 ? choose(arena, dataset, train, order, drawn)
                             : all_of(arena, scratch, dataset, &from->val);
    dataset->train = choose(arena, dataset, train, order + drawn, count - drawn);
    dataset->test = all_of(arena, scratch, dataset, &from->test);
}
//< split

/* How often each byte occurs in one channel of the training samples; returns how many
 * bytes. */
static uint64_t histogram(uint64_t count[LEVELS], const Samples *train, size_t k,
                          size_t channel, size_t plane) {
    for (size_t v = 0; v < LEVELS; v++) count[v] = 0;
    for (size_t i = 0; i < train->count; i++) {
        const uint8_t *byte = (const uint8_t *)train->value[k][i] + channel * plane;
        for (size_t p = 0; p < plane; p++) count[byte[p]]++;
    }
    return train->count * plane;
}

/* Integers up to the last line, so that no order of summation shows. With sum = q n + r,
 * the squares about the mean are those about the whole number q, less r^2 / n. */
static void byte_statistics(double *mean, double *std, const Samples *train, size_t k,
                            size_t channel, size_t plane) {
    uint64_t count[LEVELS], sum = 0, squares = 0,
                            n = histogram(count, train, k, channel, plane);
    for (uint64_t v = 0; v < LEVELS; v++) sum += v * count[v];
    uint64_t q = sum / n, r = sum % n;
    for (uint64_t v = 0; v < LEVELS; v++) {
        uint64_t distance = v > q ? v - q : q - v;
        squares += distance * distance * count[v];
    }
    double bytes = (double)n, rest = (double)r;
    double variance = ((double)squares - rest * (rest / bytes)) / bytes;
    *mean = (double)sum / (255.0 * bytes);
    *std = squares > 0 ? sqrt(variance) / 255.0 : 1.0; /* all alike: to zero, not NaN */
}

/* The mean over the channel's values of v - about, or of its square. */
static double mean_about(const Samples *train, size_t k, size_t channel, size_t plane,
                         double about, bool squared) {
    TreeSum sum;
    tree_clear(&sum);
    for (size_t i = 0; i < train->count; i++) {
        const double *value = (const double *)train->value[k][i] + channel * plane;
        TreeSum own;
        tree_clear(&own);
        for (size_t p = 0; p < plane; p++) {
            const double from = value[p] - about;
            tree_push(&own, squared ? from * from : from);
        }
        tree_push(&sum, tree_total(&own));
    }
    return tree_total(&sum) / ((double)train->count * (double)plane);
}

/* About the first value, then about the mean: far from 0 no digits are lost. */
static void real_statistics(double *mean, double *std, const Samples *train, size_t k,
                            size_t channel, size_t plane) {
    const double first = ((const double *)train->value[k][0])[channel * plane];
    *mean = first + mean_about(train, k, channel, plane, first, false);
    const double variance = mean_about(train, k, channel, plane, *mean, true);
    *std = variance > 0.0 ? sqrt(variance) : 1.0;
}

void split_statistics(Arena *arena, Dataset *dataset) {
    for (size_t k = 0; k < dataset->fields; k++) {
        DataField *field = &dataset->field[k];
        if (!field->standardized) continue;
        const size_t channels = dataset_channels(field),
                     plane = shape_count(dataset_kept(field)) / channels;
        double *mean = TAKE(arena, double, channels),
               *std = TAKE(arena, double, channels);
        for (size_t c = 0; c < channels; c++)
            (field->type == DATA_BYTES ? byte_statistics : real_statistics)(
                &mean[c], &std[c], &dataset->train, k, c, plane);
        field->mean = mean;
        field->std = std;
    }
}

const Dataset *dataset_limit(Arena *arena, const Dataset *dataset, size_t count,
                             Error *error) {
    if (count == 0 || count == dataset->train.count) return dataset;
    if (count > dataset->train.count) {
        fail(error, EX_USAGE, 0, "%zu training samples wanted, %s has %zu", count,
             dataset->name, dataset->train.count);
        return NULL;
    }
    Dataset *limited = TAKE(arena, Dataset, 1);
    *limited = *dataset;
    limited->train.count = count;
    split_statistics(arena, limited);
    return limited;
}
