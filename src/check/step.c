/* The complex step of a recorded program (Squire and Trapp 1998; notes/20-tape.md, T-3). */
#include "step.h"

#include "replay.h"

#include <string.h>

struct Stepper {
    const CheckFunction *function;
    Node **x; /* [inputs] */
    double *u;
    size_t results; /* of y */
    const Program *program;
};

Stepper *stepper_new(Arena *arena, const CheckFunction *function, Shape shape,
                     double *const *v) {
    size_t inputs = function->inputs;
    Stepper *s = TAKE(arena, Stepper, 1);
    *s = (Stepper){.function = function, .results = shape_count(shape)};
    s->x = TAKE(arena, Node *, inputs);
    s->u = ZERO(arena, double, s->results);
    Tape *tape = tape_new(arena);
    for (size_t i = 0; i < inputs; i++)
        s->x[i] = tape_parameter(tape, function->input[i].shape, function->input[i].value,
                                 NULL);
    Node *y = function->write(tape, s->x, function->context);
    Node *u = tape_leaf(tape, shape, s->u), *f;
    if (v == NULL) {
        f = tape_sum_all(tape, tape_mul(tape, u, y));
    } else {
        Node **dx = TAKE(arena, Node *, inputs);
        tape_gradient(tape, y, u, s->x, inputs, dx);
        f = tape_constant(tape, 0.0);
        for (size_t i = 0; i < inputs; i++) {
            Node *against = tape_leaf(tape, s->x[i]->shape, v[i]);
            f = tape_add(tape, f, tape_sum_all(tape, tape_mul(tape, against, dx[i])));
        }
    }
    s->program = program_new(tape, &f, 1);
    return s;
}

static double slope(const Stepper *s, Arena *arena, double *const *along) {
    static const double h = 1e-30; /* h^2 is below the smallest part of anything */
    size_t inputs = s->function->inputs;
    const Complex **moved = TAKE(arena, const Complex *, inputs);
    for (size_t i = 0; i < inputs; i++) {
        size_t count = shape_count(s->x[i]->shape);
        Complex *value = TAKE(arena, Complex, count);
        for (size_t k = 0; k < count; k++)
            value[k] = s->x[i]->value[k] + (Complex)I * (h * along[i][k]);
        moved[i] = value;
    }
    Complex *out;
    program_run_complex(s->program, arena, s->x, moved, inputs, &out);
    return cimag(*out) / h;
}

static double quad_slope(const Stepper *s, Arena *arena, double *const *along) {
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
    return (double)(QUAD_CALL(cimag)(*out) / h);
}

double stepper_slope(const Stepper *stepper, Arena *arena, const double *u,
                     double *const *along, bool quad) {
    ArenaMark mark = arena_mark(arena);
    memcpy(stepper->u, u, stepper->results * sizeof *u);
    double value =
        quad ? quad_slope(stepper, arena, along) : slope(stepper, arena, along);
    arena_rewind(arena, mark);
    return value;
}
