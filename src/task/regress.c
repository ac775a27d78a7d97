/* One number for each sample. */
#include "house.h"
#include "task.h"

#include <math.h>

enum { SQUARES, SAMPLES, TALLIES };

static bool find(Task *task, const Dataset *data, BaseError *error) {
    const DataField *number = task_want(task, data, "number", DATA_REALS, 0, error);
    if (number == NULL) return false;
    task->outputs = 1;
    task->tallies = TALLIES;
    task->metric[0].unit = *number->unit ? number->unit : "1";
    if (number->standardized) task->scale = number->std[0];
    return true;
}

static bool accepts(const Task *task, const Net *net, BaseError *error) {
    return task_one_output(task, net, 1, error);
}

//> loss
static TapeNode *loss(const Task *task, Tape *tape, TapeNode *const *out,
                      const Batch *batch) {
    TapeNode *number = tape_leaf(tape, out[0]->shape, batch->real[task->field]),
             *apart = tape_sub(tape, out[0], number),
             *squares = tape_sum_all(tape, tape_mul(tape, apart, apart));
    return tape_div(tape, squares, tape_constant(tape, (double)batch->count));
}
//< loss

static void tally(const Task *task, double *sum, TapeNode *const *out,
                  const Batch *batch) {
    const double *number = batch->real[task->field], *y = out[0]->value;
    sum[SQUARES] = 0.0;
    for (size_t n = 0; n < batch->count; n++) {
        const double apart = task->scale * (y[n] - number[n]);
        sum[SQUARES] += apart * apart;
    }
    sum[SAMPLES] = (double)batch->count;
}

static bool holds(const Task *task, const double *sum, double samples) {
    (void)task;
    return sum[SAMPLES] == samples && sum[SQUARES] >= 0 && isfinite(sum[SQUARES]) &&
           (samples > 0 || sum[SQUARES] == 0);
}

static void judge(const Task *task, double *metric, const double *sum) {
    (void)task;
    metric[0] = sqrt(sum[SQUARES] / sum[SAMPLES]);
}

static const TaskMetric metrics[] = {
    {.name = "rmse", .title = "root of the mean squared error", .unit = "1"}};

static const TaskExample example = {
    .samples = 5,
    .fields = 2,
    .field = {{.name = "image", .type = DATA_REALS, .shape = {3, {1, 2, 2}}},
              {.name = "number", .unit = "", .type = DATA_REALS, .shape = {0, {0}}}},
    .outputs = 1,
    .output = {{.name = "number", .shape = {1, {1}}}}};

const TaskKind task_regress = {.name = "regress",
                               .title = "a number for each sample",
                               .loss = "mean squared error",
                               .metrics = COUNT_OF(metrics),
                               .metric = metrics,
                               .bind = find,
                               .accepts = accepts,
                               .example = &example,
                               .write = loss,
                               .tally = tally,
                               .holds = holds,
                               .judge = judge};
