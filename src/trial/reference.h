/* The normalizers of one partition, restated from their published definitions in 113 bits: for every
 * element, its cell is whatever the predicate "same cell" says. Slow and plain on purpose; shares no
 * code with what it judges. Doubles that go in are taken as exact.
 */
#ifndef NORMLAB_REFERENCE_H
#define NORMLAB_REFERENCE_H

#include "arith.h"
#include "base.h"

/* Who shares mean and variance with whom. */
typedef enum Sharing {
    SHARE_NOTHING,  /* no statistics: xhat is x */
    SHARE_BATCH,    /* the same channel */
    SHARE_LAYER,    /* the same sample */
    SHARE_INSTANCE, /* the same sample and channel */
    SHARE_GROUP,    /* the same sample and the same of `number` blocks of channels */
    SHARE_SIZE,     /* the same sample and the same block of `number` channels */
    SHARE_POSITION, /* the same sample and position */
    SHARE_GHOST     /* the same channel and the same block of `number` samples */
} Sharing;

typedef struct Question {
    Sharing sharing;
    size_t number;
    double eps;
    size_t N, C, L;
    const double *x, *dy;       /* [N, C, L] */
    const double *gamma, *beta; /* [C] */
    const double *mean, *variance;
    bool uncentred;
    /* mean squares in place of variances, no mean */ /* [C] running moments to use instead of x's own; or NULL */
} Question;

/* Values, and beside each the scale in which its error is measured. */
typedef struct Reference {
    Quad *y, *dx;         /* [N, C, L] */
    Quad *dgamma, *dbeta; /* [C] */
    double *y_scale; /* [N, C, L] |gamma| max|xhat| + |beta|, maximum over the cell */
    double *
        dx_scale; /* [N, C, L] max|h| rstd (1 + max|xhat|), h = gamma dy, over the cell */
    double *
        ratio; /* [N, C, L] |mean| / std of the cell; 0 without variance or with given moments */
    double *dgamma_scale; /* [C] sum of |dy| max|xhat| */
    double *dbeta_scale;  /* [C] sum of |dy| */
    double worst_ratio;   /* largest of `ratio` */
} Reference;

Reference reference_answer(Arena *arena, const Question *question);

#endif
