/* The checker itself: its three verdicts on functions whose derivatives are known, and faults planted in
 * fused operations, each of which it must find. */
#include "harness.h"

#include "check.h"
#include "op.h"

#include <math.h>
#include <string.h>

enum { COUNT = 6, FULL = 64 };

static CheckReport run(Arena *arena,
                       TapeNode *(*write)(Tape *, TapeNode *const *, void *),
                       void *context, const double *value, double scale,
                       CheckDriver driver, size_t full) {
    CheckInput input = {"x", SHAPE_OF(COUNT), value, scale};
    CheckFunction function = {"function", 1, &input, write, context, NULL};
    return check_differences(arena, &function, driver, 3, full);
}

static void expect(CheckReport r, CheckVerdict verdict, const char *says) {
    if (r.verdict == verdict && strstr(r.reason, says) != NULL) return;
    print_error(
        "%s: '%s' (expected '%s'): got %.17g, expected %.17g, error %.3g, allowed %.3g\n",
        check_verdict_text(r.verdict), r.reason, says, r.got, r.expected, r.error,
        r.allowed);
    _fail(__FILE__, __LINE__);
}

static const double *normals(Arena *arena, double mean, double std) {
    double *value = TAKE(arena, double, COUNT);
    for (size_t k = 0; k < COUNT; k++)
        value[k] = mean + std * draw_normal((Draw){2385, DRAW_TEST, 0, 0}, k);
    return value;
}

#define FUNCTION(name, expression)                                                       \
    static TapeNode *name(Tape *t, TapeNode *const *x, void *context) {                  \
        (void)context;                                                                   \
        return expression;                                                               \
    }

FUNCTION(smooth, tape_tanh(t, tape_mul(t, x[0], x[0])))
FUNCTION(square, tape_mul(t, x[0], x[0]))
FUNCTION(rectified, tape_relu(t, x[0]))
FUNCTION(larger, tape_max(t, x[0], tape_neg(t, x[0])))
FUNCTION(detached, tape_mul(t, x[0], tape_detach(t, x[0])))
FUNCTION(root, tape_sqrt(t, x[0]))
FUNCTION(constant, tape_fill(t, x[0]->shape, 2.385))
FUNCTION(drowned, tape_add(t, tape_fill(t, x[0]->shape, 1e13), x[0]))
FUNCTION(hidden, tape_add(t, tape_fill(t, x[0]->shape, 1e8), x[0]))

/* (x - mean) / sqrt(variance + eps), eps in units of the scale squared */
static TapeNode *normalized(Tape *t, TapeNode *const *x, void *context) {
    const double *eps = context;
    const Partition *p =
        partition_blocks(tape_arena(t), (ShapeLattice){1, COUNT, 1}, 1, COUNT, false);
    TapeNode *cells = tape_reshape(t, x[0], SHAPE_OF(1, COUNT));
    TapeNode *apart =
        tape_sub(t, cells, tape_spread(t, tape_mean(t, cells, p), p, cells->shape));
    TapeNode *variance = tape_mean(t, tape_mul(t, apart, apart), p);
    TapeNode *std =
        tape_sqrt(t, tape_add(t, variance, tape_fill(t, variance->shape, *eps)));
    return tape_div(t, apart, tape_spread(t, std, p, cells->shape));
}

/* ---- the example of the notes ----------------------------------------------------- */

//> example
static TapeNode *square_sum(Tape *t, TapeNode *const *x, void *context) {
    (void)context;
    return tape_sum_all(t, tape_mul(t, x[0], x[0]));
}

static CheckReport check_square_sum(Arena *arena) {
    const CheckInput input = {"x", SHAPE_OF(3), (const double[]){2.385, -0.71, 1.13},
                              1.0};
    const CheckFunction function = {"square", 1, &input, square_sum, NULL, NULL};
    return check_differences(arena, &function, CHECK_BACKWARD, 1, 1000);
}
//< example

static void the_example_of_the_notes(void **state) {
    (void)state;
    Arena *arena = arena_new();
    CheckReport r = check_square_sum(arena);
    expect(r, CHECK_PASS, "");
    assert_int_equal(r.compared, 3);
    arena_free(arena);
}

/* ---- verdicts -------------------------------------------------------------------- */

static void smooth_passes(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *x = normals(arena, 0.5, 1.0);
    for (CheckDriver driver = CHECK_BACKWARD; driver <= CHECK_SECOND; driver++) {
        bool second = driver == CHECK_SECOND;
        CheckReport r = run(arena, smooth, NULL, x, 1.0, driver, FULL);
        expect(r, CHECK_PASS, "");
        assert_int_equal(r.compared, second ? 2 * COUNT : COUNT);
        assert_true(r.error <= r.allowed && r.allowed < 1e-7);
        assert_string_equal(r.reason, "");
        r = run(arena, smooth, NULL, x, 1.0, driver, COUNT - 1);
        expect(r, CHECK_PASS, "");
        assert_int_equal(r.compared, (second ? 2 : 1) * (COUNT - 1));
        assert_int_equal(r.element, SIZE_MAX);
    }
    arena_free(arena);
}

static void scales(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const double scale[] = {1e-3, 1.0, 1e6};
    for (size_t i = 0; i < COUNT_OF(scale); i++) {
        double eps = 1e-5 * scale[i] * scale[i];
        const double *x = normals(arena, 0.25 * scale[i], scale[i]);
        for (CheckDriver driver = CHECK_BACKWARD; driver <= CHECK_SECOND; driver++) {
            expect(run(arena, normalized, &eps, x, scale[i], driver, FULL), CHECK_PASS,
                   "");
            expect(run(arena, square, NULL, x, scale[i], driver, FULL), CHECK_PASS, "");
        }
    }
    arena_free(arena);
}

/* At mean / std = 1e3 everything shows; at 1e6 the rounding of x + t alone hides 1e-6, and the verdict says that:
 * right gradients never fail, and steps in units of |x| (far too long) never pass a wrong one. */
static void huge_means(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double eps = 1e-5;
    for (CheckDriver driver = CHECK_BACKWARD; driver <= CHECK_SECOND; driver++) {
        CheckReport r =
            run(arena, normalized, &eps, normals(arena, 1e3, 1.0), 1.0, driver, FULL);
        expect(r, CHECK_PASS, "");
        r = run(arena, normalized, &eps, normals(arena, 1e6, 1.0), 1.0, driver, FULL);
        assert_true(r.verdict != CHECK_FAIL);
        assert_true(r.error <= r.allowed && r.allowed < 1e-4);
        r = run(arena, square, NULL, normals(arena, 1e6, 1.0), 1.0, driver, FULL);
        assert_true(r.verdict != CHECK_FAIL);
    }
    arena_free(arena);
}

static void kinks_are_inconclusive(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const double at[COUNT] = {1, -2, 0, 3, -0.5, 0.25},
                        near[COUNT] = {1, -2, 1e-10, 3, -1, 1};
    static const double far[COUNT] = {1, -2, 3e-5,
                                      3, -1, 1}; /* seen with the smallest step */
    for (CheckDriver driver = CHECK_BACKWARD; driver <= CHECK_SECOND; driver++) {
        expect(run(arena, rectified, NULL, at, 1, driver, FULL), CHECK_INCONCLUSIVE,
               "kink: element 2 of relu is 0 from");
        expect(run(arena, rectified, NULL, near, 1, driver, FULL), CHECK_INCONCLUSIVE,
               "kink: element 2 of relu is 1e-10 from");
        expect(run(arena, larger, NULL, near, 1, driver, FULL), CHECK_INCONCLUSIVE,
               "kink: element 2 of max is 2e-10 from");
        expect(run(arena, rectified, NULL, far, 1, driver, FULL), CHECK_PASS, "");
        expect(run(arena, larger, NULL, far, 1, driver, FULL), CHECK_PASS, "");
    }
    arena_free(arena);
}

static void what_cannot_be_told(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const double x[COUNT] = {1, 2, 0.5, 3, 2.385, 0.25},
                        zero[COUNT] = {1, 2, 0, 3, 2, 1};
    expect(run(arena, detached, NULL, x, 1, CHECK_BACKWARD, FULL), CHECK_INCONCLUSIVE,
           "detached");
    expect(run(arena, drowned, NULL, x, 1, CHECK_BACKWARD, FULL), CHECK_INCONCLUSIVE,
           "must show");
    expect(run(arena, hidden, NULL, x, 1, CHECK_GRADIENT, FULL), CHECK_INCONCLUSIVE,
           "must show");
    expect(run(arena, root, NULL, zero, 1, CHECK_GRADIENT, FULL), CHECK_INCONCLUSIVE,
           "not finite");
    expect(run(arena, constant, NULL, x, 1, CHECK_BACKWARD, FULL), CHECK_PASS, "");
    expect(run(arena, constant, NULL, x, 1, CHECK_SECOND, FULL), CHECK_PASS, "");
    arena_free(arena);
}

/* x / detach(sqrt(x^2 + eps)): without the detach nearly a sign, whose derivative is 0. */
static TapeNode *half_held(Tape *t, TapeNode *const *x, void *context) {
    (void)context;
    TapeNode *square = tape_mul(t, x[0], x[0]), *eps = tape_fill(t, x[0]->shape, 1e-5);
    TapeNode *size = tape_sqrt(t, tape_add(t, square, eps));
    return tape_mul(t, x[1], tape_div(t, x[0], tape_detach(t, size)));
}

/* step(3 x - c), and max(3 x, c). */
static TapeNode *steps(Tape *t, TapeNode *const *x, void *context) {
    const double *limit = context;
    TapeNode *three = tape_mul(t, x[0], tape_fill(t, x[0]->shape, 3.0));
    return tape_step(t, tape_sub(t, three, tape_fill(t, x[0]->shape, *limit)));
}

static TapeNode *larger_of(Tape *t, TapeNode *const *x, void *context) {
    const double *limit = context;
    TapeNode *three = tape_mul(t, x[0], tape_fill(t, x[0]->shape, 3.0));
    return tape_max(t, three, tape_fill(t, x[0]->shape, *limit));
}

static void ties_that_rounding_decides(void **state) {
    (void)state;
    Arena *arena = arena_new();
    double x[COUNT] = {1.0, -2.0, 0.1, 5.0, 7.0, 9.0};
    double tie = 0.1 * 3.0, clear = 0.25, exact = 3.0;
    CheckInput input = {"x", SHAPE_OF(COUNT), x, 1.0};
    CheckFunction f = {"function", 1, &input, steps, &tie, NULL};
    for (int k = 0; k < 2; k++) {
        f.write = k ? larger_of : steps;
        f.context = &tie;
        assert_int_equal(check_decided(arena, &f), !NORMLAB_HAS_QUAD);
        f.context = &clear;
        assert_true(check_decided(arena, &f));
        assert_int_equal(check_choices(arena, &f), CHOICES_DECIDED);
        f.context = &exact; /* a tie in both */
        assert_true(check_decided(arena, &f));
        assert_int_equal(check_choices(arena, &f), CHOICES_TIED);
    }
    arena_free(arena);
}

static void what_is_held_is_said(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const double x[COUNT] = {1, 2, 0.5, 3, 2.385, 0.25};
    const CheckInput input[] = {{"x", SHAPE_OF(COUNT), x, 1.0},
                                {"gate", SHAPE_OF(COUNT), x, 1.0}};
    CheckFunction f = {"function", 2, input, half_held, NULL, NULL};
    const CheckHeld held = check_held(arena, &f, 3);
    assert_int_equal(held.count, 1);
    assert_string_equal(held.where, "sqrt(add(mul(x, x), const)) of x");
    assert_string_equal(held.input, "x");
    assert_true(held.matters > 0.99 && held.matters <= 1.0); /* all of it */
    f.write = detached; /* x detach(x): x where x^2 has 2 x */
    assert_near(check_held(arena, &f, 3).matters, 0.5, 1e-12);
    f.write = smooth;
    assert_int_equal(check_held(arena, &f, 3).count, 0);
    arena_free(arena);
}

/* ---- planted faults: y = a tanh(b), kernel and definition, one thing wrong at a time --- */

typedef enum Fault { NONE, SIGN, TERM, FACTOR, INDEX, UNWRITTEN, SHIFTED, FAULTS } Fault;

static void fused_forward(Tape *t, TapeNode *y) {
    (void)t;
    for (size_t i = 0; i < COUNT; i++)
        y->value[i] = y->in[0]->value[i] * tanh(y->in[0]->value[i]);
}

static double fused_slope(Fault fault, double a) {
    double th = tanh(a), first = fault == SIGN ? -th : th;
    return fault == TERM ? th : first + a * (1.0 - th * th);
}

/* dx = g (tanh a + a (1 - tanh^2 a)) */
static void fused_backward(Tape *t, TapeNode *y, const double *g, double *const *dx,
                           const double *beta) {
    (void)t;
    Fault fault = *(const Fault *)y->detail;
    double factor = fault == FACTOR ? 1.0 + 1e-6 : 1.0;
    for (size_t i = 0; i < COUNT; i++) {
        size_t from = fault == INDEX && i >= COUNT - 2 ? 2 * COUNT - 3 - i
                                                       : i; /* last two exchanged */
        double d = factor * g[from] * fused_slope(fault, y->in[0]->value[i]);
        if (fault == SHIFTED && i == 3) d += 1e-6;
        if (fault == UNWRITTEN && i == COUNT - 1) break;
        dx[0][i] = beta[0] == 0.0 ? d : dx[0][i] + d;
    }
}

static TapeNode *fused_define(Tape *t, TapeNode *y) {
    return tape_mul(t, y->in[0], tape_tanh(t, y->in[0]));
}

static const Op op_kernel = {.name = "kernel",
                             .forward = fused_forward,
                             .backward = fused_backward,
                             .define = fused_define};

static TapeNode *with_kernel(Tape *t, TapeNode *const *x, void *fault) {
    return tape_write(t, &op_kernel, x[0]->shape, (TapeNode *[]){x[0]}, 1, fault, NULL);
}

static void faults_in_a_kernel(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *x = normals(arena, 0.5, 1.0);
    for (Fault fault = NONE; fault < FAULTS; fault++)
        for (size_t full = 3; full <= FULL; full += FULL - 3) { /* directions, elements */
            CheckVerdict verdict = fault == NONE ? CHECK_PASS : CHECK_FAIL;
            expect(run(arena, with_kernel, &fault, x, 1, CHECK_BACKWARD, full), verdict,
                   "");
            expect(run(arena, with_kernel, &fault, x, 1, CHECK_GRADIENT, full),
                   CHECK_PASS, "");
        }
    arena_free(arena);
}

/* The definition of another function than the kernel's. */
static TapeNode *define_with_fault(Tape *t, TapeNode *y) {
    Fault fault = *(const Fault *)y->detail;
    TapeNode *a = y->in[0], *th = tape_tanh(t, a);
    if (fault == SIGN) th = tape_neg(t, th);
    if (fault == TERM) th = tape_detach(t, th);
    if (fault == FACTOR) th = tape_mul(t, th, tape_fill(t, th->shape, 1.0 + 1e-6));
    if (fault == INDEX) th = tape_gather(t, th, (size_t[]){0, 1, 2, 3, 5, 4}, th->shape);
    if (fault == SHIFTED) th = tape_add(t, th, tape_fill(t, th->shape, 1e-6));
    if (fault == UNWRITTEN) th = tape_div(t, th, tape_fill(t, th->shape, 0.0));
    return tape_mul(t, a, th);
}

static const Op op_definition = {.name = "definition",
                                 .forward = fused_forward,
                                 .backward = fused_backward,
                                 .define = define_with_fault};

static TapeNode *with_definition(Tape *t, TapeNode *const *x, void *fault) {
    return tape_write(t, &op_definition, x[0]->shape, (TapeNode *[]){x[0]}, 1, fault,
                      NULL);
}

static void faults_in_a_definition(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *x = normals(arena, 0.5, 1.0);
    for (Fault fault = NONE; fault < FAULTS; fault++) {
        if (fault == TERM) continue; /* its detach is seen, and inconclusive: below */
        CheckVerdict verdict = fault == NONE ? CHECK_PASS : CHECK_FAIL;
        expect(run(arena, with_definition, &fault, x, 1, CHECK_GRADIENT, FULL), verdict,
               "");
        expect(run(arena, with_definition, &fault, x, 1, CHECK_GRADIENT, 3), verdict, "");
    }
    Fault term = TERM;
    CheckReport r = run(arena, with_definition, &term, x, 1, CHECK_GRADIENT, FULL);
    expect(r, CHECK_INCONCLUSIVE, "detached");
    arena_free(arena);
}

/* A primitive of which the first derivative is right and the recorded one cannot be differentiated: exp, with an
 * adjoint that forgets that its factor depends on x. Only the second order can tell. */
static void exp_forward(Tape *t, TapeNode *y) {
    (void)t;
    for (size_t i = 0; i < COUNT; i++) y->value[i] = exp(y->in[0]->value[i]);
}

static void exp_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    Fault fault = *(const Fault *)y->detail;
    dx[0] = tape_mul(t, g, fault == TERM ? tape_detach(t, y) : y);
    if (fault == INDEX)
        dx[0] = tape_mul(t, tape_detach(t, g), y); /* forgets the upstream */
}

static const Op op_exp = {
    .name = "own exp", .forward = exp_forward, .adjoint = exp_adjoint};

static TapeNode *own_exp(Tape *t, TapeNode *const *x, void *fault) {
    return tape_write(t, &op_exp, x[0]->shape, (TapeNode *[]){x[0]}, 1, fault, NULL);
}

static void faults_of_the_second_order(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *x = normals(arena, 0.5, 1.0);
    static const Fault faults[] = {NONE, TERM, INDEX};
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        for (size_t full = 3; full <= FULL; full += FULL - 3) {
            Fault fault = faults[i];
            expect(run(arena, own_exp, &fault, x, 1, CHECK_BACKWARD, full), CHECK_PASS,
                   "");
            expect(run(arena, own_exp, &fault, x, 1, CHECK_GRADIENT, full), CHECK_PASS,
                   "");
            CheckReport r = run(arena, own_exp, &fault, x, 1, CHECK_SECOND, full);
            expect(r, fault == NONE ? CHECK_PASS : CHECK_FAIL, "");
            if (fault != NONE) assert_int_equal(r.input, fault == INDEX);
        }
    arena_free(arena);
}

static void a_report_can_be_run_again(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double *x = normals(arena, 0.5, 1.0);
    Fault fault = FACTOR;
    CheckReport first = run(arena, with_kernel, &fault, x, 1, CHECK_BACKWARD, FULL);
    size_t blocks = arena_blocks(arena);
    for (int turn = 0; turn < 3; turn++) {
        CheckReport again = run(arena, with_kernel, &fault, x, 1, CHECK_BACKWARD, FULL);
        assert_int_equal(again.element, first.element);
        assert_memory_equal(&again.error, &first.error, sizeof first.error);
        assert_string_equal(again.reason, first.reason);
        assert_int_equal(again.seed, 3);
    }
    assert_int_equal(arena_blocks(arena), blocks);
    assert_non_null(strstr(first.reason, "beyond what is allowed"));
    fault = UNWRITTEN;
    expect(run(arena, with_kernel, &fault, x, 1, CHECK_BACKWARD, FULL), CHECK_FAIL,
           "x[5]: got what is");
    arena_free(arena);
}

static const Case cases[] = {
    CASE(example, the_example_of_the_notes),
    CASE(theorem, smooth_passes),
    CASE(theorem, scales),
    CASE(theorem, huge_means),
    CASE(theorem, kinks_are_inconclusive),
    CASE(example, what_cannot_be_told),
    CASE(theorem, ties_that_rounding_decides),
    CASE(theorem, what_is_held_is_said),
    CASE(fault, faults_in_a_kernel),
    CASE(fault, faults_in_a_definition),
    CASE(fault, faults_of_the_second_order),
    CASE(theorem, a_report_can_be_run_again),
};

HARNESS_MAIN("check", cases)
