/* One call beside another that may differ from it in nothing: operands
 * frozen, memory used before, two threads, positions on other axes. */
#include "text.h"
#include "trial_kind.h"

#include <math.h>
#include <omp.h>
#include <string.h>

/* ---- frozen ---------------------------------------------------------------------- */

static const char *frozen_text(Arena *arena, const Trial *t, unsigned frozen) {
    Text text = text_new(arena);
    if (frozen & 1u) text_add(&text, "x");
    for (size_t k = 0; k < t->norm->params; k++)
        if (frozen >> (k + 1) & 1u)
            text_add(&text, "%s%s", text.length ? ", " : "", t->norm->param[k].name);
    text_add(&text, " frozen");
    return text.data;
}

/* Where all of a part's operands are frozen, no backward runs and observes. */
static void leave_unobserved(const Trial *t, Outcome *got) {
    for (size_t k = 0; k < t->norm->states; k++)
        if (t->norm->state[k].of_backward && isnan(got->observed[k][0]))
            got->observed[k] = NULL;
}

static CheckReport judge_frozen(Arena *arena, const Trial *t, const TrialCheck *check) {
    (void)check;
    Tally sum = tally_new(t);
    Outcome free = trial_run(arena, t, 0);
    for (unsigned frozen = 1; frozen < 2u << t->norm->params; frozen++) {
        ArenaMark mark = arena_mark(arena);
        Outcome got = trial_run(arena, t, frozen);
        leave_unobserved(t, &got);
        tally_outcome(&sum, t, frozen_text(arena, t, frozen), &got, &free);
        arena_rewind(arena, mark);
    }
    return sum.report;
}
const TrialCheck trial_frozen = {
    .name = "frozen",
    .says = "gradients are the same whichever others are not wanted",
    .digits = 0,
    .data = ON_PLAIN,
    .applies = trial_fused,
    .judge = judge_frozen};

/* ---- repeated -------------------------------------------------------------------- */

/* The same normalizer on other numbers: what it leaves behind is wrong for the first. */
static Trial reversed(Arena *arena, const Trial *t) {
    Trial other = *t;
    other.x = TAKE(arena, double, t->n), other.dy = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++) {
        other.x[i] = 2.0 * t->x[t->n - 1 - i];
        other.dy[i] = 1.0 + t->dy[t->n - 1 - i];
    }
    return other;
}

/* A fresh arena; the same after a call on other numbers; the same full of NaN. */
static void again_on_arena(Tally *sum, const Trial *t, const Trial *other,
                           const Outcome *expected) {
    Arena *own = arena_new();
    const ArenaMark empty = arena_mark(own);
    Outcome got = trial_run(own, t, 0);
    tally_outcome(sum, t, "in a fresh arena", &got, expected);
    arena_rewind(own, empty);
    trial_run(own, other, 0);
    arena_rewind(own, empty);
    got = trial_run(own, t, 0);
    tally_outcome(sum, t, "after a call on other numbers", &got, expected);
    arena_rewind(own, empty);
    for (size_t piece = 0; piece < 256 + t->n; piece++) filled(own, 64, NAN);
    arena_rewind(own, empty);
    got = trial_run(own, t, 0);
    tally_outcome(sum, t, "in memory that held NaN", &got, expected);
    arena_free(own);
}

static void merge(Tally *sum, const Tally *one) {
    size_t compared = sum->report.compared + one->report.compared;
    if (sum->report.verdict == CHECK_PASS && one->report.verdict != CHECK_PASS)
        *sum = *one;
    sum->report.compared = compared;
}

enum { TURNS = 500 }; /* a millisecond or more, so that both are at it */

static bool differ(const double *a, const double *b, size_t count) {
    return a && memcmp(a, b, count * sizeof *a) != 0;
}

/* Faster than a tally: the calls shall meet, not the comparisons. */
static bool outcomes_differ(const Trial *t, const Outcome *a, const Outcome *b) {
    bool any = differ(a->y, b->y, t->n) || differ(a->dx, b->dx, t->n);
    for (size_t k = 0; k < t->norm->params; k++)
        any = any || differ(a->dparam[k], b->dparam[k], t->norm->param[k].count);
    for (size_t k = 0; k < t->norm->states; k++)
        any = any || differ(a->observed[k], b->observed[k], t->norm->state[k].count);
    return any;
}

static void many_turns(Tally *sum, const Trial *t, const char *when,
                       const Outcome *expected) {
    Arena *own = arena_new();
    for (int turn = 0; turn < TURNS; turn++) {
        ArenaMark mark = arena_mark(own);
        Outcome got = trial_run(own, t, 0);
        if (turn == 0 || outcomes_differ(t, &got, expected))
            tally_outcome(sum, t, when, &got, expected);
        arena_rewind(own, mark);
    }
    arena_free(own);
}

/* Two trials at the same time, each on an arena of its own. */
static void in_two_threads(Tally *sum, const Trial *trial, const Outcome *expected) {
    Tally each[] = {tally_new(trial), tally_new(trial)};
    int threads = 0;
    /* Cases may themselves be judged in a team of threads. Never lowered again: another
     * may be about to ask. */
    if (omp_get_max_active_levels() < 2) omp_set_max_active_levels(2);
    const int dynamic = omp_get_dynamic();
    omp_set_dynamic(0); /* two, however busy the machine is */
#pragma omp parallel num_threads(2)
    {
        int me = omp_get_thread_num();
#pragma omp atomic
        threads++;
#pragma omp barrier
        many_turns(&each[me], &trial[me],
                   me ? "in the second thread" : "in the first thread", &expected[me]);
    }
    omp_set_dynamic(dynamic);
    for (int k = 0; k < threads; k++) merge(sum, &each[k]);
    if (threads == 2 || sum->report.verdict != CHECK_PASS) return;
    sum->report.verdict = CHECK_INCONCLUSIVE;
    snprintf(sum->report.reason, sizeof sum->report.reason,
             "OpenMP gave one thread, two were asked for");
}

static CheckReport judge_repeated(Arena *arena, const Trial *t, const TrialCheck *check) {
    (void)check;
    Tally sum = tally_new(t);
    const Trial trial[] = {*t, reversed(arena, t)};
    const Outcome expected[] = {trial_run(arena, &trial[0], 0),
                                trial_run(arena, &trial[1], 0)};
    again_on_arena(&sum, &trial[0], &trial[1], &expected[0]);
    in_two_threads(&sum, trial, expected);
    return sum.report;
}
const TrialCheck trial_repeated = {
    .name = "repeated",
    .says = "again, in used and fresh memory, and in two threads at the same time",
    .digits = 0,
    .data = ON_PLAIN,
    .applies = trial_fused,
    .judge = judge_repeated};

/* ---- ranks ----------------------------------------------------------------------- */

static size_t smallest_factor(size_t n) {
    for (size_t f = 2; f * f <= n; f++)
        if (n % f == 0) return f;
    return n;
}

static CheckReport judge_ranks(Arena *arena, const Trial *t, const TrialCheck *check) {
    (void)check;
    Tally sum = tally_new(t);
    const Outcome expected = trial_run(arena, t, 0);
    const size_t N = t->at.N, C = t->at.C, L = t->at.L, f = smallest_factor(L);
    const Shape shapes[] = {{3, {N, C, L}},
                            {4, {N, C, L, 1}},
                            {4, {N, C, 1, L}},
                            {5, {N, C, 1, L, 1}},
                            {5, {N, C, L, 1, 1}},
                            {5, {N, C, 1, 1, L}},
                            {4, {N, C, f, L / f}},
                            {5, {N, C, L / f, 1, f}},
                            {2, {N, C}}}; /* the last where there is one position */
    for (size_t i = 0; i < COUNT_OF(shapes) - (L > 1); i++) {
        ArenaMark mark = arena_mark(arena);
        Trial other = *t;
        other.shape = shapes[i];
        Outcome got = trial_run(arena, &other, 0);
        tally_outcome(&sum, t, text_print(arena, "as %s", shape_text(arena, shapes[i])),
                      &got, &expected);
        arena_rewind(arena, mark);
    }
    return sum.report;
}
const TrialCheck trial_ranks = {
    .name = "ranks",
    .says = "positions on one axis or many, with sizes of 1 among them",
    .digits = 0,
    .data = ON_PLAIN,
    .applies = trial_fused,
    .judge = judge_ranks};
