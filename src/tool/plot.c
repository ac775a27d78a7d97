/* Figures of studies: the columns and arguments that an experiment's plot.gp asks for. */
#include "tool.h"

#include <math.h>
#include <string.h>

/* ---- columns --------------------------------------------------------------------- */

/* " (reference)", and how many of its runs have no number to draw. */
static const char *remark(Arena *arena, const Grid *g, size_t series) {
    size_t cells = g->points * g->seeds, lost = 0;
    for (size_t i = 0; i < cells; i++) lost += g->diverged[series * cells + i] > 0;
    const char *same = g->same[series] > 0 ? " (reference)" : "";
    return lost ? text_print(arena, "%s, %zu of %zu diverged", same, lost, cells) : same;
}

/* One block a series: a header with its name, then along, mean, low, high in percent. */
static const char *columns_text(Arena *arena, const Grid *g, bool tex) {
    Text out = text_new(arena);
    for (size_t i = 0; i < g->series; i++) {
        text_add(&out, "%s\"%s%s\"\n", i ? "\n\n" : "",
                 figure_label(arena, g->name[i], tex), remark(arena, g, i));
        for (size_t j = 0; j < g->points; j++) {
            Interval e = interval_of(g->score + (i * g->points + j) * g->seeds, g->seeds);
            double half = isnan(e.half) ? 0.0 : e.half;
            text_add(&out, "%.17g %.17g %.17g %.17g\n", g->along[j], 100 * e.mean,
                     100 * (e.mean - half), 100 * (e.mean + half));
        }
    }
    return out.data;
}

/* Line types: the colour of a normalizer's kind is the same in every figure; several of
 * one kind take the kind's further dashes and marks. "2 5 12": kind + 10 * (how many of
 * the kind came before) + 1. */
static const char *styles_text(Arena *arena, const Grid *g) {
    Text out = text_new(arena);
    for (size_t i = 0; i < g->series; i++) {
        size_t before = 0;
        for (size_t k = 0; k < i; k++) before += g->rank[k] == g->rank[i];
        text_add(&out, "%s%.0f", i ? " " : "",
                 g->rank[i] + 1 + 10 * (double)(before % 3));
    }
    return out.data;
}

static const char *same_text(Arena *arena, const Grid *g) {
    Text out = text_new(arena);
    for (size_t i = 0; i < g->series; i++)
        text_add(&out, "%s%d", i ? " " : "", g->same[i] > 0);
    return out.data;
}

static const char *foot_text(Arena *arena, const Grid *g, bool tex) {
    const char *text = text_print(arena, "%s%s%s%s %s: mean%s over %zu seed%s",
                                  g->experiment, g->quick ? " quick, " : " ", g->protocol,
                                  *g->changes ? ", changed" : "", g->identity,
                                  g->seeds > 2 ? " and 95 % interval" : "", g->seeds,
                                  g->seeds == 1 ? "" : "s");
    return figure_label(arena, text, tex);
}

/* plot.gp gets, between columns, output, terminal and style.gp: number of series, styles, same,
 * label of the axis, foot. */
void plot_draw(Arena *arena, const Grid *found, const char *terminal, const char *path) {
    const Grid *g = grid_plain(arena, found);
    const bool tex = strcmp(terminal, "tex") == 0;
    const Figure figure = {
        .script = text_print(arena, "experiments/%s/plot.gp", g->experiment),
        .columns = columns_text(arena, g, tex),
        .word = {text_print(arena, "%zu", g->series), styles_text(arena, g),
                 same_text(arena, g), figure_label(arena, g->along_label, tex),
                 foot_text(arena, g, tex)},
        .title = g->question,
        .description = foot_text(arena, g, false)};
    figure_draw(arena, &figure, terminal, path);
}

/* ---- the command ----------------------------------------------------------------- */

static int run_plot(const Call *call) {
    Arena *arena = call->arena;
    const Experiment *experiment = find_experiment(arena, call->word[0]);
    const char *terminal = call->words > 1 ? call->word[1] : "svg",
               *path = call_option(call, "--to");
    figure_want(arena, terminal);
    const Grid *grid = grid_find(call, experiment->name);
    if (strcmp(terminal, "dumb") != 0 && path == NULL) {
        Error error = {.set = false};
        place_folder(place_out(arena, "."), &error);
        die_if(&error);
        path = place_out(arena, text_print(arena, "%s%s.%s", grid->experiment,
                                           grid->quick ? "-quick" : "", terminal));
    }
    plot_draw(arena, grid, terminal, path);
    if (path) puts(path);
    return EX_OK;
}

const Command command_plot = {
    .name = "plot",
    .usage = "EXPERIMENT [svg|pdf|png|tex|dumb] [--to FILE] [--from FILE]",
    .summary = "Draws the figure of a study; dumb draws it in the terminal",
    .options =
        (const Option[]){{"--to", "FILE", "instead of out/EXPERIMENT.FORM"},
                         {"--from", "FILE", "a collected file instead of the newest one"},
                         {NULL, NULL, NULL}},
    .least = 1,
    .most = 2,
    .run = run_plot,
};
