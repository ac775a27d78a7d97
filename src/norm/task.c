/* TaskNorm (Bronskill et al. 2020): the moments of batch and those of instance (or layer)
 * pooled as the moments of a mixture,
 *     mean = alpha mean_B + (1 - alpha) mean_I
 *     variance = alpha (variance_B + (mean_B - mean)^2)
 *              + (1 - alpha) (variance_I + (mean_I - mean)^2)
 * with alpha = sigmoid(slope N + offset), both 0 at first, N the samples of a worker.
 *
 * The slope's gradient is N times the offset's, so a step of one rate moves the logit
 * 1 + N^2 times as far as an offset alone would move it: at 32 samples it learns five hundred times
 * as fast as at 1, whatever there is to learn. even=yes is the control, a logit over
 * sqrt(1 + N^2), which moves alike at every N.
 *
 * The paper normalizes the targets of a task by the moments of its context. There is no
 * context here: evaluation uses running moments, as batch does, and the N of training, which
 * is remembered beside them. The authors' code (cambridge-mlg/cnaps) remembers the context's
 * N too, and uses unbiased variances; the paper's equations, and these, have biased ones. */
#include "internal.h"

#include <math.h>
#include <string.h>

typedef struct Task {
    size_t layer, even;
} Task;

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    static const char *const WITH[] = {"instance", "layer", NULL};
    static const char *const EVEN[] = {"no", "yes", NULL};
    Task *task = ZERO(arena, Task, 1);
    norm->detail = task;
    if (!norm_read_choice(arguments, "with", WITH, &task->layer, error) ||
        !norm_read_choice(arguments, "even", EVEN, &task->even, error))
        return false;
    if (task->layer) norm->cell[1].width = 0;
    return true;
}

static void declare(Norm *norm) {
    static const char *const WITH_INSTANCE[] = {"batch", "instance"};
    static const char *const WITH_LAYER[] = {"batch", "layer"};
    const Task *task = norm->detail;
    norm_add_param(norm, "slope", NORM_PARAM_LOGIT, 1, 0.0);
    NormParam *offset = norm_add_param(norm, "offset", NORM_PARAM_LOGIT, 1, 0.0);
    offset->reading = NORM_LINE;
    offset->choices = 2;
    offset->choice = task->layer ? WITH_LAYER : WITH_INSTANCE;
    norm_add_state(norm, "batch_size", NORM_STATE_COUNT, 1, 1.0)->weight_new = 1.0;
}

/* alpha [1]; N is the worker's own in training, the last one seen in evaluation. */
static TapeNode *weight_of(const NormContext *context, ShapeLattice at) {
    Tape *t = context->tape;
    const Shape one = SHAPE_OF(1);
    TapeNode *N = context->mode == NORM_TRAIN
                      ? tape_fill(t, one, norm_samples(context, at))
                      : tape_leaf(t, one, context->state[2]);
    if (context->mode == NORM_TRAIN && context->observed)
        context->observed[2][0] = N->value[0] > 0.0 ? N->value[0] : (double)NAN;
    norm_see(context, 2, N);
    TapeNode *product = tape_mul(t, norm_operand(context, "slope"), N);
    TapeNode *logit = tape_add(t, product, norm_operand(context, "offset"));
    const Task *task = context->norm->detail;
    if (task->even) {
        TapeNode *square = tape_mul(t, N, N);
        square = tape_add(t, square, tape_fill(t, one, 1.0));
        logit = tape_div(t, logit, tape_sqrt(t, square));
    }
    return tape_sigmoid(t, logit);
}

static NormField text(const NormView *v) {
    Tape *t = v->tape;
    const Norm *norm = v->context.norm;
    const Task *task = norm->detail;
    const ViewMoments batch = view_moments(v),
                      other = view_moments_over(v, 1, task->layer ? v->at.C : 1);
    TapeNode *alpha = view_repeat(v, weight_of(&v->context, v->at));
    TapeNode *rest = tape_sub(t, tape_fill(t, v->shape, 1.0), alpha);
    const NormField each[] = {batch.centred, other.centred};
    TapeNode *const share[] = {alpha, rest}, *const own[] = {batch.variance,
                                                             other.variance};
    const NormField centred = field_weighed(v, each, share, 2);
    TapeNode *variance = NULL;
    for (size_t k = 0; k < 2; k++) {
        TapeNode *between = field_between(v, each[k], centred); /* mean - mean_k */
        TapeNode *about = tape_add(t, own[k], tape_mul(t, between, between));
        TapeNode *term = tape_mul(t, share[k], about);
        variance = variance ? tape_add(t, variance, term) : term;
    }
    return field_over(v, centred, norm_root(t, norm, variance));
}

const NormKind norm_task = {
    .name = "task",
    .usage = "task(with=instance|layer, even=no|yes)",
    .title = "batch and instance moments pooled by the batch's size",
    .source = "Bronskill et al. 2020",
    .differs =
        "the authors' code has unbiased variances, and the moments of a task's context",
    .also = (const char *const[]){"task(even=yes)", NULL},
    .cells = "those of batch, and of instance or layer",
    .options = (const char *const[]){"with", "even", NULL},
    .configure = configure,
    .declare = declare,
    .text = text,
    .cell = {{.width = 1, .moments = {NORM_OWN, NORM_RUNNING}},
             {.block = 1, .width = 1, .moments = {NORM_OWN, NORM_OWN}}},
};
