/* What a normalizer asks of the shape of x, and which cells it has there. */
#include "kind.h"

#include <string.h>

bool norm_is_partitioned(const Norm *norm, NormMode mode) {
    const NormKind *kind = norm->kind;
    return (kind->define == NULL && kind->text == NULL) ||
           (kind->evaluates && mode == NORM_TRAIN);
}

/* Given moments, like the affine alone, are per channel: batch's partition. */
static bool per_channel(const Norm *norm, NormMode mode) {
    return norm->kind->fixed || (norm->kind->keeps_state && mode == NORM_EVAL);
}

const Partition *norm_partition(Arena *arena, const Norm *norm, Lattice x, NormMode mode,
                                const double *const *state) {
    REQUIRE(norm->parts == 0, "%s has no partition of its own", norm->spec);
    if (per_channel(norm, mode)) return partition_blocks(arena, x, x.N, 1, false);
    if (norm->kind->partition) return norm->kind->partition(arena, norm, x, state);
    return partition_blocks(arena, x, norm->block ? norm->block : x.N,
                            norm->width ? norm->width : x.C, norm->kind->apart);
}

Lattice norm_cell_lattice(Arena *arena, const Norm *norm, Lattice x, NormMode mode,
                          const double *const *state) {
    if (per_channel(norm, mode)) return (Lattice){SIZE_MAX, x.C, SIZE_MAX};
    const size_t block = norm->block, width = norm->width;
    Lattice cells = {block ? x.N / block : SIZE_MAX, width ? x.C / width : SIZE_MAX,
                     norm->kind->apart ? x.L : SIZE_MAX};
    const Lattice one = {block ? block : 1, x.C, 1};
    if (norm->kind->partition)
        cells.C = norm->kind->partition(arena, norm, one, state)->channel_cells;
    return cells;
}

bool norm_fits(Arena *arena, const Norm *norm, Lattice x, NormMode mode, Error *error) {
    if (x.C != norm->channels)
        return fail(error, EX_DATAERR, 0, "%s is configured for %zu channels, not %zu",
                    norm->spec, norm->channels, x.C);
    for (size_t i = 0; i < norm->parts; i++)
        if (!norm_fits(arena, norm->part[i], norm_part_lattice(norm, i, x), mode, error))
            return false;
    if (norm->kind->fits) return norm->kind->fits(arena, norm, x, error);
    if (norm->parts || per_channel(norm, mode) || norm->block == 0 ||
        x.N % norm->block == 0)
        return true;
    return fail(
        error, EX_USAGE, 0,
        "%s: blocks of %zu samples do not divide a batch of %zu; those that do: %s",
        norm->spec, norm->block, x.N, divisors_text(arena, x.N));
}

size_t norm_smallest_cell(Arena *arena, const Norm *norm, Lattice x, NormMode mode) {
    size_t smallest = SIZE_MAX;
    for (size_t i = 0; i < norm->parts; i++) {
        Lattice sees = norm_part_lattice(norm, i, x);
        size_t size = norm_smallest_cell(arena, norm->part[i], sees, mode);
        if (size < smallest) smallest = size;
    }
    if (norm->kind->smallest) return norm->kind->smallest(arena, norm, x, mode);
    if (norm->parts || per_channel(norm, mode)) return smallest;
    return partition_smallest(
        norm_is_partitioned(norm, mode)
            ? norm_partition(arena, norm, x, mode, NULL)
            : partition_blocks(arena, x, norm->block ? norm->block : x.N,
                               norm->width ? norm->width : x.C, norm->kind->apart));
}

bool norm_standardizes(Arena *arena, const Norm *norm, Lattice x, NormMode mode,
                       Error *error) {
    for (size_t i = 0; i < norm->parts; i++)
        if (!norm_standardizes(arena, norm->part[i], norm_part_lattice(norm, i, x), mode,
                               error))
            return false;
    if (norm->parts || norm_smallest_cell(arena, norm, x, mode) > 1) return true;
    const char *more = norm->kind->smallest            ? "more positions would do"
                       : norm->kind->keeps_state       ? "more samples in a cell would do"
                       : x.C == 1 && norm->kind->apart ? "more channels would do"
                       : x.C == 1
                           ? "more positions would do"
                           : text_print(arena, "more channels in a cell would do: %s",
                                        divisors_text(arena, x.C) + strlen("1, "));
    return fail(error, EX_USAGE, 0,
                "%s has cells of one element on [%zu, %zu, %zu positions], so its output "
                "%s; %s",
                norm->spec, x.N, x.C, x.L,
                norm_is_partitioned(norm, mode)
                    ? "would be beta whatever its input"
                    : "could be no more than a sign of its input",
                more);
}
