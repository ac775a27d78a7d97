/* The normalizers of other papers: what they are at their corners, what they are called and say of
 * themselves, and what is wrong with a spec. Their equations are restated in src/trial/loops.h;
 * that kernels and definitions agree is said by the checks of the registry. */
#include "norm_given.h"

/* The same gamma, beta, data and running moments. */
static Trial beside(Arena *arena, const char *spec, const Trial *like) {
    Trial g = given(arena, spec);
    static const char *const AFFINE[] = {"gamma", "beta"};
    for (size_t k = 0; k < COUNT_OF(AFFINE); k++)
        g.param[param_place(g.norm, AFFINE[k])] =
            like->param[param_place(like->norm, AFFINE[k])];
    for (size_t k = 0; k < g.norm->states && k < like->norm->states; k++)
        if (g.norm->state[k].count == like->norm->state[k].count)
            g.state[k] = like->state[k];
    return g;
}

static void close_to(const double *a, const double *b, size_t count, double eps) {
    for (size_t i = 0; i < count; i++)
        assert_near(a[i], b[i], eps * DBL_EPSILON * (16.0 + 4.0 * fabs(b[i])));
}

/* By definition y to `bits` eps (0: the same), by kernel as sums are taken in other orders. */
static void same_to(Arena *arena, const Trial *a, const Trial *b, NormMode mode,
                    double eps) {
    for (int definition = 0; definition < 2; definition++) {
        Outcome one = run_given(arena, a, mode, definition),
                two = run_given(arena, b, mode, definition);
        close_to(one.y, two.y, ALL, definition ? eps : 1.0);
        close_to(one.dx, two.dx, ALL, 4.0);
        for (size_t k = 0; mode == NORM_TRAIN && k < b->norm->states; k++)
            if (k < a->norm->states && a->norm->state[k].count == b->norm->state[k].count)
                close_to(one.observed[k], two.observed[k], b->norm->state[k].count, 1.0);
    }
}

/* ---- corners --------------------------------------------------------------------- */

static void task_has_two_ends(void **state) {
    (void)state;
    for (int end = 0; end < 2; end++) {
        Arena *arena = arena_new();
        Trial task = given(arena, "task"),
              one = beside(arena, end ? "batch" : "instance", &task);
        set(&task, "slope", 0.0), set(&task, "offset", end ? 800.0 : -800.0);
        same_to(arena, &task, &one, NORM_TRAIN, 0.0);
        same_to(arena, &task, &one, NORM_EVAL, 0.0);
        arena_free(arena);
    }
}

/* alpha = sigmoid(slope N + offset): the N of training stays in evaluation. */
static void task_remembers_the_batch(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial task = given(arena, "task"), batch = beside(arena, "batch", &task);
    set(&task, "slope", 100.0), set(&task, "offset", -350.0);
    assert_near(run_given(arena, &task, NORM_TRAIN, false).observed[2][0], N, 0.0);
    assert_near(task.norm->state[2].weight_new, 1.0, 0.0);
    same_to(arena, &task, &batch, NORM_TRAIN, 1.0);
    task.state[2][0] = 4.0;
    same_to(arena, &task, &batch, NORM_EVAL, 1.0);
    Trial instance = beside(arena, "instance", &task);
    task.state[2][0] = 3.0;
    same_to(arena, &task, &instance, NORM_EVAL, 1.0);
    arena_free(arena);
}

static void renorm_without_room_is_batch(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial still = given(arena, "renorm(rmax=1, dmax=0)"),
          warming = beside(arena, "renorm(warm=4)", &still),
          free = beside(arena, "renorm", &still), batch = beside(arena, "batch", &still);
    same_to(arena, &still, &batch, NORM_TRAIN, 2.0);
    same_to(arena, &warming, &batch, NORM_TRAIN, 2.0); /* epoch 3 of 4 */
    same_to(arena, &free, &batch, NORM_EVAL, 0.0);
    warming.epoch = 4;
    same_to(arena, &warming, &free, NORM_TRAIN, 0.0);
    Outcome one = run_given(arena, &free, NORM_TRAIN, false),
            two = run_given(arena, &batch, NORM_TRAIN, false);
    assert_true(fabs(one.y[0] - two.y[0]) > 1e-3); /* and with room it is not */
    arena_free(arena);
}

static void frn_is_an_uncentred_instance(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial frn = given(arena, "frn(tlu=no)"), all = beside(arena, "frn", &frn),
          instance = beside(arena, "instance(center=no, eps=1e-6)", &frn);
    same_to(arena, &frn, &instance, NORM_TRAIN, 0.0);
    set(&all, "tau", -1e300);
    same_to(arena, &all, &frn, NORM_TRAIN, 0.0);
    arena_free(arena);
}

/* mode(1) takes its weights by a softmax: to rounding. The modes nobody is in do nothing. */
static void one_mode_is_batch(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial mode = given(arena, "mode(1)"), batch = beside(arena, "batch", &mode);
    same_to(arena, &mode, &batch, NORM_TRAIN, 1.0);
    same_to(arena, &mode, &batch, NORM_EVAL, 1.0);
    Trial three = beside(arena, "mode(3)", &mode);
    set(&three, "gate_weight", 0.0);
    double *bias = three.param[param_place(three.norm, "gate_bias")];
    bias[0] = -3e4, bias[1] = 4e4, bias[2] = -2e4;
    same_to(arena, &three, &batch, NORM_TRAIN, 1.0);
    Outcome got = run_given(arena, &three, NORM_TRAIN, false);
    for (size_t s = 0; s < 2; s++) {
        Outcome want = run_given(arena, &batch, NORM_TRAIN, false);
        close_to(got.observed[s] + C, want.observed[s], C, 1.0);
        for (size_t c = 0; c < 3 * C; c++) assert_true(isfinite(got.observed[s][c]));
    }
    arena_free(arena);
}

static void as_many_chunks_as_channels_are_batch(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial chunks = given(arena, "chunks(8)"), batch = beside(arena, "batch", &chunks);
    same_to(arena, &chunks, &batch, NORM_TRAIN, 0.0);
    same_to(arena, &chunks, &batch, NORM_EVAL, 0.0);
    arena_free(arena);
}

static void no_response_is_nothing(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial response = given(arena, "response(k=1, alpha=0)"),
          one = given(arena, "response(1, k=1, alpha=0.25, exponent=0.5)"),
          none = beside(arena, "none", &response);
    same_to(arena, &response, &none, NORM_TRAIN, 0.0);
    for (size_t c = 0; c < C; c++) one.param[0][c] = 1.0, one.param[1][c] = 0.0;
    Outcome got = run_given(arena, &one, NORM_TRAIN, false); /* x / sqrt(1 + x^2 / 4) */
    for (size_t i = 0; i < ALL; i++)
        assert_near(got.y[i], one.x[i] / sqrt(1.0 + one.x[i] * one.x[i] / 4.0), 4e-15);
    arena_free(arena);
}

/* ---- names ----------------------------------------------------------------------- */

static void canonical_forms(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"task(with=instance)", "task"},
        {"task(eps=0.1, with=layer)", "task(with=layer, eps=0.1)"},
        {"renorm(rmax=3, dmax=5, warm=0)", "renorm"},
        {"renorm(dmax=1,rmax=2)", "renorm(rmax=2, dmax=1)"},
        {"frn(tlu=yes, eps=1e-6)", "frn"},
        {"frn(eps=1e-5, tlu=no)", "frn(tlu=no, eps=1e-05)"},
        {"mode:4", "mode(4)"},
        {"evonorm:S0", "evonorm(S0)"},
        {"evonorm(S0, groups=4)", "evonorm(S0, groups=4)"},
        {"evonorm(B0, weight_new=0.5)", "evonorm(B0, weight_new=0.5)"},
        {"chunks(4, weight_new=0.1)", "chunks(4)"},
        {"response", "response"},
        {"response(4, k=1, side=right)", "response(4, side=right, k=1)"},
        {"response(3, exponent=0.5, k=1, affine=no)",
         "response(3, k=1, exponent=0.5, gamma=no, beta=no)"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, FORMS[i][0], 16, &error);
        if (norm == NULL) fail_msg("%s: %s", FORMS[i][0], error.message);
        assert_string_equal(norm->spec, FORMS[i][1]);
        assert_string_equal(norm_new(arena, norm->spec, 16, &error)->spec, FORMS[i][1]);
    }
    arena_free(arena);
}

static void what_they_say_of_themselves(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    static const struct {
        const char *spec;
        bool activates, last, recalls;
        size_t channels, width;
    } ASKED[] = {{"frn", true, false, false, 8, 1},
                 {"frn(tlu=no)", false, true, false, 8, 1},
                 {"evonorm(B0)", true, true, false, 8, 1},
                 {"evonorm(S0)", true, true, false, 64, 2},
                 {"evonorm(S0)", true, true, false, 48, 2},
                 {"evonorm(S0)", true, true, false, 33, 3},
                 {"evonorm(S0)", true, true, false, 7, 1},
                 {"renorm", false, true, true, 8, 1},
                 {"batch | renorm", false, true, true, 8, 0},
                 {"batch", false, true, false, 8, 1}};
    for (size_t i = 0; i < COUNT_OF(ASKED); i++) {
        const Norm *norm = norm_new(arena, ASKED[i].spec, ASKED[i].channels, &error);
        assert_non_null(norm);
        assert_int_equal(norm_activates(norm), ASKED[i].activates);
        assert_int_equal(norm_affine_is_last(norm), ASKED[i].last);
        assert_int_equal(norm_recalls(norm), ASKED[i].recalls);
        assert_int_equal(norm->cell->width, ASKED[i].width);
    }
    assert_near(norm_new(arena, "frn", 8, &error)->eps, 1e-6, 0.0);
    arena_free(arena);
}

/* Modes that begin alike would stay so; and so would networks that differ in their seed alone,
 * and layers of one. */
static void modes_begin_apart(void **state) {
    (void)state;
    enum { DRAWS = 3, WEIGHTS = 2 * C };
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, "mode(2)", C, &error);
    const NormParam *weight = &norm->param[param_place(norm, "gate_weight")];
    const Draw draw[DRAWS] = {
        {1, DRAW_INIT, 0, 4}, {2, DRAW_INIT, 0, 4}, {1, DRAW_INIT, 0, 5}};
    double begun[DRAWS * WEIGHTS];
    for (size_t k = 0; k < DRAWS; k++)
        norm_begin_param(begun + k * WEIGHTS, weight, draw[k]);
    for (size_t i = 0; i < DRAWS * WEIGHTS; i++) {
        assert_true(fabs(begun[i]) < 0.05);
        for (size_t j = 0; j < i; j++) assert_true(begun[i] != begun[j]);
    }
    arena_free(arena);
}

static void what_fits(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, "chunks(16)", 8, &error);
    assert_true(norm_fits(arena, norm, (ShapeLattice){2, 8, 6}, NORM_TRAIN, &error));
    assert_false(norm_fits(arena, norm, (ShapeLattice){2, 8, 3}, NORM_EVAL, &error));
    assert_non_null(strstr(error.message, "16 chunks do not divide 8 channels of 3 "
                                          "positions; numbers that do: 1, 2, 3, 4, 6"));
    error.set = false;
    norm = norm_new(arena, "frn", 8, &error);
    assert_true(
        norm_standardizes(arena, norm, (ShapeLattice){2, 8, 2}, NORM_TRAIN, &error));
    assert_false(
        norm_standardizes(arena, norm, (ShapeLattice){2, 8, 1}, NORM_TRAIN, &error));
    assert_non_null(strstr(error.message, "more positions would do"));
    arena_free(arena);
}

static void wrong_specs(void **state) {
    (void)state;
    static const struct {
        const char *text;
        size_t at;
        const char *says;
    } WRONG[] = {
        {"task(with=batch)", 10, "instance or layer"},
        {"task(layer)", 5, "does not take 'layer' here"},
        {"renorm(rmax=0.5)", 12, "rmax should be a number from 1"},
        {"renorm(dmax=-1)", 12, "dmax should be a number from 0"},
        {"renorm(rmaxx=2)", 7, "did you mean 'rmax'"},
        {"frn(tlu=maybe)", 8, "yes or no"},
        {"mode", 0, "mode(2)"},
        {"mode(0)", 5, "a whole number from 1"},
        {"mode(65)", 5, "at most 64 modes"},
        {"evonorm", 0, "evonorm(S0) or evonorm(B0)"},
        {"evonorm(S2)", 8, "S0 or B0"},
        {"evonorm(S0, groups=3)", 19, "3 groups do not divide 8 channels"},
        {"evonorm(B0, groups=2)", 12, "groups="},
        {"evonorm(S0, weight_new=0.1)", 12, "weight_new="},
        {"chunks", 0, "chunks(8)"},
        {"chunks(no)", 7, "a whole number"},
        {"response(4)", 9, "side=left (one more before it"},
        {"response(5, side=left)", 9, "of even numbers"},
        {"response(4, side=up)", 17, "side should be both, left or right"},
        {"layer(center=no, variance=unbiased)", 0, "is of center=yes"},
        {"layer(variance=sample)", 15, "biased or unbiased"},
        {"mix(batch, instance(eps_outside=yes))", 11, "eps_outside= and affine="},
        {"frn(eps_outside=yes)", 4, "has no option 'eps_outside'"},
        {"response(k=0)", 11, "k should be a number"},
        {"response(eps=1e-3)", 9, "has no option 'eps'"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(WRONG); i++) {
        BaseError error = {.set = false};
        if (norm_new(arena, WRONG[i].text, 8, &error))
            fail_msg("%s is accepted", WRONG[i].text);
        if (error.at != WRONG[i].at || strstr(error.message, WRONG[i].says) == NULL)
            fail_msg("%s: at %zu, %s", WRONG[i].text, error.at, error.message);
    }
    arena_free(arena);
}

static const Case CASES[] = {
    CASE(theorem, task_has_two_ends),
    CASE(theorem, task_remembers_the_batch),
    CASE(theorem, renorm_without_room_is_batch),
    CASE(theorem, frn_is_an_uncentred_instance),
    CASE(theorem, one_mode_is_batch),
    CASE(theorem, as_many_chunks_as_channels_are_batch),
    CASE(theorem, no_response_is_nothing),
    CASE(example, canonical_forms),
    CASE(example, what_they_say_of_themselves),
    CASE(example, modes_begin_apart),
    CASE(example, what_fits),
    CASE(example, wrong_specs),
};

HARNESS_MAIN("norm_catalogue", CASES)
