/* How much does a network learn by the gains and biases of its normalizers alone?
 *
 * Frankle, Schwab and Morcos 2021 freeze all weights of a residual network at their random start but
 * those of batch normalization, and it learns far more than by as many weights drawn from elsewhere.
 * Group normalization has as many, over other cells. The network has no shortcuts: where the last gain
 * of each block begins at 0, nothing in it could learn by other weights.
 */
#include "../recipes.h"
#include "experiment.h"

/* 12 runs of 16,000 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    RECIPE_QUICK,
    "dataset=fashion-mini",
    "images=2000",
    "network=plain(depth=14, width=8, stem_stride=2)",
    "norm=batch,group(4)",
    "learn=all,affine,random",
    "batch=32",
    "seed=1,2",
    "epochs=8",
    NULL,
};

/* 36 runs of 100,000 images each, under the protocol V2 of claims.txt. */
static const char *const FULL[] = {
    RECIPE_P1,
    "network=plain(depth=14, width=8, stem_stride=2)",
    "norm=batch,group(4),layer,instance",
    "learn=all,affine,random",
    "batch=32",
    "rate=0.1",
    "decay=0.0001",
    NULL,
};

const Experiment experiment_affine_only = {
    .name = "affine-only",
    .question = "How much does a network learn by the gains and biases of its "
                "normalizers alone?",
    .series = "norm",
    .along = "learn",
    .along_label = "weights that learn",
    .quick = QUICK,
    .full = FULL,
};
