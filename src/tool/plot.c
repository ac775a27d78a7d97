/* plot: the figures of a study. */
#include "tool.h"

#include <ctype.h>
#include <string.h>

/* Said before anything is drawn. */
static void want_output(const char *path, FigureForm form) {
    BaseError error = {.set = false};
    if (path == NULL) return;
    place_may_write(path, &error);
    die_if(&error);
    if (strcmp(form.name, "tex") == 0 && !place_is_replaced(path))
        die(EX_CANTCREAT, "%s: a TeX figure is two files; the name of a file is expected",
            path);
}

/* The letters behind the last dot of a file's name, "pdf" of "A.PDF"; NULL: there are none. */
static const char *ending_of(Arena *arena, const char *path) {
    const char *slash = path ? strrchr(path, '/') : NULL,
               *file = slash ? slash + 1 : path, *dot = file ? strrchr(file, '.') : NULL;
    if (dot == NULL || dot == file || dot[1] == '\0') return NULL;
    char *ending = text_copy(arena, dot + 1, strlen(dot + 1));
    for (char *c = ending; *c; c++) {
        if (!isalpha((unsigned char)*c)) return NULL;
        *c = (char)tolower((unsigned char)*c);
    }
    return ending;
}

/* What the file's name ends in, if no word says it; a file's name does not lie. */
static FigureForm form_of(const Call *call, const char *path) {
    const char *word = call->words > 1 ? call->word[1] : NULL,
               *ending = ending_of(call->arena, path),
               *width = call_option(call, "--width");
    const FigureForm form = figure_form(call->arena,
                                        word     ? word
                                        : ending ? ending
                                                 : "svg",
                                        width);
    if (word && ending && figure_is_form(ending) && strcmp(word, ending) != 0)
        die(EX_USAGE, "--to %s: its name says %s, the form is %s", path, ending, word);
    return form;
}

/* Where it goes, if no option says it; NULL: to the terminal. */
static const char *place_of(const Call *call, const char *stem, FigureForm form) {
    BaseError error = {.set = false};
    if (strcmp(form.name, "dumb") == 0) return NULL;
    place_folder(place_out(call->arena, "."), &error);
    die_if(&error);
    return place_out(call->arena, text_print(call->arena, "%s.%s", stem, form.name));
}

static int run_plot(const Call *call) {
    Arena *arena = call->arena;
    const char *name, *path = call_option(call, "--to");
    const FigureForm form = form_of(call, path);
    if (strcmp(call->word[0], "claims") == 0) {
        if (call_option(call, "--from"))
            die(EX_USAGE, "--from is of an experiment: claims are judged over all files");
        want_output(path, form);
        return claims_draw(call, false, form,
                           path ? path : place_of(call, "claims", form));
    }
    const Experiment *experiment = study_experiment(arena, call->word[0], &name);
    if (path && experiment->measure && !place_is_replaced(path))
        die(EX_CANTCREAT, "%s: %s has several figures; the name of a file is expected",
            path, experiment->name);
    want_output(path, form);
    const Grid *grid = grid_find(arena, experiment, name, call_option(call, "--from"));
    if (path == NULL)
        path = place_of(call, study_stem(arena, grid->experiment, grid->study), form);
    return study_draw(arena, grid, form, path);
}

static const char A_WORD[] = "the form is a word, as in `normlab plot EXPERIMENT png`";

const Command command_plot = {
    .name = "plot",
    .usage =
        "EXPERIMENT[@NAME]|claims [svg|pdf|png|tex|dumb] [--width LENGTH] [--to FILE] "
        "[--from FILE]",
    .summary = "Draws the figures of a study; dumb draws them in the terminal",
    .options =
        (const Option[]){
            {"--width", "LENGTH", "17cm if not given; 8.6cm, 86mm, 3.4in, 640px, 60"},
            {"--to", "FILE", "instead of out/EXPERIMENT.FORM"},
            {"--from", "FILE", "a collected file instead of the newest one"},
            {NULL, NULL, NULL}},
    .others = (const OtherName[]){{"--form", A_WORD}, {"--format", A_WORD}, {NULL, NULL}},
    .least = 1,
    .most = 2,
    .run = run_plot,
    .more =
        "Without a form it is that of FILE's ending, else svg. A pixel is a 96th of an "
        "inch, in png a 150th. A bare\n"
        "number is px for svg and png, cm for pdf and tex, characters for dumb.\n"
        "Text has one size whatever the width: 9, 8 and 7 pt. The tex form is NAME.tex "
        "over NAME-drawing.pdf, for pdflatex,\n"
        "xelatex and lualatex.",
};
