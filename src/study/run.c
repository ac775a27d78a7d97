/* One run, one file: trained, checkpointed, resumed to the same bits, written once when
 * it is over. */
#include "signals.h"
#include "sweep.h"

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

/* A run's time, over all the sessions that it took. */
typedef struct Clock {
    const char *started; /* of the first */
    double spent, begin; /* seconds before this one; when this one began */
} Clock;

const char *run_checkpoint(Arena *arena, const char *path) {
    return text_print(arena, "%.*s.checkpoint.h5", (int)(strlen(path) - strlen(".h5")),
                      path);
}

static void drop_checkpoint(Arena *arena, const char *path) {
    BaseError error = {.set = false};
    if (!place_remove(run_checkpoint(arena, path), &error)) say("%s", error.message);
}

/* ---- checkpoint ------------------------------------------------------------------ */

/* "moments, every 10 steps": of these alone the checkpoint has rows. */
static const char *probes_words(Arena *arena, const Run *run) {
    return text_print(arena, "%s, probe_every=%zu", run->config.probes,
                      run->config.probe_every);
}

/* What is trained, and looked at. */
typedef struct Work {
    Trainer *trainer;
    Probes *probes;
} Work;

/* All that both are between two steps. */
static const TrainPart *parts_of(Arena *arena, Work work, size_t *count) {
    size_t probes;
    const TrainPart *part = trainer_parts(work.trainer, count),
                    *more = probes_parts(work.probes, arena, &probes);
    TrainPart *all = TAKE(arena, TrainPart, *count + probes + 1);
    memcpy(all, part, *count * sizeof *all);
    if (probes > 0) memcpy(all + *count, more, probes * sizeof *all);
    *count += probes;
    return all;
}

static bool save_checkpoint(Arena *arena, Work work, const Run *run, const Clock *clock,
                            BaseError *error) {
    ArenaMark mark = arena_mark(arena);
    size_t parts;
    const TrainPart *part = parts_of(arena, work, &parts);
    Store *store = store_new("normlab checkpoint");
    store_text(store, "/", "run", run->id);
    store_text(store, "/", "binary", store_binary());
    store_text(store, "/", "bits", store_bits(arena));
    store_text(store, "/", "started", clock->started);
    store_text(store, "/", "probes", probes_words(arena, run));
    store_number(store, "/", "seconds", clock->spent + seconds_now() - clock->begin);
    store_group(store, "/parts", "everything that the run is between two steps");
    for (size_t i = 0; i < parts; i++) {
        if (part[i].count == 0) continue; /* no running state: nothing to keep */
        const char *name = text_print(arena, "/parts/%s", part[i].name);
        store_tensor(store, name, part[i].data, 1, &part[i].count, "1",
                     part[i].long_name);
    }
    bool good = store_save(store, run_checkpoint(arena, run->path), error);
    store_close(store);
    arena_rewind(arena, mark);
    return good;
}

/* A checkpoint continues only where it would give the same bits. */
static bool check_origin(const Store *store, Arena *arena, const Run *run,
                         BaseError *error) {
    const char *id = store_get_text(store, arena, "/", "run", error);
    const char *binary = store_get_text(store, arena, "/", "binary", error);
    const char *path = run_checkpoint(arena, run->path);
    if (!store_is_sealed(store))
        return base_fail(error, EX_DATAERR, 0, "%s was changed by another program", path);
    if (error->set) return false;
    if (strcmp(id, run->id) != 0)
        return base_fail(error, EX_DATAERR, 0, "%s belongs to run %s, not %s", path,
                         text_clip(arena, id), run->id);
    if (strcmp(binary, store_binary()) != 0)
        return base_fail(error, EX_DATAERR, 0,
                         "%s was written by another build of normlab", path);
    const char *bits = store_get_text(store, arena, "/", "bits", error),
               *probes = store_get_text(store, arena, "/", "probes", error),
               *own = probes_words(arena, run);
    if (bits == NULL || probes == NULL) return false;
    if (strcmp(probes, own) != 0)
        return base_fail(error, EX_DATAERR, 0, "%s has probes=%s, not %s", path,
                         text_clip(arena, probes), own);
    if (strcmp(bits, store_bits(arena)) == 0) return true;
    return base_fail(error, EX_DATAERR, 0, "%s was computed with bits %s, this is %s",
                     path, text_clip(arena, bits), store_bits(arena));
}

static bool load_parts(const Store *store, Arena *arena, Work work, const Run *run,
                       BaseError *error) {
    size_t parts;
    const TrainPart *part = parts_of(arena, work, &parts);
    for (size_t i = 0; i < parts; i++) {
        size_t rank, size;
        const char *name = text_print(arena, "/parts/%s", part[i].name);
        if (part[i].count == 0) continue;
        const double *data = store_get_array(store, arena, name, 1, &rank, &size, error);
        if (data == NULL) return false;
        if (rank != 1 || size != part[i].count)
            return base_fail(error, EX_DATAERR, 0,
                             "%s: %s has %zu numbers, %zu are expected",
                             run_checkpoint(arena, run->path), name, size, part[i].count);
        memcpy(part[i].data, data, size * sizeof *data);
    }
    BaseError own = {.set = false};
    const bool good = trainer_may_resume(work.trainer, &own);
    if (good) probes_resume(work.probes);
    return good || base_fail(error, EX_DATAERR, 0, "%s: no run stands there: /parts/%s",
                             run_checkpoint(arena, run->path), own.message);
}

/* Of the sessions before. */
static bool load_clock(const Store *store, Arena *arena, const char *path, Clock *clock,
                       BaseError *error) {
    if (!store_get_number(store, "/", "seconds", &clock->spent, error)) return false;
    clock->started = store_get_text(store, arena, "/", "started", error);
    if (clock->started == NULL) return false;
    return (clock->spent >= 0 && isfinite(clock->spent)) ||
           base_fail(error, EX_DATAERR, 0, "%s: it took %g seconds", path, clock->spent);
}

/* True without a checkpoint too: the run then begins. */
static bool load_checkpoint(Arena *arena, Work work, const Run *run, Clock *clock,
                            BaseError *error) {
    const char *path = run_checkpoint(arena, run->path);
    if (access(path, F_OK) != 0) return true;
    BaseError own = {.set = false};
    Store *store = store_open(path, &own);
    bool good = store && check_origin(store, arena, run, &own) &&
                load_parts(store, arena, work, run, &own) &&
                load_clock(store, arena, path, clock, &own);
    store_close(store);
    return good ||
           base_fail(error, own.code, 0, "%s; start over with --restart", own.message);
}

/* ---- the run's file -------------------------------------------------------------- */

/* What looking took, for who wonders where the time went. */
static void say_probes(Arena *arena, const Run *run, const Probes *probes,
                       double seconds) {
    if (probes_count(probes) == 0) return;
    say("%s: probes=%s took %.3g s of %.3g s", text_plain(arena, run->label),
        run->config.probes, probes_seconds(probes), seconds);
}

static bool write_run(Arena *arena, Work work, const Run *run, const Clock *clock,
                      BaseError *error) {
    const Trainer *trainer = work.trainer;
    const double seconds = clock->spent + seconds_now() - clock->begin;
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
    if (good) drop_checkpoint(arena, run->path);
    return good;
}

/* ---- the loop -------------------------------------------------------------------- */

typedef struct Watch { /* who is told how far a run is */
    RunProgress *progress;
    void *context;
} Watch;

/* Steps until the run is over or a signal asks to stop; *over says which. Where one asks to save, the
 * run goes on behind its checkpoint. */
static bool train(Arena *arena, Work work, const Run *run, Watch watch,
                  const Clock *clock, bool *over, BaseError *error) {
    const Trainer *trainer = work.trainer;
    const size_t total = trainer_steps(trainer) * run->config.epochs;
    double saved = seconds_now();
    for (;;) {
        TrainStatus status = probes_step(work.probes);
        if (watch.progress) watch.progress(watch.context, trainer_done(trainer), total);
        *over = status == TRAIN_DONE;
        if (*over) return true;
        const bool stop = signals_stop() != 0, asked = signals_save();
        if (stop || asked || status == TRAIN_EPOCH ||
            seconds_now() - saved > CHECKPOINT_SECONDS) {
            if (!save_checkpoint(arena, work, run, clock, error)) return false;
            saved = seconds_now();
        }
        if (stop) return true;
        if (asked)
            say("%s: checkpoint after step %zu of %zu", text_plain(arena, run->label),
                trainer_done(trainer), total);
    }
}

/* Begins with another run's weights where it is asked to, and says which are its own all the same. */
static bool begin(Arena *arena, Trainer *trainer, const Run *run, BaseError *error) {
    const Begun *begun = run->begun;
    NetTaken taken;
    if (begun == NULL) return true;
    if (!trainer_take(trainer, begun->tensor, begun->count, &taken, error)) return false;
    if (taken.lacks > 0)
        say("%s: %zu of %zu begin by the seed, %s has none of their names: %s",
            run->label, taken.lacks, taken.lacks + taken.count, run->config.init.path,
            text_clip(arena, taken.lacking));
    return true;
}

/* Exit status, with *error where it tells of one. */
static int execute(Arena *arena, const Run *run, size_t threads, Watch watch,
                   BaseError *error) {
    Clock clock = {.started = date_now(arena), .begin = seconds_now()};
    bool over = false;
    Trainer *trainer = trainer_new(arena, &run->config, run->dataset, threads, error);
    bool good = trainer && begin(arena, trainer, run, error);
    Work work = {trainer, good ? probes_new(arena, trainer, &run->config, error) : NULL};
    good = work.probes && load_checkpoint(arena, work, run, &clock, error) &&
           train(arena, work, run, watch, &clock, &over, error);
    if (good && over) good = write_run(arena, work, run, &clock, error);
    trainer_free(trainer);
    return !good ? error->code : over ? EX_OK : 128 + signals_stop();
}

void run_tidy(Arena *arena, const Run *run) {
    BaseError quiet = {.set = false};
    int lock = store_lock(run->path, &quiet);
    if (lock < 0) return; /* somebody is at work there */
    place_sweep(run->path);
    place_sweep(run_checkpoint(arena, run->path));
    drop_checkpoint(arena, run->path);
    store_unlock(run->path, lock);
}

int run_execute(const Run *run, size_t threads, bool restart, RunProgress *progress,
                void *context) {
    BaseError error = {.set = false};
    Arena *arena = arena_new();
    int status = EX_OK, lock = store_lock(run->path, &error);
    if (lock < 0)
        status = error.code;
    else {
        place_sweep(run->path);
        place_sweep(run_checkpoint(arena, run->path));
        if (restart) drop_checkpoint(arena, run->path);
        if (!run_set_aside(arena, run, &error))
            status = error.code;
        else if (access(run->path, F_OK) != 0)
            status = execute(arena, run, threads, (Watch){progress, context}, &error);
        store_unlock(run->path, lock);
    }
    if (error.set && status != EX_TEMPFAIL) say("%s", error.message);
    arena_free(arena);
    return status;
}
