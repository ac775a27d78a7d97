/* What becomes of statistics from layer to layer?
 *
 * Huang et al. 2022: what batch normalization estimates for evaluation is off by more and more from
 * place to place, and one normalizer without a batch in each block stops that. Labatie et al. 2021:
 * with layer normalization depth makes channels constant, and proxy normalization undoes it. Proxy
 * normalization is of an activation, so at places that no relu follows stands group normalization.
 * De and Smith 2020: behind normalizers residual branches add less and less to what passes them by.
 */
#include "../recipes.h"
#include "experiment.h"

#define RECIPE_STATISTICS                                                                \
    "network=resnet(depth=20, width=8, stem_stride=2)",                                  \
        "norm=batch,batch; norm1=group(4),group(4),layer,"                               \
        "proxy(4); norm2=group(4); shortcut_norm=group(4)",                              \
        "protocol=statistics", "samples=32", "probes=shift+shares"

/* 10 runs of 7,500 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    RECIPE_QUICK,
    RECIPE_STATISTICS,
    "dataset=fashion-mini",
    "images=1250",
    "batch=32",
    "seed=1,2",
    "epochs=6",
    NULL,
};

/* 21 runs of 100,000 images each: the protocol P1 of claims.txt at depth 20. */
static const char *const FULL[] = {
    RECIPE_P1, RECIPE_STATISTICS, "batch=32,2", "rate=0.1", "decay=0.0001", NULL,
};

static const ExperimentFigure FIGURES[] = {
    {"shift", "curves.gp", study_probe_depth, "shift.magnitude"},
    {"shares", "curves.gp", study_probe_depth, "shares.y_channel"},
    {"branches", "curves.gp", study_probe_depth, "branches.share"},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_depth_statistics = {
    .name = "depth-statistics",
    .question = "What becomes of statistics from layer to layer?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
    .figures = FIGURES,
};
