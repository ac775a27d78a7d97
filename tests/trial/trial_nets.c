/* The checks of networks: on the right network they pass; a gradient that is wrong at one
 * parameter, in its kernel or in its definition, is found by those that can see it, and
 * named where elements are compared. */
#include "harness.h"

#include "net.h"
#include "op.h"
#include "sheet.h"

#include <string.h>

static const char NET[] = "resnet(depth=8, width=4)";
static const char *const KERNEL_JUDGES[] = {
    "gradient", "differences", "complex-step", "complex-step-113", "adjoint", NULL};
static const char *const DEFINITION_JUDGES[] = {"gradient", "second-order", NULL};
static const char *const NOBODY[] = {NULL};

static bool is_one_of(const char *name, const char *const *names) {
    for (; *names; names++)
        if (strcmp(name, *names) == 0) return true;
    return false;
}

/* ---- y = x, with one of its two adjoints wrong by a factor ------------------------- */

typedef struct Fault {
    double backward, adjoint; /* 1: right */
} Fault;

#define COPY(word, Number)                                                               \
    static void copy_##word(Number *y, const Number *const *in, const TapeNode *node) {  \
        memcpy(y, in[0], shape_count(node->shape) * sizeof *y);                          \
    }
COPY(real, double)
COPY(complex, double _Complex)
COPY(quad, Quad)
COPY(quad_complex, QuadComplex)
#undef COPY

static void copy_adjoint(Tape *tape, TapeNode *y, TapeNode *g, TapeNode **dx) {
    const Fault *fault = y->detail;
    dx[0] = tape_mul(tape, g, tape_fill(tape, y->shape, fault->adjoint));
}

static void copy_backward(Tape *tape, TapeNode *y, const double *g, double *const *dx,
                          const double *beta) {
    (void)tape;
    const Fault *fault = y->detail;
    for (size_t i = 0; i < shape_count(y->shape); i++)
        dx[0][i] = (beta[0] == 0.0 ? 0.0 : beta[0] * dx[0][i]) + fault->backward * g[i];
}

static const Op op_copy = {.name = "copy",
                           .replay = OP_REPLAYS(copy),
                           .adjoint = copy_adjoint,
                           .backward = copy_backward};

/* A function that reads one of its inputs through such a copy. */
typedef struct Planted {
    CheckFunction right;
    size_t input;
    Fault fault;
} Planted;

static TapeNode *write_planted(Tape *tape, TapeNode *const *x, void *context) {
    Planted *p = context;
    TapeNode **in = TAKE(tape_arena(tape), TapeNode *, p->right.inputs);
    memcpy(in, x, p->right.inputs * sizeof *in);
    in[p->input] =
        tape_write(tape, &op_copy, x[p->input]->shape, &x[p->input], 1, &p->fault, NULL);
    return p->right.write(tape, in, p->right.context);
}

static CheckFunction plant(Planted *planted) {
    CheckFunction function = planted->right;
    function.write = write_planted;
    function.context = planted;
    return function;
}

/* ---- who sees it ------------------------------------------------------------------- */

static size_t input_named(const CheckFunction *f, const char *name) {
    for (size_t i = 0; i < f->inputs; i++)
        if (strcmp(f->input[i].name, name) == 0) return i;
    fail_msg("no input %s", name);
    return 0;
}

static Sheet sheet_of(Arena *arena, const char *net, const char *norm) {
    BaseError error = {.set = false};
    Sheet sheet;
    if (!sheet_of_net(&sheet, arena, net, norm, &error)) fail_msg("%s", error.message);
    return sheet;
}

/* Fails by the judges that are listed, passes by all others. */
static void expect_in(const char *net, const char *norm, const char *where, Fault fault,
                      const char *const *judges) {
    Arena *arena = arena_new();
    const Sheet sheet = sheet_of(arena, net, norm);
    Planted planted = {net_function(arena, net, norm, NORM_TRAIN, 5), 0, fault};
    planted.input = input_named(&planted.right, where);
    CheckFunction f = plant(&planted);
    size_t rows; /* those of derivatives */
    net_rows(arena, &rows);
    for (size_t row = 0; row < rows; row++) {
        const char *check = sheet.row[row].name;
        CheckReport r = net_judge(arena, row, &f, 5);
        CheckVerdict wanted = is_one_of(check, judges) ? CHECK_FAIL : CHECK_PASS;
        if (r.verdict != wanted)
            fail_msg("%s, %s, %s, %s: %s, expected %s: %s", net, norm, where, check,
                     check_verdict_text(r.verdict), check_verdict_text(wanted), r.reason);
    }
    arena_free(arena);
}

static void expect(const char *norm, const char *where, Fault fault,
                   const char *const *judges) {
    expect_in(NET, norm, where, fault, judges);
}

static const char *const NORMS[] = {"batch", "group(2)", "none",
                                    "batch; stage3=group(2); stage2.norm1=frn"};
static const char *const PLACES[] = {"x", "stage2.block1.conv1.weight",
                                     "stage2.block1.shortcut.weight", "linear.bias"};

static void right_networks_pass(void **state) {
    (void)state;
    for (size_t n = 0; n < COUNT_OF(NORMS); n++)
        expect(NORMS[n], "x", (Fault){1, 1}, NOBODY);
}

/* And with whatever is done to weights; a gain is an input as others are. */
static void weights_of_any_kind_pass(void **state) {
    (void)state;
    static const char gained[] = "resnet(depth=8, width=4, weights=normalized)";
    size_t count;
    const NetWeights *weights = net_weights(&count);
    for (size_t i = 0; i < count; i++) {
        char net[80];
        snprintf(net, sizeof net, "resnet(depth=8, width=4, weights=%s)",
                 weights[i].name);
        expect_in(net, "batch", "stem.weight", (Fault){1, 1}, NOBODY);
    }
    expect_in(gained, "batch", "stem.gain", (Fault){1 + 1e-3, 1}, KERNEL_JUDGES);
}

static void faults_of_kernels(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(PLACES); i++)
        expect("group(2)", PLACES[i], (Fault){1 + 1e-3, 1}, KERNEL_JUDGES);
    expect("batch", "stage1.block1.norm2.gamma", (Fault){-1, 1}, KERNEL_JUDGES);
}

static void faults_of_definitions(void **state) {
    (void)state;
    for (size_t i = 0; i + 1 < COUNT_OF(PLACES); i++) /* the bias is linear */
        expect("group(2)", PLACES[i], (Fault){1, 1 + 1e-3}, DEFINITION_JUDGES);
}

/* Of a text the symbols are constants; all that is learned is asked. */
static void networks_of_texts(void **state) {
    (void)state;
    static const char *const NETS[] = {
        "transformer(depth=1, width=4, heads=2, place=peri, qk=norm)",
        "text-conv(depth=2, width=4, kernel=3)"};
    for (size_t i = 0; i < COUNT_OF(NETS); i++) {
        expect_in(NETS[i], "position", "embedding.weight", (Fault){1, 1}, NOBODY);
        expect_in(NETS[i], "group(2)", "embedding.weight", (Fault){1 + 1e-3, 1},
                  KERNEL_JUDGES);
        expect_in(NETS[i], "batch", "embedding.weight", (Fault){1, 1 + 1e-3},
                  DEFINITION_JUDGES);
    }
    expect_in(NETS[0], "position", "block1.attention.qnorm.gamma", (Fault){1 + 1e-3, 1},
              KERNEL_JUDGES);
    expect_in(NETS[0], "position", "block1.attention.value.weight", (Fault){-1, 1},
              KERNEL_JUDGES);
}

/* Every input in turn, by a part of 1e-6. */
static void the_parameter_is_named(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const Sheet sheet = sheet_of(arena, NET, "group(2)");
    assert_string_equal(sheet.row[0].name, "gradient");
    Planted planted = {net_function(arena, NET, "group(2)", NORM_TRAIN, 5), 0, {1, 1}};
    planted.fault.backward = 1 + 1e-6;
    for (size_t i = 0; i < planted.right.inputs; i++) {
        planted.input = i;
        CheckFunction f = plant(&planted);
        CheckReport r = net_judge(arena, 0, &f, 5);
        const char *name = f.input[i].name;
        if (r.verdict != CHECK_FAIL || r.input != i ||
            strncmp(r.reason, name, strlen(name)) != 0)
            fail_msg("%s: %s: %s", name, check_verdict_text(r.verdict), r.reason);
        assert_near(r.got / r.expected, planted.fault.backward, 1e-9);
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(oracle, right_networks_pass),   CASE(oracle, weights_of_any_kind_pass),
    CASE(fault, faults_of_kernels),      CASE(fault, faults_of_definitions),
    CASE(fault, the_parameter_is_named), CASE(fault, networks_of_texts),
};

HARNESS_MAIN("trial_nets", CASES)
