/* From settings to runs: recipes, overrides, comma lists, and the table's points. */
#include "tool.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum {
    MOST_VALUES = 64,
    MOST_SETTINGS = CONFIG_KEYS + EXPERIMENT_MAX_KEYS,
    MOST_RUNS = 100000
};

/* A key and all the values that it takes. */
typedef struct Setting {
    const char *key;
    size_t count;
    const char *value[MOST_VALUES];
} Setting;

typedef struct Plan {
    Arena *arena;
    const Experiment *experiment;
    size_t settings;
    Setting setting[MOST_SETTINGS];
    Own own;
} Plan;

static size_t own_key(const Experiment *e, const char *key, size_t length) {
    size_t i = 0;
    for (; e->keys && e->keys[i].name; i++)
        if (strlen(e->keys[i].name) == length &&
            strncmp(e->keys[i].name, key, length) == 0)
            return i;
    return EXPERIMENT_MAX_KEYS;
}

/* Unknown keys are looked for among both kinds. */
static _Noreturn void unknown_key(const Plan *plan, const char *key) {
    const char *names[MOST_SETTINGS];
    size_t count = 0;
    for (; count < CONFIG_KEYS; count++) names[count] = config_keys()[count].name;
    const ExperimentKey *own = plan->experiment->keys;
    for (size_t i = 0; own && own[i].name; i++) names[count++] = own[i].name;
    die(EX_USAGE, "no key '%s'%s; see `normlab run --help`", key,
        text_hint(plan->arena, key, names, count));
}

static Setting *find_setting(Plan *plan, const char *key) {
    for (size_t i = 0; i < plan->settings; i++)
        if (strcmp(plan->setting[i].key, key) == 0) return &plan->setting[i];
    REQUIRE(plan->settings < MOST_SETTINGS, "too many settings");
    plan->setting[plan->settings].key = key;
    return &plan->setting[plan->settings++];
}

/* "key=a,b,c": the last word about a key is the one that counts. Each value is checked
 * now. */
static void read_setting(Plan *plan, const char *text) {
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        die(EX_USAGE, "'%s': key=value is expected", text);
    const char *key = text_copy(plan->arena, text, (size_t)(equals - text));
    size_t own = own_key(plan->experiment, key, strlen(key));
    if (own < EXPERIMENT_MAX_KEYS) {
        plan->own.text[own] = equals + 1;
        return;
    }
    size_t known = 0;
    while (known < CONFIG_KEYS && strcmp(config_keys()[known].name, key) != 0) known++;
    if (known == CONFIG_KEYS) unknown_key(plan, key);
    size_t count;
    const char **values = spec_list(plan->arena, equals + 1, &count);
    if (count > MOST_VALUES) die(EX_USAGE, "%s: more than %d values", key, MOST_VALUES);
    Setting *setting = find_setting(plan, config_keys()[known].name);
    setting->count = 0;
    for (size_t i = 0; i < count; i++) {
        Config probe = config_default();
        Error error = {.set = false};
        config_set(&probe, plan->arena, key, values[i], &error);
        die_if(&error);
        const char *canonical = config_get(&probe, key);
        bool twice = false;
        for (size_t k = 0; k < setting->count; k++)
            twice |= strcmp(setting->value[k], canonical) == 0;
        if (!twice) setting->value[setting->count++] = canonical;
    }
}

/* ---- the axes of the table ------------------------------------------------------- */

static Setting *axis(Plan *plan, const char *key) {
    Setting *setting = find_setting(plan, key);
    if (setting->count == 0) {
        Config config = config_default();
        setting->count = 1;
        setting->value[0] = config_get(&config, key);
    }
    return setting;
}

static bool is_axis(const Plan *plan, const Setting *setting) {
    return strcmp(setting->key, plan->experiment->series) == 0 ||
           strcmp(setting->key, plan->experiment->along) == 0 ||
           strcmp(setting->key, "seed") == 0;
}

/* Rows of the table: every combination of the series key and of whatever else sweeps. */
static size_t count_series(Plan *plan) {
    size_t count = axis(plan, plan->experiment->series)->count;
    for (size_t i = 0; i < plan->settings; i++)
        if (!is_axis(plan, &plan->setting[i])) count *= plan->setting[i].count;
    return count;
}

static void set(Plan *plan, Config *config, const char *key, const char *value) {
    Error error = {.set = false};
    config_set(config, plan->arena, key, value, &error);
    die_if(&error);
}

/* Configuration and name of row `index`; keys other than the axes count up like
 * digits. */
static Config series_config(Plan *plan, size_t index, const char **name) {
    Config config = config_default();
    const Setting *rows = axis(plan, plan->experiment->series);
    Text label = text_new(plan->arena);
    text_add(&label, "%s", rows->value[index % rows->count]);
    set(plan, &config, rows->key, rows->value[index % rows->count]);
    index /= rows->count;
    for (size_t i = 0; i < plan->settings; i++) {
        const Setting *s = &plan->setting[i];
        if (is_axis(plan, s)) continue;
        set(plan, &config, s->key, s->value[index % s->count]);
        if (s->count > 1) text_add(&label, ", %s=%s", s->key, s->value[index % s->count]);
        index /= s->count;
    }
    *name = label.data;
    return config;
}

/* ---- runs ------------------------------------------------------------------------ */

const char *runs_folder(Arena *arena) {
    return place_out(arena, "runs");
}

static const Dataset *dataset_of(Plan *plan, Sweep *sweep, const Config *config) {
    const char *name = config_get(config, "dataset");
    for (size_t i = 0; i < sweep->runs; i++)
        if (strcmp(sweep->run[i].dataset->name, name) == 0) return sweep->run[i].dataset;
    Error error = {.set = false};
    const Dataset *dataset = dataset_open(plan->arena, name, &error);
    die_if(&error);
    return dataset;
}

/* The run of a configuration; equal identities are one run. */
static size_t add_run(Plan *plan, Sweep *sweep, const Config *config, const char *label) {
    Arena *arena = plan->arena;
    Run run = {
        .config = *config, .dataset = dataset_of(plan, sweep, config), .label = label};
    run.id = config_identity(config, arena, run.dataset->sha256);
    for (size_t i = 0; i < sweep->runs; i++)
        if (strcmp(sweep->run[i].id, run.id) == 0) return i;
    run.path = text_print(arena, "%s/%s.h5", runs_folder(arena), run.id);
    Error error = {.set = false}; /* what cannot run is said before anything runs */
    trainer_fits(config, run.dataset, &error);
    if (error.set) die(error.code, "%s: %s", label, error.message);
    sweep->run[sweep->runs] = run;
    return sweep->runs++;
}

/* Two rows of the same runs would look like two findings. */
static void refuse_twins(const Sweep *sweep, size_t series) {
    size_t cells = sweep->points * sweep->seeds;
    for (size_t k = 0; k < series; k++)
        if (memcmp(sweep->run_of + k * cells, sweep->run_of + series * cells,
                   cells * sizeof *sweep->run_of) == 0)
            die(EX_USAGE, "'%s' and '%s' are the same runs under these settings",
                sweep->series_name[k], sweep->series_name[series]);
}

static void fill_points(Plan *plan, Sweep *sweep) {
    const Experiment *e = plan->experiment;
    const Setting *along = axis(plan, e->along), *seeds = axis(plan, "seed");
    for (size_t i = 0; i < sweep->series; i++) {
        Config row = series_config(plan, i, &sweep->series_name[i]);
        for (size_t j = 0; j < sweep->points; j++)
            for (size_t k = 0; k < sweep->seeds; k++) {
                Config config = row;
                set(plan, &config, e->along, along->value[j]);
                set(plan, &config, "seed", seeds->value[k]);
                Error error = {.set = false};
                if (e->complete) e->complete(&config, plan->arena, &plan->own, &error);
                die_if(&error);
                const char *label =
                    text_print(plan->arena, "%s, %s %s, seed %s", sweep->series_name[i],
                               e->along, config_get(&config, e->along), seeds->value[k]);
                size_t at = (i * sweep->points + j) * sweep->seeds + k;
                sweep->run_of[at] = add_run(plan, sweep, &config, label);
                size_t first = (i * sweep->points) * sweep->seeds + k;
                if (sweep->run_of[at] != sweep->run_of[first]) sweep->same[i] = false;
            }
        refuse_twins(sweep, i);
    }
}

/* Numbers of two rules are not compared. */
static const char *one_rule(Plan *plan) {
    const Setting *rule = axis(plan, "score");
    if (rule->count > 1)
        die(EX_USAGE,
            "score=%s,%s: one rule for all runs of a study is expected; another study "
            "has "
            "another",
            rule->value[0], rule->value[1]);
    return rule->value[0];
}

static const char *recipe_text(Plan *plan) {
    Text text = text_new(plan->arena);
    const ExperimentKey *own = plan->experiment->keys;
    for (size_t i = 0; own && own[i].name; i++)
        text_add(&text, "%s=%s\n", own[i].name, plan->own.text[i]);
    for (size_t i = 0; i < plan->settings; i++) {
        text_add(&text, "%s=", plan->setting[i].key);
        for (size_t k = 0; k < plan->setting[i].count; k++)
            text_add(&text, "%s%s", k ? ", " : "", plan->setting[i].value[k]);
        text_add(&text, "\n");
    }
    return text.data;
}

const Sweep *sweep_plan(const Call *call, const Experiment *experiment, bool quick) {
    Arena *arena = call->arena;
    Plan *plan = ZERO(arena, Plan, 1);
    plan->arena = arena;
    plan->experiment = experiment;
    for (size_t i = 0; experiment->keys && experiment->keys[i].name; i++)
        plan->own.text[i] = experiment->keys[i].initial;
    for (const char *const *s = quick ? experiment->quick : experiment->full; *s; s++)
        read_setting(plan, *s);
    for (size_t i = 0; i < call->settings; i++) read_setting(plan, call->setting[i]);

    Sweep *sweep = ZERO(arena, Sweep, 1);
    *sweep = (Sweep){
        .experiment = experiment,
        .quick = quick,
        .stem = text_print(arena, "%s%s", experiment->name, quick ? "-quick" : ""),
        .series = count_series(plan),
        .points = axis(plan, experiment->along)->count,
        .seeds = axis(plan, "seed")->count};
    size_t total = sweep->series * sweep->points * sweep->seeds;
    if (total > MOST_RUNS) die(EX_USAGE, "%zu runs are more than %d", total, MOST_RUNS);
    sweep->series_name = TAKE(arena, const char *, sweep->series);
    sweep->same = TAKE(arena, bool, sweep->series);
    for (size_t i = 0; i < sweep->series; i++) sweep->same[i] = sweep->points > 1;
    sweep->along = TAKE(arena, double, sweep->points);
    sweep->along_text = TAKE(arena, const char *, sweep->points);
    for (size_t i = 0; i < sweep->points; i++) {
        sweep->along_text[i] = axis(plan, experiment->along)->value[i];
        sweep->along_is_text |= !text_to_double(sweep->along_text[i], &sweep->along[i]);
    }
    for (size_t i = 0; i < sweep->points && sweep->along_is_text; i++)
        sweep->along[i] = (double)i;
    sweep->seed = TAKE(arena, double, sweep->seeds);
    for (size_t i = 0; i < sweep->seeds; i++)
        sweep->seed[i] = strtod(axis(plan, "seed")->value[i], NULL);
    sweep->run_of = TAKE(arena, size_t, total);
    sweep->run = TAKE(arena, Run, total);
    sweep->rule = one_rule(plan);
    fill_points(plan, sweep);
    sweep->own = plan->own;
    sweep->recipe = recipe_text(plan);
    Text changes = text_new(arena);
    for (size_t i = 0; i < call->settings; i++)
        text_add(&changes, "%s%s", i ? " " : "", call->setting[i]);
    sweep->changes = changes.data;
    return sweep;
}

void sweep_print(const Sweep *sweep) {
    size_t finished = 0;
    for (size_t i = 0; i < sweep->runs; i++) {
        bool done = run_is_finished(&sweep->run[i]);
        finished += done;
        printf("%s  %-8s  %s\n", sweep->run[i].id, done ? "finished" : "to do",
               sweep->run[i].label);
    }
    printf("%zu runs, %zu finished, %zu to do\n", sweep->runs, finished,
           sweep->runs - finished);
}
