/* The two views that a text runs over (kind.h): x's elements, or the moments of its rows. Over
 * rows the moments of larger cells come from those of their rows by the law of total
 * variance. notes/20-algebra.md */
#include "written.h"
#include "stretch.h"
#include "sum.h"

static Shape rows_shape(ShapeLattice at) {
    return SHAPE_OF(at.N, at.C);
}

static double origin_of(const NormRows *x, size_t row) {
    return x->origin ? x->origin[row] : 0.0;
}

static double fixed_of(const NormRows *x, size_t channel) {
    return x->fixed ? x->fixed[channel] : 0.0;
}

static ShapeLattice rows_lattice(ShapeLattice at) {
    return (ShapeLattice){at.N, at.C, 1};
}

NormView view_elements(const NormContext *context, TapeNode *x) {
    return (NormView){.context = *context,
                      .tape = context->tape,
                      .at = shape_lattice(x->shape),
                      .shape = x->shape,
                      .x = x};
}

NormView view_rows(const NormContext *context, const NormRows *rows) {
    return (NormView){.context = *context,
                      .tape = context->tape,
                      .at = rows->at,
                      .shape = rows_shape(rows->at),
                      .rows = *rows};
}

TapeNode *view_repeat(const NormView *v, TapeNode *vector) {
    return v->x ? norm_repeat(v->tape, vector, v->shape)
                : rows_repeat(v->tape, &v->rows, vector);
}

/* ---- fields ------------------------------------------------------------------------ */

static TapeNode *product(Tape *t, TapeNode *a, TapeNode *b) {
    return a && b ? tape_mul(t, a, b) : NULL;
}

static TapeNode *sum(Tape *t, TapeNode *a, TapeNode *b) {
    return a && b ? tape_add(t, a, b) : a ? a : b;
}

TapeNode *field_scale(const NormView *v, NormField a) {
    if (a.scale || a.raw || v->x) return a.scale;
    return tape_fill(v->tape, v->shape, 1.0);
}

/* What it is at the mean of each row. */
TapeNode *field_at_means(const NormView *v, NormField a) {
    if (a.raw == NULL) return a.value;
    Tape *t = v->tape;
    const NormRows *x = &v->rows;
    double *between = TAKE(tape_arena(t), double, x->at.N * x->at.C);
    for (size_t i = 0; i < x->at.N * x->at.C; i++)
        between[i] = fixed_of(x, i % x->at.C) - origin_of(x, i);
    TapeNode *left = tape_sub(t, x->mean, tape_leaf(t, v->shape, between));
    return tape_add(t, tape_mul(t, left, a.raw), a.value);
}

NormField field_times(const NormView *v, NormField a, TapeNode *w) {
    Tape *t = v->tape;
    NormField y = {.scale = a.scale || a.raw || v->x ? product(t, a.scale, w) : w};
    y.raw = product(t, a.raw, w);
    y.value = tape_mul(t, a.value, w);
    return y;
}

NormField field_over(const NormView *v, NormField a, TapeNode *root) {
    if (v->x) return (NormField){.value = tape_div(v->tape, a.value, root)};
    TapeNode *one = tape_fill(v->tape, root->shape, 1.0);
    return field_times(v, a, tape_div(v->tape, one, root));
}

NormField field_plus(const NormView *v, NormField a, NormField b) {
    Tape *t = v->tape;
    TapeNode *scale = field_scale(v, b);
    NormField y = {.scale = sum(t, field_scale(v, a), scale)};
    y.raw = sum(t, a.raw, b.raw);
    y.value = tape_add(t, a.value, b.value);
    return y;
}

NormField field_shifted(const NormView *v, NormField a, TapeNode *by) {
    a.value = tape_add(v->tape, a.value, by);
    return a;
}

NormField field_weighed(const NormView *v, const NormField *a, TapeNode *const *w,
                        size_t count) {
    NormField y = {.raw = a[0].raw}; /* which is 1 */
    for (size_t k = 1; k < count; k++) y.raw = a[k].raw ? y.raw : NULL;
    for (size_t k = 0; k < count; k++) {
        TapeNode *value = y.raw ? a[k].value : field_at_means(v, a[k]);
        y.value = sum(v->tape, y.value, tape_mul(v->tape, w[k], value));
    }
    return y;
}

TapeNode *field_between(const NormView *v, NormField a, NormField b) {
    TapeNode *of_b = field_at_means(v, b);
    return tape_sub(v->tape, field_at_means(v, a), of_b);
}

/* ---- parts ------------------------------------------------------------------------- */

NormView view_part(const NormView *v, size_t i) {
    NormView part = *v;
    part.context = norm_part_context(&v->context, i);
    return part;
}

NormField view_run(const NormView *v, size_t i) {
    if (v->x) return (NormField){.value = norm_run_part(&v->context, i, v->x)};
    const NormView part = view_part(v, i);
    return view_text(&part);
}

NormView view_after(const NormView *v, NormField seen) {
    if (v->x) return view_elements(&v->context, seen.value);
    Tape *t = v->tape;
    TapeNode *scale = sum(t, field_scale(v, seen), seen.raw),
             *square = tape_mul(t, scale, scale);
    NormRows rows = {.at = v->at, .mean = field_at_means(v, seen)};
    rows.variance = tape_mul(t, square, v->rows.variance);
    return view_rows(&v->context, &rows);
}

NormField field_after(const NormView *v, NormField first, NormField second) {
    if (v->x) return second;
    Tape *t = v->tape;
    TapeNode *scale = field_scale(v, first), *whole = sum(t, scale, first.raw);
    TapeNode *raw = product(t, scale, second.raw);
    NormField y = {.scale = sum(t, product(t, whole, field_scale(v, second)), raw)};
    y.raw = product(t, first.raw, second.raw);
    y.value = sum(t, second.value, product(t, first.value, second.raw));
    return y;
}

/* ---- rows -------------------------------------------------------------------------- */

TapeNode *rows_repeat(Tape *t, const NormRows *x, TapeNode *vector) {
    TapeNode *row = tape_reshape(t, vector, SHAPE_OF(1, shape_count(vector->shape)));
    return tape_broadcast(t, row, rows_shape(x->at));
}

/* The rows' means about one origin in each cell, that of its first row: a difference of
 * means costs no digit of theirs, and no other cell has a part in it. */
static TapeNode *means_in_cells(Tape *t, const NormRows *x, const Partition *p) {
    if (x->origin == NULL || (p->block == 1 && p->channel_cells == p->C)) return x->mean;
    double *between = TAKE(tape_arena(t), double, x->at.N * x->at.C);
    for (size_t slab = 0; slab < partition_slabs(p); slab++) {
        const double first = x->origin[slab_rows(p, slab).number];
        for (Stretch row = slab_rows(p, slab); row.left > 0; stretch_next(&row, p))
            between[row.number] = x->origin[row.number] - first;
    }
    return tape_add(t, x->mean, tape_leaf(t, rows_shape(x->at), between));
}

TapeNode *rows_means_from(Tape *t, const NormRows *x, size_t axis, size_t at) {
    const size_t C = x->at.C, rows = x->at.N * C;
    double *between = TAKE(tape_arena(t), double, rows);
    for (size_t i = 0; i < rows; i++)
        between[i] =
            origin_of(x, i) - origin_of(x, axis == 0 ? at * C + i % C : i / C * C + at);
    TapeNode *first = tape_slice(t, x->mean, axis, at, 1);
    TapeNode *left = tape_sub(t, x->mean, tape_broadcast(t, first, x->mean->shape));
    return x->origin ? tape_add(t, left, tape_leaf(t, rows_shape(x->at), between)) : left;
}

TapeNode *rows_whole_means(Tape *t, const NormRows *x) {
    if (x->origin == NULL) return x->mean;
    return tape_add(t, x->mean, tape_leaf(t, rows_shape(x->at), x->origin));
}

TapeNode *rows_apart_from(Tape *t, const NormRows *x, const double *mean) {
    if (x->origin == NULL)
        return tape_sub(t, x->mean,
                        rows_repeat(t, x, tape_leaf(t, SHAPE_OF(x->at.C), mean)));
    double *at = TAKE(tape_arena(t), double, x->at.N * x->at.C);
    for (size_t i = 0; i < x->at.N * x->at.C; i++)
        at[i] = mean[i % x->at.C] - origin_of(x, i);
    return tape_sub(t, x->mean, tape_leaf(t, rows_shape(x->at), at));
}

NormRows view_row_moments(const NormView *v) {
    if (v->x == NULL) return v->rows;
    const Shape shape = rows_shape(v->at);
    const NormMomentNodes m = norm_moments_over(
        &v->context, v->x, norm_blocks(&v->context, v->at, 1, 1, false));
    return (NormRows){.at = v->at,
                      .mean = tape_reshape(v->tape, m.mean, shape),
                      .variance = tape_reshape(v->tape, m.variance, shape)};
}

NormField view_map(const NormView *v, const NormRows *x, TapeNode *scale,
                   TapeNode *bias) {
    if (v->x == NULL)
        return x->given ? (NormField){.value = bias, .raw = scale}
                        : (NormField){.value = bias, .scale = scale};
    Tape *t = v->tape;
    const Partition *row = norm_blocks(&v->context, v->at, 1, 1, false);
    TapeNode *apart = tape_sub(t, v->x, tape_spread(t, x->mean, row, v->shape));
    TapeNode *scaled = tape_mul(t, apart, tape_spread(t, scale, row, v->shape));
    return (NormField){.value = tape_add(t, scaled, tape_spread(t, bias, row, v->shape))};
}

/* ---- moments: what is observed over rows -------------------------------------------- */

/* As the fused kernel observes: the mean over blocks of samples of their channels' means and
 * of their unbiased variances; NaN where a channel has one element there (P-7). */
static void observe_channels(const NormContext *context, const NormRows *x,
                             size_t block) {
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

static void observe(const NormContext *context, const NormRows *x) {
    const Norm *norm = context->norm;
    if (context->observed == NULL || context->mode == NORM_EVAL) return;
    const size_t block = context->whole ? 0 : norm->cell->block;
    if (norm->cell->moments[NORM_EVAL] == NORM_RUNNING && !norm->uncentred)
        observe_channels(context, x, block ? block : x->at.N);
    if (norm->kind->observe)
        norm->kind->observe(context, x->at, rows_whole_means(context->tape, x)->value,
                            x->variance->value);
}

/* ---- moments ----------------------------------------------------------------------- */

/* The mean of (variance + mean^2) is that of x^2. */
static ViewMoments row_squares(const NormView *v, const Partition *p) {
    Tape *t = v->tape;
    TapeNode *mean = rows_whole_means(t, &v->rows);
    TapeNode *square = tape_add(t, v->rows.variance, tape_mul(t, mean, mean));
    TapeNode *cells = tape_mean(t, square, p);
    if (v->context.norm->cell->moments[NORM_EVAL] == NORM_RUNNING &&
        v->context.observed) {
        const size_t blocks = p->N / p->block;
        for (size_t c = 0; c < p->C; c++)
            v->context.observed[0][c] =
                sum_strided(cells->value + c, blocks, p->C) / (double)blocks;
    }
    return (ViewMoments){{.value = mean}, tape_spread(t, cells, p, v->shape)};
}

/* ---- cells of any partition ---------------------------------------------------------- */

TapeNode *field_product_mean(const NormView *v, NormField a, NormField b) {
    Tape *t = v->tape;
    TapeNode *at_a = field_at_means(v, a);
    TapeNode *means = tape_mul(t, at_a, field_at_means(v, b));
    TapeNode *by_a = a.scale || a.raw ? sum(t, a.scale, a.raw) : NULL,
             *by_b = b.scale || b.raw ? sum(t, b.scale, b.raw) : NULL;
    TapeNode *variance = v->rows.variance;
    if (by_a) variance = tape_mul(t, by_a, variance);
    if (by_b) variance = tape_mul(t, by_b, variance);
    return tape_add(t, variance, means);
}

//> moments
NormField view_centred(const NormView *v, const Partition *p) {
    Tape *t = v->tape;
    if (v->x) return (NormField){.value = centre_apply(&v->context, v->x, p)};
    TapeNode *means = means_in_cells(t, &v->rows, p);
    TapeNode *mean = tape_mean(t, means, p);
    return (NormField){.value = tape_sub(t, means, tape_spread(t, mean, p, v->shape))};
}

/* mean_S = mean of the rows' means, variance_S = mean of (variance + (mean - mean_S)^2):
 * the law of total variance, rows being of one length. */
static ViewMoments row_cells(const NormView *v, const Partition *p) {
    Tape *t = v->tape;
    TapeNode *apart = view_centred(v, p).value;
    TapeNode *square = tape_mul(t, apart, apart);
    TapeNode *variance = tape_mean(t, tape_add(t, v->rows.variance, square), p);
    variance = norm_variance(t, v->context.norm, variance, p, v->at.L);
    return (ViewMoments){{.value = apart}, tape_spread(t, variance, p, v->shape)};
}
//< moments

static ViewMoments of_elements(const NormView *v, NormMomentNodes m) {
    return (ViewMoments){{.value = m.centred},
                         tape_spread(v->tape, m.variance, m.partition, v->shape)};
}

/* x less what is given for each channel; NULL: x. */
static NormField less_given(const NormView *v, const double *mean) {
    Tape *t = v->tape;
    const Shape channels = SHAPE_OF(v->at.C);
    if (v->x && mean == NULL) return (NormField){.value = v->x};
    if (v->x)
        return (NormField){
            .value = tape_sub(t, v->x, view_repeat(v, tape_leaf(t, channels, mean)))};
    double *apart = TAKE(tape_arena(t), double, v->at.C);
    for (size_t c = 0; c < v->at.C; c++)
        apart[c] = fixed_of(&v->rows, c) - (mean ? mean[c] : 0.0);
    return (NormField){.value = view_repeat(v, tape_leaf(t, channels, apart)),
                       .raw = tape_fill(t, v->shape, 1.0)};
}

NormField view_x(const NormView *v) {
    return less_given(v, NULL);
}

ViewMoments view_moments(const NormView *v) {
    const NormContext *context = &v->context;
    const Norm *norm = context->norm;
    if (norm->cell->moments[context->mode] == NORM_RUNNING) return view_running(v);
    if (norm->synced && context->given.variance == NULL &&
        (v->x || tape_meeting(v->tape)))
        return view_synced(v);
    if (v->x) return of_elements(v, norm_moments(context, v->x));
    observe(context, &v->rows);
    const Partition *p = norm_own_cells(context, rows_lattice(v->at));
    return norm->uncentred ? row_squares(v, p) : row_cells(v, p);
}

ViewMoments view_moments_over(const NormView *v, size_t block, size_t width) {
    const ShapeLattice at = v->x ? v->at : rows_lattice(v->at);
    const Partition *p = norm_blocks(&v->context, at, block, width, false);
    return v->x ? of_elements(v, norm_moments_over(&v->context, v->x, p))
                : row_cells(v, p);
}

ViewMoments view_moments_given(const NormView *v, const double *mean,
                               const double *variance) {
    return (ViewMoments){less_given(v, mean),
                         view_repeat(v, tape_leaf(v->tape, SHAPE_OF(v->at.C), variance))};
}

ViewMoments view_running(const NormView *v) {
    const double *const *state = v->context.state;
    return v->context.norm->uncentred ? view_moments_given(v, NULL, state[0])
                                      : view_moments_given(v, state[0], state[1]);
}

/* ---- a normalizer over a view -------------------------------------------------------- */

/* xhat = (x - mean) / sqrt(variance + eps)   (P-5) */
NormField view_standardized(const NormView *v) {
    const Norm *norm = v->context.norm;
    if (norm->cell->moments[v->context.mode] == NORM_NONE) return view_x(v);
    const ViewMoments m = view_moments(v);
    return field_over(v, m.centred, norm_root(v->tape, norm, m.variance));
}

NormField view_affine(const NormView *v, NormField xhat) {
    TapeNode *gamma = norm_operand(&v->context, "gamma"),
             *beta = norm_operand(&v->context, "beta");
    if (gamma) xhat = field_times(v, xhat, view_repeat(v, gamma));
    return beta ? field_shifted(v, xhat, view_repeat(v, beta)) : xhat;
}

NormField view_text(const NormView *v) {
    const Norm *norm = v->context.norm;
    if (norm->kind->define)
        return (NormField){.value = norm->kind->define(&v->context, v->x)};
    NormText *text = norm_text(norm, v->context.mode);
    if (norm->affine_inside) return text(v);
    return view_affine(v, text ? text(v) : view_standardized(v));
}
