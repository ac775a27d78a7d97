/* Eigenvalues before those that have a formula, and before GSL's. */
#include "harness.h"

#include "eigen.h"
#include "sum.h"

#include <float.h>
#include <gsl/gsl_eigen.h>
#include <math.h>
#include <stdlib.h>

static double drawn(uint64_t what, uint64_t i) {
    return draw_normal((Draw){8, DRAW_TEST, what, 0}, i);
}

/* 2 along the diagonal and -1 beside it: 2 - 2 cos(k pi / (n + 1)); vectors are sines. */
static void second_differences(void **state) {
    (void)state;
    enum { N = 40 };
    double value[N], beside[N], vector[N * N];
    const double step = acos(-1.0) / (N + 1);
    for (size_t i = 0; i < N; i++) value[i] = 2, beside[i] = -1;
    eigen_tridiagonal(value, beside, vector, N);
    for (size_t k = 0; k < N; k++) {
        const double *v = vector + k * N, angle = (double)(k + 1) * step;
        assert_near(value[k], 2 - 2 * cos(angle), 8 * DBL_EPSILON * 4);
        for (size_t i = 0; i < N; i++)
            assert_near(fabs(v[i]),
                        sqrt(2.0 / (N + 1)) * fabs(sin((double)(i + 1) * angle)), 1e-13);
    }
}

/* A zero beside the diagonal parts it, equal values stand together, and lengths of 1e-200 or 1e150 are
 * none of its business. */
static void what_falls_apart(void **state) {
    (void)state;
    enum { N = 7 };
    static const double SIZE[] = {1, 1e-200, 1e150, 0};
    for (size_t s = 0; s < COUNT_OF(SIZE); s++) {
        double value[N] = {5, 1, 1, 1, -2, 0, 0}, vector[N * N],
               beside[N] = {0, 0, 1e-30, 0, 3, 0, 0}, was[N], next[N];
        for (size_t i = 0; i < N; i++)
            was[i] = value[i] *= SIZE[s], next[i] = beside[i] *= SIZE[s];
        eigen_tridiagonal(value, beside, vector, N);
        for (size_t k = 0; k < N; k++) {
            const double *v = vector + k * N;
            if (k > 0) assert_true(value[k] >= value[k - 1]);
            for (size_t i = 0; i <= k; i++)
                assert_near(sum_product(v, vector + i * N, N), i == k, 8 * DBL_EPSILON);
            for (size_t i = 0; i < N; i++) {
                const double above = i > 0 ? next[i - 1] * v[i - 1] : 0,
                             below = i + 1 < N ? next[i] * v[i + 1] : 0;
                assert_near(above + was[i] * v[i] + below, value[k] * v[i],
                            16 * DBL_EPSILON * 5 * SIZE[s]);
            }
        }
    }
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Rising, by GSL. */
static void by_gsl(double *value, const double *a, Arena *arena, size_t n) {
    double *copy = TAKE(arena, double, n *n);
    for (size_t i = 0; i < n * n; i++) copy[i] = a[i];
    gsl_matrix_view matrix = gsl_matrix_view_array(copy, n, n);
    gsl_vector_view v = gsl_vector_view_array(value, n);
    gsl_eigen_symm_workspace *work = gsl_eigen_symm_alloc(n);
    gsl_eigen_symm(&matrix.matrix, &v.vector, work);
    gsl_eigen_symm_free(work);
    qsort(value, n, sizeof *value, by_value);
}

/* Products of so many drawn directions, so that the others are 0; columns far longer than others;
 * of any size. */
static void dense_before_gsl(void **state) {
    (void)state;
    enum { N = 60 };
    static const double SIZE[] = {1, 1e-120, 1e120};
    Arena *arena = arena_new();
    for (size_t n = 1; n <= N; n = n < 4 ? n + 1 : 3 * n - 2)
        for (size_t way = 0; way < 9; way++) {
            const size_t rank = way % 3 == 1 ? (n + 1) / 2 : n;
            double *a = TAKE(arena, double, n *n), *h = TAKE(arena, double, n *rank);
            double *want = TAKE(arena, double, n), *have = TAKE(arena, double, n);
            for (size_t i = 0; i < n * rank; i++)
                h[i] = drawn(way, i) * pow(way % 3 == 2 ? 0.5 : 1, (double)(i / rank));
            for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < n; k++)
                    a[i * n + k] =
                        SIZE[way / 3] * sum_product(h + i * rank, h + k * rank, rank);
            by_gsl(want, a, arena, n);
            eigen_values(have, a, arena, n);
            for (size_t i = 0; i < n; i++)
                assert_near(have[i], want[i], 20 * DBL_EPSILON * want[n - 1]);
        }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, second_differences),
    CASE(theorem, what_falls_apart),
    CASE(oracle, dense_before_gsl),
};
HARNESS_MAIN("eigen", cases)
