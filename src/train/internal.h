/* What a run is made of: what the files of this layer share, and nobody else sees. */
#ifndef NORMLAB_TRAIN_INTERNAL_H
#define NORMLAB_TRAIN_INTERNAL_H

#include "trace.h"

/* What a shard says of itself. */
typedef struct Tally {
    double loss;  /* mean over a worker's samples; sum over a chunk's */
    size_t wrong; /* samples whose largest logit is another class */
} Tally;

/* Doubles, so that a checkpoint is vectors of doubles; the counts are exact in them. */
typedef struct Counters {
    double step;      /* done since the start of the run */
    double epochs;    /* finished */
    double loss_sum;  /* over the current epoch's steps, of the workers' mean loss */
    double wrong_sum; /* over the current epoch's samples */
    double diverged;  /* 0 or 1 */
    double diverged_step;
    double test_loss, test_error;
    double train_loss, train_error; /* in evaluation mode */
} Counters;

enum {
    CURVE_RATE,
    CURVE_TRAIN_LOSS,
    CURVE_TRAIN_ERROR,
    CURVE_VAL_LOSS,
    CURVE_VAL_ERROR,
    CURVES
};

struct Trainer {
    Arena *arena;
    Config config;
    const Dataset *dataset;
    const Net *net;
    Schedule schedule;
    Augment augment;
    size_t workers, batch, epochs, steps, threads;
    size_t window; /* epochs that the score is the median of */
    uint64_t seed;
    bool precise; /* running moments recomputed before an evaluation */
    double *weights, *velocity, *gradient; /* [net->weights] */
    double *state;  /* [net->states] averages over the steps, maps */
    double *judged; /* [net->states] what evaluation reads: state, or the control's */
    const NormState **told; /* [net->states] what each of them belongs to */
    double *shares;         /* [workers, net->weights] gradients of the workers */
    double *observed;       /* [workers, net->states] */
    Tally *tally;           /* [workers], or of evaluation chunks */
    double *curve[CURVES];  /* [epochs] */
    Counters *counters;
    Trace trace;
    size_t *order;      /* [train.count] of the current epoch */
    size_t order_epoch; /* SIZE_MAX: none yet */
    Arena **own;        /* [threads] arenas of the threads */
    bool definitions;   /* normalizers by these */
};

#endif
