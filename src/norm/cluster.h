/* cluster: channels into groups by their features. Every group has a channel; the result
 * is a function of features and draw alone. */
#ifndef NORMLAB_CLUSTER_H
#define NORMLAB_CLUSTER_H

#include "base.h"

/* set[count] in 0..sets-1 (sets <= count). */

/* k-means of points [count, 2]: k-means++ seeds (Arthur and Vassilvitskii 2007), then Lloyd's
 * steps; `equal`: groups of count / sets (which divides), each step the assignment of least
 * total squared distance (Bradley, Bennett and Demiriz 2000). */
void cluster_means(Arena *scratch, size_t *set, const double *point, size_t count,
                   size_t sets, bool equal, Draw draw);

/* Equal groups of consecutive ranks of key[count]. */
void cluster_sorted(Arena *scratch, size_t *set, const double *key, size_t count,
                    size_t sets);

/* Equal groups at random. */
void cluster_random(Arena *scratch, size_t *set, size_t count, size_t sets, Draw draw);

#endif
