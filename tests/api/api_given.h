/* What the tests of the C interface share: a normalizer that is open, numbers in all its places,
 * and room for all that it gives. */
#ifndef NORMLAB_API_GIVEN_H
#define NORMLAB_API_GIVEN_H

#include "harness.h"
#include "norm.h"
#include "normlab.h"
#include "trial_kind.h"

#include <float.h>
#include <math.h>
#include <string.h>

enum { N = 4, C = 8, L = 6, ALL = N * C * L };

static inline double *normals(Arena *arena, uint64_t sample, size_t count, double at,
                              double spread) {
    double *value = TAKE(arena, double, count);
    const Draw draw = {.seed = 5, .purpose = DRAW_TEST, .sample = sample};
    for (size_t i = 0; i < count; i++) value[i] = at + spread * draw_normal(draw, i);
    return value;
}

/* The same normalizer twice: as the library has it, and open. */
typedef struct Given {
    Trial trial;
    NormlabNorm *norm;
    NormlabCall call; /* with all outputs */
    double *next[NORM_MAX_STATES], *dparam[NORM_MAX_PARAMS], *ds_dparam[NORM_MAX_PARAMS];
    const double *v_param[NORM_MAX_PARAMS];
} Given;

static inline void draw_places(Arena *arena, Trial *t) {
    for (size_t k = 0; k < t->norm->params; k++)
        t->param[k] = normals(arena, 10 + k, t->norm->param[k].count, 0.2, 1.0);
    for (size_t k = 0; k < t->norm->states; k++) {
        const NormState *s = &t->norm->state[k];
        t->state[k] = normals(arena, 30 + k, s->count, 0.0, 1.0);
        for (size_t c = 0; c < s->count; c++)
            t->state[k][c] = state_drawn(s->role, t->state[k][c], 1.0, 0.0);
        if (s->adapted) norm_begin_state(t->state[k], s);
    }
}

/* NaN everywhere: what is not written shows. */
static inline void make_room(Arena *arena, Given *g) {
    NormlabCall *call = &g->call;
    double **like_x[] = {&call->y, &call->dx, &call->ds_dx, &call->ds_ddy};
    for (size_t i = 0; i < COUNT_OF(like_x); i++)
        *like_x[i] = filled(arena, g->trial.n, (double)NAN);
    for (size_t k = 0; k < g->trial.norm->params; k++) {
        const size_t count = g->trial.norm->param[k].count;
        g->dparam[k] = filled(arena, count, (double)NAN);
        g->ds_dparam[k] = filled(arena, count, (double)NAN);
        g->v_param[k] = normals(arena, 60 + k, count, 0.0, 1.0);
    }
    for (size_t k = 0; k < g->trial.norm->states; k++)
        g->next[k] = filled(arena, g->trial.norm->state[k].count, (double)NAN);
    call->next = g->next, call->dparams = g->dparam, call->ds_dparams = g->ds_dparam;
    call->v = normals(arena, 3, g->trial.n, 0.0, 1.0), call->v_params = g->v_param;
}

static inline Given *given(Arena *arena, const char *spec, NormMode mode) {
    Given *g = ZERO(arena, Given, 1);
    BaseError error = {.set = false};
    NormlabError said;
    const Norm *norm = norm_new(arena, spec, C, &error);
    g->norm = normlab_open(spec, C, &said);
    if (norm == NULL || g->norm == NULL)
        fail_msg("%s: '%s', '%s'", spec, error.message, said.message);
    g->trial = trial_of(norm, SHAPE_OF(N, C, L), mode);
    g->trial.x = normals(arena, 1, g->trial.n, 0.5, 2.0);
    g->trial.dy = normals(arena, 2, g->trial.n, 0.0, 1.0);
    draw_places(arena, &g->trial);
    g->call = (NormlabCall){.size = sizeof(NormlabCall),
                            .samples = N,
                            .positions = L,
                            .mode = mode == NORM_EVAL ? NORMLAB_EVAL : NORMLAB_TRAIN,
                            .x = g->trial.x,
                            .dy = g->trial.dy,
                            .params = (const double *const *)g->trial.param,
                            .state = (const double *const *)g->trial.state};
    make_room(arena, g);
    return g;
}

/* A call that must succeed. */
typedef int ApiCall(const NormlabNorm *norm, const NormlabCall *call,
                    NormlabError *error);

static inline void well(const Given *g, ApiCall *call) {
    NormlabError error;
    if (call(g->norm, &g->call, &error) != NORMLAB_OK || error.code != NORMLAB_OK)
        fail_msg("%s: %s", normlab_spec(g->norm), error.message);
}

static inline void same_bits(const char *what, const Given *g, const double *got,
                             const double *want, size_t count) {
    if (count > 0 && memcmp(got, want, count * sizeof *got) != 0)
        fail_msg("%s: other bits of %s", g->trial.norm->spec, what);
}

static inline double dot(const double *a, const double *b, size_t count) {
    double sum = 0.0;
    for (size_t i = 0; i < count; i++) sum += a[i] * b[i];
    return sum;
}

#endif
