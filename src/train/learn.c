/* Which weights learn: all; the normalizers' own alone; or as many others (Frankle, Schwab and Morcos
 * 2021). notes/40-workers.md */
#include "optimize.h"
#include "sum.h"

/* ---- who does ---------------------------------------------------------------------- */

static size_t count_normalizers(const Net *net) {
    size_t count = 0;
    for (size_t i = 0; i < net->params; i++)
        if (net->param[i].normalizer) count += net->param[i].count;
    return count;
}

/* The weights of normalizers, or all others: learns[net->weights]. */
static void mark(const Net *net, bool *learns, bool normalizers) {
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        for (size_t k = 0; k < p->count; k++)
            learns[p->offset + k] = p->normalizer == normalizers;
    }
}

/* As many of those that are marked, each as likely, stay so. */
static void draw_some(Arena *arena, bool *learns, size_t weights, size_t some,
                      uint64_t seed) {
    size_t *at = TAKE(arena, size_t, weights), others = 0;
    for (size_t i = 0; i < weights; i++)
        if (learns[i]) at[others++] = i;
    size_t *order = TAKE(arena, size_t, others);
    draw_permutation((Draw){.seed = seed, .purpose = DRAW_LEARN}, order, others);
    for (size_t i = some; i < others; i++) learns[at[order[i]]] = false;
}

static bool can_be(const Net *net, const Config *config, BaseError *error) {
    const size_t own = count_normalizers(net), others = net->weights - own;
    if (config->learn == LEARN_ALL) return true;
    if (own == 0)
        return base_fail(error, EX_USAGE, 0,
                         "learn=%s: no normalizer of %s has weights of its own",
                         config->learn == LEARN_AFFINE ? "affine" : "random", net->spec);
    return config->learn == LEARN_AFFINE || own <= others ||
           base_fail(error, EX_USAGE, 0,
                     "learn=random: the normalizers have %zu weights, and there are %zu "
                     "others",
                     own, others);
}

/* ---- as stretches ------------------------------------------------------------------ */

static Learns stretches_of(Arena *arena, const Net *net, const bool *learns) {
    Stretch *stretch = TAKE(arena, Stretch, net->weights + 1);
    Learns all = {.stretch = stretch};
    for (size_t i = 0; i < net->params; i++) {
        const NetParam *p = &net->param[i];
        const size_t end = p->offset + p->count;
        for (size_t from = p->offset, to; from < end; from = to) {
            for (to = from; to < end && learns[to] == learns[from];) to++;
            if (!learns[from]) continue;
            stretch[all.count++] = (Stretch){p, from, to - from};
            all.weights += to - from;
        }
    }
    return all;
}

Learns learns_all(Arena *arena, const Net *net) {
    Stretch *stretch = TAKE(arena, Stretch, net->params + 1);
    for (size_t i = 0; i < net->params; i++)
        stretch[i] = (Stretch){&net->param[i], net->param[i].offset, net->param[i].count};
    return (Learns){net->params, net->weights, stretch};
}

bool learns_new(Arena *arena, Learns *learns, const Net *net, const Config *config,
                BaseError *error) {
    if (!can_be(net, config, error)) return false;
    if (config->learn == LEARN_ALL) {
        *learns = learns_all(arena, net);
        return true;
    }
    bool *marked = TAKE(arena, bool, net->weights);
    mark(net, marked, config->learn == LEARN_AFFINE);
    if (config->learn == LEARN_RANDOM)
        draw_some(arena, marked, net->weights, count_normalizers(net), config->seed);
    *learns = stretches_of(arena, net, marked);
    return true;
}

void learns_alone(const Learns *learns, size_t weights, double *gradient) {
    size_t done = 0;
    for (size_t i = 0; i < learns->count; i++) {
        const Stretch *s = &learns->stretch[i];
        vector_zero(gradient + done, s->from - done);
        done = s->from + s->count;
    }
    vector_zero(gradient + done, weights - done);
}
