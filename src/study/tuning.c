/* Equal budgets: which rows of a sweep are run, and which row is chosen. */
#include "tuning.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

#include "sweep.h"

/* ---- arms --------------------------------------------------------------------------- */

/* A spec without its numbers: "group(#)". A digit inside a word stays. */
static const char *arm_of(Arena *arena, const char *spec) {
    Text text = text_new(arena);
    for (const char *c = spec; *c;) {
        const size_t digits = strspn(c, "0123456789.");
        const bool inside = c > spec && (isalnum((unsigned char)c[-1]) || c[-1] == '_');
        if (digits > 0 && !inside) {
            text_add(&text, "#");
            c += digits;
            if (*c == 'e') c += 1 + strspn(c + 1, "+-0123456789");
        } else {
            text_add(&text, "%c", *c++);
        }
    }
    return text.data;
}

/* The spec of the arm's rows, where all have one. */
static const char *shown(const Sweep *all, const Tuning *tuning, size_t arm,
                         const char *const *spec) {
    const char *one = NULL;
    for (size_t i = 0; i < all->series; i++) {
        if (tuning->arm_of[i] != arm) continue;
        if (one && strcmp(one, spec[i]) != 0) return tuning->arm[arm];
        one = spec[i];
    }
    return one;
}

static Tuning arms_of(Arena *arena, const Sweep *all) {
    Tuning t = {.arm = TAKE(arena, const char *, all->series),
                .arm_of = TAKE(arena, size_t, all->series)};
    const char **spec = TAKE(arena, const char *, all->series);
    for (size_t i = 0; i < all->series; i++) {
        const size_t run = all->run_of[i * all->points * all->seeds];
        spec[i] = all->run[run].config.norm;
        const char *arm = arm_of(arena, spec[i]);
        size_t k = 0;
        while (k < t.arms && strcmp(t.arm[k], arm) != 0) k++;
        if (k == t.arms) t.arm[t.arms++] = arm;
        t.arm_of[i] = k;
    }
    for (size_t k = 0; k < t.arms; k++) t.arm[k] = shown(all, &t, k, spec);
    return t;
}

/* ---- budgets -------------------------------------------------------------------------- */

static size_t rows_of(const Sweep *all, const Tuning *t, size_t arm) {
    size_t count = 0;
    for (size_t i = 0; i < all->series; i++) count += t->arm_of[i] == arm;
    return count;
}

/* As many as all arms have. */
static size_t budget_of(const Sweep *all, const Tuning *t, size_t wanted) {
    size_t least = SIZE_MAX;
    for (size_t k = 0; k < t->arms; k++) {
        const size_t rows = rows_of(all, t, k);
        if (rows < wanted)
            die(EX_USAGE, "--trials %zu: %s has %zu; longer lists are expected", wanted,
                t->arm[k], rows);
        least = rows < least ? rows : least;
    }
    return wanted ? wanted : least;
}

/* Which rows: of an arm with more than its budget a drawn choice, in their order. No run has the
 * seed of this draw. */
static void draw_rows(Arena *arena, const Sweep *all, const Tuning *t, bool *taken) {
    static const uint64_t seed = UINT64_C(0x74756e696e67); /* "tuning" */
    for (size_t k = 0; k < t->arms; k++) {
        const size_t rows = rows_of(all, t, k);
        size_t *rank = TAKE(arena, size_t, rows), at = 0;
        draw_permutation((Draw){seed, DRAW_SPLIT, 0, k}, rank, rows);
        for (size_t i = 0; i < all->series; i++)
            if (t->arm_of[i] == k) taken[i] = rank[at++] < t->trials;
    }
}

/* ---- the sweep of those ------------------------------------------------------------------ */

/* Row i of all becomes the next row of `to`, with its runs. */
static void take_row(Sweep *to, size_t *place, const Sweep *all, size_t i) {
    const size_t cells = all->points * all->seeds, *from = all->run_of + i * cells;
    size_t *row = to->run_of + to->series * cells;
    to->series_name[to->series] = all->series_name[i];
    memcpy(to->judging + to->series * all->points, all->judging + i * all->points,
           all->points * sizeof *to->judging);
    to->same[to->series++] = all->same[i];
    for (size_t c = 0; c < cells; c++) {
        if (place[from[c]] == SIZE_MAX) {
            place[from[c]] = to->runs;
            to->run[to->runs++] = all->run[from[c]];
        }
        row[c] = place[from[c]];
    }
}

static void want_scores(const Sweep *all) {
    for (size_t i = 0; i < all->runs; i++)
        if (all->run[i].config.epochs == 0)
            die(EX_USAGE, "epochs=0: such runs have no score to choose by");
}

const Sweep *tuning_select(Arena *arena, const Sweep *all, size_t trials) {
    const size_t cells = all->points * all->seeds;
    Tuning *t = TAKE(arena, Tuning, 1);
    Sweep *to = TAKE(arena, Sweep, 1);
    bool *taken = ZERO(arena, bool, all->series);
    size_t *place = TAKE(arena, size_t, all->runs);
    want_scores(all);
    *t = arms_of(arena, all);
    t->trials = budget_of(all, t, trials);
    draw_rows(arena, all, t, taken);
    *to = *all;
    to->tuning = t;
    to->series = to->runs = 0;
    to->series_name = TAKE(arena, const char *, all->series);
    to->judging = TAKE(arena, Judging, all->series * all->points);
    to->same = TAKE(arena, bool, all->series);
    to->run_of = TAKE(arena, size_t, all->series * cells);
    to->run = TAKE(arena, Run, all->runs);
    for (size_t i = 0; i < all->runs; i++) place[i] = SIZE_MAX;
    for (size_t i = 0; i < all->series; i++) {
        if (!taken[i]) continue;
        t->arm_of[to->series] = t->arm_of[i]; /* never ahead of i */
        take_row(to, place, all, i);
    }
    return to;
}

/* ---- the choice ---------------------------------------------------------------------------- */

size_t tuning_choice(const Grid *g, const Tuning *t, size_t arm, size_t point) {
    size_t best = g->series;
    double score = (double)NAN;
    for (size_t i = 0; i < g->series; i++) {
        const Interval own = grid_error(g, i, point);
        if (t->arm_of[i] != arm || own.count < g->seeds) continue;
        if (best < g->series && (g->metric.rises ? own.mean <= score : own.mean >= score))
            continue;
        best = i, score = own.mean;
    }
    return best;
}
