/* What is observed stands on the tape of a definition, too, and what is read of the state: the same
 * numbers, found another way. */
#include "norm_given.h"

typedef struct Looked {
    double *observed[NORM_MAX_STATES];
    TapeNode *seen[NORM_MAX_STATES];
} Looked;

static Looked look(Arena *arena, const Trial *g, bool whole) {
    Looked l = {{NULL}, {NULL}};
    const Norm *norm = g->norm;
    Tape *tape = tape_new(arena);
    TapeNode *in[NORM_MAX_PARAMS];
    for (size_t k = 0; k < norm->params; k++)
        in[k] = tape_parameter(tape, SHAPE_OF(norm->param[k].count), g->param[k], NULL);
    for (size_t k = 0; k < norm->states; k++)
        l.observed[k] = filled(arena, norm->state[k].count, 7.0);
    NormContext context = trial_context(g, tape, in);
    context.mode = NORM_TRAIN;
    context.whole = whole;
    context.observed = l.observed;
    context.seen = l.seen;
    norm_define(&context, tape_parameter(tape, g->shape, g->x, NULL));
    return l;
}

/* Maps and what clusters them follow a schedule, a product is of the backward. */
static bool is_forward(const NormState *state) {
    return !state->adapted && !state->adapts && !state->of_backward;
}

static void same_as_observed(const char *spec, ShapeLattice at, bool whole) {
    Arena *arena = arena_new();
    const Trial g = given_at(arena, spec, at);
    const Looked l = look(arena, &g, whole);
    for (size_t k = 0; k < g.norm->states; k++) {
        const NormState *state = &g.norm->state[k];
        if (!is_forward(state)) continue;
        if (l.seen[k] == NULL) fail_msg("%s: nobody sees %s", spec, state->name);
        assert_int_equal(shape_count(l.seen[k]->shape), state->count);
        for (size_t i = 0; i < state->count; i++) {
            const double want = l.observed[k][i], got = l.seen[k]->value[i];
            if (isnan(want) != isnan(got) ||
                fabs(got - want) > 64.0 * DBL_EPSILON * (1.0 + fabs(want)))
                fail_msg("%s: %s[%zu] is %.17g, and seen %.17g", spec, state->name, i,
                         want, got);
        }
    }
    arena_free(arena);
}

static void every_kind(void **unused) {
    (void)unused;
    size_t count;
    const NormKind *const *kind = norm_kinds(&count);
    for (size_t i = 0; i < count; i++) {
        same_as_observed(norm_example(kind[i]), USUAL, false);
        for (const char *const *also = norm_also(kind[i]); also && *also; also++)
            same_as_observed(*also, USUAL, false);
    }
}

static void combinations(void **unused) {
    (void)unused;
    static const char *const specs[] = {
        "group(2) | batch",
        "blend(batch | ghost(2), task)",
        "split(batch, ghost(2))",
        "phase(batch, ghost(2))",
        "mix(batch, batch(center=no), layer)",
        "split(frozen(batch, from=0), chain(renorm, evonorm(B0)))",
        "mode(1)",
        "anneal(mode(3), blend(chunks(4), lattice(batch=2, size=4)), from=0, to=1)"};
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        same_as_observed(specs[i], USUAL, false);
        same_as_observed(specs[i], USUAL, true);
    }
}

/* One element has no unbiased variance: the state stays. */
static void one_element(void **unused) {
    (void)unused;
    static const char *const specs[] = {"batch",       "task",
                                        "evonorm(B0)", "mode(1)",
                                        "ghost(1)",    "lattice(batch=1, size=2)"};
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        same_as_observed(specs[i], (ShapeLattice){1, C, 1}, false);
        same_as_observed(specs[i], (ShapeLattice){3, C, 1}, false);
    }
}

static const double *evaluated(Arena *arena, const Trial *g, TapeNode **seen) {
    Tape *tape = tape_new(arena);
    TapeNode *in[NORM_MAX_PARAMS];
    for (size_t k = 0; k < g->norm->params; k++)
        in[k] = tape_leaf(tape, SHAPE_OF(g->norm->param[k].count), g->param[k]);
    NormContext context = trial_context(g, tape, in);
    context.mode = NORM_EVAL;
    context.seen = seen;
    return norm_define(&context, tape_leaf(tape, g->shape, g->x))->value;
}

static void state_in_leaves(void **unused) {
    (void)unused;
    static const char *const specs[] = {"lattice(batch=all, size=2, own=0.25)",
                                        "lattice(batch=2, size=4) | batch"};
    for (size_t i = 0; i < COUNT_OF(specs); i++) {
        Arena *arena = arena_new();
        const Trial g = given(arena, specs[i]);
        TapeNode *seen[NORM_MAX_STATES] = {NULL};
        const double *want = evaluated(arena, &g, NULL),
                     *got = evaluated(arena, &g, seen);
        assert_null(seen[0]);
        for (size_t k = 0; k < ALL; k++)
            assert_near(got[k], want[k], 64.0 * DBL_EPSILON * (1.0 + fabs(want[k])));
        arena_free(arena);
    }
}

static const Case cases[] = {
    CASE(theorem, every_kind),
    CASE(theorem, combinations),
    CASE(theorem, one_element),
    CASE(theorem, state_in_leaves),
};

HARNESS_MAIN("norm_seen", cases)
