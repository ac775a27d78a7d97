/* passes: rows of doubles on their way through memory, once for each instruction set
 * (kernels.h). All sets give the same bits: elements know nothing of each other, and sums are
 * those of TreeSum.
 *
 * A result that is written past the caches (nontemporal stores) is not read first, and nothing
 * that may be read again makes room for it. Such stores are ordered before what follows by
 * passes_end. */
#ifndef NORMLAB_PASSES_H
#define NORMLAB_PASSES_H

#include "sum.h"

typedef enum PassTo { PASS_WRITES, PASS_PAST, PASS_ADDS } PassTo;

/* xhat = ((x - shift) - offset) rstd;  y = xhat scale + bias, or with relu max(y, 0). Of sums
 * dy is then that of the maximum: 0 where y is not above 0. */
typedef struct Affine {
    double shift, offset, rstd, scale, bias;
    bool relu;
} Affine;

/* dx = rstd ((scale dy - a) - xhat b), dy as in Affine */
typedef struct Slope {
    double shift, offset, rstd, scale, bias, a, b;
    bool relu;
} Slope;

/* Sums that are taken while something else is written, so that memory reads and writes at
 * once: of as many elements, a multiple of SUM_LEAF. What is `ahead` elements further on is
 * fetched meanwhile: from element `until` on it stands `jump` elements beyond that. */
typedef struct Beside {
    TreeSum *first, *second;
    const double *dy, *x; /* dy: of products */
    Affine of;            /* of moments the shift alone */
    size_t ahead, until;
    ptrdiff_t jump;
} Beside;

/* The same where every position has a cell of its own: vectors along the row. */
typedef struct Columns {
    const double *shift, *offset, *rstd;
} Columns;

/* With what is read next, and fetched meanwhile, so many elements further on in x and dy; 0:
 * nothing. */
typedef struct ColumnMap {
    Columns of;
    double scale, bias;
    size_t ahead;
} ColumnMap;

typedef struct ColumnSlope {
    Columns of;
    double scale;
    const double *a, *b;
    size_t ahead;
} ColumnSlope;

enum { PASS_ROWS = 8 }; /* that columns are summed over at once: a leaf */

/* Up to PASS_ROWS rows of n columns, h = scale dy in each. */
typedef struct ColumnRows {
    size_t rows, n;
    const double *dy[PASS_ROWS], *x[PASS_ROWS];
    double scale[PASS_ROWS];
    Columns of;
    const double *about_h, *about_hx;
    double *leaf[PASS_ROWS]; /* of each row: room for the leaves along it */
} ColumnRows;

typedef struct Passes {
    /* y = x; y = a + b; past the caches: what memory itself can do. */
    void (*copy)(double *y, const double *x, size_t n);
    void (*add)(double *y, const double *a, const double *b, size_t n);

    /* Leaves of x - shift and of its squares; of dy and dy xhat. */
    void (*moments)(TreeSum *first, TreeSum *second, const double *x, size_t n,
                    double shift);
    void (*products)(TreeSum *first, TreeSum *second, const double *dy, const double *x,
                     size_t n, Affine of);

    void (*affine)(double *y, const double *x, size_t n, Affine a, PassTo to);
    void (*slope)(double *dx, const double *dy, const double *x, size_t n, Slope s,
                  PassTo to);

    /* affine and slope past the caches, beside moments and products. */
    void (*affine_beside)(double *y, const double *x, size_t n, Affine a,
                          const Beside *sums);
    void (*slope_beside)(double *dx, const double *dy, const double *x, size_t n, Slope s,
                         const Beside *sums);

    /* Leaves of columns: sums of x - about, and of the squares (NULL: not wanted), over `rows`
     * rows. */
    void (*column_moments)(double *first, double *second, const double *const *x,
                           size_t rows, const double *about, size_t n);
    /* The same of h - about_h and h xhat - about_hx. With `leaves` also those of dy and
     * dy xhat along each row, two by two. */
    void (*column_products)(double *first, double *second, const ColumnRows *rows,
                            bool leaves);
    void (*column_affine)(double *y, const double *x, size_t n, ColumnMap map, PassTo to);
    void (*column_slope)(double *dx, const double *dy, const double *x, size_t n,
                         ColumnSlope s, PassTo to);
} Passes;

/* A TreeSum for each of up to PASS_COLUMNS columns: leaves of PASS_ROWS rows, joined pairwise. */
enum { PASS_COLUMNS = 256 };

typedef struct TreeRows {
    double level[32][PASS_COLUMNS];
    size_t count, top, width;
} TreeRows;

void tree_rows_clear(TreeRows *tree, size_t width);
void tree_rows_push(TreeRows *tree, const double *leaf);
void tree_rows_total(const TreeRows *tree, double *total);

/* Those of kernels_best. */
const Passes *passes_best(void);

/* After the last of results past the caches. */
void passes_end(void);

#endif
