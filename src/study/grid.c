/* Collected files read back: the numbers of a study, and which file they are in. */
#include "study.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

typedef struct Reader {
    Store *store;
    Arena *arena;
    const char *path;
    Error error;
} Reader;

static const char *text_of(Reader *r, const char *name) {
    return store_get_text(r->store, r->arena, "/", name, &r->error);
}

/* Files from before there was a choice do not say how they are scored. */
static const char *rule_of(Reader *r) {
    return store_has_attribute(r->store, "/", "score") ? text_of(r, "score")
                                                       : "median(5)";
}

/* A count that older files do not have. */
static size_t newer_count_of(Reader *r, const char *name) {
    int64_t count = 0;
    if (store_has_attribute(r->store, "/", name))
        store_get_integer(r->store, "/", name, &count, &r->error);
    die_if(&r->error);
    return count > 0 ? (size_t)count : 0;
}

/* Its name is part of paths. */
static void read_study(Reader *r, Grid *g) {
    g->runs = newer_count_of(r, "runs");
    g->finished = newer_count_of(r, "finished");
    g->study = g->quick ? STUDY_QUICK : "";
    if (!store_has_attribute(r->store, "/", "study")) return;
    const char *name = text_of(r, "study");
    die_if(&r->error);
    if (study_is_name(name)) g->study = name;
}

/* An array of exactly `count` numbers. */
static const double *numbers_of(Reader *r, const char *path, size_t count) {
    size_t rank, size[3], total = 1;
    const double *data =
        store_get_array(r->store, r->arena, path, 3, &rank, size, &r->error);
    die_if(&r->error);
    for (size_t i = 0; i < rank; i++) total *= size[i];
    if (total != count)
        die(EX_DATAERR, "%s: %s has %zu numbers, %zu are expected", r->path, path, total,
            count);
    return data;
}

/* NaN where older files have none. */
static const double *newer_numbers_of(Reader *r, const char *path, size_t count) {
    if (store_has(r->store, path)) return numbers_of(r, path, count);
    double *none = TAKE(r->arena, double, count);
    for (size_t i = 0; i < count; i++) none[i] = (double)NAN;
    return none;
}

static const double *scale_of(Reader *r, const char *path, size_t *count) {
    size_t rank;
    const double *data =
        store_get_array(r->store, r->arena, path, 1, &rank, count, &r->error);
    die_if(&r->error);
    return data;
}

static const char **names_of(Reader *r, const char *path, size_t *count) {
    size_t rank;
    const char **data =
        store_get_array_text(r->store, r->arena, path, 1, &rank, count, &r->error);
    die_if(&r->error);
    return data;
}

/* Numbers, or words that stand side by side. */
static void read_along(Reader *r, Grid *g) {
    const char *path = "/results/along";
    double *along;
    g->along_is_number = store_kind(r->store, path) != STORE_TEXT;
    if (g->along_is_number) {
        g->along = scale_of(r, path, &g->points);
        g->along_text = TAKE(r->arena, const char *, g->points);
        for (size_t j = 0; j < g->points; j++)
            g->along_text[j] = text_number(r->arena, g->along[j]);
        return;
    }
    g->along_text = names_of(r, path, &g->points);
    g->along = along = TAKE(r->arena, double, g->points);
    for (size_t j = 0; j < g->points; j++) along[j] = (double)j;
}

static void read_published(Reader *r, Grid *g) {
    if (!store_has(r->store, "/published")) return;
    g->published = store_get_text(r->store, r->arena, "/published", "source", &r->error);
    die_if(&r->error);
    g->published_data = "other data";
    if (store_has_attribute(r->store, "/published", "data"))
        g->published_data =
            store_get_text(r->store, r->arena, "/published", "data", &r->error);
    die_if(&r->error);
    g->published_name = names_of(r, "/published/name", &g->published_series);
    g->published_at = scale_of(r, "/published/at", &g->published_points);
    g->published_value =
        numbers_of(r, "/published/error", g->published_series * g->published_points);
}

const Grid *grid_read(Arena *arena, const char *path) {
    Reader r = {.arena = arena, .path = path};
    r.store = store_open(path, &r.error);
    die_if(&r.error);
    Grid *g = ZERO(arena, Grid, 1);
    int64_t quick = 0;
    g->path = path;
    g->experiment = text_of(&r, "experiment");
    g->question = text_of(&r, "question");
    g->recipe = text_of(&r, "recipe");
    g->changes = text_of(&r, "changes");
    g->protocol = text_of(&r, "protocol");
    g->along_label = text_of(&r, "along_label");
    g->identity = text_of(&r, "identity");
    g->rule = rule_of(&r);
    g->mixed = store_has_attribute(r.store, "/", "mixed") ? text_of(&r, "mixed") : "";
    g->edited = !store_is_sealed(r.store);
    store_get_integer(r.store, "/", "quick", &quick, &r.error);
    die_if(&r.error);
    g->quick = quick != 0;
    read_study(&r, g);
    g->name = names_of(&r, "/results/series", &g->series);
    read_along(&r, g);
    g->seed = scale_of(&r, "/results/seed", &g->seeds);
    size_t total = g->series * g->points * g->seeds;
    g->score = numbers_of(&r, "/results/score", total);
    g->test = numbers_of(&r, "/results/test_error", total);
    g->train = newer_numbers_of(&r, "/results/train_error_evaluated", total);
    g->diverged = numbers_of(&r, "/results/diverged", total);
    g->same = numbers_of(&r, "/results/same", g->series);
    g->rank = numbers_of(&r, "/results/kind", g->series);
    read_published(&r, g);
    g->learned = grid_learned(r.store, arena, g, &g->learned_count);
    store_close(r.store);
    return g;
}

const char *const *grid_notes(Arena *arena, const Grid *g) {
    const char **note = ZERO(arena, const char *, 5);
    size_t count = 0;
    if (g->finished < g->runs)
        note[count++] =
            text_print(arena, "Not finished: %zu of %zu runs", g->finished, g->runs);
    if (*g->changes) note[count++] = text_print(arena, "Changed: %s", g->changes);
    if (*g->mixed)
        note[count++] = text_print(
            arena, "Not all runs were computed by the same arithmetic: %s", g->mixed);
    if (g->edited) note[count++] = "Changed by another program after it was collected";
    return note;
}

/* A line of names without control characters. */
static const char **plain_names(Arena *arena, const char *const *names, size_t count) {
    const char **plain = TAKE(arena, const char *, count);
    for (size_t i = 0; i < count; i++) plain[i] = text_plain(arena, names[i]);
    return plain;
}

static const Learned *plain_learned(Arena *arena, const Grid *grid) {
    Learned *all = TAKE(arena, Learned, grid->learned_count + 1);
    for (size_t i = 0; i < grid->learned_count; i++) {
        Learned *l = &all[i];
        *l = grid->learned[i];
        l->name = text_plain(arena, l->name);
        l->layer = plain_names(arena, l->layer, l->layers);
        l->choice = plain_names(arena, l->choice, l->choices);
    }
    return all;
}

const Grid *grid_plain(Arena *arena, const Grid *grid) {
    Grid *g = TAKE(arena, Grid, 1);
    *g = *grid;
    const char **line[] = {&g->experiment, &g->question, &g->along_label, &g->protocol,
                           &g->changes,    &g->identity, &g->rule,        &g->mixed};
    for (size_t i = 0; i < COUNT_OF(line); i++) *line[i] = text_plain(arena, *line[i]);
    g->name = plain_names(arena, grid->name, grid->series);
    g->along_text = plain_names(arena, grid->along_text, grid->points);
    g->learned = plain_learned(arena, grid);
    if (grid->published == NULL) return g;
    g->published = text_plain(arena, grid->published);
    g->published_data = text_plain(arena, grid->published_data);
    g->published_name = plain_names(arena, grid->published_name, grid->published_series);
    return g;
}

void grid_warn(const Grid *g) {
    if (g->finished < g->runs)
        say("%s: %zu of %zu runs are finished", g->path, g->finished, g->runs);
    if (*g->mixed)
        say("%s: the runs were not all computed by the same arithmetic: %s", g->path,
            g->mixed);
    if (g->edited)
        say("%s was changed by another program after normlab wrote it", g->path);
}

/* ---- which file ------------------------------------------------------------------ */

const Grid *grid_measured(Arena *arena, const Experiment *e, const char *path) {
    Grid *grid = TAKE(arena, Grid, 1);
    *grid = (Grid){.path = path,
                   .identity = "",
                   .experiment = e->name,
                   .question = e->question,
                   .along_label = "",
                   .protocol = "",
                   .changes = "",
                   .study = "",
                   .rule = "",
                   .mixed = ""};
    return grid;
}

/* What is drawn and printed must be what was asked for. */
static const Grid *grid_of(Arena *arena, const char *path, const Experiment *e) {
    if (e->measure) return grid_measured(arena, e, path);
    const Grid *grid = grid_read(arena, path);
    if (strcmp(grid->experiment, e->name) != 0)
        die(EX_DATAERR, "%s holds results of experiment '%s'; those of %s are expected",
            path, text_clip(arena, grid->experiment), e->name);
    grid_warn(grid_plain(arena, grid));
    return grid;
}

/* Names as users write them, each once, but for the one that was chosen. */
static const char *others_of(Arena *arena, const char *experiment, const Study *found,
                             size_t count, const Study *chosen) {
    enum { SHOWN = 8 };
    Text text = text_new(arena);
    size_t shown = 0;
    for (size_t i = 0; i < count; i++) {
        size_t k = 0;
        while (k < i && strcmp(found[k].name, found[i].name) != 0) k++;
        if (k < i || (chosen && strcmp(chosen->name, found[i].name) == 0)) continue;
        if (shown++ < SHOWN)
            text_add(&text, "%s%s@%s", text.length ? ", " : "", experiment,
                     *found[i].name ? found[i].name : "full");
    }
    if (shown > SHOWN) text_add(&text, " and %zu more", shown - SHOWN);
    return text.data;
}

/* The user's own results before published ones, the newer before the older. */
const Grid *grid_find(Arena *arena, const Experiment *e, const char *name,
                      const char *from) {
    const char *published = place_home(arena, text_print(arena, "data/%s.h5", e->name)),
               *word = name;
    if (from && name)
        die(EX_USAGE, "--from %s and @%s: one of both is expected", from, name);
    if (from) return grid_of(arena, from, e);
    const bool is_published = name && strcmp(name, "published") == 0;
    if (name && strcmp(name, "full") == 0) name = "";
    size_t count;
    const Study *found = study_files(arena, e->name, &count), *chosen = NULL;
    for (size_t i = 0; i < count && chosen == NULL && !is_published; i++)
        if (name ? strcmp(found[i].name, name) == 0 : study_is_own(found[i].name))
            chosen = &found[i];
    const char *others = others_of(arena, e->name, found, count, chosen);
    const char *path = chosen ? chosen->path
                       : (!name || is_published) && access(published, F_OK) == 0
                           ? published
                           : NULL;
    if (path == NULL && name)
        die(EX_NOINPUT, "no study '%s@%s'%s%s", e->name, word,
            *others ? "; there are " : "", others);
    if (path == NULL)
        die(EX_NOINPUT, "no results of %s yet: `normlab %s` makes some%s%s", e->name,
            e->measure ? e->measured_by : text_print(arena, "run %s --quick", e->name),
            *others ? "; under other settings there are " : "", others);
    say("from %s%s%s", path, *others ? "; there are also " : "", others);
    return grid_of(arena, path, e);
}
