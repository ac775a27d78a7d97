/* dataset: real images as tensors.
 *
 * A data set is read whole and checked byte for byte (magic, dimensions, exact sizes,
 * labels, CRC, the SHA-256 of known data), split by counter-based draws, and handed out
 * as standardized doubles, batch by batch. A file that is not what it should be is named,
 * with the offset where it goes wrong.
 */
#ifndef NORMLAB_DATASET_H
#define NORMLAB_DATASET_H

#include "base.h"

enum { DATASET_MAX_CHANNELS = 4 };

/* Some images of one data set. `id` is the image's number in its part of the source
 * (training or test images, counted from 0 over all files): draws that belong to a
 * sample are keyed by it, so that a subset or another order draws the same. */
typedef struct Images {
    size_t count;
    const uint8_t **pixel; /* [count] -> [channels, height, width] */
    const uint8_t *label;  /* [count], below Dataset.classes */
    const uint32_t *id;    /* [count] */
} Images;

/* `sha256` is that of two lines, "train COUNT CHANNELS HEIGHT WIDTH PIXELS LABELS" and
 * "test ...", where PIXELS and LABELS are SHA-256 of the decoded bytes: the files'
 * packing does not matter. */
typedef struct Dataset {
    const char *name;   /* "fashion-mini" */
    const char *title;  /* one line: what it is, how many images */
    const char *source; /* where the images come from */
    size_t channels, height, width, classes;
    const char *const *class_name; /* [classes] */
    Images train, val, test;
    double mean[DATASET_MAX_CHANNELS]; /* of the pixels in train, on the scale 0..1 */
    double std[DATASET_MAX_CHANNELS];  /* biased, of the same; 1 if all are alike */
    char sha256[DIGEST_LENGTH + 1];    /* of what was decoded, see above */
} Dataset;

/* What the program can be asked for; `count` entries. */
typedef struct DatasetKind {
    const char *name, *title, *source;
    const char *need; /* what to install or to set if it is missing; NULL: embedded */
} DatasetKind;

const DatasetKind *dataset_kinds(size_t *count);

/* Reads `name` from the checkout, the folder NORMLAB_DATA (or its subfolder
 * fashion-mnist or cifar-10-batches-bin; plain files or gzip), or Debian's package.
 * val is drawn from the source's training images (5,000 of 60,000 or 50,000; 500 of
 * 3,000) by a fixed seed that is no run's seed, so every run of a data set has the
 * same split. NULL and *error (EX_USAGE for an unknown name, EX_UNAVAILABLE where
 * files are missing, EX_DATAERR with file and offset). */
const Dataset *dataset_open(Arena *arena, const char *name, Error *error);

/* The first `count` of the training images in their drawn order, mean and std
 * recomputed; val and test are the same (0 or the full count: the data set itself).
 * NULL and *error (EX_USAGE) if there are not that many. The images are shared with
 * `dataset`, which must outlive the result. */
const Dataset *dataset_limit(Arena *arena, const Dataset *dataset, size_t count,
                             Error *error);

typedef struct Augment {
    bool flip;    /* mirror left-right with probability 1/2 */
    size_t shift; /* move by -shift..shift pixels each way; black (byte 0) comes in */
} Augment;

/* x[count, channels, height, width] = (pixel/255 - mean) / std of images[index[i]],
 * and label[i]. With augmentation, draws keyed by (seed, epoch, image id); a shift
 * must be smaller than the image. NULL augment: none. */
void dataset_batch(double *x, uint8_t *label, const Dataset *dataset,
                   const Images *images, const size_t *index, size_t count,
                   const Augment *augment, uint64_t seed, uint64_t epoch);

#endif
