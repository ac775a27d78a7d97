/* Positional normalization: cells are (sample, position), over the channels; with gamma
 * and beta. */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    (void)arena, (void)arguments, (void)canonical, (void)error;
    norm->block = 1;
    return true;
}

const NormKind norm_position = {
    .name = "position",
    .usage = "position",
    .title = "positional normalization, Li et al. 2019",
    .apart = true,
    .configure = configure,
};
