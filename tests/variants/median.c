/* About the median of a sample's channels at a position (the upper one of two), which is
 * found by value: the program's indices depend on x. */
#include "strange.h"

/* The position in [N, C, L] of the median of (n, l). */
static size_t median_at(const double *x, ShapeLattice at, size_t n, size_t l) {
    for (size_t c = 0; c < at.C; c++) {
        const size_t i = (n * at.C + c) * at.L + l;
        size_t before = 0;
        for (size_t k = 0; k < at.C; k++) {
            const size_t j = (n * at.C + k) * at.L + l;
            before += x[j] < x[i] || (x[j] == x[i] && j < i);
        }
        if (before == at.C / 2) return i;
    }
    return n * at.C * at.L + l; /* no number: any */
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const ShapeLattice at = shape_lattice(x->shape);
    size_t *index = arena_take(tape_arena(t), shape_count(x->shape), sizeof *index);
    for (size_t n = 0; n < at.N; n++)
        for (size_t l = 0; l < at.L; l++) {
            const size_t middle = median_at(x->value, at, n, l);
            for (size_t c = 0; c < at.C; c++) index[(n * at.C + c) * at.L + l] = middle;
        }
    TapeNode *d = tape_sub(t, x, tape_gather(t, x, index, x->shape));
    const Partition *p = partition_blocks(tape_arena(t), at, 1, at.C, true);
    TapeNode *scale = held_up(context, tape_mean(t, absolute(t, d), p),
                              context->norm->eps, p, x->shape);
    return norm_affine(context, tape_div(t, d, scale));
}

STRANGE(median, "about the median", .cells = "one sample x all channels x one position",
        .cell = {{.block = 1, .apart = true, .moments = {NORM_OWN, NORM_OWN}}},
        .define = define);
