/* Convolution by columns: each sample's patches become a matrix, the sums a dgemm.
 *
 * Columns are made for a band of output rows at a time, so that they stay in the cache
 * near the multiplier. */
#include "conv.h"

#include <cblas.h>
#include <limits.h>
#include <string.h>

/* 512 KiB of columns, half of a usual second-level cache; doubles copied at a time; planes
 * below which rows are copied exactly. */
enum { BAND_DOUBLES = 1 << 16, CHUNK = 8, SMALLEST_PLANE = 32 };

/* Output columns q for which q*stride + s - pad lies inside 0..W-1: [*from, *to). */
static void inside(size_t *from, size_t *to, const Conv *conv, size_t s) {
    size_t first = conv->pad > s ? (conv->pad - s + conv->stride - 1) / conv->stride : 0;
    size_t last =
        conv->W + conv->pad > s ? (conv->W + conv->pad - s - 1) / conv->stride + 1 : 0;
    *to = last < conv->Q ? last : conv->Q;
    *from = first < *to ? first : *to;
}

/* Rows are short: whole chunks are faster than an exact copy. Up to CHUNK - 1 doubles too
 * many are read and written; the next row's copy overwrites them, and where none follows
 * `exact` is asked. */
static inline void copy_row(double *restrict to, const double *restrict from, size_t n,
                            bool exact) {
    if (exact)
        memcpy(to, from, n * sizeof *to);
    else
        for (size_t i = 0; i < n; i += CHUNK)
            memcpy(to + i, from + i, CHUNK * sizeof *to);
}

static inline void zero_row(double *to, size_t n) {
    for (size_t i = 0; i < n; i++) to[i] = 0.0;
}

void im2col(double *restrict column, const double *restrict x, const Conv *conv,
            size_t p0, size_t p1) {
    const size_t W = conv->W, Q = conv->Q, stride = conv->stride, pad = conv->pad;
    for (size_t c = 0; c < conv->C; c++) {
        const bool exact = c + 1 == conv->C || conv->H * W < SMALLEST_PLANE;
        for (size_t r = 0; r < conv->R; r++)
            for (size_t s = 0; s < conv->S; s++) {
                size_t from, to;
                inside(&from, &to, conv, s);
                for (size_t p = p0; p < p1; p++, column += Q) {
                    size_t h = p * stride + r; /* + pad */
                    if (h < pad || h >= conv->H + pad || to == from) {
                        zero_row(column, Q);
                        continue;
                    }
                    const double *row =
                        x + (c * conv->H + h - pad) * W + (from * stride + s - pad);
                    if (stride == 1)
                        copy_row(column + from, row, to - from, exact);
                    else
                        for (size_t q = 0; q < to - from; q++)
                            column[from + q] = row[q * stride];
                    zero_row(column, from);
                    zero_row(column + to, Q - to);
                }
            }
    }
}

void col2im(double *restrict x, const double *restrict column, const Conv *conv,
            size_t p0, size_t p1) {
    const size_t W = conv->W, Q = conv->Q, stride = conv->stride, pad = conv->pad;
    for (size_t c = 0; c < conv->C; c++)
        for (size_t r = 0; r < conv->R; r++)
            for (size_t s = 0; s < conv->S; s++) {
                size_t from, to;
                inside(&from, &to, conv, s);
                for (size_t p = p0; p < p1; p++, column += Q) {
                    size_t h = p * stride + r;
                    if (h < pad || h >= conv->H + pad || to == from) continue;
                    double *row = x + (c * conv->H + h - pad) * W;
                    double *first = row + (from * stride + s - pad);
                    if (stride == 1)
                        for (size_t q = 0; q < to - from; q++)
                            first[q] += column[from + q];
                    else
                        for (size_t q = 0; q < to - from; q++)
                            first[q * stride] += column[from + q];
                }
            }
}

/* Output rows whose columns fit the band. */
static size_t band_rows(const Conv *conv) {
    size_t row = conv->C * conv->R * conv->S * conv->Q;
    size_t rows = row ? BAND_DOUBLES / row : 1;
    if (rows < 1) rows = 1;
    return rows < conv->P ? rows : conv->P;
}

static size_t scratch(const Conv *conv, ConvForm form) {
    (void)form;
    return conv->C * conv->R * conv->S * conv->Q * band_rows(conv) + CHUNK;
}

/* A 1x1 filter of stride 1 has its input for columns. */
static bool is_pointwise(const Conv *conv) {
    return conv->R == 1 && conv->S == 1 && conv->stride == 1 && conv->pad == 0;
}

typedef struct Band {
    size_t n, p0, p1;
    int rows, columns, patch; /* K, (p1-p0)*Q, C*R*S as BLAS counts */
} Band;

static Band band_at(const Conv *conv, size_t n, size_t p0) {
    size_t p1 = p0 + band_rows(conv);
    if (p1 > conv->P) p1 = conv->P;
    return (Band){n,
                  p0,
                  p1,
                  (int)conv->K,
                  (int)((p1 - p0) * conv->Q),
                  (int)(conv->C * conv->R * conv->S)};
}

/* The band's columns: made in scratch, or the input itself. */
static const double *band_columns(double *scratch, const double *x, const Conv *conv,
                                  Band b) {
    const double *sample = x + b.n * conv->C * conv->H * conv->W;
    if (is_pointwise(conv)) return sample + b.p0 * conv->Q;
    im2col(scratch, sample, conv, b.p0, b.p1);
    return scratch;
}

#define FOR_BANDS(band, conv)                                                            \
    for (size_t n_ = 0; n_ < (conv)->N; n_++)                                            \
        for (Band band = band_at((conv), n_, 0); band.p0 < (conv)->P;                    \
             band = band_at((conv), n_, band.p1))

static void forward(const Conv *conv, const Kernels *kernels, ConvCall call) {
    (void)kernels;
    const int PQ = (int)(conv->P * conv->Q);
    FOR_BANDS(b, conv) {
        const double *column = band_columns(call.scratch, call.a, conv, b);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasNoTrans, b.rows, b.columns, b.patch,
                    1.0, call.b, b.patch, column, is_pointwise(conv) ? PQ : b.columns,
                    call.beta, call.out + b.n * conv->K * (size_t)PQ + b.p0 * conv->Q,
                    PQ);
    }
}

static void input(const Conv *conv, const Kernels *kernels, ConvCall call) {
    (void)kernels;
    const int PQ = (int)(conv->P * conv->Q);
    if (call.beta == 0.0) vector_zero(call.out, conv->N * conv->C * conv->H * conv->W);
    FOR_BANDS(b, conv) {
        double *sample = call.out + b.n * conv->C * conv->H * conv->W;
        bool direct = is_pointwise(conv);
        cblas_dgemm(CblasRowMajor, CblasTrans, CblasNoTrans, b.patch, b.columns, b.rows,
                    1.0, call.b, b.patch,
                    call.a + b.n * conv->K * (size_t)PQ + b.p0 * conv->Q, PQ,
                    direct ? 1.0 : 0.0, direct ? sample + b.p0 * conv->Q : call.scratch,
                    direct ? PQ : b.columns);
        if (!direct) col2im(sample, call.scratch, conv, b.p0, b.p1);
    }
}

static void filter(const Conv *conv, const Kernels *kernels, ConvCall call) {
    (void)kernels;
    const int PQ = (int)(conv->P * conv->Q);
    if (call.beta == 0.0) vector_zero(call.out, conv->K * conv->C * conv->R * conv->S);
    FOR_BANDS(b, conv) {
        const double *column = band_columns(call.scratch, call.a, conv, b);
        cblas_dgemm(CblasRowMajor, CblasNoTrans, CblasTrans, b.rows, b.patch, b.columns,
                    1.0, call.b + b.n * conv->K * (size_t)PQ + b.p0 * conv->Q, PQ, column,
                    is_pointwise(conv) ? PQ : b.columns, 1.0, call.out, b.patch);
    }
}

static bool takes(const Conv *conv) {
    return conv->P * conv->Q <= INT_MAX && conv->C * conv->R * conv->S <= INT_MAX &&
           conv->K <= INT_MAX;
}

const ConvWay conv_columns = {.name = "columns",
                              .takes = takes,
                              .scratch = scratch,
                              .run = {forward, input, filter}};
