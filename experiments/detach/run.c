/* Is it the values of its moments that a normalizer helps by, or their derivatives?
 *
 * Xu et al. 2019 hold the moments of layer normalization constant in its derivative (DetachNorm): the
 * values forward are those of layer normalization, and training suffers; gain and bias, they find, do
 * more harm than good (LayerNorm-simple). Both were asked of layer normalization in language. Here
 * batch and group normalization stand beside it, on images.
 */
#include "../recipes.h"
#include "experiment.h"

/* 16 runs of 16,000 images each: a minute on two cores. */
static const char *const QUICK[] = {
    "dataset=fashion-mini",
    "images=2000",
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=layer,layer_simple,layer_detach,layer_detach(of_mean=no),group(4),"
    "group_detach(4),batch,batch_detach",
    "protocol=statistics",
    "samples=32",
    "batch=32",
    "seed=1,2",
    "epochs=8",
    RECIPE_QUICK,
    NULL,
};

/* 33 runs of 100,000 images each under the protocol P1 of claims.txt. */
static const char *const FULL[] = {
    RECIPE_P1,
    "network=resnet(depth=8, width=8, stem_stride=2)",
    "norm=layer,layer_simple,layer_detach,layer_detach(of_mean=no),"
    "layer_detach(of_variance=no),group(4),group_detach(4),group_detach(4, "
    "of_mean=no),batch,batch_detach,batch_detach(of_mean=no)",
    "protocol=statistics",
    "samples=32",
    "batch=32",
    "rate=0.1",
    "decay=0.0001",
    NULL,
};

const Experiment experiment_detach = {
    .name = "detach",
    .question = "Does a normalizer help by the values of its moments, or by their "
                "derivatives?",
    .series = "norm",
    .along = "batch",
    .along_label = "batch size per worker",
    .keys = protocol_keys,
    .quick = QUICK,
    .full = FULL,
    .complete = protocol_complete,
};
