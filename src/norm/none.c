/* No normalization: the affine alone, y = gamma x + beta. */
#include "kind.h"

const NormKind norm_none = {
    .name = "none",
    .usage = "none",
    .title = "gamma and beta alone",
};
