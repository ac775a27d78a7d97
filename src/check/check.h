/* check: what proves the derivatives of any function written on a tape. It knows no
 * network; whoever has one hands it over as a function.
 *
 * Oracles share as little as possible with what they judge. A verdict has three values:
 * where a probe cannot tell (its own error is larger than what would be a fault, or it
 * crossed a kink), it says so, and that counts as failure unless the caller lists the case
 * with its reason. notes/30-checking.md
 */
#ifndef NORMLAB_CHECK_H
#define NORMLAB_CHECK_H

#include "tape.h"

typedef enum CheckVerdict { CHECK_PASS, CHECK_FAIL, CHECK_INCONCLUSIVE } CheckVerdict;

typedef struct CheckInput {
    const char *name;
    Shape shape;
    const double *value; /* [shape_count(shape)] */
    double scale;        /* the step's unit: the cells' standard deviation, not |x| */
} CheckInput;

/* Any function on a tape: y of x[inputs], any shape. `write` may be called many times,
 * and must write the same program each time. */
typedef struct CheckFunction {
    const char *name;
    size_t inputs;
    const CheckInput *input;
    Node *(*write)(Tape *tape, Node *const *x, void *context);
    void *context;
} CheckFunction;

/* Which derivative is judged, and against the differences of what. */
typedef enum CheckDriver {
    CHECK_BACKWARD, /* tape_backward (kernels), against differences of y */
    CHECK_GRADIENT, /* tape_gradient (definitions), against differences of y */

    /* tape_gradient twice, s = <v, gradient of <u, y>>: ds/dx against differences of what
     * tape_backward says (so a pass presumes one of CHECK_BACKWARD), ds/du = J v against
     * differences of y. */
    CHECK_SECOND
} CheckDriver;

/* got, expected, error, allowed and estimate are derivatives by the element itself, or
 * along the direction. */
typedef struct CheckReport {
    CheckVerdict verdict;
    size_t compared; /* derivatives compared */

    /* The worst, by error / allowed. input == function->inputs: the upstream u (second
     * order). element: flat index; SIZE_MAX: a random direction. */
    size_t input, element;
    double got, expected, error, allowed;
    double estimate;  /* the oracle's own error estimate there */
    uint64_t seed;    /* of upstream, v and directions: runs the same case again */
    char reason[160]; /* why inconclusive, or what kind of failure; "" when passed */
} CheckReport;

/* Finite differences through GSL (gsl_deriv_central: five points, one adaptive retry,
 * error estimate), with steps in units of the inputs' scale, and upstream u, v (in units
 * of scale) random normal by `seed`. Every element of every input while the inputs
 * together have at most `full` elements; beyond, `full` random directions over all inputs
 * at once.
 *   pass          everywhere |got - expected| <= allowed, and allowed <= 1e-6 of the norm
 *                 of that input's gradient
 *   fail          somewhere beyond what is allowed, or not finite where the function is
 *                 smooth
 *   inconclusive  none failed, but somewhere a fault of 1e-6 could hide, or the probes
 *                 crossed a kink (relu, max, select, step), moved a detached value, or met
 *                 what is not finite
 * A gradient of zeros is proved to 1e-6 of the function's own size. */
CheckReport check_differences(Arena *arena, const CheckFunction *function,
                              CheckDriver driver, uint64_t seed, size_t full);

/* The complex step (Squire and Trapp 1998) of the replayed forward program: it shares no
 * adjoint with what it judges at first order, and at second order only the first sweep of
 * tape_gradient. In complex doubles it has the digits of the forward program itself; in
 * 113 bits (`quad`) it is exact for our purposes. digit[inputs] says what one eps of a
 * derivative by each input is worth: eps times the size of the terms that cancel in it. Allowed
 * are 64 of them. Choices of relu, max, select and step are those at x: no probe can cross
 * a kink. Elements and directions as in check_differences. */
CheckReport check_complex_step(Arena *arena, const CheckFunction *function,
                               CheckDriver driver, const double *digit, bool quad,
                               uint64_t seed, size_t full);

const char *check_verdict_text(CheckVerdict verdict); /* "pass", "FAIL", "inconclusive" */

#endif
