/* Sums of a stated order, matrix products, and convolution against its formula. */
#include "harness.h"

#include "tensor.h"
#include "bilinear.h"
#include "sum.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double *normals(Arena *arena, size_t count, uint64_t sample) {
    double *x = TAKE(arena, double, count);
    const Draw draw = {.seed = 31, .purpose = DRAW_TEST, .sample = sample};
    for (size_t i = 0; i < count; i++) x[i] = draw_normal(draw, i);
    return x;
}

static double *filled(Arena *arena, size_t count, double value) {
    double *x = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) x[i] = value;
    return x;
}

/* ---- shapes ---------------------------------------------------------------------- */

static void shapes(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Shape x = SHAPE_OF(2, 3, 4, 5);
    assert_int_equal(x.rank, 4);
    assert_int_equal(shape_count(x), 120);
    assert_int_equal(shape_count(SHAPE_SCALAR), 1);
    assert_string_equal(shape_text(arena, x), "[2, 3, 4, 5]");
    assert_string_equal(shape_text(arena, SHAPE_SCALAR), "[]");
    assert_true(shape_equal(x, SHAPE_OF(2, 3, 4, 5)) &&
                shape_equal(SHAPE_SCALAR, SHAPE_SCALAR));
    assert_false(shape_equal(x, SHAPE_OF(2, 3, 4)) || shape_equal(SHAPE_OF(2, 3, 4), x));
    assert_false(shape_equal(x, SHAPE_OF(2, 3, 4, 6)) ||
                 shape_equal(x, SHAPE_OF(1, 3, 4, 5)));
    const ShapeLattice flat = shape_lattice(SHAPE_OF(7, 8)),
                       deep = shape_lattice(SHAPE_OF(7, 8, 2, 3, 4));
    assert_true(flat.N == 7 && flat.C == 8 && flat.L == 1);
    assert_true(deep.N == 7 && deep.C == 8 && deep.L == 24);
    arena_free(arena);
}

static void overflowing_shape(void *context) {
    (void)context;
    shape_count(SHAPE_OF(SIZE_MAX / 2, 2, 2));
}
static void lattice_of_a_vector(void *context) {
    (void)context;
    shape_lattice(SHAPE_OF(5));
}
static void filter_of_other_channels(void *context) {
    (void)context;
    conv_geometry(SHAPE_OF(1, 3, 8, 8), SHAPE_OF(4, 2, 3, 3), 1, 1);
}
static void filter_too_large(void *context) {
    (void)context;
    conv_geometry(SHAPE_OF(1, 3, 8, 2), SHAPE_OF(4, 3, 3, 5), 1, 1);
}
static void stride_of_none(void *context) {
    (void)context;
    conv_geometry(SHAPE_OF(1, 3, 8, 8), SHAPE_OF(4, 3, 3, 3), 0, 1);
}

static void impossible_shapes_abort(void **state) {
    (void)state;
    static const struct {
        void (*body)(void *);
        const char *message;
    } row[] = {{overflowing_shape, "shape overflows"},
               {lattice_of_a_vector, "not rank 1"},
               {filter_of_other_channels, "3 channels, filters for 2"},
               {filter_too_large, "filter larger than its input"},
               {stride_of_none, "stride 0"}};
    char text[1024];
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        assert_true(harness_child(row[i].body, NULL, text, sizeof text) >= 128);
        assert_non_null(strstr(text, row[i].message));
    }
}

/* ---- sums ------------------------------------------------------------------------ */

/* The order as the header tells it: lane j of a leaf adds elements j, j + 8, ... of its 64. */
static double leaf_sum(const double *x, size_t n, size_t stride) {
    double lane[8] = {0};
    for (size_t j = 0; j < 8; j++)
        for (size_t i = j; i < n; i += 8) lane[j] += x[i * stride];
    for (size_t half = 4; half > 0; half /= 2)
        for (size_t j = 0; j < half; j++) lane[j] += lane[j + half];
    return lane[0];
}

/* Leaves pairwise: the largest power of two of them to the left, the rest to the right. */
static double ordered_sum(const double *x, size_t n, size_t stride) {
    if (n <= 64) return leaf_sum(x, n, stride);
    size_t left = 64;
    while (2 * left < n) left *= 2;
    return ordered_sum(x, left, stride) +
           ordered_sum(x + left * stride, n - left, stride);
}

static size_t next_length(size_t n) {
    return n < 300 ? n + 1 : n + n / 3 + 1;
}

static void sums_keep_their_order(void **state) {
    (void)state;
    enum { MOST = 100000 };
    Arena *arena = arena_new();
    double *x = normals(arena, 3 * MOST, 1), *y = normals(arena, MOST, 2);
    double *product = TAKE(arena, double, MOST);
    for (size_t i = 0; i < 3 * MOST; i++) x[i] *= exp(3 * x[i]);
    for (size_t i = 0; i < MOST; i++) product[i] = x[i] * y[i];
    for (size_t n = 0; n <= MOST; n = next_length(n)) {
        assert_true(sum_run(x, n) == ordered_sum(x, n, 1));
        assert_true(sum_strided(x, n, 1) == sum_run(x, n));
        assert_true(sum_strided(x, n, 3) == ordered_sum(x, n, 3));
        assert_true(sum_product(x, y, n) == ordered_sum(product, n, 1));
    }
    arena_free(arena);
}

/* Roundings on the longest path: 8 in a lane, 3 across lanes, then the tree. */
static double sum_bound(double magnitude, size_t n) {
    const double depth = 8 + 3 + ceil(log2(fmax(1, (double)n / SUM_LEAF))) + 1;
    return depth * (DBL_EPSILON / 2) * magnitude;
}

static void sums_are_as_near_as_stated(void **state) {
    (void)state;
    enum { MOST = 100000 };
    Arena *arena = arena_new();
    for (int scale = 0; scale <= 3; scale++) { /* from equal sizes to e^+-12 apart */
        double *x = normals(arena, 2 * MOST, 3), *y = normals(arena, MOST, 4);
        for (size_t i = 0; i < 2 * MOST; i++)
            x[i] = x[i] * exp(scale * x[i]) + (scale == 1);
        for (size_t n = 1; n <= MOST; n = next_length(n)) {
            long double run = 0, strided = 0, product = 0;
            double size[3] = {0};
            for (size_t i = 0; i < n; i++) {
                run += x[i];
                strided += x[2 * i];
                product += (long double)x[i] * y[i];
                size[0] += fabs(x[i]);
                size[1] += fabs(x[2 * i]);
                size[2] += fabs(x[i] * y[i]);
            }
            assert_near(sum_run(x, n), (double)run, sum_bound(size[0], n));
            assert_near(sum_strided(x, n, 2), (double)strided, sum_bound(size[1], n));
            assert_near(sum_product(x, y, n), (double)product, sum_bound(size[2], 2 * n));
        }
    }
    arena_free(arena);
}

static void sums_of_integers_are_exact(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Draw draw = {.seed = 5, .purpose = DRAW_TEST};
    enum { MOST = 100000 };
    double *x = TAKE(arena, double, MOST);
    for (size_t i = 0; i < MOST; i++)
        x[i] = (double)draw_below(draw, i, 1 << 30) - (1 << 29);
    for (size_t n = 0; n <= MOST; n = next_length(n)) {
        int64_t want = 0;
        for (size_t i = 0; i < n; i++) want += (int64_t)x[i];
        assert_true(sum_run(x, n) == (double)want);
    }
    arena_free(arena);
}

static void vectors_overwrite_or_add(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t n = 0; n < 70; n++) {
        double *x = normals(arena, n + 1, 5), *y = filled(arena, n + 1, NAN);
        vector_add(y, x, n, 0);
        assert_memory_equal(y, x, n * sizeof *y);
        vector_add(y, x, n, 1);
        for (size_t i = 0; i < n; i++) assert_true(y[i] == 2 * x[i]);
        vector_zero(y, n);
        for (size_t i = 0; i < n; i++) assert_true(y[i] == 0);
        assert_true(isnan(y[n]));
    }
    arena_free(arena);
}

/* ---- products -------------------------------------------------------------------- */

typedef struct Product {
    size_t m, n, k;
    bool transpose_a, transpose_b;
} Product;

/* Twice the rounding errors of a sum of k products in any order, and one more addition. */
static double product_bound(double magnitude, size_t k) {
    return 2 * ((double)k + 1) * DBL_EPSILON * magnitude;
}

static void check_product(Arena *arena, Product p, double beta) {
    double *a = normals(arena, p.m * p.k, 6), *b = normals(arena, p.k * p.n, 7);
    double *old = normals(arena, p.m * p.n, 8), *c = filled(arena, p.m * p.n + 1, NAN);
    if (beta == 1) memcpy(c, old, p.m * p.n * sizeof *c);
    matmul(c, a, b, p.m, p.n, p.k, p.transpose_a, p.transpose_b, beta);
    for (size_t i = 0; i < p.m; i++)
        for (size_t j = 0; j < p.n; j++) {
            double start = beta == 1 ? old[i * p.n + j] : 0, magnitude = fabs(start);
            long double want = start;
            for (size_t l = 0; l < p.k; l++) {
                double left = p.transpose_a ? a[l * p.m + i] : a[i * p.k + l];
                double right = p.transpose_b ? b[j * p.k + l] : b[l * p.n + j];
                want += (long double)left * right;
                magnitude += fabs(left * right);
            }
            assert_near(c[i * p.n + j], (double)want, product_bound(magnitude, p.k));
        }
    assert_true(isnan(c[p.m * p.n]));
}

static void products_are_sums_of_products(void **state) {
    (void)state;
    static const size_t size[][3] = {
        {1, 1, 1},  {1, 7, 3},    {5, 1, 4},     {3, 4, 1},       {2, 3, 5},
        {16, 8, 9}, {33, 65, 17}, {70, 30, 130}, {130, 129, 135}, {65, 17, 257}};
    Arena *arena = arena_new();
    const ArenaMark mark = arena_mark(arena);
    for (size_t i = 0; i < COUNT_OF(size); i++)
        for (int form = 0; form < 8; form++, arena_rewind(arena, mark))
            check_product(
                arena, (Product){size[i][0], size[i][1], size[i][2], form & 1, form & 2},
                form & 4 ? 1 : 0);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, sums_of_integers_are_exact),
    CASE(oracle, sums_keep_their_order),
    CASE(oracle, sums_are_as_near_as_stated),
    CASE(oracle, products_are_sums_of_products),
    CASE(example, shapes),
    CASE(example, vectors_overwrite_or_add),
    CASE(fault, impossible_shapes_abort),
};

HARNESS_MAIN("tensor", cases)
