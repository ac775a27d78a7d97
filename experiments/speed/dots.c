/* Rows of dots, panel under panel; a bar in each row is its limit. */
#include "parts.h"

#include <math.h>

static const double ROW = 0.26, HEAD = 0.24, GAP = 0.16;

static const double *value_at(const Dots *d, size_t panel, size_t row, size_t series) {
    return d->value + ((panel * d->rows + row) * d->series + series) * QUARTILES;
}

/* Series of a row stand a little apart, the limit in its middle. */
static double height(const Dots *d, size_t row, size_t series) {
    const double middle = (double)(d->rows - row), apart = 0.7 / (double)d->series;
    return series == 0 ? middle
                       : middle + apart * ((double)d->series / 2.0 - (double)series);
}

static double columns(Figure *f, const Dots *d) {
    double most = 0.0;
    for (size_t p = 0; p < d->panels; p++)
        for (size_t s = 0; s < d->series; s++) {
            for (size_t r = 0; r < d->rows; r++) {
                const double *q = value_at(d, p, r, s), k = d->scale;
                if (!isfinite(q[1])) continue;
                figure_row(
                    f, (const double[]){k * q[1], height(d, r, s), k * q[0], k * q[2]},
                    4);
                most = fmax(most, k * q[2]);
            }
            figure_block_end(f);
        }
    return most;
}

/* From 0 on, as many as find room. */
static FigureTicks ticks_from_0(const Figure *f, double most, double wide) {
    for (size_t count = 8;; count--) {
        FigureTicks t = figure_ticks_between(f->arena, 0.0, most, count);
        const double room = figure_is(f, "dumb") ? 4.0 : 0.08;
        if (count == 1 || (double)t.count * (figure_ticks_wide(f, &t) + room) <= wide)
            return t;
    }
}

static FigureTicks row_ticks(const Figure *f, const Dots *d) {
    FigureTicks t = {.count = d->rows,
                     .at = TAKE(f->arena, double, d->rows),
                     .text = TAKE(f->arena, const char *, d->rows),
                     .low = 0.4,
                     .high = (double)d->rows + 0.6};
    for (size_t r = 0; r < d->rows; r++) {
        t.at[r] = (double)(d->rows - r);
        t.text[r] = d->row[r];
    }
    return t;
}

void speed_dots(Figure *f, const Dots *d, const char *foot) {
    f->name = d->name, f->names = d->series;
    const double most = columns(f, d);
    const FigureTicks row = row_ticks(f, d);
    const double left = 0.22 + figure_ticks_wide(f, &row), right = f->width - 0.2,
                 wide = figure_is(f, "dumb") ? f->width - 30.0 : right - left,
                 first = figure_legend(f, d->name, d->series, 0.1),
                 tall = ROW * (double)d->rows, step = HEAD + tall + GAP,
                 top = first + HEAD, bottom = top + step * (double)(d->panels - 1) + tall;
    const FigureTicks x = ticks_from_0(f, most, wide);
    figure_styles(f, d->colour, d->series);
    for (size_t p = 0; p < d->panels; p++) {
        const double above = top + step * (double)p;
        figure_words(f, 0.1, above - 0.1, "left", FIGURE_TEXT, d->title[p]);
        figure_y_ticks(f, &row, above + tall, above, left);
    }
    figure_panel_alone(f, d->panels, d->panels, d->title[d->panels - 1]);
    figure_ticks(f, "x", &x);
    figure_ticks(f, "y", &row);
    figure_x_ticks(f, &x, left, right, bottom);
    figure_axis_names(f, left, right, top, bottom, 0.27);
    figure_texts(f, "name", d->name, d->series);
    figure_number(f, "panels", (double)d->panels);
    figure_number(f, "rows", (double)d->rows);
    figure_number(f, "left", left);
    figure_number(f, "right", right);
    figure_number(f, "top", top);
    figure_number(f, "panel_tall", tall);
    figure_number(f, "panel_step", step);
    if (figure_is(f, "dumb")) figure_number(f, "height", 6.0 + 2.0 * (double)d->rows);
    figure_foot(f, foot, bottom + 0.53);
}
