/* Divided by a channel's mean |x|: the batch's in training, what was remembered of it in
 * evaluation. A state of its own, and no mean. */
#include "strange.h"

static void declare(Norm *norm) {
    norm_add_state(norm, "running_size", NORM_STATE_SIZE, norm->channels, 1.0);
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const ShapeLattice at = shape_lattice(x->shape);
    const Partition *p = partition_blocks(tape_arena(t), at, at.N, 1, false);
    TapeNode *size = context->mode == NORM_EVAL
                         ? tape_leaf(t, SHAPE_OF(at.C), context->state[0])
                         : tape_mean(t, absolute(t, x), p);
    for (size_t c = 0; context->mode == NORM_TRAIN && context->observed && c < at.C; c++)
        context->observed[0][c] = size->value[c];
    norm_see(context, 0, size);
    TapeNode *scale = held_up(context, size, context->norm->eps, p, x->shape);
    return norm_affine(context, tape_div(t, x, scale));
}

STRANGE(remembered, "divided by a remembered size",
        .cells = "all samples x one channel x all positions", .declare = declare,
        .cell = {{.width = 1, .moments = {NORM_OWN, NORM_GIVEN}}}, .define = define);
