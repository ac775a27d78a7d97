/* What a caller of a normalizer may rely on beside what the table of checks asks: who is whom
 * at his corners, what has no variance, what is observed, and what is said of a call that
 * lacks something. */
#include "norm_given.h"

#include <signal.h>

/* ---- one normalizer is another --------------------------------------------------- */

static const ShapeLattice EVEN = {4, 8, 69}, ONE_CHANNEL = {4, 1, 70},
                          ONE_SAMPLE = {1, 8, 70}, ONE_POSITION = {5, 70, 1};

static void are_one(const char *one, const char *other, ShapeLattice at, NormMode mode,
                    bool bits) {
    Arena *arena = arena_new();
    const Trial a = given_at(arena, one, at), b = given_at(arena, other, at);
    if (bits) same_bits_in(arena, &a, &b, mode);
    for (int definition = 0; definition < 2; definition++)
        same_in(arena, &a, &b, mode, definition, KERNEL_EPS, GRADIENT_EPS);
    arena_free(arena);
}

static void special_cases(void **state) {
    (void)state;
    are_one("group(1)", "layer", EVEN, NORM_TRAIN, true);
    are_one("group(8)", "instance", EVEN, NORM_TRAIN, true);
    are_one("group(size=1)", "instance", EVEN, NORM_TRAIN, true);
    are_one("group(size=4)", "group(2)", EVEN, NORM_TRAIN, true);
    are_one("ghost(4)", "batch", EVEN, NORM_TRAIN, true);
    are_one("ghost(1)", "instance", EVEN, NORM_TRAIN, true);
    are_one("ghost(2)", "batch", EVEN, NORM_EVAL, true);
    are_one("layer", "instance", ONE_CHANNEL, NORM_TRAIN, true);
    are_one("batch", "instance", ONE_SAMPLE, NORM_TRAIN, true);
    are_one("position", "layer", ONE_POSITION, NORM_TRAIN,
            false); /* sums in another order */
}

/* A sample alone gives the bits that it gives in company: all that does not share over
 * samples. */
static void samples_do_not_meet(void **state) {
    (void)state;
    static const char *const APART[] = {"none",     "layer",         "instance",
                                        "group(2)", "group(size=4)", "position",
                                        "batch",    "ghost(4)"};
    for (size_t k = 0; k < COUNT_OF(APART); k++) {
        Arena *arena = arena_new();
        const NormMode mode = k < 6 ? NORM_TRAIN : NORM_EVAL;
        const Trial all = given_at(arena, APART[k], EVEN);
        const size_t each = all.n / EVEN.N;
        Trial alone = trial_of(all.norm, SHAPE_OF(1, EVEN.C, EVEN.L), mode);
        alone.x = all.x + each, alone.dy = all.dy + each;
        memcpy(alone.param, all.param, sizeof all.param);
        memcpy(alone.state, all.state, sizeof all.state);
        const Outcome want = run_given(arena, &all, mode, false),
                      got = trial_run(arena, &alone, 0);
        near_all(got.y, want.y + each, each, 0.0);
        near_all(got.dx, want.dx + each, each, 0.0);
        arena_free(arena);
    }
}

/* ---- cells without variance ------------------------------------------------------ */

static const char *const MOVED[] = {"batch",         "layer",    "instance", "group(2)",
                                    "group(size=4)", "position", "ghost(4)"};

static void gives_beta(const Trial *g, const Outcome *got) {
    for (size_t i = 0; i < g->n; i++)
        assert_near(got->y[i], param(g, "beta")[i / g->at.L % g->at.C], 0.0);
    for (size_t c = 0; c < g->at.C; c++) assert_near(got->dparam[0][c], 0.0, 0.0);
}

static void no_variance_gives_beta_exactly(void **state) {
    (void)state;
    static const double VALUES[] = {0.1, -1e10 / 3.0, 1e-300, 1e300, 0.0};
    for (size_t k = 0; k < 2 * COUNT_OF(MOVED) * COUNT_OF(VALUES); k++) {
        Arena *arena = arena_new();
        const Trial g = given_at(arena, MOVED[k / 2 % COUNT_OF(MOVED)], EVEN);
        for (size_t i = 0; i < g.n; i++) g.x[i] = VALUES[k / 2 / COUNT_OF(MOVED)];
        const Outcome got = run_given(arena, &g, NORM_TRAIN, k % 2);
        gives_beta(&g, &got);
        for (size_t i = 0; i < g.n; i++) assert_true(isfinite(got.dx[i]));
        arena_free(arena);
    }
}

static void one_element_cells(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        ShapeLattice at;
    } ONE[] = {{"instance", {5, 3, 1}}, {"position", {2, 1, 70}},
               {"layer", {4, 1, 1}},    {"batch", {1, 7, 1}},
               {"group(3)", {4, 3, 1}}, {"ghost(1)", {3, 4, 1}}};
    for (size_t k = 0; k < 2 * COUNT_OF(ONE); k++) {
        Arena *arena = arena_new();
        const Trial g = given_at(arena, ONE[k / 2].spec, ONE[k / 2].at);
        assert_int_equal(norm_smallest_cell(g.norm, g.at, NORM_TRAIN), 1);
        const Outcome got = run_given(arena, &g, NORM_TRAIN, k % 2);
        gives_beta(&g, &got);
        for (size_t i = 0; i < g.n; i++) assert_near(got.dx[i], 0.0, 0.0);
        for (size_t i = 0; g.norm->states && i < g.at.C; i++) {
            assert_true(isnan(got.observed[1][i])); /* no variance, but a mean */
            assert_true(isfinite(got.observed[0][i]));
        }
        arena_free(arena);
    }
}

/* ---- what training observes -------------------------------------------------------- */

/* Mean over blocks of their mean and unbiased variance, by plain loops in long double. */
static void observe(long double *mean, long double *variance, const Trial *g,
                    size_t block, size_t c) {
    const ShapeLattice at = g->at;
    *mean = *variance = 0.0L;
    for (size_t first = 0; first < at.N; first += block) {
        long double sum = 0.0L, squares = 0.0L, count = (long double)(block * at.L);
        for (size_t k = 0; k < block * at.L; k++)
            sum += g->x[((first + k / at.L) * at.C + c) * at.L + k % at.L];
        for (size_t k = 0; k < block * at.L; k++) {
            long double d =
                g->x[((first + k / at.L) * at.C + c) * at.L + k % at.L] - sum / count;
            squares += d * d;
        }
        *mean += sum / count * (long double)block / (long double)at.N;
        *variance += squares / (count - 1.0L) * (long double)block / (long double)at.N;
    }
}

static void observations(void **state) {
    (void)state;
    static const struct {
        const char *spec;
        size_t block;
        ShapeLattice at;
    } SEEN[] = {{"batch", 4, {4, 8, 69}},
                {"ghost(2)", 2, {4, 8, 69}},
                {"ghost(1)", 1, {5, 3, 2}},
                {"ghost(3)", 3, {9, 2, 1}},
                {"batch", 2, {2, 5, 1}}};
    for (size_t k = 0; k < 2 * COUNT_OF(SEEN); k++) {
        Arena *arena = arena_new();
        const Trial g = given_at(arena, SEEN[k / 2].spec, SEEN[k / 2].at);
        const Outcome got = run_given(arena, &g, NORM_TRAIN, k % 2);
        for (size_t c = 0; c < g.at.C; c++) {
            long double mean, variance;
            observe(&mean, &variance, &g, SEEN[k / 2].block, c);
            assert_near(got.observed[0][c], (double)mean, 16.0 * DBL_EPSILON);
            assert_near(got.observed[1][c], (double)variance,
                        16.0 * DBL_EPSILON * (double)variance);
        }
        arena_free(arena);
    }
}

/* Where a channel has one, and nowhere else. */
static void a_nan_is_observed(void **state) {
    (void)state;
    static const char *const KEEP[] = {"batch", "ghost(2)"};
    for (size_t k = 0; k < 2 * COUNT_OF(KEEP); k++) {
        Arena *arena = arena_new();
        const Trial g = given_at(arena, KEEP[k / 2], EVEN);
        g.x[g.n / 2 + 5] = NAN;
        const Outcome got = run_given(arena, &g, NORM_TRAIN, k % 2);
        for (size_t c = 0; c < g.at.C; c++)
            assert_int_equal(!!isnan(got.observed[1][c]), c == 0);
        arena_free(arena);
    }
}

static void batch_and_ghost_keep_state(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t k = 0; k < COUNT_OF(MOVED); k++) {
        const Norm *norm = given_at(arena, MOVED[k], EVEN).norm;
        const bool keeps = MOVED[k][0] == 'b' || strncmp(MOVED[k], "gh", 2) == 0;
        assert_int_equal(norm_keeps_state(norm), keeps);
        assert_int_equal(norm->states, keeps ? 2 : 0);
    }
    arena_free(arena);
}

/* ---- what a caller forgot -------------------------------------------------------- */

typedef struct Lack {
    const char *spec;
    NormMode mode;
    bool param, beta, state, channels; /* what there is */
    const char *says;
} Lack;

static void call_without(void *context) {
    const Lack *lack = context;
    Arena *arena = arena_new();
    BaseError error = {0};
    const Norm *norm = norm_new(arena, lack->spec, lack->channels ? 8 : 0, &error);
    Tape *tape = tape_new(arena);
    const double value[8] = {0};
    TapeNode *one = tape_fill(tape, SHAPE_OF(8), 1.0);
    TapeNode *param[NORM_MAX_PARAMS] = {one, lack->beta ? one : NULL};
    const double *state[NORM_MAX_STATES] = {value, value};
    NormContext call = {.tape = tape, .norm = norm, .mode = lack->mode};
    if (lack->param) call.param = param;
    if (lack->state) call.state = state;
    norm_apply(&call, tape_fill(tape, (Shape){3, {4, 8, 3}}, 1.0));
}

/* A field that a program leaves out is NULL: said by its name, where it is called. */
static void what_is_missing_is_named(void **state) {
    (void)state;
    static const Lack lacks[] = {
        {"group(2)", NORM_TRAIN, false, true, true, true,
         ".param[0] is missing: 'gamma'"},
        {"group(2)", NORM_TRAIN, true, false, true, true, ".param[1] is missing: 'beta'"},
        {"blend(batch, layer)", NORM_TRAIN, true, true, true, true,
         ".param[2] is missing"},
        {"batch", NORM_EVAL, true, true, false, true, "read in evaluation"},
        {"renorm", NORM_TRAIN, true, true, false, true, "read in training, too"},
        {"batch", NORM_TRAIN, true, true, true, false,
         "not bound to a number of channels"}};
    char text[2048];
    for (size_t i = 0; i < COUNT_OF(lacks); i++) {
        Lack lack = lacks[i];
        assert_int_equal(harness_child(call_without, &lack, text, sizeof text),
                         128 + SIGABRT);
        if (strstr(text, lack.says) == NULL) fail_msg("%s: %s", lack.spec, text);
    }
    Lack none = {"batch", NORM_EVAL, true, true, true, true, ""};
    assert_int_equal(harness_child(call_without, &none, text, sizeof text), 0);
}

static const Case CASES[] = {
    CASE(theorem, special_cases),
    CASE(theorem, samples_do_not_meet),
    CASE(theorem, no_variance_gives_beta_exactly),
    CASE(theorem, one_element_cells),
    CASE(oracle, observations),
    CASE(theorem, a_nan_is_observed),
    CASE(example, batch_and_ghost_keep_state),
    CASE(fault, what_is_missing_is_named),
};

HARNESS_MAIN("norm_use", CASES)
