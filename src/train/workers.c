/* Workers of a step: each its own shard and tape, and the sum of what they found.
 * notes/40-workers.md */
#include "internal.h"

#include <omp.h>

/* Symbols are numbers here; where there is none, no symbol. */
static const double *as_numbers(Arena *arena, const uint8_t *symbol, size_t count) {
    double *number = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++)
        number[i] = symbol[i] == DATA_IGNORED ? NET_NO_SYMBOL : symbol[i];
    return number;
}

TapeNode *shard_input(Tape *tape, const Batch *batch) {
    const Shape shape = batch->shape[0];
    const double *x = batch->real[0] ? batch->real[0]
                                     : as_numbers(tape_arena(tape), batch->label[0],
                                                  shape_count(shape));
    return tape_leaf(tape, shape, x);
}

void shard_run(const Trainer *t, double *found, Arena *arena, NetPass pass,
               const Shard *shard) {
    const ArenaMark mark = arena_mark(arena);
    const TaskKind *task = t->task.kind;
    const Batch batch =
        dataset_batch(arena, shard->in.dataset, shard->samples, shard->index,
                      shard->count, shard->augment, t->config.seed, pass.epoch);
    pass.tape = tape_new(arena);
    tape_join(pass.tape, shard->meeting);
    if (pass.weights == NULL) pass.weights = t->weights;
    pass.state = pass.mode == NORM_EVAL ? t->judged : t->state;
    TapeNode *in = shard_input(pass.tape, &batch), *out[NET_MOST_ENDS];
    if (t->seen) {
        pass.watch = ZERO(arena, NetWatch, shard->in.net->norms + 1);
        pass.watch_branch = ZERO(arena, NetWatch, shard->in.net->branches + 1);
    }
    net_run(shard->in.net, &pass, &in, out);
    TapeNode *loss = task->write(&t->task, pass.tape, out, &batch);
    found[0] = loss->value[0];
    task->tally(&t->task, found + 1, out, &batch);
    if (t->seen) see_worker(t, &pass, shard->worker);
    if (pass.gradient) tape_backward(pass.tape, loss, NULL);
    arithmetic_want();
    arena_rewind(arena, mark);
}

void worker_run(Trainer *t, const Step *s, size_t worker, const TapeMeeting *meeting) {
    const Augment augment = {.flip = t->config.flip, .shift = t->config.shift};
    const bool learn = s->learn;
    NetPass pass = {
        .mode = NORM_TRAIN,
        .epoch = s->epoch,
        .step = s->step,
        .weights = learn && t->theirs ? t->theirs + worker * t->net->weights : NULL,
        .definitions = t->definitions,
        .gradient = learn && t->shares ? t->shares + worker * t->net->weights : NULL,
        .observed = t->observed + worker * t->net->states,
        .whole = t->whole};
    const Shard shard = {.in = learn ? sized_of(t, s->epoch, s->step, worker)
                                     : (Sized){t->dataset, t->net},
                         .samples = &t->dataset->train,
                         .index = s->samples + worker * t->config.batch,
                         .count = t->config.batch,
                         .augment = &augment,
                         .worker = worker,
                         .meeting = meeting};
    shard_run(t, t->found + worker * found_width(t), t->own[omp_get_thread_num()], pass,
              &shard);
}

/* Threads for so many parts of work that take long, and for numbers of which each is added to few
 * others. Who waits for work spins, and takes a processor from whoever has some. */
int threads_for(const Trainer *t, size_t parts) {
    if (parts == 0) return 1; /* of a rank that has none */
    return (int)(parts < t->threads ? parts : t->threads);
}

static int threads_of_sum(const Trainer *t, size_t numbers) {
    enum { WORTH = 1 << 17 }; /* more than it costs to wake a thread */
    return numbers < WORTH ? 1 : (int)t->threads;
}

/* All workers of a step that are this rank's, on as many threads as there are. What each writes
 * is its own, so which thread of which rank ran it does not matter. What they found, and
 * the mean of what they observed, all ranks have then. */
void workers_run(Trainer *t, size_t epoch, size_t step, bool learn) {
    const size_t W = t->config.workers, end = t->mine.from + t->mine.count;
    const Step s = {epoch, step, learn,
                    order_epoch(t->order, epoch) + step * W * t->config.batch};
    const int threads = threads_for(t, t->mine.count);
    trainer_relabel(t, epoch);
    if (t->meets) meet_run(t, &s);
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t worker = t->meets ? end : t->mine.from; worker < end; worker++)
        worker_run(t, &s, worker, NULL);
    ranks_gather(t->ranks, t->found, W, found_width(t));
    state_observed(t);
}

void workers_fold(const Trainer *t, double *to, const double *of, RanksSum *sum) {
    const size_t n = t->net->weights;
    ranks_sum(t->ranks, to, of + t->mine.from * n, t->config.workers, n, sum, t);
}

//> sum
/* Worker after worker: the mean of n numbers of each, which lie `stride` apart. */
static void mean_of_shares(double *mean, const double *share, size_t stride, size_t n,
                           const void *trainer) {
    const Trainer *t = trainer;
    const double count = (double)t->config.workers;
    const int threads = threads_of_sum(t, n * t->config.workers);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t block = 0; block < (n + 1023) / 1024; block++) {
        size_t from = block * 1024, to = from + 1024 < n ? from + 1024 : n;
        for (size_t i = from; i < to; i++) mean[i] = share[i];
        for (size_t k = 1; k < t->config.workers; k++)
            for (size_t i = from; i < to; i++) mean[i] += share[k * stride + i];
        for (size_t i = from; i < to; i++) mean[i] /= count;
    }
}
//< sum

void workers_sum(Trainer *t) {
    workers_fold(t, t->gradient, t->shares, mean_of_shares);
}

double workers_loss(const Trainer *t) {
    double loss = 0.0;
    for (size_t k = 0; k < t->config.workers; k++) loss += t->found[k * found_width(t)];
    return loss / (double)t->config.workers;
}
