/* kernels: what the convolutions and products of this layer stand on, once for each
 * instruction set. Every set gives the same bits: each result is one sum in the order of its
 * terms, of products that are rounded themselves, and sets differ in how many results they
 * hold at once.
 *
 * Channels stand in blocks of 8, side by side: a panel [n][8] holds 8 channels of n places,
 * zeros where there are fewer. */
#ifndef NORMLAB_KERNELS_H
#define NORMLAB_KERNELS_H

#include "passes.h"
#include "tensor.h"

enum { BLOCK = 8 };

/* Panels that `channels` fill. */
static inline size_t block_count(size_t channels) {
    return (channels + BLOCK - 1) / BLOCK;
}

/* A matrix whose element (i, e) is x[row[i] + col[e]]: patches of an image, without copies of
 * them. */
typedef struct Gather {
    const double *x;
    const size_t *row, *col;
    size_t rows, cols;
} Gather;

/* The 36 numbers of a tile, one by one far apart: element i of panel place t is at
 * [i * apart + 8 t]. */
typedef struct Spectrum {
    double *at;
    size_t apart;
} Spectrum;

/* Tiles of an image that stands in a panel of rows of `width` places. */
typedef struct Tiling {
    size_t rows, cols; /* of tiles, 4 x 4 results each */
    size_t width;      /* of the image */
    size_t height;     /* results: those beyond are not written */
} Tiling;

typedef struct Kernels {
    const char *name;

    /* out[b][i][8] = (adds ? out : 0) + sum over e of g(i, e) w[b][e][8], for each of
     * `panels` b; out's and w's panels are out_apart and w_apart doubles apart. */
    void (*product)(double *out, size_t out_apart, const Gather *g, const double *w,
                    size_t w_apart, size_t panels, bool adds);

    /* panel[e][j] = x[j * stride + e], j < rows <= 8, e < cols; and back, j < rows. */
    void (*pack)(double *panel, const double *x, size_t stride, size_t rows, size_t cols);
    void (*unpack)(double *x, const double *panel, size_t stride, size_t rows,
                   size_t cols, double beta);

    /* Winograd's F(4x4, 3x3): B'dB of every tile's 6 x 6 places, (G w G') of every filter's 9
     * (`turned`: last first), A'mA to 4 x 4 results, A d A' of 4 x 4 places, and G'uG to 9.
     * All are of one panel. */
    void (*of_image)(Spectrum v, const double *image, const Tiling *tiles);
    void (*of_filter)(Spectrum u, const double *filter, size_t count, bool turned);
    void (*to_image)(double *image, Spectrum m, const Tiling *tiles);
    void (*of_results)(Spectrum v, const double *image, const Tiling *tiles);
    void (*to_filter)(double *filter, Spectrum u, size_t count);

    Passes passes;
} Kernels;

/* The k-th instruction set that is built in and that this processor has, the plainest first;
 * NULL: there are no more. */
const Kernels *kernels_at(size_t k);
const Kernels *kernels_best(void);

#endif
