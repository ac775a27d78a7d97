/* The variance of those within two standard deviations, of a channel over the batch: a step
 * chooses them, and its derivative is 0. */
#include "strange.h"

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    NormMomentNodes m = norm_moments(context, x);
    TapeNode *d2 = squared(t, m.centred);
    TapeNode *limit = tape_spread(t, tape_mul(t, m.variance, number(t, m.variance, 4.0)),
                                  m.partition, x->shape);
    TapeNode *near = tape_sub(t, number(t, x, 1.0), tape_step(t, tape_sub(t, d2, limit)));
    TapeNode *inside = tape_div(t, tape_mean(t, tape_mul(t, near, d2), m.partition),
                                tape_mean(t, near, m.partition));
    TapeNode *std =
        tape_sqrt(t, held_up(context, inside, context->norm->eps, m.partition, x->shape));
    return norm_affine(context, tape_div(t, m.centred, std));
}

STRANGE(trimmed, "the variance without outliers",
        .cell = {{.width = 1, .moments = {NORM_OWN, NORM_OWN}}}, .define = define);
