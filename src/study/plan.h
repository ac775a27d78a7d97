/* plan: the settings of a study, and the points that they make. */
#ifndef NORMLAB_PLAN_H
#define NORMLAB_PLAN_H

#include "sweep.h"

enum {
    MOST_VALUES = 64,
    MOST_SETTINGS = CONFIG_KEYS + EXPERIMENT_MAX_KEYS + NET_MOST_RULES + 2,
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
    const Wish *wish;
    const Experiment *experiment; /* of the wish */
    size_t settings;
    Setting setting[MOST_SETTINGS];
} Plan;

typedef struct Points {
    size_t series, points, seeds;
    const char **name; /* [series] canonical spec, and swept keys beside it */
    Judging *judging;  /* [series, points] */
    Config *config;    /* [series, points, seeds] */
} Points;

/* ---- keys.c ------------------------------------------------------------------------ */

/* Its place among the experiment's own; EXPERIMENT_MAX_KEYS: none. */
size_t plan_own_key(const Experiment *experiment, const char *key);
bool plan_is_own(const Experiment *experiment, const char *key);
bool plan_is_config(const char *key); /* of a run */
/* ", did you mean 'rate'?", among all keys. */
const char *plan_key_hint(Arena *arena, const Experiment *experiment, const char *key);
/* What a run.c says is a user's word: what is wrong ends the program. */
void plan_check_experiment(Arena *arena, const Experiment *experiment);

/* ---- plan.c ------------------------------------------------------------------------ */

/* The recipe and the user's settings over it, without those of the key `but` (NULL: all).
 * What is wrong ends the program. */
Plan *plan_read(Arena *arena, const Wish *wish, const char *but);

/* The setting of a key that the table needs: its default, if nobody named it. Of a key that has
 * none, such as `input`, a recipe's word is expected. */
Setting *plan_axis(Plan *plan, const char *key);

/* Rows of the table: every combination of the series key and of whatever else sweeps. */
size_t plan_series(Plan *plan);

bool plan_points(Plan *plan, Points *points, BaseError *error);

/* The value of `along` that a run of a point has, where several share it: for people. */
const char *plan_along(Plan *plan, const Config *config, size_t point);

/* Its values as one word, "4,2,1"; NULL: the experiment has no such key. */
const char *plan_own(Plan *plan, const char *key);

/* What the runs are, one key a line: "workers=1,2,4". */
const char *plan_recipe(Plan *plan, const Points *points);

/* The user's settings that make the runs others than the recipe's, "epochs=2 seed=1,2"; one
 * that has no effect is said. */
const char *plan_changes(Plan *plan, const Points *points);

#endif
