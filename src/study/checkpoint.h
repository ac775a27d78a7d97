/* checkpoint: a run between two steps, in two files. */
#ifndef NORMLAB_CHECKPOINT_H
#define NORMLAB_CHECKPOINT_H

#include "sweep.h"

/* What is trained, and looked at, and by whom: of several ranks the first reads and writes files,
 * and what it says of them is what all do. */
typedef struct Work {
    Trainer *trainer;
    Probes *probes;
    const Ranks *ranks;
} Work;

/* A run's time, over all the sessions that it took. */
typedef struct Clock {
    const char *started; /* of the first */
    double spent, begin; /* seconds before this one; when this one began */
    size_t next;         /* checkpoint that is written next */
} Clock;

double clock_seconds(const Clock *clock);

/* Each checkpoint takes the place of the older of two, so that the newer is whole whatever happens
 * meanwhile. */
bool checkpoint_save(Arena *arena, Work work, const Run *run, Clock *clock,
                     BaseError *error);

/* From the one that is further; if that is not one to go on from, from the other, which is said. True
 * without any, too: the run then begins. */
bool checkpoint_load(Arena *arena, Work work, const Run *run, Clock *clock,
                     BaseError *error);

/* Both, and what writers of them left behind. */
void checkpoint_drop(Arena *arena, const Run *run);
void checkpoint_sweep(Arena *arena, const Run *run);

#endif
