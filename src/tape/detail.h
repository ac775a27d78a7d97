/* detail: what some primitives keep beside their operands, for who reads a program. */
#ifndef NORMLAB_DETAIL_H
#define NORMLAB_DETAIL_H

#include "base.h"

/* slice, pad: elements from..from+size of an axis of length whole */
typedef struct Window {
    size_t axis, from, size, whole;
} Window;

/* matmul */
typedef struct Sides {
    bool a, b; /* transposed */
} Sides;

#endif
