/* bound: what rounding can have done to the values of a recorded program, and which of them
 * an element reaches at all.
 *
 * Running error analysis (Wilkinson, Error analysis revisited, 1986; Higham, Accuracy and
 * Stability of Numerical Algorithms, 2002, 3.3): beside every value y = f(in) stands s, in
 * units of eps,
 *
 *     s_y = sum over operands k of |dy/din_k| s_k + local                          (C-5)
 *
 * local = |y| where each result is rounded once, the sum of |terms| where terms are summed,
 * 0 where elements are only moved or chosen; leaves are exact. It knows where terms cancel,
 * whatever the program, for it meets the terms: the program that tape_gradient recorded
 * says so of derivatives, of any order. To first order in eps; errors are not seen to cancel,
 * so that it is an upper bound, and a loose one in long chains.
 *
 * No derivative is written for it. What is elementwise asks its own scalar meaning in
 * complex numbers for |dy/din|, what is linear runs itself on s; an operation says in one
 * word which it is (op.h, OpRounding).
 */
#ifndef NORMLAB_BOUND_H
#define NORMLAB_BOUND_H

#include "replay.h"

/* Whether every operation of the program says how it rounds, and can be replayed. */
bool program_is_bounded(const Program *program);

/* Whose values are bounded: of the program itself, or of kernels where it is their
 * definition. A mean is one double and loses eps of itself; kernels hold a shift and an
 * offset from it (P-4), which loses eps of the mean distance alone. */
typedef enum BoundOf { BOUND_OF_PROGRAM, BOUND_OF_KERNELS } BoundOf;

/* scale[i] (in the arena) of output i: its rounding errors are below eps scale[i], by the
 * values as they were recorded. */
void program_bound(const Program *program, Arena *arena, BoundOf what, double **scale);

/* The same of one output, a scalar, and sharper: the sum over all values v of the program of
 * |d output / dv| times what v itself lost, by one sweep of the adjoints over the program
 * (on its tape). An error that later steps damp is damped; nothing but the signs of errors
 * is unknown then. */
double program_sharp_bound(Tape *tape, const Program *program, BoundOf what);

/* reached[i] (in the arena): whether a path leads from one element of node x to each
 * element of output i, whatever the numbers on the way; nothing passes a constant that is 0.
 *
 * Of derivatives: choices of relu, max, select are those that were recorded, and nothing passes
 * `step` or `detach`. No path is a derivative that is exactly zero; a zero with a path is one by
 * accident, and may be rounded.
 * Of values: those are paths, too, and so is what other numbers would choose; a select by a
 * constant mask chooses as it did. */
typedef enum PathOf { PATH_OF_DERIVATIVES = 1, PATH_OF_VALUES } PathOf;
void program_reach(const Program *program, Arena *arena, PathOf path, const TapeNode *x,
                   size_t element, bool **reached);

#endif
