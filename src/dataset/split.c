/* Which samples train, which validate, and the training samples' mean and standard
 * deviation. */
#include "source.h"
#include "sum.h"

#include <math.h>

enum { LEVELS = 256 }; /* values of a byte */

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

void split_samples(Dataset *dataset, const Reading *from, size_t drawn) {
    Arena *arena = from->arena, *scratch = from->scratch;
    const Pile *train = &from->train;
    const size_t count = train->count;
    size_t *order = TAKE(scratch, size_t, count);
    draw_permutation((Draw){SPLIT_SEED, DRAW_SPLIT, 0, 0}, order, count);
    dataset->drawn = drawn > 0;
    dataset->val = drawn > 0 ? choose(arena, dataset, train, order, drawn)
                             : all_of(arena, scratch, dataset, &from->val);
    dataset->train = choose(arena, dataset, train, order + drawn, count - drawn);
    dataset->test = all_of(arena, scratch, dataset, &from->test);
}

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

/* ---- some of the samples ---------------------------------------------------------- */

static bool has_enough(const Dataset *dataset, size_t count, size_t there,
                       BaseError *error) {
    return count <= there ||
           base_fail(error, EX_USAGE, 0, "%zu training samples wanted, %s has %zu", count,
                     dataset->name, there);
}

const Dataset *dataset_limit(Arena *arena, const Dataset *dataset, size_t count,
                             BaseError *error) {
    if (count == 0 || count == dataset->train.count) return dataset;
    if (!has_enough(dataset, count, dataset->train.count, error)) return NULL;
    Dataset *limited = TAKE(arena, Dataset, 1);
    *limited = *dataset;
    limited->train.count = count;
    split_statistics(arena, limited);
    return limited;
}

/* A sample of one of the parts. */
typedef struct Where {
    const Samples *part;
    size_t at;
} Where;

/* What trains and what was drawn to validate, as it stands in the source: in the order of ids. */
static Where *pool_of(Arena *arena, const Dataset *d, size_t *count) {
    const Samples *part[] = {&d->train, &d->val};
    const size_t parts = d->drawn ? 2 : 1;
    size_t ids = 0;
    for (size_t p = 0; p < parts; p++)
        for (size_t i = 0; i < part[p]->count; i++)
            ids = part[p]->id[i] >= ids ? part[p]->id[i] + (size_t)1 : ids;
    Where *pool = ZERO(arena, Where, ids + 1);
    for (size_t p = 0; p < parts; p++)
        for (size_t i = 0; i < part[p]->count; i++)
            pool[part[p]->id[i]] = (Where){part[p], i};
    *count = 0;
    for (size_t id = 0; id < ids; id++)
        if (pool[id].part) pool[(*count)++] = pool[id];
    return pool;
}

static Samples some_of(Arena *arena, const Dataset *d, const Where *pool,
                       const size_t *order, size_t count) {
    uint32_t *id = TAKE(arena, uint32_t, count + 1);
    Samples some = {.count = count, .id = id};
    for (size_t i = 0; i < count; i++) id[i] = pool[order[i]].part->id[pool[order[i]].at];
    for (size_t k = 0; k < d->fields; k++) {
        some.value[k] = TAKE(arena, const void *, count + 1);
        for (size_t i = 0; i < count; i++) {
            const Where from = pool[order[i]];
            some.value[k][i] = from.part->value[k][from.at];
        }
    }
    return some;
}

const Dataset *dataset_drawn(Arena *arena, const Dataset *dataset, uint64_t seed,
                             size_t count, BaseError *error) {
    size_t samples;
    const Where *pool = pool_of(arena, dataset, &samples);
    const size_t drawn = dataset->drawn ? samples / DATA_DRAWN : 0,
                 left = samples - drawn;
    if (!has_enough(dataset, count, left, error)) return NULL;
    size_t *order = TAKE(arena, size_t, samples + 1);
    draw_permutation((Draw){seed, DRAW_SPLIT, 0, 0}, order, samples);
    Dataset *own = TAKE(arena, Dataset, 1);
    *own = *dataset;
    if (drawn > 0) own->val = some_of(arena, dataset, pool, order, drawn);
    own->train = some_of(arena, dataset, pool, order + drawn, count ? count : left);
    split_statistics(arena, own);
    return own;
}
