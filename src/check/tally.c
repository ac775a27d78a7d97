/* Comparisons that are no derivatives of one function, and the worst of them. */
#include "judge.h"
#include "trial_kind.h"

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
