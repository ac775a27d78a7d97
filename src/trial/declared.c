/* What an equation in text says of itself: the identities of its lines `check: ...`, and what its
 * states observe. */
#include "equation.h"
#include "kind.h"
#include "loops.h"
#include "text.h"
#include "written.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const Equation *equation_of(const Trial *t) {
    return t->norm->kind->equation;
}

/* ---- moved x ------------------------------------------------------------------------------ */

/* On a grid of 2^-20, so that both x and 2 x, or x + 1, are without rounding. */
static Trial on_grid(Arena *arena, const Trial *t, double times, double plus) {
    Trial moved = *t;
    Norm *norm = TAKE(arena, Norm, 1);
    *norm = *t->norm;
    norm->eps = 1e-30; /* of no weight */
    moved.norm = norm;
    moved.x = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++)
        moved.x[i] = times * (ldexp(nearbyint(ldexp(t->x[i], 20)), -20) + plus);
    return moved;
}

static void judge_moved(Arena *arena, Tally *sum, const Trial *t, double digits,
                        double times, double plus) {
    const Trial here = on_grid(arena, t, 1.0, 0.0),
                there = on_grid(arena, t, times, plus);
    const Outcome one = trial_run(arena, &here, 0), two = trial_run(arena, &there, 0);
    const CheckBound y = trial_value_bound(arena, &there, digits, true),
                     d = trial_bound(arena, &there, digits, true);
    const double eps = digits * DBL_EPSILON;
    const char *where = times == 1.0 ? "x + 1" : "2 x";
    for (size_t i = 0; i < t->n; i++) {
        tally(sum, text_print(arena, "y of %s", where), i, two.y[i], one.y[i],
              eps * y.scale[0][i]);
        tally(sum, text_print(arena, "dx of %s", where), i, two.dx[i] * times, one.dx[i],
              eps * times * d.scale[0][i]);
    }
}

/* ---- twins ---------------------------------------------------------------------------------- */

static const Norm *twin_of(Arena *arena, const Trial *t, const EquationIdentity *twin) {
    const Written *w = t->norm->detail;
    BaseError error = {.set = false};
    const char *spec = equation_spec(arena, w->equation, &w->settings, twin->spec);
    const Norm *norm = norm_new(arena, spec, t->at.C, &error);
    if (norm == NULL || !norm_fits(arena, norm, t->at, t->mode, &error)) return NULL;
    Norm *own = TAKE(arena, Norm, 1);
    *own = *norm;
    own->eps = t->norm->eps;
    return own;
}

/* gamma, beta and state of the twin are those of the same role and order; NULL: it has another. */
static const double *alike(const Trial *t, NormParamRole role) {
    const size_t k = norm_place(t->norm, role);
    return k == SIZE_MAX ? NULL : t->param[k];
}

static bool as_twin(Trial *other, const Trial *t, const Norm *norm) {
    *other = *t;
    other->norm = norm;
    for (size_t k = 0; k < norm->params; k++) {
        const double *value = alike(t, norm->param[k].role);
        if (value == NULL) return false;
        other->param[k] = (double *)(uintptr_t)value;
    }
    if (t->mode == NORM_TRAIN) return true;
    for (size_t k = 0; k < norm->states; k++)
        if (k >= t->norm->states || norm->state[k].role != t->norm->state[k].role ||
            norm->state[k].count != t->norm->state[k].count)
            return false;
    return true;
}

/* The trial with the parameters that the identity names put to its numbers. */
static Trial as_said(Arena *arena, const Trial *t, const EquationIdentity *twin) {
    Trial said = *t;
    const Equation *equation = equation_of(t);
    for (size_t i = 0; i < twin->count; i++)
        for (size_t k = 0; k < t->norm->params; k++)
            if (strcmp(t->norm->param[k].name, equation->line[twin->line[i]].name) == 0)
                said.param[k] = filled(arena, t->norm->param[k].count, twin->number[i]);
    return said;
}

static void judge_twin(Arena *arena, Tally *sum, const Trial *t,
                       const EquationIdentity *twin, double digits) {
    const Norm *norm = twin_of(arena, t, twin);
    const Trial own = as_said(arena, t, twin);
    Trial other;
    if (norm == NULL || !as_twin(&other, &own, norm)) {
        report_remark(&sum->report, text_print(arena, "no twin %s here", twin->spec));
        sum->report.verdict = CHECK_FAIL;
        return;
    }
    const Outcome one = trial_run(arena, &own, 0), two = trial_run(arena, &other, 0);
    const CheckBound y = trial_value_bound(arena, &own, digits, false),
                     d = trial_bound(arena, &own, digits, false);
    const double eps = digits * DBL_EPSILON;
    for (size_t i = 0; i < t->n; i++) {
        tally(sum, text_print(arena, "y of %s", norm->spec), i, one.y[i], two.y[i],
              eps * y.scale[0][i]);
        tally(sum, text_print(arena, "dx of %s", norm->spec), i, one.dx[i], two.dx[i],
              eps * d.scale[0][i]);
    }
}

static bool says_something(const Trial *t) {
    return equation_of(t) && equation_of(t)->identities > 0;
}

static CheckReport judge_declared(Arena *arena, const Trial *t, const TrialCheck *check) {
    const Equation *equation = equation_of(t);
    Tally sum = tally_new(t);
    for (size_t i = 0; i < equation->identities; i++) {
        const EquationIdentity *identity = &equation->identity[i];
        if (identity->kind == IDENTITY_TWIN)
            judge_twin(arena, &sum, t, identity, check->digits);
        else if (t->mode == NORM_EVAL)
            continue; /* by moments that do not go with x: of training alone */
        else if (identity->kind == IDENTITY_SCALE)
            judge_moved(arena, &sum, t, check->digits, 2.0, 0.0);
        else
            judge_moved(arena, &sum, t, check->digits, 1.0, 1.0);
    }
    return sum.report;
}
const TrialCheck trial_declared = {
    .name = "declared",
    .says = "the identities that its equation declares (a twin, an invariance)",
    .digits = 8,
    .data = ON_PLAIN,
    .applies = says_something,
    .judge = judge_declared};

/* ---- what is observed ------------------------------------------------------------------------- */

static bool observes(const Trial *t) {
    return equation_of(t) && t->mode == NORM_TRAIN && t->norm->states > 0;
}

static CheckReport judge_observed(Arena *arena, const Trial *t, const TrialCheck *check) {
    const Outcome kernel = trial_run(arena, t, 0),
                  definition = trial_run_definition(arena, t);
    Tally sum = tally_new(t);
    for (size_t k = 0; k < t->norm->states; k++) {
        const Number *right = loops_observed(arena, t, k);
        double most = 0.0;
        for (size_t i = 0; right && i < t->norm->state[k].count; i++)
            if (isfinite((double)loops_real(right[i])))
                most = fmax(most, fabs((double)loops_real(right[i])));
        for (size_t i = 0; right && i < t->norm->state[k].count; i++) {
            const double allowed = check->digits * DBL_EPSILON * most;
            tally_quad(&sum, t->norm->state[k].name, i, kernel.observed[k][i],
                       loops_real(right[i]), allowed);
            tally_quad(&sum, text_print(arena, "definition's %s", t->norm->state[k].name),
                       i, definition.observed[k][i], loops_real(right[i]), allowed);
        }
    }
    return sum.report;
}
const TrialCheck trial_observed = {
    .name = "observed",
    .says = "what its states observe is the equation's, in plain loops of 113 bits",
    .digits = 16,
    .data = ON_MODERATE,
    .applies = observes,
    .judge = judge_observed};
