/* No normalization: the affine alone, y = gamma x + beta. */
#include "kind.h"

const NormKind norm_none = {
    .name = "none",
    .usage = "none",
    .title = "no statistics, only gamma and beta",
    .fixed = true,
};
