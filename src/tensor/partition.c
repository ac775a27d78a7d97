/* Partitions as (block of samples) x (set of channels) [x position]. */
#include "house.h"
#include "masked.h"
#include "moments.h"
#include "slabs.h"

const Partition *partition_map(Arena *arena, ShapeLattice x, size_t block,
                               const size_t *cell_of, size_t sets, bool apart) {
    REQUIRE(block > 0 && x.N % block == 0, "blocks of %zu samples in %zu", block, x.N);
    size_t *own = TAKE(arena, size_t, x.C), *member = TAKE(arena, size_t, x.C);
    size_t *start = ZERO(arena, size_t, sets + 1);
    for (size_t c = 0; c < x.C; c++) {
        REQUIRE(cell_of[c] < sets, "channel %zu in set %zu of %zu", c, cell_of[c], sets);
        own[c] = cell_of[c];
        start[cell_of[c] + 1]++;
    }
    for (size_t g = 0; g < sets; g++) {
        REQUIRE(start[g + 1] > 0, "set %zu has no channels", g);
        start[g + 1] += start[g];
    }
    size_t *next = TAKE(arena, size_t, sets); /* first free place of each set */
    for (size_t g = 0; g < sets; g++) next[g] = start[g];
    for (size_t c = 0; c < x.C; c++) member[next[own[c]]++] = c;
    Partition *p = TAKE(arena, Partition, 1);
    *p = (Partition){.N = x.N,
                     .C = x.C,
                     .L = x.L,
                     .block = block,
                     .channel_cells = sets,
                     .cell_of = own,
                     .member = member,
                     .start = start,
                     .apart = apart};
    return p;
}

const Partition *partition_blocks(Arena *arena, ShapeLattice x, size_t block,
                                  size_t width, bool apart) {
    REQUIRE(width > 0 && x.C % width == 0, "sets of %zu channels in %zu", width, x.C);
    size_t *map = TAKE(arena, size_t, x.C);
    for (size_t c = 0; c < x.C; c++) map[c] = c / width;
    return partition_map(arena, x, block, map, x.C / width, apart);
}

size_t partition_slabs(const Partition *p) {
    return p->N / p->block * p->channel_cells;
}

size_t partition_cells(const Partition *p) {
    return partition_slabs(p) * (p->apart ? p->L : 1);
}

//> cell
size_t partition_cell(const Partition *p, size_t n, size_t c, size_t l) {
    if (p->mask && !p->mask[n * p->L + l]) return SIZE_MAX;
    size_t slab = n / p->block * p->channel_cells + p->cell_of[c];
    return p->apart ? slab * p->L + l : slab;
}
//< cell

/* Channels in the slab's set. */
static size_t slab_width(const Partition *p, size_t slab) {
    size_t set = slab % p->channel_cells;
    return p->start[set + 1] - p->start[set];
}

size_t partition_count(const Partition *p, size_t cell) {
    if (p->mask) return masked_count(p, cell);
    size_t slab = p->apart ? cell / p->L : cell;
    return p->block * slab_width(p, slab) * (p->apart ? 1 : p->L);
}

size_t partition_smallest(const Partition *p) {
    if (p->mask) return masked_smallest(p);
    size_t least = SIZE_MAX;
    for (size_t set = 0; set < p->channel_cells; set++) {
        size_t count = p->block * slab_width(p, set) * (p->apart ? 1 : p->L);
        if (count < least) least = count;
    }
    return least;
}

Stretch slab_runs(const Partition *p, size_t slab) {
    Stretch run = slab_rows(p, slab);
    size_t width = run.end - run.first;
    if (p->member[run.end - 1] - p->member[run.first] != width - 1) return run;
    run.left = width == p->C ? 1 : p->block;
    run.rows = width == p->C ? p->block * width : width;
    run.length = run.rows * p->L;
    return run;
}

size_t partition_columns(const Partition *p, size_t arrays, size_t from) {
    enum { CACHED = 1 << 15, STEP = SUM_LEAF }; /* doubles of a processor's own cache */
    const size_t left = p->L - from, rows = p->block * p->C / p->channel_cells;
    if (!p->apart) return left;
    size_t columns = CACHED / (arrays * rows + 1) / STEP * STEP;
    if (columns < STEP) columns = STEP;
    if (columns > PASS_COLUMNS) columns = PASS_COLUMNS;
    return columns < left ? columns : left;
}

void partition_spread(double *x, const double *cell, const Partition *p, double beta) {
    if (p->mask) {
        masked_spread(x, cell, p, beta);
        return;
    }
    for (size_t slab = 0; slab < partition_slabs(p); slab++)
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) {
            double *out = x + row.offset;
            if (p->apart) {
                vector_add(out, cell + slab * p->L, p->L, beta);
                continue;
            }
            for (size_t l = 0; l < p->L; l++)
                out[l] = beta == 0.0 ? cell[slab] : out[l] + cell[slab];
        }
}
