/* gate: what can be told of samples without a network, judged by the very task. A network that
 * does not beat it has learned nothing from which something follows about its normalizers.
 *
 * A new gate is one file NAME.c with a GateKind in it, `gate_NAME`, and one line in gate.def. It is
 * asked of every task and data that it fits: nobody else names it.
 */
#ifndef NORMLAB_GATE_H
#define NORMLAB_GATE_H

#include "task.h"

enum { GATE_MOST = 8 }; /* that fit one task */

typedef struct GateKind GateKind;

/* One that has learned from the training samples. */
typedef struct Gate {
    const GateKind *kind;
    const Task *task;
    const Dataset *data;
    const void *model; /* the kind's own */
    double decay,
        slope; /* where a loss was minimized: its weight decay, and the largest element
                            of the gradient at the end; else 0 */
} Gate;

/* Samples that are to be told: samples->value[...][from], ..., `count` of them, and the same as a
 * network has them. What is true stands in both, and is none of the gate's business. */
typedef struct GateAsked {
    const Samples *samples;
    size_t from, count;
    const Batch *batch;
} GateAsked;

struct GateKind {
    const char *name;  /* in files: "softmax" */
    const char *title; /* as people say it: "softmax regression" */

    /* Whether it can tell what the task asks of these data. */
    bool (*fits)(const Task *task, const Dataset *data);

    /* Learns from data->train; choices are made on data->val. Sets the model, which lives in
     * `arena`, and the two numbers if it has any. On all threads; the bits do not depend on how
     * many. */
    void (*fit)(Gate *gate, Arena *arena);

    /* out[]: what a network that the task accepts would give for these samples, [count, of one
     * sample] each, as leaves (tape_leaf). Called by several threads at once, each with a tape
     * of its own. */
    void (*tell)(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out);
};

/* ---- registry.c ---------------------------------------------------------------------- */

/* Those of gate.def that fit, in its order; at most GATE_MOST. */
size_t gate_fitting(const GateKind *kind[GATE_MOST], const Task *task,
                    const Dataset *data);

/* That of a name; NULL: there is none now. */
const GateKind *gate_find(const char *name);

/* ---- judge.c -------------------------------------------------------------------------- */

Gate gate_fit(Arena *arena, const GateKind *kind, const Task *task, const Dataset *data);

/* The task's metrics of some samples, all together, and the first one of each block (task_block;
 * block NULL: not asked). On all threads; the bits do not depend on how many. */
void gate_judge(const Gate *gate, const Samples *samples, double *metric, double *block);

/* ---- regression.c: of rows of numbers on classes ------------------------------------------ */

/* What is seen, [count, width], and what is true. */
typedef struct GateRows {
    size_t count, width;
    double *x;            /* [count, width] */
    const uint8_t *label; /* [count] */
} GateRows;

/* Mean cross-entropy of W x + b, plus decay / 2 |W|^2. */
typedef struct GateRegression {
    const GateRows *rows;
    size_t classes;
    double decay;
    double *weights; /* [classes, width], then [classes] */
    double *z;       /* [classes, count] */
} GateRegression;

/* From weights that are 0. */
GateRegression gate_regression(Arena *arena, const GateRows *rows, size_t classes);

/* Minimizes it from where the weights are, until no element of the gradient is `enough`, or so many
 * steps; the largest element. */
double gate_regress(GateRegression *regression, double enough, size_t most);

/* z = W x + b of rows x [count, width]: z[k, i]. */
void gate_logits(double *z, const double *weights, const double *x, size_t classes,
                 size_t count, size_t width);

/* ---- lbfgs.c: of a smooth convex function ------------------------------------------------- */

/* Returns the value at x[n], and its gradient. */
typedef double Smooth(double *gradient, const double *x, void *context);

/* From x, in place, by limited-memory BFGS (Nocedal and Wright 2006, algorithms 7.4 and 7.5), until
 * no element of the gradient is `enough`, or so many steps. The largest element. */
double lbfgs(Arena *arena, double *x, size_t n, Smooth *f, void *context, double enough,
             size_t most);

#endif
