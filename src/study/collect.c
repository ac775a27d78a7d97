/* The runs of a sweep gathered into one file. It carries its runs' identities, so every
 * number in a table or a figure leads to the run that made it. */
#include "sweep.h"

#include <math.h>
#include <string.h>

/* What a run's file has for the study. */
typedef struct Measured {
    bool there; /* it is finished */
    double score, test, train, train_evaluated, diverged;
    size_t facts;
    const char **name, **fact; /* [facts] of /provenance */
} Measured;

static double scalar(const Store *store, Arena *arena, const char *path) {
    Error error = {.set = false};
    size_t rank, size;
    const double *value = store_get_array(store, arena, path, 0, &rank, &size, &error);
    die_if(&error);
    return *value;
}

static Measured measured(Arena *arena, const Run *run, bool whole) {
    Error error = {.set = false};
    Store *store = run_open(arena, run, &error);
    if (error.set && whole) die(error.code, "%s: %s", run->path, error.message);
    const double none = (double)NAN;
    if (error.set) return (Measured){false, none, none, none, none, none, 0, NULL, NULL};
    Measured m = {.there = true,
                  .score = scalar(store, arena, "/summary/score"),
                  .test = scalar(store, arena, "/summary/test_error"),
                  .train = scalar(store, arena, "/summary/train_error"),
                  .train_evaluated =
                      scalar(store, arena, "/summary/train_error_evaluated"),
                  .diverged = scalar(store, arena, "/summary/diverged")};
    m.name = store_attributes(store, arena, "/provenance", &m.facts);
    m.fact = TAKE(arena, const char *, m.facts + 1);
    for (size_t i = 0; i < m.facts; i++) {
        const char *text = store_get_text(store, arena, "/provenance", m.name[i], &error);
        m.fact[i] = text ? text : "";
    }
    store_close(store);
    return m;
}

/* What others found is shown beside the same protocol alone, and apart from what was found on
 * the same data. */
static void put_published(Store *store, Arena *arena, const Sweep *sweep) {
    static const char *const axes[] = {"name", "at"};
    const Published *p = sweep->experiment->published;
    const char *protocol = experiment_own(sweep->experiment, &sweep->own, "protocol");
    if (p == NULL) return;
    if (p->protocol && protocol && strcmp(p->protocol, protocol) != 0) return;
    bool other = false;
    for (size_t i = 0; i < sweep->runs; i++)
        other |= strcmp(sweep->run[i].dataset->name, p->data) != 0;
    store_group(store, "/published", "the same question, answered elsewhere");
    store_text(store, "/published", "source", p->source);
    store_text(store, "/published", "data",
               other ? text_print(arena, "other data (%s)", p->data) : "the same data");
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

static const char *id_of(const Sweep *sweep, const Measured *all, size_t cell) {
    const size_t run = sweep->run_of[cell];
    return all[run].there ? sweep->run[run].id : "";
}

/* Of the runs that it has numbers of. */
static const char *sweep_identity(Arena *arena, const Sweep *sweep, const Measured *all) {
    Text ids = text_new(arena);
    char hex[DIGEST_LENGTH + 1];
    for (size_t i = 0; i < sweep->series * sweep->points * sweep->seeds; i++)
        text_add(&ids, "%s\n", id_of(sweep, all, i));
    digest_bytes(hex, ids.data, ids.length);
    return text_copy(arena, hex, 12);
}

static void put_head(Store *store, Arena *arena, const Sweep *sweep, const Measured *all,
                     size_t finished) {
    const Experiment *e = sweep->experiment;
    const char *protocol = experiment_own(e, &sweep->own, "protocol");
    store_text(store, "/", "experiment", e->name);
    store_text(store, "/", "study", sweep->name);
    store_text(store, "/", "question", e->question);
    store_text(store, "/", "recipe", sweep->recipe);
    store_text(store, "/", "changes", sweep->changes);
    store_text(store, "/", "protocol", protocol ? protocol : "");
    store_text(store, "/", "score", sweep->rule);
    store_text(store, "/", "along_label", e->along_label);
    store_text(store, "/", "identity", sweep_identity(arena, sweep, all));
    store_integer(store, "/", "quick", sweep->quick);
    store_integer(store, "/", "runs", (int64_t)sweep->runs);
    store_integer(store, "/", "finished", (int64_t)finished);
}

static void put_results(Store *store, Arena *arena, const Sweep *sweep,
                        const Measured *all) {
    static const char *const axes[] = {"series", "along", "seed"};
    size_t total = sweep->series * sweep->points * sweep->seeds;
    double *value[5];
    const char **id = TAKE(arena, const char *, total);
    for (size_t v = 0; v < COUNT_OF(value); v++) value[v] = TAKE(arena, double, total);
    for (size_t i = 0; i < total; i++) {
        const Measured *m = &all[sweep->run_of[i]];
        value[0][i] = m->score, value[1][i] = m->test, value[2][i] = m->train,
        value[3][i] = m->diverged, value[4][i] = m->train_evaluated;
        id[i] = id_of(sweep, all, i);
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
    if (sweep->along_is_text)
        store_scale_text(store, "/results", "along", sweep->along_text, sweep->points,
                         sweep->experiment->along_label);
    else
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

/* A fact of a run's; "" where it has none. */
static const char *fact_of(const Measured *m, const char *name) {
    for (size_t i = 0; i < m->facts; i++)
        if (strcmp(m->name[i], name) == 0) return m->fact[i];
    return "";
}

/* The different values of a fact over the runs, "Haswell (17 runs), Zen (13 runs)". */
static const char *values_of(Arena *arena, const Measured *all, size_t runs,
                             const char *name, size_t *different) {
    Text text = text_new(arena);
    *different = 0;
    for (size_t i = 0; i < runs; i++) {
        const char *value = fact_of(&all[i], name);
        size_t before = 0, count = 0;
        for (size_t k = 0; k < runs; k++) {
            const bool equal = strcmp(fact_of(&all[k], name), value) == 0;
            before += k < i && equal;
            count += equal;
        }
        if (before > 0) continue;
        text_add(&text, "%s%s (%zu run%s)", *different ? ", " : "", value, count,
                 count == 1 ? "" : "s");
        ++*different;
    }
    return text.data;
}

/* Runs whose arithmetic differs are not comparable to the last bits, and the last bits of
 * the first steps are the first digits of the last epoch's. */
static const char *mixture(Arena *arena, const Measured *all, size_t runs) {
    static const char *const deciding[] = {"blas_core", "blas_bits", "libc",
                                           "libm_bits", "compiler",  "flags"};
    Text text = text_new(arena);
    for (size_t i = 0; i < COUNT_OF(deciding); i++) {
        size_t different;
        const char *values = values_of(arena, all, runs, deciding[i], &different);
        if (different > 1)
            text_add(&text, "%s%s: %s", text.length ? "; " : "", deciding[i], values);
    }
    return text.data;
}

/* What computed the runs: the first run's facts, and where another differs. */
static void put_origin(Store *store, Arena *arena, const Measured *all, size_t runs) {
    store_group(store, "/provenance", "what computed the runs");
    for (size_t k = 0; k < all->facts; k++) {
        size_t different;
        const char *name = all->name[k];
        if (strcmp(name, "description") == 0) continue;
        values_of(arena, all, runs, name, &different);
        store_text(store, "/provenance", name,
                   different > 1
                       ? text_print(arena, "%s (not in every run)", all->fact[k])
                       : all->fact[k]);
    }
    const char *mixed = mixture(arena, all, runs);
    if (*mixed) store_text(store, "/", "mixed", mixed);
}

size_t collect(Arena *arena, const Sweep *sweep, const char *path, bool whole,
               Error *error) {
    Measured *all = TAKE(arena, Measured, sweep->runs),
             *finished = TAKE(arena, Measured, sweep->runs);
    bool *there = TAKE(arena, bool, sweep->runs);
    size_t count = 0;
    for (size_t i = 0; i < sweep->runs; i++) {
        all[i] = measured(arena, &sweep->run[i], whole);
        there[i] = all[i].there;
        if (there[i]) finished[count++] = all[i];
    }
    if (count == 0) return 0;
    Store *store = store_new(text_print(arena, "normlab %s%s", sweep->experiment->name,
                                        sweep->quick ? " (quick)" : ""));
    put_head(store, arena, sweep, all, count);
    put_results(store, arena, sweep, all);
    put_learned(store, arena, sweep, there);
    put_published(store, arena, sweep);
    put_origin(store, arena, finished, count);
    const bool saved = store_save(store, path, error);
    store_close(store);
    return saved ? count : 0;
}
