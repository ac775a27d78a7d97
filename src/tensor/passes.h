/* passes: rows of doubles on their way through memory, once for each instruction set
 * (kernels.h). All sets give the same bits.
 *
 * A result that is `past` the caches is written around them (nontemporal stores): what is
 * there is not read first, and nothing that may be read again makes room for it. The stores
 * are ordered before what follows by passes_end. */
#ifndef NORMLAB_PASSES_H
#define NORMLAB_PASSES_H

#include "tensor.h"

typedef struct Passes {
    /* y = x; y = a + b; past the caches: what memory itself can do. */
    void (*copy)(double *y, const double *x, size_t n);
    void (*add)(double *y, const double *a, const double *b, size_t n);
} Passes;

/* Those of kernels_best. */
const Passes *passes_best(void);

/* After the last of results past the caches. */
void passes_end(void);

#endif
