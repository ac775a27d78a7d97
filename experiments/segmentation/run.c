/* Can a network that gives a class to each pixel be trained, with statistics of many samples and
 * of one?
 *
 * The proof that the house has room for tasks beside classification: task segment, network
 * unet, data set brain. It is one head (data/input/README.md): nothing is concluded from it.
 * Slices have 94 x 45 pixels, none of them padding: unet takes any size.
 */
#include "experiment.h"

/* 3 runs of 11,520 slices: four minutes on two cores. */
static const char *const QUICK[] = {
    "protocol=statistics",
    "samples=8",
    "dataset=brain",
    "task=segment",
    "network=unet(depth=3, width=8)",
    "norm=batch,group(4)",
    "batch=8,1",
    "seed=1",
    "epochs=80",
    "optimizer=adamw",
    "rate=0.01",
    "reference=8",
    "schedule=cosine",
    "decay=0.01",
    "shift=1",
    NULL,
};

/* 9 runs of 14,400 slices: about an hour on two cores. */
static const char *const FULL[] = {
    "protocol=statistics",
    "samples=8",
    "dataset=brain",
    "task=segment",
    "network=unet(depth=3, width=16)",
    "norm=batch,group(8)",
    "batch=8,1",
    "seed=1,2,3",
    "epochs=100",
    "optimizer=adamw",
    "rate=0.01",
    "reference=8",
    "schedule=cosine",
    "decay=0.01",
    "shift=1",
    NULL,
};

static const ExperimentFigure FIGURES[] = {
    {"pictures", "pictures.gp", study_pictures, NULL},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_segmentation = {
    .name = "segmentation",
    .question =
        "Can a network that gives a class to each pixel be trained, with statistics "
        "of many samples and of one?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
    .figures = FIGURES,
};
