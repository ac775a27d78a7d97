/* What rounding does to a program, and whom an element reaches: never less than the truth, and
 * not much more. */
#include "harness.h"

#include "bound.h"
#include "arith_calls.h"
#include "op.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

enum { ROWS = 3, COLUMNS = 4, COUNT = ROWS * COLUMNS, LENGTH = 6, PROGRAMS = 400 };

static double *normals(Arena *arena, size_t count, uint64_t sample, double mean) {
    Draw draw = {.seed = 11, .purpose = DRAW_TEST, .sample = sample};
    double *value = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) value[i] = mean + draw_normal(draw, i);
    return value;
}

/* ---- random programs ------------------------------------------------------------- */

static TapeNode *centred(Tape *t, TapeNode *a) {
    const Partition *p = partition_blocks(tape_arena(t), (ShapeLattice){ROWS, COLUMNS, 1},
                                          1, COLUMNS, false);
    return tape_sub(t, a, tape_spread(t, tape_mean(t, a, p), p, a->shape));
}

static TapeNode *above_one(Tape *t, TapeNode *a) {
    return tape_add(t, tape_mul(t, a, a), tape_fill(t, a->shape, 1.0));
}

/* Shares of a row up to the diagonal, of those that are not masked. */
static TapeNode *seen_alone(Tape *t, TapeNode *a) {
    static const unsigned char mask[COLUMNS] = {1, 0, 1, 1};
    TapeNode *one = tape_reshape(t, a, SHAPE_OF(1, ROWS, COLUMNS));
    return tape_reshape(t, tape_softmax_seen(t, one, mask, 1, true), a->shape);
}

/* The next value of two others. */
static TapeNode *written(Tape *t, size_t which, TapeNode *a, TapeNode *b) {
    const size_t axes[] = {1, 0};
    switch (which) {
    case 0:
        return tape_add(t, a, b);
    case 1:
        return tape_sub(t, a, b);
    case 2:
        return tape_mul(t, a, b);
    case 3:
        return tape_div(t, a, tape_sqrt(t, above_one(t, b)));
    case 4:
        return tape_exp(t, tape_neg(t, above_one(t, a)));
    case 5:
        return tape_tanh(t, a);
    case 6:
        return tape_max(t, a, tape_relu(t, b));
    case 7:
        return tape_add(t, tape_softmax(t, a), seen_alone(t, a));
    case 8:
        return tape_broadcast(t, tape_sum(t, a, SHAPE_OF(1, COLUMNS)), a->shape);
    case 9:
        return tape_matmul(t, tape_matmul(t, a, b, false, true), a, false, false);
    case 10:
        return tape_log(t, above_one(t, tape_sigmoid(t, a)));
    case 11:
        return tape_permute(t, tape_permute(t, tape_select(t, a, b, a), axes), axes);
    default:
        return centred(t, a);
    }
}

enum { KINDS = 13 };

static TapeNode *random_program(Tape *t, TapeNode *x, uint64_t number) {
    Draw draw = {.seed = 12, .purpose = DRAW_TEST, .sample = number};
    TapeNode *value[LENGTH + 1] = {x};
    for (size_t i = 0; i < LENGTH; i++) {
        TapeNode *a = value[draw_below(draw, 3 * i, i + 1)], *b = value[i];
        value[i + 1] = written(t, draw_below(draw, 3 * i + 1, KINDS), b, a);
    }
    return value[LENGTH];
}

/* Largest error and largest bound of one output, and whether each error is below its own. */
typedef struct Compared {
    double error, bound;
    bool below, sharp_below; /* the sharp one of a sum, too */
} Compared;

static Compared compare(Arena *arena, Tape *tape, TapeNode *y) {
    Compared c = {.below = true};
    const Program *program = program_new(tape, &y, 1);
    double *scale;
    Quad *truth;
    program_bound(program, arena, BOUND_OF_PROGRAM, &scale);
    program_run_quad(program, arena, NULL, NULL, 0, &truth);
    for (size_t i = 0; i < shape_count(y->shape); i++) {
        const double error = (double)quad_abs(y->value[i] - truth[i]),
                     bound = DBL_EPSILON * scale[i];
        c.error = fmax(c.error, error), c.bound = fmax(c.bound, bound);
        c.below = c.below && error <= bound;
    }
    TapeNode *sum = tape_sum_all(tape, y);
    const Program *scalar = program_new(tape, &sum, 1);
    double *loose;
    program_bound(scalar, arena, BOUND_OF_PROGRAM, &loose);
    program_run_quad(scalar, arena, NULL, NULL, 0, &truth);
    const double sharp = program_sharp_bound(tape, scalar, BOUND_OF_PROGRAM),
                 error = (double)quad_abs(*sum->value - *truth);
    c.sharp_below = sharp <= 1.001 * *loose && error <= 1.1 * DBL_EPSILON * sharp;
    return c;
}

/* Programs, their gradients and the gradients of a product with those. */
static TapeNode *of_order(Tape *t, TapeNode *x, TapeNode *y, size_t order) {
    for (size_t k = 1; k < order; k++) {
        TapeNode *v = tape_leaf(t, x->shape, normals(tape_arena(t), COUNT, 7 + k, 0.0));
        y = k == 1 ? y : tape_sum_all(t, tape_mul(t, v, y));
        tape_gradient(t, y, NULL, &x, 1, &y);
    }
    return y;
}

static int by_size(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Half of all programs lose no less than a hundredth (value) or a thousandth of what they
 * might. */
static void errors_stay_below_the_bound_and_near_it(void **state) {
    (void)state;
    static const double most[] = {100, 1000, 1000};
    for (size_t order = 1; order <= 3; order++) {
        double looseness[PROGRAMS];
        size_t counted = 0;
        for (uint64_t number = 0; number < PROGRAMS; number++) {
            Arena *arena = arena_new();
            Tape *tape = tape_new(arena);
            TapeNode *x = tape_parameter(tape, SHAPE_OF(ROWS, COLUMNS),
                                         normals(arena, COUNT, number, 0.5), NULL);
            TapeNode *y = of_order(tape, x, random_program(tape, x, number), order);
            const Compared c = compare(arena, tape, y);
            if (!c.below)
                fail_msg("program %llu, order %zu: error %g, bound %g",
                         (unsigned long long)number, order, c.error, c.bound);
            if (!c.sharp_below)
                fail_msg("program %llu, order %zu: the sharp bound",
                         (unsigned long long)number, order);
            if (c.error > 0.0) looseness[counted++] = c.bound / c.error;
            arena_free(arena);
        }
        assert_true(counted > PROGRAMS / 2);
        qsort(looseness, counted, sizeof *looseness, by_size);
        assert_true(looseness[counted / 2] < most[order - 1]);
    }
}

/* Convolutions by tiles, and their gradients: also of x in which a few numbers stand alone, so
 * that some results are far smaller than what is added up on their way. */
static void tiles_stay_below_the_bound(void **state) {
    (void)state;
    enum { C = 8, X = 2 * C * 49, W = C * C * 9 };
    for (uint64_t sample = 0; sample < 12; sample++) {
        Arena *arena = arena_new();
        Tape *t = tape_new(arena);
        double *at = normals(arena, X, 100 + sample, 0.0);
        for (size_t i = 0; i < X; i++) at[i] *= exp((double)(sample % 3) * at[i]);
        TapeNode *x = tape_parameter(t, SHAPE_OF(2, C, 7, 7), at, NULL);
        TapeNode *w = tape_parameter(t, SHAPE_OF(C, C, 3, 3),
                                     normals(arena, W, 200 + sample, 0.0), NULL);
        TapeNode *y = tape_conv2d(t, x, w, 1, 1), *of[] = {x, w}, *dx[2];
        tape_gradient(t, tape_sum_all(t, tape_mul(t, y, y)), NULL, of, 2, dx);
        TapeNode *all[] = {y, dx[0], dx[1]};
        for (size_t i = 0; i < COUNT_OF(all); i++) {
            const Compared c = compare(arena, t, all[i]);
            assert_int_equal(all[i]->op->rounding, OP_ROUNDING_TILES);
            assert_true(c.below && c.sharp_below && c.bound < 1e5 * c.error);
        }
        arena_free(arena);
    }
}

/* ---- terms that cancel ----------------------------------------------------------- */

static double scale_by(Arena *arena, Tape *tape, TapeNode *y, size_t element,
                       BoundOf what) {
    double *scale;
    program_bound(program_new(tape, &y, 1), arena, what, &scale);
    return scale[element];
}

static double scale_of(Arena *arena, Tape *tape, TapeNode *y, size_t element) {
    return scale_by(arena, tape, y, element, BOUND_OF_PROGRAM);
}

/* x - mean as a kernel has it. */
static void centred_forward(Tape *t, TapeNode *y) {
    const TapeNode *defined = tape_define(t, y);
    for (size_t i = 0; i < COUNT; i++) y->value[i] = defined->value[i];
}

static TapeNode *centred_define(Tape *t, TapeNode *y) {
    return centred(t, y->in[0]);
}

static const Op op_centred = {
    .name = "centred", .forward = centred_forward, .define = centred_define};

/* The sum of x + far and -far is x; what it lost is far's. */
static void what_cancels_is_not_forgotten(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    TapeNode *x = tape_leaf(t, SHAPE_OF(COUNT), normals(arena, COUNT, 1, 0.0));
    TapeNode *far = tape_fill(t, x->shape, 1e8);
    TapeNode *there = tape_add(t, x, far), *back = tape_sub(t, there, far);
    assert_near(scale_of(arena, t, back, 0), 1e8, 10.0);
    TapeNode *sum = tape_sum_all(t, tape_sub(t, x, tape_reshape(t, x, x->shape)));
    assert_true(scale_of(arena, t, sum, 0) < 1e-290); /* exact, but for an underflow */
    TapeNode *both = tape_sum_all(t, there);
    assert_near(scale_of(arena, t, both, 0), 2e8 * COUNT, 1e3);
    /* x - mean loses eps of the mean, unless that is held about what is near it */
    TapeNode *wide = tape_leaf(t, SHAPE_OF(ROWS, COLUMNS), normals(arena, COUNT, 2, 1e8));
    TapeNode *fused = tape_write(t, &op_centred, wide->shape, &wide, 1, NULL, NULL),
             *apart = centred(t, wide);
    assert_near(scale_of(arena, t, apart, 0), 1e8, 10.0);
    assert_true(scale_by(arena, t, fused, 0, BOUND_OF_PROGRAM) > 1e7);
    assert_true(scale_by(arena, t, fused, 0, BOUND_OF_KERNELS) < 10.0);
    assert_true(scale_by(arena, t, apart, 0, BOUND_OF_KERNELS) > 1e7); /* no kernel */
    /* moved and chosen elements lose nothing: neither do those that were not chosen */
    TapeNode *chosen = tape_max(t, x, tape_neg(t, tape_mul(t, there, there)));
    assert_true(scale_of(arena, t, chosen, 0) == 0.0);
    arena_free(arena);
}

/* ---- who is reached -------------------------------------------------------------- */

static void paths_are_told_from_numbers(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    double *value = normals(arena, COUNT, 3, 0.0);
    value[5] = 0.25, value[6] = -0.25; /* of the second row */
    TapeNode *x = tape_parameter(t, SHAPE_OF(ROWS, COLUMNS), value, NULL);
    TapeNode *zero = tape_fill(t, x->shape, 0.0), *huge = tape_fill(t, x->shape, 1e9);
    TapeNode *seen = tape_reshape(t, x, SHAPE_OF(1, ROWS, COLUMNS));
    seen = tape_softmax_seen(t, seen, NULL, 1, true);
    const struct {
        TapeNode *y;
        size_t from;
        bool row,
            itself; /* reached: the rest of the row, the element; nothing else ever */
        bool moved; /* the element's own value, by other numbers */
    } WANT[] = {
        {centred(t, x), 5, true, true, true},
        {tape_mul(t, x, zero), 5, false, false, false},
        {tape_mul(t, x, tape_sub(t, x, x)), 5, false, true, true}, /* 0 by accident */
        {tape_tanh(t, tape_mul(t, x, huge)), 5, false, true, true},
        {tape_relu(t, x), 5, false, true, true},
        {tape_relu(t, x), 6, false, false, true},
        {tape_step(t, x), 5, false, false, true},
        {tape_detach(t, x), 5, false, false, true},
        {tape_softmax(t, x), 6, true, true, true},
        {seen, 6, false, false, false}, /* row 1 sees two */
        {tape_max(t, x, zero), 6, false, false, true},
        {tape_select(t, x, zero, x), 5, false, false, true},
        {tape_select(t, x, zero, x), 6, false, true, true},
        {tape_select(t, zero, x, zero), 5, false, false, false}};
    for (size_t w = 0; w < COUNT_OF(WANT); w++) {
        bool *reached, *moved;
        const Program *program = program_new(t, (TapeNode *[]){WANT[w].y}, 1);
        program_reach(program, arena, PATH_OF_DERIVATIVES, x, WANT[w].from, &reached);
        program_reach(program, arena, PATH_OF_VALUES, x, WANT[w].from, &moved);
        for (size_t i = 0; i < COUNT; i++) {
            const bool want = i == WANT[w].from                       ? WANT[w].itself
                              : i / COLUMNS == WANT[w].from / COLUMNS ? WANT[w].row
                                                                      : false;
            const bool by_value = i == WANT[w].from ? WANT[w].moved : want;
            if (reached[i] != want || moved[i] != by_value)
                fail_msg("program %zu: element %zu", w, i);
        }
    }
    TapeNode *both = tape_matmul(t, x, x, false, true); /* row 1 and column 1 of 3 x 3 */
    bool *reached;
    program_reach(program_new(t, &both, 1), arena, PATH_OF_DERIVATIVES, x, 5, &reached);
    for (size_t i = 0; i < ROWS * ROWS; i++)
        assert_int_equal(reached[i], i / ROWS == 1 || i % ROWS == 1);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, errors_stay_below_the_bound_and_near_it),
    CASE(theorem, tiles_stay_below_the_bound),
    CASE(theorem, what_cancels_is_not_forgotten),
    CASE(theorem, paths_are_told_from_numbers),
};

HARNESS_MAIN("bound", CASES)
