/* The fused forward of every partition normalizer (notes/12-gradients.md, P-5): slab by slab,
 * so that a slab is read again while it is still in a cache. */
#include "kernel.h"

Columns columns_of(double *room, const Standard *cell, size_t width) {
    double *shift = room, *offset = shift + width, *rstd = offset + width;
    for (size_t j = 0; j < width; j++) {
        shift[j] = cell[j].shift;
        offset[j] = cell[j].offset;
        rstd[j] = cell[j].rstd;
    }
    return (Columns){shift, offset, rstd};
}

/* All of a call. */
typedef struct Forward {
    StandardForward out;
    const double *x, *gamma, *beta;
    StandardCells *cells;
    const Partition *p;
    Arena *scratch;
    const Passes *pass;
} Forward;

/* ---- y = gamma xhat + beta --------------------------------------------------------- */

static Affine row_map(const Forward *f, const Standard *s, const Stretch *row) {
    return (Affine){s->shift,
                    s->offset,
                    s->rstd,
                    at_channel(f->gamma, row->channel, 1.0),
                    at_channel(f->beta, row->channel, 0.0),
                    f->out.relu};
}

static void write_slab(const Forward *f, const double *x, size_t slab) {
    const PassTo to = pass_to(0.0, f->p);
    for (Stretch row = slab_rows(f->p, slab); row.left > 0; stretch_next(&row, f->p))
        f->pass->affine(f->out.y + row.offset, x + row.offset, f->p->L,
                        row_map(f, &f->cells->cell[slab], &row), to);
}

/* The same while the sums of the slab that comes next are taken. */
static void write_slab_beside(const Forward *f, size_t slab, SlabSums *next) {
    for (Stretch row = slab_rows(f->p, slab); row.left > 0; stretch_next(&row, f->p)) {
        const Affine map = row_map(f, &f->cells->cell[slab], &row);
        double *y = f->out.y + row.offset;
        const double *x = f->x + row.offset;
        Beside sums;
        const size_t n = slab_sums_take(next, f->p->L, &sums);
        if (n > 0) f->pass->affine_beside(y, x, n, map, &sums);
        f->pass->affine(y + n, x + n, f->p->L - n, map, PASS_PAST);
    }
}

static void write_columns(const Forward *f, const double *x, const Part *part) {
    const PassTo to = pass_to(0.0, f->p);
    double *room = TAKE(f->scratch, double, 3 * part->width);
    const Columns of = columns_of(room, f->cells->cell + part->first, part->width);
    const size_t ahead = x == f->x ? columns_ahead(part) : 0;
    for (Stretch row = slab_rows(f->p, part->slab); row.left > 0;
         stretch_next(&row, f->p)) {
        const size_t at = row.offset + part->l0;
        const ColumnMap map = {of, at_channel(f->gamma, row.channel, 1.0),
                               at_channel(f->beta, row.channel, 0.0), ahead};
        f->pass->column_affine(f->out.y + at, x + at, part->width, map, to);
    }
}

/* By its cells as they are. */
static void write_part(const Forward *f, const Part *part) {
    ArenaMark mark = arena_mark(f->scratch);
    const double *x = f->x;
    if (has_units(f->cells, part)) {
        double *scaled = room_for_all(f->scratch, f->p);
        in_units(scaled, x, f->cells->scale, part);
        x = scaled;
    }
    if (f->p->apart)
        write_columns(f, x, part);
    else
        write_slab(f, x, part->slab);
    arena_rewind(f->scratch, mark);
}

/* ---- and the moments before it ------------------------------------------------------ */

static void set_cells(const Forward *f, const Part *part) {
    const size_t end = part->first + (f->p->apart ? part->width : 1);
    for (size_t i = part->first; i < end; i++)
        standard_set(f->cells, i, f->out.moments[i], f->out.uncentred, 1.0, f->out.eps);
}

/* Cells that are there already: in the order of memory. */
static void row_after_row(const Forward *f) {
    const Partition *p = f->p;
    Stretch row = {.channel = 0};
    for (size_t n = 0; n < p->N; n++)
        for (row.channel = 0; row.channel < p->C; row.channel++) {
            const Standard *s = &f->cells->cell[partition_cell(p, n, row.channel, 0)];
            f->pass->affine(f->out.y + row.offset, f->x + row.offset, p->L,
                            row_map(f, s, &row), pass_to(0.0, p));
            row.offset += p->L;
        }
}

/* Columns are written one after the other past the caches alone: else whole rows, in the order
 * of memory. */
static void part_after_part(const Forward *f) {
    const Partition *p = f->p;
    const bool rows = p->apart && !is_past(p);
    for (size_t slab = 0; slab < partition_slabs(p); slab++) {
        for (size_t l0 = 0, width; (width = partition_columns(p, 1, l0)) > 0;
             l0 += width) {
            const Part part = part_of(p, slab, l0, width);
            if (f->out.moments) {
                partition_slab_moments(f->out.moments + part.first, f->x, p, slab, l0,
                                       width);
                set_cells(f, &part);
            }
            if (!rows) write_part(f, &part);
        }
        const Part all = whole_slab(p, slab);
        if (rows) write_part(f, &all);
    }
}

/* Reading one slab and writing the one before it at once: memory does both in little more
 * time than one. */
static void slab_beside_slab(const Forward *f) {
    SlabSums sums;
    slab_sums_begin(&sums, f->x, f->p, 0);
    for (size_t slab = 0; slab < partition_slabs(f->p); slab++) {
        const Part part = whole_slab(f->p, slab);
        f->out.moments[slab] = slab_sums_end(&sums);
        set_cells(f, &part);
        slab_sums_begin(&sums, f->x, f->p, slab + 1);
        if (has_units(f->cells, &part))
            write_part(f, &part);
        else
            write_slab_beside(f, slab, &sums);
    }
}

void standard_forward(StandardForward out, const double *x, const double *gamma,
                      const double *beta, StandardCells *cells, const Partition *p,
                      Arena *scratch) {
    const Forward f = {out, x, gamma, beta, cells, p, scratch, passes_best()};
    if (!out.moments && !cells->scale && !p->apart)
        row_after_row(&f);
    else if (out.moments && is_beside(p, 1))
        slab_beside_slab(&f);
    else
        part_after_part(&f);
    passes_end();
}
