/* What is shaded is what the kernels say: an output depends on the elements with which it shares
 * statistics, and on no others. They are asked by their derivative, which knows nothing of how a
 * figure comes about. */
#include "harness.h"

#include "cubes.h"

#include <math.h>
#include <string.h>

static const double NOTHING = 1e-12; /* of the largest derivative */

/* ---- the kernels' word ----------------------------------------------------------------- */

/* A call in the middle of what begins or ends with epochs. */
typedef struct Call {
    const Norm *norm;
    NormMode mode;
    ShapeLattice at;
    size_t epoch;
    double *param[NORM_MAX_PARAMS];
    double *state[NORM_MAX_STATES];
} Call;

/* Weights between two; gates shut, since through them an output depends on all that they read; of
 * evonorm(B0)'s maximum the larger cell. */
static double first_value(const NormParam *p, double begins) {
    if (p->role == NORM_PARAM_FACTOR && strcmp(p->name, "v1") == 0) return -1e3;
    if (p->role == NORM_PARAM_WEIGHT) return 0.4;
    if (p->role == NORM_PARAM_FACTOR && begins == 0.0) return 0.7; /* all hangs on it */
    return p->role == NORM_PARAM_GATE ? 0.0 : begins;
}

static Call call_of(Arena *arena, const Norm *norm, NormMode mode, ShapeLattice at) {
    Call call = {.norm = norm, .mode = mode, .at = at, .epoch = 1};
    if (strcmp(norm_name(norm->kind), "frozen") == 0) call.epoch = 0;
    for (size_t i = 0; i < norm->params; i++) {
        const NormParam *p = &norm->param[i];
        call.param[i] = TAKE(arena, double, p->count);
        norm_begin_param(call.param[i], p, (Draw){.seed = i, .purpose = DRAW_INIT});
        for (size_t k = 0; k < p->count; k++)
            call.param[i][k] = first_value(p, call.param[i][k]);
    }
    for (size_t i = 0; i < norm->states; i++) {
        call.state[i] = TAKE(arena, double, norm->state[i].count);
        norm_begin_state(call.state[i], &norm->state[i]);
    }
    return call;
}

static double *normals(Arena *arena, uint64_t seed, size_t count) {
    double *x = TAKE(arena, double, count);
    const Draw draw = {.seed = seed, .purpose = DRAW_TEST};
    for (size_t i = 0; i < count; i++) x[i] = draw_normal(draw, i);
    return x;
}

/* Derivative of y's element `chosen` by all of x. */
static double *derivative(Arena *arena, const Call *call, size_t chosen, uint64_t seed) {
    Tape *tape = tape_new(arena);
    const ShapeLattice at = call->at;
    const size_t count = at.N * at.C * at.L;
    double *dx = ZERO(arena, double, count), *dy = ZERO(arena, double, count),
           *x = normals(arena, seed, count);
    TapeNode *param[NORM_MAX_PARAMS];
    x[chosen] = fabs(x[chosen]); /* a threshold lets it through */
    for (size_t i = 0; i < call->norm->params; i++)
        param[i] = tape_leaf(tape, SHAPE_OF(call->norm->param[i].count), call->param[i]);
    const NormContext context = {.tape = tape,
                                 .norm = call->norm,
                                 .mode = call->mode,
                                 .epoch = call->epoch,
                                 .param = param,
                                 .state = (const double *const *)call->state};
    TapeNode *in = tape_parameter(tape, SHAPE_OF(at.N, at.C, at.L), x, dx), *through;
    dy[chosen] = 1.0;
    tape_backward(tape, norm_apply(&context, in), dy);
    if (norm_holds(call->norm) == NULL) return dx;
    /* y depends on what is held, too, but where all that is held cancels */
    TapeNode *y = norm_define(&context, in), *by = tape_leaf(tape, in->shape, dy);
    tape_release(tape);
    tape_gradient(tape, y, by, &in, 1, &through);
    for (size_t i = 0; i < count; i++) dx[i] = fabs(dx[i]) + fabs(through->value[i]);
    return dx;
}

enum { DRAWS = 12 }; /* in one of which a maximum has either side */

/* 1 where y's element depends on x's. */
static unsigned char *depends(Arena *arena, const Call *call, size_t chosen) {
    const size_t count = call->at.N * call->at.C * call->at.L;
    unsigned char *on = ZERO(arena, unsigned char, count);
    bool any = false;
    for (uint64_t seed = 1; seed <= DRAWS; seed++) {
        const double *dx = derivative(arena, call, chosen, seed);
        double most = 0.0;
        for (size_t i = 0; i < count; i++) most = fmax(most, fabs(dx[i]));
        assert_true(isfinite(most));
        any = any || most > 0.0;
        for (size_t i = 0; i < count; i++) on[i] |= fabs(dx[i]) > NOTHING * most;
    }
    assert_true(any);
    return on;
}

/* ---- the cubes' word ---------------------------------------------------------------------- */

static const Cube *cubes(Arena *arena, const char *spec, size_t *count) {
    BaseError error = {.set = false};
    const Cube *cube = cubes_of(arena, spec, count, &error);
    if (cube == NULL) fail_msg("%s: %s", spec, error.message);
    return cube;
}

static size_t elements(const Cube *cube) {
    return cube->at.N * cube->at.C * cube->at.L;
}

static size_t chosen_of(const Cube *cube) {
    return cube->first * cube->at.L;
}

/* Those of one normalizer, or of all that begin where this one does, together. */
static unsigned char *shaded(Arena *arena, const Cube *cube, size_t count, size_t like,
                             bool own, CubeShade least) {
    const Cube *one = &cube[like];
    unsigned char *on = ZERO(arena, unsigned char, elements(one));
    for (size_t k = 0; k < count; k++) {
        if (cube[k].first != one->first || cube[k].mode != one->mode) continue;
        if (own && cube[k].norm != one->norm) continue;
        for (size_t i = 0; i < elements(one); i++) on[i] |= cube[k].shade[i] >= least;
    }
    return on;
}

static void same_sets(const char *spec, const char *what, const Cube *cube,
                      const unsigned char *got, const unsigned char *want) {
    const ShapeLattice x = cube->at;
    for (size_t i = 0; i < elements(cube); i++)
        if (got[i] != want[i])
            fail_msg("%s, %s: [%zu, %zu, %zu] is %sshaded, and y does%s depend on it",
                     spec, what, i / x.L / x.C, i / x.L % x.C, i % x.L,
                     got[i] ? "" : "not ", want[i] ? "" : " not");
}

/* Soft groups share with all channels, by weight; found ones with their own. */
static CubeShade least_of(const Norm *norm) {
    return strcmp(norm_name(norm->kind), "soft") == 0 ? CUBE_MAY : CUBE_SHARES;
}

/* ---- one normalizer after the other -------------------------------------------------------- */

/* By itself, on the channels that it sees. */
static void part_is_true(Arena *arena, const char *spec, const Cube *cube, size_t count,
                         size_t k) {
    const Norm *norm = cube[k].norm;
    const ShapeLattice x = cube[k].at, own = {x.N, norm->channels, x.L};
    const Call call = call_of(arena, norm, cube[k].mode, own);
    const unsigned char *on = depends(arena, &call, 0);
    unsigned char *want = ZERO(arena, unsigned char, elements(&cube[k]));
    for (size_t n = 0; n < x.N; n++)
        memcpy(want + (n * x.C + cube[k].first) * x.L, on + n * own.C * own.L,
               own.C * own.L);
    same_sets(spec, norm->spec, &cube[k],
              shaded(arena, cube, count, k, true, least_of(norm)), want);
}

/* All together: in a chain the second sees what the first spread. */
static void whole_is_true(Arena *arena, const char *spec, const Cube *cube, size_t count,
                          size_t k) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, spec, cube[k].at.C, &error);
    const Call call = call_of(arena, norm, NORM_TRAIN, cube[k].at);
    unsigned char *on = depends(arena, &call, chosen_of(&cube[k])),
                  *got = shaded(arena, cube, count, k, false, least_of(cube[k].norm));
    const bool chain = strcmp(norm_name(norm->kind), "chain") == 0;
    for (size_t i = 0; chain && i < elements(&cube[k]); i++) on[i] = on[i] && got[i];
    same_sets(spec, "as a whole", &cube[k], got, on);
}

static size_t spec_is_true(const char *spec) {
    Arena *arena = arena_new();
    size_t count;
    const Cube *cube = cubes(arena, spec, &count);
    for (size_t k = 0; k < count; k++) {
        part_is_true(arena, spec, cube, count, k);
        if (cube[k].mode == NORM_TRAIN) whole_is_true(arena, spec, cube, count, k);
    }
    arena_free(arena);
    return count;
}

/* Nothing to draw, in words; else all that is drawn is true. */
static size_t spec_is_drawn(const char *spec) {
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    size_t count;
    const bool drawn = cubes_of(arena, spec, &count, &error) != NULL;
    if (!drawn) assert_non_null(strstr(error.message, "has no cells to draw"));
    arena_free(arena);
    return drawn ? spec_is_true(spec) : 0;
}

static void all_kinds_share_what_is_shaded(void **state) {
    (void)state;
    size_t kinds, aliases, drawn = 0, without = 0;
    const NormKind *const *kind = norm_kinds(&kinds);
    const NormAlias *alias = norm_aliases(&aliases);
    for (size_t i = 0; i < kinds; i++) {
        const size_t own = spec_is_drawn(norm_example(kind[i]));
        const char *const *also = norm_also(kind[i]);
        drawn += own, without += own == 0;
        for (; also && *also; also++) spec_is_drawn(*also);
    }
    for (size_t i = 0; i < aliases; i++)
        if (strstr(alias[i].usage, "(G)") == NULL)
            assert_true(spec_is_drawn(alias[i].usage) > 0);
    /* none, the windows of response; dyt, derf and skipinit, which read no cells */
    assert_int_equal(without, 5);
    assert_true(drawn > kinds);
}

static void other_sizes_share_what_is_shaded(void **state) {
    (void)state;
    static const char *const SPECS[] = {
        "group(4)",        "group(8)",  "group(size=4)", "group(5) | ghost(3)",
        "chunks(4)",       "chunks(7)", "chunks(12)",    "lattice(batch=4, size=all)",
        "ghost(8)",        "soft(3)",   "regroup(4)",    "channels(0, 0, 1, 2)",
        "regroup(4)",      "soft(2)",   "channels(0)",   "position(center=no)",
        "task(with=layer)"};
    for (size_t i = 0; i < COUNT_OF(SPECS); i++) spec_is_true(SPECS[i]);
}

/* ---- one partition of several ------------------------------------------------------------------ */

static void set_param(const Call *call, const char *name, double value) {
    for (size_t i = 0; i < call->norm->params; i++)
        for (size_t k = 0; k < call->norm->param[i].count; k++)
            if (strcmp(call->norm->param[i].name, name) == 0) call->param[i][k] = value;
}

/* Where a parameter leaves one of two partitions alone, the output depends on its cell. */
static void each_of_two_partitions(void **state) {
    (void)state;
    static const struct {
        const char *spec, *param;
        double value;
        size_t cube;
    } ENDS[] = {{"task", "offset", 800.0, 0},
                {"task", "offset", -800.0, 1},
                {"task(with=layer)", "offset", -800.0, 1},
                {"evonorm(B0)", "v1", -1e3, 0},
                {"evonorm(B0)", "v1", 1e3, 1}};
    for (size_t i = 0; i < COUNT_OF(ENDS); i++) {
        Arena *arena = arena_new();
        size_t count;
        const Cube *cube = cubes(arena, ENDS[i].spec, &count), *one = &cube[ENDS[i].cube];
        assert_int_equal(count, 2);
        const Call call = call_of(arena, one->norm, one->mode, one->at);
        set_param(&call, "slope", 0.0);
        set_param(&call, ENDS[i].param, ENDS[i].value);
        same_sets(ENDS[i].spec, "alone", one, shaded(arena, one, 1, 0, true, CUBE_SHARES),
                  depends(arena, &call, 0));
        arena_free(arena);
    }
}

/* ---- groups that are learned or found ------------------------------------------------------------ */

/* Of soft groups dark is what is left when they harden. */
static void soft_groups_harden_to_dark(void **state) {
    (void)state;
    static const char *const SPECS[][2] = {{"soft(2)", "soft(2, tau=0.01)"},
                                           {"soft(3)", "soft(3, tau=0.01)"},
                                           {"soft(4)", "soft(4, tau=0.01)"}};
    for (size_t i = 0; i < COUNT_OF(SPECS); i++) {
        Arena *arena = arena_new();
        size_t count;
        const Cube *cube = cubes(arena, SPECS[i][0], &count);
        BaseError error = {.set = false};
        const Norm *hard = norm_new(arena, SPECS[i][1], cube->at.C, &error);
        const Call call = call_of(arena, hard, NORM_TRAIN, cube->at);
        same_sets(SPECS[i][0], "hardened", cube,
                  shaded(arena, cube, count, 0, true, CUBE_SHARES),
                  depends(arena, &call, 0));
        arena_free(arena);
    }
}

/* Of found groups light is all that some other map puts into the group. */
static void found_groups_reach_what_is_light(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t count;
    const Cube *cube = cubes(arena, "regroup(2)", &count);
    unsigned char *want = ZERO(arena, unsigned char, elements(cube));
    for (size_t c = 0; c < cube->at.C; c++) {
        const Call call = call_of(arena, cube->norm, NORM_TRAIN, cube->at);
        call.state[0][c] = call.state[0][0];
        const unsigned char *on = depends(arena, &call, 0);
        for (size_t i = 0; i < elements(cube); i++) want[i] |= on[i];
    }
    same_sets("regroup(2)", "over maps", cube,
              shaded(arena, cube, count, 0, true, CUBE_MAY), want);
    arena_free(arena);
}

/* ---- sizes, and what is not drawn ---------------------------------------------------------------- */

/* Usual ones where they do, else such as tell the groups apart from one and from all. */
static void sizes_tell_groups_apart(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        ShapeLattice at;
    } SIZES[] = {{"batch", {4, 6, 4}},
                 {"group(2)", {4, 6, 4}},
                 {"group(4)", {4, 8, 4}},
                 {"group(6)", {4, 12, 4}},
                 {"group(16)", {4, 16, 4}},
                 {"ghost(4)", {8, 6, 4}},
                 {"ghost(1)", {4, 6, 4}},
                 {"nested", {4, 6, 4}},
                 {"channels(0, 1)", {4, 2, 4}},
                 {"chunks(13)", {4, 13, 4}},
                 {"group(5) | ghost(3)", {6, 10, 4}}};
    for (size_t i = 0; i < COUNT_OF(SIZES); i++) {
        Arena *arena = arena_new();
        size_t count;
        const Cube *cube = cubes(arena, SIZES[i].spec, &count);
        if (memcmp(&cube->at, &SIZES[i].at, sizeof cube->at) != 0)
            fail_msg("%s: [%zu, %zu, %zu]", SIZES[i].spec, cube->at.N, cube->at.C,
                     cube->at.L);
        arena_free(arena);
    }
}

static void what_has_no_cube_is_told(void **state) {
    (void)state;
    static const char *const WRONG[][2] = {
        {"none", "none has no cells to draw: no elements share statistics"},
        {"response(5)", "neighbouring channels"},
        {"split(none, none)", "has no cells to draw"},
        {"weights=standardized", "of weights"},
        {"group(32)", "32 groups do not divide 16 channels"},
        {"ghost(17)", "blocks of 17 samples"},
        {"grup(2)", "group"},
        {"", "ends where a name"}};
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        Arena *arena = arena_new();
        BaseError error = {.set = false};
        size_t count;
        assert_null(cubes_of(arena, WRONG[i][0], &count, &error));
        assert_int_equal(error.code, EX_USAGE);
        if (strstr(error.message, WRONG[i][1]) == NULL || strchr(error.message, '\n'))
            fail_msg("%s: %s", WRONG[i][0], error.message);
        arena_free(arena);
    }
}

static const Case CASES[] = {
    CASE(oracle, all_kinds_share_what_is_shaded),
    CASE(oracle, other_sizes_share_what_is_shaded),
    CASE(oracle, each_of_two_partitions),
    CASE(oracle, soft_groups_harden_to_dark),
    CASE(oracle, found_groups_reach_what_is_light),
    CASE(example, sizes_tell_groups_apart),
    CASE(fault, what_has_no_cube_is_told),
};

HARNESS_MAIN("cubes", CASES)
