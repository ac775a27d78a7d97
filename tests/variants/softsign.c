/* Layer normalization that saturates: y = gamma z / (1 + |z|) + beta, z = 8 xhat. */
#include "strange.h"

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    NormMomentNodes m = norm_moments(context, x);
    TapeNode *std = tape_sqrt(
        t, held_up(context, m.variance, context->norm->eps, m.partition, x->shape));
    TapeNode *z = tape_mul(t, tape_div(t, m.centred, std), number(t, x, 8.0));
    return norm_affine(context,
                       tape_div(t, z, tape_add(t, number(t, x, 1.0), absolute(t, z))));
}

STRANGE(softsign, "a layer that saturates",
        .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}}, .define = define);
