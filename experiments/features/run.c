/* What do features become in a network that has no normalizers, and what does that cost?
 *
 * Wu and He 2018 train VGG-16, convolutions without shortcuts, with no normalizer, with batch and with
 * group normalization, and draw percentiles of the last convolution's output along the training (their
 * figure 6). The network is plain's, which has such layers; the probe moments has the percentiles.
 */
#include "../recipes.h"
#include "experiment.h"

#define RECIPE_FEATURES                                                                  \
    "network=plain(depth=8, width=8, stem_stride=2)", "protocol=statistics",             \
        "samples=32", "batch=32", "probes=moments", "probe_every=250"

/* 6 runs of 20,000 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    RECIPE_QUICK,
    RECIPE_FEATURES,
    "dataset=fashion-mini",
    "images=2000",
    "norm=none,batch,group(4)",
    "seed=1,2",
    "epochs=10",
    NULL,
};

/* 18 runs of 100,000 images each, under the protocol V1 of claims.txt. */
static const char *const FULL[] = {
    RECIPE_P1,  RECIPE_FEATURES, "norm=none,batch,group(2),group(4),layer,instance",
    "rate=0.1", "decay=0.0001",  NULL,
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
};
