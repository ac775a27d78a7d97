/* Batch normalization: cells are channels, over all samples of a worker and all
 * positions. Evaluation uses running moments. */
#include "kind.h"

const NormKind norm_batch = {
    .name = "batch",
    .usage = "batch",
    .title = "batch normalization, Ioffe and Szegedy 2015",
    .keeps_state = true,
    .width = 1,
};
