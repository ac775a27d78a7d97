/* The oracles of check.h, put to normalizers. The figures are the project's bars: values to
 * 4 eps of |gamma| max|xhat| + |beta|, kernels to 32 eps of max|h| rstd (1 + max|xhat|),
 * definitions and doubles of the complex step to 64 (1 + |mean| / std) of the same. */
#include "trial_kind.h"

enum { FULL = 400, SMALL = 130, DIRECTIONS = 8, FEW = 2 };

/* Every element of small calls; of large ones two random directions. */
static size_t probes(const Trial *t) {
    return t->n <= FULL ? FULL : FEW;
}

static bool is_small(const Trial *t) {
    return t->n <= FULL;
}

/* The whole Jacobian of a large call has a million entries and proves no more. */
static bool has_jacobian(const Trial *t) {
    return is_small(t) && t->derives;
}

/* ---- the kernel ------------------------------------------------------------------ */

static CheckReport judge_value(Arena *arena, const Trial *t, const TrialCheck *check) {
    CheckFunction f = trial_function(arena, t, false);
    CheckBound bound = trial_value_bound(arena, t, check->digits, false);
    return check_value(arena, &f, &bound);
}
const TrialCheck trial_value = {.name = "value",
                                .says = "y is the definition's in 113 bits",
                                .digits = 4,
                                .data = ON_ALL,
                                .judge = judge_value};

static CheckReport judge_gradient(Arena *arena, const Trial *t, const TrialCheck *check) {
    CheckFunction f = trial_function(arena, t, false);
    CheckBound bound = trial_bound(arena, t, check->digits, false);
    CheckReport r = check_gradient(arena, &f, CHECK_BACKWARD, &bound, t->seed);
    if (r.verdict == CHECK_FAIL) trial_diagnose(arena, t, trial_run(arena, t, 0).dx, &r);
    return r;
}
const TrialCheck trial_gradient = {
    .name = "gradient",
    .says = "kernel's gradient is the definition's in 113 bits",
    .digits = 32,
    .data = ON_ALL,
    .judge = judge_gradient};

/* Whose values move as its derivative says. What is detached moves them too, and only the
 * replays hold it. */
static bool moves_as_derived(const Trial *t) {
    return !t->held && t->derives;
}

static CheckReport judge_differences(Arena *arena, const Trial *t,
                                     const TrialCheck *check) {
    (void)check;
    CheckFunction f = trial_function(arena, t, false);
    return check_differences(arena, &f, CHECK_BACKWARD, t->seed, probes(t));
}
const TrialCheck trial_differences = {
    .name = "differences",
    .says = "kernel's gradient by GSL's differences (of its own estimate)",
    .digits = 1,
    .by_estimate = true,
    .data = ON_MODERATE,
    .applies = moves_as_derived,
    .judge = judge_differences};

/* Kernels' derivatives in 113 bits have scales of their own; where doubles derive, or beyond
 * the first order, it is what rounding does to the program. */
static CheckReport by_step(Arena *arena, const Trial *t, double digits,
                           CheckDriver driver, bool quad, size_t full) {
    CheckFunction f = trial_function(arena, t, false);
    const bool kernel = quad && driver == CHECK_BACKWARD,
               first = driver <= CHECK_GRADIENT;
    CheckBound bound = {.digits = digits};
    if (kernel || (first && trial_partitioned(t)))
        bound = trial_bound(arena, t, digits, !kernel);
    return check_complex_step(arena, &f, driver, &bound, quad, t->seed, full);
}

static CheckReport judge_complex_step(Arena *arena, const Trial *t,
                                      const TrialCheck *check) {
    return by_step(arena, t, check->digits, CHECK_BACKWARD, false, probes(t));
}
const TrialCheck trial_complex_step = {
    .name = "complex-step",
    .says = "kernel's gradient by the complex step in doubles",
    .digits = 16,
    .data = ON_MODERATE,
    .applies = trial_derives,
    .judge = judge_complex_step};

static CheckReport judge_complex_step_113(Arena *arena, const Trial *t,
                                          const TrialCheck *check) {
    return by_step(arena, t, check->digits, CHECK_BACKWARD, true, probes(t));
}
const TrialCheck trial_complex_step_113 = {
    .name = "complex-step-113",
    .says = "kernel's gradient by the complex step in 113 bits",
    .digits = 32,
    .data = ON_MODERATE,
    .applies = trial_derives,
    .judge = judge_complex_step_113};

static CheckReport judge_jacobian(Arena *arena, const Trial *t, const TrialCheck *check) {
    Trial unit = *t; /* upstreams of one */
    unit.dy = filled(arena, t->n, 1.0);
    trial_measure(arena, &unit);
    CheckFunction f = trial_function(arena, &unit, false);
    CheckBound bound = {.digits = check->digits};
    if (trial_partitioned(t)) bound = trial_bound(arena, &unit, check->digits, true);
    return check_jacobian(arena, &f, &bound);
}
const TrialCheck trial_jacobian = {
    .name = "jacobian",
    .says = "whole Jacobian by the complex step, zeros across cells exact",
    .digits = 16,
    .data = ON_PLAIN,
    .applies = has_jacobian,
    .judge = judge_jacobian};

static CheckReport judge_adjoint(Arena *arena, const Trial *t, const TrialCheck *check) {
    CheckFunction f = trial_function(arena, t, false);
    CheckBound bound = trial_bound(arena, t, check->digits, false);
    return check_adjoint(arena, &f, CHECK_BACKWARD, &bound, t->seed, DIRECTIONS);
}
const TrialCheck trial_adjoint = {.name = "adjoint",
                                  .says = "<v, J'w> = <J v, w>, J v by the complex step",
                                  .digits = 32,
                                  .data = ON_MODERATE,
                                  .applies = trial_derives,
                                  .judge = judge_adjoint};

/* ---- the definition, and beyond the first order ----------------------------------- */

static CheckReport judge_definition_value(Arena *arena, const Trial *t,
                                          const TrialCheck *check) {
    CheckFunction f = trial_function(arena, t, true);
    CheckBound bound = trial_value_bound(arena, t, check->digits, true);
    return check_value(arena, &f, &bound);
}
const TrialCheck trial_definition_value = {.name = "definition-value",
                                           .says = "definition's y in 113 bits",
                                           .digits = 8,
                                           .data = ON_MODERATE,
                                           .judge = judge_definition_value};

static CheckReport judge_definition(Arena *arena, const Trial *t,
                                    const TrialCheck *check) {
    return by_step(arena, t, check->digits, CHECK_GRADIENT, true, probes(t));
}
const TrialCheck trial_definition = {
    .name = "definition",
    .says = "definition's gradient by the complex step in 113 bits",
    .digits = 8,
    .data = ON_MODERATE,
    .applies = trial_derives,
    .judge = judge_definition};

static CheckReport judge_second_order(Arena *arena, const Trial *t,
                                      const TrialCheck *check) {
    size_t full = t->n <= SMALL ? FULL : DIRECTIONS; /* each costs three sweeps */
    return by_step(arena, t, check->digits, CHECK_SECOND, true, full);
}
const TrialCheck trial_second_order = {
    .name = "second-order",
    .says = "Hessian-vector products by the complex step in 113 bits",
    .digits = 2,
    .data = ON_MODERATE,
    .applies = trial_derives,
    .judge = judge_second_order};

static CheckReport judge_second_differences(Arena *arena, const Trial *t,
                                            const TrialCheck *check) {
    (void)check;
    CheckFunction f = trial_function(arena, t, false);
    return check_differences(arena, &f, CHECK_SECOND, t->seed, probes(t));
}
const TrialCheck trial_second_differences = {
    .name = "second-differences",
    .says = "Hessian-vector products by GSL's differences",
    .digits = 1,
    .by_estimate = true,
    .data = ON_PLAIN,
    .applies = moves_as_derived,
    .judge = judge_second_differences};

/* In cells of many elements the largest |xhat| says too little of the sums of its powers. */
static bool few_curved(const Trial *t) {
    return trial_curved(t) && is_small(t) && t->derives;
}

static CheckReport judge_third_order(Arena *arena, const Trial *t,
                                     const TrialCheck *check) {
    return by_step(arena, t, check->digits, CHECK_THIRD, true, DIRECTIONS);
}
const TrialCheck trial_third_order = {
    .name = "third-order",
    .says = "third derivatives along directions, complex step in 113 bits",
    .digits = 2,
    .data = ON_PLAIN,
    .applies = few_curved,
    .judge = judge_third_order};
