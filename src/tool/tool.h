/* tool: the command line. Data on stdout, talk on stderr; any mistake is one line and a
 * sysexits code. */
#ifndef NORMLAB_TOOL_H
#define NORMLAB_TOOL_H

#include "study.h"
#include "trial.h"

/* ---- command.c: words of a command line ------------------------------------------ */

typedef struct Option {
    const char *name;  /* "--jobs" */
    const char *value; /* placeholder, "N", or words, "text|json"; NULL: a switch */
    const char *help;
} Option;

typedef struct Call Call;

typedef struct Command {
    const char *name;
    const char *usage; /* words after the name, "EXPERIMENT [key=value ...]" */
    const char *summary;
    const Option *options; /* ends with a NULL name; may be NULL */
    const OtherName
        *others;        /* what is an option elsewhere, and how it is said here; NULL */
    size_t least, most; /* plain words (key=value words not counted) */
    bool settings;      /* takes key=value words of runs */
    const Option
        *keys;    /* or of its own, each with its values; ends as options do; NULL */
    bool of_runs; /* its EXPERIMENT is one that has runs */
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
    const char *const
        *said; /* all behind the program's name, as they were said, options of any
                                command too; ends with NULL */
    const char **option; /* [options] value, "" for a switch given, NULL: not given */
};

const Command *const *commands(size_t *count);
const char *call_option(const Call *call, const char *name); /* NULL: not given */
/* The value that was given last to one of its own keys; NULL: none. */
const char *call_key(const Call *call, const char *name);
/* Ends the program (69) where there are no sources, as beside an installed program. */
void want_checkout(const Call *call, const char *why);
size_t call_count(const Call *call, const char *name, size_t otherwise, size_t most);
/* The place of an option's word; 0, the first, where it is not given. */
size_t call_choice(const Call *call, const char *name, const Choice *choice);
size_t word_choice(const Call *call, const char *name, const char *word,
                   const Choice *choice);

/* ---- help.c: what the program says of itself ---------------------------------------- */

void help_print(FILE *out);
void help_print_command(const Command *command);
/* The same as a man page or as Markdown (--man, --markdown), or for a shell to complete words
 * (--bash, --zsh). */
int help_print_form(Arena *arena, const char *form);

/* ---- norms.c: kinds that are equations ---------------------------------------------- */

/* Of a file, or of all files NAME.norm of a folder; of a text; of all that NORMLAB_NORMS names. */
void norms_load(Arena *arena, const char *path);
void norms_let(const char *text);
void norms_environment(Arena *arena);

/* ---- plugin.c: kinds from shared objects ------------------------------------------ */

/* Adds the kind of a shared object to the registry. What is wrong ends the program: 66 there
 * is no such file, 65 it is none, or was built for another interface, 64 its name is taken. */
void plugin_load(Arena *arena, const char *path);

/* The program is done: from now on it may end with code 0. */
void plugin_over(void);

/* norm_name_is_free, and no network is called so. */
bool kind_name_is_free(const char *name, BaseError *error);

/* ---- naming.c: names for what is new ----------------------------------------------- */

/* What a spec names is a file and a line of its layer: src/net/NAME.c, src/net/net.def. */
typedef struct SourceKind {
    const char *name, *layer; /* "network", "net" */
} SourceKind;

extern const SourceKind source_norm, source_network;

/* End the program, before anything is written, where C, the program or a file has the name:
 * 64, or 73 for files. The line says which, and a name that is free. */
void want_source_name(Arena *arena, const SourceKind *kind, const char *name);
void want_dataset_name(Arena *arena, const char *name);
void want_experiment_name(Arena *arena, const char *name);

/* ---- run.c, table.c ----------------------------------------------------------------- */

enum { MOST_JOBS = 1024 };

/* Options of whatever runs a study, and the end of the table. */
#define STUDY_OPTIONS                                                                    \
    {"--jobs", "N", "runs at a time (default: one for each processor)"},                 \
        {"--restart", NULL, "forget checkpoints of unfinished runs"}, {                  \
        NULL, NULL, NULL                                                                 \
    }

/* --claim ID and --look N: the wish becomes that of a registered claim's runs. */
#define CLAIM_OPTIONS                                                                    \
    {"--claim", "ID", "the runs that a registered claim is decided by"}, {               \
        "--look", "N", "of --claim: seeds up to the N-th look (default: 1)"              \
    }
void wish_claim(const Call *call, Wish *wish);

/* Runs what is missing, collects, draws; the table goes to stdout. Exit status, and what was
 * found (NULL: runs failed). */
int run_study(const Call *call, const Sweep *sweep, bool published, const Grid **found);

/* ---- run_slurm.c ------------------------------------------------------------------------ */

/* Writes the command for a cluster that has Slurm, into out/slurm: as an array of jobs, each with a part
 * of the runs, and as a job that collects them. Prints what submits both. Exit status. */
int run_on_slurm(const Call *call, const Sweep *sweep);

typedef enum TableForm {
    TABLE_TEXT,
    TABLE_CSV,
    TABLE_JSON,
    TABLE_LATEX,
    TABLE_MARKDOWN
} TableForm;
void print_grid(Arena *arena, FILE *out, const Grid *grid, TableForm form);

/* ---- claims.c ---------------------------------------------------------------------- */

/* The figure of all claims that something was run for. Exit status. */
int claims_draw(const Call *call, bool published, FigureForm form, const char *path);

/* ---- list.c ------------------------------------------------------------------------ */

/* The name of list i; NULL beyond the last. */
const char *list_name(size_t i);
/* The names of what stands in it, one blank between two. */
const char *list_words(Arena *arena, size_t i);

/* ---- catalogue.c ----------------------------------------------------------------- */

/* `list norms`: a line a normalizer, or whole entries (--long, or of the words after it). */
void list_norms(const Call *call, bool json);

/* Whether the check applies to the normalizer on any of the shapes that are tried. */
bool applies_somewhere(const char *spec, const TrialCheck *check);

/* ---- measured.c -------------------------------------------------------------------- */

/* Measures into the store, saves it as EXPERIMENT.h5 in the user's or the project's folder,
 * draws the figures, and says where they are. */
void measured_save(Arena *arena, Store *store, const Experiment *experiment,
                   const Measure *how, bool published);

/* ---- check.c ----------------------------------------------------------------------- */

/* `normlab publish checking`: all cases, and if they pass, check_save. Exit status. */
int check_publish(const Call *call);

/* ---- bench.c ----------------------------------------------------------------------- */

/* `normlab publish speed`: what bench --save measures, into data/. Exit status. */
int bench_publish(const Call *call);

/* ---- json.c: text as JSON -------------------------------------------------------- */

const char *json_text(Arena *arena, const char *text); /* quoted and escaped */
const char *json_number(Arena *arena, double value);   /* null for what is not finite */

#endif
