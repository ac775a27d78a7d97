/* Normalizers through the moments of rows (kind.h, A-5): two fused operations on x, and what
 * lies between them on the tape. Moments of larger cells come from those of their rows by
 * the law of total variance. notes/15-algebra.md */
#include "kind.h"

#include <math.h>

static Shape rows_shape(Lattice at) {
    return SHAPE(at.N, at.C);
}

static Lattice rows_lattice(Lattice at) {
    return (Lattice){at.N, at.C, 1};
}

/* ---- the moments of rows, as an operation ----------------------------------------- */

/* What both operations know of a call. */
typedef struct RowCells {
    const Partition *partition; /* one cell a row */
    double *origin;             /* [N C] */
    Standard *cell;             /* [N C] shift and offset of the rows' means */
    const double *fixed; /* [C] no moments of x are asked: rows stand about these */
    Moments *moments;    /* [N C] */
} RowCells;

/* y [2, N, C]: means minus their origins, variances. A row's origin is its own shift: what
 * other rows hold, were it infinite, reaches none that does not share moments with them. */
static void moments_forward(Tape *tape, Node *y) {
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
static void moments_backward(Tape *tape, Node *y, const double *g, double *const *dx,
                             const double *beta) {
    (void)tape;
    const RowCells *rows = y->detail;
    const size_t L = rows->partition->L, count = partition_cells(rows->partition);
    for (size_t i = 0; i < count; i++) {
        const Standard s = rows->cell[i];
        const double *x = y->in[0]->value + i * L;
        const double a = g[i] / (double)L, b = 2.0 * g[count + i] / (double)L;
        double *out = dx[0] + i * L;
        if (beta[0] == 0.0)
            for (size_t l = 0; l < L; l++) out[l] = a + b * ((x[l] - s.shift) - s.offset);
        else
            for (size_t l = 0; l < L; l++)
                out[l] += a + b * ((x[l] - s.shift) - s.offset);
    }
}

//> rows
static Node *moments_define(Tape *t, Node *y) {
    const RowCells *rows = y->detail;
    const Partition *p = rows->partition;
    Node *x = y->in[0], *mean = tape_mean(t, x, p);
    Node *centred = tape_sub(t, x, tape_spread(t, mean, p, x->shape));
    Node *variance = tape_mean(t, tape_mul(t, centred, centred), p);
    Node *origin = tape_leaf(t, SHAPE(p->N, p->C), rows->origin);
    Shape each = SHAPE(1, p->N, p->C);
    mean = tape_sub(t, tape_reshape(t, mean, origin->shape), origin);
    return tape_add(t, tape_pad(t, tape_reshape(t, mean, each), 0, 0, 2),
                    tape_pad(t, tape_reshape(t, variance, each), 0, 1, 2));
}

/* y = (x - mean of the row) scale + bias   */
static Node *map_define(Tape *t, Node *y) {
    const RowCells *rows = y->detail;
    const Partition *p = rows->partition;
    Node *x = y->in[0];
    Node *mean = rows->fixed
                     ? norm_repeat(t, tape_leaf(t, SHAPE(p->C), rows->fixed), x->shape)
                     : tape_spread(t, tape_mean(t, x, p), p, x->shape);
    Node *scaled =
        tape_mul(t, tape_sub(t, x, mean), tape_spread(t, y->in[1], p, x->shape));
    return tape_add(t, scaled, tape_spread(t, y->in[2], p, x->shape));
}
//< rows

static const Op op_row_moments = {.name = "row-moments",
                                  .forward = moments_forward,
                                  .backward = moments_backward,
                                  .define = moments_define};

static void map_forward(Tape *tape, Node *y) {
    (void)tape;
    const RowCells *rows = y->detail;
    const size_t L = rows->partition->L, count = partition_cells(rows->partition);
    for (size_t i = 0; i < count; i++) {
        const Standard s = rows->cell[i];
        const double scale = y->in[1]->value[i], bias = y->in[2]->value[i];
        const double *x = y->in[0]->value + i * L;
        double *out = y->value + i * L;
        for (size_t l = 0; l < L; l++)
            out[l] = ((x[l] - s.shift) - s.offset) * scale + bias;
    }
}

/* dx = scale (dy - mean of dy over the row) or, fixed, scale dy;
 * dscale = <dy, x - mean>, dbias = sum of dy */
static void map_backward(Tape *tape, Node *y, const double *g, double *const *dx,
                         const double *beta) {
    (void)tape;
    const RowCells *rows = y->detail;
    const size_t L = rows->partition->L, count = partition_cells(rows->partition);
    for (size_t i = 0; i < count; i++) {
        const Standard s = rows->cell[i];
        const double *x = y->in[0]->value + i * L, *dy = g + i * L;
        TreeSum dy_sum, dyx_sum;
        tree_clear(&dy_sum);
        tree_clear(&dyx_sum);
        TREE_SUM2(&dy_sum, &dyx_sum, L, l, dy[l], dy[l] * ((x[l] - s.shift) - s.offset))
        const double sum = tree_total(&dy_sum), share[] = {tree_total(&dyx_sum), sum};
        for (size_t k = 0; k < 2; k++)
            if (dx[1 + k])
                dx[1 + k][i] = beta[1 + k] == 0.0 ? share[k] : dx[1 + k][i] + share[k];
        if (dx[0] == NULL) continue;
        const double scale = y->in[1]->value[i],
                     mean = rows->fixed ? 0.0 : sum / (double)L;
        double *out = dx[0] + i * L;
        for (size_t l = 0; l < L; l++) {
            double d = scale * (dy[l] - mean);
            out[l] = beta[0] == 0.0 ? d : out[l] + d;
        }
    }
}

static const Op op_row_map = {.name = "row-map",
                              .forward = map_forward,
                              .backward = map_backward,
                              .define = map_define};

/* The rows of x by their moments. */
static Rows rows_of(Tape *t, Node *x, RowCells *cells) {
    const Lattice at = shape_lattice(x->shape);
    Node *both = tape_write(t, &op_row_moments, SHAPE(2, at.N, at.C), &x, 1, cells, NULL);
    return (Rows){.at = at,
                  .mean = tape_reshape(t, tape_slice(t, both, 0, 0, 1), rows_shape(at)),
                  .variance =
                      tape_reshape(t, tape_slice(t, both, 0, 1, 1), rows_shape(at)),
                  .origin = cells->origin};
}

/* The running means of the first part that keeps some; NULL: none does. */
static const double *running_means(const NormContext *context) {
    const Norm *norm = context->norm;
    if (norm->kind->keeps_state && !norm->uncentred) return context->state[0];
    for (size_t i = 0; i < norm->parts; i++) {
        const NormContext part = norm_part_context(context, i);
        const double *means = running_means(&part);
        if (means) return means;
    }
    return NULL;
}

/* Where rows stand whose moments are all given: [C] numbers near the running means, so that
 * no digit of a large mean is lost. */
static double *fixed_means(const NormContext *context, size_t C) {
    const double *means = running_means(context);
    double *fixed = ZERO(tape_arena(context->tape), double, C);
    for (size_t c = 0; means && c < C; c++)
        if (isfinite(means[c])) fixed[c] = means[c];
    return fixed;
}

/* Rows as if of these means: each element of y depends on its own x alone. */
static Rows rows_given(Tape *t, RowCells *cells, Lattice at) {
    for (size_t i = 0; i < at.N * at.C; i++) {
        cells->origin[i] = cells->fixed[i % at.C];
        cells->cell[i] = (Standard){cells->origin[i], 0.0, 1.0};
    }
    return (Rows){.at = at,
                  .mean = tape_fill(t, rows_shape(at), 0.0),
                  .variance = tape_fill(t, rows_shape(at), 0.0),
                  .origin = cells->origin};
}

/* Whether scale and bias depend on x in spite of given moments. */
static bool is_gated(const Norm *norm) {
    for (size_t i = 0; i < norm->parts; i++)
        if (is_gated(norm->part[i])) return true;
    return norm->gated;
}

Node *rows_apply(const NormContext *context, Node *x) {
    Tape *t = context->tape;
    Arena *arena = tape_arena(t);
    const Lattice at = shape_lattice(x->shape);
    const size_t count = at.N * at.C;
    RowCells *cells = TAKE(arena, RowCells, 1);
    *cells = (RowCells){.partition = partition_blocks(arena, at, 1, 1, false),
                        .origin = TAKE(arena, double, count),
                        .cell = TAKE(arena, Standard, count)};
    bool wide;
    if (norm_smallest_cell(arena, context->norm, at, context->mode) == SIZE_MAX &&
        !is_gated(context->norm)) {
        cells->fixed = fixed_means(context, at.C);
        wide = wide_elements(x->value, shape_count(x->shape));
    } else {
        cells->moments = TAKE(arena, Moments, count);
        partition_moments(cells->moments, x->value, cells->partition);
        wide = wide_rows(context->norm, cells->moments, count);
    }
    if (wide) return wide_apply(context, x, cells->partition, cells->fixed);
    Rows rows = cells->fixed ? rows_given(t, cells, at) : rows_of(t, x, cells);
    RowMap map = norm_rows(context, &rows);
    Node *in[] = {x, map.scale, map.bias};
    return tape_write(t, &op_row_map, x->shape, in, 3, cells, NULL);
}

/* ---- maps ------------------------------------------------------------------------ */

bool norm_has_rows(const Norm *norm) {
    for (size_t i = 0; i < norm->parts; i++)
        if (!norm_has_rows(norm->part[i])) return false;
    if (norm->kind->define) return norm->kind->rows && !norm->kind->apply;
    return !norm->kind->apart;
}

Node *rows_repeat(const NormContext *context, const Rows *x, Node *vector) {
    Node *row = tape_reshape(context->tape, vector, SHAPE(1, shape_count(vector->shape)));
    return tape_broadcast(context->tape, row, rows_shape(x->at));
}

RowMap rows_affine(const NormContext *context, RowMap map) {
    Tape *t = context->tape;
    Node *gamma = norm_operand(context, "gamma"), *beta = norm_operand(context, "beta");
    const Rows like = {.at = {map.scale->shape.size[0], map.scale->shape.size[1], 1}};
    if (gamma) {
        gamma = rows_repeat(context, &like, gamma);
        map = (RowMap){tape_mul(t, map.scale, gamma), tape_mul(t, map.bias, gamma)};
    }
    if (beta) map.bias = tape_add(t, map.bias, rows_repeat(context, &like, beta));
    return map;
}

Rows rows_after(const NormContext *context, const Rows *x, RowMap map) {
    Tape *t = context->tape;
    Node *square = tape_mul(t, map.scale, map.scale);
    return (Rows){
        .at = x->at, .mean = map.bias, .variance = tape_mul(t, square, x->variance)};
}

/* ---- means about other origins ---------------------------------------------------- */

static double origin_of(const Rows *x, size_t row) {
    return x->origin ? x->origin[row] : 0.0;
}

/* The rows' means about one origin in each cell, that of its first row: a difference of
 * means costs no digit of theirs, and no other cell has a part in it. */
static Node *means_in_cells(Tape *t, const Rows *x, const Partition *p) {
    if (x->origin == NULL || (p->block == 1 && p->channel_cells == p->C)) return x->mean;
    double *between = TAKE(tape_arena(t), double, x->at.N * x->at.C);
    for (size_t slab = 0; slab < partition_slabs(p); slab++) {
        const double first = x->origin[slab_rows(p, slab).number];
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p))
            between[row.number] = x->origin[row.number] - first;
    }
    return tape_add(t, x->mean, tape_leaf(t, rows_shape(x->at), between));
}

Node *rows_means_from(const NormContext *context, const Rows *x, size_t axis, size_t at) {
    Tape *t = context->tape;
    const size_t C = x->at.C, rows = x->at.N * C;
    double *between = TAKE(tape_arena(t), double, rows);
    for (size_t i = 0; i < rows; i++)
        between[i] =
            origin_of(x, i) - origin_of(x, axis == 0 ? at * C + i % C : i / C * C + at);
    Node *first = tape_slice(t, x->mean, axis, at, 1);
    Node *left = tape_sub(t, x->mean, tape_broadcast(t, first, x->mean->shape));
    return x->origin ? tape_add(t, left, tape_leaf(t, rows_shape(x->at), between)) : left;
}

Node *rows_whole_means(const NormContext *context, const Rows *x) {
    if (x->origin == NULL) return x->mean;
    Node *origin = tape_leaf(context->tape, rows_shape(x->at), x->origin);
    return tape_add(context->tape, x->mean, origin);
}

Node *rows_apart_from(const NormContext *context, const Rows *x, const double *mean) {
    Tape *t = context->tape;
    double *at = TAKE(tape_arena(t), double, x->at.N * x->at.C);
    for (size_t i = 0; i < x->at.N * x->at.C; i++)
        at[i] = mean[i % x->at.C] - origin_of(x, i);
    return tape_sub(t, x->mean, tape_leaf(t, rows_shape(x->at), at));
}

/* ---- partition normalizers -------------------------------------------------------- */

RowMoments rows_running(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    const size_t C = x->at.C;
    if (context->norm->uncentred) {
        Node *square = tape_leaf(t, SHAPE(C), context->state[0]);
        return (RowMoments){rows_whole_means(context, x),
                            rows_repeat(context, x, square)};
    }
    Node *variance = tape_leaf(t, SHAPE(C), context->state[1]);
    return (RowMoments){rows_apart_from(context, x, context->state[0]),
                        rows_repeat(context, x, variance)};
}

/* As the fused kernel observes: the mean over blocks of samples of their channels' means and
 * of their unbiased variances; NaN where a channel has one element there (P-7). */
static void observe_channels(const NormContext *context, const Rows *x, size_t block) {
    const size_t C = x->at.C, blocks = x->at.N / block;
    const double *mean = x->mean->value, *variance = x->variance->value;
    const double count = (double)(block * x->at.L);
    double *about = TAKE(tape_arena(context->tape), double, block);
    for (size_t c = 0; c < C; c++) {
        TreeSum means, variances;
        tree_clear(&means);
        tree_clear(&variances);
        for (size_t first = c; first < x->at.N * C; first += block * C) {
            const double origin = origin_of(x, first);
            for (size_t n = 0; n < block; n++)
                about[n] = (origin_of(x, first + n * C) - origin) + mean[first + n * C];
            const double centre = sum_strided(about, block, 1) / (double)block;
            double square = 0.0;
            for (size_t n = 0; n < block; n++) {
                const double apart = about[n] - centre;
                square += variance[first + n * C] + apart * apart;
            }
            tree_push(&means, origin + centre);
            tree_push(&variances, square * (double)x->at.L / (count - 1.0));
        }
        context->observed[0][c] = tree_total(&means) / (double)blocks;
        context->observed[1][c] = tree_total(&variances) / (double)blocks;
    }
}

static void observe(const NormContext *context, const Rows *x) {
    const Norm *norm = context->norm;
    if (context->observed == NULL || context->mode == NORM_EVAL) return;
    if (norm->kind->keeps_state && !norm->uncentred)
        observe_channels(context, x, norm->block ? norm->block : x->at.N);
    if (norm->kind->observe)
        norm->kind->observe(context, x->at, rows_whole_means(context, x)->value,
                            x->variance->value);
}

/* The mean of (variance + mean^2) is that of x^2. */
static RowMoments squares(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    const Partition *p = norm_partition(tape_arena(t), context->norm, rows_lattice(x->at),
                                        context->mode, context->state);
    Node *mean = rows_whole_means(context, x);
    Node *square = tape_add(t, x->variance, tape_mul(t, mean, mean));
    Node *cells = tape_mean(t, square, p);
    if (context->norm->kind->keeps_state && context->observed) {
        const size_t blocks = p->N / p->block;
        for (size_t c = 0; c < p->C; c++)
            context->observed[0][c] =
                sum_strided(cells->value + c, blocks, p->C) / (double)blocks;
    }
    return (RowMoments){mean, tape_spread(t, cells, p, rows_shape(x->at))};
}

//> moments
/* mean_S = mean of the rows' means, variance_S = mean of (variance + (mean - mean_S)^2):
 * the law of total variance, rows being of one length. */
static RowMoments cell_moments(const NormContext *context, const Rows *x,
                               const Partition *p) {
    Tape *t = context->tape;
    const Shape shape = rows_shape(x->at);
    Node *means = means_in_cells(t, x, p);
    Node *mean = tape_mean(t, means, p);
    Node *apart = tape_sub(t, means, tape_spread(t, mean, p, shape));
    Node *square = tape_mul(t, apart, apart);
    Node *variance = tape_mean(t, tape_add(t, x->variance, square), p);
    return (RowMoments){apart, tape_spread(t, variance, p, shape)};
}
//< moments

RowMoments rows_moments(const NormContext *context, const Rows *x) {
    const Norm *norm = context->norm;
    if (norm->kind->keeps_state && context->mode == NORM_EVAL)
        return rows_running(context, x);
    observe(context, x);
    if (norm->uncentred) return squares(context, x);
    const Partition *p =
        norm_partition(tape_arena(context->tape), norm, rows_lattice(x->at),
                       context->mode, context->state);
    return cell_moments(context, x, p);
}

RowMoments rows_moments_over(const NormContext *context, const Rows *x, size_t block,
                             size_t width) {
    const Partition *p = partition_blocks(tape_arena(context->tape), rows_lattice(x->at),
                                          block, width, false);
    return cell_moments(context, x, p);
}

/* scale = 1 / sqrt(variance + eps), bias = (mean of the row - mean of the cell) scale */
static RowMap partition_rows(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    const Shape shape = rows_shape(x->at);
    Node *one = tape_fill(t, shape, 1.0);
    if (context->norm->kind->fixed) return (RowMap){one, rows_whole_means(context, x)};
    RowMoments m = rows_moments(context, x);
    Node *scale = tape_div(t, one, norm_root(t, context->norm, m.variance));
    return (RowMap){scale, tape_mul(t, m.apart, scale)};
}

RowMap norm_rows(const NormContext *context, const Rows *x) {
    const bool partitioned = norm_is_partitioned(context->norm, context->mode);
    return rows_affine(context, partitioned ? partition_rows(context, x)
                                            : context->norm->kind->rows(context, x));
}
