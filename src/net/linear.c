/* Softmax regression: one linear layer of all elements, nothing to normalize. What any network
 * has to beat. */
#include "layers.h"

static void linear(Layers *l, const size_t *option) {
    (void)option;
    TapeNode *x = layer_flat(l, layers_input(l, "image"));
    layers_output(l, "logits", layer_linear(l, "linear", x, layers_outputs(l)));
}

const NetKind net_linear = {.name = "linear",
                            .usage = "linear(weights=plain|normalized)",
                            .title = "one linear layer: softmax regression",
                            .example = "linear",
                            .run = linear};
