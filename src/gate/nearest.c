/* The nearest training samples, by the squared distance of their numbers. */
#include "bilinear.h"
#include "gate.h"
#include "house.h"
#include "sum.h"

#include <string.h>

enum { NEIGHBOURS = 5 }; /* as the title says */

/* Training samples as they are: levels of bytes are whole numbers, and so are their squared
 * distances, exactly. */
typedef struct Known {
    size_t count, width;
    const double *x, *square; /* [count, width], [count] */
    const uint8_t *label;     /* [count] */
} Known;

static bool fits(const Task *task, const Dataset *data) {
    return strcmp(task->kind->name, "classify") == 0 &&
           data->field[0].type != DATA_LABELS;
}

static double *plain(Arena *arena, const Dataset *data, const Samples *samples,
                     size_t from, size_t count) {
    const size_t width = shape_count(data->field[0].shape);
    const bool bytes = data->field[0].type == DATA_BYTES;
    double *x = TAKE(arena, double, count *width + 1);
    for (size_t i = 0; i < count; i++)
        for (size_t k = 0; k < width; k++)
            x[i * width + k] = bytes ? ((const uint8_t *)samples->value[0][from + i])[k]
                                     : ((const double *)samples->value[0][from + i])[k];
    return x;
}

static void fit(Gate *gate, Arena *arena) {
    const Samples *train = &gate->data->train;
    const size_t n = train->count, d = shape_count(gate->data->field[0].shape);
    Known *known = TAKE(arena, Known, 1);
    uint8_t *label = TAKE(arena, uint8_t, n + 1);
    double *x = plain(arena, gate->data, train, 0, n),
           *square = TAKE(arena, double, n + 1);
    for (size_t k = 0; k < n; k++) {
        square[k] = sum_product(x + k * d, x + k * d, d);
        label[k] = *(const uint8_t *)train->value[gate->task->field][k];
    }
    *known = (Known){n, d, x, square, label};
    gate->model = known;
}

/* Votes of the nearest; of equally many the class of the nearest of all that have them. */
static uint8_t vote(const size_t *nearest, size_t count, const uint8_t *label) {
    size_t votes[DATA_MOST_CLASSES + 1] = {0}, most = 0;
    for (size_t i = 0; i < count; i++)
        if (++votes[label[nearest[i]]] > most) most = votes[label[nearest[i]]];
    size_t i = 0;
    while (votes[label[nearest[i]]] < most) i++;
    return label[nearest[i]];
}

/* The nearest of n by distance, then by their order; *found of them, the nearest first. */
static void find_nearest(size_t nearest[NEIGHBOURS], size_t *found,
                         const double *distance, size_t n) {
    *found = 0;
    for (size_t i = 0; i < n; i++) {
        size_t at = *found;
        while (at > 0 && distance[i] < distance[nearest[at - 1]]) at--;
        if (at == NEIGHBOURS) continue;
        if (*found < NEIGHBOURS) ++*found;
        for (size_t k = *found - 1; k > at; k--) nearest[k] = nearest[k - 1];
        nearest[at] = i;
    }
}

/* By |x - t|^2 - |x|^2 from all training samples. */
static void tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out) {
    Arena *arena = tape_arena(tape);
    const Known *known = gate->model;
    const size_t K = gate->task->outputs, n = known->count, count = asked->count;
    const double *x = plain(arena, gate->data, asked->samples, asked->from, count);
    double *distance = TAKE(arena, double, count *n), *z = ZERO(arena, double, count *K);
    matmul(distance, x, known->x, count, n, known->width, false, true, 0);
    for (size_t i = 0; i < count; i++) {
        size_t nearest[NEIGHBOURS], found;
        double *own = distance + i * n;
        for (size_t k = 0; k < n; k++) own[k] = known->square[k] - 2 * own[k];
        find_nearest(nearest, &found, own, n);
        z[i * K + vote(nearest, found, known->label)] = 1;
    }
    out[0] = tape_leaf(tape, SHAPE_OF(count, K), z);
}

const GateKind gate_nearest = {.name = "nearest",
                               .title = "5 nearest neighbours",
                               .fits = fits,
                               .fit = fit,
                               .tell = tell};
