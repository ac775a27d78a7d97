/* One run at a time, its workers shared by the ranks of a group; groups share the runs of a study by
 * their locks. Nobody is forked: a process that MPI knows must not be. */
#include "ranks.h"
#include "signals.h"
#include "sweep.h"

#include <unistd.h>

typedef struct Together {
    const Sweep *sweep;
    const Ranks *ranks;
    size_t threads, steps; /* of the run that goes on */
    bool restart, speaks;
    double begin;
} Together;

static void count_step(void *context, size_t done, size_t total) {
    (void)done, (void)total;
    ((Together *)context)->steps++;
}

static size_t finished(const Sweep *sweep) {
    size_t count = 0;
    for (size_t i = 0; i < sweep->runs; i++) count += run_is_finished(&sweep->run[i]);
    return count;
}

/* What a step took, and what came to this rank from others. */
static void tell_run(const Together *g, const Run *run, double seconds,
                     RanksTraffic before) {
    const RanksTraffic now = ranks_traffic(g->ranks);
    const double steps = (double)g->steps;
    say("%zu/%zu %s: done after %.0f s in all; a step took %.3g ms and brought %.0f "
        "bytes to a rank in %.3g exchanges",
        finished(g->sweep), g->sweep->runs, run->label, seconds_now() - g->begin,
        1e3 * seconds / steps, (now.bytes - before.bytes) / steps,
        (now.calls - before.calls) / steps);
}

/* Exit status of a run that is not finished; EX_TEMPFAIL: another process has it. */
static int do_run(Together *g, const Run *run) {
    const double begin = seconds_now();
    const RanksTraffic before = ranks_traffic(g->ranks);
    g->steps = 0;
    const int status = run_execute(run, g->threads, g->restart, g->ranks, count_step, g);
    if (status == EX_OK && g->speaks && g->steps > 0)
        tell_run(g, run, seconds_now() - begin, before);
    return status;
}

static bool is_finished(const Together *g, const Run *run) {
    return ranks_told(g->ranks, ranks_me(g->ranks) == 0 && run_is_finished(run));
}

/* All runs once, beginning where no other group begins. *left: those that others have. */
static int go_round(Together *g, size_t *left, SweepProgress *progress, void *context) {
    const size_t runs = g->sweep->runs,
                 first = ranks_group(g->ranks) * runs / ranks_groups(g->ranks);
    *left = 0;
    for (size_t i = 0; i < runs; i++) {
        const Run *run = &g->sweep->run[(first + i) % runs];
        if (is_finished(g, run)) continue;
        const int status = do_run(g, run);
        if (status == EX_TEMPFAIL)
            (*left)++;
        else if (status != EX_OK)
            return status;
        else
            progress(context);
    }
    return EX_OK;
}

int sweep_together(Arena *arena, const Sweep *sweep, const StudyWork *work,
                   SweepProgress *progress, void *context) {
    const Ranks *ranks = work->ranks;
    BaseError error = {.set = false};
    place_folder(runs_folder(arena), &error);
    die_if(&error);
    Together g = {.sweep = sweep,
                  .ranks = ranks,
                  .threads = work->threads ? work->threads : processors(),
                  .restart = work->restart,
                  .speaks = ranks_group(ranks) == 0 && ranks_me(ranks) == 0,
                  .begin = seconds_now()};
    const SignalsBefore before = signals_watch();
    size_t left;
    int status = go_round(&g, &left, progress, context);
    while (status == EX_OK && left > 0 && ranks_group(ranks) == 0) {
        sleep(1); /* others are at it; ends at a signal */
        const unsigned stop = ranks_agree(ranks, (unsigned)signals_stop());
        status = stop ? 128 + (int)stop : go_round(&g, &left, progress, context);
    }
    signals_restore(&before);
    return status;
}
