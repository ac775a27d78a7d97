/* Linear layers of all elements, one after the other: hidden ones of width W, each normalized
 * and put through the activation, and a last one; depth counts them all, mlp(depth=1) is
 * linear. Weights of hidden layers begin as He et al. 2015 derive it, variance g / inputs with
 * g = 2 before a relu and 1 else, or as sqrt(g) times a random orthogonal matrix (Saxe et al.
 * 2014), which keeps lengths however deep it is. */
#include "layers.h"

enum { DEPTH, WIDTH, ACTIVATION, INIT };

static const NetOption OPTIONS[] = {
    {.name = "depth", .initial = 3, .most = 1202, .said = true},
    {.name = "width", .initial = 100, .most = 1024, .said = true},
    {.name = "activation", .word = layer_activations},
    {.name = "init", .word = layer_inits},
    {.name = NULL}};

static void mlp(Layers *l, const size_t *option) {
    LayerActivation *activate = layer_activation[option[ACTIVATION]];
    const LayerStart start = layer_start(activate, option[INIT]),
                     last = layer_start(NULL, option[INIT]);
    TapeNode *x = layer_flat(l, layers_input(l, "image"));
    for (size_t i = 1; i < option[DEPTH]; i++) {
        layers_enter(l, "hidden%zu", i);
        x = layer_linear_from(l, "linear", x, option[WIDTH], start);
        x = layer_norm_activated(l, "norm", x, activate);
        layers_leave(l);
    }
    layers_output(l, "logits",
                  layer_linear_from(l, "linear", x, layers_outputs(l), last));
}

const NetKind net_mlp = {
    .name = "mlp",
    .usage =
        "mlp(depth=D, width=W, activation=relu|tanh|sigmoid|none, init=he|orthogonal, "
        "weights=plain|normalized)",
    .title = "linear layers, each hidden one normalized and activated",
    .example = "mlp(depth=3, width=8)",
    .options = OPTIONS,
    .run = mlp};
