/* plot: the figures of a study. */
#include "tool.h"

#include <string.h>

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

static int run_plot(const Call *call) {
    Arena *arena = call->arena;
    const FigureForm form = figure_form(arena, call->words > 1 ? call->word[1] : "svg",
                                        call_option(call, "--width"));
    const char *name, *path = call_option(call, "--to");
    const Experiment *experiment = study_experiment(arena, call->word[0], &name);
    if (path && experiment->measure && !place_is_replaced(path))
        die(EX_CANTCREAT, "%s: %s has several figures; the name of a file is expected",
            path, experiment->name);
    want_output(path, form);
    const Grid *grid = grid_find(arena, experiment, name, call_option(call, "--from"));
    if (strcmp(form.name, "dumb") != 0 && path == NULL) {
        Error error = {.set = false};
        place_folder(place_out(arena, "."), &error);
        die_if(&error);
        const char *stem = study_stem(arena, grid->experiment, grid->study);
        path = place_out(arena, text_print(arena, "%s.%s", stem, form.name));
    }
    return study_draw(arena, grid, form, path);
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
        "xelatex and lualatex.",
};
