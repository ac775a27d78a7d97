/* Moving average batch normalization: its two ends, where the backward is a derivative;
 * what it remembers; and that whoever is no derivative by design is judged by somebody.
 * Its equations are restated in src/trial/design.c. */
#include "harness.h"

#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 3, C = 4, L = 23, ALL = N * C * L };

static const double FEW = 16 * DBL_EPSILON;

static double *draws(Arena *arena, size_t count, uint64_t sample) {
    const Draw draw = {.seed = 5, .purpose = DRAW_TEST, .sample = sample};
    double *values = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) values[i] = 0.3 + draw_normal(draw, i);
    return values;
}

enum { GAMMA, BETA, SQUARE = 0, PRODUCT }; /* parameters, state */

/* Random everything, some of the remembered products negative. */
static Trial step_new(Arena *arena, const char *spec, uint64_t number) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, spec, C, &error);
    assert_non_null(norm);
    Trial s = trial_of(norm, SHAPE_OF(N, C, L), NORM_TRAIN);
    s.x = draws(arena, ALL, 8 * number), s.dy = draws(arena, ALL, 8 * number + 1);
    s.param[GAMMA] = draws(arena, C, 8 * number + 2);
    s.param[BETA] = draws(arena, C, 8 * number + 3);
    s.state[SQUARE] = draws(arena, C, 8 * number + 4);
    s.state[PRODUCT] = draws(arena, C, 8 * number + 5);
    for (size_t c = 0; c < C; c++)
        s.state[SQUARE][c] = 0.1 + s.state[SQUARE][c] * s.state[SQUARE][c];
    s.state[PRODUCT][0] = -fabs(s.state[PRODUCT][0]);
    return s;
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
        Trial step = step_new(arena, SPECS[k], k),
              other = step_new(arena, "batch(center=no)", k);
        step.epoch = other.epoch = 2;
        const Outcome got = trial_run(arena, &step, 0),
                      batch = trial_run(arena, &other, 0);
        near(got.y, batch.y, ALL, 1.0);
        near(got.dx, batch.dx, ALL, 1.0);
        near(got.dparam[GAMMA], batch.dparam[GAMMA], C, ALL);
        near(got.dparam[BETA], batch.dparam[BETA], C, ALL);
        near(got.observed[SQUARE], batch.observed[SQUARE], C, 1.0);
    }
    Trial cold = step_new(arena, "mabn(warm=3)", 1), plain = step_new(arena, "mabn", 1);
    cold.epoch = plain.epoch = 3;
    assert_memory_equal(trial_run(arena, &cold, 0).dx, trial_run(arena, &plain, 0).dx,
                        ALL * sizeof(double));
    arena_free(arena);
}

/* gamma x / sqrt(square + w (mean(x^2) - square) + eps) with nothing detached; its
 * gradients by the tape. */
static Outcome differentiate(Arena *arena, const Trial *s, double weight) {
    Outcome o = {.dx = TAKE(arena, double, ALL)};
    Tape *t = tape_new(arena);
    const ShapeLattice at = {N, C, L};
    const Partition *p = partition_blocks(arena, at, N, 1, false);
    const Shape shape = SHAPE_OF(N, C, L);
    TapeNode *x = tape_parameter(t, shape, s->x, o.dx);
    TapeNode *was = tape_leaf(t, SHAPE_OF(C), s->state[SQUARE]);
    TapeNode *seen = tape_mean(t, tape_mul(t, x, x), p);
    TapeNode *newest =
        tape_mul(t, tape_fill(t, SHAPE_OF(C), weight), tape_sub(t, seen, was));
    TapeNode *square =
        tape_add(t, tape_add(t, was, newest), tape_fill(t, SHAPE_OF(C), 1e-5));
    TapeNode *xhat = tape_div(t, x, tape_spread(t, tape_sqrt(t, square), p, shape));
    TapeNode *gamma =
        tape_spread(t, tape_leaf(t, SHAPE_OF(C), s->param[GAMMA]), p, shape);
    TapeNode *y = tape_mul(t, xhat, gamma);
    tape_backward(t, y, s->dy);
    o.y = y->value;
    return o;
}

/* dx is the derivative of y through mean(x^2), and -(1 - w) xhat product rstd. */
static void what_is_remembered_is_all_that_differs(void **state) {
    (void)state;
    static const double WEIGHT[] = {0.1, 0.7};
    static const char *const SPECS[] = {"mabn(beta=no)", "mabn(weight_new=0.7, beta=no)"};
    Arena *arena = arena_new();
    for (size_t k = 0; k < COUNT_OF(SPECS); k++) {
        const Trial step = step_new(arena, SPECS[k], 2 + k);
        Trial forgetful = step;
        forgetful.state[PRODUCT] = ZERO(arena, double, C);
        const Outcome got = trial_run(arena, &step, 0),
                      none = trial_run(arena, &forgetful, 0),
                      exact = differentiate(arena, &step, WEIGHT[k]);
        near(none.y, exact.y, ALL, 4.0);
        near(none.dx, exact.dx, ALL, 8.0);
        double most = 0.0;
        for (size_t i = 0; i < ALL; i++) {
            const size_t c = i / L % C;
            const double xhat = exact.y[i] / step.param[GAMMA][c],
                         rstd = xhat / step.x[i];
            const double beside = -(1 - WEIGHT[k]) * xhat * step.state[PRODUCT][c] * rstd;
            assert_near(got.dx[i], exact.dx[i] + beside, FEW * 16);
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
    Trial step = step_new(arena, "mabn(weight_new=0.3)", 5);
    const Outcome train = trial_run(arena, &step, 0);
    step.mode = NORM_EVAL;
    for (size_t c = 0; c < C; c++)
        step.state[SQUARE][c] +=
            0.3 * (train.observed[SQUARE][c] - step.state[SQUARE][c]);
    assert_memory_equal(train.y, trial_run(arena, &step, 0).y, ALL * sizeof *train.y);
    arena_free(arena);
}

/* Products of the steps before, by weights w (1 - w)^k: with dy zero they are alone. */
static void products_fade(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial s = step_new(arena, "mabn(weight_new=0.25)", 6);
    const double *seen[3];
    s.state[PRODUCT] = ZERO(arena, double, C);
    for (size_t k = 0; k < 3; k++) {
        s.dy = draws(arena, ALL, 100 + k);
        seen[k] = trial_run(arena, &s, 0).observed[PRODUCT];
        for (size_t c = 0; c < C; c++)
            s.state[PRODUCT][c] += 0.25 * (seen[k][c] - s.state[PRODUCT][c]);
    }
    s.dy = ZERO(arena, double, ALL);
    const Outcome last = trial_run(arena, &s, 0);
    for (size_t i = 0; i < ALL; i++) {
        const size_t c = i / L % C;
        const double product = 0.25 * (0.75 * 0.75 * 0.75 * seen[0][c] +
                                       0.75 * 0.75 * seen[1][c] + 0.75 * seen[2][c]);
        const double xhat = (last.y[i] - s.param[BETA][c]) / s.param[GAMMA][c],
                     rstd = xhat / s.x[i];
        assert_near(last.dx[i], -rstd * xhat * product, FEW * 64);
        assert_true(fabs(last.dx[i]) > 0.0);
    }
    for (size_t c = 0; c < C; c++) assert_near(last.observed[PRODUCT][c], 0.0, 0.0);
    arena_free(arena);
}

/* NaN leaves the state alone; gamma's gradient is enough to have observed. */
static void only_a_backward_observes_products(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Trial step = step_new(arena, "mabn", 7);
    const Outcome whole = trial_run(arena, &step, 0),
                  frozen = trial_run(arena, &step, 1u),
                  forward = trial_run(arena, &step, 7u); /* nothing is wanted */
    const size_t bytes = C * sizeof(double);
    for (size_t c = 0; c < C; c++) {
        assert_true(isnan(forward.observed[PRODUCT][c]));
        assert_true(isfinite(whole.observed[PRODUCT][c]));
    }
    assert_memory_equal(forward.observed[SQUARE], whole.observed[SQUARE], bytes);
    for (size_t k = SQUARE; k <= PRODUCT; k++)
        assert_memory_equal(frozen.observed[k], whole.observed[k], bytes);
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
        BaseError error = {.set = false};
        const char *spec = norm_example(kind[i]);
        const Norm *norm = norm_new(arena, spec, 8, &error);
        const bool by_design = norm_by_design(norm) != NULL;
        assert_int_equal(trial_applies(norm->spec, SHAPE_OF(4, 8, 5), loops), by_design);
        said += by_design;
    }
    assert_true(said > 0);
    const Norm *blend =
        norm_new(arena, "blend(layer, mabn)", 8, &(BaseError){.set = false});
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
        Finding both = trial_judge("batch", SHAPE_OF(4, 2), check_named(ORACLES[i]), 3),
                one = trial_judge("mabn", SHAPE_OF(4, 2), check_named(ORACLES[i]), 3);
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
