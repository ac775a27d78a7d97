/* Each oracle catches what is wrong in the worlds of the others: one fault at a time in a
 * kernel, a definition, an adjoint or an arithmetic, judged by all of them; and what their
 * reports say. */
#include "harness.h"

#include "arith_calls.h"
#include "check.h"
#include "op.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { COUNT = 12, LAST = COUNT - 1, FULL = 100, FEW = 3 };

static const Shape SHAPE_OF_A = {3, {2, 3, 2}};

/* ---- y = a tanh(a), with one thing wrong in the last element ------------------------- */

typedef enum Fault {
    NONE,
    KERNEL_BACKWARD,
    KERNEL_FORWARD,
    DEFINITION,     /* of another function */
    PRIMITIVE_REAL, /* a primitive of the definition, in doubles */
    ADJOINT,        /* its recorded adjoint */
    SECOND,         /* the adjoint of that adjoint's factor */
    DETACHED,       /* the factor itself is held constant */
    THIRD,          /* the adjoint once more */
    COMPLEX_STEP,   /* it conjugates in complex doubles */
    QUAD_COMPLEX,   /* it is |.| in 113-bit complexes */
    QUAD,           /* its value in 113 bits */
    FAULTS
} Fault;

typedef struct World {
    Fault fault;
    double size;  /* the fault is a factor 1 + size */
    double other; /* and 1 + other in element 0 of the kernel's gradient */
} World;

static double factor(const TapeNode *node, Fault fault, size_t i) {
    const World *world = node->detail;
    return world->fault == fault && i == LAST ? 1.0 + world->size : 1.0;
}

static bool broken(const TapeNode *node, Fault fault, size_t i) {
    return factor(node, fault, i) != 1.0;
}

/* Three primitives: tanh, its slope and its curvature, each the derivative of the one
 * before. */
#define SAME(z) (z)
#define OWN(word, Number, TANH, fault, WRONG)                                            \
    static void tanh_##word(Number *y, const Number *const *in, const TapeNode *node) {  \
        for (size_t i = 0; i < COUNT; i++) {                                             \
            y[i] = TANH(in[0][i]);                                                       \
            if (broken(node, fault, i)) y[i] = WRONG(y[i]) * factor(node, fault, i);     \
        }                                                                                \
    }                                                                                    \
    static void slope_##word(Number *y, const Number *const *in, const TapeNode *node) { \
        (void)node;                                                                      \
        for (size_t i = 0; i < COUNT; i++) y[i] = 1 - TANH(in[0][i]) * TANH(in[0][i]);   \
    }                                                                                    \
    static void curve_##word(Number *y, const Number *const *in, const TapeNode *node) { \
        (void)node;                                                                      \
        for (size_t i = 0; i < COUNT; i++) {                                             \
            Number th = TANH(in[0][i]);                                                  \
            y[i] = -2 * th * (1 - th * th);                                              \
        }                                                                                \
    }
OWN(real, double, tanh, PRIMITIVE_REAL, SAME)
OWN(complex, double _Complex, ctanh, COMPLEX_STEP, conj)
OWN(quad, Quad, QUAD_CALL(tanh), QUAD, SAME)
OWN(quad_complex, QuadComplex, QUAD_CALL(ctanh), QUAD_COMPLEX, QUAD_CALL(cabs))

static const Op op_tanh, op_slope, op_curve;

static TapeNode *own(Tape *t, const Op *op, TapeNode *a, const void *world) {
    return tape_write(t, op, a->shape, (TapeNode *[]){a}, 1, world, NULL);
}

/* a, its last element times 1 + size if this is the fault. */
static TapeNode *spoilt(Tape *t, const TapeNode *y, TapeNode *a, Fault fault) {
    double *factors = tape_room(t, COUNT);
    for (size_t i = 0; i < COUNT; i++) factors[i] = factor(y, fault, i);
    return factors[LAST] == 1.0 ? a : tape_mul(t, a, tape_leaf(t, a->shape, factors));
}

static TapeNode *last_detached(Tape *t, TapeNode *a) {
    static const double last[COUNT] = {[LAST] = 1.0};
    return tape_select(t, tape_leaf(t, a->shape, last), tape_detach(t, a), a);
}

static void tanh_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    const World *world = y->detail;
    TapeNode *slope = own(t, &op_slope, y->in[0], world);
    if (world->fault == DETACHED) slope = last_detached(t, slope);
    dx[0] = spoilt(t, y, tape_mul(t, g, slope), ADJOINT);
}

static void slope_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    TapeNode *curve = own(t, &op_curve, y->in[0], y->detail);
    dx[0] = spoilt(t, y, tape_mul(t, g, curve), SECOND);
}

/* (-2 th s)' = -2 s (1 - 3 th^2) = s (4 - 6 s), with the slope s = 1 - th^2 */
static void curve_adjoint(Tape *t, TapeNode *y, TapeNode *g, TapeNode **dx) {
    TapeNode *s = own(t, &op_slope, y->in[0], y->detail);
    TapeNode *four = tape_fill(t, y->shape, 4.0), *six = tape_fill(t, y->shape, 6.0);
    TapeNode *slope = tape_mul(t, s, tape_sub(t, four, tape_mul(t, six, s)));
    dx[0] = spoilt(t, y, tape_mul(t, g, slope), THIRD);
}

static const Op op_tanh = {
    .name = "own tanh", .replay = OP_REPLAYS(tanh), .adjoint = tanh_adjoint};
static const Op op_slope = {
    .name = "own slope", .replay = OP_REPLAYS(slope), .adjoint = slope_adjoint};
static const Op op_curve = {
    .name = "own curve", .replay = OP_REPLAYS(curve), .adjoint = curve_adjoint};

static void fused_forward(Tape *t, TapeNode *y) {
    (void)t;
    const double *a = y->in[0]->value;
    for (size_t i = 0; i < COUNT; i++)
        y->value[i] = a[i] * tanh(a[i]) * factor(y, KERNEL_FORWARD, i);
}

static void fused_backward(Tape *t, TapeNode *y, const double *g, double *const *dx,
                           const double *beta) {
    (void)t;
    const World *world = y->detail;
    for (size_t i = 0; i < COUNT; i++) {
        double a = y->in[0]->value[i], th = tanh(a);
        double d = g[i] * (th + a * (1 - th) * (1 + th)) * factor(y, KERNEL_BACKWARD, i);
        if (i == 0) d *= 1.0 + world->other;
        dx[0][i] = beta[0] == 0.0 ? d : dx[0][i] + d;
    }
}

static TapeNode *fused_define(Tape *t, TapeNode *y) {
    TapeNode *a = y->in[0];
    return spoilt(t, y, tape_mul(t, a, own(t, &op_tanh, a, y->detail)), DEFINITION);
}

static const Op op_fused = {.name = "fused",
                            .forward = fused_forward,
                            .backward = fused_backward,
                            .define = fused_define};

static TapeNode *write_fused(Tape *t, TapeNode *const *x, void *world) {
    return own(t, &op_fused, x[0], world);
}

static const double *normals(Arena *arena, double mean) {
    double *value = TAKE(arena, double, COUNT);
    for (size_t k = 0; k < COUNT; k++)
        value[k] = mean + draw_normal((Draw){2385, DRAW_TEST, 0, 1}, k);
    value[LAST] = -0.75; /* where |.| and the sign both matter */
    return value;
}

/* ---- all oracles ------------------------------------------------------------------- */

typedef enum Kind { VALUE, GRADIENT, DIFFERENCES, STEP, STEP_113, IDENTITY } Kind;

typedef struct Oracle {
    const char *name;
    Kind kind;
    CheckDriver driver;
} Oracle;

static const Oracle ORACLES[] = {
    {"value", VALUE, CHECK_BACKWARD},
    {"gradient of the kernel", GRADIENT, CHECK_BACKWARD},
    {"gradient of the definition", GRADIENT, CHECK_GRADIENT},
    {"gradient of second order", GRADIENT, CHECK_SECOND},
    {"differences of the kernel", DIFFERENCES, CHECK_BACKWARD},
    {"differences of the definition", DIFFERENCES, CHECK_GRADIENT},
    {"differences of second order", DIFFERENCES, CHECK_SECOND},
    {"complex step of the kernel", STEP, CHECK_BACKWARD},
    {"complex step of the definition", STEP, CHECK_GRADIENT},
    {"complex step of second order", STEP, CHECK_SECOND},
    {"113-bit step of the kernel", STEP_113, CHECK_BACKWARD},
    {"113-bit step of the definition", STEP_113, CHECK_GRADIENT},
    {"113-bit step of second order", STEP_113, CHECK_SECOND},
    {"113-bit step of third order", STEP_113, CHECK_THIRD},
    {"adjoint identity of the kernel", IDENTITY, CHECK_BACKWARD},
    {"adjoint identity of the definition", IDENTITY, CHECK_GRADIENT},
};

/* F where the fault is seen: value, gradient, differences, complex step and 113-bit step of
 * kernel, definition, second (and third) order; the adjoint identity of the first two. */
static const char *const SEEN[FAULTS] = {
    [NONE] = ". ... ... ... .... ..",
    [KERNEL_BACKWARD] = ". F.. F.F F.. F... F.",
    [KERNEL_FORWARD] = "F ... FFF ... .... ..",
    [DEFINITION] = "F F.. .FF F.. F... F.",
    [PRIMITIVE_REAL] = ". .FF .FF .FF .FF. .F",
    [ADJOINT] = ". F.. .FF .FF .FFF .F",
    [SECOND] = ". ... ..F ..F ..FF ..",
    [DETACHED] = ". ... ..F ... .... ..", /* a replay keeps it too */
    [THIRD] = ". ... ... ... ...F ..",
    [COMPLEX_STEP] = ". ... ... FFF .... ..",
    [QUAD_COMPLEX] = ". ... ... ... FFFF FF",
    [QUAD] = "F FFF ... ... .... ..",
};

static bool seen(Fault fault, size_t oracle) {
    const char *at = SEEN[fault];
    for (;; at++)
        if (*at != ' ' && oracle-- == 0) return *at == 'F';
}

/* `digits` eps of terms of order ten. */
static CheckBound bound_of(double digits) {
    static const double ten[COUNT] = {10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10, 10};
    static const double *const scale[] = {ten, ten};
    return (CheckBound){.digits = digits, .scale = scale};
}

static CheckReport ask(Arena *arena, const Oracle *o, const CheckFunction *f,
                       uint64_t seed, size_t full) {
    const CheckBound bound = bound_of(64);
    switch (o->kind) {
    case VALUE:
        return check_value(arena, f, &bound);
    case GRADIENT:
        return check_gradient(arena, f, o->driver, &bound, seed);
    case DIFFERENCES:
        return check_differences(arena, f, o->driver, seed, full);
    case STEP:
        return check_complex_step(arena, f, o->driver, &bound, false, seed, full);
    case STEP_113:
        return check_complex_step(arena, f, o->driver, &bound, true, seed, full);
    default:
        return check_adjoint(arena, f, o->driver, &bound, seed, FEW);
    }
}

static CheckReport ask_world(Arena *arena, const Oracle *o, World *world, uint64_t seed,
                             size_t full) {
    const CheckInput input = {"a", SHAPE_OF_A, normals(arena, 0.5), 1.0};
    const CheckFunction f = {"fused", 1, &input, write_fused, world, NULL};
    return ask(arena, o, &f, seed, full);
}

static void expect(CheckReport r, CheckVerdict verdict, const char *what, int number) {
    if (r.verdict == verdict) return;
    fail_msg("%s, fault %d: %s, '%s'; got %.17g, expected %.17g, error %.3g, allowed "
             "%.3g",
             what, number, check_verdict_text(r.verdict), r.reason, r.got, r.expected,
             r.error, r.allowed);
}

static void every_fault_by_every_oracle(void **state) {
    (void)state;
    static const size_t ways[] = {FULL, FEW}; /* elements, directions */
    for (Fault fault = NONE; fault < FAULTS; fault++)
        for (size_t k = 0; k < COUNT_OF(ORACLES); k++)
            for (size_t way = 0; way < COUNT_OF(ways); way++) {
                Arena *arena = arena_new();
                World world = {.fault = fault, .size = 1e-3};
                CheckReport r = ask_world(arena, &ORACLES[k], &world, 3, ways[way]);
                expect(r, seen(fault, k) ? CHECK_FAIL : CHECK_PASS, ORACLES[k].name,
                       (int)fault);
                bool walks = ORACLES[k].kind >= DIFFERENCES;
                bool whole = ORACLES[k].kind != IDENTITY && (!walks || ways[way] == FULL);
                if (r.verdict == CHECK_FAIL && whole)
                    assert_int_equal(r.element, LAST); /* the others are right */
                if (!whole) assert_int_equal(r.element, SIZE_MAX);
                arena_free(arena);
            }
}

/* In which world an oracle lives: what is wrong there it may blame on others. */
static bool at_home(const Oracle *o, Fault fault) {
    switch (o->kind) {
    case VALUE:
    case GRADIENT:
        return fault == QUAD;
    case DIFFERENCES:
        return fault == KERNEL_FORWARD;
    case STEP:
        return fault == COMPLEX_STEP;
    default:
        return fault == QUAD_COMPLEX;
    }
}

/* No fault goes unseen, none is seen by all; and no oracle sees its own world alone. */
static void every_oracle_is_needed(void **state) {
    (void)state;
    for (Fault fault = KERNEL_BACKWARD; fault < FAULTS; fault++) {
        size_t by = 0;
        for (size_t k = 0; k < COUNT_OF(ORACLES); k++) by += seen(fault, k);
        assert_true(by > 0 && by < COUNT_OF(ORACLES));
    }
    for (size_t k = 0; k < COUNT_OF(ORACLES); k++) {
        size_t abroad = 0;
        for (Fault fault = KERNEL_BACKWARD; fault < FAULTS; fault++)
            abroad += seen(fault, k) && !at_home(&ORACLES[k], fault);
        assert_true(abroad > 0);
        assert_false(seen(NONE, k));
    }
}

/* Third derivatives pass, and a fault of theirs alone is found, small or large. */
static void third_order(void **state) {
    (void)state;
    static const double sizes[] = {1e-9, -2.0, NAN};
    const Oracle third = {"third order", STEP_113, CHECK_THIRD};
    const Oracle second = {"second order", STEP_113, CHECK_SECOND};
    for (size_t i = 0; i < COUNT_OF(sizes); i++) {
        Arena *arena = arena_new();
        World world = {.fault = THIRD, .size = sizes[i]};
        expect(ask_world(arena, &second, &world, 5, FULL), CHECK_PASS, "second order",
               THIRD);
        CheckReport r = ask_world(arena, &third, &world, 5, FULL);
        expect(r, CHECK_FAIL, "third order", THIRD);
        assert_int_equal(r.element, LAST);
        assert_int_equal(r.compared, 2 * COUNT); /* by a and by the upstream */
        world.fault = NONE;
        expect(ask_world(arena, &third, &world, 5, FULL), CHECK_PASS, "third order",
               NONE);
        r = ask_world(arena, &third, &world, 5, FEW);
        expect(r, CHECK_PASS, "third order along directions", NONE);
        assert_int_equal(r.compared, 2 * FEW);
        arena_free(arena);
    }
}

/* ---- reports ----------------------------------------------------------------------- */

static const Oracle FOUR[] = {{"gradient", GRADIENT, CHECK_BACKWARD},
                              {"differences", DIFFERENCES, CHECK_BACKWARD},
                              {"complex step", STEP, CHECK_BACKWARD},
                              {"113-bit step", STEP_113, CHECK_BACKWARD}};

/* Of two wrong elements the worse is named, and both numbers are those of that element. */
static void the_worst_is_named(void **state) {
    (void)state;
    for (size_t k = 0; k < COUNT_OF(FOUR); k++)
        for (int turn = 0; turn < 2; turn++) {
            Arena *arena = arena_new();
            World world = {KERNEL_BACKWARD, turn ? 1e-4 : 1e-2, turn ? 1e-2 : 1e-5};
            const double *a = normals(arena, 0.5);
            const double ones[COUNT] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
            const CheckInput input = {"a", SHAPE_OF_A, a, 0.5};
            const CheckFunction f = {"fused", 1, &input, write_fused, &world, ones};
            CheckReport r = ask(arena, &FOUR[k], &f, 3, FULL);
            expect(r, CHECK_FAIL, FOUR[k].name, turn);
            size_t at = turn ? 0 : LAST;
            double th = tanh(a[at]), right = th + a[at] * (1 - th * th);
            assert_int_equal(r.element, at);
            assert_int_equal(r.output, SIZE_MAX);
            assert_int_equal(r.compared, COUNT);
            assert_near(r.expected, right, 1e-8);
            assert_near(r.got, 1.01 * right, 1e-15);
            assert_near(r.error, fabs(0.01 * right), 1e-8);
            assert_true(r.error > r.allowed && r.allowed > 0);
            const char *place = turn ? "a[0, 0, 0]" : "a[1, 2, 1]";
            assert_string_equal(check_place(arena, &f, &r), place);
            assert_ptr_equal(strstr(r.reason, place), r.reason);
            assert_non_null(strstr(r.reason, "times beyond what is allowed"));
            arena_free(arena);
        }
}

static void places(void **state) {
    (void)state;
    Arena *arena = arena_new();
    const double numbers[24] = {0};
    const CheckInput input[] = {{"s", SHAPE_SCALAR, numbers, 1.0},
                                {"v", SHAPE_OF(5), numbers, 1.0},
                                {"x", SHAPE_OF(2, 3, 4), numbers, 1.0}};
    const CheckFunction f = {"f", 3, input, NULL, NULL, NULL};
    static const struct {
        size_t input, element, output;
        const char *text;
    } right[] = {{0, 0, SIZE_MAX, "s"},
                 {1, 4, SIZE_MAX, "v[4]"},
                 {2, 0, SIZE_MAX, "x[0, 0, 0]"},
                 {2, 23, SIZE_MAX, "x[1, 2, 3]"},
                 {2, 17, SIZE_MAX, "x[1, 1, 1]"},
                 {2, 6, 9, "x[0, 1, 2] of y at 9"},
                 {0, 0, 9, "s of y at 9"},
                 {0, SIZE_MAX, SIZE_MAX, "a direction"},
                 {3, 7, SIZE_MAX, "upstream at 7"},
                 {3, SIZE_MAX, SIZE_MAX, "a direction of the upstream"}};
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        CheckReport r = {.input = right[i].input,
                         .element = right[i].element,
                         .output = right[i].output};
        assert_string_equal(check_place(arena, &f, &r), right[i].text);
    }
    arena_free(arena);
}

/* What a value's report speaks of is y; what a second order's may be the upstream. */
static void reasons_name_what_was_compared(void **state) {
    (void)state;
    static const struct {
        Fault fault;
        Oracle oracle;
        double size;
        size_t input;
        const char *says;
    } right[] = {
        {KERNEL_FORWARD, {"", VALUE, CHECK_BACKWARD}, 1e-3, 0, "y[1, 2, 1]: "},
        {PRIMITIVE_REAL, {"", STEP_113, CHECK_SECOND}, 1e-3, 1, "upstream at 11: "},
        {SECOND, {"", STEP_113, CHECK_SECOND}, 1e-3, 0, "a[1, 2, 1]: "},
        {KERNEL_BACKWARD, {"", STEP, CHECK_BACKWARD}, -2.0, 0, "a[1, 2, 1]: wrong sign"},
        {KERNEL_BACKWARD,
         {"", GRADIENT, CHECK_BACKWARD},
         NAN,
         0,
         "a[1, 2, 1]: got what is not finite"}};
    for (size_t i = 0; i < COUNT_OF(right); i++) {
        Arena *arena = arena_new();
        World world = {.fault = right[i].fault, .size = right[i].size};
        CheckReport r = ask_world(arena, &right[i].oracle, &world, 3, FULL);
        expect(r, CHECK_FAIL, right[i].says, (int)i);
        assert_int_equal(r.input, right[i].input);
        if (strstr(r.reason, right[i].says) != r.reason)
            fail_msg("'%s' instead of '%s'", r.reason, right[i].says);
        arena_free(arena);
    }
}

/* The same seed is the same case, another one is another. */
static void a_seed_is_a_case(void **state) {
    (void)state;
    for (size_t k = 1; k < COUNT_OF(ORACLES); k++)
        for (Fault fault = NONE; fault < FAULTS; fault++) {
            Arena *arena = arena_new(), *fresh = arena_new();
            World world = {.fault = fault, .size = 1e-3};
            CheckReport one = ask_world(arena, &ORACLES[k], &world, 11, FEW);
            CheckReport same = ask_world(fresh, &ORACLES[k], &world, one.seed, FEW);
            CheckReport other = ask_world(arena, &ORACLES[k], &world, 12, FEW);
            assert_int_equal(one.seed, 11);
            assert_int_equal(other.seed, 12);
            assert_int_equal(same.element, one.element);
            assert_int_equal(same.compared, one.compared);
            assert_memory_equal(&same.got, &one.got, sizeof one.got);
            assert_memory_equal(&same.expected, &one.expected, sizeof one.expected);
            assert_memory_equal(&same.error, &one.error, sizeof one.error);
            assert_string_equal(same.reason, one.reason);
            assert_true(other.got != one.got);
            assert_int_equal(other.verdict, one.verdict);
            arena_free(arena), arena_free(fresh);
        }
}

/* ---- bounds by the norm of the whole gradient ---------------------------------------- */

/* An error of one element is allowed up to a part of the norm of all; the report says how
 * much that is. */
static void bounds_by_the_norm(void **state) {
    (void)state;
    Arena *arena = arena_new();
    World world = {.fault = NONE};
    const double *a = normals(arena, 0.5);
    const double ones[COUNT] = {1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1};
    const CheckInput input = {"a", SHAPE_OF_A, a, 1.0};
    const CheckFunction f = {"fused", 1, &input, write_fused, &world, ones};
    double squares = 0.0, last = 0.0, values = 0.0;
    for (size_t i = 0; i < COUNT; i++) {
        double th = tanh(a[i]);
        last = th + a[i] * (1 - th * th);
        squares += last * last;
        values += a[i] * th * a[i] * th;
    }
    static const double part = 1e-7; /* below what must show */
    const CheckBound bound = {.of_norm = part};
    const double norm = sqrt(squares), edge = part * norm / fabs(last);
    for (int beyond = 0; beyond < 2; beyond++) {
        CheckVerdict verdict = beyond ? CHECK_FAIL : CHECK_PASS;
        world = (World){.fault = KERNEL_BACKWARD, .size = edge * (beyond ? 1.01 : 0.99)};
        CheckReport r[] = {
            check_gradient(arena, &f, CHECK_BACKWARD, &bound, 3),
            check_complex_step(arena, &f, CHECK_BACKWARD, &bound, true, 3, FULL),
            check_complex_step(arena, &f, CHECK_BACKWARD, &bound, false, 3, FULL)};
        for (size_t i = 0; i < COUNT_OF(r); i++) {
            expect(r[i], verdict, "of the norm", (int)i);
            assert_near(r[i].allowed, part * norm, 1e-5 * part * norm);
            assert_int_equal(r[i].element, LAST);
        }
        double y = sqrt(values), slack = part * y / fabs(a[LAST] * tanh(a[LAST]));
        world = (World){.fault = KERNEL_FORWARD, .size = slack * (beyond ? 1.01 : 0.99)};
        CheckReport value = check_value(arena, &f, &bound);
        expect(value, verdict, "value, of the norm", 0);
        assert_near(value.allowed, part * y, 1e-5 * part * y);
    }
    world = (World){.fault = KERNEL_BACKWARD, .size = 1e-3};
    expect(check_adjoint(arena, &f, CHECK_BACKWARD, &bound, 3, FEW), CHECK_FAIL,
           "identity, of the norm", 0);
    expect(check_complex_step(arena, &f, CHECK_BACKWARD, &bound, true, 3, FEW),
           CHECK_FAIL, "directions, of the norm", 0);
    world = (World){.fault = NONE};
    expect(check_adjoint(arena, &f, CHECK_BACKWARD, &bound, 3, FEW), CHECK_PASS,
           "identity, of the norm", 0);
    expect(check_complex_step(arena, &f, CHECK_BACKWARD, &bound, true, 3, FEW),
           CHECK_PASS, "directions, of the norm", 0);
    const CheckBound loose = {.of_norm = 1e-2}; /* a fault of 1e-6 could hide */
    expect(check_complex_step(arena, &f, CHECK_BACKWARD, &loose, true, 3, FULL),
           CHECK_INCONCLUSIVE, "loose", 0);
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(fault, every_fault_by_every_oracle),
    CASE(theorem, every_oracle_is_needed),
    CASE(fault, third_order),
    CASE(fault, the_worst_is_named),
    CASE(example, places),
    CASE(example, reasons_name_what_was_compared),
    CASE(theorem, a_seed_is_a_case),
    CASE(theorem, bounds_by_the_norm),
};

HARNESS_MAIN("check_oracles", CASES)
