/* Figures of probes: a field over the steps of a run, or over the depth of the network. */
#include "study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_PANELS = 12, MOST_LINES = 12 };

/* A field, of the study's first point. */
typedef struct Drawn {
    const Grid *grid;
    Probed probed;
    const char *kind, *field;
    const char *only; /* of the axis, "15 50 85", of the first seed; "": all */
} Drawn;

/* False: the study has none. */
static bool drawn_of(Drawn *d, Arena *arena, const Grid *grid, const char *about) {
    const size_t dot = strcspn(about, "."), end = strcspn(about, " ");
    *d = (Drawn){.grid = grid->whole ? grid->whole : grid,
                 .kind = text_copy(arena, about, dot),
                 .field = text_copy(arena, about + dot + 1, end - dot - 1),
                 .only = about + end};
    return grid_probe(d->grid, arena, d->kind, d->field, &d->probed) &&
           d->probed.rows > 0;
}

static size_t least_of(size_t count, size_t most) {
    return count < most ? count : most;
}

static size_t run_of(const Drawn *d, size_t series, size_t seed) {
    return series * d->grid->points * d->grid->seeds + seed;
}

static double step_of(const Drawn *d, size_t run, size_t row) {
    return d->probed.step[run * d->probed.rows + row];
}

/* [elements, wide] */
static const double *row_of(const Drawn *d, size_t run, size_t row) {
    const Probed *p = &d->probed;
    return p->values + (run * p->rows + row) * p->elements * p->wide;
}

static size_t rows_of(const Drawn *d, size_t run) {
    size_t rows = 0;
    while (rows < d->probed.rows && isfinite(step_of(d, run, rows))) rows++;
    return rows;
}

static void put_interval(Bands *b, size_t to, const Drawn *d, const double *over) {
    const Interval i = study_interval(over, d->grid->seeds);
    b->mean[to] = i.mean;
    if (isfinite(i.half)) b->low[to] = i.mean - i.half, b->high[to] = i.mean + i.half;
}

/* Over the seeds whose run has that step, number `at` of the row. */
static void add_mean(Bands *b, size_t to, const Drawn *d, size_t series, size_t row,
                     double step, size_t at, double *over) {
    for (size_t k = 0; k < d->grid->seeds; k++) {
        const size_t run = run_of(d, series, k);
        const bool drawn = k == 0 || *d->only == '\0';
        over[k] =
            drawn && step_of(d, run, row) == step ? row_of(d, run, row)[at] : (double)NAN;
    }
    put_interval(b, to, d, over);
}

/* Of the axis: where it is 1, or the middle. */
static size_t middle_of(const Probed *p) {
    for (size_t i = 0; i < p->wide; i++)
        if (p->at[i] == 1.0) return i;
    return p->wide / 2;
}

static void add_reach(Bands *b, size_t to, const Drawn *d, const double *x) {
    double least = x[0], most = x[0];
    for (size_t i = 1; i < d->probed.wide; i++)
        least = fmin(least, x[i]), most = fmax(most, x[i]);
    b->mean[to] = x[middle_of(&d->probed)];
    b->low[to] = least, b->high[to] = most;
}

/* Of these rows of the table; NULL: of the first. */
static const char **rows_named(Arena *arena, const Grid *g, const size_t *series,
                               size_t count, size_t **colour) {
    const char **name = TAKE(arena, const char *, count + 1);
    *colour = TAKE(arena, size_t, count + 1);
    for (size_t i = 0; i < count; i++) {
        const size_t row = series ? series[i] : i;
        name[i] = text_print(arena, "%s%s", g->name[row], study_remark(arena, g, row));
        (*colour)[i] = study_colour(g, row);
    }
    return name;
}

static const char *foot_of(Arena *arena, const Drawn *d, const char *what) {
    const Grid *g = d->grid;
    const char *at = g->points > 1
                         ? text_print(arena, "%s %s; ", g->along_label, g->along_text[0])
                         : "";
    return study_foot(arena, g, text_print(arena, "%sprobe %s; %s", at, d->kind, what));
}

static const char *label_of(Arena *arena, const Drawn *d) {
    return text_print(arena, "%s (%s)", d->field, d->kind);
}

/* Places of the axis, or elements, that have a line: those that are named, or as many as there is room
 * for. */
static size_t *lines_of(Arena *arena, const Drawn *d, size_t all, size_t *count) {
    size_t *at = TAKE(arena, size_t, MOST_LINES);
    *count = 0;
    char *end;
    for (const char *word = d->only; *word && *count < MOST_LINES; word = end) {
        const double value = strtod(word, &end);
        for (size_t i = 0; i < d->probed.wide; i++)
            if (d->probed.at && d->probed.at[i] == value) at[(*count)++] = i;
    }
    if (*d->only) return at;
    *count = least_of(all, MOST_LINES);
    for (size_t k = 0; k < *count; k++) at[k] = figure_spread(all, *count, k);
    return at;
}

static const char *over_seeds(Arena *arena, const Drawn *d, size_t lines) {
    const size_t seeds = d->grid->seeds;
    return text_print(arena, "mean over %zu seed%s%s", seeds, seeds == 1 ? "" : "s",
                      seeds >= 3 && figure_has_bands(lines) ? ", band: 95 % interval"
                                                            : "");
}

/* A panel of lines; what else a figure has of them its maker writes there. */
static Curves one_panel(Arena *arena, const Drawn *d, const char *what, const Bands *b) {
    static const char *const title[] = {""};
    return (Curves){.label = label_of(arena, d),
                    .foot = foot_of(arena, d, what),
                    .panels = 1,
                    .title = title,
                    .mean = b->mean,
                    .low = b->low,
                    .high = b->high,
                    .falls = true};
}

/* ---- over the steps -------------------------------------------------------------------- */

/* A line for each row of the table. */
static void draw_together(Figure *f, const Drawn *d, size_t rows, const double *step) {
    Arena *arena = f->arena;
    const bool reach = d->probed.wide > 1;
    const size_t lines = least_of(d->grid->series, MOST_LINES);
    size_t *colour;
    const char **name = rows_named(arena, d->grid, NULL, lines, &colour);
    double *over = TAKE(arena, double, d->grid->seeds + 1);
    Bands b = study_bands(arena, lines * rows);
    for (size_t i = 0; i < lines; i++)
        for (size_t r = 0; r < rows; r++)
            if (!reach)
                add_mean(&b, i * rows + r, d, i, r, step[r], 0, over);
            else if (step_of(d, run_of(d, i, 0), r) == step[r])
                add_reach(&b, i * rows + r, d, row_of(d, run_of(d, i, 0), r));
    const char *what = reach ? "one seed; band: least to most along the axis"
                             : over_seeds(arena, d, lines);
    Curves c = one_panel(arena, d, what, &b);
    c.along = "step", c.epochs = rows, c.epoch = step;
    c.lines = lines, c.name = name, c.colour = colour;
    figure_curves(f, &c);
}

/* A panel for each. */
static void draw_apart(Figure *f, const Drawn *d, size_t rows, const double *step) {
    Arena *arena = f->arena;
    const Probed *p = &d->probed;
    const bool axis = p->wide > 1;
    const size_t panels = least_of(d->grid->series, MOST_PANELS),
                 all = axis ? p->wide : p->elements;
    size_t *colour, lines;
    const size_t *line = lines_of(arena, d, all, &lines);
    const char **title = rows_named(arena, d->grid, NULL, panels, &colour),
               **name = TAKE(arena, const char *, lines + 1);
    double *over = TAKE(arena, double, d->grid->seeds + 1);
    Bands b = study_bands(arena, panels * lines * rows);
    for (size_t k = 0; k < lines; k++) {
        const size_t shown = line[k],
                     at = axis ? (p->elements - 1) * p->wide + shown : shown;
        name[k] = axis ? text_number(arena, p->at[shown]) : p->name[shown];
        for (size_t i = 0; i < panels; i++)
            for (size_t r = 0; r < rows; r++)
                add_mean(&b, (i * lines + k) * rows + r, d, i, r, step[r], at, over);
    }
    const char *last = axis ? text_print(arena, "%s; ", p->name[p->elements - 1]) : "";
    figure_curves(
        f, &(Curves){.label = label_of(arena, d),
                     .along = "step",
                     .foot = foot_of(arena, d,
                                     text_print(arena, "%s%s", last,
                                                *d->only ? "first seed"
                                                         : over_seeds(arena, d, lines))),
                     .panels = panels,
                     .lines = lines,
                     .title = title,
                     .name = name,
                     .epochs = rows,
                     .epoch = step,
                     .mean = b.mean,
                     .low = b.low,
                     .high = b.high,
                     .falls = true});
}

bool study_probe_steps(Figure *f, const Grid *g, const char *about) {
    Drawn d;
    if (!drawn_of(&d, f->arena, g, about)) return false;
    size_t longest = 0; /* of the first seed */
    for (size_t i = 1; i < d.grid->series; i++)
        if (rows_of(&d, run_of(&d, i, 0)) > rows_of(&d, run_of(&d, longest, 0)))
            longest = i;
    const size_t run = run_of(&d, longest, 0), rows = rows_of(&d, run);
    if (rows == 0) return false;
    double *step = TAKE(f->arena, double, rows);
    for (size_t r = 0; r < rows; r++) step[r] = step_of(&d, run, r);
    (d.probed.elements > 1 ? draw_apart : draw_together)(f, &d, rows, step);
    return true;
}

/* ---- over depth -------------------------------------------------------------------------- */

/* Of the run's own last row; NaN: it has none. */
static double last_of(const Drawn *d, size_t series, size_t seed, size_t element) {
    const size_t run = run_of(d, series, seed), rows = rows_of(d, run);
    return rows ? row_of(d, run, rows - 1)[element] : (double)NAN;
}

/* The rows of the table that have a number there, at most MOST_LINES of them. */
static size_t *rows_with(Arena *arena, const Drawn *d, size_t *count) {
    size_t *series = TAKE(arena, size_t, MOST_LINES);
    *count = 0;
    for (size_t i = 0; i < d->grid->series && *count < MOST_LINES; i++) {
        bool any = false;
        for (size_t k = 0; k < d->grid->seeds; k++)
            for (size_t e = 0; e < d->probed.elements; e++)
                any |= isfinite(last_of(d, i, k, e));
        if (any) series[(*count)++] = i;
    }
    return series;
}

static void add_last(Bands *b, size_t to, const Drawn *d, size_t series, size_t element,
                     double *over) {
    for (size_t k = 0; k < d->grid->seeds; k++) over[k] = last_of(d, series, k, element);
    put_interval(b, to, d, over);
}

/* Where no mean is below 0, intervals end there. */
static void end_at_zero(Bands *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (b->mean[i] < 0.0) return;
    for (size_t i = 0; i < count; i++)
        if (b->low[i] < 0.0) b->low[i] = 0.0;
}

bool study_probe_depth(Figure *f, const Grid *g, const char *about) {
    Arena *arena = f->arena;
    Drawn d;
    if (!drawn_of(&d, arena, g, about) || d.probed.elements < 2 || d.probed.wide != 1)
        return false;
    size_t lines, *colour;
    const size_t *series = rows_with(arena, &d, &lines), places = d.probed.elements;
    if (lines == 0) return false;
    const char **name = rows_named(arena, d.grid, series, lines, &colour);
    double *over = TAKE(arena, double, d.grid->seeds + 1),
           *number = TAKE(arena, double, places);
    Bands b = study_bands(arena, lines * places);
    for (size_t e = 0; e < places; e++) {
        number[e] = (double)(e + 1);
        for (size_t i = 0; i < lines; i++)
            add_last(&b, i * places + e, &d, series[i], e, over);
    }
    end_at_zero(&b, lines * places);
    const char *what =
        text_print(arena, "after the last step; %s", over_seeds(arena, &d, lines));
    Curves c = one_panel(arena, &d, what, &b);
    c.along = "place, from the input", c.epochs = places, c.epoch = number;
    c.lines = lines, c.name = name, c.colour = colour;
    figure_curves(f, &c);
    return true;
}
