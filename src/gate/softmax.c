/* Softmax regression on a sample's numbers, all of them. */
#include "gate.h"
#include "house.h"

#include <math.h>
#include <string.h>

/* Decays that are tried, the larger first, until two in a row are no better: each begins where the
 * one before it ended. */
static const double DECAYS[] = {0.3, 0.1, 0.03, 0.01, 0.003, 0.001};
/* Largest element of a gradient: where decays are compared, and at the end. */
static const double ROUGH = 1e-4, FLAT = 1e-6;

enum { MOST_STEPS = 20000 };

static bool fits(const Task *task, const Dataset *data) {
    return strcmp(task->kind->name, "classify") == 0 &&
           data->field[0].type != DATA_LABELS;
}

/* Standardized as networks see them. */
static GateRows rows_of(Arena *arena, const Dataset *data, size_t field) {
    const Samples *samples = &data->train;
    const size_t count = samples->count, width = shape_count(data->field[0].shape);
    uint8_t *label = TAKE(arena, uint8_t, count + 1);
    GateRows rows = {count, width, TAKE(arena, double, count *width + 1), label};
    for (size_t i = 0; i < count; i++) {
        const ArenaMark mark = arena_mark(arena);
        const Batch one = dataset_batch(arena, data, samples, &i, 1, NULL, 0, 0);
        memcpy(rows.x + i * width, one.real[0], width * sizeof *rows.x);
        label[i] = *(const uint8_t *)samples->value[field][i];
        arena_rewind(arena, mark);
    }
    return rows;
}

/* The decay whose weights are best on val, roughly fitted; the regression is then there. */
static void choose_decay(Arena *arena, const Gate *gate, GateRegression *fit) {
    const size_t count = fit->classes * (fit->rows->width + 1);
    double *best = TAKE(arena, double, count), least = INFINITY, decay = 0;
    for (size_t i = 0, worse = 0; i < COUNT_OF(DECAYS) && worse < 2; i++) {
        double metric[TASK_MOST_METRICS];
        fit->decay = DECAYS[i];
        gate_regress(fit, ROUGH, MOST_STEPS);
        gate_judge(gate, &gate->data->val, metric, NULL);
        worse = metric[0] < least ? 0 : worse + 1;
        if (worse > 0) continue;
        least = metric[0], decay = fit->decay;
        memcpy(best, fit->weights, count * sizeof *best);
    }
    memcpy(fit->weights, best, count * sizeof *best);
    fit->decay = decay;
}

static void fit(Gate *gate, Arena *arena) {
    Arena *scratch = arena_new();
    const size_t K = gate->task->outputs;
    const GateRows train = rows_of(scratch, gate->data, gate->task->field);
    GateRegression own = gate_regression(scratch, &train, K);
    own.weights = ZERO(arena, double, K *(train.width + 1));
    gate->model = own.weights;
    choose_decay(scratch, gate, &own);
    gate->decay = own.decay;
    gate->slope = gate_regress(&own, FLAT, MOST_STEPS);
    arena_free(scratch);
}

static void tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out) {
    Arena *arena = tape_arena(tape);
    const size_t K = gate->task->outputs, n = asked->count,
                 width = shape_count(gate->data->field[0].shape);
    double *z = TAKE(arena, double, K *n), *each = TAKE(arena, double, K *n);
    gate_logits(z, gate->model, asked->batch->real[0], K, n, width);
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < K; k++) each[i * K + k] = z[k * n + i];
    out[0] = tape_leaf(tape, SHAPE_OF(n, K), each);
}

const GateKind gate_softmax = {.name = "softmax",
                               .title = "softmax regression",
                               .fits = fits,
                               .fit = fit,
                               .tell = tell};
