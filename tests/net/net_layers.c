/* What a network's file is written in: names, ends, what is refused and what is a mistake; and the
 * network that `normlab new network` begins with. */
#include "harness.h"

#include "template/sketch.c" /* as it stands */

#include "op.h"

#include <math.h>
#include <string.h>

static const NetNorms BATCH = {.all = "batch"};

static const Net *declared(Arena *arena, const NetKind *kind, NetFace face,
                           BaseError *error) {
    return net_of_kind(arena, kind, kind->name, BATCH, face, 2, error);
}

/* ---- the template ---------------------------------------------------------------- */

static size_t nodes_of(Tape *tape, const char *op) {
    size_t count = 0;
    for (const TapeNode *y = tape_last(tape); y; y = y->previous)
        count += y->op && strcmp(y->op->name, op) == 0;
    return count;
}

static void the_template_stands(void **state) {
    (void)state;
    enum { N = 3, DEEP = 5 };
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Net *net =
        net_of_kind(arena, &net_sketch, "sketch(depth=5, width=3, activation=tanh)",
                    BATCH, net_of_images(2, 9, 7, 4), N, &error);
    assert_non_null(net);
    assert_string_equal(net->spec, "sketch(depth=5, width=3, activation=tanh)");
    assert_int_equal(net->norms, 1 + DEEP);
    assert_int_equal(net->weights, 3 * 2 * 9 + DEEP * 3 * 3 * 9 + (1 + DEEP) * 6 + 16);
    assert_near(net->flops, 2.0 * (20 * (3 * 2 * 9 + DEEP * 3 * 3 * 9) + 12), 0.0);
    double *w = TAKE(arena, double, net->weights), *s = TAKE(arena, double, net->states),
           *x = TAKE(arena, double, N * 2 * 63);
    for (size_t i = 0; i < N * 2 * 63; i++)
        x[i] = draw_normal((Draw){.seed = 3, .purpose = DRAW_TEST}, i);
    net_initialize(net, w, s, 1);
    NetPass pass = {.tape = tape_new(arena), .weights = w, .state = s};
    const TapeNode *z =
        net_run_one(net, &pass, tape_leaf(pass.tape, SHAPE_OF(N, 2, 9, 7), x));
    assert_int_equal(nodes_of(pass.tape, "tanh"), 1 + DEEP);
    assert_int_equal(nodes_of(pass.tape, "conv2d"), 1 + DEEP);
    for (size_t k = 0; k < N * 4; k++) assert_true(isfinite(z->value[k]));
    assert_non_null(declared(arena, &net_sketch, net_of_images(1, 8, 8, 2), &error));
    arena_free(arena);
}

/* ---- several ends, and parts of parts --------------------------------------------- */

/* Two inputs, of which one is a number for each sample; two outputs. */
static void twice(Layers *l, const size_t *option) {
    (void)option;
    TapeNode *number = layer_flat(l, layers_input(l, "number"));
    TapeNode *x = layer_conv(l, "stem", layers_input(l, "image"), 3, 3, 1, 1);
    layers_enter(l, "heads");
    layers_enter(l, "one%d", 1);
    layers_output(l, "first", layer_linear(l, "linear", number, layers_outputs(l)));
    layers_leave(l);
    layers_output(l, "map", layer_norm(l, "norm", x));
    layers_leave(l);
    layers_output(l, "last", layer_pool(l, x));
}

static const NetKind TWICE = {.name = "twice", .run = twice};

static void ends_have_names_and_places(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const NetFace face = {.inputs = 2,
                          .input = {{.name = "image", .shape = SHAPE_OF(1, 4, 5)},
                                    {.name = "number", .shape = SHAPE_SCALAR}},
                          .outputs = 6};
    const Net *net = declared(arena, &TWICE, face, &error);
    assert_non_null(net);
    static const char *const PARAMS[] = {"stem.weight", "heads.one1.linear.weight",
                                         "heads.one1.linear.bias", "heads.norm.gamma",
                                         "heads.norm.beta"};
    assert_int_equal(net->params, COUNT_OF(PARAMS));
    for (size_t i = 0; i < COUNT_OF(PARAMS); i++)
        assert_string_equal(net->param[i].name, PARAMS[i]);
    static const NetEnd OUTPUTS[] = {{.name = "heads.one1.first", .shape = {1, {6}}},
                                     {.name = "heads.map", .shape = {3, {3, 4, 5}}},
                                     {.name = "last", .shape = {1, {3}}}};
    assert_int_equal(net->outputs, COUNT_OF(OUTPUTS));
    double *w = TAKE(arena, double, net->weights), *s = TAKE(arena, double, net->states);
    net_initialize(net, w, s, 1);
    double x[40] = {1, -2, 3}, number[2] = {0.5, -1.5};
    NetPass pass = {.tape = tape_new(arena), .weights = w, .state = s};
    TapeNode *in[] = {tape_leaf(pass.tape, SHAPE_OF(2, 1, 4, 5), x),
                      tape_leaf(pass.tape, SHAPE_OF(2), number)};
    TapeNode *out[NET_MOST_ENDS];
    net_run(net, &pass, in, out);
    for (size_t i = 0; i < COUNT_OF(OUTPUTS); i++) {
        assert_string_equal(net->output[i].name, OUTPUTS[i].name);
        assert_true(shape_equal(net->output[i].shape, OUTPUTS[i].shape));
        assert_int_equal(out[i]->shape.size[0], 2);
        assert_int_equal(shape_count(out[i]->shape), 2 * shape_count(OUTPUTS[i].shape));
    }
    const double *v = w + net->param[1].offset;
    for (size_t i = 0; i < 12; i++)
        assert_near(out[0]->value[i], v[i % 6] * number[i / 6], 0.0);
    /* one that is alone is meant, but not as two */
    const NetFace less = {.inputs = 1,
                          .input = {{.name = "imago", .shape = SHAPE_OF(1, 4, 5)}},
                          .outputs = 6};
    assert_null(declared(arena, &TWICE, less, &error));
    assert_string_equal(error.message,
                        "twice takes 2 inputs, and there is 'imago' alone");
    arena_free(arena);
}

/* ---- what is refused -------------------------------------------------------------- */

static void large(Layers *l, const size_t *option) {
    (void)option;
    layers_enter(l, "a");
    TapeNode *x = layer_conv(l, "b", layers_input(l, "image"), 2, 5, 1, 0);
    layers_leave(l);
    if (layers_outputs(l) > 5)
        layers_refuse(l, "c", "%zu are too many", layers_outputs(l));
    layers_output(l, "logits", layer_linear(l, "d", layer_pool(l, x), layers_outputs(l)));
}

static void refusals_name_the_layer(void **state) {
    (void)state;
    static const NetKind kind = {.name = "large", .run = large};
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    assert_non_null(declared(arena, &kind, net_of_images(1, 5, 9, 5), &error));
    assert_null(declared(arena, &kind, net_of_images(1, 4, 9, 5), &error));
    assert_string_equal(error.message, "layer a.b: filters of 5 x 5 are larger than what "
                                       "they see, [2, 1, 4, 9]");
    error.set = false;
    assert_null(declared(arena, &kind, net_of_images(1, 5, 9, 6), &error));
    assert_string_equal(error.message, "layer c: 6 are too many");
    arena_free(arena);
}

/* ---- mistakes of who writes one --------------------------------------------------- */

static void alike(Layers *l, const size_t *option) {
    (void)option;
    TapeNode *x = layer_flat(l, layers_input(l, "image"));
    x = layer_linear(l, "linear", x, 3);
    layers_output(l, "logits", layer_linear(l, "linear", x, 3));
}
static void inside(Layers *l, const size_t *option) {
    (void)option;
    layers_enter(l, "part");
    layers_output(l, "logits", layer_flat(l, layers_input(l, "image")));
}
static void outside(Layers *l, const size_t *option) {
    (void)option;
    layers_leave(l);
}
static void silent(Layers *l, const size_t *option) {
    (void)option;
    layer_flat(l, layers_input(l, "image"));
}
static void deep(Layers *l, const size_t *option) {
    (void)option;
    for (;;) layers_enter(l, "x");
}

static const struct {
    NetKind kind;
    const char *says;
} MISTAKES[] = {
    {{.name = "alike", .run = alike}, "alike has two parameters linear."},
    {{.name = "inside", .run = inside}, "inside: a part is entered and not left"},
    {{.name = "outside", .run = outside}, "no part of the network was entered"},
    {{.name = "silent", .run = silent}, "silent: no output"},
    {{.name = "deep", .run = deep}, "names of more than 8 parts"}};

static void make(void *context) {
    BaseError error = {.set = false};
    declared(arena_new(), context, net_of_images(1, 2, 2, 2), &error);
}

static void mistakes_are_named(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(MISTAKES); i++) {
        char text[1024];
        NetKind kind = MISTAKES[i].kind;
        int status = harness_child(make, &kind, text, sizeof text);
        if (status != 134 || strstr(text, MISTAKES[i].says) == NULL)
            fail_msg("%s: status %d: %s", kind.name, status, text);
    }
}

static const Case CASES[] = {
    CASE(example, the_template_stands),
    CASE(theorem, ends_have_names_and_places),
    CASE(fault, refusals_name_the_layer),
    CASE(fault, mistakes_are_named),
};

HARNESS_MAIN("net_layers", CASES)
