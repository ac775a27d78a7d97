/* The table as text: each column as wide as its widest cell. */
#include "print.h"

#include <math.h>

enum { GAP = 2 };

/* Rows of a name and a cell for each point. */
typedef struct Sheet {
    Arena *arena;
    size_t columns, rows;
    const char **cell; /* [rows, columns] */
} Sheet;

static const char **add_row(Sheet *s, const char *name) {
    const char **row = s->cell + s->rows++ * s->columns;
    row[0] = name;
    return row + 1;
}

static size_t width_of(const Sheet *s, size_t column) {
    size_t widest = 0;
    for (size_t i = 0; i < s->rows; i++) {
        const size_t own = text_columns(s->cell[i * s->columns + column]);
        widest = own > widest ? own : widest;
    }
    return widest;
}

static void print_rows(FILE *out, const Sheet *s, size_t from, size_t to) {
    for (size_t i = from; i < to; i++) {
        size_t behind = 0; /* blanks that the next cell needs before it */
        for (size_t j = 0; j < s->columns; j++) {
            const char *cell = s->cell[i * s->columns + j];
            fprintf(out, "%*s%s", (int)behind, "", cell);
            behind = width_of(s, j) + GAP - text_columns(cell);
        }
        fputs("\n", out);
    }
}

static const char *published_at(const Sheet *s, const Grid *g, size_t series,
                                double along) {
    const double *value = g->published_value + series * g->published_points;
    for (size_t j = 0; g->along_is_number && j < g->published_points; j++)
        if (g->published_at[j] == along && isfinite(value[j]))
            return text_print(s->arena, "%.1f", value[j]);
    return "-";
}

void print_text(Arena *arena, FILE *out, const Grid *g) {
    static const PrintStyle style = {" ± ", "+", "-", "-"};
    const size_t ours = 2 * g->series, all = ours + g->published_series;
    Sheet s = {arena, g->points + 1, 0, TAKE(arena, const char *, all *(g->points + 1))};
    const char **row = add_row(&s, g->along_label), *star = print_star(arena, g);
    for (size_t j = 0; j < g->points; j++) row[j] = g->along_text[j];
    for (size_t i = 0; i < g->series; i++) {
        row = add_row(&s, print_name(arena, g, i));
        for (size_t j = 0; j < g->points; j++)
            row[j] = print_error_text(arena, g, style, i, j);
    }
    for (size_t i = 1; i < g->series; i++) {
        row = add_row(&s, text_print(arena, "%s - %s", g->name[i], g->name[0]));
        for (size_t j = 0; j < g->points; j++)
            row[j] = print_difference_text(arena, g, style, i, j);
    }
    for (size_t i = 0; i < g->published_series; i++) {
        row = add_row(&s, g->published_name[i]);
        for (size_t j = 0; j < g->points; j++)
            row[j] = published_at(&s, g, i, g->along[j]);
    }
    fputs(g->question, out);
    if (g->finished < g->runs) fprintf(out, " (%zu of %zu runs)", g->finished, g->runs);
    fprintf(out, "\n%s. %s\n", print_measure(arena, g), print_setting(arena, g));
    for (const char *const *note = grid_notes(arena, g); *note; note++)
        fprintf(out, "%s\n", *note);
    fputs("\n", out);
    print_rows(out, &s, 0, ours);
    if (star) fprintf(out, "%s\n", star);
    if (g->published) fprintf(out, "\n%s\n", print_published(arena, g));
    print_rows(out, &s, ours, s.rows);
}
