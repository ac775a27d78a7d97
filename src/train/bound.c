/* What one worker may do to a step, and noise that hides it: with a sample a worker, Abadi et al. 2016
 * (DP-SGD). notes/40-workers.md */
#include "internal.h"

bool bound_can_be(const Config *config, Arena *arena, BaseError *error) {
    return config->worker_noise == 0.0 || config->worker_clip > 0.0 ||
           base_fail(
               error, EX_USAGE, 0,
               "worker_noise=%s is in units of the norm that each worker's gradient is "
               "scaled down to: worker_clip=C is expected",
               config_text(config, arena, "worker_noise"));
}

/* g_k <- g_k min(1, C / |g_k|) of what learns (W-7); each worker's is its own. */
void workers_bound(Trainer *t) {
    const size_t n = t->net->weights;
    const size_t end = t->mine.from + t->mine.count;
    const int threads = threads_for(t, t->mine.count);
    if (t->config.worker_clip == 0.0) return;
#pragma omp parallel for schedule(static) num_threads(threads)
    for (size_t k = t->mine.from; k < end; k++) {
        learns_alone(&t->learns, n, t->shares + k * n);
        clip_gradient(t->shares + k * n, n, t->config.worker_clip);
    }
}

/* g <- g + (S C / W) z of what learns, z a function of (seed, step, weight). */
void gradient_noise(Trainer *t, size_t step) {
    const Config *c = &t->config;
    const double std = c->worker_noise * c->worker_clip / (double)c->workers;
    const Draw draw = {.seed = c->seed, .purpose = DRAW_NOISE, .sample = step};
    const int threads = threads_for(t, t->learns.count);
    if (c->worker_noise == 0.0) return;
#pragma omp parallel for schedule(dynamic, 1) num_threads(threads)
    for (size_t i = 0; i < t->learns.count; i++) {
        const Stretch *s = &t->learns.stretch[i];
        for (size_t k = s->from; k < s->from + s->count; k++)
            t->gradient[k] += std * draw_normal(draw, k);
    }
}
