/* What do normalizers change: the drift of what a layer sees, or the loss that a step sees?
 *
 * Ioffe and Szegedy 2015 explain batch normalization by internal covariate shift: layers chase each
 * other's outputs. Santurkar et al. 2018 measure that shift as the change of a layer's gradient when
 * the layers before it step, find as much of it with batch normalization as without, and explain the
 * gain by a smoother loss along the gradient. Bjorck et al. 2018 explain it by the rates that it
 * allows. All was measured for batch normalization alone.
 */
#include "../recipes.h"
#include "experiment.h"

/* 6 runs of 12,000 images each: a minute on two cores. */
static const char *const QUICK[] = {
    RECIPE_QUICK,
    RECIPE_PLAIN,
    "dataset=fashion-mini",
    "images=2000",
    "norm=none,batch,group(4)",
    "seed=1,2",
    "epochs=6",
    "probe_every=30",
    NULL,
};

/* 12 runs of 100,000 images each under the protocol V1 of claims.txt. */
static const char *const FULL[] = {
    RECIPE_P1,
    RECIPE_PLAIN,
    "norm=none,batch,group(4),layer",
    NULL,
};

static const ExperimentFigure FIGURES[] = {
    {"loss", "curves.gp", study_probe_steps, "lines.loss"},
    {"distance", "curves.gp", study_probe_steps, "lines.distance"},
    {"smoothness", "curves.gp", study_probe_steps, "lines.smoothness"},
    {"shift", "curves.gp", study_probe_steps, "covariates.relative"},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_landscape = {
    .name = "landscape",
    .question =
        "Do normalizers reduce the shift of what layers see, or do they smooth the "
        "loss?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
    .figures = FIGURES,
};
