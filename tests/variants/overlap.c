/* Overlapping groups: channel c has the moments of channels c and c + 1 (the last one with
 * the first), of its sample and all positions. No partition says it. */
#include "strange.h"

/* Rows [N, C] of the next channel. */
static TapeNode *next_channel(Tape *t, TapeNode *rows, ShapeLattice at) {
    size_t *index = arena_take(tape_arena(t), at.N * at.C, sizeof *index);
    for (size_t n = 0; n < at.N; n++)
        for (size_t c = 0; c < at.C; c++) index[n * at.C + c] = n * at.C + (c + 1) % at.C;
    return tape_gather(t, rows, index, rows->shape);
}

static TapeNode *half_of(Tape *t, TapeNode *a, TapeNode *b) {
    return tape_mul(t, tape_add(t, a, b), number(t, a, 0.5));
}

/* The pair's variance: that inside its rows, and (m - m')^2 / 4 between them. */
static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const ShapeLattice at = shape_lattice(x->shape);
    const Partition *rows = partition_blocks(tape_arena(t), at, 1, 1, false);
    NormMomentNodes row = norm_moments_over(context, x, rows);
    TapeNode *mean = half_of(t, row.mean, next_channel(t, row.mean, at));
    TapeNode *inside = half_of(t, row.variance, next_channel(t, row.variance, at));
    TapeNode *apart = tape_sub(t, row.mean, mean);
    TapeNode *variance = tape_add(t, inside, squared(t, apart));
    TapeNode *std = tape_sqrt(
        t, held_up(context, variance, context->norm->eps, row.partition, x->shape));
    TapeNode *centred =
        tape_add(t, row.centred, tape_spread(t, apart, row.partition, x->shape));
    return norm_affine(context, tape_div(t, centred, std));
}

/* A pair has two channels, where there are two. */
STRANGE(overlap, "groups of two that overlap",
        .cell = {{.block = 1, .width = 2, .moments = {NORM_OWN, NORM_OWN}}},
        .cells = "one sample x two channels that overlap x all positions",
        .define = define);
