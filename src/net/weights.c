/* What layers do to their weights before they use them (`weights=` of a network): a hook on
 * the layer that owns the weight, beside the normalizers that see what flows. A weight
 * [K, ...] is K rows, one for each output unit, of as many elements as the unit has inputs.
 * Weights are small: the definitions in tape operations are what trains. */
#include "internal.h"

#include "kind.h"

#include <string.h>

static const Partition *rows_of(Tape *tape, Shape shape) {
    const ShapeLattice at = shape_lattice(shape);
    return partition_blocks(tape_arena(tape), at, 1, at.C, false);
}

//> standardized
/* what = (v - mean) / sqrt(variance + eps), moments of a row, the variance biased. Three
 * forms are about: this one, with 1e-6, is timm's StdConv2d; the authors' README has the
 * unbiased deviation and 1e-5 outside the root, their batch-channel code the unbiased
 * variance and 1e-5 inside. */
static TapeNode *standardized(Tape *t, TapeNode *v, TapeNode *gain) {
    (void)gain;
    const Partition *rows = rows_of(t, v->shape);
    TapeNode *centred =
        tape_sub(t, v, tape_spread(t, tape_mean(t, v, rows), rows, v->shape));
    TapeNode *variance = tape_mean(t, tape_mul(t, centred, centred), rows);
    TapeNode *eps = tape_fill(t, variance->shape, 1e-6);
    TapeNode *std = tape_sqrt(t, tape_add(t, variance, eps));
    return tape_div(t, centred, tape_spread(t, std, rows, v->shape));
}
//< standardized

/* One number a row. */
static Shape column(Shape shape) {
    for (size_t i = 1; i < shape.rank; i++) shape.size[i] = 1;
    return shape;
}

static TapeNode *length(Tape *t, TapeNode *v) {
    return tape_sqrt(t, tape_sum(t, tape_mul(t, v, v), column(v->shape)));
}

//> normalized
/* w = v (g / |v|) with a learned g for each row. */
static TapeNode *normalized(Tape *t, TapeNode *v, TapeNode *gain) {
    TapeNode *g = tape_reshape(t, gain, column(v->shape));
    return tape_mul(t, v, tape_broadcast(t, tape_div(t, g, length(t, v)), v->shape));
}
//< normalized

static const NetWeights KINDS[] = {
    {.name = "plain", .title = "as they are", .source = ""},
    {.name = "standardized",
     .title = "of convolutions: each row with mean 0, variance 1",
     .source = "Qiao et al. 2019",
     .least_inputs = 2,
     .apply = standardized},
    {.name = "normalized",
     .title = "length and direction of each row apart",
     .source = "Salimans and Kingma 2016",
     .linear = true,
     .gain = true,
     .apply = normalized},
};

const NetWeights *net_weights(size_t *count) {
    *count = COUNT_OF(KINDS);
    return KINDS;
}

bool weights_read(Net *net, SpecArguments *arguments, BaseError *error) {
    const char *name[COUNT_OF(KINDS) + 1];
    size_t choice = 0;
    for (size_t i = 0; i < COUNT_OF(KINDS); i++) name[i] = KINDS[i].name;
    name[COUNT_OF(KINDS)] = NULL;
    if (!norm_read_choice(arguments, "weights", name, &choice, error)) return false;
    net->weighing = &KINDS[choice];
    return true;
}

/* Of the rows of a weight that was drawn: g |v| / |v| is then v, to the bit. */
void weights_lengths(double *gain, const double *value, Shape shape) {
    Arena *arena = arena_new();
    Tape *tape = tape_new(arena);
    const TapeNode *lengths = length(tape, tape_leaf(tape, shape, value));
    memcpy(gain, lengths->value, shape.size[0] * sizeof *gain);
    arena_free(arena);
}
