/* What the files of net share: a network while it is declared or run. */
#ifndef NORMLAB_NET_INTERNAL_H
#define NORMLAB_NET_INTERNAL_H

#include "layers.h"

enum { LAYERS_LONGEST_NAME = 128, LAYERS_DEEPEST = 8 };

/* What is written while a network is declared. */
typedef struct Declared {
    Arena *arena;
    Net *net;
    NetNorms norms;
    bool matched[NET_MOST_RULES]; /* rules that named a place */
    bool names;                   /* of places are wanted, not what stands there */
    bool weighed;                 /* some weight is changed before it is used */
    size_t param_room, norm_room; /* of the net's arrays, which grow */
    BaseError *error;
} Declared;

struct Layers {
    const Net *net;
    Tape *tape;
    TapeNode *const *in;
    size_t inputs, params, norms, outputs; /* asked for so far */
    char within[LAYERS_LONGEST_NAME]; /* "stage2.block1.", before the names of parts */
    size_t depth, length[LAYERS_DEEPEST]; /* of what was within before each entering */
    Declared *declared;                   /* while declaring, else NULL */
    const NetPass *pass;                  /* while running, else NULL */
    TapeNode **out;                       /* [net->outputs] while running */
};

/* ---- registry.c ------------------------------------------------------------------ */

/* Options and spec from the text, into *net, and the kind, if there is none yet. */
bool net_read(Arena *arena, Net *net, const char *text, BaseError *error);

/* ---- layers.c -------------------------------------------------------------------- */

/* After all others, so that the draws of weights are those of a plain network. */
void layers_declare_gains(Declared *declared);

/* ---- net.c ----------------------------------------------------------------------- */

/* A network whose places have names and no normalizers, on some images. */
const Net *net_places(Arena *arena, const char *text, BaseError *error);

/* ---- norms.c --------------------------------------------------------------------- */

/* The spec at a place; marks what matched. NULL and *error where two are as good. */
const char *norms_at(const NetNorms *norms, const char *place, bool *matched,
                     BaseError *error);
/* Every rule did: else *error names one that did not, and what may have been meant. */
bool norms_want_matched(Arena *arena, const Net *net, const NetNorms *norms,
                        const bool *matched, BaseError *error);

/* ---- weights.c ------------------------------------------------------------------- */

/* weights=, into net->weighing; false and *error. */
bool weights_read(Net *net, SpecArguments *arguments, BaseError *error);

/* [K] lengths of the rows of a weight [K, ...], as the network computes them. */
void weights_lengths(double *gain, const double *value, Shape shape);

#endif
