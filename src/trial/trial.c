/* The tables of checks and shapes, and the verdicts on their cases. */
#include "arguments.h"
#include "trial_kind.h"

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

static const Shape SHAPES[] = {{2, {16, 8}},
                               {3, {4, 8, 5}},
                               {4, {4, 4, 3, 3}},
                               {5, {4, 4, 2, 3, 2}},
                               {3, {3, 1, 7}}, /* one channel */
                               {2, {1, 8}},    /* one sample, one position */
                               {2, {4, 2}},
                               {2, {4, 1}},
                               /* sums of several leaves, whichever the cells */
                               {3, {2, 20, 70}}};

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

/* ---- cases ----------------------------------------------------------------------- */

bool trial_applies(const char *spec, Shape shape, const TrialCheck *check) {
    Arena *arena = arena_new();
    bool any = false;
    Trial t;
    for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++)
        for (int data = 0; data < TRIAL_DATA; data++)
            any = any || trial_fits(arena, &t, spec, shape, (NormMode)mode,
                                    (TrialData)data, 1, check);
    arena_free(arena);
    return any;
}

CheckVerdict finding_verdict(const Finding *f) {
    return f->failed ? CHECK_FAIL : f->inconclusive ? CHECK_INCONCLUSIVE : CHECK_PASS;
}

static int weight(const Finding *f) {
    return f->failed ? 2 : f->inconclusive ? 1 : 0;
}

bool finding_add(Finding *sum, const Finding *one) {
    Finding before = *sum;
    int heavier = weight(one) - weight(&before);
    bool worse =
        one->cases > 0 && (before.cases == 0 || heavier > 0 ||
                           (heavier == 0 && !one->failed &&
                            check_ratio(&one->report) > check_ratio(&before.report)));
    if (worse) *sum = *one;
    sum->cases = before.cases + one->cases;
    sum->failed = before.failed + one->failed;
    sum->inconclusive = before.inconclusive + one->inconclusive;
    sum->compared = before.compared + one->compared;
    return worse;
}

Finding finding_of(const CheckReport *report, NormMode mode, TrialData data) {
    const bool proved = report->verdict == CHECK_INCONCLUSIVE && report->proved;
    return (Finding){.cases = 1,
                     .failed = report->verdict != CHECK_PASS && !proved,
                     .inconclusive = proved,
                     .report = *report,
                     .mode = mode,
                     .data = data,
                     .compared = report->compared};
}

Finding trial_judge(const char *spec, Shape shape, const TrialCheck *check,
                    uint64_t seed) {
    Finding finding = {.cases = 0};
    for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++)
        for (int data = 0; data < TRIAL_DATA; data++) {
            Arena *arena = arena_new();
            Trial t;
            if (trial_prepare(arena, &t, spec, shape, (NormMode)mode, (TrialData)data,
                              seed, check)) {
                CheckReport r = check->judge(arena, &t, check);
                Finding one = finding_of(&r, t.mode, t.data);
                finding_add(&finding, &one);
            }
            arena_free(arena);
        }
    return finding;
}

/* ---- one call, outside the table ---------------------------------------------------- */

static const TrialCheck ANY = {.name = "any", .data = ON_PLAIN};

/* The first shape that it can see: those of a mode are the same program. */
static bool first_trial(Arena *arena, Trial *t, const char *spec, NormMode mode,
                        uint64_t seed) {
    for (size_t i = 0; i < COUNT_OF(SHAPES); i++)
        if (trial_prepare(arena, t, spec, SHAPES[i], mode, DATA_PLAIN, seed, &ANY))
            return true;
    return false;
}

TrialHeld trial_held(Arena *arena, const char *spec, uint64_t seed) {
    TrialHeld found = {.held = {.count = 0}};
    for (int mode = NORM_TRAIN; mode <= NORM_EVAL && found.held.count == 0; mode++) {
        Trial t;
        if (!first_trial(arena, &t, spec, (NormMode)mode, seed)) continue;
        const CheckFunction f = trial_function(arena, &t, false);
        found.held = check_held(arena, &f, seed);
        found.mode = t.mode;
        found.by_design = norm_holds(t.norm);
        if (found.by_design == NULL) found.by_design = norm_by_design(t.norm);
    }
    return found;
}

const char *trial_lacks(Arena *arena, const char *spec) {
    for (int mode = NORM_TRAIN; mode <= NORM_EVAL; mode++) {
        Trial t;
        if (!first_trial(arena, &t, spec, (NormMode)mode, 1)) continue;
        const CheckFunction f = trial_function(arena, &t, true);
        const char *lack = check_lacks(arena, &f);
        if (lack) return lack;
    }
    return NULL;
}
