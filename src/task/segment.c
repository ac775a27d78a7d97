/* A class for each pixel, from as many maps of logits as there are classes. Pixels without a
 * class count neither in the loss nor in a metric. A network sees them like any other: what
 * is only padding is better cut off before. */
#include "house.h"
#include "task.h"

#include <math.h>

static bool find(Task *task, const Dataset *data, BaseError *error) {
    const DataField *mask = task_want(task, data, "mask", DATA_LABELS, 2, error);
    if (mask == NULL || !task_on_input(data, mask, error)) return false;
    task->outputs = mask->classes;
    task->tallies = mask->classes * mask->classes;
    return true;
}

/* Maps as large as the images, and so as the masks. */
static bool accepts(const Task *task, const Net *net, BaseError *error) {
    if (!task_one_output(task, net, 3, error)) return false;
    const Shape *image = &net->face.input[0].shape;
    const size_t *want = image->size + image->rank - 2,
                 *have = net->output[0].shape.size + 1;
    return (have[0] == want[0] && have[1] == want[1]) ||
           base_fail(error, EX_USAGE, 0,
                     "gives maps of %zu x %zu; %zu x %zu are expected", have[0], have[1],
                     want[0], want[1]);
}

static TapeNode *loss(const Task *task, Tape *tape, TapeNode *const *out,
                      const Batch *batch) {
    return task_places_loss(task, tape, out[0], batch);
}

/* ---- the metrics: confusion[truth][guess] in pixels -------------------------------- */

static void tally(const Task *task, double *confusion, TapeNode *const *out,
                  const Batch *batch) {
    const uint8_t *label = batch->label[task->field];
    const size_t K = task->outputs, L = shape_count(out[0]->shape) / (batch->count * K);
    for (size_t i = 0; i < K * K; i++) confusion[i] = 0.0;
    for (size_t i = 0; i < batch->count * L; i++)
        if (label[i] != DATA_IGNORED)
            confusion[label[i] * K + task_told(out[0]->value, i, L, K)] += 1.0;
}

static bool holds(const Task *task, const double *confusion, double samples) {
    for (size_t i = 0; i < task->tallies; i++)
        if (!(confusion[i] >= 0 && confusion[i] == floor(confusion[i]) &&
              (samples > 0 || confusion[i] == 0)))
            return false;
    return true;
}

enum { IOU, ACCURACY, METRICS };

/* |truth and guess| / |truth or guess| of a class; NaN where both are empty. */
static double overlap(const double *confusion, size_t K, size_t k) {
    double either = -confusion[k * K + k];
    for (size_t j = 0; j < K; j++) either += confusion[k * K + j] + confusion[j * K + k];
    return confusion[k * K + k] / either;
}

static void judge(const Task *task, double *metric, const double *confusion) {
    const size_t K = task->outputs;
    double sum = 0, classes = 0, right = 0, pixels = 0;
    for (size_t k = 0; k < K; k++) {
        const double share = overlap(confusion, K, k);
        if (!isnan(share)) sum += share, classes += 1;
        right += confusion[k * K + k];
        for (size_t j = 0; j < K; j++) pixels += confusion[k * K + j];
    }
    metric[IOU] = sum / classes;
    metric[ACCURACY] = right / pixels;
}

static void map(const Task *task, double *told, double *truth, TapeNode *const *out,
                const Batch *batch, size_t n) {
    const size_t K = task->outputs, L = shape_count(out[0]->shape) / (batch->count * K);
    const uint8_t *label = batch->label[task->field] + n * L;
    for (size_t p = 0; p < L; p++) {
        const bool asked = label[p] != DATA_IGNORED;
        told[p] = asked ? (double)task_told(out[0]->value, n * L + p, L, K) : (double)NAN;
        truth[p] = asked ? label[p] : (double)NAN;
    }
}

static const TaskMetric metrics[METRICS] = {
    [IOU] = {.name = "iou",
             .title = "mean over classes of intersection over union",
             .unit = "1",
             .rises = true,
             .share = true},
    [ACCURACY] = {.name = "accuracy",
                  .title = "share of pixels classified as they are",
                  .unit = "1",
                  .rises = true,
                  .share = true}};

static const TaskExample example = {
    .samples = 3,
    .fields = 2,
    .field = {{.name = "image", .type = DATA_REALS, .shape = {3, {1, 3, 4}}},
              {.name = "mask", .type = DATA_LABELS, .shape = {2, {3, 4}}, .classes = 3}},
    .outputs = 1,
    .output = {{.name = "logits", .shape = {3, {3, 3, 4}}}}};

const TaskKind task_segment = {.name = "segment",
                               .title = "a class for each pixel",
                               .loss = "mean cross-entropy of pixels",
                               .metrics = METRICS,
                               .metric = metrics,
                               .bind = find,
                               .accepts = accepts,
                               .example = &example,
                               .write = loss,
                               .tally = tally,
                               .holds = holds,
                               .judge = judge,
                               .map = map};
