/* gnuplot: the process that draws, which figure.c alone calls. */
#ifndef NORMLAB_GNUPLOT_H
#define NORMLAB_GNUPLOT_H

#include "figure.h"

/* The bytes of a figure; the tex form lies over a second one. */
typedef struct Drawing {
    char *bytes, *under;
    size_t length, under_length;
    const char *stem; /* how `bytes` call `under` */
} Drawing;

bool gnuplot_draw(const Figure *figure, Drawing *drawing, BaseError *error);

#endif
