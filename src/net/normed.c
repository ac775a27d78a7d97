/* Layers that are normalizers: whether one can stand where it is wanted, and what it is told
 * when it runs. */
#include "internal.h"
#include "text.h"

/* A normalizer must be able to work where it stands. */
static const Norm *fitting_norm(Declared *d, const char *place, ShapeLattice x,
                                BaseError *error) {
    const char *spec = norms_at(&d->norms, place, d->matched, error);
    if (spec == NULL) return NULL;
    BaseError own = {.set = false};
    const Norm *norm = norm_new(d->arena, spec, x.C, &own);
    if (norm == NULL) {
        base_fail(error, own.code, 0, "%s", spec_error(d->arena, spec, &own));
        return NULL;
    }
    if (!norm_fits(d->arena, norm, x, NORM_TRAIN, error) ||
        !norm_standardizes(d->arena, norm, x, NORM_TRAIN, error))
        return NULL;
    if (!d->net->face.causal || !norm_looks_ahead(norm, x)) return norm;
    base_fail(error, EX_USAGE, 0,
              "%s shows each position those that follow, and the next symbol is to be "
              "told; position, position(G), position(center=no) or batch would do",
              norm->spec);
    return NULL;
}

/* Parameters and state of what stands there; gamma, if there is one, begins at this. */
static void declare_own(Declared *d, const NetNorm *place, double gamma) {
    const Norm *norm = place->norm;
    for (size_t i = 0; i < norm->params; i++) {
        const NormParam *p = &norm->param[i];
        const bool is_gamma = i == norm_place(norm, NORM_PARAM_SCALE);
        layers_declare_param(
            d, (NetParam){.name = text_print(d->arena, "%s.%s", place->name, p->name),
                          .shape = SHAPE_OF(p->count),
                          .normalizer = true,
                          .decayed = p->decayed,
                          .least = p->least,
                          .most = p->most,
                          .role = p->role,
                          .initial = is_gamma ? gamma : p->initial,
                          .std = p->std,
                          .start = p->start});
    }
    for (size_t i = 0; i < norm->states; i++) d->net->states += norm->state[i].count;
}

static void declare_norm(Layers *l, const char *name, Shape shape, double gamma) {
    const ShapeLattice x = shape_lattice(shape);
    Declared *d = l->declared;
    Net *net = d->net;
    BaseError error = {.set = false};
    NetNorm place = {.name = layers_full_name(l, d->arena, name),
                     .param = net->params,
                     .state = net->states,
                     .sees = {1, x.C, x.L},
                     .shape = shape};
    if (d->error->set) return;
    if (!d->names && (place.norm = fitting_norm(d, place.name, x, &error)) == NULL) {
        layers_refuse(l, name, "%s", error.message);
        return;
    }
    if (place.norm) declare_own(d, &place, gamma);
    net->norm =
        layers_room(d->arena, net->norm, net->norms, &d->norm_room, sizeof *net->norm);
    net->norm[net->norms++] = place;
    l->params = net->params;
}

/* A call, which the normalizer must be able to: evaluation has any number of samples. */
static TapeNode *call_norm(const NetPass *pass, const NormContext *context, TapeNode *x) {
    BaseError error = {.set = false};
    norm_fits(tape_arena(pass->tape), context->norm, shape_lattice(x->shape),
              context->mode, &error);
    die_if(&error);
    return pass->definitions ? norm_define(context, x) : norm_apply(context, x);
}

/* What a step would see of x: evaluation observes nothing by itself. */
static void observe(const NetPass *pass, NormContext context, TapeNode *x) {
    context.mode = NORM_TRAIN, context.relu = false;
    call_norm(pass, &context, x);
}

static TapeNode *run_norm(Layers *l, const NetNorm *part, TapeNode *x, bool relu) {
    const NetPass *pass = l->pass;
    const Norm *norm = part->norm;
    TapeNode *param[NORM_MAX_PARAMS];
    const double *state[NORM_MAX_STATES];
    double *observed[NORM_MAX_STATES];
    for (size_t i = 0; i < norm->params; i++)
        param[i] = layers_param_node(l, l->params++);
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
                           .observed = pass->observed ? observed : NULL,
                           .whole = pass->whole,
                           .mask = layers_mask(l, shape_lattice(x->shape)),
                           .relu = relu};
    if (context.mask && norm_unmasked(norm)) {
        BaseError error = {.set = false};
        base_fail(&error, EX_USAGE, 0,
                  "layer %s: where a %s is shorter than others %s takes no mask: %s",
                  part->name, l->net->face.input[0].name, norm->spec,
                  norm_unmasked(norm));
        die_if(&error);
    }
    if (pass->observes && pass->mode == NORM_EVAL) observe(pass, context, x);
    return call_norm(pass, &context, x);
}

/* What gamma begins at, and what follows; the relu is the normalizer's own. */
static TapeNode *norm_and(Layers *l, const char *name, TapeNode *x, double gamma,
                          LayerActivation *activate) {
    if (l->declared) {
        layers_note_before(l->declared, x);
        declare_norm(l, name, x->shape, gamma);
        return layers_nothing(l, x->shape);
    }
    const NetNorm *part = &l->net->norm[l->norms++];
    VERIFY(part->param == l->params && layers_is_part(l, name, part->name),
           "%s%s was declared as %s", l->within, name, part->name);
    if (norm_activates(part->norm)) activate = NULL;
    NetWatch *watch = l->pass->watch ? &l->pass->watch[part - l->net->norm] : NULL;
    const bool fused = activate == tape_relu && watch == NULL;
    TapeNode *y = run_norm(l, part, x, fused);
    if (watch) *watch = (NetWatch){x, y, layers_mask(l, shape_lattice(x->shape))};
    return activate && !fused ? activate(l->tape, y) : y;
}

TapeNode *layer_norm_from(Layers *l, const char *name, TapeNode *x, double gamma) {
    return norm_and(l, name, x, gamma, NULL);
}

TapeNode *layer_norm(Layers *l, const char *name, TapeNode *x) {
    return layer_norm_from(l, name, x, 1.0);
}

TapeNode *layer_norm_activated(Layers *l, const char *name, TapeNode *x,
                               LayerActivation *activate) {
    return norm_and(l, name, x, 1.0, activate);
}

TapeNode *layer_norm_relu(Layers *l, const char *name, TapeNode *x) {
    return layer_norm_activated(l, name, x, tape_relu);
}
