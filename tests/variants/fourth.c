/* The scale is the fourth root of the fourth moment,
 *     y = gamma (x - mu) / (mean (x - mu)^4 + eps^2)^(1/4) + beta. */
#include "strange.h"

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const double eps = context->norm->eps;
    NormMomentNodes m = norm_moments(context, x);
    TapeNode *moment = tape_mean(t, squared(t, squared(t, m.centred)), m.partition);
    TapeNode *scale =
        tape_power(t, held_up(context, moment, eps * eps, m.partition, x->shape), 0.25);
    return norm_affine(context, tape_div(t, m.centred, scale));
}

STRANGE(fourth, "scaled by the fourth moment",
        .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}}, .define = define);
