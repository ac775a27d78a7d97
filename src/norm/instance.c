/* Instance normalization: cells are (sample, channel): group(C). */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    (void)arena, (void)arguments, (void)canonical, (void)error;
    norm->block = norm->width = 1;
    return true;
}

const NormKind norm_instance = {
    .name = "instance",
    .usage = "instance",
    .title = "instance normalization, Ulyanov et al. 2016",
    .configure = configure,
};
