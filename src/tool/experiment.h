/* experiment: what a folder experiments/NAME provides in its run.c, and what the tool
 * does with it.
 *
 * A run.c asks one question: which keys sweep, the quick and the full recipe, and how a
 * point of the sweep becomes the configuration of a run. It is found by its folder's
 * name; its figure is drawn by plot.gp beside it.
 */
#ifndef NORMLAB_EXPERIMENT_H
#define NORMLAB_EXPERIMENT_H

#include "train.h"

/* A key of the experiment itself, beside those of config.def. */
typedef struct ExperimentKey {
    const char *name, *initial, *help;
} ExperimentKey;

/* A table of somebody else's, shown beside ours. NaN: not given. */
typedef struct Published {
    const char *source; /* paper, table, setting */
    size_t series, points;
    const char *const *name; /* [series] */
    const double *at;        /* [points] values of the `along` key */
    const double *value;     /* [series, points] in percent */
} Published;

enum { EXPERIMENT_MAX_KEYS = 8 };

/* One setting of the experiment's own keys, in their order. */
typedef struct Own {
    const char *text[EXPERIMENT_MAX_KEYS];
} Own;

typedef struct Experiment {
    const char *name;     /* the folder's: "batch-size" */
    const char *question; /* one sentence */
    const char *series;   /* configuration key of the table's rows, "norm" */
    const char *along;    /* of its columns, a number: "batch" */
    const char *along_label;
    const ExperimentKey *keys; /* ends with a NULL name; may be NULL */
    const char *const
        *quick; /* recipes: "key=value", NULL-terminated; comma lists sweep */
    const char *const *full;
    /* Completes the configuration of one point from the experiment's own keys. Two points
     * that end as the same configuration are one run. */
    bool (*complete)(Config *config, Arena *arena, const Own *own, Error *error);
    const Published *published; /* may be NULL */
} Experiment;

/* The experiments that were found, sorted by name. */
const Experiment *const *experiments(size_t *count);

/* The value of one of the experiment's own keys. */
const char *experiment_own(const Experiment *experiment, const Own *own, const char *key);

#endif
