/* Workers that step by themselves and meet every `local` steps: federated averaging (McMahan et al. 2017),
 * local SGD. notes/40-workers.md */
#include "internal.h"

#include <string.h>

bool local_can_be(const Config *config, BaseError *error) {
    return config->local == 0 ||
           (config->worker_clip == 0.0 && config->worker_noise == 0.0) ||
           base_fail(error, EX_USAGE, 0,
                     "local=%zu: workers step by themselves, and worker_clip and "
                     "worker_noise are of one step of all; clip=C bounds each worker's",
                     config->local);
}

/* The rows of this rank's workers become these n numbers. */
static void give(const Trainer *t, double *rows, const double *numbers) {
    const size_t n = t->net->weights, end = t->mine.from + t->mine.count;
    for (size_t k = t->mine.from; k < end; k++)
        memcpy(rows + k * n, numbers, n * sizeof *numbers);
}

void local_begin(const Trainer *t) {
    if (t->theirs) give(t, t->theirs, t->weights);
}

void local_gather(const Trainer *t) {
    const size_t n = t->net->weights, W = t->config.workers;
    const OptimizerMoment *unused;
    const size_t moments = optimizer_moments(&t->config.optimizer, &unused);
    if (t->theirs == NULL) return;
    ranks_gather(t->ranks, t->theirs, W, n);
    for (size_t i = 0; i < moments; i++) ranks_gather(t->ranks, t->moment[i], W, n);
}

static void step_of(const Trainer *t, size_t worker, double rate, size_t done) {
    const size_t n = t->net->weights, from = worker * n;
    double *moment[OPTIMIZER_MOST_MOMENTS];
    const OptimizerMoment *unused;
    const size_t moments = optimizer_moments(&t->config.optimizer, &unused);
    for (size_t i = 0; i < moments; i++) moment[i] = t->moment[i] + from;
    learns_alone(&t->learns, n, t->shares + from);
    clip_gradient(t->shares + from, n, t->config.clip);
    descend(t->theirs + from, moment, t->shares + from, &t->learns, &t->config, rate,
            done);
    project(t, t->theirs + from);
}

/* mean[n] of the workers' numbers, `stride` apart, worker after worker; of equal ones exactly. */
static void mean_of(double *mean, const double *of, size_t stride, size_t n,
                    const void *trainer) {
    const size_t W = ((const Trainer *)trainer)->config.workers;
    for (size_t i = 0; i < n; i++) {
        double more = 0.0;
        for (size_t k = 1; k < W; k++) more += of[k * stride + i] - of[i];
        mean[i] = of[i] + more / (double)W;
    }
}

/* All workers' numbers [workers, n] become their mean; nobody needs the gradient any more. */
static void meet(const Trainer *t, double *of) {
    workers_fold(t, t->gradient, of, mean_of);
    give(t, of, t->gradient);
}

void step_apart(Trainer *t, double rate, size_t done) {
    const size_t step = done % t->steps + 1;
    const size_t end = t->mine.from + t->mine.count;
    const int threads = threads_for(t, t->mine.count);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t k = t->mine.from; k < end; k++) step_of(t, k, rate, done);
    workers_fold(t, t->weights, t->theirs, mean_of);
    project(t, t->weights);
    if (step % t->config.local != 0 && step < t->steps) return;
    local_begin(t);
    const OptimizerMoment *unused;
    const size_t moments = optimizer_moments(&t->config.optimizer, &unused);
    for (size_t i = 0; i < moments; i++) meet(t, t->moment[i]);
}
