/* Figures of a study: the metric over its points, and all that its experiment names. */
#include "study.h"

#include <float.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- the metric over `along` ----------------------------------------------------- */

static const char *over_seeds(Arena *arena, const Grid *g) {
    return text_print(arena, "%s%smean%s over %zu seed%s",
                      g->shown ? "" : score_words(arena, g->rule), g->shown ? "" : ", ",
                      g->seeds > 2 ? " and 95 % interval" : "", g->seeds,
                      g->seeds == 1 ? "" : "s");
}

/* One point, and what the weights of its end do to the samples that they learned of. */
static bool has_sets(const Grid *g) {
    bool any = false;
    for (size_t i = 0; i < g->series * g->seeds && g->points == 1 && !g->shown; i++)
        any |= isfinite(g->train[i]);
    return any;
}

/* Of a study of one point: on the samples that were trained on, too, all in evaluation mode. */
static bool sets_figure(Figure *figure, const Grid *g) {
    static const char *const words[] = {"training", "validation", "test"};
    const double *const of[] = {g->train, g->score, g->test};
    enum { SETS = COUNT_OF(words) };
    Arena *arena = figure->arena;
    size_t *series = TAKE(arena, size_t, g->series);
    Interval *value = TAKE(arena, Interval, g->series * SETS);
    Grid sets = *g;
    sets.points = SETS, sets.along_is_number = false;
    sets.along_text = words, sets.along_label = "samples";
    for (size_t i = 0; i < g->series; i++) {
        series[i] = i;
        for (size_t k = 0; k < SETS; k++)
            value[i * SETS + k] = study_interval(of[k] + i * g->seeds, g->seeds);
    }
    const char *unit = grid_unit(g),
               *at = text_print(arena, "%s %s", g->along_label, g->along_text[0]),
               *foot = text_print(arena, "%s; %s", over_seeds(arena, g), at);
    const Chart chart = {
        .label = text_print(arena, "%s%s%s", g->metric.name, *unit ? ", " : "", unit),
        .foot = study_foot(arena, g, foot),
        .curves = g->series,
        .name = g->name,
        .scale = grid_scale(g),
        .least = 0.0,
        .most = g->metric.share ? 100.0 : DBL_MAX,
        .guide = true,
        .rows = true};
    return study_chart(figure, &sets, chart, series, value);
}

enum { MOST_COMPARED = 4 };

/* Rows minus the first, in a panel below; NULL where rows are many, or one. */
static const Chart *differences(Arena *arena, const Grid *g) {
    const size_t cells = g->series * g->points;
    double *mean = TAKE(arena, double, cells + 1), *half = TAKE(arena, double, cells + 1);
    if (g->series < 2 || g->series > MOST_COMPARED) return NULL;
    for (size_t i = 0; i < cells; i++) {
        const Interval d = grid_difference(arena, g, i / g->points, i % g->points);
        mean[i] = i < g->points ? (double)NAN : d.mean;
        half[i] = d.half;
    }
    const char *unit = g->metric.share ? "points" : grid_unit(g);
    Chart *c = ZERO(arena, Chart, 1);
    *c = (Chart){.label = text_print(arena, "%s%spaired by seed, minus %s", unit,
                                     *unit ? ", " : "", g->name[0]),
                 .points = g->points,
                 .curves = g->series,
                 .mean = mean,
                 .half = half,
                 .scale = grid_scale(g),
                 .least = -DBL_MAX,
                 .most = DBL_MAX,
                 .from_zero = true};
    return c;
}

static bool metric_figure(Figure *figure, const Grid *g, const char *about) {
    Arena *arena = figure->arena;
    if (has_sets(g)) return sets_figure(figure, g);
    const char **name = TAKE(arena, const char *, g->series);
    size_t *series = TAKE(arena, size_t, g->series);
    Interval *value = TAKE(arena, Interval, g->series * g->points);
    (void)about;
    for (size_t i = 0; i < g->series; i++) {
        series[i] = i;
        name[i] = text_print(arena, "%s%s", g->name[i], study_remark(arena, g, i));
    }
    for (size_t i = 0; i < g->series * g->points; i++)
        value[i] = study_interval(g->score + i * g->seeds, g->seeds);
    const Chart chart = {.label = grid_label(arena, g, ""),
                         .foot = study_foot(arena, g, over_seeds(arena, g)),
                         .curves = g->series,
                         .name = name,
                         .scale = grid_scale(g),
                         .least = 0.0,
                         .most = g->metric.share ? 100.0 : DBL_MAX,
                         .guide = true,
                         .below = differences(arena, g)};
    return study_chart(figure, g, chart, series, value);
}

/* ---- all figures of a study ------------------------------------------------------ */

static const char *title_of(Arena *arena, const Grid *g) {
    return g->finished < g->runs ? text_print(arena, "%s (%zu of %zu runs)", g->question,
                                              g->finished, g->runs)
                                 : g->question;
}

/* The experiment's own script, or the one that all share. */
static const char *script_of(Arena *arena, const char *experiment, const char *script) {
    const char *own = text_print(arena, "experiments/%s/%s", experiment, script);
    return access(place_home(arena, own), F_OK) == 0
               ? own
               : text_print(arena, "experiments/%s", script);
}

const char *figure_beside(Arena *arena, const char *path, const char *name) {
    if (path == NULL || *name == '\0') return path;
    const char *file = strrchr(path, '/'), *dot = strrchr(file ? file : path, '.');
    const size_t stem = dot ? (size_t)(dot - path) : strlen(path);
    return text_print(arena, "%.*s-%s%s", (int)stem, path, name, path + stem);
}

/* What a figure says of itself: the foot, and the study's notes. */
static const char *with_notes(Arena *arena, const Grid *g, const char *foot) {
    Text text = text_new(arena);
    text_add(&text, "%s", foot);
    for (const char *const *note = grid_notes(arena, g); *note; note++)
        text_add(&text, ". %s", *note);
    return figure_label(arena, text.data);
}

const char *study_draw_figure(Arena *arena, const Grid *g, const ExperimentFigure *f,
                              FigureForm form, const char *path, BaseError *error) {
    const char *script = script_of(arena, g->experiment, f->script);
    Figure figure = figure_new(arena, form, script, title_of(arena, g));
    const bool made = f->make(&figure, g, f->about);
    *error = figure.error;
    if (!made) return NULL;
    figure.description = with_notes(arena, g, figure.description);
    const char *to = figure_beside(arena, path, f->name);
    if (!figure_draw(&figure, to, error)) return NULL;
    return to ? to : "";
}

bool study_draw_specs(Arena *arena, const Experiment *e, const char *const *spec,
                      size_t count, FigureForm form, const char *path, BaseError *error) {
    Figure figure =
        figure_new(arena, form, script_of(arena, e->name, e->script), e->question);
    if (spec == NULL)
        for (spec = e->specs; spec[count];) count++;
    const bool made = e->draw(&figure, spec, count);
    *error = figure.error;
    return made && figure_draw(&figure, path, error);
}

/* What is drawn of every study, before what its experiment names. */
static const ExperimentFigure OF_ALL[] = {
    {"", "plot.gp", metric_figure, NULL},
    {"curves", "curves.gp", study_curves, NULL},
    {"curves-along", "curves.gp", study_curves, "along"},
};

const ExperimentFigure *study_figure(const Experiment *e, size_t i) {
    const size_t before = experiment_has_runs(e) ? COUNT_OF(OF_ALL) : 0;
    size_t count = 0;
    if (i < before) return &OF_ALL[i];
    while (e->figures && e->figures[count].name) count++;
    return i - before < count ? &e->figures[i - before] : NULL;
}

int study_draw(Arena *arena, const Grid *found, FigureForm form, const char *path) {
    const Grid *g = grid_plain(arena, found);
    const Experiment *e = experiment_find(arena, found->experiment);
    const ExperimentFigure *f;
    int status = EX_OK;
    for (size_t i = 0; (f = study_figure(e, i)) != NULL; i++) {
        BaseError error = {.set = false};
        if (i > 0 && path && !place_is_replaced(path)) break; /* one in a pipe */
        const char *to = study_draw_figure(arena, g, f, form, path, &error);
        if (to && *to && place_is_replaced(to)) puts(to);
        if (!error.set) continue;
        say("no figure%s%s: %s", *f->name ? " " : "", f->name, error.message);
        status = error.code;
        if (status != EX_DATAERR)
            break; /* no gnuplot, no room: so would the others fail */
    }
    return status;
}
