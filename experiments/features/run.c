/* What do features become in a network that has no normalizers, and what does that cost?
 *
 * Wu and He 2018 train VGG-16, convolutions without shortcuts, with no normalizer, with batch and with
 * group normalization, and draw percentiles of the last convolution's output along the training (their
 * figure 6). The network is plain's, which has such layers; the probe moments has the percentiles.
 */
#include "../recipes.h"
#include "experiment.h"

/* 6 runs of 20,000 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    RECIPE_QUICK,
    RECIPE_PLAIN,
    "dataset=fashion-mini",
    "images=2000",
    "norm=none,batch,group(4)",
    "seed=1,2",
    "epochs=10",
    "probe_every=62",
    NULL,
};

/* 18 runs of 100,000 images each, under the protocol V1 of claims.txt. */
static const char *const FULL[] = {
    RECIPE_P1,
    RECIPE_PLAIN,
    "norm=none,batch,group(2),group(4),layer,instance",
    NULL,
};

static const ExperimentFigure FIGURES[] = {
    {"percentiles", "curves.gp", study_probe_steps, "moments.x_percentile"},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_features = {
    .name = "features",
    .question = "What do features become without normalizers, and what does that cost?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
    .figures = FIGURES,
};
