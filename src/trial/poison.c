/* What a cell may see: one element, sample, channel or position is put to NaN, infinity, 1e308 or
 * moved far away; whatever does not depend on it keeps its bits, and what is not finite is
 * not lost on its way. Beside 1e308 it keeps its digits: what is computed with more than
 * doubles there may bring others along.
 *
 * Who depends on whom the definition says, whatever it is made of: what its program gives
 * otherwise with the poison than without, or with NaN in its place, depends on it. */
#include "op.h"
#include "text.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>

/* ---- places and poisons ----------------------------------------------------------- */

typedef enum Extent { ELEMENT, SAMPLE, CHANNEL, POSITION } Extent;

typedef struct Place {
    Extent extent;
    size_t at;
} Place;

static const char *const EXTENTS[] = {"element", "sample", "channel", "position"};

/* The first and the last of each: kernels take a cell's first for its shift. */
static size_t places_of(const Trial *t, Place *place) {
    const size_t most[] = {t->n, t->at.N, t->at.C, t->at.L};
    size_t count = 0;
    for (Extent e = ELEMENT; e <= POSITION; e++) {
        place[count++] = (Place){e, 0};
        if (most[e] > 1 && e != POSITION) place[count++] = (Place){e, most[e] - 1};
    }
    return count;
}

static bool is_inside(const Trial *t, Place place, size_t i) {
    const size_t at[] = {i, i / t->at.L / t->at.C, i / t->at.L % t->at.C, i % t->at.L};
    return at[place.extent] == place.at;
}

typedef enum Poison { TO_NAN, TO_INFINITY, TO_MINUS, TO_HUGE, BY_1E8, BY_1E12 } Poison;

static const char *const POISONS[] = {"NaN",   "infinity", "-infinity",
                                      "1e308", "1e8 more", "1e12 more"};

static double poisoned(double x, Poison poison) {
    switch (poison) {
    case TO_NAN:
        return NAN;
    case TO_INFINITY:
        return INFINITY;
    case TO_MINUS:
        return -INFINITY;
    case TO_HUGE:
        return copysign(1e308, x);
    case BY_1E8:
        return x + 1e8;
    default:
        return x + 1e12;
    }
}

static double *poisoned_copy(Arena *arena, const Trial *t, const double *values,
                             Place place, Poison poison) {
    double *copy = copy_of(arena, values, t->n);
    for (size_t i = 0; i < t->n; i++)
        if (is_inside(t, place, i)) copy[i] = poisoned(values[i], poison);
    return copy;
}

/* ---- comparing ------------------------------------------------------------------- */

/* One run of the kernel beside one without poison; `tainted` by the definition with NaN. */
typedef struct Beside {
    const char *when;
    const Outcome *got, *clean;
    /* The definition: without poison, with NaN in its place, with the same. */
    const Outcome *without, *with, *definition;
    const bool *inside; /* [n] what is poisoned */
    /* [n] what y and dx may differ elsewhere; NULL: not at all. */
    const double *y_allowed, *dx_allowed;
    bool in_x;   /* or in dy */
    bool finite; /* the poison */
    bool beyond; /* what the definition can say of choices: it has no 1e308 squared */
} Beside;

static bool is_same(double a, double b) {
    return a == b || (isnan(a) && isnan(b));
}

/* One result of all of these. */
typedef struct Compared {
    const double *got, *clean, *without, *with, *definition;
    const double *allowed; /* or NULL */
    const bool *lasts;     /* where NaN must be no number by kernel; NULL: nowhere */
} Compared;

/* What numbers give inside is judged by other checks. */
static void compare(Tally *sum, const char *name, size_t count, const Compared *c) {
    for (size_t i = 0; i < count; i++)
        if (is_same(c->without[i], c->with[i]) &&
            is_same(c->without[i], c->definition[i]))
            tally(sum, name, i, c->got[i], c->clean[i], c->allowed ? c->allowed[i] : 0.0);
        else if (c->lasts && c->lasts[i] && isnan(c->definition[i]))
            tally(sum, name, i, isfinite(c->got[i]) ? c->got[i] : (double)NAN, NAN, 0.0);
}

/* Of partitions NaN is in all of the cell; of others a definition may say NaN where no
 * number is lost: infinity less infinity in a mean, NaN times the 0 that a gate of one
 * choice is moved by. What stays is what is poisoned itself: x in y, dy in dx. */
static const bool *lasting(Arena *arena, const Trial *t, const Beside *b, bool itself) {
    if (b->finite) return NULL;
    if (!trial_partitioned(t)) return itself ? b->inside : NULL;
    bool *all = TAKE(arena, bool, t->n);
    for (size_t i = 0; i < t->n; i++) all[i] = true;
    return all;
}

static void compare_all(Tally *sum, const Trial *t, const Beside *b) {
    Arena *arena = arena_new();
#define COMPARE(what, count, field, may, where)                                          \
    compare(sum, text_print(arena, "%s: %s", b->when, what), count,                      \
            &(Compared){b->got->field, b->clean->field, b->without->field,               \
                        b->with->field, b->definition->field, may, where})
    COMPARE("y", t->n, y, b->y_allowed, lasting(arena, t, b, b->in_x));
    COMPARE("dx", t->n, dx, b->dx_allowed, lasting(arena, t, b, !b->in_x));
    for (size_t k = 0; k < t->norm->params && !b->beyond; k++)
        COMPARE(text_print(arena, "d%s", t->norm->param[k].name), t->norm->param[k].count,
                dparam[k], NULL, NULL);
    for (size_t k = 0; k < t->norm->states; k++)
        COMPARE(text_print(arena, "observed %s", t->norm->state[k].name),
                t->norm->state[k].count, observed[k], NULL, NULL);
#undef COMPARE
    arena_free(arena);
}

/* ---- the check ------------------------------------------------------------------- */

/* A kernel and a definition without poison. */
typedef struct Clean {
    Outcome kernel, definition;
    const double *y_allowed, *dx_allowed; /* [n] */
    bool chooses;                         /* the program has maxima, thresholds, masks */
} Clean;

static bool chooses(Arena *arena, const Trial *t) {
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    TapeNode *param[NORM_MAX_PARAMS];
    for (size_t k = 0; k < t->norm->params; k++)
        param[k] = tape_leaf(tape, SHAPE_OF(t->norm->param[k].count), t->param[k]);
    NormContext call = trial_context(t, tape, param);
    norm_define(&call, tape_leaf(tape, t->shape, t->x));
    bool any = false;
    for (const TapeNode *node = tape_last(tape); node; node = node->previous)
        any = any || (node->op && node->op->rounding == OP_ROUNDING_CHOOSES);
    arena_rewind(arena, mark);
    return any;
}

/* As many eps as `value` and `gradient` allow. */
static const double *allowed(Arena *arena, const Trial *t, const CheckBound *bound) {
    double *each = TAKE(arena, double, t->n);
    for (size_t i = 0; i < t->n; i++)
        each[i] = bound->digits * DBL_EPSILON * bound->scale[0][i];
    return each;
}

static void poison_place(Arena *arena, Tally *sum, const Trial *t, const Clean *clean,
                         Place place, bool in_x) {
    Trial other = *t;
    double **array = in_x ? &other.x : &other.dy;
    const double *values = *array;
    *array = poisoned_copy(arena, t, values, place, TO_NAN);
    const Outcome with = trial_run_definition(arena, &other);
    bool *inside = TAKE(arena, bool, t->n);
    for (size_t i = 0; i < t->n; i++) inside[i] = is_inside(t, place, i);
    const Poison last = in_x ? BY_1E12 : TO_INFINITY;
    for (Poison p = TO_NAN; p <= last; p++) {
        ArenaMark mark = arena_mark(arena);
        *array = poisoned_copy(arena, t, values, place, p);
        const Outcome got = trial_run(arena, &other, 0);
        const Outcome definition =
            p == TO_NAN ? with : trial_run_definition(arena, &other);
        const Beside b = {.when = text_print(arena, "%s in %s of %s %zu", POISONS[p],
                                             in_x ? "x" : "dy", EXTENTS[place.extent],
                                             place.at),
                          .got = &got,
                          .clean = &clean->kernel,
                          .without = &clean->definition,
                          .with = &with,
                          .definition = &definition,
                          .inside = inside,
                          .in_x = in_x,
                          .y_allowed = p == TO_HUGE ? clean->y_allowed : NULL,
                          .dx_allowed = p == TO_HUGE ? clean->dx_allowed : NULL,
                          .finite = p > TO_MINUS,
                          .beyond = p == TO_HUGE && clean->chooses};
        compare_all(sum, t, &b);
        arena_rewind(arena, mark);
    }
}

static CheckReport judge_poison(Arena *arena, const Trial *t, const TrialCheck *check) {
    (void)check;
    Tally sum = tally_new(t);
    const CheckBound y = trial_value_bound(arena, t, 4.0, false),
                     dx = trial_bound(arena, t, 32.0, false);
    const Clean clean = {trial_run(arena, t, 0), trial_run_definition(arena, t),
                         y.scale ? allowed(arena, t, &y) : NULL,
                         dx.scale ? allowed(arena, t, &dx) : NULL, chooses(arena, t)};
    Place place[2 * COUNT_OF(EXTENTS)];
    const size_t count = places_of(t, place);
    for (size_t i = 0; i < count; i++)
        for (int in_x = 0; in_x < 2; in_x++) {
            ArenaMark mark = arena_mark(arena);
            if (in_x || place[i].extent == ELEMENT)
                poison_place(arena, &sum, t, &clean, place[i], in_x);
            arena_rewind(arena, mark);
        }
    return sum.report;
}
const TrialCheck trial_poison = {
    .name = "poison",
    .says = "what no cell contains reaches no cell; what is not finite is not lost",
    .digits = 0,
    .data = ON_MODERATE,
    .judge = judge_poison};
