/* Partitions of a normalizer, those of its parts among them, and who shares in them. */
#include "cubes.h"

#include "text.h"

#include <string.h>

/* ---- partitions of a spec ---------------------------------------------------------- */

/* Cell `k` of a normalizer that sees its channels from `first` on. */
typedef struct Sharing {
    const Norm *norm;
    NormMode mode;
    size_t k, first;
} Sharing;

enum { MOST_SHARINGS = 64 }; /* more than one figure has cubes */

typedef struct Sharings {
    size_t count;
    Sharing of[MOST_SHARINGS];
} Sharings;

static bool shares(const Norm *norm, size_t k, NormMode mode) {
    const NormCells *own = &norm->cell[k];
    const NormMoments whose = own->moments[mode];
    const bool alone = own->block == 1 && own->width == 1 && own->apart;
    return whose == NORM_OWN || (whose == NORM_READ && !alone);
}

/* Its own, then those of its parts. */
static void collect(Sharings *all, const Norm *norm, NormMode mode, size_t first) {
    for (size_t k = 0; k < NORM_MAX_CELLS; k++)
        if (shares(norm, k, mode) && all->count < MOST_SHARINGS)
            all->of[all->count++] = (Sharing){norm, mode, k, first};
    for (size_t i = norm->phased && mode == NORM_EVAL; i < norm->parts; i++) {
        const Norm *part = norm->part[i];
        collect(all, part, norm->phased && i == 1 ? NORM_EVAL : mode, first);
        if (part->channels < norm->channels) first += part->channels;
    }
}

/* Samples of numbers that are cut anew stand as [N, cuts, the rest]. */
static const Partition *cells_of(Arena *arena, const Sharing *s, ShapeLattice x) {
    const NormCells *own = &s->norm->cell[s->k];
    x.C = s->norm->channels;
    if (own->cut) {
        const ShapeLattice cut = {x.N, own->cut, x.C * x.L / own->cut};
        return partition_blocks(arena, cut, x.N, 1, false);
    }
    if (s->k == 0 && norm_is_partitioned(s->norm, s->mode))
        return norm_partition(arena, s->norm, x, s->mode, NULL);
    return partition_blocks(arena, x, own->block ? own->block : x.N,
                            own->width ? own->width : x.C, own->apart);
}

/* ---- groups that are learned or found ------------------------------------------------ */

/* Logits of each channel over groups; NULL: it has none. */
static const NormParam *membership(const Norm *norm) {
    for (size_t i = 0; i < norm->params; i++) {
        const NormParam *p = &norm->param[i];
        if (p->role == NORM_PARAM_LOGIT && p->start && p->choices > 1 &&
            p->count == norm->channels * p->choices)
            return p;
    }
    return NULL;
}

static bool has_map(const Norm *norm) {
    for (size_t i = 0; i < norm->states; i++)
        if (norm->state[i].role == NORM_STATE_MAP) return true;
    return false;
}

/* The groups in which channels have most weight at first. */
static const Partition *begin_of(Arena *arena, const NormParam *logit,
                                 const Partition *all) {
    size_t *set = ZERO(arena, size_t, all->C);
    for (size_t c = 0; c < all->C; c++)
        for (size_t g = 1; g < logit->choices; g++) {
            const double *own = logit->start + c * logit->choices;
            if (own[g] > own[set[c]]) set[c] = g;
        }
    return partition_map(arena, (ShapeLattice){all->N, all->C, all->L}, all->block, set,
                         logit->choices, all->apart);
}

/* ---- who shares with the chosen element ------------------------------------------------ */

static void shade(unsigned char *to, const Sharing *s, ShapeLattice x, const Partition *p,
                  CubeShade how) {
    const size_t C = s->norm->channels, chosen = partition_cell(p, 0, 0, 0);
    for (size_t n = 0; n < x.N; n++)
        for (size_t i = 0; i < C * x.L; i++)
            if (partition_cell(p, n, i / p->L, i % p->L) == chosen)
                to[(n * x.C + s->first) * x.L + i] = (unsigned char)how;
}

static const unsigned char *shades_of(Arena *arena, const Sharing *s, ShapeLattice x) {
    unsigned char *to = ZERO(arena, unsigned char, x.N *x.C *x.L);
    const Partition *p = cells_of(arena, s, x), *now = p, *may = NULL;
    const NormParam *logit = membership(s->norm);
    const ShapeLattice own = {p->N, p->C, p->L};
    if (logit)
        may = p, now = begin_of(arena, logit, p);
    else if (has_map(s->norm))
        may = partition_blocks(arena, own, p->block, p->C, p->apart);
    if (may) shade(to, s, x, may, CUBE_MAY);
    shade(to, s, x, now, CUBE_SHARES);
    return to;
}

/* ---- what is said of it ------------------------------------------------------------------ */

static const char *how_many(Arena *arena, size_t count, size_t all, const char *what) {
    if (count == all) return text_print(arena, "all %ss", what);
    return count == 1 ? text_print(arena, "one %s", what)
                      : text_print(arena, "%zu %ss", count, what);
}

/* Where a normalizer has several partitions of its own. */
static const char *cell_text(Arena *arena, const Partition *p) {
    const size_t set = p->cell_of[0];
    return text_print(
        arena, "%s x %s", how_many(arena, p->block, p->N, "sample"),
        how_many(arena, p->start[set + 1] - p->start[set], p->C, "channel"));
}

static void add(Text *text, const char *what) {
    text_add(text, "%s%s", text->length ? ", " : "", what);
}

static const char *remark_of(Arena *arena, const Norm *whole, const Sharing *s,
                             ShapeLattice x) {
    Text text = text_new(arena);
    const Norm *norm = s->norm;
    if (shares(norm, 0, s->mode) && shares(norm, 1, s->mode))
        add(&text, cell_text(arena, cells_of(arena, s, x)));
    if (norm != whole) add(&text, text_print(arena, "of %s", whole->spec));
    if (s->mode == NORM_EVAL) add(&text, "in evaluation");
    if (x.N != CUBE_N) add(&text, text_print(arena, "N = %zu", x.N));
    if (x.C != CUBE_C) add(&text, text_print(arena, "C = %zu", x.C));
    if (x.L != CUBE_L) add(&text, text_print(arena, "%zu positions", x.L));
    return text.data;
}

/* ---- sizes --------------------------------------------------------------------------- */

/* What a cube of these sizes shows: its partitions, and how many of their blocks are neither of
 * one nor of all. */
typedef struct Sight {
    bool fits;
    size_t partitions, told_apart;
} Sight;

static Sight sight_of(Arena *arena, const char *spec, ShapeLattice x, BaseError *why) {
    Sight sight = {.fits = false};
    *why = (BaseError){.set = false};
    const Norm *norm = norm_new(arena, spec, x.C, why);
    if (norm == NULL || !norm_fits(arena, norm, x, NORM_TRAIN, why)) return sight;
    Sharings all = {.count = 0};
    collect(&all, norm, NORM_TRAIN, 0);
    for (size_t i = 0; i < all.count; i++) {
        const Partition *p = cells_of(arena, &all.of[i], x);
        sight.told_apart += p->block > 1 && p->block < p->N;
        sight.told_apart += p->channel_cells > 1 && p->channel_cells < p->C;
    }
    return (Sight){true, all.count, sight.told_apart};
}

/* The usual number, then all others. */
static size_t size_at(size_t usual, size_t i) {
    return i == 0 ? usual : i <= usual - 1 ? i : i + 1;
}

/* Others must be of as many partitions: of nested more channels have more. */
static bool find_sizes(const char *spec, ShapeLattice *best, BaseError *why) {
    Arena *scratch = arena_new();
    Sight most = {.fits = false};
    for (size_t l = 0; l < CUBE_MOST && !most.fits; l++)
        for (size_t n = 0; n < CUBE_MOST; n++)
            for (size_t c = 0; c < CUBE_MOST; c++) {
                const ShapeLattice x = {size_at(CUBE_N, n), size_at(CUBE_C, c),
                                        size_at(CUBE_L, l)};
                const Sight own = sight_of(scratch, spec, x, why);
                const bool better =
                    own.partitions == most.partitions && own.told_apart > most.told_apart;
                if (own.fits && (better || !most.fits)) *best = x, most = own;
            }
    arena_free(scratch);
    return most.fits;
}

/* ---- cubes ----------------------------------------------------------------------------- */

static bool nothing_shared(Arena *arena, const Norm *norm, BaseError *error) {
    const char *cells = norm_cells(arena, norm);
    if (strcmp(cells, "none") == 0)
        return base_fail(error, EX_USAGE, 0,
                         "%s has no cells to draw: no elements share statistics",
                         norm->spec);
    return base_fail(error, EX_USAGE, 0, "%s has no cells to draw: %s, and no partition",
                     norm->spec, cells);
}

const Cube *cubes_of(Arena *arena, const char *spec, size_t *count, BaseError *error) {
    ShapeLattice x;
    BaseError why = {.set = false};
    if (strncmp(spec, "weights=", strlen("weights=")) == 0) {
        base_fail(error, EX_USAGE, 0,
                  "%s has no cells to draw: it is of weights, no elements of x share "
                  "statistics",
                  spec);
        return NULL;
    }
    const Norm *norm = norm_new(arena, spec, 0, &why);
    if (norm == NULL) {
        base_fail(error, why.code, 0, "%s", spec_error(arena, spec, &why));
        return NULL;
    }
    if (!find_sizes(spec, &x, &why)) {
        base_fail(error, EX_USAGE, 0,
                  "%s fits no cube of up to %d samples, channels and positions: %s",
                  norm->spec, CUBE_MOST, why.message);
        return NULL;
    }
    norm = norm_new(arena, spec, x.C, error);
    Sharings all = {.count = 0};
    collect(&all, norm, NORM_TRAIN, 0);
    if (all.count == 0) nothing_shared(arena, norm, error);
    Cube *cube = TAKE(arena, Cube, all.count + 1);
    for (size_t i = 0; i < all.count; i++) {
        const Sharing *s = &all.of[i];
        cube[i] = (Cube){s->norm,  remark_of(arena, norm, s, x), s->mode, x,
                         s->first, shades_of(arena, s, x)};
    }
    *count = all.count;
    return all.count ? cube : NULL;
}
