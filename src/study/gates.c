/* The gate of a study: what softmax regression and nearest neighbours make of its very images.
 * Computed once for some images, kept beside the runs, and copied into what is collected. */
#include "gates.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

/* Of decoded data and a number of images, by whatever the learners are. */
static const char *path_of(Arena *arena, const Dataset *dataset, size_t images) {
    enum { LEARNERS = 1, DIGITS = 12 };
    char hex[DIGEST_LENGTH + 1];
    const char *key = text_print(arena, "%d %s %zu", LEARNERS, dataset->sha256, images);
    digest_bytes(hex, key, strlen(key));
    return place_out(arena, text_print(arena, "gates/%.*s.h5", DIGITS, hex));
}

static double *numbers(Arena *arena, const Baseline *b, size_t field) {
    double *value = TAKE(arena, double, BASELINES);
    for (size_t i = 0; i < BASELINES; i++)
        value[i] = field == 0 ? b[i].error : field == 1 ? b[i].decay : b[i].slope;
    return value;
}

void gates_write(Store *store, Arena *arena, const Baseline *b) {
    Table t =
        table_new(arena, "/gate", "what is known of the same images without a network");
    const size_t blocks = b[0].blocks;
    double *block = TAKE(arena, double, BASELINES *blocks + 1);
    for (size_t i = 0; i < BASELINES && blocks > 0; i++)
        memcpy(block + i * blocks, b[i].block, blocks * sizeof *block);
    table_scale_text(&t, "baseline", "who was asked", baseline_names, BASELINES);
    table_numbers(&t, "error", "share of test images misclassified", "baseline",
                  numbers(arena, b, 0));
    table_numbers(&t, "decay", "weight decay that was best on validation images",
                  "baseline", numbers(arena, b, 1));
    table_numbers(&t, "slope", "largest element of the gradient at the end", "baseline",
                  numbers(arena, b, 2));
    if (blocks > 0) {
        table_index(&t, "block", "whole blocks of test images, in their order", blocks);
        table_numbers(&t, "errors", "share misclassified in each block", "baseline block",
                      block);
    }
    table_write(&t, store);
}

const Baseline *gates_read(const Store *store, Arena *arena, Error *error) {
    const Table t = table_read(store, arena, "/gate", error);
    if (error->set || table_find(&t, "error") == NULL) return NULL;
    const double *value = table_array(&t, "error", BASELINES, error),
                 *decay = table_array(&t, "decay", BASELINES, error),
                 *slope = table_array(&t, "slope", BASELINES, error);
    const Field *errors = table_find(&t, "errors");
    Baseline *b = ZERO(arena, Baseline, BASELINES);
    for (size_t i = 0; !error->set && i < BASELINES; i++) {
        b[i].error = value[i], b[i].decay = decay[i], b[i].slope = slope[i];
        if (errors == NULL || errors->rank != 2 || errors->number == NULL ||
            errors->size[0] != BASELINES)
            continue;
        b[i].blocks = errors->size[1];
        b[i].block = TAKE(arena, double, b[i].blocks + 1);
        memcpy(b[i].block, errors->number + i * b[i].blocks,
               b[i].blocks * sizeof *b[i].block);
    }
    return error->set ? NULL : b;
}

static const Baseline *read_kept(Arena *arena, const char *path) {
    Error quiet = {.set = false};
    if (access(path, F_OK) != 0) return NULL;
    Store *store = store_open(path, &quiet);
    const Baseline *b =
        store && store_is_sealed(store) ? gates_read(store, arena, &quiet) : NULL;
    store_close(store);
    return quiet.set ? NULL : b;
}

/* Where they cannot be kept they are computed again. */
static void keep(Arena *arena, const char *path, const Baseline *b) {
    Error quiet = {.set = false};
    Store *store = store_new("normlab gate");
    gates_write(store, arena, b);
    if (place_folder(place_out(arena, "gates"), &quiet)) store_save(store, path, &quiet);
    store_close(store);
    if (quiet.set) say("%s", quiet.message);
}

const Baseline *gates_of(Arena *arena, const Dataset *dataset, size_t images,
                         Error *error) {
    const DataField *label = dataset_field(dataset, "label");
    if (label == NULL || label->type != DATA_LABELS || label->shape.rank != 0 ||
        dataset->test.count == 0 || dataset->val.count == 0)
        return NULL; /* nothing to classify, or to judge by */
    const Dataset *some = dataset_limit(arena, dataset, images, error);
    if (some == NULL) return NULL;
    const char *path = path_of(arena, dataset, some->train.count);
    const Baseline *kept = read_kept(arena, path);
    if (kept) return kept;
    Baseline *b = TAKE(arena, Baseline, BASELINES);
    baselines(arena, b, some, (size_t)(label - dataset->field));
    keep(arena, path, b);
    return b;
}
