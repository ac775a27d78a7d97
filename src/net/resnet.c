/* The residual networks for small images of He et al. 2016, section 4.2: a 3x3 stem,
 * three stages of n blocks of two 3x3 convolutions with widths W, 2W, 4W, the later
 * stages starting with stride 2, global average pooling, one linear layer: depth 6n + 2.
 * Shortcuts are projections where the shape changes (option B). The last normalizer of
 * each block starts with gamma = 0, as Wu and He 2018 (section 4.1) do.
 *
 * A normalizer that is an activation too (frn) takes the place of the relu behind it. The
 * relu after the sum of a block stays: no normalizer sees the sum, and without it blocks
 * would follow each other with nothing between. */
#include "layers.h"

enum { DEPTH, WIDTH, STEM_STRIDE };

static const NetOption OPTIONS[] = {
    {.name = "depth",
     .initial = 20,
     .least = 8,
     .most = 1202,
     .step = 6,
     .expected = "6n+2 (8, 14, 20, 32, 44, 56, 110...)",
     .said = true},
    {.name = "width", .initial = 16, .most = 1024, .said = true},
    {.name = "stem_stride", .initial = 1, .most = 4},
    {.name = NULL}};

//> block
/* x + F(x): two convolutions, each normalized, and relu after the sum. */
static TapeNode *block(Layers *l, TapeNode *x, size_t width, size_t stride) {
    Tape *t = layers_tape(l);
    const bool projects = stride != 1 || x->shape.size[1] != width;
    TapeNode *y = layer_conv(l, "conv1", x, width, 3, stride, 1);
    y = layer_norm_relu(l, "norm1", y);
    y = layer_norm_from(l, "norm2", layer_conv(l, "conv2", y, width, 3, 1, 1), 0.0);
    if (projects)
        x = layer_norm(l, "shortcut_norm",
                       layer_conv(l, "shortcut", x, width, 1, stride, 0));
    return tape_add_relu(t, x, y);
}
//< block

static void resnet(Layers *l, const size_t *option) {
    const size_t n = (option[DEPTH] - 2) / 6, width = option[WIDTH];
    TapeNode *x = layers_input(l, "image");
    x = layer_conv(l, "stem", x, width, 3, option[STEM_STRIDE], 1);
    x = layer_norm_relu(l, "stem_norm", x);
    for (size_t stage = 0; stage < 3; stage++)
        for (size_t i = 0; i < n; i++) {
            layers_enter(l, "stage%zu.block%zu", stage + 1, i + 1);
            x = block(l, x, width << stage, stage > 0 && i == 0 ? 2 : 1);
            layers_leave(l);
        }
    x = layer_linear(l, "linear", layer_pool(l, x), layers_outputs(l));
    layers_output(l, "logits", x);
}

const NetKind net_resnet = {
    .name = "resnet",
    .usage =
        "resnet(depth=D, width=W, stem_stride=S, weights=plain|standardized|normalized)",
    .title = "residual network for small images, He et al. 2016: depth 6n+2, option B "
             "shortcuts",
    .example = "resnet(depth=8, width=4)",
    .options = OPTIONS,
    .run = resnet};
