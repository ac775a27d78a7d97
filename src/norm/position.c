/* Positional normalization: cells are (sample, position), over the channels; with gamma
 * and beta. */
#include "kind.h"

const NormKind norm_position = {
    .name = "position",
    .usage = "position",
    .title = "positional normalization",
    .source = "Li et al. 2019",
    .also = (const char *const[]){"position(center=no)", NULL},
    .apart = true,
    .block = 1,
};
