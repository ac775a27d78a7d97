/* plot: the figures of a study. */
#include "tool.h"

#include "arguments.h"

#include <ctype.h>
#include <string.h>

#define NORM "norm=" /* the setting of what is drawn of specs */

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

/* The word beside the experiment that is a setting, key=value, or that is none. */
static const char *word_of(const Call *call, bool setting) {
    const char *found = NULL;
    for (size_t i = 1; i < call->words; i++) {
        if ((strchr(call->word[i], '=') != NULL) != setting) continue;
        if (found)
            die(EX_USAGE, "%s and %s: one of both is expected", found, call->word[i]);
        found = call->word[i];
    }
    return found;
}

/* What the file's name ends in, if no word says it; a file's name does not lie. */
static FigureForm form_of(const Call *call, const char *path) {
    const char *word = word_of(call, false), *ending = ending_of(call->arena, path),
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

/* Specs are not forms, and only what is drawn of specs has settings. */
static void want_words(const Call *call, bool of_specs) {
    const char *setting = word_of(call, true), *word = word_of(call, false);
    if (setting && !of_specs)
        die(EX_USAGE, "%s: figures of %s are of what was run, without settings", setting,
            call->word[0]);
    if (setting && strncmp(setting, NORM, strlen(NORM)) != 0)
        die(EX_USAGE, "%s: of %s " NORM "SPEC,... is expected", setting, call->word[0]);
    if (of_specs && word && !figure_is_form(word))
        die(EX_USAGE, "no form of figure '%s'; specs are " NORM "SPEC,...", word);
    if (of_specs && call_option(call, "--from"))
        die(EX_USAGE, "--from: %s is drawn of specs, not of a file", call->word[0]);
}

/* Those of norm=, else the experiment's own. */
static int plot_specs(const Call *call, const Experiment *e, FigureForm form,
                      const char *path) {
    BaseError error = {.set = false};
    const char *setting = word_of(call, true), *const *spec = NULL;
    size_t count = 0;
    if (setting) spec = spec_list(call->arena, setting + strlen(NORM), &count);
    want_output(path, form);
    if (path == NULL) path = place_of(call, e->name, form);
    study_draw_specs(call->arena, e, spec, count, form, path, &error);
    die_if(&error);
    if (path && place_is_replaced(path)) puts(path);
    return EX_OK;
}

static int run_plot(const Call *call) {
    Arena *arena = call->arena;
    const bool claims = strcmp(call->word[0], "claims") == 0;
    const char *name = NULL, *path = call_option(call, "--to");
    const Experiment *experiment =
        claims ? NULL : study_experiment(arena, call->word[0], &name);
    const bool of_specs = experiment && experiment->draw && name == NULL;
    want_words(call, of_specs);
    const FigureForm form = form_of(call, path);
    if (claims) {
        if (call_option(call, "--from"))
            die(EX_USAGE, "--from is of an experiment: claims are judged over all files");
        want_output(path, form);
        return claims_draw(call, false, form,
                           path ? path : place_of(call, "claims", form));
    }
    if (of_specs) return plot_specs(call, experiment, form, path);
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
    .usage = "EXPERIMENT[@NAME]|claims [svg|pdf|png|tex|dumb] [norm=SPEC,...] "
             "[--width LENGTH] [--to FILE] [--from FILE]",
    .summary = "Draws the figures of a study; dumb draws them in the terminal",
    .options =
        (const Option[]){
            {"--width", "LENGTH", "17cm if not given; 8.6cm, 86mm, 3.4in, 640px, 60"},
            {"--to", "FILE", "instead of out/EXPERIMENT.FORM"},
            {"--from", "FILE", "a collected file instead of the newest one"},
            {NULL, NULL, NULL}},
    .others = (const OtherName[]){{"--form", A_WORD}, {"--format", A_WORD}, {NULL, NULL}},
    .least = 1,
    .most = 3,
    .run = run_plot,
    .more =
        "norm= is of partitions, which draws who shares statistics: "
        "`normlab plot partitions norm=batch,group:2`.\n"
        "Without a form it is that of FILE's ending, else svg. A pixel is a 96th of an "
        "inch, in png a 150th. A bare\n"
        "number is px for svg and png, cm for pdf and tex, characters for dumb.\n"
        "Text has one size whatever the width: 9, 8 and 7 pt. The tex form is NAME.tex "
        "over NAME-drawing.pdf, for pdflatex,\n"
        "xelatex and lualatex.",
};
