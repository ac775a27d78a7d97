/* Elements in no cell: what is observed of the others, what there is of none, and who refuses.
 * That values and gradients are those without them is asked of every kind by `check`. */
#include "norm_given.h"

static unsigned char *some_of(Arena *arena, ShapeLattice at, size_t seed) {
    unsigned char *mask = TAKE(arena, unsigned char, at.N *at.L);
    for (size_t i = 0; i < at.N * at.L; i++)
        mask[i] = draw_below((Draw){.seed = seed, .purpose = DRAW_TEST}, i, 5) < 3;
    return mask;
}

static void leave_out(unsigned char *mask, ShapeLattice at, size_t first,
                      size_t samples) {
    memset(mask + first * at.L, 0, samples * at.L);
}

/* ---- what is observed -------------------------------------------------------------- */

typedef struct Seen {
    long double count, mean, variance, square; /* unbiased; of x^2 */
} Seen;

/* Channel c of so many samples, by plain loops. */
static Seen seen_of(const Trial *g, size_t first, size_t samples, size_t c) {
    const ShapeLattice at = g->at;
    Seen s = {0};
    for (int pass = 0; pass < 2; pass++) {
        for (size_t n = first; n < first + samples; n++)
            for (size_t l = 0; l < at.L; l++) {
                const long double x = g->x[(n * at.C + c) * at.L + l];
                if (g->mask[n * at.L + l] == 0) continue;
                if (pass == 0) s.count++, s.mean += x, s.square += x * x;
                if (pass == 1) s.variance += (x - s.mean) * (x - s.mean);
            }
        if (pass == 0) s.mean /= s.count, s.square /= s.count;
    }
    s.variance /= s.count - 1;
    return s;
}

/* Of blocks that have them, the mean of means, and of variances. */
static void observed_in_blocks(const char *spec, size_t block) {
    Arena *arena = arena_new();
    const ShapeLattice at = {6, 4, 7};
    Trial g = given_at(arena, spec, at);
    unsigned char *mask = some_of(arena, at, block);
    g.mask = mask;
    leave_out(mask, at, 2, 1);
    if (block < at.N) leave_out(mask, at, 2, 2); /* a block of none */
    if (block < at.N) leave_out(mask, at, 4, 2); /* and one of one element */
    if (block < at.N) mask[4 * at.L + 3] = 1;
    const Outcome got = trial_run(arena, &g, 0);
    for (size_t c = 0; c < at.C; c++) {
        long double mean = 0, variance = 0, square = 0, means = 0, variances = 0;
        for (size_t first = 0; first < at.N; first += block) {
            const Seen s = seen_of(&g, first, block, c);
            if (s.count > 0) mean += s.mean, square += s.square, means++;
            if (s.count > 1) variance += s.variance, variances++;
        }
        if (g.norm->uncentred) {
            assert_near(got.observed[0][c], (double)(square / means), 1e-14);
            continue;
        }
        assert_near(got.observed[0][c], (double)(mean / means), 1e-14);
        assert_near(got.observed[1][c], (double)(variance / variances), 1e-14);
    }
    arena_free(arena);
}

/* As one block of all samples, where the context asks for that. */
static void observed_whole(const char *spec) {
    Arena *arena = arena_new();
    const ShapeLattice at = {6, 4, 7};
    Trial g = given_at(arena, spec, at);
    unsigned char *mask = some_of(arena, at, 3);
    g.mask = mask;
    leave_out(mask, at, 0, 4); /* blocks of none, the first two */
    Tape *tape = tape_new(arena);
    TapeNode *in[NORM_MAX_PARAMS];
    double *observed[] = {TAKE(arena, double, at.C), TAKE(arena, double, at.C)};
    for (size_t k = 0; k < g.norm->params; k++)
        in[k] = tape_leaf(tape, SHAPE_OF(g.norm->param[k].count), g.param[k]);
    NormContext call = trial_context(&g, tape, in);
    call.observed = observed;
    call.whole = true;
    norm_apply(&call, tape_leaf(tape, g.shape, g.x));
    for (size_t c = 0; c < at.C; c++) {
        const Seen s = seen_of(&g, 0, at.N, c);
        const bool uncentred = g.norm->uncentred;
        assert_near(observed[0][c], (double)(uncentred ? s.square : s.mean), 1e-14);
        if (!uncentred) assert_near(observed[1][c], (double)s.variance, 1e-14);
    }
    arena_free(arena);
}

static void all_samples_are_one_block(void **state) {
    (void)state;
    observed_whole("ghost(2)");
    observed_whole("ghost(2, center=no)");
}

static void running_moments_are_of_members(void **state) {
    (void)state;
    observed_in_blocks("batch", 6);
    observed_in_blocks("ghost(2)", 2);
    observed_in_blocks("batch(center=no)", 6);
    observed_in_blocks("lattice(batch=2, size=2)", 2);
}

/* Before an epoch that asks, whole channels, however long their rows are. */
static void groups_are_of_members(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ShapeLattice at = {5, 8, 6};
    Trial g = given_at(arena, "regroup(2)", at);
    unsigned char *mask = some_of(arena, at, 1);
    leave_out(mask, at, 3, 1);
    g.mask = mask;
    const Outcome got = trial_run(arena, &g, 0);
    for (size_t c = 0; c < at.C; c++) {
        const Seen s = seen_of(&g, 0, at.N, c);
        const double variance = (double)(s.variance * (s.count - 1) / s.count);
        assert_near(got.observed[1][c], (double)s.mean, 1e-14);
        assert_near(got.observed[2][c], log(variance), 1e-14);
    }
    arena_free(arena);
}

static void empty_samples_are_no_samples(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const ShapeLattice at = {5, 4, 3};
    Trial g = given_at(arena, "task", at);
    unsigned char *mask = memset(TAKE(arena, unsigned char, 15), 1, 15);
    leave_out(mask, at, 1, 2);
    g.mask = mask;
    assert_near(trial_run(arena, &g, 0).observed[2][0], 3.0, 0.0);
    arena_free(arena);
}

/* ---- nothing belongs ----------------------------------------------------------------- */

static void nothing_moves(const char *spec, NormMode mode) {
    Arena *arena = arena_new();
    Trial g = given(arena, spec);
    g.mask = ZERO(arena, unsigned char, N *L);
    for (size_t i = 0; i < g.n; i++) g.x[i] = g.dy[i] = i % 2 ? (double)NAN : 1e300;
    const Outcome got = run_given(arena, &g, mode, false);
    for (size_t i = 0; i < g.n; i++) assert_true(got.y[i] == 0.0 && got.dx[i] == 0.0);
    for (size_t k = 0; k < g.norm->params; k++)
        for (size_t c = 0; c < g.norm->param[k].count; c++)
            assert_near(got.dparam[k][c], 0.0, 0.0);
    for (size_t k = 0; mode == NORM_TRAIN && k < g.norm->states; k++)
        for (size_t c = 0; c < g.norm->state[k].count; c++)
            assert_true(isnan(got.observed[k][c])); /* the state stays */
    arena_free(arena);
}

static void of_nothing_nothing_comes(void **state) {
    (void)state;
    size_t kinds;
    const NormKind *const *kind = norm_kinds(&kinds);
    Arena *arena = arena_new();
    for (size_t i = 0; i < kinds; i++) {
        const char *spec = norm_example(kind[i]);
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, spec, C, &error);
        if (norm_unmasked(norm)) continue;
        nothing_moves(spec, NORM_TRAIN);
        nothing_moves(spec, NORM_EVAL);
    }
    arena_free(arena);
}

/* ---- who refuses --------------------------------------------------------------------- */

static void call_masked(void *spec) {
    Arena *arena = arena_new();
    Trial g = given(arena, spec);
    g.mask = ZERO(arena, unsigned char, N *L);
    trial_run(arena, &g, 0);
}

static void some_take_none(void **state) {
    (void)state;
    static const struct {
        char spec[32];
        const char *why;
    } row[] = {{"mabn", "averages are of steps"},
               {"chunks(2)", "a chunk ends"},
               {"mode(2)", "samples weigh alike"},
               {"blend(layer, mode(2))", "samples weigh alike"}};
    char text[1024];
    for (size_t i = 0; i < COUNT_OF(row); i++) {
        char spec[32];
        memcpy(spec, row[i].spec, sizeof spec);
        Arena *arena = arena_new();
        assert_non_null(strstr(norm_unmasked(given(arena, spec).norm), row[i].why));
        arena_free(arena);
        assert_true(harness_child(call_masked, spec, text, sizeof text) >= 128);
        assert_non_null(strstr(text, "takes no mask"));
        assert_non_null(strstr(text, row[i].why));
    }
}

static const Case CASES[] = {CASE(oracle, running_moments_are_of_members),
                             CASE(oracle, all_samples_are_one_block),
                             CASE(oracle, groups_are_of_members),
                             CASE(example, empty_samples_are_no_samples),
                             CASE(theorem, of_nothing_nothing_comes),
                             CASE(fault, some_take_none)};

HARNESS_MAIN("norm_masks", CASES)
