/* A gate's answers, judged by the task: in blocks, as a network's are. */
#include "gate.h"
#include "house.h"
#include "sum.h"

#include <omp.h>

Gate gate_fit(Arena *arena, const GateKind *kind, const Task *task, const Dataset *data) {
    Gate gate = {.kind = kind, .task = task, .data = data};
    kind->fit(&gate, arena);
    return gate;
}

static void tally_some(const Gate *gate, double *tally, Arena *arena,
                       const Samples *samples, size_t from, size_t count) {
    const ArenaMark mark = arena_mark(arena);
    size_t *index = TAKE(arena, size_t, count);
    for (size_t i = 0; i < count; i++) index[i] = from + i;
    const Batch batch =
        dataset_batch(arena, gate->data, samples, index, count, NULL, 0, 0);
    const GateAsked asked = {samples, from, count, &batch};
    TapeNode *out[NET_MOST_ENDS];
    gate->kind->tell(gate, tape_new(arena), &asked, out);
    gate->task->kind->tally(gate->task, tally, out, &batch);
    arena_rewind(arena, mark);
}

/* tally[tallies] of all blocks, the last of which may be ragged. */
static void add_up(const Gate *gate, double *sum, const double *tally, size_t blocks) {
    const size_t width = gate->task->tallies;
    for (size_t k = 0; k < width; k++) {
        TreeSum total;
        tree_clear(&total);
        for (size_t b = 0; b < blocks; b++) tree_push(&total, tally[b * width + k]);
        sum[k] = tree_total(&total);
    }
}

void gate_judge(const Gate *gate, const Samples *samples, double *metric, double *block) {
    Arena *arena = arena_new();
    const TaskKind *task = gate->task->kind;
    const size_t size = task_block(samples->count), width = gate->task->tallies,
                 blocks = (samples->count + size - 1) / size;
    double *tally = TAKE(arena, double, blocks *width + 1),
           *sum = TAKE(arena, double, width), own[TASK_MOST_METRICS];
#pragma omp parallel
    {
        Arena *mine = arena_new();
#pragma omp for schedule(dynamic, 1)
        for (size_t b = 0; b < blocks; b++) {
            const size_t left = samples->count - b * size;
            tally_some(gate, tally + b * width, mine, samples, b * size,
                       left < size ? left : size);
        }
        arena_free(mine);
    }
    add_up(gate, sum, tally, blocks);
    task->judge(gate->task, metric, sum);
    for (size_t b = 0; block && b < samples->count / size; b++) {
        task->judge(gate->task, own, tally + b * width);
        block[b] = own[0];
    }
    arena_free(arena);
}
