/* evaluation: a finished run's weights judged another way: by other moments, at other sizes, on
 * other parts of its data. */
#ifndef NORMLAB_EVALUATION_H
#define NORMLAB_EVALUATION_H

#include "study.h"

enum { EVALUATION_MOST = 64 }; /* values of a key */

/* One way of judging: by moments of training, or by those of each batch. */
typedef struct Mode {
    const char *text; /* canonical: "precise", "batch(32)" */
    Running running;
    size_t batch; /* 0: by moments of training */
} Mode;

/* A size of the images; 0 x 0: the one that they are kept in. */
typedef struct Input {
    const char *text; /* "28x28" */
    ImageSize size;
} Input;

/* One word of a user; false and *error, which does not repeat it. */
bool evaluation_mode(Arena *arena, const char *text, Mode *mode, BaseError *error);
bool evaluation_input(Arena *arena, const char *text, Input *input, BaseError *error);

/* The SHA-256 of a file; what cannot be read ends the program. */
const char *evaluation_digest(Arena *arena, const char *path);

typedef struct Evaluation {
    Arena *arena;
    const char *file, *sha256; /* of the run's file */
    const Run *of;
    const char *run;  /* its name */
    const char *says; /* "resnet(depth=8, ...) with batch on fashion-mini" */
    const Task *task;
    size_t modes, inputs, parts;
    Mode mode[EVALUATION_MOST];
    Input input[EVALUATION_MOST];
    const char *part[EVALUATION_MOST]; /* "val" */
    TrainJudged *judged;               /* [modes, inputs, parts] */
    /* Where they are wanted: of moments of training (no mode batch), [modes, inputs, parts] lists of
     * `places`. */
    size_t places;
    TrainDiscrepancy **apart; /* NULL: not wanted */
} Evaluation;

/* Comma lists of a user; NULL: by what the run itself was judged by at its end, in the size that
 * the images have, and on val and test; `apart`: also how far those moments are from batches' own.
 * What is wrong ends the program: 66 there is no such file,
 * or it keeps no weights; 65 it is no run's, diverged, or the data are others; 64 wrong words. */
const Evaluation *evaluation_make(Arena *arena, const char *run, const char *modes,
                                  const char *inputs, const char *parts, bool apart);

/* What it found, group /evaluation of its file. */
Table evaluation_table(const Evaluation *evaluation);

/* Into a file of its own, with where it comes from. */
bool evaluation_save(const Evaluation *evaluation, const char *path, BaseError *error);

#endif
