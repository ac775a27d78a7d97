/* derive: what is differentiated, and the gradient that is judged.
 * f1 = <u, y>, f(k+1) = <v_k, gradient of fk>, with u and v_k random by the seed. */
#ifndef NORMLAB_DERIVE_H
#define NORMLAB_DERIVE_H

#include "arith.h"
#include "check.h"

enum { DERIVE_MOST = 3 }; /* orders */

/* Who draws: the latter and beyond. */
typedef enum Role {
    ROLE_UPSTREAM,
    ROLE_AGAINST,
    ROLE_NOISE,
    ROLE_AGAINST_TWICE,
    ROLE_DIRECTION
} Role;

typedef struct Derive {
    Arena *arena;
    const CheckFunction *function;
    CheckDriver driver;
    size_t order; /* gradients of f of this order are judged */
    uint64_t seed;
    Shape y;
    const double *u;         /* upstream, of y's shape */
    double **v[DERIVE_MOST]; /* [order - 1] of [inputs] vectors in units of scale */
    double **got;            /* [inputs + 1] the gradient, the last one by u */
} Derive;

/* Draws u and v, and differentiates. */
Derive derive_begin(Arena *arena, const CheckFunction *function, CheckDriver driver,
                    uint64_t seed);

/* Of input i, or for i == inputs of the upstream. */
size_t derive_count(const Derive *derive, size_t i);
double derive_scale(const Derive *derive, size_t i);

/* One vector an input, normal in units of its scale; and one of any length. */
double **derive_draw(const Derive *derive, uint64_t role);
double *derive_vector(Arena *arena, uint64_t seed, uint64_t role, uint64_t sample,
                      size_t count, double scale);

/* The Euclidean norm, whose squares neither overflow nor vanish. */
double derive_length(const double *value, size_t count);

/* Norm of the gradient by input i, in units of its scale. */
double derive_norm(const Derive *derive, size_t i);

/* The inputs as parameters without slots, one vector an input. */
TapeNode **derive_inputs(Arena *arena, Tape *tape, const CheckFunction *function);

/* The gradient that is judged, as tape_gradient records it, replayed in 113 bits: as got. */
Quad **derive_exact(const Derive *derive);

/* What rounding does, in units of eps and as sharp as can be known (program_sharp_bound): to
 * f of this order with this upstream, by kernels; to the sum of the gradient times `along`,
 * one vector an input (NULL: none), and times one by the upstream (NULL: not asked);
 * infinite where an operation does not say how it rounds. */
double derive_value_scale(const Derive *derive, const double *u, size_t order);
double derive_sharp_scale(const Derive *derive, double *const *along,
                          const double *along_u);

/* The bound with its scale computed where it has none, in derive->arena. */
CheckBound derive_bound(const Derive *derive, const CheckBound *bound);

/* f of this order as a scalar node. */
TapeNode *derive_write(const Derive *derive, Tape *tape, TapeNode *const *x, TapeNode *u,
                       size_t order);

#endif
