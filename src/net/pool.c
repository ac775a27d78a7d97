/* Layers without parameters: what is together is made one, or taken apart. */
#include "internal.h"

TapeNode *layer_pool(Layers *l, TapeNode *x) {
    const Partition *p =
        partition_blocks(tape_arena(l->tape), shape_lattice(x->shape), 1, 1, false);
    p = partition_masked(tape_arena(l->tape), p, layers_mask(l, shape_lattice(x->shape)));
    return tape_reshape(l->tape, tape_mean(l->tape, x, p), SHAPE_OF(p->N, p->C));
}

TapeNode *layer_flat(Layers *l, TapeNode *x) {
    const size_t N = x->shape.size[0];
    if (x->shape.rank == 2) return x;
    return tape_reshape(l->tape, x, SHAPE_OF(N, shape_count(x->shape) / N));
}

/* With its last once more, where there is an odd number of them along an axis. */
static TapeNode *evened(Tape *t, TapeNode *x, size_t axis) {
    const size_t size = x->shape.size[axis];
    if (size % 2 == 0) return x;
    TapeNode *last =
        tape_pad(t, tape_slice(t, x, axis, size - 1, 1), axis, size, size + 1);
    return tape_add(t, tape_pad(t, x, axis, 0, size + 1), last);
}

/* The larger of each two that stand `inner` elements apart. */
static TapeNode *larger_of_two(Tape *t, TapeNode *x, size_t inner) {
    x = tape_reshape(t, x, SHAPE_OF(shape_count(x->shape) / (2 * inner), 2, inner));
    TapeNode *second = tape_slice(t, x, 1, 1, 1);
    return tape_max(t, tape_slice(t, x, 1, 0, 1), second);
}

TapeNode *layer_max_pool(Layers *l, TapeNode *x) {
    Tape *t = l->tape;
    x = evened(t, evened(t, x, 2), 3);
    const size_t *size = x->shape.size;
    TapeNode *y = larger_of_two(t, larger_of_two(t, x, size[3]), 1);
    return tape_reshape(t, y, SHAPE_OF(size[0], size[1], size[2] / 2, size[3] / 2));
}

/* Its first rows and columns, as many as another has. */
static TapeNode *cut_to(Tape *t, TapeNode *x, const TapeNode *onto) {
    for (size_t axis = 2; axis < x->shape.rank; axis++)
        x = tape_slice(t, x, axis, 0, onto->shape.size[axis]);
    return x;
}

TapeNode *layer_up_nearest(Layers *l, TapeNode *x, const TapeNode *onto) {
    Tape *t = l->tape;
    const size_t N = x->shape.size[0], C = x->shape.size[1], H = x->shape.size[2],
                 W = x->shape.size[3];
    x = tape_reshape(t, x, SHAPE_OF(N * C * H, 1, W, 1));
    x = tape_broadcast(t, x, SHAPE_OF(N * C * H, 2, W, 2));
    return cut_to(t, tape_reshape(t, x, SHAPE_OF(N, C, 2 * H, 2 * W)), onto);
}

TapeNode *layer_concat(Layers *l, TapeNode *a, TapeNode *b) {
    Tape *t = l->tape;
    const size_t A = a->shape.size[1], C = A + b->shape.size[1];
    b = tape_pad(t, cut_to(t, b, a), 1, A, C);
    return tape_add(t, tape_pad(t, a, 1, 0, C), b);
}
