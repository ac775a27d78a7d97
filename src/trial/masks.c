/* Elements that are in no cell: padding that is left out, wherever it stands and whatever stands
 * in it, and masks that leave cells of many sizes. */
#include "house.h"
#include "loops.h"

#include <float.h>
#include <string.h>

static bool takes_masks(const Trial *t) {
    return norm_unmasked(t->norm) == NULL;
}

/* ---- padding ----------------------------------------------------------------------- */

enum { EXTRA = 3 }; /* positions of every sample that are in no cell */

/* The same call on more positions: those of a sample in their order, but each sample's at other
 * places; place [n] is where an element of t stands. */
typedef struct Padded {
    Trial trial;
    size_t *place;
} Padded;

/* mask [N, L + EXTRA] */
static unsigned char *drawn_mask(Arena *arena, const Trial *t) {
    const size_t L = t->at.L + EXTRA;
    unsigned char *mask = TAKE(arena, unsigned char, t->at.N *L);
    size_t *order = TAKE(arena, size_t, L);
    memset(mask, 1, t->at.N * L);
    for (size_t n = 0; n < t->at.N; n++) {
        draw_permutation((Draw){.seed = t->seed, .purpose = DRAW_CHECK, .epoch = n},
                         order, L);
        for (size_t k = 0; k < EXTRA; k++) mask[n * L + order[k]] = 0;
    }
    return mask;
}

static double *padded(Arena *arena, const double *values, const Padded *wide, size_t n) {
    static const double wild[] = {1e300, NAN, -1e300, INFINITY, 7.0};
    double *all = TAKE(arena, double, wide->trial.n);
    for (size_t i = 0; i < wide->trial.n; i++) all[i] = wild[i % COUNT_OF(wild)];
    for (size_t i = 0; i < n; i++) all[wide->place[i]] = values[i];
    return all;
}

static Padded pad(Arena *arena, const Trial *t) {
    const ShapeLattice at = {t->at.N, t->at.C, t->at.L + EXTRA};
    Padded wide = {*t, TAKE(arena, size_t, t->n)};
    const unsigned char *mask = drawn_mask(arena, t);
    size_t i = 0;
    for (size_t row = 0; row < at.N * at.C; row++)
        for (size_t l = 0; l < at.L; l++)
            if (mask[row / at.C * at.L + l]) wide.place[i++] = row * at.L + l;
    wide.trial.at = at;
    wide.trial.shape = SHAPE_OF(at.N, at.C, at.L);
    wide.trial.n = at.N * at.C * at.L;
    wide.trial.mask = mask;
    wide.trial.x = padded(arena, t->x, &wide, t->n);
    wide.trial.dy = padded(arena, t->dy, &wide, t->n);
    return wide;
}

/* What stands in padding is 0, exactly; the rest, where it stood. */
static double *unpadded(Arena *arena, Tally *sum, const char *what, const double *all,
                        const Padded *wide, size_t n) {
    double *values = TAKE(arena, double, n), *rest = copy_of(arena, all, wide->trial.n);
    for (size_t i = 0; i < n; i++)
        values[i] = all[wide->place[i]], rest[wide->place[i]] = 0.0;
    for (size_t i = 0; i < wide->trial.n; i++) tally(sum, what, i, rest[i], 0.0, 0.0);
    return values;
}

/* In units of the data, which are 1: a mean of what has been standardized is a rounding. */
static void tally_observed(Tally *sum, const Trial *t, const Outcome *got,
                           const Outcome *expected, double digits) {
    for (size_t s = 0; s < t->norm->states; s++) {
        const NormState *state = &t->norm->state[s];
        double most = 0.0;
        for (size_t k = 0; k < state->count; k++)
            if (isfinite(expected->observed[s][k]))
                most = fmax(most, fabs(expected->observed[s][k]));
        for (size_t k = 0; k < state->count; k++)
            tally(sum, state->name, k, got->observed[s][k], expected->observed[s][k],
                  digits * DBL_EPSILON * (1.0 + most));
    }
}

static CheckReport judge_padding(Arena *arena, const Trial *t, const TrialCheck *check) {
    const Padded wide = pad(arena, t);
    const Outcome expected = trial_run_definition(arena, t);
    Outcome got = trial_run(arena, &wide.trial, 0);
    Tally sum = tally_new(t);
    got.y = unpadded(arena, &sum, "padding of y", got.y, &wide, t->n);
    got.dx = unpadded(arena, &sum, "padding of dx", got.dx, &wide, t->n);
    tally_close(&sum, t, &got, &expected, check->digits, true);
    if (t->mode == NORM_TRAIN) tally_observed(&sum, t, &got, &expected, check->digits);
    return sum.report;
}
const TrialCheck trial_padding = {
    .name = "padding",
    .says = "positions in no cell, wild numbers in them: the rest as without them",
    .digits = 16,
    .data = ON_MODERATE,
    .applies = takes_masks,
    .judge = judge_padding};

/* ---- masks that leave cells of many sizes ------------------------------------------------ */

enum { SMALL = 130, FULL = 400, FEW = 2 };

/* A third of the positions at most, other ones in each sample, and a whole sample of some. */
static Trial masked(Arena *arena, const Trial *t) {
    Trial some = *t;
    const ShapeLattice at = t->at;
    unsigned char *mask = TAKE(arena, unsigned char, at.N *at.L);
    for (size_t i = 0; i < at.N * at.L; i++) {
        const size_t n = i / at.L, l = i % at.L;
        const bool row = at.N > 2 && n % 4 == 1, hole = at.L > 2 && (l * l + n) % 5 == 1;
        mask[i] = !row && !hole;
    }
    some.mask = mask;
    return some;
}

/* Running moments that were pooled in doubles have no 113 bits. */
static bool is_restated(const Trial *t) {
    const bool pooled = t->mode == NORM_EVAL && loops_pool(t->norm);
    return takes_masks(t) && loops_know(t->norm) && !pooled;
}

static CheckReport judge_masked_value(Arena *arena, const Trial *t,
                                      const TrialCheck *check) {
    const Trial some = masked(arena, t);
    const Number *in[1 + NORM_MAX_PARAMS];
    for (size_t k = 0; k <= t->norm->params; k++) {
        const size_t count = k ? t->norm->param[k - 1].count : t->n;
        const double *value = k ? t->param[k - 1] : t->x;
        Number *numbers = TAKE(arena, Number, count);
        for (size_t i = 0; i < count; i++) numbers[i] = value[i];
        in[k] = numbers;
    }
    const Number *right = loops_answer(arena, &some, in[0], in + 1);
    const CheckFunction f = trial_function(arena, &some, true);
    const double *scale = check_value_scale(arena, &f, false)[0];
    const double *y = trial_run(arena, &some, 0).y;
    Tally sum = tally_new(t);
    for (size_t i = 0; i < t->n; i++)
        tally_quad(&sum, "y", i, y[i], loops_real(right[i]),
                   check->digits * DBL_EPSILON * scale[i]);
    return sum.report;
}
const TrialCheck trial_masked_value = {
    .name = "masked-value",
    .says = "y under a scattered mask is the equation's in plain loops of 113 bits",
    .digits = 8,
    .data = ON_PLAIN,
    .applies = is_restated,
    .judge = judge_masked_value};

/* Where nothing is rounded, no bound of rounding allows for the sum along a direction. */
static bool derives_masked(const Trial *t) {
    const bool rounds = t->curved || t->norm->states > 0 || t->norm->params > 0;
    return takes_masks(t) && t->derives && rounds;
}

static CheckReport judge_masked_gradient(Arena *arena, const Trial *t,
                                         const TrialCheck *check) {
    const Trial some = masked(arena, t);
    const CheckFunction f = trial_function(arena, &some, true);
    const CheckBound bound = {.digits = check->digits};
    const size_t probes = t->n <= SMALL ? FULL : FEW;
    return check_complex_step(arena, &f, CHECK_GRADIENT, &bound, true, t->seed, probes);
}
const TrialCheck trial_masked_gradient = {
    .name = "masked-gradient",
    .says = "its gradient under that mask by the complex step in 113 bits",
    .digits = 8,
    .data = ON_PLAIN,
    .applies = derives_masked,
    .judge = judge_masked_gradient};
