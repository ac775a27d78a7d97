/* Convolutions without shortcuts, as in VGG (Simonyan and Zisserman 2015), with a stride in the
 * place of pooling: the plain networks of He et al. 2016, section 4.2. A 3x3 stem, three stages
 * of n 3x3 convolutions of widths W, 2W, 4W, each normalized and relu, the later stages starting
 * with stride 2, global average pooling, one linear layer: depth 3n + 2. Of depth 6n + 2 it is
 * resnet without its shortcuts. */
#include "layers.h"

enum { DEPTH, WIDTH, STEM_STRIDE };

static const NetOption OPTIONS[] = {
    {.name = "depth",
     .initial = 20,
     .least = 5,
     .most = 1202,
     .step = 3,
     .expected = "3n+2 (5, 8, 11, 14, 17, 20...)",
     .said = true},
    {.name = "width", .initial = 16, .most = 1024, .said = true},
    {.name = "stem_stride", .initial = 1, .most = 4},
    {.name = NULL}};

static void plain(Layers *l, const size_t *option) {
    const size_t n = (option[DEPTH] - 2) / 3, width = option[WIDTH];
    TapeNode *x = layers_input(l, "image");
    x = layer_conv(l, "stem", x, width, 3, option[STEM_STRIDE], 1);
    x = layer_norm_relu(l, "stem_norm", x);
    for (size_t stage = 0; stage < 3; stage++)
        for (size_t i = 0; i < n; i++) {
            layers_enter(l, "stage%zu.layer%zu", stage + 1, i + 1);
            x = layer_conv(l, "conv", x, width << stage, 3, stage > 0 && i == 0 ? 2 : 1,
                           1);
            x = layer_norm_relu(l, "norm", x);
            layers_leave(l);
        }
    x = layer_linear(l, "linear", layer_pool(l, x), layers_outputs(l));
    layers_output(l, "logits", x);
}

const NetKind net_plain = {
    .name = "plain",
    .usage =
        "plain(depth=D, width=W, stem_stride=S, weights=plain|standardized|normalized)",
    .title = "convolutions without shortcuts, as VGG; He et al. 2016: depth 3n+2",
    .example = "plain(depth=5, width=2)",
    .options = OPTIONS,
    .run = plain};
