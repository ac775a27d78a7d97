/* From a sweep to its file: what is missing is run, what is finished can be seen meanwhile. */
#include "judged.h"
#include "ranks.h"
#include "sweep.h"

#include <string.h>
#include <unistd.h>

enum { PARTIAL_SECONDS = 2 };

/* A study on its way to its files. */
typedef struct Way {
    Arena *arena;
    const Sweep *sweep;
    StudyWork *work;
    const char *partial; /* what is finished of it so far */
    double next;         /* when that is written again */
} Way;

static Way way_of(Arena *arena, const Sweep *sweep, StudyWork *work) {
    const char *file = text_print(arena, "%s.h5", sweep->stem),
               *figure = text_print(arena, "%s.svg", sweep->stem),
               *partial = text_print(arena, "%s" STUDY_PARTIAL ".h5", sweep->stem);
    work->file = work->published ? place_home(arena, text_print(arena, "data/%s", file))
                                 : place_out(arena, file);
    work->figure = work->published
                       ? place_home(arena, text_print(arena, "figures/%s", figure))
                       : place_out(arena, figure);
    return (Way){arena, sweep, work, place_out(arena, partial), seconds_now()};
}

static size_t save_partial(const Way *way) {
    Arena *arena = arena_new();
    BaseError quiet = {.set = false}; /* the study goes on without it */
    const size_t finished = collect(arena, way->sweep, way->partial, false, &quiet);
    arena_free(arena);
    return finished;
}

/* Another run is finished, the first too, whoever kills us next: what there is can be tabled.
 * At most a twentieth of the time goes into that. */
static void another(void *context) {
    Way *way = context;
    const double begin = seconds_now();
    if (way->work->published || begin < way->next) return;
    save_partial(way);
    const double end = seconds_now(), pause = 20 * (end - begin);
    way->next = end + (pause > PARTIAL_SECONDS ? pause : PARTIAL_SECONDS);
}

static void finish_partial(const Way *way) {
    BaseError quiet = {.set = false};
    place_sweep(way->partial); /* another process may be writing it */
    place_remove(way->partial, &quiet);
}

static size_t count_finished(const Sweep *sweep) {
    size_t count = 0;
    for (size_t i = 0; i < sweep->runs; i++) count += run_is_finished(&sweep->run[i]);
    return count;
}

static void none(void *context) {
    (void)context;
}

/* It did not come to its end: what is finished is said, and can be seen; but not published. */
static void tell_partial(const Way *way) {
    const Sweep *sweep = way->sweep;
    const size_t finished = count_finished(sweep);
    if (way->work->published) {
        say("%s is not published: %zu of %zu runs are finished", sweep->stem, finished,
            sweep->runs);
    } else if (finished > 0 && save_partial(way) > 0) {
        say("%zu of %zu runs are finished: `normlab table %s` shows them", finished,
            sweep->runs, study_word(way->arena, sweep));
        if (count_finished(sweep) == sweep->runs) finish_partial(way); /* meanwhile */
    }
}

/* A name that was given to other settings before is the user's to give again; the runs stay. */
static void tell_replaced(const Way *way) {
    BaseError quiet = {.set = false};
    Store *old = store_open(way->work->file, &quiet);
    const char *changes =
        old ? store_get_text(old, way->arena, "/", "changes", &quiet) : NULL;
    store_close(old);
    if (changes && strcmp(changes, way->sweep->changes) != 0)
        say("%s held a study under other settings (%s) and is replaced", way->work->file,
            *changes ? text_plain(way->arena, changes) : "the recipe's");
}

const Sweep *study_part(Arena *arena, const Sweep *sweep, size_t part, size_t parts) {
    Sweep *own = TAKE(arena, Sweep, 1);
    *own = *sweep;
    own->runs = 0;
    own->run = TAKE(arena, Run, sweep->runs + 1);
    for (size_t i = part - 1; i < sweep->runs; i += parts)
        own->run[own->runs++] = sweep->run[i];
    return own;
}

/* The rest is others' to do. */
static int work_on_part(Way *way) {
    const StudyWork *work = way->work;
    const Sweep *own = study_part(way->arena, way->sweep, work->part, work->parts);
    const int status =
        own->runs == 0 ? EX_OK : sweep_run(way->arena, own, work, another, way);
    if (status == EX_OK)
        say("part %zu/%zu is done, %zu of %zu runs; without --part they are collected",
            work->part, work->parts, own->runs, way->sweep->runs);
    tell_partial(way);
    return status;
}

int study_work(Arena *arena, const Sweep *sweep, StudyWork *work) {
    Way way = way_of(arena, sweep, work);
    if (work->parts > 0) return work_on_part(&way);
    work->elsewhere =
        work->rank > 0 || ranks_group(work->ranks) > 0 || ranks_me(work->ranks) > 0;
    SweepProgress *progress = work->elsewhere ? none : another;
    const int status = work->ranks ? sweep_together(arena, sweep, work, progress, &way)
                                   : sweep_run(arena, sweep, work, progress, &way);
    if (work->elsewhere) return status;
    const bool meanwhile = status == EX_TEMPFAIL && count_finished(sweep) == sweep->runs;
    if (status != EX_OK && !meanwhile) {
        tell_partial(&way);
        return status;
    }
    judged_make(sweep);
    BaseError error = {.set = false};
    if (work->published)
        place_folder(place_home(arena, "figures"), &error); /* data/ holds input/ */
    die_if(&error);
    tell_replaced(&way);
    collect(arena, sweep, work->file, true, &error);
    die_if(&error);
    if (!work->published) finish_partial(&way);
    return EX_OK;
}
