/* build: what an architecture's file uses to declare its parts and to run them. */
#ifndef NORMLAB_BUILD_H
#define NORMLAB_BUILD_H

#include "net.h"

/* A network while it is declared. */
typedef struct Build {
    Arena *arena;
    Net *net;
    const char *norm; /* spec of every normalizer */
    size_t batch;
    Error *error;
    size_t param_room, norm_room; /* of the net's arrays, which grow */
} Build;

/* Each declares a part and returns its number: the first parameter's for weights, the
 * normalizer's for norms. [C, H, W] in `sees` is what flows there. */
size_t build_conv(Build *build, const char *name, size_t K, size_t C, size_t R);
size_t build_norm(Build *build, const char *name, size_t C, size_t H, size_t W,
                  double gamma);
size_t build_linear(Build *build, const char *name, size_t out, size_t in);
void build_flops(Build *build, size_t multiply_adds);
/* After all others, so that the draws of weights are those of a plain network. */
void build_gains(Build *build);

/* Running the parts. */
Node *run_param(const Net *net, const NetPass *pass, size_t param);
Node *run_conv(const Net *net, const NetPass *pass, size_t param, Node *x, size_t stride,
               size_t pad);
Node *run_norm(const Net *net, const NetPass *pass, size_t norm, Node *x);
/* The same and relu, which is left out after a normalizer that activates. */
Node *run_norm_relu(const Net *net, const NetPass *pass, size_t norm, Node *x);
Node *run_linear(const Net *net, const NetPass *pass, size_t param,
                 Node *x); /* x W' + bias */
Node *run_pool(const NetPass *pass,
               Node *x); /* mean over positions: [N, C, ...] -> [N, C] */

/* ---- weights.c ------------------------------------------------------------------- */

/* weights=, into build->net; false and *error. */
bool weights_read(Build *build, Arguments *arguments, Text *canonical);

/* [K] lengths of the rows of a weight [K, ...], as the network computes them. */
void weights_lengths(double *gain, const double *value, Shape shape);

/* ---- resnet.c -------------------------------------------------------------------- */

bool resnet_build(Build *build, Arguments *arguments,
                  Text *canonical); /* sets net->plan */
Node *resnet_logits(const Net *net, const NetPass *pass, Node *x);

#endif
