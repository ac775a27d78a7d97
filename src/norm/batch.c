/* Batch normalization: cells are channels, over all samples of a worker and all
 * positions. Evaluation uses running moments. */
#include "kind.h"

const NormKind norm_batch = {
    .name = "batch",
    .usage = "batch",
    .title = "batch normalization",
    .source = "Ioffe and Szegedy 2015",
    .differs =
        "ONNX, Keras and Flax move the running variance by the biased one (here and in "
        "PyTorch: unbiased); Keras has eps 1e-3 and weighs the newest batch by 0.01",
    .also = (const char *const[]){"batch(center=no)", NULL},
    .twins = (const NormTwin[]){{"ghost(N)", NORM_TRAIN},
                                {"ghost(1)", NORM_EVAL},
                                {NULL, NORM_TRAIN}},
    .cell = {{.width = 1, .moments = {NORM_OWN, NORM_RUNNING}}},
};
