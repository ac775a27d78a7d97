/* The normalizers' state: averages over the steps, maps, and what evaluation reads. */
#include "internal.h"

#include <math.h>
#include <string.h>

const NormState **state_owners(Arena *arena, const Net *net) {
    const NormState **told = TAKE(arena, const NormState *, net->states);
    size_t at = 0;
    for (size_t n = 0; n < net->norms; n++)
        for (size_t s = 0; s < net->norm[n].norm->states; s++)
            for (size_t k = 0; k < net->norm[n].norm->state[s].count; k++)
                told[at++] = &net->norm[n].norm->state[s];
    return told;
}

/* Mean over workers of what they observed; NaN (a cell of one element) leaves the state
 * alone. */
static void mean_of(double *mean, const double *observed, size_t stride, size_t n,
                    const void *trainer) {
    const Trainer *t = trainer;
    const size_t W = t->config.workers, from = (size_t)(mean - t->observed_mean);
    for (size_t i = 0; i < n; i++) {
        double sum = 0.0;
        for (size_t k = 0; k < W; k++) sum += observed[k * stride + i];
        /* A mean of equal ones may round. */
        mean[i] = t->told[from + i]->alike ? observed[i] : sum / (double)W;
    }
}

void state_observed(Trainer *t) {
    const size_t S = t->net->states, W = t->config.workers;
    ranks_sum(t->ranks, t->observed_mean, t->observed + t->mine.from * S, W, S, mean_of,
              t);
    if (t->whole) ranks_gather(t->ranks, t->observed, W, S); /* each is merged */
}

//> running
/* state += weight_new (mean over workers of their observation - state), once a step
 * (W-2) */
void state_update(Trainer *t) {
    for (size_t i = 0; i < t->net->states; i++) {
        if (t->told[i]->adapted) continue;
        t->state[i] = norm_moved(t->told[i], t->state[i], t->observed_mean[i]);
    }
}
//< running

void state_adapt_to(const Trainer *t, size_t epoch, double *all, bool *changed) {
    for (size_t n = 0; n < t->net->norms; n++) {
        const NetNorm *part = &t->net->norm[n];
        double *state[NORM_MAX_STATES], *at = all + part->state;
        for (size_t s = 0; s < part->norm->states; at += part->norm->state[s++].count)
            state[s] = at;
        const Draw draw = {t->config.seed, DRAW_ADAPT, epoch, n};
        const bool moved = norm_adapt(part->norm, draw, state);
        if (changed) changed[n] = moved;
    }
}

/* Before the first step of an epoch, so once in the life of a run: between two steps
 * there is no more to know than which step is next. */
void state_adapt(Trainer *t, size_t epoch) {
    const ArenaMark mark = arena_mark(t->arena);
    bool *changed = TAKE(t->arena, bool, t->net->norms + 1);
    state_adapt_to(t, epoch, t->state, changed);
    for (size_t n = 0; n < t->net->norms; n++)
        if (changed[n]) trace_changed(&t->trace, n, epoch);
    arena_rewind(t->arena, mark);
}

/* ---- what evaluation reads instead of averages -------------------------------------- */

/* The cells of a normalizer whose state begins at `at`, and of its parts. Moments that are weighed
 * (mode), or stand alone (mean squares, a variance without a mean), are of no cells. */
static void find_cells(Cell *cell, const Norm *norm, size_t at, double places) {
    const NormState *s = norm->state;
    const size_t C = norm->channels, cut = norm->cell->cut, cells = cut ? cut : C;
    if (norm->states >= 2 && s[0].role == NORM_STATE_MEAN &&
        s[1].role == NORM_STATE_VARIANCE && s[0].count == cells &&
        (norm->parts == 0 || norm->part_state[0] >= 2))
        for (size_t i = at; i < at + cells; i++)
            cell[i] = (Cell){.variance = i + cells,
                             .elements = places * (double)C / (double)cells};
    for (size_t i = 0, k = 0; i < norm->parts; i++) {
        for (; k < norm->part_state[i]; k++) at += s[k].count;
        find_cells(cell, norm->part[i], at, places);
    }
}

Cell *state_cells(const Trainer *t, Arena *arena) {
    Cell *cell = ZERO(arena, Cell, t->net->states + 1);
    for (size_t n = 0; n < t->net->norms; n++) {
        const NetNorm *part = &t->net->norm[n];
        find_cells(cell, part->norm, part->state,
                   (double)(t->config.batch * part->sees.L));
    }
    return cell;
}

double share_there(const Trainer *t, const Samples *samples, const size_t *index) {
    const DataField *seen = &t->dataset->field[0];
    const size_t L = shape_count(seen->shape), batch = t->config.batch;
    size_t there = 0;
    if (seen->type != DATA_LABELS) return 1.0;
    for (size_t k = 0; k < batch; k++) {
        const uint8_t *symbol = samples->value[0][index[k]];
        for (size_t l = 0; l < L; l++) there += symbol[l] != DATA_IGNORED;
    }
    return (double)there / (double)(batch * L);
}

Moments cell_observed(const Cell *cell, double share, const double *seen, size_t i) {
    const double elements = cell->elements * share;
    return (Moments){.count = elements,
                     .shift = seen[i],
                     .m2 = seen[cell->variance] * (elements - 1.0)};
}

void cell_merge(Cell *cell, Moments with) {
    cell->all = cell->all.count > 0.0 ? moments_merge(cell->all, with) : with;
}

/* Of a step whose workers have one cell. */
static Moments cell_of_all(const Trainer *t, const Cell *cell, const double *share,
                           size_t i) {
    double shares = 0.0;
    for (size_t k = 0; k < t->config.workers; k++) shares += share[k];
    return cell_observed(cell, shares, t->observed, i);
}

static Moments cells_of_each(const Trainer *t, const Cell *cell, const double *share,
                             size_t i) {
    const size_t S = t->net->states;
    Moments step = cell_observed(cell, share[0], t->observed, i);
    for (size_t k = 1; k < t->config.workers; k++)
        step = moments_merge(step, cell_observed(cell, share[k], t->observed + k * S, i));
    return step;
}

/* The cells of all workers so far as one: E[variance] + Var[mean], worker after worker of a
 * step, step after step. (W-4) */
static void merge_cells(const Trainer *t, Cell *cell, const double *share) {
    const size_t S = t->net->states;
    for (size_t i = 0; i < S; i++) {
        Cell *own = &cell[i];
        if (own->elements == 0.0) continue;
        cell_merge(own, t->told[i]->alike ? cell_of_all(t, own, share, i)
                                          : cells_of_each(t, own, share, i));
    }
}

static void take_cells(Trainer *t, const Cell *cell) {
    for (size_t i = 0; i < t->net->states; i++) {
        const Moments all = cell[i].all;
        if (cell[i].elements == 0.0 || isnan(all.shift) || isnan(all.m2)) continue;
        t->judged[i] = moments_mean(all);
        t->judged[cell[i].variance] = moments_unbiased(all);
    }
}

/* The mean over a whole epoch of what its steps observe, and with `cell` the moments of all
 * they saw. It judges and nothing else: averages go on as without it, maps stay. */
static void state_recomputed(Trainer *t, size_t epoch, Cell *cell) {
    const size_t S = t->net->states, W = t->config.workers;
    double *share = TAKE(t->arena, double, W);
    for (size_t i = 0; i < S; i++) t->judged[i] = t->told[i]->adapted ? t->state[i] : 0.0;
    t->whole = cell != NULL;
    for (size_t step = 0; step < t->steps; step++) {
        workers_run(t, epoch, step, false);
        for (size_t i = 0; i < S; i++)
            if (!t->told[i]->adapted) t->judged[i] += t->observed_mean[i];
        if (cell == NULL) continue;
        for (size_t k = 0; k < W; k++)
            share[k] = share_there(t, &t->dataset->train,
                                   order_epoch(t->order, epoch) +
                                       (step * W + k) * t->config.batch);
        merge_cells(t, cell, share);
    }
    t->whole = false;
    for (size_t i = 0; i < S; i++) {
        if (t->told[i]->adapted) continue;
        bool seen = !isnan(t->judged[i]);
        t->judged[i] = seen ? t->judged[i] / (double)t->steps : t->state[i];
    }
    if (cell) take_cells(t, cell);
}

void state_judge(Trainer *t, size_t epoch, Running running) {
    if (t->judged == t->state || t->net->states == 0) return;
    const ArenaMark mark = arena_mark(t->arena);
    if (running == RUNNING_AVERAGE)
        memcpy(t->judged, t->state, t->net->states * sizeof *t->state);
    else
        state_recomputed(t, epoch,
                         running == RUNNING_POOLED ? state_cells(t, t->arena) : NULL);
    arena_rewind(t->arena, mark);
}
