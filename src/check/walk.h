/* walk: a gradient looked at element by element, or along random directions, through any
 * oracle that answers for one line through the inputs. */
#ifndef NORMLAB_WALK_H
#define NORMLAB_WALK_H

#include "judge.h"

typedef struct Walk Walk;

struct Walk {
    Derive derive;
    Judge judge;
    Kinks kinks;
    double **along; /* direction of the probe at work, zeros between */
    bool each;      /* beside random directions, one in each input alone */

    /* Fills expected, allowed, estimate and trouble of the case: the derivative of the
     * probe's f at 0. */
    void (*ask)(const Walk *walk, const Probe *probe, double noise, Case *c);
    double (*noise)(const Probe *probe); /* of f's values along a line; NULL: none */
    const void *oracle;                  /* the asker's own */
};

/* Every element while the inputs together have at most `full`; else so many directions. */
CheckReport walk_all(Walk *walk, size_t full);

#endif
