/* How does the error depend on the learning rate?
 *
 * An experiment asks one question: a table of normalizers (`series`) over a number (`along`),
 * several seeds each. As it stands: batch normalization is said to bear larger learning rates
 * (Bjorck et al. 2018); does group normalization? Change the recipes, then
 *     ./normlab run my-study --quick
 * Say before the runs what should come out, in the notes or here. Figures of its own are
 * scripts beside this file; a plot.gp here replaces experiments/plot.gp.
 */
#include "experiment.h"

/* key=value, comma lists sweep (`normlab run --help` has the keys). Half a minute on two
 * cores. */
static const char *const QUICK[] = {
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4)",
    "rate=0.8,0.4,0.2,0.1,0.05",
    "batch=32",
    "reference=32",
    "seed=1,2,3",
    "epochs=4",
    NULL,
};

/* What a claim rests on: more images, more epochs, more seeds. */
static const char *const FULL[] = {
    "dataset=fashion-mnist",
    "images=4000",
    "network=resnet(depth=8, width=16, stem_stride=2)",
    "norm=batch,group(8)",
    "rate=0.8,0.4,0.2,0.1,0.05",
    "batch=32",
    "reference=32",
    "seed=1,2,3,4,5",
    "epochs=10",
    NULL,
};

/* Fields that are left out: `keys` of its own and `complete`, which turns them into those of
 * a run (src/study/protocol.c does); `published` results to stand beside ours; more `figures`
 * (src/study/experiment.h). */
const Experiment experiment_my_study = {
    .name = "my-study",
    .question = "How does the error depend on the learning rate?",
    .series = "norm",
    .along = "rate",
    .along_label = "learning rate",
    .quick = QUICK,
    .full = FULL,
};
