/* Workers of a step: each its own shard and tape, and the sum of what they found.
 * notes/40-workers.md */
#include "internal.h"

#include <omp.h>

static size_t count_wrong(const Node *logits, const uint8_t *label) {
    size_t K = logits->shape.size[1], wrong = 0;
    for (size_t n = 0; n < logits->shape.size[0]; n++) {
        const double *z = logits->value + n * K;
        size_t best = 0;
        for (size_t k = 1; k < K; k++) best = z[k] > z[best] ? k : best;
        wrong += best != label[n];
    }
    return wrong;
}

Tally shard_run(const Trainer *t, Arena *arena, NetPass pass, const Samples *images,
                const size_t *index, size_t count, const Augment *augment) {
    ArenaMark mark = arena_mark(arena);
    const Dataset *d = t->dataset;
    const Batch batch = dataset_batch(arena, d, images, index, count, augment,
                                      t->config.seed, pass.epoch);
    const uint8_t *label = batch.label[dataset_field(d, "label") - d->field];
    pass.tape = tape_new(arena);
    pass.weights = t->weights;
    pass.state = pass.mode == NORM_EVAL ? t->judged : t->state;
    Node *logits =
        net_run_one(t->net, &pass, tape_leaf(pass.tape, batch.shape[0], batch.real[0]));
    Node *loss = tape_cross_entropy(pass.tape, logits, label);
    Tally tally = {loss->value[0], count_wrong(logits, label)};
    if (pass.gradient) tape_backward(pass.tape, loss, NULL);
    arithmetic_want();
    arena_rewind(arena, mark);
    return tally;
}

static void run_worker(Trainer *t, size_t worker, size_t epoch, size_t step, bool learn) {
    const size_t *mine = t->order + (step * t->config.workers + worker) * t->config.batch;
    const Augment augment = {.flip = t->config.flip, .shift = t->config.shift};
    NetPass pass = {.mode = NORM_TRAIN,
                    .epoch = epoch,
                    .step = step,
                    .definitions = t->definitions,
                    .gradient = learn ? t->shares + worker * t->net->weights : NULL,
                    .observed = t->observed + worker * t->net->states};
    t->tally[worker] = shard_run(t, t->own[omp_get_thread_num()], pass,
                                 &t->dataset->train, mine, t->config.batch, &augment);
}

//> workers
/* All workers of a step, on as many threads as there are. What each writes is its own, so
 * which thread ran it does not matter. */
void workers_run(Trainer *t, size_t epoch, size_t step, bool learn) {
    const int threads = (int)t->threads;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t worker = 0; worker < t->config.workers; worker++)
        run_worker(t, worker, epoch, step, learn);
}

/* Worker after worker. */
void workers_sum(Trainer *t) {
    const size_t n = t->net->weights;
    const double count = (double)t->config.workers;
    const int threads = (int)t->threads;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t block = 0; block < (n + 1023) / 1024; block++) {
        size_t from = block * 1024, to = from + 1024 < n ? from + 1024 : n;
        double *sum = t->gradient;
        for (size_t i = from; i < to; i++) sum[i] = t->shares[i];
        for (size_t k = 1; k < t->config.workers; k++)
            for (size_t i = from; i < to; i++) sum[i] += t->shares[k * n + i];
        for (size_t i = from; i < to; i++) sum[i] /= count;
    }
}
//< workers
