/* config: all that decides a run's numbers, as values by name, as text, and as an identity.
 *
 * config.def has a line for each key; the struct, the texts and the help follow from it.
 */
#ifndef NORMLAB_CONFIG_H
#define NORMLAB_CONFIG_H

#include "task.h"
#include "text.h"

/* Raised whenever bits of the golden list move (tests/golden.py): part of every run's identity. */
enum { TRAIN_NUMERICS = 6 };

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

typedef enum OptimizerKind { OPTIMIZER_SGD, OPTIMIZER_ADAMW } OptimizerKind;

typedef struct Optimizer {
    OptimizerKind kind;
    double beta1, beta2, eps; /* of adamw */
} Optimizer;

/* Moments that evaluation reads: averages over all steps; or of one epoch's steps with the
 * weights as they are, the mean of what workers observe, or as of all samples together. */
typedef enum Running { RUNNING_AVERAGE, RUNNING_PRECISE, RUNNING_POOLED } Running;

/* Which of the images train and validate: those of the data set, or drawn by the run's seed. */
typedef enum Split { SPLIT_FIXED, SPLIT_SEED } Split;

/* Which weights learn; the others stay as they begin. */
typedef enum Learn {
    LEARN_ALL,
    LEARN_AFFINE, /* the normalizers' own */
    LEARN_RANDOM  /* as many others */
} Learn;

/* The classes of training samples: theirs, or drawn by the run's seed. */
typedef enum Labels { LABELS_GIVEN, LABELS_RANDOM } Labels;

/* Of images, in pixels. */
typedef struct ImageSize {
    size_t height, width;
} ImageSize;

enum { SIZES_MOST = 16 };

/* In which sizes images train. A worker's samples of a step are of one size, so that they are one
 * tensor and its batch statistics are of that size: a worker is a shard. Workers of one step may
 * differ (mix), or not (alternate). */
typedef struct Sizes {
    size_t count; /* 0: the size that the data have */
    bool alike;   /* all workers of a step have the same */
    ImageSize size[SIZES_MOST];
} Sizes;

/* The file of a run whose weights and averages a run begins with; who reads it says what was taken
 * (NetTaken): that is hashed, never the path. */
typedef struct Init {
    const char *path;   /* absolute; NULL: none */
    const char *sha256; /* NULL: not known yet */
} Init;

/* What `probes` says where there are none; else words, with a + between them. */
#define CONFIG_NO_PROBES "none"

/* config->workers, config->rate... Texts are canonical. */
typedef struct Config {
#define KEY(name, type, ...) type name;
#include "config.def"
#undef KEY
} Config;

enum {
#define KEY(name, ...) CONFIG_AT_##name,
#include "config.def"
#undef KEY
    CONFIG_KEYS
};

typedef struct ConfigKey {
    const char *name, *initial, *unit, *help;
} ConfigKey;

/* ---- config.c: keys, text, identity ----------------------------------------------- */

const ConfigKey *config_keys(void);  /* [CONFIG_KEYS] */
bool config_counts(const char *key); /* whether a key takes whole numbers */

/* Their names, and what other programs call a key: "lr", "rate". */
const Choice *config_words(void);

Config config_default(Arena *arena);

/* Reads `value`. The message names key, value, what is expected, the nearest word; what was
 * there is left alone then. */
bool config_set(Config *config, Arena *arena, const char *key, const char *value,
                BaseError *error);

/* The value of a key as canonical text, which reads back as the same value. */
const char *config_text(const Config *config, Arena *arena, const char *key);

bool config_same(const Config *a, const Config *b, Arena *arena);

/* Whether it is norm.PATTERN: of a pattern's places, a part of the value of norm. */
bool config_is_place(const char *key);

/* "key=value" lines of the keys that differ from their defaults, sorted, then the plugins
 * of its normalizers (norm_plugins): what is hashed. */
const char *config_canonical(const Config *config, Arena *arena);

/* Name of a run: 16 hex digits of the SHA-256 of the canonical configuration, the data
 * set's SHA-256 and TRAIN_NUMERICS. */
const char *config_identity(const Config *config, Arena *arena, const char *data_sha256);

/* ---- sizes.c: of images ------------------------------------------------------------- */

/* "28x28". False and *error, which says what is expected. */
bool size_read(Arena *arena, const char *text, ImageSize *size, BaseError *error);
const char *size_print(Arena *arena, ImageSize size);

/* ---- score.c: what a run is judged by -------------------------------------------- */

/* "last" or "median(K)": how many of the last epochs the score is the median of. */
bool score_read(Arena *arena, const char *rule, size_t *epochs, BaseError *error);

/* A rule in words, "last epoch" or "median of the last five epochs"; one that this program
 * does not know stands as it is. */
const char *score_words(Arena *arena, const char *rule);

/* Whether validation follows so many finished epochs. */
bool config_validates(const Config *config, size_t epochs);

/* Median of the last `window` of so many epochs' numbers; with a window of 1 the last. */
double score_of(const double *error, size_t epochs, size_t window);

#endif
