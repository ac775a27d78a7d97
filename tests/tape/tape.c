/* The primitives: adjoint pairs, and closed forms up to the third order. What finite differences can
 * tell stands in tape_oracle.c. */
#include "harness.h"

#include "forms.h"
#include "op.h"
#include "sum.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* Integers -8..8: their sums of products are exact in any order, so that identities hold to the bit. */
static const double *integers(Arena *arena, uint64_t input, size_t count) {
    double *value = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++)
        value[k] = (double)draw_below((Draw){11, DRAW_TEST, 1, input}, k, 17) - 8.0;
    return value;
}

static void assert_same_bits(const double *a, const double *b, size_t count) {
    assert_memory_equal(a, b, count * sizeof *a);
}

/* ---- adjoint pairs: <A x, y> = <x, A' y> ----------------------------------------- */

static void expect_pair(const TapeNode *x, const TapeNode *ax, const TapeNode *y,
                        const TapeNode *aty) {
    assert_true(shape_equal(ax->shape, y->shape) && shape_equal(x->shape, aty->shape));
    double left = sum_product(ax->value, y->value, shape_count(y->shape));
    double right = sum_product(x->value, aty->value, shape_count(x->shape));
    assert_near(left, right, 0.0);
    assert_true(left != 0.0);
}

static TapeNode *draw_leaf(Tape *t, uint64_t input, Shape shape) {
    return tape_leaf(t, shape, integers(tape_arena(t), input, shape_count(shape)));
}

static void adjoint_of_broadcast(void **state) {
    (void)state;
    static const Shape pairs[][2] = {{{0, {0}}, {2, {3, 5}}},
                                     {{2, {1, 5}}, {2, {3, 5}}},
                                     {{3, {2, 1, 4}}, {3, {2, 70, 4}}},
                                     {{5, {1, 2, 1, 3, 1}}, {5, {2, 2, 3, 3, 2}}}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        Tape *t = tape_new(arena);
        TapeNode *x = draw_leaf(t, 2 * i, pairs[i][0]),
                 *y = draw_leaf(t, 2 * i + 1, pairs[i][1]);
        expect_pair(x, tape_broadcast(t, x, y->shape), y, tape_sum(t, y, x->shape));
    }
    arena_free(arena);
}

/* mean times count is spread's adjoint: exact, counts being powers of two. */
static void adjoint_of_spread(void **state) {
    (void)state;
    Arena *arena = arena_new();
    ShapeLattice size = {4, 8, 4};
    const size_t unequal[] = {1, 0, 2, 0, 0, 2, 0, 1}; /* 4, 2, 2 channels */
    for (size_t block = 1; block <= 4; block *= 2)
        for (int apart = 0; apart < 2; apart++)
            for (size_t width = 0; width <= 8; width = width ? 2 * width : 1) {
                const Partition *p =
                    width ? partition_blocks(arena, size, block, width, apart)
                          : partition_map(arena, size, block, unequal, 3, apart);
                Tape *t = tape_new(arena);
                size_t cells = partition_cells(p);
                double *count = TAKE(arena, double, cells);
                for (size_t i = 0; i < cells; i++)
                    count[i] = (double)partition_count(p, i);
                TapeNode *x = draw_leaf(t, 0, SHAPE_OF(4, 8, 4)),
                         *c = draw_leaf(t, 1, SHAPE_OF(cells));
                TapeNode *total =
                    tape_mul(t, tape_mean(t, x, p), tape_leaf(t, SHAPE_OF(cells), count));
                expect_pair(x, total, c, tape_spread(t, c, p, x->shape));
            }
    arena_free(arena);
}

static void adjoint_of_arrangements(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    TapeNode *x = draw_leaf(t, 0, SHAPE_OF(3, 5, 4));
    for (size_t axis = 0; axis < 3; axis++)
        for (size_t from = 0; from < 2; from++) {
            Shape small = x->shape;
            small.size[axis] = 2;
            TapeNode *y = draw_leaf(t, 1 + axis, small);
            expect_pair(x, tape_slice(t, x, axis, from, 2), y,
                        tape_pad(t, y, axis, from, x->shape.size[axis]));
        }
    size_t index[7] = {59, 0, 3, 3, 17, 59, 3};
    TapeNode *y = draw_leaf(t, 9, SHAPE_OF(7));
    expect_pair(x, tape_gather(t, x, index, SHAPE_OF(7)), y,
                tape_scatter(t, y, index, x->shape));
    const size_t axes[] = {2, 0, 1}, back[] = {1, 2, 0};
    TapeNode *z = draw_leaf(t, 10, SHAPE_OF(4, 3, 5));
    expect_pair(x, tape_permute(t, x, axes), z, tape_permute(t, z, back));
    assert_same_bits(tape_permute(t, tape_permute(t, x, axes), back)->value, x->value,
                     60);
    arena_free(arena);
}

/* <y, conv(x, w)> three times, and the convolution itself as its definition reads. */
static void adjoint_of_convolution(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t R = 1; R <= 3; R++)
        for (size_t stride = 1; stride <= 3; stride++)
            for (size_t pad = 0; pad <= 2; pad++) {
                Tape *t = tape_new(arena);
                TapeNode *x = draw_leaf(t, 0, SHAPE_OF(2, 3, 5, 7)),
                         *w = draw_leaf(t, 1, SHAPE_OF(4, 3, R, 3));
                Conv c = conv_geometry(x->shape, w->shape, stride, pad);
                TapeNode *y = draw_leaf(t, 2, SHAPE_OF(2, 4, c.P, c.Q)),
                         *z = tape_conv2d(t, x, w, stride, pad);
                expect_pair(x, z, y, tape_conv2d_input(t, y, w, &c));
                expect_pair(w, z, y, tape_conv2d_filter(t, x, y, &c));
            }
    arena_free(arena);
}

static double conv_at(const TapeNode *x, const TapeNode *w, const Conv *c, size_t n,
                      size_t k, size_t p, size_t q) {
    double sum = 0.0;
    for (size_t ch = 0; ch < c->C; ch++)
        for (size_t r = 0; r < c->R; r++)
            for (size_t s = 0; s < c->S; s++) {
                size_t i = p * c->stride + r, j = q * c->stride + s; /* + pad */
                if (i < c->pad || j < c->pad || i >= c->H + c->pad || j >= c->W + c->pad)
                    continue;
                sum +=
                    x->value[((n * c->C + ch) * c->H + i - c->pad) * c->W + j - c->pad] *
                    w->value[((k * c->C + ch) * c->R + r) * c->S + s];
            }
    return sum;
}

static void convolution_is_its_sum(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t S = 1; S <= 3; S++)
        for (size_t stride = 1; stride <= 3; stride++)
            for (size_t pad = 0; pad <= 2; pad++) {
                Tape *t = tape_new(arena);
                TapeNode *x = draw_leaf(t, 0, SHAPE_OF(2, 3, 7, 4)),
                         *w = draw_leaf(t, 1, SHAPE_OF(2, 3, 3, S));
                Conv c = conv_geometry(x->shape, w->shape, stride, pad);
                const double *y = tape_conv2d(t, x, w, stride, pad)->value;
                for (size_t n = 0, at = 0; n < c.N; n++)
                    for (size_t k = 0; k < c.K; k++)
                        for (size_t p = 0; p < c.P; p++)
                            for (size_t q = 0; q < c.Q; q++)
                                assert_near(y[at++], conv_at(x, w, &c, n, k, p, q), 0.0);
            }
    arena_free(arena);
}

/* ---- closed forms ---------------------------------------------------------------- */

static TapeNode *power_35(Tape *t, TapeNode *x) {
    return tape_power(t, x, 3.5);
}

static TapeNode *reciprocal(Tape *t, TapeNode *x) {
    return tape_div(t, tape_fill(t, x->shape, 1.0), x);
}

static TapeNode *cube(Tape *t, TapeNode *x) {
    return tape_mul(t, x, tape_mul(t, x, x));
}

typedef struct Known {
    TapeNode *(*write)(Tape *t, TapeNode *x);
    double third; /* derivative at 2.385 */
} Known;

static TapeNode *derivative(Tape *t, TapeNode *y, TapeNode *x) {
    TapeNode *dx;
    tape_gradient(t, y, NULL, &x, 1, &dx);
    return dx;
}

static void third_order(void **state) {
    (void)state;
    const double x = 2.385, th = tanh(x), s = 1.0 / (1.0 + exp(-x)), one = 1.0;
    const double bell = 1.1283791670955126 * exp(-x * x); /* erf's slope */
    const Known known[] = {{tape_exp, exp(x)},
                           {tape_log, 2.0 / (x * x * x)},
                           {tape_sqrt, 0.375 * pow(x, -2.5)},
                           {tape_tanh, (1.0 - th * th) * (6.0 * th * th - 2.0)},
                           {tape_sigmoid, s * (1.0 - s) * (1.0 - 6.0 * s + 6.0 * s * s)},
                           {tape_erf, (4.0 * x * x - 2.0) * bell},
                           {tape_bell, (12.0 * x - 8.0 * x * x * x) * bell},
                           {power_35, 3.5 * 2.5 * 1.5 * sqrt(x)},
                           {reciprocal, -6.0 / (x * x * x * x)},
                           {cube, 6.0}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(known); i++) {
        Tape *t = tape_new(arena);
        TapeNode *leaf = tape_parameter(t, SHAPE_SCALAR, &x, NULL),
                 *y = known[i].write(t, leaf);
        for (int order = 0; order < 3; order++) y = derivative(t, y, leaf);
        assert_near(*y->value, known[i].third,
                    64 * DBL_EPSILON * (one + fabs(known[i].third)));
    }
    arena_free(arena);
}

/* d3/dx2dy of exp(x y) = (2 y + x y^2) exp(x y): mixed, through shared nodes. */
static void third_order_mixed(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double a = 0.385, b = -1.25;
    TapeNode *x = tape_parameter(t, SHAPE_SCALAR, &a, NULL),
             *y = tape_parameter(t, SHAPE_SCALAR, &b, NULL);
    TapeNode *f = tape_exp(t, tape_mul(t, x, y));
    TapeNode *d = derivative(t, derivative(t, derivative(t, f, x), x), y);
    assert_near(*d->value, (2 * b + a * b * b) * exp(a * b), 16 * DBL_EPSILON * 4);
    arena_free(arena);
}

/* The derivatives of a power at 0 are 0 beyond its degree, not 0 times infinity. */
static void powers_at_zero(void **state) {
    (void)state;
    static const double want[4][4] = {
        {1, 0, 0, 0}, {0, 1, 0, 0}, {0, 0, 2, 0}, {0, 0, 0, 6}};
    Arena *arena = arena_new();
    const double zero = 0.0;
    for (size_t exponent = 0; exponent < 4; exponent++) {
        Tape *t = tape_new(arena);
        TapeNode *x = tape_parameter(t, SHAPE_SCALAR, &zero, NULL),
                 *y = tape_power(t, x, (double)exponent);
        for (size_t order = 0; order < 4; order++, y = derivative(t, y, x))
            assert_near(*y->value, want[exponent][order], 0.0);
    }
    arena_free(arena);
}

static void shared_subexpressions(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double a = 3.0, b = -2.0;
    double da, db;
    TapeNode *x = tape_parameter(t, SHAPE_SCALAR, &a, &da),
             *y = tape_parameter(t, SHAPE_SCALAR, &b, &db);
    TapeNode *s = tape_mul(t, x, y),
             *f = tape_add(t, tape_mul(t, s, s), tape_add(t, s, tape_add(t, x, x)));
    tape_backward(t, f, NULL); /* a^2 b^2 + a b + 2 a */
    assert_near(da, 2 * a * b * b + b + 2, 0.0);
    assert_near(db, 2 * a * a * b + a, 0.0);
    arena_free(arena);
}

static void long_chain(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double one = 1.0;
    double slot;
    TapeNode *x = tape_parameter(t, SHAPE_SCALAR, &one, &slot), *y = x, *dx;
    for (int i = 0; i < 1000; i++) y = tape_add(t, y, y);
    tape_backward(t, y, NULL);
    tape_gradient(t, y, NULL, &x, 1, &dx);
    assert_near(slot, ldexp(1.0, 1000), 0.0);
    assert_near(*dx->value, ldexp(1.0, 1000), 0.0);
    for (int i = 0; i < 100000; i++) y = tape_neg(t, y);
    tape_backward(t, y, NULL);
    assert_near(slot, ldexp(1.0, 1000), 0.0);
    arena_free(arena);
}

static void cross_entropy_at_huge_logits(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const double z[3][3] = {
        {1e5, -1e5, 1e5}, {-1e300, 0, 1}, {3e299, 3e299, -3e299}};
    const double one = 1 / (1 + exp(-1)), lost[] = {log(2), -log(1 - one), log(2)};
    const double want[3][3] = {
        {0.5, 0, -0.5}, {0, -one, one}, {0.5, -0.5, 0}}; /* softmax - onehot */
    static const uint8_t label[] = {2, 1, 1};
    for (size_t n = 0; n < 3; n++) {
        Tape *t = tape_new(arena);
        double slot[3];
        TapeNode *x = tape_parameter(t, SHAPE_OF(1, 3), z[n], slot), *dx;
        TapeNode *y = tape_cross_entropy(t, x, label + n);
        tape_backward(t, y, NULL);
        tape_gradient(t, y, NULL, &x, 1, &dx);
        for (size_t k = 0; k < 3; k++) assert_near(slot[k], want[n][k], 4 * DBL_EPSILON);
        for (size_t k = 0; k < 3; k++)
            assert_near(dx->value[k], want[n][k], 4 * DBL_EPSILON);
        if (n < 2)
            assert_near(*y->value, lost[n], 1e5 * DBL_EPSILON); /* 1e5 + log 2, rounded */
        else
            assert_true(isfinite(*y->value));
    }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, adjoint_of_broadcast),
    CASE(theorem, adjoint_of_spread),
    CASE(theorem, adjoint_of_arrangements),
    CASE(theorem, adjoint_of_convolution),
    CASE(oracle, convolution_is_its_sum),
    CASE(theorem, third_order),
    CASE(theorem, third_order_mixed),
    CASE(theorem, powers_at_zero),
    CASE(theorem, shared_subexpressions),
    CASE(theorem, long_chain),
    CASE(example, cross_entropy_at_huge_logits),
};

HARNESS_MAIN("tape", cases)
