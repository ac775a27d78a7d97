/* Convolutions without shortcuts, as in VGG (Simonyan and Zisserman 2015), with a stride in the
 * place of pooling: the plain networks of He et al. 2016, section 4.2. A stem, three stages
 * of n convolutions of widths W, g W, g^2 W, each normalized and activated, the later stages
 * starting with a stride, global average pooling, one linear layer: depth 3n + 2. Of depth
 * 6n + 2, as it is unless asked otherwise (3x3, stride and growth 2, relu), it is resnet without its
 * shortcuts. With kernel=1, stride=1 and growth=1 all layers are alike and each position goes its own
 * way but for its normalizers: what theory says of depth it says of such. Filters begin as the
 * weights of mlp do. notes/66-depth.md */
#include "layers.h"

enum { DEPTH, WIDTH, STEM_STRIDE, KERNEL, STRIDE, GROWTH, ACTIVATION, INIT };

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
    {.name = "kernel", .initial = 3, .most = 3, .step = 2, .expected = "1 or 3"},
    {.name = "stride", .initial = 2, .most = 2},
    {.name = "growth", .initial = 2, .most = 2},
    {.name = "activation", .word = layer_activations},
    {.name = "init", .word = layer_inits},
    {.name = NULL}};

static void plain(Layers *l, const size_t *option) {
    const size_t n = (option[DEPTH] - 2) / 3, R = option[KERNEL];
    LayerActivation *activate = layer_activation[option[ACTIVATION]];
    const LayerStart start = layer_start(activate, option[INIT]),
                     last = layer_start(NULL, option[INIT]);
    size_t width = option[WIDTH];
    TapeNode *x = layers_input(l, "image");
    x = layer_conv_from(l, "stem", x, width, R, option[STEM_STRIDE], R / 2, start);
    x = layer_norm_activated(l, "stem_norm", x, activate);
    for (size_t stage = 0; stage < 3; stage++, width *= option[GROWTH])
        for (size_t i = 0; i < n; i++) {
            const size_t stride = stage > 0 && i == 0 ? option[STRIDE] : 1;
            layers_enter(l, "stage%zu.layer%zu", stage + 1, i + 1);
            x = layer_conv_from(l, "conv", x, width, R, stride, R / 2, start);
            x = layer_norm_activated(l, "norm", x, activate);
            layers_leave(l);
        }
    x = layer_linear_from(l, "linear", layer_pool(l, x), layers_outputs(l), last);
    layers_output(l, "logits", x);
}

const NetKind net_plain = {
    .name = "plain",
    .usage = "plain(depth=D, width=W, stem_stride=S, kernel=1|3, stride=1|2, growth=1|2, "
             "activation=relu|tanh|sigmoid|none, init=he|orthogonal, "
             "weights=plain|standardized|normalized)",
    .title = "convolutions without shortcuts, as VGG; He et al. 2016: depth 3n+2",
    .example = "plain(depth=5, width=2)",
    .options = OPTIONS,
    .run = plain};
