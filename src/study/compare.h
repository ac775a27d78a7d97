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
 * them. Not `probes`: but what these measured. */
void compare_settings(Differences *to, const Record *a, const Record *b);
void compare_results(Differences *to, const Record *a, const Record *b, bool probes);
void compare_origins(Differences *to, const Record *a, const Record *b);

/* Of two studies: their recipes, line by line; their cells, row and point by name. */
void compare_recipes(Differences *to, const Grid *a, const Grid *b);
void compare_cells(Differences *to, const Grid *a, const Grid *b);

/* One field of both; NULL: nothing. */
void compare_field(Differences *to, const char *what, const Field *a, const Field *b);

/* What arithmetic gives, by what a file says of its origin and here, where it differs: no bits
 * are in common then. */
void compare_arithmetic(Differences *to, const Table *provenance);

/* Whether numbers of probes are by the same rules there and here (PROBE_NUMERICS), and whether a
 * number of a summary is one of them. */
bool compare_has_probes(const Table *provenance);
bool compare_is_probed(const Record *record, const char *name);

/* ---- again.c: runs of a study, and its cells ------------------------------------------------ */

/* What its recipe says, planned anew: what is wrong ends the program. Whose names its cells do not
 * have are other runs: the data, the numerics or the house's defaults changed. */
const Sweep *study_again(Arena *arena, const Grid *grid);

/* The first cell of a run; series x points x seeds: it has none. */
size_t study_cell(const Grid *grid, const char *id);

/* What a finished or diverged run comes to now, and what rows of a study that judge its weights in
 * other ways say of it; NULL: there are none. */
typedef struct Again {
    const Record *record;
    const Table *judged;
} Again;

/* The run computed again beside its file, and judged as the rows of a study ask (NULL: there is no
 * study). False and *error. */
bool run_again(Arena *arena, const Run *run, const Sweep *sweep, Again *to,
               BaseError *error);

/* All that the results and curves of a study say of a run, in every cell that has it, if the study judges it so
 * still; how many numbers these are. */
size_t compare_cells_again(Differences *to, const Grid *grid, const Run *run,
                           const Again *again, bool probes);

#endif
