/* Layers of sequences [N, C, T]: symbols become vectors, and what is only padding is seen by
 * nobody. Where all symbols are there, there is no mask, and normalizers have their kernels. */
#include "internal.h"

#include "op.h"

#include <math.h>
#include <string.h>

/* ---- what is there ----------------------------------------------------------------- */

static void keep_mask(Layers *l, const TapeNode *x) {
    const size_t count = shape_count(x->shape);
    bool all = true;
    unsigned char *mask = TAKE(tape_arena(l->tape), unsigned char, count);
    for (size_t i = 0; i < count; i++) {
        mask[i] = x->value[i] != NET_NO_SYMBOL;
        all = all && mask[i];
    }
    l->N = x->shape.size[0], l->T = x->shape.size[1];
    l->mask = all ? NULL : mask;
}

const unsigned char *layers_mask(const Layers *l, ShapeLattice x) {
    if (l->mask == NULL || x.L != l->T) return NULL;
    if (x.N == l->N) return l->mask;
    REQUIRE(x.N % l->N == 0, "%zu sequences of %zu", x.N, l->N);
    const size_t times = x.N / l->N;
    unsigned char *mask = TAKE(tape_arena(l->tape), unsigned char, x.N *x.L);
    for (size_t n = 0; n < x.N; n++)
        memcpy(mask + n * x.L, l->mask + n / times * x.L, x.L);
    return mask;
}

TapeNode *layers_present(Layers *l, TapeNode *x) {
    const ShapeLattice at = shape_lattice(x->shape);
    const unsigned char *mask = layers_mask(l, at);
    if (mask == NULL) return x;
    double *there = tape_room(l->tape, shape_count(x->shape));
    for (size_t row = 0; row < at.N * at.C; row++)
        for (size_t t = 0; t < at.L; t++)
            there[row * at.L + t] = mask[row / at.C * at.L + t];
    TapeNode *zero = tape_fill(l->tape, x->shape, 0.0);
    return tape_select(l->tape, tape_leaf(l->tape, x->shape, there), x, zero);
}

/* ---- symbols ----------------------------------------------------------------------- */

static size_t symbols_of(const Layers *l) {
    const NetFace *face = &l->net->face;
    for (size_t i = 0; i < face->inputs; i++)
        if (face->input[i].symbols > 0) return face->input[i].symbols;
    REQUIRE(false, "%s is given no symbols", l->net->kind->name);
    return 0;
}

/* Places of [N, C, T] in a table [K + 1, C], whose last row is of no symbol. */
static size_t *places(Layers *l, const TapeNode *x, size_t C, size_t K) {
    const size_t T = l->T, count = shape_count(x->shape) * C;
    size_t *place = TAKE(tape_arena(l->tape), size_t, count);
    for (size_t i = 0; i < count; i++) {
        const double symbol = x->value[i / T / C * T + i % T];
        const size_t row = symbol == NET_NO_SYMBOL ? K : (size_t)symbol;
        REQUIRE(row == K || (row < K && (double)row == symbol), "symbol %g of %zu",
                symbol, K);
        place[i] = row * C + i / T % C;
    }
    return place;
}

/* sqrt(C) times a table whose numbers begin with a variance of about 1 / C. */
static TapeNode *lengthened(Tape *t, TapeNode *table) {
    const double C = (double)table->shape.size[1];
    return tape_mul(t, table, tape_sqrt(t, tape_fill(t, table->shape, C)));
}

TapeNode *layer_embed(Layers *l, const char *name, TapeNode *x, size_t C) {
    const size_t N = x->shape.size[0], T = x->shape.size[1], K = symbols_of(l);
    TapeNode *table =
        layers_param(l, name, "weight", SHAPE_OF(K, C), (LayerStart){.square = 1.0});
    l->embedding = table;
    if (l->declared) return layers_nothing(l, SHAPE_OF(N, C, T));
    keep_mask(l, x);
    table = tape_pad(l->tape, lengthened(l->tape, table), 0, 0, K + 1);
    return tape_gather(l->tape, table, places(l, x, C, K), SHAPE_OF(N, C, T));
}

TapeNode *layer_positions(Layers *l, const char *name, TapeNode *x) {
    const size_t C = x->shape.size[1], T = x->shape.size[2];
    TapeNode *table =
        layers_param(l, name, "weight", SHAPE_OF(T, C), (LayerStart){.square = 0.25});
    table = tape_permute(l->tape, lengthened(l->tape, table), (const size_t[]){1, 0});
    table = tape_reshape(l->tape, table, SHAPE_OF(1, C, T));
    return tape_add(l->tape, x, tape_broadcast(l->tape, table, x->shape));
}

static TapeNode *by_embedding(Layers *l, TapeNode *x) {
    const size_t N = x->shape.size[0], C = x->shape.size[1], T = x->shape.size[2];
    TapeNode *table = l->embedding;
    const size_t K = table->shape.size[0];
    layers_flops(l, K * C * T);
    table = tape_reshape(l->tape, table, SHAPE_OF(K, C, 1, 1));
    TapeNode *y = tape_reshape(l->tape, x, SHAPE_OF(N, C, 1, T));
    y = tape_conv2d(l->tape, y, table, 1, 0);
    return tape_reshape(l->tape, y, SHAPE_OF(N, K, T));
}

TapeNode *layer_told(Layers *l, TapeNode *x, bool tied) {
    const size_t K = layers_outputs(l), C = x->shape.size[1];
    const Shape *table = l->embedding ? &l->embedding->shape : NULL;
    if (!l->net->face.causal) return layer_linear(l, "linear", layer_pool(l, x), K);
    return tied && table && table->size[0] == K && table->size[1] == C
               ? by_embedding(l, x)
               : layer_linear(l, "linear", x, K);
}

/* ---- convolutions -------------------------------------------------------------------- */

TapeNode *layer_conv1(Layers *l, const char *name, TapeNode *x, size_t K, size_t R) {
    Tape *t = l->tape;
    const size_t N = x->shape.size[0], C = x->shape.size[1], T = x->shape.size[2],
                 wide = T + R - 1, before = l->net->face.causal ? R - 1 : (R - 1) / 2;
    TapeNode *w =
        layers_weight(l, name, SHAPE_OF(K, C, 1, R), (LayerStart){.square = 2.0});
    layers_flops(l, K * C * R * T);
    x = tape_pad(t, layers_present(l, x), 2, before, wide);
    x = tape_conv2d(t, tape_reshape(t, x, SHAPE_OF(N, C, 1, wide)), w, 1, 0);
    return tape_reshape(t, x, SHAPE_OF(N, K, T));
}
