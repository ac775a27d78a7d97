/* How far from the machine's own limits are kernels and training?
 *
 * Nothing is learned from what is trained: `normlab bench --save` takes turns with memory and
 * with dgemm, for minutes. peer.py asks PyTorch the same. notes/95-speed.md
 */
#include "parts.h"

#include <math.h>
#include <stdlib.h>

void speed_put(double *to, SpeedQuartiles q) {
    to[0] = q.low, to[1] = q.middle, to[2] = q.high;
}

const double *speed_threads(Arena *arena, const Measure *how, size_t *count) {
    double *threads = TAKE(arena, double, 2);
    threads[0] = 1.0, threads[1] = (double)how->threads;
    *count = how->threads > 1 ? 2 : 1;
    return threads;
}

void speed_scales(Table *t, const double *threads, size_t count) {
    static const double quartile[QUARTILES] = {0.25, 0.5, 0.75};
    table_scale(t, "threads", "that work at once, each on its own", threads, count);
    table_scale(t, "quartile", "of the turns", quartile, QUARTILES);
}

void speed_write(Store *store, const Table *t, const Measure *how, const double *values,
                 size_t count) {
    Text all = text_new(t->arena);
    char hex[DIGEST_LENGTH + 1];
    double load = (double)NAN;
    if (getloadavg(&load, 1) != 1) load = (double)NAN;
    for (size_t i = 0; i < count; i++) text_add(&all, "%.17g\n", values[i]);
    digest_bytes(hex, all.data, all.length);
    table_write(t, store);
    store_text(store, t->group, "identity", text_copy(t->arena, hex, 12));
    store_integer(store, t->group, "turns", (int64_t)how->turns);
    store_integer(store, t->group, "most_threads", (int64_t)how->threads);
    store_text(store, t->group, "recipe", how->quick ? "quick" : "full");
    store_number(store, t->group, "load_average",
                 load); /* of the last minute, at the end */
}

static void measure(Store *store, Arena *arena, const Measure *how) {
    speed_put_kernels(store, arena, how);
    speed_put_cost(store, arena, how);
    speed_put_training(store, arena, how);
    speed_put_combinations(store, arena, how);
}

static const ExperimentFigure FIGURES[] = {
    {"kernels", "dots.gp", speed_roofline,
     "How fast are normalizers, where memory is the limit?"},
    {"cost", "cost.gp", speed_cost,
     "What does a normalizer cost along channels, groups, positions and samples?"},
    {"training", "dots.gp", speed_learning,
     "How fast is training, where products are the limit?"},
    {NULL, NULL, NULL, NULL},
};

const Experiment experiment_speed = {
    .name = "speed",
    .question = "How far from the machine's own limits are kernels and training?",
    .measure = measure,
    .measured_by = "bench --save",
    .figures = FIGURES,
};
