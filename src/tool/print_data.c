/* The table for other programs: CSV, a row a cell, and JSON. */
#include "print.h"

#include <math.h>
#include <string.h>

/* ---- CSV -------------------------------------------------------------------------- */

/* Quoted; a cell that a spreadsheet would take for a formula gets an apostrophe in front, and so
 * does one that begins with it: who reads takes one off. */
static const char *csv_text(Arena *arena, const char *text) {
    Text out = text_new(arena);
    text_add(&out, "\"%s", *text && strchr("=+-@'\t\r", *text) ? "'" : "");
    for (; *text; text++) text_add(&out, *text == '"' ? "\"\"" : "%c", *text);
    text_add(&out, "\"");
    return out.data;
}

static const char *csv_along(Arena *arena, const Grid *g, size_t point) {
    return g->along_is_number ? text_number(arena, g->along[point])
                              : csv_text(arena, g->along_text[point]);
}

/* What must be known of the study, in one cell of each row. */
static const char *csv_notes(Arena *arena, const Grid *g) {
    Text text = text_new(arena);
    for (const char *const *note = grid_notes(arena, g); *note; note++)
        text_add(&text, "%s%s", text.length ? "; " : "", *note);
    return csv_text(arena, text.data);
}

void print_csv(Arena *arena, FILE *out, const Grid *g) {
    const char *notes = csv_notes(arena, g), *rule = csv_text(arena, g->rule),
               *protocol = csv_text(arena, g->protocol),
               *metric = csv_text(arena, g->metric.name),
               *unit = csv_text(arena, g->metric.unit);
    fputs("series,along,seeds,mean,half_width,diverged,test_mean,train_mean,score,source,"
          "same,minus_first,minus_first_half_width,minus_first_seeds,protocol,recipe,"
          "notes,metric,unit\n",
          out);
    for (size_t i = 0; i < g->series; i++)
        for (size_t j = 0; j < g->points; j++) {
            const Interval e = grid_error(g, i, j), d = grid_difference(arena, g, i, j),
                           t = study_interval(print_cell(g, g->test, i, j), g->seeds),
                           s = study_interval(print_cell(g, g->train, i, j), g->seeds);
            fprintf(out, "%s,%s,%zu,%s,%s,%zu,%s,%s,%s,\"normlab %s\",",
                    csv_text(arena, g->name[i]), csv_along(arena, g, j), e.count,
                    text_number(arena, e.mean), text_number(arena, e.half),
                    print_diverged(g, i, j), text_number(arena, t.mean),
                    text_number(arena, s.mean), rule, g->identity);
            fprintf(out, "%d,%s,%s,%zu,%s,%s,%s,%s,%s\n", g->same[i] > 0,
                    text_number(arena, d.mean), text_number(arena, d.half), d.count,
                    protocol, g->quick ? "quick" : "full", notes, metric, unit);
        }
}

/* ---- JSON ------------------------------------------------------------------------ */

static const char *json_along(Arena *arena, const Grid *g, size_t point) {
    return g->along_is_number ? json_number(arena, g->along[point])
                              : json_text(arena, g->along_text[point]);
}

/* A published percent as a share, without digits that nobody published. */
static const char *published_share(Arena *arena, const Grid *g, size_t series,
                                   size_t point) {
    double percent_given = g->published_value[series * g->published_points + point];
    return isfinite(percent_given) ? text_print(arena, "%.6g", percent_given / 100.0)
                                   : "null";
}

void print_json(Arena *arena, FILE *out, const Grid *g) {
    fprintf(out,
            "{\"schema\": 1, \"experiment\": %s, \"study\": %s, \"protocol\": %s, "
            "\"quick\": %s, \"changed\": %s, \"identity\": %s,\n",
            json_text(arena, g->experiment), json_text(arena, g->study),
            json_text(arena, g->protocol), g->quick ? "true" : "false",
            json_text(arena, g->changes), json_text(arena, g->identity));
    if (g->runs > 0)
        fprintf(out, " \"runs\": %zu, \"finished\": %zu,\n", g->runs, g->finished);
    fputs(" \"notes\": [", out);
    for (const char *const *note = grid_notes(arena, g), *const *first = note; *note;
         note++)
        fprintf(out, "%s%s", note > first ? ", " : "", json_text(arena, *note));
    fprintf(out,
            "],\n \"metric\": {\"name\": %s, \"title\": %s, \"unit\": %s, "
            "\"rises\": %s},",
            json_text(arena, g->metric.name), json_text(arena, g->metric.title),
            json_text(arena, g->metric.unit), g->metric.rises ? "true" : "false");
    fprintf(out, "\n \"score\": %s, \"measure\": %s, \"cells\": [",
            json_text(arena, g->rule), json_text(arena, print_shown(arena, g)));
    for (size_t i = 0; i < g->series; i++)
        for (size_t j = 0; j < g->points; j++) {
            Interval e = grid_error(g, i, j), d = grid_difference(arena, g, i, j);
            fprintf(out,
                    "%s\n  {\"series\": %s, \"along\": %s, \"seeds\": %zu, \"mean\": %s, "
                    "\"half_width\": %s, \"diverged\": %zu, \"same\": %s, "
                    "\"minus_first\": %s, \"minus_first_half_width\": %s, "
                    "\"minus_first_seeds\": %zu}",
                    i + j ? "," : "", json_text(arena, g->name[i]),
                    json_along(arena, g, j), e.count, json_number(arena, e.mean),
                    json_number(arena, e.half), print_diverged(g, i, j),
                    g->same[i] > 0 ? "true" : "false", json_number(arena, d.mean),
                    json_number(arena, d.half), d.count);
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
