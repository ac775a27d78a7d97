/* A normalizer's two texts beside each other, and its affine beside none. An oracle that
 * replays a definition says nothing of what the definition forgets. */
#include "house.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>

/* ---- kernel and definition -------------------------------------------------------- */

static CheckReport judge_two_texts(Arena *arena, const Trial *t,
                                   const TrialCheck *check) {
    Outcome kernel = trial_run(arena, t, 0), text = trial_run_definition(arena, t);
    Tally sum = tally_new(t);
    tally_texts(&sum, t, &kernel, &text, check->digits);
    return sum.report;
}
const TrialCheck trial_two_texts = {.name = "two-texts",
                                    .says = "the kernel says what the definition says",
                                    .digits = 64,
                                    .data = ON_MODERATE,
                                    .judge = judge_two_texts};

/* ---- the affine ------------------------------------------------------------------- */

/* A parameter's gradient is the sum over its channel of dy times `factor` (NULL: 1). */
static void compare_sums(Arena *arena, Tally *sum, const Trial *t, size_t k,
                         const Outcome *got, const double *factor, const double *scale) {
    Quad *total = ZERO(arena, Quad, t->at.C);
    for (size_t i = 0; i < t->n; i++)
        total[i / t->at.L % t->at.C] += (Quad)t->dy[i] * (factor ? factor[i] : 1.0);
    for (size_t c = 0; c < t->at.C; c++)
        tally_quad(sum, t->norm->param[k].name, c, got->dparam[k][c], total[c], scale[c]);
}

static double *times_eps(Arena *arena, double digits, const double *scale, size_t count) {
    double *allowed = TAKE(arena, double, count);
    for (size_t c = 0; c < count; c++) allowed[c] = digits * DBL_EPSILON * scale[c];
    return allowed;
}

static CheckReport judge_affine(Arena *arena, const Trial *t, const TrialCheck *check) {
    Trial bare = trial_without_affine(arena, t);
    bare.dy = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) bare.dy[i] = trial_gamma(t, i) * t->dy[i];
    Outcome got = trial_run(arena, t, 0), one = trial_run(arena, &bare, 0);
    CheckBound y = trial_value_bound(arena, t, check->digits, false),
               d = trial_bound(arena, t, check->digits, false);
    const double eps = check->digits * DBL_EPSILON;
    Tally sum = tally_new(t);
    for (size_t i = 0; i < t->n; i++) {
        tally(&sum, "y", i, got.y[i], trial_gamma(t, i) * one.y[i] + trial_beta(t, i),
              eps * y.scale[0][i]);
        tally(&sum, "dx", i, got.dx[i], one.dx[i], eps * d.scale[0][i]);
    }
    static const NormParamRole affine[] = {NORM_PARAM_SCALE, NORM_PARAM_SHIFT};
    for (size_t i = 0; i < COUNT_OF(affine); i++) {
        size_t k = norm_place(t->norm, affine[i]);
        if (k == SIZE_MAX) continue;
        compare_sums(arena, &sum, t, k, &got, i == 0 ? one.y : NULL,
                     times_eps(arena, check->digits, d.scale[1 + k], t->at.C));
    }
    return sum.report;
}

static bool has_affine(const Trial *t) {
    return norm_affine_is_last(t->norm) &&
           (norm_place(t->norm, NORM_PARAM_SCALE) != SIZE_MAX ||
            norm_place(t->norm, NORM_PARAM_SHIFT) != SIZE_MAX);
}
const TrialCheck trial_affine = {
    .name = "affine",
    .says = "gamma and beta come last: y = gamma y(1, 0) + beta, and its gradients",
    .digits = 8,
    .data = ON_MODERATE,
    .applies = has_affine,
    .judge = judge_affine};

/* ---- evaluation ------------------------------------------------------------------- */

static CheckReport judge_evaluation(Arena *arena, const Trial *t,
                                    const TrialCheck *check) {
    (void)check;
    Trial other = *t;
    other.mode = NORM_EVAL;
    Outcome training = trial_run(arena, t, 0), evaluation = trial_run(arena, &other, 0);
    Tally sum = tally_new(t);
    tally_outcome(&sum, t, "evaluation", &evaluation, &training);
    return sum.report;
}

static bool has_no_state(const Trial *t) {
    return !norm_keeps_state(t->norm) && !norm_differs_by_mode(t->norm);
}
const TrialCheck trial_evaluation = {
    .name = "evaluation",
    .says = "without running state, evaluation is training: the same bits",
    .digits = 0,
    .data = ON_MODERATE,
    .applies = has_no_state,
    .judge = judge_evaluation};
