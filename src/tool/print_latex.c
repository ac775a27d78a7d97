/* The table for a document; what is said around the text table stands below it. */
#include "print.h"

#include <math.h>

static void latex_row(Arena *arena, FILE *out, const char *name, const char *const *cells,
                      size_t count) {
    fprintf(out, "%s", figure_latex(arena, name));
    for (size_t j = 0; j < count; j++) fprintf(out, " & %s", cells[j]);
    fputs(" \\\\\n", out);
}

/* Lines over all columns, below the table and about as wide as it is with `cell` letters in
 * each: a longer one would widen it. */
static void latex_note(Arena *arena, FILE *out, size_t points, size_t cell,
                       const char *note) {
    enum { MOST = 12, NAME = 24 };
    const Figure page = {.arena = arena, .form = "dumb"}; /* lengths are characters */
    const char *line[MOST], *label = figure_label(arena, note);
    const double room = (double)(NAME + cell * (points > 2 ? points : 2));
    const size_t lines = figure_lines(&page, label, FIGURE_SMALL, room, MOST, line);
    for (size_t i = 0; i < lines; i++)
        fprintf(out, "\\multicolumn{%zu}{l}{\\footnotesize %s} \\\\\n", points + 1,
                figure_latex(arena, line[i]));
}

/* A table of its own, with all of its points. */
static void latex_published(Arena *arena, FILE *out, const Grid *g) {
    const char **cells = TAKE(arena, const char *, g->published_points);
    if (g->published == NULL) return;
    fprintf(out, "\\par\\medskip\n%% %s\n\\begin{tabular}{l", print_published(arena, g));
    for (size_t j = 0; j < g->published_points; j++) fputs("r", out);
    fputs("}\n\\toprule\n", out);
    for (size_t j = 0; j < g->published_points; j++)
        cells[j] = text_number(arena, g->published_at[j]);
    latex_row(arena, out, g->along_label, cells, g->published_points);
    fputs("\\midrule\n", out);
    for (size_t i = 0; i < g->published_series; i++) {
        const double *value = g->published_value + i * g->published_points;
        for (size_t j = 0; j < g->published_points; j++)
            cells[j] = isfinite(value[j]) ? text_print(arena, "%.1f", value[j]) : "--";
        latex_row(arena, out, g->published_name[i], cells, g->published_points);
    }
    fputs("\\bottomrule\n", out);
    latex_note(arena, out, g->published_points, 7, print_published(arena, g));
    fputs("\\end{tabular}\n", out);
}

static void latex_rows(Arena *arena, FILE *out, const Grid *g) {
    static const PrintStyle style = {" $\\pm$ ", "$+$", "$-$", "--"};
    const char **cells = TAKE(arena, const char *, g->points);
    for (size_t i = 0; i < g->series; i++) {
        for (size_t j = 0; j < g->points; j++)
            cells[j] = print_error_text(arena, g, style, i, j);
        latex_row(arena, out, print_name(arena, g, i), cells, g->points);
    }
    if (g->series > 1) fputs("\\midrule\n", out);
    for (size_t i = 1; i < g->series; i++) {
        for (size_t j = 0; j < g->points; j++)
            cells[j] = print_difference_text(arena, g, style, i, j);
        latex_row(arena, out, text_print(arena, "%s − %s", g->name[i], g->name[0]), cells,
                  g->points);
    }
}

void print_latex(Arena *arena, FILE *out, const Grid *g) {
    enum { CELL = 13 };
    const char **cells = TAKE(arena, const char *, g->points),
               *measure = print_measure(arena, g), *setting = print_setting(arena, g),
               *star = print_star(arena, g);
    fprintf(out, "%% %s, %s: %s. %s; needs booktabs\n\\begin{tabular}{l", g->experiment,
            g->identity, measure, setting);
    for (size_t j = 0; j < g->points; j++) fputs("r", out);
    fputs("}\n\\toprule\n", out);
    for (size_t j = 0; j < g->points; j++)
        cells[j] = figure_latex(arena, g->along_text[j]);
    latex_row(arena, out, g->along_label, cells, g->points);
    fputs("\\midrule\n", out);
    latex_rows(arena, out, g);
    fputs("\\bottomrule\n", out);
    latex_note(arena, out, g->points, CELL,
               text_print(arena, "%s. %s.", measure, setting));
    for (const char *const *note = grid_notes(arena, g); *note; note++)
        latex_note(arena, out, g->points, CELL, *note);
    if (star) latex_note(arena, out, g->points, CELL, star);
    fputs("\\end{tabular}\n", out);
    latex_published(arena, out, g);
}
