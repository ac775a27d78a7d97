/* A sweep seen from outside, by its files alone: finished runs, checkpoints, locks. Nothing is
 * written, and nobody at work is asked. */
#include "grid.h"
#include "sweep.h"

#include <math.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct Watched {
    const Sweep *sweep;
    double *seconds; /* [runs] that it took; NaN: not finished */
};

Watched *watch_new(Arena *arena, const Sweep *sweep) {
    Watched *w = TAKE(arena, Watched, 1);
    *w = (Watched){sweep, TAKE(arena, double, sweep->runs + 1)};
    for (size_t i = 0; i < sweep->runs; i++) w->seconds[i] = (double)NAN;
    return w;
}

/* ---- one run ---------------------------------------------------------------------- */

/* Of a run that is not finished. */
typedef struct Way {
    bool begun, running;
    double spent, share; /* seconds; of the epochs, after the last checkpoint */
    size_t epochs;       /* finished */
} Way;

/* Seconds since a file was written; NaN: it is not there. */
static double age_of(const char *path) {
    struct stat status;
    struct timespec now;
    if (stat(path, &status) != 0) return (double)NAN;
    clock_gettime(CLOCK_REALTIME, &now);
    return fmax(0.0, (double)(now.tv_sec - status.st_mtim.tv_sec) +
                         1e-9 * (double)(now.tv_nsec - status.st_mtim.tv_nsec));
}

static Way way_of(Arena *arena, const Run *run) {
    Way way = {.running = store_holder(arena, run->path) != NULL};
    double epochs = 0.0;
    const char *checkpoint = checkpoint_look(arena, run, &epochs, &way.spent);
    way.begun = checkpoint != NULL;
    way.epochs = (size_t)epochs;
    const double since =
        age_of(way.begun ? checkpoint : text_print(arena, "%s.lock", run->path));
    if (way.running && isfinite(since)) way.spent += since;
    if (way.epochs > 0) way.share = (double)way.epochs / (double)run->config.epochs;
    return way;
}

/* ---- all of them ------------------------------------------------------------------ */

/* Those that are finished are asked once. */
static size_t count_finished(Watched *w) {
    size_t count = 0;
    for (size_t i = 0; i < w->sweep->runs; i++) {
        const Run *run = &w->sweep->run[i];
        if (isnan(w->seconds[i]) && access(run->path, F_OK) == 0) {
            Arena *arena = arena_new();
            BaseError quiet = {.set = false};
            const Record *record = run_read(arena, run, &quiet);
            double seconds = 0.0;
            if (record) {
                text_to_double(table_fact(&record->times, "seconds", "0"), &seconds);
                w->seconds[i] = seconds;
            }
            arena_free(arena);
        }
        if (!isnan(w->seconds[i])) count++;
    }
    return count;
}

/* Mean of the finished runs like it, else of all; NaN: none is. */
static double expected(const Watched *w, Arena *arena, size_t run) {
    double sum[2] = {0.0, 0.0};
    size_t count[2] = {0, 0};
    for (size_t i = 0; i < w->sweep->runs; i++) {
        if (isnan(w->seconds[i])) continue;
        const bool like = run_is_like(&w->sweep->run[i], &w->sweep->run[run], arena);
        for (size_t k = like ? 0 : 1; k < 2; k++) {
            sum[k] += w->seconds[i];
            count[k]++;
        }
    }
    const size_t k = count[0] == 0;
    return count[k] ? sum[k] / (double)count[k] : (double)NAN;
}

/* Seconds of work that a run still is: by its like, else by its own epochs. */
static double left_of(const Watched *w, Arena *arena, size_t run, const Way *way) {
    const double all = expected(w, arena, run);
    if (way->share > 0.0) return way->spent / way->share * (1.0 - way->share);
    return isnan(all) ? all : fmax(0.0, all - way->spent);
}

static void tell_run(Text *text, Arena *arena, const Run *run, const Way *way) {
    text_add(text, "%s %s: ", way->running ? "running" : "stopped", run->label);
    if (way->begun)
        text_add(text, "%zu of %zu epochs, ", way->epochs, run->config.epochs);
    text_add(text, "%s\n", cost_words(arena, way->spent));
}

const char *watch_look(Arena *arena, Watched *w, size_t *left) {
    const Sweep *sweep = w->sweep;
    const size_t finished = count_finished(w);
    Text runs = text_new(arena), all = text_new(arena);
    double seconds = 0.0, share = (double)finished;
    size_t running = 0;
    for (size_t i = 0; i < sweep->runs; i++) {
        if (!isnan(w->seconds[i])) continue;
        const Way way = way_of(arena, &sweep->run[i]);
        running += way.running;
        share += way.share;
        seconds += left_of(w, arena, i, &way);
        if (way.running || way.begun) tell_run(&runs, arena, &sweep->run[i], &way);
    }
    *left = sweep->runs - finished;
    text_add(&all, "%s: %zu of %zu runs done, %zu running, %zu left, %.0f %%",
             study_word(arena, sweep), finished, sweep->runs, running, *left - running,
             floor(100.0 * share / (double)(sweep->runs ? sweep->runs : 1)));
    if (running > 0 && isfinite(seconds))
        text_add(&all, ", about %s left", cost_words(arena, seconds / (double)running));
    if (running == 0 && *left > 0) text_add(&all, "; nobody is at work");
    text_add(&all, "\n%s", runs.data);
    return all.data;
}

/* Whether all its runs are the sweep's: a file of that name may be of another recipe. */
static bool is_of(const Sweep *sweep, const Grid *grid) {
    for (size_t k = 0; k < grid->series * grid->points * grid->seeds; k++) {
        size_t i = 0;
        while (i < sweep->runs && strcmp(sweep->run[i].id, grid->run[k]) != 0) i++;
        if (i == sweep->runs && *grid->run[k]) return false;
    }
    return true;
}

const Grid *watch_grid(Arena *arena, const Watched *w) {
    const char *end[] = {".h5", STUDY_PARTIAL ".h5"}, *newer = NULL;
    double age = (double)INFINITY;
    for (size_t i = 0; i < COUNT_OF(end); i++) {
        const char *path =
            place_out(arena, text_print(arena, "%s%s", w->sweep->stem, end[i]));
        const double own = age_of(path);
        if (own < age) newer = path, age = own;
    }
    const Grid *grid = newer ? grid_read(arena, newer) : NULL;
    return grid && is_of(w->sweep, grid) ? grid : NULL;
}
