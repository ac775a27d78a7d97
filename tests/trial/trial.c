/* The table of checks and what it says of wrong gradients. */
#include "harness.h"

#include "arith_calls.h"
#include "kind.h"
#include "trial_kind.h"

#include <math.h>
#include <string.h>

static const TrialCheck ANY = {.name = "any", .data = ON_ALL};

/* ---- what a wrong dx is called --------------------------------------------------- */

typedef enum Wrong {
    RIGHT,
    NO_MEAN_H,
    NO_XHAT,
    DETACHED, /* mean and variance as constants */
    XHAT_SIGN,
    UNBIASED, /* count - 1 */
    SUMMED,   /* a sum for a mean */
    GAMMA_IN_MEAN,
    GAMMA_FORGOTTEN,
    OTHER_CELL,
    DOUBLED
} Wrong;

static Quad h_of(const Trial *t, size_t i, bool scaled) {
    return (scaled ? (Quad)trial_gamma(t, i) : 1) * t->dy[i];
}

/* (P-6) written down once more, wrong on purpose. */
static double *wrong_dx(Arena *arena, const Trial *t, Wrong wrong) {
    double *dx = TAKE(arena, double, t->n);
    Quad *a = ZERO(arena, Quad, t->cells), *b = ZERO(arena, Quad, t->cells);
    bool scaled = wrong != GAMMA_FORGOTTEN;
    for (size_t i = 0; i < t->n; i++) {
        Quad count = (Quad)t->cell[t->where[i]].count;
        if (wrong == SUMMED) count = 1;
        a[t->where[i]] += h_of(t, i, scaled) / count;
        if (wrong == UNBIASED) count -= 1;
        b[t->where[i]] +=
            h_of(t, i, wrong != GAMMA_IN_MEAN && scaled) * trial_xhat(t, i) / count;
    }
    for (size_t i = 0; i < t->n; i++) {
        size_t k = t->where[i];
        Quad mean_h = a[wrong == OTHER_CELL ? (i + 1) % t->cells : k], mean_hx = b[k];
        if (wrong == NO_MEAN_H || wrong == DETACHED) mean_h = 0;
        if (wrong == NO_XHAT || wrong == DETACHED) mean_hx = 0;
        if (wrong == XHAT_SIGN) mean_hx = -mean_hx;
        Quad rstd = 1 / quad_sqrt(t->cell[k].variance + t->norm->eps);
        dx[i] =
            (double)(rstd * (h_of(t, i, scaled) - mean_h - trial_xhat(t, i) * mean_hx));
        if (wrong == DOUBLED) dx[i] *= 2;
    }
    return dx;
}

static void a_wrong_gradient_is_named(void **state) {
    (void)state;
    static const struct {
        Wrong wrong;
        const char *said;
    } CASES[] = {{RIGHT, ""},
                 {NO_MEAN_H, "the term mean(h) is missing"},
                 {NO_XHAT, "the term xhat mean(h xhat) is missing"},
                 {DETACHED, "mean(h) is missing, the term xhat mean(h xhat) is missing"},
                 {XHAT_SIGN, "the term xhat mean(h xhat) has the wrong sign"},
                 {UNBIASED, "xhat mean(h xhat) is wrong (count - 1 for count?)"},
                 {SUMMED, "the term mean(h) is wrong (a sum, not a mean?)"},
                 {GAMMA_IN_MEAN, "xhat mean(h xhat) is wrong (of dy: gamma forgotten?)"},
                 {GAMMA_FORGOTTEN, "gamma is forgotten: dx is made of dy"},
                 {OTHER_CELL, "dx is no sum of h, mean(h) and xhat mean(h xhat)"},
                 {DOUBLED, "dx is 2 times what it should be"}};
    static const char *const SPECS[] = {"group(2)", "batch", "layer", "position"};
    for (size_t s = 0; s < COUNT_OF(SPECS); s++)
        for (size_t k = 0; k < COUNT_OF(CASES); k++) {
            Arena *arena = arena_new();
            Trial t;
            assert_true(trial_prepare(arena, &t, SPECS[s], SHAPE_OF(4, 4, 3, 3),
                                      NORM_TRAIN, DATA_PLAIN, 3, &ANY));
            CheckReport report = {.verdict = CHECK_FAIL};
            trial_diagnose(arena, &t, wrong_dx(arena, &t, CASES[k].wrong), &report);
            if (s == 1 && CASES[k].wrong == GAMMA_IN_MEAN) { /* one gamma a cell */
                assert_non_null(strstr(report.reason, "gamma forgotten?"));
            } else if (strstr(report.reason, CASES[k].said) == NULL) {
                fail_msg("%s: said \"%s\", want \"%s\"", SPECS[s], report.reason,
                         CASES[k].said);
            }
            if (CASES[k].wrong == RIGHT) assert_null(strstr(report.reason, "term"));
            arena_free(arena);
        }
}

/* ---- the table ------------------------------------------------------------------- */

static void names_differ(void **state) {
    (void)state;
    Arena *arena = arena_new();
    size_t checks, shapes, count = 0;
    const TrialCheck *const *check = trial_checks(&checks);
    const Shape *shape = trial_shapes(&shapes);
    const char **name = TAKE(arena, const char *, checks *shapes * 2);
    static const char *const SPECS[] = {"group(2)", "group(size=2)"};
    for (size_t s = 0; s < COUNT_OF(SPECS); s++)
        for (size_t k = 0; k < checks; k++)
            for (size_t i = 0; i < shapes; i++)
                name[count++] = trial_case_name(arena, SPECS[s], shape[i], check[k]);
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < i; j++) assert_string_not_equal(name[i], name[j]);
    arena_free(arena);
}

/* Every shape x data is reached: a check that applies to nothing proves nothing. */
static void every_check_has_cases(void **state) {
    (void)state;
    size_t checks, shapes, kinds;
    const TrialCheck *const *check = trial_checks(&checks);
    const Shape *shape = trial_shapes(&shapes);
    const NormKind *const *kind = norm_kinds(&kinds);
    for (size_t k = 0; k < checks; k++) {
        bool any = false;
        for (size_t i = 0; i < shapes; i++)
            for (size_t n = 0; n < kinds; n++)
                any = any || trial_applies(norm_example(kind[n]), shape[i], check[k]);
        if (!any) fail_msg("%s has no case", trial_name(check[k]));
    }
}

/* A bound that hides a value, infinite or not, is a fault of the bound. */
static void values_are_decided(void **state) {
    (void)state;
    size_t checks, shapes, kinds;
    const TrialCheck *const *check = trial_checks(&checks);
    const Shape *shape = trial_shapes(&shapes);
    const NormKind *const *kind = norm_kinds(&kinds);
    for (size_t n = 0; n < kinds; n++)
        for (size_t i = 0; i < shapes; i++) {
            const char *spec = norm_example(kind[n]);
            if (!trial_applies(spec, shape[i], check[0])) continue;
            const Finding f = trial_judge(spec, shape[i], check[0], 1);
            if (finding_verdict(&f) != CHECK_PASS)
                fail_msg("%s: %s: %s", spec, trial_name(check[0]), f.report.reason);
        }
}

static void seeds_repeat(void **state) {
    (void)state;
    size_t checks;
    const TrialCheck *const *check = trial_checks(&checks);
    for (size_t k = 0; k < checks; k++) {
        if (!trial_applies("group(2)", SHAPE_OF(4, 8, 5), check[k])) continue;
        Finding one = trial_judge("group(2)", SHAPE_OF(4, 8, 5), check[k], 9),
                two = trial_judge("group(2)", SHAPE_OF(4, 8, 5), check[k], 9);
        assert_true(check_ratio(&one.report) == check_ratio(&two.report));
        assert_memory_equal(&one.report.got, &two.report.got, sizeof(double));
        assert_int_equal(finding_verdict(&one), CHECK_PASS);
    }
}

/* ---- what a kind says of itself ---------------------------------------------------- */

static bool fits(const char *spec, Shape shape, NormMode mode, TrialData data,
                 const char *check) {
    Arena *arena = arena_new();
    size_t checks;
    const TrialCheck *const *all = trial_checks(&checks);
    bool any = false;
    for (size_t k = 0; k < checks; k++) {
        Trial t;
        if (strcmp(trial_name(all[k]), check) == 0)
            any = trial_fits(arena, &t, spec, shape, mode, data, 1, all[k]);
    }
    arena_free(arena);
    return any;
}

static TapeNode *twice(const NormContext *context, TapeNode *x) {
    return norm_affine(context, tape_add(context->tape, x, x));
}

/* Each of them is not asked what it says has no answer, alone and as a part; others are. */
static void kinds_are_not_asked_what_has_no_answer(void **state) {
    (void)state;
    static const NormKind flat = {.name = "flat",
                                  .usage = "flat",
                                  .title = "flat",
                                  .define = twice,
                                  .saturates = true},
                          roomy = {.name = "roomy",
                                   .usage = "roomy",
                                   .title = "roomy",
                                   .cell = {{.block = 1,
                                             .moments = {NORM_OWN, NORM_OWN}}},
                                   .sensible = 3},
                          moody = {.name = "moody",
                                   .usage = "moody",
                                   .title = "moody",
                                   .define = twice,
                                   .cell = {{.moments = {NORM_OWN, NORM_GIVEN}}}};
    const NormKind *const kinds[] = {&flat, &roomy, &moody};
    BaseError error = {.set = false};
    for (size_t k = 0; k < COUNT_OF(kinds); k++)
        assert_true(norm_register(kinds[k], "0", &error));
    const Shape pair = SHAPE_OF(4, 2), large = SHAPE_OF(4, 8, 5);
    static const char *const flats[] = {"flat", "flat | layer"},
                             *const roomys[] = {"roomy", "blend(roomy, batch)"},
                             *const moodys[] = {"moody", "split(moody, layer)"};
    for (size_t k = 0; k < 2; k++) {
        assert_true(fits(flats[k], large, NORM_TRAIN, DATA_PLAIN, "gradient"));
        assert_false(fits(flats[k], large, NORM_TRAIN, DATA_OFFSET, "gradient"));
        assert_true(fits(flats[k], large, NORM_TRAIN, DATA_PLAIN, "third-order"));
        assert_true(fits(roomys[k], large, NORM_TRAIN, DATA_PLAIN, "complex-step"));
        assert_false(fits(roomys[k], pair, NORM_TRAIN, DATA_PLAIN, "complex-step"));
        assert_true(fits(roomys[k], pair, NORM_TRAIN, DATA_PLAIN, "gradient"));
        assert_false(fits(moodys[k], large, NORM_TRAIN, DATA_PLAIN, "evaluation"));
    }
    assert_true(fits("layer", large, NORM_TRAIN, DATA_OFFSET, "gradient"));
    assert_true(fits("layer", pair, NORM_TRAIN, DATA_PLAIN, "complex-step"));
    assert_true(fits("layer", large, NORM_TRAIN, DATA_PLAIN, "evaluation"));
}

/* eps that leaves the normal numbers with the data is another function. */
static void eps_at_its_ends(void **state) {
    (void)state;
    const Shape shape = SHAPE_OF(4, 8, 5);
    assert_true(fits("layer(eps=1e-300)", shape, NORM_TRAIN, DATA_PLAIN, "gradient"));
    assert_false(fits("layer(eps=1e-300)", shape, NORM_TRAIN, DATA_TINY, "gradient"));
    assert_false(fits("layer(eps=1e+300)", shape, NORM_TRAIN, DATA_HUGE, "gradient"));
    assert_true(fits("layer", shape, NORM_TRAIN, DATA_TINY, "gradient"));
}

static const Case CASES[] = {
    CASE(theorem, a_wrong_gradient_is_named),
    CASE(theorem, names_differ),
    CASE(theorem, every_check_has_cases),
    CASE(theorem, values_are_decided),
    CASE(theorem, seeds_repeat),
    CASE(theorem, eps_at_its_ends),
    CASE(example, kinds_are_not_asked_what_has_no_answer),
};

HARNESS_MAIN("trial", CASES)
