/* The figure of costs along each size of a tensor: a panel for each axis and pass. */
#include "parts.h"

#include <math.h>

typedef struct Cost {
    size_t norms, axes, points;
    const char *const *norm, *const *axis;
    const double *at;       /* [axes, points] */
    const double *of_limit; /* [axes, points, norms, PASSES, QUARTILES] */
} Cost;

static Cost cost_of(const Table *t) {
    BaseError error = {.set = false};
    Cost c = {.norms = 0};
    c.norm = table_names(t, "norm", &c.norms, &error);
    c.axis = table_names(t, "axis", &c.axes, &error);
    table_list(t, "point", &c.points, &error);
    c.at = table_array(t, "at", c.axes * c.points, &error);
    c.of_limit = table_array(t, "of_limit",
                             c.axes * c.points * c.norms * PASSES * QUARTILES, &error);
    die_if(&error);
    return c;
}

/* Passes below each other, axes side by side; returns the most. */
static double columns(Figure *f, const Cost *c) {
    double most = 1.0;
    for (size_t p = 0; p < PASSES; p++)
        for (size_t a = 0; a < c->axes; a++)
            for (size_t n = 0; n < c->norms; n++) {
                for (size_t i = 0; i < c->points; i++) {
                    const size_t cell = ((a * c->points + i) * c->norms + n) * PASSES + p;
                    const double *q = c->of_limit + cell * QUARTILES;
                    figure_row(
                        f, (const double[]){(double)i, 1 / q[1], 1 / q[2], 1 / q[0]}, 4);
                    most = fmax(most, 1 / q[0]);
                }
                figure_block_end(f);
            }
    return most;
}

static FigureTicks size_ticks(const Figure *f, const Cost *c, size_t axis) {
    FigureTicks t = {.count = c->points,
                     .at = TAKE(f->arena, double, c->points),
                     .text = TAKE(f->arena, const char *, c->points),
                     .low = -0.25,
                     .high = (double)c->points - 0.75};
    for (size_t i = 0; i < c->points; i++) {
        t.at[i] = (double)i;
        t.text[i] = text_print(f->arena, "%g", c->at[axis * c->points + i]);
    }
    return t;
}

static Panels panels_of(const Figure *f, const Cost *c, double legend, double tick_wide) {
    Panels p = {.count = PASSES * c->axes, .left = 0.42 + tick_wide};
    p.across = c->axes;
    while (p.across > 1 && (f->width - p.left - 0.1) / (double)p.across < 1.2)
        p.across /= 2;
    p.step_x = (f->width - p.left - 0.1 + 0.15) / (double)p.across;
    p.wide = p.step_x - 0.15;
    p.tall = 1.1;
    p.step_y = p.tall + 0.56;
    p.top = legend + 0.3;
    return p;
}

static void put_panel(Figure *f, const Cost *c, const Panels *p, size_t i,
                      const FigureTicks *y) {
    static const char *const pass[PASSES] = {"forward", "backward"};
    const size_t axis = i % c->axes;
    const FigureTicks x = size_ticks(f, c, axis);
    const double left = figure_panel_x(p, i), bottom = figure_panel_y(p, i) + p->tall;
    const char *title =
        text_print(f->arena, "%s over %s", pass[i / c->axes], c->axis[axis]);
    figure_panel_title(f, p, i, 0, p->wide, "left", title);
    figure_x_ticks(f, &x, left, left + p->wide, bottom);
    if (i % p->across == 0) figure_y_ticks(f, y, bottom, bottom - p->tall, left);
    if (i + 1 < p->count) return;
    figure_ticks(f, "x", &x);
    figure_panel_alone(f, p->count, p->count, title);
}

bool speed_cost(Figure *f, const Grid *grid, const char *about) {
    Arena *arena = f->arena;
    const Table t = grid_table(grid, arena, "/cost");
    const Cost c = cost_of(&t);
    f->name = c.norm, f->names = c.norms;
    const FigureTicks y = figure_ticks_between(arena, 0.0, columns(f, &c), 4);
    const double legend = figure_legend(f, c.norm, c.norms, 0.1);
    const Panels p = panels_of(f, &c, legend, figure_ticks_wide(f, &y));
    f->title = about;
    f->x_label = "C, L, N of [N, C, L]; groups G";
    f->y_label = "time, in that of memory alone";
    figure_styles(f, speed_colours(arena, c.norm, c.norms) + 1, c.norms);
    figure_ticks(f, "y", &y);
    for (size_t i = 0; i < p.count; i++) put_panel(f, &c, &p, i, &y);
    figure_texts(f, "name", c.norm, c.norms);
    figure_panels(f, &p, speed_foot(arena, grid, &t));
    return true;
}
