/* Mode normalization (Deecke et al. 2019): a sample belongs to each of K modes by a gate, and
 * is standardized by the moments of each,
 *     g[n, k] = softmax over k of (W mean over positions of x_n + b),  w = g / sum over n of g
 *     mean_k = sum w[n, k] mean(x_n),  variance_k = sum w[n, k] mean((x_n - mean_k)^2)
 *     xhat = sum over k of g[n, k] (x_n - mean_k) / sqrt(variance_k + eps)
 * per channel; moments, all of K [K, C]. mode(1) is batch.
 *
 * The authors (ldeecke/mn-torch) keep running means of x and of x^2 and evaluate with
 * variance = E[x^2] - E[x]^2, which loses the digits of a variance far below mean^2. Here the
 * state is centred, as batch's is: mean_k and an unbiased variance_k, averaged each by
 * itself; so the scatter of mean_k between steps is not in the variance. W begins at 0.01
 * normal, drawn for each layer by the run's seed, as theirs does (their 1 / K, the same for all
 * modes, moves no gate), for modes that begin alike stay so. A mode that nobody is in divides nothing: w is a softmax over the
 * samples of log g, finite where the sum of g is 0. */
#include "internal.h"
#include "kind.h"

#include <math.h>

static const double GATE_STD = 0.01; /* of W at first */

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    const SpecArg *given = spec_positional(arguments);
    size_t *modes = ZERO(arena, size_t, 1);
    norm->detail = modes;
    if (given == NULL)
        return base_fail(error, EX_USAGE, arguments->spec->at,
                         "mode needs a number of modes, mode(2)");
    if (!spec_count(given, "the number of modes", modes, error)) return false;
    if (*modes > 64)
        return base_fail(error, EX_USAGE, given->value->at, "at most 64 modes, not %zu",
                         *modes);
    spec_say(arguments, "%zu", *modes);
    if (*modes > 1) /* which may be of one sample; gates read all */
        norm->cell[1] = (NormCells){1, 1, .moments = {NORM_OWN, NORM_READ}};
    return true;
}

static size_t modes_of(const Norm *norm) {
    const size_t *modes = norm->detail;
    return *modes;
}

static void declare(Norm *norm) {
    const size_t K = modes_of(norm), count = K * norm->channels;
    norm_add_param(norm, "gate_weight", NORM_PARAM_GATE, count, 0.0)->std = GATE_STD;
    norm_add_param(norm, "gate_bias", NORM_PARAM_LOGIT, K, 0.0);
    norm->state[0].count = norm->state[1].count = count;
}

/* ---- gates ----------------------------------------------------------------------- */

typedef struct Gates {
    TapeNode *gate;  /* [N, K] sums to 1 over the modes */
    TapeNode *share; /* [K, N] sums to 1 over the samples */
} Gates;

/* Of the rows' means [N, C]. */
static Gates gates_of(const NormContext *context, TapeNode *means) {
    Tape *t = context->tape;
    const size_t N = means->shape.size[0], C = means->shape.size[1],
                 K = modes_of(context->norm);
    TapeNode *weight =
        tape_reshape(t, norm_operand(context, "gate_weight"), SHAPE_OF(K, C));
    TapeNode *bias = tape_reshape(t, norm_operand(context, "gate_bias"), SHAPE_OF(1, K));
    bias = tape_broadcast(t, bias, SHAPE_OF(N, K));
    TapeNode *z = tape_add(t, tape_matmul(t, means, weight, false, true), bias);
    TapeNode *each = tape_permute(t, tape_log_softmax(t, z), (size_t[]){1, 0}),
             *gates = tape_softmax(t, z);
    return (Gates){gates, tape_softmax(t, each)};
}

/* Of mode k: a column of gates as [N, 1], its shares as [1, N]. */
static TapeNode *gate_of(Tape *t, Gates g, size_t k) {
    return tape_slice(t, g.gate, 1, k, 1);
}

static TapeNode *share_of(Tape *t, Gates g, size_t k) {
    return tape_slice(t, g.share, 0, k, 1);
}

/* ---- state ----------------------------------------------------------------------- */

/* Mean and unbiased variance of mode k, from its biased variance. With weights w the share
 * 1 - sum of w^2 / L of the variance is seen, which for equal ones is 1 - 1 / (N L). Written as
 * the sum of w (1 - w / L), for at L = 1 one sample may have nearly all weight. */
static void observe(const NormContext *context, size_t k, size_t L, const TapeNode *share,
                    const double *mean, const double *origin, const double *variance) {
    const size_t N = share->shape.size[1], C = context->norm->channels;
    double seen = 0.0, all = 0.0;
    if (context->observed == NULL || context->mode == NORM_EVAL) return;
    for (size_t n = 0; n < N; n++) all += share->value[n];
    for (size_t n = 0; n < N; n++)
        seen += share->value[n] / all * (all - share->value[n] / (double)L) / all;
    for (size_t c = 0; c < C; c++) {
        context->observed[0][k * C + c] = mean[c] + (origin ? origin[c] : 0.0);
        context->observed[1][k * C + c] = seen > 0.0 ? variance[c] / seen : (double)NAN;
    }
}

/* The same as nodes, [1, C] each. */
typedef struct Seen {
    TapeNode *mean, *variance;
} Seen;

/* Row k of K rows, and zeros; the K such add up to them all. */
static TapeNode *one_of(Tape *t, TapeNode *row, size_t k, size_t K) {
    const size_t C = shape_count(row->shape);
    TapeNode *all = tape_pad(t, tape_reshape(t, row, SHAPE_OF(1, C)), 0, k, K);
    return tape_reshape(t, all, SHAPE_OF(K * C));
}

static TapeNode *unbiased_of(Tape *t, TapeNode *share, size_t L, TapeNode *biased) {
    const Shape one = SHAPE_OF(1, 1);
    TapeNode *all = tape_broadcast(t, tape_sum(t, share, one), share->shape),
             *length = tape_fill(t, share->shape, (double)L);
    TapeNode *weight = tape_div(t, share, all),
             *rest = tape_sub(t, all, tape_div(t, share, length));
    TapeNode *seen = tape_sum(t, tape_div(t, tape_mul(t, weight, rest), all), one);
    seen = tape_broadcast(t, seen, biased->shape);
    TapeNode *nothing = tape_fill(t, biased->shape, (double)NAN);
    return tape_select(t, seen, tape_div(t, biased, seen), nothing);
}

static void see(const NormContext *context, size_t k, size_t L, TapeNode *share,
                TapeNode *mean, TapeNode *variance, Seen *all) {
    Tape *t = context->tape;
    const size_t K = modes_of(context->norm);
    if (!norm_sees(context)) return;
    mean = one_of(t, mean, k, K);
    variance = one_of(t, unbiased_of(t, share, L, variance), k, K);
    all->mean = all->mean ? tape_add(t, all->mean, mean) : mean;
    all->variance = all->variance ? tape_add(t, all->variance, variance) : variance;
    if (k + 1 < K) return;
    norm_see(context, 0, all->mean);
    norm_see(context, 1, all->variance);
}

/* Row k of a state as [1, C]. */
static TapeNode *given(const NormContext *context, size_t state, size_t k) {
    const size_t C = context->norm->channels;
    return tape_leaf(context->tape, SHAPE_OF(1, C), context->state[state] + k * C);
}

/* ---- the text ---------------------------------------------------------------------- */

static TapeNode *add(Tape *t, TapeNode *sum, TapeNode *term) {
    return sum ? tape_add(t, sum, term) : term;
}

/* What the rows are apart from mode k's mean, [N, C]; the mean [1, C] about the origins of
 * the sample `first`, NULL where it is given. */
static TapeNode *apart_from(const NormView *v, const NormRows *x, TapeNode *share,
                            size_t k, size_t first, TapeNode **mean) {
    Tape *t = v->tape;
    *mean = NULL;
    if (v->context.mode == NORM_EVAL)
        return rows_apart_from(t, x, v->context.state[0] + k * x->at.C);
    TapeNode *left = rows_means_from(t, x, 0, first);
    TapeNode *apart = tape_matmul(t, share, left, false, false);
    *mean = tape_add(t, tape_slice(t, x->mean, 0, first, 1), apart);
    return tape_sub(t, left, rows_repeat(t, x, apart));
}

/* By the law of total variance. */
static NormField text(const NormView *v) {
    Tape *t = v->tape;
    const NormRows x = view_row_moments(v);
    Gates g = gates_of(&v->context, rows_whole_means(t, &x));
    TapeNode *all_scale = NULL, *all_bias = NULL;
    Seen seen = {NULL, NULL};
    for (size_t k = 0; k < modes_of(v->context.norm); k++) {
        TapeNode *share = share_of(t, g, k), *mean, *variance;
        const size_t first = weight_largest(share);
        TapeNode *apart = apart_from(v, &x, share, k, first, &mean);
        TapeNode *squares = tape_add(t, x.variance, tape_mul(t, apart, apart));
        variance = mean ? tape_matmul(t, share, squares, false, false)
                        : given(&v->context, 1, k);
        if (mean)
            observe(&v->context, k, x.at.L, share, mean->value,
                    x.origin ? x.origin + first * x.at.C : NULL, variance->value);
        if (mean) see(&v->context, k, x.at.L, share, mean, variance, &seen);
        TapeNode *std = rows_repeat(t, &x, norm_root(t, v->context.norm, variance));
        TapeNode *gate = tape_broadcast(t, gate_of(t, g, k), x.mean->shape);
        TapeNode *scale = tape_div(t, gate, std);
        all_scale = add(t, all_scale, scale);
        all_bias = add(t, all_bias, tape_mul(t, apart, scale));
    }
    return view_map(v, &x, all_scale, all_bias);
}

const NormKind norm_mode = {
    .name = "mode",
    .example = "mode(2)",
    .usage = "mode(K)",
    .title = "the moments of K modes of samples, by gates",
    .source = "Deecke et al. 2019",
    .cells = "one mode of samples x one channel x all positions",
    .configure = configure,
    .declare = declare,
    .text = text,
    .unmasked = "samples weigh alike in a mode, however few elements they have",
    .cell = {{.width = 1, .moments = {NORM_OWN, NORM_RUNNING}}},
};
