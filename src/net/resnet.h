/* resnet: the stages of a residual network, on which others stand. Their parts have the same names
 * everywhere, so that one begins with what another has learned. */
#ifndef NORMLAB_RESNET_H
#define NORMLAB_RESNET_H

#include "layers.h"

enum { RESNET_STAGES = 3 };

/* The first options of whoever has them, in this order. */
// clang-format off
#define RESNET_OPTIONS                                                                   \
    {.name = "depth", .initial = 20, .least = 8, .most = 1202, .step = 6,                \
     .expected = "6n+2 (8, 14, 20, 32, 44, 56, 110...)", .said = true},                  \
    {.name = "width", .initial = 16, .most = 1024, .said = true},                        \
    {.name = "stem_stride", .initial = 1, .most = 4}
// clang-format on

/* stage[s] of the input: [N, width 2^s, ...], of half the rows and columns of the one before. */
void resnet_stages(Layers *l, size_t depth, size_t width, size_t stem_stride,
                   TapeNode *stage[RESNET_STAGES]);

#endif
