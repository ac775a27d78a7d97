/* gates: the numbers that the arm which should work must beat before anything is concluded. */
#ifndef NORMLAB_GATES_H
#define NORMLAB_GATES_H

#include "baseline.h"
#include "grid.h"

/* [BASELINES] of the samples that runs of this configuration train and validate on, judged on the
 * test samples; kept in the user's folder. NULL without *error: the data hold nothing to classify. */
const Baseline *gates_of(Arena *arena, const Dataset *dataset, const Config *config,
                         BaseError *error);

/* The group /gate of a collected file, and back; [*seeds, BASELINES], of one seed where all seeds
 * train on the same samples. NULL: it has none. */
void gates_write(Store *store, Arena *arena, const Baseline *baseline, const double *seed,
                 size_t seeds);
const Baseline *gates_read(const Store *store, Arena *arena, size_t *seeds,
                           BaseError *error);

/* Those of a grid that a seed's runs must beat. */
const Baseline *gates_at(const Grid *grid, size_t seed);
/* Mean over the seeds of the error of the i-th. */
double gates_mean(const Grid *grid, size_t i);

#endif
