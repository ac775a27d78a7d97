/* The fused backward of every partition normalizer (notes/12-gradients.md, P-6): slab by slab,
 * so that a slab is read again while it is still in a cache. */
#include "kernel.h"

/* ---- backward: h = gamma dy, dx = rstd (h - mean(h) - xhat mean(h xhat)), without the
 * mean(h) where the cell is not centred ---------------------------------------------- */

/* All of a call. */
typedef struct Backward {
    StandardGradient out;
    const double *dy, *x, *gamma;
    const Standard *cells;
    const Partition *p;
    StandardForm form;
    const Passes *pass;
    double *sum_dy, *sum_dyx; /* [N C] of rows: their shares of dbeta and dgamma */
    double *leaf;             /* [2 rows of a slab leaves] where positions are apart */
} Backward;

/* ---- positions together -------------------------------------------------------------- */

enum { AHEAD = 384 }; /* elements of each of two: less than in the forward */

/* The rows' sums of a slab: begun, some at a time, and their end. */
typedef struct RowSums {
    const Backward *b;
    size_t slab;
    Stretch row;
    size_t from; /* in the row */
    Affine of;
    TreeSum first, second;
} RowSums;

/* y of a row's x. */
static Affine row_map(const Backward *b, const Standard *s, size_t channel) {
    return (Affine){s->shift,
                    s->offset,
                    s->rstd,
                    at_channel(b->gamma, channel, 1.0),
                    at_channel(b->out.beta, channel, 0.0),
                    b->out.relu};
}

static void row_sums_begin(RowSums *s, const Backward *b, size_t slab) {
    s->b = b, s->slab = slab;
    s->row.left = s->from = 0;
    tree_clear(&s->first);
    tree_clear(&s->second);
    if (slab >= partition_slabs(b->p)) return;
    s->row = slab_rows(b->p, slab);
    s->of = row_map(b, &b->cells[slab], s->row.channel);
}

static void row_sums_moved(RowSums *s, size_t n) {
    s->from += n;
    if (s->from < s->b->p->L) return;
    s->b->sum_dy[s->row.number] = tree_total(&s->first);
    s->b->sum_dyx[s->row.number] = tree_total(&s->second);
    tree_clear(&s->first);
    tree_clear(&s->second);
    stretch_next(&s->row, s->b->p);
    s->from = 0;
    if (s->row.left > 0) s->of = row_map(s->b, &s->b->cells[s->slab], s->row.channel);
}

/* What is left of the row. */
static void row_sums_rest(RowSums *s) {
    const size_t at = s->row.offset + s->from, left = s->b->p->L - s->from;
    s->b->pass->products(&s->first, &s->second, s->b->dy + at, s->b->x + at, left, s->of);
    row_sums_moved(s, left);
}

/* As slab_sums_take (slabs.h); who takes them calls row_sums_moved. */
static size_t row_sums_next(RowSums *s, Beside *beside) {
    const Partition *p = s->b->p;
    while (s->row.left > 0 && p->L - s->from < SUM_LEAF) row_sums_rest(s);
    if (s->row.left == 0) return 0;
    Stretch next = s->row;
    const size_t end = next.offset + p->L, left = p->L - s->from;
    stretch_next(&next, p);
    const bool last = next.left == 0 && s->slab + 1 == partition_slabs(p);
    if (next.left == 0 && !last) next = slab_rows(p, s->slab + 1);
    *beside = (Beside){.first = &s->first,
                       .second = &s->second,
                       .dy = s->b->dy + s->row.offset + s->from,
                       .x = s->b->x + s->row.offset + s->from,
                       .of = s->of,
                       .ahead = AHEAD,
                       .until = left > AHEAD ? left - AHEAD : 0,
                       .jump = last ? -AHEAD : (ptrdiff_t)next.offset - (ptrdiff_t)end};
    return left / SUM_LEAF * SUM_LEAF;
}

static void row_sums_end(RowSums *s) {
    while (s->row.left > 0) row_sums_rest(s);
}

/* Where the cells' moments are given x has no part in dx, were it infinite, but by relu. The
 * cells of neighbours are so far `apart`: 0 or 1. */
static void row_dx_fixed(const Backward *b, const Standard *cells, size_t apart,
                         const Stretch *row) {
    const bool relu = b->out.relu;
    const double scale = at_channel(b->gamma, row->channel, 1.0),
                 bias = at_channel(b->out.beta, row->channel, 0.0);
    double *dx = b->out.dx + row->offset;
    const double *dy = b->dy + row->offset, *x = b->x + row->offset;
    for (size_t l = 0; l < b->p->L; l++) {
        const Standard s = cells[l * apart];
        const double y = ((x[l] - s.shift) - s.offset) * s.rstd * scale + bias;
        const double d = s.rstd * scale * (!relu || y > 0.0 ? dy[l] : 0.0);
        dx[l] = b->out.keep_dx == 0.0 ? d : dx[l] + d;
    }
}

static void slab_dx_fixed(const Backward *b, size_t slab) {
    const PassTo to = pass_to(b->out.keep_dx, b->p);
    for (Stretch row = slab_rows(b->p, slab); row.left > 0; stretch_next(&row, b->p)) {
        if (b->p->apart || b->out.relu) {
            const size_t apart = b->p->apart ? 1 : 0, first = apart ? b->p->L : 1;
            row_dx_fixed(b, b->cells + slab * first, apart, &row);
            continue;
        }
        const double factor =
            b->cells[slab].rstd * at_channel(b->gamma, row.channel, 1.0);
        b->pass->affine(b->out.dx + row.offset, b->dy + row.offset, b->p->L,
                        (Affine){0.0, 0.0, factor, 1.0, -0.0, false}, to);
    }
}

/* The cell's means are sums of what its rows already know. */
static Slope slab_means(const Backward *b, size_t slab) {
    const double count = (double)partition_count(b->p, slab);
    TreeSum h, hx;
    tree_clear(&h);
    tree_clear(&hx);
    for (Stretch row = slab_rows(b->p, slab); row.left > 0; stretch_next(&row, b->p)) {
        const double scale = at_channel(b->gamma, row.channel, 1.0);
        tree_push(&h, scale * b->sum_dy[row.number]);
        tree_push(&hx, scale * b->sum_dyx[row.number]);
    }
    const Standard s = b->cells[slab];
    return (Slope){.shift = s.shift,
                   .offset = s.offset,
                   .rstd = s.rstd,
                   .relu = b->out.relu,
                   .a = b->form == STANDARD_CENTRED ? tree_total(&h) / count : 0.0,
                   .b = tree_total(&hx) / count};
}

/* Of a row, made anew: what copies a struct waits for its last element. */
static Slope row_slope(const Backward *b, const Slope *means, Stretch row) {
    return (Slope){.shift = means->shift,
                   .offset = means->offset,
                   .rstd = means->rstd,
                   .scale = at_channel(b->gamma, row.channel, 1.0),
                   .bias = at_channel(b->out.beta, row.channel, 0.0),
                   .a = means->a,
                   .b = means->b,
                   .relu = means->relu};
}

static void slab_dx(const Backward *b, size_t slab) {
    const Slope means = slab_means(b, slab);
    const PassTo to = pass_to(b->out.keep_dx, b->p);
    for (Stretch row = slab_rows(b->p, slab); row.left > 0; stretch_next(&row, b->p))
        b->pass->slope(b->out.dx + row.offset, b->dy + row.offset, b->x + row.offset,
                       b->p->L, row_slope(b, &means, row), to);
}

/* The same past the caches while the sums of the slab that comes next are taken. */
static void slab_dx_beside(const Backward *b, size_t slab, RowSums *next) {
    const Slope means = slab_means(b, slab);
    for (Stretch row = slab_rows(b->p, slab); row.left > 0; stretch_next(&row, b->p)) {
        const double *dy = b->dy + row.offset, *x = b->x + row.offset;
        double *dx = b->out.dx + row.offset;
        const Slope slope = row_slope(b, &means, row);
        Beside sums;
        const size_t n = row_sums_next(next, &sums);
        if (n > 0) {
            b->pass->slope_beside(dx, dy, x, n, slope, &sums);
            row_sums_moved(next, n);
        }
        b->pass->slope(dx + n, dy + n, x + n, b->p->L - n, slope, PASS_PAST);
    }
}

static void slab_backward(const Backward *b, size_t slab) {
    RowSums sums;
    row_sums_begin(&sums, b, slab);
    row_sums_end(&sums);
    if (b->out.dx && b->form == STANDARD_GIVEN)
        slab_dx_fixed(b, slab);
    else if (b->out.dx)
        slab_dx(b, slab);
}

/* ---- positions apart: means run down columns, rows' sums along them ----------------- */

static size_t row_leaves(const Partition *p) {
    return (p->L + SUM_LEAF - 1) / SUM_LEAF;
}

/* The rows' sums from their leaves. */
static void join_leaves(const Backward *b, size_t slab) {
    const double *leaf = b->leaf;
    for (Stretch row = slab_rows(b->p, slab); row.left > 0; stretch_next(&row, b->p)) {
        TreeSum first, second;
        tree_clear(&first);
        tree_clear(&second);
        for (size_t k = 0; k < row_leaves(b->p); k++, leaf += 2) {
            tree_push(&first, leaf[0]);
            tree_push(&second, leaf[1]);
        }
        b->sum_dy[row.number] = tree_total(&first);
        b->sum_dyx[row.number] = tree_total(&second);
    }
}

/* about + mean(h - about), about + mean(h xhat - about), into `about`. (P-2) `leaves`: those of
 * the rows are taken, too. */
static void column_means(const Backward *b, const Part *part, Columns of, double *h,
                         double *hx, bool leaves) {
    const Partition *p = b->p;
    const double count = (double)slab_rows(p, part->slab).left;
    TreeRows tree[2];
    for (int t = 0; t < 2; t++) tree_rows_clear(&tree[t], part->width);
    ColumnRows c = {.n = part->width, .of = of, .about_h = h, .about_hx = hx};
    double *along = b->leaf + part->l0 / SUM_LEAF * 2;
    for (Stretch row = slab_rows(p, part->slab); row.left > 0;) {
        double leaf[2][PASS_COLUMNS];
        for (c.rows = 0; c.rows < PASS_ROWS && row.left > 0; stretch_next(&row, p)) {
            c.dy[c.rows] = b->dy + row.offset + part->l0;
            c.x[c.rows] = b->x + row.offset + part->l0;
            c.scale[c.rows] = at_channel(b->gamma, row.channel, 1.0);
            c.leaf[c.rows++] = along;
            along += row_leaves(p) * 2;
        }
        b->pass->column_products(leaf[0], leaf[1], &c, leaves);
        for (int t = 0; t < 2; t++) tree_rows_push(&tree[t], leaf[t]);
    }
    double sum[2][PASS_COLUMNS];
    for (int t = 0; t < 2; t++) tree_rows_total(&tree[t], sum[t]);
    for (size_t j = 0; j < part->width; j++) h[j] += sum[0][j] / count;
    for (size_t j = 0; j < part->width; j++) hx[j] += sum[1][j] / count;
}

/* And what the rows share of dgamma and dbeta. */
static void apart_dx(const Backward *b, const Part *part, Columns of) {
    const Partition *p = b->p;
    const Stretch first = slab_rows(p, part->slab);
    const size_t at = first.offset + part->l0;
    const double scale = at_channel(b->gamma, first.channel, 1.0);
    double h[PASS_COLUMNS], hx[PASS_COLUMNS];
    for (size_t j = 0; j < part->width; j++) {
        h[j] = scale * b->dy[at + j];
        hx[j] = h[j] * (((b->x[at + j] - of.shift[j]) - of.offset[j]) * of.rstd[j]);
    }
    column_means(b, part, of, h, hx, true);
    if (b->out.dx == NULL || b->form == STANDARD_GIVEN) return;
    column_means(b, part, of, h, hx, false);
    for (size_t j = 0; b->form == STANDARD_UNCENTRED && j < part->width; j++) h[j] = 0.0;
    const PassTo to = pass_to(b->out.keep_dx, p);
    for (Stretch row = slab_rows(p, part->slab); row.left > 0; stretch_next(&row, p)) {
        const size_t place = row.offset + part->l0;
        const ColumnSlope slope = {of, at_channel(b->gamma, row.channel, 1.0), h, hx,
                                   columns_ahead(part)};
        b->pass->column_slope(b->out.dx + place, b->dy + place, b->x + place, part->width,
                              slope, to);
    }
}

static void apart_backward(const Backward *b, size_t slab) {
    for (size_t l0 = 0, width; (width = partition_columns(b->p, 2, l0)) > 0;
         l0 += width) {
        const Part part = part_of(b->p, slab, l0, width);
        double room[3 * PASS_COLUMNS];
        const Columns of = columns_of(room, b->cells + part.first, width);
        apart_dx(b, &part, of);
    }
    join_leaves(b, slab);
    if (b->out.dx && b->form == STANDARD_GIVEN) slab_dx_fixed(b, slab);
}

/* ---- all slabs ------------------------------------------------------------------------ */

/* dgamma or dbeta from the rows' shares: a tree over the samples for each channel. */
static void reduce_rows(double *out, double keep, const double *sums,
                        const Partition *p) {
    for (size_t c = 0; out && c < p->C; c++) {
        double sum = sum_strided(sums + c, p->N, p->C);
        out[c] = keep == 0.0 ? sum : out[c] + sum;
    }
}

static void part_backward(const Backward *b, size_t slab) {
    if (b->p->apart)
        apart_backward(b, slab);
    else
        slab_backward(b, slab);
}

/* A slab of which cells are in units of their own. */
static void backward_in_units(const Backward *b, size_t slab, const int *scale,
                              Arena *scratch) {
    const Part all = whole_slab(b->p, slab);
    ArenaMark mark = arena_mark(scratch);
    Backward own = *b;
    double *x = room_for_all(scratch, b->p);
    in_units(x, b->x, scale, &all);
    own.x = x;
    own.out.keep_dx = 0.0;
    if (b->out.dx) own.out.dx = room_for_all(scratch, b->p);
    part_backward(&own, slab);
    passes_end();
    if (b->out.dx) out_of_units(b->out.dx, b->out.keep_dx, own.out.dx, scale, &all);
    arena_rewind(scratch, mark);
}

static void slab_after_slab(const Backward *b, const StandardCells *cells,
                            Arena *scratch) {
    for (size_t slab = 0; slab < partition_slabs(b->p); slab++) {
        const Part all = whole_slab(b->p, slab);
        if (has_units(cells, &all))
            backward_in_units(b, slab, cells->scale, scratch);
        else
            part_backward(b, slab);
    }
}

/* As in the forward (kernel.c). */
static void slab_beside_slab(const Backward *b) {
    RowSums sums;
    row_sums_begin(&sums, b, 0);
    for (size_t slab = 0; slab < partition_slabs(b->p); slab++) {
        row_sums_end(&sums);
        row_sums_begin(&sums, b, slab + 1);
        slab_dx_beside(b, slab, &sums);
    }
}

void standard_backward(StandardGradient out, const double *dy, const double *x,
                       const double *gamma, const StandardCells *cells,
                       const Partition *p, StandardForm form, Arena *scratch) {
    ArenaMark mark = arena_mark(scratch);
    Backward b = {.out = out,
                  .dy = dy,
                  .x = x,
                  .gamma = gamma,
                  .cells = cells->cell,
                  .p = p,
                  .form = form,
                  .pass = passes_best(),
                  .sum_dy = TAKE(scratch, double, p->N * p->C),
                  .sum_dyx = TAKE(scratch, double, p->N * p->C)};
    if (p->apart) b.leaf = TAKE(scratch, double, 2 * p->block * p->C * row_leaves(p));
    const bool overwrites = out.dx && out.keep_dx == 0.0;
    if (overwrites && form != STANDARD_GIVEN && !cells->scale && is_beside(p, 2))
        slab_beside_slab(&b);
    else
        slab_after_slab(&b, cells, scratch);
    passes_end();
    reduce_rows(out.dgamma, out.keep_dgamma, b.sum_dyx, p);
    reduce_rows(out.dbeta, out.keep_dbeta, b.sum_dy, p);
    arena_rewind(scratch, mark);
}
