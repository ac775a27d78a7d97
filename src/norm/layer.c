/* Layer normalization over [C, positions] of one sample, gamma and beta per channel:
 * group(1). */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    (void)arena, (void)arguments, (void)canonical, (void)error;
    norm->block = 1;
    return true;
}

const NormKind norm_layer = {
    .name = "layer",
    .usage = "layer",
    .title = "layer normalization, Ba et al. 2016",
    .configure = configure,
};
