/* Collected files read back: the numbers of a study, and which file they are in. */
#include "arguments.h"
#include "gates.h"
#include "spec.h"
#include "study.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

typedef struct Reader {
    Store *store;
    Arena *arena;
    BaseError error;
} Reader;

/* What the file says of itself; older ones do not say all. */
static void read_head(Reader *r, Grid *g) {
    const Table head = table_read(r->store, r->arena, "/", &r->error);
    const struct {
        const char *name, **to, *otherwise;
    } fact[] = {{"experiment", &g->experiment, NULL},
                {"question", &g->question, NULL},
                {"recipe", &g->recipe, NULL},
                {"changes", &g->changes, NULL},
                {"protocol", &g->protocol, NULL},
                {"along_label", &g->along_label, NULL},
                {"identity", &g->identity, NULL},
                {"score", &g->rule, "median(5)"},     /* before there was a choice */
                {"metric", &g->metric.name, "error"}, /* nor of metrics */
                {"metric_title", &g->metric.title, "share of images misclassified"},
                {"metric_unit", &g->metric.unit, "1"},
                {"metric_score", &g->score_name, "score"},
                {"mixed", &g->mixed, ""}};
    for (size_t i = 0; i < COUNT_OF(fact); i++) {
        *fact[i].to = table_fact(&head, fact[i].name, fact[i].otherwise);
        if (*fact[i].to == NULL)
            base_fail(&r->error, EX_DATAERR, 0, "%s: / has no '%s'", g->path,
                      fact[i].name);
    }
    g->edited = !store_is_sealed(r->store);
    g->metric.rises = strcmp(table_fact(&head, "metric_rises", "0"), "0") != 0;
    g->metric.share = strcmp(table_fact(&head, "metric_share", "1"), "0") != 0;
    g->quick = strcmp(table_fact(&head, "quick", "0"), "0") != 0;
    text_to_count(table_fact(&head, "runs", "0"), &g->runs);
    text_to_count(table_fact(&head, "finished", "0"), &g->finished);
    const char *own = g->quick ? STUDY_QUICK : "",
               *name = table_fact(&head, "study", own);
    g->study = study_is_name(name) ? name : own; /* it is part of paths */
    die_if(&r->error);
}

/* Numbers, or words that stand side by side. */
static void read_along(Reader *r, const Table *t, Grid *g) {
    const Field *f = table_find(t, "along");
    g->along_is_number = f && f->number;
    if (g->along_is_number) {
        g->along = table_list(t, "along", &g->points, &r->error);
        die_if(&r->error);
        g->along_text = text_numbers(r->arena, g->along, g->points, 12);
        return;
    }
    g->along_text = table_names(t, "along", &g->points, &r->error);
    double *place = TAKE(r->arena, double, g->points + 1);
    for (size_t j = 0; j < g->points; j++) place[j] = (double)j;
    g->along = place;
}

/* "" where an older file has no such. */
static const char *const *texts_of(Reader *r, const Table *t, const char *name,
                                   size_t count) {
    const Field *f = table_find(t, name);
    if (f && f->text && field_count(f) == count) return f->text;
    const char **none = TAKE(r->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++) none[i] = "";
    return none;
}

static void read_blocks(Reader *r, const Table *t, Grid *g, size_t cells) {
    const char *name = "test_block";
    if (table_find(t, "block") == NULL || table_find(t, name) == NULL) return;
    table_list(t, "block", &g->blocks, &r->error);
    g->test_block = table_array(t, name, cells * g->blocks, &r->error);
}

static void read_results(Reader *r, Grid *g) {
    BaseError *error = &r->error;
    Table *results = TAKE(r->arena, Table, 1);
    *results = table_read(r->store, r->arena, "/results", error);
    const Table t = *results;
    g->results = results;
    g->name = table_names(&t, "series", &g->series, error);
    g->seed = table_list(&t, "seed", &g->seeds, error);
    read_along(r, &t, g);
    const size_t total = g->series * g->points * g->seeds;
    const char *metric = g->metric.name,
               *trained = text_print(r->arena, "train_%s_evaluated", metric);
    g->score = table_array(&t, g->score_name, total, error);
    g->test = table_array(&t, text_print(r->arena, "test_%s", metric), total, error);
    g->diverged = table_array(&t, "diverged", total, error);
    g->same = table_array(&t, "same", g->series, error);
    g->rank = table_array(&t, "kind", g->series, error);
    double *none = TAKE(r->arena, double, total + 1); /* older files have no such */
    for (size_t i = 0; i < total; i++) none[i] = (double)NAN;
    g->run = texts_of(r, &t, "run", total);
    g->claims = texts_of(r, &t, "claims", total);
    read_blocks(r, &t, g, total);
    g->train = table_find(&t, trained) ? table_array(&t, trained, total, error) : none;
    die_if(error);
}

static void read_published(Reader *r, Grid *g) {
    const Table t = table_read(r->store, r->arena, "/published", &r->error);
    if (t.fields == 0) return;
    g->published = table_fact(&t, "source", "");
    g->published_data = table_fact(&t, "data", "other data");
    g->published_name = table_names(&t, "name", &g->published_series, &r->error);
    g->published_at = table_list(&t, "at", &g->published_points, &r->error);
    g->published_value =
        table_array(&t, "error", g->published_series * g->published_points, &r->error);
}

static const Gates *read_gate(Reader *r, const Grid *g, const char *group) {
    const Gates *gate = gates_read(r->store, r->arena, group, &g->metric, &r->error);
    if (gate && gate->seeds > 1 && gate->seeds != g->seeds)
        base_fail(&r->error, EX_DATAERR, 0, "%s: %s is of %zu seeds, not of %zu", g->path,
                  group, gate->seeds, g->seeds);
    return gate;
}

/* Of all columns, or of each. */
static void read_gates(Reader *r, Grid *g) {
    const char *first = gates_group(r->arena, 0);
    g->gate = store_has(r->store, "/gate") ? read_gate(r, g, "/gate") : NULL;
    if (!store_has(r->store, first)) return;
    const Gates **of = TAKE(r->arena, const Gates *, g->points + 1);
    for (size_t j = 0; j < g->points; j++) {
        of[j] = read_gate(r, g, gates_group(r->arena, j));
        if (of[j] == NULL) return;
    }
    g->gate_of = of;
}

const Gates *grid_gate(const Grid *g, size_t point) {
    return g->gate_of ? g->gate_of[point] : g->gate;
}

const Grid *grid_read(Arena *arena, const char *path) {
    Reader r = {.arena = arena};
    Grid *g = ZERO(arena, Grid, 1);
    r.store = store_open(path, &r.error);
    die_if(&r.error);
    g->path = path;
    read_head(&r, g);
    read_results(&r, g);
    read_published(&r, g);
    die_if(&r.error);
    read_gates(&r, g);
    die_if(&r.error);
    g->learned = grid_learned(r.store, arena, g, &g->learned_count);
    store_close(r.store);
    return g;
}

/* Whether the recipe has runs that are their start. */
static bool has_starts(Arena *arena, const Grid *g) {
    size_t count = 0;
    const char *epochs = grid_setting(arena, g, "epochs");
    const char *const *one = epochs ? spec_list(arena, epochs, &count) : NULL;
    for (size_t i = 0; i < count; i++)
        if (strcmp(one[i], "0") == 0) return true;
    return false;
}

const char *const *grid_notes(Arena *arena, const Grid *g) {
    const char **note = ZERO(arena, const char *, 7), *gate = study_gate(arena, g);
    size_t count = 0;
    if (gate) note[count++] = gate;
    if (g->finished < g->runs)
        note[count++] =
            text_print(arena, "Not finished: %zu of %zu runs", g->finished, g->runs);
    if (has_starts(arena, g))
        note[count++] =
            "Runs of no epochs are their start, and have no score of their own";
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
    const char **line[] = {&g->experiment,   &g->question,   &g->along_label,
                           &g->protocol,     &g->changes,    &g->identity,
                           &g->rule,         &g->mixed,      &g->metric.name,
                           &g->metric.title, &g->metric.unit};
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

/* ---- the recipe ------------------------------------------------------------------- */

const char *grid_setting(Arena *arena, const Grid *g, const char *key) {
    const size_t length = strlen(key);
    for (const char *line = g->recipe; *line; line += strspn(line, "\n")) {
        const size_t end = strcspn(line, "\n");
        if (strncmp(line, key, length) == 0 && line[length] == '=')
            return text_copy(arena, line + length + 1, end - length - 1);
        line += end;
    }
    return NULL;
}

const char *grid_single(Arena *arena, const Grid *g, const char *key) {
    size_t count = 0;
    const char *value = grid_setting(arena, g, key);
    if (value) spec_list(arena, value, &count);
    return count == 1 ? value : NULL;
}

/* ---- the metric ------------------------------------------------------------------- */

double grid_scale(const Grid *g) {
    return g->metric.share ? 100.0 : 1.0;
}

const char *grid_unit(const Grid *g) {
    if (g->metric.share) return "%";
    return strcmp(g->metric.unit, "1") == 0 ? "" : g->metric.unit;
}

/* "gradients growth" */
static const char *number_label(Arena *arena, const char *name) {
    char *words = text_copy(arena, name, strlen(name));
    for (char *c = words; *c; c++)
        if (*c == '_') *c = ' ';
    return words;
}

const char *grid_label(Arena *arena, const Grid *g, const char *between) {
    const char *unit = grid_unit(g);
    if (g->shown)
        return text_print(arena, "%s%s%s", number_label(arena, g->number),
                          *unit ? ", " : "", unit);
    return text_print(arena, "validation %s%s%s%s%s", g->metric.name,
                      *between ? ", " : "", between, *unit ? ", " : "", unit);
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
                   .recipe = "",
                   .changes = "",
                   .study = "",
                   .rule = "",
                   .metric = {"", "", "", false, false},
                   .mixed = ""};
    return grid;
}

Table grid_table(const Grid *grid, Arena *arena, const char *group) {
    BaseError error = {.set = false};
    Store *store = store_open(grid->path, &error);
    die_if(&error);
    const Table t = table_read(store, arena, group, &error);
    store_close(store);
    die_if(&error);
    return t;
}

/* What is drawn and printed must be what was asked for. */
static const Grid *grid_of(Arena *arena, const char *path, const Experiment *e) {
    if (e->measure) return grid_measured(arena, e, path);
    const Grid *grid = grid_read(arena, path);
    if (strcmp(grid->experiment, e->name) != 0)
        die(EX_DATAERR, "%s holds results of experiment '%s'; those of %s are expected",
            path, text_clip(arena, grid->experiment), e->name);
    grid_warn(grid_plain(arena, grid));
    return grid_shown(arena, grid, e);
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
        die(EX_NOINPUT, "no study '%s@%s'%s%s%s", e->name, word,
            *others ? "; there are " : "", others,
            access(place_out(arena, "runs"), F_OK) == 0 && !is_published
                ? "; runs of one that was killed are collected by the same `normlab run`"
                : "");
    if (path == NULL)
        die(EX_NOINPUT, "no results of %s yet: `normlab %s` makes some%s%s", e->name,
            experiment_command(arena, e),
            *others ? "; under other settings there are " : "", others);
    say("from %s%s%s", path, *others ? "; there are also " : "", others);
    return grid_of(arena, path, e);
}
