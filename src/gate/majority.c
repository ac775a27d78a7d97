/* The class that most pixels of the training samples have, for every pixel. */
#include "gate.h"
#include "house.h"

#include <string.h>

static bool fits(const Task *task, const Dataset *data) {
    (void)data;
    return strcmp(task->kind->name, "segment") == 0;
}

/* Of equally many the first. */
static void fit(Gate *gate, Arena *arena) {
    const Samples *train = &gate->data->train;
    const size_t field = gate->task->field,
                 L = shape_count(gate->data->field[field].shape);
    size_t seen[DATA_IGNORED + 1] = {0}, *best = ZERO(arena, size_t, 1);
    for (size_t i = 0; i < train->count; i++)
        for (size_t p = 0; p < L; p++)
            seen[((const uint8_t *)train->value[field][i])[p]]++;
    for (size_t k = 1; k < gate->task->outputs; k++)
        if (seen[k] > seen[*best]) *best = k;
    gate->model = best;
}

static void tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out) {
    const size_t K = gate->task->outputs, best = *(const size_t *)gate->model;
    const Shape *mask = &gate->data->field[gate->task->field].shape;
    const size_t H = mask->size[0], W = mask->size[1];
    double *z = ZERO(tape_arena(tape), double, asked->count *K *H *W);
    for (size_t n = 0; n < asked->count; n++)
        for (size_t p = 0; p < H * W; p++) z[(n * K + best) * H * W + p] = 1;
    out[0] = tape_leaf(tape, SHAPE_OF(asked->count, K, H, W), z);
}

const GateKind gate_majority = {.name = "majority",
                                .title = "the class of most pixels",
                                .fits = fits,
                                .fit = fit,
                                .tell = tell};
