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
    double *origin;             /* [C] */
    Standard *cell;             /* [N C] shift and offset of the rows' means */
    bool fixed; /* no moments of x are asked: rows stand about their origin */
} RowCells;

/* y [2, N, C]: means minus their origins, variances. The origin of a channel is its first
 * row's shift, so that a difference of means costs no digit of theirs. */
static void moments_forward(Tape *tape, Node *y) {
    const RowCells *rows = y->detail;
    const Partition *p = rows->partition;
    const size_t count = partition_cells(p);
    ArenaMark mark = arena_mark(tape_arena(tape));
    Moments *moments = TAKE(tape_arena(tape), Moments, count);
    partition_moments(moments, y->in[0]->value, p);
    for (size_t c = 0; c < p->C; c++) rows->origin[c] = moments[c].shift;
    for (size_t i = 0; i < count; i++) {
        const Moments m = moments[i];
        rows->cell[i] = (Standard){m.shift, m.offset, 1.0};
        y->value[i] = (m.shift - rows->origin[i % p->C]) + m.offset;
        y->value[count + i] = moments_variance(m);
    }
    arena_rewind(tape_arena(tape), mark);
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
    Node *origin = tape_leaf(t, SHAPE(1, p->C), rows->origin);
    Shape each = SHAPE(1, p->N, p->C);
    mean = tape_sub(t, tape_reshape(t, mean, SHAPE(p->N, p->C)),
                    tape_broadcast(t, origin, SHAPE(p->N, p->C)));
    return tape_add(t, tape_pad(t, tape_reshape(t, mean, each), 0, 0, 2),
                    tape_pad(t, tape_reshape(t, variance, each), 0, 1, 2));
}

/* y = (x - mean of the row) scale + bias   */
static Node *map_define(Tape *t, Node *y) {
    const RowCells *rows = y->detail;
    const Partition *p = rows->partition;
    Node *x = y->in[0];
    Node *mean = rows->fixed
                     ? norm_repeat(t, tape_leaf(t, SHAPE(p->C), rows->origin), x->shape)
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

/* Where all moments are given: rows as if of mean `origin`, so that each element of y
 * depends on its own x alone. */
static Rows rows_given(Tape *t, const Node *x, RowCells *cells) {
    const Lattice at = shape_lattice(x->shape);
    cells->fixed = true;
    for (size_t c = 0; c < at.C; c++) cells->origin[c] = x->value[c * at.L];
    for (size_t i = 0; i < at.N * at.C; i++)
        cells->cell[i] = (Standard){cells->origin[i % at.C], 0.0, 1.0};
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
    RowCells *cells = TAKE(arena, RowCells, 1);
    *cells = (RowCells){.partition = partition_blocks(arena, at, 1, 1, false),
                        .origin = TAKE(arena, double, at.C),
                        .cell = TAKE(arena, Standard, at.N * at.C)};
    bool given =
        norm_smallest_cell(arena, context->norm, at, context->mode) == SIZE_MAX &&
        !is_gated(context->norm);
    Rows rows = given ? rows_given(t, x, cells) : rows_of(t, x, cells);
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
    return (Rows){.at = x->at,
                  .mean = map.bias,
                  .variance = tape_mul(t, square, x->variance),
                  .origin = ZERO(tape_arena(t), double, x->at.C)};
}

/* ---- partition normalizers -------------------------------------------------------- */

Node *rows_common(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    double *between = TAKE(tape_arena(t), double, x->at.C);
    for (size_t c = 0; c < x->at.C; c++) between[c] = x->origin[c] - x->origin[0];
    Node *leaf = tape_leaf(t, SHAPE(x->at.C), between);
    return tape_add(t, x->mean, rows_repeat(context, x, leaf));
}

/* The rows' means as they are. */
static Node *whole_means(const NormContext *context, const Rows *x) {
    Node *origin = tape_leaf(context->tape, SHAPE(x->at.C), x->origin);
    return tape_add(context->tape, x->mean, rows_repeat(context, x, origin));
}

RowMoments rows_running(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    if (context->norm->uncentred) {
        Node *square = tape_leaf(t, SHAPE(x->at.C), context->state[0]);
        return (RowMoments){whole_means(context, x), rows_repeat(context, x, square)};
    }
    double *mean = TAKE(tape_arena(t), double, x->at.C);
    for (size_t c = 0; c < x->at.C; c++) mean[c] = context->state[0][c] - x->origin[c];
    Node *at = rows_repeat(context, x, tape_leaf(t, SHAPE(x->at.C), mean));
    Node *variance = tape_leaf(t, SHAPE(x->at.C), context->state[1]);
    return (RowMoments){tape_sub(t, x->mean, at), rows_repeat(context, x, variance)};
}

/* As the fused kernel observes: the mean over blocks of samples of their channels' means and
 * of their unbiased variances; NaN where a channel has one element there (P-7). */
static void observe_channels(const NormContext *context, const Rows *x, size_t block) {
    const size_t C = x->at.C, blocks = x->at.N / block;
    const double *mean = x->mean->value, *variance = x->variance->value;
    const double count = (double)(block * x->at.L);
    for (size_t c = 0; c < C; c++) {
        TreeSum means, variances;
        tree_clear(&means);
        tree_clear(&variances);
        for (size_t first = c; first < x->at.N * C; first += block * C) {
            const double centre = sum_strided(mean + first, block, C) / (double)block;
            double square = 0.0;
            for (size_t n = 0; n < block; n++) {
                const double apart = mean[first + n * C] - centre;
                square += variance[first + n * C] + apart * apart;
            }
            tree_push(&means, centre);
            tree_push(&variances, square * (double)x->at.L / (count - 1.0));
        }
        context->observed[0][c] = x->origin[c] + tree_total(&means) / (double)blocks;
        context->observed[1][c] = tree_total(&variances) / (double)blocks;
    }
}

static void observe(const NormContext *context, const Rows *x) {
    const Norm *norm = context->norm;
    if (context->observed == NULL || context->mode == NORM_EVAL) return;
    if (norm->kind->keeps_state && !norm->uncentred)
        observe_channels(context, x, norm->block ? norm->block : x->at.N);
    if (norm->kind->observe)
        norm->kind->observe(context, x->at, whole_means(context, x)->value,
                            x->variance->value);
}

/* The mean of (variance + mean^2) is that of x^2. */
static RowMoments squares(const NormContext *context, const Rows *x) {
    Tape *t = context->tape;
    const Partition *p = norm_partition(tape_arena(t), context->norm, rows_lattice(x->at),
                                        context->mode, context->state);
    Node *mean = whole_means(context, x);
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
    Node *means = p->channel_cells < p->C ? rows_common(context, x) : x->mean;
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
    if (context->norm->kind->fixed) return (RowMap){one, whole_means(context, x)};
    RowMoments m = rows_moments(context, x);
    Node *eps = tape_fill(t, shape, context->norm->eps);
    Node *scale = tape_div(t, one, tape_sqrt(t, tape_add(t, m.variance, eps)));
    return (RowMap){scale, tape_mul(t, m.apart, scale)};
}

RowMap norm_rows(const NormContext *context, const Rows *x) {
    const bool partitioned = norm_is_partitioned(context->norm, context->mode);
    return rows_affine(context, partitioned ? partition_rows(context, x)
                                            : context->norm->kind->rows(context, x));
}
