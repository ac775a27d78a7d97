/* Every primitive of the tape against finite differences, by all three drivers. */
#include "harness.h"

#include "arith.h"
#include "arith_calls.h"
#include "check.h"
#include "forms.h"
#include "op.h"
#include "real.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- functions under test -------------------------------------------------------- */

#define FUNCTION(name, expression)                                                       \
    static TapeNode *name(Tape *t, TapeNode *const *x, void *context) {                  \
        (void)context;                                                                   \
        return expression;                                                               \
    }

FUNCTION(add, tape_add(t, x[0], x[1]))
FUNCTION(add_same, tape_add(t, x[0], x[0]))
FUNCTION(sub, tape_sub(t, x[0], x[1]))
FUNCTION(sub_back, tape_sub(t, x[1], x[0]))
FUNCTION(sub_same, tape_sub(t, x[0], x[0]))
FUNCTION(mul, tape_mul(t, x[0], x[1]))
FUNCTION(mul_same, tape_mul(t, x[0], x[0]))
FUNCTION(divide, tape_div(t, x[0], x[1]))
FUNCTION(divide_back, tape_div(t, x[1], x[0]))
FUNCTION(divide_same, tape_div(t, x[0], x[0]))
FUNCTION(maximum, tape_max(t, x[0], x[1]))
FUNCTION(maximum_back, tape_max(t, x[1], x[0]))
FUNCTION(maximum_same, tape_max(t, x[0], x[0]))
FUNCTION(maximum_curved, tape_max(t, tape_mul(t, x[0], x[1]), tape_exp(t, x[1])))
FUNCTION(negative, tape_neg(t, x[0]))
FUNCTION(exponential, tape_exp(t, x[0]))
FUNCTION(logarithm, tape_log(t, x[0]))
FUNCTION(root, tape_sqrt(t, x[0]))
FUNCTION(hyperbolic, tape_tanh(t, x[0]))
FUNCTION(sigmoid, tape_sigmoid(t, x[0]))
FUNCTION(error_function, tape_erf(t, x[0]))
FUNCTION(bell, tape_bell(t, x[0]))
FUNCTION(relu, tape_relu(t, x[0]))
FUNCTION(relu_beside, tape_add(t, tape_mul(t, tape_relu(t, x[0]), x[1]),
                               tape_relu(t, x[0]))) /* one adds to what the other wrote */
FUNCTION(relu_curved, tape_relu(t, tape_mul(t, x[0], x[0])))
FUNCTION(add_relu, tape_add_relu(t, x[0], x[1]))
FUNCTION(add_relu_same, tape_add_relu(t, x[0], x[0]))
FUNCTION(add_relu_beside, tape_mul(t, tape_add_relu(t, tape_exp(t, x[0]), x[1]),
                                   tape_add_relu(t, x[1], tape_neg(t, x[0]))))
FUNCTION(step, tape_step(t, x[0]))
FUNCTION(power, tape_power(t, x[0], 2.385))
FUNCTION(power_minus, tape_power(t, x[0], -0.5))
FUNCTION(power_three, tape_power(t, x[0], 3))
FUNCTION(select_one, tape_select(t, x[0], x[1], x[2]))
FUNCTION(select_back, tape_select(t, x[0], x[2], x[1]))
FUNCTION(select_same, tape_select(t, x[0], x[1], x[1]))
FUNCTION(select_curved, tape_select(t, x[0], tape_mul(t, x[1], x[0]), tape_exp(t, x[2])))
FUNCTION(shared,
         tape_mul(t, tape_tanh(t, tape_mul(t, x[0], x[1])), tape_add(t, x[0], x[1])))

FUNCTION(broadcast, tape_broadcast(t, x[0], *(const Shape *)context))
FUNCTION(sum, tape_sum(t, x[0], *(const Shape *)context))
FUNCTION(sum_all, tape_sum_all(t, x[0]))
FUNCTION(sum_squares, tape_sum(t, tape_mul(t, x[0], x[0]), *(const Shape *)context))
FUNCTION(mean, tape_mean(t, x[0], context))
FUNCTION(mean_curved, tape_tanh(t, tape_mean(t, tape_exp(t, x[0]), context)))
FUNCTION(mean_times_spread,
         tape_mul(t, tape_spread(t, tape_mean(t, x[0], context), context, x[0]->shape),
                  x[0]))

FUNCTION(reshape, tape_reshape(t, x[0], *(const Shape *)context))
FUNCTION(permute, tape_permute(t, x[0], context))
FUNCTION(permute_curved, tape_exp(t, tape_permute(t, x[0], context)))
FUNCTION(slice, tape_slice(t, x[0], 1, 1, 2))
FUNCTION(slice_overlap,
         tape_mul(t, tape_slice(t, x[0], 2, 0, 3), tape_slice(t, x[0], 2, 1, 3)))
FUNCTION(pad, tape_pad(t, x[0], 0, 2, 5))
FUNCTION(gather, tape_gather(t, x[0], context, SHAPE_OF(2, 4)))
FUNCTION(gather_curved, tape_mul(t, tape_gather(t, x[0], context, SHAPE_OF(8)), x[1]))
FUNCTION(scatter, tape_scatter(t, x[0], context, SHAPE_OF(3, 3)))

FUNCTION(matmul_nn, tape_matmul(t, x[0], x[1], false, false))
FUNCTION(matmul_nt, tape_matmul(t, x[0], x[1], false, true))
FUNCTION(matmul_tn, tape_matmul(t, x[0], x[1], true, false))
FUNCTION(matmul_tt, tape_matmul(t, x[0], x[1], true, true))
FUNCTION(gram_of_each, tape_matmul(t, x[0], x[0], true, false))
FUNCTION(gram, tape_matmul(t, x[0], x[0], false, true))
FUNCTION(gram_left, tape_matmul(t, x[0], x[0], true, false))
FUNCTION(square_nn, tape_matmul(t, x[0], x[0], false, false))
FUNCTION(square_tt, tape_matmul(t, x[0], x[0], true, true))

FUNCTION(conv,
         tape_conv2d(t, x[0], x[1], ((Conv *)context)->stride, ((Conv *)context)->pad))
FUNCTION(conv_back, tape_conv2d_input(t, x[0], x[1], context))
FUNCTION(conv_weight, tape_conv2d_filter(t, x[0], x[1], context))
FUNCTION(conv_itself, tape_conv2d(t, x[0], x[0], 1, 1))

FUNCTION(softmax, tape_softmax(t, x[0]))
FUNCTION(log_softmax, tape_log_softmax(t, x[0]))
FUNCTION(softmax_curved, tape_log(t, tape_softmax(t, tape_mul(t, x[0], x[0]))))
FUNCTION(cross_entropy, tape_cross_entropy(t, x[0], context))
FUNCTION(cross_entropy_curved,
         tape_exp(t, tape_cross_entropy(t, tape_mul(t, x[0], x[0]), context)))

static const unsigned char SEEN[2][4] = {{1, 0, 1, 1}, {0, 0, 0, 1}};

FUNCTION(softmax_up_to, tape_softmax_seen(t, x[0], NULL, 1, true))
FUNCTION(softmax_masked, tape_softmax_seen(t, x[0], SEEN[0], 2, false))
FUNCTION(softmax_masked_up_to, tape_softmax_seen(t, x[0], SEEN[0], 1, true))
FUNCTION(softmax_seen_curved,
         tape_mul(t, tape_softmax_seen(t, tape_mul(t, x[0], x[0]), SEEN[0], 1, true),
                  x[0]))
FUNCTION(gelu, tape_gelu(t, x[0]))
FUNCTION(gelu_curved, tape_gelu(t, tape_mul(t, x[0], x[0])))

static TapeNode *spread_into(Tape *t, TapeNode *const *x, void *context) {
    const Partition *p = context;
    return tape_spread(t, x[0], p, SHAPE_OF(p->N, p->C, p->L));
}

/* ---- running them ---------------------------------------------------------------- */

enum { MOST_INPUTS = 3, SEEDS = 2, FULL = 200 };

typedef struct Tried {
    const char *name;
    TapeNode *(*write)(Tape *tape, TapeNode *const *x, void *context);
    size_t inputs;
    bool positive;
    Shape shape[MOST_INPUTS];
    const void *context;
} Tried;

/* Normal draws about 2.385 / 4, or positive ones away from 0. */
static const double *values(Arena *arena, uint64_t seed, size_t input, size_t count,
                            bool positive) {
    double *value = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++) {
        double z = draw_normal((Draw){seed, DRAW_TEST, 0, input}, k);
        value[k] = positive ? 0.385 + fabs(z) : 0.59625 + z;
    }
    return value;
}

static CheckFunction function_of(Arena *arena, const Tried *tried, uint64_t seed) {
    CheckInput *input = TAKE(arena, CheckInput, MOST_INPUTS);
    static const char *const names[] = {"a", "b", "c"};
    for (size_t i = 0; i < tried->inputs; i++)
        input[i] = (CheckInput){
            names[i], tried->shape[i],
            values(arena, seed, i, shape_count(tried->shape[i]), tried->positive), 1.0};
    void *context;
    memcpy(&context, &tried->context,
           sizeof context); /* const ends here; nobody writes to it */
    return (CheckFunction){tried->name,  tried->inputs, input,
                           tried->write, context,       NULL};
}

static void expect(const CheckFunction *function, CheckDriver driver, CheckReport r,
                   CheckVerdict verdict) {
    if (r.verdict == verdict) return;
    print_error(
        "%s, driver %d, seed %llu: %s: %s: got %.17g, expected %.17g, error %.3g, "
        "allowed %.3g\n",
        function->name, (int)driver, (unsigned long long)r.seed,
        check_verdict_text(r.verdict), r.reason, r.got, r.expected, r.error, r.allowed);
    _fail(__FILE__, __LINE__);
}

/* Both drivers execute the same arithmetic, kernels aside. With `more`, another use of each input is
 * written later, so that y's own adjoint is added to what is there. */
static void drivers_agree(Arena *arena, const CheckFunction *f, bool more) {
    Tape *tape = tape_new(arena);
    TapeNode *x[MOST_INPUTS], *dx[MOST_INPUTS];
    double *slot[MOST_INPUTS];
    for (size_t i = 0; i < f->inputs; i++) {
        slot[i] = TAKE(arena, double, shape_count(f->input[i].shape));
        x[i] = tape_parameter(tape, f->input[i].shape, f->input[i].value, slot[i]);
    }
    TapeNode *y = f->write(tape, x, f->context);
    const double *u = values(arena, 99, 7, shape_count(y->shape), false);
    for (size_t i = 0; more && i < f->inputs; i++) {
        TapeNode *other = tape_sum_all(tape, tape_mul(tape, x[i], x[i]));
        y = tape_add(tape, y, tape_broadcast(tape, other, y->shape));
    }
    tape_backward(tape, y, u);
    tape_gradient(tape, y, tape_leaf(tape, y->shape, u), x, f->inputs, dx);
    for (size_t i = 0; i < f->inputs; i++) {
        assert_true(shape_equal(dx[i]->shape, x[i]->shape));
        for (size_t k = 0; k < shape_count(x[i]->shape); k++)
            assert_near(slot[i][k], dx[i]->value[k],
                        64 * DBL_EPSILON * (1 + fabs(slot[i][k])));
    }
}

/* With the other inputs constant, each derivative is what it is with all of them wanted. */
static void one_input_alone(Arena *arena, const CheckFunction *f) {
    for (size_t alone = 0; alone < f->inputs && f->inputs > 1; alone++) {
        TapeNode *x[2][MOST_INPUTS], *dx[2];
        double *slot = TAKE(arena, double, shape_count(f->input[alone].shape));
        for (int k = 0; k < 2; k++) {
            Tape *tape = tape_new(arena);
            for (size_t i = 0; i < f->inputs; i++)
                x[k][i] = k == 0 || i == alone
                              ? tape_parameter(tape, f->input[i].shape, f->input[i].value,
                                               k == 1 ? slot : NULL)
                              : tape_leaf(tape, f->input[i].shape, f->input[i].value);
            TapeNode *y = f->write(tape, x[k], f->context);
            const double *u = values(arena, 99, 7, shape_count(y->shape), false);
            if (k == 1) tape_backward(tape, y, u);
            tape_gradient(tape, y, tape_leaf(tape, y->shape, u), &x[k][alone], 1, &dx[k]);
        }
        for (size_t i = 0; i < shape_count(f->input[alone].shape); i++) {
            double bound = 64 * DBL_EPSILON * (1 + fabs(slot[i]));
            assert_near(dx[1]->value[i], dx[0]->value[i], bound);
            assert_near(slot[i], dx[0]->value[i], bound);
        }
    }
}

static void try_all(const Tried *tried, size_t count) {
    Arena *arena = arena_new();
    for (size_t i = 0; i < count; i++)
        for (uint64_t seed = 1; seed <= SEEDS; seed++) {
            ArenaMark mark = arena_mark(arena);
            CheckFunction f = function_of(arena, &tried[i], seed);
            for (CheckDriver driver = CHECK_BACKWARD; driver <= CHECK_SECOND; driver++)
                expect(&f, driver, check_differences(arena, &f, driver, seed, FULL),
                       CHECK_PASS);
            drivers_agree(arena, &f, false);
            drivers_agree(arena, &f, true);
            one_input_alone(arena, &f);
            arena_rewind(arena, mark);
        }
    arena_free(arena);
}

/* ---- the families ---------------------------------------------------------------- */

#define S23                                                                              \
    {                                                                                    \
        2, {                                                                             \
            2, 3                                                                         \
        }                                                                                \
    }

static void elementwise(void **state) {
    (void)state;
    static const Tried tried[] = {
        {"add", add, 2, false, {S23, S23}, NULL},
        {"add same", add_same, 1, false, {S23}, NULL},
        {"sub", sub, 2, false, {S23, S23}, NULL},
        {"sub back", sub_back, 2, false, {S23, S23}, NULL},
        {"sub same", sub_same, 1, false, {S23}, NULL},
        {"mul", mul, 2, false, {S23, S23}, NULL},
        {"mul same", mul_same, 1, false, {S23}, NULL},
        {"div", divide, 2, true, {S23, S23}, NULL},
        {"div back", divide_back, 2, true, {S23, S23}, NULL},
        {"div same", divide_same, 1, true, {S23}, NULL},
        {"max", maximum, 2, false, {S23, S23}, NULL},
        {"max back", maximum_back, 2, false, {S23, S23}, NULL},
        {"max same", maximum_same, 1, false, {S23}, NULL},
        {"max curved", maximum_curved, 2, false, {S23, S23}, NULL},
        {"neg", negative, 1, false, {S23}, NULL},
        {"exp", exponential, 1, false, {S23}, NULL},
        {"log", logarithm, 1, true, {S23}, NULL},
        {"sqrt", root, 1, true, {S23}, NULL},
        {"tanh", hyperbolic, 1, false, {S23}, NULL},
        {"sigmoid", sigmoid, 1, false, {{1, {9}}}, NULL},
        {"erf", error_function, 1, false, {{1, {9}}}, NULL},
        {"bell", bell, 1, false, {{1, {9}}}, NULL},
        {"relu", relu, 1, false, {{1, {9}}}, NULL},
        {"relu beside", relu_beside, 2, false, {{1, {9}}, {1, {9}}}, NULL},
        {"relu curved", relu_curved, 1, false, {S23}, NULL},
        {"add relu", add_relu, 2, false, {S23, S23}, NULL},
        {"add relu same", add_relu_same, 1, false, {{1, {9}}}, NULL},
        {"add relu beside", add_relu_beside, 2, false, {S23, S23}, NULL},
        {"gelu", gelu, 1, false, {{1, {9}}}, NULL},
        {"gelu curved", gelu_curved, 1, false, {S23}, NULL},
        {"step", step, 1, false, {{1, {9}}}, NULL},
        {"power", power, 1, true, {S23}, NULL},
        {"power minus", power_minus, 1, true, {S23}, NULL},
        {"power three", power_three, 1, false, {S23}, NULL},
        {"select", select_one, 3, false, {S23, S23, S23}, NULL},
        {"select back", select_back, 3, false, {S23, S23, S23}, NULL},
        {"select same", select_same, 2, false, {S23, S23}, NULL},
        {"select curved", select_curved, 3, false, {S23, S23, S23}, NULL},
        {"shared", shared, 2, false, {S23, S23}, NULL},
        {"scalar", mul, 2, false, {{0, {0}}, {0, {0}}}, NULL}};
    try_all(tried, COUNT_OF(tried));
}

static void broadcast_and_sum(void **state) {
    (void)state;
    static const Shape pairs[][2] = {{{0, {0}}, {0, {0}}},
                                     {{0, {0}}, {3, {2, 3, 2}}},
                                     {{1, {1}}, {2, {2, 3}}},
                                     {{3, {1, 1, 1}}, {1, {5}}},
                                     {{2, {1, 3}}, {2, {4, 3}}},
                                     {{2, {4, 1}}, {2, {4, 3}}},
                                     {{3, {2, 1, 3}}, {3, {2, 4, 3}}},
                                     {{3, {1, 4, 1}}, {3, {3, 4, 2}}},
                                     {{4, {1, 3, 1, 1}}, {4, {2, 3, 2, 2}}},
                                     {{5, {2, 1, 2, 1, 2}}, {5, {2, 2, 2, 3, 2}}}};
    for (size_t i = 0; i < COUNT_OF(pairs); i++) {
        const Shape *small = &pairs[i][0], *large = &pairs[i][1];
        Tried tried[] = {{"broadcast", broadcast, 1, false, {*small}, large},
                         {"sum", sum, 1, false, {*large}, small},
                         {"sum squares", sum_squares, 1, false, {*large}, small},
                         {"sum all", sum_all, 1, false, {*large}, NULL}};
        try_all(tried, COUNT_OF(tried));
    }
}

static void means_and_spreads(void **state) {
    (void)state;
    Arena *arena = arena_new();
    ShapeLattice x = {4, 6, 3};
    const size_t unequal[] = {2, 0, 1, 0, 2, 0}; /* 3, 1, 2 channels, scattered */
    const unsigned char mask[4 * 3] = {1, 0, 1, 0, 0, 0, 1, 1, 1, 0, 1, 0};
    const Partition *partitions[] = {
        partition_blocks(arena, x, 4, 1, false),       /* batch */
        partition_blocks(arena, x, 1, 6, false),       /* layer */
        partition_blocks(arena, x, 1, 1, false),       /* instance */
        partition_blocks(arena, x, 1, 2, false),       /* group */
        partition_blocks(arena, x, 1, 6, true),        /* position */
        partition_blocks(arena, x, 2, 1, false),       /* ghost */
        partition_blocks(arena, x, 2, 3, false),       /* lattice */
        partition_blocks(arena, x, 2, 3, true),        /* lattice, positions apart */
        partition_map(arena, x, 1, unequal, 3, false), /* unequal groups */
        partition_map(arena, x, 2, unequal, 3, true),
        partition_masked(arena, partition_blocks(arena, x, 4, 1, false), mask),
        partition_masked(arena, partition_blocks(arena, x, 1, 2, false), mask),
        partition_masked(arena, partition_map(arena, x, 2, unequal, 3, true), mask)};
    for (size_t i = 0; i < COUNT_OF(partitions); i++) {
        const Partition *p = partitions[i];
        Tried tried[] = {
            {"mean", mean, 1, false, {SHAPE_OF(4, 6, 3)}, p},
            {"mean curved", mean_curved, 1, false, {SHAPE_OF(4, 6, 3)}, p},
            {"mean times spread", mean_times_spread, 1, false, {SHAPE_OF(4, 6, 3)}, p},
            {"spread", spread_into, 1, false, {SHAPE_OF(partition_cells(p))}, p}};
        try_all(tried, COUNT_OF(tried));
    }
    arena_free(arena);
}

/* Cells may be shaped [N, G]: their gradient is too. */
static void spread_of_shaped_cells(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Partition *p = partition_blocks(arena, (ShapeLattice){2, 4, 3}, 1, 2, false);
    Tried tried[] = {{"spread [N, G]", spread_into, 1, false, {SHAPE_OF(2, 2)}, p}};
    try_all(tried, COUNT_OF(tried));
    arena_free(arena);
}

static void arranged(void **state) {
    (void)state;
    static const Shape flat = {1, {12}};
    static const size_t index[] = {3, 3, 0, 5, 1, 3, 2, 5}, into[] = {8, 0, 0, 4, 8, 7};
    static const Tried tried[] = {
        {"reshape", reshape, 1, false, {{3, {2, 3, 2}}}, &flat},
        {"slice", slice, 1, false, {{3, {2, 4, 3}}}, NULL},
        {"slices that overlap", slice_overlap, 1, false, {{3, {2, 2, 4}}}, NULL},
        {"pad", pad, 1, false, {{3, {2, 2, 3}}}, NULL},
        {"gather", gather, 1, false, {{2, {2, 3}}}, index},
        {"gather times", gather_curved, 2, false, {{2, {2, 3}}, {1, {8}}}, index},
        {"scatter", scatter, 1, false, {S23}, into}};
    try_all(tried, COUNT_OF(tried));
}

static void permuted(void **state) {
    (void)state;
    static const Shape shape[] = {
        {1, {4}}, {2, {2, 3}}, {3, {2, 3, 4}}, {4, {2, 3, 1, 2}}, {5, {2, 1, 3, 2, 2}}};
    static const size_t axes[][5] = {
        {0}, {1, 0}, {2, 0, 1}, {3, 0, 2, 1}, {4, 2, 0, 1, 3}};
    for (size_t i = 0; i < COUNT_OF(shape); i++) {
        Tried tried[] = {
            {"permute", permute, 1, false, {shape[i]}, axes[i]},
            {"permute curved", permute_curved, 1, false, {shape[i]}, axes[i]}};
        try_all(tried, COUNT_OF(tried));
    }
}

static void matrices(void **state) {
    (void)state;
    static const Tried tried[] = {
        {"a b", matmul_nn, 2, false, {{2, {2, 3}}, {2, {3, 4}}}, NULL},
        {"a b'", matmul_nt, 2, false, {{2, {2, 3}}, {2, {4, 3}}}, NULL},
        {"a' b", matmul_tn, 2, false, {{2, {3, 2}}, {2, {3, 4}}}, NULL},
        {"a' b'", matmul_tt, 2, false, {{2, {3, 2}}, {2, {4, 3}}}, NULL},
        {"row a b", matmul_nn, 2, false, {{2, {1, 3}}, {2, {3, 1}}}, NULL},
        {"a b of each", matmul_nn, 2, false, {{3, {3, 2, 3}}, {3, {3, 3, 4}}}, NULL},
        {"a b' of each", matmul_nt, 2, false, {{3, {2, 2, 3}}, {3, {2, 4, 3}}}, NULL},
        {"a' b of each", matmul_tn, 2, false, {{3, {2, 3, 2}}, {3, {2, 3, 4}}}, NULL},
        {"a' b' of each", matmul_tt, 2, false, {{3, {2, 3, 2}}, {3, {2, 4, 3}}}, NULL},
        {"a' a of each", gram_of_each, 1, false, {{3, {2, 2, 3}}}, NULL},
        {"a a'", gram, 1, false, {{2, {2, 3}}}, NULL},
        {"a' a", gram_left, 1, false, {{2, {2, 3}}}, NULL},
        {"a a", square_nn, 1, false, {{2, {3, 3}}}, NULL},
        {"a' a'", square_tt, 1, false, {{2, {3, 3}}}, NULL}};
    try_all(tried, COUNT_OF(tried));
}

static void convolutions(void **state) {
    (void)state;
    static const size_t filter[][2] = {{1, 1}, {3, 3}, {2, 3}};
    for (size_t f = 0; f < COUNT_OF(filter); f++)
        for (size_t stride = 1; stride <= 3; stride++)
            for (size_t padding = 0; padding <= 2; padding++) {
                Shape x = SHAPE_OF(2, 2, 4, 5),
                      w = SHAPE_OF(2, 2, filter[f][0], filter[f][1]);
                Conv c = conv_geometry(x, w, stride, padding);
                Shape y = SHAPE_OF(c.N, c.K, c.P, c.Q);
                Tried tried[] = {{"conv2d", conv, 2, false, {x, w}, &c},
                                 {"conv2d_input", conv_back, 2, false, {y, w}, &c},
                                 {"conv2d_filter", conv_weight, 2, false, {x, y}, &c}};
                try_all(tried, COUNT_OF(tried));
            }
}

static void convolution_with_itself(void **state) {
    (void)state;
    Tried tried[] = {
        {"conv2d(a, a)", conv_itself, 1, false, {SHAPE_OF(2, 2, 3, 3)}, NULL}};
    try_all(tried, COUNT_OF(tried));
}

static void softmaxes(void **state) {
    (void)state;
    static const uint8_t label[] = {2, 0, 3}, two[] = {1, 0, 0, 1};
    static const Tried tried[] = {
        {"softmax", softmax, 1, false, {{2, {3, 4}}}, NULL},
        {"softmax of a row", softmax, 1, false, {{1, {5}}}, NULL},
        {"softmax of rank 3", softmax, 1, false, {{3, {2, 2, 3}}}, NULL},
        {"softmax curved", softmax_curved, 1, false, {{2, {3, 4}}}, NULL},
        {"log softmax", log_softmax, 1, false, {{2, {3, 4}}}, NULL},
        {"log softmax of rank 3", log_softmax, 1, false, {{3, {2, 2, 3}}}, NULL},
        {"softmax up to", softmax_up_to, 1, false, {{3, {2, 3, 3}}}, NULL},
        {"softmax masked", softmax_masked, 1, false, {{3, {4, 2, 4}}}, NULL},
        {"softmax masked up to", softmax_masked_up_to, 1, false, {{3, {2, 5, 4}}}, NULL},
        {"softmax seen curved", softmax_seen_curved, 1, false, {{3, {2, 3, 4}}}, NULL},
        {"cross-entropy", cross_entropy, 1, false, {{2, {3, 4}}}, label},
        {"cross-entropy of two classes", cross_entropy, 1, false, {{2, {4, 2}}}, two},
        {"cross-entropy curved", cross_entropy_curved, 1, false, {{2, {3, 4}}}, label}};
    try_all(tried, COUNT_OF(tried));
}

/* x Phi(x) and its slope beside 113 bits, in eps of |x| and of 1; and where x is no number. */
static void gelu_has_its_digits(void **state) {
    (void)state;
    enum { COUNT = 4001 };
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    double *value = TAKE(arena, double, COUNT + 3),
           *slope = TAKE(arena, double, COUNT + 3);
    for (size_t i = 0; i < COUNT; i++) value[i] = ((double)i - 2000.0) * 0.0217;
    value[COUNT] = (double)INFINITY, value[COUNT + 1] = (double)NAN,
    value[COUNT + 2] = 1e200;
    TapeNode *x = tape_parameter(t, SHAPE_OF(COUNT + 3), value, slope);
    TapeNode *y = tape_gelu(t, x);
    tape_backward(t, y, NULL);
    for (size_t i = 0; i < COUNT; i++) {
        const Quad a = value[i], root = QUAD_CALL(sqrt)(2),
                   share = (1 + QUAD_CALL(erf)(a / root)) / 2,
                   bell = QUAD_CALL(exp)(-a * a / 2) /
                          QUAD_CALL(sqrt)(8 * QUAD_CALL(atan)(1));
        assert_near(y->value[i], (double)(a * share), 4 * DBL_EPSILON * fabs(value[i]));
        assert_near(slope[i], (double)(share + a * bell), 6 * DBL_EPSILON);
    }
    assert_true(isinf(y->value[COUNT]) && slope[COUNT] == 1.0);
    assert_true(isnan(y->value[COUNT + 1]) && isnan(slope[COUNT + 1]));
    assert_true(y->value[COUNT + 2] == 1e200 && slope[COUNT + 2] == 1.0);
    arena_free(arena);
}

/* Whatever their neighbours are. */
static void vectors_have_the_bits_of_one(void **state) {
    (void)state;
    enum { COUNT = 1000 };
    static const double ODD[] = {
        0.0,     -0.0, 0x1p-31, -0x1p-30,         0x1p-28,     6.0,
        -5.9999, 22.0, -22.1,   (double)INFINITY, (double)NAN, 0x1p-1074};
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    double *value = TAKE(arena, double, COUNT);
    for (size_t i = 0; i < COUNT; i++)
        value[i] = i % 7 ? draw_normal((Draw){5, DRAW_TEST, 0, 0}, i) * (double)(i % 5)
                         : ODD[i / 7 % COUNT_OF(ODD)];
    TapeNode *x = tape_leaf(t, SHAPE_OF(COUNT), value);
    const TapeNode *of_erf = tape_erf(t, x), *of_tanh = tape_tanh(t, x);
    for (size_t i = 0; i < COUNT; i++) {
        const double one = real_erf(value[i]), other = real_tanh(value[i]);
        assert_memory_equal(&of_erf->value[i], &one, sizeof one);
        assert_memory_equal(&of_tanh->value[i], &other, sizeof other);
    }
    arena_free(arena);
}

/* ---- a small network, in random directions --------------------------------------- */

typedef struct Small {
    const Partition *groups;
    const uint8_t *label;
} Small;

static TapeNode *normalized(Tape *t, TapeNode *x, const Partition *p) {
    TapeNode *apart = tape_sub(t, x, tape_spread(t, tape_mean(t, x, p), p, x->shape));
    TapeNode *variance = tape_mean(t, tape_mul(t, apart, apart), p);
    TapeNode *rstd =
        tape_power(t, tape_add(t, variance, tape_fill(t, variance->shape, 1e-5)), -0.5);
    return tape_mul(t, apart, tape_spread(t, rstd, p, x->shape));
}

static TapeNode *network(Tape *t, TapeNode *const *x, void *context) {
    const Small *small = context;
    TapeNode *h =
        tape_relu(t, normalized(t, tape_conv2d(t, x[0], x[1], 1, 1), small->groups));
    TapeNode *flat = tape_reshape(t, h, SHAPE_OF(2, 4 * 5 * 4));
    return tape_cross_entropy(t, tape_matmul(t, flat, x[2], false, true), small->label);
}

static void small_network(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const uint8_t label[] = {2, 0};
    Small small = {partition_blocks(arena, (ShapeLattice){2, 4, 20}, 1, 2, false), label};
    Tried tried = {"network",
                   network,
                   3,
                   false,
                   {SHAPE_OF(2, 3, 5, 4), SHAPE_OF(4, 3, 3, 3), SHAPE_OF(3, 80)},
                   &small};
    CheckFunction f = function_of(arena, &tried, 5);
    for (CheckDriver driver = CHECK_BACKWARD; driver <= CHECK_SECOND; driver++) {
        CheckReport r = check_differences(arena, &f, driver, 5, 8);
        expect(&f, driver, r, CHECK_PASS);
        assert_int_equal(r.element, SIZE_MAX);
        assert_int_equal(r.compared, driver == CHECK_SECOND ? 16 : 8);
    }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(oracle, elementwise),
    CASE(oracle, broadcast_and_sum),
    CASE(oracle, means_and_spreads),
    CASE(oracle, spread_of_shaped_cells),
    CASE(oracle, arranged),
    CASE(oracle, permuted),
    CASE(oracle, matrices),
    CASE(oracle, convolutions),
    CASE(oracle, convolution_with_itself),
    CASE(oracle, softmaxes),
    CASE(oracle, gelu_has_its_digits),
    CASE(oracle, vectors_have_the_bits_of_one),
    CASE(oracle, small_network),
};

HARNESS_MAIN("tape_oracle", cases)
