/* The residual networks for small images of He et al. 2016, section 4.2: a 3x3 stem,
 * three stages of n blocks of two 3x3 convolutions with widths W, 2W, 4W, the later
 * stages starting with stride 2, global average pooling, one linear layer: depth 6n + 2.
 * Shortcuts are projections where the shape changes (option B). The last normalizer of
 * each block starts with gamma = 0, as Wu and He 2018 (section 4.1) do.
 *
 * A normalizer that is an activation too (frn) takes the place of the relu behind it. The
 * relu after the sum of a block stays: no normalizer sees the sum, and without it blocks
 * would follow each other with nothing between. */
#include "resnet.h"

enum { DEPTH, WIDTH, STEM_STRIDE };

static const NetOption OPTIONS[] = {RESNET_OPTIONS, {.name = NULL}};

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

void resnet_stages(Layers *l, size_t depth, size_t width, size_t stem_stride,
                   TapeNode *stage[RESNET_STAGES]) {
    const size_t n = (depth - 2) / 6;
    TapeNode *x = layers_input(l, "image");
    x = layer_conv(l, "stem", x, width, 3, stem_stride, 1);
    x = layer_norm_relu(l, "stem_norm", x);
    for (size_t s = 0; s < RESNET_STAGES; s++) {
        for (size_t i = 0; i < n; i++) {
            layers_enter(l, "stage%zu.block%zu", s + 1, i + 1);
            x = block(l, x, width << s, s > 0 && i == 0 ? 2 : 1);
            layers_leave(l);
        }
        stage[s] = x;
    }
}

static void resnet(Layers *l, const size_t *option) {
    TapeNode *stage[RESNET_STAGES];
    resnet_stages(l, option[DEPTH], option[WIDTH], option[STEM_STRIDE], stage);
    TapeNode *x = layer_pool(l, stage[RESNET_STAGES - 1]);
    layers_output(l, "logits", layer_linear(l, "linear", x, layers_outputs(l)));
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
