/* The runs of a sweep gathered into one file. It carries its runs' identities, so every
 * number in a table or a figure leads to the run that made it. */
#include "gates.h"
#include "judged.h"
#include "ledger.h"
#include "sweep.h"
#include "tuning.h"

#include <math.h>
#include <string.h>

/* What others found is shown beside the same protocol alone, and apart from what was found on
 * the same data. */
static void put_published(Store *store, Arena *arena, const Sweep *sweep) {
    const Published *p = sweep->experiment->published;
    if (p == NULL) return;
    if (p->protocol && *sweep->protocol && strcmp(p->protocol, sweep->protocol) != 0)
        return;
    bool other = false;
    for (size_t i = 0; i < sweep->runs; i++)
        other |= strcmp(sweep->run[i].dataset->name, p->data) != 0;
    Table t = table_new(arena, "/published", "the same question, answered elsewhere");
    table_scale_text(&t, "name", "as the source names them", p->name, p->series);
    table_scale(&t, "at", "as along", p->at, p->points);
    table_numbers(&t, "error", "published error", "name at", p->value)->units = "percent";
    table_write(&t, store);
    store_text(store, "/published", "source", p->source);
    store_text(store, "/published", "data",
               other ? text_print(arena, "other data (%s)", p->data) : "the same data");
}

static size_t series_rank(Arena *arena, const Sweep *sweep, size_t series) {
    size_t run = sweep->run_of[series * sweep->points * sweep->seeds];
    BaseError error = {.set = false};
    NetNorms norms;
    net_norms_read(arena, sweep->run[run].config.norm, &norms, &error);
    die_if(&error);
    return norm_rank(norm_new(arena, norms.all, 0, &error));
}

/* What each cell has to say; NULL: nothing yet. */
static const Record *const *cells_of(Arena *arena, const Sweep *sweep,
                                     const Record *const *record) {
    const size_t cells = sweep->series * sweep->points * sweep->seeds;
    const Record **cell = TAKE(arena, const Record *, cells + 1);
    for (size_t i = 0; i < cells; i++) {
        const size_t run = sweep->run_of[i];
        cell[i] = record[run] ? judged_record(arena, sweep, &sweep->run[run], record[run],
                                              &sweep->judging[i / sweep->seeds])
                              : NULL;
    }
    return cell;
}

static const char *id_of(const Sweep *sweep, const Record *const *cell, size_t i) {
    return cell[i] ? sweep->run[sweep->run_of[i]].id : "";
}

/* Of the runs that it has numbers of, and of how they are judged. */
static const char *sweep_identity(Arena *arena, const Sweep *sweep,
                                  const Record *const *cell) {
    Text ids = text_new(arena);
    char hex[DIGEST_LENGTH + 1];
    for (size_t i = 0; i < sweep->series * sweep->points * sweep->seeds; i++) {
        const Judging *j = &sweep->judging[i / sweep->seeds];
        text_add(&ids, "%s%s%s%s%s\n", id_of(sweep, cell, i), j->mode ? " " : "",
                 j->mode ? j->mode : "", j->input ? " " : "", j->input ? j->input : "");
    }
    digest_bytes(hex, ids.data, ids.length);
    return text_copy(arena, hex, 12);
}

static void put_head(Store *store, Arena *arena, const Sweep *sweep,
                     const Record *const *cell, size_t finished) {
    const Experiment *e = sweep->experiment;
    store_text(store, "/", "experiment", e->name);
    store_text(store, "/", "study", sweep->name);
    store_text(store, "/", "question", e->question);
    store_text(store, "/", "recipe", sweep->recipe);
    store_text(store, "/", "changes", sweep->changes);
    store_text(store, "/", "protocol", sweep->protocol);
    store_text(store, "/", "score", sweep->rule);
    store_text(store, "/", "metric", sweep->metric.name);
    store_text(store, "/", "metric_title", sweep->metric.title);
    store_text(store, "/", "metric_unit", sweep->metric.unit);
    store_text(store, "/", "metric_score", sweep->metric_score);
    store_integer(store, "/", "metric_rises", sweep->metric.rises);
    store_integer(store, "/", "metric_share", sweep->metric.share);
    store_text(store, "/", "along_label", e->along_label);
    store_text(store, "/", "identity", sweep_identity(arena, sweep, cell));
    store_integer(store, "/", "quick", sweep->quick);
    store_integer(store, "/", "runs", (int64_t)sweep->runs);
    store_integer(store, "/", "finished", (int64_t)finished);
}

void sweep_scales(Table *t, const Sweep *sweep) {
    const char *along = sweep->experiment->along_label;
    table_scale_text(t, "series", "normalizer", sweep->series_name, sweep->series);
    if (sweep->along_is_text)
        table_scale_text(t, "along", along, sweep->along_text, sweep->points);
    else
        table_scale(t, "along", along, sweep->along, sweep->points);
    table_scale(t, "seed", "seed", sweep->seed, sweep->seeds);
}

/* One number of every run, as all have it in their summary. */
static void add_results(Table *t, const Sweep *sweep, const Record *const *cell,
                        const char *name) {
    const size_t cells = sweep->series * sweep->points * sweep->seeds;
    const Field **from = TAKE(t->arena, const Field *, cells);
    for (size_t i = 0; i < cells; i++) {
        const Record *r = cell[i];
        from[i] = r ? table_find(&r->summary, name) : NULL;
    }
    table_stack(t, from, "series along seed", "");
}

/* Where the runs have them: the errors in blocks of test samples. */
static void add_blocks(Table *t, const Sweep *sweep, const Record *const *cell,
                       const Record *like) {
    const size_t cells = sweep->series * sweep->points * sweep->seeds;
    const Field *one = table_find(&like->blocks, "test"),
                **from = TAKE(t->arena, const Field *, cells);
    if (one == NULL || one->number == NULL || one->rank != 1) return;
    for (size_t i = 0; i < cells; i++) {
        const Record *r = cell[i];
        from[i] = r ? table_find(&r->blocks, "test") : NULL;
    }
    table_index(t, "block", "blocks of test samples, in their order", one->size[0]);
    Field *all = table_stack(t, from, "series along seed", "block");
    all->name = "test_block", all->units = one->units ? one->units : "1";
}

/* Of rows that are trials. */
static void put_arms(Table *t, const Sweep *sweep) {
    const Tuning *tuning = sweep->tuning;
    const char **arm = TAKE(t->arena, const char *, sweep->series);
    for (size_t i = 0; i < sweep->series; i++) arm[i] = tuning->arm[tuning->arm_of[i]];
    table_texts(t, "arm", "each has as many trials; the best by score is chosen",
                "series", arm);
}

/* `like`: a run that is finished. */
static void put_results(Store *store, Arena *arena, const Sweep *sweep,
                        const Record *const *cell, const Record *like) {
    const size_t cells = sweep->series * sweep->points * sweep->seeds;
    const char **id = TAKE(arena, const char *, cells);
    const char **claims = TAKE(arena, const char *, cells);
    double *same = TAKE(arena, double, sweep->series),
           *rank = TAKE(arena, double, sweep->series);
    Table t =
        table_new(arena, "/results", "one value for each normalizer, point and seed");
    sweep_scales(&t, sweep);
    for (size_t i = 0; i < like->summary.fields; i++)
        if (like->summary.field[i].rank == 0 && like->summary.field[i].number)
            add_results(&t, sweep, cell, like->summary.field[i].name);
    for (size_t i = 0; i < sweep->series; i++) {
        same[i] = sweep->same[i];
        rank[i] = (double)series_rank(arena, sweep, i);
    }
    for (size_t i = 0; i < cells; i++) {
        const Record *r = cell[i];
        id[i] = id_of(sweep, cell, i);
        claims[i] = ledger_digests_for(arena, sweep->ledger,
                                       r ? table_fact(&r->provenance, "claims", "") : "",
                                       sweep->experiment->name);
    }
    if (sweep->tuning) put_arms(&t, sweep);
    table_numbers(&t, "same", "1: one and the same computation at every point", "series",
                  same);
    table_numbers(&t, "kind", "place of the normalizer in the registry: its colour",
                  "series", rank);
    add_blocks(&t, sweep, cell, like);
    table_texts(&t, "run", "identity of the run", "series along seed", id);
    table_texts(&t, "claims", "digests of the claims that the run was made for",
                "series along seed", claims);
    t.plot = "score";
    table_write(&t, store);
}

/* The different values of a fact over the runs, "Haswell (17 runs), Zen (13 runs)". */
static const char *values_of(Arena *arena, const Record *const *all, size_t runs,
                             const char *name, size_t *different) {
    Text text = text_new(arena);
    *different = 0;
    for (size_t i = 0; i < runs; i++) {
        const char *value = table_fact(&all[i]->provenance, name, "");
        size_t before = 0, count = 0;
        for (size_t k = 0; k < runs; k++) {
            const bool equal =
                strcmp(table_fact(&all[k]->provenance, name, ""), value) == 0;
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
static const char *mixture(Arena *arena, const Record *const *all, size_t runs) {
    size_t different;
    const char *values = values_of(arena, all, runs, "bits", &different);
    return different > 1 ? text_print(arena, "bits: %s", values) : "";
}

static bool same_samples(const Run *a, const Run *b) {
    const Config *x = &a->config, *y = &b->config;
    return a->dataset == b->dataset && x->images == y->images && x->split == y->split &&
           x->labels == y->labels && x->task == y->task;
}

static const Run *run_at(const Sweep *sweep, size_t series, size_t point, size_t seed) {
    const size_t cell = (series * sweep->points + point) * sweep->seeds + seed;
    return &sweep->run[sweep->run_of[cell]];
}

/* Whether all rows of a column, in all seeds, are trained on the samples of one run. */
static bool column_is_of(const Sweep *sweep, size_t point, const Run *run) {
    for (size_t i = 0; i < sweep->series; i++)
        for (size_t k = 0; k < sweep->seeds; k++)
            if (!same_samples(run_at(sweep, i, point, k), run)) return false;
    return true;
}

/* What runs of this column must beat; NULL: no gate fits. */
static const Gates *column_gate(Arena *arena, const Sweep *sweep, size_t point) {
    BaseError error = {.set = false};
    const bool drawn = run_at(sweep, 0, point, 0)->config.split == SPLIT_SEED;
    const size_t seeds = drawn ? sweep->seeds : 1;
    const Gates **one = TAKE(arena, const Gates *, seeds);
    for (size_t k = 0; k < seeds; k++) {
        const Run *run = run_at(sweep, 0, point, k);
        one[k] = gates_of(arena, run->dataset, &run->config, &error);
        die_if(&error);
        if (one[k] == NULL) return NULL;
    }
    return gates_join(arena, one, seeds);
}

/* Of the samples that all runs of a seed are trained on, or all of a column, where these are the same,
 * and some run is trained at all. */
static void put_gate(Store *store, Arena *arena, const Sweep *sweep) {
    const Run *first = &sweep->run[0];
    bool trained = false;
    for (size_t i = 0; i < sweep->runs; i++) trained |= sweep->run[i].config.epochs > 0;
    if (!trained) return;
    bool all = true;
    for (size_t j = 0; j < sweep->points; j++) {
        all = all && column_is_of(sweep, j, first);
        if (!column_is_of(sweep, j, run_at(sweep, 0, j, 0))) return;
    }
    for (size_t j = 0; j < (all ? 1 : sweep->points); j++) {
        const Gates *gate = column_gate(arena, sweep, j);
        if (gate == NULL) return;
        gates_write(store, arena, all ? "/gate" : gates_group(arena, j), gate,
                    sweep->seed);
    }
}

/* What computed the runs: the first run's facts, and where another differs. */
static void put_origin(Store *store, Arena *arena, const Record *const *all,
                       size_t runs) {
    const Table *first = &all[0]->provenance;
    store_group(store, "/provenance", "what computed the runs");
    for (size_t k = 0; k < first->facts; k++) {
        size_t different;
        const char *name = first->fact[k].name, *value = first->fact[k].value;
        if (strcmp(name, "description") == 0 || strcmp(name, "claims") == 0) continue;
        values_of(arena, all, runs, name, &different);
        store_text(store, "/provenance", name,
                   different > 1 ? text_print(arena, "%s (not in every run)", value)
                                 : value);
    }
    const char *mixed = mixture(arena, all, runs);
    if (*mixed) store_text(store, "/", "mixed", mixed);
}

size_t collect(Arena *arena, const Sweep *sweep, const char *path, bool whole,
               BaseError *error) {
    const Record **record = TAKE(arena, const Record *, sweep->runs),
                 **finished = TAKE(arena, const Record *, sweep->runs);
    size_t count = 0;
    for (size_t i = 0; i < sweep->runs; i++) {
        BaseError why = {.set = false};
        record[i] = run_read(arena, &sweep->run[i], &why);
        if (why.set && whole) die(why.code, "%s: %s", sweep->run[i].path, why.message);
        if (record[i]) finished[count++] = record[i];
    }
    size_t told = 0;
    const Record *const *cell = cells_of(arena, sweep, record);
    for (size_t i = 0; i < sweep->series * sweep->points * sweep->seeds; i++)
        told += cell[i] != NULL;
    if (told == 0) return 0;
    Store *store = store_new(text_print(arena, "normlab %s%s", sweep->experiment->name,
                                        sweep->quick ? " (quick)" : ""));
    put_head(store, arena, sweep, cell, count);
    put_results(store, arena, sweep, cell, finished[0]);
    if (!judged_wanted(sweep)) curves_collect(store, arena, sweep, record);
    learned_write(store, arena, sweep, record);
    if (!judged_wanted(sweep)) probed_collect(store, arena, sweep, record);
    pictures_collect(store, arena, sweep, record, finished[0]);
    put_published(store, arena, sweep);
    if (whole) put_gate(store, arena, sweep);
    put_origin(store, arena, finished, count);
    const bool saved = store_save(store, path, error);
    store_close(store);
    return saved ? count : 0;
}
