/* A normalizer's two texts beside each other, and its affine beside none. An oracle that
 * replays a definition says nothing of what the definition forgets. */
#include "trial_kind.h"

#include <float.h>
#include <math.h>

/* ---- kernel and definition -------------------------------------------------------- */

/* trial_run by the definition. */
static Outcome run_definition(Arena *arena, const Trial *t) {
    const Norm *norm = t->norm;
    Outcome o = {.dx = TAKE(arena, double, t->n)};
    Node *param[NORM_MAX_PARAMS];
    Tape *tape = tape_new(arena);
    Node *x = tape_parameter(tape, t->shape, t->x, o.dx);
    for (size_t k = 0; k < norm->params; k++) {
        o.dparam[k] = TAKE(arena, double, norm->param[k].count);
        param[k] =
            tape_parameter(tape, SHAPE(norm->param[k].count), t->param[k], o.dparam[k]);
    }
    NormContext call = trial_context(t, tape, param);
    Node *y = norm_define(&call, x);
    tape_backward(tape, y, t->dy);
    o.y = y->value;
    return o;
}

static CheckReport judge_two_texts(Arena *arena, const Trial *t,
                                   const TrialCheck *check) {
    Outcome kernel = trial_run(arena, t, 0), text = run_definition(arena, t);
    CheckBound y = trial_value_bound(arena, t, check->digits, true),
               d = trial_bound(arena, t, check->digits, 1, true);
    const double eps = check->digits * DBL_EPSILON;
    Tally sum = tally_new(t);
    for (size_t i = 0; i < t->n; i++) {
        tally(&sum, "y", i, kernel.y[i], text.y[i], eps * y.scale[0][i]);
        tally(&sum, "dx", i, kernel.dx[i], text.dx[i], eps * d.scale[0][i]);
    }
    for (size_t k = 0; k < t->norm->params; k++)
        for (size_t c = 0; c < t->norm->param[k].count; c++)
            tally(&sum, t->norm->param[k].name, c, kernel.dparam[k][c], text.dparam[k][c],
                  eps * d.scale[1 + k][c]);
    return sum.report;
}
const TrialCheck trial_two_texts = {.name = "two-texts",
                                    .says = "the kernel says what the definition says",
                                    .digits = 64,
                                    .data = ON_MODERATE,
                                    .judge = judge_two_texts};

/* ---- the affine ------------------------------------------------------------------- */

/* The trial with gamma 1, beta 0 and the upstream gamma dy. */
static Trial bare_of(Arena *arena, const Trial *t) {
    static const char *const name[] = {"gamma", "beta"};
    Trial bare = *t;
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        size_t k = trial_param(t, name[i]);
        if (k == SIZE_MAX) continue;
        bare.param[k] = TAKE(arena, double, t->norm->param[k].count);
        for (size_t c = 0; c < t->norm->param[k].count; c++)
            bare.param[k][c] = i == 0 ? 1.0 : 0.0;
    }
    bare.dy = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) bare.dy[i] = trial_gamma(t, i) * t->dy[i];
    return bare;
}

/* A parameter's gradient is the sum over its channel of dy times `factor` (NULL: 1). */
static void compare_sums(Arena *arena, Tally *sum, const Trial *t, const char *name,
                         const Outcome *got, const double *factor, const double *scale) {
    size_t k = trial_param(t, name);
    if (k == SIZE_MAX) return;
    Quad *total = ZERO(arena, Quad, t->at.C);
    for (size_t i = 0; i < t->n; i++)
        total[i / t->at.L % t->at.C] += (Quad)t->dy[i] * (factor ? factor[i] : 1.0);
    for (size_t c = 0; c < t->at.C; c++)
        tally_quad(sum, name, c, got->dparam[k][c], total[c], scale[c]);
}

static double *times_eps(Arena *arena, double digits, const double *scale, size_t count) {
    double *allowed = TAKE(arena, double, count);
    for (size_t c = 0; c < count; c++) allowed[c] = digits * DBL_EPSILON * scale[c];
    return allowed;
}

static CheckReport judge_affine(Arena *arena, const Trial *t, const TrialCheck *check) {
    const Trial bare = bare_of(arena, t);
    Outcome got = trial_run(arena, t, 0), one = trial_run(arena, &bare, 0);
    CheckBound y = trial_value_bound(arena, t, check->digits, false),
               d = trial_bound(arena, t, check->digits, 1, false);
    const double eps = check->digits * DBL_EPSILON;
    Tally sum = tally_new(t);
    for (size_t i = 0; i < t->n; i++) {
        tally(&sum, "y", i, got.y[i], trial_gamma(t, i) * one.y[i] + trial_beta(t, i),
              eps * y.scale[0][i]);
        tally(&sum, "dx", i, got.dx[i], one.dx[i], eps * d.scale[0][i]);
    }
    static const char *const name[] = {"gamma", "beta"};
    for (size_t i = 0; i < COUNT_OF(name); i++) {
        size_t k = trial_param(t, name[i]);
        if (k == SIZE_MAX) continue;
        compare_sums(arena, &sum, t, name[i], &got, i == 0 ? one.y : NULL,
                     times_eps(arena, check->digits, d.scale[1 + k], t->at.C));
    }
    return sum.report;
}

static bool has_affine(const Trial *t) {
    return trial_param(t, "gamma") != SIZE_MAX || trial_param(t, "beta") != SIZE_MAX;
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
    tally_outcome(&sum, t, &evaluation, &training);
    return sum.report;
}

static bool has_no_state(const Trial *t) {
    return !norm_keeps_state(t->norm);
}
const TrialCheck trial_evaluation = {
    .name = "evaluation",
    .says = "without running state, evaluation is training: the same bits",
    .digits = 0,
    .data = ON_MODERATE,
    .applies = has_no_state,
    .judge = judge_evaluation};
