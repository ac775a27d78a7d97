/* What tells texts without a network, against plain loops that count again for each place. */
#include "harness.h"

#include "gate.h"

#include <math.h>
#include <string.h>

enum { T = 64, FEW = 40 };

static const Dataset *some_texts(Arena *arena, const char *name, size_t count) {
    BaseError error = {.set = false};
    const Dataset *all = dataset_open(arena, name, &error);
    if (all == NULL) fail_msg("%s", error.message);
    return dataset_limit(arena, all, count, &error);
}

static const Task *bound(Arena *arena, const char *name, const Dataset *data) {
    size_t count, i = 0;
    const TaskKind *const *kind = task_kinds(&count);
    BaseError error = {.set = false};
    Task *task = TAKE(arena, Task, 1);
    while (strcmp(kind[i]->name, name) != 0) i++;
    assert_true(task_bind(task, kind[i], data, &error));
    return task;
}

/* How often `symbol`, or (SIZE_MAX) any, stands behind the `length` symbols that end at text[t];
 * *kinds: how many different ones do. */
static double times(const Samples *train, const uint8_t *text, size_t t, size_t length,
                    size_t symbol, double *kinds) {
    bool seen[DATA_MOST_CLASSES] = {false};
    double count = 0;
    for (size_t i = 0; i < train->count; i++) {
        const uint8_t *own = train->value[0][i], *next = train->value[1][i];
        for (size_t u = 0; u < T; u++) {
            if (u + 1 < length ||
                memcmp(own + u + 1 - length, text + t + 1 - length, length) != 0)
                continue;
            count += symbol == SIZE_MAX || next[u] == symbol;
            seen[next[u]] = true;
        }
    }
    *kinds = 0;
    for (size_t k = 0; k < DATA_MOST_CLASSES; k++) *kinds += seen[k];
    return count;
}

/* Chen and Goodman 1999, equations 13 to 16: lambda p_ML + (1 - lambda) p of the shorter context,
 * 1 - lambda = kinds / (kinds + times). */
static double by_loops(const Dataset *data, const uint8_t *text, size_t t, size_t length,
                       size_t symbol) {
    double kinds;
    if (length > t + 1) return by_loops(data, text, t, length - 1, symbol);
    const double shorter = length > 0 ? by_loops(data, text, t, length - 1, symbol)
                                      : 1.0 / (double)data->field[1].classes,
                 all = times(&data->train, text, t, length, SIZE_MAX, &kinds);
    if (all == 0) return shorter;
    const double lambda = 1 - kinds / (kinds + all);
    return lambda * times(&data->train, text, t, length, symbol, &kinds) / all +
           (1 - lambda) * shorter;
}

static void grams_are_their_loops(void **state) {
    (void)state;
    static const char *const name[] = {"trigram", "fivegram"};
    Arena *arena = arena_new();
    const Dataset *data = some_texts(arena, "kjv-mini", FEW);
    const Task *task = bound(arena, "predict", data);
    const size_t K = task->outputs;
    for (size_t g = 0; g < 2; g++) {
        const Gate gate = gate_fit(arena, gate_find(name[g]), task, data);
        const GateAsked asked = {&data->test, 3, 2, NULL};
        TapeNode *out;
        gate.kind->tell(&gate, tape_new(arena), &asked, &out);
        assert_true(shape_equal(out->shape, SHAPE_OF(2, K, T)));
        for (size_t n = 0; n < 2; n++)
            for (size_t t = 0; t < T; t += t < 5 ? 1 : 7) {
                const uint8_t *text = data->test.value[0][3 + n];
                double sum = 0;
                for (size_t k = 0; k < K; k++)
                    sum += exp(out->value[(n * K + k) * T + t]);
                assert_near(sum, 1, 1e-12);
                for (size_t k = n; k < K; k += 9)
                    assert_near(exp(out->value[(n * K + k) * T + t]),
                                by_loops(data, text, t, 2 + 2 * g, k), 1e-13);
            }
    }
    arena_free(arena);
}

/* Longer contexts help where there is text enough, and the metric is the task's. */
static void longer_grams_tell_more(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Dataset *data = some_texts(arena, "kjv-mini", 0);
    const Task *task = bound(arena, "predict", data);
    const GateKind *kind[GATE_MOST];
    double bits[2][TASK_MOST_METRICS];
    assert_int_equal(gate_fitting(kind, task, data), 2);
    for (size_t g = 0; g < 2; g++) {
        const Gate gate = gate_fit(arena, kind[g], task, data);
        gate_judge(&gate, &data->test, bits[g], NULL);
        print_message("%s: %.4f bits a character, %.2f %% wrong\n", kind[g]->title,
                      bits[g][0], 100 * bits[g][1]);
    }
    assert_true(bits[0][0] < 3 && bits[1][0] < bits[0][0] - 0.2 && bits[1][0] > 1.5);
    arena_free(arena);
}

/* log of prior times the shares of all pairs, each with what was added; the class of the largest. */
static size_t told_by_loops(double *score, const Dataset *d, const double *pairs,
                            const double *all, const double *prior, double added,
                            const uint8_t *text) {
    const size_t S = d->field[0].classes, L = d->field[0].shape.size[0],
                 K = d->field[1].classes;
    size_t best = 0;
    for (size_t k = 0; k < K; k++) {
        score[k] = log(prior[k]);
        for (size_t t = 1; t < L && text[t] != DATA_IGNORED; t++)
            score[k] += log((pairs[(k * S + text[t - 1]) * S + text[t]] + added) /
                            (all[k] + added * (double)(S * S)));
        if (score[k] > score[best]) best = k;
    }
    return best;
}

static void bayes_is_its_loops(void **state) {
    (void)state;
    static const double tried[] = {1, 0.3, 0.1, 0.03, 0.01};
    Arena *arena = arena_new();
    const Dataset *d = some_texts(arena, "languages", 1200);
    const Task *task = bound(arena, "classify", d);
    const size_t S = d->field[0].classes, L = d->field[0].shape.size[0],
                 K = d->field[1].classes;
    double *pairs = ZERO(arena, double, K *S *S), *all = ZERO(arena, double, K),
           *prior = ZERO(arena, double, K), metric[TASK_MOST_METRICS];
    const GateKind *kind[GATE_MOST];
    assert_int_equal(gate_fitting(kind, task, d), 1);
    for (size_t k = 0; k < K; k++) prior[k] = 1.0 / (double)(d->train.count + K);
    for (size_t i = 0; i < d->train.count; i++) {
        const uint8_t *text = d->train.value[0][i],
                      k = *(const uint8_t *)d->train.value[1][i];
        prior[k] += 1.0 / (double)(d->train.count + K);
        for (size_t t = 1; t < L && text[t] != DATA_IGNORED; t++)
            pairs[(k * S + text[t - 1]) * S + text[t]] += 1, all[k] += 1;
    }
    double least = INFINITY, best = 0, wrong = 0, score[DATA_MOST_CLASSES];
    for (size_t i = 0; i < COUNT_OF(tried); i++) {
        double errors = 0;
        for (size_t n = 0; n < d->val.count; n++)
            errors +=
                told_by_loops(score, d, pairs, all, prior, tried[i],
                              d->val.value[0][n]) != *(const uint8_t *)d->val.value[1][n];
        if (errors < least) least = errors, best = tried[i];
    }
    const Gate gate = gate_fit(arena, kind[0], task, d);
    const GateAsked asked = {&d->test, 0, d->test.count, NULL};
    TapeNode *out;
    gate.kind->tell(&gate, tape_new(arena), &asked, &out);
    for (size_t n = 0; n < d->test.count; n++) {
        wrong += told_by_loops(score, d, pairs, all, prior, best, d->test.value[0][n]) !=
                 *(const uint8_t *)d->test.value[1][n];
        for (size_t k = 0; k < K; k++)
            assert_near(out->value[n * K + k], score[k], 1e-10);
    }
    gate_judge(&gate, &d->test, metric, NULL);
    assert_near(metric[0], wrong / (double)d->test.count, 1e-15);
    assert_true(metric[0] < 0.3 && metric[0] > 0);
    print_message("naive Bayes of 1,200 sentences: %.2f %% wrong\n", 100 * metric[0]);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, grams_are_their_loops),
    CASE(example, longer_grams_tell_more),
    CASE(oracle, bayes_is_its_loops),
};

HARNESS_MAIN("ngram", CASES)
