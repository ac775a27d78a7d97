/* Figures of studies: the error over the points, and all the figures that an experiment
 * names. */
#include "figure.h"

#include <string.h>
#include <unistd.h>

/* ---- what figures of studies share ----------------------------------------------- */

const char *plot_remark(Arena *arena, const Grid *g, size_t series) {
    size_t cells = g->points * g->seeds, lost = 0;
    for (size_t i = 0; i < cells; i++) lost += g->diverged[series * cells + i] > 0;
    const char *same = g->same[series] > 0 ? " (reference)" : "";
    return lost ? text_print(arena, "%s, %zu of %zu diverged", same, lost, cells) : same;
}

static const char *plot_title(Arena *arena, const Grid *g) {
    return g->finished < g->runs ? text_print(arena, "%s (%zu of %zu runs)", g->question,
                                              g->finished, g->runs)
                                 : g->question;
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

const char *plot_foot(Arena *arena, const Grid *g, const char *what) {
    const char *between = !*g->protocol ? "" : g->quick ? ", " : " ";
    return text_print(arena, "%s%s%s%s%s %s: %s", g->experiment, g->quick ? " quick" : "",
                      between, g->protocol, marks_of(arena, g), g->identity, what);
}

/* ---- the error over `along` ------------------------------------------------------ */

static const char *over_seeds(Arena *arena, const Grid *g) {
    return text_print(arena, "%s, mean%s over %zu seed%s", score_words(arena, g->rule),
                      g->seeds > 2 ? " and 95 % interval" : "", g->seeds,
                      g->seeds == 1 ? "" : "s");
}

static bool error_figure(Figure *figure, const Grid *g, const char *about) {
    Arena *arena = figure->arena;
    const char **name = TAKE(arena, const char *, g->series);
    size_t *series = TAKE(arena, size_t, g->series);
    Interval *value = TAKE(arena, Interval, g->series * g->points);
    (void)about;
    for (size_t i = 0; i < g->series; i++) {
        series[i] = i;
        name[i] = text_print(arena, "%s%s", g->name[i], plot_remark(arena, g, i));
    }
    for (size_t i = 0; i < g->series * g->points; i++)
        value[i] = interval_of(g->score + i * g->seeds, g->seeds);
    const Chart chart = {.label = "validation error, %",
                         .foot = plot_foot(arena, g, over_seeds(arena, g)),
                         .curves = g->series,
                         .name = name,
                         .series = series,
                         .value = value,
                         .scale = 100.0,
                         .least = 0.0,
                         .most = 100.0,
                         .guide = true};
    return chart_make(figure, g, &chart);
}

/* ---- all figures of a study ------------------------------------------------------ */

/* The experiment's own script, or the one that all share. */
static const char *script_of(Arena *arena, const char *experiment, const char *script) {
    const char *own = text_print(arena, "experiments/%s/%s", experiment, script);
    return access(place_home(arena, own), F_OK) == 0
               ? own
               : text_print(arena, "experiments/%s", script);
}

const char *plot_path(Arena *arena, const char *path, const char *name) {
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

/* True unless something went wrong; without data there is no figure. */
static bool draw_one(Arena *arena, const Grid *g, const ExperimentFigure *f,
                     FigureForm form, const char *path, Error *error) {
    const char *script = script_of(arena, g->experiment, f->script);
    Figure figure = figure_new(arena, form, script, plot_title(arena, g));
    const bool made = f->make(&figure, g, f->about);
    *error = figure.error;
    if (!made) return !error->set;
    figure.description = with_notes(arena, g, figure.description);
    const char *to = plot_path(arena, path, f->name);
    if (!figure_draw(&figure, to, error)) return false;
    if (to && place_is_replaced(to)) puts(to);
    return true;
}

int plot_draw(Arena *arena, const Grid *found, FigureForm form, const char *path) {
    static const ExperimentFigure first = {"", "plot.gp", error_figure, NULL};
    const Grid *g = grid_plain(arena, found);
    const ExperimentFigure *more = find_experiment(arena, found->experiment)->figures;
    int status = EX_OK;
    for (const ExperimentFigure *f = &first; f && f->name;
         f = f == &first ? more : f + 1) {
        Error error = {.set = false};
        if (f != &first && path && !place_is_replaced(path)) break; /* one in a pipe */
        if (draw_one(arena, g, f, form, path, &error)) continue;
        say("no figure%s%s: %s", *f->name ? " " : "", f->name, error.message);
        status = error.code;
        if (status != EX_DATAERR)
            break; /* no gnuplot, no room: so would the others fail */
    }
    return status;
}

/* Said before anything is drawn. */
static void want_output(const char *path, FigureForm form) {
    Error error = {.set = false};
    if (path == NULL) return;
    place_may_write(path, &error);
    die_if(&error);
    if (strcmp(form.name, "tex") == 0 && !place_is_replaced(path))
        die(EX_CANTCREAT, "%s: a TeX figure is two files; the name of a file is expected",
            path);
}

/* ---- the command ----------------------------------------------------------------- */

/* The figures of the chapter on checking have no table: they are drawn from their file. */
static int plot_checking(const Call *call, FigureForm form) {
    Arena *arena = call->arena;
    const char *from = call_option(call, "--from"), *path = call_option(call, "--to");
    const char *own = place_out(arena, "checking.h5");
    if (path && !place_is_replaced(path))
        die(EX_CANTCREAT, "%s: these are two figures; the name of a file is expected",
            path);
    want_output(path, form);
    if (from == NULL)
        from = access(own, F_OK) == 0 ? own : place_home(arena, "data/checking.h5");
    Error error = {.set = false};
    Store *store = store_open(from, &error);
    die_if(&error);
    if (call_option(call, "--from") == NULL) say("from %s", from);
    if (path == NULL && strcmp(form.name, "dumb") != 0)
        path = place_out(arena, text_print(arena, "checking.%s", form.name));
    const bool drawn = curves_draw(arena, store, form, path, &error);
    store_close(store);
    if (!drawn) die_if(&error);
    for (const char *const *name = curves_name; path && *name; name++)
        puts(plot_path(arena, path, *name));
    return EX_OK;
}

static int run_plot(const Call *call) {
    Arena *arena = call->arena;
    const FigureForm form = figure_form(arena, call->words > 1 ? call->word[1] : "svg",
                                        call_option(call, "--width"));
    if (strcmp(call->word[0], "checking") == 0) return plot_checking(call, form);
    const char *name, *path = call_option(call, "--to");
    const Experiment *experiment = study_experiment(arena, call->word[0], &name);
    want_output(path, form);
    const Grid *grid = grid_find(call, experiment, name);
    if (strcmp(form.name, "dumb") != 0 && path == NULL) {
        Error error = {.set = false};
        place_folder(place_out(arena, "."), &error);
        die_if(&error);
        const char *stem = study_stem(arena, grid->experiment, grid->study);
        path = place_out(arena, text_print(arena, "%s.%s", stem, form.name));
    }
    return plot_draw(arena, grid, form, path);
}

const Command command_plot = {
    .name = "plot",
    .usage = "EXPERIMENT[@NAME] [svg|pdf|png|tex|dumb] [--width LENGTH] [--to FILE] "
             "[--from FILE]",
    .summary = "Draws the figures of a study; dumb draws them in the terminal",
    .options =
        (const Option[]){
            {"--width", "LENGTH", "17cm if not given; 8.6cm, 86mm, 3.4in, 640px, 60"},
            {"--to", "FILE", "instead of out/EXPERIMENT.FORM"},
            {"--from", "FILE", "a collected file instead of the newest one"},
            {NULL, NULL, NULL}},
    .least = 1,
    .most = 2,
    .run = run_plot,
    .more =
        "A pixel is a 96th of an inch, in png a 150th. A bare number is px for "
        "svg and png, cm for\n"
        "pdf and tex, characters for dumb.\n"
        "Text has one size whatever the width: 9, 8 and 7 pt. The tex form is NAME.tex "
        "over NAME-drawing.pdf, for pdflatex,\n"
        "xelatex and lualatex. `plot checking` draws the figures of the chapter on "
        "checking.",
};
