/* print: what all forms of a study's table say, in numbers and in words. */
#ifndef NORMLAB_PRINT_H
#define NORMLAB_PRINT_H

#include "tool.h"

/* The values of a cell, [seeds]. */
const double *print_cell(const Grid *grid, const double *values, size_t series,
                         size_t point);
size_t print_diverged(const Grid *grid, size_t series, size_t point);

/* How a form writes a cell: what stands between mean and half-width, signs, nothing. */
typedef struct PrintStyle {
    const char *between, *plus, *minus, *none;
} PrintStyle;

/* "23.4 ± 1.2" in percent, and how many seeds that is where it is not all of them. */
const char *print_error_text(Arena *arena, const Grid *grid, PrintStyle style,
                             size_t series, size_t point);
const char *print_difference_text(Arena *arena, const Grid *grid, PrintStyle style,
                                  size_t series, size_t point);

/* "group(8)"; "group(8) *" of a series that is one computation at every point. */
const char *print_name(Arena *arena, const Grid *grid, size_t series);

/* What is in the cells, "validation error, last epoch"; as a sentence over how many seeds; under which protocol and recipe; what the star means, NULL without. */
const char *print_shown(Arena *arena, const Grid *grid);
const char *print_measure(Arena *arena, const Grid *grid);
const char *print_setting(Arena *arena, const Grid *grid);
const char *print_star(Arena *arena, const Grid *grid);
/* Of tables of others, and NULL. */
const char *print_published(Arena *arena, const Grid *grid);

typedef void GridPrinter(Arena *arena, FILE *out, const Grid *grid);
GridPrinter print_text, print_csv, print_json, print_latex, print_markdown;

#endif
