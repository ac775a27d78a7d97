/* Where the points of a chart stand, and their labels. */
#include "chart.h"

#include <math.h>
#include <string.h>

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
static bool place(Axis *axis, const Chart *c, double (*scale)(double)) {
    const size_t n = c->points;
    double low = (double)INFINITY, high = -(double)INFINITY;
    for (size_t j = 0; j < n; j++) {
        axis->at[j] = scale(c->along[j]);
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

Axis chart_axis(Arena *arena, const Chart *c) {
    Axis by[2];
    for (size_t k = 0; k < 2; k++) {
        by[k].at = TAKE(arena, double, c->points);
        by[k].from = TAKE(arena, size_t, c->points);
        by[k].ordered =
            c->points > 1 && c->along && place(&by[k], c, k == 0 ? log : itself);
    }
    if (by[0].ordered && (!by[1].ordered || by[0].gap >= by[1].gap)) return by[0];
    if (by[1].ordered) return by[1];
    Axis *names = &by[0];
    for (size_t j = 0; j < c->points; j++)
        names->at[j] = c->points > 1 ? (double)j / (double)(c->points - 1) : 0.5;
    sort_places(names, c->points);
    return *names;
}

const char **chart_texts(const Figure *f, const Chart *c) {
    return c->along ? text_numbers(f->arena, c->along, c->points, 4)
                    : figure_labels(f->arena, c->along_text, c->points);
}

/* ---- labels side by side, turned, or as numbers ----------------------------------- */

/* The part of the page that stays an axis, whatever room its labels want beside it. */
#define LEAST_AXIS 0.6

static FigureTicks ticks_at(const Figure *f, const Chart *c, const Axis *axis,
                            const char *const *text) {
    FigureTicks t = {.count = c->points,
                     .at = TAKE(f->arena, double, c->points),
                     .text = TAKE(f->arena, const char *, c->points),
                     .low = -0.04,
                     .high = 1.04};
    for (size_t k = 0; k < c->points; k++) {
        t.at[k] = axis->at[axis->from[k]];
        t.text[k] = text[axis->from[k]];
    }
    return t;
}

/* Makes room for labels that go `before` and `behind` their ticks. False: they need too much
 * of the page. */
static bool make_room(const Figure *f, const FigureTicks *t, const double *before,
                      const double *behind, ChartSides *sides) {
    const double edge = figure_is(f, "dumb") ? 2.0 : 0.06;
    const double from = t->low, all = t->high - t->low;
    for (size_t pass = 0; pass < 8; pass++) /* one side moves the ticks of the other */
        for (size_t k = 0; k < t->count; k++) {
            const double part = (t->at[k] - from) / all,
                         place = sides->left + part * (sides->right - sides->left),
                         low = edge + before[k] - place,
                         high = place + behind[k] - (f->width - edge);
            if (low > 0) sides->left += low / (1 - part);
            if (high > 0) sides->right -= high / part;
        }
    return sides->right - sides->left >= LEAST_AXIS * f->width;
}

/* Side by side. Of numbers those are left out that would touch their left neighbour; false:
 * there are such among words, or they leave the page. */
static bool lay_flat(const Figure *f, FigureTicks *t, bool ordered, ChartSides *sides) {
    double *half = TAKE(f->arena, double, t->count), end = -(double)INFINITY;
    for (size_t k = 0; k < t->count; k++)
        half[k] = figure_extent(f, t->text[k], FIGURE_SMALL) / 2;
    if (!make_room(f, t, half, half, sides) && !ordered) return false;
    const double unit = (sides->right - sides->left) / (t->high - t->low),
                 gap = figure_is(f, "dumb") ? 2.0 : figure_extent(f, "n", FIGURE_SMALL);
    for (size_t k = 0; k < t->count; k++) {
        const double at = (t->at[k] - t->low) * unit;
        const bool touches = at - half[k] < end + gap;
        if (touches && !ordered) return false;
        if (touches) t->text[k] = "";
        if (!touches) end = at + half[k];
    }
    return true;
}

/* Rising to their ticks, as steep as it takes to lie beside each other; where they are too
 * many for that, some are left out. Returns how far they go down. */
static double turn(const Figure *f, FigureTicks *t, double gap, ChartSides *sides) {
    static const unsigned angles[] = {35, 60, 90};
    const ChartSides given = *sides;
    const double high = 1.03 * FIGURE_SMALL / 72.0;
    double *before = TAKE(f->arena, double, t->count),
           *behind = TAKE(f->arena, double, t->count), longest = 0.0, apart = 0.0,
           angle = 0;
    for (size_t i = 0; i < COUNT_OF(angles) && apart < high; i++) {
        *sides = given;
        t->turned = angles[i];
        angle = angles[i] * acos(-1.0) / 180.0;
        for (size_t k = 0; k < t->count; k++) {
            const double own = figure_extent(f, t->text[k], FIGURE_SMALL);
            before[k] = cos(angle) * own + 0.13;
            behind[k] = high / 2;
            longest = fmax(longest, own);
        }
        make_room(f, t, before, behind, sides);
        apart = gap * (sides->right - sides->left) / (t->high - t->low) * sin(angle);
    }
    const size_t each = apart > 0 ? (size_t)ceil(high / apart) : 1;
    for (size_t k = 0; k < t->count; k++)
        if (k % (each ? each : 1) != 0) t->text[k] = "";
    return 0.2 + sin(angle) * longest;
}

/* The terminal turns nothing: numbers, and below them which label each stands for. */
static void count_up(Figure *f, FigureTicks *t, ChartSides *sides) {
    const char **line = TAKE(f->arena, const char *, t->count), *cut[1];
    for (size_t k = 0; k < t->count; k++) {
        const char *number = text_print(f->arena, "%zu", k + 1);
        figure_lines(f, text_print(f->arena, "%s: %s", number, t->text[k]), FIGURE_SMALL,
                     f->width - 2, 1, cut);
        line[k] = cut[0], t->text[k] = number;
    }
    figure_number(f, "x_lines", (double)t->count);
    figure_texts(f, "x_line", line, t->count);
    lay_flat(f, t, true, sides);
}

FigureTicks chart_ticks(Figure *f, const Chart *c, const Axis *axis, ChartSides *sides,
                        double *below) {
    const bool dumb = figure_is(f, "dumb");
    const char **text = chart_texts(f, c),
               **cut = figure_short(f, text, c->points, FIGURE_SMALL, 0.25 * f->width);
    const ChartSides given = *sides;
    FigureTicks t = ticks_at(f, c, axis, text);
    *below = CHART_BELOW;
    if (lay_flat(f, &t, axis->ordered, sides)) return t;
    *sides = given;
    t = ticks_at(f, c, axis, dumb ? text : cut);
    if (dumb)
        count_up(f, &t, sides);
    else if (!lay_flat(f, &t, false, sides)) {
        *sides = given;
        *below = turn(f, &t, axis->gap, sides);
    }
    return t;
}
