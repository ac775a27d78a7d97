/* Softmax over the last axis, its logarithm, and the mean cross-entropy of its logarithm with labels. */
#include "detail.h"
#include "house.h"
#include "op.h"
#include "real.h"
#include "sum.h"

#include <math.h>
#include <string.h>

#define ARITH_TEMPLATE "softmax.inc"
#include "arith_each.h"

/* p = softmax(z) of one row; returns log sum exp(z). The largest logit is taken out: no
 * overflow. */
static double softmax_row(double *p, const double *z, size_t K) {
    double largest = z[0], sum = 0.0;
    for (size_t k = 1; k < K; k++) largest = z[k] > largest ? z[k] : largest;
    for (size_t k = 0; k < K; k++) sum += p[k] = real_exp(z[k] - largest);
    for (size_t k = 0; k < K; k++) p[k] /= sum;
    return largest + real_log(sum);
}

static void softmax_adjoint(Tape *t, TapeNode *y, TapeNode *g,
                            TapeNode **dx) { /* y (g - sum(g y)) */
    Shape row = y->shape;
    row.size[row.rank - 1] = 1;
    TapeNode *along = tape_sum(t, tape_mul(t, g, y), row);
    dx[0] = tape_mul(t, y, tape_sub(t, g, tape_broadcast(t, along, y->shape)));
}

static const Op op_softmax = {.name = "softmax",
                              .rounding = OP_ROUNDING_SOFTMAX,
                              .replay = OP_REPLAYS(softmax),
                              .adjoint = softmax_adjoint};

TapeNode *tape_softmax(Tape *tape, TapeNode *a) {
    REQUIRE(a->shape.rank >= 1, "softmax of a scalar");
    return tape_write(tape, &op_softmax, a->shape, &a, 1, NULL, NULL);
}

/* ---- of what a row sees ----------------------------------------------------------- */

/* Where what is seen of row i ends; `all` of those before it, without a look at the mask. */
static size_t seen_end(const Seen *seen, size_t i) {
    return seen->causal && i % seen->rows + 1 < seen->keys ? i % seen->rows + 1
                                                           : seen->keys;
}

static void softmax_seen_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    const Seen *seen = y->detail;
    const size_t K = seen->keys, rows = shape_count(y->shape) / K;
    const double *z = y->in[0]->value;
    double *p = y->value;
    if (seen->mask) {
        softmax_seen_real(p, &z, y);
        return;
    }
    for (size_t i = 0; i < rows; i++, p += K, z += K) {
        const size_t end = seen_end(seen, i);
        softmax_row(p, z, end);
        vector_zero(p + end, K - end);
    }
}

/* As of all, for a share of 0 has none. */
static void softmax_seen_backward(Tape *tape, TapeNode *y, const double *g,
                                  double *const *dx, const double *beta) {
    (void)tape;
    const Seen *seen = y->detail;
    const size_t K = seen->keys, rows = shape_count(y->shape) / K;
    const double *p = y->value;
    double *out = dx[0];
    for (size_t i = 0; i < rows; i++, p += K, g += K, out += K) {
        const size_t end = seen_end(seen, i);
        const double along = sum_product(g, p, end);
        for (size_t k = 0; k < end; k++) {
            const double d = p[k] * (g[k] - along);
            out[k] = beta[0] == 0.0 ? d : out[k] + d;
        }
        if (beta[0] == 0.0) vector_zero(out + end, K - end);
    }
}

static const Op op_softmax_seen = {.name = "softmax-seen",
                                   .rounding = OP_ROUNDING_SOFTMAX,
                                   .forward = softmax_seen_forward,
                                   .replay = OP_REPLAYS(softmax_seen),
                                   .adjoint = softmax_adjoint,
                                   .backward = softmax_seen_backward};

TapeNode *tape_softmax_seen(Tape *tape, TapeNode *a, const unsigned char *mask,
                            size_t times, bool causal) {
    const size_t *size = a->shape.size;
    REQUIRE(a->shape.rank == 3 && times > 0 && size[0] % times == 0,
            "softmax of what is seen takes [B, T, K], and B is a multiple of %zu", times);
    Seen *seen = TAKE(tape_arena(tape), Seen, 1);
    *seen = (Seen){size[1], size[2], times, causal, NULL};
    if (mask) {
        const size_t count = size[0] / times * size[2];
        unsigned char *copy = TAKE(tape_arena(tape), unsigned char, count);
        seen->mask = memcpy(copy, mask, count);
    }
    return tape_write(tape, &op_softmax_seen, a->shape, &a, 1, seen, NULL);
}

/* ---- its logarithm ---------------------------------------------------------------- */

/* What is taken out of every argument of a softmax moves nothing, so it has no derivative. */
static void largest_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    (void)t, (void)y, (void)g, (void)dx;
}

static const Op op_largest = {.name = "largest",
                              .rounding = OP_ROUNDING_MOVES,
                              .replay = OP_REPLAYS(row_largest),
                              .adjoint = largest_adjoint};

TapeNode *tape_log_softmax(Tape *tape, TapeNode *a) {
    REQUIRE(a->shape.rank >= 1, "log softmax of a scalar");
    Shape row = a->shape;
    row.size[row.rank - 1] = 1;
    TapeNode *largest = tape_write(tape, &op_largest, row, &a, 1, NULL, NULL);
    TapeNode *left = tape_sub(tape, a, tape_broadcast(tape, largest, a->shape));
    TapeNode *sum = tape_sum(tape, tape_exp(tape, left), row);
    return tape_sub(tape, left, tape_broadcast(tape, tape_log(tape, sum), a->shape));
}

/* ---- cross-entropy: detail = labels [N], saved = softmax [N, K] ------------------ */

static void cross_entropy_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    const TapeNode *z = y->in[0];
    const uint8_t *label = y->detail;
    size_t N = z->shape.size[0], K = z->shape.size[1];
    double *p = y->saved;
    TreeSum tree;
    tree_clear(&tree);
    for (size_t n = 0; n < N; n++)
        tree_push(&tree, softmax_row(p + n * K, z->value + n * K, K) -
                             z->value[n * K + label[n]]);
    y->value[0] = tree_total(&tree) / (double)N;
}

static void cross_entropy_adjoint(Tape *t, TapeNode *y, TapeNode *g,
                                  TapeNode **dx) { /* (softmax - onehot) g/N */
    TapeNode *z = y->in[0];
    const uint8_t *label = y->detail;
    size_t N = z->shape.size[0], K = z->shape.size[1];
    double *onehot = tape_room(t, N * K);
    vector_zero(onehot, N * K);
    for (size_t n = 0; n < N; n++) onehot[n * K + label[n]] = 1.0;
    TapeNode *share = tape_div(t, g, tape_constant(t, (double)N));
    TapeNode *apart = tape_leaf(t, z->shape, onehot);
    apart = tape_sub(t, tape_softmax(t, z), apart);
    dx[0] = tape_mul(t, apart, tape_broadcast(t, share, z->shape));
}

static void cross_entropy_backward(Tape *tape, TapeNode *y, const double *g,
                                   double *const *dx, const double *beta) {
    (void)tape;
    const uint8_t *label = y->detail;
    const double *p = y->saved;
    size_t N = y->in[0]->shape.size[0], K = y->in[0]->shape.size[1];
    double share = *g / (double)N;
    if (dx[0] == NULL) return;
    for (size_t n = 0; n < N; n++)
        for (size_t k = 0; k < K; k++) {
            double d = (p[n * K + k] - (k == label[n] ? 1.0 : 0.0)) * share;
            dx[0][n * K + k] = beta[0] == 0.0 ? d : dx[0][n * K + k] + d;
        }
}

static const Op op_cross_entropy = {.name = "cross_entropy",
                                    .rounding = OP_ROUNDING_ENTROPY,
                                    .forward = cross_entropy_forward,
                                    .replay = OP_REPLAYS(cross_entropy),
                                    .adjoint = cross_entropy_adjoint,
                                    .backward = cross_entropy_backward};

TapeNode *tape_cross_entropy(Tape *tape, TapeNode *z, const uint8_t *label) {
    REQUIRE(z->shape.rank == 2, "cross-entropy takes logits [N, K]");
    size_t N = z->shape.size[0], K = z->shape.size[1];
    uint8_t *copy = TAKE(tape_arena(tape), uint8_t, N);
    memcpy(copy, label, N);
    for (size_t n = 0; n < N; n++) REQUIRE(label[n] < K, "label %u of %zu", label[n], K);
    return tape_write(tape, &op_cross_entropy, SHAPE_SCALAR, &z, 1, copy,
                      tape_room(tape, N * K));
}
