/* Classifiers of single objects: what detectors begin with (experiments/detection).
 *
 * One object over a photograph, of the objects and photographs that train detectors; none of those that
 * test them. The recipe is that of the detectors as far as it can be. */
#include "recipe.h"

#include "experiment.h"

/* Two runs of 1,000 images each: seconds. */
static const char *const QUICK[] = {
    BACKBONE(BACKBONE_WORD) "protocol=statistics",
    "samples=16",
    "batch=16",
    "norm=batch,group(4)",
    "seed=1",
    "images=1000",
    "epochs=1",
    NULL,
};

/* Six runs of 48,000 images each: a quarter of an hour on one core. */
static const char *const FULL[] = {
    BACKBONE(BACKBONE_WORD) "protocol=statistics",
    "samples=16",
    "batch=16",
    "norm=batch,group(4)",
    "seed=1,2,3",
    NULL,
};

const Experiment experiment_backbone = {
    .name = "backbone",
    .question =
        "What do classifiers of single objects reach, with which detectors begin?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
};
