/* A normalizer and then relu, as one: the bits of both one after the other. */
#include "norm_shared.h"

#include "tape.h"

typedef struct Data {
    ShapeLattice at;
    size_t n;
    double *x, *dy;
} Data;

typedef struct Result {
    double *y, *dx, *dparam[NORM_MAX_PARAMS], *observed[NORM_MAX_STATES];
} Result;

static void begin(Arena *arena, const Norm *norm, TapeNode **param, Tape *t, Result *r) {
    for (size_t i = 0; i < norm->params; i++) {
        const NormParam *p = &norm->param[i];
        double *value = TAKE(arena, double, p->count);
        norm_begin_param(value, p, (Draw){.seed = 11, .purpose = DRAW_TEST});
        const bool affine = p->role == NORM_PARAM_SCALE || strcmp(p->name, "beta") == 0;
        for (size_t k = 0; affine && k < p->count; k++) /* some below 0, some 0 */
            value[k] += 1.5 * (double)(k % 3) - 2.0 * (double)(k % 2);
        r->dparam[i] = TAKE(arena, double, p->count);
        param[i] = tape_parameter(t, SHAPE_OF(p->count), value, r->dparam[i]);
    }
}

static Result run(Arena *arena, const Norm *norm, const Data *d, NormMode mode,
                  bool one) {
    Result r = {.dx = TAKE(arena, double, d->n)};
    Tape *t = tape_new(arena);
    TapeNode *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    begin(arena, norm, param, t, &r);
    for (size_t i = 0; i < norm->states; i++) {
        double *value = TAKE(arena, double, norm->state[i].count);
        norm_begin_state(value, &norm->state[i]);
        state[i] = value;
        r.observed[i] = ZERO(arena, double, norm->state[i].count);
    }
    const NormContext context = {.tape = t,
                                 .norm = norm,
                                 .mode = mode,
                                 .param = param,
                                 .state = state,
                                 .observed = r.observed,
                                 .relu = one};
    TapeNode *x = tape_parameter(t, SHAPE_OF(d->at.N, d->at.C, d->at.L), d->x, r.dx);
    TapeNode *y = norm_apply(&context, x);
    if (!one) y = tape_relu(t, y);
    tape_backward(t, y, d->dy);
    r.y = y->value;
    return r;
}

/* NaN is NaN. */
static void same(const char *spec, const char *what, const double *got,
                 const double *want, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (memcmp(&got[i], &want[i], sizeof *got) && !(isnan(got[i]) && isnan(want[i])))
            fail_msg("%s: %s[%zu] is %a, not %a", spec, what, i, got[i], want[i]);
}

static void is_both(const char *spec, const Data *d) {
    for (NormMode mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, spec, d->at.C, &error);
        assert_non_null(norm);
        const Result got = run(arena, norm, d, mode, true),
                     want = run(arena, norm, d, mode, false);
        same(spec, "y", got.y, want.y, d->n);
        same(spec, "dx", got.dx, want.dx, d->n);
        for (size_t i = 0; i < norm->params; i++)
            same(spec, norm->param[i].name, got.dparam[i], want.dparam[i],
                 norm->param[i].count);
        for (size_t i = 0; i < norm->states; i++)
            same(spec, norm->state[i].name, got.observed[i], want.observed[i],
                 norm->state[i].count);
        arena_free(arena);
    }
}

static Data data_of(Arena *arena, ShapeLattice at, double spread) {
    Data d = {.at = at, .n = at.N * at.C * at.L};
    d.x = normals(arena, 3, d.n, 0.4 * spread, spread);
    d.dy = normals(arena, 5, d.n, 0.1, 1.0);
    return d;
}

/* Units of their own, rows without variance, and numbers that are none. */
static Data strange(Arena *arena, ShapeLattice at, int which) {
    Data d = data_of(arena, at, which == 1 ? 1e300 : 1.0);
    const size_t row = at.L, place = row + row / 2;
    for (size_t l = 0; which == 2 && l < d.n / 2; l++) d.x[l] = 0.25;
    if (which == 3) d.x[place] = (double)NAN, d.dy[0] = (double)INFINITY;
    if (which == 4) d.x[place] = (double)-INFINITY;
    return d;
}

static const char *const MORE[] = {"group(2, center=no)",
                                   "batch(center=no)",
                                   "ghost(2)",
                                   "group(4, gamma=no)",
                                   "group(4, beta=no)",
                                   "layer(affine=no)",
                                   "none(affine=no)",
                                   "position(center=no)",
                                   "batch(variance=unbiased)",
                                   "group(2, eps_outside=yes)",
                                   "mix(instance, layer, batch)",
                                   "blend(batch, group(2), gate=free)",
                                   "split(instance, batch)",
                                   "group(2) | batch"};

static void every_normalizer(void **state) {
    (void)state;
    static const ShapeLattice at[] = {{4, 8, 70}, {4, 8, 9}};
    Arena *arena = arena_new();
    size_t kinds;
    const NormKind *const *kind = norm_kinds(&kinds);
    for (int which = 0; which < 5; which++)
        for (size_t s = 0; s < COUNT_OF(at); s++) {
            const Data d = strange(arena, at[s], which);
            for (size_t i = 0; i < kinds; i++) is_both(norm_example(kind[i]), &d);
            for (size_t i = 0; i < COUNT_OF(MORE); i++) is_both(MORE[i], &d);
        }
    arena_free(arena);
}

/* Where results go past the caches, and slabs are written while others are read. */
static void past_the_caches(void **state) {
    (void)state;
    static const char *const specs[] = {"group(4)", "batch", "none", "layer(center=no)"};
    Arena *arena = arena_new();
    const Data d = data_of(arena, (ShapeLattice){4, 8, 65543}, 1.0);
    for (size_t i = 0; i < COUNT_OF(specs); i++) is_both(specs[i], &d);
    arena_free(arena);
}

/* The definition of the one is relu of the definition. */
static void by_definition(void **state) {
    (void)state;
    static const char *const specs[] = {"group(2)",
                                        "batch",
                                        "none",
                                        "mix(instance, layer, batch)",
                                        "group(2) | batch",
                                        "blend(none, batch)"};
    Arena *arena = arena_new();
    const Data d = data_of(arena, (ShapeLattice){4, 8, 9}, 1.0);
    for (size_t i = 0; i < 2 * COUNT_OF(specs); i++) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, specs[i / 2], d.at.C, &error);
        Result r;
        Tape *t = tape_new(arena);
        TapeNode *param[NORM_MAX_PARAMS], *y[2];
        begin(arena, norm, param, t, &r);
        TapeNode *x = tape_leaf(t, SHAPE_OF(d.at.N, d.at.C, d.at.L), d.x);
        for (int one = 0; one < 2; one++) {
            const NormContext context = {
                .tape = t, .norm = norm, .param = param, .relu = one};
            y[one] = i % 2 ? norm_define(&context, x)
                           : tape_define(t, norm_apply(&context, x));
        }
        y[0] = tape_relu(t, y[0]);
        same(specs[i / 2], "y", y[1]->value, y[0]->value, d.n);
    }
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, every_normalizer),
    CASE(theorem, past_the_caches),
    CASE(theorem, by_definition),
};

HARNESS_MAIN("norm_relu", cases)
