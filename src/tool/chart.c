/* Means with intervals over the points of a study, as curves or, where they are many, as rows: a
 * panel for each point, a row for each curve, its name beside it. */
#include "figure.h"

#include <math.h>
#include <string.h>

enum { MOST_CURVES = 6, MOST_ROWS = 150, MARKS = 15, DASHES = 5, LETTERS = 26 };

static const double BELOW = 0.27; /* room of the labels of ticks */

/* ---- styles ---------------------------------------------------------------------- */

/* A mark and a dash; all differ, and 15 in a row have different marks. */
static size_t mark_of(size_t style) {
    return style % MARKS;
}

static size_t dash_of(size_t style) {
    return (style + style / MARKS) % DASHES;
}

static bool is_free(const size_t *style, size_t count, size_t wanted, bool mark_alone) {
    for (size_t i = 0; i < count; i++)
        if (style[i] == wanted || (mark_alone && style[i] < FIGURE_STYLES &&
                                   mark_of(style[i]) == mark_of(wanted)))
            return false;
    return true;
}

/* The nearest from `home` on that nobody has: with a mark of its own as long as there are
 * such. */
static size_t free_style(const size_t *style, size_t count, size_t home) {
    for (size_t fussy = 2; fussy-- > 0;)
        for (size_t t = 0; t < FIGURE_STYLES; t++) {
            const size_t wanted = (home + t) % FIGURE_STYLES;
            if (is_free(style, count, wanted, fussy > 0)) return wanted;
        }
    return home % FIGURE_STYLES;
}

void figure_styles(Figure *f, const size_t *colour, size_t count) {
    size_t *style = TAKE(f->arena, size_t, count + 1);
    for (size_t i = 0; i < count; i++) style[i] = FIGURE_STYLES; /* nobody's */
    for (size_t later = 0; later < 2; later++) /* the first of a kind before the others */
        for (size_t i = 0; i < count; i++) {
            bool first = true;
            for (size_t k = 0; k < i; k++) first &= colour[k] != colour[i];
            if (first == (later == 0)) style[i] = free_style(style, count, colour[i]);
        }
    double *column[3];
    for (size_t k = 0; k < COUNT_OF(column); k++)
        column[k] = TAKE(f->arena, double, count + 1);
    for (size_t i = 0; i < count; i++) {
        column[0][i] = (double)(colour[i] + 1);
        column[1][i] = (double)(mark_of(style[i]) + 1);
        column[2][i] = (double)(dash_of(style[i]) + 1);
    }
    figure_number(f, "styles", (double)count);
    figure_numbers(f, "colour", column[0], count);
    figure_numbers(f, "mark", column[1], count);
    figure_numbers(f, "dash", column[2], count);
}

/* ---- the axis of the points ------------------------------------------------------ */

/* Places of the points from 0 (left) to 1, in the direction in which the file has them. */
typedef struct Axis {
    bool ordered; /* else names, side by side */
    double *at;   /* [points] */
    size_t *from; /* [points] from left to right */
    double gap;   /* the smallest between two */
} Axis;

static void sort_places(Axis *axis, size_t points) {
    axis->gap = 1.0;
    for (size_t j = 0; j < points; j++) {
        size_t k = j;
        for (; k > 0 && axis->at[axis->from[k - 1]] > axis->at[j]; k--)
            axis->from[k] = axis->from[k - 1];
        axis->from[k] = j;
    }
    for (size_t j = 1; j < points; j++)
        axis->gap =
            fmin(axis->gap, axis->at[axis->from[j]] - axis->at[axis->from[j - 1]]);
}

/* False: they cannot stand so, or too unevenly for their labels. */
static bool place(Axis *axis, const Grid *g, double (*scale)(double)) {
    const size_t n = g->points;
    double low = (double)INFINITY, high = -(double)INFINITY;
    for (size_t j = 0; j < n; j++) {
        axis->at[j] = scale(g->along[j]);
        if (!isfinite(axis->at[j])) return false;
        low = fmin(low, axis->at[j]), high = fmax(high, axis->at[j]);
    }
    if (!(high > low)) return false;
    const bool falls = axis->at[0] > axis->at[n - 1];
    for (size_t j = 0; j < n; j++) {
        const double part = (axis->at[j] / 2 - low / 2) / (high / 2 - low / 2);
        axis->at[j] = falls ? 1.0 - part : part;
    }
    sort_places(axis, n);
    return axis->gap * (double)(n - 1) > 0.2;
}

static double itself(double x) {
    return x;
}

/* The more even of a logarithmic and a linear axis; names, and numbers that neither of them
 * tells apart, stand side by side. */
static Axis axis_of(Arena *arena, const Grid *g) {
    Axis by[2];
    for (size_t k = 0; k < 2; k++) {
        by[k].at = TAKE(arena, double, g->points);
        by[k].from = TAKE(arena, size_t, g->points);
        by[k].ordered = g->points > 1 && g->along_is_number &&
                        place(&by[k], g, k == 0 ? log : itself);
    }
    if (by[0].ordered && (!by[1].ordered || by[0].gap >= by[1].gap)) return by[0];
    if (by[1].ordered) return by[1];
    Axis *names = &by[0];
    for (size_t j = 0; j < g->points; j++)
        names->at[j] = g->points > 1 ? (double)j / (double)(g->points - 1) : 0.5;
    sort_places(names, g->points);
    return *names;
}

/* Numbers with as many digits as tell them apart, at least four. */
static const char **axis_texts(const Figure *f, const Grid *g) {
    const char **text = TAKE(f->arena, const char *, g->points);
    bool apart = false;
    for (int digits = 4; !apart && digits <= 17; digits++) {
        apart = true;
        for (size_t j = 0; j < g->points; j++) {
            const bool whole =
                rint(g->along[j]) == g->along[j] && fabs(g->along[j]) < 1e9;
            text[j] = figure_label(f->arena, g->along_text[j]);
            if (g->along_is_number && !whole && strlen(text[j]) > (size_t)digits + 2)
                text[j] = text_print(f->arena, "%.*g", digits, g->along[j]);
            for (size_t k = 0; k < j; k++) apart &= strcmp(text[k], text[j]) != 0;
        }
    }
    return text;
}

/* Labels that would touch their left neighbour are left out; of names none is: they are
 * turned. `wide`: of the axis; `below`, `reach`: how far the labels go down and left. */
static FigureTicks axis_ticks(const Figure *f, const Grid *g, const Axis *axis,
                              double wide, double *below, double *reach) {
    FigureTicks t = {.at = TAKE(f->arena, double, g->points),
                     .text = TAKE(f->arena, const char *, g->points),
                     .low = -0.04,
                     .high = 1.04};
    const double unit = wide / (t.high - t.low), turn = FIGURE_TURN * acos(-1.0) / 180.0;
    const char **text = axis_texts(f, g), *cut[1];
    double end = -(double)INFINITY, longest = 0.0;
    *reach = 0.0;
    for (size_t k = 0; k < g->points; k++) {
        const size_t j = axis->from[k];
        figure_lines(f, text[j], FIGURE_SMALL, 0.25 * f->width, 1, cut);
        const double own = figure_extent(f, cut[0], FIGURE_SMALL),
                     at = (axis->at[j] - t.low) * unit;
        const bool touches = at - own / 2 < end + figure_extent(f, "n", FIGURE_SMALL);
        t.turned |= touches && !axis->ordered;
        t.at[t.count] = axis->at[j];
        t.text[t.count++] = touches && axis->ordered ? "" : cut[0];
        longest = fmax(longest, own);
        *reach = fmax(*reach, cos(turn) * own - at);
        if (!touches || !axis->ordered) end = at + own / 2;
    }
    if (!t.turned) *reach = 0.0;
    *below = t.turned ? 0.2 + sin(turn) * longest : BELOW;
    return t;
}

/* ---- the values ------------------------------------------------------------------ */

static double in_bounds(const Chart *c, double value) {
    return fmin(fmax(value, c->least), c->most);
}

/* From the lowest to the highest of what is drawn; intervals end at the bounds. False: there
 * is nothing. */
static bool value_range(const Chart *c, const Grid *g, double *low, double *high) {
    *low = (double)INFINITY, *high = -(double)INFINITY;
    for (size_t i = 0; i < c->curves * g->points; i++) {
        const Interval *v = &c->value[i];
        if (!isfinite(v->mean)) continue;
        const double half = isfinite(v->half) ? v->half : 0.0;
        *low = fmin(*low, fmin(v->mean, in_bounds(c, v->mean - half)));
        *high = fmax(*high, fmax(v->mean, in_bounds(c, v->mean + half)));
    }
    const double room = 0.03 * (*high - *low); /* marks do not stand on the edges */
    if (isfinite(room)) {
        *low = *low >= c->least ? fmax(*low - room, c->least) : *low;
        *high = *high <= c->most ? fmin(*high + room, c->most) : *high;
    }
    return *low <= *high;
}

/* place mean low high; nothing where there is no mean. */
static void add_value(Figure *f, double at, const Interval *v, bool bare) {
    const double half = isfinite(v->half) && !bare ? v->half : 0.0;
    if (isfinite(v->mean))
        figure_row(f, (const double[]){at, v->mean, v->mean - half, v->mean + half}, 4);
}

static void put_common(Figure *f, const Grid *g, const Chart *c, bool any) {
    size_t *colour = TAKE(f->arena, size_t, c->curves + 1);
    for (size_t i = 0; i < c->curves; i++) {
        const double rank = g->rank[c->series[i]];
        colour[i] = rank >= 0.0 && rank < 1e6 ? (size_t)rank : 0;
    }
    figure_number(f, "series", (double)c->curves);
    figure_styles(f, colour, c->curves);
    figure_text(f, "note", any ? "" : "there is no number to draw");
    if (figure_is(f, "dumb")) figure_texts(f, "name", c->name, c->curves);
    f->name = c->name, f->names = c->curves;
}

/* The plot's edges, its axes' names, and the foot line below. */
static void put_frame(Figure *f, const double edge[4], double below, const char *foot) {
    static const char *const name[] = {"left", "right", "top", "bottom"};
    for (size_t k = 0; k < 4; k++) figure_number(f, name[k], edge[k]);
    figure_axis_names(f, edge[0], edge[1], edge[2], edge[3], below);
    figure_foot(f, foot, edge[3] + below + 0.26);
}

/* ---- curves ---------------------------------------------------------------------- */

static void make_curves(Figure *f, const Grid *g, const Chart *c) {
    const Axis axis = axis_of(f->arena, g);
    double lowest, highest;
    const bool any = value_range(c, g, &lowest, &highest);
    const FigureTicks y = ticks_between(f->arena, lowest, highest, 6);
    double left = 0.42 + ticks_wide(f, &y), right = f->width - 0.25, below, reach;
    axis_ticks(f, g, &axis, right - left, &below, &reach);
    left = fmax(left, reach + 0.25);
    const double wide = right - left, tall = fmin(fmax(0.56 * wide, 1.5), 3.4);
    const FigureTicks x = axis_ticks(f, g, &axis, wide, &below, &reach);
    double *once = TAKE(f->arena, double, c->curves + 1);
    put_common(f, g, c, any);
    const double top = 0.12 + figure_legend(f, c->name, c->curves, left);
    figure_ticks(f, "x", &x);
    figure_ticks(f, "y", &y);
    figure_x_ticks(f, &x, left, right, top + tall);
    figure_y_ticks(f, &y, top + tall, top, left);
    f->x_label = g->along_label, f->y_label = c->label;
    put_frame(f, (const double[]){left, right, top, top + tall}, below, c->foot);
    if (figure_is(f, "dumb")) figure_number(f, "height", 18.0 + floor(top));
    figure_number(f, "bars", g->points < 2 || c->curves > 3);
    figure_number(f, "aside", fmin(0.012, 0.6 * axis.gap / (double)c->curves));
    for (size_t i = 0; i < c->curves; i++) {
        once[i] = g->same[c->series[i]] > 0;
        for (size_t k = 0; k < g->points; k++)
            add_value(f, axis.at[axis.from[k]], &c->value[i * g->points + axis.from[k]],
                      false);
        figure_block_end(f);
    }
    figure_numbers(f, "once", once, c->curves);
}

/* ---- rows ------------------------------------------------------------------------ */

enum { NAME_LINES = 3 };

static const double ROW = 0.2, LINE = 0.145;

static const char *panel_label(const Figure *f, const Grid *g) {
    return figure_label(f->arena, text_print(f->arena, "%s:", g->along_label));
}

/* Where panels begin, if the names of the rows have their room. */
static double names_wide(const Figure *f, const Grid *g, const Chart *c) {
    double wide = figure_extent(f, panel_label(f, g), FIGURE_TEXT);
    for (size_t i = 0; i < c->curves; i++)
        wide = fmax(wide, figure_extent(f, c->name[i], FIGURE_SMALL));
    return 0.2 + fmin(wide, 0.42 * f->width);
}

/* Many, where a panel for each point has its room, and its title above it; a script of the
 * experiment's own draws however many. */
static bool wants_rows(const Figure *f, const Grid *g, const Chart *c) {
    const double room = f->width - names_wide(f, g, c) - 0.25;
    const char **title = axis_texts(f, g);
    double least = 0.45;
    for (size_t j = 0; j < g->points; j++)
        least = fmax(least, figure_extent(f, title[j], FIGURE_TEXT));
    return c->curves > MOST_CURVES && !figure_is(f, "dumb") &&
           strcmp(f->script, "experiments/plot.gp") == 0 &&
           room / (double)g->points >= least;
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

static RowPanels row_panels(const Figure *f, const Grid *g, const Chart *c) {
    RowPanels p = {.left = names_wide(f, g, c), .right = f->width - 0.2};
    double low, high;
    p.any = value_range(c, g, &low, &high);
    for (size_t most = 6; most > 0; most--) {
        p.x = ticks_between(f->arena, low, high, most);
        trim(&p.x, low, high);
        const double label = ticks_wide(f, &p.x) + 0.06, gap = fmax(label, 0.15);
        p.step = (p.right - p.left + gap) / (double)g->points;
        p.wide = p.step - gap;
        if (p.x.count < 2 ||
            (p.x.at[1] - p.x.at[0]) / (p.x.high - p.x.low) * p.wide >= label)
            break;
    }
    return p;
}

static bool any_same(const Grid *g, const Chart *c) {
    for (size_t i = 0; i < c->curves; i++)
        if (g->same[c->series[i]] > 0) return true;
    return false;
}

/* rows.gp: panels from left to right, in each a block for each row. */
static void make_rows(Figure *f, const Grid *g, const Chart *c) {
    const Axis axis = axis_of(f->arena, g);
    const RowPanels p = row_panels(f, g, c);
    const char *label = panel_label(f, g), **panel = axis_texts(f, g), *title[1];
    const bool above = figure_extent(f, label, FIGURE_TEXT) > p.left - 0.2;
    const double top = above ? 0.5 : 0.34;
    double *middle = TAKE(f->arena, double, c->curves),
           *guide = TAKE(f->arena, double, g->points);
    put_common(f, g, c, p.any);
    figure_ticks(f, "x", &p.x);
    f->x_label = c->label;
    const double bottom = put_names(f, c, top, p.left, middle);
    const char *line = c->guide
                           ? text_print(f->arena, "; line: %s", g->name[c->series[0]])
                           : "",
               *foot = text_print(f->arena, "%s%s%s", c->foot, line,
                                  any_same(g, c) ? "; a reference has its interval once"
                                                 : "");
    put_frame(f, (const double[]){p.left, p.right, top, bottom}, BELOW, foot);
    figure_lines(f, label, FIGURE_TEXT, above ? f->width - 0.2 : p.left, 1, title);
    figure_words(f, above ? 0.1 : p.left - 0.1, 0.2, above ? "left" : "right",
                 FIGURE_TEXT, title[0]);
    for (size_t k = 0; k < g->points; k++) {
        const size_t j = axis.from[k];
        const double left = p.left + p.step * (double)k;
        figure_words(f, left + p.wide / 2, top - 0.14, "center", FIGURE_TEXT, panel[j]);
        figure_x_ticks(f, &p.x, left, left + p.wide, bottom);
        guide[k] = c->guide ? c->value[j].mean : (double)NAN;
        for (size_t i = 0; i < c->curves; i++) {
            const bool again = k > 0 && g->same[c->series[i]] > 0;
            add_value(f, bottom - middle[i], &c->value[i * g->points + j], again);
            figure_block_end(f);
        }
    }
    for (size_t i = 0; i < c->curves; i++) middle[i] = bottom - middle[i];
    figure_numbers(f, "row", middle, c->curves);
    figure_numbers(f, "guide", guide, g->points);
    figure_number(f, "panels", (double)g->points);
    figure_number(f, "panel_wide", p.wide);
    figure_number(f, "panel_step", p.step);
    f->script = "experiments/rows.gp";
}

bool chart_make(Figure *f, const Grid *g, const Chart *chart) {
    if (chart->curves > MOST_ROWS)
        return fail(&f->error, EX_DATAERR, 0,
                    "%zu series do not fit one figure, %d do; `normlab table %s` has all",
                    chart->curves, MOST_ROWS, g->experiment);
    Interval *value = TAKE(f->arena, Interval, chart->curves * g->points);
    Chart c = *chart;
    for (size_t i = 0; i < c.curves * g->points; i++)
        value[i] = (Interval){c.value[i].count, c.scale * c.value[i].mean,
                              c.scale * c.value[i].half};
    c.value = value;
    c.name = figure_labels(f->arena, chart->name, chart->curves);
    const size_t styles = figure_is(f, "dumb") ? LETTERS : FIGURE_STYLES;
    if (c.curves > styles)
        say("%zu series: %s of the first %zu come again", c.curves,
            figure_is(f, "dumb") ? "letters" : "marks and dashes", styles);
    if (wants_rows(f, g, &c))
        make_rows(f, g, &c);
    else
        make_curves(f, g, &c);
    return true;
}
