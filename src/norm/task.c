/* TaskNorm (Bronskill et al. 2020): the moments of batch and those of instance (or layer)
 * pooled as the moments of a mixture,
 *     mean = alpha mean_B + (1 - alpha) mean_I
 *     variance = alpha (variance_B + (mean_B - mean)^2)
 *              + (1 - alpha) (variance_I + (mean_I - mean)^2)
 * with alpha = sigmoid(slope N + offset), both 0 at first, N the samples of a worker.
 *
 * The paper normalizes the targets of a task by the moments of its context. There is no
 * context here: evaluation uses running moments, as batch does, and the N of training, which
 * is remembered beside them. The authors' code (cambridge-mlg/cnaps) remembers the context's
 * N too, and uses unbiased variances; the paper's equations, and these, have biased ones. */
#include "kind.h"

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    static const char *const WITH[] = {"instance", "layer", NULL};
    size_t *layer = ZERO(arena, size_t, 1);
    norm->detail = layer;
    return norm_read_choice(arguments, "with", WITH, layer, canonical, error);
}

static void declare(Norm *norm) {
    static const char *const WITH_INSTANCE[] = {"batch", "instance"};
    static const char *const WITH_LAYER[] = {"batch", "layer"};
    const size_t *layer = norm->detail;
    norm_add_param(norm, "slope", 1, 0.0);
    NormParam *offset = norm_add_param(norm, "offset", 1, 0.0);
    offset->reading = NORM_LINE;
    offset->choices = 2;
    offset->choice = *layer ? WITH_LAYER : WITH_INSTANCE;
    norm_add_state(norm, "batch_size", 1, 1.0)->weight_new = 1.0;
}

/* Where an instance is one position and alpha is small, y is but the sign of x - mean_B. */
static size_t smallest(Arena *arena, const Norm *norm, Lattice x, NormMode mode) {
    (void)arena;
    const size_t *layer = norm->detail;
    (void)mode;
    return *layer ? x.C * x.L : x.L;
}

/* alpha [1]; N is the worker's own in training, the last one seen in evaluation. */
static Node *weight_of(const NormContext *context, size_t samples) {
    Tape *t = context->tape;
    double N = (double)samples;
    if (context->mode == NORM_EVAL)
        N = context->state[2][0];
    else if (context->observed)
        context->observed[2][0] = N;
    Node *product =
        tape_mul(t, norm_operand(context, "slope"), tape_fill(t, SHAPE(1), N));
    return tape_sigmoid(t, tape_add(t, product, norm_operand(context, "offset")));
}

/* alpha a + (1 - alpha) b, exact at both ends. */
static Node *pooled(Tape *t, Node *alpha, Node *a, Node *b) {
    Node *rest = tape_sub(t, tape_fill(t, alpha->shape, 1.0), alpha);
    return tape_add(t, tape_mul(t, alpha, a), tape_mul(t, rest, b));
}

static Node *square(Tape *t, Node *a) {
    return tape_mul(t, a, a);
}

/* What is apart from the two means, and the two variances, into x - mean and variance. */
static void pool(const NormContext *context, Node *alpha, Node *const apart[2],
                 Node *const variance[2], Node **centred, Node **sum) {
    Tape *t = context->tape;
    Node *between[2];
    *centred = pooled(t, alpha, apart[0], apart[1]);
    for (size_t k = 0; k < 2; k++) /* mean - mean_k */
        between[k] = tape_add(t, variance[k], square(t, tape_sub(t, apart[k], *centred)));
    *sum = pooled(t, alpha, between[0], between[1]);
}

static Node *define(const NormContext *context, Node *x) {
    Tape *t = context->tape;
    const Norm *norm = context->norm;
    const size_t *layer = norm->detail;
    const Lattice at = shape_lattice(x->shape);
    MomentNodes batch = norm_moments(context, x);
    MomentNodes other = norm_moments_over(
        context, x, partition_blocks(tape_arena(t), at, 1, *layer ? at.C : 1, false));
    Node *alpha = norm_repeat(t, weight_of(context, at.N), x->shape), *centred, *variance;
    pool(context, alpha, (Node *[]){batch.centred, other.centred},
         (Node *[]){tape_spread(t, batch.variance, batch.partition, x->shape),
                    tape_spread(t, other.variance, other.partition, x->shape)},
         &centred, &variance);
    return norm_affine(context, tape_div(t, centred, norm_root(t, norm, variance)));
}

static RowMap rows(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    const Norm *norm = context->norm;
    const size_t *layer = norm->detail;
    RowMoments batch = rows_moments(context, x);
    RowMoments other = rows_moments_over(context, x, 1, *layer ? x->at.C : 1);
    Node *alpha = rows_repeat(context, x, weight_of(context, x->at.N)), *apart, *variance;
    pool(context, alpha, (Node *[]){batch.apart, other.apart},
         (Node *[]){batch.variance, other.variance}, &apart, &variance);
    Node *one = tape_fill(t, variance->shape, 1.0);
    Node *scale = tape_div(t, one, norm_root(t, norm, variance));
    return (RowMap){scale, tape_mul(t, apart, scale)};
}

const NormKind norm_task = {
    .name = "task",
    .usage = "task(with=instance|layer)",
    .title = "batch and instance moments pooled by the batch's size",
    .source = "Bronskill et al. 2020",
    .differs =
        "the authors' code has unbiased variances, and the moments of a task's context",
    .cells = "those of batch, and of instance or layer",
    .options = (const char *const[]){"with", NULL},
    .keeps_state = true,
    .width = 1,
    .configure = configure,
    .declare = declare,
    .define = define,
    .rows = rows,
    .smallest = smallest,
};
