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
    if (c->from_zero && *low <= *high) *low = fmin(*low, 0.0), *high = fmax(*high, 0.0);
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

/* The range of the axis, its ticks, where it is broken and where zero lies: given as "y..." of
 * the upper panel, and "z..." of the one below. */
static void put_heights(Figure *f, const Heights *h, const char *which) {
    const char *name[] = {"_low", "_high", "_cut", "_cut_to", "_zero"};
    const double value[] = {h->ticks.low, h->ticks.high,
                            h->broken ? h->to[0] : (double)NAN,
                            h->broken ? h->from[1] : (double)NAN, chart_height(h, 0.0)};
    for (size_t k = 0; k < COUNT_OF(name); k++)
        figure_number(f, text_print(f->arena, "%s%s", which, name[k]), value[k]);
    figure_numbers(f, text_print(f->arena, "%s_tick", which), h->ticks.at,
                   h->ticks.count);
}

/* A block for each curve: place, mean, from, to, as heights. */
static void put_curves(Figure *f, const Chart *c, const Axis *axis, const Heights *h) {
    for (size_t i = 0; i < c->curves; i++) {
        for (size_t k = 0; k < c->points; k++) {
            const size_t at = i * c->points + axis->from[k];
            const double mean = c->mean[at],
                         half = isfinite(c->half[at]) ? c->half[at] : 0.0;
            if (isfinite(mean))
                figure_row(f,
                           (const double[]){axis->at[axis->from[k]],
                                            chart_height(h, mean),
                                            chart_height(h, mean - half),
                                            chart_height(h, mean + half)},
                           4);
        }
        figure_block_end(f);
    }
}

/* Differences in a panel of their own, with its name above it. Returns where it ends. */
static double put_below(Figure *f, const Chart *c, const Axis *axis, ChartSides sides,
                        double top, double tall) {
    bool any;
    const char *line[1];
    Heights h = chart_heights(f, c, &any);
    chart_part_labels(f, &h, tall);
    const double from = top + 0.08 + FIGURE_PANEL_TITLE;
    figure_lines(f, figure_label(f->arena, c->label), FIGURE_SMALL,
                 sides.right - sides.left, 1, line);
    figure_words(f, sides.left, from - 0.09, "left", FIGURE_SMALL, line[0]);
    figure_y_ticks(f, &h.ticks, from + tall, from, sides.left);
    put_heights(f, &h, "z");
    put_curves(f, c, axis, &h);
    figure_number(f, "below_top", from);
    figure_number(f, "below_bottom", from + tall);
    return from + tall;
}

static void chart_curves(Figure *f, const Chart *c) {
    const Axis axis = chart_axis(f->arena, c);
    const bool dumb = figure_is(f, "dumb");
    const Chart *under = dumb ? NULL : c->below;
    bool any, some = false;
    Heights y = chart_heights(f, c, &any);
    const Heights z = under ? chart_heights(f, under, &some) : y;
    const double labels =
        fmax(figure_ticks_wide(f, &y.ticks), figure_ticks_wide(f, &z.ticks));
    ChartSides sides = {(dumb ? 2.0 : 0.42) + labels, f->width - (dumb ? 2.0 : 0.25)};
    double below;
    const FigureTicks x = chart_ticks(f, c, &axis, &sides, &below);
    const double left = sides.left, right = sides.right, wide = right - left,
                 tall = fmin(fmax(0.56 * wide, 1.5), 3.4);
    double *once = TAKE(f->arena, double, c->curves + 1);
    chart_common(f, c, any);
    const double top = 0.12 + figure_legend(f, c->name, c->curves, left);
    double bottom = top + tall;
    chart_part_labels(f, &y, tall);
    figure_ticks(f, "x", &x);
    figure_ticks(f, "y", &y.ticks);
    figure_y_ticks(f, &y.ticks, bottom, top, left);
    f->x_label = c->along_label, f->y_label = c->label;
    figure_number(f, "upper_bottom", bottom);
    put_heights(f, &y, "y");
    put_curves(f, c, &axis, &y);
    figure_number(f, "below", some);
    if (some) bottom = put_below(f, under, &axis, sides, bottom, 0.45 * tall);
    figure_x_ticks(f, &x, left, right, bottom);
    chart_frame(f, (const double[]){left, right, top, bottom}, below, c->foot);
    if (dumb) figure_number(f, "height", 18.0 + floor(top));
    figure_number(f, "bars", c->points < 2 || c->curves > 3 || share_colour(c));
    figure_number(f, "aside", fmin(0.012, 0.6 * axis.gap / (double)c->curves));
    for (size_t i = 0; i < c->curves; i++) once[i] = c->once[i];
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

/* In percent. */
static Chart in_unit(Arena *arena, const Chart *chart) {
    Chart c = *chart;
    c.mean = scaled(arena, chart, chart->mean);
    c.half = scaled(arena, chart, chart->half);
    return c;
}

void figure_chart(Figure *f, const Chart *chart) {
    Chart c = in_unit(f->arena, chart);
    const Chart below = c.below ? in_unit(f->arena, c.below) : c;
    if (c.below) c.below = &below;
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
