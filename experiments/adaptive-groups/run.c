/* Do groups that are learned, or chosen by what channels have in common, beat groups of
 * neighbours?
 *
 * None of these normalizers looks at other samples: under the protocol `statistics` one run
 * serves every batch per worker. Protocols: src/tool/protocol.c.
 */
#include "experiment.h"

static const char *const QUICK[] = {
    "protocol=statistics",
    "samples=32",
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=group(4),layer,instance",
    "batch=32,8,2",
    "seed=1,2,3",
    "epochs=6",
    "rate=0.1",
    "reference=32",
    "schedule=cosine",
    "decay=0.0001",
    NULL,
};

static const char *const FULL[] = {
    "protocol=statistics",
    "samples=32",
    "dataset=fashion-mnist",
    "images=2000",
    "network=resnet(depth=8, width=16, stem_stride=2)",
    "norm=group(8),layer,instance",
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
    {"layers", "layers.gp", figure_layers, NULL},
    {"maps", "maps.gp", figure_maps, NULL},
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
