/* base: what every other layer stands on: a user's mistake as a value, memory, draws without
 * state. What is ours alone of this layer: house.h (checks, ends, talk), text.h, place.h.
 * A user's mistake is a BaseError; misuse is REQUIREd, and like memory that is not there ends the
 * program. */
#ifndef NORMLAB_BASE_H
#define NORMLAB_BASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sysexits.h>

#pragma GCC visibility push(default)
#ifdef __cplusplus
extern "C" {
#endif

/* ---- error.c --------------------------------------------------------------------- */

/* A user's mistake (in a spec, a key), as a value, so that the caller can say where it stood:
 * only the tool ends the program for it. `at` is the byte offset into the text that was
 * read. */
typedef struct BaseError {
    bool set;
    int code;  /* exit status that fits: EX_USAGE, EX_DATAERR... */
    size_t at; /* offset of the culprit, if there is a text to point into */
    char message
        [512]; /* one line, names the culprit, what was expected, the nearest word */
} BaseError;

/* Fills *error (once: the first mistake stays) and returns false, so that a reader can
 * `return base_fail(...)`. */
bool base_fail(BaseError *error, int code, size_t at, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

/* ---- arena.c: the one door to memory --------------------------------------------- */

/* A stack of 64-byte aligned memory. Rewinding keeps the blocks, so that the same work
 * done twice allocates once. Out of memory is die(EX_OSERR). Not shared between
 * threads. */
typedef struct Arena Arena;

typedef struct ArenaMark {
    void *block; /* block in use when the mark was set */
    size_t used; /* bytes taken from it */
} ArenaMark;

/* An empty arena; memory that is not there ends the program. */
Arena *arena_new(void);
void arena_free(Arena *arena); /* NULL is fine */

/* `count` objects of `size` bytes, uninitialised (signalling NaNs in VERIFY builds). */
void *arena_take(Arena *arena, size_t count, size_t size);
void *arena_zero(Arena *arena, size_t count, size_t size); /* the same, all bytes zero */

/* How much is taken now, to go back to. */
ArenaMark arena_mark(const Arena *arena);
void arena_rewind(Arena *arena, ArenaMark mark); /* all taken since the mark is gone */

/* ---- draw.c: random numbers without state ---------------------------------------- */

/* What a draw is for. Numbers are part of every stored result: never renumber. */
typedef enum DrawPurpose {
    DRAW_INIT = 1,    /* initial weights: sample = parameter's number */
    DRAW_SHUFFLE = 2, /* order of an epoch */
    DRAW_FLIP = 3,    /* augmentation */
    DRAW_SHIFT = 4,
    DRAW_SPLIT = 5,      /* validation split and subsets */
    DRAW_CHECK = 6,      /* probes and upstreams of the checkers */
    DRAW_TEST = 7,       /* inputs of tests */
    DRAW_ADAPT = 8,      /* clusters and maps: sample = normalizer's number */
    DRAW_DATA = 9,       /* samples of data sets that are drawn: epoch = part */
    DRAW_DEAL = 10,      /* classes and samples of workers: sample = 1 + step, or round */
    DRAW_SIZES = 11,     /* sizes of a step's images: sample = step, index = worker */
    DRAW_LEARN = 12,     /* weights that learn */
    DRAW_CURVATURE = 16, /* vectors that an operator is asked for: epoch = probe */
    DRAW_NOISE = 17,     /* on a gradient: sample = step */
    DRAW_LABELS = 18 /* classes in the place of those that samples have: epoch = round */
} DrawPurpose;

/* Every draw is a pure function of these and an index (Philox4x64-10 of Random123: Salmon
 * et al., SC'11), so nothing needs saving and order does not matter. */
typedef struct Draw {
    uint64_t seed;
    DrawPurpose purpose;
    uint64_t epoch, sample;
} Draw;

/* The `index`-th number of a draw, a function of these alone: bits, and what is made of them. */
uint64_t draw_bits(Draw draw, uint64_t index);
double draw_uniform(Draw draw, uint64_t index); /* in (0, 1), 52 bits, never 0 or 1 */
double draw_normal(Draw draw, uint64_t index);  /* standard normal, Box-Muller */
size_t draw_below(Draw draw, uint64_t index,
                  size_t bound); /* 0..bound-1; bias below bound/2^64 */

/* A random order of 0..count-1 (Fisher-Yates). */
void draw_permutation(Draw draw, size_t *order, size_t count);

#ifdef __cplusplus
}
#endif
#pragma GCC visibility pop

#endif
