/* What is known without a network: what a trained one is to be read beside. */
#include "study.h"

#include <string.h>

/* Written by tests/softmax.py and tests/brain.py, which share nothing with what trains here. */
static const char SOFTMAX[] = "data/input/softmax.csv", GUESSES[] = "data/input/%s.csv";

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

/* The lines of a small file of the checkout; NULL: there is none. */
static const char *lines_of(Arena *arena, const char *file) {
    Error quiet = {.set = false};
    size_t length;
    return place_read(arena, place_home(arena, file), (size_t)1 << 16, &length, &quiet);
}

/* What follows `begin` in the next line that begins so, and *line behind it; NULL. */
static const char *next_rest(Arena *arena, const char **line, const char *begin) {
    const size_t head = strlen(begin);
    while (*line && **line) {
        const char *at = *line;
        const size_t end = strcspn(at, "\n");
        *line = at + end + strspn(at + end, "\n");
        if (strncmp(at, begin, head) == 0) return text_copy(arena, at + head, end - head);
    }
    return NULL;
}

static const char *regression(Arena *arena, const char *dataset, const char *images) {
    const char *line = lines_of(arena, SOFTMAX);
    const char *percent =
        images ? next_rest(arena, &line, text_print(arena, "%s,%s,", dataset, images))
               : NULL;
    return percent ? text_print(arena,
                                "Softmax regression on the raw pixels of %s images of %s "
                                "errs on %s %%",
                                images, dataset, percent)
                   : NULL;
}

/* Of lines METRIC,VAL,TEST,WHO. */
static const char *guesses(Arena *arena, const char *dataset, const char *metric) {
    static const char plain[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
    if (dataset[strspn(dataset, plain)] != '\0') return NULL; /* a path */
    const char *line = lines_of(arena, text_print(arena, GUESSES, dataset)), *rest;
    Text text = text_new(arena);
    while ((rest = next_rest(arena, &line, text_print(arena, "%s,", metric))) != NULL) {
        const size_t val = strcspn(rest, ","), test = strcspn(rest + val + 1, ",");
        if (rest[val] == '\0' || rest[val + 1 + test] == '\0') continue;
        text_add(&text, "%s%.*s (%.*s) %% of %s", text.length ? ", " : "", (int)val, rest,
                 (int)test, rest + val + 1, rest + val + test + 2);
    }
    return text.length ? text_print(arena,
                                    "Without a network %s on the validation (test) part "
                                    "of %s is %s",
                                    metric, dataset, text.data)
                       : NULL;
}

const char *study_gate(Arena *arena, const Grid *grid) {
    const char *dataset = value_of(arena, grid->recipe, "dataset"),
               *images = value_of(arena, grid->recipe, "images");
    if (dataset == NULL) return NULL;
    return strcmp(grid->metric.name, "error") == 0
               ? regression(arena, dataset, images)
               : guesses(arena, dataset, grid->metric.name);
}
