/* The transformer (Vaswani et al. 2017) that reads symbols. Each of `depth` blocks has two parts,
 * attention and a linear layer to 4 W channels, an activation, and one back; where a part's
 * normalizers stand is `place`:
 *
 *     post    norm(x + part(x))          Vaswani et al. 2017
 *     pre     x + part(norm(x))          Xiong et al. 2020; a last norm ends the network
 *     peri    x + norm(part(norm(x)))    Kim et al. 2025, without the norm of the embedding,
 *                                        which is optional there; a last norm, too
 *
 * qk=norm: queries and keys are normalized over the channels of a head, each with a gamma that
 * all heads share (Dehghani et al. 2023), before they are turned by rotary positions. (Henry et
 * al. 2020 divide them by their lengths, and learn one factor in place of 1 / sqrt(d).)
 *
 * Where the next symbol is to be told a position sees itself and those before it, and the
 * logits are products with the embedding (Press and Wolf 2017), as long as there are as many as
 * symbols; else the mean over the positions that are there meets a linear layer.
 *
 * The embedding begins as normal draws of variance 1 / W and is multiplied by sqrt(W) where it goes
 * in (Vaswani et al. 2017, 3.4); so are learned positions, which begin half as long (as in the code of
 * GPT-2, 0.01 beside 0.02: as long as symbols they are learned more slowly). Weights of linear layers have variance 1 /
 * inputs, which for square ones is what Xiong et al. 2020 have (Xavier); biases are 0. */
#include "layers.h"

enum { DEPTH, WIDTH, HEADS, PLACE, QK, POSITIONS, ACTIVATION };
enum { PRE, POST, PERI };

static const char *const PLACES[] = {"pre", "post", "peri", NULL};
static const char *const QKS[] = {"none", "norm", NULL};
static const char *const POSITION[] = {"learned", "rotary", NULL};
static const char *const ACTIVATIONS[] = {"gelu", "relu", NULL};
static LayerActivation *const ACTIVATE[] = {tape_gelu, tape_relu};

static const NetOption OPTIONS[] = {
    {.name = "depth", .initial = 4, .most = 128, .said = true},
    {.name = "width", .initial = 64, .most = 1024, .said = true},
    {.name = "heads", .initial = 4, .most = 64, .said = true},
    {.name = "place", .word = PLACES},
    {.name = "qk", .word = QKS},
    {.name = "positions", .word = POSITION},
    {.name = "activation", .word = ACTIVATIONS},
    {.name = NULL}};

/* What one block's parts are told. */
typedef struct Block {
    LayerAttention attention;
    LayerActivation *activate;
    size_t width;
} Block;

typedef TapeNode *Part(Layers *l, TapeNode *x, const Block *block);

static TapeNode *attend(Layers *l, TapeNode *x, const Block *block) {
    layers_enter(l, "attention");
    TapeNode *y = layer_attention(l, x, block->attention);
    layers_leave(l);
    return y;
}

static TapeNode *feed(Layers *l, TapeNode *x, const Block *block) {
    TapeNode *y = layer_linear(l, "up", x, 4 * block->width);
    y = block->activate(layers_tape(l), y);
    return layer_linear(l, "down", y, block->width);
}

//> places
static TapeNode *with_part(Layers *l, TapeNode *x, size_t place, const char *norm,
                           const char *norm_after, const char *sum, Part *part,
                           const Block *block) {
    if (place == POST) {
        x = layer_join(l, sum, x, part(l, x, block), NULL);
        return layer_norm(l, norm, x);
    }
    TapeNode *y = part(l, layer_norm(l, norm, x), block);
    if (place == PERI) y = layer_norm(l, norm_after, y);
    return layer_join(l, sum, x, y, NULL);
}
//< places

static void transformer(Layers *l, const size_t *option) {
    const size_t width = option[WIDTH], heads = option[HEADS], place = option[PLACE];
    const bool rotary = option[POSITIONS] == 1,
               fits = width % heads == 0 && (!rotary || width / heads % 2 == 0);
    if (!fits)
        layers_refuse(l, "attention", "%zu channels are not %zu heads%s", width, heads,
                      rotary ? " of an even number, which rotary positions want" : "");
    const Block block = {{fits ? heads : width, rotary, option[QK] == 1},
                         ACTIVATE[option[ACTIVATION]],
                         width};
    TapeNode *x = layer_embed(l, "embedding", layers_input(l, "text"), width);
    if (!rotary) x = layer_positions(l, "position", x);
    for (size_t i = 0; i < option[DEPTH]; i++) {
        layers_enter(l, "block%zu", i + 1);
        x = with_part(l, x, place, "norm1", "norm1_after", "sum1", attend, &block);
        x = with_part(l, x, place, "norm2", "norm2_after", "sum2", feed, &block);
        layers_leave(l);
    }
    if (place != POST) x = layer_norm(l, "last_norm", x);
    layers_output(l, "logits", layer_told(l, x, true));
}

const NetKind net_transformer = {
    .name = "transformer",
    .usage = "transformer(depth=D, width=W, heads=H, place=pre|post|peri, qk=none|norm, "
             "positions=learned|rotary, activation=gelu|relu, weights=plain|normalized)",
    .title =
        "attention and linear layers on text, Vaswani et al. 2017; normalizers before, "
        "after or around each part",
    .example = "transformer(depth=1, width=4, heads=2)",
    .reads = NET_SYMBOLS,
    .options = OPTIONS,
    .run = transformer};
