/* How does the error of each normalizer depend on the learning rate?
 *
 * A common rate may suit one of them better: over a grid of rates one sees each at its own best, and
 * how far from it the rate may be (Wortsman et al. 2023 draw the final loss so). Decay is given as
 * its horizon, the same at every rate, so that the rate alone moves. `normlab tune` makes a choice
 * of it, on seeds that decide nothing.
 */
#include "../recipes.h"
#include "experiment.h"

/* 36 runs of 7,500 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4),layer,none",
    "rate=0.025,0.1,0.4",
    "batch=32",
    "seed=1,2,3",
    "epochs=6",
    "reference=32",
    "schedule=cosine",
    "horizon=0.0012",
    "shift=1",
    "flip=yes",
    NULL,
};

/* 48 runs of 100,000 images each: at the rate 0.1 those of the protocol P1 of claims.txt, whose
 * decay of 0.0001 has the horizon 0.0156. */
static const char *const FULL[] = {
    RECIPE_P1,
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4),layer,none",
    "rate=0.025,0.1,0.4,0.8",
    "batch=32",
    "horizon=0.0156",
    NULL,
};

const Experiment experiment_tuning = {
    .name = "tuning",
    .question = "How does the error of each normalizer depend on the learning rate?",
    .series = "norm",
    .along = "rate",
    .along_label = "learning rate",
    .quick = QUICK,
    .full = FULL,
};
