/* What a derivative loses to its step: the arms of the V have the slopes that the rules
 * have, they meet where theory says, and who needs no step stays below. */
#include "harness.h"

#include "vcurve.h"

#include <float.h>
#include <math.h>
#include <string.h>

static size_t place_of(const char *const *names, size_t count, const char *name) {
    for (size_t i = 0; i < count; i++)
        if (strcmp(names[i], name) == 0) return i;
    fail_msg("no '%s'", name);
    return 0;
}

static size_t mean_of(const VCurves *v, double mean) {
    for (size_t m = 0; m < v->means; m++)
        if (v->mean[m] == mean) return m;
    fail_msg("no mean %g", mean);
    return 0;
}

/* The curve of a rule, [steps]. */
static const double *curve(const VCurves *v, double mean, const char *rule) {
    size_t r = place_of(v->rule, v->rules, rule);
    return v->rule_error + (mean_of(v, mean) * v->rules + r) * v->steps;
}

static double oracle(const VCurves *v, size_t m, const char *name) {
    return v->oracle_error[m * v->oracles + place_of(v->oracle, v->oracles, name)];
}

/* Place of the step nearest to `step`. */
static size_t near_step(const VCurves *v, double step) {
    size_t best = 0;
    for (size_t i = 0; i < v->steps; i++)
        if (fabs(log(v->step[i] / step)) < fabs(log(v->step[best] / step))) best = i;
    return best;
}

/* Order of the error in the step between two steps. */
static double slope(const VCurves *v, const double *error, double from, double to) {
    size_t a = near_step(v, from), b = near_step(v, to);
    return log(error[b] / error[a]) / log(v->step[b] / v->step[a]);
}

static void for_seeds(void (*check)(const VCurves *v)) {
    for (uint64_t seed = 1; seed <= 3; seed++) {
        Arena *arena = arena_new();
        VCurves v = vcurve_measure(arena, seed);
        check(&v);
        arena_free(arena);
    }
}

/* Truncation is h^2 and h^4, rounding 1/h. */
static void check_arms(const VCurves *v) {
    const double *two = curve(v, 0.0, "central difference"),
                 *four = curve(v, 0.0, "five-point rule");
    assert_near(slope(v, two, 1e-3, 1e-1), 2.0, 0.05);
    assert_near(slope(v, four, 1e-1, 5e-1), 4.0, 0.2);
    assert_near(slope(v, two, 1e-11, 1e-6), -1.0, 0.2);
    assert_near(slope(v, four, 1e-11, 1e-6), -1.0, 0.2);
}

static void arms(void **state) {
    (void)state;
    for_seeds(check_arms);
}

/* error = R/h + T h^2 is least at cbrt(R / 2T), of the order of cbrt(eps), where it is
 * 3/2 R/h; R and T are read from the arms. */
static void check_valley(const VCurves *v) {
    const double *error = curve(v, 0.0, "central difference");
    size_t left = near_step(v, 1e-9), right = near_step(v, 1e-2), least = 0;
    for (size_t i = 0; i < v->steps; i++)
        if (error[i] < error[least]) least = i;
    double R = error[left] * v->step[left],
           T = error[right] / (v->step[right] * v->step[right]);
    double h = cbrt(R / (2 * T));
    assert_near(log10(v->step[least] / h), 0.0, 0.5);
    assert_near(log10(v->step[least] / cbrt(DBL_EPSILON)), 0.0, 1.0);
    assert_near(log10(error[least] / (1.5 * R / h)), 0.0, 0.7);
    double five = INFINITY;
    for (size_t i = 0; i < v->steps; i++)
        five = fmin(five, curve(v, 0.0, "five-point rule")[i]);
    assert_true(five < error[least] / 10);
}

static void valley(void **state) {
    (void)state;
    for_seeds(check_valley);
}

/* The rounding of x + h makes the left arm grow with the mean, and below the spacing of
 * doubles nothing moves at all: the error is the derivative itself. */
static void check_mean(const VCurves *v) {
    const double *none = curve(v, 0.0, "central difference"),
                 *large = curve(v, 1e6, "central difference");
    size_t i = near_step(v, 1e-7);
    assert_true(large[i] > 100 * none[i]);
    assert_near(large[0], 1.0, DBL_EPSILON); /* of a truth that is rounded */
    i = near_step(v, 0.1); /* truncation does not know the mean */
    assert_near(large[i] / none[i], 1.0, 0.01);
}

static void means(void **state) {
    (void)state;
    for_seeds(check_mean);
}

/* GSL is as good as it says. */
static void check_gsl(const VCurves *v) {
    for (size_t m = 0; m < v->means; m++) {
        double error = oracle(v, m, "GSL, adaptive step");
        assert_true(isfinite(v->estimate[m]) && v->estimate[m] < 1e-5);
        if (!(error <= 3 * v->estimate[m]))
            fail_msg("mean %g: error %.3g, estimate %.3g", v->mean[m], error,
                     v->estimate[m]);
    }
}

static void gsl_is_within_its_estimate(void **state) {
    (void)state;
    for_seeds(check_gsl);
}

/* A step of cbrt(eps) |x| lies on the central difference's own curve, far up its right
 * arm when the mean is large. */
static void check_proportional(const VCurves *v) {
    static const char name[] = "central, step cbrt(eps) |x|";
    const size_t k = place_of(v->oracle, v->oracles, name);
    static const double at[] = {1e3, 1e6};
    for (size_t i = 0; i < COUNT_OF(at); i++) {
        size_t m = mean_of(v, at[i]);
        double step = v->oracle_step[m * v->oracles + k], error = oracle(v, m, name);
        const double *central = curve(v, at[i], "central difference");
        assert_near(step / (cbrt(DBL_EPSILON) * at[i]), 1.0, 1e-3);
        size_t upper = near_step(v, step * pow(10, 0.125)); /* the steps around it */
        assert_true(v->step[upper - 1] <= step && step <= v->step[upper]);
        assert_true(central[upper - 1] <= error && error <= central[upper]);
    }
    assert_true(oracle(v, mean_of(v, 1e6), name) > 0.1);
}

static void proportional_steps_fail(void **state) {
    (void)state;
    for_seeds(check_proportional);
}

/* The kernel is within its bar at every mean (here 1 + max|xhat| < 8, and |gamma u| rstd
 * is no larger than a few of the largest derivative); what is rounded from 113 bits is
 * within half an eps, whatever the way that led there. */
static void check_stepless(const VCurves *v) {
    for (size_t m = 0; m < v->means; m++) {
        assert_true(v->routes[m] < 1e-30);
        assert_true(oracle(v, m, "complex step, 113 bits") <= DBL_EPSILON / 2);
        assert_true(oracle(v, m, "backward kernel") <= 32 * DBL_EPSILON);
        assert_true(oracle(v, m, "complex step") <
                    oracle(v, m, "GSL, adaptive step") / 1000);
    }
    assert_true(oracle(v, mean_of(v, 0.0), "complex step") < 1e-12);
}

static void no_step_no_loss(void **state) {
    (void)state;
    for_seeds(check_stepless);
}

static const Case cases[] = {
    CASE(theorem, arms),
    CASE(theorem, valley),
    CASE(theorem, means),
    CASE(oracle, gsl_is_within_its_estimate),
    CASE(theorem, proportional_steps_fail),
    CASE(oracle, no_step_no_loss),
};

HARNESS_MAIN("vcurve", cases)
