/* Who started this process, and beside whom: launchers say it in the environment. */
#include "ranks.h"
#include "house.h"

#include <stdlib.h>

typedef struct Words {
    const char *rank, *count, *here;
} Words;

/* An inner launcher's first: under Slurm, mpirun starts its processes by srun. */
static const Words LAUNCHERS[] = {
    {"OMPI_COMM_WORLD_RANK", "OMPI_COMM_WORLD_SIZE", "OMPI_COMM_WORLD_LOCAL_SIZE"},
    {"PMI_RANK", "PMI_SIZE", "MPI_LOCALNRANKS"},
    {"SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_STEP_TASKS_PER_NODE"}};

/* "3", and of Slurm's "3(x2),1" the first; false: there is none. */
static bool count_in(const char *name, size_t *count) {
    const char *text = getenv(name);
    char *end;
    if (text == NULL || *text < '0' || *text > '9') return false;
    *count = strtoul(text, &end, 10);
    return true;
}

RanksStarted ranks_started(void) {
    for (size_t i = 0; i < COUNT_OF(LAUNCHERS); i++) {
        RanksStarted s = {.here = 0};
        if (!count_in(LAUNCHERS[i].rank, &s.rank) ||
            !count_in(LAUNCHERS[i].count, &s.count) || s.rank >= s.count)
            continue;
        if (!count_in(LAUNCHERS[i].here, &s.here) || s.here == 0 || s.here > s.count)
            s.here = 1;
        return s;
    }
    return (RanksStarted){.rank = 0, .count = 1, .here = 1};
}
