/* net: networks made of tape operations and normalizers. A network is named by a spec
 * (`resnet(depth=20, width=16)`), and one more spec says what every normalizer in it is.
 *
 * All weights lie in one vector and all running state in another, so that an optimizer, a
 * checkpoint or a sum over workers is a loop over doubles.
 */
#ifndef NORMLAB_NET_H
#define NORMLAB_NET_H

#include "norm.h"

/* What layers do to their weights before they use them: an option of the network. */
typedef struct NetWeights {
    const char *name, *title, *source;
    size_t least_inputs; /* of a unit; with fewer nothing of the weight would be left */
    bool linear;         /* of linear layers too, not of convolutions alone */
    bool gain;           /* a learned number for each output unit, at first |v| */
    Node *(*apply)(Tape *tape, Node *v, Node *gain); /* NULL: v as it is */
} NetWeights;

/* The first is what a network has that names none. */
const NetWeights *net_weights(size_t *count);

typedef struct NetParam {
    const char *name; /* "stage2.block1.norm2.gamma" */
    Shape shape;
    size_t offset, count; /* place in the vector of weights */
    bool normalizer;      /* belongs to a normalizer (gamma, beta...) */
    bool decayed;
    double initial; /* constant initial value, where std is 0 */
    double std;     /* of the initial normal draws: He et al. 2015, sqrt(1/fan_in) last */
    double least, most;  /* kept inside after each step */
    const double *start; /* [count] initial values that differ; NULL: `initial` */
    size_t gain;         /* of a weight: the number of its gain; 0: none */
    size_t gain_of;      /* of a gain: 1 + the number of its weight; 0: no gain */
} NetParam;

typedef struct NetNorm {
    const char *name; /* "stage2.block1.norm2" */
    const Norm *norm;
    size_t param; /* first of its parameters in Net.param */
    size_t state; /* offset of its running state in the vector of state */
    Lattice sees; /* of one sample: N = 1 */
} NetNorm;

typedef struct Net Net;

typedef struct NetImage {
    size_t channels, height, width, classes;
} NetImage;

struct Net {
    const char *spec; /* canonical */
    NetImage image;
    size_t params, norms;
    NetParam *param;
    NetNorm *norm;
    size_t weights, states; /* doubles in each vector */
    double flops;           /* of one sample forward: 2 a multiply-add */
    const NetWeights *weighing;
    const void *plan; /* the architecture's own */
};

typedef struct NetKind {
    const char *name, *usage, *title;
} NetKind;

const NetKind *net_kinds(size_t *count);

/* Canonical form, without building it. NULL and *error (at: offset in `text`). */
const char *net_canonical(Arena *arena, const char *text, Error *error);

/* Builds a network for images and `batch` samples a worker. Refuses normalizers that do
 * not fit a layer or have cells of one element there: the message names the layer, the
 * numbers and what would work. */
const Net *net_new(Arena *arena, const char *text, const char *norm, NetImage image,
                   size_t batch, Error *error);

/* Initial weights by `seed` and initial running state. */
void net_initialize(const Net *net, double *weights, double *state, uint64_t seed);

/* One forward pass: what it reads and where it writes. */
typedef struct NetPass {
    Tape *tape;
    NormMode mode;
    size_t epoch, step;
    const double *weights; /* [net->weights] */
    Node *const *param;    /* [net->params] in their place; NULL: leaves of weights */
    double *gradient;      /* [net->weights] for tape_backward; NULL: none */
    const double *state;   /* [net->states], read in NORM_EVAL */
    double *observed;      /* [net->states], written in NORM_TRAIN; NULL: not wanted */
    bool wanted;      /* gradients are wanted though there is no slot (tape_gradient) */
    bool definitions; /* normalizers by their definitions instead of their kernels */
} NetPass;

/* Logits [N, classes] of x [N, channels, height, width]. */
Node *net_logits(const Net *net, const NetPass *pass, Node *x);

#endif
