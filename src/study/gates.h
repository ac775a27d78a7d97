/* gates: the numbers that the arm which should work must beat before anything is concluded. */
#ifndef NORMLAB_GATES_H
#define NORMLAB_GATES_H

#include "baseline.h"
#include "table.h"

/* [BASELINES] of the first `images` training samples (0: all), judged on the test samples; kept in
 * the user's folder. NULL without *error: the data hold nothing to classify. */
const Baseline *gates_of(Arena *arena, const Dataset *dataset, size_t images,
                         Error *error);

/* The group /gate of a collected file, and back; NULL: it has none. */
void gates_write(Store *store, Arena *arena, const Baseline *baseline);
const Baseline *gates_read(const Store *store, Arena *arena, Error *error);

#endif
