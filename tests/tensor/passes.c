/* Passes through memory: each instruction set against the plain loop, to the bit, wherever the
 * arrays stand. */
#include "harness.h"

#include "kernels.h"

#include <math.h>
#include <string.h>

enum { MOST = 200, GUARD = 16 };

static const double AROUND = 2385.0; /* what stands around a result */

static double *normals(Arena *arena, size_t count, uint64_t sample) {
    double *x = TAKE(arena, double, count);
    const Draw draw = {.seed = 43, .purpose = DRAW_TEST, .sample = sample};
    for (size_t i = 0; i < count; i++) x[i] = draw_normal(draw, i);
    return x;
}

/* A result of n elements, `offset` behind a line of memory, between guards. */
static double *guarded(Arena *arena, size_t offset) {
    double *y = TAKE(arena, double, MOST + 2 * GUARD);
    for (size_t i = 0; i < MOST + 2 * GUARD; i++) y[i] = AROUND;
    return y + 8 + offset;
}

static void assert_guarded(const double *y, size_t n) {
    for (size_t i = 1; i <= 8; i++)
        if (y[-(ptrdiff_t)i] != AROUND || y[n + i - 1] != AROUND)
            fail_msg("written beside %zu elements", n);
}

/* Lengths about lines, leaves and vectors, at every place of a line. */
static const size_t LENGTH[] = {0, 1, 2, 7, 8, 9, 15, 16, 49, 63, 64, 65, 129, MOST};

typedef void Check(Arena *arena, const Passes *passes, size_t n, size_t offset);

static void for_all(Check *check) {
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    for (size_t k = 0; kernels_at(k); k++)
        for (size_t i = 0; i < COUNT_OF(LENGTH) * 8; i++, arena_rewind(arena, mark))
            check(arena, &kernels_at(k)->passes, LENGTH[i / 8], i % 8);
    arena_free(arena);
}

static void check_streams(Arena *arena, const Passes *passes, size_t n, size_t offset) {
    const double *a = normals(arena, n + 3, 1) + 3, *b = normals(arena, n + 1, 2) + 1;
    double *y = guarded(arena, offset);
    passes->copy(y, a, n);
    passes_end();
    assert_memory_equal(y, a, n * sizeof *y);
    assert_guarded(y, n);
    passes->add(y, a, b, n);
    passes_end();
    for (size_t i = 0; i < n; i++) assert_true(y[i] == a[i] + b[i]);
    assert_guarded(y, n);
}

static void streams_are_loops(void **state) {
    (void)state;
    for_all(check_streams);
}

static const Case cases[] = {
    CASE(theorem, streams_are_loops),
};

HARNESS_MAIN("passes", cases)
