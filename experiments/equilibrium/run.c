/* How far does a weight turn in a step, once decay and gradients are level?
 *
 * A normalizer takes the length of the weights before it away, and decay and steps settle what it is.
 * Then weights turn by sqrt(2 rate decay / (1 + momentum)) in a step (Wan et al. 2021; Kosson et al.
 * 2024): a filter at a time behind batch normalization, a group's filters together behind group
 * normalization, a layer behind layer normalization. What a row of the table has is the measured angle
 * over that.
 */
#include "../recipes.h"
#include "experiment.h"

#define RECIPE_EQUILIBRIUM                                                               \
    "network=resnet(depth=8, width=8, stem_stride=2)", "norm=batch,group(4),layer",      \
        "protocol=statistics", "samples=32", "batch=32", "decay_norms=no",               \
        "probes=weights", "probe_every=125"

/* 12 runs of 16,000 images each: a minute on two cores. */
static const char *const QUICK[] = {
    RECIPE_QUICK, RECIPE_EQUILIBRIUM,  "dataset=fashion-mini", "images=2000", "seed=1,2",
    "epochs=8",   "schedule=constant", "rate=0.2,0.4",         "decay=0.01",  NULL,
};

/* 27 runs of 100,000 images each, as under the protocol P1 of claims.txt but for rate and decay. */
static const char *const FULL[] = {
    RECIPE_P1,          RECIPE_EQUILIBRIUM, "schedule=constant",
    "rate=0.1,0.2,0.4", "decay=0.005",      NULL,
};

static const ExperimentFigure FIGURES[] = {
    {"angle", "curves.gp", study_probe_steps, "weights.angle"},
    {"length", "curves.gp", study_probe_steps, "weights.length"},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_equilibrium = {
    .name = "equilibrium",
    .question =
        "How far does a weight turn in a step, once decay and gradients are level?",
    .series = "norm",
    .number = "weights_ratio",
    .along = "rate",
    .along_label = "learning rate",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
    .figures = FIGURES,
};
