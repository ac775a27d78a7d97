/* Layer normalization over [C, positions] of one sample, gamma and beta per channel:
 * group(1). */
#include "kind.h"

const NormKind norm_layer = {
    .name = "layer",
    .usage = "layer",
    .title = "layer normalization",
    .source = "Ba et al. 2016",
    .differs = "PyTorch's LayerNorm has gamma and beta for each element of the "
               "normalized shape, here each channel has one; over the channels of one "
               "position alone it is position",
    .twins = (const NormTwin[]){{"group(1)", NORM_TRAIN},
                                {"group(size=C)", NORM_TRAIN},
                                {NULL, NORM_TRAIN}},
    .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}},
};
