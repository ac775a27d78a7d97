/* What does a normalizer do to gradients before a network has learned anything?
 *
 * Theory speaks of networks at their start. Behind a relu whose input is normal, normalization over
 * one channel lets the square of the gradient's norm grow by pi / (pi - 1) a layer, toward the input
 * (Yang et al. 2019, of batch normalization); over more channels by less, over all hardly. Each run
 * here is a network of its own that takes no step; what a row of the table has is that growth.
 */
#include "experiment.h"

/* 15 networks: some seconds on two cores. */
static const char *const QUICK[] = {
    "dataset=noise:48x16x16",
    "task=classify",
    "network=plain(depth=14, width=48, kernel=1, stride=1, growth=1)",
    "norm=instance,group(size=8),layer,batch,none",
    "batch=4",
    "seed=1,2,3",
    "epochs=0",
    "probes=gradients",
    NULL,
};

/* 120 networks: a minute on two cores. */
static const char *const FULL[] = {
    "dataset=noise:192x16x16",
    "task=classify",
    "network=plain(depth=14, width=192, kernel=1, stride=1, growth=1)",
    "norm=instance,group(size=2),group(size=4),group(size=8),group(size=16),"
    "group(size=32),group(size=64),layer,batch,none",
    "batch=4",
    "seed=1,2,3,4,5,6,7,8,9,10,11,12",
    "epochs=0",
    "probes=gradients",
    NULL,
};

const Experiment experiment_initialization = {
    .name = "initialization",
    .question = "What does a normalizer do to gradients before a network has learned "
                "anything?",
    .series = "norm",
    .number = "gradients_growth",
    .along = "batch",
    .along_label = "samples that are seen at once",
    .quick = QUICK,
    .full = FULL,
};
