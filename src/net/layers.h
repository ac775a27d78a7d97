/* layers: what a network's file is written in. Its text is a function of a Layers, which either
 * declares it (every node has a shape and no value; parameters, places of normalizers and flops
 * are written down in the order in which they are asked for) or runs it (the k-th part asked
 * for is the k-th declared). So a network keeps no numbers of its parts.
 *
 * x is [N, C, ...] everywhere. A name is that of one part; layers_enter puts others before it,
 * joined by dots: no two parts may have the same. Operations without parameters are the
 * tape's own, on layers_tape.
 *
 * What does not fit is refused in one line that names the layer; the text then goes on, on
 * shapes that mean nothing.
 */
#ifndef NORMLAB_LAYERS_H
#define NORMLAB_LAYERS_H

#include "house.h"
#include "net.h"

typedef struct Layers Layers;

/* An option of a network: a whole number, or one of a few words (then its place in them). */
typedef struct NetOption {
    const char *name;
    size_t initial;
    size_t least, most;      /* of a number; least 0 is 1 */
    size_t step;             /* from `least` on; 0: any */
    const char *expected;    /* in words, where step is not 0: "6n+2 (8, 14, 20...)" */
    bool said;               /* in the canonical form even at its initial value */
    const char *const *word; /* ends with a NULL; the first is the initial one */
} NetOption;

struct NetKind {
    const char *name;
    const char *usage; /* "resnet(depth=D, ...)" */
    const char *title;
    const char *example;      /* a small one, which `normlab check` proves */
    NetReads reads;           /* of its first input */
    const NetOption *options; /* ends with a NULL name; NULL: none but weights= */
    void (*run)(Layers *l, const size_t *option); /* [options] as they were given */
};

/* net_new of a kind that is in no registry. */
const Net *net_of_kind(Arena *arena, const NetKind *kind, const char *text,
                       NetNorms norms, NetFace face, size_t batch, BaseError *error);

Tape *layers_tape(Layers *l);

/* An input by its name, once each; where there is one alone it is meant, whatever its name. */
TapeNode *layers_input(Layers *l, const char *name);
void layers_output(Layers *l, const char *name, TapeNode *y);
size_t layers_outputs(const Layers *l); /* numbers wanted out of each place */

/* Names from here on, until it is left, are those of parts of this. */
void layers_enter(Layers *l, const char *format, ...) PRINTF_LIKE(2, 3);
void layers_leave(Layers *l);

/* The network cannot be, and why: "layer NAME: WHY", or the network's own. */
void layers_refuse(Layers *l, const char *name, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* ---- layers.c -------------------------------------------------------------------- */

/* How a weight [K, ...] of C inputs begins: normal draws of variance square / C; or a random matrix
 * with orthogonal rows, or columns where those are fewer, of length sqrt(square). */
typedef struct LayerStart {
    double square;
    bool orthogonal;
} LayerStart;

/* What stands behind a normalizer, and how weights before it begin, as options of networks: words
 * (end with a NULL), and what they say. Variance g / inputs with g = 2 before a relu and 1 else (He
 * et al. 2015), or sqrt(g) times a random orthogonal matrix (Saxe et al. 2014). */
typedef TapeNode *LayerActivation(Tape *tape, TapeNode *x);
extern const char *const layer_activations[], *const layer_inits[];
extern LayerActivation *const layer_activation[]; /* NULL: none */
LayerStart layer_start(LayerActivation *activate, size_t init);

/* [N, C, H, W] by R x R filters without bias to [N, K, P, Q]. Filters begin as normal draws of
 * variance 2 / inputs (He et al. 2015), so that relus halve no variance. */
TapeNode *layer_conv(Layers *l, const char *name, TapeNode *x, size_t K, size_t R,
                     size_t stride, size_t pad);
TapeNode *layer_conv_from(Layers *l, const char *name, TapeNode *x, size_t K, size_t R,
                          size_t stride, size_t pad, LayerStart start);

/* The same in two steps, where several inputs have the same filters [K, C, R, R]. */
TapeNode *layer_filters(Layers *l, const char *name, size_t C, size_t K, size_t R);
TapeNode *layer_conv_by(Layers *l, const char *name, TapeNode *x, TapeNode *filters,
                        size_t stride, size_t pad);

/* [N, C] to [N, K], x W' + bias, or [N, C, H, W] to [N, K, H, W] and [N, C, T] to [N, K, T], the
 * same at every place; W begins with variance 1 / C, the bias with 0. */
TapeNode *layer_linear(Layers *l, const char *name, TapeNode *x, size_t K);
TapeNode *layer_linear_from(Layers *l, const char *name, TapeNode *x, size_t K,
                            LayerStart start);

/* The same in two steps, where several inputs have the same W and bias. */
typedef struct LayerLinear {
    TapeNode *weight, *bias; /* [K, C], [K] */
} LayerLinear;
LayerLinear layer_linear_parts(Layers *l, const char *name, size_t C, size_t K,
                               LayerStart start);
TapeNode *layer_linear_by(Layers *l, TapeNode *x, LayerLinear by);

/* A normalizer of channels; what it is, is not the network's business. */
TapeNode *layer_norm(Layers *l, const char *name, TapeNode *x);
/* The same; gamma, if there is one, begins at this. */
TapeNode *layer_norm_from(Layers *l, const char *name, TapeNode *x, double gamma);
/* The same and an activation (NULL: none), which is left out after a normalizer that is one. */
TapeNode *layer_norm_activated(Layers *l, const char *name, TapeNode *x,
                               LayerActivation *activate);
TapeNode *layer_norm_relu(Layers *l, const char *name, TapeNode *x);

/* skip + branch, where a residual branch joins what passed it by, and an activation (NULL: none): what
 * who looks into a network sees of branches. Other sums are the tape's own. */
TapeNode *layer_join(Layers *l, const char *name, TapeNode *skip, TapeNode *branch,
                     LayerActivation *activate);

/* Mean over positions, those that are there: [N, C, ...] to [N, C]. */
TapeNode *layer_pool(Layers *l, TapeNode *x);
TapeNode *layer_flat(Layers *l,
                     TapeNode *x); /* all elements of a sample: to [N, C ...] */

/* ---- sequence.c, attention.c: sequences [N, C, T] --------------------------------
 *
 * Symbols that are not there (NET_NO_SYMBOL) are in no normalizer's cell, and no convolution,
 * attention or mean sees their positions; what stands there is any finite number. Where the face
 * is causal nothing looks ahead. */

/* Symbols [N, T] to vectors: rows of a table [K, C], which begins with variance 1 / C, times
 * sqrt(C); 0 where there is none. Once in a network. */
TapeNode *layer_embed(Layers *l, const char *name, TapeNode *x, size_t C);
/* x and a learned vector for each position, which begins likewise and half as long. */
TapeNode *layer_positions(Layers *l, const char *name, TapeNode *x);
/* What is told at the end: at every position where the face is causal, [N, K, T], by products
 * with the embedding where that is `tied` and has K symbols, else by a linear layer, "linear";
 * otherwise by one of the mean over positions, [N, K]. */
TapeNode *layer_told(Layers *l, TapeNode *x, bool tied);

/* R positions to K channels, without bias, zeros around: of the R - 1 before each where the face
 * is causal, else about it. Filters begin as layer_conv's. */
TapeNode *layer_conv1(Layers *l, const char *name, TapeNode *x, size_t K, size_t R);

/* softmax(q' k / sqrt(d)) v for each head of d = C / heads channels, between linear layers
 * "query", "key", "value" and "out". Rotary positions turn each pair of q's and k's channels. */
typedef struct LayerAttention {
    size_t heads; /* divides C; rotary: into even parts */
    bool rotary;
    bool normed; /* places "qnorm", "knorm" of q and k, over the channels of a head */
} LayerAttention;
TapeNode *layer_attention(Layers *l, TapeNode *x, LayerAttention how);

/* ---- pool.c ---------------------------------------------------------------------- */

/* The largest of each 2 x 2: [N, C, H, W] to [N, C, H / 2, W / 2], rounded up: the last rows and
 * columns are looked at alone where their number is odd. */
TapeNode *layer_max_pool(Layers *l, TapeNode *x);
/* The convolution of 2 x 2 and stride 2 transposed: [N, C, H, W] to [N, K, 2 H, 2 W]. A pixel
 * sees one of the four, so that filters [K, C, 2, 2] begin with variance 2 / C. */
TapeNode *layer_up_conv(Layers *l, const char *name, TapeNode *x, size_t K);
/* Every pixel as 2 x 2, of which as much is taken as lies on `onto`: [N, C, H, W] to [N, C, P, Q]. */
TapeNode *layer_up_nearest(Layers *l, TapeNode *x, const TapeNode *onto);
/* The channels of a, then those of b, of which as much is taken as lies on a. */
TapeNode *layer_concat(Layers *l, TapeNode *a, TapeNode *b);

#endif
