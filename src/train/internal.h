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
    size_t steps; /* of an epoch */
    size_t threads;
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

static inline bool is_precise(const Trainer *t) {
    return t->config.running == RUNNING_PRECISE;
}

/* ---- workers.c ------------------------------------------------------------------- */

/* Loss and mistakes on `count` images; the tape and all it used are gone afterwards. With
 * a gradient, backward too. */
Tally shard_run(const Trainer *t, Arena *arena, NetPass pass, const Samples *images,
                const size_t *index, size_t count, const Augment *augment);

void workers_run(Trainer *t, size_t epoch, size_t step, bool learn);

/* gradient = mean over the workers of their shares. */
void workers_sum(Trainer *t);

/* ---- state.c --------------------------------------------------------------------- */

/* [net->states] what each number of the state belongs to. */
const NormState **state_owners(Arena *arena, const Net *net);

void state_update(Trainer *t);                /* after a step */
void state_adapt(Trainer *t, size_t epoch);   /* before an epoch */
void state_precise(Trainer *t, size_t epoch); /* before an evaluation */

/* ---- evaluate.c ------------------------------------------------------------------ */

size_t evaluate_chunks(size_t images);

/* Mean loss, and mistakes. */
Tally evaluate(Trainer *t, size_t epoch, const Samples *images);

#endif
