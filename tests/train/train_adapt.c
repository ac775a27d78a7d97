/* What a normalizer is told by a run: the epoch, in training and in evaluation, and its turn
 * to adapt. By a normalizer of the test's own, which stands where batch's stood. */
#include "kind.h"
#include "trace.h"
#include "train_run.h"

enum { MOST_CALLS = 4096 };

typedef struct Heard { /* in the first layer */
    enum { HEARD_ADAPT, HEARD_TRAIN, HEARD_EVAL } what;
    size_t epoch, step;
    uint64_t seed;
    double seen, map; /* of channel 0 */
} Heard;

static Heard heard[MOST_CALLS];
static size_t calls;
static const Norm *first_layer;

static void hear(const Norm *norm, Heard call) {
    if (norm != first_layer) return;
    if (calls == MOST_CALLS) fail_msg("more than %d calls", MOST_CALLS);
    heard[calls++] = call;
}

/* Not the same when done twice, nor without what was observed. (Says "unchanged": the
 * trainer was made with batch, and has no place to count changes.) */
static bool adapt(const Norm *norm, Draw draw, double *const *state) {
    const size_t epoch = (size_t)draw.epoch;
    hear(norm, (Heard){HEARD_ADAPT, epoch, 0, draw.seed, state[0][0], state[1][0]});
    for (size_t c = 0; c < norm->channels; c++)
        state[1][c] = 0.5 * state[1][c] + state[0][c] + 0.01 * (double)epoch;
    return false;
}

/* y = gamma x (1 + tanh(map) / 4) (1 + epoch / 20 + step / 100) + beta; observes x's mean. */
static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const Norm *norm = context->norm;
    const bool trains = context->mode == NORM_TRAIN;
    const double *map = context->state[1];
    hear(norm, (Heard){trains ? HEARD_TRAIN : HEARD_EVAL, context->epoch, context->step,
                       0, context->state[0][0], map[0]});
    double *factor = TAKE(tape_arena(t), double, norm->channels);
    const double now = 1.0 + (double)context->epoch / 20 + (double)context->step / 100;
    for (size_t c = 0; c < norm->channels; c++) factor[c] = (1 + tanh(map[c]) / 4) * now;
    const Partition *p = partition_blocks(tape_arena(t), shape_lattice(x->shape),
                                          x->shape.size[0], 1, false);
    const TapeNode *mean = tape_mean(t, x, p);
    for (size_t c = 0; context->observed && c < norm->channels; c++)
        context->observed[0][c] = mean->value[c];
    TapeNode *scale = tape_leaf(t, SHAPE_OF(norm->channels), factor);
    return norm_affine(context, tape_mul(t, x, norm_repeat(t, scale, x->shape)));
}

static const NormKind KIND = {.name = "told", .define = define, .adapt = adapt};

/* In the place of batch and of its two states. */
static void tell(const Net *net) {
    for (size_t n = 0; n < net->norms; n++) {
        Norm *norm;
        memcpy(&norm, &net->norm[n].norm, sizeof norm);
        assert_int_equal(norm->states, 2);
        norm->kind = &KIND;
        norm->state[0].name = "seen";
        norm->state[1].name = "map";
        norm->state[1].adapted = true;
        if (n == 0) first_layer = norm;
    }
}

static Trainer *told_trainer(Arena *arena, const char *pairs, const Dataset *data,
                             size_t threads) {
    Trainer *t = trainer_of(arena, pairs, data, threads);
    tell(trainer_net(t));
    return t;
}

static const char *const RUNS[] = {
    "norm=batch workers=2 batch=12 seed=7 rate=0.05 epochs=3",
    "norm=batch workers=1 batch=24 seed=7 rate=0.05 epochs=3 running=precise"};

static bool is_precise(const char *pairs) {
    return strstr(pairs, "precise") != NULL;
}

/* Takes `count` calls of one sort from the log, all of them of this epoch and step. */
static size_t expect(size_t at, size_t count, int what, size_t epoch, size_t step) {
    for (size_t i = at; i < at + count; i++) {
        assert_true(i < calls);
        assert_int_equal(heard[i].what, what);
        assert_int_equal(heard[i].epoch, epoch);
        assert_int_equal(heard[i].step, step);
    }
    return at + count;
}

/* 96 images in 4 steps; 60 to validate, at the end 120 to test and the 96 again, 50 at a time. */
static void a_run_in_order(void **state) {
    (void)state;
    for (size_t r = 0; r < COUNT_OF(RUNS); r++) {
        Arena *arena = arena_new();
        const size_t W = r == 0 ? 2 : 1;
        Trainer *t = told_trainer(arena, RUNS[r], small_data(arena, 60, 120), 1);
        calls = 0;
        while (trainer_step(t) != TRAIN_DONE) continue;
        size_t at = 0;
        for (size_t epoch = 0; epoch < 3; epoch++) {
            assert_int_equal(heard[at].seed, 7);
            at = expect(at, 1, HEARD_ADAPT, epoch, 0);
            for (size_t pass = 0; pass < (is_precise(RUNS[r]) ? 2 : 1); pass++)
                for (size_t step = 0; step < 4; step++)
                    at = expect(at, W, HEARD_TRAIN, epoch, step);
            at = expect(at, epoch < 2 ? 2 : 2 + 2 + 3, HEARD_EVAL, epoch, 3);
        }
        assert_int_equal(at, calls);
        trainer_free(t);
        arena_free(arena);
    }
}

/* An epoch has one map, which is the last one's with what was observed since; evaluation
 * has it too. */
static void a_map_stays_for_its_epoch(void **state) {
    (void)state;
    for (size_t r = 0; r < COUNT_OF(RUNS); r++) {
        Arena *arena = arena_new();
        Trainer *t = told_trainer(arena, RUNS[r], small_data(arena, 60, 120), 1);
        calls = 0;
        while (trainer_step(t) != TRAIN_DONE) continue;
        double map = 1.0;
        for (size_t i = 0; i < calls; i++) {
            assert_near(heard[i].map, map, 0.0);
            if (heard[i].what != HEARD_ADAPT) continue;
            map = 0.5 * map + heard[i].seen + 0.01 * (double)heard[i].epoch;
        }
        assert_true(fabs(map - 0.15) > 1e-3); /* something was observed */
        trainer_free(t);
        arena_free(arena);
    }
}

static void resumed_runs_adapt_once(void **state) {
    (void)state;
    for (size_t r = 0; r < COUNT_OF(RUNS); r++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 30, 60);
        Trainer *whole = told_trainer(arena, RUNS[r], data, 1),
                *at = told_trainer(arena, RUNS[r], data, 1);
        while (trainer_step(whole) != TRAIN_DONE) continue;
        for (size_t k = 0; k <= 12; k++) {
            Trainer *t = told_trainer(arena, RUNS[r], data, 1);
            fill_from(t, at);
            assert_memory_equal(trainer_state(t), trainer_state(at),
                                trainer_net(at)->states * sizeof(double));
            while (trainer_step(t) != TRAIN_DONE) continue;
            same_parts(t, whole);
            trainer_free(t);
            trainer_step(at);
        }
        trainer_free(whole);
        trainer_free(at);
        arena_free(arena);
    }
}

/* The control changes what evaluates, not what learns: not the maps either. */
static void precise_moments_do_not_adapt(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    const char *same = "norm=batch batch=24 epochs=3 rate=0.05";
    Trainer *a = told_trainer(arena, same, data, 1);
    while (trainer_step(a) != TRAIN_DONE) continue;
    Trainer *b =
        told_trainer(arena, text_print(arena, "%s running=precise", same), data, 1);
    while (trainer_step(b) != TRAIN_DONE) continue;
    const Net *net = trainer_net(a);
    const double *left = trainer_state(a), *right = trainer_state(b);
    assert_memory_equal(trainer_weights(a), trainer_weights(b),
                        net->weights * sizeof(double));
    for (size_t n = 0; n < net->norms; n++) {
        const size_t C = net->norm[n].norm->channels, at = net->norm[n].state;
        assert_true(apart(left + at, right + at, C) > 1e-6);
        assert_memory_equal(left + at + C, right + at + C, C * sizeof(double));
    }
    trainer_free(a);
    trainer_free(b);
    arena_free(arena);
}

/* ---- what is written down ---- */

static const char NETWORK[] = "resnet(depth=8, width=4, stem_stride=2)";

static const Net *net_of(Arena *arena, const char *norm) {
    BaseError error = {.set = false};
    const Net *net = net_new(arena, NETWORK, (NetNorms){.all = norm},
                             net_of_images(1, 28, 28, 10), 8, &error);
    if (net == NULL) fail_msg("%s", error.message);
    return net;
}

static void only_what_was_chosen_is_traced(void **state) {
    (void)state;
    static const struct {
        const char *norm, *names;
    } CASES[] = {{"batch", ""},
                 {"group(2) | batch(affine=yes)", ""},
                 {"blend(batch, group(2, affine=yes))", "gate:4 "},
                 {"mix(batch, layer)", "mean_logit:2 variance_logit:2 "},
                 {"blend(batch, group(2), per=layer) | layer", "part1.gate:1 "}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        const Net *net = net_of(arena, CASES[i].norm);
        const Trace trace = trace_new(arena, net, 3);
        Text names = text_new(arena);
        for (size_t k = 0;
             k < trace.count && strcmp(trace.list[k].layer, net->norm[0].name) == 0; k++)
            text_add(&names, "%s:%zu ", trace.list[k].name, trace.list[k].count);
        assert_string_equal(names.data, CASES[i].names);
        assert_int_equal(trace.count % net->norms, 0);
        arena_free(arena);
    }
}

/* What is not the softmax of a number is not read so. */
static void readings_are_declared(void **state) {
    (void)state;
    static const struct {
        const char *norm;
        NormReading reading;
        const char *first; /* choice */
    } CASES[] = {{"blend(batch, group(2))", NORM_SIGMOID, "batch"},
                 {"blend(group(2), batch, gate=clamp)", NORM_WEIGHT, "group(2)"},
                 {"mix(layer, batch)", NORM_SOFTMAX, "layer"},
                 {"mix(layer, batch, from=1, to=2)", NORM_NUMBER, NULL},
                 {"nested", NORM_SOFTMAX, "group(1)"},
                 {"soft(2)", NORM_SOFTMAX, NULL},
                 {"soft(2, tau=0.5)", NORM_NUMBER, NULL}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        const Trace trace = trace_new(arena, net_of(arena, CASES[i].norm), 1);
        const NormParam *param = trace.list[0].param;
        assert_int_equal(param->reading, CASES[i].reading);
        if (CASES[i].first) assert_string_equal(param->choice[0], CASES[i].first);
        arena_free(arena);
    }
}

/* Row 0 is the start; row e is after epoch e, with the map that the epoch had. */
static void rows_are_the_run(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t =
        trainer_of(arena, "norm=blend(batch,group(2),gate=clamp) batch=24 epochs=3",
                   small_data(arena, 10, 10), 1);
    size_t traces, rows;
    const Net *net = trainer_net(t);
    const TrainTrace *trace = trainer_traces(t, &traces);
    assert_int_equal(traces, net->norms);
    for (size_t epoch = 0; epoch <= 3; epoch++) {
        const double *epochs = trainer_trace_epochs(t, &rows);
        assert_int_equal(rows, epoch + 1);
        assert_near(epochs[epoch], (double)epoch, 0.0);
        for (size_t i = 0; i < traces; i++) {
            const NetParam *gate = &net->param[net->norm[i].param + 2];
            const double *now = trainer_weights(t) + gate->offset;
            const double *got = trainer_trace_values(t, arena, i) + epoch * gate->count;
            assert_string_equal(trace[i].layer, net->norm[i].name);
            assert_string_equal(trace[i].name, "gate");
            assert_int_equal(trace[i].count, gate->count);
            assert_memory_equal(got, now, gate->count * sizeof *now);
            assert_true(epoch > 0 || got[0] == 1.0);
        }
        while (epoch < 3 && trainer_step(t) == TRAIN_STEPPED)
            assert_int_equal((trainer_trace_epochs(t, &rows), rows), epoch + 1);
    }
    trainer_free(t);
    arena_free(arena);
}

/* By random groups before every epoch but the first: row 0 and 1 are the start. */
static void maps_are_traced(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = finished(arena, "norm=regroup(2,by=random,every=1) batch=24 epochs=3",
                          small_data(arena, 10, 10), 1);
    const Net *net = trainer_net(t);
    size_t traces, rows, moved = 0;
    const TrainTrace *trace = trainer_traces(t, &traces);
    assert_int_equal(traces, 2 * net->norms);
    trainer_trace_epochs(t, &rows);
    assert_int_equal(rows, 4);
    for (size_t i = 0; i < traces; i += 2) {
        const size_t C = trace[i].count;
        const double *map = trainer_trace_values(t, arena, i);
        const double *changes = trainer_trace_values(t, arena, i + 1);
        assert_int_equal(trace[i].kind, TRACE_ADAPTED);
        assert_int_equal(trace[i + 1].kind, TRACE_CHANGES);
        assert_memory_equal(map + 3 * C, trainer_state(t) + net->norm[i / 2].state,
                            C * sizeof *map);
        for (size_t c = 0; c < C; c++) assert_near(map[c], c < C / 2 ? 0.0 : 1.0, 0.0);
        for (size_t r = 1; r < 4; r++) {
            bool same = memcmp(map + r * C, map + (r - 1) * C, C * sizeof *map) == 0;
            assert_near(changes[r], same ? 0.0 : 1.0, 0.0);
            assert_true(same || r > 1);
            moved += !same;
        }
    }
    assert_true(moved > net->norms);
    trainer_free(t);
    arena_free(arena);
}

/* Layer 0 changes before epochs 0, 1 and 4, of which rows tell since the row before. */
static void changes_of(size_t epochs, size_t columns, const double *epoch,
                       const double *changes, size_t rows) {
    Arena *arena = arena_new();
    const Net *net = net_of(arena, "batch");
    tell(net);
    double *weights = ZERO(arena, double, net->weights);
    Norm *first;
    memcpy(&first, &first_layer, sizeof first);
    if (columns) first->state[0].adapted = true, first->state[0].count = columns;
    double *values = ZERO(arena, double, net->states + columns);
    Trace trace = trace_new(arena, net, epochs);
    for (size_t finished = 0; finished <= epochs; finished++) {
        if (finished == 1 || finished == 2 || finished == 5)
            trace_changed(&trace, 0, finished - 1);
        values[net->norm[0].state] = (double)finished;
        trace_take(&trace, weights, values, finished);
        size_t there = 0;
        while (there < rows && epoch[there] <= (double)finished) there++;
        assert_int_equal(trace_rows(&trace, finished), there);
    }
    assert_int_equal(trace.rows, rows);
    size_t first_map = 0, first_change = 0;
    while (trace.list[first_change].kind != TRACE_CHANGES) first_change++;
    assert_int_equal(trace.list[first_map].kind, TRACE_ADAPTED);
    for (size_t r = 0; r < rows; r++) {
        const double *row = trace.row + r * trace.columns;
        assert_near(trace.epoch[r], epoch[r], 0.0);
        assert_near(row[trace.column[first_map]], columns ? epoch[r] : 0.0, 0.0);
        assert_near(row[trace.column[first_change]], changes[r], 0.0);
    }
    arena_free(arena);
}

static void changes_are_counted(void **state) {
    (void)state;
    changes_of(6, 0, (const double[]){0, 1, 2, 3, 4, 5, 6},
               (const double[]){0, 1, 1, 0, 0, 1, 0}, 7);
    changes_of(7, 30000, (const double[]){0, 3, 6, 7}, (const double[]){0, 2, 1, 0}, 4);
    changes_of(6, 30000, (const double[]){0, 2, 4, 6}, (const double[]){0, 2, 0, 1}, 4);
    changes_of(6, 90000, (const double[]){0, 6}, (const double[]){0, 3}, 2);
}

static const Case CASES[] = {
    CASE(theorem, only_what_was_chosen_is_traced),
    CASE(oracle, readings_are_declared),
    CASE(theorem, rows_are_the_run),
    CASE(theorem, maps_are_traced),
    CASE(oracle, changes_are_counted),
    CASE(theorem, a_run_in_order),
    CASE(theorem, a_map_stays_for_its_epoch),
    CASE(theorem, resumed_runs_adapt_once),
    CASE(theorem, precise_moments_do_not_adapt),
};

HARNESS_MAIN("train_adapt", CASES)
