/* What is there at a normalizer's place, and the moments of it. */
#include "there.h"
#include "sum.h"

#include <math.h>

size_t there_row(double *to, const TrainPlace *p, const double *x, size_t sample,
                 size_t channel) {
    const ShapeLattice l = shape_lattice(p->shape);
    const double *row = x + (sample * l.C + channel) * l.L;
    size_t count = 0;
    for (size_t k = 0; k < l.L; k++)
        if (p->there == NULL || p->there[sample * l.L + k]) to[count++] = row[k];
    return count;
}

void there_moments(double *mean, double *deviation, const double *x, size_t count) {
    TreeSum squares;
    const double m = sum_run(x, count) / (double)count;
    tree_clear(&squares);
    TREE_SUM(&squares, count, i, (x[i] - m) * (x[i] - m));
    *mean = m;
    *deviation = sqrt(tree_total(&squares) / (double)count);
}
