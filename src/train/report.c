/* What a run has to tell: its record, its traces, its numbers. */
#include "internal.h"

#include <math.h>
#include <string.h>

static TrainCurves curves_of(const Trainer *t, size_t part) {
    TrainCurves curves = {.loss = t->of[part].loss,
                          .blocks = t->of[part].blocks,
                          .block_samples = task_block(t->dataset->test.count),
                          .block = t->of[part].block};
    for (size_t m = 0; m < t->task.metrics; m++) curves.metric[m] = t->of[part].metric[m];
    return curves;
}

TrainRecord trainer_record(const Trainer *t) {
    const Counters *c = t->counters;
    TrainRecord r = {.task = &t->task,
                     .epochs = (size_t)c->epochs,
                     .rate = t->rate,
                     .train = curves_of(t, OF_TRAIN),
                     .val = curves_of(t, OF_VAL),
                     .test = curves_of(t, OF_TEST),
                     .train_evaluated = curves_of(t, OF_TRAIN_EVALUATED),
                     .diverged = c->diverged > 0,
                     .diverged_step = (size_t)c->diverged_step};
    for (size_t m = 0; m < t->task.metrics; m++)
        r.score[m] = r.epochs > 0 && r.epochs == t->config.epochs
                         ? score_of(r.val.metric[m], r.epochs, t->config.score)
                         : (double)NAN;
    return r;
}

const TrainTrace *trainer_traces(const Trainer *t, size_t *count) {
    *count = t->trace.count;
    return t->trace.list;
}

const double *trainer_trace_epochs(const Trainer *t, size_t *rows) {
    *rows = trace_rows(&t->trace, (size_t)t->counters->epochs);
    return t->trace.epoch;
}

double *trainer_trace_values(const Trainer *t, Arena *arena, size_t i) {
    const Trace *trace = &t->trace;
    size_t rows, count = trace->list[i].count;
    trainer_trace_epochs(t, &rows);
    double *values = TAKE(arena, double, rows *count);
    for (size_t r = 0; r < rows; r++)
        memcpy(values + r * count, trace->row + r * trace->columns + trace->column[i],
               count * sizeof *values);
    return values;
}

const Task *trainer_task(const Trainer *t) {
    return &t->task;
}

const Dataset *trainer_data(const Trainer *t) {
    return t->dataset;
}

const Config *trainer_config(const Trainer *t) {
    return &t->config;
}

const Net *trainer_net(const Trainer *t) {
    return t->net;
}

const double *trainer_weights(const Trainer *t) {
    return t->weights;
}

const double *trainer_state(const Trainer *t) {
    return t->judged;
}

const double *trainer_averages(const Trainer *t) {
    return t->state;
}

size_t trainer_samples(const Trainer *t) {
    return t->dataset->train.count;
}

size_t trainer_batch(const Trainer *t) {
    return t->config.batch;
}

size_t trainer_steps(const Trainer *t) {
    return t->steps;
}

size_t trainer_learning(const Trainer *t) {
    return t->learns.weights;
}

double trainer_horizon(const Trainer *t) {
    return t->config.decay * learning_rates(&t->config, t->steps);
}

size_t trainer_done(const Trainer *t) {
    return (size_t)t->counters->step;
}

size_t trainer_blocks(const Trainer *t) {
    size_t blocks = 0;
    for (size_t i = 0; i < t->rooms; i++) blocks += arena_blocks(t->own[i]);
    return blocks;
}
