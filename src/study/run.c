/* One run, one file: trained, checkpointed, resumed to the same bits, written once when
 * it is over. */
#include "checkpoint.h"
#include "ranks.h"
#include "signals.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { CHECKPOINT_SECONDS = 60 };

double seconds_now(void) {
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static const char *date_now(Arena *arena) {
    char text[32];
    time_t now = time(NULL);
    struct tm parts;
    gmtime_r(&now, &parts);
    strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
    return text_copy(arena, text, strlen(text));
}

/* ---- the run's file -------------------------------------------------------------- */

/* What looking took, for who wonders where the time went. */
static void say_probes(Arena *arena, const Run *run, const Probes *probes,
                       double seconds) {
    if (probes_count(probes) == 0) return;
    say("%s: probes=%s took %.3g s of %.3g s", text_plain(arena, run->label),
        run->config.probes, probes_seconds(probes), seconds);
}

/* By the first rank: nothing of it is computed together. */
static bool write_run(Arena *arena, Work work, const Run *run, const Clock *clock,
                      BaseError *error) {
    const Trainer *trainer = work.trainer;
    const double seconds = clock_seconds(clock);
    Store *store = store_new(text_print(arena, "%s with %s on %s", run->config.network,
                                        run->config.norm, run->dataset->name));
    store_text(store, "/", "run", run->id);
    store_text(store, "/", "status",
               trainer_record(trainer).diverged ? "diverged" : "finished");
    record_write(store, arena, run, trainer, work.probes);
    store_group(store, "/times", "when, and how long; of no influence on the rest");
    store_text(store, "/times", "started", clock->started);
    store_text(store, "/times", "finished", date_now(arena));
    store_number(store, "/times", "seconds", seconds);
    if (probes_count(work.probes) > 0)
        store_number(store, "/times", "probes", probes_seconds(work.probes));
    bool good = store_save(store, run->path, error);
    store_close(store);
    if (good) say_probes(arena, run, work.probes, seconds);
    if (good) checkpoint_drop(arena, run);
    return good;
}

/* ---- the loop -------------------------------------------------------------------- */

typedef struct Watch { /* who is told how far a run is */
    RunProgress *progress;
    void *context;
} Watch;

enum { STOP = 0xff, SAVE = 0x100, LATE = 0x200 }; /* what ranks agree upon */

/* After a step: what any rank was asked by a signal, and the first one's clock. */
static unsigned wishes(const Ranks *ranks, double saved) {
    const bool late = ranks_me(ranks) == 0 && seconds_now() - saved > CHECKPOINT_SECONDS;
    return ranks_agree(ranks, (unsigned)signals_stop() | (signals_save() ? SAVE : 0) |
                                  (late ? LATE : 0));
}

/* Steps until the run is over or a signal asks to stop, *stopped. Where one asks to save, the run goes
 * on behind its checkpoint. */
static bool train(Arena *arena, Work work, const Run *run, Watch watch, Clock *clock,
                  int *stopped, BaseError *error) {
    const Trainer *trainer = work.trainer;
    const size_t total = trainer_steps(trainer) * run->config.epochs;
    double saved = seconds_now();
    for (;;) {
        TrainStatus status = probes_step(work.probes);
        if (watch.progress) watch.progress(watch.context, trainer_done(trainer), total);
        if (status == TRAIN_DONE) return true;
        const unsigned wish = wishes(work.ranks, saved);
        if (wish || status == TRAIN_EPOCH) {
            if (!checkpoint_save(arena, work, run, clock, error)) return false;
            saved = seconds_now();
        }
        *stopped = (int)(wish & STOP);
        if (*stopped) return true;
        if (wish & SAVE && ranks_me(work.ranks) == 0)
            say("%s: checkpoint after step %zu of %zu", text_plain(arena, run->label),
                trainer_done(trainer), total);
    }
}

/* Begins with another run's weights where it is asked to, and says which are its own all the same. */
static bool begin(Arena *arena, Trainer *trainer, const Run *run, bool speaks,
                  BaseError *error) {
    const Begun *begun = run->begun;
    NetTaken taken;
    if (begun == NULL) return true;
    if (!trainer_take(trainer, begun->tensor, begun->count, &taken, error)) return false;
    if (taken.lacks > 0 && speaks)
        say("%s: %zu of %zu begin by the seed, %s has none of their names: %s",
            run->label, taken.lacks, taken.lacks + taken.count, run->config.init.path,
            text_clip(arena, taken.lacking));
    return true;
}

/* Exit status, with *error where it tells of one. */
static int execute(Arena *arena, const Run *run, size_t threads, const Ranks *ranks,
                   Watch watch, BaseError *error) {
    Clock clock = {.started = date_now(arena), .begin = seconds_now()};
    const bool first = ranks_me(ranks) == 0;
    int stopped = 0;
    Trainer *trainer = trainer_new(arena, &run->config, run->dataset, threads, error);
    if (trainer) trainer_share(trainer, ranks);
    bool good = trainer && begin(arena, trainer, run, first, error);
    Work work = {trainer, good ? probes_new(arena, trainer, &run->config, error) : NULL,
                 ranks};
    good = work.probes && checkpoint_load(arena, work, run, &clock, error) &&
           train(arena, work, run, watch, &clock, &stopped, error);
    if (good && !stopped && first) good = write_run(arena, work, run, &clock, error);
    trainer_free(trainer);
    return ranks_told(ranks, !good ? error->code : stopped ? 128 + stopped : EX_OK);
}

void run_tidy(Arena *arena, const Run *run) {
    BaseError quiet = {.set = false};
    int lock = store_lock(run->path, &quiet);
    if (lock < 0) return; /* somebody is at work there */
    place_sweep(run->path);
    checkpoint_sweep(arena, run);
    checkpoint_drop(arena, run);
    store_unlock(run->path, lock);
}

/* Whether there is something to do. Its lock: -1 and *error where another process has it. */
static bool open_run(Arena *arena, const Run *run, bool restart, int *lock,
                     BaseError *error) {
    *lock = store_lock(run->path, error);
    if (*lock < 0) return false;
    place_sweep(run->path);
    checkpoint_sweep(arena, run);
    if (restart) checkpoint_drop(arena, run);
    return run_set_aside(arena, run, error) && access(run->path, F_OK) != 0;
}

int run_execute(const Run *run, size_t threads, bool restart, const Ranks *ranks,
                RunProgress *progress, void *context) {
    BaseError error = {.set = false};
    Arena *arena = arena_new();
    const bool first = ranks_me(ranks) == 0;
    int lock = -1;
    const bool todo =
        ranks_told(ranks, first && open_run(arena, run, restart, &lock, &error));
    int status = ranks_told(ranks, error.set ? error.code : EX_OK);
    if (todo)
        status = execute(arena, run, threads, ranks, (Watch){progress, context}, &error);
    if (lock >= 0) store_unlock(run->path, lock);
    if (error.set && status != EX_TEMPFAIL && first) say("%s", error.message);
    arena_free(arena);
    return status;
}
