/* trace: what normalizers learned and adapted, row after row of a run. */
#ifndef NORMLAB_TRACE_H
#define NORMLAB_TRACE_H

#include "train.h"

/* A row is all of them after an epoch; row 0 is the start. A long run of many numbers
 * keeps every k-th epoch and the last, so that no file grows beyond bounds. */
typedef struct Trace {
    const Net *net;
    size_t epochs;
    size_t columns, rows; /* doubles of a row; rows of the whole run */
    size_t every;         /* epochs from row to row; the last may be nearer */
    double *row;          /* [rows, columns] */
    double *epoch;        /* [rows] epochs that were finished */
    size_t count;
    TrainTrace *list; /* [count] */
    size_t *column;   /* [count] its first in a row */
    size_t *from;     /* [count] its place in the vector of weights or of state */
    size_t *changes;  /* [net->norms] column that counts changes; SIZE_MAX: none */
} Trace;

Trace trace_new(Arena *arena, const Net *net, size_t epochs);

/* Row 0, or the row of an epoch. `finished`: epochs so far. */
void trace_take(Trace *trace, const double *weights, const double *state,
                size_t finished);

/* Normalizer n changed what it adapts, before epoch `epoch` (from 0). */
void trace_changed(Trace *trace, size_t n, size_t epoch);

/* Rows that are there after so many epochs. */
size_t trace_rows(const Trace *trace, size_t finished);

#endif
