/* What is observed, as nodes: for who takes a normalizer elsewhere, state and all. What a step
 * remembers is computed by kernels and from rows; here the same stands on the tape. */
#include "internal.h"

bool norm_sees(const NormContext *context) {
    return context->seen && context->mode == NORM_TRAIN && context->mask == NULL;
}

void norm_see(const NormContext *context, size_t i, TapeNode *node) {
    if (norm_sees(context)) context->seen[i] = node;
}

TapeNode *norm_unbiased(Tape *t, TapeNode *biased, const Partition *p) {
    const double count = (double)partition_count(p, 0);
    TapeNode *elements = tape_fill(t, biased->shape, count),
             *left = tape_fill(t, biased->shape, count - 1.0);
    return tape_div(t, tape_mul(t, biased, elements), left);
}

/* The mean over blocks of samples of cells [blocks C]. */
static TapeNode *over_blocks(Tape *t, TapeNode *cells, size_t C) {
    const ShapeLattice at = {shape_count(cells->shape) / C, C, 1};
    if (at.N == 1) return cells;
    const Partition *all = partition_blocks(tape_arena(t), at, at.N, 1, false);
    return tape_mean(t, tape_reshape(t, cells, SHAPE_OF(at.N, C, 1)), all);
}

void seen_channels(const NormContext *context, TapeNode *x, size_t block) {
    Tape *t = context->tape;
    const ShapeLattice at = shape_lattice(x->shape);
    const bool uncentred = context->norm->uncentred;
    if (context->whole) block = at.N;
    const Partition *p = partition_blocks(tape_arena(t), at, block, 1, false);
    if (uncentred) {
        TapeNode *square = tape_mean(t, tape_mul(t, x, x), p);
        norm_see(context, 0, over_blocks(t, square, at.C));
        return;
    }
    TapeNode *mean = tape_mean(t, x, p),
             *apart = tape_sub(t, x, tape_spread(t, mean, p, x->shape));
    TapeNode *biased = tape_mean(t, tape_mul(t, apart, apart), p);
    norm_see(context, 0, over_blocks(t, mean, at.C));
    norm_see(context, 1, over_blocks(t, norm_unbiased(t, biased, p), at.C));
}
