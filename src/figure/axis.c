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
    const char **text = TAKE(f->arena, const char *, c->points);
    bool apart = false;
    for (int digits = 4; !apart && digits <= 17; digits++) {
        apart = true;
        for (size_t j = 0; j < c->points; j++) {
            const bool whole =
                c->along && rint(c->along[j]) == c->along[j] && fabs(c->along[j]) < 1e9;
            text[j] = figure_label(f->arena, c->along_text[j]);
            if (c->along && !whole && strlen(text[j]) > (size_t)digits + 2)
                text[j] = text_print(f->arena, "%.*g", digits, c->along[j]);
            for (size_t k = 0; k < j; k++) apart &= strcmp(text[k], text[j]) != 0;
        }
    }
    return text;
}

FigureTicks chart_ticks(const Figure *f, const Chart *c, const Axis *axis, double wide,
                        double *below, double *reach) {
    FigureTicks t = {.at = TAKE(f->arena, double, c->points),
                     .text = TAKE(f->arena, const char *, c->points),
                     .low = -0.04,
                     .high = 1.04};
    const double unit = wide / (t.high - t.low), turn = FIGURE_TURN * acos(-1.0) / 180.0;
    const char **text = chart_texts(f, c), *cut[1];
    double end = -(double)INFINITY, longest = 0.0;
    *reach = 0.0;
    for (size_t k = 0; k < c->points; k++) {
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
    *below = t.turned ? 0.2 + sin(turn) * longest : CHART_BELOW;
    return t;
}
