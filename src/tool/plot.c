/* Figures of studies: the columns and arguments that plot.gp asks for, and all the figures
 * that an experiment names. */
#include "tool.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* ---- what figures of studies share ----------------------------------------------- */

const char *plot_remark(Arena *arena, const Grid *g, size_t series) {
    size_t cells = g->points * g->seeds, lost = 0;
    for (size_t i = 0; i < cells; i++) lost += g->diverged[series * cells + i] > 0;
    const char *same = g->same[series] > 0 ? " (reference)" : "";
    return lost ? text_print(arena, "%s, %zu of %zu diverged", same, lost, cells) : same;
}

/* Several of one kind take the kind's further dashes and marks. "2 5 102": kind +
 * 100 * (how many of the kind came before) + 1. */
const char *plot_styles(Arena *arena, const Grid *g, const size_t *series, size_t count) {
    Text out = text_new(arena);
    for (size_t i = 0; i < count; i++) {
        size_t before = 0;
        for (size_t k = 0; k < i; k++) before += g->rank[series[k]] == g->rank[series[i]];
        text_add(&out, "%s%.0f", i ? " " : "",
                 g->rank[series[i]] + 1 + 100 * (double)(before % 3));
    }
    return out.data;
}

/* One word for each note of the study. */
static const char *marks_of(Arena *arena, const Grid *g) {
    return text_print(arena, "%s%s%s", *g->changes ? ", changed" : "",
                      *g->mixed ? ", mixed arithmetic" : "", g->edited ? ", edited" : "");
}

const char *plot_foot(Arena *arena, const Grid *g, const char *what, bool tex) {
    const char *between = !*g->protocol ? "" : g->quick ? ", " : " ";
    const char *text =
        text_print(arena, "%s%s%s%s%s %s: %s", g->experiment, g->quick ? " quick" : "",
                   between, g->protocol, marks_of(arena, g), g->identity, what);
    return figure_label(arena, text, tex);
}

const char *plot_description(Arena *arena, const Grid *g, const char *what) {
    Text text = text_new(arena);
    text_add(&text, "%s", plot_foot(arena, g, what, false));
    for (const char *const *note = grid_notes(arena, g); *note; note++)
        text_add(&text, ". %s", *note);
    return text.data;
}

/* ---- the error over `along` ------------------------------------------------------ */

/* One block a series: a header with its name, then along, mean, low, high in percent. */
static const char *columns_text(Arena *arena, const Grid *g, bool tex) {
    Text out = text_new(arena);
    for (size_t i = 0; i < g->series; i++) {
        text_add(&out, "%s\"%s%s\"\n", i ? "\n\n" : "",
                 figure_label(arena, g->name[i], tex), plot_remark(arena, g, i));
        for (size_t j = 0; j < g->points; j++) {
            Interval e = interval_of(g->score + (i * g->points + j) * g->seeds, g->seeds);
            double half = isnan(e.half) ? 0.0 : e.half;
            text_add(&out, "%.17g %.17g %.17g %.17g\n", g->along[j], 100 * e.mean,
                     100 * (e.mean - half), 100 * (e.mean + half));
        }
    }
    return out.data;
}

static const char *same_text(Arena *arena, const Grid *g) {
    Text out = text_new(arena);
    for (size_t i = 0; i < g->series; i++)
        text_add(&out, "%s%d", i ? " " : "", g->same[i] > 0);
    return out.data;
}

static const char *over_seeds(Arena *arena, const Grid *g) {
    return text_print(arena, "%s, mean%s over %zu seed%s", score_words(arena, g->rule),
                      g->seeds > 2 ? " and 95 % interval" : "", g->seeds,
                      g->seeds == 1 ? "" : "s");
}

/* plot.gp gets, between columns, output, terminal and style.gp: label of the ordinate,
 * styles, same, label of the axis, foot. */
static bool error_figure(Arena *arena, Figure *figure, const Grid *g, const char *about,
                         bool tex) {
    size_t *series = TAKE(arena, size_t, g->series);
    (void)about;
    for (size_t i = 0; i < g->series; i++) series[i] = i;
    figure->columns = columns_text(arena, g, tex);
    figure->word[0] = figure_label(arena, "validation error, %", tex);
    figure->word[1] = plot_styles(arena, g, series, g->series);
    figure->word[2] = same_text(arena, g);
    figure->word[3] = figure_label(arena, g->along_label, tex);
    figure->word[4] = plot_foot(arena, g, over_seeds(arena, g), tex);
    figure->description = plot_description(arena, g, over_seeds(arena, g));
    return true;
}

/* ---- all figures of a study ------------------------------------------------------ */

enum { MOST_FIGURES = 16 };

/* The experiment's own script, or the one that all share. */
static const char *script_of(Arena *arena, const char *experiment, const char *script) {
    const char *own = text_print(arena, "experiments/%s/%s", experiment, script);
    return access(place_home(arena, own), F_OK) == 0
               ? own
               : text_print(arena, "experiments/%s", script);
}

/* "out/a.svg" and "layers" make "out/a-layers.svg". */
static const char *path_of(Arena *arena, const char *path, const char *name) {
    if (path == NULL || *name == '\0') return path;
    const char *file = strrchr(path, '/'), *dot = strrchr(file ? file : path, '.');
    const size_t stem = dot ? (size_t)(dot - path) : strlen(path);
    return text_print(arena, "%.*s-%s%s", (int)stem, path, name, path + stem);
}

static bool draw_one(Arena *arena, const Grid *g, const ExperimentFigure *f,
                     const char *terminal, const char *path) {
    Figure figure = {.script = script_of(arena, g->experiment, f->script),
                     .title = g->question};
    if (!f->make(arena, &figure, g, f->about, strcmp(terminal, "tex") == 0)) return false;
    figure_draw(arena, &figure, terminal, path);
    return true;
}

const char **plot_draw(Arena *arena, const Grid *found, const char *terminal,
                       const char *path) {
    static const ExperimentFigure first = {"", "plot.gp", error_figure, NULL};
    const char **drawn = ZERO(arena, const char *, MOST_FIGURES + 2);
    const Grid *g = grid_plain(arena, found);
    const ExperimentFigure *more = find_experiment(arena, found->experiment)->figures;
    size_t count = 0;
    draw_one(arena, g, &first, terminal, path);
    if (path && !place_is_replaced(path)) return drawn; /* a pipe has nothing beside it */
    drawn[count++] = path;
    for (; more && more->name && count <= MOST_FIGURES; more++) {
        const char *to = path_of(arena, path, more->name);
        if (draw_one(arena, g, more, terminal, to)) drawn[count++] = to;
    }
    return drawn;
}

/* Said before anything is drawn. */
static void want_output(const char *path, const char *terminal) {
    Error error = {.set = false};
    if (path == NULL) return;
    place_may_write(path, &error);
    die_if(&error);
    if (strcmp(terminal, "tex") == 0 && !place_is_replaced(path))
        die(EX_CANTCREAT, "%s: a TeX figure is two files; the name of a file is expected",
            path);
}

/* ---- the command ----------------------------------------------------------------- */

static int run_plot(const Call *call) {
    Arena *arena = call->arena;
    const Experiment *experiment = find_experiment(arena, call->word[0]);
    const char *terminal = call->words > 1 ? call->word[1] : "svg",
               *path = call_option(call, "--to");
    figure_want(arena, terminal);
    want_output(path, terminal);
    const Grid *grid = grid_find(call, experiment->name);
    if (strcmp(terminal, "dumb") != 0 && path == NULL) {
        Error error = {.set = false};
        place_folder(place_out(arena, "."), &error);
        die_if(&error);
        path = place_out(arena, text_print(arena, "%s%s.%s", grid->experiment,
                                           grid->quick ? "-quick" : "", terminal));
    }
    for (const char **drawn = plot_draw(arena, grid, terminal, path); *drawn; drawn++)
        puts(*drawn);
    return EX_OK;
}

const Command command_plot = {
    .name = "plot",
    .usage = "EXPERIMENT [svg|pdf|png|tex|dumb] [--to FILE] [--from FILE]",
    .summary = "Draws the figures of a study; dumb draws them in the terminal",
    .options =
        (const Option[]){{"--to", "FILE", "instead of out/EXPERIMENT.FORM"},
                         {"--from", "FILE", "a collected file instead of the newest one"},
                         {NULL, NULL, NULL}},
    .least = 1,
    .most = 2,
    .run = run_plot,
};
