/* Groups with soft membership: channel c belongs to group g with weight P[c, g], the softmax
 * over groups of learned logits over `tau`. Moments of a group are weighed by its share of P;
 * each channel is standardized by all its groups, weighed alike:
 *     share_cg = P_cg / sum over channels of P_cg
 *     mean_ng = sum_c share_cg mean_nc, variance_ng likewise about it
 *     xhat = sum_g P_cg (x - mean_ng) / sqrt(variance_ng + eps)
 * At one-hot P it is group normalization over that map of channels. The start is the blocks of
 * group(G) and noise: at equal logits all groups are alike, and stay so. A group that no
 * channel is in divides nothing: its shares are a softmax over the channels of log P, finite
 * where P is 0. */
#include "internal.h"
#include "kind.h"

typedef struct Soft {
    size_t groups;
    double tau;
    double *start; /* [C, groups] */
} Soft;

static const double OWN = 2.0, NOISE = 0.1; /* logits of a channel's block, and beside */

static double *start_of(Arena *arena, size_t channels, size_t groups) {
    double *logit = TAKE(arena, double, channels *groups);
    const Draw draw = {.seed = groups, .purpose = DRAW_ADAPT};
    for (size_t i = 0; i < channels * groups; i++) {
        const bool own = i / groups * groups / channels == i % groups;
        logit[i] = (own ? OWN : 0.0) + NOISE * draw_normal(draw, i);
    }
    return logit;
}

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    Soft *soft = TAKE(arena, Soft, 1);
    *soft = (Soft){.tau = 1.0};
    norm->detail = soft;
    const SpecArg *groups = spec_positional(arguments);
    if (groups == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "soft needs a number of groups, soft(4)");
    if (!spec_count(groups, "the number of groups", &soft->groups, error)) return false;
    if (norm->channels && soft->groups > norm->channels)
        return base_fail(error, EX_USAGE, groups->value->at, "%zu groups of %zu channels",
                         soft->groups, norm->channels);
    spec_say(arguments, "%zu", soft->groups);
    if (!norm_read_number(arguments, "tau", 1e-6, 1e6, &soft->tau, error)) return false;
    soft->start = start_of(arena, norm->channels, soft->groups);
    return true;
}

static void declare(Norm *norm) {
    const Soft *soft = norm->detail;
    NormParam *logit = norm_add_param(norm, "assignment", NORM_PARAM_LOGIT,
                                      norm->channels * soft->groups, 0.0);
    logit->start = soft->start;
    logit->reading = soft->tau == 1.0 ? NORM_SOFTMAX : NORM_NUMBER;
    logit->choices = soft->groups;
}

typedef struct Membership {
    TapeNode *p;     /* [C, G] sums to 1 over the groups */
    TapeNode *share; /* [G, C] sums to 1 over the channels */
} Membership;

static Membership membership(const NormContext *context) {
    Tape *t = context->tape;
    const Soft *soft = context->norm->detail;
    const Shape shape = SHAPE_OF(context->norm->channels, soft->groups);
    TapeNode *logit = tape_reshape(t, norm_operand(context, "assignment"), shape);
    TapeNode *z = tape_mul(t, logit, tape_fill(t, shape, 1.0 / soft->tau));
    TapeNode *each = tape_permute(t, tape_log_softmax(t, z), (size_t[]){1, 0});
    return (Membership){tape_softmax(t, z), tape_softmax(t, each)};
}

/* [N, C] weighed over channels by a group's shares [C, 1], and that mean in every channel. */
static TapeNode *row_mean(Tape *t, TapeNode *rows, TapeNode *share) {
    return tape_broadcast(t, tape_matmul(t, rows, share, false, false), rows->shape);
}

static NormField text(const NormView *v) {
    Tape *t = v->tape;
    const size_t C = v->at.C;
    const Soft *soft = v->context.norm->detail;
    const NormRows x = view_row_moments(v);
    const Membership all = membership(&v->context);
    TapeNode *one = tape_fill(t, x.mean->shape, 1.0), *scale = NULL, *bias = NULL;
    for (size_t g = 0; g < soft->groups; g++) {
        TapeNode *p = tape_reshape(t, tape_slice(t, all.p, 1, g, 1), SHAPE_OF(C));
        TapeNode *share =
            tape_reshape(t, tape_slice(t, all.share, 0, g, 1), SHAPE_OF(C, 1));
        TapeNode *left = rows_means_from(t, &x, 1, weight_largest(share));
        TapeNode *apart = tape_sub(t, left, row_mean(t, left, share));
        TapeNode *square = tape_add(t, x.variance, tape_mul(t, apart, apart));
        TapeNode *variance = row_mean(t, square, share);
        TapeNode *rstd = tape_div(t, one, norm_root(t, v->context.norm, variance));
        TapeNode *own = tape_mul(t, rows_repeat(t, &x, p), rstd);
        TapeNode *shift = tape_mul(t, own, apart);
        scale = scale ? tape_add(t, scale, own) : own;
        bias = bias ? tape_add(t, bias, shift) : shift;
    }
    return view_map(v, &x, scale, bias);
}

const NormKind norm_soft = {
    .name = "soft",
    .example = "soft(2)",
    .usage = "soft(G, tau=T)",
    .title = "groups with learned soft membership",
    .cells = "one sample x channels weighed by membership x all positions",
    .options = (const char *const[]){"tau", NULL},
    .configure = configure,
    .declare = declare,
    .text = text,
    .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}},
};
