/* Intervals and power: against formulas in plain loops, published numbers, and what they are the
 * inverse of. */
#include "harness.h"

#include "claim.h"

#include <gsl/gsl_cdf.h>
#include <math.h>

enum { SEEDS = 6, BLOCKS = 5 };

static double drawn(uint64_t what, size_t i) {
    return draw_normal((Draw){1, DRAW_TEST, what, 0}, i);
}

/* Values of seeds as means of their blocks, which differ by seed, by block and by both. */
static Sample crossed(Arena *arena, uint64_t what, double seed, double block,
                      double both) {
    double *value = ZERO(arena, double, SEEDS),
           *each = TAKE(arena, double, SEEDS *BLOCKS);
    for (size_t i = 0; i < SEEDS; i++)
        for (size_t c = 0; c < BLOCKS; c++) {
            double *x = &each[i * BLOCKS + c];
            *x = seed * drawn(what, i) + block * drawn(what + 1, c) +
                 both * drawn(what + 2, i * BLOCKS + c);
            value[i] += *x / BLOCKS;
        }
    return (Sample){SEEDS, BLOCKS, value, each};
}

static void student_without_blocks(void **state) {
    (void)state;
    const double value[] = {1, 2, 4, 7};
    const Spread s = claim_spread(&(Sample){4, 0, value, NULL});
    assert_near(s.mean, 3.5, 1e-15);
    assert_near(s.error, sqrt(7.0 / 4), 1e-15); /* variance 7 */
    assert_near(s.freedom, 3, 0);
    const Range r = claim_range(&s, 0.05);
    assert_near(r.high - 3.5, 3.182446305284263 * sqrt(7.0 / 4), 1e-9);
    assert_near(r.low + r.high, 7, 1e-9);
}

/* The three mean squares of the two-way table, each from its own differences. */
static void two_ways_in_plain_loops(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (uint64_t trial = 0; trial < 20; trial++) {
        const Sample s = crossed(arena, 10 * trial, 0.5, 1.0 + (double)trial, 1);
        double all = 0, row[SEEDS] = {0}, column[BLOCKS] = {0}, S = 0, I = 0, R = 0;
        for (size_t i = 0; i < SEEDS; i++)
            for (size_t c = 0; c < BLOCKS; c++) {
                const double x = s.block[i * BLOCKS + c];
                row[i] += x / BLOCKS, column[c] += x / SEEDS, all += x / (SEEDS * BLOCKS);
            }
        for (size_t i = 0; i < SEEDS; i++)
            S += BLOCKS * (row[i] - all) * (row[i] - all) / (SEEDS - 1);
        for (size_t c = 0; c < BLOCKS; c++)
            I += SEEDS * (column[c] - all) * (column[c] - all) / (BLOCKS - 1);
        for (size_t i = 0; i < SEEDS; i++)
            for (size_t c = 0; c < BLOCKS; c++) {
                const double x = s.block[i * BLOCKS + c] - row[i] - column[c] + all;
                R += x * x / ((SEEDS - 1) * (BLOCKS - 1));
            }
        double V = S, freedom = SEEDS - 1;
        for (double rest = R; I > R; rest = 0) {
            V = S + I - rest;
            freedom = V * V /
                      (S * S / (SEEDS - 1) + I * I / (BLOCKS - 1) +
                       rest * rest / ((SEEDS - 1) * (BLOCKS - 1)));
            if (rest == 0 || freedom >= BLOCKS - 1) break;
        }
        const Spread got = claim_spread(&s);
        assert_near(got.mean, all, 1e-13);
        assert_near(got.error, sqrt(V / (SEEDS * BLOCKS)), 1e-12 * got.error);
        assert_near(got.freedom, freedom, 1e-9 * freedom);
    }
    arena_free(arena);
}

/* Of few blocks, of which each differs by seed, too: the interval covers 0 at its level, and is
 * never without end. */
static void few_blocks_are_covered(void **state) {
    (void)state;
    enum { TRIALS = 4000 };
    static const double size[][3] = {{0.1, 0.1, 1}, {0, 0, 1}, {0.3, 0.3, 3}, {1, 1, 1}};
    for (size_t k = 0; k < COUNT_OF(size); k++) {
        double covered = 0, longest = 0;
        for (uint64_t trial = 0; trial < TRIALS; trial++) {
            Arena *arena = arena_new();
            const Sample s = crossed(arena, 100000 * (k + 1) + 3 * trial, size[k][0],
                                     size[k][1], size[k][2]);
            const Spread found = claim_spread(&s);
            const Range r = claim_range(&found, 0.05);
            assert_true(found.freedom >= BLOCKS - 1);
            covered += r.low <= 0 && r.high >= 0;
            longest = fmax(longest, r.high - r.low);
            arena_free(arena);
        }
        assert_true(covered / TRIALS > 0.94 && covered / TRIALS < 0.99);
        assert_true(longest < 20 * (size[k][0] + size[k][1] + size[k][2]));
    }
}

/* Test samples can only widen the interval, and do nothing where all differ alike. */
static void blocks_only_widen(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (uint64_t trial = 0; trial < 50; trial++) {
        const Sample s = crossed(arena, 1000 + 10 * trial, 1, 1, 1),
                     none = {SEEDS, 0, s.value, NULL},
                     alike = crossed(arena, 1000 + 10 * trial, 1, 0, 0);
        assert_true(claim_spread(&s).error >= claim_spread(&none).error);
        const Sample bare = {SEEDS, 0, alike.value, NULL};
        assert_near(claim_spread(&alike).error, claim_spread(&bare).error, 1e-12);
    }
    arena_free(arena);
}

/* t of (above - r below), of the differences seed by seed. */
static double test_of(const Sample *above, const Sample *below, double r) {
    double difference[SEEDS];
    for (size_t i = 0; i < SEEDS; i++)
        difference[i] = above->value[i] - r * below->value[i];
    const Spread s = claim_spread(&(Sample){SEEDS, 0, difference, NULL});
    return fabs(s.mean / s.error);
}

/* The ends of Fieller's interval are those ratios that the t test just rejects. */
static void fieller_inverts_the_test(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t bounded = 0;
    for (uint64_t trial = 0; trial < 200; trial++) {
        Sample above = crossed(arena, 5000 + 10 * trial, 1, 0, 0.3),
               below = crossed(arena, 9000 + 10 * trial, 1, 0, 0.3);
        above.blocks = below.blocks = 0;
        double *shifted = TAKE(arena, double, SEEDS);
        for (size_t i = 0; i < SEEDS; i++)
            shifted[i] = below.value[i] + 2 * (trial % 2 ? 1 : -1);
        below.value = shifted;
        const Pair pair = claim_pair(&above, &below);
        const Range r = claim_ratio_range(&pair, 0.05);
        const double t = gsl_cdf_tdist_Qinv(0.025, SEEDS - 1);
        const bool known = test_of(&below, &below, 0) > t;
        assert_int_equal(known, isfinite(r.low) && isfinite(r.high));
        if (!known) continue;
        bounded++;
        assert_near(test_of(&above, &below, r.low), t, 1e-7 * t);
        assert_near(test_of(&above, &below, r.high), t, 1e-7 * t);
        const double ratio = pair.above.mean / pair.below.mean;
        assert_true(r.low < ratio && ratio < r.high);
    }
    assert_true(bounded > 100 && bounded < 200);
    arena_free(arena);
}

static void flips_are_counted(void **state) {
    (void)state;
    const double alike[] = {1, 2, 3, 4, 5, 6}, mixed[] = {1, 1, 1, 1, 1, -1},
                 none[] = {1, -1, 2, -2, 3, -3};
    assert_near(claim_sign_flip(alike, 6), 2.0 / 64, 0);
    assert_near(claim_sign_flip(mixed, 6), 14.0 / 64,
                0); /* one of six, or none, each way */
    assert_near(claim_sign_flip(none, 6), 1, 0);
    assert_true(isnan(claim_sign_flip(alike, 5)));
}

/* That of a share whose tail is exactly half the error; and a published pair. */
static void shares_invert_the_binomial(void **state) {
    (void)state;
    for (size_t n = 1; n <= 40; n += 3)
        for (size_t k = 0; k <= n; k++) {
            const Range r = claim_share_range(k, n, 0.05);
            if (k > 0)
                assert_near(gsl_cdf_binomial_Q((unsigned)k - 1, r.low, (unsigned)n),
                            0.025, 1e-9);
            if (k < n)
                assert_near(gsl_cdf_binomial_P((unsigned)k, r.high, (unsigned)n), 0.025,
                            1e-9);
        }
    assert_near(claim_share_range(0, 10, 0.05).high, 0.3084971, 1e-7);
    assert_near(claim_share_range(5, 10, 0.05).low, 0.1870860, 1e-7);
    assert_near(claim_share_range(3, 3, 0.05).high, 1, 0);
}

/* 1 - 0.025 at the one point where it is known in closed form, and tables of the paired t. */
static void power_is_that_of_the_noncentral_t(void **state) {
    (void)state;
    assert_near(claim_power(9, 0, 0.05), 0.05, 1e-4);
    assert_near(claim_power(10, 1.0, 0.05), 0.8031, 5e-4);
    assert_near(claim_power(34, 0.5, 0.05), 0.8078, 5e-4);
    assert_near(claim_power(15, 0.8, 0.05), 0.8213, 5e-4);
}

static void seeds_are_the_least_that_suffice(void **state) {
    (void)state;
    assert_int_equal(claim_seeds(0.1, 0.5, 0.05), CLAIM_FEWEST_SEEDS);
    assert_int_equal(claim_seeds(1, 0.5, 0.05), 0);
    for (double sd = 0.35; sd < 0.66; sd += 0.02) {
        const size_t n = claim_seeds(sd, 0.5, 0.05);
        assert_true(n >= CLAIM_FEWEST_SEEDS && n <= CLAIM_MOST_PLANNED);
        assert_true(claim_power(n, 0.5 / sd, 0.05) >= CLAIM_POWER);
        assert_true(n == CLAIM_FEWEST_SEEDS ||
                    claim_power(n - 1, 0.5 / sd, 0.05) < CLAIM_POWER);
    }
    assert_true(claim_seeds(0.5, 0.5, 0.025) > claim_seeds(0.5, 0.5, 0.05));
}

static const Case CASES[] = {
    CASE(theorem, student_without_blocks),
    CASE(oracle, two_ways_in_plain_loops),
    CASE(theorem, few_blocks_are_covered),
    CASE(theorem, blocks_only_widen),
    CASE(theorem, fieller_inverts_the_test),
    CASE(theorem, flips_are_counted),
    CASE(theorem, shares_invert_the_binomial),
    CASE(oracle, power_is_that_of_the_noncentral_t),
    CASE(theorem, seeds_are_the_least_that_suffice),
};

HARNESS_MAIN("spread", CASES)
