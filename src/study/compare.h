/* compare: what differs between two runs or two studies, and a run computed again. */
#ifndef NORMLAB_COMPARE_H
#define NORMLAB_COMPARE_H

#include "sweep.h"

/* What it is, and what either says of it; "": nothing. */
typedef struct Difference {
    const char *what, *a, *b;
} Difference;

typedef struct Differences {
    Arena *arena;
    size_t count, room;
    Difference *of; /* [count] */
} Differences;

/* Of two runs: what decides their numbers, what they come to (to the last bit), what computed
 * them. */
void compare_settings(Differences *to, const Record *a, const Record *b);
void compare_results(Differences *to, const Record *a, const Record *b);
void compare_origins(Differences *to, const Record *a, const Record *b);

/* Of two studies: their recipes, line by line; their cells, row and point by name. */
void compare_recipes(Differences *to, const Grid *a, const Grid *b);
void compare_cells(Differences *to, const Grid *a, const Grid *b);

/* What arithmetic gives, of the file and here, where it differs: no bits are in common then. */
void compare_arithmetic(Differences *to, const Record *record);

/* The finished or diverged run of a file, computed again beside it and compared. NULL and *error;
 * else what it came to now. */
const Record *run_again(Arena *arena, const Run *run, BaseError *error);

#endif
