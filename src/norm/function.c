/* Functions of the language, in operations of the tape. */
#include "compute.h"

#include <string.h>

static TapeNode *like(Compute *c, const TapeNode *a, double value) {
    return a->shape.rank == 0 ? tape_constant(c->t, value)
                              : tape_fill(c->t, a->shape, value);
}

static TapeNode *lesser(Tape *t, TapeNode *a, TapeNode *b) {
    TapeNode *left = tape_neg(t, a);
    return tape_neg(t, tape_max(t, left, tape_neg(t, b)));
}

/* a (1 + erf(a / sqrt 2)) / 2 */
static TapeNode *gelu(Compute *c, TapeNode *a) {
    Tape *t = c->t;
    TapeNode *inside = tape_div(t, a, tape_sqrt(t, like(c, a, 2.0)));
    TapeNode *share = tape_erf(t, inside);
    share = tape_add(t, like(c, a, 1.0), share);
    return tape_mul(t, a, tape_mul(t, like(c, a, 0.5), share));
}

static TapeNode *of_one(Compute *c, const char *word, TapeNode *a) {
    static const struct {
        const char *word;
        TapeNode *(*write)(Tape *tape, TapeNode *a);
    } PLAIN[] = {{"sqrt", tape_sqrt},       {"exp", tape_exp},   {"log", tape_log},
                 {"tanh", tape_tanh},       {"erf", tape_erf},   {"relu", tape_relu},
                 {"sigmoid", tape_sigmoid}, {"step", tape_step}, {"detach", tape_detach}};
    for (size_t i = 0; i < COUNT_OF(PLAIN); i++)
        if (strcmp(PLAIN[i].word, word) == 0) return PLAIN[i].write(c->t, a);
    if (strcmp(word, "gelu") == 0) return gelu(c, a);
    return tape_max(c->t, a, tape_neg(c->t, a)); /* abs */
}

TapeNode *function_of(Compute *c, const char *word, TapeNode *const *a) {
    if (strcmp(word, "max") == 0) return tape_max(c->t, a[0], a[1]);
    if (strcmp(word, "min") == 0) return lesser(c->t, a[0], a[1]);
    if (strcmp(word, "clip") == 0) return lesser(c->t, tape_max(c->t, a[0], a[1]), a[2]);
    if (strcmp(word, "select") == 0) return tape_select(c->t, a[0], a[1], a[2]);
    return of_one(c, word, a[0]);
}
