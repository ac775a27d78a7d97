/* run, demo, publish: from a recipe to runs, a collected file, a table and a figure. */
#include "tool.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { MOST_JOBS = 1024 };

/* Results of a study under out/, or published under data/ and figures/. */
typedef struct Places {
    const char *file, *figure;
} Places;

static Places places_of(Arena *arena, const Sweep *sweep, bool published) {
    const char *stem = sweep->stem;
    return published
               ? (Places){place_home(arena, text_print(arena, "data/%s.h5", stem)),
                          place_home(arena, text_print(arena, "figures/%s.svg", stem))}
               : (Places){place_out(arena, text_print(arena, "%s.h5", stem)),
                          place_out(arena, text_print(arena, "%s.svg", stem))};
}

/* Runs what is missing, collects, draws; the table goes to stdout. Exit status of the
 * runs. */
static int study(const Call *call, const Sweep *sweep, bool published) {
    Arena *arena = call->arena;
    int status = sweep_run(arena, sweep, call_count(call, "--jobs", 0, MOST_JOBS),
                           call_option(call, "--restart") != NULL);
    if (status != EX_OK) return status;
    Places to = places_of(arena, sweep, published);
    Error error = {.set = false};
    if (published)
        place_folder(place_home(arena, "figures"), &error); /* data/ holds input/ */
    die_if(&error);
    collect(arena, sweep, to.file);
    const Grid *grid = grid_read(arena, to.file);
    table_print(arena, stdout, grid, TABLE_TEXT);
    printf("\n%s\n", to.file);
    return plot_draw(arena, grid, figure_form(arena, "svg", NULL), to.figure);
}

#define STUDY_OPTIONS                                                                    \
    {"--jobs", "N", "runs at a time (default: one for each processor)"},                 \
        {"--restart", NULL, "forget checkpoints of unfinished runs"}, {                  \
        NULL, NULL, NULL                                                                 \
    }

/* ---- run ------------------------------------------------------------------------- */

static int run_run(const Call *call) {
    const Experiment *experiment = find_experiment(call->arena, call->word[0]);
    const Sweep *sweep =
        sweep_plan(call, experiment, call_option(call, "--quick") != NULL);
    if (call_option(call, "--dry-run") == NULL) return study(call, sweep, false);
    sweep_print(sweep);
    return EX_OK;
}

const Command command_run = {
    .name = "run",
    .usage = "EXPERIMENT [key=value ...] [--quick] [--jobs N] [--restart] [--dry-run]",
    .summary = "Runs an experiment: comma lists sweep, finished runs are skipped, "
               "interrupted ones resume",
    .options =
        (const Option[]){
            {"--quick", NULL,
             "the quick recipe (a minute) instead of the full one (half an hour)"},
            {"--dry-run", NULL, "lists the runs and does none"},
            STUDY_OPTIONS},
    .least = 1,
    .most = 1,
    .settings = true,
    .run = run_run,
    .more = "Settings are keys of a run's configuration or of the experiment; `normlab "
            "show out/runs/ID.h5` shows\n"
            "them all. Examples: norm=batch,group:8  batch=32,16,8  seed=1,2,3  epochs=5 "
            " protocol=statistics",
};

/* ---- demo ------------------------------------------------------------------------ */

static int run_demo(const Call *call) {
    const Experiment *experiment = find_experiment(call->arena, "batch-size");
    const Sweep *sweep = sweep_plan(call, experiment, true);
    say("training batch and group normalization over %zu batch sizes and %zu seeds: %zu "
        "runs",
        sweep->points, sweep->seeds, sweep->runs);
    int status = study(call, sweep, false);
    if (status == EX_OK && isatty(STDOUT_FILENO)) {
        Places to = places_of(call->arena, sweep, false);
        status = plot_draw(call->arena, grid_read(call->arena, to.file),
                           figure_form(call->arena, "dumb", NULL), NULL);
    }
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
    const Experiment *experiment = find_experiment(call->arena, call->word[0]);
    return study(call, sweep_plan(call, experiment, false), true);
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
