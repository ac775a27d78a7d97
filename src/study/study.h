/* study: an experiment's runs, from what a user asks to a collected file and its figures. */
#ifndef NORMLAB_STUDY_H
#define NORMLAB_STUDY_H

#include "experiment.h"
#include "figure.h"
#include "grid.h"
#include "store.h"

typedef struct Ledger Ledger; /* what is claimed (ledger.h) */
typedef struct Ranks Ranks;   /* ranks.h */

/* ---- studies.c: studies of one experiment ------------------------------------------- */

/* The recipe's own studies are called "" (full) and STUDY_QUICK; one under other settings
 * has a name of the user's, or eight digits of what was changed, behind STUDY_QUICK where
 * that was the recipe. */
#define STUDY_QUICK "quick"
/* Behind the stem of a study that is not finished: "batch-size.partial.h5". */
#define STUDY_PARTIAL ".partial"

/* "batch-size" and "mine" make "batch-size-mine". */
const char *study_stem(Arena *arena, const char *experiment, const char *name);

bool study_is_own(const char *name); /* of the recipe */

/* Letters, digits, '_' and '-', not first; "" too. */
bool study_is_name(const char *name);

/* A user's name: ends the program unless its files can be nobody else's. */
const char *study_name_checked(Arena *arena, const Experiment *experiment,
                               const char *name);

/* The experiment of EXPERIMENT[@NAME]; *name is NULL without one. */
const Experiment *study_experiment(Arena *arena, const char *word, const char **name);

typedef struct Study {
    const char *name, *path;
    double age; /* of the file, seconds */
} Study;

/* The studies of an experiment in the user's folder, newest first. */
Study *study_files(Arena *arena, const char *experiment, size_t *count);

/* ---- sweep.c: the runs that make a study ------------------------------------------ */

/* What a user asks of an experiment. */
typedef struct Wish {
    const Experiment *experiment;
    bool quick;
    size_t settings;
    const char *const *setting; /* [settings] key=value words over the recipe */
    const char *as;             /* the study's name; NULL: by what was changed */
} Wish;

typedef struct Run Run;

/* How finished weights are judged, as `normlab evaluate` has it; NULL: as the run's own end is. */
typedef struct Judging {
    const char *mode, *input; /* "pooled", "20x20" */
} Judging;

/* Points of the table, each with its run; equal configurations share one. */
typedef struct Sweep {
    const Experiment *experiment;
    bool quick;
    const char *name;     /* of the study: see studies.c */
    const char *stem;     /* of its files: "batch-size-quick" */
    const char *protocol; /* values of a key of this name; "": the experiment has none */
    const char *recipe;   /* what the runs are, one line a key */
    const char *changes;  /* settings that make them others than the recipe's; "": none */
    const char *rule;     /* of the score, of all runs: "last" */
    TaskMetric metric;    /* that is shown, and its scores' name in a run's summary */
    const char *metric_score;
    size_t series, points, seeds;
    const char **series_name; /* [series] canonical spec, and swept keys beside it */
    Judging *judging;         /* [series, points] */
    bool *same;               /* [series] one run at every point, judged alike */
    double *along;            /* [points] */
    const char **along_text;  /* [points] */
    bool along_is_text;       /* `along` counts from 0 */
    double *seed;             /* [seeds] */
    size_t *run_of;           /* [series, points, seeds] -> run */
    size_t runs;
    Run *run;
    const Ledger *ledger;
    const struct Tuning *tuning; /* whose trials the rows are (tuning.h); NULL */
} Sweep;

/* What is wrong ends the program. */
const Sweep *study_plan(Arena *arena, const Wish *wish);
/* --dry-run: the runs to stdout; what those that are to do cost, measured now, to stderr. */
void study_print_plan(Arena *arena, const Sweep *sweep, size_t jobs);

/* "batch-size@mine"; "batch-size" under the recipe. */
const char *study_word(Arena *arena, const Sweep *sweep);

/* ---- work.c ------------------------------------------------------------------------ */

/* Its runs I, I + N, I + 2 N, ... from 1 on, as a sweep that can be run and not tabled. Finished ones
 * count, so that parts which begin at different times are still all of it. */
const Sweep *study_part(Arena *arena, const Sweep *sweep, size_t part, size_t parts);

/* How, and into which files: the user's or, published, the project's. */
typedef struct StudyWork {
    size_t jobs; /* runs at a time; 0: one for each processor */
    bool restart, published;
    size_t part,
        parts; /* these of its runs alone, and nothing is collected; parts 0: all */
    const Ranks *ranks; /* that share each run; NULL: this process has all of it */
    size_t threads;     /* of each of them; 0: its share of the processors */
    size_t rank,
        of; /* without them: of so many processes that share the runs; 0 of 0: alone */
    bool elsewhere;            /* out: another rank makes the files */
    const char *file, *figure; /* out: paths */
} StudyWork;

/* Runs what is missing and collects it. Exit status of the runs. */
int study_work(Arena *arena, const Sweep *sweep, StudyWork *work);

/* The group /provenance of what computes here. */
void study_provenance(Store *store, Arena *arena);

/* ---- watch.c: how far a sweep is, by its files alone ----------------------------------- */

typedef struct Watched Watched;
Watched *watch_new(Arena *arena, const Sweep *sweep);
/* Lines: counts and the time that is left, then the runs that go on or were stopped. *left: those
 * that are not finished. */
const char *watch_look(Arena *arena, Watched *watched, size_t *left);
/* The collected file, whole or not, that is newer, where it is of this sweep's runs; NULL: there is
 * none. */
const Grid *watch_grid(Arena *arena, const Watched *watched);

/* ---- figures.c: what figures of studies share ----------------------------------------- */

/* A chart over the points of a study, of `series` and with `value` [curves, points]. False: see
 * figure->error. */
bool study_chart(Figure *figure, const Grid *grid, Chart chart, const size_t *series,
                 const Interval *value);

/* Of lines in panels, [panels, lines, points] of Curves: NaN at first. */
typedef struct Bands {
    double *mean, *low, *high;
} Bands;

Bands study_bands(Arena *arena, size_t count);

/* The place of the row's normalizer in the registry, as figure_styles has it. */
size_t study_colour(const Grid *grid, size_t series);

/* " (reference)", and how many of its runs have no number to draw. */
const char *study_remark(Arena *arena, const Grid *grid, size_t series);

/* What is known of the same data without a network, in words (gate.c): the error of softmax
 * regression on as many images, the metric of guesses. NULL: nobody measured it. */
const char *study_gate(Arena *arena, const Grid *grid);

/* The foot line: where the numbers come from, and `what` they are. */
const char *study_foot(Arena *arena, const Grid *grid, const char *what);

/* ---- draw.c ------------------------------------------------------------------------ */

/* Figure i of an experiment: what is drawn of every study, the first called "", then what it
 * names. NULL beyond the last. */
const ExperimentFigure *study_figure(const Experiment *experiment, size_t i);

/* Draws one figure and returns where it is: NAME beside `path`, "" for stdout. NULL: there are
 * no data for it, or *error. */
const char *study_draw_figure(Arena *arena, const Grid *grid, const ExperimentFigure *f,
                              FigureForm form, const char *path, BaseError *error);

/* Draws the figure of an experiment that has `draw`, of these specs (NULL: its own) to `path`
 * (NULL: to stdout). False: *error. */
bool study_draw_specs(Arena *arena, const Experiment *experiment, const char *const *spec,
                      size_t count, FigureForm form, const char *path, BaseError *error);

/* Draws all figures of a study, the first to `path` (NULL: to stdout), figure NAME beside it:
 * "a.svg", "a-NAME.svg". Prints the paths; says why a figure is missing. Exit status. */
int study_draw(Arena *arena, const Grid *grid, FigureForm form, const char *path);

#endif
