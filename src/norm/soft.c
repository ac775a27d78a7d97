/* Groups with soft membership: channel c belongs to group g with weight P[c, g], the softmax
 * over groups of learned logits over `tau`. Moments of a group are weighed by P; each channel
 * is standardized by all its groups, weighed alike:
 *     mean_ng = sum_c P_cg mean_nc / P_g, variance_ng likewise about it, P_g = sum_c P_cg
 *     xhat = sum_g P_cg (x - mean_ng) / sqrt(variance_ng + eps)
 * At one-hot P it is group normalization over that map of channels. The start is the blocks of
 * group(G) and noise: at equal logits all groups are alike, and stay so. A group that no
 * channel is in has no moments and no share: P_g has EMPTY added, which no other feels. */
#include "kind.h"

typedef struct Soft {
    size_t groups;
    double tau;
    double *start; /* [C, groups] */
} Soft;

/* 2^-250: its fourth power, of third derivatives, is a number. */
static const double EMPTY = 0x1p-250;

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

static bool configure(Arena *arena, Norm *norm, Arguments *arguments, Text *canonical,
                      Error *error) {
    Soft *soft = TAKE(arena, Soft, 1);
    *soft = (Soft){.tau = 1.0};
    norm->detail = soft;
    const SpecArg *groups = arguments_positional(arguments);
    if (groups == NULL)
        return fail(error, EX_USAGE, arguments->spec->at,
                    "soft needs a number of groups, soft(4)");
    if (!argument_count(groups, "the number of groups", &soft->groups, error))
        return false;
    if (norm->channels && soft->groups > norm->channels)
        return fail(error, EX_USAGE, groups->value->at, "%zu groups of %zu channels",
                    soft->groups, norm->channels);
    text_add(canonical, "%zu", soft->groups);
    if (!norm_read_number(arguments, "tau", 1e-6, 1e6, &soft->tau, canonical, error))
        return false;
    soft->start = start_of(arena, norm->channels, soft->groups);
    return true;
}

static void declare(Norm *norm) {
    const Soft *soft = norm->detail;
    NormParam *logit =
        norm_add_param(norm, "assignment", norm->channels * soft->groups, 0.0);
    logit->start = soft->start;
    logit->reading = soft->tau == 1.0 ? NORM_SOFTMAX : NORM_NUMBER;
    logit->choices = soft->groups;
}

/* P [C, G]. */
static Node *membership(const NormContext *context) {
    Tape *t = context->tape;
    const Soft *soft = context->norm->detail;
    const Shape shape = SHAPE(context->norm->channels, soft->groups);
    Node *logit = tape_reshape(t, norm_operand(context, "assignment"), shape);
    return tape_softmax(t, tape_mul(t, logit, tape_fill(t, shape, 1.0 / soft->tau)));
}

/* 1 / P_g, of P_g over `channels`: of a sum 1, of a mean all of them. */
static Node *inverse(Tape *t, Node *total, size_t channels) {
    const double empty = EMPTY / (double)channels;
    return tape_power(t, tape_add(t, total, tape_fill(t, total->shape, empty)), -1.0);
}

/* sum over a sample of p a, over the sum of p. */
static Node *weighed_mean(Tape *t, Node *a, Node *p, const Partition *sample) {
    Node *mean = tape_mul(t, tape_mean(t, tape_mul(t, p, a), sample),
                          inverse(t, tape_mean(t, p, sample), sample->C));
    return tape_spread(t, mean, sample, a->shape);
}

static Node *define(const NormContext *context, Node *x) {
    Tape *t = context->tape;
    const Soft *soft = context->norm->detail;
    const Lattice at = shape_lattice(x->shape);
    const Partition *sample = partition_blocks(tape_arena(t), at, 1, at.C, false);
    Node *all = membership(context), *xhat = NULL;
    for (size_t g = 0; g < soft->groups; g++) {
        Node *column = tape_reshape(t, tape_slice(t, all, 1, g, 1), SHAPE(at.C));
        Node *p = norm_repeat(t, column, x->shape);
        Node *centred = tape_sub(t, x, weighed_mean(t, x, p, sample));
        Node *variance = weighed_mean(t, tape_mul(t, centred, centred), p, sample);
        Node *term =
            tape_mul(t, p, tape_div(t, centred, norm_root(t, context->norm, variance)));
        xhat = xhat ? tape_add(t, xhat, term) : term;
    }
    return norm_affine(context, xhat);
}

/* [N, C] weighed over channels by p [C, 1], and the mean in every channel. */
static Node *row_mean(const NormContext *context, Node *rows, Node *p) {
    Tape *t = context->tape;
    Node *sum = tape_matmul(t, rows, p, false, false); /* [N, 1] */
    Node *total = inverse(t, tape_broadcast(t, tape_sum_all(t, p), sum->shape), 1);
    return tape_broadcast(t, tape_mul(t, sum, total), rows->shape);
}

static RowMap rows(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    const Soft *soft = context->norm->detail;
    Node *all = membership(context), *means = rows_means_over(context, x, 1, x->at.C);
    const Shape shape = means->shape;
    Node *one = tape_fill(t, shape, 1.0);
    RowMap map = {NULL, NULL};
    for (size_t g = 0; g < soft->groups; g++) {
        Node *p = tape_slice(t, all, 1, g, 1); /* [C, 1] */
        Node *apart = tape_sub(t, means, row_mean(context, means, p));
        Node *square = tape_add(t, x->variance, tape_mul(t, apart, apart));
        Node *variance = row_mean(context, square, p);
        Node *rstd = tape_div(t, one, norm_root(t, context->norm, variance));
        Node *share = rows_repeat(context, x, tape_reshape(t, p, SHAPE(x->at.C)));
        Node *scale = tape_mul(t, share, rstd), *bias = tape_mul(t, scale, apart);
        map.scale = map.scale ? tape_add(t, map.scale, scale) : scale;
        map.bias = map.bias ? tape_add(t, map.bias, bias) : bias;
    }
    return map;
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
    .define = define,
    .rows = rows,
};
