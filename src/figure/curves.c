/* Lines with bands over epochs, in panels that share their axes. */
#include "figure.h"

#include <float.h>
#include <math.h>

enum { MOST_ACROSS = 3, MOST_BANDS = 6, MARKS_OF_A_LINE = 6 };

static const double BESIDE = 0.2; /* between panels */

/* From the lowest to the highest of what is drawn. False: there is nothing. */
static bool range_of(const Curves *c, double *low, double *high) {
    const bool bands = c->lines <= MOST_BANDS;
    *low = (double)INFINITY, *high = -(double)INFINITY;
    for (size_t i = 0; i < c->panels * c->lines * c->epochs; i++) {
        if (!isfinite(c->mean[i])) continue;
        *low = fmin(*low, bands ? fmin(c->mean[i], c->low[i]) : c->mean[i]);
        *high = fmax(*high, bands ? fmax(c->mean[i], c->high[i]) : c->mean[i]);
    }
    return *low <= *high;
}

/* What falls by more than this factor has its last epochs on a logarithmic axis; not what falls to
 * the rounding of what was, which is 0. */
#define FAR_APART 4.0

static FigureTicks values_of(const Figure *f, const Curves *c, bool *any) {
    double low, high, least = (double)INFINITY;
    *any = range_of(c, &low, &high);
    for (size_t i = 0; i < c->panels * c->lines * c->epochs; i++)
        if (isfinite(c->mean[i])) least = fmin(least, c->mean[i]);
    if (!c->falls || !(least > DBL_EPSILON * high) || !(high > FAR_APART * least))
        return figure_ticks_between(f->arena, low, high, 4);
    return figure_ticks_log(f->arena, fmax(low, 0.8 * least) / 1.02, 1.02 * high);
}

/* Bands end where the axis does. */
static void put_line(Figure *f, const Curves *c, const FigureTicks *y, size_t at) {
    for (size_t e = 0; e < c->epochs; e++) {
        const size_t i = at * c->epochs + e;
        if (!isfinite(c->mean[i])) continue;
        const double low = isfinite(c->low[i]) ? c->low[i] : c->mean[i],
                     high = isfinite(c->high[i]) ? c->high[i] : c->mean[i];
        figure_row(f,
                   (const double[]){c->epoch[e], c->mean[i], fmax(low, y->low),
                                    fmin(high, y->high)},
                   4);
    }
    figure_block_end(f);
}

/* Between two marks on the lines of each panel. */
static void put_marks(Figure *f, const Curves *c) {
    double *apart = TAKE(f->arena, double, c->panels);
    for (size_t p = 0; p < c->panels; p++) {
        size_t most = 0;
        for (size_t k = 0; k < c->lines; k++) {
            const double *mean = c->mean + (p * c->lines + k) * c->epochs;
            size_t points = 0;
            for (size_t e = 0; e < c->epochs; e++) points += isfinite(mean[e]) != 0;
            most = points > most ? points : most;
        }
        apart[p] = fmax(1.0, ceil((double)most / MARKS_OF_A_LINE));
    }
    figure_numbers(f, "apart", apart, c->panels);
}

static Panels panels_of(Figure *f, const Curves *c, const FigureTicks *y, double top) {
    Panels p = {.count = c->panels, .left = 0.42 + figure_ticks_wide(f, y)};
    size_t most = 0;
    p.across = figure_fitting(f, c->panels < MOST_ACROSS ? c->panels : MOST_ACROSS, 1.3);
    if (c->panels == 4 && p.across == 3) p.across = 2;
    p.step_x = (f->width - p.left - 0.1 + BESIDE) / (double)p.across;
    p.wide = p.step_x - BESIDE;
    p.tall = fmin(fmax(0.8 * p.wide, 1.0), 2.0);
    for (size_t i = 0; i < c->panels; i++) {
        const size_t lines = figure_panel_title(f, NULL, i, 0, p.wide, "", c->title[i]);
        most = lines > most ? lines : most;
    }
    p.step_y = p.tall + 0.2 + FIGURE_PANEL_TITLE * (double)most;
    p.top = top + 0.02 + FIGURE_PANEL_TITLE * (double)most;
    return p;
}

void figure_curves(Figure *f, const Curves *c) {
    const bool dumb = figure_is(f, "dumb");
    bool any;
    const FigureTicks y = values_of(f, c, &any);
    f->name = figure_labels(f->arena, c->name, c->lines);
    f->names = c->lines;
    if (c->colour) figure_styles(f, c->colour, c->lines);
    if (!c->colour) figure_number(f, "shaded", (double)c->lines);
    const char **name = figure_short(f, f->name, c->lines, FIGURE_SMALL,
                                     dumb ? f->width - 10 : 2 * (f->width - 0.8));
    const double top = figure_legend(f, name, c->lines, 0.1);
    const Panels p = panels_of(f, c, &y, top);
    for (size_t i = 0; i < p.count; i++) {
        figure_panel_title(f, &p, i, 0, p.wide, "left", c->title[i]);
        if (i % p.across == 0)
            figure_y_ticks(f, &y, figure_panel_y(&p, i) + p.tall, figure_panel_y(&p, i),
                           p.left);
        for (size_t k = 0; k < c->lines; k++) put_line(f, c, &y, i * c->lines + k);
    }
    figure_ticks(f, "y", &y);
    figure_panel_epochs(f, &p, 0.0, c->epochs ? c->epoch[c->epochs - 1] : 1.0);
    f->x_label = c->along ? c->along : "epoch", f->y_label = c->label;
    figure_panels(f, &p, c->foot);
    figure_number(f, "lines", (double)c->lines);
    figure_number(f, "bands", c->lines <= MOST_BANDS);
    put_marks(f, c);
    figure_text(f, "note", any ? "" : "there is no number to draw");
    figure_panel_alone(f, 1, p.count, c->title[0]);
    if (dumb) {
        figure_texts(f, "name", name, c->lines);
        figure_number(f, "height", 20.0 + top);
    }
}

bool figure_has_bands(size_t lines) {
    return lines <= MOST_BANDS;
}
