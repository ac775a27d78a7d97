/* One call of any normalizer with all its parameters and state drawn, and all that it gives. */
#ifndef NORMLAB_NORM_GIVEN_H
#define NORMLAB_NORM_GIVEN_H

#include "norm_run.h"

enum { N = 4, C = 8, L = 6, ALL = N * C * L, EPOCH = 3 };

typedef struct Given {
    const Norm *norm;
    double *x, *dy, *param[NORM_MAX_PARAMS], *state[NORM_MAX_STATES];
    size_t epoch;
} Given;

typedef struct Got {
    double *y, *dx, *dparam[NORM_MAX_PARAMS], *observed[NORM_MAX_STATES];
} Got;

static inline Given given(Arena *arena, const char *spec) {
    Error error = {.set = false};
    Given g = {.norm = norm_new(arena, spec, C, &error), .epoch = EPOCH};
    if (g.norm == NULL) fail_msg("%s: %s", spec, error.message);
    g.x = normals(arena, 1, ALL, 0.5, 2.0);
    g.dy = normals(arena, 2, ALL, 0.0, 1.0);
    for (size_t k = 0; k < g.norm->params; k++)
        g.param[k] = normals(arena, 10 + k, g.norm->param[k].count, 0.2, 0.5);
    for (size_t k = 0; k < g.norm->states; k++) {
        const size_t count = g.norm->state[k].count;
        g.state[k] = normals(arena, 40 + k, count, 0.5, 1.0);
        for (size_t c = 0; strstr(g.norm->state[k].name, "mean") == NULL && c < count;
             c++)
            g.state[k][c] = 0.5 + g.state[k][c] * g.state[k][c];
    }
    return g;
}

static inline size_t place_of(const Norm *norm, const char *name) {
    for (size_t k = 0; k < norm->params; k++)
        if (strcmp(norm->param[k].name, name) == 0) return k;
    fail_msg("%s has no %s", norm->spec, name);
    return 0;
}

static inline Got run_given(Arena *arena, const Given *g, NormMode mode, Way way) {
    Got got = {.y = TAKE(arena, double, ALL), .dx = TAKE(arena, double, ALL)};
    Tape *tape = tape_new(arena);
    Node *in[NORM_MAX_PARAMS], *x = tape_parameter(tape, SHAPE(N, C, L), g->x, got.dx);
    for (size_t k = 0; k < g->norm->states; k++)
        got.observed[k] = ZERO(arena, double, g->norm->state[k].count);
    for (size_t k = 0; k < g->norm->params; k++) {
        const size_t count = g->norm->param[k].count;
        got.dparam[k] = TAKE(arena, double, count);
        in[k] = tape_parameter(tape, SHAPE(count), g->param[k], got.dparam[k]);
    }
    NormContext call = {.tape = tape,
                        .norm = g->norm,
                        .mode = mode,
                        .epoch = g->epoch,
                        .param = in,
                        .state = (const double *const *)g->state,
                        .observed = got.observed};
    Node *y = way == DEFINITION ? norm_define(&call, x) : norm_apply(&call, x);
    tape_backward(tape, y, g->dy);
    memcpy(got.y, y->value, ALL * sizeof *got.y);
    return got;
}

#endif
