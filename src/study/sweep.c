/* From a plan to runs: one for each configuration that differs. */
#include "judged.h"
#include "ledger.h"
#include "plan.h"

#include <stdlib.h>
#include <string.h>

/* ---- runs ------------------------------------------------------------------------ */

const char *runs_folder(Arena *arena) {
    return place_out(arena, "runs");
}

static const Dataset *dataset_of(Plan *plan, Sweep *sweep, const Config *config) {
    const char *name = config->dataset, *path;
    for (size_t i = 0; i < sweep->runs; i++)
        if (strcmp(sweep->run[i].dataset->name, name) == 0) return sweep->run[i].dataset;
    BaseError error = {.set = false};
    const Dataset *dataset = dataset_open(plan->arena, name, &error);
    die_if(&error);
    dataset_find(name, &path);
    if (path) say("%s", dataset->title);
    return dataset;
}

static const Begun *begun_before(const Sweep *sweep, const char *path) {
    for (size_t i = 0; i < sweep->runs; i++) {
        const Run *run = &sweep->run[i];
        if (run->begun && strcmp(run->config.init.path, path) == 0) return run->begun;
    }
    return NULL;
}

/* What of another run it begins with, which is part of its identity. */
static void begin_run(Plan *plan, const Sweep *sweep, Run *run) {
    Init *init = &run->config.init;
    BaseError error = {.set = false};
    if (init->path == NULL) return;
    const Net *net = trainer_plan(plan->arena, &run->config, run->dataset, &error);
    if (net)
        run->begun = run_begun(plan->arena, &run->config, net,
                               begun_before(sweep, init->path), &error);
    if (error.set) die(error.code, "%s: init: %s", run->label, error.message);
    init->sha256 = run->begun->taken.sha256;
}

/* The run of a configuration; equal identities are one run. */
static size_t add_run(Plan *plan, Sweep *sweep, const Config *config, const char *label) {
    Arena *arena = plan->arena;
    Run run = {
        .config = *config, .dataset = dataset_of(plan, sweep, config), .label = label};
    begin_run(plan, sweep, &run);
    run.id = config_identity(&run.config, arena, run.dataset->sha256);
    for (size_t i = 0; i < sweep->runs; i++)
        if (strcmp(sweep->run[i].id, run.id) == 0) return i;
    run.path = text_print(arena, "%s/%s.h5", runs_folder(arena), run.id);
    run.claims = ledger_digests(arena, sweep->ledger, config->seed);
    BaseError error = {.set = false}; /* what cannot run is said before anything runs */
    if (trainer_fits(config, run.dataset, &error))
        probes_fit(config, run.dataset, &error);
    if (error.set) die(error.code, "%s: %s", label, error.message);
    sweep->run[sweep->runs] = run;
    return sweep->runs++;
}

static bool judged_alike(const Sweep *sweep, size_t a, size_t b) {
    const Judging *of = sweep->judging;
    for (size_t j = 0; j < sweep->points; j++)
        if (!judging_same(&of[a * sweep->points + j], &of[b * sweep->points + j]))
            return false;
    return true;
}

/* Two rows of the same runs would look like two findings: of the last row, whether it says
 * nothing that a row before it does not. */
static bool is_twin(const Sweep *sweep, const char *name) {
    const size_t cells = sweep->points * sweep->seeds,
                 *last = sweep->run_of + sweep->series * cells;
    for (size_t k = 0; k < sweep->series; k++) {
        if (memcmp(sweep->run_of + k * cells, last, cells * sizeof *last) != 0 ||
            !judged_alike(sweep, k, sweep->series))
            continue;
        say("'%s' and '%s' are the same runs under these settings: they are one row, "
            "'%s'",
            sweep->series_name[k], name, sweep->series_name[k]);
        return true;
    }
    return false;
}

/* The runs of a row, in the place behind the rows that there are. */
static void fill_row(Plan *plan, const Config *config, const char *name, Sweep *sweep) {
    const char *along = plan->experiment->along;
    size_t *row = sweep->run_of + sweep->series * sweep->points * sweep->seeds;
    const Judging *judging = sweep->judging + sweep->series * sweep->points;
    sweep->same[sweep->series] = sweep->points > 1;
    for (size_t i = 0; i < sweep->points * sweep->seeds; i++) {
        const size_t point = i / sweep->seeds;
        const char *label = text_print(plan->arena, "%s, %s %s, seed %s", name, along,
                                       plan_along(plan, &config[i], point),
                                       config_text(&config[i], plan->arena, "seed"));
        row[i] = add_run(plan, sweep, &config[i], label);
        if (row[i] != row[i % sweep->seeds] ||
            !judging_same(&judging[point], &judging[0]))
            sweep->same[sweep->series] = false;
    }
}

static void fill_rows(Plan *plan, const Points *points, Sweep *sweep) {
    const size_t cells = sweep->points * sweep->seeds;
    for (size_t i = 0; i < points->series; i++) {
        memcpy(sweep->judging + sweep->series * sweep->points,
               points->judging + i * sweep->points,
               sweep->points * sizeof *sweep->judging);
        fill_row(plan, points->config + i * cells, points->name[i], sweep);
        if (is_twin(sweep, points->name[i])) continue;
        sweep->series_name[sweep->series++] = points->name[i];
    }
}

/* Numbers of two rules, or of two tasks, are not compared. */
static const char *one_of(Plan *plan, const char *key, const char *what) {
    const Setting *setting = plan_axis(plan, key);
    if (setting->count > 1)
        die(EX_USAGE, "%s=%s,%s: one %s for all runs of a study is expected", key,
            setting->value[0], setting->value[1], what);
    return setting->value[0];
}

/* The metric that the experiment shows, in the unit that the data give it. */
static void choose_metric(Arena *arena, Sweep *sweep) {
    const Experiment *e = sweep->experiment;
    const Run *run = &sweep->run[0];
    Task task;
    BaseError error = {.set = false};
    task_bind(&task, run->config.task, run->dataset, &error);
    die_if(&error);
    const size_t m = e->metric ? task_metric(&task, e->metric) : 0;
    const Choice known = {task.metric, task.metrics, sizeof *task.metric, false, NULL};
    if (m == task.metrics)
        die(EX_USAGE,
            "experiments/%s/run.c: .metric = \"%s\": %s of task %s is expected%s",
            e->name, e->metric, choice_words(arena, &known, " or "), task.kind->name,
            choice_hint(arena, &known, e->metric));
    sweep->metric = task.metric[m];
    sweep->metric_score =
        m == 0 ? "score" : text_print(arena, "score_%s", task.metric[m].name);
}

/* ---- the name of a study ---------------------------------------------------------- */

/* Eight digits of the changes, which have one order. */
static const char *digits_of(Arena *arena, const char *changes) {
    char hex[DIGEST_LENGTH + 1];
    digest_bytes(hex, changes, strlen(changes));
    return text_copy(arena, hex, 8);
}

static const char *name_of(Arena *arena, const Wish *wish, const char *changes) {
    const char *quick = wish->quick ? STUDY_QUICK : "";
    if (wish->as) return study_name_checked(arena, wish->experiment, wish->as);
    if (*changes == '\0') return quick;
    return text_print(arena, "%s%s%s", quick, *quick ? "-" : "",
                      digits_of(arena, changes));
}

const Sweep *study_plan(Arena *arena, const Wish *wish) {
    const Experiment *experiment = wish->experiment;
    experiment_want_runs(experiment);
    Plan *plan = plan_read(arena, wish, NULL);
    Points points;
    BaseError error = {.set = false};
    plan_points(plan, &points, &error);
    die_if(&error);
    const size_t total = points.series * points.points * points.seeds;
    Sweep *sweep = ZERO(arena, Sweep, 1);
    *sweep = (Sweep){.experiment = experiment,
                     .quick = wish->quick,
                     .ledger = ledger_read(arena),
                     .rule = one_of(plan, "score", "rule"),
                     .points = points.points,
                     .seeds = points.seeds,
                     .series_name = TAKE(arena, const char *, points.series),
                     .judging = TAKE(arena, Judging, points.series * points.points),
                     .same = TAKE(arena, bool, points.series),
                     .along = TAKE(arena, double, points.points),
                     .along_text = TAKE(arena, const char *, points.points),
                     .seed = TAKE(arena, double, points.seeds),
                     .run_of = TAKE(arena, size_t, total),
                     .run = TAKE(arena, Run, total)};
    for (size_t i = 0; i < sweep->points; i++) {
        sweep->along_text[i] = plan_axis(plan, experiment->along)->value[i];
        sweep->along_is_text |= !text_to_double(sweep->along_text[i], &sweep->along[i]);
    }
    for (size_t i = 0; i < sweep->points && sweep->along_is_text; i++)
        sweep->along[i] = (double)i;
    for (size_t i = 0; i < sweep->seeds; i++)
        sweep->seed[i] = strtod(plan_axis(plan, "seed")->value[i], NULL);
    one_of(plan, "task", "task");
    fill_rows(plan, &points, sweep);
    choose_metric(arena, sweep);
    sweep->protocol =
        protocol_words(arena, plan_own(plan, "protocol"), plan_own(plan, "equal"));
    sweep->recipe = plan_recipe(plan, &points);
    sweep->changes = plan_changes(plan, &points);
    sweep->name = name_of(arena, wish, sweep->changes);
    sweep->stem = study_stem(arena, experiment->name, sweep->name);
    return sweep;
}

const char *study_word(Arena *arena, const Sweep *sweep) {
    const char *experiment = sweep->experiment->name;
    return study_is_own(sweep->name)
               ? experiment
               : text_print(arena, "%s@%s", experiment, sweep->name);
}
