/* Who has what; and what a process does that was built without MPI: all of it. */
#include "ranks.h"
#include "house.h"

RanksShare ranks_share(const Ranks *ranks, size_t rank, size_t things) {
    const size_t all = ranks_count(ranks), from = rank * things / all;
    return (RanksShare){from, (rank + 1) * things / all - from};
}

RanksShare ranks_mine(const Ranks *ranks, size_t things) {
    return ranks_share(ranks, ranks_me(ranks), things);
}

int ranks_told(const Ranks *ranks, int number) {
    double same = number;
    ranks_tell(ranks, &same, 1);
    return (int)same;
}

#ifndef NORMLAB_MPI

bool ranks_built(void) {
    return false;
}

Ranks *ranks_begin(Arena *arena, size_t together, BaseError *error) {
    (void)arena;
    base_fail(error, EX_UNAVAILABLE, 0,
              "--ranks %zu: this normlab is built without MPI; the checkout's "
              "./normlab --mpi is built with it",
              together);
    return NULL;
}

void ranks_end(Ranks *ranks) {
    (void)ranks;
}

size_t ranks_count(const Ranks *ranks) {
    (void)ranks;
    return 1;
}

size_t ranks_me(const Ranks *ranks) {
    (void)ranks;
    return 0;
}

size_t ranks_groups(const Ranks *ranks) {
    (void)ranks;
    return 1;
}

size_t ranks_group(const Ranks *ranks) {
    (void)ranks;
    return 0;
}

RanksTraffic ranks_traffic(const Ranks *ranks) {
    (void)ranks;
    return (RanksTraffic){0.0, 0.0};
}

void ranks_gather(const Ranks *ranks, double *rows, size_t things, size_t width) {
    (void)ranks, (void)rows, (void)things, (void)width;
}

void ranks_tell(const Ranks *ranks, double *numbers, size_t count) {
    (void)ranks, (void)numbers, (void)count;
}

unsigned ranks_agree(const Ranks *ranks, unsigned wish) {
    (void)ranks;
    return wish;
}

void ranks_sum(const Ranks *ranks, double *to, const double *of, size_t things, size_t n,
               RanksSum *sum, const void *context) {
    (void)ranks, (void)things;
    sum(to, of, n, n, context);
}
#endif
