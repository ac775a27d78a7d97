/* Moving average batch normalization (Yan et al. 2020): what a small batch says of itself
 * is replaced by moving averages, forward and backward; nothing is centred (the weights
 * are: networks with weights=standardized). Per channel, with h = gamma dy, means over
 * samples and positions, and w the weight of the newest batch (weight_new),
 *     square  = running_square  + w (mean(x^2)    - running_square)
 *     product = running_product + w (mean(h xhat) - running_product)
 *     xhat = x / sqrt(square + eps),   dx = (h - xhat product) / sqrt(square + eps)
 * so dx is no derivative of y, by design. It is at two ends: with w = 1 all of it is
 * batch(center=no), and with running_product = 0 dx is the derivative of y through
 * mean(x^2), whatever w. What the remembered product adds to that,
 *     -(1 - w) xhat running_product / sqrt(square + eps)
 * does not ask for dy: it is there where dy is zero.
 *
 * Both averages include the batch itself, as the authors' do. State moves after the step,
 * so the step forms them from the state and its own batch, and observes mean(x^2) in the
 * forward, mean(h xhat) in the backward. With one worker the averages of a step are the
 * state after it; with several, each adds its own batch, and the state moves by their
 * mean. Where no backward runs (precise moments) running_product stays. Its unit is h's.
 *
 * The definition is the quotient, its square detached, and an operation that leaves xhat
 * as it is and subtracts the average from what comes back. So tape_gradient records this
 * backward too; a second derivative applies the same rule twice, and no theory stands
 * behind that.
 *
 * Against the authors' code (megvii-model/MABN, MABN.py): they take the plain mean of the
 * last real_B / B batches for both, and divide once more by a slower running square, of
 * weight 0.02 and from before the step, as far as the two roots differ by no more than a
 * factor 5. Here one exponential average does both, the factor is 1 and is left out. They
 * use the batch's own in the first 100 steps, here that is the first `warm` epochs. */
#include "internal.h"
#include "kernel.h"
#include "kind.h"

#include <math.h>
#include <string.h>

enum { SQUARE, PRODUCT }; /* the states, [C] */

static bool configure(Arena *arena, Norm *norm, SpecArguments *arguments,
                      BaseError *error) {
    double *warm = ZERO(arena, double, 1);
    norm->detail = warm;
    norm->uncentred = true; /* running_square, and evaluation by it */
    return norm_read_number(arguments, "warm", 0.0, 1e9, warm, error);
}

static void declare(Norm *norm) {
    norm_add_state(norm, "running_product", NORM_STATE_PRODUCT, norm->channels, 0.0)
        ->of_backward = true;
}

/* Of this batch in the averages that the step uses. */
static double weight_of(const NormContext *context) {
    const double *warm = context->norm->detail;
    return (double)context->epoch < *warm ? 1.0 : context->norm->weight_new;
}

/* As the state will move; all of `seen` is exact. */
static double moved(double state, double seen, double weight) {
    return weight == 1.0 ? seen : state + weight * (seen - state);
}

static TapeNode *moved_node(Tape *t, const double *state, TapeNode *seen, double weight) {
    if (weight == 1.0) return seen;
    TapeNode *was = tape_leaf(t, seen->shape, state);
    TapeNode *newest = tape_fill(t, seen->shape, weight);
    return tape_add(t, was, tape_mul(t, newest, tape_sub(t, seen, was)));
}

/* What a call was told, kept until its backward. */
typedef struct Kept {
    NormContext context; /* observes nothing */
    TapeNode *param[NORM_MAX_PARAMS];
    const double *state[2];
    double *observed[2]; /* NULL: not wanted */
    const Partition *channels;
} Kept;

static void nothing_observed(double *observed, size_t count) {
    for (size_t c = 0; observed && c < count; c++) observed[c] = (double)NAN;
}

static Kept *keep(const NormContext *context, const TapeNode *x) {
    Arena *arena = tape_arena(context->tape);
    Kept *kept = ZERO(arena, Kept, 1);
    for (size_t i = 0; i < context->norm->params; i++) kept->param[i] = context->param[i];
    for (size_t i = 0; i < 2; i++) {
        kept->state[i] = context->state[i];
        kept->observed[i] = context->observed ? context->observed[i] : NULL;
    }
    kept->context = *context;
    kept->context.param = kept->param;
    kept->context.state = kept->state;
    kept->context.observed = NULL;
    kept->context.seen = NULL;
    kept->channels = norm_partition(arena, context->norm, shape_lattice(x->shape),
                                    context->mode, context->state);
    nothing_observed(kept->observed[PRODUCT], kept->channels->C); /* by backward */
    return kept;
}

/* ---- the definition -------------------------------------------------------------- */

#define SAME(word, Number)                                                               \
    static void same_##word(Number *y, const Number *const *in, const TapeNode *node) {  \
        memcpy(y, in[0], shape_count(node->shape) * sizeof *y);                          \
    }
SAME(real, double)
SAME(complex, double _Complex)
SAME(quad, Quad)
SAME(quad_complex, QuadComplex)
#undef SAME

/* h - xhat product, where a derivative would hand on h. */
static void recall_adjoint(Tape *t, TapeNode *y, TapeNode *h, TapeNode **dx) {
    const Kept *kept = y->detail;
    TapeNode *xhat = y->in[0];
    TapeNode *seen = tape_mean(t, tape_mul(t, h, xhat), kept->channels);
    if (kept->observed[PRODUCT])
        memcpy(kept->observed[PRODUCT], seen->value, kept->channels->C * sizeof(double));
    TapeNode *product =
        moved_node(t, kept->state[PRODUCT], seen, weight_of(&kept->context));
    TapeNode *wide = tape_spread(t, product, kept->channels, y->shape);
    dx[0] = tape_sub(t, h, tape_mul(t, xhat, wide));
}

static const Op op_recall = {.name = "recall",
                             .rounding = OP_ROUNDING_MOVES,
                             .replay = OP_REPLAYS(same),
                             .adjoint = recall_adjoint};

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    if (context->mode == NORM_EVAL) return partitioned_run(context, x);
    NormMomentNodes m = norm_moments(context, x);
    const Kept *kept = keep(context, x);
    TapeNode *square = tape_detach(
        t, moved_node(t, kept->state[SQUARE], m.variance, weight_of(context)));
    TapeNode *root = norm_root(t, context->norm, square);
    TapeNode *xhat = tape_div(t, x, tape_spread(t, root, m.partition, x->shape));
    return norm_affine(context,
                       tape_write(t, &op_recall, x->shape, &xhat, 1, kept, NULL));
}

/* ---- the fused operation; operands x, gamma, beta (NULL: none) -------------------- */

static const double *value_of(const TapeNode *node) {
    return node ? node->value : NULL;
}

static void fused_forward(Tape *tape, TapeNode *y) {
    const Kept *kept = y->detail;
    const Partition *p = kept->channels;
    const double weight = weight_of(&kept->context), eps = kept->context.norm->eps;
    StandardCells *cells = y->saved;
    ArenaMark mark = arena_mark(tape_arena(tape));
    Moments *moments = TAKE(tape_arena(tape), Moments, p->C);
    partition_moments(moments, y->in[0]->value, p);
    for (size_t c = 0; c < p->C; c++) {
        const double mean = moments_mean(moments[c]);
        const double seen = moments_variance(moments[c]) + mean * mean;
        if (kept->observed[SQUARE]) kept->observed[SQUARE][c] = seen;
        const double square = moved(kept->state[SQUARE][c], seen, weight);
        const double root = sqrt(square + eps);
        if (root > 0x1p-500 && root < 0x1p500)
            standard_put(cells, c, (Standard){0.0, 0.0, 1.0 / root}, 0);
        else
            standard_set(cells, c, moments[c], true, weight,
                         (1.0 - weight) * kept->state[SQUARE][c] + eps);
    }
    arena_rewind(tape_arena(tape), mark);
    standard_forward((StandardForward){.y = y->value}, y->in[0]->value,
                     value_of(y->in[1]), value_of(y->in[2]), cells, p, tape_arena(tape));
}

/* product [C] from along [C], the sums of dy xhat. */
static void move_products(double *product, const double *along, const double *gamma,
                          const Kept *kept) {
    const Partition *p = kept->channels;
    const double count = (double)(p->N * p->L), weight = weight_of(&kept->context);
    for (size_t c = 0; c < p->C; c++) {
        const double seen = (gamma ? gamma[c] : 1.0) * along[c] / count;
        if (kept->observed[PRODUCT]) kept->observed[PRODUCT][c] = seen;
        product[c] = moved(kept->state[PRODUCT][c], seen, weight);
    }
}

static void row_dx(double *restrict dx, const double *restrict dy,
                   const double *restrict x, double gamma, double rstd, int scale,
                   double product, size_t L, double beta) {
    for (size_t l = 0; l < L; l++) {
        double d = rstd * (gamma * dy[l] - x[l] * rstd * product);
        if (scale != 0)
            d = ldexp(rstd * (gamma * dy[l] - ldexp(x[l], -scale) * rstd * product),
                      -scale);
        dx[l] = beta == 0.0 ? d : dx[l] + d;
    }
}

static void fused_backward(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                           const double *beta) {
    const Kept *kept = y->detail;
    const Partition *p = kept->channels;
    const double *x = y->in[0]->value, *gamma = value_of(y->in[1]);
    const StandardCells *cells = y->saved;
    ArenaMark mark = arena_mark(tape_arena(tape));
    double *along = TAKE(tape_arena(tape), double, p->C);
    double *product = TAKE(tape_arena(tape), double, p->C);
    StandardGradient sums = {.dgamma = along, .dbeta = dx[2], .keep_dbeta = beta[2]};
    standard_backward(sums, g, x, gamma, cells, p, STANDARD_GIVEN, tape_arena(tape));
    if (dx[1]) vector_add(dx[1], along, p->C, beta[1]);
    move_products(product, along, gamma, kept);
    for (size_t row = 0; dx[0] && row < p->N * p->C; row++) {
        const size_t c = row % p->C, at = row * p->L;
        row_dx(dx[0] + at, g + at, x + at, gamma ? gamma[c] : 1.0, cells->cell[c].rstd,
               cells->scale ? cells->scale[c] : 0, product[c], p->L, beta[0]);
    }
    arena_rewind(tape_arena(tape), mark);
}

static TapeNode *fused_define(Tape *tape, TapeNode *y) {
    const Kept *kept = y->detail;
    (void)tape; /* the context's */
    return define(&kept->context, y->in[0]);
}

static const Op op_moving = {.name = "moving average",
                             .forward = fused_forward,
                             .backward = fused_backward,
                             .define = fused_define};

static TapeNode *apply(const NormContext *context, TapeNode *x) {
    if (context->mode == NORM_EVAL) return partitioned_run(context, x);
    const Kept *kept = keep(context, x);
    TapeNode *in[] = {x, norm_operand(context, "gamma"), norm_operand(context, "beta")};
    StandardCells *cells = standard_cells(tape_arena(context->tape), kept->channels->C);
    return tape_write(context->tape, &op_moving, x->shape, in, 3, kept, cells);
}

const NormKind norm_mabn = {
    .name = "mabn",
    .usage = "mabn(warm=EPOCHS)",
    .title = "moving average batch normalization",
    .source = "Yan et al. 2020",
    .differs = "the authors take the plain mean of the last batches, divide once more by "
               "a slower running square, and use the batch's own in the first 100 steps",
    .cells = "all samples x one channel x all positions, and the steps before",
    .unmasked =
        "its averages are of steps, and a step of few elements weighs as one of many",
    .by_design = "dx has a moving average of mean(h xhat) in place of the batch's own",
    .options = (const char *const[]){"warm", NULL},
    .configure = configure,
    .declare = declare,
    .define = define,
    .apply = apply,
    .cell = {{.width = 1, .moments = {NORM_OWN, NORM_RUNNING}},
             {.width = 1, .moments = {NORM_RUNNING}}},
};
