/* run, demo, publish: from a recipe to runs, a collected file, a table and a figure. */
#include "figure.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_JOBS = 1024, PARTIAL_SECONDS = 2 };

/* A study on its way to a file under out/, or published under data/ and figures/. */
typedef struct Work {
    Arena *arena;
    const Sweep *sweep;
    bool published;
    const char *file, *figure;
    const char *partial; /* what is finished of it so far */
    double next;         /* when that is written again */
} Work;

static Work work_of(Arena *arena, const Sweep *sweep, bool published) {
    Work work = {.arena = arena, .sweep = sweep, .published = published};
    const char *file = text_print(arena, "%s.h5", sweep->stem),
               *figure = text_print(arena, "%s.svg", sweep->stem);
    work.file = published ? place_home(arena, text_print(arena, "data/%s", file))
                          : place_out(arena, file);
    work.figure = published ? place_home(arena, text_print(arena, "figures/%s", figure))
                            : place_out(arena, figure);
    work.partial =
        place_out(arena, text_print(arena, "%s" STUDY_PARTIAL ".h5", sweep->stem));
    work.next = seconds_now() + PARTIAL_SECONDS;
    return work;
}

static size_t save_partial(const Work *work) {
    Arena *arena = arena_new();
    Error quiet = {.set = false}; /* the study goes on without it */
    const size_t finished = collect(arena, work->sweep, work->partial, false, &quiet);
    arena_free(arena);
    return finished;
}

/* Another run is finished: what there is can be tabled. At most a twentieth of the time goes
 * into that. */
static void another(void *context) {
    Work *work = context;
    const double begin = seconds_now();
    if (work->published || begin < work->next) return;
    save_partial(work);
    const double end = seconds_now(), pause = 20 * (end - begin);
    work->next = end + (pause > PARTIAL_SECONDS ? pause : PARTIAL_SECONDS);
}

/* "batch-size@mine", "batch-size" under the recipe. */
static const char *word_of(Arena *arena, const Sweep *sweep) {
    const char *experiment = sweep->experiment->name;
    return study_is_own(sweep->name)
               ? experiment
               : text_print(arena, "%s@%s", experiment, sweep->name);
}

/* It did not come to its end: what is finished is said, and can be seen; but not published. */
static void tell_partial(const Work *work) {
    const Sweep *sweep = work->sweep;
    size_t finished = 0;
    for (size_t i = 0; i < sweep->runs; i++) finished += run_is_finished(&sweep->run[i]);
    if (work->published) {
        say("%s is not published: %zu of %zu runs are finished", sweep->stem, finished,
            sweep->runs);
    } else if (finished > 0 && save_partial(work) > 0) {
        say("%zu of %zu runs are finished: `normlab table %s` shows them", finished,
            sweep->runs, word_of(work->arena, sweep));
    }
}

static void finish_partial(const Work *work) {
    Error quiet = {.set = false};
    place_sweep(work->partial, true);
    place_remove(work->partial, &quiet);
}

/* A name that was given to other settings before is the user's to give again; the runs stay. */
static void tell_replaced(const Work *work) {
    Error quiet = {.set = false};
    Store *old = store_open(work->file, &quiet);
    const char *changes =
        old ? store_get_text(old, work->arena, "/", "changes", &quiet) : NULL;
    store_close(old);
    if (changes && strcmp(changes, work->sweep->changes) != 0)
        say("%s held a study under other settings (%s) and is replaced", work->file,
            *changes ? text_plain(work->arena, changes) : "the recipe's");
}

/* Runs what is missing, collects, draws; the table goes to stdout. Exit status of the
 * runs. */
static int study(const Call *call, const Sweep *sweep, bool published) {
    Arena *arena = call->arena;
    Work work = work_of(arena, sweep, published);
    int status = sweep_run(arena, sweep, call_count(call, "--jobs", 0, MOST_JOBS),
                           call_option(call, "--restart") != NULL, another, &work);
    if (status != EX_OK) {
        tell_partial(&work);
        return status;
    }
    Error error = {.set = false};
    if (published)
        place_folder(place_home(arena, "figures"), &error); /* data/ holds input/ */
    die_if(&error);
    tell_replaced(&work);
    collect(arena, sweep, work.file, true, &error);
    die_if(&error);
    if (!published) finish_partial(&work);
    const Grid *grid = grid_read(arena, work.file);
    grid_warn(grid_plain(arena, grid));
    table_print(arena, stdout, grid, TABLE_TEXT);
    printf("\n%s\n", work.file);
    if (!study_is_own(sweep->name))
        say("`normlab table %s` shows this study", word_of(arena, sweep));
    fflush(stdout); /* the numbers are there, whatever comes of the figures */
    return plot_draw(arena, grid, figure_form(arena, "svg", NULL), work.figure);
}

#define STUDY_OPTIONS                                                                    \
    {"--jobs", "N", "runs at a time (default: one for each processor)"},                 \
        {"--restart", NULL, "forget checkpoints of unfinished runs"}, {                  \
        NULL, NULL, NULL                                                                 \
    }

/* ---- run ------------------------------------------------------------------------- */

static int run_run(const Call *call) {
    const Wish wish = {.experiment = find_experiment(call->arena, call->word[0]),
                       .quick = call_option(call, "--quick") != NULL,
                       .settings = call->settings,
                       .setting = call->setting,
                       .as = call_option(call, "--as")};
    const Sweep *sweep = sweep_plan(call->arena, &wish);
    if (call_option(call, "--dry-run") == NULL) return study(call, sweep, false);
    sweep_print(sweep);
    return EX_OK;
}

const Command command_run = {
    .name = "run",
    .usage = "EXPERIMENT [key=value ...] [--quick] [--as NAME] [--jobs N] [--restart] "
             "[--dry-run]",
    .summary = "Runs an experiment: comma lists sweep, finished runs are skipped, "
               "interrupted ones resume",
    .options =
        (const Option[]){
            {"--quick", NULL,
             "the quick recipe (a minute) instead of the full one (half an hour)"},
            {"--as", "NAME",
             "of the study, EXPERIMENT@NAME (other settings than the "
             "recipe's: else eight digits of them)"},
            {"--dry-run", NULL, "lists the runs and does none"},
            STUDY_OPTIONS},
    .least = 1,
    .most = 1,
    .settings = true,
    .run = run_run,
    .more = "Settings are keys of a run's configuration or of the experiment; `normlab "
            "show out/runs/ID.h5` shows\n"
            "them all. Examples: norm=batch,group:8  batch=32,16,8  seed=1-3  epochs=5 "
            " protocol=statistics",
};

/* ---- demo ------------------------------------------------------------------------ */

static const char *errs(Arena *arena, Interval error) {
    return error.count ? text_print(arena, "errs on %.1f %% of the validation images",
                                    100 * error.mean)
                       : "has diverged";
}

/* What the table shows, read from its own numbers. */
static void tell_demo(Arena *arena, const Grid *g) {
    const size_t last = g->points - 1;
    fputs("\nSeen here: ", stdout);
    for (size_t i = 0; i < g->series; i++) {
        printf("%s%s %s", i ? "; " : "", g->name[i], errs(arena, table_error(g, i, 0)));
        if (g->same[i] > 0)
            fputs(" at every batch size", stdout);
        else
            printf(" with %g samples per worker, and %s with %g", g->along[0],
                   errs(arena, table_error(g, i, last)), g->along[last]);
    }
    print_commands(stdout,
                   ". The figure in README.md is another recipe: the full one, as it is "
                   "published (`normlab table batch-size@published`).\n");
}

static int run_demo(const Call *call) {
    const Wish wish = {find_experiment(call->arena, "batch-size"), .quick = true};
    const Sweep *sweep = sweep_plan(call->arena, &wish);
    say("training batch and group normalization over %zu batch sizes and %zu seeds: %zu "
        "runs",
        sweep->points, sweep->seeds, sweep->runs);
    int status = study(call, sweep, false);
    if (status != EX_OK) return status;
    const Grid *grid = grid_read(call->arena, work_of(call->arena, sweep, false).file);
    if (isatty(STDOUT_FILENO))
        status =
            plot_draw(call->arena, grid, figure_form(call->arena, "dumb", NULL), NULL);
    tell_demo(call->arena, grid);
    return status;
}

const Command command_demo = {
    .name = "demo",
    .usage = "[--jobs N] [--restart]",
    .summary = "The main job in a minute: batch and group normalization over batch sizes "
               "on real images",
    .options = (const Option[]){STUDY_OPTIONS},
    .run = run_demo,
    .more = "The quick recipe of experiment batch-size on the embedded images: prints "
            "the table, writes\n"
            "out/batch-size-quick.h5 and draws out/batch-size-quick.svg.",
};

/* ---- publish --------------------------------------------------------------------- */

static int run_publish(const Call *call) {
    want_checkout(call, "it writes data/ and figures/");
    if (strcmp(call->word[0], "checking") == 0) return check_publish(call);
    const Wish wish = {find_experiment(call->arena, call->word[0]), .quick = false};
    return study(call, sweep_plan(call->arena, &wish), true);
}

const Command command_publish = {
    .name = "publish",
    .usage = "EXPERIMENT [--jobs N] [--restart]",
    .summary = "Full runs into data/ and figures/, which notes and README cite",
    .options = (const Option[]){STUDY_OPTIONS},
    .least = 1,
    .most = 1,
    .run = run_publish,
    .more =
        "The full recipe without any other setting; what is finished is not run again. "
        "`normlab publish checking` does the same\n"
        "for `normlab check` and the figures of its chapter.",
};
