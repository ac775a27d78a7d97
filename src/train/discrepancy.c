/* Training and evaluation see other moments: how far apart they are, place by place. */
#include "internal.h"
#include "sum.h"

#include <math.h>
#include <omp.h>

/* Of one batch after another. */
typedef struct Seeing {
    const Samples *samples;
    NetPass pass;
    const Cell *cell; /* [net->states] */
    double *apart;    /* [batches, net->norms, 2] */
} Seeing;

/* [batch] the samples of a batch of a worker's size, one after another. */
static size_t *samples_of(const Trainer *t, Arena *arena, size_t batch) {
    const size_t count = t->config.batch;
    size_t *index = TAKE(arena, size_t, count);
    for (size_t i = 0; i < count; i++) index[i] = batch * count + i;
    return index;
}

/* observed[net->states] of such a batch, as the pass has it. */
static void observe(const Trainer *t, double *observed, const Seeing *s, size_t batch,
                    Arena *arena) {
    const ArenaMark mark = arena_mark(arena);
    double *found = TAKE(arena, double, found_width(t));
    NetPass pass = s->pass;
    pass.observed = observed;
    shard_run(t, found, arena, pass,
              &(Shard){.in = {t->dataset, t->net},
                       .samples = s->samples,
                       .index = samples_of(t, arena, batch),
                       .count = t->config.batch});
    arena_rewind(arena, mark);
}

static size_t states_end(const Net *net, size_t n) {
    return n + 1 < net->norms ? net->norm[n + 1].state : net->states;
}

/* ---- from one batch ------------------------------------------------------------------ */

/* The mean over the cells of normalizer n of how far off what evaluation reads is, in
 * deviations of what the batch has; NaN where it says nothing (a cell of one element). */
static void compare(const Trainer *t, const Cell *cell, const double *seen, size_t n,
                    double apart[2]) {
    double mean = 0.0, deviation = 0.0, cells = 0.0;
    for (size_t i = t->net->norm[n].state; i < states_end(t->net, n); i++) {
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
    double *seen = TAKE(arena, double, t->net->states);
    observe(t, seen, s, batch, arena);
    for (size_t n = 0; n < t->net->norms; n++)
        compare(t, s->cell, seen, n, s->apart + 2 * (batch * t->net->norms + n));
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
    const RanksShare mine = ranks_mine(t->ranks, batches);
    Arena *own = arena_new();
    const Seeing s = {
        .samples = samples,
        .pass = {.mode = NORM_TRAIN, .epoch = last_epoch(t), .step = last_step(t)},
        .cell = state_cells(t, own),
        .apart = TAKE(own, double, batches *norms * 2 + 1)};
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)t->threads)
    for (size_t batch = mine.from; batch < mine.from + mine.count; batch++)
        see_batch(t, &s, batch, t->own[omp_get_thread_num()]);
    ranks_gather(t->ranks, s.apart, batches, 2 * norms);
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

/* ---- from all of them ------------------------------------------------------------------- */

/* Of normalizer n, whose cells have the moments of all batches. A cell of equal numbers has no
 * deviation to measure by. */
static TrainShift shift_of(const Trainer *t, const Cell *cell, size_t n) {
    double means = 0.0, deviations = 0.0, cells = 0.0;
    for (size_t i = t->net->norm[n].state; i < states_end(t->net, n); i++) {
        if (cell[i].elements == 0.0) continue;
        const double own = sqrt(moments_unbiased(cell[i].all));
        if (own == 0.0) continue;
        const double mean = (t->judged[i] - moments_mean(cell[i].all)) / own,
                     deviation = sqrt(t->judged[cell[i].variance]) / own - 1.0;
        means += mean * mean, deviations += deviation * deviation;
        cells += 1.0;
    }
    return (TrainShift){sqrt(means / cells), sqrt(deviations / cells)};
}

static void merge_batch(const Trainer *t, const Seeing *s, Cell *cell, const double *seen,
                        size_t batch, Arena *arena) {
    const ArenaMark mark = arena_mark(arena);
    const double share = share_there(t, s->samples, samples_of(t, arena, batch));
    for (size_t i = 0; i < t->net->states; i++)
        if (cell[i].elements > 0.0)
            cell_merge(&cell[i], cell_observed(&cell[i], share, seen, i));
    arena_rewind(arena, mark);
}

TrainShift *trainer_shift(const Trainer *t, Arena *arena, const Samples *samples,
                          size_t count) {
    const size_t norms = t->net->norms, S = t->net->states,
                 batches = count / t->config.batch;
    const RanksShare mine = ranks_mine(t->ranks, batches);
    const Coming coming = coming_step(t);
    TrainShift *all = TAKE(arena, TrainShift, norms + 1);
    Arena *own = arena_new();
    Cell *cell = state_cells(t, own);
    double *seen = TAKE(own, double, batches *S + 1);
    const Seeing s = {.samples = samples,
                      .pass = {.mode = NORM_EVAL,
                               .epoch = coming.epoch,
                               .step = coming.step,
                               .observes = true,
                               .whole = true}};
#pragma omp parallel for schedule(dynamic, 1) num_threads((int)t->threads)
    for (size_t batch = mine.from; batch < mine.from + mine.count; batch++)
        observe(t, seen + batch * S, &s, batch, t->own[omp_get_thread_num()]);
    ranks_gather(t->ranks, seen, batches, S);
    for (size_t batch = 0; batch < batches; batch++)
        merge_batch(t, &s, cell, seen + batch * S, batch, own);
    for (size_t n = 0; n < norms; n++) all[n] = shift_of(t, cell, n);
    arena_free(own);
    return all;
}
