/* Does what a normalizer is worth depend on the depth of the network?
 *
 * Wu and He 2018 find group normalization 0.5 points behind batch normalization in ResNet-50 and 0.4
 * in ResNet-101 at 32 images a worker; without any normalizer depth is said to be what fails.
 */
#include "../recipes.h"
#include "experiment.h"

#include "spec.h"

#include <string.h>

/* 18 runs of 7,500 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    "depth=8,14",
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4),none",
    "batch=32",
    "seed=1,2,3",
    "epochs=6",
    RECIPE_QUICK,
    NULL,
};

/* 27 runs of 100,000 images each: of depth 8 those of the protocol P1 of claims.txt. */
static const char *const FULL[] = {
    RECIPE_P1,
    "depth=8,14,20",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4),none",
    "batch=32",
    "rate=0.1",
    "decay=0.0001",
    NULL,
};

static const ExperimentKey KEYS[] = {
    {"depth", "8", "of the network, whatever depth it is given with", NULL},
    {NULL, NULL, NULL, NULL},
};

/* The recipe's network of this depth. */
static bool complete(Config *config, Arena *arena, const Own *own, BaseError *error) {
    const Spec *given = spec_parse(arena, config->network, error);
    const Spec depth = {.word = own->text[0]};
    if (given == NULL) return false;
    Spec network = *given;
    network.args = TAKE(arena, SpecArg, given->count + 1);
    network.count = 1;
    network.args[0] = (SpecArg){.key = "depth", .value = &depth};
    for (size_t i = 0; i < given->count; i++)
        if (given->args[i].key == NULL || strcmp(given->args[i].key, "depth") != 0)
            network.args[network.count++] = given->args[i];
    return config_set(config, arena, "network", spec_print(arena, &network), error);
}

const Experiment experiment_depth = {
    .name = "depth",
    .question = "Does what a normalizer is worth depend on the depth of the network?",
    .series = "norm",
    .along = "depth",
    .along_label = "depth of the residual network",
    .keys = KEYS,
    .quick = QUICK,
    .full = FULL,
    .complete = complete,
};
