/* ranks: processes that work together, on one machine or on many. The only code that knows MPI;
 * built without it (NORMLAB_MPI is off) a process is alone.
 *
 * What a group does is done by all of it: each rank makes the same calls in the same order, from
 * one thread at a time. A sum has one order, so no number of ranks shows in its bits. A group that
 * loses a rank is ended as a whole, by whoever started it.
 * notes/40-workers.md
 */
#ifndef NORMLAB_RANKS_H
#define NORMLAB_RANKS_H

#include "base.h"

/* ---- ranks.c: a group, and what it exchanges ------------------------------------------ */

/* Processes that share one thing; NULL: this one alone, and all below is trivial. */
typedef struct Ranks Ranks;

bool ranks_built(void); /* with MPI */

/* Of all processes that were started together, the group of `together` that this one belongs to;
 * once in a process, before its first thread. Lives in `arena`. NULL and *error: built without
 * (EX_UNAVAILABLE), or not so many were started, or no whole number of groups (EX_USAGE). */
Ranks *ranks_begin(Arena *arena, size_t together, BaseError *error);
void ranks_end(Ranks *ranks); /* waits for all that were started; NULL is fine */

size_t ranks_count(const Ranks *ranks); /* of the group */
size_t ranks_me(const Ranks *ranks);    /* 0: the first, which writes and speaks */
size_t ranks_groups(const Ranks *ranks);
size_t ranks_group(const Ranks *ranks); /* 0: the first */

/* Of so many things in a row a rank has a contiguous share; with more ranks than things some have
 * none. */
typedef struct RanksShare {
    size_t from, count;
} RanksShare;

RanksShare ranks_share(const Ranks *ranks, size_t rank, size_t things);
RanksShare ranks_mine(const Ranks *ranks, size_t things);

/* rows[things, width]: each rank has filled its share of the rows, and gets all others'. */
void ranks_gather(const Ranks *ranks, double *rows, size_t things, size_t width);

/* numbers[count] of the first rank, for all. */
void ranks_tell(const Ranks *ranks, double *numbers, size_t count);

int ranks_told(const Ranks *ranks, int number); /* the first one's */

/* All bits that any rank wishes. */
unsigned ranks_agree(const Ranks *ranks, unsigned wish);

/* to[count] = what a sum over all things makes of their numbers: of thing k, of[k * stride + i]. */
typedef void RanksSum(double *to, const double *of, size_t stride, size_t count,
                      const void *context);

/* to[n] = sum over things of their rows of n numbers, of which `of` has this rank's share alone.
 * Each rank gets a block of columns of all rows, sums it by `sum` as one process would, and tells
 * the others: about 2 n numbers cross a rank's wire, however many ranks there are. */
void ranks_sum(const Ranks *ranks, double *to, const double *of, size_t things, size_t n,
               RanksSum *sum, const void *context);

/* What this rank got from others so far. */
typedef struct RanksTraffic {
    double calls, bytes;
} RanksTraffic;

RanksTraffic ranks_traffic(const Ranks *ranks);

/* ---- launcher.c: who started this process ----------------------------------------------- */

/* By the environment that mpirun (Open MPI's, MPICH's) or srun give, whether this is built with MPI
 * or not. Who was started alone is 0 of 1. */
typedef struct RanksStarted {
    size_t rank, count;
    size_t here; /* on this machine */
} RanksStarted;

RanksStarted ranks_started(void);

#endif
