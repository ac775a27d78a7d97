/* How much sooner is a network of sigmoids trained with normalizers, and do the inputs of a sigmoid stay?
 *
 * The first figure of Ioffe and Szegedy 2015: three hidden layers of 100 sigmoids on handwritten digits,
 * in steps of 60 samples, with batch normalization and without. One half of it has the accuracy over the
 * steps, the other percentiles 15, 50 and 85 of the inputs of one sigmoid of the last hidden layer. The
 * columns of the table are runs of so many epochs at a rate that stays: what is known at a step is what a
 * run of so many steps ends with.
 */
#include "experiment.h"

/* 8 runs of 30,000 and 6,000 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    "dataset=fashion-mini",
    "images=1200",
    "network=mlp(depth=4, width=100, activation=sigmoid)",
    "norm=none,batch,layer,group(10)",
    "batch=60",
    "seed=1",
    "epochs=25,5",
    "rate=0.1",
    "reference=60",
    "schedule=constant",
    "decay=0",
    "validate=1",
    "probes=moments",
    "probe_every=10",
    NULL,
};

/* 48 runs of 300,000 and 60,000 images each, with seeds from 201 on those of the protocol M1 of
 * claims.txt: ten minutes on two cores. */
static const char *const FULL[] = {
    "dataset=fashion-mnist",
    "images=30000",
    "split=seed",
    "network=mlp(depth=4, width=100, activation=sigmoid)",
    "norm=none,batch,layer,group(10)",
    "batch=60",
    "seed=1,2,3",
    "epochs=10,2",
    "rate=0.025,0.4",
    "reference=60",
    "schedule=constant",
    "decay=0",
    "validate=1",
    "probes=moments",
    "probe_every=500",
    NULL,
};

static const ExperimentFigure FIGURES[] = {
    {"quantiles", "curves.gp", study_probe_steps, "moments.y_unit 15 50 85"},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_sigmoid = {
    .name = "sigmoid",
    .question = "How much sooner is a network of sigmoids trained with normalizers, and "
                "do the inputs of a sigmoid stay?",
    .series = "norm",
    .along = "epochs",
    .along_label = "epochs",
    .quick = QUICK,
    .full = FULL,
    .figures = FIGURES,
};
