/* What the tests of norm share: high-entropy data, and specs with a mistake. */
#ifndef NORMLAB_NORM_SHARED_H
#define NORMLAB_NORM_SHARED_H

#include "harness.h"
#include "norm.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* A vector of count values at + spread * normal. */
static inline double *normals(Arena *arena, uint64_t seed, size_t count, double at,
                              double spread) {
    double *x = TAKE(arena, double, count);
    Draw draw = {.seed = seed, .purpose = DRAW_TEST};
    for (size_t i = 0; i < count; i++) x[i] = at + spread * draw_normal(draw, i);
    return x;
}

/* A spec with a mistake: where it stands, and what is said of it. */
typedef struct Wrong {
    const char *text;
    size_t at;
    const char *says;
} Wrong;

static inline void judge_wrong(const Wrong *list, size_t count, size_t channels) {
    Arena *arena = arena_new();
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, list[i].text, channels, &error);
        bool right = norm == NULL && error.set && error.code == EX_USAGE &&
                     error.at == list[i].at && strstr(error.message, list[i].says);
        if (right) continue;
        print_error("'%s': at %zu '%s', expected at %zu '%s'\n", list[i].text, error.at,
                    error.message, list[i].at, list[i].says);
        wrong++;
    }
    assert_int_equal(wrong, 0);
    arena_free(arena);
}

#endif
