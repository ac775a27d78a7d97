/* precision: average precision by COCO's rule, from sums over images.
 *
 * Of every class, and of all classes as one, is counted how many things there are, and of each of
 * PRECISION_BINS steps of the score's root how many are told and how many of them are right, at
 * each of the ten overlaps 0.50, 0.55 ... 0.95 that are asked. Scores in one step count as equal. */
#ifndef NORMLAB_PRECISION_H
#define NORMLAB_PRECISION_H

#include "boxes.h"

enum { PRECISION_BINS = 500, PRECISION_OVERLAPS = 10, PRECISION_RECALLS = 101 };

/* Sums of `classes` classes and of all as one. */
size_t precision_tallies(size_t classes);

/* Adds an image: what is told in order of scores, what is there. Any number of times, sums in any
 * order. */
void precision_add(Arena *scratch, double *tally, size_t classes, const Thing *told,
                   size_t told_count, const Thing *there, size_t there_count);

/* Whether it can be the sum of so many images. */
bool precision_holds(const double *tally, size_t classes, double images);

/* Mean over the classes that there are of the average precision at an overlap, the mean of the
 * precisions at PRECISION_RECALLS recalls; NaN where nothing is there. `any`: of all as one. */
double precision_average(const double *tally, size_t classes, size_t overlap, bool any);

#endif
