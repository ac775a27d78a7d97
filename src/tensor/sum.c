/* Fixed-order sums and the few loops over vectors that everything uses. */
#include "tensor.h"

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
