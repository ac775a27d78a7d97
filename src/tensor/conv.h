/* conv: the ways in which a convolution is computed. Each knows the three forms. */
#ifndef NORMLAB_CONV_H
#define NORMLAB_CONV_H

#include "bilinear.h"
#include "kernels.h"

/* out = beta*out + the form of a and b: y of (x, w), x of (y, w), w of (x, y). */
typedef struct ConvCall {
    double *out;
    const double *a, *b;
    double *scratch; /* as many doubles as the way says */
    double beta;
} ConvCall;

typedef struct ConvWay {
    const char *name;
    bool (*takes)(const Conv *conv);
    size_t (*scratch)(const Conv *conv, ConvForm form);
    void (*run[CONV_FORMS])(const Conv *conv, const Kernels *kernels, ConvCall call);
} ConvWay;

extern const ConvWay conv_direct;   /* sums in the order of the formula */
extern const ConvWay conv_winograd; /* F(4x4, 3x3), and F(3x3, 4x4) for the filter */

/* The table's. */
const ConvWay *conv_way(const Conv *conv, ConvForm form);

/* A place in scratch, a multiple of 8 doubles; and the next begins behind it. */
static inline double *carve(double **scratch, size_t doubles) {
    double *place = *scratch;
    *scratch += (doubles + 7) / 8 * 8;
    return place;
}

#endif
