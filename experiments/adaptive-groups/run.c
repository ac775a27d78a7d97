/* Do groups that are learned, or chosen by what channels have in common, beat groups of
 * neighbours?
 *
 * None of these normalizers looks at other samples when it standardizes: under the protocol
 * `statistics` one run serves every batch per worker, but for those that cluster channels by
 * what workers observe (regroup), of which by=random is the control. Protocols: src/study/protocol.c.
 */
#include "../recipes.h"
#include "experiment.h"

/* 30 runs of 7,500 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    "protocol=statistics",
    "samples=32",
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=group(4),layer,regroup(4),regroup(4, by=random),soft(4),nested",
    "batch=32,8,2",
    "seed=1,2,3",
    "epochs=6",
    "rate=0.1",
    "reference=32",
    "schedule=cosine",
    "decay=0.0001",
    NULL,
};

/* 45 runs of 100,000 images each: about six minutes on two cores. */
static const char *const FULL[] = {
    RECIPE_P1,
    "protocol=statistics",
    "samples=32",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=group(4),layer,instance,regroup(4),regroup(4, until=1),regroup(4, by=equal),"
    "regroup(4, by=sorted),regroup(4, by=random),soft(4),nested",
    "batch=32,2",
    "rate=0.1",
    "decay=0.0001",
    NULL,
};

static const ExperimentFigure FIGURES[] = {
    {"layers", "layers.gp", study_layers, NULL},
    {"maps", "maps.gp", study_maps, NULL},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_adaptive_groups = {
    .name = "adaptive-groups",
    .question =
        "Do groups that are learned, or chosen by what channels have in common, beat "
        "groups of neighbours?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
    .figures = FIGURES,
};
