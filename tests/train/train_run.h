/* What the tests of train share: small pieces of real data, a configuration in one line,
 * a run. */
#ifndef NORMLAB_TRAIN_RUN_H
#define NORMLAB_TRAIN_RUN_H

#include "harness.h"
#include "train.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* fashion-mini with fewer images to evaluate on. */
static inline const Dataset *small_data(Arena *arena, size_t val, size_t test) {
    BaseError error = {.set = false};
    const Dataset *all = dataset_open(arena, "fashion-mini", &error);
    if (all == NULL) fail_msg("%s", error.message);
    Dataset *few = TAKE(arena, Dataset, 1);
    *few = *all;
    few->val.count = val;
    few->test.count = test;
    return few;
}

/* A small network, then "key=value" pairs split by blanks (values without blanks). */
static inline Config config_of(Arena *arena, const char *pairs) {
    static const char TINY[] =
        "network=resnet(depth=8,width=4,stem_stride=2) epochs=2 images=96 ";
    Config config = config_default(arena);
    char *text = text_print(arena, "%s%s", TINY, pairs), *rest = NULL;
    for (char *pair = strtok_r(text, " ", &rest); pair;
         pair = strtok_r(NULL, " ", &rest)) {
        BaseError error = {.set = false};
        char *value = strchr(pair, '=');
        *value++ = '\0';
        if (!config_set(&config, arena, pair, value, &error))
            fail_msg("%s", error.message);
    }
    return config;
}

static inline Trainer *trainer_of(Arena *arena, const char *pairs, const Dataset *data,
                                  size_t threads) {
    BaseError error = {.set = false};
    const Config config = config_of(arena, pairs);
    Trainer *t = trainer_new(arena, &config, data, threads, &error);
    if (t == NULL) fail_msg("%s: %s", pairs, error.message);
    return t;
}

static inline Trainer *finished(Arena *arena, const char *pairs, const Dataset *data,
                                size_t threads) {
    Trainer *t = trainer_of(arena, pairs, data, threads);
    while (trainer_step(t) != TRAIN_DONE) continue;
    return t;
}

static inline const TrainPart *part_of(Trainer *t, const char *name) {
    size_t count;
    const TrainPart *part = trainer_parts(t, &count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(part[i].name, name) == 0) return &part[i];
    fail_msg("no part '%s'", name);
    return NULL;
}

/* As a run is resumed: all that `from` is between two steps. */
static inline void fill_from(Trainer *t, Trainer *from) {
    size_t count;
    const TrainPart *old = trainer_parts(from, &count), *new = trainer_parts(t, &count);
    for (size_t i = 0; i < count; i++)
        if (old[i].count) memcpy(new[i].data, old[i].data, old[i].count * sizeof(double));
}

static inline void same_parts(Trainer *a, Trainer *b) {
    size_t count, also;
    const TrainPart *one = trainer_parts(a, &count), *two = trainer_parts(b, &also);
    assert_int_equal(count, also);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(one[i].name, two[i].name);
        assert_int_equal(one[i].count, two[i].count);
        if (one[i].count &&
            memcmp(one[i].data, two[i].data, one[i].count * sizeof(double)) != 0)
            fail_msg("%s: other bits", one[i].name);
    }
}

/* Largest |a - b| over largest |b|; NaN is as far as can be. */
static inline double apart(const double *a, const double *b, size_t count) {
    double most = 0, size = DBL_MIN;
    for (size_t i = 0; i < count; i++) {
        if (!(fabs(a[i] - b[i]) <= DBL_MAX)) return DBL_MAX;
        most = fmax(most, fabs(a[i] - b[i]));
        size = fmax(size, fabs(b[i]));
    }
    return most / size;
}

#endif
