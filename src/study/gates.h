/* gates: the numbers that the arm which should work must beat before anything is concluded. */
#ifndef NORMLAB_GATES_H
#define NORMLAB_GATES_H

#include "gate.h"
#include "grid.h"

/* Of the samples that runs of this configuration train and validate on, judged on the test samples;
 * kept in the user's folder. NULL without *error: no gate fits, or there is nothing to judge by. */
const Gates *gates_of(Arena *arena, const Dataset *dataset, const Config *config,
                      BaseError *error);

/* The same of several seeds as one, of as many as *one has. */
Gates *gates_join(Arena *arena, const Gates *const *one, size_t seeds);

/* A group of a collected file, "/gate", and back: where the metric is the same; NULL: it has none. */
void gates_write(Store *store, Arena *arena, const char *group, const Gates *gates,
                 const double *seed);
const Gates *gates_read(const Store *store, Arena *arena, const char *group,
                        const TaskMetric *metric, BaseError *error);
/* "/gate_0": of a column, where columns train on other samples. */
const char *gates_group(Arena *arena, size_t point);

/* [kinds] that a seed's runs must beat. */
const GateScore *gates_at(const Gates *gates, size_t seed);
/* Mean over the seeds of the i-th. */
double gates_mean(const Gates *gates, size_t i);

#endif
