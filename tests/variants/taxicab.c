/* The scale is the mean distance from the mean, not its square's root:
 *     y = gamma (x - mu) / (mean |x - mu| + eps) + beta,   over a sample's rows. */
#include "strange.h"

static Node *define(const NormContext *context, Node *x) {
    Tape *t = context->tape;
    MomentNodes m = norm_moments(context, x);
    Node *distance = tape_mean(t, absolute(t, m.centred), m.partition);
    Node *scale = held_up(context, distance, context->norm->eps, m.partition, x->shape);
    return norm_affine(context, tape_div(t, m.centred, scale));
}

STRANGE(taxicab, "scaled by the mean distance",
        .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}}, .define = define);
