/* A run as a whole: what it does not depend on, how it is resumed, ended and refused. */
#include "train_run.h"

/* ---- threads, workers ---- */

static void threads_do_not_show(void **state) {
    (void)state;
    static const char *const RUNS[] = {"workers=5 batch=4 norm=batch",
                                       "workers=3 batch=8 norm=group(2) flip=yes shift=2",
                                       "workers=4 batch=6 norm=ghost(3) running=precise",
                                       "workers=4 batch=6 norm=ghost(3) running=pooled",
                                       "workers=3 batch=8 norm=mabn",
                                       "workers=5 batch=4 sizes=mix(12x12,20x14,28x28)"};
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Arena *arena = arena_new();
        const Dataset *data = small_data(arena, 170, 120);
        Trainer *one = finished(arena, RUNS[i], data, 1);
        for (size_t threads = 0; threads <= 3; threads++) {
            Trainer *more = finished(arena, RUNS[i], data, threads);
            same_parts(more, one);
            trainer_free(more);
        }
        trainer_free(one);
        arena_free(arena);
    }
}

/* Two ways to the same sums, in other orders. So few steps do not amplify a rounding:
 * measured, the largest difference is 2 eps of the largest number, and another mean would
 * differ by far more than 64. */
static const double ORDERS = 64 * DBL_EPSILON;

static void same_run(Trainer *a, Trainer *b) {
    const Net *net = trainer_net(a);
    const TrainRecord one = trainer_record(a), two = trainer_record(b);
    assert_int_equal(trainer_done(a), trainer_done(b));
    assert_near(apart(trainer_weights(a), trainer_weights(b), net->weights), 0.0, ORDERS);
    assert_near(apart(trainer_state(a), trainer_state(b), net->states), 0.0, ORDERS);
    assert_near(apart(one.rate, two.rate, one.epochs), 0.0, 0.0);
    assert_near(apart(one.train.loss, two.train.loss, one.epochs), 0.0, ORDERS);
    assert_near(apart(one.train.metric[0], two.train.metric[0], one.epochs), 0.0, 0.0);
    assert_near(apart(one.val.loss, two.val.loss, one.epochs), 0.0, ORDERS);
    assert_near(apart(one.val.metric[0], two.val.metric[0], one.epochs), 0.0, 0.0);
    assert_near(one.test.loss[0], two.test.loss[0], ORDERS * two.test.loss[0]);
    assert_near(one.test.metric[0][0], two.test.metric[0][0], 0.0);
}

static void shards_are(const char *one, const char *two) {
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 70, 120);
    Trainer *a = finished(arena, text_print(arena, "epochs=3 rate=0.4 %s", one), data, 2);
    Trainer *b = finished(arena, text_print(arena, "epochs=3 rate=0.4 %s", two), data, 1);
    assert_int_equal(trainer_done(a), 9);
    same_run(a, b);
    trainer_free(a);
    trainer_free(b);
    arena_free(arena);
}

static void ghosts_are_workers(void **state) {
    (void)state;
    shards_are("workers=4 batch=8 norm=batch", "workers=1 batch=32 norm=ghost(8)");
    shards_are("workers=2 batch=16 norm=ghost(4) running=precise",
               "workers=8 batch=4 norm=batch running=precise");
    shards_are("workers=2 batch=16 norm=ghost(4) running=pooled",
               "workers=8 batch=4 norm=batch running=pooled");
    shards_are("workers=1 batch=32 norm=mix(ghost(8),layer) running=pooled",
               "workers=4 batch=8 norm=mix(batch,layer) running=pooled");
}

static void group_norm_does_not_see_workers(void **state) {
    (void)state;
    shards_are("workers=32 batch=1 norm=group(2)", "workers=1 batch=32 norm=group(2)");
    shards_are("workers=4 batch=8 norm=layer flip=yes",
               "workers=1 batch=32 norm=layer flip=yes");
}

/* ---- checkpoints ---- */

static Trainer *resumed(Arena *arena, const char *pairs, const Dataset *data,
                        Trainer *from) {
    Trainer *t = trainer_of(arena, pairs, data, 1);
    fill_from(t, from);
    return t;
}

/* From every step of a run to its end. */
static void resume_anywhere(const char *pairs, size_t steps) {
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 30, 60);
    Trainer *whole = finished(arena, pairs, data, 1),
            *at = trainer_of(arena, pairs, data, 1);
    assert_int_equal(trainer_done(whole), steps);
    for (size_t k = 0; k <= steps; k++) {
        Trainer *t = resumed(arena, pairs, data, at);
        BaseError error = {.set = false};
        assert_int_equal(trainer_done(t), k);
        assert_int_equal(trainer_may_resume(t, &error), k < steps);
        while (trainer_step(t) != TRAIN_DONE) continue;
        same_parts(t, whole);
        trainer_free(t);
        assert_int_equal(trainer_step(at), k + 1 >= steps ? TRAIN_DONE
                                           : k % 4 == 3   ? TRAIN_EPOCH
                                                          : TRAIN_STEPPED);
    }
    trainer_free(whole);
    trainer_free(at);
    arena_free(arena);
}

static void resumed_runs_have_the_same_bits(void **state) {
    (void)state;
    resume_anywhere("workers=2 batch=12", 8);
    resume_anywhere("workers=2 batch=12 flip=yes shift=3 schedule=step warmup=0.5", 8);
    resume_anywhere("workers=3 batch=8 running=precise flip=yes", 8);
    resume_anywhere("workers=3 batch=8 running=pooled flip=yes", 8);
    resume_anywhere("workers=1 batch=24 norm=group(2)", 8);
    resume_anywhere("workers=2 batch=12 norm=blend(batch,group(2))", 8);
    resume_anywhere("workers=2 batch=12 norm=mabn running=precise", 8);
    resume_anywhere("workers=1 batch=24 norm=mix(instance,layer,batch) running=precise",
                    8);
    resume_anywhere("workers=2 batch=12 norm=regroup(2)", 8);
    resume_anywhere("workers=2 batch=12 norm=regroup(2,by=random,every=1)|batch "
                    "running=precise",
                    8);
    resume_anywhere("workers=2 batch=12 norm=anneal(batch,group(2),from=0,to=1)", 8);
    resume_anywhere("workers=2 batch=12 split=seed epochs=3 validate=2 running=precise",
                    12);
    resume_anywhere("workers=2 batch=12 clients=5 running=pooled", 8);
    resume_anywhere("workers=3 batch=8 sorted=yes running=precise", 8);
    resume_anywhere("workers=3 batch=8 sizes=mix(14x14,20x20,28x28) shift=1", 8);
}

/* What is measured between changes nothing: same weights, same rows where there are any. */
static void validation_is_not_training(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 70, 120);
    for (size_t every = 2; every <= 6; every += 2) {
        static const char RUN[] = "workers=2 batch=16 epochs=5 norm=ghost(4) running=%s";
        Trainer *a = finished(arena, text_print(arena, RUN, "pooled"), data, 1),
                *b = finished(arena,
                              text_print(arena, "validate=%zu %s", every,
                                         text_print(arena, RUN, "pooled")),
                              data, 1);
        const TrainRecord one = trainer_record(a), two = trainer_record(b);
        const Net *net = trainer_net(a);
        assert_memory_equal(trainer_weights(a), trainer_weights(b),
                            net->weights * sizeof(double));
        assert_memory_equal(trainer_state(a), trainer_state(b),
                            net->states * sizeof(double));
        for (size_t e = 0; e < 5; e++)
            if ((e + 1) % every == 0 || e == 4)
                assert_memory_equal(&two.val.loss[e], &one.val.loss[e], sizeof(double));
            else
                assert_true(isnan(two.val.loss[e]) && isnan(two.val.metric[0][e]));
        assert_memory_equal(two.score, one.score, sizeof(double));
        assert_memory_equal(two.test.loss, one.test.loss, sizeof(double));
        trainer_free(a);
        trainer_free(b);
    }
    arena_free(arena);
}

/* By the seed: other images, and what a run sees follows from its configuration. */
static void a_seed_draws_the_images(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Dataset *all = dataset_open(arena, "fashion-mini", &error);
    const Config a = config_of(arena, "seed=5 split=seed"),
                 b = config_of(arena, "seed=6 split=seed"), c = config_of(arena, "");
    const Dataset *own = config_data(arena, &a, all, &error),
                  *other = config_data(arena, &b, all, &error);
    Trainer *t = trainer_of(arena, "seed=5 split=seed batch=24", all, 1);
    assert_int_equal(trainer_data(t)->val.count, 500);
    assert_int_equal(trainer_samples(t), 96);
    assert_memory_equal(trainer_data(t)->train.id, own->train.id, 96 * sizeof(uint32_t));
    assert_memory_not_equal(own->train.id, other->train.id, 96 * sizeof(uint32_t));
    assert_memory_equal(config_data(arena, &c, all, &error)->train.id, all->train.id,
                        96 * sizeof(uint32_t));
    const Config wrong = config_of(arena, "split=seed validate=2 score=median(2)");
    assert_false(error.set);
    assert_false(trainer_fits(&wrong, all, &error));
    assert_non_null(strstr(error.message, "validate=1"));
    trainer_free(t);
    arena_free(arena);
}

/* The order of an epoch is remade: a trainer that was elsewhere goes on as a new one. */
static void a_used_trainer_can_be_filled(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *whole = finished(arena, "batch=24", data, 1),
            *at = trainer_of(arena, "batch=24", data, 1);
    for (size_t k = 0; k < 2; k++) trainer_step(at);
    Trainer *used = finished(arena, "batch=24", data, 1);
    fill_from(used, at);
    while (trainer_step(used) != TRAIN_DONE) continue;
    same_parts(used, whole);
    trainer_free(whole);
    trainer_free(at);
    trainer_free(used);
    arena_free(arena);
}

/* Which part is refused once one of its numbers is another. */
static void assert_refused(const char *pairs, const char *name, size_t i, double value) {
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    Trainer *t = trainer_of(arena, pairs, small_data(arena, 10, 10), 1);
    for (size_t k = 0; k < 5; k++) trainer_step(t);
    assert_true(trainer_may_resume(t, &error));
    size_t count;
    const TrainPart *part = trainer_parts(t, &count);
    for (size_t k = 0; k < count; k++)
        if (strcmp(part[k].name, name) == 0) part[k].data[i] = value;
    assert_false(trainer_may_resume(t, &error));
    assert_int_equal(error.code, EX_DATAERR);
    assert_memory_equal(error.message, name, strlen(name));
    trainer_free(t);
    arena_free(arena);
}

/* What would be an index. */
static void no_place_of_a_run(void **state) {
    (void)state;
    static const double steps[] = {-1, -1.5, NAN, INFINITY, 1e300, 4, 5.5, 8, 9},
                        groups[] = {-1, -0.5, 0.5, NAN, INFINITY, 2, 1e300},
                        shares[] = {-0.1, 7.5, NAN};
    for (size_t i = 0; i < COUNT_OF(steps); i++)
        assert_refused("workers=1 batch=24", "counters", 0, steps[i]);
    for (size_t i = 0; i < COUNT_OF(groups); i++) {
        assert_refused("workers=1 batch=24 norm=regroup(2)", "state", 0, groups[i]);
        assert_refused("workers=1 batch=24 norm=group(2)|regroup(2) running=precise",
                       "state", 1, groups[i]);
    }
    for (size_t i = 0; i < COUNT_OF(shares); i++)
        assert_refused("workers=1 batch=24", "val_error", 0, shares[i]);
}

/* ---- the steady state ---- */

static void no_memory_after_the_first_epoch(void **state) {
    (void)state;
    static const char *const RUNS[] = {
        "epochs=4 workers=3 batch=8 running=precise norm=batch",
        "epochs=4 workers=2 batch=16 norm=group(2) flip=yes",
        "epochs=4 workers=2 batch=16 norm=batch clients=5",
        "epochs=4 workers=2 batch=16 norm=batch sorted=yes"};
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Arena *arena = arena_new();
        Trainer *t = trainer_of(arena, RUNS[i], small_data(arena, 70, 120), 1);
        while (trainer_step(t) == TRAIN_STEPPED) continue;
        const size_t workers = trainer_blocks(t), run = arena_blocks(arena);
        const ArenaMark mark = arena_mark(arena);
        assert_true(workers > 0);
        while (trainer_step(t) != TRAIN_DONE)
            assert_int_equal(trainer_blocks(t), workers);
        assert_int_equal(trainer_blocks(t), workers);
        assert_int_equal(arena_blocks(arena), run);
        assert_int_equal(arena_mark(arena).used, mark.used);
        trainer_free(t);
        arena_free(arena);
    }
}

/* ---- how it ends ---- */

static void diverges(const char *pairs) {
    Arena *arena = arena_new();
    Trainer *t = trainer_of(arena, pairs, small_data(arena, 20, 20), 2);
    TrainStatus status = TRAIN_STEPPED;
    size_t calls = 0;
    for (; status != TRAIN_DONE && calls < 500; calls++) status = trainer_step(t);
    TrainRecord r = trainer_record(t);
    assert_true(r.diverged && calls < 500);
    assert_int_equal(r.diverged_step, calls - 1);
    /* the step's own loss was infinite, or what the step made of validation */
    assert_in_range(trainer_done(t), calls - 1, calls);
    assert_int_equal(r.epochs, (calls - 1) / trainer_steps(t));
    const TrainPart *counters = part_of(t, "counters");
    double before[16];
    memcpy(before, counters->data, counters->count * sizeof(double));
    for (size_t i = 0; i < 3; i++) assert_int_equal(trainer_step(t), TRAIN_DONE);
    assert_memory_equal(before, counters->data, counters->count * sizeof(double));
    assert_int_equal(trainer_record(t).diverged_step, calls - 1);
    assert_true(isnan(r.test.loss[0]) && isnan(r.test.metric[0][0]) && isnan(r.score[0]));
    const TrainPart *epochs = part_of(t, "val_error");
    for (size_t i = 0; i < epochs->count; i++) {
        assert_int_equal(isnan(r.val.metric[0][i]) != 0, i >= r.epochs);
        assert_int_equal(isnan(r.rate[i]) != 0, i >= r.epochs);
        assert_int_equal(isnan(r.train.loss[i]) != 0, i >= r.epochs);
    }
    Trainer *again = resumed(arena, pairs, small_data(arena, 20, 20), t);
    assert_int_equal(trainer_step(again), TRAIN_DONE);
    assert_true(trainer_record(again).diverged);
    trainer_free(again);
    trainer_free(t);
    arena_free(arena);
}

static void divergence_ends_a_run(void **state) {
    (void)state;
    diverges("rate=1e6 workers=2 batch=16 epochs=100 norm=none");
    diverges(
        "rate=1e6 workers=2 batch=16 epochs=100 norm=batch decay=1 schedule=constant");
}

/* Logits that are finite, and so far apart that their loss is not. */
static void an_infinite_loss_is_divergence(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = trainer_of(arena, "workers=2 batch=16", small_data(arena, 20, 20), 1);
    const size_t end = trainer_net(t)->weights;
    double *bias = part_of(t, "weights")->data + end - 10;
    trainer_step(t);
    for (size_t k = 0; k < 10; k++) bias[k] = k % 2 ? 1.5e308 : -1.5e308;
    assert_int_equal(trainer_step(t), TRAIN_DONE);
    assert_true(trainer_record(t).diverged && trainer_record(t).diverged_step == 1);
    assert_true(bias[1] == 1.5e308); /* the step was not taken */
    trainer_free(t);
    arena_free(arena);
}

static void label_all(Arena *arena, Samples *samples, uint8_t last) {
    uint8_t *label = ZERO(arena, uint8_t, samples->count);
    label[samples->count - 1] = last;
    samples->value[1] = TAKE(arena, const void *, samples->count);
    for (size_t i = 0; i < samples->count; i++) samples->value[1][i] = &label[i];
}

/* The same of one test image alone, of a class that nothing else has. */
static void so_is_that_of_the_test(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Dataset *data = TAKE(arena, Dataset, 1);
    *data = *small_data(arena, 20, 20);
    label_all(arena, &data->train, 0);
    label_all(arena, &data->val, 0);
    label_all(arena, &data->test, 1);
    Trainer *t = trainer_of(arena, "workers=2 batch=16", data, 1);
    double *bias = part_of(t, "weights")->data + trainer_net(t)->weights - 10;
    for (size_t k = 0; k < 10; k++) bias[k] = k ? -1.5e308 : 1.5e308;
    while (trainer_step(t) != TRAIN_DONE) continue;
    const TrainRecord r = trainer_record(t);
    assert_true(r.diverged && r.diverged_step == 2 * trainer_steps(t) - 1);
    assert_int_equal(r.epochs, 1);
    assert_true(isnan(r.score[0]) && isnan(r.test.loss[0]) &&
                isnan(r.train_evaluated.loss[0]));
    trainer_free(t);
    arena_free(arena);
}

static void nothing_else_is_called_divergence(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trainer *t = finished(arena, "workers=2 batch=16", small_data(arena, 20, 20), 1);
    TrainRecord r = trainer_record(t);
    assert_false(r.diverged);
    assert_int_equal(r.epochs, 2);
    assert_true(isfinite(r.test.loss[0]) && isfinite(r.test.metric[0][0]) &&
                isfinite(r.score[0]));
    assert_int_equal(trainer_done(t), 2 * trainer_steps(t));
    const double before = trainer_weights(t)[0];
    assert_int_equal(trainer_step(t), TRAIN_DONE);
    assert_true(trainer_weights(t)[0] == before &&
                trainer_done(t) == 2 * trainer_steps(t));
    trainer_free(t);
    arena_free(arena);
}

typedef struct Scored {
    const char *rule;
    size_t epochs;
    double error[8], score;
} Scored;

static void score_is_of_the_last_epoch_or_of_its_window(void **state) {
    (void)state;
    static const Scored CASES[] = {
        {"last", 7, {0.9, 0.8, 0.1, 0.5, 0.3, 0.2, 0.4}, 0.4},
        {"last", 1, {0.7}, 0.7},
        {"median(5)", 7, {0.9, 0.8, 0.1, 0.5, 0.3, 0.2, 0.4}, 0.3},
        {"median(5)", 5, {0.5, 0.1, 0.9, 0.2, 0.8}, 0.5},
        {"median(4)", 4, {0.5, 0.125, 0.25, 0.75}, 0.375},
        {"median(2)", 3, {0, 0.25, 0.75}, 0.5},
        {"median(1)", 3, {0, 0.25, 0.75}, 0.75},
        {"median(6)", 6, {0, 0.6, 0.5, 0.4, 0.3, 0.2}, 0.35}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        const char *pairs =
            text_print(arena, "epochs=%zu score=%s", CASES[i].epochs, CASES[i].rule);
        Trainer *t = trainer_of(arena, pairs, small_data(arena, 10, 10), 1);
        memcpy(part_of(t, "val_error")->data, CASES[i].error,
               CASES[i].epochs * sizeof(double));
        assert_true(isnan(trainer_record(t).score[0]));
        part_of(t, "counters")->data[1] = (double)CASES[i].epochs; /* epochs finished */
        assert_near(trainer_record(t).score[0], CASES[i].score, 0.0);
        assert_near(trainer_record(t).val.metric[0][0], CASES[i].error[0],
                    0.0); /* not sorted in place */
        trainer_free(t);
        arena_free(arena);
    }
}

/* With the training images to validate on, both are one number. */
static void training_error_is_evaluated_as_validation_is(void **state) {
    (void)state;
    static const char *const NORMS[] = {"batch", "layer"};
    for (size_t i = 0; i < COUNT_OF(NORMS); i++) {
        Arena *arena = arena_new();
        Dataset data = *small_data(arena, 10, 10);
        data.train.count = 96;
        data.val = data.train;
        const char *pairs = text_print(arena, "images=0 batch=32 norm=%s", NORMS[i]);
        Trainer *t = finished(arena, pairs, &data, 2);
        TrainRecord r = trainer_record(t);
        assert_true(r.train_evaluated.metric[0][0] == r.val.metric[0][1]);
        assert_true(r.train_evaluated.loss[0] == r.val.loss[1]);
        assert_true(r.train_evaluated.loss[0] != r.train.loss[1]);
        trainer_free(t);
        arena_free(arena);
    }
}

static void a_ragged_last_step_is_dropped(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    static const struct {
        const char *pairs;
        size_t steps;
    } CASES[] = {{"images=70 workers=2 batch=16", 2},
                 {"images=95 workers=3 batch=8", 3},
                 {"images=96 workers=3 batch=8", 4},
                 {"images=32 batch=32", 1},
                 {"images=0 workers=2 batch=625", 2}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Trainer *t = trainer_of(arena, CASES[i].pairs, data, 1);
        assert_int_equal(trainer_steps(t), CASES[i].steps);
        trainer_free(t);
    }
    arena_free(arena);
}

/* ---- what is refused ---- */

static void what_does_not_fit_is_refused(void **state) {
    (void)state;
    static const char *const CASES[][2] = {
        {"workers=4 batch=32", "workers x batch = 4 x 32 = 128 samples a step, but there "
                               "are 96 training images"},
        {"batch=97", "1 x 97 = 97 samples a step, but there are 96"},
        {"images=4000", "4000 training samples wanted, fashion-mini has 2500"},
        {"norm=group(3)",
         "layer stem_norm: in 'group(3)' at byte 6: 3 groups do not divide 4 channels"},
        {"norm=ghost(5)", "blocks of 5 samples do not divide a batch of 32"},
        {"task=regress", "task=regress: fashion-mini has no field 'number', but image, "
                         "label; that fits: task=classify"},
        {"score=median(3)", "score=median(3): the run has 2 epochs; score=last"},
        {"norm=ghost(32) batch=16 workers=2",
         "blocks of 32 samples do not divide a batch of 16"},
    };
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        BaseError error = {.set = false};
        const Config config = config_of(arena, CASES[i][0]);
        assert_null(trainer_new(arena, &config, data, 2, &error));
        assert_int_equal(error.code, EX_USAGE);
        if (strstr(error.message, CASES[i][1]) == NULL)
            fail_msg("%s: '%s'", CASES[i][0], error.message);
    }
    trainer_free(NULL);
    arena_free(arena);
}

/* ---- it learns ---- */

/* Four classes: which quarter of the image is bright. */
static const Dataset *quarters(Arena *arena, size_t count) {
    enum { SIDE = 8, CLASSES = 4 };
    Dataset *d = ZERO(arena, Dataset, 1);
    static const double mean = 0.3, std = 0.25;
    const void **pixel = TAKE(arena, const void *, count),
               **labels = TAKE(arena, const void *, count);
    uint8_t *label = TAKE(arena, uint8_t, count);
    uint32_t *id = TAKE(arena, uint32_t, count);
    for (size_t i = 0; i < count; i++) {
        uint8_t *image = TAKE(arena, uint8_t, SIDE * SIDE);
        const Draw draw = {.seed = 1, .purpose = DRAW_TEST, .sample = i};
        label[i] = (uint8_t)draw_below(draw, 100, CLASSES), id[i] = (uint32_t)i;
        for (size_t p = 0; p < SIDE * SIDE; p++) {
            size_t quarter = p / SIDE / (SIDE / 2) * 2 + p % SIDE / (SIDE / 2);
            image[p] =
                (uint8_t)(draw_below(draw, p, 100) + (quarter == label[i] ? 150 : 0));
        }
        pixel[i] = image, labels[i] = &label[i];
    }
    *d = (Dataset){.name = "quarters",
                   .fields = 2,
                   .field = {{.name = "image",
                              .type = DATA_BYTES,
                              .shape = SHAPE_OF(1, SIDE, SIDE),
                              .standardized = true,
                              .mean = &mean,
                              .std = &std},
                             {.name = "label", .type = DATA_LABELS, .classes = CLASSES}},
                   .train = {count, {pixel, labels}, id}};
    d->val = d->test = d->train;
    d->val.count = d->test.count = count / 4;
    return d;
}

static void a_toy_is_learned(void **state) {
    (void)state;
    static const char *const NORMS[] = {"batch", "group(2)", "layer", "ghost(8)"};
    for (size_t i = 0; i < COUNT_OF(NORMS); i++) {
        Arena *arena = arena_new();
        const char *pairs =
            text_print(arena,
                       "network=resnet(depth=8,width=4) images=0 norm=%s workers=2"
                       " batch=16 epochs=8 rate=0.4",
                       NORMS[i]);
        Trainer *t = finished(arena, pairs, quarters(arena, 128), 1);
        TrainRecord r = trainer_record(t);
        assert_true(r.train.loss[0] > 1.0 && r.train.loss[7] < 0.5 * r.train.loss[0]);
        if (r.score[0] > 0.2) fail_msg("%s: score %g", NORMS[i], r.score[0]);
        trainer_free(t);
        arena_free(arena);
    }
}

static const Case CASES[] = {
    CASE(theorem, threads_do_not_show),
    CASE(theorem, ghosts_are_workers),
    CASE(theorem, group_norm_does_not_see_workers),
    CASE(theorem, resumed_runs_have_the_same_bits),
    CASE(theorem, validation_is_not_training),
    CASE(theorem, a_seed_draws_the_images),
    CASE(theorem, a_used_trainer_can_be_filled),
    CASE(fault, no_place_of_a_run),
    CASE(theorem, no_memory_after_the_first_epoch),
    CASE(example, divergence_ends_a_run),
    CASE(example, an_infinite_loss_is_divergence),
    CASE(example, so_is_that_of_the_test),
    CASE(example, nothing_else_is_called_divergence),
    CASE(theorem, training_error_is_evaluated_as_validation_is),
    CASE(oracle, score_is_of_the_last_epoch_or_of_its_window),
    CASE(example, a_ragged_last_step_is_dropped),
    CASE(fault, what_does_not_fit_is_refused),
    CASE(example, a_toy_is_learned),
};

HARNESS_MAIN("train", CASES)
