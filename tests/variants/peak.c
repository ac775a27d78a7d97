/* Divided by the largest |x| of the sample's channels, each position by itself: a chain of
 * maxima, and at the largest a derivative of 0. */
#include "strange.h"

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const ShapeLattice at = shape_lattice(x->shape);
    TapeNode *rows = tape_reshape(t, absolute(t, x), SHAPE_OF(at.N, at.C, at.L)),
             *most = NULL;
    for (size_t c = 0; c < at.C; c++) {
        TapeNode *one = tape_slice(t, rows, 1, c, 1);
        most = most ? tape_max(t, most, one) : one;
    }
    most = tape_reshape(t, tape_broadcast(t, most, rows->shape), x->shape);
    TapeNode *eps = number(t, x, context->norm->eps);
    return norm_affine(context, tape_div(t, x, tape_add(t, most, eps)));
}

STRANGE(peak, "divided by the largest",
        .cells = "one sample x all channels x one position",
        .cell = {{.block = 1, .apart = true, .moments = {NORM_OWN, NORM_OWN}}},
        .define = define);
