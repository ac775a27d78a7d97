/* The normalizers of one partition, restated from their published definitions in 113 bits: for every
 * element, its cell is whatever the predicate "same cell" says. Slow and plain on purpose; shares no
 * code with what it judges. Doubles that go in are taken as exact.
 */
#ifndef NORMLAB_REFERENCE_H
#define NORMLAB_REFERENCE_H

#include "arith.h"
#include "arith_calls.h"
#include "base.h"
#include "house.h"

/* Who shares mean and variance with whom. */
typedef enum Sharing {
    SHARE_NOTHING,  /* no statistics: xhat is x */
    SHARE_BATCH,    /* the same channel */
    SHARE_LAYER,    /* the same sample */
    SHARE_INSTANCE, /* the same sample and channel */
    SHARE_GROUP,    /* the same sample and the same of `number` blocks of channels */
    SHARE_SIZE,     /* the same sample and the same block of `number` channels */
    SHARE_POSITION, /* the same sample and position */
    SHARE_GHOST     /* the same channel and the same block of `number` samples */
} Sharing;

typedef struct Question {
    Sharing sharing;
    size_t number;
    double eps;
    size_t N, C, L;
    const double *x, *dy;       /* [N, C, L] */
    const double *gamma, *beta; /* [C] */
    /* [C] running moments to use instead of x's own; or NULL */
    const double *mean, *variance;
    bool uncentred; /* mean squares in place of variances, no mean */
} Question;

/* Values, and beside each the scale in which its error is measured. */
typedef struct Reference {
    Quad *y, *dx;         /* [N, C, L] */
    Quad *dgamma, *dbeta; /* [C] */
    /* [N, C, L] over the cell: |gamma| max|xhat| + |beta|; max|h| rstd (1 + max|xhat|), h =
     * gamma dy; |mean| / std of it, 0 without variance or with given moments */
    double *y_scale, *dx_scale, *ratio;
    double *dgamma_scale; /* [C] sum of |dy| max|xhat| */
    double *dbeta_scale;  /* [C] sum of |dy| */
    double worst_ratio;   /* largest of `ratio` */
} Reference;

/* ---- y = gamma xhat + beta, xhat = (x - mean) / sqrt(variance + eps), and the adjoint
 * dx = (h - mean(h) - xhat mean(h xhat)) / sqrt(variance + eps), h = gamma dy, cell by cell */

typedef struct Place {
    size_t n, c, l;
} Place;

static inline Place place_of(const Question *q, size_t i) {
    return (Place){i / (q->C * q->L), i / q->L % q->C, i % q->L};
}

static inline bool same_cell(const Question *q, size_t i, size_t j) {
    const Place a = place_of(q, i), b = place_of(q, j);
    const size_t per_group = q->sharing == SHARE_GROUP ? q->C / q->number : q->number;
    if (q->variance) return a.c == b.c;
    switch (q->sharing) {
    case SHARE_NOTHING:
    case SHARE_BATCH:
        return a.c == b.c;
    case SHARE_LAYER:
        return a.n == b.n;
    case SHARE_INSTANCE:
        return a.n == b.n && a.c == b.c;
    case SHARE_GROUP:
    case SHARE_SIZE:
        return a.n == b.n && a.c / per_group == b.c / per_group;
    case SHARE_POSITION:
        return a.n == b.n && a.l == b.l;
    case SHARE_GHOST:
        return a.n / q->number == b.n / q->number && a.c == b.c;
    }
    return false;
}

/* What the elements of one cell have in common. */
typedef struct Cell {
    Quad mean, std, mean_h, mean_hx; /* std: sqrt(variance + eps) */
    double most_xhat, most_h, ratio;
} Cell;

static inline Quad xhat_of(const Question *q, const Cell *cell, size_t i) {
    return (q->x[i] - cell->mean) / cell->std;
}

static inline Quad h_of(const Question *q, size_t i) {
    return (Quad)q->gamma[place_of(q, i).c] * q->dy[i];
}

static inline double larger(double a, Quad b) {
    double magnitude = (double)quad_abs(b);
    return magnitude > a ? magnitude : a;
}

static inline void own_moments(Cell *cell, const Question *q, const size_t *member,
                               size_t count) {
    Quad sum = 0, squares = 0;
    for (size_t k = 0; k < count; k++) sum += q->x[member[k]];
    cell->mean = q->uncentred ? 0 : sum / (Quad)count;
    for (size_t k = 0; k < count; k++) {
        Quad d = q->x[member[k]] - cell->mean;
        squares += d * d;
    }
    Quad variance = squares / (Quad)count;
    cell->std = quad_sqrt(variance + q->eps);
    if (variance > 0) cell->ratio = (double)(quad_abs(cell->mean) / quad_sqrt(variance));
}

static inline void moments(Cell *cell, const Question *q, const size_t *member,
                           size_t count) {
    size_t c = place_of(q, member[0]).c;
    cell->mean = 0, cell->std = 1;
    if (q->variance) {
        cell->mean = q->mean ? q->mean[c] : 0;
        cell->std = quad_sqrt((Quad)q->variance[c] + q->eps);
    } else if (q->sharing != SHARE_NOTHING) {
        own_moments(cell, q, member, count);
    }
}

/* Means of h and h xhat; none reach x where the moments do not depend on it. */
static inline void sums(Cell *cell, const Question *q, const size_t *member,
                        size_t count) {
    Quad h = 0, hx = 0;
    for (size_t k = 0; k < count; k++) {
        Quad xhat = xhat_of(q, cell, member[k]);
        h += h_of(q, member[k]);
        hx += h_of(q, member[k]) * xhat;
        cell->most_xhat = larger(cell->most_xhat, xhat);
        cell->most_h = larger(cell->most_h, h_of(q, member[k]));
    }
    bool given = q->variance || q->sharing == SHARE_NOTHING;
    cell->mean_h = given || q->uncentred ? 0 : h / (Quad)count;
    cell->mean_hx = given ? 0 : hx / (Quad)count;
}

static inline void answer_element(Reference *r, const Question *q, const Cell *cell,
                                  size_t i) {
    const size_t c = place_of(q, i).c;
    const Quad xhat = xhat_of(q, cell, i), weight = quad_abs(q->dy[i]);
    r->y[i] = q->gamma[c] * xhat + q->beta[c];
    r->dx[i] = (h_of(q, i) - cell->mean_h - xhat * cell->mean_hx) / cell->std;
    r->dgamma[c] += q->dy[i] * xhat;
    r->dbeta[c] += q->dy[i];
    r->y_scale[i] =
        (double)(quad_abs(q->gamma[c]) * cell->most_xhat + quad_abs(q->beta[c]));
    r->dx_scale[i] = (double)(cell->most_h / cell->std * (1 + cell->most_xhat));
    r->dgamma_scale[c] += (double)weight * cell->most_xhat;
    r->dbeta_scale[c] += (double)weight;
    r->ratio[i] = cell->ratio;
    r->worst_ratio = larger(r->worst_ratio, cell->ratio);
}

static inline Reference reference_answer(Arena *arena, const Question *q) {
    const size_t n = q->N * q->C * q->L;
    Reference r = {.y = ZERO(arena, Quad, n), .dx = ZERO(arena, Quad, n)};
    r.dgamma = ZERO(arena, Quad, q->C), r.dbeta = ZERO(arena, Quad, q->C);
    r.y_scale = ZERO(arena, double, n), r.dx_scale = ZERO(arena, double, n);
    r.ratio = ZERO(arena, double, n);
    r.dgamma_scale = ZERO(arena, double, q->C), r.dbeta_scale = ZERO(arena, double, q->C);
    size_t *member = TAKE(arena, size_t, n);
    bool *answered = ZERO(arena, bool, n);
    for (size_t i = 0; i < n; i++) {
        if (answered[i]) continue;
        size_t count = 0;
        for (size_t j = i; j < n; j++)
            if (same_cell(q, i, j)) member[count++] = j;
        Cell cell = {0};
        moments(&cell, q, member, count);
        sums(&cell, q, member, count);
        for (size_t k = 0; k < count; k++) {
            answer_element(&r, q, &cell, member[k]);
            answered[member[k]] = true;
        }
    }
    return r;
}

#endif
