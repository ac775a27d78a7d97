/* Normalizers through the moments of rows (kind.h, A-5): two fused operations on x, and what
 * lies between them on the tape. Moments of larger cells come from those of their rows by
 * the law of total variance. notes/20-algebra.md */
#include "written.h"
#include "kernel.h"

#include <math.h>

static Shape rows_shape(ShapeLattice at) {
    return SHAPE_OF(at.N, at.C);
}

/* ---- the moments of rows, as an operation ----------------------------------------- */

/* What both operations know of a call. */
typedef struct RowCells {
    const Partition *partition; /* one cell a row */
    double *origin;             /* [N C] */
    Standard *cell;             /* [N C] shift and offset of the rows' means, if asked */
    const double *fixed;        /* [C] */
    Moments *moments;           /* [N C] */
    bool relu;                  /* the map's y is the maximum of itself and 0 */
} RowCells;

/* y [2, N, C]: means minus their origins, variances. A row's origin is its own shift: what
 * other rows hold, were it infinite, reaches none that does not share moments with them. */
static void moments_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    const RowCells *rows = y->detail;
    const size_t count = partition_cells(rows->partition);
    for (size_t i = 0; i < count; i++) {
        const Moments m = moments_plain(rows->moments[i]);
        rows->cell[i] = (Standard){m.shift, m.offset, 1.0};
        rows->origin[i] = m.shift;
        y->value[i] = m.offset;
        y->value[count + i] = moments_variance(m);
    }
}

/* dx = dmean / L + dvariance 2 (x - mean) / L */
static void moments_backward(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                             const double *beta) {
    (void)tape;
    const RowCells *rows = y->detail;
    const size_t L = rows->partition->L, count = partition_cells(rows->partition);
    for (size_t i = 0; i < count; i++) {
        const Standard s = rows->cell[i];
        const double *x = y->in[0]->value + i * L;
        const double a = g[i] / (double)L, b = 2.0 * g[count + i] / (double)L;
        double *out = dx[0] + i * L;
        if (b == 0.0) /* who asks the mean alone sees no x, be it infinite */
            for (size_t l = 0; l < L; l++) out[l] = beta[0] == 0.0 ? a : out[l] + a;
        else if (beta[0] == 0.0)
            for (size_t l = 0; l < L; l++) out[l] = a + b * ((x[l] - s.shift) - s.offset);
        else
            for (size_t l = 0; l < L; l++)
                out[l] += a + b * ((x[l] - s.shift) - s.offset);
    }
}

static TapeNode *moments_define(Tape *t, TapeNode *y) {
    const RowCells *rows = y->detail;
    const Partition *p = rows->partition;
    TapeNode *x = y->in[0], *mean = tape_mean(t, x, p);
    TapeNode *centred = tape_sub(t, x, tape_spread(t, mean, p, x->shape));
    TapeNode *variance = tape_mean(t, tape_mul(t, centred, centred), p);
    TapeNode *origin = tape_leaf(t, SHAPE_OF(p->N, p->C), rows->origin);
    Shape each = SHAPE_OF(1, p->N, p->C);
    mean = tape_sub(t, tape_reshape(t, mean, origin->shape), origin);
    variance = tape_pad(t, tape_reshape(t, variance, each), 0, 1, 2);
    return tape_add(t, tape_pad(t, tape_reshape(t, mean, each), 0, 0, 2), variance);
}

/* y = (x - mean of the row) scale + (x - fixed) raw + bias   */
static TapeNode *map_define(Tape *t, TapeNode *y) {
    const RowCells *rows = y->detail;
    const Partition *p = rows->partition;
    TapeNode *x = y->in[0], *out = tape_spread(t, y->in[2], p, x->shape);
    if (y->in[1]) {
        TapeNode *apart = tape_sub(t, x, tape_spread(t, tape_mean(t, x, p), p, x->shape));
        TapeNode *scale = tape_spread(t, y->in[1], p, x->shape);
        out = tape_add(t, tape_mul(t, apart, scale), out);
    }
    if (y->in[3] == NULL) return rows->relu ? tape_relu(t, out) : out;
    TapeNode *fixed = norm_repeat(t, tape_leaf(t, SHAPE_OF(p->C), rows->fixed), x->shape);
    TapeNode *raw = tape_spread(t, y->in[3], p, x->shape);
    out = tape_add(t, tape_mul(t, tape_sub(t, x, fixed), raw), out);
    return rows->relu ? tape_relu(t, out) : out;
}

static const Op op_row_moments = {.name = "row-moments",
                                  .forward = moments_forward,
                                  .backward = moments_backward,
                                  .define = moments_define};

static double value_at(const TapeNode *node, size_t i) {
    return node ? node->value[i] : 0.0;
}

static void map_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    const RowCells *rows = y->detail;
    const size_t L = rows->partition->L, count = partition_cells(rows->partition);
    for (size_t i = 0; i < count; i++) {
        const Standard s = rows->cell[i];
        const double scale = value_at(y->in[1], i), bias = y->in[2]->value[i],
                     raw = value_at(y->in[3], i),
                     fixed = rows->fixed[i % y->in[2]->shape.size[1]];
        const double *x = y->in[0]->value + i * L;
        double *out = y->value + i * L;
        if (y->in[3] == NULL)
            for (size_t l = 0; l < L; l++)
                out[l] = ((x[l] - s.shift) - s.offset) * scale + bias;
        else if (y->in[1] == NULL)
            for (size_t l = 0; l < L; l++) out[l] = (x[l] - fixed) * raw + bias;
        else
            for (size_t l = 0; l < L; l++)
                out[l] =
                    (((x[l] - s.shift) - s.offset) * scale + bias) + (x[l] - fixed) * raw;
        for (size_t l = 0; rows->relu && l < L; l++)
            out[l] = out[l] > 0.0 || out[l] != out[l] ? out[l] : 0.0;
    }
}

static void put(double *dx, size_t i, double value, double beta) {
    if (dx) dx[i] = beta == 0.0 ? value : dx[i] + value;
}

/* What relu lets through of dy, in `passed`; NULL: there is none, dy. */
static const double *let_through(double *passed, const double *y, const double *dy,
                                 size_t L) {
    for (size_t l = 0; passed && l < L; l++) passed[l] = y[l] > 0.0 ? dy[l] : 0.0;
    return passed ? passed : dy;
}

/* dx = scale (dy - mean of dy over the row) + raw dy;
 * dscale = <dy, x - mean>, dbias = sum of dy, draw = <dy, x - fixed> */
static void map_backward(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                         const double *beta) {
    const RowCells *rows = y->detail;
    const size_t L = rows->partition->L, count = partition_cells(rows->partition);
    Arena *arena = tape_arena(tape);
    ArenaMark mark = arena_mark(arena);
    double *passed = rows->relu ? TAKE(arena, double, L) : NULL;
    for (size_t i = 0; i < count; i++) {
        const Standard s = rows->cell[i];
        const double fixed = rows->fixed[i % y->in[2]->shape.size[1]];
        const double *x = y->in[0]->value + i * L,
                     *dy = let_through(passed, y->value + i * L, g + i * L, L);
        TreeSum dy_sum, dyx_sum;
        tree_clear(&dy_sum);
        tree_clear(&dyx_sum);
        TREE_SUM2(&dy_sum, &dyx_sum, L, l, dy[l], dy[l] * ((x[l] - s.shift) - s.offset))
        const double total = tree_total(&dy_sum);
        put(dx[1], i, tree_total(&dyx_sum), beta[1]);
        put(dx[2], i, total, beta[2]);
        if (dx[3]) {
            tree_clear(&dy_sum);
            tree_clear(&dyx_sum);
            TREE_SUM2(&dy_sum, &dyx_sum, L, l, dy[l], dy[l] * (x[l] - fixed))
            put(dx[3], i, tree_total(&dyx_sum), beta[3]);
        }
        if (dx[0] == NULL) continue;
        const double scale = value_at(y->in[1], i), raw = value_at(y->in[3], i),
                     mean = total / (double)L;
        double *out = dx[0] + i * L;
        for (size_t l = 0; l < L; l++) {
            double d = y->in[1] ? scale * (dy[l] - mean) : raw * dy[l];
            if (y->in[1] && y->in[3]) d += raw * dy[l];
            out[l] = beta[0] == 0.0 ? d : out[l] + d;
        }
    }
    arena_rewind(arena, mark);
}

static const Op op_row_map = {.name = "row-map",
                              .forward = map_forward,
                              .backward = map_backward,
                              .define = map_define};

/* The rows of x by their moments. */
static NormRows rows_of(Tape *t, TapeNode *x, RowCells *cells) {
    const ShapeLattice at = shape_lattice(x->shape);
    TapeNode *both =
        tape_write(t, &op_row_moments, SHAPE_OF(2, at.N, at.C), &x, 1, cells, NULL);
    return (NormRows){
        .at = at,
        .mean = tape_reshape(t, tape_slice(t, both, 0, 0, 1), rows_shape(at)),
        .variance = tape_reshape(t, tape_slice(t, both, 0, 1, 1), rows_shape(at)),
        .origin = cells->origin,
        .fixed = cells->fixed};
}

/* The first running means of channels that it keeps, itself or in parts; NULL: none. */
static const double *running_means(const NormContext *context) {
    const Norm *norm = context->norm;
    for (size_t i = 0; i < norm->states; i++)
        if (norm->state[i].role == NORM_STATE_MEAN &&
            norm->state[i].count == norm->channels)
            return context->state[i];
    return NULL;
}

/* [C] numbers near the running means that are read, so that no digit of a large mean is lost;
 * else 0. */
static double *fixed_means(const NormContext *context, size_t C) {
    const bool reads = context->mode == NORM_EVAL || norm_recalls(context->norm);
    const double *means = reads ? running_means(context) : NULL;
    double *fixed = ZERO(tape_arena(context->tape), double, C);
    for (size_t c = 0; means && c < C; c++)
        if (isfinite(means[c])) fixed[c] = means[c];
    return fixed;
}

/* Rows as if of these means: each element of y depends on its own x alone. */
static NormRows rows_given(Tape *t, RowCells *cells, ShapeLattice at) {
    for (size_t i = 0; i < at.N * at.C; i++) cells->origin[i] = cells->fixed[i % at.C];
    return (NormRows){.at = at,
                      .mean = tape_fill(t, rows_shape(at), 0.0),
                      .variance = tape_fill(t, rows_shape(at), 0.0),
                      .origin = cells->origin,
                      .fixed = cells->fixed,
                      .given = true};
}

TapeNode *rows_apply(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    Arena *arena = tape_arena(t);
    const ShapeLattice at = shape_lattice(x->shape);
    const size_t count = at.N * at.C;
    RowCells *cells = TAKE(arena, RowCells, 1);
    *cells = (RowCells){.partition = partition_blocks(arena, at, 1, 1, false),
                        .origin = TAKE(arena, double, count),
                        .cell = ZERO(arena, Standard, count),
                        .relu = context->relu};
    cells->fixed = fixed_means(context, at.C);
    const bool given = norm_is_linear(context->norm, context->mode);
    bool wide = wide_elements(x->value, given ? shape_count(x->shape) : 0);
    if (!given) {
        cells->moments = TAKE(arena, Moments, count);
        partition_moments(cells->moments, x->value, cells->partition);
        /* who meets others does as they do: of no squares in doubles a mean is NaN */
        wide = !norm_meets(context) && wide_rows(context->norm, cells->moments, count);
    }
    NormContext text = *context;
    text.relu = false; /* of the map, not of what it is made of */
    if (wide) {
        TapeNode *y = wide_apply(&text, x, cells->partition, cells->fixed, given);
        return context->relu ? tape_relu(t, y) : y;
    }
    const NormRows rows = given ? rows_given(t, cells, at) : rows_of(t, x, cells);
    const NormField y = norm_rows(&text, &rows);
    TapeNode *in[] = {x, y.scale, y.value, y.raw};
    return tape_write(t, &op_row_map, x->shape, in, 4, cells, NULL);
}

/* ---- maps ------------------------------------------------------------------------ */

bool norm_has_rows(const Norm *norm) {
    for (size_t i = 0; i < norm->parts; i++)
        if (!norm_has_rows(norm->part[i])) return false;
    if (norm->kind->equation) return ((const Written *)norm->detail)->rows;
    return !norm->kind->define && !norm->kind->apply && !norm->cell->apart;
}

NormField norm_rows(const NormContext *context, const NormRows *x) {
    const NormView v = view_rows(context, x);
    NormField y = view_text(&v);
    y.scale = field_scale(&v, y);
    return y;
}
