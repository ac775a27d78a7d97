/* A row for each contrast: what is claimed, its interval in units of its margin, its word. */
#include "chart.h"

#include <math.h>
#include <string.h>

enum { NAME_LINES = 4, MOST_TICKS = 24 };

static const double ROW = 0.22, LINE = 0.135, GAP = 0.08;

/* Where columns begin; number and word stand right of the panel. */
typedef struct Columns {
    double name, left, right, number, word;
} Columns;

static double widest(const Figure *f, const Forest *forest, size_t field) {
    double wide = 0;
    for (size_t i = 0; i < forest->rows; i++) {
        const ForestRow *r = &forest->row[i];
        const char *text = field == 0 ? r->id : field == 1 ? r->number : r->word;
        wide = fmax(wide, figure_extent(f, text, FIGURE_SMALL));
    }
    return wide + 0.12;
}

/* In a narrow figure names and numbers are left to the table. */
static Columns columns_of(const Figure *f, const Forest *forest) {
    const bool narrow = f->width < 5;
    const double id = widest(f, forest, 0), number = narrow ? 0 : widest(f, forest, 1),
                 word = widest(f, forest, 2);
    Columns c = {.name = 0.1 + id};
    c.word = f->width - word;
    c.number = c.word - number;
    c.right = c.number - 0.15;
    c.left = narrow ? c.name + 0.1 : c.name + 0.36 * f->width;
    if (!narrow) c.left = fmin(c.left, c.right - 0.2 * f->width); /* the panel is first */
    return c;
}

/* Small values as they are, large ones by their logarithm. */
static double bent(double value) {
    return asinh(value);
}

/* As far as the intervals go, at most a decade beyond the estimates. */
static void reach_of(const Forest *forest, double *low, double *high) {
    *low = -1.5, *high = 1.5;
    for (size_t i = 0; i < forest->rows; i++) {
        const ForestRow *r = &forest->row[i];
        const double ends[] = {r->estimate, r->published, r->low, r->high},
                     reach = 10 * (1 + fabs(r->estimate));
        for (size_t k = 0; k < COUNT_OF(ends); k++) {
            if (!isfinite(r->estimate) || !isfinite(ends[k])) continue;
            *low = fmin(*low, fmax(ends[k], -reach));
            *high = fmax(*high, fmin(ends[k], reach));
        }
    }
}

/* Ticks at 0 and on both sides at 1, 3, 10... or every so many of these. */
static FigureTicks some_ticks(Arena *arena, double low, double high, size_t step) {
    FigureTicks t = {.low = bent(low) - 0.1,
                     .high = bent(high) + 0.1,
                     .at = TAKE(arena, double, MOST_TICKS),
                     .text = TAKE(arena, const char *, MOST_TICKS)};
    for (int side = -1; side <= 1; side++)
        for (size_t k = 0; k < (side ? MOST_TICKS / 2 - 1 : 1); k += step) {
            const double value = side * (k % 2 ? 3 : 1) * pow(10, (double)(k / 2));
            if (value < low || value > high) continue;
            t.at[t.count] = bent(value);
            t.text[t.count++] = text_print(arena, "%g", value);
        }
    return t;
}

static bool stand_apart(const Figure *f, const FigureTicks *t, double inch) {
    for (size_t i = 0; i < t->count; i++)
        for (size_t k = 0; k < i; k++) {
            const double both = figure_extent(f, t->text[i], FIGURE_SMALL) +
                                figure_extent(f, t->text[k], FIGURE_SMALL);
            if (fabs(t->at[i] - t->at[k]) * inch < both / 2 + 0.06) return false;
        }
    return true;
}

/* As many as stand side by side. */
static FigureTicks ticks_of(const Figure *f, const Forest *forest, double wide) {
    double low, high;
    reach_of(forest, &low, &high);
    for (size_t step = 1;; step *= 2) {
        const FigureTicks t = some_ticks(f->arena, low, high, step);
        if (step > MOST_TICKS / 2 || stand_apart(f, &t, wide / (t.high - t.low)))
            return t;
    }
}

/* The words of a row, from `top` down; returns its height. */
static double put_row(Figure *f, const Columns *c, const ForestRow *r, bool first,
                      double top) {
    const char *line[NAME_LINES];
    const bool narrow = c->left < c->name + 0.2;
    const size_t lines = narrow ? 1
                                : figure_lines(f, r->name, FIGURE_SMALL,
                                               c->left - c->name - 0.1, NAME_LINES, line);
    const double tall = ROW + LINE * (double)(lines - 1), middle = top + tall / 2;
    if (first)
        figure_words(f, 0.1, narrow ? middle : top + ROW / 2, "left", FIGURE_SMALL,
                     r->id);
    for (size_t k = 0; k < lines && !narrow; k++)
        figure_words(f, c->name, top + ROW / 2 + LINE * (double)k, "left", FIGURE_SMALL,
                     line[k]);
    if (!narrow) figure_words(f, c->number, middle, "left", FIGURE_SMALL, r->number);
    figure_words(f, c->word, middle, "left", FIGURE_SMALL, r->word);
    return tall;
}

static double within(double value, const FigureTicks *x) {
    return isfinite(value) ? fmin(fmax(bent(value), x->low), x->high)
           : value > 0     ? x->high
                           : x->low;
}

/* forest.gp: a block of the rows, then one of what others published. */
static void put_values(Figure *f, const Forest *forest, const FigureTicks *x,
                       const double *at) {
    for (size_t i = 0; i < forest->rows; i++) {
        const ForestRow *r = &forest->row[i];
        if (!isfinite(r->estimate)) continue;
        figure_row(f,
                   (const double[]){at[i], within(r->estimate, x), within(r->low, x),
                                    within(r->high, x), r->mark},
                   5);
    }
    figure_block_end(f);
    for (size_t i = 0; i < forest->rows; i++)
        if (isfinite(forest->row[i].published))
            figure_row(f, (const double[]){at[i], within(forest->row[i].published, x)},
                       2);
    figure_block_end(f);
}

void figure_forest(Figure *f, const Forest *forest) {
    const Columns c = columns_of(f, forest);
    const FigureTicks x = ticks_of(f, forest, c.right - c.left);
    double *at = TAKE(f->arena, double, forest->rows + 1), top = 0.14, bottom = top;
    for (size_t i = 0; i < forest->rows; i++) {
        const ForestRow *r = &forest->row[i];
        const bool first = i == 0 || strcmp(r->id, r[-1].id) != 0;
        if (first && i > 0) bottom += GAP;
        const double tall = put_row(f, &c, r, first, bottom);
        at[i] = bottom + tall / 2;
        bottom += tall;
    }
    bottom += GAP;
    for (size_t i = 0; i < forest->rows; i++) at[i] = bottom - at[i];
    put_values(f, forest, &x, at);
    figure_numbers(f, "row", at, forest->rows);
    figure_number(f, "rows", (double)forest->rows);
    figure_number(f, "margin", bent(1));
    figure_ticks(f, "x", &x);
    figure_x_ticks(f, &x, c.left, c.right, bottom);
    f->x_label = forest->label;
    chart_frame(f, (const double[]){c.left, c.right, top, bottom}, CHART_BELOW,
                forest->foot);
}
