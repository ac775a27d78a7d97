/* Many small plots of one size on one page. */
#include "figure.h"

double figure_panel_x(const Panels *p, size_t i) {
    return p->left + p->step_x * (double)(i % p->across);
}

double figure_panel_y(const Panels *p, size_t i) {
    return p->top + p->step_y * (double)(i / p->across);
}

size_t figure_panel_title(Figure *f, const Panels *p, size_t i, size_t above, double room,
                          const char *how, const char *text) {
    const char *line[3];
    const size_t lines =
        figure_lines(f, figure_label(f->arena, text), FIGURE_SMALL, room, 3, line);
    for (size_t k = 0; p && k < lines; k++)
        figure_words(f, figure_panel_x(p, i),
                     figure_panel_y(p, i) - 0.1 -
                         FIGURE_PANEL_TITLE * (double)(above + lines - 1 - k),
                     how, FIGURE_SMALL, line[k]);
    return lines;
}

void figure_panel_alone(Figure *f, size_t i, size_t count, const char *text) {
    enum { MOST = 3 };
    const char *line[MOST],
        *which = count > 1 ? text_print(f->arena, " (%zu of %zu panels)", i, count) : "";
    if (!figure_is(f, "dumb")) return;
    const char *label = figure_label(f->arena, text_print(f->arena, "%s%s", text, which));
    const size_t lines = figure_lines(f, label, FIGURE_SMALL, f->width - 8, MOST, line);
    figure_number(f, "titles", (double)lines);
    figure_texts(f, "title", line, lines);
}

void figure_panels(Figure *f, const Panels *p, const char *foot) {
    const size_t down = (p->count + p->across - 1) / p->across;
    const double right = p->left + p->step_x * (double)(p->across - 1) + p->wide,
                 bottom = p->top + p->step_y * (double)(down - 1) + p->tall;
    figure_number(f, "panels", (double)p->count);
    figure_number(f, "across", (double)p->across);
    figure_number(f, "left", p->left);
    figure_number(f, "top", p->top);
    figure_number(f, "panel_wide", p->wide);
    figure_number(f, "panel_tall", p->tall);
    figure_number(f, "panel_step_x", p->step_x);
    figure_number(f, "panel_step_y", p->step_y);
    figure_axis_names(f, p->left, right, p->top, bottom, 0.27);
    figure_foot(f, foot, bottom + 0.53);
    if (figure_is(f, "dumb")) figure_number(f, "height", 24);
}

void figure_panel_epochs(Figure *f, const Panels *p, double first, double last) {
    const bool dumb = figure_is(f, "dumb"); /* one panel has all the room */
    const double wide = dumb ? f->width - 12 : p->wide, over = dumb ? 4 : 0.1;
    FigureTicks t = {.count = 0};
    if (!(last > first)) last = first + 1.0;
    for (size_t most = 8;; most /= 2) {
        t = figure_ticks_between(f->arena, 0.0, last, most ? most : 1);
        const double label = figure_ticks_wide(f, &t) + 0.07;
        if ((double)t.count * label <= wide) break;
        if (most > 0) continue;
        t.count = label <= wide; /* the first alone, or none */
        break;
    }
    while (t.count > 1 && t.at[t.count - 1] > last) t.count--;
    t.low = first, t.high = last;
    const double unit =
        wide / (t.high - t.low); /* the next panel's first label is near */
    while (t.count > 1 &&
           (t.at[t.count - 1] - t.low) * unit + figure_ticks_wide(f, &t) / 2 >
               wide + over)
        t.count--;
    figure_ticks(f, "x", &t);
    for (size_t i = p->count > p->across ? p->count - p->across : 0; i < p->count; i++)
        figure_x_ticks(f, &t, figure_panel_x(p, i), figure_panel_x(p, i) + p->wide,
                       figure_panel_y(p, i) + p->tall);
}

size_t figure_fitting(const Figure *f, size_t most, double wide) {
    size_t count = most;
    while (count > 1 && (f->width - 0.6) / (double)count < wide) count--;
    return count;
}

size_t figure_spread(size_t all, size_t shown, size_t i) {
    return shown > 1 ? i * (all - 1) / (shown - 1) : 0;
}
