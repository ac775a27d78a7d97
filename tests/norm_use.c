/* What a caller of a normalizer may rely on: what is read, what is written, what is remembered. */
#include "norm_run.h"

#include <signal.h>

static const char *const SPECS[] = {"none",     "batch",         "layer",    "instance",
                                    "group(2)", "group(size=4)", "position", "ghost(2)"};
static const Shape SHAPE4 = {4, {4, 8, 3, 23}};

static bool same_bits(const double *a, const double *b, size_t count) {
    return (a == NULL && b == NULL) || (a && b && memcmp(a, b, count * sizeof *a) == 0);
}

static void same_values(const double *a, const double *b, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!(a[i] == b[i])) assert_near(a[i], b[i], 0.0);
}

static void all_zero(const double *a, size_t count) {
    for (size_t i = 0; i < count; i++) assert_true(a[i] == 0.0);
}

/* body(arena, call, seed) for every spec in both modes. */
#define THEOREM(name, body)                                                              \
    static void name(void **state) {                                                     \
        (void)state;                                                                     \
        Arena *arena = arena_new();                                                      \
        for (size_t i = 0; i < 2 * COUNT_OF(SPECS); i++) {                               \
            Call call = random_call(arena, SPECS[i / 2], SHAPE4,                         \
                                    i % 2 ? NORM_EVAL : NORM_TRAIN, i);                  \
            body(arena, call);                                                           \
        }                                                                                \
        arena_free(arena);                                                               \
    }

/* ---- what is read and written ---------------------------------------------------- */

static void again(Arena *arena, Call call) {
    size_t n = shape_count(call.shape), C = call.shape.size[1];
    for (Way way = KERNEL; way <= DEFINITION; way++) {
        Outcome a = run(arena, &call, way);
        normals(arena, 5, 4096, 0.0,
                1e300); /* other bytes in the memory that comes next */
        Outcome b = run(arena, &call, way);
        assert_true(same_bits(a.y, b.y, n) && same_bits(a.dx, b.dx, n));
        assert_true(same_bits(a.dgamma, b.dgamma, C) && same_bits(a.dbeta, b.dbeta, C));
    }
}
THEOREM(same_bits_on_repetition, again)

static void untouched(Arena *arena, Call call) {
    size_t n = shape_count(call.shape), C = call.shape.size[1];
    const double *input[] = {call.x,    call.dy,       call.gamma,
                             call.beta, call.state[0], call.state[1]};
    const double *copy[COUNT_OF(input)];
    for (size_t i = 0; i < COUNT_OF(input); i++)
        copy[i] = memcpy(TAKE(arena, double, i < 2 ? n : C), input[i],
                         (i < 2 ? n : C) * sizeof(double));
    for (Way way = KERNEL; way <= DEFINITION; way++) run(arena, &call, way);
    for (size_t i = 0; i < COUNT_OF(input); i++)
        assert_true(same_bits(copy[i], input[i], i < 2 ? n : C));
}
THEOREM(inputs_are_not_written, untouched)

static void some_frozen(Arena *arena, Call call) {
    size_t n = shape_count(call.shape), C = call.shape.size[1];
    for (Way way = KERNEL; way <= DEFINITION; way++) {
        Outcome all = run(arena, &call, way);
        for (unsigned mask = 1; mask < 8; mask++) {
            Call frozen = call;
            for (size_t i = 0; i < 3; i++) frozen.frozen[i] = mask >> i & 1;
            Outcome some = run(arena, &frozen, way);
            assert_true(same_bits(some.y, all.y, n));
            assert_true(mask & 1 ? !some.dx : same_bits(some.dx, all.dx, n));
            assert_true(mask & 2 ? !some.dgamma : same_bits(some.dgamma, all.dgamma, C));
            assert_true(mask & 4 ? !some.dbeta : same_bits(some.dbeta, all.dbeta, C));
        }
    }
}
THEOREM(any_input_may_be_frozen, some_frozen)

/* gamma=no is gamma of ones, beta=no is beta of zeros. */
static void without_affine(Arena *arena, Call call) {
    size_t n = shape_count(call.shape), C = call.shape.size[1],
           length = strlen(call.spec);
    double *one = TAKE(arena, double, C);
    for (size_t c = 0; c < C; c++) one[c] = 1.0;
    Call unit = call, without = call;
    unit.gamma = one, unit.beta = ZERO(arena, double, C);
    without.spec =
        call.spec[length - 1] == ')'
            ? text_print(arena, "%.*s, gamma=no, beta=no)", (int)length - 1, call.spec)
            : text_print(arena, "%s(gamma=no, beta=no)", call.spec);
    for (Way way = KERNEL; way <= DEFINITION; way++) {
        Outcome a = run(arena, &unit, way), b = run(arena, &without, way);
        same_values(a.y, b.y, n);
        same_values(a.dx, b.dx, n);
        all_zero(b.dgamma, C);
        all_zero(b.dbeta, C);
    }
}
THEOREM(no_affine_is_one_and_zero, without_affine)

/* ---- the upstream ---------------------------------------------------------------- */

static void no_upstream(Arena *arena, Call call) {
    size_t n = shape_count(call.shape), C = call.shape.size[1];
    double *ones = TAKE(arena, double, n);
    call.dy = ZERO(arena, double, n);
    for (Way way = KERNEL; way <= DEFINITION; way++) {
        Outcome zero = run(arena, &call, way);
        all_zero(zero.dx, n);
        all_zero(zero.dgamma, C);
        all_zero(zero.dbeta, C);
    }
    for (size_t i = 0; i < n; i++) ones[i] = 1.0;
    call.dy = ones;
    Outcome a = run(arena, &call, KERNEL);
    call.dy = NULL;
    Outcome b = run(arena, &call, KERNEL);
    assert_true(same_bits(a.dx, b.dx, n) && same_bits(a.dgamma, b.dgamma, C));
}
THEOREM(zero_upstream_gives_zeros_and_none_is_ones, no_upstream)

/* y = f(x) + x: the kernel adds to a slot that holds dy already.
 * y = f(x) + f(x'): gamma and beta are used twice. */
static void used_twice(Arena *arena, Call call) {
    size_t n = shape_count(call.shape), C = call.shape.size[1];
    Call second = call;
    second.x = normals(arena, 77, n, 0.0, 3.0);
    Outcome a = run(arena, &call, KERNEL), b = run(arena, &second, KERNEL);
    double *dx = TAKE(arena, double, n), *dgamma = TAKE(arena, double, C),
           *dbeta = TAKE(arena, double, C);
    Tape *tape = tape_new(arena);
    Node *param[] = {tape_parameter(tape, SHAPE(C), call.gamma, dgamma),
                     tape_parameter(tape, SHAPE(C), call.beta, dbeta)};
    NormContext context = {.tape = tape,
                           .norm = norm_of(arena, &call),
                           .mode = call.mode,
                           .param = param,
                           .state = call.state};
    Node *x = tape_parameter(tape, call.shape, call.x, dx);
    Node *other = tape_leaf(tape, call.shape, second.x);
    Node *y = tape_add(tape, norm_apply(&context, x), norm_apply(&context, other));
    tape_backward(tape, tape_add(tape, y, x), call.dy);
    for (size_t i = 0; i < n; i++) assert_near(dx[i], a.dx[i] + call.dy[i], 0.0);
    for (size_t c = 0; c < C; c++) assert_near(dgamma[c], a.dgamma[c] + b.dgamma[c], 0.0);
    for (size_t c = 0; c < C; c++) assert_near(dbeta[c], a.dbeta[c] + b.dbeta[c], 0.0);
}
THEOREM(a_second_use_adds, used_twice)

/* Two calls share gamma but not beta, or beta but not gamma: each slot is added to or
 * overwritten on its own. */
static void one_shared(Arena *arena, Call call) {
    const size_t C = call.shape.size[1];
    Outcome want = run(arena, &call, KERNEL);
    for (size_t shared = 0; shared < 2; shared++) {
        double *slot[3] = {normals(arena, 1, C, 0.0, 1e9), normals(arena, 2, C, 0.0, 1e9),
                           normals(arena, 3, C, 0.0, 1e9)};
        Tape *tape = tape_new(arena);
        Node *param[3] = {
            tape_parameter(tape, SHAPE(C), call.gamma, slot[0]),
            tape_parameter(tape, SHAPE(C), call.beta, slot[1]),
            tape_parameter(tape, SHAPE(C), shared ? call.gamma : call.beta, slot[2])};
        Node *first[2] = {param[shared ? 2 : 0], param[shared ? 1 : 2]};
        NormContext context = {.tape = tape,
                               .norm = norm_of(arena, &call),
                               .mode = call.mode,
                               .param = first,
                               .state = call.state};
        Node *x = tape_leaf(tape, call.shape, call.x), *y = norm_apply(&context, x);
        context.param = param;
        tape_backward(tape, tape_add(tape, y, norm_apply(&context, x)), call.dy);
        const double *one[2] = {want.dgamma, want.dbeta};
        for (size_t c = 0; c < C; c++) {
            assert_near(slot[shared][c], one[shared][c] + one[shared][c], 0.0);
            assert_near(slot[!shared][c], one[!shared][c], 0.0);
            assert_near(slot[2][c], one[!shared][c], 0.0);
        }
    }
}
THEOREM(slots_are_added_to_one_by_one, one_shared)

/* ---- what a caller forgot -------------------------------------------------------- */

typedef struct Lack {
    const char *spec;
    NormMode mode;
    bool param, beta, state, channels; /* what there is */
    const char *says;
} Lack;

static void call_without(void *context) {
    const Lack *lack = context;
    Arena *arena = arena_new();
    Error error = {0};
    const Norm *norm = norm_new(arena, lack->spec, lack->channels ? 8 : 0, &error);
    Tape *tape = tape_new(arena);
    const double value[8] = {0};
    Node *one = tape_fill(tape, SHAPE(8), 1.0);
    Node *param[NORM_MAX_PARAMS] = {one, lack->beta ? one : NULL};
    const double *state[NORM_MAX_STATES] = {value, value};
    NormContext call = {.tape = tape, .norm = norm, .mode = lack->mode};
    if (lack->param) call.param = param;
    if (lack->state) call.state = state;
    norm_apply(&call, tape_fill(tape, (Shape){3, {4, 8, 3}}, 1.0));
}

/* A field that a program leaves out is NULL: said by its name, where it is called. */
static void what_is_missing_is_named(void **state) {
    (void)state;
    static const Lack lacks[] = {
        {"group(2)", NORM_TRAIN, false, true, true, true,
         ".param[0] is missing: 'gamma'"},
        {"group(2)", NORM_TRAIN, true, false, true, true, ".param[1] is missing: 'beta'"},
        {"blend(batch, layer)", NORM_TRAIN, true, true, true, true,
         ".param[2] is missing"},
        {"batch", NORM_EVAL, true, true, false, true, "read in evaluation"},
        {"renorm", NORM_TRAIN, true, true, false, true, "read in training, too"},
        {"batch", NORM_TRAIN, true, true, true, false,
         "not bound to a number of channels"}};
    char text[2048];
    for (size_t i = 0; i < COUNT_OF(lacks); i++) {
        Lack lack = lacks[i];
        assert_int_equal(harness_child(call_without, &lack, text, sizeof text),
                         128 + SIGABRT);
        if (strstr(text, lack.says) == NULL) fail_msg("%s: %s", lack.spec, text);
    }
    Lack none = {"batch", NORM_EVAL, true, true, true, true, ""};
    assert_int_equal(harness_child(call_without, &none, text, sizeof text), 0);
}

/* ---- what does not spread -------------------------------------------------------- */

static void one_nan(Arena *arena, Call call) {
    const size_t n = shape_count(call.shape), at = n / 2 + 5;
    const Norm *norm = norm_of(arena, &call);
    const Partition *p =
        norm_partition(arena, norm, shape_lattice(call.shape), call.mode, NULL);
    bool own =
        norm_smallest_cell(arena, norm, shape_lattice(call.shape), call.mode) != SIZE_MAX;
    size_t bad = partition_cell(p, at / p->L / p->C, at / p->L % p->C, at % p->L);
    double *x = memcpy(TAKE(arena, double, n), call.x, n * sizeof *x);
    x[at] = NAN;
    Call broken = call;
    broken.x = x;
    for (Way way = KERNEL; way <= DEFINITION; way++) {
        Outcome good = run(arena, &call, way), got = run(arena, &broken, way);
        for (size_t i = 0; i < n; i++) {
            size_t cell = partition_cell(p, i / p->L / p->C, i / p->L % p->C, i % p->L);
            bool hit = own ? cell == bad : i == at;
            assert_true(hit ? isnan(got.y[i]) : got.y[i] == good.y[i]);
            if (!hit || !own)
                assert_near(got.dx[i], good.dx[i],
                            0.0); /* fixed moments: dx knows no x */
            else
                assert_true(isnan(got.dx[i]));
        }
        for (size_t c = 0; c < p->C; c++) assert_true(isfinite(got.dbeta[c]));
        if (own && norm_keeps_state(norm))
            assert_true(isnan(got.observed[1][at / p->L % p->C]));
    }
    Moments *moments = TAKE(arena, Moments, partition_cells(p));
    partition_moments(moments, x, p);
    for (size_t k = 0; k < partition_cells(p); k++)
        assert_int_equal(!!isnan(moments[k].m2), k == bad);
}
THEOREM(a_nan_stays_in_its_cell, one_nan)

/* ---- evaluation and what training observes --------------------------------------- */

static void evaluation_is_affine(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Call call = random_call(arena, "batch(eps=0.25)", SHAPE4, NORM_EVAL, 3);
    size_t n = shape_count(SHAPE4);
    Outcome o = run(arena, &call, KERNEL);
    for (size_t i = 0; i < n; i++) {
        size_t c = i / 69 % 8;
        double slope = call.gamma[c] / sqrt(call.state[1][c] + 0.25);
        double y = slope * (call.x[i] - call.state[0][c]) + call.beta[c];
        assert_near(o.y[i], y,
                    4.0 * DBL_EPSILON * (fabs(y - call.beta[c]) + fabs(call.beta[c])));
        assert_near(o.dx[i], slope * call.dy[i],
                    4.0 * DBL_EPSILON * fabs(slope * call.dy[i]));
    }
    all_zero((const double[]){o.observed[0][0] + 1.0, o.observed[1][7] + 1.0},
             2); /* not written */
    arena_free(arena);
}

/* Mean over blocks of their mean and unbiased variance, by plain loops in long double. */
static void observe(long double *mean, long double *variance, const Call *call,
                    size_t block, size_t c) {
    const size_t N = call->shape.size[0], C = call->shape.size[1];
    const size_t L = shape_count(call->shape) / N / C;
    *mean = *variance = 0.0L;
    for (size_t first = 0; first < N; first += block) {
        long double sum = 0.0L, squares = 0.0L, count = (long double)(block * L);
        for (size_t k = 0; k < block * L; k++)
            sum += call->x[((first + k / L) * C + c) * L + k % L];
        for (size_t k = 0; k < block * L; k++) {
            long double d = call->x[((first + k / L) * C + c) * L + k % L] - sum / count;
            squares += d * d;
        }
        *mean += sum / count * (long double)block / (long double)N;
        *variance += squares / (count - 1.0L) * (long double)block / (long double)N;
    }
}

static void observations(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const struct {
        const char *spec;
        size_t block;
        Shape shape;
    } CASES[] = {{"batch", 4, {4, {4, 8, 3, 23}}},
                 {"ghost(2)", 2, {4, {4, 8, 3, 23}}},
                 {"ghost(1)", 1, {3, {5, 3, 2}}},
                 {"ghost(3)", 3, {2, {9, 2}}},
                 {"batch", 2, {2, {2, 5}}}};
    for (size_t k = 0; k < COUNT_OF(CASES); k++)
        for (Way way = KERNEL; way <= DEFINITION; way++) {
            Call call = random_call(arena, CASES[k].spec, CASES[k].shape, NORM_TRAIN, k);
            Outcome o = run(arena, &call, way);
            for (size_t c = 0; c < call.shape.size[1]; c++) {
                long double mean, variance;
                observe(&mean, &variance, &call, CASES[k].block, c);
                assert_near(o.observed[0][c], (double)mean, 16.0 * DBL_EPSILON);
                assert_near(o.observed[1][c], (double)variance,
                            16.0 * DBL_EPSILON * (double)variance);
            }
        }
    arena_free(arena);
}

static void one_element_observes_no_variance(void **state) {
    (void)state;
    Arena *arena = arena_new();
    static const char *const ONE[] = {"batch", "ghost(1)"};
    for (size_t k = 0; k < 2; k++)
        for (Way way = KERNEL; way <= DEFINITION; way++) {
            Call call =
                random_call(arena, ONE[k], k ? (Shape){2, {3, 4}} : (Shape){2, {1, 4}},
                            NORM_TRAIN, k);
            Outcome o = run(arena, &call, way);
            for (size_t c = 0; c < 4; c++) {
                assert_true(isnan(o.observed[1][c]));
                assert_true(isfinite(o.observed[0][c]));
            }
        }
    arena_free(arena);
}

static void without_state_nothing_is_observed(void **state) {
    (void)state;
    Arena *arena = arena_new();
    for (size_t k = 0; k < COUNT_OF(SPECS); k++) {
        Call call = random_call(arena, SPECS[k], SHAPE4, NORM_TRAIN, k);
        bool keeps = norm_keeps_state(norm_of(arena, &call));
        assert_true(keeps == (SPECS[k][0] == 'b' || strncmp(SPECS[k], "gh", 2) == 0));
        for (Way way = KERNEL; way <= DEFINITION; way++) {
            Outcome o = run(arena, &call, way);
            assert_true((o.observed[0][0] == -1.0) == !keeps);
            assert_true((o.observed[1][7] == -1.0) == !keeps);
        }
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, same_bits_on_repetition),
    CASE(theorem, inputs_are_not_written),
    CASE(theorem, any_input_may_be_frozen),
    CASE(theorem, no_affine_is_one_and_zero),
    CASE(theorem, zero_upstream_gives_zeros_and_none_is_ones),
    CASE(theorem, a_second_use_adds),
    CASE(theorem, slots_are_added_to_one_by_one),
    CASE(theorem, a_nan_stays_in_its_cell),
    CASE(example, evaluation_is_affine),
    CASE(oracle, observations),
    CASE(theorem, one_element_observes_no_variance),
    CASE(theorem, without_state_nothing_is_observed),
    CASE(fault, what_is_missing_is_named),
};

HARNESS_MAIN("norm_use", CASES)
