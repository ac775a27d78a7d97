/* A parameter that does nothing (its derivative is 0), and one that acts on half of the
 * channels. */
#include "strange.h"

static void declare(Norm *norm) {
    norm_add_param(norm, "idle", NORM_PARAM_FACTOR, norm->channels, 1.0);
    norm_add_param(norm, "half", NORM_PARAM_FACTOR, 1, 1.0);
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const ShapeLattice at = shape_lattice(x->shape);
    double *even = tape_room(t, shape_count(x->shape));
    for (size_t i = 0; i < shape_count(x->shape); i++)
        even[i] = i / at.L % at.C % 2 == 0 ? 1.0 : 0.0;
    TapeNode *half = norm_repeat(t, norm_operand(context, "half"), x->shape);
    TapeNode *std = norm_moments(context, x).variance;
    TapeNode *none = tape_mul(t, norm_repeat(t, norm_operand(context, "idle"), x->shape),
                              number(t, x, 0.0));
    NormMomentNodes m = norm_moments(context, x);
    std = tape_sqrt(t, held_up(context, std, context->norm->eps, m.partition, x->shape));
    TapeNode *xhat = tape_add(t, tape_div(t, m.centred, std), none);
    return norm_affine(context, tape_select(t, tape_leaf(t, x->shape, even),
                                            tape_mul(t, half, xhat), xhat));
}

STRANGE(idle, "a parameter that does nothing",
        .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}}, .declare = declare,
        .define = define);
