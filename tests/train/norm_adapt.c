/* Groups of channels that are found again (regroup): when, of what, and what a run makes of
 * them; and running moments that a run holds. */
#include "cluster.h"
#include "norm/norm_given.h"
#include "trace.h"
#include "train_run.h"

enum { MAP, MEAN, LOG }; /* the states of regroup */

/* ---- one map --------------------------------------------------------------------- */

/* The map that stands in the state, in training and in evaluation. */
static void a_map_is_channels(void **state) {
    (void)state;
    static const double SET[C] = {0, 1, 0, 2, 2, 1, 1, 1};
    Arena *arena = arena_new();
    Trial regroup = given(arena, "regroup(3)"),
          map = given(arena, "channels(0, 1, 0, 2, 2, 1, 1, 1)");
    memcpy(regroup.state[MAP], SET, sizeof SET);
    same_bits(arena, &regroup, &map);
    arena_free(arena);
}

static void it_begins_as_a_group(void **state) {
    (void)state;
    static const char *const BY[] = {"kmeans", "equal", "sorted", "random"};
    for (size_t i = 0; i < COUNT_OF(BY); i++) {
        Arena *arena = arena_new();
        Trial regroup = given(arena, text_print(arena, "regroup(4, by=%s)", BY[i])),
              group = given(arena, "group(4)");
        same_bits(arena, &regroup, &group);
        assert_true(regroup.norm->state[MAP].adapted);
        assert_false(regroup.norm->state[MEAN].adapted ||
                     regroup.norm->state[LOG].adapted);
        arena_free(arena);
    }
}

/* ---- when, and of what ------------------------------------------------------------ */

typedef struct When {
    const char *spec;
    size_t from, every, until;
} When;

static const When WHEN[] = {
    {"regroup(4)", 1, 2, SIZE_MAX},
    {"regroup(4, from=3, every=1)", 3, 1, SIZE_MAX},
    {"regroup(4, by=random, from=2, every=3, until=10)", 2, 3, 10},
    {"regroup(4, by=equal, from=2, every=3, until=11)", 2, 3, 11},
    {"regroup(4, by=sorted, from=5, every=5, until=15)", 5, 5, 15}};

enum { EPOCHS = 24 };

static bool is_turn(const When *when, size_t epoch) {
    for (size_t turn = when->from; turn <= epoch && turn <= when->until;
         turn += when->every)
        if (turn == epoch) return true;
    return false;
}

static void maps_change_at_their_epochs(void **state) {
    (void)state;
    for (size_t w = 0; w < COUNT_OF(WHEN); w++) {
        Arena *arena = arena_new();
        Trial g = given(arena, WHEN[w].spec);
        size_t changes = 0;
        for (size_t epoch = 0; epoch < EPOCHS; epoch++) {
            double before[C];
            memcpy(before, g.state[MAP], sizeof before);
            g.state[MEAN] = normals(arena, 100 + epoch, C, 0.0, 1.0);
            g.state[LOG] = normals(arena, 200 + epoch, C, 0.0, 1.0);
            const bool said = norm_adapt(g.norm, (Draw){7, DRAW_ADAPT, epoch, 0},
                                         (double *const *)g.state);
            const bool changed = memcmp(before, g.state[MAP], sizeof before) != 0;
            assert_true(said == changed);
            assert_true(is_turn(&WHEN[w], epoch) || !changed);
            changes += changed;
        }
        size_t turns = 0;
        for (size_t epoch = 0; epoch < EPOCHS; epoch++) turns += is_turn(&WHEN[w], epoch);
        assert_true(changes + 1 >= turns && changes >= 3); /* one may be found again */
        arena_free(arena);
    }
}

/* Each channel over the batch, only in the epoch before a turn; the map never. */
static void features_are_observed_before_a_turn(void **state) {
    (void)state;
    for (size_t w = 0; w < COUNT_OF(WHEN); w++) {
        Arena *arena = arena_new();
        Trial g = given(arena, WHEN[w].spec);
        const size_t *channel = plain_blocks(arena, USUAL, N, 1);
        for (g.epoch = 0; g.epoch < EPOCHS; g.epoch++) {
            const bool turn = is_turn(&WHEN[w], g.epoch + 1);
            Outcome got = run_given(arena, &g, NORM_TRAIN, g.epoch / 2 % 2);
            for (size_t c = 0; c < C; c++) {
                const Plain m = plain_moments(g.x, channel, ALL, c * L);
                assert_true(isnan(got.observed[MAP][c]));
                assert_true(isnan(got.observed[MEAN][c]) == !turn);
                assert_true(isnan(got.observed[LOG][c]) == !turn);
                if (!turn) continue;
                assert_near(got.observed[MEAN][c], (double)m.mean, 16 * DBL_EPSILON);
                assert_near(got.observed[LOG][c], (double)logl(m.variance),
                            16 * DBL_EPSILON);
            }
        }
        arena_free(arena);
    }
}

/* Mean and logarithm of the variance, both to mean 0 and variance 1 over the channels; the
 * scale of either does not matter. */
static void clusters_are_of_features(void **state) {
    (void)state;
    static const char *const BY[] = {"kmeans", "equal", "sorted", "random"};
    for (size_t i = 0; i < 4 * 8; i++) {
        Arena *arena = arena_new();
        Trial g = given(arena, text_print(arena, "regroup(4, by=%s)", BY[i % 4]));
        g.state[MEAN] = normals(arena, 300 + i, C, 5.0, 100.0);
        g.state[LOG] = normals(arena, 400 + i, C, -3.0, 0.01);
        double point[2 * C];
        for (size_t k = 0; k < 2; k++) {
            double mean = 0.0, square = 0.0;
            for (size_t c = 0; c < C; c++) mean += g.state[MEAN + k][c] / C;
            for (size_t c = 0; c < C; c++)
                square += pow(g.state[MEAN + k][c] - mean, 2) / C;
            for (size_t c = 0; c < C; c++)
                point[2 * c + k] = (g.state[MEAN + k][c] - mean) / sqrt(square);
        }
        size_t want[C];
        const Draw draw = {7, DRAW_ADAPT, 1, i};
        if (i % 4 < 2)
            cluster_means(arena, want, point, C, 4, i % 4 == 1, draw);
        else if (i % 4 == 2)
            cluster_sorted(arena, want, g.state[LOG], C, 4);
        else
            cluster_random(arena, want, C, 4, draw);
        norm_adapt(g.norm, draw, (double *const *)g.state);
        for (size_t c = 0; c < C; c++) assert_near(g.state[MAP][c], (double)want[c], 0.0);
        arena_free(arena);
    }
}

/* A feature that is no number says nothing of its channel: the map stays. */
static void what_is_not_finite_is_not_clustered(void **state) {
    (void)state;
    static const double NONE[] = {(double)NAN, (double)INFINITY, -(double)INFINITY};
    static const char *const BY[] = {"kmeans", "equal", "sorted"};
    for (size_t i = 0; i < 18; i++) {
        Arena *arena = arena_new();
        Trial g = given(arena, text_print(arena, "regroup(4, by=%s)", BY[i / 6]));
        double before[C];
        memcpy(before, g.state[MAP], sizeof before);
        g.state[MEAN] = normals(arena, 500, C, 0.0, 1.0);
        g.state[LOG] = normals(arena, 600, C, 0.0, 1.0);
        g.state[MEAN + i % 2][5] = NONE[i / 2 % 3];
        assert_false(
            norm_adapt(g.norm, (Draw){7, DRAW_ADAPT, 1, 0}, (double *const *)g.state));
        assert_memory_equal(before, g.state[MAP], sizeof before);
        arena_free(arena);
    }
}

/* Parts of a combination have draws of their own. */
static void parts_are_found_apart(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial g = given(arena, "blend(regroup(4, by=random), regroup(4, by=random))");
    assert_true(
        norm_adapt(g.norm, (Draw){7, DRAW_ADAPT, 1, 0}, (double *const *)g.state));
    assert_memory_not_equal(g.state[g.norm->part_state[0]],
                            g.state[g.norm->part_state[1]], C * sizeof(double));
    arena_free(arena);
}

/* ---- runs ------------------------------------------------------------------------ */

static const char *const RUNS[] = {
    "norm=regroup(2,from=1,every=2) workers=2 batch=12 epochs=4 rate=0.05",
    "norm=regroup(2,by=equal,every=1) batch=24 epochs=3 rate=0.05 running=precise",
    "norm=mix(regroup(2,by=random),batch,from=1,to=3) batch=24 epochs=4 rate=0.05"};

static void resumed_runs_have_the_same_maps(void **state) {
    (void)state;
    for (size_t r = 0; r < COUNT_OF(RUNS); r++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 10, 10);
        Trainer *whole = finished(arena, RUNS[r], data, 1),
                *at = trainer_of(arena, RUNS[r], data, 1);
        for (size_t k = 0; trainer_step(at) != TRAIN_DONE; k++) {
            if (k % 3) continue;
            Trainer *t = trainer_of(arena, RUNS[r], data, 2);
            fill_from(t, at);
            while (trainer_step(t) != TRAIN_DONE) continue;
            same_parts(t, whole);
            trainer_free(t);
        }
        trainer_free(whole);
        trainer_free(at);
        arena_free(arena);
    }
}

/* Rows of the trace: the map of each epoch; it changes with regroup's turns alone, and the
 * state has it. */
static void maps_are_traced(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = trainer_of(
        arena, "norm=regroup(2,by=random,from=2,every=2) batch=24 epochs=5 rate=0.05",
        small_data(arena, 10, 10), 1);
    const Net *net = trainer_net(t);
    while (trainer_step(t) != TRAIN_DONE) continue;
    size_t traces, rows, maps = 0, counted = 0;
    const TrainTrace *trace = trainer_traces(t, &traces);
    trainer_trace_epochs(t, &rows);
    assert_int_equal(rows, 6);
    for (size_t i = 0; i < traces; i++) {
        const double *row = trainer_trace_values(t, arena, i);
        const size_t count = trace[i].count;
        if (trace[i].kind == TRACE_CHANGES)
            for (size_t r = 0; r < rows; r++) counted += (size_t)row[r];
        if (trace[i].kind != TRACE_ADAPTED) continue;
        assert_string_equal(trace[i].name, "map");
        assert_memory_equal(row + 5 * count, trainer_state(t) + net->norm[maps].state,
                            count * sizeof *row);
        for (size_t r = 1; r < rows; r++) { /* of epoch r - 1 */
            const bool turn = r - 1 == 2 || r - 1 == 4;
            const bool same =
                memcmp(row + r * count, row + (r - 1) * count, count * sizeof *row) == 0;
            assert_true(turn || same);
            counted -= !same;
        }
        maps++;
    }
    assert_int_equal(maps, net->norms);
    assert_int_equal(counted, 0); /* what the rows show is what was counted */
    trainer_free(t);
    arena_free(arena);
}

/* The running moments that a run froze are the last that moved. */
static void frozen_moments_stay(void **state) {
    (void)state;
    for (int precise = 0; precise < 2; precise++) {
        Arena *arena = arena_new();
        Trainer *t = trainer_of(
            arena,
            text_print(arena, "norm=frozen(batch,from=1) batch=24 epochs=3 rate=0.05%s",
                       precise ? " running=precise" : ""),
            small_data(arena, 10, 10), 1);
        const size_t states = trainer_net(t)->states, weights = trainer_net(t)->weights;
        double *held = TAKE(arena, double, states), *was = TAKE(arena, double, weights);
        const TrainPart *running = part_of(t, "state");
        for (size_t step = 0; trainer_step(t) != TRAIN_DONE; step++) {
            if (step > 3) assert_memory_equal(held, running->data, states * sizeof *held);
            if (step <= 3 && step > 0)
                assert_memory_not_equal(held, running->data, states * sizeof *held);
            if (step > 0)
                assert_memory_not_equal(was, trainer_weights(t), weights * sizeof *was);
            memcpy(held, running->data, states * sizeof *held);
            memcpy(was, trainer_weights(t), weights * sizeof *was);
        }
        trainer_free(t);
        arena_free(arena);
    }
}

/* ---- specs ----------------------------------------------------------------------- */

static void wrong_specs(void **state) {
    (void)state;
    static const Wrong WRONG[] = {
        {"regroup", 0, "regroup needs a number of groups, regroup(8)"},
        {"regroup(0)", 8, "whole number from 1 on"},
        {"regroup(9)", 8, "9 groups do not divide 8 channels"},
        {"regroup(3, by=equal)", 8, "numbers that do: 1, 2, 4, 8"},
        {"regroup(3, by=sorted)", 8, "3 groups do not divide"},
        {"regroup(5, by=random)", 8, "5 groups do not divide"},
        {"regroup(2, by=kmeens)", 14, "did you mean 'kmeans'"},
        {"regroup(2, from=0)", 16, "from should be a whole number from 1 on"},
        {"regroup(2, every=0)", 17, "every should be a whole number from 1 on"},
        {"regroup(2, until=1.5)", 17, "until should be a whole number"},
        {"regroup(2, evry=3)", 11, "did you mean 'every'"},
        {"regroup(2, 3)", 11, "does not take '3'"},
        {"batch | regroup(2, from=x)", 24, "whole number"}};
    judge_wrong(WRONG, COUNT_OF(WRONG), C);
}

static void canonical_forms(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"regroup(by=kmeans, 3, from=1, every=2)", "regroup(3)"},
        {"regroup(until=9, 2, every=1, by=equal)",
         "regroup(2, by=equal, every=1, until=9)"},
        {"anneal(batch, layer, to=8, from=2)", "anneal(batch, layer, from=2, to=8)"},
        {"frozen(bn, from=4)", "frozen(batch, from=4)"},
        {"frozen(from=1e1, ibn)", "frozen(split(instance, batch), from=10)"},
        {"phase(gn:2, bn)", "phase(group(2), batch)"},
        {"mix(batch, layer, to=4, from=1)", "mix(batch, layer, from=1, to=4)"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, FORMS[i][0], C, &error);
        if (norm == NULL) fail_msg("%s: %s", FORMS[i][0], error.message);
        assert_string_equal(norm->spec, FORMS[i][1]);
        norm = norm_new(arena, norm->spec, C, &error);
        if (norm == NULL) fail_msg("%s: %s", FORMS[i][1], error.message);
        assert_string_equal(norm->spec, FORMS[i][1]);
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, a_map_is_channels),
    CASE(theorem, it_begins_as_a_group),
    CASE(theorem, maps_change_at_their_epochs),
    CASE(oracle, features_are_observed_before_a_turn),
    CASE(oracle, clusters_are_of_features),
    CASE(fault, what_is_not_finite_is_not_clustered),
    CASE(theorem, parts_are_found_apart),
    CASE(theorem, resumed_runs_have_the_same_maps),
    CASE(theorem, maps_are_traced),
    CASE(theorem, frozen_moments_stay),
    CASE(example, canonical_forms),
    CASE(example, wrong_specs),
};

HARNESS_MAIN("norm_adapt", CASES)
