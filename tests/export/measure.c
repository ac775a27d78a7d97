/* Numbers of five recordings as one expression of N and L: exact at all of them, or none. */
#include "harness.h"

#include "internal.h"

#include <math.h>
#include <string.h>

static const ShapeLattice AT[SIZES] = {
    {2, 8, 3}, {3, 8, 5}, {5, 8, 2}, {4, 8, 7}, {7, 8, 4}};

typedef double Rule(double N, double L);

static bool fits(Measure *measure, Rule *rule) {
    double value[SIZES];
    for (size_t i = 0; i < SIZES; i++) value[i] = rule((double)AT[i].N, (double)AT[i].L);
    return measure_fit(measure, value, AT);
}

static double eps(double N, double L) {
    return (void)N, (void)L, 1e-5;
}
static double nothing(double N, double L) {
    return (void)N, (void)L, (double)NAN;
}
static double samples(double N, double L) {
    return (void)L, N;
}
static double elements(double N, double L) {
    return 8.0 * N * L / 3.0;
}
static double half(double N, double L) {
    return (void)L, 0.5 * N;
}
static double freedom(double N, double L) {
    return 2.0 * N * L - 1.0;
}
static double more(double N, double L) {
    return (void)L, N * N + 1.0;
}
static double share(double N, double L) {
    return 1.0 / (N * L);
}
static double unbiased(double N, double L) {
    return (void)N, L / (L - 1.0);
}

static void rules(void **state) {
    (void)state;
    static const struct {
        Rule *rule;
        const char *text;
        Binding binding;
    } each[] = {
        {eps, "1e-05", BINDS_CALL},         {nothing, "math.nan", BINDS_CALL},
        {samples, "N", BINDS_CALL},         {elements, "8 * N * L / 3", BINDS_PRODUCT},
        {half, "N / 2", BINDS_PRODUCT},     {freedom, "2 * N * L - 1", BINDS_SUM},
        {more, "N * N + 1", BINDS_SUM},     {share, "1 / (N * L)", BINDS_PRODUCT},
        {unbiased, "_ratio(L)", BINDS_CALL}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(each); i++) {
        Measure m;
        Binding binding;
        if (!fits(&m, each[i].rule)) fail_msg("%s is not found", each[i].text);
        assert_string_equal(measure_text(arena, &m, false, &binding), each[i].text);
        assert_int_equal(binding, each[i].binding);
    }
    arena_free(arena);
}

/* Of sizes a quotient is whole. */
static void sizes(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Measure m;
    Binding binding;
    assert_true(fits(&m, half));
    assert_string_equal(measure_text(arena, &m, true, &binding), "N // 2");
    m = (Measure){.form = MEASURE_CONSTANT, .constant = 8.0};
    assert_string_equal(measure_text(arena, &m, true, &binding), "8");
    assert_string_equal(measure_text(arena, &m, false, &binding), "8.0");
    arena_free(arena);
}

static double both(double N, double L) {
    return N + L;
}
static double cube(double N, double L) {
    return (void)L, N * N * N;
}
static double root(double N, double L) {
    return sqrt(N * L);
}
static double last_differs(double N, double L) {
    return N == 7.0 ? N * L + 1.0 : N * L;
}
static double first_is_none(double N, double L) {
    return N == 2.0 ? (double)NAN : N * L;
}
static double far_factor(double N, double L) {
    return (void)L, 0.3 * N;
}

static void no_rules(void **state) {
    (void)state;
    static Rule *const each[] = {both,         cube,          root,
                                 last_differs, first_is_none, far_factor};
    for (size_t i = 0; i < COUNT_OF(each); i++) {
        Measure m;
        if (fits(&m, each[i])) fail_msg("number %zu is found, and is none", i);
    }
}

static const Case cases[] = {
    CASE(theorem, rules),
    CASE(theorem, sizes),
    CASE(theorem, no_rules),
};

HARNESS_MAIN("measure", cases)
