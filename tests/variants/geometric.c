/* The scale is a geometric mean, exp(mean log((x - mu)^2 + eps) / 2). */
#include "strange.h"

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    NormMomentNodes m = norm_moments(context, x);
    TapeNode *power =
        tape_add(t, squared(t, m.centred), number(t, x, context->norm->eps));
    TapeNode *mean = tape_mean(t, tape_log(t, power), m.partition);
    TapeNode *scale = tape_exp(t, tape_mul(t, mean, number(t, mean, -0.5)));
    return norm_affine(
        context, tape_mul(t, m.centred, tape_spread(t, scale, m.partition, x->shape)));
}

STRANGE(geometric, "scaled by a geometric mean",
        .cell = {{.width = 1, .moments = {NORM_OWN, NORM_OWN}}}, .define = define);
