/* Training beside dgemm, and the memory it takes. */
#include "speed.h"

#include <string.h>

enum { TRAIN_STEPS = 3, WORKERS = 2 }; /* steps of a turn; workers of a thread */

static void set(const Speed *speed, Config *config, const char *key, const char *value) {
    BaseError error = {.set = false};
    if (!config_set(config, speed->arena, key, value, &error))
        die(error.code, "%s", error.message);
}

static Config learner_config(const Speed *speed, const SpeedLearner *l) {
    Config config = config_default(speed->arena);
    set(speed, &config, "network", l->network);
    set(speed, &config, "dataset", l->dataset);
    set(speed, &config, "norm", l->norm);
    set(speed, &config, "workers",
        text_print(speed->arena, "%zu", WORKERS * speed->threads));
    set(speed, &config, "batch", text_print(speed->arena, "%zu", l->batch));
    return config;
}

/* Learners mostly share one: it is opened once for those that stand side by side. */
static const Dataset *learner_dataset(const Speed *speed, const SpeedLearner *learner,
                                      size_t i, const Dataset *before) {
    BaseError error = {.set = false};
    if (i > 0 && strcmp(learner[i].dataset, learner[i - 1].dataset) == 0) return before;
    const Dataset *dataset = dataset_open(speed->arena, learner[i].dataset, &error);
    die_if(&error);
    return dataset;
}

void speed_want_training(const Speed *speed, const SpeedLearner *learner, size_t count) {
    const Dataset *dataset = NULL;
    for (size_t i = 0; i < count; i++) {
        BaseError error = {.set = false};
        const Config config = learner_config(speed, &learner[i]);
        dataset = learner_dataset(speed, learner, i, dataset);
        if (!trainer_fits(&config, dataset, &error)) die(error.code, "%s", error.message);
    }
}

static void train(const SpeedSubject *subject, size_t thread) {
    Trainer *trainer = subject->context;
    (void)thread; /* the trainer has its own */
    for (int step = 0; step < TRAIN_STEPS; step++) trainer_step(trainer);
}

/* Its memory is that of its first step, by the process's high-water mark. */
static Trainer *begin(const Speed *speed, const SpeedLearner *l, const Dataset *dataset,
                      double *bytes) {
    BaseError error = {.set = false};
    const Config config = learner_config(speed, l);
    const double before = speed_resident();
    speed_forget_peak();
    Trainer *trainer =
        trainer_new(speed->arena, &config, dataset, speed->threads, &error);
    die_if(&error);
    if (l->definition) trainer_define(trainer);
    trainer_step(trainer);
    *bytes = speed_peak() - before;
    return trainer;
}

const double *speed_training(const Speed *speed, SpeedLearned *learned,
                             const SpeedLearner *learner, size_t count) {
    SpeedSubject *subject = TAKE(speed->arena, SpeedSubject, count + 1);
    const Dataset *dataset = NULL;
    for (size_t i = 0; i < count; i++) {
        dataset = learner_dataset(speed, learner, i, dataset);
        Trainer *trainer = begin(speed, &learner[i], dataset, &learned[i].bytes);
        subject[i] = (SpeedSubject){.work = train, .context = trainer, .threads = 1};
    }
    subject[count] = speed_gemm(speed);
    speed_turns(speed, subject, count + 1);
    for (size_t i = 0; i < count; i++) {
        SpeedLearned *found = &learned[i];
        found->workers = WORKERS * speed->threads;
        found->samples = (double)(found->workers * learner[i].batch * TRAIN_STEPS);
        /* forward, two products backward */
        found->flops = 3.0 * trainer_net(subject[i].context)->flops;
        found->seconds = subject[i].seconds;
        trainer_free(subject[i].context);
    }
    return subject[count].seconds;
}
