/* Normalizers whose backward is by design no derivative of their forward: no derivative
 * oracle can judge them, so all of their equations are restated in plain loops (loops.h),
 * forward, backward and what both observe for the running state. */
#include "loops.h"
#include "text.h"

#include <float.h>

static void compare(Tally *sum, const char *what, const double *got, const Quad *expected,
                    const double *scale, double digits, size_t count) {
    for (size_t i = 0; i < count; i++)
        tally_quad(sum, what, i, got[i], expected[i], digits * DBL_EPSILON * scale[i]);
}

static void compare_param(Arena *arena, Tally *sum, const Trial *t, const char *text,
                          NormParamRole role, const Outcome *got, const Quad *expected,
                          const double *scale, double digits) {
    const size_t k = norm_place(t->norm, role);
    if (k != SIZE_MAX)
        compare(sum, text_print(arena, "%s's d%s", text, t->norm->param[k].name),
                got->dparam[k], expected, scale, digits, t->at.C);
}

static void compare_text(Arena *arena, Tally *sum, const Trial *t, const char *text,
                         const Outcome *got, const LoopsDesign *all, double digits) {
    compare(sum, text_print(arena, "%s's y", text), got->y, all->y, all->y_scale, digits,
            t->n);
    compare(sum, text_print(arena, "%s's dx", text), got->dx, all->dx, all->dx_scale,
            digits, t->n);
    compare_param(arena, sum, t, text, NORM_PARAM_SCALE, got, all->dgamma,
                  all->dgamma_scale, digits);
    compare_param(arena, sum, t, text, NORM_PARAM_SHIFT, got, all->dbeta,
                  all->dbeta_scale, digits);
    for (size_t s = 0; s < t->norm->states; s++)
        compare(sum, text_print(arena, "%s's observed %s", text, t->norm->state[s].name),
                got->observed[s], all->observed[s], all->observed_scale[s], digits,
                t->at.C);
}

static CheckReport judge_by_design(Arena *arena, const Trial *t,
                                   const TrialCheck *check) {
    const LoopsDesign all = loops_design(arena, t);
    const Outcome kernel = trial_run(arena, t, 0),
                  definition = trial_run_definition(arena, t);
    Tally sum = tally_new(t);
    compare_text(arena, &sum, t, "kernel", &kernel, &all, check->digits);
    compare_text(arena, &sum, t, "definition", &definition, &all, check->digits);
    return sum.report;
}

/* A kind that says so and is not restated is judged by nobody: tests/norm/norm_mabn.c. */
static bool is_restated(const Trial *t) {
    return t->mode == NORM_TRAIN && loops_know_design(t->norm);
}
const TrialCheck trial_by_design = {
    .name = "by-design",
    .says = "a backward that is no derivative by design: all restated in plain loops",
    .digits = 8,
    .data = ON_ALL,
    .applies = is_restated,
    .judge = judge_by_design};
