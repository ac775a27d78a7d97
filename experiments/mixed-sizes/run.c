/* What do networks that train on images of several sizes lose at each of them, and to what?
 *
 * Four workers of eight samples train at the size that the images have, at one of several that is
 * drawn for each step (alternate), or for each worker of each step, so that a batch has images of
 * several sizes and a worker's statistics are of one (mix). Finished weights are judged at each size,
 * batch normalization by its averages, which mix all that were trained (Yu et al. 2019 and Wang et
 * al. 2020 keep them apart), and by the moments of all training images at the size that is asked.
 */
#include "experiment.h"

/* 18 runs of 10,000 images each, judged at four sizes: a minute on two cores. */
static const char *const QUICK[] = {
    "workers=4",
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4)",
    "sizes=own,alternate(16x16, 20x20, 24x24, 28x28),mix(16x16, 20x20, 24x24, 28x28)",
    "mode=average,pooled",
    "input=16x16,20x20,24x24,28x28",
    "batch=8",
    "seed=1,2,3",
    "epochs=8",
    "rate=0.1",
    "reference=32",
    "schedule=cosine",
    "decay=0.0001",
    "shift=1",
    "flip=yes",
    NULL,
};

/* 18 runs of 200,000 images each, as the protocol P1-long of claims.txt, judged at six sizes: a
 * quarter of an hour on two cores. */
static const char *const FULL[] = {
    "workers=4",
    "dataset=fashion-mnist",
    "images=5000",
    "split=seed",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4)",
    "sizes=own,alternate(16x16, 20x20, 24x24, 28x28),mix(16x16, 20x20, 24x24, 28x28)",
    "mode=average,pooled",
    "input=16x16,20x20,22x22,24x24,28x28,32x32",
    "batch=8",
    "seed=1,2,3",
    "epochs=40",
    "validate=5",
    "rate=0.1",
    "reference=32",
    "schedule=cosine",
    "decay=0.0001",
    "shift=1",
    "flip=yes",
    NULL,
};

const Experiment experiment_mixed_sizes = {
    .name = "mixed-sizes",
    .question = "What do networks that train on images of several sizes lose at each of "
                "them, and to what?",
    .series = "norm",
    .along = "input",
    .along_label = "size of the images that are judged",
    .quick = QUICK,
    .full = FULL,
};
