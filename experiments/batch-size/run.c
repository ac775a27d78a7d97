/* How does the error depend on the number of samples that share batch statistics?
 *
 * Wu and He 2018, Table 2 and Figure 1: batch normalization degrades as the batch of one
 * worker shrinks, group normalization does not. Two protocols: src/study/protocol.c.
 */
#include "../recipes.h"
#include "experiment.h"

/* 21 runs of 10,000 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    "protocol=statistics",
    "samples=32",
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4)",
    "batch=32,16,8,4,2,1",
    "seed=1,2,3",
    "epochs=8",
    "rate=0.1",
    "reference=32",
    "schedule=cosine",
    "decay=0.0001",
    NULL,
};

/* 36 runs of 100,000 images each: about five minutes on two cores. */
static const char *const FULL[] = {
    RECIPE_P1,
    "protocol=paper",
    "workers=1",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4)",
    "batch=32,16,8,4,2,1",
    "rate=0.1",
    "decay=0.0001",
    NULL,
};

/* Wu and He 2018, Table 2: ResNet-50 on ImageNet, 8 workers, validation error in
 * percent. */
static const char *const PAPER_NAMES[] = {"BN", "GN"};
static const double PAPER_AT[] = {32, 16, 8, 4, 2};
static const double PAPER_VALUES[] = {23.6, 23.7, 24.8, 27.3, 34.7,
                                      24.1, 24.2, 24.0, 24.2, 24.1};

static const Published PAPER = {
    .source = "Wu and He 2018, Table 2 (ResNet-50, ImageNet, 8 workers)",
    .data = "ImageNet",
    .protocol = "paper",
    .series = 2,
    .points = 5,
    .name = PAPER_NAMES,
    .at = PAPER_AT,
    .value = PAPER_VALUES,
};

const Experiment experiment_batch_size = {
    .name = "batch-size",
    .question =
        "How does the error depend on the number of samples that share batch statistics?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
    .published = &PAPER,
};
