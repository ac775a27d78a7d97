/* Into how many groups, or into groups of how many channels?
 *
 * Wu and He 2018, Table 3. Stages of a network differ in width, so a fixed number of groups and a
 * fixed number of channels a group are different networks. The ends are old friends: one group is
 * layer normalization, one channel a group is instance normalization.
 */
#include "../recipes.h"
#include "experiment.h"

/* 24 runs of 10,000 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    "fixed=groups,channels",
    "number=8,4,2,1",
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "batch=32",
    "seed=1,2,3",
    "epochs=8",
    RECIPE_QUICK,
    NULL,
};

/* 24 runs of 100,000 images each under the protocol P2 of claims.txt: stages of 16, 32 and 64
 * channels. */
static const char *const FULL[] = {
    RECIPE_P1, /* and what P2 has instead */
    "network=resnet(depth=8, width=16, stem_stride=2)",
    "fixed=groups,channels",
    "number=8,4,2,1",
    "batch=32",
    "rate=0.1",
    "decay=0.0001",
    NULL,
};

static const ExperimentKey KEYS[] = {
    {"fixed", "groups", "what all layers share: groups, or channels (of each group)",
     NULL},
    {"number", "4", "how many of these; 1 group: layer, 1 channel: instance", NULL},
    {NULL, NULL, NULL, NULL},
};

static bool complete(Config *config, Arena *arena, const Own *own, BaseError *error) {
    static const char *const names[] = {"groups", "channels"};
    static const Choice all = CHOICE(names);
    size_t fixed, number;
    if (!choice_read(arena, &all, "fixed=", own->text[0], &fixed, error)) return false;
    if (!text_to_count(own->text[1], &number) || number == 0)
        return base_fail(error, EX_USAGE, 0,
                         "number=%s: a whole number from 1 on is expected",
                         text_clip(arena, own->text[1]));
    const char *one = fixed == 0 ? "layer" : "instance",
               *many = fixed == 0 ? "group(%zu)" : "group(size=%zu)";
    return config_set(config, arena, "norm",
                      number == 1 ? one : text_print(arena, many, number), error);
}

/* Wu and He 2018, Table 3: ResNet-50 on ImageNet, 32 images a worker, validation error in
 * percent. */
static const char *const PAPER_NAMES[] = {"GN, groups", "GN, channels per group"};
static const double PAPER_AT[] = {64, 32, 16, 8, 4, 2, 1};
static const double PAPER_VALUES[] = {24.6, 24.1, 24.6, 24.4, 24.6, 24.7, 25.3,
                                      24.4, 24.5, 24.2, 24.3, 24.8, 25.6, 28.4};

static const Published PAPER = {
    .source = "Wu and He 2018, Table 3 (ResNet-50, ImageNet, 32 images a worker)",
    .data = "ImageNet",
    .series = 2,
    .points = 7,
    .name = PAPER_NAMES,
    .at = PAPER_AT,
    .value = PAPER_VALUES,
};

const Experiment experiment_group_division = {
    .name = "group-division",
    .question = "Into how many groups, or into groups of how many channels?",
    .series = "fixed",
    .along = "number",
    .along_label = "groups (1: layer), or channels of each (1: instance)",
    .keys = KEYS,
    .quick = QUICK,
    .full = FULL,
    .complete = complete,
    .published = &PAPER,
};
