/* Rows of what normalizers learned beside gamma and beta, and of what they adapted. */
#include "trace.h"

#include <string.h>

/* Of a run: 1 MiB. (Rows 0 and last are kept whatever their size.) */
enum { MOST_KEPT = 1 << 17 };

/* gamma and beta, of parts too: "part1.gamma". They are many, and not what a normalizer
 * was chosen for. */
static bool is_affine(const NormParam *param) {
    return param->role == NORM_PARAM_SCALE || param->role == NORM_PARAM_SHIFT;
}

static void add(Trace *trace, TrainTrace entry, size_t from) {
    trace->list[trace->count] = entry;
    trace->column[trace->count] = trace->columns;
    trace->from[trace->count] = from;
    trace->count++;
    trace->columns += entry.count;
}

static void add_norm(Trace *trace, size_t n) {
    const NetNorm *part = &trace->net->norm[n];
    const Norm *norm = part->norm;
    size_t at = part->state;
    bool adapts = false;
    for (size_t i = 0; i < norm->params; i++)
        if (!is_affine(&norm->param[i]))
            add(trace,
                (TrainTrace){part->name, norm->spec, norm->param[i].name, TRACE_LEARNED,
                             norm->param[i].count, &norm->param[i]},
                trace->net->param[part->param + i].offset);
    for (size_t i = 0; i < norm->states; at += norm->state[i++].count) {
        if (!norm->state[i].adapted) continue;
        adapts = true;
        add(trace,
            (TrainTrace){part->name, norm->spec, norm->state[i].name, TRACE_ADAPTED,
                         norm->state[i].count, NULL},
            at);
    }
    trace->changes[n] = adapts ? trace->columns : SIZE_MAX;
    if (adapts)
        add(trace,
            (TrainTrace){part->name, norm->spec, "map_changed", TRACE_CHANGES, 1, NULL},
            0);
}

static size_t rows_of(size_t epochs, size_t every) {
    return (epochs + every - 1) / every + 1;
}

Trace trace_new(Arena *arena, const Net *net, size_t epochs) {
    Trace trace = {.net = net, .epochs = epochs, .every = 1};
    size_t most = 1;
    for (size_t n = 0; n < net->norms; n++)
        most += net->norm[n].norm->params + net->norm[n].norm->states + 1;
    trace.list = TAKE(arena, TrainTrace, most);
    trace.column = TAKE(arena, size_t, most);
    trace.from = TAKE(arena, size_t, most);
    trace.changes = TAKE(arena, size_t, net->norms + 1);
    for (size_t n = 0; n < net->norms; n++) add_norm(&trace, n);
    while (trace.every < epochs &&
           rows_of(epochs, trace.every) * trace.columns > MOST_KEPT)
        trace.every++;
    trace.rows = rows_of(epochs, trace.every);
    trace.row = ZERO(arena, double, trace.rows *trace.columns);
    trace.epoch = TAKE(arena, double, trace.rows);
    for (size_t r = 0; r < trace.rows; r++)
        trace.epoch[r] = (double)(r + 1 < trace.rows ? r * trace.every : epochs);
    return trace;
}

/* The row of an epoch, or the next one after it. */
static size_t row_from(const Trace *trace, size_t finished) {
    return (finished + trace->every - 1) / trace->every;
}

void trace_take(Trace *trace, const double *weights, const double *state,
                size_t finished) {
    const size_t r = row_from(trace, finished); /* written over until its epoch */
    for (size_t i = 0; i < trace->count; i++) {
        const TrainTrace *entry = &trace->list[i];
        if (entry->kind == TRACE_CHANGES) continue; /* counted when they happen */
        const double *values = entry->kind == TRACE_LEARNED ? weights : state;
        memcpy(trace->row + r * trace->columns + trace->column[i],
               values + trace->from[i], entry->count * sizeof *values);
    }
}

void trace_changed(Trace *trace, size_t n, size_t epoch) {
    REQUIRE(trace->changes[n] != SIZE_MAX, "%s: a change of what nobody declared",
            trace->net->norm[n].name);
    const size_t r = row_from(trace, epoch + 1);
    trace->row[r * trace->columns + trace->changes[n]] += 1.0;
}

size_t trace_rows(const Trace *trace, size_t finished) {
    return finished == trace->epochs ? trace->rows : finished / trace->every + 1;
}
