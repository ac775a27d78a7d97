/* A network of your own. As it stands, it is a stem of stride 2 and `depth` convolutions, each
 * normalized, activated and added to what it saw; then the mean over positions and one linear
 * layer.
 *
 * The text below is all there is to it: run on shapes it declares parameters, places of
 * normalizers and flops, run on a tape it computes. Change it, then ask `normlab check sketch`
 * and `normlab list networks sketch`. */
#include "layers.h"

/* ---- options of the spec: sketch(depth=4, activation=tanh) ------------------------ */

enum { DEPTH, WIDTH, ACTIVATION }; /* places in the table */

static const char *const WORDS[] = {"relu", "tanh", NULL}; /* the first is usual */
static LayerActivation *const ACTIVATE[] = {tape_relu, tape_tanh};

static const NetOption OPTIONS[] = {
    {.name = "depth", .initial = 4, .most = 100, .said = true}, /* a number from 1 on */
    {.name = "width",
     .initial = 16,
     .most = 512,
     .said = true},                        /* .said: in every name */
    {.name = "activation", .word = WORDS}, /* one of some words */
    {.name = NULL}};

/* ---- the text -------------------------------------------------------------------- */

//> run
static void run(Layers *l, const size_t *option) {
    LayerActivation *activate = ACTIVATE[option[ACTIVATION]];
    TapeNode *x = layers_input(l, "image"); /* [N, C, H, W] */
    x = layer_conv(l, "stem", x, option[WIDTH], 3, 2, 1);
    x = layer_norm_activated(l, "stem_norm", x, activate);
    for (size_t i = 0; i < option[DEPTH]; i++) {
        layers_enter(l, "layer%zu", i + 1); /* "layer2.conv.weight" */
        TapeNode *y = layer_conv(l, "conv", x, option[WIDTH], 3, 1, 1);
        y = layer_norm_activated(l, "norm", y, activate);
        x = layer_join(l, "sum", x, y, NULL); /* a residual branch: probes see it */
        layers_leave(l);
    }
    x = layer_linear(l, "linear", layer_pool(l, x), layers_outputs(l));
    layers_output(l, "logits", x); /* [N, outputs] */
}
//< run

const NetKind net_sketch = {
    .name = "sketch",
    .usage = "sketch(depth=D, width=W, activation=relu|tanh, "
             "weights=plain|standardized|normalized)",
    .title = "convolutions that are added to what they see",
    .example = "sketch(depth=2, width=2)", /* a small one, for `normlab check` */
    .options = OPTIONS,
    .run = run};
