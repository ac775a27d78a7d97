/* Partitions of which some elements are in no cell: element by element, for who asks for
 * definitions; kernels see whole rows. */
#include "masked.h"
#include "house.h"
#include "stretch.h"
#include "sum.h"

const Partition *partition_masked(Arena *arena, const Partition *p,
                                  const unsigned char *mask) {
    if (mask == NULL) return p;
    Partition *masked = TAKE(arena, Partition, 1);
    *masked = *p;
    masked->mask = mask;
    return masked;
}

size_t masked_count(const Partition *p, size_t cell) {
    size_t count = 0;
    for (Member m = cell_members(p, cell); member_next(&m, p);) count++;
    return count;
}

size_t masked_smallest(const Partition *p) {
    size_t least = SIZE_MAX;
    for (size_t cell = 0; cell < partition_cells(p); cell++) {
        const size_t count = masked_count(p, cell);
        if (count < least) least = count;
    }
    return least;
}

static double mean_about(const double *x, double about, const Partition *p, size_t cell,
                         double count) {
    TreeSum tree;
    tree_clear(&tree);
    for (Member m = cell_members(p, cell); member_next(&m, p);)
        tree_push(&tree, x[m.element] - about);
    return about + tree_total(&tree) / count;
}

static double mean_of(const double *x, const Partition *p, size_t cell, double count) {
    Member first = cell_members(p, cell);
    if (!member_next(&first, p)) return 0.0;
    const double about = mean_about(x, x[first.element], p, cell, count);
    return mean_about(x, about, p, cell, count);
}

void masked_mean(double *mean, const double *x, const Partition *p) {
    for (size_t cell = 0; cell < partition_cells(p); cell++)
        mean[cell] = mean_of(x, p, cell, (double)masked_count(p, cell));
}

void masked_spread(double *x, const double *cell, const Partition *p, double beta) {
    for (size_t i = 0; beta == 0.0 && i < p->N * p->C * p->L; i++) x[i] = 0.0;
    for (size_t k = 0; k < partition_cells(p); k++)
        for (Member m = cell_members(p, k); member_next(&m, p);) x[m.element] += cell[k];
}

void masked_moments(Moments *moments, const double *x, const Partition *p) {
    for (size_t cell = 0; cell < partition_cells(p); cell++) {
        const double count = (double)masked_count(p, cell),
                     shift = mean_of(x, p, cell, count);
        TreeSum first, second;
        tree_clear(&first);
        tree_clear(&second);
        for (Member m = cell_members(p, cell); member_next(&m, p);) {
            const double apart = x[m.element] - shift;
            tree_push(&first, apart);
            tree_push(&second, apart * apart);
        }
        const double sum = tree_total(&first), offset = count > 0.0 ? sum / count : 0.0;
        const double m2 = tree_total(&second) - sum * offset;
        moments[cell] =
            (Moments){count, shift, offset, m2 > 0.0 || isnan(m2) ? m2 : 0.0, 0};
    }
}
