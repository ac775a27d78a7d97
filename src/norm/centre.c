/* x less the mean of its cell, over elements, with the digits that kernels keep: the mean as a
 * double near it and what is left (moments.h). Its definition is what equations say. */
#include "written.h"
#include "sum.h"

#include <string.h>

static void centre_forward(Tape *tape, TapeNode *y) {
    const Partition *p = y->detail;
    Arena *arena = tape_arena(tape);
    ArenaMark mark = arena_mark(arena);
    const size_t cells = partition_cells(p);
    Moments *moments = TAKE(arena, Moments, cells);
    double *shift = TAKE(arena, double, cells), *offset = TAKE(arena, double, cells);
    partition_moments(moments, y->in[0]->value, p);
    for (size_t i = 0; i < cells; i++) {
        const Moments m = moments_plain(moments[i]);
        shift[i] = -m.shift, offset[i] = -m.offset;
    }
    memcpy(y->value, y->in[0]->value, shape_count(y->shape) * sizeof *y->value);
    partition_spread(y->value, shift, p, 1.0);
    partition_spread(y->value, offset, p, 1.0);
    arena_rewind(arena, mark);
}

/* dx = dy - mean of dy over the cell, added to what is there as one number. */
static void centre_backward(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                            const double *beta) {
    const Partition *p = y->detail;
    Arena *arena = tape_arena(tape);
    ArenaMark mark = arena_mark(arena);
    const size_t n = shape_count(y->shape);
    double *mean = TAKE(arena, double, partition_cells(p)),
           *own = beta[0] == 0.0 ? dx[0] : TAKE(arena, double, n);
    partition_mean(mean, g, p);
    for (size_t i = 0; i < partition_cells(p); i++) mean[i] = -mean[i];
    memcpy(own, g, n * sizeof *own);
    partition_spread(own, mean, p, 1.0);
    if (own != dx[0]) vector_add(dx[0], own, n, beta[0]);
    arena_rewind(arena, mark);
}

static TapeNode *defined(Tape *t, TapeNode *x, const Partition *p) {
    TapeNode *mean = tape_mean(t, x, p);
    return tape_sub(t, x, tape_spread(t, mean, p, x->shape));
}

static TapeNode *centre_define(Tape *t, TapeNode *y) {
    return defined(t, y->in[0], y->detail);
}

static const Op op_centre = {.name = "centre",
                             .forward = centre_forward,
                             .backward = centre_backward,
                             .define = centre_define};

TapeNode *centre_apply(const NormContext *context, TapeNode *x, const Partition *p) {
    Tape *t = context->tape;
    if (context->definitions) return defined(t, x, p);
    return tape_write(t, &op_centre, x->shape, &x, 1, p, NULL);
}
