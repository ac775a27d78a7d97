/* export: a normalizer as a module of another language, to take home.
 *
 * A definition is recorded at several sizes of x; what all those programs have in common, with
 * every size and number in them an expression of N and L, is the program for any x, and is
 * printed: torch, numpy, jax. A module carries parameters and state as they begin, training and
 * evaluation, the state's step, and a test of itself by numbers of 113 bits.
 * notes/92-taken-home.md
 */
#ifndef NORMLAB_EXPORT_H
#define NORMLAB_EXPORT_H

#include "norm.h"

typedef enum ExportTo { EXPORT_TORCH, EXPORT_NUMPY, EXPORT_JAX } ExportTo;

/* The languages' names, in that order, NULL at the end. */
extern const char *const EXPORT_NAMES[];

typedef struct ExportFact {
    const char *name, *value;
} ExportFact;

typedef struct ExportWish {
    ExportTo to;
    size_t epoch;           /* schedules stand as they are there */
    bool after_all;         /* which is after the end of all of them */
    const char *command;    /* that writes the module */
    const ExportFact *fact; /* [facts] where it comes from */
    size_t facts;
} ExportWish;

/* The text of the module. NULL and *error (EX_UNAVAILABLE): why it cannot be said there. */
const char *export_module(Arena *arena, const Norm *norm, const ExportWish *wish,
                          BaseError *error);

#endif
