/* kind: what a normalizer's file provides, and what it may use. */
#ifndef NORMLAB_KIND_H
#define NORMLAB_KIND_H

#include "norm.h"
#include "op.h"

struct NormKind {
    const char *name;
    const char *usage;
    const char *title;
    const char *const *
        options; /* named arguments beside the common ones, NULL-terminated; may be NULL */

    bool keeps_state; /* running mean and variance; eval uses them */
    bool fixed;       /* standardizes by nothing: the affine alone (none) */

    /* Reads its own arguments into norm->width, norm->block...; writes their canonical
     * text. NULL: it has none. */
    bool (*configure)(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error);
    /* Whether x fits; NULL: always. */
    bool (*fits)(Arena *arena, const Norm *norm, Lattice x, Error *error);
    bool apart; /* every position is a cell of its own */
};

/* ---- kernel.c: forward and backward over any partition --------------------------- */

/* xhat = ((x - shift) - offset) * rstd */
typedef struct Standard {
    double shift, offset, rstd;
} Standard;

void standard_forward(double *y, const double *x, const double *gamma, const double *beta,
                      const Standard *cells, const Partition *partition);

/* Adjoint of the same: each of dx [N,C,L], dgamma [C], dbeta [C] may be NULL; `keep` as
 * BLAS's beta, one for each of them. `fixed`: the cells do not depend on x. gamma, beta
 * may be NULL (1, 0). (P-6) */
typedef struct StandardGradient {
    double *dx, *dgamma, *dbeta;
    double keep_dx, keep_dgamma, keep_dbeta;
} StandardGradient;

void standard_backward(StandardGradient out, const double *dy, const double *x,
                       const double *gamma, const Standard *cells,
                       const Partition *partition, bool fixed, Arena *scratch);

#endif
