/* Elements moved, repeated or left out, never changed: each adjoint is another of the
 * family. */
#include "detail.h"
#include "house.h"
#include "op.h"

#include <string.h>

#define ARITH_TEMPLATE "arrange.inc"
#include "arith_each.h"

/* ---- reshape --------------------------------------------------------------------- */

static void reshape_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_reshape(t, g, y->in[0]->shape);
}

static const Op op_reshape = {.name = "reshape",
                              .rounding = OP_ROUNDING_MOVES,
                              .replay = OP_REPLAYS(reshape),
                              .adjoint = reshape_adjoint};

TapeNode *tape_reshape(Tape *tape, TapeNode *a, Shape shape) {
    REQUIRE(shape_count(shape) == shape_count(a->shape), "reshape to another count");
    return tape_write(tape, &op_reshape, shape, &a, 1, NULL, NULL);
}

/* ---- permute --------------------------------------------------------------------- */

static void permute_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    const size_t *axes = y->detail;
    size_t inverse[SHAPE_MAX_RANK];
    for (size_t i = 0; i < y->shape.rank; i++) inverse[axes[i]] = i;
    dx[0] = tape_permute(t, g, inverse);
}

static const Op op_permute = {.name = "permute",
                              .rounding = OP_ROUNDING_MOVES,
                              .replay = OP_REPLAYS(permute),
                              .adjoint = permute_adjoint};

TapeNode *tape_permute(Tape *tape, TapeNode *a, const size_t *axes) {
    size_t *detail = TAKE(tape_arena(tape), size_t, SHAPE_MAX_RANK), seen = 0;
    Shape shape = a->shape;
    for (size_t i = 0; i < shape.rank; i++) {
        REQUIRE(axes[i] < shape.rank, "permute: axis %zu of rank %zu", axes[i],
                shape.rank);
        seen |= (size_t)1 << axes[i];
        detail[i] = axes[i];
        shape.size[i] = a->shape.size[axes[i]];
    }
    REQUIRE(seen == ((size_t)1 << shape.rank) - 1, "permute: an axis twice");
    return tape_write(tape, &op_permute, shape, &a, 1, detail, NULL);
}

/* ---- slice and pad: a window of one axis, and zeros around it -------------------- */

static void slice_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    const Window *w = y->detail;
    dx[0] = tape_pad(t, g, w->axis, w->from, w->whole);
}

static void pad_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    const Window *w = y->detail;
    dx[0] = tape_slice(t, g, w->axis, w->from, w->size);
}

static const Op op_slice = {.name = "slice",
                            .rounding = OP_ROUNDING_MOVES,
                            .replay = OP_REPLAYS(slice),
                            .adjoint = slice_adjoint};
static const Op op_pad = {.name = "pad",
                          .rounding = OP_ROUNDING_MOVES,
                          .replay = OP_REPLAYS(pad),
                          .adjoint = pad_adjoint};

static TapeNode *write_window(Tape *tape, const Op *op, TapeNode *a, Window window,
                              size_t size) {
    REQUIRE(window.axis < a->shape.rank, "%s: axis %zu", op->name, window.axis);
    REQUIRE(window.size > 0 && window.size <= window.whole &&
                window.from <= window.whole - window.size,
            "%s: %zu elements from %zu of %zu", op->name, window.size, window.from,
            window.whole);
    Window *detail = TAKE(tape_arena(tape), Window, 1);
    *detail = window;
    Shape shape = a->shape;
    shape.size[window.axis] = size;
    return tape_write(tape, op, shape, &a, 1, detail, NULL);
}

TapeNode *tape_slice(Tape *tape, TapeNode *a, size_t axis, size_t from, size_t size) {
    return write_window(tape, &op_slice, a,
                        (Window){axis, from, size, a->shape.size[axis]}, size);
}

TapeNode *tape_pad(Tape *tape, TapeNode *a, size_t axis, size_t before, size_t size) {
    return write_window(tape, &op_pad, a,
                        (Window){axis, before, a->shape.size[axis], size}, size);
}

/* ---- gather and scatter: any map of flat positions ------------------------------- */

static void gather_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_scatter(t, g, y->detail, y->in[0]->shape);
}

static void scatter_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_gather(t, g, y->detail, y->in[0]->shape);
}

static const Op op_gather = {.name = "gather",
                             .rounding = OP_ROUNDING_MOVES,
                             .replay = OP_REPLAYS(gather),
                             .adjoint = gather_adjoint};
static const Op op_scatter = {.name = "scatter",
                              .rounding = OP_ROUNDING_SUMS,
                              .replay = OP_REPLAYS(scatter),
                              .adjoint = scatter_adjoint};

static const size_t *copy_index(Tape *tape, const size_t *index, size_t count,
                                size_t bound) {
    size_t *copy = TAKE(tape_arena(tape), size_t, count);
    for (size_t i = 0; i < count; i++) {
        REQUIRE(index[i] < bound, "index[%zu] = %zu of %zu", i, index[i], bound);
        copy[i] = index[i];
    }
    return copy;
}

TapeNode *tape_gather(Tape *tape, TapeNode *a, const size_t *index, Shape shape) {
    const size_t *detail =
        copy_index(tape, index, shape_count(shape), shape_count(a->shape));
    return tape_write(tape, &op_gather, shape, &a, 1, detail, NULL);
}

TapeNode *tape_scatter(Tape *tape, TapeNode *a, const size_t *index, Shape shape) {
    const size_t *detail =
        copy_index(tape, index, shape_count(a->shape), shape_count(shape));
    return tape_write(tape, &op_scatter, shape, &a, 1, detail, NULL);
}
