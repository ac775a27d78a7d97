/* sweep: the runs of a study and their files, as the files of this folder share them. */
#ifndef NORMLAB_SWEEP_H
#define NORMLAB_SWEEP_H

#include "probe.h"
#include "study.h"

/* What a run begins with of another. */
typedef struct Begun {
    const NetTensor *tensor;
    size_t count;
    NetTaken taken;
} Begun;

struct Run {
    Config config;
    const Begun *begun; /* NULL: nothing, or the run comes from a file */
    const Dataset *dataset;
    const char *id, *path; /* out/runs/ID.h5 */
    const char *label;     /* "group(4), batch 8, seed 2": for progress */
    const char *claims;    /* digests of those that its seed decides */
};

/* ---- pool.c: several runs at a time ---------------------------------------------- */

size_t processors(void); /* that there are, or that a job of Slurm's has */

/* How many runs go on at a time where a user wants `jobs` (0: one for each processor), and the
 * threads of each. */
size_t sweep_jobs(const Sweep *sweep, size_t jobs, size_t *threads);

typedef void SweepProgress(void *context); /* another run is finished */

/* Does what is not done yet, `jobs` runs at a time; 0, or the exit status of the first
 * that failed. What other processes are at is left to them: those that have not finished it when
 * all else is done are named, and the status is EX_TEMPFAIL. */
int sweep_run(Arena *arena, const Sweep *sweep, const StudyWork *work,
              SweepProgress *progress, void *context);

/* ---- together.c: one run at a time, by several ranks ----------------------------------- */

/* The same, each run by a group of ranks, of which each calls it; groups take the runs that no
 * other has. It returns when nothing is left that this group could do, in the first group when
 * all is finished. */
int sweep_together(Arena *arena, const Sweep *sweep, const StudyWork *work,
                   SweepProgress *progress, void *context);

/* ---- cost.c: what it takes -------------------------------------------------------- */

const char *cost_words(Arena *arena, double seconds); /* "12 min 30 s" */

/* Runs that differ in their seed alone take as long. */
bool run_is_like(const Run *a, const Run *b, Arena *arena);

/* ---- run.c: one run, one file ---------------------------------------------------- */

const char *runs_folder(Arena *arena);

double seconds_now(void); /* of a clock that only goes forward */

/* Removes what a killed process left beside a finished run. */
void run_tidy(Arena *arena, const Run *run);

typedef void RunProgress(void *context, size_t done, size_t total); /* steps */

/* Of all these ranks (NULL: this process) each calls it: trains, resumes if there is a checkpoint, writes the file. Under signals_watch the first signal that
 * asks to stop ends the run after its step, and one that asks to save leaves a checkpoint after its
 * step. Exit status: 0, EX_TEMPFAIL and not a word if another process has it, 130 or 143 after a clean
 * stop; what is wrong is said. */
int run_execute(const Run *run, size_t threads, bool restart, const Ranks *ranks,
                RunProgress *progress, void *context);

/* ---- checkpoint.c: a run between two steps ------------------------------------------ */

/* The file of the checkpoint that is further, the epochs that were finished then and the seconds that
 * it took; it may be gone at any time. NULL: there is none. */
const char *checkpoint_look(Arena *arena, const Run *run, double *epochs,
                            double *seconds);

/* ---- record.c: what a run has to say ----------------------------------------------- */

/* All of it, into the run's file; what decides its numbers. */
void record_write(Store *store, Arena *arena, const Run *run, const Trainer *trainer,
                  const Probes *probes);
void record_config(Store *store, const Run *run, Arena *arena);
/* As /summary has it of weights and state: the same of the same numbers on every processor. */
void record_digest(char digest[DIGEST_LENGTH + 1], const double *values, size_t count);

/* Of a file that counts. */
typedef struct Record {
    Table head, config, times, provenance; /* facts of it, and of what computed it */
    Table summary, metrics;                /* single numbers; curves over epochs */
    Table pictures;                        /* what it tells of some samples; or nothing */
    size_t weights, states, averages;      /* tensors that are kept */
    size_t layers;
    const char **name; /* [layers] */
    Table *layer;      /* [layers] what the normalizer learned and adapted */
    Table blocks;      /* of the test samples; nothing in older files */
    size_t probes;
    const char **probe_name; /* [probes] */
    Table *probe;            /* [probes] their rows */
} Record;

/* ---- finished.c: which file counts as a finished run ------------------------------- */

/* The configuration that a file says in /config. A key that it does not know is one that came later,
 * whose default means what was done before. */
bool run_config(Arena *arena, const Table *said, Config *config, BaseError *error);

/* What a run that is over has to say. NULL and *error, whose message does not name the file:
 * it is not there, was changed, belongs to another configuration, or does not have all. */
const Record *run_read(Arena *arena, const Run *run, BaseError *error);
bool run_is_finished(const Run *run);

/* The same of a file that need not be of these numerics, or finished: as it is. */
const Record *record_read(Arena *arena, const char *path, BaseError *error);

/* What stands at the run's place and does not count is kept beside it, and said. */
bool run_set_aside(Arena *arena, const Run *run, BaseError *error);

/* ---- kept.c: trained weights in a run's file -------------------------------------- */

void kept_write(Store *store, Arena *arena, const Trainer *trainer);

/* The finished run of a file that keeps its weights, and what it has to say: `word` is the file's
 * path, or the name of one of the user's runs. Its data are read, and must be the same. NULL and
 * *error, which names the file. */
const Run *run_open(Arena *arena, const char *word, const Record **record,
                    BaseError *error);

/* The same, though it keeps no weights, or diverged. */
const Run *run_find(Arena *arena, const char *word, const Record **record,
                    BaseError *error);

/* A path, or that of a run by its name. */
const char *run_path(Arena *arena, const char *word);

/* Its parameters, and the averages that training had beside them. NULL and *error. */
const NetTensor *kept_tensors(Arena *arena, const Run *run, size_t *count,
                              BaseError *error);

/* What a run of this network begins with of the run that its configuration names; `like`: of the
 * same file, if it was read before; NULL. NULL and *error, which names the file. */
const Begun *run_begun(Arena *arena, const Config *config, const Net *net,
                       const Begun *like, BaseError *error);

/* A trainer at the run's end, but on `dataset`: to be judged, or freed. NULL and *error. */
Trainer *run_trained(Arena *arena, const Run *run, const Record *record,
                     const Dataset *dataset, size_t threads, BaseError *error);

/* ---- collect.c: runs into one file ----------------------------------------------- */

/* Not `whole`: of those runs that are finished, marked as such. How many they are; 0: there
 * is no file, and *error where it cannot be written. */
size_t collect(Arena *arena, const Sweep *sweep, const char *path, bool whole,
               BaseError *error);

/* The scales series, along and seed of a table over the cells of the sweep. */
void sweep_scales(Table *table, const Sweep *sweep);

/* ---- curves.c: what runs measured in every epoch, as part of it --------------------- */

/* record[i]: of run i; NULL: it is not finished. */
void curves_collect(Store *store, Arena *arena, const Sweep *sweep,
                    const Record *const *record);

/* ---- learned.c: what normalizers learned and adapted, as part of it ---------------- */

enum { LEARNED_MOST = 64 }; /* tables of a normalizer */

/* An axis, which is no result: "epoch", "gate_index". */
bool learned_is_axis(const char *name);

/* record[i]: of run i; NULL: it is not finished. */
void learned_write(Store *store, Arena *arena, const Sweep *sweep,
                   const Record *const *record);

/* ---- probed.c: what probes saw, as part of a run's file and of the collected one ------ */

void probed_write(Store *store, Arena *arena, const Probes *probes);
/* Whether a run that ended after so many steps has all rows that it is asked for. */
bool probed_complete(Arena *arena, const Record *record, const Config *config,
                     size_t done, BaseError *error);
void probed_collect(Store *store, Arena *arena, const Sweep *sweep,
                    const Record *const *record);

/* ---- pictures.c: samples and what is told of them, where the task has maps ---------- */

void pictures_write(Store *store, Arena *arena, const Trainer *trainer);
void pictures_collect(Store *store, Arena *arena, const Sweep *sweep,
                      const Record *const *record, const Record *like);

#endif
