/* Convolutions: their sizes, and which way computes them. */
#include "conv.h"
#include "house.h"

Conv conv_geometry(Shape x, Shape w, size_t stride, size_t pad) {
    REQUIRE(x.rank == 4 && w.rank == 4, "conv2d takes [N,C,H,W] and [K,C,R,S]");
    REQUIRE(x.size[1] == w.size[1], "conv2d: %zu channels, filters for %zu", x.size[1],
            w.size[1]);
    REQUIRE(stride > 0, "conv2d: stride 0");
    Conv conv = {.N = x.size[0],
                 .C = x.size[1],
                 .H = x.size[2],
                 .W = x.size[3],
                 .K = w.size[0],
                 .R = w.size[2],
                 .S = w.size[3],
                 .stride = stride,
                 .pad = pad};
    REQUIRE(conv.H + 2 * pad >= conv.R && conv.W + 2 * pad >= conv.S,
            "conv2d: filter larger than its input");
    conv.P = (conv.H + 2 * pad - conv.R) / stride + 1;
    conv.Q = (conv.W + 2 * pad - conv.S) / stride + 1;
    return conv;
}

/* ---- the table ------------------------------------------------------------------- */

/* A row is for all shapes that it fits; the first that fits is taken. Nothing but shape and
 * form may decide: not the processor, nor time, nor how many samples a call has. Sizes are
 * those from which on a way was the faster one (notes/96-convolution.md). */
typedef struct Row {
    const ConvWay *way;
    size_t least_channels; /* of x, and of y */
    size_t most_filters;   /* C K: their spectra pass through the caches once a call */
    size_t least_tiles;    /* of 4 x 4 results */
    size_t least_results;  /* a tile: those that lie outside are computed in vain */
} Row;

static const Row TABLE[] = {
    {&conv_winograd, 8, 1 << 16, 4, 10},
    {&conv_winograd, 8, 1 << 10, 1, 10},
    {&conv_direct, 1, SIZE_MAX, 1, 1},
};

static bool fits(const Row *row, const Conv *conv, ConvForm form) {
    const size_t H = form == CONV_INPUT ? conv->H : conv->P;
    const size_t W = form == CONV_INPUT ? conv->W : conv->Q;
    const size_t tiles = ((H + 3) / 4) * ((W + 3) / 4), filters = conv->C * conv->K;
    return row->way->takes(conv) && conv->C >= row->least_channels &&
           conv->K >= row->least_channels && filters <= row->most_filters &&
           tiles >= row->least_tiles && H * W >= row->least_results * tiles;
}

const ConvWay *conv_way(const Conv *conv, ConvForm form) {
    const Row *row = TABLE;
    while (!fits(row, conv, form)) row++;
    return row->way;
}

bool conv_is_tiled(const Conv *conv, ConvForm form) {
    return conv_way(conv, form) == &conv_winograd;
}

/* ---- the three forms ------------------------------------------------------------- */

size_t conv_scratch(const Conv *conv) {
    size_t most = 0;
    for (ConvForm form = 0; form < CONV_FORMS; form++) {
        const size_t doubles = conv_way(conv, form)->scratch(conv, form);
        if (doubles > most) most = doubles;
    }
    return most;
}

static void run(ConvForm form, const Conv *conv, ConvCall call) {
    conv_way(conv, form)->run[form](conv, kernels_best(), call);
}

void conv_forward(double *y, const double *x, const double *w, const Conv *conv,
                  double *scratch, double beta) {
    run(CONV_FORWARD, conv, (ConvCall){y, x, w, scratch, beta});
}

void conv_input(double *dx, const double *dy, const double *w, const Conv *conv,
                double *scratch, double beta) {
    run(CONV_INPUT, conv, (ConvCall){dx, dy, w, scratch, beta});
}

void conv_filter(double *dw, const double *x, const double *dy, const Conv *conv,
                 double *scratch, double beta) {
    run(CONV_FILTER, conv, (ConvCall){dw, x, dy, scratch, beta});
}
