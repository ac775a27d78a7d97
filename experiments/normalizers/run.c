/* Which normalizer errs least where a worker has samples to spare?
 *
 * Wu and He 2018, Table 1 and Figure 4: batch, layer, instance and group normalization at 32 images
 * a worker, and here a network without any. The error on the training images is taken as the other
 * two are, by the moments of evaluation after the last epoch, so that fitting and generalizing can
 * be told apart.
 */
#include "../recipes.h"
#include "experiment.h"

/* 15 runs of 16,000 images each: half a minute on two cores. */
static const char *const QUICK[] = {
    "dataset=fashion-mini",
    "images=2000",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,layer,instance,group(4),none",
    "batch=32",
    "seed=1,2,3",
    "epochs=8",
    RECIPE_QUICK,
    NULL,
};

/* 15 runs of 100,000 images each under the protocol P1 of claims.txt. */
static const char *const FULL[] = {
    RECIPE_P1,
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,layer,instance,group(4),none",
    "batch=32",
    "rate=0.1",
    "decay=0.0001",
    "weights=yes",
    NULL,
};

/* Wu and He 2018, Table 1: ResNet-50 on ImageNet, 32 images a worker, validation error in
 * percent. */
static const char *const PAPER_NAMES[] = {"BN", "LN", "IN", "GN"};
static const double PAPER_AT[] = {32};
static const double PAPER_VALUES[] = {23.6, 25.3, 28.4, 24.1};

static const Published PAPER = {
    .source = "Wu and He 2018, Table 1 (ResNet-50, ImageNet, 8 workers)",
    .data = "ImageNet",
    .series = 4,
    .points = 1,
    .name = PAPER_NAMES,
    .at = PAPER_AT,
    .value = PAPER_VALUES,
};

const Experiment experiment_normalizers = {
    .name = "normalizers",
    .question = "Which normalizer errs least where a worker has samples to spare?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .quick = QUICK,
    .full = FULL,
    .published = &PAPER,
};
