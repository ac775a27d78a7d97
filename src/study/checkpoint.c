/* A run between two steps, in two files. What is written takes the place of the older one, so that the
 * newer is there whatever happens to it, and damage to one costs an epoch and no run. */
#include "checkpoint.h"
#include "ranks.h"

#include <math.h>
#include <string.h>
#include <unistd.h>

enum { CHECKPOINTS = 2 };

static const char *path_of(Arena *arena, const Run *run, size_t i) {
    return text_print(arena, "%.*s.checkpoint%s.h5",
                      (int)(strlen(run->path) - strlen(".h5")), run->path,
                      i == 0 ? "" : ".1");
}

void checkpoint_drop(Arena *arena, const Run *run) {
    for (size_t i = 0; i < CHECKPOINTS; i++) {
        BaseError error = {.set = false};
        if (!place_remove(path_of(arena, run, i), &error)) say("%s", error.message);
    }
}

void checkpoint_sweep(Arena *arena, const Run *run) {
    for (size_t i = 0; i < CHECKPOINTS; i++) place_sweep(path_of(arena, run, i));
}

double clock_seconds(const Clock *clock) {
    return clock->spent + seconds_now() - clock->begin;
}

/* ---- writing ------------------------------------------------------------------------- */

/* "moments, every 10 steps": of these alone the checkpoint has rows. */
static const char *probes_words(Arena *arena, const Run *run) {
    return text_print(arena, "%s, probe_every=%zu", run->config.probes,
                      run->config.probe_every);
}

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

static bool write_parts(Arena *arena, const TrainPart *part, size_t parts, const Run *run,
                        Clock *clock, BaseError *error) {
    Store *store = store_new("normlab checkpoint");
    store_text(store, "/", "run", run->id);
    store_text(store, "/", "binary", store_binary());
    store_text(store, "/", "bits", store_bits(arena));
    store_text(store, "/", "started", clock->started);
    store_text(store, "/", "probes", probes_words(arena, run));
    store_number(store, "/", "seconds", clock_seconds(clock));
    store_group(store, "/parts", "everything that the run is between two steps");
    for (size_t i = 0; i < parts; i++) {
        if (part[i].count == 0) continue; /* no running state: nothing to keep */
        const char *name = text_print(arena, "/parts/%s", part[i].name);
        store_tensor(store, name, part[i].data, 1, &part[i].count, "1",
                     part[i].long_name);
    }
    store_plot(store, "/parts", "weights");
    const bool good = store_save(store, path_of(arena, run, clock->next), error);
    if (good) clock->next = (clock->next + 1) % CHECKPOINTS;
    store_close(store);
    return good;
}

bool checkpoint_save(Arena *arena, Work work, const Run *run, Clock *clock,
                     BaseError *error) {
    ArenaMark mark = arena_mark(arena);
    size_t parts;
    const TrainPart *part = parts_of(arena, work, &parts);
    const bool good =
        ranks_me(work.ranks) > 0 || write_parts(arena, part, parts, run, clock, error);
    arena_rewind(arena, mark);
    return ranks_told(work.ranks, good);
}

/* ---- reading ------------------------------------------------------------------------- */

/* The step after which a checkpoint was written, and *epochs of them; -1: it does not say. */
static double step_of(const Store *store, Arena *arena, double *epochs) {
    BaseError quiet = {.set = false};
    size_t rank, size;
    const double *counter =
        store_get_array(store, arena, "/parts/counters", 1, &rank, &size, &quiet);
    const bool good = counter && rank == 1 && size > 1 && counter[0] >= 0;
    if (good) *epochs = counter[1];
    return good ? counter[0] : -1.0;
}

/* A checkpoint continues only where it would give the same bits. */
static bool check_origin(const Store *store, Arena *arena, const Run *run,
                         BaseError *error) {
    const char *id = store_get_text(store, arena, "/", "run", error);
    const char *binary = store_get_text(store, arena, "/", "binary", error);
    const char *path = store_path(store);
    if (!store_is_sealed(store))
        return base_fail(error, EX_DATAERR, 0, "%s was changed by another program", path);
    if (error->set) return false;
    if (strcmp(id, run->id) != 0)
        return base_fail(error, EX_DATAERR, 0, "%s belongs to run %s, not %s", path,
                         text_clip(arena, id), run->id);
    if (strcmp(store_binary(), "unknown") == 0)
        return base_fail(
            error, EX_UNAVAILABLE, 0,
            "/proc/self/exe cannot be read: it cannot be told whether this is "
            "the program that wrote %s",
            path);
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

static bool load_parts(const Store *store, Arena *arena, Work work, const TrainPart *part,
                       size_t parts, BaseError *error) {
    for (size_t i = 0; i < parts; i++) {
        size_t rank, size;
        const char *name = text_print(arena, "/parts/%s", part[i].name);
        if (part[i].count == 0) continue;
        const double *data = store_get_array(store, arena, name, 1, &rank, &size, error);
        if (data == NULL) return false;
        if (rank != 1 || size != part[i].count)
            return base_fail(error, EX_DATAERR, 0,
                             "%s: %s has %zu numbers, %zu are expected",
                             store_path(store), name, size, part[i].count);
        memcpy(part[i].data, data, size * sizeof *data);
    }
    BaseError own = {.set = false};
    return trainer_may_resume(work.trainer, &own) ||
           base_fail(error, EX_DATAERR, 0, "%s: no run stands there: /parts/%s",
                     store_path(store), own.message);
}

/* Of the sessions before. */
static bool load_clock(const Store *store, Arena *arena, Clock *clock, BaseError *error) {
    if (!store_get_number(store, "/", "seconds", &clock->spent, error)) return false;
    clock->started = store_get_text(store, arena, "/", "started", error);
    if (clock->started == NULL) return false;
    return (clock->spent >= 0 && isfinite(clock->spent)) ||
           base_fail(error, EX_DATAERR, 0, "%s: it took %g seconds", store_path(store),
                     clock->spent);
}

static bool load(const Store *store, Arena *arena, Work work, const TrainPart *part,
                 size_t parts, const Run *run, Clock *clock, BaseError *error) {
    return check_origin(store, arena, run, error) &&
           load_parts(store, arena, work, part, parts, error) &&
           load_clock(store, arena, clock, error);
}

/* Those that are there and can be opened, the one that is further first; *error of the others. */
static size_t open_all(Arena *arena, const Run *run, Store *store[CHECKPOINTS],
                       size_t place[CHECKPOINTS], BaseError *error) {
    double step[CHECKPOINTS], epochs;
    size_t count = 0;
    for (size_t i = 0; i < CHECKPOINTS; i++) {
        const char *path = path_of(arena, run, i);
        Store *found = access(path, F_OK) == 0 ? store_open(path, error) : NULL;
        if (found == NULL) continue;
        const double own = step_of(found, arena, &epochs);
        size_t at = count++;
        for (; at > 0 && step[at - 1] < own; at--) {
            step[at] = step[at - 1];
            store[at] = store[at - 1];
            place[at] = place[at - 1];
        }
        step[at] = own;
        store[at] = found;
        place[at] = i;
    }
    return count;
}

/* True where one was; *error where none of those that are there is. */
static bool load_one(Arena *arena, Work work, const TrainPart *part, size_t parts,
                     const Run *run, Clock *clock, BaseError *error) {
    Store *store[CHECKPOINTS];
    size_t place[CHECKPOINTS];
    BaseError own = {.set = false}; /* of the first that is of no use */
    const size_t count = open_all(arena, run, store, place, &own);
    bool loaded = false;
    for (size_t i = 0; i < count; i++) {
        BaseError also = {.set = false};
        if (!loaded && load(store[i], arena, work, part, parts, run, clock, &also)) {
            loaded = true;
            clock->next = (place[i] + 1) % CHECKPOINTS;
            if (own.set) say("%s; %s is gone on from", own.message, store_path(store[i]));
        }
        if (also.set && !own.set) own = also;
        store_close(store[i]);
    }
    if (!loaded && own.set)
        base_fail(error, own.code, 0, "%s; start over with --restart", own.message);
    return loaded;
}

bool checkpoint_load(Arena *arena, Work work, const Run *run, Clock *clock,
                     BaseError *error) {
    const bool first = ranks_me(work.ranks) == 0;
    size_t parts;
    const TrainPart *part = parts_of(arena, work, &parts);
    const bool loaded = ranks_told(
        work.ranks, first && load_one(arena, work, part, parts, run, clock, error));
    for (size_t i = 0; loaded && i < parts; i++)
        ranks_tell(work.ranks, part[i].data, part[i].count);
    if (loaded) probes_resume(work.probes);
    return !ranks_told(work.ranks, error->set);
}

/* ---- seen from outside ------------------------------------------------------------------ */

const char *checkpoint_look(Arena *arena, const Run *run, double *epochs,
                            double *seconds) {
    const char *newest = NULL;
    double most = -1.0;
    for (size_t i = 0; i < CHECKPOINTS; i++) {
        const char *path = path_of(arena, run, i);
        BaseError quiet = {.set = false};
        double own = 0.0, spent = 0.0;
        Store *store = access(path, F_OK) == 0 ? store_open(path, &quiet) : NULL;
        if (store == NULL) continue;
        const double step = step_of(store, arena, &own);
        if (step > most && own >= 0 && own <= (double)run->config.epochs &&
            store_get_number(store, "/", "seconds", &spent, &quiet)) {
            newest = path;
            most = step;
            *epochs = own;
            *seconds = spent;
        }
        store_close(store);
    }
    return newest;
}
