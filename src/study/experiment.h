/* experiment: what a folder experiments/NAME provides in its run.c, and what the tool
 * does with it.
 *
 * A run.c asks one question: which keys sweep, the quick and the full recipe, and how a
 * point of the sweep becomes the configuration of a run. It is found by its folder's
 * name. Its figures are drawn by scripts: NAME.gp beside it, else the shared one in
 * experiments; plot.gp draws the first (rows.gp where many series share no script of the
 * experiment's own). What a script is given: experiments/style.gp.
 *
 * One without recipes trains nothing: a command measures what it shows. It has `name`,
 * `question`, `measure`, `measured_by` and `figures`, whose makers read grid->path.
 *
 * One that shows normalizers themselves needs no numbers: it has `name`, `question`, `specs`,
 * `script` and `draw`, and a user names other specs.
 */
#ifndef NORMLAB_EXPERIMENT_H
#define NORMLAB_EXPERIMENT_H

#include "train.h"

typedef struct Grid Grid;     /* a collected file that was read (grid.h) */
typedef struct Figure Figure; /* what a script is called with */
typedef struct Store Store;   /* a file to be (store.h) */

/* How a command wants something measured. */
typedef struct Measure {
    uint64_t seed;         /* of what is drawn */
    bool quick;            /* a part of it, to see that it works */
    size_t threads, turns; /* of what is timed */
} Measure;

/* A key of the experiment itself, beside those of config.def. */
typedef struct ExperimentKey {
    const char *name, *initial, *help;
    const char *only; /* "key=value" without which it means nothing; NULL: always */
} ExperimentKey;

/* A table of somebody else's, shown beside ours. NaN: not given. */
typedef struct Published {
    const char *source; /* paper, table, setting */
    const char *data;   /* that it is of: "ImageNet" */
    const char
        *protocol; /* of the experiment's, that it is comparable under; NULL: any */
    size_t series, points;
    const char *const *name; /* [series] */
    const double *at;        /* [points] values of the `along` key */
    const double *value;     /* [series, points] in percent */
} Published;

enum { EXPERIMENT_MAX_KEYS = 8 };

/* What a point has of the experiment's own keys, in their order. They sweep as others do, and may be
 * `series` or `along`. */
typedef struct Own {
    const char *text[EXPERIMENT_MAX_KEYS];
} Own;

/* Fills the figure from a collected file. `about`: what it follows, as the maker
 * understands it. False: there is nothing to draw. */
typedef bool FigureMaker(Figure *figure, const Grid *grid, const char *about);

/* A figure beside the error over `along`: goes to STEM-NAME.svg. */
typedef struct ExperimentFigure {
    const char *name, *script; /* "layers", "layers.gp" */
    FigureMaker *make;
    const char *about;
} ExperimentFigure;

typedef struct Experiment {
    const char *name;     /* the folder's: "batch-size" */
    const char *question; /* one sentence */
    const char *series;   /* key of the table's rows, "norm": a run's, or one of `keys` */
    const char *along;    /* of its columns: "batch"; `input` too */
    const char *along_label;
    const char *metric; /* of the task, that is drawn; NULL: what a run is judged by */
    const char *
        number; /* of the runs' summaries, that is shown in the score's place; NULL: none is */
    const ExperimentKey *keys; /* ends with a NULL name; may be NULL */
    const char *const
        *quick; /* recipes: "key=value", NULL-terminated; comma lists sweep */
    const char *const *full;
    /* Completes the configuration of one point from the experiment's own keys. Two points
     * that end as the same configuration are one run. */
    bool (*complete)(Config *config, Arena *arena, const Own *own, BaseError *error);
    const Published *published; /* may be NULL */
    void (*measure)(Store *store, Arena *arena,
                    const Measure *how); /* groups of its file */
    const char *measured_by;             /* "check --save" */
    const ExperimentFigure
        *figures;             /* beside the first; ends with a NULL name; may be NULL */
    const char *const *specs; /* that are drawn if nobody names others; NULL at the end */
    const char *script;       /* "cubes.gp" */
    bool (*draw)(Figure *figure, const char *const *spec, size_t count);
} Experiment;

/* The experiments that were found, sorted by name. */
const Experiment *const *experiments(size_t *count);
const Experiment *experiment_find(Arena *arena,
                                  const char *name); /* or ends the program */
bool experiment_has_runs(const Experiment *experiment);
/* Ends the program (64) where the experiment has none. */
void experiment_want_runs(const Experiment *experiment);
/* The command that makes what its figures show: "run batch-size --quick", "check --save". */
const char *experiment_command(Arena *arena, const Experiment *experiment);

/* ---- protocol.c: two ways to vary the batch of a worker -------------------------- */

extern const ExperimentKey protocol_keys[]; /* protocol, samples, equal */
bool protocol_complete(Config *config, Arena *arena, const Own *own, BaseError *error);
/* "paper, equal steps", of the values of these keys; NULL, "": the experiment has none. */
const char *protocol_words(Arena *arena, const char *protocol, const char *equal);

/* ---- curves.c: over epochs --------------------------------------------------------- */

/* The metric over epochs, of any study; `about` NULL: training and validation, a line for each
 * row of the table at the first point; else validation, a panel for each row, a line for each
 * point. */
FigureMaker study_curves;

/* ---- draw_probes.c: what was measured inside the network ---------------------------- */

/* "lines.loss": a field of a probe over the steps of the run, at the study's first point. One number
 * a row: a line for each row of the table. Several along an axis: the line is the one at 1 (or the
 * middle one) and the band reaches from the least to the most, of the first seed. One for each place
 * or weight: a panel for each row of the table and a line for each; where these have an axis, too, a
 * line for each of its values, of the last place; "moments.y_unit 15 50 85": for these alone, of the
 * first seed. */
FigureMaker study_probe_steps;
/* "shift.magnitude": of each place or weight at the run's last row, over its number; a line for each
 * row of the table that has any. */
FigureMaker study_probe_depth;

/* ---- weights.c: what was learned, as figures -------------------------------------- */

/* Weights over epochs, a line for each layer, a panel for each weight and point: of the
 * choices whose names begin with `about`; NULL: of all. */
FigureMaker study_layers;

/* The same weights after the last epoch, mean over layers, over `along`. */
FigureMaker study_weights;

/* Some test samples, what is true of them and what each run tells: of tasks with maps. */
FigureMaker study_pictures;

/* Which group a channel belongs to, over epochs: one seed, one point. */
FigureMaker study_maps;

#endif
