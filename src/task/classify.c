/* One class for each sample, from as many logits as there are classes. */
#include "house.h"
#include "task.h"

#include <math.h>
#include <string.h>

enum { WRONG, SAMPLES, TALLIES };

static bool find(Task *task, const Dataset *data, BaseError *error) {
    const DataField *label = task_want(task, data, "label", DATA_LABELS, 0, error);
    if (label == NULL) return false;
    if (strcmp(task->samples, "images") != 0)
        task->metric[0].title = "share misclassified";
    task->outputs = label->classes;
    task->tallies = TALLIES;
    return true;
}

static bool accepts(const Task *task, const Net *net, BaseError *error) {
    return task_one_output(task, net, 1, error);
}

static TapeNode *loss(const Task *task, Tape *tape, TapeNode *const *out,
                      const Batch *batch) {
    return tape_cross_entropy(tape, out[0], batch->label[task->field]);
}

static void tally(const Task *task, double *sum, TapeNode *const *out,
                  const Batch *batch) {
    const uint8_t *label = batch->label[task->field];
    const size_t K = task->outputs;
    size_t wrong = 0;
    for (size_t n = 0; n < batch->count; n++) {
        const double *z = out[0]->value + n * K;
        size_t best = 0;
        for (size_t k = 1; k < K; k++) best = z[k] > z[best] ? k : best;
        wrong += best != label[n];
    }
    sum[WRONG] = (double)wrong;
    sum[SAMPLES] = (double)batch->count;
}

static bool holds(const Task *task, const double *sum, double samples) {
    (void)task;
    return sum[SAMPLES] == samples && sum[WRONG] >= 0 && sum[WRONG] <= samples &&
           sum[WRONG] == floor(sum[WRONG]);
}

static void judge(const Task *task, double *metric, const double *sum) {
    (void)task;
    metric[0] = sum[WRONG] / sum[SAMPLES];
}

static const TaskMetric metrics[] = {{.name = "error",
                                      .title = "share of images misclassified",
                                      .unit = "1",
                                      .share = true}};

static const TaskExample example = {
    .samples = 3,
    .fields = 2,
    .field = {{.name = "image", .type = DATA_REALS, .shape = {3, {1, 2, 2}}},
              {.name = "label", .type = DATA_LABELS, .classes = 4}},
    .outputs = 1,
    .output = {{.name = "logits", .shape = {1, {4}}}}};

const TaskKind task_classify = {.name = "classify",
                                .title = "a class for each sample",
                                .loss = "mean cross-entropy",
                                .metrics = COUNT_OF(metrics),
                                .metric = metrics,
                                .bind = find,
                                .accepts = accepts,
                                .example = &example,
                                .write = loss,
                                .tally = tally,
                                .holds = holds,
                                .judge = judge};
