/* The table of a study as text, CSV, JSON and LaTeX: mean and interval over seeds,
 * differences paired by seed, and the published table beside ours. */
#include "tool.h"

#include <math.h>
#include <string.h>

static const double *cell(const Grid *g, const double *values, size_t series,
                          size_t point) {
    return values + (series * g->points + point) * g->seeds;
}

static size_t diverged_at(const Grid *g, size_t series, size_t point) {
    size_t count = 0;
    for (size_t k = 0; k < g->seeds; k++)
        count += cell(g, g->diverged, series, point)[k] > 0;
    return count;
}

/* Series minus the first series, seed by seed. */
static Interval difference_at(Arena *arena, const Grid *g, size_t series, size_t point) {
    double *d = TAKE(arena, double, g->seeds);
    for (size_t k = 0; k < g->seeds; k++)
        d[k] = cell(g, g->score, series, point)[k] - cell(g, g->score, 0, point)[k];
    return study_interval(d, g->seeds);
}

/* ---- text ------------------------------------------------------------------------ */

/* "23.4 +- 1.2" in percent; "diverged" where no seed has a number; how many have one where
 * a study is not finished. */
static const char *percent(Arena *arena, const Grid *g, Interval i, size_t diverged,
                           bool sign, const char *between) {
    if (i.count == 0) return diverged ? "diverged" : "-";
    const char *mean = text_print(arena, sign ? "%+.1f" : "%.1f", 100.0 * i.mean);
    const char *half =
        isnan(i.half) ? "" : text_print(arena, "%s%.1f", between, 100.0 * i.half);
    const char *lost = diverged ? text_print(arena, " (%zu div.)", diverged) : "";
    const size_t known = i.count + diverged;
    const char *part = g->finished < g->runs && known < g->seeds
                           ? text_print(arena, " (%zu of %zu)", known, g->seeds)
                           : "";
    return text_print(arena, "%s%s%s%s", mean, half, lost, part);
}

static void pad_to(FILE *out, const char *text, int width) {
    size_t shown = 0; /* characters, not bytes */
    for (const char *c = text; *c; c++) shown += ((unsigned char)*c & 0xc0) != 0x80;
    fprintf(out, "%s%*s", text, width > (int)shown ? width - (int)shown : 0, "");
}

enum { WIDE = 14 };

static void text_row(FILE *out, int first, const char *name, const char *const *cells,
                     size_t count) {
    pad_to(out, name, first);
    for (size_t j = 0; j < count; j++) pad_to(out, cells[j], j + 1 < count ? WIDE : 0);
    fputs("\n", out);
}

/* Names of series minus the first; differences stand in the same column. */
static const char *difference_name(Arena *arena, const Grid *g, size_t series) {
    return text_print(arena, "%s - %s", g->name[series], g->name[0]);
}

static int first_width(Arena *arena, const Grid *g) {
    size_t width = strlen(g->along_label);
    for (size_t i = 0; i < g->series; i++) {
        size_t own = strlen(i ? difference_name(arena, g, i) : g->name[0]);
        if (own + 2 > width) width = own + 2; /* room for " *" */
    }
    return (int)width + 2;
}

static const double *published_at(const Grid *g, size_t series, double along) {
    for (size_t j = 0; g->along_is_number && j < g->published_points; j++)
        if (g->published_at[j] == along)
            return &g->published_value[series * g->published_points + j];
    return NULL;
}

static void print_published(Arena *arena, FILE *out, const Grid *g) {
    const char **cells = TAKE(arena, const char *, g->points);
    if (g->published == NULL) return;
    fprintf(out, "\nPublished, on %s, error in %%: %s\n", g->published_data,
            g->published);
    for (size_t i = 0; i < g->published_series; i++) {
        for (size_t j = 0; j < g->points; j++) {
            const double *value = published_at(g, i, g->along[j]);
            cells[j] = value ? text_print(arena, "%.1f", *value) : "-";
        }
        text_row(out, first_width(arena, g), g->published_name[i], cells, g->points);
    }
}

/* A published percent as a share, without digits that nobody published. */
static const char *published_share(Arena *arena, const Grid *g, size_t series,
                                   size_t point) {
    double percent_given = g->published_value[series * g->published_points + point];
    return isfinite(percent_given) ? text_print(arena, "%.6g", percent_given / 100.0)
                                   : "null";
}

static bool any_same(const Grid *g) {
    for (size_t i = 0; i < g->series; i++)
        if (g->same[i] > 0) return true;
    return false;
}

static void print_text(Arena *arena, FILE *out, const Grid *g) {
    const char **cells = TAKE(arena, const char *, g->points);
    fputs(g->question, out);
    if (g->finished < g->runs) fprintf(out, " (%zu of %zu runs)", g->finished, g->runs);
    fputs("\n", out);
    fprintf(out, "Validation error, %s, %%: mean over %zu seed%s%s. %s%s recipe\n",
            score_words(arena, g->rule), g->seeds, g->seeds == 1 ? "" : "s",
            g->seeds > 2 ? " ± half of Student's 95 % interval" : "",
            *g->protocol ? text_print(arena, "Protocol: %s, ", g->protocol) : "",
            g->quick ? "quick" : "full");
    for (const char *const *note = grid_notes(arena, g); *note; note++)
        fprintf(out, "%s\n", *note);
    fputs("\n", out);
    for (size_t j = 0; j < g->points; j++) cells[j] = g->along_text[j];
    text_row(out, first_width(arena, g), g->along_label, cells, g->points);
    for (size_t i = 0; i < g->series; i++) {
        for (size_t j = 0; j < g->points; j++)
            cells[j] = percent(arena, g, grid_error(g, i, j), diverged_at(g, i, j), false,
                               " ± ");
        text_row(out, first_width(arena, g),
                 text_print(arena, "%s%s", g->name[i], g->same[i] > 0 ? " *" : ""), cells,
                 g->points);
    }
    for (size_t i = 1; i < g->series; i++) {
        for (size_t j = 0; j < g->points; j++)
            cells[j] = percent(arena, g, difference_at(arena, g, i, j), 0, true, " ± ");
        text_row(out, first_width(arena, g), difference_name(arena, g, i), cells,
                 g->points);
    }
    if (any_same(g))
        fputs("* one and the same computation at every size: a reference line\n", out);
    print_published(arena, out, g);
}

/* ---- CSV: one row a cell, for other programs ------------------------------------- */

/* Quoted; a cell that a spreadsheet would take for a formula gets an apostrophe. */
static const char *csv_text(Arena *arena, const char *text) {
    Text out = text_new(arena);
    text_add(&out, "\"%s", strchr("=+-@", *text) && *text ? "'" : "");
    for (; *text; text++) text_add(&out, *text == '"' ? "\"\"" : "%c", *text);
    text_add(&out, "\"");
    return out.data;
}

static const char *csv_along(Arena *arena, const Grid *g, size_t point) {
    const char *text = g->along_text[point];
    return g->along_is_number ? text : csv_text(arena, text);
}

static void print_csv(Arena *arena, FILE *out, const Grid *g) {
    fputs(
        "series,along,seeds,mean,half_width,diverged,test_mean,train_mean,score,source\n",
        out);
    for (size_t i = 0; i < g->series; i++)
        for (size_t j = 0; j < g->points; j++) {
            Interval e = grid_error(g, i, j),
                     t = study_interval(cell(g, g->test, i, j), g->seeds),
                     s = study_interval(cell(g, g->train, i, j), g->seeds);
            fprintf(out, "%s,%s,%zu,%s,%s,%zu,%s,%s,%s,\"normlab %s\"\n",
                    csv_text(arena, g->name[i]), csv_along(arena, g, j), e.count,
                    text_number(arena, e.mean), text_number(arena, e.half),
                    diverged_at(g, i, j), text_number(arena, t.mean),
                    text_number(arena, s.mean), csv_text(arena, g->rule), g->identity);
        }
}

/* ---- JSON ------------------------------------------------------------------------ */

static const char *json_along(Arena *arena, const Grid *g, size_t point) {
    return g->along_is_number ? json_number(arena, g->along[point])
                              : json_text(arena, g->along_text[point]);
}

static void print_json(Arena *arena, FILE *out, const Grid *g) {
    fprintf(out,
            "{\"schema\": 1, \"experiment\": %s, \"study\": %s, \"protocol\": %s, "
            "\"quick\": %s, "
            "\"identity\": %s,\n",
            json_text(arena, g->experiment), json_text(arena, g->study),
            json_text(arena, g->protocol), g->quick ? "true" : "false",
            json_text(arena, g->identity));
    if (g->runs > 0)
        fprintf(out, " \"runs\": %zu, \"finished\": %zu,\n", g->runs, g->finished);
    fputs(" \"notes\": [", out);
    for (const char *const *note = grid_notes(arena, g), *const *first = note; *note;
         note++)
        fprintf(out, "%s%s", note > first ? ", " : "", json_text(arena, *note));
    fprintf(out, "],\n \"score\": %s, \"measure\": %s, \"cells\": [",
            json_text(arena, g->rule),
            json_text(arena, text_print(arena, "validation error, %s",
                                        score_words(arena, g->rule))));
    for (size_t i = 0; i < g->series; i++)
        for (size_t j = 0; j < g->points; j++) {
            Interval e = grid_error(g, i, j), d = difference_at(arena, g, i, j);
            fprintf(out,
                    "%s\n  {\"series\": %s, \"along\": %s, \"seeds\": %zu, \"mean\": %s, "
                    "\"half_width\": %s,"
                    " \"minus_first\": %s, \"minus_first_half_width\": %s, \"diverged\": "
                    "%zu}",
                    i + j ? "," : "", json_text(arena, g->name[i]),
                    json_along(arena, g, j), e.count, json_number(arena, e.mean),
                    json_number(arena, e.half), json_number(arena, d.mean),
                    json_number(arena, d.half), diverged_at(g, i, j));
        }
    fprintf(out, "],\n \"published\": [");
    for (size_t i = 0; i < g->published_series; i++)
        for (size_t j = 0; j < g->published_points; j++)
            fprintf(out,
                    "%s\n  {\"series\": %s, \"along\": %s, \"mean\": %s, \"source\": %s, "
                    "\"data\": %s}",
                    i + j ? "," : "", json_text(arena, g->published_name[i]),
                    json_number(arena, g->published_at[j]),
                    published_share(arena, g, i, j), json_text(arena, g->published),
                    json_text(arena, g->published_data));
    fputs("]}\n", out);
}

/* ---- LaTeX ----------------------------------------------------------------------- */

static void latex_row(Arena *arena, FILE *out, const char *name, const char *const *cells,
                      size_t count) {
    fprintf(out, "%s", figure_latex(arena, name));
    for (size_t j = 0; j < count; j++) fprintf(out, " & %s", cells[j]);
    fputs(" \\\\\n", out);
}

/* Lines over all columns, below the table and about as wide as it is with `cell` letters in
 * each: a longer one would widen it. */
static void latex_note(Arena *arena, FILE *out, size_t points, size_t cell,
                       const char *note) {
    enum { MOST = 12, NAME = 24 };
    const Figure page = {.arena = arena, .form = "dumb"}; /* lengths are characters */
    const char *line[MOST], *label = figure_label(arena, note);
    const double room = (double)(NAME + cell * (points > 2 ? points : 2));
    const size_t lines = figure_lines(&page, label, FIGURE_SMALL, room, MOST, line);
    for (size_t i = 0; i < lines; i++)
        fprintf(out, "\\multicolumn{%zu}{l}{\\footnotesize %s} \\\\\n", points + 1,
                figure_latex(arena, line[i]));
}

/* A table of its own, with all of its points. */
static void latex_published(Arena *arena, FILE *out, const Grid *g) {
    const char **cells = TAKE(arena, const char *, g->published_points);
    if (g->published == NULL) return;
    fprintf(out, "\\par\\medskip\n%% published, on %s: %s\n\\begin{tabular}{l",
            g->published_data, g->published);
    for (size_t j = 0; j < g->published_points; j++) fputs("r", out);
    fputs("}\n\\toprule\n", out);
    for (size_t j = 0; j < g->published_points; j++)
        cells[j] = text_number(arena, g->published_at[j]);
    latex_row(arena, out, g->along_label, cells, g->published_points);
    fputs("\\midrule\n", out);
    for (size_t i = 0; i < g->published_series; i++) {
        const double *value = g->published_value + i * g->published_points;
        for (size_t j = 0; j < g->published_points; j++)
            cells[j] = isfinite(value[j]) ? text_print(arena, "%.1f", value[j]) : "--";
        latex_row(arena, out, g->published_name[i], cells, g->published_points);
    }
    fputs("\\bottomrule\n", out);
    latex_note(arena, out, g->published_points, 7,
               text_print(arena, "Published, on %s, error in %%: %s", g->published_data,
                          g->published));
    fputs("\\end{tabular}\n", out);
}

static void print_latex(Arena *arena, FILE *out, const Grid *g) {
    const char **cells = TAKE(arena, const char *, g->points);
    fprintf(out,
            "%% %s, %s: validation error, %s, in percent, mean and half of\n%% Student's "
            "95 %% interval over %zu seeds; %s%s recipe; needs "
            "booktabs\n\\begin{tabular}{l",
            g->experiment, g->identity, score_words(arena, g->rule), g->seeds,
            *g->protocol ? text_print(arena, "protocol %s, ", g->protocol) : "",
            g->quick ? "quick" : "full");
    for (size_t j = 0; j < g->points; j++) fputs("r", out);
    fputs("}\n\\toprule\n", out);
    for (size_t j = 0; j < g->points; j++) cells[j] = g->along_text[j];
    for (size_t j = 0; j < g->points; j++) cells[j] = figure_latex(arena, cells[j]);
    latex_row(arena, out, g->along_label, cells, g->points);
    fputs("\\midrule\n", out);
    for (size_t i = 0; i < g->series; i++) {
        for (size_t j = 0; j < g->points; j++)
            cells[j] = percent(arena, g, grid_error(g, i, j), diverged_at(g, i, j), false,
                               " $\\pm$ ");
        latex_row(arena, out, g->name[i], cells, g->points);
    }
    fputs("\\bottomrule\n", out);
    latex_note(
        arena, out, g->points, 13,
        text_print(arena, "Validation error, %s, %%.", score_words(arena, g->rule)));
    for (const char *const *note = grid_notes(arena, g); *note; note++)
        latex_note(arena, out, g->points, 13, *note);
    fputs("\\end{tabular}\n", out);
    latex_published(arena, out, g);
}

void print_grid(Arena *arena, FILE *out, const Grid *grid, TableForm form) {
    static void (*const printers[])(Arena *, FILE *,
                                    const Grid *) = {[TABLE_TEXT] = print_text,
                                                     [TABLE_CSV] = print_csv,
                                                     [TABLE_JSON] = print_json,
                                                     [TABLE_LATEX] = print_latex};
    bool for_people = form == TABLE_TEXT || form == TABLE_LATEX;
    printers[form](arena, out, for_people ? grid_plain(arena, grid) : grid);
}

/* ---- the command ----------------------------------------------------------------- */

static int run_table(const Call *call) {
    static const char *const names[] = {"text", "csv", "json", "latex"};
    const char *name;
    const Experiment *experiment = study_experiment(call->arena, call->word[0], &name);
    experiment_want_runs(experiment);
    const char *form = call_option(call, "--form");
    size_t chosen = 0;
    if (call_option(call, "--json")) form = "json";
    while (form && chosen < COUNT_OF(names) && strcmp(form, names[chosen]) != 0) chosen++;
    if (chosen == COUNT_OF(names))
        die(EX_USAGE, "--form %s: text, csv, json or latex is expected%s", form,
            text_hint(call->arena, form, names, COUNT_OF(names)));
    print_grid(call->arena, stdout,
                grid_find(call->arena, experiment, name, call_option(call, "--from")),
                (TableForm)chosen);
    return EX_OK;
}

const Command command_table = {
    .name = "table",
    .usage = "EXPERIMENT[@NAME] [--form text|csv|json|latex] [--from FILE]",
    .summary = "Prints the table of a study: mean and interval over seeds, published "
               "figures beside it",
    .options =
        (const Option[]){{"--form", "FORM", "text (default), csv, json or latex"},
                         {"--json", NULL, "the same as --form json"},
                         {"--from", "FILE", "a collected file instead of the newest one"},
                         {NULL, NULL, NULL}},
    .least = 1,
    .most = 1,
    .run = run_table,
};
