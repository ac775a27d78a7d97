/* strange: what the variants of this folder share. Each is right, none is a normalizer of
 * the registry, and `normlab check` has never heard of them. */
#ifndef NORMLAB_STRANGE_H
#define NORMLAB_STRANGE_H

#include "kind.h"

static inline TapeNode *number(Tape *t, TapeNode *like, double value) {
    return tape_fill(t, like->shape, value);
}

static inline TapeNode *squared(Tape *t, TapeNode *a) {
    return tape_mul(t, a, a);
}

/* With a kink at 0. */
static inline TapeNode *absolute(Tape *t, TapeNode *a) {
    return tape_max(t, a, tape_neg(t, a));
}

/* Each of the cells' numbers plus eps, at its elements. */
static inline TapeNode *held_up(const NormContext *context, TapeNode *cells, double eps,
                                const Partition *p, Shape shape) {
    Tape *t = context->tape;
    return tape_spread(t, tape_add(t, cells, number(t, cells, eps)), p, shape);
}

#define STRANGE(of, what, ...)                                                           \
    const NormKind norm_##of = {.name = #of, .usage = #of, .title = what, __VA_ARGS__};  \
    NORMLAB_PLUGIN(norm_##of)

#endif
