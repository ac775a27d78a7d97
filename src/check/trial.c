/* Cases, their data, and what their numbers are worth. */
#include "judge.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- the tables ------------------------------------------------------------------ */

#define TRIAL(name) extern const TrialCheck trial_##name;
#include "trial.def"
#undef TRIAL

#define TRIAL(name) &trial_##name,
static const TrialCheck *const CHECKS[] = {
#include "trial.def"
};
#undef TRIAL

static const Shape SHAPES[] = {{2, {16, 8}},         {3, {4, 8, 5}}, {4, {4, 4, 3, 3}},
                               {5, {4, 4, 2, 3, 2}}, {3, {3, 1, 7}}, /* one channel */
                               {2, {1, 8}}, /* one sample, one position */
                               {2, {4, 2}},          {2, {4, 1}}};

/* Why an oracle cannot tell there, by construction and at any seed. */
typedef struct Listed {
    const char *spec, *shape, *check, *reason;
} Listed;

#define INCONCLUSIVE(spec, shape, check, reason) {spec, shape, check, reason},
static const Listed LISTED[] = {
#include "inconclusive.def"
    {NULL, NULL, NULL, NULL}};
#undef INCONCLUSIVE

const TrialCheck *const *trial_checks(size_t *count) {
    *count = COUNT_OF(CHECKS);
    return CHECKS;
}

const Shape *trial_shapes(size_t *count) {
    *count = COUNT_OF(SHAPES);
    return SHAPES;
}

const char *trial_name(const TrialCheck *check) {
    return check->name;
}

const char *trial_says(const TrialCheck *check) {
    return check->says;
}

double trial_digits(const TrialCheck *check) {
    return check->digits;
}

const char *trial_unit(const TrialCheck *check) {
    return check->by_estimate ? "bound" : "eps";
}

static const char *sizes_text(Arena *arena, Shape shape) {
    Text text = text_new(arena);
    for (size_t i = 0; i < shape.rank; i++)
        text_add(&text, "%s%zu", i ? "x" : "", shape.size[i]);
    return text.data;
}

const char *trial_case_name(Arena *arena, const char *spec, Shape shape,
                            const TrialCheck *check) {
    const char *slug = spec_slug(arena, spec);
    return text_print(arena, "%s.%s.%s", slug, sizes_text(arena, shape), check->name);
}

static const char *listed(const char *spec, Shape shape, const TrialCheck *check) {
    Arena *arena = arena_new();
    const char *sizes = sizes_text(arena, shape), *reason = NULL;
    for (const Listed *l = LISTED; l->spec; l++)
        if (strcmp(l->spec, spec) == 0 && strcmp(l->shape, sizes) == 0 &&
            strcmp(l->check, check->name) == 0)
            reason = l->reason;
    arena_free(arena);
    return reason;
}

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

static double datum(const Trial *t, double normal) {
    static const double few[] = {-1.0, 0.5, 2.0};
    if (t->data == DATA_REPEATED) return few[normal < -0.43 ? 0 : normal > 0.43];
    return t->unit * (DATA[t->data].mean + normal);
}

static void draw_all(Arena *arena, Trial *t) {
    const Norm *norm = t->norm;
    t->unit = ldexp(1.0, DATA[t->data].exponent);
    t->x = trial_normals(arena, t, DRAW_X, t->n);
    for (size_t i = 0; i < t->n; i++) t->x[i] = datum(t, t->x[i]);
    t->dy = trial_normals(arena, t, DRAW_DY, t->n);
    for (size_t i = 0; i < norm->params; i++)
        t->param[i] = trial_normals(arena, t, DRAW_PARAM + i, norm->param[i].count);
    for (size_t i = 0; i < norm->states; i++) { /* any mean, a positive variance */
        t->state[i] = trial_normals(arena, t, DRAW_STATE + i, norm->state[i].count);
        for (size_t k = 0; k < norm->state[i].count; k++)
            t->state[i][k] =
                i == 0 ? t->unit * (DATA[t->data].mean + t->state[i][k])
                       : t->unit * t->unit * (0.5 + t->state[i][k] * t->state[i][k]);
    }
}

/* ---- what the numbers are worth -------------------------------------------------- */

size_t trial_param(const Trial *t, const char *name) {
    for (size_t i = 0; i < t->norm->params; i++)
        if (strcmp(t->norm->param[i].name, name) == 0) return i;
    return SIZE_MAX;
}

static double per_channel(const Trial *t, const char *name, size_t i, double otherwise) {
    size_t k = trial_param(t, name);
    return k == SIZE_MAX ? otherwise : t->param[k][i / t->at.L % t->at.C];
}

double trial_gamma(const Trial *t, size_t i) {
    return per_channel(t, "gamma", i, 1.0);
}

double trial_beta(const Trial *t, size_t i) {
    return per_channel(t, "beta", i, 0.0);
}

Quad trial_xhat(const Trial *t, size_t i) {
    const TrialCell *cell = &t->cell[t->where[i]];
    return (t->x[i] - cell->mean) / quad_sqrt(cell->variance + t->norm->eps);
}

bool trial_own(const Trial *t) {
    return t->own;
}

static void own_moments(const Trial *t) {
    for (size_t i = 0; i < t->n; i++) {
        TrialCell *cell = &t->cell[t->where[i]];
        cell->count++, cell->mean += t->x[i];
    }
    for (size_t k = 0; k < t->cells; k++) t->cell[k].mean /= (Quad)t->cell[k].count;
    for (size_t i = 0; i < t->n; i++) {
        TrialCell *cell = &t->cell[t->where[i]];
        Quad d = t->x[i] - cell->mean;
        cell->variance += d * d / (Quad)cell->count;
    }
}

/* Mean and variance are the running state, or 0 and 1 - eps: the affine alone. */
static void given_moments(const Trial *t) {
    bool state = t->norm->states > 0;
    for (size_t i = 0; i < t->n; i++) {
        size_t c = i / t->at.L % t->at.C;
        TrialCell *cell = &t->cell[t->where[i]];
        cell->count++;
        cell->mean = state ? t->state[0][c] : 0;
        cell->variance = state ? (Quad)t->state[1][c] : 1 - (Quad)t->norm->eps;
    }
}

void trial_measure(Arena *arena, Trial *t) {
    const Partition *p = norm_partition(arena, t->norm, t->at, t->mode);
    size_t *where = TAKE(arena, size_t, t->n);
    for (size_t i = 0; i < t->n; i++)
        where[i] =
            partition_cell(p, i / t->at.L / t->at.C, i / t->at.L % t->at.C, i % t->at.L);
    t->where = where;
    t->cells = partition_cells(p);
    t->cell = ZERO(arena, TrialCell, t->cells);
    t->own ? own_moments(t) : given_moments(t);
    for (size_t k = 0; k < t->cells; k++) {
        TrialCell *cell = &t->cell[k];
        cell->rstd = (double)(1 / quad_sqrt(cell->variance + t->norm->eps));
        if (cell->variance > 0)
            cell->ratio = (double)(quad_abs(cell->mean) / quad_sqrt(cell->variance));
    }
    for (size_t i = 0; i < t->n; i++) {
        TrialCell *cell = &t->cell[t->where[i]];
        cell->xhat = fmax(cell->xhat, (double)quad_abs(trial_xhat(t, i)));
        cell->h = fmax(cell->h, fabs(trial_gamma(t, i) * t->dy[i]));
        cell->dy = fmax(cell->dy, fabs(t->dy[i]));
    }
}

CheckBound trial_value_bound(Arena *arena, const Trial *t, double digits,
                             bool definition) {
    const double **scale = TAKE(arena, const double *, 1);
    double *each = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        each[i] = fabs(trial_gamma(t, i)) * cell->xhat + fabs(trial_beta(t, i));
        if (definition) each[i] *= 1.0 + cell->ratio;
    }
    scale[0] = each;
    return (CheckBound){.digits = digits, .scale = scale};
}

/* Largest of v along any direction that an oracle draws. */
static const double DRAWN = 4.0;

/* One more derivative by x along v: the factor rstd |v| (1 + |xhat|)^2; where the moments
 * are given, xhat is linear. */
static double once_more(const Trial *t, const TrialCell *cell) {
    if (!t->own) return 1.0 + DRAWN * t->unit * cell->rstd;
    return 1.0 + DRAWN * t->unit * cell->rstd * (1.0 + cell->xhat) * (1.0 + cell->xhat);
}

static double growth(const Trial *t, const TrialCell *cell, size_t order,
                     bool definition) {
    double factor = definition ? 1.0 + cell->ratio : 1.0;
    for (size_t k = 1; k < order; k++) factor *= once_more(t, cell);
    return factor;
}

/* By a parameter of a channel: the sum of |dy| (largest |xhat|); of beta, |dy| alone. */
static double *param_scale(Arena *arena, const Trial *t, size_t which, size_t order,
                           bool definition) {
    const size_t count = t->norm->param[which].count;
    double *each = ZERO(arena, double, count);
    bool beta = trial_param(t, "beta") == which;
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        double share = fabs(t->dy[i]); /* v moves xhat beyond the first order */
        if (!beta) share *= order > 1 ? 1.0 + cell->xhat : cell->xhat;
        share *= growth(t, cell, order, definition);
        for (size_t k = 0; k < count; k++)
            if (count != t->at.C || k == i / t->at.L % t->at.C) each[k] += share;
    }
    return each;
}

CheckBound trial_bound(Arena *arena, const Trial *t, double digits, size_t order,
                       bool definition) {
    const double **scale = TAKE(arena, const double *, 2 + t->norm->params);
    double *by_x = TAKE(arena, double, t->n), *by_u = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) {
        const TrialCell *cell = &t->cell[t->where[i]];
        double grows = growth(t, cell, order, definition);
        double h = cell->h + (order > 1 ? DRAWN * cell->dy : 0.0); /* gamma may move */
        by_x[i] = h * cell->rstd * (1.0 + cell->xhat) * grows;
        by_u[i] = (fabs(trial_gamma(t, i)) + DRAWN) * (1.0 + cell->xhat) * grows;
    }
    scale[0] = by_x;
    for (size_t k = 0; k < t->norm->params; k++)
        scale[1 + k] = param_scale(arena, t, k, order, definition);
    scale[1 + t->norm->params] = by_u;
    return (CheckBound){.digits = digits, .scale = scale};
}

/* ---- one call -------------------------------------------------------------------- */

static Node *write_norm(Tape *tape, Node *const *x, void *context) {
    const Trial *t = context;
    NormContext call = {.tape = tape,
                        .norm = t->norm,
                        .mode = t->mode,
                        .param = x + 1,
                        .state = (const double *const *)t->state};
    return norm_apply(&call, x[0]);
}

/* The trial as a function's context, which is not const. */
static void *context_of(const Trial *trial) {
    union {
        const Trial *trial;
        void *context;
    } held = {trial};
    return held.context;
}

CheckFunction trial_function(Arena *arena, const Trial *t) {
    CheckInput *input = TAKE(arena, CheckInput, 1 + t->norm->params);
    input[0] = (CheckInput){"x", t->shape, t->x, t->unit};
    for (size_t k = 0; k < t->norm->params; k++)
        input[1 + k] = (CheckInput){t->norm->param[k].name,
                                    SHAPE(t->norm->param[k].count), t->param[k], 1.0};
    return (CheckFunction){.name = t->spec,
                           .inputs = 1 + t->norm->params,
                           .input = input,
                           .write = write_norm,
                           .context = context_of(t),
                           .upstream = t->dy};
}

static Node *given(Tape *tape, Shape shape, const double *value, double *slot) {
    return slot ? tape_parameter(tape, shape, value, slot)
                : tape_leaf(tape, shape, value);
}

static double *slot_for(Arena *arena, size_t count, bool frozen) {
    if (frozen) return NULL;
    double *slot = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++) slot[k] = NAN; /* what is not written shows */
    return slot;
}

Outcome trial_run(Arena *arena, const Trial *t, unsigned frozen) {
    Outcome o = {.y = TAKE(arena, double, t->n)};
    const Norm *norm = t->norm;
    Node *in[NORM_MAX_PARAMS];
    o.dx = slot_for(arena, t->n, frozen & 1u);
    for (size_t k = 0; k < norm->params; k++)
        o.dparam[k] = slot_for(arena, norm->param[k].count, frozen >> (k + 1) & 1u);
    for (size_t k = 0; k < norm->states; k++)
        o.observed[k] = ZERO(arena, double, norm->state[k].count);
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    Node *x = given(tape, t->shape, t->x, o.dx);
    for (size_t k = 0; k < norm->params; k++)
        in[k] = given(tape, SHAPE(norm->param[k].count), t->param[k], o.dparam[k]);
    NormContext call = {.tape = tape,
                        .norm = norm,
                        .mode = t->mode,
                        .param = in,
                        .state = (const double *const *)t->state,
                        .observed = norm->states ? o.observed : NULL};
    Node *y = norm_apply(&call, x);
    tape_backward(tape, y, t->dy);
    memcpy(o.y, y->value, t->n * sizeof *o.y);
    arena_rewind(arena, mark);
    return o;
}

/* ---- comparisons ----------------------------------------------------------------- */

Tally tally_new(const Trial *t) {
    return (Tally){.shape = t->shape,
                   .report = {.seed = t->seed, .element = SIZE_MAX, .output = SIZE_MAX}};
}

static void enter(Tally *t, const char *what, size_t element, double got, double expected,
                  double error, double allowed) {
    CheckReport *r = &t->report;
    bool bad = !(error <= allowed);
    double ratio = error == 0.0 ? 0.0 : error / allowed;
    if (isnan(ratio)) ratio = INFINITY;
    r->compared++;
    if (r->compared > 1 && !(bad && r->verdict == CHECK_PASS) &&
        ((r->verdict == CHECK_FAIL && !bad) || ratio <= t->worst))
        return;
    t->worst = ratio;
    r->verdict = bad ? CHECK_FAIL : CHECK_PASS;
    r->element = element;
    r->got = got, r->expected = expected, r->error = error, r->allowed = allowed;
    r->reason[0] = '\0';
    if (!bad) return;
    Arena *arena = arena_new();
    bool like_x = strcmp(what, "y") == 0 || strcmp(what, "dx") == 0;
    const char *place = like_x ? judge_index(arena, t->shape, element)
                               : text_print(arena, "%zu", element);
    snprintf(r->reason, sizeof r->reason, "%s[%s]", what, place);
    arena_free(arena);
}

void tally(Tally *t, const char *what, size_t element, double got, double expected,
           double allowed) {
    bool same = got == expected || (isnan(got) && isnan(expected));
    enter(t, what, element, got, expected, same ? 0.0 : fabs(got - expected), allowed);
}

void tally_quad(Tally *t, const char *what, size_t element, double got, Quad expected,
                double allowed) {
    enter(t, what, element, got, (double)expected, (double)quad_abs(got - expected),
          allowed);
}

void tally_same(Tally *t, const char *what, const double *got, const double *expected,
                size_t count) {
    if (got == NULL || expected == NULL) return;
    for (size_t k = 0; k < count; k++) tally(t, what, k, got[k], expected[k], 0.0);
}

void tally_outcome(Tally *t, const Trial *trial, const Outcome *got,
                   const Outcome *expected) {
    const Norm *norm = trial->norm;
    tally_same(t, "y", got->y, expected->y, trial->n);
    tally_same(t, "dx", got->dx, expected->dx, trial->n);
    for (size_t k = 0; k < norm->params; k++) {
        char name[64];
        snprintf(name, sizeof name, "d%s", norm->param[k].name);
        tally_same(t, name, got->dparam[k], expected->dparam[k], norm->param[k].count);
    }
}

/* ---- cases ----------------------------------------------------------------------- */

static bool prepare(Arena *arena, Trial *t, const char *spec, Shape shape, NormMode mode,
                    TrialData data, uint64_t seed, const TrialCheck *check) {
    Error error = {.set = false};
    *t = (Trial){.spec = spec, .mode = mode, .shape = shape, .data = data, .seed = seed};
    t->at = shape_lattice(shape);
    t->n = shape_count(shape);
    if (!(check->data >> data & 1u)) return false;
    const Norm *norm = norm_new(arena, spec, t->at.C, &error);
    if (norm == NULL || !norm_fits(arena, norm, t->at, mode, &error)) return false;
    if (mode == NORM_EVAL && !norm_keeps_state(norm)) return false;
    size_t smallest = norm_smallest_cell(arena, norm, t->at, mode);
    if ((smallest == 1) != check->single) return false;
    t->own = smallest != SIZE_MAX;
    Norm *scaled = TAKE(arena, Norm, 1);
    *scaled = *norm;
    scaled->eps = ldexp(norm->eps, 2 * DATA[data].exponent);
    t->norm = scaled;
    return check->applies == NULL || check->applies(t);
}

bool trial_prepare(Arena *arena, Trial *t, const char *spec, Shape shape, NormMode mode,
                   TrialData data, uint64_t seed, const TrialCheck *check) {
    if (!prepare(arena, t, spec, shape, mode, data, seed, check)) return false;
    draw_all(arena, t);
    trial_measure(arena, t);
    return true;
}

bool trial_applies(const char *spec, Shape shape, const TrialCheck *check) {
    Arena *arena = arena_new();
    bool any = false;
    Trial t;
    for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++)
        for (int data = 0; data < TRIAL_DATA; data++)
            any = any || prepare(arena, &t, spec, shape, (NormMode)mode, (TrialData)data,
                                 1, check);
    arena_free(arena);
    return any;
}

CheckVerdict finding_verdict(const Finding *f) {
    return f->failed ? CHECK_FAIL : f->inconclusive ? CHECK_INCONCLUSIVE : CHECK_PASS;
}

/* What was expected weighs less than what was not. */
static int weight(const Finding *f) {
    return f->failed ? 3 : f->inconclusive ? 2 : f->expected ? 0 : 1;
}

bool finding_add(Finding *sum, const Finding *one) {
    Finding before = *sum;
    int heavier = weight(one) - weight(&before);
    bool worse =
        one->cases > 0 && (before.cases == 0 || heavier > 0 ||
                           (heavier == 0 && !one->failed && one->worst > before.worst));
    if (worse) *sum = *one;
    sum->cases = before.cases + one->cases;
    sum->failed = before.failed + one->failed;
    sum->inconclusive = before.inconclusive + one->inconclusive;
    sum->expected = before.expected + one->expected;
    sum->listed = before.listed ? before.listed : one->listed;
    sum->compared = before.compared + one->compared;
    return worse;
}

static double ratio_of(const CheckReport *r) {
    double ratio = r->error == 0.0 ? 0.0 : r->error / r->allowed;
    return isnan(ratio) ? (double)INFINITY : ratio;
}

Finding trial_judge(const char *spec, Shape shape, const TrialCheck *check,
                    uint64_t seed) {
    Finding finding = {.cases = 0};
    const char *expected = listed(spec, shape, check);
    for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++)
        for (int data = 0; data < TRIAL_DATA; data++) {
            Arena *arena = arena_new();
            Trial t;
            if (trial_prepare(arena, &t, spec, shape, (NormMode)mode, (TrialData)data,
                              seed, check)) {
                CheckReport r = check->judge(arena, &t, check);
                bool told = expected && r.verdict == CHECK_INCONCLUSIVE;
                Finding one = {.cases = 1,
                               .failed = r.verdict == CHECK_FAIL,
                               .inconclusive = r.verdict == CHECK_INCONCLUSIVE && !told,
                               .worst = ratio_of(&r),
                               .report = r,
                               .mode = t.mode,
                               .data = t.data,
                               .compared = r.compared,
                               .expected = told,
                               .listed = told ? expected : NULL};
                finding_add(&finding, &one);
            }
            arena_free(arena);
        }
    return finding;
}
