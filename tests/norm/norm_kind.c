/* A normalizer of one's own: a definition with a parameter beside gamma and beta needs no change of the house. */
#include "harness.h"

#include "check.h"
#include "kind.h"

#include <math.h>
#include <string.h>

/* y = gamma ((1 - s) x + s xhat) + beta with a learned gate s = sigmoid(gate) per channel. */
static TapeNode *gated(const NormContext *context, TapeNode *x) {
    Tape *t = context->tape;
    NormMomentNodes m = norm_moments(context, x);
    TapeNode *variance =
        tape_add(t, m.variance, tape_fill(t, m.variance->shape, context->norm->eps));
    TapeNode *std = tape_spread(t, tape_sqrt(t, variance), m.partition, x->shape);
    TapeNode *xhat =
        tape_div(t, tape_sub(t, x, tape_spread(t, m.mean, m.partition, x->shape)), std);
    TapeNode *gate = tape_sigmoid(t, context->param[context->norm->params - 1]);
    TapeNode *s = tape_broadcast(
        t, tape_reshape(t, gate, SHAPE_OF(1, x->shape.size[1], 1)), x->shape);
    return norm_affine(context, tape_add(t, x, tape_mul(t, s, tape_sub(t, xhat, x))));
}

static void declare_gate(Norm *norm) {
    norm_add_param(norm, "gate", NORM_PARAM_LOGIT, norm->channels, 0.0);
}

static const NormKind KIND = {.name = "gated",
                              .usage = "gated",
                              .title = "a gate",
                              .cell = {{.block = 1, .moments = {NORM_OWN, NORM_OWN}}},
                              .declare = declare_gate,
                              .define = gated};

enum { N = 3, C = 4, L = 5 };

static Norm gated_norm(void) {
    Norm norm = {.kind = &KIND,
                 .spec = "gated",
                 .channels = C,
                 .eps = 1e-5,
                 .cell = {KIND.cell[0]}};
    norm_add_param(&norm, "gamma", NORM_PARAM_SCALE, C, 1.0);
    norm_add_param(&norm, "beta", NORM_PARAM_SHIFT, C, 0.0);
    declare_gate(&norm);
    return norm;
}

static TapeNode *write_gated(Tape *tape, TapeNode *const *x, void *context) {
    NormContext call = {
        .tape = tape, .norm = context, .mode = NORM_TRAIN, .param = x + 1};
    return norm_apply(&call, x[0]);
}

static void fill(double *values, size_t count, uint64_t sample) {
    Draw draw = {.seed = 11, .purpose = DRAW_TEST, .sample = sample};
    for (size_t i = 0; i < count; i++) values[i] = draw_normal(draw, i);
}

static void a_gate_is_differentiated(void **state) {
    (void)state;
    double x[N * C * L], gamma[C], beta[C], gate[C];
    fill(x, N * C * L, 0), fill(gamma, C, 1), fill(beta, C, 2), fill(gate, C, 3);
    Norm norm = gated_norm();
    const CheckInput input[] = {{"x", SHAPE_OF(N, C, L), x, 1.0},
                                {"gamma", SHAPE_OF(C), gamma, 1.0},
                                {"beta", SHAPE_OF(C), beta, 1.0},
                                {"gate", SHAPE_OF(C), gate, 1.0}};
    const CheckFunction function = {"gated", 4, input, write_gated, &norm, NULL};
    Arena *arena = arena_new();
    for (CheckDriver driver = CHECK_BACKWARD; driver <= CHECK_SECOND; driver++) {
        CheckReport report =
            check_differences(arena, &function, (CheckDriver)driver, 7, 1000);
        if (report.verdict != CHECK_PASS)
            fail_msg("driver %d: %s, %s", driver, check_verdict_text(report.verdict),
                     report.reason);
    }
    arena_free(arena);
}

/* A gate that is shut is no normalization, an open one is the layer's. */
static void a_gate_has_two_ends(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    double x[N * C * L], ones[C] = {1, 1, 1, 1}, zeros[C] = {0}, shut[C], open[C];
    fill(x, N * C * L, 0);
    for (size_t c = 0; c < C; c++) shut[c] = -800, open[c] = 800;
    Norm norm = gated_norm();
    Tape *tape = tape_new(arena);
    TapeNode *leaf = tape_leaf(tape, SHAPE_OF(N, C, L), x),
             *one = tape_leaf(tape, SHAPE_OF(C), ones);
    TapeNode *zero = tape_leaf(tape, SHAPE_OF(C), zeros);
    TapeNode *layer =
        norm_define(&(NormContext){.tape = tape,
                                   .norm = norm_new(arena, "layer", C, &error),
                                   .param = (TapeNode *[]){one, zero}},
                    leaf);
    const double *gates[] = {shut, open}, *want[] = {x, layer->value};
    for (size_t end = 0; end < 2; end++) {
        TapeNode *inputs[] = {leaf, one, zero, tape_leaf(tape, SHAPE_OF(C), gates[end])};
        TapeNode *y = write_gated(tape, inputs, &norm);
        for (size_t i = 0; i < N * C * L; i++)
            assert_near(y->value[i], want[end][i], 1e-15 * 8);
    }
    arena_free(arena);
}

/* What a plugin does at start-up: from then on it is a word like others, last in the registry. */
static void a_kind_is_registered(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false}, again = {.set = false}, nameless = {.set = false};
    static const NormKind shout = {.name = "Gated", .usage = "Gated", .title = "a gate"};
    size_t before, after;
    norm_kinds(&before);
    assert_null(norm_new(arena, "gated", C, &error));
    error.set = false;
    assert_string_equal(norm_plugins(arena, NULL), "");
    assert_true(norm_register(&KIND, "0f", &error));
    const NormKind *const *kind = norm_kinds(&after);
    assert_true(after == before + 1 && kind[before] == &KIND);
    const Norm *norm = norm_new(arena, "gated", C, &error);
    const Norm *both = norm_new(arena, "layer | gated", C, &error);
    assert_true(norm && both && norm->params == 3 && norm_rank(norm) == before);
    assert_string_equal(norm_plugins(arena, norm), "plugin gated 0f\n");
    assert_string_equal(norm_plugins(arena, both), "plugin gated 0f\n");
    assert_string_equal(norm_plugins(arena, norm_new(arena, "layer", C, &error)), "");
    assert_false(norm_register(&KIND, "0f", &again));
    assert_non_null(strstr(again.message, "'gated' already"));
    assert_false(norm_register(&shout, "0f", &nameless));
    assert_non_null(strstr(nameless.message, "'gated'"));
    norm_kinds(&before);
    assert_int_equal(before, after);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, a_gate_is_differentiated),
    CASE(theorem, a_gate_has_two_ends),
    CASE(example, a_kind_is_registered),
};

HARNESS_MAIN("norm_kind", CASES)
