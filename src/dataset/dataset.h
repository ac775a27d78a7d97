/* dataset: real data as tensors.
 *
 * A data set is named fields of its samples: an image, a label, a mask, a number. It is
 * read whole and checked byte for byte (magic, dimensions, exact sizes, labels, CRC, the
 * SHA-256 of known data), split by counter-based draws, and handed out as standardized
 * doubles, batch by batch. A file that is not what it should be is named, with the offset
 * where it goes wrong.
 */
#ifndef NORMLAB_DATASET_H
#define NORMLAB_DATASET_H

#include "place.h"
#include "tensor.h"

enum { DATA_MOST_FIELDS = 8, DATA_MOST_CLASSES = 255, DATA_IGNORED = 255 };
/* Where a run's seed draws them, one of so many samples validates: 10,000 of 60,000. */
enum { DATA_DRAWN = 6 };

typedef enum DataType {
    DATA_BYTES, /* levels 0 to 255, the number v / 255 */
    DATA_REALS, /* doubles */
    DATA_LABELS /* a byte each: a class below `classes`, or DATA_IGNORED */
} DataType;

typedef struct DataResize DataResize; /* resize.c */

/* What every sample has one of. */
typedef struct DataField {
    const char *name; /* "image", "label", "mask", "number" */
    const char *unit; /* of its numbers; "" */
    DataType type;
    Shape shape; /* of one sample: [C, H, W] an image, [] a label, [H, W] a mask */
    const DataResize *resize; /* kept in another size; NULL: in this one */
    /* Whether its numbers are handed out as (v - mean) / std, by the training samples: */
    bool standardized;
    const double *mean;            /* [dataset_channels] of each channel */
    const double *std;             /* [dataset_channels] biased; 1 where all are alike */
    size_t classes;                /* of labels: at most DATA_MOST_CLASSES */
    const char *const *class_name; /* [classes] */
} DataField;

/* Some samples of one data set. `id` is the sample's number in its part of the source
 * (training or test samples, counted from 0 over all files): draws that belong to a
 * sample are keyed by it, so that a subset or another order draws the same. */
typedef struct Samples {
    size_t count;
    const void **value[DATA_MOST_FIELDS]; /* [fields][count] -> bytes or doubles */
    const uint32_t *id;                   /* [count] */
} Samples;

/* `sha256` is that of two lines, "train COUNT SIZE... DIGEST..." and "test ...": the sizes
 * of one sample of each field, and the SHA-256 of all its decoded values (of an image and
 * a label "CHANNELS HEIGHT WIDTH PIXELS LABELS"). The files' packing does not matter. A val
 * part of the source's own has a line between them, a part without samples has none, and
 * an HDF5 file's fields one each, "NAME bytes|reals|labels CLASSES". */
typedef struct Dataset {
    const char *name;    /* as it is asked for, in its one form: "fashion-mini" */
    const char *title;   /* one line: what it is, how many samples */
    const char *source;  /* where they come from */
    const char *first;   /* the first of their files; NULL: they are drawn */
    const char *samples; /* what they are called in sentences: "images", "texts" */
    size_t fields;
    DataField field[DATA_MOST_FIELDS]; /* [fields]; the first is what a network sees */
    Samples train, val, test;
    bool drawn; /* val is of the source's training samples; else its own */
    char sha256[DIGEST_LENGTH + 1]; /* of what was decoded, see above */
} Dataset;

/* The field of that name; NULL: there is none. */
const DataField *dataset_field(const Dataset *dataset, const char *name);

/* Channels of a field: sizes of its first axis; one of a field without axes. */
size_t dataset_channels(const DataField *field);

/* ---- dataset.c: what there is ---------------------------------------------------- */

typedef struct Reading Reading; /* source.h */

/* One line of dataset.def, and its file. */
typedef struct DatasetKind {
    const char *name, *title, *source;
    const char *path; /* what is named behind it, "FOLDER"; NULL: nothing */
    bool alone;       /* it is data without a path, too */
    /* Where it is no path: the one form of what is named; NULL and *error, what is expected. */
    const char *(*behind)(Arena *arena, const char *text, BaseError *error);
    const char *usage;         /* "idx:FOLDER"; NULL: its name */
    const char *const *suffix; /* files that need no word before them; NULL: none */
    const char *samples; /* what they are called; NULL: "images", or else "samples" */
    const char *need;    /* what to install or to set if it is missing; NULL: embedded */
    const char *sha256;  /* of the only data it is without a path; NULL: any will do */
    bool (*fill)(Reading *to, BaseError *error); /* source.h */
} DatasetKind;

const DatasetKind *const *dataset_kinds(size_t *count);
const char *dataset_usage(const DatasetKind *kind);

/* The kind that a text names, and the path behind it (NULL: it takes none); NULL. */
const DatasetKind *dataset_find(const char *text, const char **path);

/* A text in its one form: its path is absolute. Looks at no file's content. NULL and *error
 * (EX_USAGE) that says what is expected. */
const char *dataset_canonical(Arena *arena, const char *text, BaseError *error);

/* Reads what a text names. Those that take no path are looked for in the checkout, the folder
 * NORMLAB_DATA (or its subfolder fashion-mnist or cifar-10-batches-bin; plain files or
 * gzip), or Debian's package. val is drawn from the source's training samples (5,000 of
 * 60,000 or 50,000; 500 of 3,000; else a tenth, at most 5,000) by a fixed seed that is no
 * run's seed, so every run of a data set has the same split. NULL and *error (EX_USAGE for
 * an unknown name, EX_UNAVAILABLE or EX_NOINPUT where files are missing, EX_DATAERR with
 * file and offset). */
const Dataset *dataset_open(Arena *arena, const char *text, BaseError *error);

/* ---- split.c, relabel.c, resize.c, batch.c ------------------------------------------------------------- */

/* The first `count` of the training samples in their drawn order, mean and std
 * recomputed; val and test are the same (0 or the full count: the data set itself).
 * NULL and *error (EX_USAGE) if there are not that many. The samples are shared with
 * `dataset`, which must outlive the result. */
const Dataset *dataset_limit(Arena *arena, const Dataset *dataset, size_t count,
                             BaseError *error);

/* The same, but which samples train, in which order, and which validate is drawn by `seed`: a share
 * of DATA_DRAWN validates where val is not the source's own, which stays. */
const Dataset *dataset_drawn(Arena *arena, const Dataset *dataset, uint64_t seed,
                             size_t count, BaseError *error);

/* The same, and the class of each training sample, its value of this field, is drawn by `seed`: whatever
 * it was, of all classes alike, unless it had none. One call draws them all, by round and sample's id,
 * into the result's samples (round 0 is drawn); val and test keep theirs. NULL and *error (EX_USAGE) where
 * the field is no class of a sample. */
typedef struct Relabelled Relabelled;
const Dataset *dataset_relabelled(Arena *arena, const Dataset *dataset, size_t field,
                                  uint64_t seed, Relabelled **labels, BaseError *error);
void relabel_draw(Relabelled *labels, uint64_t round);

/* The same samples as images of height x width: made so when they are handed out, after they
 * were moved; all fields that lie on the input's rows and columns, numbers by linear interpolation
 * or area averaging, labels by the nearest. Mean and std are those of the samples as they are
 * kept, of which a size that is asked for again is made, too. The samples are shared. NULL and
 * *error (EX_USAGE) where there are no images. */
const Dataset *dataset_resized(Arena *arena, const Dataset *dataset, size_t height,
                               size_t width, BaseError *error);

/* The shape of a sample as it is kept. */
Shape dataset_kept(const DataField *field);

typedef struct Augment {
    bool flip;    /* mirror left-right with probability 1/2 */
    size_t shift; /* move by -shift..shift pixels each way; outside: level or number 0, no
                     class */
} Augment;

/* Whether they can be moved so; false and *error (EX_USAGE). */
bool dataset_moves(const Dataset *dataset, const Augment *augment, BaseError *error);

/* Samples as tensors. Of each field one of the two is NULL. */
typedef struct Batch {
    size_t count;
    Shape shape[DATA_MOST_FIELDS];          /* [count, the field's sizes...] */
    const double *real[DATA_MOST_FIELDS];   /* of bytes and reals, standardized */
    const uint8_t *label[DATA_MOST_FIELDS]; /* of labels */
} Batch;

/* samples[index[i]], all their fields. With augmentation, draws keyed by (seed, epoch,
 * sample's id), alike for all fields that lie on the input's rows and columns; which
 * dataset_moves must allow. NULL augment: none. */
Batch dataset_batch(Arena *arena, const Dataset *dataset, const Samples *samples,
                    const size_t *index, size_t count, const Augment *augment,
                    uint64_t seed, uint64_t epoch);

#endif
