/* Moments over the elements of all workers of a step (Peng et al. 2018; Zhang et al. 2018). Of
 * worker k's n_k elements of a channel, and S the sum over workers (tape_meet),
 *     mean = S(n_k mean_k(x)) / S(n_k),   variance = S(n_k mean_k((x - mean)^2)) / S(n_k)   (W-9)
 * which is the merge of Chan, Golub and LeVeque (P-4), the workers' means being taken about one
 * origin, so that a large mean costs no digit.
 *
 * Alone S has one term, and the normalizer is that of its own cells. Its definition is then two
 * workers on one tape, S a sum of two nodes: that is what can be differentiated by every oracle.
 */
#include "internal.h"

#include <math.h>

enum { MOST_PARTS = 2 };

/* A worker's samples. */
typedef struct Part {
    size_t from, size;
    const Partition *cells;
    TapeNode *count; /* [C] */
} Part;

typedef struct Synced {
    const NormView *v;
    Tape *t;
    const Partition *cells; /* of all that this tape has */
    size_t parts;
    Part part[MOST_PARTS];        /* the workers that are on it */
    const double *total, *origin; /* [C] of all workers, which have this one origin */
} Synced;

bool norm_is_synced(const Norm *norm) {
    bool synced = norm->synced;
    for (size_t i = 0; i < norm->parts; i++)
        synced = synced || norm_is_synced(norm->part[i]);
    return synced;
}

bool norm_meets(const NormContext *context) {
    return norm_is_synced(context->norm) && context->mode == NORM_TRAIN &&
           tape_meeting(context->tape) != NULL;
}

/* ---- who there is ---------------------------------------------------------------------- */

static Part part_of(const NormView *v, size_t from, size_t size) {
    Arena *arena = tape_arena(v->tape);
    const ShapeLattice at = {size, v->at.C, v->x ? v->at.L : 1};
    const size_t each = v->x ? 1 : v->at.L; /* elements of a row */
    NormContext context = v->context;
    if (context.mask) context.mask += from * at.L;
    Part part = {from, size, norm_own_cells(&context, at), NULL};
    double *count = TAKE(arena, double, at.C);
    for (size_t c = 0; c < at.C; c++)
        count[c] = (double)(partition_count(part.cells, c) * each);
    part.count = tape_leaf(v->tape, SHAPE_OF(at.C), count);
    return part;
}

/* A number near the first worker's means, alike for all. */
static void find_origin(double *origin, const NormView *v, const Part *first) {
    const NormRows *x = &v->rows;
    if (v->x) partition_mean(origin, v->x->value, first->cells);
    for (size_t c = 0; c < v->at.C && !v->x; c++)
        origin[c] = x->origin ? x->origin[c] : 0.0;
}

static Synced synced_new(const NormView *v) {
    Tape *t = v->tape;
    const size_t C = v->at.C, N = v->at.N;
    const TapeMeeting *meeting = tape_meeting(t);
    Synced s = {.v = v, .t = t, .parts = meeting || N == 1 ? 1 : 2};
    s.cells = part_of(v, 0, N).cells;
    for (size_t k = 0; k < s.parts; k++)
        s.part[k] = part_of(v, k * (N / 2), s.parts == 1 ? N : k ? N - N / 2 : N / 2);
    double *own = ZERO(tape_arena(t), double, 2 * C);
    if (meeting == NULL || meeting->worker == 0) find_origin(own + C, v, &s.part[0]);
    for (size_t k = 0; k < s.parts; k++)
        for (size_t c = 0; c < C; c++) own[c] += s.part[k].count->value[c];
    const double *all = tape_meet(t, tape_leaf(t, SHAPE_OF(2 * C), own))->value;
    s.total = all, s.origin = all + C;
    return s;
}

static TapeNode *of_channels(const Synced *s, const double *value) {
    return tape_leaf(s->t, SHAPE_OF(s->v->at.C), value);
}

//> synced
/* The mean of a over the elements of all workers, [C]. */
static TapeNode *mean_over(const Synced *s, TapeNode *a) {
    Tape *t = s->t;
    TapeNode *sum = NULL;
    for (size_t k = 0; k < s->parts; k++) {
        const Part *part = &s->part[k];
        TapeNode *of = s->parts == 1 ? a : tape_slice(t, a, 0, part->from, part->size);
        of = tape_mul(t, tape_mean(t, of, part->cells), part->count);
        sum = sum ? tape_add(t, sum, of) : of;
    }
    double *total = TAKE(tape_arena(t), double, s->v->at.C);
    for (size_t c = 0; c < s->v->at.C; c++) total[c] = fmax(s->total[c], 1.0);
    return tape_div(t, tape_meet(t, sum), of_channels(s, total));
}
//< synced

/* ---- what is observed, by each worker the same ------------------------------------------ */

/* [C] n / (n - 1), of one element what is said. */
static double *unbiased(const Synced *s, double of_one) {
    const size_t C = s->v->at.C;
    double *factor = TAKE(tape_arena(s->t), double, C);
    for (size_t c = 0; c < C; c++)
        factor[c] = s->total[c] > 1.0 ? s->total[c] / (s->total[c] - 1.0) : of_one;
    return factor;
}

static void observe(const Synced *s, size_t state, TapeNode *a, const double *plus,
                    const double *times) {
    const NormContext *context = &s->v->context;
    if (context->observed)
        for (size_t c = 0; c < s->v->at.C; c++)
            context->observed[state][c] =
                s->total[c] > 0.0
                    ? a->value[c] * (times ? times[c] : 1.0) + (plus ? plus[c] : 0.0)
                    : (double)NAN;
    if (!norm_sees(context)) return;
    if (times) a = tape_mul(s->t, a, of_channels(s, times));
    norm_see(context, state, plus ? tape_add(s->t, a, of_channels(s, plus)) : a);
}

/* ---- moments ---------------------------------------------------------------------------- */

/* x, or its rows' means, less the origin. */
static TapeNode *from_origin(const Synced *s) {
    const NormView *v = s->v;
    const NormRows *x = &v->rows;
    Tape *t = s->t;
    if (v->x)
        return tape_sub(t, v->x,
                        tape_spread(t, of_channels(s, s->origin), s->cells, v->shape));
    if (x->origin == NULL) return x->mean;
    double *between = TAKE(tape_arena(t), double, v->at.N * v->at.C);
    for (size_t i = 0; i < v->at.N * v->at.C; i++)
        between[i] = x->origin[i] - s->origin[i % v->at.C];
    return tape_add(t, x->mean, tape_leaf(t, v->shape, between));
}

/* a^2, and over rows what is inside of them. */
static TapeNode *squares(const Synced *s, TapeNode *a) {
    TapeNode *square = tape_mul(s->t, a, a);
    return s->v->x ? square : tape_add(s->t, s->v->rows.variance, square);
}

ViewMoments view_synced(const NormView *v) {
    const Synced s = synced_new(v);
    Tape *t = v->tape;
    if (v->context.norm->uncentred) {
        TapeNode *x = v->x ? v->x : rows_whole_means(t, &v->rows);
        TapeNode *square = mean_over(&s, squares(&s, x));
        observe(&s, 0, square, NULL, NULL);
        return (ViewMoments){{.value = x}, tape_spread(t, square, s.cells, v->shape)};
    }
    TapeNode *left = from_origin(&s), *mean = mean_over(&s, left);
    TapeNode *apart = tape_sub(t, left, tape_spread(t, mean, s.cells, v->shape)),
             *variance = mean_over(&s, squares(&s, apart));
    observe(&s, 0, mean, s.origin, NULL);
    observe(&s, 1, variance, NULL, unbiased(&s, (double)NAN));
    if (v->context.norm->unbiased)
        variance = tape_mul(t, variance, of_channels(&s, unbiased(&s, 1.0)));
    return (ViewMoments){{.value = apart}, tape_spread(t, variance, s.cells, v->shape)};
}
