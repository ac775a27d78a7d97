/* Moments that somebody else has of the cells: constants of the same equation. */
#include "house.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>

static bool takes_moments(const Trial *t) {
    return t->own && t->mode == NORM_TRAIN && norm_takes_moments(t->norm);
}

/* The moments of the trial's own cells, as doubles have them. */
static Trial with_own_moments(Arena *arena, const Trial *t) {
    double *mean = TAKE(arena, double, t->cells),
           *variance = TAKE(arena, double, t->cells);
    for (size_t k = 0; k < t->cells; k++) {
        mean[k] = (double)t->cell[k].mean;
        variance[k] = (double)t->cell[k].variance;
    }
    Trial given = *t;
    given.given = (NormGiven){mean, variance};
    return given;
}

/* y is that of its own moments, and dx = gamma dy / root. */
static void judge_one(Tally *sum, const Trial *t, const Outcome *got, const double *scale,
                      double digits) {
    const double eps = digits * DBL_EPSILON;
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        const Quad h = (Quad)trial_gamma(t, i) * t->dy[i],
                   y = trial_gamma(t, i) * trial_xhat(t, i) + trial_beta(t, i);
        tally_quad(sum, "y", i, got->y[i], y, eps * scale[i]);
        tally_quad(sum, "dx", i, got->dx[i], h / trial_root(t, cell->variance),
                   eps * cell->h * cell->rstd);
    }
    for (size_t k = 0; k < t->norm->states; k++)
        for (size_t c = 0; c < t->norm->state[k].count; c++)
            tally(sum, "observed", c, got->observed[k][c], NAN, 0.0);
}

static CheckReport judge_given(Arena *arena, const Trial *t, const TrialCheck *check) {
    const Trial given = with_own_moments(arena, t);
    const double *scale = trial_value_bound(arena, t, check->digits, true).scale[0];
    const Outcome kernel = trial_run(arena, &given, 0),
                  definition = trial_run_definition(arena, &given);
    Tally sum = tally_new(t);
    judge_one(&sum, t, &kernel, scale, check->digits);
    judge_one(&sum, t, &definition, scale, check->digits);
    return sum.report;
}
const TrialCheck trial_given = {
    .name = "given",
    .says = "by its own moments as given constants: the same y, and dx = gamma dy/root",
    .digits = 8,
    .data = ON_MODERATE,
    .applies = takes_moments,
    .judge = judge_given};
