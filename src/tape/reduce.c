/* Sums and means, and the repetitions that are their adjoints. */
#include "house.h"
#include "op.h"
#include "stretch.h"
#include "sum.h"

#include <math.h>
#include <string.h>

/* ---- broadcast and sum: axes of size 1 against axes of any size ------------------ */

/* Strides of `small` along the large shape's axes: 0 where it repeats. */
static void repeat_strides(size_t stride[SHAPE_MAX_RANK], Shape small) {
    for (size_t i = 0; i < SHAPE_MAX_RANK; i++) stride[i] = 0;
    if (shape_count(small) == 1) return;
    for (size_t i = small.rank, step = 1; i-- > 0; step *= small.size[i])
        stride[i] = small.size[i] == 1 ? 0 : step;
}

static void check_repeat(Shape small, Shape large, const char *name) {
    bool fits = shape_count(small) == 1 || small.rank == large.rank;
    for (size_t i = 0; fits && shape_count(small) != 1 && i < large.rank; i++)
        fits = small.size[i] == 1 || small.size[i] == large.size[i];
    REQUIRE(fits, "%s: the small shape does not repeat into the large one", name);
}

/* A walk over a large shape, row by row, that knows the element of the small one. A row is
 * the longest stretch along which the small shape repeats one element, or moves with it. */
typedef struct Walk {
    size_t rank, size[SHAPE_MAX_RANK], stride[SHAPE_MAX_RANK]; /* of what is not a row */
    size_t at[SHAPE_MAX_RANK];
    size_t row; /* elements */
    bool repeats;
    size_t small; /* element where the row begins */
} Walk;

static Walk walk_start(Shape small, Shape large) {
    Walk walk = {.rank = large.rank, .row = 1};
    repeat_strides(walk.stride, small);
    for (size_t i = 0; i < large.rank; i++) walk.size[i] = large.size[i];
    for (; walk.rank > 0; walk.rank--) {
        const size_t size = walk.size[walk.rank - 1];
        const bool repeats = walk.stride[walk.rank - 1] == 0;
        if (size > 1 && walk.row > 1 && repeats != walk.repeats) break;
        if (size > 1) walk.repeats = repeats;
        walk.row *= size;
    }
    return walk;
}

static void walk_on(Walk *walk) {
    for (size_t i = walk->rank; i-- > 0;) {
        walk->small += walk->stride[i];
        if (++walk->at[i] < walk->size[i]) return;
        walk->small -= walk->stride[i] * walk->size[i];
        walk->at[i] = 0;
    }
}

enum { FEW = 4, COLUMNS = 64 }; /* copied at once; cells that are summed side by side */

#define ARITH_TEMPLATE "reduce.inc"
#include "arith_each.h"

static void broadcast_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_sum(t, g, y->in[0]->shape);
}

static const Op op_broadcast = {.name = "broadcast",
                                .rounding = OP_ROUNDING_MOVES,
                                .replay = OP_REPLAYS(broadcast),
                                .adjoint = broadcast_adjoint};

TapeNode *tape_broadcast(Tape *tape, TapeNode *a, Shape shape) {
    check_repeat(a->shape, shape, "broadcast");
    return tape_write(tape, &op_broadcast, shape, &a, 1, NULL, NULL);
}

/* The elements of `large` that one element of `small` gathers, in order: a tree for
 * each. */
static double sum_into(const double *in, Shape large, const size_t *stride, size_t base) {
    size_t size[SHAPE_MAX_RANK], step[SHAPE_MAX_RANK], rank = 0, row[SHAPE_MAX_RANK],
                                                       product = 1;
    for (size_t i = large.rank; i-- > 0; product *= large.size[i]) row[i] = product;
    for (size_t i = 0; i < large.rank; i++)
        if (stride[i] == 0 && large.size[i] > 1) {
            size[rank] = large.size[i];
            step[rank++] = row[i];
        }
    if (rank == 0) return in[base];
    TreeSum tree;
    tree_clear(&tree);
    size_t at[SHAPE_MAX_RANK] = {0};
    for (size_t offset = base;;) {
        TREE_SUM(&tree, size[rank - 1], i, in[offset + i * step[rank - 1]])
        size_t i = rank - 1;
        for (; i-- > 0;) {
            offset += step[i];
            if (++at[i] < size[i]) break;
            offset -= step[i] * size[i];
            at[i] = 0;
        }
        if (i == SIZE_MAX) return tree_total(&tree);
    }
}

static void sum_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    Shape small = y->shape, large = y->in[0]->shape;
    size_t stride[SHAPE_MAX_RANK], at[SHAPE_MAX_RANK] = {0}, row[SHAPE_MAX_RANK],
                                   product = 1;
    repeat_strides(stride, small);
    for (size_t i = large.rank; i-- > 0; product *= large.size[i]) row[i] = product;
    for (size_t k = 0, n = shape_count(small), base = 0; k < n; k++) {
        y->value[k] = sum_into(y->in[0]->value, large, stride, base);
        for (size_t i = small.rank;
             i-- > 0;) { /* the next element of small, in large's rows */
            if (small.size[i] == 1) continue;
            base += row[i];
            if (++at[i] < small.size[i]) break;
            base -= row[i] * small.size[i];
            at[i] = 0;
        }
    }
}

static void sum_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_broadcast(t, g, y->in[0]->shape);
}

static const Op op_sum = {.name = "sum",
                          .rounding = OP_ROUNDING_SUMS,
                          .forward = sum_forward,
                          .replay = OP_REPLAYS(sum),
                          .adjoint = sum_adjoint};

TapeNode *tape_sum(Tape *tape, TapeNode *a, Shape shape) {
    check_repeat(shape, a->shape, "sum");
    return tape_write(tape, &op_sum, shape, &a, 1, NULL, NULL);
}

TapeNode *tape_sum_all(Tape *tape, TapeNode *a) {
    return tape_sum(tape, a, SHAPE_SCALAR);
}

/* ---- mean over a partition and spread (P-2, P-3) --------------------------------- */

/* The number of elements of each cell, as a leaf: exact, never its rounded reciprocal. Of an
 * empty one 1: nothing is gathered from it, and nothing is spread. */
static TapeNode *cell_counts(Tape *tape, const Partition *p) {
    size_t cells = partition_cells(p);
    double *count = tape_room(tape, cells);
    for (size_t i = 0; i < cells; i++) count[i] = (double)partition_count(p, i);
    for (size_t i = 0; p->mask && i < cells; i++) count[i] = fmax(count[i], 1.0);
    return tape_leaf(tape, SHAPE_OF(cells), count);
}

static void mean_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    partition_mean(y->value, y->in[0]->value, y->detail);
}

static void mean_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    TapeNode *share = tape_div(t, g, cell_counts(t, y->detail));
    dx[0] = tape_spread(t, share, y->detail, y->in[0]->shape);
}

static const Op op_mean = {.name = "mean",
                           .rounding = OP_ROUNDING_MEANS,
                           .forward = mean_forward,
                           .replay = OP_REPLAYS(mean),
                           .adjoint = mean_adjoint};

static void check_lattice(Shape shape, const Partition *p, const char *name) {
    ShapeLattice x = shape_lattice(shape);
    REQUIRE(x.N == p->N && x.C == p->C && x.L == p->L, "%s: another partition's shape",
            name);
}

TapeNode *tape_mean(Tape *tape, TapeNode *a, const Partition *p) {
    check_lattice(a->shape, p, "mean");
    return tape_write(tape, &op_mean, SHAPE_OF(partition_cells(p)), &a, 1, p, NULL);
}

static void spread_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    partition_spread(y->value, y->in[0]->value, y->detail, 0.0);
}

static void spread_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    TapeNode *total = cell_counts(t, y->detail);
    total = tape_mul(t, tape_mean(t, g, y->detail), total);
    dx[0] = tape_reshape(t, total, y->in[0]->shape);
}

static const Op op_spread = {.name = "spread",
                             .rounding = OP_ROUNDING_MOVES,
                             .forward = spread_forward,
                             .replay = OP_REPLAYS(spread),
                             .adjoint = spread_adjoint};

TapeNode *tape_spread(Tape *tape, TapeNode *cells, const Partition *p, Shape shape) {
    check_lattice(shape, p, "spread");
    REQUIRE(shape_count(cells->shape) == partition_cells(p),
            "spread: not one value a cell");
    return tape_write(tape, &op_spread, shape, &cells, 1, p, NULL);
}
