/* A programmer's mistake on the tape ends the program at once, with the mistake's name. */
#include "harness.h"

#include "forms.h"
#include "tape.h"

#include <string.h>

typedef struct Mistake {
    const char *says;
    void (*make)(Tape *t, TapeNode *square,
                 TapeNode *row); /* [2, 2] and [1, 3], both parameters */
} Mistake;

#define MISTAKE(name, expression)                                                        \
    static void name(Tape *t, TapeNode *square, TapeNode *row) {                         \
        (void)t, (void)square, (void)row;                                                \
        (void)(expression);                                                              \
    }

static const size_t twice[] = {0, 0}, beyond[] = {0, 5};
static const uint8_t label[] = {0, 7};

static void other_conv(Tape *t, TapeNode *square) {
    TapeNode *x = tape_reshape(t, square, SHAPE_OF(1, 1, 2, 2));
    Conv conv = conv_geometry(x->shape, x->shape, 1, 1);
    tape_conv2d_input(t, x, x, &conv); /* y would be [1, 1, 3, 3] */
}

static void foreign_seed(Tape *t, TapeNode *square, TapeNode *row) {
    TapeNode *dx;
    tape_gradient(t, square, row, &square, 1, &dx);
}

static void unwanted(Tape *t, TapeNode *square) {
    TapeNode *leaf = tape_fill(t, SHAPE_SCALAR, 1.0), *dx;
    tape_gradient(t, square, NULL, &leaf, 1, &dx);
}

static const Partition *groups(Tape *t, size_t width) {
    return partition_blocks(tape_arena(t), (ShapeLattice){2, 2, 1}, 1, width, false);
}

static Tape *shapes(Tape *t) {
    return tape_of_shapes(tape_arena(t));
}

static void gradient_of_shapes(Tape *t, TapeNode *square) {
    TapeNode *dx;
    tape_gradient(shapes(t), square, NULL, &square, 1, &dx);
}

MISTAKE(add, tape_add(t, square, row))
MISTAKE(backward_of_shapes, (tape_backward(shapes(t), square, NULL), 0))
MISTAKE(second_of_shapes, (gradient_of_shapes(t, square), 0))
MISTAKE(max, tape_max(t, row, square))
MISTAKE(select_, tape_select(t, square, square, row))
MISTAKE(broadcast, tape_broadcast(t, square, SHAPE_OF(2, 3)))
MISTAKE(broadcast_rank, tape_broadcast(t, square, SHAPE_OF(1, 2, 2)))
MISTAKE(sum, tape_sum(t, square, SHAPE_OF(2, 3)))
MISTAKE(mean, tape_mean(t, row, groups(t, 1)))
MISTAKE(spread, tape_spread(t, row, groups(t, 1), SHAPE_OF(2, 2)))
MISTAKE(width, groups(t, 3))
MISTAKE(reshape, tape_reshape(t, square, SHAPE_OF(3)))
MISTAKE(permute_twice, tape_permute(t, square, twice))
MISTAKE(permute_beyond, tape_permute(t, square, beyond))
MISTAKE(slice_axis, tape_slice(t, square, 2, 0, 1))
MISTAKE(slice_beyond, tape_slice(t, square, 1, 1, 2))
MISTAKE(slice_wrapped, tape_slice(t, square, 1, SIZE_MAX, 2))
MISTAKE(slice_nothing, tape_slice(t, square, 1, 0, 0))
MISTAKE(pad_smaller, tape_pad(t, square, 0, 1, 2))
MISTAKE(gather, tape_gather(t, square, beyond, SHAPE_OF(2)))
MISTAKE(scatter,
        tape_scatter(t, tape_reshape(t, square, SHAPE_OF(4)), beyond, SHAPE_OF(3)))
MISTAKE(matmul_inner, tape_matmul(t, square, row, false, false))
MISTAKE(matmul_rank,
        tape_matmul(t, square, tape_fill(t, SHAPE_SCALAR, 1.0), false, false))
MISTAKE(matmul_counts, tape_matmul(t, tape_fill(t, SHAPE_OF(2, 2, 2), 1.0),
                                   tape_fill(t, SHAPE_OF(3, 2, 2), 1.0), false, false))
MISTAKE(softmax_of_matrix, tape_softmax_seen(t, square, NULL, 1, true))
MISTAKE(conv_rank, tape_conv2d(t, square, square, 1, 0))
MISTAKE(conv_stride, tape_conv2d(t, tape_reshape(t, square, SHAPE_OF(1, 1, 2, 2)),
                                 tape_reshape(t, square, SHAPE_OF(1, 1, 2, 2)), 0, 0))
MISTAKE(conv_channels, tape_conv2d(t, tape_reshape(t, square, SHAPE_OF(1, 1, 2, 2)),
                                   tape_reshape(t, square, SHAPE_OF(1, 2, 1, 2)), 1, 0))
MISTAKE(conv_large, tape_conv2d(t, tape_reshape(t, square, SHAPE_OF(1, 2, 1, 2)),
                                tape_reshape(t, square, SHAPE_OF(1, 2, 2, 1)), 1, 0))
MISTAKE(conv_other, (other_conv(t, square), 0))
MISTAKE(softmax, tape_softmax(t, tape_fill(t, SHAPE_SCALAR, 1.0)))
MISTAKE(label_beyond, tape_cross_entropy(t, square, label))
MISTAKE(logits, tape_cross_entropy(t, tape_reshape(t, square, SHAPE_OF(4)), label))
MISTAKE(seed, (foreign_seed(t, square, row), 0))
MISTAKE(leaf, (unwanted(t, square), 0))

static const Mistake mistakes[] = {{"add of two shapes", add},
                                   {"max of two shapes", max},
                                   {"select of several shapes", select_},
                                   {"broadcast", broadcast},
                                   {"broadcast", broadcast_rank},
                                   {"sum", sum},
                                   {"mean", mean},
                                   {"spread", spread},
                                   {"sets of 3 channels", width},
                                   {"reshape", reshape},
                                   {"permute", permute_twice},
                                   {"permute", permute_beyond},
                                   {"slice: axis 2", slice_axis},
                                   {"slice: 2 elements", slice_beyond},
                                   {"slice: 2 elements", slice_wrapped},
                                   {"slice: 0 elements", slice_nothing},
                                   {"pad: 2 elements", pad_smaller},
                                   {"index[1] = 5 of 4", gather},
                                   {"index[1] = 5 of 3", scatter},
                                   {"matmul: inner sizes", matmul_inner},
                                   {"matmul takes matrices", matmul_rank},
                                   {"2 matrices by 3", matmul_counts},
                                   {"takes [B, T, K]", softmax_of_matrix},
                                   {"conv2d takes", conv_rank},
                                   {"stride 0", conv_stride},
                                   {"1 channels, filters for 2", conv_channels},
                                   {"filter larger", conv_large},
                                   {"conv2d_input", conv_other},
                                   {"softmax of a scalar", softmax},
                                   {"label 7 of 2", label_beyond},
                                   {"takes logits", logits},
                                   {"seed", seed},
                                   {"wants none", leaf},
                                   {"tape of shapes", backward_of_shapes},
                                   {"tape of shapes", second_of_shapes}};

static void make(void *context) {
    const Mistake *mistake = context;
    static const double value[] = {1, 2, 3, 4};
    Arena *arena = arena_new();
    Tape *t = tape_new(arena);
    TapeNode *square = tape_parameter(t, SHAPE_OF(2, 2), value, NULL);
    mistake->make(t, square, tape_parameter(t, SHAPE_OF(1, 3), value, NULL));
}

static void mistakes_are_named(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(mistakes); i++) {
        char text[1024];
        Mistake mistake = mistakes[i];
        int status = harness_child(make, &mistake, text, sizeof text);
        if (status != 134 || strstr(text, mistake.says) == NULL)
            print_error("mistake '%s': status %d: %s\n", mistake.says, status, text);
        assert_int_equal(status, 134);
        assert_non_null(strstr(text, mistake.says));
    }
}

static const Case cases[] = {
    CASE(fault, mistakes_are_named),
};

HARNESS_MAIN("tape_misuse", cases)
