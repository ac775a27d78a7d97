/* order: which samples the workers of each step of an epoch have, by draws alone. */
#ifndef NORMLAB_ORDER_H
#define NORMLAB_ORDER_H

#include "config.h"
#include "dataset.h"

typedef struct Order Order;

/* Of a run on the training samples of `dataset`. NULL and *error (EX_USAGE) where they cannot be
 * dealt to workers as the configuration says. Lives in `arena`. */
Order *order_new(Arena *arena, const Config *config, const Dataset *dataset,
                 BaseError *error);

/* Places in dataset->train, [steps, workers, batch]; the same until another epoch is asked for.
 * Takes no memory. */
const size_t *order_epoch(Order *order, size_t epoch);

#endif
