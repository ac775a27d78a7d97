/* Products of matrices by the kernels of convolution, whose bits are the same on every
 * processor. On the calling thread alone: parallelism belongs to the workers above. */
#include "bilinear.h"
#include "kernels.h"

#include <string.h>

/* Blocks: rows, columns, and terms that are summed before they are added to the sums of those
 * before them. A block of a stays in the second cache while b's columns pass. */
enum { ROWS = 256, COLUMNS = 2 * BLOCK, TERMS = 128 };

/* op(a)[i][l] is a[i * down + l * across]. */
typedef struct Factor {
    const double *a;
    size_t down, across;
} Factor;

static size_t at_most(size_t n, size_t most) {
    return n < most ? n : most;
}

/* Of up to BLOCK numbers, zeros behind them. */
static void copy_row(double *to, const double *from, size_t width) {
    if (width == BLOCK) {
        memcpy(to, from, BLOCK * sizeof *to);
        return;
    }
    for (size_t i = 0; i < BLOCK; i++) to[i] = i < width ? from[i] : 0.0;
}

/* The block [terms][columns] of b in panels. */
static void pack_factor(const Kernels *kernels, double *panels, Factor b, size_t terms,
                        size_t columns) {
    for (size_t j = 0; j < columns; j += BLOCK, panels += terms * BLOCK) {
        const size_t width = at_most(columns - j, BLOCK);
        if (b.down == 1) {
            kernels->pack(panels, b.a + j * b.across, b.across, width, terms);
            continue;
        }
        for (size_t l = 0; l < terms; l++)
            copy_row(panels + l * BLOCK, b.a + l * b.down + j, width);
    }
}

/* sum [2][rows][8] of the products of a's rows and b's columns. */
static void sum_products(const Kernels *kernels, double *sum, Factor a, Factor b,
                         size_t rows, size_t columns, size_t k) {
    double panels[TERMS * COLUMNS];
    size_t row[ROWS], col[TERMS];
    for (size_t i = 0; i < rows; i++) row[i] = i * a.down;
    for (size_t l = 0; l < TERMS; l++) col[l] = l * a.across;
    for (size_t from = 0; from < k; from += TERMS) {
        const size_t terms = at_most(k - from, TERMS);
        const Gather g = {a.a + from * a.across, row, col, rows, terms};
        const Factor rest = {b.a + from * b.down, b.down, b.across};
        pack_factor(kernels, panels, rest, terms, columns);
        kernels->product(sum, rows * BLOCK, &g, panels, terms * BLOCK,
                         block_count(columns), from > 0);
    }
}

/* c [rows][width], n apart, = beta*c + sum [rows][8]. */
static inline void unpack_rows(double *c, const double *sum, size_t n, size_t rows,
                               size_t width, double beta) {
    for (size_t r = 0; r < rows; r++, c += n, sum += BLOCK)
        for (size_t s = 0; s < width; s++)
            c[s] = beta == 0.0 ? sum[s] : beta * c[s] + sum[s];
}

static void unpack_sum(double *c, const double *sum, size_t n, size_t rows, size_t width,
                       double beta) {
    if (width < BLOCK)
        unpack_rows(c, sum, n, rows, width, beta);
    else if (beta != 0.0)
        unpack_rows(c, sum, n, rows, BLOCK, beta);
    else
        unpack_rows(c, sum, n, rows, BLOCK, 0.0);
}

void matmul(double *c, const double *of_a, const double *of_b, size_t m, size_t n,
            size_t k, bool transpose_a, bool transpose_b, double beta) {
    const Factor a = {of_a, transpose_a ? 1 : k, transpose_a ? m : 1};
    const Factor b = {of_b, transpose_b ? 1 : n, transpose_b ? k : 1};
    const Kernels *kernels = kernels_best();
    double sum[ROWS * COLUMNS];
    for (size_t i = 0; i < m; i += ROWS)
        for (size_t j = 0; j < n; j += COLUMNS) {
            const size_t rows = at_most(m - i, ROWS), columns = at_most(n - j, COLUMNS);
            const Factor down = {a.a + i * a.down, a.down, a.across};
            const Factor across = {b.a + j * b.across, b.down, b.across};
            sum_products(kernels, sum, down, across, rows, columns, k);
            for (size_t s = 0; s < columns; s += BLOCK)
                unpack_sum(c + i * n + j + s, sum + s * rows, n, rows,
                           at_most(columns - s, BLOCK), beta);
        }
}
