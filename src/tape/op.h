/* op: what an operation of the tape is. Families of primitives live in this layer; layers
 * above add fused operations of their own (norm does). No function has
 * errors: operations that lack a part are REQUIREd to have it. */
#ifndef NORMLAB_OP_H
#define NORMLAB_OP_H

#include "arith.h"
#include "tape.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

enum { OP_MOST_OPERANDS = 4 }; /* of a primitive */

/* What an operation computes, in each arithmetic: y [shape of the node] from the operands'
 * values. Plain loops, written once (the family's .inc). */
typedef struct OpReplays {
    void (*run_real)(double *y, const double *const *in, const TapeNode *node);
    void (*run_complex)(double _Complex *y, const double _Complex *const *in,
                        const TapeNode *node);
    void (*run_quad)(Quad *y, const Quad *const *in, const TapeNode *node);
    void (*run_quad_complex)(QuadComplex *y, const QuadComplex *const *in,
                             const TapeNode *node);
} OpReplays;

#define OP_REPLAYS(word)                                                                 \
    { word##_real, word##_complex, word##_quad, word##_quad_complex }

/* What rounding does to an operation's result, and what it passes on (bound.h). */
typedef enum OpRounding {
    OP_ROUNDING_UNSAID,   /* of fused operations, which are asked as their definitions */
    OP_ROUNDING_MOVES,    /* elements moved or repeated: linear, exact */
    OP_ROUNDING_HOLDS,    /* an element without its derivative */
    OP_ROUNDING_CHOOSES,  /* elementwise, an operand's element or its negative, or 0, 1 */
    OP_ROUNDING_EACH,     /* elementwise, every result rounded once */
    OP_ROUNDING_SUMS,     /* linear, each result a sum of elements */
    OP_ROUNDING_MEANS,    /* over the cells of a partition (detail) */
    OP_ROUNDING_PRODUCTS, /* bilinear, each result a sum of products */
    OP_ROUNDING_TILES,    /* the same by way of others: those of a plane share errors */
    OP_ROUNDING_QUOTIENT, /* elementwise */
    OP_ROUNDING_SOFTMAX,
    OP_ROUNDING_ENTROPY
} OpRounding;

struct Op {
    const char *name;
    OpRounding rounding;
    OpReplays replay; /* primitives only: a fused operation replays as its definition */

    /* Fills y->value from the operands, faster than replay.run_real or keeping more. NULL:
     * replay.run_real. Scratch comes from the tape's arena and stays until rewound. */
    void (*forward)(Tape *tape, TapeNode *y);

    /* Records the adjoint: dx[i] for each operand with `wanted`, as nodes; NULL is zero.
     * NULL for a fused operation. */
    void (*adjoint)(Tape *tape, TapeNode *y, TapeNode *g, TapeNode **dx);

    /* Optional kernel of the same: dx[i] = beta[i]*dx[i] + ..., for each dx[i] that is
     * not NULL. */
    void (*backward)(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                     const double *beta);

    /* Instead of it, for one operand or two of y's shape that have one and the same adjoint: makes
     * it of y's, g, in place, so that it is copied for neither. */
    void (*turn)(const TapeNode *y, double *g);

    /* Fused operations only: the same function of the same operands, in primitives. */
    TapeNode *(*define)(Tape *tape, TapeNode *y);
};

/* Writes a node and computes it. `in` is copied; `detail` and `saved` must live as long
 * as the tape. */
TapeNode *tape_write(Tape *tape, const Op *op, Shape shape, TapeNode *const *in,
                     size_t arity, const void *detail, void *saved);

/* The node written last; the others follow by `previous`. */
TapeNode *tape_last(Tape *tape);

/* Room in the tape's arena; marks around scratch that a forward does not keep. */
double *tape_room(Tape *tape, size_t doubles);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
