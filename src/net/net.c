/* Networks: declared by running them on shapes, begun, and run. */
#include "internal.h"

#include <string.h>

NetFace net_of_images(size_t C, size_t H, size_t W, size_t outputs) {
    return (NetFace){
        .inputs = 1, .input = {{"image", SHAPE(C, H, W)}}, .outputs = outputs};
}

/* ---- declaring ------------------------------------------------------------------- */

/* [N, ...] of `batch` samples. */
static Shape batch_shape(Shape sample, size_t batch) {
    Shape shape = {.rank = sample.rank + 1, .size = {batch}};
    memcpy(shape.size + 1, sample.size, sample.rank * sizeof *sample.size);
    return shape;
}

/* The text once, on shapes. */
static void declare(Declared *declared, size_t batch) {
    Net *net = declared->net;
    Arena *own = arena_new();
    Tape *tape = tape_of_shapes(own);
    Node *in[NET_MOST_ENDS];
    for (size_t i = 0; i < net->face.inputs; i++)
        in[i] = tape_leaf(tape, batch_shape(net->face.input[i].shape, batch), NULL);
    Layers layers = {.net = net, .tape = tape, .in = in, .declared = declared};
    net->kind->run(&layers, net->option);
    layers_declare_gains(declared);
    arena_free(own);
}

const Net *net_new(Arena *arena, const char *text, NetNorms norms, NetFace face,
                   size_t batch, Error *error) {
    Net *net = ZERO(arena, Net, 1);
    if (!net_read(arena, net, text, error)) return NULL;
    net->face = face;
    Declared declared = {.arena = arena, .net = net, .norms = norms, .error = error};
    declare(&declared, batch);
    return error->set ? NULL : net;
}

/* ---- how it begins --------------------------------------------------------------- */

void net_initialize(const Net *net, double *weights, double *state, uint64_t seed) {
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        Draw draw = {.seed = seed, .purpose = DRAW_INIT, .sample = i};
        for (size_t k = 0; k < p->count; k++)
            weights[p->offset + k] = p->std > 0 ? p->std * draw_normal(draw, k)
                                     : p->start ? p->start[k]
                                                : p->initial;
        if (p->gain_of == 0) continue;
        const NetParam *weight = &net->param[p->gain_of - 1];
        weights_lengths(weights + p->offset, weights + weight->offset, weight->shape);
    }
    for (size_t i = 0; i < net->norms; i++) {
        const Norm *norm = net->norm[i].norm;
        double *values = state + net->norm[i].state;
        for (size_t s = 0; s < norm->states; values += norm->state[s++].count)
            norm_begin_state(values, &norm->state[s]);
    }
}

/* ---- running --------------------------------------------------------------------- */

void net_run(const Net *net, const NetPass *pass, Node *const *in, Node **out) {
    Layers layers = {.net = net, .tape = pass->tape, .in = in, .pass = pass, .out = out};
    net->kind->run(&layers, net->option);
}

Node *net_run_one(const Net *net, const NetPass *pass, Node *in) {
    Node *out[NET_MOST_ENDS];
    REQUIRE(net->outputs == 1 && net->face.inputs == 1, "%s has several ends", net->spec);
    net_run(net, pass, &in, out);
    return out[0];
}
