/* The next symbol of a text at every position, from as many logits as there are symbols, of what
 * stands up to it: in bits a character, the mean of -log2 of the probability that the next one was
 * given. Positions without a next one count neither in the loss nor in a metric. */
#include "house.h"
#include "real.h"
#include "task.h"

#include <math.h>

enum { NATS, WRONG, POSITIONS, TALLIES };

static bool find(Task *task, const Dataset *data, BaseError *error) {
    const DataField *next = task_want(task, data, "next", DATA_LABELS, 1, error);
    if (next == NULL) return false;
    const DataField *seen = &data->field[0];
    if (seen->type != DATA_LABELS || !shape_equal(seen->shape, next->shape) ||
        seen->classes != next->classes)
        return base_fail(error, EX_USAGE, 0,
                         "has a next symbol, of %zu at %zu positions, for another text",
                         next->classes, next->shape.size[0]);
    task->outputs = next->classes;
    task->causal = true;
    task->tallies = TALLIES;
    return true;
}

/* At every position of the text. */
static bool accepts(const Task *task, const Net *net, BaseError *error) {
    if (!task_one_output(task, net, 2, error)) return false;
    const size_t want = net->face.input[0].shape.size[0],
                 have = net->output[0].shape.size[1];
    return have == want ||
           base_fail(error, EX_USAGE, 0,
                     "gives numbers at %zu positions; %zu are expected", have, want);
}

static TapeNode *loss(const Task *task, Tape *tape, TapeNode *const *out,
                      const Batch *batch) {
    return task_places_loss(task, tape, out[0], batch);
}

/* -log of the probability of class k at a place, z[K] with a stride of L. */
static double surprise(const double *z, size_t k, size_t K, size_t L) {
    double largest = z[0], sum = 0.0;
    for (size_t j = 1; j < K; j++) largest = fmax(largest, z[j * L]);
    for (size_t j = 0; j < K; j++) sum += real_exp(z[j * L] - largest);
    return real_log(sum) + (largest - z[k * L]);
}

static void tally(const Task *task, double *sum, TapeNode *const *out,
                  const Batch *batch) {
    const uint8_t *next = batch->label[task->field];
    const double *z = out[0]->value;
    const size_t K = task->outputs, L = shape_count(out[0]->shape) / (batch->count * K);
    sum[NATS] = sum[WRONG] = sum[POSITIONS] = 0.0;
    for (size_t i = 0; i < batch->count * L; i++) {
        if (next[i] == DATA_IGNORED) continue;
        sum[NATS] += surprise(z + i / L * K * L + i % L, next[i], K, L);
        sum[WRONG] += task_told(z, i, L, K) != next[i];
        sum[POSITIONS] += 1.0;
    }
}

static bool holds(const Task *task, const double *sum, double samples) {
    (void)task;
    return sum[NATS] >= 0 && isfinite(sum[NATS]) && sum[WRONG] >= 0 &&
           sum[WRONG] <= sum[POSITIONS] && sum[WRONG] == floor(sum[WRONG]) &&
           sum[POSITIONS] == floor(sum[POSITIONS]) && isfinite(sum[POSITIONS]) &&
           (samples > 0 || sum[POSITIONS] == 0) && (sum[POSITIONS] > 0 || sum[NATS] == 0);
}

enum { BITS, ERROR, METRICS };

static void judge(const Task *task, double *metric, const double *sum) {
    (void)task;
    metric[BITS] = sum[NATS] / sum[POSITIONS] / real_log(2.0);
    metric[ERROR] = sum[WRONG] / sum[POSITIONS];
}

static const TaskMetric metrics[METRICS] = {
    [BITS] = {.name = "bits", .title = "bits a character", .unit = "bit"},
    [ERROR] = {.name = "error",
               .title = "share of next characters told wrong",
               .unit = "1",
               .share = true}};

static const TaskExample example = {
    .samples = 4,
    .fields = 2,
    .field = {{.name = "text", .type = DATA_LABELS, .shape = {1, {5}}, .classes = 3},
              {.name = "next", .type = DATA_LABELS, .shape = {1, {5}}, .classes = 3}},
    .outputs = 1,
    .output = {{.name = "logits", .shape = {2, {3, 5}}}}};

const TaskKind task_predict = {.name = "predict",
                               .title = "the next symbol at every position of a text",
                               .loss = "mean cross-entropy of next symbols",
                               .metrics = METRICS,
                               .metric = metrics,
                               .bind = find,
                               .accepts = accepts,
                               .example = &example,
                               .write = loss,
                               .tally = tally,
                               .holds = holds,
                               .judge = judge};
