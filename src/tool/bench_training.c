/* Training beside dgemm. */
#include "bench.h"

#include <math.h>
#include <omp.h>

enum { TRAIN_ROUNDS = 5, TRAIN_STEPS = 3, TRAIN_BATCH = 8, LEARNERS = 6 };

/* Beside which of the others its speed is told. */
typedef struct Learner {
    const char *spec;
    bool definition; /* by its definition in place of its kernel */
    size_t beside;
    const char *name;
    Trainer *trainer;
    double seconds; /* of the fastest round */
} Learner;

static Trainer *learner_trainer(Arena *arena, const Dataset *dataset, const Learner *l,
                                size_t threads) {
    Error error = {.set = false};
    Config config = config_default(arena);
    config_set(&config, arena, "network", "resnet(depth=20, width=16)", &error);
    config_set(&config, arena, "norm", l->spec, &error);
    config_set(&config, arena, "workers", text_print(arena, "%zu", 2 * threads), &error);
    config_set(&config, arena, "batch", text_print(arena, "%d", TRAIN_BATCH), &error);
    die_if(&error);
    Trainer *trainer = trainer_new(arena, &config, dataset, threads, &error);
    die_if(&error);
    if (l->definition) trainer_define(trainer);
    trainer_step(trainer); /* warm: memory and caches */
    return trainer;
}

/* Round after round each in turn, so that all see the same machine. */
static double time_learners(Arena *arena, Learner *learner, size_t threads) {
    double peak = 0.0;
    for (int round = 0; round < TRAIN_ROUNDS; round++) {
        peak = fmax(peak, bench_gemm_peak(arena, threads));
        for (size_t i = 0; i < LEARNERS; i++) {
            const double begin = omp_get_wtime();
            for (int step = 0; step < TRAIN_STEPS; step++)
                trainer_step(learner[i].trainer);
            learner[i].seconds = fmin(learner[i].seconds, omp_get_wtime() - begin);
        }
    }
    return peak;
}

static void print_learner(Arena *arena, const Learner *learner, size_t i, size_t threads,
                          double peak, bool json) {
    const Learner *l = &learner[i], *other = &learner[l->beside];
    const double samples = (double)(2 * threads * TRAIN_BATCH * TRAIN_STEPS),
                 rate = samples / l->seconds, ratio = other->seconds / l->seconds;
    /* forward, and two products backward */
    const double flops = 3.0 * trainer_net(l->trainer)->flops * rate;
    if (json)
        printf("%s\n  {\"network\": \"resnet(depth=20, width=16)\", \"spec\": %s, "
               "\"definition\": %s, \"samples_per_second\": %.4g,"
               " \"of_dgemm\": %.3f, \"dgemm_flops\": %.4g, \"beside\": %s, "
               "\"of_beside\": %.3f}",
               i ? "," : "", json_text(arena, l->spec), l->definition ? "true" : "false",
               rate, flops / peak, peak, json_text(arena, other->name), ratio);
    else
        printf("ResNet-20 %-27s %6.1f samples/s, %.2f of dgemm; %.2f of %s\n", l->name,
               rate, flops / peak, ratio, other->name);
}

void bench_training(Arena *arena, size_t threads, bool json, const char *norms) {
    (void)norms;
    Learner learner[LEARNERS] = {
        {"batch", false, 0, "batch", NULL, INFINITY},
        {"group(8)", false, 0, "group(8)", NULL, INFINITY},
        {"none", false, 0, "none", NULL, INFINITY},
        {"mix(instance, layer, batch)", false, 0, "mix(instance, layer, batch)", NULL,
         INFINITY},
        {"blend(batch, group(8))", false, 0, "blend(batch, group(8))", NULL, INFINITY},
        {"group(8)", true, 1, "group(8) by definition", NULL, INFINITY}};
    Error error = {.set = false};
    const Dataset *dataset = dataset_open(arena, "fashion-mini", &error);
    die_if(&error);
    for (size_t i = 0; i < LEARNERS; i++)
        learner[i].trainer = learner_trainer(arena, dataset, &learner[i], threads);
    const double peak = time_learners(arena, learner, threads);
    if (json)
        printf(",\n \"training\": [");
    else
        printf("dgemm %.1f Gflop/s\n", 1e-9 * peak);
    for (size_t i = 0; i < LEARNERS; i++) {
        print_learner(arena, learner, i, threads, peak, json);
        trainer_free(learner[i].trainer);
    }
    if (json) printf("]");
}
