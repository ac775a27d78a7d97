/* Do hybrids of batch and group normalization keep the best of both over the batch per
 * worker?
 *
 * Weighed outputs (Nam and Kim 2018), weighed statistics (Luo et al. 2019, who find that the
 * weight of batch falls as the batch shrinks), one after the other (Qiao et al. 2019, Pham
 * et al. 2022), beside what they are made of. Protocols: src/study/protocol.c.
 */
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

/* 90 runs of 9,600 images each: about 20 minutes on two cores. */
static const char *const FULL[] = {
    "protocol=statistics",
    "samples=32",
    "dataset=fashion-mnist",
    "images=1200",
    "network=resnet(depth=8, width=16, stem_stride=2)",
    "norm=batch,group(8),layer,instance,blend(batch, group(8)),"
    "blend(batch, group(8), per=layer),"
    "mix(instance, layer, batch),batch | group(8),group(8) | batch,"
    "lattice(batch=2, size=2),task,anneal(batch, group(8), from=2, to=6)",
    "batch=32,8,2",
    "seed=1,2,3",
    "epochs=8",
    "rate=0.1",
    "reference=32",
    "schedule=cosine",
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
