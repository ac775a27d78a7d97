/* What is known without a network: what a trained one is to be read beside. */
#include "gates.h"
#include "study.h"

#include <math.h>
#include <string.h>

/* Written by tests/brain.py, which shares nothing with what trains here. */
static const char GUESSES[] = "data/input/%s.csv";

/* The lines of a small file of the checkout; NULL: there is none. */
static const char *lines_of(Arena *arena, const char *file) {
    BaseError quiet = {.set = false};
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

/* Of what was trained, means over seeds on the test part: "batch 71.9 at 8, 70.2 at 1; group(4)
 * 74.0"; a computation that is the same at every point once. */
static const char *tested(Arena *arena, const Grid *g) {
    Text text = text_new(arena);
    for (size_t i = 0; i < g->series; i++) {
        const bool once = g->same[i] > 0;
        text_add(&text, "%s%s", i ? "; " : "", g->name[i]);
        for (size_t j = 0; j < (once ? 1 : g->points); j++) {
            const double *test = g->test + (i * g->points + j) * g->seeds,
                         mean = study_interval(test, g->seeds).mean;
            text_add(&text, "%s %s", j ? "," : "",
                     isfinite(mean) ? text_print(arena, "%.1f", grid_scale(g) * mean)
                                    : "-");
            if (!once) text_add(&text, " at %s", g->along_text[j]);
        }
    }
    return text.data;
}

/* Of lines METRIC,VAL,TEST,WHO. */
static const char *guesses(Arena *arena, const Grid *g, const char *dataset) {
    const char *metric = g->metric.name;
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
    return text.length
               ? text_print(arena,
                            "Without a network %s on the validation (test) part "
                            "of %s is %s; trained, on the test part at the end: "
                            "%s %s",
                            metric, dataset, text.data, tested(arena, g), grid_unit(g))
               : NULL;
}

/* What the file says of its own images. */
static const char *asked(Arena *arena, const Grid *grid) {
    const double scale = grid_scale(grid);
    return text_print(arena,
                      "Without a network, on the same images: softmax regression errs on "
                      "%.1f %% of the test images, %d nearest neighbours on %.1f %%",
                      scale * gates_mean(grid, 0), BASELINE_NEIGHBOURS,
                      scale * gates_mean(grid, 1));
}

const char *study_gate(Arena *arena, const Grid *grid) {
    const char *dataset = grid_single(arena, grid, "dataset");
    if (strcmp(grid->metric.name, "error") == 0)
        return grid->gate ? asked(arena, grid) : NULL;
    return dataset ? guesses(arena, grid, dataset) : NULL;
}
