/* Positional normalization: cells are (sample, position), over the channels; with gamma
 * and beta. */
#include "kind.h"

const NormKind norm_position = {
    .name = "position",
    .usage = "position",
    .title = "positional normalization",
    .source = "Li et al. 2019",
    .differs =
        "the authors' code (PONO) has variance=unbiased and affine=no; the authors of "
        "RMSNorm (center=no) have eps_outside=yes and eps=1e-8",
    .also = (const char *const[]){"position(center=no)",
                                  "position(variance=unbiased, eps_outside=yes)", NULL},
    .cell = {{.block = 1, .apart = true, .moments = {NORM_OWN, NORM_OWN}}},
};
