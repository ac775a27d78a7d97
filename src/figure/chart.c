/* Means with intervals over points, as curves or, where they are many, as rows. */
#include "chart.h"

#include <math.h>

enum { LETTERS = 26 };

/* ---- the values ------------------------------------------------------------------ */

static double in_bounds(const Chart *c, double value) {
    return fmin(fmax(value, c->least), c->most);
}

bool chart_range(const Chart *c, double *low, double *high) {
    *low = (double)INFINITY, *high = -(double)INFINITY;
    for (size_t i = 0; i < c->curves * c->points; i++) {
        const double mean = c->mean[i], half = isfinite(c->half[i]) ? c->half[i] : 0.0;
        if (!isfinite(mean)) continue;
        *low = fmin(*low, fmin(mean, in_bounds(c, mean - half)));
        *high = fmax(*high, fmax(mean, in_bounds(c, mean + half)));
    }
    const double room = 0.03 * (*high - *low); /* marks do not stand on the edges */
    if (isfinite(room)) {
        *low = *low >= c->least ? fmax(*low - room, c->least) : *low;
        *high = *high <= c->most ? fmin(*high + room, c->most) : *high;
    }
    return *low <= *high;
}

void chart_value(Figure *f, double at, const Chart *c, size_t i, bool bare) {
    const double mean = c->mean[i], half = isfinite(c->half[i]) && !bare ? c->half[i] : 0;
    if (isfinite(mean))
        figure_row(f, (const double[]){at, mean, mean - half, mean + half}, 4);
}

void chart_common(Figure *f, const Chart *c, bool any) {
    figure_number(f, "series", (double)c->curves);
    figure_styles(f, c->colour, c->curves);
    figure_text(f, "note", any ? "" : "there is no number to draw");
    if (figure_is(f, "dumb")) figure_texts(f, "name", c->name, c->curves);
    f->names = c->curves;
}

void chart_frame(Figure *f, const double edge[4], double below, const char *foot) {
    static const char *const name[] = {"left", "right", "top", "bottom"};
    for (size_t k = 0; k < 4; k++) figure_number(f, name[k], edge[k]);
    figure_axis_names(f, edge[0], edge[1], edge[2], edge[3], below);
    figure_foot(f, foot, edge[3] + below + 0.26);
}

/* ---- curves ---------------------------------------------------------------------- */

/* Bands of one colour are told apart by nothing. */
static bool share_colour(const Chart *c) {
    for (size_t i = 0; i < c->curves; i++)
        for (size_t k = 0; k < i; k++)
            if (c->colour[k] == c->colour[i]) return true;
    return false;
}

static void chart_curves(Figure *f, const Chart *c) {
    const Axis axis = chart_axis(f->arena, c);
    double lowest, highest;
    const bool any = chart_range(c, &lowest, &highest);
    const FigureTicks y = figure_ticks_between(f->arena, lowest, highest, 6);
    const bool dumb = figure_is(f, "dumb");
    ChartSides sides = {(dumb ? 2.0 : 0.42) + figure_ticks_wide(f, &y),
                        f->width - (dumb ? 2.0 : 0.25)};
    double below;
    const FigureTicks x = chart_ticks(f, c, &axis, &sides, &below);
    const double left = sides.left, right = sides.right, wide = right - left,
                 tall = fmin(fmax(0.56 * wide, 1.5), 3.4);
    double *once = TAKE(f->arena, double, c->curves + 1);
    chart_common(f, c, any);
    const double top = 0.12 + figure_legend(f, c->name, c->curves, left);
    figure_ticks(f, "x", &x);
    figure_ticks(f, "y", &y);
    figure_x_ticks(f, &x, left, right, top + tall);
    figure_y_ticks(f, &y, top + tall, top, left);
    f->x_label = c->along_label, f->y_label = c->label;
    chart_frame(f, (const double[]){left, right, top, top + tall}, below, c->foot);
    if (dumb) figure_number(f, "height", 18.0 + floor(top));
    figure_number(f, "bars", c->points < 2 || c->curves > 3 || share_colour(c));
    figure_number(f, "aside", fmin(0.012, 0.6 * axis.gap / (double)c->curves));
    for (size_t i = 0; i < c->curves; i++) {
        once[i] = c->once[i];
        for (size_t k = 0; k < c->points; k++)
            chart_value(f, axis.at[axis.from[k]], c, i * c->points + axis.from[k], false);
        figure_block_end(f);
    }
    figure_numbers(f, "once", once, c->curves);
}

static double *scaled(Arena *arena, const Chart *c, const double *value) {
    double *to = TAKE(arena, double, c->curves * c->points);
    for (size_t i = 0; i < c->curves * c->points; i++) to[i] = c->scale * value[i];
    return to;
}

/* Names in the room that they have: lines beside a row, lines in the legend, in the terminal
 * one. */
static const char **names_of(const Figure *f, const Chart *c, bool rows) {
    const double line = rows ? 0.42 * f->width : f->width - 0.8;
    return figure_short(f, c->name, c->curves, FIGURE_SMALL,
                        figure_is(f, "dumb") ? f->width - 10 : 2.5 * line);
}

void figure_chart(Figure *f, const Chart *chart) {
    Chart c = *chart;
    c.mean = scaled(f->arena, chart, chart->mean);
    c.half = scaled(f->arena, chart, chart->half);
    c.name = f->name = figure_labels(f->arena, chart->name, chart->curves);
    const size_t styles = figure_is(f, "dumb") ? LETTERS : FIGURE_STYLES;
    if (c.curves > styles)
        say("%zu series: %s of the first %zu come again", c.curves,
            figure_is(f, "dumb") ? "letters" : "marks and dashes", styles);
    const bool rows = chart_wants_rows(f, &c);
    c.name = names_of(f, &c, rows);
    if (rows)
        chart_rows(f, &c);
    else
        chart_curves(f, &c);
}
