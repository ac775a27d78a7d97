/* What hand-written backwards get wrong: slots that are not written, or not added to; operands
 * that are written; a NaN let out of its cell; scratch that outlives its call. Everything here
 * asks for the same bits, of whichever fused operations a normalizer writes. */
#include "op.h"
#include "text.h"
#include "trial_kind.h"

#include <math.h>
#include <string.h>

enum { MOST_OPERANDS = 1 + NORM_MAX_PARAMS };

/* ---- comparing ------------------------------------------------------------------- */

static void all_zero(Tally *sum, const char *what, const double *got, size_t count) {
    for (size_t k = 0; k < count; k++) tally(sum, what, k, got[k], 0.0, 0.0);
}

/* ---- the call, with its nodes in hand -------------------------------------------- */

typedef struct Written {
    Tape *tape;
    TapeNode *x, *param[NORM_MAX_PARAMS], *y;
} Written;

static Written write_call(Arena *arena, const Trial *t, double *const *observed) {
    Written w = {.tape = tape_new(arena)};
    w.x = tape_parameter(w.tape, t->shape, t->x, NULL);
    for (size_t k = 0; k < t->norm->params; k++)
        w.param[k] =
            tape_parameter(w.tape, SHAPE_OF(t->norm->param[k].count), t->param[k], NULL);
    NormContext call = trial_context(t, w.tape, w.param);
    call.observed = observed;
    w.y = norm_apply(&call, w.x);
    return w;
}

/* dy for y itself; for an operation inside, something of its size. */
static double *upstream(Arena *arena, const Trial *t, const TapeNode *y) {
    size_t count = shape_count(y->shape);
    double *g = TAKE(arena, double, count);
    for (size_t k = 0; k < count; k++) g[k] = t->dy[k % t->n];
    return g;
}

static const char *operand_name(const Trial *t, const Written *w,
                                const TapeNode *operand) {
    for (size_t k = 0; k < t->norm->params; k++)
        if (operand == w->param[k]) return t->norm->param[k].name;
    return operand == w->x ? "x" : "operand";
}

/* ---- slots ----------------------------------------------------------------------- */

/* What an operand's slot is before the call. */
typedef enum Slot { SLOT_NONE, SLOT_NAN, SLOT_HELD, SLOT_ZERO } Slot;

enum { ASKED = SLOT_ZERO }; /* the first three, in every combination */

static const double GUARD = 2385.0; /* on either side of a slot */

static double held(size_t k) {
    return 0.1 * (double)(k + 1);
}

/* The gradients that the kernel leaves in such slots, guards around them. */
static void call_kernel(Arena *arena, const Written *w, TapeNode *y, const double *g,
                        const Slot *slot, double **dx) {
    double beta[MOST_OPERANDS] = {0};
    for (size_t i = 0; i < y->arity; i++) {
        dx[i] = NULL;
        if (slot[i] == SLOT_NONE || y->in[i] == NULL) continue;
        size_t count = shape_count(y->in[i]->shape);
        dx[i] = filled(arena, count + 2, GUARD) + 1;
        beta[i] = slot[i] == SLOT_HELD ? 1.0 : 0.0;
        for (size_t k = 0; k < count; k++)
            dx[i][k] = slot[i] == SLOT_HELD  ? held(k)
                       : slot[i] == SLOT_NAN ? (double)NAN
                                             : 0.0;
    }
    y->op->backward(w->tape, y, g, dx, beta);
}

/* One combination: what is written, and that nothing else is. */
static void compare_slots(Arena *arena, Tally *sum, const Trial *t, const Written *w,
                          const TapeNode *y, const Slot *slot, double *const *got,
                          double *const *plain) {
    static const char *const text[] = {"none", "beta 0", "beta 1"};
    Text when = text_new(arena);
    for (size_t i = 0; i < y->arity; i++)
        if (y->in[i])
            text_add(&when, "%s%s %s", when.length ? ", " : "",
                     operand_name(t, w, y->in[i]), text[slot[i]]);
    for (size_t i = 0; i < y->arity; i++) {
        if (got[i] == NULL) continue;
        const char *name = operand_name(t, w, y->in[i]);
        size_t count = shape_count(y->in[i]->shape);
        double *expected = copy_of(arena, plain[i], count);
        for (size_t k = 0; slot[i] == SLOT_HELD && k < count; k++)
            expected[k] = held(k) + plain[i][k];
        tally_bits(sum, text_print(arena, "slots %s: d%s", when.data, name), got[i],
                   expected, count);
        const char *beside = text_print(arena, "slots %s: beside d%s", when.data, name);
        tally(sum, beside, 0, got[i][-1], GUARD, 0.0);
        tally(sum, beside, count, got[i][count], GUARD, 0.0);
    }
}

/* Every combination of no slot, one to overwrite and one to add to. */
static void slots_of(Arena *arena, Tally *sum, const Trial *t, const Written *w,
                     TapeNode *y) {
    REQUIRE(y->arity <= MOST_OPERANDS, "%s of %zu operands", y->op->name, y->arity);
    const double *g = upstream(arena, t, y);
    double *plain[MOST_OPERANDS], *got[MOST_OPERANDS];
    Slot slot[MOST_OPERANDS];
    size_t combinations = 1;
    for (size_t i = 0; i < y->arity; i++) slot[i] = SLOT_ZERO, combinations *= ASKED;
    call_kernel(arena, w, y, g, slot, plain);
    for (size_t c = 1; c < combinations; c++) {
        bool twice = false; /* an operand that is not there has no slot */
        for (size_t i = 0, rest = c; i < y->arity; i++, rest /= ASKED) {
            slot[i] = (Slot)(rest % ASKED);
            twice = twice || (y->in[i] == NULL && slot[i] != SLOT_NONE);
        }
        if (twice) continue;
        ArenaMark mark = arena_mark(arena);
        call_kernel(arena, w, y, g, slot, got);
        compare_slots(arena, sum, t, w, y, slot, got, plain);
        arena_rewind(arena, mark);
    }
    for (size_t i = 0; i < y->arity; i++) /* is it the whole call? */
        if (y != w->y || (y->in[i] && y->in[i]->op)) return;
    Outcome run = trial_run(arena, t, 0);
    for (size_t i = 0; i < y->arity; i++) {
        if (y->in[i] == w->x)
            tally_bits(sum, "dx of a plain run", plain[i], run.dx, t->n);
        for (size_t k = 0; k < t->norm->params; k++)
            if (y->in[i] == w->param[k])
                tally_bits(sum, "gradient of a plain run, by a parameter", plain[i],
                           run.dparam[k], t->norm->param[k].count);
    }
}

static CheckReport judge_slots(Arena *arena, const Trial *t, const TrialCheck *check) {
    (void)check;
    Tally sum = tally_new(t);
    Written w = write_call(arena, t, NULL);
    for (TapeNode *y = trial_fused_from(tape_last(w.tape)); y;
         y = trial_fused_from(y->previous))
        slots_of(arena, &sum, t, &w, y);
    return sum.report;
}
const TrialCheck trial_slots = {
    .name = "slots",
    .says = "beta 0 overwrites, 1 adds, a missing slot is left out, in any combination",
    .digits = 0,
    .data = ON_PLAIN,
    .applies = trial_fused,
    .judge = judge_slots};

/* ---- what is only read ----------------------------------------------------------- */

typedef struct Kept {
    const char *name;
    const double *live, *copy;
    size_t count;
} Kept;

enum { MOST_KEPT = 8 + NORM_MAX_PARAMS + 2 * NORM_MAX_STATES };

typedef struct Keeper {
    Kept kept[MOST_KEPT];
    size_t count;
} Keeper;

static void keep(Arena *arena, Keeper *keeper, const char *name, const double *live,
                 size_t count) {
    REQUIRE(keeper->count < MOST_KEPT, "%zu arrays to keep", keeper->count);
    keeper->kept[keeper->count++] =
        (Kept){name, live, copy_of(arena, live, count), count};
}

static void compare_kept(Tally *sum, const Keeper *keeper) {
    for (size_t i = 0; i < keeper->count; i++) {
        const Kept *kept = &keeper->kept[i];
        tally_bits(sum, kept->name, kept->live, kept->copy, kept->count);
    }
}

static void keep_inputs(Arena *arena, Keeper *keeper, const Trial *t) {
    keep(arena, keeper, "x, which is only read,", t->x, t->n);
    keep(arena, keeper, "dy, which is only read,", t->dy, t->n);
    for (size_t k = 0; k < t->norm->params; k++)
        keep(arena, keeper,
             text_print(arena, "%s, which is only read,", t->norm->param[k].name),
             t->param[k], t->norm->param[k].count);
    for (size_t k = 0; k < t->norm->states; k++)
        keep(arena, keeper,
             text_print(arena, "%s, which is only read,", t->norm->state[k].name),
             t->state[k], t->norm->state[k].count);
}

/* The tape hands a kernel a slot of its own for dy: who writes to that is seen here alone. */
static void compare_upstream(Arena *arena, Tally *sum, const Trial *t, const Written *w) {
    for (TapeNode *y = trial_fused_from(tape_last(w->tape)); y;
         y = trial_fused_from(y->previous)) {
        Keeper keeper = {.count = 0};
        const double *g = upstream(arena, t, y);
        keep(arena, &keeper, "the kernel's dy, which is only read,", g,
             shape_count(y->shape));
        keep(arena, &keeper, "y, which backward only reads,", y->value,
             shape_count(y->shape));
        double *dx[MOST_OPERANDS];
        Slot slot[MOST_OPERANDS];
        for (size_t i = 0; i < y->arity; i++) slot[i] = SLOT_NAN;
        call_kernel(arena, w, y, g, slot, dx);
        compare_kept(sum, &keeper);
    }
}

static CheckReport judge_inputs(Arena *arena, const Trial *t, const TrialCheck *check) {
    (void)check;
    Tally sum = tally_new(t);
    Keeper keeper = {.count = 0};
    keep_inputs(arena, &keeper, t);
    double *observed[NORM_MAX_STATES];
    for (size_t k = 0; k < t->norm->states; k++) {
        observed[k] = filled(arena, t->norm->state[k].count, GUARD);
        if (t->mode == NORM_EVAL)
            keep(arena, &keeper, "observed, which evaluation leaves alone,", observed[k],
                 t->norm->state[k].count);
    }
    Written w = write_call(arena, t, t->norm->states ? observed : NULL);
    tape_backward(w.tape, w.y, t->dy);
    Written probe = write_call(arena, t, NULL);
    tape_backward(probe.tape, probe.y, t->dy);
    tally_bits(&sum, "y of a probe", probe.y->value, w.y->value, t->n);
    compare_upstream(arena, &sum, t, &probe);
    compare_kept(&sum, &keeper);
    return sum.report;
}
const TrialCheck trial_inputs_untouched = {
    .name = "inputs-untouched",
    .says = "operands, state and upstream are only read; observed only in training",
    .digits = 0,
    .data = ON_PLAIN,
    .applies = trial_fused,
    .judge = judge_inputs};

/* ---- upstreams ------------------------------------------------------------------- */

static Outcome run_with_dy(Arena *arena, const Trial *t, double *dy) {
    Trial other = *t;
    other.dy = dy;
    return trial_run(arena, &other, 0);
}

static void zero_gradients(Tally *sum, const Trial *t, const char *when,
                           const Outcome *o) {
    char name[128];
    snprintf(name, sizeof name, "%s: dx", when);
    all_zero(sum, name, o->dx, t->n);
    for (size_t k = 0; k < t->norm->params; k++) {
        snprintf(name, sizeof name, "%s: d%s", when, t->norm->param[k].name);
        all_zero(sum, name, o->dparam[k], t->norm->param[k].count);
    }
}

/* The gradients of `result` of y, into slots that begin as NaN. */
static Outcome run_through(Arena *arena, const Trial *t, const double *seed,
                           TapeNode *(*result)(Tape *tape, TapeNode *y,
                                               const size_t *which),
                           const size_t *which) {
    Written w = write_call(arena, t, NULL);
    Outcome o = {.dx = filled(arena, t->n, NAN)};
    w.x->gradient = o.dx;
    for (size_t k = 0; k < t->norm->params; k++)
        w.param[k]->gradient = o.dparam[k] = filled(arena, t->norm->param[k].count, NAN);
    tape_backward(w.tape, result(w.tape, w.y, which), seed);
    return o;
}

static TapeNode *something_else(Tape *tape, TapeNode *y, const size_t *which) {
    static const double one[] = {1.0};
    (void)y, (void)which;
    return tape_exp(tape, tape_parameter(tape, SHAPE_OF(1), one, NULL));
}

static TapeNode *one_slice(Tape *tape, TapeNode *y, const size_t *which) {
    return tape_slice(tape, y, which[0], which[1], 1);
}

/* The sample (axis 0) or the channel (axis 1) of element i. */
static size_t along(const Trial *t, size_t axis, size_t i) {
    return axis == 0 ? i / t->at.L / t->at.C : i / t->at.L % t->at.C;
}

/* Elsewhere than in the cells that dy reaches, and in the channels, all is exactly zero. A
 * combination's cells are not told apart. */
static void compare_reach(Arena *arena, Tally *sum, const Trial *t, const char *when,
                          const Outcome *got, size_t axis, size_t at) {
    const char *name = text_print(arena, "%s: dx that dy does not reach,", when);
    if (!trial_partitioned(t)) return;
    bool *reached = ZERO(arena, bool, t->cells);
    for (size_t i = 0; i < t->n; i++)
        if (along(t, axis, i) == at) reached[t->where[i]] = true;
    for (size_t i = 0; i < t->n; i++) {
        bool inside = t->own ? reached[t->where[i]] : along(t, axis, i) == at;
        if (!inside) tally(sum, name, i, got->dx[i], 0.0, 0.0);
    }
    for (size_t k = 0; axis == 1 && k < t->norm->params; k++)
        for (size_t c = 0; t->norm->param[k].count == t->at.C && c < t->at.C; c++)
            if (c != at)
                tally(sum, text_print(arena, "%s: d%s", when, t->norm->param[k].name), c,
                      got->dparam[k][c], 0.0, 0.0);
}

/* One sample or one channel alone has an upstream: as if y had been cut there. */
static void partial(Arena *arena, Tally *sum, const Trial *t, size_t axis, size_t at) {
    const char *when =
        text_print(arena, "dy in %s %zu alone", axis ? "channel" : "sample", at);
    double *dy = filled(arena, t->n, 0.0), *cut = TAKE(arena, double, t->n);
    for (size_t i = 0, k = 0; i < t->n; i++)
        if (along(t, axis, i) == at) dy[i] = cut[k++] = t->dy[i];
    Outcome got = run_with_dy(arena, t, dy);
    Outcome expected = run_through(arena, t, cut, one_slice, (size_t[]){axis, at});
    tally_outcome(sum, t, when, &got, &expected); /* y and observed: not there */
    compare_reach(arena, sum, t, when, &got, axis, at);
}

static CheckReport judge_upstreams(Arena *arena, const Trial *t,
                                   const TrialCheck *check) {
    (void)check;
    Tally sum = tally_new(t);
    Outcome zero = run_with_dy(arena, t, filled(arena, t->n, 0.0));
    zero_gradients(&sum, t, "dy zero", &zero);
    Outcome one = run_with_dy(arena, t, filled(arena, t->n, 1.0));
    Outcome none = run_with_dy(arena, t, NULL);
    tally_outcome(&sum, t, "no dy, which is ones", &none, &one);
    Outcome apart = run_through(arena, t, NULL, something_else, NULL);
    zero_gradients(&sum, t, "the result does not depend on y", &apart);
    for (size_t axis = 0; axis < 2; axis++)
        for (size_t at = 0; at < t->shape.size[axis]; at++) {
            ArenaMark mark = arena_mark(arena);
            partial(arena, &sum, t, axis, at);
            arena_rewind(arena, mark);
        }
    return sum.report;
}

/* What remembers other upstreams has a dx where there is none. */
static bool is_linear_in_dy(const Trial *t) {
    return t->fused && t->derives;
}
const TrialCheck trial_upstreams = {
    .name = "upstreams",
    .says = "no dy is ones; zero, unused and partial ones give exact zeros elsewhere",
    .digits = 0,
    .data = ON_PLAIN,
    .applies = is_linear_in_dy,
    .judge = judge_upstreams};
