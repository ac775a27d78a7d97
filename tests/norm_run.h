/* What the tests of norm share: high-entropy data, and one call of a normalizer with all its
 * gradients, by its kernel or by its definition. */
#ifndef NORMLAB_NORM_RUN_H
#define NORMLAB_NORM_RUN_H

#include "harness.h"
#include "norm.h"

#include <float.h>
#include <math.h>
#include <string.h>

typedef enum Way { KERNEL, DEFINITION } Way;

typedef struct Call {
    const char *spec;
    Shape shape;
    NormMode mode;
    const double *x, *dy;       /* of `shape` */
    const double *gamma, *beta; /* [C] */
    const double *state[2];     /* [C] running mean and variance, for NORM_EVAL */
    bool frozen[3];             /* x, gamma, beta: want no gradient */
} Call;

typedef struct Outcome {
    double *y, *dx;         /* of the shape; gradients NULL where frozen */
    double *dgamma, *dbeta; /* [C] */
    double *observed
        [2]; /* [C] written in NORM_TRAIN by who keeps state; else as before: -1 */
} Outcome;

/* A vector of count values at + spread * normal. */
static inline double *normals(Arena *arena, uint64_t seed, size_t count, double at,
                              double spread) {
    double *x = TAKE(arena, double, count);
    Draw draw = {.seed = seed, .purpose = DRAW_TEST};
    for (size_t i = 0; i < count; i++) x[i] = at + spread * draw_normal(draw, i);
    return x;
}

/* Random everything, dy and gamma not constant; x has mean 0.5 and variance 4. */
static inline Call random_call(Arena *arena, const char *spec, Shape shape, NormMode mode,
                               uint64_t seed) {
    const size_t n = shape_count(shape), C = shape.size[1];
    Call call = {.spec = spec, .shape = shape, .mode = mode};
    call.x = normals(arena, 16 * seed, n, 0.5, 2.0);
    call.dy = normals(arena, 16 * seed + 1, n, 0.1, 1.0);
    call.gamma = normals(arena, 16 * seed + 2, C, 0.3, 1.0);
    call.beta = normals(arena, 16 * seed + 3, C, -0.2, 1.0);
    call.state[0] = normals(arena, 16 * seed + 4, C, 0.5, 0.5);
    double *variance = normals(arena, 16 * seed + 5, C, 0.0, 2.0);
    for (size_t c = 0; c < C; c++) variance[c] = 0.1 + variance[c] * variance[c];
    call.state[1] = variance;
    return call;
}

static inline const Norm *norm_of(Arena *arena, const Call *call) {
    Error error = {.set = false};
    const Norm *norm = norm_new(arena, call->spec, call->shape.size[1], &error);
    if (norm) norm_fits(arena, norm, shape_lattice(call->shape), call->mode, &error);
    if (error.set)
        print_error("%s on %s: %s\n", call->spec, shape_text(arena, call->shape),
                    error.message);
    assert_false(error.set);
    return norm;
}

static inline void gradients(Tape *tape, Node *y, const Call *call, Node *const *in,
                             double *const *out) {
    Node *wanted[3], *result[3];
    size_t count = 0;
    for (size_t i = 0; i < 3; i++)
        if (in[i] && in[i]->wanted) wanted[count++] = in[i];
    tape_gradient(tape, y, tape_leaf(tape, y->shape, call->dy), wanted, count, result);
    for (size_t i = 0, k = 0; i < 3; i++)
        if (in[i] && in[i]->wanted) {
            memcpy(out[i], result[k]->value, shape_count(in[i]->shape) * sizeof(double));
            k++;
        }
}

static inline Outcome run(Arena *arena, const Call *call, Way way) {
    const size_t n = shape_count(call->shape), C = call->shape.size[1];
    const Norm *norm = norm_of(arena, call);
    double *out[3] = {ZERO(arena, double, n), ZERO(arena, double, C),
                      ZERO(arena, double, C)};
    double *observed[2] = {TAKE(arena, double, C), TAKE(arena, double, C)};
    for (size_t c = 0; c < C; c++) observed[0][c] = observed[1][c] = -1.0;
    const double *value[3] = {call->x, call->gamma, call->beta};
    Tape *tape = tape_new(arena);
    Node *in[3], *param[NORM_MAX_PARAMS];
    for (size_t i = 0; i < 3; i++) {
        Shape shape = i == 0 ? call->shape : SHAPE(C);
        in[i] = call->frozen[i] ? tape_leaf(tape, shape, value[i])
                                : tape_parameter(tape, shape, value[i], out[i]);
    }
    for (size_t i = 0; i < norm->params; i++)
        param[i] = in[strcmp(norm->param[i].name, "gamma") == 0 ? 1 : 2];
    NormContext context = {.tape = tape,
                           .norm = norm,
                           .mode = call->mode,
                           .param = param,
                           .state = call->state,
                           .observed = observed};
    Node *y = way == KERNEL ? norm_apply(&context, in[0]) : norm_define(&context, in[0]);
    if (way == KERNEL)
        tape_backward(tape, y, call->dy);
    else if (y->wanted)
        gradients(tape, y, call, in, out);
    for (size_t i = 0; i < 3; i++)
        if (call->frozen[i]) out[i] = NULL;
    return (Outcome){y->value, out[0], out[1], out[2], {observed[0], observed[1]}};
}

/* A spec with a mistake: where it stands, and what is said of it. */
typedef struct Wrong {
    const char *text;
    size_t at;
    const char *says;
} Wrong;

static inline void judge_wrong(const Wrong *list, size_t count, size_t channels) {
    Arena *arena = arena_new();
    size_t wrong = 0;
    for (size_t i = 0; i < count; i++) {
        Error error = {.set = false};
        const Norm *norm = norm_new(arena, list[i].text, channels, &error);
        bool right = norm == NULL && error.set && error.code == EX_USAGE &&
                     error.at == list[i].at && strstr(error.message, list[i].says);
        if (right) continue;
        print_error("'%s': at %zu '%s', expected at %zu '%s'\n", list[i].text, error.at,
                    error.message, list[i].at, list[i].says);
        wrong++;
    }
    assert_int_equal(wrong, 0);
    arena_free(arena);
}

#endif
