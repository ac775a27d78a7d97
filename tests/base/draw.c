/* Draws: the published generator, its distributions, and that they are functions. */
#include "harness.h"

#include "base.h"

#include <math.h>
#include <string.h>

static Draw test_draw(uint64_t sample) {
    return (Draw){.seed = 20260, .purpose = DRAW_TEST, .sample = sample};
}

typedef struct Philox {
    uint64_t counter[4], key[2], want[4];
} Philox;

/* Philox4x64-10 restated from the paper: the multipliers and the Weyl constants of its tables. */
static void philox(uint64_t out[4], const uint64_t counter[4], const uint64_t key[2]) {
    __extension__ typedef unsigned __int128 Wide;
    uint64_t k0 = key[0], k1 = key[1];
    memcpy(out, counter, 4 * sizeof *out);
    for (int round = 0; round < 10; round++) {
        const Wide a = (Wide)UINT64_C(0xD2E7470EE14C6C93) * out[0];
        const Wide b = (Wide)UINT64_C(0xCA5A826395121157) * out[2];
        const uint64_t next[4] = {(uint64_t)(b >> 64) ^ out[1] ^ k0, (uint64_t)b,
                                  (uint64_t)(a >> 64) ^ out[3] ^ k1, (uint64_t)a};
        memcpy(out, next, sizeof next);
        k0 += UINT64_C(0x9E3779B97F4A7C15);
        k1 += UINT64_C(0xBB67AE8584CAA73B);
    }
}

#define ONES UINT64_MAX, UINT64_MAX

/* The restatement gives the published known answers; the draws are the restatement. */
static void known_answers(void **state) {
    (void)state;
    static const Philox row[] = {
        {{0},
         {0},
         {0x16554d9eca36314c, 0xdb20fe9d672d0fdc, 0xd7e772cee186176b,
          0x7e68b68aec7ba23b}},
        {{ONES, ONES},
         {ONES},
         {0x87b092c3013fe90b, 0x438c3c67be8d0224, 0x9cc7d7c69cd777b6,
          0xa09caebf594f0ba0}},
        {{0x243f6a8885a308d3, 0x13198a2e03707344, 0xa4093822299f31d0, 0x082efa98ec4e6c89},
         {0x452821e638d01377, 0xbe5466cf34e90c6c},
         {0xa528f45403e61d95, 0x38c72dbd566e9788, 0xa5a1610e72fd18b5,
          0x57bd43b5e52b7fe6}}};
    uint64_t out[4];
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        philox(out, row[i].counter, row[i].key);
        assert_memory_equal(out, row[i].want, sizeof out);
    }
    for (uint64_t i = 0; i < 4; i++)
        assert_true(draw_bits((Draw){.purpose = (DrawPurpose)0}, i) == row[0].want[i]);
    for (uint64_t i = 0; i < 4000; i++) {
        const uint64_t far = draw_bits(test_draw(9), i), index = i % 2 ? far : i;
        const Draw draw = {far * 3, (DrawPurpose)(1 + i % 7), far * 5, far * 7};
        philox(out, (uint64_t[]){index / 4, draw.sample, draw.epoch, 0},
               (uint64_t[]){draw.seed, (uint64_t)draw.purpose});
        assert_true(draw_bits(draw, index) == out[index % 4]);
    }
}

enum { DRAWS = 200000 };

static int ascending(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* sqrt(n) times the Kolmogorov-Smirnov distance from the uniform: beyond 2.2 with p = 1e-4. */
static double distance_from_uniform(double *u, size_t n) {
    double most = 0;
    qsort(u, n, sizeof *u, ascending);
    for (size_t i = 0; i < n; i++) {
        most = fmax(most, fabs((double)(i + 1) / (double)n - u[i]));
        most = fmax(most, fabs(u[i] - (double)i / (double)n));
    }
    return most * sqrt((double)n);
}

static void assert_moments(const double *x, const double *mean, const double *deviation) {
    for (int power = 1; power <= 4; power++) {
        double sum = 0;
        for (size_t i = 0; i < DRAWS; i++) sum += pow(x[i], power);
        assert_near(sum / DRAWS, mean[power], 5 * deviation[power] / sqrt(DRAWS));
    }
}

/* An odd multiple of 2^-53: never 0 or 1, as far from the one as from the other. */
static void uniform_draws(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double *u = TAKE(arena, double, DRAWS);
    for (size_t i = 0; i < DRAWS; i++) {
        u[i] = draw_uniform(test_draw(2), i);
        assert_true(u[i] > 0 && u[i] < 1 && fmod(u[i] * 0x1p53, 2) == 1);
        assert_near(u[i], (double)draw_bits(test_draw(2), i) * 0x1p-64, 0x1p-52);
        u[i] -= 0.5;
    }
    assert_moments(u, (double[]){1, 0, 1. / 12, 0, 1. / 80},
                   (double[]){0, 0.2887, 0.0745, 0.0472, 0.0167});
    for (size_t i = 0; i < DRAWS; i++) u[i] += 0.5;
    assert_true(distance_from_uniform(u, DRAWS) < 2.2);
    arena_free(arena);
}

static void normal_draws(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double *x = TAKE(arena, double, DRAWS), across = 0;
    for (size_t i = 0; i < DRAWS; i++) x[i] = draw_normal(test_draw(3), i);
    for (size_t i = 0; i + 1 < DRAWS; i++) across += x[i] * x[i + 1];
    assert_near(across / DRAWS, 0, 5 / sqrt(DRAWS));
    assert_moments(x, (double[]){1, 0, 1, 0, 3}, (double[]){0, 1, 1.4142, 3.873, 9.798});
    for (size_t i = 0; i + 1 < 1000; i += 2) /* each pair lies on its radius */
        assert_near(hypot(x[i], x[i + 1]), sqrt(-2 * log(draw_uniform(test_draw(3), i))),
                    1e-14);
    for (size_t i = 0; i < DRAWS; i++) x[i] = 0.5 * erfc(-x[i] / sqrt(2));
    assert_true(distance_from_uniform(x, DRAWS) < 2.2);
    arena_free(arena);
}

/* Pearson's statistic of counts that should be equal. */
static double chi_square(const size_t *count, size_t cells, size_t draws) {
    const double want = (double)draws / (double)cells;
    double sum = 0;
    for (size_t i = 0; i < cells; i++) sum += pow((double)count[i] - want, 2) / want;
    return sum;
}

static void draws_below_a_bound(void **state) {
    (void)state;
    size_t count[7] = {0};
    for (size_t i = 0; i < 70000; i++) count[draw_below(test_draw(4), i, 7)]++;
    assert_true(chi_square(count, 7, 70000) < 35); /* 6 degrees: p = 4e-6 */
    for (size_t i = 0; i < 2000; i++) {
        assert_int_equal(draw_below(test_draw(4), i, 1), 0);
        for (unsigned k = 1; k < 64; k++)
            assert_true(draw_below(test_draw(4), i, (size_t)1 << k) ==
                        draw_bits(test_draw(4), i) >> (64 - k));
        assert_true(draw_below(test_draw(4), i, SIZE_MAX) < SIZE_MAX);
        assert_true(draw_below(test_draw(4), i, 3) < 3);
    }
}

static void permutations_are_permutations(void **state) {
    (void)state;
    size_t order[1000];
    for (size_t n = 0; n <= 1000; n = n < 10 ? n + 1 : n * 10) {
        bool seen[1000] = {false};
        draw_permutation(test_draw(n), order, n);
        for (size_t i = 0; i < n; i++) {
            assert_true(order[i] < n && !seen[order[i]]);
            seen[order[i]] = true;
        }
    }
}

static void permutations_are_uniform(void **state) {
    (void)state;
    enum { ROUNDS = 48000 };
    size_t count[256] = {0}, cell[24], cells = 0;
    for (size_t round = 0; round < ROUNDS; round++) {
        size_t order[4];
        draw_permutation(test_draw(round), order, 4);
        count[order[0] << 6 | order[1] << 4 | order[2] << 2 | order[3]]++;
    }
    for (size_t i = 0; i < 256; i++)
        if (count[i] > 0) cell[cells++] = count[i]; /* 24 by the case above */
    assert_int_equal(cells, 24);
    assert_true(chi_square(cell, 24, ROUNDS) < 66); /* 23 degrees: p = 4e-6 */
}

/* Neighbours in every argument are streams apart, and order does not matter. */
static void draws_are_functions(void **state) {
    (void)state;
    enum { SIDE = 6, ALL = SIDE * SIDE * SIDE * SIDE * SIDE };
    double seen[ALL];
    for (int pass = 0; pass < 2; pass++)
        for (size_t step = 0; step < ALL; step++) {
            const size_t i = pass ? ALL - 1 - step : step;
            const Draw draw = {i % 6, (DrawPurpose)(i / 6 % 6), i / 36 % 6, i / 216 % 6};
            const double got = draw_uniform(draw, i / 1296);
            if (pass == 0) seen[i] = got;
            assert_true(seen[i] == got);
        }
    qsort(seen, ALL, sizeof *seen, ascending);
    for (size_t i = 1; i < ALL; i++) assert_true(seen[i] != seen[i - 1]);
}

static const Case cases[] = {
    CASE(theorem, draws_are_functions),
    CASE(theorem, permutations_are_permutations),
    CASE(theorem, permutations_are_uniform),
    CASE(theorem, uniform_draws),
    CASE(theorem, normal_draws),
    CASE(oracle, known_answers),
    CASE(oracle, draws_below_a_bound),
};

HARNESS_MAIN("draw", cases)
