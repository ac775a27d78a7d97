/* The multiplier: CBLAS, one thread a caller. Parallelism belongs to the workers
 * above. */
#include "tensor.h"

#include <cblas.h>
#include <limits.h>

void matmul_single_threaded(void) {
    openblas_set_num_threads(1);
}

void matmul(double *c, const double *a, const double *b, size_t m, size_t n, size_t k,
            bool transpose_a, bool transpose_b, double beta) {
    REQUIRE(m <= INT_MAX && n <= INT_MAX && k <= INT_MAX, "matmul %zu x %zu x %zu", m, n,
            k);
    cblas_dgemm(CblasRowMajor, transpose_a ? CblasTrans : CblasNoTrans,
                transpose_b ? CblasTrans : CblasNoTrans, (int)m, (int)n, (int)k, 1.0, a,
                (int)(transpose_a ? m : k), b, (int)(transpose_b ? k : n), beta, c,
                (int)n);
}
