/* demo: the main job in a minute. */
#include "tool.h"

#include <unistd.h>

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
        printf("%s%s %s", i ? "; " : "", g->name[i], errs(arena, grid_error(g, i, 0)));
        if (g->same[i] > 0)
            fputs(" at every batch size", stdout);
        else
            printf(" with %g samples per worker, and %s with %g", g->along[0],
                   errs(arena, grid_error(g, i, last)), g->along[last]);
    }
    print_commands(stdout,
                   ". The figure in README.md is another recipe: the full one, as it is "
                   "published (`normlab table batch-size@published`).\n");
}

static int run_demo(const Call *call) {
    const Wish wish = {experiment_find(call->arena, "batch-size"), .quick = true};
    const Sweep *sweep = study_plan(call->arena, &wish);
    say("training batch and group normalization over %zu batch sizes and %zu seeds: %zu "
        "runs",
        sweep->points, sweep->seeds, sweep->runs);
    const Grid *grid;
    int status = run_study(call, sweep, false, &grid);
    if (status != EX_OK) return status;
    if (isatty(STDOUT_FILENO))
        status =
            study_draw(call->arena, grid, figure_form(call->arena, "dumb", NULL), NULL);
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
