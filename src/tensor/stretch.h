/* stretch: the way through a partition's elements, cell by cell. */
#ifndef NORMLAB_STRETCH_H
#define NORMLAB_STRETCH_H

#include "partition.h"

/* (block, set) pairs: cells, positions aside. */
size_t partition_slabs(const Partition *partition);

/* A slab is a list of rows of L consecutive elements, by sample and, inside a sample, by
 * member of its set. A stretch is a row, or as many rows as lie together:
 *     for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p)) ...
 * No step takes a division: where tensors are small, rows are short. */
typedef struct Stretch {
    size_t offset, length;  /* elements of x */
    size_t number, channel; /* n * C + channel and channel of its first row */
    size_t left;            /* stretches from here on, this one included */
    size_t rows;            /* of L in each */
    size_t n, at;           /* its sample, its place in `member` */
    size_t first, end;      /* of the set, there */
} Stretch;

static inline Stretch slab_rows(const Partition *p, size_t slab) {
    size_t set = slab % p->channel_cells, first = p->start[set], end = p->start[set + 1];
    size_t n = slab / p->channel_cells * p->block, channel = p->member[first];
    return (Stretch){.offset = (n * p->C + channel) * p->L,
                     .length = p->L,
                     .number = n * p->C + channel,
                     .channel = channel,
                     .left = p->block * (end - first),
                     .rows = 1,
                     .n = n,
                     .at = first,
                     .first = first,
                     .end = end};
}

Stretch slab_runs(const Partition *partition, size_t slab); /* the longest stretches */

static inline void stretch_next(Stretch *s, const Partition *p) {
    s->left--;
    s->at += s->rows;
    if (s->at >= s->end) s->at = s->first, s->n++;
    s->channel = p->member[s->at];
    s->number = s->n * p->C + s->channel;
    s->offset = s->number * p->L;
}

/* One element of a cell after the other, of those that belong:
 *     for (Member m = cell_members(p, cell); member_next(&m, p);) ... x[m.element] ... */
typedef struct Member {
    size_t element; /* of x */
    Stretch row;
    size_t l, first, end; /* positions of a row: the next, and the cell's */
} Member;

static inline Member cell_members(const Partition *p, size_t cell) {
    const size_t first = p->apart ? cell % p->L : 0, end = p->apart ? first + 1 : p->L;
    return (Member){.element = 0,
                    .row = slab_rows(p, p->apart ? cell / p->L : cell),
                    .l = first,
                    .first = first,
                    .end = end};
}

static inline bool member_next(Member *m, const Partition *p) {
    while (m->row.left > 0) {
        const size_t l = m->l++;
        m->element = m->row.offset + l;
        const bool belongs = p->mask == NULL || p->mask[m->row.n * p->L + l];
        if (m->l == m->end) stretch_next(&m->row, p), m->l = m->first;
        if (belongs) return true;
    }
    return false;
}

#endif
