/* Elementwise primitives: forward beside adjoint. The scalar meanings stand in
 * elementwise.def. */
#include "house.h"
#include "op.h"
#include "real_core.h"
#include "sum.h"

#define ARITH_TEMPLATE "elementwise.inc"
#include "arith_each.h"

/* ---- adjoints, as programs: g is the adjoint of y, dx[i] that of operand i ------- */

static void neg_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    (void)y;
    dx[0] = tape_neg(t, g);
}

static void exp_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_mul(t, g, y);
}

static void log_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_div(t, g, y->in[0]);
}

static void sqrt_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) { /* g / 2y */
    dx[0] = tape_div(t, g, tape_add(t, y, y));
}

static void tanh_adjoint(Tape *t, TapeNode *y, TapeNode *g,
                         TapeNode **dx) { /* g (1 - y) (1 + y): exact in the tails */
    TapeNode *one = tape_fill(t, y->shape, 1.0), *above = tape_add(t, one, y);
    dx[0] = tape_mul(t, g, tape_mul(t, tape_sub(t, one, y), above));
}

static void sigmoid_adjoint(Tape *t, TapeNode *y, TapeNode *g,
                            TapeNode **dx) { /* g y sigmoid(-x): exact in both tails */
    TapeNode *rest = tape_sigmoid(t, tape_neg(t, y->in[0]));
    dx[0] = tape_mul(t, tape_mul(t, g, y), rest);
}

static void erf_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_mul(t, g, tape_bell(t, y->in[0]));
}

static void bell_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) { /* -2 a y */
    TapeNode *twice = tape_add(t, y->in[0], y->in[0]);
    dx[0] = tape_neg(t, tape_mul(t, g, tape_mul(t, twice, y)));
}

static TapeNode *zeros_like(Tape *t, TapeNode *a) {
    return tape_fill(t, a->shape, 0.0);
}

/* Chosen, not multiplied by 0 and 1: what is not let through stays exactly zero, even
 * beside an Inf. */
static void relu_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = tape_select(t, y->in[0], g, zeros_like(t, g));
}

/* NaN passes forward, and nothing back. */
static void relu_turn(const TapeNode *y, double *g) {
    const double *value = y->value;
    for (size_t i = 0, n = shape_count(y->shape); i < n; i++)
        g[i] = value[i] > 0 ? g[i] : 0.0;
}

static void no_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) { /* step */
    (void)t, (void)y, (void)g, (void)dx;
}

static void detach_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    (void)y;
    if (tape_is_released(t)) dx[0] = g;
}

static void add_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    (void)t, (void)y;
    dx[0] = dx[1] = g;
}

static void add_turn(const TapeNode *y, double *g) {
    (void)y, (void)g; /* of both it is y's own */
}

static void sub_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    dx[0] = g;
    if (y->in[1]->wanted) dx[1] = tape_neg(t, g);
}

static void mul_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    if (y->in[0]->wanted) dx[0] = tape_mul(t, g, y->in[1]);
    if (y->in[1]->wanted) dx[1] = tape_mul(t, g, y->in[0]);
}

static void div_adjoint(Tape *t, TapeNode *y, TapeNode *g,
                        TapeNode **dx) { /* g/b, -(g/b) y */
    dx[0] = tape_div(t, g, y->in[1]);
    if (y->in[1]->wanted) dx[1] = tape_neg(t, tape_mul(t, dx[0], y));
}

static void max_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    TapeNode *second = tape_sub(t, y->in[1], y->in[0]); /* positive where b won */
    dx[0] = tape_select(t, second, zeros_like(t, g), g);
    dx[1] = tape_select(t, second, g, zeros_like(t, g));
}

static void power_adjoint(Tape *t, TapeNode *y, TapeNode *g,
                          TapeNode **dx) { /* g p x^(p-1) */
    double exponent = *(const double *)y->detail;
    if (exponent == 0.0) return; /* a constant: not 0 times the infinity of 0^-1 */
    TapeNode *slope = tape_power(t, y->in[0], exponent - 1);
    slope = tape_mul(t, tape_fill(t, y->shape, exponent), slope);
    dx[0] = tape_mul(t, g, slope);
}

static void select_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    TapeNode *mask = y->in[0];
    if (y->in[1]->wanted) dx[1] = tape_select(t, mask, g, zeros_like(t, g));
    if (y->in[2]->wanted) dx[2] = tape_select(t, mask, zeros_like(t, g), g);
}

/* By vectors, with the bits of one by one: few numbers are beyond. */
#define BY_VECTORS(word)                                                                 \
    static void word##_forward(Tape *tape, TapeNode *y) {                                \
        (void)tape;                                                                      \
        const double *x = y->in[0]->value;                                               \
        double *restrict out = y->value;                                                 \
        const size_t count = shape_count(y->shape);                                      \
        for (size_t i = 0; i < count; i++)                                               \
            out[i] = real_##word##_within(real_##word##_is_within(x[i]) ? x[i] : 1.0);   \
        for (size_t i = 0; i < count; i++)                                               \
            if (!real_##word##_is_within(x[i])) out[i] = real_##word(x[i]);              \
    }
BY_VECTORS(tanh)
BY_VECTORS(erf)

/* ---- the table ------------------------------------------------------------------- */

#define step_adjoint no_adjoint

#define UNARY(word, meaning)                                                             \
    static const Op op_##word = {.name = #word,                                          \
                                 .rounding = word##_rounding,                            \
                                 .replay = OP_REPLAYS(word),                             \
                                 .forward = word##_forward,                              \
                                 .adjoint = word##_adjoint,                              \
                                 .turn = word##_turn};                                   \
    TapeNode *tape_##word(Tape *tape, TapeNode *a) {                                     \
        return tape_write(tape, &op_##word, a->shape, &a, 1, NULL, NULL);                \
    }
#define BINARY(word, meaning)                                                            \
    static const Op op_##word = {.name = #word,                                          \
                                 .rounding = word##_rounding,                            \
                                 .replay = OP_REPLAYS(word),                             \
                                 .adjoint = word##_adjoint,                              \
                                 .turn = word##_turn};                                   \
    TapeNode *tape_##word(Tape *tape, TapeNode *a, TapeNode *b) {                        \
        REQUIRE(shape_equal(a->shape, b->shape), #word " of two shapes");                \
        return tape_write(tape, &op_##word, a->shape, (TapeNode *[]){a, b}, 2, NULL,     \
                          NULL);                                                         \
    }
/* Where profiles ask for it; elsewhere the adjoint itself is executed. */
#define neg_turn        NULL
#define exp_turn        NULL
#define log_turn        NULL
#define sqrt_turn       NULL
#define tanh_turn       NULL
#define sigmoid_turn    NULL
#define erf_turn        NULL
#define bell_turn       NULL
#define step_turn       NULL
#define sub_turn        NULL
#define mul_turn        NULL
#define div_turn        NULL
#define max_turn        NULL
#define neg_forward     NULL
#define exp_forward     NULL
#define log_forward     NULL
#define sqrt_forward    NULL
#define sigmoid_forward NULL
#define bell_forward    NULL
#define relu_forward    NULL
#define step_forward    NULL
/* All is rounded that is not copied. */
#define neg_rounding     OP_ROUNDING_CHOOSES
#define exp_rounding     OP_ROUNDING_EACH
#define log_rounding     OP_ROUNDING_EACH
#define sqrt_rounding    OP_ROUNDING_EACH
#define tanh_rounding    OP_ROUNDING_EACH
#define sigmoid_rounding OP_ROUNDING_EACH
#define erf_rounding     OP_ROUNDING_EACH
#define bell_rounding    OP_ROUNDING_EACH
#define relu_rounding    OP_ROUNDING_CHOOSES
#define step_rounding    OP_ROUNDING_CHOOSES
#define add_rounding     OP_ROUNDING_EACH
#define sub_rounding     OP_ROUNDING_EACH
#define mul_rounding     OP_ROUNDING_PRODUCTS
#define div_rounding     OP_ROUNDING_QUOTIENT
#define max_rounding     OP_ROUNDING_CHOOSES
#include "elementwise.def"

static void add_relu_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    const double *a = y->in[0]->value, *b = y->in[1]->value;
    double *restrict out = y->value;
    for (size_t i = 0, n = shape_count(y->shape); i < n; i++) {
        const double sum = a[i] + b[i];
        out[i] = sum > 0 || sum != sum ? sum : 0.0;
    }
}

static TapeNode *add_relu_define(Tape *t, TapeNode *y) {
    return tape_relu(t, tape_add(t, y->in[0], y->in[1]));
}

static const Op op_add_relu = {.name = "add-relu",
                               .forward = add_relu_forward,
                               .turn = relu_turn,
                               .define = add_relu_define};

TapeNode *tape_add_relu(Tape *tape, TapeNode *a, TapeNode *b) {
    REQUIRE(shape_equal(a->shape, b->shape), "add_relu of two shapes");
    return tape_write(tape, &op_add_relu, a->shape, (TapeNode *[]){a, b}, 2, NULL, NULL);
}

static void detach_forward(Tape *tape, TapeNode *y) {
    (void)tape;
    vector_add(y->value, y->in[0]->value, shape_count(y->shape), 0.0);
}

static const Op op_detach = {.name = "detach",
                             .rounding = OP_ROUNDING_HOLDS,
                             .forward = detach_forward,
                             .replay = OP_REPLAYS(detach),
                             .adjoint = detach_adjoint};

TapeNode *tape_detach(Tape *tape, TapeNode *a) {
    return tape_write(tape, &op_detach, a->shape, &a, 1, NULL, NULL);
}

static const Op op_power = {.name = "power",
                            .rounding = OP_ROUNDING_EACH,
                            .replay = OP_REPLAYS(power),
                            .adjoint = power_adjoint};
static const Op op_select = {.name = "select",
                             .rounding = OP_ROUNDING_CHOOSES,
                             .replay = OP_REPLAYS(select),
                             .adjoint = select_adjoint};

TapeNode *tape_power(Tape *tape, TapeNode *a, double exponent) {
    double *detail = tape_room(tape, 1);
    *detail = exponent;
    return tape_write(tape, &op_power, a->shape, &a, 1, detail, NULL);
}

TapeNode *tape_select(Tape *tape, TapeNode *mask, TapeNode *a, TapeNode *b) {
    REQUIRE(shape_equal(mask->shape, a->shape) && shape_equal(a->shape, b->shape),
            "select of several shapes");
    return tape_write(tape, &op_select, a->shape, (TapeNode *[]){mask, a, b}, 3, NULL,
                      NULL);
}
