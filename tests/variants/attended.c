/* Moments weighed by a softmax over the positions of a row: w = softmax(sharp x / rms). */
#include "strange.h"

static void declare(Norm *norm) {
    norm_add_param(norm, "sharp", NORM_PARAM_FACTOR, norm->channels, 1.0);
}

/* w a, summed over the positions of each row, at each of them; a is [N, C, L]. */
static TapeNode *weighed(Tape *t, TapeNode *w, TapeNode *a, const Partition *rows) {
    const double L = (double)rows->L;
    TapeNode *sum = tape_mean(t, tape_mul(t, w, a), rows);
    return tape_spread(t, tape_mul(t, sum, number(t, sum, L)), rows, a->shape);
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const ShapeLattice at = shape_lattice(x->shape);
    TapeNode *eps = number(t, x, context->norm->eps);
    NormMomentNodes m = norm_moments(context, x); /* of each row */
    TapeNode *square = tape_spread(t, m.variance, m.partition, x->shape);
    TapeNode *xhat = tape_div(t, m.centred, tape_sqrt(t, tape_add(t, square, eps)));
    TapeNode *sharp = norm_repeat(t, norm_operand(context, "sharp"), x->shape);
    TapeNode *logits =
        tape_reshape(t, tape_mul(t, sharp, xhat), SHAPE_OF(at.N, at.C, at.L));
    TapeNode *w = tape_reshape(t, tape_softmax(t, logits), x->shape);
    TapeNode *d = tape_sub(t, m.centred, weighed(t, w, m.centred, m.partition));
    TapeNode *spread = weighed(t, w, squared(t, d), m.partition);
    return norm_affine(context, tape_div(t, d, tape_sqrt(t, tape_add(t, spread, eps))));
}

STRANGE(attended, "moments of what stands out",
        .cell = {{.block = 1, .width = 1, .moments = {NORM_OWN, NORM_OWN}}},
        .declare = declare, .define = define);
