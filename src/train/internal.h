/* What a run is made of: what the files of this layer share, and nobody else sees. */
#ifndef NORMLAB_TRAIN_INTERNAL_H
#define NORMLAB_TRAIN_INTERNAL_H

#include "moments.h"
#include "optimize.h"
#include "order.h"
#include "ranks.h"
#include "trace.h"

/* Doubles, so that a checkpoint is vectors of doubles; the counts are exact in them. */
typedef struct Counters {
    double step;     /* done since the start of the run */
    double epochs;   /* finished */
    double loss_sum; /* over the current epoch's steps, of the workers' mean loss */
    double diverged; /* 0 or 1 */
    double diverged_step;
} Counters;

/* An epoch's own steps and validation; at the end of a run test and training samples. */
enum { OF_TRAIN, OF_VAL, OF_EPOCH, OF_TEST = OF_EPOCH, OF_TRAIN_EVALUATED, OF_PARTS };

/* A loss and metrics. */
typedef struct Numbers {
    double *loss;                      /* [epochs], or one at the end */
    double *metric[TASK_MOST_METRICS]; /* [task.metrics] as many */
    size_t blocks;
    double *block; /* [blocks] the first metric of whole chunks; NULL: not kept */
} Numbers;

/* What a worker is given in one size. */
typedef struct Sized {
    const Dataset *dataset;
    const Net *net; /* of the same weights and states in every size */
} Sized;

struct Trainer {
    Arena *arena;
    Config config;
    const Dataset *dataset;
    Relabelled *labels; /* of its training samples; NULL: they are given */
    Task task;
    const Net *net;
    const Sized *sized; /* [config.sizes.count] */
    Learns learns;
    size_t steps; /* of an epoch */
    size_t threads;
    const Ranks
        *ranks;      /* that share the workers of each step; NULL: this process alone */
    RanksShare mine; /* workers that are run here */
    double *weights, *gradient;             /* [net->weights] */
    double *moment[OPTIMIZER_MOST_MOMENTS]; /* [net->weights] each; as theirs */
    double
        *theirs; /* [workers, net->weights] of workers that step by themselves, whose mean
                     * the run's are; NULL: all have the run's */
    double *radius; /* [net->params] norms that weights go back to, 0: not; NULL: none */
    double *state;  /* [net->states] averages over the steps, maps */
    double *judged; /* [net->states] what evaluation reads */
    const NormState **told; /* [net->states] what each of them belongs to */
    double *shares;   /* [workers, net->weights] gradients of the workers, here those of
                             * `mine` alone; NULL: not wanted */
    double *observed; /* [workers, net->states]; of `mine` alone, unless `whole` */
    double *observed_mean; /* [net->states] over the workers */
    double *found; /* [workers or chunks, 1 + tallies] loss, and the task's sums */
    double *tally; /* [tallies] over the current epoch's steps */
    double *rate;  /* [epochs] */
    Numbers of[OF_PARTS];
    Counters *counters;
    Trace trace;
    Order *order;
    bool meets; /* workers run at once: something in the network is synced */
    size_t rooms;
    Arena **own; /* [rooms] arenas of the threads, also of those that workers have each */
    bool definitions; /* normalizers by these */
    bool whole;       /* workers observe their samples as one block */
    const TrainSeen
        *seen; /* where workers write what stands in their networks; NULL: nobody
                            * looks */
};

static inline size_t found_width(const Trainer *t) {
    return 1 + t->task.tallies;
}

static inline bool is_recomputed(const Trainer *t) {
    return t->config.running != RUNNING_AVERAGE;
}

/* What schedules stand at when finished weights are judged: a run of no epochs is at its start. */
static inline size_t last_epoch(const Trainer *t) {
    return t->config.epochs > 0 ? t->config.epochs - 1 : 0;
}

static inline size_t last_step(const Trainer *t) {
    return t->config.epochs > 0 ? t->steps - 1 : 0;
}

/* ---- workers.c ------------------------------------------------------------------- */

/* What the network is given of a batch. */
TapeNode *shard_input(Tape *tape, const Batch *batch);

typedef struct Shard {
    Sized in;
    const Samples *samples;
    const size_t *index; /* [count] */
    size_t count;
    const Augment *augment;     /* NULL: none */
    size_t worker;              /* which one's it is, where somebody looks (see.c) */
    const TapeMeeting *meeting; /* with the others of its step; NULL: it is alone */
} Shard;

/* found[1 + tallies] = loss of a shard, the mean over its samples, and the task's sums; the tape and
 * all it used are gone afterwards. With a gradient, backward too. */
void shard_run(const Trainer *t, double *found, Arena *arena, NetPass pass,
               const Shard *shard);

/* A step of the workers. */
typedef struct Step {
    size_t epoch, step;
    bool learn;
    const size_t *samples; /* [workers, batch] */
} Step;

/* One worker's part, in the memory of the thread that it has. */
void worker_run(Trainer *t, const Step *step, size_t worker, const TapeMeeting *meeting);

/* Who does not learn sees the size that evaluation has. */
void workers_run(Trainer *t, size_t epoch, size_t step, bool learn);

/* Threads for so many parts of work. */
int threads_for(const Trainer *t, size_t parts);

/* gradient = mean over the workers of their shares. */
void workers_sum(Trainer *t);
/* to[net->weights] = by `sum` of rows of all workers, of which `of` has those of `mine`. */
void workers_fold(const Trainer *t, double *to, const double *of, RanksSum *sum);

/* Of their losses. */
double workers_loss(const Trainer *t);

/* ---- meet.c ---------------------------------------------------------------------- */

/* Whether its workers meet; false and *error where they cannot. */
bool meet_can_be(Trainer *t, BaseError *error);

/* worker_run of all workers at once. */
void meet_run(Trainer *t, const Step *step);

/* ---- see.c ----------------------------------------------------------------------- */

/* Which step comes; after the last the last again. Maps of an epoch that has not begun are adapted
 * for it, in a copy. */
typedef struct Coming {
    size_t epoch, step;
    bool begins; /* an epoch */
} Coming;

Coming coming_step(const Trainer *t);

/* A worker's part of what is seen, before tape_backward. */
void see_worker(const Trainer *t, const NetPass *pass, size_t worker);

/* ---- bound.c --------------------------------------------------------------------- */

bool bound_can_be(const Config *config, Arena *arena, BaseError *error);
void workers_bound(Trainer *t); /* shares, by worker_clip */
/* gradient, by worker_noise; `step` counts from 0 over the whole run. */
void gradient_noise(Trainer *t, size_t step);

/* ---- local.c --------------------------------------------------------------------- */

bool local_can_be(const Config *config, BaseError *error);
void local_begin(const Trainer *t);  /* all workers' weights: the run's */
void local_gather(const Trainer *t); /* what workers of other ranks have, here too */
/* Each worker by its own gradient; `done` steps before. Every `local` steps of an epoch, and after its
 * last, they meet. */
void step_apart(Trainer *t, double rate, size_t done);

/* ---- project.c ------------------------------------------------------------------- */

/* False and *error (EX_USAGE) where project=yes has nothing to do. */
bool project_can_be(const Net *net, const Config *config, BaseError *error);
void project_begin(const Trainer *t); /* radius, of the weights as they are */
void project(const Trainer *t, double *weights);

/* ---- trainer.c ---------------------------------------------------------------------- */

/* Training samples have the labels of this epoch from here on. */
void trainer_relabel(const Trainer *t, size_t epoch);

/* The run's network for such images; NULL and *error (EX_USAGE). */
const Net *net_for(const Trainer *t, const Dataset *dataset, BaseError *error);

/* ---- sizes.c ----------------------------------------------------------------------- */

/* The data and the network in each size of the configuration; NULL and *error (EX_USAGE). */
const Sized *sized_new(const Trainer *t, BaseError *error);

/* What a worker is given in a step. */
Sized sized_of(const Trainer *t, size_t epoch, size_t step, size_t worker);

/* ---- state.c --------------------------------------------------------------------- */

/* [net->states] what each number of the state belongs to. */
const NormState **state_owners(Arena *arena, const Net *net);

void state_observed(Trainer *t);            /* by the workers of a step: their mean */
void state_update(Trainer *t);              /* after a step */
void state_adapt(Trainer *t, size_t epoch); /* before an epoch */
/* The same of another vector of states; changed[net->norms] says whose (NULL: not wanted). */
void state_adapt_to(const Trainer *t, size_t epoch, double *state, bool *changed);

/* Before an evaluation: judged, by what this says. */
void state_judge(Trainer *t, size_t epoch, Running running);

/* Of a state that is a mean of cells: where their variance stands, and of how many elements of a
 * worker each is; what all of them came to so far. 0 elements: of no such state. */
typedef struct Cell {
    size_t variance;
    double elements;
    Moments all;
} Cell;

Cell *state_cells(const Trainer *t, Arena *arena); /* [net->states] */

/* Of the positions of a worker's samples the part where something is: padding is in no cell. */
double share_there(const Trainer *t, const Samples *samples, const size_t *index);
/* Of what a worker observed [net->states] state i, a cell whose variance it told unbiased. */
Moments cell_observed(const Cell *cell, double share, const double *seen, size_t i);
void cell_merge(Cell *cell, Moments with); /* into what all came to so far */

/* ---- evaluate.c ------------------------------------------------------------------ */

size_t evaluate_chunks(size_t samples);
size_t evaluate_blocks(size_t samples); /* whole blocks of test samples */

/* Loss and metrics of a part as the row `at` of its numbers; whether the loss is finite. */
bool evaluate(Trainer *t, size_t epoch, const Samples *samples, const Numbers *to,
              size_t at);

#endif
