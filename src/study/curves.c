/* What runs measured in every epoch: into the collected file, and as figures. */
#include "sweep.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const char GROUP[] = "/metrics";

/* ---- of all runs ------------------------------------------------------------------ */

/* A number of every run's epochs, as all have it. */
static void add_curve(Table *t, const Sweep *sweep, const Record *const *record,
                      const Field *like) {
    const size_t cells = sweep->series * sweep->points * sweep->seeds;
    const Field **from = TAKE(t->arena, const Field *, cells);
    for (size_t i = 0; i < cells; i++) {
        const Record *r = record[sweep->run_of[i]];
        from[i] = r ? table_find(&r->metrics, like->name) : NULL;
    }
    Field *all = table_stack(t, from, "series along seed", "epoch");
    all->units = like->units ? like->units : "1";
}

/* Of most epochs: one that diverged has fewer. NULL: no run has any. */
static const Table *longest(const Sweep *sweep, const Record *const *record) {
    const Table *found = NULL;
    size_t epochs = 0;
    for (size_t i = 0; i < sweep->runs; i++) {
        const Field *epoch = record[i] ? table_find(&record[i]->metrics, "epoch") : NULL;
        if (epoch == NULL || epoch->size[0] <= epochs) continue;
        found = &record[i]->metrics;
        epochs = epoch->size[0];
    }
    return found;
}

void curves_collect(Store *store, Arena *arena, const Sweep *sweep,
                    const Record *const *record) {
    const Table *like = longest(sweep, record);
    if (like == NULL) return;
    const Field *epoch = table_find(like, "epoch");
    Table t = table_new(arena, GROUP, "one value for each run and finished epoch");
    sweep_scales(&t, sweep);
    table_scale(&t, "epoch", "epoch", epoch->number, epoch->size[0]);
    for (size_t i = 0; i < like->fields; i++)
        if (like->field[i].number && !learned_is_axis(like->field[i].name))
            add_curve(&t, sweep, record, &like->field[i]);
    table_write(&t, store);
}

/* ---- as figures ------------------------------------------------------------------- */

enum { MOST_PANELS = 12, MOST_LINES = 12 };

/* What a study has over its epochs, [series, points, seeds, epochs], of runs that did not diverge. */
typedef struct Seen {
    const Grid *grid;
    size_t epochs;
    const double *epoch, *train, *val;
} Seen;

/* False: it has none, or *error. */
static bool see(Seen *seen, Arena *arena, const Grid *g, BaseError *error) {
    const Table t = grid_table(g, arena, GROUP);
    *seen = (Seen){.grid = g};
    if (table_find(&t, "epoch") == NULL) return false; /* older files */
    seen->epoch = table_list(&t, "epoch", &seen->epochs, error);
    const size_t all = g->series * g->points * g->seeds * seen->epochs;
    seen->train =
        table_array(&t, text_print(arena, "train_%s", g->metric.name), all, error);
    seen->val = table_array(&t, text_print(arena, "val_%s", g->metric.name), all, error);
    for (size_t e = 1; !error->set && e < seen->epochs; e++)
        if (!(seen->epoch[e] > seen->epoch[e - 1]))
            return base_fail(error, EX_DATAERR, 0, "%s: epochs of %s do not rise",
                             g->path, GROUP);
    return !error->set && seen->epochs > 0;
}

/* Mean over seeds, and a band: Student's interval of three and more. */
static void add_line(Bands *b, size_t at, const Seen *seen, const double *of, size_t row,
                     double *over) {
    const Grid *g = seen->grid;
    const double most = g->metric.share ? 100.0 : DBL_MAX;
    for (size_t e = 0; e < seen->epochs; e++) {
        const size_t to = at * seen->epochs + e;
        for (size_t k = 0; k < g->seeds; k++)
            over[k] = g->diverged[row * g->seeds + k] > 0
                          ? (double)NAN
                          : grid_scale(g) * of[(row * g->seeds + k) * seen->epochs + e];
        const Interval i = study_interval(over, g->seeds);
        b->mean[to] = i.mean;
        if (!isfinite(i.half)) continue;
        b->low[to] = fmax(i.mean - i.half, 0.0);
        b->high[to] = fmin(i.mean + i.half, most);
    }
}

static const char *over_seeds(Arena *arena, const Grid *g, size_t lines) {
    const char *band =
        g->seeds < 3 || !figure_has_bands(lines) ? "" : ", band: 95 % interval";
    return text_print(arena, "mean over %zu seed%s%s", g->seeds, g->seeds == 1 ? "" : "s",
                      band);
}

/* ", every 5 epochs" */
static const char *validated(Arena *arena, const Grid *g) {
    const char *every = grid_single(arena, g, "validate");
    return every && strcmp(every, "1") != 0
               ? text_print(arena, ", every %s epochs", text_clip(arena, every))
               : "";
}

/* ", first 12 of 24 rows" */
static const char *first_of(Arena *arena, size_t shown, size_t all, const char *what) {
    return shown < all ? text_print(arena, ", first %zu of %zu %s", shown, all, what)
                       : "";
}

static const char *row_name(Arena *arena, const Grid *g, size_t series) {
    return text_print(arena, "%s%s", g->name[series], study_remark(arena, g, series));
}

/* Training and validation side by side, a line for each row of the table: Wu and He 2018, Figure 4. */
static void draw_rows(Figure *f, const Seen *seen) {
    static const char *const panel[] = {"training", "validation"};
    Arena *arena = f->arena;
    const Grid *g = seen->grid;
    const size_t lines = g->series < MOST_LINES ? g->series : MOST_LINES;
    const char **name = TAKE(arena, const char *, lines + 1), *unit = grid_unit(g);
    size_t *colour = TAKE(arena, size_t, lines + 1);
    double *over = TAKE(arena, double, g->seeds + 1);
    Bands b = study_bands(arena, 2 * lines * seen->epochs);
    for (size_t i = 0; i < lines; i++) {
        name[i] = row_name(arena, g, i);
        colour[i] = study_colour(g, i);
        add_line(&b, i, seen, seen->train, i * g->points, over);
        add_line(&b, lines + i, seen, seen->val, i * g->points, over);
    }
    const char *at = g->points > 1
                         ? text_print(arena, "%s %s; ", g->along_label, g->along_text[0])
                         : "",
               *what = text_print(
                   arena,
                   "%s%s%s; training over the steps of the epoch, validation in "
                   "evaluation mode%s",
                   at, over_seeds(arena, g, lines),
                   first_of(arena, lines, g->series, "rows"), validated(arena, g));
    figure_curves(f, &(Curves){.label = text_print(arena, "%s%s%s", g->metric.name,
                                                   *unit ? ", " : "", unit),
                               .foot = study_foot(arena, g, what),
                               .panels = COUNT_OF(panel),
                               .lines = lines,
                               .title = panel,
                               .name = name,
                               .colour = colour,
                               .epochs = seen->epochs,
                               .epoch = seen->epoch,
                               .mean = b.mean,
                               .low = b.low,
                               .high = b.high,
                               .falls = !g->metric.rises});
}

/* Validation, a panel for each row of the table and a line for each point: Figure 5. */
static void draw_points(Figure *f, const Seen *seen) {
    Arena *arena = f->arena;
    const Grid *g = seen->grid;
    const size_t panels = g->series < MOST_PANELS ? g->series : MOST_PANELS,
                 lines = g->points < MOST_LINES ? g->points : MOST_LINES;
    const char **title = TAKE(arena, const char *, panels + 1),
               **name = TAKE(arena, const char *, lines + 1);
    double *over = TAKE(arena, double, g->seeds + 1);
    Bands b = study_bands(arena, panels * lines * seen->epochs);
    for (size_t j = 0; j < lines; j++) {
        const char *at = g->along_text[figure_spread(g->points, lines, j)];
        name[j] = j ? at : text_print(arena, "%s %s", g->along_label, at);
    }
    for (size_t i = 0; i < panels; i++) {
        title[i] = row_name(arena, g, i);
        for (size_t j = 0; j < lines && (j == 0 || g->same[i] == 0); j++)
            add_line(&b, i * lines + j, seen, seen->val,
                     i * g->points + figure_spread(g->points, lines, j), over);
    }
    const char *some = lines < g->points
                           ? text_print(arena, ", %zu of %zu points", lines, g->points)
                           : "",
               *what = text_print(
                   arena, "%s%s%s; evaluation mode%s", over_seeds(arena, g, lines),
                   first_of(arena, panels, g->series, "rows"), some, validated(arena, g));
    figure_curves(f, &(Curves){.label = grid_label(arena, g, ""),
                               .foot = study_foot(arena, g, what),
                               .panels = panels,
                               .lines = lines,
                               .title = title,
                               .name = name,
                               .epochs = seen->epochs,
                               .epoch = seen->epoch,
                               .mean = b.mean,
                               .low = b.low,
                               .high = b.high,
                               .falls = !g->metric.rises});
}

bool study_curves(Figure *f, const Grid *g, const char *about) {
    Seen seen;
    bool differ = false;
    if (g->whole)
        g = g->whole; /* networks learn by the task's metric, whatever is shown */
    for (size_t i = 0; i < g->series; i++) differ |= g->points > 1 && g->same[i] == 0;
    if ((about && !differ) || !see(&seen, f->arena, g, &f->error)) return false;
    (about ? draw_points : draw_rows)(f, &seen);
    return true;
}
