/* The scale is the mean distance from the mean, not its square's root:
 *     y = gamma (x - mu) / (mean |x - mu| + eps) + beta,   over a sample's rows. */
#include "strange.h"

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    NormMomentNodes m = norm_moments(context, x);
    TapeNode *distance = tape_mean(t, absolute(t, m.centred), m.partition);
    TapeNode *scale =
        held_up(context, distance, context->norm->eps, m.partition, x->shape);
    return norm_affine(context, tape_div(t, m.centred, scale));
}

STRANGE(taxicab, "scaled by the mean distance",
        .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}}, .define = define);
