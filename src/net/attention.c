/* Attention (Vaswani et al. 2017) over sequences [N, C, T]. */
#include "internal.h"

#include "op.h"

#include "real.h"

#include <math.h>

/* ---- rotary positions ---------------------------------------------------------------- */

/* cos(t w) or sin(t w) for pair i of d channels at position t, w = 10000^(-2 i / d); the sine
 * of the first of a pair is negative. */
static TapeNode *turns(Tape *t, Shape shape, bool sine) {
    const size_t d = shape.size[1], T = shape.size[2];
    double *value = tape_room(t, d * T);
    for (size_t i = 0; i < d * T; i++) {
        const size_t pair = i / T / 2;
        const double rate = real_power(10000.0, -2.0 * (double)pair / (double)d),
                     turn = (double)(i % T) * rate / 6.283185307179586;
        value[i] = sine ? (i / T % 2 ? 1.0 : -1.0) * real_sine(turn) : real_cosine(turn);
    }
    return tape_broadcast(t, tape_leaf(t, SHAPE_OF(1, d, T), value), shape);
}

/* Each pair of channels (a, b) turned by an angle that grows with the position:
 * (a cos - b sin, b cos + a sin). Su et al. 2021, equation 34. */
static TapeNode *turned(Layers *l, TapeNode *x) {
    Tape *t = l->tape;
    const size_t B = x->shape.size[0], d = x->shape.size[1], T = x->shape.size[2];
    if (l->declared) return x;
    const Shape pairs = SHAPE_OF(B * d / 2, 2, T);
    TapeNode *both = tape_reshape(t, x, pairs);
    TapeNode *first = tape_pad(t, tape_slice(t, both, 1, 1, 1), 1, 0, 2),
             *second = tape_pad(t, tape_slice(t, both, 1, 0, 1), 1, 1, 2);
    TapeNode *other = tape_reshape(t, tape_add(t, first, second), x->shape);
    other = tape_mul(t, other, turns(t, x->shape, true));
    return tape_add(t, tape_mul(t, x, turns(t, x->shape, false)), other);
}

/* ---- attention ----------------------------------------------------------------------- */

/* What a head of so many works with: [N heads, C / heads, T]. */
static TapeNode *for_heads(Layers *l, const char *name, TapeNode *x, size_t heads) {
    const size_t N = x->shape.size[0], C = x->shape.size[1], T = x->shape.size[2];
    return tape_reshape(l->tape, layer_linear(l, name, x, C),
                        SHAPE_OF(N * heads, C / heads, T));
}

//> attention
TapeNode *layer_attention(Layers *l, TapeNode *x, LayerAttention how) {
    Tape *t = l->tape;
    const size_t T = x->shape.size[2], C = x->shape.size[1], d = C / how.heads;
    TapeNode *q = for_heads(l, "query", x, how.heads),
             *k = for_heads(l, "key", x, how.heads),
             *v = for_heads(l, "value", x, how.heads);
    if (how.normed) {
        q = layer_norm(l, "qnorm", q);
        k = layer_norm(l, "knorm", k);
    }
    if (how.rotary) {
        q = turned(l, q);
        k = turned(l, k);
    }
    q = tape_div(t, q, tape_sqrt(t, tape_fill(t, q->shape, (double)d)));
    TapeNode *share = tape_softmax_seen(t, tape_matmul(t, q, k, true, false), l->mask,
                                        how.heads, l->net->face.causal);
    TapeNode *y = tape_matmul(t, layers_present(l, v), share, false, true);
    layers_flops(l, 2 * C * T * T);
    return layer_linear(l, "out", tape_reshape(t, y, x->shape), C);
}
//< attention
