/* speed: what the chapter on speed shows (notes/95-speed.md). */
#ifndef NORMLAB_SPEED_PARTS_H
#define NORMLAB_SPEED_PARTS_H

#include "speed.h"
#include "study.h"

enum { QUARTILES = 3, PASSES = 2, FORWARD = 0, BACKWARD };

/* ---- measuring: a group of the file each ------------------------------------------- */

void speed_put_kernels(Store *store, Arena *arena, const Measure *how);
void speed_put_cost(Store *store, Arena *arena, const Measure *how);
void speed_put_training(Store *store, Arena *arena, const Measure *how);
void speed_put_combinations(Store *store, Arena *arena, const Measure *how);

/* Quartiles as three numbers. */
void speed_put(double *to, SpeedQuartiles quartiles);
/* One thread, and as many as are asked for. */
const double *speed_threads(Arena *arena, const Measure *how, size_t *count);
void speed_scales(Table *table, const double *threads, size_t count);
/* The table, how it was measured, and twelve digits of the SHA-256 of these numbers. */
void speed_write(Store *store, const Table *table, const Measure *how,
                 const double *values, size_t count);

/* ---- drawing ------------------------------------------------------------------------- */

FigureMaker speed_roofline; /* bytes a second of kernels, beside memory's */
FigureMaker speed_cost;     /* a kernel's time in its limit's, along C, G, L, N */
FigureMaker
    speed_learning; /* training in parts of dgemm, beside PyTorch where it was asked */

/* Values in rows, panel under panel. */
typedef struct Dots {
    size_t panels, rows, series; /* the first series is the limit */
    const char *const *title, *const *row, *const *name; /* [panels], [rows], [series] */
    const size_t *colour;                                /* [series] as figure_styles */
    const double *value; /* [panels, rows, series, QUARTILES]; NaN: none */
    double scale;        /* of the values */
} Dots;

void speed_dots(Figure *figure, const Dots *dots, const char *foot);
/* Where the table's numbers come from. */
const char *speed_foot(Arena *arena, const Grid *grid, const Table *table);
/* The place in the registry of each normalizer, behind one for the limit. */
const size_t *speed_colours(Arena *arena, const char *const *norm, size_t norms);

#endif
