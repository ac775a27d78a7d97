/* Which samples are where in an epoch: shuffled; shuffled, and dealt to workers by class; or of
 * workers that have samples of their own. notes/40-workers.md */
#include "order.h"

#include <string.h>

struct Order {
    const Config *config;
    const uint8_t *class_of; /* [samples] NULL: nobody asks */
    size_t samples, steps, classes;
    size_t *at;    /* [samples] of the epoch; whole steps count */
    size_t epoch;  /* of them; SIZE_MAX: none yet */
    size_t *room;  /* [samples] */
    size_t *rank;  /* [classes] */
    size_t *mine;  /* [samples] workers' own, worker after worker */
    size_t *begin; /* [workers + 1] where each worker's begin in it */
};

/* ---- what can be ------------------------------------------------------------------- */

/* The class of each training sample; NULL and *error. */
static const uint8_t *classes_of(Arena *arena, const Dataset *d, size_t *classes,
                                 BaseError *error) {
    const DataField *label = dataset_field(d, "label");
    if (label == NULL || label->type != DATA_LABELS || label->shape.rank != 0) {
        base_fail(error, EX_USAGE, 0,
                  "clients and sorted deal samples by their class; those of %s have none",
                  d->name);
        return NULL;
    }
    const size_t field = (size_t)(label - d->field);
    uint8_t *class_of = TAKE(arena, uint8_t, d->train.count + 1);
    *classes = label->classes;
    for (size_t i = 0; i < d->train.count; i++) {
        class_of[i] = *(const uint8_t *)d->train.value[field][i];
        if (class_of[i] < *classes) continue;
        base_fail(error, EX_USAGE, 0, "sample %u of %s is of no class", d->train.id[i],
                  d->name);
        return NULL;
    }
    return class_of;
}

/* Each class is held by equally many workers, so that a step has all classes alike. */
static bool fits(const Order *o, BaseError *error) {
    const Config *c = o->config;
    const size_t held = c->workers * c->clients;
    if (c->clients > 0 && c->sorted)
        return base_fail(
            error, EX_USAGE, 0,
            "clients=%zu and sorted=yes: samples go to workers one way alone",
            c->clients);
    if (c->clients > o->classes)
        return base_fail(error, EX_USAGE, 0, "clients=%zu: there are %zu classes",
                         c->clients, o->classes);
    return c->clients == 0 || held % o->classes == 0 ||
           base_fail(
               error, EX_USAGE, 0,
               "clients=%zu: workers x clients = %zu x %zu = %zu, a multiple of the %zu "
               "classes is expected",
               c->clients, c->workers, c->clients, held, o->classes);
}

/* ---- workers' own samples --------------------------------------------------------------- */

/* Classes in a drawn order, so many to each worker, round after round; the samples of a class in
 * turns to those that hold it. */
static void deal(const Order *o, size_t *worker) {
    const Config *c = o->config;
    const size_t K = o->classes, holders = c->workers * c->clients / K;
    size_t *holder = o->room, *held = o->begin; /* [K, holders], [K]: begin is free yet */
    draw_permutation((Draw){c->seed, DRAW_DEAL, 0, 0}, o->rank, K);
    for (size_t k = 0; k < K; k++) held[k] = 0;
    for (size_t slot = 0; slot < K * holders; slot++) {
        const size_t k = o->rank[slot % K];
        holder[k * holders + held[k]++] = slot / c->clients;
    }
    for (size_t k = 0; k < K; k++) held[k] = 0;
    for (size_t i = 0; i < o->samples; i++) {
        const size_t k = o->class_of[i];
        worker[i] = holder[k * holders + held[k]++ % holders];
    }
}

/* False: a worker has not enough for one step. */
static bool gather(const Order *o, const size_t *worker, BaseError *error) {
    const Config *c = o->config;
    size_t count = 0;
    for (size_t w = 0; w < c->workers; w++) {
        o->begin[w] = count;
        for (size_t i = 0; i < o->samples; i++)
            if (worker[i] == w) o->mine[count++] = i;
        if (count - o->begin[w] < c->batch)
            return base_fail(error, EX_USAGE, 0,
                             "clients=%zu: worker %zu has %zu samples, batch=%zu",
                             c->clients, w, count - o->begin[w], c->batch);
    }
    o->begin[c->workers] = count;
    return true;
}

static size_t larger(size_t a, size_t b) {
    return a > b ? a : b;
}

static bool take_clients(Arena *arena, Order *o, BaseError *error) {
    const size_t W = o->config->workers, slots = W * o->config->clients;
    size_t *worker = TAKE(arena, size_t, o->samples + 1);
    o->room = TAKE(arena, size_t, larger(o->samples, slots) + 1);
    o->mine = TAKE(arena, size_t, o->samples + 1);
    o->begin = TAKE(arena, size_t, larger(W, o->classes) + 1);
    deal(o, worker);
    return gather(o, worker, error);
}

Order *order_new(Arena *arena, const Config *config, const Dataset *dataset,
                 BaseError *error) {
    Order *o = ZERO(arena, Order, 1);
    const size_t n = dataset->train.count;
    *o = (Order){.config = config,
                 .samples = n,
                 .steps = n / (config->workers * config->batch),
                 .at = TAKE(arena, size_t, n + 1),
                 .epoch = SIZE_MAX};
    if (config->clients == 0 && !config->sorted) return o;
    o->class_of = classes_of(arena, dataset, &o->classes, error);
    if (o->class_of == NULL || !fits(o, error)) return NULL;
    o->rank = TAKE(arena, size_t, o->classes);
    if (config->clients > 0) return take_clients(arena, o, error) ? o : NULL;
    o->room = TAKE(arena, size_t, config->workers * config->batch);
    return o;
}

/* ---- an epoch --------------------------------------------------------------------------- */

/* Each worker's own, in an order drawn anew; one that comes to the end of them before the others
 * begins again in another order. */
static void order_clients(Order *o, size_t epoch) {
    const Config *c = o->config;
    const size_t W = c->workers, b = c->batch;
    for (size_t w = 0; w < W; w++) {
        const size_t *mine = o->mine + o->begin[w], n = o->begin[w + 1] - o->begin[w];
        for (size_t p = 0; p < o->steps * b; p++) {
            const Draw draw = {c->seed, DRAW_DEAL, epoch, 1 + w + W * (p / n)};
            if (p % n == 0) draw_permutation(draw, o->room, n);
            o->at[(p / b * W + w) * b + p % b] = mine[o->room[p % n]];
        }
    }
}

/* The samples of a step as they are, those of one class side by side: the classes in an order
 * drawn for the step, so that each worker has few. */
static void sort_step(const Order *o, size_t epoch, size_t step) {
    const size_t n = o->config->workers * o->config->batch;
    size_t *at = o->at + step * n, count = 0;
    const Draw draw = {o->config->seed, DRAW_DEAL, epoch, 1 + step};
    draw_permutation(draw, o->rank, o->classes);
    for (size_t k = 0; k < o->classes; k++)
        for (size_t i = 0; i < n; i++)
            if (o->class_of[at[i]] == o->rank[k]) o->room[count++] = at[i];
    memcpy(at, o->room, n * sizeof *at);
}

const size_t *order_epoch(Order *o, size_t epoch) {
    const Config *c = o->config;
    if (o->epoch == epoch) return o->at;
    o->epoch = epoch;
    if (c->clients > 0) {
        order_clients(o, epoch);
        return o->at;
    }
    draw_permutation((Draw){c->seed, DRAW_SHUFFLE, epoch, 0}, o->at, o->samples);
    for (size_t step = 0; step < o->steps && c->sorted; step++) sort_step(o, epoch, step);
    return o->at;
}
