/* The mask of the training sample that lies nearest in height: where training samples are one half
 * of a body and the others the other, mirrored, it is what the one half says of the other. */
#include "gate.h"
#include "house.h"

#include <math.h>
#include <string.h>

static const DataField *height_of(const Dataset *data) {
    const DataField *height = dataset_field(data, "height");
    return height && height->type == DATA_REALS && height->shape.rank == 0 ? height
                                                                           : NULL;
}

static bool fits(const Task *task, const Dataset *data) {
    return strcmp(task->kind->name, "segment") == 0 && height_of(data);
}

static void fit(Gate *gate, Arena *arena) {
    (void)arena;
    gate->model = NULL; /* the training samples are what it knows */
}

static double at(const Samples *samples, size_t field, size_t i) {
    return *(const double *)samples->value[field][i];
}

/* Of two as near the first. */
static size_t nearest(const Samples *train, size_t field, double height) {
    size_t best = 0;
    for (size_t t = 1; t < train->count; t++)
        if (fabs(at(train, field, t) - height) < fabs(at(train, field, best) - height))
            best = t;
    return best;
}

/* Where the training sample has no class: none is told more than another. */
static void tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out) {
    const Samples *train = &gate->data->train;
    const size_t K = gate->task->outputs, field = gate->task->field,
                 height = (size_t)(height_of(gate->data) - gate->data->field);
    const Shape *mask = &gate->data->field[field].shape;
    const size_t H = mask->size[0], W = mask->size[1];
    double *z = ZERO(tape_arena(tape), double, asked->count *K *H *W);
    for (size_t n = 0; n < asked->count; n++) {
        const double own = at(asked->samples, height, asked->from + n);
        const uint8_t *label = train->value[field][nearest(train, height, own)];
        for (size_t p = 0; p < H * W; p++)
            if (label[p] != DATA_IGNORED) z[(n * K + label[p]) * H * W + p] = 1;
    }
    out[0] = tape_leaf(tape, SHAPE_OF(asked->count, K, H, W), z);
}

const GateKind gate_mirror = {.name = "mirror",
                              .title = "the training slice's mask at the same height",
                              .fits = fits,
                              .fit = fit,
                              .tell = tell};
