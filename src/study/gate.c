/* What is known without a network: what a trained one is to be read beside. */
#include "gates.h"
#include "study.h"

#include <math.h>
#include <string.h>

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

/* "softmax regression errs on 17.7 % of the test images, 5 nearest neighbours on 20.6 %" */
static const char *errors(Arena *arena, const Grid *g) {
    Text text = text_new(arena);
    for (size_t i = 0; i < g->gate->kinds; i++)
        text_add(&text, i ? ", %s on %.1f %%" : "%s errs on %.1f %% of the test images",
                 g->gate->score[i].title, grid_scale(g) * gates_mean(g->gate, i));
    return text.data;
}

/* "iou of the test samples is 7.7 % of the class of most pixels, ...; of what was trained ..." */
static const char *others(Arena *arena, const Grid *g) {
    Text text = text_new(arena);
    const char *unit = grid_unit(g), *blank = *unit ? " " : "";
    text_add(&text, "%s on the test part is", g->metric.name);
    for (size_t i = 0; i < g->gate->kinds; i++)
        text_add(&text, "%s %.*f%s%s of %s", i ? "," : "", g->metric.share ? 1 : 2,
                 grid_scale(g) * gates_mean(g->gate, i), blank, unit,
                 g->gate->score[i].title);
    text_add(&text, "; trained: %s%s%s", tested(arena, g), blank, unit);
    return text.data;
}

const char *study_gate(Arena *arena, const Grid *grid) {
    if (grid->gate == NULL || strcmp(grid->metric.name, grid->gate->metric->name) != 0)
        return NULL;
    return text_print(arena, "Without a network, on the same %s",
                      strcmp(grid->metric.name, "error") == 0
                          ? text_print(arena, "images: %s", errors(arena, grid))
                          : text_print(arena, "samples: %s", others(arena, grid)));
}
