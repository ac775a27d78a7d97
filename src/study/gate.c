/* What softmax regression on the raw pixels errs: what a trained network is to be read beside. */
#include "study.h"

#include <string.h>

/* Written by tests/softmax.py, which shares nothing with what trains here. */
static const char TABLE[] = "data/input/softmax.csv";

/* The value of a key that does not sweep; NULL: it does, or is not there. */
static const char *value_of(Arena *arena, const char *recipe, const char *key) {
    const size_t length = strlen(key);
    for (const char *line = recipe; *line; line += strspn(line, "\n")) {
        const size_t end = strcspn(line, "\n");
        if (strncmp(line, key, length) == 0 && line[length] == '=') {
            const char *value = text_copy(arena, line + length + 1, end - length - 1);
            return strchr(value, ',') ? NULL : value;
        }
        line += end;
    }
    return NULL;
}

const char *study_gate(Arena *arena, const Grid *grid) {
    Error quiet = {.set = false};
    size_t length;
    if (strcmp(grid->metric.name, "error") != 0) return NULL;
    const char *dataset = value_of(arena, grid->recipe, "dataset"),
               *images = value_of(arena, grid->recipe, "images");
    const char *line =
        place_read(arena, place_home(arena, TABLE), (size_t)1 << 16, &length, &quiet);
    if (dataset == NULL || images == NULL || line == NULL) return NULL;
    const char *begin = text_print(arena, "%s,%s,", dataset, images);
    for (; *line; line += strspn(line, "\n")) {
        const size_t end = strcspn(line, "\n"), head = strlen(begin);
        if (strncmp(line, begin, head) == 0)
            return text_print(arena,
                              "Softmax regression on the raw pixels of %s images of %s "
                              "errs on %.*s %%",
                              images, dataset, (int)(end - head), line + head);
        line += end;
    }
    return NULL;
}
