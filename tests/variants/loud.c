/* Layer normalization between 1e-100 and 1e100: both are taken back exactly nowhere. */
#include "strange.h"

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    NormMomentNodes m = norm_moments(context, x);
    TapeNode *std = tape_sqrt(
        t, held_up(context, m.variance, context->norm->eps, m.partition, x->shape));
    TapeNode *quiet = tape_mul(t, m.centred, number(t, x, 1e-100));
    return norm_affine(context, tape_mul(t, tape_div(t, quiet, std), number(t, x, 1e90)));
}

STRANGE(loud, "a layer of very small numbers",
        .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}}, .define = define);
