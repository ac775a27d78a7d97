/* Do bounded activations replace layer norm, or do they regularize: better where text is scarce, worse
 * where it is not?
 *
 * Zhu et al. 2025 (DyT) and Chen et al. 2025 (Derf) replace layer norm by functions of single
 * elements and lose nothing; Verma 2026 finds DyT better with few tokens and worse with many. The
 * recipe is that of warmup at less depth, clipped; its rate was not chosen for any arm.
 */
#include "experiment.h"

/* 4 runs of up to 10,000 windows of the embedded text. */
static const char *const QUICK[] = {
    "dataset=kjv-mini",
    "images=1568,4704",
    "task=predict",
    "network=transformer(depth=2, width=32, heads=4, positions=rotary)",
    "norm=position,dyt",
    "batch=32",
    "seed=1",
    "epochs=2",
    "optimizer=adamw",
    "rate=0.003",
    "reference=32",
    "schedule=cosine",
    "warmup=0.2",
    "decay=0.01",
    "clip=1",
    NULL,
};

/* The protocol C3 of claims.txt, and the runs of L40: 27 for three seeds, of 0.1, 0.3 and 1 million
 * characters, each seen five times: an hour or more of one core. */
static const char *const FULL[] = {
    "dataset=kjv",
    "images=1568,4704,15680",
    "split=seed",
    "task=predict",
    "network=transformer(depth=4, width=64, heads=4, positions=rotary)",
    "norm=position,dyt,derf",
    "batch=32",
    "seed=201,202,203",
    "epochs=5",
    "optimizer=adamw",
    "rate=0.003",
    "reference=32",
    "schedule=cosine",
    "warmup=0.5",
    "decay=0.01",
    "clip=1",
    "validate=5",
    "weights=yes",
    NULL,
};

const Experiment experiment_scarce = {
    .name = "scarce",
    .question =
        "Do bounded activations replace layer norm where text is scarce, and where "
        "it is not?",
    .series = "norm",
    .along = "images",
    .along_label = "texts of 64 characters to train",
    .quick = QUICK,
    .full = FULL,
};
