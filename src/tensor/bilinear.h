/* bilinear: products of matrices, and convolutions. */
#ifndef NORMLAB_BILINEAR_H
#define NORMLAB_BILINEAR_H

#include "tensor.h"

/* ---- matmul.c -------------------------------------------------------------------- */

/* c[m, n] = beta*c + op(a)[m, k] op(b)[k, n]; op transposes where asked (a is then stored
 * [k, m]). On the calling thread alone; the terms of a sum in one order whatever the shape. */
void matmul(double *c, const double *a, const double *b, size_t m, size_t n, size_t k,
            bool transpose_a, bool transpose_b, double beta);

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

#endif
