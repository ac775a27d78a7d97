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

void local_begin(const Trainer *t) {
    const size_t n = t->net->weights;
    for (size_t k = 0; t->theirs && k < t->config.workers; k++)
        memcpy(t->theirs + k * n, t->weights, n * sizeof *t->weights);
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

//> local
/* mean[n] of the workers' numbers [workers, n], worker after worker; of equal ones exactly. */
static void mean_of(const Trainer *t, double *mean, const double *of) {
    const size_t n = t->net->weights, W = t->config.workers;
    for (size_t i = 0; i < n; i++) {
        double more = 0.0;
        for (size_t k = 1; k < W; k++) more += of[k * n + i] - of[i];
        mean[i] = of[i] + more / (double)W;
    }
}

/* All workers' numbers become their mean. */
static void meet(const Trainer *t, double *of) {
    const size_t n = t->net->weights;
    mean_of(t, of, of);
    for (size_t k = 1; k < t->config.workers; k++) memcpy(of + k * n, of, n * sizeof *of);
}

void step_apart(Trainer *t, double rate, size_t done) {
    const size_t step = done % t->steps + 1;
    const int threads = threads_for(t, t->config.workers);
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t k = 0; k < t->config.workers; k++) step_of(t, k, rate, done);
    mean_of(t, t->weights, t->theirs);
    project(t, t->weights);
    if (step % t->config.local != 0 && step < t->steps) return;
    local_begin(t);
    const OptimizerMoment *unused;
    const size_t moments = optimizer_moments(&t->config.optimizer, &unused);
    for (size_t i = 0; i < moments; i++) meet(t, t->moment[i]);
}
//< local
