/* A chart of many curves: a panel for each point, a row for each curve, its name beside it. */
#include "chart.h"

#include <math.h>
#include <string.h>

enum { MOST_CURVES = 6, NAME_LINES = 3 };

static const double ROW = 0.2, LINE = 0.145;

static const char *panel_label(const Figure *f, const Chart *c) {
    return figure_label(f->arena, text_print(f->arena, "%s:", c->along_label));
}

/* Where panels begin, if the names of the rows have their room. */
static double names_wide(const Figure *f, const Chart *c) {
    double wide = figure_extent(f, panel_label(f, c), FIGURE_TEXT);
    for (size_t i = 0; i < c->curves; i++)
        wide = fmax(wide, figure_extent(f, c->name[i], FIGURE_SMALL));
    return 0.2 + fmin(wide, 0.42 * f->width);
}

/* A panel for each point has its room, and its title above it; a script of the
 * experiment's own draws however many. */
bool chart_wants_rows(const Figure *f, const Chart *c) {
    const double room = f->width - names_wide(f, c) - 0.25;
    const char **title = chart_texts(f, c);
    double least = 0.45;
    for (size_t j = 0; j < c->points; j++)
        least = fmax(least, figure_extent(f, title[j], FIGURE_TEXT));
    return (c->rows || c->curves > MOST_CURVES) && !figure_is(f, "dumb") &&
           strcmp(f->script, "experiments/plot.gp") == 0 &&
           room / (double)c->points >= least;
}

/* Names from `top` down, and the height of each row's middle. Returns where they end. */
static double put_names(Figure *f, const Chart *c, double top, double left,
                        double *middle) {
    for (size_t i = 0; i < c->curves; i++) {
        const char *line[NAME_LINES];
        const size_t lines =
            figure_lines(f, c->name[i], FIGURE_SMALL, left - 0.2, NAME_LINES, line);
        const double tall = ROW + LINE * (double)(lines - 1);
        middle[i] = top + tall / 2;
        for (size_t k = 0; k < lines; k++)
            figure_words(f, 0.1, top + ROW / 2 + LINE * (double)k, "left", FIGURE_SMALL,
                         line[k]);
        top += tall;
    }
    return top;
}

/* The panels of the rows, and as many ticks as find room below each. */
typedef struct RowPanels {
    double left, right, step, wide;
    FigureTicks x;
    bool any;
} RowPanels;

/* Of the ticks those within the data, which nearly fill the panel. */
static void trim(FigureTicks *t, double low, double high) {
    const double room = 0.06 * (high - low);
    size_t kept = 0;
    if (!(low < high)) return;
    for (size_t i = 0; i < t->count; i++) {
        if (t->at[i] < low - room || t->at[i] > high + room) continue;
        t->at[kept] = t->at[i];
        t->text[kept++] = t->text[i];
    }
    t->count = kept;
    t->low = low - room, t->high = high + room;
}

static RowPanels row_panels(const Figure *f, const Chart *c) {
    RowPanels p = {.left = names_wide(f, c), .right = f->width - 0.2};
    double low, high;
    p.any = chart_range(c, &low, &high);
    for (size_t most = 6; most > 0; most--) {
        p.x = figure_ticks_between(f->arena, low, high, most);
        trim(&p.x, low, high);
        const double label = figure_ticks_wide(f, &p.x) + 0.06, gap = fmax(label, 0.15);
        p.step = (p.right - p.left + gap) / (double)c->points;
        p.wide = p.step - gap;
        if (p.x.count < 2 ||
            (p.x.at[1] - p.x.at[0]) / (p.x.high - p.x.low) * p.wide >= label)
            break;
    }
    return p;
}

static bool any_once(const Chart *c) {
    for (size_t i = 0; i < c->curves; i++)
        if (c->once[i]) return true;
    return false;
}

/* Whether the first row has anything that others are compared with. */
static bool guided(const Chart *c) {
    for (size_t j = 0; c->guide && j < c->points; j++)
        if (isfinite(c->mean[j])) return true;
    return false;
}

void chart_rows(Figure *f, const Chart *c) {
    const Axis axis = chart_axis(f->arena, c);
    const RowPanels p = row_panels(f, c);
    const char *label = panel_label(f, c), **panel = chart_texts(f, c), *title[1];
    const bool above = figure_extent(f, label, FIGURE_TEXT) > p.left - 0.2;
    const double top = above ? 0.5 : 0.34;
    double *middle = TAKE(f->arena, double, c->curves),
           *guide = TAKE(f->arena, double, c->points);
    chart_common(f, c, p.any);
    figure_ticks(f, "x", &p.x);
    f->x_label = c->label;
    const double bottom = put_names(f, c, top, p.left, middle);
    const char *line = guided(c) ? "; line: the first row" : "",
               *foot =
                   text_print(f->arena, "%s%s%s", c->foot, line,
                              any_once(c) ? "; a reference has its interval once" : "");
    chart_frame(f, (const double[]){p.left, p.right, top, bottom}, CHART_BELOW, foot);
    figure_lines(f, label, FIGURE_TEXT, above ? f->width - 0.2 : p.left, 1, title);
    figure_words(f, above ? 0.1 : p.left - 0.1, 0.2, above ? "left" : "right",
                 FIGURE_TEXT, title[0]);
    for (size_t k = 0; k < c->points; k++) {
        const size_t j = axis.from[k];
        const double left = p.left + p.step * (double)k;
        figure_words(f, left + p.wide / 2, top - 0.14, "center", FIGURE_TEXT, panel[j]);
        figure_x_ticks(f, &p.x, left, left + p.wide, bottom);
        guide[k] = c->guide ? c->mean[j] : (double)NAN;
        for (size_t i = 0; i < c->curves; i++) {
            const bool again = k > 0 && c->once[i];
            chart_value(f, bottom - middle[i], c, i * c->points + j, again);
            figure_block_end(f);
        }
    }
    for (size_t i = 0; i < c->curves; i++) middle[i] = bottom - middle[i];
    figure_numbers(f, "row", middle, c->curves);
    figure_numbers(f, "guide", guide, c->points);
    figure_number(f, "panels", (double)c->points);
    figure_number(f, "panel_wide", p.wide);
    figure_number(f, "panel_step", p.step);
    f->script = "experiments/rows.gp";
}
