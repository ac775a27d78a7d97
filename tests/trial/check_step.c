/* The complex step as oracle: what it passes, and faults that finite differences cannot see. */
#include "harness.h"

#include "check.h"
#include "op.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 3, C = 4, L = 6, LATTICE = N * C * L, FULL = 1000 };

static double *normals(Arena *arena, size_t count, uint64_t sample, double mean) {
    Draw draw = {.seed = 17, .purpose = DRAW_TEST, .sample = sample};
    double *values = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) values[i] = mean + draw_normal(draw, i);
    return values;
}

static void expect(CheckReport report, CheckVerdict verdict, const char *what) {
    if (report.verdict == verdict) return;
    fail_msg("%s: %s, %s; got %.17g, expected %.17g, allowed %.3g", what,
             check_verdict_text(report.verdict), report.reason, report.got,
             report.expected, report.allowed);
}

/* ---- normalizers, at large means --------------------------------------------------- */

static const char *const SPECS[] = {"none",     "batch",         "layer",    "instance",
                                    "group(2)", "group(size=4)", "position", "ghost(1)"};

/* `of` [inputs + 1] repeated over inputs and upstream, `digits` eps of it. */
static CheckBound bound_of(Arena *arena, const CheckFunction *f, size_t results,
                           double digits, const double *of) {
    const double **scale = TAKE(arena, const double *, f->inputs + 1);
    for (size_t i = 0; i <= f->inputs; i++) {
        size_t count = i < f->inputs ? shape_count(f->input[i].shape) : results;
        double *each = TAKE(arena, double, count);
        for (size_t k = 0; k < count; k++) each[k] = of[i];
        scale[i] = each;
    }
    return (CheckBound){.digits = digits, .scale = scale};
}

/* Size of the terms that cancel in dx: |h| rstd (1 + |xhat|), all of order one here. */
static const double KERNEL[] = {16, 64, 64, 64};

static CheckReport check_norm(Arena *arena, const char *spec, double mean,
                              CheckDriver driver, double worth, bool quad, size_t full) {
    BaseError error = {.set = false};
    Trial trial =
        trial_of(norm_new(arena, spec, C, &error), SHAPE_OF(N, C, L), NORM_TRAIN);
    const CheckInput input[] = {
        {"x", SHAPE_OF(N, C, L), normals(arena, LATTICE, 1, mean), 1.0},
        {"gamma", SHAPE_OF(C), normals(arena, C, 2, 0.0), 1.0},
        {"beta", SHAPE_OF(C), normals(arena, C, 3, 0.0), 1.0}};
    const CheckFunction function = {spec, 3, input, trial_write, &trial, NULL};
    CheckBound bound = bound_of(arena, &function, LATTICE, 64 * worth, KERNEL);
    return check_complex_step(arena, &function, driver, &bound, quad, 7, full);
}

/* The kernel keeps its digits at any mean; only the definition and the doubles of the complex
 * step itself lose them. */
static void kernels_at_any_mean(void **state) {
    (void)state;
    static const double means[] = {0.0, 1e2, 1e5, 1e8};
    for (size_t i = 1; i < COUNT_OF(SPECS); i++) /* none has no mean to lose digits to */
        for (size_t m = 0; m < COUNT_OF(means); m++) {
            Arena *arena = arena_new();
            expect(check_norm(arena, SPECS[i], means[m], CHECK_BACKWARD, 1, true, FULL),
                   CHECK_PASS, SPECS[i]);
            expect(check_norm(arena, SPECS[i], means[m], CHECK_BACKWARD, 1, true, 5),
                   CHECK_PASS, SPECS[i]); /* directions */
            arena_free(arena);
        }
}

static void definitions_and_second_order(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(SPECS); i++)
        for (int quad = 0; quad < 2; quad++) {
            Arena *arena = arena_new();
            expect(check_norm(arena, SPECS[i], 0.0, CHECK_GRADIENT, 1, quad, FULL),
                   CHECK_PASS, SPECS[i]);
            expect(check_norm(arena, SPECS[i], 0.0, CHECK_SECOND, 64, quad, FULL),
                   CHECK_PASS, SPECS[i]);
            arena_free(arena);
        }
}

/* ---- faults: y = a tanh(a), its slope wrong by so many parts ------------------------ */

static void fused_forward(Tape *t, TapeNode *y) {
    (void)t;
    for (size_t i = 0; i < LATTICE; i++)
        y->value[i] = y->in[0]->value[i] * tanh(y->in[0]->value[i]);
}

static void fused_backward(Tape *t, TapeNode *y, const double *g, double *const *dx,
                           const double *beta) {
    (void)t;
    double fault = *(const double *)y->detail;
    for (size_t i = 0; i < LATTICE; i++) {
        double a = y->in[0]->value[i], th = tanh(a);
        double d =
            g[i] * (th + a * (1 - th) * (1 + th)) * (1 + (i == LATTICE - 1 ? fault : 0));
        dx[0][i] = beta[0] == 0.0 ? d : dx[0][i] + d;
    }
}

static TapeNode *fused_define(Tape *t, TapeNode *y) {
    return tape_mul(t, y->in[0], tape_tanh(t, y->in[0]));
}

static const Op op_fused = {.name = "fused",
                            .forward = fused_forward,
                            .backward = fused_backward,
                            .define = fused_define};

static TapeNode *write_fused(Tape *t, TapeNode *const *x, void *fault) {
    return tape_write(t, &op_fused, x[0]->shape, (TapeNode *[]){x[0]}, 1, fault, NULL);
}

static void faults_of_a_trillionth(void **state) {
    (void)state;
    static const double faults[] = {0.0, 1e-12, -1e-12, 1e-6, -2.0, NAN};
    for (size_t i = 0; i < COUNT_OF(faults); i++)
        for (int quad = 0; quad < 2; quad++) {
            Arena *arena = arena_new();
            double fault = faults[i];
            const CheckInput input = {"a", SHAPE_OF(LATTICE),
                                      normals(arena, LATTICE, 4, 0.5), 1.0};
            const CheckFunction function = {"fused",     1,      &input,
                                            write_fused, &fault, NULL};
            CheckBound bound =
                bound_of(arena, &function, LATTICE, 128, (const double[]){1, 1});
            CheckReport r = check_complex_step(arena, &function, CHECK_BACKWARD, &bound,
                                               quad, 3, FULL);
            expect(r, i == 0 ? CHECK_PASS : CHECK_FAIL, "fused");
            if (i > 0) assert_int_equal(r.element, LATTICE - 1);
            r = check_differences(arena, &function, CHECK_BACKWARD, 3, FULL);
            bool seen = !(fabs(fault) < 1e-9); /* by differences: the larger ones alone */
            expect(r, seen ? CHECK_FAIL : CHECK_PASS, "fused, by differences");
            arena_free(arena);
        }
}

/* ---- kinks are where they are ---------------------------------------------------------- */

static TapeNode *write_relu(Tape *t, TapeNode *const *x, void *context) {
    (void)context;
    return tape_relu(t, x[0]);
}

/* Differences cannot tell a hair's breadth from a kink; the complex step does not move along
 * the real axis at all. */
static void beside_a_kink(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double x[] = {1e-9, -1e-9, 1.3};
    const CheckInput input = {"x", SHAPE_OF(3), x, 1.0};
    const CheckFunction function = {"relu", 1, &input, write_relu, NULL, NULL};
    const CheckBound bound = bound_of(arena, &function, 3, 64, (const double[]){1, 1});
    expect(check_differences(arena, &function, CHECK_BACKWARD, 1, FULL),
           CHECK_INCONCLUSIVE, "differences");
    expect(check_complex_step(arena, &function, CHECK_BACKWARD, &bound, false, 1, FULL),
           CHECK_PASS, "complex step");
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, kernels_at_any_mean),
    CASE(oracle, definitions_and_second_order),
    CASE(theorem, faults_of_a_trillionth),
    CASE(theorem, beside_a_kink),
};

HARNESS_MAIN("check_step", CASES)
