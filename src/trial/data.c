/* The data of a trial, and what they are worth. */
#include "house.h"
#include "kind.h"
#include "op.h"
#include "trial_kind.h"

#include <math.h>
#include <string.h>

/* ---- data ------------------------------------------------------------------------ */

static const struct {
    const char *text;
    double mean;  /* in standard deviations */
    int exponent; /* std = 2^exponent */
} DATA[] = {{"plain", 0, 0},         {"mean 1e2 std", 1e2, 0}, {"mean 1e8 std", 1e8, 0},
            {"std 1e-150", 0, -498}, {"std 1e150", 0, 498},    {"repeated values", 0, 0}};

const char *trial_data_text(TrialData data) {
    return DATA[data].text;
}

/* The oracles number their own draws from 0 on: an upstream equal to the data would hide
 * what the gradient is made of. */
enum { OWN_DRAWS = 1 << 30, DRAW_X = 0, DRAW_DY = 1, DRAW_PARAM = 2, DRAW_STATE = 20 };

double *trial_normals(Arena *arena, const Trial *t, uint64_t sample, size_t count) {
    Draw draw = {
        .seed = t->seed, .purpose = DRAW_CHECK, .epoch = OWN_DRAWS, .sample = sample};
    double *values = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) values[i] = draw_normal(draw, i);
    return values;
}

/* State that is adapted, from what is there; of its kind there may be nothing to draw. */
static void adapt_state(Trial *t) {
    const Norm *norm = t->norm;
    for (size_t i = 0; i < norm->states; i++)
        if (norm->state[i].adapted) norm_begin_state(t->state[i], &norm->state[i]);
    norm_adapt(norm, (Draw){t->seed, DRAW_ADAPT, t->epoch, 0}, t->state);
}

static double datum(const Trial *t, double normal) {
    static const double few[] = {-1.0, 0.5, 2.0};
    if (t->data == DATA_REPEATED) return few[normal < -0.43 ? 0 : normal > 0.43];
    return t->unit * (DATA[t->data].mean + normal);
}

double trial_param_unit(const Trial *t, size_t k) {
    const double size = t->unit * (1.0 + DATA[t->data].mean);
    return t->norm->param[k].role == NORM_PARAM_GATE ? 1.0 / size : 1.0;
}

/* Where training holds it: what is drawn outside of a range is mirrored at its end, or, where
 * that is too far, put in between. */
static double within(const NormParam *p, double value) {
    const double mirrored = value < p->least  ? 2.0 * p->least - value
                            : value > p->most ? 2.0 * p->most - value
                                              : value;
    if (p->least <= mirrored && mirrored <= p->most) return mirrored;
    return p->least + (p->most - p->least) * (0.5 + 0.4 * tanh(value));
}

static void draw_all(Arena *arena, Trial *t) {
    const Norm *norm = t->norm;
    t->unit = ldexp(1.0, DATA[t->data].exponent);
    t->x = trial_normals(arena, t, DRAW_X, t->n);
    for (size_t i = 0; i < t->n; i++) t->x[i] = datum(t, t->x[i]);
    t->dy = trial_normals(arena, t, DRAW_DY, t->n);
    for (size_t i = 0; i < norm->params; i++) {
        t->param[i] = trial_normals(arena, t, DRAW_PARAM + i, norm->param[i].count);
        for (size_t k = 0; k < norm->param[i].count; k++)
            t->param[i][k] =
                within(&norm->param[i], t->param[i][k] * trial_param_unit(t, i));
    }
    for (size_t i = 0; i < norm->states; i++) {
        t->state[i] = trial_normals(arena, t, DRAW_STATE + i, norm->state[i].count);
        for (size_t k = 0; k < norm->state[i].count; k++)
            t->state[i][k] = state_drawn(norm->state[i].role, t->state[i][k], t->unit,
                                         DATA[t->data].mean);
    }
    adapt_state(t);
}

/* ---- kernels --------------------------------------------------------------------- */

TapeNode *trial_fused_from(TapeNode *node) {
    while (node && !(node->op && node->op->define && node->op->backward))
        node = node->previous;
    return node;
}

static bool detaches(const TapeNode *node) {
    while (node && !(node->op && strcmp(node->op->name, "detach") == 0))
        node = node->previous;
    return node != NULL;
}

/* What the program is made of, asked before there are data. */
static void read_program(Arena *arena, Trial *t) {
    ArenaMark mark = arena_mark(arena);
    const Norm *norm = t->norm;
    Trial blank = *t;
    TapeNode *param[NORM_MAX_PARAMS];
    Tape *tape = tape_new(arena);
    for (size_t k = 0; k < norm->params; k++)
        param[k] = tape_fill(tape, SHAPE_OF(norm->param[k].count), 1.0);
    for (size_t k = 0; k < norm->states; k++)
        blank.state[k] = filled(arena, norm->state[k].count, 1.0);
    adapt_state(&blank);
    NormContext call = trial_context(&blank, tape, param);
    norm_apply(&call, tape_fill(tape, t->shape, 0.0));
    t->fused = trial_fused_from(tape_last(tape)) != NULL;
    norm_define(&call,
                tape_fill(tape, t->shape, 0.0)); /* a kernel shows nothing inside */
    t->held = detaches(tape_last(tape));
    arena_rewind(arena, mark);
}

/* Cells of repeated values may have no variance: derivatives of a root of eps are powers of
 * it, up to -5/2 at the third order, which a definition forms one by one. */
static bool is_within_range(const Norm *norm) {
    static const double least = 1e-100;
    bool within = !norm_has_eps(norm) || norm->eps >= least;
    for (size_t i = 0; i < norm->parts; i++)
        within = within && is_within_range(norm->part[i]);
    return within;
}

/* ---- preparing ------------------------------------------------------------------- */

/* Of what schedules of the registry's examples do. */
enum { IN_THE_MIDDLE = 1 };

bool trial_fits(Arena *arena, Trial *t, const char *spec, Shape shape, NormMode mode,
                TrialData data, uint64_t seed, const TrialCheck *check) {
    BaseError error = {.set = false};
    *t = trial_of(NULL, shape, mode);
    t->spec = spec, t->data = data, t->seed = seed;
    t->epoch = IN_THE_MIDDLE;
    if (!(check->data >> data & 1u)) return false;
    const Norm *norm = norm_new(arena, spec, t->at.C, &error);
    if (norm == NULL || !norm_fits(arena, norm, t->at, mode, &error)) return false;
    if (mode == NORM_EVAL && !norm_keeps_state(norm)) return false;
    size_t smallest = norm_smallest_cell(norm, t->at, mode);
    if ((smallest == 1) != check->single) return false;
    if (DATA[data].mean != 0 && norm_saturates(norm)) return false; /* all is 0 there */
    t->derives = (mode == NORM_EVAL || norm_by_design(norm) == NULL) &&
                 smallest >= norm_sensible_cell(norm);
    t->curved = !norm_is_linear(norm, mode);
    t->own = t->curved && norm_is_partitioned(norm, mode);
    /* parts of a combination do not all see the scale of x */
    if (!norm_is_partitioned(norm, mode) && DATA[data].exponent != 0) return false;
    if (!norm_is_partitioned(norm, mode) && data == DATA_REPEATED &&
        !is_within_range(norm))
        return false;
    Norm *scaled = TAKE(arena, Norm, 1);
    *scaled = *norm;
    const int square = norm->eps_outside ? 1 : 2; /* of x's unit, or of its square */
    if (norm_has_eps(norm)) scaled->eps = ldexp(norm->eps, square * DATA[data].exponent);
    if (isnormal(norm->eps) && !isnormal(scaled->eps)) return false;
    t->norm = scaled;
    read_program(arena, t);
    /* the digits of a definition are gone there, and those of an oracle of 64 bits */
    if (data == DATA_FAR && (!t->fused || !NORMLAB_HAS_QUAD)) return false;
    return check->applies == NULL || check->applies(t);
}

static bool has_equation(const Norm *norm) {
    bool has = norm->kind->equation != NULL;
    for (size_t i = 0; i < norm->parts; i++) has = has || has_equation(norm->part[i]);
    return has;
}

/* Data at which rounding decides a choice are drawn again: there is no right answer. Of
 * repeated values a moment may be 0 in one order of operations and a last digit in another.
 * Loops restate equations in an order of their own: there draws without a tie come first, and
 * where rounding decides some and none is without (false), nothing can be asked. */
enum { MOST_DRAWS = 8 };

static bool draw_decided(Arena *arena, Trial *t, uint64_t seed) {
    const bool ties = t->data != DATA_REPEATED || !has_equation(t->norm);
    bool rounded = false;
    for (uint64_t again = 0; again < MOST_DRAWS; again++) {
        t->seed = seed + (again << 40);
        draw_all(arena, t);
        const CheckFunction f = trial_function(arena, t, true);
        const CheckChoices found = check_choices(arena, &f);
        if (found == CHOICES_DECIDED || (ties && found == CHOICES_TIED)) return true;
        rounded = rounded || found == CHOICES_ROUNDED;
    }
    return ties || !rounded;
}

bool trial_prepare(Arena *arena, Trial *t, const char *spec, Shape shape, NormMode mode,
                   TrialData data, uint64_t seed, const TrialCheck *check) {
    if (!trial_fits(arena, t, spec, shape, mode, data, seed, check)) return false;
    if (!draw_decided(arena, t, seed)) return false;
    trial_measure(arena, t);
    return true;
}
