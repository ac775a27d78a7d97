/* tune: the same number of trials for each arm, on seeds that decide nothing. */
#include "tuning.h"

#include <math.h>
#include <string.h>

#include "arguments.h"
#include "tool.h"

enum { MOST_TRIALS = 1000 };

static const char TUNING_SEEDS[] = "seed=900-905", TUNING_NAME[] = "tuning";

/* The user's words, and the seeds where they name none. */
static const char **settings_of(const Call *call, size_t *count) {
    const char **setting = TAKE(call->arena, const char *, call->settings + 1);
    bool seeds = false, lists = false;
    *count = call->settings;
    for (size_t i = 0; i < *count; i++) {
        size_t values;
        setting[i] = call->setting[i];
        const char *list = strchr(setting[i], '=') + 1;
        const bool of_seed = strncmp(setting[i], "seed=", strlen("seed=")) == 0;
        spec_list(call->arena, list, &values);
        seeds |= of_seed;
        lists |= !of_seed && values > 1;
    }
    if (!lists) die(EX_USAGE, "key=A,B,... is expected: what is tried of each arm");
    if (!seeds) setting[(*count)++] = TUNING_SEEDS;
    return setting;
}

static void want_seeds(const Sweep *sweep) {
    for (size_t i = 0; i < sweep->seeds; i++)
        if (sweep->seed[i] < TUNING_FIRST || sweep->seed[i] > TUNING_LAST)
            die(EX_USAGE, "seed=%g: choices are made on seeds %d to %d", sweep->seed[i],
                TUNING_FIRST, TUNING_LAST);
}

/* The row by which the chosen one is followed; grid->series: there is none. */
static size_t second_of(const Grid *g, const Tuning *t, size_t arm, size_t point,
                        size_t best) {
    size_t second = g->series;
    for (size_t i = 0; i < g->series; i++) {
        const double own = grid_error(g, i, point).mean;
        if (t->arm_of[i] != arm || i == best || !isfinite(own)) continue;
        const double than =
            second < g->series ? grid_error(g, second, point).mean : (double)NAN;
        if (!(g->metric.rises ? own <= than : own >= than)) second = i;
    }
    return second;
}

static void print_choice(const Grid *g, const Tuning *t, size_t arm, size_t point) {
    const double scale = grid_scale(g);
    const size_t best = tuning_choice(g, t, arm, point);
    printf("%s@%s: ", t->arm[arm], g->along_text[point]);
    if (best == g->series) {
        puts("no trial came to its end on all seeds");
        return;
    }
    const Interval own = grid_error(g, best, point);
    const size_t second = second_of(g, t, arm, point, best);
    printf("%s, %.2f", g->name[best], scale * own.mean);
    if (isfinite(own.half)) printf(" ± %.2f", scale * own.half);
    if (second < g->series)
        printf("; then %s, %.2f", g->name[second],
               scale * grid_error(g, second, point).mean);
    putchar('\n');
}

static int run_tune(const Call *call) {
    Arena *arena = call->arena;
    Wish wish = {.experiment = experiment_find(arena, call->word[0]),
                 .quick = call_option(call, "--quick") != NULL,
                 .as =
                     call_option(call, "--as") ? call_option(call, "--as") : TUNING_NAME};
    wish.setting = settings_of(call, &wish.settings);
    const Sweep *all = study_plan(arena, &wish);
    want_seeds(all);
    const Sweep *sweep =
        tuning_select(arena, all, call_count(call, "--trials", 0, MOST_TRIALS));
    const Tuning *t = sweep->tuning;
    const Grid *grid;
    say("%zu trial%s of each of %zu arm%s on %zu seed%s: %zu runs", t->trials,
        t->trials == 1 ? "" : "s", t->arms, t->arms == 1 ? "" : "s", sweep->seeds,
        sweep->seeds == 1 ? "" : "s", sweep->runs);
    if (call_option(call, "--dry-run")) {
        study_print_plan(arena, sweep, call_count(call, "--jobs", 0, MOST_JOBS));
        return EX_OK;
    }
    const int status =
        run_study(call, sweep, call_option(call, "--publish") != NULL, &grid);
    if (grid == NULL) return status;
    printf("\nChosen of %zu trials each, by %s:\n", t->trials,
           grid_label(arena, grid, ""));
    for (size_t k = 0; k < t->arms; k++)
        for (size_t j = 0; j < grid->points; j++) print_choice(grid, t, k, j);
    return status;
}

const Command command_tune = {
    .name = "tune",
    .usage = "EXPERIMENT key=LIST [key=value ...] [--trials N] [--quick] [--as NAME] "
             "[--jobs N] [--dry-run] [--publish]",
    .summary = "Chooses settings of each normalizer by validation: equal budgets, on "
               "seeds that decide nothing",
    .options =
        (const Option[]){
            {"--trials", "N", "of each arm (default: as many as the smallest has)"},
            {"--quick", NULL, "the quick recipe instead of the full one"},
            {"--as", "NAME", "of the study, EXPERIMENT@NAME (default: tuning)"},
            {"--dry-run", NULL,
             "lists the runs, measures how long they take, and does none"},
            {"--publish", NULL, "into data/ and figures/, which notes cite"},
            STUDY_OPTIONS},
    .least = 1,
    .most = 1,
    .settings = true,
    .of_runs = true,
    .run = run_tune,
    .more = "Rows whose normalizers differ in their numbers alone are trials of one arm: "
            "group:2 and group:8 of group(#).\n"
            "An arm with more trials than the budget has them drawn, so that what has "
            "more to choose is not tuned more.\n"
            "The seeds are 900 to 905 unless seed= says others up to 999; claims are "
            "decided by other seeds. Decay is best\n"
            "tried as horizon=LIST. Example: normlab tune batch-size "
            "norm=batch,group:2,group:4 batch=32 rate=0.05,0.1,0.2",
};
