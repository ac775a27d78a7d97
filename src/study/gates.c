/* The gate of a study: what is known of its very samples without a network. Computed once for some
 * samples, kept beside the runs, and copied into what is collected. */
#include "gates.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* Of decoded data and of what is drawn of it, by whatever the gates are. */
static const char *path_of(Arena *arena, const Task *task, const Dataset *some,
                           const Config *config) {
    enum { LEARNERS = 2, DIGITS = 12 };
    char hex[DIGEST_LENGTH + 1];
    const bool drawn = config->split == SPLIT_SEED;
    const GateKind *kind[GATE_MOST];
    const size_t kinds = gate_fitting(kind, task, some);
    Text key = text_new(arena);
    text_add(&key, "%d %s %zu%s %s", LEARNERS, some->sha256, some->train.count,
             drawn ? text_print(arena, " seed %zu", config->seed) : "", task->kind->name);
    for (size_t i = 0; i < kinds; i++) text_add(&key, " %s", kind[i]->name);
    digest_bytes(hex, key.data, key.length);
    return place_out(arena, text_print(arena, "gates/%.*s.h5", DIGITS, hex));
}

/* ---- files ------------------------------------------------------------------------- */

static const char BLOCKS[] = "test_block", OLD_BLOCKS[] = "errors";

static double number_of(const GateScore *s, size_t field) {
    return field == 0 ? s->value : field == 1 ? s->decay : s->slope;
}

static const double *numbers(Arena *arena, const GateScore *s, size_t count,
                             size_t field) {
    double *value = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) value[i] = number_of(&s[i], field);
    return value;
}

static const double *blocks_of(Arena *arena, const GateScore *s, size_t count) {
    const size_t blocks = s[0].blocks;
    double *block = TAKE(arena, double, count *blocks + 1);
    for (size_t i = 0; i < count && blocks > 0; i++)
        memcpy(block + i * blocks, s[i].block, blocks * sizeof *block);
    return block;
}

const char *gates_group(Arena *arena, size_t point) {
    return text_print(arena, "/gate_%zu", point);
}

void gates_write(Store *store, Arena *arena, const char *group, const Gates *g,
                 const double *seed) {
    Table t =
        table_new(arena, group, "what is known of the same samples without a network");
    const size_t blocks = g->score[0].blocks, count = g->seeds * g->kinds;
    const char *over = g->seeds > 1 ? "seed baseline" : "baseline";
    const char **name = TAKE(arena, const char *, g->kinds),
               **title = TAKE(arena, const char *, g->kinds);
    for (size_t i = 0; i < g->kinds; i++)
        name[i] = g->score[i].name, title[i] = g->score[i].title;
    if (g->seeds > 1) table_scale(&t, "seed", "whose samples", seed, g->seeds);
    table_scale_text(&t, "baseline", "who was asked", name, g->kinds);
    table_texts(&t, "title", "what that is called", "baseline", title);
    table_numbers(&t, g->metric->name, text_print(arena, "test, %s", g->metric->title),
                  over, numbers(arena, g->score, count, 0))
        ->units = g->metric->unit;
    table_numbers(&t, "decay", "weight decay, where a loss was minimized", over,
                  numbers(arena, g->score, count, 1));
    table_numbers(&t, "slope", "largest element of the gradient at the end", over,
                  numbers(arena, g->score, count, 2));
    if (blocks > 0) {
        table_index(&t, "block", "whole blocks of test samples, in their order", blocks);
        table_numbers(&t, BLOCKS, "the same of each block",
                      text_print(arena, "%s block", over),
                      blocks_of(arena, g->score, count));
    }
    t.plot = g->metric->name;
    table_write(&t, store);
}

/* Of the older name, too. */
static const Field *find_blocks(const Table *t, const Field *of, size_t count) {
    const Field *f = table_find(t, BLOCKS);
    if (f == NULL) f = table_find(t, OLD_BLOCKS);
    return f && f->rank == of->rank + 1 && f->number && field_count(f) % count == 0
               ? f
               : NULL;
}

/* What an older file does not say the registry may. */
static const char *title_of(const Table *t, const char *name, size_t kind) {
    const Field *title = table_find(t, "title");
    if (title && title->text && kind < field_count(title)) return title->text[kind];
    const GateKind *known = gate_find(name);
    return known ? known->title : name;
}

const Gates *gates_read(const Store *store, Arena *arena, const char *group,
                        const TaskMetric *metric, BaseError *error) {
    const Table t = table_read(store, arena, group, error);
    const Field *of = error->set ? NULL : table_find(&t, metric->name);
    if (of == NULL) return NULL;
    Gates *g = TAKE(arena, Gates, 1);
    *g = (Gates){.metric = metric, .seeds = of->rank == 2 ? of->size[0] : 1};
    const char *const *name = table_names(&t, "baseline", &g->kinds, error);
    const size_t count = g->seeds * g->kinds;
    if (!error->set && count == 0)
        base_fail(error, EX_DATAERR, 0, "%s is of nothing", group);
    const double *value = table_array(&t, metric->name, count, error),
                 *decay = table_array(&t, "decay", count, error),
                 *slope = table_array(&t, "slope", count, error);
    if (error->set) return NULL;
    const Field *all = find_blocks(&t, of, count);
    const size_t blocks = all ? field_count(all) / count : 0;
    GateScore *score = ZERO(arena, GateScore, count);
    for (size_t i = 0; i < count; i++) {
        const size_t kind = i % g->kinds;
        score[i] = (GateScore){.name = name[kind],
                               .title = title_of(&t, name[kind], kind),
                               .value = value[i],
                               .blocks = blocks,
                               .block = all ? all->number + i * blocks : NULL,
                               .decay = decay[i],
                               .slope = slope[i]};
    }
    g->score = score;
    return g;
}

/* ---- of seeds ------------------------------------------------------------------------ */

const GateScore *gates_at(const Gates *g, size_t seed) {
    return g->score + (g->seeds > 1 ? seed : 0) * g->kinds;
}

double gates_mean(const Gates *g, size_t i) {
    double sum = 0;
    for (size_t k = 0; k < g->seeds; k++) sum += g->score[k * g->kinds + i].value;
    return sum / (double)g->seeds;
}

Gates *gates_join(Arena *arena, const Gates *const *one, size_t seeds) {
    Gates *all = TAKE(arena, Gates, 1);
    *all = *one[0];
    all->seeds = seeds;
    GateScore *score = TAKE(arena, GateScore, seeds * all->kinds);
    for (size_t k = 0; k < seeds; k++)
        memcpy(score + k * all->kinds, one[k]->score, all->kinds * sizeof *score);
    all->score = score;
    return all;
}

/* ---- computed once ------------------------------------------------------------------- */

static const Gates *read_kept(Arena *arena, const char *path, const TaskMetric *metric) {
    BaseError quiet = {.set = false};
    if (access(path, F_OK) != 0) return NULL;
    Store *store = store_open(path, &quiet);
    const Gates *g = store && store_is_sealed(store)
                         ? gates_read(store, arena, "/gate", metric, &quiet)
                         : NULL;
    store_close(store);
    return quiet.set ? NULL : g;
}

/* Where they cannot be kept they are computed again. */
static void keep(Arena *arena, const char *path, const Gates *g) {
    BaseError quiet = {.set = false};
    Store *store = store_new("normlab gate");
    gates_write(store, arena, "/gate", g, NULL);
    if (place_folder(place_out(arena, "gates"), &quiet)) store_save(store, path, &quiet);
    store_close(store);
    if (quiet.set) say("%s", quiet.message);
}

static GateScore ask(Arena *arena, const GateKind *kind, const Task *task,
                     const Dataset *data) {
    Arena *own = arena_new();
    double metric[TASK_MOST_METRICS];
    const size_t blocks = data->test.count / task_block(data->test.count);
    double *block = TAKE(arena, double, blocks + 1);
    const Gate gate = gate_fit(own, kind, task, data);
    gate_judge(&gate, &data->test, metric, block);
    const GateScore score = {.name = kind->name,
                             .title = kind->title,
                             .value = metric[0],
                             .blocks = blocks,
                             .block = block,
                             .decay = gate.decay,
                             .slope = gate.slope};
    arena_free(own);
    return score;
}

const Gates *gates_of(Arena *arena, const Dataset *dataset, const Config *config,
                      BaseError *error) {
    BaseError quiet = {.set = false};
    Task *task = TAKE(arena, Task, 1);
    const GateKind *kind[GATE_MOST];
    if (config->labels == LABELS_RANDOM) return NULL; /* there is nothing to be known */
    if (dataset->test.count == 0 || dataset->val.count == 0 ||
        !task_bind(task, config->task, dataset, &quiet))
        return NULL;
    const Dataset *some = config_data(arena, config, dataset, error);
    const size_t kinds = some ? gate_fitting(kind, task, some) : 0;
    if (kinds == 0) return NULL;
    const char *path = path_of(arena, task, some, config);
    const Gates *kept = read_kept(arena, path, &task->metric[0]);
    if (kept) return kept;
    GateScore *score = TAKE(arena, GateScore, kinds);
    for (size_t i = 0; i < kinds; i++) score[i] = ask(arena, kind[i], task, some);
    Gates *g = TAKE(arena, Gates, 1);
    *g = (Gates){&task->metric[0], 1, kinds, score};
    keep(arena, path, g);
    return g;
}
