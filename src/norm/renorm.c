/* Batch renormalization (Ioffe 2017): a batch is corrected towards the running moments,
 *     xhat = (x - mean_B) / sigma_B r + d
 *     r = sigma_B / sigma, kept in [1/rmax, rmax]; d = (mean_B - mean) / sigma, in [-dmax, dmax]
 * where r and d are held constant in the derivative, sigma = sqrt(variance + eps), and mean and
 * variance are running. Evaluation is batch's. Its own differences therefore disagree with its
 * derivative, by design: the program says so with `detach`, and checks hold what is detached.
 *
 * The paper raises rmax from 1 and dmax from 0 over thousands of steps: here they are 1 and 0
 * in the first `warm` epochs, which is batch. The paper averages sigma, these normalizers
 * average the variance, as all of this house do. ludvb/batchrenorm adds eps outside the root,
 * with 1e-3; Keras adds it inside the root. */
#include "kind.h"

typedef struct Limits {
    double r, d, warm;
} Limits;

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    Limits *most = TAKE(arena, Limits, 1);
    *most = (Limits){.r = 3.0, .d = 5.0, .warm = 0.0};
    norm->detail = most;
    return norm_read_number(arguments, "rmax", 1.0, 1e300, &most->r, canonical, error) &&
           norm_read_number(arguments, "dmax", 0.0, 1e300, &most->d, canonical, error) &&
           norm_read_number(arguments, "warm", 0.0, 1e9, &most->warm, canonical, error);
}

static Limits limits_of(const NormContext *context) {
    const Limits *most = context->norm->detail;
    if ((double)context->epoch < most->warm) return (Limits){.r = 1.0, .d = 0.0};
    return *most;
}

static Node *clip(Tape *t, Node *a, double least, double most) {
    Node *above = tape_max(t, a, tape_fill(t, a->shape, least));
    return tape_neg(t, tape_max(t, tape_neg(t, above), tape_fill(t, a->shape, -most)));
}

/* r and d, constants of the derivative; between = mean_B - mean. */
typedef struct Correction {
    Node *r, *d;
} Correction;

static Correction correct(const NormContext *context, Node *sigma_B, Node *sigma,
                          Node *between) {
    Tape *t = context->tape;
    const Limits most = limits_of(context);
    Node *r = clip(t, tape_div(t, sigma_B, sigma), 1.0 / most.r, most.r);
    Node *d = clip(t, tape_div(t, between, sigma), -most.d, most.d);
    return (Correction){tape_detach(t, r), tape_detach(t, d)};
}

static Node *define(const NormContext *context, Node *x) {
    Tape *t = context->tape;
    MomentNodes m = norm_moments(context, x);
    Node *sigma_B = norm_root(t, context->norm, m.variance);
    Node *xhat = tape_div(t, m.centred, tape_spread(t, sigma_B, m.partition, x->shape));
    if (context->mode == NORM_EVAL) return norm_affine(context, xhat);
    Node *mean = tape_leaf(t, m.mean->shape, context->state[0]),
         *variance = tape_leaf(t, m.mean->shape, context->state[1]);
    Correction by = correct(context, sigma_B, norm_root(t, context->norm, variance),
                            tape_sub(t, m.mean, mean));
    Node *r = tape_spread(t, by.r, m.partition, x->shape),
         *d = tape_spread(t, by.d, m.partition, x->shape);
    return norm_affine(context, tape_add(t, tape_mul(t, xhat, r), d));
}

/* mean_B - mean is the row apart from the one less the row apart from the other. */
static RowMap rows(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    RowMoments m = rows_moments(context, x);
    Node *sigma_B = norm_root(t, context->norm, m.variance);
    Node *scale = tape_div(t, tape_fill(t, sigma_B->shape, 1.0), sigma_B);
    if (context->mode == NORM_EVAL) return (RowMap){scale, tape_mul(t, m.apart, scale)};
    RowMoments running = rows_running(context, x);
    Correction by =
        correct(context, sigma_B, norm_root(t, context->norm, running.variance),
                tape_sub(t, running.apart, m.apart));
    scale = tape_mul(t, scale, by.r);
    return (RowMap){scale, tape_add(t, tape_mul(t, m.apart, scale), by.d)};
}

const NormKind norm_renorm = {
    .name = "renorm",
    .usage = "renorm(rmax=R, dmax=D, warm=EPOCHS)",
    .title = "batch corrected towards its running moments",
    .source = "Ioffe 2017",
    .differs = "the paper averages sigma, here the variance; ludvb/batchrenorm adds eps "
               "outside of the root, 1e-3",
    .holds = "r and d are constants of the derivative, as the paper has them",
    .cells = "all samples x one channel x all positions",
    .options = (const char *const[]){"rmax", "dmax", "warm", NULL},
    .keeps_state = true,
    .recalls = true,
    .width = 1,
    .configure = configure,
    .define = define,
    .rows = rows,
};
