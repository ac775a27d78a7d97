/* Networks as lists of named parts, declared once and run many times. */
#include "build.h"

#include <math.h>
#include <string.h>

/* ---- architectures --------------------------------------------------------------- */

static const NetKind KINDS[] = {
    {"resnet",
     "resnet(depth=D, width=W, stem_stride=S, weights=plain|standardized|normalized)",
     "residual network for small images, He et al. 2016: depth 6n+2, option B shortcuts"},
};

const NetKind *net_kinds(size_t *count) {
    *count = COUNT_OF(KINDS);
    return KINDS;
}

/* The one architecture there is; a second one makes this a table of functions. */
static bool declare(Build *build, const char *text) {
    const Spec *spec = spec_parse(build->arena, text, build->error);
    if (spec == NULL) return false;
    const char *name = KINDS[0].name;
    if (strcmp(spec->word, name) != 0)
        return fail(build->error, EX_USAGE, spec->at, "no network '%s'%s; there is %s",
                    spec->word, text_hint(build->arena, spec->word, &name, 1),
                    KINDS[0].usage);
    Arguments arguments = arguments_of(build->arena, spec);
    Text canonical = text_new(build->arena);
    if (!resnet_build(build, &arguments, &canonical)) return false;
    build->net->spec = text_print(build->arena, "%s(%s)", name, canonical.data);
    return true;
}

const Net *net_new(Arena *arena, const char *text, const char *norm, NetImage image,
                   size_t batch, Error *error) {
    Net *net = ZERO(arena, Net, 1);
    net->image = image;
    Build build = {
        .arena = arena, .net = net, .norm = norm, .batch = batch, .error = error};
    return declare(&build, text) && !error->set ? net : NULL;
}

const char *net_canonical(Arena *arena, const char *text, Error *error) {
    const Net *net = net_new(arena, text, NULL, (NetImage){1, 64, 64, 2}, 1, error);
    return net ? net->spec : NULL;
}

/* ---- declaring ------------------------------------------------------------------- */

/* An array of `count` with room for one more; what is outgrown stays in the arena. */
static void *with_room(Arena *arena, void *array, size_t count, size_t *room,
                       size_t size) {
    if (count < *room) return array;
    *room = 2 * *room + 32;
    void *grown = arena_take(arena, *room, size);
    if (count > 0) memcpy(grown, array, count * size);
    return grown;
}

static size_t add_param(Build *build, NetParam param) {
    Net *net = build->net;
    net->param = with_room(build->arena, net->param, net->params, &build->param_room,
                           sizeof *net->param);
    param.offset = net->weights;
    param.count = shape_count(param.shape);
    net->weights += param.count;
    net->param[net->params] = param;
    return net->params++;
}

/* A weight of `inputs` for each unit, drawn with this std. */
static size_t add_weight(Build *build, const char *name, Shape shape, double std) {
    return add_param(build,
                     (NetParam){.name = text_print(build->arena, "%s.weight", name),
                                .shape = shape,
                                .decayed = true,
                                .std = std,
                                .least = -INFINITY,
                                .most = INFINITY});
}

size_t build_conv(Build *build, const char *name, size_t K, size_t C, size_t R) {
    const NetWeights *weighing = build->net->weighing;
    const size_t inputs = C * R * R;
    if (inputs < weighing->least_inputs)
        fail(build->error, EX_USAGE, 0,
             "layer %s: %s weights of %zu input would be 0; more width would do", name,
             weighing->name, inputs);
    return add_weight(build, name, SHAPE(K, C, R, R), sqrt(2.0 / (double)inputs));
}

size_t build_linear(Build *build, const char *name, size_t out, size_t in) {
    size_t first = add_weight(build, name, SHAPE(out, in), sqrt(1.0 / (double)in));
    add_param(build, (NetParam){.name = text_print(build->arena, "%s.bias", name),
                                .shape = SHAPE(out),
                                .decayed = true,
                                .least = -INFINITY,
                                .most = INFINITY});
    build_flops(build, out * in);
    return first;
}

/* They are the lengths of the weights that are used: decayed as those are. */
void build_gains(Build *build) {
    Net *net = build->net;
    const size_t before = net->params;
    for (size_t i = 0; i < before && net->weighing->gain; i++) {
        const NetParam *weight = &net->param[i];
        if (weight->std <= 0 || (weight->shape.rank == 2 && !net->weighing->linear))
            continue;
        const size_t stem = strlen(weight->name) - strlen("weight");
        NetParam gain = {
            .name = text_print(build->arena, "%.*sgain", (int)stem, weight->name),
            .shape = SHAPE(weight->shape.size[0]),
            .decayed = true,
            .initial = 1.0,
            .least = -INFINITY,
            .most = INFINITY,
            .gain_of = 1 + i};
        const size_t number = add_param(build, gain); /* may move the array */
        net->param[i].gain = number;
    }
}

void build_flops(Build *build, size_t multiply_adds) {
    build->net->flops += 2.0 * (double)multiply_adds;
}

/* A normalizer must be able to work where it stands; what is wrong is said with the
 * layer's name. */
static const Norm *fitting_norm(Build *build, const char *name, Lattice x) {
    Error error = {.set = false};
    const Norm *norm = norm_new(build->arena, build->norm, x.C, &error);
    if (norm && norm_fits(build->arena, norm, x, NORM_TRAIN, &error) &&
        norm_standardizes(build->arena, norm, x, NORM_TRAIN, &error))
        return norm;
    const char *why =
        norm ? error.message : spec_error(build->arena, build->norm, &error);
    fail(build->error, error.code, 0, "layer %s: %s", name, why);
    return NULL;
}

size_t build_norm(Build *build, const char *name, size_t C, size_t H, size_t W,
                  double gamma) {
    Net *net = build->net;
    Lattice sees = {1, C, H * W};
    if (build->norm == NULL || build->error->set) return 0;
    const Norm *norm = fitting_norm(build, name, (Lattice){build->batch, C, H * W});
    if (norm == NULL) return 0;
    NetNorm part = {.name = text_copy(build->arena, name, strlen(name)),
                    .norm = norm,
                    .param = net->params,
                    .state = net->states,
                    .sees = sees};
    for (size_t i = 0; i < norm->params; i++) {
        const NormParam *p = &norm->param[i];
        bool is_gamma = strcmp(p->name, "gamma") == 0;
        add_param(build,
                  (NetParam){.name = text_print(build->arena, "%s.%s", name, p->name),
                             .shape = SHAPE(p->count),
                             .normalizer = true,
                             .decayed = p->decayed,
                             .least = p->least,
                             .most = p->most,
                             .initial = is_gamma ? gamma : p->initial,
                             .start = p->start});
    }
    for (size_t i = 0; i < norm->states; i++) net->states += norm->state[i].count;
    net->norm = with_room(build->arena, net->norm, net->norms, &build->norm_room,
                          sizeof *net->norm);
    net->norm[net->norms] = part;
    return net->norms++;
}

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
        for (size_t s = 0; s < norm->states; s++)
            for (size_t k = 0; k < norm->state[s].count; k++)
                *values++ = norm->state[s].start ? norm->state[s].start[k]
                                                 : norm->state[s].initial;
    }
}

/* ---- running --------------------------------------------------------------------- */

Node *run_param(const Net *net, const NetPass *pass, size_t param) {
    if (pass->param) return pass->param[param];
    const NetParam *p = &net->param[param];
    const double *value = pass->weights + p->offset;
    if (pass->gradient == NULL && !pass->wanted)
        return tape_leaf(pass->tape, p->shape, value);
    return tape_parameter(pass->tape, p->shape, value,
                          pass->gradient ? pass->gradient + p->offset : NULL);
}

/* A layer's weight as it is used. */
static Node *run_weight(const Net *net, const NetPass *pass, size_t param) {
    const NetParam *p = &net->param[param];
    const NetWeights *weighing = net->weighing;
    Node *v = run_param(net, pass, param);
    if (weighing->apply == NULL || (p->shape.rank == 2 && !weighing->linear)) return v;
    return weighing->apply(pass->tape, v, p->gain ? run_param(net, pass, p->gain) : NULL);
}

Node *run_conv(const Net *net, const NetPass *pass, size_t param, Node *x, size_t stride,
               size_t pad) {
    return tape_conv2d(pass->tape, x, run_weight(net, pass, param), stride, pad);
}

Node *run_linear(const Net *net, const NetPass *pass, size_t param, Node *x) {
    Node *y = tape_matmul(pass->tape, x, run_weight(net, pass, param), false, true);
    Node *bias = run_param(net, pass, param + 1);
    Node *row = tape_reshape(pass->tape, bias, SHAPE(1, bias->shape.size[0]));
    return tape_add(pass->tape, y, tape_broadcast(pass->tape, row, y->shape));
}

Node *run_norm(const Net *net, const NetPass *pass, size_t index, Node *x) {
    const NetNorm *part = &net->norm[index];
    const Norm *norm = part->norm;
    Node *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    double *observed[NORM_MAX_STATES];
    for (size_t i = 0; i < norm->params; i++)
        param[i] = run_param(net, pass, part->param + i);
    for (size_t i = 0, at = part->state; i < norm->states; at += norm->state[i++].count) {
        state[i] = pass->state ? pass->state + at : NULL;
        observed[i] = pass->observed ? pass->observed + at : NULL;
    }
    NormContext context = {.tape = pass->tape,
                           .norm = norm,
                           .mode = pass->mode,
                           .epoch = pass->epoch,
                           .step = pass->step,
                           .param = param,
                           .state = state,
                           .observed = pass->observed ? observed : NULL};
    return pass->definitions ? norm_define(&context, x) : norm_apply(&context, x);
}

Node *run_norm_relu(const Net *net, const NetPass *pass, size_t index, Node *x) {
    Node *y = run_norm(net, pass, index, x);
    return norm_activates(net->norm[index].norm) ? y : tape_relu(pass->tape, y);
}

Node *run_pool(const NetPass *pass, Node *x) {
    const Partition *p =
        partition_blocks(tape_arena(pass->tape), shape_lattice(x->shape), 1, 1, false);
    return tape_reshape(pass->tape, tape_mean(pass->tape, x, p), SHAPE(p->N, p->C));
}

Node *net_logits(const Net *net, const NetPass *pass, Node *x) {
    return resnet_logits(net, pass, x);
}
