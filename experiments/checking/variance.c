/* Six ways to a variance. All are exact in exact arithmetic; they differ in what is
 * subtracted from what. With u = eps / 2 and kappa^2 = 1 + (mean/std)^2 the relative
 * errors are, up to small factors (Chan, Golub and LeVeque 1983; ours: tests/experiments/variance.c),
 *
 *     naive                n kappa^2 u
 *     Welford              n kappa u
 *     two-pass             n u + (n kappa u)^2
 *     corrected two-pass   n u + n (n kappa u)^2 u
 *     shifted              n kappa_s^2 u, kappa_s of x - x[0]
 *     ours                 log2(n) u
 */
#include "variance.h"

#include "arith_calls.h"
#include "house.h"
#include "moments.h"
#include "partition.h"

#include <math.h>

/* ---- the algorithms -------------------------------------------------------------- */

//> naive
static double naive(const double *x, size_t n) {
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += x[i];
        squares += x[i] * x[i];
    }
    double mean = sum / (double)n;
    return squares / (double)n - mean * mean;
}
//< naive

static double plain_mean(const double *x, size_t n) {
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    return sum / (double)n;
}

static double two_pass(const double *x, size_t n) {
    double mean = plain_mean(x, n), squares = 0.0;
    for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    return squares / (double)n;
}

//> corrected
/* The sum of x - mean is what the rounding of the mean left over. */
static double corrected_two_pass(const double *x, size_t n) {
    double mean = plain_mean(x, n), squares = 0.0, rest = 0.0;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - mean;
        squares += d * d;
        rest += d;
    }
    return (squares - rest * (rest / (double)n)) / (double)n;
}
//< corrected

static double welford(const double *x, size_t n) {
    double mean = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        double before = x[i] - mean;
        mean += before / (double)(i + 1);
        squares += before * (x[i] - mean);
    }
    return squares / (double)n;
}

static double shifted(const double *x, size_t n) {
    double sum = 0.0, squares = 0.0;
    for (size_t i = 0; i < n; i++) {
        double d = x[i] - x[0];
        sum += d;
        squares += d * d;
    }
    return (squares - sum * (sum / (double)n)) / (double)n;
}

/* The moments of one cell that is all of x, as every normalizer takes them. (P-4) */
static double ours(const double *x, size_t n) {
    Arena *arena = arena_new();
    const Partition *cell = partition_blocks(arena, (ShapeLattice){1, 1, n}, 1, 1, false);
    Moments moments;
    partition_moments(&moments, x, cell);
    arena_free(arena);
    return moments_variance(moments);
}

static const VarianceAlgorithm ALGORITHMS[] = {
    {"naive", "mean of squares minus square of the mean", "every textbook", naive},
    {"Welford", "running mean, running squares about it",
     "Welford 1962, Technometrics 4(3):419", welford},
    {"two-pass", "squares about the mean",
     "Chan, Golub and LeVeque 1983, Am. Statistician 37(3):242", two_pass},
    {"corrected two-pass", "two-pass, less the square of the sum that should be zero",
     "correction: Neely 1966, CACM 9(7):496; bound: Chan, Golub and LeVeque 1983",
     corrected_two_pass},
    {"shifted", "naive on x - x[0]",
     "Chan, Golub and LeVeque 1983, Am. Statistician 37(3):242", shifted},
    {"ours", "shifted by the mean of the first 64, sums pairwise",
     "notes/13-digits.md, P-4", ours},
};

const VarianceAlgorithm *variance_algorithms(size_t *count) {
    *count = COUNT_OF(ALGORITHMS);
    return ALGORITHMS;
}

/* ---- what they lose -------------------------------------------------------------- */

Quad variance_exact(const double *x, size_t n) {
    Quad sum = 0, squares = 0;
    for (size_t i = 0; i < n; i++) sum += x[i];
    Quad mean = sum / (Quad)n;
    for (size_t i = 0; i < n; i++) squares += (x[i] - mean) * (x[i] - mean);
    return squares / (Quad)n;
}

enum { COUNT = 4096, HALF_DECADES = 20 }; /* elements; of |mean| / std, from 1 */

/* Draws of their own, apart from those of the oracles, which count from 0. */
enum { SAMPLE = (1 << 30) + 1 };

static void measure_sample(double *error, Arena *arena, double ratio, uint64_t seed,
                           size_t stride) {
    Draw draw = {.seed = seed, .purpose = DRAW_CHECK, .epoch = SAMPLE};
    double *x = TAKE(arena, double, COUNT);
    for (size_t i = 0; i < COUNT; i++) x[i] = ratio + draw_normal(draw, i);
    Quad truth = variance_exact(x, COUNT);
    for (size_t a = 0; a < COUNT_OF(ALGORITHMS); a++) {
        Quad got = ALGORITHMS[a].variance(x, COUNT);
        error[a * stride] = (double)(quad_abs(got - truth) / truth);
    }
}

VarianceCurves variance_measure(Arena *arena, uint64_t seed, size_t seeds) {
    const size_t algorithms = COUNT_OF(ALGORITHMS), ratios = HALF_DECADES + 1;
    VarianceCurves curves = {COUNT, algorithms, ratios, seeds, .name = NULL};
    curves.name = TAKE(arena, const char *, algorithms);
    curves.title = TAKE(arena, const char *, algorithms);
    curves.source = TAKE(arena, const char *, algorithms);
    double *ratio = TAKE(arena, double, ratios), *number = TAKE(arena, double, seeds),
           *error = TAKE(arena, double, algorithms *ratios *seeds);
    for (size_t a = 0; a < algorithms; a++) {
        curves.name[a] = ALGORITHMS[a].name;
        curves.title[a] = ALGORITHMS[a].title;
        curves.source[a] = ALGORITHMS[a].source;
    }
    for (size_t s = 0; s < seeds; s++) number[s] = (double)(seed + s);
    for (size_t r = 0; r < ratios; r++) {
        ratio[r] = pow(10.0, (double)r / 2.0);
        for (size_t s = 0; s < seeds; s++) {
            ArenaMark mark = arena_mark(arena);
            measure_sample(error + r * seeds + s, arena, ratio[r], seed + s,
                           ratios * seeds);
            arena_rewind(arena, mark);
        }
    }
    curves.ratio = ratio;
    curves.seed = number;
    curves.error = error;
    return curves;
}
