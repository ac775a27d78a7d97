/* What normalizers learned as weights, over epochs and over points. */
#include "choices.h"

#include <math.h>

enum { MOST_COLUMNS = 6 };

/* A column of panels for each point, or one where every run serves all points. */
static size_t panel_columns(const Grid *g, const Weight *weight, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (weight[i].of->points > 1) return g->points;
    return 1;
}

/* ---- weights over epochs --------------------------------------------------------- */

static void add_curve(Figure *f, const Grid *g, const Weight *w, size_t point,
                      size_t layer) {
    double *over = TAKE(f->arena, double, g->seeds);
    for (size_t r = 0; r < w->of->rows; r++) {
        for (size_t k = 0; k < g->seeds; k++)
            over[k] = choice_weight(g, w, point, k, layer, r);
        figure_row(
            f, (const double[]){w->of->epoch[r], study_interval(over, g->seeds).mean}, 2);
    }
    figure_block_end(f);
}

static double last_epoch(const Weight *weight, size_t count) {
    double last = 0.0;
    for (size_t i = 0; i < count; i++)
        last = fmax(last, weight[i].of->epoch[weight[i].of->rows - 1]);
    return last;
}

/* What stands above the panels of weights, and how many lines that takes. */
typedef struct Titles {
    const char **weight, **column;
    size_t weights, columns, lines, column_lines;
} Titles;

static Titles titles_of(const Figure *f, const Grid *g, const Weight *weight,
                        size_t count, size_t columns) {
    Titles t = {TAKE(f->arena, const char *, count),
                TAKE(f->arena, const char *, columns),
                count,
                columns,
                0,
                0};
    for (size_t i = 0; i < count; i++)
        t.weight[i] = text_print(f->arena, "%s: %s", g->name[weight[i].of->series],
                                 choice_title(f->arena, &weight[i]));
    for (size_t c = 0; c < columns && columns > 1; c++) {
        const char *at = g->along_text[figure_spread(g->points, columns, c)];
        t.column[c] = c ? at : text_print(f->arena, "%s %s", g->along_label, at);
    }
    return t;
}

/* Over one panel in a grid, or over all panels of a row. */
static double title_room(const Figure *f, const Panels *p, const Titles *t) {
    return t->columns > 1 ? f->width - p->left - 0.1 : p->wide;
}

/* A panel for each weight and point; where all points are one run, panels in a grid. */
static Panels layer_panels(Figure *f, Titles *t, double top) {
    Panels p = {.across = t->columns,
                .count = t->weights * t->columns,
                .left = 0.66,
                .tall = 0.78};
    if (t->columns == 1)
        p.across = figure_fitting(f, t->weights < 3 ? t->weights : 3, 1.3);
    p.step_x = (f->width - p.left) / (double)p.across;
    p.wide = p.step_x - 0.2;
    for (size_t i = 0; i < t->weights; i++) {
        const size_t lines =
            figure_panel_title(f, NULL, i, 0, title_room(f, &p, t), "", t->weight[i]);
        t->lines = lines > t->lines ? lines : t->lines;
    }
    for (size_t c = 0; c < t->columns && t->columns > 1; c++) {
        const size_t lines = figure_panel_title(f, NULL, c, 0, p.wide, "", t->column[c]);
        t->column_lines = lines > t->column_lines ? lines : t->column_lines;
    }
    p.step_y = 0.96 + FIGURE_PANEL_TITLE * (double)t->lines;
    p.top = top + 0.18 + FIGURE_PANEL_TITLE * (double)(t->lines + t->column_lines);
    return p;
}

static void put_titles(Figure *f, const Panels *p, const Titles *t) {
    const double room = title_room(f, p, t);
    for (size_t i = 0; i < t->weights; i++)
        figure_panel_title(f, p, i * t->columns, 0, room, "left", t->weight[i]);
    for (size_t c = 0; c < t->columns && t->columns > 1; c++)
        figure_panel_title(f, p, c, t->lines, p->wide, FIGURE_GREY, t->column[c]);
}

static void put_weight_axis(Figure *f, const Panels *p) {
    FigureTicks y = figure_ticks_between(f->arena, 0.0, 1.0, 2);
    figure_ticks(f, "y", &y);
    for (size_t i = 0; i < p->count; i += p->across)
        figure_y_ticks(f, &y, figure_panel_y(p, i) + p->tall, figure_panel_y(p, i),
                       figure_panel_x(p, i));
}

/* layers.gp: blocks panel by panel, in each the layers. */
bool study_layers(Figure *f, const Grid *g, const char *about) {
    Weight weight[CHOICES_MOST];
    const size_t count = choice_weights(weight, g, about);
    if (count == 0) return false;
    const size_t points = panel_columns(g, weight, count),
                 columns = figure_fitting(
                     f, points < MOST_COLUMNS ? points : MOST_COLUMNS, 0.7),
                 layers = weight[0].of->layers;
    for (size_t i = 0; i < count; i++)
        for (size_t j = 0; j < columns; j++)
            for (size_t l = 0; l < layers; l++)
                add_curve(f, g, &weight[i], figure_spread(points, columns, j),
                          l < weight[i].of->layers ? l : 0);
    const double top = figure_legend(f, weight[0].of->layer, layers, 0.1);
    Titles titles = titles_of(f, g, weight, count, columns);
    const Panels p = layer_panels(f, &titles, top);
    put_titles(f, &p, &titles);
    figure_panel_epochs(f, &p, 0.0, last_epoch(weight, count));
    put_weight_axis(f, &p);
    f->x_label = "epoch", f->y_label = "weight";
    const char *some = columns < points
                           ? text_print(f->arena, ", %zu of %zu points", columns, points)
                           : "";
    figure_panels(f, &p,
                  study_foot(f->arena, g,
                             text_print(f->arena, "mean over channels and %zu seed%s%s",
                                        g->seeds, g->seeds == 1 ? "" : "s", some)));
    figure_number(f, "layers", (double)layers);
    figure_number(f, "shaded", (double)layers);
    const char *shown = titles.columns > 1 ? titles.column[0] : "";
    figure_panel_alone(
        f, 1, p.count,
        text_print(f->arena, "%s%s%s", titles.weight[0], *shown ? ", " : "", shown));
    if (figure_is(f, "dumb")) {
        figure_texts(f, "name", weight[0].of->layer, layers);
        figure_number(f, "height", 24.0 + top);
    }
    return true;
}

/* ---- weights over points --------------------------------------------------------- */

/* Mean over layers after the last epoch, of one seed. */
static double last_weight(const Grid *g, const Weight *w, size_t point, size_t seed) {
    double sum = 0.0;
    size_t used = 0;
    for (size_t l = 0; l < w->of->layers; l++) {
        double value = choice_weight(g, w, point, seed, l, w->of->rows - 1);
        if (isnan(value)) continue;
        sum += value;
        used++;
    }
    return used ? sum / (double)used : (double)NAN;
}

/* A chart of weights where the error was. */
bool study_weights(Figure *f, const Grid *g, const char *about) {
    Arena *arena = f->arena;
    Weight weight[CHOICES_MOST];
    size_t series[CHOICES_MOST];
    const char *name[CHOICES_MOST];
    const size_t count = choice_weights(weight, g, about);
    if (count == 0) return false;
    Interval *value = TAKE(arena, Interval, count * g->points);
    double *over = TAKE(arena, double, g->seeds);
    for (size_t i = 0; i < count; i++) {
        series[i] = weight[i].of->series;
        name[i] = text_print(arena, "%s: %s", g->name[series[i]],
                             choice_title(arena, &weight[i]));
        for (size_t j = 0; j < g->points; j++) {
            for (size_t k = 0; k < g->seeds; k++)
                over[k] = last_weight(g, &weight[i], j, k);
            value[i * g->points + j] = study_interval(over, g->seeds);
        }
    }
    const char *what = text_print(
        arena, "after the last epoch, mean over layers%s, %zu seed%s",
        g->seeds > 2 ? " and 95 % interval" : "", g->seeds, g->seeds == 1 ? "" : "s");
    const Chart chart = {.label = "learned weight",
                         .foot = study_foot(arena, g, what),
                         .curves = count,
                         .name = name,
                         .scale = 1.0,
                         .most = 1.0};
    return study_chart(f, g, chart, series, value);
}
