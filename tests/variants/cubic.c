/* gamma xhat^3 + beta, xhat of the batch. */
#include "strange.h"

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    NormMomentNodes m = norm_moments(context, x);
    TapeNode *std = tape_sqrt(
        t, held_up(context, m.variance, context->norm->eps, m.partition, x->shape));
    return norm_affine(context, tape_power(t, tape_div(t, m.centred, std), 3.0));
}

STRANGE(cubic, "the cube of what batch gives",
        .cell = {{.width = 1, .moments = {NORM_OWN, NORM_OWN}}}, .define = define);
