/* kernel: what the forward and the backward of fused normalizers share. */
#ifndef NORMLAB_KERNEL_H
#define NORMLAB_KERNEL_H

#include "house.h"
#include "kind.h"
#include "slabs.h"

/* ---- kernel.c: forward and backward over any partition ------------------------------- */

/* xhat = ((x - shift) - offset) * rstd */
typedef struct Standard {
    double shift, offset, rstd;
} Standard;

/* All cells of a call. scale [cells]: cell i is that of x 2^-scale[i], at the ends of the
 * doubles' range; NULL: all are of x itself. */
typedef struct StandardCells {
    size_t count;
    Standard *cell;
    int *scale, *room;
} StandardCells;

StandardCells *standard_cells(Arena *arena, size_t count);
void standard_put(StandardCells *cells, size_t i, Standard cell, int scale);

/* Cell i by mean and standard deviation, or uncentred by the root mean square: rstd is
 * 1 / sqrt(weight variance + rest). Without any variance rstd is 0: nothing is left of x. */
void standard_set(StandardCells *cells, size_t i, Moments moments, bool uncentred,
                  double weight, double rest);

/* y of x by such cells. With `moments` [cells] these are taken first and then the cells by
 * them, of biased variances and eps: slab by slab, so that x is read from memory once. */
typedef struct StandardForward {
    double *y;
    Moments *moments; /* NULL: the cells are what they are */
    bool uncentred;
    double eps;
    bool relu; /* max(y, 0) in its place: not where positions are apart */
} StandardForward;

void standard_forward(StandardForward out, const double *x, const double *gamma,
                      const double *beta, StandardCells *cells,
                      const Partition *partition, Arena *scratch);

/* How the cells depend on x: by mean and variance, by the mean square alone, not at all. */
typedef enum StandardForm {
    STANDARD_CENTRED,
    STANDARD_UNCENTRED,
    STANDARD_GIVEN
} StandardForm;

/* Adjoint of the same: each of dx [N,C,L], dgamma [C], dbeta [C] may be NULL; `keep` as
 * BLAS's beta, one for each of them. gamma, beta may be NULL (1, 0). (P-6) */
typedef struct StandardGradient {
    double *dx, *dgamma, *dbeta;
    double keep_dx, keep_dgamma, keep_dbeta;
    bool relu;          /* dy is that of max(y, 0) */
    const double *beta; /* y's, which tells where that is 0 */
} StandardGradient;

void standard_backward(StandardGradient out, const double *dy, const double *x,
                       const double *gamma, const StandardCells *cells,
                       const Partition *partition, StandardForm form, Arena *scratch);

/* ---- the way through memory: what is read from there once is read again out of a cache -- */

/* Positions l0 to l0 + width of a slab: all of them where they belong together. */
typedef struct Part {
    const Partition *p;
    size_t slab, l0, width, first; /* the first of its cells */
} Part;

static inline Part part_of(const Partition *p, size_t slab, size_t l0, size_t width) {
    return (Part){p, slab, l0, width, slab * (p->apart ? p->L : 1) + l0};
}

static inline Part whole_slab(const Partition *p, size_t slab) {
    return part_of(p, slab, 0, p->L);
}

/* From so many elements on, by shape alone, results go past the caches: 12 MB of them. Of two
 * threads that share 32 MB a kernel alone is faster so from 4 MB on, one whose result is read
 * next from 11 MB on. */
enum { PAST = 3 << 19 };

static inline bool is_past(const Partition *p) {
    return p->N * p->C * p->L >= PAST;
}

/* Whether a slab is written while the next is read: of so many arrays both stay in a cache. */
enum { BESIDE = 1 << 20 };

static inline bool is_beside(const Partition *p, size_t arrays) {
    return is_past(p) && !p->apart &&
           arrays * p->block * (p->C / p->channel_cells) * p->L <= BESIDE;
}

static inline PassTo pass_to(double keep, const Partition *p) {
    return keep != 0.0 ? PASS_ADDS : is_past(p) ? PASS_PAST : PASS_WRITES;
}

/* Elements from columns to those that come next, in rows of the same place; 0: none do, or all
 * are in a cache. */
static inline size_t columns_ahead(const Part *part) {
    const Partition *p = part->p;
    if (!is_past(p)) return 0;
    if (part->l0 + part->width < p->L) return part->width;
    const bool last = part->slab + p->channel_cells >= partition_slabs(p);
    return last ? 0 : p->block * p->C * p->L - part->l0;
}

static inline double at_channel(const double *vector, size_t channel, double otherwise) {
    return vector ? vector[channel] : otherwise;
}

/* The cells of columns as vectors, in room for [3 width]. */
Columns columns_of(double *room, const Standard *cell, size_t width);

/* ---- cells.c: cells in units of their own ------------------------------------------ */

/* Whether some of a part's cells are. */
bool has_units(const StandardCells *cells, const Part *part);

/* x 2^-scale of each element's cell, at its place in `scaled` [N C L]. */
void in_units(double *scaled, const double *x, const int *scale, const Part *part);

/* dx = keep dx + scaled 2^-scale: rounded once where it is no normal number. */
void out_of_units(double *dx, double keep, const double *scaled, const int *scale,
                  const Part *part);

static inline double *room_for_all(Arena *arena, const Partition *p) {
    return TAKE(arena, double, p->N * p->C * p->L);
}

#endif
