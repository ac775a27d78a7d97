/* Comparisons that are no derivatives of one function, and the worst of them. */
#include "arith_calls.h"
#include "judge.h"
#include "text.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

Tally tally_new(const Trial *t) {
    return (Tally){.shape = t->shape,
                   .report = {.seed = t->seed, .element = SIZE_MAX, .output = SIZE_MAX}};
}

static void enter(Tally *t, const char *what, size_t element, double got, double expected,
                  double error, double allowed) {
    CheckReport *r = &t->report;
    bool bad = !(error <= allowed);
    CheckVerdict verdict = bad                 ? CHECK_FAIL
                           : isfinite(allowed) ? CHECK_PASS
                                               : CHECK_INCONCLUSIVE; /* hides anything */
    bool first = r->compared++ == 0;
    if (!first && !judge_outweighs(verdict, judge_ratio(error, allowed), r)) return;
    r->verdict = verdict;
    r->proved = verdict == CHECK_INCONCLUSIVE;
    r->element = element;
    r->got = got, r->expected = expected, r->error = error, r->allowed = allowed;
    r->reason[0] = '\0';
    if (verdict == CHECK_PASS) return;
    Arena *arena = arena_new();
    const char *last = strrchr(what, ' ') ? strrchr(what, ' ') + 1 : what;
    bool like_x = strcmp(last, "y") == 0 || strcmp(last, "dx") == 0;
    const char *place = like_x ? judge_index(arena, t->shape, element)
                               : text_print(arena, "%zu", element);
    snprintf(r->reason, sizeof r->reason, "%s[%s]%s", what, place,
             bad ? "" : ": what rounding may do has no bound");
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

void tally_bits(Tally *sum, const char *what, const double *got, const double *expected,
                size_t count) {
    tally_same(sum, what, got, expected, count);
    char sign[160];
    snprintf(sign, sizeof sign, "sign of %s", what);
    for (size_t k = 0; got && expected && k < count; k++)
        if (got[k] == 0.0 && expected[k] == 0.0)
            tally(sum, sign, k, copysign(1.0, got[k]), copysign(1.0, expected[k]), 0.0);
}

void tally_outcome(Tally *sum, const Trial *t, const char *when, const Outcome *got,
                   const Outcome *expected) {
    char name[128];
    const Norm *norm = t->norm;
    snprintf(name, sizeof name, "%s: y", when);
    tally_bits(sum, name, got->y, expected->y, t->n);
    snprintf(name, sizeof name, "%s: dx", when);
    tally_bits(sum, name, got->dx, expected->dx, t->n);
    for (size_t k = 0; k < norm->params; k++) {
        snprintf(name, sizeof name, "%s: d%s", when, norm->param[k].name);
        tally_bits(sum, name, got->dparam[k], expected->dparam[k], norm->param[k].count);
    }
    for (size_t k = 0; k < norm->states; k++) {
        snprintf(name, sizeof name, "%s: observed %s", when, norm->state[k].name);
        tally_bits(sum, name, got->observed[k], expected->observed[k],
                   norm->state[k].count);
    }
}

static void close_to(Tally *sum, const Trial *t, const Outcome *got,
                     const Outcome *expected, double eps, const double *y,
                     const double *const *d) {
    for (size_t i = 0; i < t->n; i++) {
        tally(sum, "y", i, got->y[i], expected->y[i], eps * y[i]);
        tally(sum, "dx", i, got->dx[i], expected->dx[i], eps * d[0][i]);
    }
    Arena *arena = arena_new();
    for (size_t k = 0; k < t->norm->params; k++)
        for (size_t c = 0; c < t->norm->param[k].count; c++)
            tally(sum, text_print(arena, "d%s", t->norm->param[k].name), c,
                  got->dparam[k][c], expected->dparam[k][c], eps * d[1 + k][c]);
    arena_free(arena);
}

void tally_close(Tally *sum, const Trial *t, const Outcome *got, const Outcome *expected,
                 double digits, bool definition) {
    Arena *arena = arena_new();
    const CheckBound y = trial_value_bound(arena, t, digits, definition),
                     d = trial_bound(arena, t, digits, definition);
    close_to(sum, t, got, expected, digits * DBL_EPSILON, y.scale[0], d.scale);
    arena_free(arena);
}

void tally_texts(Tally *sum, const Trial *t, const Outcome *kernel, const Outcome *text,
                 double digits) {
    Arena *arena = arena_new();
    const CheckBound own = trial_value_bound(arena, t, digits, false),
                     y = trial_value_bound(arena, t, digits, true),
                     d = trial_bound(arena, t, digits, true);
    double *both = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) both[i] = own.scale[0][i] + y.scale[0][i];
    close_to(sum, t, kernel, text, digits * DBL_EPSILON, both, d.scale);
    arena_free(arena);
}
