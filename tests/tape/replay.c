/* A recorded tape run again in other arithmetics: it says the same, and derives without adjoints. */
#include "harness.h"

#include "arith_calls.h"
#include "forms.h"
#include "net.h"
#include "replay.h"
#include "sum.h"

#include <float.h>
#include <math.h>
#include <string.h>

static double *normals(Arena *arena, size_t count, uint64_t sample) {
    Draw draw = {.seed = 5, .purpose = DRAW_TEST, .sample = sample};
    double *values = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) values[i] = draw_normal(draw, i);
    return values;
}

/* ---- one program that uses every primitive --------------------------------------- */

enum { N = 2, C = 4, H = 5, W = 3, K = 6, LATTICE = N * C * H * W, FILTERS = K * C * 9 };

static TapeNode *pooled(Tape *t, TapeNode *x, Arena *arena) {
    const size_t map[C] = {0, 1, 0, 0}; /* unequal groups, out of order */
    const Partition *p =
        partition_map(arena, (ShapeLattice){N, C, H * W}, 1, map, 2, false);
    TapeNode *mean = tape_mean(t, x, p);
    return tape_sub(t, x, tape_spread(t, mean, p, x->shape));
}

static TapeNode *reshaped(Tape *t, TapeNode *x) {
    const size_t axes[] = {1, 3, 0, 2};
    TapeNode *y = tape_permute(t, x, axes); /* [C, W, N, H] */
    y = tape_pad(t, tape_slice(t, y, 1, 1, 2), 1, 0, 4);
    size_t index[7];
    for (size_t i = 0; i < 7; i++) index[i] = (i * 37) % shape_count(y->shape);
    TapeNode *few = tape_gather(t, y, index, SHAPE_OF(7));
    TapeNode *back = tape_scatter(t, few, index, y->shape);
    return tape_sum_all(t, tape_mul(t, tape_add(t, y, back), y));
}

static TapeNode *scalars(Tape *t, TapeNode *x) {
    TapeNode *two = tape_fill(t, x->shape, 2.0), *square = tape_power(t, x, 2.0);
    TapeNode *y = tape_div(t, tape_exp(t, tape_neg(t, square)),
                           tape_add(t, two, tape_sigmoid(t, x)));
    y = tape_add(t, y, tape_log(t, tape_add(t, two, tape_mul(t, x, x))));
    y = tape_mul(t, y, tape_sqrt(t, tape_add(t, two, tape_tanh(t, x))));
    y = tape_add(t, tape_relu(t, y), tape_max(t, x, tape_mul(t, x, two)));
    y = tape_select(t, tape_step(t, x), y, tape_sub(t, y, tape_detach(t, x)));
    return tape_sum_all(t, y);
}

static TapeNode *everything(Tape *t, TapeNode *x, TapeNode *w) {
    static const uint8_t labels[N] = {3, 1};
    TapeNode *centred = pooled(t, x, tape_arena(t));
    TapeNode *y = tape_conv2d(t, centred, w, 2, 1); /* [N, K, 3, 2] */
    const Conv *conv = y->detail;
    TapeNode *again = tape_conv2d_input(t, y, w, conv),
             *filter = tape_conv2d_filter(t, x, y, conv);
    TapeNode *flat = tape_reshape(t, y, SHAPE_OF(N, K * 6));
    TapeNode *gram = tape_matmul(t, flat, flat, false, true); /* [N, N] */
    TapeNode *logits =
        tape_softmax(t, tape_reshape(t, tape_slice(t, flat, 1, 2, 5), SHAPE_OF(N, 5)));
    TapeNode *loss = tape_cross_entropy(t, logits, labels);
    TapeNode *sum = tape_add(t, loss, tape_sum_all(t, tape_mul(t, again, x)));
    sum = tape_add(t, sum, tape_sum_all(t, tape_mul(t, filter, w)));
    sum = tape_add(t, sum, tape_sum_all(t, gram));
    return tape_add(t, sum, tape_add(t, scalars(t, x), reshaped(t, x)));
}

typedef struct Recorded {
    Arena *arena;
    Tape *tape;
    TapeNode *x, *w, *y;
    double *dx, *dw;
} Recorded;

static Recorded record(void) {
    Recorded r = {.arena = arena_new()};
    r.tape = tape_new(r.arena);
    r.dx = TAKE(r.arena, double, LATTICE);
    r.dw = TAKE(r.arena, double, FILTERS);
    r.x =
        tape_parameter(r.tape, SHAPE_OF(N, C, H, W), normals(r.arena, LATTICE, 0), r.dx);
    r.w =
        tape_parameter(r.tape, SHAPE_OF(K, C, 3, 3), normals(r.arena, FILTERS, 1), r.dw);
    r.y = everything(r.tape, r.x, r.w);
    return r;
}

static void doubles_say_what_was_recorded(void **state) {
    (void)state;
    Recorded r = record();
    double *out;
    program_run_real(program_new(r.tape, &r.y, 1), r.arena, NULL, NULL, 0, &out);
    assert_near(*out, *r.y->value, 256 * DBL_EPSILON * fabs(*out));
    arena_free(r.arena);
}

static void more_digits_agree_with_fewer(void **state) {
    (void)state;
    Recorded r = record();
    Quad *out;
    program_run_quad(program_new(r.tape, &r.y, 1), r.arena, NULL, NULL, 0, &out);
    assert_near((double)*out, *r.y->value, 256 * DBL_EPSILON * fabs((double)*out));
    arena_free(r.arena);
}

/* x + i h d: the imaginary part over h is <gradient, d>, by the forward program alone. */
static double complex_slope(const Program *program, Arena *arena, TapeNode *x,
                            const double *d) {
    const double h = 1e-30;
    size_t count = shape_count(x->shape);
    double _Complex *moved = TAKE(arena, double _Complex, count), *out;
    for (size_t i = 0; i < count; i++)
        moved[i] = x->value[i] + (double _Complex)I * (h * d[i]);
    program_run_complex(program, arena, &x, (const double _Complex *const[]){moved}, 1,
                        &out);
    return cimag(*out) / h;
}

static double quad_slope(const Program *program, Arena *arena, TapeNode *x,
                         const double *d) {
    const Quad h = (Quad)1e-300 * (Quad)1e-300;
    size_t count = shape_count(x->shape);
    QuadComplex *moved = TAKE(arena, QuadComplex, count), *out;
    for (size_t i = 0; i < count; i++) {
        moved[i] = x->value[i];
        moved[i] += h * d[i] * (QuadComplex)I;
    }
    program_run_quad_complex(program, arena, &x, (const QuadComplex *const[]){moved}, 1,
                             &out);
    return (double)(QUAD_CALL(cimag)(*out) / h);
}

static double sum_of_terms(const double *a, const double *b, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) sum += fabs(a[i] * b[i]);
    return sum;
}

static void complex_step_is_the_gradient(void **state) {
    (void)state;
    Recorded r = record();
    tape_backward(r.tape, r.y, NULL);
    const Program *program = program_new(r.tape, &r.y, 1);
    TapeNode *leaf[] = {r.x, r.w};
    const double *gradient[] = {r.dx, r.dw};
    for (size_t k = 0; k < 2; k++)
        for (uint64_t direction = 0; direction < 4; direction++) {
            size_t count = shape_count(leaf[k]->shape);
            double *d = normals(r.arena, count, 10 + direction);
            double want = sum_product(gradient[k], d, count);
            double bound = 512 * DBL_EPSILON * sum_of_terms(gradient[k], d, count);
            assert_near(complex_slope(program, r.arena, leaf[k], d), want, bound);
            assert_near(quad_slope(program, r.arena, leaf[k], d), want, bound);
        }
    arena_free(r.arena);
}

/* d/dt exp(-t^2)/(2 + sigmoid t) in 113 bits, against the formula in 113 bits. */
static void thirty_digits(void **state) {
    (void)state;
    if (!NORMLAB_HAS_QUAD) return;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double at = 0.7315;
    TapeNode *x = tape_parameter(t, SHAPE_SCALAR, &at, NULL);
    TapeNode *y = tape_div(t, tape_exp(t, tape_neg(t, tape_mul(t, x, x))),
                           tape_add(t, tape_constant(t, 2.0), tape_sigmoid(t, x)));
    const Quad h = (Quad)1e-300;
    QuadComplex moved = (Quad)at + h * (QuadComplex)I, *out;
    program_run_quad_complex(program_new(t, &y, 1), arena, &x,
                             (const QuadComplex *const[]){&moved}, 1, &out);
    Quad q = at, e = QUAD_CALL(exp)(-q * q), s = 1 / (1 + QUAD_CALL(exp)(-q));
    Quad want = -2 * q * e / (2 + s) - e * s * (1 - s) / ((2 + s) * (2 + s));
    Quad got = QUAD_CALL(cimag)(*out) / h;
    assert_true(quad_abs(got - want) < (Quad)1e-31 * quad_abs(want));
    arena_free(arena);
}

/* ---- gradients are programs too --------------------------------------------------- */

/* The recorded gradient of s = <dx, v> under complex step is the second derivative. */
static void gradients_replay(void **state) {
    (void)state;
    Recorded r = record();
    TapeNode *dx, *ddx;
    double *v = normals(r.arena, LATTICE, 20), *d = normals(r.arena, LATTICE, 21);
    tape_gradient(r.tape, r.y, NULL, &r.x, 1, &dx);
    TapeNode *s =
        tape_sum_all(r.tape, tape_mul(r.tape, dx, tape_leaf(r.tape, dx->shape, v)));
    const Program *first = program_new(r.tape, &s, 1);
    double slope = complex_slope(first, r.arena, r.x, d);
    tape_gradient(r.tape, s, NULL, &r.x, 1, &ddx);
    double bound = 2048 * DBL_EPSILON * sum_of_terms(ddx->value, d, LATTICE);
    assert_near(sum_product(ddx->value, d, LATTICE), slope, bound);
    arena_free(r.arena);
}

/* What is given above a node hides what is below it. */
static void a_given_node_is_not_asked(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double at = 3.0, other = 5.0;
    TapeNode *x = tape_leaf(t, SHAPE_SCALAR, &at), *square = tape_mul(t, x, x);
    TapeNode *y = tape_add(t, square, tape_constant(t, 1.0));
    double *out;
    program_run_real(program_new(t, &y, 1), arena, &square,
                     (const double *const[]){&other}, 1, &out);
    assert_true(*out == 6.0);
    arena_free(arena);
}

static void long_programs(void **state) {
    (void)state;
    enum { LONG = 100000 };
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    const double at = 0.0;
    TapeNode *x = tape_leaf(t, SHAPE_SCALAR, &at), *one = tape_constant(t, 1.0), *y = x;
    for (size_t i = 0; i < LONG; i++) y = tape_add(t, y, one);
    const Program *program = program_new(t, &y, 1);
    assert_true(program_steps(program) == LONG + 2);
    double *out;
    program_run_real(program, arena, NULL, NULL, 0, &out);
    assert_true(*out == LONG);
    arena_free(arena);
}

/* ---- normalizers and networks ------------------------------------------------------ */

static const char *const SPECS[] = {"none",     "batch",         "layer",    "instance",
                                    "group(2)", "group(size=2)", "position", "ghost(1)"};

/* Kernel, recorded gradient and complex step of every normalizer, at a large mean too. */
static void normalizers_agree(void **state) {
    (void)state;
    static const double means[] = {0.0, 1e4};
    for (size_t i = 0; i < 2 * COUNT_OF(SPECS); i++) {
        Arena *arena = arena_new();
        Tape *t = tape_new(arena);
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, SPECS[i / 2], C, &error);
        double *x = normals(arena, LATTICE, 30 + i), *dx = TAKE(arena, double, LATTICE);
        for (size_t k = 0; k < LATTICE; k++) x[k] += means[i % 2];
        TapeNode *leaf = tape_parameter(t, SHAPE_OF(N, C, H, W), x, dx);
        TapeNode *param[] = {tape_leaf(t, SHAPE_OF(C), normals(arena, C, 31)),
                             tape_leaf(t, SHAPE_OF(C), normals(arena, C, 32))};
        NormContext context = {.tape = t, .norm = norm, .param = param};
        TapeNode *y = norm_apply(&context, leaf);
        TapeNode *u = tape_leaf(t, y->shape, normals(arena, LATTICE, 33));
        TapeNode *loss = tape_sum_all(t, tape_mul(t, u, y));
        tape_backward(t, loss, NULL);
        double *d = normals(arena, LATTICE, 34), got = sum_product(dx, d, LATTICE);
        double scale = 0; /* of what cancels: |h| (1 + |xhat|) rstd |d|, rstd about 1 */
        for (size_t k = 0; k < LATTICE; k++)
            scale += fabs(u->value[k] * param[0]->value[k / (H * W) % C] * d[k]) * 4;
        const Program *program = program_new(t, &loss, 1);
        assert_near(complex_slope(program, arena, leaf, d), got,
                    64 * DBL_EPSILON * (1 + means[i % 2]) * scale);
        assert_near(quad_slope(program, arena, leaf, d), got, 64 * DBL_EPSILON * scale);
        arena_free(arena);
    }
}

/* ResNet-8 with random gamma and beta: all its weights moved at once. */
static void networks_agree(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Net *net =
        net_new(arena, "resnet(depth=8, width=2)", (NetNorms){.all = "group(2)"},
                net_of_images(1, 8, 8, 3), 2, &error);
    double *weights = TAKE(arena, double, net->weights),
           *g = TAKE(arena, double, net->weights);
    net_initialize(net, weights, NULL, 1);
    double *noise = normals(arena, net->weights, 40),
           *d = normals(arena, net->weights, 41);
    for (size_t i = 0; i < net->weights; i++) weights[i] += 0.3 * noise[i];
    Tape *t = tape_new(arena);
    NetPass pass = {.tape = t, .mode = NORM_TRAIN, .weights = weights, .gradient = g};
    TapeNode *x = tape_leaf(t, SHAPE_OF(2, 1, 8, 8), normals(arena, 128, 42));
    TapeNode *loss =
        tape_cross_entropy(t, net_run_one(net, &pass, x), (const uint8_t[]){2, 0});
    tape_backward(t, loss, NULL);
    const Program *program = program_new(t, &loss, 1);
    TapeNode *leaf[512];
    const double _Complex *moved[512];
    size_t leaves = 0;
    for (TapeNode *node = loss; node; node = node->previous) {
        if (node->gradient == NULL) continue;
        size_t count = shape_count(node->shape), from = (size_t)(node->value - weights);
        double _Complex *value = TAKE(arena, double _Complex, count);
        for (size_t i = 0; i < count; i++)
            value[i] = node->value[i] + (double _Complex)I * (1e-30 * d[from + i]);
        leaf[leaves] = node;
        moved[leaves++] = value;
    }
    double _Complex *out;
    program_run_complex(program, arena, leaf, moved, leaves, &out);
    double norm = sqrt(sum_product(g, g, net->weights) * sum_product(d, d, net->weights));
    assert_near(cimag(*out) / 1e-30, sum_product(g, d, net->weights), 1e-13 * norm);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, doubles_say_what_was_recorded),
    CASE(theorem, more_digits_agree_with_fewer),
    CASE(oracle, complex_step_is_the_gradient),
    CASE(oracle, thirty_digits),
    CASE(oracle, gradients_replay),
    CASE(example, a_given_node_is_not_asked),
    CASE(example, long_programs),
    CASE(oracle, normalizers_agree),
    CASE(oracle, networks_agree),
};

HARNESS_MAIN("replay", CASES)
