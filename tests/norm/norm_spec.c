/* Specs of normalizers: one canonical form, and every mistake at its place with the nearest
 * right word. */
#include "norm_shared.h"
#include "text.h"

static void canonical_forms(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"none", "none"},
        {" batch ", "batch"},
        {"group:8", "group(8)"},
        {"group(8)", "group(8)"},
        {"\tgroup ( 08 )", "group(8)"},
        {" group ( size = 4 )", "group(size=4)"},
        {"group:size=4", "group(size=4)"},
        {"group(eps=0.001, 8)", "group(8, eps=0.001)"},
        {"group:8:eps=0.001", "group(8, eps=0.001)"},
        {"group(beta=no,size=2,eps=1e-3)", "group(size=2, eps=0.001, beta=no)"},
        {"batch(eps=0.001)", "batch(eps=0.001)"},
        {"batch(eps=1e-5, weight_new=0.1, gamma=yes, beta=yes)", "batch"},
        {"batch(beta=no, weight_new=1, gamma=no, eps=1)",
         "batch(eps=1, weight_new=1, gamma=no, beta=no)"},
        {"layer(gamma=no)", "layer(gamma=no)"},
        {"instance:beta=no", "instance(beta=no)"},
        {"position(eps=1e-12)", "position(eps=1e-12)"},
        {"position(1)", "position"},
        {"position:4:center=no", "position(4, center=no)"},
        {"batch(variance=biased, eps_outside=no)", "batch"},
        {"layer(eps_outside=yes, eps=1, variance=unbiased)",
         "layer(variance=unbiased, eps=1, eps_outside=yes)"},
        {"ghost(2)", "ghost(2)"},
        {"ghost:weight_new=0.25:4", "ghost(4, weight_new=0.25)"},
        {"none(beta=no, gamma=no)", "none(gamma=no, beta=no)"},
        {"group(G=8)", "group(8)"}, /* by the name that the usage gives it */
        {"soft(tau=2, G=4)", "soft(4, tau=2)"},
        {"frozen(a=batch, from=1)", "frozen(batch, from=1)"},
        {"gn(G=8, eps=1)", "group(8, eps=1)"},
        {"continual:G=2", "group(2) | batch"},
    };
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, FORMS[i][0], 16, &error);
        assert_non_null(norm);
        assert_string_equal(norm->spec, FORMS[i][1]);
        norm = norm_new(arena, norm->spec, 16, &error); /* a fixed point */
        assert_string_equal(norm->spec, FORMS[i][1]);
    }
    arena_free(arena);
}

static const Wrong WRONG[] = {
    {"", 0, "a name should follow"},
    {"(8)", 0, "'(' where a name"},
    {"bacth", 0, "did you mean 'batch'"},
    {"  instnace", 2, "did you mean 'instance'"},
    {"grup(8)", 0, "did you mean 'group'"},
    {"pos", 0, "did you mean 'position'"},
    {"xyzzy", 0, "there are none, batch, layer, "},
    {"group", 0, "group(8), or a size"},
    {"group()", 6, "empty parentheses"},
    {"group(8", 7, "ends where ',' or ')'"},
    {"group 8", 6, "'8' where the end"},
    {"group(8))", 8, "')' where the end"},
    {"group(8,)", 8, "')' where a name"},
    {"group:", 6, "a value should follow"},
    {"group(0)", 6, "whole number from 1 on, not '0'"},
    {"group(-2)", 6, "not '-2'"},
    {"group(2.5)", 6, "not '2.5'"},
    {"group(99999999999999999999)", 6, "whole number"},
    {"group(layer(3))", 6, "plain value, not 'layer(...)'"},
    {"group(3)", 6,
     "3 groups do not divide 16 channels; numbers that do: 1, 2, 4, 8, 16"},
    {"group(32)", 6, "32 groups do not divide 16 channels"},
    {"group(eps=1, size=5)", 18,
     "5 channels in a group do not divide 16 channels; sizes that do: 1, 2"},
    {"position(3)", 9,
     "3 groups do not divide 16 channels; numbers that do: 1, 2, 4, 8, 16"},
    {"position(0)", 9, "the number of groups should be a whole number from 1 on"},
    {"group(8, size=2)", 0, "not both"},
    {"group(8, G=4)", 9, "does not take '4' here"},
    {"blend(layer, a=batch)", 13, "has no option 'a'"}, /* which is which? */
    {"blend(layer)", 0, "blend combines two"},
    {"group(4, 8)", 9, "does not take '8' here; it has size=, center=, variance="},
    {"group(sise=4)", 6, "did you mean 'size'"},
    {"group(eps=1)", 0, "group(8), or a size"},
    {"group(2, sise=4)", 9, "did you mean 'size'"},
    {"group(size=4, size=2)", 14, "given twice"},
    {"batch(4)", 6, "does not take '4'"},
    {"batch(momentum=0.1)", 6,
     "has no option 'momentum', did you mean 'weight_new'?; it has sync=, center=, "
     "variance="},
    {"batch(wieght_new=0.1)", 6, "did you mean 'weight_new'"},
    {"batch(weight_new=1.5)", 17, "from 0 to 1, not '1.5'"},
    {"batch(eps=0)", 10, "not '0'"},
    {"batch(eps=-1)", 10, "not '-1'"},
    {"batch(eps=nan)", 10, "not 'nan'"},
    {"batch(eps=1e-5x)", 10, "not '1e-5x'"},
    {"batch(eps=group(3))", 10, "eps should be a plain value"},
    {"layer(weight_new=0.1)", 6, "no option 'weight_new'"},
    {"layer(gamma = maybe)", 14, "yes or no, not 'maybe'"},
    {"layer(gamma=no, gamma=no)", 16, "given twice"},
    {"none(eps=1)", 5, "no option 'eps'"},
    {"ghost", 0, "ghost(8)"},
    {"ghost(0)", 6, "block of samples should be a whole number"},
    {"ghost(2, 3)", 9, "does not take '3'"},
    {"group(8)\n", 8, "byte 0x0a"},
};

static void mistakes_at_their_places(void **state) {
    (void)state;
    judge_wrong(WRONG, COUNT_OF(WRONG), 16);
}

static void unbound_specs_ask_no_channels(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    assert_non_null(norm_new(arena, "group(3)", 0, &error));
    assert_non_null(norm_new(arena, "group(size=7)", 0, &error));
    assert_false(error.set);
    arena_free(arena);
}

static void registry(void **state) {
    (void)state;
    static const char *const BASE[] = {"none",  "batch",    "layer", "instance",
                                       "group", "position", "ghost"};
    Arena *arena = arena_new();
    size_t count;
    const NormKind *const *kinds = norm_kinds(&count);
    assert_true(count >= COUNT_OF(BASE));
    for (size_t i = 0; i < COUNT_OF(BASE); i++) {
        assert_string_equal(norm_name(kinds[i]), BASE[i]);
        assert_int_equal(strncmp(norm_usage(kinds[i]), BASE[i], strlen(BASE[i])), 0);
        assert_true(strlen(norm_title(kinds[i])) > 0);
        BaseError error = {.set = false};
        const char *spec =
            i == 4 || i == 6 ? text_print(arena, "%s(2)", BASE[i]) : BASE[i];
        assert_int_equal(norm_rank(norm_new(arena, spec, 4, &error)), i);
    }
    arena_free(arena);
}

static void declares(void **state) {
    (void)state;
    Arena *arena = arena_new();
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, "ghost(2, gamma=no)", 6, &error);
    assert_int_equal(norm->params, 1);
    assert_string_equal(norm->param[0].name, "beta");
    assert_int_equal(norm->param[0].count, 6);
    assert_true(norm->param[0].initial == 0.0);
    assert_int_equal(norm->states, 2);
    assert_string_equal(norm->state[0].name, "running_mean");
    assert_string_equal(norm->state[1].name, "running_var");
    assert_true(norm->state[0].initial == 0.0 && norm->state[1].initial == 1.0);
    norm = norm_new(arena, "layer", 6, &error);
    assert_int_equal(norm->params, 2);
    assert_true(norm->param[0].initial == 1.0 && norm->states == 0);
    assert_true(norm->eps == 1e-5);
    assert_int_equal(norm_new(arena, "none(gamma=no, beta=no)", 6, &error)->params, 0);
    arena_free(arena);
}

/* ---- what fits ------------------------------------------------------------------- */

typedef struct Fit {
    const char *spec;
    ShapeLattice x;
    NormMode mode;
    const char *says; /* NULL: it does */
} Fit;

/* Judged by norm_fits on 6 channels, or by norm_standardizes. */
static void judge_fits(const Fit *fit, size_t count, size_t channels,
                       bool (*judge)(Arena *, const Norm *, ShapeLattice, NormMode,
                                     BaseError *)) {
    Arena *arena = arena_new();
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        BaseError error = {.set = false};
        const Norm *norm =
            norm_new(arena, fit[i].spec, channels ? channels : fit[i].x.C, &error);
        assert_non_null(norm);
        bool fits = judge(arena, norm, fit[i].x, fit[i].mode, &error);
        if (fits == !fit[i].says && fits == !error.set &&
            (fits || strstr(error.message, fit[i].says)))
            continue;
        print_error("%s on [%zu, %zu, %zu]: '%s', expected '%s'\n", fit[i].spec,
                    fit[i].x.N, fit[i].x.C, fit[i].x.L, error.message,
                    fit[i].says ? fit[i].says : "");
        wrong++;
    }
    arena_free(arena);
    assert_int_equal(wrong, 0);
}

static void what_fits(void **state) {
    (void)state;
    static const Fit FITS[] = {
        {"layer", {4, 6, 2}, NORM_TRAIN, NULL},
        {"layer", {4, 8, 2}, NORM_TRAIN, "layer is configured for 6 channels, not 8"},
        {"batch", {4, 3, 2}, NORM_EVAL, "configured for 6 channels, not 3"},
        {"ghost(2)", {4, 6, 2}, NORM_TRAIN, NULL},
        {"ghost(4)",
         {6, 6, 2},
         NORM_TRAIN,
         "ghost(4): blocks of 4 samples do not divide a batch of 6; those that do: 1, 2, "
         "3, 6"},
        {"ghost(8)", {4, 6, 2}, NORM_TRAIN, "those that do: 1, 2, 4"},
        {"ghost(4)", {6, 6, 2}, NORM_EVAL, NULL},
        {"group(3)", {1, 6, 1}, NORM_TRAIN, NULL},
    };
    judge_fits(FITS, COUNT_OF(FITS), 6, norm_fits);
}

static void what_standardizes(void **state) {
    (void)state;
    static const Fit FITS[] = {
        {"instance", {4, 6, 2}, NORM_TRAIN, NULL},
        {"instance", {4, 6, 1}, NORM_TRAIN, "channels in a cell would do: 2, 3, 6"},
        {"group(6)",
         {4, 6, 1},
         NORM_TRAIN,
         "group(6) has cells of one element on [4, 6, 1 positions]"},
        {"group(3)", {4, 6, 1}, NORM_TRAIN, NULL},
        {"batch", {1, 6, 1}, NORM_TRAIN, "more samples in a cell"},
        {"batch", {1, 6, 1}, NORM_EVAL, NULL},
        {"ghost(1)", {4, 6, 1}, NORM_TRAIN, "more samples in a cell"},
        {"ghost(2)", {4, 6, 1}, NORM_TRAIN, NULL},
        {"layer", {4, 1, 1}, NORM_TRAIN, "more positions would do"},
        {"none", {1, 1, 1}, NORM_TRAIN, NULL},
        {"layer", {4, 6, 1}, NORM_TRAIN, NULL},
        {"position", {4, 6, 1}, NORM_TRAIN, NULL},
    };
    judge_fits(FITS, COUNT_OF(FITS), 0, norm_standardizes);
}

static const Case CASES[] = {
    CASE(example, canonical_forms),
    CASE(example, mistakes_at_their_places),
    CASE(example, unbound_specs_ask_no_channels),
    CASE(example, registry),
    CASE(example, declares),
    CASE(example, what_fits),
    CASE(example, what_standardizes),
};

HARNESS_MAIN("norm_spec", CASES)
