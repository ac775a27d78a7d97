/* The table of a study: mean and interval over seeds, differences paired by seed, and the
 * published table beside ours. */
#include "print.h"

#include <ctype.h>
#include <math.h>
#include <string.h>

/* ---- numbers --------------------------------------------------------------------- */

const double *print_cell(const Grid *g, const double *values, size_t series,
                         size_t point) {
    return values + (series * g->points + point) * g->seeds;
}

size_t print_diverged(const Grid *g, size_t series, size_t point) {
    size_t count = 0;
    for (size_t k = 0; k < g->seeds; k++)
        count += print_cell(g, g->diverged, series, point)[k] > 0;
    return count;
}

/* ---- cells ----------------------------------------------------------------------- */

/* Percent to a tenth; of other numbers the digits that count. */
static const char *digits(Arena *arena, const Grid *g, double value) {
    return g->metric.share ? text_print(arena, "%.1f", grid_scale(g) * value)
                           : text_print(arena, "%.4g", value);
}

static const char *with_half(Arena *arena, const Grid *g, PrintStyle style,
                             const char *sign, double mean, double half) {
    return text_print(
        arena, "%s%s%s", sign, digits(arena, g, mean),
        isfinite(half) ? text_print(arena, "%s%s", style.between, digits(arena, g, half))
                       : "");
}

const char *print_error_text(Arena *arena, const Grid *g, PrintStyle style, size_t series,
                             size_t point) {
    const Interval i = grid_error(g, series, point);
    const size_t lost = print_diverged(g, series, point), known = i.count + lost;
    if (i.count == 0) return lost ? "diverged" : style.none;
    return text_print(arena, "%s%s%s", with_half(arena, g, style, "", i.mean, i.half),
                      lost ? text_print(arena, " (%zu div.)", lost) : "",
                      g->finished < g->runs && known < g->seeds
                          ? text_print(arena, " (%zu of %zu)", known, g->seeds)
                          : "");
}

const char *print_difference_text(Arena *arena, const Grid *g, PrintStyle style,
                                  size_t series, size_t point) {
    const Interval i = grid_difference(arena, g, series, point);
    if (i.count == 0) return style.none;
    const char *sign = i.mean < 0 ? style.minus : style.plus;
    return text_print(
        arena, "%s%s", with_half(arena, g, style, sign, fabs(i.mean), i.half),
        i.count < g->seeds ? text_print(arena, " (%zu of %zu)", i.count, g->seeds) : "");
}

const char *print_name(Arena *arena, const Grid *g, size_t series) {
    return text_print(arena, "%s%s", g->name[series], g->same[series] > 0 ? " *" : "");
}

/* ---- sentences ------------------------------------------------------------------- */

const char *print_shown(Arena *arena, const Grid *g) {
    return g->shown ? g->shown
                    : text_print(arena, "validation %s, %s", g->metric.name,
                                 score_words(arena, g->rule));
}

const char *print_measure(Arena *arena, const Grid *g) {
    const char *unit = grid_unit(g), *shown = print_shown(arena, g);
    return text_print(arena, "%c%s%s%s: mean over %zu seed%s%s",
                      toupper((unsigned char)*shown), shown + 1, *unit ? ", " : "", unit,
                      g->seeds, g->seeds == 1 ? "" : "s",
                      g->seeds > 2 ? " ± half of Student's 95 % interval" : "");
}

const char *print_setting(Arena *arena, const Grid *g) {
    const char *recipe = g->quick ? "quick" : "full";
    return *g->protocol
               ? text_print(arena, "Protocol: %s, %s recipe", g->protocol, recipe)
               : text_print(arena, "%s recipe", g->quick ? "Quick" : "Full");
}

const char *print_star(Arena *arena, const Grid *g) {
    for (size_t i = 0; i < g->series; i++)
        if (g->same[i] > 0)
            return text_print(
                arena, "* one and the same computation at every %s: a reference line",
                *g->along_label ? g->along_label : "point");
    return NULL;
}

const char *print_published(Arena *arena, const Grid *g) {
    if (g->published == NULL) return NULL;
    return text_print(arena, "Published, on %s, error in %%: %s", g->published_data,
                      g->published);
}

/* ---- the command ----------------------------------------------------------------- */

void print_grid(Arena *arena, FILE *out, const Grid *grid, TableForm form) {
    static GridPrinter *const printers[] = {[TABLE_TEXT] = print_text,
                                            [TABLE_CSV] = print_csv,
                                            [TABLE_JSON] = print_json,
                                            [TABLE_LATEX] = print_latex,
                                            [TABLE_MARKDOWN] = print_markdown};
    const bool for_people = form != TABLE_CSV && form != TABLE_JSON;
    printers[form](arena, out, for_people ? grid_plain(arena, grid) : grid);
}

static int run_table(const Call *call) {
    static const char *const names[] = {"text", "csv", "json", "latex", "markdown"};
    static const OtherName others[] = {
        {"tex", "latex"}, {"txt", "text"}, {"md", "markdown"}, {NULL, NULL}};
    const Choice forms = {names, COUNT_OF(names), sizeof *names, false, others};
    const char *name;
    const Experiment *experiment = study_experiment(call->arena, call->word[0], &name);
    experiment_want_runs(experiment);
    const char *form = call_option(call, "--form");
    if (call_option(call, "--json")) {
        if (form && strcmp(form, "json") != 0)
            die(EX_USAGE, "--json and --form %s: one of both is expected", form);
        form = "json";
    }
    const size_t chosen = word_choice(call, "--form", form, &forms);
    const GridPart part = {call_option(call, "--rows"), call_option(call, "--columns"),
                           call_option(call, "--metric"),
                           call_option(call, "--best") != NULL};
    const Grid *grid =
        grid_find(call->arena, experiment, name, call_option(call, "--from"));
    print_grid(call->arena, stdout, grid_select(call->arena, grid, &part),
               (TableForm)chosen);
    return EX_OK;
}

const Command command_table = {
    .name = "table",
    .usage = "EXPERIMENT[@NAME] [--rows LIST] [--columns LIST] [--metric NAME] [--best] "
             "[--form FORM] [--from FILE]",
    .summary = "Prints the table of a study: mean and interval over seeds, published "
               "figures beside it",
    .options =
        (const Option[]){{"--rows", "LIST",
                          "of the table: `batch,group:4`; with their "
                          "settings between ;"},
                         {"--columns", "LIST", "of the table"},
                         {"--metric", "NAME",
                          "another number of its runs: test_error, "
                          "train_error_evaluated, ..."},
                         {"--best", NULL, "of each row the column with the best score"},
                         {"--form", "text|csv|json|latex|markdown", "text if not given"},
                         {"--json", NULL, "the same as --form json"},
                         {"--from", "FILE", "a collected file instead of the newest one"},
                         {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .of_runs = true,
    .run = run_table,
};
