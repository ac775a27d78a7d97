/* The inside of dataset: files as checked streams, and the facts that their readers
 * need. */
#ifndef NORMLAB_SOURCE_H
#define NORMLAB_SOURCE_H

#include "dataset.h"

#define ZLIB_CONST
#include <zlib.h>

/* Larger files, and headers that promise more, are refused before anything is
 * allocated. */
#define SOURCE_LIMIT ((size_t)1 << 30)

/* ---- stream.c: a file, plain or gzip, read exactly ------------------------------- */

typedef struct Stream {
    const char *path;
    const uint8_t *data; /* the file's own bytes */
    size_t length;
    bool packed;   /* begins like gzip */
    bool finished; /* gzip: the trailer was reached and its CRC and length hold */
    size_t at;     /* bytes handed out, of the decompressed data */
    z_stream z;
    Error *error; /* where trouble goes */
} Stream;

bool stream_open(Stream *stream, Arena *scratch, const char *path, Error *error);
bool stream_take(Stream *stream, void *out,
                 size_t count);    /* exactly count bytes, or trouble */
bool stream_end(Stream *stream);   /* nothing is left, the CRC holds */
void stream_close(Stream *stream); /* also after a failed open */

/* Trouble at offset `at` of the (decompressed) data: one line that names the file.
 * Returns false. */
bool stream_fail(const Stream *stream, size_t at, const char *format, ...)
    PRINTF_LIKE(3, 4);

/* Labels count from 0: one that is no class fails at its offset. */
bool stream_label(const Stream *stream, size_t at, uint8_t label, size_t classes);

/* ---- idx.c, cifar.c -------------------------------------------------------------- */

/* One part of a source as it stands in its files. */
typedef struct Pile {
    size_t count;
    void *value[DATA_MOST_FIELDS]; /* [fields][count, the field's sizes...] */
} Pile;

typedef struct Recipe Recipe;

/* Fills train and test from recipe->files paths; all sizes are known beforehand. */
typedef bool Reader(Pile *train, Pile *test, const char *const *path,
                    const Recipe *recipe, Arena *scratch, Error *error);

Reader idx_read;   /* paths: train images, train labels, test images, test labels */
Reader cifar_read; /* paths: five training batches, the test batch */

/* ---- recipe.c: what can be read -------------------------------------------------- */

enum { RECIPE_PLACES = 3, RECIPE_FILES = 6 };

typedef enum Root { ROOT_NONE, ROOT_CHECKOUT, ROOT_USER, ROOT_SYSTEM } Root;

/* A folder where the files may be; the first that holds one of them is taken. */
typedef struct Place {
    Root root;          /* the checkout, NORMLAB_DATA, or the file system's own root */
    const char *folder; /* below it; "" for the root itself */
} Place;

struct Recipe {
    const DatasetKind *kind;
    Place place[RECIPE_PLACES];
    const char *file[RECIPE_FILES + 1]; /* train's files, then test's; ".gz" may follow */
    Reader *read;
    size_t train, test; /* images in the files */
    size_t val;         /* of train's, how many are drawn for validation */
    size_t channels, height, width, classes;
    const char *const *class_name; /* [classes] */
    const char *sha256; /* of the true data; NULL: any well-formed files will do */
};

/* Its entry, or NULL and *error (EX_USAGE). */
const Recipe *recipe_find(Arena *scratch, const char *name, Error *error);

/* The files' paths into path[], or EX_UNAVAILABLE and what to install or to set. */
bool recipe_locate(const Recipe *recipe, const char *path[RECIPE_FILES], Arena *scratch,
                   Error *error);

/* ---- split.c --------------------------------------------------------------------- */

size_t field_bytes(const DataField *field); /* of one sample */

/* train, val and test of `dataset`, whose fields are set, from the two piles. */
void split_samples(Arena *arena, Arena *scratch, Dataset *dataset, const Pile *train,
                   const Pile *test, size_t val);
/* mean and std of what is standardized, of the samples in train. */
void split_statistics(Arena *arena, Dataset *dataset);

#endif
