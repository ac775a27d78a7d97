/* group(auto), the forms without centring, and what is wrong with specs of kinds that map,
 * weigh or block channels. */
#include "norm_given.h"

/* ---- group(auto) ----------------------------------------------------------------- */

/* The most divisors G <= 32 of C with C / G >= 8; else with 4, 2, 1, where G > 1. */
static size_t groups_wanted(size_t channels) {
    static const size_t LEAST[] = {8, 4, 2, 1};
    for (size_t i = 0; i < COUNT_OF(LEAST); i++) {
        size_t most = 1;
        for (size_t groups = 1; groups <= 32 && groups * LEAST[i] <= channels; groups++)
            if (channels % groups == 0) most = groups;
        if (most > 1) return most;
    }
    return 1;
}

static size_t groups_of(Arena *arena, size_t channels) {
    BaseError error = {.set = false};
    const Norm *norm = norm_new(arena, "group(auto)", channels, &error);
    if (norm == NULL) fail_msg("%zu: %s", channels, error.message);
    assert_string_equal(norm->spec, "group(auto)");
    assert_int_equal(channels % norm->cell->width, 0);
    return channels / norm->cell->width;
}

static void automatic_numbers_of_groups(void **state) {
    (void)state;
    static const size_t SAID[][2] = {{256, 32}, {64, 8},   {16, 2}, {8, 2},   {512, 32},
                                     {128, 16}, {24, 3},   {12, 3}, {4, 2},   {2, 2},
                                     {1, 1},    {7, 7},    {37, 1}, {31, 31}, {48, 6},
                                     {96, 12},  {320, 32}, {74, 2}, {6, 3}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(SAID); i++)
        assert_int_equal(groups_of(arena, SAID[i][0]), SAID[i][1]);
    for (size_t channels = 1; channels <= 300; channels++)
        assert_int_equal(groups_of(arena, channels), groups_wanted(channels));
    arena_free(arena);
}

static void automatic_groups_are_groups(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Trial chosen = given(arena, "group(auto)"), said = given(arena, "group(2)");
    same_bits(arena, &chosen, &said);
    arena_free(arena);
}

/* ---- center=no ------------------------------------------------------------------- */

static void root_mean_squares_restated(void **state) {
    (void)state;
    static const size_t MAP[C] = {0, 1, 0, 2, 2, 1, 1, 1};
    static const struct {
        const char *spec;
        size_t block, width; /* width 0: MAP */
        bool apart;
    } CASES[] = {{"layer(center=no)", 1, C, false},
                 {"group(2, center=no, eps=0.5)", 1, 4, false},
                 {"instance(center=no)", 1, 1, false},
                 {"position(center=no)", 1, C, true},
                 {"batch(center=no)", N, 1, false},
                 {"ghost(2, center=no)", 2, 1, false},
                 {"regroup(4, center=no)", 1, 2, false},
                 {"channels(0, 1, 0, 2, 2, 1, 1, 1, center=no)", 1, 0, false}};
    for (size_t i = 0; i < COUNT_OF(CASES); i++) {
        Arena *arena = arena_new();
        Trial g = given(arena, CASES[i].spec);
        size_t of[C];
        for (size_t c = 0; c < C; c++)
            of[c] = CASES[i].width ? c / CASES[i].width : MAP[c];
        is_plain(arena, &g,
                 plain_cells(arena, USUAL, CASES[i].block, of, CASES[i].apart));
        arena_free(arena);
    }
}

/* Observed: the mean over blocks of a channel's mean square. */
static void a_running_square_is_observed(void **state) {
    (void)state;
    static const char *const SPECS[] = {"batch(center=no)", "ghost(2, center=no)"};
    for (size_t i = 0; i < 2 * COUNT_OF(SPECS); i++) {
        Arena *arena = arena_new();
        Trial g = given(arena, SPECS[i / 2]);
        assert_int_equal(g.norm->states, 1);
        assert_string_equal(g.norm->state[0].name, "running_square");
        assert_near(g.norm->state[0].initial, 1.0, 0.0);
        Outcome got = run_given(arena, &g, NORM_TRAIN, i % 2);
        double *want = ZERO(arena, double, C);
        for (size_t k = 0; k < ALL; k++)
            want[k / L % C] += g.x[k] * g.x[k] / (double)(N * L);
        near_all(got.observed[0], want, C, KERNEL_EPS);
        arena_free(arena);
    }
}

/* y = gamma x / sqrt(square + eps) + beta, of each element alone. */
static void a_running_square_evaluates(void **state) {
    (void)state;
    static const char *const SPECS[] = {"batch(center=no)", "ghost(2, center=no)"};
    for (size_t i = 0; i < 2 * COUNT_OF(SPECS); i++) {
        Arena *arena = arena_new();
        Trial g = given(arena, SPECS[i / 2]);
        Outcome want = {
            TAKE(arena, double, ALL), TAKE(arena, double, ALL), {NULL}, {NULL}};
        for (size_t k = 0; k < 2; k++) want.dparam[k] = ZERO(arena, double, C);
        for (size_t k = 0; k < ALL; k++) {
            const size_t c = k / L % C;
            const double std = sqrt(g.state[0][c] + g.norm->eps);
            want.y[k] = g.param[0][c] * g.x[k] / std + g.param[1][c];
            want.dx[k] = g.param[0][c] * g.dy[k] / std;
            want.dparam[0][c] += g.dy[k] * g.x[k] / std;
            want.dparam[1][c] += g.dy[k];
        }
        Outcome got = run_given(arena, &g, NORM_EVAL, i % 2);
        same_results(&g, &got, g.norm, &want, KERNEL_EPS, GRADIENT_EPS);
        arena_free(arena);
    }
}

/* ---- specs ----------------------------------------------------------------------- */

static void canonical_forms(void **state) {
    (void)state;
    static const char *const FORMS[][2] = {
        {"lattice(size=2, batch=all)", "lattice(batch=all, size=2)"},
        {"lattice(own=0, batch=4, size=all)", "lattice(batch=4, size=all)"},
        {"lattice(own=.5, batch=4, size=1)", "lattice(batch=4, size=1, own=0.5)"},
        {"channels(0,1,1,0,00,0,0,0, beta=no)",
         "channels(0, 1, 1, 0, 0, 0, 0, 0, beta=no)"},
        {"soft(tau=1, 2)", "soft(2)"},
        {"soft:2:tau=1e-2", "soft(2, tau=0.01)"},
        {"nested(pooled=no)", "nested"},
        {"nested(weights=sparsest, to=9, from=1, pooled=yes)",
         "nested(pooled=yes, weights=sparsest, from=1, to=9)"},
        {"group( auto )", "group(auto)"},
        {"batch(center=no, eps=1e-3)", "batch(center=no, eps=0.001)"},
        {"batch(center=yes)", "batch"}};
    Arena *arena = arena_new();
    for (size_t i = 0; i < COUNT_OF(FORMS); i++) {
        BaseError error = {.set = false};
        const Norm *norm = norm_new(arena, FORMS[i][0], C, &error);
        if (norm == NULL) fail_msg("%s: %s", FORMS[i][0], error.message);
        assert_string_equal(norm->spec, FORMS[i][1]);
        assert_string_equal(norm_new(arena, norm->spec, C, &error)->spec, FORMS[i][1]);
    }
    arena_free(arena);
}

static void wrong_specs(void **state) {
    (void)state;
    static const Wrong WRONG[] = {
        {"lattice", 0, "needs the samples and the channels of a cell"},
        {"lattice(batch=2)", 0, "needs the samples and the channels of a cell"},
        {"lattice(2, 2)", 0, "needs the samples and the channels of a cell"},
        {"lattice(batch=0, size=2)", 14, "batch should be a whole number from 1 on"},
        {"lattice(batch=2, size=3)", 22, "3 channels in a group do not divide 8"},
        {"lattice(batch=2, size=16)", 22, "sizes that do: 1, 2, 4, 8"},
        {"lattice(batch=al, size=2)", 14, "whole number"},
        {"lattice(batch=all(2), size=2)", 14, "plain value, not 'all(...)'"},
        {"lattice(batch=2, size=all(4))", 22, "plain value, not 'all(...)'"},
        {"group(auto(3))", 6, "plain value, not 'auto(...)'"},
        {"lattice(batch=2, size=2, own=1.5)", 29, "from 0 to 1, not '1.5'"},
        {"lattice(batch=2, size=2, onw=1)", 25, "did you mean 'own'"},
        {"lattice(batch=2, size=2, center=no)", 25, "has no option 'center'"},
        {"layer | lattice(batch=2, size=3)", 30, "do not divide"},
        {"channels", 0, "needs a group for every channel"},
        {"channels(0, 0, 1, 1)", 0, "has groups for 4 channels, and there are 8"},
        {"channels(0, 0, 1, 1, x, 1, 1, 1)", 21, "should be a number from 0 on"},
        {"channels(0, 0, 1, 1, 8, 1, 1, 1)", 21, "not '8'"},
        {"channels(0, 0, 1, -1, 0, 1, 1, 1)", 18, "not '-1'"},
        {"channels(0, 0, 1, 1, 3, 1, 1, 1)", 0, "no channel is in group 2"},
        {"channels(1, 1, 1, 1, 1, 1, 1, 1)", 0, "no channel is in group 0"},
        {"channels(0, 0, 0, 0, 1, 1, 1, 1(2))", 30, "not '1'"},
        {"soft", 0, "soft needs a number of groups, soft(4)"},
        {"soft(0)", 5, "whole number from 1 on"},
        {"soft(9)", 5, "9 groups of 8 channels"},
        {"soft(2, tau=0)", 12, "tau should be a number"},
        {"soft(2, tua=1)", 8, "did you mean 'tau'"},
        {"soft(2, 3)", 8, "does not take '3'"},
        {"nested(2)", 7, "does not take '2'"},
        {"nested(from=3, to=2)", 0, "a later one, to=2"},
        {"nested(weights=sparsest)", 0, "nested: weights become a choice between"},
        {"nested(weights=sparse, from=0, to=2)", 15, "did you mean 'sparsest'"},
        {"nested(pooled=perhaps)", 14, "yes or no"},
        {"group(autp)", 6, "whole number"},
        {"group(auto, size=2)", 0, "not both"},
        {"group(auto, 2)", 12, "does not take '2'"},
        {"none(center=no)", 5, "no option 'center'"},
        {"blend(batch, layer, center=no)", 20, "no option 'center'"},
        {"batch(center=maybe)", 13, "yes or no"}};
    judge_wrong(WRONG, COUNT_OF(WRONG), C);
}

static const Case CASES[] = {
    CASE(oracle, automatic_numbers_of_groups),
    CASE(theorem, automatic_groups_are_groups),
    CASE(oracle, root_mean_squares_restated),
    CASE(oracle, a_running_square_is_observed),
    CASE(oracle, a_running_square_evaluates),
    CASE(example, canonical_forms),
    CASE(example, wrong_specs),
};

HARNESS_MAIN("norm_forms", CASES)
