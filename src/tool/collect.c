/* The runs of a sweep gathered into one file, and that file read back. A collected file
 * carries its runs' identities, so every number in a table or a figure leads to the run
 * that made it. */
#include "tool.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* ---- writing --------------------------------------------------------------------- */

typedef struct Measured {
    double score, test, train, train_evaluated, diverged;
} Measured;

static double scalar(const Store *store, Arena *arena, const char *path) {
    Error error = {.set = false};
    size_t rank, size;
    const double *value = store_get_array(store, arena, path, 0, &rank, &size, &error);
    die_if(&error);
    return *value;
}

static Measured measured(Arena *arena, const Run *run) {
    Error error = {.set = false};
    Store *store = store_open(run->path, &error);
    die_if(&error);
    Measured m = {scalar(store, arena, "/summary/score"),
                  scalar(store, arena, "/summary/test_error"),
                  scalar(store, arena, "/summary/train_error"),
                  scalar(store, arena, "/summary/train_error_evaluated"),
                  scalar(store, arena, "/summary/diverged")};
    store_close(store);
    return m;
}

static void put_published(Store *store, const Published *p) {
    static const char *const axes[] = {"name", "at"};
    if (p == NULL) return;
    store_group(store, "/published", "the same question, answered elsewhere");
    store_text(store, "/published", "source", p->source);
    store_scale_text(store, "/published", "name", p->name, p->series,
                     "as the source names them");
    store_scale(store, "/published", "at", p->at, p->points, "1", "as along");
    store_array(store, "/published", "error", p->value, 2, axes, "percent",
                "published error");
}

static size_t series_rank(Arena *arena, const Sweep *sweep, size_t series) {
    size_t run = sweep->run_of[series * sweep->points * sweep->seeds];
    Error error = {.set = false};
    const Norm *norm =
        norm_new(arena, config_get(&sweep->run[run].config, "norm"), 0, &error);
    die_if(&error);
    return norm_rank(norm);
}

static const char *sweep_identity(Arena *arena, const Sweep *sweep) {
    Text all = text_new(arena);
    char hex[DIGEST_LENGTH + 1];
    for (size_t i = 0; i < sweep->series * sweep->points * sweep->seeds; i++)
        text_add(&all, "%s\n", sweep->run[sweep->run_of[i]].id);
    digest_bytes(hex, all.data, all.length);
    return text_copy(arena, hex, 12);
}

static void put_head(Store *store, Arena *arena, const Sweep *sweep) {
    const Experiment *e = sweep->experiment;
    const char *protocol = experiment_own(e, &sweep->own, "protocol");
    store_text(store, "/", "experiment", e->name);
    store_text(store, "/", "question", e->question);
    store_text(store, "/", "recipe", sweep->recipe);
    store_text(store, "/", "changes", sweep->changes);
    store_text(store, "/", "protocol", protocol ? protocol : "");
    store_text(store, "/", "score", sweep->rule);
    store_text(store, "/", "along_label", e->along_label);
    store_text(store, "/", "identity", sweep_identity(arena, sweep));
    store_integer(store, "/", "quick", sweep->quick);
}

static void put_results(Store *store, Arena *arena, const Sweep *sweep) {
    static const char *const axes[] = {"series", "along", "seed"};
    size_t total = sweep->series * sweep->points * sweep->seeds;
    double *value[5];
    const char **id = TAKE(arena, const char *, total);
    for (size_t v = 0; v < COUNT_OF(value); v++) value[v] = TAKE(arena, double, total);
    for (size_t i = 0; i < total; i++) {
        const Run *run = &sweep->run[sweep->run_of[i]];
        Measured m = measured(arena, run);
        value[0][i] = m.score, value[1][i] = m.test, value[2][i] = m.train,
        value[3][i] = m.diverged, value[4][i] = m.train_evaluated;
        id[i] = run->id;
    }
    double *same = TAKE(arena, double, sweep->series),
           *rank = TAKE(arena, double, sweep->series);
    for (size_t i = 0; i < sweep->series; i++) {
        same[i] = sweep->same[i] ? 1.0 : 0.0;
        rank[i] = (double)series_rank(arena, sweep, i);
    }
    store_group(store, "/results", "one value for each normalizer, point and seed");
    store_scale_text(store, "/results", "series", sweep->series_name, sweep->series,
                     "normalizer");
    store_scale(store, "/results", "along", sweep->along, sweep->points, "1",
                sweep->experiment->along_label);
    store_scale(store, "/results", "seed", sweep->seed, sweep->seeds, "1", "seed");
    store_array(
        store, "/results", "score", value[0], 3, axes, "1",
        text_print(arena, "validation error, %s", score_words(arena, sweep->rule)));
    store_array(store, "/results", "test_error", value[1], 3, axes, "1",
                "test error after the last epoch");
    store_array(store, "/results", "train_error", value[2], 3, axes, "1",
                "training error in the last epoch's own steps");
    store_array(store, "/results", "train_error_evaluated", value[4], 3, axes, "1",
                "training error after the last epoch, evaluation mode");
    store_array(store, "/results", "diverged", value[3], 3, axes, "1",
                "1: the loss was not finite");
    store_array(store, "/results", "same", same, 1, axes, "1",
                "1: one and the same computation at every point");
    store_array(store, "/results", "kind", rank, 1, axes, "1",
                "place of the normalizer in the registry: its colour");
    store_array_text(store, "/results", "run", id, 3, axes, "identity of the run");
}

/* What computed the runs: the first run's facts, and where another differs. */
static void put_origin(Store *store, Arena *arena, const Sweep *sweep) {
    Error error = {.set = false};
    size_t count = 0;
    const char **names = NULL, **first = NULL;
    bool *differs = NULL;
    for (size_t i = 0; i < sweep->runs; i++) {
        Store *run = store_open(sweep->run[i].path, &error);
        die_if(&error);
        if (i == 0) {
            names = store_attributes(run, arena, "/provenance", &count);
            first = TAKE(arena, const char *, count + 1);
            differs = ZERO(arena, bool, count + 1);
        }
        for (size_t k = 0; k < count; k++) {
            Error quiet = {.set = false};
            const char *fact =
                store_get_text(run, arena, "/provenance", names[k], &quiet);
            if (i == 0)
                first[k] = fact ? fact : "";
            else
                differs[k] |= fact == NULL || strcmp(fact, first[k]) != 0;
        }
        store_close(run);
    }
    store_group(store, "/provenance", "what computed the runs");
    for (size_t k = 0; k < count; k++)
        if (strcmp(names[k], "description") != 0)
            store_text(store, "/provenance", names[k],
                       differs[k] ? text_print(arena, "%s (not in every run)", first[k])
                                  : first[k]);
}

void collect(Arena *arena, const Sweep *sweep, const char *path) {
    Store *store = store_new(text_print(arena, "normlab %s%s", sweep->experiment->name,
                                        sweep->quick ? " (quick)" : ""));
    put_head(store, arena, sweep);
    put_results(store, arena, sweep);
    put_learned(store, arena, sweep);
    put_published(store, sweep->experiment->published);
    put_origin(store, arena, sweep);
    Error error = {.set = false};
    store_save(store, path, &error);
    store_close(store);
    die_if(&error);
}

/* ---- reading --------------------------------------------------------------------- */

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

static void read_published(Reader *r, Grid *g) {
    if (!store_has(r->store, "/published")) return;
    g->published = store_get_text(r->store, r->arena, "/published", "source", &r->error);
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
    store_get_integer(r.store, "/", "quick", &quick, &r.error);
    die_if(&r.error);
    g->quick = quick != 0;
    g->name = names_of(&r, "/results/series", &g->series);
    g->along = scale_of(&r, "/results/along", &g->points);
    g->seed = scale_of(&r, "/results/seed", &g->seeds);
    size_t total = g->series * g->points * g->seeds;
    g->score = numbers_of(&r, "/results/score", total);
    g->test = numbers_of(&r, "/results/test_error", total);
    g->train = newer_numbers_of(&r, "/results/train_error_evaluated", total);
    g->diverged = numbers_of(&r, "/results/diverged", total);
    g->same = numbers_of(&r, "/results/same", g->series);
    g->rank = numbers_of(&r, "/results/kind", g->series);
    read_published(&r, g);
    g->learned = read_learned(r.store, arena, g, &g->learned_count);
    store_close(r.store);
    return g;
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
                           &g->changes,    &g->identity, &g->rule};
    for (size_t i = 0; i < COUNT_OF(line); i++) *line[i] = text_plain(arena, *line[i]);
    g->name = plain_names(arena, grid->name, grid->series);
    g->learned = plain_learned(arena, grid);
    if (grid->published == NULL) return g;
    g->published = text_plain(arena, grid->published);
    g->published_name = plain_names(arena, grid->published_name, grid->published_series);
    return g;
}

/* What is drawn and printed must be what was asked for. */
static const Grid *grid_of(Arena *arena, const char *path, const char *experiment) {
    const Grid *grid = grid_read(arena, path);
    if (strcmp(grid->experiment, experiment) != 0)
        die(EX_DATAERR, "%s holds results of experiment '%s'; those of %s are expected",
            path, text_clip(arena, grid->experiment), experiment);
    return grid;
}

/* The user's own results before published ones, the newer before the older. */
const Grid *grid_find(const Call *call, const char *experiment) {
    Arena *arena = call->arena;
    const char *const places[] = {
        place_out(arena, text_print(arena, "%s.h5", experiment)),
        place_out(arena, text_print(arena, "%s-quick.h5", experiment)),
        place_home(arena, text_print(arena, "data/%s.h5", experiment))};
    const char *from = call_option(call, "--from");
    if (from) return grid_of(arena, from, experiment);
    const char *best = NULL;
    struct timespec newest = {0, 0};
    for (size_t i = 0; i < COUNT_OF(places); i++) {
        struct stat status;
        if (i == 2 && best) break;
        const char *path = places[i];
        if (stat(path, &status) != 0) continue;
        bool later = status.st_mtim.tv_sec > newest.tv_sec ||
                     (status.st_mtim.tv_sec == newest.tv_sec &&
                      status.st_mtim.tv_nsec > newest.tv_nsec);
        if (best && !later) continue;
        best = path;
        newest = status.st_mtim;
    }
    if (best == NULL)
        die(EX_NOINPUT, "no results of %s yet: `normlab run %s --quick` makes some",
            experiment, experiment);
    say("from %s", best);
    return grid_of(arena, best, experiment);
}
