/* The residual networks for small images of He et al. 2016, section 4.2: a 3x3 stem,
 * three stages of n blocks of two 3x3 convolutions with widths W, 2W, 4W, the later
 * stages starting with stride 2, global average pooling, one linear layer: depth 6n + 2.
 * Shortcuts are projections where the shape changes (option B). The last normalizer of
 * each block starts with gamma = 0, as Wu and He 2018 (section 4.1) do.
 *
 * A normalizer that is an activation too (frn) takes the place of the relu behind it. The
 * relu after the sum of a block stays: no normalizer sees the sum, and without it blocks
 * would follow each other with nothing between.
 *
 * place=pre: those of He et al. 2016, "Identity mappings": normalizer and relu before each convolution,
 * nothing behind the sum, so that a branch's last gain is none that could begin at 0; the input of a
 * block whose shape changes goes through its first normalizer and relu before it is projected, and a
 * last normalizer and relu end the network. */
#include "resnet.h"

enum { DEPTH, WIDTH, STEM_STRIDE, PLACE };
enum { POST, PRE };

static const char *const PLACES[] = {"post", "pre", NULL};

static const NetOption OPTIONS[] = {
    RESNET_OPTIONS, {.name = "place", .word = PLACES}, {.name = NULL}};

/* x + F(x): two convolutions, each normalized, and relu after the sum. */
static TapeNode *block(Layers *l, TapeNode *x, size_t width, size_t stride) {
    const bool projects = stride != 1 || x->shape.size[1] != width;
    TapeNode *y = layer_conv(l, "conv1", x, width, 3, stride, 1);
    y = layer_norm_relu(l, "norm1", y);
    y = layer_norm_from(l, "norm2", layer_conv(l, "conv2", y, width, 3, 1, 1), 0.0);
    if (projects)
        x = layer_norm(l, "shortcut_norm",
                       layer_conv(l, "shortcut", x, width, 1, stride, 0));
    return layer_join(l, "sum", x, y, tape_relu);
}

/* x + F(x): each convolution behind a normalizer and relu, and nothing after the sum. */
static TapeNode *pre_block(Layers *l, TapeNode *x, size_t width, size_t stride) {
    const bool projects = stride != 1 || x->shape.size[1] != width;
    TapeNode *in = layer_norm_relu(l, "norm1", x);
    TapeNode *y = layer_conv(l, "conv1", in, width, 3, stride, 1);
    y = layer_conv(l, "conv2", layer_norm_relu(l, "norm2", y), width, 3, 1, 1);
    if (projects) x = layer_conv(l, "shortcut", in, width, 1, stride, 0);
    return layer_join(l, "sum", x, y, NULL);
}

typedef TapeNode *Block(Layers *l, TapeNode *x, size_t width, size_t stride);

/* x: what the stem makes of the input. */
static TapeNode *stage_of(Layers *l, TapeNode *x, Block *of, size_t s, size_t blocks,
                          size_t width) {
    for (size_t i = 0; i < blocks; i++) {
        layers_enter(l, "stage%zu.block%zu", s + 1, i + 1);
        x = of(l, x, width << s, s > 0 && i == 0 ? 2 : 1);
        layers_leave(l);
    }
    return x;
}

void resnet_stages(Layers *l, size_t depth, size_t width, size_t stem_stride,
                   TapeNode *stage[RESNET_STAGES]) {
    TapeNode *x = layers_input(l, "image");
    x = layer_conv(l, "stem", x, width, 3, stem_stride, 1);
    x = layer_norm_relu(l, "stem_norm", x);
    for (size_t s = 0; s < RESNET_STAGES; s++)
        x = stage[s] = stage_of(l, x, block, s, (depth - 2) / 6, width);
}

static TapeNode *pre_stages(Layers *l, const size_t *option) {
    TapeNode *x = layers_input(l, "image");
    x = layer_conv(l, "stem", x, option[WIDTH], 3, option[STEM_STRIDE], 1);
    for (size_t s = 0; s < RESNET_STAGES; s++)
        x = stage_of(l, x, pre_block, s, (option[DEPTH] - 2) / 6, option[WIDTH]);
    return layer_norm_relu(l, "last_norm", x);
}

static TapeNode *post_stages(Layers *l, const size_t *option) {
    TapeNode *stage[RESNET_STAGES];
    resnet_stages(l, option[DEPTH], option[WIDTH], option[STEM_STRIDE], stage);
    return stage[RESNET_STAGES - 1];
}

static void resnet(Layers *l, const size_t *option) {
    TapeNode *x = option[PLACE] == PRE ? pre_stages(l, option) : post_stages(l, option);
    x = layer_linear(l, "linear", layer_pool(l, x), layers_outputs(l));
    layers_output(l, "logits", x);
}

const NetKind net_resnet = {
    .name = "resnet",
    .usage = "resnet(depth=D, width=W, stem_stride=S, place=post|pre, "
             "weights=plain|standardized|normalized)",
    .title = "residual network for small images, He et al. 2016: depth 6n+2, option B "
             "shortcuts; normalizers behind convolutions or before them",
    .example = "resnet(depth=8, width=4)",
    .options = OPTIONS,
    .run = resnet};
