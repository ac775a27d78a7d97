/* Instance normalization: cells are (sample, channel): group(C). */
#include "kind.h"

const NormKind norm_instance = {
    .name = "instance",
    .usage = "instance",
    .title = "instance normalization",
    .source = "Ulyanov et al. 2016",
    .differs =
        "PyTorch's InstanceNorm has no gamma and beta unless asked; Keras has eps 1e-3",
    .twins = (const NormTwin[]){{"group(C)", NORM_TRAIN},
                                {"group(size=1)", NORM_TRAIN},
                                {"ghost(1)", NORM_TRAIN},
                                {NULL, NORM_TRAIN}},
    .cell = {{.block = 1, .width = 1, .moments = {NORM_OWN, NORM_OWN}}},
};
