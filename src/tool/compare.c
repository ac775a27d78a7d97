/* verify and diff: a run again, and two runs or studies side by side. */
#include "compare.h"
#include "signals.h"

#include <string.h>
#include <unistd.h>

#include "tool.h"

/* Of differences that are printed; of a file that somebody made there may be any number. */
enum { MOST_SHOWN = 40 };

static const char *told(Arena *arena, const char *text) {
    return *text ? text_plain(arena, text_clip(arena, text)) : "-";
}

static void print_differences(const char *title, const Differences *d) {
    if (d->count == 0) return;
    printf("%s\n", title);
    for (size_t i = 0; i < d->count && i < MOST_SHOWN; i++)
        printf("  %s: %s | %s\n", text_plain(d->arena, d->of[i].what),
               told(d->arena, d->of[i].a), told(d->arena, d->of[i].b));
    if (d->count > MOST_SHOWN) printf("  ... and %zu more\n", d->count - MOST_SHOWN);
}

/* ---- verify ----------------------------------------------------------------------------- */

static bool is_study(const char *path) {
    BaseError error = {.set = false};
    Store *store = store_open(path, &error);
    die_if(&error);
    const bool study = store_has(store, "/results");
    store_close(store);
    return study;
}

/* What has bits in common with nothing here is told, and not computed. */
static bool is_comparable(Arena *arena, const char *name, const Table *provenance) {
    Differences d = {.arena = arena};
    compare_arithmetic(&d, provenance);
    if (d.count == 0) return true;
    printf("%s: not comparable\n", name);
    print_differences("there | here", &d);
    return false;
}

static Again made_again(Arena *arena, const Run *run, const Sweep *sweep) {
    BaseError error = {.set = false};
    Again again;
    run_again(arena, run, sweep, &again, &error);
    die_if(&error);
    return again;
}

/* Of the same bits or not; of which probes nothing is said. */
static int tell(const Differences *d, const char *id, const char *what,
                const Record *again, bool probes) {
    if (!probes && again->probes > 0) {
        printf("%s: not comparable: what its probes measured, by other rules than here:",
               id);
        for (size_t i = 0; i < again->probes; i++) printf(" %s", again->probe_name[i]);
        puts("");
    }
    if (d->count == 0) {
        printf("%s: the same to the last bit: %s\n", id, what);
        return EX_OK;
    }
    printf("%s: computed again it differs\n", id);
    print_differences("file | now", d);
    return 1;
}

static int verify_run(Arena *arena, const char *word) {
    BaseError error = {.set = false};
    const Record *record;
    const Run *run = run_find(arena, word, &record, &error);
    die_if(&error);
    if (!is_comparable(arena, run->id, &record->provenance)) return EX_UNAVAILABLE;
    say("%s with %s on %s: %s steps are computed again", run->config.network,
        run->config.norm, run->dataset->name,
        text_number(arena, (double)run->config.epochs *
                               table_scalar(&record->summary, "steps", &error)));
    signals_watch();
    const Record *again = made_again(arena, run, NULL).record;
    const bool probes = compare_has_probes(&record->provenance);
    Differences d = {.arena = arena};
    compare_results(&d, record, again, probes);
    return tell(&d, run->id,
                text_print(arena, "weights, state, %zu numbers, %zu epochs",
                           record->summary.fields, run->config.epochs),
                again, probes);
}

/* One run of a study, or all; what another would find is not known then. */
static int verify_study(Arena *arena, const char *path, const char *id) {
    const Grid *grid = grid_read(arena, path);
    const size_t cells = grid->series * grid->points * grid->seeds;
    const Table provenance = grid_table(grid, arena, "/provenance");
    const bool probes = compare_has_probes(&provenance);
    size_t found = 0;
    int status = EX_OK;
    if (id && study_cell(grid, id) == cells)
        die(EX_NOINPUT, "%s: has no run '%s'", path, id);
    if (!is_comparable(arena, path, &provenance)) return EX_UNAVAILABLE;
    const Sweep *sweep = study_again(arena, grid);
    signals_watch();
    for (size_t i = 0; i < sweep->runs; i++) {
        const Run *run = &sweep->run[i];
        if (study_cell(grid, run->id) == cells || (id && strcmp(run->id, id) != 0))
            continue;
        say("%s is computed again", run->label);
        const Again again = made_again(arena, run, sweep);
        Differences d = {.arena = arena};
        const size_t numbers = compare_cells_again(&d, grid, run, &again, probes);
        if (numbers == 0) {
            printf("%s: not comparable: none of its rows is judged so any more\n", run->id);
            continue;
        }
        found++;
        if (tell(&d, run->id, text_print(arena, "%zu numbers", numbers), again.record,
                 probes))
            status = 1;
    }
    if (found > 0) return status;
    printf("%s: not comparable: its runs have other data, numerics or defaults than "
           "here\n",
           path);
    return EX_UNAVAILABLE;
}

static int run_verify(const Call *call) {
    const char *path = run_path(call->arena, call->word[0]);
    if (access(path, F_OK) == 0 && is_study(path))
        return verify_study(call->arena, path, call->words > 1 ? call->word[1] : NULL);
    if (call->words > 1)
        die(EX_USAGE, "%s: a study is expected in front of a run's name", call->word[0]);
    return verify_run(call->arena, call->word[0]);
}

const Command command_verify = {
    .name = "verify",
    .usage = "RUN | STUDY [RUN]",
    .summary = "Computes finished runs again and compares every number to the last bit",
    .least = 1,
    .most = 2,
    .run = run_verify,
    .more = "RUN is the file of a run, or its name of sixteen digits; STUDY a collected "
            "file, "
            "of which one run is computed\n"
            "again, or all. Exit code 0: the same bits; 1: it differs, and what does is "
            "listed; 69: not comparable, for\n"
            "what computed it gives other bits than this.",
};

/* ---- diff --------------------------------------------------------------------------------- */

/* A file, the name of a run, or EXPERIMENT[@NAME]; *grid: a study. */
static void open_side(Arena *arena, const char *word, const Record **record,
                      const Grid **grid) {
    BaseError error = {.set = false};
    const char *path = run_path(arena, word), *name;
    *record = NULL, *grid = NULL;
    if (access(path, F_OK) != 0 && strchr(word, '/') == NULL &&
        strchr(word, '.') == NULL) {
        const Experiment *e = study_experiment(arena, word, &name);
        experiment_want_runs(e);
        *grid = grid_find(arena, e, name, NULL);
        return;
    }
    if (is_study(path)) {
        *grid = grid_read(arena, path);
        return;
    }
    *record = record_read(arena, path, &error);
    die_if(&error);
}

static int run_diff(const Call *call) {
    Arena *arena = call->arena;
    const Record *a, *b;
    const Grid *left, *right;
    open_side(arena, call->word[0], &a, &left);
    open_side(arena, call->word[1], &b, &right);
    if ((a == NULL) != (b == NULL))
        die(EX_USAGE, "a run and a study: two runs or two studies are expected");
    Differences settings = {.arena = arena}, results = settings, origins = settings;
    if (a) {
        compare_settings(&settings, a, b);
        compare_results(&results, a, b, true);
        compare_origins(&origins, a, b);
    } else {
        compare_recipes(&settings, left, right);
        compare_cells(&results, left, right);
    }
    print_differences("settings", &settings);
    print_differences("results", &results);
    print_differences("computed by", &origins);
    if (settings.count == 0 && results.count == 0)
        puts("the same settings and results, to the last bit");
    return settings.count || results.count ? 1 : EX_OK;
}

const Command command_diff = {
    .name = "diff",
    .usage = "A B",
    .summary = "What differs between two runs or two studies: settings, results, and "
               "what computed them",
    .least = 2,
    .most = 2,
    .run = run_diff,
    .more = "A and B are files, names of runs (sixteen digits), or studies, "
            "EXPERIMENT[@NAME]. Of two studies rows and points\n"
            "are compared by their names. Exit code 1: settings or results differ.",
};
