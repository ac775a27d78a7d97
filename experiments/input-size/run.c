/* How far may the size of images be from that of training?
 *
 * Networks are trained on images of 28 x 28 and judged, with the weights as they are, on the same
 * images at other sizes. Batch normalization is judged by its averages, taken at 28 x 28, and by the
 * moments of all training images at the size that is asked (RS-Nets keep moments apart for each
 * size: Wang et al. 2020); the others take each image's own moments at any size.
 */
#include "../recipes.h"
#include "experiment.h"

/* 9 runs of 10,000 images each, judged at five sizes: half a minute on two cores. */
static const char *const QUICK[] = {
    "dataset=fashion-mini",
    "images=1250",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4),instance",
    "mode=average,pooled",
    "input=20x20,24x24,28x28,32x32,36x36",
    "batch=32",
    "seed=1,2,3",
    "epochs=8",
    RECIPE_QUICK,
    NULL,
};

/* 9 runs of 100,000 images each under the protocol P1 of claims.txt, judged at seven sizes. */
static const char *const FULL[] = {
    RECIPE_P1,
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=batch,group(4),instance",
    "mode=average,pooled",
    "input=16x16,20x20,24x24,28x28,32x32,36x36,40x40",
    "batch=32",
    "rate=0.1",
    "decay=0.0001",
    NULL,
};

const Experiment experiment_input_size = {
    .name = "input-size",
    .question = "How far may the size of images be from that of training?",
    .series = "norm",
    .along = "input",
    .along_label = "size of the images that are judged",
    .quick = QUICK,
    .full = FULL,
};
