/* Finished weights, judged by other moments than a run's own: averages, those of the training
 * samples again, those of the very batch. */
#include "train_run.h"

/* A trainer of the same run that has its end, and none of its steps. */
static Trainer *put_again(Arena *arena, const char *pairs, const Dataset *data,
                          Trainer *from, size_t threads) {
    static const char *const PARTS[] = {"weights", "state"};
    Trainer *t = trainer_of(arena, pairs, data, threads);
    for (size_t i = 0; i < COUNT_OF(PARTS); i++)
        if (part_of(t, PARTS[i])->count)
            memcpy(part_of(t, PARTS[i])->data, part_of(from, PARTS[i])->data,
                   part_of(t, PARTS[i])->count * sizeof(double));
    return t;
}

static void expect_judged(const Trainer *t, const Samples *samples,
                          const TrainCurves *curves, size_t at) {
    Arena *arena = arena_new();
    const TrainJudged got = trainer_judge(t, arena, samples, 0);
    assert_int_equal(got.samples, samples->count);
    if (curves->blocks > 0) {
        assert_int_equal(got.blocks, curves->blocks);
        assert_memory_equal(got.block, curves->block, got.blocks * sizeof *got.block);
    }
    assert_near(got.loss, curves->loss[at], 0.0);
    for (size_t m = 0; m < trainer_task(t)->metrics; m++)
        assert_near(got.metric[m], curves->metric[m][at], 0.0);
    arena_free(arena);
}

/* The end of a run again, to the last bit, by whatever it was judged. */
static void the_end_is_found_again(void **state) {
    (void)state;
    static const struct {
        const char *pairs;
        Running running;
    } RUNS[] = {
        {"workers=2 batch=16", RUNNING_AVERAGE},
        {"workers=3 batch=8 flip=yes shift=2 running=precise", RUNNING_PRECISE},
        {"workers=3 batch=8 flip=yes shift=2 running=pooled", RUNNING_POOLED},
        {"batch=16 norm=ghost(4) running=pooled", RUNNING_POOLED},
        {"batch=24 norm=renorm running=precise", RUNNING_PRECISE},
        {"batch=24 norm=mabn running=precise", RUNNING_PRECISE},
        {"batch=24 norm=regroup(2,every=1)|batch running=precise", RUNNING_PRECISE},
        {"batch=24 norm=anneal(batch,group(2),from=0,to=2)", RUNNING_AVERAGE},
        {"batch=24 norm=group(2) running=precise", RUNNING_PRECISE},
    };
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 20, 60);
        Trainer *run = finished(arena, RUNS[i].pairs, data, 1),
                *t = put_again(arena, RUNS[i].pairs, data, run, 1 + i % 2);
        const TrainRecord r = trainer_record(run);
        const Dataset *own = trainer_data(t);
        trainer_moments(t, RUNS[i].running);
        expect_judged(t, &own->val, &r.val, r.epochs - 1);
        expect_judged(t, &own->test, &r.test, 0);
        expect_judged(t, &own->train, &r.train_evaluated, 0);
        assert_int_equal(own->train.count, 96);
        trainer_free(run);
        trainer_free(t);
        arena_free(arena);
    }
}

/* One mode after another: each is what it is alone, on any number of threads. */
static void modes_leave_no_trace(void **state) {
    (void)state;
    static const Running ORDER[] = {RUNNING_POOLED, RUNNING_AVERAGE, RUNNING_PRECISE,
                                    RUNNING_POOLED};
    Arena *arena = arena_new();
    const char *pairs = "workers=3 batch=8 flip=yes";
    const Dataset *data = small_data(arena, 20, 60);
    Trainer *run = finished(arena, pairs, data, 2),
            *t = put_again(arena, pairs, data, run, 1);
    double loss[3];
    for (size_t i = 0; i < COUNT_OF(ORDER); i++) {
        Trainer *alone = put_again(arena, pairs, data, run, 3);
        trainer_moments(alone, ORDER[i]);
        trainer_moments(t, ORDER[i]);
        loss[ORDER[i]] = trainer_judge(alone, arena, &data->val, 0).loss;
        assert_near(trainer_judge(t, arena, &data->val, 0).loss, loss[ORDER[i]], 0.0);
        assert_near(trainer_judge(t, arena, &data->val, 10).loss,
                    trainer_judge(alone, arena, &data->val, 10).loss, 0.0);
        assert_memory_equal(part_of(t, "state")->data, part_of(run, "state")->data,
                            trainer_net(t)->states * sizeof(double));
        trainer_free(alone);
    }
    assert_true(loss[0] != loss[1] && loss[1] != loss[2] && loss[0] != loss[2]);
    trainer_free(run);
    trainer_free(t);
    arena_free(arena);
}

/* ---- pooled ---- */

/* Where workers see all samples in one step, the first normalizer's moments are those of one
 * worker that sees them all; the mean of the workers' variances lacks what is between them. */
static void workers_pool_to_the_whole(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    const struct {
        const char *pairs;
        Running running;
    } way[] = {{"workers=1 batch=96", RUNNING_PRECISE},
               {"workers=4 batch=24", RUNNING_POOLED},
               {"workers=4 batch=24", RUNNING_PRECISE},
               {"workers=1 batch=24", RUNNING_POOLED}};
    const double *moments[COUNT_OF(way)];
    size_t C = 0;
    for (size_t i = 0; i < COUNT_OF(way); i++) {
        Trainer *t = trainer_of(
            arena, text_print(arena, "running=pooled %s", way[i].pairs), data, 1);
        trainer_moments(t, way[i].running);
        moments[i] = trainer_state(t);
        C = trainer_net(t)->norm[0].norm->channels;
        trainer_free(t);
    }
    const double *whole = moments[0], *mean = moments[2];
    for (size_t c = 0; c < C; c++) {
        const double scale = fabs(whole[c]) + sqrt(whole[C + c]);
        for (size_t i = 1; i < 4; i += 2) { /* in one step, and in four */
            assert_near(moments[i][c], whole[c], 4 * DBL_EPSILON * scale);
            assert_near(moments[i][C + c], whole[C + c], 4 * DBL_EPSILON * whole[C + c]);
        }
        assert_near(mean[c], whole[c], 4 * DBL_EPSILON * scale);
        assert_true(mean[C + c] < whole[C + c] * (1 - 1e-4));
    }
    arena_free(arena);
}

/* The same of texts, where padding is in no cell: workers and steps have more of them, or fewer. */
static void texts_pool_to_the_whole(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *data = dataset_open(arena, "languages", &error);
    if (data == NULL) fail_msg("%s", error.message);
    static const char *const way[] = {"workers=1 batch=96", "workers=4 batch=24",
                                      "workers=1 batch=8"};
    const double *moments[COUNT_OF(way)];
    size_t C = 0;
    for (size_t i = 0; i < COUNT_OF(way); i++) {
        const char *pairs = text_print(arena,
                                       "running=pooled images=96 flip=no shift=0 "
                                       "network=text-conv(depth=2,width=4,kernel=3) %s",
                                       way[i]);
        Trainer *t = trainer_of(arena, pairs, data, 1);
        trainer_moments(t, RUNNING_POOLED);
        moments[i] = trainer_state(t);
        C = trainer_net(t)->norm[0].norm->channels;
        trainer_free(t);
    }
    const double *whole = moments[0];
    for (size_t i = 1; i < COUNT_OF(way); i++)
        for (size_t c = 0; c < C; c++) {
            const double scale = fabs(whole[c]) + sqrt(whole[C + c]);
            assert_near(moments[i][c], whole[c], 16 * DBL_EPSILON * scale);
            assert_near(moments[i][C + c], whole[C + c], 16 * DBL_EPSILON * whole[C + c]);
        }
    arena_free(arena);
}

/* What each worker of a step observes of all layers. */
static double *observed_by(Arena *arena, const Trainer *t, const size_t *index, size_t b,
                           size_t step) {
    const Dataset *data = trainer_data(t);
    double *seen = TAKE(arena, double, trainer_net(t)->states);
    const Augment augment = {.flip = true, .shift = 1};
    const Batch batch =
        dataset_batch(arena, data, &data->train, index, b, &augment, 1, 1);
    const NetPass pass = {.tape = tape_new(arena),
                          .mode = NORM_TRAIN,
                          .epoch = 1,
                          .step = step,
                          .weights = trainer_weights(t),
                          .observed = seen};
    net_run_one(trainer_net(t), &pass,
                tape_leaf(pass.tape, batch.shape[0], batch.real[0]));
    return seen;
}

/* E[variance] + Var[mean] of all layers, term by term. */
static void pooled_is_total_variance(void **state) {
    (void)state;
    enum { W = 3, B = 8, STEPS = 4, SEEN = W * STEPS };
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *t = finished(
        arena, "workers=3 batch=8 flip=yes shift=1 running=pooled norm=batch|task", data,
        2);
    const Net *net = trainer_net(t);
    size_t order[SEEN * B];
    const double *seen[SEEN];
    draw_permutation((Draw){.seed = 1, .purpose = DRAW_SHUFFLE, .epoch = 1}, order,
                     SEEN * B);
    for (size_t k = 0; k < SEEN; k++)
        seen[k] = observed_by(arena, t, order + k * B, B, k / W);
    for (size_t n = 0; n < net->norms; n++) {
        const size_t C = net->norm[n].norm->channels;
        const long double m = (long double)(B * net->norm[n].sees.L);
        for (size_t i = 0; i < 2 * C; i++) { /* the parts' */
            const size_t at = net->norm[n].state + i + (i < C ? 0 : C);
            long double mean = 0, inside = 0, between = 0;
            for (size_t k = 0; k < SEEN; k++) mean += seen[k][at] / (long double)SEEN;
            for (size_t k = 0; k < SEEN; k++) {
                inside += seen[k][at + C] * (m - 1) / m / SEEN;
                between += (seen[k][at] - mean) * (seen[k][at] - mean) / SEEN;
            }
            const long double whole = (inside + between) * SEEN * m / (SEEN * m - 1);
            assert_near(trainer_state(t)[at], (double)mean,
                        8 * DBL_EPSILON * (double)(fabsl(mean) + sqrtl(whole)));
            assert_near(trainer_state(t)[at + C], (double)whole,
                        16 * DBL_EPSILON * (double)whole);
        }
        assert_near(trainer_state(t)[net->norm[n].state + 4 * C], B, 0.0); /* task's */
    }
    trainer_free(t);
    arena_free(arena);
}

/* ---- the batch's own ---- */

static size_t wrong_in(const Trainer *t, const size_t *index, size_t count,
                       double *loss) {
    Arena *arena = arena_new();
    const Dataset *data = trainer_data(t);
    const Batch batch = dataset_batch(arena, data, &data->val, index, count, NULL, 1, 0);
    const NetPass pass = {
        .tape = tape_new(arena), .mode = NORM_TRAIN, .weights = trainer_weights(t)};
    TapeNode *z = net_run_one(trainer_net(t), &pass,
                              tape_leaf(pass.tape, batch.shape[0], batch.real[0]));
    const size_t K = z->shape.size[1];
    size_t wrong = 0;
    for (size_t n = 0; n < count; n++) {
        double sum = 0;
        const size_t label = batch.label[1][n];
        bool right = true;
        for (size_t k = 0; k < K; k++) {
            right &= z->value[n * K + k] <= z->value[n * K + label];
            sum += exp(z->value[n * K + k] - z->value[n * K + label]);
        }
        *loss += log(sum);
        wrong += !right;
    }
    arena_free(arena);
    return wrong;
}

static void batches_have_their_own_moments(void **state) {
    (void)state;
    enum { VAL = 70 };
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, VAL, 10);
    Trainer *t = finished(arena, "workers=2 batch=16", data, 2),
            *group = finished(arena, "workers=2 batch=16 norm=group(2)", data, 2);
    const double averaged = trainer_judge(t, arena, &data->val, 0).loss;
    size_t index[VAL];
    for (size_t i = 0; i < VAL; i++) index[i] = i;
    for (size_t b = 1; b <= VAL; b += b < 4 ? 1 : 33) {
        const size_t count = VAL / b * b; /* the rest is dropped */
        const TrainJudged own = trainer_judge(t, arena, &data->val, b);
        double loss = 0;
        size_t wrong = 0;
        for (size_t from = 0; from < count; from += b)
            wrong += wrong_in(t, index + from, b, &loss);
        assert_int_equal(own.samples, count);
        assert_near(own.loss, loss / (double)count, 1e-12 * own.loss);
        assert_near(own.metric[0], (double)wrong / (double)count, 0.0);
        assert_true(fabs(own.loss - averaged) > 1e-3);
    }
    assert_int_equal(trainer_judge(t, arena, &data->val, VAL + 1).samples, 0);
    assert_true(isnan(trainer_judge(t, arena, &data->val, VAL + 1).loss));
    const TrainJudged all = trainer_judge(group, arena, &data->val, 0);
    for (size_t b = 1; b <= VAL; b = b == 1 ? 7 : 5 * b) { /* they divide VAL */
        const TrainJudged own = trainer_judge(group, arena, &data->val, b);
        assert_near(own.loss, all.loss, 1e-14 * all.loss);
        assert_near(own.metric[0], all.metric[0], 0.0);
    }
    trainer_free(t);
    trainer_free(group);
    arena_free(arena);
}

/* Blocks of TASK_BLOCK, or eight of fewer samples: each is judged as if it were alone. */
static void blocks_of_test_samples(void **state) {
    (void)state;
    static const struct {
        size_t test, blocks, size;
    } PART[] = {{120, 2, 50}, {60, 1, 50}, {50, 1, 50},
                {49, 8, 6},   {24, 8, 3},  {5, 5, 1}};
    for (size_t i = 0; i < COUNT_OF(PART); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 20, PART[i].test);
        Trainer *t = finished(arena, "batch=24", data, 1);
        const TrainCurves test = trainer_record(t).test;
        assert_int_equal(test.blocks, PART[i].blocks);
        assert_int_equal(test.block_samples, PART[i].size);
        for (size_t b = 0; b < test.blocks; b++) {
            Samples part = data->test;
            const void **value = TAKE(arena, const void *, PART[i].size * data->fields);
            for (size_t f = 0; f < data->fields; f++) {
                part.value[f] = value + f * PART[i].size;
                memcpy(value + f * PART[i].size, data->test.value[f] + b * PART[i].size,
                       PART[i].size * sizeof *value);
            }
            part.count = PART[i].size;
            assert_near(test.block[b], trainer_judge(t, arena, &part, 0).metric[0], 0.0);
        }
        trainer_free(t);
        arena_free(arena);
    }
}

static const Case CASES[] = {
    CASE(theorem, the_end_is_found_again),  CASE(theorem, modes_leave_no_trace),
    CASE(theorem, texts_pool_to_the_whole), CASE(theorem, workers_pool_to_the_whole),
    CASE(oracle, pooled_is_total_variance), CASE(oracle, batches_have_their_own_moments),
    CASE(theorem, blocks_of_test_samples),
};

HARNESS_MAIN("judge", CASES)
