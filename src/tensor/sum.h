/* sum: sums of a fixed order. */
#ifndef NORMLAB_SUM_H
#define NORMLAB_SUM_H

#include "tensor.h"

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

/* |x| and |x - y|, Euclid's. */
double vector_length(const double *x, size_t n);
double vector_distance(const double *x, const double *y, size_t n);

/* y = beta*y + x; y = 0 */
void vector_add(double *y, const double *x, size_t n, double beta);
void vector_zero(double *y, size_t n);

#endif
