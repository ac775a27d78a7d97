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
    bool weighed;                 /* some weight is changed before it is used */
    size_t param_room, norm_room; /* of the net's arrays, which grow */
    Error *error;
} Declared;

struct Layers {
    const Net *net;
    Tape *tape;
    Node *const *in;
    size_t params, norms, outputs;    /* asked for so far */
    char within[LAYERS_LONGEST_NAME]; /* "stage2.block1.", before the names of parts */
    size_t depth, length[LAYERS_DEEPEST]; /* of what was within before each entering */
    Declared *declared;                   /* while declaring, else NULL */
    const NetPass *pass;                  /* while running, else NULL */
    Node **out;                           /* [net->outputs] while running */
};

/* ---- registry.c ------------------------------------------------------------------ */

/* Kind, options and spec from the text, into *net. */
bool net_read(Arena *arena, Net *net, const char *text, Error *error);

/* ---- layers.c -------------------------------------------------------------------- */

/* After all others, so that the draws of weights are those of a plain network. */
void layers_declare_gains(Declared *declared);

/* ---- weights.c ------------------------------------------------------------------- */

/* weights=, into net->weighing; false and *error. */
bool weights_read(Net *net, Arguments *arguments, Text *canonical, Error *error);

/* [K] lengths of the rows of a weight [K, ...], as the network computes them. */
void weights_lengths(double *gain, const double *value, Shape shape);

#endif
