/* Which images train, which validate, and the training pixels' mean and standard
 * deviation. */
#include "source.h"

#include <math.h>

enum { LEVELS = 256 }; /* values of a byte */

#define SPLIT_SEED UINT64_C(0x6e6f726d6c6162) /* "normlab": no run's seed */

/* The images order[0..count-1] of a pile. */
static Images choose(Arena *arena, const Pile *pile, const size_t *order, size_t count,
                     size_t size) {
    const uint8_t **pixel = TAKE(arena, const uint8_t *, count);
    uint8_t *label = TAKE(arena, uint8_t, count);
    uint32_t *id = TAKE(arena, uint32_t, count);
    for (size_t i = 0; i < count; i++) {
        pixel[i] = pile->pixel + order[i] * size;
        label[i] = pile->label[order[i]];
        id[i] = (uint32_t)order[i];
    }
    return (Images){count, pixel, label, id};
}

//> split
void split_images(Arena *arena, Arena *scratch, Dataset *dataset, const Pile *train,
                  const Pile *test, size_t val) {
    size_t size = dataset->channels * dataset->height * dataset->width;
    size_t *drawn = TAKE(scratch, size_t, train->count),
           *all = TAKE(scratch, size_t, test->count);
    draw_permutation((Draw){SPLIT_SEED, DRAW_SPLIT, 0, 0}, drawn, train->count);
    for (size_t i = 0; i < test->count; i++) all[i] = i;
    dataset->val = choose(arena, train, drawn, val, size);
    dataset->train = choose(arena, train, drawn + val, train->count - val, size);
    dataset->test = choose(arena, test, all, test->count, size);
}
//< split

/* How often each byte occurs in one channel of the training images; returns how many
 * bytes. */
static uint64_t histogram(uint64_t count[LEVELS], const Dataset *dataset,
                          size_t channel) {
    size_t plane = dataset->height * dataset->width;
    for (size_t v = 0; v < LEVELS; v++) count[v] = 0;
    for (size_t i = 0; i < dataset->train.count; i++) {
        const uint8_t *pixel = dataset->train.pixel[i] + channel * plane;
        for (size_t p = 0; p < plane; p++) count[pixel[p]]++;
    }
    return dataset->train.count * plane;
}

/* Integers up to the last line, so that no order of summation shows. With sum = q n + r,
 * the squares about the mean are those about the whole number q, less r^2 / n. */
void split_statistics(Dataset *dataset) {
    for (size_t c = 0; c < dataset->channels; c++) {
        uint64_t count[LEVELS], sum = 0, squares = 0, n = histogram(count, dataset, c);
        for (uint64_t v = 0; v < LEVELS; v++) sum += v * count[v];
        uint64_t q = sum / n, r = sum % n;
        for (uint64_t v = 0; v < LEVELS; v++) {
            uint64_t distance = v > q ? v - q : q - v;
            squares += distance * distance * count[v];
        }
        double pixels = (double)n, rest = (double)r;
        double variance = ((double)squares - rest * (rest / pixels)) / pixels;
        dataset->mean[c] = (double)sum / (255.0 * pixels);
        dataset->std[c] =
            squares > 0 ? sqrt(variance) / 255.0 : 1.0; /* all alike: to zero, not NaN */
    }
}

const Dataset *dataset_limit(Arena *arena, const Dataset *dataset, size_t count,
                             Error *error) {
    if (count == 0 || count == dataset->train.count) return dataset;
    if (count > dataset->train.count) {
        fail(error, EX_USAGE, 0, "%zu training images wanted, %s has %zu", count,
             dataset->name, dataset->train.count);
        return NULL;
    }
    Dataset *limited = TAKE(arena, Dataset, 1);
    *limited = *dataset;
    limited->train.count = count;
    split_statistics(limited);
    return limited;
}
