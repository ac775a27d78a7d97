/* forming: the recordings of several sizes while one program is made of them. */
#ifndef NORMLAB_EXPORT_FORMING_H
#define NORMLAB_EXPORT_FORMING_H

#include "internal.h"

typedef struct Forming {
    Arena *arena;
    const Norm *norm;
    ShapeLattice at[SIZES];
    Recording recording[SIZES];
    const Program *program[SIZES];
    BaseError *error;
} Forming;

/* False, and *error says that no module says it, and why. */
bool forming_cannot(const Forming *f, const char *why);

/* The node of a step at one of the sizes. */
const TapeNode *forming_node(const Forming *f, size_t size, size_t step);

/* One expression of what is `value` at the sizes. */
bool forming_fit(const Forming *f, Measure *m, const size_t value[SIZES]);

/* leaf.c, detail.c: what a leaf is, and what an operation keeps beside its operands; false: nothing
 * that is known here, or *error is set. */
bool forming_leaf(const Forming *f, FormStep *step, size_t s);
bool forming_detail(const Forming *f, FormStep *step, size_t s);

#endif
