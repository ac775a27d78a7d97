/* hessian: products with the Hessian of a run's loss at its weights. */
#ifndef NORMLAB_HESSIAN_H
#define NORMLAB_HESSIAN_H

#include "curvature.h"
#include "train.h"

typedef struct HessianWork HessianWork;

typedef enum HessianBy {
    HESSIAN_PROGRAM,     /* exactly: the gradient as a program, differentiated again */
    HESSIAN_DIFFERENCES, /* central differences of tape_backward's gradient */
    HESSIAN_FITTING      /* the first where it fits into memory, else the other */
} HessianBy;

/* Of memory that recorded gradients may take together, unless somebody says otherwise. */
#define HESSIAN_BYTES (4.0 * 1024 * 1024 * 1024)

typedef struct HessianWish {
    size_t samples; /* the first of these that train; 0: all */
    NormMode mode;
    HessianBy by;
    double bytes;   /* 0: HESSIAN_BYTES */
    size_t threads; /* that may work; decides no bit */
} HessianWish;

/* Of the mean over batches, in the order of the samples and not augmented, of a worker's size: in
 * NORM_TRAIN by the moments of each, a ragged last one dropped; in NORM_EVAL by those that the
 * trainer evaluates by. Weight decay is no part of it. Only hessian_* write its fields. */
typedef struct Hessian {
    Operator operator; /* of size net->weights */
    size_t samples, batch, batches;
    NormMode mode;
    HessianBy by;
    bool kept;    /* the programs of all batches are kept; else each is recorded again */
    double bytes; /* of recorded programs at a time; 0 by differences */
    bool
        held; /* the loss holds values constant in its derivative (tape_detach): H is that of the
                    loss where they stay as they are, and differences would be of none */
    double loss, gradient; /* the value, and the gradient's norm */
    size_t products;
    /* Of differences: parts of a product (one a batch) whose step was halved, and how often; those
     * that have a kink however they are taken, and elements there. */
    size_t halved, halvings, across, crossings;
    HessianWork *work;
} Hessian;

/* NULL and *error (EX_USAGE): fewer samples than a batch; a program that does not fit; differences of
 * what holds values constant. The trainer stays
 * as it is and must outlive it. */
Hessian *hessian_new(Arena *arena, const Trainer *trainer, const HessianWish *wish,
                     BaseError *error);
void hessian_free(Hessian *hessian); /* NULL is fine */

/* |u'Hv - v'Hu| over the mean of |u| |Hv| and |v| |Hu|, for u, v of random signs: 0 but for rounding,
 * or rounding and steps of differences. */
double hessian_asymmetry(Hessian *hessian, Arena *arena, uint64_t seed);

#endif
