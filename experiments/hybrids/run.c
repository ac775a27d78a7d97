/* Do hybrids of batch and group normalization keep the best of both over the batch per
 * worker?
 *
 * Weighed outputs (Nam and Kim 2018), weighed statistics (Luo et al. 2019, who find that the
 * weight of batch falls as the batch shrinks), one after the other (Qiao et al. 2019, Pham
 * et al. 2022), beside what they are made of. Protocols: src/study/protocol.c.
 */
#include "../recipes.h"
#include "experiment.h"

/* 48 runs of 6,250 images each: about a minute on two cores. */
static const char *const QUICK[] = {
    "protocol=statistics",
    "samples=32",
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4),blend(batch, group(4), per=layer),mix(instance, layer, batch),"
    "batch | group(4),group(4) | batch",
    "batch=32,8,2",
    "seed=1,2,3",
    "epochs=5",
    "rate=0.1",
    "reference=32",
    "schedule=cosine",
    "decay=0.0001",
    NULL,
};

/* 84 runs of 100,000 images each: about half an hour on two cores. */
static const char *const FULL[] = {
    RECIPE_P1,
    "protocol=statistics",
    "samples=32",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4),blend(batch, group(4)),blend(batch, group(4), per=layer),"
    "mix(instance, layer, batch),batch | group(4),group(4) | batch,task,task(even=yes),"
    "anneal(batch, group(4), from=5, to=15)",
    "batch=32,2,1",
    "rate=0.1",
    "decay=0.0001",
    NULL,
};

static const ExperimentFigure FIGURES[] = {
    {"weights", "plot.gp", study_weights, "batch"},
    {"layers", "layers.gp", study_layers, "batch"},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_hybrids = {
    .name = "hybrids",
    .question = "Do hybrids of batch and group normalization keep the best of both over "
                "the batch per worker?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
    .figures = FIGURES,
};
