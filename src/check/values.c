/* Values and gradients against the same program in 113 bits, and the adjoint identity. */
#include "arith_calls.h"
#include "house.h"
#include "judge.h"
#include "replay.h"
#include "step.h"

#include <float.h>
#include <math.h>

/* What was got, element by element, against numbers of 113 bits. The error is taken there. */
static void compare(Judge *judge, const double *got, const Quad *expected, size_t count,
                    Case c, const CheckBound *bound, double norm) {
    size_t by = c.input;
    for (size_t k = 0; k < count; k++) {
        c.element = k;
        c.got = got[k] * c.unit;
        c.expected = (double)expected[k] * c.unit;
        c.allowed = judge_allowed(bound, by, k, norm) * (bound->of_norm > 0 ? 1 : c.unit);
        c.error = (double)quad_abs(((Quad)got[k] - expected[k]) * (Quad)c.unit);
        c.exact = true;
        judge_enter(judge, &c);
    }
}

/* y as input 0 of a report: its place in y. */
CheckReport check_value(Arena *arena, const CheckFunction *function,
                        const CheckBound *bound) {
    ArenaMark mark = arena_mark(arena);
    Tape *tape = tape_new(arena);
    TapeNode **x = derive_inputs(arena, tape, function);
    TapeNode *y = function->write(tape, x, function->context);
    const CheckInput as_input = {"y", y->shape, y->value, 1.0};
    const CheckFunction judged = {function->name, 1, &as_input, NULL, NULL, NULL};
    size_t count = shape_count(y->shape);
    Judge judge = judge_new(arena, &judged, 0);
    Quad *expected;
    program_run_quad(program_new(tape, &y, 1), arena, x, NULL, 0, &expected);
    double norm = derive_length(y->value, count);
    CheckBound whole = *bound;
    if (bound->scale == NULL && bound->of_norm == 0)
        whole.scale = check_value_scale(arena, function, false);
    Case c = {.output = SIZE_MAX, .limit = INFINITY, .unit = 1.0};
    compare(&judge, y->value, expected, count, c, &whole, norm);
    CheckReport report = judge.report;
    arena_rewind(arena, mark);
    return report;
}

CheckReport check_gradient(Arena *arena, const CheckFunction *function,
                           CheckDriver driver, const CheckBound *bound, uint64_t seed) {
    ArenaMark mark = arena_mark(arena);
    Derive d = derive_begin(arena, function, driver, seed);
    Judge judge = judge_new(arena, function, seed);
    Quad **expected = derive_exact(&d);
    const CheckBound whole = derive_bound(&d, bound);
    double norm = judge_norm(&d);
    for (size_t i = 0; i < function->inputs + (d.order > 1); i++) {
        Case c = {.input = i,
                  .output = SIZE_MAX,
                  .limit = INFINITY,
                  .unit = derive_scale(&d, i)};
        compare(&judge, d.got[i], expected[i], derive_count(&d, i), c, &whole, norm);
    }
    CheckReport report = judge.report;
    arena_rewind(arena, mark);
    return report;
}

/* ---- <v, J'w> = <J v, w> --------------------------------------------------------- */

CheckReport check_adjoint(Arena *arena, const CheckFunction *function, CheckDriver driver,
                          const CheckBound *bound, uint64_t seed, size_t rounds) {
    ArenaMark mark = arena_mark(arena);
    REQUIRE(driver <= CHECK_GRADIENT && rounds > 0, "the adjoint identity is of order 1");
    Judge judge = judge_new(arena, function, seed);
    Derive d = derive_begin(arena, function, driver, seed);
    const double norm = judge_norm(&d);
    const CheckBound whole = derive_bound(&d, bound);
    const Stepper *stepper = stepper_new(&d, 1); /* <u, J v>: f1's slope along v */
    for (size_t r = 0; r < rounds; r++) {
        double **v = derive_draw(&d, ROLE_DIRECTION + r);
        Case c = {.element = SIZE_MAX, .output = SIZE_MAX, .unit = 1.0};
        Quad got = 0;
        for (size_t i = 0; i < function->inputs; i++)
            for (size_t k = 0; k < derive_count(&d, i); k++) {
                got += (Quad)d.got[i][k] * v[i][k];
                if (bound->of_norm == 0)
                    c.allowed += judge_allowed(&whole, i, k, norm) * fabs(v[i][k]);
            }
        if (bound->of_norm > 0) c.allowed = bound->of_norm * norm;
        c.got = (double)got;
        c.expected = stepper_slope(stepper, arena, d.u, v, true);
        c.limit = judge_limit(norm, norm, 0.0);
        if (c.allowed > c.limit && bound->of_norm == 0)
            c.allowed = fmin(c.allowed, bound->digits * DBL_EPSILON *
                                            derive_sharp_scale(&d, v, NULL));
        judge_enter(&judge, &c);
    }
    CheckReport report = judge.report;
    arena_rewind(arena, mark);
    return report;
}
