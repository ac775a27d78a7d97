/* How much can a network without activations learn by heart, by its normalizers alone?
 *
 * Ni et al. 2024: linear layers with layer normalization between them can tell any labels of any
 * samples apart, three neurons wide, if they are enough; without it they are one linear function,
 * which cannot; and the more groups are normalized apart, the less linear it becomes. Batch
 * normalization is the control: with the moments of evaluation it is linear, too, however well it
 * trains.
 */
#include "experiment.h"

/* 10 runs of 120,000 and 240,000 images each: less than a minute on two cores. */
static const char *const QUICK[] = {
    "dataset=fashion-mini",
    "images=1000,2000",
    "labels=random",
    "network=mlp(depth=5, width=64, activation=none)",
    "norm=none,batch,layer,group(2),group(8)",
    "batch=128",
    "seed=1",
    "epochs=120",
    "optimizer=adamw",
    "rate=0.002",
    "reference=128",
    "schedule=cosine",
    "decay=0",
    "validate=120",
    NULL,
};

/* 63 runs, with 4,000 images those of the protocol R1 of claims.txt: eight minutes on
 * two cores. */
static const char *const FULL[] = {
    "dataset=fashion-mnist",
    "images=1000,2000,4000",
    "split=seed",
    "labels=random",
    "network=mlp(depth=5, width=64, activation=none)",
    "norm=none,batch,layer,group(2),group(4),group(8),group(16)",
    "batch=128",
    "seed=1,2,3",
    "epochs=240",
    "optimizer=adamw",
    "rate=0.002",
    "reference=128",
    "schedule=cosine",
    "decay=0",
    "validate=240",
    NULL,
};

const Experiment experiment_random_labels = {
    .name = "random-labels",
    .question = "How much does a network without activations learn by heart, by its "
                "normalizers alone?",
    .series = "norm",
    .number = "train_error_evaluated",
    .along = "images",
    .along_label = "images with drawn labels",
    .quick = QUICK,
    .full = FULL,
};
