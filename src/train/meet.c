/* Workers that meet in a step, as those of `batch(sync=yes)` do: all run at once, each on a thread of
 * its own, and where one gives numbers to the others (tape_meet) it waits for them. Threads may be more
 * than processors; the bits know nothing of either. */
#include "internal.h"

#include <omp.h>

bool meet_can_be(Trainer *t, BaseError *error) {
    const size_t W = t->config.workers;
    const char *synced = NULL;
    for (size_t i = 0; i < t->net->norms; i++)
        if (norm_is_synced(t->net->norm[i].norm)) synced = t->net->norm[i].norm->spec;
    t->meets = synced && W > 1;
    if (!t->meets) return true;
    if (t->config.worker_clip > 0.0)
        return base_fail(error, EX_USAGE, 0,
                         "worker_clip=%s bounds what one worker's samples may do, but by "
                         "%s they are in the gradients of all workers",
                         config_text(&t->config, t->arena, "worker_clip"), synced);
    return W <= (size_t)omp_get_thread_limit() ||
           base_fail(error, EX_UNAVAILABLE, 0,
                     "%s: %zu workers run at once, each on a thread of its own, but "
                     "OMP_THREAD_LIMIT allows %d",
                     synced, W, omp_get_thread_limit());
}

//> meet
/* Where each worker's numbers stand. All have given before anybody reads, and all have read before
 * anybody goes on. */
static const void *const *meet(void *context, size_t worker, const void *own,
                               size_t bytes) {
    const void **given = context;
    (void)bytes;
    given[worker] = own;
#pragma omp barrier
    return given;
}

static void leave(void *context) {
    (void)context;
#pragma omp barrier
}
//< meet

void meet_run(Trainer *t, const Step *step) {
    const size_t W = t->config.workers;
    const ArenaMark mark = arena_mark(t->arena);
    const void **given = ZERO(t->arena, const void *, W);
    const int dynamic = omp_get_dynamic();
    size_t team = W;
    omp_set_dynamic(0);
#pragma omp parallel num_threads((int)W)
    {
        const size_t worker = (size_t)omp_get_thread_num();
        const TapeMeeting meeting = {W, worker, meet, leave, given};
        if ((size_t)omp_get_num_threads() == W)
            worker_run(t, step, worker, &meeting);
        else if (worker == 0)
            team = (size_t)omp_get_num_threads();
    }
    omp_set_dynamic(dynamic);
    if (team < W)
        die(EX_OSERR, "%zu workers meet in a step, but there are threads for %zu", W,
            team);
    arena_rewind(t->arena, mark);
}
