/* Passes through memory: each instruction set against the plain loop, to the bit, wherever the
 * arrays stand. */
#include "harness.h"

#include "kernels.h"

#include <math.h>
#include <string.h>

enum { MOST = 200, GUARD = 16 };

static const double AROUND = 2385.0; /* what stands around a result */

static double *numbers(Arena *arena, size_t count, uint64_t sample) {
    double *x = TAKE(arena, double, count);
    const Draw draw = {.seed = 43, .purpose = DRAW_TEST, .sample = sample};
    for (size_t i = 0; i < count; i++) x[i] = draw_uniform(draw, i) - 0.4;
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
    const double *a = numbers(arena, n + 3, 1) + 3, *b = numbers(arena, n + 1, 2) + 1;
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

/* ---- elements ---------------------------------------------------------------------- */

/* Without relu and with it. */
static const Affine MAPS[] = {{0.3, -0x1p-30, 1.7, -0.9, 0.25, false},
                              {0.3, -0x1p-30, 1.7, -0.9, 0.25, true}};
static const Slope SLOPES[] = {{0.3, -0x1p-30, 1.7, -0.9, 0.25, 0.125, -0.5, false},
                               {0.3, -0x1p-30, 1.7, -0.9, 0.25, 0.125, -0.5, true}};
static const Affine MAP = {0.3, -0x1p-30, 1.7, -0.9, 0.25, false};

static double map_of(double x, bool relu) {
    const double y = ((x - MAP.shift) - MAP.offset) * MAP.rstd * MAP.scale + MAP.bias;
    return relu && !(y > 0.0) ? 0.0 : y;
}

static double above(double dy, double x, bool relu) {
    return relu && map_of(x, false) <= 0.0 ? 0.0 : dy;
}

static double slope_of(double dy, double x, bool relu) {
    const Slope s = SLOPES[relu];
    const double xhat = ((x - s.shift) - s.offset) * s.rstd;
    return s.rstd * ((s.scale * above(dy, x, relu) - s.a) - xhat * s.b);
}

static void assert_bits(double got, double want, size_t i) {
    if (memcmp(&got, &want, sizeof got) != 0) fail_msg("[%zu]: %a, not %a", i, got, want);
}

static void check_maps(Arena *arena, const Passes *passes, size_t n, size_t offset) {
    const double *dy = numbers(arena, n + 3, 3) + 3, *x = numbers(arena, n + 1, 4) + 1;
    for (size_t k = 0; k < 6; k++) {
        const PassTo to = (PassTo)(k / 2);
        const bool relu = k % 2;
        double *y = guarded(arena, offset), *dx = guarded(arena, offset);
        passes->affine(y, x, n, MAPS[relu], to);
        passes->slope(dx, dy, x, n, SLOPES[relu], to);
        passes_end();
        const double kept = to == PASS_ADDS ? AROUND : 0.0;
        for (size_t i = 0; i < n; i++) {
            assert_bits(y[i], kept + map_of(x[i], relu), i);
            assert_bits(dx[i], kept + slope_of(dy[i], x[i], relu), i);
        }
        assert_guarded(y, n);
        assert_guarded(dx, n);
    }
}

static void maps_are_loops(void **state) {
    (void)state;
    for_all(check_maps);
}

/* ---- sums ---------------------------------------------------------------------------- */

enum { LEAVES = 45, TERMS = LEAVES * SUM_LEAF };

static void assert_same_trees(const TreeSum *a, const TreeSum *b) {
    assert_int_equal(a->count, b->count);
    assert_int_equal(a->top, b->top);
    assert_memory_equal(a->level, b->level, a->top * sizeof *a->level);
}

/* Runs of these lengths, one after the other onto the same trees. */
static const size_t RUNS[] = {TERMS, 1, 64, 7 * 64, 512, 1024 + 5, 63, 2048, 8, 640};

static void sums_are_trees(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *x = numbers(arena, TERMS, 5), *dy = numbers(arena, TERMS, 6);
    for (size_t k = 0; kernels_at(k); k++) {
        const Passes *passes = &kernels_at(k)->passes;
        TreeSum got[6], want[6];
        for (size_t i = 0; i < 6; i++) tree_clear(&got[i]), tree_clear(&want[i]);
        for (size_t r = 0; r < COUNT_OF(RUNS); r++) {
            passes->moments(&got[0], &got[1], x, RUNS[r], 0.3);
            for (int relu = 0; relu < 2; relu++)
                passes->products(&got[2 + 2 * relu], &got[3 + 2 * relu], dy, x, RUNS[r],
                                 MAPS[relu]);
            TREE_SUM2(&want[0], &want[1], RUNS[r], i, x[i] - 0.3,
                      (x[i] - 0.3) * (x[i] - 0.3))
            TREE_SUM2(&want[2], &want[3], RUNS[r], i, dy[i],
                      dy[i] * (((x[i] - MAP.shift) - MAP.offset) * MAP.rstd))
            TREE_SUM2(&want[4], &want[5], RUNS[r], i, above(dy[i], x[i], true),
                      above(dy[i], x[i], true) *
                          (((x[i] - MAP.shift) - MAP.offset) * MAP.rstd))
            for (size_t i = 0; i < 6; i++) assert_same_trees(&got[i], &want[i]);
        }
    }
    arena_free(arena);
}

/* Beside each other as one after the other, wherever what is written stands. */
static void beside_is_one_after_the_other(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *x = numbers(arena, TERMS, 7), *dy = numbers(arena, TERMS, 8),
                 *z = numbers(arena, TERMS, 9);
    double *y = TAKE(arena, double, TERMS + 8);
    for (size_t k = 0; kernels_at(k); k++)
        for (size_t turn = 0; turn < 2 * 8; turn++) {
            const Passes *passes = &kernels_at(k)->passes;
            const size_t offset = turn / 2;
            const bool relu = turn % 2;
            TreeSum got[2], want[2];
            for (size_t i = 0; i < 2; i++) tree_clear(&got[i]), tree_clear(&want[i]);
            const Beside sums = {.first = &got[0],
                                 .second = &got[1],
                                 .dy = dy,
                                 .x = x,
                                 .of = MAPS[relu],
                                 .ahead = 128,
                                 .until = TERMS - 128,
                                 .jump = -128};
            passes->affine_beside(y + offset, z, TERMS, MAPS[relu], &sums);
            passes_end();
            passes->moments(&want[0], &want[1], x, TERMS, MAP.shift);
            for (size_t i = 0; i < TERMS; i++)
                assert_bits(y[offset + i], map_of(z[i], relu), i);
            passes->slope_beside(y + offset, z, x, TERMS, SLOPES[relu], &sums);
            passes_end();
            passes->products(&want[0], &want[1], dy, x, TERMS, MAPS[relu]);
            for (size_t i = 0; i < TERMS; i++)
                assert_bits(y[offset + i], slope_of(z[i], x[i], relu), i);
            for (size_t i = 0; i < 2; i++) assert_same_trees(&got[i], &want[i]);
        }
    arena_free(arena);
}

/* ---- columns --------------------------------------------------------------------------- */

static double xhat_of(Columns of, double x, size_t i) {
    return ((x - of.shift[i]) - of.offset[i]) * of.rstd[i];
}

static void check_columns(Arena *arena, const Passes *passes, size_t n, size_t offset) {
    const Columns of = {numbers(arena, n + 1, 10), numbers(arena, n + 1, 11),
                        numbers(arena, n + 1, 12)};
    const double *a = numbers(arena, n + 1, 13), *b = numbers(arena, n + 1, 14);
    const double *x = numbers(arena, n + 1, 15) + 1, *dy = numbers(arena, n + 1, 16) + 1;
    for (PassTo to = PASS_WRITES; to <= PASS_ADDS; to++) {
        double *y = guarded(arena, offset), *dx = guarded(arena, offset);
        const size_t ahead = to == PASS_PAST ? n : 0; /* asked for, never read */
        passes->column_affine(y, x, n, (ColumnMap){of, -0.9, 0.25, ahead}, to);
        passes->column_slope(dx, dy, x, n, (ColumnSlope){of, -0.9, a, b, ahead}, to);
        passes_end();
        const double kept = to == PASS_ADDS ? AROUND : 0.0;
        for (size_t i = 0; i < n; i++) {
            const double xhat = xhat_of(of, x[i], i);
            assert_bits(y[i], kept + (xhat * -0.9 + 0.25), i);
            assert_bits(dx[i], kept + of.rstd[i] * ((-0.9 * dy[i] - a[i]) - xhat * b[i]),
                        i);
        }
        assert_guarded(y, n);
        assert_guarded(dx, n);
    }
}

static void columns_are_loops(void **state) {
    (void)state;
    for_all(check_columns);
}

static void assert_leaves(const ColumnRows *c, size_t r) {
    double term[2][MOST];
    for (size_t i = 0; i < c->n; i++) {
        term[0][i] = c->dy[r][i];
        term[1][i] = c->dy[r][i] * xhat_of(c->of, c->x[r][i], i);
    }
    for (size_t i = 0; i < 2 * ((c->n + SUM_LEAF - 1) / SUM_LEAF); i++) {
        const size_t from = i / 2 * SUM_LEAF, left = c->n - from;
        assert_bits(c->leaf[r][i],
                    sum_leaf(term[i % 2] + from, left < SUM_LEAF ? left : SUM_LEAF), i);
    }
}

static void check_column_sums(Arena *arena, const Passes *passes, size_t n, size_t rows) {
    const double *a = numbers(arena, n + 1, 13), *b = numbers(arena, n + 1, 14);
    ColumnRows c = {.rows = rows, .n = n, .about_h = a, .about_hx = b};
    c.of = (Columns){numbers(arena, n + 1, 10), numbers(arena, n + 1, 11),
                     numbers(arena, n + 1, 12)};
    double *got[7], *want[4];
    for (size_t i = 0; i < 7; i++) got[i] = guarded(arena, i);
    for (size_t i = 0; i < 4; i++) want[i] = ZERO(arena, double, n + 1);
    for (size_t r = 0; r < rows; r++) {
        c.x[r] = numbers(arena, n + 1, 20 + r) + 1;
        c.dy[r] = numbers(arena, n + 1, 30 + r) + 1;
        c.scale[r] = 0.3 * (double)r - 1.0;
        c.leaf[r] = ZERO(arena, double, 2 * (n / SUM_LEAF + 1));
    }
    passes->column_moments(got[0], got[1], c.x, rows, a, n);
    passes->column_products(got[2], got[3], &c, true);
    passes->column_products(got[4], got[5], &c, false);
    passes->column_moments(got[6], NULL, c.x, rows, a, n);
    for (size_t i = 0; i < n; i++)
        for (size_t r = 0; r < rows; r++) {
            const double d = c.x[r][i] - a[i], h = c.scale[r] * c.dy[r][i];
            want[0][i] += d;
            want[1][i] += d * d;
            want[2][i] += h - a[i];
            want[3][i] += h * xhat_of(c.of, c.x[r][i], i) - b[i];
        }
    static const size_t wanted[] = {0, 1, 2, 3, 2, 3, 0};
    for (size_t k = 0; k < 7; k++) {
        for (size_t i = 0; i < n; i++) assert_bits(got[k][i], want[wanted[k]][i], i);
        assert_guarded(got[k], n);
    }
    for (size_t r = 0; r < rows; r++) assert_leaves(&c, r);
}

static void check_column_rows(Arena *arena, const Passes *passes, size_t n, size_t rows) {
    check_column_sums(arena, passes, n, rows + 1); /* 1 to 8 */
}

static void column_sums_are_loops(void **state) {
    (void)state;
    for_all(check_column_rows);
}

static const Case cases[] = {
    CASE(theorem, streams_are_loops), CASE(theorem, maps_are_loops),
    CASE(theorem, sums_are_trees),    CASE(theorem, beside_is_one_after_the_other),
    CASE(theorem, columns_are_loops), CASE(theorem, column_sums_are_loops),
};

HARNESS_MAIN("passes", cases)
