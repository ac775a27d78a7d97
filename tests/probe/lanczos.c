/* Lanczos, its density and Hutchinson's trace, before spectra that are known otherwise. */
#include "harness.h"

#include "curvature.h"
#include "sum.h"

#include <float.h>
#include <gsl/gsl_eigen.h>
#include <gsl/gsl_randist.h>
#include <math.h>

/* ---- operators --------------------------------------------------------------------- */

typedef struct Dense {
    size_t size;
    double *a; /* [size, size] */
} Dense;

static void times_dense(double *y, const double *x, void *context) {
    const Dense *d = context;
    for (size_t i = 0; i < d->size; i++)
        y[i] = sum_product(d->a + i * d->size, x, d->size);
}

static void times_diagonal(double *y, const double *x, void *context) {
    const Dense *d = context;
    for (size_t i = 0; i < d->size; i++) y[i] = d->a[i] * x[i];
}

/* u u'. */
static void times_one(double *y, const double *x, void *context) {
    const Dense *u = context;
    const double part = sum_product(u->a, x, u->size);
    for (size_t i = 0; i < u->size; i++) y[i] = part * u->a[i];
}

static Draw draw_of(uint64_t what) {
    return (Draw){7, DRAW_TEST, what, 0};
}

/* A := H A H, H = 1 - 2 u u', u a random unit vector. */
static void reflect(Dense *d, double *u, double *au, uint64_t number) {
    const size_t n = d->size;
    for (size_t i = 0; i < n; i++) u[i] = draw_normal(draw_of(number), i);
    const double length = sqrt(sum_product(u, u, n));
    for (size_t i = 0; i < n; i++) u[i] /= length;
    times_dense(au, u, d);
    const double mean = sum_product(u, au, n);
    for (size_t i = 0; i < n; i++)
        for (size_t j = 0; j <= i; j++) {
            d->a[i * n + j] -= 2 * (u[i] * au[j] + au[i] * u[j]) - 4 * mean * u[i] * u[j];
            d->a[j * n + i] = d->a[i * n + j];
        }
}

/* Of these eigenvalues, in no axis of theirs. */
static Dense dense_of(Arena *arena, const double *value, size_t n) {
    Dense d = {n, ZERO(arena, double, n *n)};
    double *u = TAKE(arena, double, n), *au = TAKE(arena, double, n);
    for (size_t i = 0; i < n; i++) d.a[i * n + i] = value[i];
    for (size_t k = 0; k < 12; k++) reflect(&d, u, au, 100 + k);
    return d;
}

/* Rising, by GSL. */
static double *all_values(Arena *arena, const Dense *d) {
    const size_t n = d->size;
    double *copy = TAKE(arena, double, n *n), *value = TAKE(arena, double, n);
    for (size_t i = 0; i < n * n; i++) copy[i] = d->a[i];
    gsl_matrix_view a = gsl_matrix_view_array(copy, n, n);
    gsl_matrix *vectors = gsl_matrix_alloc(n, n);
    gsl_vector_view v = gsl_vector_view_array(value, n);
    gsl_eigen_symmv_workspace *work = gsl_eigen_symmv_alloc(n);
    gsl_eigen_symmv(&a.matrix, &v.vector, vectors, work);
    gsl_eigen_symmv_sort(&v.vector, vectors, GSL_EIGEN_SORT_VAL_ASC);
    gsl_eigen_symmv_free(work);
    gsl_matrix_free(vectors);
    return value;
}

enum { N = 300 };

/* Outliers, one value 40 times, 60 within 1e-6, 50 zeros, negative ones, the rest anywhere. */
static Dense hard(Arena *arena) {
    double value[N];
    for (size_t i = 0; i < N; i++)
        value[i] = i < 3     ? 100.0 - 30.0 * (double)i
                   : i < 43  ? 1.0
                   : i < 103 ? 2.0 + 1e-6 / 60 * (double)i
                   : i < 153 ? 0.0
                   : i < 163 ? -3.0 - 0.25 * (double)i
                             : draw_normal(draw_of(1), i);
    return dense_of(arena, value, N);
}

/* ---- theorems ---------------------------------------------------------------------- */

static void all_steps_find_every_eigenvalue(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Dense d = hard(arena);
    const double *want = all_values(arena, &d);
    const Operator a = {N, times_dense, &d};
    const Lanczos l =
        lanczos_run(arena, &a, 2 * N, (Draw){1, DRAW_CURVATURE, 0, 0}, true);
    assert_true(l.finite);
    assert_int_equal(l.steps, N);
    double worst = 0;
    for (size_t i = 0; i < N; i++) worst = fmax(worst, fabs(l.value[i] - want[i]));
    printf("Lanczos beside the whole decomposition: %.2g of a norm of %.4g, %zu spaces\n",
           worst, want[N - 1], l.spaces);
    assert_near(worst, 0.0, 1e-10);
    arena_free(arena);
}

/* Orthonormal rows; residuals are those of the vectors; an eigenvalue within each; the outermost
 * first. */
static void few_steps_say_how_near_they_are(void **state) {
    (void)state;
    enum { M = 60 };
    Arena *arena = arena_new();
    Dense d = hard(arena);
    const double *want = all_values(arena, &d), norm = want[N - 1];
    const Operator a = {N, times_dense, &d};
    const Lanczos l = lanczos_run(arena, &a, M, (Draw){2, DRAW_CURVATURE, 0, 0}, true);
    double y[N], ay[N], weight = 0, slack = 100 * DBL_EPSILON * norm;
    assert_int_equal(l.steps, M);
    for (size_t i = 0; i < M; i++)
        for (size_t j = 0; j <= i; j++)
            assert_near(sum_product(l.basis + i * N, l.basis + j * N, N), i == j,
                        20 * DBL_EPSILON);
    for (size_t i = 0; i < M; i++) {
        double residual = 0, nearest = INFINITY;
        lanczos_vector(y, &l, i);
        times_dense(ay, y, &d);
        for (size_t k = 0; k < N; k++) {
            residual = hypot(residual, ay[k] - l.value[i] * y[k]);
            nearest = fmin(nearest, fabs(want[k] - l.value[i]));
        }
        assert_near(l.residual[i], residual, slack);
        assert_true(nearest <= l.residual[i] + slack);
        weight += l.weight[i];
    }
    assert_near(weight, 1.0, 1e-12);
    for (size_t k = 0; k < 3; k++) assert_true(l.residual[M - 1 - k] < 1e-9 * norm);
    assert_near(l.value[M - 1], want[N - 1], 1e-10);
    assert_near(l.value[0], want[0], 1e-10);
    arena_free(arena);
}

/* Of rank one there are two steps; of a multiple of the identity, of nothing, one. Whoever goes
 * on finds every zero. */
static void exhausted_spaces_end_it(void **state) {
    (void)state;
    enum { SIZE = 40 };
    Arena *arena = arena_new();
    double u[SIZE], three[SIZE], zero[SIZE] = {0}, square = 0;
    for (size_t i = 0; i < SIZE; i++) {
        u[i] = draw_normal(draw_of(2), i), three[i] = 3.0;
        square += u[i] * u[i];
    }
    Dense of_u = {SIZE, u}, of_three = {SIZE, three}, of_zero = {SIZE, zero};
    const Draw draw = {3, DRAW_CURVATURE, 0, 0};
    const Operator one = {SIZE, times_one, &of_u};
    Lanczos l = lanczos_run(arena, &one, 10, draw, false);
    assert_int_equal(l.steps, 2);
    assert_int_equal(l.spaces, 1);
    assert_near(l.value[0], 0.0, 1e-13 * square);
    assert_near(l.value[1], square, 1e-13 * square);
    l = lanczos_run(arena, &one, SIZE, draw, true);
    assert_int_equal(l.steps, SIZE);
    for (size_t i = 0; i + 1 < SIZE; i++) assert_near(l.value[i], 0.0, 1e-13 * square);
    assert_near(l.value[SIZE - 1], square, 1e-13 * square);
    const Operator same = {SIZE, times_diagonal, &of_three},
                   none = {SIZE, times_diagonal, &of_zero};
    l = lanczos_run(arena, &same, 10, draw, false);
    assert_int_equal(l.steps, 1);
    assert_near(l.value[0], 3.0, 1e-14);
    l = lanczos_run(arena, &none, 10, draw, false);
    assert_int_equal(l.steps, 1);
    assert_near(l.value[0], 0.0, 0.0);
    u[3] = (double)NAN;
    l = lanczos_run(arena, &one, 10, draw, true);
    assert_false(l.finite);
    arena_free(arena);
}

/* ---- densities --------------------------------------------------------------------- */

enum { WIDE = 4000 };

/* Of rank p in (0, 1). */
static double semicircle(double p) {
    double low = -1, high = 1;
    for (size_t k = 0; k < 60; k++) {
        const double t = (low + high) / 2,
                     below = 0.5 + (t * sqrt(1 - t * t) + asin(t)) / M_PI;
        *(below < p ? &low : &high) = t;
    }
    return low;
}

static double two_clusters(double p) {
    const bool second = p > 0.8;
    const double q = second ? (p - 0.8) / 0.2 : p / 0.8;
    return (second ? 2.0 : -1.0) + 0.3 * semicircle(q);
}

static double masses(double p) {
    return p < 0.7 ? 0.0 : p < 0.9 ? 1.0 : 5.0;
}

/* Beside the eigenvalues themselves under the same kernel. A probe's squares are drawn: of n in the kernel's
 * width the mean over `probes` has a deviation of sqrt(2 / (n probes)) of it. */
static void densities_are_those_of_the_spectrum(void **state) {
    (void)state;
    static double (*const OF[])(double) = {semicircle, two_clusters, masses};
    static const char *const SAYS[] = {"semicircle", "two clusters", "masses"};
    for (size_t s = 0; s < COUNT_OF(OF); s++) {
        Arena *arena = arena_new();
        double *value = TAKE(arena, double, WIDE), most = 0, worst = 0, sum = 0;
        for (size_t i = 0; i < WIDE; i++) value[i] = OF[s](((double)i + 0.5) / WIDE);
        Dense d = {WIDE, value};
        const Operator a = {WIDE, times_diagonal, &d};
        const DensityWish wish = {
            .probes = 10, .steps = 80, .points = 201, .sigma = 0.05, .seed = 4};
        const Density density = density_estimate(arena, &a, &wish);
        assert_near(density.sigma, 0.05, 0.0);
        for (size_t k = 0; k < density.points; k++) {
            double want = 0, width = 0;
            for (size_t i = 0; i < WIDE; i++)
                want += gsl_ran_gaussian_pdf(density.at[k] - value[i], 0.05) / WIDE;
            width = want * WIDE * 0.05 * 2 * sqrt(M_PI);
            most = fmax(most, want);
            const double allowed = 5 * want * sqrt(2 / (10 * fmax(width, 1.0))) + 1e-3;
            assert_near(density.value[k], want, allowed);
            worst = fmax(worst, fabs(density.value[k] - want));
            sum += density.value[k] * (density.at[1] - density.at[0]);
        }
        printf("density of %s: %.2g of %.2g, integral 1 + %.1g\n", SAYS[s], worst, most,
               sum - 1);
        assert_near(sum, 1.0, 1e-6);
        arena_free(arena);
    }
}

/* The mean of the density is the trace over the size: of each probe exactly v'Av. */
static void quadratures_have_the_first_moments(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Dense d = hard(arena);
    const Operator a = {N, times_dense, &d};
    const DensityWish wish = {.probes = 3, .steps = 20, .points = 2, .seed = 5};
    const Density density = density_estimate(arena, &a, &wish);
    double v[N], av[N], aav[N];
    for (size_t p = 0; p < 3; p++) {
        double moment[4] = {0};
        for (size_t i = 0; i < N; i++)
            v[i] = draw_normal((Draw){5, DRAW_CURVATURE, p, 0}, i);
        const double length = sqrt(sum_product(v, v, N));
        for (size_t i = 0; i < N; i++) v[i] /= length;
        times_dense(av, v, &d);
        times_dense(aav, av, &d);
        for (size_t i = 0; i < 20; i++)
            for (size_t k = 0; k < 4; k++)
                moment[k] +=
                    density.weight[p * 20 + i] * pow(density.node[p * 20 + i], (double)k);
        assert_near(moment[0], 1.0, 1e-13);
        assert_near(moment[1], sum_product(v, av, N), 1e-12 * 100);
        assert_near(moment[2], sum_product(av, av, N), 1e-12 * 1e4);
        assert_near(moment[3], sum_product(av, aav, N), 1e-12 * 1e6);
    }
    arena_free(arena);
}

/* ---- the trace ----------------------------------------------------------------------- */

static void intervals_of_traces_cover(void **state) {
    (void)state;
    enum { SEEDS = 1000, SIZE = 60, PROBES = 12 };
    Arena *arena = arena_new();
    Dense d = {SIZE, TAKE(arena, double, SIZE *SIZE)};
    double trace = 0;
    size_t covers = 0;
    for (size_t i = 0; i < SIZE; i++)
        for (size_t j = 0; j <= i; j++)
            d.a[i * SIZE + j] = d.a[j * SIZE + i] =
                draw_normal(draw_of(3), i * SIZE + j) + 0.3;
    for (size_t i = 0; i < SIZE; i++) trace += d.a[i * SIZE + i];
    const Operator a = {SIZE, times_dense, &d};
    for (uint64_t seed = 1; seed <= SEEDS; seed++) {
        const TraceEstimate t = trace_estimate(arena, &a, PROBES, seed);
        covers += t.low <= trace && trace <= t.high;
    }
    printf("intervals of 95 %% cover the trace %zu times of %d\n", covers, SEEDS);
    assert_true(covers >= 922 && covers <= 978); /* four deviations of Bin(1000, 0.95) */
    arena_free(arena);
}

/* Signs leave nothing to chance of a diagonal. */
static void traces_of_diagonals_are_exact(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double value[4] = {1.5, -2.25, 8, 0.5};
    Dense d = {4, value};
    const Operator a = {4, times_diagonal, &d};
    const TraceEstimate t = trace_estimate(arena, &a, 3, 1);
    assert_near(t.mean, 7.75, 0.0);
    assert_near(t.error, 0.0, 0.0);
    assert_true(isnan(trace_estimate(arena, &a, 1, 1).low));
    arena_free(arena);
}

static const Case cases[] = {
    CASE(oracle, all_steps_find_every_eigenvalue),
    CASE(theorem, few_steps_say_how_near_they_are),
    CASE(theorem, exhausted_spaces_end_it),
    CASE(oracle, densities_are_those_of_the_spectrum),
    CASE(theorem, quadratures_have_the_first_moments),
    CASE(theorem, intervals_of_traces_cover),
    CASE(theorem, traces_of_diagonals_are_exact),
};
HARNESS_MAIN("lanczos", cases)
