/* The table as Markdown, for the book: test results after the last epoch, or the number that is asked
 * for, and how many cells beat what is known of the same samples without a network. */
#include "print.h"

#include "gates.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* Percent to a tenth, other numbers to a thousandth; how many runs have none where some diverged. */
static const char *cell_text(Arena *arena, const Grid *g, const double *value) {
    size_t lost = 0;
    double *shown = TAKE(arena, double, g->seeds);
    for (size_t k = 0; k < g->seeds; k++) {
        lost += isnan(value[k]) ? 1 : 0;
        shown[k] = grid_scale(g) * value[k];
    }
    if (lost) return text_print(arena, "%zu of %zu diverged", lost, g->seeds);
    const Interval i = study_interval(shown, g->seeds);
    const int digits = g->metric.share ? 1 : 3;
    return isfinite(i.half)
               ? text_print(arena, "%.*f ± %.*f", digits, i.mean, digits, i.half)
               : text_print(arena, "%.*f", digits, i.mean);
}

/* A name as code in a cell: no bar ends it. */
static const char *row_name(Arena *arena, const char *name) {
    Text text = text_new(arena);
    for (; *name; name++) text_add(&text, *name == '|' ? "\\|" : "%c", *name);
    return text_print(arena, "`%s`", text.data);
}

static void print_head(Arena *arena, FILE *out, const Grid *g, const char *const *name,
                       size_t count) {
    const char *unit = grid_unit(g);
    const bool pure = *unit == '\0' || strcmp(unit, "1") == 0;
    char *what = text_print(arena, "%s", g->number ? g->number : g->metric.name);
    for (char *at = what; *at; at++)
        if (*at == '_') *at = ' ';
    fprintf(out, "| %s%s%s, %zu seeds |", what, pure ? "" : " in ", pure ? "" : unit,
            g->seeds);
    for (size_t j = 0; j < count; j++) fprintf(out, " %s |", name[j]);
    fputs("\n|---|", out);
    for (size_t j = 0; j < count; j++) fputs("---|", out);
    fputs("\n", out);
}

/* ---- gates --------------------------------------------------------------------------- */

/* Whether the runs of a cell are better than a gate on the same samples, by the interval of the
 * paired difference. */
static bool beats(Arena *arena, const Grid *g, const double *test, const Gates *gates,
                  size_t kind) {
    double *apart = TAKE(arena, double, g->seeds);
    for (size_t k = 0; k < g->seeds; k++)
        apart[k] =
            (g->metric.rises ? -1 : 1) * (test[k] - gates_at(gates, k)[kind].value);
    const Interval i = study_interval(apart, g->seeds);
    return i.count == g->seeds && i.mean + i.half < 0;
}

static size_t count_better(Arena *arena, const Grid *g) {
    size_t better = 0;
    for (size_t i = 0; i < g->series * g->points; i++) {
        const Gates *gates = grid_gate(g, i % g->points);
        bool all = true;
        for (size_t kind = 0; kind < gates->kinds; kind++)
            all = all && beats(arena, g, g->test + i * g->seeds, gates, kind);
        better += all;
    }
    return better;
}

/* "17.2", or of columns that train on other samples "2.910, 2.512, 2.204". */
static const char *gate_text(Arena *arena, const Grid *g, size_t kind) {
    Text text = text_new(arena);
    for (size_t j = 0; j < (g->gate_of ? g->points : 1); j++)
        text_add(&text, "%s%.*f", j ? ", " : "", g->metric.share ? 1 : 3,
                 grid_scale(g) * gates_mean(grid_gate(g, j), kind));
    return text.data;
}

/* A sentence below the table. */
static void print_gate(Arena *arena, FILE *out, const Grid *g) {
    const size_t better = count_better(arena, g), cells = g->series * g->points;
    const Gates *first = grid_gate(g, 0);
    if (strcmp(g->metric.name, "error") == 0 && first->kinds == 2) {
        fprintf(out,
                "\nSoftmax regression errs on %s %% of the same test images, 5 nearest "
                "neighbours "
                "on %s %%: %zu of %zu cells are below both by their intervals.\n",
                gate_text(arena, g, 0), gate_text(arena, g, 1), better, cells);
        return;
    }
    fprintf(out, "\nWithout a network %s on the same test samples is", g->metric.name);
    for (size_t kind = 0; kind < first->kinds; kind++)
        fprintf(out, "%s %s %s of %s", kind ? "," : "", gate_text(arena, g, kind),
                grid_unit(g), first->score[kind].title);
    fprintf(out, "%s: %zu of %zu cells are better than all by their intervals.\n",
            g->gate_of ? ", column by column" : "", better, cells);
}

/* ---- tables -------------------------------------------------------------------------- */

static void print_rows(Arena *arena, FILE *out, const Grid *g,
                       const double *const *values, size_t kinds) {
    for (size_t i = 0; i < g->series; i++) {
        fprintf(out, "| %s |", row_name(arena, g->name[i]));
        for (size_t j = 0; j < g->points; j++)
            for (size_t k = 0; k < kinds; k++)
                fprintf(out, " %s |",
                        cell_text(arena, g, print_cell(g, values[k], i, j)));
        fputs("\n", out);
    }
}

void print_markdown(Arena *arena, FILE *out, const Grid *g) {
    static const char *const parts[] = {"training", "validation", "test"};
    if (g->number) {
        print_head(arena, out, g, g->along_text, g->points);
        print_rows(arena, out, g, &g->score, 1);
        return;
    }
    if (g->points == 1) {
        print_head(arena, out, g, parts, COUNT_OF(parts));
        print_rows(arena, out, g, (const double *const[]){g->train, g->score, g->test},
                   3);
    } else {
        print_head(arena, out, g, g->along_text, g->points);
        print_rows(arena, out, g, &g->test, 1);
    }
    if (grid_gate(g, 0)) print_gate(arena, out, g);
}
