/* tensor: dense row-major doubles, and kernels that know no gradient.
 *
 * Kernels take plain pointers, outputs first, then inputs, then sizes. `beta` is as in
 * BLAS: 0 overwrites, 1 adds to what is there (0 never reads, so the output may be
 * uninitialised).
 */
#ifndef NORMLAB_TENSOR_H
#define NORMLAB_TENSOR_H

#include "base.h"

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* ---- shape.c --------------------------------------------------------------------- */

enum { SHAPE_MAX_RANK = 5 };

typedef struct Shape {
    size_t rank;                 /* 0 (a scalar) to 5 */
    size_t size[SHAPE_MAX_RANK]; /* each >= 1; beyond rank: 0 */
} Shape;

#define SHAPE_OF(...)                                                                    \
    ((Shape){sizeof((size_t[]){__VA_ARGS__}) / sizeof(size_t), {__VA_ARGS__}})
#define SHAPE_SCALAR ((Shape){0, {0}})

size_t shape_count(Shape shape);
bool shape_equal(Shape a, Shape b);
const char *shape_text(Arena *arena, Shape shape); /* "[2, 16, 4, 4]" */

/* Sizes of the N, C, L = positions in which normalizers see x of shape [N, C, ...] (rank
 * >= 2). */
typedef struct ShapeLattice {
    size_t N, C, L;
} ShapeLattice;
ShapeLattice shape_lattice(Shape shape);

/* ---- sum.c: sums of a fixed order ------------------------------------------------ */

/* Leaves of 64 elements in 8 lanes, leaves joined pairwise as a binary counter. The worst
 * case has 8 + 3 + log2(n/64) roundings instead of n, and the order depends on n alone. */

typedef struct TreeSum {
    double level[48]; /* level[k] holds 2^i leaves while bit i of count is set */
    size_t count, top;
} TreeSum;

/* Empties it: an initializer would clear all the levels, more work than a short sum. */
static inline void tree_clear(TreeSum *tree) {
    tree->count = tree->top = 0;
}

static inline void tree_push(TreeSum *tree, double leaf) {
    for (size_t bits = tree->count++; bits & 1; bits >>= 1)
        leaf = tree->level[--tree->top] + leaf;
    tree->level[tree->top++] = leaf;
}

static inline double tree_total(const TreeSum *tree) {
    double total = tree->top ? tree->level[tree->top - 1] : 0.0;
    for (size_t k = tree->top; k-- > 1;) total = tree->level[k - 1] + total;
    return total;
}

enum { SUM_LEAF = 64, SUM_LANES = 8 };

/* Sum of one leaf: term i in lane i modulo 8. */
double sum_leaf(const double *term, size_t n);

/* Pushes the sums over i = 0..n-1 of two expressions in i onto two trees. The terms of a
 * leaf are computed before they are added: loops without sums are what compilers turn into
 * vectors. */
#define TREE_SUM2(tree_a, tree_b, n, i, expression_a, expression_b)                      \
    for (size_t from_ = 0, leaf_; from_ < (n); from_ += leaf_) {                         \
        double a_[SUM_LEAF], b_[SUM_LEAF];                                               \
        leaf_ = (n)-from_ < SUM_LEAF ? (n)-from_ : SUM_LEAF;                             \
        for (size_t k_ = 0; k_ < leaf_; k_++) {                                          \
            const size_t i = from_ + k_;                                                 \
            a_[k_] = (expression_a);                                                     \
            b_[k_] = (expression_b);                                                     \
        }                                                                                \
        tree_push((tree_a), sum_leaf(a_, leaf_));                                        \
        tree_push((tree_b), sum_leaf(b_, leaf_));                                        \
    }

/* Pushes the sum over i = 0..n-1 of one expression in i. */
#define TREE_SUM(tree, n, i, expression)                                                 \
    for (size_t from_ = 0, leaf_; from_ < (n); from_ += leaf_) {                         \
        double a_[SUM_LEAF];                                                             \
        leaf_ = (n)-from_ < SUM_LEAF ? (n)-from_ : SUM_LEAF;                             \
        for (size_t k_ = 0; k_ < leaf_; k_++) {                                          \
            const size_t i = from_ + k_;                                                 \
            a_[k_] = (expression);                                                       \
        }                                                                                \
        tree_push((tree), sum_leaf(a_, leaf_));                                          \
    }

double sum_run(const double *x, size_t n); /* sum of x[0..n) */
double sum_strided(const double *x, size_t n,
                   size_t stride); /* sum of x[0], x[stride], ... */
double sum_product(const double *x, const double *y, size_t n);

/* y = beta*y + x; y = 0 */
void vector_add(double *y, const double *x, size_t n, double beta);
void vector_zero(double *y, size_t n);

/* ---- matmul.c -------------------------------------------------------------------- */

/* c[m, n] = beta*c + op(a)[m, k] op(b)[k, n]; op transposes where asked (a is then stored
 * [k, m]). On the calling thread alone; CBLAS dgemm where all three sizes are 128 or more. */
void matmul(double *c, const double *a, const double *b, size_t m, size_t n, size_t k,
            bool transpose_a, bool transpose_b, double beta);

/* One thread a caller; call once before any matmul, in the main thread. */
void matmul_single_threaded(void);

/* ---- conv.c: three bilinear forms of one contraction ----------------------------- */

/* y[n,k,i,j] = sum over c,r,s of x[n, c, i*stride + r - pad, j*stride + s - pad]
 * w[k,c,r,s] */

typedef struct Conv {
    size_t N, C, H, W; /* x [N, C, H, W] */
    size_t K, R, S;    /* w [K, C, R, S] */
    size_t stride, pad;
    size_t P, Q; /* y [N, K, P, Q]: P = (H + 2 pad - R) / stride + 1 */
} Conv;

Conv conv_geometry(Shape x, Shape w, size_t stride, size_t pad);

/* The columns of output rows p0..p1 of one sample: column[C*R*S, (p1-p0)*Q] from x[C, H,
 * W]. */
void im2col(double *column, const double *x, const Conv *conv, size_t p0, size_t p1);
/* Its adjoint, added: x += im2col'(column). */
void col2im(double *x, const double *column, const Conv *conv, size_t p0, size_t p1);

/* The forms: y of (x, w), x of (y, w), w of (x, y). */
typedef enum ConvForm { CONV_FORWARD, CONV_INPUT, CONV_FILTER, CONV_FORMS } ConvForm;

/* Each form of each shape has its way (conv.c has the table), whose bits depend on nothing but
 * the factors: a sample's on no other sample, nor on the instruction set. Results are sums in
 * a fixed order, but for those of which the following is true: they come in tiles by
 * Winograd's algorithm, and share the errors of their plane (the last two axes). */
bool conv_is_tiled(const Conv *conv, ConvForm form);

/* Doubles of scratch that each of these three needs. */
size_t conv_scratch(const Conv *conv);
void conv_forward(double *y, const double *x, const double *w, const Conv *conv,
                  double *scratch, double beta);
void conv_input(double *dx, const double *dy, const double *w, const Conv *conv,
                double *scratch,
                double beta); /* <dy, conv(x, w)> as a linear form of x */
void conv_filter(double *dw, const double *x, const double *dy, const Conv *conv,
                 double *scratch, double beta); /* the same as a linear form of w */

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
