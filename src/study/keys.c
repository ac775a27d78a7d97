/* The keys that a study knows: those of a run, those of the experiment itself, and those of how
 * finished weights are judged. */
#include "judged.h"
#include "plan.h"

#include <string.h>

size_t plan_own_key(const Experiment *e, const char *key) {
    for (size_t i = 0; e->keys && e->keys[i].name; i++)
        if (strcmp(e->keys[i].name, key) == 0) return i;
    return EXPERIMENT_MAX_KEYS;
}

bool plan_is_own(const Experiment *e, const char *key) {
    return plan_own_key(e, key) < EXPERIMENT_MAX_KEYS;
}

bool plan_is_config(const char *key) {
    return choice_find(config_words(), key) < CONFIG_KEYS || config_is_place(key);
}

/* ", did you mean 'rate'?": unknown keys are looked for among all kinds. */
const char *plan_key_hint(Arena *arena, const Experiment *e, const char *key) {
    const char *names[MOST_SETTINGS];
    size_t count = 0;
    for (; count < CONFIG_KEYS; count++) names[count] = config_keys()[count].name;
    for (size_t i = 0; e->keys && e->keys[i].name; i++) names[count++] = e->keys[i].name;
    for (size_t i = 0; judged_keys[i].name; i++) names[count++] = judged_keys[i].name;
    return text_hint_for(arena, key, config_words()->others, names, count);
}

/* What a run.c says is a user's word, as what stands in its recipes. */
static void want_axis(Arena *arena, const Experiment *e, const char *field,
                      const char *key) {
    if (key && (plan_is_config(key) || plan_is_own(e, key) || judged_is_key(key))) return;
    if (key == NULL)
        die(EX_USAGE, "experiments/%s/run.c has no .%s: a key of a run is expected",
            e->name, field);
    die(EX_USAGE,
        "experiments/%s/run.c: .%s = \"%s\" is no key of a run%s; see `normlab run "
        "--help`",
        e->name, field, key, plan_key_hint(arena, e, key));
}

void plan_check_experiment(Arena *arena, const Experiment *e) {
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
