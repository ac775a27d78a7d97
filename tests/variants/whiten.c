/* Pairs of channels are decorrelated over the batch: (x, x') times the inverse root of their
 * 2 x 2 covariance S + eps, by the closed form
 *     root = (S + s) / t,  s = sqrt(det S),  t = sqrt(trace S + 2 s). */
#include "strange.h"

static bool fits(Arena *arena, const Norm *norm, Lattice x, Error *error) {
    (void)arena, (void)norm;
    return x.C % 2 == 0 || fail(error, EX_USAGE, 0, "whiten needs pairs of channels");
}

/* Half of the channels, [C / 2, N L]. */
static Node *half(Tape *t, Node *rows, Lattice at, size_t from) {
    Node *x = tape_reshape(t, rows, SHAPE(at.N, at.C / 2, 2, at.L));
    return tape_slice(t, x, 2, from, 1);
}

/* Mean over samples and positions, [1, C / 2, 1, 1] repeated. */
static Node *over_batch(Tape *t, Node *a) {
    const Shape one = SHAPE(1, a->shape.size[1], 1, 1);
    const double count = (double)(a->shape.size[0] * a->shape.size[3]);
    return tape_broadcast(
        t, tape_mul(t, tape_sum(t, a, one), tape_fill(t, one, 1.0 / count)), a->shape);
}

static Node *define(const NormContext *context, Node *x) {
    Tape *t = context->tape;
    const Lattice at = shape_lattice(x->shape);
    Node *d = norm_moments(context, x).centred;
    Node *p = half(t, d, at, 0), *q = half(t, d, at, 1);
    Node *eps = number(t, p, context->norm->eps);
    Node *a = tape_add(t, over_batch(t, squared(t, p)), eps);
    Node *c = tape_add(t, over_batch(t, squared(t, q)), eps);
    Node *b = over_batch(t, tape_mul(t, p, q));
    Node *s = tape_sqrt(t, tape_sub(t, tape_mul(t, a, c), squared(t, b)));
    Node *twice = tape_add(t, s, s);
    Node *root = tape_mul(t, s, tape_sqrt(t, tape_add(t, tape_add(t, a, c), twice)));
    Node *one = tape_sub(t, tape_mul(t, tape_add(t, c, s), p), tape_mul(t, b, q));
    Node *two = tape_sub(t, tape_mul(t, tape_add(t, a, s), q), tape_mul(t, b, p));
    Node *both = tape_add(t, tape_pad(t, tape_div(t, one, root), 2, 0, 2),
                          tape_pad(t, tape_div(t, two, root), 2, 1, 2));
    return norm_affine(context, tape_reshape(t, both, x->shape));
}

STRANGE(whiten, "pairs of channels decorrelated",
        .cell = {{.width = 1, .moments = {NORM_OWN, NORM_OWN}}},
        .cells = "all samples x two channels x all positions", .fits = fits,
        .define = define);
