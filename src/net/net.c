/* Networks: declared by running them on shapes, and run. */
#include "internal.h"

#include <stdlib.h>
#include <string.h>

NetFace net_of_images(size_t C, size_t H, size_t W, size_t outputs) {
    return (NetFace){.inputs = 1,
                     .input = {{.name = "image", .shape = SHAPE_OF(C, H, W)}},
                     .outputs = outputs};
}

NetFace net_of_text(size_t symbols, size_t T, size_t outputs, bool causal) {
    return (NetFace){
        .inputs = 1,
        .input = {{.name = "text", .shape = SHAPE_OF(T), .symbols = symbols}},
        .outputs = outputs,
        .causal = causal};
}

/* ---- declaring ------------------------------------------------------------------- */

/* [N, ...] of `batch` samples. */
static Shape batch_shape(Shape sample, size_t batch) {
    Shape shape = {.rank = sample.rank + 1, .size = {batch}};
    memcpy(shape.size + 1, sample.size, sample.rank * sizeof *sample.size);
    return shape;
}

static int by_name(const void *a, const void *b) {
    const char *const *left = a, *const *right = b;
    return strcmp(*left, *right);
}

/* Weights are kept by their names. */
static void want_names(Arena *arena, const Net *net) {
    const char **name = TAKE(arena, const char *, net->params + 1);
    for (size_t i = 0; i < net->params; i++) name[i] = net->param[i].name;
    qsort(name, net->params, sizeof *name, by_name);
    for (size_t i = 1; i < net->params; i++)
        REQUIRE(strcmp(name[i - 1], name[i]) != 0, "%s has two parameters %s",
                net->kind->name, name[i]);
}

/* Before its text is run, which takes this for granted. */
static bool want_read(const Net *net, BaseError *error) {
    static const char *const WORDS[] = {
        [NET_NUMBERS] = "numbers", [NET_SYMBOLS] = "symbols"};
    const NetEnd *first = &net->face.input[0];
    const NetReads there = first->symbols > 0 ? NET_SYMBOLS : NET_NUMBERS;
    return there == net->kind->reads ||
           base_fail(error, EX_USAGE, 0, "%s reads %s; the %s is of %s", net->kind->name,
                     WORDS[net->kind->reads], first->name, WORDS[there]);
}

/* The text once, on shapes. */
static void declare(Declared *declared, size_t batch) {
    Net *net = declared->net;
    Arena *own = arena_new();
    Tape *tape = tape_of_shapes(own);
    TapeNode *in[NET_MOST_ENDS];
    for (size_t i = 0; i < net->face.inputs; i++)
        in[i] = tape_leaf(tape, batch_shape(net->face.input[i].shape, batch), NULL);
    Layers layers = {.net = net, .tape = tape, .in = in, .declared = declared};
    net->kind->run(&layers, net->option);
    layers_declare_gains(declared);
    norms_want_matched(declared->arena, net, &declared->norms, declared->matched,
                       declared->error);
    want_names(own, net);
    REQUIRE(layers.outputs > 0 && layers.depth == 0, "%s: %s", net->kind->name,
            layers.depth ? "a part is entered and not left" : "no output");
    arena_free(own);
    if (layers.inputs > net->face.inputs)
        base_fail(declared->error, EX_USAGE, 0,
                  "%s takes %zu inputs, and there is '%s' alone", net->kind->name,
                  layers.inputs, net->face.input[0].name);
    if (net->weighing->apply && !declared->weighed)
        base_fail(declared->error, EX_USAGE, 0,
                  "weights=%s are of convolutions, and %s has none", net->weighing->name,
                  net->kind->name);
}

const Net *net_of_kind(Arena *arena, const NetKind *kind, const char *text,
                       NetNorms norms, NetFace face, size_t batch, BaseError *error) {
    Net *net = ZERO(arena, Net, 1);
    net->kind = kind;
    if (!net_read(arena, net, text, error)) return NULL;
    net->face = face;
    if (!want_read(net, error)) return NULL;
    Declared declared = {.arena = arena, .net = net, .norms = norms, .error = error};
    declare(&declared, batch);
    return error->set ? NULL : net;
}

const Net *net_new(Arena *arena, const char *text, NetNorms norms, NetFace face,
                   size_t batch, BaseError *error) {
    return net_of_kind(arena, NULL, text, norms, face, batch, error);
}

const Net *net_places(Arena *arena, const char *text, BaseError *error) {
    enum { SIDE = 1024 }; /* of shapes alone: halved ten times it is still whole */
    Net *net = ZERO(arena, Net, 1);
    if (!net_read(arena, net, text, error)) return NULL;
    net->face = net->kind->reads == NET_SYMBOLS ? net_of_text(2, SIDE, 2, false)
                                                : net_of_images(1, SIDE, SIDE, 2);
    Declared declared = {.arena = arena, .net = net, .names = true, .error = error};
    declare(&declared, 2);
    return error->set ? NULL : net;
}

bool net_alike(Arena *arena, const Net *own, const Net *net, BaseError *error) {
    for (size_t i = 0; i < own->params; i++)
        if (!shape_equal(own->param[i].shape, net->param[i].shape))
            return base_fail(error, EX_USAGE, 0,
                             "%s takes images of one size: '%s' is %s, and would be %s",
                             own->spec, own->param[i].name,
                             shape_text(arena, own->param[i].shape),
                             shape_text(arena, net->param[i].shape));
    REQUIRE(own->weights == net->weights && own->states == net->states,
            "%s has other states at another size", own->spec);
    return true;
}

/* ---- running --------------------------------------------------------------------- */

void net_run(const Net *net, const NetPass *pass, TapeNode *const *in, TapeNode **out) {
    Layers layers = {.net = net, .tape = pass->tape, .in = in, .pass = pass, .out = out};
    net->kind->run(&layers, net->option);
}

TapeNode *net_run_one(const Net *net, const NetPass *pass, TapeNode *in) {
    TapeNode *out[NET_MOST_ENDS];
    REQUIRE(net->outputs == 1 && net->face.inputs == 1, "%s has several ends", net->spec);
    net_run(net, pass, &in, out);
    return out[0];
}
