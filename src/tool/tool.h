/* tool: the command line. Data on stdout, talk on stderr; any mistake is one line and a
 * sysexits code. */
#ifndef NORMLAB_TOOL_H
#define NORMLAB_TOOL_H

#include "experiment.h"
#include "store.h"
#include "trial.h"

/* ---- command.c: words of a command line ------------------------------------------ */

typedef struct Option {
    const char *name;  /* "--jobs" */
    const char *value; /* placeholder, "N"; NULL: a switch */
    const char *help;
} Option;

typedef struct Call Call;

typedef struct Command {
    const char *name;
    const char *usage; /* words after the name, "EXPERIMENT [key=value ...]" */
    const char *summary;
    const Option *options; /* ends with a NULL name; may be NULL */
    size_t least, most;    /* plain words (key=value words not counted) */
    bool settings;         /* takes key=value words */
    int (*run)(const Call *call);
    const char *more; /* further paragraphs of --help; may be NULL */
} Command;

/* A command line that was read: what is wrong in its form is said before run() is
 * called. */
struct Call {
    Arena *arena;
    const Command *command;
    size_t words, settings;
    const char **word;    /* plain words */
    const char **setting; /* key=value words */
    const char **option;  /* [options] value, "" for a switch given, NULL: not given */
};

const Command *const *commands(size_t *count);
const char *call_option(const Call *call, const char *name); /* NULL: not given */
/* Ends the program (69) where there are no sources, as beside an installed program. */
void want_checkout(const Call *call, const char *why);
size_t call_count(const Call *call, const char *name, size_t otherwise, size_t most);

/* ---- help.c: what the program says of itself ---------------------------------------- */

void help_print(FILE *out);
void help_print_command(const Command *command);
/* The same as a man page (--man), or for a shell to complete words (--bash, --zsh). */
int help_print_form(Arena *arena, const char *form);

/* ---- plugin.c: kinds from shared objects ------------------------------------------ */

/* Adds the kind of a shared object to the registry. What is wrong ends the program: 66 there
 * is no such file, 65 it is none, or was built for another interface, 64 its name is taken. */
void plugin_load(Arena *arena, const char *path);

/* norm_name_is_free, and no network is called so. */
bool kind_name_is_free(const char *name, Error *error);

/* ---- naming.c: names for what is new ----------------------------------------------- */

/* End the program, before anything is written, where C, the program or a file has the name:
 * 64, or 73 for files. The line says which, and a name that is free. */
void want_norm_name(Arena *arena, const char *name);
void want_experiment_name(Arena *arena, const char *name);

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
Study *studies_found(Arena *arena, const char *experiment, size_t *count);

/* ---- sweep.c: the runs of an experiment ------------------------------------------ */

typedef struct Run {
    Config config;
    const Dataset *dataset;
    const char *id, *path; /* out/runs/ID.h5 */
    const char *label;     /* "group(4), batch 8, seed 2": for progress */
} Run;

/* Points of the table, each with its run; equal configurations share one. */
typedef struct Sweep {
    const Experiment *experiment;
    bool quick;
    const char *name; /* of the study: see studies.c */
    const char *stem; /* of its files: "batch-size-quick" */
    Own own;
    const char *recipe;  /* what the runs are, one line a key */
    const char *changes; /* settings that make them others than the recipe's; "": none */
    const char *rule;    /* of the score, of all runs: "last" */
    size_t series, points, seeds;
    const char **series_name; /* [series] canonical spec, and swept keys beside it */
    bool *same;               /* [series] one run at every point */
    double *along;            /* [points] */
    const char **along_text;  /* [points] */
    bool along_is_text;       /* `along` counts from 0 */
    double *seed;             /* [seeds] */
    size_t *run_of;           /* [series, points, seeds] -> run */
    size_t runs;
    Run *run;
} Sweep;

const Experiment *find_experiment(Arena *arena, const char *name);

/* What a user asks of an experiment. */
typedef struct Wish {
    const Experiment *experiment;
    bool quick;
    size_t settings;
    const char *const *setting; /* [settings] key=value words over the recipe */
    const char *as;             /* the study's name; NULL: by what was changed */
} Wish;

/* What is wrong ends the program. */
const Sweep *sweep_plan(Arena *arena, const Wish *wish);
void sweep_print(const Sweep *sweep); /* --dry-run */

typedef void SweepProgress(void *context); /* another run is finished */

/* Does what is not done yet, `jobs` runs at a time; 0, or the exit status of the first
 * that failed. */
int sweep_run(Arena *arena, const Sweep *sweep, size_t jobs, bool restart,
              SweepProgress *progress, void *context);

/* ---- run.c: one run, one file ---------------------------------------------------- */

const char *runs_folder(Arena *arena);
/* In a process that runs one run: the first SIGINT or SIGTERM ends it after its step. */
void run_watch_signals(void);

/* The group /provenance of what computes here. */
void put_provenance(Store *store, Arena *arena);

double seconds_now(void); /* of a clock that only goes forward */

/* Removes what a killed process left beside a finished run. */
void run_tidy(Arena *arena, const Run *run);

typedef void RunProgress(void *context, size_t done, size_t total); /* steps */

/* Trains, resumes if there is a checkpoint, writes the file. Exit status: 0, 75 if another
 * process has it, 130 or 143 after a clean stop; what is wrong is said. */
int run_execute(const Run *run, size_t threads, bool restart, RunProgress *progress,
                void *context);

/* ---- finished.c: which file counts as a finished run ------------------------------- */

/* The file of a run that is over, for its numbers. NULL and *error, whose message does not
 * name the file: it is not there, was changed, belongs to another configuration, or does
 * not have all that a run has to say. */
Store *run_open(Arena *arena, const Run *run, Error *error);
bool run_is_finished(const Run *run);

/* What stands at the run's place and does not count is kept beside it, and said. */
bool run_set_aside(Arena *arena, const Run *run, Error *error);

/* ---- collect.c: runs into one file ----------------------------------------------- */

/* A table of what one row's normalizer learned or adapted. NaN: not there. */
typedef struct Learned {
    size_t series;
    const char *name; /* "gate" */
    size_t points, layers, rows,
        count;            /* points 1: one run serves all; count 0: scalar */
    const char **layer;   /* [layers] */
    const double *epoch;  /* [rows] */
    const double *values; /* [points, seeds, layers, rows, count] */
    NormReading reading;
    bool map; /* a group for each channel, adapted */
    size_t choices;
    const char **choice;      /* [choices] of the layer that has most */
    const double *choices_of; /* [layers] */
} Learned;

typedef struct Grid {
    const char *path, *identity; /* SHA-256 of the runs' identities, 12 digits */
    const char *experiment, *question, *along_label, *protocol, *recipe, *changes;
    const char *study;     /* its name: "" or "quick" of the recipe */
    size_t runs, finished; /* of them; both 0 in older files, which are whole */
    const char *rule;      /* of the score: "last", "median(5)" */
    const char *mixed;     /* how the runs' arithmetic differs; "": it does not */
    bool edited;           /* by another program */
    bool quick;
    size_t series, points, seeds;
    const char **name;       /* [series] */
    const double *same;      /* [series] 1: one computation at every point */
    const double *rank;      /* [series] of the normalizer's kind in the registry */
    bool along_is_number;    /* else `along` counts from 0 */
    const double *along;     /* [points] */
    const char **along_text; /* [points] */
    const double *seed;      /* [seeds] */
    /* [series, points, seeds] error, 0..1; of training images in evaluation mode */
    const double *score, *test, *train;
    const double *diverged;
    const char *published;      /* source; NULL: none */
    const char *published_data; /* "other data (ImageNet)", "the same data" */
    size_t published_series, published_points;
    const char **published_name;
    const double *published_at, *published_value; /* percent */
    size_t learned_count;
    const Learned *learned; /* [learned_count] */
} Grid;

/* Not `whole`: of those runs that are finished, marked as such. How many they are; 0: there
 * is no file, and *error where it cannot be written. */
size_t collect(Arena *arena, const Sweep *sweep, const char *path, bool whole,
               Error *error);

/* ---- grid.c: and back ------------------------------------------------------------- */

const Grid *grid_read(Arena *arena, const char *path);
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

/* ---- learned.c: what normalizers learned and adapted, as part of it ---------------- */

/* there[i]: run i is finished. */
enum { LEARNED_MOST = 64 }; /* tables of a normalizer */
void put_learned(Store *store, Arena *arena, const Sweep *sweep, const bool *there);
/* Of a grid that knows its sizes. */
const Learned *read_learned(const Store *store, Arena *arena, const Grid *grid,
                            size_t *count);

/* ---- statistics.c ---------------------------------------------------------------- */

typedef struct Interval {
    size_t count;      /* values that are numbers */
    double mean, half; /* half-width of Student's 95 % interval; NaN below three values */
} Interval;

Interval interval_of(const double *values, size_t count);

/* ---- table.c --------------------------------------------------------------------- */

typedef enum TableForm { TABLE_TEXT, TABLE_CSV, TABLE_JSON, TABLE_LATEX } TableForm;
Interval table_error(const Grid *grid, size_t series, size_t point);
void table_print(Arena *arena, FILE *out, const Grid *grid, TableForm form);

/* ---- catalogue.c ----------------------------------------------------------------- */

/* `list norms`: a line a normalizer, or whole entries (--long, or of the words after it). */
void list_norms(const Call *call, bool json);

/* Whether the check applies to the normalizer on any of the shapes that are tried. */
bool applies_somewhere(const char *spec, const TrialCheck *check);

/* ---- check.c ----------------------------------------------------------------------- */

/* `normlab publish checking`: all cases, and if they pass, check_save. Exit status. */
int check_publish(const Call *call);

/* ---- json.c: text as JSON -------------------------------------------------------- */

const char *latex_text(Arena *arena, const char *text); /* for the body of a document */
const char *json_text(Arena *arena, const char *text);  /* quoted and escaped */
const char *json_number(Arena *arena, double value);    /* null for what is not finite */

#endif
