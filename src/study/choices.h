/* choices: numbers that normalizers learned, read as weights of what they choose from. */
#ifndef NORMLAB_CHOICES_H
#define NORMLAB_CHOICES_H

#include "study.h"

enum { CHOICES_MOST = 64 };

/* One choice of one parameter of one series; or, of a choice made for every channel, how
 * decided it is. */
typedef struct Weight {
    const Learned *of, *slope; /* the second of a line alone */
    size_t choice;
    bool largest;
} Weight;

/* The elements of one layer after one epoch; *count without what longer layers have. */
const double *choice_elements(const Grid *grid, const Learned *learned, size_t point,
                              size_t seed, size_t layer, size_t row, size_t *count);

/* Each channel has a choice of its own. */
bool choice_is_channels(const Learned *learned);

/* The place of the largest of K logits. */
size_t choice_largest(const double *logit, size_t K);

/* Mean over the layer's elements (gates of channels); NaN: the layer has no such. */
double choice_weight(const Grid *grid, const Weight *weight, size_t point, size_t seed,
                     size_t layer, size_t row);

/* Of the choices whose names begin with `about`, or of all. Returns how many. */
size_t choice_weights(Weight weight[CHOICES_MOST], const Grid *grid, const char *about);

/* "weight of batch (mean_logit)" */
const char *choice_title(Arena *arena, const Weight *weight);

#endif
