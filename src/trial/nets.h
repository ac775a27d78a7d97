/* nets: what networks are judged on. Each is a function of its parameters, all random; of images
 * too, while symbols are constants. */
#ifndef NORMLAB_TRIAL_NETS_H
#define NORMLAB_TRIAL_NETS_H

#include "sheet.h"

#include "net.h"

/* What a network sees and is asked. */
typedef enum NetSight {
    NET_IMAGES,       /* for a class */
    NET_TEXTS,        /* for a class */
    NET_TEXTS_CAUSAL, /* for the next symbol */
    NET_TEXTS_PADDED, /* of several lengths, for a class */
    NET_TEXTS_BOTH,   /* of several lengths, for the next symbol */
    NET_SIGHTS
} NetSight;

/* Texts. Symbol LATE stands at no position before SEEN. */
enum { TEXTS = 4, TEXT_LENGTH = 4, SYMBOLS = 5, LATE = SYMBOLS - 1, TEXT_SEEN = 2 };

bool nets_read_texts(const char *net);
Shape nets_shape(NetSight sight);

/* With `more` positions than usual. NULL and *error: it does not fit. */
const Net *nets_build(Arena *arena, const char *net, const char *norm, NetSight sight,
                      size_t more, BaseError *error);

/* The k-th symbol of text n of `length` positions, NET_NO_SYMBOL where there is none. */
double *nets_text(Arena *arena, NetSight sight, size_t length, uint64_t seed);

/* A parameter as it is judged, and the state: any running means, and variances above a half. */
CheckInput nets_param(Arena *arena, const NetParam *param, uint64_t seed, size_t number);
double *nets_state(Arena *arena, const Net *net, uint64_t seed);

CheckFunction nets_function(Arena *arena, const char *net, const char *norm,
                            NetSight sight, NormMode mode, uint64_t seed);

/* ---- net_texts.c ------------------------------------------------------------------- */

/* In evaluation outputs do not move with symbols that follow: derivatives by what is of these
 * alone are exact zeros, and others in their places, in a table with one huge row, change no
 * bit. */
CheckReport nets_judge_causal(Arena *arena, const char *net, const char *norm,
                              uint64_t seed);

/* Longer padding, whatever its positions hold, moves outputs and gradients by rounding alone. */
CheckReport nets_judge_padding(Arena *arena, const char *net, const char *norm,
                               NetSight sight, NormMode mode, uint64_t seed);

#endif
