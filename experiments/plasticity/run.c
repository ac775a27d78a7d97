/* Does a network learn the twentieth task as well as the first, and if not, is it the length of its
 * weights?
 *
 * Lyle et al. 2024: behind a normalizer a longer weight turns less by the same step, and weights grow
 * as long as they learn. Where tasks follow each other at one rate the later ones are learned ever
 * more slowly, unless weights are projected to the length that they began with. Each task here is
 * other drawn labels of the same images, and each column a run of so many: its error is that of the
 * last. Without normalizers length is not the rate, and projection a control.
 */
#include "experiment.h"
#include "text.h"

#define RECIPE_PLASTICITY                                                                \
    "labels=random", "network=mlp(depth=4, width=64)", "norm=none,layer,batch,group(8)", \
        "project=no,yes", "batch=32", "epochs=20", "optimizer=adamw", "rate=0.001",      \
        "reference=32", "schedule=constant", "decay=0", "validate=400",                  \
        "probes=weights+dead"

/* 16 runs, 8 of 20,000 images and 8 of eight times as many: less than a minute on two cores. */
static const char *const QUICK[] = {
    RECIPE_PLASTICITY, "tasks=1,8", "dataset=fashion-mini", "images=1000", "seed=1", NULL,
};

/* 120 runs, with 1 and 20 tasks those of the protocol R2 of claims.txt: eight minutes on two cores. */
static const char *const FULL[] = {
    RECIPE_PLASTICITY,
    "tasks=1,2,5,10,20",
    "dataset=fashion-mnist",
    "images=1000",
    "split=seed",
    "seed=1,2,3",
    NULL,
};

static const ExperimentKey KEYS[] = {
    {"tasks", "1", "so many, one after the other (relabel), each for `epochs`", NULL},
    {NULL, NULL, NULL, NULL},
};

static bool complete(Config *config, Arena *arena, const Own *own, BaseError *error) {
    return config_set(config, arena, "relabel", own->text[0], error) &&
           config_set(config, arena, "epochs",
                      text_print(arena, "%zu", config->epochs * config->relabel), error);
}

const Experiment experiment_plasticity = {
    .name = "plasticity",
    .question = "Does a network learn the twentieth task as well as the first?",
    .series = "norm",
    .number = "train_error_evaluated",
    .along = "tasks",
    .along_label = "tasks, of which the last is judged",
    .keys = KEYS,
    .quick = QUICK,
    .full = FULL,
    .complete = complete,
};
