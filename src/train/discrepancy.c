/* Training and evaluation see other moments: how far apart they are, place by place. */
#include "internal.h"
#include "sum.h"

#include <math.h>
#include <omp.h>

/* Of one batch after another; NaN where it says nothing (a cell of one element). */
typedef struct Seeing {
    const Samples *samples;
    NetPass pass;
    const Cell *cell; /* [net->states] */
    double *apart;    /* [batches, net->norms, 2] */
} Seeing;

/* The mean over the cells of normalizer n of how far off what evaluation reads is, in
 * deviations of what the batch has. */
static void compare(const Trainer *t, const Cell *cell, const double *seen, size_t n,
                    double apart[2]) {
    const NetNorm *norm = &t->net->norm[n];
    const size_t end = n + 1 < t->net->norms ? norm[1].state : t->net->states;
    double mean = 0.0, deviation = 0.0, cells = 0.0;
    for (size_t i = norm->state; i < end; i++) {
        if (cell[i].elements == 0.0) continue;
        const double own = sqrt(seen[cell[i].variance]);
        mean += fabs(t->judged[i] - seen[i]) / own;
        deviation += fabs(sqrt(t->judged[cell[i].variance]) / own - 1.0);
        cells += 1.0;
    }
    apart[0] = mean / cells, apart[1] = deviation / cells;
}

static void see_batch(const Trainer *t, const Seeing *s, size_t batch, Arena *arena) {
    const ArenaMark mark = arena_mark(arena);
    const size_t count = t->config.batch;
    size_t *index = TAKE(arena, size_t, count);
    double *found = TAKE(arena, double, found_width(t));
    NetPass pass = s->pass;
    pass.observed = TAKE(arena, double, t->net->states);
    for (size_t i = 0; i < count; i++) index[i] = batch * count + i;
    shard_run(t, found, arena, pass,
              &(Shard){.in = {t->dataset, t->net},
                       .samples = s->samples,
                       .index = index,
                       .count = count});
    for (size_t n = 0; n < t->net->norms; n++)
        compare(t, s->cell, pass.observed, n, s->apart + 2 * (batch * t->net->norms + n));
    arena_rewind(arena, mark);
}

static double mean_of(const Seeing *s, size_t batches, size_t stride, size_t at) {
    TreeSum sum;
    tree_clear(&sum);
    for (size_t i = 0; i < batches; i++) tree_push(&sum, s->apart[i * stride + at]);
    return tree_total(&sum) / (double)batches;
}

TrainDiscrepancy *trainer_discrepancy(const Trainer *t, Arena *arena,
                                      const Samples *samples, size_t *places) {
    const size_t norms = t->net->norms, batches = samples->count / t->config.batch;
    Arena *own = arena_new();
    const Seeing s = {
        .samples = samples,
        .pass = {.mode = NORM_TRAIN, .epoch = last_epoch(t), .step = last_step(t)},
        .cell = state_cells(t, own),
        .apart = TAKE(own, double, batches *norms * 2 + 1)};
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)t->threads)
    for (size_t batch = 0; batch < batches; batch++)
        see_batch(t, &s, batch, t->own[omp_get_thread_num()]);
    TrainDiscrepancy *all = TAKE(arena, TrainDiscrepancy, norms + 1);
    *places = 0;
    for (size_t n = 0; n < norms; n++) {
        const NetNorm *norm = &t->net->norm[n];
        const TrainDiscrepancy one = {norm->name, batches,
                                      mean_of(&s, batches, 2 * norms, 2 * n),
                                      mean_of(&s, batches, 2 * norms, 2 * n + 1)};
        if (!isnan(one.mean)) all[(*places)++] = one;
    }
    arena_free(own);
    return all;
}
