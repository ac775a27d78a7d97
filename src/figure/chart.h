/* chart: what curves and rows of one chart share, and nobody else sees. */
#ifndef NORMLAB_CHART_H
#define NORMLAB_CHART_H

#include "figure.h"

#define CHART_BELOW 0.27 /* room of the labels of ticks */

/* ---- axis.c ------------------------------------------------------------------------ */

/* Places of the points from 0 (left) to 1, in the direction in which the chart has them. */
typedef struct Axis {
    bool ordered; /* else names, side by side */
    double *at;   /* [points] */
    size_t *from; /* [points] from left to right */
    double gap;   /* the smallest between two */
} Axis;

/* The more even of a logarithmic and a linear axis; names, and numbers that neither of them
 * tells apart, stand side by side. */
Axis chart_axis(Arena *arena, const Chart *chart);

/* Numbers with as many digits as tell them apart, at least four. */
const char **chart_texts(const Figure *figure, const Chart *chart);

/* From where to where the axis goes. */
typedef struct ChartSides {
    double left, right;
} ChartSides;

/* Labels of numbers that would touch their left neighbour are left out; of words none is:
 * they are shortened and turned, and in the terminal numbered. The sides make room for them.
 * `below`: how far they go down. */
FigureTicks chart_ticks(Figure *figure, const Chart *chart, const Axis *axis,
                        ChartSides *sides, double *below);

/* ---- heights.c --------------------------------------------------------------------- */

typedef struct Reach {
    double low, high;
} Reach;

/* Of values heights: they themselves, or parts of a broken axis from 0 to 1. */
typedef struct Heights {
    bool broken;
    Reach part[2];         /* values, below and above */
    double from[2], to[2]; /* heights of these */
    FigureTicks ticks;
} Heights;

/* *any: there is something to draw. */
Heights chart_heights(const Figure *figure, const Chart *chart, bool *any);
double chart_height(const Heights *heights, double value);
/* Of a broken axis of this length; labels that would touch others are left out. */
void chart_part_labels(const Figure *figure, Heights *heights, double tall);

/* ---- chart.c: of a chart whose values are scaled -------------------------------------- */

/* From the lowest to the highest of what is drawn; intervals end at the bounds. False: there
 * is nothing. */
bool chart_range(const Chart *chart, double *low, double *high);

/* place mean low high of value `i`; nothing where there is no mean. */
void chart_value(Figure *figure, double at, const Chart *chart, size_t i, bool bare);

void chart_common(Figure *figure, const Chart *chart, bool any);

/* The plot's edges, its axes' names, and the foot line below. */
void chart_frame(Figure *figure, const double edge[4], double below, const char *foot);

/* ---- rows.c ------------------------------------------------------------------------ */

/* Whether there are many, and room for it. */
bool chart_wants_rows(const Figure *figure, const Chart *chart);

/* rows.gp: panels from left to right, in each a block for each row. */
void chart_rows(Figure *figure, const Chart *chart);

#endif
