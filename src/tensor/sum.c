/* Fixed-order sums and the few loops over vectors that everything uses. */
#include "house.h"
#include "passes.h"

#include <math.h>
#include <string.h>

double sum_leaf(const double *term, size_t n) {
    double lane[SUM_LANES] = {0};
    size_t k = 0;
    for (; n - k >= SUM_LANES; k += SUM_LANES)
        for (size_t j = 0; j < SUM_LANES; j++) lane[j] += term[k + j];
    for (size_t j = 0; k + j < n; j++) lane[j] += term[k + j];
    return ((lane[0] + lane[4]) + (lane[2] + lane[6])) +
           ((lane[1] + lane[5]) + (lane[3] + lane[7]));
}

double sum_run(const double *x, size_t n) {
    TreeSum tree;
    tree_clear(&tree);
    TREE_SUM(&tree, n, i, x[i])
    return tree_total(&tree);
}

double sum_strided(const double *x, size_t n, size_t stride) {
    TreeSum tree;
    tree_clear(&tree);
    TREE_SUM(&tree, n, i, x[i * stride])
    return tree_total(&tree);
}

double sum_product(const double *x, const double *y, size_t n) {
    TreeSum tree;
    tree_clear(&tree);
    TREE_SUM(&tree, n, i, x[i] * y[i])
    return tree_total(&tree);
}

double vector_length(const double *x, size_t n) {
    return sqrt(sum_product(x, x, n));
}

double vector_distance(const double *x, const double *y, size_t n) {
    TreeSum tree;
    tree_clear(&tree);
    TREE_SUM(&tree, n, i, (x[i] - y[i]) * (x[i] - y[i]))
    return sqrt(tree_total(&tree));
}

void tree_rows_clear(TreeRows *tree, size_t width) {
    tree->count = tree->top = 0;
    tree->width = width;
}

void tree_rows_push(TreeRows *tree, const double *leaf) {
    double *slot = tree->level[tree->top];
    memcpy(slot, leaf, tree->width * sizeof *slot);
    for (size_t bits = tree->count++; bits & 1; bits >>= 1) {
        tree->top--;
        for (size_t j = 0; j < tree->width; j++)
            tree->level[tree->top][j] += tree->level[tree->top + 1][j];
    }
    tree->top++;
}

void tree_rows_total(const TreeRows *tree, double *total) {
    REQUIRE(tree->top > 0, "a slab without rows");
    memcpy(total, tree->level[tree->top - 1], tree->width * sizeof *total);
    for (size_t k = tree->top - 1; k-- > 0;)
        for (size_t j = 0; j < tree->width; j++) total[j] = tree->level[k][j] + total[j];
}

void vector_add(double *restrict y, const double *restrict x, size_t n, double beta) {
    REQUIRE(beta == 0.0 || beta == 1.0, "beta %g", beta);
    if (beta == 0.0)
        memcpy(y, x, n * sizeof *y);
    else
        for (size_t i = 0; i < n; i++) y[i] += x[i];
}

void vector_zero(double *y, size_t n) {
    memset(y, 0, n * sizeof *y);
}
