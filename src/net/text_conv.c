/* Convolutions along a text: an embedding of W channels, `depth` convolutions of `kernel`
 * positions and W channels, each normalized and relu, by two in blocks with a shortcut as in
 * resnet, or one after the other (form=plain). Where the next symbol is to be told they look back
 * alone, as in the temporal networks of Bai et al. 2018, without their dilation; a position sees
 * depth (kernel - 1) + 1 symbols, and a linear layer at each tells the next one; else one of the
 * mean over positions tells what is asked.
 *
 * Filters begin as resnet's (He et al. 2015); the last gamma of a block at 1. */
#include "layers.h"

enum { DEPTH, WIDTH, KERNEL, FORM };

static const char *const FORMS[] = {"residual", "plain", NULL};

static const NetOption OPTIONS[] = {
    {.name = "depth",
     .initial = 6,
     .least = 2,
     .most = 1024,
     .step = 2,
     .expected = "even (2, 4, 6...)",
     .said = true},
    {.name = "width", .initial = 64, .most = 1024, .said = true},
    {.name = "kernel", .initial = 5, .most = 64, .said = true},
    {.name = "form", .word = FORMS},
    {.name = NULL}};

/* Two convolutions, and what stood before them where they have a shortcut. */
static TapeNode *block(Layers *l, TapeNode *x, size_t width, size_t kernel,
                       bool shortcut) {
    TapeNode *y = layer_conv1(l, "conv1", x, width, kernel);
    y = layer_norm_relu(l, "norm1", y);
    y = layer_conv1(l, "conv2", y, width, kernel);
    if (!shortcut) return layer_norm_relu(l, "norm2", y);
    y = layer_norm(l, "norm2", y);
    return layer_join(l, "sum", x, y, tape_relu);
}

static void text_conv(Layers *l, const size_t *option) {
    TapeNode *x = layer_embed(l, "embedding", layers_input(l, "text"), option[WIDTH]);
    for (size_t i = 0; i < option[DEPTH] / 2; i++) {
        layers_enter(l, "block%zu", i + 1);
        x = block(l, x, option[WIDTH], option[KERNEL], option[FORM] == 0);
        layers_leave(l);
    }
    layers_output(l, "logits", layer_told(l, x, false));
}

const NetKind net_text_conv = {
    .name = "text-conv",
    .usage = "text-conv(depth=D, width=W, kernel=K, form=residual|plain, "
             "weights=plain|standardized|normalized)",
    .title = "convolutions along a text, in residual blocks or one after the other",
    .example = "text-conv(depth=2, width=4, kernel=3)",
    .reads = NET_SYMBOLS,
    .options = OPTIONS,
    .run = text_conv};
