/* Pairs of channels are decorrelated over the batch: (x, x') times the inverse root of their
 * 2 x 2 covariance S + eps, by the closed form
 *     root = (S + s) / t,  s = sqrt(det S),  t = sqrt(trace S + 2 s). */
#include "strange.h"

static bool fits(Arena *arena, const Norm *norm, ShapeLattice x, BaseError *error) {
    (void)arena, (void)norm;
    return x.C % 2 == 0 ||
           base_fail(error, EX_USAGE, 0, "whiten needs pairs of channels");
}

/* Half of the channels, [C / 2, N L]. */
static TapeNode *half(Tape *t, TapeNode *rows, ShapeLattice at, size_t from) {
    TapeNode *x = tape_reshape(t, rows, SHAPE_OF(at.N, at.C / 2, 2, at.L));
    return tape_slice(t, x, 2, from, 1);
}

/* Mean over samples and positions, [1, C / 2, 1, 1] repeated. */
static TapeNode *over_batch(Tape *t, TapeNode *a) {
    const Shape one = SHAPE_OF(1, a->shape.size[1], 1, 1);
    const double count = (double)(a->shape.size[0] * a->shape.size[3]);
    return tape_broadcast(
        t, tape_mul(t, tape_sum(t, a, one), tape_fill(t, one, 1.0 / count)), a->shape);
}

static TapeNode *define(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    const ShapeLattice at = shape_lattice(x->shape);
    TapeNode *d = norm_moments(context, x).centred;
    TapeNode *p = half(t, d, at, 0), *q = half(t, d, at, 1);
    TapeNode *eps = number(t, p, context->norm->eps);
    TapeNode *a = tape_add(t, over_batch(t, squared(t, p)), eps);
    TapeNode *c = tape_add(t, over_batch(t, squared(t, q)), eps);
    TapeNode *b = over_batch(t, tape_mul(t, p, q));
    TapeNode *s = tape_sqrt(t, tape_sub(t, tape_mul(t, a, c), squared(t, b)));
    TapeNode *twice = tape_add(t, s, s);
    TapeNode *root = tape_mul(t, s, tape_sqrt(t, tape_add(t, tape_add(t, a, c), twice)));
    TapeNode *one = tape_sub(t, tape_mul(t, tape_add(t, c, s), p), tape_mul(t, b, q));
    TapeNode *two = tape_sub(t, tape_mul(t, tape_add(t, a, s), q), tape_mul(t, b, p));
    TapeNode *both = tape_add(t, tape_pad(t, tape_div(t, one, root), 2, 0, 2),
                              tape_pad(t, tape_div(t, two, root), 2, 1, 2));
    return norm_affine(context, tape_reshape(t, both, x->shape));
}

STRANGE(whiten, "pairs of channels decorrelated",
        .cell = {{.width = 1, .moments = {NORM_OWN, NORM_OWN}}},
        .cells = "all samples x two channels x all positions", .fits = fits,
        .define = define);
