/* Batch normalization: cells are channels, over all samples of a worker and all
 * positions. Evaluation uses running moments. */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    (void)arena, (void)arguments, (void)canonical, (void)error;
    norm->width = 1;
    return true;
}

const NormKind norm_batch = {
    .name = "batch",
    .usage = "batch",
    .title = "batch normalization, Ioffe and Szegedy 2015",
    .keeps_state = true,
    .configure = configure,
};
