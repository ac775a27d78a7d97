/* Moving average batch normalization: its two ends, where the backward is a derivative;
 * what it remembers; and that whoever is no derivative by design is judged by somebody.
 * Its equations are restated in src/trial/design.c. */
#include "harness.h"

#include "norm.h"
#include "trial.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 3, C = 4, L = 23, ALL = N * C * L };

static const double FEW = 16 * DBL_EPSILON;

typedef struct Step {
    const char *spec;
    NormMode mode;
    size_t epoch;
    double x[ALL], dy[ALL], gamma[C], beta[C], square[C], product[C];
    bool x_frozen;
    double y[ALL], dx[ALL], dgamma[C], dbeta[C], observed[2][C];
} Step;

static void fill(double *values, size_t count, uint64_t sample) {
    const Draw draw = {.seed = 5, .purpose = DRAW_TEST, .sample = sample};
    for (size_t i = 0; i < count; i++) values[i] = 0.3 + draw_normal(draw, i);
}

/* Random everything, some of the remembered products negative. */
static Step *step_new(Arena *arena, const char *spec, uint64_t number) {
    Step *s = ZERO(arena, Step, 1);
    s->spec = spec;
    fill(s->x, ALL, 8 * number), fill(s->dy, ALL, 8 * number + 1);
    fill(s->gamma, C, 8 * number + 2), fill(s->beta, C, 8 * number + 3);
    fill(s->square, C, 8 * number + 4), fill(s->product, C, 8 * number + 5);
    for (size_t c = 0; c < C; c++) s->square[c] = 0.1 + s->square[c] * s->square[c];
    s->product[0] = -fabs(s->product[0]);
    return s;
}

static NormContext context_of(Tape *tape, const Norm *norm, const Step *s,
                              Node *const *param, const double *const *state,
                              double *const *observed) {
    return (NormContext){.tape = tape,
                         .norm = norm,
                         .mode = s->mode,
                         .epoch = s->epoch,
                         .param = param,
                         .state = state,
                         .observed = observed};
}

/* Forward, and where asked backward. */
static void run(Arena *arena, Step *s, bool backward) {
    Error error = {.set = false};
    const Norm *norm = norm_new(arena, s->spec, C, &error);
    assert_non_null(norm);
    Tape *tape = tape_new(arena);
    Node *x = s->x_frozen ? tape_leaf(tape, SHAPE(N, C, L), s->x)
                          : tape_parameter(tape, SHAPE(N, C, L), s->x, s->dx);
    Node *param[] = {tape_parameter(tape, SHAPE(C), s->gamma, s->dgamma),
                     tape_parameter(tape, SHAPE(C), s->beta, s->dbeta)};
    const double *state[] = {s->square, s->product};
    double *observed[] = {s->observed[0], s->observed[1]};
    const NormContext call = context_of(tape, norm, s, param, state, observed);
    Node *y = norm_apply(&call, x);
    memcpy(s->y, y->value, sizeof s->y);
    if (backward) tape_backward(tape, y, s->dy);
}

static void near(const double *got, const double *expected, size_t count, double scale) {
    for (size_t i = 0; i < count; i++) assert_near(got[i], expected[i], FEW * scale);
}

/* ---- the two ends ---------------------------------------------------------------- */

/* All weight on the batch itself: nothing is remembered. */
static void with_all_weight_it_is_uncentred_batch(void **state) {
    (void)state;
    static const char *const SPECS[] = {"mabn(weight_new=1)", "mabn(warm=3)"};
    Arena *arena = arena_new();
    for (size_t k = 0; k < COUNT_OF(SPECS); k++) {
        Step *got = step_new(arena, SPECS[k], k), *batch = TAKE(arena, Step, 1);
        got->epoch = 2;
        *batch = *got;
        batch->spec = "batch(center=no)";
        run(arena, got, true), run(arena, batch, true);
        near(got->y, batch->y, ALL, 1.0);
        near(got->dx, batch->dx, ALL, 1.0);
        near(got->dgamma, batch->dgamma, C, ALL);
        near(got->dbeta, batch->dbeta, C, ALL);
        near(got->observed[0], batch->observed[0], C, 1.0);
    }
    Step *cold = step_new(arena, "mabn(warm=3)", 1), *plain = step_new(arena, "mabn", 1);
    cold->epoch = plain->epoch = 3;
    run(arena, cold, true), run(arena, plain, true);
    assert_memory_equal(cold->dx, plain->dx, sizeof cold->dx);
    arena_free(arena);
}

/* gamma x / sqrt(square + w (mean(x^2) - square) + eps) with nothing detached; its
 * gradients by the tape. */
static void differentiate(Arena *arena, Step *s, double weight) {
    Tape *t = tape_new(arena);
    const Lattice at = {N, C, L};
    const Partition *p = partition_blocks(arena, at, N, 1, false);
    const Shape shape = SHAPE(N, C, L);
    Node *x = tape_parameter(t, shape, s->x, s->dx);
    Node *was = tape_leaf(t, SHAPE(C), s->square);
    Node *seen = tape_mean(t, tape_mul(t, x, x), p);
    Node *newest = tape_mul(t, tape_fill(t, SHAPE(C), weight), tape_sub(t, seen, was));
    Node *square = tape_add(t, tape_add(t, was, newest), tape_fill(t, SHAPE(C), 1e-5));
    Node *xhat = tape_div(t, x, tape_spread(t, tape_sqrt(t, square), p, shape));
    Node *gamma = tape_spread(t, tape_leaf(t, SHAPE(C), s->gamma), p, shape);
    Node *y = tape_mul(t, xhat, gamma);
    memcpy(s->y, y->value, sizeof s->y);
    tape_backward(t, y, s->dy);
}

/* dx is the derivative of y through mean(x^2), and -(1 - w) xhat product rstd. */
static void what_is_remembered_is_all_that_differs(void **state) {
    (void)state;
    static const double WEIGHT[] = {0.1, 0.7};
    static const char *const SPECS[] = {"mabn(beta=no)", "mabn(weight_new=0.7, beta=no)"};
    Arena *arena = arena_new();
    for (size_t k = 0; k < COUNT_OF(SPECS); k++) {
        Step *got = step_new(arena, SPECS[k], 2 + k), *exact = TAKE(arena, Step, 1);
        Step *none = TAKE(arena, Step, 1);
        *exact = *none = *got;
        memset(none->product, 0, sizeof none->product);
        run(arena, got, true), run(arena, none, true);
        differentiate(arena, exact, WEIGHT[k]);
        near(none->y, exact->y, ALL, 4.0);
        near(none->dx, exact->dx, ALL, 8.0);
        double most = 0.0;
        for (size_t i = 0; i < ALL; i++) {
            const size_t c = i / L % C;
            const double xhat = exact->y[i] / got->gamma[c], rstd = xhat / got->x[i];
            const double beside = -(1 - WEIGHT[k]) * xhat * got->product[c] * rstd;
            assert_near(got->dx[i], exact->dx[i] + beside, FEW * 16);
            most = fmax(most, fabs(beside));
        }
        assert_true(most > 0.1); /* no derivative */
    }
    arena_free(arena);
}

/* ---- what is remembered ---------------------------------------------------------- */

/* One worker: the state that the step leaves is what the step used. */
static void training_is_the_evaluation_after_it(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Step *train = step_new(arena, "mabn(weight_new=0.3)", 5),
         *eval = TAKE(arena, Step, 1);
    *eval = *train;
    run(arena, train, true);
    eval->mode = NORM_EVAL;
    for (size_t c = 0; c < C; c++)
        eval->square[c] += 0.3 * (train->observed[0][c] - eval->square[c]);
    run(arena, eval, true);
    assert_memory_equal(train->y, eval->y, sizeof train->y);
    arena_free(arena);
}

/* Products of the steps before, by weights w (1 - w)^k: with dy zero they are alone. */
static void products_fade(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Step *s = step_new(arena, "mabn(weight_new=0.25)", 6);
    double seen[3][C];
    memset(s->product, 0, sizeof s->product);
    for (size_t k = 0; k < 3; k++) {
        fill(s->dy, ALL, 100 + k);
        run(arena, s, true);
        memcpy(seen[k], s->observed[1], sizeof seen[k]);
        for (size_t c = 0; c < C; c++)
            s->product[c] += 0.25 * (s->observed[1][c] - s->product[c]);
    }
    memset(s->dy, 0, sizeof s->dy);
    run(arena, s, true);
    for (size_t i = 0; i < ALL; i++) {
        const size_t c = i / L % C;
        const double product = 0.25 * (0.75 * 0.75 * 0.75 * seen[0][c] +
                                       0.75 * 0.75 * seen[1][c] + 0.75 * seen[2][c]);
        const double xhat = (s->y[i] - s->beta[c]) / s->gamma[c], rstd = xhat / s->x[i];
        assert_near(s->dx[i], -rstd * xhat * product, FEW * 64);
        assert_true(fabs(s->dx[i]) > 0.0);
    }
    for (size_t c = 0; c < C; c++) assert_near(s->observed[1][c], 0.0, 0.0);
    arena_free(arena);
}

/* NaN leaves the state alone; gamma's gradient is enough to have observed. */
static void only_a_backward_observes_products(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Step *forward = step_new(arena, "mabn", 7), *frozen = step_new(arena, "mabn", 7),
         *whole = step_new(arena, "mabn", 7);
    frozen->x_frozen = true;
    run(arena, forward, false), run(arena, frozen, true), run(arena, whole, true);
    for (size_t c = 0; c < C; c++) {
        assert_true(isnan(forward->observed[1][c]));
        assert_true(isfinite(whole->observed[1][c]));
    }
    assert_memory_equal(forward->observed[0], whole->observed[0],
                        sizeof whole->observed[0]);
    assert_memory_equal(frozen->observed, whole->observed, sizeof whole->observed);
    arena_free(arena);
}

/* ---- who says so ------------------------------------------------------------------ */

static const TrialCheck *check_named(const char *name) {
    size_t count;
    const TrialCheck *const *check = trial_checks(&count);
    for (size_t i = 0; i < count; i++)
        if (strcmp(trial_name(check[i]), name) == 0) return check[i];
    fail_msg("no check %s", name);
    return NULL;
}

/* A kind with no derivative by design is restated in loops, one with one is not. */
static void by_design_is_judged_by_its_equations(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t count, said = 0;
    const NormKind *const *kind = norm_kinds(&count);
    const TrialCheck *loops = check_named("by-design");
    for (size_t i = 0; i < count; i++) {
        Error error = {.set = false};
        const char *spec = norm_example(kind[i]);
        const Norm *norm = norm_new(arena, spec, 8, &error);
        const bool by_design = norm_by_design(norm) != NULL;
        assert_int_equal(trial_applies(norm->spec, SHAPE(4, 8, 5), loops), by_design);
        said += by_design;
    }
    assert_true(said > 0);
    const Norm *blend = norm_new(arena, "blend(layer, mabn)", 8, &(Error){.set = false});
    assert_string_equal(norm_by_design(blend), norm_by_design(blend->part[1]));
    arena_free(arena);
}

/* Of derivatives it is asked in evaluation alone. */
static void derivatives_are_asked_in_evaluation(void **state) {
    (void)state;
    static const char *const ORACLES[] = {
        "differences", "complex-step", "complex-step-113", "jacobian",
        "adjoint",     "definition",   "second-order",     "second-differences"};
    for (size_t i = 0; i < COUNT_OF(ORACLES); i++) {
        Finding both = trial_judge("batch", SHAPE(4, 2), check_named(ORACLES[i]), 3),
                one = trial_judge("mabn", SHAPE(4, 2), check_named(ORACLES[i]), 3);
        assert_int_equal(one.mode, NORM_EVAL);
        assert_int_equal(2 * one.cases, both.cases);
        assert_int_equal(finding_verdict(&one), CHECK_PASS);
    }
}

static const Case CASES[] = {
    CASE(theorem, with_all_weight_it_is_uncentred_batch),
    CASE(theorem, what_is_remembered_is_all_that_differs),
    CASE(theorem, training_is_the_evaluation_after_it),
    CASE(theorem, products_fade),
    CASE(theorem, only_a_backward_observes_products),
    CASE(theorem, by_design_is_judged_by_its_equations),
    CASE(theorem, derivatives_are_asked_in_evaluation),
};

HARNESS_MAIN("norm_mabn", CASES)
