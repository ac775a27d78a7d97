/* A step, a rate, an evaluation: each restated with plain loops over the network's own
 * logits. */
#include "train_run.h"

static double *copy_of(Arena *arena, const double *x, size_t count) {
    double *y = TAKE(arena, double, count);
    if (count) memcpy(y, x, count * sizeof *y);
    return y;
}

/* ---- one step, restated ---- */

typedef struct Recipe { /* what the configuration says, by hand */
    const char *pairs;
    size_t W, b, steps, images;
    double rate, momentum, decay, weight_new;
    bool decay_norms;
    Augment augment;
} Recipe;

typedef struct Shards { /* of one step, over its workers */
    double loss;
    size_t wrong;
    double *gradient, *observed; /* means */
} Shards;

static size_t mistakes(const TapeNode *z, const uint8_t *label) {
    size_t K = z->shape.size[1], wrong = 0;
    for (size_t n = 0; n < z->shape.size[0]; n++)
        for (size_t k = 0; k < K; k++)
            if (z->value[n * K + k] > z->value[n * K + label[n]]) {
                wrong++;
                break;
            }
    return wrong;
}

/* The first images of the data, with their own mean and std. */
static const Dataset *limited(Arena *arena, const Dataset *data, size_t images) {
    BaseError error = {.set = false};
    return dataset_limit(arena, data, images, &error);
}

static Shards shards_of(Arena *arena, const Recipe *r, const Trainer *t,
                        const Dataset *data, size_t done, const double *weights) {
    const Net *net = trainer_net(t);
    const size_t epoch = done / r->steps, step = done % r->steps, b = r->b;
    Shards sum = {0, 0, ZERO(arena, double, net->weights),
                  ZERO(arena, double, net->states)};
    size_t *order = TAKE(arena, size_t, r->images);
    draw_permutation((Draw){.seed = 1, .purpose = DRAW_SHUFFLE, .epoch = epoch}, order,
                     r->images);
    for (size_t k = 0; k < r->W; k++) {
        double *g = TAKE(arena, double, net->weights),
               *seen = TAKE(arena, double, net->states);
        const Batch batch =
            dataset_batch(arena, data, &data->train, order + (step * r->W + k) * b, b,
                          &r->augment, 1, epoch);
        NetPass pass = {.tape = tape_new(arena),
                        .mode = NORM_TRAIN,
                        .epoch = epoch,
                        .step = step,
                        .weights = weights,
                        .gradient = g,
                        .observed = seen};
        TapeNode *x = tape_leaf(pass.tape, batch.shape[0], batch.real[0]);
        TapeNode *z = net_run_one(net, &pass, x);
        TapeNode *loss = tape_cross_entropy(pass.tape, z, batch.label[1]);
        tape_backward(pass.tape, loss, NULL);
        sum.loss += loss->value[0] / (double)r->W;
        sum.wrong += mistakes(z, batch.label[1]);
        for (size_t i = 0; i < net->weights; i++) sum.gradient[i] += g[i] / (double)r->W;
        for (size_t i = 0; i < net->states; i++)
            sum.observed[i] += seen[i] / (double)r->W;
    }
    return sum;
}

/* AdamW's step t, in extended precision; its means begin at 0 and are divided by what they hold. */
static void restated_adamw(double *w, double *v, double *q, double g, double decay,
                           const Recipe *r, size_t t) {
    const long double b1 = r->momentum, b2 = 0.999L;
    const long double mean = b1 * *v + (1 - b1) * g, square = b2 * *q + (1 - b2) * g * g;
    const long double of_mean = 1 - powl(b1, (long double)t),
                      of_square = 1 - powl(b2, (long double)t);
    const long double step = mean / of_mean / (sqrtl(square / of_square) + 1e-8L);
    *v = (double)mean, *q = (double)square;
    *w = (double)(*w - r->rate * (step + decay * *w));
}

/* q: mean squares of AdamW; NULL: of none. */
static void restated_step(double *w, double *v, double *q, double *s, const Net *net,
                          const Recipe *r, const Shards *shards, size_t done) {
    for (size_t i = 0; i < net->params; i++) {
        const char *name = net->param[i].name;
        const bool norm = strstr(name, "gamma") || strstr(name, "beta");
        const double decay = norm && !r->decay_norms ? 0 : r->decay;
        for (size_t k = net->param[i].offset;
             k < net->param[i].offset + net->param[i].count; k++) {
            if (q) {
                restated_adamw(w + k, v + k, q + k, shards->gradient[k], decay, r,
                               done + 1);
                continue;
            }
            v[k] = r->momentum * v[k] + shards->gradient[k] + decay * w[k];
            w[k] -= r->rate * v[k];
        }
    }
    for (size_t i = 0; i < net->states; i++)
        s[i] = (1 - r->weight_new) * s[i] + r->weight_new * shards->observed[i];
}

/* Each step of two epochs, from the trainer's own numbers: only its roundings differ. */
static void restate_run(const Recipe *r) {
    Arena *arena = arena_new();
    const Dataset *all = small_data(arena, 10, 10),
                  *data = limited(arena, all, r->images);
    const char *more = "schedule=constant reference=64 rate=0.1";
    Trainer *t = trainer_of(
        arena, text_print(arena, "%s images=%zu %s", more, r->images, r->pairs), all, 2);
    const Net *net = trainer_net(t);
    double loss = 0;
    size_t wrong = 0;
    assert_int_equal(trainer_steps(t), r->steps);
    for (size_t done = 0; done < 2 * r->steps; done++) {
        ArenaMark mark = arena_mark(arena);
        double *w = copy_of(arena, trainer_weights(t), net->weights);
        const bool adamw = strstr(r->pairs, "adamw") != NULL;
        const char *first = adamw ? "gradient_mean" : "velocity";
        double *v = copy_of(arena, part_of(t, first)->data, net->weights);
        double *q =
            adamw ? copy_of(arena, part_of(t, "gradient_square")->data, net->weights)
                  : NULL;
        double *s = copy_of(arena, trainer_state(t), net->states);
        Shards shards = shards_of(arena, r, t, data, done, w);
        restated_step(w, v, q, s, net, r, &shards, done);
        trainer_step(t);
        assert_near(apart(trainer_weights(t), w, net->weights), 0.0, 1e-14);
        assert_near(apart(part_of(t, first)->data, v, net->weights), 0.0, 1e-13);
        if (q)
            assert_near(apart(part_of(t, "gradient_square")->data, q, net->weights), 0.0,
                        1e-13);
        if (net->states) assert_near(apart(trainer_state(t), s, net->states), 0.0, 1e-14);
        loss += shards.loss, wrong += shards.wrong;
        if ((done + 1) % r->steps == 0) {
            TrainRecord record = trainer_record(t);
            size_t epoch = done / r->steps;
            assert_near(record.train.loss[epoch], loss / (double)r->steps, 1e-13);
            assert_near(record.train.metric[0][epoch],
                        (double)wrong / (double)(r->steps * r->W * r->b), 0.0);
            assert_near(record.rate[epoch], r->rate, 1e-16);
            loss = 0, wrong = 0;
        }
        arena_rewind(arena, mark);
    }
    trainer_free(t);
    arena_free(arena);
}

/* rate 0.1 means 64 samples: 0.1 W b / 64. */
static void a_step_in_plain_loops(void **state) {
    (void)state;
    static const Recipe RECIPES[] = {
        {"workers=3 batch=8 norm=batch", 3, 8, 2, 70, 0.0375, 0.9, 1e-4, 0.1, true, {0}},
        {"workers=1 batch=32 norm=batch(weight_new=0.3) momentum=0 decay=0.5",
         1,
         32,
         2,
         95,
         0.05,
         0,
         0.5,
         0.3,
         true,
         {0}},
        {"workers=2 batch=16 norm=ghost(4) decay=0.5 decay_norms=no",
         2,
         16,
         3,
         96,
         0.05,
         0.9,
         0.5,
         0.1,
         false,
         {0}},
        {"workers=5 batch=4 norm=group(2) momentum=0.5 decay=0 flip=yes shift=3",
         5,
         4,
         3,
         64,
         0.03125,
         0.5,
         0,
         0.1,
         true,
         {true, 3}},
        {"workers=2 batch=16 norm=batch optimizer=adamw(beta1=0.8) decay=0.5 "
         "decay_norms=no",
         2,
         16,
         3,
         96,
         0.05,
         0.8,
         0.5,
         0.1,
         false,
         {0}},
    };
    for (size_t i = 0; i < COUNT_OF(RECIPES); i++) restate_run(&RECIPES[i]);
}

/* ---- weight decay, seen in the difference that it makes ---- */

static void decayed(const char *norms_too, bool expected) {
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    const char *same =
        "momentum=0 schedule=constant rate=0.4 batch=32 norm=group(2) epochs=1";
    Trainer *without = trainer_of(arena, text_print(arena, "decay=0 %s", same), data, 1);
    Trainer *with = trainer_of(
        arena, text_print(arena, "decay=0.25 decay_norms=%s %s", norms_too, same), data,
        1);
    const Net *net = trainer_net(with);
    const double *before = copy_of(arena, trainer_weights(with), net->weights);
    trainer_step(without);
    trainer_step(with);
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        const bool norm = strstr(p->name, "norm") != NULL;
        for (size_t k = p->offset; k < p->offset + p->count; k++) {
            double got = trainer_weights(with)[k] - trainer_weights(without)[k];
            double want = norm && !expected
                              ? 0.0
                              : -0.1 * 0.25 * before[k]; /* rate 0.4 * 32 / 128 */
            assert_near(got, want,
                        norm && !expected ? 0.0
                                          : 4 * DBL_EPSILON * (1 + fabs(before[k])));
        }
    }
    trainer_free(with);
    trainer_free(without);
    arena_free(arena);
}

static void decay_reaches_normalizers_if_asked(void **state) {
    (void)state;
    decayed("yes", true);
    decayed("no", false);
}

/* ---- rates ---- */

typedef struct Rates {
    const char *pairs;
    size_t every, count; /* steps an epoch, epochs */
    double rate[12];     /* of each epoch's last step, over 0.2 */
} Rates;

/* workers x batch / reference = 2 x 16 / 64: a rate of 0.4 is 0.2. */
static void rates_by_hand(void **state) {
    (void)state;
    static const double HALF = 0.5, ROOT = 0.70710678118654752440;
    const Rates CASES[] = {
        {"schedule=constant", 1, 4, {1, 1, 1, 1}},
        {"schedule=cosine", 1, 4, {1, HALF * (1 + ROOT), HALF, HALF * (1 - ROOT)}},
        {"schedule=cosine", 2, 2, {HALF * (1 + ROOT), HALF * (1 - ROOT)}},
        {"schedule=step", 1, 10, {1, 1, 1, 0.1, 0.1, 0.1, 0.01, 0.01, 0.01, 0.001}},
        {"schedule=step:0.25:0.5:factor=0.5",
         1,
         8,
         {1, 1, 0.5, 0.5, 0.25, 0.25, 0.25, 0.25}},
        {"schedule=step:0.5", 3, 2, {1, 0.1}},
        {"schedule=step:0.8", 3, 2, {1, 0.1}},
        {"schedule=constant warmup=4", 1, 6, {0.2, 0.4, 0.6, 0.8, 1, 1}},
        {"schedule=constant warmup=1.5", 2, 3, {0.5, 1, 1}},
        {"schedule=step:0.5 warmup=3", 1, 4, {0.25, 0.5, 0.075, 0.1}},
    };
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        const Rates *c = &CASES[i];
        const char *pairs =
            text_print(arena,
                       "images=%zu workers=2 batch=16 reference=64 rate=0.4"
                       " epochs=%zu norm=group(2) %s",
                       32 * c->every, c->count, c->pairs);
        Trainer *t = finished(arena, pairs, small_data(arena, 2, 2), 1);
        assert_int_equal(trainer_record(t).epochs, c->count);
        for (size_t k = 0; k < c->count; k++)
            assert_near(trainer_record(t).rate[k], 0.2 * c->rate[k], 4 * DBL_EPSILON);
        trainer_free(t);
        arena_free(arena);
    }
}

/* ---- evaluation ---- */

typedef struct Judged {
    double loss, error;
} Judged;

/* All images at once. */
static Judged judged(const Trainer *t, const Dataset *data, const Samples *images) {
    Arena *arena = arena_new();
    const Net *net = trainer_net(t);
    const size_t count = images->count;
    size_t *index = TAKE(arena, size_t, count);
    for (size_t i = 0; i < count; i++) index[i] = i;
    const Batch batch = dataset_batch(arena, data, images, index, count, NULL, 1, 0);
    const uint8_t *label = batch.label[1];
    double loss = 0;
    NetPass pass = {.tape = tape_new(arena),
                    .mode = NORM_EVAL,
                    .weights = trainer_weights(t),
                    .state = trainer_state(t)};
    TapeNode *x = tape_leaf(pass.tape, batch.shape[0], batch.real[0]);
    TapeNode *z = net_run_one(net, &pass, x);
    for (size_t n = 0, K = z->shape.size[1]; n < count; n++) {
        double sum = 0;
        for (size_t k = 0; k < K; k++)
            sum += exp(z->value[n * K + k] - z->value[n * K + label[n]]);
        loss += log(sum);
    }
    Judged result = {loss / (double)count, (double)mistakes(z, label) / (double)count};
    arena_free(arena);
    return result;
}

static void evaluation_in_plain_loops(void **state) {
    (void)state;
    static const char *const RUNS[] = {
        "workers=2 batch=16 norm=batch flip=yes shift=2", "norm=group(2)",
        "batch=16 norm=ghost(4) running=precise", "norm=none rate=0.01"};
    for (size_t i = 0; i < COUNT_OF(RUNS); i++) {
        Arena *arena = arena_new();
        const Dataset *all = small_data(arena, 70, 120), *data = limited(arena, all, 96);
        Trainer *t = trainer_of(arena, RUNS[i], all, 2);
        for (size_t epoch = 0; epoch < 2; epoch++) {
            TrainStatus status = TRAIN_STEPPED;
            while (status == TRAIN_STEPPED) {
                TrainRecord before = trainer_record(t);
                assert_true(isnan(before.test.loss[0]) &&
                            isnan(before.test.metric[0][0]) && isnan(before.score[0]));
                assert_true(isnan(before.val.metric[0][epoch]) &&
                            isnan(before.train.loss[epoch]));
                status = trainer_step(t);
            }
            Judged val = judged(t, data, &data->val);
            TrainRecord r = trainer_record(t);
            assert_int_equal(status, epoch == 0 ? TRAIN_EPOCH : TRAIN_DONE);
            assert_near(r.val.loss[epoch], val.loss, 1e-12 * val.loss);
            assert_near(r.val.metric[0][epoch], val.error, 0.0);
        }
        Judged test = judged(t, data, &data->test);
        assert_near(trainer_record(t).test.loss[0], test.loss, 1e-12 * test.loss);
        assert_near(trainer_record(t).test.metric[0][0], test.error, 0.0);
        trainer_free(t);
        arena_free(arena);
    }
}

/* running=precise: the mean over the epoch's steps, with the weights at its end. */
static void precise_moments_in_plain_loops(void **state) {
    (void)state;
    static const Recipe RECIPES[] = {
        {"workers=3 batch=8 norm=batch flip=yes shift=2", .W = 3, .b = 8, .steps = 4,
         .images = 96, .augment = {true, 2}},
        {"workers=1 batch=16 norm=ghost(4)", .W = 1, .b = 16, .steps = 6, .images = 96},
    };
    for (size_t i = 0; i < COUNT_OF(RECIPES); i++) {
        Arena *arena = arena_new();
        const Recipe *r = &RECIPES[i];
        const Dataset *all = small_data(arena, 10, 10), *data = limited(arena, all, 96);
        Trainer *t =
            trainer_of(arena, text_print(arena, "running=precise %s", r->pairs), all, 1);
        for (size_t epoch = 0; epoch < 2; epoch++) {
            while (trainer_step(t) == TRAIN_STEPPED) continue;
            const Net *net = trainer_net(t);
            double *mean = ZERO(arena, double, net->states);
            for (size_t step = 0; step < r->steps; step++) {
                Shards s = shards_of(arena, r, t, data, epoch * r->steps + step,
                                     trainer_weights(t));
                for (size_t k = 0; k < net->states; k++)
                    mean[k] += s.observed[k] / (double)r->steps;
            }
            assert_near(apart(trainer_state(t), mean, net->states), 0.0, 1e-14);
        }
        trainer_free(t);
        arena_free(arena);
    }
}

/* The control changes what evaluates, not what learns. */
static void precise_moments_do_not_train(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *a = finished(arena, "batch=16 running=precise", data, 1);
    Trainer *b = finished(arena, "batch=16 running=average", data, 1);
    const Net *net = trainer_net(a);
    assert_memory_equal(trainer_weights(a), trainer_weights(b),
                        net->weights * sizeof(double));
    assert_true(apart(trainer_state(a), trainer_state(b), net->states) > 1e-3);
    trainer_free(a);
    trainer_free(b);
    arena_free(arena);
}

static void a_run_begins_as_its_seed_says(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = small_data(arena, 10, 10);
    Trainer *t = trainer_of(arena, "seed=5", data, 1),
            *other = trainer_of(arena, "seed=6", data, 1);
    const Net *net = trainer_net(t);
    double *w = TAKE(arena, double, net->weights), *s = TAKE(arena, double, net->states);
    net_initialize(net, w, s, 5);
    assert_memory_equal(trainer_weights(t), w, net->weights * sizeof(double));
    assert_memory_equal(trainer_state(t), s, net->states * sizeof(double));
    assert_memory_not_equal(trainer_weights(other), w, net->weights * sizeof(double));
    assert_int_equal(trainer_done(t), 0);
    for (size_t i = 0; i < net->weights; i++)
        assert_near(part_of(t, "velocity")->data[i], 0.0, 0.0);
    trainer_free(t);
    trainer_free(other);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, a_step_in_plain_loops),
    CASE(oracle, decay_reaches_normalizers_if_asked),
    CASE(oracle, rates_by_hand),
    CASE(oracle, evaluation_in_plain_loops),
    CASE(oracle, precise_moments_in_plain_loops),
    CASE(theorem, precise_moments_do_not_train),
    CASE(theorem, a_run_begins_as_its_seed_says),
};

HARNESS_MAIN("train_oracle", CASES)
