/* The textbook algorithms of the variance: each within the bound that its rounding
 * errors have, and the order in which they fail as the mean grows. */
#include "harness.h"

#include "variance.h"
#include "arith_calls.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define U (DBL_EPSILON / 2) /* of one rounding */

static const VarianceAlgorithm *algorithm(const char *name) {
    size_t count;
    const VarianceAlgorithm *all = variance_algorithms(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(all[i].name, name) == 0) return &all[i];
    fail_msg("no algorithm '%s'", name);
    return NULL;
}

static double *normals(Arena *arena, size_t n, uint64_t seed, double mean) {
    Draw draw = {.seed = seed, .purpose = DRAW_TEST, .epoch = n};
    double *x = TAKE(arena, double, n);
    for (size_t i = 0; i < n; i++) x[i] = mean + draw_normal(draw, i);
    return x;
}

static double relative(const VarianceAlgorithm *a, const double *x, size_t n) {
    Quad truth = variance_exact(x, n);
    return (double)(quad_abs(a->variance(x, n) - truth) / truth);
}

/* ---- bounds ---------------------------------------------------------------------- */

/* What a bound depends on: all in units of the true standard deviation s. */
typedef struct Sample {
    double n;
    double kappa;   /* rms of x: sqrt(1 + (mean/s)^2) */
    double shifted; /* rms of x - x[0] */
    double most;    /* largest |x| */
} Sample;

static Sample sample_of(const double *x, size_t n) {
    const double std = sqrt((double)variance_exact(x, n));
    Quad square = 0, from_first = 0;
    double most = 0.0;
    for (size_t i = 0; i < n; i++) {
        Quad d = (Quad)x[i] - x[0];
        square += (Quad)x[i] * x[i];
        from_first += d * d;
        most = fmax(most, fabs(x[i]));
    }
    return (Sample){(double)n, sqrt((double)square / (double)n) / std,
                    sqrt((double)from_first / (double)n) / std, most / std};
}

/* n roundings in each sum, three sums' worth: the squares, and twice the sum in the
 * square of the mean, whose terms are by Cauchy no larger than kappa^2. */
static double naive_bound(Sample s) {
    return (3 * s.n + 5) * U * s.kappa * s.kappa;
}

/* The mean is wrong by d <= n u kappa, which adds d^2. */
static double two_pass_bound(Sample s) {
    double d = (s.n + 1) * U * s.kappa;
    return (s.n + 3) * U * (1 + d * d) + d * d;
}

/* The sum of x - mean tells d to n u sqrt(1 + d^2); the rest of d^2 is gone. */
static double corrected_bound(Sample s) {
    double d = (s.n + 1) * U * s.kappa, rest = (s.n + 2) * U * sqrt(1 + d * d);
    return (s.n + 6) * U * (1 + d * d) + 2 * d * rest + rest * rest;
}

/* The running mean is wrong by at most e = u (n + 3) / 2 max|x|: k e_k = (k - 1) e_(k-1)
 * + k u |mean|. The factors a = x - mean(k-1) and b = x - mean(k) are of one sign, sum of
 * a b = n, and |b| <= |a| <= 2 |b| from k = 2 on, so the sum of |a| + |b| is at most
 * 2 sqrt(2) n. */
static double welford_bound(Sample s) {
    double e = U * (s.n + 3) / 2 * s.most;
    return (s.n + 6) * U + 2 * sqrt(2.0) * e + e * e;
}

static double shifted_bound(Sample s) {
    return (3 * s.n + 7) * U * s.shifted * s.shifted;
}

/* t roundings in a sum (sum.h). The shift is within s / 2 of the mean, so that the
 * squares sum to 5/4 n, with t + 3 roundings each, and the correction takes away n / 4
 * of them: twice sqrt(5)/4 n times t + 1 roundings of its sum. */
static double our_bound(Sample s) {
    double t = 11 + ceil(log2(fmax(s.n / 64, 1)));
    return (1.25 * (t + 3) + sqrt(5.0) / 2 * (t + 1) + 3) * U;
}

static const struct {
    const char *name;
    double (*bound)(Sample s);
} BOUNDS[] = {{"naive", naive_bound},       {"Welford", welford_bound},
              {"two-pass", two_pass_bound}, {"corrected two-pass", corrected_bound},
              {"shifted", shifted_bound},   {"ours", our_bound}};

static void within_bounds(void **state) {
    (void)state;
    static const double means[] = {0, 1, 10, 1e3, 1e5, 1e7, 1e8, 1e10, 1e12};
    static const size_t counts[] = {2, 3, 10, 63, 64, 65, 1000, 4096, 10001};
    Arena *arena = arena_new();
    size_t known;
    variance_algorithms(&known);
    assert_int_equal(known, COUNT_OF(BOUNDS)); /* none without a bound */
    for (size_t b = 0; b < COUNT_OF(BOUNDS); b++) {
        const VarianceAlgorithm *a = algorithm(BOUNDS[b].name);
        double worst = 0.0, near = 0.0;
        for (size_t m = 0; m < COUNT_OF(means); m++)
            for (size_t k = 0; k < COUNT_OF(counts); k++)
                for (uint64_t seed = 1; seed <= 3; seed++) {
                    ArenaMark mark = arena_mark(arena);
                    double *x = normals(arena, counts[k], seed, means[m]);
                    if (variance_exact(x, counts[k]) > 0) {
                        double error = relative(a, x, counts[k]),
                               bound = BOUNDS[b].bound(sample_of(x, counts[k]));
                        if (!(error <= bound))
                            fail_msg(
                                "%s: n %zu, mean %g, seed %d: error %.3g, bound %.3g",
                                a->name, counts[k], means[m], (int)seed, error, bound);
                        if (means[m] <= 10) worst = fmax(worst, error);
                        near = fmax(near, error / bound);
                    }
                    arena_rewind(arena, mark);
                }
        print_message("%-20s means to 10: %8.3g eps; at most %.3f of its bound\n",
                      a->name, worst / DBL_EPSILON, near);
    }
    arena_free(arena);
}

/* ---- the figure ------------------------------------------------------------------ */

enum { SEEDS = 4 };

static double worst_at(const VarianceCurves *c, const char *name, double ratio) {
    for (size_t a = 0; a < c->algorithms; a++)
        for (size_t r = 0; r < c->ratios; r++) {
            if (strcmp(c->name[a], name) != 0 ||
                fabs(c->ratio[r] / ratio - 1) > 8 * DBL_EPSILON)
                continue;
            double worst = 0.0;
            for (size_t s = 0; s < c->seeds; s++)
                worst = fmax(worst, c->error[(a * c->ratios + r) * c->seeds + s]);
            return worst;
        }
    fail_msg("no '%s' at %g", name, ratio);
    return NAN;
}

/* At |mean|/std = 1e8 naive has no digit left; ours has lost none. */
static void naive_fails_ours_does_not(void **state) {
    (void)state;
    Arena *arena = arena_new();
    VarianceCurves c = variance_measure(arena, 1, SEEDS);
    assert_true(worst_at(&c, "naive", 1e8) > 0.1);
    assert_true(worst_at(&c, "naive", 1e10) > 1.0); /* as likely negative as not */
    for (size_t r = 0; r < c.ratios; r++) {
        double error = worst_at(&c, "ours", c.ratio[r]);
        if (!(error <= our_bound((Sample){.n = (double)c.elements})))
            fail_msg("ours at %g: %.3g", c.ratio[r], error);
    }
    arena_free(arena);
}

/* How fast they lose: naive with the square of the ratio, Welford with the ratio,
 * two-pass not before n u ratio is the root of n u; then the correction saves it. */
static void order_of_failure(void **state) {
    (void)state;
    Arena *arena = arena_new();
    VarianceCurves c = variance_measure(arena, 1, SEEDS);
    double naive = log10(worst_at(&c, "naive", 1e7) / worst_at(&c, "naive", 1e3)) / 4;
    double welford =
        log10(worst_at(&c, "Welford", 1e10) / worst_at(&c, "Welford", 1e4)) / 6;
    assert_near(naive, 2.0, 0.25);
    assert_near(welford, 1.0, 0.25);
    for (double ratio = 1e2; ratio <= 1e7; ratio *= 10)
        assert_true(worst_at(&c, "naive", ratio) > 10 * worst_at(&c, "Welford", ratio));
    for (double ratio = 1e4; ratio <= 1e10; ratio *= 10)
        assert_true(worst_at(&c, "Welford", ratio) >
                    10 * worst_at(&c, "two-pass", ratio));
    assert_true(worst_at(&c, "two-pass", 1e6) < 100 * DBL_EPSILON);
    assert_true(worst_at(&c, "two-pass", 1e10) >
                1000 * worst_at(&c, "corrected two-pass", 1e10));
    arena_free(arena);
}

/* The numbers of a seed are the same whichever seeds are measured beside it. */
static void curves_are_of_their_seeds(void **state) {
    (void)state;
    Arena *arena = arena_new();
    VarianceCurves both = variance_measure(arena, 5, 2),
                   second = variance_measure(arena, 6, 1);
    assert_int_equal(both.seeds, 2);
    assert_true(both.seed[0] == 5.0 && both.seed[1] == 6.0);
    size_t differ = 0;
    for (size_t i = 0; i < both.algorithms * both.ratios; i++) {
        assert_true(both.error[2 * i + 1] == second.error[i]);
        differ += both.error[2 * i] != both.error[2 * i + 1];
    }
    assert_true(differ > both.algorithms * both.ratios / 2);
    arena_free(arena);
}

/* ---- exactness ------------------------------------------------------------------- */

/* Integers 0..n-1 and their mean are exact in every sum: (n^2 - 1) / 12, all bits. */
static void exact_on_integers(void **state) {
    (void)state;
    size_t count;
    const VarianceAlgorithm *all = variance_algorithms(&count);
    double x[65];
    for (size_t i = 0; i < COUNT_OF(x); i++) x[i] = (double)i;
    for (size_t a = 0; a < count; a++) {
        static const struct {
            size_t n;
            double variance;
        } cases[] = {{2, 0.25}, {4, 1.25}, {8, 5.25}, {16, 21.25}, {64, 341.25}};
        for (size_t i = 0; i < COUNT_OF(cases);
             i++) /* n a power of two: no division rounds */
            if (strcmp(all[a].name, "Welford") == 0) /* its divisors are 1, 2, ..., n */
                assert_near(all[a].variance(x, cases[i].n), cases[i].variance,
                            welford_bound(sample_of(x, cases[i].n)) * cases[i].variance);
            else
                assert_true(all[a].variance(x, cases[i].n) == cases[i].variance);
    }
}

/* Those that subtract an element first are exactly zero on any constant; naive is not. */
static void constants(void **state) {
    (void)state;
    static const char *const zero[] = {"Welford", "shifted", "ours"};
    enum { MOST = 1000 };
    double x[MOST];
    Draw draw = {.seed = 3, .purpose = DRAW_TEST};
    size_t wrong = 0;
    for (size_t n = 1; n <= MOST; n += 37) {
        double constant = 100.0 * draw_normal(draw, n);
        for (size_t i = 0; i < n; i++) x[i] = constant;
        for (size_t a = 0; a < COUNT_OF(zero); a++)
            assert_true(algorithm(zero[a])->variance(x, n) == 0.0);
        wrong += algorithm("naive")->variance(x, n) != 0.0;
    }
    assert_true(wrong > 10);
}

static void one_element(void **state) {
    (void)state;
    size_t count;
    const VarianceAlgorithm *all = variance_algorithms(&count);
    static const double values[] = {0.0, 0.1, -1e8, 3e100, 1e-100};
    for (size_t a = 0; a < count; a++)
        for (size_t i = 0; i < COUNT_OF(values); i++)
            assert_true(all[a].variance(&values[i], 1) == 0.0);
}

/* 2^53 - n .. 2^53 - 1, where doubles are integers: the truth is (n^2 - 1) / 12. */
static void truth_is_exact(void **state) {
    (void)state;
    enum { MOST = 1001 };
    double x[MOST];
    for (size_t n = 1; n <= MOST; n++) {
        for (size_t i = 0; i < n; i++) x[i] = 0x1p53 - (double)(i + 1);
        Quad want = (Quad)(n * n - 1) / 12, got = variance_exact(x, n);
        if (quad_abs(got - want) > want * (Quad)0x1p-80)
            fail_msg("n %zu: %.17g for %.17g", n, (double)got, (double)want);
    }
}

static const Case cases[] = {
    CASE(theorem, within_bounds),    CASE(theorem, naive_fails_ours_does_not),
    CASE(theorem, order_of_failure), CASE(theorem, exact_on_integers),
    CASE(theorem, constants),        CASE(theorem, one_element),
    CASE(oracle, truth_is_exact),    CASE(example, curves_are_of_their_seeds),
};

HARNESS_MAIN("variance", cases)
