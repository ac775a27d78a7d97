/* Workers that meet in a step, as those of `batch(sync=yes)` do: all run at once, each on a thread of
 * its own, and where one gives numbers to the others (tape_meet) it waits for them. Threads may be more
 * than processors; the bits know nothing of either. */
#include "internal.h"

#include <omp.h>
#include <string.h>

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

/* Where each worker's numbers stand. */
typedef struct Meeting {
    const Ranks *ranks;
    RanksShare mine;
    size_t workers;
    bool idle;          /* some rank has no worker */
    const void **given; /* [workers] */
    Arena *arena;
    ArenaMark mark;
} Meeting;

/* Rows of all workers, of whom this rank has filled its own. */
static void gather(Meeting *m, double *rows, size_t width) {
    ranks_gather(m->ranks, rows, m->workers, width);
    for (size_t k = 0; k < m->workers; k++) m->given[k] = rows + k * width;
}

/* Who has no worker does not know how often the others meet, and is told each time: how many numbers
 * each gives, at the end 0. */
static size_t told(const Meeting *m, size_t width) {
    return m->idle ? ranks_agree(m->ranks, (unsigned)width) : width;
}

/* Their rows go as doubles, which are copied, whatever numbers they are made of. */
static void gather_all(Meeting *m, size_t bytes) {
    const size_t width = told(m, bytes / sizeof(double));
    arena_rewind(m->arena, m->mark);
    double *rows = TAKE(m->arena, double, m->workers *width);
    for (size_t k = m->mine.from; k < m->mine.from + m->mine.count; k++)
        memcpy(rows + k * width, m->given[k], bytes);
    gather(m, rows, width);
}

static void without_worker(Meeting *m) {
    for (size_t width; (width = told(m, 0)) > 0;) {
        arena_rewind(m->arena, m->mark);
        gather(m, TAKE(m->arena, double, m->workers *width), width);
    }
}

/* All have given before anybody reads, and all have read before anybody goes on. The thread that
 * MPI knows asks the other ranks. */
static const void *const *meet(void *context, size_t worker, const void *own,
                               size_t bytes) {
    Meeting *m = context;
    m->given[worker] = own;
#pragma omp barrier
    if (ranks_count(m->ranks) == 1) return m->given;
#pragma omp master
    gather_all(m, bytes);
#pragma omp barrier
    return m->given;
}

static void leave(void *context) {
    (void)context;
#pragma omp barrier
}

/* Each on a thread of its own. */
static void together(Trainer *t, const Step *step, Meeting *m) {
    const size_t count = m->mine.count;
    const int dynamic = omp_get_dynamic();
    size_t team = count;
    omp_set_dynamic(0);
#pragma omp parallel num_threads((int)count)
    {
        const size_t worker = m->mine.from + (size_t)omp_get_thread_num();
        const TapeMeeting meeting = {m->workers, worker, meet, leave, m};
        if ((size_t)omp_get_num_threads() == count)
            worker_run(t, step, worker, &meeting);
        else if (worker == m->mine.from)
            team = (size_t)omp_get_num_threads();
    }
    omp_set_dynamic(dynamic);
    if (team < count)
        die(EX_OSERR, "%zu workers meet in a step, but there are threads for %zu", count,
            team);
}

void meet_run(Trainer *t, const Step *step) {
    const size_t W = t->config.workers;
    const ArenaMark mark = arena_mark(t->arena);
    Meeting m = {.ranks = t->ranks,
                 .mine = t->mine,
                 .workers = W,
                 .idle = ranks_count(t->ranks) > W,
                 .given = ZERO(t->arena, const void *, W),
                 .arena = t->arena};
    m.mark = arena_mark(t->arena);
    if (m.mine.count == 0) {
        without_worker(&m);
    } else {
        together(t, step, &m);
        told(&m, 0);
    }
    arena_rewind(t->arena, mark);
}
