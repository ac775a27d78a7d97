/* task: what the fields of a sample mean for the outputs of a network: the loss as a node,
 * what evaluation adds up, and the metrics that follow from the sums. Nobody else knows a
 * label, and a metric's name and unit are written here alone.
 *
 * A new task is one file NAME.c with a TaskKind in it and one line in task.def.
 */
#ifndef NORMLAB_TASK_H
#define NORMLAB_TASK_H

#include "dataset.h"
#include "net.h"

enum { TASK_MOST_METRICS = 8 };

/* A number of a run, at least 0. */
typedef struct TaskMetric {
    const char *name;  /* "error": of keys and fields, a word of C */
    const char *title; /* "share of images misclassified" */
    const char *unit;  /* "1" */
    bool rises;        /* larger is better */
    bool share;        /* 0 to 1, and people read it in percent */
} TaskMetric;

typedef struct TaskKind TaskKind;

/* A task on some data. */
typedef struct Task {
    const TaskKind *kind;
    const char *samples; /* what the data call them: "images" */
    size_t field;        /* of a sample: what is to be told from its input */
    size_t beside;       /* another that says more of it; `field` where none does */
    size_t ends;         /* outputs of the network, by whoever runs it; 1 before */
    size_t outputs;      /* numbers that are wanted out of each place of a network */
    bool causal; /* at every position of a sequence, of what stands up to it (NetFace) */
    size_t tallies; /* sums that evaluation makes */
    size_t metrics;
    TaskMetric metric[TASK_MOST_METRICS]; /* the first is what a run is judged by */
    double scale;                         /* of an output's 1, in the metric's unit */
} Task;

/* A few samples with all that is odd about them, and what a network would give: on which
 * `normlab check` proves the loss. */
typedef struct TaskExample {
    size_t samples, fields, outputs;
    DataField field[DATA_MOST_FIELDS]; /* the first is what a network would see */
    const void
        *value[DATA_MOST_FIELDS]; /* [samples, its sizes]; NULL: drawn, some without class
                                            where there are many of a sample */
    NetEnd output[NET_MOST_ENDS];
} TaskExample;

struct TaskKind {
    const char *name;  /* "classify" */
    const char *title; /* one line for lists */
    const char *loss;  /* what `write` writes: "mean cross-entropy" */
    size_t metrics;
    const TaskMetric *metric; /* [metrics] */

    /* Finds what it needs among the data's fields, and fills the task. False and *error
     * (EX_USAGE), "has no field 'label'...": the name of the data stands before it. */
    bool (*bind)(Task *task, const Dataset *data, BaseError *error);

    /* Whether the network's outputs are what it takes (EX_USAGE). */
    bool (*accepts)(const Task *task, const Net *net, BaseError *error);

    /* The loss of a batch, one number, at least 0: the mean over its samples of what each
     * has. out: [net->outputs], each [count, of one sample]. */
    TapeNode *(*write)(const Task *task, Tape *tape, TapeNode *const *out,
                       const Batch *batch);

    const TaskExample *example;

    /* tally[tallies]: sums over the batch's samples. Sums of several batches are added. */
    void (*tally)(const Task *task, double *tally, TapeNode *const *out,
                  const Batch *batch);

    /* Whether `tally` can be that of so many samples: what comes from a file is asked. */
    bool (*holds)(const Task *task, const double *tally, double samples);

    /* metric[metrics] of all that was added up. */
    void (*judge)(const Task *task, double *metric, const double *tally);

    /* What is told of sample n and what is true, as maps over the input's rows and columns; NaN
     * where nothing is, and the image is to be seen. NULL: there are no such maps. */
    void (*map)(const Task *task, double *told, double *truth, TapeNode *const *out,
                const Batch *batch, size_t n);
};

/* task.def, in order. */
const TaskKind *const *task_kinds(size_t *count);

/* The task on these data. False and *error (EX_USAGE), which names the tasks that fit them. */
bool task_bind(Task *task, const TaskKind *kind, const Dataset *data, BaseError *error);

/* Whether it can be learned by the network. False and *error (EX_USAGE). */
bool task_accepts(const Task *task, const Net *net, BaseError *error);

/* The metric's place by name, task->metrics: there is none. */
size_t task_metric(const Task *task, const char *name);

/* How many test samples are judged together, so that it is known how a metric varies over them:
 * TASK_BLOCK, or of fewer samples than that an eighth, at least one. Blocks stand in the samples'
 * order; what is left over is in none. */
enum { TASK_BLOCK = 50 };
size_t task_block(size_t samples);

/* ---- for kinds -------------------------------------------------------------------- */

/* The field of that name, of which a sample has values of this type and rank; NULL and *error,
 * which says what is there instead. */
const DataField *task_want(Task *task, const Dataset *data, const char *name,
                           DataType type, size_t rank, BaseError *error);

/* Whether a field lies on the rows and columns of the data's images; false and *error. */
bool task_on_input(const Dataset *data, const DataField *field, BaseError *error);

/* A network with one output of this rank and `task->outputs` on its first axis. */
bool task_one_output(const Task *task, const Net *net, size_t rank, BaseError *error);

/* ---- dense.c: logits out [N, K, places...], labels [N, places...] ------------------- */

/* Mean over samples of the mean cross-entropy over each one's places that have a class; 0 where
 * none has. */
TapeNode *task_places_loss(const Task *task, Tape *tape, TapeNode *out,
                           const Batch *batch);

/* The class of place i of all samples' places, L of each: the first of the largest logits. */
size_t task_told(const double *z, size_t i, size_t L, size_t K);

#endif
