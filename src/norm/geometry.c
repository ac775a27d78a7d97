/* What a normalizer asks of the shape of x, and which cells it has there. */
#include "written.h"
#include "arguments.h"
#include "kind.h"

#include <string.h>

NormText *norm_text(const Norm *norm, NormMode mode) {
    const NormKind *kind = norm->kind;
    return mode == NORM_EVAL && kind->evaluate ? kind->evaluate : kind->text;
}

bool norm_is_partitioned(const Norm *norm, NormMode mode) {
    return norm->kind->define == NULL && norm_text(norm, mode) == NULL;
}

bool norm_takes_moments(const Norm *norm) {
    return norm_is_partitioned(norm, NORM_TRAIN) &&
           norm->cell->moments[NORM_TRAIN] == NORM_OWN;
}

/* Running moments, like the affine alone, are per channel: batch's partition. */
static bool per_channel(const Norm *norm, NormMode mode) {
    return norm->cell->moments[mode] != NORM_OWN;
}

const Partition *norm_partition(Arena *arena, const Norm *norm, ShapeLattice x,
                                NormMode mode, const double *const *state) {
    const NormCells *own = norm->cell;
    REQUIRE(norm->parts == 0, "%s has no partition of its own", norm->spec);
    if (per_channel(norm, mode)) return partition_blocks(arena, x, x.N, 1, false);
    if (norm->kind->partition) return norm->kind->partition(arena, norm, x, state);
    return partition_blocks(arena, x, own->block ? own->block : x.N,
                            own->width ? own->width : x.C, own->apart);
}

const Partition *norm_blocks(const NormContext *context, ShapeLattice x, size_t block,
                             size_t width, bool apart) {
    Arena *arena = tape_arena(context->tape);
    return partition_masked(arena, partition_blocks(arena, x, block, width, apart),
                            context->mask);
}

const Partition *norm_own_cells(const NormContext *context, ShapeLattice x) {
    Arena *arena = tape_arena(context->tape);
    return partition_masked(
        arena, norm_partition(arena, context->norm, x, context->mode, context->state),
        context->mask);
}

ShapeLattice norm_cell_lattice(Arena *arena, const Norm *norm, ShapeLattice x,
                               NormMode mode, const double *const *state) {
    if (per_channel(norm, mode)) return (ShapeLattice){SIZE_MAX, x.C, SIZE_MAX};
    const size_t block = norm->cell->block, width = norm->cell->width;
    ShapeLattice cells = {block ? x.N / block : SIZE_MAX, width ? x.C / width : SIZE_MAX,
                          norm->cell->apart ? x.L : SIZE_MAX};
    const ShapeLattice one = {block ? block : 1, x.C, 1};
    if (norm->kind->partition)
        cells.C = norm->kind->partition(arena, norm, one, state)->channel_cells;
    return cells;
}

const char *norm_cells(Arena *arena, const Norm *norm) {
    const NormKind *kind = norm->kind;
    const NormCells *own = norm->cell;
    if (kind->cells) return kind->cells;
    if (kind->equation) return written_cells(arena, norm);
    if (norm->parts) return "those of its parts";
    if (own->moments[NORM_TRAIN] != NORM_OWN)
        return kind->define || kind->text ? "as its definition says" : "none";
    if (kind->partition) return "as its definition says";
    const char *samples = kind->cell->block ? "one sample"
                          : own->block      ? "a block of samples"
                                            : "all samples",
               *channels = kind->cell->width ? "one channel"
                           : own->width      ? "a block of channels"
                                             : "all channels";
    return text_print(arena, "%s x %s x %s", samples, channels,
                      own->apart ? "one position" : "all positions");
}

bool norm_fits(Arena *arena, const Norm *norm, ShapeLattice x, NormMode mode,
               BaseError *error) {
    const size_t block = norm->cell->block;
    if (x.C != norm->channels)
        return base_fail(error, EX_DATAERR, 0,
                         "%s is configured for %zu channels, not %zu", norm->spec,
                         norm->channels, x.C);
    for (size_t i = 0; i < norm->parts; i++)
        if (!norm_fits(arena, norm->part[i], norm_part_lattice(norm, i, x), mode, error))
            return false;
    if (norm->kind->equation) return written_fits(arena, norm, x, mode, error);
    if (norm->kind->fits) return norm->kind->fits(arena, norm, x, error);
    if (per_channel(norm, mode) || block == 0 || x.N % block == 0) return true;
    return base_fail(
        error, EX_USAGE, 0,
        "%s: blocks of %zu samples do not divide a batch of %zu; those that do: %s",
        norm->spec, block, x.N, divisors_text(arena, x.N));
}

/* Elements of one of these cells; no block is larger than all. */
static size_t elements(const NormCells *cells, ShapeLattice x) {
    const size_t block = cells->block && cells->block < x.N ? cells->block : x.N,
                 width = cells->width && cells->width < x.C ? cells->width : x.C;
    if (cells->cut) return block * (x.C * x.L / cells->cut);
    return block * width * (cells->apart ? 1 : x.L);
}

/* Whether part i has anything to do in that mode. */
static bool takes_part(const Norm *norm, size_t i, NormMode mode) {
    return !norm->phased || i == (mode == NORM_TRAIN ? 0 : 1);
}

size_t norm_smallest_cell(const Norm *norm, ShapeLattice x, NormMode mode) {
    size_t smallest = SIZE_MAX;
    for (size_t i = 0; i < norm->parts + NORM_MAX_CELLS; i++) {
        const size_t k = i - norm->parts; /* of its own cells, which come last */
        size_t size = SIZE_MAX;
        if (i < norm->parts && takes_part(norm, i, mode))
            size = norm_smallest_cell(norm->part[i], norm_part_lattice(norm, i, x), mode);
        else if (i >= norm->parts && norm->cell[k].moments[mode] == NORM_OWN)
            size = elements(&norm->cell[k], x);
        smallest = size < smallest ? size : smallest;
    }
    return smallest;
}

bool norm_is_linear(const Norm *norm, NormMode mode) {
    const NormMoments first = norm->cell->moments[mode];
    for (size_t i = 0; i < norm->parts; i++)
        if (takes_part(norm, i, mode) && !norm_is_linear(norm->part[i], mode))
            return false;
    for (size_t i = 0; i < NORM_MAX_CELLS; i++) {
        const NormMoments whose = norm->cell[i].moments[mode];
        if (whose == NORM_OWN || whose == NORM_READ) return false;
    }
    /* without cells or parts an equation may be anything */
    return norm->parts || norm_is_partitioned(norm, mode) || first != NORM_NONE;
}

/* What would make the cells of one element larger. */
static const char *more_elements(Arena *arena, const Norm *norm, ShapeLattice x,
                                 NormMode mode) {
    const NormCells *own = norm->cell;
    if (own->moments[NORM_EVAL] == NORM_RUNNING && elements(own, x) == 1)
        return "more samples in a cell would do";
    if (own->apart && x.C == 1) return "more channels would do";
    if (x.C == 1 || norm->kind->partition || !norm_is_partitioned(norm, mode))
        return "more positions would do";
    return text_print(arena, "more channels in a cell would do: %s",
                      divisors_text(arena, x.C) + strlen("1, "));
}

bool norm_standardizes(Arena *arena, const Norm *norm, ShapeLattice x, NormMode mode,
                       BaseError *error) {
    for (size_t i = 0; i < norm->parts; i++)
        if (!norm_standardizes(arena, norm->part[i], norm_part_lattice(norm, i, x), mode,
                               error))
            return false;
    if (norm->parts || norm_smallest_cell(norm, x, mode) > 1) return true;
    return base_fail(
        error, EX_USAGE, 0,
        "%s has cells of one element on [%zu, %zu, %zu positions], so its output "
        "%s; %s",
        norm->spec, x.N, x.C, x.L,
        norm_is_partitioned(norm, mode) ? "would be beta whatever its input"
                                        : "could be no more than a sign of its input",
        more_elements(arena, norm, x, mode));
}
