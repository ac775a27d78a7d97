/* kinks: where the derivative of a program jumps. */
#ifndef NORMLAB_KINKS_H
#define NORMLAB_KINKS_H

#include "tape.h"

/* On which side of its kink each element is that has one, of a whole tape. */
typedef struct Sides {
    size_t count;
    bool *side;
} Sides;

/* Of all that is on the tape so far, from the last node to the first. */
Sides sides_of(Arena *arena, Tape *tape);

/* How many differ, of two tapes that one program wrote. */
size_t sides_crossed(const Sides *one, const Sides *two);

/* Whether anything on it is held constant in its derivative though a gradient is wanted of it. */
bool tape_holds(Tape *tape);

#endif
