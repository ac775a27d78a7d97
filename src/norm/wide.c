/* Rows whose numbers have no squares in doubles (kind.h, A-5): beyond 2^300, or below 2^-300
 * where eps is as small. What depends on them is computed in 113 bits, whose exponents have
 * 15, by the same texts: `norm_rows` written on a tape and replayed. Everything else keeps
 * the bits that it has without such rows.
 *
 * Who depends on them is not asked of any kind: doubles run with the moments of these rows
 * put to NaN, and what comes out as NaN is taken from 113 bits. */
#include "internal.h"
#include "replay.h"
#include "sum.h"

#include <float.h>
#include <math.h>
#include <string.h>

/* ---- which rows ------------------------------------------------------------------ */

/* The smallest eps of what has one. */
static double least_eps(const Norm *norm) {
    double least = norm_has_eps(norm) ? norm->eps : (double)INFINITY;
    if (norm->eps_outside) least *= least; /* beside a variance */
    for (size_t i = 0; i < norm->parts; i++)
        least = fmin(least, least_eps(norm->part[i]));
    return least;
}

static bool is_wide(Moments m, double eps) {
    if (!isfinite(m.m2) || !isfinite(m.offset)) return false;
    const double mean = fabs(moments_mean(m)), variance = moments_variance(m);
    return m.scale != 0 || mean > 0x1p300 || variance > 0x1p600 ||
           (eps < 0x1p-600 && variance < 0x1p-600);
}

bool wide_rows(const Norm *norm, const Moments *row, size_t count) {
    const double eps = least_eps(norm);
    bool any = false;
    for (size_t i = 0; NORMLAB_HAS_QUAD && i < count; i++)
        any = any || is_wide(row[i], eps);
    return any;
}

bool wide_elements(const double *x, size_t count) {
    double most = 0.0; /* of numbers */
    for (size_t i = 0; NORMLAB_HAS_QUAD && i < count; i++) {
        const double size = fabs(x[i]);
        most = size > most && size <= DBL_MAX ? size : most;
    }
    return most > 0x1p300;
}

/* ---- one call -------------------------------------------------------------------- */

enum { MOST = 2 + NORM_MAX_PARAMS }; /* mean, variance, parameters */

typedef struct Wide {
    NormContext context; /* of the call; that observes in its forward alone */
    double *const *observed;
    const double *state[NORM_MAX_STATES];
    const Partition *row;
    const double *fixed; /* [C] */
    bool given;          /* no moments of x are asked: rows stand about `fixed` */
} Wide;

/* What a map is made of; one of scale and raw may not be there. */
enum { SCALE, RAW, BIAS, PIECES };

/* norm_rows on a tape of its own. */
typedef struct RowText {
    Tape *tape;
    size_t inputs;
    TapeNode *in[MOST];      /* mean, variance, parameters */
    TapeNode *piece[PIECES]; /* [N, C]; NULL: not there */
} RowText;

static size_t rows_of(const Wide *w) {
    return w->row->N * w->row->C;
}

/* y->in[1 + k] is parameter k. */
static RowText write_rows(const Wide *w, const TapeNode *y, Arena *arena,
                          const double *mean, const double *variance,
                          const double *origin, double *const *slot) {
    const ShapeLattice at = {w->row->N, w->row->C, w->row->L};
    RowText text = {.tape = tape_new(arena), .inputs = y->arity + 1};
    for (size_t k = 0; k < text.inputs; k++) {
        const Shape shape = k < 2 ? SHAPE_OF(at.N, at.C) : y->in[k - 1]->shape;
        const double *value = k == 0 ? mean : k == 1 ? variance : y->in[k - 1]->value;
        text.in[k] = tape_parameter(text.tape, shape, value, slot ? slot[k] : NULL);
    }
    NormContext context = w->context;
    context.tape = text.tape;
    context.param = text.in + 2;
    context.state = w->context.state ? w->state : NULL;
    const NormRows rows = {at, text.in[0], text.in[1], origin, w->fixed, w->given};
    const NormField map = norm_rows(&context, &rows);
    text.piece[SCALE] = map.scale;
    text.piece[RAW] = map.raw;
    text.piece[BIAS] = map.value;
    return text;
}

/* The sum of <upstream, piece>. */
static TapeNode *along(const RowText *text, TapeNode *const *upstream) {
    Tape *t = text->tape;
    TapeNode *sum = NULL;
    for (size_t k = 0; k < PIECES; k++) {
        if (text->piece[k] == NULL) continue;
        TapeNode *term = tape_sum_all(t, tape_mul(t, text->piece[k], upstream[k]));
        sum = sum ? tape_add(t, sum, term) : term;
    }
    return sum;
}

/* ---- doubles, with NaN for the rows that have none -------------------------------- */

typedef struct Narrow {
    double *shift, *offset, *mean, *variance; /* [N C] */
} Narrow;

static Narrow narrow_rows(const Wide *w, Arena *arena, const double *x, bool marked) {
    const size_t count = rows_of(w);
    const double eps = least_eps(w->context.norm);
    Narrow d = {TAKE(arena, double, count), TAKE(arena, double, count),
                TAKE(arena, double, count), TAKE(arena, double, count)};
    Moments *moments = TAKE(arena, Moments, count);
    partition_moments(moments, x, w->row);
    for (size_t i = 0; i < count; i++) {
        const Moments m = moments_plain(moments[i]);
        const bool wide = marked && !w->given && is_wide(moments[i], eps);
        d.shift[i] = m.shift;
        d.offset[i] = m.offset;
        d.mean[i] = wide ? (double)NAN : m.offset;
        d.variance[i] = wide ? (double)NAN : moments_variance(m);
        if (w->given) {
            d.shift[i] = w->fixed[i % w->row->C];
            d.offset[i] = 0.0;
            d.mean[i] = d.variance[i] = 0.0;
        }
    }
    return d;
}

/* ---- 113 bits -------------------------------------------------------------------- */

typedef struct Broad {
    RowText text;
    Quad *mean, *variance; /* [N C] */
    Quad *piece[PIECES];   /* [N C]; NULL: not there */
} Broad;

static void quad_moments(Quad *mean, Quad *variance, const double *x, size_t L) {
    Quad sum = 0, squares = 0; /* about the first: exact on constants */
    for (size_t l = 0; l < L; l++) sum += (Quad)x[l] - x[0];
    *mean = x[0] + sum / (Quad)L;
    for (size_t l = 0; l < L; l++) squares += (x[l] - *mean) * (x[l] - *mean);
    *variance = squares / (Quad)L;
}

static Broad broad_rows(const Wide *w, const TapeNode *y, Arena *arena) {
    const size_t count = rows_of(w), L = w->row->L;
    Broad q = {.mean = TAKE(arena, Quad, count), .variance = TAKE(arena, Quad, count)};
    double *mean = TAKE(arena, double, count), *variance = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) {
        quad_moments(&q.mean[i], &q.variance[i], y->in[0]->value + i * L, L);
        if (w->given) q.mean[i] = w->fixed[i % w->row->C], q.variance[i] = 0;
        mean[i] = (double)q.mean[i], variance[i] = (double)q.variance[i];
    }
    q.text = write_rows(w, y, arena, mean, variance, NULL, NULL);
    const Quad *value[] = {q.mean, q.variance};
    hold_settle(q.text.tape, arena, q.text.in, value, 2);
    TapeNode *out[PIECES];
    Quad *got[PIECES];
    size_t asked = 0;
    for (size_t k = 0; k < PIECES; k++)
        if (q.text.piece[k]) out[asked++] = q.text.piece[k];
    program_run_quad(program_new(q.text.tape, out, asked), arena, q.text.in, value, 2,
                     got);
    asked = 0;
    for (size_t k = 0; k < PIECES; k++)
        q.piece[k] = q.text.piece[k] ? got[asked++] : NULL;
    return q;
}

/* ---- one row's map --------------------------------------------------------------- */

/* Whether doubles have it: NaN is what depends on rows that they have not. */
static bool is_known(const RowText *map, size_t i) {
    bool known = true;
    for (size_t k = 0; k < PIECES; k++)
        known = known && !(map->piece[k] && isnan(map->piece[k]->value[i]));
    return known;
}

static double fixed_of(const Wide *w, size_t row) {
    return w->fixed[row % w->row->C];
}

/* As rows.c has it, to the bit. */
static double narrow_value(const Wide *w, const RowText *map, size_t i, double x,
                           double apart) {
    const TapeNode *scale = map->piece[SCALE], *raw = map->piece[RAW];
    const double bias = map->piece[BIAS]->value[i];
    if (raw == NULL) return apart * scale->value[i] + bias;
    const double y = (x - fixed_of(w, i)) * raw->value[i];
    return scale ? (apart * scale->value[i] + bias) + y : y + bias;
}

static double broad_value(const Wide *w, const Broad *q, size_t i, double x) {
    Quad y = q->piece[BIAS][i];
    if (q->piece[SCALE]) y += (x - q->mean[i]) * q->piece[SCALE][i];
    if (q->piece[RAW]) y += ((Quad)x - fixed_of(w, i)) * q->piece[RAW][i];
    return (double)y;
}

/* ---- forward --------------------------------------------------------------------- */

static void wide_forward(Tape *tape, TapeNode *y) {
    const Wide *w = y->detail;
    Arena *arena = tape_arena(tape);
    ArenaMark mark = arena_mark(arena);
    const size_t L = w->row->L;
    const double *x = y->in[0]->value;
    const Narrow d = narrow_rows(w, arena, x, true);
    const RowText map = write_rows(w, y, arena, d.mean, d.variance, d.shift, NULL);
    if (w->observed) {
        const Narrow all = narrow_rows(w, arena, x, false);
        Wide observing = *w;
        observing.context.observed = w->observed;
        write_rows(&observing, y, arena, all.mean, all.variance, all.shift, NULL);
    }
    const Broad q = broad_rows(w, y, arena);
    for (size_t i = 0; i < rows_of(w); i++)
        for (size_t l = i * L; l < (i + 1) * L; l++) {
            const double apart = (x[l] - d.shift[i]) - d.offset[i];
            y->value[l] = narrow_value(w, &map, i, x[l], apart);
            if (!is_known(&map, i) ||
                (map.piece[RAW] && isfinite(x[l]) && !isfinite(y->value[l])))
                y->value[l] = broad_value(w, &q, i, x[l]);
        }
    arena_rewind(arena, mark);
}

/* ---- backward -------------------------------------------------------------------- */

typedef struct Adjoint {
    double *mean, *variance, *param[NORM_MAX_PARAMS], *dx;
    bool *known; /* [N C] that row of dx is none of 113 bits */
} Adjoint;

static Adjoint narrow_adjoint(const Wide *w, const TapeNode *y, Arena *arena,
                              const double *dy) {
    const size_t count = rows_of(w), L = w->row->L;
    const double *x = y->in[0]->value;
    Adjoint a = {.dx = TAKE(arena, double, count *L), .known = ZERO(arena, bool, count)};
    double *slot[MOST];
    for (size_t k = 0; k <= y->arity; k++)
        slot[k] = ZERO(arena, double, k < 2 ? count : shape_count(y->in[k - 1]->shape));
    const Narrow d = narrow_rows(w, arena, x, true);
    const RowText map = write_rows(w, y, arena, d.mean, d.variance, d.shift, slot);
    double *sums[PIECES];
    for (size_t k = 0; k < PIECES; k++) sums[k] = TAKE(arena, double, count);
    for (size_t i = 0; i < count; i++) {
        const double *in = x + i * L, *g = dy + i * L, fixed = fixed_of(w, i);
        TreeSum sum, product, raw, unused;
        tree_clear(&sum);
        tree_clear(&product);
        tree_clear(&raw);
        tree_clear(&unused);
        TREE_SUM2(&sum, &product, L, l, g[l], g[l] * ((in[l] - d.shift[i]) - d.offset[i]))
        TREE_SUM2(&raw, &unused, L, l, g[l] * (in[l] - fixed), 0.0)
        sums[BIAS][i] = tree_total(&sum);
        sums[SCALE][i] = tree_total(&product), sums[RAW][i] = tree_total(&raw);
        if (isnan(d.mean[i]) || !isfinite(sums[SCALE][i]))
            sums[SCALE][i] = (double)NAN; /* of its own x; dbias is of dy */
        if (!isfinite(sums[RAW][i])) sums[RAW][i] = (double)NAN;
    }
    TapeNode *upstream[PIECES];
    for (size_t k = 0; k < PIECES; k++)
        upstream[k] = tape_leaf(map.tape, SHAPE_OF(w->row->N, w->row->C), sums[k]);
    tape_backward(map.tape, along(&map, upstream), NULL);
    for (size_t i = 0; i < count; i++) {
        const double scale = map.piece[SCALE] ? map.piece[SCALE]->value[i] : 0.0,
                     raw = map.piece[RAW] ? map.piece[RAW]->value[i] : 0.0,
                     mean = sums[BIAS][i] / (double)L;
        const double by = slot[0][i] / (double)L, twice = 2.0 * slot[1][i] / (double)L;
        a.known[i] = is_known(&map, i) && !isnan(mean) && !isnan(by) && !isnan(twice);
        for (size_t l = i * L; a.known[i] && l < (i + 1) * L; l++) {
            a.dx[l] = map.piece[SCALE] ? scale * (dy[l] - mean) : raw * dy[l];
            if (map.piece[SCALE] && map.piece[RAW]) a.dx[l] += raw * dy[l];
            if (!w->given) a.dx[l] += by + twice * ((x[l] - d.shift[i]) - d.offset[i]);
        }
    }
    for (size_t k = 2; k <= y->arity; k++) a.param[k - 2] = slot[k];
    return a;
}

/* Puts into `a` what it does not know. */
static void broad_adjoint(const Wide *w, const TapeNode *y, Arena *arena,
                          const double *dy, Adjoint *a) {
    const size_t count = rows_of(w), L = w->row->L;
    const double *x = y->in[0]->value;
    Broad q = broad_rows(w, y, arena);
    Quad *sums[PIECES];
    for (size_t k = 0; k < PIECES; k++) sums[k] = ZERO(arena, Quad, count);
    for (size_t l = 0; l < count * L; l++) {
        sums[BIAS][l / L] += dy[l];
        sums[SCALE][l / L] += dy[l] * (x[l] - q.mean[l / L]);
        sums[RAW][l / L] += dy[l] * ((Quad)x[l] - fixed_of(w, l / L));
    }
    Tape *t = q.text.tape;
    double *blank = ZERO(arena, double, count);
    TapeNode *given[2 + PIECES] = {q.text.in[0], q.text.in[1]}, *out[MOST];
    const Quad *value[2 + PIECES] = {q.mean, q.variance};
    for (size_t k = 0; k < PIECES; k++) {
        given[2 + k] = tape_parameter(t, SHAPE_OF(w->row->N, w->row->C), blank, NULL);
        value[2 + k] = sums[k];
    }
    Quad *got[MOST];
    tape_gradient(t, along(&q.text, given + 2), NULL, q.text.in, q.text.inputs, out);
    program_run_quad(program_new(t, out, q.text.inputs), arena, given, value, 2 + PIECES,
                     got);
    for (size_t l = 0; l < count * L; l++) {
        const size_t i = l / L;
        if (a->known[i]) continue;
        Quad dx = 0;
        if (q.piece[SCALE]) dx += q.piece[SCALE][i] * (dy[l] - sums[BIAS][i] / (Quad)L);
        if (q.piece[RAW]) dx += q.piece[RAW][i] * dy[l];
        if (!w->given) dx += (got[0][i] + 2 * got[1][i] * (x[l] - q.mean[i])) / (Quad)L;
        a->dx[l] = (double)dx;
    }
    for (size_t k = 2; k < q.text.inputs; k++)
        for (size_t c = 0; c < shape_count(q.text.in[k]->shape); c++)
            if (isnan(a->param[k - 2][c])) a->param[k - 2][c] = (double)got[k][c];
}

static void wide_backward(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                          const double *beta) {
    const Wide *w = y->detail;
    Arena *arena = tape_arena(tape);
    ArenaMark mark = arena_mark(arena);
    Adjoint a = narrow_adjoint(w, y, arena, g);
    broad_adjoint(w, y, arena, g, &a);
    for (size_t k = 0; k < y->arity; k++)
        if (dx[k])
            vector_add(dx[k], k == 0 ? a.dx : a.param[k - 1],
                       shape_count(y->in[k]->shape), beta[k]);
    arena_rewind(arena, mark);
}

static TapeNode *wide_define(Tape *tape, TapeNode *y) {
    const Wide *w = y->detail;
    TapeNode *until = tape_last(tape);
    NormContext context = w->context;
    context.tape = tape;
    context.param = y->in + 1;
    context.state = w->context.state ? w->state : NULL;
    TapeNode *defined = norm_define(&context, y->in[0]);
    if (hold_any(tape, until))
        hold_as(tape, until, broad_rows(w, y, tape_arena(tape)).text.tape);
    return defined;
}

static const Op op_wide_rows = {.name = "wide-rows",
                                .forward = wide_forward,
                                .backward = wide_backward,
                                .define = wide_define};

TapeNode *wide_apply(const NormContext *context, TapeNode *x, const Partition *row,
                     const double *fixed, bool given) {
    const Norm *norm = context->norm;
    Wide *w = TAKE(tape_arena(context->tape), Wide, 1);
    *w = (Wide){*context, context->observed, .row = row, .fixed = fixed, .given = given};
    w->context.observed = NULL;
    w->context.seen = NULL;
    for (size_t k = 0; k < norm->states; k++)
        w->state[k] = context->state ? context->state[k] : NULL;
    TapeNode *in[1 + NORM_MAX_PARAMS] = {x};
    for (size_t k = 0; k < norm->params; k++) in[1 + k] = context->param[k];
    return tape_write(context->tape, &op_wide_rows, x->shape, in, 1 + norm->params, w,
                      NULL);
}
