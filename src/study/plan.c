/* From words to configurations: recipes, overrides, comma lists and ranges, the points of
 * the table, and what of all that the user changed. */
#include "judged.h"
#include "plan.h"
#include "arguments.h"

#include <stdlib.h>
#include <string.h>

static const char *key_of(Arena *arena, const char *text) {
    return text_copy(arena, text, strcspn(text, "="));
}

static Setting *find_setting(Plan *plan, const char *key) {
    for (size_t i = 0; i < plan->settings; i++)
        if (strcmp(plan->setting[i].key, key) == 0) return &plan->setting[i];
    if (plan->settings == MOST_SETTINGS)
        die(EX_USAGE, "%s: more than %d keys", key, MOST_SETTINGS);
    plan->setting[plan->settings].key = key;
    return &plan->setting[plan->settings++];
}

static const char *canonical_of(Plan *plan, const char *key, const char *value) {
    Config probe = config_default(plan->arena);
    BaseError error = {.set = false};
    if (plan_is_own(plan->experiment, key)) return value; /* `complete` reads it */
    const char *judged =
        judged_is_key(key) ? judged_canonical(plan->arena, key, value, &error) : NULL;
    if (!judged_is_key(key)) config_set(&probe, plan->arena, key, value, &error);
    die_if(&error);
    return judged ? judged : config_text(&probe, plan->arena, key);
}

static void add_value(Plan *plan, Setting *setting, const char *value) {
    const char *canonical = canonical_of(plan, setting->key, value);
    for (size_t k = 0; k < setting->count; k++)
        if (strcmp(setting->value[k], canonical) == 0) return;
    if (setting->count == MOST_VALUES)
        die(EX_USAGE, "%s: more than %d values", setting->key, MOST_VALUES);
    setting->value[setting->count++] = canonical;
}

/* 1:5 and 1..3 are ranges elsewhere. */
static void refuse_range(const Setting *setting, const char *text) {
    static const char *const signs[] = {":", "..", "...", "~", "\u2013"};
    const size_t first = strspn(text, "0123456789"),
                 last = first + strcspn(text + first, "0123456789");
    for (size_t i = 0; i < COUNT_OF(signs) && first > 0; i++)
        if (strlen(signs[i]) == last - first &&
            strncmp(text + first, signs[i], last - first) == 0 && text[last] &&
            text[last + strspn(text + last, "0123456789")] == '\0')
            die(EX_USAGE, "%s=%s: a whole number is expected; a range of them is %.*s-%s",
                setting->key, text, (int)first, text, text + last);
}

/* "1-5" of a key that counts: the ends and all between. */
static void add_range(Plan *plan, Setting *setting, const char *text) {
    const char *dash = config_counts(setting->key) ? strchr(text, '-') : NULL;
    size_t from, to;
    if (dash == NULL || !text_to_count(dash + 1, &to) ||
        !text_to_count(text_copy(plan->arena, text, (size_t)(dash - text)), &from)) {
        if (config_counts(setting->key)) refuse_range(setting, text);
        add_value(plan, setting, text);
        return;
    }
    if (from > to)
        die(EX_USAGE,
            "%s=%s: a range from the smaller to the larger is expected, %zu-%zu",
            setting->key, text, to, from);
    if (to - from >= MOST_VALUES)
        die(EX_USAGE, "%s=%s: more than %d values", setting->key, text, MOST_VALUES);
    for (size_t i = from; i <= to; i++)
        add_value(plan, setting, text_print(plan->arena, "%zu", i));
}

/* "key=a,b,c-d": the last word about a key is the one that counts. Each value is checked
 * now. */
static void read_setting(Plan *plan, const char *text) {
    const char *equals = strchr(text, '=');
    if (equals == NULL || equals == text)
        die(EX_USAGE, "'%s': key=value is expected", text);
    const char *key = key_of(plan->arena, text);
    size_t count;
    if (!plan_is_config(key) && !plan_is_own(plan->experiment, key) &&
        !judged_is_key(key))
        die(EX_USAGE, "no key '%s'%s; see `normlab run --help`", key,
            plan_key_hint(plan->arena, plan->experiment, key));
    const char **values = spec_list(plan->arena, equals + 1, &count);
    Setting *setting = find_setting(plan, key);
    setting->count = 0;
    for (size_t i = 0; i < count; i++) add_range(plan, setting, values[i]);
}

/* ---- the axes of the table ------------------------------------------------------- */

Setting *plan_axis(Plan *plan, const char *key) {
    Setting *setting = find_setting(plan, key);
    if (setting->count == 0 && judged_is_key(key))
        die(EX_USAGE, "experiments/%s/run.c: %s=LIST is expected in its recipes",
            plan->experiment->name, key);
    if (setting->count == 0) {
        const Config config = config_default(plan->arena);
        setting->count = 1;
        setting->value[0] = config_text(&config, plan->arena, key);
    }
    return setting;
}

static bool is_axis(const Plan *plan, const Setting *setting) {
    return strcmp(setting->key, plan->experiment->series) == 0 ||
           strcmp(setting->key, plan->experiment->along) == 0 ||
           strcmp(setting->key, "seed") == 0;
}

/* Rows of the table: every combination of the series key and of whatever else sweeps. */
size_t plan_series(Plan *plan) {
    size_t count = plan_axis(plan, plan->experiment->series)->count;
    for (size_t i = 0; i < plan->settings; i++)
        if (!is_axis(plan, &plan->setting[i])) count *= plan->setting[i].count;
    return count;
}

/* A point with a seed. */
typedef struct Cell {
    Config config;
    Own own;
    Judging judging;
} Cell;

static void set(Plan *plan, Cell *cell, const char *key, const char *value) {
    const size_t own = plan_own_key(plan->experiment, key);
    BaseError error = {.set = false};
    if (own < EXPERIMENT_MAX_KEYS)
        cell->own.text[own] = value;
    else if (judged_is_key(key))
        *(strcmp(key, "mode") == 0 ? &cell->judging.mode : &cell->judging.input) = value;
    else
        config_set(&cell->config, plan->arena, key, value, &error);
    die_if(&error);
}

/* A spec says by itself what it is, a number does not. */
static bool names_itself(const char *key) {
    return strcmp(key, "norm") == 0 || strcmp(key, "network") == 0;
}

/* Row `index` and its name; keys other than the axes count up like digits. */
static Cell series_cell(Plan *plan, size_t index, const char **name) {
    Cell cell = {.config = config_default(plan->arena)};
    const Setting *rows = plan_axis(plan, plan->experiment->series);
    Text label = text_new(plan->arena);
    if (!names_itself(rows->key)) text_add(&label, "%s=", rows->key);
    text_add(&label, "%s", rows->value[index % rows->count]);
    set(plan, &cell, rows->key, rows->value[index % rows->count]);
    index /= rows->count;
    for (size_t i = 0; i < plan->settings; i++) {
        const Setting *s = &plan->setting[i];
        const char *value = s->value[index % s->count];
        if (is_axis(plan, s)) continue;
        set(plan, &cell, s->key, value);
        if (s->count > 1) text_add(&label, ", %s=%s", s->key, value);
        index /= s->count;
    }
    *name = label.data;
    return cell;
}

/* ---- points ---------------------------------------------------------------------- */

const char *plan_along(Plan *plan, const Config *config, size_t point) {
    const char *key = plan->experiment->along;
    return plan_is_config(key) ? config_text(config, plan->arena, key)
                               : plan_axis(plan, key)->value[point];
}

/* A network that keeps no moments is judged alike in every mode: as in the first. */
static void judge_alike(Plan *plan, Cell *cell) {
    NetNorms norms;
    BaseError error = {.set = false};
    if (cell->judging.mode == NULL) return;
    net_norms_read(plan->arena, cell->config.norm, &norms, &error);
    size_t states = norm_new(plan->arena, norms.all, 0, &error)->states;
    for (size_t i = 0; i < norms.rules; i++)
        states += norm_new(plan->arena, norms.rule[i].spec, 0, &error)->states;
    if (states == 0) cell->judging.mode = find_setting(plan, "mode")->value[0];
}

static bool complete(Plan *plan, Cell *cell, BaseError *error) {
    const Experiment *e = plan->experiment;
    if (e->complete && !e->complete(&cell->config, plan->arena, &cell->own, error))
        return false;
    judge_alike(plan, cell);
    if (!judging_is_own(&cell->judging)) cell->config.weights = true;
    return true;
}

bool plan_points(Plan *plan, Points *points, BaseError *error) {
    const Experiment *e = plan->experiment;
    const Setting *along = plan_axis(plan, e->along), *seeds = plan_axis(plan, "seed");
    *points = (Points){
        .series = plan_series(plan), .points = along->count, .seeds = seeds->count};
    const size_t total = points->series * points->points * points->seeds;
    if (total > MOST_RUNS)
        return base_fail(error, EX_USAGE, 0, "%zu runs are more than %d", total,
                         MOST_RUNS);
    points->name = TAKE(plan->arena, const char *, points->series);
    points->judging = TAKE(plan->arena, Judging, points->series * points->points);
    Config *config = points->config = TAKE(plan->arena, Config, total);
    for (size_t i = 0; i < points->series; i++) {
        const Cell row = series_cell(plan, i, &points->name[i]);
        for (size_t j = 0; j < points->points; j++)
            for (size_t k = 0; k < points->seeds; k++) {
                Cell cell = row;
                set(plan, &cell, e->along, along->value[j]);
                set(plan, &cell, "seed", seeds->value[k]);
                if (!complete(plan, &cell, error)) return false;
                *config++ = cell.config;
                points->judging[i * points->points + j] = cell.judging;
            }
    }
    return true;
}

Plan *plan_read(Arena *arena, const Wish *wish, const char *but) {
    Plan *plan = ZERO(arena, Plan, 1);
    const Experiment *experiment = plan->experiment = wish->experiment;
    plan->arena = arena;
    plan->wish = wish;
    plan_check_experiment(arena, experiment);
    for (const ExperimentKey *k = experiment->keys; k && k->name; k++) {
        Setting *setting = find_setting(plan, k->name);
        setting->value[setting->count++] = k->initial;
    }
    for (const char *const *s = wish->quick ? experiment->quick : experiment->full; *s;
         s++)
        read_setting(plan, *s);
    for (size_t i = 0; i < wish->settings; i++)
        if (but == NULL || strcmp(key_of(arena, wish->setting[i]), but) != 0)
            read_setting(plan, wish->setting[i]);
    return plan;
}

/* ---- what is said of a plan: what its runs are, not what was asked for ------------ */

static const char *joined(Arena *arena, const char *const *value, size_t count) {
    Text text = text_new(arena);
    for (size_t i = 0; i < count; i++) text_add(&text, "%s%s", i ? "," : "", value[i]);
    return text.data;
}

/* The values of a key over all points, in their order. */
static const char *values_in(Plan *plan, const Points *points, const char *key) {
    if (!plan_is_config(key)) {
        const Setting *s = find_setting(plan, key);
        return joined(plan->arena, s->value, s->count);
    }
    const size_t total = points->series * points->points * points->seeds;
    const char **value = TAKE(plan->arena, const char *, total);
    size_t count = 0;
    for (size_t i = 0; i < total; i++) {
        const char *text = config_text(&points->config[i], plan->arena, key);
        size_t k = 0;
        while (k < count && strcmp(value[k], text) != 0) k++;
        if (k == count) value[count++] = text;
    }
    return joined(plan->arena, value, count);
}

/* A key of the experiment may mean something under another's value alone. */
static bool applies(Plan *plan, const char *key) {
    const size_t own = plan_own_key(plan->experiment, key);
    const char *only =
        own < EXPERIMENT_MAX_KEYS ? plan->experiment->keys[own].only : NULL;
    if (only == NULL) return true;
    const Setting *other = find_setting(plan, key_of(plan->arena, only));
    for (size_t k = 0; k < other->count; k++)
        if (strcmp(other->value[k], strchr(only, '=') + 1) == 0) return true;
    return false;
}

const char *plan_own(Plan *plan, const char *key) {
    if (!plan_is_own(plan->experiment, key)) return NULL;
    const Setting *s = find_setting(plan, key);
    return joined(plan->arena, s->value, s->count);
}

const char *plan_recipe(Plan *plan, const Points *points) {
    Text text = text_new(plan->arena);
    for (size_t i = 0; i < plan->settings; i++)
        if (applies(plan, plan->setting[i].key))
            text_add(&text, "%s=%s\n", plan->setting[i].key,
                     values_in(plan, points, plan->setting[i].key));
    return text.data;
}

/* The values that the plan has of a key, as words. */
static const char *value_of(Plan *plan, const char *key) {
    const Setting *setting =
        plan_is_config(key) ? plan_axis(plan, key) : find_setting(plan, key);
    return joined(plan->arena, setting->value, setting->count);
}

static bool same_points(Arena *arena, const Points *a, const Points *b) {
    if (a->series != b->series || a->points != b->points || a->seeds != b->seeds)
        return false;
    const size_t total = a->series * a->points * a->seeds;
    for (size_t i = 0; i < a->series * a->points; i++)
        if (!judging_same(&a->judging[i], &b->judging[i])) return false;
    for (size_t i = 0; i < total; i++)
        if (!config_same(&a->config[i], &b->config[i], arena)) return false;
    return true;
}

/* Whether the runs would be others without the user's word about a key. */
static bool has_effect(Plan *plan, const Points *points, const char *key) {
    Plan *without = plan_read(plan->arena, plan->wish, key);
    Points then;
    BaseError error = {.set = false};
    if (!plan_points(without, &then, &error) || !same_points(plan->arena, points, &then))
        return true;
    const char *now = value_of(plan, key), *before = value_of(without, key);
    const bool own = plan_is_own(plan->experiment, key);
    if (strcmp(now, before) != 0 && strcmp(key, "weights") != 0) /* kept anyway */
        say("%s=%s has no effect under the other settings%s", key, now,
            own ? ""
                : text_print(plan->arena, ": the runs have %s=%s", key,
                             values_in(plan, points, key)));
    return false;
}

static int by_text(const void *a, const void *b) {
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

const char *plan_changes(Plan *plan, const Points *points) {
    const size_t count = plan->wish->settings;
    const char **key = TAKE(plan->arena, const char *, count + 1);
    for (size_t i = 0; i < count; i++)
        key[i] = key_of(plan->arena, plan->wish->setting[i]);
    qsort(key, count, sizeof *key,
          by_text); /* one text, in whatever order they were said */
    Text text = text_new(plan->arena);
    for (size_t i = 0; i < count; i++) {
        if (i > 0 && strcmp(key[i], key[i - 1]) == 0) continue;
        if (has_effect(plan, points, key[i]))
            text_add(&text, "%s%s=%s", text.length ? " " : "", key[i],
                     value_of(plan, key[i]));
    }
    return text.data;
}
