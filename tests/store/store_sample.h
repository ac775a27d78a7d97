/* A file with one of everything, and a folder to put it in; for the two test programs of store. */
#ifndef NORMLAB_STORE_SAMPLE_H
#define NORMLAB_STORE_SAMPLE_H

#include "harness.h"
#include "store.h"
#include "text.h"

#include <dirent.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

enum { EPOCHS = 5, NORMS = 2, LARGE_ROWS = 40, LARGE_COLUMNS = 300 };

static const double EPOCH[EPOCHS] = {1, 2, 3, 4, 5};
static const char *const NORM[NORMS] = {"batch", "group(8)"};
static const double LOSS[NORMS * EPOCHS] = {2.5, 1.25,   0.1,      NAN,     -0.0,
                                            3,   5e-324, INFINITY, 1.0 / 3, NAN};
static const char *const REMARK[NORMS] = {"", "\xCE\xB3 and \xCE\xB2"};

static inline double large_value(size_t i) {
    return draw_normal((Draw){.seed = 1, .purpose = DRAW_TEST}, i);
}

static inline Store *sample(const char *title) {
    Arena *arena = arena_new();
    double *large = TAKE(arena, double, LARGE_ROWS *LARGE_COLUMNS);
    for (size_t i = 0; i < LARGE_ROWS * LARGE_COLUMNS; i++) large[i] = large_value(i);
    Store *store = store_new(title);
    store_integer(store, "/", "seed", -42);
    store_number(store, "/", "rate", 0.1);
    store_group(store, "/metrics", "what was measured");
    store_scale_text(store, "/metrics", "norm", NORM, NORMS, "normalizer");
    store_scale(store, "/metrics", "epoch", EPOCH, EPOCHS, "1", "epoch");
    store_array(store, "/metrics", "loss", LOSS, 2,
                (const char *const[]){"norm", "epoch"}, "1", "training loss");
    store_array_text(store, "/metrics", "remark", REMARK, 1,
                     (const char *const[]){"norm"}, "remark");
    store_array(store, "/metrics", "best", &LOSS[2], 0, NULL, "1", "best loss");
    store_text(store, "/metrics/loss", "zebra", "first");
    store_text(store, "/metrics/loss", "apple", "");
    store_group(store, "/param", NULL);
    store_tensor(store, "/param/conv1.weight", large, 2,
                 (const size_t[]){LARGE_ROWS, LARGE_COLUMNS}, "1", "weights");
    store_tensor(store, "/param/empty", NULL, 2, (const size_t[]){0, 3}, NULL, NULL);
    arena_free(arena);
    return store;
}

/* A new folder of its own for each case. */
static inline const char *folder_new(Arena *arena) {
    char *folder = text_print(arena, "/tmp/normlab-store-XXXXXX");
    assert_non_null(mkdtemp(folder));
    return folder;
}

/* Files in a folder. */
static inline size_t folder_count(const char *folder) {
    size_t count = 0;
    DIR *list = opendir(folder);
    assert_non_null(list);
    for (struct dirent *entry; (entry = readdir(list)) != NULL;)
        count += entry->d_name[0] != '.';
    closedir(list);
    return count;
}

static inline void folder_remove(Arena *arena, const char *folder) {
    DIR *list = opendir(folder);
    for (struct dirent *entry; list != NULL && (entry = readdir(list)) != NULL;)
        if (entry->d_name[0] != '.')
            unlink(text_print(arena, "%s/%s", folder, entry->d_name));
    if (list != NULL) closedir(list);
    rmdir(folder);
    arena_free(arena);
}

#endif
