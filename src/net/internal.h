/* What the files of net share: a network while it is declared or run. */
#ifndef NORMLAB_NET_INTERNAL_H
#define NORMLAB_NET_INTERNAL_H

#include "layers.h"

enum { LAYERS_LONGEST_NAME = 128, LAYERS_DEEPEST = 8 };

/* The node of a parameter. */
typedef struct DeclaredLeaf {
    const TapeNode *node;
    size_t param;
} DeclaredLeaf;

/* What is written while a network is declared. */
typedef struct Declared {
    Arena *arena;
    Net *net;
    NetNorms norms;
    bool matched[NET_MOST_RULES]; /* rules that named a place */
    bool names;                   /* of places are wanted, not what stands there */
    bool weighed;                 /* some weight is changed before it is used */
    size_t param_room, norm_room, branch_room; /* of the net's arrays, which grow */
    DeclaredLeaf *leaf;                        /* [leaves] of the parameters of layers */
    size_t leaves, leaf_room;
    BaseError *error;
} Declared;

struct Layers {
    const Net *net;
    Tape *tape;
    TapeNode *const *in;
    size_t inputs, params, norms, branches, outputs; /* asked for so far */
    const unsigned char
        *mask;           /* [N, T] symbols that are there; NULL: all, or not known yet */
    size_t N, T;         /* of the symbols */
    TapeNode *embedding; /* [K, C]; NULL: none yet */
    char within[LAYERS_LONGEST_NAME]; /* "stage2.block1.", before the names of parts */
    size_t depth, length[LAYERS_DEEPEST]; /* of what was within before each entering */
    const TapeNode *sum;                  /* of the last branch, while declaring */
    Declared *declared;                   /* while declaring, else NULL */
    const NetPass *pass;                  /* while running, else NULL */
    TapeNode **out;                       /* [net->outputs] while running */
};

/* ---- registry.c ------------------------------------------------------------------ */

/* Options and spec from the text, into *net, and the kind, if there is none yet. */
bool net_read(Arena *arena, Net *net, const char *text, BaseError *error);

/* ---- layers.c -------------------------------------------------------------------- */

/* "stage2.block1.", and the name. */
const char *layers_full_name(const Layers *l, Arena *arena, const char *name);
#ifdef NORMLAB_VERIFY
/* Whether `full` is this part, or one of its own: "stem.weight" is of "stem". */
bool layers_is_part(const Layers *l, const char *name, const char *full);
#endif

/* An array of `count` with room for one more; what is outgrown stays in the arena. */
void *layers_room(Arena *arena, void *array, size_t count, size_t *room, size_t size);

void layers_declare_param(Declared *declared, NetParam param);
TapeNode *layers_param_node(const Layers *l, size_t number);

/* The next parameter, "stem", "weight"; a weight [K, ...] as it is used. */
TapeNode *layers_param(Layers *l, const char *name, const char *own, Shape shape,
                       LayerStart start);
TapeNode *layers_weight(Layers *l, const char *name, Shape shape, LayerStart start);

void layers_flops(Layers *l, size_t multiply_adds);

/* What stands for a result that cannot be, or is not wanted. */
TapeNode *layers_nothing(Layers *l, Shape shape);

/* After all others, so that the draws of weights are those of a plain network. */
void layers_declare_gains(Declared *declared);

/* ---- before.c -------------------------------------------------------------------- */

void layers_keep_leaf(Declared *declared, const TapeNode *node, size_t param);
/* Of a layer whose result is x, for a normalizer to see: NetParam.before_norm. */
void layers_note_before(Declared *declared, const TapeNode *x);

/* ---- sequence.c ------------------------------------------------------------------ */

/* Where symbols are there, of x of as many positions and samples, or so many times as many (heads);
 * NULL: everywhere. */
const unsigned char *layers_mask(const Layers *l, ShapeLattice x);
/* x where they are, 0 elsewhere. */
TapeNode *layers_present(Layers *l, TapeNode *x);

/* ---- causal.c -------------------------------------------------------------------- */

/* Whether in evaluation y at one position of x depends on x at a later one. */
bool norm_looks_ahead(const Norm *norm, ShapeLattice x);

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
