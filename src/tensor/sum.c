/* Fixed-order sums and the few loops over vectors that everything uses. */
#include "tensor.h"

#include <string.h>

double sum_run(const double *x, size_t n) {
    TreeSum tree = {.count = 0};
    TREE_SUM(&tree, n, i, x[i])
    return tree_total(&tree);
}

double sum_strided(const double *x, size_t n, size_t stride) {
    TreeSum tree = {.count = 0};
    TREE_SUM(&tree, n, i, x[i * stride])
    return tree_total(&tree);
}

double sum_product(const double *x, const double *y, size_t n) {
    TreeSum tree = {.count = 0};
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
