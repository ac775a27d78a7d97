/* Noise: its numbers have the moments of a standard normal law and nothing in common, each is a
 * draw by part, sample and place alone, and what is no size is refused in one line. */
#include "harness.h"
#include "source.h"

#include <math.h>
#include <string.h>

static const Dataset *open_noise(Arena *arena, const char *name) {
    BaseError error = {0};
    const Dataset *dataset = dataset_open(arena, name, &error);
    if (dataset == NULL) fail_msg("%s: %s", name, error.message);
    return dataset;
}

static const double *image_of(const Samples *samples, size_t i) {
    return samples->value[0][i];
}

static uint8_t label_of(const Samples *samples, size_t i) {
    return *(const uint8_t *)samples->value[1][i];
}

/* A mean of so many draws of deviation `std`, seven of its deviations from `truth` at most. */
static void assert_mean(double sum, size_t count, double truth, double std) {
    const double n = (double)count;
    assert_near(sum / n, truth, 7.0 * std / sqrt(n));
}

/* E x = 0, E x^2 = 1, E x^3 = 0, E x^4 = 3; no two places, channels, samples or parts have to do
 * with each other. */
static void standard_normal(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *d = open_noise(arena, "noise:2x4x8");
    const size_t each = 64, n = d->train.count * each, fewer = d->test.count * each;
    double power[5] = {0}, place = 0, channel = 0, sample = 0, part = 0;
    for (size_t i = 0; i < d->train.count; i++) {
        const double *x = image_of(&d->train, i),
                     *next = image_of(&d->train, (i + 1) % d->train.count);
        for (size_t k = 0; k < each; k++) {
            double up = x[k];
            for (size_t p = 1; p < 5; p++, up *= x[k]) power[p] += up;
            place += x[k] * x[(k + 1) % each];
            channel += x[k] * x[(k + each / 2) % each];
            sample += x[k] * next[k];
            if (i < d->test.count) part += x[k] * image_of(&d->test, i)[k];
        }
    }
    assert_mean(power[1], n, 0.0, 1.0);
    assert_mean(power[2], n, 1.0, sqrt(2.0));
    assert_mean(power[3], n, 0.0, sqrt(15.0));
    assert_mean(power[4], n, 3.0, sqrt(96.0));
    assert_mean(place, n, 0.0, 1.0);
    assert_mean(channel, n, 0.0, 1.5);
    assert_mean(sample, n, 0.0, 1.0);
    assert_mean(part, fewer, 0.0, 1.0);
    arena_free(arena);
}

/* Each class a tenth, whatever the image: the mean of an image knows nothing of it. */
static void labels_tell_nothing(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *d = open_noise(arena, "noise:1x1x1");
    double count[10] = {0}, sum[10] = {0};
    const double n = (double)d->train.count;
    for (size_t i = 0; i < d->train.count; i++) {
        const size_t k = label_of(&d->train, i);
        assert_true(k < 10);
        count[k] += 1.0;
        sum[k] += image_of(&d->train, i)[0];
    }
    for (size_t k = 0; k < 10; k++) {
        assert_near(count[k], n / 10.0, 5.0 * sqrt(n * 0.09));
        assert_mean(sum[k], (size_t)count[k], 0.0, 1.0);
    }
    arena_free(arena);
}

static void check_part(const Samples *part, uint64_t number, size_t each) {
    for (size_t i = 0; i < part->count; i++) {
        const uint64_t id = part->id[i];
        const Draw x = {1, DRAW_DATA, 24 + number, id},
                   label = {1, DRAW_DATA, 27 + number, id};
        for (size_t k = 0; k < each; k++)
            assert_true(image_of(part, i)[k] == draw_normal(x, k));
        assert_int_equal(label_of(part, i), draw_below(label, 0, 10));
    }
}

/* The published rule, restated; handed out they are the same bits. */
static void function_of_the_index(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *d = open_noise(arena, "noise:3x2x1");
    const size_t index[] = {7, 0};
    check_part(&d->train, 0, 6);
    check_part(&d->val, 1, 6);
    check_part(&d->test, 2, 6);
    const Batch batch = dataset_batch(arena, d, &d->val, index, 2, NULL, 5, 6);
    assert_true(shape_equal(batch.shape[0], SHAPE_OF(2, 3, 2, 1)));
    assert_memory_equal(batch.real[0], image_of(&d->val, 7), 6 * sizeof(double));
    assert_memory_equal(batch.real[0] + 6, image_of(&d->val, 0), 6 * sizeof(double));
    arena_free(arena);
}

/* A larger image begins with the numbers of a smaller one; of larger ones there are fewer. */
static void sizes_and_counts(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *small = open_noise(arena, "noise:1x2x2"),
                  *large = open_noise(arena, "noise:16x32x32");
    assert_int_equal(small->train.count, 4096);
    assert_int_equal(large->train.count, 1024);
    assert_int_equal(large->val.count, 128);
    assert_int_equal(large->test.count, 128);
    for (size_t i = 0; i < large->test.count; i++)
        assert_memory_equal(image_of(&small->test, i), image_of(&large->test, i),
                            4 * sizeof(double));
    assert_string_not_equal(small->sha256, large->sha256);
    arena_free(arena);
}

static void one_form(void **state) {
    (void)state;
    static const char *const wrong[] = {"noise:3",
                                        "noise:3x4",
                                        "noise:3x4x5x6",
                                        "noise:0x4x4",
                                        "noise:3x4x",
                                        "noise:3x-1x4",
                                        "noise:3xax4",
                                        "noise:x3x4",
                                        "noise:3 x4x4",
                                        "noise:3X4X4",
                                        "noise:65537x1x1",
                                        "noise:64x32x33",
                                        "noise:4294967296x4294967296x2"};
    Arena *arena = arena_new();
    BaseError error = {0};
    assert_string_equal(dataset_canonical(arena, "noise:3x32x32", &error),
                        "noise:3x32x32");
    for (size_t i = 0; i < COUNT_OF(wrong); i++) {
        BaseError own = {0};
        if (dataset_canonical(arena, wrong[i], &own)) fail_msg("%s is read", wrong[i]);
        assert_int_equal(own.code, EX_USAGE);
        assert_string_equal(own.message,
                            "channels x height x width, at most 65,536 numbers "
                            "an image, as in noise:3x32x32, are expected");
    }
    assert_null(dataset_canonical(arena, "noise", &error)); /* of no size */
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, standard_normal),
    CASE(theorem, labels_tell_nothing),
    CASE(oracle, function_of_the_index),
    CASE(theorem, sizes_and_counts),
    CASE(fault, one_form),
};

HARNESS_MAIN("noise", CASES)
