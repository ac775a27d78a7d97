/* train: workers, optimizer, schedule, one step. Prints nothing, stores nothing; the
 * caller owns the loop.
 *
 * A step is W workers of b samples each; worker k has the k-th contiguous b of the step's
 * samples, its own tape and its own batch statistics. Gradients are summed over workers
 * in a fixed order, so the bits do not depend on the number of threads.
 * notes/40-workers.md
 */
#ifndef NORMLAB_TRAIN_H
#define NORMLAB_TRAIN_H

#include "config.h"
#include "dataset.h"
#include "net.h"
#include "task.h"

/* ---- trainer.c: set, step, test -------------------------------------------------- */

typedef struct Trainer Trainer;
typedef struct Ranks Ranks; /* ranks.h */

/* Of the samples of one part. */
typedef struct TrainCurves {
    const double *loss;                      /* of each epoch, or one number */
    const double *metric[TASK_MOST_METRICS]; /* [task->metrics] as many */
    size_t blocks, block_samples;
    const double
        *block; /* [blocks] the first metric of each block of test samples (task_block).
                          * Other parts have none. */
} TrainCurves;

/* What a run has to say, epoch by epoch. NaN: not reached, not measured. */
typedef struct TrainRecord {
    const Task *task;   /* what its metrics are called */
    size_t epochs;      /* finished so far */
    const double *rate; /* [epochs] learning rate of the epoch's last step */
    TrainCurves train;  /* [epochs] over the epoch's own steps, in training mode */
    TrainCurves val;  /* [epochs] in evaluation mode, after those that config_validates */
    TrainCurves test; /* [1] once, after the last epoch */
    TrainCurves train_evaluated;     /* [1] as validation is, once, at the end */
    double score[TASK_MOST_METRICS]; /* of val.metric, by the rule of the configuration */
    bool diverged;                   /* the loss was not finite... */
    size_t diverged_step; /* ...in this step, counted from 0 over the whole run */
} TrainRecord;

typedef enum TrainTraceKind {
    TRACE_LEARNED, /* a parameter */
    TRACE_ADAPTED, /* a state that changes between epochs alone */
    TRACE_CHANGES  /* epochs since the row before that began with a change of these */
} TrainTraceKind;

/* What a normalizer of the network learned beside gamma and beta, or adapted. */
typedef struct TrainTrace {
    const char *layer, *spec; /* "stage2.block1.norm2", "blend(batch, group(8))" */
    const char *name;         /* "gate", "part1.map"; "map_changed" */
    TrainTraceKind kind;
    size_t count;           /* doubles of a row */
    const NormParam *param; /* what is learned; NULL for the others */
} TrainTrace;

typedef enum TrainStatus {
    TRAIN_STEPPED, /* in the middle of an epoch */
    TRAIN_EPOCH,   /* an epoch was finished and evaluated */
    TRAIN_DONE     /* the run is over: all epochs done and tested, or diverged */
} TrainStatus;

/* A run at its start, that of its seed: trainer_take begins it with another's weights. The
 * configuration must fit the data: *error says what does not
 * (EX_USAGE). `threads` is how many may work, not part of the run. Lives in `arena`;
 * trainer_free releases its workers' own memory. */
Trainer *trainer_new(Arena *arena, const Config *config, const Dataset *dataset,
                     size_t threads, BaseError *error);
void trainer_free(Trainer *trainer); /* NULL is fine */

/* From now on the workers of a step are shared by these ranks, each of which has the same trainer and
 * makes the same calls; no bit of it changes. What looks at a run on its way is done by all of them. */
void trainer_share(Trainer *trainer, const Ranks *ranks);

/* From now on normalizers run by their definitions: the same to rounding, and slower. */
void trainer_define(Trainer *trainer);

/* The samples that such a run sees, but for labels that are drawn: `images` of them train. NULL and
 * *error (EX_USAGE). */
const Dataset *config_data(Arena *arena, const Config *config, const Dataset *dataset,
                           BaseError *error);

/* Whether such a run can be at all: what trainer_new would refuse, before any run starts; and
 * its network, NULL. */
bool trainer_fits(const Config *config, const Dataset *dataset, BaseError *error);
const Net *trainer_plan(Arena *arena, const Config *config, const Dataset *dataset,
                        BaseError *error);

TrainStatus trainer_step(Trainer *trainer);
TrainRecord trainer_record(const Trainer *trainer);

/* Traces of the network's normalizers. Their rows so far: epochs[rows], 0 for the start,
 * then every epoch's end (in long runs of many numbers every k-th and the last, so that
 * all rows stay below 1 MiB). */
const TrainTrace *trainer_traces(const Trainer *trainer, size_t *count);
const double *trainer_trace_epochs(const Trainer *trainer, size_t *rows);
/* [rows, count] of trace i. */
double *trainer_trace_values(const Trainer *trainer, Arena *arena, size_t i);

/* Some test samples, the first channel of each, what the network tells of them now, and what is
 * true: [count, height, width] each, NaN where nothing is asked or told. count 0: the task has no maps, or
 * the data no test samples. */
typedef struct TrainPictures {
    size_t count, height, width;
    double *sample; /* [count] places among the test samples */
    double *image, *told, *truth;
    size_t classes;                /* of what is told; 0: it is no class */
    const char *const *class_name; /* [classes] */
} TrainPictures;

TrainPictures trainer_pictures(const Trainer *trainer, Arena *arena);

/* Weights and running averages of another run in place of its own (net_take). */
bool trainer_take(Trainer *trainer, const NetTensor *from, size_t count, NetTaken *taken,
                  BaseError *error);

/* As it was given, but for a decay that follows from `horizon`. */
const Config *trainer_config(const Trainer *trainer);
const Net *trainer_net(const Trainer *trainer);
/* [net->weights]; where workers step by themselves, the mean of theirs. */
const double *trainer_weights(const Trainer *trainer);
/* [net->states] as evaluation reads it: with running=precise not the averages. */
const double *trainer_state(const Trainer *trainer);
/* [net->states] averages over the steps, and what is adapted. */
const double *trainer_averages(const Trainer *trainer);
size_t trainer_samples(const Trainer *trainer);  /* that there are to train on */
size_t trainer_batch(const Trainer *trainer);    /* of a worker in a step */
size_t trainer_steps(const Trainer *trainer);    /* of an epoch */
size_t trainer_learning(const Trainer *trainer); /* weights that learn */
double trainer_horizon(const Trainer *trainer);  /* decay x the sum of all rates */
size_t trainer_done(const Trainer *trainer); /* steps done since the start of the run */
/* Calls of malloc by the workers: constant in the steady state. */
size_t trainer_blocks(const Trainer *trainer);

/* ---- see.c: the step that comes, looked at and not done -------------------------- */

/* Loss (mean over workers) of the step that comes, after the last of the last again, and its
 * gradient [net->weights] (NULL: not wanted) before anything is done to it (clipped, kept from
 * weights that do not learn), at these weights (NULL: the run's own, or each worker's own where
 * they step by themselves). Moves no number of the run. */
double trainer_gradient(Trainer *trainer, const double *weights, double *gradient);

/* What stands at the place of a normalizer in it: before it (x), behind it with gamma and beta
 * and before an activation that is not its own (y), and the gradients of the mean loss by
 * them. Where the normalizer is `none`, x is y. Of the shape: workers one after the other, the
 * samples of each (of q and k of an attention, its heads), [C], positions. */
typedef struct TrainPlace {
    const NetNorm *place;
    Shape shape;
    double *x, *y;
    double *dx, *dy; /* dx: NaN where nothing learned is below the normalizer */
    unsigned char
        *there; /* [N, L] 0: padding, whose numbers mean nothing; NULL: all is */
} TrainPlace;

/* Where a residual branch is added, likewise: what passes by, and the branch. */
typedef struct TrainBranch {
    const NetBranch *place;
    Shape shape;
    double *skip, *branch;
    unsigned char *there;
} TrainBranch;

typedef struct TrainSeen {
    double loss;
    double *gradient; /* [net->weights] as trainer_gradient's */
    double *observed; /* [workers, net->states] */
    size_t places;
    TrainPlace *place; /* [places] */
    size_t branches;
    TrainBranch *branch; /* [branches] */
} TrainSeen;

/* All of it at the run's own weights: 4 x the activations of the step's samples at normalizers and
 * 2 x those at branches, in `arena`. */
TrainSeen trainer_places(Trainer *trainer, Arena *arena);
/* Whether it can be: false and *error (EX_USAGE) where the workers of a step see images of
 * several sizes. */
bool config_has_places(const Config *config, BaseError *error);

/* ---- evaluate.c: finished weights, judged another way ------------------------------ */

/* From now on evaluation reads these moments: the averages as they are, or those of the last
 * epoch's samples in its order, with the weights as they are. */
void trainer_moments(Trainer *trainer, Running running);

typedef struct TrainJudged {
    size_t samples; /* that were judged */
    double loss, metric[TASK_MOST_METRICS];
    size_t blocks; /* as TrainCurves has them; 0: by moments of batches */
    const double *block;
} TrainJudged;

/* Of some samples as the run's own end is, by the same sums. `batch`, if not 0: so many at a time
 * in the order in which they stand, by the moments of the very batch; a ragged last one is
 * dropped, as a step's is, and which batches can be only a net_new knows. */
TrainJudged trainer_judge(const Trainer *trainer, Arena *arena, const Samples *samples,
                          size_t batch);

/* How far what evaluation reads is from what batches of a worker's size have, in NORM_TRAIN: the
 * means over batches and over a place's cells of |mean that is read - batch's| / batch's deviation
 * and of |deviation that is read / batch's - 1| (the training inference discrepancy of Wang et al.
 * 2022, by their code; its variances are biased, these are M2 / (m - 1)). Of places that keep means
 * and variances, and cells of more than one element. */
typedef struct TrainDiscrepancy {
    const char *layer;
    size_t batches; /* whole ones; a ragged last is dropped */
    double mean, deviation;
} TrainDiscrepancy;

TrainDiscrepancy *trainer_discrepancy(const Trainer *trainer, Arena *arena,
                                      const Samples *samples, size_t *places);

/* How far what evaluation reads is from what is there when it reads it, behind normalizers that have
 * read as much: from the moments of x over the first `count` samples, in whole batches of a worker's
 * size, as evaluation has them at this step (the estimation shift of Huang et al. 2022). Root mean
 * squares over a place's cells of (mean that is read - mean) / deviation and of deviation that is
 * read / deviation - 1. */
typedef struct TrainShift {
    double mean, deviation; /* NaN: the place keeps no means and variances */
} TrainShift;

/* [net->norms]. Moves no number of the run. */
TrainShift *trainer_shift(const Trainer *trainer, Arena *arena, const Samples *samples,
                          size_t count);

const Task *trainer_task(const Trainer *trainer);
const Dataset *trainer_data(const Trainer *trainer); /* limited to `images` */

/* ---- loss.c: the loss as a program --------------------------------------------------- */

/* Mean loss over the training samples from, from + 1, ..., `count` of them, as they stand and not
 * augmented, as evaluation at the run's end has it or (NORM_TRAIN) by the moments of these very samples: a
 * node of param [net->params], which have the shapes of the weights. Where it was written the samples
 * stay, in the tape's arena. */
TapeNode *trainer_loss(const Trainer *trainer, Tape *tape, TapeNode *const *param,
                       size_t from, size_t count, NormMode mode, bool definitions);

/* ---- resume.c: a run between two steps ------------------------------------------- */

/* All that it is then, as named vectors, on each of its ranks. To resume: a new trainer of the same configuration,
 * the vectors filled from the checkpoint, and asked whether they may be: counts and groups are
 * indices from then on. False and *error (EX_DATAERR), which begins with the vector's name. */
typedef struct TrainPart {
    const char *name, *long_name;
    double *data;
    size_t count;
} TrainPart;

const TrainPart *trainer_parts(Trainer *trainer, size_t *count);
bool trainer_may_resume(const Trainer *trainer, BaseError *error);

#endif
