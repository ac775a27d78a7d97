/* places: which places of a detector's levels have which object.
 *
 * FCOS's rule with centre sampling (Tian et al. 2019, and their second version of 2020): inside the box and
 * not farther than 1.5 places from its centre, on one level alone; here always the place that the
 * centre lies in, too. Of several objects at a place the smallest is meant. An object belongs to the
 * finest level on which its longer side has no more than six places, else to the coarsest: about
 * where RetinaNet's anchors end (4 x 2^(2/3) places). Where a pixel has no class (DATA_IGNORED) the
 * place whose centre lies in it is not asked. */
#ifndef NORMLAB_PLACES_H
#define NORMLAB_PLACES_H

#include "boxes.h"

/* One sample: what is in it, and over which pixels. */
typedef struct Seen {
    size_t height, width, count;
    const uint8_t *object, *mask;
    Thing thing[DATA_MOST_CLASSES];
} Seen;

void places_see(Seen *seen, const Task *task, const Batch *batch, size_t n);

/* What stands for no object at a place. */
enum { PLACE_UNASKED = -2, PLACE_EMPTY = -1 };

/* has[places] of level k of `levels`: the number of its object in `thing`, or one of the above. */
void places_mark(int *has, const Seen *seen, const BoxLevel *level, size_t levels,
                 size_t k);

/* ---- detect_example.c ----------------------------------------------------------------- */

extern const TaskExample detect_example;

#endif
