/* What is wrong with a spec or a call is a value: a code and one line. Nothing is written then, and
 * nobody's program ends. */
#include "api_given.h"

#ifdef __SSE2__
#include <xmmintrin.h>
#endif

/* ---- specs ------------------------------------------------------------------------- */

typedef struct WrongSpec {
    const char *spec;
    size_t channels, at;
    const char *says;
} WrongSpec;

static const WrongSpec WRONG_SPECS[] = {
    {NULL, C, 0, "the spec is NULL"},
    {"batch(eps=x)", 0, 10, "in 'batch(eps=x)' at byte 10: "},
    {"bacth", C, 0, "did you mean 'batch'"},
    {"group(3)", C, 6, "in 'group(3)' at byte 6: "},
    {"blend(batch, grup(2))", C, 13, "did you mean 'group'"},
    {"batch(esp=1)", C, 6, "'eps'"},
    {"group(", C, 6, "in 'group(' at byte 6: "},
    {"", C, 0, "in '' at byte 0: "},
};

static void specs(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(WRONG_SPECS); i++) {
        const WrongSpec *w = &WRONG_SPECS[i];
        NormlabError error = {.code = -1};
        assert_null(normlab_open(w->spec, w->channels, &error));
        assert_null(normlab_open(w->spec, w->channels, NULL));
        if (error.code != NORMLAB_USAGE || error.at != w->at ||
            strstr(error.message, w->says) == NULL || strchr(error.message, '\n'))
            fail_msg("'%s': %d at %zu: '%s'; at %zu '%s' is expected",
                     w->spec ? w->spec : "NULL", error.code, error.at, error.message,
                     w->at, w->says);
    }
    normlab_close(NULL);
}

static void texts(void **state) {
    (void)state;
    NormlabError error;
    assert_int_equal(normlab_let(NULL, &error), NORMLAB_USAGE);
    assert_string_equal(error.message, "the text is NULL");
    assert_int_equal(normlab_let("own: y = tahn(x)", &error), NORMLAB_DATA);
    assert_int_equal(error.at, 9);
    assert_non_null(strstr(error.message, "text:1:10: "));
    assert_non_null(strstr(error.message, "'tanh'"));
    assert_int_equal(normlab_let("layer: y = x", NULL), NORMLAB_DATA); /* there is one */
    assert_int_equal(normlab_let("own: y = tanh(x)", &error), NORMLAB_OK);
    assert_int_equal(normlab_let("other: y = x\nown: y = x", &error), NORMLAB_DATA);
    assert_null(normlab_open("other", C, NULL));
}

/* ---- calls ------------------------------------------------------------------------- */

typedef void Change(Given *g);

static void no_x(Given *g) {
    g->call.x = NULL;
}

static void no_dy(Given *g) {
    g->call.dy = NULL;
}

static void no_v(Given *g) {
    g->call.v = NULL, g->call.v_params = NULL;
}

static void no_state(Given *g) {
    g->call.state = NULL;
}

static void half_a_state(Given *g) {
    g->trial.state[1] = NULL;
}

static void a_variance_below_0(Given *g) {
    g->trial.state[1][2] = -1.0;
}

static void a_variance_of_nan(Given *g) {
    g->trial.state[1][3] = (double)NAN;
}

static void an_odd_mode(Given *g) {
    g->call.mode = 2;
}

static void three_samples(Given *g) {
    g->call.samples = 3;
}

static void beyond_size_t(Given *g) {
    g->call.samples = SIZE_MAX / 2;
}

static void beyond_memory(Given *g) {
    g->call.samples = (SIZE_MAX / 3) / (C * L * sizeof(double));
}

static void no_size(Given *g) {
    g->call.size = 0;
}

static void a_mask_of_2(Given *g) {
    static const unsigned char mask[N * L] = {1, 2};
    g->call.mask = mask;
}

static void a_mask(Given *g) {
    static const unsigned char mask[N * L] = {1, 1};
    g->call.mask = mask;
}

static void a_map_without_group_1(Given *g) {
    for (size_t c = 0; c < C; c++) g->trial.state[0][c] = 0.0;
}

static double some_numbers[N * C * L];

static void given_moments(Given *g) {
    g->call.mean = g->call.variance = some_numbers;
}

static void no_variance(Given *g) {
    g->call.mean = some_numbers;
}

static void no_mean(Given *g) {
    g->call.variance = some_numbers;
}

static void a_given_variance_below_0(Given *g) {
    static const double below[N * C * L] = {1, 2, -3};
    g->call.mean = g->call.variance = below;
}

static void moments_wanted(Given *g) {
    g->call.cell_mean = some_numbers;
}

typedef struct WrongCall {
    const char *spec;
    NormMode mode;
    ApiCall *call;
    Change *change;
    int code;
    const char *says;
} WrongCall;

static const WrongCall WRONG_CALLS[] = {
    {"batch", NORM_TRAIN, normlab_forward, no_x, NORMLAB_USAGE, "x is NULL; 192 numbers"},
    {"batch", NORM_TRAIN, normlab_backward, no_dy, NORMLAB_USAGE, "dy is NULL"},
    {"batch", NORM_TRAIN, normlab_second, no_dy, NORMLAB_USAGE, "dy is NULL"},
    {"batch", NORM_TRAIN, normlab_second, no_v, NORMLAB_USAGE, "v and v_params are NULL"},
    {"batch", NORM_EVAL, normlab_forward, no_state, NORMLAB_DATA,
     "batch needs running_mean [8] in evaluation"},
    {"batch", NORM_EVAL, normlab_forward, half_a_state, NORMLAB_DATA,
     "batch needs running_var [8] in evaluation; state[1] is NULL"},
    {"mabn", NORM_TRAIN, normlab_backward, half_a_state, NORMLAB_DATA,
     "mabn needs running_product [8] in training, too; state[1] is NULL"},
    {"renorm", NORM_TRAIN, normlab_forward, no_state, NORMLAB_DATA, "in training, too"},
    {"batch", NORM_EVAL, normlab_forward, a_variance_below_0, NORMLAB_DATA,
     "state[1], running_var: [2] = -1; 0 or more"},
    {"batch", NORM_TRAIN, normlab_forward, a_variance_of_nan, NORMLAB_DATA, "[3] = nan"},
    {"layer", NORM_TRAIN, normlab_forward, an_odd_mode, NORMLAB_USAGE, "mode 2"},
    {"ghost(4)", NORM_TRAIN, normlab_backward, three_samples, NORMLAB_USAGE,
     "4 samples do not divide a batch of 3"},
    {"layer", NORM_TRAIN, normlab_forward, beyond_size_t, NORMLAB_USAGE,
     "than any memory"},
    {"layer", NORM_TRAIN, normlab_backward, beyond_memory, NORMLAB_MEMORY,
     "out of memory"},
    {"layer", NORM_TRAIN, normlab_forward, no_size, NORMLAB_USAGE,
     "the call's size is 0"},
    {"group(2)", NORM_TRAIN, normlab_forward, a_mask_of_2, NORMLAB_DATA, "mask[1] is 2"},
    {"chunks(2)", NORM_TRAIN, normlab_forward, a_mask, NORMLAB_DATA, "takes none"},
    {"batch", NORM_EVAL, normlab_forward, given_moments, NORMLAB_USAGE,
     "batch takes no mean and variance in evaluation"},
    {"renorm", NORM_TRAIN, normlab_forward, given_moments, NORMLAB_USAGE, "renorm"},
    {"blend(batch, layer)", NORM_TRAIN, normlab_backward, given_moments, NORMLAB_USAGE,
     "one partition's moments"},
    {"group(2)", NORM_TRAIN, normlab_forward, no_variance, NORMLAB_USAGE,
     "variance is NULL; 8 numbers"},
    {"batch", NORM_TRAIN, normlab_second, no_mean, NORMLAB_USAGE,
     "mean is NULL; 8 numbers"},
    {"layer", NORM_TRAIN, normlab_forward, a_given_variance_below_0, NORMLAB_DATA,
     "variance[2] = -3; 0 or more"},
    {"none", NORM_TRAIN, normlab_forward, moments_wanted, NORMLAB_USAGE,
     "none does not standardize by one partition's moments"},
    {"regroup(2)", NORM_TRAIN, normlab_forward, a_map_without_group_1, NORMLAB_DATA,
     "group"},
};

static void calls(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(WRONG_CALLS); i++) {
        const WrongCall *w = &WRONG_CALLS[i];
        Arena *arena = arena_new();
        Given *g = given(arena, w->spec, w->mode);
        NormlabError error = {.code = NORMLAB_OK};
        w->change(g);
        const int code = w->call(g->norm, &g->call, &error);
        if (code != w->code || error.code != code || !strstr(error.message, w->says) ||
            strchr(error.message, '\n'))
            fail_msg("%zu: %s: %d, '%s'; '%s' is expected", i, w->spec, code,
                     error.message, w->says);
        assert_int_equal(w->call(g->norm, &g->call, NULL), w->code);
        assert_true(isnan(g->call.y[0]) && isnan(g->call.dx[0]));
        assert_true(g->trial.norm->states == 0 || isnan(g->next[0][0]));
        normlab_close(g->norm);
        arena_free(arena);
    }
}

static void nothing_at_all(void **state) {
    (void)state;
    NormlabError error;
    NormlabCall call = {.size = sizeof call};
    NormlabNorm *norm = normlab_open("layer", C, &error);
    assert_int_equal(normlab_forward(NULL, &call, &error), NORMLAB_USAGE);
    assert_string_equal(error.message, "the norm is NULL");
    assert_int_equal(normlab_forward(norm, NULL, &error), NORMLAB_USAGE);
    assert_string_equal(error.message, "the call is NULL");
    assert_int_equal(normlab_forward(norm, &call, &error),
                     NORMLAB_OK); /* of no samples */
    assert_null(normlab_param(norm, 2));
    assert_null(normlab_state(norm, 0));
    normlab_close(norm);
    size_t along[3];
    norm = normlab_open("batch | layer", C, &error);
    assert_int_equal(normlab_cells(norm, &call, along, &error), NORMLAB_USAGE);
    normlab_close(norm);
    norm = normlab_open("gn:3", 0, &error);
    assert_string_equal(normlab_spec(norm), "group(3)");
    assert_int_equal(normlab_forward(norm, &call, &error), NORMLAB_USAGE);
    assert_string_equal(error.message, "group(3) is open without a number of channels");
    normlab_close(norm);
}

static void nothing_to_adapt(void **state) {
    (void)state;
    NormlabError error;
    NormlabNorm *norm = normlab_open("mabn", C, &error);
    double numbers[C], *some[NORM_MAX_STATES] = {numbers};
    assert_int_equal(normlab_adapt(NULL, 0, 0, some, &error), NORMLAB_USAGE);
    assert_int_equal(normlab_adapt(norm, 0, 0, NULL, &error), NORMLAB_USAGE);
    assert_int_equal(normlab_adapt(norm, 0, 0, some, &error), NORMLAB_USAGE);
    assert_string_equal(error.message, "running_product is NULL; 8 numbers are expected");
    assert_non_null(normlab_by_design(norm));
    normlab_close(norm);
}

/* A later version's call has more fields. */
static void later_calls(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Given *g = given(arena, "layer", NORM_TRAIN);
    struct {
        NormlabCall call;
        const double *more;
    } later = {g->call, NULL};
    NormlabError error;
    later.call.size = sizeof later;
    assert_int_equal(normlab_forward(g->norm, &later.call, &error), NORMLAB_OK);
    later.more = g->trial.x;
    assert_int_equal(normlab_forward(g->norm, &later.call, &error), NORMLAB_USAGE);
    assert_non_null(strstr(error.message, "does not know"));
    normlab_close(g->norm);
    arena_free(arena);
}

/* ---- arithmetic -------------------------------------------------------------------- */

static void another_arithmetic(void **state) {
    (void)state;
#ifdef __SSE2__
    enum { FLUSH = 0x8000 };
    Arena *arena = arena_new();
    Given *g = given(arena, "layer", NORM_TRAIN);
    NormlabError error;
    const unsigned usual = _mm_getcsr();
    _mm_setcsr(usual | FLUSH);
    const int code = normlab_forward(g->norm, &g->call, &error);
    _mm_setcsr(usual);
    assert_int_equal(code, NORMLAB_UNAVAILABLE);
    assert_non_null(strstr(error.message, "2.2e-308"));
    well(g, normlab_forward);
    normlab_close(g->norm);
    arena_free(arena);
#endif
}

static const Case cases[] = {
    CASE(fault, specs),
    CASE(fault, texts),
    CASE(fault, calls),
    CASE(fault, later_calls),
    CASE(fault, nothing_at_all),
    CASE(fault, nothing_to_adapt),
    CASE(fault, another_arithmetic),
};

HARNESS_MAIN("api_faults", cases)
