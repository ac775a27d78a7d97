/* Layers: each says what it needs and what it computes in one text, for declaring and running
 * alike. */
#include "internal.h"
#include "forms.h"
#include "text.h"

#include <math.h>
#include <stdarg.h>
#include <string.h>

/* ---- names ----------------------------------------------------------------------- */

void layers_enter(Layers *l, const char *format, ...) {
    const size_t from = strlen(l->within);
    va_list values;
    REQUIRE(l->depth < LAYERS_DEEPEST, "names of more than %d parts", LAYERS_DEEPEST);
    l->length[l->depth++] = from;
    va_start(values, format);
    const int more =
        vsnprintf(l->within + from, LAYERS_LONGEST_NAME - from, format, values);
    va_end(values);
    const size_t end = from + (size_t)more;
    REQUIRE(more > 0 && end + 1 < LAYERS_LONGEST_NAME, "'%s...' is too long", l->within);
    memcpy(l->within + end, ".", 2);
}

void layers_leave(Layers *l) {
    REQUIRE(l->depth > 0, "no part of the network was entered");
    l->within[l->length[--l->depth]] = '\0';
}

const char *layers_full_name(const Layers *l, Arena *arena, const char *name) {
    return text_print(arena, "%s%s", l->within, name);
}

#ifdef NORMLAB_VERIFY
bool layers_is_part(const Layers *l, const char *name, const char *full) {
    const size_t within = strlen(l->within), length = strlen(name);
    return strncmp(full, l->within, within) == 0 &&
           strncmp(full + within, name, length) == 0 &&
           strchr(".", full[within + length]) != NULL;
}
#endif

void layers_refuse(Layers *l, const char *name, const char *format, ...) {
    Declared *d = l->declared;
    REQUIRE(d, "a network that was declared refuses to run");
    char why[400];
    va_list values;
    va_start(values, format);
    vsnprintf(why, sizeof why, format, values);
    va_end(values);
    base_fail(d->error, EX_USAGE, 0, "layer %s: %s", layers_full_name(l, d->arena, name),
              why);
}

/* ---- what goes in and out -------------------------------------------------------- */

Tape *layers_tape(Layers *l) {
    return l->tape;
}

size_t layers_outputs(const Layers *l) {
    return l->net->face.outputs;
}

TapeNode *layers_input(Layers *l, const char *name) {
    const NetFace *face = &l->net->face;
    const char *known[NET_MOST_ENDS];
    Text list = text_new(tape_arena(l->tape));
    l->inputs++;
    for (size_t i = 0; i < face->inputs; i++) {
        known[i] = face->input[i].name;
        if (face->inputs == 1 || strcmp(known[i], name) == 0) return l->in[i];
        text_add(&list, "%s'%s'", i > 0 ? ", " : "", known[i]);
    }
    REQUIRE(l->declared, "no input '%s'", name);
    base_fail(l->declared->error, EX_USAGE, 0, "%s takes '%s'%s; there are %s",
              l->net->kind->name, name, text_hint(list.arena, name, known, face->inputs),
              list.data);
    return l->in[0];
}

void layers_output(Layers *l, const char *name, TapeNode *y) {
    const size_t k = l->outputs++;
    if (l->pass) {
        VERIFY(layers_is_part(l, name, l->net->output[k].name), "output %s", name);
        l->out[k] = y;
        return;
    }
    REQUIRE(k < NET_MOST_ENDS, "more than %d outputs", NET_MOST_ENDS);
    NetEnd *end = &l->declared->net->output[k];
    *end = (NetEnd){.name = layers_full_name(l, l->declared->arena, name),
                    .shape = {.rank = y->shape.rank - 1}};
    for (size_t i = 0; i < end->shape.rank; i++)
        end->shape.size[i] = y->shape.size[i + 1];
    l->declared->net->outputs = l->outputs;
}

/* ---- parameters ------------------------------------------------------------------ */

void *layers_room(Arena *arena, void *array, size_t count, size_t *room, size_t size) {
    if (count < *room) return array;
    *room = 2 * *room + 32;
    void *grown = arena_take(arena, *room, size);
    if (count > 0) memcpy(grown, array, count * size);
    return grown;
}

void layers_declare_param(Declared *d, NetParam param) {
    Net *net = d->net;
    net->param = layers_room(d->arena, net->param, net->params, &d->param_room,
                             sizeof *net->param);
    param.offset = net->weights;
    param.count = shape_count(param.shape);
    net->weights += param.count;
    net->param[net->params++] = param;
}

static NetParam free_param(const char *name, Shape shape) {
    return (NetParam){.name = name,
                      .shape = shape,
                      .decayed = true,
                      .least = -INFINITY,
                      .most = INFINITY};
}

TapeNode *layers_param_node(const Layers *l, size_t number) {
    const NetPass *pass = l->pass;
    const NetParam *p = &l->net->param[number];
    if (pass == NULL) return tape_leaf(l->tape, p->shape, NULL);
    if (pass->param) return pass->param[number];
    const double *value = pass->weights + p->offset;
    if (pass->gradient == NULL && !pass->wanted)
        return tape_leaf(l->tape, p->shape, value);
    return tape_parameter(l->tape, p->shape, value,
                          pass->gradient ? pass->gradient + p->offset : NULL);
}

static size_t inputs_of(Shape weight) {
    return shape_count(weight) / weight.size[0];
}

/* Of its elements: orthonormal rows of C have C^-1/2, and as many columns of K have K^-1/2. */
static double start_std(Shape weight, LayerStart start) {
    const size_t K = weight.size[0], C = inputs_of(weight),
                 count = start.orthogonal && K > C ? K : C;
    return sqrt(start.square / (double)count);
}

TapeNode *layers_param(Layers *l, const char *name, const char *own, Shape shape,
                       LayerStart start) {
    if (l->declared) {
        const char *full =
            text_print(l->declared->arena, "%s%s.%s", l->within, name, own);
        NetParam param = free_param(full, shape);
        if (start.square > 0) param.std = start_std(shape, start);
        param.orthogonal = start.orthogonal;
        layers_declare_param(l->declared, param);
    }
    VERIFY(layers_is_part(l, name, l->net->param[l->params].name) &&
               shape_equal(shape, l->net->param[l->params].shape),
           "%s%s was declared as %s", l->within, name, l->net->param[l->params].name);
    TapeNode *node = layers_param_node(l, l->params);
    if (l->declared) layers_keep_leaf(l->declared, node, l->params);
    l->params++;
    return node;
}

/* What layers do to their weights is seen where those run: it changes no shape. */
static bool is_changed(const NetWeights *weighing, Shape weight) {
    return weighing->apply && (weight.rank > 2 || weighing->linear);
}

TapeNode *layers_weight(Layers *l, const char *name, Shape shape, LayerStart start) {
    const NetWeights *weighing = l->net->weighing;
    const size_t number = l->params;
    const bool changed = is_changed(weighing, shape);
    if (l->declared) l->declared->weighed |= changed;
    if (l->declared && changed && inputs_of(shape) < weighing->least_inputs)
        layers_refuse(l, name, "%s weights of %zu input would be 0; more width would do",
                      weighing->name, inputs_of(shape));
    TapeNode *v = layers_param(l, name, "weight", shape, start);
    if (l->declared) l->declared->net->param[number].weighed = changed;
    if (l->declared || !changed) return v;
    const size_t gain = l->net->param[number].gain;
    return weighing->apply(l->tape, v, gain ? layers_param_node(l, gain) : NULL);
}

/* They are the lengths of the weights that are used: decayed as those are. */
void layers_declare_gains(Declared *d) {
    Net *net = d->net;
    const size_t before = net->params;
    for (size_t i = 0; i < before && net->weighing->gain; i++) {
        const NetParam *weight = &net->param[i];
        if (!weight->weighed) continue;
        const size_t stem = strlen(weight->name) - strlen("weight");
        NetParam gain =
            free_param(text_print(d->arena, "%.*sgain", (int)stem, weight->name),
                       SHAPE_OF(weight->shape.size[0]));
        gain.initial = 1.0;
        gain.gain_of = 1 + i;
        layers_declare_param(d, gain); /* may move the array */
        net->param[i].gain = net->params - 1;
    }
}

void layers_flops(Layers *l, size_t multiply_adds) {
    if (l->declared) l->declared->net->flops += 2.0 * (double)multiply_adds;
}

/* ---- layers ---------------------------------------------------------------------- */

TapeNode *layers_nothing(Layers *l, Shape shape) {
    return tape_leaf(l->tape, shape, NULL);
}

static bool conv_fits(Layers *l, const char *name, Shape x, size_t R, size_t pad) {
    const char *shape = shape_text(tape_arena(l->tape), x);
    if (l->declared == NULL) return true;
    if (x.rank != 4)
        layers_refuse(l, name, "a convolution takes images [N, C, H, W], not %s", shape);
    else if (x.size[2] + 2 * pad < R || x.size[3] + 2 * pad < R)
        layers_refuse(l, name, "filters of %zu x %zu are larger than what they see, %s",
                      R, R, shape);
    else
        return true;
    return false;
}

const char *const layer_activations[] = {"relu", "tanh", "sigmoid", "none", NULL},
                  *const layer_inits[] = {"he", "orthogonal", NULL};
LayerActivation *const layer_activation[] = {tape_relu, tape_tanh, tape_sigmoid, NULL};

LayerStart layer_start(LayerActivation *activate, size_t init) {
    return (LayerStart){.square = activate == tape_relu ? 2.0 : 1.0,
                        .orthogonal = init == 1};
}

TapeNode *layer_filters(Layers *l, const char *name, size_t C, size_t K, size_t R) {
    return layers_weight(l, name, SHAPE_OF(K, C, R, R), (LayerStart){.square = 2.0});
}

TapeNode *layer_conv_by(Layers *l, const char *name, TapeNode *x, TapeNode *filters,
                        size_t stride, size_t pad) {
    const size_t K = filters->shape.size[0], R = filters->shape.size[2];
    if (!conv_fits(l, name, x->shape, R, pad))
        return layers_nothing(l, SHAPE_OF(x->shape.size[0], K, 1, 1));
    TapeNode *y = tape_conv2d(l->tape, x, filters, stride, pad);
    layers_flops(l, K * inputs_of(filters->shape) * y->shape.size[2] * y->shape.size[3]);
    return y;
}

TapeNode *layer_conv_from(Layers *l, const char *name, TapeNode *x, size_t K, size_t R,
                          size_t stride, size_t pad, LayerStart start) {
    if (!conv_fits(l, name, x->shape, R, pad))
        return layers_nothing(l, SHAPE_OF(x->shape.size[0], K, 1, 1));
    const Shape filters = SHAPE_OF(K, x->shape.size[1], R, R);
    return layer_conv_by(l, name, x, layers_weight(l, name, filters, start), stride, pad);
}

TapeNode *layer_conv(Layers *l, const char *name, TapeNode *x, size_t K, size_t R,
                     size_t stride, size_t pad) {
    return layer_conv_from(l, name, x, K, R, stride, pad, layer_start(tape_relu, 0));
}

/* W x of an image or a sequence. */
static TapeNode *at_each_place(Tape *tape, TapeNode *x, TapeNode *w) {
    const size_t K = w->shape.size[0], C = w->shape.size[1], *size = x->shape.size;
    w = tape_reshape(tape, w, SHAPE_OF(K, C, 1, 1));
    if (x->shape.rank == 4) return tape_conv2d(tape, x, w, 1, 0);
    x = tape_reshape(tape, x, SHAPE_OF(size[0], C, 1, size[2]));
    return tape_reshape(tape, tape_conv2d(tape, x, w, 1, 0),
                        SHAPE_OF(size[0], K, size[2]));
}

TapeNode *layer_linear(Layers *l, const char *name, TapeNode *x, size_t K) {
    return layer_linear_from(l, name, x, K, (LayerStart){.square = 1.0});
}

LayerLinear layer_linear_parts(Layers *l, const char *name, size_t C, size_t K,
                               LayerStart start) {
    TapeNode *weight = layers_weight(l, name, SHAPE_OF(K, C), start),
             *bias =
                 layers_param(l, name, "bias", SHAPE_OF(K), (LayerStart){.square = 0.0});
    return (LayerLinear){weight, bias};
}

TapeNode *layer_linear_by(Layers *l, TapeNode *x, LayerLinear by) {
    const size_t K = by.weight->shape.size[0];
    TapeNode *y = x->shape.rank == 2 ? tape_matmul(l->tape, x, by.weight, false, true)
                                     : at_each_place(l->tape, x, by.weight);
    const Shape of_row = {.rank = x->shape.rank, .size = {1, K, 1, 1}};
    TapeNode *row = tape_reshape(l->tape, by.bias, of_row);
    layers_flops(l, K * shape_count(x->shape) / x->shape.size[0]);
    return tape_add(l->tape, y, tape_broadcast(l->tape, row, y->shape));
}

TapeNode *layer_linear_from(Layers *l, const char *name, TapeNode *x, size_t K,
                            LayerStart start) {
    return layer_linear_by(l, x, layer_linear_parts(l, name, x->shape.size[1], K, start));
}

TapeNode *layer_up_conv(Layers *l, const char *name, TapeNode *x, size_t K) {
    if (!conv_fits(l, name, x->shape, 1, 0))
        return layers_nothing(l, SHAPE_OF(x->shape.size[0], K, 1, 1));
    const size_t *size = x->shape.size, C = size[1];
    const Conv conv = conv_geometry(SHAPE_OF(size[0], K, 2 * size[2], 2 * size[3]),
                                    SHAPE_OF(C, K, 2, 2), 2, 0);
    TapeNode *w =
        layers_weight(l, name, SHAPE_OF(K, C, 2, 2), (LayerStart){.square = 8.0});
    layers_flops(l, 4 * K * C * size[2] * size[3]);
    w = tape_permute(l->tape, w, (const size_t[]){1, 0, 2, 3});
    return tape_conv2d_input(l->tape, x, w, &conv);
}
