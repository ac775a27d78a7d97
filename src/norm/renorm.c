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
#include "house.h"
#include "kind.h"

typedef struct Limits {
    double r, d, warm;
} Limits;

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    Limits *most = TAKE(arena, Limits, 1);
    *most = (Limits){.r = 3.0, .d = 5.0, .warm = 0.0};
    norm->detail = most;
    return norm_read_number(arguments, "rmax", 1.0, 1e300, &most->r, error) &&
           norm_read_number(arguments, "dmax", 0.0, 1e300, &most->d, error) &&
           norm_read_number(arguments, "warm", 0.0, 1e9, &most->warm, error);
}

static Limits limits_of(const NormContext *context) {
    const Limits *most = context->norm->detail;
    if ((double)context->epoch < most->warm) return (Limits){.r = 1.0, .d = 0.0};
    return *most;
}

static TapeNode *clip(Tape *t, TapeNode *a, double least, double most) {
    TapeNode *above = tape_max(t, a, tape_fill(t, a->shape, least));
    TapeNode *bound = tape_fill(t, a->shape, -most);
    return tape_neg(t, tape_max(t, tape_neg(t, above), bound));
}

/* r and d, constants of the derivative; between = mean_B - mean. */
typedef struct Correction {
    TapeNode *r, *d;
} Correction;

static Correction correct(const NormContext *context, TapeNode *sigma_B, TapeNode *sigma,
                          TapeNode *between) {
    Tape *t = context->tape;
    const Limits most = limits_of(context);
    TapeNode *r = clip(t, tape_div(t, sigma_B, sigma), 1.0 / most.r, most.r);
    TapeNode *d = clip(t, tape_div(t, between, sigma), -most.d, most.d);
    return (Correction){tape_detach(t, r), tape_detach(t, d)};
}

static NormField text(const NormView *v) {
    Tape *t = v->tape;
    const Norm *norm = v->context.norm;
    if (v->context.mode == NORM_EVAL) return view_standardized(v);
    const ViewMoments m = view_moments(v), running = view_running(v);
    TapeNode *sigma_B = norm_root(t, norm, m.variance);
    TapeNode *sigma = norm_root(t, norm, running.variance);
    TapeNode *between = field_between(v, running.centred, m.centred); /* mean_B - mean */
    const Correction by = correct(&v->context, sigma_B, sigma, between);
    TapeNode *rstd = tape_div(t, tape_fill(t, v->shape, 1.0), sigma_B);
    return field_shifted(v, field_times(v, m.centred, tape_mul(t, rstd, by.r)), by.d);
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
    .configure = configure,
    .text = text,
    .cell = {{.width = 1, .moments = {NORM_OWN, NORM_RUNNING}},
             {.width = 1, .moments = {NORM_RUNNING}}},
};
