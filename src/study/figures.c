/* What figures of studies share: foot lines, remarks, charts over a study's points. */
#include "study.h"

#include <math.h>

const char *study_remark(Arena *arena, const Grid *g, size_t series) {
    size_t cells = g->points * g->seeds, lost = 0;
    for (size_t i = 0; i < cells; i++) lost += g->diverged[series * cells + i] > 0;
    const char *same = g->same[series] > 0 ? " (reference)" : "";
    return lost ? text_print(arena, "%s, %zu of %zu diverged", same, lost, cells) : same;
}

/* One word for each note of the study. */
static const char *marks_of(Arena *arena, const Grid *g) {
    const bool part = g->finished < g->runs;
    return text_print(arena, "%s%s%s%s",
                      part ? text_print(arena, ", %zu of %zu runs", g->finished, g->runs)
                           : "",
                      *g->changes ? ", changed" : "",
                      *g->mixed ? ", mixed arithmetic" : "", g->edited ? ", edited" : "");
}

const char *study_foot(Arena *arena, const Grid *g, const char *what) {
    const char *between = !*g->protocol ? "" : g->quick ? ", " : " ";
    return text_print(arena, "%s%s%s%s%s %s: %s", g->experiment, g->quick ? " quick" : "",
                      between, g->protocol, marks_of(arena, g), g->identity, what);
}

size_t study_colour(const Grid *g, size_t series) {
    const double rank = g->rank[series];
    return rank >= 0.0 && rank < 1e6 ? (size_t)rank : 0;
}

bool study_chart(Figure *f, const Grid *g, Chart chart, const size_t *series,
                 const Interval *value) {
    const size_t values = chart.curves * g->points;
    double *mean = TAKE(f->arena, double, values), *half = TAKE(f->arena, double, values);
    size_t *colour = TAKE(f->arena, size_t, chart.curves);
    bool *once = TAKE(f->arena, bool, chart.curves);
    if (chart.curves > FIGURE_MOST_CURVES)
        return base_fail(
            &f->error, EX_DATAERR, 0,
            "%zu series do not fit one figure, %d do; `normlab table %s` has all",
            chart.curves, FIGURE_MOST_CURVES, g->experiment);
    for (size_t i = 0; i < values; i++) mean[i] = value[i].mean, half[i] = value[i].half;
    for (size_t i = 0; i < chart.curves; i++) {
        colour[i] = study_colour(g, series[i]);
        once[i] = g->same[series[i]] > 0;
    }
    chart.points = g->points;
    chart.along = g->along_is_number ? g->along : NULL;
    chart.along_text = g->along_text, chart.along_label = g->along_label;
    chart.colour = colour, chart.once = once;
    chart.mean = mean, chart.half = half;
    figure_chart(f, &chart);
    return true;
}

Bands study_bands(Arena *arena, size_t count) {
    Bands b = {TAKE(arena, double, count + 1), TAKE(arena, double, count + 1),
               TAKE(arena, double, count + 1)};
    for (size_t i = 0; i < count; i++) b.mean[i] = b.low[i] = b.high[i] = (double)NAN;
    return b;
}
