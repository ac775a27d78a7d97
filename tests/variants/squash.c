/* y = gamma tanh(alpha x) + beta: no moments at all (dynamic tanh). Far from 0 its
 * derivative underflows. */
#include "strange.h"

static void declare(Norm *norm) {
    norm_add_param(norm, "alpha", NORM_PARAM_FACTOR, 1, 0.5);
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    TapeNode *alpha = norm_repeat(t, norm_operand(context, "alpha"), x->shape);
    return norm_affine(context, tape_tanh(t, tape_mul(t, alpha, x)));
}

STRANGE(squash, "a hyperbolic tangent", .declare = declare, .define = define);
