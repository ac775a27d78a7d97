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
    for (size_t i = 0; judged_keys[i].name; i++) names[count++] = judged_keys[i].name;
    die(EX_USAGE, "no key '%s'%s; see `normlab run --help`", key,
        text_hint_for(plan->arena, key, config_words()->others, names, count));
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
    size_t count, own = own_key(plan->experiment, key, strlen(key));
    if (own < EXPERIMENT_MAX_KEYS) {
        spec_list(plan->arena, equals + 1, &count);
        if (count > 1)
            die(EX_USAGE,
                "%s: one value is expected, for a key of the experiment itself does not "
                "sweep",
                text_clip(plan->arena, text));
        plan->own.text[own] = equals + 1;
        return;
    }
    if (choice_find(config_words(), key) == CONFIG_KEYS && !config_is_place(key) &&
        !judged_is_key(key))
        unknown_key(plan, key);
    const char **values = spec_list(plan->arena, equals + 1, &count);
    Setting *setting = find_setting(plan, key);
    setting->count = 0;
    for (size_t i = 0; i < count; i++) add_range(plan, setting, values[i]);
}

/* ---- the axes of the table ------------------------------------------------------- */

Setting *plan_axis(Plan *plan, const char *key) {
    Setting *setting = find_setting(plan, key);
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

static void set(Plan *plan, Config *config, const char *key, const char *value) {
    BaseError error = {.set = false};
    config_set(config, plan->arena, key, value, &error);
    die_if(&error);
}

/* A spec says by itself what it is, a number does not. */
static bool names_itself(const char *key) {
    return strcmp(key, "norm") == 0 || strcmp(key, "network") == 0;
}

/* Configuration and name of row `index`; keys other than the axes count up like
 * digits. */
static Config series_config(Plan *plan, size_t index, const char **name,
                            Judging *judging) {
    Config config = config_default(plan->arena);
    const Setting *rows = plan_axis(plan, plan->experiment->series);
    Text label = text_new(plan->arena);
    if (!names_itself(rows->key)) text_add(&label, "%s=", rows->key);
    text_add(&label, "%s", rows->value[index % rows->count]);
    set(plan, &config, rows->key, rows->value[index % rows->count]);
    index /= rows->count;
    for (size_t i = 0; i < plan->settings; i++) {
        const Setting *s = &plan->setting[i];
        const char *value = s->value[index % s->count];
        if (is_axis(plan, s)) continue;
        if (judged_is_key(s->key))
            *(strcmp(s->key, "mode") == 0 ? &judging->mode : &judging->input) = value;
        else
            set(plan, &config, s->key, value);
        if (s->count > 1) text_add(&label, ", %s=%s", s->key, value);
        index /= s->count;
    }
    *name = label.data;
    if (!judging_is_own(judging)) config.weights = true;
    return config;
}

/* ---- points ---------------------------------------------------------------------- */

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
    points->judging = ZERO(plan->arena, Judging, points->series);
    Config *config = points->config = TAKE(plan->arena, Config, total);
    for (size_t i = 0; i < points->series; i++) {
        const Config row = series_config(plan, i, &points->name[i], &points->judging[i]);
        for (size_t j = 0; j < points->points; j++)
            for (size_t k = 0; k < points->seeds; k++, config++) {
                *config = row;
                set(plan, config, e->along, along->value[j]);
                set(plan, config, "seed", seeds->value[k]);
                if (e->complete && !e->complete(config, plan->arena, &plan->own, error))
                    return false;
            }
    }
    return true;
}

/* What a run.c says is a user's word, as what stands in its recipes. */
static void want_axis(Arena *arena, const Experiment *e, const char *field,
                      const char *key) {
    if (key && choice_find(config_words(), key) < CONFIG_KEYS) return;
    if (key == NULL)
        die(EX_USAGE, "experiments/%s/run.c has no .%s: a key of a run is expected",
            e->name, field);
    die(EX_USAGE,
        "experiments/%s/run.c: .%s = \"%s\" is no key of a run%s; see `normlab run "
        "--help`",
        e->name, field, key, choice_hint(arena, config_words(), key));
}

static void want_experiment(Arena *arena, const Experiment *e) {
    size_t own = 0;
    want_axis(arena, e, "series", e->series);
    want_axis(arena, e, "along", e->along);
    if (strcmp(e->series, e->along) == 0)
        die(EX_USAGE,
            "experiments/%s/run.c: .series and .along are \"%s\" both: two keys are "
            "expected",
            e->name, e->series);
    while (e->keys && e->keys[own].name) own++;
    if (own > EXPERIMENT_MAX_KEYS)
        die(EX_USAGE, "experiments/%s/run.c: more than %d keys of its own", e->name,
            EXPERIMENT_MAX_KEYS);
    if (e->quick == NULL || e->full == NULL || e->question == NULL ||
        e->along_label == NULL)
        die(EX_USAGE, "experiments/%s/run.c has no .%s", e->name,
            e->quick == NULL      ? "quick"
            : e->full == NULL     ? "full"
            : e->question == NULL ? "question"
                                  : "along_label");
}

Plan *plan_read(Arena *arena, const Wish *wish, const char *but) {
    Plan *plan = ZERO(arena, Plan, 1);
    const Experiment *experiment = plan->experiment = wish->experiment;
    plan->arena = arena;
    plan->wish = wish;
    want_experiment(arena, experiment);
    for (size_t i = 0; experiment->keys && experiment->keys[i].name; i++)
        plan->own.text[i] = experiment->keys[i].initial;
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
    if (judged_is_key(key)) {
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

/* A key of the experiment that means something under another's value alone. */
static bool own_applies(const Plan *plan, size_t own) {
    const char *only = plan->experiment->keys[own].only;
    if (only == NULL) return true;
    const size_t length = strcspn(only, "="),
                 other = own_key(plan->experiment, only, length);
    return other < EXPERIMENT_MAX_KEYS &&
           strcmp(plan->own.text[other], only + length + 1) == 0;
}

const char *plan_recipe(Plan *plan, const Points *points) {
    Text text = text_new(plan->arena);
    const ExperimentKey *own = plan->experiment->keys;
    for (size_t i = 0; own && own[i].name; i++)
        if (own_applies(plan, i))
            text_add(&text, "%s=%s\n", own[i].name, plan->own.text[i]);
    for (size_t i = 0; i < plan->settings; i++)
        text_add(&text, "%s=%s\n", plan->setting[i].key,
                 values_in(plan, points, plan->setting[i].key));
    return text.data;
}

/* The values that the plan has of a key, as words. */
static const char *value_of(Plan *plan, const char *key) {
    const size_t own = own_key(plan->experiment, key, strlen(key));
    if (own < EXPERIMENT_MAX_KEYS) return plan->own.text[own];
    const Setting *setting =
        judged_is_key(key) ? find_setting(plan, key) : plan_axis(plan, key);
    return joined(plan->arena, setting->value, setting->count);
}

static bool same_points(Arena *arena, const Points *a, const Points *b) {
    if (a->series != b->series || a->points != b->points || a->seeds != b->seeds)
        return false;
    const size_t total = a->series * a->points * a->seeds;
    for (size_t i = 0; i < a->series; i++)
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
    const bool own = own_key(plan->experiment, key, strlen(key)) < EXPERIMENT_MAX_KEYS;
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
