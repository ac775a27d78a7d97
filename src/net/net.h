/* net: networks made of tape operations and normalizers. A network is a program from named
 * inputs to named outputs, named by a spec (`resnet(depth=20, width=16)`); one more spec, or
 * several, say what its normalizers are.
 *
 * Its text stands once, in its file (layers.h): run on shapes it declares what the network is
 * made of, run on a tape it computes. All weights lie in one vector and all running state in
 * another, so that an optimizer, a checkpoint or a sum over workers is a loop over doubles.
 *
 * A new network is one file NAME.c with a NetKind in it and one line in net.def.
 */
#ifndef NORMLAB_NET_H
#define NORMLAB_NET_H

#include "norm.h"
#include "place.h"

typedef struct NetKind NetKind;

/* What layers do to their weights before they use them: an option of every network. */
typedef struct NetWeights {
    const char *name, *title, *source;
    size_t least_inputs; /* of a unit; with fewer nothing of the weight would be left */
    bool linear;         /* of linear layers too, not of convolutions alone */
    bool gain;           /* a learned number for each output unit, at first |v| */
    TapeNode *(*apply)(Tape *tape, TapeNode *v, TapeNode *gain); /* NULL: v as it is */
} NetWeights;

/* The first is what a network has that names none. */
const NetWeights *net_weights(size_t *count);

typedef struct NetParam {
    const char *name; /* "stage2.block1.norm2.gamma" */
    Shape shape;
    size_t offset, count; /* place in the vector of weights */
    bool normalizer;      /* belongs to a normalizer (gamma, beta...) */
    NormParamRole role;   /* there */
    bool decayed;
    double initial;      /* value at first, or the mean of the draws */
    double std;          /* of the initial normal draws */
    bool orthogonal;     /* which are then made orthogonal, of the same std */
    double least, most;  /* kept inside after each step */
    const double *start; /* [count] initial values that differ; NULL: `initial` */
    bool weighed;        /* a weight that is changed before it is used */
    /* Of a layer whose result, or it and a bias, a normalizer sees: 1 + its number in
     * Net.norm; 0: none does. */
    size_t before_norm;
    size_t gain;    /* of a weight: the number of its gain; 0: none */
    size_t gain_of; /* of a gain: 1 + the number of its weight; 0: no gain */
} NetParam;

typedef struct NetNorm {
    const char *name; /* "stage2.block1.norm2" */
    const Norm *norm;
    size_t param;      /* first of its parameters in Net.param */
    size_t state;      /* offset of its running state in the vector of state */
    ShapeLattice sees; /* of one sample: N = 1 */
    Shape shape;       /* of the samples that the network was declared for */
} NetNorm;

/* Where a residual branch is added to what passes it by. */
typedef struct NetBranch {
    const char *name; /* "stage2.block1.sum" */
    Shape shape;      /* of the samples that the network was declared for */
    size_t terms; /* that the sum then has: 2 where what passes by is no such sum, else
                         one more than that has */
} NetBranch;

enum { NET_MOST_ENDS = 8, NET_MOST_OPTIONS = 12, NET_MOST_RULES = 16 };

/* What a network reads: numbers, or symbols. */
typedef enum NetReads { NET_NUMBERS, NET_SYMBOLS } NetReads;

/* One that a network takes or gives, of one sample: "image" [C, H, W], "logits" [K]. Symbols,
 * "text" [T], are whole numbers below `symbols`; where there is none (the padding of what is
 * shorter) stands NET_NO_SYMBOL. */
typedef struct NetEnd {
    const char *name;
    Shape shape;
    size_t symbols; /* 0: it is of numbers */
} NetEnd;

#define NET_NO_SYMBOL (-1.0)

/* What a network stands between: the inputs that there are, and how many numbers are wanted
 * out of each place (classes, or 1). */
typedef struct NetFace {
    size_t inputs;
    NetEnd input[NET_MOST_ENDS];
    size_t outputs;
    bool
        causal; /* wanted at every position of a sequence, [outputs, T], each of what stands up
                    to it and never of what follows: the next symbol is to be told */
} NetFace;

/* Of images alone: the input is "image" [C, H, W]. Of sequences alone: it is "text" [T]. */
NetFace net_of_images(size_t C, size_t H, size_t W, size_t outputs);
NetFace net_of_text(size_t symbols, size_t T, size_t outputs, bool causal);

/* A normalizer for the places that a pattern names: parts of their names in order, joined by
 * dots, with * for any letters. stage3.norm2 is stage3.block1.norm2 and its like. */
typedef struct NetRule {
    const char *pattern, *spec;
} NetRule;

/* What the normalizers of a network are. Of several patterns that name a place that with the
 * most parts counts; where two have as many, the network is refused, and where a pattern names
 * no place. */
typedef struct NetNorms {
    const char *all; /* where no pattern names the place */
    size_t rules;
    NetRule rule[NET_MOST_RULES]; /* in the order of their patterns */
} NetNorms;

/* A configured network. Never changes. */
typedef struct Net {
    const NetKind *kind;
    const char *spec; /* canonical */
    size_t option[NET_MOST_OPTIONS];
    NetFace face;
    size_t outputs;
    NetEnd output[NET_MOST_ENDS]; /* in the order of the text */
    size_t params, norms, branches;
    NetParam *param;
    NetNorm *norm;
    NetBranch *branch;
    size_t weights, states; /* doubles in each vector */
    double flops;           /* of one sample forward: 2 a multiply-add */
    const NetWeights *weighing;
} Net;

/* ---- registry.c ------------------------------------------------------------------ */

/* net.def, in order. */
const NetKind *const *net_kinds(size_t *count);
const char *net_name(const NetKind *kind);
const char *net_usage(const NetKind *kind); /* "resnet(depth=D, width=W)" */
const char *net_title(const NetKind *kind);
const char *net_example(const NetKind *kind); /* a small one */
NetReads net_reads(const NetKind *kind);

/* Canonical form, from its text alone. NULL and *error (at: offset in `text`). */
const char *net_canonical(Arena *arena, const char *text, BaseError *error);

/* ---- net.c ----------------------------------------------------------------------- */

/* Declares a network for `batch` samples a worker. Refuses what does not fit the face, and
 * normalizers that do not fit a layer or have cells of one element there: the message names the
 * layer, the numbers and what would work. */
const Net *net_new(Arena *arena, const char *text, NetNorms norms, NetFace face,
                   size_t batch, BaseError *error);

/* Whether a network's weights and states are those of `own`, which takes images of another size;
 * *error (EX_USAGE) names a parameter that is not. */
bool net_alike(Arena *arena, const Net *own, const Net *net, BaseError *error);

/* What stands at the place of a normalizer in a pass that is watched. */
typedef struct NetWatch {
    TapeNode *in, *out; /* before it; behind it, gamma and beta, before an activation that
                           is not its own. Of a branch: what passes by; the branch */
    const unsigned char *mask; /* [N, L] what of it is in a cell; NULL: all */
} NetWatch;

/* One forward pass: what it reads and where it writes. */
typedef struct NetPass {
    Tape *tape;
    NormMode mode;
    size_t epoch, step;
    const double *weights;  /* [net->weights] */
    TapeNode *const *param; /* [net->params] in their place; NULL: leaves of weights */
    double *gradient;       /* [net->weights] for tape_backward; NULL: none */
    const double *state;    /* [net->states], read in NORM_EVAL */
    double *observed;       /* [net->states], written in NORM_TRAIN; NULL: not wanted */
    bool observes;    /* in NORM_EVAL, too: what a step would observe of the same x */
    bool wanted;      /* gradients are wanted though there is no slot (tape_gradient) */
    bool definitions; /* normalizers by their definitions instead of their kernels */
    bool whole;       /* as NormContext's */
    NetWatch *watch; /* [net->norms] written; NULL: nobody looks. Watched, a relu behind a
                         normalizer is a node of its own: the same bits forward */
    NetWatch *watch_branch; /* [net->branches] likewise */
} NetPass;

/* out[net->outputs] of in[face.inputs], each [N, of one sample]. */
void net_run(const Net *net, const NetPass *pass, TapeNode *const *in, TapeNode **out);

/* The one output of a network that has one, of its one input. */
TapeNode *net_run_one(const Net *net, const NetPass *pass, TapeNode *in);

/* ---- norms.c --------------------------------------------------------------------- */

/* "batch" or "batch; stage3=group(8); norm2=layer". False and *error (at: offset in `text`). */
bool net_norms_read(Arena *arena, const char *text, NetNorms *norms, BaseError *error);
const char *net_norms_print(Arena *arena, const NetNorms *norms); /* canonical */

/* Adds a rule, or replaces that of the pattern. */
bool net_norms_set(Arena *arena, NetNorms *norms, const char *pattern, const char *spec,
                   BaseError *error);

/* What they come to in a network, whatever they were said by: a line "norm=SPEC" where all
 * places have the same, else "norm.PLACE=SPEC" for each; "" where there are none. NULL and *error where they are
 * refused, or the network. */
const char *net_norms_resolve(Arena *arena, const char *network, const NetNorms *norms,
                              BaseError *error);

/* ---- start.c --------------------------------------------------------------------- */

/* Initial weights by `seed` and initial running state. */
void net_initialize(const Net *net, double *weights, double *state, uint64_t seed);

/* ---- take.c ---------------------------------------------------------------------- */

/* A parameter, or a running state, of a network by its name: "stem.norm.running_mean". */
typedef struct NetTensor {
    const char *name;
    bool state;
    Shape shape;
    const double *value;
} NetTensor;

typedef struct NetTaken {
    size_t count, lacks;
    const char
        *lacking; /* names of this network's that are not there, ", " between them */
    char sha256[DIGEST_LENGTH + 1]; /* of the names, shapes and numbers that were taken */
} NetTaken;

/* Into weights [net->weights] and state [net->states] (NULL: into nowhere) what of `from` has the
 * name of a place here; the others stay. False and *error (EX_DATAERR) where a shape differs. */
bool net_take(Arena *arena, const Net *net, double *weights, double *state,
              const NetTensor *from, size_t count, NetTaken *taken, BaseError *error);

#endif
