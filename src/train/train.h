/* train: workers, optimizer, schedule, one step. Prints nothing, stores nothing; the
 * caller owns the loop.
 *
 * A step is W workers of b samples each; worker k has the k-th contiguous b of the step's
 * samples, its own tape and its own batch statistics. Gradients are summed over workers
 * in a fixed order, so the bits do not depend on the number of threads.
 * notes/40-workers.md
 */
#ifndef NORMLAB_TRAIN_H
#define NORMLAB_TRAIN_H

#include "dataset.h"
#include "net.h"

/* Raised whenever bits of the golden list move (tests/golden.py): part of every run's identity. */
enum { TRAIN_NUMERICS = 4 };

/* ---- config.c: the configuration of a run, as text and as values ----------------- */

typedef enum ScheduleKind {
    SCHEDULE_CONSTANT,
    SCHEDULE_COSINE,
    SCHEDULE_STEP
} ScheduleKind;

enum { SCHEDULE_MAX_DROPS = 8 };

typedef struct Schedule {
    ScheduleKind kind;
    size_t drops;
    double at[SCHEDULE_MAX_DROPS]; /* fractions of the run, ascending */
    double factor;                 /* the rate is multiplied by it at each drop */
} Schedule;

enum { CONFIG_KEYS = 19 };

/* Canonical texts of all keys, in the order of config.def. */
typedef struct Config {
    const char *text[CONFIG_KEYS];
} Config;

typedef struct ConfigKey {
    const char *name, *initial, *unit, *help;
} ConfigKey;

const ConfigKey *config_keys(void);  /* [CONFIG_KEYS] */
bool config_counts(const char *key); /* whether a key takes whole numbers */

/* What other programs call a key: "lr", "rate". */
const OtherName *config_other_names(void);

Config config_default(void);

/* Checks and stores the canonical form of `value`. The message names key, value, what is
 * expected, the nearest word. */
bool config_set(Config *config, Arena *arena, const char *key, const char *value,
                Error *error);
const char *config_get(const Config *config, const char *key);
size_t config_count(const Config *config, const char *key); /* of a COUNT key */
double config_number(const Config *config,
                     const char *key); /* of a COUNT or NUMBER key */
bool config_switch(const Config *config, const char *key);
Schedule config_schedule(const Config *config);
size_t config_score(const Config *config); /* epochs that the score is the median of */

/* "key=value" lines of the keys that differ from their defaults, sorted, then the plugins
 * of its normalizer (norm_plugins): what is hashed. */
const char *config_canonical(const Config *config, Arena *arena);

/* Name of a run: 16 hex digits of the SHA-256 of the canonical configuration, the data
 * set's SHA-256 and TRAIN_NUMERICS. */
const char *config_identity(const Config *config, Arena *arena, const char *data_sha256);

/* ---- score.c: what a run is judged by -------------------------------------------- */

/* "last" or "median(K)": how many of the last epochs the score is the median of. */
bool score_read(Arena *arena, const char *rule, size_t *epochs, Error *error);

/* A rule in words, "last epoch" or "median of the last five epochs"; one that this program
 * does not know stands as it is. */
const char *score_words(Arena *arena, const char *rule);

/* Median of the last `window` of so many epochs' errors; with a window of 1 the last. */
double score_of(const double *error, size_t epochs, size_t window);

/* ---- trainer.c: set, step, test -------------------------------------------------- */

typedef struct Trainer Trainer;

/* What a run has to say, epoch by epoch. NaN: not reached. */
typedef struct TrainRecord {
    size_t epochs;      /* finished so far */
    const double *rate; /* [epochs] learning rate of the epoch's last step */
    const double *train_loss,
        *train_error; /* means over the epoch's own steps, in training mode */
    const double *val_loss, *val_error; /* after the epoch, in evaluation mode */
    double test_loss, test_error;       /* once, after the last epoch */
    double train_loss_evaluated,
        train_error_evaluated; /* as validation is, once, at the end */
    double score;              /* of val_error, by the rule of the configuration */
    bool diverged;             /* the loss was not finite... */
    size_t diverged_step;      /* ...in this step, counted from 0 over the whole run */
} TrainRecord;

typedef enum TrainTraceKind {
    TRACE_LEARNED, /* a parameter */
    TRACE_ADAPTED, /* a state that changes between epochs alone */
    TRACE_CHANGES  /* epochs since the row before that began with a change of these */
} TrainTraceKind;

/* What a normalizer of the network learned beside gamma and beta, or adapted. */
typedef struct TrainTrace {
    const char *layer, *spec; /* "stage2.block1.norm2", "blend(batch, group(8))" */
    const char *name;         /* "gate", "part1.map"; "map_changed" */
    TrainTraceKind kind;
    size_t count;           /* doubles of a row */
    const NormParam *param; /* what is learned; NULL for the others */
} TrainTrace;

typedef enum TrainStatus {
    TRAIN_STEPPED, /* in the middle of an epoch */
    TRAIN_EPOCH,   /* an epoch was finished and evaluated */
    TRAIN_DONE     /* the run is over: all epochs done and tested, or diverged */
} TrainStatus;

/* A run at its start. The configuration must fit the data: *error says what does not
 * (EX_USAGE). `threads` is how many may work, not part of the run. Lives in `arena`;
 * trainer_free releases its workers' own memory. */
Trainer *trainer_new(Arena *arena, const Config *config, const Dataset *dataset,
                     size_t threads, Error *error);
void trainer_free(Trainer *trainer); /* NULL is fine */

/* From now on normalizers run by their definitions: the same to rounding, and slower. */
void trainer_define(Trainer *trainer);

/* Whether such a run can be at all: what trainer_new would refuse, before any run starts. */
bool trainer_fits(const Config *config, const Dataset *dataset, Error *error);

TrainStatus trainer_step(Trainer *trainer);
TrainRecord trainer_record(const Trainer *trainer);

/* Traces of the network's normalizers. Their rows so far: epochs[rows], 0 for the start,
 * then every epoch's end (in long runs of many numbers every k-th and the last, so that
 * all rows stay below 1 MiB). */
const TrainTrace *trainer_traces(const Trainer *trainer, size_t *count);
const double *trainer_trace_epochs(const Trainer *trainer, size_t *rows);
/* [rows, count] of trace i. */
double *trainer_trace_values(const Trainer *trainer, Arena *arena, size_t i);

const Net *trainer_net(const Trainer *trainer);
const double *trainer_weights(const Trainer *trainer); /* [net->weights] */
/* [net->states] as evaluation reads it: with running=precise not the averages. */
const double *trainer_state(const Trainer *trainer);
size_t trainer_images(const Trainer *trainer); /* that there are to train on */
size_t trainer_steps(const Trainer *trainer);  /* of an epoch */
size_t trainer_done(const Trainer *trainer);   /* steps done since the start of the run */
/* Calls of malloc by the workers: constant in the steady state. */
size_t trainer_blocks(const Trainer *trainer);

/* ---- resume.c: a run between two steps ------------------------------------------- */

/* All that it is then, as named vectors. To resume: a new trainer of the same configuration,
 * the vectors filled from the checkpoint, and asked whether they may be: counts and groups are
 * indices from then on. False and *error (EX_DATAERR), which begins with the vector's name. */
typedef struct TrainPart {
    const char *name, *long_name;
    double *data;
    size_t count;
} TrainPart;

const TrainPart *trainer_parts(Trainer *trainer, size_t *count);
bool trainer_may_resume(const Trainer *trainer, Error *error);

#endif
