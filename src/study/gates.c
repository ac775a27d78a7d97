/* The gate of a study: what softmax regression and nearest neighbours make of its very images.
 * Computed once for some images, kept beside the runs, and copied into what is collected. */
#include "gates.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* Of decoded data and of what is drawn of it, by whatever the learners are. */
static const char *path_of(Arena *arena, const Dataset *some, const Config *config) {
    enum { LEARNERS = 1, DIGITS = 12 };
    char hex[DIGEST_LENGTH + 1];
    const bool drawn = config->split == SPLIT_SEED;
    const char *key =
        text_print(arena, "%d %s %zu%s", LEARNERS, some->sha256, some->train.count,
                   drawn ? text_print(arena, " seed %zu", config->seed) : "");
    digest_bytes(hex, key, strlen(key));
    return place_out(arena, text_print(arena, "gates/%.*s.h5", DIGITS, hex));
}

/* ---- files ------------------------------------------------------------------------- */

static double number_of(const Baseline *b, size_t field) {
    return field == 0 ? b->error : field == 1 ? b->decay : b->slope;
}

static const double *numbers(Arena *arena, const Baseline *b, size_t count,
                             size_t field) {
    double *value = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) value[i] = number_of(&b[i], field);
    return value;
}

static const double *blocks_of(Arena *arena, const Baseline *b, size_t count) {
    const size_t blocks = b[0].blocks;
    double *block = TAKE(arena, double, count *blocks + 1);
    for (size_t i = 0; i < count && blocks > 0; i++)
        memcpy(block + i * blocks, b[i].block, blocks * sizeof *block);
    return block;
}

void gates_write(Store *store, Arena *arena, const Baseline *b, const double *seed,
                 size_t seeds) {
    Table t =
        table_new(arena, "/gate", "what is known of the same images without a network");
    const size_t blocks = b[0].blocks, count = seeds * BASELINES;
    const char *over = seeds > 1 ? "seed baseline" : "baseline";
    if (seeds > 1) table_scale(&t, "seed", "whose images", seed, seeds);
    table_scale_text(&t, "baseline", "who was asked", baseline_names, BASELINES);
    table_numbers(&t, "error", "share of test images misclassified", over,
                  numbers(arena, b, count, 0));
    table_numbers(&t, "decay", "weight decay that was best on validation images", over,
                  numbers(arena, b, count, 1));
    table_numbers(&t, "slope", "largest element of the gradient at the end", over,
                  numbers(arena, b, count, 2));
    if (blocks > 0) {
        table_index(&t, "block", "whole blocks of test images, in their order", blocks);
        table_numbers(&t, "errors", "share misclassified in each block",
                      text_print(arena, "%s block", over), blocks_of(arena, b, count));
    }
    table_write(&t, store);
}

const Baseline *gates_read(const Store *store, Arena *arena, size_t *seeds,
                           BaseError *error) {
    const Table t = table_read(store, arena, "/gate", error);
    const Field *of = error->set ? NULL : table_find(&t, "error"),
                *errors = table_find(&t, "errors");
    if (of == NULL) return NULL;
    *seeds = of->rank == 2 ? of->size[0] : 1;
    const size_t count = *seeds * BASELINES;
    const double *value = table_array(&t, "error", count, error),
                 *decay = table_array(&t, "decay", count, error),
                 *slope = table_array(&t, "slope", count, error);
    Baseline *b = ZERO(arena, Baseline, count + 1);
    for (size_t i = 0; !error->set && i < count; i++) {
        b[i].error = value[i], b[i].decay = decay[i], b[i].slope = slope[i];
        if (errors == NULL || errors->rank != of->rank + 1 || errors->number == NULL ||
            field_count(errors) % count != 0)
            continue;
        b[i].blocks = field_count(errors) / count;
        b[i].block = TAKE(arena, double, b[i].blocks + 1);
        memcpy(b[i].block, errors->number + i * b[i].blocks,
               b[i].blocks * sizeof *b[i].block);
    }
    return error->set ? NULL : b;
}

/* ---- of a grid ---------------------------------------------------------------------- */

const Baseline *gates_at(const Grid *g, size_t seed) {
    return g->gate + (g->gates > 1 ? seed : 0) * BASELINES;
}

double gates_mean(const Grid *g, size_t i) {
    double sum = 0;
    for (size_t k = 0; k < g->gates; k++) sum += g->gate[k * BASELINES + i].error;
    return sum / (double)g->gates;
}

/* ---- computed once ------------------------------------------------------------------- */

static const Baseline *read_kept(Arena *arena, const char *path) {
    BaseError quiet = {.set = false};
    size_t seeds;
    if (access(path, F_OK) != 0) return NULL;
    Store *store = store_open(path, &quiet);
    const Baseline *b =
        store && store_is_sealed(store) ? gates_read(store, arena, &seeds, &quiet) : NULL;
    store_close(store);
    return quiet.set ? NULL : b;
}

/* Where they cannot be kept they are computed again. */
static void keep(Arena *arena, const char *path, const Baseline *b) {
    BaseError quiet = {.set = false};
    Store *store = store_new("normlab gate");
    gates_write(store, arena, b, NULL, 1);
    if (place_folder(place_out(arena, "gates"), &quiet)) store_save(store, path, &quiet);
    store_close(store);
    if (quiet.set) say("%s", quiet.message);
}

const Baseline *gates_of(Arena *arena, const Dataset *dataset, const Config *config,
                         BaseError *error) {
    const DataField *label = dataset_field(dataset, "label");
    if (label == NULL || label->type != DATA_LABELS || label->shape.rank != 0 ||
        dataset->test.count == 0 || dataset->val.count == 0)
        return NULL; /* nothing to classify, or to judge by */
    const Dataset *some = config_data(arena, config, dataset, error);
    if (some == NULL) return NULL;
    const char *path = path_of(arena, some, config);
    const Baseline *kept = read_kept(arena, path);
    if (kept) return kept;
    Baseline *b = TAKE(arena, Baseline, BASELINES);
    baselines(arena, b, some, (size_t)(label - dataset->field));
    keep(arena, path, b);
    return b;
}
