/* check: what proves the derivatives of any function written on a tape. It knows no
 * network; whoever has one hands it over as a function.
 *
 * Oracles share as little as possible with what they judge. A verdict has three values:
 * where a probe cannot tell, it says so. That is proved where a computed bound of its errors
 * is larger than the smallest fault that it must see; unproved (it crossed a kink, values
 * are not finite) it counts as failure. notes/15-checking.md
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
    TapeNode *(*write)(Tape *tape, TapeNode *const *x, void *context);
    void *context;
    const double *upstream; /* u, of y's shape; NULL: random normal, by seed */
} CheckFunction;

/* Which derivative is judged. With f1 = <u, y> and f(k+1) = <v_k, gradient of fk>, v_k
 * random: gradients of f2 are Hessian-vector products. */
typedef enum CheckDriver {
    CHECK_BACKWARD, /* gradient of f1 by tape_backward: kernels */
    CHECK_GRADIENT, /* of f1 by tape_gradient: definitions */
    CHECK_SECOND,   /* of f2 by tape_gradient, by x and by the upstream: df2/du = J v */
    CHECK_THIRD     /* of f3 */
} CheckDriver;

/* got, expected, error, allowed and estimate are derivatives by the element itself, or
 * along the direction. */
typedef struct CheckReport {
    CheckVerdict verdict;
    size_t compared; /* derivatives compared */

    /* The worst, by error / allowed. input == function->inputs: the upstream u (second
     * order). element: flat index; SIZE_MAX: a random direction. output: the element of y
     * that is differentiated, where it is one alone; SIZE_MAX: <u, y>. */
    size_t input, element, output;
    double got, expected, error, allowed;
    double estimate;  /* the oracle's own error estimate there */
    uint64_t seed;    /* of upstream, v and directions: runs the same case again */
    bool proved;      /* inconclusive by computed bounds: both are in the reason */
    char reason[256]; /* why inconclusive, or what kind of failure; "" when passed */
} CheckReport;

/* What an oracle of known digits allows: `digits` eps of the scale of each derivative, the
 * size of the terms that cancel in it. */
typedef struct CheckBound {
    double digits;
    /* [inputs] of [count of the input]; one more beyond the first order, of y's shape, for
     * derivatives by the upstream. NULL: computed, what rounding does to the program of the
     * definitions (check_scale). */
    const double *const *scale;
    double of_norm; /* > 0: instead, this part of the whole gradient's norm (networks) */
} CheckBound;

/* Finite differences through GSL (gsl_deriv_central: five points, one adaptive retry,
 * error estimate), with steps in units of the inputs' scale, and upstream u, v (in units
 * of scale) random normal by `seed`. Every element of every input while the inputs
 * together have at most `full` elements; beyond, `full` random directions over all inputs
 * at once, each drawn again, a few times, where a kink is too near to tell.
 *   pass          everywhere |got - expected| <= allowed, and allowed <= 1e-6 of the norm
 *                 of that input's gradient
 *   fail          somewhere beyond what is allowed, or not finite where the function is
 *                 smooth
 *   inconclusive  none failed, but somewhere a fault of 1e-6 could hide, or the probes
 *                 crossed a kink (relu, max, select, step), moved a detached value, or met
 *                 what is not finite
 * A gradient of zeros is proved to 1e-6 of the function's own size. Second order: of what
 * tape_backward says, so that a pass presumes one of CHECK_BACKWARD; no third. */
/* Whether the function's program detaches something: then it is not the derivative of its
 * own values, and check_differences is inconclusive everywhere. */
bool check_holds(Arena *arena, const CheckFunction *function);

/* What the program of y holds constant in its derivative though it depends on inputs
 * (tape_detach), and by how much that matters: how far the gradient by one input would
 * move if nothing were held, as a part of the larger of both norms. */
typedef struct CheckHeld {
    size_t count; /* detached values that y depends on; 0: none, and nothing else said */
    const char *where; /* "div(sqrt, ..) of x", in the arena */
    const char *input; /* whose gradient moves most, "x" */
    double matters;    /* by this part */
} CheckHeld;

CheckHeld check_held(Arena *arena, const CheckFunction *function, uint64_t seed);

/* What the first operation of y or of its gradient lacks that oracles need, in words; NULL:
 * nothing. Asked before anything else of a function that others wrote. */
const char *check_lacks(Arena *arena, const CheckFunction *function);

/* The worst of the program's choices (max, step, select, relu) at its inputs: ties that are
 * exact in doubles and in 113 bits, and those that rounding decides in one of them. */
typedef enum CheckChoices { CHOICES_DECIDED, CHOICES_TIED, CHOICES_ROUNDED } CheckChoices;
CheckChoices check_choices(Arena *arena, const CheckFunction *function);

/* Whether every choice is the same in doubles and in 113 bits. Not so at ties that rounding
 * decides. */
bool check_decided(Arena *arena, const CheckFunction *function);

CheckReport check_differences(Arena *arena, const CheckFunction *function,
                              CheckDriver driver, uint64_t seed, size_t full);

/* The complex step (Squire and Trapp 1998) of the replayed forward program: it shares no
 * adjoint with what it judges at first order, and beyond it only the sweeps of
 * tape_gradient before the last. In complex doubles it has the digits of the forward
 * program itself; in 113 bits (`quad`) it is exact for our purposes. Choices of relu, max,
 * select and step are those at x: no probe can cross a kink. Elements and directions as in
 * check_differences; in doubles, at first order and with scales, also a direction in each
 * input alone. */
CheckReport check_complex_step(Arena *arena, const CheckFunction *function,
                               CheckDriver driver, const CheckBound *bound, bool quad,
                               uint64_t seed, size_t full);

/* y, and the gradient, every element, against the program replayed in 113 bits: the digits
 * of kernels and definitions. The gradient's program is the one that tape_gradient
 * recorded, so a kernel shares nothing with it but the definition. For check_value
 * bound->scale[0] is of y's shape. */
CheckReport check_value(Arena *arena, const CheckFunction *function,
                        const CheckBound *bound);

/* Scales: what rounding does, in units of eps, to each number of y, or of the gradient of an
 * order, by the program of the definitions (bound.h). [1] of y's shape; [inputs] of each
 * input's, one more beyond the first order, of y's. CHECK_BACKWARD and of a value, `kernel`:
 * means are not rounded, for kernels hold them so. */
const double *const *check_value_scale(Arena *arena, const CheckFunction *function,
                                       bool kernel);
const double *const *check_scale(Arena *arena, const CheckFunction *function,
                                 CheckDriver driver, uint64_t seed);
CheckReport check_gradient(Arena *arena, const CheckFunction *function,
                           CheckDriver driver, const CheckBound *bound, uint64_t seed);

/* The adjoint identity <v, J'w> = <J v, w> for random v, w: J'w by the driver, J v by the
 * complex step in 113 bits, `rounds` times. */
CheckReport check_adjoint(Arena *arena, const CheckFunction *function, CheckDriver driver,
                          const CheckBound *bound, uint64_t seed, size_t rounds);

/* The whole Jacobian, every output by every element of every input: rows by tape_backward
 * with unit upstreams, columns by the complex step in doubles. Nothing is assumed of who
 * depends on whom: zeros are computed on both sides, and where the complex step's is exact
 * the other must be. of_norm is not used. Takes outputs x elements doubles of memory, and
 * a forward and a backward for each of them (src/check/jacobian.c). */
CheckReport check_jacobian(Arena *arena, const CheckFunction *function,
                           const CheckBound *bound);

/* error / allowed; infinite where either is no number. */
double check_ratio(const CheckReport *report);

const char *check_verdict_text(CheckVerdict verdict); /* "pass", "FAIL", "inconclusive" */

/* "x[2, 0, 5]", "a direction": which derivative a report speaks of. */
const char *check_place(Arena *arena, const CheckFunction *function,
                        const CheckReport *report);

#endif
