/* The complex step of a recorded program (Squire and Trapp 1998; notes/14-tape.md, T-3). */
#include "step.h"

#include "arith_calls.h"
#include "bound.h"
#include "house.h"
#include "walk.h"

#include <float.h>
#include <math.h>
#include <string.h>

struct Stepper {
    const CheckFunction *function;
    TapeNode **x; /* [inputs] */
    double *u;
    size_t results; /* of y */
    const Program *program;
};

Stepper *stepper_new(const Derive *derive, size_t order) {
    Arena *arena = derive->arena;
    Stepper *s = TAKE(arena, Stepper, 1);
    *s = (Stepper){.function = derive->function, .results = shape_count(derive->y)};
    s->u = ZERO(arena, double, s->results);
    Tape *tape = tape_new(arena);
    s->x = derive_inputs(arena, tape, derive->function);
    TapeNode *u = tape_leaf(tape, derive->y, s->u);
    TapeNode *f = derive_write(derive, tape, s->x, u, order);
    s->program = program_new(tape, &f, 1);
    return s;
}

bool stepper_is_bounded(const Stepper *s) {
    return program_is_bounded(s->program);
}

static double slope(const Stepper *s, Arena *arena, double *const *along) {
    static const double h = 1e-30; /* h^2 is below the smallest part of anything */
    size_t inputs = s->function->inputs;
    const double _Complex **moved = TAKE(arena, const double _Complex *, inputs);
    for (size_t i = 0; i < inputs; i++) {
        size_t count = shape_count(s->x[i]->shape);
        double _Complex *value = TAKE(arena, double _Complex, count);
        for (size_t k = 0; k < count; k++)
            value[k] = s->x[i]->value[k] + (double _Complex)I * (h * along[i][k]);
        moved[i] = value;
    }
    double _Complex *out;
    program_run_complex(s->program, arena, s->x, moved, inputs, &out);
    return cimag(*out) / h;
}

static Quad quad_slope(const Stepper *s, Arena *arena, double *const *along) {
    const Quad h = (Quad)1e-300 * (Quad)1e-300;
    size_t inputs = s->function->inputs;
    const QuadComplex **moved = TAKE(arena, const QuadComplex *, inputs);
    for (size_t i = 0; i < inputs; i++) {
        size_t count = shape_count(s->x[i]->shape);
        QuadComplex *value = TAKE(arena, QuadComplex, count);
        for (size_t k = 0; k < count; k++) {
            value[k] = s->x[i]->value[k];
            value[k] += h * along[i][k] * (QuadComplex)I;
        }
        moved[i] = value;
    }
    QuadComplex *out;
    program_run_quad_complex(s->program, arena, s->x, moved, inputs, &out);
    return QUAD_CALL(cimag)(*out) / h;
}

Quad stepper_exact_slope(const Stepper *stepper, Arena *arena, const double *u,
                         double *const *along) {
    ArenaMark mark = arena_mark(arena);
    memcpy(stepper->u, u, stepper->results * sizeof *u);
    Quad value = quad_slope(stepper, arena, along);
    arena_rewind(arena, mark);
    return value;
}

Quad stepper_exact_value(const Stepper *s, Arena *arena, const double *u,
                         double *const *along, double t) {
    ArenaMark mark = arena_mark(arena);
    memcpy(s->u, u, s->results * sizeof *u);
    const size_t inputs = s->function->inputs;
    const Quad **moved = TAKE(arena, const Quad *, inputs);
    for (size_t i = 0; i < inputs; i++) {
        const size_t count = shape_count(s->x[i]->shape);
        Quad *value = TAKE(arena, Quad, count);
        for (size_t k = 0; k < count; k++)
            value[k] = s->x[i]->value[k] + (Quad)t * along[i][k];
        moved[i] = value;
    }
    Quad *out, value;
    program_run_quad(s->program, arena, s->x, moved, inputs, &out);
    value = *out;
    arena_rewind(arena, mark);
    return value;
}

double stepper_slope(const Stepper *stepper, Arena *arena, const double *u,
                     double *const *along, bool quad) {
    if (quad) return (double)stepper_exact_slope(stepper, arena, u, along);
    ArenaMark mark = arena_mark(arena);
    memcpy(stepper->u, u, stepper->results * sizeof *u);
    double value = slope(stepper, arena, along);
    arena_rewind(arena, mark);
    return value;
}

/* ---- the oracle ------------------------------------------------------------------ */

typedef struct Steps {
    const Stepper *by_x, *by_u; /* of the order judged, and one below for the upstream */
    const CheckBound *bound;
    bool quad;
    double norm;
} Steps;

/* By the scales of the elements along the probe. */
static double allowed_along(const Walk *walk, const Probe *probe, bool upstream) {
    const Steps *steps = walk->oracle;
    const Derive *d = &walk->derive;
    const double norm = upstream ? derive_norm(d, d->function->inputs) : steps->norm;
    const size_t inputs = d->function->inputs;
    double allowed = 0.0;
    for (size_t j = 0; upstream && j < derive_count(d, inputs); j++)
        allowed +=
            fabs(probe->upstream[j]) * judge_allowed(steps->bound, inputs, j, norm);
    for (size_t i = 0; !upstream && i < inputs; i++)
        for (size_t k = 0; k < derive_count(d, i); k++)
            if (probe->along[i][k] != 0.0)
                allowed +=
                    fabs(probe->along[i][k]) * judge_allowed(steps->bound, i, k, norm);
    return allowed;
}

/* Of a direction: what <gradient, direction> itself is rounded, whoever has the gradient. */
static double summed_along(const Walk *walk, const Probe *probe, bool upstream) {
    const Derive *d = &walk->derive;
    const size_t inputs = d->function->inputs, first = upstream ? inputs : 0,
                 last = upstream ? inputs + 1 : inputs;
    double sum = 0.0;
    for (size_t i = first; i < last; i++)
        for (size_t k = 0; k < derive_count(d, i); k++)
            sum += fabs(d->got[i][k] * (upstream ? probe->upstream : probe->along[i])[k]);
    return DBL_EPSILON * sum;
}

static void ask_step(const Walk *walk, const Probe *probe, double noise, Case *c) {
    const Steps *steps = walk->oracle;
    const Derive *d = &walk->derive;
    const CheckBound *bound = steps->bound;
    const bool upstream = c->input == d->function->inputs;
    (void)noise;
    c->expected = stepper_slope(upstream ? steps->by_u : steps->by_x, d->arena,
                                probe->upstream, probe->along, steps->quad);
    if (!isfinite(c->expected)) c->trouble = "values are not finite";
    c->allowed = allowed_along(walk, probe, upstream);
    if (c->element == SIZE_MAX) c->allowed += summed_along(walk, probe, upstream);
    if (!steps->quad && c->allowed > 0.0) c->allowed += STEP_LOST;
    if (!steps->quad && isfinite(c->expected)) /* a step and a quotient are rounded */
        c->allowed += DBL_EPSILON * fabs(c->expected);
    if (bound->of_norm > 0) {
        if (c->element == SIZE_MAX)
            c->allowed =
                bound->of_norm * (upstream ? derive_norm(d, c->input) : steps->norm);
        return;
    }
    if (c->allowed <= c->limit) return;
    const double sharp = derive_sharp_scale(d, upstream ? NULL : probe->along,
                                            upstream ? probe->upstream : NULL);
    c->allowed = fmin(c->allowed, bound->digits * DBL_EPSILON * sharp);
}

CheckReport check_complex_step(Arena *arena, const CheckFunction *function,
                               CheckDriver driver, const CheckBound *bound, bool quad,
                               uint64_t seed, size_t full) {
    ArenaMark mark = arena_mark(arena);
    Walk walk = {.derive = derive_begin(arena, function, driver, seed), .ask = ask_step};
    const size_t order = walk.derive.order;
    const CheckBound whole = derive_bound(&walk.derive, bound);
    Steps steps = {.bound = &whole, .quad = quad, .norm = judge_norm(&walk.derive)};
    steps.by_x = stepper_new(&walk.derive, order);
    if (order > 1) steps.by_u = stepper_new(&walk.derive, order - 1);
    walk.each = order == 1 && !quad && bound->of_norm == 0.0;
    walk.oracle = &steps;
    CheckReport report = walk_all(&walk, full);
    arena_rewind(arena, mark);
    return report;
}
