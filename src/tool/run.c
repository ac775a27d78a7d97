/* run: from a recipe to runs, a collected file, a table and figures. */
#include "ledger.h"
#include "ranks.h"
#include "tool.h"

#include <string.h>

static size_t jobs_of(const Call *call) {
    return call_count(call, "--jobs", 0, MOST_JOBS);
}

static int run_shared(const Call *call, const Sweep *sweep, StudyWork work,
                      const Grid **found) {
    Arena *arena = call->arena;
    work.jobs = jobs_of(call);
    work.restart = call_option(call, "--restart") != NULL;
    *found = NULL;
    const int status = study_work(arena, sweep, &work);
    if (status != EX_OK || work.elsewhere) return status;
    const Grid *grid = *found =
        grid_shown(arena, grid_read(arena, work.file), sweep->experiment);
    grid_warn(grid_plain(arena, grid));
    print_grid(arena, stdout, grid, TABLE_TEXT);
    printf("\n%s\n", work.file);
    if (!study_is_own(sweep->name))
        say("`normlab table %s` shows this study", study_word(arena, sweep));
    fflush(stdout); /* the numbers are there, whatever comes of the figures */
    return study_draw(arena, grid, figure_form(arena, "svg", NULL), work.figure);
}

int run_study(const Call *call, const Sweep *sweep, bool published, const Grid **found) {
    return run_shared(call, sweep, (StudyWork){.published = published}, found);
}

/* The settings of a claim, which nothing may change, up to a look at its seeds. */
void wish_claim(const Call *call, Wish *wish) {
    Arena *arena = call->arena;
    const char *id = call_option(call, "--claim");
    if (id == NULL && call_option(call, "--look"))
        die(EX_USAGE, "--look is of --claim ID");
    if (id == NULL) return;
    const Claim *c = ledger_find(ledger_read(arena), id);
    if (c == NULL) die(EX_USAGE, "no claim '%s'; `normlab claims` shows them", id);
    if (strcmp(c->experiment, wish->experiment->name) != 0)
        die(EX_USAGE, "claim %s is of experiment %s", id, c->experiment);
    if (c->needs)
        die(EX_UNAVAILABLE, "claim %s cannot be run yet: it needs %s", id, c->needs);
    if (c->refused)
        die(EX_USAGE, "claim %s is refused: too many seeds would be needed", id);
    if (wish->settings || wish->quick || wish->as)
        die(EX_USAGE,
            "--claim %s: its record says all settings, none beside it is expected", id);
    const size_t look = call_count(call, "--look", 1, c->looks);
    const char **setting = TAKE(arena, const char *, c->settings + 1);
    memcpy(setting, c->setting, c->settings * sizeof *setting);
    setting[c->settings] =
        text_print(arena, "seed=%zu-%zu", c->seed[0], c->seed[c->look[look - 1] - 1]);
    *wish = (Wish){.experiment = wish->experiment,
                   .settings = c->settings + 1,
                   .setting = setting,
                   .as = c->id};
}

/* --part I/N; *parts is 0 without it. */
static void read_part(const Call *call, size_t *part, size_t *parts) {
    const char *text = call_option(call, "--part"),
               *slash = text ? strchr(text, '/') : NULL;
    *part = *parts = 0;
    if (text == NULL) return;
    const char *first =
        slash ? text_copy(call->arena, text, (size_t)(slash - text)) : text;
    if (slash == NULL || !text_to_count(first, part) ||
        !text_to_count(slash + 1, parts) || *part == 0 || *part > *parts)
        die(EX_USAGE, "--part %s: I/N is expected, the I-th of N parts, as in --part 1/4",
            text);
}

/* NULL: this process has its runs alone. */
static Ranks *ranks_of(const Call *call) {
    BaseError error = {.set = false};
    const size_t together = call_count(call, "--ranks", 1, MOST_JOBS);
    if (together == 1 && call_option(call, "--threads"))
        die(EX_USAGE, "--threads is of --ranks K, of K above 1");
    if (together == 1 || call_option(call, "--dry-run")) return NULL;
    if (call_option(call, "--part") || call_option(call, "--slurm"))
        die(EX_USAGE,
            "--part and --slurm are of runs in processes of their own, not of --ranks "
            "%zu",
            together);
    if (call_option(call, "--jobs"))
        die(EX_USAGE, "--jobs: with --ranks %zu a group of so many has one run at a time",
            together);
    Ranks *ranks = ranks_begin(call->arena, together, &error);
    die_if(&error);
    return ranks;
}

static int run_run(const Call *call) {
    Ranks *ranks = ranks_of(call);
    Wish wish = {.experiment = experiment_find(call->arena, call->word[0]),
                 .quick = call_option(call, "--quick") != NULL,
                 .settings = call->settings,
                 .setting = call->setting,
                 .as = call_option(call, "--as")};
    wish_claim(call, &wish);
    const Sweep *sweep = study_plan(call->arena, &wish);
    StudyWork work = {.jobs = jobs_of(call),
                      .restart = call_option(call, "--restart") != NULL};
    const Grid *found;
    const RanksStarted started = ranks_started();
    read_part(call, &work.part, &work.parts);
    work.ranks = ranks;
    work.threads = call_count(call, "--threads", 0, MOST_JOBS);
    if (ranks == NULL) work.rank = started.rank, work.of = started.count;
    if (call_option(call, "--slurm")) return run_on_slurm(call, sweep);
    if (call_option(call, "--array-limit")) die(EX_USAGE, "--array-limit is of --slurm");
    if (call_option(call, "--dry-run")) {
        if (started.rank > 0) return EX_OK;
        study_print_plan(
            call->arena,
            work.parts ? study_part(call->arena, sweep, work.part, work.parts) : sweep,
            work.jobs);
        return EX_OK;
    }
    const int status = work.parts ? study_work(call->arena, sweep, &work)
                                  : run_shared(call, sweep, work, &found);
    ranks_end(ranks);
    return status;
}

const Command command_run = {
    .name = "run",
    .usage = "EXPERIMENT [key=value ...] [--quick] [--as NAME] [--claim ID] "
             "[--jobs N] [--ranks K] [--part I/N] [--restart] [--dry-run] [--slurm "
             "[--array-limit N]]",
    .summary = "Runs an experiment: comma lists sweep, finished runs are skipped, "
               "interrupted ones resume",
    .options =
        (const Option[]){
            {"--quick", NULL,
             "the quick recipe (a minute) instead of the full one (half an hour)"},
            {"--as", "NAME",
             "of the study, EXPERIMENT@NAME (other settings than the "
             "recipe's: else eight digits of them)"},
            CLAIM_OPTIONS,
            {"--dry-run", NULL,
             "lists the runs, measures how long they take, and does none"},
            {"--part", "I/N",
             "the runs I, I+N, I+2N, ... alone, for N processes anywhere; without it "
             "they are collected"},
            {"--slurm", NULL,
             "writes the command as jobs of Slurm, an array and one that collects, and "
             "prints what submits them"},
            {"--array-limit", "N",
             "of --slurm: tasks of the array, at most (default: 1000)"},
            {"--ranks", "K",
             "processes of mpirun that share the workers of each run (built with "
             "MPI: ./normlab --mpi)"},
            {"--threads", "N", "of each rank (default: its share of the processors)"},
            STUDY_OPTIONS},
    .least = 1,
    .most = 1,
    .settings = true,
    .of_runs = true,
    .run = run_run,
    .more =
        "Settings are keys of a run's configuration or of the experiment; `normlab "
        "show out/runs/ID.h5` shows\n"
        "them all. Examples: norm=batch,group:8  batch=32,16,8  seed=1-3  epochs=5 "
        " protocol=statistics\n"
        "mode=average,pooled and input=20x20,28x28, in the words of `normlab evaluate`, "
        "make rows of the same finished weights.\n"
        "SIGUSR1 has each run that goes on save a checkpoint; the first SIGINT or "
        "SIGTERM "
        "stops behind one,\n"
        "with exit code 130 or 143.",
};
