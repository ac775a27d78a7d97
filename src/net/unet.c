/* The U-Net of Ronneberger, Fischer and Brox 2015. On each of `depth` levels two 3x3
 * convolutions and a pooling by the largest of 2x2, with twice the channels on the next; then
 * up again by transposed convolutions, each followed by two more convolutions of what came up
 * beside what was there on the way down. A linear layer at every pixel ends it.
 *
 * Two things differ from the paper: every convolution has a normalizer before its relu, and
 * sees zeros around its image, so that this leaves as large as it came.
 *
 * Images may have any size. Of a level, a pixel is there if one of its four on the level above
 * is, and what comes up again is cut to what is beside it: the same as if images were padded to a
 * multiple of 2^depth and the padding were 0 after every layer and in no normalizer's cell, so
 * that convolutions see zeros there as at any border. There is no padding to leave out, and
 * normalizers that take no mask stand here, too (tests/net/net_padding.c). */
#include "layers.h"

enum { DEPTH, WIDTH, DEEPEST = 8 };

static const NetOption OPTIONS[] = {
    {.name = "depth", .initial = 2, .most = DEEPEST, .said = true},
    {.name = "width", .initial = 16, .most = 1024, .said = true},
    {.name = NULL}};

static TapeNode *two_convs(Layers *l, TapeNode *x, size_t width) {
    x = layer_norm_relu(l, "norm1", layer_conv(l, "conv1", x, width, 3, 1, 1));
    return layer_norm_relu(l, "norm2", layer_conv(l, "conv2", x, width, 3, 1, 1));
}

static void unet(Layers *l, const size_t *option) {
    const size_t depth = option[DEPTH], width = option[WIDTH];
    TapeNode *beside[DEEPEST], *x = layers_input(l, "image");
    for (size_t i = 0; i < depth; i++) {
        layers_enter(l, "down%zu", i + 1);
        beside[i] = two_convs(l, x, width << i);
        x = layer_max_pool(l, beside[i]);
        layers_leave(l);
    }
    layers_enter(l, "bottom");
    x = two_convs(l, x, width << depth);
    layers_leave(l);
    for (size_t i = depth; i-- > 0;) {
        layers_enter(l, "up%zu", i + 1);
        x = layer_concat(l, beside[i], layer_up_conv(l, "up", x, width << i));
        x = two_convs(l, x, width << i);
        layers_leave(l);
    }
    layers_output(l, "logits", layer_linear(l, "linear", x, layers_outputs(l)));
}

const NetKind net_unet = {
    .name = "unet",
    .usage = "unet(depth=D, width=W, weights=plain|standardized|normalized)",
    .title = "U-Net, Ronneberger et al. 2015: as many numbers for each pixel",
    .example = "unet(depth=1, width=2)",
    .options = OPTIONS,
    .run = unet};
