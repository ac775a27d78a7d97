/* tape: define-by-run reverse-mode differentiation of programs over tensors.
 *
 * Each call below computes its value at once and writes one node on the tape. Two drivers
 * read the tape backwards (notes/14-tape.md):
 *   tape_backward   executes adjoints into reusable slots, uses hand-written kernels,
 *                   records nothing: it trains
 *   tape_gradient   replaces each fused operation by its definition and records the adjoints
 *                   as operations of the same tape, so that gradients can be differentiated
 *                   again: it proves
 * The primitives are closed under differentiation. A node keeps its operation, operands and
 * shapes, so that a recorded tape is a program that can be run again in another arithmetic.
 *
 * Nodes and values live in the tape's arena: rewind it and the step is gone. No function here has
 * errors: shapes that do not fit are REQUIREd.
 */
#ifndef NORMLAB_TAPE_H
#define NORMLAB_TAPE_H

#include "partition.h"
#include "tensor.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

typedef struct Op Op;
typedef struct TapeNode TapeNode;

struct TapeNode {
    const Op *op;  /* NULL: a leaf */
    TapeNode **in; /* [arity] operands; an optional operand may be NULL */
    size_t arity;
    Shape shape;
    double *value;      /* [shape_count(shape)] */
    const void *detail; /* what the operation needs beside its operands; never changes */
    void *saved;        /* what forward keeps for the backward kernel */
    double *gradient;   /* a parameter's slot, the caller's; NULL elsewhere */
    bool wanted;        /* a gradient is wanted of something below */
    bool of_kernel;     /* written as the definition of a fused operation */
    TapeNode *previous; /* written before this one */
    double *slot;       /* tape_backward's adjoint, while it runs */
    TapeNode *beside;   /* another that has the same slot, and only reads it, too */
    TapeNode *adjoint;  /* tape_gradient's, while it runs */
    TapeNode *defined;  /* what replay put for a fused operation; NULL: not asked yet */
    size_t place;       /* in the program that is being listed, from 1 */
    struct TapeWatch *watch; /* who wants its adjoint; NULL: nobody */
};

typedef struct Tape Tape;

/* An empty tape, and the arena that its nodes live in. */
Tape *tape_new(Arena *arena);
Arena *tape_arena(Tape *tape);

/* A tape of shapes: its nodes have shapes and no values, nothing is computed, leaves may be
 * given NULL. It declares what a program will compute; no gradient is taken on it, and who
 * reads an operand's value while writing (normalizers do) must not be called on it. */
Tape *tape_of_shapes(Arena *arena);
bool tape_has_values(const Tape *tape);

/* ---- leaves: values are the caller's and must outlive the tape ------------------- */

TapeNode *tape_leaf(Tape *tape, Shape shape,
                    const double *value);                   /* constant: no gradient */
TapeNode *tape_constant(Tape *tape, double value);          /* a scalar, exact */
TapeNode *tape_fill(Tape *tape, Shape shape, double value); /* the scalar, broadcast */

/* A leaf of which the gradient is wanted. tape_backward writes it to gradient[count]
 * (overwriting; exact zeros if y does not depend on it); NULL where only tape_gradient
 * asks. */
TapeNode *tape_parameter(Tape *tape, Shape shape, const double *value, double *gradient);

/* ---- elementwise.c: operands of one shape ---------------------------------------- */

/* Of each element of a and b, of one shape; NaN where IEEE 754 says so. */
TapeNode *tape_add(Tape *tape, TapeNode *a, TapeNode *b);
TapeNode *tape_sub(Tape *tape, TapeNode *a, TapeNode *b);
TapeNode *tape_mul(Tape *tape, TapeNode *a, TapeNode *b);
TapeNode *tape_div(Tape *tape, TapeNode *a, TapeNode *b);
TapeNode *tape_max(Tape *tape, TapeNode *a,
                   TapeNode *b); /* derivative to a where b <= a */
TapeNode *tape_neg(Tape *tape, TapeNode *a);
TapeNode *tape_exp(Tape *tape, TapeNode *a);
TapeNode *tape_log(Tape *tape, TapeNode *a);
TapeNode *tape_sqrt(Tape *tape, TapeNode *a);
TapeNode *tape_tanh(Tape *tape, TapeNode *a);
TapeNode *tape_sigmoid(Tape *tape, TapeNode *a);
TapeNode *tape_erf(Tape *tape, TapeNode *a);
TapeNode *tape_bell(Tape *tape, TapeNode *a); /* 2/sqrt(pi) exp(-a^2), erf's slope */
TapeNode *tape_relu(Tape *tape, TapeNode *a); /* derivative 0 at 0 */
TapeNode *tape_add_relu(Tape *tape, TapeNode *a, TapeNode *b); /* relu(a + b), fused */
TapeNode *tape_gelu(Tape *tape, TapeNode *a); /* a (1 + erf(a / sqrt(2))) / 2, fused */
TapeNode *tape_step(Tape *tape, TapeNode *a); /* 1 where a > 0, else 0; derivative 0 */
TapeNode *tape_power(Tape *tape, TapeNode *a, double exponent);
TapeNode *tape_select(Tape *tape, TapeNode *mask, TapeNode *a,
                      TapeNode *b);             /* a where mask > 0, else b */
TapeNode *tape_detach(Tape *tape, TapeNode *a); /* the value, without derivative */

/* ---- reduce.c -------------------------------------------------------------------- */

/* a of size 1 (or of any shape whose sizes are 1 or those of `shape`, same rank)
 * repeated; sum is its adjoint. */
TapeNode *tape_broadcast(Tape *tape, TapeNode *a, Shape shape);
TapeNode *tape_sum(Tape *tape, TapeNode *a, Shape shape);
TapeNode *tape_sum_all(Tape *tape, TapeNode *a); /* to a scalar */

/* Mean over the cells of a partition of a's [N, C, L] -> [cells], and back: every element
 * gets its cell's value. Adjoint to each other up to the cells' counts. (P-2, P-3) */
TapeNode *tape_mean(Tape *tape, TapeNode *a, const Partition *partition);
TapeNode *tape_spread(Tape *tape, TapeNode *cells, const Partition *partition,
                      Shape shape);

/* ---- arrange.c: elements moved, not changed -------------------------------------- */

/* The same elements, in their order; in another order of axes; some, or more, along one axis. */
TapeNode *tape_reshape(Tape *tape, TapeNode *a, Shape shape);
TapeNode *tape_permute(Tape *tape, TapeNode *a,
                       const size_t *axes); /* result axis i is a's axes[i] */
TapeNode *tape_slice(Tape *tape, TapeNode *a, size_t axis, size_t from, size_t size);
TapeNode *tape_pad(Tape *tape, TapeNode *a, size_t axis, size_t before,
                   size_t size); /* zeros, to `size` */
/* y[i] = a[index[i]] over flat positions; scatter adds a[i] into y[index[i]]. index
 * [count] is copied. */
TapeNode *tape_gather(Tape *tape, TapeNode *a, const size_t *index, Shape shape);
TapeNode *tape_scatter(Tape *tape, TapeNode *a, const size_t *index, Shape shape);

/* ---- contract.c ------------------------------------------------------------------ */

/* op(a) op(b), matrices; op transposes where asked. Of rank 3, [B, m, k] by [B, k, n]: each by
 * its own. */
TapeNode *tape_matmul(Tape *tape, TapeNode *a, TapeNode *b, bool transpose_a,
                      bool transpose_b);

/* y of x and w. */
TapeNode *tape_conv2d(Tape *tape, TapeNode *x, TapeNode *w, size_t stride, size_t pad);

/* ---- softmax.c ------------------------------------------------------------------- */

TapeNode *tape_softmax(Tape *tape, TapeNode *a); /* over the last axis */
/* The same of a [B, T, K] over those that a row sees, others being exactly 0, and so is a row
 * that sees none. Row t sees `mask` [B / times, K] (each block of it `times` times; NULL: all),
 * and where `causal` its first t + 1 alone. No value that is not seen is read. */
TapeNode *tape_softmax_seen(Tape *tape, TapeNode *a, const unsigned char *mask,
                            size_t times, bool causal);
TapeNode *tape_log_softmax(Tape *tape, TapeNode *a); /* finite where softmax underflows */
/* Mean over n of -log softmax(z[n])[label[n]], z [N, K], labels copied. */
TapeNode *tape_cross_entropy(Tape *tape, TapeNode *z, const uint8_t *label);

/* ---- meet.c: several tapes that are written at once ------------------------------- */

/* One of the workers of a step, each on a tape of its own and a thread of its own. Who meets the
 * others gives `bytes` of its own and has what each gave, [workers] in their order, until it
 * leaves. All must meet equally often: what is written on their tapes has one text. */
typedef struct TapeMeeting {
    size_t workers, worker;
    const void *const *(*meet)(void *context, size_t worker, const void *own,
                               size_t bytes);
    void (*leave)(void *context);
    void *context;
} TapeMeeting;

/* From now on the tape is that worker's; it keeps the pointer. NULL: it is alone, as at first. */
void tape_join(Tape *tape, const TapeMeeting *meeting);
const TapeMeeting *tape_meeting(const Tape *tape);

/* The sum of what all workers give, each its a, worker after worker: of a derivative it is of
 * all their results. Alone a itself. */
TapeNode *tape_meet(Tape *tape, TapeNode *a);

/* ---- backward.c: the two drivers ------------------------------------------------- */

/* Gradients of <seed, y> (seed NULL: 1) into the parameters' slots, none of which is the
 * seed. */
void tape_backward(Tape *tape, TapeNode *y, const double *seed);

/* From now on tape_backward writes the adjoint of an inner node to gradient[count], too: zeros if
 * y does not depend on it, NaN where nothing below the node wants one, so that none is made.
 * A node may be watched by several. */
void tape_watch(Tape *tape, TapeNode *node, double *gradient);

/* dx[i] = gradient of <seed, y> with respect to x[i], as nodes (seed NULL: 1). Each x[i]
 * is wanted: a parameter or a node that depends on one. */
void tape_gradient(Tape *tape, TapeNode *y, TapeNode *seed, TapeNode *const *x,
                   size_t count, TapeNode **dx);

/* From now on recorded gradients pass through what is detached: what the derivative would
 * be if the program held nothing constant. */
void tape_release(Tape *tape);
bool tape_is_released(const Tape *tape);

/* An operation without definition is itself; a fused one is rebuilt of primitives. Same
 * value to rounding. */
TapeNode *tape_define(Tape *tape, TapeNode *y);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
