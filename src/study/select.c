/* A part of a study's table: some rows, some columns, another number, the best column of each. */
#include "arguments.h"
#include "grid.h"
#include "spec.h"

#include <math.h>
#include <string.h>

/* ---- names ------------------------------------------------------------------------- */

/* Between ; or, where there is none, between the commas of a list. */
static const char **words_of(Arena *arena, const char *text, size_t *count) {
    if (strchr(text, ';') == NULL) return spec_list(arena, text, count);
    const char **word = TAKE(arena, const char *, strlen(text) + 1);
    *count = 0;
    for (const char *from = text; from; from = strchr(from, ';')) {
        from += *from == ';';
        const size_t blank = strspn(from, " "), length = strcspn(from, ";");
        word[(*count)++] = text_copy(arena, from + blank, length - blank);
    }
    return word;
}

/* As the study writes it: `group:4` is group(4). */
static const char *written(Arena *arena, const char *word) {
    BaseError none = {.set = false};
    const Norm *norm = norm_new(arena, word, 0, &none);
    return norm ? norm->spec : word;
}

/* Whether a row is meant: by its whole name, or by what stands before its settings. */
static bool is_row(const char *name, const char *word) {
    const size_t length = strlen(word);
    return strncmp(name, word, length) == 0 &&
           (name[length] == '\0' || strncmp(name + length, ", ", 2) == 0);
}

static bool is_column(const char *name, const char *word) {
    double a, b;
    return strcmp(name, word) == 0 ||
           (text_to_double(name, &a) && text_to_double(word, &b) && a == b);
}

/* Places of the names that are meant, in the order of the words, each once; NULL words: all. What
 * is no name ends the program. */
static size_t *places(Arena *arena, const char *option, const char *words,
                      bool (*is)(const char *name, const char *word),
                      const char *const *name, size_t names, size_t *count) {
    size_t *place = TAKE(arena, size_t, names + 1), given = 0;
    bool *taken = ZERO(arena, bool, names + 1);
    const char **word = words ? words_of(arena, words, &given) : NULL;
    *count = 0;
    for (size_t i = 0; words == NULL && i < names; i++) place[(*count)++] = i;
    for (size_t w = 0; w < given; w++) {
        const char *own = is == is_row ? written(arena, word[w]) : word[w];
        bool known = false;
        for (size_t i = 0; i < names; i++) {
            if (!is(name[i], own)) continue;
            known = true;
            if (!taken[i]) place[(*count)++] = i;
            taken[i] = true;
        }
        if (!known)
            die(EX_USAGE, "%s: the study has no '%s'%s", option,
                text_clip(arena, word[w]), text_hint(arena, own, name, names));
    }
    return place;
}

/* ---- a part ------------------------------------------------------------------------- */

/* Rows and columns of a study, and which of its cells each of the part's is: [series, points]. */
typedef struct Part {
    Arena *arena;
    const Grid *from;
    size_t series, points, *row, *column, *cell;
} Part;

static Part part_of(Arena *arena, const Grid *from, const char *rows,
                    const char *columns) {
    Part p = {.arena = arena, .from = from};
    p.row = places(arena, "--rows", rows, is_row, from->name, from->series, &p.series);
    p.column = places(arena, "--columns", columns, is_column, from->along_text,
                      from->points, &p.points);
    p.cell = TAKE(arena, size_t, p.series * p.points + 1);
    for (size_t i = 0; i < p.series; i++)
        for (size_t j = 0; j < p.points; j++)
            p.cell[i * p.points + j] = p.row[i] * from->points + p.column[j];
    return p;
}

static const double *numbers_of(const Part *p, const double *values, size_t each) {
    const size_t cells = p->series * p->points;
    double *to = TAKE(p->arena, double, cells *each + 1);
    for (size_t i = 0; i < cells; i++)
        memcpy(to + i * each, values + p->cell[i] * each, each * sizeof *to);
    return to;
}

static const char *const *texts_of(const Part *p, const char *const *texts) {
    const size_t cells = p->series * p->points, each = p->from->seeds;
    const char **to = TAKE(p->arena, const char *, cells *each + 1);
    for (size_t i = 0; i < cells; i++)
        memcpy(to + i * each, texts + p->cell[i] * each, each * sizeof *to);
    return to;
}

static void cut_cells(const Part *p, Grid *g) {
    const Grid *from = p->from;
    const size_t seeds = from->seeds;
    g->score = numbers_of(p, from->score, seeds);
    g->test = numbers_of(p, from->test, seeds);
    g->train = numbers_of(p, from->train, seeds);
    g->diverged = numbers_of(p, from->diverged, seeds);
    if (from->blocks)
        g->test_block = numbers_of(p, from->test_block, seeds * from->blocks);
    g->run = texts_of(p, from->run), g->claims = texts_of(p, from->claims);
    g->learned = NULL, g->learned_count = 0; /* of the whole study */
}

static void cut_names(const Part *p, Grid *g) {
    const Grid *from = p->from;
    const char **name = TAKE(p->arena, const char *, p->series + 1),
               **text = TAKE(p->arena, const char *, p->points + 1);
    double *same = TAKE(p->arena, double, p->series + 1),
           *rank = TAKE(p->arena, double, p->series + 1),
           *along = TAKE(p->arena, double, p->points + 1);
    for (size_t i = 0; i < p->series; i++)
        name[i] = from->name[p->row[i]], same[i] = from->same[p->row[i]],
        rank[i] = from->rank[p->row[i]];
    for (size_t j = 0; j < p->points; j++)
        text[j] = from->along_text[p->column[j]], along[j] = from->along[p->column[j]];
    g->name = name, g->same = same, g->rank = rank;
    g->along_text = text, g->along = along;
    if (from->gate_of == NULL) return;
    const Gates **of = TAKE(p->arena, const Gates *, p->points + 1);
    for (size_t j = 0; j < p->points; j++) of[j] = from->gate_of[p->column[j]];
    g->gate_of = of;
}

/* ---- the best column of each row ------------------------------------------------------ */

/* By the mean of the score, the first of equals; one that has not all seeds is none. `points`: none
 * is left. */
static size_t best_column(const Part *p, size_t i) {
    const Grid *g = p->from;
    size_t best = p->points;
    double least = INFINITY;
    for (size_t j = 0; j < p->points; j++) {
        const Interval of = grid_error(g, p->row[i], p->column[j]);
        const double mean = g->metric.rises ? -of.mean : of.mean;
        if (of.count == g->seeds && mean < least) least = mean, best = j;
    }
    return best;
}

/* One column is left, and rows say which it was. */
static void keep_best(Part *p, Grid *g) {
    static const char *const text[] = {"best"};
    static const double place[] = {0};
    const char **name = TAKE(p->arena, const char *, p->series + 1);
    for (size_t i = 0; i < p->series; i++) {
        const size_t j = best_column(p, i);
        if (j == p->points)
            die(EX_DATAERR, "--best: no column of '%s' has all its seeds",
                text_plain(p->arena, g->name[i]));
        name[i] = text_print(p->arena, "%s at %s", g->name[i], g->along_text[j]);
        p->cell[i] = p->cell[i * p->points + j];
    }
    p->points = g->points = 1;
    g->name = name, g->same = ZERO(p->arena, double, p->series + 1);
    g->along_text = text, g->along = place, g->along_is_number = false;
    g->published = NULL, g->published_series = 0; /* of other columns */
    g->gate_of = NULL;
}

/* ---- another number -------------------------------------------------------------------- */

static bool is_of_cells(const Field *f) {
    return f->number && f->rank == 3 && strcmp(f->axis[0], "series") == 0 &&
           strcmp(f->axis[1], "along") == 0 && strcmp(f->axis[2], "seed") == 0;
}

static const Field *cells_of(const Table *t, const char *name) {
    const Field *f = table_find(t, name);
    return f && is_of_cells(f) ? f : NULL;
}

static const Field *metric_of(Arena *arena, const Grid *g, const char *name) {
    const Table *t = g->results;
    const Field *found = cells_of(t, name);
    if (found) return found;
    const char **known = TAKE(arena, const char *, t->fields + 1);
    size_t count = 0;
    for (size_t i = 0; i < t->fields; i++)
        if (is_of_cells(&t->field[i])) known[count++] = t->field[i].name;
    const Choice words = {known, count, sizeof *known, false, NULL};
    die(EX_USAGE, "--metric: the study has no '%s'%s: %s is expected",
        text_clip(arena, name), text_hint(arena, name, known, count),
        choice_words(arena, &words, " or "));
}

/* A share where the study's own metric is one and it is that of other samples. */
static void name_number(Grid *g, const Field *f) {
    g->number = f->name;
    g->shown = f->says ? f->says : f->name;
    if (strstr(f->name, g->metric.name) == NULL)
        g->metric =
            (TaskMetric){f->name, g->shown, f->units ? f->units : "1", false, false};
}

static void show_metric(const Part *p, Grid *g, const char *name) {
    const Field *f = metric_of(p->arena, p->from, name);
    if (strcmp(name, g->score_name) == 0) return;
    g->score = numbers_of(p, f->number, g->seeds);
    g->whole = p->from;
    name_number(g, f);
    g->published = NULL, g->published_series = 0; /* of validation errors */
}

const Grid *grid_shown(Arena *arena, const Grid *grid, const Experiment *e) {
    const GridPart part = {.metric = e->number};
    if (e->number == NULL) return grid;
    return cells_of(grid->results, e->number) ? grid_select(arena, grid, &part) : grid;
}

const Grid *grid_of_measure(Arena *arena, const Grid *grid, const char *measure) {
    if (strcmp(measure, "test") == 0) return grid;
    Grid *g = TAKE(arena, Grid, 1);
    *g = *grid;
    g->whole = grid, g->blocks = 0;
    if (strcmp(measure, "train") == 0) {
        g->test = grid->train;
        return g;
    }
    const Field *f = cells_of(grid->results, measure);
    if (f == NULL) return NULL;
    g->test = f->number;
    name_number(g, f);
    return g;
}

const Grid *grid_select(Arena *arena, const Grid *grid, const GridPart *part) {
    if (part->metric && grid->whole) grid = grid->whole;
    Grid *g = TAKE(arena, Grid, 1);
    *g = *grid;
    Part p = part_of(arena, grid, part->rows, part->columns);
    g->series = p.series, g->points = p.points;
    cut_names(&p, g);
    if (part->best) keep_best(&p, g);
    cut_cells(&p, g);
    if (part->metric) show_metric(&p, g, part->metric);
    return g;
}
