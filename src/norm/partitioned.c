/* Every normalizer that standardizes over one partition: the fused operation that trains, and
 * the moments that definitions are made of. (P-1) to (P-7): notes/11-partitions.md,
 * notes/12-gradients.md, notes/13-digits.md. */
#include "internal.h"
#include "kernel.h"
#include "kind.h"

#include <math.h>
#include <string.h>

/* What the fused operation remembers of its call; the operands are x, gamma, beta (NULL:
 * none). */
typedef struct Fused {
    NormContext context; /* of the call, without its tape and parameters */
    const double *state[NORM_MAX_STATES];
    const Partition *partition;
    bool fixed;             /* moments are given, not taken from x */
    const double *mean;     /* [cells] where given; NULL: 0 */
    const double *variance; /* [cells] where given; NULL: the affine alone */
    double *const *observed;
    bool sees; /* and as nodes */
} Fused;

static void fuse(Fused *f, const NormContext *context, const TapeNode *x) {
    const Norm *norm = context->norm;
    const NormMoments whose = norm->cell->moments[context->mode];
    *f = (Fused){.context = *context, .fixed = whose != NORM_OWN};
    f->context.seen = NULL;
    for (size_t i = 0; context->state && i < norm->states; i++)
        f->state[i] = context->state[i];
    f->partition = norm_own_cells(context, shape_lattice(x->shape));
    if (context->given.variance) {
        f->fixed = true;
        if (!norm->uncentred) f->mean = context->given.mean;
        f->variance = context->given.variance;
        norm_observe_nothing(context);
    } else if (whose == NORM_RUNNING) {
        if (!norm->uncentred) f->mean = context->state[0];
        f->variance = context->state[norm->uncentred ? 0 : 1];
    } else if (norm->cell->moments[NORM_EVAL] == NORM_RUNNING) {
        f->observed = context->observed;
        f->sees = norm_sees(context);
    }
}

TapeNode *norm_operand(const NormContext *context, const char *name) {
    for (size_t i = 0; i < context->norm->params; i++)
        if (strcmp(context->norm->param[i].name, name) == 0) return context->param[i];
    return NULL;
}

/* ---- moments: of x in training, the running state as constants in evaluation ----- */

static double square_of(Moments m) {
    const double mean = moments_mean(m);
    return moments_variance(m) + mean * mean;
}

/* The mean over blocks of channel c's numbers `of` them, of those that have `least` elements;
 * where none has, NaN: "leave the state alone". */
static double over_blocks(const Moments *moments, const Partition *p, size_t c,
                          double least, double (*of)(Moments)) {
    TreeSum sum;
    size_t blocks = 0;
    tree_clear(&sum);
    for (size_t cell = c; cell < p->N / p->block * p->C; cell += p->C)
        if (moments[cell].count >= least) tree_push(&sum, of(moments[cell])), blocks++;
    return tree_total(&sum) / (double)blocks;
}

/* As one block of all of them. */
static void observe_whole(double *const *observed, const Moments *moments,
                          const Partition *p, bool uncentred) {
    for (size_t c = 0; c < p->C; c++) {
        Moments all = moments[c];
        for (size_t cell = c + p->C; cell < p->N / p->block * p->C; cell += p->C)
            if (moments[cell].count > 0.0)
                all = all.count > 0.0 ? moments_merge(all, moments[cell]) : moments[cell];
        const bool seen = all.count > 0.0;
        observed[0][c] = seen ? (uncentred ? square_of : moments_mean)(all) : (double)NAN;
        if (!uncentred) observed[1][c] = seen ? moments_unbiased(all) : (double)NAN;
    }
}

/* A worker's observation: the mean over its blocks of their means and of their unbiased
 * variances, which one element has not (P-7), or of their mean squares. */
static void observe(double *const *observed, const Moments *moments, const Partition *p,
                    bool uncentred) {
    for (size_t c = 0; c < p->C; c++) {
        observed[0][c] =
            over_blocks(moments, p, c, 1.0, uncentred ? square_of : moments_mean);
        if (!uncentred)
            observed[1][c] = over_blocks(moments, p, c, 2.0, moments_unbiased);
    }
}

/* Cells of several channels are no channels: those are measured by themselves. */
static void observe_channels(Tape *tape, const Fused *f, const TapeNode *x,
                             const Moments *moments) {
    const Partition *p = f->partition;
    if (f->observed == NULL) return;
    ArenaMark mark = arena_mark(tape_arena(tape));
    if (p->channel_cells < p->C) {
        const ShapeLattice at = {p->N, p->C, p->L};
        p = partition_masked(tape_arena(tape),
                             partition_blocks(tape_arena(tape), at, p->block, 1, false),
                             p->mask);
        Moments *own = TAKE(tape_arena(tape), Moments, partition_cells(p));
        partition_moments(own, x->value, p);
        moments = own;
    }
    const bool uncentred = f->context.norm->uncentred;
    f->context.whole ? observe_whole(f->observed, moments, p, uncentred)
                     : observe(f->observed, moments, p, uncentred);
    arena_rewind(tape_arena(tape), mark);
}

/* State of the kind's own, from the moments of rows; under a mask, which leaves rows of many
 * lengths, from those of channels. */
static void observe_rows(const NormContext *context, const TapeNode *x) {
    const NormKind *kind = context->norm->kind;
    if (kind->observe == NULL || context->observed == NULL ||
        context->mode == NORM_EVAL || context->given.variance)
        return;
    Arena *arena = tape_arena(context->tape);
    ArenaMark mark = arena_mark(arena);
    ShapeLattice at = shape_lattice(x->shape);
    const Partition *p = norm_blocks(context, at, context->mask ? at.N : 1, 1, false);
    const size_t count = partition_cells(p);
    at.N /= p->block;
    Moments *moments = TAKE(arena, Moments, count);
    double *mean = TAKE(arena, double, count), *variance = TAKE(arena, double, count);
    partition_moments(moments, x->value, p);
    for (size_t i = 0; i < count; i++) {
        mean[i] = moments_mean(moments[i]);
        variance[i] = moments_variance(moments[i]);
    }
    moments->count > 0.0 ? kind->observe(context, at, mean, variance)
                         : norm_observe_nothing(context);
    arena_rewind(arena, mark);
}

TapeNode *norm_variance(Tape *t, const Norm *norm, TapeNode *biased, const Partition *p,
                        size_t each) {
    if (!norm->unbiased) return biased;
    const size_t cells = partition_cells(p);
    double *factor = tape_room(t, cells);
    for (size_t i = 0; i < cells; i++) {
        const double count = (double)(partition_count(p, i) * each);
        factor[i] = count > 1.0 ? count / (count - 1.0) : 1.0;
    }
    return tape_mul(t, biased, tape_leaf(t, biased->shape, factor));
}

NormMomentNodes norm_moments_over(const NormContext *context, TapeNode *x,
                                  const Partition *partition) {
    Tape *t = context->tape;
    NormMomentNodes m = {.partition = partition, .centred = x};
    if (!context->norm->uncentred) {
        m.mean = tape_mean(t, x, partition);
        m.centred = tape_sub(t, x, tape_spread(t, m.mean, partition, x->shape));
    }
    TapeNode *biased = tape_mean(t, tape_mul(t, m.centred, m.centred), partition);
    m.variance = norm_variance(t, context->norm, biased, partition, 1);
    return m;
}

static void observe_now(const NormContext *context, const Fused *f, const TapeNode *x) {
    if (f->observed == NULL) return;
    Arena *arena = tape_arena(context->tape);
    Moments *moments = TAKE(arena, Moments, partition_cells(f->partition));
    partition_moments(moments, x->value, f->partition);
    observe_channels(context->tape, f, x, moments);
}

NormMomentNodes norm_moments(const NormContext *context, TapeNode *x) {
    Fused f;
    fuse(&f, context, x);
    observe_now(context, &f, x);
    observe_rows(context, x);
    if (f.sees) seen_channels(context, x, f.partition->block);
    if (!f.fixed) return norm_moments_over(context, x, f.partition);
    REQUIRE(f.variance, "%s has no moments", context->norm->spec);
    Tape *t = context->tape;
    const Shape cells = SHAPE_OF(partition_cells(f.partition));
    NormMomentNodes m = {.partition = f.partition,
                         .centred = x,
                         .variance = tape_leaf(t, cells, f.variance)};
    if (f.mean) {
        m.mean = tape_leaf(t, cells, f.mean);
        m.centred = tape_sub(t, x, tape_spread(t, m.mean, m.partition, x->shape));
    }
    return m;
}

/* ---- what definitions are made of ------------------------------------------------- */

/* Seen as [1, C, 1] and repeated over [N, C, L], so that its adjoint sums in one order
 * whatever x's rank. */
TapeNode *norm_repeat(Tape *tape, TapeNode *vector, Shape shape) {
    const ShapeLattice at = shape_lattice(shape);
    TapeNode *narrow =
        tape_reshape(tape, vector, SHAPE_OF(1, shape_count(vector->shape), 1));
    TapeNode *wide = tape_broadcast(tape, narrow, SHAPE_OF(at.N, at.C, at.L));
    return tape_reshape(tape, wide, shape);
}

TapeNode *norm_affine(const NormContext *context, TapeNode *xhat) {
    const NormView v = view_elements(context, xhat);
    return view_affine(&v, (NormField){.value = xhat}).value;
}

TapeNode *norm_root(Tape *t, const Norm *norm, TapeNode *variance) {
    TapeNode *eps = tape_fill(t, variance->shape, norm->eps);
    if (norm->eps > 0.0 && !norm->eps_outside)
        return tape_sqrt(t, tape_add(t, variance, eps));
    TapeNode *one = tape_fill(t, variance->shape, 1.0),
             *flat =
                 tape_fill(t, variance->shape, norm->eps > 0.0 ? 0.0 : (double)INFINITY);
    TapeNode *root = tape_sqrt(t, tape_select(t, variance, variance, one));
    root = tape_select(t, variance, root, flat);
    return tape_add(t, root, eps);
}

/* ---- the fused operation --------------------------------------------------------- */

static const double *value_of(const TapeNode *node) {
    return node ? node->value : NULL;
}

/* By given moments. */
static void put_given(StandardCells *cells, const Fused *f, size_t c) {
    const double mean = f->mean ? f->mean[c] : 0.0;
    const double variance = f->variance ? f->variance[c] + f->context.norm->eps : 1.0;
    const double rstd = variance == 0.0 ? 0.0 : 1.0 / sqrt(variance);
    const int scale = fabs(mean) > 0x1p1000 ? 2 : 0; /* x - mean is a double */
    standard_put(cells, c, (Standard){ldexp(mean, -scale), 0.0, ldexp(rstd, scale)},
                 scale);
}

static void fused_forward(Tape *tape, TapeNode *y) {
    const Fused *f = y->detail;
    const Partition *p = f->partition;
    StandardCells *cells = y->saved;
    Arena *arena = tape_arena(tape);
    ArenaMark mark = arena_mark(arena);
    StandardForward out = {.y = y->value,
                           .uncentred = f->context.norm->uncentred,
                           .eps = f->context.norm->eps,
                           .relu = f->context.relu};
    for (size_t c = 0; f->fixed && c < cells->count; c++) put_given(cells, f, c);
    if (!f->fixed) out.moments = TAKE(arena, Moments, cells->count);
    standard_forward(out, y->in[0]->value, value_of(y->in[1]), value_of(y->in[2]), cells,
                     p, arena);
    if (!f->fixed) observe_channels(tape, f, y->in[0], out.moments);
    arena_rewind(arena, mark);
}

static void fused_backward(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                           const double *beta) {
    const Fused *f = y->detail;
    StandardGradient out = {dx[0],   dx[1],   dx[2],           beta[0],
                            beta[1], beta[2], f->context.relu, value_of(y->in[2])};
    standard_backward(out, g, y->in[0]->value, value_of(y->in[1]), y->saved, f->partition,
                      f->fixed                     ? STANDARD_GIVEN
                      : f->context.norm->uncentred ? STANDARD_UNCENTRED
                                                   : STANDARD_CENTRED,
                      tape_arena(tape));
}

static TapeNode *standardized(const NormContext *context, TapeNode *x) {
    const NormView v = view_elements(context, x);
    return view_affine(&v, view_standardized(&v)).value;
}

static TapeNode *then_relu(const NormContext *context, TapeNode *y) {
    return context->relu ? tape_relu(context->tape, y) : y;
}

static TapeNode *fused_define(Tape *tape, TapeNode *y) {
    const Fused *f = y->detail;
    const Norm *norm = f->context.norm;
    TapeNode *param[NORM_MAX_PARAMS] = {NULL};
    for (size_t i = 0; i < norm->params; i++)
        param[i] = strcmp(norm->param[i].name, "gamma") == 0  ? y->in[1]
                   : strcmp(norm->param[i].name, "beta") == 0 ? y->in[2]
                                                              : NULL;
    NormContext context = f->context;
    context.tape = tape;
    context.param = param;
    context.state = f->context.state ? f->state : NULL;
    context.observed = NULL;
    return then_relu(&context, standardized(&context, y->in[0]));
}

static const Op op_standardize = {.name = "standardize",
                                  .forward = fused_forward,
                                  .backward = fused_backward,
                                  .define = fused_define};

/* Of what has no kernel, by its definition. */
static size_t defined_moments(const NormContext *context, TapeNode *x, double *mean,
                              double *rstd) {
    NormContext quiet = *context;
    quiet.observed = NULL;
    quiet.seen = NULL;
    const NormMomentNodes m = norm_moments(&quiet, x);
    const TapeNode *root = norm_root(context->tape, context->norm, m.variance);
    const size_t cells = shape_count(root->shape);
    for (size_t i = 0; i < cells; i++) {
        mean[i] = m.mean ? m.mean->value[i] : 0.0;
        rstd[i] = 1.0 / root->value[i];
    }
    return cells;
}

size_t norm_standardized(const NormContext *context, TapeNode *x, const TapeNode *y,
                         double *mean, double *rstd) {
    const Fused *f = y->op == &op_standardize ? y->detail : NULL;
    if (context->norm->cell->moments[context->mode] == NORM_NONE) return 0;
    if (f == NULL) return defined_moments(context, x, mean, rstd);
    const StandardCells *cells = y->saved;
    for (size_t i = 0; i < cells->count; i++) {
        const Standard cell = cells->cell[i];
        const int scale = cells->scale ? cells->scale[i] : 0;
        mean[i] = ldexp(cell.shift + cell.offset, scale);
        rstd[i] = ldexp(cell.rstd, -scale);
    }
    return cells->count;
}

bool partitioned_has_kernel(const Norm *norm, NormMode mode) {
    const bool own = norm->cell->moments[mode] == NORM_OWN;
    return norm_is_partitioned(norm, mode) && !norm->eps_outside &&
           !(norm->unbiased && own);
}

TapeNode *partitioned_run(const NormContext *context, TapeNode *x) {
    if (context->definitions) return then_relu(context, standardized(context, x));
    Arena *arena = tape_arena(context->tape);
    observe_rows(context, x);
    Fused *detail = TAKE(arena, Fused, 1);
    fuse(detail, context, x);
    TapeNode *in[] = {x, norm_operand(context, "gamma"), norm_operand(context, "beta")};
    if (detail->fixed && detail->variance == NULL && !in[1] && !in[2])
        return then_relu(context, x); /* none without affine */
    StandardCells *cells = standard_cells(arena, partition_cells(detail->partition));
    if (detail->partition->apart) detail->context.relu = false;
    TapeNode *y =
        tape_write(context->tape, &op_standardize, x->shape, in, 3, detail, cells);
    return detail->context.relu ? y : then_relu(context, y);
}
