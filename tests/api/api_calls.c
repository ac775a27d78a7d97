/* The C interface gives what the library gives, to the bit, of every normalizer and in both modes;
 * its second order is the derivative of its first; threads share what is open. */
#include "api_given.h"
#include "opened.h"

#include <pthread.h>

/* ---- the library's own bits -------------------------------------------------------- */

static void same_first_order(Arena *arena, Given *g) {
    const Norm *norm = g->trial.norm;
    const Outcome want = trial_run(arena, &g->trial, 0);
    well(g, normlab_forward);
    same_bits("y", g, g->call.y, want.y, ALL);
    g->call.y = filled(arena, ALL, (double)NAN);
    well(g, normlab_backward);
    same_bits("y of backward", g, g->call.y, want.y, ALL);
    same_bits("dx", g, g->call.dx, want.dx, ALL);
    for (size_t k = 0; k < norm->params; k++)
        same_bits(norm->param[k].name, g, g->dparam[k], want.dparam[k],
                  norm->param[k].count);
    for (size_t k = 0; k < norm->states; k++) {
        const NormState *s = &norm->state[k];
        double *next = copy_of(arena, g->trial.state[k], s->count);
        for (size_t c = 0; g->trial.mode == NORM_TRAIN && !s->adapted && c < s->count;
             c++)
            next[c] = norm_moved(s, next[c], want.observed[k][c]);
        same_bits(s->name, g, g->next[k], next, s->count);
    }
}

static const char *const MORE[] = {"blend(batch, group(8))",
                                   "mix(instance, layer, batch)",
                                   "group(2) | batch",
                                   "none(affine=no)",
                                   "rms",
                                   "split(instance, batch(weight_new=0.5))"};

/* Every kind of the registry, then some more; NULL beyond them. */
static const char *spec_of(size_t i) {
    size_t kinds;
    norm_kinds(&kinds);
    if (i < kinds) return normlab_example(i);
    assert_null(normlab_example(i));
    return i - kinds < COUNT_OF(MORE) ? MORE[i - kinds] : NULL;
}

static void every_kind_has_the_bits_of_the_library(void **state) {
    (void)state;
    size_t specs = 0;
    for (const char *spec; (spec = spec_of(specs)); specs++)
        for (int mode = 0; mode < 2; mode++) {
            Arena *arena = arena_new();
            Given *g = given(arena, spec, mode ? NORM_EVAL : NORM_TRAIN);
            assert_string_equal(normlab_spec(g->norm), g->trial.norm->spec);
            same_first_order(arena, g);
            normlab_close(g->norm);
            arena_free(arena);
        }
    assert_true(specs > 25);
}

static void padding_is_in_nothing(void **state) {
    (void)state;
    Arena *arena = arena_new();
    unsigned char mask[N * L];
    for (size_t i = 0; i < N * L; i++) mask[i] = i % L < 3 + i / L % 3;
    Given *g = given(arena, "group(2)", NORM_TRAIN);
    g->trial.mask = g->call.mask = mask;
    same_first_order(arena, g);
    const double *dx = copy_of(arena, g->call.dx, ALL),
                 *y = copy_of(arena, g->call.y, ALL);
    double *v = copy_of(arena, g->call.v, ALL);
    well(g, normlab_second);
    const double *ds_dx = copy_of(arena, g->call.ds_dx, ALL);
    for (size_t i = 0; i < ALL; i++)
        if (!mask[i / L / C * L + i % L])
            g->trial.x[i] = g->trial.dy[i] = v[i] = (double)NAN;
    g->call.v = v;
    well(g, normlab_backward);
    well(g, normlab_second);
    same_bits("y with NaN in padding", g, g->call.y, y, ALL);
    same_bits("dx with NaN in padding", g, g->call.dx, dx, ALL);
    same_bits("ds_dx with NaN in padding", g, g->call.ds_dx, ds_dx, ALL);
    normlab_close(g->norm);
    arena_free(arena);
}

/* ---- cells ------------------------------------------------------------------------------ */

static const struct {
    const char *spec;
    size_t along[3];
} CELLS[] = {
    {"batch", {SIZE_MAX, C, SIZE_MAX}},
    {"layer", {N, SIZE_MAX, SIZE_MAX}},
    {"group(2)", {N, 2, SIZE_MAX}},
    {"position", {N, SIZE_MAX, L}},
    {"ghost(2)", {2, C, SIZE_MAX}},
    {"instance(center=no)", {N, C, SIZE_MAX}},
    {"channels(0, 1, 0, 2, 2, 1, 1, 1)", {N, 3, SIZE_MAX}},
};

/* What cells there are; their moments, and others in their place. */
static void moments_of_cells_stand_for_the_cells(void **state) {
    (void)state;
    for (size_t i = 0; i < COUNT_OF(CELLS); i++) {
        Arena *arena = arena_new();
        Given *g = given(arena, CELLS[i].spec, NORM_TRAIN);
        size_t along[3] = {0}, count = 1;
        assert_int_equal(normlab_cells(g->norm, &g->call, along, NULL), NORMLAB_OK);
        assert_memory_equal(along, CELLS[i].along, sizeof along);
        for (size_t k = 0; k < 3; k++) count *= along[k] == SIZE_MAX ? 1 : along[k];
        double *mean = filled(arena, count, (double)NAN),
               *rstd = filled(arena, count, (double)NAN),
               *variance = filled(arena, count, (double)NAN);
        g->call.cell_mean = mean, g->call.cell_rstd = rstd;
        well(g, normlab_backward);
        const double *y = copy_of(arena, g->call.y, ALL);
        for (size_t k = 0; k < count; k++) {
            assert_true(isfinite(mean[k]));
            mean[k] += 0.25, variance[k] = 2.0 / (rstd[k] * rstd[k]);
            assert_true(rstd[k] > 0.0);
        }
        g->call.mean = g->trial.given.mean = mean;
        g->call.variance = g->trial.given.variance = variance;
        g->call.cell_mean = NULL;
        const Outcome want = trial_run(arena, &g->trial, 0);
        well(g, normlab_backward);
        same_bits("y of given moments", g, g->call.y, want.y, ALL);
        same_bits("dx of given moments", g, g->call.dx, want.dx, ALL);
        assert_true(memcmp(y, want.y, ALL * sizeof *y) != 0);
        for (size_t k = 0; k < count; k++) /* of 2 (v + eps), and eps again */
            assert_near(rstd[k], 1.0 / sqrt(variance[k] + 1e-5),
                        8 * DBL_EPSILON * rstd[k]);
        for (size_t k = 0; k < g->trial.norm->states; k++)
            same_bits("a state that stays", g, g->next[k], g->trial.state[k], C);
        normlab_close(g->norm);
        arena_free(arena);
    }
}

/* ---- equations ------------------------------------------------------------------------ */

static void an_equation_is_a_normalizer(void **state) {
    (void)state;
    Arena *arena = arena_new();
    NormlabError error;
    static const char TEXT[] =
        "own_layer: mu = mean(x over layer); v = mean((x - mu)^2 over layer);"
        "y = gamma * (x - mu) / sqrt(v + eps) + beta";
    assert_null(normlab_open("own_layer", C, &error));
    assert_int_equal(normlab_let(TEXT, &error), NORMLAB_OK);
    Given *own = given(arena, "own_layer", NORM_TRAIN),
          *layer = given(arena, "layer", NORM_TRAIN);
    well(own, normlab_backward), well(own, normlab_second);
    well(layer, normlab_backward), well(layer, normlab_second);
    for (size_t i = 0; i < ALL; i++) {
        assert_near(own->call.y[i], layer->call.y[i], 1e-13);
        assert_near(own->call.dx[i], layer->call.dx[i], 1e-13);
        assert_near(own->call.ds_dx[i], layer->call.ds_dx[i], 1e-12);
    }
    same_first_order(arena, own);
    normlab_close(own->norm);
    normlab_close(layer->norm);
    arena_free(arena);
}

/* ---- what need not be said ----------------------------------------------------------- */

static void what_is_null_is_as_it_begins(void **state) {
    (void)state;
    static const char *const SPECS[] = {"batch", "blend(batch, group(2))", "soft(2)",
                                        "mabn"};
    for (size_t i = 0; i < COUNT_OF(SPECS); i++) {
        Arena *arena = arena_new();
        Given *g = given(arena, SPECS[i], NORM_TRAIN);
        for (size_t k = 0; k < g->trial.norm->params; k++) {
            const NormlabArray *p = normlab_param(g->norm, k);
            assert_string_equal(p->name, g->trial.norm->param[k].name);
            assert_int_equal(p->count, g->trial.norm->param[k].count);
            norm_begin_param(g->trial.param[k], &g->trial.norm->param[k],
                             (Draw){.purpose = DRAW_INIT});
            same_bits(p->name, g, p->start, g->trial.param[k], p->count);
        }
        for (size_t k = 0; k < g->trial.norm->states; k++)
            norm_begin_state(g->trial.state[k], &g->trial.norm->state[k]);
        const Outcome want = trial_run(arena, &g->trial, 0);
        for (int lists = 0; lists < 2; lists++) {
            const double *none[NORM_MAX_PARAMS] = {NULL};
            g->call.params = lists ? none : NULL;
            g->call.state = lists ? none : NULL;
            if (norm_recalls(g->trial.norm))
                g->call.state = (const double *const *)g->trial.state;
            well(g, normlab_backward);
            same_bits("y", g, g->call.y, want.y, ALL);
            same_bits("dx", g, g->call.dx, want.dx, ALL);
        }
        normlab_close(g->norm);
        arena_free(arena);
    }
}

static void outputs_that_are_null_are_not_wanted(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Given *g = given(arena, "batch", NORM_TRAIN);
    const Outcome want = trial_run(arena, &g->trial, 0);
    double *only_beta[] = {NULL, g->dparam[1]};
    g->call.y = g->call.dx = NULL, g->call.next = NULL, g->call.dparams = only_beta;
    well(g, normlab_backward);
    same_bits("beta", g, only_beta[1], want.dparam[1], C);
    g->call.dparams = NULL;
    well(g, normlab_backward);
    g->call.ds_dx = g->call.ds_ddy = NULL, g->call.ds_dparams = NULL;
    well(g, normlab_second);
    normlab_close(g->norm);
    arena_free(arena);
}

static void outputs_may_be_inputs(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Given *g = given(arena, "batch", NORM_TRAIN);
    well(g, normlab_backward);
    const double *y = copy_of(arena, g->call.y, ALL),
                 *dx = copy_of(arena, g->call.dx, ALL),
                 *next = copy_of(arena, g->next[1], C),
                 *dgamma = copy_of(arena, g->dparam[0], C);
    g->call.y = g->trial.x, g->call.dx = g->trial.dy;
    g->call.next = g->trial.state, g->call.dparams = g->trial.param;
    well(g, normlab_backward);
    same_bits("y", g, g->trial.x, y, ALL);
    same_bits("dx", g, g->trial.dy, dx, ALL);
    same_bits("running_var", g, g->trial.state[1], next, C);
    same_bits("gamma", g, g->trial.param[0], dgamma, C);
    normlab_close(g->norm);
    arena_free(arena);
}

static void nothing_comes_of_an_empty_batch(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Given *g = given(arena, "batch", NORM_TRAIN);
    g->call.samples = 0, g->call.x = g->call.dy = NULL;
    well(g, normlab_backward);
    same_bits("running_mean", g, g->next[0], g->trial.state[0], C);
    for (size_t c = 0; c < C; c++) assert_near(g->dparam[0][c], 0.0, 0.0);
    assert_true(isnan(g->call.y[0]));
    well(g, normlab_second);
    for (size_t c = 0; c < C; c++) assert_near(g->ds_dparam[0][c], 0.0, 0.0);
    normlab_close(g->norm);
    arena_free(arena);
}

static void groups_adapt_to_what_was_observed(void **state) {
    (void)state;
    for (uint64_t seed = 0; seed < 4; seed++) {
        Arena *arena = arena_new();
        Given *g = given(arena, "regroup(2, by=random, from=1)", NORM_TRAIN);
        const Draw draw = {
            .seed = seed, .purpose = DRAW_ADAPT, .epoch = seed < 3 ? 1 : 0};
        double *want[NORM_MAX_STATES];
        for (size_t k = 0; k < g->trial.norm->states; k++)
            want[k] = copy_of(arena, g->trial.state[k], C);
        const bool changed = norm_adapt(g->trial.norm, draw, want);
        assert_true(changed == (seed < 3));
        assert_int_equal(normlab_adapt(g->norm, draw.epoch, seed, g->trial.state, NULL),
                         NORMLAB_OK);
        for (size_t k = 0; k < g->trial.norm->states; k++)
            same_bits(g->trial.norm->state[k].name, g, g->trial.state[k], want[k], C);
        assert_null(normlab_by_design(g->norm));
        normlab_close(g->norm);
        arena_free(arena);
    }
}

/* ---- memory -------------------------------------------------------------------------- */

static void the_same_call_takes_memory_once(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Given *g = given(arena, "batch", NORM_TRAIN);
    for (size_t i = 0; i < 40; i++) {
        well(g, normlab_backward);
        Arena *kept = spare_take(g->norm);
        assert_int_equal(arena_bytes(kept), 0);
        assert_int_equal(arena_blocks(kept), 1);
        spare_give(g->norm, kept);
    }
    well(g, normlab_second);
    normlab_close(g->norm);
    arena_free(arena);
}

/* ---- second order -------------------------------------------------------------------- */

/* s of the call's v, by the first order. */
static double s_of(Given *g) {
    well(g, normlab_backward);
    double s = dot(g->call.dx, g->call.v, ALL);
    for (size_t k = 0; k < g->trial.norm->params; k++)
        s += dot(g->dparam[k], g->v_param[k], g->trial.norm->param[k].count);
    return s;
}

/* Central differences of fourth order along a direction, and <gradient, direction>. */
static void slope_is(Given *g, const char *what, double *place, const double *gradient,
                     const double *along, size_t count) {
    static const double AT[] = {-2, -1, 1, 2}, WEIGHT[] = {1, -8, 8, -1};
    const double step = 1e-3;
    Arena *arena = arena_new();
    const double *was = copy_of(arena, place, count);
    double slope = 0.0;
    for (size_t i = 0; i < COUNT_OF(AT); i++) {
        for (size_t k = 0; k < count; k++) place[k] = was[k] + AT[i] * step * along[k];
        slope += WEIGHT[i] * s_of(g) / (12.0 * step);
    }
    memcpy(place, was, count * sizeof *was);
    arena_free(arena);
    const double got = dot(gradient, along, count);
    if (!(fabs(got - slope) <= 1e-7 * (1.0 + fabs(slope))))
        fail_msg("%s: %s: %.12g, by differences %.12g", g->trial.norm->spec, what, got,
                 slope);
}

static void second_order_is_the_slope_of_the_first(void **state) {
    (void)state;
    static const char *const SPECS[] = {"layer", "batch", "blend(batch, group(2))",
                                        "mix(instance, layer, batch)"};
    for (size_t i = 0; i < 2 * COUNT_OF(SPECS); i++) {
        Arena *arena = arena_new();
        Given *g = given(arena, SPECS[i / 2], i % 2 ? NORM_EVAL : NORM_TRAIN);
        const double *along = normals(arena, 90, ALL, 0.0, 1.0);
        well(g, normlab_second);
        slope_is(g, "ds_dx", g->trial.x, g->call.ds_dx, along, ALL);
        slope_is(g, "ds_ddy", g->trial.dy, g->call.ds_ddy, along, ALL);
        for (size_t k = 0; k < g->trial.norm->params; k++)
            slope_is(g, g->trial.norm->param[k].name, g->trial.param[k], g->ds_dparam[k],
                     along, g->trial.norm->param[k].count);
        normlab_close(g->norm);
        arena_free(arena);
    }
}

/* ---- threads ------------------------------------------------------------------------- */

enum { THREADS = 4, TIMES = 60 };

typedef struct Share {
    const NormlabNorm *norm;
    const NormlabCall *call;
    const double *y, *dx; /* that are right */
    double got_y[ALL], got_dx[ALL];
    size_t wrong;
} Share;

static void *call_again(void *share) {
    Share *s = share;
    NormlabCall call = *s->call;
    call.y = s->got_y, call.dx = s->got_dx;
    call.next = NULL, call.dparams = NULL;
    for (size_t i = 0; i < TIMES; i++) {
        memset(s->got_y, 0, sizeof s->got_y);
        s->wrong += normlab_backward(s->norm, &call, NULL) != NORMLAB_OK;
        s->wrong += memcmp(s->got_y, s->y, sizeof s->got_y) != 0;
        s->wrong += memcmp(s->got_dx, s->dx, sizeof s->got_dx) != 0;
        call.samples = N + 1; /* a call that fails, on this thread alone */
        s->wrong += normlab_forward(s->norm, &call, NULL) == NORMLAB_OK;
        call.samples = N;
    }
    return NULL;
}

static void threads_share_what_is_open(void **state) {
    (void)state;
    Arena *arena = arena_new();
    Given *one = given(arena, "blend(ghost(4), group(2))", NORM_TRAIN),
          *other = given(arena, "blend(ghost(4), group(2))", NORM_TRAIN);
    for (size_t i = 0; i < ALL; i++) other->trial.x[i] = 1.0 - one->trial.x[i] / 3.0;
    Given *of[] = {one, other};
    Share *share = ZERO(arena, Share, THREADS);
    pthread_t thread[THREADS];
    for (size_t i = 0; i < 2; i++) well(of[i], normlab_backward);
    for (size_t i = 0; i < THREADS; i++) {
        const NormlabCall *call = &of[i % 2]->call;
        share[i].norm = one->norm, share[i].call = call;
        share[i].y = call->y, share[i].dx = call->dx;
        assert_int_equal(pthread_create(&thread[i], NULL, call_again, &share[i]), 0);
    }
    for (size_t i = 0; i < THREADS; i++) {
        assert_int_equal(pthread_join(thread[i], NULL), 0);
        assert_int_equal(share[i].wrong, 0);
    }
    normlab_close(one->norm);
    normlab_close(other->norm);
    arena_free(arena);
}

static const Case cases[] = {
    CASE(theorem, second_order_is_the_slope_of_the_first),
    CASE(oracle, every_kind_has_the_bits_of_the_library),
    CASE(oracle, an_equation_is_a_normalizer),
    CASE(oracle, moments_of_cells_stand_for_the_cells),
    CASE(oracle, padding_is_in_nothing),
    CASE(oracle, groups_adapt_to_what_was_observed),
    CASE(oracle, threads_share_what_is_open),
    CASE(example, what_is_null_is_as_it_begins),
    CASE(example, outputs_that_are_null_are_not_wanted),
    CASE(example, outputs_may_be_inputs),
    CASE(example, the_same_call_takes_memory_once),
    CASE(example, nothing_comes_of_an_empty_batch),
};

HARNESS_MAIN("api_calls", cases)
