/* Naive Bayes on pairs of symbols that follow each other: a class for each sequence, by how often its
 * training sequences have them. To every count is added what is best on the validation samples. */
#include "gate.h"
#include "house.h"
#include "real.h"

#include <string.h>

typedef struct Model {
    size_t symbols, classes;
    const double *pair;  /* [classes, symbols, symbols] log of each pair's share */
    const double *prior; /* [classes] log of the class's */
} Model;

static bool fits(const Task *task, const Dataset *data) {
    const DataField *seen = &data->field[0];
    return strcmp(task->kind->name, "classify") == 0 && seen->type == DATA_LABELS &&
           seen->shape.rank == 1 && seen->shape.size[0] > 1;
}

static uint8_t label_of(const Gate *gate, const Samples *samples, size_t i) {
    return *(const uint8_t *)samples->value[gate->task->field][i];
}

/* Calls are for pairs that are both there; where one is missing, `none`. */
static size_t pair_at(const uint8_t *text, size_t t, size_t symbols, size_t none) {
    const bool there = text[t] != DATA_IGNORED && text[t + 1] != DATA_IGNORED;
    return there ? text[t] * symbols + text[t + 1] : none;
}

/* ---- counts ---------------------------------------------------------------------------- */

/* count[classes, symbols, symbols], all[classes] pairs, prior[classes]. */
static void count_pairs(const Gate *gate, double *count, double *all, double *prior) {
    const Samples *train = &gate->data->train;
    const DataField *seen = &gate->data->field[0];
    const size_t S = seen->classes, T = seen->shape.size[0], K = gate->task->outputs;
    double *samples = prior;
    for (size_t k = 0; k < K; k++)
        samples[k] = 1; /* a class without samples is possible */
    for (size_t i = 0; i < train->count; i++) {
        const size_t k = label_of(gate, train, i);
        samples[k] += 1;
        for (size_t t = 0; t + 1 < T; t++) {
            const size_t pair = pair_at(train->value[0][i], t, S, S * S);
            if (pair < S * S) count[k * S * S + pair] += 1, all[k] += 1;
        }
    }
    for (size_t k = 0; k < K; k++)
        prior[k] = real_log(samples[k] / (double)(train->count + K));
}

static Model model_of(Arena *arena, const Gate *gate, const double *count,
                      const double *all, const double *prior, double added) {
    const size_t S = gate->data->field[0].classes, K = gate->task->outputs;
    double *pair = TAKE(arena, double, K *S *S);
    for (size_t k = 0; k < K; k++)
        for (size_t i = 0; i < S * S; i++)
            pair[k * S * S + i] = real_log((count[k * S * S + i] + added) /
                                           (all[k] + added * (double)(S * S)));
    return (Model){S, K, pair, prior};
}

/* ---- what is told ---------------------------------------------------------------------- */

static void scores(double *z, const Model *model, const uint8_t *text, size_t T) {
    const size_t S = model->symbols;
    memcpy(z, model->prior, model->classes * sizeof *z);
    for (size_t t = 0; t + 1 < T; t++) {
        const size_t pair = pair_at(text, t, S, S * S);
        for (size_t k = 0; pair < S * S && k < model->classes; k++)
            z[k] += model->pair[k * S * S + pair];
    }
}

static size_t errors(const Gate *gate, const Model *model, const Samples *samples) {
    const size_t T = gate->data->field[0].shape.size[0];
    double z[DATA_MOST_CLASSES];
    size_t wrong = 0;
    for (size_t i = 0; i < samples->count; i++) {
        size_t best = 0;
        scores(z, model, samples->value[0][i], T);
        for (size_t k = 1; k < model->classes; k++) best = z[k] > z[best] ? k : best;
        wrong += best != label_of(gate, samples, i);
    }
    return wrong;
}

static void fit(Gate *gate, Arena *arena) {
    static const double tried[] = {1, 0.3, 0.1, 0.03, 0.01};
    const size_t S = gate->data->field[0].classes, K = gate->task->outputs;
    double *count = ZERO(arena, double, K *S *S), *all = ZERO(arena, double, K),
           *prior = TAKE(arena, double, K);
    Model *best = ZERO(arena, Model, 1);
    size_t least = SIZE_MAX;
    count_pairs(gate, count, all, prior);
    for (size_t i = 0; i < COUNT_OF(tried); i++) {
        const Model model = model_of(arena, gate, count, all, prior, tried[i]);
        const size_t wrong = errors(gate, &model, &gate->data->val);
        if (wrong < least) least = wrong, *best = model;
    }
    gate->model = best;
}

static void tell(const Gate *gate, Tape *tape, const GateAsked *asked, TapeNode **out) {
    const Model *model = gate->model;
    const size_t T = gate->data->field[0].shape.size[0], K = model->classes;
    double *z = TAKE(tape_arena(tape), double, asked->count *K);
    for (size_t n = 0; n < asked->count; n++)
        scores(z + n * K, model, asked->samples->value[0][asked->from + n], T);
    out[0] = tape_leaf(tape, SHAPE_OF(asked->count, K), z);
}

const GateKind gate_bayes = {.name = "bayes",
                             .title = "naive Bayes on pairs of symbols",
                             .fits = fits,
                             .fit = fit,
                             .tell = tell};
