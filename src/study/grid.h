/* grid: the collected numbers of a study, as tables and figures have them. */
#ifndef NORMLAB_GRID_H
#define NORMLAB_GRID_H

#include "experiment.h"
#include "table.h"

/* What a gate makes of the test samples (gate.h). */
typedef struct GateScore {
    const char *name, *title; /* in files, and as people say it */
    double value;             /* the task's first metric */
    size_t blocks;       /* of test samples, as a run's file has them; 0: not known */
    const double *block; /* [blocks] */
    double decay, slope; /* as a Gate has them */
} GateScore;

/* Of all that fit the task, in their order. */
typedef struct Gates {
    const TaskMetric *metric;
    size_t seeds, kinds;    /* seeds 1: all seeds train on the same samples */
    const GateScore *score; /* [seeds, kinds] */
} Gates;

/* Names of NormReading in files. */
extern const char *const study_readings[];

/* A table of what one row's normalizer learned or adapted. NaN: not there. */
typedef struct Learned {
    size_t series;
    const char *name; /* "gate" */
    size_t points, layers, rows,
        count;                /* points 1: one run serves all; count 0: scalar */
    const char *const *layer; /* [layers] */
    const double *epoch;      /* [rows] */
    const double *values;     /* [points, seeds, layers, rows, count] */
    NormReading reading;
    bool map; /* a group for each channel, adapted */
    size_t choices;
    const char *const *choice; /* [choices] of the layer that has most */
    const double *choices_of;  /* [layers] */
} Learned;

struct Grid {
    const Grid *whole;           /* of which this shows another number; NULL: none */
    const char *path, *identity; /* SHA-256 of the runs' identities, 12 digits */
    const char *experiment, *question, *along_label, *protocol, *recipe, *changes;
    const char *study;     /* its name: "" or "quick" of the recipe */
    size_t runs, finished; /* of them; both 0 in older files, which are whole */
    const char *rule;      /* of the score: "last", "median(5)" */
    TaskMetric metric;     /* that the scores are of, and the name of these there */
    const char *score_name;
    const char
        *shown; /* in words, where another number than the score is; NULL: the score is */
    const char *number; /* the name of that one: "train_error_evaluated" */
    const char *mixed;  /* how the runs' arithmetic differs; "": it does not */
    const Table *results; /* all numbers of the runs; NULL: it has none */
    bool edited;        /* by another program */
    bool quick;
    size_t series, points, seeds;
    const char *const *name;       /* [series] */
    const double *same;            /* [series] 1: one computation at every point */
    const double *rank;            /* [series] of the normalizer's kind in the registry */
    bool along_is_number;          /* else `along` counts from 0 */
    const double *along;           /* [points] */
    const char *const *along_text; /* [points] */
    const double *seed;            /* [seeds] */
    /* [series, points, seeds] the metric: by the rule on validation samples, at the end on test
     * samples, and on those that it was trained on in evaluation mode */
    const double *score, *test, *train;
    const double *diverged;
    const char *const *run, *const
                                *claims; /* [series, points, seeds] identities, digests */
    size_t blocks; /* 0: the runs do not say how their error varies over test samples */
    const double *test_block; /* [series, points, seeds, blocks] */
    const Gates
        *gate; /* NULL: the file does not say, or columns train on other samples */
    const Gates *const
        *gate_of;          /* [points] of each column then; NULL: the file does not say */
    const char *published; /* source; NULL: none */
    const char *published_data; /* "other data (ImageNet)", "the same data" */
    size_t published_series, published_points;
    const char *const *published_name;
    const double *published_at, *published_value; /* percent */
    size_t learned_count;
    const Learned *learned; /* [learned_count] */
};

/* A field of a probe, of all runs. NaN: not there. */
typedef struct Probed {
    size_t rows, elements, wide; /* of a run */
    const double *step;          /* [series, points, seeds, rows] steps done before it */
    const char *const
        *name;            /* [elements] places or weights; NULL: it is of the network */
    const double *at;     /* [wide] of its axis; NULL: one number each */
    const double *values; /* [series, points, seeds, rows, elements, wide] */
} Probed;

/* ---- grid.c: and back ------------------------------------------------------------- */

const Grid *grid_read(Arena *arena, const char *path);
/* Of an experiment that measures: where its file is, and no runs. */
const Grid *grid_measured(Arena *arena, const Experiment *experiment, const char *path);
/* A group of its file; nothing in it where there is none. What is wrong ends the program. */
Table grid_table(const Grid *grid, Arena *arena, const char *group);
/* "moments", "x_percentile". False: its file has none. */
bool grid_probe(const Grid *grid, Arena *arena, const char *kind, const char *field,
                Probed *probed);
/* The values of a key in the recipe, as they stand there; NULL: it says none. */
const char *grid_setting(Arena *arena, const Grid *grid, const char *key);
/* The same of a key that does not sweep; NULL: it does. */
const char *grid_single(Arena *arena, const Grid *grid, const char *key);
/* What the runs of a column must beat; NULL: the file does not say. */
const Gates *grid_gate(const Grid *grid, size_t point);
/* As people read the metric: a share in percent. Its unit in words, "" where it has none. */
double grid_scale(const Grid *grid);
const char *grid_unit(const Grid *grid);
/* "validation error, %"; with `between` in between: "validation error, last epoch, %"; of another
 * number "train error evaluated, %". */
const char *grid_label(Arena *arena, const Grid *grid, const char *between);
/* What must be known of it beside its numbers, sentence by sentence; the last is NULL. */
const char *const *grid_notes(Arena *arena, const Grid *grid);
/* The same with texts that may go to a terminal: no control characters. */
const Grid *grid_plain(Arena *arena, const Grid *grid);
/* What is to be known before it is believed, on stderr. */
void grid_warn(const Grid *grid);
/* The file `from`; or NULL, the newest file of the named study; or without a name the newest of
 * those under the recipe, else what is published. Says which, and which others there are. */
const Grid *grid_find(Arena *arena, const Experiment *experiment, const char *name,
                      const char *from);

/* ---- select.c -------------------------------------------------------------------- */

/* Of a table. Rows by their whole names, or by what stands before their settings; names are
 * separated by ; or, where there is none, by commas. NULL: all, and the score. */
typedef struct GridPart {
    const char *rows, *columns;
    const char *metric; /* of /results: "test_error", "train_loss" */
    bool best;          /* of each row the column with the best mean score alone */
} GridPart;

/* A claim's `measure` in the place of what the test samples gave: "test" leaves it; "train", and what
 * else /results has of each run, varies over no blocks of samples. NULL: the study has no such. */
const Grid *grid_of_measure(Arena *arena, const Grid *grid, const char *measure);

/* With the number that its experiment shows in the place of the score. */
const Grid *grid_shown(Arena *arena, const Grid *grid, const Experiment *experiment);

/* What the study does not have ends the program. */
const Grid *grid_select(Arena *arena, const Grid *grid, const GridPart *part);

/* What is learned, of a grid that knows its sizes. */
const Learned *grid_learned(const Store *store, Arena *arena, const Grid *grid,
                            size_t *count);

/* ---- statistics.c ---------------------------------------------------------------- */

typedef struct Interval {
    size_t count;      /* values that are numbers */
    double mean, half; /* half-width of Student's 95 % interval; NaN below three values */
} Interval;

Interval study_interval(const double *values, size_t count);

/* Of the score over the seeds. */
Interval grid_error(const Grid *grid, size_t series, size_t point);
/* Of the row minus the first row, over the seeds that both have. */
Interval grid_difference(Arena *arena, const Grid *grid, size_t series, size_t point);

#endif
