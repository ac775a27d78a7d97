/* Products that sum: matrices and convolutions. Each is bilinear, so its adjoints are its
 * siblings. */
#include "detail.h"
#include "forms.h"
#include "house.h"
#include "op.h"

/* ---- matmul ---------------------------------------------------------------------- */

/* So many of [m, k] by [k, n]. */
typedef struct Product {
    size_t count, m, n, k;
} Product;

static Product product_of(const TapeNode *y) {
    const Sides *transposed = y->detail;
    const size_t of = y->shape.rank - 2, *size = y->shape.size + of;
    return (Product){of ? y->shape.size[0] : 1, size[0], size[1],
                     y->in[0]->shape.size[of + (transposed->a ? 0 : 1)]};
}

#define ARITH_TEMPLATE "contract.inc"
#include "arith_each.h"

static void matmul_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    const Sides *transposed = y->detail;
    const Product p = product_of(y);
    for (size_t i = 0; i < p.count; i++)
        matmul(y->value + i * p.m * p.n, y->in[0]->value + i * p.m * p.k,
               y->in[1]->value + i * p.k * p.n, p.m, p.n, p.k, transposed->a,
               transposed->b, 0.0);
}

/* Y = op(A) op(B): dop(A) = G op(B)', dop(B) = op(A)' G, transposed back where op
 * transposes. */
static void matmul_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    const Sides *transposed = y->detail;
    TapeNode *a = y->in[0], *b = y->in[1];
    if (a->wanted)
        dx[0] = transposed->a ? tape_matmul(t, b, g, transposed->b, true)
                              : tape_matmul(t, g, b, false, !transposed->b);
    if (b->wanted)
        dx[1] = transposed->b ? tape_matmul(t, g, a, true, transposed->a)
                              : tape_matmul(t, a, g, !transposed->a, false);
}

/* The same, where the slots are. */
static void matmul_backward(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                            const double *beta) {
    (void)tape;
    const Sides *transposed = y->detail;
    const bool of_a = transposed->a, of_b = transposed->b;
    const Product p = product_of(y);
    for (size_t i = 0; i < p.count; i++, g += p.m * p.n) {
        const double *a = y->in[0]->value + i * p.m * p.k,
                     *b = y->in[1]->value + i * p.k * p.n;
        double *da = dx[0] ? dx[0] + i * p.m * p.k : NULL,
               *db = dx[1] ? dx[1] + i * p.k * p.n : NULL;
        if (da && of_a) matmul(da, b, g, p.k, p.m, p.n, of_b, true, beta[0]);
        if (da && !of_a) matmul(da, g, b, p.m, p.k, p.n, false, !of_b, beta[0]);
        if (db && of_b) matmul(db, g, a, p.n, p.k, p.m, true, of_a, beta[1]);
        if (db && !of_b) matmul(db, a, g, p.k, p.n, p.m, !of_a, false, beta[1]);
    }
}

static const Op op_matmul = {.name = "matmul",
                             .rounding = OP_ROUNDING_PRODUCTS,
                             .forward = matmul_forward,
                             .replay = OP_REPLAYS(matmul),
                             .adjoint = matmul_adjoint,
                             .backward = matmul_backward};

TapeNode *tape_matmul(Tape *tape, TapeNode *a, TapeNode *b, bool transpose_a,
                      bool transpose_b) {
    const size_t rank = a->shape.rank, of = rank - 2, *left = a->shape.size + of,
                 *right = b->shape.size + of;
    REQUIRE((rank == 2 || rank == 3) && b->shape.rank == rank, "matmul takes matrices");
    REQUIRE(of == 0 || a->shape.size[0] == b->shape.size[0],
            "matmul: %zu matrices by %zu", a->shape.size[0], b->shape.size[0]);
    REQUIRE(left[transpose_a ? 0 : 1] == right[transpose_b ? 1 : 0],
            "matmul: inner sizes differ");
    Sides *detail = TAKE(tape_arena(tape), Sides, 1);
    *detail = (Sides){transpose_a, transpose_b};
    Shape shape = a->shape;
    shape.size[of] = left[transpose_a ? 1 : 0];
    shape.size[of + 1] = right[transpose_b ? 0 : 1];
    return tape_write(tape, &op_matmul, shape, (TapeNode *[]){a, b}, 2, detail, NULL);
}

/* ---- conv2d and its two siblings ------------------------------------------------- */

/* A form by sums in order, and by tiles, which round otherwise. */
#define CONV_OPS(word, form, kernel)                                                     \
    static const Op op_##word[] = {{.name = #word,                                       \
                                    .rounding = OP_ROUNDING_PRODUCTS,                    \
                                    .forward = word##_forward,                           \
                                    .replay = OP_REPLAYS(word),                          \
                                    .adjoint = word##_adjoint,                           \
                                    .backward = kernel},                                 \
                                   {.name = #word,                                       \
                                    .rounding = OP_ROUNDING_TILES,                       \
                                    .forward = word##_forward,                           \
                                    .replay = OP_REPLAYS(word),                          \
                                    .adjoint = word##_adjoint,                           \
                                    .backward = kernel}};                                \
    static const Op *word##_op(const Conv *conv) {                                       \
        return &op_##word[conv_is_tiled(conv, form)];                                    \
    }

typedef void ConvKernel(double *out, const double *a, const double *b, const Conv *conv,
                        double *scratch, double beta);

/* Runs a kernel with scratch that is given back. */
static void with_scratch(Tape *tape, ConvKernel *kernel, double *out, const double *a,
                         const double *b, const Conv *conv, double beta) {
    ArenaMark mark = arena_mark(tape_arena(tape));
    kernel(out, a, b, conv, tape_room(tape, conv_scratch(conv)), beta);
    arena_rewind(tape_arena(tape), mark);
}

static void conv2d_forward(Tape *tape, TapeNode *y) {
    with_scratch(tape, conv_forward, y->value, y->in[0]->value, y->in[1]->value,
                 y->detail, 0.0);
}

static void conv2d_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    if (y->in[0]->wanted) dx[0] = tape_conv2d_input(t, g, y->in[1], y->detail);
    if (y->in[1]->wanted) dx[1] = tape_conv2d_filter(t, y->in[0], g, y->detail);
}

static void conv2d_backward(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                            const double *beta) {
    const double *x = y->in[0]->value, *w = y->in[1]->value;
    if (dx[0]) with_scratch(tape, conv_input, dx[0], g, w, y->detail, beta[0]);
    if (dx[1]) with_scratch(tape, conv_filter, dx[1], x, g, y->detail, beta[1]);
}

CONV_OPS(conv2d, CONV_FORWARD, conv2d_backward)

TapeNode *tape_conv2d(Tape *tape, TapeNode *x, TapeNode *w, size_t stride, size_t pad) {
    Conv *conv = TAKE(tape_arena(tape), Conv, 1);
    *conv = conv_geometry(x->shape, w->shape, stride, pad);
    Shape shape = SHAPE_OF(conv->N, conv->K, conv->P, conv->Q);
    return tape_write(tape, conv2d_op(conv), shape, (TapeNode *[]){x, w}, 2, conv, NULL);
}

/* x = conv_input(y, w) */
static void conv2d_input_forward(Tape *tape, TapeNode *y) {
    with_scratch(tape, conv_input, y->value, y->in[0]->value, y->in[1]->value, y->detail,
                 0.0);
}

static void conv2d_input_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    const Conv *conv = y->detail;
    if (y->in[0]->wanted) dx[0] = tape_conv2d(t, g, y->in[1], conv->stride, conv->pad);
    if (y->in[1]->wanted) dx[1] = tape_conv2d_filter(t, g, y->in[0], conv);
}

/* A geometry of the tape's own: the caller's may go. */
static const Conv *keep_conv(Tape *tape, const Conv *conv) {
    Conv *copy = TAKE(tape_arena(tape), Conv, 1);
    *copy = *conv;
    return copy;
}

CONV_OPS(conv2d_input, CONV_INPUT, NULL)

TapeNode *tape_conv2d_input(Tape *tape, TapeNode *y, TapeNode *w, const Conv *conv) {
    REQUIRE(shape_equal(y->shape, SHAPE_OF(conv->N, conv->K, conv->P, conv->Q)) &&
                shape_equal(w->shape, SHAPE_OF(conv->K, conv->C, conv->R, conv->S)),
            "conv2d_input: another geometry");
    return tape_write(tape, conv2d_input_op(conv),
                      SHAPE_OF(conv->N, conv->C, conv->H, conv->W), (TapeNode *[]){y, w},
                      2, keep_conv(tape, conv), NULL);
}

/* w = conv_filter(x, y) */
static void conv2d_filter_forward(Tape *tape, TapeNode *y) {
    with_scratch(tape, conv_filter, y->value, y->in[0]->value, y->in[1]->value, y->detail,
                 0.0);
}

static void conv2d_filter_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    const Conv *conv = y->detail;
    if (y->in[0]->wanted) dx[0] = tape_conv2d_input(t, y->in[1], g, conv);
    if (y->in[1]->wanted) dx[1] = tape_conv2d(t, y->in[0], g, conv->stride, conv->pad);
}

CONV_OPS(conv2d_filter, CONV_FILTER, NULL)

TapeNode *tape_conv2d_filter(Tape *tape, TapeNode *x, TapeNode *y, const Conv *conv) {
    REQUIRE(shape_equal(x->shape, SHAPE_OF(conv->N, conv->C, conv->H, conv->W)) &&
                shape_equal(y->shape, SHAPE_OF(conv->N, conv->K, conv->P, conv->Q)),
            "conv2d_filter: another geometry");
    return tape_write(tape, conv2d_filter_op(conv),
                      SHAPE_OF(conv->K, conv->C, conv->R, conv->S), (TapeNode *[]){x, y},
                      2, keep_conv(tape, conv), NULL);
}
