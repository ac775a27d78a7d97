/* detail: what some primitives keep beside their operands, for who reads a program. */
#ifndef NORMLAB_DETAIL_H
#define NORMLAB_DETAIL_H

#include "base.h"

/* slice, pad: elements from..from+size of an axis of length whole */
typedef struct Window {
    size_t axis, from, size, whole;
} Window;

/* softmax-seen: what a row of [B, T, K] sees */
typedef struct Seen {
    size_t rows, keys, times;  /* T, K; blocks of a that have one of the mask's */
    bool causal;               /* row t: the first t + 1 */
    const unsigned char *mask; /* [B / times, K]; NULL: all */
} Seen;

/* Row i of all, B T. */
static inline bool seen_by(const Seen *seen, size_t i, size_t k) {
    return (!seen->causal || k <= i % seen->rows) &&
           (!seen->mask || seen->mask[i / seen->rows / seen->times * seen->keys + k]);
}

/* matmul */
typedef struct Sides {
    bool a, b; /* transposed */
} Sides;

#endif
